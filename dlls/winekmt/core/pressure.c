/*
 * Pressure: making room where memory is short
 *
 * Phases, each only when the one before did not yield enough:
 *   1. empty blocks, kept for a moment after their last user went;
 *   2. offered allocations: LOW, then NORMAL, then HIGH, the longest offered first, no more than needed. Their content is
 *      gone; what they occupied is freed at once, or serves the small allocation that is waiting for a slot;
 *   3. blocks with free slots, which compaction empties. In the pool that was last discarded from this comes before the next
 *      discard, because a slot alone frees nothing.
 *
 * Not promised: that what another thread makes free meanwhile goes to the thread that asked.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/vidmm.h"

/* Where members cannot move, compaction is tried again only after so many more discards: finding that out is not free. */
#define COMPACTION_PATIENCE  32

bool can_discard( const struct allocation *allocation )
{
    if (allocation->offer == NOT_OFFERED) return false;
    if (allocation->backing == BACKING_USER) return false;      /* it is the program's memory, nothing would be freed */
    if (!allocation->block) return false;                       /* already discarded, or being given memory */
    if (allocation->shared) return false;                       /* others may have it open */
    if (allocation->primary) return false;                      /* pinned: it may be on a screen */
    return !allocation->device->vidmm->verifier.never_discard;
}

void offer_list_add_locked( struct allocation *allocation )
{
    struct vidmm *vidmm = allocation->device->vidmm;

    if (!can_discard( allocation )) return;     /* being given memory: allocation_done_locked sees to it */
    list_add_tail( &type_heap( vidmm, allocation->memory_type )->offered[allocation->offer], &allocation->offer_entry );
    allocation->offer_sequence = vidmm->offer_sequence++;
    if (allocation->allow_decommit)
    {
        vidmm->decommittable_bytes += allocation->size;
        vidmm->decommit_changes++;
    }
    if (!vidmm->offered++ && vidmm->info->has_memory_budget) worker_notify_locked( vidmm );
}

void offer_list_remove_locked( struct allocation *allocation )
{
    struct vidmm *vidmm = allocation->device->vidmm;

    if (list_empty( &allocation->offer_entry )) return;
    list_remove( &allocation->offer_entry );
    vidmm->offered--;
    if (allocation->allow_decommit)
    {
        vidmm->decommittable_bytes -= allocation->size;
        vidmm->decommit_changes++;
    }
}

static uint64_t excess( uint64_t used, uint64_t more, uint64_t limit )
{
    uint64_t wanted;

    if (__builtin_add_overflow( used, more, &wanted )) wanted = UINT64_MAX;
    return wanted > limit ? wanted - limit : 0;
}

struct shortage budget_shortage_locked( const struct vidmm *vidmm, const struct vidmm_heap *heap, uint64_t size )
{
    const struct vidmm_group *group = &vidmm->groups[heap->local ? GROUP_LOCAL : GROUP_NON_LOCAL];
    struct shortage shortage = { .heap = heap, .local = heap->local };

    if ((shortage.bytes = excess( heap->used, size, heap->limit ))) return shortage;
    shortage.heap = NULL;
    shortage.bytes = excess( group->used, size, group->limit );
    return shortage;
}

static bool is_short_of( const struct shortage *shortage, const struct vidmm_heap *heap )
{
    return shortage->heap ? shortage->heap == heap : shortage->local == heap->local;
}

/* Whether all of a shortage could go, if everything that is offered went. */
static bool can_end_locked( const struct vidmm *vidmm, const struct shortage *shortage )
{
    uint64_t room = 0;
    unsigned int level, i;
    struct list *cursor;

    for (i = 0; i < vidmm->info->heap_count; i++)
    {
        const struct vidmm_heap *heap = &vidmm->heaps[i];

        if (!is_short_of( shortage, heap )) continue;
        room += heap->used - heap->committed;   /* empty blocks, and what compaction would gain at best */
        for (level = OFFER_LOW; level < OFFER_LEVELS; level++)
            LIST_FOR_EACH( cursor, &heap->offered[level] )
            {
                if (room >= shortage->bytes) return true;
                room += block_slot_size( LIST_ENTRY( cursor, struct allocation, offer_entry )->block );
            }
    }
    return room >= shortage->bytes;
}

bool can_make_room_locked( const struct vidmm *vidmm, const struct vidmm_heap *heap, uint64_t size )
{
    const struct vidmm_group *group = &vidmm->groups[heap->local ? GROUP_LOCAL : GROUP_NON_LOCAL];
    struct shortage of_heap = { .heap = heap, .local = heap->local, .bytes = excess( heap->used, size, heap->limit ) };
    struct shortage of_group = { .local = heap->local, .bytes = excess( group->used, size, group->limit ) };

    if (vidmm->freeing) return true;    /* more than can be seen here; and what is moving counts twice */
    return can_end_locked( vidmm, &of_heap ) && can_end_locked( vidmm, &of_group );
}

