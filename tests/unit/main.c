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
#include <sys/wait.h>
#include "unit.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

extern void func_handle(void), func_block(void), func_offer(void), func_budget(void), func_fault(void), func_races(void), func_stress(void);
extern void func_evict(void), func_evict_limits(void), func_evict_fault(void), func_evict_races(void), func_evict_batch(void);
extern void func_params(void), func_shortage(void), func_peers(void), func_rare(void), func_rare_budget(void), func_engines(void);
const struct test winetest_testlist[] =
{
    { "handle", func_handle },
    { "block", func_block },
    { "offer", func_offer },
    { "budget", func_budget },
    { "fault", func_fault },
    { "races", func_races },
    { "stress", func_stress },
    { "evict", func_evict },
    { "evict_limits", func_evict_limits },
    { "evict_fault", func_evict_fault },
    { "evict_races", func_evict_races },
    { "evict_batch", func_evict_batch },
    { "params", func_params },
    { "engines", func_engines },
    { "shortage", func_shortage },
    { "peers", func_peers },
    { "rare", func_rare },
    { "rare_budget", func_rare_budget },
    { 0, 0 }
};

/* Other programs, other tests among them, are none of a test's business. */
static void __attribute__((constructor)) be_alone( void )
{
    setenv( "WINEKMT_LEDGER", "none", 1 );
}

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

void *__real_os_allocate_pages( uint64_t size );
void *__wrap_os_allocate_pages( uint64_t size );
int __real_os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg );
int __wrap_os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg );
bool __real_os_memory_is_available( uint64_t size );
static void (*on_peers)( struct ledger_peer *peers, unsigned int count );

unsigned int __real_ledger_peers( struct ledger_account *account, unsigned int group, struct ledger_peer peers[LEDGER_SLOTS] );
unsigned int __wrap_ledger_peers( struct ledger_account *account, unsigned int group, struct ledger_peer peers[LEDGER_SLOTS] );
unsigned int __wrap_ledger_peers( struct ledger_account *account, unsigned int group, struct ledger_peer peers[LEDGER_SLOTS] )
{
    void (*function)( struct ledger_peer *peers, unsigned int count ) = __atomic_load_n( &on_peers, __ATOMIC_ACQUIRE );
    unsigned int count = __real_ledger_peers( account, group, peers );

    if (function) function( peers, count );
    return count;
}

void unit_on_peers( void (*function)( struct ledger_peer *peers, unsigned int count ) )
{
    __atomic_store_n( &on_peers, function, __ATOMIC_RELEASE );
}

bool __wrap_os_memory_is_available( uint64_t size );

static unsigned int fail_nth, failed;
static uint64_t malloc_bytes;
static struct { char *memory; size_t size, count, used; } arena;    /* one thread at a time */
static bool no_threads, no_memory;

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
    void *pointer;

    if (arena.memory && count == 1 && size == arena.size && arena.used < arena.count)
        return memset( arena.memory + size * arena.used++, 0, size );
    pointer = fails() ? NULL : __real_calloc( count, size );
    __atomic_add_fetch( &malloc_bytes, cost( pointer ), __ATOMIC_RELAXED );
    return pointer;
}

static bool is_in_arena( const void *pointer )
{
    return arena.size && (const char *)pointer >= arena.memory && (const char *)pointer < arena.memory + arena.size * arena.used;
}

void __wrap_free( void *pointer )
{
    if (is_in_arena( pointer )) return;
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

void unit_set_arena( void *memory, size_t size, size_t count )
{
    arena.memory = memory;
    arena.size = size;
    arena.count = count;
    arena.used = 0;
}

void *__wrap_os_allocate_pages( uint64_t size )
{
    return fails() ? NULL : __real_os_allocate_pages( size );
}

int __wrap_os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg )
{
    return __atomic_load_n( &no_threads, __ATOMIC_RELAXED ) ? EAGAIN : __real_os_create_thread( thread, function, arg );
}

void unit_fail_threads( bool fail )
{
    __atomic_store_n( &no_threads, fail, __ATOMIC_RELAXED );
}

bool __wrap_os_memory_is_available( uint64_t size )
{
    return !__atomic_load_n( &no_memory, __ATOMIC_RELAXED ) && __real_os_memory_is_available( size );
}

