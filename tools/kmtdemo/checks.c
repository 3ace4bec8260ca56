/*
 * kmtdemo: what the checks print
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

void checks_begin( void )
{
    platform_color( COLOR_BOLD );
    printf( "\n  Checks\n" );
    platform_color( COLOR_NORMAL );
}

void check( BOOL good, const char *name, const char *format, ... )
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

unsigned int checks_failed( void )
{
    return failures;
}
