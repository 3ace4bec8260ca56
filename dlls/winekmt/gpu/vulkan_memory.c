/*
 * Vulkan: memory objects
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "vulkan_private.h"
#include "os/os.h"

#define PAGE_SIZE  0x1000u  /* of the contract, whatever the kernel uses */

static void release_count( struct gpu_device *device, enum memory_kind kind )
{
    if (kind != MEMORY_STAGING) atomic_fetch_sub( &device->memory_count, 1 );
}

/* Counts a memory object that is about to be made. Drivers are not obliged to notice when there are too many. Staging is counted
 * by max_memory_count itself. */
static bool reserve_count( struct gpu_device *device, enum memory_kind kind )
{
    if (kind == MEMORY_STAGING) return true;
    if (atomic_fetch_add( &device->memory_count, 1 ) < device->adapter.max_memory_count) return true;
    release_count( device, kind );
    return false;
}

/* vkAllocateMemory and our object around it. */
static enum gpu_result create_memory( struct gpu_device *device, const VkMemoryAllocateInfo *info, enum memory_kind kind,
                                      struct gpu_memory **ret_memory )
{
    struct gpu_memory *memory;
    enum gpu_result ret;

    *ret_memory = NULL;
    if (!(memory = calloc( 1, sizeof(*memory) ))) return GPU_OUT_OF_HOST_MEMORY;
    if (!reserve_count( device, kind ))
    {
        free( memory );
        return GPU_OUT_OF_DEVICE_MEMORY;
    }
    ret = vulkan_device_result( device, device->funcs.vkAllocateMemory( device->handle, info, NULL, &memory->handle ));
    if (ret)
    {
        release_count( device, kind );
        free( memory );
        return ret;
    }
    memory->size = info->allocationSize;
    memory->type = info->memoryTypeIndex;
    memory->kind = kind;
    *ret_memory = memory;
    return GPU_SUCCESS;
}

/***********************************************************************
 *           gpu_allocate_memory
 *
 * GPU_FAILED: a type that is unusable or does not exist. A size of 0, or no multiple of 4 KiB, too.
 * GPU_OUT_OF_DEVICE_MEMORY: also above max_memory_size, and above the heap.
 * Cost: vkAllocateMemory; no lock of ours.
 */
enum gpu_result gpu_allocate_memory( struct gpu_device *device, uint32_t type, uint64_t size, struct gpu_memory **memory )
{
    VkMemoryAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = size,
                                  .memoryTypeIndex = type };
    const struct gpu_adapter *adapter = &device->adapter;

    *memory = NULL;
    if (atomic_load( &device->lost )) return GPU_DEVICE_LOST;
    if (!size || size % PAGE_SIZE || type >= adapter->type_count ||
        adapter->types[type].properties == GPU_MEMORY_UNUSABLE) return GPU_FAILED;
    if (size > adapter->max_memory_size || size > adapter->heaps[adapter->types[type].heap].size)
        return GPU_OUT_OF_DEVICE_MEMORY;
    return create_memory( device, &info, MEMORY_ORDINARY, memory );
}

/***********************************************************************
 *           vulkan_create_staging
 *
 * gpu_allocate_memory for the device's own staging memory, which has one place in the driver's count for itself: there is at
 * most one of these at a time. type: one that buffers can use.
 */
enum gpu_result vulkan_create_staging( struct gpu_device *device, uint32_t type, uint64_t size, struct gpu_memory **memory )
{
    VkMemoryAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = size,
                                  .memoryTypeIndex = type };

    return create_memory( device, &info, MEMORY_STAGING, memory );
}

/* Whether all those pages are there and can be read. Drivers of GPUs find out by themselves, sooner or later; one that
 * runs on the CPU just takes the pointer and crashes in the middle of a copy. */
static bool pages_exist( void *pointer, uint64_t size )
{
    static const uint64_t chunk = 4096 * 4096ull;
    unsigned char in_core[4096];
    uint64_t offset;

    if ((uintptr_t)pointer + size < (uintptr_t)pointer) return false;
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
    if (!madvise( pointer, size, MADV_POPULATE_READ )) return true;
    if (errno == ENOMEM || errno == EFAULT) return false;

    /* Before Linux 5.14, or memory of a device. At least the addresses can be checked. */
    for (offset = 0; offset < size; offset += chunk)
    {
        uint64_t part = size - offset < chunk ? size - offset : chunk;
        if (mincore( (char *)pointer + offset, part, in_core ) && errno == ENOMEM) return false;
    }
    return true;
}

