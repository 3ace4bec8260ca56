/*
 * The calls: objects, creation, locks
 *
 * Each operation asks the model for the statuses that are permitted, calls, checks the answer and all that came back with it, and
 * tells the
 * model.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "model.h"
#include "create_flags.h"
#include "ddk/d3dkmthk.h"
#include "fake_gpu.h"

#define SENTINEL  0x5a5a5a5au

static __thread struct m_list the_list;

struct m_list *call_list( void )
{
    return &the_list;
}

/***********************************************************************
 * From entries to handles
 */

D3DKMT_HANDLE resolve( struct model *model, unsigned int entry )
{
    unsigned int i;

    if (entry < ALLOCATIONS) return model->allocations[entry].handle;
    switch (entry)
    {
    case ENTRY_JUNK: return 0xdeadbec0;
    case ENTRY_ONES: return 0xffffffff;
    case ENTRY_GONE: return model->gone;
    case ENTRY_LOW:
        for (i = 0; i < ALLOCATIONS; i++) if (model->allocations[i].live) return model->allocations[i].handle | 1;
        break;
    case ENTRY_ADAPTER:
        for (i = 0; i < ADAPTERS; i++) if (model->adapters[i].live) return model->adapters[i].handle;
        break;
    case ENTRY_DEVICE:
        for (i = 0; i < DEVICES; i++) if (model->devices[i].live) return model->devices[i].handle;
        break;
    case ENTRY_QUEUE: case ENTRY_FENCE:
        for (i = 0; i < QUEUES; i++)
            if (model->queues[i].live) return entry == ENTRY_QUEUE ? model->queues[i].handle : model->queues[i].fence;
        break;
    case ENTRY_RESOURCE: case ENTRY_GLOBAL:
        for (i = 0; i < RESOURCES; i++)
            if (model->resources[i].live) return entry == ENTRY_RESOURCE ? model->resources[i].handle : model->resources[i].global;
        break;
    case ENTRY_ALLOCATION:
        for (i = 0; i < ALLOCATIONS; i++) if (model->allocations[i].live) return model->allocations[i].handle;
        break;
    }
    return 0;
}

/* Entries name any kind of object; a handle is that of one only. */
static struct m_allocation *find_allocation( struct model *model, D3DKMT_HANDLE handle )
{
    unsigned int i;

    for (i = 0; i < ALLOCATIONS; i++)
        if (model->allocations[i].live && model->allocations[i].handle == handle) return &model->allocations[i];
    return NULL;
}

struct m_device *get_device( struct model *model, uint32_t slot, D3DKMT_HANDLE *handle )
{
    unsigned int i;

    *handle = slot < DEVICES ? model->devices[slot].handle : slot >= ENTRY_ZERO ? resolve( model, slot ) : 0;
    for (i = 0; i < DEVICES; i++) if (model->devices[i].live && model->devices[i].handle == *handle) return &model->devices[i];
    return NULL;
}

struct m_queue *get_queue( struct model *model, uint32_t slot, D3DKMT_HANDLE *handle )
{
    unsigned int i;

    *handle = slot < QUEUES ? model->queues[slot].handle : slot >= ENTRY_ZERO ? resolve( model, slot ) : 0;
    for (i = 0; i < QUEUES; i++) if (model->queues[i].live && model->queues[i].handle == *handle) return &model->queues[i];
    return NULL;
}

struct m_resource *get_resource( struct model *model, uint32_t slot, D3DKMT_HANDLE *handle )
{
    unsigned int i;

    *handle = slot < RESOURCES ? model->resources[slot].handle : slot >= ENTRY_ZERO ? resolve( model, slot ) : 0;
    for (i = 0; i < RESOURCES; i++) if (model->resources[i].live && model->resources[i].handle == *handle) return &model->resources[i];
    return NULL;
}

/* How many entries are passed. */
unsigned int get_count( const struct op *op, unsigned int n, unsigned int limit )
{
    return n == N_NONE ? 0 : n == N_MOST ? limit : n == N_MORE ? limit + 1 : op->count;
}

