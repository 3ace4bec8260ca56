/*
 * Adapters that come and go, and ones that this machine does not have: Linux, with the GPU of tests/fake_gpu.h in place of Vulkan
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <sys/stat.h>
#include <unistd.h>

#include "registry.h"

#include "fake_gpu.h"

/* The GPUs that the tests before this one configured are put back. */
static void set_default_adapter( void )
{
    struct gpu_adapter adapter;

    if (getenv( "WINEKMT_FAKE_GPU" ) && !strcmp( getenv( "WINEKMT_FAKE_GPU" ), "unified" )) fake_gpu_unified( &adapter, 0 );
    else fake_gpu_default( &adapter, 0 );
    fake_gpu_set_adapters( &adapter, 1 );
}

/* A GPU that no test had before: what is known of one stays. */
static void make_adapter( struct gpu_adapter *adapter, const char *name )
{
    static BYTE count;

    fake_gpu_default( adapter, 0 );
    memset( adapter->device_uuid, 0, sizeof(adapter->device_uuid) );
    memcpy( adapter->device_uuid, "identity", 8 );
    adapter->device_uuid[15] = ++count;
    snprintf( adapter->name, sizeof(adapter->name), "%s", name );
}

/* PROCESS: of each adapter alone, so that their sum is what the process has; of all where the LUID is nobody's */
static void check_statistics( const D3DKMT_ADAPTERINFO *infos, UINT count )
{
    D3DKMT_HANDLE device = create_device( infos[1].hAdapter ), allocation;
    D3DKMT_QUERYSTATISTICS_PROCESS_INFORMATION *process;
    D3DKMT_CREATEPAGINGQUEUE queue;
    D3DKMT_QUERYSTATISTICS params;
    UINT i, nodes = 0;

    create_fence_queue( device, &queue );
    allocation = create_allocation( device, MIB( 1 ) );
    write_allocation( device, allocation, MIB( 1 ), 1 );
    send_away( &queue, allocation );
    process = &params.QueryResult.ProcessInformation;
    for (i = 0; i <= count; i++)
    {
        memset( &params, 0, sizeof(params) );
        params.Type = D3DKMT_QUERYSTATISTICS_PROCESS;
        if (i < count) params.AdapterLuid = infos[i].AdapterLuid;
        check_status( pD3DKMTQueryStatistics( &params ), STATUS_SUCCESS );
        ok( process->SystemMemory.BytesAllocated == (i == 1 || i == count ? MIB( 1 ) : 0), "adapter %u: %s bytes\n", i,
            wine_dbgstr_longlong( process->SystemMemory.BytesAllocated ) );
        if (i < count) nodes += process->NodeCount;
        else ok( process->NodeCount == nodes, "%u nodes of %u\n", (UINT)process->NodeCount, nodes );
    }
    destroy_device( device );
}

/* Several, the same one listed twice among them, in the order of the driver. */
static void test_several( void )
{
    struct winekmt_adapter_data data;
    struct gpu_adapter adapters[5];
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS], again[MAX_ADAPTERS];
    D3DKMT_ADAPTERTYPE type;
    UINT i, j, count;

    for (i = 0; i < 4; i++) make_adapter( &adapters[i], "several" );
    adapters[3].software = true;
    adapters[4] = adapters[1];
    fake_gpu_set_adapters( adapters, 4 );
    count = enum_adapters( infos );
    ok( count == 4, "%u adapters\n", count );
    for (i = 0; i < count && i < 4; i++)
    {
        ok( get_adapter_data( infos[i].hAdapter, &data ), "adapter %u is not ours\n", i );
        check_bytes( "UUID", data.device_uuid, adapters[i].device_uuid, sizeof(data.device_uuid) );
        check_status( query_info( infos[i].hAdapter, KMTQAITYPE_ADAPTERTYPE, &type, sizeof(type) ), STATUS_SUCCESS );
        ok( type.SoftwareDevice == (i == 3), "adapter %u: type %#x\n", i, type.Value );
        for (j = 0; j < i; j++)
            ok( memcmp( &infos[i].AdapterLuid, &infos[j].AdapterLuid, sizeof(LUID) ), "%u and %u have one LUID\n", i, j );
    }

    check_statistics( infos, count );

    /* two drivers for one GPU: it is one adapter */
    fake_gpu_set_adapters( adapters, 5 );
    i = enum_adapters( again );
    ok( i == 4, "%u adapters\n", i );
    close_adapters( again, i );

    /* another order of the same: the LUIDs go with the GPUs */
    adapters[4] = adapters[0];
    adapters[0] = adapters[2];
    adapters[2] = adapters[4];
    fake_gpu_set_adapters( adapters, 4 );
    i = enum_adapters( again );
    ok( i == 4, "%u adapters\n", i );
    check_bytes( "LUID", &again[0].AdapterLuid, &infos[2].AdapterLuid, sizeof(LUID) );
    check_bytes( "LUID", &again[1].AdapterLuid, &infos[1].AdapterLuid, sizeof(LUID) );
    check_bytes( "LUID", &again[2].AdapterLuid, &infos[0].AdapterLuid, sizeof(LUID) );
    close_adapters( again, i );
    close_adapters( infos, count );
}

