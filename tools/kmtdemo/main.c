/*
 * kmtdemo: options, and the parts in turn
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kmtdemo.h"

BOOL use_utf8 = TRUE;

static const struct
{
    const char *title;
    const char *(*play)( const struct options *options, struct timeline *timeline );
}
parts[] =
{
    { "what is offered makes room for what is new", offer_play },
    { "two programs, one GPU: the second gets what the first offers", processes_play },
    { "four times the budget, and every byte comes back", paging_play },
};

static const char usage_text[] =
    "usage: kmtdemo [options]\n"
    "\n"
    "Shows what becomes of video memory when the budget runs short, in three parts, and checks it:\n"
    "  1  one program creates more than the budget, with a part of it offered (D3DKMTOfferAllocations): what is kept,\n"
    "     what is discarded, and in which order\n"
    "  2  two programs at once: the second is refused memory until the first offers some\n"
    "  3  one program creates four times the budget and offers nothing: what is evicted comes back, every byte of it\n"
    "\n"
    "  --part=N         only that part\n"
    "  --size=MB        how much of the budget to play in (64 to 3072); the rest of it is filled with memory that is\n"
    "                   never touched. Without this: all of the budget, if that is no more than 4096 MB; part 3\n"
    "                   needs four times as much system memory, and plays in 1024 MB at most\n"
    "  --svg=PATH       write a picture of it to a file, too\n"
    "  --adapter=N      use the N-th adapter, from 1; without this: winekmt's first\n"
    "  --color=WHEN     auto (in a terminal, unless NO_COLOR is set), always or never\n"
    "  --ascii          no characters but those of ASCII\n"
    "  --help\n"
    "\n"
    "Under Wine the environment variable WINEKMT_VIDEO_MEMORY_SIZE sets the budget in MB: 512 is a good value. Other\n"
    "programs that use the GPU have a share of it, unless WINEKMT_LEDGER=PATH names a file that only this one uses.\n"
    "Exit status: 0 all is right, 1 something is wrong, 2 wrong usage, or it cannot be shown on this machine.\n";

/***********************************************************************
 * Options
 */

static UINT64 parse_number( const char *option, const char *value, UINT64 least, UINT64 most )
{
    unsigned long long number;
    char *end;

    errno = 0;
    number = strtoull( value, &end, 10 );
    if (errno || *end || *value < '0' || *value > '9' || number < least || number > most)
        stop( EXIT_CANNOT, "%s=%s: a number from %llu to %llu is needed", option, value, (unsigned long long)least, (unsigned long long)most );
    return number;
}

static const char *option_value( const char *arg, const char *name )
{
    size_t len = strlen( name );

    return !strncmp( arg, name, len ) && arg[len] == '=' ? arg + len + 1 : NULL;
}

static void parse_options( struct options *options, char **argv )
{
    static const char *const locale_variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    const char *value;
    unsigned int i;

    memset( options, 0, sizeof(*options) );
    /* Terminals show UTF-8 today, except where the locale names another encoding. */
    for (i = 0; i < ARRAY_COUNT( locale_variables ); i++)
    {
        if (!(value = getenv( locale_variables[i] )) || !*value) continue;
        use_utf8 = !strchr( value, '.' ) || strstr( value, "UTF-8" ) || strstr( value, "utf8" ) || strstr( value, "UTF8" );
        break;
    }
    while (*++argv)
    {
        if (!strcmp( *argv, "--help" ) || !strcmp( *argv, "-h" ))
        {
            fputs( usage_text, stdout );
            exit( EXIT_GOOD );
        }
        if (!strcmp( *argv, "--ascii" )) use_utf8 = FALSE;
        else if ((value = option_value( *argv, "--size" )))
            options->size = MIB( parse_number( "--size", value, LEAST_BUDGET >> 20, MOST_BUDGET >> 20 ) );
        else if ((value = option_value( *argv, "--part" ))) options->part = parse_number( "--part", value, 1, ARRAY_COUNT( parts ) );
        else if (!strcmp( *argv, "--second" )) options->second = TRUE;
        else if ((value = option_value( *argv, "--adapter" ))) options->adapter = parse_number( "--adapter", value, 1, 64 );
        else if ((value = option_value( *argv, "--svg" )) && *value) options->svg = value;
        else if ((value = option_value( *argv, "--color" )))
        {
            if (!strcmp( value, "auto" )) options->colors = COLOR_AUTO;
            else if (!strcmp( value, "always" )) options->colors = COLOR_ALWAYS;
            else if (!strcmp( value, "never" )) options->colors = COLOR_NEVER;
            else stop( EXIT_CANNOT, "--color=%s: auto, always or never is needed", value );
        }
        else stop( EXIT_CANNOT, "unknown option: %s\n\"kmtdemo --help\" lists the options.", *argv );
    }
}

static void print_heading( const struct options *options )
{
    static struct adapter opened, *const adapter = &opened;
    struct usage usage;

    adapter_open( adapter, options->adapter );
    platform_color( COLOR_BOLD );
    printf( "kmtdemo: what becomes of video memory when the budget runs short\n\n" );
    platform_color( COLOR_NORMAL );
    printf( "  Adapter  %s\n", adapter->name );
    printf( "  LUID     %08x:%08x\n", (unsigned int)adapter->luid.HighPart, (unsigned int)adapter->luid.LowPart );
    printf( "  Memory   local %s, non-local %s\n", size_text( adapter->local ), size_text( adapter->non_local ) );
    usage = adapter_usage( adapter );
    printf( "  Budget   %s %s, %s of it in use\n", size_text( usage.budget ),
            adapter->group == D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL ? "local" : "non-local", size_text( usage.current ) );
    adapter_start( adapter );
    adapter_close( adapter );
    fflush( stdout );
}

int main( int argc, char **argv )
{
    static struct timeline timelines[ARRAY_COUNT( parts )];
    const char *unjudged = NULL, *reason;
    unsigned int i, count = 0, failures;
    struct options options;
    FILE *svg;

    (void)argc;
    parse_options( &options, argv );
    platform_init( options.colors );
    if (options.second)
    {
        second_run( &options );
        return EXIT_GOOD;
    }
    /* Better to know now than in the end; an older picture stays until then. */
    if (options.svg && (!(svg = fopen( options.svg, "ab" )) || fclose( svg )))
        stop( EXIT_CANNOT, "%s cannot be written: %s", options.svg, strerror( errno ) );
    print_heading( &options );
    for (i = 0; i < ARRAY_COUNT( parts ); i++)
    {
        if (options.part && options.part != i + 1) continue;
        platform_color( COLOR_BOLD );
        printf( "\n  Part %u: %s\n\n", i + 1, parts[i].title );
        platform_color( COLOR_NORMAL );
        fflush( stdout );
        if ((reason = parts[i].play( &options, &timelines[count] )) && !unjudged) unjudged = reason;
        if (timelines[count].count) count++;
    }
    failures = checks_failed();
    if (options.svg && count)
    {
        BOOL written = (svg = fopen( options.svg, "wb" )) && svg_write( svg, timelines, count );

        if ((svg && fclose( svg )) || !written) stop( EXIT_WRONG, "%s cannot be written: %s", options.svg, strerror( errno ) );
        printf( "\n  Picture  %s\n", options.svg );
    }
    if (failures) stop( EXIT_WRONG, "%u check%s failed", failures, failures == 1 ? "" : "s" );
    if (unjudged) stop( EXIT_CANNOT, "%s", unjudged );
    fflush( stdout );
    return ferror( stdout ) ? EXIT_WRONG : EXIT_GOOD;
}
