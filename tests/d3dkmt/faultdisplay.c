/*
 * Displays of two adapters, of one that was lost, and as Wine's half tells them: Linux, with the GPU of tests/fake_gpu.h in place of Vulkan
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#include <signal.h>
#include <spawn.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

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

static NTSTATUS get_mode( D3DKMT_HANDLE adapter, D3DKMT_CURRENTDISPLAYMODE *mode )
{
    D3DKMT_QUERYADAPTERINFO query = { adapter, KMTQAITYPE_CURRENTDISPLAYMODE, mode, sizeof(*mode) };

    FILL( *mode );
    mode->VidPnSourceId = 0;
    return pD3DKMTQueryAdapterInfo( &query );
}

/* Opens the first adapter. */
static D3DKMT_HANDLE open_first( LUID *luid )
{
    D3DKMT_ADAPTERINFO infos[64];
    D3DKMT_ENUMADAPTERS2 enum2 = { ARRAY_SIZE( infos ), infos };

    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
    ok( enum2.NumAdapters == 1, "%u adapters\n", (UINT)enum2.NumAdapters );
    *luid = infos[0].AdapterLuid;
    return infos[0].hAdapter;
}

/* What a display may say of itself */
static void test_modes( void )
{
    static const struct { UINT bits, format; } formats[] =
        { { 8, D3DDDIFMT_P8 }, { 16, D3DDDIFMT_R5G6B5 }, { 24, D3DDDIFMT_R8G8B8 }, { 32, D3DDDIFMT_X8R8G8B8 }, { 0, D3DDDIFMT_UNKNOWN },
          { 15, D3DDDIFMT_UNKNOWN }, { ~0u, D3DDDIFMT_UNKNOWN } };
    struct kmt_displays displays = { .count = 1 };
    struct kmt_display *display = &displays.displays[0];
    D3DKMT_CURRENTDISPLAYMODE mode;
    LUID luid;
    D3DKMT_HANDLE adapter = open_first( &luid );
    D3DKMT_CHECKMONITORPOWERSTATE power = { adapter, 0 };
    UINT i;

    display->luid = luid;
    display->width = 800;
    display->height = 600;
    for (i = 0; i < ARRAY_SIZE( formats ); i++)
    {
        display->bits = formats[i].bits;
        kmt_set_displays( &displays );
        check_status( get_mode( adapter, &mode ), STATUS_SUCCESS );
        ok( mode.DisplayMode.Format == formats[i].format, "%u bits: Format %u\n", formats[i].bits, mode.DisplayMode.Format );
        ok( mode.DisplayMode.Width == 800 && mode.DisplayMode.Height == 600, "%ux%u\n", mode.DisplayMode.Width, mode.DisplayMode.Height );
    }
    kmt_succeeds( CheckMonitorPowerState, &power );
    /* a picture without a line is nonsense: then it is as high as one that is not known */
    display->height = 0;
    kmt_set_displays( &displays );
    check_status( get_mode( adapter, &mode ), STATUS_SUCCESS );
    ok( mode.DisplayMode.Height == 1080, "Height %u\n", mode.DisplayMode.Height );
    /* another adapter's display, in either half of the LUID: this one has none */
    for (i = 0; i < 2; i++)
    {
        display->luid = luid;
        if (i) display->luid.HighPart ^= 1;
        else display->luid.LowPart ^= 1;
        kmt_set_displays( &displays );
        check_status( get_mode( adapter, &mode ), STATUS_GRAPHICS_NO_AVAILABLE_VIDPN_TARGET );
        kmt_fails( CheckMonitorPowerState, &power, STATUS_INVALID_PARAMETER );
    }
    displays.count = 0;
    kmt_set_displays( &displays );
    close_adapter( adapter );
}

static volatile sig_atomic_t signals;

static void count_signal( int number )
{
    (void)number;
    signals++;
}

