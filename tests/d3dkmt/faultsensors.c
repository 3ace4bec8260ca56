/*
 * What the machine knows of a GPU, and what fails: Linux, with the GPU of tests/fake_gpu.h in place of Vulkan, and a tree of
 * files in place of /sys and /proc (WINEKMT_SENSORS_ROOT)
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#include <errno.h>
#include <unistd.h>

#include "fake_gpu.h"
#include "sensor_tree.h"

#define PCI      "0012:34:15.6"
#define DEVICE   "sys/bus/pci/devices/" PCI

static D3DKMT_HANDLE adapter;
static LUID luid;

/***********************************************************************
 * The tree
 */

static void write_file( const char *name, const char *content )
{
    ok( sensor_tree_write( name, content ), "%s: %s\n", name, strerror( errno ) );
}

static void remove_tree( const char *name )
{
    ok( sensor_tree_remove( name ), "%s: %s\n", name, strerror( errno ) );
}

static void init_query( D3DKMT_QUERYSTATISTICS *params, UINT type, UINT what )
{
    FILL( *params );
    params->Type = type;
    params->AdapterLuid = luid;
    params->hProcess = NULL;
    params->QuerySegment.SegmentId = what;
}

/***********************************************************************
 * Sensors
 */

static D3DKMT_NODE_PERFDATA get_node( UINT node, NTSTATUS expected )
{
    D3DKMT_QUERYSTATISTICS params;
    D3DKMT_NODE_PERFDATA data;

    FILL( data );
    data.NodeOrdinal = node;
    data.PhysicalAdapterIndex = 0;
    check_status( query_info( adapter, KMTQAITYPE_NODEPERFDATA, &data, sizeof(data) ), expected );
    /* the same stands in the statistics, and 0 where it has no answer */
    init_query( &params, D3DKMT_QUERYSTATISTICS_NODE, node );
    check_status( pD3DKMTQueryStatistics( &params ), STATUS_SUCCESS );
    if (expected)
    {
        ok( !params.QueryResult.NodeInformation.NodePerfData.Frequency && !params.QueryResult.NodeInformation.NodePerfData.MaxFrequency &&
            !params.QueryResult.NodeInformation.NodePerfData.Voltage, "a number from nowhere\n" );
        return data;
    }
    ok( data.NodeOrdinal == node && !data.PhysicalAdapterIndex, "node %u of %u\n", data.NodeOrdinal, data.PhysicalAdapterIndex );
    ok( !data.VoltageMax && !data.VoltageMaxOC && !data.MaxTransitionLatency, "what nobody knows\n" );
    ok( params.QueryResult.NodeInformation.NodePerfData.NodeOrdinal == node &&
        params.QueryResult.NodeInformation.NodePerfData.Frequency == data.Frequency &&
        params.QueryResult.NodeInformation.NodePerfData.MaxFrequency == data.MaxFrequency &&
        params.QueryResult.NodeInformation.NodePerfData.Voltage == data.Voltage, "other statistics\n" );
    return data;
}

static D3DKMT_ADAPTER_PERFDATA get_perfdata( NTSTATUS expected )
{
    D3DKMT_QUERYSTATISTICS params;
    D3DKMT_ADAPTER_PERFDATA data;

    FILL( data );
    data.PhysicalAdapterIndex = 0;
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERPERFDATA, &data, sizeof(data) ), expected );
    init_query( &params, D3DKMT_QUERYSTATISTICS_PHYSICAL_ADAPTER, 0 );
    check_status( pD3DKMTQueryStatistics( &params ), STATUS_SUCCESS );
    if (expected)   /* there all is 0 */
        ok( !params.QueryResult.PhysAdapterInformation.AdapterPerfData.MemoryFrequency &&
            !params.QueryResult.PhysAdapterInformation.AdapterPerfData.Temperature, "a number from nowhere\n" );
    else check_bytes( "statistics", &params.QueryResult.PhysAdapterInformation.AdapterPerfData, &data, sizeof(data) - 8 );
    return data;
}

static D3DKMT_ADAPTER_PERFDATACAPS get_caps( NTSTATUS expected )
{
    D3DKMT_ADAPTER_PERFDATACAPS data;

    FILL( data );
    data.PhysicalAdapterIndex = 0;
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERPERFDATA_CAPS, &data, sizeof(data) ), expected );
    return data;
}

