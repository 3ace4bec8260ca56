/*
 * Parameter blocks of the public functions, built from an input
 *
 * Functions are taken from functions.list. One of kind core that has no BUILD here makes fuzz_calls fail at its start: nothing is
 * added to the public surface that is not fuzzed. Fields that the function reads are described; the rest of a block is filled
 * with a byte. Where a field is a handle, the input chooses among live ones of the right type, stale ones, live ones of another type, 0 and any number. Where it is a
 * count, it may be any number; the buffer behind its pointer has as many elements, or a single one where the count is above what
 * the function accepts, which it must then refuse before it looks. Pointers that point nowhere stand only where no function
 * looks: native code would end with them as with any library (tests/d3dkmt/badinput.c tries them under Wine).
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "winekmt.h"
#include "blocks.h"

unsigned int trim_calls;
void *trim_handles[TRIM_HANDLES];
unsigned int trim_handle_count;

/***********************************************************************
 * Buffers
 */

static void *add_buffer( struct call *call, size_t size )
{
    struct buffer *buffer = &call->buffers[call->count++];

    buffer->size = size;
    buffer->before = NULL;
    if (!(buffer->data = malloc( size ? size : 1 ))) abort();
    /* malloc( 1 ) would let a byte be read of what has none: its last byte is made the one before the end. */
    return size ? buffer->data : (char *)buffer->data + 1;
}

static void *add_filled( struct call *call, size_t size, int byte )
{
    return memset( add_buffer( call, size ), byte, size );
}

/***********************************************************************
 * Fields
 */

static D3DKMT_HANDLE pick_handle( struct fuzz_cursor *cursor, enum object_type type )
{
    uint8_t how = fuzz_u8( cursor );
    struct world_object *object;

    if (how < 0xd8)
    {
        if ((object = world_pick( type, how ))) return object->handle;
        return how & 1 ? 0x80000040u : 0;
    }
    if (how < 0xe4) return world.stale_count ? world.stale[fuzz_u8( cursor ) % world.stale_count] : 0x80000080u;
    if (how < 0xf0) return world.count ? world.objects[fuzz_u8( cursor ) % world.count].handle : 0;
    if (how < 0xf8) return 0;
    if (how < 0xfc) return 0x80000000u | fuzz_u16( cursor ) << 6 | (how & 3 ? 0 : 2);
    return fuzz_u32( cursor );
}

/* Mostly 0: there is a list instead. */
static D3DKMT_HANDLE pick_rare_handle( struct fuzz_cursor *cursor, enum object_type type )
{
    uint8_t how = fuzz_u8( cursor );

    return how < 0xb0 ? 0 : pick_handle( cursor, type );
}

/* Mostly some of the bits that mean something. */
static uint32_t pick_flags( struct fuzz_cursor *cursor, uint32_t known )
{
    uint8_t how = fuzz_u8( cursor );

    if (how < 0x60) return 0;
    if (how < 0xf0) return fuzz_u32( cursor ) & known;
    return fuzz_u32( cursor );
}

/* Mostly from least to most, else close by, or anything. */
static uint32_t pick_value( struct fuzz_cursor *cursor, uint32_t least, uint32_t most )
{
    uint8_t how = fuzz_u8( cursor );

    if (how < 0xf0) return least + how % (most - least + 1);
    if (how < 0xf8) return how & 1 ? least - 1 : most + 1;
    return fuzz_u32( cursor );
}

/* A count, and in *real how many elements there are to be. limit: what the function accepts. */
static uint32_t pick_count( struct fuzz_cursor *cursor, uint32_t limit, unsigned int *real )
{
    uint8_t how = fuzz_u8( cursor );
    uint32_t count;

    if (how < 0xa0) count = how % 12 ? 1 + (how % 12) / 3 : 0;
    else if (how < 0xe8) count = how & 0x1f;
    else if (how < 0xee) count = fuzz_u16( cursor ) % 300;
    else if (how < 0xf1) count = limit - 1 + how % 3;
    else if (how < 0xf8) count = fuzz_u16( cursor );
    else count = fuzz_edgy( cursor );
    *real = count <= limit ? count : 1;
    return count;
}

static D3DKMT_HANDLE *pick_list( struct call *call, struct fuzz_cursor *cursor, enum object_type type, unsigned int count )
{
    D3DKMT_HANDLE *list = add_buffer( call, count * sizeof(*list) );
    uint8_t how = fuzz_u8( cursor ), first = fuzz_u8( cursor );
    struct world_object *object;
    unsigned int i;

    for (i = 0; i < count; i++)
    {
        /* Neighbours as a long list has them, or each for itself, or the same again. */
        if (how < 0xa0) list[i] = (object = world_pick( type, first + i )) ? object->handle : 0x80000040u;
        else if (how < 0xf0) list[i] = pick_handle( cursor, type );
        else list[i] = i ? list[0] : pick_handle( cursor, type );
    }
    if (how < 0x10 && count) list[first % count] = pick_handle( cursor, type );
    return list;
}

