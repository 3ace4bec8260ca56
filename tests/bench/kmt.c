/*
 * bench: the D3DKMT calls
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>
#include "bench.h"

#define MAX_ADAPTERS    64
#define CREATE_LIMIT    1024u       /* handles of one create or destroy */
#define LIST_LIMIT      10240u      /* and of the other lists */

struct kmt_device gpu;

static void expect_success( NTSTATUS status, const char *function )
{
    if (status) stop( "D3DKMT%s failed: 0x%08x", function, (unsigned int)status );
}

static NTSTATUS query( D3DKMT_HANDLE adapter, KMTQUERYADAPTERINFOTYPE type, void *data, UINT size )
{
    D3DKMT_QUERYADAPTERINFO params = { .hAdapter = adapter, .Type = type, .pPrivateDriverData = data, .PrivateDriverDataSize = size };

    return kmt.QueryAdapterInfo( &params );
}

/* The first adapter that is winekmt's. */
void bench_open( void )
{
    static D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    static D3DKMT_DRIVER_DESCRIPTION description;
    D3DKMT_ENUMADAPTERS2 enumerate = { .NumAdapters = MAX_ADAPTERS, .pAdapters = infos };
    D3DKMT_CREATEPAGINGQUEUE create_queue = { 0 };
    D3DKMT_CREATEDEVICE create_device = { 0 };
    D3DKMT_CLOSEADAPTER close;
    unsigned int i;

    expect_success( kmt.EnumAdapters2( &enumerate ), "EnumAdapters2" );
    for (i = 0; i < enumerate.NumAdapters; i++)
    {
        if (!gpu.adapter && !query( infos[i].hAdapter, KMTQAITYPE_UMDRIVERPRIVATE, &gpu.data, sizeof(gpu.data) ) &&
            gpu.data.magic == WINEKMT_ADAPTER_MAGIC)
        {
            gpu.adapter = infos[i].hAdapter;
            continue;
        }
        close.hAdapter = infos[i].hAdapter;
        kmt.CloseAdapter( &close );
    }
    if (!gpu.adapter) stop( "there is no adapter of winekmt's: is there a Vulkan driver?" );
    if (!query( gpu.adapter, KMTQAITYPE_DRIVER_DESCRIPTION, &description, sizeof(description) ))
        for (i = 0; i < sizeof(gpu.name) - 1 && description.DriverDescription[i]; i++)
            gpu.name[i] = description.DriverDescription[i] < 0x7f ? description.DriverDescription[i] : '?';
    gpu.group = gpu.data.cpu_visible_segments & WINEKMT_SEGMENT_LOCAL || !gpu.data.non_local_size
                ? D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL : D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL;
    /* A GPU with memory of its own: that is what counts, and the CPU need not reach it. */
    if (gpu.data.local_size && gpu.data.non_local_size) gpu.group = D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL;

    create_device.hAdapter = gpu.adapter;
    expect_success( kmt.CreateDevice( &create_device ), "CreateDevice" );
    gpu.device = create_device.hDevice;
    create_queue.hDevice = gpu.device;
    expect_success( kmt.CreatePagingQueue( &create_queue ), "CreatePagingQueue" );
    gpu.queue = create_queue.hPagingQueue;
    gpu.fence = create_queue.hSyncObject;
}

void bench_close( void )
{
    D3DDDI_DESTROYPAGINGQUEUE destroy_queue = { .hPagingQueue = gpu.queue };
    D3DKMT_DESTROYDEVICE destroy_device = { .hDevice = gpu.device };
    D3DKMT_CLOSEADAPTER close = { .hAdapter = gpu.adapter };

    expect_success( kmt.DestroyPagingQueue( &destroy_queue ), "DestroyPagingQueue" );
    expect_success( kmt.DestroyDevice( &destroy_device ), "DestroyDevice" );
    expect_success( kmt.CloseAdapter( &close ), "CloseAdapter" );
    memset( &gpu, 0, sizeof(gpu) );
}

static D3DKMT_QUERYVIDEOMEMORYINFO query_memory( void )
{
    D3DKMT_QUERYVIDEOMEMORYINFO info = { .hAdapter = gpu.adapter, .MemorySegmentGroup = gpu.group };

    expect_success( kmt.QueryVideoMemoryInfo( &info ), "QueryVideoMemoryInfo" );
    return info;
}

uint64_t bench_budget( void )
{
    return query_memory().Budget;
}

