/*
 * Tests of the controls of tests/fake_gpu.c; linked with gpu.c, which tests that it is a GPU
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_gpu.h"
#include "gpu_test.h"

#define MB  (1024 * 1024ull)

static struct gpu_device *device;

static struct gpu_memory *allocate( uint32_t type, uint64_t size )
{
    struct gpu_memory *memory = NULL;

    check( !gpu_allocate_memory( device, type, size, &memory ), "type %u", type );
    return memory;
}

static void open_default(void)
{
    struct gpu_adapter adapter;

    fake_gpu_reset();
    fake_gpu_default( &adapter, 0 );
    check( !gpu_open_device( adapter.device_uuid, &device ), "open" );
}

static void close_default(void)
{
    gpu_close_device( device );
    fake_gpu_check_no_leaks();
}

static void test_failures(void)
{
    struct gpu_memory *memory;

    open_default();
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 2, GPU_OUT_OF_HOST_MEMORY, false );
    gpu_free_memory( device, allocate( 0, 4096 ));
    check( gpu_allocate_memory( device, 0, 4096, &memory ) == GPU_OUT_OF_HOST_MEMORY && !memory, "second" );
    gpu_free_memory( device, allocate( 0, 4096 ));
    check( fake_gpu_failures() == 1, "%u", fake_gpu_failures() );

    fake_gpu_fail( FAKE_GPU_CALLS, 2, GPU_OUT_OF_DEVICE_MEMORY, true );
    gpu_free_memory( device, allocate( 0, 4096 ));     /* freeing cannot fail and does not count */
    check( gpu_allocate_memory( device, 0, 4096, &memory ) == GPU_OUT_OF_DEVICE_MEMORY, "persistent" );
    check( gpu_allocate_memory( device, 0, 4096, &memory ) == GPU_OUT_OF_DEVICE_MEMORY, "persistent" );
    fake_gpu_fail( FAKE_GPU_CALLS, 0, GPU_SUCCESS, false );

    memory = allocate( 0, 4096 );
    fake_gpu_fail( FAKE_GPU_COPY, 1, GPU_DEVICE_LOST, false );
    check( gpu_copy_memory( device, memory, 0, memory, 2048, 1024 ) == GPU_DEVICE_LOST, "lost" );
    check( gpu_copy_memory( device, memory, 0, memory, 2048, 1024 ) == GPU_DEVICE_LOST, "sticky" );
    gpu_free_memory( device, memory );
    close_default();
    open_default();
    gpu_free_memory( device, allocate( 0, 4096 ));
    fake_gpu_lose( NULL );
    check( gpu_allocate_memory( device, 0, 4096, &memory ) == GPU_DEVICE_LOST, "lost" );
    close_default();
}

static void test_limits(void)
{
    uint64_t budget[GPU_MAX_HEAPS], usage[GPU_MAX_HEAPS];
    struct fake_gpu_stats stats;
    struct gpu_memory *memory, *other;
    unsigned char *bytes;

    open_default();
    fake_gpu_set_capacity( 1, 8 * MB );
    memory = allocate( 1, 5 * MB );
    check( gpu_allocate_memory( device, 1, 4 * MB, &other ) == GPU_OUT_OF_DEVICE_MEMORY, "capacity" );
    fake_gpu_set_capacity( 1, 9 * MB );
    other = allocate( 1, 4 * MB );
    fake_gpu_set_budget( 1, 7 * MB );
    fake_gpu_set_foreign_usage( 1, MB );
    check( gpu_query_budget( device, budget, usage ), "budget" );
    check( budget[1] == 7 * MB && usage[1] == 10 * MB, "%llu %llu", (unsigned long long)budget[1],
           (unsigned long long)usage[1] );
    check( budget[0] == 1024 * MB && !usage[0], "heap 0" );
    fake_gpu_get_stats( &stats );
    check( stats.live_memories == 2 && stats.live_bytes == 9 * MB && stats.heap_bytes[1] == 9 * MB, "stats" );
    bytes = fake_gpu_peek( memory );
    check( bytes[0] == FAKE_GPU_GARBAGE && bytes[5 * MB - 1] == FAKE_GPU_GARBAGE, "%#x", bytes[0] );
    gpu_free_memory( device, memory );
    gpu_free_memory( device, other );
    fake_gpu_get_stats( &stats );
    check( !stats.live_memories && !stats.live_bytes && stats.peak_bytes == 9 * MB, "stats" );
    check( fake_gpu_count_calls( FAKE_GPU_ALLOCATE ) == 3, "%llu",
           (unsigned long long)fake_gpu_count_calls( FAKE_GPU_ALLOCATE ) );
    close_default();
}

