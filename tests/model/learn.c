/*
 * The model: what follows from the answers, and what holds between calls
 *
 * The manager works on its own: it discards, evicts, and brings back. The sweep asks where everything is, checks that what changed was
 * permitted to, in the order that the documents promise, and believes it from then on.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "model.h"

/***********************************************************************
 * Handles
 */

static uint32_t handle_number( D3DKMT_HANDLE handle )
{
    return handle >> 6 & 0x1ffffff;     /* bit 31 is always set */
}

/* A new one: of the right form, unlike all that live, and the next one. */
void learn_handle( struct model *model, D3DKMT_HANDLE handle, bool global )
{
    struct world *world = model->world;
    unsigned int i;

    require( handle >> 31, "handle %#x: bit 31 is clear", handle );
    require( (handle & 0x3f) == (global ? 2 : 0), "handle %#x: not a %s one", handle, global ? "global" : "local" );
    pthread_mutex_lock( &world->mutex );
    for (i = 0; i < world->handle_count; i++) require( world->handles[i] != handle, "handle %#x is in use", handle );
    require( world->handle_count < ARRAY_SIZE( world->handles ), "too many handles" );
    world->handles[world->handle_count++] = handle;
    /* "Successive new handles of all types step by 0x40": a creation that failed may have used some up. */
    if (world->alone && world->has_last)
    {
        uint32_t step = (handle_number( handle ) - world->last_index) & 0x1ffffff;

        require( step == 1 || (world->gaps && step && step < 4096), "handle %#x is %u after the one before it", handle, step );
    }
    world->has_last = world->alone;
    world->gaps = false;
    world->last_index = handle_number( handle );
    pthread_mutex_unlock( &world->mutex );
}

void learn_no_handle( struct model *model )
{
    pthread_mutex_lock( &model->world->mutex );
    model->world->gaps = true;
    pthread_mutex_unlock( &model->world->mutex );
}

/* Before the call that ends it: then another thread may get the same value. */
void forget_handle( struct model *model, D3DKMT_HANDLE handle )
{
    struct world *world = model->world;
    unsigned int i;

    if (!handle) return;
    pthread_mutex_lock( &world->mutex );
    for (i = 0; i < world->handle_count; i++)
        if (world->handles[i] == handle)
        {
            world->handles[i] = world->handles[--world->handle_count];
            break;
        }
    pthread_mutex_unlock( &world->mutex );
    model->gone = handle;
}

uint64_t sum_of_handles( const struct world *world )
{
    return world->handle_count;
}

void forget_allocation( struct model *model, struct m_allocation *allocation )
{
    if (!allocation->live) return;
    forget_handle( model, allocation->handle );
    allocation->live = false;
    if (allocation->memory) free( allocation->memory );
    allocation->memory = NULL;
}

void forget_resource( struct model *model, struct m_resource *resource )
{
    unsigned int i;

    if (!resource->live) return;
    for (i = 0; i < ALLOCATIONS; i++)
        if (model->allocations[i].live && model->allocations[i].resource == resource) forget_allocation( model, &model->allocations[i] );
    forget_handle( model, resource->global );
    forget_handle( model, resource->handle );
    resource->live = false;
}

void forget_queue( struct model *model, struct m_queue *queue )
{
    unsigned int i;

    if (!queue->live) return;
    /* It waited for what was under way. */
    for (i = 0; i < ALLOCATIONS; i++)
        if (model->allocations[i].pending == queue)
        {
            model->allocations[i].pending = NULL;
            model->allocations[i].touched = true;
        }
    forget_handle( model, queue->fence );
    forget_handle( model, queue->handle );
    queue->live = false;
    queue->value = NULL;
}

void forget_device( struct model *model, struct m_device *device )
{
    unsigned int i;

    if (!device->live) return;
    for (i = 0; i < ALLOCATIONS; i++)
        if (model->allocations[i].live && model->allocations[i].device == device) forget_allocation( model, &model->allocations[i] );
    for (i = 0; i < RESOURCES; i++)
        if (model->resources[i].live && model->resources[i].device == device) forget_resource( model, &model->resources[i] );
    for (i = 0; i < QUEUES; i++)
        if (model->queues[i].live && model->queues[i].device == device) forget_queue( model, &model->queues[i] );
    forget_handle( model, device->handle );
    device->live = false;
}

/***********************************************************************
 * Contents
 */

static uint64_t word_at( uint32_t seed, uint64_t index )
{
    return seed ? (seed + index) * 0x9e3779b97f4a7c15ull : 0;
}

static bool matches( const uint64_t *words, uint64_t size, uint32_t seed )
{
    uint64_t i;

    for (i = 0; i < size / 8; i++) if (words[i] != word_at( seed, i )) return false;
    return true;
}

