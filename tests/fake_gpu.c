/*
 * A GPU made of malloc; see fake_gpu.h
 *
 * One mutex protects everything but the bytes of memories. It is not held while a hook runs, while a call sleeps, and
 * while bytes are filled or copied, so that ThreadSanitizer sees the races of the code under test, not our lock.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fake_gpu.h"

#define PAGE            0x1000u
#define MEMORY_ALIVE    0x4d454d21u
#define MEMORY_DEAD     0xdeadbeefu
#define QUARANTINE      1024    /* freed gpu_memory objects that are kept to tell a second free */

struct rule
{
    unsigned int    nth;        /* 1: the next; 0: no rule */
    enum gpu_result result;
    bool            persistent;
};

struct usage    /* of one GPU, by its UUID */
{
    uint8_t  uuid[16];
    uint64_t heaps[GPU_MAX_HEAPS];
};

struct gpu_device
{
    struct gpu_device *next;
    struct gpu_adapter adapter;
    struct usage      *usage;
    bool               lost;
    uint32_t           memories;    /* live ones */
};

/* What a call does with a memory while it has it; on the stack of that call. */
struct access
{
    struct access *next;        /* in gpu_memory.accesses */
    const char    *function;
    enum { ACCESS_READ, ACCESS_WRITE, ACCESS_MAP, ACCESS_FREE } kind;
    uint64_t       start, end;  /* bytes, of READ and WRITE */
};