static unsigned int hooked;

static void hook( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    struct fake_gpu_stats stats;

    check( arg == &hooked && call == FAKE_GPU_FREE && memory, "hook" );
    fake_gpu_get_stats( &stats );
    check( stats.live_memories == 1, "before the effect" );
    gpu_query_budget( device, (uint64_t[GPU_MAX_HEAPS]){ 0 }, (uint64_t[GPU_MAX_HEAPS]){ 0 } );  /* no lock is held */
    hooked++;
}

static void test_hooks(void)
{
    open_default();
    fake_gpu_set_hook( FAKE_GPU_FREE, hook, &hooked );
    gpu_free_memory( device, allocate( 0, 4096 ));
    fake_gpu_set_hook( FAKE_GPU_FREE, NULL, NULL );
    gpu_free_memory( device, allocate( 0, 4096 ));
    check( hooked == 1, "%u", hooked );
    close_default();
}

static struct { enum fake_gpu_call call; struct gpu_memory *memory; unsigned int count; } paged;

static void paging_hook( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    uint32_t words[4] = { 0 };

    (void)arg;
    paged.call = call;
    paged.memory = memory;
    if (paged.count++) return;
    /* beside a call on other bytes, and a reading one also beside one on the same */
    check( !gpu_write_memory( device, memory, 64, words, 16 ), "inside the hook" );
    check( !gpu_read_memory( device, memory, call == FAKE_GPU_READ ? 0 : 80, words, 16 ), "inside the hook" );
}

static void test_paging_controls(void)
{
    struct gpu_memory *memory;
    struct fake_gpu_stats stats;
    unsigned char *bytes;
    uint32_t words[16];

    open_default();
    memory = allocate( 0, 4096 );
    bytes = fake_gpu_peek( memory );
    fill_pattern( words, 64, 1 );
    fake_gpu_set_hook( FAKE_GPU_WRITE, paging_hook, NULL );
    check( !gpu_write_memory( device, memory, 0, words, 64 ), "write" );
    check( paged.count == 2 && paged.call == FAKE_GPU_WRITE && paged.memory == memory, "%u", paged.count );
    check( has_pattern( bytes, 64, 1 ) && !bytes[64], "written" );
    fake_gpu_set_hook( FAKE_GPU_WRITE, NULL, NULL );
    paged.count = 0;
    fake_gpu_set_hook( FAKE_GPU_READ, paging_hook, NULL );
    memset( words, 0, 64 );
    check( !gpu_read_memory( device, memory, 0, words, 64 ), "read" );
    check( paged.count == 2 && paged.call == FAKE_GPU_READ && paged.memory == memory, "%u", paged.count );
    check( has_pattern( words, 64, 1 ), "read" );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    check( !gpu_read_memory( device, memory, 4096, words, 0 ), "nothing" );
    fake_gpu_get_stats( &stats );
    check( stats.copied_bytes == 2 * (64 + 16 + 16), "%llu", (unsigned long long)stats.copied_bytes );
    check( stats.calls[FAKE_GPU_READ] == 4 && stats.calls[FAKE_GPU_WRITE] == 3, "calls" );

    fake_gpu_fail( FAKE_GPU_READ, 1, GPU_OUT_OF_HOST_MEMORY, false );
    check( gpu_read_memory( device, memory, 0, words, 32 ) == GPU_OUT_OF_HOST_MEMORY, "read" );
    check( words[0] == 0xdbdbdbdb && words[7] == 0xdbdbdbdb && words[8] != 0xdbdbdbdb, "%#x", words[0] );
    check( has_pattern( bytes, 64, 1 ), "the source" );
    fake_gpu_fail( FAKE_GPU_WRITE, 1, GPU_DEVICE_LOST, false );
    check( gpu_write_memory( device, memory, 4, words, 4 ) == GPU_DEVICE_LOST, "write" );
    check( bytes[3] != FAKE_GPU_POISON && bytes[4] == FAKE_GPU_POISON && bytes[7] == FAKE_GPU_POISON, "%#x", bytes[4] );
    check( gpu_read_memory( device, memory, 0, words, 32 ) == GPU_DEVICE_LOST, "sticky" );
    fake_gpu_get_stats( &stats );
    check( stats.copied_bytes == 2 * (64 + 16 + 16), "%llu", (unsigned long long)stats.copied_bytes );
    gpu_free_memory( device, memory );
    close_default();
}

