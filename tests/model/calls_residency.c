/*
 * The calls: residency, priorities, budgets, queues' fences, queries
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <poll.h>
#include <sys/eventfd.h>

#include "model.h"
#include "ddk/d3dkmthk.h"
#include "fake_gpu.h"

#define SENTINEL    0x5a5a5a5au
#define SENTINEL64  0x5a5a5a5a5a5a5a5aull

static uint64_t sum_of_sizes( const struct model *model )
{
    uint64_t sum = 0;
    unsigned int i;

    for (i = 0; i < ALLOCATIONS; i++) if (model->allocations[i].live) sum += model->allocations[i].size;
    return sum;
}

/* Whether a list needs more than there is beside what nothing can take away; no budget has fallen, so that nothing goes for other reasons. */
static bool is_too_large( const struct model *model, const struct m_list *list, unsigned int adapter )
{
    uint64_t needed[3] = { 0 }, least, most[2];     /* by group; in either */
    unsigned int i;

    if (!model->world->alone || model->world->config.verifier) return false;
    for (i = 0; i < HEAPS; i++) if (model->world->budget[i] != UINT64_MAX || model->world->foreign[i]) return false;
    for (i = 0; i < ALLOCATIONS; i++)
    {
        const struct m_allocation *allocation = &model->allocations[i];
        bool listed = times_in_list( list, allocation, list->count );

        if (!allocation->live || allocation->device->adapter != adapter || allocation->kind == KIND_HEAP || allocation->offered) continue;
        if (allocation->where == WHERE_LOCAL || allocation->where == WHERE_SHARED)
        {
            if (listed || is_held( allocation )) needed[allocation->where == WHERE_SHARED] += allocation->size;
        }
        else if (listed && allocation->where == WHERE_NOWHERE)
            needed[allocation->segments == WINEKMT_SEGMENT_LOCAL ? 0 : allocation->segments == WINEKMT_SEGMENT_NON_LOCAL ? 1 : 2] += allocation->size;
    }
    for (i = 0; i < 2; i++) get_limits( model->world, i, &least, &most[i] );
    return needed[0] > most[0] || needed[1] > most[1] || needed[0] + needed[1] + needed[2] > most[0] + most[1];
}

static void make_resident( struct model *model, const struct op *op )
{
    D3DDDI_MAKERESIDENT params = { .Flags.Value = op->arg[2], .PagingFenceValue = SENTINEL64, .NumBytesToTrim = SENTINEL64 };
    struct m_queue *queue = get_queue( model, op->arg[0], &params.hPagingQueue );
    static const UINT zero;
    struct m_list *list = call_list();
    struct answers answers = { 0 };
    bool there = true;
    unsigned int i;
    NTSTATUS status;

    get_list( model, op, op->arg[1], 10240, list );
    params.NumAllocations = list->count;
    params.AllocationList = op->arg[1] == N_NULL ? NULL : list->handles;
    /* ignored, wherever it points */
    params.PriorityList = op->arg[3] == 1 ? &zero : op->arg[3] ? (const UINT *)8 : NULL;
    if (op->arg[1] == N_NULL) permit( &answers, STATUS_INVALID_PARAMETER );
    else expect_make_resident( model->world, queue, list, op->arg[2], &answers );
    check_answer( &answers, status = D3DKMTMakeResident( &params ), "MakeResident" );
    if (status == STATUS_NO_MEMORY)
    {
        saw( SAW_NO_MEMORY, 1 );
        require( !params.NumAllocations && params.NumBytesToTrim && params.NumBytesToTrim != SENTINEL64,
                 "NumAllocations %u, NumBytesToTrim %llu",
                 params.NumAllocations, (unsigned long long)params.NumBytesToTrim );
        require( is_reached( queue, params.PagingFenceValue ), "PagingFenceValue %llu is not reached",
                 (unsigned long long)params.PagingFenceValue );
        if (op->arg[2] & 2)
        {
            queue->device->failed = true;
            saw( SAW_DEVICE_FAILED, 1 );
        }
        /* "nothing is discarded or evicted for it" */
        if (is_too_large( model, list, queue->device->adapter ))
            for (i = 0; i < ALLOCATIONS; i++)
            {
                struct m_allocation *allocation = &model->allocations[i];

                allocation->spared = allocation->live && allocation->offered && !allocation->eager && !allocation->in_flight;
                if (allocation->spared) saw( SAW_SPARED, 1 );
            }
        /* it was tried: meanwhile none of them could be evicted for the others */
        for (i = 0; i < list->count; i++) list->entries[i]->touched = true;
        return;
    }
    require( params.NumAllocations == list->count, "NumAllocations %u of %u", params.NumAllocations, list->count );
    if (status && status != STATUS_PENDING)
    {
        require( params.PagingFenceValue == SENTINEL64 && params.NumBytesToTrim == SENTINEL64, "outputs after a failure" );
        return;
    }
    require( !params.NumBytesToTrim, "NumBytesToTrim %llu", (unsigned long long)params.NumBytesToTrim );
    if (status == STATUS_PENDING)
    {
        saw( SAW_PENDING, 1 );
        /* "one more for each call that leaves copies to be done"; what an earlier call has begun may be what it waits for */
        require( params.PagingFenceValue <= queue->last + 1, "PagingFenceValue %llu, the last was %llu",
                 (unsigned long long)params.PagingFenceValue, (unsigned long long)queue->last );
        there = false;
    }
    else require( is_reached( queue, params.PagingFenceValue ), "SUCCESS, and PagingFenceValue %llu is not reached",
                  (unsigned long long)params.PagingFenceValue );
    if (params.PagingFenceValue > queue->last) queue->last = params.PagingFenceValue;
    for (i = 0; i < list->count; i++)
    {
        struct m_allocation *allocation = list->entries[i];

        allocation->resident++;
        allocation->touched = true;
        if (!there && !(allocation->offered && allocation->pending))
        {
            allocation->pending = queue;
            allocation->value = params.PagingFenceValue;
        }
        else if (!allocation->offered) allocation->pending = NULL;
        allocation->eager = false;
    }
}