/* Asks an adapter that may be gone for everything: each call must answer with a status, whichever that is, and nothing may be left behind.
 * expected: of what needs the GPU; open_expected: of opening it anew. */
static void use_adapter( D3DKMT_HANDLE adapter, LUID luid, NTSTATUS expected, NTSTATUS open_expected )
{
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION reservation;
    D3DKMT_QUERYVIDEOMEMORYINFO memory;
    D3DKMT_OPENADAPTERFROMLUID open;
    D3DKMT_CREATEDEVICE create;
    static BYTE buffer[16384];
    NTSTATUS status;
    UINT type;

    for (type = 0; type <= KMTQAITYPE_WDDM_3_0_CAPS; type++)
    {
        memset( buffer, 0, sizeof(buffer) );
        status = query_info( adapter, type, buffer, sizeof(buffer) );
        ok( !status || ((UINT)status >> 28 == 0xc && status != STATUS_ACCESS_VIOLATION), "type %u: status %#x\n", type, (UINT)status );
    }
    memset( &memory, 0, sizeof(memory) );
    memory.hAdapter = adapter;
    check_status( pD3DKMTQueryVideoMemoryInfo( &memory ), expected );
    memset( &reservation, 0, sizeof(reservation) );
    reservation.hAdapter = adapter;
    check_status( pD3DKMTChangeVideoMemoryReservation( &reservation ), expected );
    memset( &create, 0, sizeof(create) );
    create.hAdapter = adapter;
    check_status( pD3DKMTCreateDevice( &create ), expected );
    if (!expected) destroy_device( create.hDevice );

    memset( &open, 0, sizeof(open) );
    open.AdapterLuid = luid;
    status = pD3DKMTOpenAdapterFromLuid( &open );
    check_status( status, open_expected );
    if (!status) close_adapter( open.hAdapter );
}

/* Every export with a block that begins with a handle and is zero otherwise: an adapter that is gone is nothing that any of
 * them falls over. */
static void call_everything( D3DKMT_HANDLE handle )
{
    /* These close the adapter, or open others, or give no status. */
    static const char *const skipped[] = { "D3DKMTCloseAdapter", "D3DKMTEnumAdapters", "D3DKMTCheckExclusiveOwnership" };
    static union { UINT handle; BYTE bytes[4096]; } block, other;
    NTSTATUS status;
    UINT i, j;

    for (i = 0; i < export_count; i++)
    {
        for (j = 0; j < ARRAY_SIZE( skipped ) && strcmp( skipped[j], exports[i].name ); j++) {}
        if (j < ARRAY_SIZE( skipped )) continue;
        memset( &block, 0, sizeof(block) );
        memset( &other, 0, sizeof(other) );
        block.handle = handle;
        status = find_export( i )( &block, &other, &other, &other, &other );
        ok( !status || ((UINT)status >> 28 == 0xc && status != STATUS_ACCESS_VIOLATION), "%s: status %#x\n", exports[i].name,
            (UINT)status );
    }
}

/* A GPU is there, goes away, and comes back. */
static void test_come_and_go( void )
{
    D3DKMT_HANDLE adapter, device, allocation;
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS], again[MAX_ADAPTERS];
    struct winekmt_adapter_data data;
    struct gpu_adapter adapters[2];
    D3DKMT_OPENADAPTERFROMLUID open;
    UINT count;
    LUID luid;

    make_adapter( &adapters[0], "stays" );
    make_adapter( &adapters[1], "comes and goes" );

    /* the first enumeration does not have it yet */
    fake_gpu_set_adapters( adapters, 1 );
    count = enum_adapters( infos );
    ok( count == 1, "%u adapters\n", count );
    close_adapters( infos, count );

    fake_gpu_set_adapters( adapters, 2 );
    count = enum_adapters( infos );
    ok( count == 2, "%u adapters\n", count );
    luid = infos[1].AdapterLuid;
    adapter = infos[1].hAdapter;
    close_adapter( infos[0].hAdapter );
    use_adapter( adapter, luid, STATUS_SUCCESS, STATUS_SUCCESS );
    device = create_device( adapter );
    allocation = create_allocation( device, KIB( 64 ) );

    /* gone, and lost for who used it: before the next enumeration, and after it */
    fake_gpu_set_adapters( adapters, 1 );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_DEVICE_LOST, false );      /* that is how it shows */
    check_status( try_create( device, MIB( 300 ), &allocation ), STATUS_DEVICE_REMOVED );
    use_adapter( adapter, luid, STATUS_DEVICE_REMOVED, STATUS_SUCCESS );
    count = enum_adapters( again );
    ok( count == 1, "%u adapters\n", count );
    close_adapters( again, count );
    use_adapter( adapter, luid, STATUS_DEVICE_REMOVED, STATUS_INVALID_PARAMETER );
    call_everything( adapter );
    destroy_device( device );
    close_adapter( adapter );

    /* it is back: the same LUID, and a new handle works */
    fake_gpu_set_adapters( adapters, 2 );
    open.AdapterLuid = luid;
    check_status( pD3DKMTOpenAdapterFromLuid( &open ), STATUS_SUCCESS );
    ok( get_adapter_data( open.hAdapter, &data ), "not ours\n" );
    check_bytes( "UUID", data.device_uuid, adapters[1].device_uuid, sizeof(data.device_uuid) );
    use_adapter( open.hAdapter, luid, STATUS_SUCCESS, STATUS_SUCCESS );
    close_adapter( open.hAdapter );
    count = enum_adapters( again );
    ok( count == 2, "%u adapters\n", count );
    check_bytes( "LUID", &again[1].AdapterLuid, &luid, sizeof(luid) );
    close_adapters( again, count );
}

