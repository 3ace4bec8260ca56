/*
 * kmtdemo: the chart as an SVG file
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <math.h>
#include <string.h>
#include "kmtdemo.h"

#define WIDTH   1000
#define HEIGHT  600
#define LEFT    90
#define RIGHT   30
#define TOP     115
#define BOTTOM  100

struct plot
{
    const struct record *record;
    double maximum;                 /* bytes at the upper edge */
};

static double plot_x( const struct plot *plot, double time )
{
    return LEFT + time / plot->record->end * (WIDTH - LEFT - RIGHT);
}

static double plot_y( const struct plot *plot, double bytes )
{
    return HEIGHT - BOTTOM - bytes / plot->maximum * (HEIGHT - TOP - BOTTOM);
}

/* A step of 1, 2 or 5 times a power of ten that divides range into some four to ten parts. */
static double nice_step( double range )
{
    double power = pow( 10, floor( log10( range / 5 ) ) ), factor = range / 5 / power;

    return power * (factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10);
}

static void put_escaped( FILE *file, const char *text )
{
    for (; *text; text++)
    {
        if (*text == '<') fputs( "&lt;", file );
        else if (*text == '>') fputs( "&gt;", file );
        else if (*text == '&') fputs( "&amp;", file );
        else fputc( *text, file );
    }
}

/* The upper edge of a layer: 0 nothing, 1 used, 2 offered, 3 discarded. */
static UINT64 stack_height( const struct sample *sample, unsigned int layer )
{
    return (layer > 0 ? sample->used : 0) + (layer > 1 ? sample->offered : 0) + (layer > 2 ? sample->discarded : 0);
}

/* The area between two edges; every sample holds until the next. */
static void put_layer( FILE *file, const struct plot *plot, unsigned int layer, const char *style )
{
    const struct record *record = plot->record;
    unsigned int i;

    fprintf( file, "<path %s d=\"M%.1f %.1f", style, plot_x( plot, 0 ), plot_y( plot, stack_height( &record->samples[0], layer ) ) );
    for (i = 0; i < record->count; i++)
        fprintf( file, "%sH%.1fV%.1f", i % 8 ? "" : "\n", plot_x( plot, record->samples[i].time ),
                 plot_y( plot, stack_height( &record->samples[i], layer ) ) );
    fprintf( file, "H%.1f", plot_x( plot, record->end ) );
    for (i = record->count; i--; )
        fprintf( file, "%sV%.1fH%.1f", i % 8 ? "" : "\n", plot_y( plot, stack_height( &record->samples[i], layer - 1 ) ),
                 i ? plot_x( plot, record->samples[i].time ) : plot_x( plot, 0 ) );
    fprintf( file, "Z\"/>\n" );
}

