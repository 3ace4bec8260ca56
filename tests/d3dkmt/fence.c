/*
 * WaitForSynchronizationObjectFromCpu on the fences of paging queues
 *
 * A fence moves when content is copied back: an allocation is evicted and made resident again. Blocking waits are those of threads
 * of their own, so that one that never ends fails this test and does not hang it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define MAX_WAIT  4096
#define SIZE      MIB( 2 )

static D3DKMT_HANDLE adapter, device, allocation;
static D3DKMT_CREATEPAGINGQUEUE queue, other_queue;

static UINT64 get_value( const D3DKMT_CREATEPAGINGQUEUE *of )
{
    return *(const volatile UINT64 *)of->FenceValueCPUVirtualAddress;
}

/* Moves the queue's fence by one; the value that it will have. */
static UINT64 advance( const D3DKMT_CREATEPAGINGQUEUE *of )
{
    UINT64 value;

    send_away( of, allocation );
    check_status( make_resident( of->hPagingQueue, &allocation, 1, 0, &value, NULL ), STATUS_PENDING );
    check_status( evict( device, &allocation, 1, EVICT_ONLY_IF_NECESSARY, NULL ), STATUS_SUCCESS );
    return value;
}

static void init_wait( D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU *wait, const D3DKMT_HANDLE *fences, const UINT64 *values, UINT count,
                       BOOL any )
{
    memset( wait, 0, sizeof(*wait) );
    wait->hDevice = device;
    wait->ObjectCount = count;
    wait->ObjectHandleArray = fences;
    wait->FenceValueArray = values;
    wait->Flags.WaitAny = any;
}

static void test_bad( void )
{
    static D3DKMT_HANDLE many[MAX_WAIT + 1];
    static UINT64 many_values[MAX_WAIT + 1];
    D3DKMT_HANDLE other = create_device( adapter ), wrong[8], list[2];
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait;
    D3DKMT_CREATEPAGINGQUEUE foreign, gone;
    UINT64 values[2] = { 0 };
    HANDLE event = create_event();
    UINT i, j, with_event;

    create_fence_queue( other, &foreign );
    create_fence_queue( device, &gone );
    destroy_queue( gone.hPagingQueue );
    for (i = 0; i < ARRAY_SIZE( many ); i++) many[i] = queue.hSyncObject;

    check_status( pD3DKMTWaitForSynchronizationObjectFromCpu( NULL ), STATUS_INVALID_PARAMETER );
    memset( &wait, 0, sizeof(wait) );
    kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
    for (with_event = 0; with_event < 2; with_event++)
    {
        winetest_push_context( "with_event %u", with_event );
        init_wait( &wait, many, values, 1, FALSE );
        if (with_event) wait.hAsyncEvent = event;
        kmt_succeeds( WaitForSynchronizationObjectFromCpu, &wait );
        if (with_event) ok( wait_for_event( event, 5000 ), "the event was not set\n" );
        wait.ObjectCount = 0;
        kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
        wait.ObjectCount = MAX_WAIT + 1;
        wait.FenceValueArray = many_values;
        kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
        wait.ObjectCount = ~0u;
        kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
        wait.ObjectCount = 1;
        wait.ObjectHandleArray = NULL;
        kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
        wait.ObjectHandleArray = many;
        wait.FenceValueArray = NULL;
        kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
        wait.FenceValueArray = values;
        for (i = 1; i < 32; i++)
        {
            wait.Flags.Value = 1u << i;
            kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
        }
        wait.Flags.Value = 0;
        wait.hDevice = 0;
        kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
        wait.hDevice = queue.hPagingQueue;
        kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
        wait.hDevice = other;
        kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
        wait.hDevice = device;

        wrong[0] = 0;
        wrong[1] = queue.hPagingQueue;
        wrong[2] = device;
        wrong[3] = allocation;
        wrong[4] = foreign.hSyncObject;
        wrong[5] = gone.hSyncObject;
        wrong[6] = queue.hSyncObject | 1;
        wrong[7] = 0xffffffff;
        for (i = 0; i < ARRAY_SIZE( wrong ); i++)
            for (j = 0; j < 4; j++)     /* at both places, for one and for all */
            {
                list[0] = list[1] = queue.hSyncObject;
                list[j & 1] = wrong[i];
                init_wait( &wait, list, values, 2, j & 2 );
                if (with_event) wait.hAsyncEvent = event;
                kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
            }
        winetest_pop_context();
    }
    ok( !wait_for_event( event, 50 ), "the event was set by a wait that was refused\n" );

    /* handles of no event */
    init_wait( &wait, many, values, 1, FALSE );
    wait.hAsyncEvent = (HANDLE)(ULONG_PTR)0xdead0;
    kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_HANDLE );
    wait.hAsyncEvent = event;
    close_event( event );
    kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_HANDLE );
    /* the longest list */
    init_wait( &wait, many, many_values, MAX_WAIT, FALSE );
    kmt_succeeds( WaitForSynchronizationObjectFromCpu, &wait );
    destroy_device( other );
}