static uint64_t retire_empty_blocks_locked( struct vidmm *vidmm, const struct shortage *shortage, struct freed_memory *freed )
{
    struct list *cursor, *following;
    uint64_t found = 0;

    LIST_FOR_EACH_SAFE( cursor, following, &vidmm->empty )
    {
        struct vidmm_block *block = LIST_ENTRY( cursor, struct vidmm_block, empty_entry );

        if (found >= shortage->bytes) break;
        if (!is_short_of( shortage, type_heap( vidmm, block->type ) )) continue;
        found += block->size;
        block_retire_locked( vidmm, block, freed );
    }
    return found;
}

/* The next to be discarded. One that compaction is just moving is passed over. */
static struct allocation *next_victim_locked( struct vidmm *vidmm, const struct shortage *shortage )
{
    unsigned int level, i;

    for (level = OFFER_LOW; level < OFFER_LEVELS; level++)
    {
        struct allocation *victim = NULL;

        for (i = 0; i < vidmm->info->heap_count; i++)
        {
            struct vidmm_heap *heap = &vidmm->heaps[i];
            struct list *cursor;

            if (!is_short_of( shortage, heap )) continue;
            LIST_FOR_EACH( cursor, &heap->offered[level] )
            {
                struct allocation *candidate = LIST_ENTRY( cursor, struct allocation, offer_entry );

                if (candidate->busy) continue;
                if (!victim || candidate->offer_sequence < victim->offer_sequence) victim = candidate;
                break;
            }
        }
        if (victim) return victim;
    }
    return NULL;
}

void discard_locked( struct allocation *allocation, struct freed_memory *freed )
{
    struct vidmm *vidmm = allocation->device->vidmm;

    TRACE( "discarding %#x, %llu bytes, offered as %u", allocation->object.handle,
           (unsigned long long)allocation->size, allocation->offer );
    offer_list_remove_locked( allocation );
    allocation_unplace_locked( allocation, freed, false );
    allocation->discarded = true;
    allocation->content = CONTENT_ZERO;
    vidmm->discards++;
}

/* Phase 3 for all pools where memory is short. Drops the lock when there is something to do. */
static bool compact_pools_locked( struct vidmm *vidmm, const struct shortage *shortage )
{
    unsigned int type, class, level;
    bool pinned;

    for (type = 0; type < vidmm->info->type_count; type++)
    {
        if (!is_short_of( shortage, type_heap( vidmm, type ) )) continue;
        for (class = 0; class < SIZE_CLASSES; class++)
            for (level = 0; level < OFFER_LEVELS; level++)
                if (vidmm->pools[type][class][level] && compact_pool_locked( vidmm, vidmm->pools[type][class][level], &pinned ))
                    return true;
    }
    return false;
}

/* Phase 3 early: the pool that was last discarded from. */
static bool compact_loosened_pool_locked( struct vidmm *vidmm, const struct shortage *shortage, unsigned int *patience )
{
    struct vidmm_pool *pool = vidmm->loosened;
    bool pinned;

    if (!pool || !is_short_of( shortage, type_heap( vidmm, pool->type ) )) return false;
    if (*patience)
    {
        --*patience;
        return false;
    }
    if (compact_pool_locked( vidmm, pool, &pinned )) return true;
    if (pinned) *patience = COMPACTION_PATIENCE;
    return false;
}

bool make_room_locked( struct vidmm *vidmm, const struct shortage *shortage, struct vidmm_pool *pool )
{
    unsigned int patience = 0;
    struct freed_memory freed;
    struct allocation *victim;
    uint64_t found;

    freed_memory_init( &freed, vidmm );
    found = retire_empty_blocks_locked( vidmm, shortage, &freed );

    while (found < shortage->bytes && !(pool && pool->free_slots))
    {
        if (compact_loosened_pool_locked( vidmm, shortage, &patience ))
        {
            freed_memory_flush_locked( &freed );
            return true;    /* the world has changed meanwhile: the caller looks again */
        }
        if (!(victim = next_victim_locked( vidmm, shortage ))) break;
        vidmm->loosened = victim->block->pool;
        discard_locked( victim, &freed );
        found = freed.bytes;
    }

    if (pool && pool->free_slots) found++;  /* progress, even if no block was freed */
    freed_memory_flush_locked( &freed );
    if (found) return true;

    if (compact_pools_locked( vidmm, shortage )) return true;
    if (vidmm->freeing)
    {
        kmt_wait_locked( UINT64_MAX );
        return true;
    }
    return false;
}
