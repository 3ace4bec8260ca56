/*
 * Vulkan: copies between GPU memory and pages of this process
 *
 * There are two ways. Where the driver can import pages, large and aligned parts go straight: a piece of the pages becomes a
 * memory object for as long as the GPU copies it, and meanwhile the next piece is made ready, so that the cost of pinning
 * and of page faults hides behind the copy. Everything else passes through staging: host-visible memory of the
 * device, made at the first need and kept, in slots of which the GPU fills (or drains) one while the CPU does the other.
 * What cannot be imported after all is staged instead.
 *
 * A call has a list of transfers, and what of it is staged is one row of bytes: a slot takes the next of them, of however many
 * transfers, and is one submission. So small ones cost what one large one costs. A part that goes straight interrupts the row.
 *
 * Any number of threads may page at once. Each needs one slot to get on and takes more only while nobody waits for his
 * first; who has a slot always gives it back, since no wait for the GPU is without end. So nobody waits forever. No slot is
 * kept while a part goes straight.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>
#include <sys/mman.h>

#include "vulkan_private.h"
#include "os/os.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE  23     /* since Linux 5.14 */
#endif

#define DIRECT_MIN          0x100000ull     /* below that, importing costs more than a second copy */
#define DIRECT_PIECE_FIRST  0x200000ull     /* the GPU waits while it is made ready */
#define DIRECT_PIECE        0x2000000ull    /* the largest: as fast as the whole, some milliseconds */
#define STAGING_SIZE        0x800000ull     /* of all slots; larger ones fall out of the CPU's cache */
#define STAGING_SIZE_MIN    0x10000ull
#define STAGING_PIECE_MIN   0x40000ull      /* smaller pieces cost more in submissions than they gain by overlapping */
#define STAGING_RETRY_NS    1000000000ull   /* until a smaller staging memory than we wanted is tried anew */
#define DEPTH               3               /* slots that one call uses at most */
#define MAX_REGIONS         128             /* in one slot; they are on the stack */

/* One call of gpu_read_memories or gpu_write_memories; on the stack of its thread. */
struct list
{
    struct gpu_device         *device;
    const struct gpu_transfer *transfers;
    unsigned int               count;
    bool                       write;   /* from the pages to the memories */
};

/* The next byte of a list that is to be copied; at the end the index is the list's count. */
struct position
{
    unsigned int index;
    uint64_t     offset;    /* bytes into that transfer */
};

/***********************************************************************
 *           vulkan_init_staging
 *
 * Cost: nothing; the memory is made when it is needed.
 */
void vulkan_init_staging( struct gpu_device *device )
{
    pthread_mutex_init( &device->staging.mutex, NULL );
}

/* Frees the staging memory; no slot is in use. */
static void free_staging( struct gpu_device *device )
{
    struct vulkan_staging *staging = &device->staging;

    if (staging->memory) vulkan_destroy_memory( device, staging->memory );
    staging->memory = NULL;
    staging->slot_size = 0;
}

/***********************************************************************
 *           vulkan_destroy_staging
 *
 * When the device is closed. The GPU is done with the memory.
 */
void vulkan_destroy_staging( struct gpu_device *device )
{
    free_staging( device );
    pthread_mutex_destroy( &device->staging.mutex );
}

/* The memory types for staging, best first: system memory before what is scarce, cached before what is slow to read. Returns
 * how many. */
static uint32_t list_staging_types( const struct gpu_adapter *adapter, uint32_t types[GPU_MAX_TYPES] )
{
    static const uint32_t order[] =     /* DEVICE_LOCAL and HOST_CACHED of HOST_VISIBLE types */
    {
        GPU_MEMORY_HOST_CACHED,
        0,
        GPU_MEMORY_DEVICE_LOCAL | GPU_MEMORY_HOST_CACHED,
        GPU_MEMORY_DEVICE_LOCAL,
    };
    uint32_t i, j, count = 0;

    for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        for (j = 0; j < adapter->type_count; j++)
            if (adapter->types[j].properties == (order[i] | GPU_MEMORY_HOST_VISIBLE)) types[count++] = j;
    return count;
}

/* Makes one staging memory, mapped. */
static enum gpu_result make_staging( struct gpu_device *device, uint32_t type, uint64_t size )
{
    struct vulkan_staging *staging = &device->staging;
    struct gpu_memory *memory;
    enum gpu_result ret;
    void *pointer;

    if ((ret = vulkan_create_staging( device, type, size, &memory ))) return ret;
    if ((ret = gpu_map_memory( device, memory, &pointer )))
    {
        vulkan_destroy_memory( device, memory );
        return ret;
    }
    staging->memory = memory;
    staging->slot_size = size / STAGING_SLOTS;
    return GPU_SUCCESS;
}

