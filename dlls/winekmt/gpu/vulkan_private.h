/*
 * What the files of the Vulkan half share; included by vulkan*.c only
 *
 * Lock order: vulkan.mutex, then vulkan_staging.mutex, then gpu_device.mutex. None is held while waiting for the GPU.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_VULKAN_PRIVATE_H
#define __WINEKMT_VULKAN_PRIVATE_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "gpu/gpu.h"
#include "os/os.h"

/* The dispatch tables. A driver or loader without one of the first kind is refused; the optional ones may be NULL: they
 * are core of Vulkan 1.1. */
#define VULKAN_INSTANCE_FUNCS(F) \
    F(vkDestroyInstance) \
    F(vkEnumeratePhysicalDevices) \
    F(vkGetPhysicalDeviceProperties) \
    F(vkGetPhysicalDeviceMemoryProperties) \
    F(vkGetPhysicalDeviceQueueFamilyProperties) \
    F(vkEnumerateDeviceExtensionProperties) \
    F(vkCreateDevice) \
    F(vkGetDeviceProcAddr)

#define VULKAN_OPTIONAL_INSTANCE_FUNCS(F) \
    F(vkGetPhysicalDeviceProperties2) \
    F(vkGetPhysicalDeviceFeatures2) \
    F(vkGetPhysicalDeviceCalibrateableTimeDomainsEXT) \
    F(vkGetPhysicalDeviceMemoryProperties2) \
    F(vkGetPhysicalDeviceExternalBufferProperties)

#define VULKAN_DEVICE_FUNCS(F) \
    F(vkDestroyDevice) \
    F(vkGetDeviceQueue) \
    F(vkAllocateMemory) \
    F(vkFreeMemory) \
    F(vkMapMemory) \
    F(vkCreateBuffer) \
    F(vkDestroyBuffer) \
    F(vkGetBufferMemoryRequirements) \
    F(vkBindBufferMemory) \
    F(vkCreateCommandPool) \
    F(vkDestroyCommandPool) \
    F(vkResetCommandPool) \
    F(vkAllocateCommandBuffers) \
    F(vkBeginCommandBuffer) \
    F(vkEndCommandBuffer) \
    F(vkCmdPipelineBarrier) \
    F(vkCmdCopyBuffer) \
    F(vkQueueSubmit) \
    F(vkCreateFence) \
    F(vkDestroyFence) \
    F(vkResetFences) \
    F(vkWaitForFences) \
    F(vkGetFenceStatus)

#define VULKAN_OPTIONAL_DEVICE_FUNCS(F) \
    F(vkGetMemoryHostPointerPropertiesEXT) \
    F(vkGetCalibratedTimestampsEXT)

struct vulkan_instance_funcs
{
#define F(name) PFN_##name name;
    VULKAN_INSTANCE_FUNCS(F)
    VULKAN_OPTIONAL_INSTANCE_FUNCS(F)
#undef F
};

struct vulkan_device_funcs
{
#define F(name) PFN_##name name;
    VULKAN_DEVICE_FUNCS(F)
    VULKAN_OPTIONAL_DEVICE_FUNCS(F)
#undef F
};

/* The process's one instance. Everything is protected by mutex, except that the dispatch table and the instance do not
 * change while open_devices is not 0, so that an open device reads them without it. */
struct vulkan
{
    pthread_mutex_t mutex;
    void           *library;        /* libvulkan.so.1, or NULL */
    VkInstance      instance;       /* or VK_NULL_HANDLE */
    uint32_t        api_version;    /* that the instance was made for; 0 without one */
    unsigned int    open_devices;
    uint64_t        retry_time;     /* os_time_ns: no attempt to make an instance before it */
    bool            missing_logged; /* that there is no Vulkan was said */
    struct vulkan_instance_funcs funcs;
};

extern struct vulkan vulkan;

/* What one copy is recorded and waited for with; used by one thread at a time. */
struct vulkan_copy
{
    struct vulkan_copy *next;       /* in idle_copies or hung_copies */
    VkCommandPool       pool;
    VkCommandBuffer     commands;   /* belongs to pool */
    VkFence             fence;
    bool                submitted;  /* since it was taken out of idle_copies: the fence tells when the GPU is done */
};

