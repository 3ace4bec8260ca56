/*
 * kmtdemo: the D3DKMT calls
 *
 * Each wrapper fills a parameter block, calls, and ends the program with a message when the call fails that must not fail.
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

/* More adapters than any machine has. */
#define MAX_ADAPTERS  64

const char *status_name( NTSTATUS status )
{
    static char number[16];

    switch (status)
    {
#define S( name ) case name: return #name;
    S( STATUS_SUCCESS )
    S( STATUS_INVALID_PARAMETER )
    S( STATUS_INVALID_HANDLE )
    S( STATUS_ACCESS_VIOLATION )
    S( STATUS_ACCESS_DENIED )
    S( STATUS_NOT_SUPPORTED )
    S( STATUS_NO_MEMORY )
    S( STATUS_DEVICE_REMOVED )
    S( STATUS_DLL_NOT_FOUND )
    S( STATUS_GRAPHICS_NO_VIDEO_MEMORY )
    S( STATUS_GRAPHICS_DRIVER_MISMATCH )
    S( STATUS_GRAPHICS_ALLOCATION_BUSY )
#undef S
    }
    snprintf( number, sizeof(number), "0x%08x", (unsigned int)status );
    return number;
}

static void expect_success( NTSTATUS status, const char *function )
{
    if (status) stop( EXIT_WRONG, "D3DKMT%s failed: %s", function, status_name( status ) );
}

/* UTF-16 to UTF-8. */
static void copy_text( char *text, size_t size, const WCHAR *wide, size_t count )
{
    size_t i, used = 0;

    for (i = 0; i < count && wide[i] && used + 5 < size; i++)
    {
        UINT32 c = wide[i];

        if ((c & 0xfc00) == 0xd800 && i + 1 < count && (wide[i + 1] & 0xfc00) == 0xdc00)
            c = 0x10000 + ((c & 0x3ff) << 10) + (wide[++i] & 0x3ff);
        if (c < 0x80) text[used++] = c >= ' ' ? c : ' ';
        else if (c < 0x800)
        {
            text[used++] = 0xc0 | c >> 6;
            text[used++] = 0x80 | (c & 0x3f);
        }
        else
        {
            if (c < 0x10000) text[used++] = 0xe0 | c >> 12;
            else
            {
                text[used++] = 0xf0 | c >> 18;
                text[used++] = 0x80 | (c >> 12 & 0x3f);
            }
            text[used++] = 0x80 | (c >> 6 & 0x3f);
            text[used++] = 0x80 | (c & 0x3f);
        }
    }
    text[used] = 0;
}

static NTSTATUS query( D3DKMT_HANDLE adapter, KMTQUERYADAPTERINFOTYPE type, void *data, UINT size )
{
    D3DKMT_QUERYADAPTERINFO params = { 0 };

    params.hAdapter = adapter;
    params.Type = type;
    params.pPrivateDriverData = data;
    params.PrivateDriverDataSize = size;
    return kmt.QueryAdapterInfo( &params );
}

/***********************************************************************
 * adapter_open
 *
 * Opens the number-th adapter, from 1; 0: the first of winekmt's, else the first. Finds out its name and its memory. Any
 * adapter of Windows will do.
 */
