/*
 * Vulkan: the loader, the instance, and the list of GPUs
 *
 * libvulkan.so.1 is opened when it is first needed and never linked, so that programs which use no D3DKMT function do
 * without. One instance serves the process. While no GPU is found it is dropped and made anew, at most once a second: an
 * instance sees only the drivers that were installed when it was made.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "vulkan_private.h"
#include "os/os.h"

#define LOADER_NAME     "libvulkan.so.1"
#define RETRY_NS        1000000000ull   /* between two attempts to find a Vulkan driver */
#define NEWEST_VERSION  VK_API_VERSION_1_3  /* whose rules this code was checked against */

struct vulkan vulkan = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* The one place where a VkResult gets its meaning. */
enum gpu_result vulkan_result( VkResult result )
{
    switch (result)
    {
    case VK_SUCCESS:
        return GPU_SUCCESS;
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_TOO_MANY_OBJECTS:
    case VK_ERROR_FRAGMENTATION:
    case VK_ERROR_FRAGMENTED_POOL:
        return GPU_OUT_OF_DEVICE_MEMORY;
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_MEMORY_MAP_FAILED:    /* no address space, for types that can be mapped at all */
        return GPU_OUT_OF_HOST_MEMORY;
    case VK_ERROR_DEVICE_LOST:
    case VK_TIMEOUT:
    case VK_NOT_READY:
        return GPU_DEVICE_LOST;
    case VK_ERROR_INVALID_EXTERNAL_HANDLE:
        return GPU_INVALID_POINTER;
    case VK_ERROR_EXTENSION_NOT_PRESENT:
    case VK_ERROR_FEATURE_NOT_PRESENT:
    case VK_ERROR_LAYER_NOT_PRESENT:
        return GPU_NOT_SUPPORTED;
    default:
        return GPU_FAILED;
    }
}

/* The same for a call on a device, which remembers when it is lost. */
enum gpu_result vulkan_device_result( struct gpu_device *device, VkResult result )
{
    enum gpu_result ret = vulkan_result( result );

    if (ret == GPU_DEVICE_LOST && !atomic_exchange( &device->lost, true ))
        ERR( "the GPU %s was lost (VkResult %d)", device->adapter.name, (int)result );
    else if (ret == GPU_FAILED)
        WARN( "Vulkan call on %s failed, VkResult %d", device->adapter.name, (int)result );
    return ret;
}

/* Drivers start threads of their own, which inherit the signal mask. Wine's handlers need a TEB, so no signal that is sent to
 * the process may choose such a thread. What a thread raises by a fault of its own is left alone. */
void vulkan_block_signals( sigset_t *old )
{
    sigset_t set;

    sigfillset( &set );
    sigdelset( &set, SIGSEGV );
    sigdelset( &set, SIGBUS );
    sigdelset( &set, SIGILL );
    sigdelset( &set, SIGFPE );
    sigdelset( &set, SIGTRAP );
    sigdelset( &set, SIGSYS );
    pthread_sigmask( SIG_BLOCK, &set, old );
}

void vulkan_restore_signals( const sigset_t *old )
{
    pthread_sigmask( SIG_SETMASK, old, NULL );
}

static void destroy_instance_locked(void)
{
    if (vulkan.instance) vulkan.funcs.vkDestroyInstance( vulkan.instance, NULL );
    vulkan.instance = VK_NULL_HANDLE;
    vulkan.api_version = 0;
    memset( &vulkan.funcs, 0, sizeof(vulkan.funcs) );
}

/* Says once a process that there is no Vulkan, and why. */
static void log_missing_locked( const char *why, const char *detail )
{
    if (!vulkan.missing_logged) ERR( "no GPU can be used: %s%s%s", why, *detail ? ": " : "", detail );
    vulkan.missing_logged = true;
}

