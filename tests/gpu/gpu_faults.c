/*
 * Tests of paging with a GPU, or a driver, that fails: mock_vulkan.c, told what to refuse
 *
 * Every Vulkan call of a copy fails in its turn, in each way, until a copy runs through untouched.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gpu/vulkan_private.h"
#include "gpu_test.h"
#include "mock_vulkan.h"
#include "os/os.h"

#define KB  1024ull
#define MB  (1024 * KB)

#define MAPPABLE     4u                     /* a memory type of mock_vulkan.c */
#define MEMORY_SIZE  (4 * MB)
#define SIZE         (3 * MB + 8 * KB + 4)  /* a beginning that is staged, two imports, and an end that is staged */
#define LIST_SIZE    (1600 * KB)            /* the same for page_list */
#define SHIFT        4092u
#define MAX_CALLS    500                    /* of one copy; it is some 100 */

static struct
{
    __typeof__(mock_vulkan_fail)    *fail;
    __typeof__(mock_vulkan_hits)    *hits;
    __typeof__(mock_vulkan_hang)    *hang;
    __typeof__(mock_vulkan_limit)   *limit;
    __typeof__(mock_vulkan_submits) *submits;
    __typeof__(mock_vulkan_timeouts) *timeouts;
    __typeof__(mock_vulkan_copies)  *copies;
    __typeof__(mock_vulkan_most_pending) *most_pending;
} mock;

static unsigned char *pages;    /* SIZE bytes from SHIFT on, all mapped */
static unsigned char *content;  /* what is copied, SIZE bytes */

/* Finds the controls, and keeps the library. */
static void load_mock(void)
{
    void *library = dlopen( "libvulkan.so.1", RTLD_NOW );

    if (!check( library && (mock.fail = dlsym( library, "mock_vulkan_fail" )) &&
                (mock.hits = dlsym( library, "mock_vulkan_hits" )) &&
                (mock.hang = dlsym( library, "mock_vulkan_hang" )) && (mock.limit = dlsym( library, "mock_vulkan_limit" )) &&
                (mock.submits = dlsym( library, "mock_vulkan_submits" )) && (mock.copies = dlsym( library, "mock_vulkan_copies" )) &&
                (mock.most_pending = dlsym( library, "mock_vulkan_most_pending" )) &&
                (mock.timeouts = dlsym( library, "mock_vulkan_timeouts" )), "no mock_vulkan.c" )) exit( 1 );
    pages = mmap( NULL, SIZE + 2 * SHIFT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );
    if (!check( pages != MAP_FAILED && (content = malloc( SIZE )), "memory" )) exit( 1 );
    fill_pattern( content, SIZE, 99 );
}

static void unload_mock(void)
{
    munmap( pages, SIZE + 2 * SHIFT );
    free( content );
    gpu_shutdown();
}

static struct gpu_device *open_mock(void)
{
    struct gpu_adapter *adapters;
    struct gpu_device *device;
    uint32_t count;

    check( !gpu_enum_adapters( &adapters, &count ) && count, "%u", count );
    if (!count || !check( !gpu_open_device( adapters->device_uuid, &device ), "open" )) exit( 1 );
    free( adapters );
    return device;
}

/* What one failing copy is made with: a device of its own and a memory that the test can look into. */
struct paging
{
    struct gpu_device *device;
    struct gpu_memory *memory;
    unsigned char     *bytes;   /* of memory */
    bool               write;
    bool               list;    /* in many pieces */
};

static void open_paging( struct paging *p, bool write, bool list )
{
    void *pointer;

    p->device = open_mock();
    p->write = write;
    p->list = list;
    if (!check( !gpu_allocate_memory( p->device, MAPPABLE, MEMORY_SIZE, &p->memory ), "memory" ) ||
        !check( !gpu_map_memory( p->device, p->memory, &pointer ), "map" )) exit( 1 );
    p->bytes = pointer;
}

static void close_paging( struct paging *p )
{
    gpu_free_memory( p->device, p->memory );
    gpu_close_device( p->device );
    gpu_shutdown();     /* the mock aborts when anything is left */
}

