/*
 * The video memory manager: its life, budgets, and placing allocations
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "winekmt.h"
#include "core/vidmm.h"

enum offer_level auto_offer_level( uint32_t residency_priority )
{
    if (residency_priority < D3DDDI_ALLOCATIONPRIORITY_NORMAL) return OFFER_LOW;
    if (residency_priority < D3DDDI_ALLOCATIONPRIORITY_HIGH) return OFFER_NORMAL;
    return OFFER_HIGH;
}

/* How well a memory type suits a way of CPU access; 0: not at all. */
static unsigned int rate_type( const struct gpu_memory_type *type, unsigned int cpu_access )
{
    bool visible = type->properties & GPU_MEMORY_HOST_VISIBLE, cached = type->properties & GPU_MEMORY_HOST_CACHED;

    if (type->properties == GPU_MEMORY_UNUSABLE) return 0;
    switch (cpu_access)
    {
    case WINEKMT_CPU_ACCESS_NONE:           return visible ? 1 : 2;
    case WINEKMT_CPU_ACCESS_CACHED:         return visible ? cached ? 2 : 1 : 0;
    case WINEKMT_CPU_ACCESS_WRITE_COMBINED: return visible ? cached ? 1 : 2 : 0;
    }
    return 0;
}

static void init_type_order( struct vidmm *vidmm, unsigned int cpu_access, unsigned int group )
{
    struct type_order *order = &vidmm->orders[cpu_access][group];
    const struct gpu_adapter *info = vidmm->info;
    unsigned int rating, i, j;

    for (rating = 2; rating; rating--)
        for (i = 0; i < info->type_count; i++)
        {
            if (vidmm->heaps[info->types[i].heap].local != (group == GROUP_LOCAL)) continue;
            if (rate_type( &info->types[i], cpu_access ) != rating) continue;
            /* Drivers list the same kind of memory several times, for images that we do not make. */
            for (j = 0; j < order->count; j++)
                if (!memcmp( &info->types[order->types[j]], &info->types[i], sizeof(info->types[i]) )) break;
            if (j == order->count) order->types[order->count++] = i;
        }
}

NTSTATUS vidmm_create( struct kmt_gpu *gpu, uint64_t limit, struct vidmm **ret )
{
    struct vidmm *vidmm = calloc( 1, sizeof(*vidmm) );
    enum gpu_result result;
    unsigned int i, level;

    if (!vidmm) return STATUS_NO_MEMORY;
    if ((result = gpu_open_device( gpu->info.device_uuid, &vidmm->device )))
    {
        WARN( "the GPU %s cannot be opened (%d)", gpu->info.name, result );
        free( vidmm );
        return result == GPU_OUT_OF_HOST_MEMORY ? STATUS_NO_MEMORY : STATUS_DEVICE_REMOVED;
    }
    vidmm->refs = 1;
    vidmm->gpu = gpu;
    gpu_get_device_adapter( vidmm->device, &vidmm->device_info );
    vidmm->info = &vidmm->device_info;
    list_init( &vidmm->entry );
    list_init( &vidmm->empty );
    kmt_init_condition( &vidmm->worker_wake );
    verifier_parse( getenv( "WINEKMT_VERIFIER" ), &vidmm->verifier );
    for (i = 0; i < vidmm->info->heap_count; i++)
    {
        struct vidmm_heap *heap = &vidmm->heaps[i];

        heap->size = vidmm->info->heaps[i].size;
        heap->local = vidmm->info->heaps[i].local;
        heap->limit = heap->size - heap_headroom( heap->size );
        for (level = 0; level < OFFER_LEVELS; level++) list_init( &heap->offered[level] );
    }
    vidmm->groups[GROUP_LOCAL].limit = limit;
    vidmm->groups[GROUP_NON_LOCAL].limit = UINT64_MAX;
    for (i = 0; i <= WINEKMT_CPU_ACCESS_WRITE_COMBINED; i++)
    {
        init_type_order( vidmm, i, GROUP_LOCAL );
        init_type_order( vidmm, i, GROUP_NON_LOCAL );
    }
    *ret = vidmm;
    return STATUS_SUCCESS;
}

