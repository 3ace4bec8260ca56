/*
 * kmt-top: the command line
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kmt_top.h"
#include "os/ledger_file.h"

#define DELAY_MIN 0.1
#define DELAY_MAX 3600

static const char usage[] =
    "usage: kmt-top [-d SECONDS] [--once | --json]\n"
    "\n"
    "Shows who uses the memory of the GPUs: every process of yours that uses winekmt, under Wine and native.\n"
    "\n"
    "  -d, --delay SECONDS  time between two looks, 0.1 to 3600 [1]\n"
    "  --once               look twice, SECONDS apart, and print a table\n"
    "  --json               the same as one JSON object; sizes in bytes\n"
    "  --help, --version\n"
    "\n"
    "Keys: q quits, up, down, page up and page down scroll.\n"
    "\n"
    "USED       memory taken from Vulkan, of both kinds (local: the GPU's own; non-local: the system's)\n"
    "RESIDENT   held by MakeResident or a lock: stays\n"
    "EVICTED    content that is in system memory instead\n"
    "OFFERED    may be discarded when memory is short\n"
    "DISCARDED  what was offered and has been discarded, since the program's start\n"
    "IN/s OUT/s bytes a second that came back from system memory, and went there\n"
    "BUDGET     what the program may use at the moment\n"
    "\n"
    "The ledger that it reads is $WINEKMT_LEDGER, else one a user in /dev/shm, or in /run/user where /dev/shm cannot be used.\n"
    "Exit status: 0 shown; 1 there is no ledger, it cannot be read, the output cannot be written, or this is no\n"
    "terminal; 2 wrong usage.\n";

static bool parse_delay( const char *string, double *delay )
{
    char *end;

    *delay = strtod( string, &end );
    return end != string && !*end && *delay >= DELAY_MIN && *delay <= DELAY_MAX;    /* not for NaN */
}

static void wait_delay( double delay )
{
    struct timespec time = { .tv_sec = delay, .tv_nsec = (delay - (time_t)delay) * 1e9 };

    while (nanosleep( &time, &time ) && errno == EINTR) {}
}

/* Two samples and their rates, to the standard output. */
static int print_once( double delay, bool json )
{
    struct sample *first, *second;
    char why[WHY_BYTES], path[LEDGER_PATH];

    if ((first = sample_read( NULL, why ))) wait_delay( delay );
    if (!first || !(second = sample_read( first, why )))
    {
        fprintf( stderr, "kmt-top: %s\n", why );
        free( first );
        return 1;
    }
    if (json && ledger_file_path( path )) print_json( second, path );
    else print_table( second );
    free( first );
    free( second );
    if (!fflush( stdout ) && !ferror( stdout )) return 0;
    fprintf( stderr, "kmt-top: the output cannot be written: %s\n", strerror( errno ) );
    return 1;
}

int main( int argc, char **argv )
{
    bool once = false, json = false;
    const char *value;
    double delay = 1;

    (void)argc;
    setlocale( LC_CTYPE, "" );      /* not LC_NUMERIC: JSON has its own way to write numbers */
    for (argv++; *argv; argv++)
    {
        if (!strcmp( *argv, "--help" ) || !strcmp( *argv, "-h" ))
        {
            fputs( usage, stdout );
            return 0;
        }
        if (!strcmp( *argv, "--version" ))
        {
            puts( "kmt-top " WINEKMT_VERSION_STRING );
            return 0;
        }
        if (!strcmp( *argv, "--once" )) once = true;
        else if (!strcmp( *argv, "--json" )) json = true;
        else if (!strcmp( *argv, "-d" ) || !strcmp( *argv, "--delay" ) || !strncmp( *argv, "--delay=", 8 ))
        {
            value = (*argv)[1] == '-' && (*argv)[7] ? *argv + 8 : *++argv;
            if (!value || !parse_delay( value, &delay ))
            {
                fprintf( stderr, "kmt-top: the delay is to be 0.1 to 3600 seconds%s%s\n", value ? ", not " : "", value ? value : "" );
                return 2;
            }
        }
        else
        {
            fprintf( stderr, "kmt-top: unknown argument: %s (--help shows the usage)\n", *argv );
            return 2;
        }
    }
    if (once && json)
    {
        fprintf( stderr, "kmt-top: --once and --json exclude each other\n" );
        return 2;
    }
    return once || json ? print_once( delay, json ) : run_screen( delay );
}
