/*
 * Adapters: finding the GPUs, opening and closing them, and what they say of their memory
 *
 * Lock order: enumeration, then the lock of core.
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

/* EnumAdapters2 without a buffer says so on Windows 11, whatever the machine has. */
#define MAX_ADAPTERS  34

/* Held while the GPUs are listed, so that two threads do not add the same one. */
static pthread_mutex_t enumeration = PTHREAD_MUTEX_INITIALIZER;

/* Every GPU seen so far, struct kmt_gpu.entry, in the order of the last enumeration. Under the lock. */
static struct list gpus = { &gpus, &gpus };

/***********************************************************************
 * GPUs
 */

/* A LUID for a GPU that Wine has none for: the same in every process, and for another GPU hardly ever the same. */
static LUID derive_luid( const uint8_t device_uuid[16] )
{
    uint64_t hash = 0xcbf29ce484222325u;    /* FNV-1a */
    unsigned int i;
    LUID luid;

    for (i = 0; i < 16; i++) hash = (hash ^ device_uuid[i]) * 0x100000001b3u;
    luid.LowPart = (uint32_t)hash | 1;      /* never all zero */
    luid.HighPart = hash >> 32 & 0x7fffffff;
    return luid;
}

static bool same_luid( LUID a, LUID b )
{
    return a.LowPart == b.LowPart && a.HighPart == b.HighPart;
}

static struct kmt_gpu *find_gpu_by_uuid_locked( const uint8_t device_uuid[16] )
{
    struct list *cursor;

    LIST_FOR_EACH( cursor, &gpus )
    {
        struct kmt_gpu *gpu = LIST_ENTRY( cursor, struct kmt_gpu, entry );

        if (!memcmp( gpu->info.device_uuid, device_uuid, 16 )) return gpu;
    }
    return NULL;
}

static struct kmt_gpu *find_gpu_by_luid_locked( LUID luid )
{
    struct list *cursor;

    LIST_FOR_EACH( cursor, &gpus )
    {
        struct kmt_gpu *gpu = LIST_ENTRY( cursor, struct kmt_gpu, entry );

        if (gpu->present && same_luid( gpu->luid, luid )) return gpu;
    }
    return NULL;
}

/* One GPU of an enumeration: puts it behind those before it, after making it if it is new. */
static NTSTATUS note_gpu( const struct gpu_adapter *info, uint32_t index )
{
    struct kmt_gpu *gpu;
    bool known;

    kmt_lock();
    known = find_gpu_by_uuid_locked( info->device_uuid ) != NULL;
    kmt_unlock();
    if (!known)
    {
        if (!(gpu = calloc( 1, sizeof(*gpu) ))) return STATUS_NO_MEMORY;
        gpu->info = *info;
        gpu->limit = os_video_memory_limit();
        list_init( &gpu->lost );
        gpu->from_wine = os_find_adapter_luid( info->device_uuid, index, &gpu->luid );
        if (!gpu->from_wine) gpu->luid = derive_luid( info->device_uuid );
        TRACE( "%s: LUID %#x:%#x%s", info->name, gpu->luid.HighPart, gpu->luid.LowPart, gpu->from_wine ? " of Wine" : "" );
        kmt_lock();
        list_add_tail( &gpus, &gpu->entry );
        kmt_unlock();
    }

    kmt_lock();
    gpu = find_gpu_by_uuid_locked( info->device_uuid );
    gpu->present = true;
    list_remove( &gpu->entry );
    list_add_tail( &gpus, &gpu->entry );
    kmt_unlock();
    return STATUS_SUCCESS;
}

/* Lists the GPUs anew. The lock is not held. STATUS_SUCCESS, STATUS_NO_MEMORY. */
static NTSTATUS enum_gpus( void )
{
    struct gpu_adapter *infos = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    uint32_t i, count = 0;
    struct list *cursor;

    pthread_mutex_lock( &enumeration );
    if (gpu_enum_adapters( &infos, &count )) status = STATUS_NO_MEMORY;
    else
    {
        for (i = 0; i < count && i < MAX_ADAPTERS && !status; i++) status = note_gpu( &infos[i], i );
        /* Those that are gone stand before the others now. Never is one absent in between that is not gone. */
        kmt_lock();
        LIST_FOR_EACH( cursor, &gpus )
        {
            struct kmt_gpu *gpu = LIST_ENTRY( cursor, struct kmt_gpu, entry );

            for (i = 0; i < count; i++) if (!memcmp( gpu->info.device_uuid, infos[i].device_uuid, 16 )) break;
            if (i == count) gpu->present = false;
        }
        kmt_unlock();
    }
    pthread_mutex_unlock( &enumeration );
    free( infos );
    return status;
}