static struct { struct gpu_memory *memories[4]; unsigned int count; } met;

static void listing_hook( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg;
    (void)call;
    if (met.count < 4) met.memories[met.count] = memory;
    met.count++;
}

/* Each of a list is a call, and one result is for all. */
static void test_list_controls(void)
{
    struct gpu_transfer list[3], many[200];
    struct gpu_memory *memories[2];
    struct fake_gpu_stats stats;
    uint32_t words[200], i;
    unsigned char *bytes;

    open_default();
    for (i = 0; i < 2; i++) memories[i] = allocate( 0, 4096 );
    list[0] = (struct gpu_transfer){ memories[1], 0, words, 16 };
    list[1] = (struct gpu_transfer){ memories[0], 4, words + 4, 32 };
    list[2] = (struct gpu_transfer){ memories[1], 16, words + 12, 16 };
    fill_pattern( words, 64, 3 );
    fake_gpu_set_hook( FAKE_GPU_WRITE, listing_hook, NULL );
    check( !gpu_write_memories( device, list, 3 ), "write" );
    check( met.count == 3 && met.memories[0] == memories[1] && met.memories[1] == memories[0] && met.memories[2] == memories[1], "%u",
           met.count );
    memset( words, 0, 64 );
    check( !gpu_read_memories( device, list, 3 ), "read" );
    check( has_pattern( words, 64, 3 ), "read" );
    fake_gpu_get_stats( &stats );
    check( stats.calls[FAKE_GPU_WRITE] == 3 && stats.calls[FAKE_GPU_READ] == 3 && stats.copied_bytes == 128, "stats" );

    fake_gpu_fail( FAKE_GPU_READ, 2, GPU_OUT_OF_HOST_MEMORY, false );
    check( gpu_read_memories( device, list, 3 ) == GPU_OUT_OF_HOST_MEMORY, "read" );
    for (i = 0; i < 16; i++) check( words[i] == 0xdbdbdbdb, "word %u is %#x", i, words[i] );
    fake_gpu_get_stats( &stats );
    check( stats.calls[FAKE_GPU_READ] == 5 && fake_gpu_failures() == 1, "the list went on" );
    fake_gpu_fail( FAKE_GPU_WRITE, 3, GPU_DEVICE_LOST, false );
    check( gpu_write_memories( device, list, 3 ) == GPU_DEVICE_LOST, "write" );
    bytes = fake_gpu_peek( memories[0] );
    check( bytes[3] == FAKE_GPU_GARBAGE && bytes[4] == FAKE_GPU_POISON && bytes[35] == FAKE_GPU_POISON && bytes[36] == FAKE_GPU_GARBAGE,
           "%#x", bytes[4] );
    check( gpu_read_memories( device, list, 1 ) == GPU_DEVICE_LOST, "sticky" );
    for (i = 0; i < 2; i++) gpu_free_memory( device, memories[i] );
    close_default();

    open_default();
    memories[0] = allocate( 0, 4096 );
    for (i = 0; i < 200; i++) many[i] = (struct gpu_transfer){ memories[0], 8 * i, words + i, 4 };
    fill_pattern( words, sizeof(words), 4 );
    check( !gpu_write_memories( device, many, 200 ), "many" );
    memset( words, 0, sizeof(words) );
    check( !gpu_read_memories( device, many, 200 ) && has_pattern( words, sizeof(words), 4 ), "many" );
    gpu_free_memory( device, memories[0] );
    close_default();
}

