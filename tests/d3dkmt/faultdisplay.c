/*
 * Vertical blanks of two adapters, and of one that was lost: Linux, with the GPU of tests/fake_gpu.h in place of Vulkan
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#include "core/display.h"
#include "fake_gpu.h"

static void set_adapters( UINT count )
{
    struct gpu_adapter adapters[2];
    const char *name = getenv( "WINEKMT_FAKE_GPU" );
    UINT i;

    for (i = 0; i < count; i++)
    {
        if (name && !strcmp( name, "unified" )) fake_gpu_unified( &adapters[i], i );
        else fake_gpu_default( &adapters[i], i );
    }
    if (count > 1) memcpy( adapters[1].device_uuid, "a second display", 16 );
    fake_gpu_set_adapters( adapters, count );
}

/* What every function of a display answers for an adapter, a device of it (or 0) and a source. WaitForIdle aside. */
static void check_all( D3DKMT_HANDLE adapter, D3DKMT_HANDLE device, UINT source, NTSTATUS expected, NTSTATUS expected_without_device )
{
    D3DKMT_WAITFORVERTICALBLANKEVENT2 wait2 = { .hAdapter = adapter, .hDevice = device, .VidPnSourceId = source };
    D3DKMT_WAITFORVERTICALBLANKEVENT wait = { adapter, device, source };
    D3DKMT_CHECKMONITORPOWERSTATE power = { adapter, source };
    D3DKMT_GETVERTICALBLANKEVENT get;
    HANDLE event = NULL;
    D3DKMT_GETSCANLINE scan = { .hAdapter = adapter, .VidPnSourceId = source };

    memset( &get, 0, sizeof(get) );     /* the padding too */
    get.hAdapter = adapter;
    get.hDevice = device;
    get.VidPnSourceId = source;
    get.phEvent = &event;
    kmt_fails( WaitForVerticalBlankEvent, &wait, expected );
    kmt_fails( WaitForVerticalBlankEvent2, &wait2, expected );
    kmt_fails( GetDWMVerticalBlankEvent, &get, expected ? expected : STATUS_NOT_SUPPORTED );
    ok( !event, "event %p\n", event );
    check_status( pD3DKMTGetScanLine( &scan ), expected_without_device );
    kmt_fails( CheckMonitorPowerState, &power, expected_without_device );
}

static void test_two_adapters( void )
{
    struct kmt_displays displays = { .count = 2 };
    D3DKMT_GET_DEVICE_VIDPN_OWNERSHIP_INFO owner;
    D3DKMT_HANDLE devices[2];
    D3DKMT_ADAPTERINFO infos[64];
    D3DKMT_ENUMADAPTERS2 enum2 = { ARRAY_SIZE( infos ), infos };
    D3DKMT_QUERYADAPTERINFO query;
    UINT i;

    set_adapters( 2 );
    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
    ok( enum2.NumAdapters == 2, "%u adapters\n", (UINT)enum2.NumAdapters );
    for (i = 0; i < 2; i++)
    {
        devices[i] = create_device( infos[i].hAdapter );
        displays.displays[i].luid = infos[i].AdapterLuid;
        displays.displays[i].source = i;        /* 0 of the first, 1 of the second */
        displays.displays[i].width = displays.displays[i].height = 1000;
        displays.displays[i].refresh_rate = 500;
    }
    kmt_set_displays( &displays );
    for (i = 0; i < 2; i++)
    {
        winetest_push_context( "adapter %u", i );
        check_all( infos[i].hAdapter, devices[i], i, STATUS_SUCCESS, STATUS_SUCCESS );
        check_all( infos[i].hAdapter, 0, i, STATUS_SUCCESS, STATUS_SUCCESS );
        check_all( infos[i].hAdapter, devices[!i], i, STATUS_INVALID_PARAMETER, STATUS_SUCCESS );
        check_all( infos[i].hAdapter, devices[i], 2, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER );
        memset( &query, 0, sizeof(query) );
        memset( &owner, 0, sizeof(owner) );
        query.hAdapter = infos[i].hAdapter;
        query.Type = KMTQAITYPE_GET_DEVICE_VIDPN_OWNERSHIP_INFO;
        query.pPrivateDriverData = &owner;
        query.PrivateDriverDataSize = sizeof(owner);
        owner.hDevice = devices[i];
        kmt_succeeds( QueryAdapterInfo, &query );
        owner.hDevice = devices[!i];
        kmt_fails( QueryAdapterInfo, &query, STATUS_INVALID_PARAMETER );
        winetest_pop_context();
    }
    check_all( infos[0].hAdapter, 0, 1, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER );   /* the other's */
    displays.count = 0;
    kmt_set_displays( &displays );
    for (i = 0; i < 2; i++)
    {
        destroy_device( devices[i] );
        close_adapter( infos[i].hAdapter );
    }
    set_adapters( 1 );
}

static void test_lost_adapter( void )
{
    struct kmt_displays displays = { .count = 1 };
    D3DKMT_HANDLE adapter, fresh, device, allocation;
    D3DKMT_ADAPTERINFO infos[64];
    D3DKMT_ENUMADAPTERS2 enum2 = { ARRAY_SIZE( infos ), infos };
    D3DKMT_WAITFORIDLE idle;

    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
    displays.displays[0].luid = infos[0].AdapterLuid;
    displays.displays[0].width = displays.displays[0].height = 1000;
    kmt_set_displays( &displays );
    close_adapter( infos[0].hAdapter );

    if (!open_device( &adapter, &device )) return;
    check_all( adapter, device, 0, STATUS_SUCCESS, STATUS_SUCCESS );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_DEVICE_LOST, false );
    check_status( try_create( device, MIB( 64 ), &allocation ), STATUS_DEVICE_REMOVED );
    check_all( adapter, device, 0, STATUS_DEVICE_REMOVED, STATUS_DEVICE_REMOVED );
    check_all( adapter, 0, 0, STATUS_DEVICE_REMOVED, STATUS_DEVICE_REMOVED );
    idle.hDevice = device;
    kmt_fails( WaitForIdle, &idle, STATUS_DEVICE_REMOVED );

    /* a new handle of the adapter is good, the old device is not */
    if (open_adapter( &fresh ))
    {
        check_all( fresh, 0, 0, STATUS_SUCCESS, STATUS_SUCCESS );
        check_all( fresh, device, 0, STATUS_DEVICE_REMOVED, STATUS_SUCCESS );
        close_adapter( fresh );
    }
    destroy_device( device );
    close_adapter( adapter );
    displays.count = 0;
    kmt_set_displays( &displays );
}

START_TEST(faultdisplay)
{
    test_two_adapters();
    test_lost_adapter();
}