/* As amdgpu has them */
static void test_sensors( void )
{
    D3DKMT_ADAPTER_PERFDATACAPS caps;
    D3DKMT_ADAPTER_PERFDATA data;
    D3DKMT_NODE_PERFDATA node;

    /* Linux says nothing */
    get_node( 0, STATUS_NOT_SUPPORTED );
    get_perfdata( STATUS_NOT_SUPPORTED );
    get_caps( STATUS_NOT_SUPPORTED );
    write_file( DEVICE "/hwmon/hwmon7/name", "amdgpu\n" );
    get_perfdata( STATUS_NOT_SUPPORTED );

    /* all of it. The directory that is no hwmon, and another device, are passed over. */
    write_file( DEVICE "/hwmon/other/temp1_input", "99000\n" );
    write_file( "sys/bus/pci/devices/0000:34:15.6/hwmon/hwmon1/temp1_input", "98000\n" );
    write_file( DEVICE "/hwmon/hwmon7/freq1_input", "1850000000\n" );
    write_file( DEVICE "/hwmon/hwmon7/freq2_input", "1000000000\n" );
    write_file( DEVICE "/hwmon/hwmon7/in0_input", "1068\n" );
    write_file( DEVICE "/hwmon/hwmon7/fan1_input", "1423\n" );
    write_file( DEVICE "/hwmon/hwmon7/fan1_max", "3300\n" );
    write_file( DEVICE "/hwmon/hwmon7/power1_average", "125000000\n" );
    write_file( DEVICE "/hwmon/hwmon7/power1_cap", "250000000\n" );
    write_file( DEVICE "/hwmon/hwmon7/temp1_input", "61500\n" );
    write_file( DEVICE "/hwmon/hwmon7/temp1_crit", "100000\n" );
    write_file( DEVICE "/hwmon/hwmon7/temp1_emergency", "105000\n" );
    write_file( DEVICE "/pp_dpm_sclk", "0: 500Mhz\n1: 1850Mhz *\n2: 2475Mhz\n" );
    write_file( DEVICE "/pp_dpm_mclk", "0: 96Mhz\n1: 1000Mhz *\n" );
    write_file( DEVICE "/max_link_speed", "16.0 GT/s PCIe\n" );
    write_file( DEVICE "/max_link_width", "16\n" );
    node = get_node( 0, STATUS_SUCCESS );
    ok( node.Frequency == 1850000000 && node.MaxFrequency == 2475000000u && node.MaxFrequencyOC == 2475000000u && node.Voltage == 1068,
        "%s of %s Hz, %u mV\n", wine_dbgstr_longlong( node.Frequency ), wine_dbgstr_longlong( node.MaxFrequency ), (UINT)node.Voltage );
    node = get_node( 1, STATUS_SUCCESS );
    ok( node.Frequency == 1850000000, "%s Hz\n", wine_dbgstr_longlong( node.Frequency ) );
    get_node( 2, STATUS_NOT_SUPPORTED );    /* copying: another clock, that nobody tells */
    data = get_perfdata( STATUS_SUCCESS );
    ok( data.MemoryFrequency == 1000000000 && data.MaxMemoryFrequency == 1000000000 && data.MaxMemoryFrequencyOC == 1000000000,
        "%s of %s Hz\n",
        wine_dbgstr_longlong( data.MemoryFrequency ), wine_dbgstr_longlong( data.MaxMemoryFrequency ) );
    ok( data.FanRPM == 1423 && data.Power == 500 && data.Temperature == 615, "%u rpm, %u, %u\n", (UINT)data.FanRPM, (UINT)data.Power,
        (UINT)data.Temperature );
    ok( !data.MemoryBandwidth && !data.PCIEBandwidth && !data.PowerStateOverride, "what nobody knows\n" );
    caps = get_caps( STATUS_SUCCESS );
    ok( caps.MaxFanRPM == 3300 && caps.TemperatureMax == 1050 && caps.TemperatureWarning == 1000 && !caps.MaxMemoryBandwidth,
        "%u rpm, %u, %u\n",
        (UINT)caps.MaxFanRPM, (UINT)caps.TemperatureMax, (UINT)caps.TemperatureWarning );
    /* 16 GT/s less the line code, on 16 lanes */
    ok( caps.MaxPCIEBandwidth > 31500000000ull && caps.MaxPCIEBandwidth < 31510000000ull, "%s bytes/s\n",
        wine_dbgstr_longlong( caps.MaxPCIEBandwidth ) );
    write_file( DEVICE "/max_link_speed", "2.5 GT/s PCIe\n" );
    write_file( DEVICE "/max_link_width", "1\n" );
    caps = get_caps( STATUS_SUCCESS );
    ok( caps.MaxPCIEBandwidth == 250000000, "%s bytes/s\n", wine_dbgstr_longlong( caps.MaxPCIEBandwidth ) );

    /* what is asleep cannot be read, and says nothing; what else there is counts */
    write_file( DEVICE "/hwmon/hwmon7/freq1_input", NULL );
    write_file( DEVICE "/hwmon/hwmon7/freq2_input", "" );
    write_file( DEVICE "/hwmon/hwmon7/power1_cap", "0\n" );
    node = get_node( 0, STATUS_SUCCESS );
    ok( node.Frequency == 1850000000, "%s Hz\n", wine_dbgstr_longlong( node.Frequency ) );
    data = get_perfdata( STATUS_SUCCESS );
    ok( data.MemoryFrequency == 1000000000 && !data.Power, "%s Hz, power %u\n", wine_dbgstr_longlong( data.MemoryFrequency ),
        (UINT)data.Power );

    /* nonsense */
    write_file( DEVICE "/hwmon/hwmon7/temp1_input", "-5000\n" );
    write_file( DEVICE "/hwmon/hwmon7/fan1_input", "99999999999999999999999999\n" );
    write_file( DEVICE "/hwmon/hwmon7/fan1_max", "18446744073709551614\n" );
    write_file( DEVICE "/hwmon/hwmon7/power1_average", "18446744073709551614\n" );
    write_file( DEVICE "/hwmon/hwmon7/power1_cap", "1\n" );
    write_file( DEVICE "/pp_dpm_sclk", "what?\n0:\n: *\n1: 99999999999999999999Mhz *\n2: 18446744073709551Mhz *\n" );
    write_file( DEVICE "/max_link_speed", "Unknown\n" );
    data = get_perfdata( STATUS_SUCCESS );
    ok( !data.FanRPM && !data.Temperature && data.Power == 0xffffffff, "%u rpm, %u, power %#x\n", (UINT)data.FanRPM, (UINT)data.Temperature,
        (UINT)data.Power );
    node = get_node( 0, STATUS_SUCCESS );
    ok( !node.Frequency && !node.MaxFrequency, "%s Hz\n", wine_dbgstr_longlong( node.Frequency ) );
    caps = get_caps( STATUS_SUCCESS );
    ok( caps.MaxFanRPM == 0xffffffff && !caps.MaxPCIEBandwidth, "%u rpm, %s bytes/s\n", (UINT)caps.MaxFanRPM,
        wine_dbgstr_longlong( caps.MaxPCIEBandwidth ) );
    remove_tree( "sys" );

    /* as Intel's */
    write_file( DEVICE "/drm/renderD128/gt_act_freq_mhz", "1\n" );
    write_file( DEVICE "/drm/card0/gt_act_freq_mhz", "350\n" );
    write_file( DEVICE "/drm/card0/gt_max_freq_mhz", "1150\n" );
    node = get_node( 0, STATUS_SUCCESS );
    ok( node.Frequency == 350000000 && node.MaxFrequency == 1150000000, "%s of %s Hz\n", wine_dbgstr_longlong( node.Frequency ),
        wine_dbgstr_longlong( node.MaxFrequency ) );
    get_perfdata( STATUS_NOT_SUPPORTED );   /* no clock of the memory, no temperature: 0 degrees would be a lie */
    get_caps( STATUS_NOT_SUPPORTED );
    remove_tree( "sys" );

    /* as NVIDIA's own: nothing but what the PCI bus tells */
    write_file( DEVICE "/max_link_speed", "16.0 GT/s PCIe\n" );
    write_file( DEVICE "/max_link_width", "16\n" );
    get_node( 0, STATUS_NOT_SUPPORTED );
    get_perfdata( STATUS_NOT_SUPPORTED );
    caps = get_caps( STATUS_SUCCESS );
    ok( caps.MaxPCIEBandwidth > 31500000000ull, "%s bytes/s\n", wine_dbgstr_longlong( caps.MaxPCIEBandwidth ) );
    remove_tree( "sys" );
    get_node( 0, STATUS_NOT_SUPPORTED );
}

