/*
 * Parameters that programs hardly ever get wrong, and the edges of what functions below the calls are given
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"
#include "core/query.h"
#include "os/ledger.h"

/* Handles of stock Wine are passed on, whatever else is wrong. */
static void test_stock_handles(void)
{
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION reservation = { .hAdapter = 1 };
    D3DDDI_MAKERESIDENT resident = { .hPagingQueue = 1 };
    D3DKMT_EVICT evict = { .hDevice = 1 };
    D3DDDI_UPDATEALLOCPROPERTY property = { .hPagingQueue = 1 };
    D3DKMT_SETALLOCATIONPRIORITY set = { .hDevice = 1 };
    D3DKMT_GETALLOCATIONPRIORITY get = { .hDevice = 1 };
    D3DKMT_QUERYALLOCATIONRESIDENCY residency = { .hDevice = 1 };
    D3DKMT_INVALIDATECACHE invalidate = { .hDevice = 1 };
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = { .hDevice = 1 };
    D3DKMT_REGISTERTRIMNOTIFICATION trim = { .hDevice = 1 };
    D3DKMT_QUERYCLOCKCALIBRATION calibration = { .hAdapter = 1 };
    D3DKMT_MARKDEVICEASERROR mark = { .hDevice = 1 };
    D3DKMT_SETSTABLEPOWERSTATE power = { .hAdapter = 1 };
    D3DKMT_ESCAPE escape_adapter = { .hAdapter = 1 }, escape_device = { .hAdapter = 0x80000040, .hDevice = 1 };

    ok_status( kmt_ChangeVideoMemoryReservation( &reservation ), KMT_STATUS_STOCK );
    ok_status( kmt_MakeResident( &resident ), KMT_STATUS_STOCK );
    ok_status( kmt_Evict( &evict ), KMT_STATUS_STOCK );
    ok_status( kmt_UpdateAllocationProperty( &property ), KMT_STATUS_STOCK );
    ok_status( kmt_SetAllocationPriority( &set ), KMT_STATUS_STOCK );
    ok_status( kmt_GetAllocationPriority( &get ), KMT_STATUS_STOCK );
    ok_status( kmt_QueryAllocationResidency( &residency ), KMT_STATUS_STOCK );
    ok_status( kmt_InvalidateCache( &invalidate ), KMT_STATUS_STOCK );
    ok_status( kmt_WaitForSynchronizationObjectFromCpu( &wait ), KMT_STATUS_STOCK );
    ok_status( kmt_RegisterTrimNotification( &trim ), KMT_STATUS_STOCK );
    ok_status( kmt_QueryClockCalibration( &calibration ), KMT_STATUS_STOCK );
    ok_status( kmt_MarkDeviceAsError( &mark ), KMT_STATUS_STOCK );
    ok_status( kmt_SetStablePowerState( &power ), KMT_STATUS_STOCK );
    ok_status( kmt_Escape( &escape_adapter ), KMT_STATUS_STOCK );
    ok_status( kmt_Escape( &escape_device ), KMT_STATUS_STOCK );
}

/***********************************************************************
 * Creating
 */

struct creating
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATESTANDARDALLOCATION standard;
    D3DDDI_ALLOCATIONINFO2 info;
    D3DDDI_ALLOCATIONINFO  first_form;
    D3DKMT_CREATEALLOCATION create;
};

static void describe( const struct unit *unit, struct creating *creating )
{
    memset( creating, 0, sizeof(*creating) );
    creating->data = (struct winekmt_allocation_data){ .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = PAGE_SIZE };
    creating->info.pPrivateDriverData = &creating->data;
    creating->info.PrivateDriverDataSize = sizeof(creating->data);
    creating->create.hDevice = unit->device;
    creating->create.NumAllocations = 1;
    creating->create.pAllocationInfo2 = &creating->info;
}

static void describe_existing_heap( const struct unit *unit, struct creating *creating, void *memory, uint64_t size )
{
    describe( unit, creating );
    creating->standard.Type = D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP;
    creating->standard.ExistingHeapData.Size = size;
    creating->info = (D3DDDI_ALLOCATIONINFO2){ .pSystemMem = memory };
    creating->create.pStandardAllocation = &creating->standard;
    creating->create.Flags.ExistingSysMem = creating->create.Flags.StandardAllocation = 1;
}

static void destroy_created( const struct unit *unit, D3DKMT_HANDLE handle )
{
    ok( handle, "no handle\n" );
    ok_status( unit_destroy( unit, &handle, 1, false ), STATUS_SUCCESS );
}

