/*
 * A libvulkan.so.1 with devices that the machine does not have
 *
 * Loader and driver in one, as small as the functions that winekmt uses. MOCK_VULKAN, a list of words, chooses:
 *   1.0         a loader of Vulkan 1.0: no vkEnumerateInstanceVersion, no newer apiVersion, no Vulkan 1.1 functions
 *   late        the first vkCreateInstance finds no driver
 *   empty       no device
 *   twins       software first, then two 1.1 GPUs with the same UUID, and two that have none
 *   lost        the first vkQueueSubmit loses the device
 *   hang        the first copy ends only when its fence is waited for a second time
 *   badimport   vkGetMemoryHostPointerPropertiesEXT refuses
 *   nobuffer    vkCreateBuffer is out of memory, but for the first two
 *   clock, raw, nodomains, noclock    mock_clock.c
 * What a running program may ask for is in mock_vulkan.h. Copies are made no sooner than somebody waits for them, and what
 * they use must stay until then.
 * The first device is a discrete GPU: memory that the host cannot map, several heaps, types of all odd kinds, 64 memory
 * objects at most, a transfer queue.
 *
 * What the caller does wrong is printed, and aborts.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "mock_private.h"
#include "mock_vulkan.h"

#define EXPORT __attribute__((visibility("default")))
#define ENTRY( name ) static VKAPI_ATTR __typeof__( *(PFN_##name)0 ) mock_##name; VKAPI_ATTR

PFN_vkVoidFunction EXPORT vkGetInstanceProcAddr( VkInstance instance, const char *name );

struct physical
{
    void       *loader_data;
    const char *name;
    uint32_t    version;
    unsigned char uuid;
    VkPhysicalDeviceType type;
};

struct memory { unsigned char *bytes; uint64_t size; uint32_t type; int imported, mapped, live_buffers; };
struct buffer { struct memory *memory; uint64_t size; int external; };
struct fence  { int signalled; };

#define MAX_COPIES  128     /* in one command buffer */

struct commands
{
    struct { VkBufferCopy region; struct buffer *src, *dst; } copies[MAX_COPIES];
    unsigned int count;
    struct commands *next;      /* in pending */
    struct fence *fence;
    int hangs;
};
struct pool   { struct commands *commands; };

static struct physical physicals[] =
{
    { NULL, "Mock software", VK_API_VERSION_1_1, 0x11, VK_PHYSICAL_DEVICE_TYPE_CPU },
    { NULL, "Mock discrete", VK_API_VERSION_1_1, 0x22, VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU },
    { NULL, "Mock discrete, second driver", VK_API_VERSION_1_1, 0x22, VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU },
    { NULL, "Mock old", VK_API_VERSION_1_0, 0, VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU },
    { NULL, "Mock old", VK_API_VERSION_1_0, 0, VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU },
};

static atomic_int live, memories, instances, devices, submits, buffers, creates, timeouts;
static atomic_ullong largest;

/* The queue, and what was asked to go wrong; all protected by mutex */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct commands *pending;        /* submitted and not yet run, in that order */
static unsigned int most_pending, copies;
static int waited;                      /* somebody waited for a submission that hangs */
static int lost;
static unsigned int fail_nth, fail_hits, hang_nth;
static int fail_result, fail_persistent;

void mock_fail( const char *file, int line, const char *what )
{
    fprintf( stderr, "%s:%d: not so: %s\n", file, line, what );
    abort();
}

void EXPORT mock_vulkan_fail( unsigned int nth, int result, int persistent )
{
    pthread_mutex_lock( &mutex );
    fail_nth = nth;
    fail_result = result;
    fail_persistent = persistent;
    fail_hits = 0;
    pthread_mutex_unlock( &mutex );
}

unsigned int EXPORT mock_vulkan_hits( void )
{
    unsigned int ret;

    pthread_mutex_lock( &mutex );
    ret = fail_hits;
    pthread_mutex_unlock( &mutex );
    return ret;
}

void EXPORT mock_vulkan_hang( unsigned int nth )
{
    pthread_mutex_lock( &mutex );
    hang_nth = nth;
    pthread_mutex_unlock( &mutex );
}

