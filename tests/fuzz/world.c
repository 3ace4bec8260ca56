/*
 * The world of the targets that call core (world.h)
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

#define KIB( n )  ((uint64_t)(n) << 10)
#define MIB( n )  ((uint64_t)(n) << 20)

#define MAX_MANAGERS  64
#define REST_NS       (10 * 1000000000ull)  /* real time until core's threads must have come to rest */

struct world world;

static uint32_t next_seed;

/***********************************************************************
 * The GPU
 */

void world_init( void )
{
    setenv( "WINEKMT_LEDGER", "none", 0 );
    setenv( "WINEKMT_SYSTEM_MEMORY_SIZE", "6", 1 );     /* asked for once a process */
    setenv( "WINEKMT_TRIM_INTERVAL", "300", 1 );
    unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    unsetenv( "WINEKMT_VERIFIER" );
    if (!getenv( "WINEKMT_DEBUG" )) os_log_max = 0;     /* a failure of every call is no news here */
}

static void make_adapter( struct gpu_adapter *adapter, unsigned int index, uint8_t kind, uint8_t size )
{
    static const uint32_t counts[] = { 4096, 4096, 4096, 24, 6, 2 };
    uint64_t bytes = KIB( 512 ) << (size & 3);
    unsigned int i;

    if (kind & 1) fake_gpu_unified( adapter, index );
    else fake_gpu_default( adapter, index );
    for (i = 0; i < adapter->heap_count; i++) adapter->heaps[i].size = i == 1 ? bytes / 2 : bytes;
    if (!(kind & 1)) adapter->heaps[2].size = bytes << (size >> 2 & 1);
    adapter->max_memory_size = 1ull << 30;      /* the least that Vulkan allows (maxMemoryAllocationSize) */
    adapter->max_memory_count = counts[(size >> 4) % (sizeof(counts) / sizeof(counts[0]))];
    adapter->has_memory_budget = kind >> 1 & 1;
    adapter->has_host_import = !(kind & 4);
    if (kind & 1 && kind & 8) adapter->types[0].properties = GPU_MEMORY_DEVICE_LOCAL;   /* nothing that the CPU sees */
    for (i = 0; i < adapter->heap_count; i++)
        if (adapter->heaps[i].size > world.largest_heap) world.largest_heap = adapter->heaps[i].size;
}

void world_start( struct fuzz_cursor *cursor )
{
    static const char *const verifiers[] = { "always-discard", "never-discard", "always-decommit", "fail-commit" };
    uint8_t kind = fuzz_u8( cursor ), size = fuzz_u8( cursor ), limit = fuzz_u8( cursor ), verifier = fuzz_u8( cursor );
    struct gpu_adapter adapters[2];
    char text[16];

    memset( &world, 0, sizeof(world) );
    next_seed = 0;
    fake_gpu_reset();
    make_adapter( &adapters[0], 0, kind, size );
    make_adapter( &adapters[1], 1, kind >> 4, fuzz_u8( cursor ) );
    fake_gpu_set_adapters( adapters, kind >= 0xc0 ? 2 : 1 );
    if (limit < 0x40)
    {
        snprintf( text, sizeof(text), "%u", 1 + limit % 3 );
        setenv( "WINEKMT_VIDEO_MEMORY_SIZE", text, 1 );
    }
    else unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    if (verifier >= 0xe0) setenv( "WINEKMT_VERIFIER", verifiers[verifier & 3], 1 );
    else unsetenv( "WINEKMT_VERIFIER" );
}

void world_open( void )
{
    D3DKMT_ENUMADAPTERS adapters = { 0 };
    D3DKMT_CREATEDEVICE device = { 0 };
    D3DKMT_CREATEPAGINGQUEUE queue = { 0 };

    if (!kmt_EnumAdapters( &adapters ) && adapters.NumAdapters)
    {
        device.hAdapter = adapters.Adapters[0].hAdapter;
        if (!kmt_CreateDevice( &device ))
        {
            queue.hDevice = device.hDevice;
            kmt_CreatePagingQueue( &queue );
        }
    }
    world_note_objects();
}

