/*
 * Evictions where something is limited: system memory, a budget that falls, what choosing victims may cost
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <sys/mman.h>
#include "unit.h"

#define CACHED .cpu_access = WINEKMT_CPU_ACCESS_CACHED
#define LOCAL  .segments = WINEKMT_SEGMENT_LOCAL

/***********************************************************************
 * System memory
 */

static void run_with_limit(void)
{
    D3DDDI_RECLAIM_RESULT results[2];
    D3DKMT_HANDLE handles[40], more, never, held;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i, turn;
    void *data;

    unit_adapter_simple( &adapter, MIB( 16 ), true );       /* 15 */
    unit_start( &unit, &adapter, 0 );
    for (turn = 0; turn < 3; turn++)    /* what is destroyed counts no more */
    {
        for (i = 0; i < 23; i++)
        {
            handles[i] = unit_create( &unit, .size = MIB( 1 ), CACHED );
            unit_write( &unit, handles[i], i );
        }
        ok( unit_count_evicted( &unit, handles, 23 ) == 8, "%u evicted\n", unit_count_evicted( &unit, handles, 23 ) );
        ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 1 ), CACHED }, &more ), STATUS_NO_MEMORY );
        ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = KIB( 64 ), CACHED }, &more ), STATUS_NO_MEMORY );
        unit_check_content( &unit, handles, 23 );
        unit_check( &unit );
        if (turn < 2) ok_status( unit_destroy( &unit, handles, 23, turn ), STATUS_SUCCESS );
    }

    /* A lock changes one for another; there is room for neither before the other has left. So it is locked where it is. */
    ok( unit_content_is( &unit, handles[3], 3 ), "it lost its content\n" );
    unit_check_content( &unit, handles, 23 );
    unit_check( &unit );

    /* Offered and evicted: it goes first, and no more than needed; LOW before HIGH, whichever was offered first. */
    ok( unit_is_evicted( &unit, handles[5] ) && unit_is_evicted( &unit, handles[1] ) && unit_is_evicted( &unit, handles[0] ), "not evicted\n" );
    ok_status( unit_offer( &unit, &handles[5], 1, D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_SUCCESS );
    ok_status( unit_offer( &unit, &handles[1], 1, D3DKMT_OFFER_PRIORITY_LOW, true ), STATUS_SUCCESS );
    ok( unit_read( &unit, decommittable_bytes ) == MIB( 1 ), "%llu can be decommitted\n", (unsigned long long)unit_read( &unit, decommittable_bytes ) );
    more = unit_create( &unit, .size = MIB( 1 ), CACHED );
    unit_write( &unit, more, 77 );
    ok( unit_is_discarded( &unit, handles[1] ) && !unit_is_discarded( &unit, handles[5] ), "the wrong one was discarded\n" );
    unit_check( &unit );
    ok_status( unit_reclaim( &unit, ((D3DKMT_HANDLE[]){ handles[1], handles[5] }), 2, results ), STATUS_SUCCESS );
    ok( results[0] == D3DDDI_RECLAIM_RESULT_DISCARDED && !results[1], "results %u, %u\n", results[0], results[1] );
    ok( unit_peek_is( &unit, handles[5], 5 ) && unit_peek_is( &unit, more, 77 ), "content is lost\n" );
    ok( !unit_read( &unit, decommittable_bytes ), "%llu can be decommitted\n", (unsigned long long)unit_read( &unit, decommittable_bytes ) );
    unit_check( &unit );
    ok_status( unit_destroy( &unit, handles, 23, false ), STATUS_SUCCESS );
    ok_status( unit_destroy( &unit, &more, 1, false ), STATUS_SUCCESS );

    /* Neither memory for what was never written */
    for (i = 0; i < 8; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), CACHED );
        unit_write( &unit, handles[i], i );
    }
    never = unit_create( &unit, .size = MIB( 1 ), CACHED );
    held = unit_create_held( &unit, .size = MIB( 15 ) );
    ok( unit_is_evicted( &unit, never ) && unit_count_evicted( &unit, handles, 8 ) == 8, "not evicted\n" );
    ok_status( unit_try_lock( &unit, never, &data ), STATUS_NO_MEMORY );
    unit_check( &unit );
    ok_status( unit_destroy( &unit, &held, 1, true ), STATUS_SUCCESS );
    ok( bytes_are_zero( unit_lock( &unit, never ), MIB( 1 ) ), "not zero\n" );
    unit_check_content( &unit, handles, 8 );
    unit_check( &unit );
    unit_finish( &unit );
}

