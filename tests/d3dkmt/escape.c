/*
 * Escape: winekmt's commands, and those of the video memory manager's test interface that are answered
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define NONE  (~(UINT64)0)

/* D3DKMT_VIDMM_ESCAPE of its DDI page as far as it is used here; the true one is larger. */
struct vidmm_escape
{
    UINT type;
    union
    {
        struct
        {
            D3DKMT_HANDLE resource, allocation;
            HANDLE        process;
        } evict;
        struct
        {
            UINT64 local, system;
        } budget;
        UINT64 room[8];
    } u;
};

static D3DKMT_HANDLE adapter, device;
static D3DKMT_CREATEPAGINGQUEUE queue;
static LUID luid;
static UINT group;      /* where the allocations of these tests are */

static void init_params( D3DKMT_ESCAPE *params, D3DKMT_ESCAPETYPE type, void *data, UINT size )
{
    memset( params, 0, sizeof(*params) );
    params->hAdapter = adapter;
    params->hDevice = device;
    params->Type = type;
    params->pPrivateDriverData = data;
    params->PrivateDriverDataSize = size;
}

static void init_escape( struct winekmt_escape *escape, UINT command )
{
    memset( escape, 0, sizeof(*escape) );
    escape->magic = WINEKMT_ESCAPE_MAGIC;
    escape->version = WINEKMT_VERSION;
    escape->command = command;
    escape->group = group;
}

/* The block is as before, whatever happens; the data, when it fails. */
static NTSTATUS try_escape_( int line, D3DKMT_ESCAPE *params, UINT written )
{
    char before_data[256];
    D3DKMT_ESCAPE before = *params;
    NTSTATUS status;

    winetest_push_context( "line %d", line );
    if (params->pPrivateDriverData) memcpy( before_data, params->pPrivateDriverData, params->PrivateDriverDataSize );
    status = pD3DKMTEscape( params );
    check_bytes( "Escape: parameter block", params, &before, sizeof(before) );
    if (params->pPrivateDriverData)
        check_bytes( "Escape: what is not written of the data", (char *)params->pPrivateDriverData + (status ? 0 : written),
                     before_data + (status ? 0 : written), params->PrivateDriverDataSize - (status ? 0 : written) );
    winetest_pop_context();
    return status;
}
#define try_escape( params, written ) try_escape_( __LINE__, params, written )

static NTSTATUS send_escape_( int line, struct winekmt_escape *escape )
{
    struct winekmt_escape before = *escape;
    D3DKMT_ESCAPE params;
    NTSTATUS status;

    init_params( &params, D3DKMT_ESCAPE_DRIVERPRIVATE, escape, sizeof(*escape) );
    status = try_escape_( line, &params, sizeof(*escape) );
    check_bytes( "Escape: input", escape, &before, offsetof( struct winekmt_escape, bytes ) );
    return status;
}
#define send_escape( escape ) send_escape_( __LINE__, escape )

static void set_budget_( int line, UINT64 bytes )
{
    struct winekmt_escape escape;

    init_escape( &escape, WINEKMT_ESCAPE_SET_BUDGET );
    escape.bytes = bytes;
    check_status_( __FILE__, line, "SET_BUDGET", send_escape_( line, &escape ), STATUS_SUCCESS );
}
#define set_budget( bytes ) set_budget_( __LINE__, bytes )

static UINT64 evict_escape_( int line, D3DKMT_HANDLE allocation )
{
    struct winekmt_escape escape;

    init_escape( &escape, WINEKMT_ESCAPE_EVICT );
    escape.allocation = allocation;
    escape.bytes = SENTINEL64;
    check_status_( __FILE__, line, "EVICT", send_escape_( line, &escape ), STATUS_SUCCESS );
    ok_( __FILE__, line )( escape.bytes != SENTINEL64, "bytes was not written\n" );
    return escape.bytes;
}
#define evict_escape( allocation ) evict_escape_( __LINE__, allocation )

/***********************************************************************
 * What is wrong
 */