/* The same bytes in pieces of all sizes, the last one first, so that none adjoins the one before. */
static enum gpu_result page_list( struct paging *p, uint64_t size )
{
    static const uint64_t sizes[] = { 4, 64 * KB, 4 * KB, 12, 64 * KB, 300 * KB + 4, MB + 8 * KB, 64 * KB, 8 };
    struct gpu_transfer list[128];
    unsigned int count = 0;
    uint64_t part;

    for (; size && count < 128; size -= part, count++)
    {
        part = sizes[count % (sizeof(sizes) / sizeof(sizes[0]))];
        if (part > size) part = size;
        list[count] = (struct gpu_transfer){ p->memory, 8 + size - part, pages + SHIFT + size - part, part };
    }
    check( !size, "the list is too short" );
    return p->write ? gpu_write_memories( p->device, list, count ) : gpu_read_memories( p->device, list, count );
}

/* Copies, and checks what must be so whatever happens. */
static enum gpu_result page( struct paging *p, uint64_t size )
{
    unsigned char *dst = p->write ? p->bytes : pages, *src = p->write ? pages : p->bytes;
    uint64_t dst_offset = p->write ? 8 : SHIFT, src_offset = p->write ? SHIFT : 8;
    enum gpu_result ret;

    memset( dst, 0x33, dst_offset + size + 16 );
    memcpy( src + src_offset, content, size );
    if (p->list) ret = page_list( p, size );
    else if (p->write) ret = gpu_write_memory( p->device, p->memory, 8, pages + SHIFT, size );
    else ret = gpu_read_memory( p->device, p->memory, 8, pages + SHIFT, size );
    check( !memcmp( src + src_offset, content, size ), "the source changed" );
    check( dst[dst_offset - 1] == 0x33 && dst[dst_offset + size] == 0x33, "the surroundings changed" );
    if (!ret) check( !memcmp( dst + dst_offset, content, size ), "success with wrong content" );
    return ret;
}

/* One result for every call in turn, once. Returns how many calls a copy makes. */
static unsigned int exhaust( bool write, bool list, VkResult result )
{
    uint64_t size = list ? LIST_SIZE : SIZE;
    struct paging p;
    enum gpu_result ret;
    unsigned int n, hits;

    for (n = 1; n < MAX_CALLS; n++)
    {
        open_paging( &p, write, list );
        mock.fail( n, result, false );
        ret = page( &p, size );
        hits = mock.hits();
        mock.fail( 0, 0, 0 );
        if (!hits) check( !ret, "untouched: %d", ret );
        else if (result == VK_ERROR_DEVICE_LOST)
        {
            check( ret == GPU_DEVICE_LOST, "call %u lost: %d", n, ret );
            check( page( &p, 4096 ) == GPU_DEVICE_LOST, "call %u lost, once more", n );
        }
        else
        {
            check( !ret || ret == GPU_OUT_OF_HOST_MEMORY || ret == GPU_OUT_OF_DEVICE_MEMORY, "call %u, VkResult %d: %d", n,
                   result, ret );
            check( !page( &p, size ), "call %u, VkResult %d: not usable afterwards", n, result );
        }
        close_paging( &p );
        if (!hits) return n - 1;
    }
    check( false, "no end of calls" );
    return 0;
}

/* MOCK_VULKAN decides whether by import or by staging. */
void test_paging_faults(void)
{
    static const VkResult results[] = { VK_ERROR_OUT_OF_HOST_MEMORY, VK_ERROR_OUT_OF_DEVICE_MEMORY, VK_ERROR_DEVICE_LOST };
    unsigned int i, kind, calls;

    load_mock();
    for (kind = 0; kind < 4; kind++)
    {
        for (i = kind & 2 ? 1 : 0; i < 3; i++)
        {
            calls = exhaust( kind & 1, kind & 2, results[i] );
            check( calls > 20, "%u calls", calls );
            printf( "%s%s, VkResult %d: %u calls failed\n", kind & 1 ? "write" : "read", kind & 2 ? " a list" : "", results[i], calls );
        }
    }
    unload_mock();
}