static void test_create(void)
{
    char *memory = aligned_alloc( PAGE_SIZE, 2 * PAGE_SIZE );
    struct gpu_adapter adapter;
    struct creating c;
    struct unit unit;

    unit_adapter_discrete( &adapter, MIB( 16 ) );
    adapter.max_memory_size = MIB( 64 );        /* more than a heap has */
    unit_start( &unit, &adapter, 0 );

    describe( &unit, &c );
    c.create.PrivateRuntimeDataSize = 8;
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_INVALID_PARAMETER );
    c.create.pPrivateRuntimeData = &c;          /* it is the runtime's own business */
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_SUCCESS );
    destroy_created( &unit, c.info.hAllocation );

    describe( &unit, &c );
    c.info.Flags.Reserved = 1;
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_INVALID_PARAMETER );
    describe( &unit, &c );
    c.info.Flags.Stereo = 1;
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_INVALID_PARAMETER );
    c.info.Flags.Primary = 1;
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_SUCCESS );
    destroy_created( &unit, c.info.hAllocation );

    /* The older form knows two flags. */
    describe( &unit, &c );
    c.first_form.pPrivateDriverData = &c.data;
    c.first_form.PrivateDriverDataSize = sizeof(c.data);
    c.first_form.Flags.Value = 4;
    c.create.pAllocationInfo = &c.first_form;
    ok_status( kmt_CreateAllocation( &c.create ), STATUS_INVALID_PARAMETER );
    c.first_form.Flags.Value = 3;
    ok_status( kmt_CreateAllocation( &c.create ), STATUS_SUCCESS );
    destroy_created( &unit, c.first_form.hAllocation );

    /* A preference is one segment, of those that are allowed. */
    describe( &unit, &c );
    c.data.segments = WINEKMT_SEGMENT_LOCAL;
    c.data.preferred_segment = WINEKMT_SEGMENT_NON_LOCAL;
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_INVALID_PARAMETER );
    c.data.segments = WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL;
    c.data.preferred_segment = WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL;
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_INVALID_PARAMETER );
    c.data.preferred_segment = WINEKMT_SEGMENT_LOCAL;
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_SUCCESS );
    destroy_created( &unit, c.info.hAllocation );

    /* What Vulkan could allocate, and no heap could hold */
    describe( &unit, &c );
    c.data.size = MIB( 32 );
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_INVALID_PARAMETER );
    c.data.size = MIB( 128 );
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_INVALID_PARAMETER );

    describe_existing_heap( &unit, &c, memory, 2 * PAGE_SIZE );
    c.standard.Flags.Value = 1;
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_INVALID_PARAMETER );
    c.standard.Flags.Value = 0;
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_SUCCESS );
    destroy_created( &unit, c.info.hAllocation );
    /* From the last page over the end of the address space */
    describe_existing_heap( &unit, &c, (void *)-(intptr_t)PAGE_SIZE, 2 * PAGE_SIZE );
    ok_status( kmt_CreateAllocation2( &c.create ), STATUS_INVALID_PARAMETER );

    unit_check( &unit );
    unit_finish( &unit );
    free( memory );
}

/***********************************************************************
 * Locks
 */
static void test_lock(void)
{
    UINT pages[MAX_LIST_COUNT + 1] = { 0 };
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;
    D3DKMT_LOCK lock;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    unit_start( &unit, &adapter, 0 );
    handle = unit_create( &unit, .size = 2 * PAGE_SIZE, .cpu_access = WINEKMT_CPU_ACCESS_CACHED );

    lock = (D3DKMT_LOCK){ .hDevice = unit.device, .hAllocation = handle, .GpuVirtualAddress = PAGE_SIZE };
    ok_status( kmt_Lock( &lock ), STATUS_INVALID_PARAMETER );
    lock = (D3DKMT_LOCK){ .hDevice = unit.device, .hAllocation = handle, .pPages = pages, .NumPages = MAX_LIST_COUNT + 1 };
    ok_status( kmt_Lock( &lock ), STATUS_INVALID_PARAMETER );
    lock.NumPages = MAX_LIST_COUNT;
    ok_status( kmt_Lock( &lock ), STATUS_SUCCESS );
    ok_status( unit_unlock( &unit, handle ), STATUS_SUCCESS );
    unit_check( &unit );
    unit_finish( &unit );
}

/***********************************************************************
 * MakeResident counts in 32 bits
 */