/* What is offered and evicted goes in the order of discards. Offering again moves it, AUTO goes by the residency priority. */
static void run_order(void)
{
    static const unsigned int order[] = { 4, 2, 3, 1, 5, 0 };
    D3DKMT_HANDLE handles[23], more;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i, j;

    unit_adapter_simple( &adapter, MIB( 16 ), true );       /* 15 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 23; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), CACHED, .residency = i == 4 ? D3DDDI_ALLOCATIONPRIORITY_LOW : 0 );
        unit_write( &unit, handles[i], i );
    }
    ok( unit_count_evicted( &unit, handles, 8 ) == 8, "%u evicted\n", unit_count_evicted( &unit, handles, 8 ) );
    ok_status( unit_offer( &unit, &handles[2], 1, D3DKMT_OFFER_PRIORITY_HIGH, true ), STATUS_SUCCESS );
    ok_status( unit_offer( &unit, &handles[0], 1, D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_SUCCESS );
    ok_status( unit_offer( &unit, &handles[1], 1, D3DKMT_OFFER_PRIORITY_NORMAL, true ), STATUS_SUCCESS );
    ok_status( unit_offer( &unit, &handles[3], 1, D3DKMT_OFFER_PRIORITY_LOW, true ), STATUS_SUCCESS );
    ok_status( unit_offer( &unit, &handles[4], 2, D3DKMT_OFFER_PRIORITY_AUTO, false ), STATUS_SUCCESS );    /* 5 too: NORMAL */
    ok_status( unit_offer( &unit, &handles[2], 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    ok_status( unit_offer( &unit, &handles[3], 1, D3DKMT_OFFER_PRIORITY_LOW, true ), STATUS_SUCCESS );
    unit_check( &unit );
    for (i = 0; i < ARRAY_SIZE( order ); i++)
    {
        more = unit_create( &unit, .size = MIB( 1 ), CACHED );
        unit_write( &unit, more, 77 );
        for (j = 0; j < ARRAY_SIZE( order ); j++)
            ok( unit_is_discarded( &unit, handles[order[j]] ) == (j <= i), "%u needed: %u is discarded, or not\n", i + 1, order[j] );
        unit_check( &unit );
    }
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 1 ), CACHED }, &more ), STATUS_NO_MEMORY );
    unit_finish( &unit );
}