/* Misuse; each of these must abort. */
static void double_free(void)
{
    struct gpu_memory *memory = allocate( 0, 4096 );

    gpu_free_memory( device, memory );
    gpu_free_memory( device, memory );
}
static void map_twice(void)
{
    struct gpu_memory *memory = allocate( 2, 4096 );
    void *pointer;

    gpu_map_memory( device, memory, &pointer );
    gpu_map_memory( device, memory, &pointer );
}
static void unusable_type(void) { allocate( 4, 4096 ); }
static void unknown_type(void) { allocate( 5, 4096 ); }
static void odd_size(void) { allocate( 0, 4097 ); }
static void no_size(void) { allocate( 0, 0 ); }
static void too_large(void) { allocate( 0, 513 * MB ); }
static void close_early(void) { allocate( 0, 4096 ); gpu_close_device( device ); }
static void copy_outside(void) { gpu_copy_memory( device, allocate( 0, 4096 ), 4, allocate( 0, 4096 ), 0, 4096 ); }
static void copy_unaligned(void) { gpu_copy_memory( device, allocate( 0, 4096 ), 0, allocate( 0, 4096 ), 2, 4 ); }
static void read_outside(void) { gpu_read_memory( device, allocate( 0, 4096 ), 4096, (uint32_t[1]){ 0 }, 4 ); }
static void write_outside(void) { gpu_write_memory( device, allocate( 0, 4096 ), -4ull, (uint32_t[2]){ 0 }, 8 ); }
static void read_unaligned(void) { gpu_read_memory( device, allocate( 0, 4096 ), 2, (uint32_t[1]){ 0 }, 4 ); }
static void write_odd_pointer(void) { gpu_write_memory( device, allocate( 0, 4096 ), 0, (char *)(uint32_t[2]){ 0 } + 1, 4 ); }
static void write_twice(void)
{
    struct gpu_memory *memory = allocate( 0, 4096 );
    uint32_t words[4] = { 0 };

    gpu_write_memories( device, (struct gpu_transfer[]){ { memory, 0, words, 8 }, { memory, 4, words + 2, 8 } }, 2 );
}
static void read_twice(void)
{
    struct gpu_memory *memory = allocate( 0, 4096 );
    uint32_t words[4];

    gpu_read_memories( device, (struct gpu_transfer[]){ { memory, 0, words, 8 }, { memory, 16, words + 1, 8 } }, 2 );
}
static void write_hook( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    if (arg) return;
    fake_gpu_set_hook( call, write_hook, &device );
    gpu_write_memory( device, memory, 12, (uint32_t[1]){ 0 }, 4 );
}
static void overlapping_writes(void)
{
    fake_gpu_set_hook( FAKE_GPU_WRITE, write_hook, NULL );
    gpu_write_memory( device, allocate( 0, 4096 ), 0, (uint32_t[4]){ 0 }, 16 );
}
static void freeing_hook( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg;
    (void)call;
    gpu_free_memory( device, memory );
}
static void free_while_reading(void)
{
    fake_gpu_set_hook( FAKE_GPU_READ, freeing_hook, NULL );
    gpu_read_memory( device, allocate( 0, 4096 ), 0, (uint32_t[4]){ 0 }, 16 );
}
static void leak(void) { allocate( 0, 4096 ); fake_gpu_check_no_leaks(); }
static void free_hook( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg;
    (void)call;
    gpu_map_memory( device, memory, &(void *){ NULL } );
}
static void two_at_once(void)
{
    fake_gpu_set_hook( FAKE_GPU_FREE, free_hook, NULL );
    gpu_free_memory( device, allocate( 2, 4096 ));
}

static void test_misuse(void)
{
    static void (*const functions[])(void) = { double_free, map_twice, unusable_type, unknown_type, odd_size, no_size,
        too_large, close_early, copy_outside, copy_unaligned, leak, two_at_once, read_outside, write_outside, read_unaligned,
        write_odd_pointer, write_twice, read_twice, overlapping_writes, free_while_reading };
    struct rlimit no_core = { 0, 0 };
    unsigned int i;
    int status;

    for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
    {
        pid_t pid;

        open_default();
        if (!(pid = fork()))
        {
            setrlimit( RLIMIT_CORE, &no_core );
            signal( SIGABRT, SIG_DFL );
            close( STDERR_FILENO );
            functions[i]();
            _exit( 0 );
        }
        waitpid( pid, &status, 0 );
        check( WIFSIGNALED( status ) && WTERMSIG( status ) == SIGABRT, "misuse %u: %#x", i, status );
        close_default();
    }
}

void run_all_scenarios(void)
{
    struct gpu_adapter adapters[2];

    test_failures();
    test_limits();
    test_hooks();
    test_paging_controls();
    test_list_controls();
    test_misuse();
    fake_gpu_reset();
    fake_gpu_default( &adapters[0], 0 );
    fake_gpu_unified( &adapters[1], 1 );
    fake_gpu_set_adapters( adapters, 2 );   /* for the tests of gpu.c */
}

int run_scenario( const char *name )
{
    (void)name;
    return 2;
}