/* What an adapter handle is needed for besides. */
static void check_adapter_calls( D3DKMT_HANDLE adapter, NTSTATUS expected )
{
    D3DKMT_WAITFORVERTICALBLANKEVENT wait;
    D3DKMT_QUERYCLOCKCALIBRATION clock;
    D3DKMT_SETSTABLEPOWERSTATE power;
    struct winekmt_escape escape;
    D3DKMT_GETSCANLINE line;
    D3DKMT_ADAPTERTYPE type;
    D3DKMT_ESCAPE params;

    check_status( query_info( adapter, KMTQAITYPE_ADAPTERTYPE, &type, sizeof(type) ), expected );
    memset( &clock, 0, sizeof(clock) );
    clock.hAdapter = adapter;
    check_status( pD3DKMTQueryClockCalibration( &clock ), expected );
    memset( &line, 0, sizeof(line) );
    line.hAdapter = adapter;
    check_status( pD3DKMTGetScanLine( &line ), expected );
    memset( &wait, 0, sizeof(wait) );
    wait.hAdapter = adapter;
    check_status( pD3DKMTWaitForVerticalBlankEvent( &wait ), expected );
    memset( &power, 0, sizeof(power) );
    power.hAdapter = adapter;
    check_status( pD3DKMTSetStablePowerState( &power ), expected );
    memset( &escape, 0, sizeof(escape) );
    escape.magic = WINEKMT_ESCAPE_MAGIC;
    escape.version = WINEKMT_VERSION;
    escape.command = WINEKMT_ESCAPE_GET_BUDGET;
    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    params.Type = D3DKMT_ESCAPE_DRIVERPRIVATE;
    params.pPrivateDriverData = &escape;
    params.PrivateDriverDataSize = sizeof(escape);
    check_status( pD3DKMTEscape( &params ), expected );
}

/* It goes while a program has a device on it, and Vulkan has not noticed yet: its adapter handle is of no use until it is back. */
static void test_gone_in_use( void )
{
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS], again[MAX_ADAPTERS];
    D3DKMT_HANDLE adapter, device, allocation;
    struct gpu_adapter adapters[2];
    UINT count;
    LUID luid;

    make_adapter( &adapters[0], "stays" );
    make_adapter( &adapters[1], "goes in use" );
    fake_gpu_set_adapters( adapters, 2 );
    count = enum_adapters( infos );
    ok( count == 2, "%u adapters\n", count );
    close_adapter( infos[0].hAdapter );
    adapter = infos[1].hAdapter;
    luid = infos[1].AdapterLuid;
    device = create_device( adapter );
    allocation = create_allocation( device, KIB( 64 ) );
    check_adapter_calls( adapter, STATUS_SUCCESS );

    fake_gpu_set_adapters( adapters, 1 );
    check_adapter_calls( adapter, STATUS_SUCCESS );     /* nobody has looked */
    count = enum_adapters( again );
    ok( count == 1, "%u adapters\n", count );
    close_adapters( again, count );
    use_adapter( adapter, luid, STATUS_DEVICE_REMOVED, STATUS_INVALID_PARAMETER );
    check_adapter_calls( adapter, STATUS_DEVICE_REMOVED );
    /* what the device has is for Vulkan to say */
    write_allocation( device, allocation, KIB( 64 ), 1 );

    fake_gpu_set_adapters( adapters, 2 );
    count = enum_adapters( again );
    ok( count == 2, "%u adapters\n", count );
    close_adapters( again, count );
    use_adapter( adapter, luid, STATUS_SUCCESS, STATUS_SUCCESS );
    check_adapter_calls( adapter, STATUS_SUCCESS );
    check_pattern( device, allocation, KIB( 64 ), 1 );
    destroy_device( device );
    close_adapter( adapter );
}

/* It goes before anybody made a device on it. */
static void test_gone_unused( void )
{
    struct gpu_adapter adapters[2];
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS], again[MAX_ADAPTERS];
    UINT count;

    make_adapter( &adapters[0], "goes unused" );
    make_adapter( &adapters[1], "stays" );
    fake_gpu_set_adapters( adapters, 2 );
    count = enum_adapters( infos );
    ok( count == 2, "%u adapters\n", count );
    fake_gpu_set_adapters( &adapters[1], 1 );
    count = enum_adapters( again );
    ok( count == 1, "%u adapters\n", count );
    check_bytes( "LUID", &again[0].AdapterLuid, &infos[1].AdapterLuid, sizeof(LUID) );
    use_adapter( infos[0].hAdapter, infos[0].AdapterLuid, STATUS_DEVICE_REMOVED, STATUS_INVALID_PARAMETER );
    call_everything( infos[0].hAdapter );
    use_adapter( infos[1].hAdapter, infos[1].AdapterLuid, STATUS_SUCCESS, STATUS_SUCCESS );
    call_everything( infos[1].hAdapter );
    close_adapters( again, count );

    /* the last one goes too */
    fake_gpu_set_adapters( NULL, 0 );
    ok( !enum_adapters( again ), "there are adapters\n" );
    close_adapters( infos, 2 );
}

