/*
 * CPU access: Lock, Lock2 and their ends
 *
 * Memory is mapped when it is first locked and stays mapped as long as its block lives, so a lock is mostly a count. The
 * first one also clears memory that is to read as zero, and imports an existing heap.
 *
 * A lock brings evicted content back. When GPU memory cannot be had without exceeding the budget, the program works on the content
 * in system memory; it stays there until it is unlocked.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "winekmt.h"
#include "core/vidmm.h"

#define MAX_LOCKS  UINT16_MAX

/* Whether an allocation may be locked at all. */
static NTSTATUS can_lock_locked( const struct allocation *allocation, bool pinned_is_known )
{
    const struct vidmm *vidmm = allocation->device->vidmm;

    if (allocation->dead) return STATUS_INVALID_PARAMETER;
    if (allocation->offer != NOT_OFFERED) return STATUS_INVALID_PARAMETER;      /* D3DDDICB_LOCKFLAGS page */
    if (allocation->locks == MAX_LOCKS) return STATUS_GRAPHICS_TOO_MANY_REFERENCES;
    if (allocation->backing == BACKING_USER) return allocation->size ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    if (allocation->cpu_access == WINEKMT_CPU_ACCESS_NONE && !allocation->primary) return STATUS_INVALID_PARAMETER;
    if (!allocation->block || vidmm->info->types[allocation->block->type].properties & GPU_MEMORY_HOST_VISIBLE) return STATUS_SUCCESS;
    /* A primary is visible to the CPU by definition, but this one would have to move, and primaries are pinned. */
    return pinned_is_known ? STATUS_GRAPHICS_CANT_EVICT_PINNED_ALLOCATION : STATUS_INVALID_PARAMETER;
}

static bool is_prepared( const struct allocation *allocation )
{
    if (allocation->backing == BACKING_USER) return allocation->import_tried;
    if (allocation->evicted) return allocation->locks;      /* in system memory */
    return allocation->block && allocation->block->map && allocation->content != CONTENT_ZERO;
}

static void *content_pointer( const struct allocation *allocation )
{
    if (allocation->backing == BACKING_USER) return allocation->user_memory;
    if (allocation->evicted) return allocation->system_memory;
    return mapped_content( allocation );
}

static void take_lock_locked( struct allocation *allocation )
{
    if (!allocation->locks++) victim_list_remove_locked( allocation );
}

static void undo_lock_locked( struct allocation *allocation )
{
    if (!--allocation->locks) victim_list_add_locked( allocation );     /* the least recently used is now another one */
}

/* Makes the pages of an existing heap GPU memory. The lock is dropped; the allocation is busy. */
static NTSTATUS import_user_memory_locked( struct allocation *allocation )
{
    struct vidmm *vidmm = allocation->device->vidmm;
    struct vidmm_block *block = NULL;
    struct gpu_memory *memory;
    enum gpu_result result;

    vidmm->memories++;
    kmt_unlock();
    result = gpu_import_memory( vidmm->device, allocation->user_memory, allocation->size, &memory );
    kmt_lock();
    if (!result && (block = block_create_locked( vidmm, NULL, 0, allocation->size, memory )))
    {
        block->import = true;
        block_assign_locked( vidmm, block, allocation );
        return STATUS_SUCCESS;
    }
    if (!result)
    {
        kmt_unlock();
        gpu_free_memory( vidmm->device, memory );
        kmt_lock();
        result = GPU_OUT_OF_HOST_MEMORY;
    }
    vidmm->memories--;
    switch (result)
    {
    case GPU_DEVICE_LOST:
        vidmm_lose_locked( vidmm );
        return STATUS_DEVICE_REMOVED;
    case GPU_NOT_SUPPORTED:     /* the CPU can use it all the same */
    case GPU_OUT_OF_DEVICE_MEMORY:
        return STATUS_SUCCESS;
    case GPU_OUT_OF_HOST_MEMORY:
        return STATUS_NO_MEMORY;
    default:
        WARN( "existing heap at %p, %llu bytes: no such memory", allocation->user_memory, (unsigned long long)allocation->size );
        return STATUS_INVALID_PARAMETER;
    }
}

