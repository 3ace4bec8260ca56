/*
 * The model: what each call may answer
 *
 * Where the documents decide, there is one status; where they leave a choice, or where it depends on what the manager did on its own,
 * there is a set, and a comment says why. Nothing here was taken from core.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "model.h"
#include "create_flags.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

bool is_slow( void )
{
    const char *preload = getenv( "LD_PRELOAD" );

    return SANITIZED || (preload && strstr( preload, "vgpreload" ));
}

bool model_bug( const char *name )
{
    const char *bug = getenv( "MODEL_BUG" );

    return bug && !strcmp( bug, name );
}

void permit( struct answers *answers, NTSTATUS status )
{
    unsigned int i;

    for (i = 0; i < answers->count; i++) if (answers->list[i] == status) return;
    if (answers->count == ARRAY_SIZE( answers->list )) abort();
    answers->list[answers->count++] = status;
}

void check_answer_( const struct answers *answers, NTSTATUS status, const char *what, int line )
{
    char list[16 * ARRAY_SIZE( answers->list )] = "";
    unsigned int i;

    saw( SAW_CALLS, 1 );
    if (status == STATUS_INVALID_PARAMETER) saw( SAW_INVALID, 1 );
    if (status == STATUS_DEVICE_REMOVED) saw( SAW_REMOVED, 1 );
    for (i = 0; i < answers->count; i++)
    {
        if (answers->list[i] == status) return;
        sprintf( list + strlen( list ), " %#x", (unsigned int)answers->list[i] );
    }
    model_fail( "calls", line, "%s answers %#x, permitted:%s", what, (unsigned int)status, list );
}

/***********************************************************************
 * Memory
 */

static unsigned int group_of_heap( const struct world *world, unsigned int heap )
{
    return !world->config.unified && heap == 2;
}

static unsigned int count_heaps( const struct world *world )
{
    return world->config.unified ? 1 : HEAPS;
}

/* A heap's part of the budget. It is Vulkan's budget less what others use, or the size less head-room (a sixteenth): the documents do
 * not say whether head-room is also left below a budget, nor whether the others' use counts as far as the budget allows for it. */
static void get_heap_limits( const struct world *world, unsigned int heap, uint64_t *least, uint64_t *most )
{
    uint64_t size = MIB( world->config.heap ), budget = world->budget[heap] < size ? world->budget[heap] : size, room = size / 16;

    *most = budget;
    *least = budget > world->foreign[heap] ? budget - world->foreign[heap] : 0;
    if (room > MIB( 256 )) room = MIB( 256 );
    if (*least > size - room) *least = size - room;
}

void get_limits( const struct world *world, unsigned int group, uint64_t *least, uint64_t *most )
{
    uint64_t heap_least, heap_most;
    unsigned int heap;

    *least = *most = 0;
    for (heap = 0; heap < count_heaps( world ); heap++)
    {
        if (group_of_heap( world, heap ) != group) continue;
        get_heap_limits( world, heap, &heap_least, &heap_most );
        *least += heap_least;
        *most += heap_most;
    }
    /* the user's limit is for local memory */
    if (group || !world->config.limit) return;
    if (*least > MIB( world->config.limit )) *least = MIB( world->config.limit );
    if (*most > MIB( world->config.limit )) *most = MIB( world->config.limit );
}

/* The segments where that way of access is to be had. */
unsigned int get_visible( const struct world *world, unsigned int access )
{
    (void)access;   /* the fake GPUs have host-visible memory in every segment */
    return world->config.unified ? WINEKMT_SEGMENT_LOCAL : WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL;
}

bool is_pinned( const struct m_allocation *allocation )
{
    return allocation->kind != KIND_PLAIN || (allocation->resource && allocation->resource->shared);
}

bool is_reached( const struct m_queue *queue, uint64_t value )
{
    return !queue->live || __atomic_load_n( queue->value, __ATOMIC_ACQUIRE ) >= value;
}

bool is_held( const struct m_allocation *allocation )
{
    if (is_pinned( allocation ) || allocation->locks) return true;
    return !allocation->offered && (allocation->resident || allocation->unmoveable);
}

/* Whether there may be any reason for the manager to take something away: other things beside, it is calm as long as every heap
 * could hold
 * everything at once. Small allocations share memory objects, which are larger: 64 KiB at least, and partly used. */
