/*
 * MakeResident, Evict and UpdateAllocationProperty
 *
 * MakeResident counts. As long as everything is in GPU memory that is all. Else its list is made busy, memory is found for all of
 * it, or for none, and what has content to bring back is left to the pager.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>

#include "core/handle_list.h"

/***********************************************************************
 * MakeResident
 */

/* Brought back by a reclaim only, when it is offered. */
static bool is_absent( const struct allocation *allocation )
{
    if (allocation->backing == BACKING_USER || allocation->offer != NOT_OFFERED) return false;
    return !allocation->block || allocation->evicted;
}

/* Checks the list. *absent: the bytes that are not in GPU memory, by group; *loose: those that are, and could be evicted.
 * STATUS_INVALID_PARAMETER: one is dead. STATUS_NO_MEMORY: the program works on one in system memory (lock.c), so it has to stay
 * there. */
static NTSTATUS survey_locked( const struct object_list *list, uint64_t absent[GROUP_COUNT], uint64_t loose[GROUP_COUNT], bool *busy )
{
    unsigned int i;
    NTSTATUS status = STATUS_SUCCESS;

    absent[GROUP_LOCAL] = absent[GROUP_NON_LOCAL] = loose[GROUP_LOCAL] = loose[GROUP_NON_LOCAL] = 0;
    *busy = false;
    for (i = 0; i < list->handles->count; i++)
    {
        const struct allocation *allocation = list->objects[i];

        if (allocation->dead) return STATUS_INVALID_PARAMETER;
        if (allocation->resident_count > UINT32_MAX - MAX_LIST_COUNT) return STATUS_INVALID_PARAMETER;
        if (allocation->busy) *busy = true;
        /* An entry that stands there twice counts twice: how much to trim is a hint. */
        if (allocation->victim_list == VICTIM_EVICTABLE)
            loose[group_of_heap( type_heap( allocation->device->vidmm, allocation->memory_type ) )] += allocation->size;
        if (!is_absent( allocation )) continue;
        if (allocation->locks && !allocation->busy) status = STATUS_NO_MEMORY;
        absent[preferred_group( allocation )] += allocation->size;
    }
    return status;
}

/* What the program is asked to trim before it tries again: never 0. */
static uint64_t bytes_to_trim_locked( const struct vidmm *vidmm, const uint64_t absent[GROUP_COUNT], const uint64_t loose[GROUP_COUNT] )
{
    uint64_t bytes = 0;
    unsigned int group;

    for (group = 0; group < GROUP_COUNT; group++)
        if (absent[group]) bytes += vidmm_bytes_to_trim_locked( vidmm, group, absent[group] + loose[group] );
    return bytes ? bytes : absent[GROUP_LOCAL] + absent[GROUP_NON_LOCAL];
}

static void count_resident_locked( const struct object_list *list )
{
    unsigned int i;

    for (i = 0; i < list->handles->count; i++)
    {
        struct allocation *allocation = list->objects[i];

        if (!allocation->resident_count++ && allocation->victim_list == VICTIM_EVICTABLE) victim_list_remove_locked( allocation );
        allocation->eager = false;
        if (allocation->busy) allocation->recalled = true;
    }
}

/* Whether all that is absent is on its way already, by jobs of this queue: then its fence tells when it is there. */
static bool is_coming_locked( const struct object_list *list, const struct paging_queue *queue )
{
    unsigned int i;

    if (!queue->pending_jobs || queue->pending_jobs != queue->device->vidmm->pending_jobs) return false;
    for (i = 0; i < list->handles->count; i++)
    {
        const struct allocation *allocation = list->objects[i];

        if (allocation->busy != BUSY_IN_JOB && is_absent( allocation )) return false;
    }
    return true;
}

