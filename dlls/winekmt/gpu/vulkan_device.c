/*
 * Vulkan: opening a GPU, and its budget
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "vulkan_private.h"
#include "os/os.h"

#define CLOSE_TIMEOUT_NS  2000000000ull     /* for what the GPU did not finish in 10 s before */

/* The best queue family for copies beside the program's own work: one of the copy engines, else compute, else graphics.
 * Families with a purpose of their own (video, optical flow) may say that they transfer but are no copy engines.
 * GPU_FAILED: there is none. GPU_OUT_OF_HOST_MEMORY. */
static enum gpu_result choose_queue_family( struct gpu_device *device )
{
    static const VkQueueFlags special = VK_QUEUE_VIDEO_DECODE_BIT_KHR | 0x40 /* video encode */ |
                                        VK_QUEUE_OPTICAL_FLOW_BIT_NV;
    VkQueueFamilyProperties *families;
    uint32_t i, count, best_rank = 0;

    vulkan.funcs.vkGetPhysicalDeviceQueueFamilyProperties( device->physical, &count, NULL );
    if (!(families = calloc( count + 1, sizeof(*families) ))) return GPU_OUT_OF_HOST_MEMORY;
    vulkan.funcs.vkGetPhysicalDeviceQueueFamilyProperties( device->physical, &count, families );
    for (i = 0; i < count; i++)
    {
        VkQueueFlags flags = families[i].queueFlags;
        uint32_t rank = 0;

        if (!families[i].queueCount) continue;
        /* Graphics and compute imply transfer, whether the driver says so or not. */
        if (flags & VK_QUEUE_GRAPHICS_BIT) rank = 2;
        else if (flags & VK_QUEUE_COMPUTE_BIT) rank = 3;
        else if ((flags & VK_QUEUE_TRANSFER_BIT) && (flags & special)) rank = 1;
        else if (flags & VK_QUEUE_TRANSFER_BIT) rank = 4;
        if (rank > best_rank)
        {
            best_rank = rank;
            device->queue_family = i;
        }
    }
    free( families );
    if (best_rank) return GPU_SUCCESS;
    ERR( "%s has no queue that can copy", device->adapter.name );
    return GPU_FAILED;
}

static enum gpu_result load_device_funcs( struct gpu_device *device )
{
    PFN_vkGetDeviceProcAddr get_proc = vulkan.funcs.vkGetDeviceProcAddr;

#define F(func) device->funcs.func = (PFN_##func)get_proc( device->handle, #func );
    VULKAN_DEVICE_FUNCS(F)
#undef F
    /* A loader may have functions of extensions that are not enabled. */
    if (device->adapter.has_host_import)
        device->funcs.vkGetMemoryHostPointerPropertiesEXT =
            (PFN_vkGetMemoryHostPointerPropertiesEXT)get_proc( device->handle, "vkGetMemoryHostPointerPropertiesEXT" );
    if (!device->funcs.vkGetMemoryHostPointerPropertiesEXT) device->adapter.has_host_import = false;
    if (device->adapter.has_calibration)
        device->funcs.vkGetCalibratedTimestampsEXT =
            (PFN_vkGetCalibratedTimestampsEXT)get_proc( device->handle, "vkGetCalibratedTimestampsEXT" );
    if (!device->funcs.vkGetCalibratedTimestampsEXT) device->adapter.has_calibration = false;
#define F(func) \
    if (!device->funcs.func) \
    { \
        ERR( "%s has no " #func, device->adapter.name ); \
        return GPU_FAILED; \
    }
    VULKAN_DEVICE_FUNCS(F)
#undef F
    return GPU_SUCCESS;
}

/* The memory types that a buffer for copies can use; they are the same for all sizes. */
static enum gpu_result get_buffer_types( struct gpu_device *device, bool imported, uint32_t *types )
{
    VkMemoryRequirements requirements;
    enum gpu_result ret;
    VkBuffer buffer;

