/*
 * QueryAdapterInfo: what the registry holds about an adapter
 *
 * Under Wine the test writes values where an installer would, and takes them away again; on Windows it only looks. Of the
 * Linux programs the one with the fake GPU has a registry (tests/fake_registry.h), the other has none.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "registry.h"

#define HEADER       offsetof( D3DDDI_QUERYREGISTRY_INFO, OutputDword )
#define KEY_CHARS    512
#define CONTROL_SET  MACHINE u"System\\CurrentControlSet\\"
#define SERVICE      CONTROL_SET u"Services\\winekmt_test"
#define VULKAN       MACHINE u"Software\\Khronos\\Vulkan\\Drivers"
#define VULKAN_WOW   MACHINE u"Software\\Wow6432Node\\Khronos\\Vulkan\\Drivers"

static D3DKMT_HANDLE adapter;
static LUID luid;
/* The adapter's keys */
static WCHAR device_key[KEY_CHARS], software_key[KEY_CHARS];

/***********************************************************************
 * Asking
 */

static union
{
    D3DDDI_QUERYREGISTRY_INFO info;
    BYTE bytes[32768];
}
answer;

static void init_answer( UINT type, const WCHAR *name, UINT value_type )
{
    FILL( answer );
    memset( &answer.info, 0, HEADER );
    answer.info.QueryType = type;
    answer.info.ValueType = value_type;
    memcpy( answer.info.ValueName, name, (length_of( name ) + 1) * sizeof(*name) );
    answer.info.OutputValueSize = SENTINEL32;
    answer.info.Status = SENTINEL32;
}

/* Asks with what init_answer and the test put into "answer", and room bytes for the value. */
static NTSTATUS ask_again( UINT room )
{
    static BYTE before[sizeof(answer)];
    NTSTATUS status;
    UINT size;

    memcpy( before, &answer, sizeof(before) );
    status = query_info( adapter, KMTQAITYPE_QUERYREGISTRY, &answer, HEADER + room );
    check_bytes( "inputs", &answer, before, offsetof( D3DDDI_QUERYREGISTRY_INFO, OutputValueSize ) );
    if (status)
    {
        ok( answer.info.Status == SENTINEL32 || answer.info.Status == D3DDDI_QUERYREGISTRY_STATUS_FAIL, "Status %u\n", answer.info.Status );
        ok( answer.info.OutputValueSize == SENTINEL32, "OutputValueSize %u\n", (UINT)answer.info.OutputValueSize );
        check_bytes( "value of a failure", answer.bytes + HEADER, before + HEADER, sizeof(before) - HEADER );
        return status;
    }
    size = answer.info.OutputValueSize;
    if (answer.info.Status == D3DDDI_QUERYREGISTRY_STATUS_BUFFER_OVERFLOW)
    {
        ok( size > room, "OutputValueSize %u, there is room for %u\n", size, room );
        size = 0;
    }
    else ok( answer.info.Status == D3DDDI_QUERYREGISTRY_STATUS_SUCCESS && size <= room,
             "Status %u, OutputValueSize %u, there is room for %u\n", answer.info.Status, size, room );
    if (size <= room)
        check_bytes( "behind the value", answer.bytes + HEADER + size, before + HEADER + size, sizeof(before) - HEADER - size );
    return status;
}

static NTSTATUS ask( UINT type, const WCHAR *name, UINT value_type, UINT room )
{
    init_answer( type, name, value_type );
    return ask_again( room );
}

/* The value must be that, in every size of buffer. */
static void check_value_( int line, UINT type, const WCHAR *name, UINT value_type, const void *data, UINT size )
{
    UINT rooms[] = { 8, size - 1, size, size + 1, size + 1000 }, i;

    winetest_push_context( "line %u: %s", line, wine_dbgstr_w( name ) );
    for (i = 0; i < ARRAY_SIZE( rooms ); i++)
    {
        if (rooms[i] < 8 || rooms[i] > sizeof(answer) - HEADER) continue;
        check_status( ask( type, name, value_type, rooms[i] ), STATUS_SUCCESS );
        ok( answer.info.OutputValueSize == size, "OutputValueSize %u, expected %u\n", (UINT)answer.info.OutputValueSize, size );
        ok( answer.info.Status == (rooms[i] < size ? D3DDDI_QUERYREGISTRY_STATUS_BUFFER_OVERFLOW : D3DDDI_QUERYREGISTRY_STATUS_SUCCESS),
            "room for %u: Status %u\n", rooms[i], answer.info.Status );
        if (rooms[i] >= size) check_bytes( "value", answer.info.OutputBinary, data, size );
    }
    winetest_pop_context();
}
#define check_value( type, name, value_type, data, size ) check_value_( __LINE__, type, name, value_type, data, size )
#define check_string( type, name, value_type, string ) \
    check_value( type, name, value_type, string, (length_of( string ) + 1) * sizeof(WCHAR) )

/***********************************************************************
 * Tests
 */

