/*
 * What may happen to content while it is being copied out or in, made to happen
 *
 * As races.c: a hook in the fake GPU runs while core copies with its lock dropped. What would wait for the end of the copy does so in a
 * thread of its own.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

enum { COUNT = 15 };    /* MiB: all that the heap has */

static struct
{
    struct unit   unit;
    D3DKMT_HANDLE handles[COUNT];   /* their content is their number; the first one is copied */
    D3DKMT_HANDLE more;             /* for what they make room */
    unsigned int  calls;            /* of the hook */
    pthread_t     thread;
    bool          threaded, entered, go, done;
    NTSTATUS      status;           /* of what the thread does */
    void         *data;
    uint64_t      value;
    uint64_t      thread_value;     /* that the thread was told */
} race;

static bool flag( const bool *flag )
{
    return __atomic_load_n( flag, __ATOMIC_ACQUIRE );
}

static void set_flag( bool *flag )
{
    __atomic_store_n( flag, true, __ATOMIC_RELEASE );
}

static void wait_for( const bool *which, unsigned int most )
{
    unsigned int i;

    for (i = 0; i < most && !flag( which ); i++) usleep( 1000 );
}

/* A heap that is full of written allocations. uncached: the CPU can lock them, but it is the GPU that copies them out. */
static void start( bool uncached )
{
    struct gpu_adapter adapter;
    unsigned int i;

    memset( &race, 0, sizeof(race) );
    unit_adapter_simple( &adapter, MIB( 16 ), uncached );
    adapter.types[0].properties &= ~GPU_MEMORY_HOST_CACHED;
    unit_start( &race.unit, &adapter, 0 );
    for (i = 0; i < COUNT; i++)
    {
        race.handles[i] = unit_create( &race.unit, .size = MIB( 1 ), .cpu_access = uncached ? WINEKMT_CPU_ACCESS_WRITE_COMBINED : 0 );
        unit_write( &race.unit, race.handles[i], i );
    }
    ok( !unit_count_evicted( &race.unit, race.handles, COUNT ), "evicted without a need\n" );
}

/* What is left of them is what it was. gone: handles that were destroyed. */
static void finish( unsigned int gone )
{
    unit_check( &race.unit );
    for (; gone < COUNT; gone++) ok( unit_peek_is( &race.unit, race.handles[gone], gone ), "number %u lost its content\n", gone );
    unit_finish( &race.unit );
}

static void start_thread( void *(*function)( void * ) )
{
    race.threaded = true;
    pthread_create( &race.thread, NULL, function, NULL );
}

static void join_thread( void )
{
    if (race.threaded) pthread_join( race.thread, NULL );
    race.threaded = false;
}

static void *lock_first( void *arg )
{
    (void)arg;
    race.status = unit_try_lock( &race.unit, race.handles[0], &race.data );
    set_flag( &race.done );
    return NULL;
}

static void lock_is_busy( void )
{
    D3DKMT_LOCK lock = { .hDevice = race.unit.device, .hAllocation = race.handles[0] };

    lock.Flags.LockEntire = lock.Flags.DonotWait = 1;
    ok_status( kmt_Lock( &lock ), STATUS_GRAPHICS_ALLOCATION_BUSY );
    start_thread( lock_first );
    wait_for( &race.done, 50 );
    ok( !flag( &race.done ), "locked while it was copied\n" );
}

static void end_of_lock( void )
{
    join_thread();
    ok_status( race.status, STATUS_SUCCESS );
    if (race.status) return;
    ok( pattern_is( race.data, MIB( 1 ), 0 ), "the lock shows another content\n" );
    ok_status( unit_unlock( &race.unit, race.handles[0] ), STATUS_SUCCESS );
}

static void destroy_device( void )
{
    D3DKMT_DESTROYDEVICE destroy = { race.unit.device };

    ok_status( kmt_DestroyDevice( &destroy ), STATUS_SUCCESS );
}

static void destroy_first( void )
{
    ok_status( unit_destroy( &race.unit, race.handles, 1, false ), STATUS_SUCCESS );
}

static void offer_first( void )
{
    ok_status( unit_offer( &race.unit, race.handles, 1, D3DKMT_OFFER_PRIORITY_LOW, true ), STATUS_SUCCESS );
}

static void reclaim_first( void )
{
    D3DDDI_RECLAIM_RESULT result = 99;

    ok_status( unit_reclaim( &race.unit, race.handles, 1, &result ), STATUS_SUCCESS );
    ok( !result, "result %u\n", result );
}

