/*
 * Resources, shared resources, and allocations on memory of the program
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

static void test_resource( D3DKMT_HANDLE adapter, D3DKMT_HANDLE device )
{
    struct winekmt_allocation_data data[3];
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info, infos[3];
    D3DKMT_DESTROYALLOCATION destroy;
    D3DKMT_HANDLE resource, allocation, list[3], other;
    UINT64 usage = get_usage( adapter );
    UINT i;

    /* the resource's handle comes first */
    init_data( &data[0], KIB( 64 ) );
    init_create( &create, device, &info, &data[0] );
    create.Flags.CreateResource = 1;
    create.hGlobalShare = SENTINEL32;
    kmt_writes( CreateAllocation2, &create,
                expected_->hResource = params_->hResource;
                expected_->hGlobalShare = 0 );
    ok( is_local_handle( create.hResource ), "hResource %#x\n", create.hResource );
    ok( is_local_handle( info.hAllocation ), "hAllocation %#x\n", info.hAllocation );
    resource = create.hResource;
    allocation = info.hAllocation;

    /* more can be added at any time */
    memset( infos, 0, sizeof(infos) );
    for (i = 0; i < 3; i++)
    {
        init_data( &data[i], KIB( 4 << i ) );
        infos[i].pPrivateDriverData = &data[i];
        infos[i].PrivateDriverDataSize = sizeof(data[i]);
    }
    memset( &create, 0, sizeof(create) );
    create.hDevice = device;
    create.hResource = resource;
    create.NumAllocations = 3;
    create.pAllocationInfo2 = infos;
    create.hGlobalShare = SENTINEL32;
    kmt_writes( CreateAllocation2, &create, expected_->hGlobalShare = 0 );
    for (i = 0; i < 3; i++)
    {
        ok( is_local_handle( infos[i].hAllocation ), "hAllocation %u: %#x\n", i, infos[i].hAllocation );
        list[i] = infos[i].hAllocation;
        write_allocation( device, list[i], KIB( 4 << i ), i );
    }

    /* a resource that exists, and CreateResource */
    create.NumAllocations = 1;
    create.Flags.CreateResource = 1;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );

    /* the resource of another device */
    other = create_device( adapter );
    create.Flags.CreateResource = 0;
    create.hDevice = other;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    check_status( try_destroy( other, resource, NULL, 0 ), STATUS_INVALID_PARAMETER );
    destroy_device( other );

    /* nonsense for a resource is another status than for a device, also together with CreateResource */
    create.hDevice = device;
    create.hResource = 0xdeadbeef & ~0x3fu;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_HANDLE );
    create.Flags.CreateResource = 1;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_HANDLE );

    /* destroying one leaves the others, and the resource */
    destroy_allocation( device, list[1] );
    check_status( try_destroy( device, 0, &list[1], 1 ), STATUS_INVALID_PARAMETER );
    check_pattern( device, list[0], KIB( 4 ), 0 );
    check_pattern( device, list[2], KIB( 16 ), 2 );
    list[1] = list[2];
    check_status( try_destroy( device, 0, list, 2 ), STATUS_SUCCESS );
    destroy_allocation( device, allocation );

    /* now it is empty, and still there */
    allocation = add_allocation( device, resource, KIB( 64 ) );
    ok( is_local_handle( allocation ), "hAllocation %#x\n", allocation );

    /* the first form of destroy; a list beside the resource is ignored */
    memset( &destroy, 0, sizeof(destroy) );
    destroy.hDevice = device;
    destroy.hResource = resource;
    destroy.AllocationCount = 0xffffffff;
    destroy.phAllocationList = NULL;
    kmt_succeeds( DestroyAllocation, &destroy );
    kmt_fails( DestroyAllocation, &destroy, STATUS_INVALID_PARAMETER );
    check_status( try_destroy( device, 0, &allocation, 1 ), STATUS_INVALID_PARAMETER );
    ok( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ),
        wine_dbgstr_longlong( usage ) );

    /* a resource and a list of allocations that do not belong to it: they are not touched */
    allocation = create_allocation( device, KIB( 64 ) );
    resource = create_resource( device, 0, KIB( 64 ), NULL, NULL );
    check_status( try_destroy( device, resource, &allocation, 1 ), STATUS_SUCCESS );
    check_status( try_destroy( device, resource, NULL, 0 ), STATUS_INVALID_PARAMETER );
    destroy_allocation( device, allocation );
}

