/*
 * An ordinary Windows program that uses Vulkan: instance, devices, memory of every type, a fill and a copy on a queue
 *
 * It takes vulkan-1.dll from wherever Wine finds it, and says whose that is. With --list-only it makes no device.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

#include "client.h"

#define BLOCK_SIZE  (4u << 20)      /* bytes of each block of memory */
#define PATTERN     0x1badc0deu

static PFN_vkGetInstanceProcAddr get_proc;
static VkInstance instance;

/* Every function by its own name, found when it is used. */
#define call( name, ... )   ((PFN_##name)get_proc( instance, #name ))( __VA_ARGS__ )

static int check( VkResult result, const char *what )
{
    if (result < 0) fail( "%s: VkResult %d", what, result );
    return result >= 0;
}

static void print_uuid( const char *what, const uint8_t *uuid )
{
    unsigned int i;

    printf( "same %s: ", what );
    for (i = 0; i < VK_UUID_SIZE; i++) printf( "%02x", uuid[i] );
    printf( "\n" );
}

/* A block of a memory type: allocated, written and read where the CPU can. */
static void use_memory_type( VkDevice device, uint32_t type, VkMemoryPropertyFlags flags )
{
    VkMemoryAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = BLOCK_SIZE,
                                  .memoryTypeIndex = type };
    VkDeviceMemory memory;
    void *data;

    if (!check( call( vkAllocateMemory, device, &info, NULL, &memory ), "vkAllocateMemory" )) return;
    if ((flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) &&
        check( call( vkMapMemory, device, memory, 0, BLOCK_SIZE, 0, &data ), "vkMapMemory" ))
    {
        memset( data, 0x5a + type, BLOCK_SIZE );
        printf( "same memory type %u: written, %016llx\n", type, (unsigned long long)checksum( data, BLOCK_SIZE ) );
        call( vkUnmapMemory, device, memory );
    }
    else printf( "same memory type %u: allocated\n", type );
    call( vkFreeMemory, device, memory, NULL );
}

static VkDeviceMemory bind_buffer( VkDevice device, const VkPhysicalDeviceMemoryProperties *props, VkBuffer buffer )
{
    VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    VkMemoryAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO };
    VkMemoryRequirements needs;
    VkDeviceMemory memory;
    uint32_t i;

    call( vkGetBufferMemoryRequirements, device, buffer, &needs );
    info.allocationSize = needs.size;
    for (i = 0; i < props->memoryTypeCount; i++)
        if ((needs.memoryTypeBits & 1u << i) && (props->memoryTypes[i].propertyFlags & wanted) == wanted) break;
    info.memoryTypeIndex = i;
    if (i == props->memoryTypeCount)
    {
        fail( "no memory type for a buffer that the CPU reads" );
        return VK_NULL_HANDLE;
    }
    if (!check( call( vkAllocateMemory, device, &info, NULL, &memory ), "vkAllocateMemory for a buffer" ) ||
        !check( call( vkBindBufferMemory, device, buffer, memory, 0 ), "vkBindBufferMemory" )) return VK_NULL_HANDLE;
    return memory;
}

/* Fills one buffer on the GPU, copies it to another, and reads that. */
static void use_queue( VkDevice device, const VkPhysicalDeviceMemoryProperties *props, uint32_t family )
{
    VkCommandPoolCreateInfo pool_info = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, .queueFamilyIndex = family };
    VkCommandBufferAllocateInfo cmd_info = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                             .commandBufferCount = 1 };
    VkCommandBufferBeginInfo begin = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
    VkBufferCreateInfo buffer_info = { .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = BLOCK_SIZE,
                                       .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT };
    VkMemoryBarrier barrier = { .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT };
    VkBufferCopy region = { .size = BLOCK_SIZE };
    VkSubmitInfo submit = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1 };
    VkBuffer buffers[2];
    VkDeviceMemory memory[2] = { VK_NULL_HANDLE };
    VkCommandBuffer cmd;
    VkQueue queue;
    uint32_t *data, i;

    if (!check( call( vkCreateCommandPool, device, &pool_info, NULL, &cmd_info.commandPool ), "vkCreateCommandPool" )) return;
    if (!check( call( vkAllocateCommandBuffers, device, &cmd_info, &cmd ), "vkAllocateCommandBuffers" )) return;
    for (i = 0; i < 2; i++)
    {
        if (!check( call( vkCreateBuffer, device, &buffer_info, NULL, &buffers[i] ), "vkCreateBuffer" )) return;
        if (!(memory[i] = bind_buffer( device, props, buffers[i] ))) return;
    }
    call( vkBeginCommandBuffer, cmd, &begin );
    call( vkCmdFillBuffer, cmd, buffers[0], 0, BLOCK_SIZE, PATTERN );
    call( vkCmdPipelineBarrier, cmd, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &barrier, 0, NULL,
          0, NULL );
    call( vkCmdCopyBuffer, cmd, buffers[0], buffers[1], 1, &region );
    call( vkEndCommandBuffer, cmd );
    call( vkGetDeviceQueue, device, family, 0, &queue );
    submit.pCommandBuffers = &cmd;
    if (check( call( vkQueueSubmit, queue, 1, &submit, VK_NULL_HANDLE ), "vkQueueSubmit" ) &&
        check( call( vkQueueWaitIdle, queue ), "vkQueueWaitIdle" ) &&
        check( call( vkMapMemory, device, memory[1], 0, BLOCK_SIZE, 0, (void **)&data ), "vkMapMemory of a buffer" ))
    {
        for (i = 0; i < BLOCK_SIZE / sizeof(*data) && data[i] == PATTERN; i++) continue;
        if (i < BLOCK_SIZE / sizeof(*data)) fail( "word %u of the copy is %08x", i, data[i] );
        else printf( "same queue: filled and copied\n" );
        call( vkUnmapMemory, device, memory[1] );
    }
    for (i = 0; i < 2; i++)
    {
        call( vkDestroyBuffer, device, buffers[i], NULL );
        call( vkFreeMemory, device, memory[i], NULL );
    }
    call( vkDestroyCommandPool, device, cmd_info.commandPool, NULL );
}

