/*
 * Devices
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

struct device *find_device_locked( D3DKMT_HANDLE handle )
{
    struct object *object = handle_lookup_locked( &kmt_handles, handle, OBJECT_DEVICE );

    return object ? LIST_ENTRY( object, struct device, object ) : NULL;
}

bool device_is_removed( const struct device *device )
{
    return device->vidmm->lost || device->execution_state != D3DKMT_DEVICEEXECUTION_ACTIVE;
}

void device_fail_locked( struct device *device, uint32_t execution_state )
{
    if (device_is_removed( device )) return;
    ERR( "device %#x is in error: %s", device->object.handle,
         execution_state == D3DKMT_DEVICEEXECUTION_STOPPED ? "the program says so" : "its memory could not be made resident" );
    device->execution_state = execution_state;
    kmt_wake_locked();
    notify_locked();
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

    trim_forget_device_locked( device );
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
    device->execution_state = D3DKMT_DEVICEEXECUTION_ACTIVE;
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
 * params->StateType: EXECUTION: ACTIVE, STOPPED once the GPU was lost, or ERROR_OUTOFMEMORY after a MakeResident with
 * MustSucceed, or the copying for one, failed. The others concern presentation and faults,
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
    uint32_t execution_state = 0;
    bool removed = false;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, type %u", args.hDevice, args.StateType );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (args.StateType < D3DKMT_DEVICESTATE_EXECUTION || args.StateType > D3DKMT_DEVICESTATE_PRESENT_QUEUE) return STATUS_INVALID_PARAMETER;

    kmt_lock();
    if ((device = find_device_locked( args.hDevice )))
    {
        removed = device_is_removed( device );
        execution_state = device->vidmm->lost ? D3DKMT_DEVICEEXECUTION_STOPPED : device->execution_state;
    }
    else status = STATUS_INVALID_PARAMETER;
    kmt_unlock();
    if (status) return status;
    if (args.StateType == D3DKMT_DEVICESTATE_EXECUTION)
    {
        params->ExecutionState = execution_state;
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
 *           kmt_MarkDeviceAsError
 *
 * Puts a device in error, as a driver does that cannot go on: from then on it answers STATUS_DEVICE_REMOVED and GetDeviceState
 * D3DKMT_DEVICEEXECUTION_STOPPED. Everything on it can still be destroyed. One that is in error already stays as it is.
 *
 * STATUS_INVALID_PARAMETER: the device, or a Reason that does not exist.
 * Cost: one lock.  Source: DDI page of D3DKMTMarkDeviceAsError; docs/semantics.md for the state.
 */
NTSTATUS kmt_MarkDeviceAsError( D3DKMT_MARKDEVICEASERROR *params )
{
    D3DKMT_MARKDEVICEASERROR args;
    struct device *device;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, reason %#x", args.hDevice, (unsigned int)args.Reason );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (args.Reason != D3DKMT_DEVICE_ERROR_REASON_GENERIC && args.Reason != D3DKMT_DEVICE_ERROR_REASON_DRIVER_ERROR) return STATUS_INVALID_PARAMETER;
    kmt_lock();
    if ((device = find_device_locked( args.hDevice ))) device_fail_locked( device, D3DKMT_DEVICEEXECUTION_STOPPED );
    kmt_unlock();
    return device ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
