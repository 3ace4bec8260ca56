/*
 * Evictions and returns of many at once: what is copied in one go, and what becomes of the others when one copy fails
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

#define SMALL  240      /* of 64 KiB: 15 MiB */
#define LARGE  15       /* of 1 MiB */

/* What the hook has seen. */
static struct
{
    const struct unit   *unit;
    const D3DKMT_HANDLE *handles;   /* whose busy ones are counted in the nth call */
    unsigned int         count, nth, calls, busy;
    bool                 first_busy, last_busy;
    uint64_t             fence;
    struct gpu_memory   *bad;       /* every copy of it fails; NULL: of what is copied in the nth call */
    enum gpu_result      result;
} seen;

static void count_busy( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    unsigned int i;

    (void)arg, (void)call, (void)memory;
    if (__atomic_add_fetch( &seen.calls, 1, __ATOMIC_RELAXED ) != seen.nth) return;
    kmt_lock();
    for (i = 0; i < seen.count; i++)
    {
        bool busy = get_allocation_locked( find_device_locked( seen.unit->device ), seen.handles[i] )->busy;

        seen.busy += busy;
        if (!i) seen.first_busy = busy;
        seen.last_busy = busy;
    }
    seen.fence = *seen.unit->fence_value;
    kmt_unlock();
}

/* From the nth call on it counts those of the handles that somebody works on, once. */
static void watch( const struct unit *unit, enum fake_gpu_call call, unsigned int nth, const D3DKMT_HANDLE *handles, unsigned int count )
{
    memset( &seen, 0, sizeof(seen) );
    seen.unit = unit;
    seen.handles = handles;
    seen.count = count;
    seen.nth = nth;
    fake_gpu_set_hook( call, count_busy, NULL );
}

static void fail_bad( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg;
    if (++seen.calls == seen.nth && !seen.bad) seen.bad = memory;
    if (memory == seen.bad) fake_gpu_fail( call, 1, seen.result, false );
}

static void make_bad( enum fake_gpu_call call, unsigned int nth, struct gpu_memory *memory, enum gpu_result result )
{
    memset( &seen, 0, sizeof(seen) );
    seen.nth = nth;
    seen.bad = memory;
    seen.result = result;
    fake_gpu_set_hook( call, fail_bad, NULL );
}

static void lose_in_nth( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg, (void)memory;
    if (++seen.calls == seen.nth) fake_gpu_fail( call, 1, GPU_DEVICE_LOST, false );
}

static bool pager_is_at_rest( void *arg )
{
    const struct vidmm *vidmm = arg;
    unsigned int priority;

    for (priority = 0; priority < PAGING_PRIORITIES; priority++) if (!list_empty( &vidmm->jobs[priority] )) return false;
    return !vidmm->pager_started || vidmm->pager_idle;
}

static D3DKMT_DEVICEEXECUTION_STATE device_state( const struct unit *unit )
{
    D3DKMT_GETDEVICESTATE get = { .hDevice = unit->device, .StateType = D3DKMT_DEVICESTATE_EXECUTION };

    ok_status( kmt_GetDeviceState( &get ), STATUS_SUCCESS );
    return get.ExecutionState;
}

/* A heap of 15 MiB, and count written allocations in it. */
static void start( struct unit *unit, bool visible, D3DKMT_HANDLE *handles, unsigned int count, uint64_t size )
{
    struct gpu_adapter adapter;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), visible );
    adapter.types[0].properties &= ~GPU_MEMORY_HOST_CACHED;     /* the GPU copies out what the CPU can reach */
    unit_start( unit, &adapter, 0 );
    for (i = 0; i < count; i++)
    {
        handles[i] = unit_create( unit, .size = size );
        unit_write( unit, handles[i], i );
    }
}

static void finish( struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count )
{
    unit_check_content( unit, handles, count );
    unit_check( unit );
    unit_finish( unit );
}

/***********************************************************************
 * How many at once
 */

