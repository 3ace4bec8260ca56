/*
 * Checks of everything that the video memory manager's structures promise each other
 *
 * No model: the structures are compared with themselves. Every sum that the manager keeps is counted again from
 * the blocks, and every link is followed both ways.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

#define CHUNK  4096u    /* handles a chunk, as handle.c has it */

struct walk
{
    struct vidmm *vidmm;
    const char   *file;
    int           line;
    bool          busy;             /* other threads work on it */
    uint64_t      heap_used[GPU_MAX_HEAPS], heap_empty[GPU_MAX_HEAPS], committed[GROUP_COUNT];
    uint32_t      blocks, empty_blocks, listed_empty;
    uint32_t      offered, evictable;
    uint64_t      decommittable, evicted[GROUP_COUNT], unplaced[GROUP_COUNT];
    uint32_t      handles;
};

/* What does not hold once mostly does not hold for long: more than so many lines help nobody. Every check is counted. */
#define MAX_REPORTS  20

static unsigned int reports;

#define holds( walk, condition, ... ) \
    do { \
        bool holds_ = (condition); \
        if (holds_ || __atomic_fetch_add( &reports, 1, __ATOMIC_RELAXED ) < MAX_REPORTS) ok_( (walk)->file, (walk)->line )( holds_, __VA_ARGS__ ); \
    } while (0)

/* A block and its members. */
static void check_block( struct walk *walk, const struct vidmm_block *block )
{
    struct vidmm *vidmm = walk->vidmm;
    unsigned int slot, used = 0, words = (block->slots + 63) / 64, wrong_bits = 0, wrong_members = 0, above_fresh = 0;
    uint64_t summary = 0;

    for (slot = 0; slot < block->slots; slot++)
    {
        const struct allocation *member = block->members[slot];
        bool free = block->free[slot / 64] >> (slot % 64) & 1;

        if (free != !member) wrong_bits++;
        if (!member) continue;
        used++;
        /* A member that is being moved has two slots. */
        if ((member->block != block || member->slot != slot) && !member->busy) wrong_members++;
        if (member->device->vidmm != vidmm || member->size > block_slot_size( block )) wrong_members++;
        if (slot >= block->fresh) above_fresh++;
    }
    for (slot = 0; slot < words; slot++) if (block->free[slot]) summary |= 1ull << slot;
    holds( walk, !wrong_bits, "block %p: %u bits do not agree with the members\n", block, wrong_bits );
    holds( walk, !wrong_members, "block %p: %u members are elsewhere\n", block, wrong_members );
    holds( walk, !above_fresh, "block %p: %u members are in slots that count as never used (fresh %u)\n", block, above_fresh, block->fresh );
    holds( walk, summary == block->summary, "block %p: summary %#llx, expected %#llx\n", block,
           (unsigned long long)block->summary, (unsigned long long)summary );
    holds( walk, used == block->used, "block %p: used is %u, %u members\n", block, block->used, used );
    holds( walk, !block->isolated || walk->busy, "block %p is isolated\n", block );
    holds( walk, !block->mapping || walk->busy, "block %p is being mapped\n", block );
    holds( walk, !used == !list_empty( &block->empty_entry ), "block %p: %u used, %son the list of empty blocks\n", block, used,
           list_empty( &block->empty_entry ) ? "not " : "" );
    if (block->pool)
    {
        holds( walk, block->size == block->slots * block->pool->slot_size, "block %p: %u slots in %llu bytes\n", block, block->slots,
               (unsigned long long)block->size );
        holds( walk, block->type == block->pool->type, "block %p has another type than its pool\n", block );
    }
    else holds( walk, block->slots == 1 && list_empty( &block->entry ), "block %p without a pool has %u slots\n", block, block->slots );

    walk->blocks++;
    if (!used) walk->empty_blocks++;
    if (block->import) return;
    walk->heap_used[vidmm->info->types[block->type].heap] += block->size;
    walk->committed[vidmm->heaps[vidmm->info->types[block->type].heap].local ? GROUP_LOCAL : GROUP_NON_LOCAL] += used * block_slot_size( block );
}