/* Each number alone is worth an answer, but for half of what Power needs. */
static void test_single_sensors( void )
{
    D3DKMT_ADAPTER_PERFDATACAPS caps;
    D3DKMT_ADAPTER_PERFDATA data;
    D3DKMT_NODE_PERFDATA node;

    write_file( DEVICE "/pp_dpm_sclk", "0: 500Mhz\n1: 2475Mhz\n" );     /* none is current */
    node = get_node( 0, STATUS_SUCCESS );
    ok( !node.Frequency && node.MaxFrequency == 2475000000u && !node.Voltage, "%s of %s Hz, %u mV\n",
        wine_dbgstr_longlong( node.Frequency ), wine_dbgstr_longlong( node.MaxFrequency ), (UINT)node.Voltage );
    get_perfdata( STATUS_NOT_SUPPORTED );
    get_caps( STATUS_NOT_SUPPORTED );
    remove_tree( "sys" );

    write_file( DEVICE "/pp_dpm_mclk", "0: 96Mhz\n1: 1000Mhz\n" );
    data = get_perfdata( STATUS_SUCCESS );
    ok( !data.MemoryFrequency && data.MaxMemoryFrequency == 1000000000 && !data.FanRPM && !data.Power && !data.Temperature,
        "%s of %s Hz\n", wine_dbgstr_longlong( data.MemoryFrequency ), wine_dbgstr_longlong( data.MaxMemoryFrequency ) );
    get_node( 0, STATUS_NOT_SUPPORTED );
    remove_tree( "sys" );

    write_file( DEVICE "/hwmon/hwmon0/fan1_input", "1423\n" );
    data = get_perfdata( STATUS_SUCCESS );
    ok( data.FanRPM == 1423 && !data.MaxMemoryFrequency && !data.Power, "%u rpm, power %u\n", (UINT)data.FanRPM, (UINT)data.Power );
    remove_tree( "sys" );

    write_file( DEVICE "/hwmon/hwmon0/power1_cap", "250000000\n" );
    get_perfdata( STATUS_NOT_SUPPORTED );
    write_file( DEVICE "/hwmon/hwmon0/power1_average", "125000000\n" );
    data = get_perfdata( STATUS_SUCCESS );
    ok( data.Power == 500 && !data.Temperature, "power %u, temperature %u\n", (UINT)data.Power, (UINT)data.Temperature );
    write_file( DEVICE "/hwmon/hwmon0/power1_cap", NULL );
    get_perfdata( STATUS_NOT_SUPPORTED );
    write_file( DEVICE "/hwmon/hwmon0/temp1_input", "61500\n" );
    data = get_perfdata( STATUS_SUCCESS );
    ok( !data.Power && data.Temperature == 615, "power %u, temperature %u\n", (UINT)data.Power, (UINT)data.Temperature );
    get_caps( STATUS_NOT_SUPPORTED );
    remove_tree( "sys" );

    write_file( DEVICE "/hwmon/hwmon0/temp1_emergency", "105000\n" );
    caps = get_caps( STATUS_SUCCESS );
    ok( caps.TemperatureMax == 1050 && !caps.TemperatureWarning && !caps.MaxFanRPM && !caps.MaxPCIEBandwidth, "%u, warning at %u\n",
        (UINT)caps.TemperatureMax, (UINT)caps.TemperatureWarning );
    remove_tree( "sys" );
    write_file( DEVICE "/hwmon/hwmon0/temp1_max", "95000\n" );
    caps = get_caps( STATUS_SUCCESS );
    ok( !caps.TemperatureMax && caps.TemperatureWarning == 950, "%u, warning at %u\n", (UINT)caps.TemperatureMax,
        (UINT)caps.TemperatureWarning );
    remove_tree( "sys" );
}

