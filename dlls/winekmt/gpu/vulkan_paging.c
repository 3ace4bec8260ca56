/*
 * Vulkan: copies between GPU memory and pages of this process
 *
 * There are two ways. Where the driver can import pages, large and aligned parts go straight: a piece of the pages becomes a
 * memory object for as long as the GPU copies it, and meanwhile the next piece is made ready, so that the cost of pinning
 * and of page faults hides behind the copy. Everything else passes through staging: host-visible memory of the
 * device, made at the first need and kept, in slots of which the GPU fills (or drains) one while the CPU does the other.
 * What cannot be imported after all is staged instead.
 *
 * Any number of threads may page at once. Each needs one slot to get on and takes more only while nobody waits for his
 * first; who has a slot always gives it back, since no wait for the GPU is without end. So nobody waits forever.
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

/* One call of gpu_read_memory or gpu_write_memory, or a part of it; on the stack of its thread. */
struct transfer
{
    struct gpu_device *device;
    struct gpu_memory *memory;
    uint64_t           offset;  /* bytes into memory */
    char              *pointer; /* the pages; not written to with write */
    uint64_t           size;    /* bytes */
    bool               write;   /* from the pages to the memory */
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

/* Starts a copy of size bytes between offset of the transfer and other_offset of another memory. */
static enum gpu_result start_copy( const struct transfer *t, uint64_t offset, struct gpu_memory *other, uint64_t other_offset,
                                   uint64_t size, struct vulkan_copy **copy )
{
    if (t->write)
        return vulkan_start_copy( t->device, t->memory, t->offset + offset, other, other_offset, size, copy );
    return vulkan_start_copy( t->device, other, other_offset, t->memory, t->offset + offset, size, copy );
}

/* A part of a transfer that the GPU has. */
struct piece
{
    struct vulkan_copy *copy;
    uint64_t            offset, size;   /* bytes into the transfer */
    struct gpu_memory  *import;         /* of direct pieces */
    int                 slot;           /* of staged ones */
};

/* Makes pages that are about to be written to be there. Calling the kernel for pages that are there already would cost as much as
 * copying them, so it is asked first. */
static void populate_pages( void *pointer, uint64_t size )
{
    unsigned char in_core[DIRECT_PIECE / 0x1000];

    if (!mincore( pointer, size, in_core ) && !memchr( in_core, 0, size / 0x1000 )) return;
    madvise( pointer, size, MADV_POPULATE_WRITE );  /* where it fails, the copy itself finds out */
}

/* Takes a piece of the transfer's pages for the GPU. */
static enum gpu_result start_direct_piece( const struct transfer *t, struct piece *piece )
{
    struct gpu_device *device = t->device;
    enum gpu_result ret;

    /* While the GPU has the piece before: a driver that runs on the CPU would fault page by page in the copy. */
    if (!t->write) populate_pages( t->pointer + piece->offset, piece->size );
    if ((ret = vulkan_import_pages( device, t->pointer + piece->offset, piece->size, &piece->import ))) return ret;
    if ((ret = start_copy( t, piece->offset, piece->import, 0, piece->size, &piece->copy )))
        gpu_free_memory( device, piece->import );
    return ret;
}

static enum gpu_result finish_direct_piece( const struct transfer *t, struct piece *piece )
{
    enum gpu_result ret = vulkan_finish_copy( t->device, piece->copy );

    gpu_free_memory( t->device, piece->import );    /* knows when the GPU hangs on it */
    return ret;
}

/* A transfer with import; pointer and size suit it. *done: what has been copied, also after a failure, from the beginning. */
static enum gpu_result transfer_direct( const struct transfer *t, uint64_t *done )
{
    const struct gpu_adapter *adapter = &t->device->adapter;
    enum gpu_result ret = GPU_SUCCESS, last;
    struct piece older = { NULL }, newer;
    uint64_t part = DIRECT_PIECE_FIRST, largest, offset = 0;

    *done = 0;
    largest = adapter->max_memory_size < DIRECT_PIECE ? adapter->max_memory_size : DIRECT_PIECE;
    largest -= largest % adapter->host_import_alignment;
    if (largest < DIRECT_PIECE_FIRST || part % adapter->host_import_alignment) return GPU_NOT_SUPPORTED;

    while (!ret && offset < t->size)
    {
        newer = (struct piece){ .offset = offset, .size = t->size - offset < part ? t->size - offset : part };
        if ((ret = start_direct_piece( t, &newer ))) break;
        offset += newer.size;
        part = part * 2 < largest ? part * 2 : largest;
        if (older.copy && !(ret = finish_direct_piece( t, &older ))) *done += older.size;
        older = newer;
    }
    if (older.copy)
    {
        last = finish_direct_piece( t, &older );
        if (!last && *done == older.offset) *done += older.size;
        if (last) ret = last;
    }
    return ret;
}

/* Puts the next piece through a slot. */
static enum gpu_result start_staged_piece( const struct transfer *t, struct piece *piece )
{
    struct vulkan_staging *staging = &t->device->staging;
    uint64_t slot_offset = piece->slot * staging->slot_size;

