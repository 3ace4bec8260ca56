/*
 * Paging on a GPU that is slow, fails or is lost, and budgets that fall: Linux, with the GPU of tests/fake_gpu.h in place of Vulkan
 *
 * fault.c sets that GPU up.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#include "fake_gpu.h"

#define LOW   D3DKMT_OFFER_PRIORITY_LOW
#define SIZE  MIB( 4 )

static D3DKMT_HANDLE adapter, device;
static D3DKMT_CREATEPAGINGQUEUE queue;
static UINT features;
static LUID luid;

/* A size that no allocation had before: its memory is not what an earlier one left, mapped already. */
static UINT64 fresh_size( void )
{
    static UINT count;

    return SIZE + ++count * TEST_PAGE;
}

/* An empty memory object is kept for 200 ms, mapped as it is. */
static void forget_memory( void )
{
    UINT64 start = time_ms();
    struct fake_gpu_stats stats;

    do
    {
        sleep_ms( 20 );
        fake_gpu_get_stats( &stats );
    }
    while (stats.live_bytes && time_ms() - start < 1000);
}

static UINT64 get_value( const D3DKMT_CREATEPAGINGQUEUE *of )
{
    return *(const volatile UINT64 *)of->FenceValueCPUVirtualAddress;
}

static UINT get_execution_state( D3DKMT_HANDLE of )
{
    D3DKMT_GETDEVICESTATE state;

    FILL( state );
    state.hDevice = of;
    state.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    check_status( pD3DKMTGetDeviceState( &state ), STATUS_SUCCESS );
    return state.ExecutionState;
}

static D3DKMT_HANDLE create_written( D3DKMT_HANDLE of, UINT64 size, UINT access, UINT seed )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;

    init_data( &data, size );
    data.cpu_access = access;
    init_create( &create, of, &info, &data );
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    write_allocation( of, info.hAllocation, size, seed );
    return info.hAllocation;
}

static void setup( void )
{
    struct winekmt_adapter_data data;

    device = 0;
    if (!open_device( &adapter, &device )) return;
    get_adapter_data( adapter, &data );
    features = data.features;
    luid = get_adapter_info().AdapterLuid;
    create_fence_queue( device, &queue );
}

static void teardown( BOOL with_queue )
{
    if (with_queue) destroy_queue( queue.hPagingQueue );
    destroy_device( device );
    close_adapter( adapter );
}

/***********************************************************************
 * Slow: the pager is caught while it brings content back.
 */

static struct
{
    int entered, go_on;     /* only atomically */
} busy;

static void busy_hook( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg; (void)call; (void)memory;
    __atomic_store_n( &busy.entered, 1, __ATOMIC_SEQ_CST );
    while (!__atomic_load_n( &busy.go_on, __ATOMIC_SEQ_CST )) sleep_ms( 1 );
}

static void catch_pager( void )
{
    busy.entered = busy.go_on = 0;
    fake_gpu_set_hook( FAKE_GPU_MAP, busy_hook, NULL );     /* of the memory that it comes back to */
}

static BOOL wait_until_caught( void )
{
    UINT64 start = time_ms();

    while (!__atomic_load_n( &busy.entered, __ATOMIC_SEQ_CST ) && time_ms() - start < 20000) sleep_ms( 1 );
    ok( busy.entered, "the pager does nothing\n" );
    return busy.entered;
}

static void let_pager_go( void )
{
    __atomic_store_n( &busy.go_on, 1, __ATOMIC_SEQ_CST );
    fake_gpu_set_hook( FAKE_GPU_MAP, NULL, NULL );
}

static void destroy_queue_thread( void *arg )
{
    D3DDDI_DESTROYPAGINGQUEUE params = { queue.hPagingQueue };

    check_status( pD3DKMTDestroyPagingQueue( &params ), STATUS_SUCCESS );
    __atomic_store_n( (int *)arg, 1, __ATOMIC_SEQ_CST );
}

