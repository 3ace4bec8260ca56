/*
 * kmtdemo: sizes, messages and the table
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "kmtdemo.h"

BOOL line_open;
const char *program_name = "kmtdemo";

const char *size_text( UINT64 bytes )
{
    static char buffers[8][32];
    static unsigned int next;
    char *buffer = buffers[next++ % ARRAY_COUNT( buffers )];

    if (bytes >= MIB( 1024 )) snprintf( buffer, sizeof(buffers[0]), "%.2f GiB", bytes / 1073741824. );
    else if (bytes >= MIB( 100 )) snprintf( buffer, sizeof(buffers[0]), "%.0f MiB", bytes / 1048576. );
    else if (bytes >= MIB( 1 )) snprintf( buffer, sizeof(buffers[0]), "%.1f MiB", bytes / 1048576. );
    else if (bytes) snprintf( buffer, sizeof(buffers[0]), "%u KiB", (unsigned int)((bytes + 1023) / 1024) );
    else strcpy( buffer, "0" );
    return buffer;
}

void stop( int exit_status, const char *format, ... )
{
    va_list args;

    platform_color( COLOR_NORMAL );
    if (line_open) printf( "\n" );
    fflush( stdout );
    fprintf( stderr, "%s: ", program_name );
    va_start( args, format );
    vfprintf( stderr, format, args );
    va_end( args );
    fprintf( stderr, "\n" );
    exit( exit_status );
}

void damage_note( struct damage *damage, const char *name, UINT64 size, const void *memory, UINT64 offset, const char *what )
{
    UINT64 value;

    memcpy( &value, (const char *)memory + offset, sizeof(value) );
    if (!damage->count++)
        snprintf( damage->text, sizeof(damage->text), "%s, %s:\n%s at offset %#llx,\nwhere 0x%016llx stands", name, size_text( size ),
                  what, (unsigned long long)offset, (unsigned long long)value );
}

/***********************************************************************
 * The table
 */

static struct row total;

/* A count and its bytes, or dashes. */
static void print_amount( unsigned int count, UINT64 bytes )
{
    if (count) printf( " %6u %9s", count, size_text( bytes ) );
    else printf( " %6s %9s", "-", "-" );
}

static void print_row( const char *name, const struct row *row )
{
    unsigned int i;

    printf( "  %-16s", name );
    for (i = 0; i < ARRAY_COUNT( row->counts ); i++) print_amount( row->counts[i], row->bytes[i] );
    printf( " %9s\n", row->verified ? size_text( row->verified ) : "-" );
}

static void print_rule( void )
{
    unsigned int i;

    platform_color( COLOR_DIM );
    printf( "  " );
    for (i = 0; i < 77; i++) fputs( use_utf8 ? "\u2500" : "-", stdout );
    platform_color( COLOR_NORMAL );
    printf( "\n" );
}

void report_heading( const char *first, const char *second, const char *third )
{
    memset( &total, 0, sizeof(total) );
    platform_color( COLOR_BOLD );
    printf( "\n  %-16s%17s%17s%17s %9s\n", "", first, second, third, "verified" );
    platform_color( COLOR_NORMAL );
    print_rule();
}

void report_row( const char *name, const struct row *row )
{
    unsigned int i;

    print_row( name, row );
    for (i = 0; i < ARRAY_COUNT( row->counts ); i++)
    {
        total.counts[i] += row->counts[i];
        total.bytes[i] += row->bytes[i];
    }
    total.verified += row->verified;
}

void report_total( void )
{
    print_rule();
    print_row( "Total", &total );
}
