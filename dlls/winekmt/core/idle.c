/*
 * Waiting until a device has nothing to do
 *
 * The only work of a device is what its paging queues were given: what CPU and GPU do for a call is done when it returns.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/vidmm.h"

static bool is_idle_locked( const struct device *device )
{
    const struct list *cursor;

    LIST_FOR_EACH( cursor, &device->paging_queues )
    {
        const struct paging_queue *queue = LIST_ENTRY( cursor, struct paging_queue, entry );

        if (*queue->fence_value < queue->last_value) return false;
    }
    return true;
}

/***********************************************************************
 *           kmt_WaitForIdle
 *
 * Waits until all operations of the device's paging queues are done, those included that other threads add meanwhile.
 *
 * STATUS_SUCCESS.  STATUS_INVALID_PARAMETER: NULL, no such device, also when it is destroyed meanwhile.
 * STATUS_DEVICE_REMOVED: the device was removed, before or meanwhile.
 *
 * Cost: one lock, O(queues), each time that an operation of a queue ends meanwhile.  Source: DDI page of D3DKMTWaitForIdle.
 */
NTSTATUS kmt_WaitForIdle( D3DKMT_WAITFORIDLE *params )
{
    struct device *device;
    D3DKMT_HANDLE handle;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    handle = params->hDevice;
    TRACE( "device %#x", handle );
    if (is_stock_handle( handle )) return KMT_STATUS_STOCK;

    kmt_lock();
    while (!(status = get_device_locked( handle, &device )) && !is_idle_locked( device )) kmt_wait_fence_locked();
    kmt_unlock();
    return status;
}
