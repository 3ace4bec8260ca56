/*
 * Adapters: enumerating, opening, closing, and QueryAdapterInfo
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"
#ifdef _WIN32
#include <setupapi.h>
#endif

static void test_enum_adapters2( void )
{
    D3DKMT_ADAPTERINFO infos[64], again[64];
    D3DKMT_ENUMADAPTERS2 params;
    UINT i, j, count;

    check_status( pD3DKMTEnumAdapters2( NULL ), STATUS_INVALID_PARAMETER );

    /* no array: a fixed maximum, not the real count */
    FILL( params );
    params.pAdapters = NULL;
    kmt_writes( EnumAdapters2, &params, expected_->NumAdapters = params_->NumAdapters );
    ok( params.NumAdapters == 34 || broken( params.NumAdapters == 32 ), "NumAdapters %u\n", (UINT)params.NumAdapters );

    FILL( params );
    FILL( infos );
    params.NumAdapters = ARRAY_SIZE( infos );
    params.pAdapters = infos;
    kmt_writes( EnumAdapters2, &params, expected_->NumAdapters = params_->NumAdapters );
    count = params.NumAdapters;
    ok( count <= 34, "NumAdapters %u\n", count );
    for (i = 0; i < sizeof(infos) - count * sizeof(*infos); i++)
        if (((BYTE *)&infos[count])[i] != SENTINEL) break;
    ok( i == sizeof(infos) - count * sizeof(*infos), "wrote behind the last adapter\n" );
    for (i = 0; i < count; i++)
    {
        ok( is_local_handle( infos[i].hAdapter ), "adapter %u: handle %#x\n", i, infos[i].hAdapter );
        ok( infos[i].AdapterLuid.LowPart || infos[i].AdapterLuid.HighPart, "adapter %u: LUID 0\n", i );
        ok( infos[i].NumOfSources <= 16, "adapter %u: NumOfSources %u\n", i, (UINT)infos[i].NumOfSources );
        ok( infos[i].bPrecisePresentRegionsPreferred <= 1, "adapter %u: bPrecisePresentRegionsPreferred %#x\n", i,
            infos[i].bPrecisePresentRegionsPreferred );
        for (j = 0; j < i; j++)
            ok( memcmp( &infos[i].AdapterLuid, &infos[j].AdapterLuid, sizeof(LUID) ), "adapters %u and %u: one LUID\n", i, j );
    }
    if (!count)
    {
        skip( "no adapter\n" );
        return;
    }

    /* each call opens handles of its own */
    params.NumAdapters = ARRAY_SIZE( again );
    params.pAdapters = again;
    kmt_writes( EnumAdapters2, &params, expected_->NumAdapters = params_->NumAdapters );
    ok( params.NumAdapters == count, "NumAdapters %u, then %u\n", count, (UINT)params.NumAdapters );
    for (i = 0; i < count && i < params.NumAdapters; i++)
    {
        check_bytes( "AdapterLuid", &again[i].AdapterLuid, &infos[i].AdapterLuid, sizeof(LUID) );
        ok( again[i].hAdapter != infos[i].hAdapter, "adapter %u: handle %#x twice\n", i, again[i].hAdapter );
        close_adapter( again[i].hAdapter );
        close_adapter( infos[i].hAdapter );
    }

    /* an array that is too short */
    FILL( infos );
    memcpy( again, infos, sizeof(infos) );
    params.pAdapters = infos;
    params.NumAdapters = 0;
    kmt_fails( EnumAdapters2, &params, STATUS_BUFFER_TOO_SMALL );
    params.NumAdapters = count - 1;
    kmt_fails( EnumAdapters2, &params, STATUS_BUFFER_TOO_SMALL );
    check_bytes( "pAdapters", infos, again, sizeof(infos) );

    /* just long enough */
    params.NumAdapters = count;
    kmt_succeeds( EnumAdapters2, &params );
    for (i = 0; i < count; i++) close_adapter( infos[i].hAdapter );
}

