/*
 * Every call fails once, and once for good, while content goes out and comes back
 *
 * As fault.c: a scenario is run again and again, the nth call of a kind failing in the nth run. Each answer must be one that is documented,
 * every fence reaches its value, what was not discarded holds its content wherever it is, unless the GPU itself was lost, and at the
 * end nothing may be left.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

#define LARGE  8        /* of 1 MiB */
#define SMALL  48       /* of 64 KiB */
#define COUNT  (LARGE + SMALL)

/* How content is copied: by the GPU both ways, by the GPU only out, by the CPU. */
enum way { BY_GPU, UNCACHED, BY_CPU, WAYS };

static const char *const way_names[] = { "by the GPU", "uncached", "by the CPU" };

static void start( enum way way )
{
    struct gpu_adapter adapter;

    unit_adapter_simple( &adapter, MIB( 8 ), way != BY_GPU );      /* 7.5 */
    if (way == UNCACHED) adapter.types[0].properties &= ~GPU_MEMORY_HOST_CACHED;
    fake_gpu_reset();
    fake_gpu_set_adapters( &adapter, 1 );
    unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    unsetenv( "WINEKMT_VERIFIER" );
}

/***********************************************************************
 * The scenario
 */

struct scene
{
    struct unit   unit;
    enum way      way;
    D3DKMT_HANDLE handles[COUNT];   /* 0: could not be had */
    bool          known[COUNT];     /* their content is their number */
};

static bool pager_is_at_rest( void *arg )
{
    const struct vidmm *vidmm = arg;
    unsigned int priority;

    for (priority = 0; priority < PAGING_PRIORITIES; priority++) if (!list_empty( &vidmm->jobs[priority] )) return false;
    return !vidmm->pager_started || vidmm->pager_idle;
}

static bool is_in_error( const struct unit *unit )
{
    bool ret;

    kmt_lock();
    ret = device_is_removed( find_device_locked( unit->device ) );
    kmt_unlock();
    return ret;
}

static bool is_lost( const struct unit *unit )
{
    bool ret;

    kmt_lock();
    ret = unit->vidmm->lost;
    kmt_unlock();
    return ret;
}

static bool is_documented( NTSTATUS status, bool no_video_memory )
{
    return !status || status == STATUS_NO_MEMORY || status == STATUS_DEVICE_REMOVED ||
           (no_video_memory && status == STATUS_GRAPHICS_NO_VIDEO_MEMORY);
}

/* Structures and contents, between two steps. */
static void check_scene( struct scene *scene )
{
    unsigned int i, lost = 0;

    ok( unit_wait( pager_is_at_rest, scene->unit.vidmm ), "the pager does not come to rest\n" );
    unit_check( &scene->unit );
    if (is_lost( &scene->unit )) return;
    for (i = 0; i < COUNT; i++)
        if (scene->handles[i] && scene->known[i] && !unit_is_discarded( &scene->unit, scene->handles[i] ))
            lost += !unit_peek_is( &scene->unit, scene->handles[i], i );
    ok( !lost, "%u lost their content\n", lost );
}

static void create_all( struct scene *scene )
{
    struct unit *unit = &scene->unit;
    unsigned int i;
    NTSTATUS status;
    void *data;

    for (i = 0; i < COUNT; i++)
    {
        /* Small and large ones turn about, so that there is always something of both to evict. */
        struct unit_spec spec = { .size = i % (COUNT / LARGE) ? KIB( 64 ) : MIB( 1 ) };

        if (scene->way != BY_GPU) spec.cpu_access = WINEKMT_CPU_ACCESS_CACHED;
        status = unit_try_create( unit, &spec, &scene->handles[i] );
        ok( is_documented( status, true ), "create: %#x\n", (unsigned int)status );
        if (status)
        {
            scene->handles[i] = 0;
            continue;
        }
        if (scene->way == BY_GPU)
        {
            unit_write( unit, scene->handles[i], i );   /* the newest one is not evicted */
            scene->known[i] = true;
            continue;
        }
        status = unit_try_lock( unit, scene->handles[i], &data );
        ok( is_documented( status, false ), "lock: %#x\n", (unsigned int)status );
        if (status) continue;
        pattern_write( data, spec.size, i );
        scene->known[i] = true;
        ok_status( unit_unlock( unit, scene->handles[i] ), STATUS_SUCCESS );
    }
}