static void put_axes( FILE *file, const struct plot *plot )
{
    BOOL gib = plot->maximum >= 1073741824.;
    double unit = gib ? 1073741824. : 1048576., step = nice_step( plot->maximum / unit ), value;

    fprintf( file, "<g class=\"grid\">\n" );
    for (value = step; value * unit < plot->maximum; value += step)
        fprintf( file, "<path d=\"M%d %.1fH%d\"/>\n", LEFT, plot_y( plot, value * unit ), WIDTH - RIGHT );
    fprintf( file, "</g>\n<g class=\"label\" text-anchor=\"end\">\n" );
    for (value = 0; value * unit < plot->maximum; value += step)
        fprintf( file, "<text x=\"%d\" y=\"%.1f\">%g</text>\n", LEFT - 8, plot_y( plot, value * unit ) + 4, value );
    fprintf( file, "</g>\n<g class=\"label\" text-anchor=\"middle\">\n" );
    step = nice_step( plot->record->end );
    for (value = 0; value <= plot->record->end; value += step)
        fprintf( file, "<text x=\"%.1f\" y=\"%d\">%g</text>\n", plot_x( plot, value ), HEIGHT - BOTTOM + 20, value );
    fprintf( file, "<text class=\"axis\" x=\"%d\" y=\"%d\">time in seconds</text>\n", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 42 );
    fprintf( file, "<text class=\"axis\" transform=\"translate(%d %d) rotate(-90)\">memory in %s</text>\n", LEFT - 52,
             (TOP + HEIGHT - BOTTOM) / 2, gib ? "GiB" : "MiB" );
    fprintf( file, "</g>\n<path class=\"frame\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT );
}

static void put_phases( FILE *file, const struct plot *plot )
{
    const struct record *record = plot->record;
    double last_end = 0;
    unsigned int i;
    int level = 0;

    fprintf( file, "<g class=\"phase\">\n" );
    for (i = 0; i < record->phase_count; i++)
    {
        double x = plot_x( plot, record->phases[i].start ), text_x;
        char name[64];
        int width;

        snprintf( name, sizeof(name), "%u %s", i + 1, record->phases[i].name );
        width = 8 * (int)strlen( name );
        text_x = x + 4 + width < WIDTH - 4 ? x + 4 : WIDTH - 4 - width;
        /* One that begins before the last name ends goes a line higher. */
        level = text_x < last_end ? !level : 0;
        last_end = text_x + width + 8;
        fprintf( file, "<path d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\">%s</text>\n", x, TOP - 6 - 15 * level,
                 HEIGHT - BOTTOM, text_x, TOP - 9 - 15 * level, name );
    }
    fprintf( file, "</g>\n" );
}

BOOL svg_write( FILE *file, const struct adapter *adapter, const struct record *record )
{
    static const struct
    {
        const char *style, *name;
        int         width;          /* of the legend's entry */
    }
    layers[] =
    {
        { "class=\"used\"", "in use", 130 },
        { "class=\"offered\"", "offered, still there", 210 },
        { "class=\"discarded\"", "offered, discarded", 0 },
    };
    struct plot plot = { record, record_maximum( record ) * 1.04 };
    unsigned int i, x = LEFT;

    fprintf( file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\"\n"
             "     font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\" font-size=\"13\">\n"
             "<title>Video memory of a program that creates more than its budget</title>\n"
             "<style>\n"
             ".used { fill: #3b6ea5 } .offered { fill: #f0b04a } .discarded { fill: url(#gone) }\n"
             ".grid { stroke: #e4e4e4 } .frame { stroke: #555555; fill: none } .label { fill: #444444 } .axis { font-size: 14px }\n"
             ".phase { fill: #333333 } .phase path { stroke: #888888; stroke-dasharray: 2 3 }\n"
             ".budget { stroke: #c0282d; stroke-width: 2; stroke-dasharray: 8 4; fill: none }\n"
             ".title { font-size: 20px; fill: #111111 } .note { fill: #555555 }\n"
             "</style>\n"
             "<defs><pattern id=\"gone\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
             "<rect width=\"7\" height=\"7\" fill=\"#f7e3e3\"/><rect width=\"2\" height=\"7\" fill=\"#d98c8c\"/></pattern></defs>\n"
             "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT );
    fprintf( file, "<text class=\"title\" x=\"%d\" y=\"36\">Video memory of a program that creates more than its budget</text>\n", LEFT );
    fprintf( file, "<text class=\"note\" x=\"%d\" y=\"60\">", LEFT );
    put_escaped( file, adapter->name );
    fprintf( file, ", a budget of %s", size_text( record->budget ) );
    if (record->filled) fprintf( file, " (besides %s that are never touched)", size_text( record->filled ) );
    fprintf( file, "</text>\n" );
    put_axes( file, &plot );
    for (i = 0; i < ARRAY_COUNT( layers ); i++) put_layer( file, &plot, i + 1, layers[i].style );
    put_phases( file, &plot );
    fprintf( file, "<path class=\"budget\" d=\"M%d %.1fH%d\"/>\n", LEFT, plot_y( &plot, record->budget ), WIDTH - RIGHT );
    for (i = 0; i < ARRAY_COUNT( layers ); i++)
    {
        fprintf( file, "<rect %s x=\"%u\" y=\"%d\" width=\"22\" height=\"14\"/><text x=\"%u\" y=\"%d\">%s</text>\n",
                 layers[i].style, x, HEIGHT - 37, x + 30, HEIGHT - 25, layers[i].name );
        x += layers[i].width;
    }
    x += 200;
    fprintf( file, "<path class=\"budget\" d=\"M%u %dh28\"/><text x=\"%u\" y=\"%d\">budget</text>\n", x, HEIGHT - 30, x + 36, HEIGHT - 25 );
    fprintf( file, "</svg>\n" );
    return !fflush( file ) && !ferror( file );
}