/* What all allocations of this process count for, wherever their content is; and what of it is in system memory */
struct commitment
{
    UINT64 bytes, system;
    UINT   allocations;
};

static void query_statistics( UINT type, UINT what, D3DKMT_QUERYSTATISTICS *params )
{
    memset( params, 0, sizeof(*params) );
    params->Type = type;
    params->AdapterLuid = luid;
    params->QueryProcessSegment.SegmentId = what;
    check_status( pD3DKMTQueryStatistics( params ), STATUS_SUCCESS );
}

static struct commitment get_commitment( void )
{
    struct commitment commitment = { 0 };
    D3DKMT_QUERYSTATISTICS params;
    UINT segment, segments;

    query_statistics( D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER, 0, &params );
    segments = params.QueryResult.ProcessAdapterInformation.NbSegments;
    commitment.bytes = params.QueryResult.ProcessAdapterInformation.CommitmentData.BytesBySegmentPreference[0];
    for (segment = 0; segment < segments; segment++)
    {
        query_statistics( D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT, segment, &params );
        commitment.allocations += params.QueryResult.ProcessSegmentInformation.VideoMemory.AllocsCommitted;
    }
    query_statistics( D3DKMT_QUERYSTATISTICS_PROCESS, 0, &params );
    commitment.system = params.QueryResult.ProcessInformation.SystemMemory.BytesAllocated;
    return commitment;
}

static void check_commitment( UINT64 bytes, UINT64 system, UINT allocations )
{
    struct commitment now = get_commitment();

    ok( now.bytes == bytes && now.system == system && now.allocations == allocations, "%s bytes, %s in system memory, %u allocations\n",
        wine_dbgstr_longlong( now.bytes ), wine_dbgstr_longlong( now.system ), now.allocations );
}

enum meanwhile { NOTHING, EVICTED, OFFERED, DESTROYED, ALL_DESTROYED, QUEUE_DESTROYED, MEANWHILES };