static void test_enum_adapters( void )
{
    D3DKMT_ADAPTERINFO infos[64];
    D3DKMT_ENUMADAPTERS2 enum2;
    D3DKMT_ENUMADAPTERS params;
    UINT i;

    check_status( pD3DKMTEnumAdapters( NULL ), STATUS_INVALID_PARAMETER );

    enum2.NumAdapters = ARRAY_SIZE( infos );
    enum2.pAdapters = infos;
    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );

    /* NumAdapters is an output only */
    FILL( params );
    kmt_writes( EnumAdapters, &params,
                expected_->NumAdapters = params_->NumAdapters;
                memcpy( expected_->Adapters, params_->Adapters, min( params_->NumAdapters, 16 ) * sizeof(*params_->Adapters) ) );
    ok( params.NumAdapters == min( enum2.NumAdapters, 16 ), "NumAdapters %u, EnumAdapters2 %u\n", (UINT)params.NumAdapters,
        (UINT)enum2.NumAdapters );
    for (i = 0; i < params.NumAdapters && i < 16; i++)
    {
        ok( is_local_handle( params.Adapters[i].hAdapter ), "adapter %u: handle %#x\n", i, params.Adapters[i].hAdapter );
        check_bytes( "AdapterLuid", &params.Adapters[i].AdapterLuid, &infos[i].AdapterLuid, sizeof(LUID) );
        ok( params.Adapters[i].NumOfSources == infos[i].NumOfSources, "adapter %u: NumOfSources %u and %u\n", i,
            (UINT)params.Adapters[i].NumOfSources, (UINT)infos[i].NumOfSources );
        close_adapter( params.Adapters[i].hAdapter );
    }
    for (i = 0; i < enum2.NumAdapters; i++) close_adapter( infos[i].hAdapter );
}

static void test_open_from_luid( void )
{
    D3DKMT_OPENADAPTERFROMLUID params;
    D3DKMT_ADAPTERINFO infos[64];
    D3DKMT_ENUMADAPTERS2 enum2;
    D3DKMT_HANDLE first;
    UINT i;

    check_status( pD3DKMTOpenAdapterFromLuid( NULL ), STATUS_INVALID_PARAMETER );
    FILL( params );
    memset( &params.AdapterLuid, 0, sizeof(params.AdapterLuid) );
    kmt_fails( OpenAdapterFromLuid, &params, STATUS_INVALID_PARAMETER );
    params.AdapterLuid.LowPart = 0xdeadbeef;
    params.AdapterLuid.HighPart = 0x1badcafe;
    kmt_fails( OpenAdapterFromLuid, &params, STATUS_INVALID_PARAMETER );

    enum2.NumAdapters = ARRAY_SIZE( infos );
    enum2.pAdapters = infos;
    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
    for (i = 0; i < enum2.NumAdapters; i++)
    {
        params.AdapterLuid = infos[i].AdapterLuid;
        params.hAdapter = SENTINEL32;
        kmt_writes( OpenAdapterFromLuid, &params, expected_->hAdapter = params_->hAdapter );
        ok( is_local_handle( params.hAdapter ), "handle %#x\n", params.hAdapter );
        first = params.hAdapter;
        kmt_writes( OpenAdapterFromLuid, &params, expected_->hAdapter = params_->hAdapter );
        ok( is_local_handle( params.hAdapter ) && params.hAdapter != first, "handle %#x, then %#x\n", first, params.hAdapter );
        close_adapter( first );
        close_adapter( params.hAdapter );
        close_adapter( infos[i].hAdapter );
    }
    if (!enum2.NumAdapters) skip( "no adapter\n" );
}

static void set_name( WCHAR *dst, const char *src )
{
    while ((*dst++ = *src++)) {}
}

