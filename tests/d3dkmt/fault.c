/*
 * What only a GPU that fails can show: Linux, with the GPU of tests/fake_gpu.h in place of Vulkan
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#include "core/kmt.h"
#include "fake_gpu.h"

#define LOW  D3DKMT_OFFER_PRIORITY_LOW

/* WINEKMT_FAKE_GPU=discrete (the default): several heaps and memory that the CPU does not see; unified: one heap, one type,
 * no optional extension, as the simplest GPU has it. */
static void __attribute__((constructor)) setup( void )
{
    const char *value = getenv( "WINEKMT_FAKE_GPU" );
    struct gpu_adapter adapter;

    if (value && !strcmp( value, "unified" )) fake_gpu_unified( &adapter, 0 );
    else fake_gpu_default( &adapter, 0 );
    fake_gpu_set_adapters( &adapter, value && !strcmp( value, "none" ) ? 0 : 1 );
}

/* After kmt_shutdown: no memory object and no device is left. */
static void __attribute__((destructor(101))) check_leaks( void )
{
    fake_gpu_check_no_leaks();
}

static void set_adapters( UINT count )
{
    struct gpu_adapter adapters[3];

    fake_gpu_default( &adapters[0], 0 );
    if (getenv( "WINEKMT_FAKE_GPU" ) && !strcmp( getenv( "WINEKMT_FAKE_GPU" ), "unified" )) fake_gpu_unified( &adapters[0], 0 );
    fake_gpu_unified( &adapters[1], 1 );
    adapters[1].has_host_import = false;
    adapters[1].has_memory_budget = false;
    adapters[1].host_import_alignment = 0;
    adapters[1].max_memory_count = 8;
    fake_gpu_default( &adapters[2], 2 );
    adapters[2].types[1].properties &= ~(GPU_MEMORY_HOST_VISIBLE | GPU_MEMORY_HOST_CACHED);   /* no local memory for the CPU */
    fake_gpu_set_adapters( adapters, count );
}

/* A size that no allocation had before: its memory is not what an earlier one left, mapped already. */
static UINT64 fresh_size( void )
{
    static UINT count;

    return MIB( 2 ) + ++count * TEST_PAGE;
}

/* Opens the adapter at that place of EnumAdapters2. */
static D3DKMT_HANDLE open_adapter_at( UINT index, LUID *luid )
{
    D3DKMT_ADAPTERINFO infos[64];
    D3DKMT_ENUMADAPTERS2 enum2;
    D3DKMT_HANDLE adapter = 0;
    UINT i;

    enum2.NumAdapters = ARRAY_SIZE( infos );
    enum2.pAdapters = infos;
    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
    ok( index < enum2.NumAdapters, "adapter %u of %u\n", index, (UINT)enum2.NumAdapters );
    for (i = 0; i < enum2.NumAdapters; i++)
    {
        if (i != index) close_adapter( infos[i].hAdapter );
        else
        {
            adapter = infos[i].hAdapter;
            if (luid) *luid = infos[i].AdapterLuid;
        }
    }
    return adapter;
}

static NTSTATUS try_create_device( D3DKMT_HANDLE adapter, D3DKMT_HANDLE *device )
{
    D3DKMT_CREATEDEVICE params;
    NTSTATUS status;

    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    status = pD3DKMTCreateDevice( &params );
    *device = params.hDevice;
    return status;
}

