/*
 * bench: what differs between two reports
 *
 * Compared is the ratio to the peer, which the machine's mood hardly touches, or the cost where there is no peer. A
 * difference counts when it is larger than the noise of both together: twice the spread of the samples, taken from their quartiles so
 * that a few disturbed ones do not hide it, and at least 5 %, or for costs without a peer 10 %.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <math.h>
#include <string.h>
#include "bench.h"

/* Quartiles of a normal distribution lie 1.349 standard deviations apart. */
static double deviation( const struct spread *spread )
{
    return (spread->upper - spread->lower) / 1.349;
}

static const struct figure *find( const struct result *result, const char *name )
{
    unsigned int i;

    for (i = 0; i < result->count; i++)
        if (!strcmp( result->figures[i].name, name )) return &result->figures[i];
    return NULL;
}

static void put_value( double value, bool ratio, const char *unit )
{
    char text[32];

    if (ratio) snprintf( text, sizeof(text), "%.3f x", value );
    else value_text( value, unit, text );
    printf( " %11s", text );
}

unsigned int compare( const struct result *before, const struct result *after )
{
    unsigned int i, slower = 0, faster = 0, same = 0;

    if (strcmp( before->platform, after->platform ) || strcmp( before->machine.gpu, after->machine.gpu ) ||
        strcmp( before->machine.cpu, after->machine.cpu ))
        printf( "these are reports of different machines: %s, %s, %s and %s, %s, %s\n", before->platform, before->machine.cpu,
                before->machine.gpu, after->platform, after->machine.cpu, after->machine.gpu );
    printf( "%-28s %11s %11s %9s %9s\n", "", "before", "after", "change", "noise" );
    for (i = 0; i < after->count; i++)
    {
        const struct figure *new = &after->figures[i], *old = find( before, new->name );
        struct spread a, b;
        double noise, change, least;
        bool ratio;

        if (!old)
        {
            printf( "%-28s is new\n", new->name );
            continue;
        }
        ratio = old->peer[0] && new->peer[0];
        a = ratio ? spread_of_ratios( old ) : spread_of( old->ours, old->rounds );
        b = ratio ? spread_of_ratios( new ) : spread_of( new->ours, new->rounds );
        least = (ratio ? 0.05 : 0.1) * a.median;
        noise = 2 * sqrt( deviation( &a ) * deviation( &a ) + deviation( &b ) * deviation( &b ) );
        if (noise < least) noise = least;
        change = b.median - a.median;
        if (fabs( change ) <= noise)
        {
            same++;
            continue;
        }
        printf( "%-28s", new->name );
        put_value( a.median, ratio, new->unit );
        put_value( b.median, ratio, new->unit );
        printf( " %+8.1f%% %8.1f%%  %s\n", change / a.median * 100, noise / a.median * 100, change > 0 ? "SLOWER" : "faster" );
        if (change > 0) slower++;
        else faster++;
    }
    for (i = 0; i < before->count; i++)
        if (!find( after, before->figures[i].name )) printf( "%-28s is gone\n", before->figures[i].name );
    printf( "%u slower, %u faster, %u the same within the noise\n", slower, faster, same );
    return slower;
}