static void check_pool( struct walk *walk, const struct vidmm_pool *pool, unsigned int type, unsigned int class )
{
    uint64_t bytes = 0, free_slots = 0;
    struct list *cursor;

    holds( walk, pool->type == type, "a pool of type %u is found as type %u\n", pool->type, type );
    holds( walk, size_class( pool->slot_size, PAGE_SIZE, &(uint64_t){ 0 } ) == class, "a pool of class %u has slots of %llu bytes\n", class,
           (unsigned long long)pool->slot_size );
    LIST_FOR_EACH( cursor, &pool->partial )
    {
        const struct vidmm_block *block = LIST_ENTRY( cursor, struct vidmm_block, entry );

        check_block( walk, block );
        holds( walk, block->pool == pool && block->used < block->slots, "block %p is wrongly on partial\n", block );
        bytes += block->size;
        free_slots += block->slots - block->used;
    }
    LIST_FOR_EACH( cursor, &pool->full )
    {
        const struct vidmm_block *block = LIST_ENTRY( cursor, struct vidmm_block, entry );

        check_block( walk, block );
        holds( walk, block->pool == pool && block->used == block->slots, "block %p is wrongly on full\n", block );
        bytes += block->size;
    }
    holds( walk, free_slots == pool->free_slots, "pool of %llu: free_slots %u, counted %llu\n", (unsigned long long)pool->slot_size,
           pool->free_slots, (unsigned long long)free_slots );
    if (walk->busy) holds( walk, bytes <= pool->bytes, "pool of %llu: bytes %llu, counted %llu\n", (unsigned long long)pool->slot_size,
                           (unsigned long long)pool->bytes, (unsigned long long)bytes );
    else holds( walk, bytes == pool->bytes, "pool of %llu: bytes %llu, counted %llu\n", (unsigned long long)pool->slot_size,
                (unsigned long long)pool->bytes, (unsigned long long)bytes );
}

/* A copy that failed leaves content where it is, and the device in error. */
static bool vidmm_failed( const struct allocation *allocation )
{
    return device_is_removed( allocation->device );
}

static void check_allocation( struct walk *walk, const struct allocation *allocation, const struct device *device, const struct resource *resource )
{
    const struct vidmm_block *block = allocation->block;
    D3DKMT_HANDLE handle = allocation->object.handle;
    bool listed = allocation->victim_list != VICTIM_NONE;

    holds( walk, allocation->device == device && allocation->resource == resource, "%#x has another owner\n", handle );
    holds( walk, get_allocation_locked( device, handle ) == allocation, "%#x is not found by its handle\n", handle );
    holds( walk, !allocation->mark, "%#x: mark %u\n", handle, allocation->mark );
    holds( walk, allocation->object.refs == 1u + !!allocation->busy, "%#x: %u references, busy %u\n", handle, allocation->object.refs, allocation->busy );
    holds( walk, !allocation->busy || walk->busy, "%#x is busy\n", handle );
    holds( walk, !allocation->locks || allocation->offer == NOT_OFFERED, "%#x: locked and offered\n", handle );
    holds( walk, !allocation->discarded || allocation->offer != NOT_OFFERED, "%#x: discarded, not offered\n", handle );
    holds( walk, listed == !list_empty( &allocation->victim_entry ), "%#x: on list %u, and not\n", handle, allocation->victim_list );
    holds( walk, !listed || block || allocation->victim_list == VICTIM_OFFERED_EVICTED, "%#x: a victim without memory\n", handle );
    holds( walk, !allocation->system_memory || allocation->evicted || allocation->backing == BACKING_USER, "%#x: system memory, not evicted\n", handle );
    if (allocation->evicted)
    {
        uint64_t slot_size = allocation->size;

        walk->evicted[preferred_group( allocation )] += allocation->size;
        if (allocation->pooled) size_class( allocation->size, allocation->alignment, &slot_size );
        if (!block) walk->unplaced[preferred_group( allocation )] += slot_size;
    }
    if (!allocation->busy)
    {
        holds( walk, (allocation->victim_list == VICTIM_OFFERED) == can_discard( allocation ), "%#x: can be discarded %u, on list %u\n", handle,
               can_discard( allocation ), allocation->victim_list );
        holds( walk, (allocation->victim_list == VICTIM_EVICTABLE) == can_evict( allocation ), "%#x: can be evicted %u, on list %u\n", handle,
               can_evict( allocation ), allocation->victim_list );
        if (allocation->backing == BACKING_BLOCK)
            holds( walk, !block == (allocation->discarded || allocation->dead || allocation->evicted),
                   "%#x: memory %p, discarded %u, dead %u, evicted %u\n", handle, block, allocation->discarded, allocation->dead, allocation->evicted );
        holds( walk, !(allocation->evicted && allocation->discarded), "%#x: evicted and discarded\n", handle );
        holds( walk, !(allocation->resident_count && allocation->evicted) || allocation->offer != NOT_OFFERED || vidmm_failed( allocation ),
               "%#x: evicted, though it was made resident\n", handle );
    }
    if (!block) return;
    holds( walk, block->import || allocation->memory_type == block->type, "%#x: type %u, its block has %u\n", handle, allocation->memory_type, block->type );
    holds( walk, allocation->shared == (resource && resource->shared), "%#x: shared %u\n", handle, allocation->shared );
    holds( walk, allocation->slot < block->slots && block->members[allocation->slot] == allocation, "%#x is not in its slot\n", handle );
    holds( walk, block->import == (allocation->backing == BACKING_USER), "%#x: import %u\n", handle, block->import );
    holds( walk, allocation->slot * block_slot_size( block ) % (allocation->alignment ? allocation->alignment : 1) == 0, "%#x is not aligned\n", handle );
    /* Blocks of pools are met there. */
    if (!block->pool) check_block( walk, block );
}