/***********************************************************************
 * Engines
 */

/* 100 ns */
static UINT64 get_time( UINT type, UINT node )
{
    D3DKMT_QUERYSTATISTICS params;

    init_query( &params, type, node );
    check_status( pD3DKMTQueryStatistics( &params ), STATUS_SUCCESS );
    if (type == D3DKMT_QUERYSTATISTICS_PROCESS_NODE) return params.QueryResult.ProcessNodeInformation.RunningTime.QuadPart;
    return params.QueryResult.NodeInformation.GlobalInformation.RunningTime.QuadPart;
}

static void check_times_( int line, UINT type, UINT64 graphics, UINT64 compute, UINT64 copy )
{
    const UINT64 expected[3] = { graphics, compute, copy };
    UINT node;

    if (type == D3DKMT_QUERYSTATISTICS_NODE) sleep_ms( 110 );   /* what all processes did is read every 100 ms */

    for (node = 0; node < 3; node++)
        ok_( __FILE__, line )( get_time( type, node ) == expected[node], "type %u: node %u worked %s, expected %s\n", type, node,
                               wine_dbgstr_longlong( get_time( type, node ) ), wine_dbgstr_longlong( expected[node] ) );
}
#define check_times( type, graphics, compute, copy ) check_times_( __LINE__, D3DKMT_QUERYSTATISTICS_##type, graphics, compute, copy )