/* As a GPU does, that may use what is resident; no lock of core's forbids it. */
static void write_by_gpu( unsigned int number, uint32_t seed )
{
    struct allocation *allocation = unit_allocation( &race.unit, race.handles[number] );

    ok( allocation->block && !allocation->evicted, "it is not in GPU memory\n" );
    pattern_write( (char *)fake_gpu_peek( allocation->block->memory ) + allocation->slot * block_slot_size( allocation->block ), MIB( 1 ), seed );
}

/***********************************************************************
 * While it is copied out
 */

/* Runs once, in the nth copy that a creation of that many MiB causes. */
static struct { void (*action)( void ); unsigned int nth; } out;

static void copying_out( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg, (void)call, (void)memory;
    if (++race.calls == out.nth) out.action();
}

static void page_out( bool uncached, unsigned int size, unsigned int nth, void (*action)( void ), NTSTATUS expected )
{
    start( uncached );
    out.action = action;
    out.nth = nth;
    fake_gpu_set_hook( FAKE_GPU_READ, copying_out, NULL );
    ok_status( unit_try_create( &race.unit, &(struct unit_spec){ .size = MIB( size ) }, &race.more ), expected );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    ok( race.calls >= nth, "the hook ran %u times\n", race.calls );
}

static void race_lock_in_page_out(void)
{
    page_out( true, 1, 1, lock_is_busy, STATUS_SUCCESS );
    end_of_lock();
    ok( !unit_is_evicted( &race.unit, race.handles[0] ), "it did not come back for the lock\n" );
    finish( 0 );
}

static void race_destroy_in_page_out(void)
{
    page_out( false, 1, 1, destroy_first, STATUS_SUCCESS );
    ok( !unit_read( &race.unit, groups[GROUP_LOCAL].evicted ), "what was destroyed is counted as evicted\n" );
    ok( !unit_count_evicted( &race.unit, race.handles + 1, COUNT - 1 ), "another one was evicted too\n" );
    finish( 1 );
}

static void race_destroy_device_in_page_out(void)
{
    page_out( false, 1, 1, destroy_device, STATUS_INVALID_PARAMETER );
    finish( COUNT );
}

static void race_offer_in_page_out(void)
{
    page_out( false, 1, 1, offer_first, STATUS_SUCCESS );
    ok( unit_is_evicted( &race.unit, race.handles[0] ) && !unit_is_discarded( &race.unit, race.handles[0] ), "not evicted, or discarded\n" );
    ok( unit_allocation( &race.unit, race.handles[0] )->victim_list == VICTIM_OFFERED_EVICTED, "on list %u\n",
        unit_allocation( &race.unit, race.handles[0] )->victim_list );
    unit_check( &race.unit );
    reclaim_first();
    finish( 0 );
}

static void offer_and_reclaim( void )
{
    offer_first();
    reclaim_first();
}

static void race_offer_and_reclaim_in_page_out(void)
{
    page_out( false, 1, 1, offer_and_reclaim, STATUS_SUCCESS );
    ok( !unit_discards( &race.unit ), "%llu discards\n", (unsigned long long)unit_discards( &race.unit ) );
    finish( 0 );
}

static void make_resident( void )
{
    ok_status( unit_make_resident( &race.unit, race.handles, 1, 0, &race.value, NULL ), STATUS_SUCCESS );
}

/* It was told that it is resident, and so it is: another one goes. */
static void race_make_resident_in_page_out(void)
{
    page_out( false, 1, 1, make_resident, STATUS_SUCCESS );
    ok( !unit_is_evicted( &race.unit, race.handles[0] ) && unit_is_evicted( &race.unit, race.handles[1] ), "the wrong one was evicted\n" );
    finish( 0 );
}

/* In the copy of the second one: the first one's copy has been made and is old now. */
static void write_while_resident( void )
{
    make_resident();
    write_by_gpu( 0, 100 );
    ok_status( unit_evict( &race.unit, race.handles, 1, true ), STATUS_SUCCESS );
}

static void race_write_in_page_out(void)
{
    page_out( false, 3, 2, write_while_resident, STATUS_SUCCESS );
    ok( unit_peek_is( &race.unit, race.handles[0], 100 ), "what the GPU wrote while it was resident is lost\n" );
    finish( 1 );
}