NTSTATUS adapter_get_vidmm_locked( struct adapter *adapter, struct vidmm **ret )
{
    struct kmt_gpu *gpu = adapter->gpu;
    uint32_t losses = adapter->losses;
    NTSTATUS status = STATUS_SUCCESS;
    struct vidmm *vidmm;

    /* From here on the adapter may be closed meanwhile; its GPU stays. */
    vidmm_reap_locked( gpu );
    while (gpu->opening) kmt_wait_locked( UINT64_MAX );
    if (gpu->losses != losses || !gpu->present) return STATUS_DEVICE_REMOVED;
    if (!gpu->vidmm)
    {
        gpu->opening = true;
        kmt_unlock();
        status = vidmm_create( gpu, gpu->limit, &vidmm );
        kmt_lock();
        gpu->opening = false;
        if (!status) gpu->vidmm = vidmm;
        kmt_wake_locked();
        if (status) return status;
    }
    gpu->vidmm->refs++;
    *ret = gpu->vidmm;
    return STATUS_SUCCESS;
}

struct vidmm *next_vidmm_locked( const struct vidmm *previous )
{
    struct list *cursor;

    for (cursor = previous ? previous->gpu->entry.next : gpus.next; cursor != &gpus; cursor = cursor->next)
    {
        struct kmt_gpu *gpu = LIST_ENTRY( cursor, struct kmt_gpu, entry );

        if (gpu->vidmm) return gpu->vidmm;
    }
    return NULL;
}

/***********************************************************************
 * Adapter handles
 */

struct adapter *get_adapter_locked( D3DKMT_HANDLE handle )
{
    struct object *object = handle_lookup_locked( &kmt_handles, handle, OBJECT_ADAPTER );

    return object ? LIST_ENTRY( object, struct adapter, object ) : NULL;
}

NTSTATUS get_kept_adapter_locked( D3DKMT_HANDLE handle, struct adapter **adapter )
{
    if (!(*adapter = get_adapter_locked( handle ))) return STATUS_INVALID_PARAMETER;
    return (*adapter)->losses == (*adapter)->gpu->losses && (*adapter)->gpu->present ? STATUS_SUCCESS : STATUS_DEVICE_REMOVED;
}

/* A new handle of a GPU; 0: no memory. */
static D3DKMT_HANDLE open_gpu_locked( struct kmt_gpu *gpu )
{
    struct adapter *adapter = calloc( 1, sizeof(*adapter) );

    if (!adapter) return 0;
    adapter->object.refs = 1;
    adapter->gpu = gpu;
    adapter->losses = gpu->losses;
    if (handle_insert_locked( &kmt_handles, &adapter->object, OBJECT_ADAPTER, false )) return adapter->object.handle;
    free( adapter );
    return 0;
}

static void close_adapter_locked( struct adapter *adapter )
{
    handle_remove_locked( &kmt_handles, &adapter->object );
    if (!--adapter->object.refs) free( adapter );
}

bool gpu_is_compute_only( const struct kmt_gpu *gpu )
{
    bool computes = false;
    unsigned int i;

    for (i = 0; i < gpu->info.node_count; i++)
    {
        if (gpu->info.nodes[i] == GPU_NODE_GRAPHICS) return false;
        if (gpu->info.nodes[i] == GPU_NODE_COMPUTE) computes = true;
    }
    return computes;
}

static bool is_listed( const struct kmt_gpu *gpu, bool compute_only )
{
    return gpu->present && (compute_only || !gpu_is_compute_only( gpu ));
}

/* Opens all GPUs, or none. compute_only: also those that only compute. *count: room in adapters; then how many there are.
 * STATUS_BUFFER_TOO_SMALL, STATUS_NO_MEMORY. */