/* The memory type to import pages as: the driver names those that it can use. */
static uint32_t choose_import_type( struct gpu_device *device, uint32_t types )
{
    const struct gpu_adapter *adapter = &device->adapter;
    uint32_t i, properties, rank, best_rank = 0, best = adapter->type_count;

    for (i = 0; i < adapter->type_count; i++)
    {
        properties = adapter->types[i].properties;
        if (!(types & (1u << i)) || properties == GPU_MEMORY_UNUSABLE) continue;
        rank = 1 + !!(properties & GPU_MEMORY_HOST_VISIBLE) + !!(properties & GPU_MEMORY_HOST_CACHED);
        if (rank > best_rank)
        {
            best_rank = rank;
            best = i;
        }
    }
    return best;
}

/***********************************************************************
 *           vulkan_import_pages
 *
 * gpu_import_memory without looking whether the pages are there: a driver that runs on the CPU would find out by crashing.
 */
enum gpu_result vulkan_import_pages( struct gpu_device *device, void *pointer, uint64_t size, struct gpu_memory **memory )
{
    static const VkExternalMemoryHandleTypeFlagBits handle_type = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
    VkMemoryHostPointerPropertiesEXT props = { .sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT };
    VkImportMemoryHostPointerInfoEXT import = { .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
                                                .handleType = handle_type, .pHostPointer = pointer };
    VkMemoryAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .pNext = &import, .allocationSize = size };
    enum gpu_result ret;

    *memory = NULL;
    ret = vulkan_device_result( device, device->funcs.vkGetMemoryHostPointerPropertiesEXT( device->handle, handle_type,
                                                                                           pointer, &props ));
    if (ret) return ret;
    info.memoryTypeIndex = choose_import_type( device, props.memoryTypeBits & device->external_types );
    if (info.memoryTypeIndex == device->adapter.type_count) return GPU_INVALID_POINTER;
    return create_memory( device, &info, MEMORY_IMPORTED, memory );
}

/***********************************************************************
 *           gpu_import_memory
 *
 * GPU_INVALID_POINTER also when no memory type suits the pages.
 * Cost: reads one byte of each page at least once (the kernel does), vkAllocateMemory; no lock of ours.
 */
enum gpu_result gpu_import_memory( struct gpu_device *device, void *pointer, uint64_t size, struct gpu_memory **memory )
{
    const struct gpu_adapter *adapter = &device->adapter;

    *memory = NULL;
    if (atomic_load( &device->lost )) return GPU_DEVICE_LOST;
    if (!adapter->has_host_import || !size || size > adapter->max_memory_size ||
        (uintptr_t)pointer % adapter->host_import_alignment || size % adapter->host_import_alignment)
        return GPU_NOT_SUPPORTED;
    if (!pages_exist( pointer, size )) return GPU_INVALID_POINTER;
    return vulkan_import_pages( device, pointer, size, memory );
}

/* Destroys what gpu_free_memory was given. The GPU does not use it. */
void vulkan_destroy_memory( struct gpu_device *device, struct gpu_memory *memory )
{
    if (memory->buffer) device->funcs.vkDestroyBuffer( device->handle, memory->buffer, NULL );
    device->funcs.vkFreeMemory( device->handle, memory->handle, NULL );    /* unmaps it */
    release_count( device, memory->kind );
    free( memory );
}

/***********************************************************************
 *           gpu_free_memory
 *
 * NULL is allowed. After a copy that was given up, and while the GPU has not finished it, the memory is only put aside
 * until the device is closed.
 */
void gpu_free_memory( struct gpu_device *device, struct gpu_memory *memory )
{
    if (!memory) return;
    if (atomic_load( &device->hung ) && !vulkan_hung_copies_done( device, 0 ))
    {
        pthread_mutex_lock( &device->mutex );
        memory->next = device->parked;
        device->parked = memory;
        pthread_mutex_unlock( &device->mutex );
        return;
    }
    vulkan_destroy_memory( device, memory );
}

/***********************************************************************
 *           gpu_map_memory
 *
 * A second call gives the same pointer. Imported pages are not mapped (GPU_FAILED): the caller has them.
 */
enum gpu_result gpu_map_memory( struct gpu_device *device, struct gpu_memory *memory, void **pointer )
{
    uint32_t properties = device->adapter.types[memory->type].properties;
    enum gpu_result ret;

    *pointer = NULL;
    if (atomic_load( &device->lost )) return GPU_DEVICE_LOST;
    if (memory->kind == MEMORY_IMPORTED || !(properties & GPU_MEMORY_HOST_VISIBLE)) return GPU_FAILED;
    if (!memory->mapping)
    {
        ret = vulkan_device_result( device, device->funcs.vkMapMemory( device->handle, memory->handle, 0, VK_WHOLE_SIZE,
                                                                       0, &memory->mapping ));
        if (ret)
        {
            memory->mapping = NULL;
            return ret;
        }
    }
    *pointer = memory->mapping;
    return GPU_SUCCESS;
}