/* Makes the staging memory, as large as it is to be had. */
static enum gpu_result create_staging_locked( struct gpu_device *device )
{
    const struct gpu_adapter *adapter = &device->adapter;
    uint32_t i, count, types[GPU_MAX_TYPES];
    enum gpu_result ret = GPU_FAILED;
    uint64_t size;

    device->staging.retry_time = os_time_ns() + STAGING_RETRY_NS;
    count = list_staging_types( adapter, types );
    for (i = 0; i < count; i++)
    {
        for (size = STAGING_SIZE; size >= STAGING_SIZE_MIN; size /= 2)
        {
            if (size > adapter->max_memory_size || size > adapter->heaps[adapter->types[types[i]].heap].size) continue;
            ret = make_staging( device, types[i], size );
            if (!ret || ret == GPU_DEVICE_LOST)
            {
                if (!ret) TRACE( "staging of %llu bytes, type %u", (unsigned long long)size, types[i] );
                return ret;
            }
        }
    }
    WARN( "%s has no memory for staging", adapter->name );
    return ret;
}

/* Finds a free slot, and makes the staging memory at the first need. wait: until there is one; else none is given while others
 * wait. size: bytes that the caller will copy in all. *slot: -1 when there is none. */
static enum gpu_result acquire_slot( struct gpu_device *device, bool wait, uint64_t size, int *slot )
{
    struct vulkan_staging *staging = &device->staging;
    enum gpu_result ret = GPU_SUCCESS;
    const uint32_t all = (1u << STAGING_SLOTS) - 1;

    *slot = -1;
    pthread_mutex_lock( &staging->mutex );
    if (wait)
    {
        staging->waiting++;
        while (staging->busy == all) os_condition_wait( &staging->released, &staging->mutex, UINT64_MAX );
        staging->waiting--;
    }
    else if (staging->waiting || staging->busy == all)
    {
        pthread_mutex_unlock( &staging->mutex );
        return GPU_SUCCESS;
    }

    /* A GPU that hangs may still use a slot that was released: none is given out any more. */
    if (atomic_load( &device->lost )) ret = GPU_DEVICE_LOST;
    else
    {
        /* What was made when memory was scarce would be slow for ever. */
        if (!staging->busy && staging->slot_size < STAGING_SIZE / STAGING_SLOTS && size > staging->slot_size &&
            os_time_ns() >= staging->retry_time) free_staging( device );
        if (!staging->memory) ret = create_staging_locked( device );
    }
    if (!ret)
    {
        *slot = __builtin_ctz( ~staging->busy );
        staging->busy |= 1u << *slot;
    }
    else os_condition_wake( &staging->released );   /* the next one may have more luck */
    pthread_mutex_unlock( &staging->mutex );
    return ret;
}

static void release_slot( struct gpu_device *device, int slot )
{
    struct vulkan_staging *staging = &device->staging;

    pthread_mutex_lock( &staging->mutex );
    staging->busy &= ~(1u << slot);
    os_condition_wake( &staging->released );
    pthread_mutex_unlock( &staging->mutex );
}

/* Moves *from over the next bytes before end, at most size (not 0) and all of one transfer, and returns them; of size 0 when end
 * is reached. */
static struct gpu_transfer next_range( const struct list *list, struct position *from, const struct position *end, uint64_t size )
{
    struct gpu_transfer range = { NULL };

    while (!range.size && (from->index < end->index || from->offset < end->offset))
    {
        const struct gpu_transfer *transfer = &list->transfers[from->index];
        uint64_t left = (from->index < end->index ? transfer->size : end->offset) - from->offset;

        range.memory = transfer->memory;
        range.offset = transfer->offset + from->offset;
        range.pages = (char *)transfer->pages + from->offset;
        range.size = left < size ? left : size;
        from->offset += range.size;
        if (from->index == end->index || from->offset < transfer->size) continue;
        from->index++;
        from->offset = 0;
    }
    return range;
}

/***********************************************************************
 * Straight
 */

/* A part of a range that the GPU has. */
struct direct_piece
{
    struct vulkan_copy *copy;
    uint64_t            offset, size;   /* bytes into the range */
    struct gpu_memory  *import;
};

/* Makes pages that are about to be written to be there. Calling the kernel for pages that are there already would cost as much as
 * copying them, so it is asked first. */
static void populate_pages( void *pointer, uint64_t size )
{
    unsigned char in_core[DIRECT_PIECE / 0x1000];

    if (!mincore( pointer, size, in_core ) && !memchr( in_core, 0, size / 0x1000 )) return;
    madvise( pointer, size, MADV_POPULATE_WRITE );  /* where it fails, the copy itself finds out */
}