/* No memory at all: from the first call on, and in the midst of copying, when even waiting fails for ever. */
void test_paging_no_memory(void)
{
    unsigned int n, kind;
    enum gpu_result ret;
    struct paging p;

    load_mock();
    for (kind = 0; kind < 4; kind++)
    {
        open_paging( &p, kind & 1, kind & 2 );
        mock.fail( 1, VK_ERROR_OUT_OF_DEVICE_MEMORY, true );
        check( page( &p, SIZE ) == GPU_OUT_OF_DEVICE_MEMORY && page( &p, 4 ) == GPU_OUT_OF_DEVICE_MEMORY, "no memory" );
        mock.fail( 1, VK_ERROR_OUT_OF_HOST_MEMORY, true );
        check( page( &p, SIZE ) == GPU_OUT_OF_HOST_MEMORY && page( &p, 4 ) == GPU_OUT_OF_HOST_MEMORY, "no memory" );
        mock.fail( 0, 0, 0 );
        check( !page( &p, SIZE ) && !page( &p, 4 ), "memory again" );
        for (n = 1, ret = GPU_OUT_OF_HOST_MEMORY; n < MAX_CALLS && ret == GPU_OUT_OF_HOST_MEMORY; n++)
        {
            mock.fail( n, VK_ERROR_OUT_OF_HOST_MEMORY, true );
            ret = page( &p, SIZE );
            mock.fail( 0, 0, 0 );
            if (ret == GPU_OUT_OF_HOST_MEMORY) check( !page( &p, 4 ), "call %u: not usable afterwards", n );
        }
        check( ret == GPU_DEVICE_LOST, "call %u: what the GPU does is not to be known: %d", n, ret );
        close_paging( &p );
    }
    unload_mock();
}

/* The GPU hangs at each piece in turn. */
void test_paging_hang(void)
{
    unsigned int n, kind, submits, timeouts;
    enum gpu_result ret;
    struct paging p;

    load_mock();
    for (kind = 0; kind < 4; kind++)
    {
        for (n = 1; n < MAX_CALLS; n++)
        {
            open_paging( &p, kind & 1, kind & 2 );
            submits = mock.submits();
            timeouts = mock.timeouts();
            mock.hang( n );
            ret = page( &p, kind & 2 ? LIST_SIZE : SIZE );
            timeouts = mock.timeouts() - timeouts;
            submits = mock.submits() - submits;
            mock.hang( 0 );
            if (submits >= n)
            {
                check( ret == GPU_DEVICE_LOST, "piece %u hangs: %d", n, ret );
                check( timeouts == 1, "piece %u hangs: waited %u times", n, timeouts );
                check( page( &p, 4 ) == GPU_DEVICE_LOST && page( &p, kind & 2 ? LIST_SIZE : SIZE ) == GPU_DEVICE_LOST, "piece %u hangs", n );
            }
            else check( !ret, "%d", ret );
            close_paging( &p );
            if (submits < n) break;
        }
        check( n > 3 && n < 50, "%u pieces", n - 1 );
    }
    unload_mock();
}

/* The same with threads, more than there are slots; some of them wait for one when it happens. */
struct hanging
{
    pthread_t          thread;
    struct gpu_device *device;
    unsigned int       index, lost;
};

static void *run_hanging( void *arg )
{
    struct hanging *h = arg;
    uint64_t size = 512 * KB;
    struct gpu_transfer list[8];
    struct gpu_memory *memory;
    enum gpu_result ret;
    unsigned int i, count = h->index % 2 ? 8 : 1;
    char *data;

    if (gpu_allocate_memory( h->device, 1, MB, &memory )) return NULL;     /* the hang came before */
    data = mmap( NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );
    for (i = 0; i < count; i++) list[i] = (struct gpu_transfer){ memory, 4 + i * (size / count), data + i * (size / count), size / count };
    for (i = 0; i < 20; i++)
    {
        fill_pattern( data, size, i );
        if ((ret = gpu_write_memories( h->device, list, count ))) break;
        memset( data, 0, size );
        if ((ret = gpu_read_memories( h->device, list, count ))) break;
        check( has_pattern( data, size, i ), "thread %u: success with wrong content", h->index );
    }
    check( !ret || ret == GPU_DEVICE_LOST, "thread %u: %d", h->index, ret );
    h->lost = ret == GPU_DEVICE_LOST;
    gpu_free_memory( h->device, memory );
    munmap( data, size );
    return NULL;
}