/* A list is of one resource, or of none. */
static void test_mixed_list( D3DKMT_HANDLE device )
{
    D3DKMT_HANDLE resource1, resource2, list[3], allocation, one[2];

    resource1 = create_resource( device, 0, KIB( 64 ), &list[0], NULL );
    resource2 = create_resource( device, 0, KIB( 64 ), &list[1], NULL );
    allocation = create_allocation( device, KIB( 64 ) );
    check_status( try_destroy( device, 0, list, 2 ), STATUS_INVALID_PARAMETER );
    one[0] = list[0];
    one[1] = allocation;
    check_status( try_destroy( device, 0, one, 2 ), STATUS_INVALID_PARAMETER );
    one[0] = allocation;
    one[1] = list[0];
    check_status( try_destroy( device, 0, one, 2 ), STATUS_INVALID_PARAMETER );
    /* an allocation as resource, a resource as allocation */
    check_status( try_destroy( device, allocation, NULL, 0 ), STATUS_INVALID_PARAMETER );
    check_status( try_destroy( device, 0, &resource1, 1 ), STATUS_INVALID_PARAMETER );
    /* all are still there */
    write_allocation( device, list[0], KIB( 64 ), 1 );
    write_allocation( device, list[1], KIB( 64 ), 2 );
    destroy_allocation( device, allocation );
    destroy_resource( device, resource1 );
    destroy_resource( device, resource2 );
}

static void test_shared( D3DKMT_HANDLE adapter, D3DKMT_HANDLE device )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    D3DKMT_HANDLE resource, allocation, global;
    UINT64 usage = get_usage( adapter );

    resource = create_resource( device, CREATE_SHARED, KIB( 64 ), &allocation, &global );
    ok( is_local_handle( resource ), "hResource %#x\n", resource );
    ok( is_local_handle( allocation ), "hAllocation %#x\n", allocation );
    ok( is_global_handle( global ), "hGlobalShare %#x\n", global );
    write_allocation( device, allocation, KIB( 64 ), 1 );
    check_pattern( device, allocation, KIB( 64 ), 1 );

    /* nothing is added to it, nothing taken out */
    init_data( &data, KIB( 64 ) );
    init_create( &create, device, &info, &data );
    create.hResource = resource;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    check_status( try_destroy( device, 0, &allocation, 1 ), STATUS_INVALID_PARAMETER );
    /* the global handle is no resource */
    check_status( try_destroy( device, global, NULL, 0 ), STATUS_INVALID_PARAMETER );
    create.hResource = global;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_HANDLE );
    check_pattern( device, allocation, KIB( 64 ), 1 );
    destroy_resource( device, resource );
    check_status( try_destroy( device, 0, &allocation, 1 ), STATUS_INVALID_PARAMETER );

    /* shared by NT handles: no global handle */
    init_create( &create, device, &info, &data );
    create.Flags.CreateResource = 1;
    create.Flags.CreateShared = 1;
    create.Flags.NtSecuritySharing = 1;
    create.hGlobalShare = SENTINEL32;
    kmt_writes( CreateAllocation2, &create,
                expected_->hResource = params_->hResource;
                expected_->hGlobalShare = 0 );
    check_status( try_destroy( device, 0, &info.hAllocation, 1 ), STATUS_INVALID_PARAMETER );
    destroy_resource( device, create.hResource );
    ok( get_usage( adapter ) == usage, "usage changed\n" );
}

