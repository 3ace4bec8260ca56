/*
 * What the files of the conformance suite share: see d3dkmt_test.h
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#ifdef _WIN32

#define F( name ) __typeof__(D3DKMT##name) *pD3DKMT##name;
KMT_TEST_FUNCTIONS
#undef F

/* Before main: a test without its function would jump to 0. */
static void __attribute__((constructor)) find_functions( void )
{
    HMODULE gdi32 = LoadLibraryA( "gdi32.dll" );

#define F( name ) \
    if (!(pD3DKMT##name = (__typeof__(pD3DKMT##name))(void *)GetProcAddress( gdi32, "D3DKMT" #name ))) \
    { \
        printf( "gdi32.dll has no D3DKMT" #name ": the drop-in is not in use\n" ); \
        fflush( stdout ); \
        ExitProcess( 3 ); \
    }
    KMT_TEST_FUNCTIONS
#undef F
}

#else

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define F( name ) __typeof__(D3DKMT##name) *pD3DKMT##name = D3DKMT##name;
KMT_TEST_FUNCTIONS
#undef F

#endif

/***********************************************************************
 * Checks
 */

int check_bytes_( const char *file, int line, const char *what, const void *got, const void *expected, size_t size )
{
    const unsigned char *a = got, *b = expected;
    size_t i;

    for (i = 0; i < size && a[i] == b[i]; i++) {}
    ok_( file, line )( i == size, "%s: byte %u of %u is %#x, expected %#x\n", what, (unsigned int)i, (unsigned int)size,
                       i < size ? a[i] : 0, i < size ? b[i] : 0 );
    return i == size;
}

void check_status_( const char *file, int line, const char *what, NTSTATUS got, NTSTATUS expected )
{
    ok_( file, line )( got == expected, "%s: status %#x, expected %#x\n", what, (unsigned int)got, (unsigned int)expected );
}

/***********************************************************************
 * Adapters and devices
 */

NTSTATUS query_info( D3DKMT_HANDLE adapter, UINT type, void *data, UINT size )
{
    D3DKMT_QUERYADAPTERINFO params;
    char before[sizeof(params)];
    NTSTATUS status;

    memset( &params, 0, sizeof(params) );
    params.hAdapter = adapter;
    params.Type = type;
    params.pPrivateDriverData = data;
    params.PrivateDriverDataSize = size;
    memcpy( before, &params, sizeof(before) );
    status = pD3DKMTQueryAdapterInfo( &params );
    check_bytes( "QueryAdapterInfo: parameter block", &params, before, sizeof(before) );
    return status;
}

BOOL get_adapter_data( D3DKMT_HANDLE adapter, struct winekmt_adapter_data *data )
{
    memset( data, 0, sizeof(*data) );
    return !query_info( adapter, KMTQAITYPE_UMDRIVERPRIVATE, data, sizeof(*data) ) && data->magic == WINEKMT_ADAPTER_MAGIC;
}

UINT enum_adapters( D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS] )
{
    D3DKMT_ENUMADAPTERS2 enum2;

    enum2.NumAdapters = MAX_ADAPTERS;
    enum2.pAdapters = infos;
    check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
    return enum2.NumAdapters;
}

void close_adapters( const D3DKMT_ADAPTERINFO *infos, UINT count )
{
    while (count--) close_adapter( infos[count].hAdapter );
}

D3DKMT_ADAPTERINFO get_adapter_info( void )
{
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];

    memset( &infos[0], 0, sizeof(infos[0]) );
    close_adapters( infos, enum_adapters( infos ) );
    infos[0].hAdapter = 0;
    return infos[0];
}

BOOL open_adapter_( const char *file, int line, D3DKMT_HANDLE *adapter )
{
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    struct winekmt_adapter_data data;
    D3DKMT_ENUMADAPTERS2 enum2;
    D3DKMT_CLOSEADAPTER close;
    NTSTATUS status;
    UINT i;

    *adapter = 0;
    enum2.NumAdapters = ARRAY_SIZE( infos );
    enum2.pAdapters = infos;
    status = pD3DKMTEnumAdapters2( &enum2 );
    check_status_( file, line, "EnumAdapters2", status, STATUS_SUCCESS );
    if (status) return FALSE;
    for (i = 1; i < enum2.NumAdapters; i++)
    {
        close.hAdapter = infos[i].hAdapter;
        pD3DKMTCloseAdapter( &close );
    }
    if (!enum2.NumAdapters)
    {
        skip_( file, line )( "no adapter\n" );
        return FALSE;
    }
    if (!get_adapter_data( infos[0].hAdapter, &data ))
    {
        skip_( file, line )( "the first adapter is not winekmt's\n" );
        close_adapter( infos[0].hAdapter );
        return FALSE;
    }
    *adapter = infos[0].hAdapter;
    return TRUE;
}

void close_adapter( D3DKMT_HANDLE adapter )
{
    D3DKMT_CLOSEADAPTER close;

    close.hAdapter = adapter;
    kmt_succeeds( CloseAdapter, &close );
}

BOOL open_device_( const char *file, int line, D3DKMT_HANDLE *adapter, D3DKMT_HANDLE *device )
{
    *device = 0;
    if (!open_adapter_( file, line, adapter )) return FALSE;
    if ((*device = create_device_( file, line, *adapter ))) return TRUE;
    close_adapter( *adapter );
    return FALSE;
}

D3DKMT_HANDLE create_device_( const char *file, int line, D3DKMT_HANDLE adapter )
{
    D3DKMT_CREATEDEVICE create;
    NTSTATUS status;

    memset( &create, 0, sizeof(create) );
    create.hAdapter = adapter;
    status = pD3DKMTCreateDevice( &create );
    check_status_( file, line, "CreateDevice", status, STATUS_SUCCESS );
    return status ? 0 : create.hDevice;
}

void destroy_device_( const char *file, int line, D3DKMT_HANDLE device )
{
    D3DKMT_DESTROYDEVICE destroy;

    destroy.hDevice = device;
    check_status_( file, line, "DestroyDevice", pD3DKMTDestroyDevice( &destroy ), STATUS_SUCCESS );
}

D3DKMT_HANDLE create_queue_( const char *file, int line, D3DKMT_HANDLE device )
{
    D3DKMT_CREATEPAGINGQUEUE create;
    NTSTATUS status;

    memset( &create, 0, sizeof(create) );
    create.hDevice = device;
    status = pD3DKMTCreatePagingQueue( &create );
    check_status_( file, line, "CreatePagingQueue", status, STATUS_SUCCESS );
    return status ? 0 : create.hPagingQueue;
}

void destroy_queue_( const char *file, int line, D3DKMT_HANDLE queue )
{
    D3DDDI_DESTROYPAGINGQUEUE destroy;

    destroy.hPagingQueue = queue;
    check_status_( file, line, "DestroyPagingQueue", pD3DKMTDestroyPagingQueue( &destroy ), STATUS_SUCCESS );
}

void get_memory_info_( const char *file, int line, D3DKMT_HANDLE adapter, UINT group, D3DKMT_QUERYVIDEOMEMORYINFO *info )
{
    NTSTATUS status;

    memset( info, 0, sizeof(*info) );
    info->hAdapter = adapter;
    info->MemorySegmentGroup = group;
    status = pD3DKMTQueryVideoMemoryInfo( info );
    check_status_( file, line, "QueryVideoMemoryInfo", status, STATUS_SUCCESS );
}

UINT64 get_usage( D3DKMT_HANDLE adapter )
{
    D3DKMT_QUERYVIDEOMEMORYINFO local, non_local;

    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL, &local );
    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL, &non_local );
    return local.CurrentUsage + non_local.CurrentUsage;
}