void adapter_open( struct adapter *adapter, unsigned int number )
{
    static D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    static D3DKMT_DRIVER_DESCRIPTION description;
    static D3DKMT_ADAPTERREGISTRYINFO registry;
    struct winekmt_adapter_data data;
    D3DKMT_SEGMENTGROUPSIZEINFO groups = { 0 };
    D3DKMT_ENUMADAPTERS2 enumerate = { 0 };
    D3DKMT_CLOSEADAPTER close;
    unsigned int i, chosen = 0;
    NTSTATUS status;

    enumerate.NumAdapters = MAX_ADAPTERS;
    enumerate.pAdapters = infos;
    if ((status = kmt.EnumAdapters2( &enumerate )))
        stop( EXIT_CANNOT, "the adapters cannot be listed: D3DKMTEnumAdapters2 answers %s.\n"
              "Under Wine, \"winekmt-setup status\" says what is missing.", status_name( status ) );
    if (!enumerate.NumAdapters) stop( EXIT_CANNOT, "there is no adapter. Under Wine: is there a Vulkan driver? \"winekmt-setup status\" says more." );
    if (number > enumerate.NumAdapters) stop( EXIT_CANNOT, "there is no adapter %u: there are %u", number, (unsigned int)enumerate.NumAdapters );
    for (i = enumerate.NumAdapters; i--; )
        if (!query( infos[i].hAdapter, KMTQAITYPE_UMDRIVERPRIVATE, &data, sizeof(data) ) && data.magic == WINEKMT_ADAPTER_MAGIC) chosen = i;
    if (number) chosen = number - 1;
    for (i = 0; i < enumerate.NumAdapters; i++)
    {
        if (i == chosen) continue;
        close.hAdapter = infos[i].hAdapter;
        kmt.CloseAdapter( &close );
    }

    memset( adapter, 0, sizeof(*adapter) );
    adapter->handle = infos[chosen].hAdapter;
    adapter->luid = infos[chosen].AdapterLuid;
    if (!query( adapter->handle, KMTQAITYPE_DRIVER_DESCRIPTION, &description, sizeof(description) ))
        copy_text( adapter->name, sizeof(adapter->name), description.DriverDescription, ARRAY_COUNT( description.DriverDescription ) );
    else if (!query( adapter->handle, KMTQAITYPE_ADAPTERREGISTRYINFO, &registry, sizeof(registry) ))
        copy_text( adapter->name, sizeof(adapter->name), registry.AdapterString, ARRAY_COUNT( registry.AdapterString ) );
    if (!adapter->name[0]) strcpy( adapter->name, "without a name" );

    if ((status = query( adapter->handle, KMTQAITYPE_GETSEGMENTGROUPSIZE, &groups, sizeof(groups) )))
        stop( EXIT_CANNOT, "the adapter %s does not tell its memory: %s", adapter->name, status_name( status ) );
    adapter->local = groups.LocalMemory;
    adapter->non_local = groups.NonLocalMemory;

    adapter->group = D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL;
    status = query( adapter->handle, KMTQAITYPE_UMDRIVERPRIVATE, &adapter->data, sizeof(adapter->data) );
    if (status || adapter->data.magic != WINEKMT_ADAPTER_MAGIC) adapter->data.magic = 0;
    else if (!(adapter->data.cpu_visible_segments & WINEKMT_SEGMENT_LOCAL)) adapter->group = D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL;
}

static void not_ours( const struct adapter *adapter, const char *why )
{
    stop( EXIT_CANNOT, "this adapter is not winekmt's (%s).\nOnly %s's own driver can create memory on it, "
          "so the demo ends here.", why, adapter->name );
}

void adapter_start( struct adapter *adapter )
{
    D3DKMT_CREATEPAGINGQUEUE create_queue = { 0 };
    D3DKMT_CREATEDEVICE create_device = { 0 };
    D3DKMT_HANDLE handle;
    NTSTATUS status;

    if (adapter->data.magic != WINEKMT_ADAPTER_MAGIC) not_ours( adapter, "its private driver data is another's" );
    create_device.hAdapter = adapter->handle;
    expect_success( kmt.CreateDevice( &create_device ), "CreateDevice" );
    adapter->device = create_device.hDevice;
    create_queue.hDevice = adapter->device;
    expect_success( kmt.CreatePagingQueue( &create_queue ), "CreatePagingQueue" );
    adapter->queue = create_queue.hPagingQueue;
    adapter->fence = create_queue.hSyncObject;
    /* One allocation tells whether the private data is understood. */
    if (!(handle = memory_create( adapter, 4096, &status )))
        stop( EXIT_CANNOT, "there is no video memory left, not even 4 KiB (%s)", status_name( status ) );
    memory_destroy( adapter, &handle, 1 );
}