static enum gpu_result load_instance_funcs_locked( PFN_vkGetInstanceProcAddr get_proc )
{
#define F(func) \
    if (!(vulkan.funcs.func = (PFN_##func)get_proc( vulkan.instance, #func ))) \
    { \
        ERR( LOADER_NAME " has no " #func ); \
        return GPU_FAILED; \
    }
    VULKAN_INSTANCE_FUNCS(F)
#undef F
    if (vulkan.api_version < VK_API_VERSION_1_1) return GPU_SUCCESS;
#define F(func) vulkan.funcs.func = (PFN_##func)get_proc( vulkan.instance, #func );
    VULKAN_OPTIONAL_INSTANCE_FUNCS(F)
#undef F
    return GPU_SUCCESS;
}

/* Makes the instance. GPU_FAILED: there is no Vulkan here; it was logged, and all is as before. */
static enum gpu_result create_instance_locked(void)
{
    VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .pApplicationName = "winekmt",
                              .pEngineName = "winekmt", .apiVersion = VK_API_VERSION_1_0 };
    VkInstanceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app };
    PFN_vkGetInstanceProcAddr get_proc;
    PFN_vkEnumerateInstanceVersion enum_version;
    PFN_vkCreateInstance create;
    uint32_t version = VK_API_VERSION_1_0;
    enum gpu_result ret;
    sigset_t signals;
    VkResult result;

    if (vulkan.instance) return GPU_SUCCESS;
    if (os_time_ns() < vulkan.retry_time) return GPU_FAILED;
    vulkan.retry_time = os_time_ns() + RETRY_NS;

    if (!vulkan.library && !(vulkan.library = dlopen( LOADER_NAME, RTLD_NOW | RTLD_LOCAL )))
    {
        log_missing_locked( "the Vulkan loader cannot be loaded", dlerror() );
        return GPU_FAILED;
    }
    get_proc = (PFN_vkGetInstanceProcAddr)dlsym( vulkan.library, "vkGetInstanceProcAddr" );
    create = get_proc ? (PFN_vkCreateInstance)get_proc( VK_NULL_HANDLE, "vkCreateInstance" ) : NULL;
    if (!create)
    {
        log_missing_locked( LOADER_NAME " is not a Vulkan loader", "" );
        dlclose( vulkan.library );
        vulkan.library = NULL;
        return GPU_FAILED;
    }

    /* A loader of Vulkan 1.0 has no such function and refuses a newer apiVersion. */
    enum_version = (PFN_vkEnumerateInstanceVersion)get_proc( VK_NULL_HANDLE, "vkEnumerateInstanceVersion" );
    if (enum_version && enum_version( &version ) == VK_SUCCESS && version >= VK_API_VERSION_1_1)
        app.apiVersion = version < NEWEST_VERSION ? version : NEWEST_VERSION;

    vulkan_block_signals( &signals );
    result = create( &info, NULL, &vulkan.instance );
    vulkan_restore_signals( &signals );
    if (result != VK_SUCCESS)
    {
        vulkan.instance = VK_NULL_HANDLE;
        if (result == VK_ERROR_OUT_OF_HOST_MEMORY)
        {
            vulkan.retry_time = 0;
            return GPU_OUT_OF_HOST_MEMORY;
        }
        log_missing_locked( result == VK_ERROR_INCOMPATIBLE_DRIVER ? "no Vulkan driver is installed"
                                                                   : "vkCreateInstance failed", "" );
        return GPU_FAILED;
    }

    vulkan.api_version = app.apiVersion;
    if ((ret = load_instance_funcs_locked( get_proc )))
    {
        /* without vkDestroyInstance it cannot even be given back */
        if (vulkan.funcs.vkDestroyInstance) destroy_instance_locked();
        vulkan.instance = VK_NULL_HANDLE;
    }
    return ret;
}

static bool has_extension( const VkExtensionProperties *extensions, uint32_t count, const char *name )
{
    while (count--) if (!strcmp( extensions[count].extensionName, name )) return true;
    return false;
}

static enum gpu_result get_extensions( VkPhysicalDevice physical, VkExtensionProperties **extensions, uint32_t *count )
{
    VkResult result;

    do
    {
        if ((result = vulkan.funcs.vkEnumerateDeviceExtensionProperties( physical, NULL, count, NULL )))
            return vulkan_result( result );
        if (!(*extensions = calloc( *count + 1, sizeof(**extensions) ))) return GPU_OUT_OF_HOST_MEMORY;
        result = vulkan.funcs.vkEnumerateDeviceExtensionProperties( physical, NULL, count, *extensions );
        if (result) free( *extensions );
    } while (result == VK_INCOMPLETE);
    return vulkan_result( result );
}

static void append_struct( void *chain, void *structure )
{
    VkBaseOutStructure *last = chain;

    while (last->pNext) last = last->pNext;
    last->pNext = structure;
}

/* A deviceUUID for a driver that has none: the same in every process, and different for the ordinal-th such GPU. */
static void make_uuid( struct gpu_adapter *adapter, uint32_t ordinal )
{
    uint32_t parts[4] = { adapter->vendor_id, adapter->device_id, adapter->driver_version, 0x746d6b00 + ordinal };

    memcpy( adapter->device_uuid, parts, sizeof(parts) );
}

static bool is_zero( const uint8_t uuid[16] )
{
    static const uint8_t zero[16];

    return !memcmp( uuid, zero, sizeof(zero) );
}

/* Whether buffers can be made of pages of the program. */
static bool can_import_host_memory( VkPhysicalDevice physical )
{
    VkPhysicalDeviceExternalBufferInfo info = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
            .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
            .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT };
    VkExternalBufferProperties props = { .sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES };
    VkExternalMemoryFeatureFlags features;

    vulkan.funcs.vkGetPhysicalDeviceExternalBufferProperties( physical, &info, &props );
    features = props.externalMemoryProperties.externalMemoryFeatures;
    return (features & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT) &&
           !(features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT);
}

/* Whether the GPU's clock and CLOCK_MONOTONIC can be read together. */
static bool can_calibrate( VkPhysicalDevice physical )
{
    VkTimeDomainEXT domains[16];
    uint32_t i, count = sizeof(domains) / sizeof(domains[0]);
    bool device = false, monotonic = false;

    if (!vulkan.funcs.vkGetPhysicalDeviceCalibrateableTimeDomainsEXT) return false;
    if (vulkan.funcs.vkGetPhysicalDeviceCalibrateableTimeDomainsEXT( physical, &count, domains ) < 0) return false;
    for (i = 0; i < count; i++)
    {
        if (domains[i] == VK_TIME_DOMAIN_DEVICE_EXT) device = true;
        if (domains[i] == VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT) monotonic = true;
    }
    return device && monotonic;
}

static bool has_int64_atomics( VkPhysicalDevice physical )
{
    VkPhysicalDeviceShaderAtomicInt64Features atomics = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_ATOMIC_INT64_FEATURES };
    VkPhysicalDeviceFeatures2 features = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &atomics };

    if (!vulkan.funcs.vkGetPhysicalDeviceFeatures2) return false;
    vulkan.funcs.vkGetPhysicalDeviceFeatures2( physical, &features );
    return atomics.shaderBufferInt64Atomics;
}

