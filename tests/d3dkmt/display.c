/*
 * Monitors, occlusion, what QueryAdapterInfo says of displays, and waiting until a device is idle
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define NO_SOURCE  99u

static D3DKMT_HANDLE adapter, device;

/***********************************************************************
 * Windows and monitors
 */

static void test_monitor( void )
{
    D3DKMT_CHECKMONITORPOWERSTATE params = { adapter, 0 };
    D3DKMT_CURRENTDISPLAYMODE mode;
    BOOL known;

    memset( &mode, 0, sizeof(mode) );
    known = !query_info( adapter, KMTQAITYPE_CURRENTDISPLAYMODE, &mode, sizeof(mode) );
    if (known || get_adapter_info().NumOfSources) kmt_succeeds( CheckMonitorPowerState, &params );
    else kmt_fails( CheckMonitorPowerState, &params, STATUS_INVALID_PARAMETER );
}

static void test_occlusion( void )
{
    D3DKMT_CHECKOCCLUSION params = { 0 };

    kmt_fails( CheckOcclusion, &params, STATUS_INVALID_PARAMETER );
    params.hWindow = (HWND)(ULONG_PTR)0xdeadbee0;
    kmt_fails( CheckOcclusion, &params, STATUS_INVALID_PARAMETER );
#ifdef _WIN32
    {
        HMODULE user32 = LoadLibraryA( "user32.dll" );
        HWND (WINAPI *pCreateWindowExA)( DWORD, const char *, const char *, DWORD, int, int, int, int, HWND, HMENU, HINSTANCE,
                                         void * ) =
            (void *)GetProcAddress( user32, "CreateWindowExA" );
        BOOL (WINAPI *pShowWindow)( HWND, int ) = (void *)GetProcAddress( user32, "ShowWindow" );
        BOOL (WINAPI *pDestroyWindow)( HWND ) = (void *)GetProcAddress( user32, "DestroyWindow" );

        params.hWindow = (HWND)(ULONG_PTR)0xdeadbee0;
        kmt_fails( CheckOcclusion, &params, STATUS_INVALID_PARAMETER );
        params.hWindow = pCreateWindowExA( 0, "static", "winekmt", WS_OVERLAPPEDWINDOW | WS_VISIBLE, 20, 20, 200, 200,
                                           NULL, NULL, NULL, NULL );
        if (!params.hWindow)
        {
            skip( "no window\n" );
            return;
        }
        kmt_succeeds( CheckOcclusion, &params );
        /* the documentation: never while the desktop is composed, and never without a client area */
        pShowWindow( params.hWindow, SW_MINIMIZE );
        kmt_succeeds( CheckOcclusion, &params );
        pShowWindow( params.hWindow, SW_HIDE );
        kmt_succeeds( CheckOcclusion, &params );
        pDestroyWindow( params.hWindow );
        kmt_fails( CheckOcclusion, &params, STATUS_INVALID_PARAMETER );
    }
#endif
}

#ifdef _WIN32

