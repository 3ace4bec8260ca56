/*
 * What the fuzz targets share: errors, cursors, names (fuzz.h)
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

void fuzz_fail( const char *format, ... )
{
    va_list args;

    fflush( stdout );
    fputs( "fuzz: ", stderr );
    va_start( args, format );
    vfprintf( stderr, format, args );
    va_end( args );
    fputc( '\n', stderr );
    abort();
}

bool fuzz_tracing( void )
{
    static int tracing = -1;

    if (tracing < 0) tracing = getenv( "FUZZ_TRACE" ) != NULL;
    return tracing;
}

void fuzz_say( const char *format, ... )
{
    va_list args;

    va_start( args, format );
    vfprintf( stderr, format, args );
    va_end( args );
    fputc( '\n', stderr );
}

uint64_t fuzz_hash( const void *data, size_t size, uint64_t seed )
{
    const uint8_t *p = data;
    uint64_t hash = 0xcbf29ce484222325ull ^ seed;   /* FNV-1a */

    while (size--) hash = (hash ^ *p++) * 0x100000001b3ull;
    return hash;
}

/* splitmix64 */
uint64_t fuzz_random( uint64_t *state )
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

void fuzz_cursor_init( struct fuzz_cursor *cursor, const uint8_t *data, size_t size )
{
    cursor->data = data;
    cursor->left = size;
    cursor->random = fuzz_hash( data, size, 0 );
}

static uint64_t take( struct fuzz_cursor *cursor, unsigned int bytes )
{
    uint64_t value = 0;
    unsigned int i;

    for (i = 0; i < bytes; i++)
    {
        uint8_t byte;

        if (cursor->left)
        {
            byte = *cursor->data++;
            cursor->left--;
        }
        else byte = fuzz_random( &cursor->random );
        value |= (uint64_t)byte << 8 * i;
    }
    return value;
}

uint8_t fuzz_u8( struct fuzz_cursor *cursor )
{
    return take( cursor, 1 );
}

uint16_t fuzz_u16( struct fuzz_cursor *cursor )
{
    return take( cursor, 2 );
}

uint32_t fuzz_u32( struct fuzz_cursor *cursor )
{
    return take( cursor, 4 );
}

uint64_t fuzz_u64( struct fuzz_cursor *cursor )
{
    return take( cursor, 8 );
}

uint64_t fuzz_edgy( struct fuzz_cursor *cursor )
{
    uint8_t how = fuzz_u8( cursor );

    if (how < 0xa0) return how & 0x0f;
    if (how < 0xe0) return (1ull << (fuzz_u8( cursor ) & 63)) + (how & 3) - 1;
    if (how < 0xf0) return ~0ull - (how & 3);
    return fuzz_u64( cursor );
}

uint16_t fuzz_name_code( const char *name )
{
    uint64_t hash = fuzz_hash( name, strlen( name ), 0 );

    return hash ^ hash >> 16 ^ hash >> 32 ^ hash >> 48;
}

unsigned int fuzz_find_name( const char *const *names, unsigned int count, uint16_t code )
{
    unsigned int i, best = 0, distance = 0x10000;

    for (i = 0; i < count; i++)
    {
        uint16_t ahead = fuzz_name_code( names[i] ) - code;

        if (ahead >= distance) continue;
        best = i;
        distance = ahead;
    }
    return best;
}
