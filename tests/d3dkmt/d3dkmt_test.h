/*
 * What the files of the conformance suite share
 *
 * The suite knows the public interface only: ddk/d3dkmthk.h and winekmt.h. The same sources make a Windows program, which
 * finds the functions in gdi32 at run time, and a Linux program, which is linked with them. A check that a call fails always
 * checks too that the call left its parameter block as it was, and a check that a call succeeds, that it wrote
 * nothing but what it should: the kmt_fails and kmt_writes macros below.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __D3DKMT_TEST_H
#define __D3DKMT_TEST_H

#ifdef _WIN32
#define WIN32_NO_STATUS
#include <windows.h>
#undef WIN32_NO_STATUS
#include <winternl.h>
#include <ntstatus.h>
/* mingw has the number of Microsoft's open specification, Windows and Wine another. */
#undef STATUS_GRAPHICS_DRIVER_MISMATCH
#define STATUS_GRAPHICS_DRIVER_MISMATCH ((NTSTATUS)0xc01e0009)
#else
#include "windef.h"
#include "ntstatus.h"
#endif
#include <stdint.h>
#include "ddk/d3dkmthk.h"
#include "winekmt.h"
#include "wine/test.h"

/* The functions that the suite calls. */
#define KMT_TEST_FUNCTIONS \
    F( ChangeVideoMemoryReservation ) \
    F( CheckMonitorPowerState ) \
    F( CheckOcclusion ) \
    F( CloseAdapter ) \
    F( CreateAllocation ) \
    F( CreateAllocation2 ) \
    F( CreateDevice ) \
    F( CreatePagingQueue ) \
    F( DestroyAllocation ) \
    F( DestroyAllocation2 ) \
    F( DestroyDevice ) \
    F( DestroyPagingQueue ) \
    F( EnumAdapters ) \
    F( EnumAdapters2 ) \
    F( EnumAdapters3 ) \
    F( EnumProcesses ) \
    F( Escape ) \
    F( Evict ) \
    F( GetAllocationPriority ) \
    F( GetDWMVerticalBlankEvent ) \
    F( GetDeviceState ) \
    F( GetProcessDeviceRemovalSupport ) \
    F( GetProcessSchedulingPriorityClass ) \
    F( GetScanLine ) \
    F( InvalidateCache ) \
    F( Lock ) \
    F( Lock2 ) \
    F( MakeResident ) \
    F( MarkDeviceAsError ) \
    F( OfferAllocations ) \
    F( OpenAdapterFromDeviceName ) \
    F( OpenAdapterFromGdiDisplayName ) \
    F( OpenAdapterFromHdc ) \
    F( OpenAdapterFromLuid ) \
    F( QueryAdapterInfo ) \
    F( QueryAllocationResidency ) \
    F( QueryClockCalibration ) \
    F( QueryProcessOfferInfo ) \
    F( QueryStatistics ) \
    F( QueryVideoMemoryInfo ) \
    F( ReclaimAllocations ) \
    F( ReclaimAllocations2 ) \
    F( RegisterTrimNotification ) \
    F( SetAllocationPriority ) \
    F( SetProcessSchedulingPriorityClass ) \
    F( SetStablePowerState ) \
    F( TrimProcessCommitment ) \
    F( Unlock ) \
    F( Unlock2 ) \
    F( UnregisterTrimNotification ) \
    F( UpdateAllocationProperty ) \
    F( WaitForIdle ) \
    F( WaitForSynchronizationObjectFromCpu ) \
    F( WaitForVerticalBlankEvent ) \
    F( WaitForVerticalBlankEvent2 )

#define F( name ) extern __typeof__(D3DKMT##name) *pD3DKMT##name;
KMT_TEST_FUNCTIONS
#undef F

#ifndef min
#define min( a, b )  ((a) < (b) ? (a) : (b))
#define max( a, b )  ((a) > (b) ? (a) : (b))
#endif

