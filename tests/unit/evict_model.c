/*
 * Random sequences against a plain model: what each allocation must contain, and what may be told of it
 *
 * Every call that touches an allocation is made by the thread that owns it, so each knows all bytes of its content; what the others do to
 * memory at the same time must not show. Budgets jump up and down. With one thread the structures are checked after each step.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

#define MAX_THREADS  4
#define COUNT        48     /* allocations of a thread */

struct model
{
    D3DKMT_HANDLE handle;       /* 0: there is none */
    struct unit  *unit;         /* its device */
    uint64_t size;
    uint32_t seed;              /* of its content; 0: zero */
    bool     known;             /* the content: not of new memory that need not be zeroed */
    bool     visible, not_zeroed;
    bool     offered;
    unsigned int resident, locks;
    uint64_t value;             /* of the last MakeResident */
    char    *pointer;           /* while locked */
};

struct thread
{
    pthread_t    thread;
    uint32_t     random;
    struct unit  own;           /* a device of its own */
    struct model models[COUNT];
    unsigned int created, refused, discarded, kept, pending, no_memory, evicted;
};

static struct unit unit;        /* the device that all use */
static unsigned int turns, thread_count;
static bool jumping;

static uint32_t next_random( struct thread *thread )
{
    thread->random = thread->random * 1664525u + 1013904223u;
    return thread->random >> 8;
}

/***********************************************************************
 * Bytes
 */

static uint64_t word_at( uint32_t seed, uint64_t index )
{
    return seed ? (seed + index) * 0x9e3779b97f4a7c15ull : 0;
}

static void fill( void *data, uint64_t size, uint32_t seed )
{
    uint64_t i;

    for (i = 0; i < size / 8; i++) ((uint64_t *)data)[i] = word_at( seed, i );
}

/* The first word that is not as it should be; size / 8: none. */
static uint64_t first_wrong( const void *data, uint64_t size, uint32_t seed )
{
    uint64_t i;

    for (i = 0; i < size / 8; i++) if (((const uint64_t *)data)[i] != word_at( seed, i )) break;
    return i;
}

static void verify( const struct model *model, const void *data, const char *where )
{
    uint64_t wrong;

    if (!model->known) return;
    wrong = first_wrong( data, model->size, model->seed );
    ok( wrong == model->size / 8, "%#x, %llu KiB, seed %#x: wrong from byte %llu on, %s\n", model->handle, (unsigned long long)model->size >> 10,
        model->seed, (unsigned long long)wrong * 8, where );
}

/* What the GPU does, while nobody moves it: verify, and write something new. Whatever is made resident is in GPU memory, and so is the
 * content once the fence says so. */
static void use_by_gpu( struct thread *thread, struct model *model )
{
    uint32_t seed = next_random( thread ) | 1;
    struct allocation *allocation;
    char *data;

    if (!unit_wait_fence( model->unit, model->value )) ok( 0, "value %llu is not reached\n", (unsigned long long)model->value );
    kmt_lock();
    allocation = get_allocation_locked( find_device_locked( model->unit->device ), model->handle );
    while (allocation->busy) kmt_wait_locked( UINT64_MAX );
    ok( allocation->block && !allocation->evicted, "%#x is resident, but not in GPU memory\n", model->handle );
    if (allocation->block && !allocation->evicted)
    {
        data = (char *)fake_gpu_peek( allocation->block->memory ) + allocation->slot * block_slot_size( allocation->block );
        if (allocation->content == CONTENT_VALID) verify( model, data, "in GPU memory" );
        else ok( !model->seed, "%#x counts as never written\n", model->handle );
        fill( data, model->size, seed );
        allocation->content = CONTENT_VALID;
        model->seed = seed;
        model->known = true;
    }
    kmt_unlock();
}