/* Gives the content of an evicted allocation system memory to be locked in. Drops the lock; the allocation is busy. */
static NTSTATUS prepare_system_memory_locked( struct allocation *allocation, struct freed_memory *freed )
{
    void *memory;

    if (allocation->system_memory) return STATUS_SUCCESS;
    if (!system_memory_reserve_locked( freed->vidmm, allocation->size, freed )) return STATUS_NO_MEMORY;
    kmt_unlock();
    memory = system_memory_allocate( allocation->size, true );
    kmt_lock();
    if (!memory)
    {
        system_memory_unreserve_locked( allocation->size );
        return STATUS_NO_MEMORY;
    }
    allocation->system_memory = memory;
    allocation->content = CONTENT_VALID;
    return STATUS_SUCCESS;
}

/* Maps and clears. Drops the lock; the allocation is busy. */
static NTSTATUS prepare_block_locked( struct allocation *allocation )
{
    NTSTATUS status;
    char *content;

    if ((status = block_map_locked( allocation->device->vidmm, allocation->block ))) return status;
    if (allocation->content != CONTENT_ZERO) return STATUS_SUCCESS;
    content = mapped_content( allocation );
    kmt_unlock();
    memset( content, 0, allocation->size );
    kmt_lock();
    allocation->content = CONTENT_VALID;
    return STATUS_SUCCESS;
}

static NTSTATUS prepare_evicted_locked( struct allocation *allocation, struct freed_memory *freed )
{
    NTSTATUS status = vidmm_place_locked( allocation, WITHIN_BUDGET );

    if (!status) return page_in_locked( allocation, freed );
    if (status == STATUS_DEVICE_REMOVED) return status;
    return prepare_system_memory_locked( allocation, freed );
}

/* Brings back, maps, clears, imports: what the first lock needs, and takes the lock. Drops the lock of core; when it returns the
 * allocation may be destroyed, but not moved. */
static NTSTATUS prepare_and_lock_locked( struct allocation *allocation, void **data )
{
    struct device *device = allocation->device;
    struct vidmm *vidmm = device->vidmm;
    NTSTATUS status = STATUS_SUCCESS;
    struct freed_memory freed;

    freed_memory_init( &freed, vidmm );
    object_grab( &device->object );
    allocation_begin_locked( allocation );
    if (allocation->backing == BACKING_USER)
    {
        status = vidmm->info->has_host_import ? import_user_memory_locked( allocation ) : STATUS_SUCCESS;
        allocation->import_tried = !status;
    }
    else
    {
        if (allocation->evicted) status = prepare_evicted_locked( allocation, &freed );
        if (!status && !allocation->evicted) status = prepare_block_locked( allocation );
    }
    if (!status && !allocation->object.handle) status = STATUS_INVALID_PARAMETER;   /* destroyed meanwhile */
    if (!status && allocation->offer != NOT_OFFERED) status = STATUS_INVALID_PARAMETER;
    if (!status)
    {
        take_lock_locked( allocation );
        *data = content_pointer( allocation );
    }
    allocation_done_locked( allocation, &freed );
    freed_memory_flush_locked( &freed );
    device_put_locked( device );
    return status;
}

/* The pages of a lock that is not for all of the allocation. *offset: bytes to the first one. */
static NTSTATUS check_pages( const UINT *pages, unsigned int count, uint64_t size, uint64_t *offset )
{
    unsigned int i;

    *offset = 0;
    if (!count) return STATUS_SUCCESS;
    for (i = 0; i < count; i++) if (pages[i] >= size / PAGE_SIZE) return STATUS_INVALID_PARAMETER;
    *offset = (uint64_t)pages[0] * PAGE_SIZE;
    return STATUS_SUCCESS;
}

/* What is locked, and how. first_form: Lock, which knows of pinned allocations, of pages and of not waiting. */
struct lock_request
{
    D3DKMT_HANDLE device, allocation;
    bool          first_form;
    D3DDDICB_LOCKFLAGS flags;
    unsigned int  page_count;
    const UINT   *pages;
};