/* With a display: every source is what user32 says of it. */
static void test_real_display( void )
{
    HMODULE user32 = LoadLibraryA( "user32.dll" );
    BOOL (WINAPI *pEnumDisplayDevicesW)( const WCHAR *, DWORD, DISPLAY_DEVICEW *, DWORD ) =
        (void *)GetProcAddress( user32, "EnumDisplayDevicesW" );
    BOOL (WINAPI *pEnumDisplaySettingsW)( const WCHAR *, DWORD, DEVMODEW * ) = (void *)GetProcAddress( user32, "EnumDisplaySettingsW" );
    D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME open;
    D3DKMT_HANDLE saved = adapter;
    DISPLAY_DEVICEW info;
    UINT i, tested = 0;

    if (winetest_platform_is_wine) sleep_ms( 1100 );    /* what winekmt knows may be from before user32 was here */
    for (i = 0; info.cb = sizeof(info), pEnumDisplayDevicesW( NULL, i, &info, 0 ); i++)
    {
        D3DKMT_WAITFORVERTICALBLANKEVENT wait;
        D3DKMT_CHECKMONITORPOWERSTATE power;
        D3DKMT_CURRENTDISPLAYMODE current;
        D3DKMT_GETSCANLINE scan;
        DEVMODEW mode;

        memset( &mode, 0, sizeof(mode) );
        mode.dmSize = sizeof(mode);
        memcpy( open.DeviceName, info.DeviceName, sizeof(open.DeviceName) );
        if (!(info.StateFlags & DISPLAY_DEVICE_ATTACHED_TO_DESKTOP) || pD3DKMTOpenAdapterFromGdiDisplayName( &open )) continue;
        ok( pEnumDisplaySettingsW( info.DeviceName, ENUM_CURRENT_SETTINGS, &mode ), "no mode\n" );
        adapter = open.hAdapter;
        winetest_push_context( "source %u", open.VidPnSourceId );
        FILL( current );
        current.VidPnSourceId = open.VidPnSourceId;
        check_status( query_info( adapter, KMTQAITYPE_CURRENTDISPLAYMODE, &current, sizeof(current) ), STATUS_SUCCESS );
        ok( current.VidPnSourceId == open.VidPnSourceId, "VidPnSourceId %u\n", current.VidPnSourceId );
        ok( current.DisplayMode.Width == mode.dmPelsWidth, "Width %u, %u\n", current.DisplayMode.Width, (UINT)mode.dmPelsWidth );
        ok( current.DisplayMode.Height == mode.dmPelsHeight, "Height %u, %u\n", current.DisplayMode.Height, (UINT)mode.dmPelsHeight );
        if (mode.dmDisplayFrequency > 1 && winetest_platform_is_wine)
            ok( current.DisplayMode.IntegerRefreshRate == mode.dmDisplayFrequency, "IntegerRefreshRate %u, %u\n",
                current.DisplayMode.IntegerRefreshRate, (UINT)mode.dmDisplayFrequency );
        if (mode.dmBitsPerPel == 32)
            ok( current.DisplayMode.Format == D3DDDIFMT_X8R8G8B8 || broken( current.DisplayMode.Format == D3DDDIFMT_A8R8G8B8 ),
                "Format %u\n", current.DisplayMode.Format );
        ok( current.DisplayMode.DisplayOrientation == mode.dmDisplayOrientation + 1, "DisplayOrientation %u\n",
            current.DisplayMode.DisplayOrientation );
        power.hAdapter = wait.hAdapter = scan.hAdapter = adapter;
        power.VidPnSourceId = wait.VidPnSourceId = scan.VidPnSourceId = open.VidPnSourceId;
        wait.hDevice = 0;
        kmt_succeeds( CheckMonitorPowerState, &power );
        kmt_succeeds( WaitForVerticalBlankEvent, &wait );
        check_status( pD3DKMTGetScanLine( &scan ), STATUS_SUCCESS );
        if (winetest_platform_is_wine) ok( scan.ScanLine < mode.dmPelsHeight, "line %u\n", scan.ScanLine );
        trace( "%ux%u, %u Hz\n", (UINT)mode.dmPelsWidth, (UINT)mode.dmPelsHeight, (UINT)mode.dmDisplayFrequency );
        winetest_pop_context();
        close_adapter( adapter );
        tested++;
    }
    adapter = saved;
    if (!tested) skip( "no display\n" );
}

#endif

/***********************************************************************
 * QueryAdapterInfo
 */

