/*
 * bench: a report as an SVG file
 *
 * A row a figure: a line from the least to the greatest ratio to the peer on a logarithmic scale, a bar from quartile to quartile, a tick
 * at the median, a line at 1, and the target where there is one. Targets that are times stand at the ratio that they would be.
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

#define WIDTH       1100
#define LEFT        220             /* of the plot */
#define RIGHT       330             /* columns of text right of it */
#define TOP         130
#define ROW         18

struct plot
{
    double least, most;             /* ratios at the edges */
};

static double plot_x( const struct plot *plot, double ratio )
{
    double x = log( ratio / plot->least ) / log( plot->most / plot->least );

    return LEFT + (x < 0 ? 0 : x > 1 ? 1 : x) * (WIDTH - LEFT - RIGHT);
}

static void put_escaped( FILE *file, const char *text )
{
    for (; *text; text++)
    {
        if (*text == '<') fputs( "&lt;", file );
        else if (*text == '>') fputs( "&gt;", file );
        else if (*text == '&') fputs( "&amp;", file );
        else if ((unsigned char)*text >= ' ') fputc( *text, file );
    }
}

static void put_text( FILE *file, const char *class, double x, double y, const char *text )
{
    fprintf( file, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y );
    put_escaped( file, text );
    fprintf( file, "</text>\n" );
}

/* Where the target stands among the ratios; 0: nowhere. */
static double target_place( const struct figure *figure )
{
    double peer = spread_of( figure->theirs, figure->rounds ).median;

    if (figure->target_ratio) return figure->target_ratio;
    return figure->target && peer > 0 ? figure->target / peer : 0;
}

static void find_edges( const struct result *result, struct plot *plot )
{
    unsigned int i;

    plot->least = 0.5;
    plot->most = 2;
    for (i = 0; i < result->count; i++)
    {
        struct spread ratio = spread_of_ratios( &result->figures[i] );

        if (!result->figures[i].peer[0] || ratio.minimum <= 0) continue;
        if (ratio.minimum < plot->least) plot->least = ratio.minimum;
        if (ratio.maximum > plot->most) plot->most = ratio.maximum;
    }
    plot->least = pow( 10, floor( log10( plot->least ) * 2 ) / 2 );
    plot->most = pow( 10, ceil( log10( plot->most ) * 2 ) / 2 );
}

static void put_axis( FILE *file, const struct plot *plot, unsigned int bottom )
{
    double decade, value;
    char text[32];
    int step;

    for (decade = pow( 10, floor( log10( plot->least ) ) ); decade <= plot->most; decade *= 10)
        for (step = 1; step < 10; step++)
        {
            value = decade * step;
            if (value < plot->least * 0.999 || value > plot->most * 1.001) continue;
            fprintf( file, "<path class=\"%s\" d=\"M%.1f %dV%u\"/>\n", step == 1 ? "decade" : "grid", plot_x( plot, value ), TOP, bottom );
            if (step != 1) continue;
            snprintf( text, sizeof(text), "%g", value );
            put_text( file, "axis", plot_x( plot, value ), TOP - 8, text );
        }
    fprintf( file, "<path class=\"one\" d=\"M%.1f %dV%u\"/>\n", plot_x( plot, 1 ), TOP, bottom );
}

