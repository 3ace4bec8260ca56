/*
 * kmt-top: a table and JSON for scripts
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "kmt_top.h"

static const char *const group_names[LEDGER_GROUPS] = { "local", "non_local" };

static void print_size( uint64_t bytes )
{
    char buffer[SIZE_BYTES];

    printf( " %9s", format_size( buffer, bytes ) );
}

void print_table( const struct sample *sample )
{
    char name[FORMATTED_BYTES], a[SIZE_BYTES], b[SIZE_BYTES], c[SIZE_BYTES];
    unsigned int i, j, group;

    if (!sample->adapter_count) printf( "No process uses a GPU.\n" );
    for (i = 0; i < sample->adapter_count; i++)
    {
        const struct adapter *adapter = &sample->adapters[i];

        if (i) printf( "\n" );
        printf( "%s\n", format_name( name, adapter->name, -100 ) );
        for (group = 0; group < LEDGER_GROUPS; group++)
            if (adapter->total[group])
                printf( "  %-10s total %s, budget %s, used %s\n", group == LEDGER_LOCAL ? "local:" : "non-local:",
                        format_size( a, adapter->total[group] ),
                        format_size( b, adapter_budget( adapter, group ) ),
                        format_size( c, adapter_sum( adapter, group, COUNT_FIELD( used ) ) ) );
        printf( "%8s  %-24s %9s %9s %9s %9s %9s %9s %9s %9s\n", "PID", "PROGRAM", "USED", "RESIDENT", "EVICTED", "OFFERED",
                "DISCARDED", "IN/s", "OUT/s", "BUDGET" );
        for (j = 0; j < adapter->process_count; j++)
        {
            const struct process *process = &adapter->processes[j];

            if (process->pid) printf( "%8d", process->pid );
            else printf( "%8s", "-" );
            printf( "  %s", format_name( name, process->name, 24 ) );
            print_size( process_sum( process, COUNT_FIELD( used ) ) );
            print_size( process_sum( process, COUNT_FIELD( resident ) ) );
            print_size( process_sum( process, COUNT_FIELD( evicted ) ) );
            print_size( process_sum( process, COUNT_FIELD( offered ) ) );
            print_size( process_sum( process, COUNT_FIELD( discarded ) ) );
            print_size( add_saturated( process->in_rate[LEDGER_LOCAL], process->in_rate[LEDGER_NON_LOCAL] ) );
            print_size( add_saturated( process->out_rate[LEDGER_LOCAL], process->out_rate[LEDGER_NON_LOCAL] ) );
            print_size( process_sum( process, COUNT_FIELD( budget ) ) );
            printf( "\n" );
        }
    }
}

/* The length of the well-formed UTF-8 character at p, 0: there is none. */
static unsigned int utf8_length( const unsigned char *p )
{
    static const struct { unsigned char mask, first; unsigned int length; uint32_t least; } forms[] =
        { { 0xe0, 0xc0, 2, 0x80 }, { 0xf0, 0xe0, 3, 0x800 }, { 0xf8, 0xf0, 4, 0x10000 } };
    unsigned int i, j;
    uint32_t c;

    if (*p < 0x80) return *p != 0;
    for (i = 0; i < 3; i++)
    {
        if ((*p & forms[i].mask) != forms[i].first) continue;
        c = *p & ~forms[i].mask;
        for (j = 1; j < forms[i].length; j++)
        {
            if ((p[j] & 0xc0) != 0x80) return 0;
            c = c << 6 | (p[j] & 0x3f);
        }
        return c < forms[i].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : forms[i].length;
    }
    return 0;
}

/* A JSON string, whatever the bytes are: what is no UTF-8 becomes U+FFFD. */
static void print_string( const char *string )
{
    const unsigned char *p = (const unsigned char *)string;
    unsigned int length;

    putchar( '"' );
    for (; *p; p += length ? length : 1)
    {
        length = utf8_length( p );
        if (*p == '"' || *p == '\\') printf( "\\%c", *p );
        else if (*p < ' ' || *p == 0x7f) printf( "\\u%04x", *p );
        else if (length) printf( "%.*s", (int)length, (const char *)p );
        else fputs( "\\ufffd", stdout );
    }
    putchar( '"' );
}

static const struct { const char *name; unsigned int field; } json_fields[] =
{
    { "budget", COUNT_FIELD( budget ) },
    { "used", COUNT_FIELD( used ) },
    { "committed", COUNT_FIELD( committed ) },
    { "resident", COUNT_FIELD( resident ) },
    { "offered", COUNT_FIELD( offered ) },
    { "evictable", COUNT_FIELD( evictable ) },
    { "evicted", COUNT_FIELD( evicted ) },
    { "reservation", COUNT_FIELD( reservation ) },
    { "demand", COUNT_FIELD( demand ) },
    { "discarded", COUNT_FIELD( discarded ) },
    { "discards", COUNT_FIELD( discards ) },
    { "paged_out", COUNT_FIELD( paged_out ) },
    { "paged_in", COUNT_FIELD( paged_in ) },
};
#define JSON_FIELDS (sizeof(json_fields) / sizeof(json_fields[0]))

static void print_json_process( const struct process *process )
{
    unsigned int group, i;

    printf( "        { \"pid\": %d, \"name\": ", process->pid );
    print_string( process->name );
    for (group = 0; group < LEDGER_GROUPS; group++)
    {
        const uint64_t *counts = (const uint64_t *)&process->counts[group];

        printf( ",\n          \"%s\": { ", group_names[group] );
        for (i = 0; i < JSON_FIELDS; i++)
            printf( "\"%s\": %llu, ", json_fields[i].name, (unsigned long long)counts[json_fields[i].field] );
        printf( "\"paged_out_per_second\": %llu, \"paged_in_per_second\": %llu }", (unsigned long long)process->out_rate[group],
                (unsigned long long)process->in_rate[group] );
    }
    printf( " }" );
}

void print_json( const struct sample *sample, const char *path )
{
    unsigned int i, j, group;

    printf( "{\n  \"ledger\": " );
    print_string( path );
    printf( ",\n  \"interval_seconds\": %.3f,\n  \"process_count\": %u,\n  \"adapters\": [", sample->interval,
            sample->process_count );
    for (i = 0; i < sample->adapter_count; i++)
    {
        const struct adapter *adapter = &sample->adapters[i];

        printf( "%s\n    {\n      \"name\": ", i ? "," : "" );
        print_string( adapter->name );
        printf( ",\n      \"uuid\": \"" );
        for (j = 0; j < sizeof(adapter->device_uuid); j++) printf( "%02x", adapter->device_uuid[j] );
        printf( "\"" );
        for (group = 0; group < LEDGER_GROUPS; group++)
            printf( ",\n      \"%s\": { \"total\": %llu, \"budget\": %llu, \"used\": %llu }", group_names[group],
                    (unsigned long long)adapter->total[group],
                    (unsigned long long)adapter_budget( adapter, group ),
                    (unsigned long long)adapter_sum( adapter, group, COUNT_FIELD( used ) ) );
        printf( ",\n      \"processes\": [" );
        for (j = 0; j < adapter->process_count; j++)
        {
            printf( "%s\n", j ? "," : "" );
            print_json_process( &adapter->processes[j] );
        }
        printf( " ]\n    }" );
    }
    printf( " ]\n}\n" );
}
