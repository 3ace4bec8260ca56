/*
 * kmtdemo: the chart in the terminal
 *
 * A stack of three areas over time, 80 columns wide, with the budget as a line of its own between two rows, so that
 * what lies above it is seen to be above it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "kmtdemo.h"

#define COLUMNS         66
#define ROWS_OF_BUDGET  12
#define MARGIN          12          /* columns left of the plot */

enum layer { LAYER_NONE, LAYER_USED, LAYER_OFFERED, LAYER_DISCARDED };

static const struct
{
    const char *utf8, *ascii;
    enum color  color;
}
looks[] =
{
    { " ", " ", COLOR_NORMAL },
    { "\u2588", "#", COLOR_USED },
    { "\u2592", "+", COLOR_OFFERED },
    { "\u2591", ".", COLOR_DISCARDED },
};

static void put_cell( enum layer layer )
{
    fputs( use_utf8 ? looks[layer].utf8 : looks[layer].ascii, stdout );
}

static double column_time( const struct record *record, unsigned int column )
{
    return record->end * (column + 0.5) / COLUMNS;
}

static enum layer layer_at( const struct sample *sample, UINT64 height )
{
    if (height < sample->used) return LAYER_USED;
    if (height < sample->used + sample->offered) return LAYER_OFFERED;
    if (height < sample->used + sample->offered + sample->discarded) return LAYER_DISCARDED;
    return LAYER_NONE;
}

/* A row of the plot: what lies at that height. */
static void print_row( const struct record *record, UINT64 height, const char *label )
{
    enum layer layer, last = LAYER_NONE, layers[COLUMNS];
    unsigned int column, end = 0;

    printf( "%*s %s", MARGIN - 2, label, use_utf8 ? *label ? "\u2524" : "\u2502" : "|" );
    for (column = 0; column < COLUMNS; column++)
    {
        layers[column] = layer_at( record_at( record, column_time( record, column ) ), height );
        if (layers[column] != LAYER_NONE) end = column + 1;
    }
    for (column = 0; column < end; column++)
    {
        layer = layers[column];
        if (layer != last) platform_color( looks[layer].color );
        put_cell( layer );
        last = layer;
    }
    platform_color( COLOR_NORMAL );
    printf( "\n" );
}

static void print_budget( const struct record *record )
{
    unsigned int column;

    printf( "%*s %s", MARGIN - 2, size_text( record->budget ), use_utf8 ? "\u253c" : "+" );
    platform_color( COLOR_BOLD );
    for (column = 0; column < COLUMNS - 7; column++) fputs( use_utf8 ? "\u254c" : "-", stdout );
    printf( " budget" );
    platform_color( COLOR_NORMAL );
    printf( "\n" );
}

/* The time axis: where the phases begin, by number. */
static void print_axis( const struct record *record )
{
    unsigned int column, phase = 0;

    printf( "%*s %s", MARGIN - 2, "0", use_utf8 ? "\u2514" : "+" );
    for (column = 0; column < COLUMNS; column++)
    {
        if (phase < record->phase_count && record->phases[phase].start <= column_time( record, column ))
            printf( "%u", ++phase );
        else fputs( use_utf8 ? "\u2500" : "-", stdout );
    }
    printf( "\n%*s0 s%*.1f s\n", MARGIN, "", COLUMNS - 5, record->end );
}

void chart_print( const struct record *record )
{
    static const char *const names[] = { "", "in use", "offered, still there", "offered, discarded" };
    UINT64 step = record->budget / ROWS_OF_BUDGET, maximum = record_maximum( record );
    unsigned int row = (maximum - record->budget + step / 2) / step;
    enum layer layer;

    printf( "\n%*s", MARGIN - 1, "" );
    for (layer = LAYER_USED; layer <= LAYER_DISCARDED; layer++)
    {
        platform_color( looks[layer].color );
        printf( " " );
        put_cell( layer );
        put_cell( layer );
        platform_color( COLOR_NORMAL );
        printf( " %s%s", names[layer], layer == LAYER_DISCARDED ? "\n\n" : "  " );
    }
    for (; row; row--)
        print_row( record, record->budget + step * (row - 1) + step / 2, "" );
    print_budget( record );
    for (row = ROWS_OF_BUDGET; row; row--)
        print_row( record, step * (row - 1) + step / 2, row == ROWS_OF_BUDGET / 2 ? size_text( record->budget / 2 ) : "" );
    print_axis( record );
}