/* Wherever it is now */
static void look( const struct model *model )
{
    const struct allocation *allocation;

    kmt_lock();
    allocation = get_allocation_locked( find_device_locked( model->unit->device ), model->handle );
    if (!allocation->busy && !allocation->discarded)
    {
        if (allocation->content == CONTENT_ZERO) ok( !model->seed, "%#x counts as never written\n", model->handle );
        else if (allocation->evicted) verify( model, allocation->system_memory, "in system memory" );
        else verify( model, (char *)fake_gpu_peek( allocation->block->memory ) + allocation->slot * block_slot_size( allocation->block ),
                     "where it is" );
    }
    kmt_unlock();
}

/***********************************************************************
 * Steps
 */

static void create( struct thread *thread, struct model *model )
{
    static const uint64_t sizes[] = { KIB( 4 ), KIB( 12 ), KIB( 64 ), KIB( 64 ), KIB( 200 ), KIB( 512 ), MIB( 1 ), MIB( 2 ) };
    static const uint32_t priorities[] = { 0, 1, D3DDDI_ALLOCATIONPRIORITY_LOW, D3DDDI_ALLOCATIONPRIORITY_HIGH, D3DDDI_ALLOCATIONPRIORITY_MAXIMUM };
    struct unit_spec spec = { .size = sizes[next_random( thread ) % ARRAY_SIZE( sizes )] };
    NTSTATUS status;

    memset( model, 0, sizeof(*model) );
    model->unit = next_random( thread ) % 3 ? &thread->own : &unit;
    spec.cpu_access = next_random( thread ) % 3;
    spec.segments = next_random( thread ) % 4 ? WINEKMT_SEGMENT_LOCAL : 0;
    spec.residency = priorities[next_random( thread ) % ARRAY_SIZE( priorities )];
    spec.not_zeroed = next_random( thread ) % 8 == 0;
    status = unit_try_create( model->unit, &spec, &model->handle );
    ok( !status || status == STATUS_GRAPHICS_NO_VIDEO_MEMORY, "create: %#x\n", (unsigned int)status );
    if (status)
    {
        model->handle = 0;
        thread->refused++;
        return;
    }
    thread->created++;
    model->size = spec.size;
    model->visible = spec.cpu_access != WINEKMT_CPU_ACCESS_NONE;
    model->not_zeroed = spec.not_zeroed;
    model->known = !spec.not_zeroed;
}

static void destroy( struct thread *thread, struct model *model )
{
    ok_status( unit_destroy( model->unit, &model->handle, 1, next_random( thread ) & 1 ), STATUS_SUCCESS );
    model->handle = 0;
}

static void lock_it( struct thread *thread, struct model *model )
{
    NTSTATUS status;
    void *data;

    status = unit_try_lock( model->unit, model->handle, &data );
    if (model->offered)
    {
        ok_status( status, STATUS_INVALID_PARAMETER );
        return;
    }
    if (status == STATUS_GRAPHICS_ALLOCATION_BUSY && unit_is_slow()) return;
    ok_status( status, STATUS_SUCCESS );
    if (status) return;
    if (model->locks) ok( data == model->pointer, "%#x: another pointer\n", model->handle );
    model->locks++;
    model->pointer = data;
    verify( model, data, "at the lock" );
    model->seed = next_random( thread ) | 1;
    model->known = true;
    fill( data, model->size, model->seed );
}

static void unlock_it( struct model *model )
{
    verify( model, model->pointer, "at the unlock" );
    ok_status( unit_unlock( model->unit, model->handle ), STATUS_SUCCESS );
    model->locks--;
}