static void test_bad( void )
{
    static const D3DKMT_ESCAPETYPE types[] = { D3DKMT_ESCAPE_DRIVERPRIVATE, D3DKMT_ESCAPE_VIDMM };
    struct winekmt_escape escape, good;
    D3DKMT_HANDLE allocation, other;
    D3DKMT_ESCAPE params;
    char larger[128];
    UINT i, size;

    check_status( pD3DKMTEscape( NULL ), STATUS_INVALID_PARAMETER );
    init_escape( &good, WINEKMT_ESCAPE_GET_BUDGET );
    check_status( send_escape( &good ), STATUS_SUCCESS );
    init_escape( &good, WINEKMT_ESCAPE_GET_BUDGET );
    escape = good;

    for (i = 0; i < ARRAY_SIZE( types ); i++)
    {
        init_params( &params, types[i], NULL, sizeof(escape) );
        check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
        init_params( &params, types[i], NULL, 0 );
        check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
        for (size = 0; size < 4; size++)
        {
            init_params( &params, types[i], &escape, size );
            check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
        }
    }

    /* a small buffer, and a larger one */
    for (size = 4; size < sizeof(escape); size++)
    {
        init_params( &params, D3DKMT_ESCAPE_DRIVERPRIVATE, &escape, size );
        check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
    }
    FILL( larger );
    memcpy( larger, &good, sizeof(good) );
    init_params( &params, D3DKMT_ESCAPE_DRIVERPRIVATE, larger, sizeof(larger) );
    check_status( try_escape( &params, sizeof(good) ), STATUS_SUCCESS );

    /* what is in it */
    escape = good;
    escape.version = 0;
    check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );
    escape.version = WINEKMT_VERSION + 1;
    check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );
    escape = good;
    escape.reserved = 1;
    check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );
    for (i = 0; i < 6; i++)
    {
        static const UINT commands[] = { 0, 5, 6, 0x7fffffff, 0x80000001, 0xffffffff };

        escape = good;
        escape.command = commands[i];
        check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );
    }
    for (i = WINEKMT_ESCAPE_EVICT; i <= WINEKMT_ESCAPE_SET_TRIM_INTERVAL; i++)
    {
        escape = good;
        escape.command = i;
        escape.group = 2;
        check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );
        escape.group = 0xffffffff;
        check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );
    }
    init_escape( &escape, WINEKMT_ESCAPE_SET_TRIM_INTERVAL );
    escape.bytes = 3600001;
    check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );
    escape.bytes = NONE;
    check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );

    /* adapter and device */
    escape = good;
    init_params( &params, D3DKMT_ESCAPE_DRIVERPRIVATE, &escape, sizeof(escape) );
    params.hAdapter = adapter + 0x40;
    check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
    params.hAdapter = device;
    check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
    params.hAdapter = adapter;
    params.hDevice = adapter;
    check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
    params.hDevice = device + 0x4000;
    check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
    params.hDevice = 0;         /* none is needed here */
    check_status( try_escape( &params, sizeof(escape) ), STATUS_SUCCESS );

    /* an allocation that is not the device's */
    other = create_device( adapter );
    allocation = create_allocation( other, KIB( 64 ) );
    init_escape( &escape, WINEKMT_ESCAPE_EVICT );
    escape.allocation = allocation;
    check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );
    escape.allocation = device;
    check_status( send_escape( &escape ), STATUS_INVALID_PARAMETER );
    escape.allocation = allocation;
    init_params( &params, D3DKMT_ESCAPE_DRIVERPRIVATE, &escape, sizeof(escape) );
    params.hDevice = 0;
    check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
    params.hDevice = other;
    check_status( try_escape( &params, sizeof(escape) ), STATUS_SUCCESS );
    destroy_device( other );
    params.hDevice = 0;
    check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
}

