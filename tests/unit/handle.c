/*
 * The table of handles: full, empty, refilled; stale handles; what it costs
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

static bool insert( struct handle_table *table, struct object *object, bool global )
{
    bool ret;

    memset( object, 0, sizeof(*object) );
    object->refs = 1;
    kmt_lock();
    ret = handle_insert_locked( table, object, OBJECT_ALLOCATION, global );
    kmt_unlock();
    return ret;
}

static void remove_object( struct handle_table *table, struct object *object )
{
    kmt_lock();
    handle_remove_locked( table, object );
    kmt_unlock();
}

static struct object *lookup( struct handle_table *table, D3DKMT_HANDLE handle, enum object_type type )
{
    struct object *ret;

    kmt_lock();
    ret = handle_lookup_locked( table, handle, type );
    kmt_unlock();
    return ret;
}

static unsigned int count_chunks( const struct handle_table *table )
{
    unsigned int i, count = 0;

    for (i = 0; i < table->chunk_count; i++) if (table->chunks[i]) count++;
    return count;
}

/* The bits of handles that semantics.md promises. */
static void test_values(void)
{
    struct object objects[8];
    struct handle_table table;
    unsigned int i;

    ok( handle_table_init( &table, HANDLE_INDEX_BITS ), "no table\n" );
    ok( !lookup( &table, 0, OBJECT_ALLOCATION ), "0 is a handle\n" );
    for (i = 0; i < 8; i++)
    {
        ok( insert( &table, &objects[i], i & 1 ), "insert failed\n" );
        ok( (objects[i].handle & 0x3f) == (i & 1 ? 2 : 0), "low bits of %#x\n", objects[i].handle );
        ok( objects[i].handle >> 31 == 1, "top bit of %#x\n", objects[i].handle );
        ok( !is_stock_handle( objects[i].handle ), "%#x is stock Wine's\n", objects[i].handle );
        if (i) ok( (objects[i].handle & ~0x3fu) == (objects[i - 1].handle & ~0x3fu) + 0x40, "%#x after %#x\n", objects[i].handle, objects[i - 1].handle );
        ok( objects[i].refs == 1, "%u references\n", objects[i].refs );
    }
    for (i = 0; i < 8; i++)
    {
        D3DKMT_HANDLE handle = objects[i].handle;
        unsigned int bit;

        ok( lookup( &table, handle, OBJECT_ALLOCATION ) == &objects[i], "%#x is not found\n", handle );
        ok( !lookup( &table, handle, OBJECT_RESOURCE ), "%#x is found as a resource\n", handle );
        ok( !lookup( &table, handle, OBJECT_NONE ), "%#x is found as nothing\n", handle );
        /* One wrong bit makes it another object's handle, or nobody's. */
        for (bit = 0; bit < 32; bit++)
            ok( lookup( &table, handle ^ 1u << bit, OBJECT_ALLOCATION ) != &objects[i], "bit %u of %#x is ignored\n", bit, handle );
    }
    for (i = 0; i < 8; i++)
    {
        D3DKMT_HANDLE handle = objects[i].handle;

        remove_object( &table, &objects[i] );
        ok( !objects[i].handle, "the handle is still there\n" );
        ok( !lookup( &table, handle, OBJECT_ALLOCATION ), "%#x lives on\n", handle );
    }
    ok( !table.live, "%u live\n", table.live );
    handle_table_finish( &table );
}

/* Full, one removed, refilled, emptied; with all of the index range and both values of the uniqueness bit. */
static void test_small( unsigned int bits )
{
    unsigned int capacity = 1u << bits, i, round;
    struct object *objects = malloc( capacity * sizeof(*objects) ), more;
    D3DKMT_HANDLE *stale = malloc( capacity * sizeof(*stale) );
    struct handle_table table;

    ok( handle_table_init( &table, bits ), "no table\n" );
    for (round = 0; round < 4; round++)
    {
        for (i = 0; i < capacity; i++) ok( insert( &table, &objects[i], round & 1 ), "bits %u: insert %u of %u failed\n", bits, i, capacity );
        ok( table.live == capacity, "%u live\n", table.live );
        for (i = 0; i < 3; i++) ok( !insert( &table, &more, false ), "a full table took one more\n" );
        ok( !more.handle && more.refs == 1, "a failed insert left %#x, %u\n", more.handle, more.refs );
        for (i = 0; i < capacity; i++)
        {
            if (lookup( &table, objects[i].handle, OBJECT_ALLOCATION ) != &objects[i]) ok( 0, "%#x is not found\n", objects[i].handle );
            if (round && lookup( &table, stale[i], OBJECT_ALLOCATION )) ok( 0, "stale %#x is found\n", stale[i] );
        }

        /* A hole anywhere is found, and its new handle is another one as long as uniqueness lasts. */
        for (i = 0; i < capacity; i += capacity / 4 + 1)
        {
            D3DKMT_HANDLE old = objects[i].handle;

            remove_object( &table, &objects[i] );
            ok( !lookup( &table, old, OBJECT_ALLOCATION ), "stale %#x is found\n", old );
            ok( insert( &table, &objects[i], false ), "the hole at %u is not found\n", i );
            ok( lookup( &table, objects[i].handle, OBJECT_ALLOCATION ) == &objects[i], "%#x is not found\n", objects[i].handle );
        }
        for (i = 0; i < capacity; i++)
        {
            stale[i] = objects[i].handle;
            remove_object( &table, &objects[i] );
        }
        ok( !table.live, "%u live\n", table.live );
        ok( count_chunks( &table ) <= 1, "%u chunks of an empty table\n", count_chunks( &table ) );
    }
    handle_table_finish( &table );
    free( stale );
    free( objects );
}

