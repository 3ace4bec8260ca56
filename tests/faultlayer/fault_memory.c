/*
 * VK_LAYER_winekmt_fault: another GPU's memory
 *
 * What programs see has types and heaps of its own; each type stands for one of the driver's. Indices and bit sets of types are
 * translated on their way in and out. Heaps have the size that the layer says: it counts what is allocated, and refuses what is more.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "fault_layer.h"

#define LOCAL    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT
#define VISIBLE  (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)
#define CACHED   VK_MEMORY_PROPERTY_HOST_CACHED_BIT

#define DEFAULT_HEAP_SIZE  (256ull << 20)

/* Bytes that this process uses: a file's counters are those of others too, and of some that have ended. Atomic. */
static uint64_t own_heap_used[FAULT_HEAPS];

static void add_type( struct fault_gpu *gpu, unsigned int number, uint32_t real, VkMemoryPropertyFlags flags, uint32_t heap )
{
    uint32_t type;

    if (fault_control->hidden_types & 1u << number || gpu->shown.memoryTypeCount == FAULT_TYPES) return;
    type = gpu->shown.memoryTypeCount++;
    gpu->shown.memoryTypes[type].propertyFlags = flags;
    gpu->shown.memoryTypes[type].heapIndex = heap;
    gpu->real_type[type] = real;
}

/* The driver's type that can be what a type of the look is to be: one that has those properties, and as few others as possible. */
static uint32_t find_real_type( const struct fault_gpu *gpu, VkMemoryPropertyFlags flags )
{
    uint32_t i, best = 0;
    int extra, least = 33;

    for (i = 0; i < gpu->real.memoryTypeCount; i++)
    {
        VkMemoryPropertyFlags has = gpu->real.memoryTypes[i].propertyFlags;

        if ((has & flags) != flags || has & ~(LOCAL | VISIBLE | CACHED)) continue;
        if ((extra = __builtin_popcount( has & ~flags )) >= least) continue;
        least = extra;
        best = i;
    }
    return best;
}

void fault_init_gpu( struct fault_gpu *gpu )
{
    static const struct { VkMemoryPropertyFlags flags; uint32_t heap; } discrete[] =
    {
        { LOCAL, 0 }, { VISIBLE, 1 }, { VISIBLE | CACHED, 1 }, { LOCAL | VISIBLE, 0 },
    };
    uint32_t i, count = fault_control->look == FAULT_LOOK_REBAR ? 4 : 3;

    if (fault_control->look == FAULT_LOOK_DRIVER)
    {
        gpu->shown.memoryHeapCount = gpu->real.memoryHeapCount;
        memcpy( gpu->shown.memoryHeaps, gpu->real.memoryHeaps, sizeof(gpu->shown.memoryHeaps) );
        for (i = 0; i < gpu->real.memoryTypeCount; i++)
            add_type( gpu, i, i, gpu->real.memoryTypes[i].propertyFlags, gpu->real.memoryTypes[i].heapIndex );
    }
    else
    {
        gpu->shown.memoryHeapCount = 2;
        gpu->shown.memoryHeaps[0] = (VkMemoryHeap){ DEFAULT_HEAP_SIZE, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT };
        gpu->shown.memoryHeaps[1] = (VkMemoryHeap){ DEFAULT_HEAP_SIZE, 0 };
        for (i = 0; i < count; i++) add_type( gpu, i, find_real_type( gpu, discrete[i].flags ), discrete[i].flags, discrete[i].heap );
    }
    for (i = 0; i < gpu->shown.memoryHeapCount; i++)
        if (fault_load( &fault_control->heap_size[i] )) gpu->shown.memoryHeaps[i].size = fault_load( &fault_control->heap_size[i] );
}

void fault_fill_budget( const struct fault_gpu *gpu, VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget )
{
    uint64_t value;
    uint32_t i;

    if (fault_control->budget_mode != FAULT_BUDGET_REPORT)
    {
        uint64_t real_budget[VK_MAX_MEMORY_HEAPS], real_usage[VK_MAX_MEMORY_HEAPS];

        if (fault_control->look == FAULT_LOOK_DRIVER) return;
        /* The driver's figures mean the driver's heaps: those of the first one go for all. */
        memcpy( real_budget, budget->heapBudget, sizeof(real_budget) );
        memcpy( real_usage, budget->heapUsage, sizeof(real_usage) );
        for (i = 0; i < gpu->shown.memoryHeapCount; i++)
        {
            budget->heapBudget[i] = real_budget[0];
            budget->heapUsage[i] = real_usage[0];
        }
        return;
    }
    for (i = 0; i < VK_MAX_MEMORY_HEAPS; i++)
    {
        bool exists = i < gpu->shown.memoryHeapCount;

        value = fault_load( &fault_control->budget[i] );
        budget->heapBudget[i] = !exists ? 0 : value ? value : gpu->shown.memoryHeaps[i].size;
        budget->heapUsage[i] = !exists ? 0 : fault_load( &own_heap_used[i] ) + fault_load( &fault_control->foreign[i] );
    }
}