/* What is wrong with a question, whatever the registry holds. */
static void test_bad( void )
{
    static const UINT types[] = { REG_NONE, REG_BINARY, REG_DWORD, REG_QWORD };
    D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY key;
    D3DKMT_UMDFILENAMEINFO umd;
    UINT i, count = 4;
    WCHAR buffer[4];

    init_answer( D3DDDI_QUERYREGISTRY_MAX, u"x", REG_SZ );
    check_status( ask_again( 100 ), STATUS_INVALID_PARAMETER );
    init_answer( 0xffffffff, u"x", REG_SZ );
    check_status( ask_again( 100 ), STATUS_INVALID_PARAMETER );
    init_answer( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"x", REG_SZ );
    answer.info.PhysicalAdapterIndex = 1;
    check_status( ask_again( 100 ), STATUS_INVALID_PARAMETER );
    init_answer( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"x", REG_SZ );
    check_status( ask_again( 7 ), STATUS_INVALID_PARAMETER );
    /* a name without an end */
    init_answer( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"", REG_SZ );
    for (i = 0; i < MAX_PATH; i++) answer.info.ValueName[i] = 'x';
    if (winetest_platform_is_wine) check_status( ask_again( 100 ), STATUS_INVALID_PARAMETER );
    /* only strings can be translated, and paths are anyway */
    for (i = 0; i < ARRAY_SIZE( types ); i++)
    {
        init_answer( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"x", types[i] );
        answer.info.QueryFlags.TranslatePath = 1;
        if (winetest_platform_is_wine) check_status( ask_again( 100 ), STATUS_INVALID_PARAMETER );
        else ok( ask_again( 100 ) < 0, "type %u\n", types[i] );
    }
    for (i = D3DDDI_QUERYREGISTRY_DRIVERSTOREPATH; i <= D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH; i++)
    {
        init_answer( i, u"", REG_NONE );
        answer.info.QueryFlags.TranslatePath = 1;
        if (winetest_platform_is_wine) check_status( ask_again( 1000 ), STATUS_INVALID_PARAMETER );
        init_answer( i, u"", REG_SZ );
        if (winetest_platform_is_wine) check_status( ask_again( 1000 ), STATUS_INVALID_PARAMETER );
        else ok( ask_again( 1000 ) < 0, "a path with a type\n" );
    }
    if (winetest_platform_is_wine)
    {
        init_answer( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"x", REG_SZ );
        answer.info.QueryFlags.Reserved = 1;
        check_status( ask_again( 100 ), STATUS_INVALID_PARAMETER );
    }

    memset( &key, 0, sizeof(key) );
    key.PnPKeyType = D3DKMT_PNP_KEY_HARDWARE;
    key.pDest = buffer;
    check_status( query_info( adapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) ), STATUS_INVALID_PARAMETER );     /* no pCchDest */
    key.pCchDest = &count;
    key.PhysicalAdapterIndex = 1;
    check_status( query_info( adapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) ), STATUS_INVALID_PARAMETER );
    key.PhysicalAdapterIndex = 0;
    key.PnPKeyType = 0;
    check_status( query_info( adapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) ), STATUS_INVALID_PARAMETER );
    key.PnPKeyType = 3;
    check_status( query_info( adapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) ), STATUS_INVALID_PARAMETER );
    ok( count == 4, "*pCchDest %u\n", count );

    FILL( umd );
    umd.Version = NUM_KMTUMDVERSIONS;
    if (winetest_platform_is_wine) check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_INVALID_PARAMETER );
    umd.Version = 0xffffffff;
    check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_INVALID_PARAMETER );
}

#ifndef _WIN32

/* An adapter that the registry does not know. */
static void test_none( void )
{
    D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY key;
    D3DKMT_UMDFILENAMEINFO umd;
    D3DKMT_OPENGLINFO opengl;
    WCHAR buffer[KEY_CHARS];
    UINT i, count = KEY_CHARS;

    for (i = D3DKMT_PNP_KEY_HARDWARE; i <= D3DKMT_PNP_KEY_SOFTWARE; i++)
    {
        memset( &key, 0, sizeof(key) );
        key.PnPKeyType = i;
        key.pDest = buffer;
        key.pCchDest = &count;
        check_status( query_info( adapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) ), STATUS_NOT_SUPPORTED );
        ok( count == KEY_CHARS, "*pCchDest %u\n", count );
    }
    for (i = D3DDDI_QUERYREGISTRY_SERVICEKEY; i <= D3DDDI_QUERYREGISTRY_ADAPTERKEY; i++)
    {
        check_status( ask( i, u"DriverDesc", REG_SZ, 1000 ), STATUS_OBJECT_NAME_NOT_FOUND );
        check_status( ask( i, u"VulkanDriverName", REG_MULTI_SZ, 8 ), STATUS_OBJECT_NAME_NOT_FOUND );
        check_status( ask( i, u"OpenCLDriverName", REG_SZ, 8 ), STATUS_OBJECT_NAME_NOT_FOUND );
    }
    check_status( ask( D3DDDI_QUERYREGISTRY_DRIVERSTOREPATH, u"", REG_NONE, 1000 ), STATUS_OBJECT_NAME_NOT_FOUND );
    check_status( ask( D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH, u"", REG_NONE, 1000 ), STATUS_OBJECT_NAME_NOT_FOUND );
    for (i = 0; i < NUM_KMTUMDVERSIONS; i++)
    {
        umd.Version = i;
        check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_NOT_SUPPORTED );
    }
    check_status( query_info( adapter, KMTQAITYPE_UMOPENGLINFO, &opengl, sizeof(opengl) ), STATUS_NOT_SUPPORTED );
    check_status( query_info( adapter, KMTQAITYPE_SERVICENAME, buffer, sizeof(buffer) ), STATUS_NOT_SUPPORTED );
}

#endif

