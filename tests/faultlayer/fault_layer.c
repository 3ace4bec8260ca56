/*
 * VK_LAYER_winekmt_fault: a Vulkan layer that makes things go wrong
 *
 * A layer like any other, written from the public interface of loader and layers (vulkan/vk_layer.h), for any program that uses
 * Vulkan, Windows programs under Wine included. It pretends another GPU than there is (heap sizes, memory types, a budget that
 * changes, missing extensions), makes calls fail or take long, counts every object that is alive, and says so when an object is
 * destroyed twice, or left behind by its device.
 *
 *     VK_LAYER_PATH=$PWD/build/native VK_INSTANCE_LAYERS=VK_LAYER_winekmt_fault WINEKMT_FAULT='look=discrete heap0=64M' program
 *
 * (VK_ADD_LAYER_PATH in place of VK_LAYER_PATH adds to the usual places, so that "VK_LAYER_winekmt_fault:VK_LAYER_KHRONOS_validation"
 * finds both: the layer named first is above, so the validation layer sees what the driver sees.)
 *
 * WINEKMT_FAULT is words with spaces or commas between; sizes may end in K, M or G:
 *
 *     look=driver|discrete|rebar   what memory there seems to be (enum fault_look in fault_control.h); discrete ones have a heap of
 *                          their own for system memory, and say that they are discrete GPUs
 *     heap0=64M            the size of heap 0, enforced: more is OUT_OF_DEVICE_MEMORY
 *     capacity0=32M        what can really be allocated of it, however large it says it is
 *     budget=driver|hide|report    VK_EXT_memory_budget: as the driver has it; not there; there, with the layer's own figures:
 *     budget0=48M          what it says for heap 0 (default: its size)
 *     foreign0=8M          what others in the process seem to use of it
 *     memories=64          maxMemoryAllocationCount, enforced: one more is TOO_MANY_OBJECTS
 *     hide=VK_EXT_name     a device extension that is not there
 *     hidetype=2           a memory type that is not there
 *     poison=1             fills new memory with 0xa5 and memory that is freed with 0xdb (drivers whose memory can be mapped)
 *     delay=CALL:500       every call of that kind takes 500 microseconds longer; "any": every call
 *     fail=CALL:3:ERROR    the third call of that kind from now on fails with that error and does nothing; "any": the third of
 *                          those that may have that error by the specification. Up to 4 rules.
 *     fail=CALL:3:ERROR:persistent     and so do all after it
 *     fail=any:3:ERROR:any-error       whether the specification allows that error or not: drivers do not always ask
 *     lose                 all devices that are open are lost now
 *     heal, reset          no rules any more; also: the counters of calls start again
 *     log=1                a line on the standard error for each call that fails by order
 *     control=FILE         see below
 *
 * CALL is a name with or without vk (fault_control.h lists them), ERROR one of OUT_OF_DEVICE_MEMORY, OUT_OF_HOST_MEMORY, DEVICE_LOST,
 * MEMORY_MAP_FAILED, TOO_MANY_OBJECTS. A device that answered DEVICE_LOST by order is lost: what it was doing is waited for, then
 * submissions, waits and questions after fences, events and queries answer the same until it is destroyed; everything else, frees
 * above all, works on, as the specification has it (5.2.3, Lost Device).
 *
 * At run time there are two ways to give orders and to read counters. In the same process: dlopen this library by its path,
 * which gives the copy that the loader uses and keeps it, and the counters, from being unloaded; dlsym fault_layer_control
 * and the others in fault_control.h. From outside, for a Windows program or a script: control=FILE, made where it does not exist,
 * is mapped by every process that is told so; the program faultctl reads and writes it:
 *
 *     faultctl FILE 'budget0=16M fail=any:10:DEVICE_LOST'
 *     faultctl FILE             the counters
 *
 * What it does not do: protected and sparse memory, memory shared by file descriptor under another look than the driver's.
 * VK_EXT_memory_budget where the driver lacks it works because the layer's manifest names the extension.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "fault_layer.h"

static struct fault_control own_control = { .magic = FAULT_MAGIC, .size = sizeof(own_control) };
struct fault_control *fault_control = &own_control;
pthread_mutex_t fault_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct fault_instance *instances;
static struct fault_gpu *gpus;
static struct fault_device *devices;

EXPORT struct fault_control *fault_layer_control( void );
EXPORT void *fault_layer_peek( uint64_t memory );
EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL fault_GetInstanceProcAddr( VkInstance instance, const char *name );
EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL fault_GetDeviceProcAddr( VkDevice device, const char *name );

/***********************************************************************
 * Control
 */