/* Whether all of a job could be in GPU memory at once. Else nothing should be discarded for it. May drop the lock. */
static bool can_place_locked( struct vidmm *vidmm, const struct paging_job *job, enum budget_mode mode )
{
    bool refreshed = false;
    unsigned int i;

    for (;;)
    {
        uint64_t bytes[ANY_SEGMENT + 1] = { 0 };

        for (i = 0; i < job->count; i++)
            if (is_absent( job->allocations[i] )) bytes[job->allocations[i]->segments] += job->allocations[i]->size;
        if (vidmm->lost || can_hold_locked( vidmm, bytes, mode )) return true;
        if (vidmm->freeing) kmt_wait_locked( UINT64_MAX );      /* what is being paged out still counts as held */
        else if (refreshed) return false;
        else
        {
            /* What is known of the budgets may be old. Nothing is refused for that. */
            refreshed = true;
            vidmm_refresh_budget_locked( vidmm, 0 );
            share_refresh_locked( vidmm, 0 );
        }
    }
}

/* The slow half: something is absent and nothing is busy. Drops the lock. */
static NTSTATUS make_resident_slowly_locked( struct paging_queue *queue, struct object_list *list, enum budget_mode mode,
                                             uint64_t *fence_value, bool *pending )
{
    unsigned int i, count = list->handles->count;
    struct paging_job *job = malloc( sizeof(*job) + count * sizeof(*job->allocations) );
    struct device *device = queue->device;
    NTSTATUS status = STATUS_SUCCESS;
    struct freed_memory freed;
    uint64_t before;
    bool placed;

    *pending = false;
    if (!job) return STATUS_NO_MEMORY;
    job->count = 0;
    for (i = 0; i < count; i++)
    {
        struct allocation *allocation = list->objects[i];

        if (allocation->busy) continue;     /* it stands in the list twice */
        if (allocation->victim_list == VICTIM_EVICTABLE) victim_list_remove_locked( allocation );
        allocation_begin_locked( allocation );
        job->allocations[job->count++] = allocation;
    }

    object_grab( &device->object );
    object_grab( &queue->object );
    if (!can_place_locked( device->vidmm, job, mode )) status = STATUS_NO_MEMORY;
    do  /* meanwhile one that was offered, and passed over, may have been reclaimed */
        for (i = 0, placed = false; i < job->count && !status; i++)
        {
            if (!is_absent( job->allocations[i] ) || job->allocations[i]->block) continue;
            status = vidmm_place_next_locked( job->allocations + i, job->count - i, mode );
            placed = true;
        }
    while (placed && !status);
    if (status == STATUS_GRAPHICS_NO_VIDEO_MEMORY) status = STATUS_NO_MEMORY;

    /* Meanwhile some may have been destroyed. */
    if (!status && !queue->object.handle) status = STATUS_INVALID_PARAMETER;
    if (!status) status = find_objects_locked( device, list->handles, list );

    freed_memory_init( &freed, device->vidmm );
    if (!status) count_resident_locked( list );
    else
        for (i = 0; i < job->count; i++)
        {
            struct allocation *allocation = job->allocations[i];

            if (!allocation->evicted || !allocation->block) continue;
            victim_list_remove_locked( allocation );        /* it may have been offered meanwhile */
            allocation_unplace_locked( allocation, &freed, true );
        }
    before = *fence_value;
    status = pager_finish_locked( queue, job, fence_value, &freed, status );
    *pending = *fence_value != before;
    freed_memory_flush_locked( &freed );
    share_publish_locked( device->vidmm );
    trim_notice_locked( device->vidmm );
    paging_queue_put_locked( queue );
    device_put_locked( device );
    return status;
}

