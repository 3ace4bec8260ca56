/*
 * Offer and reclaim
 *
 * Both validate their whole list before they change anything. What an offer does is a list operation an allocation. A
 * reclaim is the same as long as everything was kept; what was discarded must get memory first, and what was evicted while a
 * MakeResident is outstanding must come back, for which the lock is dropped: then all allocations of the call are busy, so that
 * nobody sees it half done, and when memory cannot be had, all of them are offered as before.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "core/handle_list.h"

/***********************************************************************
 * Offer
 */

static void offer_locked( struct vidmm *vidmm, struct allocation *allocation, enum offer_level level, bool allow_decommit )
{
    struct freed_memory freed;

    if (__builtin_expect( vidmm->verifier.always_decommit, 0 ) && allow_decommit && !allocation->busy)
    {
        victim_list_remove_locked( allocation );
        allocation->offer = level;
        if (can_discard( allocation ))
        {
            freed_memory_init( &freed, vidmm );
            allocation_unplace_locked( allocation, &freed, true );  /* kept for reuse: nothing to free here */
            allocation->discarded = true;
            allocation->content = CONTENT_ZERO;
        }
    }
    victim_set_offer_locked( allocation, level, allow_decommit );
}

static inline NTSTATUS check_offer( void *arg, unsigned int i, struct allocation *allocation )
{
    (void)arg;
    (void)i;
    return allocation->locks || allocation->dead ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

struct offer
{
    struct vidmm    *vidmm;
    enum offer_level level;             /* NOT_OFFERED: each allocation's own */
    bool             allow_decommit;
};

static inline void offer_one_locked( void *arg, struct allocation *allocation )
{
    const struct offer *offer = arg;

    offer_locked( offer->vidmm, allocation, offer->level != NOT_OFFERED ? offer->level : auto_offer_level( allocation->residency_priority ),
                  offer->allow_decommit );
}

static NTSTATUS offer_list_locked( const D3DKMT_OFFERALLOCATIONS *args, const struct handle_list *handles )
{
    struct offer offer = { .level = NOT_OFFERED, .allow_decommit = !args->Flags.Reserved && args->Flags.AllowDecommit };
    struct object_list list;
    struct device *device;
    NTSTATUS status;

    if ((status = get_device_locked( args->hDevice, &device ))) return status;
    if ((status = find_and_check_locked( device, handles, &list, check_offer, NULL ))) return status;

    offer.vidmm = device->vidmm;
    if (args->Priority == D3DKMT_OFFER_PRIORITY_LOW) offer.level = OFFER_LOW;
    else if (args->Priority == D3DKMT_OFFER_PRIORITY_NORMAL) offer.level = OFFER_NORMAL;
    else if (args->Priority == D3DKMT_OFFER_PRIORITY_HIGH) offer.level = OFFER_HIGH;
    for_each_allocation( &list, offer_one_locked, &offer );
    share_publish_locked( device->vidmm );
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_OfferAllocations
 *
 * Marks allocations as discardable: under pressure their memory is taken and their content lost.
 *
 * params->HandleList or ->pResources: NumAllocations handles of params->hDevice, 1 to 10240, exactly one of the two.
 * Priority: which go first (LOW, NORMAL, HIGH; AUTO goes by each allocation's residency priority).
 * Flags: AllowDecommit lets a reclaim answer "not committed". With reserved bits set the field is taken for memory behind a
 * structure of Windows 8, and there are no flags.
 * STATUS_INVALID_PARAMETER: both or neither list, the count, a handle that is not hDevice's, a priority outside LOW..AUTO, a
 * locked or dead allocation. Nothing is offered then.
 * STATUS_DEVICE_REMOVED: the adapter's Vulkan device was lost.
 *
 * Cost: one lock, O(allocations); no Vulkan call, no memory allocation, no system call but to wake the worker from idleness.
 * Source: DDI page of D3DKMTOfferAllocations, offer-and-reclaim-changes (WDDM 2.0); docs/semantics.md where they are silent.
 */
NTSTATUS kmt_OfferAllocations( D3DKMT_OFFERALLOCATIONS *params )
{
    D3DKMT_OFFERALLOCATIONS args;
    struct handle_list handles;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, count %u, priority %u, flags %#x", args.hDevice, args.NumAllocations, args.Priority, args.Flags.Value );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if ((status = read_handle_list( args.pResources, args.HandleList, args.NumAllocations, &handles ))) return status;
    if (args.Priority < D3DKMT_OFFER_PRIORITY_LOW || args.Priority > D3DKMT_OFFER_PRIORITY_AUTO) return STATUS_INVALID_PARAMETER;

    kmt_lock();
    status = offer_list_locked( &args, &handles );
    kmt_unlock();
    if (status) WARN( "device %#x, count %u: refused: %#x", args.hDevice, args.NumAllocations, (unsigned int)status );
    return status;
}

/***********************************************************************
 * Reclaim
 */

static inline D3DDDI_RECLAIM_RESULT reclaim_result( const struct vidmm *vidmm, const struct allocation *allocation )
{
    if (allocation->offer == NOT_OFFERED) return D3DDDI_RECLAIM_RESULT_OK;
    if (allocation->dead) return D3DDDI_RECLAIM_RESULT_NOT_COMMITTED;
    if (allocation->discarded || vidmm->verifier.always_discard) return D3DDDI_RECLAIM_RESULT_DISCARDED;
    return D3DDDI_RECLAIM_RESULT_OK;
}

/* Discarded: it gets memory again, whose content does not matter. */
static inline bool needs_memory( const struct allocation *allocation )
{
    return allocation->offer != NOT_OFFERED && allocation->discarded && !allocation->dead;
}

/* MakeResident came while it was offered and evicted, or it was evicted before: only a reclaim brings it back. */
static inline bool needs_content( const struct allocation *allocation )
{
    return allocation->evicted && allocation->offer != NOT_OFFERED && allocation->resident_count;
}

/* What a first look at the list finds. */
struct survey
{
    const struct vidmm    *vidmm;
    D3DDDI_RECLAIM_RESULT *results;     /* one an entry; of a resource the worst of its allocations', which is the largest value */
    unsigned int           total;       /* allocations */
    bool                   slow;        /* one needs memory or content */
    bool                   busy;        /* somebody works on one */
};

static inline NTSTATUS survey_allocation( void *arg, unsigned int i, struct allocation *allocation )
{
    struct survey *survey = arg;
    D3DDDI_RECLAIM_RESULT result;

    if (allocation->dead) return STATUS_INVALID_PARAMETER;
    survey->total++;
    if (needs_memory( allocation ) || needs_content( allocation )) survey->slow = true;
    if (allocation->busy) survey->busy = true;
    result = reclaim_result( survey->vidmm, allocation );
    if (result > survey->results[i]) survey->results[i] = result;
    return STATUS_SUCCESS;
}

static inline void end_offer_locked( void *arg, struct allocation *allocation )
{
    (void)arg;
    if (allocation->offer == NOT_OFFERED) return;
    allocation->discarded = false;
    victim_set_offer_locked( allocation, NOT_OFFERED, false );
}

/* All are as if they had never been offered. */
static void end_offers_locked( const struct object_list *list )
{
    for_each_allocation( list, end_offer_locked, NULL );
}

/* The same after the slow half, with the results as they have become. */
static void finish_reclaim_locked( const struct vidmm *vidmm, const struct object_list *list, D3DDDI_RECLAIM_RESULT *results )
{
    struct allocation *allocation;
    struct entry_walk walk;
    unsigned int i;

    for (i = 0; i < list->handles->count; i++)
    {
        results[i] = D3DDDI_RECLAIM_RESULT_OK;
        for (walk = walk_start( list, i ); (allocation = walk_next( &walk )); )
        {
            D3DDDI_RECLAIM_RESULT result = reclaim_result( vidmm, allocation );

            if (result > results[i]) results[i] = result;
        }
    }
    end_offers_locked( list );
}

/* Gives memory to one allocation that needs it. Drops the lock. */
static NTSTATUS recommit_locked( struct allocation *allocation )
{
    bool discarded = needs_memory( allocation );
    NTSTATUS status;

    if (discarded && allocation->allow_decommit && allocation->device->vidmm->verifier.fail_commit)
    {
        allocation->dead = true;
        return STATUS_SUCCESS;
    }
    status = vidmm_place_locked( allocation, WITHIN_BUDGET );
    if (status != STATUS_GRAPHICS_NO_VIDEO_MEMORY && status != STATUS_NO_MEMORY) return status;
    /* A promise was made when it was made resident. The budget is only a hint, so it gives way. */
    if (allocation->resident_count) return vidmm_place_locked( allocation, OVER_BUDGET );
    /* Else it is as if it had been evicted before it was ever written to. */
    if (discarded) allocation_set_evicted_locked( allocation );
    return STATUS_SUCCESS;
}

/* Undoes recommit_locked. */
static void undo_recommit_locked( struct allocation *allocation, struct freed_memory *freed )
{
    bool discarded;

    allocation->dead = false;
    discarded = needs_memory( allocation );
    /* An Evict may have come, so that it needs no content any more. */
    if (!discarded && !(allocation->evicted && allocation->block)) return;
    victim_list_remove_locked( allocation );        /* somebody may have offered it again */
    allocation_unplace_locked( allocation, freed, true );
    if (!discarded) return;
    allocation_drop_system_copy_locked( allocation, freed );
    allocation->content = CONTENT_ZERO;             /* the memory was new to it, the next may not be */
}

/* The slow half of a reclaim: all is found, nothing is busy. Drops the lock. queue: for the copies; NULL: they are waited for.
 * *retry: a resource of the list has got further allocations meanwhile, nothing was done. */
static NTSTATUS reclaim_slowly_locked( struct device *device, struct paging_queue *queue, struct object_list *list, unsigned int total,
                                       D3DDDI_RECLAIM_RESULT *results, uint64_t *fence_value, bool *retry )
{
    struct paging_job *job = malloc( sizeof(*job) + total * sizeof(*job->allocations) );
    struct allocation *allocation;
    NTSTATUS status = STATUS_SUCCESS;
    struct freed_memory freed;
    struct entry_walk walk;
    unsigned int i;

    *retry = false;
    if (!job) return STATUS_NO_MEMORY;
    job->count = 0;
    for (i = 0; i < list->handles->count; i++)
        for (walk = walk_start( list, i ); (allocation = walk_next( &walk )); )
        {
            if (allocation->busy) continue;     /* it stands in the list twice */
            victim_list_remove_locked( allocation );
            allocation_begin_locked( allocation );
            job->allocations[job->count++] = allocation;
        }

    object_grab( &device->object );
    if (queue) object_grab( &queue->object );
    for (i = 0; i < job->count && !status; i++)
        if (needs_memory( job->allocations[i] ) || needs_content( job->allocations[i] )) status = recommit_locked( job->allocations[i] );

    /* Meanwhile resources or allocations may have been destroyed, or added to a resource. */
    if (!status && (!device->object.handle || (queue && !queue->object.handle))) status = STATUS_INVALID_PARAMETER;
    if (!status) status = find_objects_locked( device, list->handles, list );
    for (i = 0; !status && !*retry && i < list->handles->count; i++)
        for (walk = walk_start( list, i ); (allocation = walk_next( &walk )); )
            if ((needs_memory( allocation ) && !allocation->block && !allocation->evicted) ||
                (needs_content( allocation ) && !allocation->block)) *retry = true;

    freed_memory_init( &freed, device->vidmm );
    if (!status && !*retry) finish_reclaim_locked( device->vidmm, list, results );
    else for (i = 0; i < job->count; i++) undo_recommit_locked( job->allocations[i], &freed );
    status = pager_finish_locked( status || *retry ? NULL : queue, job, fence_value, &freed, status );
    freed_memory_flush_locked( &freed );
    share_publish_locked( device->vidmm );
    trim_notice_locked( device->vidmm );
    if (queue) paging_queue_put_locked( queue );
    device_put_locked( device );
    return status;
}

/* device, or the device of the queue when that is not 0. *fence_value: when the GPU may use it. May drop the lock. */
static NTSTATUS reclaim_list_locked( D3DKMT_HANDLE device_handle, D3DKMT_HANDLE queue_handle, const struct handle_list *handles,
                                     D3DDDI_RECLAIM_RESULT *results, uint64_t *fence_value )
{
    struct paging_queue *queue = NULL;
    struct object_list list;
    struct device *device;
    struct survey survey;
    NTSTATUS status;
    bool retry;

    for (;;)
    {
        if (queue_handle)
        {
            if ((status = get_paging_queue_locked( queue_handle, &queue ))) return status;
            device = queue->device;
            *fence_value = *queue->fence_value;
        }
        else if ((status = get_device_locked( device_handle, &device ))) return status;

        survey = (struct survey){ .vidmm = device->vidmm, .results = results };
        memset( results, 0, handles->count * sizeof(*results) );    /* D3DDDI_RECLAIM_RESULT_OK */
        if ((status = find_and_check_locked( device, handles, &list, survey_allocation, &survey ))) return status;
        if (!survey.slow)
        {
            end_offers_locked( &list );
            share_publish_locked( device->vidmm );
            return STATUS_SUCCESS;
        }
        if (survey.busy)
        {
            kmt_wait_locked( UINT64_MAX );      /* then everything may be different */
            continue;
        }
        status = reclaim_slowly_locked( device, queue, &list, survey.total, results, fence_value, &retry );
        if (!retry) return status;
    }
}

/***********************************************************************
 *           kmt_ReclaimAllocations
 *
 * Ends an offer and tells what was discarded. What was gets memory again, and may be locked at once: GPU memory, or, when that
 * cannot be had and no MakeResident is outstanding, system memory.
 *
 * params->HandleList or ->pResources: NumAllocations handles of params->hDevice, 1 to 10240, exactly one of the two.
 * pDiscarded: NumAllocations BOOLs, or NULL: then the caller takes all content as lost. Of a resource TRUE when any of its
 * allocations was discarded. What was not offered is FALSE.
 * STATUS_INVALID_PARAMETER: both or neither list, the count, a handle that is not hDevice's, an allocation that an earlier
 * reclaim reported as not committed. Nothing is reclaimed then.
 * STATUS_DEVICE_REMOVED: the adapter's Vulkan device was lost.
 * STATUS_GRAPHICS_NO_VIDEO_MEMORY, STATUS_NO_MEMORY: Vulkan has no memory for what is held resident, even beyond the
 * budget. Not in the documentation, which has no answer for this. Everything stays offered.
 *
 * Cost: one lock, O(allocations), no Vulkan call for what was kept; what was discarded costs as much as creating it; what a
 * MakeResident holds and was evicted is copied before the call returns.
 * Source: DDI page of D3DKMTReclaimAllocations; docs/semantics.md where it is silent.
 */
NTSTATUS kmt_ReclaimAllocations( D3DKMT_RECLAIMALLOCATIONS *params )
{
    D3DDDI_RECLAIM_RESULT results[MAX_LIST_COUNT];
    D3DKMT_RECLAIMALLOCATIONS args;
    struct handle_list handles;
    NTSTATUS status;
    unsigned int i;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, count %u", args.hDevice, args.NumAllocations );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if ((status = read_handle_list( args.pResources, args.HandleList, args.NumAllocations, &handles ))) return status;
    probe_write_array( args.pDiscarded, handles.count * sizeof(*args.pDiscarded) );

    kmt_lock();
    status = reclaim_list_locked( args.hDevice, 0, &handles, results, NULL );
    kmt_unlock();
    if (status) WARN( "device %#x, count %u: refused: %#x", args.hDevice, args.NumAllocations, (unsigned int)status );
    else if (args.pDiscarded)
        for (i = 0; i < handles.count; i++) args.pDiscarded[i] = results[i] != D3DDDI_RECLAIM_RESULT_OK;
    return status;
}

/***********************************************************************
 *           kmt_ReclaimAllocations2
 *
 * The same on a paging queue and its device, with results that tell "not committed" from "discarded" in the slot of
 * pDiscarded (the values of both agree). PagingFenceValue: what the queue's fence must reach before the GPU uses the memory; the
 * value that it has already, unless content is being copied back.
 */
NTSTATUS kmt_ReclaimAllocations2( D3DKMT_RECLAIMALLOCATIONS2 *params )
{
    D3DDDI_RECLAIM_RESULT results[MAX_LIST_COUNT];
    D3DKMT_RECLAIMALLOCATIONS2 args;
    struct handle_list handles;
    uint64_t fence_value = 0;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "queue %#x, count %u", args.hPagingQueue, args.NumAllocations );
    if (is_stock_handle( args.hPagingQueue )) return KMT_STATUS_STOCK;
    if ((status = read_handle_list( args.pResources, args.HandleList, args.NumAllocations, &handles ))) return status;
    if (!args.hPagingQueue) return STATUS_INVALID_PARAMETER;
    probe_write_array( args.pResults, handles.count * sizeof(*args.pResults) );
    probe_write_array( &params->PagingFenceValue, sizeof(params->PagingFenceValue) );

    kmt_lock();
    status = reclaim_list_locked( 0, args.hPagingQueue, &handles, results, &fence_value );
    kmt_unlock();
    if (status) WARN( "queue %#x, count %u: refused: %#x", args.hPagingQueue, args.NumAllocations, (unsigned int)status );
    else
    {
        if (args.pResults) memcpy( args.pResults, results, handles.count * sizeof(*results) );
        params->PagingFenceValue = fence_value;
    }
    return status;
}
