/*
 * Victims: the lists of what pressure may take, and their order
 *
 * A heap has a list an offer priority, of what can be discarded, and a list a level of residency priority, of what can be paged
 * out. Both are in order of joining, so the head of a list is what was offered longest ago, or used least recently: a use takes
 * an allocation off (MakeResident, a lock) and its end puts it back at the tail. An allocation is on one list at most, and only
 * while it could go at once, so that choosing a victim is looking at the heads.
 *
 * What is offered and evicted at once has no GPU memory to give, but system memory; those are on lists of the manager, unless they were
 * never written and have neither.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/vidmm.h"

/* Both say where an allocation belongs, in the fewest instructions: every offer and every reclaim asks. */
static inline bool may_discard( const struct vidmm *vidmm, const struct allocation *allocation )
{
    /* Without memory it was discarded or evicted before, or is being given some. */
    return allocation->block && !vidmm->verifier.never_discard;
}

static inline bool may_evict( const struct allocation *allocation )
{
    if (!allocation->block || allocation->resident_count || allocation->locks) return false;
    return !allocation->dead && !allocation->unmoveable;
}

bool can_discard( const struct allocation *allocation )
{
    if (allocation->offer == NOT_OFFERED || allocation->pinned) return false;
    return may_discard( allocation->device->vidmm, allocation );
}

bool can_evict( const struct allocation *allocation )
{
    return allocation->offer == NOT_OFFERED && !allocation->pinned && may_evict( allocation );
}

void allocation_set_priority( struct allocation *allocation, uint32_t residency_priority )
{
    allocation->residency_priority = residency_priority;
    allocation->priority_level = EVICT_MINIMUM + (residency_priority >= D3DDDI_ALLOCATIONPRIORITY_LOW) +
                                 (residency_priority >= D3DDDI_ALLOCATIONPRIORITY_NORMAL) +
                                 (residency_priority >= D3DDDI_ALLOCATIONPRIORITY_HIGH) +
                                 (residency_priority >= D3DDDI_ALLOCATIONPRIORITY_MAXIMUM);
}

void offer_lists_init( struct offer_lists *lists )
{
    unsigned int level;

    for (level = 0; level < OFFER_LEVELS; level++)
    {
        list_init( &lists->plain[level] );
        list_init( &lists->decommittable[level] );
    }
}

static inline void count_decommittable_locked( struct vidmm *vidmm, uint64_t more )
{
    vidmm->decommittable_bytes += more;
    vidmm->decommit_changes++;
}

static inline void add_offer_locked( struct vidmm *vidmm, struct offer_lists *lists, struct allocation *allocation )
{
    if (allocation->allow_decommit)
    {
        list_add_tail( &lists->decommittable[allocation->offer], &allocation->victim_entry );
        count_decommittable_locked( vidmm, allocation->size );
    }
    else list_add_tail( &lists->plain[allocation->offer], &allocation->victim_entry );
}

static inline void add_locked( struct vidmm *vidmm, struct allocation *allocation )
{
    struct vidmm_heap *heap = type_heap( vidmm, allocation->memory_type );

    if (allocation->pinned) return;
    if (allocation->busy && allocation->evicted) return;    /* being brought back: allocation_done_locked sees to it */
    if (allocation->offer == NOT_OFFERED)
    {
        enum evict_level level = allocation->eager ? EVICT_EAGER : allocation->priority_level;

        if (!may_evict( allocation )) return;
        allocation->victim_list = VICTIM_EVICTABLE;
        list_add_tail( &heap->evictable[level], &allocation->victim_entry );
        heap->evictable_bytes += allocation->size;
        vidmm->evictable++;
        if (level == EVICT_EAGER)
        {
            vidmm->eager++;
            worker_kick_locked( vidmm );
        }
    }
    else if (may_discard( vidmm, allocation ))
    {
        allocation->victim_list = VICTIM_OFFERED;
        add_offer_locked( vidmm, &heap->offered, allocation );
        heap->offered_bytes += allocation->size;
        vidmm->offered++;
    }
    else if (allocation->evicted && allocation->system_memory && !vidmm->verifier.never_discard)
    {
        allocation->victim_list = VICTIM_OFFERED_EVICTED;
        add_offer_locked( vidmm, &vidmm->offered_evicted, allocation );
    }
    else return;
    allocation->victim_sequence = vidmm->victim_sequence++;
    worker_watch_locked( vidmm );
}

static inline void remove_locked( struct vidmm *vidmm, struct allocation *allocation )
{
    struct vidmm_heap *heap = type_heap( vidmm, allocation->memory_type );

    switch (allocation->victim_list)
    {
    case VICTIM_NONE:
        return;
    case VICTIM_OFFERED:
        heap->offered_bytes -= allocation->size;
        if (allocation->allow_decommit) count_decommittable_locked( vidmm, -allocation->size );
        vidmm->offered--;
        break;
    case VICTIM_EVICTABLE:
        heap->evictable_bytes -= allocation->size;
        vidmm->evictable--;
        if (allocation->eager) vidmm->eager--;
        break;
    case VICTIM_OFFERED_EVICTED:
        if (allocation->allow_decommit) count_decommittable_locked( vidmm, -allocation->size );
        break;
    }
    list_remove( &allocation->victim_entry );
    allocation->victim_list = VICTIM_NONE;
}

