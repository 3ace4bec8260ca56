/*
 * Compaction: emptying a block by moving its members
 *
 * Discarding small allocations leaves blocks with a free slot here and there, which is no use to anyone who needs a block.
 * Slots of a pool are interchangeable, so members of the emptiest block move to free slots of the others. Content that is
 * still to be zeroed moves for nothing; other content is copied, by the CPU where it can see both places, else by the GPU.
 *
 * A member cannot move while the program holds a pointer to it (locks), calls it unmoveable or somebody works on its memory
 * (busy), and a primary never does: primaries are pinned.
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

/* Blocks that could be emptied and are looked at to find the emptiest. More would be better choices at more cost. */
#define BLOCKS_LOOKED_AT  16

struct move
{
    struct allocation  *allocation;
    struct vidmm_block *target;
    uint32_t            slot;       /* in target */
    bool                by_cpu;     /* both blocks were mapped when it began; others may map them any time */
};

static bool block_can_move_locked( const struct vidmm_block *block )
{
    unsigned int slot, left = block->used;

    for (slot = 0; left; slot++)
    {
        const struct allocation *member = block->members[slot];

        if (!member) continue;
        if (member->busy || member->locks || member->primary || member->unmoveable) return false;
        left--;
    }
    return true;
}

static struct vidmm_block *choose_block_locked( const struct vidmm_pool *pool, bool *pinned )
{
    struct vidmm_block *best = NULL;
    unsigned int looked_at = 0;
    struct list *cursor;

    *pinned = false;
    LIST_FOR_EACH( cursor, &pool->partial )
    {
        struct vidmm_block *block = LIST_ENTRY( cursor, struct vidmm_block, entry );

        if (!block->used || block->used > pool->free_slots - (block->slots - block->used)) continue;
        if (!block_can_move_locked( block ))
        {
            *pinned = true;
            continue;
        }
        if (!best || block->used < best->used) best = block;
        if (++looked_at == BLOCKS_LOOKED_AT) break;
    }
    return best;
}

/* Copies a member's content. The lock is not held; both blocks stay, because the member is busy and has both slots. */
static enum gpu_result copy_member( struct vidmm *vidmm, const struct vidmm_block *source, const struct move *move )
{
    uint64_t slot_size = block_slot_size( source );
    uint64_t from = move->allocation->slot * slot_size, to = move->slot * slot_size;

    if (move->allocation->content == CONTENT_ZERO) return GPU_SUCCESS;
    if (move->by_cpu)
    {
        memcpy( move->target->map + to, source->map + from, move->allocation->size );
        return GPU_SUCCESS;
    }
    return gpu_copy_memory( vidmm->device, move->target->memory, to, source->memory, from, move->allocation->size );
}

/* Gives the member its new slot and frees the old one, or the other way round when the copy failed. */
static void finish_move_locked( struct vidmm_block *source, const struct move *move, bool copied, struct freed_memory *freed )
{
    struct allocation *allocation = move->allocation;
    struct vidmm_block *old = copied ? source : move->target;
    uint32_t old_slot = copied ? allocation->slot : move->slot;

    if (copied)
    {
        allocation->block = move->target;
        allocation->slot = move->slot;
    }
    block_release_slot_locked( freed->vidmm, old, old_slot, freed, true );
    allocation_done_locked( allocation, freed );
}

bool compact_pool_locked( struct vidmm *vidmm, struct vidmm_pool *pool, bool *pinned )
{
    struct vidmm_block *source;
    bool host_visible = vidmm->info->types[pool->type].properties & GPU_MEMORY_HOST_VISIBLE;
    unsigned int i, count = 0, copied = 0;
    enum gpu_result result = GPU_SUCCESS;
    struct freed_memory freed;
    struct move *moves;
    bool empty;

    *pinned = false;
    vidmm->freeing++;   /* whoever finds no room waits for this one */
    if (pool->compacting)
    {
        while (pool->compacting) kmt_wait_locked( UINT64_MAX );
        vidmm->freeing--;
        kmt_wake_locked();
        return true;
    }
    if (!(source = choose_block_locked( pool, pinned )) || !(moves = malloc( source->used * sizeof(*moves) )))
    {
        vidmm->freeing--;
        return false;
    }
    pool->compacting = true;

    TRACE( "emptying a block with %u of %u slots of %llu bytes", source->used, source->slots,
           (unsigned long long)pool->slot_size );
    freed_memory_init( &freed, vidmm );
    list_remove( &source->entry );
    source->isolated = true;
    pool->free_slots -= source->slots - source->used;
    for (i = 0; i < source->slots; i++)
    {
        struct allocation *allocation = source->members[i];

        if (!allocation) continue;
        allocation_begin_locked( allocation );
        moves[count].allocation = allocation;
        moves[count].target = pool_reserve_slot_locked( vidmm, pool, allocation, &moves[count].slot );
        /* Whatever becomes of the move, the slot is not as new any more. */
        if (moves[count].target->fresh <= moves[count].slot) moves[count].target->fresh = moves[count].slot + 1;
        count++;
    }

    /* CPU copies need both blocks mapped. Where that fails the GPU copies. */
    if (host_visible && !vidmm->lost && !block_map_locked( vidmm, source ))
        for (i = 0; i < count && !vidmm->lost; i++) block_map_locked( vidmm, moves[i].target );

    for (i = 0; i < count; i++) moves[i].by_cpu = source->map && moves[i].target->map;

    kmt_unlock();
    for (copied = 0; copied < count; copied++)
        if ((result = copy_member( vidmm, source, &moves[copied] ))) break;
    kmt_lock();
    if (result == GPU_DEVICE_LOST) vidmm_lose_locked( vidmm );

    for (i = 0; i < count; i++) finish_move_locked( source, &moves[i], i < copied, &freed );
    free( moves );

    empty = !source->used;
    if (empty) block_retire_locked( vidmm, source, &freed );
    else
    {
        source->isolated = false;
        pool->free_slots += source->slots - source->used;
        list_add_head( source->used == source->slots ? &pool->full : &pool->partial, &source->entry );
    }
    pool->compacting = false;
    freed_memory_flush_locked( &freed );
    vidmm->freeing--;
    kmt_wake_locked();
    return empty;
}