#define TEST_PAGE   0x1000u
#define KIB( n )    ((UINT64)(n) << 10)
#define MIB( n )    ((UINT64)(n) << 20)

/* A pattern byte for everything that a call is not expected to write. */
#define SENTINEL    0xcc
#define SENTINEL32  0xccccccccu
#define SENTINEL64  0xccccccccccccccccull

#define FILL( object )  memset( &(object), SENTINEL, sizeof(object) )

/***********************************************************************
 * Checks. They take the place of the caller, so that a message names the line that matters.
 */

/* Compares byte for byte; the message names the first offset that differs. */
extern int check_bytes_( const char *file, int line, const char *what, const void *got, const void *expected, size_t size );
#define check_bytes( what, got, expected, size ) check_bytes_( __FILE__, __LINE__, what, got, expected, size )

extern void check_status_( const char *file, int line, const char *what, NTSTATUS got, NTSTATUS expected );
#define check_status( got, expected ) check_status_( __FILE__, __LINE__, #got, got, expected )

/* The call must give that status and leave the block as it was. */
#define kmt_fails( name, params, expected ) \
    do { \
        char before_[sizeof(*(params))]; \
        NTSTATUS status_; \
        memcpy( before_, params, sizeof(before_) ); \
        status_ = pD3DKMT##name( params ); \
        check_status_( __FILE__, __LINE__, #name, status_, (NTSTATUS)(expected) ); \
        check_bytes_( __FILE__, __LINE__, #name " (failed): parameter block", params, before_, sizeof(before_) ); \
    } while (0)

/* The call must succeed and leave the block as it was: it has no outputs in it. */
#define kmt_succeeds( name, params ) kmt_fails( name, params, STATUS_SUCCESS )

/* The call must succeed and write nothing but what the statement takes over from the result: in it, "params_" is what the
 * call left and "expected_" the block as it was before. */
#define kmt_writes( name, params, ... ) \
    do { \
        __typeof__(params) params_ = (params); \
        char before_[sizeof(*(params))]; \
        __typeof__(params) expected_ = (__typeof__(params))before_; \
        NTSTATUS status_; \
        memcpy( before_, params, sizeof(before_) ); \
        status_ = pD3DKMT##name( params_ ); \
        check_status_( __FILE__, __LINE__, #name, status_, STATUS_SUCCESS ); \
        __VA_ARGS__; \
        check_bytes_( __FILE__, __LINE__, #name ": parameter block", params_, expected_, sizeof(before_) ); \
    } while (0)

static inline BOOL is_local_handle( D3DKMT_HANDLE handle )
{
    return (handle >> 30) && !(handle & 0x3f);
}

static inline BOOL is_global_handle( D3DKMT_HANDLE handle )
{
    return (handle >> 30) && (handle & 0x3f) == 2;
}

/***********************************************************************
 * Short forms of what nearly every test does. They check that it works.
 */

/* The adapter of the suite: the first of EnumAdapters2. FALSE, after a skip message: there is none, or it is not winekmt's.
 * close_adapter gives it back. */
extern BOOL open_adapter_( const char *file, int line, D3DKMT_HANDLE *adapter );
#define open_adapter( adapter ) open_adapter_( __FILE__, __LINE__, adapter )
extern void close_adapter( D3DKMT_HANDLE adapter );

/* Fills infos with what EnumAdapters2 gives, all opened; returns how many. close_adapters gives them back. */
#define MAX_ADAPTERS 64
extern UINT enum_adapters( D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS] );
extern void close_adapters( const D3DKMT_ADAPTERINFO *infos, UINT count );
/* What EnumAdapters2 says of the suite's adapter; nothing stays open. All zero: there is none. */
extern D3DKMT_ADAPTERINFO get_adapter_info( void );
/* QueryAdapterInfo, which must not change its parameter block. */
extern NTSTATUS query_info( D3DKMT_HANDLE adapter, UINT type, void *data, UINT size );

/* The same with a device on it. */
extern BOOL open_device_( const char *file, int line, D3DKMT_HANDLE *adapter, D3DKMT_HANDLE *device );
#define open_device( adapter, device ) open_device_( __FILE__, __LINE__, adapter, device )
extern D3DKMT_HANDLE create_device_( const char *file, int line, D3DKMT_HANDLE adapter );
#define create_device( adapter ) create_device_( __FILE__, __LINE__, adapter )
extern void destroy_device_( const char *file, int line, D3DKMT_HANDLE device );
#define destroy_device( device ) destroy_device_( __FILE__, __LINE__, device )
extern D3DKMT_HANDLE create_queue_( const char *file, int line, D3DKMT_HANDLE device );
#define create_queue( device ) create_queue_( __FILE__, __LINE__, device )
extern void destroy_queue_( const char *file, int line, D3DKMT_HANDLE queue );
#define destroy_queue( queue ) destroy_queue_( __FILE__, __LINE__, queue )

extern BOOL get_adapter_data( D3DKMT_HANDLE adapter, struct winekmt_adapter_data *data );
extern void get_memory_info_( const char *file, int line, D3DKMT_HANDLE adapter, UINT group, D3DKMT_QUERYVIDEOMEMORYINFO *info );
#define get_memory_info( adapter, group, info ) get_memory_info_( __FILE__, __LINE__, adapter, group, info )
/* CurrentUsage of both segment groups together. */
extern UINT64 get_usage( D3DKMT_HANDLE adapter );
/* The segment group (0 or 1) that CPU-visible allocations without a wish of their own go to. */
extern UINT get_default_group( D3DKMT_HANDLE adapter );

/* Private driver data for an allocation that both CPU and GPU reach. */
extern void init_data( struct winekmt_allocation_data *data, UINT64 size );
/* A parameter block for one allocation, with "info" and "data" as its arrays. Everything else is 0. */
extern void init_create( D3DKMT_CREATEALLOCATION *create, D3DKMT_HANDLE device, D3DDDI_ALLOCATIONINFO2 *info,
                         struct winekmt_allocation_data *data );

/* Where init_data puts things, WINEKMT_SEGMENT_ bits; 0 unless a test sets it. */
extern UINT test_segments;

/* size bytes, CPU access cached; resource 0 or one that exists. 0 after a failed check. */
extern D3DKMT_HANDLE create_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE resource, UINT64 size );
#define create_allocation( device, size ) create_allocation_( __FILE__, __LINE__, device, 0, size )
#define add_allocation( device, resource, size ) create_allocation_( __FILE__, __LINE__, device, resource, size )
/* The same without a check. */
extern NTSTATUS try_create( D3DKMT_HANDLE device, UINT64 size, D3DKMT_HANDLE *allocation );
/* A resource with one allocation of size bytes, as the flags say (CREATE_ bits below). */
#define CREATE_SHARED       0x2
#define CREATE_NT_SECURITY  0x40
extern D3DKMT_HANDLE create_resource_( const char *file, int line, D3DKMT_HANDLE device, UINT flags, UINT64 size,
                                       D3DKMT_HANDLE *allocation, D3DKMT_HANDLE *global );
#define create_resource( device, flags, size, allocation, global ) \
    create_resource_( __FILE__, __LINE__, device, flags, size, allocation, global )
/* A standard allocation on the program's pages. */
extern NTSTATUS try_create_standard( D3DKMT_HANDLE device, const void *memory, UINT64 size, D3DKMT_HANDLE *allocation );

extern NTSTATUS try_destroy( D3DKMT_HANDLE device, D3DKMT_HANDLE resource, const D3DKMT_HANDLE *list, UINT count );
extern void destroy_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation );
#define destroy_allocation( device, allocation ) destroy_allocation_( __FILE__, __LINE__, device, allocation )
extern void destroy_resource_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE resource );
#define destroy_resource( device, resource ) destroy_resource_( __FILE__, __LINE__, device, resource )

