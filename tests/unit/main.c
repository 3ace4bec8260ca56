/*
 * The program of the unit tests, and what they share: see unit.h
 *
 *     unit_test [NAME]      every test, or one of them
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#define STANDALONE
#include <errno.h>
#include <malloc.h>
#include "unit.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

extern void func_handle(void), func_block(void), func_offer(void), func_budget(void), func_fault(void), func_races(void), func_stress(void);
const struct test winetest_testlist[] =
{
    { "handle", func_handle },
    { "block", func_block },
    { "offer", func_offer },
    { "budget", func_budget },
    { "fault", func_fault },
    { "races", func_races },
    { "stress", func_stress },
    { 0, 0 }
};

bool unit_is_valgrind( void )
{
    const char *preload = getenv( "LD_PRELOAD" );

    return preload && strstr( preload, "vgpreload" );
}

bool unit_is_slow( void )
{
    return SANITIZED || unit_is_valgrind();
}

/***********************************************************************
 * malloc, by the linker's --wrap: to make it fail, and to measure what core takes
 */

void *__real_malloc( size_t size );
void *__real_calloc( size_t count, size_t size );
void *__real_aligned_alloc( size_t alignment, size_t size );
void __real_free( void *pointer );
void *__wrap_malloc( size_t size );
void *__wrap_calloc( size_t count, size_t size );
void __wrap_free( void *pointer );

static unsigned int fail_nth, failed;
static uint64_t malloc_bytes;

/* Only one thread at a time sets fail_nth; all count it down. */
static bool fails( void )
{
    unsigned int left = __atomic_load_n( &fail_nth, __ATOMIC_RELAXED );

    while (left)
        if (__atomic_compare_exchange_n( &fail_nth, &left, left - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED ))
        {
            if (left > 1) return false;
            __atomic_add_fetch( &failed, 1, __ATOMIC_RELAXED );
            return true;
        }
    return false;
}

/* A block of malloc has a size field before it. */
static uint64_t cost( void *pointer )
{
    return pointer ? malloc_usable_size( pointer ) + sizeof(size_t) : 0;
}

void *__wrap_malloc( size_t size )
{
    void *pointer = fails() ? NULL : __real_malloc( size );

    __atomic_add_fetch( &malloc_bytes, cost( pointer ), __ATOMIC_RELAXED );
    return pointer;
}

void *__wrap_calloc( size_t count, size_t size )
{
    void *pointer = fails() ? NULL : __real_calloc( count, size );

    __atomic_add_fetch( &malloc_bytes, cost( pointer ), __ATOMIC_RELAXED );
    return pointer;
}

void __wrap_free( void *pointer )
{
    __atomic_sub_fetch( &malloc_bytes, cost( pointer ), __ATOMIC_RELAXED );
    __real_free( pointer );
}

void unit_fail_malloc( unsigned int nth )
{
    __atomic_store_n( &fail_nth, nth, __ATOMIC_RELAXED );
    __atomic_store_n( &failed, 0, __ATOMIC_RELAXED );
}

unsigned int unit_failed_mallocs( void )
{
    return __atomic_load_n( &failed, __ATOMIC_RELAXED );
}

uint64_t unit_malloc_bytes( void )
{
    return __atomic_load_n( &malloc_bytes, __ATOMIC_RELAXED );
}

/***********************************************************************
 * Adapters and devices
 */

void unit_adapter_simple( struct gpu_adapter *adapter, uint64_t size, bool host_visible )
{
    fake_gpu_unified( adapter, 0 );
    adapter->heaps[0].size = size;
    if (!host_visible) adapter->types[0].properties = GPU_MEMORY_DEVICE_LOCAL;
}

void unit_adapter_discrete( struct gpu_adapter *adapter, uint64_t size )
{
    fake_gpu_default( adapter, 0 );
    adapter->heaps[0].size = adapter->heaps[1].size = adapter->heaps[2].size = size;
}