/* A list of small ones takes the room of as many others, and no more, which go in batches. */
static void test_created_list(void)
{
    struct unit_spec specs[70];
    D3DKMT_HANDLE handles[SMALL], more[70];
    unsigned int i, evicted;
    struct unit unit;

    start( &unit, false, handles, SMALL, KIB( 64 ) );
    ok( !unit_count_evicted( &unit, handles, SMALL ), "evicted without a need\n" );
    for (i = 0; i < 70; i++) specs[i] = (struct unit_spec){ .size = KIB( 64 ) };
    watch( &unit, FAKE_GPU_READ, 1, handles, SMALL );
    ok_status( unit_try_create_list( &unit, specs, 70, more ), STATUS_SUCCESS );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    ok( seen.busy == PAGE_OUT_COUNT, "%u went in one go\n", seen.busy );
    ok( seen.calls == 70, "%u were copied\n", seen.calls );
    evicted = unit_count_evicted( &unit, handles, 70 );
    ok( evicted == 70 && unit_count_evicted( &unit, handles, SMALL ) == 70, "%u of the oldest are evicted, %u in all\n", evicted,
        unit_count_evicted( &unit, handles, SMALL ) );
    ok( !unit_count_evicted( &unit, more, 70 ), "%u new ones are evicted\n", unit_count_evicted( &unit, more, 70 ) );
    ok_status( unit_destroy( &unit, more, 70, true ), STATUS_SUCCESS );
    finish( &unit, handles, SMALL );
}

/* Only those that will take slots of the same pool are looked ahead for. evicted: in all; another pool needs a block of its own. */
static void test_created_pair( struct unit_spec second, unsigned int expected, unsigned int evicted )
{
    struct unit_spec specs[2] = { { .size = KIB( 64 ) }, second };
    D3DKMT_HANDLE handles[SMALL], more[2];
    struct unit unit;

    start( &unit, true, handles, SMALL, KIB( 64 ) );
    watch( &unit, FAKE_GPU_READ, 1, handles, SMALL );
    ok_status( unit_try_create_list( &unit, specs, 2, more ), STATUS_SUCCESS );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    ok( seen.busy == expected, "%u went in one go, not %u\n", seen.busy, expected );
    ok( unit_count_evicted( &unit, handles, SMALL ) == evicted, "%u are evicted, not %u\n", unit_count_evicted( &unit, handles, SMALL ),
        evicted );
    ok_status( unit_destroy( &unit, more, 2, true ), STATUS_SUCCESS );
    finish( &unit, handles, SMALL );
}

enum second { ABSENT, OFFERED, RESIDENT };

/* The same where MakeResident brings back the first two. */
static void test_returning_pair( enum second second, unsigned int expected )
{
    D3DKMT_HANDLE handles[SMALL + 2];
    struct unit unit;
    uint64_t value;

    winetest_push_context( "second %u", second );
    start( &unit, false, handles, SMALL + 2, KIB( 64 ) );
    ok( unit_count_evicted( &unit, handles, 2 ) == 2, "not evicted\n" );
    if (second == OFFERED) ok_status( unit_offer( &unit, &handles[1], 1, D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_SUCCESS );
    if (second == RESIDENT) unit_hold( &unit, &handles[1], 1 );
    watch( &unit, FAKE_GPU_READ, 1, handles + 2, SMALL );
    ok_status( unit_make_resident( &unit, handles, 2, 0, &value, NULL ), STATUS_PENDING );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    ok( unit_wait_fence( &unit, value ), "value %llu is not reached\n", (unsigned long long)value );
    ok( seen.busy == expected && seen.calls == expected, "%u went in one go, of %u, not %u\n", seen.busy, seen.calls, expected );
    ok( !unit_is_evicted( &unit, handles[0] ) && unit_is_evicted( &unit, handles[1] ) == (second == OFFERED), "not where they should be\n" );
    finish( &unit, handles, SMALL + 2 );
    winetest_pop_context();
}

/* Who waits for the first of a job does not wait for the last. */
static void test_return_in_batches( unsigned int count, uint64_t size, unsigned int first )
{
    D3DKMT_HANDLE handles[100], large;
    struct gpu_adapter adapter;
    struct unit unit;
    uint64_t value;
    unsigned int i;

    winetest_push_context( "%u of %llu bytes", count, (unsigned long long)size );
    unit_adapter_simple( &adapter, MIB( 256 ), false );     /* 240 */
    adapter.max_memory_size = MIB( 256 );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < count; i++)
    {
        handles[i] = unit_create( &unit, .size = size );
        unit_write( &unit, handles[i], i );
    }
    large = unit_create_held( &unit, .size = MIB( 240 ) );
    ok( unit_count_evicted( &unit, handles, count ) == count, "%u evicted\n", unit_count_evicted( &unit, handles, count ) );
    ok_status( unit_destroy( &unit, &large, 1, true ), STATUS_SUCCESS );
    watch( &unit, FAKE_GPU_WRITE, first + 1, handles, count );
    ok_status( unit_make_resident( &unit, handles, count, 0, &value, NULL ), STATUS_PENDING );
    ok( unit_wait_fence( &unit, value ), "value %llu is not reached\n", (unsigned long long)value );
    fake_gpu_set_hook( FAKE_GPU_WRITE, NULL, NULL );
    ok( seen.busy == count - first && !seen.first_busy && seen.last_busy, "%u were still busy\n", seen.busy );
    ok( seen.fence < value && seen.calls == count, "the fence had %llu; %u were copied\n", (unsigned long long)seen.fence, seen.calls );
    ok( !unit_count_evicted( &unit, handles, count ), "%u are evicted\n", unit_count_evicted( &unit, handles, count ) );
    finish( &unit, handles, count );
    winetest_pop_context();
}