extern NTSTATUS try_lock( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, void **data );
extern void *lock_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation );
#define lock_allocation( device, allocation ) lock_allocation_( __FILE__, __LINE__, device, allocation )
extern NTSTATUS try_unlock( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation );
extern void unlock_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation );
#define unlock_allocation( device, allocation ) unlock_allocation_( __FILE__, __LINE__, device, allocation )

/* By allocation, or with by_resource by resource. Outputs are checked for being written only on success. */
extern NTSTATUS offer( D3DKMT_HANDLE device, const D3DKMT_HANDLE *list, UINT count, BOOL by_resource, UINT priority, UINT flags );
/* queue 0: the first form with device; else ReclaimAllocations2 with the queue. results: count values, or NULL. */
extern NTSTATUS reclaim( D3DKMT_HANDLE device, D3DKMT_HANDLE queue, const D3DKMT_HANDLE *list, UINT count, BOOL by_resource,
                         UINT *results );
extern NTSTATUS offer_one( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, UINT priority );
extern NTSTATUS reclaim_one( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, UINT *result );

/***********************************************************************
 * Residency. The first two check what the documentation says of the outputs for each status.
 */

/* A paging queue with its fence, in the block that made it. */
extern void create_fence_queue_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_CREATEPAGINGQUEUE *queue );
#define create_fence_queue( device, queue ) create_fence_queue_( __FILE__, __LINE__, device, queue )
/* value, trim: PagingFenceValue and NumBytesToTrim, or NULL. */
extern NTSTATUS make_resident( D3DKMT_HANDLE queue, const D3DKMT_HANDLE *list, UINT count, UINT flags, UINT64 *value, UINT64 *trim );
extern NTSTATUS evict( D3DKMT_HANDLE device, const D3DKMT_HANDLE *list, UINT count, UINT flags, UINT64 *trim );
#define CANT_TRIM_FURTHER       0x1
#define MUST_SUCCEED            0x2
#define EVICT_ONLY_IF_NECESSARY 0x1
#define NOT_WRITTEN_TO          0x2
/* Makes one resident that is in GPU memory already, so that no pressure takes it. */
extern void hold_( const char *file, int line, D3DKMT_HANDLE queue, D3DKMT_HANDLE allocation );
#define hold( queue, allocation ) hold_( __FILE__, __LINE__, queue, allocation )
/* Takes that back; nothing happens to it at once. */
extern void release_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation );
#define release( device, allocation ) release_( __FILE__, __LINE__, device, allocation )
/* Waits until the queue's fence has the value. */
extern void wait_for_fence_( const char *file, int line, const D3DKMT_CREATEPAGINGQUEUE *queue, UINT64 value );
#define wait_for_fence( queue, value ) wait_for_fence_( __FILE__, __LINE__, queue, value )
/* Makes the list resident and waits until it is. */
extern void bring_back_( const char *file, int line, const D3DKMT_CREATEPAGINGQUEUE *queue, const D3DKMT_HANDLE *list, UINT count );
#define bring_back( queue, list, count ) bring_back_( __FILE__, __LINE__, queue, list, count )
/* Makes one resident and evicts it, and waits until its content is in system memory. */
extern void send_away_( const char *file, int line, const D3DKMT_CREATEPAGINGQUEUE *queue, D3DKMT_HANDLE allocation );
#define send_away( queue, allocation ) send_away_( __FILE__, __LINE__, queue, allocation )
/* QueryAllocationResidency says that it is in GPU memory, or in shared memory. */
extern BOOL is_resident( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation );
/* Looks until it is or is not, for 10 s at most. */
extern BOOL becomes_resident( D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, BOOL expected );
/* The same for an adapter of which no memory is used any more. */
extern BOOL becomes_unused( D3DKMT_HANDLE adapter );