void vidmm_release_locked( struct vidmm *vidmm )
{
    struct freed_memory freed;
    unsigned int i;

    if (--vidmm->refs) return;
    worker_stop_locked( vidmm );
    freed_memory_init( &freed, vidmm );
    while (!list_empty( &vidmm->empty ))
        block_retire_locked( vidmm, LIST_ENTRY( list_head( &vidmm->empty ), struct vidmm_block, empty_entry ), &freed );
    freed_memory_flush_locked( &freed );
    assert( !vidmm->memories && !vidmm->offered );
    kmt_unlock();
    gpu_close_device( vidmm->device );
    pthread_cond_destroy( &vidmm->worker_wake );
    for (i = 0; i < sizeof(vidmm->pools) / sizeof(vidmm->pools[0][0][0]); i++) free( (&vidmm->pools[0][0][0])[i] );
    free( vidmm );
    kmt_lock();
}

void vidmm_lose_locked( struct vidmm *vidmm )
{
    if (vidmm->lost) return;
    ERR( "the GPU %s was lost; its devices are removed", vidmm->gpu->info.name );
    vidmm->lost = true;
    if (vidmm->gpu->vidmm == vidmm)     /* the next device starts afresh */
    {
        vidmm->gpu->vidmm = NULL;
        vidmm->gpu->losses++;
        list_add_tail( &vidmm->gpu->lost, &vidmm->entry );
    }
    kmt_wake_locked();
}

void vidmm_reap_locked( struct kmt_gpu *gpu )
{
    struct list *cursor = gpu->lost.next;

    while (cursor != &gpu->lost)
    {
        struct vidmm *vidmm = LIST_ENTRY( cursor, struct vidmm, entry );

        cursor = cursor->next;
        if (vidmm->refs > 1) continue;
        list_remove( &vidmm->entry );
        vidmm_release_locked( vidmm );
        cursor = gpu->lost.next;        /* the lock was dropped */
    }
}

uint64_t heap_headroom( uint64_t size )
{
    return size / 16 < MAX_HEADROOM ? size / 16 : MAX_HEADROOM;
}

void vidmm_refresh_budget_locked( struct vidmm *vidmm, uint64_t max_age )
{
    uint64_t budget[GPU_MAX_HEAPS], usage[GPU_MAX_HEAPS], before[GPU_MAX_HEAPS];
    unsigned int i;
    bool known;

    if (!vidmm->info->has_memory_budget) return;
    while (vidmm->querying_budget && !vidmm->budget_time) kmt_wait_locked( UINT64_MAX );    /* the first answer */
    if (vidmm->querying_budget) return;
    if (vidmm->budget_time && os_time_ns() - vidmm->budget_time < max_age) return;

    vidmm->querying_budget = true;
    for (i = 0; i < vidmm->info->heap_count; i++) before[i] = vidmm->heaps[i].used;
    kmt_unlock();
    known = gpu_query_budget( vidmm->device, budget, usage );
    kmt_lock();
    vidmm->querying_budget = false;
    vidmm->budget_time = os_time_ns();
    kmt_wake_locked();
    if (!known) return;

    for (i = 0; i < vidmm->info->heap_count; i++)
    {
        struct vidmm_heap *heap = &vidmm->heaps[i];
        /* Other Vulkan devices of this process, winevulkan's say, use the same budget. Our own part we know better. */
        uint64_t own = heap->used > before[i] ? heap->used : before[i];     /* it may have changed since Vulkan looked */
        uint64_t others = usage[i] > own ? usage[i] - own : 0;
        uint64_t ours = budget[i] > others ? budget[i] - others : 0;
        uint64_t most = heap->size - heap_headroom( heap->size );

        heap->limit = ours < most ? ours : most;
    }
}

uint64_t vidmm_group_budget_locked( const struct vidmm *vidmm, unsigned int group )
{
    uint64_t sum = 0;
    unsigned int i;

    for (i = 0; i < vidmm->info->heap_count; i++)
        if (vidmm->heaps[i].local == (group == GROUP_LOCAL)) sum += vidmm->heaps[i].limit;
    return sum < vidmm->groups[group].limit ? sum : vidmm->groups[group].limit;
}

