/*
 * Tests of gpu_read_memories and gpu_write_memories, with any device: Vulkan's, mock_vulkan.c's, tests/fake_gpu.c's
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gpu_test.h"
#include "os/os.h"

#define KB  1024ull
#define MB  (1024 * KB)

#define MEMORY_SIZE  (3 * MB)
#define GUARD        (8 * KB)   /* before and after the pages that are copied */
#define PAGES_SIZE   (MEMORY_SIZE + 2 * GUARD)

static unsigned char *map_pages( uint64_t size )
{
    void *pages = mmap( NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );

    if (!check( pages != MAP_FAILED, "mmap" )) exit( 1 );
    return pages;
}

static bool is_filled( const unsigned char *bytes, uint64_t size, unsigned char value )
{
    return !size || (*bytes == value && !memcmp( bytes, bytes + 1, size - 1 ));
}

/* One write and one read of size bytes at offset, with pages that begin shift bytes after a page. memory is MEMORY_SIZE large,
 * and 0x11 everywhere before and after. pages, all: PAGES_SIZE and MEMORY_SIZE bytes to work with. */
static void round_trip( struct gpu_device *device, struct gpu_memory *memory, unsigned char *pages, unsigned char *all,
                        uint64_t offset, uint64_t shift, uint64_t size )
{
    unsigned char *data = pages + GUARD + shift;

    memset( pages, 0xee, PAGES_SIZE );
    fill_pattern( data, size, 5 + shift );
    check( !gpu_write_memory( device, memory, offset, data, size ), "write %#llx+%#llx", (unsigned long long)offset,
           (unsigned long long)size );
    check( has_pattern( data, size, 5 + shift ), "the write changed the pages" );
    check( !gpu_read_memory( device, memory, 0, all, MEMORY_SIZE ), "read all" );
    check( is_filled( all, offset, 0x11 ) && is_filled( all + offset + size, MEMORY_SIZE - offset - size, 0x11 ),
           "write %#llx+%#llx goes beyond", (unsigned long long)offset, (unsigned long long)size );
    check( has_pattern( all + offset, size, 5 + shift ), "write %#llx+%#llx is wrong", (unsigned long long)offset,
           (unsigned long long)size );

    memset( data, 0xee, size );
    check( !gpu_read_memory( device, memory, offset, data, size ), "read %#llx+%#llx", (unsigned long long)offset,
           (unsigned long long)size );
    check( has_pattern( data, size, 5 + shift ), "read %#llx+%#llx is wrong", (unsigned long long)offset,
           (unsigned long long)size );
    check( is_filled( pages, GUARD + shift, 0xee ) && is_filled( data + size, PAGES_SIZE - GUARD - shift - size, 0xee ),
           "read %#llx+%#llx goes beyond", (unsigned long long)offset, (unsigned long long)size );

    memset( data, 0x11, size );
    check( !gpu_write_memory( device, memory, offset, data, size ), "write again" );
}

static void test_ranges( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    static const struct { uint64_t offset, shift, size; } ranges[] =
    {
        { 0, 0, 0 },
        { 0, 0, 4 },
        { 4, 4, 4 },
        { MEMORY_SIZE - 4, 0, 4 },
        { 100, 2052, 4096 },
        { 64 * KB, 0, 64 * KB },
        { 12, 0, 300 * KB + 4 },
        { 0, 0, MB },
        { 4096, 0, MB + 4 },                /* imported, but for the end */
        { 8, 4092, MB + 4 + 4096 },         /* a beginning and an end that are not */
        { 4, 2048, 2 * MB },
        { 512 * KB, 0, 2 * MB + 4092 },
        { 0, 0, MEMORY_SIZE },
    };
    unsigned char *fixed = map_pages( MEMORY_SIZE ), *pages = map_pages( PAGES_SIZE ), *all = map_pages( MEMORY_SIZE );
    struct gpu_memory *memory;
    unsigned int i, j;

    memset( fixed, 0x11, MEMORY_SIZE );
    check( !mprotect( fixed, MEMORY_SIZE, PROT_READ ), "mprotect" );    /* readable is enough to write from */
    for (i = 0; i < adapter->type_count; i++)
    {
        if (adapter->types[i].properties == GPU_MEMORY_UNUSABLE) continue;
        if (!check( !gpu_allocate_memory( device, i, MEMORY_SIZE, &memory ), "type %u", i )) continue;
        check( !gpu_write_memory( device, memory, 0, fixed, MEMORY_SIZE ), "type %u", i );
        for (j = 0; j < sizeof(ranges) / sizeof(ranges[0]); j++)
            round_trip( device, memory, pages, all, ranges[j].offset, ranges[j].shift, ranges[j].size );
        gpu_free_memory( device, memory );
    }
    munmap( fixed, MEMORY_SIZE );
    munmap( pages, PAGES_SIZE );
    munmap( all, MEMORY_SIZE );
}

