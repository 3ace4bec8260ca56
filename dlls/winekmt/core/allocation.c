/*
 * Creating and destroying allocations and resources
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

/* What the entry of a create call asks for, read from the caller's memory and checked. */
struct allocation_description
{
    uint64_t size;
    void    *user_memory;
    uint32_t alignment;
    uint32_t residency_priority;
    uint8_t  cpu_access, segments, preferred_segment;
    bool     primary;
};

/***********************************************************************
 * Life of an allocation
 */

static void allocation_put_locked( struct allocation *allocation, struct freed_memory *freed, bool keep )
{
    if (--allocation->object.refs) return;
    assert( !allocation->object.handle && !allocation->busy );
    allocation_unplace_locked( allocation, freed, keep );
    allocation_drop_system_copy_locked( allocation, freed );
    free( allocation );
}

void allocation_begin_locked( struct allocation *allocation )
{
    assert( !allocation->busy );
    allocation->busy = BUSY;
    allocation->recalled = false;
    object_grab( &allocation->object );
    object_grab( &allocation->device->object );
}

void allocation_done_locked( struct allocation *allocation, struct freed_memory *freed )
{
    struct device *device = allocation->device;

    allocation->busy = NOT_BUSY;
    if (allocation->object.handle) victim_list_add_locked( allocation );
    allocation_put_locked( allocation, freed, true );
    kmt_wake_idle_locked();
    device_put_locked( device );
}

void allocation_destroy_locked( struct allocation *allocation, struct freed_memory *freed, bool keep )
{
    victim_list_remove_locked( allocation );
    list_remove( &allocation->owner_entry );
    handle_remove_locked( &kmt_handles, &allocation->object );
    allocation_put_locked( allocation, freed, keep );
}

void resource_destroy_locked( struct resource *resource, struct freed_memory *freed, bool keep )
{
    while (!list_empty( &resource->allocations ))
        allocation_destroy_locked( LIST_ENTRY( list_head( &resource->allocations ), struct allocation, owner_entry ), freed, keep );
    if (resource->share)
    {
        handle_remove_locked( &kmt_handles, resource->share );
        free( resource->share );
        resource->share = NULL;
    }
    list_remove( &resource->entry );
    handle_remove_locked( &kmt_handles, &resource->object );
    if (!--resource->object.refs) free( resource );
}

/***********************************************************************
 * Reading a create call
 */

