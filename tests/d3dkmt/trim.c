/*
 * RegisterTrimNotification, UnregisterTrimNotification, and what the callbacks are told
 *
 * The periodic ones come under pressure: WINEKMT_VIDEO_MEMORY_SIZE=64 and WINEKMT_TRIM_INTERVAL=100 (ms). TrimToBudget without a budget
 * that falls: after the budget was exceeded for a promise; faultpaging.c has the rest.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define PERIODIC   1u
#define RESTART    2u
#define TO_BUDGET  4u

static D3DKMT_HANDLE adapter, device;
static D3DKMT_CREATEPAGINGQUEUE queue;
static UINT64 budget, large;
static UINT interval;
static LUID luid;

/* What came in at one registration. All but the first only atomically. */
struct listener
{
    void (*action)( struct listener * );    /* what the callback does, NULL: nothing */
    void  *handle;                          /* NULL: not registered yet */
    UINT   calls;
    UINT   flags, first_flags, last_flags;  /* of all calls or-ed, of the first one since that was 0, of the last one */
    UINT   wrong;                           /* calls with flags that must not be, or come together */
    UINT   running, peak;
    UINT64 bytes, thread;
};

static void APIENTRY callback( D3DKMT_TRIMNOTIFICATION *notification )
{
    struct listener *listener = notification->Context;
    UINT flags = notification->Flags.Value;
    BOOL wrong = !flags || flags & ~(PERIODIC | RESTART | TO_BUDGET) || (flags & PERIODIC && flags & RESTART);

    if (!(flags & TO_BUDGET) != !notification->NumBytesToTrim) wrong = TRUE;
    __atomic_store_n( &listener->bytes, notification->NumBytesToTrim, __ATOMIC_SEQ_CST );
    __atomic_store_n( &listener->thread, get_thread_id(), __ATOMIC_SEQ_CST );
    __atomic_or_fetch( &listener->flags, flags, __ATOMIC_SEQ_CST );
    if (!__atomic_load_n( &listener->first_flags, __ATOMIC_SEQ_CST )) __atomic_store_n( &listener->first_flags, flags, __ATOMIC_SEQ_CST );
    __atomic_store_n( &listener->last_flags, flags, __ATOMIC_SEQ_CST );
    if (wrong) __atomic_add_fetch( &listener->wrong, 1, __ATOMIC_SEQ_CST );
    if (__atomic_add_fetch( &listener->running, 1, __ATOMIC_SEQ_CST ) > 1) __atomic_store_n( &listener->peak, 2, __ATOMIC_SEQ_CST );
    if (listener->action) listener->action( listener );
    __atomic_sub_fetch( &listener->running, 1, __ATOMIC_SEQ_CST );
    __atomic_add_fetch( &listener->calls, 1, __ATOMIC_SEQ_CST );
}

static void APIENTRY other_callback( D3DKMT_TRIMNOTIFICATION *notification )
{
    callback( notification );
}

static UINT get_calls( struct listener *listener )
{
    return __atomic_load_n( &listener->calls, __ATOMIC_SEQ_CST );
}

static UINT get_flags( const UINT *flags )
{
    return __atomic_load_n( flags, __ATOMIC_SEQ_CST );
}

/* Waits until that many calls more than from have come, 10 s at most. */
static BOOL wait_for_calls_from( struct listener *listener, UINT from, UINT more )
{
    UINT64 start = time_ms();

    while (get_calls( listener ) - from < more && time_ms() - start < 10000) sleep_ms( 1 );
    return get_calls( listener ) - from >= more;
}

static BOOL wait_for_calls( struct listener *listener, UINT more )
{
    return wait_for_calls_from( listener, get_calls( listener ), more );
}