UINT get_default_group( D3DKMT_HANDLE adapter )
{
    struct winekmt_adapter_data data;

    if (!get_adapter_data( adapter, &data )) return D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL;
    return data.cpu_visible_segments & WINEKMT_SEGMENT_LOCAL ? D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL
                                                             : D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL;
}

/***********************************************************************
 * Allocations
 */

UINT test_segments;

void init_data( struct winekmt_allocation_data *data, UINT64 size )
{
    memset( data, 0, sizeof(*data) );
    data->magic = WINEKMT_ALLOCATION_MAGIC;
    data->version = WINEKMT_VERSION;
    data->size = size;
    data->cpu_access = WINEKMT_CPU_ACCESS_CACHED;
    data->segments = test_segments;
}

void init_create( D3DKMT_CREATEALLOCATION *create, D3DKMT_HANDLE device, D3DDDI_ALLOCATIONINFO2 *info,
                  struct winekmt_allocation_data *data )
{
    memset( create, 0, sizeof(*create) );
    memset( info, 0, sizeof(*info) );
    create->hDevice = device;
    create->NumAllocations = 1;
    create->pAllocationInfo2 = info;
    info->pPrivateDriverData = data;
    info->PrivateDriverDataSize = data ? sizeof(*data) : 0;
}

D3DKMT_HANDLE create_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE resource, UINT64 size )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    NTSTATUS status;

    init_data( &data, size );
    init_create( &create, device, &info, &data );
    create.hResource = resource;
    status = pD3DKMTCreateAllocation2( &create );
    check_status_( file, line, "CreateAllocation2", status, STATUS_SUCCESS );
    return status ? 0 : info.hAllocation;
}