/* A wait in a thread of its own. */
struct waiter
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait;
    D3DKMT_HANDLE fences[2];
    UINT64        values[2];
    NTSTATUS      status;
    int           over;         /* only atomically */
    struct test_thread *thread;
};

static void run_waiter( void *arg )
{
    struct waiter *waiter = arg;

    waiter->status = pD3DKMTWaitForSynchronizationObjectFromCpu( &waiter->wait );
    __atomic_store_n( &waiter->over, 1, __ATOMIC_SEQ_CST );
}

static void start_waiter( struct waiter *waiter, UINT64 first, UINT64 second, BOOL any )
{
    memset( waiter, 0, sizeof(*waiter) );
    waiter->fences[0] = queue.hSyncObject;
    waiter->fences[1] = other_queue.hSyncObject;
    waiter->values[0] = first;
    waiter->values[1] = second;
    init_wait( &waiter->wait, waiter->fences, waiter->values, 2, any );
    waiter->thread = start_thread( run_waiter, waiter );
}

static BOOL is_over( struct waiter *waiter, UINT ms )
{
    UINT64 start = time_ms();

    while (!__atomic_load_n( &waiter->over, __ATOMIC_SEQ_CST ) && time_ms() - start < ms) sleep_ms( 1 );
    return __atomic_load_n( &waiter->over, __ATOMIC_SEQ_CST );
}

static void test_blocking( void )
{
    UINT64 first = get_value( &queue ), second = get_value( &other_queue );
    struct waiter all, any, neither;

    start_waiter( &all, first + 1, second + 1, FALSE );
    start_waiter( &any, first + 1000, second + 1, TRUE );
    start_waiter( &neither, first + 2, second + 1000, TRUE );
    ok( !is_over( &all, 50 ) && !is_over( &any, 10 ) && !is_over( &neither, 10 ), "a wait did not wait\n" );
    ok( advance( &queue ) == first + 1, "fence value %s after %s\n", wine_dbgstr_longlong( get_value( &queue ) ), wine_dbgstr_longlong( first ) );
    wait_for_fence( &queue, first + 1 );
    ok( !is_over( &all, 50 ) && !is_over( &any, 10 ) && !is_over( &neither, 10 ), "a wait ended early\n" );
    ok( advance( &other_queue ) == second + 1, "fence value %s after %s\n", wine_dbgstr_longlong( get_value( &other_queue ) ),
        wine_dbgstr_longlong( second ) );
    ok( is_over( &all, 20000 ), "the wait for all goes on\n" );
    ok( is_over( &any, 20000 ), "the wait for any goes on\n" );
    ok( !is_over( &neither, 20 ), "a wait ended early\n" );
    ok( advance( &queue ) == first + 2, "fence value %s after %s\n", wine_dbgstr_longlong( get_value( &queue ) ), wine_dbgstr_longlong( first ) );
    ok( is_over( &neither, 20000 ), "the last wait goes on\n" );
    join_thread( all.thread );
    join_thread( any.thread );
    join_thread( neither.thread );
    check_status( all.status, STATUS_SUCCESS );
    check_status( any.status, STATUS_SUCCESS );
    check_status( neither.status, STATUS_SUCCESS );
    check_pattern( device, allocation, SIZE, 1 );
}

static void start_async( HANDLE event, UINT64 first, UINT64 second, BOOL any )
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait;
    D3DKMT_HANDLE fences[2] = { queue.hSyncObject, other_queue.hSyncObject };
    UINT64 values[2] = { first, second };

    init_wait( &wait, fences, values, 2, any );
    wait.hAsyncEvent = event;
    kmt_succeeds( WaitForSynchronizationObjectFromCpu, &wait );
    memset( fences, SENTINEL, sizeof(fences) );     /* nobody may look at these any more */
    memset( values, 0, sizeof(values) );
}

