/*
 * VK_LAYER_winekmt_fault does what it says
 *
 * A plain Vulkan program, on lavapipe or whatever is there. It starts itself once for each part, with that part's WINEKMT_FAULT: the
 * orders that count when an instance is made are different ones. Exit status 0: passed, 77: no Vulkan device, else failed.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "fault_control.h"

#define MB  (1024 * 1024ull)

static unsigned int checks, failures;
static char folder[4096];           /* where this program is, and the layer */
static struct fault_control *control;

#define check( condition, ... ) \
    do { \
        checks++; \
        if (condition) break; \
        failures++; \
        printf( "fault_layer_test.c:%d: " #condition ": ", __LINE__ ); \
        printf( __VA_ARGS__ ); \
        printf( "\n" ); \
    } while (0)

#define FUNCS(F) \
    F(vkDestroyInstance) F(vkEnumeratePhysicalDevices) F(vkGetPhysicalDeviceProperties) F(vkGetPhysicalDeviceMemoryProperties) \
    F(vkGetPhysicalDeviceMemoryProperties2) F(vkEnumerateDeviceExtensionProperties) F(vkCreateDevice) F(vkDestroyDevice) F(vkGetDeviceQueue) \
    F(vkAllocateMemory) F(vkFreeMemory) F(vkMapMemory) F(vkUnmapMemory) F(vkCreateBuffer) F(vkDestroyBuffer) F(vkGetBufferMemoryRequirements) \
    F(vkBindBufferMemory) F(vkCreateCommandPool) F(vkDestroyCommandPool) F(vkAllocateCommandBuffers) F(vkFreeCommandBuffers) \
    F(vkCreateFence) F(vkDestroyFence) F(vkGetFenceStatus) F(vkWaitForFences) F(vkQueueSubmit) F(vkQueueWaitIdle) F(vkDeviceWaitIdle) \
    F(vkCreateSampler) F(vkDestroySampler)
#define F(name) static PFN_##name name;
FUNCS(F)
#undef F

static VkInstance instance;
static VkPhysicalDevice gpu;
static VkDevice device;
static VkQueue queue;

/***********************************************************************
 * Vulkan
 */

static bool open_instance( void )
{
    VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_1 };
    VkInstanceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app };
    void *library = dlopen( "libvulkan.so.1", RTLD_NOW );
    PFN_vkGetInstanceProcAddr get;
    uint32_t count = 1;

    if (!library) return false;
    get = (PFN_vkGetInstanceProcAddr)dlsym( library, "vkGetInstanceProcAddr" );
    if (((PFN_vkCreateInstance)get( NULL, "vkCreateInstance" ))( &info, NULL, &instance )) return false;
#define F(name) name = (PFN_##name)get( instance, #name );
    FUNCS(F)
#undef F
    return vkEnumeratePhysicalDevices( instance, &count, &gpu ) >= 0 && count;
}

static VkResult open_device( const char *extension )
{
    static const float priority = 1;
    VkDeviceQueueCreateInfo queue_info = { .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority };
    VkDeviceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1, .pQueueCreateInfos = &queue_info,
                                .enabledExtensionCount = extension != NULL, .ppEnabledExtensionNames = &extension };
    VkResult result = vkCreateDevice( gpu, &info, NULL, &device );

    if (!result) vkGetDeviceQueue( device, 0, 0, &queue );
    return result;
}

static VkResult allocate( uint32_t type, uint64_t size, VkDeviceMemory *memory )
{
    VkMemoryAllocateInfo info = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = size, .memoryTypeIndex = type };

    *memory = VK_NULL_HANDLE;
    return vkAllocateMemory( device, &info, NULL, memory );
}

static VkResult create_fence( VkFence *fence )
{
    VkFenceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };

    *fence = VK_NULL_HANDLE;
    return vkCreateFence( device, &info, NULL, fence );
}

static bool has_extension( const char *name )
{
    VkExtensionProperties list[512];
    uint32_t i, count = 512;

    if (vkEnumerateDeviceExtensionProperties( gpu, NULL, &count, list )) return false;
    for (i = 0; i < count; i++) if (!strcmp( list[i].extensionName, name )) return true;
    return false;
}

