/*
 * Exhaustion: calls, and checks after them
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "exhaust.h"
#include "fake_gpu.h"
#include "gpu/vulkan_private.h"

/***********************************************************************
 * Looking inside
 */

static struct allocation *get_allocation( const struct world *world, const struct item *item )
{
    return get_allocation_locked( find_device_locked( world->devices[item->device].device ), item->handle );
}

static bool is_lost( const struct world *world, unsigned int device )
{
    bool ret = true;

    kmt_lock();
    if (world->devices[device].vidmm) ret = world->devices[device].vidmm->lost;
    kmt_unlock();
    return ret;
}

static bool is_removed( const struct world *world, unsigned int device )
{
    struct device *found;
    bool ret;

    kmt_lock();
    found = find_device_locked( world->devices[device].device );
    ret = !found || device_is_removed( found );
    kmt_unlock();
    return ret;
}

bool world_is_hung( struct world *world )
{
    unsigned int i;
    bool ret = false;

    for (i = 0; i < MAX_DEVICES; i++)
        if (world->devices[i].vidmm) ret |= atomic_load( &world->devices[i].vidmm->device->hung );
    return ret;
}

/* What tests/unit/invariants.c compares the manager's sums with. The staging memory of the Vulkan half is not the manager's. */
void fake_gpu_get_stats( struct fake_gpu_stats *stats )
{
    const struct vidmm *vidmm;
    unsigned int i;

    memset( stats, 0, sizeof(*stats) );
    stats->live_devices = fault_load_counter( &control->live[FAULT_OBJECT_Device] );
    stats->live_memories = fault_load_counter( &control->live[FAULT_OBJECT_DeviceMemory] );
    for (i = 0; i < FAULT_HEAPS; i++) stats->heap_bytes[i] = fault_load_counter( &control->heap_used[i] );
    if (!(vidmm = next_vidmm_locked( NULL )) || next_vidmm_locked( vidmm ))
    {
        stats->live_devices = 0;    /* no comparison */
        return;
    }
    /* A hanging GPU keeps what the manager has freed. */
    if (atomic_load( &vidmm->device->hung )) stats->live_devices = 0;
    if (vidmm->device->staging.memory)
    {
        stats->live_memories--;
        stats->heap_bytes[vidmm->info->types[vidmm->device->staging.memory->type].heap] -= vidmm->device->staging.memory->size;
    }
}

/* The bytes, wherever they are; NULL: zero, and nowhere. */
static char *find_content( const struct allocation *allocation )
{
    char *view;

    if (allocation->backing == BACKING_USER) return allocation->user_memory;
    if (allocation->content == CONTENT_ZERO) return NULL;
    if (allocation->evicted) return allocation->system_memory;
    view = peek_memory( (uint64_t)allocation->block->memory->handle );
    return view ? view + allocation->slot * block_slot_size( allocation->block ) : NULL;
}

static uint32_t pattern_word( uint32_t seed, uint64_t offset )
{
    return (seed * 0x9e3779b1u + (uint32_t)offset) | 1;     /* never 0 */
}

static void pattern_write( void *data, uint64_t size, uint32_t seed )
{
    uint64_t offset;

    for (offset = 0; offset < size; offset += 512) *(uint32_t *)((char *)data + offset) = pattern_word( seed, offset );
    *(uint32_t *)((char *)data + size - 4) = pattern_word( seed, size );
}

static bool content_is( const void *data, const struct item *item, uint32_t seed )
{
    uint64_t offset;

    if (item->expected == ANYTHING) return true;
    if (item->expected == ZEROES)
    {
        for (offset = 0; data && offset < item->size; offset += 512) if (*(const uint64_t *)((const char *)data + offset)) return false;
        return true;
    }
    if (!data) return false;
    for (offset = 0; offset < item->size; offset += 512)
        if (*(const uint32_t *)((const char *)data + offset) != pattern_word( seed, offset )) return false;
    return *(const uint32_t *)((const char *)data + item->size - 4) == pattern_word( seed, item->size );
}