static NTSTATUS make_resident_locked( const D3DDDI_MAKERESIDENT *args, const struct handle_list *handles, uint64_t *fence_value,
                                      uint64_t *trim )
{
    enum budget_mode mode = args->Flags.CantTrimFurther ? WITHIN_MAXIMUM : WITHIN_BUDGET;
    struct paging_queue *queue;
    uint64_t absent[GROUP_COUNT], loose[GROUP_COUNT];
    struct object_list list;
    bool busy, pending;
    NTSTATUS status;

    for (;;)
    {
        if ((status = get_paging_queue_locked( args->hPagingQueue, &queue ))) return status;
        if ((status = find_objects_locked( queue->device, handles, &list ))) return status;
        if ((status = survey_locked( &list, absent, loose, &busy )) == STATUS_INVALID_PARAMETER) return status;
        *fence_value = *queue->fence_value;
        if (status) break;
        if (!absent[GROUP_LOCAL] && !absent[GROUP_NON_LOCAL])
        {
            count_resident_locked( &list );
            share_publish_locked( queue->device->vidmm );
            return STATUS_SUCCESS;
        }
        if (!busy) break;
        if (is_coming_locked( &list, queue ))
        {
            count_resident_locked( &list );
            *fence_value = queue->last_value;
            return STATUS_PENDING;
        }
        kmt_wait_locked( UINT64_MAX );      /* then everything may be different */
    }
    object_grab( &queue->device->object );
    {
        struct device *device = queue->device;

        if (!status) status = make_resident_slowly_locked( queue, &list, mode, fence_value, &pending );
        if (status == STATUS_NO_MEMORY)
        {
            *trim = bytes_to_trim_locked( device->vidmm, absent, loose );
            if (args->Flags.MustSucceed) device_fail_locked( device, D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY );
        }
        device_put_locked( device );
    }
    return !status && pending ? STATUS_PENDING : status;
}

/***********************************************************************
 *           kmt_MakeResident
 *
 * Brings allocations into GPU memory and keeps them there until as many Evict calls follow. All of the list or nothing.
 *
 * params->AllocationList: NumAllocations handles of the paging queue's device, 1 to 10240; each entry counts. PriorityList is
 * ignored. What is offered is counted now and brought back by its reclaim. Existing heaps always are where they are.
 * Flags: CantTrimFurther: the budget of now may be exceeded, as far as the user's limit and the heaps allow.
 * MustSucceed: the same, and a failure puts the device in error. It needs CantTrimFurther.
 * STATUS_SUCCESS: all of it is in GPU memory. PagingFenceValue: a value that the queue's fence has reached.
 * STATUS_PENDING: content is being copied; the GPU may use it when the queue's fence has reached PagingFenceValue. It always does;
 * when a copy fails the device is in error by then.
 * STATUS_NO_MEMORY: it does not fit, with everything discarded and evicted that can be; nothing is, when sums of bytes tell it. Or one is
 * locked in system memory, where it was when there was no room at the lock. NumBytesToTrim: bytes to evict before the next try;
 * NumAllocations: 0.
 * STATUS_INVALID_PARAMETER: the count, flags, the queue, a handle that is not of its device, an allocation that a reclaim reported as not
 * committed. STATUS_DEVICE_REMOVED: the device is in error, or its GPU was lost.
 *
 * Cost: one lock and a count an entry while all is there. Else memory for what is not, and paging out what makes room for it.
 * Source: DDI pages of D3DKMTMakeResident, D3DDDI_MAKERESIDENT_FLAGS, "Residency" of WDDM 2.0; docs/semantics.md.
 */