static NTSTATUS lock_allocation_locked( const struct lock_request *request, void **data )
{
    uint64_t deadline = 0, offset;
    struct allocation *allocation;
    struct device *device;
    NTSTATUS status;

    /* Each turn starts with the handles, because whatever drops the lock may change everything. */
    for (;;)
    {
        if ((status = get_device_locked( request->device, &device ))) return status;
        if (!(allocation = get_allocation_locked( device, request->allocation ))) return STATUS_INVALID_PARAMETER;
        if ((status = can_lock_locked( allocation, request->first_form ))) return status;
        if (request->flags.UseAlternateVA && allocation->shared) return STATUS_INVALID_PARAMETER;
        if ((status = check_pages( request->pages, request->page_count, allocation->size, &offset ))) return status;
        if (!allocation->busy) break;
        if (request->flags.DonotWait) return STATUS_GRAPHICS_ALLOCATION_BUSY;
        if (!deadline) deadline = os_time_ns() + BUSY_WAIT_NS;
        if (!kmt_wait_locked( deadline )) return STATUS_GRAPHICS_ALLOCATION_BUSY;
    }
    if (is_prepared( allocation ))
    {
        take_lock_locked( allocation );
        *data = content_pointer( allocation );
    }
    else if ((status = prepare_and_lock_locked( allocation, data ))) return status;
    *data = (char *)*data + offset;
    return STATUS_SUCCESS;
}