struct gpu_memory
{
    unsigned int       magic;
    struct gpu_device *device;
    struct gpu_memory *next, *prev; /* in live_memories */
    unsigned char     *bytes;
    uint64_t           size;
    uint32_t           type;        /* of an import: unused */
    bool               imported, mapped;
    struct access     *accesses;    /* the calls that have it, now */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct gpu_adapter adapters[FAKE_GPU_MAX_ADAPTERS];
static uint32_t adapter_count;
static bool configured;
static struct usage usages[4 * FAKE_GPU_MAX_ADAPTERS];
static unsigned int usage_count;
static uint64_t budgets[GPU_MAX_HEAPS], foreign_usage[GPU_MAX_HEAPS], capacities[GPU_MAX_HEAPS];
static struct rule rules[FAKE_GPU_CALLS + 1];
static struct { fake_gpu_hook function; void *arg; } hooks[FAKE_GPU_CALLS];
static unsigned int delays[FAKE_GPU_CALLS];
static unsigned int failures;
static bool fill;
static struct fake_gpu_stats stats;
static struct gpu_device *devices;
static struct gpu_memory *live_memories;
static struct gpu_memory *quarantine[QUARANTINE];
static unsigned int quarantine_next;

static void __attribute__((noreturn, format (printf, 1, 2))) misuse( const char *format, ... )
{
    char line[512];
    va_list args;

    va_start( args, format );
    vsnprintf( line, sizeof(line), format, args );
    va_end( args );
    fprintf( stderr, "fake_gpu: %s\n", line );
    abort();
}

/* Configuration */

static void configure_locked( const struct gpu_adapter *new_adapters, uint32_t count )
{
    if (count > FAKE_GPU_MAX_ADAPTERS) misuse( "%u adapters, at most %u", count, FAKE_GPU_MAX_ADAPTERS );
    if (count) memcpy( adapters, new_adapters, count * sizeof(*adapters) );
    adapter_count = count;
    configured = true;
}

static void reset_locked(void)
{
    struct gpu_adapter adapter;
    unsigned int i;

    for (i = 0; i < QUARANTINE; i++)
    {
        free( quarantine[i] );
        quarantine[i] = NULL;
    }
    memset( usages, 0, sizeof(usages) );
    usage_count = 0;
    memset( budgets, 0xff, sizeof(budgets) );
    memset( capacities, 0xff, sizeof(capacities) );
    memset( foreign_usage, 0, sizeof(foreign_usage) );
    memset( rules, 0, sizeof(rules) );
    memset( hooks, 0, sizeof(hooks) );
    memset( delays, 0, sizeof(delays) );
    memset( &stats, 0, sizeof(stats) );
    failures = 0;
    fill = true;
    fake_gpu_default( &adapter, 0 );
    configure_locked( &adapter, 1 );
}

static void lock(void)
{
    pthread_mutex_lock( &mutex );
    if (!configured) reset_locked();
}

static void unlock(void)
{
    pthread_mutex_unlock( &mutex );
}

void fake_gpu_reset(void)
{
    lock();
    if (devices) misuse( "reset while a device is open" );
    reset_locked();
    unlock();
}

static void init_adapter( struct gpu_adapter *adapter, unsigned int index, const char *kind )
{
    memset( adapter, 0, sizeof(*adapter) );
    snprintf( adapter->name, sizeof(adapter->name), "Fake GPU %u (%s)", index, kind );
    snprintf( adapter->driver_name, sizeof(adapter->driver_name), "fake_gpu" );
    snprintf( adapter->driver_info, sizeof(adapter->driver_info), "test" );
    adapter->vendor_id = 0xfa4e;
    adapter->device_id = 0x0001 + index;
    adapter->driver_version = 1;
    memset( adapter->device_uuid, 0xf0 + index, sizeof(adapter->device_uuid) );
    memset( adapter->driver_uuid, 0xfd, sizeof(adapter->driver_uuid) );
    adapter->has_host_import = true;
    adapter->host_import_alignment = PAGE;
    adapter->max_memory_count = 4096;
}

void fake_gpu_default( struct gpu_adapter *adapter, unsigned int index )
{
    static const struct gpu_memory_heap heaps[] =
    {
        { 1024u << 20, true },
        { 256u << 20, true },
        { 1024u << 20, false },
    };
    static const struct gpu_memory_type types[] =
    {
        { 0, GPU_MEMORY_DEVICE_LOCAL },
        { 1, GPU_MEMORY_DEVICE_LOCAL | GPU_MEMORY_HOST_VISIBLE },
        { 2, GPU_MEMORY_HOST_VISIBLE },
        { 2, GPU_MEMORY_HOST_VISIBLE | GPU_MEMORY_HOST_CACHED },
        { 0, GPU_MEMORY_UNUSABLE },
    };

    init_adapter( adapter, index, "discrete" );
    memcpy( adapter->heaps, heaps, sizeof(heaps) );
    memcpy( adapter->types, types, sizeof(types) );
    adapter->heap_count = sizeof(heaps) / sizeof(heaps[0]);
    adapter->type_count = sizeof(types) / sizeof(types[0]);
    adapter->max_memory_size = 512u << 20;
    adapter->has_memory_budget = true;
    adapter->has_pci_address = true;
    adapter->pci_bus = 1 + index;
    adapter->has_int64_atomics = true;
    adapter->has_calibration = true;
    adapter->timestamp_period = FAKE_GPU_TICK_NS;
    adapter->node_count = 3;
    adapter->nodes[1] = GPU_NODE_COMPUTE;
    adapter->nodes[2] = GPU_NODE_COPY;
}

void fake_gpu_unified( struct gpu_adapter *adapter, unsigned int index )
{
    init_adapter( adapter, index, "unified" );
    adapter->heaps[0].size = 2048ull << 20;
    adapter->heaps[0].local = true;
    adapter->types[0].properties = GPU_MEMORY_DEVICE_LOCAL | GPU_MEMORY_HOST_VISIBLE | GPU_MEMORY_HOST_CACHED;
    adapter->heap_count = adapter->type_count = 1;
    adapter->max_memory_size = 2048ull << 20;
    adapter->max_memory_count = UINT32_MAX;
    adapter->software = true;
    adapter->node_count = 1;
}

void fake_gpu_set_adapters( const struct gpu_adapter *new_adapters, uint32_t count )
{
    lock();
    configure_locked( new_adapters, count );
    unlock();
}

static void set_heap( uint64_t *array, uint32_t heap, uint64_t value )
{
    lock();
    if (heap >= GPU_MAX_HEAPS) misuse( "there is no heap %u", heap );
    array[heap] = value;
    unlock();
}

void fake_gpu_set_budget( uint32_t heap, uint64_t budget )
{
    set_heap( budgets, heap, budget );
}

void fake_gpu_set_foreign_usage( uint32_t heap, uint64_t bytes )
{
    set_heap( foreign_usage, heap, bytes );
}

void fake_gpu_set_capacity( uint32_t heap, uint64_t bytes )
{
    set_heap( capacities, heap, bytes );
}

void fake_gpu_set_fill( bool enable )
{
    lock();
    fill = enable;
    unlock();
}

void fake_gpu_fail( enum fake_gpu_call call, unsigned int nth, enum gpu_result result, bool persistent )
{
    lock();
    rules[call].nth = result == GPU_SUCCESS ? 0 : nth;
    rules[call].result = result;
    rules[call].persistent = persistent;
    unlock();
}

unsigned int fake_gpu_failures(void)
{
    unsigned int ret;

    lock();
    ret = failures;
    unlock();
    return ret;
}

void fake_gpu_lose( struct gpu_device *device )
{
    struct gpu_device *other;

    lock();
    for (other = devices; other; other = other->next) if (!device || other == device) other->lost = true;
    unlock();
}

void fake_gpu_set_hook( enum fake_gpu_call call, fake_gpu_hook hook, void *arg )
{
    lock();
    hooks[call].function = hook;
    hooks[call].arg = arg;
    unlock();
}

void fake_gpu_set_delay( enum fake_gpu_call call, unsigned int us )
{
    lock();
    delays[call] = us;
    unlock();
}

void fake_gpu_get_stats( struct fake_gpu_stats *ret )
{
    lock();
    *ret = stats;
    unlock();
}

uint64_t fake_gpu_count_calls( enum fake_gpu_call call )
{
    uint64_t ret = 0;
    unsigned int i;

    lock();
    for (i = 0; i < FAKE_GPU_CALLS; i++) if (call == FAKE_GPU_CALLS || call == i) ret += stats.calls[i];
    unlock();
    return ret;
}

void fake_gpu_check_no_leaks(void)
{
    struct gpu_memory *memory;
    struct gpu_device *device;

    lock();
    for (memory = live_memories; memory; memory = memory->next)
        fprintf( stderr, "fake_gpu: %s of %llu bytes is still alive\n", memory->imported ? "an import" : "a memory",
                 (unsigned long long)memory->size );
    for (device = devices; device; device = device->next)
        fprintf( stderr, "fake_gpu: a device of %s is still open\n", device->adapter.name );
    if (live_memories || devices) misuse( "leaks" );
    unlock();
}

void *fake_gpu_peek( struct gpu_memory *memory )
{
    return memory->bytes;
}

/* The common beginning of all calls */

static enum gpu_result apply_rule_locked( struct rule *rule )
{
    if (!rule->nth) return GPU_SUCCESS;
    if (rule->nth > 1)
    {
        rule->nth--;
        return GPU_SUCCESS;
    }
    if (!rule->persistent) rule->nth = 0;
    return rule->result;
}

/* Counts, runs the hook and sleeps. Then, with the lock taken for the caller to release, says whether the call fails. */
static enum gpu_result begin_call( enum fake_gpu_call call, struct gpu_device *device, struct gpu_memory *memory )
{
    enum gpu_result ret, any;
    fake_gpu_hook hook;
    unsigned int delay;
    void *arg;