static NTSTATUS try_listen( struct listener *listener, D3DKMT_HANDLE of, PFND3DKMT_TRIMNOTIFICATIONCALLBACK function )
{
    D3DKMT_REGISTERTRIMNOTIFICATION params, before;
    NTSTATUS status;

    FILL( params );
    params.AdapterLuid = luid;
    params.hDevice = of;
    params.Callback = function;
    params.Context = listener;
    before = params;
    status = pD3DKMTRegisterTrimNotification( &params );
    if (!status) before.Handle = params.Handle;
    check_bytes( "RegisterTrimNotification: parameter block", &params, &before, sizeof(params) );
    __atomic_store_n( &listener->handle, params.Handle, __ATOMIC_SEQ_CST );
    return status;
}

static void listen_to( struct listener *listener, void (*action)( struct listener * ) )
{
    memset( listener, 0, sizeof(*listener) );
    listener->action = action;
    check_status( try_listen( listener, device, callback ), STATUS_SUCCESS );
}

static NTSTATUS try_unregister( void *handle, PFND3DKMT_TRIMNOTIFICATIONCALLBACK function )
{
    D3DKMT_UNREGISTERTRIMNOTIFICATION params = { handle, function }, before = params;
    NTSTATUS status = pD3DKMTUnregisterTrimNotification( &params );

    check_bytes( "UnregisterTrimNotification: parameter block", &params, &before, sizeof(params) );
    return status;
}

static void stop_listening( struct listener *listener )
{
    check_status( try_unregister( listener->handle, NULL ), STATUS_SUCCESS );
    ok( !__atomic_load_n( &listener->running, __ATOMIC_SEQ_CST ), "the callback still runs\n" );
    ok( !listener->wrong, "%u calls had wrong flags\n", listener->wrong );
    ok( listener->peak < 2, "two calls at once\n" );
}

