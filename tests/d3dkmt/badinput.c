/*
 * Pointers that point nowhere, at every place where a pointer can stand: Windows program only
 *
 * Each is tried as memory that is not there, memory that is reserved only, memory that cannot be read, memory that
 * cannot be written where the call writes, an array that runs over the end of its page, and an address in the kernel. The
 * answer is ACCESS_VIOLATION or INVALID_PARAMETER; the program goes on, nothing is taken or lost, and the next call works.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

static D3DKMT_HANDLE adapter, device, queue, allocation, resource;
static UINT64 usage;
static char *page_before;   /* readable and writable; what follows it is not there */
static char *read_only;

/* Addresses of nothing. */
static void *bad_pointers[6];

static void setup_pointers( void )
{
    char *memory = VirtualAlloc( NULL, 16 * TEST_PAGE, MEM_RESERVE, PAGE_NOACCESS );
    DWORD old;

    page_before = VirtualAlloc( memory, TEST_PAGE, MEM_COMMIT, PAGE_READWRITE );
    bad_pointers[0] = (void *)8;                                    /* near NULL */
    bad_pointers[1] = memory + TEST_PAGE;                           /* reserved, not there */
    bad_pointers[2] = VirtualAlloc( memory + 4 * TEST_PAGE, TEST_PAGE, MEM_COMMIT, PAGE_NOACCESS );
    bad_pointers[3] = (void *)(ULONG_PTR)0xffff800000000000;        /* the kernel's */
    bad_pointers[4] = (void *)(ULONG_PTR)0x8080808080808080;        /* no address at all */
    bad_pointers[5] = (void *)(ULONG_PTR)-8;                        /* its sum with any size overflows */
    read_only = VirtualAlloc( memory + 8 * TEST_PAGE, TEST_PAGE, MEM_COMMIT, PAGE_READWRITE );
    ok( page_before && bad_pointers[2] && read_only, "VirtualAlloc failed\n" );
    VirtualProtect( read_only, TEST_PAGE, PAGE_READONLY, &old );
}

static void write_read_only( const void *data, SIZE_T size )
{
    DWORD old;

    VirtualProtect( read_only, TEST_PAGE, PAGE_READWRITE, &old );
    memcpy( read_only, data, size );
    VirtualProtect( read_only, TEST_PAGE, PAGE_READONLY, &old );
}

/* After a call that met a bad pointer: its status, and that everything works and is where it was. */
#define check_refused( status ) check_refused_( __FILE__, __LINE__, status )
static void check_refused_( const char *file, int line, NTSTATUS status )
{
    UINT result;

    ok_( file, line )( status == STATUS_ACCESS_VIOLATION || status == STATUS_INVALID_PARAMETER, "status %#x\n", (UINT)status );
    ok_( file, line )( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ),
                       wine_dbgstr_longlong( usage ) );
    check_content_( file, line, device, allocation, KIB( 64 ), CONTENT_PATTERN, 1 );
    check_status_( file, line, "offer", offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_HIGH ), STATUS_SUCCESS );
    check_status_( file, line, "reclaim", reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
}

