/*
 * Fuzz target: the private driver data of allocations, against what winekmt.h says of it
 *
 * The first record says how the GPU is. Each further one is a creation of one allocation: byte 0: which form, in a resource or not;
 * byte 1: how many bytes of private data; byte 2: flags of the entry; then the data, any bytes (the seeds are good ones).
 * The data lies in memory of its exact size. What the answer must be is worked out here from winekmt.h alone, and
 * compared; an allocation that is made has the size, the segment and the CPU access that was asked for, and is zero.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "winekmt.h"
#include "world.h"

#define MAX_RECORDS   64
#define MAX_DATA      (sizeof(struct winekmt_allocation_data) + 24)
#define DATA_OFFSET   4

static struct winekmt_adapter_data adapter_data;

/* What CreateAllocation must answer to data by the comments of winekmt.h; STATUS_PENDING: it depends on how much room there is. */
static NTSTATUS expect( const struct winekmt_allocation_data *data, uint32_t size )
{
    uint8_t segments = data->segments ? data->segments : WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL,
            preferred = data->preferred_segment;
    uint64_t largest = 0;

    if (!size) return STATUS_INVALID_PARAMETER;     /* no data at all: docs/semantics.md */
    if (size < WINEKMT_ALLOCATION_DATA_MIN_SIZE || data->magic != WINEKMT_ALLOCATION_MAGIC ||
            !data->version) return STATUS_GRAPHICS_DRIVER_MISMATCH;
    if (!data->size) return STATUS_INVALID_PARAMETER;
    if (data->alignment & (data->alignment - 1) || data->alignment > adapter_data.max_alignment) return STATUS_INVALID_PARAMETER;
    if (data->cpu_access > WINEKMT_CPU_ACCESS_WRITE_COMBINED) return STATUS_INVALID_PARAMETER;
    if (segments & ~(WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL)) return STATUS_INVALID_PARAMETER;
    if (preferred && (preferred & (preferred - 1) || !(preferred & segments))) return STATUS_INVALID_PARAMETER;
    if (data->cpu_access) segments &= adapter_data.cpu_visible_segments;
    if (segments & WINEKMT_SEGMENT_LOCAL) largest = adapter_data.local_size;
    if (segments & WINEKMT_SEGMENT_NON_LOCAL && adapter_data.non_local_size > largest) largest = adapter_data.non_local_size;
    /* Larger than all heaps together, or no segment at all: never. A single heap may be too small, too. */
    if (!largest || data->size > largest) return STATUS_INVALID_PARAMETER;
    return STATUS_PENDING;
}

static bool is_room_status( NTSTATUS status )
{
    return !status || status == STATUS_GRAPHICS_NO_VIDEO_MEMORY || status == STATUS_NO_MEMORY || status == STATUS_INVALID_PARAMETER;
}