static void set_priority( void )
{
    ok_status( unit_set_priority( &race.unit, race.handles[0], D3DDDI_ALLOCATIONPRIORITY_MAXIMUM ), STATUS_SUCCESS );
    ok_status( unit_set_priority( &race.unit, race.handles[1], D3DDDI_ALLOCATIONPRIORITY_MAXIMUM ), STATUS_SUCCESS );
}

static void race_set_priority_in_page_out(void)
{
    D3DKMT_HANDLE another;

    page_out( false, 1, 1, set_priority, STATUS_SUCCESS );
    ok( unit_is_evicted( &race.unit, race.handles[0] ), "it was not evicted\n" );
    another = unit_create( &race.unit, .size = MIB( 1 ) );
    ok( another && unit_is_evicted( &race.unit, race.handles[2] ), "not the next one\n" );
    finish( 0 );
}

static void *create_another( void *arg )
{
    D3DKMT_HANDLE handle;

    (void)arg;
    race.status = unit_try_create( &race.unit, &(struct unit_spec){ .size = MIB( 1 ) }, &handle );
    set_flag( &race.done );
    return NULL;
}

static void create_too( void )
{
    start_thread( create_another );
    wait_for( &race.done, 100 );
}

static void race_create_in_page_out(void)
{
    page_out( false, 1, 1, create_too, STATUS_SUCCESS );
    join_thread();
    ok_status( race.status, STATUS_SUCCESS );
    ok( unit_count_evicted( &race.unit, race.handles, COUNT ) == 2 && unit_count_evicted( &race.unit, race.handles, 2 ) == 2, "%u evicted\n",
        unit_count_evicted( &race.unit, race.handles, COUNT ) );
    finish( 0 );
}

static void *make_two_resident( void *arg )
{
    D3DKMT_HANDLE list[2] = { race.handles[0], race.more };

    (void)arg;
    race.status = unit_make_resident( &race.unit, list, 2, 0, &race.thread_value, NULL );
    set_flag( &race.done );
    return NULL;
}

static void make_first_resident_in_thread( void )
{
    start_thread( make_two_resident );
    wait_for( &race.done, 100 );
}

/* There is room for it only without what is being copied out: that counts as free. */
static void race_make_another_resident_in_page_out(void)
{
    start( false );
    race.more = unit_create( &race.unit, .size = MIB( 1 ) );
    ok( unit_is_evicted( &race.unit, race.handles[0] ), "not evicted\n" );
    unit_hold( &race.unit, race.handles + 1, COUNT - 1 );
    out.action = make_first_resident_in_thread;
    out.nth = 1;
    fake_gpu_set_hook( FAKE_GPU_READ, copying_out, NULL );
    ok_status( unit_evict( &race.unit, &race.handles[1], 1, false ), STATUS_SUCCESS );
    wait_for( &race.done, 5000 );
    ok( flag( &race.done ), "it does not end\n" );
    join_thread();
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    ok_status( race.status, STATUS_PENDING );
    if (race.status == STATUS_PENDING) ok( unit_wait_fence( &race.unit, race.thread_value ), "the fence has not %llu\n", (unsigned long long)race.thread_value );
    ok( !unit_is_evicted( &race.unit, race.handles[0] ) && unit_is_evicted( &race.unit, race.handles[1] ), "the wrong one is evicted\n" );
    finish( 0 );
}

static void *make_unmoveable( void *arg )
{
    D3DDDI_UPDATEALLOCPROPERTY update = { .hPagingQueue = race.unit.queue, .hAllocation = race.handles[0] };

    (void)arg;
    update.SetUnmoveable = 1;
    update.Flags.Unmoveable = 1;
    race.status = kmt_UpdateAllocationProperty( &update );
    set_flag( &race.done );
    return NULL;
}

static void update_property( void )
{
    start_thread( make_unmoveable );
    wait_for( &race.done, 50 );
}

static void race_update_property_in_page_out(void)
{
    page_out( false, 1, 1, update_property, STATUS_SUCCESS );
    join_thread();
    ok_status( race.status, STATUS_SUCCESS );
    unit_check( &race.unit );
    unit_hold( &race.unit, race.handles, 1 );
    ok_status( unit_evict( &race.unit, race.handles, 1, true ), STATUS_SUCCESS );
    ok( unit_allocation( &race.unit, race.handles[0] )->victim_list == VICTIM_NONE, "it is evictable\n" );
    finish( 0 );
}

/***********************************************************************
 * While the pager copies it in
 */