/* Takes a piece of the range's pages for the GPU. */
static enum gpu_result start_direct_piece( const struct list *list, const struct gpu_transfer *range, struct direct_piece *piece )
{
    struct vulkan_region region = { range->memory, range->offset + piece->offset, 0, piece->size };
    char *pages = (char *)range->pages + piece->offset;
    enum gpu_result ret;

    /* While the GPU has the piece before: a driver that runs on the CPU would fault page by page in the copy. */
    if (!list->write) populate_pages( pages, piece->size );
    if ((ret = vulkan_import_pages( list->device, pages, piece->size, &piece->import ))) return ret;
    if ((ret = vulkan_start_copy( list->device, &region, 1, piece->import, list->write, &piece->copy )))
        gpu_free_memory( list->device, piece->import );
    return ret;
}

static enum gpu_result finish_direct_piece( const struct list *list, struct direct_piece *piece )
{
    enum gpu_result ret = vulkan_finish_copy( list->device, piece->copy );

    gpu_free_memory( list->device, piece->import );     /* knows when the GPU hangs on it */
    return ret;
}

/* The part of a transfer that can be imported and is large enough for it: *head bytes into it. Returns its size; 0: there is none. */
static uint64_t direct_part( const struct gpu_device *device, const struct gpu_transfer *transfer, uint64_t *head )
{
    uint64_t alignment = device->adapter.host_import_alignment, size;

    if (!device->adapter.has_host_import) return 0;
    *head = -(uintptr_t)transfer->pages % alignment;
    if (*head >= transfer->size) return 0;
    size = transfer->size - *head;
    size -= size % alignment;
    return size >= DIRECT_MIN ? size : 0;
}

/* Copies a range with import; pages and size suit it. *done: what has been copied, also after a failure, from the beginning. */
static enum gpu_result transfer_direct( const struct list *list, const struct gpu_transfer *range, uint64_t *done )
{
    const struct gpu_adapter *adapter = &list->device->adapter;
    enum gpu_result ret = GPU_SUCCESS, last;
    struct direct_piece older = { NULL }, newer;
    uint64_t part = DIRECT_PIECE_FIRST, largest, offset = 0;

    *done = 0;
    largest = adapter->max_memory_size < DIRECT_PIECE ? adapter->max_memory_size : DIRECT_PIECE;
    largest -= largest % adapter->host_import_alignment;
    if (largest < DIRECT_PIECE_FIRST || part % adapter->host_import_alignment) return GPU_NOT_SUPPORTED;

    while (!ret && offset < range->size)
    {
        newer = (struct direct_piece){ .offset = offset, .size = range->size - offset < part ? range->size - offset : part };
        if ((ret = start_direct_piece( list, range, &newer ))) break;
        offset += newer.size;
        part = part * 2 < largest ? part * 2 : largest;
        if (older.copy && !(ret = finish_direct_piece( list, &older ))) *done += older.size;
        older = newer;
    }
    if (older.copy)
    {
        last = finish_direct_piece( list, &older );
        if (!last && *done == older.offset) *done += older.size;
        if (last) ret = last;
    }
    return ret;
}

/***********************************************************************
 * Staged
 */

/* What one slot has of a list. */
struct staged_piece
{
    struct vulkan_copy *copy;
    struct position     first, end;
    uint64_t            size;           /* bytes */
    int                 slot;
};

/* Puts the next bytes of the list, from piece->first on and at most size, through the piece's slot. */
static enum gpu_result start_staged_piece( const struct list *list, const struct position *end, uint64_t size, struct staged_piece *piece )
{
    struct vulkan_staging *staging = &list->device->staging;
    struct vulkan_region regions[MAX_REGIONS], *last = NULL;
    uint64_t slot_offset = piece->slot * staging->slot_size;
    struct gpu_transfer range;
    unsigned int count = 0;

    piece->end = piece->first;
    for (piece->size = 0; piece->size < size && count < MAX_REGIONS; piece->size += range.size)
    {
        if (!(range = next_range( list, &piece->end, end, size - piece->size )).size) break;
        if (list->write) memcpy( (char *)staging->memory->mapping + slot_offset + piece->size, range.pages, range.size );
        /* Small allocations that are used together often lie side by side in one memory. */
        if (last && last->memory == range.memory && last->offset + last->size == range.offset) last->size += range.size;
        else
        {
            last = &regions[count++];
            *last = (struct vulkan_region){ range.memory, range.offset, slot_offset + piece->size, range.size };
        }
    }
    return vulkan_start_copy( list->device, regions, count, staging->memory, list->write, &piece->copy );
}

