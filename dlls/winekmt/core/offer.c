/*
 * Offer and reclaim
 *
 * Both validate their whole list before they change anything. What an offer does is a list operation an allocation. A
 * reclaim is the same as long as everything was kept; what was discarded must get memory first, for which the lock
 * is dropped: then all allocations of the call are busy, so that nobody sees it half done, and when memory cannot be had, all of
 * them are offered as before.
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

static void offer_locked( struct allocation *allocation, enum offer_level level, bool allow_decommit )
{
    struct vidmm *vidmm = allocation->device->vidmm;
    struct freed_memory freed;

    offer_list_remove_locked( allocation );
    allocation->offer = level;
    allocation->allow_decommit = allow_decommit;
    if (vidmm->verifier.always_decommit && allow_decommit && can_discard( allocation ) && !allocation->busy)
    {
        freed_memory_init( &freed, vidmm );
        allocation_unplace_locked( allocation, &freed, true );  /* kept for reuse: nothing to free here */
        allocation->discarded = true;
        allocation->content = CONTENT_ZERO;
    }
    offer_list_add_locked( allocation );
}

static NTSTATUS offer_list_locked( const D3DKMT_OFFERALLOCATIONS *args, const struct handle_list *handles )
{
    bool allow_decommit = !args->Flags.Reserved && args->Flags.AllowDecommit;
    struct allocation *allocation;
    struct object_list list;
    struct entry_walk walk;
    struct device *device;
    enum offer_level level;
    NTSTATUS status;
    unsigned int i;

    if ((status = get_device_locked( args->hDevice, &device ))) return status;
    if ((status = find_objects_locked( device, handles, &list ))) return status;
    for (i = 0; i < handles->count; i++)
        for (walk = walk_start( &list, i ); (allocation = walk_next( &walk )); )
            if (allocation->locks || allocation->dead) return STATUS_INVALID_PARAMETER;

    for (i = 0; i < handles->count; i++)
        for (walk = walk_start( &list, i ); (allocation = walk_next( &walk )); )
        {
            switch (args->Priority)
            {
            case D3DKMT_OFFER_PRIORITY_LOW:    level = OFFER_LOW; break;
            case D3DKMT_OFFER_PRIORITY_NORMAL: level = OFFER_NORMAL; break;
            case D3DKMT_OFFER_PRIORITY_HIGH:   level = OFFER_HIGH; break;
            default:                           level = auto_offer_level( allocation->residency_priority ); break;
            }
            offer_locked( allocation, level, allow_decommit );
        }
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

static D3DDDI_RECLAIM_RESULT reclaim_result( const struct allocation *allocation )
{
    if (allocation->offer == NOT_OFFERED) return D3DDDI_RECLAIM_RESULT_OK;
    if (allocation->dead) return D3DDDI_RECLAIM_RESULT_NOT_COMMITTED;
    if (allocation->discarded || allocation->device->vidmm->verifier.always_discard) return D3DDDI_RECLAIM_RESULT_DISCARDED;
    return D3DDDI_RECLAIM_RESULT_OK;
}

/* One result an entry; of a resource the worst of its allocations', which is the largest value. Then all are as if they
 * had never been offered. */
static void finish_reclaim_locked( const struct object_list *list, D3DDDI_RECLAIM_RESULT *results )
{
    struct allocation *allocation;
    struct entry_walk walk;
    unsigned int i;

    for (i = 0; i < list->handles->count; i++)
    {
        results[i] = D3DDDI_RECLAIM_RESULT_OK;
        for (walk = walk_start( list, i ); (allocation = walk_next( &walk )); )
        {
            D3DDDI_RECLAIM_RESULT result = reclaim_result( allocation );

            if (result > results[i]) results[i] = result;
        }
    }
    for (i = 0; i < list->handles->count; i++)
        for (walk = walk_start( list, i ); (allocation = walk_next( &walk )); )
        {
            offer_list_remove_locked( allocation );
            allocation->offer = NOT_OFFERED;
            allocation->discarded = false;
            allocation->allow_decommit = false;
        }
}

static bool needs_memory( const struct allocation *allocation )
{
    return allocation->offer != NOT_OFFERED && allocation->discarded && !allocation->dead;
}

/* Counts what needs memory. *busy: somebody works on one of the allocations. STATUS_INVALID_PARAMETER: one is dead. */
static NTSTATUS survey_locked( const struct object_list *list, unsigned int *total, bool *memory_needed, bool *busy )
{
    struct allocation *allocation;
    struct entry_walk walk;
    unsigned int i;

    *total = 0;
    *memory_needed = *busy = false;
    for (i = 0; i < list->handles->count; i++)
        for (walk = walk_start( list, i ); (allocation = walk_next( &walk )); ++*total)
        {
            if (allocation->dead) return STATUS_INVALID_PARAMETER;
            if (needs_memory( allocation )) *memory_needed = true;
            if (allocation->busy) *busy = true;
        }
    return STATUS_SUCCESS;
}

/* Gives memory to one discarded allocation. Drops the lock. */
static NTSTATUS recommit_locked( struct allocation *allocation )
{
    struct vidmm *vidmm = allocation->device->vidmm;
    NTSTATUS status = STATUS_GRAPHICS_NO_VIDEO_MEMORY;

    if (!allocation->allow_decommit || !vidmm->verifier.fail_commit)
    {
        status = vidmm_place_locked( allocation, false );
        /* A promise was made when the allocation was created. The budget is only a hint, so it gives way first. */
        if (status == STATUS_GRAPHICS_NO_VIDEO_MEMORY && !allocation->allow_decommit)
            status = vidmm_place_locked( allocation, true );
    }
    if (status == STATUS_GRAPHICS_NO_VIDEO_MEMORY && allocation->allow_decommit)
    {
        allocation->dead = true;
        status = STATUS_SUCCESS;
    }
    return status;
}

/* The slow half of a reclaim: all is found, nothing is busy. Drops the lock. *retry: a resource of the list has got further
 * allocations meanwhile, nothing was done. */
static NTSTATUS reclaim_discarded_locked( struct device *device, struct object_list *list, unsigned int total,
                                          D3DDDI_RECLAIM_RESULT *results, bool *retry )
{
    struct allocation **allocations = malloc( total * sizeof(*allocations) ), *allocation;
    unsigned int i, count = 0, placed;
    struct freed_memory freed;
    NTSTATUS status = STATUS_SUCCESS;
    struct entry_walk walk;

    *retry = false;
    if (!allocations) return STATUS_NO_MEMORY;
    for (i = 0; i < list->handles->count; i++)
        for (walk = walk_start( list, i ); (allocation = walk_next( &walk )); )
        {
            if (allocation->busy) continue;     /* it stands in the list twice */
            offer_list_remove_locked( allocation );
            allocation_begin_locked( allocation );
            allocations[count++] = allocation;
        }

    object_grab( &device->object );
    for (placed = 0; placed < count && !status; placed++)
        if (needs_memory( allocations[placed] )) status = recommit_locked( allocations[placed] );

    /* Meanwhile resources or allocations may have been destroyed, or added to a resource. */
    if (!status && !device->object.handle) status = STATUS_INVALID_PARAMETER;
    if (!status) status = find_objects_locked( device, list->handles, list );
    for (i = 0; !status && !*retry && i < list->handles->count; i++)
        for (walk = walk_start( list, i ); (allocation = walk_next( &walk )); )
            if (needs_memory( allocation ) && !allocation->block) *retry = true;

    freed_memory_init( &freed, device->vidmm );
    if (!status && !*retry) finish_reclaim_locked( list, results );
    else
        for (i = 0; i < count; i++)
        {
            allocations[i]->dead = false;
            if (!needs_memory( allocations[i] )) continue;
            offer_list_remove_locked( allocations[i] );     /* somebody may have offered it again */
            allocation_unplace_locked( allocations[i], &freed, true );
            allocations[i]->content = CONTENT_ZERO;         /* the memory was new to it, the next may not be */
        }
    for (i = 0; i < count; i++) allocation_done_locked( allocations[i], &freed );
    freed_memory_flush_locked( &freed );
    free( allocations );
    device_put_locked( device );
    return status;
}

/* device, or the device of paging_queue when that is not 0. *fence_value: the queue's. May drop the lock. */
static NTSTATUS reclaim_list_locked( D3DKMT_HANDLE device_handle, D3DKMT_HANDLE queue_handle, const struct handle_list *handles,
                                     D3DDDI_RECLAIM_RESULT *results, uint64_t *fence_value )
{
    struct object_list list;
    struct device *device;
    bool memory_needed, busy, retry;
    unsigned int total;
    NTSTATUS status;

    for (;;)
    {
        if (queue_handle)
        {
            struct object *object = handle_lookup_locked( &kmt_handles, queue_handle, OBJECT_PAGING_QUEUE );
            struct paging_queue *queue = object ? LIST_ENTRY( object, struct paging_queue, object ) : NULL;

            if (!queue) return STATUS_INVALID_PARAMETER;
            device = queue->device;
            *fence_value = *queue->fence_value;
            if (device_is_removed( device )) return STATUS_DEVICE_REMOVED;
        }
        else if ((status = get_device_locked( device_handle, &device ))) return status;

        if ((status = find_objects_locked( device, handles, &list ))) return status;
        if ((status = survey_locked( &list, &total, &memory_needed, &busy ))) return status;
        if (!memory_needed)
        {
            finish_reclaim_locked( &list, results );
            return STATUS_SUCCESS;
        }
        if (busy)
        {
            kmt_wait_locked( UINT64_MAX );      /* then everything may be different */
            continue;
        }
        status = reclaim_discarded_locked( device, &list, total, results, &retry );
        if (!retry) return status;
    }
}

/***********************************************************************
 *           kmt_ReclaimAllocations
 *
 * Ends an offer and tells what was discarded. What was gets memory again, and may be locked at once.
 *
 * params->HandleList or ->pResources: NumAllocations handles of params->hDevice, 1 to 10240, exactly one of the two.
 * pDiscarded: NumAllocations BOOLs, or NULL: then the caller takes all content as lost. Of a resource TRUE when any of its
 * allocations was discarded. What was not offered is FALSE.
 * STATUS_INVALID_PARAMETER: both or neither list, the count, a handle that is not hDevice's, an allocation that an earlier
 * reclaim reported as not committed. Nothing is reclaimed then.
 * STATUS_DEVICE_REMOVED: the adapter's Vulkan device was lost.
 * STATUS_GRAPHICS_NO_VIDEO_MEMORY, STATUS_NO_MEMORY: Vulkan has no memory for what was discarded, even beyond the
 * budget. Not in the documentation, which has no answer for this. Everything stays offered.
 *
 * Cost: one lock, O(allocations), no Vulkan call for what was kept; what was discarded costs as much as creating it.
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
 * pDiscarded (the values of both agree). PagingFenceValue: the memory is there on return, so it is the value that the queue's fence has.
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