static void copying_in( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg, (void)call, (void)memory;
    if (__atomic_fetch_add( &race.calls, 1, __ATOMIC_RELAXED )) return;
    set_flag( &race.entered );
    wait_for( &race.go, 5000 );
}

/* Has the first one evicted, and made resident again: the pager is in the middle of it when this returns. */
static void start_page_in( bool uncached )
{
    start( uncached );
    race.more = unit_create( &race.unit, .size = MIB( 1 ) );
    ok( unit_is_evicted( &race.unit, race.handles[0] ), "not evicted\n" );
    ok_status( unit_destroy( &race.unit, &race.more, 1, true ), STATUS_SUCCESS );
    /* Where the CPU would copy, it cannot map this once. */
    if (uncached) fake_gpu_fail( FAKE_GPU_MAP, 1, GPU_FAILED, false );
    fake_gpu_set_hook( FAKE_GPU_WRITE, copying_in, NULL );
    ok_status( unit_make_resident( &race.unit, race.handles, 1, 0, &race.value, NULL ), STATUS_PENDING );
    wait_for( &race.entered, 5000 );
    ok( flag( &race.entered ), "nobody copies\n" );
    ok( *race.unit.fence_value < race.value, "the fence has its value already\n" );
}

static void end_page_in( void )
{
    set_flag( &race.go );
    ok( unit_wait_fence( &race.unit, race.value ), "the fence does not reach its value\n" );
    fake_gpu_set_hook( FAKE_GPU_WRITE, NULL, NULL );
}

static bool pager_is_idle( void *arg )
{
    const struct vidmm *vidmm = arg;
    unsigned int priority;

    for (priority = 0; priority < PAGING_PRIORITIES; priority++) if (!list_empty( &vidmm->jobs[priority] )) return false;
    return !vidmm->pager_started || vidmm->pager_idle;
}

static void race_lock_in_page_in(void)
{
    start_page_in( true );
    lock_is_busy();
    end_page_in();
    end_of_lock();
    finish( 0 );
}

static void race_destroy_in_page_in(void)
{
    start_page_in( false );
    destroy_first();
    end_page_in();
    ok( unit_wait( pager_is_idle, race.unit.vidmm ), "the pager does not come to rest\n" );
    ok( !unit_read( &race.unit, groups[GROUP_LOCAL].evicted ), "what was destroyed is counted as evicted\n" );
    finish( 1 );
}

static void *destroy_queue( void *arg )
{
    D3DDDI_DESTROYPAGINGQUEUE destroy = { race.unit.queue };

    (void)arg;
    race.status = kmt_DestroyPagingQueue( &destroy );
    set_flag( &race.done );
    return NULL;
}

/* Its fence is mapped until the operation is done: so it waits. */
static void race_destroy_queue_in_page_in(void)
{
    start_page_in( false );
    start_thread( destroy_queue );
    wait_for( &race.done, 50 );
    ok( !flag( &race.done ), "destroyed with an operation under way\n" );
    set_flag( &race.go );
    join_thread();
    ok_status( race.status, STATUS_SUCCESS );
    ok( unit_wait( pager_is_idle, race.unit.vidmm ), "the pager does not come to rest\n" );
    ok( !unit_is_evicted( &race.unit, race.handles[0] ), "still evicted\n" );
    finish( 0 );
}

static void race_destroy_device_in_page_in(void)
{
    start_page_in( false );
    destroy_device();
    set_flag( &race.go );
    ok( unit_wait( pager_is_idle, race.unit.vidmm ), "the pager does not come to rest\n" );
    finish( COUNT );
}

/* As the above, and the manager is needed for another device all the while. */
static void race_other_device_in_page_in(void)
{
    struct unit second;

    start_page_in( false );
    ok_status( unit_open( &second ), STATUS_SUCCESS );
    ok( second.vidmm == race.unit.vidmm, "another manager\n" );
    destroy_device();
    set_flag( &race.go );
    ok( unit_wait( pager_is_idle, second.vidmm ), "the pager does not come to rest\n" );
    ok( unit_create( &second, .size = MIB( 15 ) ), "something of the device is left\n" );
    unit_check( &second );
    unit_finish( &second );
}

static void *shut_down( void *arg )
{
    (void)arg;
    unit_finish( &race.unit );
    set_flag( &race.done );
    return NULL;
}

static void race_shutdown_in_page_in(void)
{
    start_page_in( false );
    start_thread( shut_down );
    wait_for( &race.done, 50 );
    ok( !flag( &race.done ), "shut down with an operation under way\n" );
    set_flag( &race.go );
    join_thread();
}

