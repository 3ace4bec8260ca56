/*
 * Budgets and limits: head-room, VK_EXT_memory_budget, the user's limit, the number of memory objects; and the worker
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

/* How many allocations of that kind there can be at once, up to most; handles are written to. They are held resident: none may be
 * evicted for the next one. */
static unsigned int fill_up( struct unit *unit, const struct unit_spec *spec, D3DKMT_HANDLE *handles, unsigned int most )
{
    unsigned int count;
    NTSTATUS status;

    for (count = 0; count < most; count++)
        if ((status = unit_try_create( unit, spec, &handles[count] )))
        {
            ok_status( status, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
            break;
        }
        else unit_hold( unit, &handles[count], 1 );
    unit_check( unit );
    return count;
}

/* A sixteenth of a heap, at most 256 MiB, stays for others. */
static void test_headroom(void)
{
    D3DKMT_HANDLE handles[128];
    struct gpu_adapter adapter;
    struct unit unit;
    uint64_t budget, usage;
    unsigned int count;

    ok( heap_headroom( MIB( 64 ) ) == MIB( 4 ), "head-room of 64 MiB: %llu\n", (unsigned long long)heap_headroom( MIB( 64 ) ) );
    ok( heap_headroom( MIB( 8192 ) ) == MIB( 256 ), "head-room of 8 GiB: %llu\n", (unsigned long long)heap_headroom( MIB( 8192 ) ) );
    ok( heap_headroom( MIB( 65536 ) ) == MIB( 256 ), "head-room of 64 GiB: %llu\n", (unsigned long long)heap_headroom( MIB( 65536 ) ) );
    unit_adapter_simple( &adapter, MIB( 64 ), true );
    unit_start( &unit, &adapter, 0 );
    unit_query_memory( &unit, 0, &budget, &usage );
    ok( budget == MIB( 60 ) && !usage, "budget %llu, usage %llu\n", (unsigned long long)budget, (unsigned long long)usage );
    unit_query_memory( &unit, 1, &budget, &usage );
    ok( !budget && !usage, "non-local: budget %llu, usage %llu\n", (unsigned long long)budget, (unsigned long long)usage );
    count = fill_up( &unit, &(struct unit_spec){ .size = MIB( 1 ) }, handles, 128 );
    ok( count == 60, "%u allocations of 1 MiB\n", count );
    unit_query_memory( &unit, 0, NULL, &usage );
    ok( usage == MIB( 60 ), "usage %llu\n", (unsigned long long)usage );
    unit_finish( &unit );
}

/* Vulkan's budget, less what others in the process use; more room when they give it back. */
static void test_vulkan_budget(void)
{
    struct unit_spec spec = { .size = MIB( 1 ), .segments = WINEKMT_SEGMENT_LOCAL };
    D3DKMT_HANDLE handles[64];
    struct gpu_adapter adapter;
    unsigned int count, more;
    struct unit unit;
    uint64_t budget;

    unit_adapter_discrete( &adapter, MIB( 32 ) );       /* 30 each */
    unit_start( &unit, &adapter, 0 );
    fake_gpu_set_budget( 0, MIB( 20 ) );
    fake_gpu_set_budget( 1, 0 );
    unit_query_memory( &unit, 0, &budget, NULL );
    ok( budget == MIB( 20 ), "budget %llu\n", (unsigned long long)budget );
    count = fill_up( &unit, &spec, handles, 64 );
    ok( count == 20, "%u allocations\n", count );
    ok_status( unit_destroy( &unit, handles, 10, true ), STATUS_SUCCESS );

    fake_gpu_set_foreign_usage( 0, MIB( 5 ) );
    usleep( 110 * 1000 );
    unit_query_memory( &unit, 0, &budget, NULL );
    ok( budget == MIB( 15 ), "budget with others' 5 MiB: %llu\n", (unsigned long long)budget );
    more = fill_up( &unit, &spec, handles, 10 );
    ok( more == 5, "%u more allocations\n", more );

    /* Budgets above what the heap has are cut; below what is used already, nothing more can be had, and nothing is lost. */
    fake_gpu_set_foreign_usage( 0, 0 );
    fake_gpu_set_budget( 0, MIB( 4096 ) );
    usleep( 110 * 1000 );
    more = fill_up( &unit, &spec, handles + 5, 40 );
    ok( more == 15, "%u more allocations\n", more );
    fake_gpu_set_budget( 0, MIB( 1 ) );
    usleep( 110 * 1000 );
    more = fill_up( &unit, &spec, handles + 20, 1 );
    ok( !more, "%u more allocations\n", more );
    unit_query_memory( &unit, 0, &budget, NULL );
    ok( budget == MIB( 1 ), "budget %llu\n", (unsigned long long)budget );
    unit_finish( &unit );
}

static bool used_is_within( void *arg )
{
    struct vidmm *vidmm = arg;

    return vidmm->heaps[0].used <= vidmm->heaps[0].limit && vidmm->heaps[0].limit < MIB( 30 );
}

static bool worker_is_idle( void *arg )
{
    return ((struct vidmm *)arg)->worker_idle;
}

/* The budget falls while nobody calls: the worker discards what is offered, in order and no more than needed; what is not offered stays.
 * small: allocations that share blocks, so that it has to compact. */
static void test_falling_budget( bool small )
{
    enum { COUNT = 24 };
    uint64_t size = small ? KIB( 64 ) : MIB( 1 );
    unsigned int i, count = small ? COUNT * 16 : COUNT, discarded = 0, wrong = 0, lost = 0, evicted = 0, kept = 0;
    D3DKMT_HANDLE handles[COUNT * 16];
    struct gpu_adapter adapter;
    struct unit unit;
    uint64_t calls, start;

    unit_adapter_discrete( &adapter, MIB( 32 ) );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < count; i++)
    {
        handles[i] = unit_create( &unit, .size = size, .segments = WINEKMT_SEGMENT_LOCAL );
        unit_write( &unit, handles[i], i );
    }
    ok( unit_read( &unit, worker_started ), "nobody watches the budget\n" );
    for (i = 0; i < count; i++)
        if (i % 3 != 2) ok_status( unit_offer( &unit, &handles[i], 1, i % 3 ? D3DKMT_OFFER_PRIORITY_LOW : D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_SUCCESS );
    fake_gpu_set_budget( 0, MIB( 18 ) );
    ok( unit_wait( used_is_within, unit.vidmm ), "used %llu of %llu after 5 s\n", (unsigned long long)unit_read( &unit, heaps[0].used ),
        (unsigned long long)unit_read( &unit, heaps[0].limit ) );
    check_invariants_busy( unit.vidmm, __FILE__, __LINE__ );
    for (i = 0; i < count; i++)
    {
        if (!unit_is_discarded( &unit, handles[i] ))
        {
            lost += !unit_peek_is( &unit, handles[i], i );
            evicted += unit_is_evicted( &unit, handles[i] );
        }
        else if (i % 3 != 1) wrong++;
        else discarded++;
    }
    ok( !wrong && !lost, "%u wrong discards, %u lost their content\n", wrong, lost );
    ok( !evicted, "%u were evicted, though there was enough to discard\n", evicted );
    if (!small) ok( discarded == 6, "%u discarded\n", discarded );
    else ok( discarded >= 96 && discarded <= 8 * 16, "%u small ones discarded\n", discarded );   /* of 128 that are LOW */
    for (i = 0; i < count; i++)
        if (i % 3 != 2) ok_status( unit_destroy( &unit, &handles[i], 1, true ), STATUS_SUCCESS );

    /* Little is used and nothing is offered: the worker looks once a second. */
    usleep( 150 * 1000 );
    start = os_time_ns();
    calls = fake_gpu_count_calls( FAKE_GPU_BUDGET );
    usleep( 350 * 1000 );
    calls = fake_gpu_count_calls( FAKE_GPU_BUDGET ) - calls;
    /* Small ones leave blocks that are not full. */
    if (!small) ok( calls <= 1 + (os_time_ns() - start) / (10 * BUDGET_AGE_NS), "%llu budget queries while little is used\n", (unsigned long long)calls );

    /* Nothing can go at all: it sleeps and asks nobody. */
    for (i = 0; i < count; i++) if (i % 3 == 2) handles[kept++] = handles[i];
    unit_hold( &unit, handles, kept );
    ok( unit_wait( worker_is_idle, unit.vidmm ), "the worker does not come to rest\n" );
    calls = fake_gpu_count_calls( FAKE_GPU_BUDGET );
    usleep( 350 * 1000 );
    ok( fake_gpu_count_calls( FAKE_GPU_BUDGET ) == calls, "%llu budget queries while idle\n",
        (unsigned long long)(fake_gpu_count_calls( FAKE_GPU_BUDGET ) - calls) );
    unit_check( &unit );
    unit_finish( &unit );
}

/* A budget that has just risen is believed at once: what is remembered of it refuses nothing. */
static void test_rising_budget(void)
{
    struct unit_spec spec = { .size = MIB( 1 ) };
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    adapter.has_memory_budget = true;
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 3; i++)
    {
        fake_gpu_set_budget( 0, 0 );
        kmt_lock();
        unit.vidmm->budget_time = 1;        /* old */
        kmt_unlock();
        ok_status( unit_try_create( &unit, &spec, &handle ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
        fake_gpu_set_budget( 0, MIB( 8 ) );
        ok_status( unit_try_create( &unit, &spec, &handle ), STATUS_SUCCESS );
        ok_status( unit_destroy( &unit, &handle, 1, true ), STATUS_SUCCESS );
    }
    unit_check( &unit );
    unit_finish( &unit );
}

/* The same for MakeResident */
static void test_rising_budget_of_make_resident(void)
{
    D3DKMT_HANDLE handle, other;
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    adapter.has_memory_budget = true;
    unit_start( &unit, &adapter, 0 );
    handle = unit_create( &unit, .size = MIB( 1 ) );
    other = unit_create( &unit, .size = MIB( 15 ) );
    ok( unit_is_evicted( &unit, handle ), "not evicted\n" );
    ok_status( unit_destroy( &unit, &other, 1, true ), STATUS_SUCCESS );
    fake_gpu_set_budget( 0, 0 );
    kmt_lock();
    unit.vidmm->budget_time = 1;        /* old */
    kmt_unlock();
    ok_status( unit_make_resident( &unit, &handle, 1, 0, NULL, NULL ), STATUS_NO_MEMORY );
    fake_gpu_set_budget( 0, MIB( 8 ) );
    ok_status( unit_make_resident( &unit, &handle, 1, 0, NULL, NULL ), STATUS_SUCCESS );
    unit_check( &unit );
    unit_finish( &unit );
}

/* Which sums of bytes could be held, in MiB: those that have to be in local memory, those that must not, and those that may be in either. */
static void check_can_hold_( const struct unit *unit, enum budget_mode mode, unsigned int local, unsigned int other, unsigned int any,
                             bool expected, int line )
{
    uint64_t bytes[ANY_SEGMENT + 1] = { 0, MIB( local ), MIB( other ), MIB( any ) };

    kmt_lock();
    ok_(__FILE__, line)( can_hold_locked( unit->vidmm, bytes, mode ) == expected, "%u, %u, %u: got %u\n", local, other, any, !expected );
    kmt_unlock();
}
#define check_can_hold( ... )  check_can_hold_( &unit, __VA_ARGS__, __LINE__ )

static void test_can_hold(void)
{
    struct gpu_adapter adapter;
    struct vidmm_group *local;
    struct unit unit;

    unit_adapter_discrete( &adapter, MIB( 16 ) );           /* 15 each, two of them local */
    unit_start( &unit, &adapter, 0 );
    unit_create_held( &unit, .size = MIB( 2 ), .segments = WINEKMT_SEGMENT_LOCAL );
    unit_create_held( &unit, .size = MIB( 1 ), .segments = WINEKMT_SEGMENT_NON_LOCAL );
    unit_create( &unit, .size = MIB( 4 ) );                 /* could go */
    check_can_hold( WITHIN_BUDGET, 28, 14, 0, true );
    check_can_hold( WITHIN_BUDGET, 29, 0, 0, false );
    check_can_hold( WITHIN_BUDGET, 0, 15, 0, false );
    check_can_hold( WITHIN_BUDGET, 28, 4, 10, true );
    check_can_hold( WITHIN_BUDGET, 28, 4, 11, false );

    /* less than that by Vulkan, but not when it is others who have it; and what Vulkan says now is not the last word */
    kmt_lock();
    local = &unit.vidmm->groups[GROUP_LOCAL];
    unit.vidmm->heaps[1].limit = MIB( 5 );
    kmt_unlock();
    check_can_hold( WITHIN_BUDGET, 18, 0, 0, true );
    check_can_hold( WITHIN_BUDGET, 19, 0, 0, false );
    check_can_hold( WITHIN_MAXIMUM, 28, 0, 0, true );
    check_can_hold( WITHIN_MAXIMUM, 29, 0, 0, false );
    kmt_lock();
    local->division.others = 1;
    kmt_unlock();
    check_can_hold( WITHIN_BUDGET, 28, 0, 0, true );
    check_can_hold( WITHIN_BUDGET, 29, 0, 0, false );

    /* the division is of now, the user's limit is not; and nobody can hold less than nothing */
    kmt_lock();
    local->division.budget = MIB( 10 );
    local->limit = MIB( 12 );
    kmt_unlock();
    check_can_hold( WITHIN_BUDGET, 8, 0, 0, true );
    check_can_hold( WITHIN_BUDGET, 9, 0, 0, false );
    check_can_hold( WITHIN_MAXIMUM, 10, 0, 0, true );
    check_can_hold( WITHIN_MAXIMUM, 11, 0, 0, false );
    kmt_lock();
    local->division.budget = MIB( 1 );
    kmt_unlock();
    check_can_hold( WITHIN_BUDGET, 0, 14, 0, true );
    check_can_hold( WITHIN_BUDGET, 0, 4, 11, false );
    kmt_lock();
    local->division = (struct division){ .budget = UINT64_MAX };
    local->limit = UINT64_MAX;
    unit.vidmm->heaps[1].limit = MIB( 15 );
    kmt_unlock();
    unit_finish( &unit );
}

/* The user's limit is one of the local group, over all its heaps, and of nothing else. */
static void test_user_limit(void)
{
    struct unit_spec local = { .size = MIB( 1 ), .segments = WINEKMT_SEGMENT_LOCAL };
    struct unit_spec visible = { .size = MIB( 1 ), .segments = WINEKMT_SEGMENT_LOCAL, .cpu_access = WINEKMT_CPU_ACCESS_WRITE_COMBINED };
    struct unit_spec any = { .size = MIB( 1 ) }, system = { .size = MIB( 1 ), .segments = WINEKMT_SEGMENT_NON_LOCAL };
    D3DKMT_HANDLE handles[128];
    struct gpu_adapter adapter;
    unsigned int count;
    struct unit unit;
    uint64_t budget;

    unit_adapter_discrete( &adapter, MIB( 32 ) );
    unit_start( &unit, &adapter, 16 );
    unit_query_memory( &unit, 0, &budget, NULL );
    ok( budget == MIB( 16 ), "budget %llu\n", (unsigned long long)budget );
    unit_query_memory( &unit, 1, &budget, NULL );
    ok( budget == MIB( 30 ), "non-local budget %llu\n", (unsigned long long)budget );
    count = fill_up( &unit, &local, handles, 9 );
    count += fill_up( &unit, &visible, handles + count, 128 - count );
    ok( count == 16, "%u local allocations\n", count );
    /* Local is full, so what may live anywhere goes to system memory, and then there is no more either. */
    count = fill_up( &unit, &any, handles, 20 );
    ok( count == 20, "%u allocations anywhere\n", count );
    count = fill_up( &unit, &system, handles, 100 );
    ok( count == 10, "%u more in system memory\n", count );
    ok( !fill_up( &unit, &any, handles, 1 ), "one more\n" );
    unit_finish( &unit );
}

static unsigned int group_of( const struct unit *unit, D3DKMT_HANDLE handle )
{
    return type_heap( unit->vidmm, unit_allocation( unit, handle )->block->type )->local ? GROUP_LOCAL : GROUP_NON_LOCAL;
}

static unsigned int type_of( const struct unit *unit, D3DKMT_HANDLE handle )
{
    return unit_allocation( unit, handle )->block->type;
}

/* Where things go, and in which order places are tried. */
static void test_segments(void)
{
    D3DKMT_HANDLE handle, offered, other;
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_discrete( &adapter, MIB( 32 ) );
    unit_start( &unit, &adapter, 0 );
    ok( type_of( &unit, unit_create( &unit, .size = KIB( 4 ) ) ) == 0, "no access: wrong type\n" );
    ok( type_of( &unit, unit_create( &unit, .size = KIB( 4 ), .cpu_access = WINEKMT_CPU_ACCESS_WRITE_COMBINED ) ) == 1, "local wc: wrong type\n" );
    ok( type_of( &unit, unit_create( &unit, .size = KIB( 4 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED,
                                     .segments = WINEKMT_SEGMENT_NON_LOCAL ) ) == 3, "cached: wrong type\n" );
    ok( type_of( &unit, unit_create( &unit, .size = KIB( 4 ), .cpu_access = WINEKMT_CPU_ACCESS_WRITE_COMBINED, .segments = 3,
                                     .preferred = WINEKMT_SEGMENT_NON_LOCAL ) ) == 2, "non-local wc: wrong type\n" );
    handle = unit_create( &unit, .size = KIB( 4 ), .segments = 3, .preferred = WINEKMT_SEGMENT_NON_LOCAL );
    ok( group_of( &unit, handle ) == GROUP_NON_LOCAL, "the preferred segment is ignored\n" );
    unit_finish( &unit );

    /* What is offered in the preferred segment goes before the other segment is used, and does not when that is not allowed. */
    unit_start( &unit, &adapter, 0 );
    unit_create_held( &unit, .size = MIB( 20 ), .segments = WINEKMT_SEGMENT_LOCAL );
    unit_create_held( &unit, .size = MIB( 30 ), .segments = WINEKMT_SEGMENT_LOCAL, .cpu_access = WINEKMT_CPU_ACCESS_WRITE_COMBINED );
    offered = unit_create( &unit, .size = MIB( 10 ), .segments = WINEKMT_SEGMENT_LOCAL );
    ok_status( unit_offer( &unit, &offered, 1, D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_SUCCESS );
    handle = unit_create( &unit, .size = MIB( 8 ), .segments = WINEKMT_SEGMENT_NON_LOCAL );
    ok( !unit_is_discarded( &unit, offered ), "local memory was discarded for non-local\n" );
    handle = unit_create_held( &unit, .size = MIB( 8 ), .preferred = WINEKMT_SEGMENT_LOCAL, .segments = 3 );
    ok( unit_is_discarded( &unit, offered ) && group_of( &unit, handle ) == GROUP_LOCAL, "not discarded, or elsewhere\n" );
    other = unit_create( &unit, .size = MIB( 8 ), .preferred = WINEKMT_SEGMENT_LOCAL, .segments = 3 );
    ok( group_of( &unit, other ) == GROUP_NON_LOCAL, "in a full segment\n" );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 8 ), .segments = WINEKMT_SEGMENT_LOCAL }, &handle ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    unit_check( &unit );
    unit_finish( &unit );
}

/* A driver with few memory objects: many large allocations share blocks as they get scarce. */
static void test_memory_count(void)
{
    unsigned int limit = unit_is_slow() ? 256 : 4096, count = limit + limit / 2, i, made;
    D3DKMT_HANDLE *handles = calloc( count, sizeof(*handles) );
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 8 ) * count, true );
    adapter.max_memory_count = limit;
    unit_start( &unit, &adapter, 0 );
    fake_gpu_set_fill( false );
    for (made = 0; made < count; made++)
        if (unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 1 ) + made % 3 * KIB( 512 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED }, &handles[made] )) break;
    ok( made == count, "%u of %u allocations with %u memory objects\n", made, count, limit );
    ok( unit_read( &unit, memories ) < limit * 3 / 4 + 100, "%u memory objects of %u\n", unit_read( &unit, memories ), limit );
    unit_check( &unit );
    /* There is room for very large ones still. */
    for (i = 0; i < 16; i++) ok( unit_create( &unit, .size = MIB( 64 ) ) != 0, "no allocation\n" );
    ok_status( unit_destroy( &unit, handles, made, false ), STATUS_SUCCESS );
    unit_check( &unit );
    free( handles );
    unit_finish( &unit );

    /* A limit that is hit all the same is like memory that runs out: what is offered goes. */
    unit_adapter_simple( &adapter, MIB( 1024 ), true );
    adapter.max_memory_count = 8;
    unit_start( &unit, &adapter, 0 );
    handles = calloc( 64, sizeof(*handles) );
    fake_gpu_set_fill( false );
    for (i = 0; i < 8; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 64 ) );
        ok_status( unit_offer( &unit, &handles[i], 1, D3DKMT_OFFER_PRIORITY_NORMAL, false ), STATUS_SUCCESS );
    }
    unit_create( &unit, .size = MIB( 64 ) );
    unit_check( &unit );
    ok( unit_discards( &unit ) == 1 && unit_is_discarded( &unit, handles[0] ), "%llu discards\n", (unsigned long long)unit_discards( &unit ) );
    free( handles );
    unit_finish( &unit );
}