/* A set of the driver's types as programs see it. */
static uint32_t shown_types( const struct fault_gpu *gpu, uint32_t real )
{
    uint32_t i, shown = 0;

    for (i = 0; i < gpu->shown.memoryTypeCount; i++) if (real >> gpu->real_type[i] & 1) shown |= 1u << i;
    return shown;
}

/***********************************************************************
 * Allocating and freeing
 */

static const void *find_in_chain( const void *chain, VkStructureType type )
{
    const VkBaseInStructure *structure;

    for (structure = chain; structure; structure = structure->pNext) if (structure->sType == type) return structure;
    return NULL;
}

/* Takes size bytes of a heap; false: there is no more. */
static bool reserve_heap( const struct fault_gpu *gpu, uint32_t heap, uint64_t size )
{
    uint64_t limit = fault_load( &fault_control->heap_capacity[heap] ), used = fault_load( &own_heap_used[heap] );

    if (!limit) limit = gpu->shown.memoryHeaps[heap].size;
    do if (size > limit || used > limit - size) return false;
    while (!__atomic_compare_exchange_n( &own_heap_used[heap], &used, used + size, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED ));
    __atomic_add_fetch( &fault_control->heap_used[heap], size, __ATOMIC_RELAXED );
    return true;
}

void fault_release_heap( uint32_t heap, uint64_t size )
{
    __atomic_sub_fetch( &own_heap_used[heap], size, __ATOMIC_RELAXED );
    __atomic_sub_fetch( &fault_control->heap_used[heap], size, __ATOMIC_RELAXED );
}