/***********************************************************************
 * Answers
 */

void world_check_status( struct world *world, unsigned int device, NTSTATUS status, bool no_video_memory, bool may_fail, const char *call )
{
    if (!status) return;
    if (world->strict && !may_fail) ok( false, "%s: %#x, though nothing fails\n", call, (unsigned int)status );
    else if (status == STATUS_DEVICE_REMOVED) ok( is_removed( world, device ), "%s: DEVICE_REMOVED, and the device is not\n", call );
    else ok( status == STATUS_NO_MEMORY || (no_video_memory && status == STATUS_GRAPHICS_NO_VIDEO_MEMORY), "%s: %#x\n", call, (unsigned int)status );
}

bool world_open( struct world *world, unsigned int device )
{
    D3DKMT_ADAPTERINFO info = { 0 };
    D3DKMT_ENUMADAPTERS2 enumerate = { 1, &info };
    D3DKMT_CREATEDEVICE create = { 0 };
    D3DKMT_CREATEPAGINGQUEUE queue = { 0 };
    NTSTATUS status;

    memset( &world->devices[device], 0, sizeof(world->devices[device]) );
    status = kmt_EnumAdapters2( &enumerate );
    ok( !status || (!world->strict && (status == STATUS_NO_MEMORY || status == STATUS_DEVICE_REMOVED)), "EnumAdapters2: %#x\n", (unsigned int)status );
    if (status || !enumerate.NumAdapters)
    {
        ok( !world->strict, "no adapter\n" );
        return false;
    }
    world->devices[device].adapter = create.hAdapter = info.hAdapter;
    world->devices[device].luid = info.AdapterLuid;
    status = kmt_CreateDevice( &create );
    ok( !status || (!world->strict && (status == STATUS_NO_MEMORY || status == STATUS_DEVICE_REMOVED)), "CreateDevice: %#x\n", (unsigned int)status );
    if (status) return false;
    world->devices[device].device = queue.hDevice = create.hDevice;
    kmt_lock();
    world->devices[device].vidmm = find_device_locked( create.hDevice )->vidmm;
    kmt_unlock();
    status = kmt_CreatePagingQueue( &queue );
    world_check_status( world, device, status, false, false, "CreatePagingQueue" );
    if (status) return false;
    world->devices[device].queue = queue.hPagingQueue;
    world->devices[device].fence = queue.FenceValueCPUVirtualAddress;
    return true;
}

static struct item *new_item( struct world *world, unsigned int device, uint64_t size, unsigned int *number )
{
    struct item *item;

    if (world->count == MAX_ITEMS) abort();
    *number = world->count++;
    item = &world->items[*number];
    memset( item, 0, sizeof(*item) );
    item->device = device;
    item->size = size;
    return item;
}

unsigned int world_create( struct world *world, unsigned int device, uint64_t size, uint8_t cpu_access, uint8_t segments, bool may_fail )
{
    struct winekmt_allocation_data data = { .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = size, .cpu_access = cpu_access,
                                            .segments = segments };
    D3DDDI_ALLOCATIONINFO2 info = { 0 };
    D3DKMT_CREATEALLOCATION create = { 0 };
    struct item *item;
    unsigned int number;
    NTSTATUS status;

    item = new_item( world, device, size, &number );
    item->cpu_access = cpu_access;
    info.pPrivateDriverData = &data;
    info.PrivateDriverDataSize = sizeof(data);
    create.hDevice = world->devices[device].device;
    create.NumAllocations = 1;
    create.pAllocationInfo2 = &info;
    status = kmt_CreateAllocation2( &create );
    world_check_status( world, device, status, true, may_fail, "CreateAllocation2" );
    ok( !status == !!info.hAllocation, "CreateAllocation2: %#x and handle %#x\n", (unsigned int)status, info.hAllocation );
    if (status) return number;
    item->handle = info.hAllocation;
    item->expected = ZEROES;
    return number;
}