void test_paging_hang_threads(void)
{
    struct hanging threads[8];
    struct gpu_device *device;
    unsigned int i, round, lost;

    load_mock();
    for (round = 0; round < 10; round++)
    {
        device = open_mock();
        mock.hang( 20 + 17 * round );
        for (i = lost = 0; i < 8; i++)
        {
            threads[i] = (struct hanging){ .device = device, .index = i };
            check( !os_create_thread( &threads[i].thread, run_hanging, &threads[i] ), "thread %u", i );
        }
        for (i = 0; i < 8; i++)
        {
            pthread_join( threads[i].thread, NULL );
            lost += threads[i].lost;
        }
        check( lost, "nobody noticed" );
        mock.hang( 0 );
        gpu_close_device( device );
        gpu_shutdown();
    }
    unload_mock();
}

/* Staging memory as large as it is to be had, and larger when there is more. */
void test_paging_scarce(void)
{
    unsigned int submits;
    struct paging p;

    load_mock();
    open_paging( &p, false, false );
    mock.limit( 32 * KB );
    check( page( &p, 512 * KB ) == GPU_OUT_OF_DEVICE_MEMORY, "too little" );
    mock.limit( 64 * KB );
    submits = mock.submits();
    check( !page( &p, 512 * KB ), "least" );
    check( mock.submits() - submits == 32, "%u submissions", mock.submits() - submits );
    mock.limit( 0 );
    usleep( 1100000 );
    submits = mock.submits();
    check( !page( &p, 16 * KB ), "small" );
    check( mock.submits() - submits == 1, "%u submissions", mock.submits() - submits );
    submits = mock.submits();
    check( !page( &p, 512 * KB ), "more" );
    check( mock.submits() - submits < 8, "%u submissions", mock.submits() - submits );
    close_paging( &p );
    unload_mock();
}

/* With as many memory objects as the driver allows there is room for staging, and what cannot be imported is staged. */
void test_paging_full(void)
{
    struct gpu_memory *memories[64];
    struct gpu_adapter adapter;
    unsigned int count;
    struct paging p;

    load_mock();
    open_paging( &p, true, false );
    gpu_get_device_adapter( p.device, &adapter );
    for (count = 0; count < 64; count++)
        if (gpu_allocate_memory( p.device, MAPPABLE, 4096, &memories[count] )) break;
    check( count + 1 == adapter.max_memory_count, "%u", count );
    check( !page( &p, SIZE ), "write" );
    p.write = false;
    check( !page( &p, SIZE ), "read" );
    check( gpu_allocate_memory( p.device, MAPPABLE, 4096, &memories[63] ) == GPU_OUT_OF_DEVICE_MEMORY, "more than all" );
    while (count) gpu_free_memory( p.device, memories[--count] );
    close_paging( &p );
    unload_mock();
}

