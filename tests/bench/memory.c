/*
 * bench: creating and destroying, discarding and getting memory again
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>
#include "bench.h"

struct size
{
    uint64_t bytes;
    bool     now;           /* memory is given back at once: nothing is kept for the next one */
};

static double sample_create( void *arg, unsigned int count )
{
    struct size *size = arg;
    double start = platform_seconds();
    D3DKMT_HANDLE handle;

    for (; count; count--)
    {
        bench_create( &handle, 1, size->bytes, 0 );
        bench_destroy( &handle, 1, size->now );
    }
    return platform_seconds() - start;
}

static double sample_raw( void *arg, unsigned int count )
{
    struct size *size = arg;
    double start = platform_seconds();
    struct raw_memory *memory;

    for (; count; count--)
    {
        if (!(memory = raw_allocate( size->bytes ))) stop( "vkAllocateMemory failed" );
        raw_free( memory );
    }
    return platform_seconds() - start;
}

/* The same where every page is written to in between: then freeing gives pages back, and costs. */
static double sample_raw_written( void *arg, unsigned int count )
{
    struct size *size = arg;
    struct raw_memory *memory;
    double seconds = 0, start;

    for (; count; count--)
    {
        start = platform_seconds();
        if (!(memory = raw_allocate( size->bytes ))) stop( "vkAllocateMemory failed" );
        seconds += platform_seconds() - start;
        memset( raw_map( memory ), 1, size->bytes );
        start = platform_seconds();
        raw_free( memory );
        seconds += platform_seconds() - start;
    }
    return seconds;
}

/* Two that do not fit together: reclaiming one takes the memory of the other, which is offered just before. */
struct pair
{
    D3DKMT_HANDLE handles[2];
    unsigned int  present;  /* which has memory */
};

static double sample_discard( void *arg, unsigned int count )
{
    struct pair *pair = arg;
    double start = platform_seconds();

    for (; count; count--)
    {
        bench_offer( &pair->handles[pair->present], 1, false );
        pair->present = !pair->present;
        if (bench_reclaim( &pair->handles[pair->present], 1 ) != 1) stop( "an offered allocation kept its memory" );
    }
    return platform_seconds() - start;
}

/* The same with content: each is written to as soon as it is there, as anything that gets memory will be. A lock zeroes all of it. */
static double sample_discard_written( void *arg, unsigned int count )
{
    struct pair *pair = arg;
    double seconds = 0;

    for (; count; count--)
    {
        seconds += sample_discard( arg, 1 );
        memset( bench_lock( pair->handles[pair->present] ), 1, KIB( 4 ) );
        bench_unlock( pair->handles[pair->present] );
    }
    return seconds;
}

static void measure_discard( uint64_t size, bool raw )
{
    struct size raw_size = { size, true };
    struct subject none = { 0 }, peer = { sample_raw, &raw_size, 4096, 0 }, written = { sample_raw_written, &raw_size, 256, 0 };
    struct pair pair = { .present = 0 };
    struct filler filler;
    bool reach = gpu.data.cpu_visible_segments & 1u << gpu.group;

    bench_fill( &filler, size + size / 2 );
    bench_create( &pair.handles[0], 1, size, reach ? CPU_REACHES_IT : 0 );
    bench_offer( &pair.handles[0], 1, false );
    bench_create( &pair.handles[1], 1, size, reach ? CPU_REACHES_IT : 0 );
    pair.present = 1;
    set_target( measure( &(struct subject){ sample_discard, &pair, 4096, 0 }, raw ? &peer : &none, "us",
                         "offer, and a reclaim that takes the memory of another", "vkFreeMemory + vkAllocateMemory", "discard/64M" ), 0, 1.1 );
    if (reach)
        set_target( measure( &(struct subject){ sample_discard_written, &pair, 256, 0 }, raw ? &written : &none, "us",
                             "the same, each written to in between", "vkFreeMemory + vkAllocateMemory, of pages that were written to",
                             "discard/64M-written" ), 0, 1.1 );
    bench_destroy( pair.handles, 2, true );
    bench_drop_filler( &filler );
}

void part_create( void )
{
    static const struct { uint64_t size; const char *name; } sizes[] =
    {
        { KIB( 4 ), "4K" }, { KIB( 16 ), "16K" }, { KIB( 64 ), "64K" }, { KIB( 256 ), "256K" }, { MIB( 1 ), "1M" }, { MIB( 4 ), "4M" },
        { MIB( 16 ), "16M" }, { MIB( 64 ), "64M" }, { MIB( 256 ), "256M" },
    };
    const char *why, *peer_name = "vkAllocateMemory + vkFreeMemory";
    bool raw = raw_open( &why );
    unsigned int i, count = ARRAY_COUNT( sizes );

    if (!raw) note( "create and discard have no peer: %s", why );
    if (settings.tiny) count = 5;
    /* In rising order: malloc, which is lavapipe's memory, keeps pieces as large as it has freed before. */
    for (i = 0; i < count; i++)
    {
        struct size size = { sizes[i].size, true };
        struct subject peer = { raw ? sample_raw : NULL, &size, 1u << 16, 0 };

        if (sizes[i].size < MIB( 1 ) || sizes[i].size > bench_budget() / 2) continue;
        measure( &(struct subject){ sample_create, &size, 1u << 16, 0 }, &peer, "ns", "create and destroy, memory freed at once", peer_name,
                 "create-now/%s", sizes[i].name );
    }
    for (i = 0; i < count; i++)
    {
        struct size size = { sizes[i].size, false };
        struct subject peer = { raw ? sample_raw : NULL, &size, 1u << 16, 0 };

        if (sizes[i].size > bench_budget() / 2) continue;
        set_target( measure( &(struct subject){ sample_create, &size, 1u << 20, 0 }, &peer, "ns", "create and destroy, memory kept for a moment",
                             peer_name, "create/%s", sizes[i].name ), sizes[i].size == KIB( 64 ) ? 200 : 0, 0 );
    }
    measure_discard( settings.tiny ? MIB( 4 ) : MIB( 64 ), raw );
    if (raw) raw_close();
}
