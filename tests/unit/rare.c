/*
 * What happens in the middle of something else, and hardly ever does
 *
 * As races.c and evict_races.c: a hook in the fake GPU runs where core has dropped its lock. Each is a process of its own.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "rare.h"

#define LOCAL  .segments = WINEKMT_SEGMENT_LOCAL

/* A heap of 16 MiB, of which 15 may be used, with that many written allocations of 1 MiB in it. */
static void start_full( D3DKMT_HANDLE *handles, unsigned int count )
{
    struct gpu_adapter adapter;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), false );
    start( &adapter );
    for (i = 0; i < count; i++)
    {
        handles[i] = unit_create( &race.unit, .size = MIB( 1 ) );
        unit_write( &race.unit, handles[i], i );
    }
    race.handle = handles[0];
}

/***********************************************************************
 * The end comes while threads of core are at work
 */

/* The pager is in the middle of a copy when the device is lost, and everything is shut down then. */
static void race_shutdown_after_loss(void)
{
    D3DKMT_HANDLE handles[15];

    start_full( handles, 15 );
    unit_create( &race.unit, .size = MIB( 1 ) );
    ok( unit_is_evicted( &race.unit, handles[0] ), "it was not evicted\n" );
    on_first( FAKE_GPU_WRITE, lose_slowly );
    ok_status( unit_make_resident( &race.unit, handles, 1, 0, NULL, NULL ), STATUS_PENDING );
    wait_for( &race.entered, 5000 );
    unit_finish( &race.unit );
    ok( race.calls == 1, "the hook ran %u times\n", race.calls );
}