/* What only Vulkan 1.1 and extensions can tell. */
static enum gpu_result fill_adapter_1_1( VkPhysicalDevice physical, uint32_t version, struct gpu_adapter *adapter )
{
    VkPhysicalDeviceProperties2 props = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2 };
    VkPhysicalDeviceIDProperties id = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES };
    VkPhysicalDeviceMaintenance3Properties limits = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES };
    VkPhysicalDeviceMaintenance4Properties limits4 = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES };
    VkPhysicalDeviceDriverProperties driver = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES };
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host =
        { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT };
    VkPhysicalDevicePCIBusInfoPropertiesEXT pci = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT };
    VkExtensionProperties *extensions = NULL;
    enum gpu_result ret;
    uint32_t count = 0;

    if ((ret = get_extensions( physical, &extensions, &count ))) return ret;

    append_struct( &props, &id );
    append_struct( &props, &limits );
    if (version >= VK_API_VERSION_1_2 || has_extension( extensions, count, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME ))
        append_struct( &props, &driver );
    if (version >= VK_API_VERSION_1_3 || has_extension( extensions, count, VK_KHR_MAINTENANCE_4_EXTENSION_NAME ))
        append_struct( &props, &limits4 );
    if (has_extension( extensions, count, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME ))
        append_struct( &props, &host );
    adapter->has_pci_address = has_extension( extensions, count, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME );
    if (adapter->has_pci_address) append_struct( &props, &pci );
    vulkan.funcs.vkGetPhysicalDeviceProperties2( physical, &props );

    memcpy( adapter->device_uuid, id.deviceUUID, sizeof(adapter->device_uuid) );
    memcpy( adapter->driver_uuid, id.driverUUID, sizeof(adapter->driver_uuid) );
    memcpy( adapter->driver_name, driver.driverName, sizeof(adapter->driver_name) );
    memcpy( adapter->driver_info, driver.driverInfo, sizeof(adapter->driver_info) );
    adapter->driver_name[sizeof(adapter->driver_name) - 1] = 0;
    adapter->driver_info[sizeof(adapter->driver_info) - 1] = 0;

    /* All of a memory must fit into one buffer, or it could not be copied. Before: the largest heap, and some drivers name more. */
    if (limits.maxMemoryAllocationSize && limits.maxMemoryAllocationSize < adapter->max_memory_size)
        adapter->max_memory_size = limits.maxMemoryAllocationSize;
    if (limits4.maxBufferSize && limits4.maxBufferSize < adapter->max_memory_size)
        adapter->max_memory_size = limits4.maxBufferSize;
    adapter->max_memory_size &= ~0xfffull;

    adapter->has_memory_budget = has_extension( extensions, count, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME );
    if (host.minImportedHostPointerAlignment && can_import_host_memory( physical ))
    {
        adapter->has_host_import = true;
        adapter->host_import_alignment = host.minImportedHostPointerAlignment;
    }
    adapter->pci_domain = pci.pciDomain;
    adapter->pci_bus = pci.pciBus;
    adapter->pci_device = pci.pciDevice;
    adapter->pci_function = pci.pciFunction;
    if (version >= VK_API_VERSION_1_2 || has_extension( extensions, count, VK_KHR_SHADER_ATOMIC_INT64_EXTENSION_NAME ))
        adapter->has_int64_atomics = has_int64_atomics( physical );
    if (has_extension( extensions, count, VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME )) adapter->has_calibration = can_calibrate( physical );
    free( extensions );
    return GPU_SUCCESS;
}

