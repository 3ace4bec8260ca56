/*
 * Who an adapter is: numbers, versions, GUIDs, the twins of render adapters; and that every process sees the same adapters
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#ifndef _WIN32
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

/* Every GPU once, hardware before software, and each by its LUID. */
static void test_adapters( void )
{
    struct winekmt_adapter_data data[64];
    D3DKMT_OPENADAPTERFROMLUID open;
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    UINT i, j, count = enum_adapters( infos );
    D3DKMT_ADAPTERTYPE type;
    BOOL software = FALSE;

    for (i = 0; i < count; i++)
    {
        winetest_push_context( "adapter %u", i );
        check_status( query_info( infos[i].hAdapter, KMTQAITYPE_ADAPTERTYPE, &type, sizeof(type) ), STATUS_SUCCESS );
        if (winetest_platform_is_wine) ok( type.SoftwareDevice || !software, "hardware behind software\n" );
        software = type.SoftwareDevice;
        if (!get_adapter_data( infos[i].hAdapter, &data[i] ))
        {
            memset( &data[i], i + 1, sizeof(data[i]) );
            ok( !winetest_platform_is_wine, "not ours\n" );
        }
        for (j = 0; j < i; j++)
            ok( memcmp( data[j].device_uuid, data[i].device_uuid, sizeof(data[i].device_uuid) ), "the same GPU as adapter %u\n", j );

        open.AdapterLuid = infos[i].AdapterLuid;
        check_status( pD3DKMTOpenAdapterFromLuid( &open ), STATUS_SUCCESS );
        if (get_adapter_data( open.hAdapter, &data[63] ))
            check_bytes( "GPU by LUID", data[63].device_uuid, data[i].device_uuid, sizeof(data[i].device_uuid) );
        close_adapter( open.hAdapter );
        close_adapter( infos[i].hAdapter );
        winetest_pop_context();
    }
}

/* The types that ask the render side of an adapter the same. */
static void test_twins( D3DKMT_HANDLE adapter )
{
    static const struct
    {
        UINT type, render, size;
    }
    twins[] =
    {
        { KMTQAITYPE_ADAPTERGUID, KMTQAITYPE_ADAPTERGUID_RENDER, sizeof(GUID) },
        { KMTQAITYPE_ADAPTERADDRESS, KMTQAITYPE_ADAPTERADDRESS_RENDER, sizeof(D3DKMT_ADAPTERADDRESS) },
        { KMTQAITYPE_ADAPTERREGISTRYINFO, KMTQAITYPE_ADAPTERREGISTRYINFO_RENDER, sizeof(D3DKMT_ADAPTERREGISTRYINFO) },
        { KMTQAITYPE_CHECKDRIVERUPDATESTATUS, KMTQAITYPE_CHECKDRIVERUPDATESTATUS_RENDER, sizeof(BOOL) },
        { KMTQAITYPE_DRIVERVERSION, KMTQAITYPE_DRIVERVERSION_RENDER, sizeof(D3DKMT_DRIVERVERSION) },
        { KMTQAITYPE_ADAPTERTYPE, KMTQAITYPE_ADAPTERTYPE_RENDER, sizeof(D3DKMT_ADAPTERTYPE) },
        { KMTQAITYPE_DRIVER_DESCRIPTION, KMTQAITYPE_DRIVER_DESCRIPTION_RENDER, sizeof(D3DKMT_DRIVER_DESCRIPTION) },
    };
    static BYTE a[sizeof(D3DKMT_DRIVER_DESCRIPTION) + 8], b[sizeof(a)];
    NTSTATUS status;
    UINT i;

    for (i = 0; i < ARRAY_SIZE( twins ); i++)
    {
        winetest_push_context( "type %u", twins[i].render );
        FILL( a );
        FILL( b );
        status = query_info( adapter, twins[i].type, a, twins[i].size );
        ok( !status || (status == STATUS_NOT_SUPPORTED && twins[i].type == KMTQAITYPE_ADAPTERADDRESS), "status %#x\n", (UINT)status );
        check_status( query_info( adapter, twins[i].render, b, twins[i].size ), status );
        check_bytes( "answer", b, a, sizeof(a) );
        FILL( a );
        check_status( query_info( adapter, twins[i].render, a, twins[i].size - 1 ), STATUS_INVALID_PARAMETER );
        check_status( query_info( adapter, twins[i].render, NULL, twins[i].size ), STATUS_INVALID_PARAMETER );
        ok( a[0] == SENTINEL && a[twins[i].size - 2] == SENTINEL, "it was written\n" );
        winetest_pop_context();
    }
}