void EXPORT mock_vulkan_limit( uint64_t bytes )
{
    largest = bytes;
}

unsigned int EXPORT mock_vulkan_submits( void )
{
    return submits;
}

unsigned int EXPORT mock_vulkan_timeouts( void )
{
    return timeouts;
}

unsigned int EXPORT mock_vulkan_copies( void )
{
    unsigned int ret;

    pthread_mutex_lock( &mutex );
    ret = copies;
    pthread_mutex_unlock( &mutex );
    return ret;
}

unsigned int EXPORT mock_vulkan_most_pending( void )
{
    unsigned int ret;

    pthread_mutex_lock( &mutex );
    ret = most_pending;
    most_pending = 0;
    pthread_mutex_unlock( &mutex );
    return ret;
}

/* A lost device drops its work. */
static void lose_locked(void)
{
    lost = 1;
    pending = NULL;
}

VkResult mock_begin(void)
{
    VkResult ret = VK_SUCCESS;

    pthread_mutex_lock( &mutex );
    if (fail_nth && (fail_nth == 1 || !--fail_nth))
    {
        fail_nth = fail_persistent;
        fail_hits++;
        ret = fail_result;
        if (ret == VK_ERROR_DEVICE_LOST) lose_locked();
    }
    pthread_mutex_unlock( &mutex );
    return ret;
}

/* Runs what was submitted, as far as the GPU does not hang, up to that fence. Returns whether it is signalled. */
static int run_locked( struct fence *fence )
{
    struct commands *c;
    unsigned int i;

    while (!fence->signalled && (c = pending) && !c->hangs)
    {
        for (i = c->count; i--; )   /* in no order that a caller could rely on */
        {
            const VkBufferCopy *region = &c->copies[i].region;

            memcpy( c->copies[i].dst->memory->bytes + region->dstOffset, c->copies[i].src->memory->bytes + region->srcOffset, region->size );
        }
        copies += c->count;
        c->fence->signalled = 1;
        pending = c->next;
    }
    return fence->signalled;
}

/* No submission that was not run uses that. */
static void must_be_idle( const void *object )
{
    struct commands *c;
    unsigned int i;

    pthread_mutex_lock( &mutex );
    for (c = pending; c; c = c->next)
    {
        must( c != object && c->fence != object );
        for (i = 0; i < c->count; i++) must( c->copies[i].src != object && c->copies[i].dst != object );
    }
    pthread_mutex_unlock( &mutex );
}

int mock_mode( const char *word )
{
    const char *list = getenv( "MOCK_VULKAN" ), *p;

    for (p = list ? list : ""; (p = strstr( p, word )); p++)
        if ((p == list || p[-1] == ' ') && (p[strlen( word )] == ' ' || !p[strlen( word )])) return 1;
    return 0;
}

static void *make( size_t size )
{
    void *ret = calloc( 1, size );

    must( ret );
    live++;
    return ret;
}

/* Bytes of memories, kept for the next one of that size: mapping pages anew each time is what tests below ThreadSanitizer would
 * spend most of their time with. */
static struct { unsigned char *bytes; uint64_t size; } spare[8];

static unsigned char *make_bytes( uint64_t size )
{
    unsigned char *ret = NULL;
    unsigned int i;

    pthread_mutex_lock( &mutex );
    for (i = 0; i < sizeof(spare) / sizeof(spare[0]); i++)
    {
        if (spare[i].size != size) continue;
        ret = spare[i].bytes;
        spare[i].size = 0;
        break;
    }
    pthread_mutex_unlock( &mutex );
    if (!ret) must( (ret = malloc( size )) );
    memset( ret, 0xa5, size );
    return ret;
}

static void drop_bytes( unsigned char *bytes, uint64_t size )
{
    unsigned int i;

    memset( bytes, 0xdb, size );
    pthread_mutex_lock( &mutex );
    for (i = 0; i < sizeof(spare) / sizeof(spare[0]); i++)
    {
        if (spare[i].size || size < 1 << 20) continue;
        spare[i].bytes = bytes;
        spare[i].size = size;
        bytes = NULL;
        break;
    }
    pthread_mutex_unlock( &mutex );
    free( bytes );
}