static void test_pending( enum meanwhile meanwhile )
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait;
    struct test_thread *thread = NULL;
    HANDLE event = create_event();
    D3DKMT_HANDLE list[2];
    UINT64 before, value, size = fresh_size();
    D3DKMT_LOCK lock;
    int over = 0;
    UINT result, i;

    winetest_push_context( "meanwhile %u", meanwhile );
    setup();
    for (i = 0; i < 2; i++)
    {
        list[i] = create_written( device, size, WINEKMT_CPU_ACCESS_CACHED, i + 1 );
        send_away( &queue, list[i] );
    }
    check_commitment( 2 * size, 2 * size, 2 );
    forget_memory();
    before = get_value( &queue );
    catch_pager();
    check_status( make_resident( queue.hPagingQueue, list, 2, 0, &value, NULL ), STATUS_PENDING );
    ok( value == before + 1, "fence value %s after %s\n", wine_dbgstr_longlong( value ), wine_dbgstr_longlong( before ) );
    wait_until_caught();
    ok( get_value( &queue ) == before, "the fence moved\n" );
    for (i = 0; i < 2; i++) ok( !is_resident( device, list[i] ), "%u is resident already\n", i );
    check_commitment( 2 * size, 2 * size, 2 );      /* they have memory again: each counts once */
    memset( &wait, 0, sizeof(wait) );
    wait.hDevice = device;
    wait.ObjectCount = 1;
    wait.ObjectHandleArray = &queue.hSyncObject;
    wait.FenceValueArray = &value;
    wait.hAsyncEvent = event;
    kmt_succeeds( WaitForSynchronizationObjectFromCpu, &wait );
    memset( &lock, 0, sizeof(lock) );
    lock.hDevice = device;
    lock.hAllocation = list[1];
    lock.Flags.DonotWait = 1;
    kmt_fails( Lock, &lock, STATUS_GRAPHICS_ALLOCATION_BUSY );
    ok( !wait_for_event( event, 50 ), "the event was set early\n" );
    switch (meanwhile)
    {
    case EVICTED: check_status( evict( device, list, 2, 0, NULL ), STATUS_SUCCESS ); break;
    case OFFERED: check_status( offer( device, list, 2, FALSE, LOW, 0 ), STATUS_SUCCESS ); break;
    case DESTROYED: destroy_allocation( device, list[0] ); destroy_allocation( device, list[1] ); break;
    case ALL_DESTROYED: destroy_device( device ); break;
    case QUEUE_DESTROYED:
        thread = start_thread( destroy_queue_thread, &over );
        sleep_ms( 50 );
        ok( !__atomic_load_n( &over, __ATOMIC_SEQ_CST ), "the queue was destroyed before its work was done\n" );
        break;
    default: break;
    }
    if (meanwhile == ALL_DESTROYED) ok( wait_for_event( event, 10000 ), "the event was not set\n" );
    let_pager_go();
    if (meanwhile != ALL_DESTROYED)
    {
        ok( wait_for_event( event, 10000 ), "the event was not set\n" );
        if (thread) join_thread( thread );
        else ok( get_value( &queue ) == value, "fence value %s\n", wine_dbgstr_longlong( get_value( &queue ) ) );
    }
    switch (meanwhile)
    {
    case EVICTED:
        for (i = 0; i < 2; i++) ok( becomes_resident( device, list[i], FALSE ), "%u is not evicted\n", i );
        break;
    case OFFERED:
        for (i = 0; i < 2; i++) check_status( reclaim_one( device, list[i], &result ), STATUS_SUCCESS );
        ok( !result, "result %u\n", result );
        /* fall through */
    case NOTHING:
    case QUEUE_DESTROYED:
        for (i = 0; i < 2; i++) ok( is_resident( device, list[i] ), "%u is not resident\n", i );
        check_commitment( 2 * size, 0, 2 );
        check_status( evict( device, list, 2, EVICT_ONLY_IF_NECESSARY, NULL ), STATUS_SUCCESS );
        break;
    default: break;
    }
    if (meanwhile != DESTROYED && meanwhile != ALL_DESTROYED)
        for (i = 0; i < 2; i++) check_pattern( device, list[i], size, i + 1 );
    close_event( event );
    if (meanwhile == ALL_DESTROYED) close_adapter( adapter );
    else teardown( meanwhile != QUEUE_DESTROYED );
    winetest_pop_context();
}

/***********************************************************************
 * Failing
 */