/* The parameter block itself. The functions that work on a Windows thread are among them. */
static void test_blocks( void )
{
    UINT i;

#define F( name ) \
    winetest_push_context( #name ); \
    for (i = 0; i < ARRAY_SIZE( bad_pointers ); i++) \
    { \
        winetest_push_context( "pointer %u", i ); \
        check_refused( pD3DKMT##name( bad_pointers[i] ) ); \
        winetest_pop_context(); \
    } \
    /* cut off by the end of the page */ \
    memset( page_before, 0, TEST_PAGE ); \
    check_refused( pD3DKMT##name( (void *)(page_before + TEST_PAGE - 4) ) ); \
    winetest_pop_context();
    F( CreateAllocation ) F( CreateAllocation2 ) F( CreateDevice ) F( CreatePagingQueue ) F( DestroyAllocation )
    F( DestroyAllocation2 ) F( EnumAdapters ) F( EnumAdapters2 ) F( GetDeviceState ) F( Lock ) F( Lock2 )
    F( OfferAllocations ) F( OpenAdapterFromDeviceName ) F( OpenAdapterFromHdc ) F( OpenAdapterFromLuid )
    F( QueryAdapterInfo ) F( QueryVideoMemoryInfo ) F( ReclaimAllocations ) F( ReclaimAllocations2 ) F( Unlock ) F( Unlock2 )
    F( Evict ) F( MakeResident ) F( RegisterTrimNotification ) F( UnregisterTrimNotification ) F( UpdateAllocationProperty )
    F( WaitForSynchronizationObjectFromCpu ) F( SetAllocationPriority ) F( GetAllocationPriority ) F( QueryAllocationResidency )
    F( EnumAdapters3 ) F( Escape ) F( GetProcessDeviceRemovalSupport ) F( MarkDeviceAsError ) F( QueryClockCalibration ) F( QueryStatistics )
    F( SetStablePowerState ) F( EnumProcesses )
#undef F
    /* blocks of four bytes; and one whose refusal is another */
    for (i = 0; i < ARRAY_SIZE( bad_pointers ); i++)
    {
        NTSTATUS status;

        winetest_push_context( "pointer %u", i );
        check_refused( pD3DKMTCloseAdapter( bad_pointers[i] ) );
        check_refused( pD3DKMTDestroyDevice( bad_pointers[i] ) );
        check_refused( pD3DKMTDestroyPagingQueue( bad_pointers[i] ) );
        status = pD3DKMTOpenAdapterFromGdiDisplayName( bad_pointers[i] );
        ok( status == STATUS_ACCESS_VIOLATION || status == STATUS_UNSUCCESSFUL, "status %#x\n", (UINT)status );
        winetest_pop_context();
    }
}

static void check_not_locked( NTSTATUS status )
{
    UINT locks = 0;

    while (locks < 10 && !try_unlock( device, allocation )) locks++;
    ok( !locks, "%u locks were left behind\n", locks );
    check_refused( status );
}

/* Blocks that can be read and not written: what was made is not left behind. */
static void test_read_only_blocks( void )
{
    struct winekmt_allocation_data data;
    D3DKMT_QUERYVIDEOMEMORYINFO memory_info;
    D3DKMT_CREATEPAGINGQUEUE create_queue_params;
    D3DKMT_CREATEALLOCATION create;
    D3DKMT_RECLAIMALLOCATIONS2 reclaim2;
    D3DKMT_GETDEVICESTATE state;
    D3DDDI_ALLOCATIONINFO2 info;
    D3DKMT_ADAPTERINFO infos[64];
    D3DKMT_CREATEDEVICE create_device_params;
    D3DKMT_ENUMADAPTERS2 enum2;
    D3DKMT_LOCK2 lock2;
    D3DKMT_LOCK lock;
    UINT i, j, result;

#define TRY( name, params ) \
    do { \
        write_read_only( &params, sizeof(params) ); \
        check_refused( pD3DKMT##name( (void *)read_only ) ); \
    } while (0)

    for (i = 0; i < 100; i++) /* so that a small leak shows */
    {
        init_data( &data, MIB( 1 ) );
        init_create( &create, device, &info, &data );
        TRY( CreateAllocation2, create );
        create.Flags.CreateResource = 1;
        TRY( CreateAllocation2, create );
        memset( &create_device_params, 0, sizeof(create_device_params) );
        create_device_params.hAdapter = adapter;
        TRY( CreateDevice, create_device_params );
        memset( &create_queue_params, 0, sizeof(create_queue_params) );
        create_queue_params.hDevice = device;
        TRY( CreatePagingQueue, create_queue_params );
    }
    memset( &lock, 0, sizeof(lock) );
    lock.hDevice = device;
    lock.hAllocation = allocation;
    memset( &lock2, 0, sizeof(lock2) );
    lock2.hDevice = device;
    lock2.hAllocation = allocation;
    for (i = 0; i < 10; i++)
    {
        /* a lock of which nobody learned must not count */
        write_read_only( &lock, sizeof(lock) );
        check_not_locked( pD3DKMTLock( (D3DKMT_LOCK *)read_only ) );
        write_read_only( &lock2, sizeof(lock2) );
        check_not_locked( pD3DKMTLock2( (D3DKMT_LOCK2 *)read_only ) );
    }
    memset( &memory_info, 0, sizeof(memory_info) );
    memory_info.hAdapter = adapter;
    TRY( QueryVideoMemoryInfo, memory_info );
    memset( &state, 0, sizeof(state) );
    state.hDevice = device;
    state.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    TRY( GetDeviceState, state );
    memset( &reclaim2, 0, sizeof(reclaim2) );
    reclaim2.hPagingQueue = queue;
    reclaim2.NumAllocations = 1;
    reclaim2.HandleList = &allocation;
    reclaim2.pResults = (D3DDDI_RECLAIM_RESULT *)&result;
    TRY( ReclaimAllocations2, reclaim2 );
    enum2.NumAdapters = ARRAY_SIZE( infos );
    enum2.pAdapters = infos;
    for (j = 0; j < 20; j++) TRY( EnumAdapters2, enum2 );
#undef TRY
}

static void test_create( void )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATESTANDARDALLOCATION standard;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info, infos[3];
    UINT i, j;

    for (i = 0; i < ARRAY_SIZE( bad_pointers ); i++)
    {
        winetest_push_context( "pointer %u", i );
        init_data( &data, MIB( 1 ) );
        init_create( &create, device, bad_pointers[i] ? &info : NULL, &data );
        create.pAllocationInfo2 = bad_pointers[i];
        check_refused( pD3DKMTCreateAllocation2( &create ) );
        check_refused( pD3DKMTCreateAllocation( &create ) );
        create.NumAllocations = 1024;
        check_refused( pD3DKMTCreateAllocation2( &create ) );

        /* the private data of one entry, wherever it stands */
        for (j = 0; j < 3; j++)
        {
            init_create( &create, device, &infos[0], &data );
            infos[1] = infos[2] = infos[0];
            infos[j].pPrivateDriverData = bad_pointers[i];
            create.NumAllocations = 3;
            check_refused( pD3DKMTCreateAllocation2( &create ) );
        }
        init_create( &create, device, &info, NULL );
        memset( &standard, 0, sizeof(standard) );
        create.pStandardAllocation = bad_pointers[i];
        create.Flags.ExistingSysMem = 1;
        create.Flags.StandardAllocation = 1;
        info.pSystemMem = page_before;
        check_refused( pD3DKMTCreateAllocation2( &create ) );
        winetest_pop_context();
    }

    /* entries that cannot be written, and that run over the end */
    init_data( &data, MIB( 1 ) );
    init_create( &create, device, &info, &data );
    for (i = 0; i < 100; i++)
    {
        write_read_only( &info, sizeof(info) );
        create.pAllocationInfo2 = (D3DDDI_ALLOCATIONINFO2 *)read_only;
        check_refused( pD3DKMTCreateAllocation2( &create ) );
        create.Flags.CreateResource = i & 1;
    }
    create.pAllocationInfo2 = (D3DDDI_ALLOCATIONINFO2 *)(page_before + TEST_PAGE) - 1;
    *create.pAllocationInfo2 = info;
    create.Flags.CreateResource = 0;
    create.NumAllocations = 2;
    check_refused( pD3DKMTCreateAllocation2( &create ) );
    /* just before the end is good */
    create.NumAllocations = 1;
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    destroy_allocation( device, create.pAllocationInfo2->hAllocation );

    /* private data: the same */
    memcpy( page_before + TEST_PAGE - sizeof(data), &data, sizeof(data) );
    init_create( &create, device, &info, &data );
    info.pPrivateDriverData = page_before + TEST_PAGE - sizeof(data);
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    destroy_allocation( device, info.hAllocation );
    info.pPrivateDriverData = page_before + TEST_PAGE - sizeof(data) + 4;
    memcpy( info.pPrivateDriverData, &data, sizeof(data) - 4 );
    check_refused( pD3DKMTCreateAllocation2( &create ) );
}

/* Arrays of handles, and of results. */
static void test_lists( void )
{
    D3DKMT_RECLAIMALLOCATIONS2 reclaim2;
    D3DKMT_DESTROYALLOCATION2 destroy2;
    D3DKMT_RECLAIMALLOCATIONS reclaim1;
    D3DKMT_OFFERALLOCATIONS offer_params;
    D3DKMT_UNLOCK unlock;
    D3DKMT_LOCK lock;
    UINT i, count, result;
    void *list;

    for (i = 0; i < ARRAY_SIZE( bad_pointers ) + 1; i++)
        for (count = 1; count <= 1024; count *= 32)
        {
            winetest_push_context( "pointer %u, count %u", i, count );
            if (i < ARRAY_SIZE( bad_pointers )) list = bad_pointers[i];
            else
            {
                /* the last entry is not there */
                D3DKMT_HANDLE *handles = (D3DKMT_HANDLE *)(page_before + TEST_PAGE) - count + 1;
                UINT j;

                for (j = 0; j < count - 1; j++) handles[j] = allocation;
                list = handles;
            }
            memset( &destroy2, 0, sizeof(destroy2) );
            destroy2.hDevice = device;
            destroy2.phAllocationList = list;
            destroy2.AllocationCount = count;
            check_refused( pD3DKMTDestroyAllocation2( &destroy2 ) );
            check_refused( pD3DKMTDestroyAllocation( (void *)&destroy2 ) );

            memset( &offer_params, 0, sizeof(offer_params) );
            offer_params.hDevice = device;
            offer_params.HandleList = list;
            offer_params.NumAllocations = count;
            offer_params.Priority = D3DKMT_OFFER_PRIORITY_LOW;
            check_refused( pD3DKMTOfferAllocations( &offer_params ) );
            offer_params.HandleList = NULL;
            offer_params.pResources = list;
            check_refused( pD3DKMTOfferAllocations( &offer_params ) );

            memset( &reclaim1, 0, sizeof(reclaim1) );
            reclaim1.hDevice = device;
            reclaim1.HandleList = list;
            reclaim1.NumAllocations = count;
            check_refused( pD3DKMTReclaimAllocations( &reclaim1 ) );
            reclaim1.HandleList = NULL;
            reclaim1.pResources = list;
            check_refused( pD3DKMTReclaimAllocations( &reclaim1 ) );

            memset( &reclaim2, 0, sizeof(reclaim2) );
            reclaim2.hPagingQueue = queue;
            reclaim2.HandleList = list;
            reclaim2.NumAllocations = count;
            check_refused( pD3DKMTReclaimAllocations2( &reclaim2 ) );
            reclaim2.HandleList = NULL;
            reclaim2.pResources = list;
            check_refused( pD3DKMTReclaimAllocations2( &reclaim2 ) );

            memset( &unlock, 0, sizeof(unlock) );
            unlock.hDevice = device;
            unlock.NumAllocations = count;
            unlock.phAllocations = list;
            check_refused( pD3DKMTUnlock( &unlock ) );

            memset( &lock, 0, sizeof(lock) );
            lock.hDevice = device;
            lock.hAllocation = allocation;
            lock.NumPages = count;
            lock.pPages = list;
            check_refused( pD3DKMTLock( &lock ) );
            winetest_pop_context();
        }

    /* results that cannot be written */
    for (i = 0; i < ARRAY_SIZE( bad_pointers ) + 1; i++)
    {
        void *pointer = i < ARRAY_SIZE( bad_pointers ) ? bad_pointers[i] : read_only;
        NTSTATUS status;

        winetest_push_context( "results, pointer %u", i );
        check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_HIGH ), STATUS_SUCCESS );
        memset( &reclaim1, 0, sizeof(reclaim1) );
        reclaim1.hDevice = device;
        reclaim1.HandleList = &allocation;
        reclaim1.NumAllocations = 1;
        reclaim1.pDiscarded = pointer;
        status = pD3DKMTReclaimAllocations( &reclaim1 );
        check_status( try_lock( device, allocation, &list ), STATUS_INVALID_PARAMETER ); /* still offered: nobody learned the result */
        check_status( reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
        check_refused( status );

        check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_HIGH ), STATUS_SUCCESS );
        memset( &reclaim2, 0, sizeof(reclaim2) );
        reclaim2.hPagingQueue = queue;
        reclaim2.HandleList = &allocation;
        reclaim2.NumAllocations = 1;
        reclaim2.pResults = pointer;
        status = pD3DKMTReclaimAllocations2( &reclaim2 );
        check_status( try_lock( device, allocation, &list ), STATUS_INVALID_PARAMETER );
        check_status( reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
        check_refused( status );
        winetest_pop_context();
    }
}

/* MakeResident, Evict and what belongs to them: nothing is counted, registered or kept by a call that met a bad pointer. */
static void check_nothing_counts( void )
{
    UINT count = 0;

    while (count < 10 && !evict( device, &allocation, 1, EVICT_ONLY_IF_NECESSARY, NULL )) count++;
    ok( !count, "it counts %u\n", count );
}

static void APIENTRY trim_callback( D3DKMT_TRIMNOTIFICATION *notification )
{
    (void)notification;
}

static void test_residency( void )
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait;
    D3DKMT_UNREGISTERTRIMNOTIFICATION unregister;
    D3DKMT_REGISTERTRIMNOTIFICATION registration;
    D3DDDI_UPDATEALLOCPROPERTY property;
    D3DKMT_CREATEPAGINGQUEUE other_queue;
    D3DKMT_ADAPTERINFO infos[64];
    D3DKMT_ENUMADAPTERS2 enum2;
    D3DDDI_MAKERESIDENT resident;
    D3DKMT_HANDLE *handles;
    D3DKMT_EVICT evict_params;
    HANDLE event = create_event();
    UINT64 value = 0, *values;
    UINT i, count;
    void *list;

    create_fence_queue( device, &other_queue );
    memset( &resident, 0, sizeof(resident) );
    resident.hPagingQueue = queue;
    memset( &evict_params, 0, sizeof(evict_params) );
    evict_params.hDevice = device;
    evict_params.Flags.EvictOnlyIfNecessary = 1;
    for (i = 0; i < ARRAY_SIZE( bad_pointers ) + 1; i++)
        for (count = 1; count <= 10240; count *= 32)
        {
            UINT there = min( count - 1, TEST_PAGE / sizeof(*handles) ), j;

            winetest_push_context( "pointer %u, count %u", i, count );
            if (i < ARRAY_SIZE( bad_pointers )) list = bad_pointers[i];
            else    /* the rest is not there */
            {
                handles = (D3DKMT_HANDLE *)(page_before + TEST_PAGE) - there;
                for (j = 0; j < there; j++) handles[j] = allocation;
                list = handles;
            }
            resident.AllocationList = list;
            resident.NumAllocations = count;
            check_refused( pD3DKMTMakeResident( &resident ) );
            check_nothing_counts();
            hold( queue, allocation );
            evict_params.AllocationList = list;
            evict_params.NumAllocations = count;
            check_refused( pD3DKMTEvict( &evict_params ) );
            release( device, allocation );
            check_nothing_counts();

            memset( &wait, 0, sizeof(wait) );
            wait.hDevice = device;
            wait.ObjectCount = min( count, 4096 );
            wait.ObjectHandleArray = list;
            wait.FenceValueArray = &value;
            check_refused( pD3DKMTWaitForSynchronizationObjectFromCpu( &wait ) );
            wait.hAsyncEvent = event;
            check_refused( pD3DKMTWaitForSynchronizationObjectFromCpu( &wait ) );
            /* handles that are there, values that are not */
            wait.ObjectCount = min( count, 400 );
            if (i < ARRAY_SIZE( bad_pointers )) values = list;
            else values = (UINT64 *)(page_before + TEST_PAGE) - (wait.ObjectCount - 1);
            handles = calloc( wait.ObjectCount, sizeof(*handles) );
            for (j = 0; j < wait.ObjectCount; j++) handles[j] = other_queue.hSyncObject;
            if (i == ARRAY_SIZE( bad_pointers )) memset( values, 0, (wait.ObjectCount - 1) * sizeof(*values) );
            wait.ObjectHandleArray = handles;
            wait.FenceValueArray = values;
            check_refused( pD3DKMTWaitForSynchronizationObjectFromCpu( &wait ) );
            wait.hAsyncEvent = 0;
            check_refused( pD3DKMTWaitForSynchronizationObjectFromCpu( &wait ) );
            free( handles );
            winetest_pop_context();
        }
    ok( !wait_for_event( event, 50 ), "the event was set\n" );

    /* PriorityList is not looked at */
    resident.AllocationList = &allocation;
    resident.NumAllocations = 1;
    for (i = 0; i < ARRAY_SIZE( bad_pointers ); i++)
    {
        resident.PriorityList = bad_pointers[i];
        check_status( pD3DKMTMakeResident( &resident ), STATUS_SUCCESS );
        release( device, allocation );
    }

    /* blocks that can be read and not written */
    for (i = 0; i < 10; i++)
    {
        write_read_only( &resident, sizeof(resident) );
        check_refused( pD3DKMTMakeResident( (D3DDDI_MAKERESIDENT *)read_only ) );
        check_nothing_counts();
        hold( queue, allocation );
        evict_params.AllocationList = &allocation;
        evict_params.NumAllocations = 1;
        write_read_only( &evict_params, sizeof(evict_params) );
        check_refused( pD3DKMTEvict( (D3DKMT_EVICT *)read_only ) );
        release( device, allocation );
        check_nothing_counts();
        memset( &property, 0, sizeof(property) );
        property.hPagingQueue = queue;
        property.hAllocation = allocation;
        property.SetUnmoveable = 1;
        property.Flags.Unmoveable = 1;
        write_read_only( &property, sizeof(property) );
        check_refused( pD3DKMTUpdateAllocationProperty( (D3DDDI_UPDATEALLOCPROPERTY *)read_only ) );
    }
    enum2.NumAdapters = ARRAY_SIZE( infos );
    enum2.pAdapters = infos;
    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
    for (i = 0; i < enum2.NumAdapters; i++) close_adapter( infos[i].hAdapter );
    memset( &registration, 0, sizeof(registration) );
    registration.AdapterLuid = infos[0].AdapterLuid;
    registration.hDevice = device;
    registration.Callback = trim_callback;
    write_read_only( &registration, sizeof(registration) );
    check_refused( pD3DKMTRegisterTrimNotification( (D3DKMT_REGISTERTRIMNOTIFICATION *)read_only ) );
    unregister.Handle = NULL;
    unregister.Callback = trim_callback;
    check_status( pD3DKMTUnregisterTrimNotification( &unregister ), STATUS_INVALID_PARAMETER );     /* it was not registered */
    check_status( pD3DKMTRegisterTrimNotification( &registration ), STATUS_SUCCESS );
    write_read_only( &unregister, sizeof(unregister) );     /* this one has no outputs */
    check_status( pD3DKMTUnregisterTrimNotification( (D3DKMT_UNREGISTERTRIMNOTIFICATION *)read_only ), STATUS_SUCCESS );
    close_event( event );
    destroy_queue( other_queue.hPagingQueue );
}

