/*
 * Exhaustion: the scenes
 *
 * Heaps are 8 MiB, so that a few calls are pressure; 7.5 of them can be used (heap_headroom). Where a scene's subject needs something to
 * have happened, like an eviction, it says so when nothing fails (strict): a scene that misses its subject is no test.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "exhaust.h"

#define GPU_ONLY  WINEKMT_CPU_ACCESS_NONE
#define CACHED    WINEKMT_CPU_ACCESS_CACHED
#define COMBINED  WINEKMT_CPU_ACCESS_WRITE_COMBINED

/* A GPU with memory of its own; with pages imported for copies, and without. */
#define DISCRETE  "look=discrete heap0=8M heap1=24M budget=hide"
#define STAGED    DISCRETE " hide=VK_EXT_external_memory_host"
/* One heap for everything, as lavapipe is. */
#define UNIFIED   "look=driver heap0=8M budget=hide"

static unsigned int count_evicted( struct world *world, unsigned int device )
{
    unsigned int numbers[MAX_ITEMS];

    return world_find_evicted( world, device, numbers, MAX_ITEMS );
}

/* The subject of the scene. */
static void expect( const struct world *world, bool happened, const char *what )
{
    if (world->strict) ok( happened, "%s\n", what );
}

/* From the cradle to the grave, of one of each sort. */
static void run_life( struct world *world )
{
    static const struct { uint64_t size; uint8_t cpu_access; } sorts[] =
    {
        { KIB( 4 ), CACHED }, { KIB( 64 ), GPU_ONLY }, { MIB( 2 ), CACHED }, { MIB( 2 ), GPU_ONLY }, { KIB( 256 ), COMBINED },
    };
    unsigned int i;

    if (!world_open( world, 0 )) return;
    for (i = 0; i < ARRAY_SIZE( sorts ); i++) world_create( world, 0, sorts[i].size, sorts[i].cpu_access, 0, false );
    world_check( world );
    for (i = 0; i < world->count; i++) world_read( world, i );      /* zeroes */
    for (i = 0; i < world->count; i++) world_write( world, i );
    world_check( world );
    for (i = 0; i < world->count; i++) world_read( world, i );
    world_destroy( world, 0, world->count, 2 );
    world_check( world );
}

/* Pools: many small ones, holes among them, and others in the holes. */
static void run_small( struct world *world )
{
    unsigned int i;

    if (!world_open( world, 0 )) return;
    for (i = 0; i < 30; i++) world_write( world, world_create( world, 0, KIB( 4 ) * (i % 5 + 1), i % 3 ? GPU_ONLY : CACHED, 0, false ) );
    world_check( world );
    world_destroy( world, 0, 30, 2 );
    world_fill( world, 0, 10, KIB( 8 ), CACHED );
    world_check( world );
    for (i = 0; i < world->count; i += 4) world_read( world, i );
}

/* Offered content makes room, what is not offered stays, and the reclaim tells the truth. */
static void run_discard( struct world *world )
{
    unsigned int large, i, gone = 0;

    if (!world_open( world, 0 )) return;
    world_fill( world, 0, 5, MIB( 1 ), GPU_ONLY );
    world_fill( world, 0, 16, KIB( 64 ), GPU_ONLY );
    world_offer( world, 0, 21, 2, D3DKMT_OFFER_PRIORITY_LOW, false );
    world_offer( world, 1, 20, 6, D3DKMT_OFFER_PRIORITY_NORMAL, true );
    world_check( world );
    large = world_create( world, 0, MIB( 3 ), GPU_ONLY, WINEKMT_SEGMENT_LOCAL, false );
    world_write( world, large );
    world_check( world );
    world_reclaim( world );
    for (i = 0; i < world->count; i++) gone += world->items[i].expected == ZEROES;
    expect( world, gone, "nothing was discarded" );
    world_check( world );
    world_destroy( world, large, 1, 1 );
    world_check( world );
}