void adapter_close( struct adapter *adapter )
{
    D3DDDI_DESTROYPAGINGQUEUE destroy_queue = { 0 };
    D3DKMT_DESTROYDEVICE destroy_device = { 0 };
    D3DKMT_CLOSEADAPTER close = { 0 };

    destroy_queue.hPagingQueue = adapter->queue;
    expect_success( kmt.DestroyPagingQueue( &destroy_queue ), "DestroyPagingQueue" );
    destroy_device.hDevice = adapter->device;
    expect_success( kmt.DestroyDevice( &destroy_device ), "DestroyDevice" );
    close.hAdapter = adapter->handle;
    expect_success( kmt.CloseAdapter( &close ), "CloseAdapter" );
}

struct usage adapter_usage( const struct adapter *adapter )
{
    D3DKMT_QUERYVIDEOMEMORYINFO info = { 0 };

    info.hAdapter = adapter->handle;
    info.MemorySegmentGroup = adapter->group;
    expect_success( kmt.QueryVideoMemoryInfo( &info ), "QueryVideoMemoryInfo" );
    return (struct usage){ info.Budget, info.CurrentUsage };
}

D3DKMT_HANDLE memory_create( const struct adapter *adapter, UINT64 size, NTSTATUS *status )
{
    struct winekmt_allocation_data data = { 0 };
    D3DKMT_CREATEALLOCATION create = { 0 };
    D3DDDI_ALLOCATIONINFO2 info = { 0 };

    data.magic = WINEKMT_ALLOCATION_MAGIC;
    data.version = WINEKMT_VERSION;
    data.size = size;
    data.cpu_access = WINEKMT_CPU_ACCESS_CACHED;
    data.segments = 1u << adapter->group;
    info.pPrivateDriverData = &data;
    info.PrivateDriverDataSize = sizeof(data);
    create.hDevice = adapter->device;
    create.NumAllocations = 1;
    create.pAllocationInfo2 = &info;
    switch (*status = kmt.CreateAllocation2( &create ))
    {
    case STATUS_SUCCESS:
        return info.hAllocation;
    case STATUS_GRAPHICS_NO_VIDEO_MEMORY:
    case STATUS_NO_MEMORY:
        return 0;
    case STATUS_GRAPHICS_DRIVER_MISMATCH:
    case STATUS_INVALID_PARAMETER:
        not_ours( adapter, status_name( *status ) );
    }
    stop( EXIT_WRONG, "D3DKMTCreateAllocation2 failed for %s: %s", size_text( size ), status_name( *status ) );
}

void memory_destroy( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count )
{
    D3DKMT_DESTROYALLOCATION2 destroy = { 0 };

    destroy.hDevice = adapter->device;
    destroy.phAllocationList = handles;
    destroy.AllocationCount = count;
    expect_success( kmt.DestroyAllocation2( &destroy ), "DestroyAllocation2" );
}

void *memory_lock( const struct adapter *adapter, D3DKMT_HANDLE handle )
{
    D3DKMT_LOCK2 lock = { 0 };

    lock.hDevice = adapter->device;
    lock.hAllocation = handle;
    expect_success( kmt.Lock2( &lock ), "Lock2" );
    if (!lock.pData) stop( EXIT_WRONG, "D3DKMTLock2 succeeded without a pointer" );
    return lock.pData;
}

void memory_unlock( const struct adapter *adapter, D3DKMT_HANDLE handle )
{
    D3DKMT_UNLOCK2 unlock = { 0 };

    unlock.hDevice = adapter->device;
    unlock.hAllocation = handle;
    expect_success( kmt.Unlock2( &unlock ), "Unlock2" );
}

void memory_offer( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count, D3DKMT_OFFER_PRIORITY priority )
{
    D3DKMT_OFFERALLOCATIONS offer = { 0 };

    offer.hDevice = adapter->device;
    offer.HandleList = handles;
    offer.NumAllocations = count;
    offer.Priority = priority;
    expect_success( kmt.OfferAllocations( &offer ), "OfferAllocations" );
}