/* What is not ours goes to the stock function, which refuses it; natively there is none. */
static void test_foreign( void )
{
    static const UINT foreign[] = { D3DKMT_VIDMMESCAPETYPE_SETFAULT, D3DKMT_VIDMMESCAPETYPE_GET_VAD_INFO, D3DKMT_VIDMMESCAPETYPE_WAKE, 99,
                                    ~0u };
    struct vidmm_escape vidmm;
    D3DKMT_ESCAPE params;
    UINT data[16], i;
    NTSTATUS status;

    FILL( data );
    data[0] = 0x4d564e41;       /* somebody else's magic */
    init_params( &params, D3DKMT_ESCAPE_DRIVERPRIVATE, data, sizeof(data) );
    status = try_escape( &params, 0 );
    ok( status < 0, "foreign data: status %#x\n", (UINT)status );
    init_params( &params, D3DKMT_ESCAPE_DRIVERPRIVATE, data, sizeof(UINT) );
    status = try_escape( &params, 0 );
    ok( status < 0, "a word of foreign data: status %#x\n", (UINT)status );
    for (i = 0; i < 64; i++)
    {
        if (i == D3DKMT_ESCAPE_DRIVERPRIVATE || i == D3DKMT_ESCAPE_VIDMM) continue;
        init_params( &params, i, data, sizeof(data) );
        status = try_escape( &params, 0 );
        ok( status < 0, "type %u: status %#x\n", i, (UINT)status );
    }
    for (i = 0; i < ARRAY_SIZE( foreign ); i++)
    {
        memset( &vidmm, 0, sizeof(vidmm) );
        vidmm.type = foreign[i];
        init_params( &params, D3DKMT_ESCAPE_VIDMM, &vidmm, sizeof(vidmm) );
        status = try_escape( &params, 0 );
        ok( status < 0, "type %#x of VIDMM: status %#x\n", foreign[i], (UINT)status );
    }
#ifndef _WIN32
    check_status( status, STATUS_INVALID_PARAMETER );
#endif
    params.hAdapter = 0;
    status = pD3DKMTEscape( &params );
    ok( status < 0, "no adapter: status %#x\n", (UINT)status );
}

/***********************************************************************
 * Evicting
 */