static void reclaim( struct thread *thread, struct model *model )
{
    D3DDDI_RECLAIM_RESULT results[2] = { 99, 99 };
    D3DKMT_HANDLE list[2] = { model->handle, model->handle };
    NTSTATUS status = unit_reclaim( model->unit, list, 1 + next_random( thread ) % 2, results );

    if (status)
    {
        ok( model->resident && (status == STATUS_GRAPHICS_NO_VIDEO_MEMORY || status == STATUS_NO_MEMORY), "reclaim: %#x\n", (unsigned int)status );
        thread->refused++;
        return;
    }
    ok( !results[0] || (results[0] == D3DDDI_RECLAIM_RESULT_DISCARDED && model->offered), "result %u\n", results[0] );
    ok( results[1] == 99 || results[1] == results[0], "results %u, %u\n", results[0], results[1] );
    if (model->offered) results[0] ? thread->discarded++ : thread->kept++;
    if (results[0])
    {
        model->seed = 0;
        model->known = !model->not_zeroed;
    }
    model->offered = false;
    /* A copy may be under way that the fence tells of; whatever its value, it is the queue's last. */
    kmt_lock();
    model->value = LIST_ENTRY( handle_lookup_locked( &kmt_handles, model->unit->queue, OBJECT_PAGING_QUEUE ), struct paging_queue, object )->last_value;
    kmt_unlock();
}

/* Several of one device, the first one perhaps twice. */
static void make_resident( struct thread *thread, struct model *first )
{
    D3DKMT_HANDLE list[8];
    struct model *models[8];
    unsigned int count = 0, wanted = 1 + next_random( thread ) % 6, i;
    uint64_t value;
    NTSTATUS status;

    for (i = 0; i < wanted; i++)
    {
        struct model *model = i ? &thread->models[next_random( thread ) % COUNT] : first;

        if (!model->handle || model->unit != first->unit) continue;
        models[count] = model;
        list[count++] = model->handle;
    }
    status = unit_make_resident( first->unit, list, count, next_random( thread ) % 4 ? 0 : UNIT_CANT_TRIM_FURTHER, &value, NULL );
    if (status == STATUS_NO_MEMORY)
    {
        thread->no_memory++;
        return;
    }
    ok( !status || status == STATUS_PENDING, "MakeResident: %#x\n", (unsigned int)status );
    if (status && status != STATUS_PENDING) return;
    if (status) thread->pending++;
    for (i = 0; i < count; i++)
    {
        models[i]->resident++;
        if (models[i]->value < value) models[i]->value = value;
    }
}

static void evict( struct thread *thread, struct model *model )
{
    NTSTATUS status = unit_evict( model->unit, &model->handle, 1, next_random( thread ) % 3 );

    ok_status( status, model->resident ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER );
    if (!status) model->resident--;
}

static void change_property( struct thread *thread, struct model *model )
{
    D3DDDI_UPDATEALLOCPROPERTY update = { .hPagingQueue = model->unit->queue, .hAllocation = model->handle };
    NTSTATUS status;

    if (next_random( thread ) & 1)
    {
        update.SetSupportedSegmentSet = 1;
        update.SupportedSegmentSet = 1 + next_random( thread ) % 3;
    }
    if (next_random( thread ) & 1)
    {
        update.SetUnmoveable = 1;
        update.Flags.Unmoveable = next_random( thread ) % 8 == 0;
    }
    status = kmt_UpdateAllocationProperty( &update );
    ok( !status || status == STATUS_INVALID_PARAMETER || status == STATUS_NO_MEMORY, "UpdateAllocationProperty: %#x\n", (unsigned int)status );
}

static void step( struct thread *thread )
{
    struct model *model = &thread->models[next_random( thread ) % COUNT];
    D3DKMT_HANDLE list[2];
    NTSTATUS status;

    if (!model->handle)
    {
        create( thread, model );
        return;
    }
    thread->evicted += unit_is_evicted( model->unit, model->handle );
    switch (next_random( thread ) % 16)
    {
    case 0:
        destroy( thread, model );
        break;
    case 1: case 2:
        if (model->offered || !model->resident) look( model );
        else use_by_gpu( thread, model );
        break;
    case 3: case 4: case 5:
        if (!model->visible) break;
        lock_it( thread, model );
        if (model->locks && next_random( thread ) % 8) unlock_it( model );
        break;
    case 6:
        if (model->locks) unlock_it( model );
        break;
    case 7:
        list[0] = list[1] = model->handle;
        status = unit_offer( model->unit, list, 1 + next_random( thread ) % 2, 1 + next_random( thread ) % 4, next_random( thread ) & 1 );
        ok_status( status, model->locks ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS );
        if (!status) model->offered = true;
        break;
    case 8: case 9:
        reclaim( thread, model );
        break;
    case 10: case 11:
        make_resident( thread, model );
        break;
    case 12: case 13:
        evict( thread, model );
        break;
    case 14:
        ok_status( unit_set_priority( model->unit, model->handle, next_random( thread ) << 8 ), STATUS_SUCCESS );
        break;
    case 15:
        if (next_random( thread ) % 4) evict( thread, model );
        else change_property( thread, model );
        break;
    }
}