static enum gpu_result finish_staged_piece( const struct list *list, struct staged_piece *piece )
{
    struct vulkan_staging *staging = &list->device->staging;
    const char *content = (char *)staging->memory->mapping + piece->slot * staging->slot_size;
    enum gpu_result ret = vulkan_finish_copy( list->device, piece->copy );
    struct gpu_transfer range;

    while (!ret && !list->write && (range = next_range( list, &piece->first, &piece->end, UINT64_MAX )).size)
    {
        memcpy( range.pages, content, range.size );
        content += range.size;
    }
    release_slot( list->device, piece->slot );
    return ret;
}

/* Copies what is between two positions through staging memory. */
static enum gpu_result transfer_staged( const struct list *list, struct position from, const struct position *end )
{
    struct vulkan_staging *staging = &list->device->staging;
    struct staged_piece pieces[DEPTH];      /* those with the GPU, a ring */
    unsigned int first = 0, count = 0;
    enum gpu_result ret = GPU_SUCCESS, last;
    struct position position = from;
    uint64_t part, size, total = 0, done = 0;

    while ((size = next_range( list, &position, end, UINT64_MAX ).size)) total += size;
    /* Short ones overlap too, in smaller pieces. */
    part = (total / DEPTH + 0xfff) & ~0xfffull;
    if (part < STAGING_PIECE_MIN) part = STAGING_PIECE_MIN;

    while (count || (!ret && done < total))
    {
        if (!ret && done < total && count < DEPTH)
        {
            struct staged_piece *piece = &pieces[(first + count) % DEPTH];

            if (!(ret = acquire_slot( list->device, !count, total, &piece->slot )) && piece->slot >= 0)
            {
                piece->first = from;
                if (!(ret = start_staged_piece( list, end, part < staging->slot_size ? part : staging->slot_size, piece )))
                {
                    from = piece->end;
                    done += piece->size;
                    count++;
                }
                else release_slot( list->device, piece->slot );
                continue;
            }
        }
        if (!count) break;
        last = finish_staged_piece( list, &pieces[first] );
        if (last) ret = last;   /* the device is lost, whatever was wrong before */
        first = (first + 1) % DEPTH;
        count--;
    }
    return ret;
}

static bool is_valid( const struct gpu_transfer *transfer )
{
    if (transfer->offset > transfer->memory->size || transfer->size > transfer->memory->size - transfer->offset) return false;
    return !((transfer->offset | transfer->size | (uintptr_t)transfer->pages) & 3);
}

/* Both directions. */
static enum gpu_result transfer( const struct list *list )
{
    struct position from = { 0, 0 }, end = { list->count, 0 };
    uint64_t head, size, done;
    enum gpu_result ret;
    unsigned int i;

    if (atomic_load( &list->device->lost )) return GPU_DEVICE_LOST;
    for (i = 0; i < list->count; i++) if (!is_valid( &list->transfers[i] )) return GPU_FAILED;

    for (i = 0; i < list->count; i++)
    {
        struct gpu_transfer range = list->transfers[i];

        if (!(size = direct_part( list->device, &range, &head ))) continue;
        if ((ret = transfer_staged( list, from, &(struct position){ i, head } ))) return ret;
        range.offset += head;
        range.pages = (char *)range.pages + head;
        range.size = size;
        if ((ret = transfer_direct( list, &range, &done )) == GPU_DEVICE_LOST) return ret;
        if (ret) TRACE( "staging, after importing %p failed with %d", (char *)range.pages + done, ret );
        from = (struct position){ i, head + done };
    }
    return transfer_staged( list, from, &end );
}

/***********************************************************************
 *           gpu_read_memories
 *
 * Cost: locks for moments; with import, a VkDeviceMemory and a VkBuffer for every 32 MiB of a transfer; for the rest a CPU copy,
 * a submission for every 2 MiB or 128 ranges that do not adjoin, and at the first call 8 MiB of staging memory. With more
 * than STAGING_SLOTS threads at once some wait for others.
 */
enum gpu_result gpu_read_memories( struct gpu_device *device, const struct gpu_transfer *transfers, unsigned int count )
{
    struct list list = { .device = device, .transfers = transfers, .count = count };

    return transfer( &list );
}

/***********************************************************************
 *           gpu_write_memories
 *
 * Cost: as gpu_read_memories.
 */
enum gpu_result gpu_write_memories( struct gpu_device *device, const struct gpu_transfer *transfers, unsigned int count )
{
    struct list list = { .device = device, .transfers = transfers, .count = count, .write = true };

    return transfer( &list );
}