NTSTATUS unit_open( struct unit *unit )
{
    D3DKMT_ADAPTERINFO info = { 0 };
    D3DKMT_ENUMADAPTERS2 enumerate = { 1, &info };
    D3DKMT_CREATEDEVICE device = { 0 };
    D3DKMT_CREATEPAGINGQUEUE queue = { 0 };
    NTSTATUS status;

    memset( unit, 0, sizeof(*unit) );
    if ((status = kmt_EnumAdapters2( &enumerate ))) return status;
    unit->adapter = info.hAdapter;
    device.hAdapter = info.hAdapter;
    if ((status = kmt_CreateDevice( &device ))) return status;
    unit->device = device.hDevice;
    queue.hDevice = device.hDevice;
    if ((status = kmt_CreatePagingQueue( &queue ))) return status;
    unit->queue = queue.hPagingQueue;
    kmt_lock();
    unit->vidmm = find_device_locked( unit->device )->vidmm;
    kmt_unlock();
    return status;
}

void unit_start( struct unit *unit, const struct gpu_adapter *adapter, unsigned int limit )
{
    char value[16];

    fake_gpu_reset();
    if (adapter) fake_gpu_set_adapters( adapter, 1 );
    sprintf( value, "%u", limit );
    if (limit) setenv( "WINEKMT_VIDEO_MEMORY_SIZE", value, 1 );
    else unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    unsetenv( "WINEKMT_VERIFIER" );
    ok_status( unit_open( unit ), STATUS_SUCCESS );
}

void unit_finish( struct unit *unit )
{
    struct fake_gpu_stats stats;

    unit_fail_malloc( 0 );
    kmt_shutdown();
    memset( unit, 0, sizeof(*unit) );
    ok( !kmt_handles.live, "%u handles are left\n", kmt_handles.live );
    fake_gpu_get_stats( &stats );
    ok( !stats.live_memories, "%llu memories are left\n", (unsigned long long)stats.live_memories );
    ok( !stats.live_devices, "%llu devices are left\n", (unsigned long long)stats.live_devices );
    ok( !stats.live_bytes, "%llu bytes are left\n", (unsigned long long)stats.live_bytes );
    ok( !stats.live_maps, "%llu mappings are left\n", (unsigned long long)stats.live_maps );
    fake_gpu_check_no_leaks();
    fake_gpu_reset();
}

/***********************************************************************
 * Calls
 */

static void describe( const struct unit_spec *spec, struct winekmt_allocation_data *data )
{
    memset( data, 0, sizeof(*data) );
    data->magic = WINEKMT_ALLOCATION_MAGIC;
    data->version = WINEKMT_VERSION;
    data->size = spec->size;
    data->alignment = spec->alignment;
    data->cpu_access = spec->cpu_access;
    data->segments = spec->segments;
    data->preferred_segment = spec->preferred;
}

NTSTATUS unit_try_create( const struct unit *unit, const struct unit_spec *spec, D3DKMT_HANDLE *handle )
{
    struct winekmt_allocation_data data;
    D3DDDI_ALLOCATIONINFO2 info = { 0 };
    D3DKMT_CREATEALLOCATION create = { 0 };
    NTSTATUS status;

    describe( spec, &data );
    info.pPrivateDriverData = &data;
    info.PrivateDriverDataSize = sizeof(data);
    info.Flags.OverridePriority = spec->residency != 0;
    info.Priority = spec->residency;
    create.hDevice = unit->device;
    create.NumAllocations = 1;
    create.pAllocationInfo2 = &info;
    create.Flags.AllowNotZeroed = spec->not_zeroed;
    status = kmt_CreateAllocation2( &create );
    *handle = info.hAllocation;
    if (status) ok( !info.hAllocation, "a handle after a failure\n" );
    return status;
}