static void test_resident_count(void)
{
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    unit_start( &unit, &adapter, 0 );
    handle = unit_create_held( &unit, .size = MIB( 1 ) );
    kmt_lock();
    get_allocation_locked( find_device_locked( unit.device ), handle )->resident_count = UINT32_MAX - MAX_LIST_COUNT;
    kmt_unlock();
    ok_status( unit_make_resident( &unit, &handle, 1, 0, NULL, NULL ), STATUS_SUCCESS );
    ok_status( unit_make_resident( &unit, &handle, 1, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    ok_status( unit_evict( &unit, &handle, 1, true ), STATUS_SUCCESS );
    ok_status( unit_make_resident( &unit, &handle, 1, 0, NULL, NULL ), STATUS_SUCCESS );
    unit_finish( &unit );
}

/* An existing heap is where it is, whatever segments it may live in from now on, imported or not. */
static void test_property_of_existing_heap(void)
{
    void *memory = aligned_alloc( PAGE_SIZE, MIB( 1 ) );
    D3DDDI_UPDATEALLOCPROPERTY property;
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;
    struct unit unit;
    unsigned int turn;
    void *data;

    unit_adapter_discrete( &adapter, MIB( 16 ) );
    unit_start( &unit, &adapter, 0 );
    ok_status( unit_create_existing_heap( &unit, memory, MIB( 1 ), &handle ), STATUS_SUCCESS );
    for (turn = 0; turn < 2; turn++)
    {
        memset( &property, 0, sizeof(property) );
        property.hPagingQueue = unit.queue;
        property.hAllocation = handle;
        property.SupportedSegmentSet = turn ? WINEKMT_SEGMENT_LOCAL : WINEKMT_SEGMENT_NON_LOCAL;
        property.SetSupportedSegmentSet = 1;
        ok_status( kmt_UpdateAllocationProperty( &property ), STATUS_SUCCESS );
        ok_status( unit_try_lock( &unit, handle, &data ), STATUS_SUCCESS );
        ok( data == memory, "the lock shows %p, not %p\n", data, memory );
        ok_status( unit_unlock( &unit, handle ), STATUS_SUCCESS );
        ok( unit_allocation( &unit, handle )->block != NULL, "not imported\n" );
        unit_check( &unit );
    }
    unit_finish( &unit );
    free( memory );
}

/***********************************************************************
 * Adapters
 */

static void make_adapters( struct gpu_adapter *adapters, unsigned int count )
{
    unsigned int i;

    for (i = 0; i < count; i++) fake_gpu_unified( &adapters[i], i );
    fake_gpu_reset();
    fake_gpu_set_adapters( adapters, count );
}

static void test_luid(void)
{
    D3DKMT_OPENADAPTERFROMLUID open = { 0 };
    D3DKMT_ADAPTERINFO info = { 0 };
    D3DKMT_ENUMADAPTERS2 enumerate = { 1, &info };
    struct gpu_adapter adapter;
    struct unit unit = { 0 };

    make_adapters( &adapter, 1 );
    ok_status( kmt_EnumAdapters2( &enumerate ), STATUS_SUCCESS );
    open.AdapterLuid = info.AdapterLuid;
    ok_status( kmt_OpenAdapterFromLuid( &open ), STATUS_SUCCESS );
    open.AdapterLuid.HighPart ^= 1;
    ok_status( kmt_OpenAdapterFromLuid( &open ), KMT_STATUS_STOCK );
    open.AdapterLuid = info.AdapterLuid;
    open.AdapterLuid.LowPart ^= 2;
    ok_status( kmt_OpenAdapterFromLuid( &open ), KMT_STATUS_STOCK );
    unit_finish( &unit );
}

/* More GPUs than anybody has: the older form opens 16 of them and closes the rest, the other one as many as its buffer may have. */
static void test_many_adapters(void)
{
    static struct gpu_adapter adapters[FAKE_GPU_MAX_ADAPTERS];
    D3DKMT_ADAPTERINFO infos[FAKE_GPU_MAX_ADAPTERS] = { { 0 } };
    D3DKMT_ENUMADAPTERS2 enumerate = { FAKE_GPU_MAX_ADAPTERS, infos };
    D3DKMT_ENUMADAPTERS older;
    struct unit unit = { 0 };

    make_adapters( adapters, 20 );
    ok_status( kmt_EnumAdapters( &older ), STATUS_SUCCESS );
    ok( older.NumAdapters == 16, "%u adapters\n", older.NumAdapters );
    ok( kmt_handles.live == 16, "%u handles\n", kmt_handles.live );
    unit_finish( &unit );

    make_adapters( adapters, FAKE_GPU_MAX_ADAPTERS );
    ok_status( kmt_EnumAdapters2( &enumerate ), STATUS_SUCCESS );
    ok( enumerate.NumAdapters == 34, "%u adapters\n", enumerate.NumAdapters );
    unit_finish( &unit );
}

/* Without import of host memory the driver says so in its private data. */
static void test_adapter_data( bool import )
{
    struct winekmt_adapter_data data = { 0 };
    D3DKMT_QUERYADAPTERINFO query = { 0 };
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    adapter.has_host_import = import;
    unit_start( &unit, &adapter, 0 );
    query.hAdapter = unit.adapter;
    query.Type = KMTQAITYPE_UMDRIVERPRIVATE;
    query.pPrivateDriverData = &data;
    query.PrivateDriverDataSize = sizeof(data);
    ok_status( kmt_QueryAdapterInfo( &query ), STATUS_SUCCESS );
    ok( data.magic == WINEKMT_ADAPTER_MAGIC, "magic %#x\n", data.magic );
    ok( !(data.features & WINEKMT_FEATURE_HOST_IMPORT) == !import, "features %#x\n", data.features );
    unit_finish( &unit );
}

/***********************************************************************
 * Budgets and reservations
 */

/* A reservation that the budget has fallen below is told as the budget. */
static void test_reservation(void)
{
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION change = { 0 };
    D3DKMT_QUERYVIDEOMEMORYINFO query = { 0 };
    struct gpu_adapter adapter;
    struct unit unit;

    fake_gpu_default( &adapter, 0 );
    unit_start( &unit, &adapter, 0 );
    change.hAdapter = query.hAdapter = unit.adapter;
    ok_status( kmt_QueryVideoMemoryInfo( &query ), STATUS_SUCCESS );
    change.Reservation = query.AvailableForReservation;
    ok_status( kmt_ChangeVideoMemoryReservation( &change ), STATUS_SUCCESS );
    ok_status( kmt_QueryVideoMemoryInfo( &query ), STATUS_SUCCESS );
    ok( query.CurrentReservation == change.Reservation, "reservation %llu\n", (unsigned long long)query.CurrentReservation );
    fake_gpu_set_budget( 0, MIB( 1 ) );
    fake_gpu_set_budget( 1, MIB( 1 ) );
    kmt_lock();
    unit.vidmm->budget_time = 1;        /* its age is more than 100 ms */
    kmt_unlock();
    ok_status( kmt_QueryVideoMemoryInfo( &query ), STATUS_SUCCESS );
    ok( query.Budget && query.Budget < change.Reservation, "budget %llu\n", (unsigned long long)query.Budget );
    ok( query.CurrentReservation == query.Budget, "reservation %llu, budget %llu\n", (unsigned long long)query.CurrentReservation,
        (unsigned long long)query.Budget );

    /* An adapter that was opened before a loss stays removed. */
    fake_gpu_lose( NULL );
    kmt_lock();
    vidmm_lose_locked( unit.vidmm );
    kmt_unlock();
    ok_status( kmt_QueryVideoMemoryInfo( &query ), STATUS_DEVICE_REMOVED );
    ok_status( kmt_ChangeVideoMemoryReservation( &change ), STATUS_DEVICE_REMOVED );
    unit_finish( &unit );
}

/* Drivers list a kind of memory more than once. The second is never needed. */
static void test_equal_types(void)
{
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    adapter.types[1] = adapter.types[0];
    adapter.type_count = 2;
    unit_start( &unit, &adapter, 0 );
    ok( unit.vidmm->orders[WINEKMT_CPU_ACCESS_NONE][GROUP_LOCAL].count == 1, "%u types\n",
        unit.vidmm->orders[WINEKMT_CPU_ACCESS_NONE][GROUP_LOCAL].count );
    handle = unit_create( &unit, .size = MIB( 1 ) );
    ok( !unit_allocation( &unit, handle )->memory_type, "type %u\n", unit_allocation( &unit, handle )->memory_type );
    unit_finish( &unit );
}

/* Blocks that several allocations share are no larger than Vulkan allows. */
static void test_largest_memory(void)
{
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 64 ), true );
    adapter.max_memory_size = KIB( 128 );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 20; i++)
    {
        D3DKMT_HANDLE handle = unit_create( &unit, .size = KIB( 64 ) );

        ok( unit_allocation( &unit, handle )->block->size == KIB( 128 ), "a block of %llu bytes\n",
            (unsigned long long)unit_allocation( &unit, handle )->block->size );
    }
    unit_check( &unit );
    unit_finish( &unit );
}