NTSTATUS try_create( D3DKMT_HANDLE device, UINT64 size, D3DKMT_HANDLE *allocation )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    NTSTATUS status;

    init_data( &data, size );
    init_create( &create, device, &info, &data );
    status = pD3DKMTCreateAllocation2( &create );
    *allocation = info.hAllocation;
    return status;
}

D3DKMT_HANDLE create_resource_( const char *file, int line, D3DKMT_HANDLE device, UINT flags, UINT64 size,
                                D3DKMT_HANDLE *allocation, D3DKMT_HANDLE *global )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    NTSTATUS status;

    init_data( &data, size );
    init_create( &create, device, &info, &data );
    create.Flags.CreateResource = 1;
    create.Flags.CreateShared = !!(flags & CREATE_SHARED);
    create.Flags.NtSecuritySharing = !!(flags & CREATE_NT_SECURITY);
    status = pD3DKMTCreateAllocation2( &create );
    check_status_( file, line, "CreateAllocation2", status, STATUS_SUCCESS );
    if (allocation) *allocation = info.hAllocation;
    if (global) *global = create.hGlobalShare;
    return status ? 0 : create.hResource;
}

NTSTATUS try_create_standard( D3DKMT_HANDLE device, const void *memory, UINT64 size, D3DKMT_HANDLE *allocation )
{
    D3DKMT_CREATESTANDARDALLOCATION standard;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    NTSTATUS status;

    init_create( &create, device, &info, NULL );
    memset( &standard, 0, sizeof(standard) );
    standard.Type = D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP;
    standard.ExistingHeapData.Size = size;
    create.pStandardAllocation = &standard;
    create.Flags.ExistingSysMem = 1;
    create.Flags.StandardAllocation = 1;
    info.pSystemMem = memory;
    status = pD3DKMTCreateAllocation2( &create );
    *allocation = info.hAllocation;
    return status;
}

NTSTATUS try_destroy( D3DKMT_HANDLE device, D3DKMT_HANDLE resource, const D3DKMT_HANDLE *list, UINT count )
{
    D3DKMT_DESTROYALLOCATION2 destroy;

    memset( &destroy, 0, sizeof(destroy) );
    destroy.hDevice = device;
    destroy.hResource = resource;
    destroy.phAllocationList = list;
    destroy.AllocationCount = count;
    return pD3DKMTDestroyAllocation2( &destroy );
}

void destroy_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation )
{
    check_status_( file, line, "DestroyAllocation2", try_destroy( device, 0, &allocation, 1 ), STATUS_SUCCESS );
}

void destroy_resource_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE resource )
{
    check_status_( file, line, "DestroyAllocation2", try_destroy( device, resource, NULL, 0 ), STATUS_SUCCESS );
}

NTSTATUS try_lock( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, void **data )
{
    D3DKMT_LOCK2 lock;
    NTSTATUS status;

    memset( &lock, 0, sizeof(lock) );
    lock.hDevice = device;
    lock.hAllocation = allocation;
    status = pD3DKMTLock2( &lock );
    *data = lock.pData;
    return status;
}

void *lock_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation )
{
    void *data;
    NTSTATUS status = try_lock( device, allocation, &data );

    check_status_( file, line, "Lock2", status, STATUS_SUCCESS );
    return status ? NULL : data;
}

NTSTATUS try_unlock( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation )
{
    D3DKMT_UNLOCK2 unlock;

    unlock.hDevice = device;
    unlock.hAllocation = allocation;
    return pD3DKMTUnlock2( &unlock );
}

void unlock_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation )
{
    check_status_( file, line, "Unlock2", try_unlock( device, allocation ), STATUS_SUCCESS );
}

NTSTATUS offer( D3DKMT_HANDLE device, const D3DKMT_HANDLE *list, UINT count, BOOL by_resource, UINT priority, UINT flags )
{
    D3DKMT_OFFERALLOCATIONS offer, before;
    NTSTATUS status;

    memset( &offer, 0, sizeof(offer) );
    offer.hDevice = device;
    if (by_resource) offer.pResources = (D3DKMT_HANDLE *)list;
    else offer.HandleList = list;
    offer.NumAllocations = count;
    offer.Priority = priority;
    offer.Flags.Value = flags;
    memcpy( &before, &offer, sizeof(offer) );
    status = pD3DKMTOfferAllocations( &offer );
    check_bytes( "OfferAllocations: parameter block", &offer, &before, sizeof(offer) );
    return status;
}