/* With poison every memory is mapped by the layer, and stays so: to fill it, and to be looked at. */
static char *make_view( struct fault_device *device, VkDeviceMemory memory, uint32_t real_type, uint64_t size )
{
    void *view;

    if (!fault_control->poison || !(device->gpu->real.memoryTypes[real_type].propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)) return NULL;
    if (device->MapMemory( device->handle, memory, 0, VK_WHOLE_SIZE, 0, &view )) return NULL;
    memset( view, FAULT_GARBAGE, size );
    return view;
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_AllocateMemory( VkDevice handle, const VkMemoryAllocateInfo *info,
                                                            const VkAllocationCallbacks *allocator, VkDeviceMemory *memory )
{
    bool import = find_in_chain( info->pNext, VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT ) != NULL;
    struct fault_device *device = fault_find_device( handle );
    const struct fault_gpu *gpu = device->gpu;
    VkMemoryAllocateInfo changed = *info;
    uint64_t most = fault_load( &fault_control->max_memories );
    VkResult result = fault_enter( FAULT_AllocateMemory, device );
    struct fault_entry *entry;
    uint32_t heap;
    char *view;

    if (result) return result;
    if (info->memoryTypeIndex >= gpu->shown.memoryTypeCount)
    {
        fault_misuse( "vkAllocateMemory with type %u of %u", info->memoryTypeIndex, gpu->shown.memoryTypeCount );
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    }
    heap = gpu->shown.memoryTypes[info->memoryTypeIndex].heapIndex;
    changed.memoryTypeIndex = gpu->real_type[info->memoryTypeIndex];
    if (!import && !reserve_heap( gpu, heap, info->allocationSize )) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    if (__atomic_add_fetch( &device->memories, 1, __ATOMIC_RELAXED ) > most && most) result = VK_ERROR_TOO_MANY_OBJECTS;
    if (!result) result = device->AllocateMemory( handle, &changed, allocator, memory );
    if (result)
    {
        __atomic_sub_fetch( &device->memories, 1, __ATOMIC_RELAXED );
        if (!import) fault_release_heap( heap, info->allocationSize );
        return result;
    }
    if (import) __atomic_add_fetch( &fault_control->imports, 1, __ATOMIC_RELAXED );
    view = import ? NULL : make_view( device, *memory, changed.memoryTypeIndex, info->allocationSize );
    entry = fault_add( device, FAULT_OBJECT_DeviceMemory, (uint64_t)*memory, 0 );
    entry->size = info->allocationSize;
    entry->type = info->memoryTypeIndex;
    entry->import = import;
    entry->view = view;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL fault_FreeMemory( VkDevice handle, VkDeviceMemory memory, const VkAllocationCallbacks *allocator )
{
    struct fault_device *device = fault_find_device( handle );
    struct fault_entry entry;

    fault_enter( FAULT_FreeMemory, device );
    if (!memory || !fault_remove( device, FAULT_OBJECT_DeviceMemory, (uint64_t)memory, &entry )) return;
    if (entry.mapped) __atomic_sub_fetch( &fault_control->mapped_ranges, 1, __ATOMIC_RELAXED );
    if (entry.view) memset( entry.view, FAULT_FREED, entry.size );
    device->FreeMemory( handle, memory, allocator );
    __atomic_sub_fetch( &device->memories, 1, __ATOMIC_RELAXED );
    if (entry.import) __atomic_sub_fetch( &fault_control->imports, 1, __ATOMIC_RELAXED );
    else fault_release_heap( device->gpu->shown.memoryTypes[entry.type].heapIndex, entry.size );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_MapMemory( VkDevice handle, VkDeviceMemory memory, VkDeviceSize offset, VkDeviceSize size,
                                                       VkMemoryMapFlags flags, void **pointer )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_MapMemory, device );
    struct fault_entry *entry;

    if (result) return result;
    if (!(entry = fault_find( device, FAULT_OBJECT_DeviceMemory, (uint64_t)memory )) || entry->mapped ||
        !(device->gpu->shown.memoryTypes[entry->type].propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT))
    {
        fault_misuse( "vkMapMemory of %#llx, which is %s", (unsigned long long)memory,
                      !entry ? "not alive" : entry->mapped ? "mapped already" : "not host-visible" );
        return VK_ERROR_MEMORY_MAP_FAILED;
    }
    if (entry->view) *pointer = entry->view + offset;
    else if ((result = device->MapMemory( handle, memory, offset, size, flags, pointer ))) return result;
    entry->mapped = true;
    __atomic_add_fetch( &fault_control->mapped_ranges, 1, __ATOMIC_RELAXED );
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL fault_UnmapMemory( VkDevice handle, VkDeviceMemory memory )
{
    struct fault_device *device = fault_find_device( handle );
    struct fault_entry *entry;

    fault_enter( FAULT_UnmapMemory, device );
    if (!(entry = fault_find( device, FAULT_OBJECT_DeviceMemory, (uint64_t)memory )) || !entry->mapped)
    {
        fault_misuse( "vkUnmapMemory of %#llx, which is not mapped", (unsigned long long)memory );
        return;
    }
    entry->mapped = false;
    __atomic_sub_fetch( &fault_control->mapped_ranges, 1, __ATOMIC_RELAXED );
    if (!entry->view) device->UnmapMemory( handle, memory );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_FlushMappedMemoryRanges( VkDevice handle, uint32_t count, const VkMappedMemoryRange *ranges )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_FlushMappedMemoryRanges, device );

    return result ? result : device->FlushMappedMemoryRanges( handle, count, ranges );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_InvalidateMappedMemoryRanges( VkDevice handle, uint32_t count, const VkMappedMemoryRange *ranges )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_InvalidateMappedMemoryRanges, device );

    return result ? result : device->InvalidateMappedMemoryRanges( handle, count, ranges );
}

/***********************************************************************
 * Binding and requirements
 */

static VKAPI_ATTR VkResult VKAPI_CALL fault_BindBufferMemory( VkDevice handle, VkBuffer buffer, VkDeviceMemory memory, VkDeviceSize offset )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_BindBufferMemory, device );

    return result ? result : device->BindBufferMemory( handle, buffer, memory, offset );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_BindBufferMemory2( VkDevice handle, uint32_t count, const VkBindBufferMemoryInfo *infos )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_BindBufferMemory, device );

    return result ? result : device->BindBufferMemory2( handle, count, infos );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_BindImageMemory( VkDevice handle, VkImage image, VkDeviceMemory memory, VkDeviceSize offset )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_BindImageMemory, device );

    return result ? result : device->BindImageMemory( handle, image, memory, offset );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_BindImageMemory2( VkDevice handle, uint32_t count, const VkBindImageMemoryInfo *infos )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_BindImageMemory, device );

    return result ? result : device->BindImageMemory2( handle, count, infos );
}