/* Compares every byte, and learns which of two it is. */
bool content_is( struct m_allocation *allocation, const void *data )
{
    saw( SAW_COMPARED, allocation->size );
    if (!allocation->known) return true;
    if (matches( data, allocation->size, allocation->seed ))
    {
        allocation->maybe_zero = false;
        return true;
    }
    if (!allocation->maybe_zero || !matches( data, allocation->size, 0 )) return false;
    allocation->maybe_zero = false;
    allocation->seed = 0;
    return true;
}

/* Writes something new. */
void fill_content( struct model *model, struct m_allocation *allocation, void *data )
{
    uint64_t i;

    model->random = model->random * 1664525u + 1013904223u;
    allocation->seed = model->random | 1;
    allocation->known = allocation->written = true;
    allocation->maybe_zero = false;
    for (i = 0; i < allocation->size / 8; i++) ((uint64_t *)data)[i] = word_at( allocation->seed, i );
}

void learn_content( struct model *model, struct m_allocation *allocation, void *data, bool write, const char *where )
{
    require( content_is( allocation, data ), "%#x (%llu KiB, seed %#x): other content %s", allocation->handle,
             (unsigned long long)allocation->size >> 10, allocation->seed, where );
    if (write) fill_content( model, allocation, data );
}

/* Its content is gone; not certain: or kept. */
void learn_lost( struct m_allocation *allocation, bool certain )
{
    if (allocation->not_zeroed)
    {
        /* what was not to be zeroed when it was new need not be later */
        allocation->known = false;
        return;
    }
    if (certain)
    {
        allocation->seed = 0;
        allocation->known = true;
        allocation->maybe_zero = false;
    }
    else if (allocation->known) allocation->maybe_zero = true;
}

/***********************************************************************
 * Where everything is
 */

/* Large ones have a memory object of their own, so that nothing but the order decides between two. NONE in local memory may be in
 * either of
 * two heaps. */
static bool is_comparable( const struct world *world, const struct m_allocation *a, const struct m_allocation *b )
{
    return a->live && b->live && a->size >= MIB( 1 ) && b->size >= MIB( 1 ) && a->device->adapter == b->device->adapter &&
           a->access == b->access && a->segments == b->segments && (world->config.unified || a->access) && !a->device->failed &&
               !b->device->failed;
}

/* The devices are asked one after the other, and the manager's threads do not wait: by now it may have gone as well, or be about to. */
static bool stays_there( struct world *world, const struct m_allocation *allocation )
{
    D3DKMT_ALLOCATIONRESIDENCYSTATUS state = 0;
    D3DKMT_QUERYALLOCATIONRESIDENCY query = { .hDevice = allocation->device->handle, .phAllocationList = &allocation->handle,
                                              .AllocationCount = 1,
                                              .pResidencyStatus = &state };

    inside_wait_idle( world );
    return !D3DKMTQueryAllocationResidency( &query ) && state != D3DKMT_ALLOCATIONRESIDENCYSTATUS_NOTRESIDENT;
}

/* The allocation went while another one of the same kind, whose turn was before it, stayed. */
static void check_order( struct model *model, const struct m_allocation *gone, enum where from, uint64_t before )
{
    unsigned int i;

    if (model->world->config.verifier || gone->size < MIB( 1 )) return;
    for (i = 0; i < ALLOCATIONS; i++)
    {
        const struct m_allocation *stays = &model->allocations[i];

        if (stays == gone || !is_comparable( model->world, gone, stays ) || stays->where != from || stays->touched ||
            is_pinned( stays ) || (model->op->kind == OP_TRIM && !stays->allow_decommit) ||
            stays->eager || stays->unmoveable || stays->locks || stays->updated_at || gone->updated_at) continue;
        /* It may have been on its way back when the other one was chosen, though it is there now. */
        if (stays->pending) continue;
        /* an eviction that the worker had begun goes on when something is offered meanwhile */
        if (stays->offered && stays->offered_at < before && (gone->offered || !stays->in_flight))
        {
            saw( SAW_ORDERED, 1 );
            if (!gone->offered)
                require( !stays_there( model->world, stays ), "%#x was evicted while %#x is offered", gone->handle, stays->handle );
            require( stays->level > gone->level || (stays->level == gone->level && stays->offered_at > gone->offered_at) ||
                     !stays_there( model->world, stays ),
                     "%#x (level %u, offer %llu) was discarded before %#x (level %u, offer %llu)", gone->handle, gone->level,
                     (unsigned long long)gone->offered_at, stays->handle, stays->level, (unsigned long long)stays->offered_at );
        }
        else if (!gone->offered && !stays->offered && !stays->resident && stays->used_at < before)
        {
            unsigned int level = evict_level( gone->priority ), stays_level = evict_level( stays->priority );

            saw( SAW_ORDERED, 1 );
            require( stays_level > level || (stays_level == level && stays->used_at >= gone->used_at) || !stays_there( model->world,
                     stays ),
                     "%#x (level %u, use %llu) was evicted before %#x (level %u, use %llu)", gone->handle, level,
                     (unsigned long long)gone->used_at, stays->handle, stays_level, (unsigned long long)stays->used_at );
        }
    }
}

