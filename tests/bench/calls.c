/*
 * bench: calls that change little: refusals, offer and reclaim, MakeResident, locks; among few and among many live allocations
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#include "bench.h"

/* What the figures of this file work on. */
struct crowd
{
    D3DKMT_HANDLE *handles;
    unsigned int   count;
    const D3DKMT_HANDLE *used;      /* those that single offers go through, */
    unsigned int   used_count, stride, next;    /* every stride-th in turn */
    D3DKMT_HANDLE  list[LIST_LENGTH];
};

/* An object that there never was; not one of stock Wine's either. */
#define UNKNOWN_HANDLE  0xbfffffc0u

static void expect_refusal( NTSTATUS status )
{
    if (status != STATUS_INVALID_PARAMETER) stop( "a call that must be refused answered 0x%08x", (unsigned int)status );
}

static double sample_unknown( void *arg, unsigned int count )
{
    D3DKMT_OFFERALLOCATIONS offer = { .hDevice = UNKNOWN_HANDLE, .NumAllocations = 1, .Priority = D3DKMT_OFFER_PRIORITY_NORMAL };
    D3DKMT_HANDLE handle = UNKNOWN_HANDLE;
    double start = platform_seconds();

    (void)arg;
    offer.HandleList = &handle;
    for (; count; count--) expect_refusal( kmt.OfferAllocations( &offer ) );
    return platform_seconds() - start;
}

/* Unlocking what is not locked: both handles are found. */
static double sample_refused( void *arg, unsigned int count )
{
    struct crowd *crowd = arg;
    D3DKMT_UNLOCK2 unlock = { .hDevice = gpu.device, .hAllocation = crowd->handles[0] };
    double start = platform_seconds();

    for (; count; count--) expect_refusal( kmt.Unlock2( &unlock ) );
    return platform_seconds() - start;
}

static double sample_lock( void *arg, unsigned int count )
{
    struct crowd *crowd = arg;
    D3DKMT_LOCK2 lock = { .hDevice = gpu.device, .hAllocation = crowd->handles[0] };
    D3DKMT_UNLOCK2 unlock = { .hDevice = gpu.device, .hAllocation = crowd->handles[0] };
    double start = platform_seconds();

    for (; count; count--)
        if (kmt.Lock2( &lock ) || kmt.Unlock2( &unlock )) stop( "a lock failed" );
    return platform_seconds() - start;
}

static double sample_make_resident( void *arg, unsigned int count )
{
    struct crowd *crowd = arg;
    D3DDDI_MAKERESIDENT make_resident = { .hPagingQueue = gpu.queue, .NumAllocations = 1, .AllocationList = crowd->handles };
    D3DKMT_EVICT evict = { .hDevice = gpu.device, .NumAllocations = 1, .AllocationList = crowd->handles };
    double start = platform_seconds(), end;
    unsigned int i;

    for (i = 0; i < count; i++)
        if (kmt.MakeResident( &make_resident )) stop( "MakeResident failed" );
    end = platform_seconds();
    evict.Flags.EvictOnlyIfNecessary = 1;
    for (i = 0; i < count; i++)
        if (kmt.Evict( &evict )) stop( "Evict failed" );
    return end - start;
}

static double sample_make_resident_list( void *arg, unsigned int count )
{
    struct crowd *crowd = arg;
    D3DDDI_MAKERESIDENT make_resident = { .hPagingQueue = gpu.queue, .NumAllocations = LIST_LENGTH, .AllocationList = crowd->list };
    double seconds = 0, start;

    for (; count; count--)
    {
        start = platform_seconds();
        if (kmt.MakeResident( &make_resident )) stop( "MakeResident failed" );
        seconds += platform_seconds() - start;
        bench_evict( crowd->list, LIST_LENGTH );
    }
    return seconds;
}

static double sample_single( void *arg, unsigned int count )
{
    D3DKMT_OFFERALLOCATIONS offer = { .hDevice = gpu.device, .NumAllocations = 1, .Priority = D3DKMT_OFFER_PRIORITY_NORMAL };
    D3DKMT_RECLAIMALLOCATIONS2 reclaim = { .hPagingQueue = gpu.queue, .NumAllocations = 1 };
    struct crowd *crowd = arg;
    D3DDDI_RECLAIM_RESULT answer;
    double start;

    reclaim.pResults = &answer;
    start = platform_seconds();
    for (; count; count--)
    {
        offer.HandleList = reclaim.HandleList = &crowd->used[crowd->next];
        if ((crowd->next += crowd->stride) >= crowd->used_count) crowd->next -= crowd->used_count;
        if (kmt.OfferAllocations( &offer ) || kmt.ReclaimAllocations2( &reclaim ) || answer) stop( "an offer or its reclaim failed" );
    }
    return platform_seconds() - start;
}

