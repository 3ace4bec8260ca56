/*
 * Eviction under pressure: content that nobody holds resident goes to system memory and comes back, every byte of it
 *
 * Runs with a budget of at most 256 MiB: WINEKMT_VIDEO_MEMORY_SIZE=64; and again with WINEKMT_SYSTEM_MEMORY_SIZE, for what happens
 * when that is used up too.
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
#define ALLOW_DECOMMIT  2

#define MAX_COUNT  4096

static D3DKMT_HANDLE adapter, device;
static D3DKMT_CREATEPAGINGQUEUE queue;
static UINT64 budget, large;

static NTSTATUS try_create_as( UINT64 size, UINT access, BOOL primary, UINT priority, D3DKMT_HANDLE *allocation )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    NTSTATUS status;

    init_data( &data, size );
    data.cpu_access = access;
    init_create( &create, device, &info, &data );
    info.Flags.Primary = primary;
    info.Flags.OverridePriority = 1;
    info.Priority = priority;
    status = pD3DKMTCreateAllocation2( &create );
    *allocation = info.hAllocation;
    return status;
}

static void set_priority( D3DKMT_HANDLE allocation, UINT priority )
{
    D3DKMT_SETALLOCATIONPRIORITY params = { device, 0, &allocation, 1, &priority };

    check_status( pD3DKMTSetAllocationPriority( &params ), STATUS_SUCCESS );
}

static void set_unmoveable( D3DKMT_HANDLE allocation, BOOL unmoveable )
{
    D3DDDI_UPDATEALLOCPROPERTY params;

    memset( &params, 0, sizeof(params) );
    params.hPagingQueue = queue.hPagingQueue;
    params.hAllocation = allocation;
    params.SetUnmoveable = 1;
    params.Flags.Unmoveable = unmoveable;
    check_status( pD3DKMTUpdateAllocationProperty( &params ), STATUS_SUCCESS );
}

/* Allocation i of a list has the pattern i + 1. */
static void create_list( D3DKMT_HANDLE *list, UINT count, UINT64 size )
{
    UINT i;

    for (i = 0; i < count; i++)
    {
        list[i] = create_allocation( device, size );
        write_allocation( device, list[i], size, i + 1 );
    }
}

static void check_list( const D3DKMT_HANDLE *list, UINT count, UINT64 size )
{
    UINT i;

    for (i = 0; i < count; i++) check_pattern( device, list[i], size, i + 1 );
}

static void destroy_list( const D3DKMT_HANDLE *list, UINT count )
{
    UINT i;

    for (i = 0; i < count; i++) if (list[i]) destroy_allocation( device, list[i] );
}

