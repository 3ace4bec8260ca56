/*
 * The GPU as the video memory manager sees it
 *
 * The only interface through which core reaches Vulkan, and small on purpose: core stays testable with a GPU that is
 * made of malloc (tests/fake_gpu.c), and nothing but vulkan*.c includes a Vulkan header.
 *
 * Rules for every function: no lock of core is held by the caller; any thread may call, a Windows thread or one made by
 * pthread_create; two calls on the same gpu_memory are never made at once, with these exceptions: gpu_copy_memory,
 * gpu_read_memories and gpu_write_memories of ranges that do not overlap, or that all of them only read, and one gpu_map_memory
 * beside those. Nothing here writes to memory of the program, but where it is given as a destination.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_GPU_H
#define __WINEKMT_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GPU_MAX_HEAPS  16   /* VK_MAX_MEMORY_HEAPS */
#define GPU_MAX_TYPES  32   /* VK_MAX_MEMORY_TYPES */

enum gpu_result
{
    GPU_SUCCESS,
    GPU_OUT_OF_DEVICE_MEMORY,   /* also: too many memory objects */
    GPU_OUT_OF_HOST_MEMORY,
    GPU_DEVICE_LOST,            /* the device answers nothing else from then on, but freeing works */
    GPU_INVALID_POINTER,        /* gpu_import_memory: the pages cannot be imported */
    GPU_NOT_SUPPORTED,          /* an optional extension is missing */
    GPU_FAILED,                 /* anything else: loader or driver broken */
};

/* Memory properties that matter to core; subset of VkMemoryPropertyFlagBits. */
#define GPU_MEMORY_DEVICE_LOCAL   0x1u
#define GPU_MEMORY_HOST_VISIBLE   0x2u  /* set only on types that are host-coherent too */
#define GPU_MEMORY_HOST_CACHED    0x4u

struct gpu_memory_type
{
    uint32_t heap;          /* index into heaps */
    uint32_t properties;    /* GPU_MEMORY_; 0xffffffff: a type that buffers cannot use; never allocate from it */
};

#define GPU_MEMORY_UNUSABLE  0xffffffffu

/* What a queue family is for: of what it can do the first of this list. */
enum gpu_node
{
    GPU_NODE_GRAPHICS,
    GPU_NODE_COMPUTE,
    GPU_NODE_VIDEO_DECODE,
    GPU_NODE_VIDEO_ENCODE,
    GPU_NODE_COPY,
    GPU_NODE_OTHER,
};

#define GPU_MAX_NODES  16

struct gpu_memory_heap
{
    uint64_t size;          /* bytes */
    bool     local;         /* VK_MEMORY_HEAP_DEVICE_LOCAL_BIT */
};

/* One VkPhysicalDevice. */
struct gpu_adapter
{
    char     name[256];         /* UTF-8 */
    char     driver_name[256];  /* UTF-8, VkPhysicalDeviceDriverProperties.driverName, "" when unknown */
    char     driver_info[256];
    uint32_t vendor_id, device_id, subsystem_id, revision_id;   /* PCI ids; 0 when unknown */
    uint32_t driver_version;    /* as VkPhysicalDeviceProperties encodes it */
    uint8_t  device_uuid[16], driver_uuid[16];
    bool     software;          /* VK_PHYSICAL_DEVICE_TYPE_CPU */
    bool     integrated;        /* VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU */
    bool     has_memory_budget; /* VK_EXT_memory_budget */
    bool     has_host_import;   /* VK_EXT_external_memory_host */
    uint64_t host_import_alignment; /* bytes: pointer and size of an import are multiples; 0 without the extension */
    uint64_t max_memory_size;   /* bytes: maxMemoryAllocationSize */
    uint32_t max_memory_count;  /* maxMemoryAllocationCount, 4096 on many, less what gpu_read_memories needs for itself */
    bool     has_pci_address;   /* VK_EXT_pci_bus_info */
    uint32_t pci_domain, pci_bus, pci_device, pci_function;
    bool     has_int64_atomics; /* shaderBufferInt64Atomics */
    bool     has_calibration;   /* gpu_calibrate may work */
    double   timestamp_period;  /* nanoseconds a tick of its clock; 0: it has none */
    uint32_t node_count;
    enum gpu_node nodes[GPU_MAX_NODES]; /* the queue families, as Vulkan numbers them */
    uint32_t heap_count, type_count;
    struct gpu_memory_heap heaps[GPU_MAX_HEAPS];
    struct gpu_memory_type types[GPU_MAX_TYPES];
};

