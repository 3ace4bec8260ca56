/*
 * bench: rounds
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"

/* How long the rounds of a figure may take, unless they then were too few. */
#define FIGURE_SECONDS  8
#define LEAST_ROUNDS    9

struct result result;

bool is_wanted( const char *name )
{
    unsigned int i;

    for (i = 0; i < settings.only_count; i++)
        if (!strncmp( name, settings.only[i], strlen( settings.only[i] ) )) return true;
    return !settings.only_count;
}

bool is_any_wanted( const char *prefix )
{
    unsigned int i;

    for (i = 0; i < settings.only_count; i++)
        if (!strncmp( settings.only[i], prefix, strlen( prefix ) )) return true;
    return is_wanted( prefix );
}

static int compare_numbers( const void *a, const void *b )
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Of sorted samples, between two of them where it falls there. */
static double quantile( const double *sorted, unsigned int count, double q )
{
    double place = q * (count - 1);
    unsigned int below = place;

    if (below + 1 >= count) return sorted[count - 1];
    return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
}

struct spread spread_of( const double *samples, unsigned int count )
{
    struct spread spread = { 0 };
    double sorted[MAX_ROUNDS];

    if (!count) return spread;
    memcpy( sorted, samples, count * sizeof(*sorted) );
    qsort( sorted, count, sizeof(*sorted), compare_numbers );
    spread.minimum = sorted[0];
    spread.lower = quantile( sorted, count, 0.25 );
    spread.median = quantile( sorted, count, 0.5 );
    spread.upper = quantile( sorted, count, 0.75 );
    spread.maximum = sorted[count - 1];
    return spread;
}

struct spread spread_of_ratios( const struct figure *figure )
{
    double ratios[MAX_ROUNDS];
    unsigned int i;

    if (!figure->peer[0]) return (struct spread){ 0 };
    for (i = 0; i < figure->rounds; i++) ratios[i] = figure->theirs[i] > 0 ? figure->ours[i] / figure->theirs[i] : 0;
    return spread_of( ratios, figure->rounds );
}

struct figure *add_figure( struct result *result, const char *name )
{
    struct figure *figure;

    if (result->count == result->capacity)
    {
        result->capacity = result->capacity ? 2 * result->capacity : 64;
        if (!(result->figures = realloc( result->figures, result->capacity * sizeof(*result->figures) ))) stop( "no memory" );
    }
    figure = &result->figures[result->count++];
    memset( figure, 0, sizeof(*figure) );
    copy_text( figure->name, sizeof(figure->name), name );
    return figure;
}

unsigned int many_allocations( void )
{
    static const unsigned int counts[] = { 1000000, 400000, 100000, 10000 };
    uint64_t budget = bench_budget();
    unsigned int i;

    if (settings.tiny) return 2000;
    /* Some remains for blocks that are not full. */
    for (i = 0; i < ARRAY_COUNT( counts ) - 1 && counts[i] * KIB( 4 ) > budget / 20 * 19; i++) {}
    return counts[i];
}

struct figure *add_named_figure( const char *name )
{
    char text[64];

    snprintf( text, sizeof(text), "%.50s%.13s", name, settings.suffix ? settings.suffix : "" );
    return add_figure( &result, text );
}

void set_target( struct figure *figure, double target, double target_ratio )
{
    if (!figure) return;
    figure->target = target;
    figure->target_ratio = target_ratio;
}

/* How often a sample does the thing, so that it lasts as long as it should. The turns that find out warm everything up. */
static unsigned int calibrate( const struct subject *subject )
{
    unsigned int most = subject->most ? subject->most : 1u << 30, count = 1;

    for (;;)
    {
        double seconds = subject->function( subject->arg, count ), again;

        /* What took long was perhaps interrupted. Taken for what it costs, it would make all samples too short, and then threads would be
         * measured that never met: the shorter of two turns counts. */
        if (seconds >= settings.sample_seconds / 16 && (again = subject->function( subject->arg, count )) < seconds) seconds = again;
        if (seconds >= settings.sample_seconds || count >= most) return count;
        /* A first turn may take far longer than those after it: no large steps. */
        if (seconds < settings.sample_seconds / 16) count = count < most / 8 ? count * 8 : most;
        else
        {
            double wanted = count * settings.sample_seconds / seconds * 1.1 + 1;

            return wanted < most ? wanted : most;
        }
    }
}

static double unit_scale( const char *unit )
{
    if (!strcmp( unit, "ns" )) return 1e9;
    if (!strcmp( unit, "us" )) return 1e6;
    if (!strcmp( unit, "ms" )) return 1e3;
    return 1;
}

static double sample( const struct subject *subject, unsigned int count, const char *unit )
{
    return subject->function( subject->arg, count ) * unit_scale( unit ) / count / (subject->per ? subject->per : 1);
}

struct figure *measure( const struct subject *ours, const struct subject *peer, const char *unit, const char *what,
                        const char *peer_name, const char *format, ... )
{
    unsigned int our_count, peer_count = 0, rounds = settings.rounds, i;
    double start;
    char name[64], value[32];
    struct figure *figure;
    struct spread spread;
    va_list args;

    va_start( args, format );
    vsnprintf( name, sizeof(name), format, args );
    va_end( args );
    if (!is_wanted( name )) return NULL;

    our_count = calibrate( ours );
    if (peer->function) peer_count = calibrate( peer );
    figure = add_named_figure( name );
    copy_text( figure->what, sizeof(figure->what), what );
    copy_text( figure->unit, sizeof(figure->unit), unit );
    if (peer->function) copy_text( figure->peer, sizeof(figure->peer), peer_name );
    for (i = 0; i < rounds; i++)
    {
        start = platform_seconds();
        figure->ours[i] = sample( ours, our_count, unit );
        if (peer->function) figure->theirs[i] = sample( peer, peer_count, unit );
        /* What takes long gets fewer rounds. */
        while (rounds > LEAST_ROUNDS && rounds > i + 1 && (platform_seconds() - start) * rounds > FIGURE_SECONDS) rounds--;
    }
    figure->rounds = rounds;
    spread = spread_of_ratios( figure );
    fprintf( stderr, "  %-34s %10s", figure->name, value_text( spread_of( figure->ours, figure->rounds ).median, unit, value ) );
    if (peer->function) fprintf( stderr, "   %.2f x (%.2f to %.2f)", spread.median, spread.minimum, spread.maximum );
    fprintf( stderr, "\n" );
    return figure;
}

static double sample_empty_calls( void *arg, unsigned int count )
{
    double start = platform_seconds();
    unsigned int i, calls = (uintptr_t)arg;

    for (i = count * calls; i; i--) platform_empty_call();
    return platform_seconds() - start;
}

struct subject empty_calls( unsigned int calls )
{
    struct subject subject = { NULL, (void *)(uintptr_t)calls, 1u << 26, 0 };

    if (platform_has_empty_call()) subject.function = sample_empty_calls;
    return subject;
}