/* What headless systems can do of the three that find an adapter through the display. */
static void test_open_from_display( void )
{
    D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME display;
    D3DKMT_OPENADAPTERFROMDEVICENAME device;
    D3DKMT_OPENADAPTERFROMHDC hdc;
    WCHAR name[64] = {0};

    check_status( pD3DKMTOpenAdapterFromGdiDisplayName( NULL ), STATUS_UNSUCCESSFUL );
    FILL( display );
    display.DeviceName[0] = 0;
    kmt_fails( OpenAdapterFromGdiDisplayName, &display, STATUS_UNSUCCESSFUL );
    set_name( display.DeviceName, "\\\\.\\DISPLAY999" );
    kmt_fails( OpenAdapterFromGdiDisplayName, &display, STATUS_UNSUCCESSFUL );
    set_name( display.DeviceName, "nonsense" );
    kmt_fails( OpenAdapterFromGdiDisplayName, &display, STATUS_UNSUCCESSFUL );
    /* a name without an end */
    FILL( display );
    kmt_fails( OpenAdapterFromGdiDisplayName, &display, STATUS_UNSUCCESSFUL );

    check_status( pD3DKMTOpenAdapterFromDeviceName( NULL ), STATUS_INVALID_PARAMETER );
    FILL( device );
    device.pDeviceName = NULL;
    kmt_fails( OpenAdapterFromDeviceName, &device, STATUS_INVALID_PARAMETER );
    device.pDeviceName = name;
    kmt_fails( OpenAdapterFromDeviceName, &device, STATUS_INVALID_PARAMETER );
    set_name( name, "\\\\?\\nothing at all" );
    kmt_fails( OpenAdapterFromDeviceName, &device, STATUS_INVALID_PARAMETER );

    FILL( hdc );
    hdc.hDc = 0;
    kmt_fails( OpenAdapterFromHdc, &hdc, STATUS_INVALID_PARAMETER );
    if (winetest_platform_is_wine) /* Windows 10 2004 and later crash */
        check_status( pD3DKMTOpenAdapterFromHdc( NULL ), STATUS_INVALID_PARAMETER );
    hdc.hDc = (HDC)(ULONG_PTR)0xdead0000;
    kmt_fails( OpenAdapterFromHdc, &hdc, STATUS_INVALID_PARAMETER );
}

#ifdef _WIN32

/* With a display (the runner starts one of the Wine runs under Xvfb) the three find the adapter of that display. */
static void test_open_from_real_display( void )
{
    HDC (WINAPI *pCreateDCW)( const WCHAR *, const WCHAR *, const WCHAR *, const void * );
    BOOL (WINAPI *pDeleteDC)( HDC );
    int (WINAPI *pGetSystemMetrics)( int );
    BOOL (WINAPI *pEnumDisplayDevicesW)( const WCHAR *, DWORD, DISPLAY_DEVICEW *, DWORD );
    D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME display;
    D3DKMT_OPENADAPTERFROMLUID open;
    D3DKMT_OPENADAPTERFROMHDC hdc;
    DISPLAY_DEVICEW info;
    HDC dc;

    pCreateDCW = (void *)GetProcAddress( GetModuleHandleA( "gdi32.dll" ), "CreateDCW" );
    pDeleteDC = (void *)GetProcAddress( GetModuleHandleA( "gdi32.dll" ), "DeleteDC" );
    pEnumDisplayDevicesW = (void *)GetProcAddress( LoadLibraryA( "user32.dll" ), "EnumDisplayDevicesW" );
    pGetSystemMetrics = (void *)GetProcAddress( LoadLibraryA( "user32.dll" ), "GetSystemMetrics" );
    if (getenv( "WINEKMT_TEST_WIDTH" )) /* whether it is the display that the runner made */
        ok( pGetSystemMetrics( SM_CXSCREEN ) == atoi( getenv( "WINEKMT_TEST_WIDTH" ) ), "the screen is %d wide\n",
            pGetSystemMetrics( SM_CXSCREEN ) );
    info.cb = sizeof(info);
    if (!pEnumDisplayDevicesW( NULL, 0, &info, 0 ) || !(info.StateFlags & DISPLAY_DEVICE_ATTACHED_TO_DESKTOP))
    {
        skip( "no display\n" );
        return;
    }

    FILL( display );
    memcpy( display.DeviceName, info.DeviceName, sizeof(display.DeviceName) );
    if (pD3DKMTOpenAdapterFromGdiDisplayName( &display ))
    {
        skip( "the display %s has no adapter\n", wine_dbgstr_w( info.DeviceName ) );
        return;
    }
    ok( is_local_handle( display.hAdapter ), "handle %#x\n", display.hAdapter );
    ok( display.VidPnSourceId < 16, "VidPnSourceId %u\n", display.VidPnSourceId );
    open.AdapterLuid = display.AdapterLuid;
    check_status( pD3DKMTOpenAdapterFromLuid( &open ), STATUS_SUCCESS );
    close_adapter( open.hAdapter );
    close_adapter( display.hAdapter );

    dc = pCreateDCW( info.DeviceName, NULL, NULL, NULL );
    ok( dc != NULL, "CreateDCW failed with %u\n", (UINT)GetLastError() );
    FILL( hdc );
    hdc.hDc = dc;
    kmt_writes( OpenAdapterFromHdc, &hdc,
                expected_->hAdapter = params_->hAdapter;
                expected_->AdapterLuid = params_->AdapterLuid;
                expected_->VidPnSourceId = params_->VidPnSourceId );
    check_bytes( "AdapterLuid", &hdc.AdapterLuid, &display.AdapterLuid, sizeof(LUID) );
    ok( hdc.VidPnSourceId == display.VidPnSourceId, "VidPnSourceId %u and %u\n", hdc.VidPnSourceId, display.VidPnSourceId );
    close_adapter( hdc.hAdapter );
    pDeleteDC( dc );
}