/* Reads the path of a key, checking the ways to ask for it. FALSE: the adapter has none. */
static BOOL get_key( UINT type, WCHAR path[KEY_CHARS] )
{
    D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY key;
    UINT needed = 0, count, length;
    WCHAR buffer[KEY_CHARS];
    NTSTATUS status;

    memset( &key, 0, sizeof(key) );
    key.PnPKeyType = type;
    key.pCchDest = &needed;
    status = query_info( adapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) );
    if (status == STATUS_NOT_SUPPORTED) return FALSE;
    ok( status == STATUS_BUFFER_TOO_SMALL || broken( !status ), "status %#x\n", (UINT)status );
    ok( needed > 1 && needed < KEY_CHARS, "needed %u\n", needed );
    if (needed <= 1 || needed >= KEY_CHARS) return FALSE;

    if (winetest_platform_is_wine)
    {
        FILL( buffer );
        key.pDest = buffer;
        count = needed - 1;
        key.pCchDest = &count;
        check_status( query_info( adapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) ), STATUS_BUFFER_TOO_SMALL );
        ok( count == needed, "*pCchDest %u, expected %u\n", count, needed );
        for (count = 0; count < KEY_CHARS && buffer[count] == 0xcccc; count++) {}
        ok( count == KEY_CHARS, "it was written\n" );
    }
    FILL( buffer );
    key.pDest = buffer;
    count = KEY_CHARS - 1;
    key.pCchDest = &count;
    check_status( query_info( adapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) ), STATUS_SUCCESS );
    for (length = 0; length < KEY_CHARS && buffer[length]; length++) {}
    ok( length + 1 == needed, "%u characters, needed %u\n", length, needed );
    ok( count == needed, "*pCchDest %u, needed %u\n", count, needed );
    ok( buffer[KEY_CHARS - 1] == 0xcccc, "it wrote too much\n" );
    if (length == KEY_CHARS) return FALSE;
    memcpy( path, buffer, (length + 1) * sizeof(*buffer) );

    if (winetest_platform_is_wine)
    {
        FILL( buffer );
        count = needed;
        check_status( query_info( adapter, KMTQAITYPE_PHYSICALADAPTERPNPKEY, &key, sizeof(key) ), STATUS_SUCCESS );
        ok( count == needed, "*pCchDest %u, needed %u\n", count, needed );
        check_bytes( "path", buffer, path, needed * sizeof(*buffer) );
        ok( buffer[needed] == 0xcccc, "it wrote too much\n" );
    }
    return TRUE;
}

static void test_keys( void )
{
    trace( "device %s\n", wine_dbgstr_w( device_key ) );
    trace( "software %s\n", wine_dbgstr_w( software_key ) );
    ok( begins_with( device_key, CONTROL_SET u"Enum\\" ) || broken( begins_with( device_key, MACHINE u"System\\ControlSet" ) ),
        "device %s\n", wine_dbgstr_w( device_key ) );
    ok( begins_with( software_key, CONTROL_SET u"Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}\\" ) ||
        broken( begins_with( software_key, MACHINE u"System\\ControlSet" ) ), "software %s\n", wine_dbgstr_w( software_key ) );
    ok( key_exists( device_key ), "%s does not exist\n", wine_dbgstr_w( device_key ) );
    ok( key_exists( software_key ), "%s does not exist\n", wine_dbgstr_w( software_key ) );
}

