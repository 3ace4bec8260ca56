/*
 * What a program may say of a process and its GPU: Get- and SetProcessSchedulingPriorityClass, Get- and
 * SetProcessDeviceRemovalSupport, SetStablePowerState; and MarkDeviceAsError
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#ifndef STATUS_ALREADY_INITIALIZED      /* newer than mingw's header */
#define STATUS_ALREADY_INITIALIZED  ((NTSTATUS)0xC0000510)
#endif

#define SELF             ((HANDLE)(LONG_PTR)-1)
#define NOWHERE          ((HANDLE)(ULONG_PTR)0xdead0000)
#define SET_INFORMATION    0x200     /* PROCESS_ */
#define QUERY_INFORMATION  0x400

#define NORMAL    D3DKMT_SCHEDULINGPRIORITYCLASS_NORMAL
#define REALTIME  D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME

/* The class, or a status that was expected. Only success writes it. */
static UINT get_class( HANDLE process, NTSTATUS expected )
{
    D3DKMT_SCHEDULINGPRIORITYCLASS priority[2] = { SENTINEL32, SENTINEL32 };

    check_status( pD3DKMTGetProcessSchedulingPriorityClass( process, priority ), expected );
    ok( (UINT)priority[1] == SENTINEL32 && (!expected || (UINT)priority[0] == SENTINEL32), "class %#x, %#x\n", priority[0], priority[1] );
    return priority[0];
}

static void test_priority( void )
{
    static const UINT bad[] = { REALTIME + 1, 0x7fffffff, 0x80000000, 0xffffffff };
    UINT class, i, first;
    HANDLE own, event;

    check_status( pD3DKMTGetProcessSchedulingPriorityClass( SELF, NULL ), STATUS_INVALID_PARAMETER );
    get_class( NULL, STATUS_INVALID_PARAMETER );
    get_class( NOWHERE, STATUS_INVALID_HANDLE );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( NULL, NORMAL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( NOWHERE, NORMAL ), STATUS_INVALID_HANDLE );
    event = create_event();
    get_class( event, STATUS_OBJECT_TYPE_MISMATCH );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( event, NORMAL ), STATUS_OBJECT_TYPE_MISMATCH );
    close_event( event );

    first = get_class( SELF, STATUS_SUCCESS );
    ok( first == NORMAL, "class %u at first\n", first );
    for (class = 0; class <= REALTIME; class++)
    {
        check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, class ), STATUS_SUCCESS );
        ok( get_class( SELF, STATUS_SUCCESS ) == class, "class %u is %u\n", class, get_class( SELF, STATUS_SUCCESS ) );
        for (i = 0; i < ARRAY_SIZE( bad ); i++)
            check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, bad[i] ), STATUS_INVALID_PARAMETER );
        ok( get_class( SELF, STATUS_SUCCESS ) == class, "a bad class is %u\n", get_class( SELF, STATUS_SUCCESS ) );
    }

    /* a true handle is as good */
    if ((own = open_own_process( QUERY_INFORMATION | SET_INFORMATION )))
    {
        ok( get_class( own, STATUS_SUCCESS ) == REALTIME, "class %u\n", get_class( own, STATUS_SUCCESS ) );
        check_status( pD3DKMTSetProcessSchedulingPriorityClass( own, D3DKMT_SCHEDULINGPRIORITYCLASS_IDLE ), STATUS_SUCCESS );
        ok( get_class( SELF, STATUS_SUCCESS ) == D3DKMT_SCHEDULINGPRIORITYCLASS_IDLE, "class %u\n", get_class( SELF, STATUS_SUCCESS ) );
        close_process( own );
#ifdef _WIN32
        own = open_own_process( QUERY_INFORMATION );
        get_class( own, STATUS_SUCCESS );
        check_status( pD3DKMTSetProcessSchedulingPriorityClass( own, NORMAL ), STATUS_ACCESS_DENIED );
        close_process( own );
        own = open_own_process( SET_INFORMATION );
        get_class( own, STATUS_ACCESS_DENIED );
        check_status( pD3DKMTSetProcessSchedulingPriorityClass( own, REALTIME + 1 ), STATUS_INVALID_PARAMETER );
        check_status( pD3DKMTSetProcessSchedulingPriorityClass( own, NORMAL ), STATUS_SUCCESS );
        close_process( own );
        get_class( own, STATUS_INVALID_HANDLE );
#endif
    }
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, first ), STATUS_SUCCESS );
}

