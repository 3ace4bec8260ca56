/*
 * Every call fails once, and once for good
 *
 * One scenario that uses all of the manager is run again and again, with the nth call of a kind failing in the nth
 * run, until a run has no nth call. Each answer must be one that is documented, what is still there must hold its content, the structures
 * must agree, and at the end nothing may be left. The same with malloc.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

#define LARGE  6
#define SMALL  90
#define COUNT  (LARGE + SMALL)

static bool is_one_of( NTSTATUS status, bool no_video_memory, bool invalid )
{
    return !status || status == STATUS_NO_MEMORY || status == STATUS_DEVICE_REMOVED ||
           (no_video_memory && status == STATUS_GRAPHICS_NO_VIDEO_MEMORY) || (invalid && status == STATUS_INVALID_PARAMETER);
}

static unsigned int create_all( const struct unit *unit, bool visible, D3DKMT_HANDLE *handles )
{
    unsigned int i, made = 0;

    for (i = 0; i < COUNT; i++)
    {
        struct unit_spec spec = { .size = i < LARGE ? MIB( 1 ) : KIB( 64 ), .cpu_access = visible ? WINEKMT_CPU_ACCESS_CACHED : WINEKMT_CPU_ACCESS_NONE };
        NTSTATUS status = unit_try_create( unit, &spec, &handles[made] );

        ok( is_one_of( status, true, false ), "create: %#x\n", (unsigned int)status );
        if (!status) made++;
    }
    return made;
}

/* false: the content is not known. */
static bool write_one( const struct unit *unit, bool visible, D3DKMT_HANDLE handle, uint32_t seed )
{
    void *data;
    NTSTATUS status;

    if (!visible)
    {
        if (unit_is_evicted( unit, handle )) return false;      /* bringing it back is evict_fault.c's subject */
        unit_write( unit, handle, seed );
        return true;
    }
    status = unit_try_lock( unit, handle, &data );
    ok( is_one_of( status, false, false ), "lock: %#x\n", (unsigned int)status );
    if (status) return false;
    pattern_write( data, unit_allocation( unit, handle )->size, seed );
    ok_status( unit_unlock( unit, handle ), STATUS_SUCCESS );
    return true;
}

static bool content_is( const struct unit *unit, bool visible, D3DKMT_HANDLE handle, uint32_t seed )
{
    void *data;
    bool ret;

    if (!visible) return unit_content_is( unit, handle, seed );
    if (unit_try_lock( unit, handle, &data )) return true;      /* a lock may fail, but must not lie */
    ret = pattern_is( data, unit_allocation( unit, handle )->size, seed );
    ok_status( unit_unlock( unit, handle ), STATUS_SUCCESS );
    return ret;
}