#define FDINFO( client, pdev, engines ) \
    "pos:\t0\nflags:\t02100002\ndrm-driver:\tamdgpu\ndrm-client-id:\t" client "\ndrm-pdev:\t" pdev "\n" engines

static void test_engines( void )
{
    unsigned int i;
    char name[64];

    check_times( PROCESS_NODE, 0, 0, 0 );
    check_times( NODE, 0, 0, 0 );
    write_file( "proc/self/stat", "4711 (faultsensors) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 815 20\n" );

    /* this process: two descriptors of one client, one of another, one of another GPU, and what is no GPU */
    write_file( "proc/self/fdinfo/0", "pos:\t0\nflags:\t0100002\nmnt_id:\t13\n" );
    write_file( "proc/self/fdinfo/5", FDINFO( "17", PCI,
                                              "drm-engine-gfx:\t5000 ns\ndrm-engine-compute:\t700 ns\ndrm-engine-dma:\t300 ns\n" ) );
    write_file( "proc/self/fdinfo/6", FDINFO( "17", PCI,
                                              "drm-engine-gfx:\t5000 ns\ndrm-engine-compute:\t700 ns\ndrm-engine-dma:\t300 ns\n" ) );
    check_times( PROCESS_NODE, 50, 7, 3 );
    write_file( "proc/self/fdinfo/7", FDINFO( "18", PCI,
                                              "drm-engine-gfx:\t1000 ns\ndrm-engine-capacity-gfx:\t8000\ndrm-engine-dec:\t900 ns\n" ) );
    check_times( PROCESS_NODE, 60, 7, 3 );
    write_file( "proc/self/fdinfo/8", FDINFO( "19", "0000:34:15.6", "drm-engine-gfx:\t100000 ns\n" ) );
    write_file( "proc/self/fdinfo/9", "drm-driver:\tpanfrost\ndrm-client-id:\t20\ndrm-engine-fragment:\t100000 ns\n" );
    check_times( PROCESS_NODE, 60, 7, 3 );
    /* without a client's number each counts; nonsense is nothing */
    write_file( "proc/self/fdinfo/10", "drm-pdev:\t" PCI "\ndrm-engine-copy:\t400 ns\n" );
    write_file( "proc/self/fdinfo/11", "drm-pdev:\t" PCI "\ndrm-engine-copy:\t400 ns\n" );
    check_times( PROCESS_NODE, 60, 7, 11 );
    write_file( "proc/self/fdinfo/12", FDINFO( "21", PCI,
                                               "drm-engine-gfx:\t-100000 ns\ndrm-engine-gfx:\ndrm-engine-copy:\twhat\nno colon\n" ) );
    check_times( PROCESS_NODE, 60, 7, 11 );
    /* the sum over all: one file here, inherited by a child, is still one client */
    check_times( NODE, 0, 0, 0 );
    write_file( "proc/100/fdinfo/5", FDINFO( "17", PCI,
                                             "drm-engine-gfx:\t5000 ns\ndrm-engine-compute:\t700 ns\ndrm-engine-dma:\t300 ns\n" ) );
    write_file( "proc/101/fdinfo/3", FDINFO( "17", PCI,
                                             "drm-engine-gfx:\t5000 ns\ndrm-engine-compute:\t700 ns\ndrm-engine-dma:\t300 ns\n" ) );
    write_file( "proc/102/fdinfo/3", FDINFO( "30", PCI, "drm-engine-gfx:\t2000 ns\n" ) );
    write_file( "proc/103/status", "Name:\tnothing of a GPU\n" );
    write_file( "proc/cpuinfo", "" );
    check_times( NODE, 70, 7, 3 );
    /* it saturates, and more clients than there is room for are counted all the same */
    for (i = 0; i < 300; i++)
    {
        char text[256];

        snprintf( name, sizeof(name), "proc/200/fdinfo/%u", i );
        snprintf( text, sizeof(text), FDINFO( "%u", PCI, "drm-engine-dma:\t100 ns\n" ), 1000 + i );
        write_file( name, text );
    }
    check_times( NODE, 70, 7, 303 );
    write_file( "proc/102/fdinfo/4", FDINFO( "31", PCI, "drm-engine-gfx:\t18446744073709551614 ns\n" ) );
    check_times( NODE, ~(UINT64)0 / 100, 7, 303 );
    /* what is over has been all the same: it never goes back, and what comes then is added. Nor does it when nothing can be read. */
    remove_tree( "proc" );
    check_times( NODE, ~(UINT64)0 / 100, 7, 303 );
    check_times( PROCESS_NODE, 60, 7, 11 );
    write_file( "proc/cpuinfo", "" );
    check_times( NODE, ~(UINT64)0 / 100, 7, 303 );
    write_file( "proc/300/fdinfo/3", FDINFO( "40", PCI, "drm-engine-compute:\t500 ns\n" ) );
    check_times( NODE, ~(UINT64)0 / 100, 12, 303 );
    /* all files are closed, one is opened */
    write_file( "proc/self/stat", "4711 (faultsensors) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 815 20\n" );
    write_file( "proc/self/fdinfo/0", "pos:\t0\n" );
    check_times( PROCESS_NODE, 60, 7, 11 );
    write_file( "proc/self/fdinfo/5", FDINFO( "41", PCI, "drm-engine-gfx:\t300 ns\n" ) );
    check_times( PROCESS_NODE, 63, 7, 11 );
    remove_tree( "proc" );
}