static void fill_memory( VkPhysicalDevice physical, struct gpu_adapter *adapter )
{
    /* A type with any other property is for a special purpose, or needs a feature that is not enabled: protected, lazily
     * allocated, AMD's device-coherent and -uncached, NVIDIA's RDMA-capable. */
    static const VkMemoryPropertyFlags ordinary =
            VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
            VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t i;

    vulkan.funcs.vkGetPhysicalDeviceMemoryProperties( physical, &memory );

    adapter->heap_count = memory.memoryHeapCount;
    for (i = 0; i < memory.memoryHeapCount; i++)
    {
        adapter->heaps[i].size = memory.memoryHeaps[i].size;
        adapter->heaps[i].local = !!(memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT);
        if (adapter->max_memory_size < adapter->heaps[i].size) adapter->max_memory_size = adapter->heaps[i].size;
    }
    adapter->max_memory_size &= ~0xfffull;

    adapter->type_count = memory.memoryTypeCount;
    for (i = 0; i < memory.memoryTypeCount; i++)
    {
        VkMemoryPropertyFlags flags = memory.memoryTypes[i].propertyFlags;
        uint32_t properties = 0;

        adapter->types[i].heap = memory.memoryTypes[i].heapIndex;
        if (flags & ~ordinary)
        {
            adapter->types[i].properties = GPU_MEMORY_UNUSABLE;
            continue;
        }
        if (flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) properties |= GPU_MEMORY_DEVICE_LOCAL;
        if ((flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) && (flags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT))
        {
            properties |= GPU_MEMORY_HOST_VISIBLE;
            if (flags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT) properties |= GPU_MEMORY_HOST_CACHED;
        }
        adapter->types[i].properties = properties;
    }
}