struct gpu_device;  /* one VkDevice */
struct gpu_memory;  /* one VkDeviceMemory */

/***********************************************************************
 *           gpu_enum_adapters
 *
 * Lists the GPUs, hardware before software, otherwise in the order of the Vulkan loader. The first call loads libvulkan.so.1
 * and makes the instance (50 to 100 ms); later ones ask the same instance again and so see GPUs come and go.
 * *adapters: an array for the caller to free(); *count its elements. With no loader, no driver or no device: GPU_SUCCESS
 * and *count 0, after one line in the log.
 * GPU_OUT_OF_HOST_MEMORY: nothing is returned.
 */
enum gpu_result gpu_enum_adapters( struct gpu_adapter **adapters, uint32_t *count );

/***********************************************************************
 *           gpu_open_device
 *
 * Makes the VkDevice of the physical device with that deviceUUID, with one transfer-capable queue. Takes 4 to 13 ms.
 * GPU_FAILED: no such GPU (any more), or it refuses. The caller closes it after freeing all memory of it.
 */
enum gpu_result gpu_open_device( const uint8_t device_uuid[16], struct gpu_device **device );
void gpu_close_device( struct gpu_device *device );

/***********************************************************************
 *           gpu_get_device_adapter
 *
 * What gpu_enum_adapters said when the device was opened, with the exact memory types: which of them buffers can use is known
 * only with a VkDevice. gpu_enum_adapters goes by the properties alone and may list some as usable that are not; has_host_import
 * may be false here where it was true there.
 */
void gpu_get_device_adapter( struct gpu_device *device, struct gpu_adapter *adapter );

/***********************************************************************
 *           gpu_query_budget
 *
 * VK_EXT_memory_budget: for each heap, how many bytes this process may use (budget) and uses by all Vulkan devices
 * in it, not only by this one (usage). Cost: one or two system calls in most drivers.
 * false: the extension is missing; nothing is written.
 */
bool gpu_query_budget( struct gpu_device *device, uint64_t budget[GPU_MAX_HEAPS], uint64_t usage[GPU_MAX_HEAPS] );

/***********************************************************************
 *           gpu_calibrate
 *
 * Reads the clocks of GPU and CPU at the same moment (VK_EXT_calibrated_timestamps). *gpu_ticks: of timestamp_period. *cpu_ns: CLOCK_MONOTONIC,
 * nanoseconds. *deviation_ns: how far apart the two may have been read.
 * GPU_NOT_SUPPORTED: no such extension, or without these two clocks. Any other failure as of vkGetCalibratedTimestampsEXT.
 */
enum gpu_result gpu_calibrate( struct gpu_device *device, uint64_t *gpu_ticks, uint64_t *cpu_ns, uint64_t *deviation_ns );

/***********************************************************************
 *           gpu_allocate_memory
 *
 * size: bytes, a multiple of 4 KiB, at most max_memory_size. The content is undefined.
 * The driver counts memory objects itself: at max_memory_count this answers GPU_OUT_OF_DEVICE_MEMORY.
 */
enum gpu_result gpu_allocate_memory( struct gpu_device *device, uint32_t type, uint64_t size, struct gpu_memory **memory );

/***********************************************************************
 *           gpu_import_memory
 *
 * Makes pages of this process GPU memory, without copying (VK_EXT_external_memory_host). Both sides see the same
 * bytes. The pages stay the caller's and must outlive the memory object.
 * GPU_NOT_SUPPORTED: no extension, or alignment or length do not fit it. GPU_INVALID_POINTER: no such pages.
 */