/* More than the GPU has, out and back again, by the GPU. */
static void evict_and_return( struct world *world, unsigned int count, uint64_t size, uint8_t cpu_access )
{
    unsigned int numbers[3], found, i;

    if (!world_open( world, 0 )) return;
    world_fill( world, 0, count, size, cpu_access );
    world_fill( world, 0, 8, KIB( 64 ), cpu_access );
    expect( world, count_evicted( world, 0 ), "nothing was evicted" );
    world_check( world );
    found = world_find_evicted( world, 0, numbers, 3 );
    world_make_resident( world, numbers, found, 0, false );
    world_check( world );
    world_evict( world, false );
    world_check( world );
    for (i = 0; i < world->count; i += 3) world_read( world, i );
    world_check( world );
    world_destroy( world, 0, world->count, 2 );
}

static void run_evict_staged( struct world *world )
{
    evict_and_return( world, 10, MIB( 1 ) - KIB( 4 ), GPU_ONLY );
}

static void run_evict_imported( struct world *world )
{
    evict_and_return( world, 5, MIB( 2 ) + KIB( 512 ), GPU_ONLY );
}

static void run_evict_mapped( struct world *world )
{
    evict_and_return( world, 10, MIB( 1 ), CACHED );
}

static void run_evict_combined( struct world *world )
{
    evict_and_return( world, 9, MIB( 1 ), COMBINED );
}

/* MakeResident says no when it has to, counts, and keeps its promise. */
static void run_resident( struct world *world )
{
    D3DKMT_GETDEVICESTATE get = { 0 };
    unsigned int numbers[12], i, held;

    if (!world_open( world, 0 )) return;
    for (i = 0; i < 10; i++) world_write( world, numbers[i] = world_create( world, 0, MIB( 1 ), GPU_ONLY, WINEKMT_SEGMENT_LOCAL, false ) );
    held = world_make_resident( world, numbers, 10, 0, true );
    ok( held < 8, "%u MiB of 8 are resident\n", held );
    world_evict( world, true );
    held = world_make_resident( world, numbers, 4, 0, false );
    expect( world, held == 4, "they are not resident" );
    world_check( world );
    held = world_make_resident( world, numbers + 4, 2, 0, false );
    world_make_resident( world, numbers, 1, 0, false );     /* once more */
    world_check( world );
    world_evict( world, true );
    world_check( world );
    /* It must succeed, and cannot: the device is in error. */
    held = world_make_resident( world, numbers, 10, 3, true );
    ok( held < 8, "%u MiB of 8 are resident\n", held );
    world_check( world );
    if (!world->devices[0].device) return;
    get.hDevice = world->devices[0].device;
    get.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    ok( !kmt_GetDeviceState( &get ), "no state\n" );
    expect( world, get.ExecutionState == D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY, "the device is not in error" );
}

/* Offered when it is evicted already, held, and reclaimed. */
static void run_offered_evicted( struct world *world )
{
    unsigned int numbers[3], found;

    if (!world_open( world, 0 )) return;
    world_fill( world, 0, 10, MIB( 1 ), GPU_ONLY );
    found = world_find_evicted( world, 0, numbers, 2 );
    expect( world, found == 2, "nothing was evicted" );
    world_offer( world, 0, 10, 2, D3DKMT_OFFER_PRIORITY_LOW, false );
    world_offer( world, 1, 9, 4, D3DKMT_OFFER_PRIORITY_HIGH, true );
    world_check( world );
    world_make_resident( world, numbers, found, 0, false );
    world_check( world );
    world_fill( world, 0, 3, MIB( 1 ), GPU_ONLY );
    world_check( world );
    world_reclaim( world );
    world_check( world );
    world_evict( world, false );
    world_check( world );
}