/* What is wrong with it having been there, and being here now; NULL: nothing. */
static const char *judge( struct model *model, struct m_allocation *allocation, enum where now )
{
    struct world *world = model->world;
    enum where before = allocation->where;
    bool there = now != WHERE_NOWHERE, tense, decommit;
    bool pending = allocation->pending && !allocation->reached;

    if (allocation->dead) return there ? "it was not committed, and is somewhere" : NULL;
    if (allocation->kind == KIND_HEAP) return now == WHERE_SHARED ? NULL : "a heap is somewhere else";
    if (there && !(allocation->segments & (now == WHERE_LOCAL ? WINEKMT_SEGMENT_LOCAL : WINEKMT_SEGMENT_NON_LOCAL)))
        return "it is in a segment where it must not be";
    if (is_pinned( allocation ) && !there) return "it is pinned, and is nowhere";
    if (allocation->resident && !allocation->offered && !pending && !there && !(allocation->locks && before == WHERE_NOWHERE) &&
        !(model->op->kind == OP_SLEEP && allocation->eager))
        return "it is held resident, and is not";
    if (before == WHERE_UNKNOWN || now == before) return NULL;
    decommit = allocation->allow_decommit && (model->op->kind == OP_TRIM || world->config.verifier >= VERIFIER_ALWAYS_DECOMMIT);
    tense = !world->alone || model->was_tense[allocation->device->adapter];
    if (!there)
    {
        if (allocation->offered)
        {
            if (allocation->spared) return "it was discarded for a list that cannot fit";
            if (world->alone && world->config.verifier == VERIFIER_NEVER_DISCARD && !allocation->eager && !allocation->in_flight &&
                !allocation->touched) return "it never is to be discarded";
            if (!tense && !decommit && !allocation->eager && !allocation->touched) return "it was discarded for nothing";
            return NULL;
        }
        if (is_held( allocation ) && !allocation->touched && !pending) return "it was evicted although it is held";
        if (!tense && !allocation->eager && !allocation->touched) return "it was evicted for nothing";
        return NULL;
    }
    if (before == WHERE_NOWHERE) return allocation->touched || allocation->pending || !world->alone ? NULL : "it came back unasked";
    return allocation->touched || !world->alone ? NULL : "it moved to another segment";
}

static void sweep_device( struct model *model, struct m_device *device )
{
    D3DKMT_ALLOCATIONRESIDENCYSTATUS states[ALLOCATIONS];
    D3DKMT_QUERYALLOCATIONRESIDENCY query = { .hDevice = device->handle, .pResidencyStatus = states };
    struct m_allocation *list[ALLOCATIONS];
    D3DKMT_HANDLE handles[ALLOCATIONS];
    unsigned int i, count = 0;
    const char *wrong;
    NTSTATUS status;

    for (i = 0; i < ALLOCATIONS; i++)
        if (model->allocations[i].live && model->allocations[i].device == device)
        {
            list[count] = &model->allocations[i];
            list[count]->reached = !list[count]->pending || is_reached( list[count]->pending, list[count]->value );
            handles[count++] = model->allocations[i].handle;
        }
    if (!count) return;
    query.phAllocationList = handles;
    query.AllocationCount = count;
    memset( states, 0, sizeof(states) );
    status = D3DKMTQueryAllocationResidency( &query );
    require( !status, "QueryAllocationResidency of all of %#x: %#x", device->handle, (unsigned int)status );
    for (i = 0; i < count; i++)
    {
        enum where now = (enum where)states[i];

        require( now >= WHERE_LOCAL && now <= WHERE_NOWHERE, "%#x: residency %u", handles[i], states[i] );
        if ((wrong = judge( model, list[i], now )))
            model_fail( "sweep", list[i]->where * 10 + now, "slot %u, %#x (%llu KiB%s%s%s, resident %u, locks %u): %s (%u, was %u)",
                        (unsigned int)(list[i] - model->allocations), handles[i],
                        (unsigned long long)list[i]->size >> 10, list[i]->offered ? ", offered" : "", list[i]->eager ? ", eager" : "",
                        list[i]->unmoveable ? ", unmoveable" : "", list[i]->resident, list[i]->locks, wrong, now, list[i]->where );
        list[i]->where_before = list[i]->where;
        list[i]->where = now;
    }
}

