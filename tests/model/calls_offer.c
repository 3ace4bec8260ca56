/*
 * The calls: offers and reclaims
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <signal.h>

#include "model.h"
#include "ddk/d3dkmthk.h"

#define SENTINEL  0x5a5a5a5au

/* The allocations that a list means: of resources all that they have. Returns whether all entries are good for it. */
static bool get_offered( struct model *model, const struct op *op, struct m_device *device, D3DKMT_HANDLE *handles, unsigned int *count,
                         struct m_resource **resources, bool (*condition)( const struct m_allocation * ) )
{
    unsigned int i, j;
    bool good = true;

    *count = get_count( op, op->arg[2], 10240 );
    for (i = 0; i < *count; i++)
    {
        resources[i] = op->count ? get_resource( model, op->list[i % op->count], &handles[i] ) : NULL;
        if (!op->count) handles[i] = 0;
        if (!resources[i] || resources[i]->device != device) good = false;
        for (j = 0; j < ALLOCATIONS && good; j++)
            if (model->allocations[j].live && model->allocations[j].resource == resources[i] &&
                !condition( &model->allocations[j] )) good = false;
    }
    return good;
}

static void offer_one( struct model *model, struct m_allocation *allocation, unsigned int priority, bool decommit )
{
    if (!allocation->offered)
    {
        allocation->lost = allocation->unsure = false;
        allocation->in_flight = model->budget_op && model->ops - model->budget_op < 100;
    }
    allocation->offered = true;
    allocation->level = offer_level( priority, allocation->priority );
    allocation->allow_decommit = decommit;
    allocation->offered_at = ++model->clock;
    allocation->updated_at = 0;
    if (decommit && model->world->config.verifier >= VERIFIER_ALWAYS_DECOMMIT) allocation->touched = allocation->unsure = true;
}

