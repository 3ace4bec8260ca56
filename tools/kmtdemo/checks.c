/*
 * kmtdemo: whether what happened is what must happen
 *
 * The order: what was discarded must be the beginning of the sequence LOW, NORMAL, HIGH, each in the order in which it was
 * offered. So a single allocation that was kept in front of one that was discarded is an error.
 *
 * The amount: at the peak the program had more than the budget. What exceeded it had to be discarded, and what was in
 * excess of that, was not. Exactly that cannot be, because memory comes in pieces: the last one discarded may have been
 * larger than what was still missing, by its own size at most; and small allocations share memory objects, which are freed as
 * a whole. When every sixteenth place in those is free, that is what it takes. No more than these two is tolerated.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdarg.h>
#include <string.h>
#include "kmtdemo.h"

static unsigned int failures;

static void check( BOOL good, const char *name, const char *format, ... ) PRINTF_LIKE( 3, 4 );

/* format: for the right column, what was found; lines after the first are indented to it. */
static void check( BOOL good, const char *name, const char *format, ... )
{
    char text[1024], *line, *end;
    va_list args;

    va_start( args, format );
    vsnprintf( text, sizeof(text), format, args );
    va_end( args );
    platform_color( good ? COLOR_GOOD : COLOR_BAD );
    printf( "  %-5s", good ? "ok" : "WRONG" );
    platform_color( COLOR_NORMAL );
    printf( " %-9s ", name );
    for (line = text; line; line = end)
    {
        if ((end = strchr( line, '\n' ))) *end++ = 0;
        printf( "%s%s\n", line == text ? "" : "                  ", line );
    }
    if (!good) failures++;
}

static void check_content( const struct scene *scene, const struct record *record )
{
    UINT64 verified = 0, expected = 0, lost = 0;
    unsigned int i, count = 0;

    for (i = 0; i < scene->count; i++)
    {
        verified += scene->items[i].verified;
        if (scene->items[i].discarded) lost += scene->items[i].size;
        else
        {
            expected += scene->items[i].size;
            count++;
        }
    }
    if (record->damaged) check( FALSE, "content", "allocations with wrong content: %u; the first:\n%s", record->damaged, record->damage );
    else
        check( verified == expected, "content", "every byte of the %u that were kept is right, %s;\n"
               "%s that were discarded show nobody's content", count, size_text( verified ), size_text( lost ) );
}

static void check_order( const struct scene *scene )
{
    unsigned int i, discarded = 0, first_kept = scene->count, wrong = scene->count, count = 0;

    for (i = scene->first[CLASS_CACHE_LOW]; i < scene->first[CLASS_CACHE_HIGH + 1]; i++, count++)
    {
        if (!scene->items[i].discarded && first_kept == scene->count) first_kept = i;
        if (!scene->items[i].discarded) continue;
        discarded++;
        if (first_kept < i && wrong == scene->count) wrong = i;
    }
    if (wrong < scene->count)
        check( FALSE, "order", "number %u of \"%s\" was discarded,\nbut number %u of \"%s\", offered to go before it, was kept",
               wrong - scene->first[scene->items[wrong].class] + 1, class_names[scene->items[wrong].class],
               first_kept - scene->first[scene->items[first_kept].class] + 1, class_names[scene->items[first_kept].class] );
    else if (!discarded || discarded == count)
        check( FALSE, "order", "%s of the %u offered was discarded, so no order can be seen", discarded ? "every one" : "none", count );
    else
        check( TRUE, "order", "LOW before NORMAL before HIGH, in each the oldest first:\n"
               "the first %u of %u in that order are gone, no others", discarded, count );
}

static void check_amount( const struct scene *scene, const struct record *record )
{
    UINT64 all = record->filled, small = 0, largest = 0, discarded = 0, needed, most;
    unsigned int i;

    for (i = 0; i < scene->count; i++)
    {
        const struct item *item = &scene->items[i];

        all += item->footprint;
        if (item->size < SHARED_BELOW) small += item->footprint;
        if (class_is_cache( item->class ) && item->footprint > largest) largest = item->footprint;
        if (item->discarded) discarded += item->footprint;
    }
    needed = all > record->least_budget ? all - record->least_budget : 0;
    most = needed + largest + small / 16;
    if (!needed) check( FALSE, "amount", "the program never had more than the budget, so nothing was shown" );
    else
        check( discarded >= needed && discarded <= most, "amount",
               "%s%s had to go, %s went;\n"
               "the limit is %s: one allocation more, shared objects",
               discarded >= needed && discarded <= most ? "just enough: " : "", size_text( needed ),
               size_text( discarded ), size_text( most ) );

    /* Nothing is discarded between peak and reclaim, so usage told then what the reclaim told later. */
    most = record->peak_sample.discarded > discarded ? record->peak_sample.discarded - discarded : discarded - record->peak_sample.discarded;
    check( most <= small / 16, "answers", "gone by usage at the peak: %s, by reclaim: %s",
           size_text( record->peak_sample.discarded ), size_text( discarded ) );
}

unsigned int checks_run( const struct scene *scene, const struct record *record )
{
    platform_color( COLOR_BOLD );
    printf( "\n  Checks\n" );
    platform_color( COLOR_NORMAL );
    check_content( scene, record );
    check_order( scene );
    check_amount( scene, record );
    check( record->most_usage <= record->most_budget, "budget", "usage was %s at most, of %s", size_text( record->most_usage ),
           size_text( record->most_budget ) );
    check( record->usage_after == record->usage_before, "the end", "%s in use before, %s after", size_text( record->usage_before ),
           size_text( record->usage_after ) );
    return failures;
}