/* The path of the first device with that interface; FALSE: there is none. */
static BOOL get_interface_path( const GUID *interface_class, WCHAR *path, UINT length )
{
    union { SP_DEVICE_INTERFACE_DETAIL_DATA_W data; char bytes[1024]; } detail = { .data = { sizeof(detail.data) } };
    __typeof__(SetupDiGetDeviceInterfaceDetailW) *get_detail;
    __typeof__(SetupDiDestroyDeviceInfoList) *destroy_list;
    __typeof__(SetupDiEnumDeviceInterfaces) *enum_interfaces;
    SP_DEVICE_INTERFACE_DATA interface_data = { .cbSize = sizeof(interface_data) };
    __typeof__(SetupDiGetClassDevsW) *get_devices;
    HMODULE setupapi = LoadLibraryA( "setupapi.dll" );
    BOOL found = FALSE;
    HDEVINFO devices;

    get_devices = (void *)GetProcAddress( setupapi, "SetupDiGetClassDevsW" );
    enum_interfaces = (void *)GetProcAddress( setupapi, "SetupDiEnumDeviceInterfaces" );
    get_detail = (void *)GetProcAddress( setupapi, "SetupDiGetDeviceInterfaceDetailW" );
    destroy_list = (void *)GetProcAddress( setupapi, "SetupDiDestroyDeviceInfoList" );
    devices = get_devices( interface_class, NULL, NULL, DIGCF_DEVICEINTERFACE );
    if (devices != INVALID_HANDLE_VALUE)
    {
        found = enum_interfaces( devices, NULL, interface_class, 0, &interface_data ) &&
                get_detail( devices, &interface_data, &detail.data, sizeof(detail), NULL, NULL ) &&
                wcslen( detail.data.DevicePath ) < length;
        if (found) wcscpy( path, detail.data.DevicePath );
        destroy_list( devices );
    }
    FreeLibrary( setupapi );
    return found;
}

/* windows-behaviour.md 5.2: one of the two interfaces of a display adapter opens, the other does not. */
static void test_device_name( void )
{
    static const GUID arrival = { 0x1ca05180, 0xa699, 0x450a, { 0x9a, 0x0c, 0xde, 0x4f, 0xbe, 0x3d, 0xdd, 0x89 } };
    static const GUID display = { 0x5b45201d, 0xf2f2, 0x4f3b, { 0x85, 0xbb, 0x30, 0xff, 0x1f, 0x95, 0x35, 0x99 } };
    D3DKMT_OPENADAPTERFROMDEVICENAME params;
    D3DKMT_OPENADAPTERFROMLUID open;
    WCHAR path[512];

    FILL( params );
    params.pDeviceName = path;
    if (get_interface_path( &display, path, ARRAY_SIZE( path ) ))
        kmt_fails( OpenAdapterFromDeviceName, &params, STATUS_INVALID_PARAMETER );
    else skip( "no device with GUID_DEVINTERFACE_DISPLAY_ADAPTER\n" );
    if (!get_interface_path( &arrival, path, ARRAY_SIZE( path ) ))
    {
        skip( "no device with GUID_DISPLAY_DEVICE_ARRIVAL\n" );
        return;
    }
    if (getenv( "WINEKMT_TEST_NO_VULKAN" ))     /* a device, but no GPU */
    {
        kmt_fails( OpenAdapterFromDeviceName, &params, STATUS_INVALID_PARAMETER );
        return;
    }
    kmt_writes( OpenAdapterFromDeviceName, &params,
                expected_->hAdapter = params_->hAdapter;
                expected_->AdapterLuid = params_->AdapterLuid );
    ok( is_local_handle( params.hAdapter ), "handle %#x\n", params.hAdapter );
    open.AdapterLuid = params.AdapterLuid;
    check_status( pD3DKMTOpenAdapterFromLuid( &open ), STATUS_SUCCESS );
    close_adapter( open.hAdapter );
    close_adapter( params.hAdapter );
}

#endif

