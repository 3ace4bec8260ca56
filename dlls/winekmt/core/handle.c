/*
 * The table of handles, and the lock
 *
 * A directory of chunks of 4096 pointers. Handles are given out in rising order, so a program that makes and
 * destroys objects all the time walks through the chunks; those that it leaves behind empty are freed.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>

#include "core/core.h"

struct handle_table kmt_handles;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct os_condition condition, fence_condition;

void kmt_lock( void )
{
    pthread_mutex_lock( &mutex );
}

void kmt_unlock( void )
{
    pthread_mutex_unlock( &mutex );
}

bool kmt_wait_on_locked( struct os_condition *cond, uint64_t deadline )
{
    return os_condition_wait( cond, &mutex, deadline );
}

bool kmt_wait_locked( uint64_t deadline )
{
    return kmt_wait_on_locked( &condition, deadline );
}

void kmt_wait_fence_locked( void )
{
    kmt_wait_on_locked( &fence_condition, UINT64_MAX );
}

void kmt_wake_locked( void )
{
    os_condition_wake( &condition );
    os_condition_wake( &fence_condition );
}

void kmt_wake_idle_locked( void )
{
    os_condition_wake( &condition );
}

bool handle_table_init( struct handle_table *table, unsigned int index_bits )
{
    assert( index_bits && index_bits <= HANDLE_INDEX_BITS );
    table->capacity = 1u << index_bits;
    table->chunk_count = (table->capacity + CHUNK_SIZE - 1) / CHUNK_SIZE;
    table->next = 1;    /* 0x80000000 would be a valid handle, but looks like a mistake in a log */
    table->live = 0;
    table->chunks = calloc( table->chunk_count, sizeof(*table->chunks) );
    return table->chunks != NULL;
}

void handle_table_finish( struct handle_table *table )
{
    uint32_t i;

    for (i = 0; table->chunks && i < table->chunk_count; i++) free( table->chunks[i] );
    free( table->chunks );
    table->chunks = NULL;
    table->capacity = 0;
}

static D3DKMT_HANDLE make_handle( const struct handle_table *table, uint32_t counter, bool global )
{
    uint32_t index = counter & (table->capacity - 1);
    uint32_t unique = counter & table->capacity ? 1 : 0;

    return 0x80000000u | unique << 30 | index << 6 | (global ? 2 : 0);
}

bool handle_insert_locked( struct handle_table *table, struct object *object, enum object_type type, bool global )
{
    if (!table->chunks && !handle_table_init( table, HANDLE_INDEX_BITS )) return false;
    if (table->live == table->capacity)
    {
        WARN( "all %u handles are in use", table->capacity );
        return false;
    }

    for (;;)
    {
        uint32_t index = table->next & (table->capacity - 1);
        uint32_t chunk_index = index >> CHUNK_BITS, limit = table->capacity < CHUNK_SIZE ? table->capacity : CHUNK_SIZE;
        struct handle_chunk *chunk = table->chunks[chunk_index];

        if (!chunk)
        {
            if (!(chunk = calloc( 1, sizeof(*chunk) ))) return false;
            table->chunks[chunk_index] = chunk;
        }
        if (chunk->live == limit)   /* full: on to the next one */
        {
            table->next += limit - (index & (limit - 1));
            table->next &= 2 * table->capacity - 1;
            continue;
        }
        if (!chunk->objects[index & (CHUNK_SIZE - 1)])
        {
            object->handle = make_handle( table, table->next, global );
            object->type = type;
            chunk->objects[index & (CHUNK_SIZE - 1)] = object;
            chunk->live++;
            table->live++;
            table->next = (table->next + 1) & (2 * table->capacity - 1);
            return true;
        }
        table->next = (table->next + 1) & (2 * table->capacity - 1);
    }
}

void handle_remove_locked( struct handle_table *table, struct object *object )
{
    uint32_t index = handle_index( object->handle ), chunk_index = index >> CHUNK_BITS;
    struct handle_chunk *chunk = table->chunks[chunk_index];

    assert( chunk && chunk->objects[index & (CHUNK_SIZE - 1)] == object );
    chunk->objects[index & (CHUNK_SIZE - 1)] = NULL;
    object->handle = 0;
    table->live--;
    /* The chunk that new handles come from is kept, however often it becomes empty. */
    if (!--chunk->live && chunk_index != (table->next & (table->capacity - 1)) >> CHUNK_BITS)
    {
        table->chunks[chunk_index] = NULL;
        free( chunk );
    }
}