static VKAPI_ATTR void VKAPI_CALL fault_GetBufferMemoryRequirements( VkDevice handle, VkBuffer buffer, VkMemoryRequirements *requirements )
{
    struct fault_device *device = fault_find_device( handle );

    fault_enter( FAULT_GetBufferMemoryRequirements, device );
    device->GetBufferMemoryRequirements( handle, buffer, requirements );
    requirements->memoryTypeBits = shown_types( device->gpu, requirements->memoryTypeBits );
}

static VKAPI_ATTR void VKAPI_CALL fault_GetImageMemoryRequirements( VkDevice handle, VkImage image, VkMemoryRequirements *requirements )
{
    struct fault_device *device = fault_find_device( handle );

    device->GetImageMemoryRequirements( handle, image, requirements );
    requirements->memoryTypeBits = shown_types( device->gpu, requirements->memoryTypeBits );
}

#define F(name, info_type) \
    static VKAPI_ATTR void VKAPI_CALL fault_##name( VkDevice handle, const info_type *info, VkMemoryRequirements2 *requirements ) \
    { \
        struct fault_device *device = fault_find_device( handle ); \
        device->name( handle, info, requirements ); \
        requirements->memoryRequirements.memoryTypeBits = shown_types( device->gpu, requirements->memoryRequirements.memoryTypeBits ); \
    }
F(GetBufferMemoryRequirements2, VkBufferMemoryRequirementsInfo2)
F(GetImageMemoryRequirements2, VkImageMemoryRequirementsInfo2)
F(GetDeviceBufferMemoryRequirements, VkDeviceBufferMemoryRequirements)
F(GetDeviceImageMemoryRequirements, VkDeviceImageMemoryRequirements)
#undef F

static VKAPI_ATTR VkResult VKAPI_CALL fault_GetMemoryHostPointerPropertiesEXT( VkDevice handle, VkExternalMemoryHandleTypeFlagBits handle_type,
                                                                               const void *pointer, VkMemoryHostPointerPropertiesEXT *properties )
{
    struct fault_device *device = fault_find_device( handle );
    VkResult result = fault_enter( FAULT_GetMemoryHostPointerPropertiesEXT, device );
    uint32_t i;

    if (result || (result = device->GetMemoryHostPointerPropertiesEXT( handle, handle_type, pointer, properties ))) return result;
    properties->memoryTypeBits = shown_types( device->gpu, properties->memoryTypeBits );
    /* A GPU with memory of its own cannot pretend that pages of the host are that. */
    if (fault_control->look != FAULT_LOOK_DRIVER)
        for (i = 0; i < device->gpu->shown.memoryTypeCount; i++)
            if (device->gpu->shown.memoryTypes[i].propertyFlags & LOCAL) properties->memoryTypeBits &= ~(1u << i);
    return VK_SUCCESS;
}

PFN_vkVoidFunction fault_find_memory_wrapper( const char *name )
{
    static const struct { const char *name; PFN_vkVoidFunction function; } wrappers[] =
    {
#define W(name)  { "vk" #name, (PFN_vkVoidFunction)fault_##name }
#define K(name)  W( name ), { "vk" #name "KHR", (PFN_vkVoidFunction)fault_##name }
        W( AllocateMemory ), W( FreeMemory ), W( MapMemory ), W( UnmapMemory ), W( FlushMappedMemoryRanges ), W( InvalidateMappedMemoryRanges ),
        W( BindBufferMemory ), K( BindBufferMemory2 ), W( BindImageMemory ), K( BindImageMemory2 ),
        W( GetBufferMemoryRequirements ), K( GetBufferMemoryRequirements2 ), W( GetImageMemoryRequirements ), K( GetImageMemoryRequirements2 ),
        K( GetDeviceBufferMemoryRequirements ), K( GetDeviceImageMemoryRequirements ), W( GetMemoryHostPointerPropertiesEXT ),
#undef K
#undef W
    };
    unsigned int i;

    for (i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) if (!strcmp( name, wrappers[i].name )) return wrappers[i].function;
    return NULL;
}
