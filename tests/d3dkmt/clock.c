/*
 * QueryClockCalibration
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#ifdef _WIN32

static UINT64 get_counter( void )
{
    LARGE_INTEGER counter;

    QueryPerformanceCounter( &counter );
    return counter.QuadPart;
}

static UINT64 get_frequency( void )
{
    LARGE_INTEGER frequency;

    QueryPerformanceFrequency( &frequency );
    return frequency.QuadPart;
}

#else

#include <time.h>

/* Linux has no performance counter; the unit is that of Wine. */
static UINT64 get_counter( void )
{
    struct timespec now;

    clock_gettime( CLOCK_MONOTONIC, &now );
    return now.tv_sec * 10000000ull + now.tv_nsec / 100;
}

static UINT64 get_frequency( void )
{
    return 10000000;
}

#endif

static D3DKMT_HANDLE adapter;

static void init_params( D3DKMT_QUERYCLOCKCALIBRATION *params, UINT node )
{
    FILL( *params );
    params->hAdapter = adapter;
    params->NodeOrdinal = node;
    params->PhysicalAdapterIndex = 0;
}

static void test_bad( void )
{
    static const UINT beyond[] = { 64, 0x10000, 0x7fffffff, 0xffffffff };
    D3DKMT_QUERYCLOCKCALIBRATION params;
    UINT i;

    init_params( &params, 0 );
    params.hAdapter = 0;
    kmt_fails( QueryClockCalibration, &params, STATUS_INVALID_PARAMETER );
    params.hAdapter = adapter + 0x40;
    kmt_fails( QueryClockCalibration, &params, STATUS_INVALID_PARAMETER );
    /* bad nodes come before what the GPU cannot do */
    init_params( &params, 0 );
    for (i = 0; i < ARRAY_SIZE( beyond ); i++)
    {
        params.NodeOrdinal = beyond[i];
        kmt_fails( QueryClockCalibration, &params, STATUS_INVALID_PARAMETER );
    }
    for (i = 1; i < ARRAY_SIZE( beyond ); i++)
    {
        init_params( &params, 0 );
        params.PhysicalAdapterIndex = beyond[i];
        kmt_fails( QueryClockCalibration, &params, STATUS_INVALID_PARAMETER );
    }
}

/* The CPU's clock was read between two readings of our own, and both clocks go on at the speed that they are said to have. */
static void test_clocks( void )
{
    const char *fake = getenv( "WINEKMT_FAKE_GPU" );
    UINT64 before, after, slack = get_frequency() / 1000;   /* 1 ms: Wine has more than one clock */
    double gpu_seconds, cpu_seconds;
    D3DKMT_QUERYCLOCKCALIBRATION first, second;
    NTSTATUS status;
    UINT node;

    init_params( &first, 0 );
    status = pD3DKMTQueryClockCalibration( &first );
    if (fake) check_status( status, strcmp( fake, "unified" ) ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED );
    if (status)
    {
        init_params( &first, 0 );
        kmt_fails( QueryClockCalibration, &first, STATUS_NOT_SUPPORTED );
        skip( "the driver cannot calibrate its clocks\n" );
        return;
    }

    init_params( &first, 0 );
    before = get_counter();
    kmt_writes( QueryClockCalibration, &first, expected_->ClockData = params_->ClockData );
    after = get_counter();
    ok( first.ClockData.CpuClockCounter + slack >= before && first.ClockData.CpuClockCounter <= after + slack,
        "CpuClockCounter %s, before %s, after %s\n", wine_dbgstr_longlong( first.ClockData.CpuClockCounter ), wine_dbgstr_longlong( before ),
        wine_dbgstr_longlong( after ) );
    ok( first.ClockData.GpuFrequency > 1000 && first.ClockData.GpuFrequency <= 100000000000ull, "GpuFrequency %s\n",
        wine_dbgstr_longlong( first.ClockData.GpuFrequency ) );
    ok( !first.ClockData.Flags.Value, "flags %#x\n", first.ClockData.Flags.Value );
    if (fake)   /* what tests/fake_gpu.h says of its clock */
    {
        ok( first.ClockData.GpuFrequency == 100000000, "GpuFrequency %s\n", wine_dbgstr_longlong( first.ClockData.GpuFrequency ) );
        ok( (first.ClockData.GpuClockCounter - 1000000) / 10 == first.ClockData.CpuClockCounter, "GPU %s, CPU %s\n",
            wine_dbgstr_longlong( first.ClockData.GpuClockCounter ), wine_dbgstr_longlong( first.ClockData.CpuClockCounter ) );
    }

    sleep_ms( 200 );
    init_params( &second, 0 );
    check_status( pD3DKMTQueryClockCalibration( &second ), STATUS_SUCCESS );
    ok( second.ClockData.GpuFrequency == first.ClockData.GpuFrequency, "another frequency\n" );
    gpu_seconds = (double)(second.ClockData.GpuClockCounter - first.ClockData.GpuClockCounter) / first.ClockData.GpuFrequency;
    cpu_seconds = (double)(second.ClockData.CpuClockCounter - first.ClockData.CpuClockCounter) / get_frequency();
    ok( cpu_seconds > 0.1, "200 ms took the CPU %.3f s\n", cpu_seconds );
    ok( gpu_seconds > cpu_seconds - 0.02 && gpu_seconds < cpu_seconds + 0.02, "%.3f s on the CPU, %.3f s on the GPU\n", cpu_seconds,
        gpu_seconds );

    /* every node has the same clock */
    for (node = 0; node < 64; node++)
    {
        init_params( &second, node );
        if ((status = pD3DKMTQueryClockCalibration( &second ))) break;
        ok( second.ClockData.GpuFrequency == first.ClockData.GpuFrequency &&
            second.ClockData.GpuClockCounter >= first.ClockData.GpuClockCounter,
            "node %u: another clock\n", node );
    }
    check_status( status, STATUS_INVALID_PARAMETER );
    if (fake) ok( node == 3, "%u nodes\n", node );
}

START_TEST(clock)
{
    D3DKMT_QUERYCLOCKCALIBRATION params;

    check_status( pD3DKMTQueryClockCalibration( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( QueryClockCalibration, &params, STATUS_INVALID_PARAMETER );
    if (!open_adapter( &adapter )) return;
    test_bad();
    test_clocks();
    close_adapter( adapter );
    init_params( &params, 0 );
    kmt_fails( QueryClockCalibration, &params, STATUS_INVALID_PARAMETER );
}