static void __attribute__((destructor)) free_spare( void )
{
    unsigned int i;

    for (i = 0; i < sizeof(spare) / sizeof(spare[0]); i++) if (spare[i].size) free( spare[i].bytes );
}

static void drop( void *object )
{
    if (!object) return;
    live--;
    free( object );
}

ENTRY(vkEnumerateInstanceVersion) VkResult mock_vkEnumerateInstanceVersion( uint32_t *version )
{
    *version = VK_API_VERSION_1_3;
    return VK_SUCCESS;
}

ENTRY(vkCreateInstance) VkResult mock_vkCreateInstance( const VkInstanceCreateInfo *info,
                                                        const VkAllocationCallbacks *alloc, VkInstance *instance )
{
    (void)alloc;
    if (mock_mode( "1.0" ) && info->pApplicationInfo->apiVersion > VK_API_VERSION_1_0) return VK_ERROR_INCOMPATIBLE_DRIVER;
    if (mock_mode( "late" ) && !creates++) return VK_ERROR_INCOMPATIBLE_DRIVER;
    must( !instances++ );
    *instance = make( 1 );
    return VK_SUCCESS;
}

ENTRY(vkDestroyInstance) void mock_vkDestroyInstance( VkInstance instance, const VkAllocationCallbacks *alloc )
{
    (void)alloc;
    must( !devices );
    drop( instance );
    instances--;
    must( !live );
}

ENTRY(vkEnumeratePhysicalDevices) VkResult mock_vkEnumeratePhysicalDevices( VkInstance instance, uint32_t *count,
                                                                            VkPhysicalDevice *out )
{
    uint32_t i, first = mock_mode( "twins" ) ? 0 : 1, number = mock_mode( "empty" ) ? 0 : mock_mode( "twins" ) ? 5 : 1;

    must( instance );
    if (!out)
    {
        *count = number;
        return VK_SUCCESS;
    }
    for (i = 0; i < number && i < *count; i++) out[i] = (VkPhysicalDevice)&physicals[first + i];
    *count = i;
    return i < number ? VK_INCOMPLETE : VK_SUCCESS;
}

ENTRY(vkGetPhysicalDeviceProperties) void mock_vkGetPhysicalDeviceProperties( VkPhysicalDevice device,
                                                                              VkPhysicalDeviceProperties *props )
{
    struct physical *physical = (struct physical *)device;

    memset( props, 0, sizeof(*props) );
    strcpy( props->deviceName, physical->name );
    props->apiVersion = mock_mode( "1.0" ) ? VK_API_VERSION_1_0 : physical->version;
    props->vendorID = 0x10de;
    props->deviceID = 0x1234;
    props->driverVersion = 77;
    props->deviceType = physical->type;
    props->limits.maxMemoryAllocationCount = 64;
    props->limits.timestampPeriod = 52.083332f;
}

ENTRY(vkGetPhysicalDeviceMemoryProperties) void mock_vkGetPhysicalDeviceMemoryProperties( VkPhysicalDevice device,
                                                                  VkPhysicalDeviceMemoryProperties *props )
{
    static const VkMemoryType types[] =
    {
        { 0, 1 },                                   /* system memory that nobody can map */
        { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0 },
        { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0 }, /* not for buffers */
        { VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, 1 },
        { VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, 1 },
        { VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, 1 },    /* not coherent */
        { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT, 0 },
        { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_PROTECTED_BIT, 0 },
        { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD |
          VK_MEMORY_PROPERTY_DEVICE_UNCACHED_BIT_AMD, 0 },
        { VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, 2 },
    };
    static const VkMemoryHeap heaps[] =
    {
        { 512ull << 20, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT },
        { 256ull << 20, 0 },
        { 32ull << 20, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT },
    };

    (void)device;
    memset( props, 0, sizeof(*props) );
    memcpy( props->memoryTypes, types, sizeof(types) );
    memcpy( props->memoryHeaps, heaps, sizeof(heaps) );
    props->memoryTypeCount = sizeof(types) / sizeof(types[0]);
    props->memoryHeapCount = sizeof(heaps) / sizeof(heaps[0]);
}