static void write_file( const char *root, const char *folder, const char *name, const char *content )
{
    char path[1024];
    FILE *file;

    snprintf( path, sizeof(path), "%s/%s/%s", root, folder, name );
    file = fopen( path, "w" );
    ok( file != NULL, "%s\n", path );
    if (!file) return;
    fputs( content, file );
    fclose( file );
}

/* The address on the bus, and what Linux knows of what is there. */
static void test_pci( void )
{
    static const char *const folders[] = { "sys", "sys/bus", "sys/bus/pci", "sys/bus/pci/devices", "sys/bus/pci/devices/0012:34:15.6" };
    static const char *const files[] = { "subsystem_vendor", "subsystem_device", "revision", "vbios_version" };
    char root[] = "/tmp/winekmt_identity_XXXXXX", path[1024];
    D3DKMT_ADAPTERREGISTRYINFO registry;
    D3DKMT_ADAPTERADDRESS address;
    D3DKMT_QUERY_DEVICE_IDS ids;
    struct gpu_adapter adapter;
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    D3DKMT_GPUVERSION version;
    UINT i, count;

    ok( mkdtemp( root ) != NULL, "no directory\n" );
    setenv( "WINEKMT_SENSORS_ROOT", root, 1 );
    make_adapter( &adapter, "PCI" );
    adapter.has_pci_address = true;
    adapter.pci_domain = 0x12;
    adapter.pci_bus = 0x34;
    adapter.pci_device = 0x15;
    adapter.pci_function = 6;
    adapter.vendor_id = 0x1002;
    adapter.device_id = 0x73bf;
    adapter.subsystem_id = adapter.revision_id = 0;
    fake_gpu_set_adapters( &adapter, 1 );
    count = enum_adapters( infos );
    ok( count == 1, "%u adapters\n", count );

    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_ADAPTERADDRESS, &address, sizeof(address) ), STATUS_SUCCESS );
    ok( address.BusNumber == 0x1234 && address.DeviceNumber == 0x15 && address.FunctionNumber == 6, "address %#x:%#x.%u\n",
        address.BusNumber, address.DeviceNumber, address.FunctionNumber );

    /* Linux says nothing */
    memset( &ids, 0, sizeof(ids) );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_PHYSICALADAPTERDEVICEIDS, &ids, sizeof(ids) ), STATUS_SUCCESS );
    ok( ids.DeviceIds.VendorID == 0x1002 && ids.DeviceIds.DeviceID == 0x73bf && !ids.DeviceIds.SubVendorID && !ids.DeviceIds.SubSystemID &&
        !ids.DeviceIds.RevisionID && ids.DeviceIds.BusType == 1, "ids %#x:%#x %#x:%#x %#x\n", ids.DeviceIds.VendorID,
        ids.DeviceIds.DeviceID, ids.DeviceIds.SubVendorID, ids.DeviceIds.SubSystemID, ids.DeviceIds.RevisionID );
    memset( &version, 0, sizeof(version) );
    check_status( query_info( infos[0].hAdapter, KMTQUITYPE_GPUVERSION, &version, sizeof(version) ), STATUS_NOT_SUPPORTED );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_ADAPTERREGISTRYINFO, &registry, sizeof(registry) ), STATUS_SUCCESS );
    ok( !registry.BiosString[0], "a BIOS\n" );

    /* it says something */
    for (i = 0; i < ARRAY_SIZE( folders ); i++)
    {
        snprintf( path, sizeof(path), "%s/%s", root, folders[i] );
        ok( !mkdir( path, 0700 ), "%s\n", path );
    }
    write_file( root, folders[4], "subsystem_vendor", "0x1043\n" );
    write_file( root, folders[4], "subsystem_device", "0x04f1\n" );
    write_file( root, folders[4], "revision", "0xc1\n" );
    write_file( root, folders[4], "vbios_version", "115-D412BS0-101\n" );
    memset( &ids, 0, sizeof(ids) );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_PHYSICALADAPTERDEVICEIDS, &ids, sizeof(ids) ), STATUS_SUCCESS );
    ok( ids.DeviceIds.SubVendorID == 0x1043 && ids.DeviceIds.SubSystemID == 0x4f1 && ids.DeviceIds.RevisionID == 0xc1, "ids %#x:%#x %#x\n",
        ids.DeviceIds.SubVendorID, ids.DeviceIds.SubSystemID, ids.DeviceIds.RevisionID );
    memset( &version, 0, sizeof(version) );
    check_status( query_info( infos[0].hAdapter, KMTQUITYPE_GPUVERSION, &version, sizeof(version) ), STATUS_SUCCESS );
    check_bytes( "BiosVersion", version.BiosVersion, u"115-D412BS0-101", 16 * sizeof(WCHAR) );
    ok( !version.GpuArchitecture[0], "an architecture\n" );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_ADAPTERREGISTRYINFO, &registry, sizeof(registry) ), STATUS_SUCCESS );
    check_bytes( "BiosString", registry.BiosString, u"115-D412BS0-101", 16 * sizeof(WCHAR) );
    check_bytes( "AdapterString", registry.AdapterString, u"PCI", 4 * sizeof(WCHAR) );

    /* what Vulkan tells comes first */
    close_adapters( infos, count );
    make_adapter( &adapter, "PCI too" );
    adapter.pci_domain = 0x12;
    adapter.pci_bus = 0x34;
    adapter.pci_device = 0x15;
    adapter.pci_function = 6;
    adapter.subsystem_id = 0x1234;
    adapter.revision_id = 0xa1;
    fake_gpu_set_adapters( &adapter, 1 );
    count = enum_adapters( infos );
    memset( &ids, 0, sizeof(ids) );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_PHYSICALADAPTERDEVICEIDS, &ids, sizeof(ids) ), STATUS_SUCCESS );
    ok( ids.DeviceIds.SubVendorID == 0x1043 && ids.DeviceIds.SubSystemID == 0x1234 && ids.DeviceIds.RevisionID == 0xa1,
        "ids %#x:%#x %#x\n", ids.DeviceIds.SubVendorID, ids.DeviceIds.SubSystemID, ids.DeviceIds.RevisionID );
    close_adapters( infos, count );
    make_adapter( &adapter, "PCI three" );
    adapter.pci_domain = 0x12;
    adapter.pci_bus = 0x34;
    adapter.pci_device = 0x15;
    adapter.pci_function = 6;
    adapter.subsystem_id = adapter.revision_id = 0;
    fake_gpu_set_adapters( &adapter, 1 );
    count = enum_adapters( infos );

    /* nonsense is nothing */
    write_file( root, folders[4], "subsystem_vendor", "0x1043 and more\n" );
    write_file( root, folders[4], "subsystem_device", "0x123456789\n" );
    write_file( root, folders[4], "revision", "" );
    memset( &ids, 0, sizeof(ids) );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_PHYSICALADAPTERDEVICEIDS, &ids, sizeof(ids) ), STATUS_SUCCESS );
    ok( !ids.DeviceIds.SubVendorID && !ids.DeviceIds.SubSystemID && !ids.DeviceIds.RevisionID, "ids %#x:%#x %#x\n",
        ids.DeviceIds.SubVendorID, ids.DeviceIds.SubSystemID, ids.DeviceIds.RevisionID );

    close_adapters( infos, count );
    unsetenv( "WINEKMT_SENSORS_ROOT" );
    for (i = 0; i < ARRAY_SIZE( files ); i++)
    {
        snprintf( path, sizeof(path), "%s/%s/%s", root, folders[4], files[i] );
        unlink( path );
    }
    for (i = ARRAY_SIZE( folders ); i--;)
    {
        snprintf( path, sizeof(path), "%s/%s", root, folders[i] );
        rmdir( path );
    }
    ok( !rmdir( root ), "%s is left\n", root );
}

