/*
 * Budgets that change while they are asked for, and trim notifications
 *
 * Each is a process of its own, as in rare.c.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "rare.h"

/***********************************************************************
 * Budgets
 */
static void start_with_budget( void )
{
    struct gpu_adapter adapter;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    adapter.has_memory_budget = true;
    start( &adapter );
}

static void *query( void *arg )
{
    uint64_t budget = 0;

    (void)arg;
    unit_query_memory( &race.unit, GROUP_LOCAL, &budget, NULL );
    race.value = budget;
    set_flag( &race.done );
    return NULL;
}

static void query_too( void )
{
    start_thread( query );
    wait_for( &race.done, 50 );
    ok( !flag( &race.done ), "a budget, though nobody has asked for it yet\n" );
}

/* The very first answer is waited for by everybody. */
static void race_first_budget(void)
{
    uint64_t budget;

    start_with_budget();
    fake_gpu_set_budget( 0, MIB( 3 ) );
    on_first( FAKE_GPU_BUDGET, query_too );
    unit_query_memory( &race.unit, GROUP_LOCAL, &budget, NULL );
    join_thread();
    ok( race.calls == 1, "asked %u times\n", race.calls );
    ok( budget == MIB( 3 ) && race.value == MIB( 3 ), "budgets %llu, %llu\n", (unsigned long long)budget, (unsigned long long)race.value );
    unit_finish( &race.unit );
}

/* The next answer counts as new. */
static void forget_budget( void )
{
    kmt_lock();
    race.unit.vidmm->budget_time = 1;
    kmt_unlock();
}

/* Vulkan has no answer: that of before stays. */
static void no_answer(void)
{
    struct gpu_adapter adapter;
    uint64_t budget;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    start( &adapter );
    kmt_lock();
    race.unit.vidmm->device_info.has_memory_budget = true;
    kmt_unlock();
    unit_query_memory( &race.unit, GROUP_LOCAL, &budget, NULL );
    ok( fake_gpu_count_calls( FAKE_GPU_BUDGET ) == 1, "not asked\n" );
    ok( budget == MIB( 15 ), "budget %llu\n", (unsigned long long)budget );
    unit_finish( &race.unit );
}

static void create_one( void )
{
    unit_create( &race.unit, .size = MIB( 4 ) );
}

