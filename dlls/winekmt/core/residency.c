/*
 * Residency priorities, where allocations are, and cache maintenance
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/handle_list.h"

/* Finds the device and what the list names. */
static NTSTATUS find_list_locked( D3DKMT_HANDLE device_handle, const struct handle_list *handles, struct object_list *list )
{
    struct device *device;
    NTSTATUS status;

    if ((status = get_device_locked( device_handle, &device ))) return status;
    return find_objects_locked( device, handles, list );
}

/***********************************************************************
 *           kmt_SetAllocationPriority
 *
 * Sets residency priorities: what AUTO offers and evictions go by.
 *
 * params->hResource: all its allocations get pPriorities[0]; or phAllocationList: AllocationCount handles, 1 to 10240, and as many
 * priorities. Any value is accepted, D3DDDI_ALLOCATIONPRIORITY_ names five of them.
 * STATUS_INVALID_PARAMETER: both or neither, the count, no priorities, a handle that is not hDevice's. Nothing is set then.
 * STATUS_DEVICE_REMOVED: the adapter's Vulkan device was lost.
 *
 * Cost: one lock, O(allocations).  Source: DDI page of D3DKMTSetAllocationPriority.
 */
NTSTATUS kmt_SetAllocationPriority( D3DKMT_SETALLOCATIONPRIORITY *params )
{
    UINT priorities[MAX_LIST_COUNT];
    D3DKMT_SETALLOCATIONPRIORITY args;
    struct allocation *allocation;
    struct handle_list handles;
    struct object_list list;
    struct entry_walk walk;
    NTSTATUS status;
    unsigned int i;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, resource %#x, count %u", args.hDevice, args.hResource, args.AllocationCount );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if ((status = read_resource_or_list( args.hResource, args.phAllocationList, args.AllocationCount, &handles ))) return status;
    if (!args.pPriorities) return STATUS_INVALID_PARAMETER;
    memcpy( priorities, args.pPriorities, handles.count * sizeof(*priorities) );

    kmt_lock();
    if (!(status = find_list_locked( args.hDevice, &handles, &list )))
        for (i = 0; i < handles.count; i++)
            for (walk = walk_start( &list, i ); (allocation = walk_next( &walk )); )
            {
                bool listed = allocation->victim_list == VICTIM_EVICTABLE;

                if (allocation->residency_priority == priorities[i]) continue;
                if (listed) victim_list_remove_locked( allocation );    /* to the list of its new level */
                allocation_set_priority( allocation, priorities[i] );
                if (listed) victim_list_add_locked( allocation );
            }
    kmt_unlock();
    if (status) WARN( "device %#x: %#x", args.hDevice, (unsigned int)status );
    return status;
}

/* What the two queries share: an answer an entry, the highest value among its allocations, but least for one without any. */
static NTSTATUS query_highest( D3DKMT_HANDLE device, D3DKMT_HANDLE resource, const D3DKMT_HANDLE *allocations, unsigned int count,
                               UINT *answers, UINT (*get_value)( const struct allocation * ), UINT least )
{
    UINT highest[MAX_LIST_COUNT], value;
    struct allocation *allocation;
    struct handle_list handles;
    struct object_list list;
    struct entry_walk walk;
    NTSTATUS status;
    unsigned int i;

    if (is_stock_handle( device )) return KMT_STATUS_STOCK;
    if ((status = read_resource_or_list( resource, allocations, count, &handles ))) return status;
    if (!answers) return STATUS_INVALID_PARAMETER;

    kmt_lock();
    if (!(status = find_list_locked( device, &handles, &list )))
        for (i = 0; i < handles.count; i++)
        {
            highest[i] = least;
            for (walk = walk_start( &list, i ); (allocation = walk_next( &walk )); )
                if ((value = get_value( allocation )) > highest[i]) highest[i] = value;
        }
    kmt_unlock();
    if (status) WARN( "device %#x: %#x", device, (unsigned int)status );
    else memcpy( answers, highest, handles.count * sizeof(*answers) );
    return status;
}