/* The lists of SetAllocationPriority, GetAllocationPriority and QueryAllocationResidency, which are of the same layout. */
static void test_priorities( void )
{
    D3DKMT_GETALLOCATIONPRIORITY get;
    D3DKMT_SETALLOCATIONPRIORITY set;
    D3DKMT_QUERYALLOCATIONRESIDENCY query;
    UINT i, values[2] = { D3DDDI_ALLOCATIONPRIORITY_LOW, D3DDDI_ALLOCATIONPRIORITY_LOW }, got;

    for (i = 0; i < ARRAY_SIZE( bad_pointers ) + 1; i++)
    {
        void *pointer = i < ARRAY_SIZE( bad_pointers ) ? bad_pointers[i] : read_only;

        winetest_push_context( "pointer %u", i );
        memset( &set, 0, sizeof(set) );
        set.hDevice = device;
        set.AllocationCount = 1;
        set.phAllocationList = &allocation;
        set.pPriorities = pointer;
        if (pointer != read_only) check_refused( pD3DKMTSetAllocationPriority( &set ) );
        get.hDevice = query.hDevice = device;
        get.hResource = query.hResource = 0;
        get.AllocationCount = query.AllocationCount = 1;
        get.phAllocationList = query.phAllocationList = &allocation;
        get.pPriorities = pointer;
        query.pResidencyStatus = pointer;
        check_refused( pD3DKMTGetAllocationPriority( &get ) );
        check_refused( pD3DKMTQueryAllocationResidency( &query ) );
        get.hResource = query.hResource = resource;
        get.AllocationCount = query.AllocationCount = 0;
        get.phAllocationList = query.phAllocationList = NULL;
        check_refused( pD3DKMTGetAllocationPriority( &get ) );
        check_refused( pD3DKMTQueryAllocationResidency( &query ) );
        if (pointer != read_only)
        {
            get.hResource = query.hResource = 0;
            get.AllocationCount = query.AllocationCount = set.AllocationCount = 2;
            get.phAllocationList = query.phAllocationList = set.phAllocationList = pointer;
            get.pPriorities = values;
            query.pResidencyStatus = (D3DKMT_ALLOCATIONRESIDENCYSTATUS *)values;
            set.pPriorities = values;
            check_refused( pD3DKMTSetAllocationPriority( &set ) );
            check_refused( pD3DKMTGetAllocationPriority( &get ) );
            check_refused( pD3DKMTQueryAllocationResidency( &query ) );
        }
        winetest_pop_context();
    }
    get.hResource = 0;
    get.AllocationCount = 1;
    get.phAllocationList = &allocation;
    get.pPriorities = &got;
    check_status( pD3DKMTGetAllocationPriority( &get ), STATUS_SUCCESS );
    ok( got == D3DDDI_ALLOCATIONPRIORITY_NORMAL, "priority %#x\n", got );
}