/* Versions of Vulkan drivers, as Windows would write them. */
static void test_versions( void )
{
    static const struct
    {
        const char *driver;
        UINT version, parts[4];
    }
    tests[] =
    {
        { "NVIDIA", 535u << 22 | 54 << 14 | 3 << 6,     { 26, 20, 15, 3554 } },
        { "NVIDIA", 550u << 22 | 163 << 14 | 1 << 6,    { 26, 20, 15, 5099 } },     /* no such minor on Windows */
        { "NVIDIA", 470u << 22 | 5 << 14,               { 26, 20, 14, 7005 } },
        { "radv", 23u << 22 | 2 << 12 | 1,              { 26, 20, 2302, 1 } },
        { "NVK", 25u << 22 | 0 << 12 | 7,               { 26, 20, 2500, 7 } },
        { "", 0,                                        { 26, 20, 0, 0 } },
        { "", 0xffffffff,                               { 26, 20, 12799, 4095 } },
    };
    struct gpu_adapter adapter;
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    UINT64 version;
    UINT i, count;

    for (i = 0; i < ARRAY_SIZE( tests ); i++)
    {
        make_adapter( &adapter, "version" );
        snprintf( adapter.driver_name, sizeof(adapter.driver_name), "%s", tests[i].driver );
        adapter.driver_version = tests[i].version;
        fake_gpu_set_adapters( &adapter, 1 );
        count = enum_adapters( infos );
        check_status( query_info( infos[0].hAdapter, KMTQAITYPE_UMD_DRIVER_VERSION, &version, sizeof(version) ), STATUS_SUCCESS );
        ok( version >> 48 == tests[i].parts[0] && (version >> 32 & 0xffff) == tests[i].parts[1] &&
            (version >> 16 & 0xffff) == tests[i].parts[2] && (version & 0xffff) == tests[i].parts[3], "%s %#x: %u.%u.%u.%u\n",
            tests[i].driver, tests[i].version, (UINT)(version >> 48), (UINT)(version >> 32 & 0xffff), (UINT)(version >> 16 & 0xffff),
            (UINT)(version & 0xffff) );
        close_adapters( infos, count );
    }
}