static NTSTATUS check_create_flags( const D3DKMT_CREATEALLOCATION *args )
{
    D3DKMT_CREATEALLOCATIONFLAGS flags = args->Flags;

    /* "Not from user mode", d3dukmdt.h; sections are not supported. */
    if (flags.CreateProtected || flags.CreateWriteCombined || flags.CreateCached || flags.OpenCrossAdapter ||
        flags.ExistingSection || flags.Reserved)
        return STATUS_INVALID_PARAMETER;
    /* A shared allocation belongs to a resource; NtSecuritySharing is a way of sharing. */
    if (flags.CreateShared && !flags.CreateResource) return STATUS_INVALID_PARAMETER;
    if (flags.NtSecuritySharing && !flags.CreateShared) return STATUS_INVALID_PARAMETER;
    /* Both or neither, since WDDM 2.3. */
    if (flags.ExistingSysMem != flags.StandardAllocation) return STATUS_INVALID_PARAMETER;
    if (args->PrivateRuntimeDataSize && !args->pPrivateRuntimeData) return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* Standard allocations of the existing-heap type (WDDM 2.3). */
static NTSTATUS read_standard_allocation( const D3DKMT_CREATEALLOCATION *args, const void *memory, struct allocation_description *desc )
{
    D3DKMT_CREATESTANDARDALLOCATION standard;

    if (!args->pStandardAllocation || args->NumAllocations != 1 || args->PrivateDriverDataSize) return STATUS_INVALID_PARAMETER;
    standard = *args->pStandardAllocation;
    if (standard.Type != D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP || standard.Flags.Value) return STATUS_INVALID_PARAMETER;
    if (!memory || standard.ExistingHeapData.Size & (PAGE_SIZE - 1)) return STATUS_INVALID_PARAMETER;
    desc->user_memory = (void *)memory;
    desc->size = standard.ExistingHeapData.Size;
    /* It is in no segment, so any may be named later; it is never placed. */
    desc->segments = WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL;
    desc->preferred_segment = WINEKMT_SEGMENT_NON_LOCAL;
    /* A size of 0 stands for a handle without memory (DXMT); the pointer means nothing then. */
    if (desc->size && ((uintptr_t)memory & (PAGE_SIZE - 1) || (uintptr_t)memory + desc->size < (uintptr_t)memory))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* Private driver data, see winekmt.h. */
static NTSTATUS read_private_data( const void *pointer, uint32_t size, struct allocation_description *desc )
{
    struct winekmt_allocation_data data = { 0 };

    if (!pointer || !size) return STATUS_INVALID_PARAMETER;
    memcpy( &data, pointer, size < sizeof(data) ? size : sizeof(data) );
    if (size < WINEKMT_ALLOCATION_DATA_MIN_SIZE || data.magic != WINEKMT_ALLOCATION_MAGIC || !data.version)
    {
        static bool said;

        if (!__atomic_exchange_n( &said, true, __ATOMIC_RELAXED ))
            ERR( "an allocation came with private driver data of another driver (%u bytes, magic %#x)", size, data.magic );
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    }
    if (!data.size || data.size > UINT64_MAX - PAGE_SIZE) return STATUS_INVALID_PARAMETER;
    if (data.alignment & (data.alignment - 1) || data.alignment > WINEKMT_MAX_ALIGNMENT) return STATUS_INVALID_PARAMETER;
    if (data.cpu_access > WINEKMT_CPU_ACCESS_WRITE_COMBINED) return STATUS_INVALID_PARAMETER;
    if (!data.segments) data.segments = WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL;
    if (data.segments & ~(WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL)) return STATUS_INVALID_PARAMETER;
    if (!data.preferred_segment)
        data.preferred_segment = data.segments & WINEKMT_SEGMENT_LOCAL ? WINEKMT_SEGMENT_LOCAL : WINEKMT_SEGMENT_NON_LOCAL;
    if (!(data.preferred_segment & data.segments) || data.preferred_segment & (data.preferred_segment - 1)) return STATUS_INVALID_PARAMETER;

    desc->size = (data.size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    desc->alignment = data.alignment > PAGE_SIZE ? data.alignment : PAGE_SIZE;
    desc->cpu_access = data.cpu_access;
    desc->segments = data.segments;
    desc->preferred_segment = data.preferred_segment;
    return STATUS_SUCCESS;
}

static NTSTATUS read_description( const D3DKMT_CREATEALLOCATION *args, bool second_form, unsigned int i, struct allocation_description *desc )
{
    D3DDDI_ALLOCATIONINFO2 info = { 0 };

    if (second_form) info = args->pAllocationInfo2[i];
    else    /* the older form is its beginning, with the priority missing */
    {
        D3DDDI_ALLOCATIONINFO first = args->pAllocationInfo[i];

        info.pSystemMem = first.pSystemMem;
        info.pPrivateDriverData = first.pPrivateDriverData;
        info.PrivateDriverDataSize = first.PrivateDriverDataSize;
        info.Flags.Value = first.Flags.Value & 3;
        if (first.Flags.Value & ~3u) return STATUS_INVALID_PARAMETER;
    }
    if (info.Flags.Reserved || (info.Flags.Stereo && !info.Flags.Primary)) return STATUS_INVALID_PARAMETER;

    memset( desc, 0, sizeof(*desc) );
    desc->primary = info.Flags.Primary;
    desc->residency_priority = info.Flags.OverridePriority ? info.Priority : D3DDDI_ALLOCATIONPRIORITY_NORMAL;
    if (args->Flags.StandardAllocation) return read_standard_allocation( args, info.pSystemMem, desc );
    if (info.pSystemMem) return STATUS_INVALID_PARAMETER;
    return read_private_data( info.pPrivateDriverData, info.PrivateDriverDataSize, desc );
}

static D3DKMT_HANDLE *allocation_handle_field( const D3DKMT_CREATEALLOCATION *args, bool second_form, unsigned int i )
{
    return second_form ? &args->pAllocationInfo2[i].hAllocation : &args->pAllocationInfo[i].hAllocation;
}

/***********************************************************************
 * Creating
 */

/* Everything that one create call makes. Nobody else sees any of it before handles are given out at the end. */
struct creation
{
    unsigned int       count;
    struct device     *device;
    struct resource   *resource;        /* new or existing; NULL: none */
    struct resource   *new_resource;
    struct object     *share;
    struct allocation *allocations[MAX_CREATE_COUNT];
};

static NTSTATUS make_objects( const D3DKMT_CREATEALLOCATION *args, const struct allocation_description *descs, struct creation *creation )
{
    unsigned int i;

    if (args->Flags.CreateResource)
    {
        if (!(creation->new_resource = calloc( 1, sizeof(*creation->new_resource) ))) return STATUS_NO_MEMORY;
        creation->new_resource->object.refs = 1;
        list_init( &creation->new_resource->entry );
        list_init( &creation->new_resource->allocations );
        creation->new_resource->shared = args->Flags.CreateShared;
        if (args->Flags.CreateShared && !args->Flags.NtSecuritySharing)
        {
            if (!(creation->share = calloc( 1, sizeof(*creation->share) ))) return STATUS_NO_MEMORY;
            creation->share->refs = 1;
        }
    }
    for (i = 0; i < args->NumAllocations; i++)
    {
        struct allocation *allocation = calloc( 1, sizeof(*allocation) );

        if (!allocation) return STATUS_NO_MEMORY;
        creation->allocations[creation->count++] = allocation;
        allocation->object.refs = 1;
        allocation->cpu_access = descs[i].cpu_access;
        allocation->segments = descs[i].segments;
        allocation->preferred_segment = descs[i].preferred_segment;
        allocation->backing = descs[i].user_memory ? BACKING_USER : BACKING_BLOCK;
        allocation->primary = descs[i].primary;
        allocation->allow_not_zeroed = args->Flags.AllowNotZeroed;
        allocation->shared = args->Flags.CreateShared;
        /* An existing heap is the program's memory, others may have a shared one open, and a primary may be on a screen. */
        allocation->pinned = descs[i].user_memory || descs[i].primary || args->Flags.CreateShared;
        allocation->offer = NOT_OFFERED;
        allocation->content = descs[i].user_memory ? CONTENT_VALID : CONTENT_ZERO;
        allocation_set_priority( allocation, descs[i].residency_priority );
        allocation->alignment = descs[i].alignment;
        allocation->size = descs[i].size;
        allocation->user_memory = descs[i].user_memory;
        list_init( &allocation->owner_entry );
        list_init( &allocation->victim_entry );
    }
    return STATUS_SUCCESS;
}

/* Undoes an unfinished creation. */
static void abandon_objects_locked( struct creation *creation )
{
    struct freed_memory freed;
    unsigned int i;

    freed_memory_init( &freed, creation->device ? creation->device->vidmm : NULL );
    for (i = 0; i < creation->count; i++)
    {
        struct allocation *allocation = creation->allocations[i];

        if (allocation->object.handle) handle_remove_locked( &kmt_handles, &allocation->object );
        if (allocation->device) victim_list_remove_locked( allocation );
        /* One that has memory already may just be moved or paged out, and whoever does that is the one to free it. */
        if (allocation->device) allocation_put_locked( allocation, &freed, true );
        else free( allocation );
    }
    if (creation->new_resource && creation->new_resource->object.handle)
        handle_remove_locked( &kmt_handles, &creation->new_resource->object );
    if (creation->share && creation->share->handle) handle_remove_locked( &kmt_handles, creation->share );
    freed_memory_flush_locked( &freed );
    free( creation->new_resource );
    free( creation->share );
}

bool fits_in_segments( const struct vidmm *vidmm, const struct allocation *allocation, unsigned int segments )
{
    unsigned int group, i;

    if (allocation->backing == BACKING_USER) return true;
    if (allocation->size > vidmm->info->max_memory_size) return false;
    for (group = 0; group < GROUP_COUNT; group++)
    {
        const struct type_order *order = &vidmm->orders[allocation->cpu_access][group];

        if (!(segments & 1u << group)) continue;
        for (i = 0; i < order->count; i++)
            if (allocation->size <= vidmm->heaps[vidmm->info->types[order->types[i]].heap].size) return true;
    }
    return false;
}

/* Finds the device and the resource, and gives the allocations memory. May drop the lock; the device has a reference then. */
static NTSTATUS place_objects_locked( const D3DKMT_CREATEALLOCATION *args, struct creation *creation )
{
    struct object *resource = NULL;
    unsigned int i;
    NTSTATUS status;

    if ((status = get_device_locked( args->hDevice, &creation->device ))) return status;
    object_grab( &creation->device->object );
    if (args->hResource)
    {
        if (!(resource = handle_lookup_locked( &kmt_handles, args->hResource, OBJECT_RESOURCE ))) return STATUS_INVALID_HANDLE;
        if (args->Flags.CreateResource || args->Flags.StandardAllocation) return STATUS_INVALID_PARAMETER;
        if (!get_resource_locked( creation->device, args->hResource )) return STATUS_INVALID_PARAMETER;
        creation->resource = LIST_ENTRY( resource, struct resource, object );
        if (creation->resource->shared) return STATUS_INVALID_PARAMETER;
    }

    for (i = 0; i < creation->count; i++)
        if (!fits_in_segments( creation->device->vidmm, creation->allocations[i], creation->allocations[i]->segments ))
            return STATUS_INVALID_PARAMETER;
    for (i = 0; i < creation->count; i++)
    {
        struct allocation *allocation = creation->allocations[i];

        allocation->device = creation->device;
        if (allocation->backing == BACKING_USER) continue;
        if ((status = vidmm_place_next_locked( creation->allocations + i, creation->count - i, WITHIN_BUDGET ))) return status;
        victim_list_add_locked( allocation );   /* the next of the list may need its room */
    }

    /* The world may have changed while the lock was dropped. */
    if (device_is_removed( creation->device )) return STATUS_DEVICE_REMOVED;
    if (!creation->device->object.handle) return STATUS_INVALID_PARAMETER;
    if (resource && get_resource_locked( creation->device, args->hResource ) != creation->resource) return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* Gives everything its handle: the resource first, its allocations next, as Windows does. */
static NTSTATUS publish_objects_locked( struct creation *creation )
{
    struct device *device = creation->device;
    unsigned int i;

    if (creation->new_resource)
    {
        creation->resource = creation->new_resource;
        creation->resource->device = device;
        if (!handle_insert_locked( &kmt_handles, &creation->resource->object, OBJECT_RESOURCE, false )) return STATUS_NO_MEMORY;
    }
    for (i = 0; i < creation->count; i++)
        if (!handle_insert_locked( &kmt_handles, &creation->allocations[i]->object, OBJECT_ALLOCATION, false )) return STATUS_NO_MEMORY;
    if (creation->share && !handle_insert_locked( &kmt_handles, creation->share, OBJECT_SHARE, true )) return STATUS_NO_MEMORY;

    if (creation->new_resource)
    {
        creation->resource->share = creation->share;
        list_add_tail( &device->resources, &creation->resource->entry );
    }
    for (i = 0; i < creation->count; i++)
    {
        struct allocation *allocation = creation->allocations[i];

        allocation->resource = creation->resource;
        list_add_tail( creation->resource ? &creation->resource->allocations : &device->allocations, &allocation->owner_entry );
        victim_list_add_locked( allocation );
    }
    return STATUS_SUCCESS;
}

static NTSTATUS create_allocations( D3DKMT_CREATEALLOCATION *params, bool second_form )
{
    struct allocation_description descs[MAX_CREATE_COUNT];
    D3DKMT_HANDLE handles[MAX_CREATE_COUNT], resource = 0, share = 0;
    D3DKMT_CREATEALLOCATION args;
    struct creation creation;
    NTSTATUS status;
    unsigned int i;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, resource %#x, count %u", args.hDevice, args.hResource, args.NumAllocations );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (!args.NumAllocations || args.NumAllocations > MAX_CREATE_COUNT || !args.pAllocationInfo) return STATUS_INVALID_PARAMETER;
    if ((status = check_create_flags( &args ))) return status;
    for (i = 0; i < args.NumAllocations; i++)
        if ((status = read_description( &args, second_form, i, &descs[i] ))) return status;
    probe_write( &params->hResource );
    for (i = 0; i < args.NumAllocations; i++) probe_write( allocation_handle_field( &args, second_form, i ) );

    creation.count = 0;
    creation.device = NULL;
    creation.resource = creation.new_resource = NULL;
    creation.share = NULL;
    status = make_objects( &args, descs, &creation );
    kmt_lock();
    if (!status) status = place_objects_locked( &args, &creation );
    if (!status) status = publish_objects_locked( &creation );
    if (!status)
    {
        for (i = 0; i < creation.count; i++) handles[i] = creation.allocations[i]->object.handle;
        if (creation.resource) resource = creation.resource->object.handle;
        if (creation.share) share = creation.share->handle;
    }
    else abandon_objects_locked( &creation );
    if (creation.device) share_publish_locked( creation.device->vidmm );
    if (creation.device) device_put_locked( creation.device );
    kmt_unlock();

    if (status)
    {
        if (status != KMT_STATUS_STOCK) WARN( "failed: %#x", (unsigned int)status );
        return status;
    }
    for (i = 0; i < args.NumAllocations; i++) *allocation_handle_field( &args, second_form, i ) = handles[i];
    params->hResource = resource;
    params->hGlobalShare = share;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_CreateAllocation
 *
 * Makes allocations, alone or in a resource, and gives them GPU memory.
 *
 * params->pAllocationInfo: NumAllocations entries, 1 to 1024, each with winekmt.h's private data, or one standard allocation.
 * STATUS_SUCCESS: the handles are in the entries, in hResource and in hGlobalShare (0 where there is none).
 * STATUS_INVALID_PARAMETER: counts, flags, sizes, pointers, the device, a resource of another device or a shared one.
 * STATUS_INVALID_HANDLE: hResource names no resource.
 * STATUS_GRAPHICS_DRIVER_MISMATCH: private data of another driver.
 * STATUS_GRAPHICS_NO_VIDEO_MEMORY: no room for all of it, whatever is discarded and evicted; for a large one that the budgets
 * rule out nothing is.
 * STATUS_NO_MEMORY: system memory, also for what would have to be evicted, or handles, ran out.  STATUS_DEVICE_REMOVED: the adapter's Vulkan device was lost.
 * On failure nothing was created and nothing is written.
 *
 * Cost: one lock; from a pool no Vulkan call and one malloc an allocation, else vkAllocateMemory, preceded by
 * vkFreeMemory, and copies of what is evicted, under pressure.
 * Source: DDI pages of D3DKMTCreateAllocation, D3DKMT_CREATEALLOCATIONFLAGS, standard allocations; Windows' behaviour
 * in Wine's tests where those differ.
 */
NTSTATUS kmt_CreateAllocation( D3DKMT_CREATEALLOCATION *params )
{
    return create_allocations( params, false );
}

/***********************************************************************
 *           kmt_CreateAllocation2
 *
 * The same with pAllocationInfo2, whose entries may carry a residency priority.
 */
NTSTATUS kmt_CreateAllocation2( D3DKMT_CREATEALLOCATION *params )
{
    return create_allocations( params, true );
}

/***********************************************************************
 * Destroying
 */

/* Finds all allocations of a list. STATUS_SUCCESS: each may be destroyed. */
static NTSTATUS find_to_destroy_locked( struct device *device, const D3DKMT_HANDLE *handles, unsigned int count, struct allocation **allocations )
{
    NTSTATUS status = STATUS_SUCCESS;
    unsigned int i, found;

    for (found = 0; found < count; found++)
    {
        struct allocation *allocation = get_allocation_locked( device, handles[found] );

        if (!allocation || allocation->mark) break;                             /* unknown, or twice in the list */
        if (allocation->shared) break;        /* only as a whole */
        if (found && allocation->resource != allocations[0]->resource) break;   /* DDI page: one resource a list */
        allocation->mark = 1;
        allocations[found] = allocation;
    }
    if (found < count) status = STATUS_INVALID_PARAMETER;
    for (i = 0; i < found; i++) allocations[i]->mark = 0;
    return status;
}

static NTSTATUS destroy_allocations( const D3DKMT_DESTROYALLOCATION2 *args )
{
    D3DKMT_HANDLE handles[MAX_CREATE_COUNT];
    struct allocation *allocations[MAX_CREATE_COUNT];
    bool keep = !args->Flags.SynchronousDestroy;
    struct freed_memory freed;
    struct resource *resource;
    struct device *device;
    NTSTATUS status = STATUS_SUCCESS;
    unsigned int i;

    TRACE( "device %#x, resource %#x, count %u", args->hDevice, args->hResource, args->AllocationCount );
    if (is_stock_handle( args->hDevice )) return KMT_STATUS_STOCK;
    if (args->Flags.Value & ~3u) return STATUS_INVALID_PARAMETER;
    if (!args->hResource)
    {
        if (args->AllocationCount > MAX_CREATE_COUNT) return STATUS_INVALID_PARAMETER;
        if (args->AllocationCount && !args->phAllocationList) return STATUS_INVALID_PARAMETER;
        if (args->AllocationCount) memcpy( handles, args->phAllocationList, args->AllocationCount * sizeof(*handles) );
    }

    kmt_lock();
    if (!(device = find_device_locked( args->hDevice ))) status = STATUS_INVALID_PARAMETER;
    else
    {
        freed_memory_init( &freed, device->vidmm );
        object_grab( &device->object );
        if (args->hResource)
        {
            if ((resource = get_resource_locked( device, args->hResource ))) resource_destroy_locked( resource, &freed, keep );
            else status = STATUS_INVALID_PARAMETER;
        }
        else if (!(status = find_to_destroy_locked( device, handles, args->AllocationCount, allocations )))
            for (i = 0; i < args->AllocationCount; i++) allocation_destroy_locked( allocations[i], &freed, keep );
        freed_memory_flush_locked( &freed );
        share_publish_locked( device->vidmm );
        device_put_locked( device );
    }
    kmt_unlock();
    if (status) WARN( "device %#x, resource %#x: failed: %#x", args->hDevice, args->hResource, (unsigned int)status );
    return status;
}

/***********************************************************************
 *           kmt_DestroyAllocation
 *
 * Destroys a resource with all its allocations (hResource; the list is ignored), or a list of allocations.
 *
 * params->phAllocationList: AllocationCount handles, up to 1024, all of one resource or all of none.
 * STATUS_SUCCESS: also for resource 0 and count 0, which does nothing.
 * STATUS_INVALID_PARAMETER: an unknown device, resource or allocation, one twice, one of a shared resource. Nothing is
 * destroyed then.
 *
 * Cost: one lock, O(count); no Vulkan call: the memory is kept for a moment and freed by the worker.
 * Source: DDI page of D3DKMTDestroyAllocation; count 0: Windows' behaviour in Wine's tests.
 */
NTSTATUS kmt_DestroyAllocation( D3DKMT_DESTROYALLOCATION *params )
{
    D3DKMT_DESTROYALLOCATION2 args = { 0 };

    if (!params) return STATUS_INVALID_PARAMETER;
    args.hDevice = params->hDevice;
    args.hResource = params->hResource;
    args.phAllocationList = params->phAllocationList;
    args.AllocationCount = params->AllocationCount;
    return destroy_allocations( &args );
}

/***********************************************************************
 *           kmt_DestroyAllocation2
 *
 * The same with flags: AssumeNotInUse changes nothing, as no GPU work is queued here; with SynchronousDestroy blocks that become empty
 * are freed before the call returns. STATUS_INVALID_PARAMETER: also for any other flag.
 */
NTSTATUS kmt_DestroyAllocation2( D3DKMT_DESTROYALLOCATION2 *params )
{
    D3DKMT_DESTROYALLOCATION2 args;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    return destroy_allocations( &args );
}