void memory_reclaim( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count, D3DDDI_RECLAIM_RESULT *results )
{
    D3DKMT_RECLAIMALLOCATIONS2 reclaim = { 0 };

    memset( results, 0xff, count * sizeof(*results) );
    reclaim.hPagingQueue = adapter->queue;
    reclaim.HandleList = handles;
    reclaim.NumAllocations = count;
    reclaim.pResults = results;
    expect_success( kmt.ReclaimAllocations2( &reclaim ), "ReclaimAllocations2" );
}

BOOL memory_make_resident( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count )
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = { 0 };
    D3DDDI_MAKERESIDENT make_resident = { 0 };
    NTSTATUS status;
    UINT64 value;

    make_resident.hPagingQueue = adapter->queue;
    make_resident.AllocationList = handles;
    make_resident.NumAllocations = count;
    if ((status = kmt.MakeResident( &make_resident )) == STATUS_NO_MEMORY) return FALSE;
    if (status != STATUS_PENDING)
    {
        expect_success( status, "MakeResident" );
        return TRUE;
    }
    value = make_resident.PagingFenceValue;
    wait.hDevice = adapter->device;
    wait.ObjectHandleArray = &adapter->fence;
    wait.FenceValueArray = &value;
    wait.ObjectCount = 1;
    expect_success( kmt.WaitForSynchronizationObjectFromCpu( &wait ), "WaitForSynchronizationObjectFromCpu" );
    return TRUE;
}

void memory_evict( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count )
{
    D3DKMT_EVICT evict = { 0 };

    evict.hDevice = adapter->device;
    evict.AllocationList = handles;
    evict.NumAllocations = count;
    evict.Flags.EvictOnlyIfNecessary = 1;
    expect_success( kmt.Evict( &evict ), "Evict" );
}

void memory_residency( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count, BOOL *resident )
{
    D3DKMT_ALLOCATIONRESIDENCYSTATUS answers[256];
    D3DKMT_QUERYALLOCATIONRESIDENCY query_residency = { 0 };
    unsigned int i, now;

    for (; count; handles += now, resident += now, count -= now)
    {
        now = count < ARRAY_COUNT( answers ) ? count : ARRAY_COUNT( answers );
        memset( answers, 0xff, sizeof(answers) );
        query_residency.hDevice = adapter->device;
        query_residency.phAllocationList = handles;
        query_residency.AllocationCount = now;
        query_residency.pResidencyStatus = answers;
        expect_success( kmt.QueryAllocationResidency( &query_residency ), "QueryAllocationResidency" );
        for (i = 0; i < now; i++)
        {
            /* Memory of the non-local segment group is shared with the CPU. */
            resident[i] = answers[i] == D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINGPUMEMORY ||
                          answers[i] == D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINSHAREDMEMORY;
            if (!resident[i] && answers[i] != D3DKMT_ALLOCATIONRESIDENCYSTATUS_NOTRESIDENT)
                stop( EXIT_WRONG, "D3DKMTQueryAllocationResidency answered %d", (int)answers[i] );
        }
    }
}

/***********************************************************************
 * The pattern
 */

/* A product with an odd number is another one for every factor. */
#define PATTERN_FACTOR  0x9e3779b97f4a7c15ull

static UINT64 first_word( UINT32 id )
{
    return ((UINT64)id << 40) * PATTERN_FACTOR;
}

void pattern_write( void *memory, UINT64 size, UINT32 id )
{
    UINT64 *words = memory, word = first_word( id ), i;

    for (i = 0; i < size / 8; i++, word += PATTERN_FACTOR) words[i] = word;
}

UINT64 pattern_find_difference( const void *memory, UINT64 size, UINT32 id )
{
    const UINT64 *words = memory;
    UINT64 word = first_word( id ), i;

    for (i = 0; i < size / 8 && words[i] == word; i++, word += PATTERN_FACTOR) {}
    return i * 8;
}

UINT64 pattern_find_foreign( const void *memory, UINT64 size, UINT32 id )
{
    const UINT64 *words = memory;
    UINT64 word = first_word( id ), i;

    for (i = 0; i < size / 8 && (!words[i] || words[i] == word); i++, word += PATTERN_FACTOR) {}
    return i * 8;
}