/* What winekmt never has: all zero. input: bytes that the caller fills in. */
static const struct
{
    UINT type, size, input;
}
nothing[] =
{
    { KMTQAITYPE_FLIPQUEUEINFO,                                sizeof(D3DKMT_FLIPQUEUEINFO), 0 },
    { KMTQAITYPE_OUTPUTDUPLCONTEXTSCOUNT,                      sizeof(D3DKMT_OUTPUTDUPLCONTEXTSCOUNT), 4 },
    { KMTQAITYPE_DIRECTFLIP_SUPPORT,                           sizeof(D3DKMT_DIRECTFLIP_SUPPORT), 0 },
    { KMTQAITYPE_MULTIPLANEOVERLAY_SUPPORT,                    sizeof(D3DKMT_MULTIPLANEOVERLAY_SUPPORT), 0 },
    { KMTQAITYPE_MULTIPLANEOVERLAY_HUD_SUPPORT,                sizeof(D3DKMT_MULTIPLANEOVERLAY_HUD_SUPPORT), 8 },
    { KMTQAITYPE_INDEPENDENTFLIP_SUPPORT,                      sizeof(D3DKMT_INDEPENDENTFLIP_SUPPORT), 0 },
    { KMTQAITYPE_QUERY_MIRACAST_DRIVER_TYPE,                   sizeof(D3DKMT_QUERY_MIRACAST_DRIVER_TYPE), 0 },
    { KMTQAITYPE_QUERY_MULTIPLANEOVERLAY_DECODE_SUPPORT,       sizeof(D3DKMT_MULTIPLANEOVERLAY_DECODE_SUPPORT), 0 },
    { KMTQAITYPE_QUERY_HW_PROTECTION_TEARDOWN_COUNT,           sizeof(UINT), 0 },
    { KMTQAITYPE_QUERY_ISBADDRIVERFORHWPROTECTIONDISABLED,     sizeof(D3DKMT_ISBADDRIVERFORHWPROTECTIONDISABLED), 0 },
    { KMTQAITYPE_MULTIPLANEOVERLAY_SECONDARY_SUPPORT,          sizeof(D3DKMT_MULTIPLANEOVERLAY_SECONDARY_SUPPORT), 0 },
    { KMTQAITYPE_INDEPENDENTFLIP_SECONDARY_SUPPORT,            sizeof(D3DKMT_INDEPENDENTFLIP_SECONDARY_SUPPORT), 0 },
    { KMTQAITYPE_PANELFITTER_SUPPORT,                          sizeof(D3DKMT_PANELFITTER_SUPPORT), 0 },
    { KMTQAITYPE_MPO3DDI_SUPPORT,                              sizeof(D3DKMT_MPO3DDI_SUPPORT), 0 },
    { KMTQAITYPE_HWDRM_SUPPORT,                                sizeof(D3DKMT_HWDRM_SUPPORT), 0 },
    { KMTQAITYPE_MPOKERNELCAPS_SUPPORT,                        sizeof(D3DKMT_MPOKERNELCAPS_SUPPORT), 0 },
    { KMTQAITYPE_MULTIPLANEOVERLAY_STRETCH_SUPPORT,            sizeof(D3DKMT_MULTIPLANEOVERLAY_STRETCH_SUPPORT), 8 },
    { KMTQAITYPE_SCANOUT_CAPS,                                 sizeof(D3DKMT_QUERY_SCANOUT_CAPS), 4 },
    { KMTQAITYPE_DISPLAY_CAPS,                                 sizeof(D3DKMT_DISPLAY_CAPS), 0 },
};

static void test_queries( void )
{
    D3DKMT_GET_DEVICE_VIDPN_OWNERSHIP_INFO owner;
    D3DKMT_CURRENTDISPLAYMODE mode, before;
    char buffer[64], expected[64];
    NTSTATUS status;
    UINT i;

    for (i = 0; winetest_platform_is_wine && i < ARRAY_SIZE( nothing ); i++)
    {
        winetest_push_context( "type %u", nothing[i].type );
        FILL( buffer );
        memset( buffer, 0, nothing[i].input );
        memcpy( expected, buffer, sizeof(buffer) );
        check_status( query_info( adapter, nothing[i].type, NULL, nothing[i].size ), STATUS_INVALID_PARAMETER );
        check_status( query_info( adapter, nothing[i].type, buffer, nothing[i].size - 1 ), STATUS_INVALID_PARAMETER );
        check_bytes( "buffer", buffer, expected, sizeof(buffer) );
        memset( expected, 0, nothing[i].size );
        check_status( query_info( adapter, nothing[i].type, buffer, nothing[i].size ), STATUS_SUCCESS );
        check_bytes( "buffer", buffer, expected, sizeof(buffer) );
        if (nothing[i].input)
        {
            *(UINT *)buffer = NO_SOURCE;
            *(UINT *)expected = NO_SOURCE;
            check_status( query_info( adapter, nothing[i].type, buffer, nothing[i].size ), STATUS_INVALID_PARAMETER );
            check_bytes( "buffer", buffer, expected, sizeof(buffer) );
        }
        if (nothing[i].input == 8)      /* Update comes back */
        {
            *(UINT *)buffer = *(UINT *)expected = 0;
            ((UINT *)buffer)[1] = ((UINT *)expected)[1] = 1;
            check_status( query_info( adapter, nothing[i].type, buffer, nothing[i].size ), STATUS_SUCCESS );
            check_bytes( "buffer", buffer, expected, sizeof(buffer) );
        }
        winetest_pop_context();
    }

    FILL( mode );
    mode.VidPnSourceId = NO_SOURCE;
    memcpy( &before, &mode, sizeof(mode) );
    check_status( query_info( adapter, KMTQAITYPE_CURRENTDISPLAYMODE, &mode, sizeof(mode) ), STATUS_INVALID_PARAMETER );
    check_bytes( "mode", &mode, &before, sizeof(mode) );
    mode.VidPnSourceId = before.VidPnSourceId = 0;
    status = query_info( adapter, KMTQAITYPE_CURRENTDISPLAYMODE, &mode, sizeof(mode) );
    if (status)
    {
        if (winetest_platform_is_wine) check_status( status, STATUS_GRAPHICS_NO_AVAILABLE_VIDPN_TARGET );
        check_bytes( "mode", &mode, &before, sizeof(mode) );
    }
    else
    {
        ok( mode.VidPnSourceId == 0, "VidPnSourceId %u\n", mode.VidPnSourceId );
        ok( mode.DisplayMode.Width && mode.DisplayMode.Height, "%ux%u\n", mode.DisplayMode.Width, mode.DisplayMode.Height );
        ok( mode.DisplayMode.RefreshRate.Numerator && mode.DisplayMode.RefreshRate.Denominator, "RefreshRate %u/%u\n",
            mode.DisplayMode.RefreshRate.Numerator, mode.DisplayMode.RefreshRate.Denominator );
    }

    FILL( owner );
    owner.hDevice = device;
    owner.bFailedDwmAcquireVidPn = 77;
    check_status( query_info( adapter, KMTQAITYPE_GET_DEVICE_VIDPN_OWNERSHIP_INFO, &owner, sizeof(owner) ), STATUS_SUCCESS );
    ok( owner.hDevice == device && !owner.bFailedDwmAcquireVidPn, "device %#x, failed %u\n", owner.hDevice, owner.bFailedDwmAcquireVidPn );
    owner.bFailedDwmAcquireVidPn = 77;
    for (i = 0; i < 4; i++)
    {
        static const D3DKMT_HANDLE bad[] = { 0, SENTINEL32, 0x40000000 };

        owner.hDevice = i < 3 ? bad[i] : adapter;
        check_status( query_info( adapter, KMTQAITYPE_GET_DEVICE_VIDPN_OWNERSHIP_INFO, &owner, sizeof(owner) ), STATUS_INVALID_PARAMETER );
    }
    ok( owner.bFailedDwmAcquireVidPn == 77, "it was written\n" );
}

