/*
 * VK_LAYER_winekmt_fault: what its files share
 *
 * One mutex, fault_mutex, protects the lists of instances, devices and objects; no call down the chain is made with it
 * held. struct fault_instance, fault_gpu and fault_device live as long as what they stand for; Vulkan's own rules see to it that
 * nobody uses them after that.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_FAULT_LAYER_H
#define __WINEKMT_TESTS_FAULT_LAYER_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>

#include "fault_control.h"

#define EXPORT  __attribute__((visibility( "default" )))

/* What the layer calls below itself; entries of a driver that lacks them are NULL. */
#define INSTANCE_FUNCS(F) \
    F(DestroyInstance) \
    F(EnumeratePhysicalDevices) \
    F(EnumerateDeviceExtensionProperties) \
    F(GetPhysicalDeviceProperties) \
    F(GetPhysicalDeviceProperties2) \
    F(GetPhysicalDeviceMemoryProperties) \
    F(GetPhysicalDeviceMemoryProperties2)

#define DEVICE_FUNCS(F) \
    F(DestroyDevice) \
    F(AllocateMemory) \
    F(FreeMemory) \
    F(MapMemory) \
    F(UnmapMemory) \
    F(FlushMappedMemoryRanges) \
    F(InvalidateMappedMemoryRanges) \
    F(BindBufferMemory) \
    F(BindBufferMemory2) \
    F(BindImageMemory) \
    F(BindImageMemory2) \
    F(GetBufferMemoryRequirements) \
    F(GetBufferMemoryRequirements2) \
    F(GetImageMemoryRequirements) \
    F(GetImageMemoryRequirements2) \
    F(GetDeviceBufferMemoryRequirements) \
    F(GetDeviceImageMemoryRequirements) \
    F(AllocateCommandBuffers) \
    F(FreeCommandBuffers) \
    F(AllocateDescriptorSets) \
    F(FreeDescriptorSets) \
    F(ResetDescriptorPool) \
    F(BeginCommandBuffer) \
    F(EndCommandBuffer) \
    F(ResetCommandBuffer) \
    F(ResetCommandPool) \
    F(QueueSubmit) \
    F(QueueSubmit2) \
    F(QueueWaitIdle) \
    F(DeviceWaitIdle) \
    F(ResetFences) \
    F(GetFenceStatus) \
    F(WaitForFences) \
    F(GetEventStatus) \
    F(GetQueryPoolResults) \
    F(CreateGraphicsPipelines) \
    F(CreateComputePipelines) \
    F(DestroyPipeline) \
    F(GetMemoryHostPointerPropertiesEXT)

struct fault_instance
{
    struct fault_instance *next;
    VkInstance handle;
    PFN_vkGetInstanceProcAddr get_proc;
    PFN_GetPhysicalDeviceProcAddr get_physical_proc;    /* or NULL */
#define F(name) PFN_vk##name name;
    INSTANCE_FUNCS(F)
#undef F
};

/* A physical device as programs see it. */
struct fault_gpu
{
    struct fault_gpu *next;
    VkPhysicalDevice handle;
    struct fault_instance *instance;
    bool     driver_has_budget;     /* VK_EXT_memory_budget */
    VkPhysicalDeviceMemoryProperties real;  /* the driver's */
    VkPhysicalDeviceMemoryProperties shown; /* what programs see */
    uint32_t real_type[FAULT_TYPES];        /* of a shown type */
};

struct fault_device
{
    struct fault_device *next;
    VkDevice handle;
    const struct fault_gpu *gpu;
    PFN_vkGetDeviceProcAddr get_proc;
    uint32_t losses;                /* control->losses when it was made */
    bool     lost;                  /* atomic; sticky */
    uint64_t memories;              /* atomic; live VkDeviceMemory */
    pthread_mutex_t queue_mutex;    /* held for what uses a queue, so that a loss can wait for all of them */
#define F(name) PFN_vk##name name;
    DEVICE_FUNCS(F)
#undef F
#define F(name, errors) PFN_vkCreate##name Create##name; PFN_vkDestroy##name Destroy##name;
    FAULT_PLAIN_OBJECTS(F)
#undef F
};

extern struct fault_control *fault_control;
extern pthread_mutex_t fault_mutex;

/***********************************************************************
 * Rules and counters (fault_layer.c)
 */

/* What every intercepted call begins with: counts, sleeps, and says whether it fails by order. device: NULL for those of
 * instances. A loss of the device by order is seen to. */
VkResult fault_enter( enum fault_call call, struct fault_device *device );

/* Whether the device is lost, by order of whatever kind: then what can say so must. */
bool fault_is_lost( struct fault_device *device );

/* Something that no program may do. */
void fault_misuse( const char *format, ... ) __attribute__((format (printf, 1, 2)));

/* By a dispatchable handle of the device, its queues or its command buffers. Never NULL for valid ones. */
struct fault_device *fault_find_device( const void *handle );

/* The wrappers of device functions by name, of both files; NULL: there is none. */
PFN_vkVoidFunction fault_find_object_wrapper( const char *name );
PFN_vkVoidFunction fault_find_memory_wrapper( const char *name );

/***********************************************************************
 * Live objects (fault_objects.c)
 */

struct fault_entry
{
    struct fault_entry  *next;      /* in its bucket */
    struct fault_device *device;    /* NULL for devices and instances */
    uint64_t             handle;
    enum fault_object    kind;
    uint64_t             parent;    /* the pool of command buffers and descriptor sets */
    /* FAULT_OBJECT_DeviceMemory */
    uint64_t             size;
    uint32_t             type;      /* shown */
    bool                 import;
    bool                 mapped;    /* by the program */
    char                *view;      /* ours, with poison */
};

/* Counts an object. Never fails: the process ends where there is no memory for it. */
struct fault_entry *fault_add( struct fault_device *device, enum fault_object kind, uint64_t handle, uint64_t parent );

/* Takes it out; false: no such object is alive, which is misuse. *entry may be NULL. */
bool fault_remove( struct fault_device *device, enum fault_object kind, uint64_t handle, struct fault_entry *entry );

/* NULL: no such object. The entry lives until it is removed. */
struct fault_entry *fault_find( struct fault_device *device, enum fault_object kind, uint64_t handle );

/* Takes out all objects of a pool, or all of a device with kind FAULT_OBJECTS. How many there were. */
unsigned int fault_remove_all( struct fault_device *device, enum fault_object kind, uint64_t parent );

/***********************************************************************
 * The look (fault_memory.c)
 */

/* Fills in what programs see. */
void fault_init_gpu( struct fault_gpu *gpu );

/* The struct of that physical device, made when first asked for. */
const struct fault_gpu *fault_get_gpu( VkPhysicalDevice handle );

/* Bytes of a shown heap are free again. */
void fault_release_heap( uint32_t heap, uint64_t size );

/* For vkGetPhysicalDeviceMemoryProperties2: the budget, if it is in the chain. */
void fault_fill_budget( const struct fault_gpu *gpu, VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget );

static inline uint64_t fault_load( const uint64_t *word )
{
    return __atomic_load_n( word, __ATOMIC_RELAXED );
}

#endif /* __WINEKMT_TESTS_FAULT_LAYER_H */