/* Values of every type, in a key; query: that reads it. */
static void test_values( UINT type, const WCHAR *path )
{
    static const WCHAR list[] = u"C:\\one.json\0C:\\directory with spaces\\two.json\0", unterminated[] = u"abc";
    static const UINT value_types[] = { REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_MULTI_SZ, REG_QWORD, 99 };
    static const WCHAR name[] = u"winekmt test";
    static BYTE large[20000];
    const UINT64 qword = 0x0123456789abcdef;
    const UINT dword = 0xdeadbeef;
    const WCHAR nothing[2] = { 0 };
    UINT i;

    check_status( ask( type, u"winekmt no such value", REG_SZ, 100 ), STATUS_OBJECT_NAME_NOT_FOUND );
    check_status( ask( type, name, REG_SZ, 100 ), STATUS_OBJECT_NAME_NOT_FOUND );

    set_string( path, name, REG_SZ, u"C:\\Windows\\System32\\driver.json" );
    check_string( type, name, REG_SZ, u"C:\\Windows\\System32\\driver.json" );
    check_string( type, u"WINEKMT Test", REG_SZ, u"C:\\Windows\\System32\\driver.json" );
    for (i = 0; i < ARRAY_SIZE( value_types ); i++)
    {
        if (value_types[i] == REG_SZ) continue;
        check_status( ask( type, name, value_types[i], 100 ), STATUS_OBJECT_TYPE_MISMATCH );
        check_status( ask( type, name, value_types[i], 8 ), STATUS_OBJECT_TYPE_MISMATCH );
    }
    /* outside of a virtual machine nothing is translated */
    init_answer( type, name, REG_SZ );
    answer.info.QueryFlags.TranslatePath = 1;
    check_status( ask_again( 1000 ), STATUS_SUCCESS );
    check_bytes( "value", answer.info.OutputString, u"C:\\Windows\\System32\\driver.json", 32 * sizeof(WCHAR) );
    init_answer( type, name, REG_SZ );
    answer.info.QueryFlags.MutableValue = 1;
    check_status( ask_again( 1000 ), STATUS_SUCCESS );

    set_string( path, name, REG_SZ, u"" );
    check_string( type, name, REG_SZ, u"" );
    set_string( path, name, REG_EXPAND_SZ, u"%SystemRoot%\\System32" );
    check_string( type, name, REG_EXPAND_SZ, u"%SystemRoot%\\System32" );
    set_value( path, name, REG_MULTI_SZ, list, sizeof(list) );
    check_value( type, name, REG_MULTI_SZ, list, sizeof(list) );
    set_value( path, name, REG_DWORD, &dword, sizeof(dword) );
    check_value( type, name, REG_DWORD, &dword, sizeof(dword) );
    check_status( ask( type, name, REG_DWORD, 8 ), STATUS_SUCCESS );
    ok( answer.info.OutputDword == dword, "%#x\n", (UINT)answer.info.OutputDword );
    set_value( path, name, REG_QWORD, &qword, sizeof(qword) );
    check_value( type, name, REG_QWORD, &qword, sizeof(qword) );
    check_status( ask( type, name, REG_QWORD, 8 ), STATUS_SUCCESS );
    ok( answer.info.OutputQword == qword, "%s\n", wine_dbgstr_longlong( answer.info.OutputQword ) );
    set_value( path, name, REG_BINARY, list, 13 );
    check_value( type, name, REG_BINARY, list, 13 );
    set_value( path, name, REG_BINARY, list, 0 );
    check_value( type, name, REG_BINARY, list, 0 );

    /* strings that lack their end, as a careless installer leaves them, get one */
    set_value( path, name, REG_SZ, unterminated, 6 );
    check_value( type, name, REG_SZ, u"abc", 8 );
    set_value( path, name, REG_SZ, unterminated, 5 );
    check_value( type, name, REG_SZ, u"ab", 6 );
    set_value( path, name, REG_SZ, unterminated, 0 );
    check_value( type, name, REG_SZ, u"", 2 );
    set_value( path, name, REG_MULTI_SZ, unterminated, 6 );
    check_value( type, name, REG_MULTI_SZ, u"abc\0", 10 );
    set_value( path, name, REG_MULTI_SZ, unterminated, 8 );
    check_value( type, name, REG_MULTI_SZ, u"abc\0", 10 );
    set_value( path, name, REG_MULTI_SZ, unterminated, 0 );
    check_value( type, name, REG_MULTI_SZ, u"\0", 4 );
    set_value( path, name, REG_MULTI_SZ, nothing, 2 );
    check_value( type, name, REG_MULTI_SZ, u"\0", 4 );

    /* as much as there is room for at all, and more: a caller that asks until it is enough must not do so for ever */
    for (i = 0; i < sizeof(large); i++) large[i] = i * 7 + i / 256;
    set_value( path, name, REG_BINARY, large, 15000 );
    check_value( type, name, REG_BINARY, large, 15000 );
    set_value( path, name, REG_BINARY, large, sizeof(large) );
    check_status( ask( type, name, REG_BINARY, 8 ), STATUS_NO_MEMORY );
    check_status( ask( type, name, REG_BINARY, sizeof(large) ), STATUS_NO_MEMORY );
    check_status( ask( type, name, REG_SZ, sizeof(large) ), STATUS_OBJECT_TYPE_MISMATCH );

    unset( path, name );
    check_status( ask( type, name, REG_BINARY, 100 ), STATUS_OBJECT_NAME_NOT_FOUND );
}

/* Asks as the Vulkan loader for Windows does: a list first, then a string, first for its size, then with that much more room.
 * The type that it got is returned, REG_NONE for nothing; the strings are in "answer". */
static UINT find_manifests( const WCHAR *name )
{
    static const UINT types[] = { REG_MULTI_SZ, REG_SZ };
    NTSTATUS status = STATUS_SUCCESS;
    UINT i, tries, room = 8;

    for (i = 0; i < ARRAY_SIZE( types ); i++)
    {
        init_answer( D3DDDI_QUERYREGISTRY_ADAPTERKEY, name, types[i] );
        answer.info.QueryFlags.TranslatePath = 1;
        if (!(status = ask_again( room ))) break;
    }
    if (i == ARRAY_SIZE( types )) return REG_NONE;
    for (tries = 0; !status && answer.info.Status == D3DDDI_QUERYREGISTRY_STATUS_BUFFER_OVERFLOW; tries++)
    {
        ok( tries < 3, "it is never enough\n" );
        if (tries == 3) return REG_NONE;
        room = answer.info.OutputValueSize + 8;
        answer.info.OutputValueSize = answer.info.Status = SENTINEL32;
        status = ask_again( room );
    }
    check_status( status, STATUS_SUCCESS );
    return types[i];
}

