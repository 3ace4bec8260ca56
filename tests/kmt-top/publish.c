/*
 * Publishes in the ledger what the command line says, until its input ends
 *
 *   publish [--name PROGRAM] [--gpu LETTER NAME | FIELD=VALUE | in+=VALUE | out+=VALUE]...
 *
 * --gpu begins an account, of 1 GB local and 4 GB non-local memory. FIELD=VALUE is local, non.FIELD=VALUE non-local. in+=VALUE lets
 * paged_in grow by VALUE every 50 ms. NAME and PROGRAM may have \xHH in them. "ready" is printed when all of it is published.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/ledger.h"

static const struct { const char *name; size_t offset; } fields[] =
{
#define FIELD( name ) { #name, offsetof( struct ledger_counts, name ) }
    FIELD( budget ), FIELD( used ), FIELD( committed ), FIELD( resident ), FIELD( offered ), FIELD( evictable ), FIELD( evicted ),
    FIELD( reservation ), FIELD( demand ), FIELD( discarded ), FIELD( paged_out ), FIELD( paged_in ), FIELD( discards ),
};

static void unescape( char *to, size_t size, const char *from )
{
    unsigned int byte;

    for (; *from && size > 1; size--)
    {
        if (from[0] == '\\' && from[1] == 'x' && sscanf( from + 2, "%2x", &byte ) == 1)
        {
            *to++ = byte;
            from += 4;
        }
        else *to++ = *from++;
    }
    *to = 0;
}

static void publish( struct ledger_account *account, const char *word )
{
    unsigned int group = LEDGER_LOCAL, i;
    const char *value = strchr( word, '=' );
    uint64_t *field;

    if (!strncmp( word, "non.", 4 ))
    {
        group = LEDGER_NON_LOCAL;
        word += 4;
    }
    for (i = 0; value && i < sizeof(fields) / sizeof(fields[0]); i++)
    {
        if (strlen( fields[i].name ) != (size_t)(value - word) || strncmp( word, fields[i].name, value - word )) continue;
        field = (uint64_t *)((char *)ledger_counts( account, group ) + fields[i].offset);
        __atomic_store_n( field, strtoull( value + 1, NULL, 0 ), __ATOMIC_RELAXED );
        return;
    }
    fprintf( stderr, "publish: unknown %s\n", word );
    exit( 2 );
}

int main( int argc, char **argv )
{
    static const uint64_t totals[LEDGER_GROUPS] = { 1ull << 30, 4ull << 30 };
    struct ledger_account *accounts[LEDGER_GPUS], *account = NULL;
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    uint64_t in = 0, out = 0;
    unsigned int count = 0;
    char name[512];
    int i;

    for (i = 1; i < argc; i++)
    {
        if (!strcmp( argv[i], "--name" ) && i + 1 < argc)
        {
            /* Again, as that program; the name goes in the place of our own. */
            unescape( name, sizeof(name), argv[i + 1] );
            argv[i + 1] = name;
            execv( argv[0], argv + i + 1 );
            return 2;
        }
        if (!strcmp( argv[i], "--gpu" ) && i + 2 < argc && count < LEDGER_GPUS)
        {
            uint8_t uuid[16] = { 0 };

            uuid[15] = *argv[++i];
            unescape( name, sizeof(name), argv[++i] );
            if (!ledger_join( uuid, name, totals, &account )) return 3;
            accounts[count++] = account;
        }
        else if (!strncmp( argv[i], "in+=", 4 )) in = strtoull( argv[i] + 4, NULL, 0 );
        else if (!strncmp( argv[i], "out+=", 5 )) out = strtoull( argv[i] + 5, NULL, 0 );
        else if (account) publish( account, argv[i] );
    }
    if (!account) return 2;
    puts( "ready" );
    fflush( stdout );
    while (!poll( &input, 1, 50 ))
    {
        LEDGER_ADD( account, LEDGER_LOCAL, paged_in, in );
        LEDGER_ADD( account, LEDGER_NON_LOCAL, paged_out, out );
    }
    while (count) ledger_leave( accounts[--count] );
    return 0;
}
