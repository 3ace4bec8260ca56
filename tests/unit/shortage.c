/*
 * When memory or handles run out where every call fails for itself
 *
 * fault.c and evict_fault.c let the calls of one scenario fail; here each creating call of its own does.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

/* From now on so many handles can be made, and no more. all: what it takes to have them back. */
static uint32_t leave_handles( unsigned int count )
{
    uint32_t hidden;

    kmt_lock();
    hidden = kmt_handles.capacity - kmt_handles.live - count;
    kmt_handles.live += hidden;
    kmt_unlock();
    return hidden;
}

static void give_handles_back( uint32_t hidden )
{
    kmt_lock();
    kmt_handles.live -= hidden;
    kmt_unlock();
}

static uint32_t live_handles( void )
{
    uint32_t live;

    kmt_lock();
    live = kmt_handles.live;
    kmt_unlock();
    return live;
}

/* What makes something. Each leaves nothing behind when it fails. */
static NTSTATUS create_device( struct unit *unit )
{
    D3DKMT_CREATEDEVICE create = { .hAdapter = unit->adapter };
    NTSTATUS status = kmt_CreateDevice( &create );

    if (!status) kmt_DestroyDevice( &(D3DKMT_DESTROYDEVICE){ create.hDevice } );
    return status;
}

static NTSTATUS create_queue( struct unit *unit )
{
    D3DKMT_CREATEPAGINGQUEUE create = { .hDevice = unit->device };
    NTSTATUS status = kmt_CreatePagingQueue( &create );

    if (!status) kmt_DestroyPagingQueue( &(D3DDDI_DESTROYPAGINGQUEUE){ .hPagingQueue = create.hPagingQueue } );
    return status;
}

/* A shared resource with two allocations */
static NTSTATUS create_resource( struct unit *unit )
{
    struct winekmt_allocation_data data = { .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = KIB( 64 ) };
    D3DDDI_ALLOCATIONINFO2 infos[2] = { { 0 } };
    D3DKMT_CREATEALLOCATION create = { 0 };
    D3DKMT_DESTROYALLOCATION2 destroy = { 0 };
    unsigned int i;
    NTSTATUS status;

    for (i = 0; i < 2; i++)
    {
        infos[i].pPrivateDriverData = &data;
        infos[i].PrivateDriverDataSize = sizeof(data);
    }
    create.hDevice = destroy.hDevice = unit->device;
    create.NumAllocations = 2;
    create.pAllocationInfo2 = infos;
    create.Flags.CreateResource = create.Flags.CreateShared = 1;
    if ((status = kmt_CreateAllocation2( &create )))
    {
        ok( !infos[0].hAllocation && !infos[1].hAllocation && !create.hResource && !create.hGlobalShare, "handles after a failure\n" );
        return status;
    }
    ok( infos[0].hAllocation && infos[1].hAllocation && create.hResource && create.hGlobalShare, "handles are missing\n" );
    destroy.hResource = create.hResource;
    ok_status( kmt_DestroyAllocation2( &destroy ), STATUS_SUCCESS );
    return status;
}

static NTSTATUS register_trim( struct unit *unit )
{
    D3DKMT_REGISTERTRIMNOTIFICATION trim = { .hDevice = unit->device };
    D3DKMT_UNREGISTERTRIMNOTIFICATION forget = { 0 };
    NTSTATUS status;

    kmt_lock();
    trim.AdapterLuid = unit->vidmm->gpu->luid;
    kmt_unlock();
    trim.Callback = (void *)create_device;      /* never called: nobody asks for notifications here */
    if ((status = kmt_RegisterTrimNotification( &trim ))) return status;
    forget.Handle = trim.Handle;
    ok_status( kmt_UnregisterTrimNotification( &forget ), STATUS_SUCCESS );
    return status;
}

static NTSTATUS wait_for_fence( struct unit *unit )
{
    uint64_t value = 0;
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = { .hDevice = unit->device, .ObjectCount = 1, .ObjectHandleArray = &unit->fence,
                                                        .FenceValueArray = &value };

    return kmt_WaitForSynchronizationObjectFromCpu( &wait );
}

static void close_adapter( D3DKMT_HANDLE handle )
{
    ok_status( kmt_CloseAdapter( &(D3DKMT_CLOSEADAPTER){ handle } ), STATUS_SUCCESS );
}

static NTSTATUS open_adapter( struct unit *unit )
{
    D3DKMT_OPENADAPTERFROMLUID open = { 0 };
    NTSTATUS status;

    kmt_lock();
    open.AdapterLuid = unit->vidmm->gpu->luid;
    kmt_unlock();
    if (!(status = kmt_OpenAdapterFromLuid( &open ))) close_adapter( open.hAdapter );
    return status;
}