static void evict( struct model *model, const struct op *op )
{
    D3DKMT_EVICT params = { .Flags.Value = op->arg[2], .NumBytesToTrim = SENTINEL64 };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    struct m_list *list = call_list();
    struct answers answers = { 0 };
    bool good;
    unsigned int i;
    NTSTATUS status;

    get_list( model, op, op->arg[1], 10240, list );
    params.NumAllocations = list->count;
    params.AllocationList = op->arg[1] == N_NULL ? NULL : list->handles;
    good = is_good_list( list, device, is_not_dead );
    for (i = 0; i < list->count && good; i++) if (times_in_list( list, list->entries[i],
                                                                 i + 1 ) > list->entries[i]->resident) good = false;
    if (!list->count || list->count > 10240 || op->arg[1] == N_NULL || op->arg[2] & ~3u) permit( &answers, STATUS_INVALID_PARAMETER );
    else if (expect_device( &answers, device )) permit( &answers, good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    check_answer( &answers, status = D3DKMTEvict( &params ), "Evict" );
    require( params.NumAllocations == list->count, "NumAllocations %u of %u", params.NumAllocations, list->count );
    if (status)
    {
        require( params.NumBytesToTrim == SENTINEL64, "NumBytesToTrim %llu after a failure", (unsigned long long)params.NumBytesToTrim );
        return;
    }
    if (model->world->alone)
    {
        require( params.NumBytesToTrim <= 2 * sum_of_sizes( model ), "NumBytesToTrim %llu", (unsigned long long)params.NumBytesToTrim );
        require( !params.NumBytesToTrim || model->was_tense[device->adapter], "NumBytesToTrim %llu for nothing",
                 (unsigned long long)params.NumBytesToTrim );
    }
    for (i = 0; i < list->count; i++)
    {
        struct m_allocation *allocation = list->entries[i];

        if (!model_bug( "evict" )) allocation->resident--;
        allocation->used_at = ++model->clock;
        allocation->updated_at = 0;
        allocation->eager = !(op->arg[2] & 1) && !is_pinned( allocation );
    }
}

/***********************************************************************
 * SetAllocationPriority, GetAllocationPriority, QueryAllocationResidency: the same lists
 */

static void list_function( struct model *model, const struct op *op )
{
    static __thread UINT values[MAX_COUNT];
    D3DKMT_SETALLOCATIONPRIORITY set = { .pPriorities = values };
    D3DKMT_GETALLOCATIONPRIORITY get = { .pPriorities = values };
    D3DKMT_QUERYALLOCATIONRESIDENCY query = { .pResidencyStatus = (D3DKMT_ALLOCATIONRESIDENCYSTATUS *)values };
    struct m_device *device = get_device( model, op->arg[0], &set.hDevice );
    struct m_list *list = call_list();
    struct m_resource *resource = NULL;
    struct answers answers = { 0 };
    unsigned int i, outputs, most = 0, worst = WHERE_LOCAL;
    bool good;
    NTSTATUS status;

    get_list( model, op, op->arg[2], 10240, list );
    if (op->arg[1]) resource = get_resource( model, op->arg[1] - 1, &set.hResource );
    /* a slot that never was: as if there were no resource */
    good = set.hResource ? resource && resource->device == device && !list->count && op->arg[2] != N_BOTH
                         : list->count && list->count <= 10240 && op->arg[2] != N_NULL && is_good_list( list, device, NULL );
    outputs = set.hResource ? 1 : list->count;
    set.phAllocationList = (op->arg[2] == N_NULL || (set.hResource && !list->count)) ? NULL : list->handles;
    set.AllocationCount = list->count;
    if (set.hResource && op->arg[2] == N_NULL && list->count) good = false;
    if (set.hResource && op->arg[2] == N_BOTH && !list->count && resource && resource->device == device) good = true;
    get.hDevice = query.hDevice = set.hDevice;
    get.hResource = query.hResource = set.hResource;
    get.phAllocationList = query.phAllocationList = set.phAllocationList;
    get.AllocationCount = query.AllocationCount = set.AllocationCount;
    if (!good) permit( &answers, STATUS_INVALID_PARAMETER );
    if (device && device->failed) permit( &answers, STATUS_DEVICE_REMOVED );
    else if (good && device) permit( &answers, STATUS_SUCCESS );
    else permit( &answers, STATUS_INVALID_PARAMETER );
    for (i = 0; i < outputs || i < 1; i++) values[i] = op->kind == OP_SET_PRIORITY ? op->arg[3] + i * 0x1000 : SENTINEL;
    switch (op->kind)
    {
    case OP_SET_PRIORITY: status = D3DKMTSetAllocationPriority( &set ); break;
    case OP_GET_PRIORITY: status = D3DKMTGetAllocationPriority( &get ); break;
    default: status = D3DKMTQueryAllocationResidency( &query ); break;
    }
    check_answer( &answers, status, op->kind == OP_SET_PRIORITY ? "SetAllocationPriority" : op->kind == OP_GET_PRIORITY
                  ? "GetAllocationPriority"
                                                                                           : "QueryAllocationResidency" );
    if (status)
    {
        for (i = 0; i < outputs && op->kind != OP_SET_PRIORITY; i++) require( values[i] == SENTINEL, "value %u was written", i );
        return;
    }
    if (!set.hResource)
    {
        for (i = 0; i < list->count; i++)
        {
            struct m_allocation *allocation = list->entries[i];

            if (op->kind == OP_SET_PRIORITY)
            {
                /* "puts it behind those of its new level" */
                allocation->priority = values[i];
                allocation->used_at = ++model->clock;
            }
            else if (op->kind == OP_GET_PRIORITY)
                require( values[i] == allocation->priority, "%#x: priority %#x, set %#x", list->handles[i], values[i],
                         allocation->priority );
            else require( values[i] >= WHERE_LOCAL && values[i] <= WHERE_NOWHERE, "%#x: residency %u", list->handles[i], values[i] );
        }
        return;
    }
    for (i = 0; i < ALLOCATIONS; i++)
    {
        struct m_allocation *allocation = &model->allocations[i];

        if (!allocation->live || allocation->resource != resource) continue;
        if (op->kind == OP_SET_PRIORITY)
        {
            allocation->priority = values[0];
            allocation->used_at = ++model->clock;
        }
        if (allocation->priority > most) most = allocation->priority;
        if (allocation->where > worst) worst = allocation->where;
    }
    if (op->kind == OP_GET_PRIORITY) require( values[0] == most, "priority %#x, the highest is %#x", values[0], most );
    /* the residency of one that the manager may just be evicting is known to the sweep only */
    if (op->kind == OP_RESIDENCY) require( values[0] >= WHERE_LOCAL && values[0] <= WHERE_NOWHERE, "residency %u", values[0] );
    if (op->kind == OP_RESIDENCY && model->world->alone && !model->was_tense[device->adapter] && worst != WHERE_NOWHERE)
        for (i = 0; i <= ALLOCATIONS; i++)
        {
            struct m_allocation *allocation = &model->allocations[i];

            if (i == ALLOCATIONS) require( values[0] == worst, "residency %u, the worst is %u", values[0], worst );
            else if (allocation->live && allocation->resource == resource && (allocation->eager || allocation->pending ||
                                                                              !allocation->where)) break;
        }
}

static void update( struct model *model, const struct op *op )
{
    D3DDDI_UPDATEALLOCPROPERTY params = { .SupportedSegmentSet = op->arg[2], .PropertyMaskValue = op->arg[1], .Flags.Value = op->arg[4],
                                          .PagingFenceValue = SENTINEL64 };
    struct m_queue *queue = get_queue( model, op->arg[0], &params.hPagingQueue );
    struct m_allocation *allocation;
    struct answers answers = { 0 };
    NTSTATUS status;

    if (!op->count) return;
    params.PreferredSegment.SegmentId0 = op->arg[3];
    get_list( model, op, N_AS_IS, 1, call_list() );
    allocation = call_list()->entries[0];
    params.hAllocation = call_list()->handles[0];
    expect_update( model->world, queue, allocation, &params, &answers );
    check_answer( &answers, status = D3DKMTUpdateAllocationProperty( &params ), "UpdateAllocationProperty" );
    if (allocation && status == STATUS_NO_MEMORY) allocation->touched = true;
    if (status)
    {
        require( params.PagingFenceValue == SENTINEL64, "PagingFenceValue after a failure" );
        return;
    }
    require( params.PagingFenceValue <= queue->last + 1, "PagingFenceValue %llu, the last was %llu",
             (unsigned long long)params.PagingFenceValue,
             (unsigned long long)queue->last );
    if (params.PagingFenceValue > queue->last) queue->last = params.PagingFenceValue;
    if (params.SetSupportedSegmentSet) allocation->segments = op->arg[2];
    if (params.SetPreferredSegment) allocation->preferred = op->arg[3];
    if (params.SetUnmoveable) allocation->unmoveable = params.Flags.Unmoveable;
    allocation->touched = true;
    allocation->updated_at = ++model->clock;
}

static void invalidate( struct model *model, const struct op *op )
{
    D3DKMT_INVALIDATECACHE params = { .Offset = op->arg[1], .Length = op->arg[2] };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    struct m_allocation *allocation;
    struct answers answers = { 0 };
    bool good;

    if (!op->count) return;
    get_list( model, op, N_AS_IS, 1, call_list() );
    allocation = call_list()->entries[0];
    params.hAllocation = call_list()->handles[0];
    good = allocation && allocation->device == device && params.Offset + params.Length <= allocation->size;
    if (expect_device( &answers, device )) permit( &answers, good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    /* a dead one: not settled */
    if (allocation && allocation->dead) permit( &answers, STATUS_INVALID_PARAMETER );
    check_answer( &answers, D3DKMTInvalidateCache( &params ), "InvalidateCache" );
}

/***********************************************************************
 * Memory as a whole
 */

static bool query_memory( struct model *model, unsigned int slot, unsigned int group, unsigned int index,
                          D3DKMT_QUERYVIDEOMEMORYINFO *query )
{
    bool good = slot < ADAPTERS && model->adapters[slot].live && group < 2 && !index;
    struct answers answers = { 0 };

    memset( query, 0x5a, sizeof(*query) );
    query->hProcess = NULL;
    query->hAdapter = slot < ADAPTERS ? model->adapters[slot].handle : resolve( model, slot );
    query->MemorySegmentGroup = group;
    query->PhysicalAdapterIndex = index;
    permit( &answers, good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    check_answer( &answers, D3DKMTQueryVideoMemoryInfo( query ), "QueryVideoMemoryInfo" );
    if (!good) require( query->Budget == SENTINEL64 && query->CurrentUsage == SENTINEL64, "outputs after a failure" );
    return good;
}

static void memory_info( struct model *model, const struct op *op )
{
    struct world *world = model->world;
    D3DKMT_QUERYVIDEOMEMORYINFO query;
    uint64_t least, most;

    if (!query_memory( model, op->arg[0], op->arg[1], op->arg[2], &query )) return;
    require( query.AvailableForReservation <= query.Budget, "AvailableForReservation %llu, Budget %llu",
             (unsigned long long)query.AvailableForReservation, (unsigned long long)query.Budget );
    if (!world->alone) return;
    get_limits( world, op->arg[1], &least, &most );
    require( query.Budget >= least && query.Budget <= most, "group %u: Budget %llu, not in %llu to %llu", op->arg[1],
             (unsigned long long)query.Budget, (unsigned long long)least, (unsigned long long)most );
    /* What becomes of one when the budget falls below it is not settled: it may be told in full, or as far as it can be had. */
    require( query.CurrentReservation == world->reservation[op->arg[0]][op->arg[1]] ||
             (query.CurrentReservation < world->reservation[op->arg[0]][op->arg[1]] && query.CurrentReservation == query.Budget),
                 "group %u: CurrentReservation %llu, set %llu", op->arg[1],
             (unsigned long long)query.CurrentReservation, (unsigned long long)world->reservation[op->arg[0]][op->arg[1]] );
}

static void reserve( struct model *model, const struct op *op )
{
    struct world *world = model->world;
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION params = { .MemorySegmentGroup = op->arg[1] };
    D3DKMT_QUERYVIDEOMEMORYINFO query;
    struct answers answers = { 0 };
    NTSTATUS status;

    if (model->thread) return;      /* it is the process' */
    params.hAdapter = op->arg[0] < ADAPTERS ? model->adapters[op->arg[0]].handle : resolve( model, op->arg[0] );
    if (query_memory( model, op->arg[0], op->arg[1], 0, &query ))
    {
        params.Reservation = query.AvailableForReservation / 100 * op->arg[2];
        permit( &answers, params.Reservation <= query.AvailableForReservation ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
        if (!world->alone) permit( &answers, STATUS_SUCCESS ), permit( &answers, STATUS_INVALID_PARAMETER );
    }
    else permit( &answers, STATUS_INVALID_PARAMETER );
    check_answer( &answers, status = D3DKMTChangeVideoMemoryReservation( &params ), "ChangeVideoMemoryReservation" );
    if (!status) world->reservation[op->arg[0]][op->arg[1]] = params.Reservation;
}

static uint64_t query_offers( struct model *model )
{
    D3DKMT_QUERYPROCESSOFFERINFO query = { .cbSize = sizeof(query) };
    struct answers answers = { 0 };

    permit( &answers, STATUS_SUCCESS );
    check_answer( &answers, D3DKMTQueryProcessOfferInfo( &query ), "QueryProcessOfferInfo" );
    if (model->uniqueness && query.DecommittableBytes != model->decommittable)
        require( query.DecommitUniqueness != model->uniqueness, "DecommittableBytes %llu, then %llu, with DecommitUniqueness %llu",
                 (unsigned long long)model->decommittable, (unsigned long long)query.DecommittableBytes,
                     (unsigned long long)query.DecommitUniqueness );
    model->uniqueness = query.DecommitUniqueness;
    model->decommittable = query.DecommittableBytes;
    return query.DecommittableBytes;
}

static void offer_info( struct model *model, const struct op *op )
{
    D3DKMT_QUERYPROCESSOFFERINFO query = { .cbSize = sizeof(query) - (op->arg[0] == 1), .hProcess = op->arg[0] == 2
                                           ? (HANDLE)0xdead0000 : NULL };
    uint64_t bytes, least = 0, most = 0;
    struct answers answers = { 0 };
    unsigned int i;

    if (op->arg[0])
    {
        permit( &answers, op->arg[0] == 2 ? STATUS_INVALID_HANDLE : op->arg[0] == 1 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS );
        check_answer( &answers, D3DKMTQueryProcessOfferInfo( &query ), "QueryProcessOfferInfo" );
        return;
    }
    bytes = query_offers( model );
    if (!model->world->alone) return;
    for (i = 0; i < ALLOCATIONS; i++)
    {
        const struct m_allocation *allocation = &model->allocations[i];

        if (!allocation->live || !allocation->offered || !allocation->allow_decommit || is_pinned( allocation ) ||
            allocation->lost) continue;
        most += allocation->size;
        /* what the verifier keeps does not, or does; what the manager may be at just now, and what it evicted before, counts or not;
         * a device in error hides where its own are */
        if ((allocation->where == WHERE_LOCAL || allocation->where == WHERE_SHARED) && !allocation->eager && !allocation->unsure &&
            model->world->config.verifier != VERIFIER_NEVER_DISCARD &&
            !model->was_tense[allocation->device->adapter]) least += allocation->size;
    }
    require( bytes >= least && bytes <= most, "DecommittableBytes %llu, not in %llu to %llu", (unsigned long long)bytes,
             (unsigned long long)least, (unsigned long long)most );
}

static void trim( struct model *model, const struct op *op )
{
    D3DKMT_TRIMPROCESSCOMMITMENT params = { .cbSize = sizeof(params), .NumBytesDecommitted = SENTINEL64 };
    struct answers answers = { 0 };
    uint64_t before;
    unsigned int i;
    NTSTATUS status;

    params.Flags.Value = op->arg[1];
    params.DecommitRequested = op->arg[0] == UINT32_MAX ? UINT64_MAX : KIB( op->arg[0] );
    if (op->arg[2]) params.cbSize--;
    before = query_offers( model );
    permit( &answers, op->arg[1] & ~3u || op->arg[2] ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS );
    if (!op->arg[2] && !(op->arg[1] & ~3u))
    {
        for (i = 0; i < ALLOCATIONS; i++)
            if (model->allocations[i].live && model->allocations[i].offered &&
                model->allocations[i].allow_decommit) model->allocations[i].unsure = true;
    }
    check_answer( &answers, status = D3DKMTTrimProcessCommitment( &params ), "TrimProcessCommitment" );
    if (status)
    {
        require( params.NumBytesDecommitted == SENTINEL64, "NumBytesDecommitted after a failure" );
        return;
    }
    if (params.NumBytesDecommitted) saw( SAW_TRIMMED, 1 );
    /* "permission not used": nothing waits, nothing is repurposed */
    if (op->arg[1] & 2) require( !params.NumBytesDecommitted, "NumBytesDecommitted %llu for OnlyRepurposed",
                                 (unsigned long long)params.NumBytesDecommitted );
    if (!model->world->alone || op->arg[1] & 2) return;
    require( params.NumBytesDecommitted <= before, "NumBytesDecommitted %llu of %llu", (unsigned long long)params.NumBytesDecommitted,
             (unsigned long long)before );
    /* unless the manager discards on its own account, it is as much as was wanted, or all */
    if (!model->was_tense[0] && !model->was_tense[1])
    {
        uint64_t wanted = params.DecommitRequested < before ? params.DecommitRequested : before;

        require( params.NumBytesDecommitted >= wanted, "NumBytesDecommitted %llu, wanted %llu of %llu",
                 (unsigned long long)params.NumBytesDecommitted,
                 (unsigned long long)params.DecommitRequested, (unsigned long long)before );
        require( query_offers( model ) == before - params.NumBytesDecommitted, "%llu of %llu were decommitted, and %llu are left",
                 (unsigned long long)params.NumBytesDecommitted, (unsigned long long)before, (unsigned long long)model->decommittable );
    }
}

static void set_budget( struct model *model, const struct op *op )
{
    struct world *world = model->world;
    unsigned int heap = op->arg[0] % HEAPS;

    pthread_mutex_lock( &world->mutex );
    world->budget[heap] = op->arg[1] ? MIB( op->arg[1] ) : UINT64_MAX;
    world->foreign[heap] = MIB( op->arg[2] );
    fake_gpu_set_budget( heap, world->budget[heap] );
    fake_gpu_set_foreign_usage( heap, world->foreign[heap] );
    pthread_mutex_unlock( &world->mutex );
    inside_age_budgets( model );
    model->budget_op = model->ops;
}

/***********************************************************************
 * Waits and queries
 */

static void wait_for_fences( struct model *model, const struct op *op )
{
    static __thread UINT64 values[MAX_COUNT];
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU params = { .ObjectHandleArray = call_list()->handles, .FenceValueArray = values };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    struct m_queue *queues[MAX_ENTRIES] = { NULL };
    struct answers answers = { 0 };
    struct pollfd event = { .fd = -1, .events = POLLIN };
    unsigned int i, reached = 0;
    bool good = true;
    NTSTATUS status;

    params.ObjectCount = op->arg[4] == N_NONE ? 0 : op->arg[4] == N_MOST ? 4096 : op->arg[4] == N_MORE ? 4097 : op->count;
    if (!op->count) params.ObjectCount = 0;
    for (i = 0; i < op->count; i++)
    {
        D3DKMT_HANDLE handle;

        queues[i] = op->list[i] < QUEUES ? get_queue( model, op->list[i], &handle ) : NULL;
        call_list()->handles[i] = queues[i] ? queues[i]->fence : op->list[i] < QUEUES ? model->queues[op->list[i]].fence
            : resolve( model, op->list[i] );
        /* an entry may name a fence as well */
        if (!queues[i])
        {
            unsigned int j;

            for (j = 0; j < QUEUES; j++) if (model->queues[j].live &&
                                             model->queues[j].fence == call_list()->handles[i]) queues[i] = &model->queues[j];
        }
        if (!queues[i] || queues[i]->device != device) good = false;
        values[i] = queues[i] ? queues[i]->last - (op->arg[3] < queues[i]->last ? op->arg[3] : queues[i]->last) : 0;
    }
    for (; i < params.ObjectCount; i++)
    {
        call_list()->handles[i] = call_list()->handles[i % op->count];
        values[i] = values[i % op->count];
    }
    if (op->arg[4] == N_NULL) params.FenceValueArray = NULL;
    params.Flags.WaitAny = op->arg[1];
    if (op->arg[2]) params.hAsyncEvent = (HANDLE)(intptr_t)(event.fd = eventfd( 0, EFD_CLOEXEC ));
    if (!device || !good || op->arg[4] == N_NULL || !params.ObjectCount || params.ObjectCount > 4096) permit( &answers,
             STATUS_INVALID_PARAMETER );
    else permit( &answers, STATUS_SUCCESS );
    if (device && device->failed) permit( &answers, STATUS_DEVICE_REMOVED );
    check_answer( &answers, status = D3DKMTWaitForSynchronizationObjectFromCpu( &params ), "WaitForSynchronizationObjectFromCpu" );
    if (!status && op->arg[2]) require( poll( &event, 1, 60000 ) == 1, "the event is not set" );
    if (event.fd >= 0) close( event.fd );
    if (status) return;
    saw( SAW_WAITED, 1 );
    for (i = 0; i < op->count; i++) reached += is_reached( queues[i], values[i] );
    require( op->arg[1] ? reached : reached == op->count, "%u of %u values are reached", reached, op->count );
}

static void adapter_info( struct model *model, const struct op *op )
{
    static const unsigned int types[] = { KMTQAITYPE_UMDRIVERPRIVATE, KMTQAITYPE_GETSEGMENTSIZE, KMTQAITYPE_GETSEGMENTGROUPSIZE, 14,
                                          KMTQAITYPE_GETSEGMENTSIZE };
    static const unsigned int sizes[] = { sizeof(struct winekmt_adapter_data), sizeof(D3DKMT_SEGMENTSIZEINFO),
                                          sizeof(D3DKMT_SEGMENTGROUPSIZEINFO),
                                          64, sizeof(D3DKMT_SEGMENTSIZEINFO) };
    union
    {
        struct winekmt_adapter_data data;
        D3DKMT_SEGMENTSIZEINFO segments;
        D3DKMT_SEGMENTGROUPSIZEINFO groups;
        unsigned char bytes[512];
    } buffer;
    uint64_t local = MIB( model->world->config.heap ) * (model->world->config.unified ? 1 : 2);
    uint64_t non_local = model->world->config.unified ? 0 : MIB( model->world->config.heap );
    uint64_t limit = MIB( model->world->config.limit ), size = limit && limit < local ? limit : local;
    unsigned int type = op->arg[1] % ARRAY_SIZE( types ), i;
    D3DKMT_QUERYADAPTERINFO params = { .Type = types[type], .pPrivateDriverData = &buffer, .PrivateDriverDataSize = sizes[type] };
    struct answers answers = { 0 };
    NTSTATUS status;

    params.hAdapter = op->arg[0] < ADAPTERS ? model->adapters[op->arg[0]].handle : resolve( model, op->arg[0] );
    memset( &buffer, 0x5a, sizeof(buffer) );
    memset( &buffer, 0, 4 );    /* PhysicalAdapterIndex */
    if (op->arg[2] == 1) params.PrivateDriverDataSize--;
    if (op->arg[2] == 2) params.PrivateDriverDataSize += 64;
    if (op->arg[2] == 3) params.PrivateDriverDataSize = 0;
    if (type == 4) params.pPrivateDriverData = NULL;
    permit( &answers, op->arg[0] < ADAPTERS && model->adapters[op->arg[0]].live && type < 3 && op->arg[2] != 1 && op->arg[2] != 3
                      ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    check_answer( &answers, status = D3DKMTQueryAdapterInfo( &params ), "QueryAdapterInfo" );
    for (i = status ? 4 : sizes[type]; i < sizeof(buffer); i++) require( buffer.bytes[i] == 0x5a, "byte %u was written", i );
    if (status) return;
    switch (type)
    {
    case 0:
        require( buffer.data.magic == WINEKMT_ADAPTER_MAGIC && buffer.data.version == WINEKMT_VERSION, "magic %#x", buffer.data.magic );
        require( buffer.data.local_size == local && buffer.data.non_local_size == non_local, "local_size %llu, non_local_size %llu",
                 (unsigned long long)buffer.data.local_size, (unsigned long long)buffer.data.non_local_size );
        require( buffer.data.cpu_visible_segments == get_visible( model->world, 1 ), "cpu_visible_segments %u",
                 buffer.data.cpu_visible_segments );
        break;
    case 1:
        require( buffer.segments.DedicatedVideoMemorySize == size && !buffer.segments.DedicatedSystemMemorySize &&
                 buffer.segments.SharedSystemMemorySize == non_local, "segment sizes" );
        break;
    case 2:
        require( buffer.groups.LocalMemory == size && buffer.groups.NonLocalMemory == non_local, "group sizes" );
        break;
    }
}

static void device_state( struct model *model, const struct op *op )
{
    D3DKMT_GETDEVICESTATE params = { .StateType = op->arg[1] };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    struct answers answers = { 0 };
    NTSTATUS status;

    if (!device || !op->arg[1] || op->arg[1] > 6) permit( &answers, STATUS_INVALID_PARAMETER );
    else permit( &answers, device->failed && op->arg[1] != D3DKMT_DEVICESTATE_EXECUTION ? STATUS_DEVICE_REMOVED : STATUS_SUCCESS );
    /* a wrong type, and a device in error */
    if (device && device->failed) permit( &answers, STATUS_DEVICE_REMOVED );
    check_answer( &answers, status = D3DKMTGetDeviceState( &params ), "GetDeviceState" );
    if (!status && op->arg[1] == D3DKMT_DEVICESTATE_EXECUTION)
        require( params.ExecutionState == (device->failed ? D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY : D3DKMT_DEVICEEXECUTION_ACTIVE),
                 "ExecutionState %u", params.ExecutionState );
}

/* What no call does: the GPU works on content, which a program may let it while it holds the allocation resident and has waited for
 * it. */
static void gpu_write( struct model *model, const struct op *op )
{
    struct m_allocation *allocation = op->count && op->list[0] < ALLOCATIONS ? &model->allocations[op->list[0]] : NULL;

    if (!allocation || !allocation->live || allocation->kind == KIND_HEAP || allocation->dead || allocation->device->failed) return;
    if (!allocation->resident || allocation->offered || (allocation->locks && allocation->where == WHERE_NOWHERE)) return;
    if (allocation->pending)
    {
        unsigned int tries = 0;

        while (!is_reached( allocation->pending, allocation->value ))
        {
            require( tries++ < 300000, "value %llu is never reached", (unsigned long long)allocation->value );
            usleep( 200 );
        }
    }
    inside_gpu_write( model, allocation );
}

static void look( struct model *model, const struct op *op )
{
    struct m_allocation *allocation = op->count && op->list[0] < ALLOCATIONS ? &model->allocations[op->list[0]] : NULL;

    if (allocation && allocation->live && allocation->kind != KIND_HEAP && !allocation->dead &&
        !allocation->offered) inside_look( model, allocation );
}

bool run_residency_op( struct model *model, const struct op *op )
{
    switch (op->kind)
    {
    case OP_MAKE_RESIDENT: make_resident( model, op ); break;
    case OP_EVICT: evict( model, op ); break;
    case OP_RESIDENCY: case OP_SET_PRIORITY: case OP_GET_PRIORITY: list_function( model, op ); break;
    case OP_UPDATE: update( model, op ); break;
    case OP_INVALIDATE: invalidate( model, op ); break;
    case OP_RESERVE: reserve( model, op ); break;
    case OP_MEMORY_INFO: memory_info( model, op ); break;
    case OP_OFFER_INFO: offer_info( model, op ); break;
    case OP_TRIM: trim( model, op ); break;
    case OP_WAIT: wait_for_fences( model, op ); break;
    case OP_ADAPTER_INFO: adapter_info( model, op ); break;
    case OP_DEVICE_STATE: device_state( model, op ); break;
    case OP_GPU_WRITE: gpu_write( model, op ); break;
    case OP_LOOK: look( model, op ); break;
    case OP_BUDGET: set_budget( model, op ); break;
    case OP_SLEEP: usleep( op->arg[0] * 1000 ); break;
    default: return false;
    }
    return true;
}
