/*
 * Residency priorities, QueryAllocationResidency, InvalidateCache
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

/* The three list functions have blocks of the same layout; what differs is the last pointer. */
static NTSTATUS set_priority( D3DKMT_HANDLE device, D3DKMT_HANDLE resource, const D3DKMT_HANDLE *list, UINT count, const UINT *values )
{
    D3DKMT_SETALLOCATIONPRIORITY params = { device, resource, list, count, values };

    return pD3DKMTSetAllocationPriority( &params );
}

static NTSTATUS get_priority( D3DKMT_HANDLE device, D3DKMT_HANDLE resource, const D3DKMT_HANDLE *list, UINT count, UINT *values )
{
    D3DKMT_GETALLOCATIONPRIORITY params = { device, resource, list, count, values };

    return pD3DKMTGetAllocationPriority( &params );
}

static NTSTATUS query_residency( D3DKMT_HANDLE device, D3DKMT_HANDLE resource, const D3DKMT_HANDLE *list, UINT count, UINT *values )
{
    D3DKMT_QUERYALLOCATIONRESIDENCY params = { device, resource, list, count, (D3DKMT_ALLOCATIONRESIDENCYSTATUS *)values };

    return pD3DKMTQueryAllocationResidency( &params );
}

typedef NTSTATUS (*list_function)( D3DKMT_HANDLE device, D3DKMT_HANDLE resource, const D3DKMT_HANDLE *list, UINT count, UINT *values );

static NTSTATUS set_priority_list( D3DKMT_HANDLE device, D3DKMT_HANDLE resource, const D3DKMT_HANDLE *list, UINT count, UINT *values )
{
    return set_priority( device, resource, list, count, values );
}

