/*
 * Many threads at once, on a small budget that jumps
 *
 * Each thread has allocations of its own, whose content it knows, and uses others that all threads use, without asking whether
 * they are still there. What a thread owns must behave; of what it shares, every answer must be one that is documented.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

#define THREADS     8
#define OWN         12      /* allocations of a thread */
#define SHARED      48      /* handles that all of them use */

static struct unit unit;
static D3DKMT_HANDLE shared[SHARED], resources[4];      /* by __atomic */
static unsigned int turns;
static bool jumping, losing;     /* the budget, the GPU */
static unsigned int discarded, kept, refused;

struct own
{
    D3DKMT_HANDLE handle;
    uint64_t size;
    uint32_t seed;
    bool     visible, offered, locked;
};

struct thread
{
    pthread_t  thread;
    uint32_t   random;
    struct own own[OWN];
};

static uint32_t next_random( struct thread *thread )
{
    thread->random = thread->random * 1664525u + 1013904223u;
    return thread->random >> 8;
}

static void count( unsigned int *counter )
{
    __atomic_add_fetch( counter, 1, __ATOMIC_RELAXED );
}

/* STATUS_NO_MEMORY is none of them, but for MakeResident: nothing here makes malloc fail. */
#define ok_either( status, a, b ) \
    ok( (status) == (a) || (status) == (b) || (losing && (status) == STATUS_DEVICE_REMOVED), "%#x\n", (unsigned int)(status) )

static struct unit_spec random_spec( struct thread *thread )
{
    static const uint64_t sizes[] = { KIB( 4 ), KIB( 16 ), KIB( 64 ), KIB( 64 ), KIB( 200 ), KIB( 512 ), MIB( 1 ), MIB( 2 ) };
    struct unit_spec spec = { .size = sizes[next_random( thread ) % ARRAY_SIZE( sizes )] };

    spec.cpu_access = next_random( thread ) % 3;
    spec.segments = next_random( thread ) % 4 ? WINEKMT_SEGMENT_LOCAL : 0;
    /* Only so has memory that the CPU does not see content that is worth moving. */
    spec.not_zeroed = spec.cpu_access == WINEKMT_CPU_ACCESS_NONE;
    spec.residency = next_random( thread ) % 4 ? 0 : D3DDDI_ALLOCATIONPRIORITY_HIGH;
    return spec;
}