/* A stale handle names nothing for twice as many creations as there are indices. */
static void test_stale(void)
{
    struct handle_table table;
    struct object object;
    D3DKMT_HANDLE first;
    unsigned int i, again = 0, wrong_bits = 0;

    ok( handle_table_init( &table, 6 ), "no table\n" );
    ok( insert( &table, &object, false ), "insert failed\n" );
    first = object.handle;
    for (i = 1; i <= 256; i++)
    {
        remove_object( &table, &object );
        ok( insert( &table, &object, false ), "insert failed\n" );
        if (object.handle >> 30 < 2) wrong_bits++;
        if (object.handle == first && !again) again = i;
    }
    ok( again == 128, "the first handle came again after %u\n", again );
    ok( !wrong_bits, "%u handles with other top bits\n", wrong_bits );
    remove_object( &table, &object );
    handle_table_finish( &table );
}

/* Chunks that are left behind empty go, the one that is in use stays. */
static void test_chunks(void)
{
    unsigned int i, count = 5 * 4096, most = 0;
    struct object *objects = malloc( count * sizeof(*objects) );
    struct handle_table table;

    ok( handle_table_init( &table, HANDLE_INDEX_BITS ), "no table\n" );
    for (i = 0; i < count; i++)
    {
        if (!insert( &table, &objects[i], false )) ok( 0, "insert %u failed\n", i );
        remove_object( &table, &objects[i] );
        if (count_chunks( &table ) > most) most = count_chunks( &table );
    }
    ok( most <= 2, "%u chunks for one object at a time\n", most );

    for (i = 0; i < count; i++) if (!insert( &table, &objects[i], false )) ok( 0, "insert %u failed\n", i );
    ok( count_chunks( &table ) <= 6, "%u chunks for %u objects\n", count_chunks( &table ), count );
    /* Every second chunk stays in use by one object. */
    for (i = 0; i < count; i++) if (objects[i].handle >> 6 & 0xfff) remove_object( &table, &objects[i] );
    ok( table.live <= 6, "%u live\n", table.live );
    ok( count_chunks( &table ) <= table.live + 1, "%u chunks for %u objects\n", count_chunks( &table ), table.live );
    for (i = 0; i < count; i++) if (objects[i].handle) remove_object( &table, &objects[i] );
    ok( count_chunks( &table ) <= 1, "%u chunks of an empty table\n", count_chunks( &table ) );
    handle_table_finish( &table );
    free( objects );
}

/* Without memory for the directory or for a chunk an insert fails, and the table is as before. */
static void test_no_memory(void)
{
    struct handle_table table;
    struct object first, second;
    uint32_t next;

    unit_fail_malloc( 1 );
    ok( !handle_table_init( &table, 13 ), "a table without memory\n" );
    ok( unit_failed_mallocs() == 1, "no malloc failed\n" );
    unit_fail_malloc( 0 );
    ok( handle_table_init( &table, 13 ), "no table\n" );
    unit_fail_malloc( 1 );
    next = table.next;
    ok( !insert( &table, &first, false ), "a handle without memory\n" );
    ok( unit_failed_mallocs() == 1, "no malloc failed\n" );
    ok( !first.handle && first.refs == 1 && !table.live && table.next == next, "a failed insert changed something\n" );
    unit_fail_malloc( 0 );
    ok( insert( &table, &first, false ), "insert failed\n" );
    table.next = 4096;      /* another chunk */
    unit_fail_malloc( 1 );
    ok( !insert( &table, &second, false ), "a handle without memory\n" );
    unit_fail_malloc( 0 );
    ok( table.live == 1 && lookup( &table, first.handle, OBJECT_ALLOCATION ) == &first, "the first object is lost\n" );
    ok( insert( &table, &second, true ), "insert failed\n" );
    ok( lookup( &table, second.handle, OBJECT_ALLOCATION ) == &second, "%#x is not found\n", second.handle );
    handle_table_finish( &table );
}

/* Random values find what is there, and nothing else. */
static void test_random(void)
{
    struct handle_table table;
    struct object objects[100];
    unsigned int i, j, wrong = 0, turns = unit_is_slow() ? 20000 : 500000;
    uint32_t value = 12345;

    ok( handle_table_init( &table, 10 ), "no table\n" );
    for (i = 0; i < 100; i++) ok( insert( &table, &objects[i], i % 3 == 0 ), "insert failed\n" );
    for (i = 0; i < turns; i++)
    {
        struct object *object;

        value = value * 1664525u + 1013904223u;
        if (!(object = lookup( &table, i & 1 ? value : 0x80000000u | (value >> 15 & 0xffff), OBJECT_ALLOCATION ))) continue;
        for (j = 0; j < 100; j++) if (object == &objects[j]) break;
        if (j == 100 || object->handle != (i & 1 ? value : 0x80000000u | (value >> 15 & 0xffff))) wrong++;
    }
    ok( !wrong, "%u lookups gave something wrong\n", wrong );
    handle_table_finish( &table );
}

START_TEST(handle)
{
    unsigned int bits;

    test_values();
    for (bits = 1; bits <= 13; bits++) test_small( bits );
    test_stale();
    test_chunks();
    test_no_memory();
    test_random();
}