/* Engines of every kind; only those that Windows has no number for have a name. */
static void test_nodes( void )
{
    static const struct
    {
        enum gpu_node node;
        UINT type;
        WCHAR name[8];
    }
    nodes[] =
    {
        { GPU_NODE_GRAPHICS,     DXGK_ENGINE_TYPE_3D,           u"" },
        { GPU_NODE_COMPUTE,      DXGK_ENGINE_TYPE_OTHER,        u"Compute" },
        { GPU_NODE_VIDEO_DECODE, DXGK_ENGINE_TYPE_VIDEO_DECODE, u"" },
        { GPU_NODE_VIDEO_ENCODE, DXGK_ENGINE_TYPE_VIDEO_ENCODE, u"" },
        { GPU_NODE_COPY,         DXGK_ENGINE_TYPE_COPY,         u"" },
        { GPU_NODE_OTHER,        DXGK_ENGINE_TYPE_OTHER,        u"Other" },
    };
    D3DKMT_NODEMETADATA data;
    struct gpu_adapter adapter;
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    UINT i, count;

    make_adapter( &adapter, "nodes" );
    adapter.node_count = ARRAY_SIZE( nodes );
    for (i = 0; i < ARRAY_SIZE( nodes ); i++) adapter.nodes[i] = nodes[i].node;
    fake_gpu_set_adapters( &adapter, 1 );
    count = enum_adapters( infos );
    for (i = 0; i < ARRAY_SIZE( nodes ); i++)
    {
        FILL( data );
        data.NodeOrdinalAndAdapterIndex = i;
        check_status( query_info( infos[0].hAdapter, KMTQAITYPE_NODEMETADATA, &data, sizeof(data) ), STATUS_SUCCESS );
        ok( data.NodeData.EngineType == nodes[i].type, "node %u: type %u\n", i, data.NodeData.EngineType );
        check_bytes( "name", data.NodeData.FriendlyName, nodes[i].name, sizeof(nodes[i].name) );
    }
    FILL( data );
    data.NodeOrdinalAndAdapterIndex = i;
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_NODEMETADATA, &data, sizeof(data) ), STATUS_INVALID_PARAMETER );
    close_adapters( infos, count );
}

/* A function that is refused looks at the LUID that it is given: there may be no such adapter, or no way to know. */
/* One without graphics: EnumAdapters3 leaves it out, unless it is asked for it. */
static void test_compute_only( void )
{
    static const UINT listed[] = { 2, 3, 2, 3 };        /* by the filter */
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS], again[MAX_ADAPTERS];
    struct gpu_adapter adapters[3];
    D3DKMT_ENUMADAPTERS3 params;
    D3DKMT_ADAPTERTYPE type;
    UINT i, count, filter;

    for (i = 0; i < 3; i++) make_adapter( &adapters[i], "kinds" );
    adapters[1].node_count = 2;
    adapters[1].nodes[0] = GPU_NODE_COMPUTE;
    adapters[1].nodes[1] = GPU_NODE_COPY;
    adapters[2].node_count = 1;
    adapters[2].nodes[0] = GPU_NODE_COPY;               /* nothing is known of what it is for */
    fake_gpu_set_adapters( adapters, 3 );
    count = enum_adapters( infos );
    ok( count == 3, "%u adapters\n", count );
    for (i = 0; i < count; i++)
    {
        check_status( query_info( infos[i].hAdapter, KMTQAITYPE_ADAPTERTYPE, &type, sizeof(type) ), STATUS_SUCCESS );
        ok( type.RenderSupported && type.ComputeOnly == (i == 1), "adapter %u: type %#x\n", i, type.Value );
    }
    for (filter = 0; filter < 4; filter++)
    {
        winetest_push_context( "filter %u", filter );
        memset( &params, 0, sizeof(params) );
        params.Filter.Value = filter;
        params.NumAdapters = listed[filter] - 1;
        params.pAdapters = again;
        kmt_fails( EnumAdapters3, &params, STATUS_BUFFER_TOO_SMALL );
        params.NumAdapters = listed[filter];
        kmt_succeeds( EnumAdapters3, &params );
        ok( params.NumAdapters == listed[filter], "%u adapters\n", (UINT)params.NumAdapters );
        for (i = 0; i < params.NumAdapters; i++)
            check_bytes( "LUID", &again[i].AdapterLuid, &infos[i && listed[filter] == 2 ? 2 : i].AdapterLuid, sizeof(LUID) );
        close_adapters( again, params.NumAdapters );
        winetest_pop_context();
    }
    close_adapters( infos, count );
}