/* The worker frees what has fallen out of the budget. */
static void race_shutdown_while_budget_is_enforced(void)
{
    struct gpu_adapter adapter;
    D3DKMT_HANDLE offered;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    adapter.has_memory_budget = true;
    start( &adapter );
    for (i = 0; i < 8; i++) unit_create_held( &race.unit, .size = MIB( 1 ) );
    offered = unit_create( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &race.unit, &offered, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    on_first( FAKE_GPU_FREE, wait_until_stopping );
    fake_gpu_set_budget( 0, MIB( 1 ) );
    wait_for( &race.entered, 5000 );
    ok( flag( &race.entered ), "the worker does not enforce the budget\n" );
    unit_finish( &race.unit );
}

/* The worker frees a block that was empty for a while. */
static void race_shutdown_while_blocks_are_freed(void)
{
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    start( &adapter );
    handle = unit_create( &race.unit, .size = MIB( 1 ) );
    on_first( FAKE_GPU_FREE, wait_until_stopping );
    ok_status( unit_destroy( &race.unit, &handle, 1, false ), STATUS_SUCCESS );
    wait_for( &race.entered, 5000 );
    ok( flag( &race.entered ), "the worker does not free it\n" );
    unit_finish( &race.unit );
}

/***********************************************************************
 * While content is copied out
 */

static void offer_first( void )
{
    ok_status( unit_offer( &race.unit, &race.handle, 1, D3DKMT_OFFER_PRIORITY_LOW, true ), STATUS_SUCCESS );
}

/* It may be decommitted, but not while somebody copies it. */
static void offer_and_decommit( void )
{
    D3DKMT_TRIMPROCESSCOMMITMENT trim = { .cbSize = sizeof(trim), .DecommitRequested = MIB( 1 ) };

    offer_first();
    ok_status( kmt_TrimProcessCommitment( &trim ), STATUS_SUCCESS );
    ok( !trim.NumBytesDecommitted, "%llu bytes were decommitted\n", (unsigned long long)trim.NumBytesDecommitted );
}

static void race_decommit_in_page_out(void)
{
    D3DKMT_TRIMPROCESSCOMMITMENT trim = { .cbSize = sizeof(trim), .DecommitRequested = MIB( 1 ) };
    D3DKMT_HANDLE handles[15];

    start_full( handles, 15 );
    on_first( FAKE_GPU_READ, offer_and_decommit );
    unit_create( &race.unit, .size = MIB( 1 ) );
    ok( race.calls == 1, "the hook ran %u times\n", race.calls );
    ok( unit_is_evicted( &race.unit, handles[0] ) && !unit_is_discarded( &race.unit, handles[0] ), "not evicted, or discarded\n" );
    ok( unit_peek_is( &race.unit, handles[0], 0 ), "content is lost\n" );
    ok_status( kmt_TrimProcessCommitment( &trim ), STATUS_SUCCESS );
    ok( trim.NumBytesDecommitted == MIB( 1 ), "%llu bytes were decommitted\n", (unsigned long long)trim.NumBytesDecommitted );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* With the verifier's switch an offer decommits at once, but not what is being copied, or pinned. */
static void race_always_decommit(void)
{
    struct winekmt_allocation_data data = { .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = MIB( 1 ) };
    D3DDDI_ALLOCATIONINFO2 info = { .pPrivateDriverData = &data, .PrivateDriverDataSize = sizeof(data), .Flags.Primary = 1 };
    D3DKMT_CREATEALLOCATION create = { .NumAllocations = 1, .pAllocationInfo2 = &info };
    D3DKMT_HANDLE handles[15];

    start_full( handles, 15 );
    race.unit.vidmm->verifier.always_decommit = true;
    on_first( FAKE_GPU_READ, offer_first );
    create.hDevice = race.unit.device;
    ok_status( kmt_CreateAllocation2( &create ), STATUS_SUCCESS );
    ok( race.calls == 1, "the hook ran %u times\n", race.calls );
    ok( unit_is_evicted( &race.unit, handles[0] ) && !unit_is_discarded( &race.unit, handles[0] ), "not evicted, or discarded\n" );
    ok_status( unit_offer( &race.unit, &info.hAllocation, 1, D3DKMT_OFFER_PRIORITY_LOW, true ), STATUS_SUCCESS );
    ok( !unit_is_discarded( &race.unit, info.hAllocation ), "a primary was discarded\n" );
    ok_status( unit_offer( &race.unit, handles + 1, 1, D3DKMT_OFFER_PRIORITY_LOW, true ), STATUS_SUCCESS );
    ok( unit_is_discarded( &race.unit, handles[1] ), "not decommitted\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* With the other switch nothing is discarded, in either memory. */
static void never_discard(void)
{
    D3DKMT_HANDLE handles[15];

    start_full( handles, 15 );
    race.unit.vidmm->verifier.never_discard = true;
    unit_create( &race.unit, .size = MIB( 1 ) );
    ok( unit_is_evicted( &race.unit, handles[0] ), "it was not evicted\n" );
    offer_first();
    ok( unit_allocation( &race.unit, handles[0] )->victim_list == VICTIM_NONE, "on list %u\n", unit_allocation( &race.unit, handles[0] )->victim_list );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void make_resident( void )
{
    ok_status( unit_make_resident( &race.unit, &race.handle, 1, 0, NULL, NULL ), STATUS_SUCCESS );
}

/* MakeResident comes while it is copied, and then the copy fails. */
static void race_make_resident_in_failing_page_out(void)
{
    D3DKMT_HANDLE handles[15], more;

    start_full( handles, 15 );
    on_first( FAKE_GPU_READ, make_resident );
    fake_gpu_fail( FAKE_GPU_READ, 1, GPU_FAILED, false );
    ok_status( unit_try_create( &race.unit, &(struct unit_spec){ .size = MIB( 1 ) }, &more ), STATUS_NO_MEMORY );
    ok( race.calls == 1, "the hook ran %u times\n", race.calls );
    ok( !unit_count_evicted( &race.unit, handles, 15 ), "one was evicted\n" );
    ok( unit_allocation( &race.unit, handles[0] )->victim_list == VICTIM_NONE, "it is held, and could be evicted\n" );
    ok_status( unit_try_create( &race.unit, &(struct unit_spec){ .size = MIB( 1 ) }, &more ), STATUS_SUCCESS );
    ok( !unit_is_evicted( &race.unit, handles[0] ) && unit_is_evicted( &race.unit, handles[1] ), "the wrong one was evicted\n" );
    unit_check_content( &race.unit, handles, 15 );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* The device is lost where two that were never written are mapped to be copied by the CPU. */
static void race_loss_in_page_out(void)
{
    struct gpu_adapter adapter;
    D3DKMT_HANDLE more;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    start( &adapter );
    for (i = 0; i < 15; i++) unit_create( &race.unit, .size = MIB( 1 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
    fake_gpu_fail( FAKE_GPU_MAP, 1, GPU_DEVICE_LOST, false );
    ok_status( unit_try_create( &race.unit, &(struct unit_spec){ .size = MIB( 2 ) }, &more ), STATUS_DEVICE_REMOVED );
    ok( fake_gpu_count_calls( FAKE_GPU_MAP ) == 1, "%llu were mapped\n", (unsigned long long)fake_gpu_count_calls( FAKE_GPU_MAP ) );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* No more than 64 MiB in one go */
static void large_page_out(void)
{
    D3DKMT_HANDLE handles[30];
    struct gpu_adapter adapter;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 256 ), false );     /* 240 */
    adapter.max_memory_size = MIB( 256 );
    start( &adapter );
    fake_gpu_set_fill( false );
    for (i = 0; i < 30; i++) handles[i] = unit_create( &race.unit, .size = MIB( 8 ) );
    unit_create( &race.unit, .size = MIB( 128 ) );
    ok( unit_count_evicted( &race.unit, handles, 30 ) == 16, "%u were evicted\n", unit_count_evicted( &race.unit, handles, 30 ) );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/***********************************************************************
 * While content is copied in
 */

/* Makes handles[0] evicted, offered and held by MakeResident, with room for it. */
static void start_offered_and_held( D3DKMT_HANDLE *handles )
{
    D3DKMT_HANDLE large;

    start_full( handles, 1 );
    large = unit_create_held( &race.unit, .size = MIB( 15 ) );
    ok( unit_is_evicted( &race.unit, handles[0] ), "it was not evicted\n" );
    offer_first();
    make_resident();
    ok_status( unit_destroy( &race.unit, &large, 1, true ), STATUS_SUCCESS );
}

/* The older form of the call waits for the copy, so it can tell. */
static void failed_page_in_of_reclaim(void)
{
    D3DKMT_RECLAIMALLOCATIONS reclaim = { 0 };
    D3DKMT_GETDEVICESTATE state = { 0 };
    D3DKMT_HANDLE handle;

    start_offered_and_held( &handle );
    fake_gpu_fail( FAKE_GPU_WRITE, 1, GPU_FAILED, true );
    reclaim.hDevice = state.hDevice = race.unit.device;
    reclaim.HandleList = &handle;
    reclaim.NumAllocations = 1;
    ok_status( kmt_ReclaimAllocations( &reclaim ), STATUS_DEVICE_REMOVED );
    state.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    ok_status( kmt_GetDeviceState( &state ), STATUS_SUCCESS );
    ok( state.ExecutionState == D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY, "state %u\n", state.ExecutionState );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void evict_first( void )
{
    ok_status( unit_evict( &race.unit, &race.handle, 1, true ), STATUS_SUCCESS );
}

/* Evict comes while the reclaim looks for memory, and there is none: then it needs none. */
static void race_evict_in_reclaim(void)
{
    D3DDDI_RECLAIM_RESULT result = 99;
    D3DKMT_HANDLE handle;

    start_offered_and_held( &handle );
    on_first( FAKE_GPU_ALLOCATE, evict_first );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_FAILED, true );
    ok_status( unit_reclaim( &race.unit, &handle, 1, &result ), STATUS_SUCCESS );
    ok( race.calls, "the hook did not run\n" );
    ok( !result, "result %u\n", result );
    ok( unit_is_evicted( &race.unit, handle ) && unit_peek_is( &race.unit, handle, 0 ), "not evicted, or content is lost\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void destroy_queue( void )
{
    ok_status( kmt_DestroyPagingQueue( &(D3DDDI_DESTROYPAGINGQUEUE){ .hPagingQueue = race.unit.queue } ), STATUS_SUCCESS );
}

/* The queue is destroyed while the reclaim looks for memory. */
static void race_destroy_queue_in_reclaim(void)
{
    D3DDDI_RECLAIM_RESULT result = 99;
    D3DKMT_HANDLE handle;

    start_offered_and_held( &handle );
    on_first( FAKE_GPU_ALLOCATE, destroy_queue );
    ok_status( unit_reclaim( &race.unit, &handle, 1, &result ), STATUS_INVALID_PARAMETER );
    ok( race.calls, "the hook did not run\n" );
    ok( result == 99, "a result after a failure\n" );
    ok( unit_is_evicted( &race.unit, handle ) && unit_peek_is( &race.unit, handle, 0 ), "not evicted, or content is lost\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void *make_other_resident( void *arg )
{
    (void)arg;
    race.status = unit_make_resident( &race.unit, &race.other, 1, 0, &race.value, NULL );
    set_flag( &race.done );
    return NULL;
}

static void let_other_overtake( void )
{
    start_thread( make_other_resident );
    wait_for( &race.done, 50 );
    ok( !flag( &race.done ), "the later value was reached first\n" );
}

/* Without a pager two calls copy at once; the later one is ready first, and waits for its turn. */
static void race_order_of_fence_values(void)
{
    D3DKMT_HANDLE handles[15];
    uint64_t value = 0;
    unsigned int i;

    unit_fail_threads( true );
    start_full( handles, 15 );
    unit_create( &race.unit, .size = MIB( 2 ) );
    ok( unit_is_evicted( &race.unit, handles[0] ) && unit_is_evicted( &race.unit, handles[1] ), "they are not evicted\n" );
    for (i = 2; i < 6; i++) ok_status( unit_destroy( &race.unit, &handles[i], 1, true ), STATUS_SUCCESS );
    race.other = handles[1];
    on_first( FAKE_GPU_WRITE, let_other_overtake );
    ok_status( unit_make_resident( &race.unit, handles, 1, 0, &value, NULL ), STATUS_PENDING );
    join_thread();
    ok_status( race.status, STATUS_PENDING );
    ok( race.value == value + 1 && *race.unit.fence_value == race.value, "values %llu, %llu; the fence has %llu\n", (unsigned long long)value,
        (unsigned long long)race.value, (unsigned long long)*race.unit.fence_value );
    unit_check_content( &race.unit, handles, 2 );
    unit_check( &race.unit );
    unit_finish( &race.unit );
    unit_fail_threads( false );
}

/***********************************************************************
 * A resource that grows while it is reclaimed
 */
static D3DKMT_HANDLE resource;

static NTSTATUS create_member( D3DKMT_HANDLE *handle )
{
    struct winekmt_allocation_data data = { .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = MIB( 1 ) };
    D3DDDI_ALLOCATIONINFO2 info = { .pPrivateDriverData = &data, .PrivateDriverDataSize = sizeof(data) };
    D3DKMT_CREATEALLOCATION create = { .NumAllocations = 1, .pAllocationInfo2 = &info };
    NTSTATUS status;

    create.hDevice = race.unit.device;
    create.hResource = resource;
    create.Flags.CreateResource = !resource;
    status = kmt_CreateAllocation2( &create );
    *handle = info.hAllocation;
    resource = create.hResource;
    return status;
}

static bool other_is_evicted( void *arg )
{
    (void)arg;
    return get_allocation_locked( find_device_locked( race.unit.device ), race.other )->evicted;
}

/* The new member is evicted, offered and held, so the reclaim has to begin again. */
static void add_member( void )
{
    ok_status( create_member( &race.other ), STATUS_SUCCESS );
    unit_hold( &race.unit, &race.other, 1 );
    unit_write( &race.unit, race.other, 7 );
    ok_status( unit_evict( &race.unit, &race.other, 1, false ), STATUS_SUCCESS );
    ok( unit_wait( other_is_evicted, NULL ), "it was not evicted\n" );
    ok_status( unit_offer( &race.unit, &race.other, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    ok_status( unit_make_resident( &race.unit, &race.other, 1, 0, NULL, NULL ), STATUS_SUCCESS );
}

/* This one has lost its memory. */
static void add_discarded_member( void )
{
    D3DKMT_TRIMPROCESSCOMMITMENT trim = { .cbSize = sizeof(trim), .DecommitRequested = MIB( 1 ) };

    ok_status( create_member( &race.other ), STATUS_SUCCESS );
    ok_status( unit_offer( &race.unit, &race.other, 1, D3DKMT_OFFER_PRIORITY_LOW, true ), STATUS_SUCCESS );
    ok_status( kmt_TrimProcessCommitment( &trim ), STATUS_SUCCESS );
    ok( unit_is_discarded( &race.unit, race.other ), "it was not discarded\n" );
}

static void new_member_in_reclaim( void (*add)( void ) )
{
    D3DKMT_RECLAIMALLOCATIONS2 reclaim = { 0 };
    D3DDDI_RECLAIM_RESULT result = 99;
    struct gpu_adapter adapter;
    D3DKMT_HANDLE large;

    unit_adapter_simple( &adapter, MIB( 16 ), false );
    start( &adapter );
    resource = 0;
    ok_status( create_member( &race.handle ), STATUS_SUCCESS );
    offer_first();
    large = unit_create( &race.unit, .size = MIB( 15 ) );
    ok( unit_is_discarded( &race.unit, race.handle ), "it was not discarded\n" );
    ok_status( unit_destroy( &race.unit, &large, 1, true ), STATUS_SUCCESS );
    on_first( FAKE_GPU_ALLOCATE, add );
    reclaim.hPagingQueue = race.unit.queue;
    reclaim.pResources = &resource;
    reclaim.NumAllocations = 1;
    reclaim.pResults = &result;
    ok_status( kmt_ReclaimAllocations2( &reclaim ), STATUS_SUCCESS );
    ok( race.calls > 1, "the hook ran %u times\n", race.calls );
    ok( result == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", result );
    ok( unit_wait_fence( &race.unit, reclaim.PagingFenceValue ), "value %llu is not reached\n", (unsigned long long)reclaim.PagingFenceValue );
    ok( !unit_is_evicted( &race.unit, race.other ) && !unit_is_discarded( &race.unit, race.other ), "it has no memory\n" );
    if (add == add_member) ok( unit_peek_is( &race.unit, race.other, 7 ), "another content\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void race_new_member_in_reclaim(void)
{
    new_member_in_reclaim( add_member );
}

static void race_discarded_member_in_reclaim(void)
{
    new_member_in_reclaim( add_discarded_member );
}

/***********************************************************************
 * A move to the other segment that fails half way
 */

/* Until the memory that it left is nobody's, so that the way back is closed too. */
static bool nothing_is_empty( void *arg )
{
    (void)arg;
    return list_empty( &race.unit.vidmm->empty );
}

static void wait_for_worker( void )
{
    ok( unit_wait( nothing_is_empty, NULL ), "the worker does not free the block\n" );
}

static void fail_a_move( void (*action)( void ), NTSTATUS expected, bool back, bool removed )
{
    D3DDDI_UPDATEALLOCPROPERTY property = { 0 };
    struct gpu_adapter adapter;
    struct allocation *allocation;

    unit_adapter_discrete( &adapter, MIB( 64 ) );
    start( &adapter );
    race.handle = unit_create_held( &race.unit, .size = MIB( 2 ), LOCAL );
    unit_write( &race.unit, race.handle, 1 );
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_OUT_OF_DEVICE_MEMORY, true );
    if (action) on_first( FAKE_GPU_ALLOCATE, action );
    property.hPagingQueue = race.unit.queue;
    property.hAllocation = race.handle;
    property.SupportedSegmentSet = WINEKMT_SEGMENT_NON_LOCAL;
    property.SetSupportedSegmentSet = 1;
    ok_status( kmt_UpdateAllocationProperty( &property ), expected );
    ok( unit_is_evicted( &race.unit, race.handle ) == !back, "evicted, or not\n" );
    allocation = unit_allocation( &race.unit, race.handle );
    ok( allocation->segments == WINEKMT_SEGMENT_LOCAL, "segments %#x\n", allocation->segments );
    ok( unit_peek_is( &race.unit, race.handle, 1 ), "content is lost\n" );
    property.SupportedSegmentSet = WINEKMT_SEGMENT_LOCAL;
    ok_status( kmt_UpdateAllocationProperty( &property ), removed ? STATUS_DEVICE_REMOVED : STATUS_SUCCESS );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void failed_move(void)
{
    fail_a_move( NULL, STATUS_NO_MEMORY, true, false );
}

static void failed_move_and_return(void)
{
    fail_a_move( wait_for_worker, STATUS_NO_MEMORY, false, true );
}

static void race_evict_in_failed_move(void)
{
    fail_a_move( evict_first, STATUS_NO_MEMORY, false, false );
}

/* MakeResident comes while a move copies: it moves nevertheless, and is brought back where it may be now. */
static void race_make_resident_in_move(void)
{
    D3DDDI_UPDATEALLOCPROPERTY property = { 0 };
    struct allocation *allocation;
    struct gpu_adapter adapter;

    unit_adapter_discrete( &adapter, MIB( 64 ) );
    start( &adapter );
    race.handle = unit_create( &race.unit, .size = MIB( 2 ), LOCAL );
    unit_write( &race.unit, race.handle, 1 );
    on_first( FAKE_GPU_READ, make_resident );
    property.hPagingQueue = race.unit.queue;
    property.hAllocation = race.handle;
    property.SupportedSegmentSet = WINEKMT_SEGMENT_NON_LOCAL;
    property.SetSupportedSegmentSet = 1;
    ok_status( kmt_UpdateAllocationProperty( &property ), STATUS_SUCCESS );
    ok( race.calls == 1, "the hook ran %u times\n", race.calls );
    allocation = unit_allocation( &race.unit, race.handle );
    ok( allocation->block && !allocation->evicted, "it is not in GPU memory\n" );
    ok( !type_heap( race.unit.vidmm, allocation->memory_type )->local, "it is where it was\n" );
    ok( unit_peek_is( &race.unit, race.handle, 1 ), "content is lost\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/***********************************************************************
 * Evictions that Escape asks for
 */

/* Of the device; 0, 0: all. */
static NTSTATUS escape_evict( D3DKMT_HANDLE from, D3DKMT_HANDLE allocation )
{
    uint32_t data[6] = { D3DKMT_VIDMMESCAPETYPE_EVICT, 0, from, allocation };   /* D3DKMT_VIDMM_ESCAPE, of this process */
    D3DKMT_ESCAPE escape = { .hAdapter = race.unit.adapter, .hDevice = race.unit.device, .Type = D3DKMT_ESCAPE_VIDMM };

    escape.pPrivateDriverData = data;
    escape.PrivateDriverDataSize = sizeof(data);
    return kmt_Escape( &escape );
}

/* A resource with that many written members, of which two are in race. */
static void start_members( unsigned int count )
{
    struct gpu_adapter adapter;

    unit_adapter_simple( &adapter, MIB( 16 ), false );
    start( &adapter );
    resource = 0;
    ok_status( create_member( &race.handle ), STATUS_SUCCESS );
    unit_write( &race.unit, race.handle, 0 );
    if (count < 2) return;
    ok_status( create_member( &race.other ), STATUS_SUCCESS );
    unit_write( &race.unit, race.other, 1 );
}

/* Of what is being copied nothing is done, and the other member goes. */
static void escape_meanwhile( void )
{
    bool first = unit_allocation( &race.unit, race.handle )->busy;
    D3DKMT_HANDLE busy = first ? race.handle : race.other, idle = first ? race.other : race.handle;

    ok_status( escape_evict( 0, busy ), STATUS_SUCCESS );
    ok( race.calls == 1, "%u were copied\n", race.calls );
    ok_status( escape_evict( resource, 0 ), STATUS_SUCCESS );
    ok( unit_is_evicted( &race.unit, idle ) && !unit_is_evicted( &race.unit, busy ), "another was evicted\n" );
}

static void race_escape_in_escape(void)
{
    start_members( 2 );
    on_first( FAKE_GPU_READ, escape_meanwhile );
    ok_status( escape_evict( resource, 0 ), STATUS_SUCCESS );
    ok( race.calls == 2, "%u were copied\n", race.calls );
    ok( unit_is_evicted( &race.unit, race.handle ) && unit_is_evicted( &race.unit, race.other ), "one was not evicted\n" );
    ok( unit_peek_is( &race.unit, race.handle, 0 ) && unit_peek_is( &race.unit, race.other, 1 ), "content is lost\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void use_it( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg, (void)call, (void)memory;
    race.calls++;
    make_resident();
    evict_first();
}

/* Somebody uses it in every copy: then it is not tried for ever. */
static void race_use_in_escape(void)
{
    start_members( 1 );
    fake_gpu_set_hook( FAKE_GPU_READ, use_it, NULL );
    ok_status( escape_evict( resource, 0 ), STATUS_SUCCESS );
    ok( race.calls == 2, "copied %u times\n", race.calls );
    ok( !unit_is_evicted( &race.unit, race.handle ) && unit_peek_is( &race.unit, race.handle, 0 ), "evicted, or content is lost\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* The device is put in error after the first member was copied. */
static void mark_as_error( void )
{
    D3DKMT_MARKDEVICEASERROR mark = { .hDevice = race.unit.device, .Reason = D3DKMT_DEVICE_ERROR_REASON_GENERIC };

    ok_status( kmt_MarkDeviceAsError( &mark ), STATUS_SUCCESS );
}

static void race_error_in_escape(void)
{
    start_members( 2 );
    on_first( FAKE_GPU_READ, mark_as_error );
    ok_status( escape_evict( resource, 0 ), STATUS_DEVICE_REMOVED );
    ok( race.calls == 1, "%u were copied\n", race.calls );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* The GPU is lost while all is evicted. */
static void race_loss_in_escape(void)
{
    start_members( 2 );
    on_first( FAKE_GPU_READ, lose );
    ok_status( escape_evict( 0, 0 ), STATUS_DEVICE_REMOVED );
    ok( race.calls == 2, "%u were copied\n", race.calls );
    unit_finish( &race.unit );
}

/* Copies that fail are told, and nothing is lost by them, whoever wants it meanwhile. */
static void failed_escape(void)
{
    start_members( 2 );
    fake_gpu_fail( FAKE_GPU_READ, 1, GPU_FAILED, true );
    ok_status( escape_evict( 0, 0 ), STATUS_NO_MEMORY );
    ok_status( escape_evict( resource, 0 ), STATUS_NO_MEMORY );
    on_first( FAKE_GPU_READ, make_resident );
    ok_status( escape_evict( 0, race.handle ), STATUS_NO_MEMORY );
    ok( race.calls == 1, "the hook ran %u times\n", race.calls );
    ok( !unit_is_evicted( &race.unit, race.handle ) && !unit_is_evicted( &race.unit, race.other ), "one was evicted\n" );
    unit_check( &race.unit );
    fake_gpu_fail( FAKE_GPU_READ, 0, GPU_SUCCESS, false );
    ok_status( escape_evict( 0, 0 ), STATUS_SUCCESS );
    ok( !unit_is_evicted( &race.unit, race.handle ) && unit_is_evicted( &race.unit, race.other ), "the wrong one was evicted\n" );
    ok( unit_peek_is( &race.unit, race.handle, 0 ) && unit_peek_is( &race.unit, race.other, 1 ), "content is lost\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static bool first_is_done( void *arg )
{
    (void)arg;
    return flag( &race.entered ) && !get_allocation_locked( find_device_locked( race.unit.device ), race.handle )->busy;
}

/* The device is lost in the first 64 MiB of what Evict named: the worker leaves the rest. */
static void race_loss_in_eager_eviction(void)
{
    D3DKMT_HANDLE handles[30];
    struct gpu_adapter adapter;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 256 ), false );
    adapter.max_memory_size = MIB( 256 );
    start( &adapter );
    fake_gpu_set_fill( false );
    for (i = 0; i < 30; i++) handles[i] = unit_create_held( &race.unit, .size = MIB( 8 ) );
    race.handle = handles[0];
    unit_write( &race.unit, handles[0], 0 );
    on_first( FAKE_GPU_READ, lose_slowly );
    ok_status( unit_evict( &race.unit, handles, 30, false ), STATUS_SUCCESS );
    ok( unit_wait( first_is_done, NULL ), "the worker does not evict\n" );
    usleep( 50000 );
    ok( unit_count_evicted( &race.unit, handles, 30 ) == 8, "%u were evicted\n", unit_count_evicted( &race.unit, handles, 30 ) );
    unit_finish( &race.unit );
}

/***********************************************************************
 * Compaction
 */

/* Two blocks with one allocation each; the first of each block, which stays, is a primary or is not. */
static struct vidmm_pool *make_pool( bool primary, bool visible )
{
    struct winekmt_allocation_data data = { .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = KIB( 64 ) };
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handles[8];
    struct vidmm_pool *pool;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), visible );
    start( &adapter );
    if (visible) data.cpu_access = WINEKMT_CPU_ACCESS_CACHED;
    for (i = 0; i < 8; i++)
    {
        D3DDDI_ALLOCATIONINFO2 info = { .pPrivateDriverData = &data, .PrivateDriverDataSize = sizeof(data) };
        D3DKMT_CREATEALLOCATION create = { .NumAllocations = 1, .pAllocationInfo2 = &info };

        info.Flags.Primary = primary && !(i % 4);
        create.hDevice = race.unit.device;
        ok_status( kmt_CreateAllocation2( &create ), STATUS_SUCCESS );
        handles[i] = info.hAllocation;
    }
    pool = unit_allocation( &race.unit, handles[0] )->block->pool;
    ok( unit_allocation( &race.unit, handles[0] )->block != unit_allocation( &race.unit, handles[4] )->block, "one block\n" );
    for (i = 0; i < 8; i++) if (i % 4) ok_status( unit_destroy( &race.unit, &handles[i], 1, false ), STATUS_SUCCESS );
    return pool;
}

static bool compact( struct vidmm_pool *pool, bool *pinned )
{
    bool ret;

    kmt_lock();
    ret = compact_pool_locked( race.unit.vidmm, pool, pinned );
    kmt_unlock();
    return ret;
}

static void compaction_of_primaries(void)
{
    struct vidmm_pool *pool = make_pool( true, false );
    bool pinned = false;

    ok( !compact( pool, &pinned ) && pinned, "a primary was moved\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
    pool = make_pool( false, false );
    ok( compact( pool, &pinned ) && !pinned, "nothing was moved\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* The device was lost just before, or is lost where blocks are mapped. */
static void compaction_after_loss(void)
{
    struct vidmm_pool *pool = make_pool( false, true );
    bool pinned;

    lose();
    compact( pool, &pinned );
    ok( !fake_gpu_count_calls( FAKE_GPU_MAP ), "something was mapped\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static void race_loss_in_compaction(void)
{
    struct vidmm_pool *pool = make_pool( false, true );
    bool pinned;

    on_first( FAKE_GPU_MAP, lose );
    compact( pool, &pinned );
    ok( race.calls == 1, "%u were mapped\n", race.calls );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

START_TEST(rare)
{
    static const struct { const char *name; void (*function)( void ); } races[] =
    {
        { "shutdown after a loss", race_shutdown_after_loss },
        { "shutdown while a budget is enforced", race_shutdown_while_budget_is_enforced },
        { "shutdown while blocks are freed", race_shutdown_while_blocks_are_freed },
        { "decommit in page-out", race_decommit_in_page_out },
        { "always decommit", race_always_decommit },
        { "never discard", never_discard },
        { "MakeResident in a failing page-out", race_make_resident_in_failing_page_out },
        { "loss in page-out", race_loss_in_page_out },
        { "large page-out", large_page_out },
        { "failed page-in of a reclaim", failed_page_in_of_reclaim },
        { "Evict in reclaim", race_evict_in_reclaim },
        { "queue destroyed in reclaim", race_destroy_queue_in_reclaim },
        { "order of fence values", race_order_of_fence_values },
        { "new member in reclaim", race_new_member_in_reclaim },
        { "discarded member in reclaim", race_discarded_member_in_reclaim },
        { "failed move", failed_move },
        { "failed move and return", failed_move_and_return },
        { "Evict in a failed move", race_evict_in_failed_move },
        { "MakeResident in a move", race_make_resident_in_move },
        { "Escape in Escape", race_escape_in_escape },
        { "use in Escape", race_use_in_escape },
        { "error in Escape", race_error_in_escape },
        { "loss in Escape", race_loss_in_escape },
        { "failed Escape", failed_escape },
        { "loss in an eager eviction", race_loss_in_eager_eviction },
        { "compaction of primaries", compaction_of_primaries },
        { "compaction after a loss", compaction_after_loss },
        { "loss in compaction", race_loss_in_compaction },
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE( races ); i++) unit_isolated( races[i].name, races[i].function );
}