static NTSTATUS open_all_gpus( D3DKMT_ADAPTERINFO *adapters, uint32_t *count, bool compute_only )
{
    uint32_t room = *count, opened = 0;
    NTSTATUS status;
    struct list *cursor;

    if ((status = enum_gpus())) return status;
    kmt_lock();
    *count = 0;
    LIST_FOR_EACH( cursor, &gpus ) if (is_listed( LIST_ENTRY( cursor, struct kmt_gpu, entry ), compute_only )) ++*count;
    if (*count > room) status = STATUS_BUFFER_TOO_SMALL;
    else LIST_FOR_EACH( cursor, &gpus )
    {
        struct kmt_gpu *gpu = LIST_ENTRY( cursor, struct kmt_gpu, entry );

        if (!is_listed( gpu, compute_only )) continue;
        adapters[opened].hAdapter = open_gpu_locked( gpu );
        adapters[opened].AdapterLuid = gpu->luid;
        /* Wine has a display where it has a LUID of its own; what it calls sources, it knows. */
        adapters[opened].NumOfSources = gpu->from_wine;
        adapters[opened].bPrecisePresentRegionsPreferred = FALSE;
        if (!adapters[opened].hAdapter)
        {
            status = STATUS_NO_MEMORY;
            while (opened--) close_adapter_locked( get_adapter_locked( adapters[opened].hAdapter ) );
            break;
        }
        opened++;
    }
    kmt_unlock();
    return status;
}

/***********************************************************************
 *           kmt_EnumAdapters
 *
 * Opens every adapter, 16 at most.
 *
 * STATUS_SUCCESS: NumAdapters entries; the caller closes each.  STATUS_INVALID_PARAMETER: NULL.  STATUS_NO_MEMORY.
 *
 * Cost: Vulkan lists its physical devices; the first time in a process also the Vulkan instance (50 to 100 ms).
 * Source: DDI page of D3DKMTEnumAdapters.
 */
NTSTATUS kmt_EnumAdapters( D3DKMT_ENUMADAPTERS *params )
{
    D3DKMT_ADAPTERINFO adapters[MAX_ADAPTERS];
    uint32_t i, count = MAX_ADAPTERS, kept;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    probe_write_array( params, sizeof(*params) );
    if ((status = open_all_gpus( adapters, &count, true ))) return status;

    kept = count < sizeof(params->Adapters) / sizeof(params->Adapters[0]) ? count : sizeof(params->Adapters) / sizeof(params->Adapters[0]);
    kmt_lock();
    for (i = kept; i < count; i++) close_adapter_locked( get_adapter_locked( adapters[i].hAdapter ) );
    kmt_unlock();
    memcpy( params->Adapters, adapters, kept * sizeof(*adapters) );
    params->NumAdapters = kept;
    return STATUS_SUCCESS;
}

/* *count: room in the caller's array; then how many adapters are open and stand in adapters. With no array, how many there can be.
 * caller_count: where the caller wants that. compute_only: as open_all_gpus has it. */
static NTSTATUS enum_adapters( ULONG *count, D3DKMT_ADAPTERINFO *array, ULONG *caller_count, bool compute_only,
                               D3DKMT_ADAPTERINFO adapters[MAX_ADAPTERS] )
{
    uint32_t room = *count < MAX_ADAPTERS ? *count : MAX_ADAPTERS;
    NTSTATUS status;

    if (!array)
    {
        *count = MAX_ADAPTERS;
        return STATUS_SUCCESS;
    }
    probe_write( caller_count );
    probe_write_array( array, room * sizeof(*array) );
    if (!(status = open_all_gpus( adapters, &room, compute_only ))) *count = room;
    return status;
}

/***********************************************************************
 *           kmt_EnumAdapters2
 *
 * Opens every adapter, as many as there are.
 *
 * params->pAdapters: NumAdapters entries; NULL: the most that there can be is returned in NumAdapters, 34.
 * STATUS_SUCCESS: NumAdapters entries; the caller closes each.  STATUS_BUFFER_TOO_SMALL: nothing is opened.
 * STATUS_INVALID_PARAMETER: NULL.  STATUS_NO_MEMORY.
 *
 * Cost: as kmt_EnumAdapters.  Source: DDI page of D3DKMTEnumAdapters2; Windows' behaviour in Wine's tests.
 */
