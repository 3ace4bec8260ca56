/*
 * The pager: a thread a manager that brings content back while the program goes on
 *
 * MakeResident and ReclaimAllocations2 find memory for all their allocations themselves, so that they can say no; only the copies
 * are left to the pager, and the queue's fence tells when they are done. It always does: a copy that fails puts the device in
 * error, and the fence still reaches its value. Queues of higher priority come first; those of one priority take turns by job.
 * The thread has no TEB: nothing here may call Wine.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>

#include "core/vidmm.h"

/* How many of the job, from the first on, are copied in one go: 1 or more. */
static unsigned int batch_size( const struct paging_job *job, unsigned int first )
{
    uint64_t bytes = 0;
    unsigned int count;

    for (count = 0; count < PAGE_IN_COUNT && first + count < job->count && bytes < PAGE_IN_BYTES; count++)
        bytes += job->allocations[first + count]->size;
    return count;
}

/* Drops the lock. */
static void do_job_locked( struct vidmm *vidmm, struct paging_job *job )
{
    struct paging_queue *queue = job->queue;
    NTSTATUS statuses[PAGE_IN_COUNT];
    struct freed_memory freed;
    unsigned int first, i, count;

    freed_memory_init( &freed, vidmm );
    for (first = 0; first < job->count; first += count)
    {
        count = batch_size( job, first );
        page_in_list_locked( job->allocations + first, count, statuses, &freed );
        for (i = 0; i < count; i++)
        {
            struct allocation *allocation = job->allocations[first + i];

            if (statuses[i] == STATUS_NO_MEMORY) device_fail_locked( allocation->device, D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY );
            allocation_done_locked( allocation, &freed );
        }
    }
    /* In the order of the values: without a pager, one may be done on another thread. */
    while (*queue->fence_value != job->fence_value - 1) kmt_wait_locked( UINT64_MAX );
    __atomic_store_n( queue->fence_value, job->fence_value, __ATOMIC_RELEASE );
    queue->pending_jobs--;
    vidmm->pending_jobs--;
    kmt_wake_locked();
    notify_locked();
    paging_queue_put_locked( queue );
    free( job );
    freed_memory_flush_locked( &freed );
    share_publish_locked( vidmm );
}

static struct paging_job *next_job_locked( struct vidmm *vidmm )
{
    unsigned int priority;
    struct list *head;

    for (priority = 0; priority < PAGING_PRIORITIES; priority++)
        if ((head = list_head( &vidmm->jobs[priority] ))) return LIST_ENTRY( head, struct paging_job, entry );
    return NULL;
}

static void *pager( void *arg )
{
    struct vidmm *vidmm = arg;
    struct paging_job *job;

    kmt_lock();
    while (!vidmm->stopping)
    {
        if ((job = next_job_locked( vidmm )))
        {
            list_remove( &job->entry );
            do_job_locked( vidmm, job );
            continue;
        }
        vidmm->pager_idle = true;
        kmt_wait_on_locked( &vidmm->pager_wake, UINT64_MAX );
        vidmm->pager_idle = false;
    }
    kmt_unlock();
    return NULL;
}

static uint64_t submit_locked( struct paging_queue *queue, struct paging_job *job )
{
    struct vidmm *vidmm = queue->device->vidmm;
    uint64_t value = ++queue->last_value;
    unsigned int i;

    if (!vidmm->pager_started)
    {
        int error = os_create_thread( &vidmm->pager, pager, vidmm );

        if (error) WARN( "no pager thread (%d)", error );
        vidmm->pager_started = !error;
    }
    object_grab( &queue->object );
    queue->pending_jobs++;
    vidmm->pending_jobs++;
    job->queue = queue;
    job->fence_value = value;
    if (!vidmm->pager_started)
    {
        do_job_locked( vidmm, job );
        return value;
    }
    for (i = 0; i < job->count; i++) job->allocations[i]->busy = BUSY_IN_JOB;
    list_add_tail( &vidmm->jobs[queue->priority], &job->entry );
    if (vidmm->pager_idle) os_condition_wake( &vidmm->pager_wake );
    return value;
}

NTSTATUS pager_finish_locked( struct paging_queue *queue, struct paging_job *job, uint64_t *fence_value,
                              struct freed_memory *freed, NTSTATUS status )
{
    unsigned int i, copies = 0;

    for (i = 0; i < job->count; i++)
    {
        struct allocation *allocation = job->allocations[i];

        if (!status && queue && allocation->block && page_in_copies( allocation ))
        {
            job->allocations[copies++] = allocation;
            continue;
        }
        if (!status && allocation->block && page_in_locked( allocation, freed ))
        {
            device_fail_locked( allocation->device, D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY );
            status = STATUS_DEVICE_REMOVED;
        }
        allocation_done_locked( allocation, freed );
    }
    job->count = copies;
    if (!copies) free( job );
    else *fence_value = submit_locked( queue, job );
    return status;
}

void pager_stop_locked( struct vidmm *vidmm )
{
    vidmm->stopping = true;
    if (!vidmm->pager_started) return;
    assert( !next_job_locked( vidmm ) );
    os_condition_wake( &vidmm->pager_wake );
    kmt_unlock();
    pthread_join( vidmm->pager, NULL );
    kmt_lock();
    vidmm->pager_started = false;
}