NTSTATUS reclaim( D3DKMT_HANDLE device, D3DKMT_HANDLE queue, const D3DKMT_HANDLE *list, UINT count, BOOL by_resource,
                  UINT *results )
{
    D3DKMT_RECLAIMALLOCATIONS2 params2, before2;
    D3DKMT_RECLAIMALLOCATIONS params, before;
    NTSTATUS status;
    UINT i;

    if (results) for (i = 0; i < count; i++) results[i] = SENTINEL32;
    if (queue)
    {
        memset( &params2, 0, sizeof(params2) );
        params2.hPagingQueue = queue;
        params2.NumAllocations = count;
        if (by_resource) params2.pResources = (D3DKMT_HANDLE *)list;
        else params2.HandleList = list;
        params2.pResults = (D3DDDI_RECLAIM_RESULT *)results;
        params2.PagingFenceValue = SENTINEL64;
        memcpy( &before2, &params2, sizeof(params2) );
        status = pD3DKMTReclaimAllocations2( &params2 );
        if (!status)
        {
            ok( params2.PagingFenceValue != SENTINEL64, "PagingFenceValue was not written\n" );
            before2.PagingFenceValue = params2.PagingFenceValue;
        }
        check_bytes( "ReclaimAllocations2: parameter block", &params2, &before2, sizeof(params2) );
    }
    else
    {
        memset( &params, 0, sizeof(params) );
        params.hDevice = device;
        params.NumAllocations = count;
        if (by_resource) params.pResources = (D3DKMT_HANDLE *)list;
        else params.HandleList = list;
        params.pDiscarded = (BOOL *)results;
        memcpy( &before, &params, sizeof(params) );
        status = pD3DKMTReclaimAllocations( &params );
        check_bytes( "ReclaimAllocations: parameter block", &params, &before, sizeof(params) );
    }
    for (i = 0; results && i < count; i++)
    {
        if (status) ok( results[i] == SENTINEL32, "failed with %#x, but result %u is %#x\n", (UINT)status, i, results[i] );
        else if (queue) ok( results[i] <= D3DDDI_RECLAIM_RESULT_NOT_COMMITTED, "result %u is %#x\n", i, results[i] );
        else ok( results[i] <= TRUE, "pDiscarded[%u] is %#x\n", i, results[i] );
    }
    return status;
}

NTSTATUS offer_one( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, UINT priority )
{
    return offer( device, &allocation, 1, FALSE, priority, 0 );
}

NTSTATUS reclaim_one( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, UINT *result )
{
    return reclaim( device, 0, &allocation, 1, FALSE, result );
}

/***********************************************************************
 * Content
 */

static UINT pattern_word( UINT64 index, UINT seed )
{
    return (UINT)(index * 2654435761u) ^ (seed * 0x9e3779b9u + 0x7f4a7c15u);
}

void fill_memory( void *memory, UINT64 size, UINT seed )
{
    UINT *words = memory;
    UINT64 i;

    for (i = 0; i < size / 4; i++) words[i] = pattern_word( i, seed );
}

BOOL has_pattern( const void *memory, UINT64 size, UINT seed )
{
    const UINT *words = memory;
    UINT64 i;

    for (i = 0; i < size / 4; i++) if (words[i] != pattern_word( i, seed )) return FALSE;
    return TRUE;
}

BOOL is_zero( const void *memory, UINT64 size )
{
    const char *bytes = memory;

    return !size || (!bytes[0] && !memcmp( bytes, bytes + 1, size - 1 ));
}

void write_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, UINT64 size, UINT seed )
{
    void *data = lock_allocation_( file, line, device, allocation );

    if (!data) return;
    fill_memory( data, size, seed );
    unlock_allocation_( file, line, device, allocation );
}

void check_content_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, UINT64 size,
                     enum content content, UINT seed )
{
    void *data = lock_allocation_( file, line, device, allocation );

    if (!data) return;
    if (content == CONTENT_ZERO) ok_( file, line )( is_zero( data, size ), "content is not zero\n" );
    else ok_( file, line )( has_pattern( data, size, seed ), "content is not what was written\n" );
    unlock_allocation_( file, line, device, allocation );
}

/***********************************************************************
 * The system
 */

