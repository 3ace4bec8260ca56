/*
 * Handles: their form, and every kind of wrong one in every place that takes one
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

/* What a place for a handle takes. */
enum kind { ADAPTER = 1, DEVICE = 2, RESOURCE = 4, ALLOCATION = 8, QUEUE = 16, SYNC = 32, GLOBAL = 64 };

/* Good handles of all kinds. */
static struct
{
    D3DKMT_HANDLE adapter, device, resource, in_resource, allocation, queue, sync, shared, in_shared, global;
    D3DKMT_HANDLE other_device, other_resource, other_in_resource, other_allocation, other_queue;
} h;

static struct winekmt_allocation_data data;
static D3DDDI_ALLOCATIONINFO2 info2;
static D3DDDI_ALLOCATIONINFO info;
static UINT results[1];

/* Each makes a call where all is right but that one handle, and expects to be refused. */
#define EXPECT( name, params ) \
    do { \
        if (!any_failure) kmt_fails( name, params, expected ); \
        else \
        { \
            NTSTATUS any_ = pD3DKMT##name( params ); \
            ok( any_ < 0, #name ": status %#x\n", (UINT)any_ ); \
        } \
    } while (0)

/* Where stock Wine decides, its status is its own affair, and so is what it writes (10.0 clears QueryVideoMemoryInfo's). */
static BOOL any_failure;

static void try_close_adapter( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_CLOSEADAPTER params;

    params.hAdapter = handle;
    EXPECT( CloseAdapter, &params );
}

static void try_query_adapter( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    struct winekmt_adapter_data adapter_data;
    D3DKMT_QUERYADAPTERINFO params;

    memset( &params, 0, sizeof(params) );
    params.hAdapter = handle;
    params.Type = KMTQAITYPE_UMDRIVERPRIVATE;
    params.pPrivateDriverData = &adapter_data;
    params.PrivateDriverDataSize = sizeof(adapter_data);
    EXPECT( QueryAdapterInfo, &params );
}

static void try_query_memory( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_QUERYVIDEOMEMORYINFO params;

    FILL( params );
    params.hProcess = NULL;
    params.hAdapter = handle;
    params.MemorySegmentGroup = D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL;
    params.PhysicalAdapterIndex = 0;
    EXPECT( QueryVideoMemoryInfo, &params );
}

static void try_create_device( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_CREATEDEVICE params;

    FILL( params );
    memset( &params.Flags, 0, sizeof(params.Flags) );
    params.hAdapter = handle;
    EXPECT( CreateDevice, &params );
}

static void try_destroy_device( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_DESTROYDEVICE params;

    params.hDevice = handle;
    EXPECT( DestroyDevice, &params );
}

static void try_device_state( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_GETDEVICESTATE params;

    FILL( params );
    params.hDevice = handle;
    params.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    EXPECT( GetDeviceState, &params );
}

static void try_create_queue( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_CREATEPAGINGQUEUE params;

    FILL( params );
    params.hDevice = handle;
    params.Priority = D3DDDI_PAGINGQUEUE_PRIORITY_NORMAL;
    params.PhysicalAdapterIndex = 0;
    EXPECT( CreatePagingQueue, &params );
}

static void try_destroy_queue( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DDDI_DESTROYPAGINGQUEUE params;

    params.hPagingQueue = handle;
    EXPECT( DestroyPagingQueue, &params );
}

static void try_create_on( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_CREATEALLOCATION params;

    init_data( &data, KIB( 64 ) );
    init_create( &params, handle, &info2, &data );
    EXPECT( CreateAllocation2, &params );
    memset( &info, 0, sizeof(info) );
    info.pPrivateDriverData = &data;
    info.PrivateDriverDataSize = sizeof(data);
    params.pAllocationInfo = &info;
    EXPECT( CreateAllocation, &params );
    params.Flags.CreateResource = 1;
    EXPECT( CreateAllocation, &params );
}

static void try_create_in( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_CREATEALLOCATION params;

    init_data( &data, KIB( 64 ) );
    init_create( &params, h.device, &info2, &data );
    params.hResource = handle;
    EXPECT( CreateAllocation2, &params );
}

static void try_destroy_on( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_DESTROYALLOCATION2 params2;
    D3DKMT_DESTROYALLOCATION params;

    memset( &params, 0, sizeof(params) );
    memset( &params2, 0, sizeof(params2) );
    params.hDevice = params2.hDevice = handle;
    params.phAllocationList = params2.phAllocationList = &h.allocation;
    params.AllocationCount = params2.AllocationCount = 1;
    EXPECT( DestroyAllocation, &params );
    EXPECT( DestroyAllocation2, &params2 );
    if (handle == h.other_device) return; /* nothing to destroy, on a good device, is a success */
    params.AllocationCount = params2.AllocationCount = 0;
    EXPECT( DestroyAllocation, &params );
    EXPECT( DestroyAllocation2, &params2 );
}

static void try_destroy_resource( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_DESTROYALLOCATION2 params2;
    D3DKMT_DESTROYALLOCATION params;

    memset( &params, 0, sizeof(params) );
    memset( &params2, 0, sizeof(params2) );
    params.hDevice = params2.hDevice = h.device;
    params.hResource = params2.hResource = handle;
    EXPECT( DestroyAllocation, &params );
    EXPECT( DestroyAllocation2, &params2 );
}

static void try_destroy_listed( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_DESTROYALLOCATION2 params2;
    D3DKMT_DESTROYALLOCATION params;

    memset( &params, 0, sizeof(params) );
    memset( &params2, 0, sizeof(params2) );
    params.hDevice = params2.hDevice = h.device;
    params.phAllocationList = params2.phAllocationList = &handle;
    params.AllocationCount = params2.AllocationCount = 1;
    EXPECT( DestroyAllocation, &params );
    EXPECT( DestroyAllocation2, &params2 );
}

static void try_offer_on( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    check_status( offer( handle, &h.allocation, 1, FALSE, D3DKMT_OFFER_PRIORITY_LOW, 0 ), expected );
    check_status( reclaim( handle, 0, &h.allocation, 1, FALSE, results ), expected );
    check_status( offer( handle, &h.resource, 1, TRUE, D3DKMT_OFFER_PRIORITY_LOW, 0 ), expected );
    check_status( reclaim( handle, 0, &h.resource, 1, TRUE, results ), expected );
}

static void try_reclaim_on_queue( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_RECLAIMALLOCATIONS2 params;

    memset( &params, 0, sizeof(params) );
    params.hPagingQueue = handle;
    params.NumAllocations = 1;
    params.HandleList = &h.allocation;
    params.PagingFenceValue = SENTINEL64;
    EXPECT( ReclaimAllocations2, &params );
}

static void try_offer_allocation( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    check_status( offer( h.device, &handle, 1, FALSE, D3DKMT_OFFER_PRIORITY_LOW, 0 ), expected );
    check_status( reclaim( h.device, 0, &handle, 1, FALSE, results ), expected );
    check_status( reclaim( 0, h.queue, &handle, 1, FALSE, results ), expected );
}

static void try_offer_resource( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    check_status( offer( h.device, &handle, 1, TRUE, D3DKMT_OFFER_PRIORITY_LOW, 0 ), expected );
    check_status( reclaim( h.device, 0, &handle, 1, TRUE, results ), expected );
    check_status( reclaim( 0, h.queue, &handle, 1, TRUE, results ), expected );
}

static void try_lock_on( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_UNLOCK2 unlock2;
    D3DKMT_UNLOCK unlock;
    D3DKMT_LOCK2 lock2;
    D3DKMT_LOCK lock;

    memset( &lock, 0, sizeof(lock) );
    memset( &lock2, 0, sizeof(lock2) );
    memset( &unlock, 0, sizeof(unlock) );
    lock.hDevice = lock2.hDevice = unlock.hDevice = unlock2.hDevice = handle;
    lock.hAllocation = lock2.hAllocation = unlock2.hAllocation = h.allocation;
    unlock.NumAllocations = 1;
    unlock.phAllocations = &h.allocation;
    EXPECT( Lock, &lock );
    EXPECT( Lock2, &lock2 );
    lock_allocation( h.device, h.allocation );
    EXPECT( Unlock, &unlock );
    EXPECT( Unlock2, &unlock2 );
    unlock_allocation( h.device, h.allocation );
}

static void try_lock_allocation( D3DKMT_HANDLE handle, NTSTATUS expected )
{
    D3DKMT_UNLOCK2 unlock2;
    D3DKMT_UNLOCK unlock;
    D3DKMT_LOCK2 lock2;
    D3DKMT_LOCK lock;

    memset( &lock, 0, sizeof(lock) );
    memset( &lock2, 0, sizeof(lock2) );
    memset( &unlock, 0, sizeof(unlock) );
    lock.hDevice = lock2.hDevice = unlock.hDevice = unlock2.hDevice = h.device;
    lock.hAllocation = lock2.hAllocation = unlock2.hAllocation = handle;
    unlock.NumAllocations = 1;
    unlock.phAllocations = &handle;
    EXPECT( Lock, &lock );
    EXPECT( Lock2, &lock2 );
    EXPECT( Unlock, &unlock );
    EXPECT( Unlock2, &unlock2 );
}

static const struct
{
    const char *name;
    void      (*try)( D3DKMT_HANDLE handle, NTSTATUS expected );
    UINT        takes;      /* kinds that are right there */
    BOOL        foreign;    /* the same kind of another device is right too: it is the device's place */
    BOOL        zero;       /* 0 has a meaning */
    NTSTATUS    status;
}
places[] =
{
    { "CloseAdapter",                 try_close_adapter,    ADAPTER, TRUE, FALSE, STATUS_INVALID_PARAMETER },
    { "QueryAdapterInfo",             try_query_adapter,    ADAPTER, TRUE, FALSE, STATUS_INVALID_PARAMETER },
    { "QueryVideoMemoryInfo",         try_query_memory,     ADAPTER, TRUE, FALSE, STATUS_INVALID_PARAMETER },
    { "CreateDevice",                 try_create_device,    ADAPTER, TRUE, FALSE, STATUS_INVALID_PARAMETER },
    { "DestroyDevice",                try_destroy_device,   DEVICE, TRUE, FALSE, STATUS_INVALID_PARAMETER },
    { "GetDeviceState",               try_device_state,     DEVICE, TRUE, FALSE, STATUS_INVALID_PARAMETER },
    { "CreatePagingQueue",            try_create_queue,     DEVICE, TRUE, FALSE, STATUS_INVALID_PARAMETER },
    { "DestroyPagingQueue",           try_destroy_queue,    QUEUE, TRUE, FALSE, STATUS_INVALID_PARAMETER },
    { "CreateAllocation, device",     try_create_on,        DEVICE, TRUE, FALSE, STATUS_INVALID_PARAMETER },
    { "CreateAllocation, resource",   try_create_in,        RESOURCE, FALSE, TRUE, STATUS_INVALID_HANDLE },
    { "DestroyAllocation, device",    try_destroy_on,       DEVICE, FALSE, FALSE, STATUS_INVALID_PARAMETER },
    { "DestroyAllocation, resource",  try_destroy_resource, RESOURCE, FALSE, TRUE, STATUS_INVALID_PARAMETER },
    { "DestroyAllocation, list",      try_destroy_listed,   ALLOCATION, FALSE, FALSE, STATUS_INVALID_PARAMETER },
    { "offer and reclaim, device",    try_offer_on,         DEVICE, FALSE, FALSE, STATUS_INVALID_PARAMETER },
    { "ReclaimAllocations2, queue",   try_reclaim_on_queue, QUEUE, FALSE, FALSE, STATUS_INVALID_PARAMETER },
    { "offer and reclaim, list",      try_offer_allocation, ALLOCATION, FALSE, FALSE, STATUS_INVALID_PARAMETER },
    { "offer and reclaim, resources", try_offer_resource,   RESOURCE, FALSE, FALSE, STATUS_INVALID_PARAMETER },
    { "lock and unlock, device",      try_lock_on,          DEVICE, FALSE, FALSE, STATUS_INVALID_PARAMETER },
    { "lock and unlock, allocation",  try_lock_allocation,  ALLOCATION, FALSE, FALSE, STATUS_INVALID_PARAMETER },
};

static void setup( void )
{
    D3DKMT_CREATEPAGINGQUEUE create;

    h.device = create_device( h.adapter );
    h.other_device = create_device( h.adapter );
    h.resource = create_resource( h.device, 0, KIB( 64 ), &h.in_resource, NULL );
    h.shared = create_resource( h.device, CREATE_SHARED, KIB( 64 ), &h.in_shared, &h.global );
    h.allocation = create_allocation( h.device, KIB( 64 ) );
    memset( &create, 0, sizeof(create) );
    create.hDevice = h.device;
    check_status( pD3DKMTCreatePagingQueue( &create ), STATUS_SUCCESS );
    h.queue = create.hPagingQueue;
    h.sync = create.hSyncObject;
    h.other_resource = create_resource( h.other_device, 0, KIB( 64 ), &h.other_in_resource, NULL );
    h.other_allocation = create_allocation( h.other_device, KIB( 64 ) );
    h.other_queue = create_queue( h.other_device );
}

static void test_wrong( void )
{
    const struct { D3DKMT_HANDLE handle; UINT kind; BOOL other; } good[] =
    {
        { h.adapter, ADAPTER, FALSE }, { h.device, DEVICE, FALSE }, { h.resource, RESOURCE, FALSE },
        { h.shared, RESOURCE, FALSE }, { h.in_resource, ALLOCATION, FALSE }, { h.allocation, ALLOCATION, FALSE },
        { h.queue, QUEUE, FALSE }, { h.sync, SYNC, FALSE }, { h.global, GLOBAL, FALSE },
        { h.other_device, DEVICE, TRUE }, { h.other_resource, RESOURCE, TRUE },
        { h.other_allocation, ALLOCATION, TRUE }, { h.other_queue, QUEUE, TRUE },
    };
    UINT i, j, bit, random = 12345;
    NTSTATUS status;

    for (i = 0; i < ARRAY_SIZE( places ); i++)
    {
        if (!places[i].zero) places[i].try( 0, places[i].status );
        for (j = 0; j < ARRAY_SIZE( good ); j++)
        {
            if (good[j].kind == places[i].takes && (!good[j].other || places[i].foreign)) continue;
            winetest_push_context( "%s, handle %u (%#x)", places[i].name, j, good[j].handle );
            /* a resource of another device is a resource */
            status = good[j].kind == places[i].takes ? STATUS_INVALID_PARAMETER : places[i].status;
            places[i].try( good[j].handle, status );
            winetest_pop_context();
        }

        /* neighbours of good ones, and nonsense */
        for (j = 0; j < ARRAY_SIZE( good ); j++)
        {
            winetest_push_context( "%s, near handle %u", places[i].name, j );
            for (bit = 0; bit < 6; bit++) if (good[j].handle >> 30 && good[j].kind != GLOBAL)
                places[i].try( good[j].handle ^ 1u << bit, places[i].status );
            places[i].try( good[j].handle ^ 0x20000000, places[i].status );
            winetest_pop_context();
        }
        for (j = 0; j < 200; j++)
        {
            UINT handle;

            random = random * 1664525 + 1013904223;
            handle = j < 32 ? 1u << j : random;
            if (j == 32) handle = 0xffffffff;
            if (j == 33) handle = 0x80000000;
            if (j == 34) handle = 0xc0000000;
#ifdef _WIN32
            if (!(handle >> 31)) continue;      /* stock Wine's: see test_stock */
#endif
            for (bit = 0; bit < ARRAY_SIZE( good ); bit++) if (good[bit].handle == handle) break;
            if (bit < ARRAY_SIZE( good )) continue;
            winetest_push_context( "%s, nonsense %#x", places[i].name, handle );
            places[i].try( handle, places[i].status );
            winetest_pop_context();
        }
    }
}

/* Handles of stock Wine's kind go to its functions; where there is no such object or no such function, they are wrong. */
static void test_stock( void )
{
    static const D3DKMT_HANDLE handles[] = { 0x1000, 0x12345, 0x3fffffff, 0x40000000, 0x40000fc0, 0x7fffffc0, 0x7fffffff };
    UINT i, j;

#ifdef _WIN32
    any_failure = TRUE;
#endif
    for (i = 0; i < ARRAY_SIZE( places ); i++)
        for (j = 0; j < ARRAY_SIZE( handles ); j++)
        {
            winetest_push_context( "%s, handle %#x", places[i].name, handles[j] );
            places[i].try( handles[j], places[i].status );
            winetest_pop_context();
        }
    any_failure = FALSE;
}

/* Handles of what is gone. */
static void test_stale( void )
{
    D3DKMT_HANDLE adapter2, device2, stale[9], next;
    D3DKMT_CREATEPAGINGQUEUE create;
    UINT i, j, k;

    if (!open_adapter( &adapter2 )) return;
    device2 = create_device( adapter2 );
    stale[0] = adapter2;
    stale[1] = device2;
    stale[2] = create_resource( device2, CREATE_SHARED, KIB( 64 ), &stale[3], &stale[4] );
    stale[5] = create_allocation( device2, KIB( 64 ) );
    stale[6] = create_allocation( h.device, KIB( 64 ) );
    memset( &create, 0, sizeof(create) );
    create.hDevice = device2;
    check_status( pD3DKMTCreatePagingQueue( &create ), STATUS_SUCCESS );
    stale[7] = create.hPagingQueue;
    stale[8] = create.hSyncObject;
    destroy_allocation( h.device, stale[6] );
    destroy_device( device2 );
    close_adapter( adapter2 );

    /* also when there are new objects of every kind meanwhile */
    for (i = 0; i < 2; i++)
    {
        for (j = 0; j < ARRAY_SIZE( places ); j++)
            for (k = 0; k < ARRAY_SIZE( stale ); k++)
            {
                winetest_push_context( "%s, stale %u (%#x)", places[j].name, k, stale[k] );
                places[j].try( stale[k], places[j].status );
                winetest_pop_context();
            }
        for (j = 0; j < 1000; j++)
        {
            next = create_allocation( h.device, TEST_PAGE );
            for (k = 0; k < ARRAY_SIZE( stale ); k++) ok( next != stale[k], "handle %#x is used again\n", next );
            destroy_allocation( h.device, next );
        }
    }
}

/* Successive handles of a process step by 0x40 whatever they are for. */
static void test_steps( void )
{
    D3DKMT_HANDLE device, allocation, resource, in_resource, last;
    UINT i;

    device = create_device( h.adapter );
    ok( is_local_handle( device ), "device %#x\n", device );
    for (i = 0, last = device; i < 100; i++)
    {
        allocation = create_allocation( device, TEST_PAGE );
        ok( is_local_handle( allocation ), "allocation %#x\n", allocation );
        ok( allocation == last + 0x40, "allocation %#x after %#x\n", allocation, last );
        resource = create_resource( device, 0, TEST_PAGE, &in_resource, NULL );
        ok( resource == allocation + 0x40, "resource %#x after %#x\n", resource, allocation );
        ok( in_resource == resource + 0x40, "allocation %#x after %#x\n", in_resource, resource );
        last = in_resource;
    }
    destroy_device( device );

    /* and our own are told from Wine's */
    if (winetest_platform_is_wine)
        ok( device >> 30 >= 2 && h.adapter >> 30 >= 2, "device %#x, adapter %#x\n", device, h.adapter );
}

START_TEST(handles)
{
    if (!open_adapter( &h.adapter )) return;
    setup();
    test_wrong();
    test_stock();
    test_stale();
    test_steps();

    /* after all that the good ones are as they were */
    write_allocation( h.device, h.allocation, KIB( 64 ), 1 );
    check_pattern( h.device, h.allocation, KIB( 64 ), 1 );
    write_allocation( h.device, h.in_resource, KIB( 64 ), 2 );
    write_allocation( h.other_device, h.other_allocation, KIB( 64 ), 3 );
    destroy_queue( h.queue );
    destroy_queue( h.other_queue );
    destroy_resource( h.device, h.resource );
    destroy_resource( h.device, h.shared );
    destroy_resource( h.other_device, h.other_resource );
    destroy_allocation( h.device, h.allocation );
    destroy_allocation( h.other_device, h.other_allocation );
    ok( !get_usage( h.adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( h.adapter ) ) );
    destroy_device( h.device );
    destroy_device( h.other_device );
    close_adapter( h.adapter );
}
