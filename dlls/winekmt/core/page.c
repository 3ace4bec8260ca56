/*
 * Paging: the content of allocations between GPU memory and system memory
 *
 * Where the block is mapped the CPU copies, else the GPU does, through gpu_read_memories and gpu_write_memories, several
 * allocations in one list. Content that is still to be zeroed is not copied at all. While a copy is under way its allocation is
 * busy and on no list of victims; whatever becomes of the copy, one of the two places has the content.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/vidmm.h"

/* How much is copied between two signs of progress: some milliseconds each. A GPU's copies overlap within a piece only, so theirs is
 * larger. */
#define CPU_PIECE_BYTES  (16ull << 20)
#define GPU_PIECE_BYTES  (128ull << 20)

void allocation_count_unplaced_locked( const struct allocation *allocation, int64_t sign )
{
    unsigned int group = preferred_group( allocation );
    struct vidmm *vidmm = allocation->device->vidmm;
    uint64_t slot_size = allocation->size;

    /* As much as its memory took: eviction changes no sum. */
    if (allocation->pooled) size_class( allocation->size, allocation->alignment, &slot_size );
    vidmm->unplaced[group] += sign * slot_size;
    vidmm->groups[group].paged = true;
    vidmm->unplaced_allocations[group] += sign;
}

/* sign: 1 for content that is in system memory from now on, -1 for what is not any more. */
static void count_evicted_locked( const struct allocation *allocation, int64_t sign )
{
    struct vidmm_group *group = &allocation->device->vidmm->groups[preferred_group( allocation )];

    group->evicted += sign * allocation->size;
    group->paged = true;
    group->evicted_allocations += sign;
    if (!allocation->block) allocation_count_unplaced_locked( allocation, sign );
}

void allocation_set_evicted_locked( struct allocation *allocation )
{
    if (allocation->evicted) return;
    allocation->evicted = true;
    count_evicted_locked( allocation, 1 );
}

void allocation_drop_system_copy_locked( struct allocation *allocation, struct freed_memory *freed )
{
    if (!allocation->evicted) return;
    if (allocation->block) system_memory_take_back_locked( allocation );
    system_memory_free_locked( allocation->system_memory, allocation->size, freed );
    allocation->system_memory = NULL;
    allocation->evicted = false;
    count_evicted_locked( allocation, -1 );
}

void allocation_set_segments_locked( struct allocation *allocation, unsigned int segments, unsigned int preferred )
{
    if (allocation->evicted) count_evicted_locked( allocation, -1 );
    allocation->segments = segments;
    allocation->preferred_segment = preferred;
    if (allocation->evicted) count_evicted_locked( allocation, 1 );
}

/***********************************************************************
 * Copies by the GPU
 */

#define LIST_COUNT  (PAGE_IN_COUNT > PAGE_OUT_COUNT ? PAGE_IN_COUNT : PAGE_OUT_COUNT)

struct gpu_list
{
    unsigned int        count;
    struct gpu_transfer transfers[LIST_COUNT];
    enum gpu_result    *results[LIST_COUNT];    /* of each */
};

static void gpu_list_add( struct gpu_list *list, const struct allocation *allocation, void *pages, enum gpu_result *result )
{
    const struct vidmm_block *block = allocation->block;

    list->transfers[list->count] = (struct gpu_transfer){ block->memory, allocation->slot * block_slot_size( block ), pages,
                                                          allocation->size };
    list->results[list->count++] = result;
}

/* Copies all of a list. When that fails nothing is known of any of them: each is tried by itself then, so that a bad one does not
 * spoil the others. The lock is not held; the allocations are busy. */