static void put_row( FILE *file, const struct plot *plot, const struct figure *figure, unsigned int y )
{
    static const char *const classes[] = { "plain", "met", "missed" };
    struct spread ratio = spread_of_ratios( figure );
    enum verdict verdict = verdict_of( figure );
    char text[80], value[32];
    double target;

    put_text( file, "name", LEFT - 10, y + 5, figure->name );
    value_text( spread_of( figure->ours, figure->rounds ).median, figure->unit, value );
    put_text( file, "value", WIDTH - RIGHT + 90, y + 5, value );
    if (figure->peer[0])
    {
        value_text( spread_of( figure->theirs, figure->rounds ).median, figure->unit, value );
        put_text( file, "value", WIDTH - RIGHT + 180, y + 5, value );
        fprintf( file, "<path class=\"quartiles %s\" d=\"M%.1f %uH%.1f\"/>\n", classes[verdict], plot_x( plot, ratio.lower ), y,
                 plot_x( plot, ratio.upper ) + 0.5 );
        fprintf( file, "<path class=\"range %s\" d=\"M%.1f %uH%.1f\"/><path class=\"median %s\" d=\"M%.1f %uv12\"/>\n", classes[verdict],
                 plot_x( plot, ratio.minimum ), y, plot_x( plot, ratio.maximum ) + 0.5, classes[verdict], plot_x( plot, ratio.median ), y - 6 );
        if ((target = target_place( figure )) >= plot->least && target <= plot->most)
            fprintf( file, "<path class=\"target\" d=\"M%.1f %ul-4 -5h8z\"/>\n", plot_x( plot, target ), y - 3 );
    }
    if (verdict)
    {
        snprintf( text, sizeof(text), "%s, %s", target_text( figure, value, sizeof(value) ), classes[verdict] );
        fprintf( file, "<g class=\"%s\">", classes[verdict] );
        put_text( file, "verdict", WIDTH - RIGHT + 200, y + 5, text );
        fprintf( file, "</g>\n" );
    }
}

void svg_write( FILE *file, const struct result *result )
{
    unsigned int i, height = TOP + result->count * ROW + 60;
    struct plot plot;
    char text[512];

    find_edges( result, &plot );
    fprintf( file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\"\n"
             "     font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\" font-size=\"12\">\n"
             "<title>Cost of the D3DKMT functions beside their peers</title>\n"
             "<style>\n"
             ".title { font-size: 20px; fill: #111111 } .note { fill: #555555 } .axis { fill: #444444; text-anchor: middle }\n"
             ".grid { stroke: #eeeeee } .decade { stroke: #cccccc } .one { stroke: #333333; stroke-dasharray: 4 3 }\n"
             ".name, .value { fill: #222222; text-anchor: end } .heading { fill: #555555; text-anchor: end }\n"
             ".range { stroke-width: 2; opacity: 0.5 } .quartiles { stroke-width: 7; opacity: 0.5 } .median { stroke-width: 3 }\n"
             ".plain { stroke: #3b6ea5 } .met { stroke: #3c8c50 } .missed { stroke: #c0282d } .target { fill: #111111 }\n"
             "text.verdict { stroke: none } .met text { fill: #3c8c50 } .missed text { fill: #c0282d }\n"
             "</style>\n"
             "<rect width=\"%d\" height=\"%u\" fill=\"#ffffff\"/>\n", WIDTH, height, WIDTH, height, WIDTH, height );
    snprintf( text, sizeof(text), "Cost of the D3DKMT functions beside their peers: %s", result->platform );
    put_text( file, "title", 20, 34, text );
    snprintf( text, sizeof(text), "%s; %s; %s %s; load %s to %s", result->machine.cpu, result->machine.system, result->machine.gpu,
              result->machine.driver, result->machine.load, result->load_after );
    put_text( file, "note", 20, 56, text );
    put_text( file, "note", 20, 76, "Ratio to the peer, least to greatest of all rounds; bar: the middle half of them; tick: median; triangle: target; dashed line: as much as the peer." );
    put_text( file, "heading", WIDTH - RIGHT + 90, TOP - 8, "median" );
    put_text( file, "heading", WIDTH - RIGHT + 180, TOP - 8, "peer" );
    put_text( file, "heading", WIDTH - RIGHT + 240, TOP - 8, "target" );
    put_axis( file, &plot, TOP + result->count * ROW + 6 );
    for (i = 0; i < result->count; i++) put_row( file, &plot, &result->figures[i], TOP + 14 + i * ROW );
    fprintf( file, "</svg>\n" );
}
