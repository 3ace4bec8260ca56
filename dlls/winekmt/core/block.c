/*
 * Blocks: VkDeviceMemory objects and the slots in them
 *
 * Memory goes back to the GPU only in whole blocks. So what shares a block should leave it together: a block has slots of
 * one size, for one memory type and one level of residency priority (which is the level that an AUTO offer will
 * have). Slots of one size also make moving simple: any free slot of the pool fits (compact.c). The price is the rest of a slot
 * that its allocation does not fill, a fifth of the slot at most.
 *
 * A pool's first block is small and later ones grow with the pool, up to 256 MiB, so that a program with little memory
 * wastes little and one with much stays far below the limit of Vulkan's memory objects.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "core/vidmm.h"

unsigned int size_class( uint64_t size, uint64_t alignment, uint64_t *slot_size )
{
    uint64_t pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
    unsigned int class;

    assert( size && size <= MAX_SLOT_SIZE );
    if (pages <= 8) class = pages - 1;
    else
    {
        unsigned int shift = 63 - __builtin_clzll( pages - 1 ) - 2;     /* four steps a doubling: q is 5 to 8 */
        class = 8 + (shift - 1) * 4 + ((pages - 1) >> shift) + 1 - 5;
    }
    /* Slots lie at multiples of their size. The next power of two is aligned enough, if no class before it is. */
    for (;; class++)
    {
        pages = class < 8 ? class + 1 : (uint64_t)(5 + (class - 8) % 4) << ((class - 8) / 4 + 1);
        if (!(pages * PAGE_SIZE & (alignment - 1))) break;
    }
    *slot_size = pages * PAGE_SIZE;
    return class;
}

struct vidmm_pool *get_pool_locked( struct vidmm *vidmm, uint32_t type, uint64_t size, uint64_t alignment, enum offer_level group )
{
    struct vidmm_pool *pool;
    uint64_t slot_size;
    unsigned int class = size_class( size, alignment, &slot_size );

    assert( class < SIZE_CLASSES );
    if ((pool = vidmm->pools[type][class][group])) return pool;
    if (!(pool = calloc( 1, sizeof(*pool) ))) return NULL;
    list_init( &pool->partial );
    list_init( &pool->full );
    pool->slot_size = slot_size;
    pool->type = type;
    return vidmm->pools[type][class][group] = pool;
}

static void block_set_empty_locked( struct vidmm *vidmm, struct vidmm_block *block )
{
    block->empty_since = os_time_ns();
    list_add_tail( &vidmm->empty, &block->empty_entry );
    type_heap( vidmm, block->type )->empty_bytes += block->size;
}

static void block_clear_empty_locked( struct vidmm *vidmm, struct vidmm_block *block )
{
    if (list_empty( &block->empty_entry )) return;
    list_remove( &block->empty_entry );
    type_heap( vidmm, block->type )->empty_bytes -= block->size;
}

static unsigned int block_find_free_slot( const struct vidmm_block *block )
{
    unsigned int word = __builtin_ctzll( block->summary );

    return word * 64 + __builtin_ctzll( block->free[word] );
}

/* sign: 1, or -1 for a slot that is given back. */
static void count_committed_locked( struct vidmm *vidmm, const struct vidmm_block *block, const struct allocation *allocation, int64_t sign )
{
    struct vidmm_heap *heap = type_heap( vidmm, block->type );

    if (block->import) return;
    heap->placed += sign * allocation->size;
    heap->committed += sign * block_slot_size( block );
    heap_group( vidmm, heap )->committed += sign * block_slot_size( block );
    heap_group( vidmm, heap )->allocations += sign;
    if (allocation->evicted) allocation_count_unplaced_locked( allocation, -sign );     /* by what it had before, see pooled */
}

