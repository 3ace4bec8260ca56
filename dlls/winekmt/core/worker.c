/*
 * The worker: a thread a manager, for what must not happen on a program's thread
 *
 * It frees blocks that have been empty for a while, a slice at a time, and while something is offered it watches the
 * budget of VK_EXT_memory_budget and discards what no longer fits. With neither to do it sleeps without a timer. It has no
 * TEB: nothing here may call Wine.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/vidmm.h"

static bool must_watch_budget_locked( const struct vidmm *vidmm )
{
    return vidmm->info->has_memory_budget && vidmm->offered && !vidmm->lost;
}

static void enforce_budget_locked( struct vidmm *vidmm )
{
    unsigned int i;

    vidmm_refresh_budget_locked( vidmm, BUDGET_AGE_NS );
    for (i = 0; i < vidmm->info->heap_count && !vidmm->lost; i++)
    {
        struct shortage shortage = budget_shortage_locked( vidmm, &vidmm->heaps[i], 0 );

        while (shortage.bytes && vidmm->offered && !vidmm->stopping && make_room_locked( vidmm, &shortage, NULL ))
            shortage = budget_shortage_locked( vidmm, &vidmm->heaps[i], 0 );
    }
}

/* Frees a slice of what has been empty long enough. When the next may be due; UINT64_MAX: there is none. */
static uint64_t free_empty_blocks_locked( struct vidmm *vidmm )
{
    uint64_t now = os_time_ns(), bytes = 0;
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
    freed_memory_flush_locked( &freed );

    if (!(head = list_head( &vidmm->empty ))) return UINT64_MAX;
    if (bytes >= FREE_SLICE_BYTES) return os_time_ns() + FREE_PAUSE_NS;
    return LIST_ENTRY( head, struct vidmm_block, empty_entry )->empty_since + EMPTY_BLOCK_NS;
}

static void *worker( void *arg )
{
    struct vidmm *vidmm = arg;

    kmt_lock();
    while (!vidmm->stopping)
    {
        bool watch = must_watch_budget_locked( vidmm );
        uint64_t deadline;

        if (watch) enforce_budget_locked( vidmm );
        deadline = free_empty_blocks_locked( vidmm );
        if (vidmm->stopping) break;
        watch = must_watch_budget_locked( vidmm );
        if (watch && deadline > os_time_ns() + BUDGET_AGE_NS) deadline = os_time_ns() + BUDGET_AGE_NS;
        vidmm->worker_idle = deadline == UINT64_MAX;
        kmt_wait_on_locked( &vidmm->worker_wake, deadline );
        vidmm->worker_idle = false;
    }
    kmt_unlock();
    return NULL;
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
        pthread_cond_signal( &vidmm->worker_wake );
    }
}

void worker_stop_locked( struct vidmm *vidmm )
{
    vidmm->stopping = true;
    if (!vidmm->worker_started) return;
    pthread_cond_signal( &vidmm->worker_wake );
    kmt_unlock();
    pthread_join( vidmm->worker, NULL );
    kmt_lock();
    vidmm->worker_started = false;
}