/* The budget of the local segment group for tests under pressure, and a power of two that fits in it 16 to 32 times, of which each
 * allocation has a memory object of its own. FALSE, after a skip message: there is no small budget. */
extern BOOL get_small_budget_( const char *file, int line, D3DKMT_HANDLE adapter, UINT64 *budget, UINT64 *large );
#define get_small_budget( adapter, budget, large ) get_small_budget_( __FILE__, __LINE__, adapter, budget, large )

/***********************************************************************
 * Content: words that depend on seed and place, so that one allocation's never look like another's.
 */
extern void fill_memory( void *memory, UINT64 size, UINT seed );
extern BOOL has_pattern( const void *memory, UINT64 size, UINT seed );
extern BOOL is_zero( const void *memory, UINT64 size );
/* The same through lock and unlock. */
extern void write_allocation_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, UINT64 size, UINT seed );
#define write_allocation( device, allocation, size, seed ) write_allocation_( __FILE__, __LINE__, device, allocation, size, seed )
enum content { CONTENT_PATTERN, CONTENT_ZERO };
extern void check_content_( const char *file, int line, D3DKMT_HANDLE device, D3DKMT_HANDLE allocation, UINT64 size,
                            enum content content, UINT seed );
#define check_pattern( device, allocation, size, seed ) \
    check_content_( __FILE__, __LINE__, device, allocation, size, CONTENT_PATTERN, seed )
