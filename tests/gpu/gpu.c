/*
 * Tests of gpu/gpu.h, with whatever Vulkan device the machine has
 *
 * Also linked with tests/fake_gpu.c instead of vulkan*.c, and fake_gpu_test.c instead of gpu_scenarios.c: both must keep the
 * same contract.
 *
 * Exit status: 0 success, 1 failures, 77 no Vulkan device.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gpu_test.h"
#include "os/os.h"
#include "pin_libraries.h"

#define KB  1024ull
#define MB  (1024 * KB)

unsigned int checks, failures;

bool check_( bool good, const char *file, int line, const char *condition, const char *format, ... )
{
    va_list args;

    __atomic_add_fetch( &checks, 1, __ATOMIC_RELAXED );
    if (good) return true;
    __atomic_add_fetch( &failures, 1, __ATOMIC_RELAXED );
    printf( "%s:%d: %s: ", file, line, condition );
    va_start( args, format );
    vprintf( format, args );
    va_end( args );
    printf( "\n" );
    return false;
}

static uint32_t pattern( uint32_t seed, uint32_t i )
{
    return (i + seed) * 2654435761u ^ seed;
}

void fill_pattern( void *pointer, uint64_t size, uint32_t seed )
{
    uint32_t i, *p = pointer;

    for (i = 0; i < size / 4; i++) p[i] = pattern( seed, i );
}

bool has_pattern( const void *pointer, uint64_t size, uint32_t seed )
{
    const uint32_t *p = pointer;
    uint32_t i;

    for (i = 0; i < size / 4; i++) if (p[i] != pattern( seed, i )) return false;
    return true;
}

void test_enum( const struct gpu_adapter *adapters, uint32_t count )
{
    struct gpu_adapter *again;
    uint32_t i, j, count_again;
    bool software = false;

    for (i = 0; i < count; i++)
    {
        const struct gpu_adapter *a = &adapters[i];
        static const uint8_t zero[16];

        check( *a->name && memchr( a->name, 0, sizeof(a->name) ), "adapter %u", i );
        check( memcmp( a->device_uuid, zero, 16 ), "%s has no UUID", a->name );
        check( !software || a->software, "%s comes after software", a->name );
        software = a->software;
        check( a->heap_count && a->heap_count <= GPU_MAX_HEAPS, "%s: %u heaps", a->name, a->heap_count );
        check( a->type_count && a->type_count <= GPU_MAX_TYPES, "%s: %u types", a->name, a->type_count );
        check( a->max_memory_count, "%s", a->name );
        check( a->max_memory_size >= MB && !(a->max_memory_size % 4096), "%s: %#llx", a->name,
               (unsigned long long)a->max_memory_size );
        check( a->has_host_import == !!a->host_import_alignment, "%s", a->name );
        for (j = 0; j < a->type_count; j++)
        {
            uint32_t properties = a->types[j].properties;

            check( a->types[j].heap < a->heap_count, "type %u", j );
            if (properties == GPU_MEMORY_UNUSABLE) continue;
            check( !(properties & ~(GPU_MEMORY_DEVICE_LOCAL | GPU_MEMORY_HOST_VISIBLE | GPU_MEMORY_HOST_CACHED)),
                   "type %u: %#x", j, properties );
            check( !(properties & GPU_MEMORY_HOST_CACHED) || (properties & GPU_MEMORY_HOST_VISIBLE), "type %u", j );
        }
        for (j = 0; j < i; j++) check( memcmp( adapters[j].device_uuid, a->device_uuid, 16 ), "%u and %u", j, i );
    }
    check( !gpu_enum_adapters( &again, &count_again ), "again" );
    check( count_again == count && (!count || !memcmp( again, adapters, count * sizeof(*again) )), "%u", count_again );
    free( again );
}

static void test_open( const struct gpu_adapter *adapter )
{
    struct gpu_device *device = (void *)1, *second;
    struct gpu_adapter exact, expected = *adapter;
    uint8_t uuid[16];
    uint32_t i;

    memset( uuid, 0x55, sizeof(uuid) );
    check( gpu_open_device( uuid, &device ) == GPU_FAILED, "unknown UUID" );
    check( !device, "device is set" );

    if (!check( !gpu_open_device( adapter->device_uuid, &device ), "%s", adapter->name )) return;
    if (check( !gpu_open_device( adapter->device_uuid, &second ), "a second device" )) gpu_close_device( second );

    gpu_get_device_adapter( device, &exact );
    for (i = 0; i < exact.type_count; i++)
    {
        if (exact.types[i].properties == GPU_MEMORY_UNUSABLE) expected.types[i].properties = GPU_MEMORY_UNUSABLE;
    }
    check( !memcmp( &exact, &expected, sizeof(exact) ), "%s differs in more than unusable types", adapter->name );
    gpu_close_device( device );
}

static void test_allocate( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    static const uint64_t sizes[] = { 4 * KB, 12 * KB, 64 * KB, MB, 3 * MB + 4 * KB };
    struct gpu_memory *memory;
    unsigned int i, j;
    enum gpu_result ret;
    void *pointer;

    for (i = 0; i < adapter->type_count; i++)
    {
        bool visible = adapter->types[i].properties & GPU_MEMORY_HOST_VISIBLE;

        if (adapter->types[i].properties == GPU_MEMORY_UNUSABLE) continue;
        for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
        {
            if (!check( !gpu_allocate_memory( device, i, sizes[j], &memory ), "type %u, %llu bytes", i,
                        (unsigned long long)sizes[j] )) continue;
            ret = gpu_map_memory( device, memory, &pointer );
            if (visible && check( !ret && pointer, "type %u: %d", i, ret ))
            {
                fill_pattern( pointer, sizes[j], i + j );
                check( has_pattern( pointer, sizes[j], i + j ), "type %u", i );
            }
            if (!visible) check( ret == GPU_FAILED && !pointer, "type %u: %d", i, ret );
            gpu_free_memory( device, memory );     /* mapped */
        }
    }
    gpu_free_memory( device, NULL );
}