/* What all three refuse; outputs stay as they are. */
static void test_bad_lists( void )
{
    static const list_function functions[] = { set_priority_list, get_priority, query_residency };
    static D3DKMT_HANDLE many[10241];
    static UINT values[10241], before[10241];
    D3DKMT_HANDLE adapter, device, other, list[3], resource, member, foreign;
    UINT i;

    if (!open_device( &adapter, &device )) return;
    check_status( pD3DKMTSetAllocationPriority( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTGetAllocationPriority( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTQueryAllocationResidency( NULL ), STATUS_INVALID_PARAMETER );
    other = create_device( adapter );
    foreign = create_allocation( other, 65536 );
    list[0] = create_allocation( device, 65536 );
    list[1] = create_allocation( device, 65536 );
    resource = create_resource( device, 0, 65536, &member, NULL );
    for (i = 0; i < ARRAY_SIZE( many ); i++) many[i] = list[0];
    for (i = 0; i < ARRAY_SIZE( functions ); i++)
    {
        list_function f = functions[i];

        winetest_push_context( "function %u", i );
        FILL( values );
        FILL( before );
        check_status( f( 0, 0, list, 1, values ), STATUS_INVALID_PARAMETER );
        check_status( f( list[0], 0, list, 1, values ), STATUS_INVALID_PARAMETER );
        check_status( f( device, 0, list, 0, values ), STATUS_INVALID_PARAMETER );
        check_status( f( device, 0, NULL, 1, values ), STATUS_INVALID_PARAMETER );
        check_status( f( device, 0, NULL, 0, values ), STATUS_INVALID_PARAMETER );
        check_status( f( device, 0, list, 2, NULL ), STATUS_INVALID_PARAMETER );
        check_status( f( device, resource, NULL, 0, NULL ), STATUS_INVALID_PARAMETER );
        check_status( f( device, resource, list, 1, values ), STATUS_INVALID_PARAMETER );
        check_status( f( device, resource, NULL, 1, values ), STATUS_INVALID_PARAMETER );
        check_status( f( device, list[0], NULL, 0, values ), STATUS_INVALID_PARAMETER );
        check_status( f( device, 0, many, ARRAY_SIZE( many ), values ), STATUS_INVALID_PARAMETER );
        list[2] = foreign;
        check_status( f( device, 0, list, 3, values ), STATUS_INVALID_PARAMETER );
        list[2] = resource;
        check_status( f( device, 0, list, 3, values ), STATUS_INVALID_PARAMETER );
        list[2] = 0;
        check_status( f( device, 0, list, 3, values ), STATUS_INVALID_PARAMETER );
        check_bytes( "values", values, before, sizeof(values) );
        /* nothing was set by the lists above that have one bad entry */
        check_status( get_priority( device, 0, list, 1, values ), STATUS_SUCCESS );
        ok( values[0] == D3DDDI_ALLOCATIONPRIORITY_NORMAL, "priority %#x\n", values[0] );
        values[0] = SENTINEL32;
        winetest_pop_context();
    }
    for (i = 0; i < ARRAY_SIZE( values ); i++) values[i] = i;
    check_status( set_priority( device, 0, many, 10240, values ), STATUS_SUCCESS );
    check_status( get_priority( device, 0, many, 10240, values ), STATUS_SUCCESS );
    ok( values[0] == 10239 && values[10239] == 10239, "priorities %u, %u\n", values[0], values[10239] );
    destroy_device( other );
    destroy_device( device );
    close_adapter( adapter );
}

static void test_priorities( void )
{
    static const UINT values[] = { D3DDDI_ALLOCATIONPRIORITY_MINIMUM, D3DDDI_ALLOCATIONPRIORITY_LOW, D3DDDI_ALLOCATIONPRIORITY_NORMAL,
                                   D3DDDI_ALLOCATIONPRIORITY_HIGH, D3DDDI_ALLOCATIONPRIORITY_MAXIMUM, 0x78000001, 0, 0xffffffff };
    D3DKMT_HANDLE adapter, device, list[ARRAY_SIZE( values )], resource, members[2];
    UINT got[ARRAY_SIZE( values ) + 1], i;

    if (!open_device( &adapter, &device )) return;
    for (i = 0; i < ARRAY_SIZE( values ); i++) list[i] = create_allocation( device, 65536 );
    got[ARRAY_SIZE( values )] = SENTINEL32;
    check_status( get_priority( device, 0, list, ARRAY_SIZE( values ), got ), STATUS_SUCCESS );
    for (i = 0; i < ARRAY_SIZE( values ); i++) ok( got[i] == D3DDDI_ALLOCATIONPRIORITY_NORMAL, "%u: priority %#x\n", i, got[i] );
    check_status( set_priority( device, 0, list, ARRAY_SIZE( values ), values ), STATUS_SUCCESS );
    check_status( get_priority( device, 0, list, ARRAY_SIZE( values ), got ), STATUS_SUCCESS );
    for (i = 0; i < ARRAY_SIZE( values ); i++) ok( got[i] == values[i], "%u: priority %#x, set %#x\n", i, got[i], values[i] );
    ok( got[ARRAY_SIZE( values )] == SENTINEL32, "wrote behind the answers\n" );

    /* one value for a resource, and its highest back */
    resource = create_resource( device, 0, 65536, &members[0], NULL );
    members[1] = add_allocation( device, resource, 65536 );
    check_status( set_priority( device, resource, NULL, 0, &values[1] ), STATUS_SUCCESS );
    check_status( get_priority( device, 0, members, 2, got ), STATUS_SUCCESS );
    ok( got[0] == values[1] && got[1] == values[1], "priorities %#x, %#x\n", got[0], got[1] );
    check_status( set_priority( device, 0, &members[1], 1, &values[3] ), STATUS_SUCCESS );
    got[1] = SENTINEL32;
    check_status( get_priority( device, resource, NULL, 0, got ), STATUS_SUCCESS );
    ok( got[0] == values[3], "priority %#x\n", got[0] );
    ok( got[1] == SENTINEL32, "more than one answer for a resource\n" );
    destroy_allocation( device, members[0] );
    destroy_allocation( device, members[1] );
    check_status( get_priority( device, resource, NULL, 0, got ), STATUS_SUCCESS );
    ok( got[0] == 0, "priority %#x of an empty resource\n", got[0] );
    destroy_device( device );
    close_adapter( adapter );
}

static void test_residency( void )
{
    D3DKMT_HANDLE adapter, device, list[2], resource, member, heap, extra[64];
    UINT got[3], i, expected, result, gone = 0;
    UINT64 size = MIB( 4 );
    void *memory;

    if (!open_device( &adapter, &device )) return;
    expected = get_default_group( adapter ) ? D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINSHAREDMEMORY
                                            : D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINGPUMEMORY;
    list[0] = create_allocation( device, 65536 );
    list[1] = create_allocation( device, size );
    resource = create_resource( device, 0, 65536, &member, NULL );
    got[2] = SENTINEL32;
    check_status( query_residency( device, 0, list, 2, got ), STATUS_SUCCESS );
    ok( got[0] == expected && got[1] == expected, "residency %u, %u, expected %u\n", got[0], got[1], expected );
    ok( got[2] == SENTINEL32, "wrote behind the answers\n" );
    check_status( query_residency( device, resource, NULL, 0, got ), STATUS_SUCCESS );
    ok( got[0] == expected, "residency %u\n", got[0] );

    /* the program's own memory is not the GPU's */
    memory = alloc_pages( 65536 );
    check_status( try_create_standard( device, memory, 65536, &heap ), STATUS_SUCCESS );
    check_status( query_residency( device, 0, &heap, 1, got ), STATUS_SUCCESS );
    ok( got[0] == D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINSHAREDMEMORY, "residency %u\n", got[0] );
    destroy_allocation( device, heap );
    free_pages( memory, 65536 );

    /* offered is still resident, discarded is not, reclaimed is again */
    if (!verifier_has( "always-decommit" ))
    {
        check_status( offer_one( device, list[1], D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
        check_status( query_residency( device, 0, &list[1], 1, got ), STATUS_SUCCESS );
        ok( got[0] == expected, "residency %u\n", got[0] );
        if (getenv( "WINEKMT_VIDEO_MEMORY_SIZE" ) && !verifier_has( "never-discard" ))
        {
            for (i = 0; i < ARRAY_SIZE( extra ) && !gone; i++)
            {
                if (try_create( device, size, &extra[i] )) break;
                check_status( query_residency( device, 0, &list[1], 1, got ), STATUS_SUCCESS );
                gone = got[0] == D3DKMT_ALLOCATIONRESIDENCYSTATUS_NOTRESIDENT;
            }
            ok( gone, "it was not discarded\n" );
            while (i--) destroy_allocation( device, extra[i] );
        }
        else skip( "no small budget\n" );
        check_status( reclaim_one( device, list[1], &result ), STATUS_SUCCESS );
        if (!verifier_has( "always-discard" )) ok( result == gone, "discarded %u, not resident %u\n", result, gone );
        check_status( query_residency( device, 0, &list[1], 1, got ), STATUS_SUCCESS );
        ok( got[0] == expected, "residency %u\n", got[0] );
    }
    destroy_device( device );
    close_adapter( adapter );
}

static void test_invalidate( void )
{
    static const struct
    {
        SIZE_T   offset, length;
        NTSTATUS status;
    }
    ranges[] =
    {
        { 0, 65536, STATUS_SUCCESS },
        { 0, 0, STATUS_SUCCESS },
        { 65536, 0, STATUS_SUCCESS },
        { 1, 65535, STATUS_SUCCESS },
        { 0, 65537, STATUS_INVALID_PARAMETER },
        { 1, 65536, STATUS_INVALID_PARAMETER },
        { 65537, 0, STATUS_INVALID_PARAMETER },
        { ~(SIZE_T)0, 1, STATUS_INVALID_PARAMETER },
        { 1, ~(SIZE_T)0, STATUS_INVALID_PARAMETER },
    };
    D3DKMT_HANDLE adapter, device, other, allocation;
    D3DKMT_INVALIDATECACHE params;
    UINT i;

    if (!open_device( &adapter, &device )) return;
    other = create_device( adapter );
    allocation = create_allocation( device, 65536 );
    check_status( pD3DKMTInvalidateCache( NULL ), STATUS_INVALID_PARAMETER );
    for (i = 0; i < ARRAY_SIZE( ranges ); i++)
    {
        winetest_push_context( "range %u", i );
        FILL( params );
        params.hDevice = device;
        params.hAllocation = allocation;
        params.Offset = ranges[i].offset;
        params.Length = ranges[i].length;
        kmt_fails( InvalidateCache, &params, ranges[i].status );
        winetest_pop_context();
    }
    params.Offset = params.Length = 0;
    params.hDevice = other;
    kmt_fails( InvalidateCache, &params, STATUS_INVALID_PARAMETER );
    params.hDevice = 0;
    kmt_fails( InvalidateCache, &params, STATUS_INVALID_PARAMETER );
    params.hDevice = device;
    destroy_allocation( device, allocation );
    kmt_fails( InvalidateCache, &params, STATUS_INVALID_PARAMETER );
    destroy_device( other );
    destroy_device( device );
    close_adapter( adapter );
}

START_TEST( residency )
{
    test_bad_lists();
    test_priorities();
    test_residency();
    test_invalidate();
}
