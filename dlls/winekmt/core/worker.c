/*
 * The worker: a thread a manager, for what must not happen on a program's thread
 *
 * It gives up what other processes ask for; it frees blocks that have been empty for a while, a slice at a time; it evicts what
 * Evict named without EvictOnlyIfNecessary; and while something can be discarded or evicted it watches the budget of
 * VK_EXT_memory_budget and takes what no longer fits. With none of it to do it sleeps without a timer. It has no TEB: nothing here
 * may call Wine.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/vidmm.h"

/* One that can fall: Vulkan's, or what D3DKMTEscape has set. */
static bool has_budget_locked( const struct vidmm *vidmm )
{
    return vidmm->info->has_memory_budget || vidmm->groups[GROUP_LOCAL].cap != UINT64_MAX || vidmm->groups[GROUP_NON_LOCAL].cap != UINT64_MAX;
}

static bool must_watch_budget_locked( const struct vidmm *vidmm )
{
    if (!has_budget_locked( vidmm ) || vidmm->lost) return false;
    return vidmm->offered || vidmm->evictable || vidmm->trim.asked_for || vidmm->trim.periodic_at;
}

/* How often: what is offered goes first when somebody else needs memory, and a process that uses little is not soon over its
 * budget. */
static uint64_t watch_interval_locked( const struct vidmm *vidmm )
{
    unsigned int i;

    if (vidmm->offered) return BUDGET_AGE_NS;
    for (i = 0; i < vidmm->info->heap_count; i++)
        if (vidmm->heaps[i].used > vidmm->heaps[i].limit / 2) return BUDGET_AGE_NS;
    return 10 * BUDGET_AGE_NS;
}

static void enforce_budget_locked( struct vidmm *vidmm )
{
    unsigned int i;

    vidmm_refresh_budget_locked( vidmm, BUDGET_AGE_NS );
    for (i = 0; i < vidmm->info->heap_count && !vidmm->lost; i++)
    {
        struct shortage shortage = budget_shortage_locked( vidmm, &vidmm->heaps[i], 0 );

        while (shortage.bytes && (vidmm->offered || vidmm->evictable || vidmm->heaps[i].empty_bytes) && !vidmm->stopping &&
               make_room_locked( vidmm, &shortage, NULL, EFFORT_EVICT ) == ROOM_MADE)
            shortage = budget_shortage_locked( vidmm, &vidmm->heaps[i], 0 );
    }
}

/* Evict without EvictOnlyIfNecessary: "at the earliest opportunity" (D3DDDI_EVICT_FLAGS page). */
static void evict_eagerly_locked( struct vidmm *vidmm )
{
    struct shortage anything = { .bytes = PAGE_OUT_BYTES };
    enum room room = ROOM_MADE;

    while (vidmm->eager && room == ROOM_MADE && !vidmm->stopping && !vidmm->lost)
    {
        share_serve_locked( vidmm );        /* somebody may be waiting, and this may take long */
        anything.local = !anything.local;
        room = page_out_locked( vidmm, &anything, EVICT_EAGER );
        if (room == ROOM_NONE)
        {
            anything.local = !anything.local;
            room = page_out_locked( vidmm, &anything, EVICT_EAGER );
        }
    }
}

/* Frees a slice of what has been empty long enough. When the next may be due; UINT64_MAX: there is none. */
static uint64_t free_empty_blocks_locked( struct vidmm *vidmm )
{
    uint64_t now = os_time_ns(), bytes = 0, next;
    struct freed_memory freed;
    struct list *head;

    freed_memory_init( &freed, vidmm );
    while ((head = list_head( &vidmm->empty )) && bytes < FREE_SLICE_BYTES)
    {
        struct vidmm_block *block = LIST_ENTRY( head, struct vidmm_block, empty_entry );

        if (now < block->empty_since + EMPTY_BLOCK_NS) break;
        bytes += block->size;
        block_retire_locked( vidmm, block, &freed );
    }
    next = system_memory_expire_locked( now, &freed );
    freed_memory_flush_locked( &freed );

    if (!(head = list_head( &vidmm->empty ))) return next;
    if (bytes >= FREE_SLICE_BYTES) return os_time_ns() + FREE_PAUSE_NS;
    now = LIST_ENTRY( head, struct vidmm_block, empty_entry )->empty_since + EMPTY_BLOCK_NS;
    return now < next ? now : next;
}

static void *worker( void *arg )
{
    struct vidmm *vidmm = arg;

    kmt_lock();
    while (!vidmm->stopping)
    {
        uint64_t deadline, trim;
        bool watch;

        vidmm->worker_kicked = false;
        share_serve_locked( vidmm );
        if (vidmm->eager) evict_eagerly_locked( vidmm );
        share_refresh_locked( vidmm, SHARE_AGE_NS );
        if (must_watch_budget_locked( vidmm )) enforce_budget_locked( vidmm );
        trim = trim_check_locked( vidmm );
        deadline = free_empty_blocks_locked( vidmm );
        if (vidmm->stopping) break;
        if (trim < deadline) deadline = trim;
        if (vidmm->worker_kicked) continue;     /* while the lock was dropped */
        watch = must_watch_budget_locked( vidmm );
        vidmm->watching = watch || !has_budget_locked( vidmm );
        if (watch && deadline > os_time_ns() + watch_interval_locked( vidmm )) deadline = os_time_ns() + watch_interval_locked( vidmm );
        vidmm->worker_idle = deadline == UINT64_MAX;
        kmt_wait_on_locked( &vidmm->worker_wake, deadline );
        vidmm->worker_idle = false;
    }
    kmt_unlock();
    return NULL;
}

void worker_kick_locked( struct vidmm *vidmm )
{
    if (vidmm->worker_kicked && vidmm->worker_started) return;      /* it was woken, and has not begun another turn */
    vidmm->worker_kicked = true;
    if (!vidmm->worker_started) worker_notify_locked( vidmm );
    else os_condition_wake( &vidmm->worker_wake );
}

void worker_notify_locked( struct vidmm *vidmm )
{
    if (!vidmm->worker_started)
    {
        int error = os_create_thread( &vidmm->worker, worker, vidmm );

        /* Without a worker all still works: empty blocks are freed under pressure, and at the end. */
        if (error) WARN( "no worker thread (%d)", error );
        vidmm->worker_started = !error;
    }
    else if (vidmm->worker_idle)
    {
        vidmm->worker_idle = false;
        os_condition_wake( &vidmm->worker_wake );
    }
}

void worker_stop_locked( struct vidmm *vidmm )
{
    vidmm->stopping = true;
    if (!vidmm->worker_started) return;
    os_condition_wake( &vidmm->worker_wake );
    kmt_unlock();
    pthread_join( vidmm->worker, NULL );
    kmt_lock();
    vidmm->worker_started = false;
}