/* The scenario itself. */
static void run( struct unit *unit, bool visible, void *user_memory )
{
    D3DDDI_RECLAIM_RESULT results[COUNT];
    D3DKMT_HANDLE handles[COUNT], large = 0, heap = 0;
    bool known[COUNT];
    unsigned int i, made, lost = 0;
    NTSTATUS status;
    void *data;

    if ((status = unit_open( unit )))
    {
        ok( is_one_of( status, false, false ), "open: %#x\n", (unsigned int)status );
        return;
    }
    made = create_all( unit, visible, handles );
    unit_check( unit );
    for (i = 0; i < made; i++) known[i] = write_one( unit, visible, handles[i], i );
    unit_check( unit );
    status = unit_create_existing_heap( unit, user_memory, MIB( 1 ), &heap );
    ok( is_one_of( status, false, false ), "existing heap: %#x\n", (unsigned int)status );
    if (!status)
    {
        status = unit_try_lock( unit, heap, &data );
        ok( is_one_of( status, false, true ), "lock of an existing heap: %#x\n", (unsigned int)status );
        if (!status) ok_status( unit_unlock( unit, heap ), STATUS_SUCCESS );
    }
    unit_check( unit );

    /* Two of three are offered, and a large one discards some and moves others. */
    for (i = 0; i < made; i++)
    {
        if (i % 3 == 2) continue;
        status = unit_offer( unit, &handles[i], 1, i % 3 ? D3DKMT_OFFER_PRIORITY_LOW : D3DKMT_OFFER_PRIORITY_NORMAL, i % 4 == 0 );
        ok( !status || status == STATUS_DEVICE_REMOVED, "offer: %#x\n", (unsigned int)status );
    }
    unit_check( unit );
    status = unit_try_create( unit, &(struct unit_spec){ .size = MIB( 7 ), .cpu_access = visible ? WINEKMT_CPU_ACCESS_CACHED : WINEKMT_CPU_ACCESS_NONE }, &large );
    ok( is_one_of( status, true, false ), "large: %#x\n", (unsigned int)status );
    unit_check( unit );
    for (i = 0; i < made; i++)
    {
        if (i % 3 != 2) continue;
        ok( !unit_is_discarded( unit, handles[i] ), "%u is discarded\n", i );
        if (known[i] && !content_is( unit, visible, handles[i], i )) lost++;
    }
    ok( !lost, "%u lost their content\n", lost );
    lost = 0;

    /* All at once: it may fail as a whole, then all are still offered. */
    memset( results, 0xcc, sizeof(results) );
    status = made ? unit_reclaim( unit, handles, made, results ) : STATUS_NO_MEMORY;
    ok( is_one_of( status, true, false ), "reclaim: %#x\n", (unsigned int)status );
    unit_check( unit );
    for (i = 0; i < made; i++)
    {
        struct allocation *allocation = unit_allocation( unit, handles[i] );

        if (status)
        {
            ok( (unsigned int)results[i] == 0xcccccccc, "a result after a failure\n" );
            if (!unit->vidmm->lost) ok( (allocation->offer == NOT_OFFERED) == (i % 3 == 2), "%u is not as it was\n", i );
            ok( !allocation->dead, "%u is dead\n", i );
            continue;
        }
        ok( allocation->offer == NOT_OFFERED || results[i] == D3DDDI_RECLAIM_RESULT_NOT_COMMITTED, "%u is offered\n", i );
        ok( !results[i] || i % 3 != 2, "result %u for one that was not offered\n", results[i] );
        if (results[i] == D3DDDI_RECLAIM_RESULT_NOT_COMMITTED) ok( i % 4 == 0, "not committed, without AllowDecommit\n" );
        else if (!results[i] && known[i] && !content_is( unit, visible, handles[i], i )) lost++;
    }
    ok( !lost, "%u lost their content\n", lost );
    unit_check( unit );

    for (i = 0; i < made; i += 2) ok_status( unit_destroy( unit, &handles[i], 1, i % 4 == 0 ), STATUS_SUCCESS );
    unit_check( unit );
    if (large) ok_status( unit_destroy( unit, &large, 1, false ), STATUS_SUCCESS );
    if (heap) ok_status( unit_destroy( unit, &heap, 1, false ), STATUS_SUCCESS );
    unit_check( unit );
}

static void start( bool visible )
{
    struct gpu_adapter adapter;

    unit_adapter_simple( &adapter, MIB( 14 ), visible );
    fake_gpu_reset();
    fake_gpu_set_adapters( &adapter, 1 );
    unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    unsetenv( "WINEKMT_VERIFIER" );
}

/* Every nth, up to most; under valgrind a few of them. */
static void test_gpu_call( enum fake_gpu_call call, enum gpu_result result, bool persistent, bool visible, unsigned int most )
{
    void *user_memory = aligned_alloc( PAGE_SIZE, MIB( 1 ) );
    unsigned int nth, step = unit_is_valgrind() ? 9 : unit_is_slow() ? 5 : 1;
    struct unit unit;

    for (nth = 1; nth <= most; nth += step)
    {
        unsigned int failures;

        winetest_push_context( "call %u, nth %u, result %u%s%s", call, nth, result, persistent ? ", persistent" : "", visible ? ", visible" : "" );
        start( visible );
        fake_gpu_fail( call, nth, result, persistent );
        run( &unit, visible, user_memory );
        failures = fake_gpu_failures();
        unit_finish( &unit );
        winetest_pop_context();
        if (!failures) break;
    }
    ok( nth > 1, "call %u was never made\n", call );
    ok( nth <= most, "call %u: more than %u of them\n", call, most );
    free( user_memory );
}