static void test_refused_luid( void )
{
    D3DKMT_QUERYVIDPNEXCLUSIVEOWNERSHIP params;
    struct gpu_adapter adapter;
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    UINT i, count;

    for (i = 0; i < export_count && strcmp( exports[i].name, "D3DKMTQueryVidPnExclusiveOwnership" ); i++) {}
    ok( i < export_count, "it is not exported\n" );
    if (i == export_count) return;
    make_adapter( &adapter, "LUID" );
    fake_gpu_set_adapters( &adapter, 1 );
    count = enum_adapters( infos );
    close_adapters( infos, count );
    memset( &params, 0, sizeof(params) );
    check_status( find_export( i )( &params, NULL, NULL, NULL, NULL ), STATUS_INVALID_PARAMETER );
    params.AdapterLuid.HighPart = 1;    /* a LUID all the same, if nobody's */
    check_status( find_export( i )( &params, NULL, NULL, NULL, NULL ), STATUS_INVALID_PARAMETER );
    fake_gpu_fail( FAKE_GPU_ENUM, 1, GPU_OUT_OF_HOST_MEMORY, false );
    check_status( find_export( i )( &params, NULL, NULL, NULL, NULL ), STATUS_NO_MEMORY );
    params.AdapterLuid = infos[0].AdapterLuid;
    check_status( find_export( i )( &params, NULL, NULL, NULL, NULL ), STATUS_NOT_SUPPORTED );
}

/***********************************************************************
 * A registry that holds what Wine's does not. tests/d3dkmt/registry.c has the rest.
 */

#define DEVICE_KEY    MACHINE u"System\\CurrentControlSet\\Enum\\PCI\\VEN_1002&DEV_73BF\\00000000"
#define CLASS         u"{4D36E968-E325-11CE-BFC1-08002BE10318}\\0007"
#define SOFTWARE_KEY  MACHINE u"System\\CurrentControlSet\\Control\\Class\\" CLASS
#define VULKAN_KEY    MACHINE u"Software\\Khronos\\Vulkan\\Drivers"
#define HEADER        offsetof( D3DDDI_QUERYREGISTRY_INFO, OutputDword )
#define MANIFESTS     40
#define NAME_LENGTH   250

static union
{
    D3DDDI_QUERYREGISTRY_INFO info;
    BYTE bytes[16384];
}
answer;

static NTSTATUS ask_vulkan( D3DKMT_HANDLE adapter, UINT type )
{
    static const WCHAR name[] = u"VulkanDriverName";

    FILL( answer );
    memset( &answer.info, 0, HEADER );
    answer.info.QueryType = D3DDDI_QUERYREGISTRY_ADAPTERKEY;
    answer.info.ValueType = type;
    memcpy( answer.info.ValueName, name, sizeof(name) );
    return query_info( adapter, KMTQAITYPE_QUERYREGISTRY, &answer, sizeof(answer) );
}

/* More drivers for every GPU than an answer has room for, and one with too long a name. */
static void test_manifests( D3DKMT_HANDLE adapter )
{
    WCHAR names[MANIFESTS][NAME_LENGTH + 1], long_name[301], end;
    const UINT on = 0;
    UINT i, j, size;

    for (i = 0; i < 300; i++) long_name[i] = 'x';
    long_name[i] = 0;
    set_value( VULKAN_KEY, long_name, REG_DWORD, &on, sizeof(on) );
    check_status( ask_vulkan( adapter, REG_SZ ), STATUS_OBJECT_NAME_NOT_FOUND );
    for (i = 0; i < MANIFESTS; i++)
    {
        for (j = 0; j < NAME_LENGTH; j++) names[i][j] = 'a' + i % 26;
        names[i][0] = 'A' + i / 26;
        names[i][j] = 0;
        set_value( VULKAN_KEY, names[i], REG_DWORD, &on, sizeof(on) );
        if (i) continue;
        check_status( ask_vulkan( adapter, REG_SZ ), STATUS_SUCCESS );
        ok( answer.info.OutputValueSize == sizeof(names[0]), "%u bytes\n", (UINT)answer.info.OutputValueSize );
        check_bytes( "the first", answer.info.OutputString, names[0], sizeof(names[0]) );
    }
    check_status( ask_vulkan( adapter, REG_MULTI_SZ ), STATUS_SUCCESS );
    size = answer.info.OutputValueSize;
    ok( answer.info.Status == D3DDDI_QUERYREGISTRY_STATUS_SUCCESS && size <= sizeof(answer) - HEADER, "Status %u, %u bytes\n",
        answer.info.Status, size );
    if (size > sizeof(answer) - HEADER) return;
    /* whole names, as many as there is room for, and the end of the list */
    i = (size - sizeof(WCHAR)) / sizeof(names[0]);
    ok( size == i * sizeof(names[0]) + sizeof(WCHAR) && i < MANIFESTS && size + sizeof(names[0]) > sizeof(answer) - HEADER,
        "%u bytes of %u\n", size, (UINT)(sizeof(answer) - HEADER) );
    check_bytes( "list", answer.info.OutputString, names, i * sizeof(names[0]) );
    memcpy( &end, answer.bytes + HEADER + size - sizeof(end), sizeof(end) );
    ok( !end, "no end\n" );

    for (i = 0; i < MANIFESTS; i++) unset( VULKAN_KEY, names[i] );
    unset( VULKAN_KEY, long_name );
}

