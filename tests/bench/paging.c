/*
 * bench: content that moves to system memory and back
 *
 * The budget is filled until there is room for one set of allocations but not for two. Creating an empty set of the same shape
 * pages the first one out; locking it, or making it resident, once the other is gone, pages it in. That is how it goes while
 * memory stays short: GPU memory and system memory change hands and are not had from the system anew, so the peer is a copy
 * between memory that is there. In the figures called "fresh" all that was free is given back before each step, and the peer gets
 * memory too. Where the CPU does not reach the memory, the set is created "not zeroed": whatever is in it is content.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#include "bench.h"

struct set
{
    D3DKMT_HANDLE   *handles, *others;
    unsigned int     count;
    uint64_t         size;
    bool             lock;          /* a lock brings it back; else MakeResident */
    enum raw_direction direction;   /* what is measured */
    struct raw_copy *copy;
    bool             fresh;         /* nothing that is free is kept; the peer gets memory too */
};

/* How long what is free may be kept: vidmm.h, system_memory.c have 200. */
#define KEPT_MS  300

/* Seconds for the whole set: small ones go no further than the need. */
static double page_out( const struct set *set, unsigned int *evicted )
{
    double start, end;

    if (set->fresh) platform_sleep( KEPT_MS );
    start = platform_seconds();
    bench_create( set->others, set->count, set->size, 0 );
    end = platform_seconds();
    *evicted = bench_count_evicted( set->handles, set->count );
    if (*evicted < (set->count + 1) / 2) stop( "the content was not paged out" );
    bench_destroy( set->others, set->count, set->fresh );
    return (end - start) * set->count / *evicted;
}

static double page_in( const struct set *set, unsigned int evicted )
{
    double start = platform_seconds(), end;

    if (set->lock)
    {
        bench_lock( set->handles[0] );
        end = platform_seconds();
        bench_unlock( set->handles[0] );
        return end - start;
    }
    bench_make_resident( set->handles, set->count );
    end = platform_seconds();
    bench_evict( set->handles, set->count );
    return (end - start) * set->count / evicted;
}

static double sample_paging( void *arg, unsigned int count )
{
    struct set *set = arg;
    double out = 0, in = 0;
    unsigned int evicted;

    for (; count; count--)
    {
        out += page_out( set, &evicted );
        in += page_in( set, evicted );
        if (bench_count_evicted( set->handles, set->count )) stop( "not all of the content was paged in" );
    }
    return set->direction == RAW_OUT ? out : in;
}

static double sample_copy( void *arg, unsigned int count )
{
    struct set *set = arg;
    double start = platform_seconds();

    for (; count; count--) raw_copy_run( set->copy, set->direction, set->fresh );
    return platform_seconds() - start;
}

static void check_content( const struct set *set, unsigned int bytes )
{
    unsigned int i, j;

    if (!(gpu.data.cpu_visible_segments & 1u << gpu.group)) return;
    for (i = 0; i < set->count; i++)
    {
        unsigned char *data = bench_lock( set->handles[i] );

        for (j = 0; j < bytes; j += 509)
            if (data[j] != (unsigned char)(i + j * 7)) stop( "the content of an allocation is wrong after paging" );
        bench_unlock( set->handles[i] );
    }
}

static void measure_set( const char *name, unsigned int count, uint64_t size, bool raw )
{
    bool reach = gpu.data.cpu_visible_segments & 1u << gpu.group, gpu_copies = raw && !raw_cpu_copies();
    struct set set = { .count = count, .size = size, .lock = reach && count == 1 };
    uint64_t bytes = count * size;
    struct subject peer = { raw ? sample_copy : NULL, &set, 64, 0 };
    const char *copy_name = gpu_copies ? "one vkCmdCopyBuffer" : "one memcpy";
    const char *fresh_name = gpu_copies ? "vkAllocateMemory + vkCmdCopyBuffer" : "memcpy to fresh memory";
    struct filler filler;
    unsigned int i, j;

    if (bytes * 2 > bench_budget())
    {
        note( "paging/%s: the budget is too small", name );
        return;
    }
    bench_fill( &filler, bytes + bytes / 16 );
    if (!(set.handles = malloc( 2 * count * sizeof(*set.handles) ))) stop( "no memory" );
    set.others = set.handles + count;
    bench_create( set.handles, count, size, reach ? CPU_REACHES_IT : NOT_ZEROED );
    for (i = 0; reach && i < count; i++)
    {
        unsigned char *data = bench_lock( set.handles[i] );

        for (j = 0; j < size; j++) data[j] = i + j * 7;
        bench_unlock( set.handles[i] );
    }
    if (raw) set.copy = raw_copy_create( bytes );
    for (set.fresh = false; ; set.fresh = true)
    {
        const char *suffix = set.fresh ? "-fresh" : "", *peer_name = set.fresh ? fresh_name : copy_name;
        double target = set.fresh ? 0 : 1 / 0.9;
        struct subject ours = { sample_paging, &set, set.fresh ? 1 : 64, 0 };

        set.direction = RAW_OUT;
        set_target( measure( &ours, &peer, "ms", "creating what pages it out", peer_name, "page-out/%s%s", name, suffix ), 0, target );
        set.direction = RAW_IN;
        set_target( measure( &ours, &peer, "ms", set.lock ? "a lock that brings it back" : "MakeResident, and its fence", peer_name,
                             "page-in/%s%s", name, suffix ), 0, target );
        if (set.fresh || !raw) break;
    }
    check_content( &set, size );
    if (raw) raw_copy_destroy( set.copy );
    bench_destroy( set.handles, count, true );
    free( set.handles );
    bench_drop_filler( &filler );
}

void part_paging( void )
{
    const char *why;
    bool raw = raw_open( &why );

    if (!raw) note( "page-out and page-in have no peer: %s", why );
    else if (settings.gpu_copies && raw_cpu_reaches())
        note( "only the raw copies are the GPU's: winekmt's are the CPU's here (see tests/bench/run discrete)" );
    if (settings.tiny)
    {
        measure_set( "4M", 1, MIB( 4 ), raw );
        measure_set( "256x64K", 256, KIB( 64 ), raw );
    }
    else
    {
        measure_set( "64M", 1, MIB( 64 ), raw );
        measure_set( "256M", 1, MIB( 256 ), raw );
        measure_set( "1024x64K", 1024, KIB( 64 ), raw );
    }
    if (raw) raw_close();
}