/* On the same queue it is told at once by when it is there. */
static void race_make_resident_in_page_in(void)
{
    D3DKMT_HANDLE list[2];
    uint64_t value = 0;

    start_page_in( false );
    list[0] = race.handles[1];
    list[1] = race.handles[0];
    ok_status( unit_make_resident( &race.unit, list, 2, 0, &value, NULL ), STATUS_PENDING );
    ok( value == race.value, "value %llu, the copy has %llu\n", (unsigned long long)value, (unsigned long long)race.value );
    ok_status( unit_evict( &race.unit, list, 2, true ), STATUS_SUCCESS );
    end_page_in();
    ok( unit_allocation( &race.unit, race.handles[0] )->resident_count == 1, "resident %u times\n",
        unit_allocation( &race.unit, race.handles[0] )->resident_count );
    finish( 0 );
}

static D3DKMT_HANDLE other_queue;

static void create_other_queue( void )
{
    D3DKMT_CREATEPAGINGQUEUE create = { .hDevice = race.unit.device };

    ok_status( kmt_CreatePagingQueue( &create ), STATUS_SUCCESS );
    other_queue = create.hPagingQueue;
}

/* It is next in turn while the first one is on its way back. */
static void evict_second( void )
{
    D3DKMT_HANDLE last = unit_create( &race.unit, .size = MIB( 1 ) );

    ok( unit_is_evicted( &race.unit, race.handles[1] ), "not evicted\n" );
    ok_status( unit_destroy( &race.unit, &last, 1, true ), STATUS_SUCCESS );
}

static void *make_resident_elsewhere( void *arg )
{
    D3DDDI_MAKERESIDENT params = { .hPagingQueue = other_queue, .NumAllocations = 1, .AllocationList = race.handles };

    (void)arg;
    race.status = kmt_MakeResident( &params );
    ok( !unit_is_evicted( &race.unit, race.handles[0] ), "told that it is resident before it is\n" );
    set_flag( &race.done );
    return NULL;
}

/* The fence of another queue does not tell: that waits. */
static void race_other_queue_in_page_in(void)
{
    start_page_in( false );
    create_other_queue();
    start_thread( make_resident_elsewhere );
    wait_for( &race.done, 50 );
    ok( !flag( &race.done ), "it did not wait\n" );
    end_page_in();
    join_thread();
    ok_status( race.status, STATUS_SUCCESS );
    ok( unit_allocation( &race.unit, race.handles[0] )->resident_count == 2, "resident %u times\n",
        unit_allocation( &race.unit, race.handles[0] )->resident_count );
    finish( 0 );
}

/* Nor does that of this queue when another one brings it back. */
static void race_both_queues_in_page_in(void)
{
    D3DDDI_MAKERESIDENT params = { .NumAllocations = 1, .AllocationList = &race.handles[1] };

    start_page_in( false );
    evict_second();
    create_other_queue();
    params.hPagingQueue = other_queue;
    ok_status( kmt_MakeResident( &params ), STATUS_PENDING );
    start_thread( make_resident_elsewhere );
    wait_for( &race.done, 50 );
    ok( !flag( &race.done ), "it did not wait\n" );
    end_page_in();
    join_thread();
    ok_status( race.status, STATUS_SUCCESS );
    ok( unit_wait( pager_is_idle, race.unit.vidmm ), "the pager does not come to rest\n" );
    finish( 0 );
}

/* Nor does that of this queue tell all, when another one of the list is not on its way yet. */
static void race_two_in_page_in(void)
{
    start_page_in( false );
    race.more = race.handles[1];
    evict_second();
    start_thread( make_two_resident );
    wait_for( &race.done, 50 );
    ok( !flag( &race.done ), "it did not wait\n" );
    end_page_in();
    join_thread();
    ok_status( race.status, STATUS_PENDING );
    ok( unit_wait_fence( &race.unit, race.thread_value ), "the fence does not reach its value\n" );
    ok( !unit_is_evicted( &race.unit, race.handles[0] ) && !unit_is_evicted( &race.unit, race.more ), "not resident\n" );
    finish( 0 );
}

static bool first_is_evicted( void *arg )
{
    const struct allocation *allocation = get_allocation_locked( find_device_locked( race.unit.device ), race.handles[0] );

    (void)arg;
    return allocation->evicted && !allocation->busy;
}