NTSTATUS kmt_MakeResident( D3DDDI_MAKERESIDENT *params )
{
    uint64_t fence_value = 0, trim = 0;
    struct handle_list handles;
    D3DDDI_MAKERESIDENT args;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "queue %#x, count %u, flags %#x", args.hPagingQueue, args.NumAllocations, args.Flags.Value );
    if (is_stock_handle( args.hPagingQueue )) return KMT_STATUS_STOCK;
    if (!args.AllocationList) return STATUS_INVALID_PARAMETER;
    if ((status = read_handle_list( NULL, args.AllocationList, args.NumAllocations, &handles ))) return status;
    if (args.Flags.Reserved || (args.Flags.MustSucceed && !args.Flags.CantTrimFurther)) return STATUS_INVALID_PARAMETER;
    probe_write( &params->NumAllocations );
    probe_write_array( &params->PagingFenceValue, sizeof(params->PagingFenceValue) + sizeof(params->NumBytesToTrim) );

    kmt_lock();
    status = make_resident_locked( &args, &handles, &fence_value, &trim );
    kmt_unlock();
    if (status && status != STATUS_PENDING) WARN( "queue %#x, count %u: %#x", args.hPagingQueue, args.NumAllocations, (unsigned int)status );
    if (status == STATUS_SUCCESS || status == STATUS_PENDING || status == STATUS_NO_MEMORY)
    {
        if (status == STATUS_NO_MEMORY) params->NumAllocations = 0;
        params->PagingFenceValue = fence_value;
        params->NumBytesToTrim = trim;
    }
    return status;
}

/***********************************************************************
 * Evict
 */