static void test_malloc(void)
{
    void *user_memory = aligned_alloc( PAGE_SIZE, MIB( 1 ) );
    unsigned int nth, most = 400, step = unit_is_valgrind() ? 29 : unit_is_slow() ? 5 : 1;
    struct unit unit;

    for (nth = 1; nth <= most; nth += step)
    {
        unsigned int failures;

        winetest_push_context( "malloc %u", nth );
        start( nth & 1 );
        unit_fail_malloc( nth );
        run( &unit, nth & 1, user_memory );
        failures = unit_failed_mallocs();
        unit_finish( &unit );
        winetest_pop_context();
        if (!failures) break;
    }
    ok( nth > 100, "only %u calls of malloc\n", nth );
    ok( nth <= most, "more than %u calls of malloc\n", most );
    free( user_memory );
}

/* A reclaim that cannot have its memory leaves all as it was, also what it had got already; with memory it works. Only what is held
 * resident must have GPU memory. */
static void test_reclaim( enum gpu_result result, NTSTATUS expected )
{
    D3DKMT_HANDLE handles[4], large;
    D3DDDI_RECLAIM_RESULT results[4];
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), true );   /* 15 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 4; i++)
    {
        handles[i] = unit_create_held( &unit, .size = MIB( 1 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        unit_write( &unit, handles[i], i );
    }
    ok_status( unit_offer( &unit, handles, 4, D3DKMT_OFFER_PRIORITY_NORMAL, false ), STATUS_SUCCESS );
    large = unit_create_held( &unit, .size = MIB( 14 ) );
    ok( unit_discards( &unit ) == 3, "%llu discards\n", (unsigned long long)unit_discards( &unit ) );

    /* The heap has one MiB more than the budget: the second of the three cannot be had. */
    if (result) fake_gpu_fail( FAKE_GPU_ALLOCATE, 2, result, false );
    memset( results, 0xcc, sizeof(results) );
    ok_status( unit_reclaim( &unit, handles, 4, results ), expected );
    for (i = 0; i < 4; i++)
    {
        ok( (unsigned int)results[i] == 0xcccccccc, "a result after a failure\n" );
        ok( unit_is_discarded( &unit, handles[i] ) == (i < 3), "%u is not as it was\n", i );
    }
    unit_check( &unit );
    if (expected == STATUS_DEVICE_REMOVED)
    {
        unit_finish( &unit );
        return;
    }
    ok( unit.vidmm->offered == 1, "%u offered\n", unit.vidmm->offered );
    ok_status( unit_destroy( &unit, &large, 1, false ), STATUS_SUCCESS );
    ok_status( unit_reclaim( &unit, handles, 4, results ), STATUS_SUCCESS );
    for (i = 0; i < 4; i++) ok( results[i] == (i < 3 ? D3DDDI_RECLAIM_RESULT_DISCARDED : D3DDDI_RECLAIM_RESULT_OK), "result %u\n", results[i] );
    ok( unit_content_is( &unit, handles[3], 3 ), "what was kept lost its content\n" );
    unit_check( &unit );
    unit_finish( &unit );
}

/* Above the budget there is still the heap: a reclaim of what is held resident uses it, a creation does not. What nobody holds
 * needs no GPU memory. */