/* One step with an allocation that nobody else knows. */
static void use_own( struct thread *thread, struct own *own )
{
    D3DDDI_RECLAIM_RESULT results[3] = { 99, 99, 99 };
    D3DKMT_HANDLE list[3] = { own->handle, own->handle, own->handle };
    unsigned int what = next_random( thread ) % 10;
    NTSTATUS status;
    void *data;

    if (!own->handle)
    {
        struct unit_spec spec = random_spec( thread );

        status = unit_try_create( &unit, &spec, &own->handle );
        ok_either( status, STATUS_SUCCESS, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
        if (status) { count( &refused ); own->handle = 0; return; }
        own->size = spec.size;
        own->visible = spec.cpu_access != WINEKMT_CPU_ACCESS_NONE;
        own->seed = 0;
        own->offered = own->locked = false;
    }
    else if (what == 0)
    {
        ok_status( unit_destroy( &unit, list, 1, next_random( thread ) & 1 ), STATUS_SUCCESS );
        own->handle = 0;
    }
    else if (what < 4 && !own->offered && !own->locked)
    {
        /* The entries after it renew its place, no more. */
        status = unit_offer( &unit, list, 1 + next_random( thread ) % 3, 1 + next_random( thread ) % 4, false );
        ok_either( status, STATUS_SUCCESS, STATUS_SUCCESS );
        own->offered = !status;
    }
    else if (what < 7 && own->offered)
    {
        status = unit_reclaim( &unit, list, 3, results );
        ok_either( status, STATUS_SUCCESS, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
        if (status) { count( &refused ); return; }
        ok( results[0] == results[1] && results[1] == results[2] && results[0] <= D3DDDI_RECLAIM_RESULT_DISCARDED, "results %u, %u, %u\n",
            results[0], results[1], results[2] );
        own->offered = false;
        if (results[0]) own->seed = 0;
        count( results[0] ? &discarded : &kept );
    }
    else if (own->visible)
    {
        status = unit_try_lock( &unit, own->handle, &data );
        if (own->offered)
        {
            ok_either( status, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER );
            return;
        }
        ok_either( status, STATUS_SUCCESS, STATUS_GRAPHICS_ALLOCATION_BUSY );
        if (status) return;
        ok( own->seed ? pattern_is( data, own->size, own->seed ) : bytes_are_zero( data, own->size ), "%#x: the content is wrong (seed %u)\n",
            own->handle, own->seed );
        own->seed = next_random( thread ) | 1;
        pattern_write( data, own->size, own->seed );
        if (own->locked || next_random( thread ) % 4) ok_status( unit_unlock( &unit, own->handle ), STATUS_SUCCESS );
        else own->locked = true;
        if (own->locked && next_random( thread ) & 1)
        {
            ok_status( unit_unlock( &unit, own->handle ), STATUS_SUCCESS );
            own->locked = false;
        }
    }
}

static bool is_documented( NTSTATUS status )
{
    return !status || status == STATUS_PENDING || status == STATUS_INVALID_PARAMETER || status == STATUS_GRAPHICS_NO_VIDEO_MEMORY ||
           status == STATUS_GRAPHICS_ALLOCATION_BUSY || (losing && status == STATUS_DEVICE_REMOVED);
}

/* One step with what others use too, and may destroy. */
static void use_shared( struct thread *thread )
{
    D3DKMT_HANDLE list[16], handle;
    D3DDDI_RECLAIM_RESULT results[16];
    unsigned int i, count = 1 + next_random( thread ) % 16, slot = next_random( thread ) % SHARED;
    NTSTATUS status = STATUS_SUCCESS;
    void *data;

    for (i = 0; i < count; i++)     /* with duplicates */
    {
        list[i] = __atomic_load_n( &shared[next_random( thread ) % SHARED], __ATOMIC_RELAXED );
        if (!list[i]) list[i] = __atomic_load_n( &shared[slot], __ATOMIC_RELAXED );
    }
    switch (next_random( thread ) % 9)
    {
    case 6:     /* what fails or has gone meanwhile stays resident until it is destroyed: little enough */
        status = unit_make_resident( &unit, list, count, next_random( thread ) % 2 ? UNIT_CANT_TRIM_FURTHER : 0, NULL, NULL );
        if (!status || status == STATUS_PENDING) status = unit_evict( &unit, list, count, next_random( thread ) % 4 );
        if (status == STATUS_NO_MEMORY) status = STATUS_SUCCESS;
        break;
    case 7:
        status = unit_set_priority( &unit, list[0], next_random( thread ) << 8 );
        break;
    case 0:
    {
        struct unit_spec spec = random_spec( thread );

        status = unit_try_create( &unit, &spec, &handle );
        if (status) break;
        handle = __atomic_exchange_n( &shared[slot], handle, __ATOMIC_RELAXED );
        if (handle) unit_destroy( &unit, &handle, 1, next_random( thread ) & 1 );
        break;
    }
    case 1:
        if ((handle = __atomic_exchange_n( &shared[slot], 0, __ATOMIC_RELAXED )))
            ok_status( unit_destroy( &unit, &handle, 1, next_random( thread ) & 1 ), STATUS_SUCCESS );
        break;
    case 2:
        status = unit_offer( &unit, list, count, 1 + next_random( thread ) % 4, next_random( thread ) & 1 );
        break;
    case 3:
        memset( results, 0xcc, sizeof(results) );
        if ((status = unit_reclaim( &unit, list, count, results ))) break;
        for (i = 0; i < count; i++) ok( results[i] <= D3DDDI_RECLAIM_RESULT_NOT_COMMITTED, "result %u\n", results[i] );
        break;
    default:
        if ((status = unit_try_lock( &unit, list[0], &data ))) break;
        unit_unlock( &unit, list[0] );      /* another thread may have destroyed it */
        break;
    }
    ok( is_documented( status ), "status %#x\n", (unsigned int)status );
}

/* Resources: all of one is created, offered, reclaimed and destroyed together. */
static void use_resource( struct thread *thread )
{
    struct winekmt_allocation_data data = { WINEKMT_ALLOCATION_MAGIC, WINEKMT_VERSION, KIB( 48 ), 0, WINEKMT_CPU_ACCESS_CACHED, 0, 0, 0, 0, 0, 0, 0 };
    unsigned int i, slot = next_random( thread ) % ARRAY_SIZE( resources );
    D3DKMT_HANDLE resource = __atomic_load_n( &resources[slot], __ATOMIC_RELAXED );
    D3DKMT_OFFERALLOCATIONS offer = { .hDevice = unit.device, .pResources = &resource, .NumAllocations = 1, .Priority = D3DKMT_OFFER_PRIORITY_LOW };
    D3DKMT_RECLAIMALLOCATIONS reclaim = { .hDevice = unit.device, .pResources = &resource, .NumAllocations = 1 };
    D3DKMT_DESTROYALLOCATION destroy = { .hDevice = unit.device };
    D3DKMT_CREATEALLOCATION create = { .hDevice = unit.device, .NumAllocations = 3 };
    D3DDDI_ALLOCATIONINFO2 infos[3] = { 0 };
    NTSTATUS status = STATUS_SUCCESS;
    BOOL lost;

    for (i = 0; i < 3; i++)
    {
        infos[i].pPrivateDriverData = &data;
        infos[i].PrivateDriverDataSize = sizeof(data);
    }
    create.pAllocationInfo2 = infos;
    reclaim.pDiscarded = &lost;
    switch (next_random( thread ) % 5)
    {
    case 0:
        create.Flags.CreateResource = 1;
        create.Flags.CreateShared = next_random( thread ) & 1;
        if ((status = kmt_CreateAllocation2( &create ))) break;
        destroy.hResource = __atomic_exchange_n( &resources[slot], create.hResource, __ATOMIC_RELAXED );
        if (destroy.hResource) ok_status( kmt_DestroyAllocation( &destroy ), STATUS_SUCCESS );
        break;
    case 1:     /* more for an existing one, which may be gone or shared */
        create.hResource = resource;
        if (resource && (status = kmt_CreateAllocation2( &create )) == STATUS_INVALID_HANDLE) status = STATUS_SUCCESS;
        break;
    case 2: status = kmt_OfferAllocations( &offer ); break;
    case 3: status = kmt_ReclaimAllocations( &reclaim ); break;
    case 4:
        if ((destroy.hResource = __atomic_exchange_n( &resources[slot], 0, __ATOMIC_RELAXED ))) ok_status( kmt_DestroyAllocation( &destroy ), STATUS_SUCCESS );
        break;
    }
    ok( is_documented( status ), "status %#x\n", (unsigned int)status );
}

/* A device of its own, which is destroyed with all that is on it. */
static void use_device( struct thread *thread )
{
    D3DKMT_CREATEDEVICE create = { .hAdapter = unit.adapter };
    D3DKMT_DESTROYDEVICE destroy;
    struct unit own = unit;
    D3DKMT_HANDLE handles[4];
    unsigned int i, count = 0;
    NTSTATUS status;

    status = kmt_CreateDevice( &create );
    ok_either( status, STATUS_SUCCESS, STATUS_SUCCESS );
    if (status) return;
    own.device = create.hDevice;
    for (i = 0; i < 4; i++)
    {
        struct unit_spec spec = random_spec( thread );

        status = unit_try_create( &own, &spec, &handles[count] );
        ok_either( status, STATUS_SUCCESS, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
        if (!status) count++;
    }
    if (count && next_random( thread ) & 1)
    {
        status = unit_offer( &own, handles, count, 1 + next_random( thread ) % 4, false );
        ok_either( status, STATUS_SUCCESS, STATUS_SUCCESS );
        status = unit_offer( &unit, handles, count, D3DKMT_OFFER_PRIORITY_LOW, false );     /* of another device */
        ok_either( status, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER );
    }
    destroy.hDevice = own.device;
    ok_status( kmt_DestroyDevice( &destroy ), STATUS_SUCCESS );
}

static void *work( void *arg )
{
    struct thread *thread = arg;
    unsigned int i;

    for (i = 0; i < turns; i++)
    {
        unsigned int what = next_random( thread ) % 8;

        if (i % 61 == 60) use_device( thread );
        else if (what < 5) use_own( thread, &thread->own[next_random( thread ) % OWN] );
        else if (what < 7) use_shared( thread );
        else use_resource( thread );
        if (i % 512 == 0) check_invariants_busy( unit.vidmm, __FILE__, __LINE__ );
    }
    /* What is left of its own must still be right, and can be had if there is room for it. */
    for (i = 0; i < OWN; i++)
    {
        struct own *own = &thread->own[i];
        void *data;

        if (own->handle && own->locked) ok_status( unit_unlock( &unit, own->handle ), STATUS_SUCCESS );
        if (own->handle && !own->offered && own->visible && !unit_try_lock( &unit, own->handle, &data ))
        {
            ok( own->seed ? pattern_is( data, own->size, own->seed ) : bytes_are_zero( data, own->size ), "%#x: the content is wrong at the end\n", own->handle );
            ok_status( unit_unlock( &unit, own->handle ), STATUS_SUCCESS );
        }
        if (own->handle) ok_status( unit_destroy( &unit, &own->handle, 1, false ), STATUS_SUCCESS );
    }
    return NULL;
}

static void *jump( void *arg )
{
    uint32_t random = 1;

    (void)arg;
    while (__atomic_load_n( &jumping, __ATOMIC_RELAXED ))
    {
        random = random * 1664525u + 1013904223u;
        fake_gpu_set_budget( random >> 8 & 1, MIB( 4 + (random >> 16) % 28 ) );
        fake_gpu_set_foreign_usage( random >> 9 & 1, MIB( (random >> 20) % 4 ) );
        usleep( 20 * 1000 );
    }
    return NULL;
}

static bool has_no_memories( void *arg )
{
    struct vidmm *vidmm = arg;

    return !vidmm->memories && !vidmm->freeing;
}

/* lose: the GPU goes after a while, in the middle of it all. */
static void test_threads( bool visible_only, bool lose, uint32_t seed )
{
    static struct thread threads[THREADS];
    D3DKMT_DESTROYALLOCATION destroy = { 0 };
    struct gpu_adapter adapter;
    struct fake_gpu_stats stats;
    uint64_t usage;
    pthread_t jumper;
    unsigned int i;

    if (visible_only) unit_adapter_simple( &adapter, MIB( 24 ), true );
    else unit_adapter_discrete( &adapter, MIB( 24 ) );
    adapter.has_memory_budget = true;
    unit_start( &unit, &adapter, 20 );
    memset( threads, 0, sizeof(threads) );
    discarded = kept = refused = 0;
    jumping = true;
    losing = lose;
    if (lose) fake_gpu_fail( visible_only ? FAKE_GPU_ALLOCATE : FAKE_GPU_CALLS, turns / 30 + seed % 50, GPU_DEVICE_LOST, false );
    pthread_create( &jumper, NULL, jump, NULL );
    for (i = 0; i < THREADS; i++)
    {
        threads[i].random = i * 7919 + seed;
        pthread_create( &threads[i].thread, NULL, work, &threads[i] );
    }
    for (i = 0; i < THREADS; i++) pthread_join( threads[i].thread, NULL );
    __atomic_store_n( &jumping, false, __ATOMIC_RELAXED );
    pthread_join( jumper, NULL );
    fake_gpu_get_stats( &stats );
    trace( "%u kept, %u discarded, %u refused, %llu bytes copied by the GPU, %llu allocated\n", kept, discarded, refused,
           (unsigned long long)stats.copied_bytes, (unsigned long long)stats.calls[FAKE_GPU_ALLOCATE] );
    /* The few turns under valgrind may all come between two jumps of the budget. */
    if (!lose) ok( kept && (discarded || unit_is_valgrind()), "something never happened\n" );
    else ok( unit.vidmm->lost, "the GPU was not lost\n" );

    for (i = 0; i < SHARED; i++)
    {
        if (shared[i]) ok_status( unit_destroy( &unit, &shared[i], 1, false ), STATUS_SUCCESS );
        shared[i] = 0;
    }
    destroy.hDevice = unit.device;
    for (i = 0; i < ARRAY_SIZE( resources ); i++)
    {
        if ((destroy.hResource = resources[i])) ok_status( kmt_DestroyAllocation( &destroy ), STATUS_SUCCESS );
        resources[i] = 0;
    }
    for (i = 0; i < GROUP_COUNT; i++)
    {
        usage = unit_read( &unit, groups[i].committed );
        if (!lose) unit_query_memory( &unit, i, NULL, &usage );
        ok( !usage, "group %u: usage %llu\n", i, (unsigned long long)usage );
    }
    ok( unit_wait( has_no_memories, unit.vidmm ), "%u memories are left\n", unit_read( &unit, memories ) );
    ok( !unit_read( &unit, offered ), "%u are offered\n", unit_read( &unit, offered ) );
    ok( kmt_handles.live == 4, "%u handles are live\n", kmt_handles.live );     /* adapter, device, queue and its fence */
    unit_check( &unit );
    unit_finish( &unit );
}

/* Arguments: a seed and a number of turns, to look for what is rare. */
START_TEST(stress)
{
    uint32_t seed = 1;
    char **args;
    int count;

    count = winetest_get_mainargs( &args );
    turns = unit_is_valgrind() ? 150 : unit_is_slow() ? 1500 : 8000;
    if (count > 2) seed = strtoul( args[2], NULL, 0 );
    if (count > 3) turns = strtoul( args[3], NULL, 0 );
    test_threads( true, false, seed );
    test_threads( false, false, seed );
    test_threads( true, true, seed );
    test_threads( false, true, seed );
}