#define BUFFER_TYPES    0x3fbu  /* all but 2 */
#define EXTERNAL_TYPES  0x018u
#define USABLE_TYPES    0x23bu

ENTRY(vkGetPhysicalDeviceQueueFamilyProperties) void mock_vkGetPhysicalDeviceQueueFamilyProperties(
    VkPhysicalDevice device, uint32_t *count, VkQueueFamilyProperties *props )
{
    static const VkQueueFlags flags[] = { VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT, VK_QUEUE_COMPUTE_BIT,
                                          VK_QUEUE_TRANSFER_BIT | VK_QUEUE_VIDEO_DECODE_BIT_KHR, VK_QUEUE_TRANSFER_BIT,
                                          VK_QUEUE_SPARSE_BINDING_BIT };
    uint32_t i;

    (void)device;
    if (!props || *count > 5) *count = 5;
    for (i = 0; props && i < *count; i++)
        props[i] = (VkQueueFamilyProperties){ .queueFlags = flags[i], .queueCount = 1,
                                              .timestampValidBits = i < 2 && mock_mode( "clock" ) && !mock_mode( "noclock" ) ? 48 : 0 };
}

ENTRY(vkEnumerateDeviceExtensionProperties) VkResult mock_vkEnumerateDeviceExtensionProperties( VkPhysicalDevice device,
                                            const char *layer, uint32_t *count, VkExtensionProperties *props )
{
    (void)device;
    (void)layer;
    if (props)
    {
        strcpy( props[0].extensionName, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME );
        strcpy( props[1].extensionName, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME );
    }
    if (props && mock_mode( "clock" ))
    {
        strcpy( props[2].extensionName, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME );
        strcpy( props[3].extensionName, VK_KHR_SHADER_ATOMIC_INT64_EXTENSION_NAME );
        strcpy( props[4].extensionName, VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME );
    }
    *count = mock_mode( "clock" ) ? 5 : 2;
    return VK_SUCCESS;
}

ENTRY(vkGetPhysicalDeviceProperties2) void mock_vkGetPhysicalDeviceProperties2( VkPhysicalDevice device,
                                                                                VkPhysicalDeviceProperties2 *props )
{
    struct physical *physical = (struct physical *)device;
    VkBaseOutStructure *next;

    must( physical->version >= VK_API_VERSION_1_1 && !mock_mode( "1.0" ) );
    mock_vkGetPhysicalDeviceProperties( device, &props->properties );
    for (next = props->pNext; next; next = next->pNext)
    {
        switch ((int)next->sType)
        {
        case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES:
            memset( ((VkPhysicalDeviceIDProperties *)next)->deviceUUID, physical->uuid, 16 );
            break;
        case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES:
            ((VkPhysicalDeviceMaintenance3Properties *)next)->maxMemoryAllocationSize = (128ull << 20) + 5;
            break;
        case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT:
            ((VkPhysicalDeviceExternalMemoryHostPropertiesEXT *)next)->minImportedHostPointerAlignment = 4096;
            break;
        case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT:
            mock_fill_pci( (VkPhysicalDevicePCIBusInfoPropertiesEXT *)next );
            break;
        default:
            must( !"a structure of no supported extension" );
        }
    }
}

ENTRY(vkGetPhysicalDeviceMemoryProperties2) void mock_vkGetPhysicalDeviceMemoryProperties2( VkPhysicalDevice device,
                                                        VkPhysicalDeviceMemoryProperties2 *props )
{
    VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget = props->pNext;
    uint32_t i;

    mock_vkGetPhysicalDeviceMemoryProperties( device, &props->memoryProperties );
    must( budget && budget->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT );
    memset( budget->heapBudget, 0x99, sizeof(budget->heapBudget) );     /* undefined beyond the heaps */
    memset( budget->heapUsage, 0x99, sizeof(budget->heapUsage) );
    for (i = 0; i < props->memoryProperties.memoryHeapCount; i++)
    {
        budget->heapBudget[i] = props->memoryProperties.memoryHeaps[i].size / 2;
        budget->heapUsage[i] = 4096;
    }
}

