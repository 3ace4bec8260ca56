/*
 * How long engines worked: what is told never goes back, whatever Linux forgets, or does not tell for once
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <sys/resource.h>

#include "unit.h"
#include "sensor_tree.h"

static struct kmt_gpu *gpu;

/* A process that started then, with one DRM file. engines NULL: it is closed. */
static void write_process( const char *pid, unsigned int start, unsigned int client, const char *engines )
{
    const struct gpu_adapter *info = &gpu->info;
    char name[64], text[512];

    snprintf( name, sizeof(name), "proc/%s/stat", pid );
    snprintf( text, sizeof(text), "100 (a ) name\n) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %u 20 21\n", start );
    ok( sensor_tree_write( name, text ), "%s cannot be written\n", name );
    snprintf( name, sizeof(name), "proc/%s/fdinfo/3", pid );
    snprintf( text, sizeof(text), "drm-client-id:\t%u\ndrm-pdev:\t%04x:%02x:%02x.%x\n%s", client, info->pci_domain, info->pci_bus,
              info->pci_device, info->pci_function, engines ? engines : "" );
    ok( sensor_tree_write( name, text ), "%s cannot be written\n", name );
    if (!engines) ok( sensor_tree_write( name, NULL ), "%s is left\n", name );
}

static uint64_t engine_time( int pid, enum engine_class class )
{
    uint64_t times[ENGINE_CLASSES];

    get_engine_times( gpu, pid, times );
    return times[class];
}

static void check_time_( int line, int pid, enum engine_class class, uint64_t expected )
{
    uint64_t ns = engine_time( pid, class );

    ok_( __FILE__, line )( ns == expected, "process %d: class %u worked %llu ns, expected %llu\n", pid, class, (unsigned long long)ns,
                           (unsigned long long)expected );
}
#define check_time( pid, class, expected ) check_time_( __LINE__, pid, class, expected )

static void no_descriptors( bool none )
{
    static struct rlimit old;
    struct rlimit limit;

    if (none) getrlimit( RLIMIT_NOFILE, &old );
    limit = old;
    if (none) limit.rlim_cur = 0;
    setrlimit( RLIMIT_NOFILE, &limit );
}

static void test_process( void )
{
    check_time( 100, ENGINE_COMPUTE, 0 );       /* no such process */
    write_process( "100", 5, 7, "drm-engine-compute:\t7000 ns\n" );
    check_time( 100, ENGINE_COMPUTE, 7000 );
    /* a file that is closed was used all the same, and what a new one tells is more */
    write_process( "100", 5, 7, NULL );
    check_time( 100, ENGINE_COMPUTE, 7000 );
    write_process( "100", 5, 8, "drm-engine-compute:\t500 ns\n" );
    check_time( 100, ENGINE_COMPUTE, 7500 );
    /* another process' times are its own */
    write_process( "self", 1, 9, "drm-engine-compute:\t11 ns\n" );
    check_time( 0, ENGINE_COMPUTE, 11 );
    check_time( 100, ENGINE_COMPUTE, 7500 );
    /* so are those of one that has the number of one that ended; what was known of that is not told again */
    write_process( "100", 6, 10, "drm-engine-compute:\t200 ns\n" );
    check_time( 100, ENGINE_COMPUTE, 200 );
    write_process( "100", 6, 10, NULL );
    check_time( 100, ENGINE_COMPUTE, 200 );
}

/* What cannot be read is not 0. */
static void test_failure( void )
{
    write_process( "200", 5, 7, "drm-engine-gfx:\t1000 ns\n" );
    check_time( 200, ENGINE_GRAPHICS, 1000 );
    check_time( -1, ENGINE_GRAPHICS, 1000 );
    usleep( 110000 );
    no_descriptors( true );
    check_time( 200, ENGINE_GRAPHICS, 1000 );
    check_time( -1, ENGINE_GRAPHICS, 1000 );
    no_descriptors( false );
    usleep( 110000 );
    write_process( "200", 5, 7, "drm-engine-gfx:\t1300 ns\n" );
    check_time( 200, ENGINE_GRAPHICS, 1300 );
    check_time( -1, ENGINE_GRAPHICS, 1300 );
    /* all processes are not looked at too often */
    write_process( "200", 5, 7, "drm-engine-gfx:\t1400 ns\n" );
    check_time( 200, ENGINE_GRAPHICS, 1400 );
    check_time( -1, ENGINE_GRAPHICS, 1300 );
}

static void write_cycles( uint64_t cycles, uint64_t total )
{
    char text[128];

    snprintf( text, sizeof(text), "drm-cycles-rcs:\t%llu\ndrm-total-cycles-rcs:\t%llu\n", (unsigned long long)cycles, (unsigned long long)total );
    write_process( "300", 5, 7, text );
}