/* More than the largest pieces, so that the first ones are long done when the last one begins. */
static void test_large( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    const uint64_t size = 37 * MB + 12;
    unsigned char *from = map_pages( size + 4096 ), *to;
    struct gpu_memory *memory;
    uint32_t type, shift;

    for (type = 0; adapter->types[type].properties == GPU_MEMORY_UNUSABLE; type++) {}
    if (adapter->max_memory_size < 38 * MB) return;
    for (shift = 0; shift <= 4; shift += 4)
    {
        if (!check( !gpu_allocate_memory( device, type, 38 * MB, &memory ), "type %u", type )) break;
        to = map_pages( size + 4096 );      /* without a page yet */
        fill_pattern( from + shift, size, shift );
        check( !gpu_write_memory( device, memory, 8, from + shift, size ), "write" );
        check( !gpu_read_memory( device, memory, 8, to + shift, size ), "read" );
        check( !memcmp( from + shift, to + shift, size ), "content" );
        check( !to[0] || !shift, "before" );
        check( is_filled( to + shift + size, 4096 - shift, 0 ), "behind" );
        gpu_free_memory( device, memory );
        munmap( to, size + 4096 );
    }
    munmap( from, size + 4096 );
}

/* Paging of memory that is pages of the process itself, mapped memory, and at the same time by gpu_copy_memory. */
static void test_import_and_map( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    unsigned char *pages = map_pages( 2 * MB ), *other = map_pages( 2 * MB );
    struct gpu_memory *memory;
    uint32_t type;
    void *pointer;

    if (adapter->has_host_import && check( !gpu_import_memory( device, pages, 2 * MB, &memory ), "import" ))
    {
        fill_pattern( other, 2 * MB, 71 );
        check( !gpu_write_memory( device, memory, 0, other, 2 * MB ), "write" );
        check( has_pattern( pages, 2 * MB, 71 ), "to an import" );
        fill_pattern( pages, 2 * MB, 72 );
        check( !gpu_read_memory( device, memory, 0, other, 2 * MB ), "read" );
        check( has_pattern( other, 2 * MB, 72 ), "from an import" );
        gpu_free_memory( device, memory );
        check( has_pattern( pages, 2 * MB, 72 ), "freed" );
    }
    for (type = 0; type < adapter->type_count; type++)
        if (adapter->types[type].properties != GPU_MEMORY_UNUSABLE &&
            (adapter->types[type].properties & GPU_MEMORY_HOST_VISIBLE)) break;
    if (!check( type < adapter->type_count && !gpu_allocate_memory( device, type, 2 * MB, &memory ), "memory" )) return;
    check( !gpu_map_memory( device, memory, &pointer ), "map" );
    fill_pattern( other, 2 * MB, 73 );
    check( !gpu_write_memory( device, memory, 0, other, 2 * MB ), "write" );
    check( has_pattern( pointer, 2 * MB, 73 ), "to what is mapped" );
    fill_pattern( pointer, 2 * MB, 74 );
    check( !gpu_read_memory( device, memory, 0, other, 2 * MB ), "read" );
    check( has_pattern( other, 2 * MB, 74 ), "from what is mapped" );
    gpu_free_memory( device, memory );
    munmap( pages, 2 * MB );
    munmap( other, 2 * MB );
}

