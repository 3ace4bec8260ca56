/*
 * Mutations of inputs that are records (fuzz.h)
 *
 * The first record of an input says how the world is, the others what happens in it. Whole records are inserted, removed,
 * doubled, swapped, moved and taken over from another input; within one a field is changed. So most mutants of a sequence that
 * gets far get as far.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "fuzz.h"

#define RECORD FUZZ_RECORD

static void fill( uint8_t *record, uint64_t *state )
{
    unsigned int i;

    for (i = 0; i < RECORD; i++) record[i] = fuzz_random( state ) >> 24;
    fuzz_new_record( record, fuzz_random( state ) );
}

static void swap( uint8_t *a, uint8_t *b )
{
    uint8_t copy[RECORD];

    memcpy( copy, a, RECORD );
    memcpy( a, b, RECORD );
    memcpy( b, copy, RECORD );
}

/* A byte of a record changes as fields like to: to another small number, to an edge, by one bit, by one. */
static void change_field( uint8_t *record, uint64_t *state )
{
    static const uint8_t edges[] = { 0, 1, 2, 0x7f, 0x80, 0xa0, 0xc8, 0xe0, 0xf0, 0xff };
    unsigned int at = fuzz_random( state ) % RECORD;

    switch (fuzz_random( state ) % 6)
    {
    case 0: record[at] = fuzz_random( state ) % 16; break;
    case 1: record[at] = edges[fuzz_random( state ) % sizeof(edges)]; break;
    case 2: record[at] ^= 1u << fuzz_random( state ) % 8; break;
    case 3: record[at] += fuzz_random( state ) % 2 ? 1 : -1; break;
    case 4: record[at] = fuzz_random( state ); break;
    default: LLVMFuzzerMutate( record, RECORD, RECORD ); break;
    }
}

/* One mutation. count: records in data; returns how many there are then. */
static size_t mutate( uint8_t *data, size_t count, size_t most, uint64_t *state )
{
    size_t a = count ? fuzz_random( state ) % count : 0, b = count ? fuzz_random( state ) % count : 0, more;
    unsigned int what = fuzz_random( state ) % 16;

    if (!count || (what < 3 && count < most))       /* insert, never before the world */
    {
        if (count) a = 1 + fuzz_random( state ) % count;
        memmove( data + (a + 1) * RECORD, data + a * RECORD, (count - a) * RECORD );
        fill( data + a * RECORD, state );
        return count + 1;
    }
    if (what < 5 && count > 1)                      /* remove some */
    {
        if (!a) a = 1;
        more = fuzz_random( state ) % 4 ? 1 : 1 + fuzz_random( state ) % (count - a);
        memmove( data + a * RECORD, data + (a + more) * RECORD, (count - a - more) * RECORD );
        return count - more;
    }
    if (what < 7 && count < most && count > 1)      /* a copy of some elsewhere */
    {
        uint8_t copy[8 * RECORD];

        if (!a) a = 1;
        if (!b) b = 1;
        more = 1 + fuzz_random( state ) % 8;
        if (more > count - a) more = count - a;
        if (more > most - count) more = most - count;
        memcpy( copy, data + a * RECORD, more * RECORD );
        memmove( data + (b + more) * RECORD, data + b * RECORD, (count - b) * RECORD );
        memcpy( data + b * RECORD, copy, more * RECORD );
        return count + more;
    }
    if (what < 8 && count > 2)
    {
        if (!a) a = 1;
        if (!b) b = 1;
        swap( data + a * RECORD, data + b * RECORD );
        return count;
    }
    if (what < 9 && count > 1)                      /* another call with the same fields */
    {
        uint8_t other[RECORD];

        if (!a) a = 1;
        fill( other, state );
        memcpy( data + a * RECORD, other, 2 );
        return count;
    }
    for (more = 1 + fuzz_random( state ) % 3; more; more--) change_field( data + a * RECORD, state );
    return count;
}

size_t LLVMFuzzerCustomMutator( uint8_t *data, size_t size, size_t max_size, unsigned int seed )
{
    uint64_t state = fuzz_hash( data, size, seed );
    size_t count = size / RECORD, most = max_size / RECORD, times = 1 + fuzz_random( &state ) % 4;

    if (!most) return LLVMFuzzerMutate( data, size, max_size );
    while (times--) count = mutate( data, count, most, &state );
    return count * RECORD;
}

/* The beginning of one and the end of the other. */
size_t LLVMFuzzerCustomCrossOver( const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out, size_t max_size,
                                  unsigned int seed )
{
    uint64_t state = seed;
    size_t count1 = size1 / RECORD, count2 = size2 / RECORD, most = max_size / RECORD, first, skip;

    first = count1 ? 1 + fuzz_random( &state ) % count1 : 0;
    if (first > most) first = most;
    skip = count2 ? fuzz_random( &state ) % count2 : 0;
    if (!skip && count2) skip = 1;
    count2 -= skip;
    if (count2 > most - first) count2 = most - first;
    memcpy( out, data1, first * RECORD );
    memcpy( out + first * RECORD, data2 + skip * RECORD, count2 * RECORD );
    return (first + count2) * RECORD;
}
