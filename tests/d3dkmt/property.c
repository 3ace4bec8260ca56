/*
 * UpdateAllocationProperty
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define LOCAL      WINEKMT_SEGMENT_LOCAL
#define NON_LOCAL  WINEKMT_SEGMENT_NON_LOCAL
#define BOTH       (LOCAL | NON_LOCAL)

#define SET_PHYSICAL   0x1
#define SET_SEGMENTS   0x2
#define SET_PREFERRED  0x4
#define SET_UNMOVEABLE 0x8

static D3DKMT_HANDLE adapter, device;
static D3DKMT_CREATEPAGINGQUEUE queue;
static UINT visible;    /* WINEKMT_SEGMENT_ bits where the CPU reaches memory */

/* preferred: a number from 1 on. The outputs are checked. */
static NTSTATUS update( D3DKMT_HANDLE allocation, UINT mask, UINT segments, UINT preferred, UINT flags )
{
    D3DDDI_UPDATEALLOCPROPERTY params, before;
    NTSTATUS status;

    memset( &params, 0, sizeof(params) );
    params.hPagingQueue = queue.hPagingQueue;
    params.hAllocation = allocation;
    params.SupportedSegmentSet = segments;
    params.PreferredSegment.SegmentId0 = preferred;
    params.Flags.Value = flags;
    params.PropertyMaskValue = mask;
    params.PagingFenceValue = SENTINEL64;
    before = params;
    status = pD3DKMTUpdateAllocationProperty( &params );
    if (!status)
    {
        ok( params.PagingFenceValue != SENTINEL64, "PagingFenceValue was not written\n" );
        wait_for_fence( &queue, params.PagingFenceValue );
        before.PagingFenceValue = params.PagingFenceValue;
    }
    check_bytes( "UpdateAllocationProperty: parameter block", &params, &before, sizeof(params) );
    return status;
}

static D3DKMT_HANDLE create_in( UINT segments, UINT64 size, UINT seed )
{
    D3DKMT_HANDLE allocation;

    test_segments = segments;
    allocation = create_allocation( device, size );
    test_segments = 0;
    write_allocation( device, allocation, size, seed );
    return allocation;
}

/* The segment where it is, as a WINEKMT_SEGMENT_ bit; 0: nowhere. */
static UINT get_segment( D3DKMT_HANDLE allocation )
{
    D3DKMT_ALLOCATIONRESIDENCYSTATUS residency = 0;
    D3DKMT_QUERYALLOCATIONRESIDENCY params = { device, 0, &allocation, 1, &residency };
    NTSTATUS status = pD3DKMTQueryAllocationResidency( &params );

    if (status) check_status( status, STATUS_SUCCESS );
    if (residency == D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINGPUMEMORY) return LOCAL;
    return residency == D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINSHAREDMEMORY ? NON_LOCAL : 0;
}