/***********************************************************************
 * Lists
 */

#define LIST_LENGTH  700

static uint32_t next_random( uint32_t *random )
{
    return (*random = *random * 1664525 + 1013904223) >> 8;
}

/* Ranges of two memories of size bytes, from 4 bytes to some MiB, some of which adjoin, and pages, 2 * size bytes, for them. Returns how
 * many there are. */
static unsigned int make_list( struct gpu_memory *const memories[2], uint64_t size, unsigned char *pages, uint32_t *random,
                               struct gpu_transfer list[LIST_LENGTH] )
{
    uint64_t offsets[2] = { 0, 0 }, offset = 0, bytes, gap;
    unsigned int count = 0, kind, which;

    while (count < LIST_LENGTH)
    {
        which = next_random( random ) % 2;
        kind = next_random( random ) % 64;
        bytes = kind < 4 ? 0 : kind < 20 ? 4 : kind < 40 ? 64 * KB : kind < 60 ? 4 + next_random( random ) % 4096 * 4
                : kind < 63 ? MB / 4 + next_random( random ) % 4096 * 4 : size / 4;
        gap = next_random( random ) % 3 ? 0 : next_random( random ) % 64 * 4;
        if (offsets[which] + gap + bytes > size) break;
        offsets[which] += gap;
        offset += next_random( random ) % 64 * 4;
        if (kind > 62) offset = (offset + 0xfff) & ~0xfffull;   /* may be imported */
        if (offset + bytes > 2 * size) break;
        list[count++] = (struct gpu_transfer){ memories[which], offsets[which], pages + offset, bytes };
        offsets[which] += bytes;
        offset += bytes;
    }
    return count;
}

struct lists
{
    pthread_t          thread;
    struct gpu_device *device;
    uint64_t           size;        /* of each memory, bytes */
    uint32_t           type, seed;
    unsigned int       rounds;
};

/* Writes a list, and reads it back, and looks at all bytes of memories and pages each time. */
static void *run_lists( void *arg )
{
    static const char *const wrong = "seed %u, round %u: %u ranges";
    const struct lists *l = arg;
    unsigned char *pages = map_pages( 2 * l->size ), *expected = map_pages( 2 * l->size ), *all = map_pages( 2 * l->size );
    struct gpu_transfer *list = malloc( LIST_LENGTH * sizeof(*list) );
    struct gpu_memory *memories[2];
    uint32_t random = l->seed;
    unsigned int i, round, count;

    for (i = 0; i < 2; i++)
        if (!check( list && !gpu_allocate_memory( l->device, l->type, l->size, &memories[i] ), "memory" )) exit( 1 );
    for (round = 0; round < l->rounds; round++)
    {
        count = make_list( memories, l->size, pages, &random, list );
        check( count > 10, wrong, l->seed, round, count );
        memset( expected, 0x11, 2 * l->size );
        for (i = 0; i < 2; i++) check( !gpu_write_memory( l->device, memories[i], 0, expected, l->size ), "write all" );
        fill_pattern( pages, 2 * l->size, l->seed + round );
        for (i = 0; i < count; i++)
            memcpy( expected + (list[i].memory == memories[1] ? l->size : 0) + list[i].offset, list[i].pages, list[i].size );
        check( !gpu_write_memories( l->device, list, count ), wrong, l->seed, round, count );
        check( has_pattern( pages, 2 * l->size, l->seed + round ), "the write changed the pages" );
        for (i = 0; i < 2; i++) check( !gpu_read_memory( l->device, memories[i], 0, all + i * l->size, l->size ), "read all" );
        check( !memcmp( all, expected, 2 * l->size ), wrong, l->seed, round, count );

        memset( expected, 0xee, 2 * l->size );
        for (i = 0; i < count; i++) memcpy( expected + ((unsigned char *)list[i].pages - pages), list[i].pages, list[i].size );
        memset( pages, 0xee, 2 * l->size );
        check( !gpu_read_memories( l->device, list, count ), wrong, l->seed, round, count );
        check( !memcmp( pages, expected, 2 * l->size ), wrong, l->seed, round, count );
    }
    for (i = 0; i < 2; i++) gpu_free_memory( l->device, memories[i] );
    free( list );
    munmap( pages, 2 * l->size );
    munmap( expected, 2 * l->size );
    munmap( all, 2 * l->size );
    return NULL;
}