/* What Wine registers for every GPU counts where the adapter's key says nothing. */
static void test_vulkan( void )
{
    static const WCHAR list[] = u"C:\\first.json\0C:\\second.json\0";
    const UINT on = 0, off = 1;

    set_value( VULKAN, u"C:\\winekmt test off.json", REG_DWORD, &off, sizeof(off) );
    set_value( VULKAN, u"C:\\winekmt test.txt", REG_BINARY, &on, sizeof(on) );
#ifdef _WIN32
    {
        /* Wine's driver is there once: its manifest. The order is that of the registry, which a test cannot know. */
        WCHAR manifest[MAX_PATH];
        HMODULE winevulkan = LoadLibraryA( "winevulkan.dll" );
        UINT found = 0;
        WCHAR *string;

        GetSystemDirectoryW( manifest, MAX_PATH );
        wcscat( manifest, L"\\winevulkan.json" );
        set_value( VULKAN, u"C:\\winekmt test on.json", REG_DWORD, &on, sizeof(on) );
        ok( find_manifests( u"VulkanDriverName" ) == REG_MULTI_SZ, "no drivers\n" );
        for (string = answer.info.OutputString; *string; string += wcslen( string ) + 1)
        {
            trace( "%s\n", wine_dbgstr_w( string ) );
            if (!wcsicmp( string, manifest )) found += 1;
            else if (!wcscmp( string, L"C:\\winekmt test on.json" )) found += 16;
            else ok( !wcsstr( string, L"winekmt test" ), "%s\n", wine_dbgstr_w( string ) );
        }
        ok( found == (winevulkan ? 17 : 16), "found %#x\n", found );
        check_status( ask( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"VulkanDriverName", REG_SZ, 1000 ), STATUS_SUCCESS );
        if (winevulkan) FreeLibrary( winevulkan );
        unset( VULKAN, u"C:\\winekmt test on.json" );
    }
#else
    {
        static const WCHAR expected[] = u"C:\\winekmt test on.json\0C:\\windows\\system32\\winevulkan.json\0";

        ok( find_manifests( u"VulkanDriverName" ) == REG_NONE, "a driver that is off\n" );
        set_value( VULKAN, u"C:\\winekmt test on.json", REG_DWORD, &on, sizeof(on) );
        set_value( VULKAN, u"C:\\windows\\system32\\winevulkan.json", REG_DWORD, &on, sizeof(on) );
        set_value( VULKAN, u"", REG_DWORD, &on, sizeof(on) );
        check_value( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"VULKANdriverNAME", REG_MULTI_SZ, expected, sizeof(expected) );
        check_string( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"VulkanDriverName", REG_SZ, u"C:\\winekmt test on.json" );
        ok( find_manifests( u"VulkanDriverName" ) == REG_MULTI_SZ, "no drivers\n" );
        ok( find_manifests( u"VulkanDriverNameWow" ) == REG_NONE, "a driver for 32-bit programs\n" );
        set_value( VULKAN_WOW, u"C:\\wow.json", REG_DWORD, &on, sizeof(on) );
        ok( find_manifests( u"VulkanDriverNameWow" ) == REG_MULTI_SZ, "no drivers\n" );
        check_bytes( "list", answer.info.OutputString, u"C:\\wow.json\0", 13 * sizeof(WCHAR) );
        ok( find_manifests( u"VulkanDriverNameWo" ) == REG_NONE, "another name\n" );
        /* the adapter need not be one of Wine's */
        fake_registry_set_device( luid, NULL );
        ok( find_manifests( u"VulkanDriverName" ) == REG_MULTI_SZ, "no drivers\n" );
        check_status( ask( D3DDDI_QUERYREGISTRY_SERVICEKEY, u"VulkanDriverName", REG_MULTI_SZ, 1000 ), STATUS_OBJECT_NAME_NOT_FOUND );
        fake_registry_set_device( luid, device_key );
        unset( VULKAN, u"C:\\windows\\system32\\winevulkan.json" );
        unset( VULKAN, u"C:\\winekmt test on.json" );
        unset( VULKAN, u"" );
        unset( VULKAN_WOW, u"C:\\wow.json" );
    }
#endif
    unset( VULKAN, u"C:\\winekmt test off.json" );
    unset( VULKAN, u"C:\\winekmt test.txt" );

    /* a driver that was installed for this adapter */
    set_string( software_key, u"VulkanDriverName", REG_SZ, u"C:\\vendor\\vk64.json" );
    ok( find_manifests( u"VulkanDriverName" ) == REG_SZ, "not the one in the key\n" );
    check_bytes( "string", answer.info.OutputString, u"C:\\vendor\\vk64.json", 20 * sizeof(WCHAR) );
    set_value( software_key, u"VulkanDriverName", REG_MULTI_SZ, list, sizeof(list) );
    ok( find_manifests( u"VulkanDriverName" ) == REG_MULTI_SZ, "not the ones in the key\n" );
    check_bytes( "list", answer.info.OutputString, list, sizeof(list) );
    unset( software_key, u"VulkanDriverName" );

    /* The OpenCL loader asks for a string */
    set_string( software_key, u"OpenCLDriverName", REG_SZ, u"C:\\vendor\\opencl.dll" );
    check_string( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"OpenCLDriverName", REG_SZ, u"C:\\vendor\\opencl.dll" );
    unset( software_key, u"OpenCLDriverName" );
    check_status( ask( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"OpenCLDriverName", REG_SZ, 8 ), STATUS_OBJECT_NAME_NOT_FOUND );
}