    lock();
    stats.calls[call]++;
    hook = hooks[call].function;
    arg = hooks[call].arg;
    unlock();

    if (hook) hook( arg, call, memory );

    lock();
    if ((delay = delays[call]))
    {
        unlock();
        usleep( delay );
        lock();
    }
    if (call == FAKE_GPU_CLOSE || call == FAKE_GPU_FREE || call == FAKE_GPU_BUDGET) return GPU_SUCCESS;

    ret = apply_rule_locked( &rules[call] );
    any = apply_rule_locked( &rules[FAKE_GPU_CALLS] );
    if (!ret) ret = any;
    if (ret) failures++;
    if (device && ret == GPU_DEVICE_LOST) device->lost = true;
    if (device && device->lost) ret = GPU_DEVICE_LOST;
    return ret;
}

static void check_device_locked( struct gpu_device *device, const char *function )
{
    struct gpu_device *other;

    for (other = devices; other; other = other->next) if (other == device) return;
    misuse( "%s with a device that is not open", function );
}

static void check_device( struct gpu_device *device, const char *function )
{
    lock();
    check_device_locked( device, function );
    unlock();
}

/* Whether gpu.h forbids two calls on one memory at once. */
static bool accesses_conflict( const struct access *a, const struct access *b )
{
    if (a->kind == ACCESS_FREE || b->kind == ACCESS_FREE) return true;
    if (a->kind == ACCESS_MAP || b->kind == ACCESS_MAP) return a->kind == b->kind;
    if (a->kind == ACCESS_READ && b->kind == ACCESS_READ) return false;
    return a->start < b->end && b->start < a->end;
}

/* Takes a memory for a call, and checks that no other call has it in a way that gpu.h forbids. access: kind, function and, of
 * copies, start as the offset and end as the size, which this makes an end. */
static void enter_memory( struct gpu_device *device, struct gpu_memory *memory, struct access *access )
{
    const char *function = access->function;
    const struct access *other;

    lock();
    check_device_locked( device, function );
    if (!memory) misuse( "%s with no memory", function );
    if (memory->magic == MEMORY_DEAD) misuse( "%s with a memory that was freed", function );
    if (memory->magic != MEMORY_ALIVE) misuse( "%s with what is no memory", function );
    if (memory->device != device) misuse( "%s with a memory of another device", function );
    if (access->start > memory->size || access->end > memory->size - access->start)
        misuse( "%s of %llu bytes at %llu of %llu", function, (unsigned long long)access->end,
                (unsigned long long)access->start, (unsigned long long)memory->size );
    if ((access->start | access->end) & 3) misuse( "%s of what is no multiple of 4", function );
    access->end += access->start;
    for (other = memory->accesses; other; other = other->next)
        if (accesses_conflict( access, other )) misuse( "%s during %s on the same memory", function, other->function );
    access->next = memory->accesses;
    memory->accesses = access;
    unlock();
}

static void leave_memory_locked( struct gpu_memory *memory, struct access *access )
{
    struct access **ptr;

    for (ptr = &memory->accesses; *ptr != access; ptr = &(*ptr)->next) {}
    *ptr = access->next;
}

/* The functions of gpu.h */

enum gpu_result gpu_enum_adapters( struct gpu_adapter **ret_adapters, uint32_t *count )
{
    enum gpu_result ret = begin_call( FAKE_GPU_ENUM, NULL, NULL );

