/*
 * Devices and paging queues
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

/***********************************************************************
 * Devices
 */

struct device *find_device_locked( D3DKMT_HANDLE handle )
{
    struct object *object = handle_lookup_locked( &kmt_handles, handle, OBJECT_DEVICE );

    return object ? LIST_ENTRY( object, struct device, object ) : NULL;
}

bool device_is_removed( const struct device *device )
{
    return device->vidmm->lost;
}

NTSTATUS get_device_locked( D3DKMT_HANDLE handle, struct device **ret )
{
    struct device *device = find_device_locked( handle );

    if (!device) return STATUS_INVALID_PARAMETER;
    if (device_is_removed( device )) return STATUS_DEVICE_REMOVED;
    *ret = device;
    return STATUS_SUCCESS;
}

void device_put_locked( struct device *device )
{
    if (--device->object.refs) return;
    vidmm_release_locked( device->vidmm );
    free( device );
}

void device_destroy_locked( struct device *device )
{
    struct freed_memory freed;
    struct list *head;

    freed_memory_init( &freed, device->vidmm );
    while ((head = list_head( &device->resources )))
        resource_destroy_locked( LIST_ENTRY( head, struct resource, entry ), &freed, true );
    while ((head = list_head( &device->allocations )))
        allocation_destroy_locked( LIST_ENTRY( head, struct allocation, owner_entry ), &freed, true );
    while ((head = list_head( &device->paging_queues )))
        paging_queue_destroy_locked( LIST_ENTRY( head, struct paging_queue, entry ) );
    handle_remove_locked( &kmt_handles, &device->object );
    freed_memory_flush_locked( &freed );
    device_put_locked( device );
}

/***********************************************************************
 *           kmt_CreateDevice
 *
 * Makes a device on an adapter, the owner of everything else.
 *
 * params->Flags: accepted and without effect: there is no vertical synchronisation and no GPU timeout here to ask for.
 * STATUS_SUCCESS: hDevice; the buffers of Vista's model are NULL and their sizes 0, as on Windows.
 * STATUS_INVALID_PARAMETER: the adapter.  STATUS_NO_MEMORY.
 * STATUS_DEVICE_REMOVED: the GPU is gone, or was lost after the adapter was opened.
 *
 * Cost: the first device of a GPU in a process makes the Vulkan device (4 to 13 ms); others one lock.
 * Source: DDI page of D3DKMTCreateDevice.
 */
