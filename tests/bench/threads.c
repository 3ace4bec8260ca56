/*
 * bench: several threads at once
 *
 * The threads of a sample begin together, each works on allocations of its own, and what counts is the time until the last one
 * is done, divided by all that was done: what a thread waits for others shows. Starting and ending threads does not count.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdatomic.h>
#include <stdlib.h>
#include "bench.h"

#define MAX_THREADS  16
#define OWN          64             /* allocations of a thread */

enum work { WORK_OFFER, WORK_EMPTY_CALLS, WORK_CREATE, WORK_RAW };

struct team
{
    unsigned int  threads;
    enum work     work;
    unsigned int  count;            /* for each thread */
    atomic_uint   ready;
    atomic_bool   go;
};

struct member
{
    struct team  *team;
    double        end;              /* platform_seconds, when its work was done */
    D3DKMT_HANDLE handles[OWN];
};

static struct member members[MAX_THREADS];

static void work_on_offers( struct member *member, unsigned int count )
{
    unsigned int i;

    for (i = 0; i < count; i++)
    {
        bench_offer( &member->handles[i % OWN], 1, false );
        if (bench_reclaim( &member->handles[i % OWN], 1 )) stop( "something was discarded that need not be" );
    }
}

static void run_member( void *arg )
{
    struct member *member = arg;
    struct team *team = member->team;
    struct raw_memory *memory;
    D3DKMT_HANDLE handle;
    unsigned int i;

    atomic_fetch_add( &team->ready, 1 );
    while (!atomic_load( &team->go )) platform_yield();
    switch (team->work)
    {
    case WORK_OFFER:
        work_on_offers( member, team->count );
        break;
    case WORK_EMPTY_CALLS:
        for (i = 0; i < 2 * team->count; i++) platform_empty_call();
        break;
    case WORK_CREATE:
        for (i = 0; i < team->count; i++)
        {
            bench_create( &handle, 1, KIB( 64 ), 0 );
            bench_destroy( &handle, 1, false );
        }
        break;
    case WORK_RAW:
        for (i = 0; i < team->count; i++)
        {
            if (!(memory = raw_allocate( KIB( 64 ) ))) stop( "vkAllocateMemory failed" );
            raw_free( memory );
        }
        break;
    }
    member->end = platform_seconds();
}

/* count: for all threads together, about. */
static double sample_team( void *arg, unsigned int count )
{
    struct team *team = arg;
    void *threads[MAX_THREADS];
    double start, end = 0;
    unsigned int i;

    team->count = (count + team->threads - 1) / team->threads;
    atomic_store( &team->ready, 0 );
    atomic_store( &team->go, false );
    for (i = 0; i < team->threads; i++)
    {
        members[i].team = team;
        threads[i] = platform_start_thread( run_member, &members[i] );
    }
    while (atomic_load( &team->ready ) < team->threads) platform_yield();
    start = platform_seconds();
    atomic_store( &team->go, true );
    for (i = 0; i < team->threads; i++)
    {
        platform_join_thread( threads[i] );
        if (members[i].end > end) end = members[i].end;
    }
    return (end - start) * count / ((double)team->count * team->threads);
}

void part_threads( void )
{
    unsigned int i, threads, most = settings.tiny ? 2 : MAX_THREADS;
    const char *why;
    bool raw = raw_open( &why );

    /* Long enough for the scheduler to have its say. */
    settings.sample_seconds *= 10;
    if (!raw) note( "threads/create has no peer: %s", why );
    for (i = 0; i < most; i++) bench_create( members[i].handles, OWN, KIB( 4 ), 0 );
    for (threads = 1; threads <= most; threads *= 2)
    {
        struct team team = { .threads = threads, .work = WORK_OFFER }, calls = { .threads = threads, .work = WORK_EMPTY_CALLS };
        struct subject peer = { platform_has_empty_call() ? sample_team : NULL, &calls, 1u << 26, 0 };

        measure( &(struct subject){ sample_team, &team, 1u << 26, 0 }, &peer, "ns", "offer and reclaim by all threads, a pair",
                 platform_empty_call_name, "threads/offer-%u", threads );
    }
    for (threads = 1; threads <= most; threads *= 2)
    {
        struct team team = { .threads = threads, .work = WORK_CREATE }, raw_team = { .threads = threads, .work = WORK_RAW };
        struct subject peer = { raw ? sample_team : NULL, &raw_team, 1u << 20, 0 };

        measure( &(struct subject){ sample_team, &team, 1u << 20, 0 }, &peer, "ns", "create and destroy of 64 KiB by all threads, a pair",
                 "vkAllocateMemory + vkFreeMemory", "threads/create-%u", threads );
    }
    for (i = 0; i < most; i++) bench_destroy( members[i].handles, OWN, true );
    if (raw) raw_close();
}