/* Room for a large one comes from moving small ones together. */
static void run_compact( struct world *world )
{
    unsigned int first, i;

    if (!world_open( world, 0 )) return;
    world_fill( world, 0, 96, KIB( 64 ), GPU_ONLY );
    first = world->count;
    world_destroy( world, 0, 96, 2 );
    world_offer( world, 1, 95, 8, D3DKMT_OFFER_PRIORITY_NORMAL, false );
    world_check( world );
    world_write( world, world_create( world, 0, MIB( 3 ), GPU_ONLY, WINEKMT_SEGMENT_LOCAL, false ) );
    world_check( world );
    world_write( world, world_create( world, 0, MIB( 1 ), GPU_ONLY, WINEKMT_SEGMENT_LOCAL, false ) );
    for (i = 1; i < 96; i += 8) expect( world, world->items[i].handle, "a small one is gone" );
    world_check( world );
    world_reclaim( world );
    world_check( world );
    world_destroy( world, first, 2, 1 );
}

/* Pages of the program, on two devices, beside pressure. */
static void run_import( struct world *world )
{
    static char pages[2][MIB( 1 )] __attribute__((aligned( 65536 )));
    unsigned int i;

    if (!world_open( world, 0 ) || !world_open( world, 1 )) return;
    for (i = 0; i < 2; i++) world_import( world, i, pages[i], sizeof(pages[i]) );
    for (i = 0; i < 2; i++) world_write( world, i );
    world_check( world );
    world_fill( world, 0, 9, MIB( 1 ), CACHED );
    world_make_resident( world, &(unsigned int){ 0 }, 1, 0, false );
    world_offer( world, 0, 2, 1, D3DKMT_OFFER_PRIORITY_LOW, false );
    world_check( world );
    world_reclaim( world );
    for (i = 0; i < 2; i++) world_read( world, i );
    world_evict( world, true );
    world_destroy( world, 0, 1, 1 );
    world_check( world );
}

/* Two devices push each other out; one goes. */
static void run_devices( struct world *world )
{
    D3DKMT_DESTROYDEVICE destroy = { 0 };
    unsigned int i;

    if (!world_open( world, 0 ) || !world_open( world, 1 )) return;
    for (i = 0; i < 10; i++) world_write( world, world_create( world, i % 2, MIB( 1 ), i % 3 ? GPU_ONLY : CACHED, 0, false ) );
    for (i = 0; i < 8; i++) world_write( world, world_create( world, i % 2, KIB( 64 ), GPU_ONLY, 0, false ) );
    world_check( world );
    world_offer( world, 1, 9, 4, D3DKMT_OFFER_PRIORITY_NORMAL, false );
    world_write( world, world_create( world, 0, MIB( 2 ), GPU_ONLY, 0, false ) );
    world_check( world );
    destroy.hDevice = world->devices[1].device;
    ok( !kmt_DestroyDevice( &destroy ), "DestroyDevice\n" );
    memset( &world->devices[1], 0, sizeof(world->devices[1]) );
    for (i = 0; i < world->count; i++) if (world->items[i].device == 1) world->items[i].handle = 0;
    world_check( world );
    world_reclaim( world );
    world_check( world );
}

/* The budget falls and rises: the worker sees to it. */
static void set_budget( struct world *world, uint64_t bytes )
{
    struct vidmm *vidmm = world->devices[0].vidmm;

    __atomic_store_n( &control->budget[0], bytes, __ATOMIC_RELAXED );
    kmt_lock();
    vidmm->budget_time = 0;     /* what it knows is old */
    worker_kick_locked( vidmm );
    kmt_unlock();
    world_check( world );
}

static void APIENTRY trim( D3DKMT_TRIMNOTIFICATION *notification )
{
    __atomic_add_fetch( (uint32_t *)notification->Context, 1, __ATOMIC_RELAXED );
}