static void race_evict_in_page_in( bool eager )
{
    start_page_in( false );
    ok_status( unit_evict( &race.unit, race.handles, 1, !eager ), STATUS_SUCCESS );
    ok_status( unit_evict( &race.unit, race.handles, 1, !eager ), STATUS_INVALID_PARAMETER );
    end_page_in();
    ok( unit_wait( pager_is_idle, race.unit.vidmm ), "the pager does not come to rest\n" );
    if (eager) ok( unit_wait( first_is_evicted, NULL ), "it stays\n" );
    else ok( !unit_is_evicted( &race.unit, race.handles[0] ) && unit_read( &race.unit, evictable ) == COUNT, "%u are evictable\n", unit_read( &race.unit, evictable ) );
    finish( 0 );
}

static void race_evict_if_necessary_in_page_in(void)
{
    race_evict_in_page_in( false );
}

static void race_evict_eagerly_in_page_in(void)
{
    race_evict_in_page_in( true );
}

static void race_offer_in_page_in(void)
{
    start_page_in( false );
    offer_first();
    end_page_in();
    ok( unit_wait( pager_is_idle, race.unit.vidmm ), "the pager does not come to rest\n" );
    ok( unit_read( &race.unit, offered ) == 1, "%u offered\n", unit_read( &race.unit, offered ) );
    unit_check( &race.unit );
    reclaim_first();
    ok( !unit_is_evicted( &race.unit, race.handles[0] ), "not resident after the reclaim\n" );
    finish( 0 );
}

/* Others need memory meanwhile: it is no victim, the next one is. */
static void race_create_in_page_in(void)
{
    start_page_in( false );
    race.more = unit_create( &race.unit, .size = MIB( 1 ) );
    ok( unit_is_evicted( &race.unit, race.handles[1] ), "not the next one\n" );
    end_page_in();
    ok( !unit_is_evicted( &race.unit, race.handles[0] ), "not resident\n" );
    finish( 0 );
}

/* Jobs that wait: those of the queue with the higher priority come first, those of one priority in their order. */
static struct gpu_memory *order[8];

static void note_order( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    unsigned int i = __atomic_fetch_add( &race.calls, 1, __ATOMIC_RELAXED );

    (void)arg, (void)call;
    if (i < ARRAY_SIZE( order )) order[i] = memory;
    if (i) return;
    set_flag( &race.entered );
    wait_for( &race.go, 5000 );
}

static void race_priorities(void)
{
    static const D3DDDI_PAGINGQUEUE_PRIORITY priorities[] = { D3DDDI_PAGINGQUEUE_PRIORITY_BELOW_NORMAL, D3DDDI_PAGINGQUEUE_PRIORITY_NORMAL,
                                                              D3DDDI_PAGINGQUEUE_PRIORITY_ABOVE_NORMAL };
    static const unsigned int expected[] = { 0, 3, 6, 2, 5, 1, 4 };     /* numbers of handles */
    struct gpu_memory *memories[7];
    const uint64_t *fences[3];
    struct unit units[3];
    unsigned int i;

    start( false );
    race.more = unit_create( &race.unit, .size = MIB( 7 ) );
    ok( unit_count_evicted( &race.unit, race.handles, 7 ) == 7, "not evicted\n" );
    ok_status( unit_destroy( &race.unit, &race.more, 1, true ), STATUS_SUCCESS );
    for (i = 0; i < 3; i++)
    {
        D3DKMT_CREATEPAGINGQUEUE create = { .hDevice = race.unit.device, .Priority = priorities[i] };

        ok_status( kmt_CreatePagingQueue( &create ), STATUS_SUCCESS );
        units[i] = race.unit;
        units[i].queue = create.hPagingQueue;
        fences[i] = units[i].fence_value = create.FenceValueCPUVirtualAddress;
    }
    fake_gpu_set_hook( FAKE_GPU_WRITE, note_order, NULL );
    ok_status( unit_make_resident( &race.unit, race.handles, 1, 0, NULL, NULL ), STATUS_PENDING );
    wait_for( &race.entered, 5000 );
    for (i = 1; i < 7; i++)
    {
        ok_status( unit_make_resident( &units[(i - 1) % 3], &race.handles[i], 1, 0, &race.value, NULL ), STATUS_PENDING );
        ok( race.value == (i + 2) / 3, "value %llu\n", (unsigned long long)race.value );
    }
    for (i = 0; i < 7; i++) memories[i] = unit_allocation( &race.unit, race.handles[i] )->block->memory;
    set_flag( &race.go );
    for (i = 0; i < 3; i++) ok( unit_wait_fence( &units[i], 2 ) && *fences[i] == 2, "the fence has %llu\n", (unsigned long long)*fences[i] );
    fake_gpu_set_hook( FAKE_GPU_WRITE, NULL, NULL );
    ok( race.calls == 7, "%u copies\n", race.calls );
    for (i = 0; i < 7; i++) ok( order[i] == memories[expected[i]], "copy %u is not of number %u\n", i, expected[i] );
    finish( 0 );
}