bool is_tense( const struct world *world, unsigned int adapter, uint64_t more )
{
    uint64_t sum = 4 * more, least, most;
    unsigned int i, heap;

    if (!world->alone || world->config.system) return true;
    for (i = 0; i < ALLOCATIONS; i++)
    {
        const struct m_allocation *allocation = &world->models[0].allocations[i];

        if (!allocation->live || allocation->device->adapter != adapter || allocation->kind == KIND_HEAP) continue;
        sum += 4 * (allocation->room < KIB( 64 ) ? KIB( 64 ) : allocation->room);
    }
    for (heap = 0; heap < count_heaps( world ); heap++)
    {
        get_heap_limits( world, heap, &least, &most );
        if (sum > least) return true;
    }
    get_limits( world, 0, &least, &most );
    return sum > least;
}

/* Whether memory is to be had for certain, because everything that cannot be taken away leaves room for it. "creation fails
 * only when all the rest is locked, resident, primary, shared or unmoveable". A small one that is held may hold a whole memory object,
 * here of 1 MiB: a sixteenth of the heap. One with a large alignment may be rounded up: twice is enough. */
bool fits_surely( const struct world *world, unsigned int adapter, uint64_t size, unsigned int access, unsigned int segments )
{
    uint64_t sum = size < MIB( 1 ) ? MIB( 1 ) : 2 * size, least, most, group_least;
    unsigned int i, heap;

    if (!world->alone || world->config.system) return false;
    for (i = 0; i < ALLOCATIONS; i++)
    {
        const struct m_allocation *allocation = &world->models[0].allocations[i];

        if (!allocation->live || allocation->device->adapter != adapter || allocation->kind == KIND_HEAP) continue;
        /* what Evict or MakeResident are at work on cannot be had at once; a device in error hides where its memory is */
        if (is_held( allocation ) || allocation->unmoveable || allocation->eager || allocation->device->failed ||
            (allocation->offered && world->config.verifier == VERIFIER_NEVER_DISCARD) ||
            (allocation->pending && !is_reached( allocation->pending, allocation->value )))
            sum += allocation->room < MIB( 1 ) ? MIB( 1 ) : allocation->room;
    }
    for (heap = 0; heap < count_heaps( world ); heap++)
    {
        if (segments && !(segments & (1u << group_of_heap( world, heap )))) continue;
        if (!world->config.unified && heap == 0 && access) continue;    /* the host does not see it */
        get_heap_limits( world, heap, &least, &most );
        get_limits( world, group_of_heap( world, heap ), &group_least, &most );
        if (sum <= least && sum <= group_least) return true;
    }
    return false;
}

/* LOW 1, NORMAL 2, HIGH 3 */
unsigned int offer_level( unsigned int priority, uint32_t residency )
{
    if (priority != D3DKMT_OFFER_PRIORITY_AUTO) return priority;
    return residency < D3DDDI_ALLOCATIONPRIORITY_NORMAL ? 1 : residency < D3DDDI_ALLOCATIONPRIORITY_HIGH ? 2 : 3;
}

/* "levels: below LOW, LOW, NORMAL, HIGH, MAXIMUM and above" */
unsigned int evict_level( uint32_t residency )
{
    if (residency < D3DDDI_ALLOCATIONPRIORITY_LOW) return 0;
    if (residency < D3DDDI_ALLOCATIONPRIORITY_NORMAL) return 1;
    if (residency < D3DDDI_ALLOCATIONPRIORITY_HIGH) return 2;
    return residency < D3DDDI_ALLOCATIONPRIORITY_MAXIMUM ? 3 : 4;
}

/***********************************************************************
 * Devices and lists
 */

bool expect_device( struct answers *answers, const struct m_device *device )
{
    if (!device || !device->live) permit( answers, STATUS_INVALID_PARAMETER );
    else if (device->failed) permit( answers, STATUS_DEVICE_REMOVED );
    else return true;
    return false;
}

bool is_good_list( const struct m_list *list, const struct m_device *device, bool (*condition)( const struct m_allocation * ) )
{
    unsigned int i;

    for (i = 0; i < list->count; i++)
    {
        if (!list->entries[i] || list->entries[i]->device != device) return false;
        if (condition && !condition( list->entries[i] )) return false;
    }
    return true;
}

bool is_not_dead( const struct m_allocation *allocation )
{
    return !allocation->dead;
}

bool can_be_offered( const struct m_allocation *allocation )
{
    return !allocation->dead && !allocation->locks;
}

