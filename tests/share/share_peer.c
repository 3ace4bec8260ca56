/*
 * One of several programs that share a GPU: does what lines on its standard input say, and answers each with one line
 *
 * The same source is a Linux program and a Windows program. share_test starts several and plays through what should happen between
 * them. Memory is filled with a pattern that verify looks for.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <ntstatus.h>
#define WIN32_NO_STATUS
#include <windows.h>
#else
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "windef.h"
#include "ntstatus.h"
#endif
#include "ddk/d3dkmthk.h"
#include "winekmt.h"

#define MAX_ALLOCATIONS  4096

static D3DKMT_HANDLE adapter, device, queue, fence, allocations[MAX_ALLOCATIONS];
static unsigned int  count, held;   /* held: of them the first so many, by MakeResident */
static size_t        size;          /* bytes of each */
static unsigned long seed;          /* of the pattern: the process id */
static LUID          luid;

#ifdef _WIN32
static double now_ms( void )
{
    LARGE_INTEGER counter, frequency;

    QueryPerformanceCounter( &counter );
    QueryPerformanceFrequency( &frequency );
    return counter.QuadPart * 1e3 / frequency.QuadPart;
}

static unsigned long own_pid( void ) { return GetCurrentProcessId(); }
static HANDLE open_process( unsigned long pid ) { return OpenProcess( PROCESS_QUERY_INFORMATION | PROCESS_SET_INFORMATION, FALSE, pid ); }
static void close_process( HANDLE process ) { CloseHandle( process ); }
#else
static double now_ms( void )
{
    struct timespec time;

    clock_gettime( CLOCK_MONOTONIC, &time );
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static unsigned long own_pid( void ) { return getpid(); }

static HANDLE open_process( unsigned long pid )
{
    long fd = syscall( SYS_pidfd_open, (pid_t)pid, 0 );

    return fd < 0 ? NULL : (HANDLE)fd;
}

static void close_process( HANDLE process ) { close( (long)process ); }
#endif

static void answer( const char *format, ... ) __attribute__((format (printf, 1, 2)));
static void answer( const char *format, ... )
{
    va_list args;

    va_start( args, format );
    vprintf( format, args );
    va_end( args );
    putchar( '\n' );
    fflush( stdout );
}

static NTSTATUS open_gpu( void )
{
    D3DKMT_ADAPTERINFO adapters[34];
    D3DKMT_ENUMADAPTERS2 enumeration = { .NumAdapters = 34, .pAdapters = adapters };
    D3DKMT_CREATEPAGINGQUEUE create_queue = { 0 };
    D3DKMT_CREATEDEVICE create = { 0 };
    NTSTATUS status;

    if ((status = D3DKMTEnumAdapters2( &enumeration ))) return status;
    if (!enumeration.NumAdapters) return STATUS_NOT_FOUND;
    create.hAdapter = adapter = adapters[0].hAdapter;
    luid = adapters[0].AdapterLuid;
    if (getenv( "SHARE_MONITOR" )) return STATUS_SUCCESS;      /* one that only looks */
    if ((status = D3DKMTCreateDevice( &create ))) return status;
    create_queue.hDevice = device = create.hDevice;
    status = D3DKMTCreatePagingQueue( &create_queue );
    queue = create_queue.hPagingQueue;
    fence = create_queue.hSyncObject;
    return status;
}

static unsigned char pattern( unsigned int i, size_t offset )
{
    return (i * 37 + offset / 64 * 11 + seed) | 1;
}

/* Fills or compares; returns how many bytes differ, or the status when it cannot be locked. */
static NTSTATUS touch( unsigned int i, int fill, size_t *bad )
{
    D3DKMT_LOCK2 lock = { .hDevice = device, .hAllocation = allocations[i] };
    D3DKMT_UNLOCK2 unlock = { .hDevice = device, .hAllocation = allocations[i] };
    NTSTATUS status;
    size_t offset;

    if ((status = D3DKMTLock2( &lock ))) return status;
    for (offset = 0; offset < size; offset++)
    {
        unsigned char *byte = (unsigned char *)lock.pData + offset;

        if (fill) *byte = pattern( i, offset );
        else if (*byte != pattern( i, offset )) ++*bad;
    }
    return D3DKMTUnlock2( &unlock );
}

/* create COUNT KIB: "created N STATUS MS": how many, why it ended, and what the slowest took */
static void do_create( unsigned int wanted, unsigned int kib )
{
    struct winekmt_allocation_data data = { .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = kib * 1024ull,
                                            .cpu_access = WINEKMT_CPU_ACCESS_CACHED };
    D3DDDI_ALLOCATIONINFO2 info = { .pPrivateDriverData = &data, .PrivateDriverDataSize = sizeof(data) };
    D3DKMT_CREATEALLOCATION create = { .hDevice = device, .NumAllocations = 1, .pAllocationInfo2 = &info };
    unsigned int created = 0;
    NTSTATUS status = 0;
    double slowest = 0;
    size_t bad;

    size = kib * 1024ull;
    while (created < wanted && count < MAX_ALLOCATIONS)
    {
        double start = now_ms(), taken;

        status = D3DKMTCreateAllocation2( &create );
        if ((taken = now_ms() - start) > slowest) slowest = taken;
        if (status) break;
        allocations[count] = info.hAllocation;
        if ((status = touch( count++, 1, &bad ))) break;
        created++;
    }
    answer( "created %u %x %.2f", created, (unsigned int)status, slowest );
}

static void do_hold( int hold )
{
    D3DDDI_MAKERESIDENT resident = { .hPagingQueue = queue, .NumAllocations = count, .AllocationList = allocations };
    D3DKMT_EVICT evict = { .hDevice = device, .NumAllocations = count, .AllocationList = allocations, .Flags.EvictOnlyIfNecessary = 1 };

    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = { .hDevice = device, .ObjectCount = 1, .ObjectHandleArray = &fence,
                                                        .FenceValueArray = &resident.PagingFenceValue };
    NTSTATUS status;

    if (!hold)
    {
        evict.NumAllocations = held;
        held = 0;
        answer( "released %x", (unsigned int)D3DKMTEvict( &evict ) );
        return;
    }
    if ((status = D3DKMTMakeResident( &resident )) == STATUS_PENDING) status = D3DKMTWaitForSynchronizationObjectFromCpu( &wait );
    if (!status) held = count;
    answer( "held %x %llu", (unsigned int)status, (unsigned long long)resident.NumBytesToTrim );
}

static void do_offer( int decommit )
{
    D3DKMT_OFFERALLOCATIONS offer = { .hDevice = device, .HandleList = allocations, .NumAllocations = count,
                                      .Priority = D3DKMT_OFFER_PRIORITY_NORMAL, .Flags.AllowDecommit = decommit };

    answer( "offered %x", (unsigned int)D3DKMTOfferAllocations( &offer ) );
}

static void do_reclaim( void )
{
    static BOOL discarded[MAX_ALLOCATIONS];
    D3DKMT_RECLAIMALLOCATIONS reclaim = { .hDevice = device, .HandleList = allocations, .NumAllocations = count, .pDiscarded = discarded };
    NTSTATUS status = D3DKMTReclaimAllocations( &reclaim );
    unsigned int i, lost = 0;
    size_t bad;

    for (i = 0; !status && i < count; i++)
    {
        if (!discarded[i]) continue;
        lost++;
        status = touch( i, 1, &bad );
    }
    answer( "reclaimed %x %u", (unsigned int)status, lost );
}

static void do_verify( void )
{
    NTSTATUS status = 0;
    size_t bad = 0;
    unsigned int i;

    for (i = 0; i < count && !status; i++) status = touch( i, 0, &bad );
    answer( "verified %x %llu", (unsigned int)status, (unsigned long long)bad );
}

static void do_destroy( void )
{
    NTSTATUS status = 0;

    held = 0;
    while (count && !status)
    {
        D3DKMT_DESTROYALLOCATION2 destroy = { .hDevice = device, .AllocationCount = 1, .phAllocationList = &allocations[--count] };

        destroy.Flags.SynchronousDestroy = 1;
        status = D3DKMTDestroyAllocation2( &destroy );
    }
    answer( "destroyed %x", (unsigned int)status );
}

/* pid 0: this process */
static void do_info( unsigned long pid )
{
    D3DKMT_QUERYVIDEOMEMORYINFO info = { .hAdapter = adapter, .hProcess = pid ? open_process( pid ) : NULL };
    /* NULL would be this process */
    NTSTATUS status = pid && !info.hProcess ? STATUS_INVALID_HANDLE : D3DKMTQueryVideoMemoryInfo( &info );

    answer( "info %x %llu %llu %llu %llu", (unsigned int)status, (unsigned long long)info.Budget, (unsigned long long)info.CurrentUsage,
            (unsigned long long)info.CurrentReservation, (unsigned long long)info.AvailableForReservation );
    if (info.hProcess) close_process( info.hProcess );
}

static void do_reserve( unsigned long pid, unsigned long long bytes )
{
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION change = { .hAdapter = adapter, .Reservation = bytes,
                                                   .hProcess = pid ? open_process( pid ) : NULL };

    answer( "reserved %x", (unsigned int)D3DKMTChangeVideoMemoryReservation( &change ) );
    if (change.hProcess) close_process( change.hProcess );
}

static void do_offer_info( unsigned long pid )
{
    D3DKMT_QUERYPROCESSOFFERINFO info = { .cbSize = sizeof(info), .hProcess = open_process( pid ) };
    NTSTATUS status = D3DKMTQueryProcessOfferInfo( &info );

    answer( "offer-info %x %llu", (unsigned int)status, (unsigned long long)info.DecommittableBytes );
    if (info.hProcess) close_process( info.hProcess );
}

static void do_trim( unsigned long pid, unsigned long long bytes )
{
    D3DKMT_TRIMPROCESSCOMMITMENT trim = { .cbSize = sizeof(trim), .hProcess = open_process( pid ), .DecommitRequested = bytes };
    NTSTATUS status = D3DKMTTrimProcessCommitment( &trim );

    answer( "trimmed %x %llu", (unsigned int)status, (unsigned long long)trim.NumBytesDecommitted );
    if (trim.hProcess) close_process( trim.hProcess );
}

/* pid 0: this process. NULL, after an answer: it cannot be opened. */
static HANDLE get_process( unsigned long pid, const char *what )
{
    HANDLE process = pid ? open_process( pid ) : (HANDLE)(intptr_t)-1;

    if (!process) answer( "%s %x", what, (unsigned int)STATUS_INVALID_HANDLE );
    return process;
}

static void put_process( unsigned long pid, HANDLE process )
{
    if (pid) close_process( process );
}

/* "processes STATUS FOUND": whether a process stands in the list of those that use the GPU */
static void do_processes( unsigned long pid )
{
    ULONG ids[256], before[256];
    D3DKMT_ENUMPROCESSES params = { .AdapterLuid = luid, .pBuffer = ids, .BufferCount = 256 }, same;
    unsigned int i, found = 0;
    NTSTATUS status;
#ifdef _WIN32   /* newer than mingw's list of gdi32 */
    NTSTATUS (WINAPI *enum_processes)( D3DKMT_ENUMPROCESSES * ) = (void *)GetProcAddress( GetModuleHandleA( "gdi32" ), "D3DKMTEnumProcesses" );
#else
    NTSTATUS (*enum_processes)( D3DKMT_ENUMPROCESSES * ) = D3DKMTEnumProcesses;
#endif

    status = enum_processes ? enum_processes( &params ) : STATUS_NOT_SUPPORTED;
    for (i = 0; !status && i < params.BufferCount; i++) if (ids[i] == (pid ? pid : own_pid())) found++;
    if (!status && params.BufferCount > 1)
    {
        /* no room: nothing is written */
        memset( ids, 0xcc, sizeof(ids) );
        memcpy( before, ids, sizeof(ids) );
        params.BufferCount--;
        same = params;
        if (enum_processes( &params ) != STATUS_BUFFER_TOO_SMALL) status = 1;
        else if (memcmp( ids, before, sizeof(ids) ) || memcmp( &params, &same, sizeof(params) )) status = 2;
    }
    answer( "processes %x %u", (unsigned int)status, found );
}

/* "statistics STATUS COMMITTED RESIDENT ALLOCATIONS RESIDENT-ALLOCATIONS BUDGET": the first segment of a process */
static void do_statistics( unsigned long pid )
{
    D3DKMT_QUERYSTATISTICS params = { .Type = D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT, .AdapterLuid = luid }, group = params;
    D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_INFORMATION *segment = &params.QueryResult.ProcessSegmentInformation;
    NTSTATUS status;

    if (!(params.hProcess = get_process( pid, "statistics" ))) return;
    group.Type = D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP;
    group.hProcess = params.hProcess;
    if (!(status = D3DKMTQueryStatistics( &params ))) status = D3DKMTQueryStatistics( &group );
    if (!status && group.QueryResult.ProcessSegmentGroupInformation.Usage != segment->VideoMemory.AllocsResidentInP[0].Bytes) status = 1;
    if (!status && group.QueryResult.ProcessSegmentGroupInformation.Budget != segment->MaximumWorkingSet) status = 2;
    answer( "statistics %x %llu %llu %u %u %llu", (unsigned int)status, (unsigned long long)segment->BytesCommitted,
            (unsigned long long)segment->VideoMemory.AllocsResidentInP[0].Bytes, (unsigned int)segment->VideoMemory.AllocsCommitted,
            (unsigned int)segment->VideoMemory.AllocsResidentInP[0].Count,
            (unsigned long long)group.QueryResult.ProcessSegmentGroupInformation.Budget );
    put_process( pid, params.hProcess );
}

/* "segment STATUS COMMITTED RESIDENT ALLOCATIONS RESIDENT-ALLOCATIONS EVICTED": the first segment, all processes together */
static void do_segment( void )
{
    D3DKMT_QUERYSTATISTICS params = { .Type = D3DKMT_QUERYSTATISTICS_SEGMENT, .AdapterLuid = luid };
    D3DKMT_QUERYSTATISTICS_SEGMENT_INFORMATION *segment = &params.QueryResult.SegmentInformation;
    NTSTATUS status = D3DKMTQueryStatistics( &params );

    answer( "segment %x %llu %llu %u %u %llu", (unsigned int)status, (unsigned long long)segment->BytesCommitted,
            (unsigned long long)segment->BytesResident, (unsigned int)segment->Memory.AllocsCommitted,
            (unsigned int)segment->Memory.AllocsResident, (unsigned long long)segment->Memory.TotalBytesEvicted );
}

static void do_evict( void )
{
    struct winekmt_escape escape = { .magic = WINEKMT_ESCAPE_MAGIC, .version = WINEKMT_VERSION, .command = WINEKMT_ESCAPE_EVICT };
    D3DKMT_ESCAPE params = { .hAdapter = adapter, .Type = D3DKMT_ESCAPE_DRIVERPRIVATE, .pPrivateDriverData = &escape,
                             .PrivateDriverDataSize = sizeof(escape) };
    NTSTATUS status = D3DKMTEscape( &params );

    answer( "evicted %x %llu", (unsigned int)status, (unsigned long long)escape.bytes );
}

static void do_class( unsigned long pid )
{
    D3DKMT_SCHEDULINGPRIORITYCLASS class = -1;
    HANDLE process = get_process( pid, "class" );
    NTSTATUS status;

    if (!process) return;
    status = D3DKMTGetProcessSchedulingPriorityClass( process, &class );
    answer( "class %x %d", (unsigned int)status, class );
    put_process( pid, process );
}

static void do_set_class( unsigned long pid, unsigned int class )
{
    HANDLE process = get_process( pid, "class-set" );

    if (!process) return;
    answer( "class-set %x", (unsigned int)D3DKMTSetProcessSchedulingPriorityClass( process, class ) );
    put_process( pid, process );
}

static void do_removal( unsigned long pid )
{
    D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT params = { .hProcess = get_process( pid, "removal" ) };
    NTSTATUS status;

    if (!params.hProcess) return;
    status = D3DKMTGetProcessDeviceRemovalSupport( &params );
    answer( "removal %x %u", (unsigned int)status, params.Support );
    put_process( pid, params.hProcess );
}

int main( void )
{
    NTSTATUS status = open_gpu();
    unsigned long long bytes;
    unsigned int number, kib;
    unsigned long pid;
    char line[256];

    seed = own_pid();
    answer( "ready %x %lu", (unsigned int)status, seed );
    while (!status && fgets( line, sizeof(line), stdin ))
    {
        if (sscanf( line, "create %u %u", &number, &kib ) == 2) do_create( number, kib );
        else if (!strncmp( line, "hold", 4 )) do_hold( 1 );
        else if (!strncmp( line, "release", 7 )) do_hold( 0 );
        else if (sscanf( line, "offer-info %lu", &pid ) == 1) do_offer_info( pid );
        else if (!strncmp( line, "offer-decommit", 14 )) do_offer( 1 );
        else if (!strncmp( line, "offer", 5 )) do_offer( 0 );
        else if (!strncmp( line, "reclaim", 7 )) do_reclaim();
        else if (!strncmp( line, "verify", 6 )) do_verify();
        else if (!strncmp( line, "destroy", 7 )) do_destroy();
        else if (sscanf( line, "info %lu", &pid ) == 1) do_info( pid );
        else if (sscanf( line, "reserve %lu %llu", &pid, &bytes ) == 2) do_reserve( pid, bytes );
        else if (sscanf( line, "trim %lu %llu", &pid, &bytes ) == 2) do_trim( pid, bytes );
        else if (sscanf( line, "statistics %lu", &pid ) == 1) do_statistics( pid );
        else if (sscanf( line, "processes %lu", &pid ) == 1) do_processes( pid );
        else if (!strncmp( line, "segment", 7 )) do_segment();
        else if (!strncmp( line, "evict", 5 )) do_evict();
        else if (sscanf( line, "class-set %lu %u", &pid, &number ) == 2) do_set_class( pid, number );
        else if (sscanf( line, "class %lu", &pid ) == 1) do_class( pid );
        else if (sscanf( line, "removal %lu", &pid ) == 1) do_removal( pid );
        else if (!strncmp( line, "quit", 4 )) break;
        else answer( "what?" );
    }
    return 0;
}
