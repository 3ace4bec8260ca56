/*
 * Several threads on the same handles at once
 *
 * Any call may meet any other: only some answers are possible, content belongs to whom it belongs, and in the end nothing
 * is left.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define THREADS     4
#define SHARED      64      /* allocations that all threads see */
#define PRIVATE     8       /* and that only one does, per thread */

static D3DKMT_HANDLE adapter, device, queue;
static D3DKMT_HANDLE shared[SHARED];    /* only atomically */

struct private
{
    D3DKMT_HANDLE handle;
    UINT64        size;
    UINT          seed;
    BOOL          offered;
};

struct state
{
    UINT           index, random, rounds;
    struct private allocations[PRIVATE];
};

static UINT get_random( struct state *state, UINT limit )
{
    state->random = state->random * 1664525 + 1013904223;
    return (state->random >> 8) % limit;
}

static UINT64 get_size( struct state *state )
{
    static const UINT64 sizes[] = { 4096, 8192, 65536, 65536, 65536, 300 * 1024, 1 << 20, 2 << 20 };

    return sizes[get_random( state, ARRAY_SIZE( sizes ) )];
}

static void check_allowed( const char *what, NTSTATUS status, NTSTATUS other1, NTSTATUS other2 )
{
    ok( !status || status == STATUS_INVALID_PARAMETER || status == other1 || status == other2, "%s: status %#x\n", what, (UINT)status );
}

/* Handles that anybody may destroy at any time. */
static void use_shared( struct state *state )
{
    UINT index = get_random( state, SHARED ), results[4], i, count;
    D3DKMT_HANDLE handle, old, list[4];
    NTSTATUS status;
    void *data;

    handle = __atomic_load_n( &shared[index], __ATOMIC_RELAXED );
    switch (get_random( state, 10 ))
    {
    case 0:
    case 1:
        status = try_create( device, get_size( state ), &handle );
        ok( !status || status == STATUS_GRAPHICS_NO_VIDEO_MEMORY, "create: status %#x\n", (UINT)status );
        if (status) break;
        old = __atomic_exchange_n( &shared[index], handle, __ATOMIC_RELAXED );
        if (!old) break;
        status = try_destroy( device, 0, &old, 1 );
        check_allowed( "destroy", status, 0, 0 );
        break;
    case 2:
        check_allowed( "destroy", try_destroy( device, 0, &handle, 1 ), 0, 0 );
        break;
    case 3:
    case 4:
        count = 1 + get_random( state, 4 );
        for (i = 0; i < count; i++) list[i] = __atomic_load_n( &shared[(index + i) % SHARED], __ATOMIC_RELAXED );
        check_allowed( "offer", offer( device, list, count, FALSE, 1 + get_random( state, 4 ), get_random( state, 4 ) ), 0, 0 );
        break;
    case 5:
        count = 1 + get_random( state, 4 );
        for (i = 0; i < count; i++) list[i] = __atomic_load_n( &shared[(index + i) % SHARED], __ATOMIC_RELAXED );
        check_allowed( "reclaim", reclaim( device, get_random( state, 2 ) ? queue : 0, list, count, FALSE, results ),
                       STATUS_GRAPHICS_NO_VIDEO_MEMORY, 0 );
        break;
    case 6:
        check_allowed( "lock", try_lock( device, handle, &data ), STATUS_GRAPHICS_ALLOCATION_BUSY,
                       STATUS_GRAPHICS_TOO_MANY_REFERENCES );
        break;
    case 7:
        count = 1 + get_random( state, 4 );
        for (i = 0; i < count; i++) list[i] = __atomic_load_n( &shared[(index + i) % SHARED], __ATOMIC_RELAXED );
        check_allowed( "make resident", make_resident( queue, list, count, get_random( state, 2 ), NULL, NULL ), STATUS_PENDING,
                       STATUS_NO_MEMORY );
        break;
    case 8:
        count = 1 + get_random( state, 2 );
        for (i = 0; i < count; i++) list[i] = __atomic_load_n( &shared[(index + i) % SHARED], __ATOMIC_RELAXED );
        check_allowed( "evict", evict( device, list, count, get_random( state, 4 ), NULL ), 0, 0 );
        break;
    default:
        check_allowed( "unlock", try_unlock( device, handle ), 0, 0 );
        break;
    }
}