static void get_budget( uint64_t *budget, uint64_t *usage )
{
    VkPhysicalDeviceMemoryBudgetPropertiesEXT answer = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT };
    VkPhysicalDeviceMemoryProperties2 memory = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, .pNext = &answer };

    vkGetPhysicalDeviceMemoryProperties2( gpu, &memory );
    check( memory.pNext == &answer, "the chain was changed" );
    *budget = answer.heapBudget[0];
    *usage = answer.heapUsage[0];
}

static void order( const char *orders )
{
    char message[256] = "";

    check( fault_configure( control, orders, message ), "%s", message );
}

/***********************************************************************
 * The parts
 */

/* look=discrete heap0=64M budget=report budget0=48M poison=1 memories=5 hide=VK_EXT_external_memory_host */
static void test_look( void )
{
    VkBufferCreateInfo buffer_info = { .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = 4096, .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT };
    void *(*peek)( uint64_t ) = (void *(*)( uint64_t ))dlsym( dlopen( NULL, RTLD_NOW ), "fault_layer_peek" );
    VkPhysicalDeviceMemoryProperties memory;
    VkPhysicalDeviceProperties properties;
    VkMemoryRequirements requirements;
    VkDeviceMemory list[6];
    uint64_t budget, usage;
    unsigned char *bytes;
    VkBuffer buffer;
    unsigned int i;

    check( !peek, "the layer is in the global scope" );
    vkGetPhysicalDeviceProperties( gpu, &properties );
    check( properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, "type %u", properties.deviceType );
    check( properties.limits.maxMemoryAllocationCount == 5, "%u", properties.limits.maxMemoryAllocationCount );
    vkGetPhysicalDeviceMemoryProperties( gpu, &memory );
    check( memory.memoryHeapCount == 2 && memory.memoryTypeCount == 3, "%u heaps, %u types", memory.memoryHeapCount, memory.memoryTypeCount );
    check( memory.memoryHeaps[0].size == 64 * MB && memory.memoryHeaps[0].flags, "heap 0" );
    check( memory.memoryHeaps[1].size == 256 * MB && !memory.memoryHeaps[1].flags, "heap 1" );
    check( memory.memoryTypes[0].propertyFlags == VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, "%#x", memory.memoryTypes[0].propertyFlags );
    check( has_extension( VK_EXT_MEMORY_BUDGET_EXTENSION_NAME ) && !has_extension( VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME ), "extensions" );
    check( open_device( VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME ) == VK_ERROR_EXTENSION_NOT_PRESENT, "a hidden extension" );
    check( !open_device( VK_EXT_MEMORY_BUDGET_EXTENSION_NAME ), "a device" );

    check( !vkCreateBuffer( device, &buffer_info, NULL, &buffer ), "a buffer" );
    vkGetBufferMemoryRequirements( device, buffer, &requirements );
    check( requirements.memoryTypeBits == 7, "types %#x", requirements.memoryTypeBits );

    /* Heaps end where they say, or where they are told to. */
    check( allocate( 0, 65 * MB, &list[0] ) == VK_ERROR_OUT_OF_DEVICE_MEMORY, "above the heap" );
    check( !allocate( 0, 40 * MB, &list[0] ), "40 MiB" );
    check( allocate( 0, 25 * MB, &list[1] ) == VK_ERROR_OUT_OF_DEVICE_MEMORY, "above the heap, together" );
    order( "capacity0=42M" );
    check( allocate( 0, 4 * MB, &list[1] ) == VK_ERROR_OUT_OF_DEVICE_MEMORY, "above what there is" );
    order( "capacity0=0" );
    get_budget( &budget, &usage );
    check( budget == 48 * MB && usage == 40 * MB, "budget %llu, usage %llu", (unsigned long long)budget, (unsigned long long)usage );
    order( "budget0=16M,foreign0=1M" );
    get_budget( &budget, &usage );
    check( budget == 16 * MB && usage == 41 * MB, "budget %llu, usage %llu", (unsigned long long)budget, (unsigned long long)usage );

    /* Local memory cannot be mapped; system memory can, and is full of garbage. */
    check( vkMapMemory( device, list[0], 0, VK_WHOLE_SIZE, 0, (void **)&bytes ) == VK_ERROR_MEMORY_MAP_FAILED, "local memory is mapped" );
    check( control->misuse == 1, "%llu misuses", (unsigned long long)control->misuse );
    for (i = 1; i < 5; i++) check( !allocate( 2, MB, &list[i] ), "memory %u", i );
    check( allocate( 2, MB, &list[5] ) == VK_ERROR_TOO_MANY_OBJECTS, "one too many" );
    check( !vkMapMemory( device, list[1], 4096, VK_WHOLE_SIZE, 0, (void **)&bytes ), "system memory" );
    check( bytes[0] == FAULT_GARBAGE && bytes[MB - 4097] == FAULT_GARBAGE, "%#x, %#x", bytes[0], bytes[MB - 4097] );
    check( control->mapped_ranges == 1, "%llu mapped", (unsigned long long)control->mapped_ranges );
    check( control->live[FAULT_OBJECT_DeviceMemory] == 5 && control->heap_used[0] == 40 * MB && control->heap_used[1] == 4 * MB, "%llu, %llu, %llu",
           (unsigned long long)control->live[FAULT_OBJECT_DeviceMemory], (unsigned long long)control->heap_used[0],
           (unsigned long long)control->heap_used[1] );
    vkUnmapMemory( device, list[1] );
    for (i = 0; i < 5; i++) vkFreeMemory( device, list[i], NULL );
    check( !control->mapped_ranges && !control->live[FAULT_OBJECT_DeviceMemory] && !control->heap_used[0] && !control->heap_used[1], "after freeing" );
    vkDestroyBuffer( device, buffer, NULL );
    vkDestroyDevice( device, NULL );
    check( control->misuse == 1 && !control->live[FAULT_OBJECT_Device], "after all" );
}