D3DKMT_HANDLE unit_create_( const struct unit *unit, const struct unit_spec *spec, int line )
{
    D3DKMT_HANDLE handle;
    NTSTATUS status = unit_try_create( unit, spec, &handle );

    ok( !status, "line %d: creating %llu bytes: %#x\n", line, (unsigned long long)spec->size, (unsigned int)status );
    return handle;
}

NTSTATUS unit_create_existing_heap( const struct unit *unit, void *memory, uint64_t size, D3DKMT_HANDLE *handle )
{
    D3DKMT_CREATESTANDARDALLOCATION standard = { 0 };
    D3DDDI_ALLOCATIONINFO2 info = { 0 };
    D3DKMT_CREATEALLOCATION create = { 0 };
    NTSTATUS status;

    standard.Type = D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP;
    standard.ExistingHeapData.Size = size;
    info.pSystemMem = memory;
    create.hDevice = unit->device;
    create.pStandardAllocation = &standard;
    create.NumAllocations = 1;
    create.pAllocationInfo2 = &info;
    create.Flags.ExistingSysMem = create.Flags.StandardAllocation = 1;
    status = kmt_CreateAllocation2( &create );
    *handle = info.hAllocation;
    return status;
}

NTSTATUS unit_destroy( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, bool synchronous )
{
    D3DKMT_DESTROYALLOCATION2 destroy = { 0 };
    NTSTATUS status = STATUS_SUCCESS;
    unsigned int done, part;

    destroy.hDevice = unit->device;
    destroy.Flags.SynchronousDestroy = synchronous;
    for (done = 0; done < count && !status; done += part)
    {
        part = count - done < MAX_CREATE_COUNT ? count - done : MAX_CREATE_COUNT;
        destroy.phAllocationList = handles + done;
        destroy.AllocationCount = part;
        status = kmt_DestroyAllocation2( &destroy );
    }
    return status;
}

NTSTATUS unit_offer( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, D3DKMT_OFFER_PRIORITY priority, bool decommit )
{
    D3DKMT_OFFERALLOCATIONS offer = { 0 };

    offer.hDevice = unit->device;
    offer.HandleList = handles;
    offer.NumAllocations = count;
    offer.Priority = priority;
    offer.Flags.AllowDecommit = decommit;
    return kmt_OfferAllocations( &offer );
}

NTSTATUS unit_reclaim( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, D3DDDI_RECLAIM_RESULT *results )
{
    D3DKMT_RECLAIMALLOCATIONS2 reclaim = { 0 };

    reclaim.hPagingQueue = unit->queue;
    reclaim.HandleList = handles;
    reclaim.NumAllocations = count;
    reclaim.pResults = results;
    return kmt_ReclaimAllocations2( &reclaim );
}

NTSTATUS unit_try_lock( const struct unit *unit, D3DKMT_HANDLE handle, void **data )
{
    D3DKMT_LOCK2 lock = { 0 };
    NTSTATUS status;

    lock.hDevice = unit->device;
    lock.hAllocation = handle;
    status = kmt_Lock2( &lock );
    *data = lock.pData;
    return status;
}

void *unit_lock( const struct unit *unit, D3DKMT_HANDLE handle )
{
    void *data;
    NTSTATUS status = unit_try_lock( unit, handle, &data );

    ok( !status, "Lock2 of %#x: %#x\n", handle, (unsigned int)status );
    return data;
}

NTSTATUS unit_unlock( const struct unit *unit, D3DKMT_HANDLE handle )
{
    D3DKMT_UNLOCK2 unlock = { 0 };

    unlock.hDevice = unit->device;
    unlock.hAllocation = handle;
    return kmt_Unlock2( &unlock );
}

void unit_query_memory( const struct unit *unit, unsigned int group, uint64_t *budget, uint64_t *usage )
{
    D3DKMT_QUERYVIDEOMEMORYINFO query = { 0 };

    query.hAdapter = unit->adapter;
    query.MemorySegmentGroup = group;
    ok_status( kmt_QueryVideoMemoryInfo( &query ), STATUS_SUCCESS );
    if (budget) *budget = query.Budget;
    if (usage) *usage = query.CurrentUsage;
}