static void test_evict( void )
{
    D3DKMT_HANDLE list[6], other, elsewhere;
    UINT64 usage, bytes;
    UINT i, result;

    /* one */
    for (i = 0; i < 6; i++)
    {
        list[i] = create_allocation( device, MIB( 1 ) );
        if (i) write_allocation( device, list[i], MIB( 1 ), i );
    }
    usage = get_usage( adapter );
    bytes = evict_escape( list[1] );
    ok( bytes == MIB( 1 ), "%s bytes\n", wine_dbgstr_longlong( bytes ) );
    ok( !is_resident( device, list[1] ) && get_usage( adapter ) == usage - MIB( 1 ), "it is still there\n" );
    bytes = evict_escape( list[1] );
    ok( !bytes, "%s bytes a second time\n", wine_dbgstr_longlong( bytes ) );
    bytes = evict_escape( list[0] );    /* never written to: goes all the same */
    ok( bytes == MIB( 1 ) && !is_resident( device, list[0] ), "%s bytes\n", wine_dbgstr_longlong( bytes ) );
    check_pattern( device, list[1], MIB( 1 ), 1 );
    check_zero( device, list[0], MIB( 1 ) );

    /* what stays: held, locked, offered */
    hold( queue.hPagingQueue, list[2] );
    lock_allocation( device, list[3] );
    check_status( offer_one( device, list[4], D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
    for (i = 2; i < 5; i++)
    {
        bytes = evict_escape( list[i] );
        ok( !bytes, "allocation %u: %s bytes\n", i, wine_dbgstr_longlong( bytes ) );
        if (i != 4) ok( is_resident( device, list[i] ), "allocation %u is gone\n", i );
    }

    /* all: those of other devices too */
    other = create_device( adapter );
    elsewhere = create_allocation( other, MIB( 2 ) );
    write_allocation( other, elsewhere, MIB( 2 ), 7 );
    usage = get_usage( adapter );
    bytes = evict_escape( 0 );
    ok( bytes == 5 * MIB( 1 ), "%s bytes\n", wine_dbgstr_longlong( bytes ) );
    ok( get_usage( adapter ) == usage - bytes, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    ok( !is_resident( other, elsewhere ) && !is_resident( device, list[5] ) && !is_resident( device, list[0] ),
        "something is still there\n" );
    ok( is_resident( device, list[2] ) && is_resident( device, list[3] ), "something is gone\n" );
    bytes = evict_escape( 0 );
    ok( !bytes, "%s bytes a second time\n", wine_dbgstr_longlong( bytes ) );

    unlock_allocation( device, list[3] );
    release( device, list[2] );
    check_status( reclaim_one( device, list[4], &result ), STATUS_SUCCESS );
    ok( !result, "it was discarded\n" );
    check_pattern( other, elsewhere, MIB( 2 ), 7 );
    check_zero( device, list[0], MIB( 1 ) );
    for (i = 1; i < 6; i++) check_pattern( device, list[i], MIB( 1 ), i );
    destroy_device( other );
    for (i = 0; i < 6; i++) destroy_allocation( device, list[i] );
}

/* One in each memory group: the loop over the first must leave turns for the second. */
static void test_evict_both( void )
{
    UINT old_segments = test_segments, i;
    D3DKMT_HANDLE list[2];

    for (i = 0; i < 2; i++)
    {
        test_segments = i ? WINEKMT_SEGMENT_NON_LOCAL : WINEKMT_SEGMENT_LOCAL;
        if (try_create( device, MIB( 1 ), &list[i] )) break;
        write_allocation( device, list[i], MIB( 1 ), i + 1 );
    }
    test_segments = old_segments;
    if (i == 2)
    {
        ok( evict_escape( 0 ) >= MIB( 2 ), "less than both\n" );
        for (i = 0; i < 2; i++)
        {
            ok( !is_resident( device, list[i] ), "group %u: it is still there\n", i );
            check_pattern( device, list[i], MIB( 1 ), i + 1 );
        }
    }
    else skip( "one memory group only\n" );
    while (i--) destroy_allocation( device, list[i] );
}

static NTSTATUS send_vidmm( struct vidmm_escape *vidmm )
{
    D3DKMT_ESCAPE params;

    init_params( &params, D3DKMT_ESCAPE_VIDMM, vidmm, sizeof(*vidmm) );
    return try_escape( &params, 0 );
}

static void test_vidmm( void )
{
    D3DKMT_HANDLE allocation, resource, in_resource, second, resource2, in_resource2;
    D3DKMT_QUERYVIDEOMEMORYINFO info;
    struct winekmt_escape escape;
    struct vidmm_escape vidmm;
    D3DKMT_ESCAPE params;
    HANDLE process;
    UINT i, size;

    allocation = create_allocation( device, MIB( 1 ) );
    write_allocation( device, allocation, MIB( 1 ), 1 );
    resource = create_resource( device, 0, MIB( 1 ), &in_resource, NULL );
    second = add_allocation( device, resource, MIB( 1 ) );
    write_allocation( device, in_resource, MIB( 1 ), 2 );
    write_allocation( device, second, MIB( 1 ), 3 );
    resource2 = create_resource( device, 0, MIB( 1 ), &in_resource2, NULL );
    write_allocation( device, in_resource2, MIB( 1 ), 4 );

    /* too small */
    memset( &vidmm, 0, sizeof(vidmm) );
    vidmm.type = D3DKMT_VIDMMESCAPETYPE_EVICT;
    for (size = 4; size < 24; size += 4)
    {
        init_params( &params, D3DKMT_ESCAPE_VIDMM, &vidmm, size );
        check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );
    }

    /* an allocation, alone or with its resource */
    vidmm.u.evict.allocation = allocation;
    check_status( send_vidmm( &vidmm ), STATUS_SUCCESS );
    ok( !is_resident( device, allocation ) && is_resident( device, in_resource ), "not that one\n" );
    vidmm.u.evict.resource = resource;
    check_status( send_vidmm( &vidmm ), STATUS_INVALID_PARAMETER );
    vidmm.u.evict.allocation = second;
    check_status( send_vidmm( &vidmm ), STATUS_SUCCESS );
    ok( !is_resident( device, second ) && is_resident( device, in_resource ), "not that one\n" );
    check_pattern( device, second, MIB( 1 ), 3 );

    /* a resource */
    vidmm.u.evict.allocation = 0;
    hold( queue.hPagingQueue, second );
    check_status( send_vidmm( &vidmm ), STATUS_SUCCESS );
    ok( !is_resident( device, in_resource ) && is_resident( device, second ) && is_resident( device, in_resource2 ), "not those\n" );
    release( device, second );
    check_status( send_vidmm( &vidmm ), STATUS_SUCCESS );
    ok( !is_resident( device, in_resource ) && !is_resident( device, second ), "not those\n" );
    check_pattern( device, in_resource, MIB( 1 ), 2 );
    check_pattern( device, second, MIB( 1 ), 3 );

    /* all */
    vidmm.u.evict.resource = 0;
    vidmm.u.evict.process = (HANDLE)(LONG_PTR)-1;
    check_status( send_vidmm( &vidmm ), STATUS_SUCCESS );
    ok( !is_resident( device, in_resource2 ) && !is_resident( device, in_resource ), "not those\n" );

    /* what does not exist */
    vidmm.u.evict.process = (HANDLE)(ULONG_PTR)0xdead0000;
    check_status( send_vidmm( &vidmm ), STATUS_INVALID_HANDLE );
    if ((process = start_other_process()))
    {
        vidmm.u.evict.process = process;
        check_status( send_vidmm( &vidmm ), STATUS_NOT_SUPPORTED );
        end_other_process( process );
        close_process( process );
    }
    vidmm.u.evict.process = NULL;
    vidmm.u.evict.resource = allocation;
    check_status( send_vidmm( &vidmm ), STATUS_INVALID_PARAMETER );
    vidmm.u.evict.resource = 0;
    vidmm.u.evict.allocation = resource;
    check_status( send_vidmm( &vidmm ), STATUS_INVALID_PARAMETER );
    vidmm.u.evict.allocation = allocation;
    init_params( &params, D3DKMT_ESCAPE_VIDMM, &vidmm, sizeof(vidmm) );
    params.hDevice = 0;
    check_status( try_escape( &params, 0 ), STATUS_INVALID_PARAMETER );

    /* budgets of both groups at once */
    memset( &vidmm, 0, sizeof(vidmm) );
    vidmm.type = D3DKMT_VIDMMESCAPETYPE_SET_BUDGET;
    vidmm.u.budget.local = MIB( 6 );
    vidmm.u.budget.system = MIB( 5 );
    check_status( send_vidmm( &vidmm ), STATUS_SUCCESS );
    for (i = 0; i < 2; i++)
    {
        struct winekmt_adapter_data data;

        get_adapter_data( adapter, &data );
        get_memory_info( adapter, i, &info );
        init_escape( &escape, WINEKMT_ESCAPE_GET_BUDGET );
        escape.group = i;
        check_status( send_escape( &escape ), STATUS_SUCCESS );
        ok( escape.bytes3 == MIB( 6 - i ), "group %u: cap %s\n", i, wine_dbgstr_longlong( escape.bytes3 ) );
        if (i ? data.non_local_size : data.local_size)
            ok( info.Budget == MIB( 6 - i ), "group %u: Budget %s\n", i, wine_dbgstr_longlong( info.Budget ) );
    }
    /* how much is to be trimmed: what is held above the budget */
    bring_back( &queue, &second, 1 );
    for (i = 0; i < 2; i++)
    {
        vidmm.type = D3DKMT_VIDMMESCAPETYPE_SET_BUDGET;
        vidmm.u.budget.local = vidmm.u.budget.system = i ? NONE : KIB( 256 );
        check_status( send_vidmm( &vidmm ), STATUS_SUCCESS );
        vidmm.type = D3DKMT_VIDMMESCAPETYPE_GET_BUDGET;
        init_params( &params, D3DKMT_ESCAPE_VIDMM, &vidmm, sizeof(vidmm) );
        check_status( try_escape( &params, 16 ), STATUS_SUCCESS );
        ok( vidmm.u.room[0] == (i ? 0 : KIB( 768 )), "%s bytes to trim\n", wine_dbgstr_longlong( vidmm.u.room[0] ) );
    }
    release( device, second );
    get_memory_info( adapter, group, &info );
    ok( info.Budget > MIB( 6 ), "Budget %s\n", wine_dbgstr_longlong( info.Budget ) );
    /* how often trims come, in 100 ns: at least 1 ms; 0: as it was. A maximum does not matter. */
    vidmm.type = D3DKMT_VIDMMESCAPETYPE_SET_TRIM_INTERVALS;
    for (i = 4; i--; )
    {
        vidmm.u.room[0] = (i ? 9998 + i : 0) | 1ull << 40;
        check_status( send_vidmm( &vidmm ), i == 1 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS );
    }
    check_pattern( device, allocation, MIB( 1 ), 1 );
    check_pattern( device, in_resource2, MIB( 1 ), 4 );
    destroy_allocation( device, allocation );
    destroy_resource( device, resource );
    destroy_resource( device, resource2 );
}

/***********************************************************************
 * Budgets
 */

static BOOL usage_falls_to( UINT64 bytes )
{
    D3DKMT_QUERYVIDEOMEMORYINFO info;
    UINT64 start = time_ms();

    do
    {
        get_memory_info( adapter, group, &info );
        if (info.CurrentUsage <= bytes) return TRUE;
        sleep_ms( 5 );
    }
    while (time_ms() - start < 10000);
    trace( "usage is %s after 10 s\n", wine_dbgstr_longlong( info.CurrentUsage ) );
    return FALSE;
}

static void check_budget_( int line, UINT64 cap, UINT64 usage )
{
    D3DKMT_QUERYVIDEOMEMORYINFO info, again;
    struct winekmt_escape escape;

    winetest_push_context( "line %d", line );
    get_memory_info( adapter, group, &info );
    init_escape( &escape, WINEKMT_ESCAPE_GET_BUDGET );
    check_status( send_escape( &escape ), STATUS_SUCCESS );
    get_memory_info( adapter, group, &again );
    ok( escape.bytes3 == cap, "cap %s, expected %s\n", wine_dbgstr_longlong( escape.bytes3 ), wine_dbgstr_longlong( cap ) );
    if (cap != NONE) ok( info.Budget == cap, "Budget %s, expected %s\n", wine_dbgstr_longlong( info.Budget ), wine_dbgstr_longlong( cap ) );
    if (info.Budget == again.Budget) ok( escape.bytes == info.Budget, "budget %s\n", wine_dbgstr_longlong( escape.bytes ) );
    ok( info.CurrentUsage <= usage, "usage %s\n", wine_dbgstr_longlong( info.CurrentUsage ) );
    if (info.CurrentUsage == again.CurrentUsage)    /* else the worker is at work */
        ok( escape.bytes2 == info.CurrentUsage, "usage %s, QueryVideoMemoryInfo says %s\n", wine_dbgstr_longlong( escape.bytes2 ),
            wine_dbgstr_longlong( info.CurrentUsage ) );
    winetest_pop_context();
}
#define check_budget( cap, usage ) check_budget_( __LINE__, cap, usage )

static void test_budget( void )
{
    D3DKMT_HANDLE list[16], extra;
    D3DKMT_QUERYVIDEOMEMORYINFO info;
    UINT64 before;
    UINT i;

    get_memory_info( adapter, group, &info );
    before = info.Budget;
    check_budget( NONE, info.CurrentUsage );
    for (i = 0; i < 16; i++)
    {
        list[i] = create_allocation( device, MIB( 1 ) );
        write_allocation( device, list[i], MIB( 1 ), i + 1 );
    }

    /* more than is used changes nothing */
    set_budget( MIB( 20 ) );
    check_budget( MIB( 20 ), MIB( 16 ) );
    for (i = 0; i < 16; i++) ok( is_resident( device, list[i] ), "allocation %u is gone\n", i );

    /* less: some are evicted, and nothing is lost */
    set_budget( MIB( 10 ) );
    ok( usage_falls_to( MIB( 10 ) ), "the budget is not kept\n" );
    check_budget( MIB( 10 ), MIB( 10 ) );
    extra = create_allocation( device, MIB( 1 ) );
    ok( usage_falls_to( MIB( 10 ) ), "the budget is not kept\n" );
    check_budget( MIB( 10 ), MIB( 10 ) );
    for (i = 0; i < 16; i++) check_pattern( device, list[i], MIB( 1 ), i + 1 );
    check_zero( device, extra, MIB( 1 ) );

    /* what is held stays */
    bring_back( &queue, list, 4 );
    set_budget( MIB( 2 ) );
    ok( usage_falls_to( MIB( 4 ) ), "the budget is not kept\n" );
    check_budget( MIB( 2 ), MIB( 4 ) );
    for (i = 0; i < 4; i++) ok( is_resident( device, list[i] ), "allocation %u is gone\n", i );
    for (i = 0; i < 4; i++) release( device, list[i] );
    ok( usage_falls_to( MIB( 2 ) ), "the budget is not kept\n" );

    /* nothing at all */
    set_budget( 0 );
    ok( usage_falls_to( 0 ), "the budget is not kept\n" );
    check_budget( 0, 0 );
    for (i = 0; i < 4; i++) check_pattern( device, list[i], MIB( 1 ), i + 1 );

    /* and as it was */
    set_budget( NONE );
    get_memory_info( adapter, group, &info );
    ok( info.Budget > MIB( 20 ) && info.Budget >= before / 2, "Budget %s, was %s\n", wine_dbgstr_longlong( info.Budget ),
        wine_dbgstr_longlong( before ) );
    bring_back( &queue, list, 16 );
    check_budget( NONE, MIB( 17 ) );
    for (i = 0; i < 16; i++)
    {
        ok( is_resident( device, list[i] ), "allocation %u is gone\n", i );
        release( device, list[i] );
        check_pattern( device, list[i], MIB( 1 ), i + 1 );
        destroy_allocation( device, list[i] );
    }
    destroy_allocation( device, extra );
}

/* It is of the process, whatever device and whichever handle of the adapter it was set with. */
static void test_budget_of_devices( void )
{
    D3DKMT_HANDLE other, other_adapter;
    D3DKMT_HANDLE saved = adapter;

    set_budget( MIB( 30 ) );
    other = create_device( adapter );
    check_budget( MIB( 30 ), MIB( 30 ) );
    destroy_device( other );
    if (open_adapter( &other_adapter ))
    {
        adapter = other_adapter;
        check_budget( MIB( 30 ), MIB( 30 ) );
        set_budget( MIB( 31 ) );
        close_adapter( other_adapter );
        adapter = saved;
        check_budget( MIB( 31 ), MIB( 31 ) );
    }
    set_budget( NONE );
}

/***********************************************************************
 * Trim intervals
 */

static UINT calls;

static void APIENTRY on_trim( D3DKMT_TRIMNOTIFICATION *notification )
{
    (void)notification;
    __atomic_add_fetch( &calls, 1, __ATOMIC_SEQ_CST );
}

static UINT count_calls( UINT ms )
{
    __atomic_store_n( &calls, 0, __ATOMIC_SEQ_CST );
    sleep_ms( ms );
    return __atomic_load_n( &calls, __ATOMIC_SEQ_CST );
}

static void set_trim_interval( UINT ms )
{
    struct winekmt_escape escape;

    init_escape( &escape, WINEKMT_ESCAPE_SET_TRIM_INTERVAL );
    escape.bytes = ms;
    check_status( send_escape( &escape ), STATUS_SUCCESS );
}

static void test_trim_interval( void )
{
    D3DKMT_UNREGISTERTRIMNOTIFICATION unregister;
    D3DKMT_REGISTERTRIMNOTIFICATION params;
    D3DKMT_HANDLE list[8];
    UINT count, i;

    if (getenv( "WINEKMT_TRIM_INTERVAL" ))
    {
        skip( "the usual interval is another\n" );
        return;
    }
    for (i = 0; i < 8; i++)
    {
        list[i] = create_allocation( device, MIB( 1 ) );
        write_allocation( device, list[i], MIB( 1 ), i + 1 );
    }
    set_budget( MIB( 9 ) );     /* of which most is used: there is pressure */
    memset( &params, 0, sizeof(params) );
    params.AdapterLuid = luid;
    params.hDevice = device;
    params.Callback = on_trim;
    check_status( pD3DKMTRegisterTrimNotification( &params ), STATUS_SUCCESS );
    set_trim_interval( 20 );
    for (i = 0; i < 100 && !count_calls( 50 ); i++) {}
    count = count_calls( 1000 );
    ok( count >= 5 && count <= 60, "%u calls in 1 s, every 20 ms\n", count );
    set_trim_interval( 3600000 );
    count_calls( 100 );
    count = count_calls( 500 );
    ok( !count, "%u calls in 0.5 s, every hour\n", count );
    set_trim_interval( 0 );     /* 2 s */
    count_calls( 100 );
    count = count_calls( 1000 );
    ok( count <= 1, "%u calls in 1 s, every 2 s\n", count );
    count = count_calls( 2500 );
    ok( count >= 1, "%u calls in 2.5 s, every 2 s\n", count );
    unregister.Handle = params.Handle;
    unregister.Callback = NULL;
    check_status( pD3DKMTUnregisterTrimNotification( &unregister ), STATUS_SUCCESS );
    set_budget( NONE );
    for (i = 0; i < 8; i++)
    {
        check_pattern( device, list[i], MIB( 1 ), i + 1 );
        destroy_allocation( device, list[i] );
    }
}

/***********************************************************************
 * All of it at once, with others at work on the same memory
 */

struct worker
{
    D3DKMT_HANDLE device, list[8];
    UINT          bad, seed, rounds;
};

static void use_memory( void *arg )
{
    struct worker *worker = arg;
    UINT i, round;

    for (round = 0; round < worker->rounds; round++)
    {
        i = round % 8;
        check_pattern( worker->device, worker->list[i], KIB( 256 ), worker->seed + i );
        if (round % 5 == 4)
        {
            destroy_allocation( worker->device, worker->list[i] );
            worker->list[i] = create_allocation( worker->device, KIB( 256 ) );
            write_allocation( worker->device, worker->list[i], KIB( 256 ), worker->seed + i );
        }
    }
}

static void command( void *arg )
{
    struct winekmt_escape escape;
    D3DKMT_ESCAPE params;
    UINT *stop = arg, i;

    for (i = 0; !__atomic_load_n( stop, __ATOMIC_SEQ_CST ); i++)
    {
        init_escape( &escape, i % 3 ? WINEKMT_ESCAPE_EVICT : WINEKMT_ESCAPE_SET_BUDGET );
        if (!(i % 3)) escape.bytes = i % 2 ? MIB( 2 ) : NONE;
        init_params( &params, D3DKMT_ESCAPE_DRIVERPRIVATE, &escape, sizeof(escape) );
        check_status( pD3DKMTEscape( &params ), STATUS_SUCCESS );
        if (!(i % 16)) sleep_ms( 1 );
    }
}

static void test_threads( void )
{
    struct test_thread *threads[2], *commander;
    struct worker workers[2];
    UINT i, j, stop = 0;

    for (i = 0; i < 2; i++)
    {
        workers[i].device = device;
        workers[i].seed = 100 * (i + 1);
        workers[i].rounds = test_scale( 400 );
        for (j = 0; j < 8; j++)
        {
            workers[i].list[j] = create_allocation( device, KIB( 256 ) );
            write_allocation( device, workers[i].list[j], KIB( 256 ), workers[i].seed + j );
        }
    }
    commander = start_thread( command, &stop );
    for (i = 0; i < 2; i++) threads[i] = start_thread( use_memory, &workers[i] );
    for (i = 0; i < 2; i++) join_thread( threads[i] );
    __atomic_store_n( &stop, 1, __ATOMIC_SEQ_CST );
    join_thread( commander );
    set_budget( NONE );
    for (i = 0; i < 2; i++)
        for (j = 0; j < 8; j++)
        {
            check_pattern( device, workers[i].list[j], KIB( 256 ), workers[i].seed + j );
            destroy_allocation( device, workers[i].list[j] );
        }
}

START_TEST(escape)
{
    struct winekmt_adapter_data data;
    check_status( pD3DKMTEscape( NULL ), STATUS_INVALID_PARAMETER );
    if (!open_device( &adapter, &device )) return;
    luid = get_adapter_info().AdapterLuid;
    create_fence_queue( device, &queue );
    get_adapter_data( adapter, &data );
    group = get_default_group( adapter );
    test_segments = group ? WINEKMT_SEGMENT_NON_LOCAL : WINEKMT_SEGMENT_LOCAL;

    test_bad();
    test_foreign();
    if (getenv( "WINEKMT_VERIFIER" )) skip( "verifier switches are set\n" );
    else
    {
        test_evict();
        test_evict_both();
        test_vidmm();
        test_budget();
        test_budget_of_devices();
        test_trim_interval();
        test_threads();
    }
    test_segments = 0;
    destroy_queue( queue.hPagingQueue );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