/* The clock of the CPU was read while we waited, and goes at the same speed as that of the GPU. */
static void test_calibrate( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    uint64_t ticks[2] = { 42, 42 }, cpu[2] = { 42, 42 }, deviation, before, after;
    enum gpu_result ret;
    unsigned int i;

    check( !adapter->node_count == false && adapter->node_count <= GPU_MAX_NODES, "%u nodes", adapter->node_count );
    for (i = 0; i < adapter->node_count; i++) check( adapter->nodes[i] <= GPU_NODE_OTHER, "node %u: %u", i, adapter->nodes[i] );
    check( adapter->timestamp_period >= 0, "%f ns", adapter->timestamp_period );
    for (i = 0; i < 2; i++)
    {
        before = os_time_ns();
        ret = gpu_calibrate( device, &ticks[i], &cpu[i], &deviation );
        after = os_time_ns();
        if (!adapter->has_calibration)
        {
            check( ret == GPU_NOT_SUPPORTED && ticks[i] == 42 && cpu[i] == 42, "%d", ret );
            return;
        }
        if (!check( !ret, "%d", ret )) return;
        check( cpu[i] >= before && cpu[i] <= after, "%llu, from %llu to %llu", (unsigned long long)cpu[i], (unsigned long long)before,
               (unsigned long long)after );
        if (!i) usleep( 50000 );
    }
    if (adapter->timestamp_period > 0)
    {
        double ratio = (cpu[1] - cpu[0]) / ((ticks[1] - ticks[0]) * adapter->timestamp_period);

        check( ratio > 0.9 && ratio < 1.1, "the clocks go at %f", ratio );
    }
}

