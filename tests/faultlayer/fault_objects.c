/*
 * VK_LAYER_winekmt_fault: objects that live, and the calls that are not about memory
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "fault_layer.h"

/***********************************************************************
 * The table: under fault_mutex
 */

#define BUCKETS  4096

static struct fault_entry *buckets[BUCKETS];

static struct fault_entry **find_link( struct fault_device *device, enum fault_object kind, uint64_t handle )
{
    struct fault_entry **link = &buckets[(handle * 0x9e3779b97f4a7c15ull + kind) >> 52];

    while (*link && ((*link)->handle != handle || (*link)->kind != kind || (*link)->device != device)) link = &(*link)->next;
    return link;
}

struct fault_entry *fault_add( struct fault_device *device, enum fault_object kind, uint64_t handle, uint64_t parent )
{
    struct fault_entry *entry = calloc( 1, sizeof(*entry) ), **link;

    if (!entry) abort();
    entry->device = device;
    entry->kind = kind;
    entry->handle = handle;
    entry->parent = parent;
    pthread_mutex_lock( &fault_mutex );
    link = find_link( device, kind, handle );
    entry->next = *link;
    *link = entry;
    pthread_mutex_unlock( &fault_mutex );
    __atomic_add_fetch( &fault_control->live[kind], 1, __ATOMIC_RELAXED );
    return entry;
}

/* Takes an entry out of its bucket. */
static void unlink_entry( struct fault_entry **link )
{
    struct fault_entry *entry = *link;

    *link = entry->next;
    __atomic_sub_fetch( &fault_control->live[entry->kind], 1, __ATOMIC_RELAXED );
}

bool fault_remove( struct fault_device *device, enum fault_object kind, uint64_t handle, struct fault_entry *ret )
{
    struct fault_entry **link, *entry;

    pthread_mutex_lock( &fault_mutex );
    link = find_link( device, kind, handle );
    if ((entry = *link)) unlink_entry( link );
    pthread_mutex_unlock( &fault_mutex );
    if (!entry)
    {
        fault_misuse( "%s %#llx is not alive, and destroyed", fault_object_names[kind], (unsigned long long)handle );
        return false;
    }
    if (ret) *ret = *entry;
    free( entry );
    return true;
}

struct fault_entry *fault_find( struct fault_device *device, enum fault_object kind, uint64_t handle )
{
    struct fault_entry *entry;

    pthread_mutex_lock( &fault_mutex );
    entry = *find_link( device, kind, handle );
    pthread_mutex_unlock( &fault_mutex );
    return entry;
}

unsigned int fault_remove_all( struct fault_device *device, enum fault_object kind, uint64_t parent )
{
    struct fault_entry **link, *entry;
    unsigned int i, count = 0;

    pthread_mutex_lock( &fault_mutex );
    for (i = 0; i < BUCKETS; i++)
        for (link = &buckets[i]; (entry = *link);)
        {
            if (entry->device != device || (kind != FAULT_OBJECTS && (entry->kind != kind || entry->parent != parent)))
            {
                link = &entry->next;
                continue;
            }
            if (entry->kind == FAULT_OBJECT_DeviceMemory && !entry->import)
                fault_release_heap( device->gpu->shown.memoryTypes[entry->type].heapIndex, entry->size );
            unlink_entry( link );
            free( entry );
            count++;
        }
    pthread_mutex_unlock( &fault_mutex );
    return count;
}

/***********************************************************************
 * Objects of the plain form
 */