enum gpu_result gpu_import_memory( struct gpu_device *device, void *pointer, uint64_t size, struct gpu_memory **memory );

/* Frees memory, mapped or not. The GPU must be done with it; the functions that copy are when they have returned. */
void gpu_free_memory( struct gpu_device *device, struct gpu_memory *memory );

/***********************************************************************
 *           gpu_map_memory
 *
 * Maps all of a HOST_VISIBLE memory, once; it stays mapped until freed. The mapping is coherent.
 * GPU_OUT_OF_HOST_MEMORY, GPU_OUT_OF_DEVICE_MEMORY: no address space; GPU_FAILED: not mappable.
 */
enum gpu_result gpu_map_memory( struct gpu_device *device, struct gpu_memory *memory, void **pointer );

/***********************************************************************
 *           gpu_copy_memory
 *
 * Copies size bytes (a multiple of 4, offsets too) between two memories with the GPU and waits until that is done.
 * GPU_DEVICE_LOST: the device was lost, or did not finish within 10 s. The destination is undefined after any failure.
 */
enum gpu_result gpu_copy_memory( struct gpu_device *device, struct gpu_memory *dst, uint64_t dst_offset,
                                 struct gpu_memory *src, uint64_t src_offset, uint64_t size );

/* A range of a memory, and the pages of this process that it is copied to, or from. */
struct gpu_transfer
{
    struct gpu_memory *memory;
    uint64_t           offset;  /* bytes into memory, a multiple of 4 */
    void              *pages;   /* a multiple of 4; gpu_write_memories does not write to them */
    uint64_t           size;    /* bytes, a multiple of 4; 0 copies nothing */
};

/***********************************************************************
 *           gpu_read_memories, gpu_write_memories
 *
 * Copy between memories of any type, imported or not, mapped or not, and ordinary pages of this process that the caller keeps
 * alive and writable; those of gpu_write_memories need only be readable, and nobody changes them meanwhile. All of the list
 * is done when they return. Destinations, of one list too, do not overlap with anything else that is copied. Page-aligned
 * pages are fastest from 1 MiB on, since the GPU can then reach them without a second copy; below that many ranges in a list
 * cost little more than one of their size.
 * One result for the list: GPU_SUCCESS, or all the destinations are undefined, and only those; which transfer failed is not
 * said, but each can be tried by itself.
 * GPU_OUT_OF_HOST_MEMORY, GPU_OUT_OF_DEVICE_MEMORY: none for staging; a later call may succeed. GPU_DEVICE_LOST: the device
 * was lost, or did not finish a part within 10 s. GPU_FAILED: out of bounds, or no multiples of 4; nothing is copied then.
 * Should a GPU that hangs come back, it may still write to the pages after GPU_DEVICE_LOST: give them back with munmap, not
 * to another use.
 * A device keeps up to 8 MiB of host-visible memory for this from the first call on; its place in the driver's count of
 * memory objects is set aside beforehand.
 */
enum gpu_result gpu_read_memories( struct gpu_device *device, const struct gpu_transfer *transfers, unsigned int count );
enum gpu_result gpu_write_memories( struct gpu_device *device, const struct gpu_transfer *transfers, unsigned int count );

/* The same for one. */
static inline enum gpu_result gpu_read_memory( struct gpu_device *device, struct gpu_memory *memory, uint64_t offset, void *dst,
                                               uint64_t size )
{
    struct gpu_transfer transfer = { memory, offset, dst, size };

    return gpu_read_memories( device, &transfer, 1 );
}

static inline enum gpu_result gpu_write_memory( struct gpu_device *device, struct gpu_memory *memory, uint64_t offset,
                                                const void *src, uint64_t size )
{
    struct gpu_transfer transfer = { memory, offset, (void *)src, size };

    return gpu_write_memories( device, &transfer, 1 );
}

/* Drops the instance and the loader. For tests that look for leaks: no device may be open. */
void gpu_shutdown( void );

#endif /* __WINEKMT_GPU_H */