static void test_over_budget(void)
{
    D3DKMT_HANDLE handle, more;
    D3DDDI_RECLAIM_RESULT result = 99;
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    unit_start( &unit, &adapter, 0 );
    handle = unit_create_held( &unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &unit, &handle, 1, D3DKMT_OFFER_PRIORITY_HIGH, true ), STATUS_SUCCESS );
    unit_create_held( &unit, .size = MIB( 15 ) );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 1 ) }, &more ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    ok_status( unit_reclaim( &unit, &handle, 1, &result ), STATUS_SUCCESS );
    ok( result == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", result );
    ok( !unit_is_evicted( &unit, handle ), "not resident\n" );
    unit_check( &unit );
    ok( unit.vidmm->heaps[0].used == MIB( 16 ), "used %llu\n", (unsigned long long)unit.vidmm->heaps[0].used );
    unit_finish( &unit );

    unit_start( &unit, &adapter, 0 );
    handle = unit_create( &unit, .size = MIB( 1 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
    unit_write( &unit, handle, 1 );
    ok_status( unit_offer( &unit, &handle, 1, D3DKMT_OFFER_PRIORITY_HIGH, true ), STATUS_SUCCESS );
    unit_create_held( &unit, .size = MIB( 15 ) );
    ok_status( unit_reclaim( &unit, &handle, 1, &result ), STATUS_SUCCESS );
    ok( result == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", result );
    ok( unit_is_evicted( &unit, handle ) && unit_peek_is_zero( &unit, handle ), "resident, or not zero\n" );
    ok( unit.vidmm->heaps[0].used == MIB( 15 ), "used %llu\n", (unsigned long long)unit.vidmm->heaps[0].used );
    unit_check( &unit );
    unit_finish( &unit );
}

/* "Not committed" is what the verifier's failing commit makes of a reclaim: the allocation is good for nothing more. */
static void test_not_committed(void)
{
    D3DKMT_HANDLE handle, large;
    D3DDDI_RECLAIM_RESULT result = 99;
    struct gpu_adapter adapter;
    struct unit unit;
    void *data;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    unit_start( &unit, &adapter, 0 );
    unit.vidmm->verifier.fail_commit = true;
    handle = unit_create( &unit, .size = MIB( 1 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
    ok_status( unit_offer( &unit, &handle, 1, D3DKMT_OFFER_PRIORITY_HIGH, true ), STATUS_SUCCESS );
    large = unit_create( &unit, .size = MIB( 15 ) );
    ok_status( unit_reclaim( &unit, &handle, 1, &result ), STATUS_SUCCESS );
    ok( result == D3DDDI_RECLAIM_RESULT_NOT_COMMITTED, "result %u\n", result );
    unit_check( &unit );
    ok_status( unit_reclaim( &unit, &handle, 1, &result ), STATUS_INVALID_PARAMETER );
    ok_status( unit_offer( &unit, &handle, 1, D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_INVALID_PARAMETER );
    ok_status( unit_make_resident( &unit, &handle, 1, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    ok_status( unit_try_lock( &unit, handle, &data ), STATUS_INVALID_PARAMETER );
    ok_status( unit_destroy( &unit, &large, 1, false ), STATUS_SUCCESS );
    ok_status( unit_destroy( &unit, &handle, 1, false ), STATUS_SUCCESS );
    unit_check( &unit );
    unit_finish( &unit );
}

START_TEST(fault)
{
    static const enum gpu_result results[] = { GPU_OUT_OF_DEVICE_MEMORY, GPU_OUT_OF_HOST_MEMORY, GPU_DEVICE_LOST, GPU_FAILED };
    static const enum fake_gpu_call calls[] = { FAKE_GPU_ENUM, FAKE_GPU_OPEN, FAKE_GPU_ALLOCATE, FAKE_GPU_MAP, FAKE_GPU_IMPORT, FAKE_GPU_COPY };
    unsigned int call, result, persistent;

    test_reclaim( GPU_SUCCESS, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    test_reclaim( GPU_FAILED, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    test_reclaim( GPU_OUT_OF_HOST_MEMORY, STATUS_NO_MEMORY );
    test_reclaim( GPU_DEVICE_LOST, STATUS_DEVICE_REMOVED );
    test_over_budget();
    test_not_committed();
    for (call = 0; call < ARRAY_SIZE( calls ); call++)
        for (result = 0; result < ARRAY_SIZE( results ); result++)
            for (persistent = 0; persistent < 2; persistent++)
            {
                if (calls[call] != FAKE_GPU_MAP) test_gpu_call( calls[call], results[result], persistent, false, 60 );
                if (calls[call] != FAKE_GPU_COPY) test_gpu_call( calls[call], results[result], persistent, true, 60 );
            }
    test_gpu_call( FAKE_GPU_IMPORT, GPU_INVALID_POINTER, false, true, 60 );
    test_gpu_call( FAKE_GPU_IMPORT, GPU_NOT_SUPPORTED, false, true, 60 );
    test_malloc();
}