NTSTATUS kmt_EnumAdapters2( D3DKMT_ENUMADAPTERS2 *params )
{
    D3DKMT_ADAPTERINFO adapters[MAX_ADAPTERS];
    D3DKMT_ENUMADAPTERS2 args;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    if ((status = enum_adapters( &args.NumAdapters, args.pAdapters, &params->NumAdapters, true, adapters ))) return status;
    if (args.pAdapters) memcpy( args.pAdapters, adapters, args.NumAdapters * sizeof(*adapters) );
    params->NumAdapters = args.NumAdapters;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_EnumAdapters3
 *
 * The same with a filter: IncludeComputeOnly and IncludeDisplayOnly ask for kinds that are left out otherwise. The second changes nothing:
 * a GPU of Vulkan's computes at the least.
 *
 * STATUS_INVALID_PARAMETER: also a bit of the filter that does not exist.
 * Source: DDI page of D3DKMTEnumAdapters3.
 */
NTSTATUS kmt_EnumAdapters3( D3DKMT_ENUMADAPTERS3 *params )
{
    D3DKMT_ADAPTERINFO adapters[MAX_ADAPTERS];
    D3DKMT_ENUMADAPTERS3 args;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    if (args.Filter.Reserved) return STATUS_INVALID_PARAMETER;
    if ((status = enum_adapters( &args.NumAdapters, args.pAdapters, &params->NumAdapters, args.Filter.IncludeComputeOnly, adapters ))) return status;
    if (args.pAdapters) memcpy( args.pAdapters, adapters, args.NumAdapters * sizeof(*adapters) );
    params->NumAdapters = args.NumAdapters;
    return STATUS_SUCCESS;
}

NTSTATUS find_gpu_by_luid( LUID luid, struct kmt_gpu **gpu )
{
    NTSTATUS status;

    kmt_lock();
    *gpu = find_gpu_by_luid_locked( luid );
    kmt_unlock();
    if (*gpu) return STATUS_SUCCESS;
    if ((status = enum_gpus())) return status;
    kmt_lock();
    *gpu = find_gpu_by_luid_locked( luid );
    kmt_unlock();
    return *gpu ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

struct kmt_gpu *next_gpu_locked( const struct kmt_gpu *previous )
{
    const struct list *cursor;

    for (cursor = previous ? previous->entry.next : gpus.next; cursor != &gpus; cursor = cursor->next)
    {
        struct kmt_gpu *gpu = LIST_ENTRY( cursor, struct kmt_gpu, entry );

        if (gpu->present) return gpu;
    }
    return NULL;
}

/***********************************************************************
 *           kmt_OpenAdapterFromLuid
 *
 * Opens the adapter with that LUID.
 *
 * STATUS_SUCCESS: hAdapter, for the caller to close.  STATUS_NO_MEMORY.
 * STATUS_INVALID_PARAMETER: NULL, or nobody has that LUID; stock Wine is asked first, it may have adapters of its own.
 *
 * Cost: one lock; an unknown LUID lists the GPUs anew.  Source: DDI page of D3DKMTOpenAdapterFromLuid.
 */
NTSTATUS kmt_OpenAdapterFromLuid( D3DKMT_OPENADAPTERFROMLUID *params )
{
    struct kmt_gpu *gpu;
    D3DKMT_HANDLE handle = 0;
    NTSTATUS status;
    LUID luid;

    if (!params) return STATUS_INVALID_PARAMETER;
    luid = params->AdapterLuid;
    TRACE( "LUID %#x:%#x", luid.HighPart, luid.LowPart );
    probe_write( &params->hAdapter );

    if ((status = find_gpu_by_luid( luid, &gpu )) == STATUS_INVALID_PARAMETER) return KMT_STATUS_STOCK;
    if (status) return status;
    kmt_lock();
    handle = open_gpu_locked( gpu );
    kmt_unlock();
    if (!handle) return STATUS_NO_MEMORY;
    params->hAdapter = handle;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_CloseAdapter
 *
 * Closes a handle of an adapter. Devices made through it live on.
 *
 * STATUS_INVALID_PARAMETER: no such adapter.
 * Cost: one lock.  Source: DDI page of D3DKMTCloseAdapter.
 */
NTSTATUS kmt_CloseAdapter( D3DKMT_CLOSEADAPTER *params )
{
    NTSTATUS status = STATUS_SUCCESS;
    struct adapter *adapter;
    D3DKMT_HANDLE handle;

    if (!params) return STATUS_INVALID_PARAMETER;
    handle = params->hAdapter;
    TRACE( "adapter %#x", handle );
    if (is_stock_handle( handle )) return KMT_STATUS_STOCK;

    kmt_lock();
    if ((adapter = get_adapter_locked( handle ))) close_adapter_locked( adapter );
    else status = STATUS_INVALID_PARAMETER;
    kmt_unlock();
    return status;
}

/***********************************************************************
 *           kmt_QueryVideoMemoryInfo
 *
 * Tells budget and usage of a memory segment group.
 *
 * params->hProcess: NULL is the caller; another process needs PROCESS_QUERY_INFORMATION. One that has no memory of that GPU, or is
 * in another ledger, has the caller's budget and uses nothing.
 * STATUS_SUCCESS: bytes. Budget: what the process may use now, beside the others. CurrentUsage: what its allocations take of the
 * group, without what is evicted. AvailableForReservation: half the budget, or less where others have reserved more than the rest of
 * what there is. CurrentReservation: what D3DKMTChangeVideoMemoryReservation set.
 * STATUS_INVALID_PARAMETER: the adapter, a group above NON_LOCAL, a PhysicalAdapterIndex but 0.
 * STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED: the process.
 * STATUS_DEVICE_REMOVED: the GPU was lost after the adapter was opened, or is gone.  STATUS_NO_MEMORY.
 *
 * Cost: one lock; VK_EXT_memory_budget is asked when its last answer is older than 100 ms. For another process
 * a wineserver request.
 * Source: DDI page of D3DKMTQueryVideoMemoryInfo; Windows' behaviour in Wine's tests.
 */
NTSTATUS kmt_QueryVideoMemoryInfo( D3DKMT_QUERYVIDEOMEMORYINFO *params )
{
    D3DKMT_QUERYVIDEOMEMORYINFO args;
    struct adapter *adapter;
    struct vidmm *vidmm;
    struct ledger_counts counts;
    uint64_t key = 0;
    NTSTATUS status;
    bool self;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, group %u", args.hAdapter, args.MemorySegmentGroup );
    if (is_stock_handle( args.hAdapter )) return KMT_STATUS_STOCK;
    if ((unsigned int)args.MemorySegmentGroup > D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL || args.PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    if ((status = os_check_process( args.hProcess, OS_PROCESS_QUERY_INFORMATION, &self ))) return status;
    if (!self && (status = os_get_process_key( args.hProcess, &key ))) return status;

    kmt_lock();
    if (!(adapter = get_adapter_locked( args.hAdapter ))) status = STATUS_INVALID_PARAMETER;
    else if (!(status = adapter_get_vidmm_locked( adapter, &vidmm )))
    {
        vidmm_refresh_budget_locked( vidmm, BUDGET_AGE_NS );
        share_refresh_locked( vidmm, BUDGET_AGE_NS );
        args.Budget = vidmm_group_budget_locked( vidmm, args.MemorySegmentGroup );
        args.CurrentUsage = self ? vidmm->groups[args.MemorySegmentGroup].committed : 0;
        args.CurrentReservation = self ? LEDGER_GET( vidmm->account, args.MemorySegmentGroup, reservation ) : 0;
        if (!self && share_find_process_locked( vidmm, key, args.MemorySegmentGroup, &counts ))
        {
            args.Budget = counts.budget;
            args.CurrentUsage = counts.committed;
            args.CurrentReservation = counts.reservation;
        }
        /* Others can write it too. */
        if (args.CurrentReservation > args.Budget) args.CurrentReservation = args.Budget;
        args.AvailableForReservation = share_reservable_locked( vidmm, args.MemorySegmentGroup, self ? NULL : &key, args.Budget );
        vidmm_release_locked( vidmm );
    }
    kmt_unlock();
    if (status) return status;
    params->Budget = args.Budget;
    params->CurrentUsage = args.CurrentUsage;
    params->CurrentReservation = args.CurrentReservation;
    params->AvailableForReservation = args.AvailableForReservation;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_ChangeVideoMemoryReservation
 *
 * Says how many bytes of a memory segment group the process cannot do without: its budget does not fall below, whatever others want.
 *
 * params->hProcess: NULL is the caller; another process needs PROCESS_SET_INFORMATION.
 * Reservation: bytes, at most AvailableForReservation of QueryVideoMemoryInfo.
 * STATUS_INVALID_PARAMETER: the adapter, the group, the physical adapter, too large a reservation.
 * STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED: the process.
 * STATUS_NOT_FOUND: another process that has no memory of that GPU, or is in another ledger.
 * STATUS_DEVICE_REMOVED, STATUS_NO_MEMORY: as kmt_QueryVideoMemoryInfo.
 *
 * Cost: as kmt_QueryVideoMemoryInfo.  Source: DDI page of D3DKMTChangeVideoMemoryReservation.
 */
NTSTATUS kmt_ChangeVideoMemoryReservation( D3DKMT_CHANGEVIDEOMEMORYRESERVATION *params )
{
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION args;
    struct adapter *adapter;
    struct vidmm *vidmm;
    uint64_t key = 0;
    NTSTATUS status;
    bool self;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, group %u, %llu bytes", args.hAdapter, args.MemorySegmentGroup, (unsigned long long)args.Reservation );
    if (is_stock_handle( args.hAdapter )) return KMT_STATUS_STOCK;
    if ((unsigned int)args.MemorySegmentGroup > D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL || args.PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    if ((status = os_check_process( args.hProcess, OS_PROCESS_SET_INFORMATION, &self ))) return status;
    if (!self && (status = os_get_process_key( args.hProcess, &key ))) return status;

    kmt_lock();
    if (!(adapter = get_adapter_locked( args.hAdapter ))) status = STATUS_INVALID_PARAMETER;
    else if (!(status = adapter_get_vidmm_locked( adapter, &vidmm )))
    {
        struct ledger_counts counts;

        vidmm_refresh_budget_locked( vidmm, BUDGET_AGE_NS );
        share_refresh_locked( vidmm, BUDGET_AGE_NS );
        if (self)
        {
            counts.budget = vidmm_group_budget_locked( vidmm, args.MemorySegmentGroup );
            counts.reservation = LEDGER_GET( vidmm->account, args.MemorySegmentGroup, reservation );
        }
        else if (!share_find_process_locked( vidmm, key, args.MemorySegmentGroup, &counts )) status = STATUS_NOT_FOUND;
        if (!status) status = share_reserve_locked( vidmm, args.MemorySegmentGroup, self ? NULL : &key, counts.budget, counts.reservation,
                                                    args.Reservation );
        vidmm->share_time = 0;
        vidmm_release_locked( vidmm );
    }
    kmt_unlock();
    return status;
}

void kmt_shutdown( void )
{
    struct list *cursor;
    uint32_t index;

    kmt_lock();
    for (index = 0; kmt_handles.live; index++)
    {
        D3DKMT_HANDLE handles[2] = { 0x80000000u | index << 6, 0xc0000000u | index << 6 };
        unsigned int i;

        assert( index < kmt_handles.capacity );
        for (i = 0; i < 2; i++)
        {
            struct device *device = find_device_locked( handles[i] );
            struct adapter *adapter = get_adapter_locked( handles[i] );

            if (device) device_destroy_locked( device );
            if (adapter) close_adapter_locked( adapter );
        }
    }
    while ((cursor = list_head( &gpus )))
    {
        struct kmt_gpu *gpu = LIST_ENTRY( cursor, struct kmt_gpu, entry );

        /* Our own threads may still be finishing something; the last reference must not be theirs. */
        while (gpu->vidmm && gpu->vidmm->refs > 1) kmt_wait_locked( UINT64_MAX );
        for (vidmm_reap_locked( gpu ); !list_empty( &gpu->lost ); vidmm_reap_locked( gpu )) kmt_wait_locked( UINT64_MAX );
        list_remove( &gpu->entry );
        if (gpu->vidmm) vidmm_release_locked( gpu->vidmm );
        free( gpu );
    }
    handle_table_finish( &kmt_handles );
    kmt_unlock();
    gpu_shutdown();
}