    if (t->write) memcpy( (char *)staging->memory->mapping + slot_offset, t->pointer + piece->offset, piece->size );
    return start_copy( t, piece->offset, staging->memory, slot_offset, piece->size, &piece->copy );
}

static enum gpu_result finish_staged_piece( const struct transfer *t, struct piece *piece )
{
    struct vulkan_staging *staging = &t->device->staging;
    enum gpu_result ret = vulkan_finish_copy( t->device, piece->copy );

    if (!ret && !t->write)
        memcpy( t->pointer + piece->offset, (char *)staging->memory->mapping + piece->slot * staging->slot_size,
                piece->size );
    release_slot( t->device, piece->slot );
    return ret;
}

/* A transfer through staging memory. */
static enum gpu_result transfer_staged( const struct transfer *t )
{
    struct vulkan_staging *staging = &t->device->staging;
    struct piece pieces[DEPTH];     /* those with the GPU, a ring */
    unsigned int first = 0, count = 0;
    enum gpu_result ret = GPU_SUCCESS, last;
    uint64_t part, offset = 0;

    /* Short ones overlap too, in smaller pieces. */
    part = (t->size / DEPTH + 0xfff) & ~0xfffull;
    if (part < STAGING_PIECE_MIN) part = STAGING_PIECE_MIN;

    while (count || (!ret && offset < t->size))
    {
        if (!ret && offset < t->size && count < DEPTH)
        {
            struct piece *piece = &pieces[(first + count) % DEPTH];

            if (!(ret = acquire_slot( t->device, !count, t->size, &piece->slot )) && piece->slot >= 0)
            {
                piece->offset = offset;
                piece->size = t->size - offset;
                if (piece->size > part) piece->size = part;
                if (piece->size > staging->slot_size) piece->size = staging->slot_size;
                if (!(ret = start_staged_piece( t, piece )))
                {
                    offset += piece->size;
                    count++;
                }
                else release_slot( t->device, piece->slot );
                continue;
            }
        }
        if (!count) break;
        last = finish_staged_piece( t, &pieces[first] );
        if (last) ret = last;   /* the device is lost, whatever was wrong before */
        first = (first + 1) % DEPTH;
        count--;
    }
    return ret;
}

/* size bytes of a transfer, from offset on. */
static struct transfer part_of( const struct transfer *t, uint64_t offset, uint64_t size )
{
    struct transfer part = *t;

    part.offset += offset;
    part.pointer += offset;
    part.size = size;
    return part;
}

/* Both directions. */
static enum gpu_result transfer( const struct transfer *t )
{
    const struct gpu_adapter *adapter = &t->device->adapter;
    uint64_t alignment = adapter->host_import_alignment, head = 0, middle = 0, done = 0;
    struct transfer part;
    enum gpu_result ret;

    if (atomic_load( &t->device->lost )) return GPU_DEVICE_LOST;
    if (t->offset > t->memory->size || t->size > t->memory->size - t->offset ||
        ((t->offset | t->size | (uintptr_t)t->pointer) & 3)) return GPU_FAILED;

    if (adapter->has_host_import)
    {
        head = -(uintptr_t)t->pointer % alignment;
        if (head < t->size) middle = t->size - head - (t->size - head) % alignment;
    }
    if (middle >= DIRECT_MIN)
    {
        part = part_of( t, 0, head );
        if ((ret = transfer_staged( &part ))) return ret;
        part = part_of( t, head, middle );
        if ((ret = transfer_direct( &part, &done )) == GPU_DEVICE_LOST) return ret;
        if (ret) TRACE( "staging, after importing %p failed with %d", part.pointer + done, ret );
        done += head;
    }
    part = part_of( t, done, t->size - done );
    return transfer_staged( &part );
}

/***********************************************************************
 *           gpu_read_memory
 *
 * Cost: locks for moments; with import, a VkDeviceMemory and a VkBuffer for every 32 MiB; else a CPU copy and a submission
 * for every 2 MiB, and at the first call 8 MiB of staging memory. With more than STAGING_SLOTS threads at once some wait for
 * others.
 */
enum gpu_result gpu_read_memory( struct gpu_device *device, struct gpu_memory *memory, uint64_t offset, void *dst, uint64_t size )
{
    struct transfer t = { .device = device, .memory = memory, .offset = offset, .pointer = dst, .size = size };

    return transfer( &t );
}

/***********************************************************************
 *           gpu_write_memory
 *
 * Cost: as gpu_read_memory.
 */
enum gpu_result gpu_write_memory( struct gpu_device *device, struct gpu_memory *memory, uint64_t offset, const void *src,
                                  uint64_t size )
{
    struct transfer t = { .device = device, .memory = memory, .offset = offset, .pointer = (char *)src, .size = size,
                          .write = true };

    return transfer( &t );
}