/* Nothing of the system memory for content is still counted: all of it can be had. */
static void check_system_memory( void )
{
    static struct vidmm nobody;     /* has nothing that could be discarded for it */
    struct freed_memory freed;

    offer_lists_init( &nobody.offered_evicted );
    freed_memory_init( &freed, &nobody );
    kmt_lock();
    fuzz_check( system_memory_reserve_locked( &nobody, os_system_memory_limit(), &freed ), "system memory for content is still counted" );
    system_memory_unreserve_locked( os_system_memory_limit() );
    kmt_unlock();
}

void world_finish( void )
{
    struct fake_gpu_stats stats;

    kmt_shutdown();
    fuzz_check( !kmt_handles.live && !kmt_handles.chunks, "%u handles are left", kmt_handles.live );
    fake_gpu_get_stats( &stats );
    fuzz_check( !stats.live_memories && !stats.live_devices && !stats.live_maps && !stats.live_bytes,
                "left in the GPU: %llu memories, %llu devices, %llu mappings, %llu bytes", (unsigned long long)stats.live_memories,
                (unsigned long long)stats.live_devices, (unsigned long long)stats.live_maps, (unsigned long long)stats.live_bytes );
    fake_gpu_check_no_leaks();
    check_system_memory();
    fuzz_check( !world_live_pages(), "%lld bytes of system memory are left", (long long)world_live_pages() );
    fake_gpu_reset();
}

/***********************************************************************
 * Objects
 */

struct world_object *world_find( D3DKMT_HANDLE handle )
{
    unsigned int i;

    for (i = 0; i < world.count; i++) if (world.objects[i].handle == handle) return &world.objects[i];
    return NULL;
}

struct world_object *world_pick( enum object_type type, unsigned int n )
{
    unsigned int i, count = 0;

    for (i = 0; i < world.count; i++) count += world.objects[i].type == type;
    if (!count) return NULL;
    n %= count;
    for (i = 0; i < world.count; i++)
        if (world.objects[i].type == type && !n--) return &world.objects[i];
    return NULL;
}

static struct allocation *allocation_of( const struct object *object )
{
    return LIST_ENTRY( object, struct allocation, object );
}

/* Under the lock, for an allocation that harness and core both know. NULL: it is gone. */
static struct allocation *find_allocation_locked( const struct world_object *object )
{
    struct object *found = handle_lookup_locked( &kmt_handles, object->handle, OBJECT_ALLOCATION );

    return found ? allocation_of( found ) : NULL;
}

static void begin_object( struct world_object *known, const struct object *object )
{
    memset( known, 0, sizeof(*known) );
    known->handle = object->handle;
    known->type = object->type;
    if (object->type != OBJECT_ALLOCATION) return;
    known->size = allocation_of( object )->size;
    if (allocation_of( object )->backing == BACKING_BLOCK && !allocation_of( object )->allow_not_zeroed) known->content = KNOWN_ZERO;
}

static void end_object( const struct world_object *known )
{
    world.stale[world.stale_next] = known->handle;
    world.stale_next = (world.stale_next + 1) % WORLD_STALE;
    if (world.stale_count < WORLD_STALE) world.stale_count++;
}