    *ret_adapters = NULL;
    *count = 0;
    if (!ret && adapter_count)
    {
        if (!(*ret_adapters = malloc( adapter_count * sizeof(adapters[0]) ))) ret = GPU_OUT_OF_HOST_MEMORY;
        else
        {
            memcpy( *ret_adapters, adapters, adapter_count * sizeof(adapters[0]) );
            *count = adapter_count;
        }
    }
    unlock();
    return ret;
}

static struct usage *get_usage_locked( const uint8_t uuid[16] )
{
    unsigned int i;

    for (i = 0; i < usage_count; i++) if (!memcmp( usages[i].uuid, uuid, 16 )) return &usages[i];
    if (i == sizeof(usages) / sizeof(usages[0])) misuse( "too many GPUs" );
    memcpy( usages[i].uuid, uuid, 16 );
    usage_count++;
    return &usages[i];
}

enum gpu_result gpu_open_device( const uint8_t device_uuid[16], struct gpu_device **ret_device )
{
    enum gpu_result ret = begin_call( FAKE_GPU_OPEN, NULL, NULL );
    struct gpu_device *device;
    uint32_t i;

    *ret_device = NULL;
    for (i = 0; i < adapter_count; i++) if (!memcmp( adapters[i].device_uuid, device_uuid, 16 )) break;
    if (!ret && i == adapter_count) ret = GPU_FAILED;
    if (!ret && !(device = calloc( 1, sizeof(*device) ))) ret = GPU_OUT_OF_HOST_MEMORY;
    if (!ret)
    {
        device->adapter = adapters[i];
        device->usage = get_usage_locked( device_uuid );
        device->next = devices;
        devices = device;
        stats.live_devices++;
        *ret_device = device;
    }
    unlock();
    return ret;
}

void gpu_close_device( struct gpu_device *device )
{
    struct gpu_device **ptr;

    check_device( device, "gpu_close_device" );
    begin_call( FAKE_GPU_CLOSE, device, NULL );
    check_device_locked( device, "gpu_close_device" );
    if (device->memories) misuse( "gpu_close_device with %u memories alive", device->memories );
    for (ptr = &devices; *ptr != device; ptr = &(*ptr)->next) {}
    *ptr = device->next;
    stats.live_devices--;
    unlock();
    free( device );
}

void gpu_get_device_adapter( struct gpu_device *device, struct gpu_adapter *adapter )
{
    check_device( device, "gpu_get_device_adapter" );
    *adapter = device->adapter;
}

bool gpu_query_budget( struct gpu_device *device, uint64_t budget[GPU_MAX_HEAPS], uint64_t usage[GPU_MAX_HEAPS] )
{
    bool ret;
    uint32_t i;

    check_device( device, "gpu_query_budget" );
    begin_call( FAKE_GPU_BUDGET, device, NULL );
    ret = device->adapter.has_memory_budget;
    for (i = 0; ret && i < GPU_MAX_HEAPS; i++)
    {
        bool exists = i < device->adapter.heap_count;

        budget[i] = !exists ? 0 : budgets[i] == UINT64_MAX ? device->adapter.heaps[i].size : budgets[i];
        usage[i] = exists ? device->usage->heaps[i] + foreign_usage[i] : 0;
    }
    unlock();
    return ret;
}

enum gpu_result gpu_calibrate( struct gpu_device *device, uint64_t *gpu_ticks, uint64_t *cpu_ns, uint64_t *deviation_ns )
{
    enum gpu_result ret;
    struct timespec now;

