/*
 * Paging queues
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

static void test_create( void )
{
    static const int bad_priorities[] = { -2, 2, 0x7fffffff, 0x80000000 };
    D3DKMT_HANDLE adapter, device, queue, sync;
    D3DDDI_DESTROYPAGINGQUEUE destroy;
    D3DKMT_CREATEPAGINGQUEUE params;
    const volatile UINT64 *fence;
    int i;

    check_status( pD3DKMTCreatePagingQueue( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTDestroyPagingQueue( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( CreatePagingQueue, &params, STATUS_INVALID_PARAMETER );
    destroy.hPagingQueue = 0;
    kmt_fails( DestroyPagingQueue, &destroy, STATUS_INVALID_PARAMETER );

    if (!open_device( &adapter, &device )) return;
    for (i = D3DDDI_PAGINGQUEUE_PRIORITY_BELOW_NORMAL; i <= D3DDDI_PAGINGQUEUE_PRIORITY_ABOVE_NORMAL; i++)
    {
        FILL( params );
        params.hDevice = device;
        params.Priority = i;
        params.PhysicalAdapterIndex = 0;
        kmt_writes( CreatePagingQueue, &params,
                    expected_->hPagingQueue = params_->hPagingQueue;
                    expected_->hSyncObject = params_->hSyncObject;
                    expected_->FenceValueCPUVirtualAddress = params_->FenceValueCPUVirtualAddress );
        ok( is_local_handle( params.hPagingQueue ), "hPagingQueue %#x\n", params.hPagingQueue );
        ok( is_local_handle( params.hSyncObject ), "hSyncObject %#x\n", params.hSyncObject );
        ok( params.hPagingQueue != params.hSyncObject, "one handle for both: %#x\n", params.hSyncObject );
        ok( params.FenceValueCPUVirtualAddress != NULL, "no fence address\n" );
        ok( !((ULONG_PTR)params.FenceValueCPUVirtualAddress & 7), "fence at %p\n", params.FenceValueCPUVirtualAddress );
        fence = params.FenceValueCPUVirtualAddress;
        ok( *fence != ~(UINT64)0, "fence value %s\n", wine_dbgstr_longlong( *fence ) );
        queue = params.hPagingQueue;
        sync = params.hSyncObject;

        /* the fence's handle is not a queue's */
        destroy.hPagingQueue = sync;
        kmt_fails( DestroyPagingQueue, &destroy, STATUS_INVALID_PARAMETER );
        destroy.hPagingQueue = queue;
        kmt_succeeds( DestroyPagingQueue, &destroy );
        kmt_fails( DestroyPagingQueue, &destroy, STATUS_INVALID_PARAMETER );
        destroy.hPagingQueue = sync;
        kmt_fails( DestroyPagingQueue, &destroy, STATUS_INVALID_PARAMETER );
    }

    FILL( params );
    params.hDevice = device;
    params.PhysicalAdapterIndex = 0;
    for (i = 0; i < (int)ARRAY_SIZE( bad_priorities ); i++)
    {
        params.Priority = bad_priorities[i];
        kmt_fails( CreatePagingQueue, &params, STATUS_INVALID_PARAMETER );
    }
    params.Priority = D3DDDI_PAGINGQUEUE_PRIORITY_NORMAL;
    params.PhysicalAdapterIndex = 1;
    kmt_fails( CreatePagingQueue, &params, STATUS_INVALID_PARAMETER );
    params.PhysicalAdapterIndex = 99;
    kmt_fails( CreatePagingQueue, &params, STATUS_INVALID_PARAMETER );

    /* queues go with their device */
    queue = create_queue( device );
    destroy_device( device );
    destroy.hPagingQueue = queue;
    kmt_fails( DestroyPagingQueue, &destroy, STATUS_INVALID_PARAMETER );
    close_adapter( adapter );
}

