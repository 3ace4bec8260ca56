/*
 * kmtdemo: the second program of part 2
 *
 * It does what the first says, a line each on its standard input, and answers a line each on its standard output, so that
 * nothing depends on how fast either is:
 *   start            opens the adapter; VALUE: its LUID
 *   create SIZE ID   creates, makes resident, and writes an allocation of SIZE bytes
 *   verify           compares every byte of all of them; VALUE: the bytes that were right
 *   close            destroys them and closes the adapter
 * The answer is "STATUS VALUE USAGE BUDGET", STATUS as an NTSTATUS in hexadecimal, USAGE and BUDGET in bytes as
 * D3DKMTQueryVideoMemoryInfo tells this process.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#include "kmtdemo.h"

struct texture
{
    D3DKMT_HANDLE handle;
    UINT32        id;
    UINT64        size;
};

static struct adapter  adapter;
static struct texture *textures;
static unsigned int    count;

static NTSTATUS create( UINT64 size, UINT32 id )
{
    struct texture *larger = realloc( textures, (count + 1) * sizeof(*textures) ), *texture;
    NTSTATUS status;

    if (!larger) stop( EXIT_CANNOT, "out of memory" );
    textures = larger;
    texture = &textures[count];
    *texture = (struct texture){ .size = size, .id = id };
    if (!(texture->handle = memory_create( &adapter, size, &status ))) return status;
    if (!memory_make_resident( &adapter, &texture->handle, 1 ))
    {
        memory_destroy( &adapter, &texture->handle, 1 );
        return STATUS_NO_MEMORY;
    }
    pattern_write( memory_lock( &adapter, texture->handle ), size, id );
    memory_unlock( &adapter, texture->handle );
    count++;
    return STATUS_SUCCESS;
}

static UINT64 verify( void )
{
    UINT64 right = 0;
    unsigned int i;

    for (i = 0; i < count; i++)
    {
        right += pattern_find_difference( memory_lock( &adapter, textures[i].handle ), textures[i].size, textures[i].id );
        memory_unlock( &adapter, textures[i].handle );
    }
    return right;
}

void second_run( const struct options *options )
{
    unsigned long long size;
    NTSTATUS status;
    unsigned int id;
    UINT64 value;
    char line[128];
    BOOL started = FALSE;

    program_name = "kmtdemo, the second program";
    while (fgets( line, sizeof(line), stdin ))
    {
        struct usage usage = { 0 };
        BOOL last = FALSE;

        status = STATUS_SUCCESS;
        value = 0;
        if (!started && !strcmp( line, "start\n" ))
        {
            adapter_open( &adapter, options->adapter );
            adapter_start( &adapter );
            value = (UINT64)(UINT32)adapter.luid.HighPart << 32 | adapter.luid.LowPart;
            started = TRUE;
        }
        else if (started && sscanf( line, "create %llu %u\n", &size, &id ) == 2) status = create( size, id );
        else if (started && !strcmp( line, "verify\n" )) value = verify();
        else if (started && !strcmp( line, "close\n" ))
        {
            while (count) memory_destroy( &adapter, &textures[--count].handle, 1 );
            last = TRUE;
        }
        else stop( EXIT_WRONG, "does not understand: %s", line );
        usage = adapter_usage( &adapter );
        if (last)
        {
            adapter_close( &adapter );
            started = FALSE;
        }
        printf( "%x %llu %llu %llu\n", (unsigned int)status, (unsigned long long)value, (unsigned long long)usage.current,
                (unsigned long long)usage.budget );
        fflush( stdout );
    }
}