/* A kernel-mode driver, as an installer may register one. */
static void test_service( void )
{
    static const WCHAR package[] = u"\\SystemRoot\\System32\\DriverStore\\FileRepository\\test.inf_amd64_0123456789abcdef";
    static const WCHAR image[] = u"\\SystemRoot\\System32\\DriverStore\\FileRepository\\test.inf_amd64_0123456789abcdef\\test.sys";
    WCHAR name[64];

    check_status( ask( D3DDDI_QUERYREGISTRY_SERVICEKEY, u"x", REG_SZ, 100 ), STATUS_OBJECT_NAME_NOT_FOUND );
    check_status( ask( D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH, u"", REG_NONE, 1000 ), STATUS_OBJECT_NAME_NOT_FOUND );
    check_status( query_info( adapter, KMTQAITYPE_SERVICENAME, name, sizeof(name) ), STATUS_NOT_SUPPORTED );

    set_string( device_key, u"Service", REG_SZ, u"winekmt_test" );
    FILL( name );
    check_status( query_info( adapter, KMTQAITYPE_SERVICENAME, name, sizeof(name) ), STATUS_SUCCESS );
    check_bytes( "name", name, u"winekmt_test", 13 * sizeof(WCHAR) );
    ok( name[13] == 0xcccc, "it wrote too much\n" );
    FILL( name );
    check_status( query_info( adapter, KMTQAITYPE_SERVICENAME, name, 13 * sizeof(WCHAR) ), STATUS_SUCCESS );
    FILL( name );
    check_status( query_info( adapter, KMTQAITYPE_SERVICENAME, name, 13 * sizeof(WCHAR) - 1 ), STATUS_BUFFER_TOO_SMALL );
    ok( *name == 0xcccc, "it was written\n" );
    check_status( query_info( adapter, KMTQAITYPE_SERVICENAME, name, 1 ), STATUS_INVALID_PARAMETER );

    check_status( ask( D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH, u"", REG_NONE, 1000 ), STATUS_OBJECT_NAME_NOT_FOUND );
    test_values( D3DDDI_QUERYREGISTRY_SERVICEKEY, SERVICE u"\\Parameters" );

    set_string( SERVICE, u"ImagePath", REG_EXPAND_SZ, image );
    check_string( D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH, u"", REG_NONE, image );
    check_string( D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH, u"ignored", REG_NONE, image );
    check_string( D3DDDI_QUERYREGISTRY_DRIVERSTOREPATH, u"", REG_NONE, package );
    set_string( SERVICE, u"ImagePath", REG_SZ, u"System32\\drivers\\test.sys" );
    check_string( D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH, u"", REG_NONE, u"\\SystemRoot\\System32\\drivers\\test.sys" );
    check_status( ask( D3DDDI_QUERYREGISTRY_DRIVERSTOREPATH, u"", REG_NONE, 1000 ), STATUS_OBJECT_NAME_NOT_FOUND );
    set_string( SERVICE, u"ImagePath", REG_SZ, u"C:\\drivers\\test.sys" );
    check_string( D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH, u"", REG_NONE, u"C:\\drivers\\test.sys" );
    set_string( SERVICE, u"ImagePath", REG_SZ, u"\\DriverStore\\FileRepository\\nothing" );
    check_status( ask( D3DDDI_QUERYREGISTRY_DRIVERSTOREPATH, u"", REG_NONE, 1000 ), STATUS_OBJECT_NAME_NOT_FOUND );
    set_string( SERVICE, u"ImagePath", REG_SZ, u"" );
    check_status( ask( D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH, u"", REG_NONE, 1000 ), STATUS_OBJECT_NAME_NOT_FOUND );
    unset( SERVICE, u"ImagePath" );
    delete_key( SERVICE );
    unset( device_key, u"Service" );
    check_status( query_info( adapter, KMTQAITYPE_SERVICENAME, name, sizeof(name) ), STATUS_NOT_SUPPORTED );
}

/* User-mode drivers of Direct3D and OpenGL. */
static void test_user_mode_drivers( void )
{
    static const WCHAR list[] = u"d9.dll\0d10.dll\0C:\\d11.dll\0";
    static const WCHAR *const names[] = { u"d9.dll", u"d10.dll", u"C:\\d11.dll" };
    const UINT version = 0x1234, flags = 3;
    D3DKMT_UMDFILENAMEINFO umd;
    WCHAR path[MAX_PATH + 1];
    D3DKMT_OPENGLINFO opengl;
    UINT i;

    for (i = 0; i < NUM_KMTUMDVERSIONS; i++)
    {
        umd.Version = i;
        check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_NOT_SUPPORTED );
    }
    set_value( software_key, u"UserModeDriverName", REG_MULTI_SZ, list, sizeof(list) );
    for (i = 0; i < NUM_KMTUMDVERSIONS; i++)
    {
        FILL( umd );
        umd.Version = i;
        check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), i < 3 ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED );
        ok( umd.Version == i, "Version %u, was %u\n", umd.Version, i );
        if (i < 3) check_bytes( "UmdFileName", umd.UmdFileName, names[i], (length_of( names[i] ) + 1) * sizeof(WCHAR) );
        else ok( umd.UmdFileName[0] == 0xcccc, "it was written\n" );
    }
    set_string( software_key, u"UserModeDriverName", REG_SZ, u"one.dll" );
    umd.Version = KMTUMDVERSION_DX9;
    check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_SUCCESS );
    check_bytes( "UmdFileName", umd.UmdFileName, u"one.dll", 8 * sizeof(WCHAR) );
    umd.Version = KMTUMDVERSION_DX11;
    check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_NOT_SUPPORTED );
    /* a name that is too long, and one that just fits */
    for (i = 0; i < MAX_PATH; i++) path[i] = 'x';
    path[MAX_PATH] = 0;
    set_string( software_key, u"UserModeDriverName", REG_SZ, path );
    umd.Version = KMTUMDVERSION_DX9;
    check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_NOT_SUPPORTED );
    path[MAX_PATH - 1] = 0;
    set_string( software_key, u"UserModeDriverName", REG_SZ, path );
    check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_SUCCESS );
    check_bytes( "UmdFileName", umd.UmdFileName, path, sizeof(umd.UmdFileName) );
    set_value( software_key, u"UserModeDriverName", REG_DWORD, &version, sizeof(version) );
    check_status( query_info( adapter, KMTQAITYPE_UMDRIVERNAME, &umd, sizeof(umd) ), STATUS_NOT_SUPPORTED );
    unset( software_key, u"UserModeDriverName" );

    check_status( query_info( adapter, KMTQAITYPE_UMOPENGLINFO, &opengl, sizeof(opengl) ), STATUS_NOT_SUPPORTED );
    set_string( software_key, u"OpenGLDriverName", REG_SZ, u"vendor" );
    FILL( opengl );
    check_status( query_info( adapter, KMTQAITYPE_UMOPENGLINFO, &opengl, sizeof(opengl) ), STATUS_SUCCESS );
    check_bytes( "UmdOpenGlIcdFileName", opengl.UmdOpenGlIcdFileName, u"vendor", 7 * sizeof(WCHAR) );
    ok( !opengl.Version && !opengl.Flags, "Version %#x, Flags %#x\n", (UINT)opengl.Version, (UINT)opengl.Flags );
    set_value( software_key, u"OpenGLVersion", REG_DWORD, &version, sizeof(version) );
    set_value( software_key, u"OpenGLFlags", REG_DWORD, &flags, sizeof(flags) );
    check_status( query_info( adapter, KMTQAITYPE_UMOPENGLINFO, &opengl, sizeof(opengl) ), STATUS_SUCCESS );
    ok( opengl.Version == version && opengl.Flags == flags, "Version %#x, Flags %#x\n", (UINT)opengl.Version, (UINT)opengl.Flags );
    set_value( software_key, u"OpenGLFlags", REG_BINARY, &flags, sizeof(flags) );
    check_status( query_info( adapter, KMTQAITYPE_UMOPENGLINFO, &opengl, sizeof(opengl) ), STATUS_SUCCESS );
    ok( opengl.Version == version && !opengl.Flags, "Version %#x, Flags %#x\n", (UINT)opengl.Version, (UINT)opengl.Flags );
    unset( software_key, u"OpenGLDriverName" );
    unset( software_key, u"OpenGLVersion" );
    unset( software_key, u"OpenGLFlags" );
}