/* For the host to write to a memory and read it again: by a mapping, or by a staging memory. */
static void exchange( struct gpu_device *device, struct gpu_memory *memory, uint32_t staging_type, uint64_t size,
                      bool write, uint32_t seed )
{
    struct gpu_memory *staging;
    void *pointer;

    if (!check( !gpu_allocate_memory( device, staging_type, size, &staging ), "staging" )) return;
    if (check( !gpu_map_memory( device, staging, &pointer ), "staging" ))
    {
        if (write) fill_pattern( pointer, size, seed );
        else memset( pointer, 0xee, size );
        check( !(write ? gpu_copy_memory( device, memory, 0, staging, 0, size )
                       : gpu_copy_memory( device, staging, 0, memory, 0, size )), "copy" );
        if (!write) check( has_pattern( pointer, size, seed ), "wrong content" );
    }
    gpu_free_memory( device, staging );
}

static uint32_t find_visible_type( const struct gpu_adapter *adapter )
{
    uint32_t i;

    for (i = 0; i < adapter->type_count; i++)
        if (adapter->types[i].properties != GPU_MEMORY_UNUSABLE &&
            (adapter->types[i].properties & GPU_MEMORY_HOST_VISIBLE)) return i;
    check( false, "no type is host-visible" );
    return 0;
}

static void test_copy( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    const uint64_t size = 256 * KB;
    struct gpu_memory *from, *to;
    uint32_t i, j, visible = find_visible_type( adapter );

    for (i = 0; i < adapter->type_count; i++)
    {
        if (adapter->types[i].properties == GPU_MEMORY_UNUSABLE) continue;
        for (j = 0; j < adapter->type_count; j++)
        {
            if (adapter->types[j].properties == GPU_MEMORY_UNUSABLE) continue;
            if (!check( !gpu_allocate_memory( device, i, size, &from ), "type %u", i )) continue;
            if (check( !gpu_allocate_memory( device, j, size, &to ), "type %u", j ))
            {
                exchange( device, from, visible, size, true, i * 100 + j );
                check( !gpu_copy_memory( device, to, 0, from, 0, size ), "%u to %u", i, j );
                exchange( device, to, visible, size, false, i * 100 + j );
                check( !gpu_copy_memory( device, to, 0, from, 0, 0 ), "nothing" );
                gpu_free_memory( device, to );
            }
            gpu_free_memory( device, from );
        }
    }
}

static void test_copy_offsets( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    uint32_t type = find_visible_type( adapter ), i;
    struct gpu_memory *from, *to;
    uint32_t *src, *dst;
    void *pointer;

    if (!check( !gpu_allocate_memory( device, type, 8 * KB, &from ), "from" )) return;
    check( !gpu_allocate_memory( device, type, 12 * KB, &to ), "to" );
    check( !gpu_map_memory( device, from, &pointer ), "from" );
    src = pointer;
    check( !gpu_map_memory( device, to, &pointer ), "to" );
    dst = pointer;
    fill_pattern( src, 8 * KB, 1 );
    memset( dst, 0x11, 12 * KB );

    check( !gpu_copy_memory( device, to, 4100, from, 8, 4092 ), "offsets" );
    for (i = 0; i < 12 * KB / 4; i++)
    {
        bool copied = i >= 4100 / 4 && i < (4100 + 4092) / 4;

        if (!check( dst[i] == (copied ? src[i - 4100 / 4 + 2] : 0x11111111), "word %u is %#x", i, dst[i] )) break;
    }
    check( has_pattern( src, 8 * KB, 1 ), "source changed" );
    check( !gpu_copy_memory( device, to, 8 * KB, to, 0, 4 * KB ), "inside one memory" );
    check( !memcmp( dst, (char *)dst + 8 * KB, 4 * KB ), "inside one memory" );
    gpu_free_memory( device, from );
    gpu_free_memory( device, to );
}