void get_list( struct model *model, const struct op *op, unsigned int n, unsigned int limit, struct m_list *list )
{
    unsigned int i;

    list->count = get_count( op, n, limit );
    for (i = 0; i < list->count; i++)
    {
        list->handles[i] = op->count ? resolve( model, op->list[i % op->count] ) : 0;
        list->entries[i] = i >= MAX_ENTRIES ? list->entries[i - op->count] : find_allocation( model, list->handles[i] );
    }
}

/***********************************************************************
 * Adapters, devices, queues
 */

static void open_adapter( struct model *model, const struct op *op )
{
    struct m_adapter *adapter = &model->adapters[op->arg[0] % ADAPTERS];
    D3DKMT_ADAPTERINFO infos[ADAPTERS + 1] = { 0 };
    D3DKMT_ENUMADAPTERS2 enumerate = { ARRAY_SIZE( infos ), infos };
    D3DKMT_OPENADAPTERFROMLUID open = { .hAdapter = SENTINEL };
    struct answers answers = { 0 };
    D3DKMT_CLOSEADAPTER close;
    unsigned int i;

    if (adapter->live || op->arg[0] >= model->world->config.adapters) return;
    permit( &answers, STATUS_SUCCESS );
    if (!op->arg[1])
    {
        open.AdapterLuid = model->world->luids[op->arg[0]];
        check_answer( &answers, D3DKMTOpenAdapterFromLuid( &open ), "OpenAdapterFromLuid" );
        learn_handle( model, open.hAdapter, false );
        adapter->handle = open.hAdapter;
    }
    else
    {
        check_answer( &answers, D3DKMTEnumAdapters2( &enumerate ), "EnumAdapters2" );
        require( enumerate.NumAdapters == model->world->config.adapters, "EnumAdapters2 finds %u adapters", enumerate.NumAdapters );
        for (i = 0; i < enumerate.NumAdapters; i++) learn_handle( model, infos[i].hAdapter, false );
        for (i = 0; i < enumerate.NumAdapters; i++)
        {
            require( !memcmp( &infos[i].AdapterLuid, &model->world->luids[i], sizeof(LUID) ), "adapter %u has another LUID", i );
            if (i == op->arg[0]) continue;
            close.hAdapter = infos[i].hAdapter;
            check_answer( &answers, D3DKMTCloseAdapter( &close ), "CloseAdapter" );
            forget_handle( model, infos[i].hAdapter );
        }
        adapter->handle = infos[op->arg[0]].hAdapter;
    }
    adapter->live = true;
}