struct test_thread
{
    void (*function)(void *);
    void *arg;
#ifdef _WIN32
    HANDLE handle;
#else
    pthread_t handle;
#endif
};

#ifdef _WIN32

static DWORD WINAPI run_thread( void *arg )
{
    struct test_thread *thread = arg;

    thread->function( thread->arg );
    return 0;
}

struct test_thread *start_thread( void (*function)(void *), void *arg )
{
    struct test_thread *thread = calloc( 1, sizeof(*thread) );

    thread->function = function;
    thread->arg = arg;
    thread->handle = CreateThread( NULL, 0, run_thread, thread, 0, NULL );
    ok( thread->handle != NULL, "CreateThread failed with %u\n", (UINT)GetLastError() );
    return thread;
}

void join_thread( struct test_thread *thread )
{
    WaitForSingleObject( thread->handle, INFINITE );
    CloseHandle( thread->handle );
    free( thread );
}

void sleep_ms( unsigned int ms )
{
    Sleep( ms );
}

UINT64 time_ms( void )
{
    return GetTickCount64();
}

void *alloc_pages( SIZE_T size )
{
    return VirtualAlloc( NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE );
}

void free_pages( void *memory, SIZE_T size )
{
    (void)size;
    VirtualFree( memory, 0, MEM_RELEASE );
}

HANDLE create_event( void )
{
    HANDLE event = CreateEventA( NULL, FALSE, FALSE, NULL );

    ok( event != NULL, "CreateEvent failed with %u\n", (UINT)GetLastError() );
    return event;
}

BOOL wait_for_event( HANDLE event, unsigned int ms )
{
    return WaitForSingleObject( event, ms ) == WAIT_OBJECT_0;
}

void close_event( HANDLE event )
{
    CloseHandle( event );
}

UINT64 get_thread_id( void )
{
    return GetCurrentThreadId();
}

#else

static void *run_thread( void *arg )
{
    struct test_thread *thread = arg;

    thread->function( thread->arg );
    return NULL;
}

struct test_thread *start_thread( void (*function)(void *), void *arg )
{
    struct test_thread *thread = calloc( 1, sizeof(*thread) );
    int error;

    thread->function = function;
    thread->arg = arg;
    error = pthread_create( &thread->handle, NULL, run_thread, thread );
    ok( !error, "pthread_create failed with %d\n", error );
    if (error) abort();
    return thread;
}

void join_thread( struct test_thread *thread )
{
    pthread_join( thread->handle, NULL );
    free( thread );
}

void sleep_ms( unsigned int ms )
{
    usleep( ms * 1000 );
}

UINT64 time_ms( void )
{
    struct timespec now;

    clock_gettime( CLOCK_MONOTONIC, &now );
    return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

void *alloc_pages( SIZE_T size )
{
    void *memory = mmap( NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );

    return memory == MAP_FAILED ? NULL : memory;
}

void free_pages( void *memory, SIZE_T size )
{
    munmap( memory, size );
}

HANDLE create_event( void )
{
    int event = eventfd( 0, EFD_CLOEXEC | EFD_NONBLOCK );

    ok( event > 0, "eventfd failed\n" );
    return (HANDLE)(intptr_t)event;
}

BOOL wait_for_event( HANDLE event, unsigned int ms )
{
    struct pollfd fd = { .fd = (intptr_t)event, .events = POLLIN };
    uint64_t count;

    return poll( &fd, 1, ms ) == 1 && read( fd.fd, &count, sizeof(count) ) == sizeof(count);
}

void close_event( HANDLE event )
{
    close( (intptr_t)event );
}

UINT64 get_thread_id( void )
{
    return gettid();
}

#endif

/* Whole words, and what excludes each other is as if it was not there. */
static BOOL has_word( const char *words, const char *name )
{
    size_t length = strlen( name );

    for (; words; words = strchr( words, ',' ) ? strchr( words, ',' ) + 1 : NULL)
        if (!strncmp( words, name, length ) && (!words[length] || words[length] == ',')) return TRUE;
    return FALSE;
}

BOOL verifier_has( const char *name )
{
    const char *words = getenv( "WINEKMT_VERIFIER" );

    if (strstr( name, "discard" ) && has_word( words, "always-discard" ) && has_word( words, "never-discard" )) return FALSE;
    return has_word( words, name );
}

UINT test_scale( UINT count )
{
    const char *value = getenv( "WINEKMT_TEST_SCALE" );
    UINT percent = value ? atoi( value ) : 100, scaled = (UINT64)count * percent / 100;

    return scaled ? scaled : 1;
}