    check_device( device, "gpu_calibrate" );
    ret = begin_call( FAKE_GPU_CALIBRATE, device, NULL );
    if (!device->adapter.has_calibration) ret = GPU_NOT_SUPPORTED;
    unlock();
    if (ret) return ret;
    clock_gettime( CLOCK_MONOTONIC, &now );
    *cpu_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
    *gpu_ticks = *cpu_ns / FAKE_GPU_TICK_NS + FAKE_GPU_CLOCK_START;
    *deviation_ns = FAKE_GPU_TICK_NS;
    return GPU_SUCCESS;
}

static void insert_memory_locked( struct gpu_memory *memory )
{
    memory->magic = MEMORY_ALIVE;
    memory->next = live_memories;
    if (live_memories) live_memories->prev = memory;
    live_memories = memory;
    stats.live_memories++;
}

static void account_locked( struct gpu_device *device, uint32_t heap, uint64_t size )
{
    device->usage->heaps[heap] += size;
    stats.heap_bytes[heap] += size;
    stats.live_bytes += size;
    if (stats.live_bytes > stats.peak_bytes) stats.peak_bytes = stats.live_bytes;
}

enum gpu_result gpu_allocate_memory( struct gpu_device *device, uint32_t type, uint64_t size, struct gpu_memory **ret_memory )
{
    struct gpu_memory *memory;
    uint64_t capacity;
    enum gpu_result ret;
    uint32_t heap;
    bool do_fill;

    check_device( device, "gpu_allocate_memory" );
    if (type >= device->adapter.type_count || device->adapter.types[type].properties == GPU_MEMORY_UNUSABLE)
        misuse( "gpu_allocate_memory of type %u, which cannot be used", type );
    if (!size || size % PAGE) misuse( "gpu_allocate_memory of %llu bytes", (unsigned long long)size );
    if (size > device->adapter.max_memory_size)
        misuse( "gpu_allocate_memory of %llu bytes, at most %llu", (unsigned long long)size,
                (unsigned long long)device->adapter.max_memory_size );

    *ret_memory = NULL;
    ret = begin_call( FAKE_GPU_ALLOCATE, device, NULL );
    heap = device->adapter.types[type].heap;
    capacity = capacities[heap] == UINT64_MAX ? device->adapter.heaps[heap].size : capacities[heap];
    if (!ret && (device->memories >= device->adapter.max_memory_count || size > capacity ||
                 device->usage->heaps[heap] > capacity - size)) ret = GPU_OUT_OF_DEVICE_MEMORY;
    if (ret)
    {
        unlock();
        return ret;
    }
    device->memories++;
    account_locked( device, heap, size );
    do_fill = fill;
    unlock();

    if ((memory = calloc( 1, sizeof(*memory) )) && !(memory->bytes = aligned_alloc( PAGE, size )))
    {
        free( memory );
        memory = NULL;
    }
    if (memory && do_fill) memset( memory->bytes, FAKE_GPU_GARBAGE, size );