/***********************************************************************
 * One of several fails
 */

/* One cannot be copied out, whenever it is tried: the others go all the same. */
static void test_bad_page_out(void)
{
    D3DKMT_HANDLE handles[LARGE], more;
    struct unit unit;

    start( &unit, false, handles, LARGE, MIB( 1 ) );
    make_bad( FAKE_GPU_READ, 0, unit_allocation( &unit, handles[1] )->block->memory, GPU_OUT_OF_HOST_MEMORY );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 3 ) }, &more ), STATUS_SUCCESS );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    /* the list up to it, each of three, and one more in its place */
    ok( seen.calls == 2 + 3 + 1 && fake_gpu_failures() == 2, "%u copies, %u failed\n", seen.calls, fake_gpu_failures() );
    ok( unit_count_evicted( &unit, handles, LARGE ) == 3 && !unit_is_evicted( &unit, handles[1] ) && unit_is_evicted( &unit, handles[3] ),
        "%u evicted\n", unit_count_evicted( &unit, handles, LARGE ) );
    finish( &unit, handles, LARGE );
}

/* What is large is copied by itself, and tried once. */
static void test_large_page_out(void)
{
    D3DKMT_HANDLE handles[3], more;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 64 ), false );      /* 60 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 3; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 20 ) );
        unit_write( &unit, handles[i], i );
    }
    make_bad( FAKE_GPU_READ, 0, unit_allocation( &unit, handles[0] )->block->memory, GPU_OUT_OF_HOST_MEMORY );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 40 ) }, &more ), STATUS_SUCCESS );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    ok( seen.calls == 3 && fake_gpu_failures() == 1, "%u copies, %u failed\n", seen.calls, fake_gpu_failures() );
    ok( unit_count_evicted( &unit, handles, 3 ) == 2 && !unit_is_evicted( &unit, handles[0] ), "%u evicted\n",
        unit_count_evicted( &unit, handles, 3 ) );
    finish( &unit, handles, 3 );
}

/* Four are evicted and come back; the second copy fails once, or whenever it is tried. */
static void test_bad_page_in( bool always )
{
    D3DKMT_HANDLE handles[LARGE + 4];
    struct unit unit;
    uint64_t value;

    winetest_push_context( "always %u", always );
    start( &unit, false, handles, LARGE + 4, MIB( 1 ) );
    ok( unit_count_evicted( &unit, handles, 4 ) == 4, "not evicted\n" );
    if (always) make_bad( FAKE_GPU_WRITE, 2, NULL, GPU_FAILED );
    else fake_gpu_fail( FAKE_GPU_WRITE, 2, GPU_FAILED, false );
    ok_status( unit_make_resident( &unit, handles, 4, 0, &value, NULL ), STATUS_PENDING );
    ok( unit_wait_fence( &unit, value ), "value %llu is not reached\n", (unsigned long long)value );
    ok( unit_wait( pager_is_at_rest, unit.vidmm ), "the pager does not come to rest\n" );
    fake_gpu_set_hook( FAKE_GPU_WRITE, NULL, NULL );
    ok( fake_gpu_failures() == (always ? 2 : 1) && fake_gpu_count_calls( FAKE_GPU_WRITE ) == 2 + 4, "%llu copies, %u failed\n",
        (unsigned long long)fake_gpu_count_calls( FAKE_GPU_WRITE ), fake_gpu_failures() );
    ok( device_state( &unit ) == (always ? D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY : D3DKMT_DEVICEEXECUTION_ACTIVE), "state %u\n",
        device_state( &unit ) );
    ok( unit_count_evicted( &unit, handles, 4 ) == (always ? 1 : 0) && unit_is_evicted( &unit, handles[1] ) == always, "%u are evicted\n",
        unit_count_evicted( &unit, handles, 4 ) );
    finish( &unit, handles, LARGE + 4 );
    winetest_pop_context();
}

