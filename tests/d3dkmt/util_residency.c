/*
 * What the files of the conformance suite share: MakeResident, Evict and where things are (d3dkmt_test.h)
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

void create_fence_queue_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_CREATEPAGINGQUEUE *queue )
{
    memset( queue, 0, sizeof(*queue) );
    queue->hDevice = device;
    check_status_( file, line, "CreatePagingQueue", pD3DKMTCreatePagingQueue( queue ), STATUS_SUCCESS );
}

NTSTATUS make_resident( D3DKMT_HANDLE queue, const D3DKMT_HANDLE *list, UINT count, UINT flags, UINT64 *value, UINT64 *trim )
{
    D3DDDI_MAKERESIDENT params, before;
    NTSTATUS status;

    memset( &params, 0, sizeof(params) );
    params.hPagingQueue = queue;
    params.NumAllocations = count;
    params.AllocationList = list;
    params.Flags.Value = flags;
    params.PagingFenceValue = params.NumBytesToTrim = SENTINEL64;
    memcpy( &before, &params, sizeof(params) );
    status = pD3DKMTMakeResident( &params );
    if (status == STATUS_SUCCESS || status == STATUS_PENDING || status == STATUS_NO_MEMORY)
    {
        ok( params.PagingFenceValue != SENTINEL64, "PagingFenceValue was not written\n" );
        before.PagingFenceValue = params.PagingFenceValue;
        if (status == STATUS_NO_MEMORY)
        {
            ok( params.NumBytesToTrim && params.NumBytesToTrim != SENTINEL64, "NumBytesToTrim %s\n",
                wine_dbgstr_longlong( params.NumBytesToTrim ) );
            before.NumBytesToTrim = params.NumBytesToTrim;
            before.NumAllocations = 0;
        }
        else before.NumBytesToTrim = 0;
    }
    check_bytes( "MakeResident: parameter block", &params, &before, sizeof(params) );
    if (value) *value = params.PagingFenceValue;
    if (trim) *trim = params.NumBytesToTrim;
    return status;
}

NTSTATUS evict( D3DKMT_HANDLE device, const D3DKMT_HANDLE *list, UINT count, UINT flags, UINT64 *trim )
{
    D3DKMT_EVICT params, before;
    NTSTATUS status;

    memset( &params, 0, sizeof(params) );
    params.hDevice = device;
    params.NumAllocations = count;
    params.AllocationList = list;
    params.Flags.Value = flags;
    params.NumBytesToTrim = SENTINEL64;
    memcpy( &before, &params, sizeof(params) );
    status = pD3DKMTEvict( &params );
    if (!status)
    {
        ok( params.NumBytesToTrim != SENTINEL64, "NumBytesToTrim was not written\n" );
        before.NumBytesToTrim = params.NumBytesToTrim;
    }
    check_bytes( "Evict: parameter block", &params, &before, sizeof(params) );
    if (trim) *trim = params.NumBytesToTrim;
    return status;
}

void hold_( const char *file, int line, D3DKMT_HANDLE queue, D3DKMT_HANDLE allocation )
{
    check_status_( file, line, "MakeResident", make_resident( queue, &allocation, 1, 0, NULL, NULL ), STATUS_SUCCESS );
}

void release_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation )
{
    check_status_( file, line, "Evict", evict( device, &allocation, 1, EVICT_ONLY_IF_NECESSARY, NULL ), STATUS_SUCCESS );
}

void wait_for_fence_( const char *file, int line, const D3DKMT_CREATEPAGINGQUEUE *queue, UINT64 value )
{
    const volatile UINT64 *fence = queue->FenceValueCPUVirtualAddress;
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait;

    memset( &wait, 0, sizeof(wait) );
    wait.hDevice = queue->hDevice;
    wait.ObjectCount = 1;
    wait.ObjectHandleArray = &queue->hSyncObject;
    wait.FenceValueArray = &value;
    check_status_( file, line, "WaitForSynchronizationObjectFromCpu", pD3DKMTWaitForSynchronizationObjectFromCpu( &wait ), STATUS_SUCCESS );
    ok_( file, line )( *fence >= value, "fence %s, waited for %s\n", wine_dbgstr_longlong( *fence ), wine_dbgstr_longlong( value ) );
}

void bring_back_( const char *file, int line, const D3DKMT_CREATEPAGINGQUEUE *queue, const D3DKMT_HANDLE *list, UINT count )
{
    UINT64 value;
    NTSTATUS status = make_resident( queue->hPagingQueue, list, count, 0, &value, NULL );

    ok_( file, line )( !status || status == STATUS_PENDING, "MakeResident: status %#x\n", (UINT)status );
    if (status == STATUS_PENDING) wait_for_fence_( file, line, queue, value );
}

void send_away_( const char *file, int line, const D3DKMT_CREATEPAGINGQUEUE *queue, D3DKMT_HANDLE allocation )
{
    bring_back_( file, line, queue, &allocation, 1 );
    check_status_( file, line, "Evict", evict( queue->hDevice, &allocation, 1, 0, NULL ), STATUS_SUCCESS );
    ok_( file, line )( becomes_resident( queue->hDevice, allocation, FALSE ), "it was not evicted\n" );
}

BOOL is_resident( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation )
{
    D3DKMT_ALLOCATIONRESIDENCYSTATUS residency = 0;
    D3DKMT_QUERYALLOCATIONRESIDENCY params = { device, 0, &allocation, 1, &residency };
    NTSTATUS status = pD3DKMTQueryAllocationResidency( &params );

    if (status) check_status( status, STATUS_SUCCESS );     /* otherwise silent: it stands inside of other checks */
    return residency != D3DKMT_ALLOCATIONRESIDENCYSTATUS_NOTRESIDENT;
}

BOOL becomes_resident( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, BOOL expected )
{
    UINT64 start = time_ms();

    while (is_resident( device, allocation ) != expected)
    {
        if (time_ms() - start > 10000) return FALSE;
        sleep_ms( 1 );
    }
    return TRUE;
}

BOOL becomes_unused( D3DKMT_HANDLE adapter )
{
    UINT64 start = time_ms();

    while (get_usage( adapter ))
    {
        if (time_ms() - start > 10000) return FALSE;
        sleep_ms( 1 );
    }
    return TRUE;
}

BOOL get_small_budget_( const char *file, int line, D3DKMT_HANDLE adapter, UINT64 *budget, UINT64 *large )
{
    struct winekmt_adapter_data data;
    D3DKMT_QUERYVIDEOMEMORYINFO info;

    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL, &info );
    get_adapter_data( adapter, &data );
    *budget = info.Budget;
    /* a power of two not above a sixteenth of the budget */
    for (*large = MIB( 1 ); *large * 32 <= *budget; *large *= 2) {}
    if (*budget > MIB( 256 ) || *budget < *large * 16)
        skip_( file, line )( "budget %s: run with WINEKMT_VIDEO_MEMORY_SIZE=64\n", wine_dbgstr_longlong( *budget ) );
    else if (!(data.cpu_visible_segments & WINEKMT_SEGMENT_LOCAL))
        skip_( file, line )( "the CPU does not reach local memory\n" );
    else if (getenv( "WINEKMT_VERIFIER" ))
        skip_( file, line )( "verifier switches are set\n" );
    else return TRUE;
    return FALSE;
}