static unsigned int block_reserve_slot_locked( struct vidmm *vidmm, struct vidmm_block *block, struct allocation *allocation )
{
    unsigned int slot = block_find_free_slot( block );

    if (!(block->free[slot / 64] &= ~(1ull << (slot % 64)))) block->summary &= ~(1ull << (slot / 64));
    if (!block->used++) block_clear_empty_locked( vidmm, block );
    block->members[slot] = allocation;
    count_committed_locked( vidmm, block, allocation, 1 );
    return slot;
}

struct vidmm_block *pool_reserve_slot_locked( struct vidmm *vidmm, struct vidmm_pool *pool, struct allocation *allocation, uint32_t *slot )
{
    struct list *head = list_head( &pool->partial );
    struct vidmm_block *block;

    if (!head) return NULL;
    block = LIST_ENTRY( head, struct vidmm_block, entry );
    *slot = block_reserve_slot_locked( vidmm, block, allocation );
    pool->free_slots--;
    if (block->used == block->slots)
    {
        list_remove( &block->entry );
        list_add_tail( &pool->full, &block->entry );
    }
    return block;
}

static void allocation_set_slot_locked( struct allocation *allocation, struct vidmm_block *block, uint32_t slot )
{
    allocation->pooled = block->pool != NULL;
    allocation->block = block;
    allocation->memory_type = block->type;
    allocation->slot = slot;
    if (slot < block->fresh) return;
    block->fresh = slot + 1;
    /* Memory that was never used before shows nobody's content, which is all that AllowNotZeroed asks for. */
    if (allocation->allow_not_zeroed) allocation->content = CONTENT_VALID;
}

bool pool_take_slot_locked( struct vidmm *vidmm, struct vidmm_pool *pool, struct allocation *allocation )
{
    uint32_t slot;
    struct vidmm_block *block = pool_reserve_slot_locked( vidmm, pool, allocation, &slot );

    if (!block) return false;
    allocation_set_slot_locked( allocation, block, slot );
    return true;
}

struct vidmm_block *take_empty_block_locked( struct vidmm *vidmm, uint32_t type, uint64_t size )
{
    unsigned int looked_at = 0;
    struct list *cursor;

    LIST_FOR_EACH( cursor, &vidmm->empty )
    {
        struct vidmm_block *block = LIST_ENTRY( cursor, struct vidmm_block, empty_entry );

        if (!block->pool && block->type == type && block->size == size)
        {
            block_clear_empty_locked( vidmm, block );
            return block;
        }
        if (++looked_at == 64) break;   /* O(1): a miss only costs an allocation */
    }
    return NULL;
}

struct vidmm_block *block_create_locked( struct vidmm *vidmm, struct vidmm_pool *pool, uint32_t type, uint64_t size, struct gpu_memory *memory )
{
    unsigned int i, slots = pool ? size / pool->slot_size : 1, words = (slots + 63) / 64;
    struct vidmm_block *block;

    assert( slots && slots <= MAX_SLOTS );
    if (!(block = calloc( 1, sizeof(*block) + words * sizeof(*block->free) + slots * sizeof(*block->members) ))) return NULL;
    block->members = (struct allocation **)(block->free + words);
    block->memory = memory;
    block->size = size;
    block->pool = pool;
    block->slots = slots;
    block->type = type;
    for (i = 0; i < slots; i++) block->free[i / 64] |= 1ull << (i % 64);
    block->summary = words == 64 ? ~0ull : (1ull << words) - 1;
    list_init( &block->entry );
    list_init( &block->empty_entry );
    if (pool)
    {
        list_add_head( &pool->partial, &block->entry );
        pool->free_slots += slots;
        pool->bytes += size;
        /* Whoever asked for it takes a slot at once; should another thread be faster, it is an empty block like others. */
        block_set_empty_locked( vidmm, block );
    }
    return block;
}

void block_assign_locked( struct vidmm *vidmm, struct vidmm_block *block, struct allocation *allocation )
{
    assert( !block->pool && !block->used );
    allocation_set_slot_locked( allocation, block, block_reserve_slot_locked( vidmm, block, allocation ) );
}