static void test_events( void )
{
    UINT64 first = get_value( &queue ), second = get_value( &other_queue ), value;
    HANDLE all = create_event(), any = create_event(), neither = create_event(), closed = create_event(), many[32];
    UINT i;

    /* reached already: set soon, each time */
    for (i = 0; i < 3; i++)
    {
        start_async( all, first, second, FALSE );
        ok( wait_for_event( all, 10000 ), "the event was not set\n" );
        start_async( any, first, second + 1000, TRUE );
        ok( wait_for_event( any, 10000 ), "the event was not set\n" );
        ok( !wait_for_event( any, 0 ), "the event was set twice\n" );
    }
    start_async( all, first + 1, second + 1, FALSE );
    start_async( any, first + 1, second + 1, TRUE );
    start_async( neither, first + 2, second + 1000, TRUE );
    start_async( closed, first + 1, second, FALSE );
    close_event( closed );      /* the wait has one of its own */
    ok( !wait_for_event( all, 50 ) && !wait_for_event( any, 0 ) && !wait_for_event( neither, 0 ), "an event was set early\n" );
    value = advance( &queue );
    ok( wait_for_event( any, 10000 ), "the event was not set\n" );
    ok( get_value( &queue ) >= value, "the event was set before the fence\n" );
    ok( !wait_for_event( all, 50 ) && !wait_for_event( neither, 0 ), "an event was set early\n" );
    value = advance( &other_queue );
    ok( wait_for_event( all, 10000 ), "the event was not set\n" );
    ok( get_value( &other_queue ) >= value, "the event was set before the fence\n" );
    ok( !wait_for_event( neither, 50 ), "an event was set early\n" );
    advance( &queue );
    ok( wait_for_event( neither, 10000 ), "the event was not set\n" );

    /* many at once */
    first = get_value( &queue );
    for (i = 0; i < ARRAY_SIZE( many ); i++)
    {
        many[i] = create_event();
        start_async( many[i], first + 1, second, FALSE );
    }
    advance( &queue );
    for (i = 0; i < ARRAY_SIZE( many ); i++)
    {
        ok( wait_for_event( many[i], 10000 ), "event %u was not set\n", i );
        close_event( many[i] );
    }
    close_event( all );
    close_event( any );
    close_event( neither );
    check_pattern( device, allocation, SIZE, 1 );
}

/* Waits end with their fence, and with their device. */
static void test_end( BOOL with_device )
{
    D3DKMT_HANDLE old_device = device;
    D3DKMT_CREATEPAGINGQUEUE old_queue = queue, old_other = other_queue;
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait;
    HANDLE event = create_event(), late = create_event();
    struct waiter one, both, any;
    UINT64 value = 0;

    winetest_push_context( "with_device %u", with_device );
    device = create_device( adapter );
    create_fence_queue( device, &queue );
    create_fence_queue( device, &other_queue );
    start_waiter( &one, 1, 0, FALSE );
    start_waiter( &both, 1, 1, FALSE );
    start_waiter( &any, 1, 1, TRUE );
    start_async( event, 1, 1, TRUE );
    start_async( late, 0, 1, FALSE );
    ok( !is_over( &one, 50 ) && !is_over( &both, 0 ) && !is_over( &any, 0 ), "a wait did not wait\n" );
    ok( !wait_for_event( event, 0 ), "the event was set early\n" );
    if (with_device) destroy_device( device );
    else destroy_queue( queue.hPagingQueue );
    ok( is_over( &one, 20000 ) && is_over( &both, 20000 ) && is_over( &any, 20000 ), "a wait goes on without its fence\n" );
    ok( wait_for_event( event, 10000 ), "the event was not set\n" );
    ok( wait_for_event( late, 10000 ), "the event was not set\n" );
    join_thread( one.thread );
    join_thread( both.thread );
    join_thread( any.thread );
    check_status( one.status, STATUS_INVALID_PARAMETER );
    check_status( both.status, STATUS_INVALID_PARAMETER );
    check_status( any.status, STATUS_INVALID_PARAMETER );
    init_wait( &wait, &queue.hSyncObject, &value, 1, FALSE );
    kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_INVALID_PARAMETER );
    if (!with_device)
    {
        wait.ObjectHandleArray = &other_queue.hSyncObject;
        kmt_succeeds( WaitForSynchronizationObjectFromCpu, &wait );
        destroy_device( device );
    }
    close_event( event );
    close_event( late );
    device = old_device;
    queue = old_queue;
    other_queue = old_other;
    winetest_pop_context();
}