static void __attribute__((constructor)) read_orders( void )
{
    const char *orders = getenv( "WINEKMT_FAULT" ), *path;
    char message[256], name[4096];
    size_t length;

    if (!orders) return;
    if ((path = strstr( orders, "control=" )) && (path == orders || strchr( " ,\t\n", path[-1] )))
    {
        path += strlen( "control=" );
        length = strcspn( path, " ,\t\n" );
        snprintf( name, sizeof(name), "%.*s", (int)length, path );
        if (!(fault_control = fault_map_control( name, true )))
        {
            fprintf( stderr, FAULT_LAYER_NAME ": control file %s: %s\n", name, strerror( errno ) );
            abort();
        }
    }
    /* A test with orders that are not obeyed would prove nothing. */
    if (!fault_configure( fault_control, orders, message ))
    {
        fprintf( stderr, FAULT_LAYER_NAME ": WINEKMT_FAULT: %s\n", message );
        abort();
    }
}

EXPORT struct fault_control *fault_layer_control( void )
{
    return fault_control;
}

EXPORT void *fault_layer_peek( uint64_t memory )
{
    struct fault_device *device;
    struct fault_entry *entry;
    void *view = NULL;

    pthread_mutex_lock( &fault_mutex );
    device = devices;
    pthread_mutex_unlock( &fault_mutex );
    for (; device && !view; device = device->next)
        if ((entry = fault_find( device, FAULT_OBJECT_DeviceMemory, memory ))) view = entry->view;
    return view;
}

void fault_misuse( const char *format, ... )
{
    char line[256];
    va_list args;

    va_start( args, format );
    vsnprintf( line, sizeof(line), format, args );
    va_end( args );
    fprintf( stderr, FAULT_LAYER_NAME ": misuse: %s\n", line );
    __atomic_add_fetch( &fault_control->misuse, 1, __ATOMIC_RELAXED );
}

/***********************************************************************
 * Losses
 */

static void lose( struct fault_device *device )
{
    if (__atomic_exchange_n( &device->lost, true, __ATOMIC_SEQ_CST )) return;
    __atomic_add_fetch( &fault_control->lost_devices, 1, __ATOMIC_RELAXED );
    /* Nothing is submitted any more. What was is over before anybody hears of the loss: from then on programs may free what it uses. */
    pthread_mutex_lock( &device->queue_mutex );
    device->DeviceWaitIdle( device->handle );
    pthread_mutex_unlock( &device->queue_mutex );
}

bool fault_is_lost( struct fault_device *device )
{
    if (device->losses != __atomic_load_n( &fault_control->losses, __ATOMIC_ACQUIRE )) lose( device );
    return __atomic_load_n( &device->lost, __ATOMIC_SEQ_CST );
}

/***********************************************************************
 * Rules
 */

static unsigned int error_bit( int32_t result )
{
    switch (result)
    {
    case VK_ERROR_OUT_OF_HOST_MEMORY:   return FAULT_H;
    case VK_ERROR_OUT_OF_DEVICE_MEMORY: return FAULT_D;
    case VK_ERROR_DEVICE_LOST:          return FAULT_L;
    case VK_ERROR_MEMORY_MAP_FAILED:    return FAULT_M;
    case VK_ERROR_TOO_MANY_OBJECTS:     return FAULT_T;
    default:                            return 0;
    }
}