static void test_adapters( void )
{
    static const UINT types[] = { KMTQAITYPE_UMDRIVERPRIVATE, KMTQAITYPE_GETSEGMENTSIZE, KMTQAITYPE_ADAPTERREGISTRYINFO,
        KMTQAITYPE_CHECKDRIVERUPDATESTATUS, KMTQAITYPE_DRIVERVERSION, KMTQAITYPE_ADAPTERTYPE, KMTQAITYPE_PHYSICALADAPTERCOUNT,
        KMTQAITYPE_PHYSICALADAPTERDEVICEIDS, KMTQAITYPE_GETSEGMENTGROUPSIZE, KMTQAITYPE_DRIVER_DESCRIPTION };
    D3DKMT_OPENADAPTERFROMDEVICENAME device_name;
    D3DKMT_QUERYADAPTERINFO query;
    D3DKMT_CLOSEADAPTER close;
    D3DKMT_ENUMADAPTERS2 enum2;
    D3DKMT_ADAPTERINFO info;
    UINT i, j;

    for (i = 0; i < ARRAY_SIZE( bad_pointers ) + 1; i++)
    {
        void *pointer = i < ARRAY_SIZE( bad_pointers ) ? bad_pointers[i] : read_only;

        winetest_push_context( "pointer %u", i );
        for (j = 0; j < ARRAY_SIZE( types ); j++)
        {
            memset( &query, 0, sizeof(query) );
            query.hAdapter = adapter;
            query.Type = types[j];
            query.pPrivateDriverData = pointer;
            query.PrivateDriverDataSize = 16384;
            check_refused( pD3DKMTQueryAdapterInfo( &query ) );
        }
        enum2.NumAdapters = 64;
        enum2.pAdapters = pointer;
        check_refused( pD3DKMTEnumAdapters2( &enum2 ) );
        if (pointer != read_only)
        {
            memset( &device_name, 0, sizeof(device_name) );
            device_name.pDeviceName = pointer;
            check_refused( pD3DKMTOpenAdapterFromDeviceName( &device_name ) );
        }
        winetest_pop_context();
    }
    /* an entry that is cut off by the end of its page: no handle is left open */
    enum2.NumAdapters = 1;
    enum2.pAdapters = (D3DKMT_ADAPTERINFO *)(page_before + TEST_PAGE - 8);
    check_refused( pD3DKMTEnumAdapters2( &enum2 ) );
    enum2.pAdapters = &info;
    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
    close.hAdapter = info.hAdapter - 0x40;      /* the handle before */
    check_status( pD3DKMTCloseAdapter( &close ), STATUS_INVALID_PARAMETER );
    close_adapter( info.hAdapter );
    /* a name without an end, up to the end of its page */
    memset( page_before, 'x', TEST_PAGE );
    device_name.pDeviceName = (const WCHAR *)(page_before + TEST_PAGE - 64);
    check_refused( pD3DKMTOpenAdapterFromDeviceName( &device_name ) );
}