/* Signals, which interrupt a wait, do not end it. */
static void test_signals( void )
{
    struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
    struct sigaction action = { .sa_handler = count_signal };
    struct kmt_vertical_blank blank;
    D3DKMT_WAITFORVERTICALBLANKEVENT2 wait;
    LUID luid;
    D3DKMT_HANDLE adapter = open_first( &luid );
    UINT64 next;
    UINT i;

    memset( &wait, 0, sizeof(wait) );
    memset( &blank, 0, sizeof(blank) );
    wait.hAdapter = blank.adapter = adapter;
    ok( !sigaction( SIGALRM, &action, NULL ), "sigaction failed\n" );
    ok( !setitimer( ITIMER_REAL, &often, NULL ), "setitimer failed\n" );
    for (i = 0; i < 8; i++)
    {
        check_status( kmt_next_vertical_blank( &blank ), STATUS_SUCCESS );
        next = blank.next;
        kmt_succeeds( WaitForVerticalBlankEvent2, &wait );
        check_status( kmt_next_vertical_blank( &blank ), STATUS_SUCCESS );
        ok( blank.now >= next, "the wait ended %u ns before the blank\n", (UINT)(next - blank.now) );
    }
    setitimer( ITIMER_REAL, &never, NULL );     /* the handler stays: valgrind may have one to deliver yet */
    ok( signals > 8, "%u signals: nothing was interrupted\n", (UINT)signals );

#ifdef __LP64__
    /* no file descriptor has that number */
    wait.NumObjects = 1;
    wait.ObjectHandleArray[0] = (HANDLE)(INT_PTR)0x100000000;
    kmt_fails( WaitForVerticalBlankEvent2, &wait, STATUS_INVALID_PARAMETER );
#endif
    close_adapter( adapter );
}

/***********************************************************************
 * A front end that can tell displays: in a process of its own, as core asks it for good from then on
 */

static const char variable[] = "WINEKMT_TEST_ASK";

static void test_asking( void )
{
    struct kmt_displays displays = { .count = 1 };
    struct kmt_vertical_blank blank = { .source = 0 }, by_luid;
    D3DKMT_CURRENTDISPLAYMODE mode;
    D3DKMT_HANDLE adapter = open_first( &displays.displays[0].luid );
    UINT i;

    blank.adapter = adapter;
    by_luid = (struct kmt_vertical_blank){ .luid = displays.displays[0].luid };
    check_status( get_mode( adapter, &mode ), STATUS_GRAPHICS_NO_AVAILABLE_VIDPN_TARGET );
    kmt_ask_for_displays();
    /* whoever asks is told to look, until somebody has; but bad input is bad input */
    for (i = 0; i < 2; i++)
    {
        check_status( get_mode( adapter, &mode ), KMT_STATUS_DISPLAYS );
        check_status( kmt_next_vertical_blank( &blank ), KMT_STATUS_DISPLAYS );
        check_status( kmt_next_vertical_blank( &by_luid ), KMT_STATUS_DISPLAYS );
    }
    blank.device = adapter;
    check_status( kmt_next_vertical_blank( &blank ), STATUS_INVALID_PARAMETER );
    blank.device = 0;
    displays.displays[0].width = displays.displays[0].height = 1000;
    kmt_set_displays( &displays );
    check_status( get_mode( adapter, &mode ), STATUS_SUCCESS );
    ok( mode.DisplayMode.Width == 1000, "Width %u\n", mode.DisplayMode.Width );
    check_status( kmt_next_vertical_blank( &by_luid ), STATUS_SUCCESS );
    /* a second later one caller looks, and the others are content with what is known */
    for (i = 0; i < 2; i++)
    {
        sleep_ms( 1100 );
        check_status( i ? kmt_next_vertical_blank( &by_luid ) : get_mode( adapter, &mode ), KMT_STATUS_DISPLAYS );
        check_status( kmt_next_vertical_blank( &by_luid ), STATUS_SUCCESS );
        check_status( get_mode( adapter, &mode ), STATUS_SUCCESS );
    }
    close_adapter( adapter );
}

static void test_front_end( void )
{
    char path[4096] = "", *argv[] = { path, (char *)"faultdisplay", NULL };
    int status, ret;
    pid_t child;

    fflush( stdout );
    setenv( variable, "1", 1 );
    ok( readlink( "/proc/self/exe", path, sizeof(path) - 1 ) > 0, "no path\n" );
    ret = posix_spawn( &child, path, NULL, NULL, argv, environ );
    unsetenv( variable );
    ok( !ret, "posix_spawn failed with %d\n", ret );
    if (ret) return;
    ok( waitpid( child, &status, 0 ) == child && WIFEXITED( status ) && !WEXITSTATUS( status ), "the child has status %#x\n", status );
}

START_TEST(faultdisplay)
{
    if (getenv( variable ))
    {
        test_asking();
        return;
    }
    test_two_adapters();
    test_lost_adapter();
    test_modes();
    test_signals();
    test_front_end();
}