static void test_bad( void )
{
    D3DKMT_HANDLE allocation = create_in( 0, KIB( 64 ), 1 ), other = create_device( adapter ), foreign, resource, gone;
    D3DDDI_UPDATEALLOCPROPERTY params;
    UINT i, where = get_segment( allocation );

    foreign = create_allocation( other, KIB( 64 ) );
    resource = create_resource( device, 0, KIB( 64 ), NULL, NULL );
    gone = create_allocation( device, KIB( 64 ) );
    destroy_allocation( device, gone );

    check_status( pD3DKMTUpdateAllocationProperty( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( UpdateAllocationProperty, &params, STATUS_INVALID_PARAMETER );
    FILL( params );
    kmt_fails( UpdateAllocationProperty, &params, STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    params.hAllocation = allocation;
    kmt_fails( UpdateAllocationProperty, &params, STATUS_INVALID_PARAMETER );
    params.hPagingQueue = device;
    kmt_fails( UpdateAllocationProperty, &params, STATUS_INVALID_PARAMETER );
    params.hPagingQueue = queue.hSyncObject;
    kmt_fails( UpdateAllocationProperty, &params, STATUS_INVALID_PARAMETER );
    params.hPagingQueue = queue.hPagingQueue;
    params.PreferredSegment.Reserved = 1;
    kmt_fails( UpdateAllocationProperty, &params, STATUS_INVALID_PARAMETER );

    check_status( update( 0, 0, 0, 0, 0 ), STATUS_INVALID_PARAMETER );
    check_status( update( foreign, 0, 0, 0, 0 ), STATUS_INVALID_PARAMETER );
    check_status( update( resource, 0, 0, 0, 0 ), STATUS_INVALID_PARAMETER );
    check_status( update( gone, 0, 0, 0, 0 ), STATUS_INVALID_PARAMETER );
    check_status( update( device, 0, 0, 0, 0 ), STATUS_INVALID_PARAMETER );
    for (i = 4; i < 32; i++) check_status( update( allocation, 1u << i, 0, 0, 0 ), STATUS_INVALID_PARAMETER );
    for (i = 2; i < 32; i++) check_status( update( allocation, SET_UNMOVEABLE, 0, 0, 1u << i ), STATUS_INVALID_PARAMETER );
    check_status( update( allocation, SET_SEGMENTS, 0, 0, 0 ), STATUS_INVALID_PARAMETER );
    for (i = 2; i < 32; i++) check_status( update( allocation, SET_SEGMENTS, BOTH | 1u << i, 0, 0 ), STATUS_INVALID_PARAMETER );
    /* there are two segments; the preferred one must be among the supported ones */
    check_status( update( allocation, SET_PREFERRED, 0, 0, 0 ), STATUS_INVALID_PARAMETER );
    for (i = 3; i < 32; i++) check_status( update( allocation, SET_PREFERRED, 0, i, 0 ), STATUS_INVALID_PARAMETER );
    check_status( update( allocation, SET_SEGMENTS | SET_PREFERRED, LOCAL, 2, 0 ), STATUS_INVALID_PARAMETER );
    check_status( update( allocation, SET_SEGMENTS | SET_PREFERRED, NON_LOCAL, 1, 0 ), STATUS_INVALID_PARAMETER );
    /* where the CPU does not reach, or nothing is at all */
    if (!(visible & LOCAL)) check_status( update( allocation, SET_SEGMENTS, LOCAL, 0, 0 ), STATUS_INVALID_PARAMETER );
    if (!(visible & NON_LOCAL)) check_status( update( allocation, SET_SEGMENTS, NON_LOCAL, 0, 0 ), STATUS_INVALID_PARAMETER );

    /* what the mask does not name is not looked at */
    check_status( update( allocation, 0, 0x123, 7, 3 ), STATUS_SUCCESS );
    check_status( update( allocation, SET_PHYSICAL, 0x123, 7, 1 ), STATUS_SUCCESS );
    check_status( update( allocation, SET_PHYSICAL, 0, 0, 0 ), STATUS_SUCCESS );
    ok( get_segment( allocation ) == where, "it moved\n" );
    check_pattern( device, allocation, KIB( 64 ), 1 );
    destroy_allocation( device, allocation );
    destroy_resource( device, resource );
    destroy_device( other );
}

/* Out of a segment where it may no longer be: at once when it is held, else when it is needed. */
static void test_move( void )
{
    static const UINT64 sizes[] = { KIB( 4 ), KIB( 300 ), MIB( 3 ) };
    D3DKMT_HANDLE allocation;
    UINT i, way, held;
    UINT64 usage;

    if (visible != BOTH)
    {
        skip( "one segment group only\n" );
        return;
    }
    for (i = 0; i < ARRAY_SIZE( sizes ); i++)
        for (way = 0; way < 2; way++)
            for (held = 0; held < 2; held++)
            {
                UINT from = way ? NON_LOCAL : LOCAL, to = BOTH & ~from;

                winetest_push_context( "size %s, to %u, held %u", wine_dbgstr_longlong( sizes[i] ), to, held );
                allocation = create_in( from, sizes[i], 1 + i );
                usage = get_usage( adapter );
                ok( get_segment( allocation ) == from, "it was created in %u\n", get_segment( allocation ) );
                if (held) hold( queue.hPagingQueue, allocation );
                /* more places are no reason to move, nor is a preference */
                check_status( update( allocation, SET_SEGMENTS, BOTH, 0, 0 ), STATUS_SUCCESS );
                ok( get_segment( allocation ) == from, "it moved to %u\n", get_segment( allocation ) );
                check_status( update( allocation, SET_PREFERRED, 0, to, 0 ), STATUS_SUCCESS );
                ok( get_segment( allocation ) == from, "it moved to %u\n", get_segment( allocation ) );
                /* it cannot move while it is locked */
                lock_allocation( device, allocation );
                check_status( update( allocation, SET_SEGMENTS, to, 0, 0 ), STATUS_INVALID_PARAMETER );
                unlock_allocation( device, allocation );
                ok( get_segment( allocation ) == from, "it moved to %u\n", get_segment( allocation ) );
                check_status( update( allocation, SET_SEGMENTS, to, 0, 0 ), STATUS_SUCCESS );
                ok( get_segment( allocation ) == (held ? to : 0), "now it is in %u\n", get_segment( allocation ) );
                if (held) ok( get_usage( adapter ) == usage, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
                check_pattern( device, allocation, sizes[i], 1 + i );
                ok( get_segment( allocation ) == to, "now it is in %u\n", get_segment( allocation ) );
                /* and stays there */
                if (held) release( device, allocation );
                send_away( &queue, allocation );
                check_pattern( device, allocation, sizes[i], 1 + i );
                ok( get_segment( allocation ) == to, "now it is in %u\n", get_segment( allocation ) );
                /* back by a preference, the next time that it gets memory */
                check_status( update( allocation, SET_SEGMENTS | SET_PREFERRED, BOTH, from, 0 ), STATUS_SUCCESS );
                ok( get_segment( allocation ) == to, "it moved to %u\n", get_segment( allocation ) );
                send_away( &queue, allocation );
                bring_back( &queue, &allocation, 1 );
                ok( get_segment( allocation ) == from, "now it is in %u\n", get_segment( allocation ) );
                check_pattern( device, allocation, sizes[i], 1 + i );
                destroy_allocation( device, allocation );
                winetest_pop_context();
            }
    ok( !get_usage( adapter ), "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
}

/* What does not move at all. */
static void test_pinned( void )
{
    struct winekmt_allocation_data data;
    D3DKMT_HANDLE list[3], resource, heap;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    char *memory = alloc_pages( KIB( 64 ) );
    UINT i, result;

    /* an existing heap is in no segment */
    check_status( try_create_standard( device, memory, KIB( 64 ), &heap ), STATUS_SUCCESS );
    check_status( update( heap, SET_SEGMENTS, LOCAL, 0, 0 ), STATUS_SUCCESS );
    check_status( update( heap, SET_SEGMENTS, NON_LOCAL, 0, 0 ), STATUS_SUCCESS );
    ok( get_segment( heap ) == NON_LOCAL, "in segment %u\n", get_segment( heap ) );
    destroy_allocation( device, heap );
    free_pages( memory, KIB( 64 ) );

    if (visible != BOTH)
    {
        skip( "one segment group only\n" );
        return;
    }
    init_data( &data, KIB( 64 ) );
    data.segments = LOCAL;
    init_create( &create, device, &info, &data );
    info.Flags.Primary = 1;
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    list[0] = info.hAllocation;
    test_segments = LOCAL;
    resource = create_resource( device, CREATE_SHARED, KIB( 64 ), &list[1], NULL );
    test_segments = 0;
    list[2] = create_in( LOCAL, KIB( 64 ), 3 );
    check_status( update( list[2], SET_UNMOVEABLE, 0, 0, 2 ), STATUS_SUCCESS );
    for (i = 0; i < 3; i++)
    {
        check_status( update( list[i], SET_SEGMENTS, NON_LOCAL, 0, 0 ), STATUS_INVALID_PARAMETER );
        check_status( update( list[i], SET_SEGMENTS, BOTH, 0, 0 ), STATUS_SUCCESS );
        ok( get_segment( list[i] ) == LOCAL, "%u: in segment %u\n", i, get_segment( list[i] ) );
    }
    /* Evict does not move it either, until the flag is taken away */
    hold( queue.hPagingQueue, list[2] );
    check_status( evict( device, &list[2], 1, 0, NULL ), STATUS_SUCCESS );
    sleep_ms( 50 );
    ok( get_segment( list[2] ) == LOCAL, "in segment %u\n", get_segment( list[2] ) );
    check_status( update( list[2], SET_UNMOVEABLE, 0, 0, 0 ), STATUS_SUCCESS );
    ok( becomes_resident( device, list[2], FALSE ), "not evicted\n" );
    check_pattern( device, list[2], KIB( 64 ), 3 );
    check_status( update( list[2], SET_SEGMENTS, NON_LOCAL, 0, 0 ), STATUS_SUCCESS );
    check_pattern( device, list[2], KIB( 64 ), 3 );
    ok( get_segment( list[2] ) == NON_LOCAL, "in segment %u\n", get_segment( list[2] ) );

    /* an offered one keeps its offer, and its content */
    check_status( offer_one( device, list[2], D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
    check_status( update( list[2], SET_SEGMENTS, LOCAL, 0, 0 ), STATUS_SUCCESS );
    check_status( reclaim_one( device, list[2], &result ), STATUS_SUCCESS );
    if (!result) check_pattern( device, list[2], KIB( 64 ), 3 );
    ok( !result, "result %u\n", result );
    lock_allocation( device, list[2] );
    ok( get_segment( list[2] ) == LOCAL, "in segment %u\n", get_segment( list[2] ) );
    unlock_allocation( device, list[2] );
    destroy_allocation( device, list[0] );
    destroy_allocation( device, list[2] );
    destroy_resource( device, resource );
}

/* Unmoveable is not evicted under pressure, and its memory object is not emptied. */
static void test_unmoveable( void )
{
    static D3DKMT_HANDLE list[4096];
    UINT64 budget, large, size = KIB( 64 );
    UINT count, i;
    D3DKMT_HANDLE extra;

    if (!get_small_budget( adapter, &budget, &large )) return;
    count = budget / size * 5 / 4;
    test_segments = LOCAL;
    for (i = 0; i < count; i++)
    {
        list[i] = create_allocation( device, size );
        write_allocation( device, list[i], size, i + 1 );
        if (!(i % 8)) check_status( update( list[i], SET_UNMOVEABLE, 0, 0, 2 ), STATUS_SUCCESS );
    }
    for (i = 0; i < count; i += 8) ok( is_resident( device, list[i] ), "%u was evicted\n", i );
    /* with them all over the place no whole memory object can be had, or few */
    if (!try_create( device, budget / 2, &extra )) destroy_allocation( device, extra );
    for (i = 0; i < count; i += 8) ok( is_resident( device, list[i] ), "%u was evicted\n", i );
    for (i = 0; i < count; i += 8) check_status( update( list[i], SET_UNMOVEABLE, 0, 0, 0 ), STATUS_SUCCESS );
    check_status( try_create( device, budget - large, &extra ), STATUS_SUCCESS );
    for (i = 0; i < count; i++) check_pattern( device, list[i], size, i + 1 );
    if (extra) destroy_allocation( device, extra );
    for (i = 0; i < count; i++) destroy_allocation( device, list[i] );
    test_segments = 0;
}

START_TEST(property)
{
    struct winekmt_adapter_data data;

    if (!open_device( &adapter, &device )) return;
    get_adapter_data( adapter, &data );
    visible = data.cpu_visible_segments;
    create_fence_queue( device, &queue );
    test_bad();
    test_move();
    test_pinned();
    test_unmoveable();
    destroy_queue( queue.hPagingQueue );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