static NTSTATUS enum_adapters( struct unit *unit )
{
    D3DKMT_ENUMADAPTERS enumerate = { 0 };
    NTSTATUS status = kmt_EnumAdapters( &enumerate );
    unsigned int i;

    (void)unit;
    if (status) ok( !enumerate.NumAdapters, "%u adapters after a failure\n", enumerate.NumAdapters );
    else ok( enumerate.NumAdapters == 3, "%u adapters\n", enumerate.NumAdapters );
    for (i = 0; i < enumerate.NumAdapters; i++) close_adapter( enumerate.Adapters[i].hAdapter );
    return status;
}

static const struct
{
    const char  *name;
    NTSTATUS   (*call)( struct unit *unit );
    unsigned int handles;       /* that it makes; those that are made one after the other count */
    unsigned int mallocs;       /* that it needs at the least */
}
calls[] =
{
    { "CreateDevice", create_device, 1, 1 },
    { "CreatePagingQueue", create_queue, 2, 1 },
    { "CreateAllocation2", create_resource, 4, 4 },
    { "OpenAdapterFromLuid", open_adapter, 1, 1 },
    { "EnumAdapters", enum_adapters, 3, 3 },
    { "RegisterTrimNotification", register_trim, 0, 1 },
    { "WaitForSynchronizationObjectFromCpu", wait_for_fence, 0, 1 },
};

static void start( struct unit *unit )
{
    struct gpu_adapter adapters[3];
    unsigned int i;

    fake_gpu_reset();
    for (i = 0; i < 3; i++) fake_gpu_unified( &adapters[i], i );
    fake_gpu_set_adapters( adapters, 1 );
    unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    unsetenv( "WINEKMT_VERIFIER" );
    ok_status( unit_open( unit ), STATUS_SUCCESS );
    fake_gpu_set_adapters( adapters, 3 );       /* two that are new when they are asked for */
}

static void test_handles(void)
{
    unsigned int call, left;
    struct unit unit;

    for (call = 0; call < ARRAY_SIZE( calls ); call++)
    {
        winetest_push_context( "%s", calls[call].name );
        start( &unit );
        for (left = 0; left <= calls[call].handles; left++)
        {
            uint32_t live = live_handles(), hidden = leave_handles( left );

            ok_status( calls[call].call( &unit ), left < calls[call].handles ? STATUS_NO_MEMORY : STATUS_SUCCESS );
            give_handles_back( hidden );
            ok( live_handles() == live, "with %u handles left, %u became %u\n", left, live, live_handles() );
        }
        unit_check( &unit );
        unit_finish( &unit );
        winetest_pop_context();
    }
}

static void test_mallocs(void)
{
    unsigned int call, nth, refused;
    struct unit unit;

    for (call = 0; call < ARRAY_SIZE( calls ); call++)
    {
        winetest_push_context( "%s", calls[call].name );
        for (nth = 1, refused = 0; nth < 20; nth++)
        {
            unsigned int failed;
            NTSTATUS status;
            uint32_t live;

            start( &unit );
            live = live_handles();
            unit_fail_malloc( nth );
            status = calls[call].call( &unit );
            failed = unit_failed_mallocs();
            unit_fail_malloc( 0 );
            ok( live_handles() == live, "%u handles became %u\n", live, live_handles() );
            /* Memory for a block is asked for twice. */
            ok( !status || (failed && status == STATUS_NO_MEMORY), "malloc %u: %#x\n", nth, (unsigned int)status );
            if (status) refused++;
            unit_check( &unit );
            unit_finish( &unit );
            if (!failed) break;
        }
        ok( nth < 20 && refused >= calls[call].mallocs, "%u of %u were refused\n", refused, nth );
        winetest_pop_context();
    }
}

static void APIENTRY never_called( D3DKMT_TRIMNOTIFICATION *notification )
{
    ok( false, "called with %#x\n", notification->Flags.Value );
}