#ifdef _WIN32
/* The program cannot write the fence's value: here the system says so. */
static void test_fence_protection( void )
{
    D3DKMT_CREATEPAGINGQUEUE params;
    D3DKMT_HANDLE adapter, device;
    MEMORY_BASIC_INFORMATION info;

    if (!open_device( &adapter, &device )) return;
    memset( &params, 0, sizeof(params) );
    params.hDevice = device;
    check_status( pD3DKMTCreatePagingQueue( &params ), STATUS_SUCCESS );
    if (VirtualQuery( params.FenceValueCPUVirtualAddress, &info, sizeof(info) ) && info.State == MEM_COMMIT)
        ok( info.Protect == PAGE_READONLY, "protection %#x\n", (UINT)info.Protect );
    else
        ok( IsBadWritePtr( params.FenceValueCPUVirtualAddress, 8 ), "the fence can be written\n" );
    destroy_queue( params.hPagingQueue );
    destroy_device( device );
    close_adapter( adapter );
}
#else
/* The same from /proc/self/maps. */
static void test_fence_protection( void )
{
    D3DKMT_CREATEPAGINGQUEUE params;
    D3DKMT_HANDLE adapter, device;
    unsigned long long start, end;
    BOOL found = FALSE;
    char line[512], access[8];
    FILE *maps;

    if (!open_device( &adapter, &device )) return;
    memset( &params, 0, sizeof(params) );
    params.hDevice = device;
    check_status( pD3DKMTCreatePagingQueue( &params ), STATUS_SUCCESS );
    if ((maps = fopen( "/proc/self/maps", "r" )))
    {
        while (fgets( line, sizeof(line), maps ))
        {
            if (sscanf( line, "%llx-%llx %7s", &start, &end, access ) != 3) continue;
            if ((ULONG_PTR)params.FenceValueCPUVirtualAddress < start ||
                (ULONG_PTR)params.FenceValueCPUVirtualAddress >= end) continue;
            found = TRUE;
            ok( access[0] == 'r' && access[1] == '-', "access %s\n", access );
        }
        fclose( maps );
    }
    ok( found, "the fence is not mapped\n" );
    destroy_queue( params.hPagingQueue );
    destroy_device( device );
    close_adapter( adapter );
}
#endif

/* ReclaimAllocations2 is done on return: the value that it names is reached, and never goes back. */
static void test_fence_value( void )
{
    D3DKMT_HANDLE adapter, device, allocation;
    D3DKMT_RECLAIMALLOCATIONS2 reclaim2;
    D3DKMT_CREATEPAGINGQUEUE params;
    const volatile UINT64 *fence;
    UINT64 last = 0;
    UINT i, result;

    if (!open_device( &adapter, &device )) return;
    memset( &params, 0, sizeof(params) );
    params.hDevice = device;
    check_status( pD3DKMTCreatePagingQueue( &params ), STATUS_SUCCESS );
    fence = params.FenceValueCPUVirtualAddress;
    allocation = create_allocation( device, KIB( 64 ) );
    for (i = 0; i < 10; i++)
    {
        check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_NORMAL ), STATUS_SUCCESS );
        memset( &reclaim2, 0, sizeof(reclaim2) );
        reclaim2.hPagingQueue = params.hPagingQueue;
        reclaim2.NumAllocations = 1;
        reclaim2.HandleList = &allocation;
        reclaim2.pResults = (D3DDDI_RECLAIM_RESULT *)&result;
        reclaim2.PagingFenceValue = SENTINEL64;
        kmt_writes( ReclaimAllocations2, &reclaim2, expected_->PagingFenceValue = params_->PagingFenceValue );
        ok( *fence >= reclaim2.PagingFenceValue, "fence %s, promised %s\n", wine_dbgstr_longlong( *fence ),
            wine_dbgstr_longlong( reclaim2.PagingFenceValue ) );
        ok( reclaim2.PagingFenceValue >= last, "fence value %s after %s\n",
            wine_dbgstr_longlong( reclaim2.PagingFenceValue ), wine_dbgstr_longlong( last ) );
        last = reclaim2.PagingFenceValue;
    }
    destroy_allocation( device, allocation );
    destroy_queue( params.hPagingQueue );
    destroy_device( device );
    close_adapter( adapter );
}

/* Several queues on one device, each with a fence of its own. */
static void test_many( void )
{
    D3DKMT_HANDLE adapter, device;
    D3DKMT_CREATEPAGINGQUEUE queues[16];
    UINT i, j;

    if (!open_device( &adapter, &device )) return;
    for (i = 0; i < ARRAY_SIZE( queues ); i++)
    {
        memset( &queues[i], 0, sizeof(queues[i]) );
        queues[i].hDevice = device;
        check_status( pD3DKMTCreatePagingQueue( &queues[i] ), STATUS_SUCCESS );
        for (j = 0; j < i; j++)
        {
            ok( queues[i].hPagingQueue != queues[j].hPagingQueue, "queues %u and %u: one handle\n", i, j );
            ok( queues[i].hSyncObject != queues[j].hSyncObject, "queues %u and %u: one fence\n", i, j );
            ok( queues[i].FenceValueCPUVirtualAddress != queues[j].FenceValueCPUVirtualAddress,
                "queues %u and %u: one fence address\n", i, j );
        }
    }
    for (i = 0; i < ARRAY_SIZE( queues ); i++) destroy_queue( queues[i].hPagingQueue );
    destroy_device( device );
    close_adapter( adapter );
}

START_TEST(paging)
{
    test_create();
    test_fence_protection();
    test_fence_value();
    test_many();
}
