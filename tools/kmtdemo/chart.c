/*
 * kmtdemo: the chart in the terminal
 *
 * A stack of areas over time, 80 columns wide, with the budget as a line of its own between two rows, so that
 * what lies above it is seen to be above it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>
#include "kmtdemo.h"

#define COLUMNS         66
#define MARGIN          12          /* columns left of the plot */

static const struct
{
    const char *utf8, *ascii;
    enum color  color;
}
looks[LOOK_COUNT] =
{
    [LOOK_USED] = { "\u2588", "#", COLOR_USED },
    [LOOK_SECOND] = { "\u2593", "%", COLOR_SECOND },
    [LOOK_OFFERED] = { "\u2592", "+", COLOR_OFFERED },
    [LOOK_DISCARDED] = { "\u2591", ".", COLOR_DISCARDED },
    [LOOK_EVICTED] = { "\u2591", ":", COLOR_EVICTED },
};

static void put_cell( enum look look )
{
    fputs( use_utf8 ? looks[look].utf8 : looks[look].ascii, stdout );
}

static double column_time( const struct timeline *timeline, unsigned int column )
{
    return timeline->end * (column + 0.5) / COLUMNS;
}

/* LOOK_COUNT: nothing */
static enum look look_at( const struct timeline *timeline, const struct sample *sample, UINT64 height )
{
    unsigned int layer;

    for (layer = 0; layer < timeline->layer_count; layer++)
    {
        if (height < sample->layers[layer]) return timeline->layers[layer].look;
        height -= sample->layers[layer];
    }
    return LOOK_COUNT;
}

/* A row of the plot: what lies at that height. */
static void print_row( const struct timeline *timeline, UINT64 height, const char *label )
{
    enum look look, last = LOOK_COUNT, row[COLUMNS];
    unsigned int column, end = 0;

    printf( "%*s %s", MARGIN - 2, label, use_utf8 ? *label ? "\u2524" : "\u2502" : "|" );
    for (column = 0; column < COLUMNS; column++)
    {
        row[column] = look_at( timeline, timeline_at( timeline, column_time( timeline, column ) ), height );
        if (row[column] != LOOK_COUNT) end = column + 1;
    }
    for (column = 0; column < end; column++)
    {
        look = row[column];
        if (look != last) platform_color( look == LOOK_COUNT ? COLOR_NORMAL : looks[look].color );
        if (look == LOOK_COUNT) printf( " " );
        else put_cell( look );
        last = look;
    }
    platform_color( COLOR_NORMAL );
    printf( "\n" );
}

static void print_budget( const struct timeline *timeline )
{
    unsigned int column, count = COLUMNS - 1 - strlen( timeline->budget_name );

    printf( "%*s %s", MARGIN - 2, size_text( timeline->budget ), use_utf8 ? "\u253c" : "+" );
    platform_color( COLOR_BOLD );
    for (column = 0; column < count; column++) fputs( use_utf8 ? "\u254c" : "-", stdout );
    printf( " %s", timeline->budget_name );
    platform_color( COLOR_NORMAL );
    printf( "\n" );
}

/* The time axis: where the phases begin, by number. */
static void print_axis( const struct timeline *timeline )
{
    unsigned int column, phase = 0;

    printf( "%*s %s", MARGIN - 2, "0", use_utf8 ? "\u2514" : "+" );
    for (column = 0; column < COLUMNS; column++)
    {
        if (phase < timeline->phase_count && timeline->phases[phase].start <= column_time( timeline, column ))
            printf( "%u", ++phase );
        else fputs( use_utf8 ? "\u2500" : "-", stdout );
    }
    printf( "\n%*s0 s%*.1f s\n", MARGIN, "", COLUMNS - 5, timeline->end );
}

void chart_print( const struct timeline *timeline )
{
    UINT64 step = timeline->budget / timeline->rows, maximum = timeline_maximum( timeline );
    unsigned int row = (maximum - timeline->budget + step / 2) / step, layer, column = MARGIN;

    printf( "\n%*s", MARGIN - 1, "" );
    for (layer = 0; layer < timeline->layer_count; layer++)
    {
        const char *name = timeline->layers[layer].name;

        column += 6 + strlen( name );
        if (column > MARGIN + COLUMNS + 2)
        {
            printf( "\n%*s", MARGIN - 1, "" );
            column = MARGIN + 6 + strlen( name );
        }
        platform_color( looks[timeline->layers[layer].look].color );
        printf( " " );
        put_cell( timeline->layers[layer].look );
        put_cell( timeline->layers[layer].look );
        platform_color( COLOR_NORMAL );
        printf( " %s%s", name, layer + 1 < timeline->layer_count ? "  " : "" );
    }
    printf( "\n\n" );
    for (; row; row--)
        print_row( timeline, timeline->budget + step * (row - 1) + step / 2, "" );
    print_budget( timeline );
    for (row = timeline->rows; row; row--)
        print_row( timeline, step * (row - 1) + step / 2, row == timeline->rows / 2 ? size_text( timeline->budget / 2 ) : "" );
    print_axis( timeline );
}