uint64_t bench_usage( void )
{
    return query_memory().CurrentUsage;
}

/* infos: count of them, to be filled in. */
static inline NTSTATUS create( D3DKMT_HANDLE *handles, unsigned int count, uint64_t size, unsigned int flags, D3DDDI_ALLOCATIONINFO2 *infos )
{
    struct winekmt_allocation_data data =
    {
        .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = size,
        .cpu_access = flags & CPU_REACHES_IT ? WINEKMT_CPU_ACCESS_CACHED : WINEKMT_CPU_ACCESS_NONE,
        .segments = 1u << gpu.group,
    };
    D3DKMT_CREATEALLOCATION create = { .hDevice = gpu.device, .NumAllocations = count, .pAllocationInfo2 = infos };
    NTSTATUS status;
    unsigned int i;

    create.Flags.AllowNotZeroed = !!(flags & NOT_ZEROED);
    memset( infos, 0, count * sizeof(*infos) );
    for (i = 0; i < count; i++)
    {
        infos[i].pPrivateDriverData = &data;
        infos[i].PrivateDriverDataSize = sizeof(data);
    }
    status = kmt.CreateAllocation2( &create );
    for (i = 0; !status && i < count; i++) handles[i] = infos[i].hAllocation;
    return status;
}

/* A frame of its own: on Windows every page of a large one is touched at each call. */
static NTSTATUS __attribute__((noinline)) create_many( D3DKMT_HANDLE *handles, unsigned int count, uint64_t size, unsigned int flags )
{
    D3DDDI_ALLOCATIONINFO2 infos[CREATE_LIMIT];

    return create( handles, count, size, flags, infos );
}

bool bench_try_create( D3DKMT_HANDLE *handles, unsigned int count, uint64_t size, unsigned int flags )
{
    D3DDDI_ALLOCATIONINFO2 info;
    unsigned int done, now;
    NTSTATUS status;

    for (done = 0; done < count; done += now)
    {
        now = count - done < CREATE_LIMIT ? count - done : CREATE_LIMIT;
        status = now == 1 ? create( handles + done, 1, size, flags, &info ) : create_many( handles + done, now, size, flags );
        if (status == STATUS_GRAPHICS_NO_VIDEO_MEMORY || status == STATUS_NO_MEMORY)
        {
            bench_destroy( handles, done, true );
            return false;
        }
        expect_success( status, "CreateAllocation2" );
    }
    return true;
}

void bench_create( D3DKMT_HANDLE *handles, unsigned int count, uint64_t size, unsigned int flags )
{
    if (!bench_try_create( handles, count, size, flags ))
        stop( "there is no memory for %u allocations of %llu KiB", count, (unsigned long long)size >> 10 );
}

void bench_destroy( const D3DKMT_HANDLE *handles, unsigned int count, bool now )
{
    D3DKMT_DESTROYALLOCATION2 destroy = { .hDevice = gpu.device };

    destroy.Flags.SynchronousDestroy = now;
    for (; count; handles += destroy.AllocationCount, count -= destroy.AllocationCount)
    {
        destroy.phAllocationList = handles;
        destroy.AllocationCount = count < CREATE_LIMIT ? count : CREATE_LIMIT;
        expect_success( kmt.DestroyAllocation2( &destroy ), "DestroyAllocation2" );
    }
}

void bench_offer( const D3DKMT_HANDLE *handles, unsigned int count, bool decommit )
{
    D3DKMT_OFFERALLOCATIONS offer = { .hDevice = gpu.device, .Priority = D3DKMT_OFFER_PRIORITY_NORMAL };

    offer.Flags.AllowDecommit = decommit;
    for (; count; handles += offer.NumAllocations, count -= offer.NumAllocations)
    {
        offer.HandleList = handles;
        offer.NumAllocations = count < LIST_LIMIT ? count : LIST_LIMIT;
        expect_success( kmt.OfferAllocations( &offer ), "OfferAllocations" );
    }
}

unsigned int bench_reclaim( const D3DKMT_HANDLE *handles, unsigned int count )
{
    D3DDDI_RECLAIM_RESULT results[1024];
    D3DKMT_RECLAIMALLOCATIONS2 reclaim = { .hPagingQueue = gpu.queue, .pResults = results };
    unsigned int i, discarded = 0;

    for (; count; handles += reclaim.NumAllocations, count -= reclaim.NumAllocations)
    {
        reclaim.HandleList = handles;
        reclaim.NumAllocations = count < ARRAY_COUNT( results ) ? count : ARRAY_COUNT( results );
        expect_success( kmt.ReclaimAllocations2( &reclaim ), "ReclaimAllocations2" );
        for (i = 0; i < reclaim.NumAllocations; i++) discarded += results[i] != D3DDDI_RECLAIM_RESULT_OK;
    }
    return discarded;
}

