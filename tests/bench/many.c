/*
 * bench: a million allocations: what choosing victims costs, and how much memory the bookkeeping takes
 *
 * The peer of a figure here is the same thing among a thousand: a choice that looks at no more objects than it takes costs the
 * same, but for the cache misses of a larger working set.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include "bench.h"

#define FEW      1000u
#define VICTIMS  512u               /* that a sample takes */

static D3DKMT_HANDLE *handles;
static unsigned int many;           /* allocations of 4 KiB that the budget has room for, a million at most */

/* Discarding of what is offered, by TrimProcessCommitment, which takes what pressure would take in the same order. */
static double sample_discards( void *arg, unsigned int count )
{
    unsigned int live = *(unsigned int *)arg;
    double seconds = 0, start;

    for (; count; count--)
    {
        bench_create( handles, live, KIB( 4 ), 0 );
        bench_offer( handles, live, true );
        start = platform_seconds();
        if (bench_trim( VICTIMS * KIB( 4 ) ) != VICTIMS * KIB( 4 )) stop( "offered memory was not given up" );
        seconds += platform_seconds() - start;
        bench_destroy( handles, live, true );
    }
    return seconds;
}

/* Eviction: everything else of the budget is held, and a large one is created. */
static double sample_evictions( void *arg, unsigned int count )
{
    unsigned int live = *(unsigned int *)arg, before, evicted;
    double seconds = 0, start;

    for (; count; count--)
    {
        struct filler filler;
        D3DKMT_HANDLE large;

        bench_create( handles, live, KIB( 4 ), 0 );
        bench_fill( &filler, 0 );
        before = bench_count_evicted( handles, live );
        start = platform_seconds();
        bench_create( &large, 1, VICTIMS * KIB( 4 ), 0 );
        start = platform_seconds() - start;
        /* Blocks go as a whole, and those of a large crowd are large. */
        if ((evicted = bench_count_evicted( handles, live ) - before)) seconds += start / evicted * VICTIMS;
        else stop( "nothing was evicted" );
        bench_destroy( &large, 1, true );
        bench_destroy( handles, live, true );
        bench_drop_filler( &filler );
    }
    return seconds;
}

/* The bytes that the process has more of with so many allocations, for each. */
static void measure_bytes( void )
{
    uint64_t malloc_before = platform_malloc_bytes(), private_before = platform_private_bytes();
    struct figure *figure;

    if (!is_any_wanted( "bytes/" )) return;
    bench_create( handles, many, KIB( 4 ), 0 );
    if (malloc_before)
    {
        figure = add_named_figure( "bytes/malloc" );
        snprintf( figure->what, sizeof(figure->what), "bytes of malloc for each of %u live allocations", many );
        snprintf( figure->unit, sizeof(figure->unit), "bytes" );
        figure->ours[figure->rounds++] = (double)(platform_malloc_bytes() - malloc_before) / many;
        if (many >= 100000) set_target( figure, 192, 0 );
    }
    if (private_before)
    {
        figure = add_named_figure( "bytes/private" );
        snprintf( figure->what, sizeof(figure->what), "private memory of the process for each of %u live allocations", many );
        snprintf( figure->unit, sizeof(figure->unit), "bytes" );
        figure->ours[figure->rounds++] = (double)(platform_private_bytes() - private_before) / many;
        if (many >= 100000) set_target( figure, 192, 0 );
    }
    bench_destroy( handles, many, true );
}

void part_many( void )
{
    unsigned int few = FEW, i;

    many = many_allocations();
    if (!settings.tiny && many < 1000000) note( "victims, bytes: there is room for %u allocations only, in place of a million", many );
    if (!(handles = malloc( many * sizeof(*handles) ))) stop( "no memory" );
    for (i = 0; i < many; i++) handles[i] = i;      /* its pages are there from now on */
    measure_bytes();
    if (is_any_wanted( "victims/" ))
    {
        measure( &(struct subject){ sample_discards, &many, 1, VICTIMS }, &(struct subject){ sample_discards, &few, 1, VICTIMS }, "ns",
                 "choosing and discarding one of a million that are offered", "the same of a thousand", "victims/discard" );
        measure( &(struct subject){ sample_evictions, &many, 1, VICTIMS }, &(struct subject){ sample_evictions, &few, 1, VICTIMS }, "ns",
                 "choosing and evicting one of a million, never written", "the same of a thousand", "victims/evict" );
    }
    free( handles );
}
