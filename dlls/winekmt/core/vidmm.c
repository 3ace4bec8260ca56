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
    NTSTATUS status;

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
    offer_lists_init( &vidmm->offered_evicted );
    for (i = 0; i < PAGING_PRIORITIES; i++) list_init( &vidmm->jobs[i] );
    verifier_parse( getenv( "WINEKMT_VERIFIER" ), &vidmm->verifier );
    for (i = 0; i < vidmm->info->heap_count; i++)
    {
        struct vidmm_heap *heap = &vidmm->heaps[i];

        heap->size = vidmm->info->heaps[i].size;
        heap->local = vidmm->info->heaps[i].local;
        heap->limit = heap->size - heap_headroom( heap->size );
        offer_lists_init( &heap->offered );
        for (level = 0; level < EVICT_LEVELS; level++) list_init( &heap->evictable[level] );
    }
    for (i = 0; i < vidmm->info->type_count; i++) vidmm->type_heaps[i] = &vidmm->heaps[vidmm->info->types[i].heap];
    vidmm->watching = !vidmm->info->has_memory_budget;
    vidmm->groups[GROUP_LOCAL].limit = limit;
    vidmm->groups[GROUP_NON_LOCAL].limit = UINT64_MAX;
    vidmm->groups[GROUP_LOCAL].cap = vidmm->groups[GROUP_NON_LOCAL].cap = UINT64_MAX;
    for (i = 0; i <= WINEKMT_CPU_ACCESS_WRITE_COMBINED; i++)
    {
        init_type_order( vidmm, i, GROUP_LOCAL );
        init_type_order( vidmm, i, GROUP_NON_LOCAL );
    }
    if ((status = share_join( vidmm )))
    {
        gpu_close_device( vidmm->device );
        free( vidmm );
        return status;
    }
    *ret = vidmm;
    return STATUS_SUCCESS;
}