static void test_guids( D3DKMT_HANDLE adapter )
{
    D3DKMT_QUERY_ADAPTER_UNIQUE_GUID unique, again;
    struct winekmt_adapter_data data;
    char expected[40], string[40];
    GUID guid, same;
    UINT i;

    FILL( unique );
    check_status( query_info( adapter, KMTQAITYPE_QUERY_ADAPTER_UNIQUE_GUID, &unique, sizeof(unique) ), STATUS_SUCCESS );
    for (i = 0; i < 39; i++) string[i] = unique.AdapterUniqueGUID[i] < 0x7f ? unique.AdapterUniqueGUID[i] : '?';
    ok( !string[38], "\"%.39s\" has no end\n", string );
    for (i = 0; i < 38; i++)
    {
        BOOL digit = (string[i] >= '0' && string[i] <= '9') || (string[i] >= 'A' && string[i] <= 'F');
        BOOL dash = i == 9 || i == 14 || i == 19 || i == 24;

        ok( !i ? string[i] == '{' : i == 37 ? string[i] == '}' : dash ? string[i] == '-' : digit || broken( string[i] >= 'a' ),
            "\"%.38s\": character %u\n", string, i );
    }
    /* ours is Vulkan's UUID, byte for byte */
    if (get_adapter_data( adapter, &data ))
    {
        const BYTE *u = data.device_uuid;

        sprintf( expected, "{%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X}", u[0], u[1], u[2], u[3], u[4], u[5],
                 u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15] );
        ok( !strcmp( string, expected ), "\"%.38s\", expected \"%s\"\n", string, expected );
    }
    trace( "%.38s\n", string );
    FILL( again );
    check_status( query_info( adapter, KMTQAITYPE_QUERY_ADAPTER_UNIQUE_GUID, &again, sizeof(again) ), STATUS_SUCCESS );
    check_bytes( "AdapterUniqueGUID", &again, &unique, 39 * sizeof(WCHAR) );

    check_status( query_info( adapter, KMTQAITYPE_ADAPTERGUID, &guid, sizeof(guid) ), STATUS_SUCCESS );
    ok( !is_zero( &guid, sizeof(guid) ), "no GUID\n" );
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERGUID, &same, sizeof(same) ), STATUS_SUCCESS );
    check_bytes( "GUID", &same, &guid, sizeof(guid) );
}

static void test_numbers( D3DKMT_HANDLE adapter )
{
    D3DKMT_HYBRID_DLIST_DLL_SUPPORT hybrid;
    D3DKMT_ADAPTERADDRESS address;
    LARGE_INTEGER user, kernel;
    D3DKMT_QUERY_DEVICE_IDS ids;
    D3DKMT_GPUVERSION version;
    D3DKMT_XBOX xbox;
    NTSTATUS status;

    check_status( query_info( adapter, KMTQAITYPE_UMD_DRIVER_VERSION, &user, sizeof(user) ), STATUS_SUCCESS );
    check_status( query_info( adapter, KMTQAITYPE_KMD_DRIVER_VERSION, &kernel, sizeof(kernel) ), STATUS_SUCCESS );
    trace( "driver version %u.%u.%u.%u\n", (UINT)user.HighPart >> 16, (UINT)user.HighPart & 0xffff, (UINT)user.LowPart >> 16,
           (UINT)user.LowPart & 0xffff );
    ok( user.HighPart >> 16 > 0, "version %#x\n", (UINT)user.HighPart );
    if (winetest_platform_is_wine) ok( user.QuadPart == kernel.QuadPart, "%#x.%x and %#x.%x\n", (UINT)user.HighPart, (UINT)user.LowPart,
                                       (UINT)kernel.HighPart, (UINT)kernel.LowPart );

    FILL( xbox );
    check_status( query_info( adapter, KMTQAITYPE_XBOX, &xbox, sizeof(xbox) ), STATUS_SUCCESS );
    ok( xbox.IsXBOX == FALSE, "IsXBOX %#x\n", (UINT)xbox.IsXBOX );
    FILL( hybrid );
    check_status( query_info( adapter, KMTQAITYPE_HYBRID_DLIST_DLL_SUPPORT, &hybrid, sizeof(hybrid) ), STATUS_SUCCESS );
    ok( hybrid.Supported == FALSE || broken( hybrid.Supported == TRUE ), "Supported %#x\n", (UINT)hybrid.Supported );

    FILL( address );
    status = query_info( adapter, KMTQAITYPE_ADAPTERADDRESS, &address, sizeof(address) );
    if (status) check_status( status, STATUS_NOT_SUPPORTED );
    else ok( address.DeviceNumber < 32 && address.FunctionNumber < 8, "address %u:%u.%u\n", address.BusNumber, address.DeviceNumber,
             address.FunctionNumber );
    if (status) ok( address.BusNumber == SENTINEL32, "it was written\n" );

    memset( &ids, SENTINEL, sizeof(ids) );
    ids.PhysicalAdapterIndex = 0;
    check_status( query_info( adapter, KMTQAITYPE_PHYSICALADAPTERDEVICEIDS, &ids, sizeof(ids) ), STATUS_SUCCESS );
    ok( ids.DeviceIds.VendorID && ids.DeviceIds.VendorID != SENTINEL32, "VendorID %#x\n", ids.DeviceIds.VendorID );
    ok( ids.DeviceIds.SubVendorID != SENTINEL32, "SubVendorID was not written\n" );
    ok( ids.DeviceIds.SubSystemID != SENTINEL32, "SubSystemID was not written\n" );

    FILL( version );
    version.PhysicalAdapterIndex = 1;
    check_status( query_info( adapter, KMTQUITYPE_GPUVERSION, &version, sizeof(version) ), STATUS_INVALID_PARAMETER );
    version.PhysicalAdapterIndex = 0;
    status = query_info( adapter, KMTQUITYPE_GPUVERSION, &version, sizeof(version) );
    if (status) check_status( status, STATUS_NOT_SUPPORTED );
    else trace( "BIOS %s, architecture %s\n", wine_dbgstr_w( version.BiosVersion ), wine_dbgstr_w( version.GpuArchitecture ) );
}