static void test_close( void )
{
    D3DKMT_CLOSEADAPTER params;
    D3DKMT_HANDLE adapter, device;

    check_status( pD3DKMTCloseAdapter( NULL ), STATUS_INVALID_PARAMETER );
    params.hAdapter = 0;
    kmt_fails( CloseAdapter, &params, STATUS_INVALID_PARAMETER );

    /* devices outlive the adapter they came from */
    if (!open_device( &adapter, &device )) return;
    params.hAdapter = adapter;
    kmt_succeeds( CloseAdapter, &params );
    kmt_fails( CloseAdapter, &params, STATUS_INVALID_PARAMETER );
    destroy_allocation( device, create_allocation( device, TEST_PAGE ) );
    destroy_device( device );
}

/* The types of QueryAdapterInfo that are answered, and how long the answer is. */
static const struct
{
    UINT type, size;
}
queries[] =
{
    { KMTQAITYPE_UMDRIVERPRIVATE, sizeof(struct winekmt_adapter_data) },
    { KMTQAITYPE_GETSEGMENTSIZE, sizeof(D3DKMT_SEGMENTSIZEINFO) },
    { KMTQAITYPE_ADAPTERREGISTRYINFO, sizeof(D3DKMT_ADAPTERREGISTRYINFO) },
    { KMTQAITYPE_CHECKDRIVERUPDATESTATUS, sizeof(BOOL) },
    { KMTQAITYPE_DRIVERVERSION, sizeof(D3DKMT_DRIVERVERSION) },
    { KMTQAITYPE_ADAPTERTYPE, sizeof(D3DKMT_ADAPTERTYPE) },
    { KMTQAITYPE_PHYSICALADAPTERCOUNT, sizeof(D3DKMT_PHYSICAL_ADAPTER_COUNT) },
    { KMTQAITYPE_PHYSICALADAPTERDEVICEIDS, sizeof(D3DKMT_QUERY_DEVICE_IDS) },
    { KMTQAITYPE_GETSEGMENTGROUPSIZE, sizeof(D3DKMT_SEGMENTGROUPSIZEINFO) },
    { KMTQAITYPE_DRIVER_DESCRIPTION, sizeof(D3DKMT_DRIVER_DESCRIPTION) },
};

/* Returns the answer in a buffer that the next call uses again. */
static void *query( D3DKMT_HANDLE adapter, UINT type, UINT size )
{
    static char buffer[16384];
    D3DKMT_QUERYADAPTERINFO params;

    memset( buffer, 0, sizeof(buffer) );
    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    params.Type = type;
    params.pPrivateDriverData = buffer;
    params.PrivateDriverDataSize = size;
    kmt_succeeds( QueryAdapterInfo, &params );
    return buffer;
}

static void test_query_sizes( D3DKMT_HANDLE adapter )
{
    D3DKMT_QUERYADAPTERINFO params;
    char buffer[16384], before[16384];
    UINT i, j, size;

    check_status( pD3DKMTQueryAdapterInfo( NULL ), STATUS_INVALID_PARAMETER );
    for (i = 0; i < ARRAY_SIZE( queries ); i++)
    {
        winetest_push_context( "type %u", queries[i].type );
        size = queries[i].size;
        memset( &params, 0, sizeof(params) );
        params.hAdapter = adapter;
        params.Type = queries[i].type;

        kmt_fails( QueryAdapterInfo, &params, STATUS_INVALID_PARAMETER );
        params.PrivateDriverDataSize = size;
        kmt_fails( QueryAdapterInfo, &params, STATUS_INVALID_PARAMETER );

        FILL( buffer );
        memset( buffer, 0, 4 ); /* PhysicalAdapterIndex where that is an input */
        memcpy( before, buffer, sizeof(buffer) );
        params.pPrivateDriverData = buffer;
        params.PrivateDriverDataSize = 0;
        kmt_fails( QueryAdapterInfo, &params, STATUS_INVALID_PARAMETER );
        params.PrivateDriverDataSize = size - 1;
        kmt_fails( QueryAdapterInfo, &params, STATUS_INVALID_PARAMETER );
        check_bytes( "buffer", buffer, before, sizeof(buffer) );

        params.PrivateDriverDataSize = size;
        kmt_succeeds( QueryAdapterInfo, &params );
        check_bytes( "behind the buffer", buffer + size, before + size, sizeof(buffer) - size );
        for (j = 0; j < size && (unsigned char)buffer[j] == SENTINEL; j++) {}
        ok( j < size, "nothing was written\n" );

        /* a larger buffer gets the same answer, and nothing behind it */
        memcpy( before, buffer, sizeof(buffer) );
        params.PrivateDriverDataSize = size + 64;
        kmt_succeeds( QueryAdapterInfo, &params );
        check_bytes( "larger buffer", buffer, before, sizeof(buffer) );
        winetest_pop_context();
    }
}

