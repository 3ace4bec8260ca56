/*
 * Offer and reclaim under memory pressure: what goes, in which order, how much, and what stays intact
 *
 * Runs with a budget of at most 256 MiB: WINEKMT_VIDEO_MEMORY_SIZE=64. So that only offers can make room, everything else is held
 * resident; evict.c is about what is not.
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

#define MAX_COUNT  4096

static D3DKMT_HANDLE adapter, device, queue;
static UINT64 budget;
/* Sixteen of these are the budget, and each has a memory object of its own. */
static UINT64 large;

static UINT64 get_budget_left( void )
{
    D3DKMT_QUERYVIDEOMEMORYINFO info;

    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL, &info );
    return info.CurrentUsage < info.Budget ? info.Budget - info.CurrentUsage : 0;
}

/* Creates one that stays in GPU memory unless it is offered. */
static NTSTATUS create_held( UINT64 size, D3DKMT_HANDLE *allocation )
{
    NTSTATUS status = try_create( device, size, allocation );

    if (!status) hold( queue, *allocation );
    return status;
}

/* Creates allocations until no more fit, each held and with a pattern: allocation i has seed i + 1. */
static UINT fill_budget( D3DKMT_HANDLE *list, UINT max_count, UINT64 size )
{
    UINT count;

    for (count = 0; count < max_count; count++)
    {
        NTSTATUS status = create_held( size, &list[count] );

        if (status)
        {
            check_status( status, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
            ok( !list[count], "handle %#x although it failed\n", list[count] );
            break;
        }
        write_allocation( device, list[count], size, count + 1 );
    }
    return count;
}

static void destroy_list( D3DKMT_HANDLE *list, UINT count )
{
    UINT i;

    for (i = 0; i < count; i++) if (list[i]) destroy_allocation( device, list[i] );
}

/* With nothing offered and all held a creation over the budget fails, and nothing is different afterwards. */
static void test_full( void )
{
    struct winekmt_allocation_data data[2];
    D3DDDI_ALLOCATIONINFO2 infos[2];
    D3DKMT_CREATEALLOCATION create;
    D3DKMT_HANDLE list[32], extra;
    UINT64 usage;
    UINT i, count;

    count = fill_budget( list, ARRAY_SIZE( list ), large );
    ok( count == budget / large, "%u allocations in the budget\n", count );
    usage = get_usage( adapter );
    ok( usage == count * large, "usage %s\n", wine_dbgstr_longlong( usage ) );
    check_status( try_create( device, large, &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    ok( !extra, "handle %#x\n", extra );

    /* of two that cannot be evicted one would fit: none is made */
    destroy_allocation( device, list[--count] );
    memset( infos, 0, sizeof(infos) );
    for (i = 0; i < 2; i++)
    {
        init_data( &data[i], large );
        infos[i].pPrivateDriverData = &data[i];
        infos[i].PrivateDriverDataSize = sizeof(data[i]);
        infos[i].Flags.Primary = 1;
    }
    init_create( &create, device, &infos[0], &data[0] );
    infos[0].Flags.Primary = 1;
    create.NumAllocations = 2;
    kmt_fails( CreateAllocation2, &create, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    create.Flags.CreateResource = 1;
    kmt_fails( CreateAllocation2, &create, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    create.Flags.CreateShared = 1;
    infos[0].Flags.Primary = infos[1].Flags.Primary = 0;
    kmt_fails( CreateAllocation2, &create, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    ok( !infos[0].hAllocation && !infos[1].hAllocation, "handles although it failed\n" );
    ok( get_usage( adapter ) == usage - large, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    check_status( try_create( device, large, &list[count] ), STATUS_SUCCESS );
    check_zero( device, list[count++], large );

    for (i = 0; i + 1 < count; i++) check_pattern( device, list[i], large, i + 1 );
    destroy_list( list, count );
}

/* Victims by priority and age, with memory objects of their own: for each number of victims that exactly these go. */
static void test_order_large( void )
{
    /* LOW before NORMAL (which AUTO is, for an allocation of normal residency priority) before HIGH; then by age */
    static const UINT order[] = { 4, 5, 2, 6, 3, 0, 1 };
    D3DKMT_HANDLE list[32], extra[ARRAY_SIZE( order )], kept[ARRAY_SIZE( order )], gone[ARRAY_SIZE( order )];
    UINT results[ARRAY_SIZE( order )], victims, count, i;

    for (victims = 0; victims <= ARRAY_SIZE( order ); victims++)
    {
        winetest_push_context( "%u victims", victims );
        count = fill_budget( list, ARRAY_SIZE( list ), large );
        check_status( offer_one( device, list[0], HIGH ), STATUS_SUCCESS );
        check_status( offer_one( device, list[1], HIGH ), STATUS_SUCCESS );
        check_status( offer_one( device, list[2], NORMAL ), STATUS_SUCCESS );
        check_status( offer_one( device, list[4], LOW ), STATUS_SUCCESS );
        check_status( offer_one( device, list[6], AUTO ), STATUS_SUCCESS );
        check_status( offer_one( device, list[3], NORMAL ), STATUS_SUCCESS );
        check_status( offer_one( device, list[5], LOW ), STATUS_SUCCESS );
        for (i = 0; i < victims; i++)
        {
            check_status( create_held( large, &extra[i] ), STATUS_SUCCESS );
            check_zero( device, extra[i], large );
            write_allocation( device, extra[i], large, 100 + i );
        }
        if (victims == ARRAY_SIZE( order ))
        {
            D3DKMT_HANDLE one_more;

            check_status( try_create( device, large, &one_more ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
        }
        ok( get_usage( adapter ) == count * large, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );

        for (i = victims; i < ARRAY_SIZE( order ); i++) kept[i - victims] = list[order[i]];
        if (victims < ARRAY_SIZE( order ))
            check_status( reclaim( device, victims & 1 ? queue : 0, kept, ARRAY_SIZE( order ) - victims, FALSE, results ),
                          STATUS_SUCCESS );
        for (i = victims; i < ARRAY_SIZE( order ); i++)
        {
            ok( results[i - victims] == D3DDDI_RECLAIM_RESULT_OK, "%u: result %u\n", order[i], results[i - victims] );
            check_pattern( device, list[order[i]], large, order[i] + 1 );
        }
        for (i = 0; i < victims; i++)
        {
            check_pattern( device, extra[i], large, 100 + i );
            destroy_allocation( device, extra[i] );
            gone[i] = list[order[i]];
        }
        if (victims)
            check_status( reclaim( device, victims & 2 ? queue : 0, gone, victims, FALSE, results ), STATUS_SUCCESS );
        for (i = 0; i < victims; i++)
        {
            ok( results[i] == D3DDDI_RECLAIM_RESULT_DISCARDED, "%u: result %u\n", order[i], results[i] );
            check_zero( device, gone[i], large );
            write_allocation( device, gone[i], large, 200 + i );
        }
        for (i = 7; i < count; i++) check_pattern( device, list[i], large, i + 1 ); /* never offered */
        for (i = 0; i < victims; i++) check_pattern( device, gone[i], large, 200 + i );
        destroy_list( list, count );
        winetest_pop_context();
    }
}

/* Checks that in the order given the first ones, as many as needed, are gone, and reclaims all.
 * returns how many are. Memory must be there for them. */
static UINT check_prefix_gone( const D3DKMT_HANDLE *list, const UINT *order, UINT count, UINT64 size )
{
    static UINT results[MAX_COUNT];
    static D3DKMT_HANDLE handles[MAX_COUNT];
    UINT i, gone = 0, wrong = 0;

    for (i = 0; i < count; i++) handles[i] = list[order[i]];
    check_status( reclaim( device, queue, handles, count, FALSE, results ), STATUS_SUCCESS );
    while (gone < count && results[gone] == D3DDDI_RECLAIM_RESULT_DISCARDED) gone++;
    for (i = gone; i < count; i++) wrong += results[i] != D3DDDI_RECLAIM_RESULT_OK;
    ok( !wrong, "%u were discarded in front of others that should have gone first\n", wrong );
    for (i = 0; i < count; i++)
        if (results[i] == D3DDDI_RECLAIM_RESULT_OK) check_pattern( device, handles[i], size, order[i] + 1 );
        else check_zero( device, handles[i], size );
    return gone;
}

/* A primary may be offered, but it is pinned. */
static void test_primary( void )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    D3DKMT_HANDLE list[32], extra[2];
    UINT count, result;

    init_data( &data, large );
    init_create( &create, device, &info, &data );
    info.Flags.Primary = 1;
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    write_allocation( device, info.hAllocation, large, 90 );
    count = fill_budget( list, ARRAY_SIZE( list ), large );
    check_status( offer_one( device, info.hAllocation, LOW ), STATUS_SUCCESS );
    check_status( try_create( device, large, &extra[0] ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    ok( is_resident( device, info.hAllocation ), "a primary was taken\n" );
    check_status( offer_one( device, list[0], HIGH ), STATUS_SUCCESS );
    check_status( try_create( device, large, &extra[0] ), STATUS_SUCCESS );     /* in place of list[0], though HIGH */
    check_status( reclaim_one( device, info.hAllocation, &result ), STATUS_SUCCESS );
    ok( !result, "a primary was discarded\n" );
    check_pattern( device, info.hAllocation, large, 90 );
    destroy_allocation( device, info.hAllocation );
    destroy_allocation( device, extra[0] );
    destroy_list( list, count );
}

/* What would not fit if everything offered went costs nobody anything. */
static void test_impossible( void )
{
    D3DKMT_HANDLE list[32], extra;
    UINT i, count, result;

    count = fill_budget( list, ARRAY_SIZE( list ), large );
    for (i = 1; i < count; i++) check_status( offer_one( device, list[i], LOW ), STATUS_SUCCESS );
    check_status( try_create( device, budget, &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    check_status( try_create( device, budget + large, &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    for (i = 1; i < count; i++)
    {
        check_status( reclaim_one( device, list[i], &result ), STATUS_SUCCESS );
        ok( !result, "%u was discarded\n", i );
        check_pattern( device, list[i], large, i + 1 );
    }
    destroy_list( list, count );
}

/* Offering again renews the place and the priority; one call with many victims takes just enough. */
static void test_renewed( void )
{
    static const UINT order[] = { 2, 3, 1, 0 };
    D3DKMT_HANDLE list[32], extra, pair[2];
    UINT count, gone;

    count = fill_budget( list, ARRAY_SIZE( list ), large );
    check_status( offer_one( device, list[0], LOW ), STATUS_SUCCESS );
    check_status( offer_one( device, list[1], LOW ), STATUS_SUCCESS );
    check_status( offer_one( device, list[2], HIGH ), STATUS_SUCCESS );
    check_status( offer_one( device, list[3], NORMAL ), STATUS_SUCCESS );
    check_status( offer_one( device, list[2], LOW ), STATUS_SUCCESS );      /* now the last of LOW */
    pair[0] = list[3];
    pair[1] = list[1];
    check_status( offer( device, pair, 2, FALSE, LOW, 0 ), STATUS_SUCCESS ); /* behind that, in the order of the list */
    check_status( offer_one( device, list[0], HIGH ), STATUS_SUCCESS );
    check_status( try_create( device, large * 2, &extra ), STATUS_SUCCESS );
    destroy_allocation( device, extra );
    gone = check_prefix_gone( list, order, ARRAY_SIZE( order ), large );
    ok( gone == 2, "%u victims for a creation of twice the size\n", gone );
    destroy_list( list, count );

    /* the same handle twice in a list: its last place counts or its first, but it is one victim */
    count = fill_budget( list, ARRAY_SIZE( list ), large );
    {
        static const UINT all[] = { 0, 1 };
        D3DKMT_HANDLE twice[3] = { list[0], list[0], list[1] };
        UINT results[3];

        check_status( offer( device, twice, 3, FALSE, LOW, 0 ), STATUS_SUCCESS );
        check_status( try_create( device, large, &extra ), STATUS_SUCCESS );
        destroy_allocation( device, extra );
        check_status( reclaim( device, queue, twice, 3, FALSE, results ), STATUS_SUCCESS );
        ok( results[0] == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", results[0] );
        ok( results[1] == results[0], "results %u and %u of one allocation\n", results[0], results[1] );
        ok( results[2] == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", results[2] );
        check_zero( device, list[all[0]], large );
        check_pattern( device, list[all[1]], large, 2 );
    }
    destroy_list( list, count );
}

/* AUTO goes by the residency priority, and the levels' order holds among them. */
static void test_auto( void )
{
    static const UINT priorities[] =
    {
        0xffffffff, D3DDDI_ALLOCATIONPRIORITY_MAXIMUM, D3DDDI_ALLOCATIONPRIORITY_HIGH,                 /* HIGH */
        D3DDDI_ALLOCATIONPRIORITY_HIGH - 1, D3DDDI_ALLOCATIONPRIORITY_NORMAL + 1, D3DDDI_ALLOCATIONPRIORITY_NORMAL,
        D3DDDI_ALLOCATIONPRIORITY_NORMAL - 1, D3DDDI_ALLOCATIONPRIORITY_LOW, D3DDDI_ALLOCATIONPRIORITY_MINIMUM, 0,  /* LOW */
    };
    static const UINT order[] = { 6, 7, 8, 9, 3, 4, 5, 0, 1, 2 };
    D3DKMT_HANDLE list[ARRAY_SIZE( priorities )], rest[32], extra[ARRAY_SIZE( priorities )];
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    UINT i, count, victims, gone;

    for (victims = 4; victims <= 7; victims += 3) /* all LOW, all NORMAL */
    {
        for (i = 0; i < ARRAY_SIZE( priorities ); i++)
        {
            init_data( &data, large );
            init_create( &create, device, &info, &data );
            info.Flags.OverridePriority = 1;
            info.Priority = priorities[i];
            check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
            list[i] = info.hAllocation;
            hold( queue, list[i] );
            write_allocation( device, list[i], large, i + 1 );
        }
        count = fill_budget( rest, ARRAY_SIZE( rest ), large );
        check_status( offer( device, list, ARRAY_SIZE( list ), FALSE, AUTO, 0 ), STATUS_SUCCESS );
        for (i = 0; i < victims; i++) check_status( try_create( device, large, &extra[i] ), STATUS_SUCCESS );
        destroy_list( extra, victims );
        gone = check_prefix_gone( list, order, ARRAY_SIZE( order ), large );
        ok( gone == victims, "%u of %u are gone\n", gone, victims );
        destroy_list( list, ARRAY_SIZE( list ) );
        destroy_list( rest, count );
    }
}

/* The same with allocations that share memory objects. First as many small ones come as are wanted, then a large one, for
 * which whole objects must become free while most of what is in them stays. */
static void test_small( UINT64 size, BOOL scattered )
{
    static D3DKMT_HANDLE list[MAX_COUNT], extra[MAX_COUNT];
    static UINT order[MAX_COUNT];
    UINT count, offered, part, i, wanted, gone, level;
    D3DKMT_HANDLE big;
    BYTE *is_offered;

    winetest_push_context( "size %s%s", wine_dbgstr_longlong( size ), scattered ? ", scattered" : "" );
    count = fill_budget( list, MAX_COUNT, size );
    ok( count >= budget / size / 2, "only %u of %u fit\n", count, (UINT)(budget / size) );
    if (count < 32 || count == MAX_COUNT)
    {
        skip( "%u allocations\n", count );
        destroy_list( list, count );
        winetest_pop_context();
        return;
    }
    is_offered = calloc( 1, count );
    part = count / 6;
    /* part of each level, HIGH first; the order of the victims is LOW, NORMAL, HIGH */
    for (level = 3, offered = 0; level >= 1; level--)
        for (i = 0; i < part; i++)
        {
            UINT index = scattered ? (3 - level) + i * 6 : (3 - level) * part + i;

            check_status( offer_one( device, list[index], level ), STATUS_SUCCESS );
            order[(level - 1) * part + i] = index;
            is_offered[index] = 1;
            offered++;
        }

    wanted = part + part / 2; /* all LOW, half of NORMAL */
    for (i = 0; i < wanted; i++)
    {
        check_status( try_create( device, size, &extra[i] ), STATUS_SUCCESS );
        if (!extra[i]) break;
        check_zero( device, extra[i], size );
        write_allocation( device, extra[i], size, 100000 + i );
    }
    for (i = 0; i < wanted; i++) if (extra[i]) check_pattern( device, extra[i], size, 100000 + i );
    destroy_list( extra, wanted );
    gone = check_prefix_gone( list, order, offered, size );
    ok( gone <= wanted, "%u victims for %u new ones\n", gone, wanted );
    ok( gone >= wanted - (UINT)(get_budget_left() / size) - 1, "%u victims for %u new ones\n", gone, wanted );
    for (i = 0; i < count; i++) if (!is_offered[i]) check_pattern( device, list[i], size, i + 1 );

    /* again, for a large one; the budget is full once more when every reclaimed one has its memory */
    for (i = 0; i < offered; i++) write_allocation( device, list[order[i]], size, order[i] + 1 );
    for (i = 0; i < offered; i++)
        check_status( offer_one( device, list[order[i]], 1 + i / part ), STATUS_SUCCESS );
    check_status( try_create( device, large, &big ), STATUS_SUCCESS );
    if (big)
    {
        check_zero( device, big, large );
        write_allocation( device, big, large, 5 );
        for (i = 0; i < count; i++) if (!is_offered[i]) check_pattern( device, list[i], size, i + 1 );
        check_pattern( device, big, large, 5 );
        destroy_allocation( device, big );
    }
    gone = check_prefix_gone( list, order, offered, size );
    trace( "%u of %u offered went for %s bytes\n", gone, offered, wine_dbgstr_longlong( large ) );
    for (i = 0; i < count; i++) if (!is_offered[i]) check_pattern( device, list[i], size, i + 1 );
    free( is_offered );
    destroy_list( list, count );
    winetest_pop_context();
}

/* By resource: one result, the worst. */
static void test_resource( void )
{
    D3DKMT_HANDLE list[32], resources[2], first[2], second[2], extra, shared, in_shared;
    UINT results[2], count, i;

    for (i = 0; i < 2; i++)
    {
        resources[i] = create_resource( device, 0, large, &first[i], NULL );
        second[i] = add_allocation( device, resources[i], large );
        hold( queue, first[i] );
        hold( queue, second[i] );
        write_allocation( device, first[i], large, 1000 + i );
        write_allocation( device, second[i], large, 2000 + i );
    }
    count = fill_budget( list, ARRAY_SIZE( list ), large );
    check_status( offer( device, resources, 2, TRUE, NORMAL, 0 ), STATUS_SUCCESS );
    check_status( try_create( device, large, &extra ), STATUS_SUCCESS );
    destroy_allocation( device, extra );
    check_status( reclaim( device, queue, resources, 2, TRUE, results ), STATUS_SUCCESS );
    ok( results[0] == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", results[0] );
    ok( results[1] == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", results[1] );
    check_zero( device, first[0], large );
    check_pattern( device, second[0], large, 2000 );
    check_pattern( device, first[1], large, 1001 );
    check_pattern( device, second[1], large, 2001 );
    destroy_resource( device, resources[0] );
    destroy_resource( device, resources[1] );
    destroy_list( list, count );

    /* what others may have open stays, whatever was said */
    shared = create_resource( device, CREATE_SHARED, large, &in_shared, NULL );
    write_allocation( device, in_shared, large, 7 );
    count = fill_budget( list, ARRAY_SIZE( list ), large );
    check_status( offer( device, &shared, 1, TRUE, LOW, 2 ), STATUS_SUCCESS );
    check_status( try_create( device, large, &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    check_status( reclaim( device, queue, &shared, 1, TRUE, results ), STATUS_SUCCESS );
    ok( results[0] == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", results[0] );
    check_pattern( device, in_shared, large, 7 );
    destroy_resource( device, shared );
    destroy_list( list, count );
}

/* Pages of the program cannot be discarded, and count for nothing. */
static void test_existing_heap( void )
{
    D3DKMT_HANDLE list[32], heap, extra;
    char *memory = alloc_pages( large );
    UINT result, count;

    fill_memory( memory, large, 77 );
    check_status( try_create_standard( device, memory, large, &heap ), STATUS_SUCCESS );
    count = fill_budget( list, ARRAY_SIZE( list ), large );
    ok( count == budget / large, "%u allocations in the budget\n", count );
    check_status( offer_one( device, heap, LOW ), STATUS_SUCCESS );
    check_status( try_create( device, large, &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    check_status( reclaim( device, queue, &heap, 1, FALSE, &result ), STATUS_SUCCESS );
    ok( result == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", result );
    check_pattern( device, heap, large, 77 );
    destroy_allocation( device, heap );
    destroy_list( list, count );
    ok( has_pattern( memory, large, 77 ), "the pages changed\n" );
    free_pages( memory, large );
}

/* Reclaiming what is gone and held makes room itself: by other offers first, then beyond the budget, since a promise was made. */
static void test_reclaim_pressure( void )
{
    D3DKMT_HANDLE list[32], extra[2];
    UINT result, count;

    count = fill_budget( list, ARRAY_SIZE( list ), large );
    check_status( offer_one( device, list[0], LOW ), STATUS_SUCCESS );
    check_status( create_held( large, &extra[0] ), STATUS_SUCCESS );         /* list[0] is gone */
    write_allocation( device, extra[0], large, 50 );
    check_status( offer_one( device, list[1], HIGH ), STATUS_SUCCESS );
    check_status( reclaim_one( device, list[0], &result ), STATUS_SUCCESS ); /* list[1] is gone */
    ok( result == TRUE, "result %u\n", result );
    check_zero( device, list[0], large );
    write_allocation( device, list[0], large, 51 );
    /* there is nothing more to take */
    check_status( reclaim_one( device, list[1], &result ), STATUS_SUCCESS );
    ok( result == TRUE, "result %u\n", result );
    ok( is_resident( device, list[1] ), "held, but not resident\n" );
    check_zero( device, list[1], large );
    write_allocation( device, list[1], large, 52 );
    ok( get_usage( adapter ) == (count + 1) * large, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    check_status( try_create( device, large, &extra[1] ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    check_pattern( device, extra[0], large, 50 );
    check_pattern( device, list[0], large, 51 );
    check_pattern( device, list[1], large, 52 );
    destroy_allocation( device, extra[0] );
    destroy_list( list, count );

    /* the same when it was offered with AllowDecommit, and when reserved flag bits stand beside it */
    count = fill_budget( list, ARRAY_SIZE( list ), large );
    ok( count == budget / large, "%u allocations in the budget after it was exceeded\n", count );
    check_status( offer( device, list, 1, FALSE, LOW, 2 ), STATUS_SUCCESS );
    check_status( offer( device, &list[1], 1, FALSE, LOW, 0xcccccccc | 2 ), STATUS_SUCCESS );
    check_status( create_held( large * 2, &extra[0] ), STATUS_SUCCESS );
    check_status( reclaim( device, queue, list, 1, FALSE, &result ), STATUS_SUCCESS );
    ok( result == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", result );
    check_zero( device, list[0], large );
    check_status( reclaim_one( device, list[1], &result ), STATUS_SUCCESS );
    ok( result == TRUE, "result %u\n", result );
    check_zero( device, list[1], large );
    ok( is_resident( device, list[0] ) && is_resident( device, list[1] ), "held, but not resident\n" );
    destroy_allocation( device, extra[0] );
    destroy_list( list, count );
}

/* Nobody holds it resident: then it is as if it had been evicted before it was ever written to. It can be locked. */
static void test_reclaim_without_room( void )
{
    D3DKMT_HANDLE list[32], extra;
    UINT result, count, form;
    UINT64 usage;

    for (form = 0; form < 4; form++)    /* first or second form, without or with AllowDecommit */
    {
        winetest_push_context( "form %u", form );
        count = fill_budget( list, ARRAY_SIZE( list ), large );
        release( device, list[0] );
        check_status( offer( device, list, 1, FALSE, LOW, form & 2 ), STATUS_SUCCESS );
        check_status( create_held( large, &extra ), STATUS_SUCCESS );
        usage = get_usage( adapter );
        check_status( reclaim( device, form & 1 ? queue : 0, list, 1, FALSE, &result ), STATUS_SUCCESS );
        ok( result == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", result );
        ok( !is_resident( device, list[0] ), "resident beyond the budget\n" );
        ok( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ), wine_dbgstr_longlong( usage ) );
        check_zero( device, list[0], large );
        write_allocation( device, list[0], large, 70 );
        check_pattern( device, list[0], large, 70 );
        /* it can be offered and reclaimed like any other, and stays what it is */
        check_status( offer_one( device, list[0], HIGH ), STATUS_SUCCESS );
        check_status( reclaim_one( device, list[0], &result ), STATUS_SUCCESS );
        ok( !result, "result %u\n", result );
        check_pattern( device, list[0], large, 70 );
        /* where there is room again, it comes back */
        destroy_allocation( device, extra );
        check_pattern( device, list[0], large, 70 );
        ok( is_resident( device, list[0] ), "not resident\n" );
        destroy_list( list, count );
        winetest_pop_context();
    }
}

/* Where there is another segment group that will do, it is used before the budget is exceeded. */
static void test_other_segment( void )
{
    D3DKMT_QUERYVIDEOMEMORYINFO before, after;
    struct winekmt_adapter_data data;
    D3DKMT_HANDLE list[32], anywhere, extra;
    UINT count, result;

    get_adapter_data( adapter, &data );
    if (!(data.cpu_visible_segments & WINEKMT_SEGMENT_NON_LOCAL))
    {
        skip( "one segment group only\n" );
        return;
    }
    test_segments = 0;
    anywhere = create_allocation( device, large );
    hold( queue, anywhere );
    test_segments = WINEKMT_SEGMENT_LOCAL;
    write_allocation( device, anywhere, large, 1 );
    count = fill_budget( list, ARRAY_SIZE( list ), large );
    ok( count == budget / large - 1, "%u allocations in the budget\n", count );
    check_status( offer_one( device, anywhere, LOW ), STATUS_SUCCESS );
    check_status( create_held( large, &extra ), STATUS_SUCCESS );
    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL, &before );
    check_status( reclaim_one( device, anywhere, &result ), STATUS_SUCCESS );
    ok( result == TRUE, "result %u\n", result );
    check_zero( device, anywhere, large );
    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL, &after );
    ok( after.CurrentUsage == before.CurrentUsage + large, "usage %s, was %s\n", wine_dbgstr_longlong( after.CurrentUsage ),
        wine_dbgstr_longlong( before.CurrentUsage ) );
    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL, &after );
    ok( after.CurrentUsage <= after.Budget, "over the budget\n" );
    destroy_allocation( device, anywhere );
    destroy_allocation( device, extra );
    destroy_list( list, count );
}

/* Discarded memory goes to others at once, and what they wrote is never seen by the first again. */
static void test_no_leaks_of_content( void )
{
    D3DKMT_HANDLE list[32], other_device, other;
    UINT result, count, i;

    other_device = create_device( adapter );
    count = fill_budget( list, ARRAY_SIZE( list ), large );
    for (i = 0; i < 4; i++)
    {
        check_status( offer_one( device, list[i], LOW ), STATUS_SUCCESS );
        check_status( try_create( other_device, large, &other ), STATUS_SUCCESS );
        check_zero( other_device, other, large );
        write_allocation( other_device, other, large, 900 + i );
        destroy_allocation( other_device, other );
        check_status( reclaim_one( device, list[i], &result ), STATUS_SUCCESS );
        ok( result == TRUE, "result %u\n", result );
        check_zero( device, list[i], large );
        write_allocation( device, list[i], large, i + 1 );
    }
    for (i = 0; i < count; i++) check_pattern( device, list[i], large, i + 1 );
    destroy_list( list, count );
    destroy_device( other_device );
}

START_TEST(pressure)
{
    if (!open_device( &adapter, &device )) return;
    if (get_small_budget( adapter, &budget, &large ))
    {
        test_segments = WINEKMT_SEGMENT_LOCAL; /* where the budget holds */
        queue = create_queue( device );
        test_full();
        test_order_large();
        test_primary();
        test_impossible();
        test_renewed();
        test_auto();
        test_resource();
        test_existing_heap();
        test_reclaim_pressure();
        test_reclaim_without_room();
        test_other_segment();
        test_no_leaks_of_content();
        test_small( KIB( 64 ), FALSE );
        test_small( KIB( 64 ), TRUE );
        test_small( KIB( 20 ), TRUE );
        test_small( KIB( 256 ), TRUE );
        destroy_queue( queue );
        test_segments = 0;
    }
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