unsigned int world_import( struct world *world, unsigned int device, void *memory, uint64_t size )
{
    D3DKMT_CREATESTANDARDALLOCATION standard = { .Type = D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP };
    D3DDDI_ALLOCATIONINFO2 info = { .pSystemMem = memory };
    D3DKMT_CREATEALLOCATION create = { 0 };
    struct item *item;
    unsigned int number;
    NTSTATUS status;

    item = new_item( world, device, size, &number );
    standard.ExistingHeapData.Size = size;
    create.hDevice = world->devices[device].device;
    create.pStandardAllocation = &standard;
    create.NumAllocations = 1;
    create.pAllocationInfo2 = &info;
    create.Flags.ExistingSysMem = create.Flags.StandardAllocation = 1;
    status = kmt_CreateAllocation2( &create );
    world_check_status( world, device, status, false, false, "CreateAllocation2 of an existing heap" );
    if (status) return number;
    item->handle = info.hAllocation;
    item->user = memory;
    item->cpu_access = WINEKMT_CPU_ACCESS_CACHED;
    return number;
}

static NTSTATUS lock_item( struct world *world, const struct item *item, void **data )
{
    D3DKMT_LOCK2 lock = { 0 };
    NTSTATUS status;

    lock.hDevice = world->devices[item->device].device;
    lock.hAllocation = item->handle;
    status = kmt_Lock2( &lock );
    *data = lock.pData;
    /* Pages that cannot be imported: the program's mistake, or so it seems. */
    if (status == STATUS_INVALID_PARAMETER && item->user && !world->strict) return status;
    world_check_status( world, item->device, status, false, false, "Lock2" );
    return status;
}

static void unlock_item( struct world *world, const struct item *item )
{
    D3DKMT_UNLOCK2 unlock = { 0 };
    NTSTATUS status;

    unlock.hDevice = world->devices[item->device].device;
    unlock.hAllocation = item->handle;
    status = kmt_Unlock2( &unlock );
    ok( !status, "Unlock2: %#x\n", (unsigned int)status );
}

/* By a lock, or as a GPU does it. */
void world_write( struct world *world, unsigned int number )
{
    struct item *item = &world->items[number];
    struct allocation *allocation;
    void *data;

    if (!item->handle) return;
    if (item->cpu_access)
    {
        if (lock_item( world, item, &data )) return;
        pattern_write( data, item->size, number );
        item->expected = PATTERN;
        unlock_item( world, item );
        return;
    }
    kmt_lock();
    while ((allocation = get_allocation( world, item ))->busy) kmt_wait_locked( UINT64_MAX );
    if (allocation->block && !allocation->evicted && !allocation->device->vidmm->lost)
    {
        allocation->content = CONTENT_VALID;    /* as what follows from submissions of a GPU will do */
        pattern_write( find_content( allocation ), item->size, number );
        item->expected = PATTERN;
    }
    kmt_unlock();
}

void world_fill( struct world *world, unsigned int device, unsigned int count, uint64_t size, uint8_t cpu_access )
{
    while (count--) world_write( world, world_create( world, device, size, cpu_access, 0, false ) );
}

void world_read( struct world *world, unsigned int number )
{
    struct item *item = &world->items[number];
    unsigned int tries;
    void *data;

    if (!item->handle || !item->cpu_access || item->offered) return;
    for (tries = 0; tries < 2; tries++)
    {
        if (lock_item( world, item, &data )) continue;
        ok( content_is( data, item, number ), "item %u: a lock shows another content\n", number );
        unlock_item( world, item );
        return;
    }
}

/***********************************************************************
 * Lists
 */

void world_destroy( struct world *world, unsigned int first, unsigned int count, unsigned int step )
{
    D3DKMT_DESTROYALLOCATION2 destroy = { 0 };
    unsigned int i;
    NTSTATUS status;

    for (i = first; i < first + count && i < world->count; i += step)
    {
        struct item *item = &world->items[i];

        if (!item->handle) continue;
        destroy.hDevice = world->devices[item->device].device;
        destroy.phAllocationList = &item->handle;
        destroy.AllocationCount = 1;
        destroy.Flags.SynchronousDestroy = i % 2;
        status = kmt_DestroyAllocation2( &destroy );
        ok( !status, "DestroyAllocation2: %#x\n", (unsigned int)status );   /* works whatever happened */
        memset( item, 0, sizeof(*item) );
    }
}

