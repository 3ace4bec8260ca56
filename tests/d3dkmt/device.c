/*
 * Devices: CreateDevice, DestroyDevice, GetDeviceState
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
    D3DKMT_CREATEDEVICE params;
    D3DKMT_DESTROYDEVICE destroy;
    D3DKMT_HANDLE adapter, device;

    check_status( pD3DKMTCreateDevice( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTDestroyDevice( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( CreateDevice, &params, STATUS_INVALID_PARAMETER );
    destroy.hDevice = 0;
    kmt_fails( DestroyDevice, &destroy, STATUS_INVALID_PARAMETER );

    if (!open_adapter( &adapter )) return;
    FILL( params );
    memset( &params.Flags, 0, sizeof(params.Flags) );
    params.hAdapter = adapter;
    kmt_writes( CreateDevice, &params,
                expected_->hDevice = params_->hDevice;
                expected_->pCommandBuffer = NULL;
                expected_->CommandBufferSize = 0;
                expected_->pAllocationList = NULL;
                expected_->AllocationListSize = 0;
                expected_->pPatchLocationList = NULL;
                expected_->PatchLocationListSize = 0 );
    ok( is_local_handle( params.hDevice ), "handle %#x\n", params.hDevice );
    device = params.hDevice;

    /* the flags are hints */
    params.Flags.LegacyMode = 1;
    params.Flags.RequestVSync = 1;
    params.Flags.DisableGpuTimeout = 1;
    kmt_writes( CreateDevice, &params, expected_->hDevice = params_->hDevice );
    ok( is_local_handle( params.hDevice ) && params.hDevice != device, "handles %#x, %#x\n", device, params.hDevice );

    destroy.hDevice = params.hDevice;
    kmt_succeeds( DestroyDevice, &destroy );
    kmt_fails( DestroyDevice, &destroy, STATUS_INVALID_PARAMETER );
    destroy.hDevice = device;
    kmt_succeeds( DestroyDevice, &destroy );
    kmt_fails( DestroyDevice, &destroy, STATUS_INVALID_PARAMETER );
    close_adapter( adapter );

    /* the adapter is gone */
    kmt_fails( CreateDevice, &params, STATUS_INVALID_PARAMETER );
}

static void test_state( void )
{
    static const UINT unknown[] = { 0, 7, 8, 0x7fffffff, 0xffffffff };
    D3DKMT_GETDEVICESTATE params;
    D3DKMT_HANDLE adapter, device;
    UINT i, size;

    check_status( pD3DKMTGetDeviceState( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    params.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    kmt_fails( GetDeviceState, &params, STATUS_INVALID_PARAMETER );

    if (!open_device( &adapter, &device )) return;
    FILL( params );
    params.hDevice = device;
    params.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    kmt_writes( GetDeviceState, &params, expected_->ExecutionState = D3DKMT_DEVICEEXECUTION_ACTIVE );

    for (i = D3DKMT_DEVICESTATE_PRESENT; i <= D3DKMT_DEVICESTATE_PRESENT_QUEUE; i++)
    {
        winetest_push_context( "state %u", i );
        size = i == D3DKMT_DEVICESTATE_PRESENT ? sizeof(params.PresentState)
             : i == D3DKMT_DEVICESTATE_RESET ? sizeof(params.ResetState)
             : i == D3DKMT_DEVICESTATE_PRESENT_DWM ? sizeof(params.PresentStateDWM)
             : i == D3DKMT_DEVICESTATE_PAGE_FAULT ? sizeof(params.PageFaultState) : sizeof(params.PresentQueueState);
        FILL( params );
        params.hDevice = device;
        params.StateType = i;
        params.PresentState.VidPnSourceId = 0; /* an input of some */
        kmt_writes( GetDeviceState, &params, memset( &expected_->ExecutionState, 0, size ) );
        winetest_pop_context();
    }
    FILL( params );
    params.hDevice = device;
    for (i = 0; i < ARRAY_SIZE( unknown ); i++)
    {
        params.StateType = unknown[i];
        kmt_fails( GetDeviceState, &params, STATUS_INVALID_PARAMETER );
    }
    destroy_device( device );
    params.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    kmt_fails( GetDeviceState, &params, STATUS_INVALID_PARAMETER );
    close_adapter( adapter );
}

/* Everything on a device goes with it. */
static void test_destroy_everything( void )
{
    D3DKMT_HANDLE adapter, device, other, allocation, locked, offered, resource, in_resource, global, queue;
    void *data;
    UINT64 usage;
    UINT result;

    if (!open_device( &adapter, &other )) return;
    usage = get_usage( adapter );
    device = create_device( adapter );
    allocation = create_allocation( device, MIB( 2 ) );
    locked = create_allocation( device, KIB( 64 ) );
    data = lock_allocation( device, locked );
    if (data) fill_memory( data, KIB( 64 ), 1 );
    offered = create_allocation( device, KIB( 64 ) );
    check_status( offer_one( device, offered, D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
    resource = create_resource( device, CREATE_SHARED, KIB( 64 ), &in_resource, &global );
    queue = create_queue( device );
    ok( get_usage( adapter ) > usage, "usage did not grow\n" );

    destroy_device( device );
    ok( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ),
        wine_dbgstr_longlong( usage ) );
    check_status( try_destroy( device, 0, &allocation, 1 ), STATUS_INVALID_PARAMETER );
    check_status( try_destroy( other, 0, &allocation, 1 ), STATUS_INVALID_PARAMETER );
    check_status( try_destroy( other, resource, NULL, 0 ), STATUS_INVALID_PARAMETER );
    check_status( try_destroy( other, 0, &in_resource, 1 ), STATUS_INVALID_PARAMETER );
    check_status( try_unlock( other, locked ), STATUS_INVALID_PARAMETER );
    check_status( reclaim_one( other, offered, &result ), STATUS_INVALID_PARAMETER );
    check_status( reclaim( 0, queue, &offered, 1, FALSE, &result ), STATUS_INVALID_PARAMETER );

    destroy_device( other );
    close_adapter( adapter );
}

START_TEST(device)
{
    test_create();
    test_state();
    test_destroy_everything();
}