static void gpu_list_copy( struct vidmm *vidmm, const struct gpu_list *list, bool write )
{
    enum gpu_result (*copy)( struct gpu_device *, const struct gpu_transfer *, unsigned int ) = write ? gpu_write_memories
                                                                                                      : gpu_read_memories;
    enum gpu_result result;
    unsigned int i;

    if (!list->count) return;
    result = copy( vidmm->device, list->transfers, list->count );
    for (i = 0; i < list->count; i++)
    {
        if (result && result != GPU_DEVICE_LOST && list->count > 1) *list->results[i] = copy( vidmm->device, &list->transfers[i], 1 );
        else *list->results[i] = result;
    }
}

/***********************************************************************
 * Out
 */

/* Larger ones are copied by themselves: they fill the copy's pipeline. */
#define LISTED_SIZE  (16u << 20)

struct page_out
{
    struct allocation *allocation;
    const char        *content;     /* in the CPU's view; NULL: the GPU has to copy */
    void              *copy;
    enum gpu_result    result;
};

/* Maps the block where the host can see it, so that no GPU is needed. Drops the lock. */
static void prefer_cpu_locked( struct vidmm *vidmm, struct page_out *page )
{
    /* Reading memory that is not cached is slower than the slowest bus. */
    uint32_t wanted = GPU_MEMORY_HOST_VISIBLE | GPU_MEMORY_HOST_CACHED;
    struct vidmm_block *block = page->allocation->block;

    page->content = NULL;
    if ((vidmm->info->types[block->type].properties & wanted) != wanted) return;
    if (!vidmm->lost) block_map_locked( vidmm, block );
    page->content = mapped_content( page->allocation );     /* now: others may map the block while the copy is made */
}

/* Finds system memory for the copy. false: there is nothing to copy, or no memory (page->result). The lock is not held. */
static bool begin_copy_out( struct page_out *page )
{
    const struct allocation *allocation = page->allocation;

    page->copy = NULL;
    page->result = GPU_SUCCESS;
    if (allocation->content == CONTENT_ZERO) return false;
    if (!(page->copy = system_memory_allocate( allocation->size, false ))) page->result = GPU_OUT_OF_HOST_MEMORY;
    return page->copy;
}

/* What this process does for itself is no sign for those who wait for something else. The lock is not held. */
static void show_progress( const struct vidmm *vidmm )
{
    if (__atomic_load_n( &vidmm->giving, __ATOMIC_RELAXED )) ledger_show_progress();
}

/* Copies the content in pieces: between two of them others see that this process is at work. The lock is not held; the allocation is busy. */
static void copy_out( struct vidmm *vidmm, struct page_out *page )
{
    const struct allocation *allocation = page->allocation;
    const struct vidmm_block *block = allocation->block;
    uint64_t start = allocation->slot * block_slot_size( block ), piece = page->content ? CPU_PIECE_BYTES : GPU_PIECE_BYTES;
    uint64_t offset, size;

    for (offset = 0; offset < allocation->size && !page->result; offset += size)
    {
        size = allocation->size - offset < piece ? allocation->size - offset : piece;
        if (page->content) memcpy( (char *)page->copy + offset, page->content + offset, size );
        else page->result = gpu_read_memory( vidmm->device, block->memory, start + offset, (char *)page->copy + offset, size );
        show_progress( vidmm );
    }
}

/* The same for several. */
static void copy_out_all( struct vidmm *vidmm, struct page_out *pages, unsigned int count )
{
    struct gpu_list list = { .count = 0 };
    unsigned int i;

    for (i = 0; i < count; i++)
    {
        struct page_out *page = &pages[i];

        if (!begin_copy_out( page )) continue;
        if (page->content || page->allocation->size > LISTED_SIZE) copy_out( vidmm, page );
        else gpu_list_add( &list, page->allocation, page->copy, &page->result );
    }
    gpu_list_copy( vidmm, &list, false );
    show_progress( vidmm );
}

/* The bytes of system memory that paging it out takes. */
static uint64_t system_size( const struct allocation *allocation )
{
    return allocation->content == CONTENT_ZERO ? 0 : allocation->size;
}