static void test_query_other_types( D3DKMT_HANDLE adapter )
{
    static const UINT unknown[] = { 14, 1000, 0x7fffffff, 0x80000000, 0xffffffff };
    /* Working sets, modes, lists of blocked drivers, whose form nobody has published, and drivers that nobody has here: the rest is
     * answered, each by a test of its own. */
    static const UINT missing[] = { 7, 10, 21, 26, 29, 50, 51, 71 };
    D3DKMT_QUERYADAPTERINFO params;
    char buffer[16384], before[16384];
    UINT i;

    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    params.pPrivateDriverData = buffer;
    params.PrivateDriverDataSize = sizeof(buffer);
    FILL( buffer );
    FILL( before );
    for (i = 0; i < ARRAY_SIZE( unknown ); i++)
    {
        params.Type = unknown[i];
        kmt_fails( QueryAdapterInfo, &params, STATUS_INVALID_PARAMETER );
    }
    for (i = 0; winetest_platform_is_wine && i < ARRAY_SIZE( missing ); i++)
    {
        winetest_push_context( "type %u", missing[i] );
        params.Type = missing[i];
        kmt_fails( QueryAdapterInfo, &params, STATUS_NOT_SUPPORTED );
        winetest_pop_context();
    }
    check_bytes( "buffer", buffer, before, sizeof(buffer) );
}

static UINT string_length( const WCHAR *string, UINT size )
{
    UINT i;

    for (i = 0; i < size; i++) if (!string[i]) return i;
    return size;
}