/* What monitors ask, and commands. */
static void test_statistics_and_commands( void )
{
    D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT removal;
    D3DKMT_QUERYCLOCKCALIBRATION calibration;
    struct winekmt_escape escape;
    D3DKMT_QUERYSTATISTICS statistics;
    D3DKMT_ENUMADAPTERS3 enum3;
    D3DKMT_ADAPTERINFO info;
    D3DKMT_ESCAPE params;
    UINT i, j;

    enum3.Filter.Value = 0;
    enum3.NumAdapters = 1;
    enum3.pAdapters = &info;
    check_status( pD3DKMTEnumAdapters3( &enum3 ), STATUS_SUCCESS );
    memset( &statistics, 0, sizeof(statistics) );
    statistics.AdapterLuid = info.AdapterLuid;
    close_adapter( info.hAdapter );
    memset( &calibration, 0, sizeof(calibration) );
    calibration.hAdapter = adapter;
    memset( &removal, 0, sizeof(removal) );
    removal.hProcess = GetCurrentProcess();
    memset( &escape, 0, sizeof(escape) );
    escape.magic = WINEKMT_ESCAPE_MAGIC;
    escape.version = WINEKMT_VERSION;
    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    params.PrivateDriverDataSize = sizeof(escape);

    /* blocks that cannot be written to */
    for (i = 0; i <= D3DKMT_QUERYSTATISTICS_PHYSICAL_ADAPTER; i++)
    {
        statistics.Type = i;
        write_read_only( &statistics, sizeof(statistics) );
        check_refused( pD3DKMTQueryStatistics( (void *)read_only ) );
    }
    write_read_only( &calibration, sizeof(calibration) );
    check_refused( pD3DKMTQueryClockCalibration( (void *)read_only ) );
    write_read_only( &removal, sizeof(removal) );
    check_refused( pD3DKMTGetProcessDeviceRemovalSupport( (void *)read_only ) );
    for (i = 0; i < 20; i++)
    {
        write_read_only( &enum3, sizeof(enum3) );
        check_refused( pD3DKMTEnumAdapters3( (void *)read_only ) );
    }

    /* what blocks point to */
    for (i = 0; i <= ARRAY_SIZE( bad_pointers ); i++)
    {
        void *pointer = i < ARRAY_SIZE( bad_pointers ) ? bad_pointers[i] : read_only;

        winetest_push_context( "pointer %u", i );
        enum3.NumAdapters = 64;
        enum3.pAdapters = pointer;
        check_refused( pD3DKMTEnumAdapters3( &enum3 ) );
        check_refused( pD3DKMTGetProcessSchedulingPriorityClass( GetCurrentProcess(), pointer ) );
        params.pPrivateDriverData = pointer;
        for (j = WINEKMT_ESCAPE_EVICT; j <= WINEKMT_ESCAPE_SET_TRIM_INTERVAL; j++)
        {
            params.Type = D3DKMT_ESCAPE_DRIVERPRIVATE;
            escape.command = j;
            escape.bytes = MIB( 1 );
            if (pointer == read_only) write_read_only( &escape, sizeof(escape) );
            check_refused( pD3DKMTEscape( &params ) );
        }
        params.Type = D3DKMT_ESCAPE_VIDMM;
        if (pointer != read_only) check_refused( pD3DKMTEscape( &params ) );
        winetest_pop_context();
    }
    /* nothing was done of what was refused */
    escape.command = WINEKMT_ESCAPE_GET_BUDGET;
    params.Type = D3DKMT_ESCAPE_DRIVERPRIVATE;
    params.pPrivateDriverData = &escape;
    check_status( pD3DKMTEscape( &params ), STATUS_SUCCESS );
    ok( escape.bytes3 == ~(UINT64)0, "the budget was set to %s\n", wine_dbgstr_longlong( escape.bytes3 ) );
}

START_TEST(badinput)
{
    if (!open_device( &adapter, &device )) return;
    queue = create_queue( device );
    allocation = create_allocation( device, KIB( 64 ) );
    resource = create_resource( device, 0, KIB( 64 ), NULL, NULL );
    write_allocation( device, allocation, KIB( 64 ), 1 );
    usage = get_usage( adapter );
    setup_pointers();
    test_blocks();
    test_read_only_blocks();
    test_create();
    test_lists();
    test_residency();
    test_priorities();
    test_adapters();
    test_statistics_and_commands();
    destroy_resource( device, resource );
    destroy_allocation( device, allocation );
    destroy_queue( queue );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