static NTSTATUS check_lock_flags( const D3DKMT_LOCK *args )
{
    D3DDDICB_LOCKFLAGS flags = args->Flags;

    if (flags.Reserved || args->GpuVirtualAddress) return STATUS_INVALID_PARAMETER;
    if (flags.ReadOnly && flags.WriteOnly) return STATUS_INVALID_PARAMETER;
    if (flags.AcquireAperture && flags.IgnoreSync) return STATUS_INVALID_PARAMETER;
    if (flags.UseAlternateVA && !flags.AcquireAperture) return STATUS_INVALID_PARAMETER;
    if (!flags.LockEntire && (args->NumPages != 0) != (args->pPages != NULL)) return STATUS_INVALID_PARAMETER;
    if (!flags.LockEntire && args->NumPages > MAX_LIST_COUNT) return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_Lock
 *
 * Gives the CPU access to an allocation, until as many unlocks follow.
 *
 * params->NumPages, pPages: without LockEntire, which pages of 4 KiB are meant, at most 10240; none means all.
 * STATUS_SUCCESS: pData points to the first byte of the allocation, or of its first named page.
 * STATUS_INVALID_PARAMETER: the device, the allocation, flags that contradict each other, an offered allocation, one
 * that was reclaimed as not committed, one without CPU access, an existing heap of size 0 or whose pages do not exist.
 * STATUS_GRAPHICS_TOO_MANY_REFERENCES: 65535 locks are not undone.
 * STATUS_GRAPHICS_CANT_EVICT_PINNED_ALLOCATION: a primary in memory that the CPU cannot see.
 * STATUS_GRAPHICS_ALLOCATION_BUSY: it is being moved, cleared or paged, and Flags.DonotWait was given or 2 s were not enough.
 * STATUS_DEVICE_REMOVED: the adapter's Vulkan device was lost.  STATUS_NO_MEMORY: it cannot be mapped; it was never written,
 * is evicted, and there is neither GPU memory nor system memory for it.
 *
 * Cost: one lock. The first lock of an allocation also vkMapMemory a block, and clearing; of evicted content paging in, and
 * paging out what makes room for it.
 * Source: DDI pages of D3DKMTLock, D3DDDICB_LOCKFLAGS.
 */
NTSTATUS kmt_Lock( D3DKMT_LOCK *params )
{
    struct lock_request request = { .first_form = true };
    UINT pages[MAX_LIST_COUNT];
    D3DKMT_LOCK args;
    NTSTATUS status;
    void *data;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, allocation %#x, flags %#x", args.hDevice, args.hAllocation, args.Flags.Value );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if ((status = check_lock_flags( &args ))) return status;
    if (args.Flags.LockEntire) args.NumPages = 0;
    if (args.NumPages) memcpy( pages, args.pPages, args.NumPages * sizeof(*pages) );
    probe_write( &params->pData );

    request.device = args.hDevice;
    request.allocation = args.hAllocation;
    request.flags = args.Flags;
    request.page_count = args.NumPages;
    request.pages = pages;
    kmt_lock();
    status = lock_allocation_locked( &request, &data );
    kmt_unlock();
    if (status) WARN( "allocation %#x: %#x", args.hAllocation, (unsigned int)status );
    else params->pData = data;
    return status;
}

/***********************************************************************
 *           kmt_Lock2
 *
 * The same without options, for drivers that synchronise themselves.
 *
 * STATUS_INVALID_PARAMETER: also for any flag, and where Lock knows of pinned allocations.
 * Other statuses, cost: as kmt_Lock.
 * Source: DDI page of D3DKMTLock2.
 */
NTSTATUS kmt_Lock2( D3DKMT_LOCK2 *params )
{
    struct lock_request request = { 0 };
    D3DKMT_LOCK2 args;
    NTSTATUS status;
    void *data;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, allocation %#x", args.hDevice, args.hAllocation );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (args.Flags.Value) return STATUS_INVALID_PARAMETER;
    probe_write( &params->pData );

    request.device = args.hDevice;
    request.allocation = args.hAllocation;
    kmt_lock();
    status = lock_allocation_locked( &request, &data );
    kmt_unlock();
    if (status) WARN( "allocation %#x: %#x", args.hAllocation, (unsigned int)status );
    else params->pData = data;
    return status;
}

/* Undoes one lock for each entry, or none at all: an allocation may stand there as often as it is locked. */
static NTSTATUS unlock_list( D3DKMT_HANDLE device_handle, const D3DKMT_HANDLE *handles, unsigned int count )
{
    struct allocation *allocations[MAX_LIST_COUNT];
    NTSTATUS status = STATUS_SUCCESS;
    struct device *device;
    unsigned int i, found;

    kmt_lock();
    if (!(device = find_device_locked( device_handle ))) status = STATUS_INVALID_PARAMETER;
    else
    {
        for (found = 0; found < count; found++)
        {
            struct allocation *allocation = get_allocation_locked( device, handles[found] );

            if (!allocation || allocation->mark >= allocation->locks) break;
            allocation->mark++;
            allocations[found] = allocation;
        }
        if (found < count) status = STATUS_INVALID_PARAMETER;
        for (i = 0; i < found; i++)
        {
            allocations[i]->mark--;
            if (!status) undo_lock_locked( allocations[i] );
        }
        if (!status) share_publish_locked( device->vidmm );
    }
    kmt_unlock();
    if (status) WARN( "device %#x, count %u: refused", device_handle, count );
    return status;
}

/***********************************************************************
 *           kmt_Unlock
 *
 * Undoes one lock of each allocation of a list.
 *
 * params->phAllocations: NumAllocations handles of hDevice, 1 to 10240.
 * STATUS_INVALID_PARAMETER: the count, an unknown allocation, one that is not locked (often enough). Nothing is unlocked then.
 *
 * Cost: one lock, O(NumAllocations).  Source: DDI page of D3DKMTUnlock.
 */
NTSTATUS kmt_Unlock( D3DKMT_UNLOCK *params )
{
    D3DKMT_HANDLE handles[MAX_LIST_COUNT];
    D3DKMT_UNLOCK args;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, count %u", args.hDevice, args.NumAllocations );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (!args.NumAllocations || args.NumAllocations > MAX_LIST_COUNT || !args.phAllocations) return STATUS_INVALID_PARAMETER;
    memcpy( handles, args.phAllocations, args.NumAllocations * sizeof(*handles) );
    return unlock_list( args.hDevice, handles, args.NumAllocations );
}

/***********************************************************************
 *           kmt_Unlock2
 *
 * Undoes one lock of one allocation.  Statuses, cost: as kmt_Unlock.  Source: DDI page of D3DKMTUnlock2.
 */
NTSTATUS kmt_Unlock2( D3DKMT_UNLOCK2 *params )
{
    D3DKMT_UNLOCK2 args;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, allocation %#x", args.hDevice, args.hAllocation );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    return unlock_list( args.hDevice, &args.hAllocation, 1 );
}