/* It is remembered as long as the process lives, not as long as it has a device. */
static void test_priority_stays( void )
{
    D3DKMT_HANDLE adapter, device;
    UINT round;

    check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH ), STATUS_SUCCESS );
    if (!open_adapter( &adapter )) return;
    for (round = 0; round < 3; round++)
    {
        device = create_device( adapter );
        ok( get_class( SELF, STATUS_SUCCESS ) == D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH - round, "class %u with a device\n",
            get_class( SELF, STATUS_SUCCESS ) );
        check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH - round - 1 ), STATUS_SUCCESS );
        destroy_device( device );
        ok( get_class( SELF, STATUS_SUCCESS ) == D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH - round - 1, "class %u without one\n",
            get_class( SELF, STATUS_SUCCESS ) );
    }
    close_adapter( adapter );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, NORMAL ), STATUS_SUCCESS );
}

/* Many at once: no change of one thing undoes that of another. */
static void set_classes( void *arg )
{
    UINT i, *bad = arg;

    for (i = 0; __atomic_load_n( &bad[1], __ATOMIC_SEQ_CST ) || i < 1000; i++)
    {
        D3DKMT_SCHEDULINGPRIORITYCLASS priority = 0;

        if (pD3DKMTSetProcessSchedulingPriorityClass( SELF, i % (REALTIME + 1) )) ++*bad;
        if (pD3DKMTGetProcessSchedulingPriorityClass( SELF, &priority ) || priority > REALTIME) ++*bad;
    }
}

/* NULL: the export is missing. */
static any_function set_removal_support( void )
{
    UINT i;

    for (i = 0; i < export_count; i++) if (!strcmp( exports[i].name, "D3DKMTSetProcessDeviceRemovalSupport" )) return find_export( i );
    return NULL;
}

static BOOLEAN get_removal_support( HANDLE process )
{
    D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT params;

    FILL( params );
    params.hProcess = process;
    kmt_writes( GetProcessDeviceRemovalSupport, &params, expected_->Support = params_->Support );
    ok( params.Support <= TRUE, "Support %u\n", params.Support );
    return params.Support;
}

static void test_removal_support( void )
{
    any_function set = set_removal_support();
    D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT params;
    struct test_thread *threads[2];
    D3DKMT_HANDLE adapter, device;
    UINT bad[2][2], i;
    char argument[256];
    BOOLEAN already;
    HANDLE handle;

    check_status( pD3DKMTGetProcessDeviceRemovalSupport( NULL ), STATUS_INVALID_PARAMETER );
    FILL( params );
    params.hProcess = NULL;
    kmt_fails( GetProcessDeviceRemovalSupport, &params, STATUS_INVALID_HANDLE );
    params.hProcess = NOWHERE;
    kmt_fails( GetProcessDeviceRemovalSupport, &params, STATUS_INVALID_HANDLE );
    params.hProcess = handle = create_event();
    kmt_fails( GetProcessDeviceRemovalSupport, &params, STATUS_OBJECT_TYPE_MISMATCH );
    close_event( handle );
#ifdef _WIN32
    params.hProcess = open_own_process( SET_INFORMATION );
    kmt_fails( GetProcessDeviceRemovalSupport, &params, STATUS_ACCESS_DENIED );
    close_process( params.hProcess );
#endif

    ok( set != NULL, "no SetProcessDeviceRemovalSupport\n" );
    if (!set) return;
    /* tests that call every function may have declared it; there is no way back */
    if ((already = get_removal_support( SELF ))) skip( "the support was declared before\n" );
    memset( argument, 0, sizeof(argument) );
    for (i = 0; i < 2; i++)
    {
        bad[i][0] = 0;
        bad[i][1] = 1;
        threads[i] = start_thread( set_classes, bad[i] );
    }
    sleep_ms( 20 );
    check_status( set( argument, NULL, NULL, NULL, NULL ), already ? STATUS_ALREADY_INITIALIZED : STATUS_SUCCESS );
    sleep_ms( 20 );
    for (i = 0; i < 2; i++)
    {
        __atomic_store_n( &bad[i][1], 0, __ATOMIC_SEQ_CST );
        join_thread( threads[i] );
        ok( !bad[i][0], "thread %u: %u failures\n", i, bad[i][0] );
    }
    ok( get_removal_support( SELF ), "no support\n" );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, REALTIME ), STATUS_SUCCESS );
    check_status( set( argument, NULL, NULL, NULL, NULL ), STATUS_ALREADY_INITIALIZED );
    ok( get_removal_support( SELF ), "no support\n" );
    /* The two know nothing of each other */
    ok( get_class( SELF, STATUS_SUCCESS ) == REALTIME, "class %u\n", get_class( SELF, STATUS_SUCCESS ) );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, NORMAL ), STATUS_SUCCESS );
    ok( get_removal_support( SELF ), "no support\n" );
    if ((handle = open_own_process( QUERY_INFORMATION )))
    {
        ok( get_removal_support( handle ), "no support\n" );
        close_process( handle );
    }
    if (!open_device( &adapter, &device )) return;
    ok( get_removal_support( SELF ), "no support with a device\n" );
    destroy_device( device );
    ok( get_removal_support( SELF ), "no support without it\n" );
    check_status( set( argument, NULL, NULL, NULL, NULL ), STATUS_ALREADY_INITIALIZED );
    close_adapter( adapter );
}