/***********************************************************************
 * What fails
 */

static void use_adapter( const struct gpu_adapter *info )
{
    D3DKMT_ADAPTERINFO infos[64];
    D3DKMT_ENUMADAPTERS2 enum2;
    UINT i;

    fake_gpu_set_adapters( info, 1 );
    enum2.NumAdapters = ARRAY_SIZE( infos );
    enum2.pAdapters = infos;
    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
    ok( enum2.NumAdapters == 1, "%u adapters\n", (UINT)enum2.NumAdapters );
    adapter = infos[0].hAdapter;
    luid = infos[0].AdapterLuid;
    for (i = 1; i < enum2.NumAdapters; i++) close_adapter( infos[i].hAdapter );
}

static void test_calibration( void )
{
    static const struct { enum gpu_result result; NTSTATUS status; } failures[] =
    {
        { GPU_NOT_SUPPORTED, STATUS_NOT_SUPPORTED }, { GPU_FAILED, STATUS_NOT_SUPPORTED }, { GPU_OUT_OF_HOST_MEMORY, STATUS_NO_MEMORY },
        { GPU_OUT_OF_DEVICE_MEMORY, STATUS_NO_MEMORY }, { GPU_DEVICE_LOST, STATUS_DEVICE_REMOVED },
    };
    D3DKMT_QUERYCLOCKCALIBRATION params;
    D3DKMT_SETSTABLEPOWERSTATE power;
    D3DKMT_QUERYSTATISTICS statistics;
    D3DKMT_HANDLE device;
    UINT i, losses;

    init_query( &statistics, D3DKMT_QUERYSTATISTICS_ADAPTER, 0 );
    check_status( pD3DKMTQueryStatistics( &statistics ), STATUS_SUCCESS );
    losses = statistics.QueryResult.AdapterInformation.TdrDetectedCount;
    device = create_device( adapter );
    for (i = 0; i < ARRAY_SIZE( failures ); i++)
    {
        FILL( params );
        params.hAdapter = adapter;
        params.NodeOrdinal = params.PhysicalAdapterIndex = 0;
        fake_gpu_fail( FAKE_GPU_CALIBRATE, 1, failures[i].result, false );
        kmt_fails( QueryClockCalibration, &params, failures[i].status );
        if (failures[i].result != GPU_DEVICE_LOST) check_status( pD3DKMTQueryClockCalibration( &params ), STATUS_SUCCESS );
    }
    /* it is lost: for this adapter for good */
    FILL( params );
    params.hAdapter = adapter;
    params.NodeOrdinal = params.PhysicalAdapterIndex = 0;
    kmt_fails( QueryClockCalibration, &params, STATUS_DEVICE_REMOVED );
    params.NodeOrdinal = 3;
    kmt_fails( QueryClockCalibration, &params, STATUS_INVALID_PARAMETER );
    power.hAdapter = adapter;
    power.Enabled = FALSE;
    kmt_fails( SetStablePowerState, &power, STATUS_DEVICE_REMOVED );
    power.Enabled = TRUE;
    kmt_fails( SetStablePowerState, &power, STATUS_DEVICE_REMOVED );
    init_query( &statistics, D3DKMT_QUERYSTATISTICS_ADAPTER, 0 );
    check_status( pD3DKMTQueryStatistics( &statistics ), STATUS_SUCCESS );
    ok( statistics.QueryResult.AdapterInformation.TdrDetectedCount == losses + 1, "%u losses\n",
        (UINT)statistics.QueryResult.AdapterInformation.TdrDetectedCount );
    destroy_device( device );
    close_adapter( adapter );
}