static void test_standard_bad( D3DKMT_HANDLE device, char *memory )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATESTANDARDALLOCATION standard;
    D3DKMT_CREATEALLOCATION create, good;
    D3DDDI_ALLOCATIONINFO2 infos[2], good_info;
    D3DKMT_HANDLE resource;

    init_create( &good, device, &good_info, NULL );
    memset( &standard, 0, sizeof(standard) );
    standard.Type = D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP;
    standard.ExistingHeapData.Size = KIB( 64 );
    good.pStandardAllocation = &standard;
    good.Flags.ExistingSysMem = 1;
    good.Flags.StandardAllocation = 1;
    good_info.pSystemMem = memory;

#define RESET() (create = good, infos[0] = infos[1] = good_info, create.pAllocationInfo2 = infos)
    RESET();
    standard.Type = 0;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    standard.Type = D3DKMT_STANDARDALLOCATIONTYPE_INTERNALBACKINGSTORE;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    standard.Type = 3;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    standard.Type = D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP;
    standard.ExistingHeapData.Size = 0x1100;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    standard.ExistingHeapData.Size = 1;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    standard.ExistingHeapData.Size = ~(UINT64)0;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    standard.ExistingHeapData.Size = KIB( 64 );
    create.NumAllocations = 0;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    create.NumAllocations = 2;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    RESET();
    create.pStandardAllocation = NULL;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    RESET();
    infos[0].pSystemMem = NULL;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    infos[0].pSystemMem = memory + 16;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    RESET();
    create.Flags.ExistingSysMem = 0;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    RESET();
    create.Flags.StandardAllocation = 0;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    RESET();
    create.Flags.ExistingSection = 1;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    create.Flags.ExistingSysMem = 0;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    RESET();
    create.PrivateDriverDataSize = 64;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    RESET();
    create.Flags.CreateShared = 1;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    init_data( &data, KIB( 64 ) );
    resource = create_resource( device, 0, KIB( 64 ), NULL, NULL );
    RESET();
    create.hResource = resource;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    destroy_resource( device, resource );
#undef RESET
}