/* The device is lost where each is tried by itself. */
static void test_loss_in_second_try( bool out )
{
    D3DKMT_HANDLE handles[LARGE + 4], more;
    enum fake_gpu_call call = out ? FAKE_GPU_READ : FAKE_GPU_WRITE;
    struct unit unit;
    uint64_t value;

    winetest_push_context( "out %u", out );
    start( &unit, false, handles, LARGE + 4, MIB( 1 ) );
    memset( &seen, 0, sizeof(seen) );
    seen.nth = 4;
    fake_gpu_set_hook( call, lose_in_nth, NULL );
    fake_gpu_fail( call, 2, GPU_OUT_OF_DEVICE_MEMORY, false );
    if (out) ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 3 ) }, &more ), STATUS_DEVICE_REMOVED );
    else
    {
        ok_status( unit_make_resident( &unit, handles, 4, 0, &value, NULL ), STATUS_PENDING );
        ok( unit_wait_fence( &unit, value ), "value %llu is not reached\n", (unsigned long long)value );
        ok( unit_wait( pager_is_at_rest, unit.vidmm ), "the pager does not come to rest\n" );
    }
    fake_gpu_set_hook( call, NULL, NULL );
    ok( fake_gpu_failures() == 2, "%u copies failed\n", fake_gpu_failures() );
    ok( device_state( &unit ) == D3DKMT_DEVICEEXECUTION_STOPPED, "state %u\n", device_state( &unit ) );
    unit_check( &unit );
    unit_finish( &unit );
    winetest_pop_context();
}

/* What was never written moves without a copy. */
static void test_move_of_unwritten(void)
{
    D3DDDI_UPDATEALLOCPROPERTY property = { 0 };
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;
    struct unit unit;

    unit_adapter_discrete( &adapter, MIB( 64 ) );
    unit_start( &unit, &adapter, 0 );
    handle = unit_create( &unit, .size = MIB( 2 ), .segments = WINEKMT_SEGMENT_LOCAL );
    property.hPagingQueue = unit.queue;
    property.hAllocation = handle;
    property.SupportedSegmentSet = WINEKMT_SEGMENT_NON_LOCAL;
    property.SetSupportedSegmentSet = 1;
    ok_status( kmt_UpdateAllocationProperty( &property ), STATUS_SUCCESS );
    ok( !fake_gpu_count_calls( FAKE_GPU_READ ), "it was copied\n" );
    ok( unit_is_evicted( &unit, handle ), "it is not evicted\n" );
    unit_check( &unit );
    unit_finish( &unit );
}

START_TEST(evict_batch)
{
    test_created_list();
    test_created_pair( (struct unit_spec){ .size = KIB( 64 ) }, 2, 2 );
    test_created_pair( (struct unit_spec){ .size = KIB( 128 ) }, 1, 5 );
    test_created_pair( (struct unit_spec){ .size = KIB( 64 ), .alignment = KIB( 16 ) }, 1, 2 );
    test_created_pair( (struct unit_spec){ .size = KIB( 64 ), .cpu_access = WINEKMT_CPU_ACCESS_WRITE_COMBINED }, 1, 2 );
    test_created_pair( (struct unit_spec){ .size = KIB( 64 ), .segments = WINEKMT_SEGMENT_LOCAL }, 1, 2 );
    test_created_pair( (struct unit_spec){ .size = KIB( 64 ), .residency = D3DDDI_ALLOCATIONPRIORITY_HIGH }, 1, 5 );
    test_returning_pair( ABSENT, 2 );
    test_returning_pair( OFFERED, 1 );
    test_returning_pair( RESIDENT, 1 );
    test_return_in_batches( 100, KIB( 64 ), PAGE_IN_COUNT );
    test_return_in_batches( 10, MIB( 8 ), PAGE_IN_BYTES / MIB( 8 ) );
    test_bad_page_out();
    test_large_page_out();
    test_bad_page_in( false );
    test_bad_page_in( true );
    test_loss_in_second_try( true );
    test_loss_in_second_try( false );
    test_move_of_unwritten();
}