/* Another process that uses no GPU; tests/share has some that do. */
static void test_other( void )
{
    HANDLE process = start_other_process();
#ifdef _WIN32
    D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT params;
    HANDLE restricted;
#endif

    if (!process) return;
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, REALTIME ), STATUS_SUCCESS );
    ok( get_class( process, STATUS_SUCCESS ) == NORMAL, "class %u\n", get_class( process, STATUS_SUCCESS ) );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( process, REALTIME + 1 ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( process, NORMAL ), STATUS_NOT_FOUND );
    ok( !get_removal_support( process ), "support\n" );
#ifdef _WIN32
    restricted = restrict_process( process, SYNCHRONIZE );
    get_class( restricted, STATUS_ACCESS_DENIED );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( restricted, NORMAL ), STATUS_ACCESS_DENIED );
    FILL( params );
    params.hProcess = restricted;
    kmt_fails( GetProcessDeviceRemovalSupport, &params, STATUS_ACCESS_DENIED );
    close_process( restricted );
#endif
    end_other_process( process );
    ok( get_class( process, STATUS_SUCCESS ) == NORMAL, "class %u after its end\n", get_class( process, STATUS_SUCCESS ) );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( process, NORMAL ), STATUS_NOT_FOUND );
    ok( !get_removal_support( process ), "support\n" );
    close_process( process );
    check_status( pD3DKMTSetProcessSchedulingPriorityClass( SELF, NORMAL ), STATUS_SUCCESS );
}