    if ((ret = vulkan_create_buffer( device, 0x1000, imported, &buffer ))) return ret;
    device->funcs.vkGetBufferMemoryRequirements( device->handle, buffer, &requirements );
    device->funcs.vkDestroyBuffer( device->handle, buffer, NULL );
    *types = requirements.memoryTypeBits;
    return GPU_SUCCESS;
}

static enum gpu_result create_vk_device( struct gpu_device *device )
{
    static const float priority = 1.0f;
    const char *extensions[3];
    VkDeviceQueueCreateInfo queue = { .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1,
                                      .pQueuePriorities = &priority };
    VkDeviceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1,
                                .pQueueCreateInfos = &queue, .ppEnabledExtensionNames = extensions };
    enum gpu_result ret;
    sigset_t signals;
    VkResult result;

    if ((ret = choose_queue_family( device ))) return ret;
    queue.queueFamilyIndex = device->queue_family;
    if (device->adapter.has_memory_budget)
        extensions[info.enabledExtensionCount++] = VK_EXT_MEMORY_BUDGET_EXTENSION_NAME;
    if (device->adapter.has_host_import)
        extensions[info.enabledExtensionCount++] = VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME;
    if (device->adapter.has_calibration)
        extensions[info.enabledExtensionCount++] = VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME;

    vulkan_block_signals( &signals );
    result = vulkan.funcs.vkCreateDevice( device->physical, &info, NULL, &device->handle );
    vulkan_restore_signals( &signals );
    if (!result) return GPU_SUCCESS;

    device->handle = VK_NULL_HANDLE;
    ERR( "%s cannot be opened, VkResult %d", device->adapter.name, (int)result );
    return vulkan_result( result );
}

/* Finishes a device that vkCreateDevice has made. */
static enum gpu_result init_device( struct gpu_device *device )
{
    enum gpu_result ret;
    uint32_t i, types;

    if ((ret = load_device_funcs( device ))) return ret;
    device->funcs.vkGetDeviceQueue( device->handle, device->queue_family, 0, &device->queue );

    if ((ret = get_buffer_types( device, false, &types ))) return ret;
    for (i = 0; i < device->adapter.type_count; i++)
        if (!(types & (1u << i))) device->adapter.types[i].properties = GPU_MEMORY_UNUSABLE;

    if (device->adapter.has_host_import && get_buffer_types( device, true, &device->external_types ))
        device->adapter.has_host_import = false;
    if (!device->adapter.has_host_import) device->adapter.host_import_alignment = 0;
    return GPU_SUCCESS;
}

/***********************************************************************
 *           gpu_open_device
 *
 * Also GPU_OUT_OF_HOST_MEMORY, GPU_OUT_OF_DEVICE_MEMORY and GPU_DEVICE_LOST, from the driver.
 * Cost: vulkan.mutex for all of it, an enumeration, and the VkDevice.
 */
enum gpu_result gpu_open_device( const uint8_t device_uuid[16], struct gpu_device **ret_device )
{
    struct gpu_adapter *adapters;
    VkPhysicalDevice *physicals;
    struct gpu_device *device;
    enum gpu_result ret;
    uint32_t i, count;

    *ret_device = NULL;
    if (!(device = calloc( 1, sizeof(*device) ))) return GPU_OUT_OF_HOST_MEMORY;
    pthread_mutex_init( &device->mutex, NULL );
    vulkan_init_staging( device );

    pthread_mutex_lock( &vulkan.mutex );
    if (!(ret = vulkan_enum_locked( &adapters, &physicals, &count )))
    {
        for (i = 0; i < count; i++)
            if (!memcmp( adapters[i].device_uuid, device_uuid, sizeof(adapters[i].device_uuid) )) break;
        if (i < count)
        {
            device->adapter = adapters[i];
            device->physical = physicals[i];
            ret = create_vk_device( device );
        }
        else ret = GPU_FAILED;
        free( adapters );
        free( physicals );
    }
    if (!ret && (ret = init_device( device )) && device->funcs.vkDestroyDevice)
        device->funcs.vkDestroyDevice( device->handle, NULL );
    if (!ret) vulkan.open_devices++;
    pthread_mutex_unlock( &vulkan.mutex );