/* Asks where everything of the thread is. Two devices of one adapter are asked one after the other: in a world at rest that is the
 * same. */
void sweep( struct model *model )
{
    unsigned int i;

    for (i = 0; i < DEVICES; i++)
        if (model->devices[i].live && !model->devices[i].failed) sweep_device( model, &model->devices[i] );
    for (i = 0; i < ALLOCATIONS; i++)
    {
        struct m_allocation *allocation = &model->allocations[i];
        enum where before = allocation->where_before;
        bool went = allocation->where == WHERE_NOWHERE && (before == WHERE_LOCAL || before == WHERE_SHARED);

        if (!allocation->live) continue;
        if (allocation->device->failed)
        {
            allocation->where = WHERE_UNKNOWN;
            continue;
        }

        if (went && allocation->offered)
        {
            /* behind an Evict it may have been evicted before it could be discarded; with threads, also before it was offered */
            if (allocation->eager || allocation->touched || allocation->in_flight || !model->world->alone) allocation->unsure = true;
            else allocation->lost = true;
        }
        if (went && !allocation->offered) saw( SAW_EVICTED, 1 );
        if (before == WHERE_NOWHERE && allocation->where != WHERE_NOWHERE) saw( SAW_BROUGHT_BACK, 1 );
        if (before && before + allocation->where == WHERE_LOCAL + WHERE_SHARED) saw( SAW_MOVED, 1 );
        if (went && model->world->alone && !allocation->eager && !allocation->touched)
            check_order( model, allocation, before, model->op_clock );
        if (allocation->where != WHERE_NOWHERE && allocation->pending && allocation->reached) allocation->pending = NULL;
        /* What had no memory, or was offered, when Evict named it is evicted when it has memory again, or not: no document says. */
        if (went && !allocation->offered && !allocation->touched) allocation->eager = false;
    }
    for (i = 0; i < ALLOCATIONS; i++) model->allocations[i].touched = model->allocations[i].spared = false;
}

/***********************************************************************
 * Sums, when no other thread works
 */

static bool is_usage_right( struct world *world, unsigned int adapter, D3DKMT_HANDLE handle, unsigned int group, uint64_t *usage,
                            uint64_t *sum )
{
    D3DKMT_QUERYVIDEOMEMORYINFO query = { .hAdapter = handle, .MemorySegmentGroup = group };
    NTSTATUS status = D3DKMTQueryVideoMemoryInfo( &query );
    uint64_t most = 0;
    unsigned int thread, i;

    require( !status, "QueryVideoMemoryInfo: %#x", (unsigned int)status );
    *usage = query.CurrentUsage;
    *sum = 0;
    for (thread = 0; thread < world->config.threads; thread++)
        for (i = 0; i < ALLOCATIONS; i++)
        {
            const struct m_allocation *allocation = &world->models[thread].allocations[i];

            if (!allocation->live || allocation->device->adapter != adapter || allocation->kind == KIND_HEAP) continue;
            if (allocation->device->failed) return true;        /* nobody says where it is */
            if (allocation->where != (group ? WHERE_SHARED : WHERE_LOCAL)) continue;
            *sum += allocation->size;
            most += 2 * allocation->room;
        }
    /* Small ones are rounded up: not settled, but the conformance tests want less than twice the size. */
    return *usage >= *sum && (*usage < most || !*usage);
}

/* Usage is what all threads' allocations have. What Evict named goes when the worker gets to it, and what is destroyed with a copy under
 * way after that: so it may take a moment until the two agree. */
void check_sums( struct world *world )
{
    unsigned int adapter, group, i, tries;
    uint64_t usage = 0, sum = 0;

    for (adapter = 0; adapter < world->config.adapters; adapter++)
    {
        D3DKMT_HANDLE handle = 0;

        for (i = 0; i < world->config.threads; i++)
            if (world->models[i].adapters[adapter].live) handle = world->models[i].adapters[adapter].handle;
        if (!handle) continue;
        for (group = 0; group < 2; group++)
            for (tries = 0; !is_usage_right( world, adapter, handle, group, &usage, &sum ); tries++)
            {
                require( tries < 400, "adapter %u, group %u: usage is %llu, allocations take %llu", adapter, group,
                         (unsigned long long)usage,
                         (unsigned long long)sum );
                usleep( 5000 );
                for (i = 0; i < world->config.threads; i++) sweep( &world->models[i] );
            }
    }
}
