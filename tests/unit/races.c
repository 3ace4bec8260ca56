/*
 * What may happen while core has dropped its lock, made to happen
 *
 * A hook in the fake GPU runs in the middle of a call of core, where it drops the lock, and does there what another thread might do.
 * Each race is a process of its own, so that one that crashes does not keep the others from being run.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

/* What a hook has to work with. */
static struct
{
    struct unit   unit;
    D3DKMT_HANDLE handle, other;
    struct vidmm_pool *pool;
    pthread_t     thread;
    unsigned int  calls;        /* of the hook */
    NTSTATUS      status;
    void         *data;
    bool          done;
} race;

static bool is_done(void)
{
    return __atomic_load_n( &race.done, __ATOMIC_ACQUIRE );
}

static void set_done(void)
{
    __atomic_store_n( &race.done, true, __ATOMIC_RELEASE );
}

/* Lets another thread go on until it is done, or most ms. */
static void let_run( unsigned int most )
{
    unsigned int i;

    for (i = 0; i < most && !is_done(); i++) usleep( 1000 );
}

static void start_race( const struct gpu_adapter *adapter, unsigned int limit )
{
    memset( &race, 0, sizeof(race) );
    unit_start( &race.unit, adapter, limit );
}

/***********************************************************************
 * An offer during a reclaim that fails
 *
 * The reclaim has given memory to the first of two allocations when the other one's cannot be had. Meanwhile the first one is
 * offered again.
 */
