/*
 * Paging queues and their fences
 *
 * A queue gives rising values to the operations that its calls leave to the pager, and its fence has the value of the last one
 * that is done: a page of memory that the program reads through a mapping of its own, which it cannot write to. A queue
 * that is destroyed together with its device ends when its operations do.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>

#include "core/vidmm.h"

static struct paging_queue *find_paging_queue_locked( D3DKMT_HANDLE handle )
{
    struct object *object = handle_lookup_locked( &kmt_handles, handle, OBJECT_PAGING_QUEUE );

    return object ? LIST_ENTRY( object, struct paging_queue, object ) : NULL;
}

NTSTATUS get_paging_queue_locked( D3DKMT_HANDLE handle, struct paging_queue **ret )
{
    struct paging_queue *queue = find_paging_queue_locked( handle );

    if (!queue) return STATUS_INVALID_PARAMETER;
    if (device_is_removed( queue->device )) return STATUS_DEVICE_REMOVED;
    *ret = queue;
    return STATUS_SUCCESS;
}

static void free_paging_queue( struct paging_queue *queue )
{
    if (queue->fence_value) os_destroy_shared_page( queue->fence_value, queue->fence_cpu_address );
    free( queue );
}

void paging_queue_put_locked( struct paging_queue *queue )
{
    if (!--queue->object.refs) free_paging_queue( queue );
}

void paging_queue_destroy_locked( struct paging_queue *queue )
{
    list_remove( &queue->entry );
    handle_remove_locked( &kmt_handles, &queue->object );
    handle_remove_locked( &kmt_handles, &queue->fence );
    paging_queue_put_locked( queue );
    kmt_wake_locked();      /* nobody waits for it any more */
    notify_locked();
}

static struct paging_queue *make_paging_queue( D3DDDI_PAGINGQUEUE_PRIORITY priority )
{
    struct paging_queue *queue = calloc( 1, sizeof(*queue) );
    void *page;

    if (!queue) return NULL;
    if (!os_create_shared_page( &page, &queue->fence_cpu_address ))
    {
        free_paging_queue( queue );
        return NULL;
    }
    queue->fence_value = page;
    queue->object.refs = queue->fence.refs = 1;
    queue->priority = D3DDDI_PAGINGQUEUE_PRIORITY_ABOVE_NORMAL - (int)priority;
    return queue;
}

static NTSTATUS insert_paging_queue_locked( D3DKMT_HANDLE device_handle, struct paging_queue *queue )
{
    NTSTATUS status;

    if ((status = get_device_locked( device_handle, &queue->device ))) return status;
    if (!handle_insert_locked( &kmt_handles, &queue->object, OBJECT_PAGING_QUEUE, false )) return STATUS_NO_MEMORY;
    if (!handle_insert_locked( &kmt_handles, &queue->fence, OBJECT_SYNC, false ))
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

    if (!(queue = make_paging_queue( args.Priority ))) return STATUS_NO_MEMORY;
    kmt_lock();
    if (!(status = insert_paging_queue_locked( args.hDevice, queue )))
    {
        args.hPagingQueue = queue->object.handle;
        args.hSyncObject = queue->fence.handle;
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
 * Destroys a paging queue, its fence and the fence's mapping, after the operations that are under way on it.
 *
 * STATUS_INVALID_PARAMETER: no such queue.
 * Cost: one lock, two system calls, and the wait.  Source: DDI page of D3DKMTDestroyPagingQueue.
 */
NTSTATUS kmt_DestroyPagingQueue( D3DDDI_DESTROYPAGINGQUEUE *params )
{
    NTSTATUS status = STATUS_SUCCESS;
    struct paging_queue *queue;
    D3DKMT_HANDLE handle;

    if (!params) return STATUS_INVALID_PARAMETER;
    handle = params->hPagingQueue;
    TRACE( "queue %#x", handle );
    if (is_stock_handle( handle )) return KMT_STATUS_STOCK;

    kmt_lock();
    while ((queue = find_paging_queue_locked( handle )) && *queue->fence_value != queue->last_value) kmt_wait_locked( UINT64_MAX );
    if (queue) paging_queue_destroy_locked( queue );
    else status = STATUS_INVALID_PARAMETER;
    kmt_unlock();
    return status;
}