/***********************************************************************
 * Another process
 */

static const char variable[] = "WINEKMT_TEST_LUIDS";

/* What the parent saw: every LUID, and its GUID. */
static void describe_adapters( char *string, size_t size )
{
    D3DKMT_QUERY_ADAPTER_UNIQUE_GUID guid;
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    UINT i, j, count = enum_adapters( infos );
    char name[40];

    *string = 0;
    for (i = 0; i < count; i++)
    {
        memset( &guid, 0, sizeof(guid) );
        query_info( infos[i].hAdapter, KMTQAITYPE_QUERY_ADAPTER_UNIQUE_GUID, &guid, sizeof(guid) );
        for (j = 0; j < 38; j++) name[j] = guid.AdapterUniqueGUID[j];
        name[38] = 0;
        snprintf( string + strlen( string ), size - strlen( string ), "%08x:%08x=%s;", (UINT)infos[i].AdapterLuid.HighPart,
                  (UINT)infos[i].AdapterLuid.LowPart, name );
        close_adapter( infos[i].hAdapter );
    }
}

static void test_in_child( const char *expected )
{
    char here[4096];

    describe_adapters( here, sizeof(here) );
    ok( !strcmp( here, expected ), "\"%s\", the parent has \"%s\"\n", here, expected );
}

static void test_other_process( void )
{
    char expected[4096];
#ifdef _WIN32
    PROCESS_INFORMATION process;
    STARTUPINFOA startup;
    char path[MAX_PATH], command[MAX_PATH + 16];
    DWORD code = ~0u;
    BOOL ret;

    describe_adapters( expected, sizeof(expected) );
    SetEnvironmentVariableA( variable, expected );
    memset( &startup, 0, sizeof(startup) );
    startup.cb = sizeof(startup);
    GetModuleFileNameA( NULL, path, sizeof(path) );
    sprintf( command, "\"%s\" identity", path );
    ret = CreateProcessA( path, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process );
    SetEnvironmentVariableA( variable, NULL );
    ok( ret, "CreateProcess failed with %u\n", (UINT)GetLastError() );
    if (!ret) return;
    ok( WaitForSingleObject( process.hProcess, 60000 ) == WAIT_OBJECT_0, "the child does not end\n" );
    GetExitCodeProcess( process.hProcess, &code );
    ok( !code, "the child sees other adapters\n" );
    CloseHandle( process.hThread );
    CloseHandle( process.hProcess );
#else
    char path[4096] = "", *argv[] = { path, (char *)"identity", NULL };
    int status, ret;
    pid_t child;

    describe_adapters( expected, sizeof(expected) );
    fflush( stdout );
    setenv( variable, expected, 1 );
    ok( readlink( "/proc/self/exe", path, sizeof(path) - 1 ) > 0, "no path\n" );   /* valgrind knows of this, not of its execution */
    ret = posix_spawn( &child, path, NULL, NULL, argv, environ );
    unsetenv( variable );
    ok( !ret, "posix_spawn failed with %d\n", ret );
    if (ret) return;
    ok( waitpid( child, &status, 0 ) == child && WIFEXITED( status ) && !WEXITSTATUS( status ),
        "the child sees other adapters, status %#x\n", status );
#endif
}

START_TEST(identity)
{
    const char *expected = getenv( variable );
    D3DKMT_HANDLE adapter;

    if (expected)
    {
        test_in_child( expected );
        return;
    }
    test_adapters();
    if (!open_adapter( &adapter )) return;
    test_twins( adapter );
    test_guids( adapter );
    test_numbers( adapter );
    close_adapter( adapter );
    test_other_process();
}