/***********************************************************************
 * While a call copies it in itself, or finds memory for it
 */

static void (*in_call)( void );

static void run_once( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg, (void)call, (void)memory;
    if (!__atomic_fetch_add( &race.calls, 1, __ATOMIC_RELAXED )) in_call();
}

static void race_in_page_in_by_lock( void (*action)( void ), unsigned int gone )
{
    void *data;

    start( true );
    race.more = unit_create( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_destroy( &race.unit, &race.more, 1, true ), STATUS_SUCCESS );
    fake_gpu_fail( FAKE_GPU_MAP, 1, GPU_FAILED, false );
    in_call = action;
    fake_gpu_set_hook( FAKE_GPU_WRITE, run_once, NULL );
    ok_status( unit_try_lock( &race.unit, race.handles[0], &data ), STATUS_INVALID_PARAMETER );
    fake_gpu_set_hook( FAKE_GPU_WRITE, NULL, NULL );
    ok( race.calls == 1, "%u copies\n", race.calls );
    unit_check( &race.unit );
    if (!gone) reclaim_first();
    finish( gone );
}

static void race_destroy_in_lock(void)
{
    race_in_page_in_by_lock( destroy_first, 1 );
}

static void race_destroy_device_in_lock(void)
{
    race_in_page_in_by_lock( destroy_device, COUNT );
}

static void race_offer_in_lock(void)
{
    race_in_page_in_by_lock( offer_first, 0 );
}

/* Two of three are evicted; their MakeResident evicts others, and meanwhile something ends. */
static void race_in_make_resident( void (*action)( void ), NTSTATUS expected, unsigned int gone )
{
    unsigned int i;

    start( false );
    race.more = unit_create( &race.unit, .size = MIB( 2 ) );
    ok( unit_count_evicted( &race.unit, race.handles, 2 ) == 2, "not evicted\n" );
    in_call = action;
    fake_gpu_set_hook( FAKE_GPU_READ, run_once, NULL );
    ok_status( unit_make_resident( &race.unit, race.handles, 3, 0, NULL, NULL ), expected );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    ok( race.calls, "the hook did not run\n" );
    for (i = gone; i < 3; i++)
        ok( unit_allocation( &race.unit, race.handles[i] )->resident_count == (expected == STATUS_PENDING), "number %u: count %u\n", i,
            unit_allocation( &race.unit, race.handles[i] )->resident_count );
    if (expected == STATUS_PENDING) ok( unit_wait( pager_is_idle, race.unit.vidmm ), "the pager does not come to rest\n" );
    finish( gone );
}

static void race_destroy_in_make_resident(void)
{
    race_in_make_resident( destroy_first, STATUS_INVALID_PARAMETER, 1 );
}

static void destroy_queue_now( void )
{
    destroy_queue( NULL );
    ok_status( race.status, STATUS_SUCCESS );
}

static void race_destroy_queue_in_make_resident(void)
{
    race_in_make_resident( destroy_queue_now, STATUS_INVALID_PARAMETER, 0 );
}

static void race_destroy_device_in_make_resident(void)
{
    race_in_make_resident( destroy_device, STATUS_INVALID_PARAMETER, COUNT );
}

static void race_offer_in_make_resident(void)
{
    race_in_make_resident( offer_first, STATUS_PENDING, 0 );
}

/* One of the list is offered, so it is not brought back, until somebody reclaims it in the middle of the call. */
static void race_reclaim_in_make_resident(void)
{
    start( false );
    race.more = unit_create( &race.unit, .size = MIB( 2 ) );
    offer_first();
    in_call = reclaim_first;
    fake_gpu_set_hook( FAKE_GPU_READ, run_once, NULL );
    ok_status( unit_make_resident( &race.unit, race.handles, 2, 0, &race.value, NULL ), STATUS_PENDING );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    ok( race.calls, "the hook did not run\n" );
    ok( unit_wait_fence( &race.unit, race.value ), "the fence does not reach its value\n" );
    ok( !unit_count_evicted( &race.unit, race.handles, 2 ), "not resident\n" );
    finish( 0 );
}

