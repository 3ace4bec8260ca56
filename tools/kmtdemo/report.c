/*
 * kmtdemo: sizes, messages, the record and the table
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
    fprintf( stderr, "kmtdemo: " );
    va_start( args, format );
    vfprintf( stderr, format, args );
    va_end( args );
    fprintf( stderr, "\n" );
    exit( exit_status );
}

/***********************************************************************
 * The record
 */

void record_sample( struct record *record, struct sample sample )
{
    if (record->count == record->capacity)
    {
        record->capacity = record->capacity ? record->capacity * 2 : 256;
        record->samples = realloc( record->samples, record->capacity * sizeof(*record->samples) );
        if (!record->samples) stop( EXIT_CANNOT, "out of memory" );
    }
    record->samples[record->count++] = sample;
}

const struct sample *record_at( const struct record *record, double time )
{
    unsigned int low = 0, high = record->count;

    while (high - low > 1)
    {
        unsigned int middle = (low + high) / 2;

        if (record->samples[middle].time <= time) low = middle;
        else high = middle;
    }
    return &record->samples[low];
}

UINT64 record_maximum( const struct record *record )
{
    UINT64 maximum = record->budget;
    unsigned int i;

    for (i = 0; i < record->count; i++)
    {
        const struct sample *sample = &record->samples[i];
        UINT64 sum = sample->used + sample->offered + sample->discarded;

        if (sum > maximum) maximum = sum;
    }
    return maximum;
}

/***********************************************************************
 * The table
 */

struct row
{
    unsigned int count, kept, discarded;
    UINT64       bytes, kept_bytes, discarded_bytes, verified;
};

/* A count and its bytes, or dashes. */
static void print_amount( unsigned int count, UINT64 bytes )
{
    if (count) printf( " %6u %9s", count, size_text( bytes ) );
    else printf( " %6s %9s", "-", "-" );
}

static void print_row( const char *name, const struct row *row )
{
    printf( "  %-16s", name );
    print_amount( row->count, row->bytes );
    print_amount( row->kept, row->kept_bytes );
    print_amount( row->discarded, row->discarded_bytes );
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

void report_table( const struct scene *scene )
{
    struct row total = { 0 };
    unsigned int class, i;

    platform_color( COLOR_BOLD );
    printf( "\n  %-16s%17s%17s%17s %9s\n", "", "created", "kept", "discarded", "verified" );
    platform_color( COLOR_NORMAL );
    print_rule();
    for (class = 0; class < CLASS_COUNT; class++)
    {
        struct row row = { 0 };

        for (i = scene->first[class]; i < scene->first[class + 1]; i++)
        {
            const struct item *item = &scene->items[i];

            row.count++;
            row.bytes += item->size;
            row.verified += item->verified;
            *(item->discarded ? &row.discarded : &row.kept) += 1;
            *(item->discarded ? &row.discarded_bytes : &row.kept_bytes) += item->size;
        }
        print_row( class_names[class], &row );
        total.count += row.count;
        total.kept += row.kept;
        total.discarded += row.discarded;
        total.bytes += row.bytes;
        total.kept_bytes += row.kept_bytes;
        total.discarded_bytes += row.discarded_bytes;
        total.verified += row.verified;
    }
    print_rule();
    print_row( "Total", &total );
}