/* Content cannot be brought back: the fence gets there all the same, and the device is in error. Another is not. */
static void test_copy_fails( BOOL reclaimed )
{
    D3DKMT_HANDLE other = 0, allocation, healthy;
    D3DKMT_CREATEPAGINGQUEUE other_queue;
    D3DKMT_RECLAIMALLOCATIONS2 reclaim2;
    UINT64 value, size = fresh_size();
    UINT result;

    winetest_push_context( "reclaimed %u", reclaimed );
    setup();
    other = create_device( adapter );
    create_fence_queue( other, &other_queue );
    healthy = create_written( other, size, WINEKMT_CPU_ACCESS_CACHED, 2 );
    allocation = create_written( device, size, WINEKMT_CPU_ACCESS_CACHED, 1 );
    send_away( &queue, allocation );
    send_away( &other_queue, healthy );

    /* where it cannot be mapped, the GPU does it */
    forget_memory();
    fake_gpu_fail( FAKE_GPU_MAP, 1, GPU_OUT_OF_HOST_MEMORY, true );
    check_status( make_resident( queue.hPagingQueue, &allocation, 1, 0, &value, NULL ), STATUS_PENDING );
    wait_for_fence( &queue, value );
    ok( is_resident( device, allocation ), "not resident\n" );
    fake_gpu_fail( FAKE_GPU_MAP, 0, GPU_SUCCESS, false );
    check_pattern( device, allocation, size, 1 );
    check_status( evict( device, &allocation, 1, 0, NULL ), STATUS_SUCCESS );
    ok( becomes_resident( device, allocation, FALSE ), "not evicted\n" );

    forget_memory();
    fake_gpu_fail( FAKE_GPU_MAP, 1, GPU_OUT_OF_HOST_MEMORY, true );
    fake_gpu_fail( FAKE_GPU_WRITE, 1, GPU_OUT_OF_HOST_MEMORY, true );
    if (reclaimed)
    {
        check_status( offer_one( device, allocation, LOW ), STATUS_SUCCESS );
        hold( queue.hPagingQueue, allocation );
        memset( &reclaim2, 0, sizeof(reclaim2) );
        reclaim2.hPagingQueue = queue.hPagingQueue;
        reclaim2.NumAllocations = 1;
        reclaim2.HandleList = &allocation;
        reclaim2.pResults = (D3DDDI_RECLAIM_RESULT *)&result;
        check_status( pD3DKMTReclaimAllocations2( &reclaim2 ), STATUS_SUCCESS );
        value = reclaim2.PagingFenceValue;
    }
    else check_status( make_resident( queue.hPagingQueue, &allocation, 1, 0, &value, NULL ), STATUS_PENDING );
    {
        UINT64 start = time_ms();

        while (get_value( &queue ) < value && time_ms() - start < 10000) sleep_ms( 1 );
        ok( get_value( &queue ) == value, "the fence is at %s and not at %s\n", wine_dbgstr_longlong( get_value( &queue ) ), wine_dbgstr_longlong( value ) );
    }
    wait_for_fence( &queue, value );    /* also now */
    ok( get_execution_state( device ) == D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY, "state %u\n", get_execution_state( device ) );
    ok( get_execution_state( other ) == D3DKMT_DEVICEEXECUTION_ACTIVE, "state %u of the other\n", get_execution_state( other ) );
    check_status( make_resident( queue.hPagingQueue, &allocation, 1, 0, NULL, NULL ), STATUS_DEVICE_REMOVED );
    /* a lock that cannot bring it back says so, and all is as before */
    {
        void *data;
        NTSTATUS status = try_lock( other, healthy, &data );

        ok( status == STATUS_NO_MEMORY || !status, "status %#x\n", (UINT)status );
        if (!status) unlock_allocation( other, healthy );
    }
    fake_gpu_fail( FAKE_GPU_MAP, 0, GPU_SUCCESS, false );
    fake_gpu_fail( FAKE_GPU_WRITE, 0, GPU_SUCCESS, false );
    bring_back( &other_queue, &healthy, 1 );
    check_pattern( other, healthy, size, 2 );
    destroy_device( other );
    teardown( TRUE );
    winetest_pop_context();
}

/* Content cannot be taken away: it stays, the creation fails, and nobody tries for ever. */
static void test_page_out_fails( void )
{
    D3DKMT_HANDLE allocation, extra;
    UINT64 calls;

    setup();
    if (!(features & WINEKMT_FEATURE_MEMORY_BUDGET))
    {
        skip( "nothing here that the CPU does not copy\n" );
        teardown( TRUE );
        return;
    }
    test_segments = WINEKMT_SEGMENT_LOCAL;
    allocation = create_written( device, SIZE, WINEKMT_CPU_ACCESS_WRITE_COMBINED, 1 );
    hold( queue.hPagingQueue, allocation );
    calls = fake_gpu_count_calls( FAKE_GPU_READ );
    fake_gpu_fail( FAKE_GPU_READ, 1, GPU_OUT_OF_HOST_MEMORY, true );
    check_status( evict( device, &allocation, 1, 0, NULL ), STATUS_SUCCESS );
    sleep_ms( 300 );
    ok( is_resident( device, allocation ), "evicted without a copy\n" );
    calls = fake_gpu_count_calls( FAKE_GPU_READ ) - calls;
    ok( calls > 0, "the GPU was not asked\n" );
    ok( calls < 50, "the GPU was asked %u times in 300 ms\n", (UINT)calls );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_OUT_OF_DEVICE_MEMORY, true );
    check_status( try_create( device, SIZE * 2, &extra ), STATUS_NO_MEMORY );   /* it was system memory that was missing */
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 0, GPU_SUCCESS, false );
    check_pattern( device, allocation, SIZE, 1 );
    fake_gpu_fail( FAKE_GPU_READ, 0, GPU_SUCCESS, false );
    send_away( &queue, allocation );
    check_pattern( device, allocation, SIZE, 1 );
    test_segments = 0;
    teardown( TRUE );
}