/* What the caller does wrong is refused and copies nothing. */
void test_paging_refused(void)
{
    static const struct { uint64_t offset, shift, size; } wrong[] =
    {
        { 0, 0, MEMORY_SIZE + 4 }, { 4, 0, MEMORY_SIZE }, { MEMORY_SIZE + 4, 0, 0 }, { MEMORY_SIZE, 0, 4 },
        { -4ull, 0, 8 }, { 4, 0, -4ull }, { 2, 0, 4 }, { 0, 2, 4 }, { 0, 0, 2 }, { 0, 1, 0 },
    };
    struct gpu_transfer list[3];
    unsigned int i, submits;
    struct paging p;

    load_mock();
    open_paging( &p, false, false );
    submits = mock.submits();
    list[0] = list[2] = (struct gpu_transfer){ p.memory, 0, pages, 4 * KB };
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
    {
        check( gpu_read_memory( p.device, p.memory, wrong[i].offset, pages + wrong[i].shift, wrong[i].size ) == GPU_FAILED,
               "read %u", i );
        check( gpu_write_memory( p.device, p.memory, wrong[i].offset, pages + wrong[i].shift, wrong[i].size ) == GPU_FAILED,
               "write %u", i );
        /* one among good ones */
        list[1] = (struct gpu_transfer){ p.memory, wrong[i].offset, pages + wrong[i].shift, wrong[i].size };
        check( gpu_read_memories( p.device, list, 3 ) == GPU_FAILED, "read %u", i );
        check( gpu_write_memories( p.device, list, 2 ) == GPU_FAILED, "write %u", i );
        check( gpu_write_memories( p.device, list + 1, 2 ) == GPU_FAILED, "write %u", i );
    }
    check( mock.submits() == submits, "something was submitted" );
    check( !gpu_read_memory( p.device, p.memory, MEMORY_SIZE, pages, 0 ), "nothing" );
    close_paging( &p );
    unload_mock();
}

#define SMALL        1024u
#define SMALL_SIZE   (64 * KB)

/* One list of count ranges of size bytes, that lie stride bytes apart in their memory. Returns the submissions that it takes.
 * expected_copies 0: as many as those. */
static unsigned int count_submits( struct gpu_device *device, struct gpu_memory *memory, unsigned char *data, unsigned int count,
                                   uint64_t stride, uint64_t size, bool write, unsigned int expected_copies )
{
    static struct gpu_transfer list[SMALL];
    unsigned int i, submits = mock.submits(), copies = mock.copies(), pending;

    for (i = 0; i < count; i++) list[i] = (struct gpu_transfer){ memory, i * stride, data + i * size, size };
    mock.most_pending();
    check( !(write ? gpu_write_memories : gpu_read_memories)( device, list, count ), "copy" );
    pending = mock.most_pending();
    check( pending == 3, "%u submissions were in flight", pending );
    submits = mock.submits() - submits;
    copies = mock.copies() - copies;
    check( copies == (expected_copies ? expected_copies : submits), "%u ranges were copied", copies );
    return submits;
}

/* Many small ranges take few submissions, and several are with the GPU at once. */
void test_paging_lists(void)
{
    unsigned char *data = mmap( NULL, SMALL * SMALL_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );
    struct gpu_device *device;
    struct gpu_memory *memory;
    unsigned int submits;

    load_mock();
    device = open_mock();
    if (!check( data != MAP_FAILED && !gpu_allocate_memory( device, 1, 2 * SMALL * SMALL_SIZE, &memory ), "memory" )) exit( 1 );
    fill_pattern( data, SMALL * SMALL_SIZE, 31 );
    submits = count_submits( device, memory, data, SMALL, 2 * SMALL_SIZE, SMALL_SIZE, true, SMALL );
    check( submits == 32, "%u submissions", submits );
    memset( data, 0, SMALL * SMALL_SIZE );
    submits = count_submits( device, memory, data, SMALL, 2 * SMALL_SIZE, SMALL_SIZE, false, SMALL );
    check( submits == 32, "%u submissions", submits );
    check( has_pattern( data, SMALL * SMALL_SIZE, 31 ), "another content" );

    /* Those that adjoin become one. */
    submits = count_submits( device, memory, data, SMALL, SMALL_SIZE, SMALL_SIZE, true, 0 );
    check( submits == 32, "%u submissions", submits );
    memset( data, 0, SMALL * SMALL_SIZE );
    submits = count_submits( device, memory, data, SMALL, SMALL_SIZE, SMALL_SIZE, false, 0 );
    check( submits == 32, "%u submissions", submits );
    check( has_pattern( data, SMALL * SMALL_SIZE, 31 ), "another content" );

    /* What the manager copies in one go */
    submits = count_submits( device, memory, data, 64, SMALL_SIZE, SMALL_SIZE, false, 0 );
    check( submits == 3, "%u submissions", submits );

    /* Tiny ones: it is their number that is limited. */
    fill_pattern( data, SMALL * 4, 32 );
    submits = count_submits( device, memory, data, SMALL, 8, 4, true, SMALL );
    check( submits == 8, "%u submissions", submits );
    memset( data, 0, SMALL * 4 );
    submits = count_submits( device, memory, data, SMALL, 8, 4, false, SMALL );
    check( submits == 8, "%u submissions", submits );
    check( has_pattern( data, SMALL * 4, 32 ), "another content" );
    gpu_free_memory( device, memory );
    gpu_close_device( device );
    munmap( data, SMALL * SMALL_SIZE );
    unload_mock();
}