/* Checks that more and more pressure takes them in that order, one by one. */
static void check_order( const D3DKMT_HANDLE *list, const UINT *order, UINT count )
{
    D3DKMT_HANDLE extra[64];
    UINT i, j;

    for (i = 0; i < count; i++)
    {
        winetest_push_context( "victim %u", i );
        check_status( try_create( device, large, &extra[i] ), STATUS_SUCCESS );
        hold( queue.hPagingQueue, extra[i] );
        for (j = 0; j < count; j++)
            ok( is_resident( device, list[order[j]] ) == (j > i), "%u, which is number %u, is%s resident\n", order[j], j,
                j > i ? " not" : "" );
        ok( get_usage( adapter ) <= budget, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
        winetest_pop_context();
    }
    destroy_list( extra, count );
}

/* Four times the budget, of all sizes, cached and write-combined: nothing is lost, in whatever order it is used. */
static void test_four_times( void )
{
    static const UINT64 sizes[] = { KIB( 4 ), KIB( 64 ), KIB( 20 ), KIB( 300 ), MIB( 1 ), MIB( 1 ) + KIB( 12 ), 0, KIB( 700 ) };
    static D3DKMT_HANDLE list[MAX_COUNT];
    static UINT64 size[MAX_COUNT];
    static UINT seed[MAX_COUNT];
    UINT count, i, j, random = 7, none = 0, rounds = test_scale( 200 );
    UINT64 total = 0, value;

    for (count = 0; total < 4 * budget && count < MAX_COUNT; count++)
    {
        UINT access = count % 16 == 5 ? WINEKMT_CPU_ACCESS_NONE : count % 3 ? WINEKMT_CPU_ACCESS_CACHED : WINEKMT_CPU_ACCESS_WRITE_COMBINED;
        NTSTATUS status;

        size[count] = sizes[count % ARRAY_SIZE( sizes )];
        if (!size[count]) size[count] = large * (1 + count % 3);
        status = try_create_as( size[count], access, FALSE, D3DDDI_ALLOCATIONPRIORITY_NORMAL, &list[count] );
        check_status( status, STATUS_SUCCESS );
        if (status) break;
        total += size[count];
        seed[count] = count + 1;
        if (access) write_allocation( device, list[count], size[count], seed[count] );
        else seed[count] = 0, none++;
        if (!(count % 64)) ok( get_usage( adapter ) <= budget, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    }
    ok( total >= 4 * budget, "only %s bytes\n", wine_dbgstr_longlong( total ) );
    ok( none > 0, "nothing without CPU access\n" );
    for (i = 0; i < count; i++) if (seed[i]) check_pattern( device, list[i], size[i], seed[i] );
    for (i = count; i--; ) if (seed[i]) check_pattern( device, list[i], size[i], seed[i] );
    for (i = 0; i < rounds; i++)
    {
        D3DKMT_HANDLE some[8];
        UINT64 bytes = 0;
        UINT first, n;

        random = random * 1664525 + 1013904223;
        j = (random >> 8) % count;
        if (seed[j])
        {
            check_pattern( device, list[j], size[j], seed[j] );
            write_allocation( device, list[j], size[j], seed[j] += 10000 );
        }
        /* some of them held for a moment; the fence is not always waited for */
        first = (random >> 16) % (count - ARRAY_SIZE( some ));
        for (n = 0; n < ARRAY_SIZE( some ) && bytes + size[first + n] < budget / 2; n++)
        {
            some[n] = list[first + n];
            bytes += size[first + n];
        }
        if (n)
        {
            NTSTATUS status = make_resident( queue.hPagingQueue, some, n, 0, &value, NULL );

            ok( !status || status == STATUS_PENDING, "status %#x\n", (UINT)status );
            if (status == STATUS_PENDING && i & 1)
            {
                wait_for_fence( &queue, value );
                for (j = 0; j < n; j++) ok( is_resident( device, some[j] ), "%u is not resident\n", j );
            }
            check_status( evict( device, some, n, i % 4, NULL ), STATUS_SUCCESS );
        }
        if (!(i % 16)) ok( get_usage( adapter ) <= budget, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    }
    for (i = 0; i < count; i++) if (seed[i]) check_pattern( device, list[i], size[i], seed[i] );
    destroy_list( list, count );
    ok( !get_usage( adapter ), "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
}

/* Of one priority the least recently used goes first. A use is the creation, a lock's end, an Evict, a reclaim. */
static void test_least_recently_used( void )
{
    UINT count = budget / large, order[64], i, n = 0, result;
    D3DKMT_HANDLE list[64];

    create_list( list, count, large );
    ok( get_usage( adapter ) == count * large, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    check_pattern( device, list[3], large, 4 );
    hold( queue.hPagingQueue, list[0] );
    check_pattern( device, list[0], large, 1 );     /* while it is held that is none */
    release( device, list[0] );
    check_status( offer_one( device, list[5], LOW ), STATUS_SUCCESS );
    check_status( reclaim_one( device, list[5], &result ), STATUS_SUCCESS );
    lock_allocation( device, list[1] );
    lock_allocation( device, list[1] );
    unlock_allocation( device, list[1] );
    check_pattern( device, list[7], large, 8 );
    unlock_allocation( device, list[1] );
    /* asking is no use */
    is_resident( device, list[2] );
    set_priority( list[2], D3DDDI_ALLOCATIONPRIORITY_NORMAL );
    for (i = 0; i < count; i++) if (i != 3 && i != 0 && i != 5 && i != 7 && i != 1) order[n++] = i;
    order[n++] = 3;
    order[n++] = 0;
    order[n++] = 5;
    order[n++] = 7;
    order[n++] = 1;
    check_order( list, order, count );
    check_list( list, count, large );
    destroy_list( list, count );
}

/* Lower residency priorities first, whatever was used last. */
static void test_priorities( void )
{
    static const UINT priorities[] =
    {
        D3DDDI_ALLOCATIONPRIORITY_MAXIMUM, D3DDDI_ALLOCATIONPRIORITY_NORMAL, 0, D3DDDI_ALLOCATIONPRIORITY_HIGH,
        D3DDDI_ALLOCATIONPRIORITY_LOW, D3DDDI_ALLOCATIONPRIORITY_NORMAL - 1, D3DDDI_ALLOCATIONPRIORITY_HIGH - 1, 0xffffffff,
        D3DDDI_ALLOCATIONPRIORITY_MINIMUM, D3DDDI_ALLOCATIONPRIORITY_LOW - 1, D3DDDI_ALLOCATIONPRIORITY_MAXIMUM - 1,
        D3DDDI_ALLOCATIONPRIORITY_NORMAL,
    };
    static const UINT order[] = { 2, 8, 9,  4, 5,  1, 6, 11,  3, 10,  0, 7 };
    static const UINT changed[] = { 9, 0,  4, 5,  6, 11, 2,  3, 10, 8,  7, 1 };
    UINT count = ARRAY_SIZE( priorities ), rest, i, turn;
    D3DKMT_HANDLE list[ARRAY_SIZE( priorities )], held[64];

    for (turn = 0; turn < 2; turn++)
    {
        winetest_push_context( "turn %u", turn );
        for (rest = 0; (rest + count) * large < budget; rest++)
        {
            held[rest] = create_allocation( device, large );
            hold( queue.hPagingQueue, held[rest] );
        }
        for (i = 0; i < count; i++)
        {
            check_status( try_create_as( large, WINEKMT_CPU_ACCESS_CACHED, FALSE, priorities[i], &list[i] ), STATUS_SUCCESS );
            write_allocation( device, list[i], large, i + 1 );
        }
        if (turn)   /* a change takes effect at once, behind those that have that priority already */
        {
            set_priority( list[0], D3DDDI_ALLOCATIONPRIORITY_MINIMUM );
            set_priority( list[1], D3DDDI_ALLOCATIONPRIORITY_MAXIMUM );
            set_priority( list[8], D3DDDI_ALLOCATIONPRIORITY_HIGH );
            set_priority( list[2], D3DDDI_ALLOCATIONPRIORITY_NORMAL );
        }
        check_order( list, turn ? changed : order, count );
        check_list( list, count, large );
        destroy_list( list, count );
        destroy_list( held, rest );
        winetest_pop_context();
    }
}

/* What is offered goes before anything is evicted, though its priority be HIGH and its residency priority the highest. */
static void test_offered_first( void )
{
    UINT count = budget / large, i, results[2];
    D3DKMT_HANDLE list[64], extra[3];

    create_list( list, count, large );
    for (i = 0; i < 2; i++) set_priority( list[count - 1 - i], D3DDDI_ALLOCATIONPRIORITY_MAXIMUM );
    check_status( offer( device, &list[count - 2], 2, FALSE, HIGH, 0 ), STATUS_SUCCESS );
    for (i = 0; i < 2; i++)
    {
        extra[i] = create_allocation( device, large );
        hold( queue.hPagingQueue, extra[i] );
    }
    for (i = 0; i < count; i++) ok( is_resident( device, list[i] ) == (i < count - 2), "%u is wrong\n", i );
    extra[2] = create_allocation( device, large );
    ok( !is_resident( device, list[0] ), "not evicted\n" );
    for (i = 1; i < count - 2; i++) ok( is_resident( device, list[i] ), "%u was evicted\n", i );
    check_status( reclaim( device, 0, &list[count - 2], 2, FALSE, results ), STATUS_SUCCESS );
    for (i = 0; i < 2; i++)
    {
        ok( results[i] == TRUE, "%u: result %u\n", i, results[i] );
        check_zero( device, list[count - 2 + i], large );
    }
    check_list( list, count - 2, large );
    destroy_list( list, count );
    destroy_list( extra, 3 );

    /* one that was evicted and then offered gives up no GPU memory: it stays whole, and others are evicted */
    create_list( list, count, large );
    send_away( &queue, list[0] );
    check_status( offer_one( device, list[0], LOW ), STATUS_SUCCESS );
    for (i = 0; i < 3; i++) extra[i] = create_allocation( device, large );
    check_status( reclaim( device, 0, &list[0], 1, FALSE, results ), STATUS_SUCCESS );
    ok( !results[0], "result %u\n", results[0] );
    check_list( list, count, large );
    destroy_list( list, count );
    destroy_list( extra, 3 );
}

/* Creation fails only when the rest is held, each way of holding; and then it costs nobody anything. */
static void test_all_held( void )
{
    static const char * const kinds[] = { "locked", "resident", "primary", "shared", "unmoveable" };
    UINT count = budget / large, kind, i;
    D3DKMT_HANDLE list[64], resource, extra;

    for (kind = 0; kind < ARRAY_SIZE( kinds ); kind++)
    {
        winetest_push_context( "%s", kinds[kind] );
        resource = 0;
        switch (kind)
        {
        case 2: check_status( try_create_as( large, WINEKMT_CPU_ACCESS_CACHED, TRUE, 0, &list[0] ), STATUS_SUCCESS ); break;
        case 3: resource = create_resource( device, CREATE_SHARED, large, &list[0], NULL ); break;
        default: list[0] = create_allocation( device, large );
        }
        write_allocation( device, list[0], large, 1 );
        set_priority( list[0], D3DDDI_ALLOCATIONPRIORITY_MINIMUM );
        switch (kind)
        {
        case 0: lock_allocation( device, list[0] ); break;
        case 1: hold( queue.hPagingQueue, list[0] ); break;
        case 4: set_unmoveable( list[0], TRUE ); break;
        }
        for (i = 1; i < count; i++)
        {
            list[i] = create_allocation( device, large );
            write_allocation( device, list[i], large, i + 1 );
            hold( queue.hPagingQueue, list[i] );
        }
        check_status( try_create( device, large, &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
        ok( !extra, "handle %#x\n", extra );
        ok( is_resident( device, list[0] ), "evicted\n" );
        ok( get_usage( adapter ) == count * large, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
        check_list( list, count, large );

        switch (kind)
        {
        case 0: unlock_allocation( device, list[0] ); break;
        case 1: release( device, list[0] ); break;
        case 2: destroy_allocation( device, list[0] ); break;
        case 3: destroy_resource( device, resource ); break;
        case 4: set_unmoveable( list[0], FALSE ); break;
        }
        check_status( try_create( device, large, &extra ), STATUS_SUCCESS );
        check_zero( device, extra, large );
        if (kind == 2 || kind == 3) list[0] = 0;
        else
        {
            ok( !is_resident( device, list[0] ), "resident beyond the budget\n" );
            check_pattern( device, list[0], large, 1 );
        }
        for (i = 1; i < count; i++) check_pattern( device, list[i], large, i + 1 );
        destroy_list( list, count );
        destroy_allocation( device, extra );
        winetest_pop_context();
    }
}

/* For a large one that cannot fit nothing is evicted. */
static void test_impossible( void )
{
    UINT count = budget / large, i;
    D3DKMT_HANDLE list[64], extra;

    create_list( list, count, large );
    check_status( try_create( device, budget + large, &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    for (i = 0; i < count; i++) ok( is_resident( device, list[i] ), "%u was evicted\n", i );
    for (i = 0; i < 2; i++) hold( queue.hPagingQueue, list[i] );
    check_status( try_create( device, budget - large, &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    for (i = 0; i < count; i++) ok( is_resident( device, list[i] ), "%u was evicted\n", i );
    /* just what fits */
    check_status( try_create( device, budget - 2 * large, &extra ), STATUS_SUCCESS );
    for (i = 0; i < count; i++) ok( is_resident( device, list[i] ) == (i < 2), "%u is wrong\n", i );
    check_list( list, count, large );
    destroy_list( list, count );
    destroy_allocation( device, extra );
}

/* Allocations that share memory objects: a large one needs whole objects. held: every how many is held. */
static void test_small( UINT64 size, UINT held )
{
    static D3DKMT_HANDLE list[MAX_COUNT];
    UINT count = budget / size * 9 / 8, i, evicted = 0;
    D3DKMT_HANDLE big;

    winetest_push_context( "size %s, %u", wine_dbgstr_longlong( size ), held );
    if (count > MAX_COUNT) count = MAX_COUNT;
    for (i = 0; i < count; i++)
    {
        list[i] = create_allocation( device, size );
        write_allocation( device, list[i], size, i + 1 );
        if (held && !(i % held)) hold( queue.hPagingQueue, list[i] );
    }
    check_status( try_create( device, 2 * large, &big ), STATUS_SUCCESS );
    if (big)
    {
        hold( queue.hPagingQueue, big );
        write_allocation( device, big, 2 * large, 5 );
        for (i = 0; i < count; i++)
        {
            if (!is_resident( device, list[i] )) evicted++;
            if (held && !(i % held)) ok( is_resident( device, list[i] ), "%u was evicted\n", i );
        }
        ok( evicted > 0, "nothing was evicted\n" );
        trace( "%u of %u are evicted\n", evicted, count );
        check_list( list, count, size );
        check_pattern( device, big, 2 * large, 5 );
        destroy_allocation( device, big );
    }
    for (i = 0; i < count; i++) check_pattern( device, list[i], size, i + 1 );
    destroy_list( list, count );
    winetest_pop_context();
}

/* One device's pressure evicts what another has; each still has its own. */
static void test_devices( void )
{
    UINT count = budget / large, i;
    D3DKMT_HANDLE other = create_device( adapter ), list[64], others[64];

    create_list( list, count, large );
    for (i = 0; i < count; i++)
    {
        others[i] = create_allocation( other, large );
        check_zero( other, others[i], large );
        write_allocation( other, others[i], large, 100 + i );
    }
    for (i = 0; i < count; i++) ok( !is_resident( device, list[i] ), "%u is resident\n", i );
    check_list( list, count, large );
    for (i = 0; i < count; i++) check_pattern( other, others[i], large, 100 + i );
    destroy_device( other );
    check_list( list, count, large );
    destroy_list( list, count );
}

/* Threads that all work on twice the budget. */
#define THREADS  4
static struct { UINT index, rounds; } states[THREADS];

static void run_thread( void *arg )
{
    UINT index = *(UINT *)arg, count = 2 * budget / large / THREADS, random = 99 + index, i;
    D3DKMT_HANDLE list[16];
    UINT seeds[16];

    if (count > 16) count = 16;
    for (i = 0; i < count; i++)
    {
        list[i] = create_allocation( device, large );
        write_allocation( device, list[i], large, seeds[i] = 1000 * index + i );
    }
    for (i = 0; i < states[index].rounds; i++)
    {
        UINT j = (random = random * 1664525 + 1013904223) % count;

        check_pattern( device, list[j], large, seeds[j] );
        if (i % 3 == 1) write_allocation( device, list[j], large, seeds[j] = random );
        if (i % 3 == 2)
        {
            NTSTATUS status = make_resident( queue.hPagingQueue, &list[j], 1, 0, NULL, NULL );

            ok( !status || status == STATUS_PENDING, "status %#x\n", (UINT)status );
            if (!status || status == STATUS_PENDING) check_status( evict( device, &list[j], 1, i & 1, NULL ), STATUS_SUCCESS );
        }
    }
    for (i = 0; i < count; i++)
    {
        check_pattern( device, list[i], large, seeds[i] );
        destroy_allocation( device, list[i] );
    }
}

static void test_threads( void )
{
    struct test_thread *threads[THREADS];
    UINT i;

    for (i = 0; i < THREADS; i++)
    {
        states[i].index = i;
        states[i].rounds = test_scale( 100 );
        threads[i] = start_thread( run_thread, &states[i] );
    }
    for (i = 0; i < THREADS; i++) join_thread( threads[i] );
    ok( !get_usage( adapter ), "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
}

static UINT64 get_decommittable( void )
{
    D3DKMT_QUERYPROCESSOFFERINFO params = { .cbSize = sizeof(params) };

    check_status( pD3DKMTQueryProcessOfferInfo( &params ), STATUS_SUCCESS );
    return params.DecommittableBytes;
}

static UINT64 trim_commitment( UINT64 bytes )
{
    D3DKMT_TRIMPROCESSCOMMITMENT params = { .cbSize = sizeof(params), .DecommitRequested = bytes };

    check_status( pD3DKMTTrimProcessCommitment( &params ), STATUS_SUCCESS );
    return params.NumBytesDecommitted;
}

/* TrimProcessCommitment takes what is evicted and what is not in one order; what was never written and is evicted has nothing to give. */
static void test_decommit( void )
{
    UINT count = budget / large, result, i;
    D3DKMT_HANDLE list[64], never;

    never = create_allocation( device, large );
    create_list( list, count + 2, large );
    for (i = 0; i < 3; i++) ok( is_resident( device, list[i] ) == (i > 1), "%u is wrong\n", i );
    ok( !is_resident( device, never ), "what was created first is resident\n" );
    check_status( offer( device, &never, 1, FALSE, LOW, ALLOW_DECOMMIT ), STATUS_SUCCESS );
    ok( !get_decommittable(), "%s bytes\n", wine_dbgstr_longlong( get_decommittable() ) );
    check_status( offer( device, &list[0], 1, FALSE, HIGH, ALLOW_DECOMMIT ), STATUS_SUCCESS );
    check_status( offer( device, &list[2], 1, FALSE, NORMAL, ALLOW_DECOMMIT ), STATUS_SUCCESS );
    check_status( offer( device, &list[1], 1, FALSE, LOW, ALLOW_DECOMMIT ), STATUS_SUCCESS );
    ok( get_decommittable() == 3 * large, "%s bytes\n", wine_dbgstr_longlong( get_decommittable() ) );
    ok( trim_commitment( 1 ) == large && is_resident( device, list[2] ), "NORMAL before LOW\n" );
    ok( trim_commitment( 1 ) == large && !is_resident( device, list[2] ), "HIGH before NORMAL\n" );
    ok( get_decommittable() == large, "%s bytes\n", wine_dbgstr_longlong( get_decommittable() ) );
    check_status( reclaim_one( device, list[0], &result ), STATUS_SUCCESS );
    ok( !result, "result %u\n", result );
    ok( !trim_commitment( 1 ), "something else went\n" );
    for (i = 1; i < 3; i++)
    {
        check_status( reclaim_one( device, list[i], &result ), STATUS_SUCCESS );
        ok( result == TRUE, "%u: result %u\n", i, result );
        write_allocation( device, list[i], large, i + 1 );
    }
    check_status( reclaim_one( device, never, &result ), STATUS_SUCCESS );
    ok( !result, "result %u\n", result );
    check_zero( device, never, large );
    check_list( list, count + 2, large );
    destroy_list( list, count + 2 );
    destroy_allocation( device, never );
}

/* With WINEKMT_SYSTEM_MEMORY_SIZE: when system memory is used up, too, that is another status, and still nothing is lost. */
static void test_system_memory( UINT64 limit )
{
    UINT count = budget / large, more = limit / large, i, result;
    D3DKMT_HANDLE list[128], extra, unwritten[64];
    UINT64 value;

    create_list( list, count + more, large );
    for (i = 0; i < count + more; i++) ok( is_resident( device, list[i] ) == (i >= more), "%u is wrong\n", i );
    check_status( try_create( device, large, &extra ), STATUS_NO_MEMORY );
    ok( !extra, "handle %#x\n", extra );
    check_status( try_create( device, KIB( 64 ), &extra ), STATUS_NO_MEMORY );
    /* Two of one size change places, by any call that brings content back. */
    bring_back( &queue, list, 1 );
    ok( is_resident( device, list[0] ) && !is_resident( device, list[more] ), "they have not changed places\n" );
    check_status( evict( device, list, 1, EVICT_ONLY_IF_NECESSARY, NULL ), STATUS_SUCCESS );
    bring_back( &queue, list + more, 1 );
    check_status( evict( device, list + more, 1, EVICT_ONLY_IF_NECESSARY, NULL ), STATUS_SUCCESS );
    check_list( list, count + more, large );
    for (i = 0; i < count + more; i++) write_allocation( device, list[i], large, i + 1 );
    check_list( list, count + more, large );

    /* an offered one may be lost where it is, LOW before HIGH */
    if (more > 1)
    {
        check_status( offer_one( device, list[0], HIGH ), STATUS_SUCCESS );
        check_status( offer_one( device, list[1], LOW ), STATUS_SUCCESS );
        check_status( try_create( device, large, &extra ), STATUS_SUCCESS );
        for (i = 0; i < 2; i++)
        {
            check_status( reclaim_one( device, list[i], &result ), STATUS_SUCCESS );
            ok( result == i, "%u: result %u\n", i, result );
        }
        destroy_allocation( device, extra );
        check_zero( device, list[1], large );
        write_allocation( device, list[1], large, 2 );
        check_list( list, count + more, large );
    }
    check_status( offer_one( device, list[0], HIGH ), STATUS_SUCCESS );
    check_status( try_create( device, large, &extra ), STATUS_SUCCESS );
    check_status( reclaim_one( device, list[0], &result ), STATUS_SUCCESS );
    ok( result == TRUE, "result %u\n", result );
    destroy_allocation( device, extra );
    check_zero( device, list[0], large );
    write_allocation( device, list[0], large, 1 );
    check_list( list, count + more, large );

    /* what was never written costs no system memory */
    for (i = 0; i < count; i++) destroy_allocation( device, list[more + i] );
    for (i = 0; i < count; i++) unwritten[i] = create_allocation( device, large );
    bring_back( &queue, list, min( more, count ) );
    for (i = 0; i < min( more, count ); i++) ok( !is_resident( device, unwritten[i] ), "%u is resident\n", i );
    check_status( evict( device, list, min( more, count ), 0, &value ), STATUS_SUCCESS );
    for (i = 0; i < count; i++) check_zero( device, unwritten[i], large );
    check_list( list, more, large );
    destroy_list( unwritten, count );
    destroy_list( list, more );
    ok( !get_usage( adapter ), "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
}

START_TEST(evict)
{
    const char *limit = getenv( "WINEKMT_SYSTEM_MEMORY_SIZE" );

    if (!open_device( &adapter, &device )) return;
    if (get_small_budget( adapter, &budget, &large ))
    {
        test_segments = WINEKMT_SEGMENT_LOCAL;
        create_fence_queue( device, &queue );
        if (limit) test_system_memory( MIB( atoi( limit ) ) );
        else
        {
            test_least_recently_used();
            test_priorities();
            test_offered_first();
            test_decommit();
            test_all_held();
            test_impossible();
            test_small( KIB( 64 ), 0 );
            test_small( KIB( 64 ), 2 );
            test_small( KIB( 20 ), 3 );
            test_small( KIB( 300 ), 4 );
            test_devices();
            test_four_times();
            test_threads();
        }
        destroy_queue( queue.hPagingQueue );
        test_segments = 0;
    }
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