/* It stays where it is. */
static void abandon_page_out_locked( struct page_out *page, struct freed_memory *freed )
{
    if (page->copy) system_memory_free_locked( page->copy, page->allocation->size, freed );
    else system_memory_unreserve_locked( system_size( page->allocation ) );
}

static NTSTATUS finish_page_out_locked( struct page_out *page, bool even_recalled, struct freed_memory *freed )
{
    struct allocation *allocation = page->allocation;
    struct vidmm *vidmm = freed->vidmm;
    struct vidmm_heap *heap;

    /* MakeResident came meanwhile, and was told that it is there. Even if that is over, the GPU may have written to it. */
    if (allocation->recalled && !even_recalled && !page->result)
    {
        abandon_page_out_locked( page, freed );
        return STATUS_SUCCESS;
    }
    if (page->result)
    {
        if (page->result == GPU_DEVICE_LOST) vidmm_lose_locked( vidmm );
        abandon_page_out_locked( page, freed );
        /* It is not tried again before its turn; Evict may have listed it meanwhile. */
        victim_list_remove_locked( allocation );
        allocation->eager = false;
        if (page->result == GPU_DEVICE_LOST) return STATUS_DEVICE_REMOVED;
        WARN( "%#x, %llu bytes, cannot be paged out (%d)", allocation->object.handle, (unsigned long long)allocation->size, page->result );
        return STATUS_NO_MEMORY;
    }

    TRACE( "%#x, %llu bytes, is in system memory", allocation->object.handle, (unsigned long long)allocation->size );
    victim_list_remove_locked( allocation );    /* it may have been offered meanwhile */
    heap = type_heap( vidmm, allocation->memory_type );
    /* A block that becomes empty is kept for a moment: what needs the room is often of the same size. */
    allocation_unplace_locked( allocation, freed, true );
    allocation_set_evicted_locked( allocation );
    allocation->system_memory = page->copy;
    allocation->eager = false;
    heap_group( vidmm, heap )->paged = true;
    if (page->copy) heap_group( vidmm, heap )->paged_out += allocation->size;
    return STATUS_SUCCESS;
}

NTSTATUS page_out_allocation_locked( struct allocation *allocation, bool even_recalled, struct freed_memory *freed )
{
    struct page_out page = { .allocation = allocation };
    struct vidmm *vidmm = freed->vidmm;
    NTSTATUS status;

    if (!system_memory_reserve_locked( vidmm, system_size( allocation ), freed )) return STATUS_NO_MEMORY;
    vidmm->freeing++;
    prefer_cpu_locked( vidmm, &page );
    kmt_unlock();
    if (begin_copy_out( &page )) copy_out( vidmm, &page );
    kmt_lock();
    status = finish_page_out_locked( &page, even_recalled, freed );
    vidmm->freeing--;
    kmt_wake_locked();
    return status;
}

enum room page_out_locked( struct vidmm *vidmm, const struct shortage *shortage, enum evict_level level )
{
    struct page_out pages[PAGE_OUT_COUNT];
    unsigned int i, count = 0, done = 0;
    enum room room = ROOM_NONE;
    struct allocation *victim;
    struct freed_memory freed;
    uint64_t bytes = 0;

    freed_memory_init( &freed, vidmm );
    while (count < PAGE_OUT_COUNT && bytes < shortage->bytes && bytes < PAGE_OUT_BYTES && !vidmm->lost &&
           (victim = next_eviction_locked( vidmm, shortage, level )))
    {
        if (!system_memory_reserve_locked( vidmm, system_size( victim ), &freed ))
        {
            room = ROOM_NO_SYSTEM_MEMORY;
            break;
        }
        bytes += victim->size;
        victim_list_remove_locked( victim );
        allocation_begin_locked( victim );
        pages[count++].allocation = victim;
    }