/* What each VkResult means, those that no driver here gives too. */
void test_results(void)
{
    static const struct { VkResult result; enum gpu_result expected; } results[] =
    {
        { VK_SUCCESS, GPU_SUCCESS },
        { VK_ERROR_OUT_OF_DEVICE_MEMORY, GPU_OUT_OF_DEVICE_MEMORY }, { VK_ERROR_TOO_MANY_OBJECTS, GPU_OUT_OF_DEVICE_MEMORY },
        { VK_ERROR_FRAGMENTATION, GPU_OUT_OF_DEVICE_MEMORY }, { VK_ERROR_FRAGMENTED_POOL, GPU_OUT_OF_DEVICE_MEMORY },
        { VK_ERROR_OUT_OF_HOST_MEMORY, GPU_OUT_OF_HOST_MEMORY }, { VK_ERROR_MEMORY_MAP_FAILED, GPU_OUT_OF_HOST_MEMORY },
        { VK_ERROR_DEVICE_LOST, GPU_DEVICE_LOST }, { VK_TIMEOUT, GPU_DEVICE_LOST }, { VK_NOT_READY, GPU_DEVICE_LOST },
        { VK_ERROR_INVALID_EXTERNAL_HANDLE, GPU_INVALID_POINTER },
        { VK_ERROR_EXTENSION_NOT_PRESENT, GPU_NOT_SUPPORTED }, { VK_ERROR_FEATURE_NOT_PRESENT, GPU_NOT_SUPPORTED },
        { VK_ERROR_LAYER_NOT_PRESENT, GPU_NOT_SUPPORTED },
        { VK_ERROR_UNKNOWN, GPU_FAILED }, { VK_ERROR_INITIALIZATION_FAILED, GPU_FAILED }, { (VkResult)-12345, GPU_FAILED },
    };
    struct gpu_device *device;
    unsigned int i;

    load_mock();
    for (i = 0; i < sizeof(results) / sizeof(results[0]); i++)
    {
        enum gpu_result ret = vulkan_result( results[i].result );

        check( ret == results[i].expected, "VkResult %d: %u", results[i].result, ret );
        device = open_mock();
        ret = vulkan_device_result( device, results[i].result );
        check( ret == results[i].expected, "VkResult %d of a device: %u", results[i].result, ret );
        check( atomic_load( &device->lost ) == (ret == GPU_DEVICE_LOST), "VkResult %d: lost, or not", results[i].result );
        ret = vulkan_device_result( device, results[i].result );
        check( ret == results[i].expected, "VkResult %d once more: %u", results[i].result, ret );
        gpu_close_device( device );
        gpu_shutdown();
    }
    unload_mock();
}

#define COPY_SIZE  (64 * MB + 8 * KB)   /* two pieces */

struct copying
{
    struct gpu_device *device;
    struct gpu_memory *memories[2];
    unsigned char     *bytes[2];
};

static void open_copying( struct copying *c )
{
    unsigned int i;
    void *pointer;

    c->device = open_mock();
    for (i = 0; i < 2; i++)
    {
        if (!check( !gpu_allocate_memory( c->device, MAPPABLE, COPY_SIZE, &c->memories[i] ), "memory" ) ||
            !check( !gpu_map_memory( c->device, c->memories[i], &pointer ), "map" )) exit( 1 );
        c->bytes[i] = pointer;
    }
}