static UINT get_priority_locked( const struct allocation *allocation )
{
    return allocation->residency_priority;
}

/***********************************************************************
 *           kmt_GetAllocationPriority
 *
 * The other direction. Of a resource: the highest of its allocations, 0 when it has none.
 *
 * params->pPriorities: as many as there are entries.  Statuses, cost: as kmt_SetAllocationPriority.
 * Source: DDI page of D3DKMTGetAllocationPriority.
 */
NTSTATUS kmt_GetAllocationPriority( D3DKMT_GETALLOCATIONPRIORITY *params )
{
    D3DKMT_GETALLOCATIONPRIORITY args;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, resource %#x, count %u", args.hDevice, args.hResource, args.AllocationCount );
    return query_highest( args.hDevice, args.hResource, args.phAllocationList, args.AllocationCount, args.pPriorities,
                          get_priority_locked, 0 );
}

static UINT get_residency_locked( const struct allocation *allocation )
{
    struct vidmm *vidmm = allocation->device->vidmm;

    if (allocation->backing == BACKING_USER) return D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINSHAREDMEMORY;
    if (!allocation->block || allocation->evicted) return D3DKMT_ALLOCATIONRESIDENCYSTATUS_NOTRESIDENT;
    return type_heap( vidmm, allocation->memory_type )->local ? D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINGPUMEMORY
                                                             : D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINSHAREDMEMORY;
}

/***********************************************************************
 *           kmt_QueryAllocationResidency
 *
 * Tells where the memory of allocations is: in the local segment group (GPU memory), in the non-local one or the program's own
 * (shared memory), or nowhere, because its content was evicted or discarded, or is just being brought back.
 *
 * params->hResource: one answer, that of its worst allocation; or phAllocationList: AllocationCount handles, 1 to 10240,
 * and as many answers in pResidencyStatus.
 * STATUS_INVALID_PARAMETER, STATUS_DEVICE_REMOVED, cost: as kmt_SetAllocationPriority.
 * Source: DDI page of D3DKMTQueryAllocationResidency.
 */
NTSTATUS kmt_QueryAllocationResidency( D3DKMT_QUERYALLOCATIONRESIDENCY *params )
{
    D3DKMT_QUERYALLOCATIONRESIDENCY args;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, resource %#x, count %u", args.hDevice, args.hResource, args.AllocationCount );
    _Static_assert( sizeof(*args.pResidencyStatus) == sizeof(UINT), "an enumeration of 32 bits" );
    /* The values rise from best to worst. */
    return query_highest( args.hDevice, args.hResource, args.phAllocationList, args.AllocationCount, (UINT *)args.pResidencyStatus,
                          get_residency_locked, D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINGPUMEMORY );
}

/***********************************************************************
 *           kmt_InvalidateCache
 *
 * Does nothing but check: every mapping that a lock gives is coherent (gpu_map_memory).
 *
 * params->Offset, Length: bytes, a range inside the allocation.
 * STATUS_INVALID_PARAMETER: the device, the allocation, the range.  STATUS_DEVICE_REMOVED.
 *
 * Cost: one lock.  Source: DDI page of D3DKMTInvalidateCache: only needed on platforms without I/O coherency.
 */
NTSTATUS kmt_InvalidateCache( D3DKMT_INVALIDATECACHE *params )
{
    D3DKMT_INVALIDATECACHE args;
    struct allocation *allocation;
    struct device *device;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, allocation %#x", args.hDevice, args.hAllocation );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;

    kmt_lock();
    if (!(status = get_device_locked( args.hDevice, &device )))
    {
        if (!(allocation = get_allocation_locked( device, args.hAllocation ))) status = STATUS_INVALID_PARAMETER;
        else if (args.Offset > allocation->size || args.Length > allocation->size - args.Offset) status = STATUS_INVALID_PARAMETER;
    }
    kmt_unlock();
    if (status) WARN( "allocation %#x: %#x", args.hAllocation, (unsigned int)status );
    return status;
}
