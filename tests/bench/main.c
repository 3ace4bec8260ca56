/*
 * bench: options
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"

struct settings settings = { .rounds = 41, .sample_seconds = 0.004 };

static const struct
{
    const char *name;
    void      (*run)( void );
}
parts[] =
{
    { "calls", part_calls },
    { "create", part_create },
    { "paging", part_paging },
    { "many", part_many },
    { "threads", part_threads },
};

static const char usage[] =
    "bench: what the D3DKMT functions cost, beside raw Vulkan\n"
    "\n"
    "  bench --part=NAME [OPTION]...   measures a part: calls, create, paging, many or threads\n"
    "    --json=FILE                   writes what came out\n"
    "    --rounds=N                    samples of each figure and of its peer (41; at most 101; fewer of what takes long)\n"
    "    --sample=MS                   milliseconds of a sample at least (4)\n"
    "    --only=PREFIX                 only figures whose name begins so; may stand there more than once\n"
    "    --suffix=TEXT                 is added to each name\n"
    "    --gpu-copies                  the raw copy is vkCmdCopyBuffer even where the CPU can copy; winekmt copies as it always\n"
    "                                  does, with the CPU where it can: tests/bench/run discrete makes it use the GPU\n"
    "    --tiny                        few and small objects, two rounds: only shows that all of it works\n"
    "  bench --report [--json=OUT] [--table=OUT] [--svg=OUT] FILE...\n"
    "                                  makes one report of the files of several parts; the table goes to the terminal too\n"
    "  bench --check FILE...           whether the files are reports\n"
    "  bench --compare BEFORE AFTER    what differs beyond the noise of both; exit status 1 when something got slower\n"
    "\n"
    "tests/bench/run, which \"make bench\" calls, runs each part with the budget that suits it.\n";

void stop( const char *format, ... )
{
    va_list args;

    fflush( stdout );
    fprintf( stderr, "bench: " );
    va_start( args, format );
    vfprintf( stderr, format, args );
    va_end( args );
    fprintf( stderr, "\n" );
    exit( EXIT_CANNOT );
}

void note( const char *format, ... )
{
    char text[160];
    va_list args;

    va_start( args, format );
    vsnprintf( text, sizeof(text), format, args );
    va_end( args );
    fprintf( stderr, "bench: %s\n", text );
    if (result.note_count < ARRAY_COUNT( result.notes ))
        copy_text( result.notes[result.note_count++], sizeof(result.notes[0]), text );
}

void copy_text( char *out, size_t size, const char *text )
{
    size_t length = strlen( text );

    if (length >= size) length = size - 1;
    memcpy( out, text, length );
    out[length] = 0;
}

/* The value of "--name=value"; NULL: the argument is another one. */
static const char *option_value( const char *argument, const char *name )
{
    size_t length = strlen( name );

    return !strncmp( argument, name, length ) && argument[length] == '=' ? argument + length + 1 : NULL;
}

static unsigned int number_of( const char *option, const char *value, unsigned int most )
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul( value, &end, 10 );
    if (value[0] < '0' || value[0] > '9' || *end || errno || !number || number > most)
        stop( "--%s: '%s' is not a number from 1 to %u", option, value, most );
    return number;
}

static FILE *open_output( const char *path )
{
    FILE *file = fopen( path, "wb" );

    if (!file) stop( "%s cannot be written: %s", path, strerror( errno ) );
    return file;
}

static void close_output( FILE *file, const char *path )
{
    bool bad = ferror( file );

    if (fclose( file ) || bad) stop( "%s cannot be written: %s", path, strerror( errno ) );
}

static void run_part( const char *name, const char *json )
{
    struct machine after;
    const char *why;
    unsigned int i;

    for (i = 0; i < ARRAY_COUNT( parts ) && strcmp( parts[i].name, name ); i++) {}
    if (i == ARRAY_COUNT( parts )) stop( "there is no part '%s'", name );
    platform_init();
    platform_describe( &result.machine );
    copy_text( result.platform, sizeof(result.platform), platform_name );
    bench_open();
    copy_text( result.machine.gpu, sizeof(result.machine.gpu), gpu.name );
    /* Only for its name: a device would be in the way of the parts that count memory. */
    if (!strcmp( name, "calls" ) && raw_open( &why ))
    {
        copy_text( result.machine.driver, sizeof(result.machine.driver), raw_driver() );
        raw_close();
    }
    if (!platform_has_empty_call()) note( "%s: there is no empty call to compare with", name );
    fprintf( stderr, "%s, %s, %s: %s\n", platform_name, result.machine.system, result.machine.gpu, name );
    parts[i].run();
    bench_close();
    platform_finish();
    platform_describe( &after );
    copy_text( result.load_after, sizeof(result.load_after), after.load );
    if (json) report_write( &result, json );
}