static uint32_t *pick_words( struct call *call, struct fuzz_cursor *cursor, unsigned int count )
{
    static const uint32_t priorities[] = { 0x28000000, 0x50000000, 0x78000000, 0xa0000000, 0xc8000000 };
    uint32_t *words = add_buffer( call, count * sizeof(*words) );
    uint8_t how = fuzz_u8( cursor );
    unsigned int i;

    for (i = 0; i < count; i++)
    {
        if (how < 0xc0) words[i] = priorities[(how + i) % 5];
        else words[i] = fuzz_edgy( cursor );
    }
    return words;
}

/* Room for answers. */
static void *pick_answers( struct call *call, struct fuzz_cursor *cursor, size_t size )
{
    if (fuzz_u8( cursor ) >= 0xf8) return NULL;
    return add_filled( call, size, 0xcc );
}

static HANDLE pick_process( struct fuzz_cursor *cursor )
{
    static int self = -1, init = -1;
    uint8_t how = fuzz_u8( cursor );

    if (self < 0) self = syscall( SYS_pidfd_open, getpid(), 0 );
    if (init < 0) init = syscall( SYS_pidfd_open, 1, 0 );
    if (how < 0xa0) return NULL;
    if (how < 0xc0) return (HANDLE)(intptr_t)-1;
    if (how < 0xe0) return (HANDLE)(intptr_t)(how & 1 ? self : init);
    if (how < 0xf0) return (HANDLE)(intptr_t)event_descriptor();
    return (HANDLE)(intptr_t)fuzz_u64( cursor );
}

static LUID pick_luid( struct fuzz_cursor *cursor )
{
    struct world_object *object = world_pick( OBJECT_ADAPTER, fuzz_u8( cursor ) );
    struct adapter *adapter;
    LUID luid = { 0 };

    kmt_lock();
    if (object && (adapter = get_adapter_locked( object->handle ))) luid = adapter->gpu->luid;
    kmt_unlock();
    if (fuzz_u8( cursor ) < 0xf0) return luid;
    luid.LowPart = fuzz_u32( cursor );
    return luid;
}

static void on_trim( D3DKMT_TRIMNOTIFICATION *notification )
{
    bool to_budget = notification->Flags.TrimToBudget;

    fuzz_check( notification->Context == &trim_calls, "a trim callback got another's context" );
    fuzz_check( notification->Flags.Value && !notification->Flags.Reserved, "a trim callback got flags %#x", notification->Flags.Value );
    fuzz_check( !(notification->Flags.PeriodicTrim && notification->Flags.RestartPeriodicTrim), "PeriodicTrim and RestartPeriodicTrim" );
    fuzz_check( to_budget == (notification->NumBytesToTrim != 0), "TrimToBudget of %llu bytes, flags %#x",
                (unsigned long long)notification->NumBytesToTrim, notification->Flags.Value );
    __atomic_add_fetch( &trim_calls, 1, __ATOMIC_RELAXED );
}

static void on_trim_2( D3DKMT_TRIMNOTIFICATION *notification )
{
    on_trim( notification );
}

static void *pick_trim_callback( struct fuzz_cursor *cursor )
{
    uint8_t how = fuzz_u8( cursor );

    return how >= 0xf0 ? NULL : how & 1 ? on_trim_2 : on_trim;
}

int event_descriptor( void )
{
    static int descriptor = -1;

    if (descriptor < 0) descriptor = eventfd( 0, EFD_CLOEXEC | EFD_NONBLOCK );
    return descriptor;
}

/***********************************************************************
 * Blocks
 */

