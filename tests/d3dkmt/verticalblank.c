/*
 * The clock of vertical blanks: waiting for it, beside objects too, the scan line, events
 *
 * Nothing here depends on how soon a thread runs again: a wait may take as long as it likes, but never ends before its blank, and a
 * scan line is compared with the times before and after the call.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#ifndef _WIN32
#include <time.h>
#include <unistd.h>
#include "core/display.h"
#endif

#define NO_SOURCE  99u

/* The clocks of the program and of winekmt may run a little apart, and Windows' is coarse. Under Linux they are one; only rounding is
 * left. */
#ifdef _WIN32
#define TOLERANCE_NS  500000
#else
#define TOLERANCE_NS  1000
#endif

static D3DKMT_HANDLE adapter, device;

/* Any clock that counts nanoseconds. */
static INT64 time_ns( void )
{
#ifdef _WIN32
    LARGE_INTEGER counter, frequency;

    QueryPerformanceCounter( &counter );
    QueryPerformanceFrequency( &frequency );
    return (INT64)((double)counter.QuadPart * 1e9 / (double)frequency.QuadPart);
#else
    struct timespec time;

    clock_gettime( CLOCK_MONOTONIC, &time );
    return time.tv_sec * (INT64)1000000000 + time.tv_nsec;
#endif
}

static void set_event( HANDLE event )
{
#ifdef _WIN32
    SetEvent( event );
#else
    static const UINT64 one = 1;

    ok( write( (intptr_t)event, &one, sizeof(one) ) == sizeof(one), "write failed\n" );
#endif
}

/* Rate and height of source 0, as QueryAdapterInfo has them; winekmt's defaults where there is no display. FALSE: on Windows, without. */
static BOOL get_mode( UINT *rate, UINT *height )
{
    D3DKMT_CURRENTDISPLAYMODE mode;

    memset( &mode, 0, sizeof(mode) );
    if (!query_info( adapter, KMTQAITYPE_CURRENTDISPLAYMODE, &mode, sizeof(mode) ) && mode.DisplayMode.RefreshRate.Denominator)
    {
        *rate = mode.DisplayMode.RefreshRate.Numerator / mode.DisplayMode.RefreshRate.Denominator;
        *height = mode.DisplayMode.Height;
        return *rate && *height;
    }
    *rate = 60;
    *height = 1080;
    return winetest_platform_is_wine;
}

/* A device of another adapter, and that adapter; 0: there is none. */
static D3DKMT_HANDLE open_other_device( D3DKMT_HANDLE *other )
{
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    UINT i, count = enum_adapters( infos );
    D3DKMT_CREATEDEVICE create;

    *other = 0;
    for (i = 0; i < count; i++)
    {
        if (i == 1) *other = infos[i].hAdapter;
        else close_adapter( infos[i].hAdapter );
    }
    memset( &create, 0, sizeof(create) );
    create.hAdapter = *other;
    if (!*other || pD3DKMTCreateDevice( &create )) return 0;
    return create.hDevice;
}

/***********************************************************************
 * What is refused
 */

