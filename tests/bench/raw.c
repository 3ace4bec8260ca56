/*
 * bench: raw Vulkan, on a device of its own of the GPU that winekmt's adapter stands for
 *
 * Nothing is checked that cannot fail on a working driver: a benchmark that cannot go on stops.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>
#include "bench.h"

#define INSTANCE_FUNCTIONS \
    F( DestroyInstance ) F( EnumeratePhysicalDevices ) F( GetPhysicalDeviceProperties2 ) F( GetPhysicalDeviceMemoryProperties ) \
    F( GetPhysicalDeviceQueueFamilyProperties ) F( CreateDevice ) F( GetDeviceProcAddr )
#define DEVICE_FUNCTIONS \
    F( DestroyDevice ) F( GetDeviceQueue ) F( AllocateMemory ) F( FreeMemory ) F( MapMemory ) F( CreateBuffer ) F( DestroyBuffer ) \
    F( GetBufferMemoryRequirements ) F( BindBufferMemory ) F( CreateCommandPool ) F( DestroyCommandPool ) F( AllocateCommandBuffers ) \
    F( BeginCommandBuffer ) F( EndCommandBuffer ) F( CmdCopyBuffer ) F( QueueSubmit ) F( CreateFence ) F( DestroyFence ) \
    F( WaitForFences ) F( ResetFences )

static struct
{
#define F( name ) PFN_vk##name name;
    INSTANCE_FUNCTIONS
    DEVICE_FUNCTIONS
#undef F
}
vk;

static VkInstance instance;
static VkPhysicalDevice physical;
static VkDevice device;
static VkQueue queue;
static VkPhysicalDeviceMemoryProperties memory_properties;
static uint32_t queue_family, gpu_type, host_type;      /* memory types: of allocations, and for staging */
static char driver_name[96];

static void expect( VkResult result, const char *function )
{
    if (result) stop( "%s failed: %d", function, (int)result );
}

/* The first memory type with those properties and, where one can be had, those besides; UINT32_MAX: none. */
static uint32_t find_type( VkMemoryPropertyFlags needed, VkMemoryPropertyFlags wished )
{
    uint32_t i;

    for (i = 0; i < memory_properties.memoryTypeCount; i++)
        if ((memory_properties.memoryTypes[i].propertyFlags & (needed | wished)) == (needed | wished)) return i;
    return wished ? find_type( needed, 0 ) : UINT32_MAX;
}

/* The first family that copies and nothing else, else the first that can do anything. */
static uint32_t find_queue_family( void )
{
    VkQueueFamilyProperties families[32];
    uint32_t i, count = ARRAY_COUNT( families ), found = 0;

    vk.GetPhysicalDeviceQueueFamilyProperties( physical, &count, families );
    for (i = count; i--; )
        if (families[i].queueFlags & (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT)) found = i;
    for (i = count; i--; )
        if (families[i].queueFlags & VK_QUEUE_TRANSFER_BIT &&
            !(families[i].queueFlags & (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT))) found = i;
    return found;
}

static bool find_physical_device( void )
{
    VkPhysicalDevice devices[16];
    uint32_t i, count = ARRAY_COUNT( devices );
    VkResult result = vk.EnumeratePhysicalDevices( instance, &count, devices );

    if (result && result != VK_INCOMPLETE) return false;
    for (i = 0; i < count; i++)
    {
        VkPhysicalDeviceDriverProperties driver = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES };
        VkPhysicalDeviceIDProperties id = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES, .pNext = &driver };
        VkPhysicalDeviceProperties2 properties = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &id };

        vk.GetPhysicalDeviceProperties2( devices[i], &properties );
        if (memcmp( id.deviceUUID, gpu.data.device_uuid, sizeof(id.deviceUUID) )) continue;
        snprintf( driver_name, sizeof(driver_name), "%.40s %.50s", driver.driverName, driver.driverInfo );
        physical = devices[i];
        return true;
    }
    return false;
}