void vidmm_release_locked( struct vidmm *vidmm )
{
    struct freed_memory freed;
    unsigned int i;

    if (--vidmm->refs)
    {
        kmt_wake_locked();      /* kmt_shutdown waits for this */
        return;
    }
    pager_stop_locked( vidmm );
    worker_stop_locked( vidmm );
    freed_memory_init( &freed, vidmm );
    while (!list_empty( &vidmm->empty ))
        block_retire_locked( vidmm, LIST_ENTRY( list_head( &vidmm->empty ), struct vidmm_block, empty_entry ), &freed );
    system_memory_expire_locked( UINT64_MAX, &freed );     /* this worker was perhaps the last to see to it */
    freed_memory_flush_locked( &freed );
    assert( !vidmm->memories && !vidmm->offered && !vidmm->evictable );
    kmt_unlock();
    share_leave( vidmm );
    gpu_close_device( vidmm->device );
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
    notify_locked();
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

uint64_t vidmm_group_alone_locked( const struct vidmm *vidmm, unsigned int group )
{
    const struct vidmm_group *mine = &vidmm->groups[group];
    uint64_t sum = 0, most = mine->limit < mine->cap ? mine->limit : mine->cap;
    unsigned int i;

    for (i = 0; i < vidmm->info->heap_count; i++)
        if (vidmm->heaps[i].local == (group == GROUP_LOCAL)) sum += vidmm->heaps[i].limit;
    return sum < most ? sum : most;
}

uint64_t vidmm_group_budget_locked( const struct vidmm *vidmm, unsigned int group )
{
    uint64_t alone = vidmm_group_alone_locked( vidmm, group );

    return alone < vidmm->groups[group].division.budget ? alone : vidmm->groups[group].division.budget;
}

uint64_t vidmm_bytes_to_trim_locked( const struct vidmm *vidmm, unsigned int group, uint64_t more )
{
    uint64_t budget = vidmm_group_budget_locked( vidmm, group ), held = vidmm_held_bytes_locked( vidmm, group ) + more;

    return held > budget ? held - budget : 0;
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

/* What no budget of another time would allow either. */
static bool exceeds_maximum_locked( struct vidmm *vidmm, const struct vidmm_heap *heap, uint64_t size )
{
    const struct vidmm_group *group = heap_group( vidmm, heap );
    uint64_t most = heap->size - heap_headroom( heap->size );

    if (share_missing_locked( vidmm, group_of_heap( heap ), size )) return true;
    return heap->used > most || size > most - heap->used || group->used > group->limit || size > group->limit - group->used;
}

static NTSTATUS no_room_status( const struct vidmm *vidmm, enum room room )
{
    if (vidmm->lost) return STATUS_DEVICE_REMOVED;      /* while making room */
    return room == ROOM_NO_SYSTEM_MEMORY ? STATUS_NO_MEMORY : STATUS_GRAPHICS_NO_VIDEO_MEMORY;
}

/* A large, empty block; NULL: there is none that fits. An empty block counts as used: when that is too much already it is to be
 * freed, not filled. */
static struct vidmm_block *reuse_block_locked( struct vidmm *vidmm, uint32_t type, uint64_t size, enum budget_mode mode )
{
    if (mode == WITHIN_BUDGET && budget_shortage_locked( vidmm, type_heap( vidmm, type ), 0 ).bytes) return NULL;
    return take_empty_block_locked( vidmm, type, size );
}

/* Sees whether a block may be made, by the budgets of this process and by what others use, and makes room where it may not: first
 * all that costs only what is offered, here and elsewhere, then, if evict, what costs copying. Drops the lock, unless it is ROOM_THERE. */
static enum room fit_block_locked( struct vidmm *vidmm, struct vidmm_heap *heap, struct vidmm_pool *pool, uint64_t size, enum budget_mode mode,
                                   bool evict, uint64_t ask_until )
{
    unsigned int group = group_of_heap( heap );
    struct shortage shortage = budget_shortage_locked( vidmm, heap, size );
    bool over_budget = shortage.bytes;
    enum room room;

    if (!over_budget && !(shortage.bytes = share_missing_locked( vidmm, group, size ))) return ROOM_THERE;
    if ((room = make_room_locked( vidmm, &shortage, pool, EFFORT_DISCARD )) == ROOM_MADE) return room;
    if (share_ask_locked( vidmm, group, shortage.bytes, false, ask_until )) return ROOM_MADE;
    if (evict)
    {
        /* Within the own budget it is others who have borrowed what is missing. */
        if (!over_budget && share_ask_locked( vidmm, group, shortage.bytes, true, ask_until )) return ROOM_MADE;
        if ((room = make_room_locked( vidmm, &shortage, pool, EFFORT_EVICT )) == ROOM_MADE) return room;
        if (over_budget && share_ask_locked( vidmm, group, shortage.bytes, true, ask_until )) return ROOM_MADE;
    }
    if (mode == OVER_BUDGET || (mode == WITHIN_MAXIMUM && !exceeds_maximum_locked( vidmm, heap, size ))) return ROOM_THERE;
    return room;
}

/* Allocates a block, making room for it if that is needed. The lock is dropped. The caller looks whether the memory that it
 * wanted a block for has turned up meanwhile.
 * STATUS_SUCCESS: *block, unless pool has got a free slot otherwise. */
static NTSTATUS add_block_locked( struct vidmm *vidmm, struct vidmm_pool *pool, uint32_t type, uint64_t size,
                                  enum budget_mode mode, bool evict, struct vidmm_block **block )
{
    struct vidmm_heap *heap = type_heap( vidmm, type );
    struct vidmm_group *group = heap_group( vidmm, heap );
    uint64_t ask_until = os_time_ns() + ASK_PATIENCE_NS + (size < heap->size ? size : heap->size) * ASK_BYTE_NS;
    struct gpu_memory *memory;
    struct shortage shortage;
    enum gpu_result result;
    enum room room;

    *block = NULL;
    vidmm_refresh_budget_locked( vidmm, BUDGET_AGE_NS );
    share_refresh_locked( vidmm, SHARE_AGE_NS );
    /* What nothing can make room for costs nobody the content. */
    if (!pool && mode == WITHIN_BUDGET && !vidmm->lost && !can_make_room_locked( vidmm, heap, size )) return STATUS_GRAPHICS_NO_VIDEO_MEMORY;
    for (;;)
    {
        if (vidmm->lost) return STATUS_DEVICE_REMOVED;
        if (pool && pool->free_slots) return STATUS_SUCCESS;
        if (!pool && (*block = reuse_block_locked( vidmm, type, size, mode ))) return STATUS_SUCCESS;
        if ((room = fit_block_locked( vidmm, heap, pool, size, mode, evict, ask_until )) == ROOM_MADE) continue;
        if (room != ROOM_THERE) return no_room_status( vidmm, room );

        heap->used += size;
        group->used += size;
        vidmm->memories++;
        share_publish_locked( vidmm );
        kmt_unlock();
        result = gpu_allocate_memory( vidmm->device, type, size, &memory );
        kmt_lock();
        if (!result && (*block = block_create_locked( vidmm, pool, type, size, memory )))
        {
            trim_notice_locked( vidmm );
            return STATUS_SUCCESS;
        }
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
            if ((room = make_room_locked( vidmm, &shortage, pool, evict ? EFFORT_EVICT : EFFORT_DISCARD )) != ROOM_MADE &&
                !share_ask_locked( vidmm, group_of_heap( heap ), size, evict, ask_until ))
                return no_room_status( vidmm, room );
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

/* Whether both take slots of one pool. */
static bool are_alike( const struct allocation *a, const struct allocation *b )
{
    return a->size == b->size && a->alignment == b->alignment && a->cpu_access == b->cpu_access && a->segments == b->segments &&
           a->priority_level == b->priority_level && a->offer == b->offer;
}

/* How many right behind the first of a list are like it and have no memory yet; no more than are paged out in one go. */
static unsigned int count_following( struct allocation *const *allocations, unsigned int count )
{
    unsigned int i;

    for (i = 1; i < count && i < PAGE_OUT_COUNT && !allocations[i]->block && are_alike( allocations[0], allocations[i] ); i++) {}
    return i - 1;
}

static NTSTATUS place_in_type_locked( struct allocation *const *allocations, unsigned int count, uint32_t type, enum budget_mode mode,
                                      bool evict )
{
    struct allocation *allocation = allocations[0];
    struct vidmm *vidmm = allocation->device->vidmm;
    struct vidmm_block *block;
    struct vidmm_pool *pool;
    unsigned int following;
    NTSTATUS status;

    if (allocation->size >= own_block_size_locked( vidmm ))
    {
        if (!(block = reuse_block_locked( vidmm, type, allocation->size, mode )) &&
            (status = add_block_locked( vidmm, NULL, type, allocation->size, mode, evict, &block ))) return status;
        block_assign_locked( vidmm, block, allocation );
        return STATUS_SUCCESS;
    }

    if (!(pool = get_pool_locked( vidmm, type, allocation->size, allocation->alignment,
                                  auto_offer_level( allocation->residency_priority ) )))
        return STATUS_NO_MEMORY;
    while (!pool_take_slot_locked( vidmm, pool, allocation ))
    {
        following = count_following( allocations, count );
        pool->wanted += following;
        status = add_block_locked( vidmm, pool, type, next_block_size_locked( vidmm, pool ), mode, evict, &block );
        pool->wanted -= following;
        if (status) return status;
    }
    return STATUS_SUCCESS;
}

/* Tries the memory types of a group. Content is evicted only when none of them has room without that; budgets are exceeded
 * only then, too. */
static NTSTATUS place_in_group_locked( struct allocation *const *allocations, unsigned int count, unsigned int group, enum budget_mode mode )
{
    const struct type_order *order = &allocations[0]->device->vidmm->orders[allocations[0]->cpu_access][group];
    NTSTATUS status = STATUS_GRAPHICS_NO_VIDEO_MEMORY, worst = STATUS_GRAPHICS_NO_VIDEO_MEMORY;
    unsigned int turn, i;

    for (turn = 0; turn < 2; turn++)
        for (i = 0; i < order->count; i++)
        {
            status = place_in_type_locked( allocations, count, order->types[i], turn ? mode : WITHIN_BUDGET, turn );
            if (status != STATUS_GRAPHICS_NO_VIDEO_MEMORY && status != STATUS_NO_MEMORY) return status;
            if (turn && status == STATUS_NO_MEMORY) worst = status;
        }
    return worst;
}

static NTSTATUS place_in_groups_locked( struct allocation *const *allocations, unsigned int count, enum budget_mode mode )
{
    const struct allocation *allocation = allocations[0];
    NTSTATUS status = STATUS_GRAPHICS_NO_VIDEO_MEMORY, worst = STATUS_GRAPHICS_NO_VIDEO_MEMORY;
    unsigned int i;

    for (i = 0; i < GROUP_COUNT; i++)
    {
        unsigned int group = i ? !preferred_group( allocation ) : preferred_group( allocation );

        if (!(allocation->segments & 1u << group)) continue;
        status = place_in_group_locked( allocations, count, group, mode );
        if (status != STATUS_GRAPHICS_NO_VIDEO_MEMORY && status != STATUS_NO_MEMORY) return status;
        if (status == STATUS_NO_MEMORY) worst = status;
    }
    return worst;
}

/* Asks for the budgets of now. true: one is more than it was. Drops the lock. */
static bool budget_rose_locked( struct vidmm *vidmm )
{
    uint64_t before[GROUP_COUNT];
    unsigned int i;

    for (i = 0; i < GROUP_COUNT; i++) before[i] = vidmm_group_budget_locked( vidmm, i );
    vidmm_refresh_budget_locked( vidmm, 0 );
    share_refresh_locked( vidmm, 0 );
    for (i = 0; i < GROUP_COUNT; i++) if (vidmm_group_budget_locked( vidmm, i ) > before[i]) return true;
    return false;
}

NTSTATUS vidmm_place_next_locked( struct allocation *const *allocations, unsigned int count, enum budget_mode mode )
{
    struct vidmm *vidmm = allocations[0]->device->vidmm;
    NTSTATUS status;

    if (allocations[0]->block) return STATUS_SUCCESS;
    if (vidmm->lost) return STATUS_DEVICE_REMOVED;
    system_memory_lend_locked( allocations[0] );
    status = place_in_groups_locked( allocations, count, mode );
    /* What is known of the budgets may be 100 ms old. Nothing is refused for that. */
    if (status == STATUS_GRAPHICS_NO_VIDEO_MEMORY && mode != OVER_BUDGET && budget_rose_locked( vidmm ))
        status = place_in_groups_locked( allocations, count, mode );
    if (status) system_memory_take_back_locked( allocations[0] );
    return status;
}

NTSTATUS vidmm_place_locked( struct allocation *allocation, enum budget_mode mode )
{
    return vidmm_place_next_locked( &allocation, 1, mode );
}
