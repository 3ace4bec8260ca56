/*
 * kmtdemo: the budget that a part plays in
 *
 * What the demo does not play in is filled with memory that is held resident and never touched: that the program needs no more
 * time and system memory than it can have is no reason to show less than a budget that is used up.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>
#include "kmtdemo.h"

/* A budget up to here is used up without being asked. What is above that of the part is filled. */
#define MOST_FILLED     MIB( 4096 )
/* How long writing and reading may take, in seconds. */
#define MOST_SECONDS    30

/* Bytes of budget that can be written and read so many times in the time there is: host memory is fast, the memory of a GPU
 * slow to read. */
static UINT64 affordable_size( const struct adapter *adapter, UINT64 budget, double times )
{
    const UINT64 size = MIB( 4 );
    double start, seconds, best = MOST_SECONDS;
    D3DKMT_HANDLE handle;
    unsigned int i;
    NTSTATUS status;
    void *memory;

    if (!(handle = memory_create( adapter, size, &status )))
        stop( EXIT_CANNOT, "there is no video memory for 4 MiB: %s", status_name( status ) );
    /* The best of three: others run on this machine, too. */
    for (i = 0; i < 3; i++)
    {
        memory = memory_lock( adapter, handle );
        start = platform_seconds();
        pattern_write( memory, size, i + 1 );
        if (pattern_find_difference( memory, size, i + 1 ) < size)
            stop( EXIT_WRONG, "what was written through D3DKMTLock2 is not what is read" );
        seconds = platform_seconds() - start;
        if (seconds < best) best = seconds;
        memory_unlock( adapter, handle );
    }
    memory_destroy( adapter, &handle, 1 );
    best *= times / size;       /* seconds a byte */
    return best * budget > MOST_SECONDS ? (UINT64)(MOST_SECONDS / best) : budget;
}

struct usage room_usage( struct room *room, const struct adapter *adapter )
{
    struct usage usage = adapter_usage( adapter );

    if (!room->least_budget || usage.budget < room->least_budget) room->least_budget = usage.budget;
    if (usage.budget > room->most_budget) room->most_budget = usage.budget;
    if (usage.current > room->most_usage) room->most_usage = usage.current;
    return usage;
}

BOOL room_moved( const struct room *room )
{
    return room->most_budget - room->least_budget > room->budget / 64;
}

const char *room_moved_text( const struct room *room )
{
    static char text[384];

    snprintf( text, sizeof(text), "the budget moved while the demo ran, between %s and %s.\n"
              "So it cannot be told what had to go. WINEKMT_VIDEO_MEMORY_SIZE=512 in the environment makes one\n"
              "of 512 MiB, which stays, and WINEKMT_LEDGER=PATH keeps away what other programs do.", size_text( room->least_budget ),
              size_text( room->most_budget ) );
    return text;
}

void room_prepare( struct room *room, const struct adapter *adapter, UINT64 wanted, UINT64 most, double times )
{
    struct usage usage = adapter_usage( adapter );
    UINT64 budget = usage.budget > usage.current ? usage.budget - usage.current : 0, chunk, chosen = wanted;
    const UINT64 least_chunk = MIB( 1 );
    NTSTATUS status = STATUS_SUCCESS;
    D3DKMT_HANDLE handle;

    room->usage_before = usage.current;
    if (budget < (wanted ? wanted : LEAST_BUDGET))
        stop( EXIT_CANNOT, "the budget is too small: %s are free, %s are needed.\n"
              "Under Wine, WINEKMT_VIDEO_MEMORY_SIZE sets it in MB: 512 is a good value.",
              size_text( budget ), size_text( wanted ? wanted : LEAST_BUDGET ) );
    if (!wanted && budget > MOST_FILLED)
        stop( EXIT_CANNOT, "the budget of %s is larger than this demo could exceed.\n"
              "Set WINEKMT_VIDEO_MEMORY_SIZE=512 in the environment for a budget of 512 MiB, or let\n"
              "--size=512 fill the rest of it with memory that is never touched.", size_text( budget ) );
    if (!chosen)
    {
        chosen = affordable_size( adapter, budget < most ? budget : most, times );
        if (chosen < LEAST_BUDGET) chosen = LEAST_BUDGET;
    }
    for (chunk = MIB( 1024 ); budget - chosen >= least_chunk && chunk >= least_chunk && room->filler_count < MAX_FILLERS; )
    {
        if (chunk > budget - chosen) chunk = (budget - chosen) & ~(least_chunk - 1);
        if (chunk > adapter->data.max_allocation_size || !(handle = memory_create( adapter, chunk, &status ))) chunk /= 2;
        else if (!memory_make_resident( adapter, &handle, 1 ))
        {
            memory_destroy( adapter, &handle, 1 );
            status = STATUS_NO_MEMORY;
            chunk /= 2;
        }
        else room->fillers[room->filler_count++] = handle;
        usage = adapter_usage( adapter );
        budget = usage.budget > usage.current ? usage.budget - usage.current : 0;
        if (budget < chosen) chosen = budget;
    }
    room->filled = usage.current;
    room->budget = budget;
    if (budget >= chosen + chosen / 16 || budget < LEAST_BUDGET)
        stop( EXIT_CANNOT, "the budget cannot be filled up to %s: with %s in use, no more can be had (%s)",
              size_text( chosen ), size_text( usage.current ), status_name( status ) );
    if (room->filled) printf( "  Filled   %s that are never touched; that leaves %s to play in\n\n",
                              size_text( room->filled ), size_text( room->budget ) );
}

void room_note( const struct room *room, char *note, size_t size )
{
    size_t length = strlen( note );

    if (room->filled) snprintf( note + length, size - length, ", besides %s that are never touched", size_text( room->filled ) );
}

UINT64 room_close( struct room *room, const struct adapter *adapter )
{
    unsigned int i;

    for (i = 0; i < room->filler_count; i++) memory_destroy( adapter, &room->fillers[i], 1 );
    return adapter_usage( adapter ).current;
}