/* The allocation is what was asked for. */
static void check_allocation( D3DKMT_HANDLE device, D3DKMT_HANDLE handle, const struct winekmt_allocation_data *data )
{
    D3DKMT_LOCK2 lock = { .hDevice = device, .hAllocation = handle };
    D3DKMT_QUERYALLOCATIONRESIDENCY query = { .hDevice = device, .phAllocationList = &handle, .AllocationCount = 1 };
    D3DKMT_ALLOCATIONRESIDENCYSTATUS residency;
    uint64_t size = (data->size + 4095) & ~4095ull;
    D3DKMT_UNLOCK2 unlock = { .hDevice = device, .hAllocation = handle };
    struct world_object *object;
    NTSTATUS status;

    query.pResidencyStatus = &residency;
    status = kmt_QueryAllocationResidency( &query );
    fuzz_check( !status, "a new allocation's residency: %#x", (unsigned int)status );
    if (residency == D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINGPUMEMORY)
        fuzz_check( !data->segments || data->segments & WINEKMT_SEGMENT_LOCAL, "it is in the local segment" );
    if (residency == D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINSHAREDMEMORY)
        fuzz_check( !data->segments || data->segments & WINEKMT_SEGMENT_NON_LOCAL, "it is in the non-local segment" );
    world_note_objects();
    object = world_find( handle );
    fuzz_check( object && object->type == OBJECT_ALLOCATION && object->size == size, "it has %llu bytes, not %llu",
                object ? (unsigned long long)object->size : 0, (unsigned long long)size );

    status = kmt_Lock2( &lock );
    if (data->cpu_access == WINEKMT_CPU_ACCESS_NONE) fuzz_check( status == STATUS_INVALID_PARAMETER, "locked without CPU access: %#x",
                                                                 (unsigned int)status );
    else fuzz_check( !status || status == STATUS_NO_MEMORY, "it cannot be locked: %#x", (unsigned int)status );
    if (status) return;
    fuzz_check( !((uintptr_t)lock.pData & 4095), "a lock at %p", lock.pData );
    object->locked = lock.pData;
    world_verify_locked( object );
    world_write_locked( object );
    fuzz_check( !kmt_Unlock2( &unlock ), "it cannot be unlocked" );
    object->locked = NULL;
}

static void create( D3DKMT_HANDLE device, const uint8_t *record )
{
    uint8_t form = record[0], how = record[1], flags = record[2];
    uint32_t size = how < 0x80 ? sizeof(struct winekmt_allocation_data) : how < 0xa0 ? WINEKMT_ALLOCATION_DATA_MIN_SIZE
            : how % (MAX_DATA + 1);
    struct winekmt_allocation_data data = { 0 };
    D3DKMT_CREATEALLOCATION params = { .hDevice = device, .NumAllocations = 1 };
    D3DDDI_ALLOCATIONINFO first = { 0 };
    D3DDDI_ALLOCATIONINFO2 second = { 0 };
    bool second_form = form & 1, copied = false, primary = flags >= 0xf0;
    NTSTATUS status, expected;
    uint32_t i;
    uint8_t *buffer;

    if (!(buffer = malloc( size ? size : 1 ))) abort();
    for (i = 0; i < size; i++) buffer[i] = record[DATA_OFFSET + i % (FUZZ_RECORD - DATA_OFFSET)];
    memcpy( &data, buffer, size < sizeof(data) ? size : sizeof(data) );
    expected = expect( &data, size );
    second.pPrivateDriverData = first.pPrivateDriverData = buffer;
    second.PrivateDriverDataSize = first.PrivateDriverDataSize = size;
    second.Flags.Primary = first.Flags.Primary = primary;
    if (second_form) params.pAllocationInfo2 = &second;
    else params.pAllocationInfo = &first;
    params.Flags.CreateResource = form >> 1 & 1;
    params.Flags.CreateShared = (form & 6) == 6;

    status = second_form ? kmt_CreateAllocation2( &params ) : kmt_CreateAllocation( &params );
    fuzz_trace( "%u bytes, magic %#x, version %u, size %#llx: %#x", size, data.magic, data.version, (unsigned long long)data.size,
                (unsigned int)status );
    if (expected == STATUS_PENDING) fuzz_check( is_room_status( status ), "good private data: %#x", (unsigned int)status );
    else fuzz_check( status == expected,
            "private data of %u bytes, magic %#x, version %u, size %#llx, alignment %#x, access %u, segments %u, "
                     "preferred %u: %#x, expected %#x", size, data.magic, data.version, (unsigned long long)data.size, data.alignment,
                     data.cpu_access, data.segments, data.preferred_segment, (unsigned int)status, (unsigned int)expected );
    for (i = 0; i < size; i++)
        if (buffer[i] != record[DATA_OFFSET + i % (FUZZ_RECORD - DATA_OFFSET)]) copied = true;
    fuzz_check( !copied, "private data was written to" );
    free( buffer );     /* nobody keeps a pointer to it */
    if (status) return;

    if (!primary) check_allocation( device, second_form ? second.hAllocation : first.hAllocation, &data );
    if (form & 8)
    {
        D3DKMT_DESTROYALLOCATION2 destroy = { .hDevice = device, .hResource = params.hResource, .AllocationCount = 1 };

        destroy.phAllocationList = second_form ? &second.hAllocation : &first.hAllocation;
        status = kmt_DestroyAllocation2( &destroy );
        fuzz_check( !status, "a new allocation cannot be destroyed: %#x", (unsigned int)status );
    }
}