/* Counts the rule down; whether it hits. */
static bool rule_hits( struct fault_rule *rule, enum fault_call call )
{
    uint32_t left = __atomic_load_n( &rule->left, __ATOMIC_ACQUIRE );

    if (!left || (rule->call != FAULT_CALLS && rule->call != call)) return false;
    if (!(rule->flags & FAULT_ANY_ERROR) && !(fault_call_errors[call] & error_bit( rule->result ))) return false;
    while (left)
    {
        if (left == 1 && rule->flags & FAULT_PERSISTENT) return true;
        if (__atomic_compare_exchange_n( &rule->left, &left, left - 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE )) return left == 1;
    }
    return false;
}

VkResult fault_enter( enum fault_call call, struct fault_device *device )
{
    uint32_t delay;
    unsigned int i;

    __atomic_add_fetch( &fault_control->calls[call], 1, __ATOMIC_RELAXED );
    delay = __atomic_load_n( &fault_control->delay[call], __ATOMIC_RELAXED ) +
            __atomic_load_n( &fault_control->delay[FAULT_CALLS], __ATOMIC_RELAXED );
    if (delay) usleep( delay );
    if (call >= FAULT_FAILABLE_CALLS) return VK_SUCCESS;
    for (i = 0; i < FAULT_RULES; i++)
    {
        VkResult result = fault_control->rules[i].result;

        if (!rule_hits( &fault_control->rules[i], call )) continue;
        __atomic_add_fetch( &fault_control->failures, 1, __ATOMIC_RELAXED );
        if (fault_control->log) fprintf( stderr, FAULT_LAYER_NAME ": vk%s fails with %s\n", fault_call_names[call], fault_result_name( result ) );
        if (result == VK_ERROR_DEVICE_LOST && device) lose( device );
        return result;
    }
    return VK_SUCCESS;
}

/***********************************************************************
 * Instances
 */

/* Dispatchable objects of one instance, or one device, have the same first word: the loader's own dispatch table. */
static const void *key( const void *handle )
{
    return *(const void *const *)handle;
}

static struct fault_instance *find_instance( const void *handle )
{
    struct fault_instance *instance;

    pthread_mutex_lock( &fault_mutex );
    for (instance = instances; instance && key( instance->handle ) != key( handle ); instance = instance->next) {}
    pthread_mutex_unlock( &fault_mutex );
    return instance;
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_CreateInstance( const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator,
                                                            VkInstance *handle )
{
    VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)info->pNext;
    struct fault_instance *instance;
    PFN_vkCreateInstance create;
    VkResult result;

    while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO || link->function != VK_LAYER_LINK_INFO))
        link = (VkLayerInstanceCreateInfo *)link->pNext;
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    if ((result = fault_enter( FAULT_CreateInstance, NULL ))) return result;
    if (!(instance = calloc( 1, sizeof(*instance) ))) return VK_ERROR_OUT_OF_HOST_MEMORY;
    instance->get_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    instance->get_physical_proc = link->u.pLayerInfo->pfnNextGetPhysicalDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    create = (PFN_vkCreateInstance)instance->get_proc( VK_NULL_HANDLE, "vkCreateInstance" );
    if ((result = create( info, allocator, handle )))
    {
        free( instance );
        return result;
    }
    instance->handle = *handle;
