/*
 * OfferAllocations, ReclaimAllocations, ReclaimAllocations2 without memory pressure: see pressure.c and verifier.c too
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define LOW     D3DKMT_OFFER_PRIORITY_LOW
#define NORMAL  D3DKMT_OFFER_PRIORITY_NORMAL
#define HIGH    D3DKMT_OFFER_PRIORITY_HIGH
#define AUTO    D3DKMT_OFFER_PRIORITY_AUTO

/* Whether an allocation is offered: one that is cannot be locked. */
static BOOL is_offered( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation )
{
    void *data;

    if (try_lock( device, allocation, &data )) return TRUE;
    try_unlock( device, allocation );
    return FALSE;
}

/* Nothing is discarded without pressure, unless the verifier has it so. */
static void check_kept( UINT result )
{
    UINT expected = verifier_has( "always-discard" ) ? D3DDDI_RECLAIM_RESULT_DISCARDED : D3DDDI_RECLAIM_RESULT_OK;

    ok( result == expected, "result %u, expected %u\n", result, expected );
}

static void test_priorities( D3DKMT_HANDLE device, D3DKMT_HANDLE queue )
{
    static const UINT bad[] = { 0, 5, 6, 0x7fffffff, 0x80000000, 0xffffffff };
    D3DKMT_HANDLE allocation = create_allocation( device, KIB( 64 ) );
    UINT priority, result, i;

    for (priority = LOW; priority <= AUTO; priority++)
    {
        write_allocation( device, allocation, KIB( 64 ), priority );
        check_status( offer_one( device, allocation, priority ), STATUS_SUCCESS );
        ok( is_offered( device, allocation ), "not offered\n" );
        check_status( reclaim( device, priority & 1 ? queue : 0, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
        check_kept( result );
        ok( !is_offered( device, allocation ), "still offered\n" );
        check_pattern( device, allocation, KIB( 64 ), priority );
    }
    for (i = 0; i < ARRAY_SIZE( bad ); i++)
    {
        check_status( offer_one( device, allocation, bad[i] ), STATUS_INVALID_PARAMETER );
        ok( !is_offered( device, allocation ), "offered with priority %#x\n", bad[i] );
    }
    destroy_allocation( device, allocation );
}

/* Flag bits: both that exist are accepted; with a reserved bit there are no flags, since Windows 8 had none. */
static void test_flags( D3DKMT_HANDLE device, D3DKMT_HANDLE queue )
{
    static const UINT flags[] = { 0, 1, 2, 3, 4, 6, 0x80000000, 0xcccccccc, 0xffffffff };
    D3DKMT_HANDLE allocation = create_allocation( device, KIB( 64 ) );
    UINT i, result;

    for (i = 0; i < ARRAY_SIZE( flags ); i++)
    {
        winetest_push_context( "flags %#x", flags[i] );
        write_allocation( device, allocation, KIB( 64 ), i );
        check_status( offer( device, &allocation, 1, FALSE, LOW, flags[i] ), STATUS_SUCCESS );
        check_status( reclaim( device, queue, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
        check_kept( result );
        check_pattern( device, allocation, KIB( 64 ), i );
        winetest_pop_context();
    }
    destroy_allocation( device, allocation );
}

static void test_again( D3DKMT_HANDLE device, D3DKMT_HANDLE queue )
{
    D3DKMT_HANDLE allocation = create_allocation( device, KIB( 64 ) );
    UINT result;

    /* reclaiming what is not offered */
    write_allocation( device, allocation, KIB( 64 ), 1 );
    check_status( reclaim( device, 0, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
    ok( result == FALSE, "result %u\n", result );
    check_status( reclaim( device, queue, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
    ok( result == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", result );
    check_pattern( device, allocation, KIB( 64 ), 1 );
    /* also while it is locked */
    lock_allocation( device, allocation );
    check_status( reclaim( device, queue, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
    ok( result == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", result );
    unlock_allocation( device, allocation );

    /* offering again: one reclaim undoes it */
    check_status( offer_one( device, allocation, HIGH ), STATUS_SUCCESS );
    check_status( offer_one( device, allocation, LOW ), STATUS_SUCCESS );
    check_status( offer_one( device, allocation, LOW ), STATUS_SUCCESS );
    check_status( reclaim( device, queue, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
    check_kept( result );
    ok( !is_offered( device, allocation ), "still offered\n" );
    check_pattern( device, allocation, KIB( 64 ), 1 );

    /* no results wanted: the content is kept or zero */
    check_status( offer_one( device, allocation, LOW ), STATUS_SUCCESS );
    check_status( reclaim( device, 0, &allocation, 1, FALSE, NULL ), STATUS_SUCCESS );
    write_allocation( device, allocation, KIB( 64 ), 2 );
    check_status( offer_one( device, allocation, LOW ), STATUS_SUCCESS );
    check_status( reclaim( device, queue, &allocation, 1, FALSE, NULL ), STATUS_SUCCESS );
    write_allocation( device, allocation, KIB( 64 ), 3 );
    check_pattern( device, allocation, KIB( 64 ), 3 );

    /* an offered one can go */
    check_status( offer_one( device, allocation, LOW ), STATUS_SUCCESS );
    destroy_allocation( device, allocation );
    check_status( reclaim( device, queue, &allocation, 1, FALSE, &result ), STATUS_INVALID_PARAMETER );
    check_status( offer_one( device, allocation, LOW ), STATUS_INVALID_PARAMETER );
}

/* Exactly one list, a count, and entries that are all good: else nothing happens. */
static void test_lists( D3DKMT_HANDLE adapter, D3DKMT_HANDLE device, D3DKMT_HANDLE queue )
{
    D3DKMT_HANDLE allocations[8], list[8], other, others, resource, in_resource;
    D3DKMT_RECLAIMALLOCATIONS2 reclaim2;
    D3DKMT_RECLAIMALLOCATIONS reclaim1;
    D3DKMT_OFFERALLOCATIONS params;
    UINT results[8], before[8], bad[5], i, j, count;

    check_status( pD3DKMTOfferAllocations( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTReclaimAllocations( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTReclaimAllocations2( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    memset( &reclaim1, 0, sizeof(reclaim1) );
    memset( &reclaim2, 0, sizeof(reclaim2) );
    kmt_fails( OfferAllocations, &params, STATUS_INVALID_PARAMETER );
    kmt_fails( ReclaimAllocations, &reclaim1, STATUS_INVALID_PARAMETER );
    kmt_fails( ReclaimAllocations2, &reclaim2, STATUS_INVALID_PARAMETER );

    for (i = 0; i < 8; i++) allocations[i] = create_allocation( device, KIB( 4 ) );
    resource = create_resource( device, 0, KIB( 4 ), &in_resource, NULL );
    memset( before, SENTINEL, sizeof(before) );
    memset( results, SENTINEL, sizeof(results) );

    /* both lists, and none */
    params.hDevice = reclaim1.hDevice = device;
    reclaim2.hPagingQueue = queue;
    params.NumAllocations = reclaim1.NumAllocations = reclaim2.NumAllocations = 1;
    params.Priority = NORMAL;
    reclaim1.pDiscarded = (BOOL *)results;
    reclaim2.pResults = (D3DDDI_RECLAIM_RESULT *)results;
    kmt_fails( OfferAllocations, &params, STATUS_INVALID_PARAMETER );
    kmt_fails( ReclaimAllocations, &reclaim1, STATUS_INVALID_PARAMETER );
    kmt_fails( ReclaimAllocations2, &reclaim2, STATUS_INVALID_PARAMETER );
    params.HandleList = reclaim1.HandleList = reclaim2.HandleList = allocations;
    params.pResources = reclaim1.pResources = reclaim2.pResources = &resource;
    kmt_fails( OfferAllocations, &params, STATUS_INVALID_PARAMETER );
    kmt_fails( ReclaimAllocations, &reclaim1, STATUS_INVALID_PARAMETER );
    kmt_fails( ReclaimAllocations2, &reclaim2, STATUS_INVALID_PARAMETER );

    /* counts */
    params.pResources = reclaim1.pResources = reclaim2.pResources = NULL;
    bad[0] = 0;
    bad[1] = 10241;
    bad[2] = 0x40000001;
    bad[3] = 0x80000000;
    bad[4] = 0xffffffff;
    for (i = 0; i < 5; i++)
    {
        params.NumAllocations = reclaim1.NumAllocations = reclaim2.NumAllocations = bad[i];
        kmt_fails( OfferAllocations, &params, STATUS_INVALID_PARAMETER );
        kmt_fails( ReclaimAllocations, &reclaim1, STATUS_INVALID_PARAMETER );
        kmt_fails( ReclaimAllocations2, &reclaim2, STATUS_INVALID_PARAMETER );
    }
    check_bytes( "results", results, before, sizeof(results) );

    /* one bad entry, wherever it stands */
    other = create_device( adapter );
    others = create_allocation( other, KIB( 4 ) );
    for (count = 1; count <= 8; count += 7)
    {
        for (i = 0; i < count; i += 3)
        {
            const D3DKMT_HANDLE wrong[] = { 0, 0xdeadbeef, 0xffffffff, device, adapter, queue, resource, others };

            for (j = 0; j < ARRAY_SIZE( wrong ); j++)
            {
                winetest_push_context( "entry %u of %u is %#x", i, count, wrong[j] );
                memcpy( list, allocations, sizeof(list) );
                list[i] = wrong[j];
                check_status( offer( device, list, count, FALSE, LOW, 0 ), STATUS_INVALID_PARAMETER );
                check_status( offer( device, list, count, TRUE, LOW, 0 ),
                              wrong[j] == resource && count == 1 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
                check_status( reclaim( device, 0, list, count, FALSE, results ), STATUS_INVALID_PARAMETER );
                check_status( reclaim( 0, queue, list, count, FALSE, results ), STATUS_INVALID_PARAMETER );
                check_status( reclaim( device, 0, list, count, TRUE, results ),
                              wrong[j] == resource && count == 1 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
                winetest_pop_context();
            }
        }
        if (count == 1) continue;
        for (i = 0; i < 8; i++) ok( !is_offered( device, allocations[i] ), "%u is offered\n", i );
        /* reclaiming with one bad entry leaves the others offered */
        check_status( offer( device, allocations, 8, FALSE, LOW, 0 ), STATUS_SUCCESS );
        memcpy( list, allocations, sizeof(list) );
        list[7] = 0xdeadbeef;
        check_status( reclaim( device, 0, list, 8, FALSE, results ), STATUS_INVALID_PARAMETER );
        check_status( reclaim( 0, queue, list, 8, FALSE, results ), STATUS_INVALID_PARAMETER );
        for (i = 0; i < 8; i++) ok( is_offered( device, allocations[i] ), "%u is not offered\n", i );
        check_status( reclaim( device, 0, allocations, 8, FALSE, results ), STATUS_SUCCESS );
        for (i = 0; i < 8; i++) check_kept( results[i] );
    }
    /* a queue of another device */
    check_status( offer( device, allocations, 8, FALSE, LOW, 0 ), STATUS_SUCCESS );
    check_status( reclaim( other, 0, allocations, 8, FALSE, results ), STATUS_INVALID_PARAMETER );
    {
        D3DKMT_HANDLE other_queue = create_queue( other );

        check_status( reclaim( 0, other_queue, allocations, 8, FALSE, results ), STATUS_INVALID_PARAMETER );
        destroy_queue( other_queue );
    }
    check_status( reclaim( 0, queue, allocations, 8, FALSE, results ), STATUS_SUCCESS );
    destroy_device( other );

    /* the same handle twice counts once, and both entries say the same */
    list[0] = list[1] = list[3] = allocations[0];
    list[2] = allocations[1];
    write_allocation( device, allocations[0], KIB( 4 ), 1 );
    check_status( offer( device, list, 4, FALSE, LOW, 0 ), STATUS_SUCCESS );
    check_status( reclaim( device, 0, list, 4, FALSE, results ), STATUS_SUCCESS );
    for (i = 0; i < 4; i++) check_kept( results[i] );
    ok( !is_offered( device, allocations[0] ), "still offered\n" );
    check_pattern( device, allocations[0], KIB( 4 ), 1 );
    check_status( offer( device, list, 4, FALSE, LOW, 0 ), STATUS_SUCCESS );
    check_status( reclaim( 0, queue, list, 4, FALSE, results ), STATUS_SUCCESS );
    for (i = 0; i < 4; i++) check_kept( results[i] );

    for (i = 0; i < 8; i++) destroy_allocation( device, allocations[i] );
    destroy_resource( device, resource );
}

/* Up to 10240 entries in a call. */
static void test_long_list( D3DKMT_HANDLE device, D3DKMT_HANDLE queue )
{
    static D3DKMT_HANDLE list[10241];
    static UINT results[10241];
    D3DKMT_HANDLE allocations[64];
    UINT i, wrong;

    for (i = 0; i < 64; i++) allocations[i] = create_allocation( device, TEST_PAGE );
    for (i = 0; i < ARRAY_SIZE( list ); i++) list[i] = allocations[i % 64];
    check_status( offer( device, list, 10241, FALSE, LOW, 0 ), STATUS_INVALID_PARAMETER );
    for (i = 0; i < 64; i++) ok( !is_offered( device, allocations[i] ), "%u is offered\n", i );
    check_status( offer( device, list, 10240, FALSE, LOW, 0 ), STATUS_SUCCESS );
    for (i = 0; i < 64; i++) ok( is_offered( device, allocations[i] ), "%u is not offered\n", i );
    check_status( reclaim( device, 0, list, 10241, FALSE, NULL ), STATUS_INVALID_PARAMETER );
    check_status( reclaim( 0, queue, list, 10241, FALSE, NULL ), STATUS_INVALID_PARAMETER );
    list[10239] = 0xdeadbeef;
    check_status( reclaim( 0, queue, list, 10240, FALSE, results ), STATUS_INVALID_PARAMETER );
    check_status( reclaim( device, 0, list, 10240, FALSE, results ), STATUS_INVALID_PARAMETER );
    for (i = 0; i < 64; i++) ok( is_offered( device, allocations[i] ), "%u is not offered\n", i );
    list[10239] = allocations[0];
    check_status( reclaim( 0, queue, list, 10240, FALSE, results ), STATUS_SUCCESS );
    for (i = wrong = 0; i < 10240; i++) wrong += results[i] != results[0];
    check_kept( results[0] );
    ok( !wrong, "%u results differ\n", wrong );
    for (i = 0; i < 64; i++)
    {
        ok( !is_offered( device, allocations[i] ), "%u is still offered\n", i );
        destroy_allocation( device, allocations[i] );
    }
}

static void test_resources( D3DKMT_HANDLE device, D3DKMT_HANDLE queue )
{
    D3DKMT_HANDLE resources[3], first[3], second[3], shared, in_shared, handle;
    UINT results[3], i;

    for (i = 0; i < 3; i++)
    {
        resources[i] = create_resource( device, 0, KIB( 64 ), &first[i], NULL );
        second[i] = add_allocation( device, resources[i], MIB( 1 ) );
        write_allocation( device, first[i], KIB( 64 ), i );
        write_allocation( device, second[i], MIB( 1 ), i + 10 );
    }
    check_status( offer( device, resources, 3, TRUE, NORMAL, 0 ), STATUS_SUCCESS );
    for (i = 0; i < 3; i++)
        ok( is_offered( device, first[i] ) && is_offered( device, second[i] ), "resource %u is not offered\n", i );
    check_status( reclaim( device, 0, resources, 3, TRUE, results ), STATUS_SUCCESS );
    for (i = 0; i < 3; i++)
    {
        check_kept( results[i] );
        check_pattern( device, first[i], KIB( 64 ), i );
        check_pattern( device, second[i], MIB( 1 ), i + 10 );
    }
    /* by resource and back by allocation */
    check_status( offer( device, resources, 3, TRUE, NORMAL, 0 ), STATUS_SUCCESS );
    check_status( reclaim( 0, queue, first, 3, FALSE, results ), STATUS_SUCCESS );
    for (i = 0; i < 3; i++)
        ok( !is_offered( device, first[i] ) && is_offered( device, second[i] ), "resource %u\n", i );
    check_status( reclaim( 0, queue, resources, 3, TRUE, results ), STATUS_SUCCESS );

    /* one allocation locked: its resource cannot be offered, nor what stands beside it in the list */
    lock_allocation( device, second[2] );
    check_status( offer( device, resources, 3, TRUE, NORMAL, 0 ), STATUS_INVALID_PARAMETER );
    for (i = 0; i < 3; i++) ok( !is_offered( device, first[i] ), "resource %u is offered\n", i );
    unlock_allocation( device, second[2] );

    /* an empty one */
    destroy_allocation( device, first[0] );
    destroy_allocation( device, second[0] );
    check_status( offer( device, resources, 3, TRUE, LOW, 0 ), STATUS_SUCCESS );
    check_status( reclaim( device, 0, resources, 3, TRUE, results ), STATUS_SUCCESS );
    ok( !results[0], "result %u\n", results[0] );
    check_status( offer( device, resources, 1, TRUE, LOW, 0 ), STATUS_SUCCESS );
    check_status( reclaim( 0, queue, resources, 1, TRUE, results ), STATUS_SUCCESS );
    ok( results[0] == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", results[0] );

    /* allocations are no resources, and the other way round */
    check_status( offer( device, &first[1], 1, TRUE, LOW, 0 ), STATUS_INVALID_PARAMETER );
    check_status( offer( device, &resources[1], 1, FALSE, LOW, 0 ), STATUS_INVALID_PARAMETER );

    /* a shared resource: accepted, never discarded */
    shared = create_resource( device, CREATE_SHARED, KIB( 64 ), &in_shared, &handle );
    write_allocation( device, in_shared, KIB( 64 ), 20 );
    check_status( offer( device, &shared, 1, TRUE, LOW, 0 ), STATUS_SUCCESS );
    check_status( reclaim( device, 0, &shared, 1, TRUE, results ), STATUS_SUCCESS );
    ok( results[0] == FALSE || verifier_has( "always-discard" ), "result %u\n", results[0] );
    check_pattern( device, in_shared, KIB( 64 ), 20 );
    check_status( offer_one( device, in_shared, LOW ), STATUS_SUCCESS );
    check_status( reclaim_one( device, in_shared, results ), STATUS_SUCCESS );
    check_status( offer( device, &handle, 1, TRUE, LOW, 0 ), STATUS_INVALID_PARAMETER );
    destroy_resource( device, shared );
    for (i = 0; i < 3; i++) destroy_resource( device, resources[i] );
}

START_TEST(offer)
{
    D3DKMT_HANDLE adapter, device, queue;

    if (!open_device( &adapter, &device )) return;
    queue = create_queue( device );
    test_priorities( device, queue );
    test_flags( device, queue );
    test_again( device, queue );
    test_lists( adapter, device, queue );
    test_long_list( device, queue );
    test_resources( device, queue );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_queue( queue );
    destroy_device( device );
    close_adapter( adapter );
}