/* Handles of this thread: every answer is known, and the content. */
static void use_private( struct state *state )
{
    struct private *allocation = &state->allocations[get_random( state, PRIVATE )];
    UINT result;

    if (!allocation->handle)
    {
        allocation->size = get_size( state );
        if (try_create( device, allocation->size, &allocation->handle ))
        {
            allocation->handle = 0;
            return;
        }
        allocation->offered = FALSE;
        allocation->seed = get_random( state, 1000000 );
        check_zero( device, allocation->handle, allocation->size );
        write_allocation( device, allocation->handle, allocation->size, allocation->seed );
    }
    else if (allocation->offered)
    {
        NTSTATUS status = reclaim( device, get_random( state, 2 ) ? queue : 0, &allocation->handle, 1, FALSE, &result );

        ok( !status || status == STATUS_GRAPHICS_NO_VIDEO_MEMORY, "reclaim: status %#x\n", (UINT)status );
        if (status) return;
        allocation->offered = FALSE;
        if (result)
        {
            check_zero( device, allocation->handle, allocation->size );
            write_allocation( device, allocation->handle, allocation->size, allocation->seed );
        }
        else check_pattern( device, allocation->handle, allocation->size, allocation->seed );
    }
    else if (!get_random( state, 4 ))
    {
        NTSTATUS status = make_resident( queue, &allocation->handle, 1, 0, NULL, NULL );

        ok( !status || status == STATUS_PENDING || status == STATUS_NO_MEMORY, "make resident: status %#x\n", (UINT)status );
        if (status == STATUS_NO_MEMORY) return;
        check_pattern( device, allocation->handle, allocation->size, allocation->seed );
        check_status( evict( device, &allocation->handle, 1, get_random( state, 4 ), NULL ), STATUS_SUCCESS );
    }
    else if (get_random( state, 3 ))
    {
        check_pattern( device, allocation->handle, allocation->size, allocation->seed );
        check_status( offer_one( device, allocation->handle, 1 + get_random( state, 4 ) ), STATUS_SUCCESS );
        allocation->offered = TRUE;
    }
    else
    {
        check_pattern( device, allocation->handle, allocation->size, allocation->seed );
        destroy_allocation( device, allocation->handle );
        allocation->handle = 0;
    }
}

static void run( void *arg )
{
    struct state *state = arg;
    UINT i;

    for (i = 0; i < state->rounds; i++)
    {
        if (get_random( state, 4 )) use_shared( state );
        else use_private( state );
    }
    for (i = 0; i < PRIVATE; i++)
        if (state->allocations[i].handle) destroy_allocation( device, state->allocations[i].handle );
}

static void test_allocations( void )
{
    struct test_thread *threads[THREADS];
    struct state states[THREADS];
    UINT i;

    memset( states, 0, sizeof(states) );
    for (i = 0; i < THREADS; i++)
    {
        states[i].index = i;
        states[i].random = 4711 + i;
        states[i].rounds = test_scale( 4000 );
        threads[i] = start_thread( run, &states[i] );
    }
    for (i = 0; i < THREADS; i++) join_thread( threads[i] );
    for (i = 0; i < SHARED; i++)
        if (shared[i]) check_allowed( "destroy", try_destroy( device, 0, &shared[i], 1 ), 0, 0 );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
}

/* Devices that come and go, adapters too, while others use what they think is there. */
static D3DKMT_HANDLE devices[8];