bool raw_open( const char **why )
{
    VkApplicationInfo application = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_2 };
    VkInstanceCreateInfo create_instance = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application };
    float priority = 1;
    VkDeviceQueueCreateInfo create_queue = { .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1,
                                             .pQueuePriorities = &priority };
    VkDeviceCreateInfo create_device = { .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1,
                                         .pQueueCreateInfos = &create_queue };
    PFN_vkGetInstanceProcAddr get_proc = (PFN_vkGetInstanceProcAddr)platform_open_vulkan();
    PFN_vkCreateInstance create;
    bool local = gpu.group == D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL;

    *why = "there is no Vulkan loader";
    if (!get_proc || !(create = (PFN_vkCreateInstance)get_proc( NULL, "vkCreateInstance" ))) return false;
    *why = "Vulkan makes no instance";
    if (create( &create_instance, NULL, &instance )) return false;
#define F( name ) vk.name = (PFN_vk##name)get_proc( instance, "vk" #name );
    INSTANCE_FUNCTIONS
#undef F
    *why = "Vulkan does not have the GPU of the adapter";
    if (!find_physical_device()) return false;
    vk.GetPhysicalDeviceMemoryProperties( physical, &memory_properties );
    create_queue.queueFamilyIndex = queue_family = find_queue_family();
    *why = "Vulkan makes no device";
    if (vk.CreateDevice( physical, &create_device, NULL, &device )) return false;
#define F( name ) vk.name = (PFN_vk##name)vk.GetDeviceProcAddr( device, "vk" #name );
    DEVICE_FUNCTIONS
#undef F
    vk.GetDeviceQueue( device, queue_family, 0, &queue );
    gpu_type = find_type( local ? VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT : VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0 );
    host_type = find_type( VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, VK_MEMORY_PROPERTY_HOST_CACHED_BIT );
    *why = "Vulkan has no memory type that suits";
    return gpu_type != UINT32_MAX && host_type != UINT32_MAX;
}

void raw_close( void )
{
    if (device) vk.DestroyDevice( device, NULL );
    if (instance) vk.DestroyInstance( instance, NULL );
    device = NULL;
    instance = NULL;
}

const char *raw_driver( void )
{
    return driver_name;
}

static VkDeviceMemory allocate( uint64_t size, uint32_t type )
{
    VkMemoryAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = size, .memoryTypeIndex = type };
    VkDeviceMemory memory;

    return vk.AllocateMemory( device, &info, NULL, &memory ) ? VK_NULL_HANDLE : memory;
}

struct raw_memory *raw_allocate( uint64_t size )
{
    return (struct raw_memory *)(uintptr_t)allocate( size, gpu_type );
}

void raw_free( struct raw_memory *memory )
{
    vk.FreeMemory( device, (VkDeviceMemory)(uintptr_t)memory, NULL );
}

void *raw_map( struct raw_memory *memory )
{
    void *map;

    expect( vk.MapMemory( device, (VkDeviceMemory)(uintptr_t)memory, 0, VK_WHOLE_SIZE, 0, &map ), "vkMapMemory" );
    return map;
}

bool raw_cpu_reaches( void )
{
    VkMemoryPropertyFlags needed = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;

    return (memory_properties.memoryTypes[gpu_type].propertyFlags & needed) == needed;
}

bool raw_cpu_copies( void )
{
    return !settings.gpu_copies && raw_cpu_reaches();
}

/***********************************************************************
 * Copies
 */

struct raw_copy
{
    uint64_t           size;
    struct raw_memory *memory;          /* CPU copies: of the GPU, mapped */
    void              *map, *pages;
    VkBuffer           buffers[2];      /* GPU copies: of the GPU, and of the CPU */
    VkDeviceMemory     memories[2];
    VkCommandPool      pool;
    VkCommandBuffer    commands[2];     /* by direction */
    VkFence            fence;
};