/***********************************************************************
 * WaitForIdle
 */

static void test_idle( void )
{
    D3DKMT_HANDLE allocations[16];
    D3DKMT_CREATEPAGINGQUEUE queue;
    D3DKMT_WAITFORIDLE params;
    UINT64 value, before;
    NTSTATUS status;
    UINT i, round, pending = 0;

    params.hDevice = device;
    kmt_succeeds( WaitForIdle, &params );
    create_fence_queue( device, &queue );
    kmt_succeeds( WaitForIdle, &params );
    for (i = 0; i < ARRAY_SIZE( allocations ); i++)
    {
        allocations[i] = create_allocation( device, MIB( 1 ) );
        write_allocation( device, allocations[i], MIB( 1 ), i );    /* or there is nothing to copy */
    }
    for (round = 0; round < 4; round++)
    {
        for (i = 0; i < ARRAY_SIZE( allocations ); i++) send_away( &queue, allocations[i] );
        before = *(volatile UINT64 *)queue.FenceValueCPUVirtualAddress;
        status = make_resident( queue.hPagingQueue, allocations, ARRAY_SIZE( allocations ), 0, &value, NULL );
        ok( !status || status == STATUS_PENDING, "status %#x\n", (UINT)status );
        kmt_succeeds( WaitForIdle, &params );
        if (status != STATUS_PENDING) continue;
        pending++;
        ok( *(volatile UINT64 *)queue.FenceValueCPUVirtualAddress >= value && value > before, "the fence is at %s, not yet at %s\n",
            wine_dbgstr_longlong( *(volatile UINT64 *)queue.FenceValueCPUVirtualAddress ), wine_dbgstr_longlong( value ) );
        for (i = 0; i < ARRAY_SIZE( allocations ); i++)
        {
            ok( is_resident( device, allocations[i] ), "allocation %u is not resident\n", i );
            check_pattern( device, allocations[i], MIB( 1 ), i );
            check_status( evict( device, &allocations[i], 1, 0, NULL ), STATUS_SUCCESS );
        }
    }
    if (winetest_platform_is_wine) ok( pending == round, "there was something to wait for %u times of %u\n", pending, round );
    for (i = 0; i < ARRAY_SIZE( allocations ); i++) destroy_allocation( device, allocations[i] );
    destroy_queue( queue.hPagingQueue );
    kmt_succeeds( WaitForIdle, &params );
}

START_TEST(display)
{
    if (!open_device( &adapter, &device )) return;
    test_monitor();
    test_queries();
    test_occlusion();
    test_idle();
#ifdef _WIN32
    test_real_display();
    /* user32 is here now, so the displays may be known */
    test_monitor();
    test_queries();
#endif
    destroy_device( device );
    close_adapter( adapter );
}