/* The device with all that is on it, copies that are under way too, and a new one. */
static void change_device( struct thread *thread )
{
    D3DKMT_DESTROYDEVICE destroy = { thread->own.device };
    D3DKMT_CLOSEADAPTER close = { thread->own.adapter };
    unsigned int i;

    for (i = 0; i < COUNT; i++) if (thread->models[i].unit == &thread->own) thread->models[i].handle = 0;
    ok_status( kmt_DestroyDevice( &destroy ), STATUS_SUCCESS );
    ok_status( kmt_CloseAdapter( &close ), STATUS_SUCCESS );
    ok_status( unit_open( &thread->own ), STATUS_SUCCESS );
}

/***********************************************************************
 * All of it
 */

static void jump_budgets( uint32_t *random )
{
    *random = *random * 1664525u + 1013904223u;
    fake_gpu_set_budget( *random >> 8 & 1, *random >> 27 ? MIB( 2 + (*random >> 16) % 28 ) : 0 );
    fake_gpu_set_foreign_usage( *random >> 9 & 1, MIB( (*random >> 20) % 4 ) );
    kmt_lock();
    unit.vidmm->budget_time = 1;        /* old, but not the first */
    kmt_unlock();
}

static void *jump( void *arg )
{
    uint32_t random = 1;

    (void)arg;
    while (__atomic_load_n( &jumping, __ATOMIC_RELAXED ))
    {
        jump_budgets( &random );
        usleep( 5000 );
    }
    return NULL;
}

/* Jobs may be those of a device that is destroyed: nobody finds their allocations any more, but they are still counted. */
static bool is_paging( void )
{
    unsigned int priority;
    bool ret;

    kmt_lock();
    ret = unit.vidmm->pager_started && !unit.vidmm->pager_idle;
    for (priority = 0; priority < PAGING_PRIORITIES; priority++) if (!list_empty( &unit.vidmm->jobs[priority] )) ret = true;
    kmt_unlock();
    return ret;
}

static void *work( void *arg )
{
    struct thread *thread = arg;
    unsigned int i, lost_device = 0;
    uint32_t random = thread->random;

    ok_status( unit_open( &thread->own ), STATUS_SUCCESS );
    for (i = 0; i < turns; i++)
    {
        if (i % 701 == 700)
        {
            change_device( thread );
            lost_device++;
        }
        else step( thread );
        if (thread_count == 1)
        {
            if (i % 16 == 0) jump_budgets( &random );
            if (is_paging()) check_invariants_busy( unit.vidmm, __FILE__, __LINE__ );
            else unit_check( &unit );
        }
        else if (i % 256 == 0) check_invariants_busy( unit.vidmm, __FILE__, __LINE__ );
    }

    /* In the end all of it is still right, where it is and after it came back. */
    for (i = 0; i < COUNT; i++)
    {
        struct model *model = &thread->models[i];

        if (!model->handle) continue;
        while (model->locks) unlock_it( model );
        while (model->resident) evict( thread, model );
        if (model->offered) reclaim( thread, model );
        look( model );
        if (model->visible) lock_it( thread, model );
        else
        {
            make_resident( thread, model );
            if (model->resident) use_by_gpu( thread, model );
        }
        destroy( thread, model );
    }
    return NULL;
}

static bool is_empty( void *arg )
{
    struct vidmm *vidmm = arg;

    return !vidmm->memories && !vidmm->freeing;
}