#define F(name, errors) \
    static VKAPI_ATTR VkResult VKAPI_CALL fault_Create##name( VkDevice handle, const Vk##name##CreateInfo *info, \
                                                              const VkAllocationCallbacks *allocator, Vk##name *object ) \
    { \
        struct fault_device *device = fault_find_device( handle ); \
        VkResult result = fault_enter( FAULT_Create##name, device ); \
        if (!result && !(result = device->Create##name( handle, info, allocator, object ))) \
            fault_add( device, FAULT_OBJECT_##name, (uint64_t)*object, 0 ); \
        return result; \
    }
FAULT_PLAIN_OBJECTS(F)
#undef F

/* What else goes with an object. */
static void remove_children( struct fault_device *device, enum fault_object kind, uint64_t handle )
{
    if (kind == FAULT_OBJECT_CommandPool) fault_remove_all( device, FAULT_OBJECT_CommandBuffer, handle );
    if (kind == FAULT_OBJECT_DescriptorPool) fault_remove_all( device, FAULT_OBJECT_DescriptorSet, handle );
}

#define F(name, errors) \
    static VKAPI_ATTR void VKAPI_CALL fault_Destroy##name( VkDevice handle, Vk##name object, const VkAllocationCallbacks *allocator ) \
    { \
        struct fault_device *device = fault_find_device( handle ); \
        if (!object || !fault_remove( device, FAULT_OBJECT_##name, (uint64_t)object, NULL )) return; \
        remove_children( device, FAULT_OBJECT_##name, (uint64_t)object ); \
        device->Destroy##name( handle, object, allocator ); \
    }
FAULT_PLAIN_OBJECTS(F)
#undef F

/***********************************************************************
 * Objects of other forms
 */

static VKAPI_ATTR VkResult VKAPI_CALL fault_AllocateCommandBuffers( VkDevice handle, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *buffers )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_AllocateCommandBuffers, device );
    uint32_t i;

    if (result || (result = device->AllocateCommandBuffers( handle, info, buffers ))) return result;
    for (i = 0; i < info->commandBufferCount; i++)
        fault_add( device, FAULT_OBJECT_CommandBuffer, (uintptr_t)buffers[i], (uint64_t)info->commandPool );
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL fault_FreeCommandBuffers( VkDevice handle, VkCommandPool pool, uint32_t count, const VkCommandBuffer *buffers )
{
    struct fault_device *device = fault_find_device( handle );
    uint32_t i;

    for (i = 0; i < count; i++) if (buffers[i]) fault_remove( device, FAULT_OBJECT_CommandBuffer, (uintptr_t)buffers[i], NULL );
    device->FreeCommandBuffers( handle, pool, count, buffers );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_AllocateDescriptorSets( VkDevice handle, const VkDescriptorSetAllocateInfo *info, VkDescriptorSet *sets )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_AllocateDescriptorSets, device );
    uint32_t i;

    if (result || (result = device->AllocateDescriptorSets( handle, info, sets ))) return result;
    for (i = 0; i < info->descriptorSetCount; i++)
        fault_add( device, FAULT_OBJECT_DescriptorSet, (uint64_t)sets[i], (uint64_t)info->descriptorPool );
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_FreeDescriptorSets( VkDevice handle, VkDescriptorPool pool, uint32_t count, const VkDescriptorSet *sets )
{
    struct fault_device *device = fault_find_device( handle );
    uint32_t i;

    for (i = 0; i < count; i++) if (sets[i]) fault_remove( device, FAULT_OBJECT_DescriptorSet, (uint64_t)sets[i], NULL );
    return device->FreeDescriptorSets( handle, pool, count, sets );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_ResetDescriptorPool( VkDevice handle, VkDescriptorPool pool, VkDescriptorPoolResetFlags flags )
{
    struct fault_device *device = fault_find_device( handle );

    fault_remove_all( device, FAULT_OBJECT_DescriptorSet, (uint64_t)pool );
    return device->ResetDescriptorPool( handle, pool, flags );
}

/* Some of several may be made when the call fails. */
static void add_pipelines( struct fault_device *device, uint32_t count, const VkPipeline *pipelines )
{
    uint32_t i;

    for (i = 0; i < count; i++) if (pipelines[i]) fault_add( device, FAULT_OBJECT_Pipeline, (uint64_t)pipelines[i], 0 );
}

#define F(kind) \
    static VKAPI_ATTR VkResult VKAPI_CALL fault_Create##kind##Pipelines( VkDevice handle, VkPipelineCache cache, uint32_t count, \
        const Vk##kind##PipelineCreateInfo *infos, const VkAllocationCallbacks *allocator, VkPipeline *pipelines ) \
    { \
        struct fault_device *device = fault_find_device( handle ); \
        VkResult result = fault_enter( FAULT_Create##kind##Pipelines, device ); \
        memset( pipelines, 0, count * sizeof(*pipelines) ); \
        if (result) return result; \
        result = device->Create##kind##Pipelines( handle, cache, count, infos, allocator, pipelines ); \
        add_pipelines( device, count, pipelines ); \
        return result; \
    }
F(Graphics)
F(Compute)
#undef F

static VKAPI_ATTR void VKAPI_CALL fault_DestroyPipeline( VkDevice handle, VkPipeline pipeline, const VkAllocationCallbacks *allocator )
{
    struct fault_device *device = fault_find_device( handle );

    if (!pipeline || !fault_remove( device, FAULT_OBJECT_Pipeline, (uint64_t)pipeline, NULL )) return;
    device->DestroyPipeline( handle, pipeline, allocator );
}

/***********************************************************************
 * Recording
 */

static VKAPI_ATTR VkResult VKAPI_CALL fault_BeginCommandBuffer( VkCommandBuffer commands, const VkCommandBufferBeginInfo *info )
{
    struct fault_device *device = fault_find_device( commands );
    VkResult result = fault_enter( FAULT_BeginCommandBuffer, device );

    return result ? result : device->BeginCommandBuffer( commands, info );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_EndCommandBuffer( VkCommandBuffer commands )
{
    struct fault_device *device = fault_find_device( commands );
    VkResult result = fault_enter( FAULT_EndCommandBuffer, device );

    return result ? result : device->EndCommandBuffer( commands );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_ResetCommandBuffer( VkCommandBuffer commands, VkCommandBufferResetFlags flags )
{
    struct fault_device *device = fault_find_device( commands );
    VkResult result = fault_enter( FAULT_ResetCommandBuffer, device );

    return result ? result : device->ResetCommandBuffer( commands, flags );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_ResetCommandPool( VkDevice handle, VkCommandPool pool, VkCommandPoolResetFlags flags )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_ResetCommandPool, device );

    return result ? result : device->ResetCommandPool( handle, pool, flags );
}

/***********************************************************************
 * Queues and fences: what a lost device answers
 */

/* call is one that a lost device answers with that. */
static VkResult enter_alive( enum fault_call call, struct fault_device *device )
{
    VkResult result = fault_enter( call, device );

    return !result && fault_is_lost( device ) ? VK_ERROR_DEVICE_LOST : result;
}

/* The same for what uses a queue: with the mutex held if it is successful. */
static VkResult enter_queue( enum fault_call call, struct fault_device *device )
{
    VkResult result = enter_alive( call, device );

    if (result) return result;
    pthread_mutex_lock( &device->queue_mutex );
    if (!__atomic_load_n( &device->lost, __ATOMIC_SEQ_CST )) return VK_SUCCESS;
    pthread_mutex_unlock( &device->queue_mutex );
    return VK_ERROR_DEVICE_LOST;
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_QueueSubmit( VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence )
{
    struct fault_device *device = fault_find_device( queue );
    VkResult result = enter_queue( FAULT_QueueSubmit, device );

    if (result) return result;
    result = device->QueueSubmit( queue, count, submits, fence );
    pthread_mutex_unlock( &device->queue_mutex );
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_QueueSubmit2( VkQueue queue, uint32_t count, const VkSubmitInfo2 *submits, VkFence fence )
{
    struct fault_device *device = fault_find_device( queue );
    VkResult result = enter_queue( FAULT_QueueSubmit2, device );

    if (result) return result;
    result = device->QueueSubmit2( queue, count, submits, fence );
    pthread_mutex_unlock( &device->queue_mutex );
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_QueueWaitIdle( VkQueue queue )
{
    struct fault_device *device = fault_find_device( queue );
    VkResult result = enter_queue( FAULT_QueueWaitIdle, device );

    if (result) return result;
    result = device->QueueWaitIdle( queue );
    pthread_mutex_unlock( &device->queue_mutex );
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_DeviceWaitIdle( VkDevice handle )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = enter_queue( FAULT_DeviceWaitIdle, device );

    if (result) return result;
    result = device->DeviceWaitIdle( handle );
    pthread_mutex_unlock( &device->queue_mutex );
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_ResetFences( VkDevice handle, uint32_t count, const VkFence *fences )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_ResetFences, device );

    return result ? result : device->ResetFences( handle, count, fences );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_GetFenceStatus( VkDevice handle, VkFence fence )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = enter_alive( FAULT_GetFenceStatus, device );

    return result ? result : device->GetFenceStatus( handle, fence );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_WaitForFences( VkDevice handle, uint32_t count, const VkFence *fences, VkBool32 all, uint64_t timeout )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = enter_alive( FAULT_WaitForFences, device );

    return result ? result : device->WaitForFences( handle, count, fences, all, timeout );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_GetEventStatus( VkDevice handle, VkEvent event )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = enter_alive( FAULT_GetEventStatus, device );

    return result ? result : device->GetEventStatus( handle, event );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_GetQueryPoolResults( VkDevice handle, VkQueryPool pool, uint32_t first, uint32_t count, size_t size,
                                                                 void *data, VkDeviceSize stride, VkQueryResultFlags flags )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = enter_alive( FAULT_GetQueryPoolResults, device );

    return result ? result : device->GetQueryPoolResults( handle, pool, first, count, size, data, stride, flags );
}

PFN_vkVoidFunction fault_find_object_wrapper( const char *name )
{
    static const struct { const char *name; PFN_vkVoidFunction function; } wrappers[] =
    {
#define F(name, errors) \
        { "vkCreate" #name, (PFN_vkVoidFunction)fault_Create##name }, { "vkDestroy" #name, (PFN_vkVoidFunction)fault_Destroy##name },
        FAULT_PLAIN_OBJECTS(F)
#undef F
#define W(name)  { "vk" #name, (PFN_vkVoidFunction)fault_##name }
        W( AllocateCommandBuffers ), W( FreeCommandBuffers ), W( AllocateDescriptorSets ), W( FreeDescriptorSets ), W( ResetDescriptorPool ),
        W( CreateGraphicsPipelines ), W( CreateComputePipelines ), W( DestroyPipeline ),
        W( BeginCommandBuffer ), W( EndCommandBuffer ), W( ResetCommandBuffer ), W( ResetCommandPool ),
        W( QueueSubmit ), W( QueueSubmit2 ), { "vkQueueSubmit2KHR", (PFN_vkVoidFunction)fault_QueueSubmit2 },
        W( QueueWaitIdle ), W( DeviceWaitIdle ), W( ResetFences ), W( GetFenceStatus ), W( WaitForFences ), W( GetEventStatus ),
        W( GetQueryPoolResults ),
#undef W
    };
    unsigned int i;

    for (i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) if (!strcmp( name, wrappers[i].name )) return wrappers[i].function;
    return NULL;
}