static void run_devices( void *arg )
{
    struct state *state = arg;
    D3DKMT_HANDLE handle, allocation, mine, new_adapter, list[2];
    D3DKMT_CREATEPAGINGQUEUE create;
    D3DKMT_DESTROYDEVICE destroy;
    D3DKMT_CREATEDEVICE params;
    D3DDDI_DESTROYPAGINGQUEUE destroy_queue_params;
    NTSTATUS status;
    UINT i, result;
    void *data;

    for (i = 0; i < state->rounds; i++)
    {
        UINT index = get_random( state, ARRAY_SIZE( devices ) );

        handle = __atomic_load_n( &devices[index], __ATOMIC_RELAXED );
        switch (get_random( state, 6 ))
        {
        case 0:
            if (!open_adapter( &new_adapter )) break;
            memset( &params, 0, sizeof(params) );
            params.hAdapter = new_adapter;
            check_status( pD3DKMTCreateDevice( &params ), STATUS_SUCCESS );
            close_adapter( new_adapter );
            destroy.hDevice = __atomic_exchange_n( &devices[index], params.hDevice, __ATOMIC_RELAXED );
            check_allowed( "destroy device", pD3DKMTDestroyDevice( &destroy ), 0, 0 );
            break;
        case 1:
            destroy.hDevice = handle;
            check_allowed( "destroy device", pD3DKMTDestroyDevice( &destroy ), 0, 0 );
            break;
        case 2:
            memset( &create, 0, sizeof(create) );
            create.hDevice = handle;
            status = pD3DKMTCreatePagingQueue( &create );
            check_allowed( "create queue", status, 0, 0 );
            if (status) break;
            destroy_queue_params.hPagingQueue = create.hPagingQueue;
            check_allowed( "destroy queue", pD3DKMTDestroyPagingQueue( &destroy_queue_params ), 0, 0 );
            break;
        default:
            status = try_create( handle, get_size( state ), &allocation );
            check_allowed( "create", status, STATUS_GRAPHICS_NO_VIDEO_MEMORY, 0 );
            if (status) break;
            /* nobody else has this handle, but the device may go */
            check_allowed( "lock", try_lock( handle, allocation, &data ), 0, 0 );
            check_allowed( "unlock", try_unlock( handle, allocation ), 0, 0 );
            check_allowed( "offer", offer( handle, &allocation, 1, FALSE, 1 + get_random( state, 4 ), 0 ), 0, 0 );
            list[0] = list[1] = allocation;
            check_allowed( "reclaim", reclaim( handle, 0, list, 1, FALSE, &result ), STATUS_GRAPHICS_NO_VIDEO_MEMORY, 0 );
            if (get_random( state, 2 )) check_allowed( "destroy", try_destroy( handle, 0, &allocation, 1 ), 0, 0 );
            break;
        }
        mine = create_device( adapter );
        allocation = create_allocation( mine, TEST_PAGE );
        check_zero( mine, allocation, TEST_PAGE );
        destroy_device( mine );
    }
}

static void test_devices( void )
{
    struct test_thread *threads[THREADS];
    struct state states[THREADS];
    D3DKMT_DESTROYDEVICE destroy;
    UINT i;

    memset( states, 0, sizeof(states) );
    for (i = 0; i < THREADS; i++)
    {
        states[i].index = i;
        states[i].random = 815 + i;
        states[i].rounds = test_scale( 500 );
        threads[i] = start_thread( run_devices, &states[i] );
    }
    for (i = 0; i < THREADS; i++) join_thread( threads[i] );
    for (i = 0; i < ARRAY_SIZE( devices ); i++)
    {
        destroy.hDevice = devices[i];
        if (devices[i]) check_allowed( "destroy device", pD3DKMTDestroyDevice( &destroy ), 0, 0 );
    }
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
}

START_TEST(threads)
{
    if (!open_device( &adapter, &device )) return;
    queue = create_queue( device );
    if (get_default_group( adapter ) == D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL) test_segments = WINEKMT_SEGMENT_LOCAL;
    test_allocations();
    test_devices();
    test_segments = 0;
    destroy_queue( queue );
    destroy_device( device );
    close_adapter( adapter );
}