/* More than 64 bits can say */
static void test_overflow(void)
{
    struct gpu_adapter adapter;
    struct freed_memory freed;
    D3DKMT_HANDLE handles[16];
    struct shortage shortage;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 16; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        unit_write( &unit, handles[i], i );
    }
    kmt_lock();
    shortage = budget_shortage_locked( unit.vidmm, &unit.vidmm->heaps[0], UINT64_MAX );
    ok( shortage.bytes == UINT64_MAX - unit.vidmm->heaps[0].limit, "short of %llu\n", (unsigned long long)shortage.bytes );
    freed_memory_init( &freed, unit.vidmm );
    ok( !system_memory_reserve_locked( unit.vidmm, UINT64_MAX, &freed ), "all of the address space is system memory\n" );
    kmt_unlock();
    unit_check_content( &unit, handles, 16 );
    unit_finish( &unit );
}

/* A device is only good with an adapter of its GPU. */
static void test_escape_of_another_gpu(void)
{
    struct winekmt_escape data = { .magic = WINEKMT_ESCAPE_MAGIC, .version = WINEKMT_VERSION, .command = WINEKMT_ESCAPE_GET_BUDGET };
    D3DKMT_ESCAPE escape = { .Type = D3DKMT_ESCAPE_DRIVERPRIVATE, .pPrivateDriverData = &data, .PrivateDriverDataSize = sizeof(data) };
    struct gpu_adapter adapters[2];
    D3DKMT_ADAPTERINFO infos[2];
    D3DKMT_ENUMADAPTERS2 enumerate = { 2, infos };
    struct unit unit;

    fake_gpu_unified( &adapters[0], 0 );
    fake_gpu_unified( &adapters[1], 1 );
    unit_start( &unit, &adapters[0], 0 );
    fake_gpu_set_adapters( adapters, 2 );
    ok_status( kmt_EnumAdapters2( &enumerate ), STATUS_SUCCESS );
    escape.hDevice = unit.device;
    escape.hAdapter = infos[1].hAdapter;
    ok_status( kmt_Escape( &escape ), STATUS_INVALID_PARAMETER );
    escape.hAdapter = infos[0].hAdapter;
    ok_status( kmt_Escape( &escape ), STATUS_SUCCESS );
    unit_finish( &unit );
}