struct allocation *unit_allocation( const struct unit *unit, D3DKMT_HANDLE handle )
{
    struct allocation *allocation;

    kmt_lock();
    allocation = get_allocation_locked( find_device_locked( unit->device ), handle );
    kmt_unlock();
    return allocation;
}

bool unit_is_discarded( const struct unit *unit, D3DKMT_HANDLE handle )
{
    struct allocation *allocation;
    bool ret;

    kmt_lock();
    allocation = get_allocation_locked( find_device_locked( unit->device ), handle );
    ret = allocation && allocation->discarded;
    kmt_unlock();
    return ret;
}

/***********************************************************************
 * Content
 */

static uint32_t pattern_word( uint32_t seed, uint64_t offset )
{
    return (seed * 0x9e3779b1u + (uint32_t)offset) | 1;     /* never 0 */
}

void pattern_write( void *data, uint64_t size, uint32_t seed )
{
    uint64_t offset;

    for (offset = 0; offset < size; offset += 256) *(uint32_t *)((char *)data + offset) = pattern_word( seed, offset );
    *(uint32_t *)((char *)data + size - 4) = pattern_word( seed, size );
}

bool pattern_is( const void *data, uint64_t size, uint32_t seed )
{
    uint64_t offset;

    for (offset = 0; offset < size; offset += 256)
        if (*(const uint32_t *)((const char *)data + offset) != pattern_word( seed, offset )) return false;
    return *(const uint32_t *)((const char *)data + size - 4) == pattern_word( seed, size );
}

bool bytes_are_zero( const void *data, uint64_t size )
{
    const uint64_t *words = data;
    uint64_t i;

    for (i = 0; i < size / sizeof(*words); i++) if (words[i]) return false;
    return true;
}

static bool is_visible( const struct unit *unit, const struct allocation *allocation )
{
    return allocation->cpu_access != WINEKMT_CPU_ACCESS_NONE &&
           unit->vidmm->info->types[allocation->block->type].properties & GPU_MEMORY_HOST_VISIBLE;
}

static char *peek( const struct allocation *allocation )
{
    return (char *)fake_gpu_peek( allocation->block->memory ) + allocation->slot * block_slot_size( allocation->block );
}

void unit_write( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed )
{
    struct allocation *allocation = unit_allocation( unit, handle );
    void *data;

    if (is_visible( unit, allocation ))
    {
        if (!(data = unit_lock( unit, handle ))) return;
        pattern_write( data, allocation->size, seed );
        ok_status( unit_unlock( unit, handle ), STATUS_SUCCESS );
        return;
    }
    kmt_lock();
    allocation->content = CONTENT_VALID;
    pattern_write( peek( allocation ), allocation->size, seed );
    kmt_unlock();
}

bool unit_content_is( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed )
{
    struct allocation *allocation = unit_allocation( unit, handle );
    void *data;
    bool ret;

    if (is_visible( unit, allocation ))
    {
        if (!(data = unit_lock( unit, handle ))) return false;
        ret = pattern_is( data, allocation->size, seed );
        ok_status( unit_unlock( unit, handle ), STATUS_SUCCESS );
        return ret;
    }
    kmt_lock();
    ret = allocation->content == CONTENT_VALID && pattern_is( peek( allocation ), allocation->size, seed );
    kmt_unlock();
    return ret;
}

bool unit_wait( bool (*condition)( void *arg ), void *arg )
{
    uint64_t deadline = os_time_ns() + (unit_is_slow() ? 20 : 5) * 1000000000ull;
    bool ret;

    for (;;)
    {
        kmt_lock();
        ret = condition( arg );
        kmt_unlock();
        if (ret || os_time_ns() > deadline) return ret;
        usleep( 1000 );
    }
}