/* The GPU is lost in the middle of bringing content back, or of taking it away. Waits end, and destroying works. */
static void test_lost( BOOL out )
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait;
    D3DKMT_HANDLE allocation, other, new_adapter, new_device, extra;
    HANDLE event = create_event();
    UINT64 value, never, start, size = fresh_size();

    winetest_push_context( "out %u", out );
    setup();
    if (out && !(features & WINEKMT_FEATURE_MEMORY_BUDGET))
    {
        skip( "nothing here that the CPU does not copy\n" );
        close_event( event );
        teardown( TRUE );
        winetest_pop_context();
        return;
    }
    if (out) test_segments = WINEKMT_SEGMENT_LOCAL;
    allocation = create_written( device, size, WINEKMT_CPU_ACCESS_WRITE_COMBINED, 1 );
    other = create_written( device, size, WINEKMT_CPU_ACCESS_CACHED, 2 );
    test_segments = 0;
    hold( queue.hPagingQueue, other );
    never = get_value( &queue ) + 1000;
    memset( &wait, 0, sizeof(wait) );
    wait.hDevice = device;
    wait.ObjectCount = 1;
    wait.ObjectHandleArray = &queue.hSyncObject;
    wait.FenceValueArray = &never;
    wait.hAsyncEvent = event;
    kmt_succeeds( WaitForSynchronizationObjectFromCpu, &wait );
    if (out)
    {
        hold( queue.hPagingQueue, allocation );
        fake_gpu_fail( FAKE_GPU_READ, 1, GPU_DEVICE_LOST, false );
        check_status( evict( device, &allocation, 1, 0, NULL ), STATUS_SUCCESS );
    }
    else
    {
        send_away( &queue, allocation );
        sleep_ms( 500 );    /* until its memory is really gone */
        fake_gpu_fail( FAKE_GPU_MAP, 1, GPU_DEVICE_LOST, false );
        check_status( make_resident( queue.hPagingQueue, &allocation, 1, 0, &value, NULL ), STATUS_PENDING );
        for (start = time_ms(); get_value( &queue ) < value && time_ms() - start < 10000; ) sleep_ms( 1 );
        ok( get_value( &queue ) == value, "the fence is at %s and not at %s\n", wine_dbgstr_longlong( get_value( &queue ) ), wine_dbgstr_longlong( value ) );
        wait_for_fence( &queue, value );    /* what is reached is reached */
    }
    ok( wait_for_event( event, 10000 ), "the event was not set\n" );
    ok( get_execution_state( device ) == D3DKMT_DEVICEEXECUTION_STOPPED, "state %u\n", get_execution_state( device ) );
    wait.hAsyncEvent = 0;
    kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_DEVICE_REMOVED );
    wait.hAsyncEvent = event;
    kmt_fails( WaitForSynchronizationObjectFromCpu, &wait, STATUS_DEVICE_REMOVED );
    check_status( make_resident( queue.hPagingQueue, &allocation, 1, 0, NULL, NULL ), STATUS_DEVICE_REMOVED );
    check_status( evict( device, &other, 1, 0, NULL ), STATUS_DEVICE_REMOVED );

    if (open_adapter( &new_adapter ))
    {
        new_device = create_device( new_adapter );
        extra = create_written( new_device, size, WINEKMT_CPU_ACCESS_CACHED, 3 );
        destroy_allocation( device, other );
        check_pattern( new_device, extra, size, 3 );
        destroy_device( new_device );
        close_adapter( new_adapter );
    }
    close_event( event );
    teardown( !out );       /* the queue on its own, or with its device */
    winetest_pop_context();
}

/***********************************************************************
 * Budgets that fall
 */