static void test_bad_input( void )
{
    D3DKMT_HANDLE bad[] = { 0, SENTINEL32, 0x40000000, 0x40, 2, 0, 0 }, other, other_device;
    D3DKMT_WAITFORVERTICALBLANKEVENT2 wait2;
    D3DKMT_WAITFORVERTICALBLANKEVENT wait;
    D3DKMT_CHECKMONITORPOWERSTATE power;
    D3DKMT_GETVERTICALBLANKEVENT get;
    D3DKMT_GETSCANLINE scan;
    D3DKMT_WAITFORIDLE idle;
    HANDLE event, before;
    UINT i;

    check_status( pD3DKMTWaitForVerticalBlankEvent( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTWaitForVerticalBlankEvent2( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTGetScanLine( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTCheckMonitorPowerState( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTGetDWMVerticalBlankEvent( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTCheckOcclusion( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTWaitForIdle( NULL ), STATUS_INVALID_PARAMETER );

    bad[5] = device;    /* of another type */
    bad[6] = create_device( adapter );
    destroy_device( bad[6] );
    FILL( event );
    memcpy( &before, &event, sizeof(before) );
    FILL( scan );
    memset( &wait2, 0, sizeof(wait2) );
    wait.hDevice = 0;
    power.VidPnSourceId = scan.VidPnSourceId = wait.VidPnSourceId = 0;
    memset( &get, 0, sizeof(get) );
    get.phEvent = &event;
    for (i = 0; i < ARRAY_SIZE( bad ); i++)
    {
        winetest_push_context( "handle %#x", bad[i] );
        wait.hAdapter = wait2.hAdapter = power.hAdapter = scan.hAdapter = get.hAdapter = bad[i];
        kmt_fails( WaitForVerticalBlankEvent, &wait, STATUS_INVALID_PARAMETER );
        kmt_fails( WaitForVerticalBlankEvent2, &wait2, STATUS_INVALID_PARAMETER );
        kmt_fails( GetScanLine, &scan, STATUS_INVALID_PARAMETER );
        kmt_fails( CheckMonitorPowerState, &power, STATUS_INVALID_PARAMETER );
        kmt_fails( GetDWMVerticalBlankEvent, &get, STATUS_INVALID_PARAMETER );
        if (bad[i] != device)
        {
            idle.hDevice = bad[i];
            kmt_fails( WaitForIdle, &idle, STATUS_INVALID_PARAMETER );
        }
        winetest_pop_context();
    }
    idle.hDevice = adapter;
    kmt_fails( WaitForIdle, &idle, STATUS_INVALID_PARAMETER );

    /* hDevice may be 0, but not wrong */
    wait.hAdapter = wait2.hAdapter = power.hAdapter = scan.hAdapter = get.hAdapter = adapter;
    other_device = open_other_device( &other );
    for (i = 0; i <= ARRAY_SIZE( bad ); i++)
    {
        D3DKMT_HANDLE handle = i < ARRAY_SIZE( bad ) ? bad[i] : other_device;

        if (handle == device) handle = adapter;
        if (!handle) continue;
        winetest_push_context( "device %#x", handle );
        wait.hDevice = wait2.hDevice = get.hDevice = handle;
        kmt_fails( WaitForVerticalBlankEvent, &wait, STATUS_INVALID_PARAMETER );
        kmt_fails( WaitForVerticalBlankEvent2, &wait2, STATUS_INVALID_PARAMETER );
        kmt_fails( GetDWMVerticalBlankEvent, &get, STATUS_INVALID_PARAMETER );
        winetest_pop_context();
    }
    wait.hDevice = wait2.hDevice = get.hDevice = 0;
    if (other_device) destroy_device( other_device );
    else skip( "there is no other adapter with a device\n" );
    if (other) close_adapter( other );

    /* no such source */
    wait.VidPnSourceId = wait2.VidPnSourceId = power.VidPnSourceId = scan.VidPnSourceId = get.VidPnSourceId = NO_SOURCE;
    kmt_fails( WaitForVerticalBlankEvent, &wait, STATUS_INVALID_PARAMETER );
    kmt_fails( WaitForVerticalBlankEvent2, &wait2, STATUS_INVALID_PARAMETER );
    kmt_fails( GetScanLine, &scan, STATUS_INVALID_PARAMETER );
    kmt_fails( CheckMonitorPowerState, &power, STATUS_INVALID_PARAMETER );
    kmt_fails( GetDWMVerticalBlankEvent, &get, STATUS_INVALID_PARAMETER );
    wait.VidPnSourceId = scan.VidPnSourceId = ~0u;
    kmt_fails( WaitForVerticalBlankEvent, &wait, STATUS_INVALID_PARAMETER );
    kmt_fails( GetScanLine, &scan, STATUS_INVALID_PARAMETER );

    get.VidPnSourceId = 0;
    get.phEvent = NULL;
    kmt_fails( GetDWMVerticalBlankEvent, &get, STATUS_INVALID_PARAMETER );
    check_bytes( "event", &event, &before, sizeof(event) );
}

#ifdef _WIN32

/* Memory that is not there. More of this is in badinput.c. */
static void test_bad_pointers( void )
{
    D3DKMT_GETVERTICALBLANKEVENT get;
    void *bad = (void *)8;
    NTSTATUS status;
    UINT i;

    if (!winetest_platform_is_wine) return;
    check_status( pD3DKMTWaitForVerticalBlankEvent( bad ), STATUS_ACCESS_VIOLATION );
    check_status( pD3DKMTWaitForVerticalBlankEvent2( bad ), STATUS_ACCESS_VIOLATION );
    check_status( pD3DKMTGetScanLine( bad ), STATUS_ACCESS_VIOLATION );
    check_status( pD3DKMTCheckMonitorPowerState( bad ), STATUS_ACCESS_VIOLATION );
    check_status( pD3DKMTGetDWMVerticalBlankEvent( bad ), STATUS_ACCESS_VIOLATION );
    check_status( pD3DKMTCheckOcclusion( bad ), STATUS_ACCESS_VIOLATION );
    check_status( pD3DKMTWaitForIdle( bad ), STATUS_ACCESS_VIOLATION );
    memset( &get, 0, sizeof(get) );
    get.hAdapter = adapter;
    get.phEvent = bad;
    for (i = 0; i < 100; i++)   /* more than there can be events: none is kept */
    {
        status = pD3DKMTGetDWMVerticalBlankEvent( &get );
        check_status( status, STATUS_ACCESS_VIOLATION );
    }
}

#endif

/***********************************************************************
 * The clock
 */

static NTSTATUS wait_for_blank( void )
{
    D3DKMT_WAITFORVERTICALBLANKEVENT params = { adapter, 0, 0 };
    NTSTATUS status = pD3DKMTWaitForVerticalBlankEvent( &params );

    return status;
}

/* However late a wait ends, the next one ends at another blank: 10 waits take 9 periods at least. */
static void test_wait( void )
{
    D3DKMT_WAITFORVERTICALBLANKEVENT params = { adapter, device, 0 };
    UINT rate, height, i;
    INT64 start, least;

    kmt_succeeds( WaitForVerticalBlankEvent, &params );
    params.hDevice = 0;
    kmt_succeeds( WaitForVerticalBlankEvent, &params );
    if (!get_mode( &rate, &height )) return;
    least = 9 * (INT64)1000000000 / rate - TOLERANCE_NS;
    start = time_ns();
    for (i = 0; i < 10; i++) check_status( wait_for_blank(), STATUS_SUCCESS );
    ok( time_ns() - start >= least, "10 blanks took %d us, expected %d or more\n", (int)((time_ns() - start) / 1000), (int)(least / 1000) );
}

static void test_scan_line( void )
{
    UINT rate, height, total, blank, i, in_blank = 0, used = 0, first_line = 0, different = 0;
    INT64 low = 0, high = 0, reference = 0, period;
    D3DKMT_GETSCANLINE params;

    if (!get_mode( &rate, &height ))
    {
        skip( "the timing of the display is not known\n" );
        return;
    }
    period = 1000000000 / rate;
    blank = max( height / 24, 1 );
    total = height + blank;
    for (i = 0; i < 200; i++)
    {
        INT64 before, after, from, to, shift;
        UINT line;

        FILL( params );
        params.hAdapter = adapter;
        params.VidPnSourceId = 0;
        before = time_ns();
        kmt_writes( GetScanLine, &params,
                    expected_->InVerticalBlank = params_->InVerticalBlank;
                    expected_->ScanLine = params_->ScanLine );
        after = time_ns();
        ok( params.InVerticalBlank <= 1, "InVerticalBlank %u\n", params.InVerticalBlank );
        if (!winetest_platform_is_wine) continue;       /* a real display may count otherwise */
        ok( params.ScanLine < height, "line %u of %u\n", params.ScanLine, height );
        if (params.InVerticalBlank) ok( !params.ScanLine, "line %u in the blank\n", params.ScanLine );

        /* Where it says the beam is, a blank began between these times: they must all agree, modulo the period. */
        line = params.InVerticalBlank ? 0 : blank + params.ScanLine;
        from = before - (INT64)(params.InVerticalBlank ? blank : line + 1) * period / total - TOLERANCE_NS;
        to = after - (INT64)line * period / total + TOLERANCE_NS;
        if (!i) first_line = line;
        else different += line != first_line;
        in_blank += params.InVerticalBlank;
        if (to - from < period / 2)     /* or the thread was away too long to tell */
        {
            if (!used++)
            {
                reference = from;
                low = from;
                high = to;
            }
            else
            {
                /* the whole periods between the first and this one, to the nearest */
                shift = ((from + to) / 2 - (low + high) / 2 + period / 2) / period;
                from -= shift * 1000000000 / rate;
                to -= shift * 1000000000 / rate;
                low = max( low, from );
                high = min( high, to );
                ok( low <= high, "line %u%s, %d us after the first: no clock of %u Hz is there\n", line,
                    params.InVerticalBlank ? " (blank)" : "", (int)((before - reference) / 1000), rate );
                if (low > high) break;
            }
        }
        if (i % 2) sleep_ms( i % 7 );
    }
    if (!winetest_platform_is_wine) return;
    if (used < 10) skip( "the machine is too slow: only %u calls tell something\n", used );
    ok( different > 0, "line %u each time\n", first_line );
    trace( "%u of 200 in the blank, %u used, %u Hz, %u lines\n", in_blank, used, rate, height );
}

/* Right after a wait the beam is in the blank, unless the thread came late. */
static void test_wait_agrees( void )
{
    D3DKMT_GETSCANLINE params = { adapter, 0, 0, 0 };
    UINT rate, height, i;
    INT64 start;

    if (!winetest_platform_is_wine || !get_mode( &rate, &height )) return;
    for (i = 0; i < 100; i++)
    {
        check_status( wait_for_blank(), STATUS_SUCCESS );
        start = time_ns();
        check_status( pD3DKMTGetScanLine( &params ), STATUS_SUCCESS );
        if (params.InVerticalBlank) break;
        ok( time_ns() >= start, "the clock goes back\n" );
    }
    ok( i < 100, "never in the blank after a wait for it\n" );
}

static void set_event_later( void *event )
{
    sleep_ms( 5 );
    set_event( event );
}

static void test_wait2( void )
{
    D3DKMT_WAITFORVERTICALBLANKEVENT2 params;
    struct test_thread *thread;
    HANDLE events[8];
    NTSTATUS status;
    UINT i, rate, height;
    INT64 start;

    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    kmt_succeeds( WaitForVerticalBlankEvent2, &params );
    params.hDevice = device;
    kmt_succeeds( WaitForVerticalBlankEvent2, &params );

    for (i = 0; i < ARRAY_SIZE( events ); i++) params.ObjectHandleArray[i] = events[i] = create_event();
    params.NumObjects = 9;
    kmt_fails( WaitForVerticalBlankEvent2, &params, STATUS_INVALID_PARAMETER );
    params.NumObjects = ~0u;
    kmt_fails( WaitForVerticalBlankEvent2, &params, STATUS_INVALID_PARAMETER );

    /* nothing but the blank */
    params.NumObjects = 8;
    kmt_succeeds( WaitForVerticalBlankEvent2, &params );
    if (get_mode( &rate, &height ))
    {
        start = time_ns();
        for (i = 0; i < 4; i++) kmt_succeeds( WaitForVerticalBlankEvent2, &params );
        ok( time_ns() - start >= 3 * (INT64)1000000000 / rate - TOLERANCE_NS, "4 blanks took %d us\n", (int)((time_ns() - start) / 1000) );
    }

    /* each object has its number; a blank may be faster on Windows */
    for (i = 0; i < ARRAY_SIZE( events ); i++)
    {
        set_event( events[i] );
        do status = pD3DKMTWaitForVerticalBlankEvent2( &params );
        while (!winetest_platform_is_wine && !status);
        check_status( status, STATUS_WAIT_0 + 1 + i );
#ifdef _WIN32
        ok( !wait_for_event( events[i], 0 ), "the wait for event %u did not end by it\n", i );
#else
        ok( wait_for_event( events[i], 0 ), "event %u was not left alone\n", i );
#endif
    }
    /* the first of two */
    set_event( events[5] );
    set_event( events[2] );
    do status = pD3DKMTWaitForVerticalBlankEvent2( &params );
    while (!winetest_platform_is_wine && !status);
    check_status( status, STATUS_WAIT_0 + 1 + 2 );
    ok( wait_for_event( events[5], 0 ), "event 5 was taken too\n" );
    wait_for_event( events[2], 0 );

    /* one that is not in the list does not count */
    params.NumObjects = 7;
    set_event( events[7] );
    kmt_succeeds( WaitForVerticalBlankEvent2, &params );
    params.NumObjects = 0;
    kmt_succeeds( WaitForVerticalBlankEvent2, &params );
    wait_for_event( events[7], 0 );

    /* by another thread, meanwhile */
    params.NumObjects = 1;
    thread = start_thread( set_event_later, events[0] );
    for (i = 0; i < 10000 && !(status = pD3DKMTWaitForVerticalBlankEvent2( &params )); i++) {}
    check_status( status, STATUS_WAIT_0 + 1 );
    join_thread( thread );
    wait_for_event( events[0], 0 );

    /* what cannot be waited for */
    params.NumObjects = 2;
    params.ObjectHandleArray[1] = (HANDLE)(ULONG_PTR)0x00dead00;
    status = pD3DKMTWaitForVerticalBlankEvent2( &params );
    ok( status == STATUS_INVALID_PARAMETER || broken( status == STATUS_INVALID_HANDLE ), "status %#x\n", (UINT)status );
    params.ObjectHandleArray[1] = (HANDLE)(LONG_PTR)-1000;
    status = pD3DKMTWaitForVerticalBlankEvent2( &params );
    ok( status == STATUS_INVALID_PARAMETER || broken( status == STATUS_INVALID_HANDLE ), "status %#x\n", (UINT)status );
    for (i = 0; i < ARRAY_SIZE( events ); i++) close_event( events[i] );
}

/* Several threads wait at once. */
static void wait_ten_times( void *arg )
{
    UINT i;

    (void)arg;
    for (i = 0; i < 10; i++) check_status( wait_for_blank(), STATUS_SUCCESS );
}

static void test_threads( void )
{
    struct test_thread *threads[8];
    UINT i;

    for (i = 0; i < ARRAY_SIZE( threads ); i++) threads[i] = start_thread( wait_ten_times, NULL );
    for (i = 0; i < ARRAY_SIZE( threads ); i++) join_thread( threads[i] );
}

static void test_dwm_event( void )
{
    D3DKMT_GETVERTICALBLANKEVENT params;
    HANDLE event;

    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    params.phEvent = &event;
#ifdef _WIN32
    {
        HANDLE events[200], second;
        UINT i, count, rate, height;
        NTSTATUS status;
        INT64 start;

        event = NULL;
        status = pD3DKMTGetDWMVerticalBlankEvent( &params );
        if (status && !winetest_platform_is_wine)
        {
            skip( "GetDWMVerticalBlankEvent: %#x\n", (UINT)status );
            return;
        }
        check_status( status, STATUS_SUCCESS );
        ok( event != NULL, "no event\n" );
        params.hDevice = device;
        params.phEvent = &second;
        kmt_succeeds( GetDWMVerticalBlankEvent, &params );
        if (get_mode( &rate, &height ) && winetest_platform_is_wine)
        {
            ok( second != event, "one event for two calls\n" );
            /* each is set by every blank, whoever waits for the other; a set event from before may be the first of the six */
            start = time_ns();
            for (i = 0; i < 6; i++)
            {
                ok( wait_for_event( event, 10000 ), "not set in 10 s\n" );
                ok( wait_for_event( second, 10000 ), "the second is not set in 10 s\n" );
            }
            ok( time_ns() - start >= 4 * (INT64)1000000000 / rate - TOLERANCE_NS, "6 blanks took %d us\n",
                (int)((time_ns() - start) / 1000) );
        }
        CloseHandle( event );
        ok( wait_for_event( second, 10000 ) && wait_for_event( second, 10000 ), "the second ended with the first\n" );

        if (winetest_platform_is_wine)
        {
            /* there is a limit, and closing gives back, soon */
            params.phEvent = &event;
            for (count = 0; count < ARRAY_SIZE( events ) && !(status = pD3DKMTGetDWMVerticalBlankEvent( &params )); count++)
                events[count] = event;
            ok( count >= 16 && count < ARRAY_SIZE( events ), "%u events\n", count );
            check_status( status, STATUS_NO_MEMORY );
            for (i = 0; i < count; i++) ok( wait_for_event( events[i], 10000 ), "event %u is not set\n", i );
            for (i = 0; i < count; i++) CloseHandle( events[i] );
            start = time_ns();
            while ((status = pD3DKMTGetDWMVerticalBlankEvent( &params )) && time_ns() - start < 60 * (INT64)1000000000) sleep_ms( 50 );
            check_status( status, STATUS_SUCCESS );
            ok( wait_for_event( event, 10000 ), "not set\n" );
            CloseHandle( event );
        }
        CloseHandle( second );
    }
#else
    FILL( event );
    kmt_fails( GetDWMVerticalBlankEvent, &params, STATUS_NOT_SUPPORTED );
    ok( (UINT64)(intptr_t)event == SENTINEL64, "event %p\n", event );
#endif
}

#ifndef _WIN32

/***********************************************************************
 * Displays as Wine's half tells them: natively nobody does, so the test can
 */

static void set_displays( const struct kmt_display *display, UINT count )
{
    struct kmt_displays displays;

    memset( &displays, 0, sizeof(displays) );
    displays.count = count;
    memcpy( displays.displays, display, count * sizeof(*display) );
    kmt_set_displays( &displays );
}

/* Blank n begins at the first nanosecond that is not before n / rate seconds: none is lost, and none drifts. */
static void test_exact_blanks( LUID luid, UINT source, UINT rate )
{
    struct kmt_vertical_blank blank = { .source = source, .luid = luid };
    UINT64 seconds, rest, number, last = 0;
    UINT i;

    for (i = 0; i < 100; i++)
    {
        check_status( kmt_next_vertical_blank( &blank ), STATUS_SUCCESS );
        ok( blank.next > blank.now, "the next is not in the future\n" );
        ok( (blank.next - blank.now) * rate <= (UINT64)1000000000 + rate, "the next is %u ns away\n", (UINT)(blank.next - blank.now) );
        ok( blank.next >= last, "the next comes before the last\n" );
        seconds = blank.next / 1000000000;
        rest = blank.next % 1000000000;
        number = rest * rate / 1000000000;      /* within its second; whole seconds have rate blanks each */
        ok( (number * 1000000000 + rate - 1) / rate == rest, "%u ns after second %u is no blank\n", (UINT)rest, (UINT)seconds );
        last = blank.next;
        if (i % 8 == 7) sleep_ms( 1 );
    }
}

static void test_told_displays( void )
{
    static const UINT rates[] = { 24, 50, 59, 75, 144, 165, 240, 1000 };
    struct kmt_display displays[2] = { { .source = 0, .width = 1920, .height = 1200, .bits = 32, .refresh_rate = 60, .orientation = 1 },
                                       { .source = 3, .width = 600, .height = 800, .bits = 16, .refresh_rate = 0, .orientation = 2 } };
    D3DKMT_WAITFORVERTICALBLANKEVENT2 wait2;
    D3DKMT_CHECKMONITORPOWERSTATE power = { adapter, 3 };
    D3DKMT_CURRENTDISPLAYMODE mode;
    D3DKMT_GETSCANLINE scan;
    UINT i;

    displays[0].luid = displays[1].luid = get_adapter_info().AdapterLuid;
    kmt_fails( CheckMonitorPowerState, &power, STATUS_INVALID_PARAMETER );

    for (i = 0; i < ARRAY_SIZE( rates ); i++)
    {
        winetest_push_context( "%u Hz", rates[i] );
        displays[0].refresh_rate = rates[i];
        displays[0].height = rates[i] == 24 ? 4 : rates[i] == 50 ? 20 : 1200;
        set_displays( displays, 1 );
        test_exact_blanks( displays[0].luid, 0, rates[i] );
        if (rates[i] < 200)     /* or the tolerance is too much of a period */
        {
            test_scan_line();
            test_wait();
        }
        winetest_pop_context();
    }

    /* another source, with a rate that is not known; 2 does not exist */
    set_displays( displays, 2 );
    test_exact_blanks( displays[1].luid, 3, 60 );
    test_exact_blanks( displays[1].luid, 0, 1000 );
    kmt_succeeds( CheckMonitorPowerState, &power );
    power.VidPnSourceId = 2;
    kmt_fails( CheckMonitorPowerState, &power, STATUS_INVALID_PARAMETER );
    memset( &mode, SENTINEL, sizeof(mode) );
    mode.VidPnSourceId = 3;
    check_status( query_info( adapter, KMTQAITYPE_CURRENTDISPLAYMODE, &mode, sizeof(mode) ), STATUS_SUCCESS );
    ok( mode.VidPnSourceId == 3, "VidPnSourceId %u\n", mode.VidPnSourceId );
    ok( mode.DisplayMode.Width == 600 && mode.DisplayMode.Height == 800, "%ux%u\n", mode.DisplayMode.Width, mode.DisplayMode.Height );
    ok( mode.DisplayMode.Format == D3DDDIFMT_R5G6B5, "Format %u\n", mode.DisplayMode.Format );
    ok( mode.DisplayMode.IntegerRefreshRate == 60, "IntegerRefreshRate %u\n", mode.DisplayMode.IntegerRefreshRate );
    ok( mode.DisplayMode.RefreshRate.Numerator == 60 && mode.DisplayMode.RefreshRate.Denominator == 1, "RefreshRate %u/%u\n",
        mode.DisplayMode.RefreshRate.Numerator, mode.DisplayMode.RefreshRate.Denominator );
    ok( mode.DisplayMode.ScanLineOrdering == D3DDDI_VSSLO_PROGRESSIVE, "ScanLineOrdering %u\n", mode.DisplayMode.ScanLineOrdering );
    ok( mode.DisplayMode.DisplayOrientation == D3DDDI_ROTATION_90, "DisplayOrientation %u\n", mode.DisplayMode.DisplayOrientation );
    memset( &wait2, 0, sizeof(wait2) );
    wait2.hAdapter = adapter;
    wait2.VidPnSourceId = 3;
    kmt_succeeds( WaitForVerticalBlankEvent2, &wait2 );
    wait2.VidPnSourceId = 2;
    kmt_fails( WaitForVerticalBlankEvent2, &wait2, STATUS_INVALID_PARAMETER );
    FILL( scan );
    scan.hAdapter = adapter;
    scan.VidPnSourceId = 2;
    kmt_fails( GetScanLine, &scan, STATUS_INVALID_PARAMETER );

    /* nonsense is not believed; another GPU's display is not ours */
    displays[0].refresh_rate = ~0u;
    displays[0].height = ~0u;
    displays[1].luid.LowPart ^= 1;
    set_displays( displays, 2 );
    test_exact_blanks( displays[0].luid, 0, 60 );
    scan.VidPnSourceId = 0;
    for (i = 0; i < 100; i++)
    {
        check_status( pD3DKMTGetScanLine( &scan ), STATUS_SUCCESS );
        ok( scan.ScanLine < 1080, "line %u\n", scan.ScanLine );
    }
    scan.VidPnSourceId = 3;
    check_status( pD3DKMTGetScanLine( &scan ), STATUS_INVALID_PARAMETER );
    set_displays( displays, 0 );
}

#endif

START_TEST(verticalblank)
{
    if (!open_device( &adapter, &device )) return;
    test_bad_input();
    test_wait();
    test_scan_line();
    test_wait_agrees();
    test_wait2();
    test_threads();
    test_dwm_event();
#ifndef _WIN32
    test_told_displays();
#else
    test_bad_pointers();
    /* user32 may change what is known of the displays, from the next second on */
    LoadLibraryA( "user32.dll" );
    if (winetest_platform_is_wine) sleep_ms( 1100 );
    test_wait();
    test_scan_line();
    test_dwm_event();
#endif
    destroy_device( device );
    close_adapter( adapter );
}