int LLVMFuzzerInitialize( int *argc, char ***argv )
{
    (void)argc;
    (void)argv;
    world_init();
    return 0;
}

int LLVMFuzzerTestOneInput( const uint8_t *data, size_t size )
{
    size_t count = size / FUZZ_RECORD, i;
    struct world_object *adapter, *device;
    D3DKMT_QUERYADAPTERINFO query = { .Type = KMTQAITYPE_UMDRIVERPRIVATE };
    struct fuzz_cursor cursor;
    NTSTATUS status;

    if (!count) return 0;
    if (count > MAX_RECORDS) count = MAX_RECORDS;
    fuzz_cursor_init( &cursor, data, FUZZ_RECORD );
    world_start( &cursor );
    unsetenv( "WINEKMT_VERIFIER" );
    world_open();
    adapter = world_pick( OBJECT_ADAPTER, 0 );
    device = world_pick( OBJECT_DEVICE, 0 );
    fuzz_check( adapter && device, "there is no device" );
    query.hAdapter = adapter->handle;
    query.pPrivateDriverData = &adapter_data;
    query.PrivateDriverDataSize = sizeof(adapter_data);
    status = kmt_QueryAdapterInfo( &query );
    fuzz_check( !status && adapter_data.magic == WINEKMT_ADAPTER_MAGIC && adapter_data.version, "UMDRIVERPRIVATE: %#x",
            (unsigned int)status );
    for (i = 1; i < count; i++)
    {
        create( world_pick( OBJECT_DEVICE, 0 )->handle, data + i * FUZZ_RECORD );
        world_note_objects();
        if (world.count > WORLD_MAX_OBJECTS - 64) break;
    }
    world_check_at_rest();
    world_finish();
    return 0;
}

/* Good data, which a mutation then makes worse. Bytes from 28 on repeat the first ones. */
static void good_record( uint8_t *record, uint64_t random )
{
    struct winekmt_allocation_data data = { WINEKMT_ALLOCATION_MAGIC, WINEKMT_VERSION, 4096, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

    record[0] = random;
    record[1] = random >> 8;
    record[2] = random >> 16;
    data.size = 1ull << (12 + (random >> 24 & 7)) | (random >> 27 & 0xfff);
    data.alignment = random >> 40 & 1 ? 1u << (random >> 41 & 31) : 0;
    data.cpu_access = (random >> 46) % 3;
    data.segments = random >> 48 & 3;
    data.preferred_segment = random >> 50 & data.segments;
    data.version = 1 + (random >> 60 & 1);
    memcpy( record + DATA_OFFSET, &data, FUZZ_RECORD - DATA_OFFSET );
}

void fuzz_new_record( uint8_t *data, uint64_t random )
{
    good_record( data, random );
}

size_t fuzz_seed( unsigned int n, uint8_t *data, size_t max_size )
{
    uint64_t state = n;
    unsigned int i;

    if (n >= 16 || max_size < 9 * FUZZ_RECORD) return 0;
    memset( data, 0, 9 * FUZZ_RECORD );
    data[0] = n;
    data[1] = n * 3;
    data[2] = 0xff;
    for (i = 1; i < 9; i++)
    {
        good_record( data + i * FUZZ_RECORD, fuzz_random( &state ) );
        if (i & 1) data[i * FUZZ_RECORD + 1] &= 0x7f;
    }
    return 9 * FUZZ_RECORD;
}