/* The smallest block of a pool that is worth a memory object, and the next one below size. */
static uint64_t least_block_size( const struct vidmm_pool *pool )
{
    return pool->slot_size < MIN_BLOCK_SIZE ? MIN_BLOCK_SIZE - MIN_BLOCK_SIZE % pool->slot_size : pool->slot_size;
}

static uint64_t smaller_block_size( const struct vidmm_pool *pool, uint64_t size )
{
    uint64_t least = least_block_size( pool );

    size /= 2;
    size -= size % pool->slot_size;
    return size > least ? size : least;
}

/* Allocates a block, making room for it if that is needed. The lock is dropped. The caller looks whether the memory that it
 * wanted a block for has turned up meanwhile.
 * STATUS_SUCCESS: *block, unless pool has got a free slot otherwise. */
static NTSTATUS add_block_locked( struct vidmm *vidmm, struct vidmm_pool *pool, uint32_t type, uint64_t size,
                                  bool over_budget, struct vidmm_block **block )
{
    struct vidmm_heap *heap = type_heap( vidmm, type );
    struct vidmm_group *group = heap_group( vidmm, heap );
    struct gpu_memory *memory;
    enum gpu_result result;

    *block = NULL;
    vidmm_refresh_budget_locked( vidmm, BUDGET_AGE_NS );
    /* What nothing can make room for costs nobody the content. */
    if (!pool && !over_budget && !vidmm->lost && !can_make_room_locked( vidmm, heap, size )) return STATUS_GRAPHICS_NO_VIDEO_MEMORY;
    for (;;)
    {
        struct shortage shortage = budget_shortage_locked( vidmm, heap, size );

        if (vidmm->lost) return STATUS_DEVICE_REMOVED;
        if (pool && pool->free_slots) return STATUS_SUCCESS;
        if (shortage.bytes)
        {
            if (make_room_locked( vidmm, &shortage, pool )) continue;
            if (!over_budget) return STATUS_GRAPHICS_NO_VIDEO_MEMORY;
        }

        heap->used += size;
        group->used += size;
        vidmm->memories++;
        kmt_unlock();
        result = gpu_allocate_memory( vidmm->device, type, size, &memory );
        kmt_lock();
        if (!result && (*block = block_create_locked( vidmm, pool, type, size, memory ))) return STATUS_SUCCESS;
        if (!result)
        {
            vidmm->freeing++;
            kmt_unlock();
            gpu_free_memory( vidmm->device, memory );
            kmt_lock();
            vidmm->freeing--;
            kmt_wake_locked();
            result = GPU_OUT_OF_HOST_MEMORY;
        }
        heap->used -= size;
        group->used -= size;
        vidmm->memories--;

        switch (result)
        {
        case GPU_OUT_OF_DEVICE_MEMORY:  /* Vulkan knows better than the budget */
            if (pool && size > least_block_size( pool ))    /* one slot is all that is needed */
            {
                size = smaller_block_size( pool, size );
                break;
            }
            shortage = (struct shortage){ .heap = heap, .local = heap->local, .bytes = size };
            if (!make_room_locked( vidmm, &shortage, pool )) return STATUS_GRAPHICS_NO_VIDEO_MEMORY;
            break;
        case GPU_OUT_OF_HOST_MEMORY:
            return STATUS_NO_MEMORY;
        case GPU_DEVICE_LOST:
            vidmm_lose_locked( vidmm );
            return STATUS_DEVICE_REMOVED;
        default:
            WARN( "allocating %llu bytes of type %u failed (%d)", (unsigned long long)size, type, result );
            return STATUS_GRAPHICS_NO_VIDEO_MEMORY;
        }
    }
}