ENTRY(vkGetPhysicalDeviceExternalBufferProperties) void mock_vkGetPhysicalDeviceExternalBufferProperties(
    VkPhysicalDevice device, const VkPhysicalDeviceExternalBufferInfo *info, VkExternalBufferProperties *props )
{
    (void)device;
    must( info->handleType == VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT );
    props->externalMemoryProperties.externalMemoryFeatures = VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
}

ENTRY(vkCreateDevice) VkResult mock_vkCreateDevice( VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *alloc, VkDevice *device )
{
    (void)alloc;
    (void)physical;
    must( info->queueCreateInfoCount == 1 && info->pQueueCreateInfos->queueFamilyIndex == 3 );
    must( info->enabledExtensionCount == (mock_mode( "1.0" ) || ((struct physical *)physical)->version < VK_API_VERSION_1_1
                                          ? 0 : mock_mode( "clock" ) && !mock_mode( "raw" ) && !mock_mode( "nodomains" ) ? 3 : 2) );
    *device = make( 1 );
    devices++;
    return VK_SUCCESS;
}

ENTRY(vkDestroyDevice) void mock_vkDestroyDevice( VkDevice device, const VkAllocationCallbacks *alloc )
{
    (void)alloc;
    pthread_mutex_lock( &mutex );
    must( !pending || devices > 1 );
    lost = 0;
    pthread_mutex_unlock( &mutex );
    drop( device );
    devices--;
}

ENTRY(vkGetDeviceQueue) void mock_vkGetDeviceQueue( VkDevice device, uint32_t family, uint32_t index, VkQueue *queue )
{
    must( family == 3 && !index );
    *queue = (VkQueue)device;
}

ENTRY(vkAllocateMemory) VkResult mock_vkAllocateMemory( VkDevice device, const VkMemoryAllocateInfo *info,
                                                        const VkAllocationCallbacks *alloc, VkDeviceMemory *out )
{
    const VkImportMemoryHostPointerInfoEXT *import = info->pNext;
    struct memory *memory;

    (void)device;
    (void)alloc;
    must( USABLE_TYPES & (1u << info->memoryTypeIndex) );
    BEGIN();
    if (largest && !import && info->allocationSize > largest) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    must( ++memories <= 64 );
    memory = make( sizeof(*memory) );
    memory->size = info->allocationSize;
    memory->type = info->memoryTypeIndex;
    if (import)
    {
        must( import->sType == VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT );
        must( EXTERNAL_TYPES & (1u << memory->type) );
        memory->bytes = import->pHostPointer;
        memory->imported = 1;
    }
    else memory->bytes = make_bytes( memory->size );
    *out = (VkDeviceMemory)memory;
    return VK_SUCCESS;
}

ENTRY(vkFreeMemory) void mock_vkFreeMemory( VkDevice device, VkDeviceMemory handle, const VkAllocationCallbacks *alloc )
{
    struct memory *memory = (struct memory *)handle;

    (void)device;
    (void)alloc;
    must( !memory->live_buffers );
    memories--;
    if (!memory->imported) drop_bytes( memory->bytes, memory->size );
    drop( memory );
}

ENTRY(vkMapMemory) VkResult mock_vkMapMemory( VkDevice device, VkDeviceMemory handle, VkDeviceSize offset,
                                              VkDeviceSize size, VkMemoryMapFlags flags, void **out )
{
    struct memory *memory = (struct memory *)handle;

    (void)device;
    (void)flags;
    BEGIN();
    must( !memory->mapped++ && !offset && size == VK_WHOLE_SIZE );
    must( memory->type == 3 || memory->type == 4 || memory->type == 9 );
    *out = memory->bytes;
    return VK_SUCCESS;
}

ENTRY(vkCreateBuffer) VkResult mock_vkCreateBuffer( VkDevice device, const VkBufferCreateInfo *info,
                                                    const VkAllocationCallbacks *alloc, VkBuffer *out )
{
    struct buffer *buffer;

    (void)device;
    (void)alloc;
    must( info->size && info->usage == (VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT) );
    BEGIN();
    if (mock_mode( "nobuffer" ) && ++buffers > 2) return VK_ERROR_OUT_OF_HOST_MEMORY;
    buffer = make( sizeof(*buffer) );
    buffer->size = info->size;
    buffer->external = !!info->pNext;
    *out = (VkBuffer)buffer;
    return VK_SUCCESS;
}