void *bench_lock( D3DKMT_HANDLE handle )
{
    D3DKMT_LOCK2 lock = { .hDevice = gpu.device, .hAllocation = handle };

    expect_success( kmt.Lock2( &lock ), "Lock2" );
    return lock.pData;
}

void bench_unlock( D3DKMT_HANDLE handle )
{
    D3DKMT_UNLOCK2 unlock = { .hDevice = gpu.device, .hAllocation = handle };

    expect_success( kmt.Unlock2( &unlock ), "Unlock2" );
}

void bench_make_resident( const D3DKMT_HANDLE *handles, unsigned int count )
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = { .hDevice = gpu.device, .ObjectHandleArray = &gpu.fence, .ObjectCount = 1 };
    D3DDDI_MAKERESIDENT make_resident = { .hPagingQueue = gpu.queue };
    NTSTATUS status;
    UINT64 value;
    UINT now;

    for (; count; handles += now, count -= now)
    {
        make_resident.AllocationList = handles;
        make_resident.NumAllocations = now = count < LIST_LIMIT ? count : LIST_LIMIT;
        if (!(status = kmt.MakeResident( &make_resident ))) continue;
        if (status != STATUS_PENDING) expect_success( status, "MakeResident" );
        value = make_resident.PagingFenceValue;
        wait.FenceValueArray = &value;
        expect_success( kmt.WaitForSynchronizationObjectFromCpu( &wait ), "WaitForSynchronizationObjectFromCpu" );
    }
}

void bench_evict( const D3DKMT_HANDLE *handles, unsigned int count )
{
    D3DKMT_EVICT evict = { .hDevice = gpu.device };

    evict.Flags.EvictOnlyIfNecessary = 1;
    for (; count; handles += evict.NumAllocations, count -= evict.NumAllocations)
    {
        evict.AllocationList = handles;
        evict.NumAllocations = count < LIST_LIMIT ? count : LIST_LIMIT;
        expect_success( kmt.Evict( &evict ), "Evict" );
    }
}

unsigned int bench_count_evicted( const D3DKMT_HANDLE *handles, unsigned int count )
{
    D3DKMT_ALLOCATIONRESIDENCYSTATUS answers[1024];
    D3DKMT_QUERYALLOCATIONRESIDENCY residency = { .hDevice = gpu.device, .pResidencyStatus = answers };
    unsigned int i, evicted = 0;

    for (; count; handles += residency.AllocationCount, count -= residency.AllocationCount)
    {
        residency.phAllocationList = handles;
        residency.AllocationCount = count < ARRAY_COUNT( answers ) ? count : ARRAY_COUNT( answers );
        expect_success( kmt.QueryAllocationResidency( &residency ), "QueryAllocationResidency" );
        for (i = 0; i < residency.AllocationCount; i++) evicted += answers[i] == D3DKMT_ALLOCATIONRESIDENCYSTATUS_NOTRESIDENT;
    }
    return evicted;
}

uint64_t bench_trim( uint64_t bytes )
{
    D3DKMT_TRIMPROCESSCOMMITMENT trim = { .cbSize = sizeof(trim), .DecommitRequested = bytes };

    expect_success( kmt.TrimProcessCommitment( &trim ), "TrimProcessCommitment" );
    return trim.NumBytesDecommitted;
}

void bench_fill( struct filler *filler, uint64_t left )
{
    uint64_t size = MIB( 1024 );

    filler->count = 0;
    while (size >= MIB( 1 ) && filler->count < ARRAY_COUNT( filler->handles ))
    {
        uint64_t budget = bench_budget(), wanted = bench_usage() + left + size;
        D3DKMT_HANDLE *handle = &filler->handles[filler->count];

        if (wanted > budget || !bench_try_create( handle, 1, size, 0 ))
        {
            size /= 2;
            continue;
        }
        bench_make_resident( handle, 1 );
        filler->count++;
    }
}

void bench_drop_filler( struct filler *filler )
{
    unsigned int i;

    for (i = 0; i < filler->count; i++) bench_destroy( &filler->handles[i], 1, true );
    filler->count = 0;
}