static void test_query_answers( D3DKMT_HANDLE adapter )
{
    D3DKMT_SEGMENTGROUPSIZEINFO *groups;
    D3DKMT_SEGMENTSIZEINFO segments;
    D3DKMT_ADAPTERREGISTRYINFO *registry;
    D3DKMT_DRIVER_DESCRIPTION *description;
    D3DKMT_QUERY_DEVICE_IDS ids;
    D3DKMT_QUERYADAPTERINFO params;
    struct winekmt_adapter_data data;
    D3DKMT_ADAPTERTYPE type;
    UINT version, i;

    data = *(struct winekmt_adapter_data *)query( adapter, KMTQAITYPE_UMDRIVERPRIVATE, sizeof(data) );
    ok( data.magic == WINEKMT_ADAPTER_MAGIC, "magic %#x\n", data.magic );
    ok( data.version == WINEKMT_VERSION, "version %u\n", data.version );
    ok( !is_zero( data.device_uuid, 16 ), "no device_uuid\n" );
    ok( data.local_size + data.non_local_size > 0, "no memory\n" );
    ok( data.max_allocation_size > 0, "max_allocation_size 0\n" );
    ok( data.max_allocation_size <= max( data.local_size, data.non_local_size ), "max_allocation_size is above every group\n" );
    ok( data.page_size == 4096, "page_size %u\n", data.page_size );
    ok( data.max_alignment == WINEKMT_MAX_ALIGNMENT, "max_alignment %#x\n", data.max_alignment );
    ok( data.cpu_visible_segments && !(data.cpu_visible_segments & ~3u), "cpu_visible_segments %#x\n", data.cpu_visible_segments );
    ok( !(data.features & ~3u), "features %#x\n", data.features );

    segments = *(D3DKMT_SEGMENTSIZEINFO *)query( adapter, KMTQAITYPE_GETSEGMENTSIZE, sizeof(segments) );
    ok( segments.DedicatedVideoMemorySize + segments.DedicatedSystemMemorySize + segments.SharedSystemMemorySize ==
        data.local_size + data.non_local_size, "segments are not the heaps\n" );
    groups = query( adapter, KMTQAITYPE_GETSEGMENTGROUPSIZE, sizeof(*groups) );
    ok( groups->PhysicalAdapterIndex == 0, "PhysicalAdapterIndex %u\n", groups->PhysicalAdapterIndex );
    ok( groups->LocalMemory == data.local_size, "LocalMemory %s\n", wine_dbgstr_longlong( groups->LocalMemory ) );
    ok( groups->NonLocalMemory == data.non_local_size, "NonLocalMemory %s\n", wine_dbgstr_longlong( groups->NonLocalMemory ) );
    ok( groups->NonBudgetMemory == 0, "NonBudgetMemory %s\n", wine_dbgstr_longlong( groups->NonBudgetMemory ) );
    check_bytes( "LegacyInfo", &groups->LegacyInfo, &segments, sizeof(segments) );

    type = *(D3DKMT_ADAPTERTYPE *)query( adapter, KMTQAITYPE_ADAPTERTYPE, sizeof(type) );
    ok( type.RenderSupported, "type %#x\n", type.Value );
    ok( !type.Reserved, "type %#x\n", type.Value );
    ok( !(type.HybridDiscrete && type.HybridIntegrated), "type %#x\n", type.Value );

    version = *(UINT *)query( adapter, KMTQAITYPE_DRIVERVERSION, sizeof(version) );
    if (winetest_platform_is_wine) ok( version == KMT_DRIVERVERSION_WDDM_2_6, "version %u\n", version );
    else ok( version >= 1300, "version %u\n", version );
    ok( *(BOOL *)query( adapter, KMTQAITYPE_CHECKDRIVERUPDATESTATUS, sizeof(BOOL) ) == FALSE, "driver update\n" );
    ok( ((D3DKMT_PHYSICAL_ADAPTER_COUNT *)query( adapter, KMTQAITYPE_PHYSICALADAPTERCOUNT, 4 ))->Count == 1, "Count\n" );

    ids = *(D3DKMT_QUERY_DEVICE_IDS *)query( adapter, KMTQAITYPE_PHYSICALADAPTERDEVICEIDS, sizeof(ids) );
    ok( ids.PhysicalAdapterIndex == 0, "PhysicalAdapterIndex %u\n", ids.PhysicalAdapterIndex );
    ok( ids.DeviceIds.VendorID != 0, "VendorID 0\n" );

    /* an index that is not there */
    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    params.Type = KMTQAITYPE_PHYSICALADAPTERDEVICEIDS;
    params.pPrivateDriverData = &ids;
    params.PrivateDriverDataSize = sizeof(ids);
    ids.PhysicalAdapterIndex = 1;
    kmt_fails( QueryAdapterInfo, &params, STATUS_INVALID_PARAMETER );
    ids.PhysicalAdapterIndex = 99;
    kmt_fails( QueryAdapterInfo, &params, STATUS_INVALID_PARAMETER );
    params.Type = KMTQAITYPE_GETSEGMENTGROUPSIZE;
    params.pPrivateDriverData = groups;
    params.PrivateDriverDataSize = sizeof(*groups);
    groups->PhysicalAdapterIndex = 99;
    kmt_fails( QueryAdapterInfo, &params, STATUS_INVALID_PARAMETER );

    description = query( adapter, KMTQAITYPE_DRIVER_DESCRIPTION, sizeof(*description) );
    i = string_length( description->DriverDescription, ARRAY_SIZE( description->DriverDescription ) );
    ok( i && i < ARRAY_SIZE( description->DriverDescription ), "description of %u characters\n", i );
    trace( "%s\n", wine_dbgstr_w( description->DriverDescription ) );
    registry = query( adapter, KMTQAITYPE_ADAPTERREGISTRYINFO, sizeof(*registry) );
    i = string_length( registry->AdapterString, MAX_PATH );
    ok( i && i < MAX_PATH, "AdapterString of %u characters\n", i );
    ok( string_length( registry->BiosString, MAX_PATH ) < MAX_PATH, "BiosString without an end\n" );
    ok( string_length( registry->DacType, MAX_PATH ) < MAX_PATH, "DacType without an end\n" );
    ok( string_length( registry->ChipType, MAX_PATH ) < MAX_PATH, "ChipType without an end\n" );
}

START_TEST(adapter)
{
    D3DKMT_HANDLE adapter;

    test_enum_adapters2();
    test_enum_adapters();
    test_open_from_luid();
    test_open_from_display();
#ifdef _WIN32
    test_open_from_real_display();
    test_device_name();
#endif
    test_close();

    if (!open_adapter( &adapter )) return;
    test_query_sizes( adapter );
    test_query_other_types( adapter );
    test_query_answers( adapter );
    close_adapter( adapter );
}