/* System memory runs out, in the driver. */
static void test_no_memory( void )
{
    D3DKMT_HANDLE adapter, device, allocation, other;
    D3DKMT_ENUMADAPTERS2 enum2;
    D3DKMT_ADAPTERINFO infos[4];
    UINT64 usage;
    void *data;

    memset( &enum2, 0, sizeof(enum2) );
    fake_gpu_fail( FAKE_GPU_ENUM, 1, GPU_OUT_OF_HOST_MEMORY, true );
    FILL( infos );
    enum2.NumAdapters = 4;
    enum2.pAdapters = infos;
    kmt_fails( EnumAdapters2, &enum2, STATUS_NO_MEMORY );
    fake_gpu_fail( FAKE_GPU_ENUM, 0, GPU_SUCCESS, false );

    if (!open_device( &adapter, &device )) return;
    usage = get_usage( adapter );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_OUT_OF_HOST_MEMORY, true );
    check_status( try_create( device, fresh_size(), &allocation ), STATUS_NO_MEMORY );
    ok( !allocation, "handle %#x\n", allocation );
    check_status( try_create( device, KIB( 700 ), &allocation ), STATUS_NO_MEMORY );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 0, GPU_SUCCESS, false );
    ok( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ),
        wine_dbgstr_longlong( usage ) );

    allocation = create_allocation( device, fresh_size() );
    fake_gpu_fail( FAKE_GPU_MAP, 1, GPU_OUT_OF_HOST_MEMORY, true );
    check_status( try_lock( device, allocation, &data ), STATUS_NO_MEMORY );
    check_status( try_unlock( device, allocation ), STATUS_INVALID_PARAMETER );
    fake_gpu_fail( FAKE_GPU_MAP, 0, GPU_SUCCESS, false );
    write_allocation( device, allocation, MIB( 2 ), 1 );
    check_pattern( device, allocation, MIB( 2 ), 1 );
    destroy_allocation( device, allocation );

    /* the Vulkan device: of a GPU that has none yet */
    set_adapters( 2 );
    other = open_adapter_at( 1, NULL );
    fake_gpu_fail( FAKE_GPU_OPEN, 1, GPU_OUT_OF_HOST_MEMORY, true );
    check_status( try_create_device( other, &allocation ), STATUS_NO_MEMORY );
    ok( !allocation, "handle %#x\n", allocation );
    fake_gpu_fail( FAKE_GPU_OPEN, 1, GPU_FAILED, true );
    check_status( try_create_device( other, &allocation ), STATUS_DEVICE_REMOVED );
    fake_gpu_fail( FAKE_GPU_OPEN, 0, GPU_SUCCESS, false );
    close_adapter( other );
    set_adapters( 1 );
    destroy_device( device );
    close_adapter( adapter );
}

