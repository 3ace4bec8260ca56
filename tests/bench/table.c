/*
 * bench: a report as a table
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>
#include "bench.h"

/* The part of a name before the slash. */
static int group_length( const char *name )
{
    return strcspn( name, "/" );
}

static void put_row( FILE *file, const struct figure *figure )
{
    static const char *const verdicts[] = { "", "met", "MISSED" };
    struct spread ours = spread_of( figure->ours, figure->rounds ), theirs = spread_of( figure->theirs, figure->rounds ),
                  ratio = spread_of_ratios( figure );
    char cost[32], peer[32] = "", ratios[48] = "", target[32];

    value_text( ours.median, figure->unit, cost );
    if (figure->peer[0])
    {
        value_text( theirs.median, figure->unit, peer );
        snprintf( ratios, sizeof(ratios), "%7.2f %7.2f %7.2f", ratio.minimum, ratio.median, ratio.maximum );
    }
    fprintf( file, "  %-26s %11s  %11s  %23s  %9s %s\n", figure->name, cost, peer, ratios, target_text( figure, target, sizeof(target) ),
             verdicts[verdict_of( figure )] );
}

void table_write( FILE *file, const struct result *result )
{
    unsigned int i, met = 0, missed = 0;
    const char *peer = "";

    fprintf( file, "winekmt benchmarks: %s\n", result->platform );
    fprintf( file, "  %s; %s\n  %s%s%s\n  built with %s; load %s before, %s after\n", result->machine.cpu, result->machine.system,
             result->machine.gpu, result->machine.driver[0] ? "; " : "", result->machine.driver, result->machine.compiler,
             result->machine.load[0] ? result->machine.load : "unknown", result->load_after[0] ? result->load_after : "unknown" );
    fprintf( file, "\n  %-26s %11s  %11s  %23s  %9s\n", "", "median", "peer", "ratio: min  median    max", "target" );
    for (i = 0; i < result->count; i++)
    {
        const struct figure *figure = &result->figures[i];

        if (!i || group_length( figure->name ) != group_length( figure[-1].name ) ||
            strncmp( figure->name, figure[-1].name, group_length( figure->name ) ) || strcmp( figure->peer, peer ))
        {
            peer = figure->peer;
            fprintf( file, "\n  %.*s%s%s\n", group_length( figure->name ), figure->name, peer[0] ? ", against: " : "", peer );
        }
        put_row( file, figure );
        met += verdict_of( figure ) == VERDICT_MET;
        missed += verdict_of( figure ) == VERDICT_MISSED;
    }
    fprintf( file, "\n  %u figures; of those with a target %u met it, %u missed it\n", result->count, met, missed );
    for (i = 0; i < result->note_count; i++) fprintf( file, "  note: %s\n", result->notes[i] );
}
