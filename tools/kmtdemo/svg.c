/*
 * kmtdemo: the charts as an SVG file
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
#define HEIGHT  540                 /* of one of the charts that stand below each other */
#define LEFT    90
#define RIGHT   80
#define TOP     115
#define BOTTOM  105

struct plot
{
    const struct timeline *timeline;
    double maximum;                 /* bytes at the upper edge */
    double lines_maximum;           /* bytes there, by the scale on the right */
};

static const char *const styles[LOOK_COUNT] =
{
    [LOOK_USED] = "class=\"used\"",
    [LOOK_SECOND] = "class=\"second\"",
    [LOOK_OFFERED] = "class=\"offered\"",
    [LOOK_DISCARDED] = "class=\"discarded\"",
    [LOOK_EVICTED] = "class=\"evicted\"",
};

static double plot_x( const struct plot *plot, double time )
{
    return LEFT + time / plot->timeline->end * (WIDTH - LEFT - RIGHT);
}

static double plot_y( const struct plot *plot, double bytes )
{
    return HEIGHT - BOTTOM - bytes / plot->maximum * (HEIGHT - TOP - BOTTOM);
}

static double line_y( const struct plot *plot, double bytes )
{
    return plot_y( plot, bytes / plot->lines_maximum * plot->maximum );
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

/* The upper edge of so many layers. */
static UINT64 stack_height( const struct sample *sample, unsigned int layers )
{
    UINT64 height = 0;

    while (layers) height += sample->layers[--layers];
    return height;
}

/* The area between the edges of layers and layers + 1; every sample holds until the next. */
static void put_layer( FILE *file, const struct plot *plot, unsigned int layers )
{
    const struct timeline *timeline = plot->timeline;
    unsigned int i;

    fprintf( file, "<path %s d=\"M%.1f %.1f", styles[timeline->layers[layers].look], plot_x( plot, 0 ),
             plot_y( plot, stack_height( &timeline->samples[0], layers + 1 ) ) );
    for (i = 0; i < timeline->count; i++)
        fprintf( file, "%sH%.1fV%.1f", i % 8 ? "" : "\n", plot_x( plot, timeline->samples[i].time ),
                 plot_y( plot, stack_height( &timeline->samples[i], layers + 1 ) ) );
    fprintf( file, "H%.1f", plot_x( plot, timeline->end ) );
    for (i = timeline->count; i--; )
        fprintf( file, "%sV%.1fH%.1f", i % 8 ? "" : "\n", plot_y( plot, stack_height( &timeline->samples[i], layers ) ),
                 i ? plot_x( plot, timeline->samples[i].time ) : plot_x( plot, 0 ) );
    fprintf( file, "Z\"/>\n" );
}

static void put_line( FILE *file, const struct plot *plot, unsigned int line )
{
    const struct timeline *timeline = plot->timeline;
    unsigned int i;

    fprintf( file, "<path class=\"line%u\" d=\"M%.1f %.1f", line, plot_x( plot, 0 ), line_y( plot, 0 ) );
    for (i = 0; i < timeline->count; i++)
        fprintf( file, "%sL%.1f %.1f", i % 8 ? "" : "\n", plot_x( plot, timeline->samples[i].time ),
                 line_y( plot, timeline->samples[i].lines[line] ) );
    fprintf( file, "\"/>\n" );
}

/* The scale of the lines, on the right. */
static void put_line_axis( FILE *file, const struct plot *plot )
{
    BOOL gib = plot->lines_maximum >= 1073741824.;
    double unit = gib ? 1073741824. : 1048576., step = nice_step( plot->lines_maximum / unit ), value;

    fprintf( file, "<g class=\"label\">\n" );
    for (value = 0; value * unit < plot->lines_maximum; value += step)
        fprintf( file, "<text x=\"%d\" y=\"%.1f\">%g</text>\n", WIDTH - RIGHT + 8, line_y( plot, value * unit ) + 4, value );
    fprintf( file, "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(%d %d) rotate(-90)\">paged so far in %s</text>\n</g>\n",
             WIDTH - RIGHT + 58, (TOP + HEIGHT - BOTTOM) / 2, gib ? "GiB" : "MiB" );
    fprintf( file, "<path class=\"frame\" d=\"M%d %dV%d\"/>\n", WIDTH - RIGHT, TOP, HEIGHT - BOTTOM );
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
    step = nice_step( plot->timeline->end );
    for (value = 0; value <= plot->timeline->end; value += step)
        fprintf( file, "<text x=\"%.1f\" y=\"%d\">%g</text>\n", plot_x( plot, value ), HEIGHT - BOTTOM + 20, value );
    fprintf( file, "<text class=\"axis\" x=\"%d\" y=\"%d\">time in seconds</text>\n", (LEFT + WIDTH - RIGHT) / 2,
             HEIGHT - BOTTOM + 42 );
    fprintf( file, "<text class=\"axis\" transform=\"translate(%d %d) rotate(-90)\">memory in %s</text>\n", LEFT - 52,
             (TOP + HEIGHT - BOTTOM) / 2, gib ? "GiB" : "MiB" );
    fprintf( file, "</g>\n<path class=\"frame\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT );
}

static void put_phases( FILE *file, const struct plot *plot )
{
    const struct timeline *timeline = plot->timeline;
    double last_end = 0;
    unsigned int i;
    int level = 0;

    fprintf( file, "<g class=\"phase\">\n" );
    for (i = 0; i < timeline->phase_count; i++)
    {
        double x = plot_x( plot, timeline->phases[i].start ), text_x;
        char name[64];
        int width;

        snprintf( name, sizeof(name), "%u %s", i + 1, timeline->phases[i].name );
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

static void put_legend( FILE *file, const struct plot *plot )
{
    const struct timeline *timeline = plot->timeline;
    unsigned int i, x = LEFT;

    for (i = 0; i < timeline->layer_count; i++)
    {
        fprintf( file, "<rect %s x=\"%u\" y=\"%d\" width=\"22\" height=\"14\"/><text x=\"%u\" y=\"%d\">%s</text>\n",
                 styles[timeline->layers[i].look], x, HEIGHT - 45, x + 28, HEIGHT - 33, timeline->layers[i].name );
        x += 50 + 7 * strlen( timeline->layers[i].name );
    }
    fprintf( file, "<path class=\"budget\" d=\"M%u %dh28\"/><text x=\"%u\" y=\"%d\">%s</text>\n", x, HEIGHT - 38, x + 34, HEIGHT - 33,
             timeline->budget_name );
    for (i = 0, x = LEFT; i < timeline->line_count; i++)
    {
        fprintf( file, "<path class=\"line%u\" d=\"M%u %dh28\"/><text x=\"%u\" y=\"%d\">%s</text>\n", i, x, HEIGHT - 17, x + 34,
                 HEIGHT - 12, timeline->lines[i] );
        x += 56 + 7 * strlen( timeline->lines[i] );
    }
}

static void put_chart( FILE *file, const struct timeline *timeline )
{
    struct plot plot = { timeline, timeline_maximum( timeline ) * 1.04, 1 };
    unsigned int i, line;

    for (i = 0; i < timeline->count; i++)
        for (line = 0; line < timeline->line_count; line++)
            if (timeline->samples[i].lines[line] > plot.lines_maximum) plot.lines_maximum = timeline->samples[i].lines[line];
    plot.lines_maximum *= 1.04;

    fprintf( file, "<text class=\"title\" x=\"%d\" y=\"36\">%s</text>\n<text class=\"note\" x=\"%d\" y=\"60\">", LEFT, timeline->title, LEFT );
    put_escaped( file, timeline->note );
    fprintf( file, "</text>\n" );
    put_axes( file, &plot );
    for (i = 0; i < timeline->layer_count; i++) put_layer( file, &plot, i );
    put_phases( file, &plot );
    fprintf( file, "<path class=\"budget\" d=\"M%d %.1fH%d\"/>\n", LEFT, plot_y( &plot, timeline->budget ), WIDTH - RIGHT );
    if (timeline->line_count) put_line_axis( file, &plot );
    for (i = 0; i < timeline->line_count; i++) put_line( file, &plot, i );
    put_legend( file, &plot );
}

BOOL svg_write( FILE *file, const struct timeline *timelines, unsigned int count )
{
    unsigned int i;

    fprintf( file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\"\n"
             "     font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\" font-size=\"13\">\n"
             "<title>Video memory of programs that want more than there is</title>\n"
             "<style>\n"
             ".used { fill: #3b6ea5 } .second { fill: #4d9a6a } .offered { fill: #f0b04a } .discarded { fill: url(#gone) }\n"
             ".evicted { fill: #d9d2ea }\n"
             ".grid { stroke: #e4e4e4 } .frame { stroke: #555555; fill: none } .label { fill: #444444 } .axis { font-size: 14px }\n"
             ".phase { fill: #333333 } .phase path { stroke: #888888; stroke-dasharray: 2 3 }\n"
             ".budget { stroke: #c0282d; stroke-width: 2; stroke-dasharray: 8 4; fill: none }\n"
             ".line0 { stroke: #5b3a8c; stroke-width: 2; fill: none } .line1 { stroke: #111111; stroke-width: 2; stroke-dasharray: 3 3; fill: none }\n"
             ".title { font-size: 20px; fill: #111111 } .note { fill: #555555 }\n"
             "</style>\n"
             "<defs><pattern id=\"gone\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
             "<rect width=\"7\" height=\"7\" fill=\"#f7e3e3\"/><rect width=\"2\" height=\"7\" fill=\"#d98c8c\"/></pattern></defs>\n"
             "<rect width=\"%d\" height=\"%u\" fill=\"#ffffff\"/>\n", WIDTH, HEIGHT * count, WIDTH, HEIGHT * count, WIDTH, HEIGHT * count );
    for (i = 0; i < count; i++)
    {
        fprintf( file, "<g transform=\"translate(0 %u)\">\n", HEIGHT * i );
        put_chart( file, &timelines[i] );
        fprintf( file, "</g>\n" );
    }
    fprintf( file, "</svg>\n" );
    return !fflush( file ) && !ferror( file );
}