static void close_copying( struct copying *c )
{
    gpu_free_memory( c->device, c->memories[0] );
    gpu_free_memory( c->device, c->memories[1] );
    gpu_close_device( c->device );
    gpu_shutdown();
}

/* A copy on the GPU that the caller gets wrong, one of several pieces, and one whose every call fails. */
void test_copy_memory(void)
{
    static const struct { uint64_t dst, src, size; } wrong[] =
    {
        { COPY_SIZE + 4, 0, 0 }, { 4, 0, COPY_SIZE }, { 0, COPY_SIZE + 4, 0 }, { 0, 4, COPY_SIZE }, { 2, 0, 4 }, { 0, 2, 4 }, { 0, 0, 2 },
    };
    static const struct { VkResult result; enum gpu_result expected; } errors[] =
    {
        { VK_ERROR_OUT_OF_HOST_MEMORY, GPU_OUT_OF_HOST_MEMORY }, { VK_ERROR_DEVICE_LOST, GPU_DEVICE_LOST },
    };
    unsigned int i, nth, submits, failed = 0;
    enum gpu_result ret;
    struct copying c;

    load_mock();
    open_copying( &c );
    submits = mock.submits();
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        check( gpu_copy_memory( c.device, c.memories[0], wrong[i].dst, c.memories[1], wrong[i].src, wrong[i].size ) == GPU_FAILED, "copy %u", i );
    check( gpu_copy_memory( c.device, c.memories[0], 0, c.memories[0], 4 * KB, 8 * KB ) == GPU_FAILED, "backwards, overlapping" );
    check( gpu_copy_memory( c.device, c.memories[0], 4 * KB, c.memories[0], 0, 8 * KB ) == GPU_FAILED, "forwards, overlapping" );
    check( mock.submits() == submits, "something was submitted" );
    fill_pattern( c.bytes[1] + COPY_SIZE - 16 * KB, 16 * KB, 5 );
    check( !gpu_copy_memory( c.device, c.memories[0], 0, c.memories[1], 0, COPY_SIZE ), "copy" );
    check( mock.submits() - submits == 2, "%u submissions", mock.submits() - submits );
    check( has_pattern( c.bytes[0] + COPY_SIZE - 16 * KB, 16 * KB, 5 ), "another content" );
    check( !gpu_copy_memory( c.device, c.memories[1], 0, c.memories[1], COPY_SIZE - 16 * KB, 16 * KB ), "to the beginning" );
    check( has_pattern( c.bytes[1], 16 * KB, 5 ), "another content" );
    check( !gpu_copy_memory( c.device, c.memories[1], 16 * KB, c.memories[1], 0, 16 * KB ), "to the place behind" );
    check( has_pattern( c.bytes[1] + 16 * KB, 16 * KB, 5 ), "another content" );
    close_copying( &c );

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        for (nth = 1; nth < MAX_CALLS; nth++)
        {
            open_copying( &c );
            fill_pattern( c.bytes[1] + COPY_SIZE - 16 * KB, 16 * KB, nth );
            mock.fail( nth, errors[i].result, 0 );
            ret = gpu_copy_memory( c.device, c.memories[0], 0, c.memories[1], 0, COPY_SIZE );
            /* Waiting once more makes good for a wait that failed for want of memory. */
            check( !ret || (mock.hits() && ret == errors[i].expected), "call %u, VkResult %d: %u", nth, errors[i].result, ret );
            check( ret || has_pattern( c.bytes[0] + COPY_SIZE - 16 * KB, 16 * KB, nth ), "call %u: another content", nth );
            check( ret || errors[i].expected != GPU_DEVICE_LOST || !mock.hits(), "call %u: the loss is not told", nth );
            failed += ret != GPU_SUCCESS;
            submits = mock.hits();
            mock.fail( 0, 0, 0 );
            close_copying( &c );
            if (!submits) break;
        }
    check( failed > 10, "only %u calls failed", failed );
    unload_mock();
}