/* A range that a copy reads or writes, and its place in the other memory, which all ranges of one copy share. */
struct vulkan_region
{
    struct gpu_memory  *memory;
    uint64_t            offset, other_offset, size;     /* bytes */
};

#define STAGING_SLOTS  4

/* The memory through which gpu_read_memories and gpu_write_memories pass what the GPU cannot reach by itself. Everything is
 * protected by mutex, but who has a slot reads memory and slot_size without it: they change only while all slots are free. */
struct vulkan_staging
{
    pthread_mutex_t     mutex;
    struct os_condition released;   /* a slot was */
    struct gpu_memory  *memory;     /* mapped; or NULL, before the first need */
    uint64_t            slot_size;  /* bytes; slot n starts at n * slot_size */
    uint32_t            busy;       /* bit n: somebody has slot n */
    unsigned int        waiting;    /* threads that have none and wait for one */
    uint64_t            retry_time; /* os_time_ns: no attempt to make a larger one before it */
};

struct gpu_device
{
    VkDevice            handle;
    VkPhysicalDevice    physical;
    VkQueue             queue;
    uint32_t            queue_family;
    uint32_t            external_types; /* memory types that buffers of imported pages can use */
    struct gpu_adapter  adapter;        /* with the exact memory types */
    struct vulkan_device_funcs funcs;
    atomic_bool         lost;           /* sticky */
    atomic_bool         hung;           /* hung_copies is or was not empty; sticky, implies lost */
    atomic_uint         memory_count;   /* live VkDeviceMemory, without staging's, which has a place of its own */
    struct vulkan_staging staging;
    pthread_mutex_t     mutex;          /* queue, gpu_memory.buffer of its memories, and all below */
    struct vulkan_copy *idle_copies;
    struct vulkan_copy *hung_copies;    /* given up after the time-out: the GPU may still use them, and memory */
    struct gpu_memory  *parked;         /* freed while the GPU might still use it */
};

enum memory_kind
{
    MEMORY_ORDINARY,
    MEMORY_IMPORTED,    /* pages of the program, or of core */
    MEMORY_STAGING,     /* of vulkan_staging; not in memory_count */
};

struct gpu_memory
{
    VkDeviceMemory      handle;
    VkBuffer            buffer;     /* over all of it, made for the first copy; protected by gpu_device.mutex */
    uint64_t            size;       /* bytes */
    uint32_t            type;
    enum memory_kind    kind;
    void               *mapping;    /* or NULL */
    struct gpu_memory  *next;       /* in gpu_device.parked */
};

/* vulkan.c */
enum gpu_result vulkan_result( VkResult result );
enum gpu_result vulkan_device_result( struct gpu_device *device, VkResult result );
enum gpu_result vulkan_enum_locked( struct gpu_adapter **adapters, VkPhysicalDevice **physicals, uint32_t *count );
void vulkan_block_signals( sigset_t *old );
void vulkan_restore_signals( const sigset_t *old );

/* vulkan_copy.c */
enum gpu_result vulkan_create_buffer( struct gpu_device *device, uint64_t size, bool imported, VkBuffer *buffer );
enum gpu_result vulkan_start_copy( struct gpu_device *device, const struct vulkan_region *regions, unsigned int count,
                                   struct gpu_memory *other, bool write, struct vulkan_copy **copy );
enum gpu_result vulkan_finish_copy( struct gpu_device *device, struct vulkan_copy *copy );
void vulkan_destroy_copies( struct gpu_device *device );
bool vulkan_hung_copies_done( struct gpu_device *device, uint64_t timeout );

/* vulkan_memory.c */
enum gpu_result vulkan_create_staging( struct gpu_device *device, uint32_t type, uint64_t size, struct gpu_memory **memory );
enum gpu_result vulkan_import_pages( struct gpu_device *device, void *pointer, uint64_t size, struct gpu_memory **memory );
void vulkan_destroy_memory( struct gpu_device *device, struct gpu_memory *memory );

/* vulkan_paging.c */
void vulkan_init_staging( struct gpu_device *device );
void vulkan_destroy_staging( struct gpu_device *device );

#endif /* __WINEKMT_VULKAN_PRIVATE_H */