ENTRY(vkDestroyBuffer) void mock_vkDestroyBuffer( VkDevice device, VkBuffer handle, const VkAllocationCallbacks *alloc )
{
    struct buffer *buffer = (struct buffer *)handle;

    (void)device;
    (void)alloc;
    must_be_idle( buffer );
    if (buffer->memory) buffer->memory->live_buffers--;
    drop( buffer );
}

ENTRY(vkGetBufferMemoryRequirements) void mock_vkGetBufferMemoryRequirements( VkDevice device, VkBuffer handle,
                                                                              VkMemoryRequirements *requirements )
{
    struct buffer *buffer = (struct buffer *)handle;

    (void)device;
    requirements->size = buffer->size;
    requirements->alignment = 256;
    requirements->memoryTypeBits = buffer->external ? EXTERNAL_TYPES : BUFFER_TYPES;
}

ENTRY(vkBindBufferMemory) VkResult mock_vkBindBufferMemory( VkDevice device, VkBuffer handle, VkDeviceMemory memory_handle,
                                                            VkDeviceSize offset )
{
    struct buffer *buffer = (struct buffer *)handle;
    struct memory *memory = (struct memory *)memory_handle;

    (void)device;
    BEGIN();
    must( !buffer->memory && !offset && buffer->size <= memory->size && buffer->external == memory->imported );
    buffer->memory = memory;
    memory->live_buffers++;
    return VK_SUCCESS;
}

ENTRY(vkCreateCommandPool) VkResult mock_vkCreateCommandPool( VkDevice device, const VkCommandPoolCreateInfo *info,
                                                  const VkAllocationCallbacks *alloc, VkCommandPool *pool )
{
    (void)device;
    (void)alloc;
    must( info->queueFamilyIndex == 3 );
    BEGIN();
    *pool = (VkCommandPool)make( sizeof(struct pool) );
    return VK_SUCCESS;
}

ENTRY(vkDestroyCommandPool) void mock_vkDestroyCommandPool( VkDevice device, VkCommandPool handle,
                                                            const VkAllocationCallbacks *alloc )
{
    (void)device;
    (void)alloc;
    must_be_idle( ((struct pool *)handle)->commands );
    free( ((struct pool *)handle)->commands );
    drop( (void *)handle );
}

ENTRY(vkResetCommandPool) VkResult mock_vkResetCommandPool( VkDevice device, VkCommandPool pool, VkCommandPoolResetFlags flags )
{
    (void)device;
    (void)flags;
    BEGIN();
    must_be_idle( ((struct pool *)pool)->commands );
    memset( ((struct pool *)pool)->commands, 0, sizeof(struct commands) );
    return VK_SUCCESS;
}

ENTRY(vkAllocateCommandBuffers) VkResult mock_vkAllocateCommandBuffers( VkDevice device,
                                             const VkCommandBufferAllocateInfo *info, VkCommandBuffer *commands )
{
    struct pool *pool = (struct pool *)info->commandPool;

    (void)device;
    BEGIN();
    must( info->commandBufferCount == 1 && !pool->commands && (pool->commands = calloc( 1, sizeof(*pool->commands) )) );
    *commands = (VkCommandBuffer)pool->commands;
    return VK_SUCCESS;
}

ENTRY(vkBeginCommandBuffer) VkResult mock_vkBeginCommandBuffer( VkCommandBuffer commands, const VkCommandBufferBeginInfo *info )
{
    (void)info;
    BEGIN();
    must( !((struct commands *)commands)->count );
    return VK_SUCCESS;
}

ENTRY(vkEndCommandBuffer) VkResult mock_vkEndCommandBuffer( VkCommandBuffer commands )
{
    BEGIN();
    must( ((struct commands *)commands)->count );
    return VK_SUCCESS;
}