NTSTATUS kmt_CreateDevice( D3DKMT_CREATEDEVICE *params )
{
    D3DKMT_CREATEDEVICE args;
    struct adapter *adapter;
    struct device *device;
    struct vidmm *vidmm;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x", args.hAdapter );
    if (is_stock_handle( args.hAdapter )) return KMT_STATUS_STOCK;
    probe_write( &params->hDevice );

    if (!(device = calloc( 1, sizeof(*device) ))) return STATUS_NO_MEMORY;
    device->object.refs = 1;
    list_init( &device->resources );
    list_init( &device->allocations );
    list_init( &device->paging_queues );

    kmt_lock();
    if (!(adapter = get_adapter_locked( args.hAdapter ))) status = STATUS_INVALID_PARAMETER;
    else if (!(status = adapter_get_vidmm_locked( adapter, &vidmm )))
    {
        device->vidmm = vidmm;
        if (vidmm->lost) status = STATUS_DEVICE_REMOVED;
        else if (!handle_insert_locked( &kmt_handles, &device->object, OBJECT_DEVICE, false )) status = STATUS_NO_MEMORY;
        if (status) vidmm_release_locked( vidmm );
        else args.hDevice = device->object.handle;
    }
    kmt_unlock();

    if (status)
    {
        WARN( "adapter %#x: %#x", args.hAdapter, (unsigned int)status );
        free( device );
        return status;
    }
    params->hDevice = args.hDevice;
    params->pCommandBuffer = NULL;
    params->CommandBufferSize = 0;
    params->pAllocationList = NULL;
    params->AllocationListSize = 0;
    params->pPatchLocationList = NULL;
    params->PatchLocationListSize = 0;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_DestroyDevice
 *
 * Destroys a device and everything on it. Works on a removed device.
 *
 * STATUS_INVALID_PARAMETER: no such device.
 * Cost: one lock, O(objects of the device); memory is kept for a moment and freed by the worker.
 * Source: DDI page of D3DKMTDestroyDevice.
 */
NTSTATUS kmt_DestroyDevice( D3DKMT_DESTROYDEVICE *params )
{
    NTSTATUS status = STATUS_SUCCESS;
    D3DKMT_HANDLE handle;
    struct device *device;

    if (!params) return STATUS_INVALID_PARAMETER;
    handle = params->hDevice;
    TRACE( "device %#x", handle );
    if (is_stock_handle( handle )) return KMT_STATUS_STOCK;

    kmt_lock();
    if ((device = find_device_locked( handle ))) device_destroy_locked( device );
    else status = STATUS_INVALID_PARAMETER;
    kmt_unlock();
    return status;
}

/***********************************************************************
 *           kmt_GetDeviceState
 *
 * Tells how a device is.
 *
 * params->StateType: EXECUTION: ACTIVE, or STOPPED once the GPU was lost. The others concern presentation and faults,
 * of which there are none here: zeroes.
 * STATUS_INVALID_PARAMETER: the device, the type.  STATUS_DEVICE_REMOVED: another type, of a removed device.
 * Only the part of the union that belongs to the type is written.
 *
 * Cost: one lock.  Source: DDI page of D3DKMTGetDeviceState.
 */
NTSTATUS kmt_GetDeviceState( D3DKMT_GETDEVICESTATE *params )
{
    D3DKMT_GETDEVICESTATE args;
    struct device *device;
    NTSTATUS status = STATUS_SUCCESS;
    bool removed = false;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, type %u", args.hDevice, args.StateType );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (args.StateType < D3DKMT_DEVICESTATE_EXECUTION || args.StateType > D3DKMT_DEVICESTATE_PRESENT_QUEUE) return STATUS_INVALID_PARAMETER;

    kmt_lock();
    if ((device = find_device_locked( args.hDevice ))) removed = device_is_removed( device );
    else status = STATUS_INVALID_PARAMETER;
    kmt_unlock();
    if (status) return status;
    if (args.StateType == D3DKMT_DEVICESTATE_EXECUTION)
    {
        params->ExecutionState = removed ? D3DKMT_DEVICEEXECUTION_STOPPED : D3DKMT_DEVICEEXECUTION_ACTIVE;
        return STATUS_SUCCESS;
    }
    if (removed) return STATUS_DEVICE_REMOVED;
    switch (args.StateType)
    {
    case D3DKMT_DEVICESTATE_PRESENT:       memset( &params->PresentState, 0, sizeof(params->PresentState) ); break;
    case D3DKMT_DEVICESTATE_RESET:         memset( &params->ResetState, 0, sizeof(params->ResetState) ); break;
    case D3DKMT_DEVICESTATE_PRESENT_DWM:   memset( &params->PresentStateDWM, 0, sizeof(params->PresentStateDWM) ); break;
    case D3DKMT_DEVICESTATE_PAGE_FAULT:    memset( &params->PageFaultState, 0, sizeof(params->PageFaultState) ); break;
    default:                               memset( &params->PresentQueueState, 0, sizeof(params->PresentQueueState) ); break;
    }
    return STATUS_SUCCESS;
}

/***********************************************************************
 * Paging queues
 *
 * Nothing is paged asynchronously yet, so a queue is its fence: a page whose value the program reads through a mapping of its
 * own, which it cannot write to.
 */

static void free_paging_queue( struct paging_queue *queue )
{
    if (queue->fence_value) os_destroy_shared_page( queue->fence_value, queue->fence_cpu_address );
    free( queue->fence );
    free( queue );
}

void paging_queue_destroy_locked( struct paging_queue *queue )
{
    list_remove( &queue->entry );
    handle_remove_locked( &kmt_handles, &queue->object );
    handle_remove_locked( &kmt_handles, queue->fence );
    free_paging_queue( queue );
}

static struct paging_queue *make_paging_queue( void )
{
    struct paging_queue *queue = calloc( 1, sizeof(*queue) );
    void *page;

    if (!queue) return NULL;
    if ((queue->fence = calloc( 1, sizeof(*queue->fence) )) && os_create_shared_page( &page, &queue->fence_cpu_address ))
    {
        queue->fence_value = page;
        queue->object.refs = queue->fence->refs = 1;
        return queue;
    }
    free_paging_queue( queue );
    return NULL;
}

static NTSTATUS insert_paging_queue_locked( D3DKMT_HANDLE device_handle, struct paging_queue *queue )
{
    NTSTATUS status;

    if ((status = get_device_locked( device_handle, &queue->device ))) return status;
    if (!handle_insert_locked( &kmt_handles, &queue->object, OBJECT_PAGING_QUEUE, false )) return STATUS_NO_MEMORY;
    if (!handle_insert_locked( &kmt_handles, queue->fence, OBJECT_SYNC, false ))
    {
        handle_remove_locked( &kmt_handles, &queue->object );
        return STATUS_NO_MEMORY;
    }
    list_add_tail( &queue->device->paging_queues, &queue->entry );
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_CreatePagingQueue
 *
 * Makes a paging queue and its fence.
 *
 * params->Priority: BELOW_NORMAL, NORMAL or ABOVE_NORMAL.  PhysicalAdapterIndex: 0.
 * STATUS_SUCCESS: hPagingQueue, hSyncObject (the queue's; never destroyed on its own), FenceValueCPUVirtualAddress, which is
 * read-only memory with the 64-bit value that the fence has reached. All die with the queue or the device.
 * STATUS_INVALID_PARAMETER: the device, the priority, the index.  STATUS_NO_MEMORY.  STATUS_DEVICE_REMOVED.
 *
 * Cost: one lock, four system calls.  Source: DDI page of D3DKMTCreatePagingQueue.
 */
NTSTATUS kmt_CreatePagingQueue( D3DKMT_CREATEPAGINGQUEUE *params )
{
    D3DKMT_CREATEPAGINGQUEUE args;
    struct paging_queue *queue;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, priority %d", args.hDevice, args.Priority );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if ((int)args.Priority < D3DDDI_PAGINGQUEUE_PRIORITY_BELOW_NORMAL || (int)args.Priority > D3DDDI_PAGINGQUEUE_PRIORITY_ABOVE_NORMAL)
        return STATUS_INVALID_PARAMETER;
    if (args.PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    probe_write( &params->hPagingQueue );
    probe_write( &params->FenceValueCPUVirtualAddress );

    if (!(queue = make_paging_queue())) return STATUS_NO_MEMORY;
    kmt_lock();
    if (!(status = insert_paging_queue_locked( args.hDevice, queue )))
    {
        args.hPagingQueue = queue->object.handle;
        args.hSyncObject = queue->fence->handle;
        args.FenceValueCPUVirtualAddress = (void *)queue->fence_cpu_address;
    }
    kmt_unlock();
    if (status)
    {
        free_paging_queue( queue );
        WARN( "device %#x: %#x", args.hDevice, (unsigned int)status );
        return status;
    }
    params->hPagingQueue = args.hPagingQueue;
    params->hSyncObject = args.hSyncObject;
    params->FenceValueCPUVirtualAddress = args.FenceValueCPUVirtualAddress;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_DestroyPagingQueue
 *
 * Destroys a paging queue, its fence and the fence's mapping.
 *
 * STATUS_INVALID_PARAMETER: no such queue.
 * Cost: one lock, two system calls.  Source: DDI page of D3DKMTDestroyPagingQueue.
 */
NTSTATUS kmt_DestroyPagingQueue( D3DDDI_DESTROYPAGINGQUEUE *params )
{
    NTSTATUS status = STATUS_SUCCESS;
    struct object *object;
    D3DKMT_HANDLE handle;

    if (!params) return STATUS_INVALID_PARAMETER;
    handle = params->hPagingQueue;
    TRACE( "queue %#x", handle );
    if (is_stock_handle( handle )) return KMT_STATUS_STOCK;

    kmt_lock();
    object = handle_lookup_locked( &kmt_handles, handle, OBJECT_PAGING_QUEUE );
    if (object) paging_queue_destroy_locked( LIST_ENTRY( object, struct paging_queue, object ) );
    else status = STATUS_INVALID_PARAMETER;
    kmt_unlock();
    return status;
}