/* What is offered and was never written has no system memory to give: it is not looked at, however much of it there is. */
static void run_cost(void)
{
    unsigned int i, most = unit_is_valgrind() ? 1000 : 10000;
    size_t size = sizeof(struct allocation), bytes = (most * size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
    D3DKMT_HANDLE *handles = calloc( most, sizeof(*handles) ), written;
    struct freed_memory freed;
    struct gpu_adapter adapter;
    struct unit unit;
    char *memory;

    memory = mmap( NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );
    unit_adapter_simple( &adapter, MIB( 64 ), true );       /* 60 */
    unit_start( &unit, &adapter, 0 );
    fake_gpu_set_fill( false );
    unit_set_arena( memory, size, most );
    for (i = 0; i < most; i++) handles[i] = unit_create( &unit, .size = KIB( 4 ) );
    written = unit_create( &unit, .size = MIB( 1 ), CACHED );
    unit_write( &unit, written, 1 );
    unit_create_held( &unit, .size = MIB( 60 ) );
    ok( unit_count_evicted( &unit, handles, most ) == most && unit_is_evicted( &unit, written ), "not evicted\n" );
    ok_status( unit_offer( &unit, handles, most, D3DKMT_OFFER_PRIORITY_LOW, true ), STATUS_SUCCESS );
    ok( !unit_read( &unit, decommittable_bytes ), "%llu can be decommitted\n", (unsigned long long)unit_read( &unit, decommittable_bytes ) );
    ok_status( unit_offer( &unit, &written, 1, D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_SUCCESS );
    unit_check( &unit );

    kmt_lock();
    freed_memory_init( &freed, unit.vidmm );
    ok( !mprotect( memory, bytes, PROT_NONE ), "no mprotect\n" );
    ok( !system_memory_reserve_locked( unit.vidmm, MIB( 9 ), &freed ), "more than the limit\n" );
    ok( !mprotect( memory, bytes, PROT_READ | PROT_WRITE ), "no mprotect\n" );
    freed_memory_flush_locked( &freed );
    kmt_unlock();
    ok( unit_is_discarded( &unit, written ), "what was offered is kept\n" );
    unit_check( &unit );
    unit_finish( &unit );
    unit_set_arena( NULL, size, 0 );
    munmap( memory, bytes );
    free( handles );
}

/* The limit is read once a process. */
static void limit_of_system_memory(void)
{
    char **args;

    winetest_get_mainargs( &args );
    setenv( "WINEKMT_SYSTEM_MEMORY_SIZE", "8", 1 );
    execl( args[0], args[0], "evict_limits", "run", NULL );
    ok( 0, "cannot run this program again\n" );
}

/***********************************************************************
 * The budget
 */

static bool used_is_within( void *arg )
{
    struct vidmm *vidmm = arg;

    return vidmm->heaps[0].used <= vidmm->heaps[0].limit && vidmm->heaps[0].limit < MIB( 15 );
}

static bool only_held_is_left( void *arg )
{
    return ((struct vidmm *)arg)->heaps[0].used == MIB( 3 );
}

/* It falls: the worker evicts, in order and no more than that takes, but nothing that is held. It rises: nobody comes back for that. */
static void test_falling_budget(void)
{
    D3DKMT_HANDLE handles[15];
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_discrete( &adapter, MIB( 16 ) );           /* 15 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 15; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), LOCAL );
        unit_write( &unit, handles[i], i );
    }
    unit_hold( &unit, handles + 12, 3 );
    fake_gpu_set_budget( 0, MIB( 10 ) );
    ok( unit_wait( used_is_within, unit.vidmm ), "used %llu\n", (unsigned long long)unit_read( &unit, heaps[0].used ) );
    ok( unit_count_evicted( &unit, handles, 15 ) == 5 && unit_count_evicted( &unit, handles, 5 ) == 5, "%u evicted\n", unit_count_evicted( &unit, handles, 15 ) );
    unit_check_content( &unit, handles, 15 );
    fake_gpu_set_budget( 0, MIB( 1 ) );
    ok( unit_wait( only_held_is_left, unit.vidmm ), "used %llu\n", (unsigned long long)unit_read( &unit, heaps[0].used ) );
    ok( unit_count_evicted( &unit, handles, 15 ) == 12 && !unit_count_evicted( &unit, handles + 12, 3 ), "%u evicted\n", unit_count_evicted( &unit, handles, 15 ) );
    unit_check_content( &unit, handles, 15 );
    fake_gpu_set_budget( 0, MIB( 15 ) );
    usleep( 300 * 1000 );
    ok( unit_count_evicted( &unit, handles, 15 ) == 12, "%u evicted\n", unit_count_evicted( &unit, handles, 15 ) );
    unit_hold( &unit, handles, 12 );
    unit_check_content( &unit, handles, 15 );
    unit_check( &unit );
    unit_finish( &unit );
}

/***********************************************************************
 * TrimProcessCommitment
 */

static uint64_t trim_commitment( uint64_t bytes )
{
    D3DKMT_TRIMPROCESSCOMMITMENT trim = { .cbSize = sizeof(trim), .DecommitRequested = bytes };

    ok_status( kmt_TrimProcessCommitment( &trim ), STATUS_SUCCESS );
    return trim.NumBytesDecommitted;
}

/* One order for all heaps and for what is in system memory */
static void test_decommit(void)
{
    static const struct { unsigned int number; D3DKMT_OFFER_PRIORITY priority; bool decommit; } offers[] =
    {
        { 0, D3DKMT_OFFER_PRIORITY_NORMAL, true },          /* evicted */
        { 15, D3DKMT_OFFER_PRIORITY_HIGH, true },           /* in another heap */
        { 5, D3DKMT_OFFER_PRIORITY_LOW, false },
        { 6, D3DKMT_OFFER_PRIORITY_NORMAL, true },
        { 16, D3DKMT_OFFER_PRIORITY_LOW, true },
        { 7, D3DKMT_OFFER_PRIORITY_LOW, true },
        { 1, D3DKMT_OFFER_PRIORITY_LOW, true },
        { 2, D3DKMT_OFFER_PRIORITY_LOW, false },
        { 17, D3DKMT_OFFER_PRIORITY_LOW, true },
    };
    static const unsigned int order[] = { 16, 7, 1, 17, 0, 6, 15 };
    D3DKMT_HANDLE handles[18];
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i, j;

    unit_adapter_discrete( &adapter, MIB( 16 ) );           /* 15 each */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 18; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), LOCAL, .cpu_access = i < 15 ? 0 : WINEKMT_CPU_ACCESS_WRITE_COMBINED );
        unit_write( &unit, handles[i], i );
    }
    unit_create_held( &unit, .size = MIB( 12 ), LOCAL, .cpu_access = WINEKMT_CPU_ACCESS_WRITE_COMBINED );
    unit_create_held( &unit, .size = MIB( 3 ), LOCAL );
    ok( unit_count_evicted( &unit, handles, 18 ) == 3 && unit_count_evicted( &unit, handles, 3 ) == 3, "%u evicted\n",
        unit_count_evicted( &unit, handles, 18 ) );
    for (i = 0; i < ARRAY_SIZE( offers ); i++)
        ok_status( unit_offer( &unit, &handles[offers[i].number], 1, offers[i].priority, offers[i].decommit ), STATUS_SUCCESS );
    ok( unit_read( &unit, decommittable_bytes ) == MIB( 7 ), "%llu can be decommitted\n", (unsigned long long)unit_read( &unit, decommittable_bytes ) );
    unit_check( &unit );
    for (i = 0; i < ARRAY_SIZE( order ); i++)
    {
        ok( trim_commitment( 1 ) == MIB( 1 ), "not one allocation\n" );
        for (j = 0; j < ARRAY_SIZE( order ); j++)
            ok( unit_is_discarded( &unit, handles[order[j]] ) == (j <= i), "%u taken: %u is discarded, or not\n", i + 1, order[j] );
        unit_check( &unit );
    }
    ok( !trim_commitment( 1 ) && unit_discards( &unit ) == ARRAY_SIZE( order ), "%u discards\n", (unsigned int)unit_discards( &unit ) );
    unit_finish( &unit );
}