/* The values of a queue rise by one for each operation, and it is reached when the operation is done; queues of all priorities. */
static void test_order( void )
{
    D3DKMT_CREATEPAGINGQUEUE queues[3];
    D3DKMT_HANDLE list[12];
    UINT64 values[3] = { 0 }, value;
    UINT i, j, turn;

    for (i = 0; i < 3; i++)
    {
        memset( &queues[i], 0, sizeof(queues[i]) );
        queues[i].hDevice = device;
        queues[i].Priority = (int)i - 1;
        check_status( pD3DKMTCreatePagingQueue( &queues[i] ), STATUS_SUCCESS );
    }
    for (i = 0; i < ARRAY_SIZE( list ); i++)
    {
        list[i] = create_allocation( device, KIB( 300 ) );
        write_allocation( device, list[i], KIB( 300 ), i );
    }
    for (turn = 0; turn < 3; turn++)
    {
        for (i = 0; i < ARRAY_SIZE( list ); i++) send_away( &queues[2], list[i] );
        values[2] = get_value( &queues[2] );
        for (i = 0; i < ARRAY_SIZE( list ); i++)
        {
            check_status( make_resident( queues[i % 3].hPagingQueue, &list[i], 1, 0, &value, NULL ), STATUS_PENDING );
            ok( value == values[i % 3] + 1, "value %s after %s\n", wine_dbgstr_longlong( value ), wine_dbgstr_longlong( values[i % 3] ) );
            values[i % 3] = value;
        }
        for (i = 0; i < 3; i++)
        {
            wait_for_fence( &queues[i], values[i] );
            for (j = i; j < ARRAY_SIZE( list ); j += 3) ok( is_resident( device, list[j] ), "%u is not resident\n", j );
            ok( get_value( &queues[i] ) == values[i], "value %s\n", wine_dbgstr_longlong( get_value( &queues[i] ) ) );
        }
        for (i = 0; i < ARRAY_SIZE( list ); i++) check_pattern( device, list[i], KIB( 300 ), i );
        check_status( evict( device, list, ARRAY_SIZE( list ), EVICT_ONLY_IF_NECESSARY, NULL ), STATUS_SUCCESS );
    }
    /* one list is one operation; and a queue is destroyed only after it */
    for (i = 0; i < ARRAY_SIZE( list ); i++) send_away( &queues[2], list[i] );
    check_status( make_resident( queues[1].hPagingQueue, list, ARRAY_SIZE( list ), 0, &value, NULL ), STATUS_PENDING );
    ok( value == values[1] + 1, "value %s after %s\n", wine_dbgstr_longlong( value ), wine_dbgstr_longlong( values[1] ) );
    for (i = 0; i < 3; i++) destroy_queue( queues[i].hPagingQueue );
    for (i = 0; i < ARRAY_SIZE( list ); i++)
    {
        ok( is_resident( device, list[i] ), "%u is not resident\n", i );
        check_pattern( device, list[i], KIB( 300 ), i );
        destroy_allocation( device, list[i] );
    }
}

#ifdef _WIN32

/* A program may end while threads of it wait. */
static void test_exit( void )
{
    PROCESS_INFORMATION process;
    STARTUPINFOA startup;
    char path[MAX_PATH], command[MAX_PATH + 16];
    DWORD code = ~0u;

    memset( &startup, 0, sizeof(startup) );
    startup.cb = sizeof(startup);
    GetModuleFileNameA( NULL, path, sizeof(path) );
    sprintf( command, "\"%s\" fence exit", path );
    if (!CreateProcessA( path, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process ))
    {
        ok( 0, "CreateProcess failed with %u\n", (UINT)GetLastError() );
        return;
    }
    ok( WaitForSingleObject( process.hProcess, 60000 ) == WAIT_OBJECT_0, "the program does not end\n" );
    GetExitCodeProcess( process.hProcess, &code );
    ok( code == 4711, "exit code %#x\n", (UINT)code );
    CloseHandle( process.hThread );
    CloseHandle( process.hProcess );
}

static void run_exit( void )
{
    static struct waiter waiters[2];

    start_waiter( &waiters[0], get_value( &queue ) + 1, 0, FALSE );
    start_waiter( &waiters[1], 0, get_value( &other_queue ) + 1, FALSE );
    start_async( create_event(), get_value( &queue ) + 1, 0, FALSE );
    if (is_over( &waiters[0], 100 ) || is_over( &waiters[1], 0 )) ExitProcess( 1 );
    ExitProcess( 4711 );
}

#endif

START_TEST(fence)
{
#ifdef _WIN32
    char **args;

#endif
    if (!open_device( &adapter, &device )) return;
    create_fence_queue( device, &queue );
    create_fence_queue( device, &other_queue );
#ifdef _WIN32
    if (winetest_get_mainargs( &args ) > 2) run_exit();
    test_exit();
#endif
    allocation = create_allocation( device, SIZE );
    if (!allocation) return;    /* that was counted; without it there would be waits for what never comes */
    write_allocation( device, allocation, SIZE, 1 );
    test_bad();
    test_blocking();
    test_events();
    test_end( FALSE );
    test_end( TRUE );
    test_order();
    destroy_allocation( device, allocation );
    destroy_queue( other_queue.hPagingQueue );
    destroy_queue( queue.hPagingQueue );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