void unit_fail_memory( bool fail )
{
    __atomic_store_n( &no_memory, fail, __ATOMIC_RELAXED );
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
    unit->fence = queue.hSyncObject;
    unit->fence_value = queue.FenceValueCPUVirtualAddress;
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

void unit_isolated( const char *name, void (*function)( void ) )
{
    pid_t pid;
    int status;

    fflush( stdout );
    if (!(pid = fork()))
    {
        LONG before = winetest_get_failures();

        alarm( unit_is_slow() ? 240 : 60 );
        winetest_push_context( "%s", name );
        function();
        fflush( stdout );
        exit( winetest_get_failures() != before );
    }
    waitpid( pid, &status, 0 );
    ok( !WIFSIGNALED( status ), "%s: ended by signal %d\n", name, WTERMSIG( status ) );
    if (WIFEXITED( status )) ok( !WEXITSTATUS( status ), "%s: exit status %d\n", name, WEXITSTATUS( status ) );
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

NTSTATUS unit_try_create_list( const struct unit *unit, const struct unit_spec *specs, unsigned int count, D3DKMT_HANDLE *handles )
{
    struct winekmt_allocation_data data[UNIT_MAX_CREATED];
    D3DDDI_ALLOCATIONINFO2 infos[UNIT_MAX_CREATED] = { { 0 } };
    D3DKMT_CREATEALLOCATION create = { 0 };
    unsigned int i;
    NTSTATUS status;

    for (i = 0; i < count; i++)
    {
        describe( &specs[i], &data[i] );
        infos[i].pPrivateDriverData = &data[i];
        infos[i].PrivateDriverDataSize = sizeof(data[i]);
        infos[i].Flags.OverridePriority = specs[i].residency != 0;
        infos[i].Priority = specs[i].residency;
    }
    create.hDevice = unit->device;
    create.NumAllocations = count;
    create.pAllocationInfo2 = infos;
    create.Flags.AllowNotZeroed = specs[0].not_zeroed;
    status = kmt_CreateAllocation2( &create );
    for (i = 0; i < count; i++)
    {
        handles[i] = infos[i].hAllocation;
        if (status) ok( !handles[i], "a handle after a failure\n" );
    }
    return status;
}

NTSTATUS unit_try_create( const struct unit *unit, const struct unit_spec *spec, D3DKMT_HANDLE *handle )
{
    return unit_try_create_list( unit, spec, 1, handle );
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

NTSTATUS unit_set_priority( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t priority )
{
    D3DKMT_SETALLOCATIONPRIORITY set = { 0 };

    set.hDevice = unit->device;
    set.phAllocationList = &handle;
    set.AllocationCount = 1;
    set.pPriorities = &priority;
    return kmt_SetAllocationPriority( &set );
}

NTSTATUS unit_make_resident( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, unsigned int flags,
                             uint64_t *value, uint64_t *trim )
{
    D3DDDI_MAKERESIDENT make = { 0 };
    NTSTATUS status;

    make.hPagingQueue = unit->queue;
    make.AllocationList = handles;
    make.NumAllocations = count;
    make.Flags.Value = flags;
    make.PagingFenceValue = UINT64_MAX;
    status = kmt_MakeResident( &make );
    if (!status || status == STATUS_PENDING) ok( make.NumAllocations == count, "NumAllocations %u of %u\n", make.NumAllocations, count );
    if (status == STATUS_NO_MEMORY) ok( !make.NumAllocations && make.NumBytesToTrim, "NumAllocations %u, NumBytesToTrim %llu\n", make.NumAllocations,
                                        (unsigned long long)make.NumBytesToTrim );
    if (value) *value = make.PagingFenceValue;
    if (trim) *trim = make.NumBytesToTrim;
    return status;
}

NTSTATUS unit_evict( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, bool only_if_necessary )
{
    D3DKMT_EVICT evict = { 0 };

    evict.hDevice = unit->device;
    evict.AllocationList = handles;
    evict.NumAllocations = count;
    evict.Flags.EvictOnlyIfNecessary = only_if_necessary;
    return kmt_Evict( &evict );
}

bool unit_wait_fence( const struct unit *unit, uint64_t value )
{
    uint64_t deadline = os_time_ns() + (unit_is_slow() ? 60 : 20) * 1000000000ull;

    while (__atomic_load_n( unit->fence_value, __ATOMIC_ACQUIRE ) < value)
    {
        if (os_time_ns() > deadline) return false;
        usleep( 200 );
    }
    return true;
}

void unit_hold_( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, int line )
{
    uint64_t value;
    NTSTATUS status = unit_make_resident( unit, handles, count, 0, &value, NULL );

    ok( !status || status == STATUS_PENDING, "line %d: MakeResident of %#x: %#x\n", line, handles[0], (unsigned int)status );
    if (status == STATUS_PENDING) ok( unit_wait_fence( unit, value ), "line %d: value %llu is not reached\n", line, (unsigned long long)value );
}

D3DKMT_HANDLE unit_create_held_( const struct unit *unit, const struct unit_spec *spec, int line )
{
    D3DKMT_HANDLE handle = unit_create_( unit, spec, line );

    if (handle) unit_hold_( unit, &handle, 1, line );
    return handle;
}

struct allocation *unit_allocation( const struct unit *unit, D3DKMT_HANDLE handle )
{
    struct allocation *allocation;

    kmt_lock();
    allocation = get_allocation_locked( find_device_locked( unit->device ), handle );
    kmt_unlock();
    return allocation;
}

uint64_t unit_discards( const struct unit *unit )
{
    uint64_t ret;

    kmt_lock();
    ret = unit->vidmm->groups[GROUP_LOCAL].discards + unit->vidmm->groups[GROUP_NON_LOCAL].discards;
    kmt_unlock();
    return ret;
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

bool unit_is_evicted( const struct unit *unit, D3DKMT_HANDLE handle )
{
    struct allocation *allocation;
    bool ret;

    kmt_lock();
    allocation = get_allocation_locked( find_device_locked( unit->device ), handle );
    ret = allocation && allocation->evicted;
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

/* By the CPU; what is evicted will be where it can be locked. */
static bool is_visible( const struct unit *unit, const struct allocation *allocation )
{
    bool ret;

    kmt_lock();
    ret = allocation->cpu_access != WINEKMT_CPU_ACCESS_NONE &&
          (!allocation->block || unit->vidmm->info->types[allocation->memory_type].properties & GPU_MEMORY_HOST_VISIBLE);
    kmt_unlock();
    return ret;
}

/* The content, wherever it is; NULL: it is zero, and nowhere. */
static char *peek_locked( const struct allocation *allocation )
{
    if (allocation->content == CONTENT_ZERO) return NULL;
    if (allocation->evicted) return allocation->system_memory;
    return (char *)fake_gpu_peek( allocation->block->memory ) + allocation->slot * block_slot_size( allocation->block );
}

void unit_write( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed )
{
    struct allocation *allocation = unit_allocation( unit, handle );
    bool evicted = unit_is_evicted( unit, handle );
    void *data;

    if (is_visible( unit, allocation ))
    {
        if (!(data = unit_lock( unit, handle ))) return;
        pattern_write( data, allocation->size, seed );
        ok_status( unit_unlock( unit, handle ), STATUS_SUCCESS );
        return;
    }
    if (evicted) unit_hold( unit, &handle, 1 );
    kmt_lock();
    ok( allocation->block && !allocation->evicted, "%#x is not in GPU memory\n", handle );
    allocation->content = CONTENT_VALID;
    pattern_write( peek_locked( allocation ), allocation->size, seed );
    kmt_unlock();
    if (evicted) ok_status( unit_evict( unit, &handle, 1, true ), STATUS_SUCCESS );
}

static bool look( const struct unit *unit, D3DKMT_HANDLE handle, const uint32_t *seed )
{
    struct allocation *allocation = unit_allocation( unit, handle );
    const char *data;
    bool ret;

    kmt_lock();
    data = peek_locked( allocation );
    if (!data) ret = !seed;
    else ret = seed ? pattern_is( data, allocation->size, *seed ) : bytes_are_zero( data, allocation->size );
    kmt_unlock();
    return ret;
}

bool unit_peek_is( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed )
{
    return look( unit, handle, &seed );
}

bool unit_peek_is_zero( const struct unit *unit, D3DKMT_HANDLE handle )
{
    return look( unit, handle, NULL );
}

bool unit_content_is( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed )
{
    struct allocation *allocation = unit_allocation( unit, handle );
    const char *content;
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
    content = peek_locked( allocation );
    ret = content && pattern_is( content, allocation->size, seed );
    kmt_unlock();
    return ret;
}

unsigned int unit_count_evicted( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count )
{
    unsigned int i, ret = 0;

    for (i = 0; i < count; i++) ret += unit_is_evicted( unit, handles[i] );
    return ret;
}

void unit_check_content_( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, int line )
{
    unsigned int i, lost = 0;

    for (i = 0; i < count; i++) lost += !unit_peek_is( unit, handles[i], i );
    ok( !lost, "line %d: %u of %u lost their content\n", line, lost, count );
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
