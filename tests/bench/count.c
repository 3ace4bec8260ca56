/*
 * bench_count: the hot calls, for callgrind to count their instructions
 *
 * On the fake GPU, so that no driver's instructions are among them, and with the worker already awake or asleep as it will be.
 * Each count_NAME does a call, or a pair of them, TURNS times and nothing else. "bench_count NAME" runs one of them, and
 * tests/bench/callgrind collects while it runs; without a name the names are printed.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kmt.h"
#include "fake_gpu.h"
#include "winekmt.h"

#define TURNS        1000u
#define LIST_LENGTH  1000u

static D3DKMT_HANDLE device, queue, handles[LIST_LENGTH];

static void expect( NTSTATUS status, NTSTATUS wanted, const char *call )
{
    if (status == wanted) return;
    fprintf( stderr, "bench_count: %s answered 0x%08x\n", call, (unsigned int)status );
    exit( 1 );
}

static void create( D3DKMT_HANDLE *created, uint64_t size )
{
    struct winekmt_allocation_data data = { .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = size,
                                            .cpu_access = WINEKMT_CPU_ACCESS_CACHED };
    D3DDDI_ALLOCATIONINFO2 info = { .pPrivateDriverData = &data, .PrivateDriverDataSize = sizeof(data) };
    D3DKMT_CREATEALLOCATION params = { .hDevice = device, .NumAllocations = 1, .pAllocationInfo2 = &info };

    expect( kmt_CreateAllocation2( &params ), STATUS_SUCCESS, "CreateAllocation2" );
    *created = info.hAllocation;
}

static void offer( unsigned int count )
{
    D3DKMT_OFFERALLOCATIONS params = { .hDevice = device, .HandleList = handles, .NumAllocations = count,
                                       .Priority = D3DKMT_OFFER_PRIORITY_NORMAL };

    expect( kmt_OfferAllocations( &params ), STATUS_SUCCESS, "OfferAllocations" );
}

static void reclaim( unsigned int count )
{
    static D3DDDI_RECLAIM_RESULT results[LIST_LENGTH];
    D3DKMT_RECLAIMALLOCATIONS2 params = { .hPagingQueue = queue, .HandleList = handles, .NumAllocations = count, .pResults = results };

    expect( kmt_ReclaimAllocations2( &params ), STATUS_SUCCESS, "ReclaimAllocations2" );
}

static void lock( void )
{
    D3DKMT_LOCK2 params = { .hDevice = device, .hAllocation = handles[0] };

    expect( kmt_Lock2( &params ), STATUS_SUCCESS, "Lock2" );
}

static void unlock( NTSTATUS wanted )
{
    D3DKMT_UNLOCK2 params = { .hDevice = device, .hAllocation = handles[0] };

    expect( kmt_Unlock2( &params ), wanted, "Unlock2" );
}

static void make_resident( void )
{
    D3DDDI_MAKERESIDENT params = { .hPagingQueue = queue, .AllocationList = handles, .NumAllocations = 1 };

    expect( kmt_MakeResident( &params ), STATUS_SUCCESS, "MakeResident" );
}

static void evict( void )
{
    D3DKMT_EVICT params = { .hDevice = device, .AllocationList = handles, .NumAllocations = 1 };

    params.Flags.EvictOnlyIfNecessary = 1;
    expect( kmt_Evict( &params ), STATUS_SUCCESS, "Evict" );
}

/* A function that callgrind can tell by its name. */
#define COUNT( name, work ) \
    void count_##name( void ); \
    void __attribute__((noinline)) count_##name( void ) \
    { \
        unsigned int i; \
        for (i = 0; i < TURNS; i++) { work; } \
    }

#define COUNT2( name, work ) \
    void count_##name( void ); \
    void __attribute__((noinline)) count_##name( void ) { work; }

COUNT( refused, unlock( STATUS_INVALID_PARAMETER ) )
COUNT( offer, offer( 1 ) )                      /* again and again: as on a program's list each time */
COUNT( offer_reclaim, offer( 1 ); reclaim( 1 ) )
COUNT( reclaim, reclaim( 1 ) )                  /* of what is not offered */
COUNT( lock_unlock, lock(); unlock( STATUS_SUCCESS ) )
COUNT( make_resident, make_resident() )
COUNT( evict, evict() )

/* A thousand handles, so the division is the same. */
COUNT2( offer_reclaim_list, offer( LIST_LENGTH ); reclaim( LIST_LENGTH ) )

void count_create_destroy( void );
void __attribute__((noinline)) count_create_destroy( void )
{
    D3DKMT_DESTROYALLOCATION2 params = { .hDevice = device, .AllocationCount = 1 };
    D3DKMT_HANDLE handle;
    unsigned int i;

    params.phAllocationList = &handle;
    for (i = 0; i < TURNS; i++)
    {
        create( &handle, 64 << 10 );
        expect( kmt_DestroyAllocation2( &params ), STATUS_SUCCESS, "DestroyAllocation2" );
    }
}