/* DriverVersion of the key is the one that programs read there too. */
static void test_version( void )
{
    static const WCHAR *const bad[] = { u"", u"1", u"1.2.3", u"1.2.3.4.5", u"1.2.3.65536", u"1.2.3.x", u"1.2.3.4x", u"1..3.4", u"-1.2.3.4",
                                        u"1.2.3.4 ", u"99999999999999999999.2.3.4" };
    static const UINT types[] = { KMTQAITYPE_UMD_DRIVER_VERSION, KMTQAITYPE_KMD_DRIVER_VERSION };
    UINT64 version, own;
    UINT i, j;

    for (i = 0; i < ARRAY_SIZE( types ); i++)
    {
        check_status( query_info( adapter, types[i], &own, sizeof(own) ), STATUS_SUCCESS );
        set_string( software_key, u"DriverVersion", REG_SZ, u"31.0.15.3699" );
        check_status( query_info( adapter, types[i], &version, sizeof(version) ), STATUS_SUCCESS );
        ok( version == (31ull << 48 | 15 << 16 | 3699), "version %s\n", wine_dbgstr_longlong( version ) );
        set_string( software_key, u"DriverVersion", REG_SZ, u"65535.0.65535.007" );
        check_status( query_info( adapter, types[i], &version, sizeof(version) ), STATUS_SUCCESS );
        ok( version == 0xffff0000ffff0007ull, "version %s\n", wine_dbgstr_longlong( version ) );
        for (j = 0; j < ARRAY_SIZE( bad ); j++)
        {
            set_string( software_key, u"DriverVersion", REG_SZ, bad[j] );
            check_status( query_info( adapter, types[i], &version, sizeof(version) ), STATUS_SUCCESS );
            ok( version == own, "%s: version %s\n", wine_dbgstr_w( bad[j] ), wine_dbgstr_longlong( version ) );
        }
        /* one without an end that is as long as what it is read into */
        set_value( software_key, u"DriverVersion", REG_SZ, u"1.2.3.00000000000000000000000004444", 32 * sizeof(WCHAR) );
        check_status( query_info( adapter, types[i], &version, sizeof(version) ), STATUS_SUCCESS );
        ok( version == own, "version %s\n", wine_dbgstr_longlong( version ) );
        unset( software_key, u"DriverVersion" );
    }
}

#ifndef _WIN32