/* Others can write the word that a process' priority class stands in; what is none is NORMAL. */
static void test_priority_class(void)
{
    D3DKMT_SCHEDULINGPRIORITYCLASS class;
    kmt_two_arguments params = { .first = (HANDLE)(intptr_t)-1, .second = (uintptr_t)&class };
    uint32_t before, word;

    ok( ledger_change_word( 0, 0xff, D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME + 1, &before ), "no word\n" );
    ok_status( kmt_GetProcessSchedulingPriorityClass( &params ), STATUS_SUCCESS );
    ok( class == D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME, "class %u\n", class );
    for (word = D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME + 2; word < 0x100; word++)
    {
        uint32_t old;

        ok( ledger_change_word( 0, 0xff, word, &old ), "no word\n" );
        ok_status( kmt_GetProcessSchedulingPriorityClass( &params ), STATUS_SUCCESS );
        ok( class == D3DKMT_SCHEDULINGPRIORITYCLASS_NORMAL, "word %u: class %u\n", word, class );
    }
    ledger_change_word( 0, 0xff, before, &word );
}

/***********************************************************************
 * Statistics
 */

/* PROCESS is about all GPUs, which nobody may have listed yet. */
static void test_statistics_first(void)
{
    D3DKMT_QUERYSTATISTICS query = { .Type = D3DKMT_QUERYSTATISTICS_PROCESS };
    struct gpu_adapter adapters[2];
    struct unit unit = { 0 };

    make_adapters( adapters, 2 );
    fake_gpu_fail( FAKE_GPU_ENUM, 1, GPU_OUT_OF_HOST_MEMORY, true );
    ok_status( kmt_QueryStatistics( &query ), STATUS_NO_MEMORY );
    fake_gpu_fail( FAKE_GPU_ENUM, 0, GPU_SUCCESS, false );
    ok_status( kmt_QueryStatistics( &query ), STATUS_SUCCESS );
    ok( query.QueryResult.ProcessInformation.NodeCount == adapters[0].node_count + adapters[1].node_count, "%u nodes\n",
        query.QueryResult.ProcessInformation.NodeCount );
    unit_finish( &unit );
}