void world_note_objects( void )
{
    static struct world_object now[WORLD_MAX_OBJECTS];
    unsigned int count = 0, old = 0, slot, left;
    uint32_t chunk, live;

    kmt_lock();
    for (chunk = 0, live = kmt_handles.live; live; chunk++)
    {
        fuzz_check( kmt_handles.chunks && chunk < kmt_handles.chunk_count, "%u handles too few in the table", live );
        if (!kmt_handles.chunks[chunk]) continue;
        for (slot = 0, left = kmt_handles.chunks[chunk]->live; left; slot++)
        {
            const struct object *object;

            fuzz_check( slot < CHUNK_SIZE && live, "%u objects too few in a chunk of the table", left );
            if (!(object = kmt_handles.chunks[chunk]->objects[slot])) continue;
            left--;
            live--;
            fuzz_check( handle_lookup_locked( &kmt_handles, object->handle, object->type ) == object, "%#x is not found by its handle",
                        object->handle );
            fuzz_check( count < WORLD_MAX_OBJECTS, "more than %u objects", WORLD_MAX_OBJECTS );
            while (old < world.count && handle_index( world.objects[old].handle ) < handle_index( object->handle ))
                end_object( &world.objects[old++] );
            if (old < world.count && world.objects[old].handle == object->handle) now[count] = world.objects[old++];
            else begin_object( &now[count], object );
            if (object->type == OBJECT_ALLOCATION && !allocation_of( object )->locks) now[count].locked = NULL;
            count++;
        }
    }
    kmt_unlock();
    while (old < world.count) end_object( &world.objects[old++] );
    memcpy( world.objects, now, count * sizeof(now[0]) );
    world.count = count;
}

/***********************************************************************
 * Content: a word every 4 KiB and the last one
 */

static uint32_t pattern_word( uint32_t seed, uint64_t offset )
{
    return (seed * 0x9e3779b1u + (uint32_t)offset) | 1;     /* never 0 */
}

static void write_pattern( char *data, uint64_t size, uint32_t seed )
{
    uint64_t offset;

    for (offset = 0; offset < size; offset += PAGE_SIZE) *(uint32_t *)(data + offset) = pattern_word( seed, offset );
    *(uint32_t *)(data + size - 4) = pattern_word( seed, size );
}

static void check_word( const struct world_object *object, const char *data, const char *where, uint64_t offset, uint32_t seeded )
{
    uint32_t expected = object->content == KNOWN_SEED ? seeded : 0, found = data ? *(const uint32_t *)(data + offset) : 0;

    fuzz_check( found == expected, "%#x, %llu bytes, %s: at %llu is %#x, written was %#x", object->handle, (unsigned long long)object->size,
                where, (unsigned long long)offset, found, expected );
}

/* data NULL: zeroes. */
static void check_content( const struct world_object *object, const char *data, const char *where )
{
    uint64_t offset;

    for (offset = 0; offset < object->size; offset += PAGE_SIZE)
        check_word( object, data, where, offset, pattern_word( object->seed, offset ) );
    check_word( object, data, where, object->size - 4, pattern_word( object->seed, object->size ) );
}

static void verify_locked( struct world_object *object )
{
    const struct allocation *allocation = find_allocation_locked( object );
    const char *data = NULL, *where = "never written";

    if (!allocation || object->content == KNOWN_NOT || allocation->busy || allocation->backing == BACKING_USER) return;
    /* What it was told, or will be told: the reclaim is where that is checked. */
    if (allocation->discarded || allocation->dead || allocation->device->vidmm->lost) return;
    if (allocation->content != CONTENT_ZERO)
    {
        where = allocation->evicted ? "in system memory" : "in the GPU";
        if (allocation->evicted) data = allocation->system_memory;
        else data = (const char *)fake_gpu_peek( allocation->block->memory ) + allocation->slot * block_slot_size( allocation->block );
    }
    check_content( object, data, where );
}

void world_verify( struct world_object *object )
{
    kmt_lock();
    verify_locked( object );
    kmt_unlock();
}

void world_verify_all( void )
{
    unsigned int i;

    kmt_lock();
    for (i = 0; i < world.count; i++) if (world.objects[i].type == OBJECT_ALLOCATION) verify_locked( &world.objects[i] );
    kmt_unlock();
}

void world_verify_locked( const struct world_object *object )
{
    if (object->content != KNOWN_NOT) check_content( object, object->locked, "locked" );
}

void world_write_locked( struct world_object *object )
{
    object->content = KNOWN_SEED;
    object->seed = ++next_seed;
    write_pattern( object->locked, object->size, object->seed );
}

