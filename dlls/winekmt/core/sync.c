/*
 * Waiting on the CPU for a fence
 *
 * The fences are those of paging queues. A wait without an event blocks the caller; one with an event is kept until it is due and
 * left to the notification thread. A fence that dies before it reaches its value ends both kinds: the value will never come.
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

#define MAX_WAIT_COUNT  4096u   /* objects a wait; Windows' own limit is not public */

/* What is waited for. */
struct fence_wait
{
    struct list    entry;       /* in async_waits */
    D3DKMT_HANDLE  device;
    HANDLE         event;
    bool           any;
    unsigned int   count;
    D3DKMT_HANDLE *fences;
    uint64_t       values[];
};

/* Waits with an event, struct fence_wait.entry, oldest first. Under the lock. */
static struct list async_waits = { &async_waits, &async_waits };

/* STATUS_SUCCESS: it is over. STATUS_PENDING: it is not. STATUS_INVALID_PARAMETER, STATUS_DEVICE_REMOVED: it never will be. */
static NTSTATUS check_wait_locked( const struct fence_wait *wait )
{
    unsigned int i, reached = 0;
    struct device *device;

    if (!(device = find_device_locked( wait->device ))) return STATUS_INVALID_PARAMETER;
    for (i = 0; i < wait->count; i++)
    {
        struct object *object = handle_lookup_locked( &kmt_handles, wait->fences[i], OBJECT_SYNC );
        struct paging_queue *queue = object ? LIST_ENTRY( object, struct paging_queue, fence ) : NULL;

        if (!queue || queue->device != device) return STATUS_INVALID_PARAMETER;
        if (*queue->fence_value >= wait->values[i]) reached++;
    }
    if (wait->any ? reached : reached == wait->count) return STATUS_SUCCESS;
    return device_is_removed( device ) ? STATUS_DEVICE_REMOVED : STATUS_PENDING;
}

bool async_wait_next_locked( struct kmt_notification *notification )
{
    struct list *cursor;

    LIST_FOR_EACH( cursor, &async_waits )
    {
        struct fence_wait *wait = LIST_ENTRY( cursor, struct fence_wait, entry );

        if (check_wait_locked( wait ) == STATUS_PENDING) continue;
        notification->event = wait->event;
        list_remove( &wait->entry );
        free( wait );
        return true;
    }
    return false;
}

/***********************************************************************
 *           kmt_WaitForSynchronizationObjectFromCpu
 *
 * Waits until fences have reached values, all of them or, with WaitAny, one.
 *
 * params->ObjectHandleArray, FenceValueArray: ObjectCount fences of hDevice and the values, 1 to 4096.
 * hAsyncEvent: 0: the call returns when the wait is over. Else it returns at once, and the event is set when the wait is over,
 * also because the fence or the device came to its end.
 * STATUS_SUCCESS.  STATUS_INVALID_PARAMETER: the count, pointers, flags, the device, a handle that is no fence of it, also
 * when a fence dies while it is waited for.
 * STATUS_DEVICE_REMOVED: the device was removed, and the values have not been reached.  STATUS_NO_MEMORY.
 *
 * Cost: one lock, O(ObjectCount), each time that an operation of a queue ends meanwhile; with an event a malloc.
 * Source: DDI page of D3DKMTWaitForSynchronizationObjectFromCpu.
 */
NTSTATUS kmt_WaitForSynchronizationObjectFromCpu( D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU *params )
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU args;
    struct fence_wait *wait;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, count %u, event %p", args.hDevice, args.ObjectCount, args.hAsyncEvent );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (!args.ObjectCount || args.ObjectCount > MAX_WAIT_COUNT || !args.ObjectHandleArray || !args.FenceValueArray) return STATUS_INVALID_PARAMETER;
    if (args.Flags.Reserved) return STATUS_INVALID_PARAMETER;
    /* A fault in the arrays must not cost anybody the memory for their copies. */
    probe_read_array( args.ObjectHandleArray, args.ObjectCount * sizeof(*args.ObjectHandleArray) );
    probe_read_array( args.FenceValueArray, args.ObjectCount * sizeof(*args.FenceValueArray) );

    if (!(wait = malloc( sizeof(*wait) + args.ObjectCount * (sizeof(*wait->values) + sizeof(*wait->fences)) ))) return STATUS_NO_MEMORY;
    wait->device = args.hDevice;
    wait->event = args.hAsyncEvent;
    wait->any = args.Flags.WaitAny;
    wait->count = args.ObjectCount;
    wait->fences = (D3DKMT_HANDLE *)(wait->values + args.ObjectCount);
    memcpy( wait->fences, args.ObjectHandleArray, args.ObjectCount * sizeof(*wait->fences) );
    memcpy( wait->values, args.FenceValueArray, args.ObjectCount * sizeof(*wait->values) );

    kmt_lock();
    status = check_wait_locked( wait );
    if (args.hAsyncEvent && (!status || status == STATUS_PENDING))
    {
        list_add_tail( &async_waits, &wait->entry );
        wait = NULL;
        notify_locked();
        status = STATUS_SUCCESS;
    }
    while (status == STATUS_PENDING)
    {
        kmt_wait_fence_locked();
        status = check_wait_locked( wait );
    }
    kmt_unlock();
    free( wait );
    if (status) WARN( "device %#x: %#x", args.hDevice, (unsigned int)status );
    return status;
}