static void run_budget( struct world *world )
{
    D3DKMT_REGISTERTRIMNOTIFICATION registration = { 0 };
    D3DKMT_UNREGISTERTRIMNOTIFICATION unregistration = { 0 };
    unsigned int numbers[4] = { 6, 7 };
    static uint32_t asked;
    NTSTATUS status;

    if (!world_open( world, 0 )) return;
    asked = 0;
    registration.AdapterLuid = world->devices[0].luid;
    registration.hDevice = world->devices[0].device;
    registration.Callback = trim;
    registration.Context = &asked;
    status = D3DKMTRegisterTrimNotification( &registration );     /* with the front end's thread */
    world_check_status( world, 0, status, false, false, "RegisterTrimNotification" );
    world_fill( world, 0, 7, MIB( 1 ), GPU_ONLY );
    world_fill( world, 0, 4, KIB( 64 ), GPU_ONLY );
    world_offer( world, 0, 2, 1, D3DKMT_OFFER_PRIORITY_LOW, false );
    world_make_resident( world, numbers, 1, 0, false );
    set_budget( world, MIB( 3 ) );
    expect( world, count_evicted( world, 0 ), "nothing was evicted" );
    world_fill( world, 0, 2, MIB( 1 ), GPU_ONLY );
    set_budget( world, KIB( 512 ) );
    set_budget( world, 0 );
    world_reclaim( world );
    world_evict( world, true );
    world_check( world );
    if (status) return;
    unregistration.Handle = registration.Handle;
    unregistration.Callback = trim;
    status = D3DKMTUnregisterTrimNotification( &unregistration );
    ok( !status, "UnregisterTrimNotification: %#x\n", (unsigned int)status );
}

/* Where they may live changes, and with it where they are. */
static void run_property( struct world *world )
{
    unsigned int i;

    if (!world_open( world, 0 )) return;
    world_fill( world, 0, 4, MIB( 1 ), GPU_ONLY );
    world_fill( world, 0, 4, KIB( 64 ), CACHED );
    for (i = 0; i < 8; i++)
    {
        D3DDDI_UPDATEALLOCPROPERTY update = { 0 };
        NTSTATUS status;

        if (!world->items[i].handle || !world->devices[0].queue) continue;
        update.hPagingQueue = world->devices[0].queue;
        update.hAllocation = world->items[i].handle;
        update.SetSupportedSegmentSet = 1;
        update.SupportedSegmentSet = WINEKMT_SEGMENT_NON_LOCAL;
        update.SetUnmoveable = i % 2;
        status = kmt_UpdateAllocationProperty( &update );
        if (status != STATUS_PENDING) world_check_status( world, 0, status, true, false, "UpdateAllocationProperty" );
    }
    world_check( world );
    world_fill( world, 0, 8, MIB( 1 ), GPU_ONLY );
    world_make_resident( world, (const unsigned int[]){ 0, 1, 4 }, 3, 0, false );
    world_check( world );
    world_evict( world, false );
    world_check( world );
}

const struct scene scenes[] =
{
    { "life", DISCRETE, run_life },
    { "life-unified", UNIFIED, run_life },
    { "small", DISCRETE, run_small },
    { "discard", DISCRETE, run_discard },
    { "evict-staged", STAGED, run_evict_staged },
    { "evict-imported", DISCRETE, run_evict_imported },
    { "evict-mapped", UNIFIED, run_evict_mapped },
    { "evict-combined", "look=rebar heap0=8M heap1=8M budget=hide hidetype=1 hidetype=2", run_evict_combined },
    { "resident", DISCRETE, run_resident },
    { "offered-evicted", STAGED, run_offered_evicted },
    { "compact", DISCRETE, run_compact },
    { "import", UNIFIED, run_import },
    { "devices", DISCRETE, run_devices },
    { "budget", "look=discrete heap0=8M heap1=24M budget=report", run_budget },
    { "property", DISCRETE, run_property },
    { "few-objects", DISCRETE " memories=12", run_evict_staged },
    { NULL }
};