#define check_zero( device, allocation, size ) check_content_( __FILE__, __LINE__, device, allocation, size, CONTENT_ZERO, 0 )

/***********************************************************************
 * Every export, whatever it takes (util_exports.c)
 */
struct export
{
    const char *name;       /* with the prefix */
    enum { EXPORT_CORE, EXPORT_STOCK, EXPORT_REFUSED } kind;
};
extern const struct export exports[];
extern const UINT export_count;

/* Every function has the right number of arguments for this call on x86-64, whatever it takes. */
typedef NTSTATUS (WINAPI *any_function)( void *, void *, void *, void *, void * );
/* NULL: there is no such export. */
extern any_function find_export( UINT i );
/* That of the stock gdi32 under its new name; NULL: it has none, or this is not Wine with the drop-in. */
extern any_function find_stock_export( UINT i );

/***********************************************************************
 * The system
 */
struct test_thread;
extern struct test_thread *start_thread( void (*function)(void *), void *arg );
extern void join_thread( struct test_thread *thread );
extern void sleep_ms( unsigned int ms );
extern UINT64 time_ms( void );
extern void *alloc_pages( SIZE_T size );    /* zeroed, page aligned; size a multiple of pages */
extern void free_pages( void *memory, SIZE_T size );
/* What an asynchronous wait sets: an event under Windows, an eventfd under Linux. It resets itself. */
extern HANDLE create_event( void );
extern BOOL wait_for_event( HANDLE event, unsigned int ms );
extern void close_event( HANDLE event );
/* Processes (util_process.c). NULL: the system cannot do that here; a skip message was printed. Linux' handles are pidfds and have no rights. */
extern ULONG get_own_id( void );    /* of this process */
extern HANDLE open_own_process( UINT access );
extern HANDLE start_other_process( void );      /* which does nothing */
extern void end_other_process( HANDLE process );    /* and waits until it has ended; the handle stays */
extern HANDLE restrict_process( HANDLE process, UINT access );  /* another handle of it, with no more rights */
extern void close_process( HANDLE process );
/* Never the same for two threads that live. */
extern UINT64 get_thread_id( void );
/* WINEKMT_VERIFIER names that switch. */
extern BOOL verifier_has( const char *name );
/* Threads of a long test do less under valgrind and the sanitizers: WINEKMT_TEST_SCALE percent, 100 by default. */
extern UINT test_scale( UINT count );

#endif /* __D3DKMT_TEST_H */