/* Clocks that a driver may say it has */
static void test_clocks( void )
{
    static const struct { double period; UINT64 frequency; } clocks[] = { { 1, 1000000000 }, { 52.083332, 19200000 }, { 0.5, 2000000000 } };
    D3DKMT_QUERYCLOCKCALIBRATION params;
    struct gpu_adapter info;
    UINT i;

    for (i = 0; i <= ARRAY_SIZE( clocks ); i++)
    {
        fake_gpu_default( &info, 0 );
        info.device_uuid[3] = 0x90 + i;     /* another GPU: what is known of one does not change */
        info.timestamp_period = i < ARRAY_SIZE( clocks ) ? clocks[i].period : 0;
        use_adapter( &info );
        FILL( params );
        params.hAdapter = adapter;
        params.NodeOrdinal = params.PhysicalAdapterIndex = 0;
        if (i == ARRAY_SIZE( clocks )) kmt_fails( QueryClockCalibration, &params, STATUS_NOT_SUPPORTED );
        else
        {
            check_status( pD3DKMTQueryClockCalibration( &params ), STATUS_SUCCESS );
            ok( params.ClockData.GpuFrequency >= clocks[i].frequency - 1 && params.ClockData.GpuFrequency <= clocks[i].frequency + 1,
                "clock %u: %s Hz\n", i, wine_dbgstr_longlong( params.ClockData.GpuFrequency ) );
        }
        close_adapter( adapter );
    }
}

static NTSTATUS send_escape( D3DKMT_HANDLE device, UINT command, D3DKMT_HANDLE allocation, UINT64 *bytes )
{
    struct winekmt_escape escape = { WINEKMT_ESCAPE_MAGIC, WINEKMT_VERSION, command, 0, allocation, 0, *bytes, 0, 0 };
    D3DKMT_ESCAPE params = { .hAdapter = adapter, .hDevice = device, .Type = D3DKMT_ESCAPE_DRIVERPRIVATE, .pPrivateDriverData = &escape,
                             .PrivateDriverDataSize = sizeof(escape) };
    NTSTATUS status = pD3DKMTEscape( &params );

    *bytes = escape.bytes;
    return status;
}

/* Content that only the GPU can read. */
static D3DKMT_HANDLE create_unmapped( D3DKMT_HANDLE device )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;

    init_data( &data, MIB( 2 ) );
    data.cpu_access = WINEKMT_CPU_ACCESS_NONE;
    data.segments = WINEKMT_SEGMENT_LOCAL;
    init_create( &create, device, &info, &data );
    create.Flags.AllowNotZeroed = 1;    /* whatever is there is content */
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    return info.hAllocation;
}

struct race
{
    D3DKMT_HANDLE adapter, device, queue, allocation;
    UINT          calls;
    NTSTATUS      status;
};

/* While its content is copied out, another thread makes it resident. */
static void make_resident_hook( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    struct race *race = arg;

    (void)call;
    (void)memory;
    if (race->calls++) return;
    race->status = make_resident( race->queue, &race->allocation, 1, 0, NULL, NULL );
}