/* A lock that fails changes nothing, one that succeeds shows the content; and what failed once for a reason that is gone works then. */
static void lock_evicted( struct scene *scene )
{
    struct unit *unit = &scene->unit;
    unsigned int i, tries;
    NTSTATUS status;
    void *data;

    for (i = 0; i < COUNT; i += 3)
    {
        if (!scene->handles[i]) continue;
        for (tries = 0; tries < 2; tries++)
        {
            status = unit_try_lock( unit, scene->handles[i], &data );
            ok( is_documented( status, false ), "lock: %#x\n", (unsigned int)status );
            if (status) continue;
            if (scene->known[i]) ok( pattern_is( data, unit_allocation( unit, scene->handles[i] )->size, i ), "the lock shows another content\n" );
            ok_status( unit_unlock( unit, scene->handles[i] ), STATUS_SUCCESS );
            break;
        }
    }
}

/* Four that are evicted, if there are so many. Returns their number. */
static unsigned int find_evicted( struct scene *scene, D3DKMT_HANDLE list[4] )
{
    unsigned int i, count = 0;

    for (i = 0; i < COUNT && count < 4; i++)
        if (scene->handles[i] && unit_is_evicted( &scene->unit, scene->handles[i] )) list[count++] = scene->handles[i];
    return count;
}

/* What MakeResident promised, its fence and the device keep: resident, or the device is in error. */
static bool make_resident( struct scene *scene, const D3DKMT_HANDLE *list, unsigned int count )
{
    struct unit *unit = &scene->unit;
    unsigned int i, tries;
    NTSTATUS status;
    uint64_t value;

    for (tries = 0; tries < 2; tries++)
    {
        status = unit_make_resident( unit, list, count, 0, &value, NULL );
        ok( is_documented( status, false ) || status == STATUS_PENDING, "MakeResident: %#x\n", (unsigned int)status );
        if (status == STATUS_PENDING)
        {
            ok( unit_wait_fence( unit, value ), "value %llu is not reached\n", (unsigned long long)value );
            status = STATUS_SUCCESS;
        }
        if (!status) break;
        if (!is_in_error( unit ))
            for (i = 0; i < count; i++) ok( !unit_allocation( unit, list[i] )->resident_count, "counted all the same\n" );
    }
    if (status || is_in_error( unit )) return false;
    ok( !unit_count_evicted( unit, list, count ), "%u of %u are not resident\n", unit_count_evicted( unit, list, count ), count );
    return true;
}