static void offer_again( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg, (void)call, (void)memory;
    race.calls++;
    ok_status( unit_offer( &race.unit, &race.handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
}

static void race_offer_in_reclaim(void)
{
    D3DDDI_RECLAIM_RESULT results[2];
    D3DKMT_HANDLE handles[2], large, more;
    struct gpu_adapter adapter;

    unit_adapter_simple( &adapter, MIB( 16 ), true );   /* 15 */
    start_race( &adapter, 0 );
    handles[0] = race.handle = unit_create_held( &race.unit, .size = MIB( 1 ) );
    handles[1] = unit_create_held( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &race.unit, handles, 2, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    large = unit_create_held( &race.unit, .size = MIB( 15 ) );
    ok( unit_discards( &race.unit ) == 2, "%llu discards\n", (unsigned long long)unit_discards( &race.unit ) );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, offer_again, NULL );
    ok_status( unit_reclaim( &race.unit, handles, 2, results ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, NULL, NULL );
    ok( race.calls >= 2, "the hook ran %u times\n", race.calls );
    unit_check( &race.unit );
    ok_status( unit_destroy( &race.unit, &large, 1, true ), STATUS_SUCCESS );
    more = unit_create( &race.unit, .size = MIB( 15 ) );        /* whatever is offered has to go */
    ok( more, "no allocation\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* The same with a reclaim that succeeds: all of the call's are reclaimed, or offered, but nothing between. */
static void race_offer_in_good_reclaim(void)
{
    D3DDDI_RECLAIM_RESULT results[2];
    D3DKMT_HANDLE handles[2], large;
    struct gpu_adapter adapter;

    unit_adapter_simple( &adapter, MIB( 16 ), true );   /* 15 */
    start_race( &adapter, 0 );
    handles[0] = race.handle = unit_create( &race.unit, .size = MIB( 1 ) );
    handles[1] = unit_create( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &race.unit, handles, 2, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    large = unit_create( &race.unit, .size = MIB( 15 ) );
    ok_status( unit_destroy( &race.unit, &large, 1, true ), STATUS_SUCCESS );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, offer_again, NULL );
    ok_status( unit_reclaim( &race.unit, handles, 2, results ), STATUS_SUCCESS );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, NULL, NULL );
    ok( results[0] == D3DDDI_RECLAIM_RESULT_DISCARDED && results[1] == D3DDDI_RECLAIM_RESULT_DISCARDED, "results %u, %u\n", results[0], results[1] );
    unit_check( &race.unit );
    large = unit_create( &race.unit, .size = MIB( 13 ) );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/***********************************************************************
 * Destroying in the middle
 */
static void destroy_one( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg, (void)call, (void)memory;
    if (race.calls++) return;
    ok_status( unit_destroy( &race.unit, &race.handle, 1, false ), STATUS_SUCCESS );
}

static void destroy_device( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    D3DKMT_DESTROYDEVICE destroy = { race.unit.device };

    (void)arg, (void)call, (void)memory;
    if (race.calls++) return;
    ok_status( kmt_DestroyDevice( &destroy ), STATUS_SUCCESS );
}

/* An allocation, or the whole device, is destroyed while it gets memory back. */
static void race_destroy_in_reclaim( bool whole_device )
{
    D3DDDI_RECLAIM_RESULT results[2] = { 99, 99 };
    D3DKMT_HANDLE handles[2], large;
    struct gpu_adapter adapter;

    unit_adapter_simple( &adapter, MIB( 16 ), true );   /* 15 */
    start_race( &adapter, 0 );
    handles[0] = unit_create( &race.unit, .size = MIB( 1 ) );
    handles[1] = race.handle = unit_create( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &race.unit, handles, 2, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    large = unit_create( &race.unit, .size = MIB( 15 ) );
    ok_status( unit_destroy( &race.unit, &large, 1, true ), STATUS_SUCCESS );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, whole_device ? destroy_device : destroy_one, NULL );
    ok_status( unit_reclaim( &race.unit, handles, 2, results ), STATUS_INVALID_PARAMETER );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, NULL, NULL );
    ok( race.calls > 0, "the hook did not run\n" );
    ok( results[0] == 99 && results[1] == 99, "results after a failure\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void race_destroy_allocation_in_reclaim(void)
{
    race_destroy_in_reclaim( false );
}

static void race_destroy_device_in_reclaim(void)
{
    race_destroy_in_reclaim( true );
}

/* The device is destroyed while an allocation is made on it, or is being cleared or mapped for its first lock. */
static void race_destroy_device_in_create(void)
{
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    start_race( &adapter, 0 );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, destroy_device, NULL );
    ok_status( unit_try_create( &race.unit, &(struct unit_spec){ .size = KIB( 64 ) }, &handle ), STATUS_INVALID_PARAMETER );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, NULL, NULL );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void mark_device( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    D3DKMT_MARKDEVICEASERROR params = { .hDevice = race.unit.device, .Reason = D3DKMT_DEVICE_ERROR_REASON_GENERIC };

    (void)arg;
    (void)call;
    (void)memory;
    ok_status( kmt_MarkDeviceAsError( &params ), STATUS_SUCCESS );
}

/* It gets into error meanwhile. */
static void race_error_in_create(void)
{
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    start_race( &adapter, 0 );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, mark_device, NULL );
    ok_status( unit_try_create( &race.unit, &(struct unit_spec){ .size = KIB( 64 ) }, &handle ), STATUS_DEVICE_REMOVED );
    fake_gpu_set_hook( FAKE_GPU_ALLOCATE, NULL, NULL );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void race_destroy_device_in_lock(void)
{
    struct gpu_adapter adapter;
    void *data;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    start_race( &adapter, 0 );
    race.handle = unit_create( &race.unit, .size = KIB( 64 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
    fake_gpu_set_hook( FAKE_GPU_MAP, destroy_device, NULL );
    ok_status( unit_try_lock( &race.unit, race.handle, &data ), STATUS_INVALID_PARAMETER );
    fake_gpu_set_hook( FAKE_GPU_MAP, NULL, NULL );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/***********************************************************************
 * Compaction
 */

/* A pool with holes everywhere: two of three allocations are destroyed. Returns what is left; their content is their number. */
static unsigned int make_holes( D3DKMT_HANDLE *left, bool visible )
{
    unsigned int i, count = 300, kept = 0;
    D3DKMT_HANDLE handles[300];

    for (i = 0; i < count; i++)
    {
        handles[i] = unit_create( &race.unit, .size = KIB( 64 ), .cpu_access = visible ? WINEKMT_CPU_ACCESS_CACHED : WINEKMT_CPU_ACCESS_NONE );
        unit_write( &race.unit, handles[i], i );
    }
    race.pool = unit_allocation( &race.unit, handles[0] )->block->pool;
    for (i = 0; i < count; i++)
        if (i % 3) ok_status( unit_destroy( &race.unit, &handles[i], 1, false ), STATUS_SUCCESS );
        else left[kept++] = handles[i];
    unit_check( &race.unit );
    return kept;
}

static void check_left( const D3DKMT_HANDLE *left, unsigned int kept )
{
    unsigned int i, lost = 0;

    for (i = 0; i < kept; i++)
        if (left[i] && !unit_content_is( &race.unit, left[i], i * 3 )) lost++;
    ok( !lost, "%u lost their content\n", lost );
}

static void *compact( void *arg )
{
    (void)arg;
    kmt_lock();
    compact_pool_locked( race.unit.vidmm, race.pool, &(bool){ 0 } );
    kmt_unlock();
    set_done();
    return NULL;
}

static void compact_too( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg, (void)call, (void)memory;
    if (__atomic_fetch_add( &race.calls, 1, __ATOMIC_RELAXED )) return;
    pthread_create( &race.thread, NULL, compact, NULL );
    let_run( 300 );
}

/* Two threads compact the same pool: gpu.h forbids two copies to the same memory at once. */
static void race_two_compactions(void)
{
    D3DKMT_HANDLE left[100];
    struct gpu_adapter adapter;
    unsigned int kept;

    unit_adapter_simple( &adapter, MIB( 64 ), false );
    start_race( &adapter, 0 );
    kept = make_holes( left, false );
    fake_gpu_set_hook( FAKE_GPU_COPY, compact_too, NULL );
    fake_gpu_set_delay( FAKE_GPU_COPY, 2000 );
    kmt_lock();
    ok( compact_pool_locked( race.unit.vidmm, race.pool, &(bool){ 0 } ), "nothing was compacted\n" );
    kmt_unlock();
    pthread_join( race.thread, NULL );
    fake_gpu_set_hook( FAKE_GPU_COPY, NULL, NULL );
    fake_gpu_set_delay( FAKE_GPU_COPY, 0 );
    unit_check( &race.unit );
    check_left( left, kept );
    unit_finish( &race.unit );
}

static void *create_one( void *arg )
{
    race.status = unit_try_create( &race.unit, arg, &race.other );
    set_done();
    return NULL;
}

static void create_too( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)call, (void)memory;
    if (__atomic_fetch_add( &race.calls, 1, __ATOMIC_RELAXED )) return;
    pthread_create( &race.thread, NULL, create_one, arg );
    let_run( 300 );
}

/* Memory that another thread is just freeing, though not in gpu_free_memory yet, is waited for. */
static void race_create_in_compaction(void)
{
    D3DKMT_HANDLE small[8], first, large;
    struct unit_spec spec = { .size = KIB( 128 ) };
    struct gpu_adapter adapter;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 32 ), false );  /* 30 */
    start_race( &adapter, 0 );
    for (i = 0; i < 8; i++)     /* two blocks */
    {
        small[i] = unit_create_held( &race.unit, .size = KIB( 64 ) );
        unit_write( &race.unit, small[i], i );
    }
    first = unit_create_held( &race.unit, .size = MIB( 8 ) );
    unit_create_held( &race.unit, .size = MIB( 21 ) + KIB( 512 ) );
    ok( race.unit.vidmm->heaps[0].used == MIB( 30 ), "used %llu\n", (unsigned long long)race.unit.vidmm->heaps[0].used );
    ok_status( unit_destroy( &race.unit, &small[0], 2, false ), STATUS_SUCCESS );
    ok_status( unit_destroy( &race.unit, &small[4], 1, false ), STATUS_SUCCESS );
    ok_status( unit_offer( &race.unit, &first, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    ok_status( unit_offer( &race.unit, &small[5], 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    unit_check( &race.unit );

    /* 8 MiB and 64 KiB are missing: that is first, and a block that has to be emptied. Then 192 KiB are left. */
    fake_gpu_set_hook( FAKE_GPU_COPY, create_too, &spec );
    large = unit_create( &race.unit, .size = MIB( 8 ) + KIB( 64 ) );
    ok( large && race.calls, "no allocation, or no compaction\n" );
    pthread_join( race.thread, NULL );
    ok_status( race.status, STATUS_SUCCESS );
    fake_gpu_set_hook( FAKE_GPU_COPY, NULL, NULL );
    unit_check( &race.unit );
    for (i = 2; i < 8; i++) if (i < 4 || i > 5) ok( unit_content_is( &race.unit, small[i], i ), "%u lost its content\n", i );
    unit_finish( &race.unit );
}

static void *lock_one( void *arg )
{
    (void)arg;
    race.status = unit_try_lock( &race.unit, race.handle, &race.data );
    set_done();
    return NULL;
}

/* The hook of a visible heap is that of mapping: a member of a block that is being emptied. */
static void lock_moving( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    D3DKMT_LOCK lock = { 0 };
    unsigned int i, busy = 0;
    D3DKMT_HANDLE *left = arg;

    (void)call, (void)memory;
    if (__atomic_fetch_add( &race.calls, 1, __ATOMIC_RELAXED )) return;
    for (i = 0; i < 100; i++)
    {
        if (!unit_allocation( &race.unit, left[i] )->busy) continue;
        busy++;
        race.handle = left[i];
    }
    ok( busy > 0, "nothing is moving\n" );
    lock.hDevice = race.unit.device;
    lock.hAllocation = race.handle;
    lock.Flags.LockEntire = lock.Flags.DonotWait = 1;
    ok_status( kmt_Lock( &lock ), STATUS_GRAPHICS_ALLOCATION_BUSY );
    pthread_create( &race.thread, NULL, lock_one, NULL );
    let_run( 100 );
    ok( !is_done(), "locked while it was moving\n" );
}

static void race_lock_in_compaction(void)
{
    D3DKMT_HANDLE left[100];
    struct gpu_adapter adapter;
    unsigned int i, kept;

    unit_adapter_simple( &adapter, MIB( 64 ), false );
    start_race( &adapter, 0 );
    kept = make_holes( left, false );
    for (i = 0; i < kept; i++) unit_allocation( &race.unit, left[i] )->cpu_access = WINEKMT_CPU_ACCESS_CACHED;  /* otherwise Lock is refused at once */
    race.unit.vidmm->device_info.types[0].properties |= GPU_MEMORY_HOST_VISIBLE;
    /* The map that the compaction wants fails, so that the GPU copies. */
    fake_gpu_fail( FAKE_GPU_MAP, 1, GPU_FAILED, false );
    fake_gpu_set_hook( FAKE_GPU_COPY, lock_moving, left );
    kmt_lock();
    ok( compact_pool_locked( race.unit.vidmm, race.pool, &(bool){ 0 } ), "nothing was compacted\n" );
    kmt_unlock();
    ok( race.calls > 0, "the hook did not run\n" );
    pthread_join( race.thread, NULL );
    fake_gpu_set_hook( FAKE_GPU_COPY, NULL, NULL );
    /* The fake GPU does not map what it calls not visible: that the lock got so far is what counts. */
    ok( race.status == STATUS_NO_MEMORY, "got %#x\n", (unsigned int)race.status );
    race.unit.vidmm->device_info.types[0].properties &= ~GPU_MEMORY_HOST_VISIBLE;
    unit_check( &race.unit );
    check_left( left, kept );
    unit_finish( &race.unit );
}

/* What is offered while it moves has its place before what is offered later. */
static void offer_moving( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    D3DKMT_HANDLE *left = arg;
    unsigned int i;

    (void)call, (void)memory;
    if (race.calls++) return;
    for (i = 0; i < 100; i++) if (unit_allocation( &race.unit, left[i] )->busy) race.handle = left[i];
    ok( race.handle, "nothing is moving\n" );
    ok_status( unit_offer( &race.unit, &race.handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    ok_status( unit_offer( &race.unit, &race.other, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
}

static void race_offer_in_compaction(void)
{
    D3DKMT_HANDLE left[100];
    struct gpu_adapter adapter;
    unsigned int kept;

    unit_adapter_simple( &adapter, MIB( 64 ), false );
    start_race( &adapter, 0 );
    kept = make_holes( left, false );
    race.other = unit_create( &race.unit, .size = MIB( 1 ) );
    fake_gpu_set_hook( FAKE_GPU_COPY, offer_moving, left );
    kmt_lock();
    ok( compact_pool_locked( race.unit.vidmm, race.pool, &(bool){ 0 } ), "nothing was compacted\n" );
    kmt_unlock();
    fake_gpu_set_hook( FAKE_GPU_COPY, NULL, NULL );
    ok( unit_allocation( &race.unit, race.handle )->victim_sequence < unit_allocation( &race.unit, race.other )->victim_sequence,
        "what was offered first would be discarded last\n" );
    unit_check( &race.unit );
    check_left( left, kept );
    unit_finish( &race.unit );
}

/* A member, or the whole device, is destroyed while members are moving. */
static void race_destroy_in_compaction( bool whole_device )
{
    D3DKMT_HANDLE left[100];
    struct gpu_adapter adapter;
    unsigned int kept, i;

    unit_adapter_simple( &adapter, MIB( 64 ), false );
    start_race( &adapter, 0 );
    kept = make_holes( left, false );
    fake_gpu_set_hook( FAKE_GPU_COPY, whole_device ? destroy_device : destroy_one, NULL );
    for (i = 0; i < kept; i++)
    {
        bool done;

        race.calls = 0;
        race.handle = left[i];
        kmt_lock();
        race.unit.vidmm->refs++;        /* what a call of the program would have */
        done = !compact_pool_locked( race.unit.vidmm, race.pool, &(bool){ 0 } );
        race.unit.vidmm->refs--;
        kmt_unlock();
        if (race.calls) left[i] = 0;
        unit_check( &race.unit );
        if (done || whole_device) break;
    }
    fake_gpu_set_hook( FAKE_GPU_COPY, NULL, NULL );
    if (!whole_device) check_left( left, kept );
    unit_finish( &race.unit );
}

static void race_destroy_allocation_in_compaction(void)
{
    race_destroy_in_compaction( false );
}

static void race_destroy_device_in_compaction(void)
{
    race_destroy_in_compaction( true );
}

/* While the worker moves what the program has, the program destroys its device and the GPU is lost: the worker is then
 * the last one to know the manager. */
static void lose_all( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    D3DKMT_DESTROYDEVICE destroy = { race.unit.device };

    (void)arg, (void)call, (void)memory;
    if (__atomic_fetch_add( &race.calls, 1, __ATOMIC_RELAXED )) return;
    ok_status( kmt_DestroyDevice( &destroy ), STATUS_SUCCESS );
    fake_gpu_fail( FAKE_GPU_COPY, 1, GPU_DEVICE_LOST, false );
}

static void race_worker_is_last(void)
{
    struct gpu_adapter adapter;
    struct fake_gpu_stats stats;
    D3DKMT_HANDLE handle;
    unsigned int i;

    unit_adapter_discrete( &adapter, MIB( 32 ) );
    start_race( &adapter, 0 );
    fake_gpu_set_hook( FAKE_GPU_COPY, lose_all, NULL );
    for (i = 0; i < 300; i++)
    {
        handle = unit_create( &race.unit, .size = KIB( 64 ), .segments = WINEKMT_SEGMENT_LOCAL );
        unit_write( &race.unit, handle, i );
        if (i % 2) ok_status( unit_offer( &race.unit, &handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    }
    fake_gpu_set_budget( 0, MIB( 12 ) );
    for (i = 0; i < 5000 && fake_gpu_failures() == 0; i++) usleep( 1000 );
    ok( fake_gpu_failures() == 1, "the worker did not compact\n" );
    usleep( 50 * 1000 );        /* for the worker to find out what it has no more */
    fake_gpu_set_hook( FAKE_GPU_COPY, NULL, NULL );
    /* The worker cannot end itself: the next one who asks for the GPU sees to that. */
    ok_status( unit_open( &race.unit ), STATUS_SUCCESS );
    fake_gpu_get_stats( &stats );
    ok( stats.live_devices == 1, "%llu devices are open\n", (unsigned long long)stats.live_devices );
    ok( !stats.live_memories, "%llu memories are left\n", (unsigned long long)stats.live_memories );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/***********************************************************************
 * Adapters and budgets
 */

static void *enumerate( void *arg )
{
    unsigned int i, *wrong = arg, turns = unit_is_valgrind() ? 500 : 20000;

    for (i = 0; i < turns; i++)
    {
        D3DKMT_ADAPTERINFO info[2];
        D3DKMT_ENUMADAPTERS2 params = { 2, info };
        D3DKMT_CLOSEADAPTER close;
        NTSTATUS status = kmt_EnumAdapters2( &params );

        if (status || params.NumAdapters != 1)
        {
            ++*wrong;
            continue;
        }
        close.hAdapter = info[0].hAdapter;
        if (kmt_CloseAdapter( &close )) ++*wrong;
    }
    return NULL;
}

/* Each of several threads always sees the adapter. */
static void race_enumerations(void)
{
    unsigned int wrong[3] = { 0 }, i;
    pthread_t threads[3];

    start_race( NULL, 0 );
    for (i = 0; i < 3; i++) pthread_create( &threads[i], NULL, enumerate, &wrong[i] );
    for (i = 0; i < 3; i++) pthread_join( threads[i], NULL );
    ok( !wrong[0] && !wrong[1] && !wrong[2], "adapters were missing %u, %u, %u times\n", wrong[0], wrong[1], wrong[2] );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void *open_too( void *arg )
{
    D3DKMT_CREATEDEVICE create = { .hAdapter = *(D3DKMT_HANDLE *)arg };

    return (void *)(intptr_t)kmt_CreateDevice( &create );
}

/* Several threads make the first device: one Vulkan device, for all of them. */
static void race_first_devices(void)
{
    D3DKMT_ADAPTERINFO info;
    D3DKMT_ENUMADAPTERS2 params = { 1, &info };
    pthread_t threads[4];
    unsigned int i;
    void *status;

    fake_gpu_reset();
    fake_gpu_set_delay( FAKE_GPU_OPEN, 20000 );
    ok_status( kmt_EnumAdapters2( &params ), STATUS_SUCCESS );
    for (i = 0; i < 4; i++) pthread_create( &threads[i], NULL, open_too, &info.hAdapter );
    for (i = 0; i < 4; i++)
    {
        pthread_join( threads[i], &status );
        ok( !status, "got %p\n", status );
    }
    ok( fake_gpu_count_calls( FAKE_GPU_OPEN ) == 1, "%llu devices\n", (unsigned long long)fake_gpu_count_calls( FAKE_GPU_OPEN ) );
    unit_finish( &race.unit );
}

static void *query( void *arg )
{
    (void)arg;
    unit_query_memory( &race.unit, 0, NULL, NULL );
    set_done();
    return NULL;
}

/* Memory is freed between Vulkan's answer and our reading it: that is not others' usage. */
static void race_free_in_query(void)
{
    unsigned int i, wrong = 0, turns = 20;
    struct gpu_adapter adapter;

    unit_adapter_discrete( &adapter, MIB( 32 ) );       /* 30 */
    start_race( &adapter, 0 );
    fake_gpu_set_fill( false );
    for (i = 0; i < turns; i++)
    {
        struct allocation *allocation;
        struct freed_memory freed;
        uint64_t calls;

        race.handle = unit_create( &race.unit, .size = MIB( 20 ), .segments = WINEKMT_SEGMENT_LOCAL );
        allocation = unit_allocation( &race.unit, race.handle );
        usleep( 105 * 1000 );
        race.done = false;
        calls = fake_gpu_count_calls( FAKE_GPU_BUDGET );
        kmt_lock();
        /* The other thread waits for this lock, then for Vulkan, then for this lock again. */
        pthread_create( &race.thread, NULL, query, NULL );
        while (fake_gpu_count_calls( FAKE_GPU_BUDGET ) == calls)
        {
            kmt_unlock();
            sched_yield();
            kmt_lock();
        }
        usleep( 1000 );
        freed_memory_init( &freed, race.unit.vidmm );
        allocation_destroy_locked( allocation, &freed, false );
        freed_memory_flush_locked( &freed );
        kmt_unlock();
        pthread_join( race.thread, NULL );
        if (race.unit.vidmm->heaps[0].limit != MIB( 30 )) wrong++;
        unit_check( &race.unit );
    }
    ok( !wrong, "in %u of %u turns memory of ours was taken for others'\n", wrong, turns );
    unit_finish( &race.unit );
}

START_TEST(races)
{
#define ISOLATED( name ) unit_isolated( #name, race_##name )
    ISOLATED( offer_in_reclaim );
    ISOLATED( offer_in_good_reclaim );
    ISOLATED( destroy_allocation_in_reclaim );
    ISOLATED( destroy_device_in_reclaim );
    ISOLATED( destroy_device_in_create );
    ISOLATED( error_in_create );
    ISOLATED( destroy_device_in_lock );
    ISOLATED( two_compactions );
    ISOLATED( create_in_compaction );
    ISOLATED( lock_in_compaction );
    ISOLATED( offer_in_compaction );
    ISOLATED( destroy_allocation_in_compaction );
    ISOLATED( destroy_device_in_compaction );
    ISOLATED( worker_is_last );
    ISOLATED( enumerations );
    ISOLATED( first_devices );
    ISOLATED( free_in_query );
#undef ISOLATED
}