/* Without threads nobody can be told anything (native.c), and an event that cannot be set is one only. */
static void notifications(void)
{
    uint64_t value = 0;
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = { .ObjectCount = 1, .FenceValueArray = &value };
    D3DKMT_REGISTERTRIMNOTIFICATION trim = { .Callback = never_called };
    struct unit unit;
    int ends[2];

    start( &unit );
    kmt_lock();
    trim.AdapterLuid = unit.vidmm->gpu->luid;
    kmt_unlock();
    trim.hDevice = wait.hDevice = unit.device;
    wait.ObjectHandleArray = &unit.fence;
    ok( !pipe( ends ), "no pipe\n" );
    wait.hAsyncEvent = (HANDLE)(intptr_t)ends[1];
    unit_fail_threads( true );
    ok_status( D3DKMTRegisterTrimNotification( &trim ), STATUS_NO_MEMORY );
    ok_status( D3DKMTWaitForSynchronizationObjectFromCpu( &wait ), STATUS_NO_MEMORY );
    unit_fail_threads( false );
    ok_status( D3DKMTRegisterTrimNotification( &trim ), STATUS_SUCCESS );
    wait.hAsyncEvent = (HANDLE)(intptr_t)ends[0];       /* which nobody can write to */
    ok_status( D3DKMTWaitForSynchronizationObjectFromCpu( &wait ), STATUS_SUCCESS );
    wait.hAsyncEvent = (HANDLE)(intptr_t)ends[1];
    ok_status( D3DKMTWaitForSynchronizationObjectFromCpu( &wait ), STATUS_SUCCESS );
    ok( read( ends[0], &value, sizeof(value) ) == sizeof(value) && value == 1, "event %llu\n", (unsigned long long)value );
    close( ends[0] );
    close( ends[1] );
    unit_finish( &unit );
}

/* GPUs that cannot be listed */
static void test_enumeration(void)
{
    struct unit unit;
    D3DKMT_OPENADAPTERFROMLUID open = { .AdapterLuid = { 1, 1 } };

    start( &unit );
    fake_gpu_fail( FAKE_GPU_ENUM, 1, GPU_OUT_OF_HOST_MEMORY, true );
    ok_status( enum_adapters( &unit ), STATUS_NO_MEMORY );
    ok_status( kmt_OpenAdapterFromLuid( &open ), STATUS_NO_MEMORY );
    fake_gpu_fail( FAKE_GPU_ENUM, 0, GPU_SUCCESS, false );
    ok_status( enum_adapters( &unit ), STATUS_SUCCESS );
    ok_status( kmt_OpenAdapterFromLuid( &open ), KMT_STATUS_STOCK );
    unit_finish( &unit );
}

/* A lock that finds no room works on the content in system memory. For one that was never written that has to be had first. */
static void test_lock_in_system_memory(void)
{
    D3DKMT_HANDLE handle;
    unsigned int nth, refused = 0, held;
    struct gpu_adapter adapter;
    struct unit unit;
    uint64_t size;

    for (size = KIB( 64 ); size <= MIB( 2 ); size *= 32)
    {
        unit_adapter_simple( &adapter, MIB( 16 ), true );
        unit_start( &unit, &adapter, 0 );
        handle = unit_create( &unit, .size = size, .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        /* 15 MiB in pieces that leave no room for it */
        for (held = 0; held < (size < MIB( 1 ) ? 240 : 15); held++) unit_create_held( &unit, .size = size < MIB( 1 ) ? size : MIB( 1 ) );
        ok( unit_is_evicted( &unit, handle ), "it is not evicted\n" );
        for (nth = 1; nth < 20; nth++)
        {
            NTSTATUS status;
            void *data;

            unit_fail_malloc( nth );
            status = unit_try_lock( &unit, handle, &data );
            unit_fail_malloc( 0 );
            ok( !status || status == STATUS_NO_MEMORY, "got %#x\n", (unsigned int)status );
            unit_check( &unit );
            if (status)
            {
                refused++;
                continue;
            }
            ok( bytes_are_zero( data, size ), "not zero\n" );
            ok_status( unit_unlock( &unit, handle ), STATUS_SUCCESS );
            break;
        }
        ok( nth < 20, "never enough memory\n" );
        unit_finish( &unit );
    }
    ok( refused >= 2, "refused %u times\n", refused );
}

/* The machine has hardly any memory left: nothing is paged out then, and nothing lost. */
static void test_machine_is_full(void)
{
    D3DKMT_HANDLE handles[200], more;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < ARRAY_SIZE( handles ); i++)
    {
        handles[i] = unit_create( &unit, .size = KIB( 64 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        unit_write( &unit, handles[i], i );
    }
    unit_fail_memory( true );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 8 ) }, &more ), STATUS_NO_MEMORY );
    ok( !unit_count_evicted( &unit, handles, ARRAY_SIZE( handles ) ), "something was paged out\n" );
    unit_fail_memory( false );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 8 ) }, &more ), STATUS_SUCCESS );
    ok( unit_count_evicted( &unit, handles, ARRAY_SIZE( handles ) ), "nothing was paged out\n" );
    unit_check_content( &unit, handles, ARRAY_SIZE( handles ) );
    unit_check( &unit );
    unit_finish( &unit );
}