#define BUILD( name, type )  void fuzz_build_##name( struct call *call, struct fuzz_cursor *cursor, void *block ); \
                             void fuzz_build_##name( struct call *call, struct fuzz_cursor *cursor, void *block ) \
                             { type *p = block; (void)call; (void)cursor; (void)p;
#define END                  }

/* Vista's form: a resource or a list. Answers for a resource are one. */
static unsigned int build_resource_or_list( struct call *call, struct fuzz_cursor *cursor, D3DKMT_HANDLE *resource,
                                            const D3DKMT_HANDLE **list, UINT *count )
{
    *resource = pick_rare_handle( cursor, OBJECT_RESOURCE );
    if (*resource && fuzz_u8( cursor ) < 0xe0)
    {
        *count = 0;
        *list = NULL;
        return call->true_count = 1;
    }
    *count = pick_count( cursor, MAX_LIST_COUNT, &call->true_count );
    *list = fuzz_u8( cursor ) >= 0xf8 ? NULL : pick_list( call, cursor, OBJECT_ALLOCATION, call->true_count );
    return call->true_count ? call->true_count : 1;
}

/* A list of resources, or one of allocations; seldom both or none. */
static void build_either_list( struct call *call, struct fuzz_cursor *cursor, D3DKMT_HANDLE **resources,
        const D3DKMT_HANDLE **list, UINT *count )
{
    uint8_t how = fuzz_u8( cursor );

    *resources = NULL;
    *list = NULL;
    *count = pick_count( cursor, MAX_LIST_COUNT, &call->true_count );
    if (how < 0xc0 || how >= 0xf8) *list = pick_list( call, cursor, OBJECT_ALLOCATION, call->true_count );
    if (how >= 0xc0 && how < 0xfc) *resources = pick_list( call, cursor, OBJECT_RESOURCE, call->true_count );
}

BUILD( ChangeVideoMemoryReservation, D3DKMT_CHANGEVIDEOMEMORYRESERVATION )
    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    p->MemorySegmentGroup = pick_value( cursor, 0, 1 );
    p->Reservation = fuzz_u8( cursor ) < 0xc0 ? (uint64_t)fuzz_u16( cursor ) << 8 : fuzz_edgy( cursor );
    p->hProcess = pick_process( cursor );
    p->PhysicalAdapterIndex = pick_value( cursor, 0, 0 );
END

BUILD( CloseAdapter, D3DKMT_CLOSEADAPTER )
    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
END

/* Sizes that are of interest: small ones, those around the limit of a block of its own, and all of a heap. */
static uint64_t pick_size( struct fuzz_cursor *cursor )
{
    static const uint32_t kib[] = { 4, 8, 12, 32, 36, 64, 100, 128, 256, 500, 512, 1020, 1024, 1028, 2048 };
    uint8_t how = fuzz_u8( cursor );

    if (how < 0xe0) return (uint64_t)kib[how % (sizeof(kib) / sizeof(kib[0]))] << 10;
    if (how < 0xe8) return world.largest_heap + ((int)(how & 3) - 1) * 4096;
    if (how < 0xf0) return fuzz_u32( cursor ) & 0x1fffff;
    return fuzz_edgy( cursor );
}

static void *pick_private_data( struct call *call, struct fuzz_cursor *cursor, UINT *size )
{
    struct winekmt_allocation_data data = { 0 };
    uint8_t how;
    void *buffer;

    data.magic = WINEKMT_ALLOCATION_MAGIC;
    data.version = WINEKMT_VERSION;
    data.size = pick_size( cursor );
    how = fuzz_u8( cursor );
    data.cpu_access = how < 0xf0 ? how % 3 : how;
    data.alignment = how & 0x40 ? 0 : 1u << (fuzz_u8( cursor ) % 23);
    how = fuzz_u8( cursor );
    data.segments = how < 0xf0 ? how & 3 : how;
    data.preferred_segment = how < 0x80 ? 0 : how >> 2 & 3;
    how = fuzz_u8( cursor );
    if (how >= 0xf8) ((uint8_t *)&data)[fuzz_u8( cursor ) % sizeof(data)] ^= 1 << (how & 7);
    if (how < 0xd0) *size = how & 1 ? sizeof(data) : WINEKMT_ALLOCATION_DATA_MIN_SIZE;
    else if (how < 0xf0) *size = sizeof(data);
    else *size = fuzz_u8( cursor ) < 0x80 ? fuzz_u8( cursor ) % 80 : fuzz_u32( cursor );
    if (how == 0xf7) return NULL;
    /* No function reads beyond what it knows of. */
    buffer = add_buffer( call, *size < sizeof(data) ? *size : sizeof(data) );
    memcpy( buffer, &data, *size < sizeof(data) ? *size : sizeof(data) );
    return buffer;
}

/* Existing heaps: pages that are there, or nowhere; the harness never looks at them. */
static void *pick_user_memory( struct fuzz_cursor *cursor )
{
    static char *pages;
    uint8_t how = fuzz_u8( cursor );

    if (!pages && (pages = mmap( NULL, 64 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 )) == MAP_FAILED) abort();
    if (how < 0xd0) return pages + (how & 15) * PAGE_SIZE;
    if (how < 0xe0) return pages + how;
    if (how < 0xf0) return NULL;
    return (void *)(uintptr_t)(fuzz_u64( cursor ) & (how & 1 ? ~0xfffull : ~0ull));
}

static void build_create( struct call *call, struct fuzz_cursor *cursor, D3DKMT_CREATEALLOCATION *p, bool second_form )
{
    static const uint32_t known_flags = 0x1 | 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x400 | 0x800 | 0x2000 | 0x4000 | 0x8000 | 0x40000 |
                                        0x80000 |
                                        0x100000 | 0x200000;
    uint8_t how = fuzz_u8( cursor );
    unsigned int i, real;
    void *data = NULL;
    UINT size = 0;

    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->hResource = 0;
    p->hPrivateRuntimeResourceHandle = (HANDLE)(uintptr_t)how;
    p->pPrivateRuntimeData = how & 2 ? &p->hDevice : NULL;
    p->PrivateRuntimeDataSize = p->pPrivateRuntimeData ? sizeof(UINT) : how == 0xff;
    p->pPrivateDriverData = NULL;
    p->PrivateDriverDataSize = 0;
    *(UINT *)&p->Flags = 0;
    if (how < 0x10 || how >= 0xe0) *(UINT *)&p->Flags = how < 0xfc ? fuzz_u32( cursor ) & known_flags : fuzz_u32( cursor );
    if (how < 0x18)      /* a resource, sometimes a shared one, sometimes an existing one */
    {
        if (how < 0x14) p->Flags.CreateResource = 1;
        else p->hResource = pick_handle( cursor, OBJECT_RESOURCE );
    }
    if (how >= 0x18 && how < 0x28)
    {
        D3DKMT_CREATESTANDARDALLOCATION *standard = add_filled( call, sizeof(*standard), 0 );

        p->Flags.ExistingSysMem = p->Flags.StandardAllocation = 1;
        standard->Type = how == 0x18 ? pick_value( cursor, 0, 3 ) : D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP;
        standard->ExistingHeapData.Size = fuzz_u8( cursor ) < 0xe0 ? (fuzz_u8( cursor ) & 31) * PAGE_SIZE : fuzz_u64( cursor );
        p->pStandardAllocation = standard;
    }
    if (p->Flags.StandardAllocation && !p->pStandardAllocation) p->pStandardAllocation = add_filled( call,
            sizeof(*p->pStandardAllocation), 0 );

    p->NumAllocations = p->Flags.StandardAllocation && how < 0xe0 ? 1 : pick_count( cursor, MAX_CREATE_COUNT, &real );
    call->true_count = real = p->NumAllocations <= MAX_CREATE_COUNT ? p->NumAllocations : 1;
    p->pAllocationInfo = NULL;
    if (how == 0xfb) return;
    if (second_form) p->pAllocationInfo2 = add_filled( call, real * sizeof(*p->pAllocationInfo2), 0 );
    else p->pAllocationInfo = add_filled( call, real * sizeof(*p->pAllocationInfo), 0 );
    for (i = 0; i < real; i++)
    {
        uint32_t flags = how < 0xc0 && how >= 0x28 ? 0 : pick_flags( cursor, second_form ? 7 : 3 );
        void *memory = p->Flags.ExistingSysMem || how == 0xfa ? pick_user_memory( cursor ) : NULL;

        if (!p->Flags.StandardAllocation && (i < 8 || !data)) data = pick_private_data( call, cursor, &size );
        if (second_form)
        {
            D3DDDI_ALLOCATIONINFO2 *info = &p->pAllocationInfo2[i];

            info->pPrivateDriverData = data;
            info->PrivateDriverDataSize = size;
            info->pSystemMem = memory;
            info->Flags.Value = flags;
            info->Priority = flags & 4 ? *pick_words( call, cursor, 1 ) : 0;
        }
        else
        {
            D3DDDI_ALLOCATIONINFO *info = &p->pAllocationInfo[i];

            info->pPrivateDriverData = data;
            info->PrivateDriverDataSize = size;
            info->pSystemMem = memory;
            info->Flags.Value = flags;
        }
    }
}

BUILD( CreateAllocation, D3DKMT_CREATEALLOCATION )
    build_create( call, cursor, p, false );
END

BUILD( CreateAllocation2, D3DKMT_CREATEALLOCATION )
    build_create( call, cursor, p, true );
END

BUILD( CreateDevice, D3DKMT_CREATEDEVICE )
    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    *(UINT *)&p->Flags = pick_flags( cursor, 7 );
END

BUILD( CreatePagingQueue, D3DKMT_CREATEPAGINGQUEUE )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->Priority = (int)pick_value( cursor, 0, 2 ) - 1;
    p->PhysicalAdapterIndex = pick_value( cursor, 0, 0 );
END

BUILD( DestroyAllocation, D3DKMT_DESTROYALLOCATION )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->hResource = pick_rare_handle( cursor, OBJECT_RESOURCE );
    p->AllocationCount = pick_count( cursor, MAX_CREATE_COUNT, &call->true_count );
    p->phAllocationList = pick_list( call, cursor, OBJECT_ALLOCATION, call->true_count );
    if (fuzz_u8( cursor ) >= 0xf8) p->phAllocationList = NULL;
END

BUILD( DestroyAllocation2, D3DKMT_DESTROYALLOCATION2 )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->hResource = pick_rare_handle( cursor, OBJECT_RESOURCE );
    p->AllocationCount = pick_count( cursor, MAX_CREATE_COUNT, &call->true_count );
    p->phAllocationList = pick_list( call, cursor, OBJECT_ALLOCATION, call->true_count );
    p->Flags.Value = pick_flags( cursor, 3 );
END

BUILD( DestroyDevice, D3DKMT_DESTROYDEVICE )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
END

BUILD( DestroyPagingQueue, D3DDDI_DESTROYPAGINGQUEUE )
    p->hPagingQueue = pick_handle( cursor, OBJECT_PAGING_QUEUE );
END

BUILD( EnumAdapters, D3DKMT_ENUMADAPTERS )
END

BUILD( EnumAdapters2, D3DKMT_ENUMADAPTERS2 )
    uint32_t room;

    p->NumAdapters = pick_count( cursor, 34, &call->true_count );
    room = p->NumAdapters < 34 ? p->NumAdapters : 34;
    p->pAdapters = fuzz_u8( cursor ) < 0x20 ? NULL : add_filled( call, room * sizeof(*p->pAdapters), 0xcc );
END

BUILD( Evict, D3DKMT_EVICT )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->NumAllocations = pick_count( cursor, MAX_LIST_COUNT, &call->true_count );
    p->AllocationList = pick_list( call, cursor, OBJECT_ALLOCATION, call->true_count );
    p->Flags.Value = pick_flags( cursor, 3 );
    if (fuzz_u8( cursor ) >= 0xf8) p->AllocationList = NULL;
END

BUILD( GetAllocationPriority, D3DKMT_GETALLOCATIONPRIORITY )
    unsigned int answers;

    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    answers = build_resource_or_list( call, cursor, &p->hResource, &p->phAllocationList, &p->AllocationCount );
    p->pPriorities = pick_answers( call, cursor, answers * sizeof(*p->pPriorities) );
END

BUILD( GetDeviceState, D3DKMT_GETDEVICESTATE )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->StateType = pick_value( cursor, 1, 6 );
END

BUILD( InvalidateCache, D3DKMT_INVALIDATECACHE )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->hAllocation = pick_handle( cursor, OBJECT_ALLOCATION );
    p->Offset = fuzz_edgy( cursor );
    p->Length = fuzz_edgy( cursor );
END

BUILD( Lock, D3DKMT_LOCK )
    unsigned int i;
    UINT *pages = NULL;

    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->hAllocation = pick_handle( cursor, OBJECT_ALLOCATION );
    p->Flags.Value = pick_flags( cursor, 0x7ff );
    p->GpuVirtualAddress = fuzz_u8( cursor ) >= 0xf8;
    p->NumPages = 0;
    if (fuzz_u8( cursor ) >= 0xc0)
    {
        p->NumPages = pick_count( cursor, MAX_LIST_COUNT, &call->true_count );
        pages = add_buffer( call, call->true_count * sizeof(*pages) );
        for (i = 0; i < call->true_count; i++) pages[i] = fuzz_edgy( cursor );
    }
    p->pPages = pages;
END

BUILD( Lock2, D3DKMT_LOCK2 )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->hAllocation = pick_handle( cursor, OBJECT_ALLOCATION );
    p->Flags.Value = fuzz_u8( cursor ) >= 0xf8 ? fuzz_u32( cursor ) : 0;
END

BUILD( MakeResident, D3DDDI_MAKERESIDENT )
    p->hPagingQueue = pick_handle( cursor, OBJECT_PAGING_QUEUE );
    p->NumAllocations = pick_count( cursor, MAX_LIST_COUNT, &call->true_count );
    p->AllocationList = pick_list( call, cursor, OBJECT_ALLOCATION, call->true_count );
    p->PriorityList = (const UINT *)(uintptr_t)fuzz_u8( cursor );       /* nobody looks at it */
    p->Flags.Value = pick_flags( cursor, 3 );
    if (fuzz_u8( cursor ) >= 0xf8) p->AllocationList = NULL;
END

BUILD( OfferAllocations, D3DKMT_OFFERALLOCATIONS )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    build_either_list( call, cursor, &p->pResources, &p->HandleList, &p->NumAllocations );
    p->Priority = pick_value( cursor, 1, 4 );
    p->Flags.Value = pick_flags( cursor, 3 );
END

BUILD( OpenAdapterFromLuid, D3DKMT_OPENADAPTERFROMLUID )
    p->AdapterLuid = pick_luid( cursor );
END

BUILD( QueryAdapterInfo, D3DKMT_QUERYADAPTERINFO )
    size_t size;

    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    p->Type = pick_value( cursor, 0, 79 );
    p->PrivateDriverDataSize = fuzz_u8( cursor ) < 0xc0 ? 16384 : fuzz_edgy( cursor );
    size = p->PrivateDriverDataSize < 16384 ? p->PrivateDriverDataSize : 16384;
    p->pPrivateDriverData = fuzz_u8( cursor ) >= 0xf8 ? NULL : add_filled( call, size, fuzz_u8( cursor ) < 0xc0 ? 0 : 1 );
END

BUILD( QueryAllocationResidency, D3DKMT_QUERYALLOCATIONRESIDENCY )
    unsigned int answers;

    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    answers = build_resource_or_list( call, cursor, &p->hResource, &p->phAllocationList, &p->AllocationCount );
    p->pResidencyStatus = pick_answers( call, cursor, answers * sizeof(*p->pResidencyStatus) );
END

BUILD( QueryProcessOfferInfo, D3DKMT_QUERYPROCESSOFFERINFO )
    p->cbSize = fuzz_u8( cursor ) < 0xe0 ? sizeof(*p) : fuzz_edgy( cursor );
    p->hProcess = pick_process( cursor );
END

BUILD( QueryVideoMemoryInfo, D3DKMT_QUERYVIDEOMEMORYINFO )
    p->hProcess = pick_process( cursor );
    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    p->MemorySegmentGroup = pick_value( cursor, 0, 1 );
    p->PhysicalAdapterIndex = pick_value( cursor, 0, 0 );
END

BUILD( ReclaimAllocations, D3DKMT_RECLAIMALLOCATIONS )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    build_either_list( call, cursor, &p->pResources, &p->HandleList, &p->NumAllocations );
    p->pDiscarded = pick_answers( call, cursor, call->true_count * sizeof(*p->pDiscarded) );
END

BUILD( ReclaimAllocations2, D3DKMT_RECLAIMALLOCATIONS2 )
    p->hPagingQueue = pick_handle( cursor, OBJECT_PAGING_QUEUE );
    build_either_list( call, cursor, &p->pResources, &p->HandleList, &p->NumAllocations );
    p->pResults = pick_answers( call, cursor, call->true_count * sizeof(*p->pResults) );
END

BUILD( RegisterTrimNotification, D3DKMT_REGISTERTRIMNOTIFICATION )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->AdapterLuid = pick_luid( cursor );
    p->Callback = pick_trim_callback( cursor );
    p->Context = &trim_calls;
END

BUILD( SetAllocationPriority, D3DKMT_SETALLOCATIONPRIORITY )
    unsigned int values;

    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    values = build_resource_or_list( call, cursor, &p->hResource, &p->phAllocationList, &p->AllocationCount );
    p->pPriorities = fuzz_u8( cursor ) >= 0xf8 ? NULL : pick_words( call, cursor, values );
END

BUILD( TrimProcessCommitment, D3DKMT_TRIMPROCESSCOMMITMENT )
    p->cbSize = fuzz_u8( cursor ) < 0xe0 ? sizeof(*p) : fuzz_edgy( cursor );
    p->hProcess = pick_process( cursor );
    p->Flags.Value = pick_flags( cursor, 3 );
    p->DecommitRequested = fuzz_u8( cursor ) < 0x80 ? (uint64_t)fuzz_u8( cursor ) << 12 : fuzz_edgy( cursor );
END

BUILD( Unlock, D3DKMT_UNLOCK )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->NumAllocations = pick_count( cursor, MAX_LIST_COUNT, &call->true_count );
    p->phAllocations = pick_list( call, cursor, OBJECT_ALLOCATION, call->true_count );
    if (fuzz_u8( cursor ) >= 0xf8) p->phAllocations = NULL;
END

BUILD( Unlock2, D3DKMT_UNLOCK2 )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->hAllocation = pick_handle( cursor, OBJECT_ALLOCATION );
END

BUILD( UnregisterTrimNotification, D3DKMT_UNREGISTERTRIMNOTIFICATION )
    uint8_t how = fuzz_u8( cursor );

    p->Handle = NULL;
    if (how < 0x80 && trim_handle_count) p->Handle = trim_handles[how % trim_handle_count];
    else if (how >= 0xe0) p->Handle = (void *)(uintptr_t)fuzz_edgy( cursor );
    p->Callback = pick_trim_callback( cursor );
END

BUILD( UpdateAllocationProperty, D3DDDI_UPDATEALLOCPROPERTY )
    p->hPagingQueue = pick_handle( cursor, OBJECT_PAGING_QUEUE );
    p->hAllocation = pick_handle( cursor, OBJECT_ALLOCATION );
    p->PropertyMaskValue = fuzz_u8( cursor ) < 0xf0 ? fuzz_u8( cursor ) & 15 : fuzz_u32( cursor );
    p->SupportedSegmentSet = pick_value( cursor, 1, 3 );
    p->PreferredSegment.Value = fuzz_u8( cursor ) < 0xe0 ? pick_value( cursor, 1, 2 ) : fuzz_u32( cursor );
    p->Flags.Value = pick_flags( cursor, 3 );
END

/* What a wait without an event waits for must come: values that were given out. */
static uint64_t pick_fence_value( struct fuzz_cursor *cursor, D3DKMT_HANDLE handle, bool any )
{
    uint8_t how = fuzz_u8( cursor );
    struct object *object;
    uint64_t value = 0;

    kmt_lock();
    if ((object = handle_lookup_locked( &kmt_handles, handle, OBJECT_SYNC )))
    {
        const struct paging_queue *queue = LIST_ENTRY( object, struct paging_queue, fence );

        value = how & 1 ? queue->last_value : *queue->fence_value;
    }
    kmt_unlock();
    if (!any) return how < 0x40 ? 0 : value;
    return how < 0x80 ? value : how < 0xc0 ? value + 1 : fuzz_u64( cursor );
}

BUILD( WaitForSynchronizationObjectFromCpu, D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU )
    uint8_t how = fuzz_u8( cursor );
    unsigned int i;
    UINT64 *values;

    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
    p->ObjectCount = pick_count( cursor, 4096, &call->true_count );
    p->ObjectHandleArray = pick_list( call, cursor, OBJECT_SYNC, call->true_count );
    p->hAsyncEvent = NULL;
    if (how >= 0x80) p->hAsyncEvent = (HANDLE)(intptr_t)(how < 0xfc ? event_descriptor() : -5);
    p->FenceValueArray = values = add_buffer( call, call->true_count * sizeof(*values) );
    for (i = 0; i < call->true_count; i++) values[i] = pick_fence_value( cursor, p->ObjectHandleArray[i], p->hAsyncEvent != NULL );
    *(UINT *)&p->Flags = pick_flags( cursor, 1 );
    if (how == 0x7f) p->ObjectHandleArray = NULL;
    if (how == 0x7e) p->FenceValueArray = NULL;
END

BUILD( EnumAdapters3, D3DKMT_ENUMADAPTERS3 )
    uint32_t room;

    p->Filter.Value = fuzz_u8( cursor ) < 0xf0 ? fuzz_u8( cursor ) & 3 : fuzz_u64( cursor );
    p->NumAdapters = pick_count( cursor, 34, &call->true_count );
    room = p->NumAdapters < 34 ? p->NumAdapters : 34;
    p->pAdapters = fuzz_u8( cursor ) < 0x20 ? NULL : add_filled( call, room * sizeof(*p->pAdapters), 0xcc );
END

BUILD( EnumProcesses, D3DKMT_ENUMPROCESSES )
    uint32_t room;

    p->AdapterLuid = pick_luid( cursor );
    p->BufferCount = room = pick_count( cursor, 130, &call->true_count );
    if (fuzz_u8( cursor ) >= 0xf8) p->BufferCount |= (uint64_t)1 << 40;
    p->pBuffer = fuzz_u8( cursor ) < 0x20 ? NULL : add_filled( call, (room < 130 ? room : 130) * sizeof(*p->pBuffer), 0xcc );
END

/* winekmt's own commands and those of the video memory manager, both in memory of the size that is said. */
BUILD( Escape, D3DKMT_ESCAPE )
    uint32_t data[12] = { 0 };
    uint8_t how = fuzz_u8( cursor );

    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    p->hDevice = fuzz_u8( cursor ) < 0x60 ? 0 : pick_handle( cursor, OBJECT_DEVICE );
    p->hContext = 0;
    p->Flags.Value = pick_flags( cursor, 0xff );
    if (how < 0xa0)
    {
        p->Type = D3DKMT_ESCAPE_DRIVERPRIVATE;
        data[0] = 0x45544d4b;
        data[1] = 1;
        data[2] = pick_value( cursor, 1, 4 );
        data[3] = pick_value( cursor, 0, 1 );
        data[4] = how & 1 ? pick_handle( cursor, OBJECT_ALLOCATION ) : 0;
        data[5] = how & 0x0e ? 0 : fuzz_u8( cursor );
        data[6] = fuzz_u16( cursor ) << 8;
        if (how & 0x10) data[6] = data[7] = ~0u;
    }
    else
    {
        p->Type = how < 0xf0 ? D3DKMT_ESCAPE_VIDMM : (int)fuzz_edgy( cursor );
        data[0] = pick_value( cursor, 0, 14 );
        data[2] = how & 1 ? pick_handle( cursor, OBJECT_RESOURCE ) : 0;
        data[3] = how & 2 ? pick_handle( cursor, OBJECT_ALLOCATION ) : 0;
        if (how & 4) data[2] = fuzz_u16( cursor ) << 8, data[3] = 0;
        data[4] = how & 8 ? fuzz_u16( cursor ) << 8 : 0;
    }
    p->PrivateDriverDataSize = fuzz_u8( cursor ) < 0xe0 ? sizeof(data) : fuzz_u8( cursor ) % 64;
    p->pPrivateDriverData = add_filled( call, p->PrivateDriverDataSize, 0 );
    memcpy( p->pPrivateDriverData, data, p->PrivateDriverDataSize < sizeof(data) ? p->PrivateDriverDataSize : sizeof(data) );
    if (how == 0xff) p->pPrivateDriverData = NULL;
END

BUILD( GetProcessDeviceRemovalSupport, D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT )
    p->hProcess = pick_process( cursor );
    p->AdapterLuid = pick_luid( cursor );
END

BUILD( SetProcessDeviceRemovalSupport, void )
    call->by_value = true;
    call->params = fuzz_u8( cursor ) & 1 ? p : NULL;
END

BUILD( GetProcessSchedulingPriorityClass, void )
    call->by_value = true;
    call->params = pick_process( cursor );
    call->second = (uintptr_t)pick_answers( call, cursor, sizeof(uint32_t) );
END

BUILD( SetProcessSchedulingPriorityClass, void )
    call->by_value = true;
    call->params = pick_process( cursor );
    call->second = pick_value( cursor, 0, 5 );
END

BUILD( MarkDeviceAsError, D3DKMT_MARKDEVICEASERROR )
    p->hDevice = fuzz_u8( cursor ) < 0x60 ? 0 : pick_handle( cursor, OBJECT_DEVICE );      /* nothing works after it */
    p->Reason = fuzz_u8( cursor ) < 0x80 ? 0x80000000u + fuzz_u8( cursor ) % 3 : fuzz_edgy( cursor );
END

BUILD( QueryClockCalibration, D3DKMT_QUERYCLOCKCALIBRATION )
    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    p->NodeOrdinal = pick_value( cursor, 0, 3 );
    p->PhysicalAdapterIndex = pick_value( cursor, 0, 0 );
END

BUILD( QueryStatistics, D3DKMT_QUERYSTATISTICS )
    p->Type = pick_value( cursor, 0, 10 );
    p->AdapterLuid = pick_luid( cursor );
    p->hProcess = pick_process( cursor );
    p->QueryNode.NodeId = pick_value( cursor, 0, 3 );
END

BUILD( SetStablePowerState, D3DKMT_SETSTABLEPOWERSTATE )
    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    p->Enabled = fuzz_u8( cursor ) & 1;
END

BUILD( WaitForIdle, D3DKMT_WAITFORIDLE )
    p->hDevice = pick_handle( cursor, OBJECT_DEVICE );
END

BUILD( CheckMonitorPowerState, D3DKMT_CHECKMONITORPOWERSTATE )
    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    p->VidPnSourceId = pick_value( cursor, 0, 1 );
END

BUILD( GetScanLine, D3DKMT_GETSCANLINE )
    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    p->VidPnSourceId = pick_value( cursor, 0, 1 );
END

BUILD( WaitForVerticalBlankEvent, D3DKMT_WAITFORVERTICALBLANKEVENT )
    p->hAdapter = pick_handle( cursor, OBJECT_ADAPTER );
    p->hDevice = pick_rare_handle( cursor, OBJECT_DEVICE );
    p->VidPnSourceId = pick_value( cursor, 0, 1 );
END

static void finish_build( struct call *call )
{
    unsigned int i;

    for (i = 0; i < call->count; i++)
    {
        if (!(call->buffers[i].before = malloc( call->buffers[i].size ? call->buffers[i].size : 1 ))) abort();
        memcpy( call->buffers[i].before, call->buffers[i].data, call->buffers[i].size );
    }
}

void *build_refused( struct call *call, struct fuzz_cursor *cursor )
{
    static const enum object_type types[] = { OBJECT_ADAPTER, OBJECT_DEVICE, OBJECT_PAGING_QUEUE, OBJECT_RESOURCE,
            OBJECT_SHARE, OBJECT_ALLOCATION };
    uint8_t how = fuzz_u8( cursor ), at = fuzz_u8( cursor );
    uint32_t *words;

    call->count = call->true_count = 0;
    if (how >= 0xf8) return how & 1 ? NULL : (void *)(uintptr_t)pick_handle( cursor, types[at % 6] );
    words = add_filled( call, REFUSED_SIZE, how & 1 ? 0 : how );
    if (how < 0xc0) words[at % 16] = pick_handle( cursor, types[how % 6] );
    finish_build( call );
    return words;
}

void call_build( struct call *call, const struct function *function, struct fuzz_cursor *cursor )
{
    uint8_t how = fuzz_u8( cursor );
    void *block;

    call->function = function;
    call->count = call->true_count = 0;
    call->second = 0;
    call->by_value = false;
    block = add_filled( call, function->size, how & 1 ? 0xcc : 0 );
    function->build( call, cursor, block );
    if (!call->by_value) call->params = how == 0xfe ? NULL : block;
    finish_build( call );
}