static bool has_victims( void *arg )
{
    struct vidmm *vidmm = arg;

    return vidmm->offered || vidmm->evictable || vidmm->eager || !list_empty( &vidmm->offered_evicted );
}

static void test_model( bool discrete, unsigned int threads, uint32_t seed )
{
    static struct thread all[MAX_THREADS];
    struct gpu_adapter adapter;
    struct fake_gpu_stats stats;
    struct thread sum = { 0 };
    pthread_t jumper;
    unsigned int i;

    winetest_push_context( "%s, %u threads, seed %u", discrete ? "discrete" : "unified", threads, seed );
    if (discrete) unit_adapter_discrete( &adapter, MIB( 16 ) );
    else unit_adapter_simple( &adapter, MIB( 16 ), true );
    adapter.has_memory_budget = true;
    unit_start( &unit, &adapter, 14 );
    memset( all, 0, sizeof(all) );
    thread_count = threads;
    jumping = threads > 1;
    if (jumping) pthread_create( &jumper, NULL, jump, NULL );
    for (i = 0; i < threads; i++)
    {
        all[i].random = i * 7919 + seed;
        if (threads == 1) work( &all[i] );
        else pthread_create( &all[i].thread, NULL, work, &all[i] );
    }
    if (jumping)
    {
        for (i = 0; i < threads; i++) pthread_join( all[i].thread, NULL );
        __atomic_store_n( &jumping, false, __ATOMIC_RELAXED );
        pthread_join( jumper, NULL );
    }
    for (i = 0; i < threads; i++)
    {
        sum.created += all[i].created;
        sum.refused += all[i].refused;
        sum.discarded += all[i].discarded;
        sum.kept += all[i].kept;
        sum.pending += all[i].pending;
        sum.no_memory += all[i].no_memory;
        sum.evicted += all[i].evicted;
    }
    fake_gpu_get_stats( &stats );
    trace( "%u created, %u refused, %u discarded, %u kept, %u times pending, %u no memory, %u steps on evicted ones, %llu reads, %llu writes by the GPU\n",
           sum.created, sum.refused, sum.discarded, sum.kept, sum.pending, sum.no_memory, sum.evicted,
           (unsigned long long)stats.calls[FAKE_GPU_READ], (unsigned long long)stats.calls[FAKE_GPU_WRITE] );
    ok( sum.discarded && sum.kept && sum.pending && sum.no_memory && sum.evicted, "something never happened\n" );
    if (discrete && !unit_is_slow()) ok( stats.calls[FAKE_GPU_READ] && stats.calls[FAKE_GPU_WRITE], "the GPU copied nothing\n" );

    ok( unit_wait( is_empty, unit.vidmm ), "%u memories are left\n", unit_read( &unit, memories ) );
    kmt_lock();
    for (i = 0; i < GROUP_COUNT; i++)
        ok( !unit.vidmm->groups[i].evicted && !unit.vidmm->groups[i].committed, "group %u: %llu evicted, %llu committed\n", i,
            (unsigned long long)unit.vidmm->groups[i].evicted, (unsigned long long)unit.vidmm->groups[i].committed );
    ok( !has_victims( unit.vidmm ), "victims are left\n" );
    kmt_unlock();
    unit_check( &unit );
    unit_finish( &unit );
    winetest_pop_context();
}

/* Arguments: a seed and a number of turns, to look for what is rare. */
START_TEST(evict_model)
{
    uint32_t seed = 1;
    char **args;
    int count;

    count = winetest_get_mainargs( &args );
    turns = unit_is_valgrind() ? 500 : unit_is_slow() ? 2000 : 8000;
    if (count > 2) seed = strtoul( args[2], NULL, 0 );
    if (count > 3) turns = strtoul( args[3], NULL, 0 );
    test_model( true, 1, seed );
    test_model( false, 1, seed );
    test_model( true, MAX_THREADS, seed );
    test_model( false, MAX_THREADS, seed );
}