static UINT trim_calls, trim_wrong;     /* only atomically */
static UINT64 trim_bytes;

static void APIENTRY trim_callback( D3DKMT_TRIMNOTIFICATION *notification )
{
    if (!notification->Flags.TrimToBudget) return;
    if (notification->Context != &trim_calls || notification->Flags.Reserved) __atomic_add_fetch( &trim_wrong, 1, __ATOMIC_SEQ_CST );
    __atomic_store_n( &trim_bytes, notification->NumBytesToTrim, __ATOMIC_SEQ_CST );
    __atomic_add_fetch( &trim_calls, 1, __ATOMIC_SEQ_CST );
}

static BOOL wait_for_trim( UINT calls, UINT ms )
{
    UINT64 start = time_ms();

    while (__atomic_load_n( &trim_calls, __ATOMIC_SEQ_CST ) < calls && time_ms() - start < ms) sleep_ms( 1 );
    return __atomic_load_n( &trim_calls, __ATOMIC_SEQ_CST ) >= calls;
}

/* Heaps 0 and 1 are the local ones of the discrete GPU: the first is what the CPU does not see, and is full of nothing here. */
static void set_local_budget( UINT64 bytes )
{
    fake_gpu_set_budget( 0, bytes == ~(UINT64)0 ? bytes : 0 );
    fake_gpu_set_budget( 1, bytes );
    sleep_ms( 250 );    /* until it is asked for again */
}