static void test_lists( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    struct lists lists[6];
    uint32_t i, type;

    check( !gpu_read_memories( device, NULL, 0 ) && !gpu_write_memories( device, NULL, 0 ), "no list" );
    for (type = 0; adapter->types[type].properties == GPU_MEMORY_UNUSABLE; type++) {}
    lists[0] = (struct lists){ .device = device, .size = 8 * MB, .type = type, .seed = 17, .rounds = 2 };
    run_lists( &lists[0] );
    for (i = 0; i < 6; i++)     /* more than there are slots of staging memory */
    {
        lists[i] = (struct lists){ .device = device, .size = MB, .type = type, .seed = 100 + i, .rounds = 3 };
        check( !os_create_thread( &lists[i].thread, run_lists, &lists[i] ), "thread %u", i );
    }
    for (i = 0; i < 6; i++) pthread_join( lists[i].thread, NULL );
}

/* More threads than there are slots of staging memory, each with a range of its own of two memories. */
#define THREADS  9
#define RANGE    (MB + 132 * KB)

struct pager
{
    pthread_t          thread;
    struct gpu_device *device;
    struct gpu_memory *memory, *copy;
    uint32_t           index;
};

static void *run_pager( void *arg )
{
    struct pager *p = arg;
    uint64_t size = RANGE - 4 * p->index, offset = p->index * RANGE;
    unsigned char *pages = map_pages( RANGE + 4096 ), *data = pages + (p->index % 2 ? 4 : 0);
    unsigned int i;

    for (i = 0; i < 6; i++)
    {
        fill_pattern( data, size, 100 * i + p->index );
        check( !gpu_write_memory( p->device, p->memory, offset, data, size ), "thread %u", p->index );
        check( !gpu_copy_memory( p->device, p->copy, offset, p->memory, offset, size ), "thread %u", p->index );
        memset( data, 0, size );
        check( !gpu_read_memory( p->device, i % 2 ? p->memory : p->copy, offset, data, size ), "thread %u", p->index );
        check( has_pattern( data, size, 100 * i + p->index ), "thread %u", p->index );
    }
    munmap( pages, RANGE + 4096 );
    return NULL;
}

static void test_pagers( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    struct gpu_memory *memory, *copy;
    struct pager pagers[THREADS];
    uint32_t i, type;

    for (type = 0; adapter->types[type].properties == GPU_MEMORY_UNUSABLE; type++) {}
    if (!check( !gpu_allocate_memory( device, type, THREADS * RANGE, &memory ), "memory" )) return;
    check( !gpu_allocate_memory( device, type, THREADS * RANGE, &copy ), "copy" );
    for (i = 0; i < THREADS; i++)
    {
        pagers[i] = (struct pager){ .device = device, .memory = memory, .copy = copy, .index = i };
        check( !os_create_thread( &pagers[i].thread, run_pager, &pagers[i] ), "thread %u", i );
    }
    for (i = 0; i < THREADS; i++) pthread_join( pagers[i].thread, NULL );
    gpu_free_memory( device, memory );
    gpu_free_memory( device, copy );
}

void test_paging( struct gpu_device *device, const struct gpu_adapter *adapter )
{
    test_ranges( device, adapter );
    test_large( device, adapter );
    test_import_and_map( device, adapter );
    test_lists( device, adapter );
    test_pagers( device, adapter );
}