static void test_registry( void )
{
    static const WCHAR dac[] = u"Integrated RAMDAC";
    D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY key;
    D3DKMT_ADAPTERREGISTRYINFO info;
    struct gpu_adapter adapter;
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    D3DKMT_OPENGLINFO opengl;
    D3DKMT_UMDFILENAMEINFO umd;
    WCHAR buffer[2400], path[599];
    GUID guid, own;
    UINT i, count, number = 0x1234;

    make_adapter( &adapter, "registry" );
    fake_gpu_set_adapters( &adapter, 1 );
    count = enum_adapters( infos );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_ADAPTERGUID, &own, sizeof(own) ), STATUS_SUCCESS );
    fake_registry_set_device( infos[0].AdapterLuid, DEVICE_KEY );
    set_string( DEVICE_KEY, u"Driver", REG_SZ, CLASS );

    /* DacType: Wine 8 has strings that are REG_BINARY, without their end */
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_ADAPTERREGISTRYINFO, &info, sizeof(info) ), STATUS_SUCCESS );
    ok( !info.DacType[0], "DacType %s\n", wine_dbgstr_w( info.DacType ) );
    set_string( SOFTWARE_KEY, u"HardwareInformation.DacType", REG_SZ, dac );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_ADAPTERREGISTRYINFO, &info, sizeof(info) ), STATUS_SUCCESS );
    check_bytes( "DacType", info.DacType, dac, sizeof(dac) );
    set_value( SOFTWARE_KEY, u"HardwareInformation.DacType", REG_BINARY, dac, sizeof(dac) - sizeof(WCHAR) );
    FILL( info );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_ADAPTERREGISTRYINFO, &info, sizeof(info) ), STATUS_SUCCESS );
    check_bytes( "DacType", info.DacType, dac, sizeof(dac) );
    set_value( SOFTWARE_KEY, u"HardwareInformation.DacType", REG_DWORD, &number, sizeof(number) );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_ADAPTERREGISTRYINFO, &info, sizeof(info) ), STATUS_SUCCESS );
    ok( !info.DacType[0], "DacType %s\n", wine_dbgstr_w( info.DacType ) );
    unset( SOFTWARE_KEY, u"HardwareInformation.DacType" );

    /* what the system refuses is not what is not there */
    memset( &key, 0, sizeof(key) );
    key.PnPKeyType = D3DKMT_PNP_KEY_SOFTWARE;
    key.pDest = buffer;
    key.pCchDest = &number;
    fake_registry_fail( STATUS_ACCESS_DENIED );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) ), STATUS_ACCESS_DENIED );
    fake_registry_fail( STATUS_SUCCESS );
    ok( number == 0x1234, "*pCchDest %u\n", number );

    /* a list of drivers that nobody reads to its end, and a number that is none */
    for (i = 0; i < ARRAY_SIZE( buffer ); i++) buffer[i] = i % 20 == 19 ? 0 : 'x';
    set_value( SOFTWARE_KEY, u"UserModeDriverName", REG_MULTI_SZ, buffer, sizeof(buffer) );
    umd.Version = KMTUMDVERSION_DX9;
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_NOT_SUPPORTED );
    unset( SOFTWARE_KEY, u"UserModeDriverName" );
    set_string( SOFTWARE_KEY, u"OpenGLDriverName", REG_SZ, u"vendor" );
    set_value( SOFTWARE_KEY, u"OpenGLVersion", REG_DWORD, &number, sizeof(number) );
    set_value( SOFTWARE_KEY, u"OpenGLFlags", REG_DWORD, &number, 2 );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_UMOPENGLINFO, &opengl, sizeof(opengl) ), STATUS_SUCCESS );
    ok( opengl.Version == number && !opengl.Flags, "Version %#x, Flags %#x\n", (UINT)opengl.Version, (UINT)opengl.Flags );
    unset( SOFTWARE_KEY, u"OpenGLDriverName" );
    unset( SOFTWARE_KEY, u"OpenGLVersion" );
    unset( SOFTWARE_KEY, u"OpenGLFlags" );
    test_manifests( infos[0].hAdapter );
    unset( DEVICE_KEY, u"Driver" );

    /* a path that nothing can be put behind */
    for (i = 0; i < ARRAY_SIZE( path ) - 1; i++) path[i] = 'x';
    path[i] = 0;
    memcpy( path, DEVICE_KEY, sizeof(DEVICE_KEY) - sizeof(WCHAR) );
    fake_registry_set_device( infos[0].AdapterLuid, path );
    check_status( query_info( infos[0].hAdapter, KMTQAITYPE_ADAPTERGUID, &guid, sizeof(guid) ), STATUS_SUCCESS );
    check_bytes( "GUID", &guid, &own, sizeof(guid) );
    fake_registry_set_device( infos[0].AdapterLuid, NULL );
    close_adapters( infos, count );
}

START_TEST(faultidentity)
{
    test_several();
    test_come_and_go();
    test_gone_in_use();
    test_gone_unused();
    test_pci();
    test_versions();
    test_nodes();
    test_compute_only();
    test_refused_luid();
    test_registry();
    set_default_adapter();
}