static void test_escape( void )
{
    D3DKMT_HANDLE device = create_device( adapter ), allocation = create_unmapped( device ), written;
    D3DKMT_CREATEPAGINGQUEUE queue;
    struct race race = { 0 };
    struct gpu_adapter info;
    UINT64 bytes;

    create_fence_queue( device, &queue );
    /* What cannot be read cannot go, and stays as it is. */
    bytes = 0;
    fake_gpu_fail( FAKE_GPU_READ, 1, GPU_OUT_OF_HOST_MEMORY, false );
    check_status( send_escape( device, WINEKMT_ESCAPE_EVICT, allocation, &bytes ), STATUS_NO_MEMORY );
    fake_gpu_fail( FAKE_GPU_READ, 0, GPU_SUCCESS, false );
    ok( is_resident( device, allocation ), "it is gone\n" );
    bytes = 0;
    check_status( send_escape( device, WINEKMT_ESCAPE_EVICT, allocation, &bytes ), STATUS_SUCCESS );
    ok( bytes == MIB( 2 ) && !is_resident( device, allocation ), "%s bytes\n", wine_dbgstr_longlong( bytes ) );

    /* MakeResident in the middle of it: who was told that it is resident may rely on that */
    bring_back( &queue, &allocation, 1 );
    release( device, allocation );
    race.adapter = adapter;
    race.device = device;
    race.queue = queue.hPagingQueue;
    race.allocation = allocation;
    race.status = STATUS_NOT_FOUND;
    fake_gpu_set_hook( FAKE_GPU_READ, make_resident_hook, &race );
    bytes = 0;
    check_status( send_escape( device, WINEKMT_ESCAPE_EVICT, allocation, &bytes ), STATUS_SUCCESS );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    ok( race.calls == 1, "%u calls\n", race.calls );
    check_status( race.status, STATUS_SUCCESS );
    ok( is_resident( device, allocation ), "what is held resident is gone\n" );
    ok( !bytes, "%s bytes went\n", wine_dbgstr_longlong( bytes ) );
    release( device, allocation );

    /* the device is lost while it copies */
    written = create_allocation( device, MIB( 1 ) );
    fake_gpu_fail( FAKE_GPU_READ, 1, GPU_DEVICE_LOST, false );
    bytes = 0;
    check_status( send_escape( device, WINEKMT_ESCAPE_EVICT, allocation, &bytes ), STATUS_DEVICE_REMOVED );
    check_status( send_escape( device, WINEKMT_ESCAPE_EVICT, 0, &bytes ), STATUS_DEVICE_REMOVED );
    check_status( send_escape( 0, WINEKMT_ESCAPE_GET_BUDGET, 0, &bytes ), STATUS_DEVICE_REMOVED );
    destroy_allocation( device, written );
    destroy_queue( queue.hPagingQueue );
    destroy_device( device );
    close_adapter( adapter );

    /* a new one knows nothing of the old one's budget */
    fake_gpu_default( &info, 0 );
    info.device_uuid[3] = 0x88;
    use_adapter( &info );
    bytes = MIB( 5 );
    device = create_device( adapter );
    check_status( send_escape( 0, WINEKMT_ESCAPE_SET_BUDGET, 0, &bytes ), STATUS_SUCCESS );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_DEVICE_LOST, false );
    check_status( try_create( device, MIB( 1 ), &allocation ), STATUS_DEVICE_REMOVED );
    destroy_device( device );
    close_adapter( adapter );
    use_adapter( &info );
    check_status( send_escape( 0, WINEKMT_ESCAPE_GET_BUDGET, 0, &bytes ), STATUS_SUCCESS );
    ok( bytes > MIB( 5 ), "budget %s\n", wine_dbgstr_longlong( bytes ) );
    close_adapter( adapter );
}

START_TEST(faultsensors)
{
    const char *kind = getenv( "WINEKMT_FAKE_GPU" );
    struct gpu_adapter info;

    if (getenv( "WINEKMT_VIDEO_MEMORY_SIZE" ) || getenv( "WINEKMT_VERIFIER" ))
    {
        skip( "limits and switches are set\n" );
        return;
    }
    ok( sensor_tree_create(), "%s\n", strerror( errno ) );
    fake_gpu_default( &info, 0 );
    info.device_uuid[3] = 0x80;
    info.pci_domain = 0x12;
    info.pci_bus = 0x34;
    info.pci_device = 0x15;
    info.pci_function = 6;
    use_adapter( &info );
    test_sensors();
    test_single_sensors();
    test_engines();
    test_calibration();
    test_clocks();
    info.device_uuid[3] = 0x87;
    use_adapter( &info );
    test_escape();

    unsetenv( "WINEKMT_SENSORS_ROOT" );
    remove_tree( "" );
    /* and the one that the other tests have */
    if (kind && !strcmp( kind, "unified" )) fake_gpu_unified( &info, 0 );
    else fake_gpu_default( &info, 0 );
    use_adapter( &info );
    close_adapter( adapter );
}