/* A reclaim has given memory to what a MakeResident held and cannot have it for another one; meanwhile the first is not held any more. */
static void evict_first( void )
{
    ok_status( unit_evict( &race.unit, race.handles, 1, true ), STATUS_SUCCESS );
}

static void race_evict_in_failing_reclaim(void)
{
    D3DDDI_RECLAIM_RESULT results[2];
    NTSTATUS status;

    start( false );
    race.more = unit_create( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_destroy( &race.unit, &race.more, 1, true ), STATUS_SUCCESS );
    offer_first();
    ok_status( unit_make_resident( &race.unit, race.handles, 1, 0, NULL, NULL ), STATUS_SUCCESS );
    unit_hold( &race.unit, &race.handles[1], 1 );
    ok_status( unit_offer( &race.unit, &race.handles[1], 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    race.more = unit_create( &race.unit, .size = MIB( 2 ) );
    ok( unit_is_discarded( &race.unit, race.handles[1] ) && unit_is_evicted( &race.unit, race.handles[0] ), "not discarded, or not evicted\n" );

    out.action = evict_first;
    out.nth = 2;
    fake_gpu_set_capacity( 0, MIB( 15 ) );
    fake_gpu_fail( FAKE_GPU_READ, 2, GPU_OUT_OF_HOST_MEMORY, true );
    fake_gpu_set_hook( FAKE_GPU_READ, copying_out, NULL );
    status = unit_reclaim( &race.unit, race.handles, 2, results );
    ok( status == STATUS_GRAPHICS_NO_VIDEO_MEMORY || status == STATUS_NO_MEMORY, "got %#x\n", (unsigned int)status );
    fake_gpu_set_hook( FAKE_GPU_READ, NULL, NULL );
    fake_gpu_fail( FAKE_GPU_READ, 0, GPU_SUCCESS, false );
    ok( race.calls >= 2, "the hook ran %u times\n", race.calls );
    unit_check( &race.unit );
    ok_status( unit_reclaim( &race.unit, race.handles, 2, results ), STATUS_SUCCESS );
    ok( !results[0] && results[1] == D3DDDI_RECLAIM_RESULT_DISCARDED, "results %u, %u\n", results[0], results[1] );
    ok( unit_wait( pager_is_idle, race.unit.vidmm ), "the pager does not come to rest\n" );
    unit_check( &race.unit );
    ok( unit_peek_is( &race.unit, race.handles[0], 0 ), "number 0 lost its content\n" );
    finish( 2 );
}

START_TEST(evict_races)
{
#define ISOLATED( name ) unit_isolated( #name, race_##name )
    ISOLATED( lock_in_page_out );
    ISOLATED( destroy_in_page_out );
    ISOLATED( destroy_device_in_page_out );
    ISOLATED( offer_in_page_out );
    ISOLATED( offer_and_reclaim_in_page_out );
    ISOLATED( make_resident_in_page_out );
    ISOLATED( write_in_page_out );
    ISOLATED( set_priority_in_page_out );
    ISOLATED( create_in_page_out );
    ISOLATED( make_another_resident_in_page_out );
    ISOLATED( update_property_in_page_out );
    ISOLATED( lock_in_page_in );
    ISOLATED( destroy_in_page_in );
    ISOLATED( destroy_queue_in_page_in );
    ISOLATED( destroy_device_in_page_in );
    ISOLATED( other_device_in_page_in );
    ISOLATED( shutdown_in_page_in );
    ISOLATED( make_resident_in_page_in );
    ISOLATED( other_queue_in_page_in );
    ISOLATED( both_queues_in_page_in );
    ISOLATED( two_in_page_in );
    ISOLATED( evict_if_necessary_in_page_in );
    ISOLATED( evict_eagerly_in_page_in );
    ISOLATED( offer_in_page_in );
    ISOLATED( create_in_page_in );
    ISOLATED( priorities );
    ISOLATED( destroy_in_lock );
    ISOLATED( destroy_device_in_lock );
    ISOLATED( offer_in_lock );
    ISOLATED( destroy_in_make_resident );
    ISOLATED( destroy_queue_in_make_resident );
    ISOLATED( destroy_device_in_make_resident );
    ISOLATED( offer_in_make_resident );
    ISOLATED( reclaim_in_make_resident );
    ISOLATED( evict_in_failing_reclaim );
#undef ISOLATED
}