/* Intel's xe: a quarter of the cycles is a quarter of the time that passes between the two readings. */
static void test_cycles( void )
{
    uint64_t before, begin, end, ns, after;

    write_process( "300", 5, 6, "" );
    check_time( 300, ENGINE_GRAPHICS, 0 );
    write_cycles( 1000000, 50000000 );
    before = os_time_ns();
    check_time( 300, ENGINE_GRAPHICS, 0 );      /* how long these took nobody knows */
    begin = os_time_ns();
    usleep( 20000 );
    write_cycles( 1100000, 50400000 );
    end = os_time_ns();
    ns = engine_time( 300, ENGINE_GRAPHICS );
    after = os_time_ns();
    ok( ns >= (end - begin) / 4 && ns <= (after - before) / 4, "%llu ns of %llu to %llu\n", (unsigned long long)ns,
        (unsigned long long)(end - begin), (unsigned long long)(after - before) );
    check_time( 300, ENGINE_GRAPHICS, ns );     /* the GPU's clock stands still */
    write_cycles( 1100000, 60000000 );          /* it did nothing */
    check_time( 300, ENGINE_GRAPHICS, ns );
    write_process( "300", 5, 7, NULL );
    check_time( 300, ENGINE_GRAPHICS, ns );
    write_cycles( 40, 1000 );                   /* the clock began anew */
    check_time( 300, ENGINE_GRAPHICS, ns );
    write_cycles( UINT64_MAX - 1, 1001 );       /* nonsense */
    check_time( 300, ENGINE_GRAPHICS, UINT64_MAX );
}

/* There is room for as many as a ledger has; who was not asked about for the longest time is forgotten. */
static void test_many( void )
{
    unsigned int i;
    char pid[16];

    write_process( "1", 5, 1, "drm-engine-dma:\t10 ns\n" );
    write_process( "2", 5, 2, "drm-engine-dma:\t20 ns\n" );
    check_time( 1, ENGINE_COPY, 10 );
    check_time( 2, ENGINE_COPY, 20 );
    write_process( "1", 5, 1, NULL );
    write_process( "2", 5, 2, NULL );
    for (i = 0; i < MAX_ENGINE_ACCOUNTS - 1; i++)
    {
        snprintf( pid, sizeof(pid), "%u", 1000 + i );
        write_process( pid, 5, 100 + i, "drm-engine-dma:\t30 ns\n" );
        check_time( 1000 + i, ENGINE_COPY, 30 );
        if (!i) check_time( 1, ENGINE_COPY, 10 );
    }
    check_time( 1, ENGINE_COPY, 10 );
    check_time( 2, ENGINE_COPY, 0 );
}

static uint64_t node_time( unsigned int node )
{
    D3DKMT_QUERYSTATISTICS query = { .Type = D3DKMT_QUERYSTATISTICS_NODE };

    query.AdapterLuid = gpu->luid;
    query.QueryNode.NodeId = node;
    ok_status( kmt_QueryStatistics( &query ), STATUS_SUCCESS );
    return query.QueryResult.NodeInformation.GlobalInformation.RunningTime.QuadPart;
}

/* DRM counts by kind, in nanoseconds: the first node of a kind tells it. Sums end where 64 bits do. */
static void test_nodes( void )
{
    unsigned int i;

    write_process( "100", 1, 7, "drm-engine-compute:\t70000 ns\n" );
    for (i = 0; i < gpu->info.node_count; i++)
        ok( node_time( i ) == (i == 1 ? 700 : 0), "node %u: %llu\n", i, (unsigned long long)node_time( i ) );

    kmt_lock();
    memset( gpu->engines, 0, sizeof(gpu->engines) );
    gpu->engines[0].pid = -1;
    gpu->engines[0].began = 1;
    gpu->engines[0].sum[ENGINE_COMPUTE] = UINT64_MAX - 69999;
    kmt_unlock();
    ok( node_time( 1 ) == UINT64_MAX / 100, "%llu\n", (unsigned long long)node_time( 1 ) );
}

START_TEST(engines)
{
    static void (*const tests[])( void ) = { test_process, test_failure, test_cycles, test_many, test_nodes };
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    if (!sensor_tree_create()) abort();
    fake_gpu_default( &adapter, 0 );
    adapter.nodes[adapter.node_count++] = GPU_NODE_COMPUTE;
    for (i = 0; i < ARRAY_SIZE( tests ); i++)
    {
        unit_start( &unit, &adapter, 0 );
        gpu = unit.vidmm->gpu;
        tests[i]();
        unit_finish( &unit );
        ok( sensor_tree_remove( "proc" ), "proc is left\n" );
    }
    unsetenv( "WINEKMT_SENSORS_ROOT" );
    ok( sensor_tree_remove( "" ), "the folder is left\n" );
}