static NTSTATUS evict_list_locked( const D3DKMT_EVICT *args, const struct handle_list *handles, uint64_t *trim )
{
    struct object_list list;
    struct device *device;
    unsigned int i, found;
    struct vidmm *vidmm;
    NTSTATUS status;

    if ((status = get_device_locked( args->hDevice, &device ))) return status;
    if ((status = find_objects_locked( device, handles, &list ))) return status;
    /* An allocation may stand there as often as it was made resident. */
    for (found = 0; found < handles->count; found++)
    {
        struct allocation *allocation = list.objects[found];

        if (allocation->dead || allocation->mark >= allocation->resident_count) break;
        allocation->mark++;
    }
    for (i = 0; i < found; i++) ((struct allocation *)list.objects[i])->mark = 0;
    if (found < handles->count) return STATUS_INVALID_PARAMETER;

    vidmm = device->vidmm;
    for (i = 0; i < handles->count; i++)
    {
        struct allocation *allocation = list.objects[i];

        if (--allocation->resident_count) continue;
        /* What is offered keeps its place among the offered. */
        if (allocation->offer == NOT_OFFERED) victim_list_remove_locked( allocation );
        allocation->eager = !args->Flags.EvictOnlyIfNecessary;
        victim_list_add_locked( allocation );
    }
    share_publish_locked( vidmm );
    *trim = vidmm_bytes_to_trim_locked( vidmm, GROUP_LOCAL, 0 ) + vidmm_bytes_to_trim_locked( vidmm, GROUP_NON_LOCAL, 0 );
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_Evict
 *
 * Takes back one MakeResident of each entry. After the last one the content may go to system memory.
 *
 * params->AllocationList: NumAllocations handles of hDevice, 1 to 10240; an allocation may stand there as often as it was made
 * resident.
 * Flags: EvictOnlyIfNecessary: it goes under pressure, in its turn. Without: soon, on a thread of ours. NotWrittenTo is
 * accepted: permission not to copy content of which there still is a copy; none is kept, so nothing is ever lost by it.
 * STATUS_SUCCESS: NumBytesToTrim: how far the process is over its budget with what is held resident; 0: not at all.
 * STATUS_INVALID_PARAMETER: the count, flags, a handle that is not hDevice's, one that is not resident often enough. Nothing is
 * evicted then.  STATUS_DEVICE_REMOVED.
 *
 * Cost: one lock, O(count); nothing is copied before it returns.  Source: DDI pages of D3DKMTEvict, D3DDDI_EVICT_FLAGS.
 */
NTSTATUS kmt_Evict( D3DKMT_EVICT *params )
{
    struct handle_list handles;
    D3DKMT_EVICT args;
    uint64_t trim = 0;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x, count %u, flags %#x", args.hDevice, args.NumAllocations, args.Flags.Value );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (!args.AllocationList) return STATUS_INVALID_PARAMETER;
    if ((status = read_handle_list( NULL, args.AllocationList, args.NumAllocations, &handles ))) return status;
    if (args.Flags.Reserved) return STATUS_INVALID_PARAMETER;
    probe_write_array( &params->NumBytesToTrim, sizeof(params->NumBytesToTrim) );

    kmt_lock();
    status = evict_list_locked( &args, &handles, &trim );
    kmt_unlock();
    if (status) WARN( "device %#x, count %u: %#x", args.hDevice, args.NumAllocations, (unsigned int)status );
    else params->NumBytesToTrim = trim;
    return status;
}

/***********************************************************************
 * UpdateAllocationProperty
 */

/* The segment that a preference names first; 0: none that there is. Segments count from 1, as the DDI page of
 * D3DDDI_SEGMENTPREFERENCE has it: 1 is local, 2 is not. */
static unsigned int first_segment( D3DDDI_SEGMENTPREFERENCE preference )
{
    const unsigned int ids[] = { preference.SegmentId0, preference.SegmentId1, preference.SegmentId2, preference.SegmentId3,
                                 preference.SegmentId4 };
    unsigned int i;

    for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        if (ids[i]) return ids[i] == 1 ? WINEKMT_SEGMENT_LOCAL : ids[i] == 2 ? WINEKMT_SEGMENT_NON_LOCAL : 0;
    return 0;
}

static bool is_outside( const struct allocation *allocation, unsigned int segments )
{
    struct vidmm *vidmm = allocation->device->vidmm;

    if (!allocation->block || allocation->backing == BACKING_USER) return false;
    return !(segments & (type_heap( vidmm, allocation->memory_type )->local ? WINEKMT_SEGMENT_LOCAL : WINEKMT_SEGMENT_NON_LOCAL));
}

/* Brings an evicted allocation back into the segments that it may live in now. Drops the lock; it is busy. */
static NTSTATUS return_locked( struct allocation *allocation )
{
    struct freed_memory freed;
    NTSTATUS status;

    freed_memory_init( &freed, allocation->device->vidmm );
    if (!(status = vidmm_place_locked( allocation, OVER_BUDGET ))) status = page_in_locked( allocation, &freed );
    freed_memory_flush_locked( &freed );
    return status == STATUS_GRAPHICS_NO_VIDEO_MEMORY ? STATUS_NO_MEMORY : status;
}

/* Moves an allocation out of a segment where it may not stay: through system memory. Drops the lock; it is busy. */
static NTSTATUS move_locked( struct allocation *allocation )
{
    struct vidmm *vidmm = allocation->device->vidmm;
    struct freed_memory freed;
    NTSTATUS status;

    freed_memory_init( &freed, vidmm );
    status = page_out_allocation_locked( allocation, true, &freed );
    freed_memory_flush_locked( &freed );
    if (!status && allocation->resident_count) status = return_locked( allocation );
    return status;
}

static NTSTATUS update_property_locked( const D3DDDI_UPDATEALLOCPROPERTY *args, uint64_t *fence_value )
{
    unsigned int segments, preferred, old_segments, old_preferred;
    struct allocation *allocation;
    struct paging_queue *queue;
    struct freed_memory freed;
    struct device *device;
    bool moves, unmoveable;
    NTSTATUS status;

    for (;;)
    {
        if ((status = get_paging_queue_locked( args->hPagingQueue, &queue ))) return status;
        if (!(allocation = get_allocation_locked( queue->device, args->hAllocation ))) return STATUS_INVALID_PARAMETER;
        segments = old_segments = allocation->segments;
        preferred = old_preferred = allocation->preferred_segment;
        if (args->SetSupportedSegmentSet) segments = args->SupportedSegmentSet;
        if (args->SetPreferredSegment) preferred = first_segment( args->PreferredSegment );
        if (!segments || segments & ~(WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL)) return STATUS_INVALID_PARAMETER;
        if (!(preferred & segments))
        {
            if (args->SetPreferredSegment) return STATUS_INVALID_PARAMETER;
            preferred = segments & WINEKMT_SEGMENT_LOCAL ? WINEKMT_SEGMENT_LOCAL : WINEKMT_SEGMENT_NON_LOCAL;
        }
        moves = is_outside( allocation, segments );
        if (moves && (allocation->locks || allocation->primary || allocation->shared || allocation->unmoveable)) return STATUS_INVALID_PARAMETER;
        if (!fits_in_segments( allocation->device->vidmm, allocation, segments )) return STATUS_INVALID_PARAMETER;
        if (!allocation->busy) break;
        kmt_wait_locked( UINT64_MAX );      /* then everything may be different */
    }
    *fence_value = *queue->fence_value;

    /* The group that evicted bytes are counted in goes by the preference. */
    victim_list_remove_locked( allocation );
    allocation_set_segments_locked( allocation, segments, preferred );
    unmoveable = allocation->unmoveable;
    if (args->SetUnmoveable) allocation->unmoveable = args->Flags.Unmoveable;
    if (moves)
    {
        device = allocation->device;
        object_grab( &device->object );
        allocation_begin_locked( allocation );
        if ((status = move_locked( allocation )))
        {
            allocation_set_segments_locked( allocation, old_segments, old_preferred );
            allocation->unmoveable = unmoveable;
            if (allocation->evicted && allocation->resident_count && return_locked( allocation ) == STATUS_NO_MEMORY)
                device_fail_locked( allocation->device, D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY );
        }
        freed_memory_init( &freed, device->vidmm );
        allocation_done_locked( allocation, &freed );
        freed_memory_flush_locked( &freed );
        device_put_locked( device );
    }
    else victim_list_add_locked( allocation );      /* also what was unmoveable until now */
    return status;
}

/***********************************************************************
 *           kmt_UpdateAllocationProperty
 *
 * Changes where an allocation may live.
 *
 * params->PropertyMaskValue says what is changed: SetSupportedSegmentSet: bit 0 of SupportedSegmentSet is the local segment, bit 1
 * the other; what lies outside moves now, or stays evicted when nothing holds it resident. SetPreferredSegment: the first segment
 * that PreferredSegment names (1 local, 2 the other), for the next time that it gets memory. SetUnmoveable: Flags.Unmoveable keeps
 * it where it is. SetAccessedPhysically: accepted, nothing here depends on it.
 * STATUS_SUCCESS: done; PagingFenceValue is a value that the queue's fence has reached.
 * STATUS_INVALID_PARAMETER: the queue, an allocation of another device, unknown bits, no segment or one that there is not, one in which
 * no memory suits the allocation, a move of what is locked, primary, shared or unmoveable.
 * STATUS_NO_MEMORY: no memory to move it; nothing changes.  STATUS_DEVICE_REMOVED.
 *
 * Cost: one lock; for a move, copying twice.  Source: DDI page of D3DKMTUpdateAllocationProperty; docs/semantics.md.
 */
NTSTATUS kmt_UpdateAllocationProperty( D3DDDI_UPDATEALLOCPROPERTY *params )
{
    D3DDDI_UPDATEALLOCPROPERTY args;
    uint64_t fence_value = 0;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "queue %#x, allocation %#x, mask %#x", args.hPagingQueue, args.hAllocation, args.PropertyMaskValue );
    if (is_stock_handle( args.hPagingQueue )) return KMT_STATUS_STOCK;
    if (args.Reserved || args.Flags.Reserved || args.PreferredSegment.Reserved) return STATUS_INVALID_PARAMETER;
    probe_write_array( &params->PagingFenceValue, sizeof(params->PagingFenceValue) );

    kmt_lock();
    status = update_property_locked( &args, &fence_value );
    kmt_unlock();
    if (status) WARN( "allocation %#x: %#x", args.hAllocation, (unsigned int)status );
    else params->PagingFenceValue = fence_value;
    return status;
}