    if (ret)
    {
        vulkan_destroy_staging( device );
        pthread_mutex_destroy( &device->mutex );
        free( device );
        return ret;
    }
    TRACE( "opened %s (%s %s), queue family %u", device->adapter.name, device->adapter.driver_name,
           device->adapter.driver_info, device->queue_family );
    *ret_device = device;
    return GPU_SUCCESS;
}

/***********************************************************************
 *           gpu_close_device
 *
 * A GPU that still did not finish a copy which was given up keeps its VkDevice, and one line in the log says so:
 * destroying it would pull the memory away from under the copy.
 */
void gpu_close_device( struct gpu_device *device )
{
    struct gpu_memory *memory;

    if (atomic_load( &device->hung ) && !vulkan_hung_copies_done( device, CLOSE_TIMEOUT_NS ))
    {
        ERR( "%s hangs; its device stays open", device->adapter.name );
        return;     /* counted in open_devices too, so that the instance stays */
    }
    while ((memory = device->parked))
    {
        device->parked = memory->next;
        vulkan_destroy_memory( device, memory );
    }
    if (atomic_load( &device->memory_count ))
        ERR( "%u memories of %s were not freed", atomic_load( &device->memory_count ), device->adapter.name );
    vulkan_destroy_copies( device );
    vulkan_destroy_staging( device );

    pthread_mutex_lock( &vulkan.mutex );
    device->funcs.vkDestroyDevice( device->handle, NULL );
    vulkan.open_devices--;
    pthread_mutex_unlock( &vulkan.mutex );

    pthread_mutex_destroy( &device->mutex );
    free( device );
}

/***********************************************************************
 *           gpu_get_device_adapter
 *
 * Cost: a copy of the structure.
 */
void gpu_get_device_adapter( struct gpu_device *device, struct gpu_adapter *adapter )
{
    *adapter = device->adapter;
}

/***********************************************************************
 *           gpu_query_budget
 *
 * Works on a lost device too: it is the physical device that is asked. Both arrays are 0 from heap_count on.
 */
bool gpu_query_budget( struct gpu_device *device, uint64_t budget[GPU_MAX_HEAPS], uint64_t usage[GPU_MAX_HEAPS] )
{
    VkPhysicalDeviceMemoryBudgetPropertiesEXT props = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT };
    VkPhysicalDeviceMemoryProperties2 memory = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, .pNext = &props };
    uint32_t i;

    if (!device->adapter.has_memory_budget) return false;
    vulkan.funcs.vkGetPhysicalDeviceMemoryProperties2( device->physical, &memory );
    for (i = 0; i < GPU_MAX_HEAPS; i++)
    {
        bool exists = i < device->adapter.heap_count;

        budget[i] = exists ? props.heapBudget[i] : 0;
        usage[i] = exists ? props.heapUsage[i] : 0;
    }
    return true;
}

/***********************************************************************
 *           gpu_calibrate
 *
 * Cost: a few microseconds, a system call in most drivers.
 */
enum gpu_result gpu_calibrate( struct gpu_device *device, uint64_t *gpu_ticks, uint64_t *cpu_ns, uint64_t *deviation_ns )
{
    VkCalibratedTimestampInfoEXT infos[2] =
    {
        { .sType = VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT, .timeDomain = VK_TIME_DOMAIN_DEVICE_EXT },
        { .sType = VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT, .timeDomain = VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT },
    };
    enum gpu_result ret;
    uint64_t times[2];

    if (!device->adapter.has_calibration) return GPU_NOT_SUPPORTED;
    if (atomic_load( &device->lost )) return GPU_DEVICE_LOST;
    ret = vulkan_device_result( device, device->funcs.vkGetCalibratedTimestampsEXT( device->handle, 2, infos, times, deviation_ns ) );
    if (ret) return ret;
    *gpu_ticks = times[0];
    *cpu_ns = times[1];
    return GPU_SUCCESS;
}