static void check_allocations( struct walk *walk, const struct list *list, const struct device *device, const struct resource *resource )
{
    struct list *cursor;

    LIST_FOR_EACH( cursor, list )
    {
        check_allocation( walk, LIST_ENTRY( cursor, struct allocation, owner_entry ), device, resource );
        walk->handles++;
    }
}

static void check_device( struct walk *walk, const struct device *device )
{
    struct list *cursor;

    walk->handles++;
    check_allocations( walk, &device->allocations, device, NULL );
    LIST_FOR_EACH( cursor, &device->resources )
    {
        const struct resource *resource = LIST_ENTRY( cursor, struct resource, entry );

        walk->handles += 1 + (resource->share != NULL);
        holds( walk, resource->device == device, "a resource has another device\n" );
        check_allocations( walk, &resource->allocations, device, resource );
    }
    LIST_FOR_EACH( cursor, &device->paging_queues ) walk->handles += 2;
}

/* Every device of the manager, by its handle. */
static void check_objects( struct walk *walk )
{
    uint32_t index, other = 0;

    for (index = 0; index < kmt_handles.capacity; index++)
    {
        unsigned int unique;

        if (!kmt_handles.chunks[index / CHUNK])
        {
            index |= CHUNK - 1;
            continue;
        }
        for (unique = 2; unique < 4; unique++)
        {
            D3DKMT_HANDLE handle = unique << 30 | index << 6;
            struct device *device = find_device_locked( handle );

            if (get_adapter_locked( handle )) walk->handles++;
            if (device && device->vidmm == walk->vidmm) check_device( walk, device );
            else if (device) other++;
        }
    }
    if (!other) holds( walk, walk->handles == kmt_handles.live, "%u handles are live, %u objects found\n", kmt_handles.live, walk->handles );
}

/* Written a second time: what core remembers of a priority must be what the priority says. */
static enum evict_level priority_level( const struct allocation *allocation )
{
    static const uint32_t limits[] = { D3DDDI_ALLOCATIONPRIORITY_LOW, D3DDDI_ALLOCATIONPRIORITY_NORMAL, D3DDDI_ALLOCATIONPRIORITY_HIGH,
                                       D3DDDI_ALLOCATIONPRIORITY_MAXIMUM };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE( limits ); i++) if (allocation->residency_priority < limits[i]) break;
    return EVICT_MINIMUM + i;
}

/* One list of those of a heap (NULL: of the manager's); returns the bytes of its members. */
static uint64_t check_offers( struct walk *walk, const struct list *list, const struct vidmm_heap *heap, unsigned int level, bool decommittable )
{
    uint64_t sequence = 0, bytes = 0;
    const struct list *cursor;

    LIST_FOR_EACH( cursor, list )
    {
        const struct allocation *allocation = LIST_ENTRY( cursor, struct allocation, victim_entry );
        uint32_t handle = allocation->object.handle;

        holds( walk, allocation->offer == level, "%#x: offered as %u, on list %u\n", handle, allocation->offer, level );
        holds( walk, allocation->allow_decommit == decommittable, "%#x: AllowDecommit %u, on the wrong list\n", handle, allocation->allow_decommit );
        if (heap) holds( walk, allocation->block && type_heap( walk->vidmm, allocation->block->type ) == heap, "%#x is on the list of another heap\n",
                         handle );
        else holds( walk, allocation->evicted && !allocation->block && allocation->system_memory, "%#x is wrongly on the list of evicted ones\n",
                    handle );
        holds( walk, sequence <= allocation->victim_sequence, "%#x is not in order\n", handle );
        sequence = allocation->victim_sequence + 1;
        if (decommittable) walk->decommittable += allocation->size;
        if (heap) walk->offered++;
        bytes += allocation->size;
    }
    return bytes;
}