    lock();
    if (memory)
    {
        memory->device = device;
        memory->type = type;
        memory->size = size;
        insert_memory_locked( memory );
    }
    else
    {
        device->memories--;
        account_locked( device, heap, -size );
    }
    unlock();
    *ret_memory = memory;
    return memory ? GPU_SUCCESS : GPU_OUT_OF_HOST_MEMORY;
}

/* Whether something is mapped at all those addresses. */
static bool pages_exist( void *pointer, uint64_t size )
{
    unsigned char in_core[1024];
    uint64_t offset, part;

    for (offset = 0; offset < size; offset += part)
    {
        part = size - offset < sizeof(in_core) * PAGE ? size - offset : sizeof(in_core) * PAGE;
        if (mincore( (char *)pointer + offset, part, in_core ) && errno == ENOMEM) return false;
    }
    return true;
}

enum gpu_result gpu_import_memory( struct gpu_device *device, void *pointer, uint64_t size, struct gpu_memory **ret_memory )
{
    struct gpu_adapter *adapter = &device->adapter;
    struct gpu_memory *memory;
    enum gpu_result ret;

    check_device( device, "gpu_import_memory" );
    *ret_memory = NULL;
    ret = begin_call( FAKE_GPU_IMPORT, device, NULL );
    if (!ret && (!adapter->has_host_import || !size || size > adapter->max_memory_size ||
                 (uintptr_t)pointer % adapter->host_import_alignment || size % adapter->host_import_alignment))
        ret = GPU_NOT_SUPPORTED;
    if (!ret && !pages_exist( pointer, size )) ret = GPU_INVALID_POINTER;
    if (!ret && device->memories >= adapter->max_memory_count) ret = GPU_OUT_OF_DEVICE_MEMORY;
    if (!ret && !(memory = calloc( 1, sizeof(*memory) ))) ret = GPU_OUT_OF_HOST_MEMORY;
    if (!ret)
    {
        memory->device = device;
        memory->bytes = pointer;
        memory->size = size;
        memory->imported = true;
        insert_memory_locked( memory );
        device->memories++;
        stats.live_imports++;
        *ret_memory = memory;
    }
    unlock();
    return ret;
}

void gpu_free_memory( struct gpu_device *device, struct gpu_memory *memory )
{
    struct access access = { .function = "gpu_free_memory", .kind = ACCESS_FREE };

    if (!memory) return;
    enter_memory( device, memory, &access );
    begin_call( FAKE_GPU_FREE, device, memory );
    unlock();

    if (memory->imported)
    {
        if (!pages_exist( memory->bytes, memory->size )) misuse( "the pages of an import were freed before it" );
    }
    else
    {
        if (fill) memset( memory->bytes, FAKE_GPU_POISON, memory->size );
        free( memory->bytes );
    }

    lock();
    if (memory->next) memory->next->prev = memory->prev;
    if (memory->prev) memory->prev->next = memory->next;
    else live_memories = memory->next;
    stats.live_memories--;
    if (memory->mapped) stats.live_maps--;
    if (memory->imported) stats.live_imports--;
    else account_locked( device, device->adapter.types[memory->type].heap, -memory->size );
    device->memories--;
    memory->magic = MEMORY_DEAD;
    memory->accesses = NULL;
    free( quarantine[quarantine_next] );
    quarantine[quarantine_next] = memory;
    quarantine_next = (quarantine_next + 1) % QUARANTINE;
    unlock();
}

enum gpu_result gpu_map_memory( struct gpu_device *device, struct gpu_memory *memory, void **pointer )
{
    struct access access = { .function = "gpu_map_memory", .kind = ACCESS_MAP };
    enum gpu_result ret;

    *pointer = NULL;
    enter_memory( device, memory, &access );
    ret = begin_call( FAKE_GPU_MAP, device, memory );
    if (memory->mapped) misuse( "gpu_map_memory of a memory that is mapped" );
    if (!ret && (memory->imported || !(device->adapter.types[memory->type].properties & GPU_MEMORY_HOST_VISIBLE)))
        ret = GPU_FAILED;
    if (!ret)
    {
        memory->mapped = true;
        stats.live_maps++;
        *pointer = memory->bytes;
    }
    leave_memory_locked( memory, &access );
    unlock();
    return ret;
}

enum gpu_result gpu_copy_memory( struct gpu_device *device, struct gpu_memory *dst, uint64_t dst_offset,
                                 struct gpu_memory *src, uint64_t src_offset, uint64_t size )
{
    struct access from = { .function = "gpu_copy_memory", .kind = ACCESS_READ, .start = src_offset, .end = size };
    struct access to = { .function = "gpu_copy_memory", .kind = ACCESS_WRITE, .start = dst_offset, .end = size };
    enum gpu_result ret;