static void test_falling_budget( void )
{
    D3DKMT_REGISTERTRIMNOTIFICATION trim;
    D3DKMT_UNREGISTERTRIMNOTIFICATION untrim;
    D3DKMT_QUERYVIDEOMEMORYINFO info;
    D3DKMT_HANDLE list[8];
    UINT64 bytes, start, value;
    UINT i, resident = 0, calls;
    NTSTATUS status;

    setup();
    if (!(features & WINEKMT_FEATURE_MEMORY_BUDGET))
    {
        skip( "no VK_EXT_memory_budget\n" );
        teardown( TRUE );
        return;
    }
    test_segments = WINEKMT_SEGMENT_LOCAL;
    for (i = 0; i < 8; i++) list[i] = create_written( device, SIZE, WINEKMT_CPU_ACCESS_CACHED, i + 1 );

    /* nobody holds them: what is too much is evicted without a call, the least recently used */
    set_local_budget( 4 * SIZE + KIB( 64 ) );
    for (start = time_ms(); get_usage( adapter ) > 4 * SIZE && time_ms() - start < 5000; ) sleep_ms( 10 );
    ok( get_usage( adapter ) == 4 * SIZE, "usage %s after 5 s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    for (i = 0; i < 8; i++) ok( is_resident( device, list[i] ) == (i >= 4), "%u is wrong\n", i );
    for (i = 0; i < 8; i++) check_pattern( device, list[i], SIZE, i + 1 );
    ok( get_usage( adapter ) <= 4 * SIZE, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );

    /* what is held stays, and the program is told: at once, and every second, and how much */
    set_local_budget( ~(UINT64)0 );
    bring_back( &queue, list, 8 );
    FILL( trim );
    trim.AdapterLuid = luid;
    trim.hDevice = device;
    trim.Callback = trim_callback;
    trim.Context = &trim_calls;
    kmt_writes( RegisterTrimNotification, &trim, expected_->Handle = params_->Handle );
    ok( !wait_for_trim( 1, 300 ), "to be trimmed within the budget\n" );
    set_local_budget( 6 * SIZE );
    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL, &info );
    ok( info.Budget <= 6 * SIZE, "budget %s\n", wine_dbgstr_longlong( info.Budget ) );
    start = time_ms();
    ok( wait_for_trim( 1, 5000 ), "no TrimToBudget\n" );
    bytes = __atomic_load_n( &trim_bytes, __ATOMIC_SEQ_CST );
    ok( bytes == 8 * SIZE - info.Budget, "%s bytes to trim\n", wine_dbgstr_longlong( bytes ) );
    ok( wait_for_trim( 2, 5000 ), "only one TrimToBudget\n" );
    ok( time_ms() - start >= 500, "two within %u ms\n", (UINT)(time_ms() - start) );
    ok( get_usage( adapter ) == 8 * SIZE, "what is held was evicted\n" );
    /* Evict says how much is left */
    check_status( evict( device, &list[0], 1, EVICT_ONLY_IF_NECESSARY, &bytes ), STATUS_SUCCESS );
    ok( bytes == 7 * SIZE - info.Budget, "%s bytes to trim\n", wine_dbgstr_longlong( bytes ) );
    check_status( evict( device, &list[1], 1, EVICT_ONLY_IF_NECESSARY, &bytes ), STATUS_SUCCESS );
    ok( !bytes, "%s bytes to trim\n", wine_dbgstr_longlong( bytes ) );
    for (start = time_ms(); get_usage( adapter ) > 6 * SIZE && time_ms() - start < 5000; ) sleep_ms( 10 );
    ok( get_usage( adapter ) == 6 * SIZE, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    sleep_ms( 100 );
    calls = __atomic_load_n( &trim_calls, __ATOMIC_SEQ_CST );
    ok( !wait_for_trim( calls + 1, 1500 ), "to be trimmed within the budget\n" );

    /* the budget of now may be exceeded on request, but not what the GPU has */
    check_status( make_resident( queue.hPagingQueue, list, 2, 0, NULL, &bytes ), STATUS_NO_MEMORY );
    ok( bytes == 8 * SIZE - info.Budget, "%s bytes to trim\n", wine_dbgstr_longlong( bytes ) );
    status = make_resident( queue.hPagingQueue, list, 2, CANT_TRIM_FURTHER, &value, NULL );
    ok( !status || status == STATUS_PENDING, "status %#x\n", (UINT)status );
    if (status == STATUS_PENDING) wait_for_fence( &queue, value );
    for (i = 0; i < 8; i++)
    {
        ok( is_resident( device, list[i] ), "%u is not resident\n", i );
        resident += is_resident( device, list[i] );
    }
    ok( resident == 8 && get_usage( adapter ) == 8 * SIZE, "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    ok( wait_for_trim( calls + 1, 5000 ), "no TrimToBudget\n" );
    check_status( evict( device, &list[7], 1, 0, NULL ), STATUS_SUCCESS );
    ok( becomes_resident( device, list[7], FALSE ), "not evicted\n" );
    sleep_ms( 500 );    /* until its memory is really gone */
    fake_gpu_set_capacity( 0, 0 );
    fake_gpu_set_capacity( 1, 7 * SIZE );
    check_status( make_resident( queue.hPagingQueue, &list[7], 1, CANT_TRIM_FURTHER, NULL, NULL ), STATUS_NO_MEMORY );
    for (i = 0; i < 7; i++) ok( is_resident( device, list[i] ), "%u is not resident\n", i );
    fake_gpu_set_capacity( 0, ~(UINT64)0 );
    fake_gpu_set_capacity( 1, ~(UINT64)0 );

    for (i = 0; i < 8; i++) check_pattern( device, list[i], SIZE, i + 1 );
    untrim.Handle = trim.Handle;
    untrim.Callback = NULL;
    kmt_succeeds( UnregisterTrimNotification, &untrim );
    ok( !trim_wrong, "%u wrong calls\n", trim_wrong );
    set_local_budget( ~(UINT64)0 );
    test_segments = 0;
    teardown( TRUE );
}

/* A budget that jumps while threads use more than it. */
struct user
{
    UINT          index, seeds[8];
    D3DKMT_HANDLE list[8];
};

static void use_memory( void *arg )
{
    struct user *user = arg;
    UINT rounds = test_scale( 300 ), random = 55 + user->index, i, *seeds = user->seeds;
    D3DKMT_HANDLE *list = user->list;

    for (i = 0; i < rounds; i++)
    {
        UINT j = (random = random * 1664525 + 1013904223) >> 8 & 7;
        NTSTATUS status;

        if (!list[j])
        {
            /* with no budget at all nothing can be created, nor while all is held */
            status = try_create( device, MIB( 1 ), &list[j] );
            ok( !status || status == STATUS_GRAPHICS_NO_VIDEO_MEMORY, "status %#x\n", (UINT)status );
            if (status) continue;
            check_zero( device, list[j], MIB( 1 ) );
            write_allocation( device, list[j], MIB( 1 ), seeds[j] );
        }
        check_pattern( device, list[j], MIB( 1 ), seeds[j] );
        write_allocation( device, list[j], MIB( 1 ), seeds[j] = random );
        status = make_resident( queue.hPagingQueue, &list[j], 1, i % 3 ? CANT_TRIM_FURTHER : 0, NULL, NULL );
        ok( !status || status == STATUS_PENDING || status == STATUS_NO_MEMORY, "status %#x\n", (UINT)status );
        if (status != STATUS_NO_MEMORY) check_status( evict( device, &list[j], 1, i & 1, NULL ), STATUS_SUCCESS );
        if (i % 5) continue;
        destroy_allocation( device, list[j] );
        list[j] = 0;
    }
    for (i = 0; i < 8; i++)
    {
        if (!list[i]) continue;
        check_pattern( device, list[i], MIB( 1 ), seeds[i] );
        destroy_allocation( device, list[i] );
    }
}

static int jumping;     /* only atomically */

static void jump( void *arg )
{
    static const UINT64 budgets[] = { MIB( 16 ), MIB( 4 ), ~(UINT64)0, 0, MIB( 9 ) };
    UINT i, j;

    (void)arg;
    for (i = 0; __atomic_load_n( &jumping, __ATOMIC_SEQ_CST ); i++)
    {
        for (j = 0; j < 3; j++) fake_gpu_set_budget( j, budgets[i % ARRAY_SIZE( budgets )] );
        sleep_ms( 60 );
    }
    for (j = 0; j < 3; j++) fake_gpu_set_budget( j, ~(UINT64)0 );
}

static void test_jumping_budget( void )
{
    struct test_thread *threads[3], *jumper;
    struct user users[3];
    UINT i, j;

    setup();
    if (!(features & WINEKMT_FEATURE_MEMORY_BUDGET)) skip( "no VK_EXT_memory_budget\n" );
    else
    {
        for (i = 0; i < 3; i++)     /* before it jumps: with none at all nothing can be created */
        {
            users[i].index = i;
            for (j = 0; j < 8; j++)
                users[i].list[j] = create_written( device, MIB( 1 ), WINEKMT_CPU_ACCESS_CACHED, users[i].seeds[j] = 100 * i + j );
        }
        __atomic_store_n( &jumping, 1, __ATOMIC_SEQ_CST );
        jumper = start_thread( jump, NULL );
        for (i = 0; i < 3; i++) threads[i] = start_thread( use_memory, &users[i] );
        for (i = 0; i < 3; i++) join_thread( threads[i] );
        __atomic_store_n( &jumping, 0, __ATOMIC_SEQ_CST );
        join_thread( jumper );
        ok( !get_usage( adapter ), "usage %s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
        sleep_ms( 150 );    /* the budget that is known may be 100 ms old: the next test would be refused everything */
    }
    teardown( TRUE );
}

START_TEST(faultpaging)
{
    UINT i;

    if (getenv( "WINEKMT_VIDEO_MEMORY_SIZE" ) || getenv( "WINEKMT_VERIFIER" ))
    {
        skip( "limits and verifier switches are set\n" );
        return;
    }
    setup();
    if (!device) return;
    teardown( TRUE );
    for (i = NOTHING; i < MEANWHILES; i++) test_pending( i );
    test_copy_fails( FALSE );
    test_copy_fails( TRUE );
    test_page_out_fails();
    test_lost( FALSE );
    test_lost( TRUE );
    test_falling_budget();
    test_jumping_budget();
}