/* Held, offered and then discarded; or offered and evicted, and held then: the reclaim brings both back. */
static void reclaim_held( struct scene *scene )
{
    D3DKMT_HANDLE list[4], offered[8], large[2] = { 0 };
    D3DDDI_RECLAIM_RESULT results[8];
    struct unit *unit = &scene->unit;
    unsigned int i, count, tries, made = 0;
    NTSTATUS status;
    bool held;

    count = find_evicted( scene, list );
    if (count < 4) return;
    memcpy( offered, list, sizeof(list) );
    for (i = 0; i < COUNT && count < 8; i++)
        if (scene->handles[i] && !unit_is_evicted( unit, scene->handles[i] ) && !unit_allocation( unit, scene->handles[i] )->resident_count)
            offered[count++] = scene->handles[i];
    held = count > 4 && make_resident( scene, offered + 4, count - 4 );
    status = unit_offer( unit, offered, count, D3DKMT_OFFER_PRIORITY_LOW, false );
    ok( !status || status == STATUS_DEVICE_REMOVED, "offer: %#x\n", (unsigned int)status );
    if (status) return;
    status = unit_make_resident( unit, offered, 4, 0, NULL, NULL );
    ok( is_documented( status, false ), "MakeResident of offered ones: %#x\n", (unsigned int)status );
    check_scene( scene );

    for (i = 0; i < 2; i++)
    {
        status = unit_try_create( unit, &(struct unit_spec){ .size = MIB( 3 ), .cpu_access = scene->way != BY_GPU }, &large[made] );
        ok( is_documented( status, true ), "create: %#x\n", (unsigned int)status );
        if (!status) made++;
    }
    check_scene( scene );
    for (tries = 0; tries < 2; tries++)
    {
        memset( results, 0xcc, sizeof(results) );
        status = unit_reclaim( unit, offered, count, results );
        ok( is_documented( status, true ), "reclaim: %#x\n", (unsigned int)status );
        if (!status) break;
        for (i = 0; i < count; i++)
        {
            ok( (unsigned int)results[i] == 0xcccccccc, "a result after a failure\n" );
            if (!is_in_error( unit )) ok( unit_allocation( unit, offered[i] )->offer != NOT_OFFERED, "%u is not offered any more\n", i );
        }
    }
    ok( unit_wait( pager_is_at_rest, unit->vidmm ), "the pager does not come to rest\n" );
    if (!status)
        for (i = 0; i < count; i++)
        {
            unsigned int number;

            for (number = 0; scene->handles[number] != offered[i]; number++) {}
            if (results[i]) scene->known[number] = false;
            if (held && !is_in_error( unit )) ok( !unit_is_evicted( unit, offered[i] ), "%u is not resident after its reclaim\n", i );
        }
    check_scene( scene );
    if (made) ok_status( unit_destroy( unit, large, made, true ), STATUS_SUCCESS );
}

static void run( struct scene *scene, enum way way )
{
    D3DDDI_UPDATEALLOCPROPERTY update = { 0 };
    D3DKMT_HANDLE list[4];
    NTSTATUS status;
    unsigned int i, count;

    memset( scene, 0, sizeof(*scene) );
    scene->way = way;
    if ((status = unit_open( &scene->unit )))
    {
        ok( is_documented( status, false ), "open: %#x\n", (unsigned int)status );
        return;
    }
    create_all( scene );
    check_scene( scene );
    if (way != BY_GPU) lock_evicted( scene );
    check_scene( scene );
    if ((count = find_evicted( scene, list )) == 4 && make_resident( scene, list, count ))
    {
        check_scene( scene );
        status = unit_evict( &scene->unit, list, count, true );
        ok( !status || status == STATUS_DEVICE_REMOVED, "evict: %#x\n", (unsigned int)status );
    }
    check_scene( scene );
    reclaim_held( scene );
    if ((count = find_evicted( scene, list )))
    {
        update.hPagingQueue = scene->unit.queue;
        update.hAllocation = list[0];
        update.SetUnmoveable = 1;
        status = kmt_UpdateAllocationProperty( &update );
        ok( is_documented( status, false ), "UpdateAllocationProperty: %#x\n", (unsigned int)status );
    }
    check_scene( scene );

    /* Destroying works whatever happened. */
    for (i = 0; i < COUNT; i += 2)
    {
        if (scene->handles[i]) ok_status( unit_destroy( &scene->unit, &scene->handles[i], 1, i % 4 ), STATUS_SUCCESS );
        scene->handles[i] = 0;
    }
    check_scene( scene );
}