/* What is allocated while Vulkan is asked is not taken for somebody else's. */
static void race_create_in_budget(void)
{
    uint64_t budget;

    start_with_budget();
    unit_query_memory( &race.unit, GROUP_LOCAL, NULL, NULL );
    fake_gpu_set_budget( 0, MIB( 8 ) );
    forget_budget();
    on_first( FAKE_GPU_BUDGET, create_one );
    unit_query_memory( &race.unit, GROUP_LOCAL, &budget, NULL );
    ok( race.calls == 1, "asked %u times\n", race.calls );
    ok( budget == MIB( 8 ), "budget %llu\n", (unsigned long long)budget );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* The device is lost while a budget is asked for. */
static void race_loss_in_budget(void)
{
    D3DKMT_HANDLE handle;

    start_with_budget();
    on_first( FAKE_GPU_BUDGET, lose );
    ok_status( unit_try_create( &race.unit, &(struct unit_spec){ .size = MIB( 1 ) }, &handle ), STATUS_DEVICE_REMOVED );
    ok( race.calls == 1, "asked %u times\n", race.calls );
    unit_finish( &race.unit );
}

/* The same where MakeResident asks once more, because what it knows allows too little */
static void race_loss_in_refusal(void)
{
    D3DKMT_HANDLE handles[2];

    start_with_budget();
    handles[0] = unit_create( &race.unit, .size = MIB( 8 ) );
    handles[1] = unit_create( &race.unit, .size = MIB( 8 ) );
    on_first( FAKE_GPU_BUDGET, lose );
    ok_status( unit_make_resident( &race.unit, handles, 2, 0, NULL, NULL ), STATUS_DEVICE_REMOVED );
    ok( race.calls == 1, "asked %u times\n", race.calls );
    unit_finish( &race.unit );
}

/* The first of two allocations gets its memory just as the device is lost. */
static void race_loss_between_allocations(void)
{
    struct winekmt_allocation_data data = { .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = MIB( 1 ) };
    D3DDDI_ALLOCATIONINFO2 infos[2];
    D3DKMT_CREATEALLOCATION create = { .NumAllocations = 2, .pAllocationInfo2 = infos };
    unsigned int i;

    start_with_budget();
    for (i = 0; i < 2; i++) infos[i] = (D3DDDI_ALLOCATIONINFO2){ .pPrivateDriverData = &data, .PrivateDriverDataSize = sizeof(data) };
    create.hDevice = race.unit.device;
    on_first( FAKE_GPU_ALLOCATE, lose );
    ok_status( kmt_CreateAllocation2( &create ), STATUS_DEVICE_REMOVED );
    ok( race.calls == 1, "%u were allocated\n", race.calls );
    ok( !infos[0].hAllocation && !infos[1].hAllocation, "handles after a failure\n" );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* A reclaim has taken more than the budget already. */
static void beyond_the_maximum(void)
{
    D3DDDI_RECLAIM_RESULT result = 99;
    struct gpu_adapter adapter;
    D3DKMT_HANDLE evicted;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    start( &adapter );
    evicted = unit_create( &race.unit, .size = MIB( 1 ) );
    race.handle = unit_create_held( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &race.unit, &race.handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    unit_create_held( &race.unit, .size = MIB( 15 ) );
    ok_status( unit_reclaim( &race.unit, &race.handle, 1, &result ), STATUS_SUCCESS );
    ok( unit_read( &race.unit, heaps[0].used ) == MIB( 16 ), "used %llu\n", (unsigned long long)unit_read( &race.unit, heaps[0].used ) );
    ok( unit_is_evicted( &race.unit, evicted ), "it was not evicted\n" );
    ok_status( unit_make_resident( &race.unit, &evicted, 1, UNIT_CANT_TRIM_FURTHER, NULL, NULL ), STATUS_NO_MEMORY );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/* The same beyond WINEKMT_VIDEO_MEMORY_SIZE, with heaps that have room */
static void beyond_the_limit(void)
{
    D3DDDI_RECLAIM_RESULT result = 99;
    struct gpu_adapter adapter;
    D3DKMT_HANDLE evicted;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    memset( &race, 0, sizeof(race) );
    unit_start( &race.unit, &adapter, 4 );
    evicted = unit_create( &race.unit, .size = MIB( 1 ) );
    race.handle = unit_create_held( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &race.unit, &race.handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    unit_create_held( &race.unit, .size = MIB( 4 ) );
    ok_status( unit_reclaim( &race.unit, &race.handle, 1, &result ), STATUS_SUCCESS );
    ok( unit_read( &race.unit, groups[GROUP_LOCAL].used ) == MIB( 5 ), "used %llu\n",
        (unsigned long long)unit_read( &race.unit, groups[GROUP_LOCAL].used ) );
    ok( unit_is_evicted( &race.unit, evicted ), "it was not evicted\n" );
    ok_status( unit_make_resident( &race.unit, &evicted, 1, UNIT_CANT_TRIM_FURTHER, NULL, NULL ), STATUS_NO_MEMORY );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

static bool one_is_left( void *arg )
{
    (void)arg;
    return race.unit.vidmm->groups[GROUP_NON_LOCAL].used <= MIB( 1 );
}

/* D3DKMTEscape sets a budget of system memory, on a GPU whose driver has none: the worker keeps it. */
static void budget_of_escape(void)
{
    struct winekmt_escape data = { .magic = WINEKMT_ESCAPE_MAGIC, .version = WINEKMT_VERSION, .command = WINEKMT_ESCAPE_SET_BUDGET,
                                   .group = D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL, .bytes = MIB( 1 ) };
    D3DKMT_ESCAPE escape = { .Type = D3DKMT_ESCAPE_DRIVERPRIVATE, .pPrivateDriverData = &data, .PrivateDriverDataSize = sizeof(data) };
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handles[4];
    unsigned int i;

    unit_adapter_discrete( &adapter, MIB( 16 ) );
    adapter.has_memory_budget = false;
    start( &adapter );
    for (i = 0; i < 4; i++)
    {
        handles[i] = unit_create( &race.unit, .size = MIB( 1 ), .segments = WINEKMT_SEGMENT_NON_LOCAL,
                                  .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        unit_write( &race.unit, handles[i], i );
    }
    escape.hAdapter = race.unit.adapter;
    ok_status( kmt_Escape( &escape ), STATUS_SUCCESS );
    ok( unit_wait( one_is_left, NULL ), "the budget is not kept\n" );
    ok( unit_count_evicted( &race.unit, handles, 4 ) == 3, "%u are evicted\n", unit_count_evicted( &race.unit, handles, 4 ) );
    unit_check_content( &race.unit, handles, 4 );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/***********************************************************************
 * A limit for what is evicted
 */
static NTSTATUS escape_evict( D3DKMT_HANDLE handle )
{
    struct winekmt_escape data = { .magic = WINEKMT_ESCAPE_MAGIC, .version = WINEKMT_VERSION, .command = WINEKMT_ESCAPE_EVICT };
    D3DKMT_ESCAPE escape = { .Type = D3DKMT_ESCAPE_DRIVERPRIVATE, .pPrivateDriverData = &data, .PrivateDriverDataSize = sizeof(data) };

    data.allocation = handle;
    escape.hAdapter = race.unit.adapter;
    escape.hDevice = race.unit.device;
    return kmt_Escape( &escape );
}

static bool nothing_is_empty( void *arg )
{
    (void)arg;
    return list_empty( &race.unit.vidmm->empty );
}

/* The bytes of what is on its way back may be used, but no more. */
static D3DKMT_HANDLE fourth;
static void evict_third_and_fourth( void )
{
    ok_status( escape_evict( race.other ), STATUS_SUCCESS );
    ok_status( escape_evict( fourth ), STATUS_NO_MEMORY );
}

/* What is offered, and in system memory, is not discarded while MakeResident makes room for another; afterwards it is. */
static void busy_and_offered(void)
{
    D3DKMT_HANDLE handles[4];
    struct gpu_adapter adapter;
    uint64_t value = 0;
    unsigned int i;

    setenv( "WINEKMT_SYSTEM_MEMORY_SIZE", "2", 1 );
    unit_adapter_simple( &adapter, MIB( 16 ), false );
    start( &adapter );
    for (i = 0; i < 4; i++)
    {
        handles[i] = unit_create( &race.unit, .size = MIB( 1 ) );
        unit_write( &race.unit, handles[i], i );
    }
    race.other = handles[2];
    fourth = handles[3];
    for (i = 0; i < 2; i++) ok_status( escape_evict( handles[i] ), STATUS_SUCCESS );
    ok_status( unit_offer( &race.unit, &handles[1], 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    ok( unit_wait( nothing_is_empty, NULL ), "the worker does not free the blocks\n" );
    on_first( FAKE_GPU_ALLOCATE, evict_third_and_fourth );
    ok_status( unit_make_resident( &race.unit, handles, 2, 0, &value, NULL ), STATUS_PENDING );
    ok( unit_wait_fence( &race.unit, value ), "value %llu is not reached\n", (unsigned long long)value );
    ok( race.calls == 1, "the hook ran %u times\n", race.calls );
    ok( !unit_is_discarded( &race.unit, handles[1] ) && unit_peek_is( &race.unit, handles[1], 1 ), "it was discarded\n" );

    ok_status( unit_evict( &race.unit, handles, 1, true ), STATUS_SUCCESS );
    ok_status( escape_evict( handles[0] ), STATUS_SUCCESS );
    ok( unit_is_discarded( &race.unit, handles[1] ), "it was not discarded\n" );
    for (i = 0; i < 4; i += 1 + !i) ok( unit_peek_is( &race.unit, handles[i], i ), "number %u is lost\n", i );
    unit_check( &race.unit );
    unit_finish( &race.unit );
}

/***********************************************************************
 * Trim notifications
 */
static unsigned int told[4], told_bits[4];

static void APIENTRY trim_callback( D3DKMT_TRIMNOTIFICATION *notification )
{
    unsigned int index = (uintptr_t)notification->Context;

    __atomic_fetch_or( &told_bits[index], notification->Flags.Value, __ATOMIC_RELAXED );
    __atomic_fetch_add( &told[index], 1, __ATOMIC_RELAXED );
}

static unsigned int read_once( const unsigned int *word )
{
    return __atomic_load_n( word, __ATOMIC_RELAXED );
}

static NTSTATUS register_trim( D3DKMT_HANDLE device, unsigned int index )
{
    D3DKMT_REGISTERTRIMNOTIFICATION trim = { .hDevice = device, .Callback = trim_callback, .Context = (void *)(uintptr_t)index };

    kmt_lock();
    trim.AdapterLuid = find_device_locked( device )->vidmm->gpu->luid;
    kmt_unlock();
    return D3DKMTRegisterTrimNotification( &trim );     /* of native.c, which has the thread that calls back */
}

static D3DKMT_HANDLE create_device( D3DKMT_HANDLE adapter )
{
    D3DKMT_CREATEDEVICE create = { .hAdapter = adapter };

    ok_status( kmt_CreateDevice( &create ), STATUS_SUCCESS );
    return create.hDevice;
}

/* Who is not over a budget, or in error, hears nothing. */
static void trim_of_others(void)
{
    struct gpu_adapter adapters[2];
    D3DKMT_ADAPTERINFO infos[2];
    D3DKMT_ENUMADAPTERS2 enumerate = { 2, infos };
    D3DKMT_HANDLE other, removed;
    unsigned int i;

    unit_adapter_simple( &adapters[0], MIB( 16 ), true );
    adapters[0].has_memory_budget = true;
    fake_gpu_unified( &adapters[1], 1 );
    start( &adapters[0] );
    fake_gpu_set_adapters( adapters, 2 );
    ok_status( kmt_EnumAdapters2( &enumerate ), STATUS_SUCCESS );
    other = create_device( infos[1].hAdapter );
    removed = create_device( infos[0].hAdapter );
    unit_create_held( &race.unit, .size = MIB( 8 ) );
    ok_status( register_trim( other, 1 ), STATUS_SUCCESS );
    ok_status( register_trim( removed, 2 ), STATUS_SUCCESS );
    kmt_lock();
    device_fail_locked( find_device_locked( removed ), D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY );
    kmt_unlock();
    fake_gpu_set_budget( 0, MIB( 4 ) );
    forget_budget();
    ok_status( register_trim( race.unit.device, 0 ), STATUS_SUCCESS );
    for (i = 0; i < 5000 && !read_once( &told[0] ); i++) usleep( 1000 );
    ok( read_once( &told[0] ), "nobody was told\n" );
    usleep( 50000 );
    ok( !read_once( &told[1] ) && !read_once( &told[2] ), "told %u and %u times\n", read_once( &told[1] ), read_once( &told[2] ) );
    unit_finish( &race.unit );
}

/* WINEKMT_TRIM_INTERVAL is milliseconds; nonsense is as if it was not set: 10 s. */
static void trim_interval( const char *value, bool good )
{
    struct gpu_adapter adapter;
    unsigned int i;

    setenv( "WINEKMT_TRIM_INTERVAL", value, 1 );
    unit_adapter_simple( &adapter, MIB( 16 ), true );
    start( &adapter );
    unit_create_held( &race.unit, .size = MIB( 14 ) );      /* more than three quarters */
    ok_status( register_trim( race.unit.device, 0 ), STATUS_SUCCESS );
    for (i = 0; i < 5000 && !read_once( &told_bits[0] ); i++) usleep( 1000 );
    ok( read_once( &told_bits[0] ), "no notification\n" );
    for (i = 0; i < (good ? 5000 : 100) && read_once( &told[0] ) < 3; i++) usleep( 1000 );
    if (good) ok( read_once( &told[0] ) >= 3, "told %u times\n", read_once( &told[0] ) );
    else ok( read_once( &told[0] ) == 1, "told %u times\n", read_once( &told[0] ) );
    unit_finish( &race.unit );
}

static void interval_of_10(void) { trim_interval( "10", true ); }
static void interval_of_nothing(void) { trim_interval( "", false ); }
static void interval_of_0(void) { trim_interval( "0", false ); }
static void interval_of_letters(void) { trim_interval( "10x", false ); }
static void interval_too_long(void) { trim_interval( "3600001", false ); }

START_TEST(rare_budget)
{
    static const struct { const char *name; void (*function)( void ); } races[] =
    {
        { "first budget", race_first_budget },
        { "no answer", no_answer },
        { "create in budget", race_create_in_budget },
        { "loss in budget", race_loss_in_budget },
        { "loss in refusal", race_loss_in_refusal },
        { "loss between allocations", race_loss_between_allocations },
        { "beyond the maximum", beyond_the_maximum },
        { "beyond the limit", beyond_the_limit },
        { "budget of Escape", budget_of_escape },
        { "busy and offered", busy_and_offered },
        { "trim of others", trim_of_others },
        { "trim interval of 10", interval_of_10 },
        { "trim interval of nothing", interval_of_nothing },
        { "trim interval of 0", interval_of_0 },
        { "trim interval of letters", interval_of_letters },
        { "trim interval too long", interval_too_long },
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE( races ); i++) unit_isolated( races[i].name, races[i].function );
}