    if (count)
    {
        vidmm->freeing++;   /* whoever finds no room waits for this */
        for (i = 0; i < count; i++) prefer_cpu_locked( vidmm, &pages[i] );
        kmt_unlock();
        copy_out_all( vidmm, pages, count );
        kmt_lock();
        for (i = 0; i < count; i++)
        {
            switch (finish_page_out_locked( &pages[i], false, &freed ))
            {
            case STATUS_SUCCESS:   done++; break;       /* or it was recalled: there may be another victim */
            case STATUS_NO_MEMORY: if (!done) room = ROOM_NO_SYSTEM_MEMORY; break;
            }
            allocation_done_locked( pages[i].allocation, &freed );
        }
        if (done) room = ROOM_MADE;
        freed_memory_flush_locked( &freed );
        share_publish_locked( vidmm );
        vidmm->freeing--;
        kmt_wake_locked();
    }
    else freed_memory_flush_locked( &freed );
    return room;
}

/***********************************************************************
 * In
 */

struct page_in
{
    char           *content;    /* in the CPU's view; NULL: the GPU has to copy */
    enum gpu_result result;
};

/* The lock is not held; the allocations are busy. */
static void copy_in_all( struct vidmm *vidmm, struct allocation *const *allocations, struct page_in *pages, unsigned int count )
{
    struct gpu_list list = { .count = 0 };
    unsigned int i;

    for (i = 0; i < count; i++)
    {
        pages[i].result = GPU_SUCCESS;
        if (pages[i].content) memcpy( pages[i].content, allocations[i]->system_memory, allocations[i]->size );
        else gpu_list_add( &list, allocations[i], allocations[i]->system_memory, &pages[i].result );
    }
    gpu_list_copy( vidmm, &list, true );
}

static NTSTATUS finish_page_in_locked( struct allocation *allocation, enum gpu_result result, struct freed_memory *freed )
{
    struct vidmm *vidmm = freed->vidmm;
    struct vidmm_group *group;

    if (result == GPU_DEVICE_LOST) vidmm_lose_locked( vidmm );
    if (result || vidmm->lost)
    {
        WARN( "%#x, %llu bytes, cannot be paged in (%d)", allocation->object.handle, (unsigned long long)allocation->size, result );
        victim_list_remove_locked( allocation );
        allocation_unplace_locked( allocation, freed, true );
        return vidmm->lost ? STATUS_DEVICE_REMOVED : STATUS_NO_MEMORY;
    }
    group = heap_group( vidmm, type_heap( vidmm, allocation->memory_type ) );
    group->paged_in += allocation->size;
    group->paged = true;
    TRACE( "%#x, %llu bytes, is in GPU memory", allocation->object.handle, (unsigned long long)allocation->size );
    allocation_drop_system_copy_locked( allocation, freed );
    return STATUS_SUCCESS;
}

void page_in_list_locked( struct allocation *const *allocations, unsigned int count, NTSTATUS *statuses, struct freed_memory *freed )
{
    struct vidmm *vidmm = freed->vidmm;
    struct page_in pages[PAGE_IN_COUNT];
    unsigned int i;

    assert( count <= PAGE_IN_COUNT );
    for (i = 0; i < count; i++)
    {
        struct vidmm_block *block = allocations[i]->block;

        assert( page_in_copies( allocations[i] ) );     /* nobody else changes that while it is busy */
        if (vidmm->info->types[block->type].properties & GPU_MEMORY_HOST_VISIBLE && !vidmm->lost) block_map_locked( vidmm, block );
        pages[i].content = mapped_content( allocations[i] );
    }
    kmt_unlock();
    copy_in_all( vidmm, allocations, pages, count );
    kmt_lock();
    for (i = 0; i < count; i++) statuses[i] = finish_page_in_locked( allocations[i], pages[i].result, freed );
}

NTSTATUS page_in_locked( struct allocation *allocation, struct freed_memory *freed )
{
    NTSTATUS status = STATUS_SUCCESS;

    if (page_in_copies( allocation )) page_in_list_locked( &allocation, 1, &status, freed );
    else allocation_drop_system_copy_locked( allocation, freed );
    return status;
}