static void check_heap( struct walk *walk, unsigned int i )
{
    struct vidmm *vidmm = walk->vidmm;
    const struct vidmm_heap *heap = &vidmm->heaps[i];
    uint64_t offered = 0, evictable = 0;
    unsigned int level;
    struct list *cursor;

    for (level = OFFER_LOW; level < OFFER_LEVELS; level++)
    {
        offered += check_offers( walk, &heap->offered.plain[level], heap, level, false );
        offered += check_offers( walk, &heap->offered.decommittable[level], heap, level, true );
    }
    for (level = EVICT_EAGER; level < EVICT_LEVELS; level++)
    {
        uint64_t sequence = 0;

        LIST_FOR_EACH( cursor, &heap->evictable[level] )
        {
            const struct allocation *allocation = LIST_ENTRY( cursor, struct allocation, victim_entry );

            holds( walk, level == (allocation->eager ? EVICT_EAGER : priority_level( allocation )), "%#x: eager %u, priority %#x, on list %u\n",
                   allocation->object.handle, allocation->eager, allocation->residency_priority, level );
            holds( walk, allocation->block && type_heap( vidmm, allocation->block->type ) == heap, "%#x is on the list of another heap\n",
                   allocation->object.handle );
            holds( walk, sequence <= allocation->victim_sequence, "%#x is not in order\n", allocation->object.handle );
            sequence = allocation->victim_sequence + 1;
            evictable += allocation->size;
            walk->evictable++;
        }
    }
    holds( walk, heap->offered_bytes == offered, "heap %u: offered_bytes %llu, counted %llu\n", i, (unsigned long long)heap->offered_bytes,
           (unsigned long long)offered );
    holds( walk, heap->evictable_bytes == evictable, "heap %u: evictable_bytes %llu, counted %llu\n", i, (unsigned long long)heap->evictable_bytes,
           (unsigned long long)evictable );
    holds( walk, heap->placed >= offered + evictable && heap->placed <= heap->committed, "heap %u: placed %llu of %llu committed\n", i,
           (unsigned long long)heap->placed, (unsigned long long)heap->committed );
    holds( walk, walk->heap_empty[i] == heap->empty_bytes, "heap %u: empty_bytes %llu, counted %llu\n", i, (unsigned long long)heap->empty_bytes,
           (unsigned long long)walk->heap_empty[i] );
    holds( walk, heap->empty_bytes <= heap->used, "heap %u: more empty than used\n", i );
    if (walk->busy) holds( walk, heap->used >= walk->heap_used[i], "heap %u: used %llu, counted %llu\n", i, (unsigned long long)heap->used,
                           (unsigned long long)walk->heap_used[i] );
    else holds( walk, heap->used == walk->heap_used[i], "heap %u: used %llu, counted %llu\n", i, (unsigned long long)heap->used,
                (unsigned long long)walk->heap_used[i] );
}

