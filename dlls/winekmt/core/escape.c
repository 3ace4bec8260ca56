/*
 * Escape: winekmt's own commands (winekmt.h), and what of the video memory manager's test interface makes sense here
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/vidmm.h"

/* D3DKMT_VIDMM_ESCAPE as its DDI page has it: the members that are answered. They all begin at offset 8, in 32-bit programs too. */
struct vidmm_escape
{
    uint32_t type;
    uint32_t padding;
    union
    {
        struct
        {
            D3DKMT_HANDLE resource, allocation;
            uint64_t process;
        } evict;
        struct
        {
            uint64_t local, system;
        } set_budget;
        struct
        {
            uint64_t trim;                  /* out: bytes above the budgets with what cannot be evicted or discarded */
        } get_budget;
        struct
        {
            uint32_t minimum, maximum, idle;    /* units of 100 ns */
        } set_trim_intervals;
    };
};

/* Who is asked to do something. */
struct target
{
    struct vidmm *vidmm;        /* with a reference */
    D3DKMT_HANDLE device;       /* 0: none was named */
};

/* Pages out one allocation, if it can go. Drops the lock. */
static NTSTATUS evict_one_locked( struct allocation *allocation, uint64_t *bytes )
{
    struct vidmm *vidmm = allocation->device->vidmm;
    struct device *device = allocation->device;
    struct freed_memory freed;
    NTSTATUS status;

    if (allocation->busy || !can_evict( allocation )) return STATUS_SUCCESS;
    object_grab( &device->object );
    freed_memory_init( &freed, vidmm );
    victim_list_remove_locked( allocation );
    allocation_begin_locked( allocation );
    status = page_out_allocation_locked( allocation, false, &freed );
    if (!status && allocation->evicted) *bytes += allocation->size;     /* else MakeResident has come in between */
    allocation_done_locked( allocation, &freed );
    freed_memory_flush_locked( &freed );
    device_put_locked( device );
    return status;
}

/* Both together: it counts in the group that an allocation prefers, wherever it has been. */
static uint64_t evicted_bytes( const struct vidmm *vidmm )
{
    return vidmm->groups[GROUP_LOCAL].evicted + vidmm->groups[GROUP_NON_LOCAL].evicted;
}

/* Pages out all that can go. Drops the lock. */
static NTSTATUS evict_all_locked( struct vidmm *vidmm, uint64_t *bytes )
{
    uint64_t before, after;
    uint32_t rounds;
    unsigned int group;
    enum room room;

    for (group = 0; group < GROUP_COUNT; group++)
    {
        struct shortage anything = { .local = group == GROUP_LOCAL, .bytes = PAGE_OUT_BYTES };

        rounds = vidmm->evictable;      /* others may go on making more */
        for (room = ROOM_MADE; rounds && room == ROOM_MADE && !vidmm->lost; rounds--)
        {
            before = evicted_bytes( vidmm );
            room = page_out_locked( vidmm, &anything, EVICT_MAXIMUM );
            after = evicted_bytes( vidmm );
            if (after > before) *bytes += after - before;
        }
        if (room == ROOM_NO_SYSTEM_MEMORY) return STATUS_NO_MEMORY;
    }
    return vidmm->lost ? STATUS_DEVICE_REMOVED : STATUS_SUCCESS;
}

/* resource, allocation: of the device; both 0: all. */
static NTSTATUS evict_locked( const struct target *target, D3DKMT_HANDLE resource_handle, D3DKMT_HANDLE handle, uint64_t *bytes )
{
    struct allocation *allocation;
    struct resource *resource;
    unsigned int rounds, most;
    struct device *device;
    NTSTATUS status;

    *bytes = 0;
    if (!resource_handle && !handle) return evict_all_locked( target->vidmm, bytes );
    if ((status = get_device_locked( target->device, &device ))) return status;
    if (handle)
    {
        if (!(allocation = get_allocation_locked( device, handle ))) return STATUS_INVALID_PARAMETER;
        if (resource_handle && get_resource_locked( device, resource_handle ) != allocation->resource) return STATUS_INVALID_PARAMETER;
        return evict_one_locked( allocation, bytes );
    }
    /* The lock is dropped for each, so the list is begun anew; what went, or cannot go, is passed over. What others bring back meanwhile is
     * not tried for ever. */
    for (rounds = 0, most = 1; rounds < most; rounds++)
    {
        struct list *cursor;

        if (!(resource = get_resource_locked( device, resource_handle ))) return STATUS_INVALID_PARAMETER;
        if (!rounds) LIST_FOR_EACH( cursor, &resource->allocations ) most++;
        LIST_FOR_EACH( cursor, &resource->allocations )
            if (can_evict( (allocation = LIST_ENTRY( cursor, struct allocation, owner_entry )) ) && !allocation->busy) break;
        if (cursor == &resource->allocations) return STATUS_SUCCESS;
        if ((status = evict_one_locked( allocation, bytes ))) return status;
        if ((status = get_device_locked( target->device, &device ))) return status;
    }
    return STATUS_SUCCESS;
}