/* Pieces of system memory are kept for reuse, up to 512 MiB. */
static void test_kept_memory(void)
{
    struct freed_memory freed;
    struct unit unit;
    void *pieces[2];
    unsigned int i, count = 0;
    struct system_copy *copy;

    unit_start( &unit, NULL, 0 );
    freed_memory_init( &freed, unit.vidmm );
    for (i = 0; i < 2; i++) ok( !!(pieces[i] = system_memory_allocate( MIB( 300 ), true )), "no memory\n" );
    kmt_lock();
    for (i = 0; i < 2; i++)
    {
        ok( system_memory_reserve_locked( unit.vidmm, MIB( 300 ), &freed ), "no room\n" );
        if (pieces[i]) system_memory_free_locked( pieces[i], MIB( 300 ), &freed );
        for (count = 0, copy = freed.copies; copy; copy = copy->next) count++;
        ok( count == i, "after %u pieces %u are to be freed\n", i + 1, count );
    }
    freed_memory_flush_locked( &freed );
    kmt_unlock();
    unit_finish( &unit );
}

/***********************************************************************
 * A limit for what is evicted, WINEKMT_SYSTEM_MEMORY_SIZE. It is read once, so each is a process of its own, and they come first.
 */
static bool set_limit( unsigned int megabytes )
{
    char value[16];

    sprintf( value, "%u", megabytes );
    setenv( "WINEKMT_SYSTEM_MEMORY_SIZE", value, 1 );
    if (os_system_memory_limit() == MIB( megabytes )) return true;
    skip( "the limit was read by an earlier test\n" );
    return false;
}

#define LOCAL  .segments = WINEKMT_SEGMENT_LOCAL

/* 2 MB are taken by one; another one was never written and offered, which frees nothing. */
static void limit_and_nothing_to_discard(void)
{
    D3DKMT_HANDLE zero, taken, last, more;
    struct gpu_adapter adapter;
    struct unit unit;

    if (!set_limit( 2 )) return;
    unit_adapter_simple( &adapter, MIB( 16 ), true );       /* 15 */
    unit_start( &unit, &adapter, 0 );
    zero = unit_create( &unit, .size = MIB( 1 ) );
    taken = unit_create( &unit, .size = MIB( 2 ) );
    unit_write( &unit, taken, 1 );
    last = unit_create( &unit, .size = MIB( 2 ) );
    unit_write( &unit, last, 2 );
    unit_create_held( &unit, .size = MIB( 13 ) );           /* zero and taken go */
    ok( unit_is_evicted( &unit, zero ) && unit_is_evicted( &unit, taken ) && !unit_is_evicted( &unit, last ), "others are evicted\n" );
    ok_status( unit_offer( &unit, &zero, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 1 ) }, &more ), STATUS_NO_MEMORY );
    ok( !unit_is_discarded( &unit, zero ), "discarded for nothing\n" );
    ok( unit_peek_is( &unit, taken, 1 ) && unit_peek_is( &unit, last, 2 ), "content is lost\n" );
    unit_check( &unit );
    /* What holds content there can go. */
    ok_status( unit_offer( &unit, &taken, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 1 ) }, &more ), STATUS_SUCCESS );
    ok( !unit_is_discarded( &unit, zero ) && unit_is_discarded( &unit, taken ), "the wrong one was discarded\n" );
    ok( unit_peek_is( &unit, last, 2 ), "content is lost\n" );
    unit_check( &unit );
    unit_finish( &unit );
}

/* A move to the other segment goes through system memory, and nothing changes without. */
static void limit_and_a_move(void)
{
    D3DDDI_UPDATEALLOCPROPERTY property = { 0 };
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;
    struct unit unit;

    if (!set_limit( 1 )) return;
    unit_adapter_discrete( &adapter, MIB( 64 ) );
    unit_start( &unit, &adapter, 0 );
    handle = unit_create( &unit, .size = MIB( 2 ), LOCAL );
    unit_write( &unit, handle, 1 );
    property.hPagingQueue = unit.queue;
    property.hAllocation = handle;
    property.SupportedSegmentSet = WINEKMT_SEGMENT_NON_LOCAL;
    property.SetSupportedSegmentSet = 1;
    ok_status( kmt_UpdateAllocationProperty( &property ), STATUS_NO_MEMORY );
    ok( unit_allocation( &unit, handle )->segments == WINEKMT_SEGMENT_LOCAL && !unit_is_evicted( &unit, handle ), "something changed\n" );
    ok( unit_peek_is( &unit, handle, 1 ), "content is lost\n" );
    unit_check( &unit );
    unit_finish( &unit );
}

START_TEST(shortage)
{
    unit_isolated( "nothing to discard", limit_and_nothing_to_discard );
    unit_isolated( "a move", limit_and_a_move );
    unit_isolated( "notifications", notifications );
    test_handles();
    test_mallocs();
    test_enumeration();
    test_lock_in_system_memory();
    test_machine_is_full();
    test_kept_memory();
}