/* Nothing ordered. */
static void test_failures( void )
{
    VkFence fences[8];
    VkDeviceMemory memory;
    VkSampler sampler;
    VkSamplerCreateInfo sampler_info = { .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO };
    struct timespec before, after;
    unsigned int i;

    check( !open_device( NULL ), "a device" );
    order( "reset fail=CreateFence:2:OUT_OF_HOST_MEMORY" );
    check( !create_fence( &fences[0] ), "the first" );
    check( create_fence( &fences[1] ) == VK_ERROR_OUT_OF_HOST_MEMORY, "the second" );
    check( !create_fence( &fences[1] ), "the third" );
    check( control->failures == 1 && control->calls[FAULT_CreateFence] == 3 && control->live[FAULT_OBJECT_Fence] == 2, "counters" );

    order( "fail=vkCreateFence:2:VK_ERROR_OUT_OF_DEVICE_MEMORY:persistent" );
    check( !create_fence( &fences[2] ), "before" );
    for (i = 0; i < 5; i++) check( create_fence( &fences[3] ) == VK_ERROR_OUT_OF_DEVICE_MEMORY, "%u", i );
    order( "heal" );
    check( !create_fence( &fences[3] ), "healed" );

    /* Of any kind: those count that may have the error. */
    order( "reset fail=any:2:TOO_MANY_OBJECTS" );
    check( !create_fence( &fences[4] ) && !vkCreateSampler( device, &sampler_info, NULL, &sampler ) && !create_fence( &fences[5] ), "the first" );
    check( allocate( 0, MB, &memory ) == VK_ERROR_TOO_MANY_OBJECTS, "the second" );
    order( "fail=any:2:TOO_MANY_OBJECTS:any-error" );
    check( !create_fence( &fences[6] ) && create_fence( &fences[7] ) == VK_ERROR_TOO_MANY_OBJECTS, "any error" );
    order( "fail=MapMemory:1:MEMORY_MAP_FAILED" );
    check( !allocate( 0, MB, &memory ), "memory" );
    check( vkMapMemory( device, memory, 0, VK_WHOLE_SIZE, 0, &(void *){ NULL } ) == VK_ERROR_MEMORY_MAP_FAILED, "map" );
    check( !control->mapped_ranges, "counted all the same" );

    order( "delay=GetFenceStatus:20000" );
    clock_gettime( CLOCK_MONOTONIC, &before );
    check( vkGetFenceStatus( device, fences[0] ) == VK_NOT_READY, "a fence" );
    clock_gettime( CLOCK_MONOTONIC, &after );
    check( (after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec >= 20000000, "it was fast" );

    /* What is left behind, or destroyed twice. */
    vkFreeMemory( device, memory, NULL );
    vkDestroySampler( device, sampler, NULL );
    for (i = 0; i < 6; i++) vkDestroyFence( device, fences[i], NULL );
    check( !control->misuse, "%llu misuses", (unsigned long long)control->misuse );
    vkDestroyFence( device, fences[0], NULL );
    check( control->misuse == 1, "%llu misuses", (unsigned long long)control->misuse );
    vkDestroyDevice( device, NULL );        /* fences[6] is left */
    check( control->misuse == 2 && !control->live[FAULT_OBJECT_Fence], "%llu misuses, %llu fences", (unsigned long long)control->misuse,
           (unsigned long long)control->live[FAULT_OBJECT_Fence] );
}

/* A lost device, and one that is opened after it; from here, and by faultctl. */
static void test_loss( void )
{
    VkCommandPoolCreateInfo pool_info = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO };
    VkCommandBufferAllocateInfo buffers_info = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandBufferCount = 2 };
    VkCommandBuffer buffers[2];
    char command[8192];
    VkDeviceMemory memory;
    VkCommandPool pool;
    VkFence fence;

    check( !open_device( NULL ), "a device" );
    check( !create_fence( &fence ) && !vkQueueSubmit( queue, 0, NULL, fence ), "submitting" );
    check( !vkWaitForFences( device, 1, &fence, VK_TRUE, UINT64_MAX ), "waiting" );
    order( "fail=QueueSubmit:1:DEVICE_LOST" );
    check( vkQueueSubmit( queue, 0, NULL, VK_NULL_HANDLE ) == VK_ERROR_DEVICE_LOST, "the loss" );
    check( vkQueueSubmit( queue, 0, NULL, VK_NULL_HANDLE ) == VK_ERROR_DEVICE_LOST, "it stays" );
    check( vkGetFenceStatus( device, fence ) == VK_ERROR_DEVICE_LOST, "fences" );
    check( vkWaitForFences( device, 1, &fence, VK_TRUE, UINT64_MAX ) == VK_ERROR_DEVICE_LOST, "waits" );
    check( vkQueueWaitIdle( queue ) == VK_ERROR_DEVICE_LOST && vkDeviceWaitIdle( device ) == VK_ERROR_DEVICE_LOST, "idle" );
    check( !allocate( 0, MB, &memory ), "what has nothing to do with it" );
    vkFreeMemory( device, memory, NULL );
    vkDestroyFence( device, fence, NULL );
    vkDestroyDevice( device, NULL );
    check( control->lost_devices == 1 && !control->misuse, "%llu lost, %llu misuses", (unsigned long long)control->lost_devices,
           (unsigned long long)control->misuse );

    check( !open_device( NULL ) && !vkQueueWaitIdle( queue ), "another device" );
    check( !vkCreateCommandPool( device, &pool_info, NULL, &pool ), "a pool" );
    buffers_info.commandPool = pool;
    check( !vkAllocateCommandBuffers( device, &buffers_info, buffers ), "command buffers" );
    check( control->live[FAULT_OBJECT_CommandBuffer] == 2, "%llu", (unsigned long long)control->live[FAULT_OBJECT_CommandBuffer] );
    vkFreeCommandBuffers( device, pool, 1, buffers );
    vkDestroyCommandPool( device, pool, NULL );
    check( !control->live[FAULT_OBJECT_CommandBuffer] && !control->live[FAULT_OBJECT_CommandPool], "they went with their pool" );

    snprintf( command, sizeof(command), "%s/faultctl %s lose", folder, getenv( "FAULT_LAYER_TEST_FILE" ) );
    check( !system( command ), "%s", command );
    check( vkQueueWaitIdle( queue ) == VK_ERROR_DEVICE_LOST, "lost by another process" );
    vkDestroyDevice( device, NULL );
    snprintf( command, sizeof(command), "%s/faultctl %s | grep -q '^lost 2$'", folder, getenv( "FAULT_LAYER_TEST_FILE" ) );
    check( !system( command ), "%s", command );
    snprintf( command, sizeof(command), "%s/faultctl %s 'fail=Nonsense:1:DEVICE_LOST' 2> /dev/null", folder, getenv( "FAULT_LAYER_TEST_FILE" ) );
    check( system( command ), "nonsense is obeyed" );
}