void world_write_gpu( struct world_object *object )
{
    struct allocation *allocation;

    kmt_lock();
    /* What the program may let the GPU do: it is resident, and was not given away. */
    if ((allocation = find_allocation_locked( object )) && allocation->block && !allocation->evicted && !allocation->busy &&
        allocation->backing == BACKING_BLOCK && allocation->offer == NOT_OFFERED && !allocation->dead)
    {
        allocation->content = CONTENT_VALID;
        object->content = KNOWN_SEED;
        object->seed = ++next_seed;
        write_pattern( (char *)fake_gpu_peek( allocation->block->memory ) + allocation->slot * block_slot_size( allocation->block ),
                       object->size, object->seed );
    }
    kmt_unlock();
}

bool world_is_discarded( const struct world_object *object )
{
    const struct allocation *allocation;
    bool ret;

    kmt_lock();
    allocation = find_allocation_locked( object );
    ret = allocation && allocation->discarded;
    kmt_unlock();
    return ret;
}

/***********************************************************************
 * Checks
 */

/* Every manager that something belongs to. */
static unsigned int list_managers_locked( struct vidmm *managers[MAX_MANAGERS] )
{
    unsigned int count = 0, i, j;
    struct vidmm *vidmm = NULL;

    while ((vidmm = next_vidmm_locked( vidmm )) && count < MAX_MANAGERS) managers[count++] = vidmm;
    for (i = 0; i < world.count && count < MAX_MANAGERS; i++)
    {
        struct device *device = world.objects[i].type == OBJECT_DEVICE ? find_device_locked( world.objects[i].handle ) : NULL;

        if (!device) continue;
        for (j = 0; j < count; j++) if (managers[j] == device->vidmm) break;
        if (j == count) managers[count++] = device->vidmm;
    }
    return count;
}

/* Whether a thread of core's is in the middle of something, with the lock dropped. */
static bool is_at_work_locked( struct vidmm *vidmm )
{
    unsigned int i;

    if (vidmm->freeing || vidmm->querying_budget) return true;
    if (vidmm->worker_started && !vidmm->stopping && !vidmm->worker_wake.waiters) return true;
    if (vidmm->pager_started && !vidmm->stopping && !vidmm->pager_wake.waiters) return true;
    for (i = 0; i < PAGING_PRIORITIES; i++) if (!list_empty( &vidmm->jobs[i] )) return true;
    for (i = 0; i < world.count; i++)
    {
        const struct allocation *allocation = world.objects[i].type == OBJECT_ALLOCATION
                ? find_allocation_locked( &world.objects[i] ) : NULL;

        if (allocation && allocation->busy && allocation->device->vidmm == vidmm) return true;
    }
    return false;
}

void world_check( void )
{
    struct vidmm *managers[MAX_MANAGERS];
    unsigned int count, i;
    bool busy = false;

    kmt_lock();
    count = list_managers_locked( managers );
    for (i = 0; i < count; i++) if (is_at_work_locked( managers[i] )) busy = true;
    for (i = 0; i < count; i++) fuzz_check_manager_locked( managers[i], busy );
    if (!count) fuzz_check_manager_locked( NULL, busy );
    kmt_unlock();
}

void world_check_at_rest( void )
{
    uint64_t end = 0;
    struct vidmm *managers[MAX_MANAGERS];
    unsigned int count, i;
    struct timespec now;
    bool busy;

    for (;;)
    {
        kmt_lock();
        count = list_managers_locked( managers );
        for (i = 0, busy = false; i < count; i++) if (is_at_work_locked( managers[i] )) busy = true;
        for (i = 0; i < count && !busy; i++) fuzz_check_manager_locked( managers[i], false );
        kmt_unlock();
        if (!busy) break;
        clock_gettime( CLOCK_MONOTONIC, &now );
        if (!end) end = now.tv_sec * 1000000000ull + now.tv_nsec + REST_NS;
        fuzz_check( now.tv_sec * 1000000000ull + now.tv_nsec < end, "core's threads do not come to rest" );
        usleep( 20 );
    }
    world_verify_all();
}