static void test_power( void )
{
    D3DKMT_SETSTABLEPOWERSTATE params;
    D3DKMT_HANDLE adapter;

    check_status( pD3DKMTSetStablePowerState( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( SetStablePowerState, &params, STATUS_INVALID_PARAMETER );
    if (!open_adapter( &adapter )) return;
    params.hAdapter = adapter;
    params.Enabled = TRUE;
    kmt_fails( SetStablePowerState, &params, STATUS_NOT_SUPPORTED );
    params.Enabled = FALSE;
    kmt_succeeds( SetStablePowerState, &params );
    params.hAdapter = adapter + 0x40;
    kmt_fails( SetStablePowerState, &params, STATUS_INVALID_PARAMETER );
    close_adapter( adapter );
    params.hAdapter = adapter;
    kmt_fails( SetStablePowerState, &params, STATUS_INVALID_PARAMETER );
}

/***********************************************************************
 * MarkDeviceAsError
 */

static UINT get_state( D3DKMT_HANDLE device )
{
    D3DKMT_GETDEVICESTATE params;

    FILL( params );
    params.hDevice = device;
    params.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    kmt_writes( GetDeviceState, &params, expected_->ExecutionState = params_->ExecutionState );
    return params.ExecutionState;
}

static void test_mark( void )
{
    static const UINT reasons[] = { D3DKMT_DEVICE_ERROR_REASON_GENERIC, D3DKMT_DEVICE_ERROR_REASON_DRIVER_ERROR };
    static const UINT bad[] = { 0, 1, 6, 0x7fffffff, 0x80000001, 0x80000005, 0x80000007, 0xffffffff };
    D3DKMT_HANDLE adapter, device, other, kept, allocation, resource, in_resource, created;
    D3DKMT_CREATEPAGINGQUEUE queue, other_queue;
    D3DKMT_CREATEPAGINGQUEUE create_queue;
    D3DKMT_MARKDEVICEASERROR params;
    UINT64 usage;
    void *data;
    UINT i;

    check_status( pD3DKMTMarkDeviceAsError( NULL ), STATUS_INVALID_PARAMETER );
    memset( &params, 0, sizeof(params) );
    kmt_fails( MarkDeviceAsError, &params, STATUS_INVALID_PARAMETER );
    params.Reason = D3DKMT_DEVICE_ERROR_REASON_GENERIC;
    kmt_fails( MarkDeviceAsError, &params, STATUS_INVALID_PARAMETER );
    if (!open_device( &adapter, &other )) return;
    create_fence_queue( other, &other_queue );
    kept = create_allocation( other, KIB( 64 ) );
    write_allocation( other, kept, KIB( 64 ), 1 );

    params.hDevice = other;
    for (i = 0; i < ARRAY_SIZE( bad ); i++)
    {
        params.Reason = bad[i];
        kmt_fails( MarkDeviceAsError, &params, STATUS_INVALID_PARAMETER );
    }
    params.Reason = D3DKMT_DEVICE_ERROR_REASON_GENERIC;
    params.hDevice = adapter;
    kmt_fails( MarkDeviceAsError, &params, STATUS_INVALID_PARAMETER );
    ok( get_state( other ) == D3DKMT_DEVICEEXECUTION_ACTIVE, "state %u\n", get_state( other ) );

    for (i = 0; i < ARRAY_SIZE( reasons ); i++)
    {
        winetest_push_context( "reason %#x", reasons[i] );
        usage = get_usage( adapter );
        device = create_device( adapter );
        create_fence_queue( device, &queue );
        allocation = create_allocation( device, MIB( 1 ) );
        resource = create_resource( device, 0, KIB( 64 ), &in_resource, NULL );
        write_allocation( device, allocation, MIB( 1 ), 2 );
        hold( queue.hPagingQueue, in_resource );

        params.hDevice = device;
        params.Reason = reasons[i];
        kmt_succeeds( MarkDeviceAsError, &params );
        ok( get_state( device ) == D3DKMT_DEVICEEXECUTION_STOPPED, "state %u\n", get_state( device ) );
        /* a second time, for whatever reason, changes nothing */
        params.Reason = reasons[!i];
        kmt_succeeds( MarkDeviceAsError, &params );
        ok( get_state( device ) == D3DKMT_DEVICEEXECUTION_STOPPED, "state %u\n", get_state( device ) );

        check_status( try_create( device, KIB( 64 ), &created ), STATUS_DEVICE_REMOVED );
        check_status( try_lock( device, allocation, &data ), STATUS_DEVICE_REMOVED );
        check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_LOW ), STATUS_DEVICE_REMOVED );
        check_status( make_resident( queue.hPagingQueue, &allocation, 1, 0, NULL, NULL ), STATUS_DEVICE_REMOVED );
        check_status( evict( device, &in_resource, 1, 0, NULL ), STATUS_DEVICE_REMOVED );
        memset( &create_queue, 0, sizeof(create_queue) );
        create_queue.hDevice = device;
        kmt_fails( CreatePagingQueue, &create_queue, STATUS_DEVICE_REMOVED );

        /* the others of the adapter are as they were */
        ok( get_state( other ) == D3DKMT_DEVICEEXECUTION_ACTIVE, "state %u\n", get_state( other ) );
        check_pattern( other, kept, KIB( 64 ), 1 );
        hold( other_queue.hPagingQueue, kept );
        release( other, kept );

        /* everything can be destroyed: alone, or with the device */
        if (!i)
        {
            destroy_allocation( device, allocation );
            destroy_resource( device, resource );
            destroy_queue( queue.hPagingQueue );
        }
        destroy_device( device );
        ok( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ),
            wine_dbgstr_longlong( usage ) );
        kmt_fails( MarkDeviceAsError, &params, STATUS_INVALID_PARAMETER );
        winetest_pop_context();
    }
    destroy_queue( other_queue.hPagingQueue );
    destroy_device( other );
    close_adapter( adapter );
}

/* Who waits for a device hears of it. */
static void wait_for_value( void *arg )
{
    D3DKMT_CREATEPAGINGQUEUE *queue = arg;
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait;
    UINT64 value = 1000;

    memset( &wait, 0, sizeof(wait) );
    wait.hDevice = queue->hDevice;
    wait.ObjectCount = 1;
    wait.ObjectHandleArray = &queue->hSyncObject;
    wait.FenceValueArray = &value;
    check_status( pD3DKMTWaitForSynchronizationObjectFromCpu( &wait ), STATUS_DEVICE_REMOVED );
}

static void test_mark_wakes( void )
{
    D3DKMT_CREATEPAGINGQUEUE queue;
    D3DKMT_MARKDEVICEASERROR params;
    D3DKMT_HANDLE adapter, device;
    struct test_thread *thread;

    if (!open_device( &adapter, &device )) return;
    create_fence_queue( device, &queue );
    thread = start_thread( wait_for_value, &queue );
    sleep_ms( 50 );
    params.hDevice = device;
    params.Reason = D3DKMT_DEVICE_ERROR_REASON_DRIVER_ERROR;
    kmt_succeeds( MarkDeviceAsError, &params );
    join_thread( thread );
    destroy_device( device );
    close_adapter( adapter );
}

START_TEST(process)
{
    test_priority();
    test_priority_stays();
    test_removal_support();
    test_other();
    test_power();
    test_mark();
    test_mark_wakes();
}