static void offer( struct model *model, const struct op *op )
{
    static __thread struct m_resource *resources[MAX_COUNT];
    D3DKMT_OFFERALLOCATIONS params = { .Priority = op->arg[3] };
    struct m_device *device = get_device( model, op->arg[0], &params.hDevice );
    struct m_list *list = call_list();
    struct answers answers = { 0 };
    bool good, decommit = op->arg[4] & 2 && !(op->arg[4] & ~3u);    /* reserved bits: no flags at all */
    unsigned int i, j;
    NTSTATUS status;

    if (op->arg[1]) good = get_offered( model, op, device, list->handles, &list->count, resources, can_be_offered );
    else
    {
        get_list( model, op, op->arg[2], 10240, list );
        good = is_good_list( list, device, can_be_offered );
    }
    if (!list->count || list->count > 10240 || op->arg[2] == N_NULL || op->arg[2] == N_BOTH || !op->arg[3] || op->arg[3] > 4)
        permit( &answers, STATUS_INVALID_PARAMETER );
    else if (expect_device( &answers, device )) permit( &answers, good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    if (op->arg[2] != N_NULL)
    {
        if (op->arg[1] || op->arg[2] == N_BOTH) params.pResources = list->handles;
        if (!op->arg[1] || op->arg[2] == N_BOTH) params.HandleList = list->handles;
    }
    params.NumAllocations = list->count;
    memcpy( &params.Flags, &op->arg[4], sizeof(params.Flags) );
    check_answer( &answers, status = D3DKMTOfferAllocations( &params ), "OfferAllocations" );
    if (status) return;
    if (model_bug( "crash" )) raise( SIGSEGV );
    if (model_bug( "hang" )) for (;;) pause();
    for (i = 0; i < list->count; i++)
    {
        if (!op->arg[1])
        {
            /* "counts once": whether its first place or its last one in the list says when, is left open */
            if (times_in_list( list, list->entries[i], i )) list->entries[i]->updated_at = ++model->clock;
            else offer_one( model, list->entries[i], op->arg[3], decommit );
            continue;
        }
        for (j = 0; j < ALLOCATIONS; j++)
            if (model->allocations[j].live && model->allocations[j].resource == resources[i])
                offer_one( model, &model->allocations[j], op->arg[3], decommit );
    }
}

/* Whether the reclaim at hand may say of it that it was discarded. */
static bool may_be_discarded( const struct model *model, const struct m_allocation *allocation )
{
    const struct world *world = model->world;

    if (!allocation->offered) return model_bug( "reclaim" );
    if (world->config.verifier == VERIFIER_ALWAYS_DISCARD) return true;
    if (is_pinned( allocation ) || world->config.verifier == VERIFIER_NEVER_DISCARD) return false;
    if (allocation->lost || allocation->unsure || !world->alone || allocation->eager) return true;
    /* what was evicted when it was offered is kept as long as there is system memory, or goes with a trim; what was on its way back
     * may have
     * arrived, and gone */
    if (allocation->where == WHERE_NOWHERE && !allocation->pending) return world->config.system;
    return model->was_tense[allocation->device->adapter];
}

/* The content of one that is reclaimed, and what the answer says of that; certain: of this one. */
static void reclaim_one( struct model *model, struct m_allocation *allocation, unsigned int result, bool certain, struct m_queue *queue,
                         uint64_t value )
{
    bool may = may_be_discarded( model, allocation );

    if (!result)
    {
        require( !allocation->lost, "%#x was discarded, and is said to be kept", allocation->handle );
        require( !model_bug( "reclaim" ) || allocation->offered, "%#x is said to be kept (MODEL_BUG)", allocation->handle );
        if (allocation->offered) saw( SAW_KEPT, 1 );
    }
    else if (certain) require( may, "%#x is said to be discarded", allocation->handle );
    if (!allocation->offered)
    {
        /* Whether that is a use is left open; and no entry of the list goes for another one. */
        allocation->touched = true;
        allocation->updated_at = ++model->clock;
        return;
    }
    if (result == D3DDDI_RECLAIM_RESULT_NOT_COMMITTED && (certain || (allocation->allow_decommit && !is_pinned( allocation ))))
    {
        require( allocation->allow_decommit && !is_pinned( allocation ) && model->world->config.verifier == VERIFIER_FAIL_COMMIT,
                 "%#x is said not to be committed", allocation->handle );
        saw( SAW_NOT_COMMITTED, 1 );
        allocation->dead = true;
        allocation->touched = true;
        allocation->offered = false;
        return;
    }
    if (result && may)
    {
        saw( SAW_DISCARDED, 1 );
        /* the verifier says so, and does nothing: the bytes may be the old ones */
        learn_lost( allocation, certain && model->world->config.verifier != VERIFIER_ALWAYS_DISCARD );
    }
    allocation->offered = allocation->lost = allocation->unsure = false;
    allocation->touched = true;
    allocation->used_at = ++model->clock;
    allocation->updated_at = 0;
    allocation->written = true;     /* or what was lost had to be made zero */
    if (allocation->resident && queue)
    {
        allocation->pending = queue;
        allocation->value = value;
    }
}

static void reclaim( struct model *model, const struct op *op )
{
    static __thread struct m_resource *resources[MAX_COUNT];
    static __thread unsigned int results[MAX_COUNT];
    D3DKMT_RECLAIMALLOCATIONS params = { 0 };
    D3DKMT_RECLAIMALLOCATIONS2 params2 = { .PagingFenceValue = UINT64_MAX };
    struct m_queue *queue = op->arg[3] ? get_queue( model, op->arg[4], &params2.hPagingQueue ) : NULL;
    struct m_device *device = op->arg[3] ? queue ? queue->device : NULL : get_device( model, op->arg[0], &params.hDevice );
    struct m_list *list = call_list();
    struct answers answers = { 0 };
    bool good, resident = false, wanted = op->arg[5] || model->world->config.verifier >= VERIFIER_ALWAYS_DECOMMIT;
    unsigned int i, j, members;
    NTSTATUS status;

    /* Which of several is dead would be anyone's guess. */
    if (op->arg[1] && model->world->config.verifier == VERIFIER_FAIL_COMMIT) return;
    if (!op->arg[3] && model->world->config.verifier == VERIFIER_FAIL_COMMIT) return;
    if (op->arg[1]) good = get_offered( model, op, device, list->handles, &list->count, resources, is_not_dead );
    else
    {
        get_list( model, op, op->arg[2], 10240, list );
        good = is_good_list( list, device, is_not_dead );
    }
    for (i = 0; i < list->count && good; i++)
        for (j = 0; j < ALLOCATIONS; j++)
        {
            const struct m_allocation *allocation = &model->allocations[j];

            if (!allocation->live || (op->arg[1] ? allocation->resource != resources[i] : allocation != list->entries[i])) continue;
            if (allocation->offered && allocation->resident) resident = true;
        }
    if (!list->count || list->count > 10240 || op->arg[2] == N_NULL || op->arg[2] == N_BOTH) permit( &answers, STATUS_INVALID_PARAMETER );
    else if (expect_device( &answers, device ))
    {
        permit( &answers, good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
        /* Vulkan itself has nothing left, and a MakeResident is outstanding */
        if (good && resident && is_tense( model->world, device->adapter, 0 )) permit( &answers, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
        /* the same when it is system memory that is missing, for what would have to go */
        if (good && resident && model->world->config.system) permit( &answers, STATUS_NO_MEMORY );
    }
    for (i = 0; i < list->count; i++) results[i] = SENTINEL;
    params.NumAllocations = params2.NumAllocations = list->count;
    if (op->arg[2] != N_NULL)
    {
        if (op->arg[1] || op->arg[2] == N_BOTH) params.pResources = params2.pResources = list->handles;
        if (!op->arg[1] || op->arg[2] == N_BOTH) params.HandleList = params2.HandleList = list->handles;
    }
    if (wanted)
    {
        params.pDiscarded = (BOOL *)results;
        params2.pResults = (D3DDDI_RECLAIM_RESULT *)results;
    }
    status = op->arg[3] ? D3DKMTReclaimAllocations2( &params2 ) : D3DKMTReclaimAllocations( &params );
    check_answer( &answers, status, "ReclaimAllocations" );
    if (status || !wanted) for (i = 0; i < list->count; i++) require( results[i] == SENTINEL, "result %u was written", i );
    if (status)
    {
        /* "every entry stays offered, as if it had just been offered again" */
        if (status != STATUS_INVALID_PARAMETER && status != STATUS_DEVICE_REMOVED)
            for (i = 0; i < list->count && !op->arg[1]; i++) list->entries[i]->touched = true;
        return;
    }
    if (queue)
    {
        require( params2.PagingFenceValue <= queue->last + (resident || !model->world->alone), "PagingFenceValue %llu, the last was %llu",
                 (unsigned long long)params2.PagingFenceValue, (unsigned long long)queue->last );
        require( resident || is_reached( queue, params2.PagingFenceValue ), "PagingFenceValue %llu is not reached",
                 (unsigned long long)params2.PagingFenceValue );
        if (params2.PagingFenceValue > queue->last) queue->last = params2.PagingFenceValue;
    }
    for (i = 0; i < list->count; i++)
    {
        if (wanted) require( results[i] <= (op->arg[3] ? 2u : 1u), "result %u is %u", i, results[i] );
        if (!op->arg[1])
        {
            for (j = 0; j < i && j < MAX_ENTRIES; j++)
                if (list->entries[j] == list->entries[i])
                    require( results[j] == results[i], "%#x: results %u and %u", list->handles[i], results[j], results[i] );
            if (times_in_list( list, list->entries[i], i )) continue;
            if (wanted) reclaim_one( model, list->entries[i], results[i], true, queue, params2.PagingFenceValue );
            else reclaim_one( model, list->entries[i], list->entries[i]->offered, list->entries[i]->lost, queue,
                              params2.PagingFenceValue );
            continue;
        }
        for (j = members = 0; j < ALLOCATIONS; j++)
            if (model->allocations[j].live && model->allocations[j].resource == resources[i]) members += may_be_discarded( model,
                     &model->allocations[j] );
        for (j = 0; j < i; j++) if (resources[j] == resources[i]) break;
        if (j < i)
        {
            if (wanted) require( results[i] == results[j], "resource %#x: results %u and %u", list->handles[i], results[j], results[i] );
            continue;
        }
        if (wanted && results[i]) require( members, "resource %#x is said to be discarded", list->handles[i] );
        for (j = 0; j < ALLOCATIONS; j++)
        {
            struct m_allocation *allocation = &model->allocations[j];

            if (!allocation->live || allocation->resource != resources[i]) continue;
            if (wanted) reclaim_one( model, allocation, results[i], allocation->lost, queue, params2.PagingFenceValue );
            else reclaim_one( model, allocation, allocation->offered, allocation->lost, queue, params2.PagingFenceValue );
        }
    }
}

bool run_offer_op( struct model *model, const struct op *op )
{
    if (op->kind == OP_OFFER) offer( model, op );
    else if (op->kind == OP_RECLAIM) reclaim( model, op );
    else return false;
    return true;
}