void block_retire_locked( struct vidmm *vidmm, struct vidmm_block *block, struct freed_memory *freed )
{
    assert( !block->used && freed->vidmm == vidmm );
    list_remove( &block->entry );
    block_clear_empty_locked( vidmm, block );
    if (block->pool)
    {
        if (!block->isolated) block->pool->free_slots -= block->slots;
        block->pool->bytes -= block->size;
    }
    list_add_tail( &freed->blocks, &block->entry );
    freed->bytes += block->size;
}

void block_release_slot_locked( struct vidmm *vidmm, struct vidmm_block *block, uint32_t slot, struct freed_memory *freed, bool keep )
{
    struct vidmm_pool *pool = block->pool;

    count_committed_locked( vidmm, block, block->members[slot], -1 );
    block->members[slot] = NULL;
    block->free[slot / 64] |= 1ull << (slot % 64);
    block->summary |= 1ull << (slot / 64);
    block->used--;
    if (block->isolated) return;    /* compaction sees to the rest */
    if (pool)
    {
        pool->free_slots++;
        if (block->used + 1 == block->slots)
        {
            list_remove( &block->entry );
            list_add_head( &pool->partial, &block->entry );
        }
    }
    if (block->used) return;
    if (!keep || block->import)
    {
        block_retire_locked( vidmm, block, freed );
        return;
    }
    if (pool)   /* others are filled up first, so that this one stays empty */
    {
        list_remove( &block->entry );
        list_add_tail( &pool->partial, &block->entry );
    }
    block_set_empty_locked( vidmm, block );
    worker_notify_locked( vidmm );
}

void allocation_unplace_locked( struct allocation *allocation, struct freed_memory *freed, bool keep )
{
    struct vidmm_block *block = allocation->block;

    if (!block) return;
    assert( block->members[allocation->slot] == allocation );
    system_memory_take_back_locked( allocation );
    allocation->block = NULL;
    block_release_slot_locked( freed->vidmm, block, allocation->slot, freed, keep );
}

void freed_memory_flush_locked( struct freed_memory *freed )
{
    struct system_copy *copies = freed->copies;
    struct vidmm *vidmm = freed->vidmm;
    struct list *cursor, *following;

    if (list_empty( &freed->blocks ) && !copies) return;
    freed->copies = NULL;
    vidmm->freeing++;
    kmt_unlock();
    system_memory_free_list( copies );
    LIST_FOR_EACH( cursor, &freed->blocks )
        gpu_free_memory( vidmm->device, LIST_ENTRY( cursor, struct vidmm_block, entry )->memory );
    kmt_lock();
    LIST_FOR_EACH_SAFE( cursor, following, &freed->blocks )
    {
        struct vidmm_block *block = LIST_ENTRY( cursor, struct vidmm_block, entry );
        struct vidmm_heap *heap = type_heap( vidmm, block->type );

        if (!block->import)
        {
            heap->used -= block->size;
            heap_group( vidmm, heap )->used -= block->size;
        }
        vidmm->memories--;
        free( block );
    }
    list_init( &freed->blocks );
    freed->bytes = 0;
    share_publish_locked( vidmm );
    vidmm->freeing--;
    kmt_wake_locked();
}

NTSTATUS block_map_locked( struct vidmm *vidmm, struct vidmm_block *block )
{
    enum gpu_result result;
    void *pointer = NULL;

    while (block->mapping) kmt_wait_locked( UINT64_MAX );
    if (block->map) return STATUS_SUCCESS;
    block->mapping = true;
    kmt_unlock();
    result = gpu_map_memory( vidmm->device, block->memory, &pointer );
    kmt_lock();
    block->mapping = false;
    kmt_wake_locked();
    switch (result)
    {
    case GPU_SUCCESS:
        block->map = pointer;
        return STATUS_SUCCESS;
    case GPU_DEVICE_LOST:
        vidmm_lose_locked( vidmm );
        return STATUS_DEVICE_REMOVED;
    default:
        WARN( "cannot map a block of %llu bytes", (unsigned long long)block->size );
        return STATUS_NO_MEMORY;
    }
}