void world_offer( struct world *world, unsigned int first, unsigned int count, unsigned int step, D3DKMT_OFFER_PRIORITY priority, bool decommit )
{
    unsigned int i;

    for (i = first; i < first + count && i < world->count; i += step)
    {
        struct item *item = &world->items[i];
        D3DKMT_OFFERALLOCATIONS offer = { 0 };
        NTSTATUS status;

        if (!item->handle) continue;
        offer.hDevice = world->devices[item->device].device;
        offer.HandleList = &item->handle;
        offer.NumAllocations = 1;
        offer.Priority = priority;
        offer.Flags.AllowDecommit = decommit;
        status = kmt_OfferAllocations( &offer );
        ok( !status || (!world->strict && status == STATUS_DEVICE_REMOVED && is_removed( world, item->device )), "OfferAllocations: %#x\n",
            (unsigned int)status );
        if (!status) item->offered = true;
    }
}

/* The end of what a call on a queue left to the pager. */
static void wait_for_fence( struct world *world, unsigned int device, uint64_t value )
{
    uint64_t deadline = os_time_ns() + 30 * 1000000000ull;

    while (__atomic_load_n( world->devices[device].fence, __ATOMIC_ACQUIRE ) < value && os_time_ns() < deadline) usleep( 50 );
    ok( __atomic_load_n( world->devices[device].fence, __ATOMIC_ACQUIRE ) >= value, "the fence does not reach %llu\n", (unsigned long long)value );
}

static void reclaim_on( struct world *world, unsigned int device )
{
    D3DKMT_RECLAIMALLOCATIONS2 reclaim = { 0 };
    D3DDDI_RECLAIM_RESULT results[MAX_ITEMS];
    D3DKMT_HANDLE list[MAX_ITEMS];
    unsigned int i, tries, count = 0, numbers[MAX_ITEMS];
    NTSTATUS status;

    for (i = 0; i < world->count; i++)
    {
        if (!world->items[i].handle || !world->items[i].offered || world->items[i].device != device) continue;
        numbers[count] = i;
        list[count++] = world->items[i].handle;
    }
    if (!count) return;
    for (tries = 0; tries < 2; tries++)
    {
        memset( results, 0xcc, sizeof(results) );
        reclaim.hPagingQueue = world->devices[device].queue;
        reclaim.HandleList = list;
        reclaim.NumAllocations = count;
        reclaim.pResults = results;
        reclaim.PagingFenceValue = 0;
        status = kmt_ReclaimAllocations2( &reclaim );
        if (status != STATUS_PENDING) world_check_status( world, device, status, true, false, "ReclaimAllocations2" );
        if (!status || status == STATUS_PENDING) break;
        for (i = 0; i < count; i++) ok( (unsigned int)results[i] == 0xcccccccc, "a result after a failure\n" );
        if (is_removed( world, device )) return;
        kmt_lock();
        for (i = 0; i < count; i++)
            ok( get_allocation( world, &world->items[numbers[i]] )->offer != NOT_OFFERED, "item %u is not offered any more\n", numbers[i] );
        kmt_unlock();
    }
    if (status && status != STATUS_PENDING) return;
    if (reclaim.PagingFenceValue) wait_for_fence( world, device, reclaim.PagingFenceValue );
    for (i = 0; i < count; i++)
    {
        struct item *item = &world->items[numbers[i]];

        item->offered = false;
        if (results[i] == D3DDDI_RECLAIM_RESULT_DISCARDED) item->expected = ZEROES;
        else ok( results[i] == D3DDDI_RECLAIM_RESULT_OK, "item %u: result %u\n", numbers[i], results[i] );
    }
}