/* The queue families. timestamps: whether those that draw or compute have a clock. */
static void fill_nodes( VkPhysicalDevice physical, struct gpu_adapter *adapter, bool *timestamps )
{
    static const VkQueueFlags decode = 0x20, encode = 0x40;     /* VK_QUEUE_VIDEO_DECODE_BIT_KHR, _ENCODE_, not in every header */
    VkQueueFamilyProperties families[GPU_MAX_NODES];
    uint32_t i, count = GPU_MAX_NODES;

    *timestamps = false;
    vulkan.funcs.vkGetPhysicalDeviceQueueFamilyProperties( physical, &count, families );
    adapter->node_count = count;
    for (i = 0; i < count; i++)
    {
        VkQueueFlags flags = families[i].queueFlags;

        if (flags & VK_QUEUE_GRAPHICS_BIT) adapter->nodes[i] = GPU_NODE_GRAPHICS;
        else if (flags & VK_QUEUE_COMPUTE_BIT) adapter->nodes[i] = GPU_NODE_COMPUTE;
        else if (flags & decode) adapter->nodes[i] = GPU_NODE_VIDEO_DECODE;
        else if (flags & encode) adapter->nodes[i] = GPU_NODE_VIDEO_ENCODE;
        else if (flags & VK_QUEUE_TRANSFER_BIT) adapter->nodes[i] = GPU_NODE_COPY;
        else adapter->nodes[i] = GPU_NODE_OTHER;
        if (flags & (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT) && families[i].timestampValidBits) *timestamps = true;
    }
}

static enum gpu_result fill_adapter( VkPhysicalDevice physical, struct gpu_adapter *adapter )
{
    VkPhysicalDeviceProperties props;
    bool timestamps;
    uint32_t version;

    memset( adapter, 0, sizeof(*adapter) );
    vulkan.funcs.vkGetPhysicalDeviceProperties( physical, &props );
    memcpy( adapter->name, props.deviceName, sizeof(adapter->name) );
    adapter->name[sizeof(adapter->name) - 1] = 0;
    adapter->vendor_id = props.vendorID;
    adapter->device_id = props.deviceID;
    adapter->driver_version = props.driverVersion;
    adapter->software = props.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    adapter->integrated = props.deviceType == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
    adapter->max_memory_count = props.limits.maxMemoryAllocationCount;
    if (adapter->max_memory_count > 1) adapter->max_memory_count--;     /* that one is for staging, always to be had */
    fill_memory( physical, adapter );
    fill_nodes( physical, adapter, &timestamps );
    if (timestamps) adapter->timestamp_period = props.limits.timestampPeriod;

    /* A device may be used as far as both it and the instance go. */
    version = props.apiVersion < vulkan.api_version ? props.apiVersion : vulkan.api_version;
    if (version < VK_API_VERSION_1_1 || !vulkan.funcs.vkGetPhysicalDeviceProperties2 ||
        !vulkan.funcs.vkGetPhysicalDeviceMemoryProperties2 || !vulkan.funcs.vkGetPhysicalDeviceExternalBufferProperties)
        return GPU_SUCCESS;
    return fill_adapter_1_1( physical, version, adapter );
}

/* Puts hardware before software and gives a UUID to who has none. A second driver of a GPU that is listed is left out:
 * it has the same deviceUUID, by which it could not be opened. Returns the new count. */
static uint32_t sort_adapters( struct gpu_adapter *adapters, VkPhysicalDevice *physicals, uint32_t count )
{
    uint32_t i, j, ordinal, kept = 0;

    for (i = 0; i < count; i++)     /* insertion sort: stable, and count is small */
    {
        struct gpu_adapter adapter = adapters[i];
        VkPhysicalDevice physical = physicals[i];

        for (j = i; j && adapters[j - 1].software && !adapter.software; j--)
        {
            adapters[j] = adapters[j - 1];
            physicals[j] = physicals[j - 1];
        }
        adapters[j] = adapter;
        physicals[j] = physical;
    }

    for (i = 0; i < count; i++)
    {
        bool made = is_zero( adapters[i].device_uuid );

        for (ordinal = 0;; ordinal++)
        {
            if (made) make_uuid( &adapters[i], ordinal );
            for (j = 0; j < kept; j++)
                if (!memcmp( adapters[j].device_uuid, adapters[i].device_uuid, sizeof(adapters[i].device_uuid) )) break;
            if (j == kept || !made) break;
        }
        if (j < kept)
        {
            TRACE( "%s (%s) is left out, %s (%s) has the same UUID", adapters[i].name, adapters[i].driver_name,
                   adapters[j].name, adapters[j].driver_name );
            continue;
        }
        if (kept != i)
        {
            adapters[kept] = adapters[i];
            physicals[kept] = physicals[i];
        }
        kept++;
    }
    return kept;
}