static void create_gpu_copy( struct raw_copy *copy )
{
    VkBufferCreateInfo create_buffer = { .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = copy->size,
                                         .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT };
    VkCommandPoolCreateInfo create_pool = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, .queueFamilyIndex = queue_family };
    VkCommandBufferAllocateInfo allocate_commands = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                      .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY, .commandBufferCount = 2 };
    VkCommandBufferBeginInfo begin = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
    VkFenceCreateInfo create_fence = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    VkBufferCopy region = { .size = copy->size };
    VkMemoryRequirements requirements;
    unsigned int i;

    for (i = 0; i < 2; i++)
    {
        expect( vk.CreateBuffer( device, &create_buffer, NULL, &copy->buffers[i] ), "vkCreateBuffer" );
        vk.GetBufferMemoryRequirements( device, copy->buffers[i], &requirements );
        if (!(copy->memories[i] = allocate( requirements.size, i ? host_type : gpu_type ))) stop( "no memory for a raw copy" );
        expect( vk.BindBufferMemory( device, copy->buffers[i], copy->memories[i], 0 ), "vkBindBufferMemory" );
    }
    expect( vk.CreateCommandPool( device, &create_pool, NULL, &copy->pool ), "vkCreateCommandPool" );
    allocate_commands.commandPool = copy->pool;
    expect( vk.AllocateCommandBuffers( device, &allocate_commands, copy->commands ), "vkAllocateCommandBuffers" );
    for (i = 0; i < 2; i++)
    {
        expect( vk.BeginCommandBuffer( copy->commands[i], &begin ), "vkBeginCommandBuffer" );
        vk.CmdCopyBuffer( copy->commands[i], copy->buffers[i], copy->buffers[!i], 1, &region );
        expect( vk.EndCommandBuffer( copy->commands[i] ), "vkEndCommandBuffer" );
    }
    expect( vk.CreateFence( device, &create_fence, NULL, &copy->fence ), "vkCreateFence" );
}

struct raw_copy *raw_copy_create( uint64_t size )
{
    struct raw_copy *copy = calloc( 1, sizeof(*copy) );

    if (!copy) stop( "no memory" );
    copy->size = size;
    if (raw_cpu_copies())
    {
        if (!(copy->memory = raw_allocate( size ))) stop( "no memory for a raw copy" );
        copy->map = raw_map( copy->memory );
        copy->pages = platform_allocate_pages( size );
        memset( copy->map, 0x5a, size );
        memset( copy->pages, 0xa5, size );
    }
    else create_gpu_copy( copy );
    return copy;
}

void raw_copy_destroy( struct raw_copy *copy )
{
    unsigned int i;

    if (copy->memory)
    {
        raw_free( copy->memory );
        platform_free_pages( copy->pages, copy->size );
    }
    else
    {
        vk.DestroyFence( device, copy->fence, NULL );
        vk.DestroyCommandPool( device, copy->pool, NULL );
        for (i = 0; i < 2; i++)
        {
            vk.DestroyBuffer( device, copy->buffers[i], NULL );
            vk.FreeMemory( device, copy->memories[i], NULL );
        }
    }
    free( copy );
}

static void run_gpu_copy( struct raw_copy *copy, enum raw_direction direction )
{
    VkSubmitInfo submit = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &copy->commands[direction] };

    expect( vk.QueueSubmit( queue, 1, &submit, copy->fence ), "vkQueueSubmit" );
    expect( vk.WaitForFences( device, 1, &copy->fence, VK_TRUE, UINT64_MAX ), "vkWaitForFences" );
    expect( vk.ResetFences( device, 1, &copy->fence ), "vkResetFences" );
}

void raw_copy_run( struct raw_copy *copy, enum raw_direction direction, bool fresh )
{
    struct raw_memory *memory;
    VkDeviceMemory extra;
    void *pages;

    if (!copy->memory)
    {
        /* What the destination costs besides; the copy itself goes where it always goes. */
        extra = fresh ? allocate( copy->size, direction == RAW_IN ? gpu_type : host_type ) : VK_NULL_HANDLE;
        run_gpu_copy( copy, direction );
        if (extra) vk.FreeMemory( device, extra, NULL );
    }
    else if (!fresh && direction == RAW_OUT) platform_copy( copy->pages, copy->map, copy->size );
    else if (!fresh) platform_copy( copy->map, copy->pages, copy->size );
    else if (direction == RAW_OUT)
    {
        pages = platform_allocate_pages( copy->size );
        platform_copy( pages, copy->map, copy->size );
        platform_free_pages( pages, copy->size );
    }
    else
    {
        if (!(memory = raw_allocate( copy->size ))) stop( "no memory for a raw copy" );
        platform_copy( raw_map( memory ), copy->pages, copy->size );
        raw_free( memory );
    }
}