static void test_import( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    const uint64_t size = 256 * KB;
    uint32_t i, seed = 0, visible = find_visible_type( adapter );
    struct gpu_memory *import = NULL, *memory;
    enum gpu_result ret;
    void *other;
    char *pages;

    pages = mmap( NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );
    check( pages != MAP_FAILED, "mmap" );
    ret = gpu_import_memory( device, pages, size, &import );
    if (!adapter->has_host_import)
    {
        check( ret == GPU_NOT_SUPPORTED && !import, "%d", ret );
        munmap( pages, size );
        return;
    }
    if (!check( !ret && import, "%d", ret )) return;
    check( gpu_map_memory( device, import, &other ) == GPU_FAILED, "an import was mapped" );

    for (i = 0; i < adapter->type_count; i++)
    {
        if (adapter->types[i].properties == GPU_MEMORY_UNUSABLE) continue;
        if (!check( !gpu_allocate_memory( device, i, size, &memory ), "type %u", i )) continue;
        fill_pattern( pages, size, 7 + i );     /* we write, the GPU reads */
        check( !gpu_copy_memory( device, memory, 0, import, 0, size ), "from import" );
        exchange( device, memory, visible, size, false, 7 + i );
        exchange( device, memory, visible, size, true, seed = 90 + i );
        check( !gpu_copy_memory( device, import, 0, memory, 0, size ), "to import" );
        check( has_pattern( pages, size, seed ), "type %u: the pages were not written", i );
        gpu_free_memory( device, memory );
    }
    gpu_free_memory( device, import );
    check( has_pattern( pages, size, seed ), "freeing the import changed the pages" );

    check( gpu_import_memory( device, pages + 4, size - 4096, &import ) == GPU_NOT_SUPPORTED && !import, "unaligned" );
    check( gpu_import_memory( device, pages, size - 4, &import ) == GPU_NOT_SUPPORTED && !import, "unaligned size" );
    check( gpu_import_memory( device, pages, 0, &import ) == GPU_NOT_SUPPORTED && !import, "size 0" );
    check( gpu_import_memory( device, pages, -adapter->host_import_alignment, &import ) == GPU_NOT_SUPPORTED && !import,
           "huge" );
    munmap( pages + size / 2, size / 2 );
    check( gpu_import_memory( device, pages, size, &import ) == GPU_INVALID_POINTER && !import, "half of it is missing" );
    munmap( pages, size / 2 );
    check( gpu_import_memory( device, pages, size, &import ) == GPU_INVALID_POINTER && !import, "nothing there" );
}

static void test_max_count( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    struct gpu_memory **memories;
    uint32_t i, count, type = find_visible_type( adapter );
    enum gpu_result ret = GPU_SUCCESS;

    if (adapter->max_memory_count > 8192)
    {
        printf( "gpu: %s allows %u memories, the limit is not tried\n", adapter->name, adapter->max_memory_count );
        return;
    }
    memories = calloc( adapter->max_memory_count + 1, sizeof(*memories) );
    for (count = 0; count <= adapter->max_memory_count; count++)
        if ((ret = gpu_allocate_memory( device, type, 4 * KB, &memories[count] ))) break;
    check( count == adapter->max_memory_count, "%u of %u", count, adapter->max_memory_count );
    check( ret == GPU_OUT_OF_DEVICE_MEMORY, "%d", ret );
    if (count)
    {
        gpu_free_memory( device, memories[--count] );
        check( !gpu_allocate_memory( device, type, 4 * KB, &memories[count++] ), "after freeing one" );
    }
    for (i = 0; i < count; i++) gpu_free_memory( device, memories[i] );
    free( memories );
}

static void test_budget( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    uint64_t budget[GPU_MAX_HEAPS], usage[GPU_MAX_HEAPS];
    bool ret;
    uint32_t i;

    memset( budget, 0x77, sizeof(budget) );
    memset( usage, 0x77, sizeof(usage) );
    ret = gpu_query_budget( device, budget, usage );
    check( ret == adapter->has_memory_budget, "%d", ret );
    for (i = 0; i < GPU_MAX_HEAPS; i++)
    {
        if (!ret) check( budget[i] == 0x7777777777777777 && usage[i] == budget[i], "heap %u was written", i );
        else if (i >= adapter->heap_count) check( !budget[i] && !usage[i], "heap %u is none", i );
        else check( budget[i] && budget[i] <= adapter->heaps[i].size, "heap %u: budget %llu", i,
                    (unsigned long long)budget[i] );
    }
}