/***********************************************************************
 * Cost
 */

/* Of a hundred thousand that could go, all but the first and the last are out of reach while some are chosen: to look at another one
 * would end the test. */
static void cost_of_victims(void)
{
    unsigned int i, most = unit_is_valgrind() ? 3000 : 100000, taken = 32;
    size_t size = sizeof(struct allocation), bytes = (most + 1) * size, begin, end;
    D3DKMT_HANDLE *handles = calloc( most, sizeof(*handles) ), list[33], more;
    struct shortage shortage = { .local = true };
    struct gpu_adapter adapter;
    struct unit unit;
    char *memory;

    bytes = (bytes + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
    memory = mmap( NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );
    unit_adapter_simple( &adapter, MIB( 4096 ), false );
    unit_start( &unit, &adapter, 0 );
    fake_gpu_set_fill( false );
    unit_set_arena( memory, size, most + 1 );
    for (i = 0; i < most; i++) handles[i] = unit_create( &unit, .size = KIB( 4 ) );
    ok( unit_read( &unit, evictable ) == most, "%u of %u evictable\n", unit_read( &unit, evictable ), most );
    ok( (char *)unit_allocation( &unit, handles[0] ) == memory && (char *)unit_allocation( &unit, handles[most - 1] ) == memory + (most - 1) * size,
        "the arena is not where they are\n" );

    /* The first ones, and what the list says of the next; then those that do not have a page to themselves. */
    begin = ((taken + 1) * size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
    end = ((most - 1) * size) & ~(size_t)(PAGE_SIZE - 1);
    ok( begin < end, "too few\n" );
    shortage.bytes = taken * KIB( 4 );
    kmt_lock();
    ok( !mprotect( memory + begin, end - begin, PROT_NONE ), "no mprotect\n" );
    ok( page_out_locked( unit.vidmm, &shortage, EVICT_MAXIMUM ) == ROOM_MADE, "nothing was evicted\n" );
    ok( !mprotect( memory + begin, end - begin, PROT_READ | PROT_WRITE ), "no mprotect\n" );
    kmt_unlock();
    ok( unit_count_evicted( &unit, handles, most ) == taken && unit_count_evicted( &unit, handles, taken ) == taken, "%u evicted\n",
        unit_count_evicted( &unit, handles, most ) );
    unit_check( &unit );

    /* The same for TrimProcessCommitment, of which all those do not allow it */
    for (i = 0; i < most; i += 1000)
        ok_status( unit_offer( &unit, handles + i, most - i < 1000 ? most - i : 1000, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    for (i = 0; i < taken + 1; i++) list[i] = unit_create( &unit, .size = KIB( 4 ) );
    ok_status( unit_offer( &unit, list, taken + 1, D3DKMT_OFFER_PRIORITY_HIGH, true ), STATUS_SUCCESS );
    kmt_lock();
    ok( !mprotect( memory + begin, end - begin, PROT_NONE ), "no mprotect\n" );
    ok( decommit_locked( shortage.bytes ) == shortage.bytes, "not what was asked for was decommitted\n" );
    ok( !mprotect( memory + begin, end - begin, PROT_READ | PROT_WRITE ), "no mprotect\n" );
    kmt_unlock();
    for (i = 0; i < taken + 1; i++) ok( unit_is_discarded( &unit, list[i] ) == (i < taken), "%u is discarded, or not\n", i );
    unit_check( &unit );
    ok_status( unit_destroy( &unit, handles, most, false ), STATUS_SUCCESS );
    unit_finish( &unit );
    unit_set_arena( NULL, size, 0 );

    /* All of a creation, where each has a block of its own */
    most = unit_is_slow() ? 2000 : 20000;
    unit_adapter_simple( &adapter, MIB( most ) * 16 / 15, false );
    adapter.max_memory_count = 1000000;
    unit_start( &unit, &adapter, 0 );
    fake_gpu_set_fill( false );
    fake_gpu_set_capacity( 0, MIB( most ) );
    unit_set_arena( memory, size, most + 1 );
    for (i = 0; i < most; i++) handles[i] = unit_create( &unit, .size = MIB( 1 ) );
    ok( !unit_read( &unit, groups[GROUP_LOCAL].evicted ) && unit_read( &unit, memories ) == most, "%llu bytes evicted, %u memories\n",
        (unsigned long long)unit_read( &unit, groups[GROUP_LOCAL].evicted ), unit_read( &unit, memories ) );
    end = ((most - 1) * size) & ~(size_t)(PAGE_SIZE - 1);
    kmt_lock();
    ok( !mprotect( memory + begin, end - begin, PROT_NONE ), "no mprotect\n" );
    kmt_unlock();
    more = unit_create( &unit, .size = MIB( 1 ) );
    kmt_lock();
    ok( !mprotect( memory + begin, end - begin, PROT_READ | PROT_WRITE ), "no mprotect\n" );
    kmt_unlock();
    ok( more && unit_is_evicted( &unit, handles[0] ) && unit_count_evicted( &unit, handles, most ) == 1, "%u evicted\n", unit_count_evicted( &unit, handles, most ) );
    ok_status( unit_destroy( &unit, handles, most, false ), STATUS_SUCCESS );
    ok_status( unit_destroy( &unit, &more, 1, false ), STATUS_SUCCESS );
    unit_finish( &unit );
    unit_set_arena( NULL, size, 0 );
    munmap( memory, bytes );
    free( handles );
}

START_TEST(evict_limits)
{
    char **args;

    if (winetest_get_mainargs( &args ) > 2 && !strcmp( args[2], "run" ))
    {
        run_with_limit();
        run_order();
        run_cost();
        return;
    }
    unit_isolated( "limit_of_system_memory", limit_of_system_memory );
    test_falling_budget();
    test_decommit();
    unit_isolated( "cost_of_victims", cost_of_victims );
}