ENTRY(vkCmdPipelineBarrier) void mock_vkCmdPipelineBarrier( VkCommandBuffer commands, VkPipelineStageFlags src,
    VkPipelineStageFlags dst, VkDependencyFlags flags, uint32_t memory_count, const VkMemoryBarrier *memory_barriers,
    uint32_t buffer_count, const VkBufferMemoryBarrier *buffer_barriers, uint32_t image_count,
    const VkImageMemoryBarrier *image_barriers )
{
    (void)commands; (void)src; (void)dst; (void)flags; (void)memory_barriers; (void)buffer_barriers; (void)image_barriers;
    must( memory_count == 1 && !buffer_count && !image_count );
}

ENTRY(vkCmdCopyBuffer) void mock_vkCmdCopyBuffer( VkCommandBuffer handle, VkBuffer src, VkBuffer dst, uint32_t count,
                                                  const VkBufferCopy *regions )
{
    struct commands *commands = (struct commands *)handle;

    must( count == 1 && commands->count < MAX_COPIES );
    commands->copies[commands->count].region = *regions;
    commands->copies[commands->count].src = (struct buffer *)src;
    commands->copies[commands->count++].dst = (struct buffer *)dst;
}

ENTRY(vkQueueSubmit) VkResult mock_vkQueueSubmit( VkQueue queue, uint32_t count, const VkSubmitInfo *info, VkFence fence )
{
    struct commands *commands = (struct commands *)*info->pCommandBuffers, **ptr;
    unsigned int i, length = 1;
    int submit = submits++;
    VkResult ret = VK_SUCCESS;

    (void)queue;
    must( count == 1 && info->commandBufferCount == 1 );
    for (i = 0; i < commands->count; i++)
    {
        const VkBufferCopy *region = &commands->copies[i].region;
        const struct buffer *src = commands->copies[i].src, *dst = commands->copies[i].dst;

        must( region->size && region->srcOffset + region->size <= src->size && region->dstOffset + region->size <= dst->size );
        must( src->memory && dst->memory );
    }
    must( !((struct fence *)fence)->signalled );
    must_be_idle( commands );
    must_be_idle( (void *)fence );
    BEGIN();

    pthread_mutex_lock( &mutex );
    if (mock_mode( "lost" ) && !submit) lose_locked();
    if (lost) ret = VK_ERROR_DEVICE_LOST;
    else
    {
        commands->hangs = (mock_mode( "hang" ) && !submit) || (hang_nth && !--hang_nth);
        commands->fence = (struct fence *)fence;
        commands->next = NULL;
        for (ptr = &pending; *ptr; ptr = &(*ptr)->next) length++;
        *ptr = commands;
        if (length > most_pending) most_pending = length;
    }
    pthread_mutex_unlock( &mutex );
    return ret;
}

ENTRY(vkCreateFence) VkResult mock_vkCreateFence( VkDevice device, const VkFenceCreateInfo *info,
                                                  const VkAllocationCallbacks *alloc, VkFence *fence )
{
    (void)device;
    (void)alloc;
    must( !info->flags );
    BEGIN();
    *fence = (VkFence)make( sizeof(struct fence) );
    return VK_SUCCESS;
}

ENTRY(vkDestroyFence) void mock_vkDestroyFence( VkDevice device, VkFence fence, const VkAllocationCallbacks *alloc )
{
    (void)device;
    (void)alloc;
    must_be_idle( (void *)fence );
    drop( (void *)fence );
}

ENTRY(vkResetFences) VkResult mock_vkResetFences( VkDevice device, uint32_t count, const VkFence *fences )
{
    (void)device;
    must( count == 1 );
    BEGIN();
    must_be_idle( (void *)*fences );
    pthread_mutex_lock( &mutex );
    ((struct fence *)*fences)->signalled = 0;
    pthread_mutex_unlock( &mutex );
    return VK_SUCCESS;
}

ENTRY(vkGetFenceStatus) VkResult mock_vkGetFenceStatus( VkDevice device, VkFence handle )
{
    struct fence *fence = (struct fence *)handle;
    VkResult ret;

    (void)device;
    BEGIN();
    pthread_mutex_lock( &mutex );
    ret = run_locked( fence ) ? VK_SUCCESS : lost ? VK_ERROR_DEVICE_LOST : VK_NOT_READY;
    pthread_mutex_unlock( &mutex );
    return ret;
}