static void make_report( const char *json, const char *table, const char *svg, char **files, unsigned int count )
{
    FILE *file;

    if (!count) stop( "--report: of which files?" );
    for (; count; count--, files++)
        if (!report_read( &result, *files )) exit( EXIT_WRONG );
    if (json) report_write( &result, json );
    table_write( stdout, &result );
    if (table)
    {
        file = open_output( table );
        table_write( file, &result );
        close_output( file, table );
    }
    if (svg)
    {
        file = open_output( svg );
        svg_write( file, &result );
        close_output( file, svg );
    }
}

static int check_files( char **files, unsigned int count )
{
    bool good = true;

    if (!count) stop( "--check: which files?" );
    for (; count; count--, files++)
    {
        struct result checked = { 0 };

        if (!report_read( &checked, *files )) good = false;
        else if (!checked.count)
        {
            fprintf( stderr, "bench: %s has no figures\n", *files );
            good = false;
        }
        else printf( "%s: %u figures\n", *files, checked.count );
        free( checked.figures );
    }
    return good ? EXIT_GOOD : EXIT_WRONG;
}

static int compare_files( char **files, unsigned int count )
{
    struct result before = { 0 }, after = { 0 };

    if (count != 2) stop( "--compare: two files" );
    if (!report_read( &before, files[0] ) || !report_read( &after, files[1] )) return EXIT_CANNOT;
    return compare( &before, &after ) ? EXIT_WRONG : EXIT_GOOD;
}

int main( int argc, char **argv )
{
    const char *part = NULL, *json = NULL, *table = NULL, *svg = NULL, *value;
    enum { NOTHING, REPORT, CHECK, COMPARE } mode = NOTHING;
    int i, files;

    for (i = 1; i < argc && !strncmp( argv[i], "--", 2 ); i++)
    {
        if (!strcmp( argv[i], "--help" ))
        {
            fputs( usage, stdout );
            return EXIT_GOOD;
        }
        if (!strcmp( argv[i], "--report" )) mode = REPORT;
        else if (!strcmp( argv[i], "--check" )) mode = CHECK;
        else if (!strcmp( argv[i], "--compare" )) mode = COMPARE;
        else if (!strcmp( argv[i], "--gpu-copies" )) settings.gpu_copies = true;
        else if (!strcmp( argv[i], "--tiny" ))
        {
            settings.tiny = true;
            settings.rounds = 2;
            settings.sample_seconds = 0.0002;
        }
        else if ((value = option_value( argv[i], "--part" ))) part = value;
        else if ((value = option_value( argv[i], "--json" ))) json = value;
        else if ((value = option_value( argv[i], "--table" ))) table = value;
        else if ((value = option_value( argv[i], "--svg" ))) svg = value;
        else if ((value = option_value( argv[i], "--suffix" ))) settings.suffix = value;
        else if ((value = option_value( argv[i], "--only" )))
        {
            if (settings.only_count == ARRAY_COUNT( settings.only )) stop( "--only: no more than %u", settings.only_count );
            settings.only[settings.only_count++] = value;
        }
        else if ((value = option_value( argv[i], "--rounds" ))) settings.rounds = number_of( "rounds", value, MAX_ROUNDS );
        else if ((value = option_value( argv[i], "--sample" ))) settings.sample_seconds = number_of( "sample", value, 60000 ) / 1e3;
        else stop( "unknown option '%s'; --help lists them", argv[i] );
    }
    files = argc - i;
    if (!part == (mode == NOTHING)) stop( "one of --part=NAME, --report, --check and --compare is needed; --help says more" );
    switch (mode)
    {
    case REPORT:
        make_report( json, table, svg, argv + i, files );
        break;
    case CHECK:
        return check_files( argv + i, files );
    case COMPARE:
        return compare_files( argv + i, files );
    case NOTHING:
        if (files) stop( "--part takes no files: '%s'", argv[i] );
        run_part( part, json );
        break;
    }
    return EXIT_GOOD;
}
