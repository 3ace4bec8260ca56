/*
 * QueryVideoMemoryInfo
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

static void test_answers( void )
{
    D3DKMT_HANDLE adapter, device, allocation;
    D3DKMT_QUERYVIDEOMEMORYINFO params;
    struct winekmt_adapter_data data;
    UINT64 size, usage[2];
    UINT group, i;

    check_status( pD3DKMTQueryVideoMemoryInfo( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( QueryVideoMemoryInfo, &params, STATUS_INVALID_PARAMETER );
    if (!open_adapter( &adapter )) return;
    get_adapter_data( adapter, &data );

    for (group = 0; group < 2; group++)
    {
        winetest_push_context( "group %u", group );
        FILL( params );
        params.hProcess = NULL;
        params.hAdapter = adapter;
        params.MemorySegmentGroup = group;
        params.PhysicalAdapterIndex = 0;
        kmt_writes( QueryVideoMemoryInfo, &params,
                    expected_->Budget = params_->Budget;
                    expected_->CurrentUsage = params_->CurrentUsage;
                    expected_->CurrentReservation = params_->CurrentReservation;
                    expected_->AvailableForReservation = params_->AvailableForReservation );
        size = group ? data.non_local_size : data.local_size;
        ok( params.Budget <= size, "Budget %s, memory %s\n", wine_dbgstr_longlong( params.Budget ), wine_dbgstr_longlong( size ) );
        ok( !size || params.Budget, "no budget\n" );
        ok( params.AvailableForReservation <= params.Budget, "AvailableForReservation %s\n",
            wine_dbgstr_longlong( params.AvailableForReservation ) );
        ok( params.CurrentUsage == 0, "CurrentUsage %s\n", wine_dbgstr_longlong( params.CurrentUsage ) );
        ok( params.CurrentReservation == 0, "CurrentReservation %s\n", wine_dbgstr_longlong( params.CurrentReservation ) );
        winetest_pop_context();
    }

    /* usage is what allocations hold */
    device = create_device( adapter );
    for (i = 0; i < 4; i++)
    {
        static const UINT64 sizes[] = { 4096, 65536, 1 << 20, 5 << 20 };

        group = get_default_group( adapter );
        get_memory_info( adapter, group, &params );
        usage[0] = params.CurrentUsage;
        allocation = create_allocation( device, sizes[i] );
        get_memory_info( adapter, group, &params );
        usage[1] = params.CurrentUsage;
        ok( usage[1] >= usage[0] + sizes[i] && usage[1] < usage[0] + sizes[i] * 2, "size %s: usage %s, then %s\n",
            wine_dbgstr_longlong( sizes[i] ), wine_dbgstr_longlong( usage[0] ), wine_dbgstr_longlong( usage[1] ) );
        ok( params.CurrentUsage <= params.Budget, "usage above the budget\n" );
        /* an offer is still usage */
        check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
        ok( get_usage( adapter ) == usage[1], "usage %s when offered\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
        destroy_allocation( device, allocation );
        ok( get_usage( adapter ) == usage[0], "usage %s in the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    }
    destroy_device( device );
    close_adapter( adapter );
}

static void test_bad( void )
{
    static const UINT groups[] = { 2, 3, 0x7fffffff, 0xffffffff }, indices[] = { 1, 99, 0xffffffff };
    D3DKMT_QUERYVIDEOMEMORYINFO params;
    D3DKMT_HANDLE adapter;
    UINT i;

    if (!open_adapter( &adapter )) return;
    FILL( params );
    params.hProcess = NULL;
    params.hAdapter = adapter;
    params.PhysicalAdapterIndex = 0;
    for (i = 0; i < ARRAY_SIZE( groups ); i++)
    {
        params.MemorySegmentGroup = groups[i];
        kmt_fails( QueryVideoMemoryInfo, &params, STATUS_INVALID_PARAMETER );
    }
    params.MemorySegmentGroup = D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL;
    for (i = 0; i < ARRAY_SIZE( indices ); i++)
    {
        params.PhysicalAdapterIndex = indices[i];
        kmt_fails( QueryVideoMemoryInfo, &params, STATUS_INVALID_PARAMETER );
    }
    params.PhysicalAdapterIndex = 0;
    params.hProcess = (HANDLE)(ULONG_PTR)0xdead0000;
    kmt_fails( QueryVideoMemoryInfo, &params, STATUS_INVALID_HANDLE );
    /* the pseudo handle of the process itself */
    params.hProcess = (HANDLE)(LONG_PTR)-1;
    check_status( pD3DKMTQueryVideoMemoryInfo( &params ), STATUS_SUCCESS );
    close_adapter( adapter );
}

#ifdef _WIN32

static void test_processes( void )
{
    PROCESS_INFORMATION process;
    STARTUPINFOA startup;
    D3DKMT_QUERYVIDEOMEMORYINFO params;
    D3DKMT_HANDLE adapter, device, allocation;
    char path[MAX_PATH], command[MAX_PATH + 16];
    HANDLE handle, event;
    BOOL ret;

    if (!open_device( &adapter, &device )) return;
    allocation = create_allocation( device, MIB( 1 ) );
    FILL( params );
    params.hAdapter = adapter;
    params.MemorySegmentGroup = get_default_group( adapter );
    params.PhysicalAdapterIndex = 0;

    /* a true handle of this process */
    handle = OpenProcess( PROCESS_QUERY_INFORMATION, FALSE, GetCurrentProcessId() );
    params.hProcess = handle;
    check_status( pD3DKMTQueryVideoMemoryInfo( &params ), STATUS_SUCCESS );
    ok( params.CurrentUsage >= MIB( 1 ), "usage %s\n", wine_dbgstr_longlong( params.CurrentUsage ) );
    CloseHandle( handle );
    kmt_fails( QueryVideoMemoryInfo, &params, STATUS_INVALID_HANDLE ); /* now it is closed */

    handle = OpenProcess( SYNCHRONIZE, FALSE, GetCurrentProcessId() );
    params.hProcess = handle;
    kmt_fails( QueryVideoMemoryInfo, &params, STATUS_ACCESS_DENIED );
    CloseHandle( handle );

    event = CreateEventA( NULL, FALSE, FALSE, NULL );
    params.hProcess = event;
    kmt_fails( QueryVideoMemoryInfo, &params, STATUS_OBJECT_TYPE_MISMATCH );
    CloseHandle( event );

    /* another process, which has used nothing */
    memset( &startup, 0, sizeof(startup) );
    startup.cb = sizeof(startup);
    GetModuleFileNameA( NULL, path, sizeof(path) );
    sprintf( command, "\"%s\" --list", path );
    ret = CreateProcessA( path, command, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup, &process );
    ok( ret, "CreateProcess failed with %u\n", (UINT)GetLastError() );
    if (ret)
    {
        params.hProcess = process.hProcess;
        check_status( pD3DKMTQueryVideoMemoryInfo( &params ), STATUS_SUCCESS );
        ok( params.CurrentUsage == 0, "usage of the other process: %s\n", wine_dbgstr_longlong( params.CurrentUsage ) );
        ok( params.CurrentReservation == 0, "reservation of the other process\n" );
        DuplicateHandle( GetCurrentProcess(), process.hProcess, GetCurrentProcess(), &handle, SYNCHRONIZE, FALSE, 0 );
        params.hProcess = handle;
        kmt_fails( QueryVideoMemoryInfo, &params, STATUS_ACCESS_DENIED );
        CloseHandle( handle );
        TerminateProcess( process.hProcess, 0 );
        CloseHandle( process.hThread );
        CloseHandle( process.hProcess );
    }
    destroy_allocation( device, allocation );
    destroy_device( device );
    close_adapter( adapter );
}

#endif

static NTSTATUS try_reserve( D3DKMT_HANDLE adapter, UINT group, UINT64 bytes )
{
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION params;

    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    params.MemorySegmentGroup = group;
    params.Reservation = bytes;
    return pD3DKMTChangeVideoMemoryReservation( &params );
}

static void test_reservation( void )
{
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION params;
    D3DKMT_QUERYVIDEOMEMORYINFO info;
    D3DKMT_HANDLE adapter;
    UINT64 most;
    UINT group;

    check_status( pD3DKMTChangeVideoMemoryReservation( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( ChangeVideoMemoryReservation, &params, STATUS_INVALID_PARAMETER );
    if (!open_adapter( &adapter )) return;
    for (group = 0; group < 2; group++)
    {
        winetest_push_context( "group %u", group );
        get_memory_info( adapter, group, &info );
        most = info.AvailableForReservation;
        check_status( try_reserve( adapter, group, most / 2 ), STATUS_SUCCESS );
        get_memory_info( adapter, group, &info );
        ok( info.CurrentReservation == most / 2, "reservation %s\n", wine_dbgstr_longlong( info.CurrentReservation ) );
        ok( info.AvailableForReservation == most, "available %s\n", wine_dbgstr_longlong( info.AvailableForReservation ) );
        check_status( try_reserve( adapter, group, most + 1 ), STATUS_INVALID_PARAMETER );
        check_status( try_reserve( adapter, group, ~(UINT64)0 ), STATUS_INVALID_PARAMETER );
        get_memory_info( adapter, group, &info );
        ok( info.CurrentReservation == most / 2, "reservation %s\n", wine_dbgstr_longlong( info.CurrentReservation ) );
        check_status( try_reserve( adapter, group, most ), STATUS_SUCCESS );
        check_status( try_reserve( adapter, group, 0 ), STATUS_SUCCESS );
        get_memory_info( adapter, group, &info );
        ok( !info.CurrentReservation, "reservation %s\n", wine_dbgstr_longlong( info.CurrentReservation ) );
        winetest_pop_context();
    }
    check_status( try_reserve( adapter, 2, 0 ), STATUS_INVALID_PARAMETER );
    params.hAdapter = adapter;
    params.PhysicalAdapterIndex = 1;
    kmt_fails( ChangeVideoMemoryReservation, &params, STATUS_INVALID_PARAMETER );
    params.PhysicalAdapterIndex = 0;
    params.hProcess = (HANDLE)(ULONG_PTR)0xdead0000;
    kmt_fails( ChangeVideoMemoryReservation, &params, STATUS_INVALID_HANDLE );
#ifdef _WIN32
    params.hProcess = OpenProcess( PROCESS_QUERY_INFORMATION, FALSE, GetCurrentProcessId() );
    kmt_fails( ChangeVideoMemoryReservation, &params, STATUS_ACCESS_DENIED );
    CloseHandle( params.hProcess );
    params.hProcess = OpenProcess( PROCESS_SET_INFORMATION, FALSE, GetCurrentProcessId() );
    kmt_succeeds( ChangeVideoMemoryReservation, &params );
    CloseHandle( params.hProcess );
#endif
    close_adapter( adapter );
}

/* The user's limit is the budget. The runner sets it for some of the runs: in the environment, or in Wine's registry, and then
 * WINEKMT_TEST_LIMIT says what it did. */
static void test_limit( void )
{
    const char *value = getenv( "WINEKMT_TEST_LIMIT" ) ? getenv( "WINEKMT_TEST_LIMIT" ) : getenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    struct winekmt_adapter_data data;
    D3DKMT_SEGMENTGROUPSIZEINFO groups;
    D3DKMT_QUERYVIDEOMEMORYINFO params;
    D3DKMT_QUERYSTATISTICS statistics;
    D3DKMT_HANDLE adapter;
    UINT64 limit, size;
    char *end;

    if (!value)
    {
        skip( "no limit is set\n" );
        return;
    }
    if (!open_adapter( &adapter )) return;
    limit = strtoul( value, &end, 10 );
    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL, &params );
    get_adapter_data( adapter, &data );
    size = data.local_size;
    if (*value < '1' || *value > '9' || *end || limit > 0x100000) /* nonsense is no limit */
        ok( params.Budget > MIB( 64 ), "Budget %s with limit \"%s\"\n", wine_dbgstr_longlong( params.Budget ), value );
    else
    {
        ok( params.Budget == MIB( limit ), "Budget %s with limit \"%s\"\n", wine_dbgstr_longlong( params.Budget ), value );
        size = min( size, MIB( limit ) );
    }
    /* and it is how large the card seems, of which somebody sees used what is used */
    memset( &groups, 0, sizeof(groups) );
    check_status( query_info( adapter, KMTQAITYPE_GETSEGMENTGROUPSIZE, &groups, sizeof(groups) ), STATUS_SUCCESS );
    ok( groups.LocalMemory == size && groups.LegacyInfo.DedicatedVideoMemorySize == size, "LocalMemory %s with limit \"%s\"\n",
        wine_dbgstr_longlong( groups.LocalMemory ), value );
    ok( groups.NonLocalMemory == data.non_local_size && groups.LegacyInfo.SharedSystemMemorySize == data.non_local_size,
        "NonLocalMemory %s with limit \"%s\"\n", wine_dbgstr_longlong( groups.NonLocalMemory ), value );
    memset( &statistics, 0, sizeof(statistics) );
    statistics.Type = D3DKMT_QUERYSTATISTICS_SEGMENT;
    statistics.AdapterLuid = get_adapter_info().AdapterLuid;
    check_status( pD3DKMTQueryStatistics( &statistics ), STATUS_SUCCESS );
    ok( statistics.QueryResult.SegmentInformation.CommitLimit == size, "CommitLimit %s with limit \"%s\"\n",
        wine_dbgstr_longlong( statistics.QueryResult.SegmentInformation.CommitLimit ), value );
    close_adapter( adapter );
}

START_TEST(videomemory)
{
    test_answers();
    test_bad();
#ifdef _WIN32
    test_processes();
#endif
    test_reservation();
    test_limit();
}