static void test_statuses( void )
{
    D3DKMT_REGISTERTRIMNOTIFICATION params;
    D3DKMT_UNREGISTERTRIMNOTIFICATION unregister;
    struct listener listeners[4];
    D3DKMT_HANDLE other, gone;
    UINT i;

    check_status( pD3DKMTRegisterTrimNotification( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTUnregisterTrimNotification( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( RegisterTrimNotification, &params, STATUS_INVALID_PARAMETER );
    memset( &unregister, 0, sizeof(unregister) );
    kmt_fails( UnregisterTrimNotification, &unregister, STATUS_INVALID_PARAMETER );
    FILL( unregister );
    kmt_fails( UnregisterTrimNotification, &unregister, STATUS_INVALID_PARAMETER );

    memset( listeners, 0, sizeof(listeners) );
    gone = create_device( adapter );
    destroy_device( gone );
    check_status( try_listen( &listeners[0], 0, callback ), STATUS_INVALID_PARAMETER );
    check_status( try_listen( &listeners[0], adapter, callback ), STATUS_INVALID_PARAMETER );
    check_status( try_listen( &listeners[0], queue.hPagingQueue, callback ), STATUS_INVALID_PARAMETER );
    check_status( try_listen( &listeners[0], gone, callback ), STATUS_INVALID_PARAMETER );
    check_status( try_listen( &listeners[0], device, NULL ), STATUS_INVALID_PARAMETER );
    for (i = 0; i < 3; i++)     /* another adapter's LUID, or nobody's */
    {
        LUID right = luid;

        if (i == 0) luid.LowPart ^= 0x10000;
        else if (i == 1) luid.HighPart ^= 1;
        else memset( &luid, 0, sizeof(luid) );
        check_status( try_listen( &listeners[0], device, callback ), STATUS_INVALID_PARAMETER );
        luid = right;
    }
    check_status( try_unregister( NULL, callback ), STATUS_INVALID_PARAMETER );     /* nothing of it was registered */
    check_status( try_unregister( (void *)(ULONG_PTR)0x12345678, callback ), STATUS_INVALID_PARAMETER );

    /* one handle each, also for the same callback and context */
    for (i = 0; i < 4; i++)
    {
        check_status( try_listen( &listeners[i], device, i & 1 ? other_callback : callback ), STATUS_SUCCESS );
        ok( listeners[i].handle != NULL, "no handle\n" );
        ok( !i || listeners[i].handle != listeners[i - 1].handle, "handle %p twice\n", listeners[i].handle );
    }
    check_status( try_unregister( listeners[0].handle, NULL ), STATUS_SUCCESS );
    check_status( try_unregister( listeners[0].handle, NULL ), STATUS_INVALID_PARAMETER );
    check_status( try_unregister( listeners[0].handle, other_callback ), STATUS_INVALID_PARAMETER );
    check_status( try_unregister( listeners[1].handle, callback ), STATUS_SUCCESS );    /* the handle says it all */
    /* by the callback: all of it, and no other */
    check_status( try_listen( &listeners[0], device, callback ), STATUS_SUCCESS );
    check_status( try_unregister( NULL, callback ), STATUS_SUCCESS );
    check_status( try_unregister( listeners[0].handle, NULL ), STATUS_INVALID_PARAMETER );
    check_status( try_unregister( listeners[2].handle, NULL ), STATUS_INVALID_PARAMETER );
    check_status( try_unregister( NULL, callback ), STATUS_INVALID_PARAMETER );
    check_status( try_unregister( listeners[3].handle, NULL ), STATUS_SUCCESS );

    /* they go with their device */
    other = create_device( adapter );
    check_status( try_listen( &listeners[0], other, callback ), STATUS_SUCCESS );
    check_status( try_listen( &listeners[1], device, callback ), STATUS_SUCCESS );
    destroy_device( other );
    check_status( try_unregister( listeners[0].handle, NULL ), STATUS_INVALID_PARAMETER );
    check_status( try_unregister( listeners[1].handle, NULL ), STATUS_SUCCESS );
}

/***********************************************************************
 * Under pressure: more than three quarters of the budget are in use.
 */

static D3DKMT_HANDLE pressing[64];

static void start_pressure( void )
{
    UINT i;

    for (i = 0; i < budget / large * 7 / 8; i++) pressing[i] = create_allocation( device, large );
}

static void end_pressure( void )
{
    UINT i;

    for (i = 0; i < budget / large * 7 / 8; i++) destroy_allocation( device, pressing[i] );
}

static void test_periodic( void )
{
    struct listener listener, second;
    UINT calls, turn;
    UINT64 start;

    /* nothing to be told */
    listen_to( &listener, NULL );
    sleep_ms( 3 * interval );
    ok( !get_calls( &listener ), "%u calls without pressure\n", get_calls( &listener ) );
    for (turn = 0; turn < 2; turn++)
    {
        winetest_push_context( "turn %u", turn );
        calls = get_calls( &listener );
        __atomic_store_n( &listener.first_flags, 0, __ATOMIC_SEQ_CST );
        start_pressure();
        start = time_ms();
        ok( wait_for_calls_from( &listener, calls, 1 ), "no call under pressure\n" );
        ok( get_flags( &listener.first_flags ) == RESTART, "the first call has flags %#x\n", get_flags( &listener.first_flags ) );
        ok( time_ms() - start < 2000, "it came after %u ms\n", (UINT)(time_ms() - start) );
        start = time_ms();
        ok( wait_for_calls( &listener, 4 ), "no more calls\n" );
        ok( get_flags( &listener.last_flags ) == PERIODIC, "the next calls have flags %#x\n", get_flags( &listener.last_flags ) );
        ok( time_ms() - start >= 3 * interval - interval / 2, "four calls in %u ms\n", (UINT)(time_ms() - start) );
        ok( __atomic_load_n( &listener.thread, __ATOMIC_SEQ_CST ) != get_thread_id(), "called on this thread\n" );
        /* one that comes later hears it too, from the beginning */
        listen_to( &second, NULL );
        ok( wait_for_calls_from( &second, 0, 2 ), "the second one is not called\n" );
        ok( get_flags( &second.first_flags ) == RESTART, "its first call has flags %#x\n", get_flags( &second.first_flags ) );
        ok( get_flags( &second.last_flags ) == PERIODIC, "its next call has flags %#x\n", get_flags( &second.last_flags ) );
        ok( wait_for_calls( &listener, 1 ), "the first one is no longer called\n" );
        ok( __atomic_load_n( &second.thread, __ATOMIC_SEQ_CST ) == __atomic_load_n( &listener.thread, __ATOMIC_SEQ_CST ),
            "two threads for callbacks\n" );
        calls = get_calls( &second );
        stop_listening( &second );
        ok( wait_for_calls( &listener, 1 ), "no more calls\n" );
        ok( get_calls( &second ) - calls <= 1, "calls after the end\n" );
        end_pressure();
        sleep_ms( 2 * interval );
        calls = get_calls( &listener );
        sleep_ms( 4 * interval );
        ok( get_calls( &listener ) == calls, "%u calls after the pressure\n", get_calls( &listener ) - calls );
        winetest_pop_context();
    }
    stop_listening( &listener );
}

static UINT gate_open;

static void wait_at_gate( struct listener *listener )
{
    (void)listener;
    while (!__atomic_load_n( &gate_open, __ATOMIC_SEQ_CST )) sleep_ms( 1 );
}

/* A callback that takes longer than the interval, while the pressure ends and begins anew: it hears of the beginning first. */
static void test_slow( void )
{
    struct listener listener, second;
    UINT64 start;
    UINT pauses;

    for (pauses = 0; pauses < 2; pauses++)
    {
        winetest_push_context( "%u pauses", pauses );
        __atomic_store_n( &gate_open, 0, __ATOMIC_SEQ_CST );
        listen_to( &listener, wait_at_gate );
        listen_to( &second, NULL );
        start_pressure();
        for (start = time_ms(); !__atomic_load_n( &listener.running, __ATOMIC_SEQ_CST ) && time_ms() - start < 10000; ) sleep_ms( 1 );
        ok( get_flags( &listener.first_flags ) == RESTART, "the first call has flags %#x\n", get_flags( &listener.first_flags ) );
        sleep_ms( 3 * interval );
        if (pauses)
        {
            end_pressure();
            sleep_ms( 3 * interval );
            start_pressure();
            sleep_ms( 3 * interval );
        }
        __atomic_store_n( &listener.first_flags, 0, __ATOMIC_SEQ_CST );
        __atomic_store_n( &gate_open, 1, __ATOMIC_SEQ_CST );
        ok( wait_for_calls_from( &listener, 0, 3 ), "no calls\n" );
        ok( get_flags( &listener.first_flags ) == (pauses ? RESTART : PERIODIC),
            "the call after the long one has flags %#x\n", get_flags( &listener.first_flags ) );
        ok( get_flags( &listener.last_flags ) == PERIODIC, "the next call has flags %#x\n", get_flags( &listener.last_flags ) );
        ok( wait_for_calls_from( &second, 0, 2 ), "the second one is not called\n" );
        ok( get_flags( &second.first_flags ) == RESTART, "the second one's first call has flags %#x\n", get_flags( &second.first_flags ) );
        stop_listening( &second );
        stop_listening( &listener );
        end_pressure();
        winetest_pop_context();
    }
}

/* What callbacks may do: everything. */
static struct listener inner;
static D3DKMT_HANDLE inner_device;
static UINT inner_failures;

#define expect( condition ) do { if (!(condition)) __atomic_add_fetch( &inner_failures, 1, __ATOMIC_SEQ_CST ); } while (0)

/* Other functions of ours, waiting ones among them; and under Windows that the thread is one of its own. */
static void use_functions( struct listener *listener )
{
    D3DKMT_HANDLE allocation;
    UINT64 value;
    void *data;

    if (get_calls( listener )) return;
    expect( !try_create( device, KIB( 64 ), &allocation ) );
    expect( !try_lock( device, allocation, &data ) );
    if (data) fill_memory( data, KIB( 64 ), 3 );
    expect( !try_unlock( device, allocation ) );
    expect( !make_resident( queue.hPagingQueue, &allocation, 1, 0, &value, NULL ) );
    wait_for_fence( &queue, value );
    expect( !evict( device, &allocation, 1, 0, NULL ) );
    expect( !try_destroy( device, 0, &allocation, 1 ) );
    expect( get_usage( adapter ) > 0 );
#ifdef _WIN32
    {
        static DWORD slot = TLS_OUT_OF_INDEXES;
        HANDLE thread = NULL;

        expect( GetCurrentThreadId() != 0 );
        expect( (slot = TlsAlloc()) != TLS_OUT_OF_INDEXES && TlsSetValue( slot, listener ) && TlsGetValue( slot ) == listener );
        TlsFree( slot );
        SetLastError( 4711 );
        expect( GetLastError() == 4711 );
        expect( DuplicateHandle( GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &thread, 0, FALSE, DUPLICATE_SAME_ACCESS ) );
        expect( GetThreadId( thread ) == GetCurrentThreadId() );
        CloseHandle( thread );
        expect( LoadLibraryA( "version.dll" ) != NULL );
    }
#endif
}

static void register_another( struct listener *listener )
{
    if (get_calls( listener )) return;
    memset( &inner, 0, sizeof(inner) );
    expect( !try_listen( &inner, device, callback ) );
}

static void unregister_other( struct listener *listener )
{
    if (!get_calls( listener )) expect( !try_unregister( inner.handle, NULL ) );
}

static void unregister_itself( struct listener *listener )
{
    void *handle;

    /* the call may come before the program knows its own handle */
    while (!(handle = __atomic_load_n( &listener->handle, __ATOMIC_SEQ_CST ))) sleep_ms( 1 );
    expect( !try_unregister( handle, NULL ) );
    expect( try_unregister( handle, NULL ) == STATUS_INVALID_PARAMETER );
    sleep_ms( 50 );
}

static void unregister_all( struct listener *listener )
{
    (void)listener;
    expect( !try_unregister( NULL, callback ) );
}

static void destroy_its_device( struct listener *listener )
{
    D3DKMT_DESTROYDEVICE params = { inner_device };

    (void)listener;
    expect( !pD3DKMTDestroyDevice( &params ) );
}

static void take_time( struct listener *listener )
{
    (void)listener;
    sleep_ms( 200 );
}

static void test_inside( void )
{
    struct listener listener;
    UINT calls;

    start_pressure();
    listen_to( &listener, use_functions );
    ok( wait_for_calls_from( &listener, 0, 2 ), "no calls\n" );
    ok( !inner_failures, "%u checks in the callback failed\n", inner_failures );
    stop_listening( &listener );

    listen_to( &listener, register_another );
    ok( wait_for_calls_from( &listener, 0, 2 ), "no calls\n" );
    ok( wait_for_calls( &inner, 1 ), "what was registered in a callback is not called\n" );
    stop_listening( &listener );
    /* the one from inside goes on, until another takes it away */
    ok( wait_for_calls( &inner, 1 ), "no more calls\n" );
    listen_to( &listener, unregister_other );
    ok( wait_for_calls_from( &listener, 0, 2 ), "no calls\n" );
    calls = get_calls( &inner );
    ok( wait_for_calls( &listener, 2 ), "no calls\n" );
    ok( get_calls( &inner ) == calls, "calls after it was unregistered in a callback\n" );
    check_status( try_unregister( inner.handle, NULL ), STATUS_INVALID_PARAMETER );
    stop_listening( &listener );

    listen_to( &listener, unregister_itself );
    ok( wait_for_calls_from( &listener, 0, 1 ), "no calls\n" );
    sleep_ms( 3 * interval );
    ok( get_calls( &listener ) == 1, "%u calls although the first one unregistered it\n", get_calls( &listener ) );
    check_status( try_unregister( listener.handle, NULL ), STATUS_INVALID_PARAMETER );

    listen_to( &listener, unregister_all );
    ok( wait_for_calls_from( &listener, 0, 1 ), "no calls\n" );
    sleep_ms( 3 * interval );
    ok( get_calls( &listener ) == 1, "%u calls although the first one unregistered it\n", get_calls( &listener ) );

    memset( &listener, 0, sizeof(listener) );
    listener.action = destroy_its_device;
    inner_device = create_device( adapter );
    check_status( try_listen( &listener, inner_device, callback ), STATUS_SUCCESS );
    ok( wait_for_calls_from( &listener, 0, 1 ), "no calls\n" );
    sleep_ms( 3 * interval );
    ok( get_calls( &listener ) == 1, "%u calls although the first one destroyed the device\n", get_calls( &listener ) );
    ok( !inner_failures, "%u checks in the callbacks failed\n", inner_failures );
    end_pressure();
}

/* After the end, from whatever side, a callback neither runs nor is called; also when it was just running. */
static void test_end( void )
{
    struct listener listener;
    UINT way, calls;
    UINT64 start;

    start_pressure();
    for (way = 0; way < 2; way++)       /* by handle, by callback */
    {
        winetest_push_context( "way %u", way );
        listen_to( &listener, take_time );
        for (start = time_ms(); !__atomic_load_n( &listener.running, __ATOMIC_SEQ_CST ) && time_ms() - start < 10000; ) sleep_ms( 1 );
        if (way) check_status( try_unregister( NULL, callback ), STATUS_SUCCESS );
        else check_status( try_unregister( listener.handle, NULL ), STATUS_SUCCESS );
        ok( !__atomic_load_n( &listener.running, __ATOMIC_SEQ_CST ), "the callback still runs\n" );
        calls = get_calls( &listener );
        ok( calls > 0, "it was not called\n" );
        sleep_ms( 3 * interval );
        ok( get_calls( &listener ) == calls, "calls after the end\n" );
        winetest_pop_context();
    }
    end_pressure();
}

/* Over the budget with what is held, because a reclaim kept a promise: TrimToBudget until it is no longer so. */
static void test_to_budget( void )
{
    UINT count = budget / large, i, result, calls;
    D3DKMT_HANDLE list[64], extra;
    struct listener listener;

    for (i = 0; i < count; i++)
    {
        list[i] = create_allocation( device, large );
        hold( queue.hPagingQueue, list[i] );
    }
    check_status( offer_one( device, list[0], D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
    extra = create_allocation( device, large );
    hold( queue.hPagingQueue, extra );
    listen_to( &listener, NULL );
    ok( wait_for_calls( &listener, 2 ), "no calls\n" );
    ok( !(get_flags( &listener.flags ) & TO_BUDGET), "to be trimmed within the budget\n" );
    check_status( reclaim_one( device, list[0], &result ), STATUS_SUCCESS );
    for (i = 0; i < 100 && !(get_flags( &listener.flags ) & TO_BUDGET); i++) sleep_ms( 50 );
    ok( get_flags( &listener.flags ) & TO_BUDGET, "no TrimToBudget\n" );
    while (i++ < 200 && !(get_flags( &listener.last_flags ) & TO_BUDGET)) sleep_ms( 1 );
    release( device, list[1] );
    sleep_ms( 2 * interval );
    __atomic_store_n( &listener.flags, 0, __ATOMIC_SEQ_CST );
    calls = get_calls( &listener );
    sleep_ms( 1300 );   /* it is repeated every second while it lasts */
    ok( get_calls( &listener ) > calls, "no more calls\n" );
    ok( !(get_flags( &listener.flags ) & TO_BUDGET), "to be trimmed within the budget\n" );
    stop_listening( &listener );
    for (i = 0; i < count; i++) destroy_allocation( device, list[i] );
    destroy_allocation( device, extra );
}

START_TEST(trim)
{
    const char *value = getenv( "WINEKMT_TRIM_INTERVAL" );

    if (!open_device( &adapter, &device )) return;
    luid = get_adapter_info().AdapterLuid;
    create_fence_queue( device, &queue );
    test_statuses();
    if (!value || !(interval = atoi( value ))) skip( "no short interval: run with WINEKMT_TRIM_INTERVAL=100\n" );
    else if (get_small_budget( adapter, &budget, &large ))
    {
        test_segments = WINEKMT_SEGMENT_LOCAL;
        test_periodic();
        test_slow();
        test_inside();
        test_end();
        test_to_budget();
        test_segments = 0;
    }
    destroy_queue( queue.hPagingQueue );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