static struct
{
    uint64_t times[64];
    pthread_t threads[64];
    unsigned int count;
} frees;

static void note_free( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    unsigned int i = __atomic_fetch_add( &frees.count, 1, __ATOMIC_RELAXED );

    (void)arg, (void)call, (void)memory;
    if (i >= ARRAY_SIZE( frees.times )) return;
    frees.times[i] = os_time_ns();
    frees.threads[i] = pthread_self();
}

static bool has_no_memories( void *arg )
{
    struct vidmm *vidmm = arg;

    return !vidmm->memories && !vidmm->freeing;
}

/* Memory that is not needed any more is kept for 200 ms and then freed a slice at a time, and on a thread that waits for nobody. */
static void test_worker_frees(void)
{
    enum { COUNT = 12 };
    D3DKMT_HANDLE handles[COUNT];
    struct gpu_adapter adapter;
    unsigned int i, own = 0, at_once;
    uint64_t start;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 4096 ), true );
    unit_start( &unit, &adapter, 0 );
    fake_gpu_set_fill( false );
    for (i = 0; i < COUNT; i++) handles[i] = unit_create( &unit, .size = MIB( 128 ) );
    ok( !unit_read( &unit, worker_started ), "a worker without work\n" );
    memset( &frees, 0, sizeof(frees) );
    fake_gpu_set_hook( FAKE_GPU_FREE, note_free, NULL );
    start = os_time_ns();
    ok_status( unit_destroy( &unit, handles, COUNT, false ), STATUS_SUCCESS );
    ok( !frees.count, "%u freed by the caller\n", frees.count );
    unit_check( &unit );
    ok( unit_read( &unit, heaps[0].empty_bytes ) == COUNT * MIB( 128 ), "%llu bytes are empty\n", (unsigned long long)unit_read( &unit, heaps[0].empty_bytes ) );
    ok( unit_wait( has_no_memories, unit.vidmm ), "%u memories are left\n", unit_read( &unit, memories ) );
    ok( frees.count == COUNT, "%u freed\n", frees.count );
    ok( frees.times[0] - start >= EMPTY_BLOCK_NS, "freed after %llu us\n", (unsigned long long)(frees.times[0] - start) / 1000 );
    for (i = 0; i < COUNT; i++) if (pthread_equal( frees.threads[i], pthread_self() )) own++;
    ok( !own, "%u freed on the program's thread\n", own );
    /* Two make a slice; after it there is a pause. */
    for (i = at_once = 0; i + 2 < COUNT; i += 2) if (frees.times[i + 2] - frees.times[i] < FREE_PAUSE_NS * 3 / 4) at_once++;
    ok( !at_once, "%u slices without a pause\n", at_once );
    ok( unit_wait( worker_is_idle, unit.vidmm ), "the worker does not come to rest\n" );
    fake_gpu_set_hook( FAKE_GPU_FREE, NULL, NULL );

    /* Under pressure they go at once, rather than what is offered. */
    for (i = 0; i < COUNT; i++) handles[i] = unit_create( &unit, .size = MIB( 300 ) );
    ok_status( unit_offer( &unit, handles, 2, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    ok_status( unit_destroy( &unit, handles + 6, 6, false ), STATUS_SUCCESS );
    handles[6] = unit_create( &unit, .size = MIB( 1900 ) );
    unit_check( &unit );
    ok( !unit_discards( &unit ), "%llu discards with memory to spare\n", (unsigned long long)unit_discards( &unit ) );
    unit_finish( &unit );
}

static NTSTATUS device_state( D3DKMT_HANDLE device, D3DKMT_DEVICEEXECUTION_STATE *state )
{
    D3DKMT_GETDEVICESTATE get = { 0 };
    NTSTATUS status;

    get.hDevice = device;
    get.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    status = kmt_GetDeviceState( &get );
    *state = get.ExecutionState;
    return status;
}

/* The GPU is lost in a call of that kind: everything says so from then on, destroying works, a new adapter handle works. */
static void test_loss( enum fake_gpu_call call )
{
    enum { COUNT = 200 };
    D3DKMT_HANDLE handles[COUNT], heap, large;
    void *memory = aligned_alloc( PAGE_SIZE, MIB( 1 ) ), *data;
    D3DKMT_CREATEPAGINGQUEUE queue = { 0 };
    D3DKMT_CREATEDEVICE create = { 0 };
    D3DKMT_DESTROYDEVICE destroy;
    D3DKMT_DEVICEEXECUTION_STATE state;
    D3DDDI_RECLAIM_RESULT results[COUNT];
    struct gpu_adapter adapter;
    struct unit unit, second;
    NTSTATUS status;
    unsigned int i;

    winetest_push_context( "call %u", call );
    unit_adapter_simple( &adapter, MIB( 16 ), call != FAKE_GPU_COPY );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < COUNT; i++)
    {
        handles[i] = unit_create( &unit, .size = KIB( 64 ), .cpu_access = call == FAKE_GPU_COPY ? 0 : WINEKMT_CPU_ACCESS_CACHED );
        if (call == FAKE_GPU_COPY) unit_write( &unit, handles[i], i );
        if (i % 2) ok_status( unit_offer( &unit, &handles[i], 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    }
    ok_status( unit_create_existing_heap( &unit, memory, MIB( 1 ), &heap ), STATUS_SUCCESS );
    fake_gpu_fail( call, 1, GPU_DEVICE_LOST, false );
    switch (call)
    {
    case FAKE_GPU_MAP:    status = unit_try_lock( &unit, handles[0], &data ); break;
    case FAKE_GPU_IMPORT: status = unit_try_lock( &unit, heap, &data ); break;
    default:              status = unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 7 ) }, &large ); break;
    }
    ok( fake_gpu_failures() == 1, "%u failures\n", fake_gpu_failures() );
    ok_status( status, STATUS_DEVICE_REMOVED );
    unit_check( &unit );
    ok( unit.vidmm->lost, "not lost\n" );

    ok_status( device_state( unit.device, &state ), STATUS_SUCCESS );
    ok( state == D3DKMT_DEVICEEXECUTION_STOPPED, "state %u\n", state );
    ok_status( unit_try_lock( &unit, handles[0], &data ), STATUS_DEVICE_REMOVED );
    ok_status( unit_offer( &unit, handles, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_DEVICE_REMOVED );
    ok_status( unit_reclaim( &unit, handles, COUNT, results ), STATUS_DEVICE_REMOVED );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = KIB( 4 ) }, &large ), STATUS_DEVICE_REMOVED );
    queue.hDevice = unit.device;
    ok_status( kmt_CreatePagingQueue( &queue ), STATUS_DEVICE_REMOVED );
    create.hAdapter = unit.adapter;
    ok_status( kmt_CreateDevice( &create ), STATUS_DEVICE_REMOVED );

    ok_status( unit_open( &second ), STATUS_SUCCESS );
    ok( second.vidmm != unit.vidmm, "the lost manager is in use\n" );
    large = unit_create( &second, .size = KIB( 64 ) );
    ok( large, "no allocation\n" );
    unit_check( &second );
    unit_check( &unit );
    ok_status( unit_destroy( &unit, handles, COUNT / 2, true ), STATUS_SUCCESS );
    unit_check( &unit );
    destroy.hDevice = unit.device;
    ok_status( kmt_DestroyDevice( &destroy ), STATUS_SUCCESS );
    unit_check( &second );
    unit_finish( &second );
    free( memory );
    winetest_pop_context();
}

START_TEST(budget)
{
    test_headroom();
    test_vulkan_budget();
    test_falling_budget( false );
    test_falling_budget( true );
    test_rising_budget();
    test_rising_budget_of_make_resident();
    test_can_hold();
    test_user_limit();
    test_segments();
    test_memory_count();
    test_worker_frees();
    test_loss( FAKE_GPU_ALLOCATE );
    test_loss( FAKE_GPU_MAP );
    test_loss( FAKE_GPU_COPY );
    test_loss( FAKE_GPU_IMPORT );
}