/* Every nth, up to most; under valgrind a few of them. */
static void test_gpu_call( enum fake_gpu_call call, enum gpu_result result, bool persistent, enum way way )
{
    unsigned int nth, most = 300, step = unit_is_valgrind() ? 41 : unit_is_slow() ? 7 : 1;
    static struct scene scene;

    for (nth = 1; nth <= most; nth += step)
    {
        unsigned int failures;

        winetest_push_context( "call %u, nth %u, result %u%s, %s", call, nth, result, persistent ? ", persistent" : "", way_names[way] );
        start( way );
        fake_gpu_fail( call, nth, result, persistent );
        run( &scene, way );
        failures = fake_gpu_failures();
        unit_finish( &scene.unit );
        winetest_pop_context();
        if (!failures) break;
    }
    ok( nth > 1, "call %u was never made, %s\n", call, way_names[way] );
    ok( nth <= most, "call %u: more than %u of them\n", call, most );
}

static void test_malloc( enum way way )
{
    unsigned int nth, most = 600, step = unit_is_valgrind() ? 61 : unit_is_slow() ? 11 : 1;
    static struct scene scene;

    for (nth = 1; nth <= most; nth += step)
    {
        unsigned int failures;

        winetest_push_context( "malloc %u, %s", nth, way_names[way] );
        start( way );
        unit_fail_malloc( nth );
        run( &scene, way );
        failures = unit_failed_mallocs();
        unit_finish( &scene.unit );
        winetest_pop_context();
        if (!failures) break;
    }
    ok( nth > 150, "only %u calls of malloc\n", nth );
    ok( nth <= most, "more than %u calls of malloc\n", most );
}

/***********************************************************************
 * One by one
 */

static D3DKMT_DEVICEEXECUTION_STATE device_state( const struct unit *unit )
{
    D3DKMT_GETDEVICESTATE get = { .hDevice = unit->device, .StateType = D3DKMT_DEVICESTATE_EXECUTION };

    ok_status( kmt_GetDeviceState( &get ), STATUS_SUCCESS );
    return get.ExecutionState;
}

enum { MIBS = 15 };

/* A heap that is full of written allocations of 1 MiB, and more of them that are evicted: the first ones. */
static void start_full( struct unit *unit, bool uncached, D3DKMT_HANDLE *handles, unsigned int count )
{
    struct gpu_adapter adapter;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), uncached );
    adapter.types[0].properties &= ~GPU_MEMORY_HOST_CACHED;
    unit_start( unit, &adapter, 0 );
    for (i = 0; i < count; i++)
    {
        handles[i] = unit_create( unit, .size = MIB( 1 ), .cpu_access = uncached ? WINEKMT_CPU_ACCESS_WRITE_COMBINED : 0 );
        unit_write( unit, handles[i], i );
    }
    ok( unit_count_evicted( unit, handles, count ) == count - MIBS, "%u evicted\n", unit_count_evicted( unit, handles, count ) );
}

/* One copy fails, whenever it is tried: that of what is copied second. */
static struct { unsigned int calls; struct gpu_memory *memory; enum gpu_result result; } bad;

static void fail_second( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg;
    if (++bad.calls == 2) bad.memory = memory;
    if (memory == bad.memory) fake_gpu_fail( call, 1, bad.result, false );
}