static void test_standard( D3DKMT_HANDLE device )
{
    D3DKMT_CREATESTANDARDALLOCATION standard;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO info;
    D3DDDI_ALLOCATIONINFO2 info2;
    D3DKMT_HANDLE allocation;
    char *memory = alloc_pages( KIB( 64 ) );
    UINT result;
    void *data;

    test_standard_bad( device, memory );

    /* the form that Wine's tests know to work on Windows, in both versions */
    memset( &standard, 0, sizeof(standard) );
    standard.Type = D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP;
    standard.ExistingHeapData.Size = KIB( 64 );
    init_create( &create, device, &info2, NULL );
    create.pStandardAllocation = &standard;
    create.Flags.ExistingSysMem = 1;
    create.Flags.StandardAllocation = 1;
    create.hGlobalShare = SENTINEL32;
    create.hPrivateRuntimeResourceHandle = (HANDLE)(ULONG_PTR)0xdeadbeef;
    create.pPrivateRuntimeData = "runtime";
    create.PrivateRuntimeDataSize = 7;
    info2.pSystemMem = memory;
    kmt_writes( CreateAllocation2, &create, expected_->hGlobalShare = 0 );
    ok( is_local_handle( info2.hAllocation ), "hAllocation %#x\n", info2.hAllocation );
    ok( info2.PrivateDriverDataSize == 0, "PrivateDriverDataSize %u\n", info2.PrivateDriverDataSize );
    ok( info2.pSystemMem == memory, "pSystemMem %p\n", info2.pSystemMem );
    destroy_allocation( device, info2.hAllocation );
    memset( &info, 0, sizeof(info) );
    info.pSystemMem = memory;
    create.pAllocationInfo = &info;
    create.hGlobalShare = SENTINEL32;
    kmt_writes( CreateAllocation, &create, expected_->hGlobalShare = 0 );
    ok( is_local_handle( info.hAllocation ), "hAllocation %#x\n", info.hAllocation );

    /* both sides see the same bytes */
    allocation = info.hAllocation;
    fill_memory( memory, KIB( 64 ), 5 );
    if ((data = lock_allocation( device, allocation )))
    {
        ok( has_pattern( data, KIB( 64 ), 5 ), "the pages are not there\n" );
        fill_memory( data, KIB( 64 ), 6 );
        ok( has_pattern( memory, KIB( 64 ), 6 ), "what was written is not in the pages\n" );
        unlock_allocation( device, allocation );
    }

    /* it can be offered, and is kept */
    check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
    check_status( reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
    ok( result == FALSE, "result %u\n", result );
    check_pattern( device, allocation, KIB( 64 ), 6 );
    destroy_allocation( device, allocation );
    ok( has_pattern( memory, KIB( 64 ), 6 ), "the pages changed\n" );

    /* as a resource, shared and not */
    create.pAllocationInfo2 = &info2;
    create.Flags.CreateResource = 1;
    create.hGlobalShare = SENTINEL32;
    kmt_writes( CreateAllocation2, &create, expected_->hResource = params_->hResource; expected_->hGlobalShare = 0 );
    ok( is_local_handle( create.hResource ), "hResource %#x\n", create.hResource );
    if (winetest_platform_is_wine)
        ok( info2.hAllocation == create.hResource + 0x40, "hResource %#x, hAllocation %#x\n", create.hResource, info2.hAllocation );
    destroy_resource( device, create.hResource );
    create.hResource = 0;
    create.Flags.CreateShared = 1;
    kmt_writes( CreateAllocation2, &create,
                expected_->hResource = params_->hResource;
                expected_->hGlobalShare = params_->hGlobalShare );
    ok( is_global_handle( create.hGlobalShare ), "hGlobalShare %#x\n", create.hGlobalShare );
    destroy_resource( device, create.hResource );
    free_pages( memory, KIB( 64 ) );
}

/* The memory of an existing heap is touched only where an access needs it: DXMT wants nothing but a handle. */
static void test_standard_odd( D3DKMT_HANDLE device )
{
    char *memory = alloc_pages( KIB( 64 ) );
    D3DKMT_HANDLE allocation;
    NTSTATUS status;
    UINT result;
    void *data;

    /* no size */
    check_status( try_create_standard( device, memory, 0, &allocation ), STATUS_SUCCESS );
    ok( is_local_handle( allocation ), "hAllocation %#x\n", allocation );
    data = (void *)(ULONG_PTR)SENTINEL32;
    check_status( try_lock( device, allocation, &data ), STATUS_INVALID_PARAMETER );
    check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
    check_status( reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
    ok( result == FALSE, "result %u\n", result );
    destroy_allocation( device, allocation );
    check_status( try_create_standard( device, (void *)(ULONG_PTR)0xdeadbeef, 0, &allocation ), STATUS_SUCCESS );
    destroy_allocation( device, allocation );

    /* pages that are gone: creating, offering and destroying work; locking says so where the import finds out */
    free_pages( memory, KIB( 64 ) );
    check_status( try_create_standard( device, memory, KIB( 64 ), &allocation ), STATUS_SUCCESS );
    check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
    check_status( reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
    status = try_lock( device, allocation, &data );
    ok( !status || status == STATUS_INVALID_PARAMETER, "status %#x\n", (UINT)status );
    if (!status) ok( data == memory, "pData %p, memory %p\n", data, (void *)memory );
    destroy_allocation( device, allocation );
}

START_TEST(resource)
{
    D3DKMT_HANDLE adapter, device;

    if (!open_device( &adapter, &device )) return;
    test_resource( adapter, device );
    test_mixed_list( device );
    test_shared( adapter, device );
    test_standard( device );
    test_standard_odd( device );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