/* Without local memory the first segment is the system's, and there is no second. */
static void test_statistics_non_local(void)
{
    D3DKMT_QUERYSTATISTICS query = { .Type = D3DKMT_QUERYSTATISTICS_SEGMENT };
    const D3DKMT_QUERYSTATISTICS_SEGMENT_INFORMATION *segment = &query.QueryResult.SegmentInformation;
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 16 ), true );
    adapter.heaps[0].local = false;
    unit_start( &unit, &adapter, 0 );
    unit_create( &unit, .size = MIB( 1 ) );
    query.AdapterLuid = unit.vidmm->gpu->luid;
    ok_status( kmt_QueryStatistics( &query ), STATUS_SUCCESS );
    ok( segment->Aperture == 1 && segment->SegmentProperties.SystemMemory == 1, "it is local\n" );
    ok( segment->CommitLimit == MIB( 16 ) && segment->BytesResident == MIB( 1 ), "%llu of %llu bytes\n",
        (unsigned long long)segment->BytesResident, (unsigned long long)segment->CommitLimit );
    query.QuerySegment.SegmentId = 1;
    ok_status( kmt_QueryStatistics( &query ), STATUS_INVALID_PARAMETER );
    unit_finish( &unit );
}

/* A GPU that Wine knows has a source, of which there is nothing to tell. */
static void test_statistics_source(void)
{
    D3DKMT_QUERYSTATISTICS query = { .Type = D3DKMT_QUERYSTATISTICS_VIDPNSOURCE };
    struct unit unit;

    unit_start( &unit, NULL, 0 );
    query.AdapterLuid = unit.vidmm->gpu->luid;
    ok_status( kmt_QueryStatistics( &query ), STATUS_INVALID_PARAMETER );
    unit.vidmm->gpu->from_wine = true;
    ok_status( kmt_QueryStatistics( &query ), STATUS_SUCCESS );
    query.QueryVidPnSource.VidPnSourceId = 1;
    ok_status( kmt_QueryStatistics( &query ), STATUS_INVALID_PARAMETER );
    unit_finish( &unit );
}

/* Text of drivers, whatever they put there */
static void test_strings(void)
{
    static const struct { const char *from; WCHAR to[8]; } tests[] =
    {
        { "GPU", { 'G', 'P', 'U' } },
        { "\xc3\xa9t", { 0xe9, 't' } },
        { "\xe2\x84\xa2", { 0x2122 } },
        { "\xf0\x9f\x90\xa7!", { 0xd83d, 0xdc27, '!' } },
        { "\xc1x", { 0xfffd, 'x' } },           /* never begins anything */
        { "\x80y", { 0xfffd, 'y' } },
        { "\xf5z", { 0xfffd, 'z' } },
        { "\xe2\x84!", { 0xfffd, '!' } },       /* ends too early */
        { "\xc3", { 0xfffd } },
        { "abcdefgh", { 'a', 'b', 'c', 'd', 'e', 'f', 'g' } },
        { "abcdef\xf0\x9f\x90\xa7", { 'a', 'b', 'c', 'd', 'e', 'f' } },     /* never half of a pair */
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE( tests ); i++)
    {
        WCHAR buffer[8];
        unsigned int n;

        memset( buffer, 0xcc, sizeof(buffer) );
        copy_string( buffer, ARRAY_SIZE( buffer ), tests[i].from );
        for (n = 0; n < ARRAY_SIZE( buffer ); n++)
        {
            ok( buffer[n] == tests[i].to[n], "string %u, character %u: %#x, expected %#x\n", i, n, buffer[n], tests[i].to[n] );
            if (!tests[i].to[n]) break;
        }
    }
}

START_TEST(params)
{
    test_stock_handles();
    test_create();
    test_lock();
    test_resident_count();
    test_property_of_existing_heap();
    test_luid();
    test_many_adapters();
    test_adapter_data( false );
    test_adapter_data( true );
    test_reservation();
    test_equal_types();
    test_largest_memory();
    test_overflow();
    test_strings();
    test_escape_of_another_gpu();
    test_priority_class();
    test_statistics_first();
    test_statistics_non_local();
    test_statistics_source();
}