/* Times out at once. A GPU that hangs comes back when it is waited for a second time. */
ENTRY(vkWaitForFences) VkResult mock_vkWaitForFences( VkDevice device, uint32_t count, const VkFence *fences, VkBool32 all,
                                                      uint64_t timeout )
{
    struct fence *fence = (struct fence *)*fences;
    VkResult ret = VK_SUCCESS;

    (void)device;
    (void)all;
    must( count == 1 && timeout > 1000000000 && timeout <= 10000000000ull );
    BEGIN();
    pthread_mutex_lock( &mutex );
    if (!run_locked( fence ))
    {
        if (lost) ret = VK_ERROR_DEVICE_LOST;
        else
        {
            must( pending && pending->hangs );      /* else it was never submitted */
            if (timeout == 10000000000ull) timeouts++;
            if (waited) pending->hangs = 0;
            else ret = VK_TIMEOUT;
            waited = !waited;
            if (!ret) must( run_locked( fence ));
        }
    }
    pthread_mutex_unlock( &mutex );
    return ret;
}

ENTRY(vkGetMemoryHostPointerPropertiesEXT) VkResult mock_vkGetMemoryHostPointerPropertiesEXT( VkDevice device,
    VkExternalMemoryHandleTypeFlagBits type, const void *pointer, VkMemoryHostPointerPropertiesEXT *props )
{
    (void)device;
    must( type == VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT && pointer );
    BEGIN();
    if (mock_mode( "badimport" )) return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    props->memoryTypeBits = 0x2ff;
    return VK_SUCCESS;
}

ENTRY(vkGetDeviceProcAddr) PFN_vkVoidFunction mock_vkGetDeviceProcAddr( VkDevice device, const char *name )
{
    (void)device;
    return vkGetInstanceProcAddr( (VkInstance)device, name );
}

PFN_vkVoidFunction EXPORT vkGetInstanceProcAddr( VkInstance instance, const char *name )
{
    static const struct { const char *name; PFN_vkVoidFunction function; int newer; } functions[] =
    {
#define F(name)  { #name, (PFN_vkVoidFunction)mock_##name, 0 },
#define F11(name)  { #name, (PFN_vkVoidFunction)mock_##name, 1 },
        F(vkCreateInstance) F(vkDestroyInstance) F(vkEnumeratePhysicalDevices) F(vkGetPhysicalDeviceProperties)
        F(vkGetPhysicalDeviceMemoryProperties) F(vkGetPhysicalDeviceQueueFamilyProperties)
        F(vkEnumerateDeviceExtensionProperties) F(vkCreateDevice) F(vkGetDeviceProcAddr) F(vkDestroyDevice)
        F(vkGetDeviceQueue) F(vkAllocateMemory) F(vkFreeMemory) F(vkMapMemory) F(vkCreateBuffer) F(vkDestroyBuffer)
        F(vkGetBufferMemoryRequirements) F(vkBindBufferMemory) F(vkCreateCommandPool) F(vkDestroyCommandPool)
        F(vkResetCommandPool) F(vkAllocateCommandBuffers) F(vkBeginCommandBuffer) F(vkEndCommandBuffer)
        F(vkCmdPipelineBarrier) F(vkCmdCopyBuffer) F(vkQueueSubmit) F(vkCreateFence) F(vkDestroyFence) F(vkResetFences)
        F(vkWaitForFences) F(vkGetFenceStatus)
        F11(vkEnumerateInstanceVersion) F11(vkGetPhysicalDeviceProperties2) F11(vkGetPhysicalDeviceMemoryProperties2)
        F11(vkGetPhysicalDeviceExternalBufferProperties) F11(vkGetMemoryHostPointerPropertiesEXT) F11(vkGetPhysicalDeviceFeatures2)
        F11(vkGetPhysicalDeviceCalibrateableTimeDomainsEXT) F11(vkGetCalibratedTimestampsEXT)
    };
    unsigned int i;

    (void)instance;
    for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (!strcmp( functions[i].name, name )) return functions[i].newer && mock_mode( "1.0" ) ? NULL : functions[i].function;
    return NULL;
}