#define F(name) \
    if (!(instance->name = (PFN_vk##name)instance->get_proc( *handle, "vk" #name ))) \
        instance->name = (PFN_vk##name)instance->get_proc( *handle, "vk" #name "KHR" );
    INSTANCE_FUNCS(F)
#undef F
    pthread_mutex_lock( &fault_mutex );
    instance->next = instances;
    instances = instance;
    pthread_mutex_unlock( &fault_mutex );
    fault_add( NULL, FAULT_OBJECT_Instance, (uintptr_t)*handle, 0 );
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL fault_DestroyInstance( VkInstance handle, const VkAllocationCallbacks *allocator )
{
    struct fault_instance *instance, **link;
    struct fault_gpu *gpu, **gpu_link;

    if (!handle || !(instance = find_instance( handle ))) return;
    fault_remove( NULL, FAULT_OBJECT_Instance, (uintptr_t)handle, NULL );
    pthread_mutex_lock( &fault_mutex );
    for (link = &instances; *link != instance; link = &(*link)->next) {}
    *link = instance->next;
    for (gpu_link = &gpus; (gpu = *gpu_link);)
    {
        if (gpu->instance != instance)
        {
            gpu_link = &gpu->next;
            continue;
        }
        *gpu_link = gpu->next;
        free( gpu );
    }
    pthread_mutex_unlock( &fault_mutex );
    instance->DestroyInstance( handle, allocator );
    free( instance );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_EnumeratePhysicalDevices( VkInstance instance, uint32_t *count, VkPhysicalDevice *list )
{
    VkResult result = fault_enter( FAULT_EnumeratePhysicalDevices, NULL );

    return result ? result : find_instance( instance )->EnumeratePhysicalDevices( instance, count, list );
}

/***********************************************************************
 * Physical devices
 */

static bool is_hidden( const char *extension )
{
    size_t length = strlen( extension );
    const char *place = fault_control->hidden_extensions;

    if (fault_control->budget_mode == FAULT_BUDGET_HIDE && !strcmp( extension, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME )) return true;
    while ((place = strstr( place, extension )))
    {
        if ((place == fault_control->hidden_extensions || place[-1] == ' ') && (!place[length] || place[length] == ' ')) return true;
        place += length;
    }
    return false;
}

/* The driver's list; free() it. */
static VkResult get_extensions( struct fault_instance *instance, VkPhysicalDevice gpu, VkExtensionProperties **list, uint32_t *count )
{
    VkResult result = instance->EnumerateDeviceExtensionProperties( gpu, NULL, count, NULL );

    *list = NULL;
    if (result) return result;
    if (!(*list = calloc( *count + 2, sizeof(**list) ))) return VK_ERROR_OUT_OF_HOST_MEMORY;
    if ((result = instance->EnumerateDeviceExtensionProperties( gpu, NULL, count, *list )))
    {
        free( *list );
        *list = NULL;
    }
    return result;
}

static bool has_extension( const VkExtensionProperties *list, uint32_t count, const char *name )
{
    while (count--) if (!strcmp( list[count].extensionName, name )) return true;
    return false;
}

const struct fault_gpu *fault_get_gpu( VkPhysicalDevice handle )
{
    struct fault_gpu *gpu, *other;
    VkExtensionProperties *list;
    uint32_t count;

    pthread_mutex_lock( &fault_mutex );
    for (gpu = gpus; gpu && gpu->handle != handle; gpu = gpu->next) {}
    pthread_mutex_unlock( &fault_mutex );
    if (gpu) return gpu;

    if (!(gpu = calloc( 1, sizeof(*gpu) ))) abort();
    gpu->handle = handle;
    gpu->instance = find_instance( handle );
    if (!get_extensions( gpu->instance, handle, &list, &count ))
        gpu->driver_has_budget = has_extension( list, count, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME );
    free( list );
    gpu->instance->GetPhysicalDeviceMemoryProperties( handle, &gpu->real );
    fault_init_gpu( gpu );

    pthread_mutex_lock( &fault_mutex );
    for (other = gpus; other && other->handle != handle; other = other->next) {}
    if (!other)
    {
        gpu->next = gpus;
        gpus = gpu;
    }
    pthread_mutex_unlock( &fault_mutex );
    if (!other) return gpu;
    free( gpu );    /* another thread was faster */
    return other;
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_EnumerateDeviceExtensionProperties( VkPhysicalDevice gpu, const char *layer, uint32_t *count,
                                                                                VkExtensionProperties *list )
{
    static const VkExtensionProperties budget = { VK_EXT_MEMORY_BUDGET_EXTENSION_NAME, VK_EXT_MEMORY_BUDGET_SPEC_VERSION };
    struct fault_instance *instance;
    VkExtensionProperties *all;
    uint32_t i, found, kept = 0;
    VkResult result;

    if (layer && !strcmp( layer, FAULT_LAYER_NAME ))
    {
        if (list && *count) *list = budget;
        if (!list || *count) *count = 1;
        return !list || *count ? VK_SUCCESS : VK_INCOMPLETE;
    }
    instance = find_instance( gpu );
    if (layer && *layer) return instance->EnumerateDeviceExtensionProperties( gpu, layer, count, list );

    if ((result = fault_enter( FAULT_EnumerateDeviceExtensionProperties, NULL ))) return result;
    if ((result = get_extensions( instance, gpu, &all, &found ))) return result;
    if (fault_control->budget_mode == FAULT_BUDGET_REPORT && !has_extension( all, found, budget.extensionName )) all[found++] = budget;
    for (i = 0; i < found; i++) if (!is_hidden( all[i].extensionName )) all[kept++] = all[i];
    if (list)
    {
        if (*count < kept) result = VK_INCOMPLETE;
        else *count = kept;
        memcpy( list, all, *count * sizeof(*list) );
    }
    else *count = kept;
    free( all );
    return result;
}

/* What a GPU of that look has for properties. */
static void change_properties( VkPhysicalDeviceProperties *properties )
{
    uint64_t memories = fault_load( &fault_control->max_memories );

    if (memories) properties->limits.maxMemoryAllocationCount = memories;
    if (fault_control->look != FAULT_LOOK_DRIVER) properties->deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
}

static VKAPI_ATTR void VKAPI_CALL fault_GetPhysicalDeviceProperties( VkPhysicalDevice gpu, VkPhysicalDeviceProperties *properties )
{
    find_instance( gpu )->GetPhysicalDeviceProperties( gpu, properties );
    change_properties( properties );
}

static VKAPI_ATTR void VKAPI_CALL fault_GetPhysicalDeviceProperties2( VkPhysicalDevice gpu, VkPhysicalDeviceProperties2 *properties )
{
    find_instance( gpu )->GetPhysicalDeviceProperties2( gpu, properties );
    change_properties( &properties->properties );
}

static VKAPI_ATTR void VKAPI_CALL fault_GetPhysicalDeviceMemoryProperties( VkPhysicalDevice handle, VkPhysicalDeviceMemoryProperties *properties )
{
    fault_enter( FAULT_GetPhysicalDeviceMemoryProperties, NULL );
    *properties = fault_get_gpu( handle )->shown;
}

static VKAPI_ATTR void VKAPI_CALL fault_GetPhysicalDeviceMemoryProperties2( VkPhysicalDevice handle, VkPhysicalDeviceMemoryProperties2 *properties )
{
    const struct fault_gpu *gpu = fault_get_gpu( handle );
    VkBaseOutStructure *before = (VkBaseOutStructure *)properties, *budget = NULL;

    fault_enter( FAULT_GetPhysicalDeviceMemoryProperties, NULL );
    while (before->pNext && before->pNext->sType != VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT) before = before->pNext;
    /* A driver that does not know it, and a validation layer that knows so, do not get to see it. */
    if ((budget = before->pNext) && !gpu->driver_has_budget) before->pNext = budget->pNext;
    gpu->instance->GetPhysicalDeviceMemoryProperties2( handle, properties );
    if (budget) before->pNext = budget;
    if (budget) fault_fill_budget( gpu, (VkPhysicalDeviceMemoryBudgetPropertiesEXT *)budget );
    properties->memoryProperties = gpu->shown;
}

/***********************************************************************
 * Devices
 */

struct fault_device *fault_find_device( const void *handle )
{
    struct fault_device *device;

    pthread_mutex_lock( &fault_mutex );
    for (device = devices; device && key( device->handle ) != key( handle ); device = device->next) {}
    pthread_mutex_unlock( &fault_mutex );
    return device;
}

/* A function of the driver, also under the name that it had as an extension. */
static PFN_vkVoidFunction get_device_func( struct fault_device *device, const char *name )
{
    PFN_vkVoidFunction ret = device->get_proc( device->handle, name );
    char alias[96];

    if (ret) return ret;
    snprintf( alias, sizeof(alias), "%sKHR", name );
    return device->get_proc( device->handle, alias );
}

static VKAPI_ATTR VkResult VKAPI_CALL fault_CreateDevice( VkPhysicalDevice gpu, const VkDeviceCreateInfo *info,
                                                          const VkAllocationCallbacks *allocator, VkDevice *handle )
{
    VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)info->pNext;
    const struct fault_gpu *fault_gpu = fault_get_gpu( gpu );
    PFN_vkGetInstanceProcAddr get_instance_proc;
    VkDeviceCreateInfo changed = *info;
    struct fault_device *device;
    const char **extensions;
    uint32_t i, count = 0;
    VkResult result;

    while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO || link->function != VK_LAYER_LINK_INFO))
        link = (VkLayerDeviceCreateInfo *)link->pNext;
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    if ((result = fault_enter( FAULT_CreateDevice, NULL ))) return result;
    for (i = 0; i < info->enabledExtensionCount; i++)
        if (is_hidden( info->ppEnabledExtensionNames[i] )) return VK_ERROR_EXTENSION_NOT_PRESENT;

    device = calloc( 1, sizeof(*device) );
    extensions = calloc( info->enabledExtensionCount + 1, sizeof(*extensions) );
    if (!device || !extensions)
    {
        free( device );
        free( extensions );
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    for (i = 0; i < info->enabledExtensionCount; i++)
        if (fault_gpu->driver_has_budget || strcmp( info->ppEnabledExtensionNames[i], VK_EXT_MEMORY_BUDGET_EXTENSION_NAME ))
            extensions[count++] = info->ppEnabledExtensionNames[i];
    changed.enabledExtensionCount = count;
    changed.ppEnabledExtensionNames = extensions;

    get_instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    device->get_proc = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    result = ((PFN_vkCreateDevice)get_instance_proc( fault_gpu->instance->handle, "vkCreateDevice" ))( gpu, &changed, allocator, handle );
    free( extensions );
    if (result)
    {
        free( device );
        return result;
    }
    device->handle = *handle;
    device->gpu = fault_gpu;
    device->losses = __atomic_load_n( &fault_control->losses, __ATOMIC_ACQUIRE );
    pthread_mutex_init( &device->queue_mutex, NULL );
#define F(name) device->name = (PFN_vk##name)get_device_func( device, "vk" #name );
    DEVICE_FUNCS(F)
#undef F
#define F(name, errors) \
    device->Create##name = (PFN_vkCreate##name)get_device_func( device, "vkCreate" #name ); \
    device->Destroy##name = (PFN_vkDestroy##name)get_device_func( device, "vkDestroy" #name );
    FAULT_PLAIN_OBJECTS(F)
#undef F
    pthread_mutex_lock( &fault_mutex );
    device->next = devices;
    devices = device;
    pthread_mutex_unlock( &fault_mutex );
    fault_add( NULL, FAULT_OBJECT_Device, (uintptr_t)*handle, 0 );
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL fault_DestroyDevice( VkDevice handle, const VkAllocationCallbacks *allocator )
{
    struct fault_device *device, **link;
    unsigned int left;

    if (!handle || !(device = fault_find_device( handle ))) return;
    /* Command buffers and descriptor sets would go with their pools, but those have to be destroyed. */
    if ((left = fault_remove_all( device, FAULT_OBJECTS, 0 ))) fault_misuse( "%u objects of a device that is destroyed", left );
    fault_remove( NULL, FAULT_OBJECT_Device, (uintptr_t)handle, NULL );
    pthread_mutex_lock( &fault_mutex );
    for (link = &devices; *link != device; link = &(*link)->next) {}
    *link = device->next;
    pthread_mutex_unlock( &fault_mutex );
    device->DestroyDevice( handle, allocator );
    pthread_mutex_destroy( &device->queue_mutex );
    free( device );
}

/***********************************************************************
 * Dispatch
 */

static PFN_vkVoidFunction find_instance_wrapper( const char *name )
{
#define IS(name_, function)  if (!strcmp( name, "vk" #name_ )) return (PFN_vkVoidFunction)function
    IS( GetInstanceProcAddr, fault_GetInstanceProcAddr );
    IS( CreateInstance, fault_CreateInstance );
    IS( DestroyInstance, fault_DestroyInstance );
    IS( EnumeratePhysicalDevices, fault_EnumeratePhysicalDevices );
    IS( EnumerateDeviceExtensionProperties, fault_EnumerateDeviceExtensionProperties );
    IS( GetPhysicalDeviceProperties, fault_GetPhysicalDeviceProperties );
    IS( GetPhysicalDeviceProperties2, fault_GetPhysicalDeviceProperties2 );
    IS( GetPhysicalDeviceProperties2KHR, fault_GetPhysicalDeviceProperties2 );
    IS( GetPhysicalDeviceMemoryProperties, fault_GetPhysicalDeviceMemoryProperties );
    IS( GetPhysicalDeviceMemoryProperties2, fault_GetPhysicalDeviceMemoryProperties2 );
    IS( GetPhysicalDeviceMemoryProperties2KHR, fault_GetPhysicalDeviceMemoryProperties2 );
    IS( CreateDevice, fault_CreateDevice );
    return NULL;
}

static PFN_vkVoidFunction find_device_wrapper( const char *name )
{
    PFN_vkVoidFunction ret;

    IS( GetDeviceProcAddr, fault_GetDeviceProcAddr );
    IS( DestroyDevice, fault_DestroyDevice );
#undef IS
    if ((ret = fault_find_object_wrapper( name ))) return ret;
    return fault_find_memory_wrapper( name );
}

EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL fault_GetDeviceProcAddr( VkDevice handle, const char *name )
{
    struct fault_device *device = fault_find_device( handle );
    PFN_vkVoidFunction below = device ? device->get_proc( handle, name ) : NULL, wrapper;

    /* What the driver does not have is not there. */
    return below && (wrapper = find_device_wrapper( name )) ? wrapper : below;
}

EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL fault_GetInstanceProcAddr( VkInstance handle, const char *name )
{
    struct fault_instance *instance;
    PFN_vkVoidFunction wrapper, below;

    if ((wrapper = find_instance_wrapper( name ))) return wrapper;
    if (!handle || !(instance = find_instance( handle ))) return NULL;
    below = instance->get_proc( handle, name );
    return below && (wrapper = find_device_wrapper( name )) ? wrapper : below;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL fault_GetPhysicalDeviceProcAddr( VkInstance handle, const char *name )
{
    struct fault_instance *instance = find_instance( handle );
    PFN_vkVoidFunction below, wrapper;

    if (!instance || !instance->get_physical_proc || !(below = instance->get_physical_proc( handle, name ))) return NULL;
    return (wrapper = find_instance_wrapper( name )) ? wrapper : below;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL vkNegotiateLoaderLayerInterfaceVersion( VkNegotiateLayerInterface *interface )
{
    if (interface->sType != LAYER_NEGOTIATE_INTERFACE_STRUCT || interface->loaderLayerInterfaceVersion < 2) return VK_ERROR_INITIALIZATION_FAILED;
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = fault_GetInstanceProcAddr;
    interface->pfnGetDeviceProcAddr = fault_GetDeviceProcAddr;
    interface->pfnGetPhysicalDeviceProcAddr = fault_GetPhysicalDeviceProcAddr;
    return VK_SUCCESS;
}