static void use_device( VkPhysicalDevice physical, unsigned int index, int list_only )
{
    VkPhysicalDeviceIDProperties id = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES };
    VkPhysicalDeviceProperties2 props = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &id };
    VkPhysicalDeviceMemoryProperties memory;
    float priority = 1;
    VkDeviceQueueCreateInfo queue_info = { .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1,
                                           .pQueuePriorities = &priority };
    VkDeviceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1,
                                .pQueueCreateInfos = &queue_info };
    VkDevice device;
    uint32_t i;
    LUID luid;

    call( vkGetPhysicalDeviceProperties2, physical, &props );
    call( vkGetPhysicalDeviceMemoryProperties, physical, &memory );
    printf( "same device %u: %s, type %d, vendor %04x, device %04x, api %u.%u\n", index, props.properties.deviceName,
            props.properties.deviceType, props.properties.vendorID, props.properties.deviceID,
            VK_API_VERSION_MAJOR( props.properties.apiVersion ), VK_API_VERSION_MINOR( props.properties.apiVersion ) );
    print_uuid( "device uuid", id.deviceUUID );
    printf( "same heaps: %u, types: %u\n", memory.memoryHeapCount, memory.memoryTypeCount );
    printf( "same luid valid: %u\n", id.deviceLUIDValid );
    if (id.deviceLUIDValid)
    {
        memcpy( &luid, id.deviceLUID, sizeof(luid) );
        printf( "note luid: %08lx:%08lx\n", (unsigned long)luid.HighPart, (unsigned long)luid.LowPart );
        describe_luid( &luid, props.properties.deviceName );
    }
    if (list_only) return;
    if (!check( call( vkCreateDevice, physical, &info, NULL, &device ), "vkCreateDevice" )) return;
    for (i = 0; i < memory.memoryTypeCount; i++) use_memory_type( device, i, memory.memoryTypes[i].propertyFlags );
    use_queue( device, &memory, 0 );
    call( vkDestroyDevice, device, NULL );
}

int main( int argc, char **argv )
{
    VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_1 };
    VkInstanceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app };
    HMODULE vulkan;
    int list_only = argc > 1 && !strcmp( argv[1], "--list-only" );
    VkPhysicalDevice devices[16];
    uint32_t count = 16, i;
    char path[MAX_PATH] = "";

    /* Wine keeps the VK_ variables of the Linux side to itself, for the Linux loader. */
    if (getenv( "CLIENT_LOADER_DEBUG" )) SetEnvironmentVariableA( "VK_LOADER_DEBUG", getenv( "CLIENT_LOADER_DEBUG" ) );
    vulkan = LoadLibraryA( "vulkan-1.dll" );
    if (!vulkan || !(get_proc = (void *)GetProcAddress( vulkan, "vkGetInstanceProcAddr" )))
    {
        fail( "vulkan-1.dll does not load: error %lu", GetLastError() );
        return 1;
    }
    GetModuleFileNameA( vulkan, path, sizeof(path) );
    printf( "note loader: %s\n", path );
    if (!check( call( vkCreateInstance, &info, NULL, &instance ), "vkCreateInstance" )) return 1;
    if (check( call( vkEnumeratePhysicalDevices, instance, &count, devices ), "vkEnumeratePhysicalDevices" ))
    {
        printf( "same devices: %u\n", count );
        for (i = 0; i < count; i++) use_device( devices[i], i, list_only );
    }
    call( vkDestroyInstance, instance, NULL );
    return failures ? 1 : 0;
}