/* So many discards at a time, of a thousand that are offered or of many. */
#define DISCARDS  500u
#define MANY      50000u

static void discard( void )
{
    D3DKMT_TRIMPROCESSCOMMITMENT params = { .cbSize = sizeof(params), .DecommitRequested = DISCARDS * (4 << 10) };

    expect( kmt_TrimProcessCommitment( &params ), STATUS_SUCCESS, "TrimProcessCommitment" );
    if (params.NumBytesDecommitted != params.DecommitRequested) expect( STATUS_UNSUCCESSFUL, STATUS_SUCCESS, "TrimProcessCommitment" );
}

/* Twice, which makes a thousand. */
COUNT2( discard_of_1000, discard(); discard() )
COUNT2( discard_of_50000, discard(); discard() )

static void offer_with_decommit( D3DKMT_HANDLE handle )
{
    D3DKMT_OFFERALLOCATIONS params = { .hDevice = device, .HandleList = &handle, .NumAllocations = 1,
                                       .Priority = D3DKMT_OFFER_PRIORITY_NORMAL };

    params.Flags.AllowDecommit = 1;
    expect( kmt_OfferAllocations( &params ), STATUS_SUCCESS, "OfferAllocations" );
}

static const struct
{
    const char *name;
    void      (*function)( void );
}
counts[] =
{
#define C( name ) { #name, count_##name }
    C( refused ), C( offer ), C( reclaim ), C( offer_reclaim ), C( offer_reclaim_list ), C( lock_unlock ), C( make_resident ),
    C( evict ), C( create_destroy ), C( discard_of_1000 ), C( discard_of_50000 ),
#undef C
};

int main( int argc, char **argv )
{
    D3DKMT_ADAPTERINFO infos[FAKE_GPU_MAX_ADAPTERS];
    D3DKMT_ENUMADAPTERS2 enumerate = { .NumAdapters = FAKE_GPU_MAX_ADAPTERS, .pAdapters = infos };
    D3DKMT_CREATEPAGINGQUEUE create_queue = { 0 };
    D3DKMT_CREATEDEVICE create_device = { 0 };
    struct gpu_adapter adapter;
    D3DKMT_HANDLE companions[4];
    unsigned int i, chosen;

    for (chosen = 0; chosen < sizeof(counts) / sizeof(counts[0]) && argc > 1 && strcmp( counts[chosen].name, argv[1] ); chosen++) {}
    if (argc != 2 || chosen == sizeof(counts) / sizeof(counts[0]))
    {
        for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) puts( counts[i].name );
        return argc != 1;
    }

    /* A process alone; limits of the environment would change what is counted. */
    setenv( "WINEKMT_LEDGER", "none", 1 );
    unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    unsetenv( "WINEKMT_VERIFIER" );
    fake_gpu_reset();
    fake_gpu_set_fill( false );
    fake_gpu_unified( &adapter, 0 );
    fake_gpu_set_adapters( &adapter, 1 );
    expect( kmt_EnumAdapters2( &enumerate ), STATUS_SUCCESS, "EnumAdapters2" );
    create_device.hAdapter = infos[0].hAdapter;
    expect( kmt_CreateDevice( &create_device ), STATUS_SUCCESS, "CreateDevice" );
    create_queue.hDevice = device = create_device.hDevice;
    expect( kmt_CreatePagingQueue( &create_queue ), STATUS_SUCCESS, "CreatePagingQueue" );
    queue = create_queue.hPagingQueue;
    for (i = 0; i < LIST_LENGTH; i++) create( &handles[i], 4 << 10 );
    /* Their block is never empty, nor full. */
    for (i = 0; i < 4; i++) create( &companions[i], 64 << 10 );

    /* Once each: what happens once is not counted. */
    lock();
    unlock( STATUS_SUCCESS );
    offer( 1 );
    reclaim( 1 );

    /* What is evicted must have been made resident, but that is not counted. */
    for (i = 0; counts[chosen].function == count_evict && i < TURNS; i++) make_resident();
    if (counts[chosen].function == count_discard_of_1000 || counts[chosen].function == count_discard_of_50000)
    {
        for (i = 0; i < LIST_LENGTH; i++) offer_with_decommit( handles[i] );
        for (; counts[chosen].function == count_discard_of_50000 && i < MANY; i++)
        {
            D3DKMT_HANDLE handle;

            create( &handle, 4 << 10 );
            offer_with_decommit( handle );
        }
    }
    counts[chosen].function();

    kmt_shutdown();
    return 0;
}