static enum gpu_result get_physical_devices( VkPhysicalDevice **physicals, uint32_t *count )
{
    VkResult result;

    do
    {
        if ((result = vulkan.funcs.vkEnumeratePhysicalDevices( vulkan.instance, count, NULL )))
        {
            *count = 0;     /* VK_ERROR_INITIALIZATION_FAILED: a driver that finds none may say that */
            *physicals = NULL;
            return result == VK_ERROR_OUT_OF_HOST_MEMORY ? GPU_OUT_OF_HOST_MEMORY : GPU_SUCCESS;
        }
        if (!(*physicals = calloc( *count + 1, sizeof(**physicals) ))) return GPU_OUT_OF_HOST_MEMORY;
        result = vulkan.funcs.vkEnumeratePhysicalDevices( vulkan.instance, count, *physicals );
        if (result) free( *physicals );
    } while (result == VK_INCOMPLETE);
    return vulkan_result( result );
}

/* gpu_enum_adapters with vulkan.mutex held, which also tells the physical devices: arrays of the same length, to free().
 * With count 0 both are NULL. */
enum gpu_result vulkan_enum_locked( struct gpu_adapter **adapters, VkPhysicalDevice **physicals, uint32_t *count )
{
    enum gpu_result ret;
    uint32_t i, found = 0;

    *adapters = NULL;
    *physicals = NULL;
    *count = 0;
    if ((ret = create_instance_locked())) return ret == GPU_FAILED ? GPU_SUCCESS : ret;
    if ((ret = get_physical_devices( physicals, &found )))
    {
        *physicals = NULL;
        return ret == GPU_FAILED ? GPU_SUCCESS : ret;
    }
    if (!(*adapters = calloc( found + 1, sizeof(**adapters) )))
    {
        free( *physicals );
        *physicals = NULL;
        return GPU_OUT_OF_HOST_MEMORY;
    }
    for (i = 0; i < found; i++)
    {
        if ((ret = fill_adapter( (*physicals)[i], &(*adapters)[*count] )) == GPU_OUT_OF_HOST_MEMORY) break;
        if (ret)    /* the list goes on without a device that is just disappearing */
        {
            ret = GPU_SUCCESS;
            continue;
        }
        (*physicals)[(*count)++] = (*physicals)[i];
    }
    if (!ret && *count) *count = sort_adapters( *adapters, *physicals, *count );
    else
    {
        free( *adapters );
        free( *physicals );
        *adapters = NULL;
        *physicals = NULL;
        *count = 0;
    }
    if (!ret && !*count)
    {
        log_missing_locked( "Vulkan finds no device", "" );
        if (!vulkan.open_devices) destroy_instance_locked();
    }
    return ret;
}

/***********************************************************************
 *           gpu_enum_adapters
 *
 * The memory types are those that the properties let expect; gpu_get_device_adapter knows exactly.
 * Cost: vulkan.mutex; the instance at the first call; after that some 10 calls into the driver a GPU, and no VkDevice.
 */
enum gpu_result gpu_enum_adapters( struct gpu_adapter **adapters, uint32_t *count )
{
    VkPhysicalDevice *physicals;
    enum gpu_result ret;

    pthread_mutex_lock( &vulkan.mutex );
    ret = vulkan_enum_locked( adapters, &physicals, count );
    pthread_mutex_unlock( &vulkan.mutex );
    free( physicals );
    return ret;
}

/***********************************************************************
 *           gpu_shutdown
 *
 * With a device still open: nothing happens, and one line in the log says so.
 */
void gpu_shutdown(void)
{
    pthread_mutex_lock( &vulkan.mutex );
    if (vulkan.open_devices) ERR( "shut down while %u devices are open", vulkan.open_devices );
    else
    {
        destroy_instance_locked();
        if (vulkan.library) dlclose( vulkan.library );
        vulkan.library = NULL;
        vulkan.retry_time = 0;
    }
    pthread_mutex_unlock( &vulkan.mutex );
}