static void set_cap_locked( struct vidmm *vidmm, unsigned int group, uint64_t bytes )
{
    vidmm->groups[group].cap = bytes;
    vidmm->budget_time = vidmm->share_time = 0;
    worker_kick_locked( vidmm );        /* it takes what is too much */
    trim_notice_locked( vidmm );
}

static NTSTATUS do_private_locked( const struct target *target, struct winekmt_escape *escape )
{
    struct vidmm *vidmm = target->vidmm;
    NTSTATUS status;

    if (escape->group > D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL) return STATUS_INVALID_PARAMETER;
    switch (escape->command)
    {
    case WINEKMT_ESCAPE_EVICT:
        status = evict_locked( target, 0, escape->allocation, &escape->bytes );
        share_publish_locked( vidmm );
        return status;
    case WINEKMT_ESCAPE_GET_BUDGET:
        vidmm_refresh_budget_locked( vidmm, BUDGET_AGE_NS );
        share_refresh_locked( vidmm, BUDGET_AGE_NS );
        escape->bytes = vidmm_group_budget_locked( vidmm, escape->group );
        escape->bytes2 = vidmm->groups[escape->group].committed;
        escape->bytes3 = vidmm->groups[escape->group].cap;
        return STATUS_SUCCESS;
    case WINEKMT_ESCAPE_SET_BUDGET:
        set_cap_locked( vidmm, escape->group, escape->bytes );
        return STATUS_SUCCESS;
    case WINEKMT_ESCAPE_SET_TRIM_INTERVAL:
        if (escape->bytes > 3600000) return STATUS_INVALID_PARAMETER;
        vidmm->trim.interval = escape->bytes * 1000000;
        trim_notice_locked( vidmm );
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS do_vidmm_locked( const struct target *target, struct vidmm_escape *escape )
{
    uint64_t bytes;
    NTSTATUS status;

    switch (escape->type)
    {
    case D3DKMT_VIDMMESCAPETYPE_EVICT:
        status = evict_locked( target, escape->evict.resource, escape->evict.allocation, &bytes );
        share_publish_locked( target->vidmm );
        return status;
    case D3DKMT_VIDMMESCAPETYPE_SET_BUDGET:
        set_cap_locked( target->vidmm, GROUP_LOCAL, escape->set_budget.local );
        set_cap_locked( target->vidmm, GROUP_NON_LOCAL, escape->set_budget.system );
        return STATUS_SUCCESS;
    case D3DKMT_VIDMMESCAPETYPE_GET_BUDGET:
        vidmm_refresh_budget_locked( target->vidmm, BUDGET_AGE_NS );
        share_refresh_locked( target->vidmm, BUDGET_AGE_NS );
        escape->get_budget.trim = vidmm_bytes_to_trim_locked( target->vidmm, GROUP_LOCAL, 0 ) +
                                  vidmm_bytes_to_trim_locked( target->vidmm, GROUP_NON_LOCAL, 0 );
        return STATUS_SUCCESS;
    case D3DKMT_VIDMMESCAPETYPE_SET_TRIM_INTERVALS:
        /* Periodic trims come only while memory is short: the minimum is theirs. */
        target->vidmm->trim.interval = escape->set_trim_intervals.minimum * 100ull;
        trim_notice_locked( target->vidmm );
        return STATUS_SUCCESS;
    default:
        return KMT_STATUS_STOCK;
    }
}

/***********************************************************************
 *           kmt_Escape
 *
 * Talks to the video memory manager.
 *
 * params->hAdapter: one of ours. hDevice: needed where an allocation or a resource is named. Type DRIVERPRIVATE: struct winekmt_escape.
 * Type VIDMM: D3DKMT_VIDMM_ESCAPE with EVICT (of the calling process), SET_BUDGET, GET_BUDGET (NumBytesToTrim) and SET_TRIM_INTERVALS (of which
 * MinTrimInterval counts; 0: as it was; at least 1 ms). All else is passed on to the stock function, natively it
 * is STATUS_INVALID_PARAMETER.
 * STATUS_INVALID_PARAMETER: NULL, the adapter or device, no data or too little, what winekmt.h says.
 * STATUS_NOT_SUPPORTED: EVICT of another process.  STATUS_NO_MEMORY.
 * STATUS_DEVICE_REMOVED: the GPU was lost after the adapter was opened, or is gone.
 *
 * Cost: one lock; an eviction copies before it returns.
 * Source: DDI pages of D3DKMTEscape and D3DKMT_VIDMM_ESCAPE.
 */
NTSTATUS kmt_Escape( D3DKMT_ESCAPE *params )
{
    union
    {
        struct winekmt_escape private;
        struct vidmm_escape   vidmm;
    } data;
    struct target target = { 0 };
    struct adapter *adapter;
    D3DKMT_ESCAPE args;
    NTSTATUS status;
    uint32_t size;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, type %u, size %u", args.hAdapter, args.Type, args.PrivateDriverDataSize );
    if (!args.hAdapter || is_stock_handle( args.hAdapter ) || is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (args.Type != D3DKMT_ESCAPE_DRIVERPRIVATE && args.Type != D3DKMT_ESCAPE_VIDMM) return KMT_STATUS_STOCK;
    if (!args.pPrivateDriverData || args.PrivateDriverDataSize < sizeof(uint32_t)) return STATUS_INVALID_PARAMETER;

    memset( &data, 0, sizeof(data) );
    size = args.Type == D3DKMT_ESCAPE_VIDMM ? sizeof(data.vidmm) : sizeof(data.private);
    if (args.PrivateDriverDataSize < size) size = args.PrivateDriverDataSize;
    memcpy( &data, args.pPrivateDriverData, size );
    if (args.Type == D3DKMT_ESCAPE_DRIVERPRIVATE)
    {
        if (data.private.magic != WINEKMT_ESCAPE_MAGIC) return KMT_STATUS_STOCK;
        if (size < sizeof(data.private) || data.private.version != WINEKMT_VERSION || data.private.reserved) return STATUS_INVALID_PARAMETER;
        probe_write_array( args.pPrivateDriverData, sizeof(data.private) );
    }
    else
    {
        bool self = true;

        if (data.vidmm.type != D3DKMT_VIDMMESCAPETYPE_EVICT && data.vidmm.type != D3DKMT_VIDMMESCAPETYPE_SET_BUDGET &&
            data.vidmm.type != D3DKMT_VIDMMESCAPETYPE_GET_BUDGET && data.vidmm.type != D3DKMT_VIDMMESCAPETYPE_SET_TRIM_INTERVALS) return KMT_STATUS_STOCK;
        if (size < sizeof(data.vidmm)) return STATUS_INVALID_PARAMETER;
        if (data.vidmm.type == D3DKMT_VIDMMESCAPETYPE_GET_BUDGET) probe_write_array( args.pPrivateDriverData, sizeof(data.vidmm) );
        if (data.vidmm.type == D3DKMT_VIDMMESCAPETYPE_SET_TRIM_INTERVALS && data.vidmm.set_trim_intervals.minimum &&
            data.vidmm.set_trim_intervals.minimum < 10000) return STATUS_INVALID_PARAMETER;
        if (data.vidmm.type == D3DKMT_VIDMMESCAPETYPE_EVICT &&
            (status = os_check_process( (HANDLE)(uintptr_t)data.vidmm.evict.process, OS_PROCESS_QUERY_INFORMATION, &self ))) return status;
        if (!self) return STATUS_NOT_SUPPORTED;
    }

    kmt_lock();
    target.device = args.hDevice;
    if (!(adapter = get_adapter_locked( args.hAdapter ))) status = STATUS_INVALID_PARAMETER;
    else if (!(status = adapter_get_vidmm_locked( adapter, &target.vidmm )))
    {
        struct device *device = args.hDevice ? find_device_locked( args.hDevice ) : NULL;

        if (args.hDevice && (!device || device->vidmm != target.vidmm)) status = STATUS_INVALID_PARAMETER;
        else if (args.Type == D3DKMT_ESCAPE_VIDMM) status = do_vidmm_locked( &target, &data.vidmm );
        else status = do_private_locked( &target, &data.private );
        vidmm_release_locked( target.vidmm );
    }
    kmt_unlock();
    if (!status && args.Type == D3DKMT_ESCAPE_VIDMM && data.vidmm.type == D3DKMT_VIDMMESCAPETYPE_GET_BUDGET)
        memcpy( (char *)args.pPrivateDriverData + offsetof( struct vidmm_escape, get_budget ), &data.vidmm.get_budget, sizeof(data.vidmm.get_budget) );
    if (!status && args.Type == D3DKMT_ESCAPE_DRIVERPRIVATE) memcpy( args.pPrivateDriverData, &data.private, sizeof(data.private) );
    return status;
}