struct thread
{
    pthread_t                 thread;
    struct gpu_device        *device;
    const struct gpu_adapter *adapter;
    struct gpu_memory        *shared;
    uint32_t                  index;
};

static void *run_thread( void *arg )
{
    struct thread *t = arg;
    uint32_t i, visible = find_visible_type( t->adapter );
    struct gpu_memory *memory;
    void *pointer;

    for (i = 0; i < 25; i++)
    {
        if (!check( !gpu_allocate_memory( t->device, visible, 64 * KB, &memory ), "thread %u", t->index )) break;
        check( !gpu_copy_memory( t->device, memory, 0, t->shared, 0, 64 * KB ), "thread %u", t->index );
        if (check( !gpu_map_memory( t->device, memory, &pointer ), "thread %u", t->index ))
            check( has_pattern( pointer, 64 * KB, 1234 ), "thread %u", t->index );
        gpu_free_memory( t->device, memory );
        if (t->index || i % 5) continue;
        {
            struct gpu_adapter *adapters;
            struct gpu_device *device;
            uint32_t count;

            check( !gpu_enum_adapters( &adapters, &count ) && count, "thread %u", t->index );
            free( adapters );
            if (check( !gpu_open_device( t->adapter->device_uuid, &device ), "thread %u", t->index ))
                gpu_close_device( device );
        }
    }
    return NULL;
}

static void test_threads( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    struct thread threads[4];
    struct gpu_memory *shared;
    uint32_t i, visible = find_visible_type( adapter );
    void *pointer;

    if (!check( !gpu_allocate_memory( device, visible, 64 * KB, &shared ), "shared" )) return;
    check( !gpu_map_memory( device, shared, &pointer ), "shared" );
    fill_pattern( pointer, 64 * KB, 1234 );
    for (i = 0; i < 4; i++)
    {
        threads[i] = (struct thread){ .device = device, .adapter = adapter, .shared = shared, .index = i };
        check( !os_create_thread( &threads[i].thread, run_thread, &threads[i] ), "thread %u", i );
    }
    for (i = 0; i < 4; i++) pthread_join( threads[i].thread, NULL );
    gpu_free_memory( device, shared );
}

void test_adapter( const struct gpu_adapter *listed )
{
    struct gpu_adapter adapter;
    struct gpu_device *device;

    test_open( listed );
    if (gpu_open_device( listed->device_uuid, &device )) return;
    gpu_get_device_adapter( device, &adapter );
    test_allocate( device, &adapter );
    test_copy( device, &adapter );
    test_copy_offsets( device, &adapter );
    test_import( device, &adapter );
    test_max_count( device, &adapter );
    test_budget( device, &adapter );
    test_calibrate( device, &adapter );
    test_threads( device, &adapter );
    test_paging( device, &adapter );
    gpu_close_device( device );
}

int main( int argc, char **argv )
{
    struct gpu_adapter *adapters;
    uint32_t i, count;

    setvbuf( stdout, NULL, _IOLBF, 0 );
    if (argc > 1) return run_scenario( argv[1] );
    run_all_scenarios();
    check( !gpu_enum_adapters( &adapters, &count ), "enum" );
    pin_libraries();
    test_enum( adapters, count );
    for (i = 0; i < count; i++) test_adapter( &adapters[i] );
    free( adapters );
    gpu_shutdown();

    if (count)  /* everything starts anew */
    {
        check( !gpu_enum_adapters( &adapters, &i ) && i == count, "%u", i );
        test_open( &adapters[0] );
        free( adapters );
        gpu_shutdown();
    }
    printf( "gpu: %u checks, %u failures, %u devices\n", checks, failures, count );
    if (failures) return 1;
    if (!count) printf( "no Vulkan device\n" );
    return count ? 0 : 77;
}