static void check_manager( struct walk *walk )
{
    struct vidmm *vidmm = walk->vidmm;
    uint64_t sums[GROUP_COUNT] = { 0 }, since = 0;
    unsigned int type, class, level, i;
    struct fake_gpu_stats stats;
    struct list *cursor;

    LIST_FOR_EACH( cursor, &vidmm->empty )
    {
        const struct vidmm_block *block = LIST_ENTRY( cursor, struct vidmm_block, empty_entry );

        if (!block->pool) check_block( walk, block );   /* others are met in their pools */
        holds( walk, block->empty_since >= since, "the list of empty blocks is not in order\n" );
        since = block->empty_since;
        walk->heap_empty[vidmm->info->types[block->type].heap] += block->size;
        walk->listed_empty++;
    }
    for (level = OFFER_LOW; level < OFFER_LEVELS; level++)
    {
        check_offers( walk, &vidmm->offered_evicted.plain[level], NULL, level, false );
        check_offers( walk, &vidmm->offered_evicted.decommittable[level], NULL, level, true );
    }
    for (type = 0; type < GPU_MAX_TYPES; type++)
        for (class = 0; class < SIZE_CLASSES; class++)
            for (level = 0; level < OFFER_LEVELS; level++)
                if (vidmm->pools[type][class][level]) check_pool( walk, vidmm->pools[type][class][level], type, class );
    holds( walk, walk->listed_empty == walk->empty_blocks, "%u blocks are empty, %u on the list\n", walk->empty_blocks, walk->listed_empty );

    for (i = 0; i < vidmm->info->heap_count; i++)
    {
        check_heap( walk, i );
        sums[vidmm->heaps[i].local ? GROUP_LOCAL : GROUP_NON_LOCAL] += vidmm->heaps[i].used;
    }
    holds( walk, walk->decommittable == vidmm->decommittable_bytes, "decommittable_bytes is %llu, counted %llu\n",
           (unsigned long long)vidmm->decommittable_bytes, (unsigned long long)walk->decommittable );
    holds( walk, walk->offered == vidmm->offered, "offered is %u, counted %u\n", vidmm->offered, walk->offered );
    holds( walk, walk->evictable == vidmm->evictable, "evictable is %u, counted %u\n", vidmm->evictable, walk->evictable );
    for (i = 0; i < GROUP_COUNT; i++)
    {
        holds( walk, vidmm->groups[i].used == sums[i], "group %u: used %llu, heaps %llu\n", i, (unsigned long long)vidmm->groups[i].used,
               (unsigned long long)sums[i] );
        if (!walk->busy) holds( walk, vidmm->groups[i].committed == walk->committed[i], "group %u: committed %llu, counted %llu\n", i,
                                (unsigned long long)vidmm->groups[i].committed, (unsigned long long)walk->committed[i] );
        if (!walk->busy) holds( walk, vidmm->groups[i].evicted == walk->evicted[i], "group %u: evicted %llu, counted %llu\n", i,
                                (unsigned long long)vidmm->groups[i].evicted, (unsigned long long)walk->evicted[i] );
        if (!walk->busy) holds( walk, vidmm->unplaced[i] == walk->unplaced[i], "group %u: unplaced %llu, counted %llu\n", i,
                                (unsigned long long)vidmm->unplaced[i], (unsigned long long)walk->unplaced[i] );
        holds( walk, !vidmm->unplaced[i] == !vidmm->unplaced_allocations[i], "group %u: %u unplaced\n", i,
               vidmm->unplaced_allocations[i] );
        holds( walk, vidmm->groups[i].paged ||
                     (vidmm->groups[i].evicted == LEDGER_GET( vidmm->account, i, evicted ) && vidmm->unplaced[i] == LEDGER_GET( vidmm->account, i, unplaced ) &&
                      vidmm->groups[i].paged_out == LEDGER_GET( vidmm->account, i, paged_out ) &&
                      vidmm->groups[i].paged_in == LEDGER_GET( vidmm->account, i, paged_in ) &&
                      vidmm->groups[i].discards == LEDGER_GET( vidmm->account, i, discards )), "group %u: the ledger knows something else\n", i );
        holds( walk, vidmm->groups[i].committed <= vidmm->groups[i].used, "group %u: more committed than used\n", i );
    }
    if (walk->busy)
    {
        holds( walk, vidmm->memories >= walk->blocks, "memories is %u, %u blocks\n", vidmm->memories, walk->blocks );
        return;
    }
    holds( walk, vidmm->memories == walk->blocks, "memories is %u, %u blocks\n", vidmm->memories, walk->blocks );
    fake_gpu_get_stats( &stats );
    if (stats.live_devices != 1) return;
    holds( walk, stats.live_memories == vidmm->memories, "the GPU has %llu memories, memories is %u\n", (unsigned long long)stats.live_memories,
           vidmm->memories );
    for (i = 0; i < vidmm->info->heap_count; i++)
        holds( walk, stats.heap_bytes[i] == vidmm->heaps[i].used, "heap %u: the GPU says %llu, used %llu\n", i,
               (unsigned long long)stats.heap_bytes[i], (unsigned long long)vidmm->heaps[i].used );
}

static void check( struct vidmm *vidmm, const char *file, int line, bool busy )
{
    struct walk walk = { .vidmm = vidmm, .file = file, .line = line, .busy = busy };

    kmt_lock();
    if (vidmm && vidmm->freeing) walk.busy = true;      /* the worker is at it */
    if (kmt_handles.chunks) check_objects( &walk );
    if (vidmm) check_manager( &walk );
    kmt_unlock();
}

void check_invariants( struct vidmm *vidmm, const char *file, int line )
{
    check( vidmm, file, line, false );
}

void check_invariants_busy( struct vidmm *vidmm, const char *file, int line )
{
    check( vidmm, file, line, true );
}
