/*
 * MakeResident and Evict: lists, flags, counts, what each kind of allocation answers, fences, and what there is to trim
 *
 * evict.c is about what goes when nobody asked for it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define LOW  D3DKMT_OFFER_PRIORITY_LOW

#define MAX_LIST  10240

static D3DKMT_HANDLE adapter, device;
static D3DKMT_CREATEPAGINGQUEUE queue;
static UINT64 budget, large;

/* How many Evicts an allocation takes. */
static UINT count_resident( D3DKMT_HANDLE allocation )
{
    UINT count = 0, i;

    while (!evict( device, &allocation, 1, EVICT_ONLY_IF_NECESSARY, NULL )) count++;
    for (i = 0; i < count; i++) hold( queue.hPagingQueue, allocation );
    return count;
}

/* What both functions refuse. Nothing is counted then, whatever else is in the list. */
static void test_bad_lists( void )
{
    static D3DKMT_HANDLE many[MAX_LIST + 1];
    D3DKMT_HANDLE list[3], other, foreign, resource, member, gone, wrong[8];
    D3DKMT_CREATEPAGINGQUEUE gone_queue;
    D3DDDI_MAKERESIDENT params;
    D3DKMT_EVICT evict_params;
    UINT i, j;

    check_status( pD3DKMTMakeResident( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTEvict( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( MakeResident, &params, STATUS_INVALID_PARAMETER );
    FILL( params );
    params.AllocationList = NULL;
    kmt_fails( MakeResident, &params, STATUS_INVALID_PARAMETER );
    memset( &evict_params, 0, sizeof(evict_params) );
    kmt_fails( Evict, &evict_params, STATUS_INVALID_PARAMETER );
    FILL( evict_params );
    evict_params.AllocationList = NULL;
    kmt_fails( Evict, &evict_params, STATUS_INVALID_PARAMETER );

    for (i = 0; i < 3; i++) list[i] = create_allocation( device, KIB( 64 ) );
    for (i = 0; i < ARRAY_SIZE( many ); i++) many[i] = list[0];
    other = create_device( adapter );
    foreign = create_allocation( other, KIB( 64 ) );
    resource = create_resource( device, 0, KIB( 64 ), &member, NULL );
    gone = create_allocation( device, KIB( 64 ) );
    destroy_allocation( device, gone );
    create_fence_queue( device, &gone_queue );
    destroy_queue( gone_queue.hPagingQueue );

    check_status( make_resident( queue.hPagingQueue, list, 0, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    check_status( make_resident( queue.hPagingQueue, NULL, 1, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    check_status( make_resident( queue.hPagingQueue, many, MAX_LIST + 1, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    check_status( make_resident( queue.hPagingQueue, many, ~0u, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    check_status( make_resident( 0, list, 1, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    check_status( make_resident( device, list, 1, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    check_status( make_resident( queue.hSyncObject, list, 1, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    check_status( make_resident( gone_queue.hPagingQueue, list, 1, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    for (i = 2; i < 32; i++)
        check_status( make_resident( queue.hPagingQueue, list, 1, CANT_TRIM_FURTHER | 1u << i, NULL, NULL ), STATUS_INVALID_PARAMETER );
    /* it needs the other flag */
    check_status( make_resident( queue.hPagingQueue, list, 1, MUST_SUCCEED, NULL, NULL ), STATUS_INVALID_PARAMETER );

    bring_back( &queue, list, 3 );
    check_status( evict( device, list, 0, 0, NULL ), STATUS_INVALID_PARAMETER );
    check_status( evict( device, NULL, 1, 0, NULL ), STATUS_INVALID_PARAMETER );
    check_status( evict( device, many, MAX_LIST + 1, 0, NULL ), STATUS_INVALID_PARAMETER );
    check_status( evict( device, many, ~0u, 0, NULL ), STATUS_INVALID_PARAMETER );
    check_status( evict( 0, list, 1, 0, NULL ), STATUS_INVALID_PARAMETER );
    check_status( evict( queue.hPagingQueue, list, 1, 0, NULL ), STATUS_INVALID_PARAMETER );
    check_status( evict( other, list, 1, 0, NULL ), STATUS_INVALID_PARAMETER );
    for (i = 2; i < 32; i++) check_status( evict( device, list, 1, 1u << i, NULL ), STATUS_INVALID_PARAMETER );

    wrong[0] = 0;
    wrong[1] = foreign;
    wrong[2] = resource;
    wrong[3] = device;
    wrong[4] = queue.hPagingQueue;
    wrong[5] = gone;
    wrong[6] = list[0] | 1;
    wrong[7] = 0xffffffff;
    for (i = 0; i < ARRAY_SIZE( wrong ); i++)
        for (j = 0; j < 3; j++)
        {
            D3DKMT_HANDLE mixed[3] = { list[0], list[1], list[2] };

            winetest_push_context( "entry %u, handle %u", j, i );
            mixed[j] = wrong[i];
            check_status( make_resident( queue.hPagingQueue, mixed, 3, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
            check_status( evict( device, mixed, 3, 0, NULL ), STATUS_INVALID_PARAMETER );
            winetest_pop_context();
        }
    for (i = 0; i < 3; i++) ok( count_resident( list[i] ) == 1, "%u counts %u\n", i, count_resident( list[i] ) );
    destroy_resource( device, resource );
    destroy_device( other );
    for (i = 0; i < 3; i++) destroy_allocation( device, list[i] );
}

/* Each entry counts, and as many Evicts undo it. */
static void test_counts( void )
{
    static D3DKMT_HANDLE many[MAX_LIST];
    D3DKMT_HANDLE list[3], twice[4];
    UINT64 value, trim;
    UINT i;

    for (i = 0; i < 3; i++) list[i] = create_allocation( device, i ? KIB( 64 ) : MIB( 2 ) );
    for (i = 0; i < MAX_LIST; i++) many[i] = list[i % 2];
    for (i = 0; i < 3; i++) check_status( evict( device, &list[i], 1, 0, NULL ), STATUS_INVALID_PARAMETER );

    for (i = 0; i < 4; i++)
        check_status( make_resident( queue.hPagingQueue, list, 2, i ? i & 2 ? 3 : CANT_TRIM_FURTHER : 0, &value, NULL ), STATUS_SUCCESS );
    ok( value <= *(volatile UINT64 *)queue.FenceValueCPUVirtualAddress, "it is there, but not the fence\n" );
    twice[0] = twice[1] = twice[3] = list[0];
    twice[2] = list[1];
    check_status( make_resident( queue.hPagingQueue, twice, 4, 0, NULL, NULL ), STATUS_SUCCESS );
    ok( count_resident( list[0] ) == 7, "the first counts %u\n", count_resident( list[0] ) );
    ok( count_resident( list[1] ) == 5, "the second counts %u\n", count_resident( list[1] ) );
    check_status( evict( device, twice, 4, EVICT_ONLY_IF_NECESSARY, &trim ), STATUS_SUCCESS );
    ok( !trim, "%s bytes to trim\n", wine_dbgstr_longlong( trim ) );
    ok( count_resident( list[0] ) == 4, "the first counts %u\n", count_resident( list[0] ) );
    ok( count_resident( list[1] ) == 4, "the second counts %u\n", count_resident( list[1] ) );

    /* one more than there are, at any place of the list, and nothing is evicted */
    for (i = 0; i < 5; i++)
    {
        D3DKMT_HANDLE too_often[6] = { list[0], list[0], list[0], list[0], list[0], list[1] };

        too_often[5] = too_often[i];
        too_often[i] = list[1];
        check_status( evict( device, too_often, 6, 0, NULL ), STATUS_INVALID_PARAMETER );
        too_often[i] = list[2];
        check_status( evict( device, too_often, 6, 0, NULL ), STATUS_INVALID_PARAMETER );
    }
    ok( count_resident( list[0] ) == 4, "the first counts %u\n", count_resident( list[0] ) );
    ok( count_resident( list[1] ) == 4, "the second counts %u\n", count_resident( list[1] ) );
    for (i = 0; i < 4; i++) check_status( evict( device, list, 2, i, NULL ), STATUS_SUCCESS );
    for (i = 0; i < 3; i++) check_status( evict( device, &list[i], 1, 0, NULL ), STATUS_INVALID_PARAMETER );

    /* the longest list */
    bring_back( &queue, many, MAX_LIST );
    ok( count_resident( list[0] ) == MAX_LIST / 2, "the first counts %u\n", count_resident( list[0] ) );
    check_status( evict( device, many, MAX_LIST, 0, NULL ), STATUS_SUCCESS );
    check_status( evict( device, many, 1, 0, NULL ), STATUS_INVALID_PARAMETER );
    /* destroying does not ask for the counts */
    bring_back( &queue, many, 100 );
    for (i = 0; i < 3; i++) destroy_allocation( device, list[i] );
    /* what a thread of winekmt was about to evict goes when that has ended */
    ok( becomes_unused( adapter ), "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
}

/* PriorityList is ignored, whatever it points to. */
static void test_priority_list( void )
{
    D3DKMT_HANDLE list[2];
    D3DDDI_MAKERESIDENT params;
    UINT i, priorities[1] = { 0 };

    for (i = 0; i < 2; i++) list[i] = create_allocation( device, KIB( 64 ) );
    FILL( params );
    params.hPagingQueue = queue.hPagingQueue;
    params.NumAllocations = 2;
    params.AllocationList = list;
    params.Flags.Value = 0;
    for (i = 0; i < 2; i++)
    {
        params.PriorityList = i ? (const UINT *)(ULONG_PTR)8 : priorities;
        params.PagingFenceValue = params.NumBytesToTrim = SENTINEL64;
        kmt_writes( MakeResident, &params, expected_->PagingFenceValue = params_->PagingFenceValue; expected_->NumBytesToTrim = 0 );
    }
    for (i = 0; i < 2; i++) destroy_allocation( device, list[i] );
}

/* Without EvictOnlyIfNecessary the content goes soon, but only when the count is 0; with it, it stays while there is room. Nothing
 * is ever lost, NotWrittenTo or not. */
static void test_flags( void )
{
    static const UINT64 sizes[] = { KIB( 4 ), KIB( 300 ), MIB( 2 ), MIB( 5 ) };
    D3DKMT_HANDLE allocation;
    UINT64 usage, value;
    UINT i, flags;
    NTSTATUS status;

    for (i = 0; i < ARRAY_SIZE( sizes ); i++)
        for (flags = 0; flags < 4; flags++)
        {
            winetest_push_context( "size %s, flags %u", wine_dbgstr_longlong( sizes[i] ), flags );
            allocation = create_allocation( device, sizes[i] );
            write_allocation( device, allocation, sizes[i], i + 1 );
            usage = get_usage( adapter );
            hold( queue.hPagingQueue, allocation );
            hold( queue.hPagingQueue, allocation );
            check_status( evict( device, &allocation, 1, flags, NULL ), STATUS_SUCCESS );
            sleep_ms( 20 );
            ok( is_resident( device, allocation ), "evicted although it counts 1\n" );
            write_allocation( device, allocation, sizes[i], i + 100 );
            check_status( evict( device, &allocation, 1, flags, NULL ), STATUS_SUCCESS );
            if (flags & EVICT_ONLY_IF_NECESSARY)
            {
                sleep_ms( 100 );
                ok( is_resident( device, allocation ), "evicted although it was not necessary\n" );
                check_status( make_resident( queue.hPagingQueue, &allocation, 1, 0, NULL, NULL ), STATUS_SUCCESS );
            }
            else
            {
                ok( becomes_resident( device, allocation, FALSE ), "not evicted\n" );
                ok( get_usage( adapter ) < usage, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
                status = make_resident( queue.hPagingQueue, &allocation, 1, 0, &value, NULL );
                check_status( status, STATUS_PENDING );
                wait_for_fence( &queue, value );
                ok( is_resident( device, allocation ), "not resident\n" );
                ok( get_usage( adapter ) == usage, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
            }
            check_pattern( device, allocation, sizes[i], i + 100 );
            /* a lock brings it back as well */
            check_status( evict( device, &allocation, 1, 0, NULL ), STATUS_SUCCESS );
            ok( becomes_resident( device, allocation, FALSE ), "not evicted\n" );
            check_pattern( device, allocation, sizes[i], i + 100 );
            ok( is_resident( device, allocation ), "not resident\n" );
            destroy_allocation( device, allocation );
            winetest_pop_context();
        }
    /* while it is locked it stays; then it goes */
    allocation = create_allocation( device, MIB( 2 ) );
    write_allocation( device, allocation, MIB( 2 ), 7 );
    hold( queue.hPagingQueue, allocation );
    lock_allocation( device, allocation );
    check_status( evict( device, &allocation, 1, 0, NULL ), STATUS_SUCCESS );
    sleep_ms( 50 );
    ok( is_resident( device, allocation ), "evicted although it is locked\n" );
    unlock_allocation( device, allocation );
    ok( becomes_resident( device, allocation, FALSE ), "not evicted\n" );
    check_pattern( device, allocation, MIB( 2 ), 7 );
    /* and made resident again before the worker came, or while it is at it, it stays */
    for (i = 0; i < test_scale( 200 ); i++)
    {
        bring_back( &queue, &allocation, 1 );
        check_status( evict( device, &allocation, 1, 0, NULL ), STATUS_SUCCESS );
        if (i % 3) sleep_ms( i % 2 );
        bring_back( &queue, &allocation, 1 );
        ok( is_resident( device, allocation ), "round %u: not resident\n", i );
        if (!(i % 10)) check_pattern( device, allocation, MIB( 2 ), 7 );
        check_status( evict( device, &allocation, 1, EVICT_ONLY_IF_NECESSARY, NULL ), STATUS_SUCCESS );
    }
    check_pattern( device, allocation, MIB( 2 ), 7 );
    destroy_allocation( device, allocation );
}

/* What was never written comes and goes without a copy. */
static void test_unwritten( void )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    UINT access;

    for (access = WINEKMT_CPU_ACCESS_NONE; access <= WINEKMT_CPU_ACCESS_WRITE_COMBINED; access++)
    {
        winetest_push_context( "access %u", access );
        init_data( &data, MIB( 3 ) );
        data.cpu_access = access;
        init_create( &create, device, &info, &data );
        check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
        hold( queue.hPagingQueue, info.hAllocation );
        check_status( evict( device, &info.hAllocation, 1, 0, NULL ), STATUS_SUCCESS );
        ok( becomes_resident( device, info.hAllocation, FALSE ), "not evicted\n" );
        hold( queue.hPagingQueue, info.hAllocation );       /* SUCCESS: there is nothing to wait for */
        ok( is_resident( device, info.hAllocation ), "not resident\n" );
        if (access) check_zero( device, info.hAllocation, MIB( 3 ) );
        destroy_allocation( device, info.hAllocation );
        winetest_pop_context();
    }
}

/* What is offered is counted at once, and brought back by its reclaim. */
static void test_offered( void )
{
    D3DKMT_RECLAIMALLOCATIONS2 reclaim2;
    D3DKMT_HANDLE allocation;
    UINT i, result;

    for (i = 0; i < 3; i++)
    {
        winetest_push_context( "%u", i );
        allocation = create_allocation( device, MIB( 2 ) );
        write_allocation( device, allocation, MIB( 2 ), 3 );
        /* in GPU memory */
        check_status( offer_one( device, allocation, LOW ), STATUS_SUCCESS );
        hold( queue.hPagingQueue, allocation );
        check_status( reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
        ok( !result, "result %u\n", result );
        ok( count_resident( allocation ) == 1, "it counts %u\n", count_resident( allocation ) );
        release( device, allocation );

        /* evicted */
        send_away( &queue, allocation );
        check_status( offer_one( device, allocation, LOW ), STATUS_SUCCESS );
        if (i)
        {
            hold( queue.hPagingQueue, allocation );         /* SUCCESS: nothing is copied yet */
            hold( queue.hPagingQueue, allocation );
        }
        ok( !is_resident( device, allocation ), "resident while it is offered\n" );
        if (i == 2)
        {
            memset( &reclaim2, 0, sizeof(reclaim2) );
            reclaim2.hPagingQueue = queue.hPagingQueue;
            reclaim2.NumAllocations = 1;
            reclaim2.HandleList = &allocation;
            reclaim2.pResults = (D3DDDI_RECLAIM_RESULT *)&result;
            reclaim2.PagingFenceValue = SENTINEL64;
            kmt_writes( ReclaimAllocations2, &reclaim2, expected_->PagingFenceValue = params_->PagingFenceValue );
            ok( reclaim2.PagingFenceValue != SENTINEL64, "no fence value\n" );
            wait_for_fence( &queue, reclaim2.PagingFenceValue );
        }
        else check_status( reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
        ok( !result, "result %u\n", result );
        ok( is_resident( device, allocation ) == !!i, "resident %u\n", !i );
        ok( count_resident( allocation ) == (i ? 2 : 0), "it counts %u\n", count_resident( allocation ) );
        check_pattern( device, allocation, MIB( 2 ), 3 );
        destroy_allocation( device, allocation );
        winetest_pop_context();
    }
}

/* Existing heaps, primaries, shared resources, locked ones: all can be made resident. */
static void test_kinds( void )
{
    struct winekmt_allocation_data data;
    D3DKMT_HANDLE list[5], resource;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    char *memory = alloc_pages( KIB( 64 ) );
    UINT i;

    fill_memory( memory, KIB( 64 ), 5 );
    check_status( try_create_standard( device, memory, KIB( 64 ), &list[0] ), STATUS_SUCCESS );
    check_status( try_create_standard( device, memory, 0, &list[1] ), STATUS_SUCCESS );
    init_data( &data, KIB( 64 ) );
    init_create( &create, device, &info, &data );
    info.Flags.Primary = 1;
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    list[2] = info.hAllocation;
    resource = create_resource( device, CREATE_SHARED, KIB( 64 ), &list[3], NULL );
    list[4] = create_allocation( device, KIB( 64 ) );
    lock_allocation( device, list[4] );
    for (i = 0; i < 3; i++) check_status( make_resident( queue.hPagingQueue, list, 5, 0, NULL, NULL ), STATUS_SUCCESS );
    for (i = 0; i < 5; i++) ok( count_resident( list[i] ) == 3, "%u counts %u\n", i, count_resident( list[i] ) );
    for (i = 0; i < 3; i++) check_status( evict( device, list, 5, 0, NULL ), STATUS_SUCCESS );
    for (i = 0; i < 5; i++) check_status( evict( device, &list[i], 1, 0, NULL ), STATUS_INVALID_PARAMETER );
    sleep_ms( 50 );
    for (i = 0; i < 5; i++) ok( is_resident( device, list[i] ), "%u was evicted\n", i );
    check_pattern( device, list[0], KIB( 64 ), 5 );
    unlock_allocation( device, list[4] );
    ok( becomes_resident( device, list[4], FALSE ), "not evicted\n" );
    for (i = 0; i < 5; i++) if (i != 3) destroy_allocation( device, list[i] );
    destroy_resource( device, resource );
    free_pages( memory, KIB( 64 ) );
}

/***********************************************************************
 * Under pressure
 */

static void create_list( D3DKMT_HANDLE *list, UINT count, UINT64 size, UINT seed )
{
    UINT i;

    for (i = 0; i < count; i++)
    {
        list[i] = create_allocation( device, size );
        write_allocation( device, list[i], size, seed + i );
    }
}

static void destroy_list( const D3DKMT_HANDLE *list, UINT count )
{
    UINT i;

    for (i = 0; i < count; i++) destroy_allocation( device, list[i] );
}

/* Half the budget is held in turn, while there are three halves. */
static void test_turns( void )
{
    UINT count = budget / large, half = count / 2, i, turn;
    D3DKMT_HANDLE list[64];
    UINT64 value;

    create_list( list, 3 * half, large, 1 );
    for (turn = 0; turn < 6; turn++)
    {
        D3DKMT_HANDLE *now = &list[turn % 3 * half];
        NTSTATUS status = make_resident( queue.hPagingQueue, now, half, 0, &value, NULL );

        winetest_push_context( "turn %u", turn );
        ok( !status || status == STATUS_PENDING, "status %#x\n", (UINT)status );
        if (turn > 1) check_status( status, STATUS_PENDING );
        if (status == STATUS_PENDING) wait_for_fence( &queue, value );
        ok( get_usage( adapter ) <= budget, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
        /* the others cannot push it out, and cannot all come in beside it */
        for (i = 0; i < 3 * half; i++) if (!(i % 3)) check_pattern( device, list[i], large, i + 1 );
        for (i = 0; i < half; i++) ok( is_resident( device, now[i] ), "%u is not resident\n", i );
        check_status( make_resident( queue.hPagingQueue, list, 3 * half, 0, NULL, NULL ), STATUS_NO_MEMORY );
        check_status( evict( device, now, half, EVICT_ONLY_IF_NECESSARY, NULL ), STATUS_SUCCESS );
        winetest_pop_context();
    }
    for (i = 0; i < 3 * half; i++) check_pattern( device, list[i], large, i + 1 );
    destroy_list( list, 3 * half );
}

/* A list that does not fit: nothing of it counts, and what is to be trimmed is true. */
static void test_all_or_nothing( void )
{
    UINT count = budget / large, i;
    D3DKMT_HANDLE list[64];
    UINT64 trim;

    create_list( list, count + 2, large, 1 );
    check_status( make_resident( queue.hPagingQueue, list, count + 2, 0, NULL, &trim ), STATUS_NO_MEMORY );
    ok( trim == 2 * large, "%s bytes to trim\n", wine_dbgstr_longlong( trim ) );
    /* a part of it in several groups or in none: still the same */
    for (i = 0; i < count + 2; i++) check_status( evict( device, &list[i], 1, 0, NULL ), STATUS_INVALID_PARAMETER );
    check_status( make_resident( queue.hPagingQueue, list, count + 2, CANT_TRIM_FURTHER, NULL, &trim ), STATUS_NO_MEMORY );
    for (i = 0; i < count + 2; i++) check_status( evict( device, &list[i], 1, 0, NULL ), STATUS_INVALID_PARAMETER );
    /* what fits, fits */
    bring_back( &queue, list, count );
    for (i = 0; i < count + 2; i++) ok( is_resident( device, list[i] ) == (i < count), "%u is wrong\n", i );
    check_status( make_resident( queue.hPagingQueue, &list[count], 2, 0, NULL, &trim ), STATUS_NO_MEMORY );
    ok( trim == 2 * large, "%s bytes to trim\n", wine_dbgstr_longlong( trim ) );
    for (i = 0; i < count; i++) ok( count_resident( list[i] ) == 1, "%u counts %u\n", i, count_resident( list[i] ) );
    /* with one that is there already, too */
    check_status( make_resident( queue.hPagingQueue, &list[count - 1], 2, 0, NULL, &trim ), STATUS_NO_MEMORY );
    ok( trim == large, "%s bytes to trim\n", wine_dbgstr_longlong( trim ) );
    ok( count_resident( list[count - 1] ) == 1, "it counts %u\n", count_resident( list[count - 1] ) );
    for (i = 0; i < count + 2; i++) check_pattern( device, list[i], large, i + 1 );
    destroy_list( list, count + 2 );
}

/* What is offered goes for a list that fits, and for no other. */
static void test_refused( void )
{
    UINT count = budget / large, half = count / 2, i, result, flags;
    D3DKMT_HANDLE list[64], offered[32], twice[128];

    create_list( list, count + 1, large, 1 );
    create_list( offered, half, large, 100 );
    hold( queue.hPagingQueue, list[count] );
    for (flags = 0; flags < 2; flags++)
    {
        for (i = 0; i < half; i++) check_status( offer_one( device, offered[i], D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
        check_status( make_resident( queue.hPagingQueue, list, count, flags ? CANT_TRIM_FURTHER : 0, NULL, NULL ), STATUS_NO_MEMORY );
        check_status( make_resident( queue.hPagingQueue, list, count + 1, flags ? CANT_TRIM_FURTHER : 0, NULL, NULL ), STATUS_NO_MEMORY );
        for (i = 0; i < half; i++)
        {
            check_status( reclaim_one( device, offered[i], &result ), STATUS_SUCCESS );
            ok( !result, "flags %u: result %u of %u\n", flags, result, i );
        }
    }
    for (i = 0; i < half; i++) check_pattern( device, offered[i], large, i + 100 );
    release( device, list[count] );
    for (i = 0; i < half; i++) check_status( offer_one( device, offered[i], D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
    /* one that stands there twice needs memory once */
    for (i = 0; i < 2 * count; i++) twice[i] = list[i / 2];
    bring_back( &queue, twice, 2 * count );
    for (i = 0; i < half; i++)
    {
        check_status( reclaim_one( device, offered[i], &result ), STATUS_SUCCESS );
        ok( result == 1 || !is_resident( device, offered[i] ), "%u was kept, and all else is held\n", i );
    }
    for (i = 0; i < count + 1; i++) check_pattern( device, list[i], large, i + 1 );
    destroy_list( list, count + 1 );
    destroy_list( offered, half );
}

/* The loop of the documentation: try, evict what NumBytesToTrim says, try again. One round is enough here, because what is to be
 * trimmed does not change meanwhile. room: how many more would fit while the first try is made. */
static void test_trim_loop( UINT room )
{
    UINT count = budget / large, first = count * 5 / 8, second = count * 6 / 8, held = 0, tries, i;
    D3DKMT_HANDLE list[64], *old = list, *new = list + first;
    UINT64 trim, left = 0, value, done;
    NTSTATUS status;

    create_list( list, first + second, large, 1 );
    bring_back( &queue, old, first );
    if (room) destroy_allocation( device, create_allocation( device, room * large ) );
    for (tries = 1; tries < 10; tries++)
    {
        status = make_resident( queue.hPagingQueue, new, second, 0, &value, &trim );
        if (status != STATUS_NO_MEMORY) break;
        ok( trim <= (first - held) * large, "%s bytes to trim\n", wine_dbgstr_longlong( trim ) );
        for (done = 0; done < trim && held < first; done += large, held++)
            check_status( evict( device, &old[held], 1, EVICT_ONLY_IF_NECESSARY, &left ), STATUS_SUCCESS );
        ok( !left, "%s bytes to trim\n", wine_dbgstr_longlong( left ) );
    }
    ok( tries == 2, "%u tries\n", tries );
    ok( held == first + second - count, "%u of %u were evicted\n", held, first );
    ok( !status || status == STATUS_PENDING, "status %#x\n", (UINT)status );
    if (status == STATUS_PENDING) wait_for_fence( &queue, value );
    for (i = held; i < first + second; i++) ok( is_resident( device, list[i] ), "%u is not resident\n", i );
    for (i = 0; i < first + second; i++) check_pattern( device, list[i], large, i + 1 );
    destroy_list( list, first + second );
}

/* A failure with MustSucceed: the device is in error, and only that one. */
static void test_must_succeed( void )
{
    UINT count = budget / large, i, result;
    D3DKMT_HANDLE list[64], failing, other;
    D3DKMT_CREATEPAGINGQUEUE failing_queue, extra_queue;
    D3DDDI_UPDATEALLOCPROPERTY property;
    D3DKMT_GETDEVICESTATE state;
    UINT64 value, trim;
    void *data;

    failing = create_device( adapter );
    create_fence_queue( failing, &failing_queue );
    other = create_allocation( device, large );
    write_allocation( device, other, large, 99 );
    for (i = 0; i < count + 1; i++)
    {
        list[i] = create_allocation( failing, large );
        write_allocation( failing, list[i], large, i );
    }
    /* what fits succeeds */
    check_status( make_resident( failing_queue.hPagingQueue, &list[count], 1, CANT_TRIM_FURTHER | MUST_SUCCEED, NULL, NULL ), STATUS_SUCCESS );
    /* bad parameters are no failure of that kind */
    check_status( make_resident( failing_queue.hPagingQueue, &other, 1, CANT_TRIM_FURTHER | MUST_SUCCEED, NULL, NULL ), STATUS_INVALID_PARAMETER );
    FILL( state );
    state.hDevice = failing;
    state.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    kmt_writes( GetDeviceState, &state, expected_->ExecutionState = D3DKMT_DEVICEEXECUTION_ACTIVE );
    check_status( make_resident( failing_queue.hPagingQueue, list, count + 1, CANT_TRIM_FURTHER | MUST_SUCCEED, &value, &trim ), STATUS_NO_MEMORY );
    ok( trim >= large && trim <= budget + large, "%s bytes to trim\n", wine_dbgstr_longlong( trim ) );
    kmt_writes( GetDeviceState, &state, expected_->ExecutionState = D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY );

    check_status( make_resident( failing_queue.hPagingQueue, list, 1, 0, NULL, NULL ), STATUS_DEVICE_REMOVED );
    check_status( evict( failing, &list[count], 1, 0, NULL ), STATUS_DEVICE_REMOVED );
    check_status( try_lock( failing, list[0], &data ), STATUS_DEVICE_REMOVED );
    check_status( offer_one( failing, list[0], LOW ), STATUS_DEVICE_REMOVED );
    check_status( reclaim_one( failing, list[0], &result ), STATUS_DEVICE_REMOVED );
    check_status( try_create( failing, large, &list[count + 1] ), STATUS_DEVICE_REMOVED );
    memset( &property, 0, sizeof(property) );
    property.hPagingQueue = failing_queue.hPagingQueue;
    property.hAllocation = list[0];
    kmt_fails( UpdateAllocationProperty, &property, STATUS_DEVICE_REMOVED );
    memset( &extra_queue, 0, sizeof(extra_queue) );
    extra_queue.hDevice = failing;
    kmt_fails( CreatePagingQueue, &extra_queue, STATUS_DEVICE_REMOVED );
    state.StateType = D3DKMT_DEVICESTATE_RESET;
    kmt_fails( GetDeviceState, &state, STATUS_DEVICE_REMOVED );

    /* the others go on */
    state.hDevice = device;
    state.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    kmt_writes( GetDeviceState, &state, expected_->ExecutionState = D3DKMT_DEVICEEXECUTION_ACTIVE );
    check_pattern( device, other, large, 99 );
    check_status( try_destroy( failing, 0, list, 1 ), STATUS_SUCCESS );
    destroy_queue( failing_queue.hPagingQueue );
    destroy_device( failing );
    bring_back( &queue, &other, 1 );
    check_pattern( device, other, large, 99 );
    destroy_allocation( device, other );
    ok( becomes_unused( adapter ), "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
}

/* Locked where no room was for it in GPU memory: in system memory, where it has to stay as long. */
static void test_locked_in_system_memory( void )
{
    UINT count = budget / large, i;
    D3DKMT_HANDLE list[64];
    UINT64 trim;
    void *data;

    create_list( list, count + 1, large, 1 );
    ok( !is_resident( device, list[0] ), "more fits than the budget\n" );
    bring_back( &queue, list + 1, count );
    if ((data = lock_allocation( device, list[0] )))
    {
        ok( !is_resident( device, list[0] ), "locked beyond the budget\n" );
        ok( has_pattern( data, large, 1 ), "content is not what was written\n" );
        fill_memory( data, large, 50 );
        /* now there is room */
        release( device, list[1] );
        check_status( make_resident( queue.hPagingQueue, list, 1, 0, NULL, &trim ), STATUS_NO_MEMORY );
        check_status( make_resident( queue.hPagingQueue, list, 1, CANT_TRIM_FURTHER, NULL, NULL ), STATUS_NO_MEMORY );
        ok( has_pattern( data, large, 50 ), "content changed\n" );
        check_status( try_lock( device, list[0], &data ), STATUS_SUCCESS );
        ok( has_pattern( data, large, 50 ), "content of the second lock is not what was written\n" );
        unlock_allocation( device, list[0] );
        fill_memory( data, large, 51 );
        unlock_allocation( device, list[0] );
    }
    bring_back( &queue, list, 1 );
    ok( is_resident( device, list[0] ), "not resident\n" );
    check_pattern( device, list[0], large, 51 );
    for (i = 1; i < count + 1; i++) check_pattern( device, list[i], large, i + 1 );
    destroy_list( list, count + 1 );
}

/* Discarded, then made resident, then reclaimed: it has memory again, beyond the budget if it must be. */
static void test_discarded( void )
{
    UINT count = budget / large, i, result;
    D3DKMT_HANDLE list[64], extra;

    create_list( list, count, large, 1 );
    for (i = 1; i < count; i++) hold( queue.hPagingQueue, list[i] );
    check_status( offer_one( device, list[0], LOW ), STATUS_SUCCESS );
    extra = create_allocation( device, large );
    ok( !is_resident( device, list[0] ), "not discarded\n" );
    hold( queue.hPagingQueue, extra );
    hold( queue.hPagingQueue, list[0] );        /* counted, and it stays as it is */
    ok( !is_resident( device, list[0] ), "resident while it is offered\n" );
    check_status( reclaim_one( device, list[0], &result ), STATUS_SUCCESS );
    ok( result == TRUE, "result %u\n", result );
    ok( is_resident( device, list[0] ), "not resident\n" );
    check_zero( device, list[0], large );
    ok( get_usage( adapter ) == budget + large, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    /* over the budget now: Evict says by how much */
    {
        UINT64 trim;

        check_status( evict( device, &list[1], 1, EVICT_ONLY_IF_NECESSARY, &trim ), STATUS_SUCCESS );
        ok( !trim, "%s bytes to trim\n", wine_dbgstr_longlong( trim ) );
        hold( queue.hPagingQueue, list[1] );
        hold( queue.hPagingQueue, list[2] );
        check_status( evict( device, &list[2], 1, EVICT_ONLY_IF_NECESSARY, &trim ), STATUS_SUCCESS );
        ok( trim == large, "%s bytes to trim\n", wine_dbgstr_longlong( trim ) );
    }
    for (i = 1; i < count; i++) check_pattern( device, list[i], large, i + 1 );
    destroy_list( list, count );
    destroy_allocation( device, extra );
}

START_TEST(makeresident)
{
    if (!open_device( &adapter, &device )) return;
    create_fence_queue( device, &queue );
    test_bad_lists();
    test_counts();
    test_priority_list();
    test_flags();
    test_unwritten();
    test_offered();
    test_kinds();
    if (get_small_budget( adapter, &budget, &large ))
    {
        test_segments = WINEKMT_SEGMENT_LOCAL;
        test_turns();
        test_all_or_nothing();
        test_refused();
        test_trim_loop( 0 );
        test_trim_loop( 4 );
        test_must_succeed();
        test_locked_in_system_memory();
        test_discarded();
        test_segments = 0;
    }
    destroy_queue( queue.hPagingQueue );
    ok( becomes_unused( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