/* What a registry may hold that Wine's never does. */
static void test_nonsense( void )
{
    static const WCHAR long_name[] = u"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
                                     u"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
                                     u"01234567890123456789012345678901234567890123456789";
    static const UINT statuses[] = { STATUS_ACCESS_DENIED, STATUS_NO_MEMORY };
    const UINT number = 1, on = 0;
    WCHAR buffer[KEY_CHARS];
    GUID guid, own;
    UINT i;

    /* "Driver" that is no string, or missing */
    set_value( device_key, u"Driver", REG_DWORD, &number, sizeof(number) );
    ok( !get_key( D3DKMT_PNP_KEY_SOFTWARE, buffer ), "a software key\n" );
    check_status( ask( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"x", REG_SZ, 100 ), STATUS_OBJECT_NAME_NOT_FOUND );
    check_status( query_info( adapter, KMTQAITYPE_UMOPENGLINFO, &answer, sizeof(D3DKMT_OPENGLINFO) ), STATUS_NOT_SUPPORTED );
    unset( device_key, u"Driver" );
    ok( !get_key( D3DKMT_PNP_KEY_SOFTWARE, buffer ), "a software key\n" );
    ok( get_key( D3DKMT_PNP_KEY_HARDWARE, buffer ), "no device key\n" );
    /* a path that gets too long */
    set_string( device_key, u"Driver", REG_SZ, long_name );
    ok( get_key( D3DKMT_PNP_KEY_SOFTWARE, buffer ), "no software key\n" );
    set_string( device_key, u"Service", REG_SZ, long_name );
    check_status( ask( D3DDDI_QUERYREGISTRY_SERVICEKEY, u"x", REG_SZ, 100 ), STATUS_OBJECT_NAME_NOT_FOUND );
    unset( device_key, u"Service" );
    set_string( device_key, u"Driver", REG_SZ, u"{4D36E968-E325-11CE-BFC1-08002BE10318}\\0000" );
    test_keys();

    /* what the system refuses is told */
    for (i = 0; i < ARRAY_SIZE( statuses ); i++)
    {
        fake_registry_fail( statuses[i] );
        check_status( ask( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"x", REG_SZ, 100 ), statuses[i] );
        check_status( query_info( adapter, KMTQAITYPE_UMOPENGLINFO, &answer, sizeof(D3DKMT_OPENGLINFO) ), statuses[i] );
        check_status( query_info( adapter, KMTQAITYPE_SERVICENAME, buffer, sizeof(buffer) ), statuses[i] );
        fake_registry_fail( STATUS_SUCCESS );
    }

    /* more drivers than there is room for: as many as fit */
    for (i = 0; i < 3; i++)
    {
        WCHAR name[] = u"C:\\0.json";

        name[3] += i;
        set_value( VULKAN, name, REG_DWORD, &on, sizeof(on) );
    }
    check_value( D3DDDI_QUERYREGISTRY_ADAPTERKEY, u"VulkanDriverName", REG_MULTI_SZ, u"C:\\0.json\0C:\\1.json\0C:\\2.json\0", 62 );
    for (i = 0; i < 3; i++)
    {
        WCHAR name[] = u"C:\\0.json";

        name[3] += i;
        unset( VULKAN, name );
    }

    /* the GUID of Wine's display devices */
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERGUID, &own, sizeof(own) ), STATUS_SUCCESS );
    memcpy( buffer, device_key, sizeof(device_key) );
    memcpy( buffer + length_of( device_key ), u"\\Device Parameters", 19 * sizeof(WCHAR) );
    set_string( buffer, u"VideoID", REG_SZ, u"{8d2e17e5-0f2d-4ea5-8602-E93970E0AA7B}" );
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERGUID, &guid, sizeof(guid) ), STATUS_SUCCESS );
    ok( guid.Data1 == 0x8d2e17e5 && guid.Data2 == 0x0f2d && guid.Data3 == 0x4ea5 && guid.Data4[0] == 0x86 && guid.Data4[7] == 0x7b,
        "GUID %#x\n", (UINT)guid.Data1 );
    for (i = 0; i < 5; i++)
    {
        static const WCHAR *const bad[] = { u"{8d2e17e5-0f2d-4ea5-8602-E93970E0AA7}", u"(8d2e17e5-0f2d-4ea5-8602-E93970E0AA7B)",
                                            u"{8d2e17e5-0f2d-4ea5-8602-E93970E0AA7B}x", u"{8d2e17e5-0f2d-4ea5-8602-E93970E0AA7 }",
                                            u"{8d2e17e5-0f2d-4ea5-8602-E93970E0AA:B}" };

        set_string( buffer, u"VideoID", REG_SZ, bad[i] );
        check_status( query_info( adapter, KMTQAITYPE_ADAPTERGUID, &guid, sizeof(guid) ), STATUS_SUCCESS );
        check_bytes( "GUID", &guid, &own, sizeof(guid) );
    }
    unset( buffer, u"VideoID" );
}

#endif

START_TEST(registry)
{
    if (!open_adapter( &adapter )) return;
    luid = get_adapter_info().AdapterLuid;
    test_bad();
#ifndef _WIN32
    test_none();
    if (has_fake_registry())
    {
        static const WCHAR key[] = CONTROL_SET u"Enum\\PCI\\VEN_10DE&DEV_2206\\00000000";

        memcpy( device_key, key, sizeof(key) );
        fake_registry_set_device( luid, device_key );
        set_string( device_key, u"Driver", REG_SZ, u"{4D36E968-E325-11CE-BFC1-08002BE10318}\\0000" );
    }
#endif
    if (get_key( D3DKMT_PNP_KEY_HARDWARE, device_key ) && get_key( D3DKMT_PNP_KEY_SOFTWARE, software_key ))
    {
        test_keys();
        if (winetest_platform_is_wine)
        {
            test_values( D3DDDI_QUERYREGISTRY_ADAPTERKEY, software_key );
            test_vulkan();
            test_service();
            test_user_mode_drivers();
            test_version();
#ifndef _WIN32
            test_nonsense();
            unset( device_key, u"Driver" );
            fake_registry_set_device( luid, NULL );
            test_none();
#endif
        }
    }
    else skip( "the registry does not know the adapter\n" );
    close_adapter( adapter );
}