unsigned int times_in_list( const struct m_list *list, const struct m_allocation *allocation, unsigned int end )
{
    unsigned int i, times = 0;

    for (i = 0; i < end; i++) times += list->entries[i] == allocation;
    return times;
}

/***********************************************************************
 * Calls whose answer depends on more
 */

/* Several things may be wrong at once; which is told first is settled for lists only, so any of them will do. */
void expect_creation( const struct world *world, const struct m_creation *creation, struct answers *answers )
{
    uint64_t pages = (creation->size + 4095) & ~(uint64_t)4095, total = MIB( world->config.heap ) * (world->config.unified ? 1 : 2);
    unsigned int segments = creation->segments ? creation->segments : WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL;

    expect_device( answers, creation->device );
    if (creation->has_resource && !creation->existing) permit( answers, STATUS_INVALID_HANDLE );
    if (creation->existing && (creation->create_resource || creation->existing->device != creation->device || creation->existing->shared))
        permit( answers, STATUS_INVALID_PARAMETER );
    if ((creation->shared && !creation->create_resource) || (creation->nt && !creation->shared)) permit( answers,
             STATUS_INVALID_PARAMETER );
    switch (creation->bad)
    {
    case BAD_NONE: break;
    case BAD_HANDLE: permit( answers, STATUS_INVALID_HANDLE ); break;
    case BAD_MAGIC: case BAD_VERSION: case BAD_SHORT: permit( answers, STATUS_GRAPHICS_DRIVER_MISMATCH ); break;
    default: permit( answers, STATUS_INVALID_PARAMETER ); break;
    }
    if (!(segments & get_visible( world, creation->access ))) permit( answers, STATUS_INVALID_PARAMETER );
    if (pages > total) permit( answers, STATUS_INVALID_PARAMETER );
    if (answers->count) return;
    /* "above the largest segment that it may live in": whether the user's limit makes a segment smaller, and what the host does not see
     * counts, is left open */
    if (pages > MIB( world->config.heap ) || (world->config.limit && pages > MIB( world->config.limit )))
        permit( answers, STATUS_INVALID_PARAMETER );
    if (fits_surely( world, creation->device->adapter, creation->room * creation->count, creation->access, creation->segments ))
    {
        permit( answers, STATUS_SUCCESS );
        return;
    }
    permit( answers, STATUS_SUCCESS );
    permit( answers, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    /* only when content had to be evicted, and there is no system memory */
    if (world->config.system) permit( answers, STATUS_NO_MEMORY );
}

void expect_lock( const struct m_device *device, const struct m_allocation *allocation, bool first_form, bool bad, bool system_memory,
                  bool alone,
                  struct answers *answers )
{
    if (bad)
    {
        permit( answers, STATUS_INVALID_PARAMETER );
        /* a bad page is found after the device */
        if (device && device->failed) permit( answers, STATUS_DEVICE_REMOVED );
        /* a page that there is not, of a primary that cannot be locked: either may be told */
        if (allocation && first_form && allocation->kind == KIND_PRIMARY) permit( answers, STATUS_GRAPHICS_CANT_EVICT_PINNED_ALLOCATION );
        return;
    }
    if (!expect_device( answers, device )) return;
    if (!allocation || allocation->device != device || allocation->dead || !allocation->size ||
        (allocation->offered && !model_bug( "lock" )))
    {
        permit( answers, STATUS_INVALID_PARAMETER );
        return;
    }
    if (allocation->access == WINEKMT_CPU_ACCESS_NONE && allocation->kind != KIND_HEAP)
    {
        /* A primary is implicitly visible, where its memory happens to be. */
        permit( answers, first_form && allocation->kind == KIND_PRIMARY ? STATUS_GRAPHICS_CANT_EVICT_PINNED_ALLOCATION
                                                                        : STATUS_INVALID_PARAMETER );
        if (allocation->kind == KIND_PRIMARY) permit( answers, STATUS_SUCCESS );
        return;
    }
    permit( answers, STATUS_SUCCESS );
    /* one that is evicted needs pages, or that others go */
    if (system_memory && (!alone || (allocation->where != WHERE_LOCAL && allocation->where != WHERE_SHARED))) permit( answers,
             STATUS_NO_MEMORY );
    if (is_slow()) permit( answers, STATUS_GRAPHICS_ALLOCATION_BUSY );      /* it waits 2 s only */
}

void expect_update( const struct world *world, const struct m_queue *queue, const struct m_allocation *allocation,
                    const D3DDDI_UPDATEALLOCPROPERTY *update, struct answers *answers )
{
    unsigned int segments, id = update->PreferredSegment.SegmentId0;
    bool unmoveable, outside;

    if (update->PropertyMaskValue & ~0xfu || update->Flags.Value & ~3u || update->PreferredSegment.Reserved)
    {
        permit( answers, STATUS_INVALID_PARAMETER );
        return;
    }
    if (!queue || !queue->live) permit( answers, STATUS_INVALID_PARAMETER );
    else expect_device( answers, queue->device );
    if (answers->count) return;
    if (!allocation || allocation->device != queue->device)
    {
        permit( answers, STATUS_INVALID_PARAMETER );
        return;
    }
    segments = update->SetSupportedSegmentSet ? update->SupportedSegmentSet : allocation->segments;
    if (update->SetSupportedSegmentSet && (!segments || segments & ~3u)) permit( answers, STATUS_INVALID_PARAMETER );
    if (update->SetPreferredSegment && (!id || id > 2 || !(segments & 1u << (id - 1)))) permit( answers, STATUS_INVALID_PARAMETER );
    if (answers->count) return;
    /* where the CPU does not reach, or nothing is at all; a heap is in no segment, so it may be refused or not */
    if (update->SetSupportedSegmentSet && !(segments & get_visible( world, allocation->access )))
    {
        permit( answers, STATUS_INVALID_PARAMETER );
        if (allocation->kind != KIND_HEAP) return;
    }
    /* what happens to a dead one is settled for some calls only */
    if (allocation->dead || allocation->size > MIB( world->config.heap )) permit( answers, STATUS_INVALID_PARAMETER );
    permit( answers, STATUS_SUCCESS );
    if (allocation->kind == KIND_HEAP || !update->SetSupportedSegmentSet) return;
    outside = allocation->where == WHERE_UNKNOWN || allocation->where == WHERE_NOWHERE ||
              !(segments & (allocation->where == WHERE_LOCAL ? WINEKMT_SEGMENT_LOCAL : WINEKMT_SEGMENT_NON_LOCAL));
    if (!outside) return;
    /* The flag in force is the old one or the new one: the documents do not say. */
    unmoveable = allocation->unmoveable || (update->SetUnmoveable && update->Flags.Unmoveable);
    if (allocation->locks || is_pinned( allocation ) || unmoveable)
    {
        /* Certain only when it is known to be there, and nothing else changes. */
        if (allocation->where != WHERE_UNKNOWN && allocation->where != WHERE_NOWHERE && !update->SetUnmoveable) answers->count = 0;
        permit( answers, STATUS_INVALID_PARAMETER );
        if (answers->count == 1) return;
    }
    /* It moves at once when held, and that needs memory; or it is evicted, and that needs system memory. */
    if (allocation->resident || world->config.system) permit( answers, STATUS_NO_MEMORY );
}

void expect_make_resident( const struct world *world, const struct m_queue *queue, const struct m_list *list, unsigned int flags,
                           struct answers *answers )
{
    const struct m_device *device = queue ? queue->device : NULL;
    bool refused = !world->alone, pending = false;
    unsigned int i;

    if (!list->count || list->count > 10240 || flags & ~3u || (flags & 2 && !(flags & 1)) || !queue || !queue->live)
    {
        permit( answers, STATUS_INVALID_PARAMETER );
        return;
    }
    if (!expect_device( answers, device )) return;
    if (!is_good_list( list, device, is_not_dead ))
    {
        permit( answers, STATUS_INVALID_PARAMETER );
        return;
    }
    for (i = 0; i < list->count; i++)
    {
        const struct m_allocation *allocation = list->entries[i];

        /* locked in system memory: until it is unlocked */
        if (allocation->locks && allocation->where != WHERE_LOCAL && allocation->where != WHERE_SHARED) refused = true;
        if (is_pinned( allocation ) || allocation->offered || !allocation->written) continue;
        /* Only what has content that is not there needs copies; in threads, and behind Evict, it may have gone a moment ago. */
        if (!world->alone || allocation->where == WHERE_NOWHERE || allocation->where == WHERE_UNKNOWN || allocation->eager ||
            allocation->pending ||
            is_tense( world, device->adapter, 0 )) pending = true;
    }
    permit( answers, STATUS_SUCCESS );
    if (pending) permit( answers, STATUS_PENDING );
    if (refused || is_tense( world, device->adapter, 0 )) permit( answers, STATUS_NO_MEMORY );
}