/* The pager's copy fails: the fence reaches its value, the device says why, another one goes on, and no content is lost. */
static void test_failed_page_in( enum gpu_result result, D3DKMT_DEVICEEXECUTION_STATE expected )
{
    D3DKMT_HANDLE handles[MIBS + 4], other;
    struct unit unit, second;
    uint64_t value;
    void *data;

    winetest_push_context( "result %u", result );
    start_full( &unit, false, handles, MIBS + 4 );
    ok_status( unit_open( &second ), STATUS_SUCCESS );
    memset( &bad, 0, sizeof(bad) );
    bad.result = result;
    fake_gpu_set_hook( FAKE_GPU_WRITE, fail_second, NULL );
    ok_status( unit_make_resident( &unit, handles, 4, 0, &value, NULL ), STATUS_PENDING );
    ok( unit_wait_fence( &unit, value ), "value %llu is not reached\n", (unsigned long long)value );
    fake_gpu_set_hook( FAKE_GPU_WRITE, NULL, NULL );
    /* with the others, and by itself */
    ok( fake_gpu_failures() == (result == GPU_DEVICE_LOST ? 1 : 2), "%u failures\n", fake_gpu_failures() );
    ok( device_state( &unit ) == expected, "state %u\n", device_state( &unit ) );
    ok( unit_wait( pager_is_at_rest, unit.vidmm ), "the pager does not come to rest\n" );
    ok_status( unit_make_resident( &unit, handles, 1, 0, NULL, NULL ), STATUS_DEVICE_REMOVED );
    ok_status( unit_evict( &unit, handles, 1, true ), STATUS_DEVICE_REMOVED );
    ok_status( unit_offer( &unit, handles, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_DEVICE_REMOVED );
    ok_status( unit_try_lock( &unit, handles[0], &data ), STATUS_DEVICE_REMOVED );
    unit_check( &unit );
    if (result != GPU_DEVICE_LOST)
    {
        unit_check_content( &unit, handles, MIBS + 4 );
        ok( device_state( &second ) == D3DKMT_DEVICEEXECUTION_ACTIVE, "the other device has state %u\n", device_state( &second ) );
        other = unit_create( &second, .size = MIB( 2 ) );
        unit_write( &second, other, 7 );
        ok( unit_peek_is( &second, other, 7 ), "the other device's content is lost\n" );
    }
    else ok( device_state( &second ) == D3DKMT_DEVICEEXECUTION_STOPPED, "the other device has state %u\n", device_state( &second ) );
    ok_status( unit_destroy( &unit, handles, MIBS + 4, true ), STATUS_SUCCESS );
    unit_check( &unit );
    unit_finish( &unit );
    winetest_pop_context();
}

/* A copy by a lock fails: the lock says so, and the next one works. */
static void test_failed_lock( enum gpu_result result )
{
    D3DKMT_HANDLE handles[MIBS + 2];
    struct unit unit;
    void *data;

    winetest_push_context( "result %u", result );
    start_full( &unit, true, handles, MIBS + 2 );
    ok_status( unit_destroy( &unit, &handles[MIBS], 2, true ), STATUS_SUCCESS );
    fake_gpu_fail( FAKE_GPU_MAP, 1, GPU_FAILED, false );
    fake_gpu_fail( FAKE_GPU_WRITE, 1, result, false );
    ok_status( unit_try_lock( &unit, handles[0], &data ), result == GPU_DEVICE_LOST ? STATUS_DEVICE_REMOVED : STATUS_NO_MEMORY );
    ok( fake_gpu_failures() == 2, "%u failures\n", fake_gpu_failures() );
    unit_check( &unit );
    if (result != GPU_DEVICE_LOST)
    {
        unit_check_content( &unit, handles, MIBS );
        ok( unit_content_is( &unit, handles[0], 0 ), "another content\n" );
        ok( device_state( &unit ) == D3DKMT_DEVICEEXECUTION_ACTIVE, "state %u\n", device_state( &unit ) );
    }
    else ok( device_state( &unit ) == D3DKMT_DEVICEEXECUTION_STOPPED, "state %u\n", device_state( &unit ) );
    unit_finish( &unit );
    winetest_pop_context();
}

/* Nothing can be copied out: a creation says so, without end it does not try, and nobody has lost anything. */
static void test_failed_page_out( enum gpu_result result, bool eager )
{
    D3DKMT_HANDLE handles[MIBS], more;
    struct unit unit;
    uint64_t calls;

    winetest_push_context( "result %u%s", result, eager ? ", eager" : "" );
    start_full( &unit, false, handles, MIBS );
    fake_gpu_fail( FAKE_GPU_READ, 1, result, true );
    if (eager)
    {
        unit_hold( &unit, handles, 3 );
        ok_status( unit_evict( &unit, handles, 3, false ), STATUS_SUCCESS );
        usleep( 50 * 1000 );
        calls = fake_gpu_count_calls( FAKE_GPU_READ );
        ok( calls >= 1, "the worker did not try\n" );
        usleep( 200 * 1000 );
        ok( fake_gpu_count_calls( FAKE_GPU_READ ) - calls < 10, "%llu copies were tried in 200 ms\n",
            (unsigned long long)(fake_gpu_count_calls( FAKE_GPU_READ ) - calls) );
    }
    else ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 3 ) }, &more ),
                    result == GPU_DEVICE_LOST ? STATUS_DEVICE_REMOVED : STATUS_NO_MEMORY );
    if (result == GPU_DEVICE_LOST)
    {
        ok( device_state( &unit ) == D3DKMT_DEVICEEXECUTION_STOPPED, "state %u\n", device_state( &unit ) );
        unit_check( &unit );
        unit_finish( &unit );
        winetest_pop_context();
        return;
    }
    ok( !unit_count_evicted( &unit, handles, MIBS ), "%u evicted\n", unit_count_evicted( &unit, handles, MIBS ) );
    unit_check_content( &unit, handles, MIBS );
    unit_check( &unit );
    fake_gpu_fail( FAKE_GPU_READ, 0, GPU_SUCCESS, false );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 3 ) }, &more ), STATUS_SUCCESS );
    ok( unit_count_evicted( &unit, handles, MIBS ) == 3, "%u evicted\n", unit_count_evicted( &unit, handles, MIBS ) );
    unit_check_content( &unit, handles, MIBS );
    unit_check( &unit );
    unit_finish( &unit );
    winetest_pop_context();
}

