/*
 * winekmt-setup: the command line
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "setup.h"

#ifndef WINEKMT_VERSION_STRING
#define WINEKMT_VERSION_STRING "0"
#endif

static const char usage[] =
    "usage: winekmt-setup install | uninstall | status [--prefix DIR] [--wine PATH]\n"
    "       winekmt-setup run [--prefix DIR] [--wine PATH] PROGRAM [ARGUMENTS...]\n"
    "\n"
    "  install      put winekmt's gdi32.dll into a Wine prefix, or bring it up to date\n"
    "  uninstall    take it out again; everything is as it was before\n"
    "  status       say what is there and what is missing; exit status 0 when all is well\n"
    "  run          run a Windows program with winekmt, installing it first if needed\n"
    "\n"
    "  --prefix DIR the prefix; else $WINEPREFIX, else ~/.wine\n"
    "  --wine PATH  Wine's loader; else $WINE, $WINELOADER, from PATH, or where it usually is\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done, 1 not done or something is missing, 2 wrong usage; run: the program's, 125 if it was not started.\n";

/* "--name VALUE" or "--name=VALUE": 1; another word: 0; no value: -1 with a message said. */
static int option( char ***argv, const char *name, char **value )
{
    size_t len = strlen( name );
    char *arg = **argv;

    if (strncmp( arg, name, len ) || (arg[len] && arg[len] != '=')) return 0;
    if (arg[len]) *value = arg + len + 1;
    else *value = *++*argv;
    if (*value && **value) return 1;
    complain( "%s needs a value", name );
    return -1;
}

int main( int argc, char **argv )
{
    char *path = NULL, *loader = NULL, *command = NULL;
    struct payload payload;
    struct prefix prefix;
    struct wine wine;
    int ret, is_run = 0;

    (void)argc;
    for (argv++; *argv && !(is_run && **argv != '-'); argv++)
    {
        if (!strcmp( *argv, "--help" ) || !strcmp( *argv, "-h" ))
        {
            fputs( usage, stdout );
            return EXIT_OK;
        }
        if (!strcmp( *argv, "--version" ))
        {
            puts( "winekmt-setup " WINEKMT_VERSION_STRING );
            return EXIT_OK;
        }
        if (is_run && !strcmp( *argv, "--" ))
        {
            argv++;
            break;
        }
        if (!(ret = option( &argv, "--prefix", &path ))) ret = option( &argv, "--wine", &loader );
        if (ret < 0) return EXIT_USAGE;
        if (ret) continue;
        if (**argv == '-' || command)
        {
            complain( "unknown %s: %s (--help shows the usage)", **argv == '-' ? "option" : "argument", *argv );
            return EXIT_USAGE;
        }
        command = *argv;
        is_run = !strcmp( command, "run" );
    }
    if (!command || (is_run && !*argv))
    {
        fputs( usage, stderr );
        return EXIT_USAGE;
    }
    if (!path && !(path = prefix_default())) return EXIT_USAGE;

    if (is_run) return run( path, loader, argv );
    if (!strcmp( command, "status" )) return status( path, loader );
    if (!strcmp( command, "uninstall" )) return prefix_open( &prefix, path ) ? EXIT_PROBLEM : uninstall( &prefix, 5 );
    if (strcmp( command, "install" ))
    {
        complain( "unknown command: %s (--help shows the usage)", command );
        return EXIT_USAGE;
    }
    if (prefix_open( &prefix, path ) || payload_find( &payload )) return EXIT_PROBLEM;
    wine_find( &wine, loader );
    return install( &prefix, &payload, &wine, 5 );
}