void victim_list_add_locked( struct allocation *allocation )
{
    if (allocation->victim_list == VICTIM_NONE) add_locked( allocation->device->vidmm, allocation );
}

void victim_list_remove_locked( struct allocation *allocation )
{
    remove_locked( allocation->device->vidmm, allocation );
}

void victim_set_offer_locked( struct allocation *allocation, enum offer_level offer, bool allow_decommit )
{
    struct vidmm *vidmm = allocation->device->vidmm;

    remove_locked( vidmm, allocation );
    allocation->offer = offer;
    allocation->allow_decommit = allow_decommit;
    add_locked( vidmm, allocation );
}

/* The first of a list that nobody works on. Busy ones are few: what is being moved, and what is being paged was taken off. */
static inline struct allocation *first_idle( const struct list *victims )
{
    struct list *cursor;

    LIST_FOR_EACH( cursor, victims )
    {
        struct allocation *allocation = LIST_ENTRY( cursor, struct allocation, victim_entry );

        if (!allocation->busy) return allocation;
    }
    return NULL;
}

/* Replaces *victim by the first of a list that nobody works on, when that joined its list before, or *victim is NULL. */
static inline void choose_first( struct allocation **victim, const struct list *victims )
{
    struct allocation *candidate = first_idle( victims );

    if (candidate && (!*victim || candidate->victim_sequence < (*victim)->victim_sequence)) *victim = candidate;
}

static inline void choose_first_offer( struct allocation **victim, const struct vidmm *vidmm, const struct offer_lists *lists, unsigned int level )
{
    choose_first( victim, &lists->plain[level] );
    if (vidmm->decommittable_bytes) choose_first( victim, &lists->decommittable[level] );
}

bool is_short_of( const struct shortage *shortage, const struct vidmm_heap *heap )
{
    return shortage->heap ? shortage->heap == heap : shortage->local == heap->local;
}

struct allocation *next_discard_locked( struct vidmm *vidmm, const struct shortage *shortage )
{
    unsigned int level, i;

    for (level = OFFER_LOW; level < OFFER_LEVELS; level++)
    {
        struct allocation *victim = NULL;

        for (i = 0; i < vidmm->info->heap_count; i++)
            if (is_short_of( shortage, &vidmm->heaps[i] )) choose_first_offer( &victim, vidmm, &vidmm->heaps[i].offered, level );
        if (victim) return victim;
    }
    return NULL;
}

struct allocation *next_discard_of_evicted_locked( struct vidmm *vidmm )
{
    struct allocation *victim = NULL;
    unsigned int level;

    for (level = OFFER_LOW; level < OFFER_LEVELS && !victim; level++) choose_first_offer( &victim, vidmm, &vidmm->offered_evicted, level );
    return victim;
}

struct allocation *next_decommit_locked( struct vidmm *vidmm )
{
    unsigned int level, i;

    for (level = OFFER_LOW; level < OFFER_LEVELS; level++)
    {
        struct allocation *victim = first_idle( &vidmm->offered_evicted.decommittable[level] );

        for (i = 0; i < vidmm->info->heap_count; i++) choose_first( &victim, &vidmm->heaps[i].offered.decommittable[level] );
        if (victim) return victim;
    }
    return NULL;
}

struct allocation *next_eviction_locked( struct vidmm *vidmm, const struct shortage *shortage, enum evict_level most )
{
    unsigned int level, i;

    for (level = EVICT_EAGER; level <= most; level++)
    {
        struct allocation *victim = NULL;

        for (i = 0; i < vidmm->info->heap_count; i++)
            if (is_short_of( shortage, &vidmm->heaps[i] )) choose_first( &victim, &vidmm->heaps[i].evictable[level] );
        if (victim) return victim;
    }
    return NULL;
}

void discard_locked( struct allocation *allocation, struct freed_memory *freed )
{
    struct vidmm *vidmm = allocation->device->vidmm;
    unsigned int group = preferred_group( allocation );

    TRACE( "discarding %#x, %llu bytes, offered as %u", allocation->object.handle,
           (unsigned long long)allocation->size, allocation->offer );
    victim_list_remove_locked( allocation );
    if (allocation->block)
    {
        group = group_of_heap( type_heap( vidmm, allocation->memory_type ) );
        allocation_unplace_locked( allocation, freed, false );
    }
    allocation_drop_system_copy_locked( allocation, freed );
    allocation->discarded = true;
    allocation->content = CONTENT_ZERO;
    vidmm->discards++;
    vidmm->groups[group].discards++;
    vidmm->groups[group].discarded += allocation->size;
    vidmm->groups[group].paged = true;
}