static double sample_list( void *arg, unsigned int count )
{
    struct crowd *crowd = arg;
    double start = platform_seconds();

    for (; count; count--)
    {
        bench_offer( crowd->list, LIST_LENGTH, false );
        if (bench_reclaim( crowd->list, LIST_LENGTH )) stop( "something was discarded that need not be" );
    }
    return platform_seconds() - start;
}

/* "1e4", "9e5" */
static const char *count_text( unsigned int count )
{
    static char text[16];
    unsigned int zeroes = 0;

    for (; count >= 10; count /= 10) zeroes++;
    snprintf( text, sizeof(text), "%ue%u", count, zeroes );
    return text;
}

static void measure_calls( struct crowd *crowd )
{
    struct subject peer = empty_calls( 1 ), two = empty_calls( 2 );
    const char *name = platform_empty_call_name;

    set_target( measure( &(struct subject){ sample_unknown, crowd, 0, 0 }, &peer, "ns", "a call that is refused: no such device", name,
                         "call/unknown" ), 30, 0 );
    set_target( measure( &(struct subject){ sample_refused, crowd, 0, 0 }, &peer, "ns", "a call that finds its handles and is refused", name,
                         "call/refused" ), 30, 0 );
    if (gpu.data.cpu_visible_segments & 1u << gpu.group)
        measure( &(struct subject){ sample_lock, crowd, 0, 0 }, &two, "ns", "Lock2 and Unlock2 of what is mapped, a pair", name, "call/lock" );
    set_target( measure( &(struct subject){ sample_make_resident, crowd, 1u << 20, 0 }, &peer, "ns", "MakeResident of what is in GPU memory",
                         name, "resident/single" ), 50, 0 );
    measure( &(struct subject){ sample_make_resident_list, crowd, 0, LIST_LENGTH }, &peer, "ns",
             "MakeResident of 1000 that are, a handle; the peer does a call for each", name, "resident/list" );
}

static void measure_offers( struct crowd *crowd )
{
    struct subject peer = empty_calls( 2 );
    const char *name = platform_empty_call_name, *count = count_text( crowd->count );
    unsigned int i;

    /* A thousand that were made one after the other, as what belongs together is. */
    crowd->next = 0;
    crowd->stride = 1;
    crowd->used = crowd->handles + (crowd->count - LIST_LENGTH) / 2;
    crowd->used_count = LIST_LENGTH;
    memcpy( crowd->list, crowd->used, sizeof(crowd->list) );
    set_target( measure( &(struct subject){ sample_single, crowd, 0, 0 }, &peer, "ns", "offer and reclaim of one of 1000 neighbours, a pair", name,
                         "offer/single-%s", count ), 100, 0 );
    set_target( measure( &(struct subject){ sample_list, crowd, 0, LIST_LENGTH }, &peer, "ns",
                         "offer and reclaim in lists of 1000, a pair a handle; the peer does calls for each", name, "offer/list-%s", count ), 15, 0 );
    if (crowd->count <= LIST_LENGTH) return;
    /* Any of them: every step is a jump of about a third, and all are met; and lists of what lies far apart. */
    crowd->used = crowd->handles;
    crowd->used_count = crowd->count;
    crowd->stride = crowd->count / 3 | 1;
    while (crowd->count % crowd->stride < 2) crowd->stride += 2;
    for (i = 0; i < LIST_LENGTH; i++) crowd->list[i] = crowd->handles[(uint64_t)i * crowd->count / LIST_LENGTH];
    measure( &(struct subject){ sample_single, crowd, 0, 0 }, &peer, "ns", "offer and reclaim of any one of all live ones, a pair", name,
             "offer/any-%s", count );
    measure( &(struct subject){ sample_list, crowd, 0, LIST_LENGTH }, &peer, "ns", "the lists, of allocations that lie far apart", name,
             "offer/list-far-%s", count );
}

void part_calls( void )
{
    unsigned int counts[] = { 1000, 10000, 100000, many_allocations() };
    unsigned int i, most = settings.tiny ? 1000 : counts[3], flags = gpu.data.cpu_visible_segments & 1u << gpu.group ? CPU_REACHES_IT : 0;
    struct crowd crowd = { .count = 0 };

    /* lavapipe's heap may be too small for a million. */
    if (!settings.tiny && most < 1000000) note( "offer: there is room for %u allocations only", most );
    if (!(crowd.handles = malloc( most * sizeof(*crowd.handles) ))) stop( "no memory" );
    for (i = 0; i < ARRAY_COUNT( counts ) && counts[i] <= most; i++)
    {
        if (counts[i] <= crowd.count) break;
        bench_create( crowd.handles + crowd.count, counts[i] - crowd.count, KIB( 4 ), flags );
        crowd.count = counts[i];
        if (!i)
        {
            memcpy( crowd.list, crowd.handles, sizeof(crowd.list) );
            measure_calls( &crowd );
        }
        measure_offers( &crowd );
    }
    bench_destroy( crowd.handles, crowd.count, true );
    free( crowd.handles );
}