    enter_memory( device, dst, &to );
    enter_memory( device, src, &from );     /* also finds an overlap inside one memory */

    ret = begin_call( FAKE_GPU_COPY, device, dst );
    unlock();
    if (!ret) memcpy( dst->bytes + dst_offset, src->bytes + src_offset, size );
    lock();
    if (!ret && device->lost) ret = GPU_DEVICE_LOST;
    if (!ret) stats.copied_bytes += size;
    leave_memory_locked( src, &from );
    leave_memory_locked( dst, &to );
    unlock();
    return ret;
}

#define FEW_TRANSFERS  64   /* for more the list of accesses is allocated */

static bool pages_overlap( const struct gpu_transfer *a, const struct gpu_transfer *b )
{
    const char *a_pages = a->pages, *b_pages = b->pages;

    return a_pages < b_pages + b->size && b_pages < a_pages + a->size;
}

/* Copies one of a list whose memories are entered. */
static enum gpu_result transfer_one( enum fake_gpu_call call, struct gpu_device *device, const struct gpu_transfer *transfer )
{
    enum gpu_result ret = begin_call( call, device, transfer->memory );
    unsigned char *bytes = transfer->memory->bytes + transfer->offset;

    unlock();
    if (!ret && transfer->size)
        memcpy( call == FAKE_GPU_READ ? transfer->pages : bytes, call == FAKE_GPU_READ ? bytes : transfer->pages, transfer->size );
    lock();
    if (!ret && device->lost) ret = GPU_DEVICE_LOST;
    if (!ret) stats.copied_bytes += transfer->size;
    unlock();
    return ret;
}

/* Each transfer of a list is a call of its own for hooks, failures and counters; the first that fails is the end of all. */
static enum gpu_result transfer( enum fake_gpu_call call, const char *function, struct gpu_device *device,
                                 const struct gpu_transfer *transfers, unsigned int count )
{
    struct access few[FEW_TRANSFERS], *accesses = few;
    enum gpu_result ret = GPU_SUCCESS;
    unsigned int i, j;
    bool poison;

    if (count > FEW_TRANSFERS && !(accesses = malloc( count * sizeof(*accesses) ))) return GPU_OUT_OF_HOST_MEMORY;
    for (i = 0; i < count; i++)
    {
        const struct gpu_transfer *t = &transfers[i];

        if ((uintptr_t)t->pages & 3) misuse( "%s with pages %p, which is no multiple of 4", function, t->pages );
        for (j = 0; j < i && call == FAKE_GPU_READ; j++)
            if (pages_overlap( t, &transfers[j] )) misuse( "%s twice to %p", function, t->pages );
        accesses[i] = (struct access){ .function = function, .kind = call == FAKE_GPU_READ ? ACCESS_READ : ACCESS_WRITE,
                                       .start = t->offset, .end = t->size };
        enter_memory( device, t->memory, &accesses[i] );
    }

    for (i = 0; i < count && !ret; i++) ret = transfer_one( call, device, &transfers[i] );
    lock();
    poison = ret && fill;
    unlock();
    for (i = 0; i < count && poison; i++)
        if (transfers[i].size)
            memset( call == FAKE_GPU_READ ? transfers[i].pages : transfers[i].memory->bytes + transfers[i].offset, FAKE_GPU_POISON,
                    transfers[i].size );

    lock();
    for (i = 0; i < count; i++) leave_memory_locked( transfers[i].memory, &accesses[i] );
    unlock();
    if (accesses != few) free( accesses );
    return ret;
}

enum gpu_result gpu_read_memories( struct gpu_device *device, const struct gpu_transfer *transfers, unsigned int count )
{
    return transfer( FAKE_GPU_READ, "gpu_read_memories", device, transfers, count );
}

enum gpu_result gpu_write_memories( struct gpu_device *device, const struct gpu_transfer *transfers, unsigned int count )
{
    return transfer( FAKE_GPU_WRITE, "gpu_write_memories", device, transfers, count );
}

void gpu_shutdown(void)
{
    lock();
    if (devices) misuse( "gpu_shutdown while a device is open" );
    unlock();
}