static const struct { const char *name, *orders; void (*function)( void ); } parts[] =
{
    { "look", "look=discrete heap0=64M budget=report budget0=48M poison=1 memories=5 hide=VK_EXT_external_memory_host", test_look },
    { "failures", "", test_failures },
    { "loss", "control=%s", test_loss },
};

/***********************************************************************
 * The program
 */

static int run_part( unsigned int part )
{
    char path[8192];
    struct fault_control *(*get_control)( void );

    if (!open_instance()) return 77;
    snprintf( path, sizeof(path), "%s/libVkLayer_winekmt_fault.so", folder );
    get_control = (struct fault_control *(*)( void ))dlsym( dlopen( path, RTLD_NOW | RTLD_NOLOAD ), "fault_layer_control" );
    check( get_control, "the layer is not there" );
    if (failures) return 1;
    control = get_control();
    check( control->live[FAULT_OBJECT_Instance] == 1, "%llu instances", (unsigned long long)control->live[FAULT_OBJECT_Instance] );
    parts[part].function();
    vkDestroyInstance( instance, NULL );
    check( !control->live[FAULT_OBJECT_Instance], "%llu instances", (unsigned long long)control->live[FAULT_OBJECT_Instance] );
    printf( "%s: %u checks, %u failed\n", parts[part].name, checks, failures );
    return failures != 0;
}