static void close_adapter( struct model *model, const struct op *op )
{
    struct m_adapter *adapter = &model->adapters[op->arg[0] % ADAPTERS];
    D3DKMT_CLOSEADAPTER close = { adapter->handle };
    struct answers answers = { 0 };

    permit( &answers, adapter->live ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    check_answer( &answers, D3DKMTCloseAdapter( &close ), "CloseAdapter" );
    if (adapter->live) forget_handle( model, adapter->handle );
    adapter->live = false;
}

static void create_device( struct model *model, const struct op *op )
{
    struct m_device *device = &model->devices[op->arg[0] % DEVICES];
    D3DKMT_CREATEDEVICE create = { .hDevice = SENTINEL };
    struct m_adapter *adapter = NULL;
    struct answers answers = { 0 };
    unsigned int i;

    if (device->live) return;
    create.hAdapter = op->arg[1] < ADAPTERS ? model->adapters[op->arg[1]].handle : resolve( model, op->arg[1] );
    for (i = 0; i < ADAPTERS; i++) if (model->adapters[i].live &&
                                       model->adapters[i].handle == create.hAdapter) adapter = &model->adapters[i];
    permit( &answers, adapter ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    check_answer( &answers, D3DKMTCreateDevice( &create ), "CreateDevice" );
    if (!adapter)
    {
        require( create.hDevice == SENTINEL, "a device after a failure" );
        return;
    }
    learn_handle( model, create.hDevice, false );
    memset( device, 0, sizeof(*device) );
    device->handle = create.hDevice;
    device->adapter = adapter - model->adapters;
    device->live = true;
}

static void destroy_device( struct model *model, const struct op *op )
{
    D3DKMT_DESTROYDEVICE destroy;
    struct m_device *device = get_device( model, op->arg[0], &destroy.hDevice );
    struct answers answers = { 0 };

    permit( &answers, device ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    check_answer( &answers, D3DKMTDestroyDevice( &destroy ), "DestroyDevice" );
    if (device) forget_device( model, device );
}

static void create_queue( struct model *model, const struct op *op )
{
    struct m_queue *queue = &model->queues[op->arg[0] % QUEUES];
    D3DKMT_CREATEPAGINGQUEUE create = { .Priority = (int)op->arg[2] - 1, .hPagingQueue = SENTINEL, .hSyncObject = SENTINEL };
    struct m_device *device = get_device( model, op->arg[1], &create.hDevice );
    struct answers answers = { 0 };
    NTSTATUS status;

    if (queue->live) return;
    if (expect_device( &answers, device )) permit( &answers, op->arg[2] < 3 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    else if (op->arg[2] > 2) permit( &answers, STATUS_INVALID_PARAMETER );
    check_answer( &answers, status = D3DKMTCreatePagingQueue( &create ), "CreatePagingQueue" );
    if (status)
    {
        require( create.hPagingQueue == SENTINEL && create.hSyncObject == SENTINEL, "a queue after a failure" );
        return;
    }
    learn_handle( model, create.hPagingQueue, false );
    learn_handle( model, create.hSyncObject, false );
    memset( queue, 0, sizeof(*queue) );
    queue->handle = create.hPagingQueue;
    queue->fence = create.hSyncObject;
    queue->value = create.FenceValueCPUVirtualAddress;
    queue->device = device;
    queue->live = true;
    queue->last = *queue->value;
}

static void destroy_queue( struct model *model, const struct op *op )
{
    D3DDDI_DESTROYPAGINGQUEUE destroy;
    struct m_queue *queue = get_queue( model, op->arg[0], &destroy.hPagingQueue );
    struct answers answers = { 0 };

    permit( &answers, queue ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    check_answer( &answers, D3DKMTDestroyPagingQueue( &destroy ), "DestroyPagingQueue" );
    if (queue) forget_queue( model, queue );
}

/***********************************************************************
 * Creation and destruction
 */

static void init_allocation( struct model *model, struct m_allocation *allocation, struct m_device *device, D3DKMT_HANDLE handle )
{
    memset( allocation, 0, sizeof(*allocation) );
    allocation->handle = handle;
    allocation->device = device;
    allocation->live = allocation->known = allocation->touched = true;
    allocation->priority = D3DDDI_ALLOCATIONPRIORITY_NORMAL;
    allocation->used_at = model->op_clock + 1;     /* of those that one call makes none is older */
}

static void learn_handles( struct model *model, D3DKMT_HANDLE resource, const D3DKMT_HANDLE *allocations, unsigned int count,
                           D3DKMT_HANDLE global )
{
    unsigned int i;

    /* "hResource gets the next handle and the allocation the one after"; the global one of a shared resource is in between or last,
     * which no
     * document says. */
    if (resource) learn_handle( model, resource, false );
    if (global && count && global >> 6 == (resource >> 6) + 1)
    {
        learn_handle( model, global, true );
        global = 0;
    }
    for (i = 0; i < count; i++) learn_handle( model, allocations[i], false );
    if (global) learn_handle( model, global, true );
}

static void create( struct model *model, const struct op *op )
{
    static const uint32_t priorities[CREATE_PRIORITIES] = { D3DDDI_ALLOCATIONPRIORITY_NORMAL, 1, D3DDDI_ALLOCATIONPRIORITY_LOW,
        D3DDDI_ALLOCATIONPRIORITY_HIGH, D3DDDI_ALLOCATIONPRIORITY_MAXIMUM, 0x78000001 };
    static __thread struct winekmt_allocation_data datas[1025];
    static __thread D3DDDI_ALLOCATIONINFO2 infos2[1025];
    static __thread D3DDDI_ALLOCATIONINFO infos[1025];
    uint32_t flags = op->arg[6], bad = op->arg[7], priority = flags >> CREATE_PRIORITY_SHIFT & 0xff,
        alignment = flags >> CREATE_ALIGNMENT_SHIFT & 0xff;
    D3DKMT_CREATEALLOCATION params = { .hGlobalShare = SENTINEL };
    struct m_creation creation = { .bad = bad < BAD_CREATIONS ? bad : BAD_NONE };
    struct m_resource *resource = NULL;
    struct answers answers = { 0 };
    D3DKMT_HANDLE handles[MAX_ENTRIES];
    unsigned int i, count = op->count;
    NTSTATUS status;

    for (i = 0; i < op->count; i++)
        if (op->list[i] >= ALLOCATIONS || model->allocations[op->list[i]].live || memchr( op->list, op->list[i], i )) return;
    if (flags & CREATE_RESOURCE)
    {
        if (!op->arg[1] || op->arg[1] > RESOURCES || model->resources[op->arg[1] - 1].live) return;
        resource = &model->resources[op->arg[1] - 1];
    }
    creation.device = get_device( model, op->arg[0], &params.hDevice );
    if (op->arg[1] && !resource)
    {
        creation.existing = get_resource( model, op->arg[1] - 1, &params.hResource );
        creation.has_resource = params.hResource != 0;
    }
    if (bad == BAD_HANDLE) params.hResource = 0xdeadbec0;
    creation.size = KIB( op->arg[2] );
    creation.room = (creation.size + (1u << alignment) - 1 + 4095) & ~((1ull << alignment) - 1);
    creation.access = op->arg[3];
    creation.segments = op->arg[4];
    creation.preferred = op->arg[5];
    creation.create_resource = flags & CREATE_RESOURCE;
    creation.shared = flags & CREATE_SHARED;
    creation.nt = flags & CREATE_NT;
    creation.primary = flags & CREATE_PRIMARY;
    creation.count = op->count;
    if (!creation.size && !bad) creation.bad = BAD_SIZE_0;
    if (!op->count && !bad) creation.bad = BAD_COUNT_0;
    if (bad == BAD_COUNT_0) count = 0;
    if (bad == BAD_COUNT_MORE) count = 1025;
    if (priority >= CREATE_PRIORITIES) priority = 0;
    for (i = 0; i < count; i++)
    {
        struct winekmt_allocation_data *data = &datas[i];

        memset( data, 0, sizeof(*data) );
        data->magic = WINEKMT_ALLOCATION_MAGIC;
        data->version = WINEKMT_VERSION;
        data->size = creation.size;
        data->alignment = alignment ? 1u << alignment : 0;
        data->cpu_access = creation.access;
        data->segments = creation.segments;
        data->preferred_segment = creation.preferred;
        memset( &infos[i], 0, sizeof(infos[i]) );
        memset( &infos2[i], 0, sizeof(infos2[i]) );
        infos[i].pPrivateDriverData = infos2[i].pPrivateDriverData = data;
        infos[i].PrivateDriverDataSize = infos2[i].PrivateDriverDataSize = sizeof(*data);
        infos[i].hAllocation = infos2[i].hAllocation = SENTINEL;
        infos[i].Flags.Primary = infos2[i].Flags.Primary = creation.primary;
        if (priority && !(flags & CREATE_FIRST_FORM))
        {
            infos2[i].Flags.OverridePriority = 1;
            infos2[i].Priority = priorities[priority];
        }
        if (i + 1 < count && bad != BAD_COUNT_MORE) continue;
        /* what is wrong is wrong with the last one */
        switch (bad)
        {
        case BAD_NO_DATA: infos[i].pPrivateDriverData = infos2[i].pPrivateDriverData = NULL; break;
        case BAD_MAGIC: data->magic++; break;
        case BAD_VERSION: data->version = 0; break;
        case BAD_SHORT: infos[i].PrivateDriverDataSize = infos2[i].PrivateDriverDataSize = WINEKMT_ALLOCATION_DATA_MIN_SIZE - 4; break;
        case BAD_SIZE_0: data->size = 0; break;
        case BAD_ACCESS: data->cpu_access = 3; break;
        case BAD_SEGMENTS: data->segments |= 4; break;
        case BAD_ALIGNMENT: data->alignment = 0x3000; break;
        case BAD_ALIGNMENT_LARGE: data->alignment = 0x400000; break;
        case BAD_SIZE_HUGE: data->size = ~(uint64_t)0 - 100; break;
        }
    }
    params.NumAllocations = count;
    params.Flags.CreateResource = creation.create_resource;
    params.Flags.CreateShared = creation.shared;
    params.Flags.NtSecuritySharing = creation.nt;
    params.Flags.AllowNotZeroed = flags & CREATE_NOT_ZEROED;
    if (bad == BAD_FLAG) params.Flags.CreateProtected = 1;
    expect_creation( model->world, &creation, &answers );
    for (i = 0; i < ADAPTERS; i++)
        model->was_tense[i] |= creation.device && creation.device->adapter == i && is_tense( model->world, i,
                 (creation.size + KIB( 64 ) + (1u << alignment)) * creation.count );
    if (flags & CREATE_FIRST_FORM)
    {
        params.pAllocationInfo = infos;
        status = D3DKMTCreateAllocation( &params );
    }
    else
    {
        params.pAllocationInfo2 = infos2;
        status = D3DKMTCreateAllocation2( &params );
    }
    check_answer( &answers, status, "CreateAllocation" );
    for (i = 0; i < count && i < MAX_ENTRIES; i++) handles[i] = flags & CREATE_FIRST_FORM ? infos[i].hAllocation : infos2[i].hAllocation;
    if (status)
    {
        for (i = 0; i < count && i < MAX_ENTRIES; i++) require( handles[i] == SENTINEL, "handle %#x after a failure", handles[i] );
        learn_no_handle( model );
        if (status != STATUS_INVALID_PARAMETER) saw( SAW_REFUSED, 1 );
        return;
    }
    saw( SAW_CREATED, count );
    if (resource)
    {
        memset( resource, 0, sizeof(*resource) );
        resource->handle = params.hResource;
        resource->shared = creation.shared;
        resource->device = creation.device;
        resource->live = true;
    }
    if (creation.shared && !creation.nt) resource->global = params.hGlobalShare;
    else require( !params.hGlobalShare, "global handle %#x of what is not shared", params.hGlobalShare );
    learn_handles( model, resource ? resource->handle : 0, handles, count, resource ? resource->global : 0 );
    for (i = 0; i < count; i++)
    {
        struct m_allocation *allocation = &model->allocations[op->list[i]];

        init_allocation( model, allocation, creation.device, handles[i] );
        allocation->resource = resource ? resource : creation.existing;
        allocation->kind = creation.primary ? KIND_PRIMARY : KIND_PLAIN;
        allocation->size = (creation.size + 4095) & ~(uint64_t)4095;
        allocation->room = creation.room;
        allocation->access = creation.access;
        allocation->segments = creation.segments ? creation.segments : 3;
        allocation->preferred = creation.preferred;
        allocation->not_zeroed = flags & CREATE_NOT_ZEROED;
        allocation->known = !allocation->not_zeroed;
        allocation->written = allocation->not_zeroed;   /* what it holds is worth keeping from the start, or not: nobody says */
        if (priority && !(flags & CREATE_FIRST_FORM)) allocation->priority = priorities[priority];
    }
}

static void create_heap( struct model *model, const struct op *op )
{
    struct m_allocation *allocation = &model->allocations[op->list[0] % ALLOCATIONS];
    D3DKMT_CREATESTANDARDALLOCATION standard = { .Type = D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP };
    D3DKMT_CREATEALLOCATION params = { .hGlobalShare = SENTINEL, .NumAllocations = 1 };
    D3DDDI_ALLOCATIONINFO2 infos2[2] = { { .hAllocation = SENTINEL } };
    D3DDDI_ALLOCATIONINFO infos[2] = { { .hAllocation = SENTINEL } };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    uint64_t size = KIB( op->arg[1] & ~3u );
    bool first = op->arg[2] & CREATE_FIRST_FORM;
    struct answers answers = { 0 };
    D3DKMT_HANDLE handle;
    char *memory, *passed;
    NTSTATUS status;

    if (!op->count || op->list[0] >= ALLOCATIONS || allocation->live) return;
    if (size > MIB( 1 )) size = MIB( 1 );
    if (!(memory = aligned_alloc( 4096, size + 4096 ))) abort();
    memset( memory, 0, size + 4096 );
    passed = op->arg[3] == BAD_HEAP_NULL ? NULL : op->arg[3] == BAD_HEAP_UNALIGNED ? memory + 16 : memory;
    params.pStandardAllocation = &standard;
    params.Flags.StandardAllocation = 1;
    params.Flags.ExistingSysMem = op->arg[3] != BAD_HEAP_NO_FLAG;
    standard.ExistingHeapData.Size = op->arg[3] == BAD_HEAP_SIZE ? size + 0x100 : size;
    if (op->arg[3] == BAD_HEAP_TYPE) standard.Type = D3DKMT_STANDARDALLOCATIONTYPE_INTERNALBACKINGSTORE;
    if (op->arg[3] == BAD_HEAP_COUNT) params.NumAllocations = 2;
    if (op->arg[3] == BAD_HEAP_PRIVATE) params.PrivateDriverDataSize = 64;
    infos[0].pSystemMem = infos2[0].pSystemMem = passed;
    if (!expect_device( &answers, device )) {}
    /* alignment counts only where there is something to align */
    if (op->arg[3] && op->arg[3] < BAD_HEAPS && (op->arg[3] != BAD_HEAP_UNALIGNED || size)) permit( &answers, STATUS_INVALID_PARAMETER );
    if (!answers.count) permit( &answers, STATUS_SUCCESS );
    if (first)
    {
        params.pAllocationInfo = infos;
        status = D3DKMTCreateAllocation( &params );
    }
    else
    {
        params.pAllocationInfo2 = infos2;
        status = D3DKMTCreateAllocation2( &params );
    }
    check_answer( &answers, status, "CreateAllocation of a heap" );
    handle = first ? infos[0].hAllocation : infos2[0].hAllocation;
    if (status)
    {
        require( handle == SENTINEL, "handle %#x after a failure", handle );
        learn_no_handle( model );
        free( memory );
        return;
    }
    learn_handle( model, handle, false );
    init_allocation( model, allocation, device, handle );
    allocation->kind = KIND_HEAP;
    allocation->size = size;
    allocation->access = WINEKMT_CPU_ACCESS_CACHED;
    allocation->segments = 3;
    allocation->memory = memory;
    allocation->written = true;
}

static void destroy( struct model *model, const struct op *op )
{
    struct m_list *list = call_list();
    D3DKMT_DESTROYALLOCATION params = { 0 };
    D3DKMT_DESTROYALLOCATION2 params2 = { 0 };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    bool good = device != NULL;
    struct answers answers = { 0 };
    unsigned int i;
    NTSTATUS status;

    get_list( model, op, op->arg[3], 1024, list );
    if (list->count > 1024 || (list->count && op->arg[3] == N_NULL) || !is_good_list( list, device, NULL )) good = false;
    for (i = 0; i < list->count && good; i++)
    {
        const struct m_allocation *allocation = list->entries[i];

        if (allocation->resource != list->entries[0]->resource || (allocation->resource && allocation->resource->shared) ||
            times_in_list( list, allocation, i )) good = false;
    }
    if (op->arg[1] && op->arg[2] & ~3u) good = false;
    permit( &answers, good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    params.phAllocationList = op->arg[3] == N_NULL ? NULL : list->handles;
    params.AllocationCount = list->count;
    if (op->arg[1])
    {
        params2.hDevice = params.hDevice;
        params2.phAllocationList = params.phAllocationList;
        params2.AllocationCount = params.AllocationCount;
        params2.Flags.Value = op->arg[2];
        status = D3DKMTDestroyAllocation2( &params2 );
    }
    else status = D3DKMTDestroyAllocation( &params );
    check_answer( &answers, status, "DestroyAllocation" );
    if (!good) return;
    for (i = 0; i < list->count; i++) forget_allocation( model, list->entries[i] );
}

static void destroy_resource( struct model *model, const struct op *op )
{
    D3DKMT_DESTROYALLOCATION params = { .AllocationCount = 3, .phAllocationList = (D3DKMT_HANDLE[]){ 1, 2, 3 } };
    D3DKMT_DESTROYALLOCATION2 params2 = { 0 };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    struct m_resource *resource = get_resource( model, op->arg[1], &params.hResource );
    bool good = resource && resource->device == device;
    struct answers answers = { 0 };
    NTSTATUS status;

    if (!params.hResource) return;      /* that would be a list */
    permit( &answers, good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    params2.hDevice = params.hDevice;
    params2.hResource = params.hResource;
    status = op->arg[2] ? D3DKMTDestroyAllocation2( &params2 ) : D3DKMTDestroyAllocation( &params );
    check_answer( &answers, status, "DestroyAllocation of a resource" );
    if (good) forget_resource( model, resource );
}

/* Opening is stock Wine's; there is none here, and the answer to a call that names a device says so. */
static void open_resource( struct model *model, const struct op *op )
{
    D3DKMT_OPENRESOURCE params = { 0 };
    struct answers answers = { 0 };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    struct m_resource *resource;
    D3DKMT_HANDLE handle;

    resource = get_resource( model, op->arg[1], &handle );
    params.hGlobalShare = resource ? resource->global : handle;
    if (expect_device( &answers, device )) permit( &answers, STATUS_NOT_SUPPORTED );
    check_answer( &answers, D3DKMTOpenResource( &params ), "OpenResource" );
}

/***********************************************************************
 * Locks
 */

static bool is_bad_lock( const struct m_allocation *allocation, const D3DKMT_LOCK *lock, uint32_t flags )
{
    enum { READ_ONLY = 1, WRITE_ONLY = 2, IGNORE_SYNC = 8, LOCK_ENTIRE = 0x10, APERTURE = 0x40, ALTERNATE = 0x200, ALL = 0x7ff };
    bool shared = allocation && allocation->resource && allocation->resource->shared;
    unsigned int i;

    if (flags & ~ALL || (flags & READ_ONLY && flags & WRITE_ONLY) || (flags & IGNORE_SYNC && flags & APERTURE)) return true;
    if (flags & ALTERNATE && (!(flags & APERTURE) || shared)) return true;
    if (flags & LOCK_ENTIRE || !allocation) return false;
    for (i = 0; i < lock->NumPages; i++) if (lock->pPages[i] >= allocation->size / 4096) return true;
    return false;
}

static void lock( struct model *model, const struct op *op )
{
    bool first = !op->arg[1], discard = first && op->arg[2] & 0x80;
    unsigned int pages[2] = { 0, 0 };
    D3DKMT_LOCK params = { .pData = (void *)(uintptr_t)SENTINEL };
    D3DKMT_LOCK2 params2 = { .pData = (void *)(uintptr_t)SENTINEL };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    struct m_allocation *allocation;
    struct answers answers = { 0 };
    NTSTATUS status;
    void *data;

    if (!op->count) return;
    get_list( model, op, N_AS_IS, 1, call_list() );
    allocation = call_list()->entries[0];
    params.hAllocation = params2.hAllocation = call_list()->handles[0];
    params2.hDevice = params.hDevice;
    if (first)
    {
        memcpy( &params.Flags, &op->arg[2], sizeof(params.Flags) );
        if (op->arg[4] && allocation && allocation->size)
        {
            params.NumPages = 2;
            params.pPages = pages;
            pages[1] = allocation->size / 4096 - (op->arg[4] == 1);
        }
    }
    else params2.Flags.Value = op->arg[2];
    expect_lock( device, allocation, first, first ? is_bad_lock( allocation, &params, op->arg[2] ) : op->arg[2],
                 model->world->config.system,
                 model->world->alone, &answers );
    /* "DonotWait": it may be moving on the manager's own account */
    if (first && op->arg[2] & 4 && answers.list[0] == STATUS_SUCCESS) permit( &answers, STATUS_GRAPHICS_ALLOCATION_BUSY );
    status = first ? D3DKMTLock( &params ) : D3DKMTLock2( &params2 );
    data = first ? params.pData : params2.pData;
    check_answer( &answers, status, first ? "Lock" : "Lock2" );
    if (status)
    {
        require( data == (void *)(uintptr_t)SENTINEL, "a pointer after a failure" );
        return;
    }
    require( data && data != (void *)(uintptr_t)SENTINEL, "no pointer" );
    if (allocation->locks) require( data == allocation->pointer, "%#x: pointer %p, then %p", allocation->handle, allocation->pointer,
                                    data );
    if (allocation->memory) require( data == allocation->memory, "%#x: not the memory of the heap", allocation->handle );
    allocation->locks++;
    allocation->pointer = data;
    allocation->touched = allocation->written = true;
    allocation->pending = NULL;         /* the lock waited */
    if (discard) allocation->known = false;
    learn_content( model, allocation, data, op->arg[3] && !(op->arg[2] & 1), "at the lock" );
}

static void unlock( struct model *model, const struct op *op )
{
    D3DKMT_UNLOCK params = { 0 };
    D3DKMT_UNLOCK2 params2 = { 0 };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    struct m_list *list = call_list();
    struct answers answers = { 0 };
    bool good = device != NULL;
    unsigned int i;

    get_list( model, op, op->arg[1] ? N_AS_IS : op->arg[2], 10240, list );
    if (op->arg[1] && !list->count) return;
    if (op->arg[1]) list->count = 1;
    if (!list->count || (!op->arg[1] && op->arg[2] == N_NULL) || !is_good_list( list, device, NULL )) good = false;
    for (i = 0; i < list->count && good; i++) if (times_in_list( list, list->entries[i], i + 1 ) > list->entries[i]->locks) good = false;
    for (i = 0; i < list->count && good; i++) learn_content( model, list->entries[i], list->entries[i]->pointer, false, "at the unlock" );
    permit( &answers, good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    if (op->arg[1])
    {
        params2.hDevice = params.hDevice;
        params2.hAllocation = list->handles[0];
        check_answer( &answers, D3DKMTUnlock2( &params2 ), "Unlock2" );
    }
    else
    {
        params.NumAllocations = list->count;
        params.phAllocations = op->arg[2] == N_NULL ? NULL : list->handles;
        check_answer( &answers, D3DKMTUnlock( &params ), "Unlock" );
    }
    for (i = 0; i < list->count && good; i++)
    {
        list->entries[i]->used_at = ++model->clock;
        list->entries[i]->updated_at = 0;
        if (!--list->entries[i]->locks) list->entries[i]->pointer = NULL;
    }
}

/***********************************************************************
 * One operation
 */

void run_op( struct model *model, const struct op *op )
{
    unsigned int i;

    model->op = op;
    model->op_clock = model->clock;
    model->ops++;
    model->clock++;
    for (i = 0; i < ADAPTERS; i++)
    {
        bool tense = is_tense( model->world, i, 0 );

        /* what was wanted a moment ago the manager may just be seeing to */
        model->was_tense[i] = tense || model->before_tense[i];
        model->before_tense[i] = tense;
    }
    switch (op->kind)
    {
    case OP_OPEN_ADAPTER: open_adapter( model, op ); break;
    case OP_CLOSE_ADAPTER: close_adapter( model, op ); break;
    case OP_CREATE_DEVICE: create_device( model, op ); break;
    case OP_DESTROY_DEVICE: destroy_device( model, op ); break;
    case OP_CREATE_QUEUE: create_queue( model, op ); break;
    case OP_DESTROY_QUEUE: destroy_queue( model, op ); break;
    case OP_CREATE: create( model, op ); break;
    case OP_CREATE_HEAP: create_heap( model, op ); break;
    case OP_DESTROY: destroy( model, op ); break;
    case OP_DESTROY_RESOURCE: destroy_resource( model, op ); break;
    case OP_OPEN_RESOURCE: open_resource( model, op ); break;
    case OP_LOCK: lock( model, op ); break;
    case OP_UNLOCK: unlock( model, op ); break;
    default:
        if (!run_offer_op( model, op )) run_residency_op( model, op );
        break;
    }
    for (i = 0; i < ADAPTERS; i++) model->was_tense[i] |= is_tense( model->world, i, 0 );
}