void world_reclaim( struct world *world )
{
    unsigned int i;

    for (i = 0; i < MAX_DEVICES; i++) if (world->devices[i].queue) reclaim_on( world, i );
}

unsigned int world_make_resident( struct world *world, const unsigned int *numbers, unsigned int count, unsigned int flags, bool may_fail )
{
    D3DDDI_MAKERESIDENT make = { 0 };
    D3DKMT_HANDLE list[MAX_ITEMS];
    unsigned int i, tries, device, found = 0;
    NTSTATUS status;

    for (i = 0; i < count; i++) if (world->items[numbers[i]].handle) list[found++] = world->items[numbers[i]].handle;
    if (!found) return 0;
    device = world->items[numbers[0]].device;
    for (tries = 0; tries < 2; tries++)
    {
        make.hPagingQueue = world->devices[device].queue;
        make.AllocationList = list;
        make.NumAllocations = found;
        make.Flags.Value = flags;
        make.PagingFenceValue = make.NumBytesToTrim = 0;
        status = kmt_MakeResident( &make );
        if (!status || status == STATUS_PENDING) break;
        world_check_status( world, device, status, false, may_fail, "MakeResident" );
        if (status == STATUS_NO_MEMORY)
            ok( !make.NumAllocations && make.NumBytesToTrim, "NumAllocations %u, NumBytesToTrim %llu\n", make.NumAllocations,
                (unsigned long long)make.NumBytesToTrim );
        if (is_removed( world, device )) return 0;
    }
    if (status && status != STATUS_PENDING) return 0;
    ok( make.NumAllocations == found, "NumAllocations %u of %u\n", make.NumAllocations, found );
    if (status == STATUS_PENDING) wait_for_fence( world, device, make.PagingFenceValue );
    for (i = 0; i < count; i++)
    {
        struct item *item = &world->items[numbers[i]];

        if (!item->handle) continue;
        item->held++;
        if (is_removed( world, device ) || item->offered || item->user) continue;
        kmt_lock();
        ok( !get_allocation( world, item )->evicted, "item %u is not resident\n", numbers[i] );
        kmt_unlock();
    }
    return found;
}

void world_evict( struct world *world, bool only_if_necessary )
{
    unsigned int i;

    for (i = 0; i < world->count; i++)
    {
        struct item *item = &world->items[i];
        D3DKMT_EVICT evict = { 0 };
        NTSTATUS status;

        for (; item->handle && item->held; item->held--)
        {
            evict.hDevice = world->devices[item->device].device;
            evict.AllocationList = &item->handle;
            evict.NumAllocations = 1;
            evict.Flags.EvictOnlyIfNecessary = only_if_necessary;
            status = kmt_Evict( &evict );
            ok( !status || (!world->strict && status == STATUS_DEVICE_REMOVED && is_removed( world, item->device )), "Evict: %#x\n",
                (unsigned int)status );
        }
    }
}

unsigned int world_find_evicted( struct world *world, unsigned int device, unsigned int numbers[], unsigned int most )
{
    unsigned int i, count = 0;

    kmt_lock();
    for (i = 0; i < world->count && count < most; i++)
    {
        const struct item *item = &world->items[i];
        const struct allocation *allocation;

        if (!item->handle || item->device != device || item->offered || !(allocation = get_allocation( world, item ))) continue;
        if (allocation->evicted) numbers[count++] = i;
    }
    kmt_unlock();
    return count;
}

/***********************************************************************
 * Checks
 */

static bool is_at_rest_locked( const struct world *world, const struct vidmm *vidmm )
{
    const struct allocation *allocation;
    unsigned int i;

    for (i = 0; i < PAGING_PRIORITIES; i++) if (!list_empty( &vidmm->jobs[i] )) return false;
    if (vidmm->pager_started && !vidmm->pager_idle) return false;
    if (vidmm->freeing || (vidmm->worker_started && vidmm->worker_kicked) || vidmm->querying_budget) return false;
    for (i = 0; i < world->count; i++)
        if (world->items[i].handle && (allocation = get_allocation( world, &world->items[i] )) && allocation->busy) return false;
    return true;
}