int main( int argc, char **argv )
{
    char file[] = "/tmp/fault-layer-test-XXXXXX", orders[512], value[8192];
    ssize_t length = readlink( "/proc/self/exe", folder, sizeof(folder) - 1 );
    int status, ret = 0, fd;
    unsigned int i;

    if (length < 0)
    {
        printf( "fault_layer_test: /proc/self/exe cannot be read\n" );
        return 2;
    }
    folder[length] = 0;
    *strrchr( folder, '/' ) = 0;
    if (argc > 1) return run_part( atoi( argv[1] ) );

    if ((fd = mkstemp( file )) < 0) return 2;
    close( fd );
    snprintf( value, sizeof(value), "%s:/usr/share/vulkan/explicit_layer.d", folder );
    setenv( "VK_LAYER_PATH", value, 1 );
    setenv( "VK_INSTANCE_LAYERS", FAULT_LAYER_NAME, 1 );
    setenv( "FAULT_LAYER_TEST_FILE", file, 1 );
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
    {
        pid_t pid;

        snprintf( orders, sizeof(orders), strchr( parts[i].orders, '%' ) ? "control=%s" : "%s", strchr( parts[i].orders, '%' ) ? file : parts[i].orders );
        setenv( "WINEKMT_FAULT", orders, 1 );
        if (!(pid = fork()))
        {
            snprintf( value, sizeof(value), "%u", i );
            execl( "/proc/self/exe", argv[0], value, (char *)NULL );
            _exit( 2 );
        }
        waitpid( pid, &status, 0 );
        if (!WIFEXITED( status )) printf( "%s: ended by signal %d\n", parts[i].name, WTERMSIG( status ) );
        if (!WIFEXITED( status )) ret = 1;
        else if (WEXITSTATUS( status )) ret = WEXITSTATUS( status );
        if (ret == 77) break;
    }
    unlink( file );
    if (ret == 77) printf( "no Vulkan device on this machine\n" );
    return ret;
}