/* Memory objects are limited too, to 4096 by many drivers. As they get scarce, larger allocations share blocks. */
static uint64_t own_block_size_locked( const struct vidmm *vidmm )
{
    uint32_t limit = vidmm->info->max_memory_count;

    if (vidmm->memories < limit / 2) return OWN_BLOCK_SIZE;
    if (vidmm->memories < limit / 4 * 3) return 8 * OWN_BLOCK_SIZE;
    return MAX_SLOT_SIZE;
}

/* How large a pool's next block should be: growing with the pool, but rather small than at the cost of what is offered. */
static uint64_t next_block_size_locked( struct vidmm *vidmm, const struct vidmm_pool *pool )
{
    const struct vidmm_heap *heap = type_heap( vidmm, pool->type );
    uint64_t least = least_block_size( pool ), size = pool->bytes / 16;
    /* One object for one slot is good enough only as long as there are plenty of objects. */
    unsigned int slots = own_block_size_locked( vidmm ) == OWN_BLOCK_SIZE ? 1 : 8;

    if (size < slots * pool->slot_size) size = slots * pool->slot_size;
    if (size < MIN_BLOCK_SIZE * 4) size = MIN_BLOCK_SIZE * 4;
    if (size > MAX_SHARED_BLOCK_SIZE) size = MAX_SHARED_BLOCK_SIZE;
    if (size > MAX_SLOTS * pool->slot_size) size = MAX_SLOTS * pool->slot_size;
    if (size > vidmm->info->max_memory_size) size = vidmm->info->max_memory_size;
    size -= size % pool->slot_size;
    /* Empty blocks are as good as free memory here: they go first when room has to be made. */
    while (size > least && budget_shortage_locked( vidmm, heap, size ).bytes > heap->empty_bytes)
        size = smaller_block_size( pool, size );
    return size > least ? size : least;
}

static NTSTATUS place_in_type_locked( struct allocation *allocation, uint32_t type, bool over_budget )
{
    struct vidmm *vidmm = allocation->device->vidmm;
    struct vidmm_block *block;
    struct vidmm_pool *pool;
    NTSTATUS status;

    if (allocation->size >= own_block_size_locked( vidmm ))
    {
        /* An empty block counts as used. When that is too much already it is to be freed, not filled. */
        block = over_budget || !budget_shortage_locked( vidmm, type_heap( vidmm, type ), 0 ).bytes
                ? take_empty_block_locked( vidmm, type, allocation->size ) : NULL;
        if (!block && (status = add_block_locked( vidmm, NULL, type, allocation->size, over_budget, &block ))) return status;
        block_assign_locked( vidmm, block, allocation );
        return STATUS_SUCCESS;
    }

    if (!(pool = get_pool_locked( vidmm, type, allocation->size, allocation->alignment,
                                  auto_offer_level( allocation->residency_priority ) )))
        return STATUS_NO_MEMORY;
    while (!pool_take_slot_locked( vidmm, pool, allocation ))
    {
        status = add_block_locked( vidmm, pool, type, next_block_size_locked( vidmm, pool ), over_budget, &block );
        if (status) return status;
    }
    return STATUS_SUCCESS;
}

NTSTATUS vidmm_place_locked( struct allocation *allocation, bool over_budget )
{
    struct vidmm *vidmm = allocation->device->vidmm;
    NTSTATUS status = STATUS_GRAPHICS_NO_VIDEO_MEMORY;
    unsigned int preferred = allocation->preferred_segment == WINEKMT_SEGMENT_LOCAL ? GROUP_LOCAL : GROUP_NON_LOCAL;
    unsigned int i, j;

    if (allocation->block) return STATUS_SUCCESS;
    if (vidmm->lost) return STATUS_DEVICE_REMOVED;
    for (i = 0; i < GROUP_COUNT; i++)
    {
        unsigned int group = i ? !preferred : preferred;
        const struct type_order *order = &vidmm->orders[allocation->cpu_access][group];

        if (!(allocation->segments & 1u << group)) continue;
        for (j = 0; j < order->count; j++)
        {
            status = place_in_type_locked( allocation, order->types[j], over_budget );
            if (status != STATUS_GRAPHICS_NO_VIDEO_MEMORY) return status;
        }
    }
    return status;
}