/* Vulkan has no memory although the budget is there: discards first, then the status, and nothing is lost. */
static void test_no_video_memory( void )
{
    D3DKMT_HANDLE adapter, device, queue, list[4], extra;
    UINT results[4], i;
    UINT64 usage;

    if (!open_device( &adapter, &device )) return;
    queue = create_queue( device );
    for (i = 0; i < 4; i++)
    {
        list[i] = create_allocation( device, MIB( 4 ) );
        write_allocation( device, list[i], MIB( 4 ), i );
        hold( queue, list[i] );
    }
    usage = get_usage( adapter );

    /* nothing offered, all held */
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_OUT_OF_DEVICE_MEMORY, true );
    check_status( try_create( device, MIB( 4 ), &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 0, GPU_SUCCESS, false );
    ok( get_usage( adapter ) == usage, "usage changed\n" );

    /* what is offered goes, the oldest first, and no more than it takes: only the first Vulkan call fails */
    check_status( offer( device, list, 3, FALSE, LOW, 0 ), STATUS_SUCCESS );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_OUT_OF_DEVICE_MEMORY, false );
    check_status( try_create( device, MIB( 4 ), &extra ), STATUS_SUCCESS );
    check_zero( device, extra, MIB( 4 ) );
    hold( queue, extra );
    check_status( reclaim( device, queue, list, 3, FALSE, results ), STATUS_SUCCESS );
    for (i = 0; i < 3; i++)
    {
        ok( results[i] == (i ? D3DDDI_RECLAIM_RESULT_OK : D3DDDI_RECLAIM_RESULT_DISCARDED), "%u: result %u\n", i, results[i] );
        if (i) check_pattern( device, list[i], MIB( 4 ), i );
        else check_zero( device, list[i], MIB( 4 ) );
        write_allocation( device, list[i], MIB( 4 ), i );
    }

    /* a reclaim of what is held that cannot be served: everything stays offered, whatever the flags were */
    check_status( offer( device, list, 3, FALSE, LOW, 0 ), STATUS_SUCCESS );
    check_status( offer( device, &list[3], 1, FALSE, LOW, 2 ), STATUS_SUCCESS );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_OUT_OF_DEVICE_MEMORY, true );
    check_status( try_create( device, MIB( 64 ), &results[0] ), STATUS_GRAPHICS_NO_VIDEO_MEMORY ); /* all four go */
    check_status( reclaim( device, queue, list, 4, FALSE, results ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    check_status( reclaim( device, 0, list, 4, FALSE, results ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    for (i = 0; i < 4; i++)
    {
        void *data;

        check_status( try_lock( device, list[i], &data ), STATUS_INVALID_PARAMETER );
    }
    /* of one that nobody holds it is answered: evicted, with nothing in it */
    release( device, list[3] );
    check_status( reclaim( device, queue, &list[3], 1, FALSE, results ), STATUS_SUCCESS );
    ok( results[0] == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", results[0] );
    ok( !is_resident( device, list[3] ), "resident although Vulkan has no memory\n" );
    check_zero( device, list[3], MIB( 4 ) );
    write_allocation( device, list[3], MIB( 4 ), 3 );
    check_pattern( device, list[3], MIB( 4 ), 3 );
    check_status( make_resident( queue, &list[3], 1, CANT_TRIM_FURTHER, NULL, NULL ), STATUS_NO_MEMORY );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 0, GPU_SUCCESS, false );
    check_status( reclaim( device, queue, list, 3, FALSE, results ), STATUS_SUCCESS );
    for (i = 0; i < 3; i++)
    {
        ok( results[i] == D3DDDI_RECLAIM_RESULT_DISCARDED, "%u: result %u\n", i, results[i] );
        check_zero( device, list[i], MIB( 4 ) );
        ok( is_resident( device, list[i] ), "%u is not resident\n", i );
    }
    check_pattern( device, list[3], MIB( 4 ), 3 );
    ok( is_resident( device, list[3] ), "not resident\n" );
    destroy_queue( queue );
    destroy_device( device );
    ok( !get_usage( adapter ), "usage at the end\n" );
    close_adapter( adapter );
}

/* A budget that falls is followed without a call: the worker discards what is over it. */
static void test_falling_budget( void )
{
    D3DKMT_HANDLE adapter, device, list[8];
    struct winekmt_adapter_data data;
    UINT results[8], i, gone = 0;
    UINT64 usage, start;

    if (!open_device( &adapter, &device )) return;
    get_adapter_data( adapter, &data );
    if (!(data.features & WINEKMT_FEATURE_MEMORY_BUDGET))
    {
        skip( "no VK_EXT_memory_budget\n" );
        destroy_device( device );
        close_adapter( adapter );
        return;
    }
    test_segments = WINEKMT_SEGMENT_LOCAL;
    for (i = 0; i < 8; i++)
    {
        list[i] = create_allocation( device, MIB( 4 ) );
        write_allocation( device, list[i], MIB( 4 ), i );
    }
    test_segments = 0;
    usage = get_usage( adapter );
    check_status( offer( device, list, 8, FALSE, LOW, 0 ), STATUS_SUCCESS );
    for (i = 0; i < 2; i++) fake_gpu_set_budget( i, MIB( 18 ) );
    for (start = time_ms(); get_usage( adapter ) > MIB( 18 ) && time_ms() - start < 5000; ) sleep_ms( 10 );
    ok( get_usage( adapter ) <= MIB( 18 ), "usage %s after 5 s\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    ok( get_usage( adapter ) >= MIB( 12 ), "usage %s: more went than had to\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    for (i = 0; i < 2; i++) fake_gpu_set_budget( i, ~(UINT64)0 );
    sleep_ms( 200 ); /* until the budget is asked for again */
    check_status( reclaim( device, 0, list, 8, FALSE, results ), STATUS_SUCCESS );
    while (gone < 8 && results[gone]) check_zero( device, list[gone++], MIB( 4 ) );
    ok( gone == 4 || gone == 5, "%u discarded\n", gone );
    for (i = gone; i < 8; i++)
    {
        ok( !results[i], "%u was discarded before others\n", i );
        check_pattern( device, list[i], MIB( 4 ), i );
    }
    ok( get_usage( adapter ) == usage, "usage changed\n" );
    destroy_device( device );
    close_adapter( adapter );
}

static void APIENTRY no_callback( D3DKMT_TRIMNOTIFICATION *notification )
{
    (void)notification;
    ok( 0, "a callback on a removed device\n" );
}

/* The Vulkan device is lost. */
static void test_removed( enum fake_gpu_call call )
{
    D3DKMT_HANDLE adapter, other_adapter, device, other_device, queue, allocation, locked, offered, resource, in_resource, extra;
    D3DKMT_HANDLE new_adapter, new_device, heap, held;
    D3DKMT_REGISTERTRIMNOTIFICATION trim;
    D3DDDI_UPDATEALLOCPROPERTY property;
    D3DKMT_CREATEPAGINGQUEUE create_queue;
    D3DKMT_GETDEVICESTATE state;
    D3DKMT_LOCK lock;
    char *memory;
    UINT result, i;
    void *data;
    LUID luid;

    if (!open_device( &adapter, &device )) return;
    other_adapter = open_adapter_at( 0, &luid );
    other_device = create_device( other_adapter );
    queue = create_queue_( __FILE__, __LINE__, device );
    allocation = create_allocation( device, fresh_size() );
    locked = create_allocation( device, MIB( 2 ) );
    data = lock_allocation( device, locked );
    held = create_allocation( device, MIB( 2 ) );
    hold( queue, held );
    offered = create_allocation( device, MIB( 2 ) );
    check_status( offer_one( device, offered, LOW ), STATUS_SUCCESS );
    resource = create_resource( device, 0, KIB( 64 ), &in_resource, NULL );
    memory = alloc_pages( KIB( 64 ) );
    check_status( try_create_standard( device, memory, KIB( 64 ), &heap ), STATUS_SUCCESS );

    FILL( state );
    state.hDevice = device;
    state.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    kmt_writes( GetDeviceState, &state, expected_->ExecutionState = D3DKMT_DEVICEEXECUTION_ACTIVE );

    /* the call that finds out */
    fake_gpu_fail( call, 1, GPU_DEVICE_LOST, false );
    extra = 0;
    if (call == FAKE_GPU_MAP) check_status( try_lock( device, allocation, &data ), STATUS_DEVICE_REMOVED );
    else check_status( try_create( device, fresh_size(), &extra ), STATUS_DEVICE_REMOVED );
    ok( !extra, "handle %#x\n", extra );

    /* from now on, and on every device of the GPU */
    kmt_writes( GetDeviceState, &state, expected_->ExecutionState = D3DKMT_DEVICEEXECUTION_STOPPED );
    state.hDevice = other_device;
    kmt_writes( GetDeviceState, &state, expected_->ExecutionState = D3DKMT_DEVICEEXECUTION_STOPPED );
    for (i = D3DKMT_DEVICESTATE_PRESENT; i <= D3DKMT_DEVICESTATE_PRESENT_QUEUE; i++)
    {
        state.StateType = i;
        kmt_fails( GetDeviceState, &state, STATUS_DEVICE_REMOVED );
    }
    check_status( try_create( device, MIB( 2 ), &extra ), STATUS_DEVICE_REMOVED );
    check_status( try_create( other_device, KIB( 4 ), &extra ), STATUS_DEVICE_REMOVED );
    check_status( try_create_standard( device, memory, KIB( 64 ), &extra ), STATUS_DEVICE_REMOVED );
    check_status( offer_one( device, allocation, LOW ), STATUS_DEVICE_REMOVED );
    check_status( offer( device, &resource, 1, TRUE, LOW, 0 ), STATUS_DEVICE_REMOVED );
    check_status( reclaim_one( device, offered, &result ), STATUS_DEVICE_REMOVED );
    check_status( reclaim( 0, queue, &offered, 1, FALSE, &result ), STATUS_DEVICE_REMOVED );
    check_status( make_resident( queue, &allocation, 1, 0, NULL, NULL ), STATUS_DEVICE_REMOVED );
    check_status( evict( device, &held, 1, 0, NULL ), STATUS_DEVICE_REMOVED );
    memset( &property, 0, sizeof(property) );
    property.hPagingQueue = queue;
    property.hAllocation = allocation;
    kmt_fails( UpdateAllocationProperty, &property, STATUS_DEVICE_REMOVED );
    memset( &trim, 0, sizeof(trim) );
    trim.AdapterLuid = luid;
    trim.hDevice = device;
    trim.Callback = no_callback;
    kmt_fails( RegisterTrimNotification, &trim, STATUS_DEVICE_REMOVED );
    check_status( try_lock( device, allocation, &data ), STATUS_DEVICE_REMOVED );
    memset( &lock, 0, sizeof(lock) );
    lock.hDevice = device;
    lock.hAllocation = allocation;
    kmt_fails( Lock, &lock, STATUS_DEVICE_REMOVED );
    memset( &create_queue, 0, sizeof(create_queue) );
    create_queue.hDevice = device;
    kmt_fails( CreatePagingQueue, &create_queue, STATUS_DEVICE_REMOVED );
    check_status( try_create_device( adapter, &extra ), STATUS_DEVICE_REMOVED );
    check_status( try_create_device( other_adapter, &extra ), STATUS_DEVICE_REMOVED );
    {
        struct winekmt_adapter_data info;
        D3DKMT_QUERYADAPTERINFO query;
        D3DKMT_QUERYVIDEOMEMORYINFO memory_info;

        memset( &query, 0, sizeof(query) );
        query.hAdapter = adapter;
        query.Type = KMTQAITYPE_UMDRIVERPRIVATE;
        query.pPrivateDriverData = &info;
        query.PrivateDriverDataSize = sizeof(info);
        kmt_fails( QueryAdapterInfo, &query, STATUS_DEVICE_REMOVED );
        memset( &memory_info, 0, sizeof(memory_info) );
        memory_info.hAdapter = adapter;
        kmt_fails( QueryVideoMemoryInfo, &memory_info, STATUS_DEVICE_REMOVED );
    }
    /* wrong parameters before that */
    check_status( offer( device, NULL, 1, FALSE, LOW, 0 ), STATUS_INVALID_PARAMETER );
    check_status( offer( device, &allocation, 0, FALSE, LOW, 0 ), STATUS_INVALID_PARAMETER );
    check_status( offer( device, &allocation, 1, FALSE, 0, 0 ), STATUS_INVALID_PARAMETER );

    /* a newly opened adapter works */
    new_adapter = open_adapter_at( 0, NULL );
    new_device = create_device( new_adapter );
    extra = create_allocation( new_device, MIB( 2 ) );
    write_allocation( new_device, extra, MIB( 2 ), 9 );
    check_pattern( new_device, extra, MIB( 2 ), 9 );
    check_status( try_create( device, KIB( 4 ), &in_resource ), STATUS_DEVICE_REMOVED );
    check_status( try_create_device( adapter, &in_resource ), STATUS_DEVICE_REMOVED );

    /* what is there can be given back: the locked memory is still good, nothing crashes */
    check_status( try_unlock( device, locked ), STATUS_SUCCESS );
    destroy_allocation( device, allocation );
    destroy_allocation( device, offered );
    destroy_allocation( device, heap );
    destroy_resource( device, resource );
    destroy_queue( queue );
    destroy_device( device );
    destroy_device( other_device );
    close_adapter( adapter );
    close_adapter( other_adapter );
    check_pattern( new_device, extra, MIB( 2 ), 9 );
    destroy_device( new_device );
    ok( !get_usage( new_adapter ), "usage at the end\n" );
    close_adapter( new_adapter );
    free_pages( memory, KIB( 64 ) );
}

/* An allocation whose memory somebody works on. */
static struct
{
    int  entered, go_on;    /* only atomically */
    D3DKMT_HANDLE device, allocation;
} busy;

static void busy_hook( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg; (void)call; (void)memory;
    __atomic_store_n( &busy.entered, 1, __ATOMIC_SEQ_CST );
    while (!__atomic_load_n( &busy.go_on, __ATOMIC_SEQ_CST )) sleep_ms( 1 );
}

static BOOL wait_until_busy( void )
{
    UINT64 start = time_ms();

    while (!__atomic_load_n( &busy.entered, __ATOMIC_SEQ_CST ) && time_ms() - start < 20000) sleep_ms( 1 );
    ok( __atomic_load_n( &busy.entered, __ATOMIC_SEQ_CST ), "the memory was not mapped\n" );
    return busy.entered;
}

static void busy_thread( void *arg )
{
    (void)arg;
    write_allocation( busy.device, busy.allocation, MIB( 2 ), 3 );
}

static void test_busy( void )
{
    struct test_thread *thread;
    D3DKMT_HANDLE adapter, other;
    UINT64 start, elapsed;
    D3DKMT_LOCK lock;
    D3DKMT_LOCK2 lock2;
    UINT result;

    if (!open_device( &adapter, &busy.device )) return;
    busy.allocation = create_allocation( busy.device, fresh_size() );
    other = create_allocation( busy.device, MIB( 2 ) );
    write_allocation( busy.device, other, MIB( 2 ), 1 );
    busy.entered = busy.go_on = 0;
    fake_gpu_set_hook( FAKE_GPU_MAP, busy_hook, NULL );
    thread = start_thread( busy_thread, NULL );
    if (!wait_until_busy()) goto done;

    memset( &lock, 0, sizeof(lock) );
    lock.hDevice = busy.device;
    lock.hAllocation = busy.allocation;
    lock.Flags.DonotWait = 1;
    start = time_ms();
    kmt_fails( Lock, &lock, STATUS_GRAPHICS_ALLOCATION_BUSY );
    ok( time_ms() - start < 500, "waited %u ms\n", (UINT)(time_ms() - start) );
    lock.Flags.DonotWait = 0;
    start = time_ms();
    kmt_fails( Lock, &lock, STATUS_GRAPHICS_ALLOCATION_BUSY );
    elapsed = time_ms() - start;
    ok( elapsed >= 1900 && elapsed < 10000, "waited %u ms\n", (UINT)elapsed );
    memset( &lock2, 0, sizeof(lock2) );
    lock2.hDevice = busy.device;
    lock2.hAllocation = busy.allocation;
    start = time_ms();
    kmt_fails( Lock2, &lock2, STATUS_GRAPHICS_ALLOCATION_BUSY );
    elapsed = time_ms() - start;
    ok( elapsed >= 1900 && elapsed < 10000, "waited %u ms\n", (UINT)elapsed );

    /* others are not affected, and it can be offered and reclaimed */
    check_pattern( busy.device, other, MIB( 2 ), 1 );
    check_status( offer_one( busy.device, other, LOW ), STATUS_SUCCESS );
    check_status( reclaim_one( busy.device, other, &result ), STATUS_SUCCESS );

done:
    __atomic_store_n( &busy.go_on, 1, __ATOMIC_SEQ_CST );
    join_thread( thread );
    fake_gpu_set_hook( FAKE_GPU_MAP, NULL, NULL );
    check_pattern( busy.device, busy.allocation, MIB( 2 ), 3 );
    destroy_allocation( busy.device, busy.allocation );
    destroy_allocation( busy.device, other );
    ok( !get_usage( adapter ), "usage at the end\n" );
    destroy_device( busy.device );
    close_adapter( adapter );
}

/* A thread is inside a lock while another destroys the allocation, or its device. */
static void locking_thread( void *arg )
{
    void *data;
    NTSTATUS status = try_lock( busy.device, busy.allocation, &data );

    *(NTSTATUS *)arg = status;
}

static void test_destroyed_meanwhile( BOOL all )
{
    struct test_thread *thread;
    D3DKMT_HANDLE adapter;
    NTSTATUS status = SENTINEL32;

    if (!open_device( &adapter, &busy.device )) return;
    busy.allocation = create_allocation( busy.device, fresh_size() );
    busy.entered = busy.go_on = 0;
    fake_gpu_set_hook( FAKE_GPU_MAP, busy_hook, NULL );
    thread = start_thread( locking_thread, &status );
    if (!wait_until_busy()) goto done;
    if (all) destroy_device( busy.device );
    else destroy_allocation( busy.device, busy.allocation );
done:
    __atomic_store_n( &busy.go_on, 1, __ATOMIC_SEQ_CST );
    join_thread( thread );
    fake_gpu_set_hook( FAKE_GPU_MAP, NULL, NULL );
    check_status( status, STATUS_INVALID_PARAMETER );
    if (!all) destroy_device( busy.device );
    ok( !get_usage( adapter ), "usage at the end\n" );
    close_adapter( adapter );
}

/* A primary is visible to the CPU by its nature; in memory that is not it would have to move, and is pinned. */
static void test_pinned( void )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DKMT_HANDLE adapter, device;
    D3DDDI_ALLOCATIONINFO2 info;
    D3DKMT_LOCK lock;
    void *pointer;

    set_adapters( 3 );
    adapter = open_adapter_at( 2, NULL );
    device = create_device( adapter );
    init_data( &data, MIB( 2 ) );
    data.cpu_access = WINEKMT_CPU_ACCESS_NONE;
    data.segments = WINEKMT_SEGMENT_LOCAL;
    init_create( &create, device, &info, &data );
    info.Flags.Primary = 1;
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    memset( &lock, 0, sizeof(lock) );
    lock.hDevice = device;
    lock.hAllocation = info.hAllocation;
    kmt_fails( Lock, &lock, STATUS_GRAPHICS_CANT_EVICT_PINNED_ALLOCATION );
    check_status( try_lock( device, info.hAllocation, &pointer ), STATUS_INVALID_PARAMETER );
    check_status( try_unlock( device, info.hAllocation ), STATUS_INVALID_PARAMETER );
    destroy_allocation( device, info.hAllocation );
    destroy_device( device );
    close_adapter( adapter );
    set_adapters( 1 );
}

/* Several GPUs: objects of one are nothing on another; one that goes away is an ordinary status. */
static void test_several( void )
{
    D3DKMT_HANDLE adapters[3], devices[3], allocations[3], queue, device;
    D3DKMT_OPENADAPTERFROMLUID open;
    LUID luids[3];
    UINT i, j, result;
    char *memory;

    set_adapters( 3 );
    for (i = 0; i < 3; i++)
    {
        adapters[i] = open_adapter_at( i, &luids[i] );
        devices[i] = create_device( adapters[i] );
        allocations[i] = create_allocation( devices[i], KIB( 64 ) );
        write_allocation( devices[i], allocations[i], KIB( 64 ), i );
    }
    for (i = 0; i < 3; i++)
        for (j = 0; j < 3; j++)
        {
            void *data;

            if (i == j) continue;
            check_status( try_lock( devices[i], allocations[j], &data ), STATUS_INVALID_PARAMETER );
            check_status( offer_one( devices[i], allocations[j], LOW ), STATUS_INVALID_PARAMETER );
            check_status( try_destroy( devices[i], 0, &allocations[j], 1 ), STATUS_INVALID_PARAMETER );
        }
    queue = create_queue( devices[0] );
    check_status( reclaim( 0, queue, &allocations[1], 1, FALSE, &result ), STATUS_INVALID_PARAMETER );
    destroy_queue( queue );

    /* an existing heap without the extension: the CPU has the same bytes all the same */
    memory = alloc_pages( KIB( 64 ) );
    fill_memory( memory, KIB( 64 ), 8 );
    check_status( try_create_standard( devices[1], memory, KIB( 64 ), &device ), STATUS_SUCCESS );
    check_pattern( devices[1], device, KIB( 64 ), 8 );
    write_allocation( devices[1], device, KIB( 64 ), 9 );
    ok( has_pattern( memory, KIB( 64 ), 9 ), "what was written is not in the pages\n" );
    destroy_allocation( devices[1], device );
    free_pages( memory, KIB( 64 ) );

    /* few memory objects: many small allocations still fit, and more large ones than that do not */
    {
        D3DKMT_HANDLE list[64];
        UINT count = 0;
        NTSTATUS status = STATUS_SUCCESS;

        for (count = 0; count < 64; count++)
        {
            status = try_create( devices[1], KIB( 16 ), &list[count] );
            if (status) break;
            write_allocation( devices[1], list[count], KIB( 16 ), count );
        }
        ok( count == 64, "%u small allocations, then %#x\n", count, (UINT)status );
        for (i = 0; i < count; i++) check_pattern( devices[1], list[i], KIB( 16 ), i );
        while (count) destroy_allocation( devices[1], list[--count] );
    }

    /* the last two disappear */
    set_adapters( 1 );
    close_adapter( open_adapter_at( 0, NULL ) );
    open.AdapterLuid = luids[2];
    open.hAdapter = SENTINEL32;
    kmt_fails( OpenAdapterFromLuid, &open, STATUS_INVALID_PARAMETER );
    /* and come back */
    set_adapters( 3 );
    kmt_writes( OpenAdapterFromLuid, &open, expected_->hAdapter = params_->hAdapter );
    close_adapter( open.hAdapter );
    for (i = 0; i < 3; i++)
    {
        destroy_device( devices[i] );
        close_adapter( adapters[i] );
    }
    set_adapters( 1 );
}

/* Offer and reclaim of what is kept make no call to the GPU; nor does anything that fails its checks. */
static void test_no_calls( void )
{
    D3DKMT_HANDLE adapter, device, queue, list[16];
    UINT64 before;
    UINT i, results[16];

    if (!open_device( &adapter, &device )) return;
    queue = create_queue( device );
    for (i = 0; i < 16; i++) list[i] = create_allocation( device, i & 1 ? MIB( 1 ) : KIB( 4 ) );
    sleep_ms( 600 ); /* the worker frees what it has to before that */
    before = fake_gpu_count_calls( FAKE_GPU_CALLS ) - fake_gpu_count_calls( FAKE_GPU_BUDGET );
    for (i = 0; i < 100; i++)
    {
        check_status( offer( device, list, 16, FALSE, 1 + i % 4, 0 ), STATUS_SUCCESS );
        check_status( reclaim( device, i & 1 ? queue : 0, list, 16, FALSE, results ), STATUS_SUCCESS );
    }
    ok( fake_gpu_count_calls( FAKE_GPU_CALLS ) - fake_gpu_count_calls( FAKE_GPU_BUDGET ) == before, "calls to the GPU\n" );
    destroy_queue( queue );
    destroy_device( device );
    close_adapter( adapter );
}

START_TEST(fault)
{
    if (getenv( "WINEKMT_VIDEO_MEMORY_SIZE" ) || getenv( "WINEKMT_VERIFIER" ))
    {
        skip( "limits and verifier switches are set\n" );
        return;
    }
    test_no_memory();
    test_no_video_memory();
    test_falling_budget();
    test_removed( FAKE_GPU_ALLOCATE );
    test_removed( FAKE_GPU_MAP );
    test_busy();
    test_destroyed_meanwhile( FALSE );
    test_destroyed_meanwhile( TRUE );
    test_pinned();
    test_several();
    test_no_calls();
}