static void wait_for_rest( const struct world *world, const struct vidmm *vidmm )
{
    uint64_t deadline = os_time_ns() + 30 * 1000000000ull;
    bool rest;

    for (;;)
    {
        kmt_lock();
        rest = is_at_rest_locked( world, vidmm );
        kmt_unlock();
        if (rest || os_time_ns() > deadline) break;
        usleep( 100 );
    }
    ok( rest, "it does not come to rest\n" );
}

/* The Vulkan half's count of memory objects, which limits them. */
static void check_memory_count( const struct world *world, const struct vidmm *vidmm )
{
    unsigned int memories, counted;

    kmt_lock();
    memories = vidmm->memories;
    counted = atomic_load( &vidmm->device->memory_count );
    if (!is_at_rest_locked( world, vidmm ) || atomic_load( &vidmm->device->hung )) counted = memories;
    kmt_unlock();
    ok( counted == memories, "%u memory objects, %u counted\n", memories, counted );
}

void world_check( struct world *world )
{
    unsigned int i;

    for (i = 0; i < MAX_DEVICES; i++)
    {
        if (!world->devices[i].vidmm) continue;
        wait_for_rest( world, world->devices[i].vidmm );
        check_invariants( world->devices[i].vidmm, __FILE__, __LINE__ );
        check_memory_count( world, world->devices[i].vidmm );
    }
    if (!world->devices[0].vidmm) check_invariants( NULL, __FILE__, __LINE__ );
    for (i = 0; i < world->count; i++)
    {
        struct item *item = &world->items[i];
        struct allocation *allocation;
        const char *where = NULL;

        if (!item->handle || is_lost( world, item->device )) continue;
        kmt_lock();
        if (!(allocation = get_allocation( world, item ))) where = "is gone";
        else if (allocation->busy) {}       /* the worker is at it again */
        else if (allocation->discarded)
        {
            if (!item->offered) where = "is discarded";
        }
        else if (!content_is( find_content( allocation ), item, i )) where = allocation->evicted ? "has lost its content in system memory" : "has lost its content";
        kmt_unlock();
        ok( !where, "item %u of %llu bytes %s\n", i, (unsigned long long)item->size, where );
    }
}

void world_check_recovery( struct world *world )
{
    struct world other = { .strict = true };
    unsigned int i, number;

    for (i = 0; i < MAX_DEVICES; i++)
    {
        unsigned int j;

        if (world->devices[i].device && is_removed( world, i ))
        {
            /* As a program does; until then a lost one keeps its memory. */
            D3DKMT_DESTROYDEVICE destroy = { world->devices[i].device };

            ok( !kmt_DestroyDevice( &destroy ), "DestroyDevice\n" );
            memset( &world->devices[i], 0, sizeof(world->devices[i]) );
            for (j = 0; j < world->count; j++) if (world->items[j].device == i) world->items[j].handle = 0;
        }
        if (!world->devices[i].queue) continue;
        /* Still the same device: everything that it has can be read, and there is room for more. */
        world->strict = true;
        world_reclaim( world );
        for (j = 0; j < world->count; j++) if (world->items[j].device == i) world_read( world, j );
        number = world_create( world, i, KIB( 64 ), WINEKMT_CPU_ACCESS_CACHED, 0, false );
        world_write( world, number );
        world_read( world, number );
        world->strict = false;
    }
    world_check( world );
    /* Where there was no GPU it is not asked for again within a second (vulkan.c). That second is over. */
    pthread_mutex_lock( &vulkan.mutex );
    vulkan.retry_time = 0;
    pthread_mutex_unlock( &vulkan.mutex );
    if (!world_open( &other, 0 )) return;
    number = world_create( &other, 0, KIB( 64 ), WINEKMT_CPU_ACCESS_CACHED, 0, false );
    world_write( &other, number );
    world_read( &other, number );
    world_destroy( &other, 0, 1, 1 );
}
