/*
 * Pressure: making room where memory is short
 *
 * Phases, each only when the one before did not yield enough:
 *   1. empty blocks, kept for a moment after their last user went;
 *   2. offered allocations: LOW, then NORMAL, then HIGH, the longest offered first, no more than needed. Their content is
 *      gone; what they occupied is freed at once, or serves the small allocation that is waiting for a slot;
 *   3. blocks with free slots, which compaction empties. In the pool that was last discarded from this comes before the next
 *      discard, because a slot alone frees nothing;
 *   4. content that nobody holds resident: it is paged out to system memory, the lowest residency priority first, of one the
 *      least recently used first.
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

static uint64_t excess( uint64_t used, uint64_t more, uint64_t limit )
{
    uint64_t wanted;

    if (__builtin_add_overflow( used, more, &wanted )) wanted = UINT64_MAX;
    return wanted > limit ? wanted - limit : 0;
}

struct shortage budget_shortage_locked( const struct vidmm *vidmm, const struct vidmm_heap *heap, uint64_t size )
{
    const struct vidmm_group *group = &vidmm->groups[group_of_heap( heap )];
    struct shortage shortage = { .heap = heap, .local = heap->local };

    if ((shortage.bytes = excess( heap->used, size, heap->limit ))) return shortage;
    shortage.heap = NULL;
    shortage.bytes = excess( group->used, size, group_limit( group ) );
    return shortage;
}

/* Whether all of a shortage could go, if everything that may be taken went. */
static bool can_end_locked( const struct vidmm *vidmm, const struct shortage *shortage )
{
    uint64_t room = 0;
    unsigned int i;

    for (i = 0; i < vidmm->info->heap_count; i++)
    {
        const struct vidmm_heap *heap = &vidmm->heaps[i];

        /* What is not of allocations that stay: victims, empty blocks, and what compaction would gain at best */
        if (is_short_of( shortage, heap )) room += heap->used - (heap->placed - heap->offered_bytes - heap->evictable_bytes);
    }
    return room >= shortage->bytes;
}

bool can_make_room_locked( const struct vidmm *vidmm, const struct vidmm_heap *heap, uint64_t size )
{
    const struct vidmm_group *group = &vidmm->groups[group_of_heap( heap )];
    struct shortage of_heap = { .heap = heap, .local = heap->local, .bytes = excess( heap->used, size, heap->limit ) };
    struct shortage of_group = { .local = heap->local, .bytes = excess( group->used, size, group_limit( group ) ) };

    if (vidmm->freeing) return true;    /* more than can be seen here; and what is moving counts twice */
    if (!can_end_locked( vidmm, &of_group )) return false;
    /* A heap may be full of what other processes would give up: Vulkan's budget does not tell. */
    return group->division.others || can_end_locked( vidmm, &of_heap );
}

/* What a group could have beside what is held. */
static uint64_t most_room_locked( const struct vidmm *vidmm, unsigned int group, enum budget_mode mode )
{
    const struct vidmm_group *mine = &vidmm->groups[group];
    /* As above */
    bool by_vulkan = mode == WITHIN_BUDGET && !mine->division.others;
    uint64_t limit = mode == WITHIN_BUDGET ? group_limit( mine ) : mine->limit, held = vidmm_held_bytes_locked( vidmm, group ), most = 0;
    unsigned int i;

    for (i = 0; i < vidmm->info->heap_count; i++)
    {
        const struct vidmm_heap *heap = &vidmm->heaps[i];

        if (heap->local == (group == GROUP_LOCAL)) most += by_vulkan ? heap->limit : heap->size - heap_headroom( heap->size );
    }
    if (most > limit) most = limit;
    return most > held ? most - held : 0;
}

bool can_hold_locked( const struct vidmm *vidmm, const uint64_t bytes[ANY_SEGMENT + 1], enum budget_mode mode )
{
    uint64_t local = most_room_locked( vidmm, GROUP_LOCAL, mode ), other = most_room_locked( vidmm, GROUP_NON_LOCAL, mode );

    return bytes[WINEKMT_SEGMENT_LOCAL] <= local && bytes[WINEKMT_SEGMENT_NON_LOCAL] <= other &&
           bytes[WINEKMT_SEGMENT_LOCAL] + bytes[WINEKMT_SEGMENT_NON_LOCAL] + bytes[ANY_SEGMENT] <= local + other;
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

enum room make_room_locked( struct vidmm *vidmm, const struct shortage *shortage, struct vidmm_pool *pool, enum effort effort )
{
    struct shortage with_wanted = *shortage;
    enum room room = ROOM_NONE;
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
            return ROOM_MADE;   /* the world has changed meanwhile: the caller looks again */
        }
        if (!(victim = next_discard_locked( vidmm, shortage ))) break;
        vidmm->loosened = victim->block->pool;
        discard_locked( victim, &freed );
        found = freed.bytes;
    }

    if (pool && pool->free_slots) found++;  /* progress, even if no block was freed */
    freed_memory_flush_locked( &freed );
    if (found) return ROOM_MADE;

    if (compact_pools_locked( vidmm, shortage )) return ROOM_MADE;
    if (pool) with_wanted.bytes += pool->wanted * pool->slot_size;
    if (effort == EFFORT_EVICT && (room = page_out_locked( vidmm, &with_wanted, EVICT_MAXIMUM )) == ROOM_MADE) return ROOM_MADE;
    if (vidmm->freeing && effort != EFFORT_AT_ONCE)
    {
        kmt_wait_locked( UINT64_MAX );
        return ROOM_MADE;
    }
    return room;
}
