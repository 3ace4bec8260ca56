/*
 * kmtdemo: what happened, over time
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include "kmtdemo.h"

void timeline_start( struct timeline *timeline )
{
    timeline->start = platform_seconds();
}

void timeline_add( struct timeline *timeline, struct sample sample )
{
    if (timeline->count == timeline->capacity)
    {
        timeline->capacity = timeline->capacity ? timeline->capacity * 2 : 256;
        timeline->samples = realloc( timeline->samples, timeline->capacity * sizeof(*timeline->samples) );
        if (!timeline->samples) stop( EXIT_CANNOT, "out of memory" );
    }
    sample.time = platform_seconds() - timeline->start;
    timeline->samples[timeline->count++] = sample;
}

void timeline_begin_phase( struct timeline *timeline, const char *name, const char *what )
{
    timeline->phases[timeline->phase_count++] = (struct phase){ name, platform_seconds() - timeline->start };
    platform_color( COLOR_BOLD );
    printf( "  %u  %-10s", timeline->phase_count, name );
    platform_color( COLOR_NORMAL );
    printf( " %-43s", what );
    fflush( stdout );
    line_open = TRUE;
}

void timeline_end_phase( struct timeline *timeline, UINT64 bytes )
{
    timeline->end = platform_seconds() - timeline->start;
    printf( " %10s %5.1f s\n", size_text( bytes ), timeline->end - timeline->phases[timeline->phase_count - 1].start );
    fflush( stdout );
    line_open = FALSE;
}

const struct sample *timeline_at( const struct timeline *timeline, double time )
{
    unsigned int low = 0, high = timeline->count;

    while (high - low > 1)
    {
        unsigned int middle = (low + high) / 2;

        if (timeline->samples[middle].time <= time) low = middle;
        else high = middle;
    }
    return &timeline->samples[low];
}

UINT64 timeline_maximum( const struct timeline *timeline )
{
    UINT64 maximum = timeline->budget;
    unsigned int i, layer;

    for (i = 0; i < timeline->count; i++)
    {
        UINT64 sum = 0;

        for (layer = 0; layer < timeline->layer_count; layer++) sum += timeline->samples[i].layers[layer];
        if (sum > maximum) maximum = sum;
    }
    return maximum;
}