/* One victim cannot be copied, the next one can: that is enough. */
static void test_one_failed_page_out(void)
{
    D3DKMT_HANDLE handles[MIBS], more;
    struct unit unit;

    start_full( &unit, false, handles, MIBS );
    fake_gpu_fail( FAKE_GPU_READ, 2, GPU_OUT_OF_HOST_MEMORY, false );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 3 ) }, &more ), STATUS_SUCCESS );
    ok( unit_count_evicted( &unit, handles, MIBS ) == 3, "%u evicted\n", unit_count_evicted( &unit, handles, MIBS ) );
    unit_check_content( &unit, handles, MIBS );
    unit_check( &unit );
    unit_finish( &unit );
}

START_TEST(evict_fault)
{
    static const enum gpu_result results[] = { GPU_OUT_OF_DEVICE_MEMORY, GPU_OUT_OF_HOST_MEMORY, GPU_DEVICE_LOST, GPU_FAILED };
    static const enum fake_gpu_call calls[] = { FAKE_GPU_ALLOCATE, FAKE_GPU_MAP, FAKE_GPU_READ, FAKE_GPU_WRITE, FAKE_GPU_COPY };
    unsigned int way, call, result, persistent;

    test_failed_page_in( GPU_OUT_OF_HOST_MEMORY, D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY );
    test_failed_page_in( GPU_FAILED, D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY );
    test_failed_page_in( GPU_DEVICE_LOST, D3DKMT_DEVICEEXECUTION_STOPPED );
    for (result = 0; result < ARRAY_SIZE( results ); result++)
    {
        test_failed_lock( results[result] );
        test_failed_page_out( results[result], false );
        if (results[result] != GPU_DEVICE_LOST) test_failed_page_out( results[result], true );
    }
    test_one_failed_page_out();
    for (way = 0; way < WAYS; way++)
    {
        for (call = 0; call < ARRAY_SIZE( calls ); call++)
        {
            if (calls[call] == FAKE_GPU_MAP && way == BY_GPU) continue;
            if (calls[call] == FAKE_GPU_READ && way == BY_CPU) continue;
            if (calls[call] == FAKE_GPU_WRITE && way != BY_GPU) continue;
            if (calls[call] == FAKE_GPU_COPY && way != BY_GPU) continue;
            for (result = 0; result < ARRAY_SIZE( results ); result++)
                for (persistent = 0; persistent < 2; persistent++)
                    test_gpu_call( calls[call], results[result], persistent, way );
        }
        test_malloc( way );
    }
}
