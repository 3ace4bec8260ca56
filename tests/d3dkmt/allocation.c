/*
 * CreateAllocation, CreateAllocation2, DestroyAllocation, DestroyAllocation2: allocations that stand alone
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

/* A create call that must fail: the block, the entry and the private data stay as they are. */
#define create_fails( create, status ) create_fails_( __FILE__, __LINE__, create, status )
static void create_fails_( const char *file, int line, D3DKMT_CREATEALLOCATION *create, NTSTATUS expected )
{
    D3DKMT_CREATEALLOCATION before = *create;
    D3DDDI_ALLOCATIONINFO2 info, *infos = create->pAllocationInfo2;
    NTSTATUS status;

    memcpy( &before, create, sizeof(before) );
    if (infos) memcpy( &info, infos, sizeof(info) );
    status = pD3DKMTCreateAllocation2( create );
    check_status_( file, line, "CreateAllocation2", status, expected );
    check_bytes_( file, line, "CreateAllocation2 (failed): parameter block", create, &before, sizeof(before) );
    if (infos) check_bytes_( file, line, "CreateAllocation2 (failed): entry", infos, &info, sizeof(info) );
    if (!status && infos)
    {
        try_destroy( create->hDevice, create->hResource, create->hResource ? NULL : &infos->hAllocation, 1 );
        memcpy( create, &before, sizeof(before) );
        memcpy( infos, &info, sizeof(info) );
    }
}

static void test_create( D3DKMT_HANDLE device )
{
    struct winekmt_allocation_data data, data_before;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info2, expected2;
    D3DDDI_ALLOCATIONINFO info, expected;
    D3DKMT_HANDLE allocation;

    /* nothing but the device and one entry: the block's outputs are hResource and hGlobalShare */
    init_data( &data, KIB( 64 ) );
    data_before = data;
    init_create( &create, device, &info2, &data );
    create.hGlobalShare = SENTINEL32;
    create.hPrivateRuntimeResourceHandle = (HANDLE)(ULONG_PTR)0xdeadbeef;
    info2.hAllocation = SENTINEL32;
    memcpy( &expected2, &info2, sizeof(info2) );
    kmt_writes( CreateAllocation2, &create, expected_->hGlobalShare = 0 );
    ok( is_local_handle( info2.hAllocation ), "hAllocation %#x\n", info2.hAllocation );
    expected2.hAllocation = info2.hAllocation;
    check_bytes( "entry", &info2, &expected2, sizeof(info2) );
    check_bytes( "private data", &data, &data_before, sizeof(data) );
    allocation = info2.hAllocation;

    /* the first form, with its shorter entries: what follows the entry is not read or written */
    memset( &info, 0, sizeof(info) );
    info.hAllocation = SENTINEL32;
    info.pPrivateDriverData = &data;
    info.PrivateDriverDataSize = sizeof(data);
    memcpy( &expected, &info, sizeof(info) );
    create.pAllocationInfo = &info;
    create.hGlobalShare = SENTINEL32;
    kmt_writes( CreateAllocation, &create, expected_->hGlobalShare = 0 );
    ok( is_local_handle( info.hAllocation ) && info.hAllocation != allocation, "hAllocation %#x\n", info.hAllocation );
    expected.hAllocation = info.hAllocation;
    check_bytes( "entry", &info, &expected, sizeof(info) );
    destroy_allocation( device, info.hAllocation );
    destroy_allocation( device, allocation );

    /* per-resource data of the runtime and a driver is carried, not read */
    init_create( &create, device, &info2, &data );
    create.pPrivateRuntimeData = "runtime";
    create.PrivateRuntimeDataSize = 7;
    create.pPrivateDriverData = "driver";
    create.PrivateDriverDataSize = 6;
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    destroy_allocation( device, info2.hAllocation );
}

static void test_create_bad( D3DKMT_HANDLE device )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    char memory[64];
    UINT i;

    check_status( pD3DKMTCreateAllocation( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTCreateAllocation2( NULL ), STATUS_INVALID_PARAMETER );
    memset( &create, 0, sizeof(create) );
    kmt_fails( CreateAllocation, &create, STATUS_INVALID_PARAMETER );
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );

    init_data( &data, KIB( 64 ) );
    init_create( &create, 0, &info, &data );
    create_fails( &create, STATUS_INVALID_PARAMETER );

    init_create( &create, device, &info, &data );
    create.NumAllocations = 0;
    create_fails( &create, STATUS_INVALID_PARAMETER );
    create.Flags.CreateResource = 1;
    create_fails( &create, STATUS_INVALID_PARAMETER );
    create.Flags.CreateResource = 0;
    create.NumAllocations = 1025;
    create_fails( &create, STATUS_INVALID_PARAMETER );
    create.NumAllocations = 0x10000000;
    create_fails( &create, STATUS_INVALID_PARAMETER );
    create.NumAllocations = 0xffffffff;
    create_fails( &create, STATUS_INVALID_PARAMETER );
    create.NumAllocations = 1;
    create.pAllocationInfo2 = NULL;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );

    /* memory of the program without the standard form, and the other way round */
    init_create( &create, device, &info, &data );
    info.pSystemMem = memory;
    create_fails( &create, STATUS_INVALID_PARAMETER );
    create.Flags.ExistingSysMem = 1;
    create_fails( &create, STATUS_INVALID_PARAMETER );
    info.pSystemMem = NULL;
    create_fails( &create, STATUS_INVALID_PARAMETER );

    /* flags that are not for user mode, and bits without a meaning */
    for (i = 0; i < 32; i++)
    {
        static const UINT refused = 1u << 3 | 1u << 8 | 1u << 9 | 1u << 12 | 1u << 17 | 0xffc00000u;
        UINT bit = 1u << i;

        if (!(refused & bit)) continue;
        winetest_push_context( "flag bit %u", i );
        init_create( &create, device, &info, &data );
        memcpy( &create.Flags, &bit, sizeof(bit) );
        create_fails( &create, STATUS_INVALID_PARAMETER );
        winetest_pop_context();
    }
    init_create( &create, device, &info, &data );
    create.Flags.NtSecuritySharing = 1;
    create_fails( &create, STATUS_INVALID_PARAMETER );
    create.Flags.NtSecuritySharing = 0;
    create.Flags.CreateShared = 1;
    create_fails( &create, STATUS_INVALID_PARAMETER );
}

/* Whether the manager takes this private data. */
static void test_private_data( D3DKMT_HANDLE device )
{
    static const UINT64 bad_sizes[] = { 0, ~(UINT64)0, ~(UINT64)0 - 4095, ~(UINT64)0 - 4096, (UINT64)1 << 63, (UINT64)1 << 62 };
    static const UINT bad_alignments[] = { 3, 4097, 0x300000, 0x400000, 0x80000000, 0xffffffff };
    struct winekmt_allocation_data data, before;
    char large[sizeof(data) + 32];
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    void *memory;
    UINT i;

#define data_fails( status ) \
    do { \
        before = data; \
        create_fails( &create, status ); \
        check_bytes( "private data", &data, &before, sizeof(data) ); \
    } while (0)

    /* none at all */
    init_data( &data, KIB( 64 ) );
    init_create( &create, device, &info, &data );
    info.PrivateDriverDataSize = 0;
    data_fails( STATUS_INVALID_PARAMETER );
    info.pPrivateDriverData = NULL;
    data_fails( STATUS_INVALID_PARAMETER );
    info.PrivateDriverDataSize = sizeof(data);
    data_fails( STATUS_INVALID_PARAMETER );

    /* some vendor's */
    init_create( &create, device, &info, &data );
    data.magic = 0x12345678;
    data_fails( STATUS_GRAPHICS_DRIVER_MISMATCH );
    data.magic = WINEKMT_ADAPTER_MAGIC;
    data_fails( STATUS_GRAPHICS_DRIVER_MISMATCH );
    data.magic = WINEKMT_ALLOCATION_MAGIC;
    data.version = 0;
    data_fails( STATUS_GRAPHICS_DRIVER_MISMATCH );
    data.version = WINEKMT_VERSION;
    for (i = 1; i < WINEKMT_ALLOCATION_DATA_MIN_SIZE; i++)
    {
        info.PrivateDriverDataSize = i;
        data_fails( STATUS_GRAPHICS_DRIVER_MISMATCH );
    }

    /* the 24 bytes of every version, a later version, and a longer structure do */
    for (i = 0; i < 3; i++)
    {
        init_data( &data, KIB( 64 ) );
        FILL( large );
        memcpy( large, &data, sizeof(data) );
        if (i == 1) ((struct winekmt_allocation_data *)large)->version = 1000;
        info.pPrivateDriverData = large;
        info.PrivateDriverDataSize = i == 2 ? sizeof(large) : WINEKMT_ALLOCATION_DATA_MIN_SIZE;
        check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
        destroy_allocation( device, info.hAllocation );
        info.hAllocation = 0;
    }

    init_create( &create, device, &info, &data );
    for (i = 0; i < ARRAY_SIZE( bad_sizes ); i++)
    {
        winetest_push_context( "size %s", wine_dbgstr_longlong( bad_sizes[i] ) );
        init_data( &data, bad_sizes[i] );
        data_fails( STATUS_INVALID_PARAMETER );
        winetest_pop_context();
    }
    init_data( &data, KIB( 64 ) );
    for (i = 0; i < ARRAY_SIZE( bad_alignments ); i++)
    {
        winetest_push_context( "alignment %#x", bad_alignments[i] );
        data.alignment = bad_alignments[i];
        data_fails( STATUS_INVALID_PARAMETER );
        winetest_pop_context();
    }
    data.alignment = 0;
    data.cpu_access = 3;
    data_fails( STATUS_INVALID_PARAMETER );
    data.cpu_access = 255;
    data_fails( STATUS_INVALID_PARAMETER );
    data.cpu_access = WINEKMT_CPU_ACCESS_CACHED;
    data.segments = 4;
    data_fails( STATUS_INVALID_PARAMETER );
    data.segments = 0x80 | WINEKMT_SEGMENT_LOCAL;
    data_fails( STATUS_INVALID_PARAMETER );
#undef data_fails

    /* good alignments: what Lock2 gives has at least a page's; sizes that are no page multiple are rounded up */
    for (i = 1; i <= WINEKMT_MAX_ALIGNMENT; i *= 2)
    {
        init_data( &data, 1 );
        data.alignment = i;
        init_create( &create, device, &info, &data );
        check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
        if ((memory = lock_allocation( device, info.hAllocation )))
        {
            ok( !((ULONG_PTR)memory & 4095), "alignment %#x: pData %p\n", i, memory );
            ok( is_zero( memory, TEST_PAGE ), "alignment %#x: the page is not zero\n", i );
            fill_memory( memory, TEST_PAGE, i );
            unlock_allocation( device, info.hAllocation );
        }
        destroy_allocation( device, info.hAllocation );
    }

    /* format and dimensions are never interpreted */
    init_data( &data, KIB( 64 ) );
    data.format = 0xffffffff;
    data.width = data.height = data.pitch = 0xffffffff;
    init_create( &create, device, &info, &data );
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    destroy_allocation( device, info.hAllocation );
}

/* More than there is: a size that no segment has, and one that no single allocation may have. */
static void test_too_large( D3DKMT_HANDLE adapter, D3DKMT_HANDLE device )
{
    struct winekmt_adapter_data info;
    UINT64 usage = get_usage( adapter );
    D3DKMT_HANDLE allocation;
    NTSTATUS status;

    get_adapter_data( adapter, &info );
    allocation = SENTINEL32;
    check_status( try_create( device, max( info.local_size, info.non_local_size ) + TEST_PAGE, &allocation ),
                  STATUS_INVALID_PARAMETER );
    ok( allocation == 0, "allocation %#x\n", allocation );
    check_status( try_create( device, (max( info.local_size, info.non_local_size ) & ~(UINT64)0xfff) * 4, &allocation ),
                  STATUS_INVALID_PARAMETER );
    if (info.max_allocation_size < max( info.local_size, info.non_local_size ))
    {
        status = try_create( device, info.max_allocation_size + TEST_PAGE, &allocation );
        ok( status == STATUS_GRAPHICS_NO_VIDEO_MEMORY || status == STATUS_INVALID_PARAMETER, "status %#x\n", (UINT)status );
    }
    ok( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ),
        wine_dbgstr_longlong( usage ) );
}

/* Counts up to the limit; one bad entry and nothing is there. */
static void test_counts( D3DKMT_HANDLE adapter, D3DKMT_HANDLE device )
{
    static struct winekmt_allocation_data data[1025];
    static D3DDDI_ALLOCATIONINFO2 infos[1025], before[1025];
    static D3DKMT_HANDLE handles[1025];
    D3DKMT_CREATEALLOCATION create;
    UINT64 usage = get_usage( adapter );
    UINT i, j, bad;

    memset( infos, 0, sizeof(infos) );
    for (i = 0; i < ARRAY_SIZE( infos ); i++)
    {
        init_data( &data[i], TEST_PAGE );
        infos[i].pPrivateDriverData = &data[i];
        infos[i].PrivateDriverDataSize = sizeof(data[i]);
    }
    memset( &create, 0, sizeof(create) );
    create.hDevice = device;
    create.pAllocationInfo2 = infos;
    memcpy( before, infos, sizeof(infos) );
    for (i = 0; i < 3; i++)
    {
        /* the first, some, and the last entry are bad */
        bad = i * 511;
        create.NumAllocations = 1023;
        data[bad].size = 0;
        kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
        data[bad].size = TEST_PAGE;
        data[bad].magic ^= 1;
        kmt_fails( CreateAllocation2, &create, STATUS_GRAPHICS_DRIVER_MISMATCH );
        data[bad].magic ^= 1;
    }
    create.NumAllocations = 1025;
    kmt_fails( CreateAllocation2, &create, STATUS_INVALID_PARAMETER );
    check_bytes( "entries", infos, before, sizeof(infos) );
    ok( get_usage( adapter ) == usage, "usage grew\n" );

    create.NumAllocations = 1024;
    kmt_succeeds( CreateAllocation2, &create );
    check_bytes( "the entry behind", &infos[1024], &before[1024], sizeof(infos[1024]) );
    for (i = 0; i < 1024; i++)
    {
        handles[i] = infos[i].hAllocation;
        ok( is_local_handle( handles[i] ), "hAllocation %u: %#x\n", i, handles[i] );
        if (i) ok( handles[i] != handles[i - 1], "hAllocation %u: %#x twice\n", i, handles[i] );
    }
    ok( get_usage( adapter ) >= usage + 1024 * TEST_PAGE, "usage %s, was %s\n",
        wine_dbgstr_longlong( get_usage( adapter ) ), wine_dbgstr_longlong( usage ) );

    /* destroying: the same limit, and again all or nothing */
    handles[1024] = 0;
    check_status( try_destroy( device, 0, handles, 1025 ), STATUS_INVALID_PARAMETER );
    check_status( try_destroy( device, 0, handles, 0xffffffff ), STATUS_INVALID_PARAMETER );
    for (i = 0; i < 3; i++)
    {
        D3DKMT_HANDLE saved = handles[i * 511];

        handles[i * 511] = 0xdeadbeef;
        check_status( try_destroy( device, 0, handles, 1024 ), STATUS_INVALID_PARAMETER );
        handles[i * 511] = handles[(i * 511 + 1) % 1024];    /* twice the same */
        check_status( try_destroy( device, 0, handles, 1024 ), STATUS_INVALID_PARAMETER );
        handles[i * 511] = saved;
    }
    for (i = 0; i < 1024; i += 93) write_allocation( device, handles[i], TEST_PAGE, i );
    for (i = 0; i < 1024; i += 93) check_pattern( device, handles[i], TEST_PAGE, i );
    check_status( try_destroy( device, 0, handles, 1024 ), STATUS_SUCCESS );
    for (i = 0; i < 1024; i += 93)
        check_status( try_destroy( device, 0, &handles[i], 1 ), STATUS_INVALID_PARAMETER );
    ok( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ),
        wine_dbgstr_longlong( usage ) );
    for (j = 0; j < 1024; j++) infos[j].hAllocation = 0;
}

static void test_destroy( D3DKMT_HANDLE adapter, D3DKMT_HANDLE device )
{
    static const UINT reserved[] = { 0x4, 0x8, 0x40000000, 0x80000000, 0xfffffffc };
    D3DKMT_DESTROYALLOCATION2 destroy2;
    D3DKMT_DESTROYALLOCATION destroy;
    D3DKMT_HANDLE allocation, other;
    UINT64 usage = get_usage( adapter );
    void *data;
    UINT i;

    check_status( pD3DKMTDestroyAllocation( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTDestroyAllocation2( NULL ), STATUS_INVALID_PARAMETER );
    memset( &destroy, 0, sizeof(destroy) );
    memset( &destroy2, 0, sizeof(destroy2) );
    kmt_fails( DestroyAllocation, &destroy, STATUS_INVALID_PARAMETER );
    kmt_fails( DestroyAllocation2, &destroy2, STATUS_INVALID_PARAMETER );

    /* nothing to destroy: success */
    destroy.hDevice = destroy2.hDevice = device;
    kmt_succeeds( DestroyAllocation, &destroy );
    kmt_succeeds( DestroyAllocation2, &destroy2 );

    /* a count without a list */
    destroy.AllocationCount = destroy2.AllocationCount = 1;
    kmt_fails( DestroyAllocation, &destroy, STATUS_INVALID_PARAMETER );
    kmt_fails( DestroyAllocation2, &destroy2, STATUS_INVALID_PARAMETER );

    /* the first form */
    allocation = create_allocation( device, KIB( 64 ) );
    destroy.phAllocationList = &allocation;
    kmt_succeeds( DestroyAllocation, &destroy );
    kmt_fails( DestroyAllocation, &destroy, STATUS_INVALID_PARAMETER );

    /* the second, with each flag */
    for (i = 0; i < 4; i++)
    {
        allocation = create_allocation( device, KIB( 64 ) );
        destroy2.phAllocationList = &allocation;
        destroy2.Flags.Value = i;
        kmt_succeeds( DestroyAllocation2, &destroy2 );
        kmt_fails( DestroyAllocation2, &destroy2, STATUS_INVALID_PARAMETER );
    }
    allocation = create_allocation( device, KIB( 64 ) );
    for (i = 0; i < ARRAY_SIZE( reserved ); i++)
    {
        destroy2.Flags.Value = reserved[i];
        kmt_fails( DestroyAllocation2, &destroy2, STATUS_INVALID_PARAMETER );
    }

    /* another device's */
    other = create_device( adapter );
    check_status( try_destroy( other, 0, &allocation, 1 ), STATUS_INVALID_PARAMETER );
    destroy_device( other );

    /* locked: the pointer dies with it */
    data = lock_allocation( device, allocation );
    if (data) fill_memory( data, KIB( 64 ), 1 );
    destroy_allocation( device, allocation );
    check_status( try_unlock( device, allocation ), STATUS_INVALID_PARAMETER );

    /* offered */
    allocation = create_allocation( device, KIB( 64 ) );
    check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
    destroy_allocation( device, allocation );
    check_status( reclaim_one( device, allocation, NULL ), STATUS_INVALID_PARAMETER );
    ok( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ),
        wine_dbgstr_longlong( usage ) );
}

/* New memory reads as zero whatever was there before, from the pool or with a memory object of its own. */
static void test_zero( D3DKMT_HANDLE device )
{
    static const UINT64 sizes[] = { 4096, 8192, 12288, 65536, 100 * 1024, 512 * 1024, 1024 * 1024, 3 * 1024 * 1024 };
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    D3DKMT_HANDLE allocations[8];
    UINT i, j;

    for (i = 0; i < ARRAY_SIZE( sizes ); i++)
    {
        winetest_push_context( "size %s", wine_dbgstr_longlong( sizes[i] ) );
        for (j = 0; j < ARRAY_SIZE( allocations ); j++)
        {
            allocations[j] = create_allocation( device, sizes[i] );
            check_zero( device, allocations[j], sizes[i] );
            write_allocation( device, allocations[j], sizes[i], i * 100 + j );
        }
        for (j = 0; j < ARRAY_SIZE( allocations ); j++) check_pattern( device, allocations[j], sizes[i], i * 100 + j );
        for (j = 0; j < ARRAY_SIZE( allocations ); j++) destroy_allocation( device, allocations[j] );
        for (j = 0; j < ARRAY_SIZE( allocations ); j++)
        {
            allocations[j] = create_allocation( device, sizes[i] );
            check_zero( device, allocations[j], sizes[i] );
        }
        for (j = 0; j < ARRAY_SIZE( allocations ); j++) destroy_allocation( device, allocations[j] );

        /* AllowNotZeroed: what is there may be anything but what someone else wrote */
        init_data( &data, sizes[i] );
        init_create( &create, device, &info, &data );
        create.Flags.AllowNotZeroed = 1;
        check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
        write_allocation( device, info.hAllocation, sizes[i], 7 );
        check_pattern( device, info.hAllocation, sizes[i], 7 );
        destroy_allocation( device, info.hAllocation );
        winetest_pop_context();
    }
}

/* Flags of which the documentation says that user mode may set them. */
static void test_flags( D3DKMT_HANDLE device )
{
    static const UINT accepted[] = { 2 /* NonSecure */, 4 /* RestrictSharedAccess */, 7 /* ReadOnly */,
        10 /* SwapChainBackBuffer */, 15 /* WriteWatch */, 18 /* AllowNotZeroed */, 20 /* NoKmdAccess */ };
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    UINT i, bit;

    init_data( &data, KIB( 64 ) );
    for (i = 0; i < ARRAY_SIZE( accepted ); i++)
    {
        winetest_push_context( "flag bit %u", accepted[i] );
        init_create( &create, device, &info, &data );
        bit = 1u << accepted[i];
        memcpy( &create.Flags, &bit, sizeof(bit) );
        check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
        if (info.hAllocation) destroy_allocation( device, info.hAllocation );
        winetest_pop_context();
    }
}

/* An allocation may be kept out of the CPU's reach, and be told where to live. */
static void test_placement( D3DKMT_HANDLE adapter, D3DKMT_HANDLE device )
{
    D3DKMT_QUERYVIDEOMEMORYINFO before[2], after[2];
    struct winekmt_adapter_data adapter_data;
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    NTSTATUS status;
    UINT group, access;
    BOOL there;

    get_adapter_data( adapter, &adapter_data );
    for (group = 0; group < 2; group++)
    {
        for (access = WINEKMT_CPU_ACCESS_NONE; access <= WINEKMT_CPU_ACCESS_WRITE_COMBINED; access++)
        {
            winetest_push_context( "group %u, access %u", group, access );
            get_memory_info( adapter, 0, &before[0] );
            get_memory_info( adapter, 1, &before[1] );
            init_data( &data, MIB( 1 ) );
            data.segments = 1u << group;
            data.cpu_access = access;
            init_create( &create, device, &info, &data );
            status = pD3DKMTCreateAllocation2( &create );
            there = (group ? adapter_data.non_local_size : adapter_data.local_size) != 0;
            if (there && access) there = !!(adapter_data.cpu_visible_segments & 1u << group);
            if (!there)
                ok( status == STATUS_INVALID_PARAMETER || status == STATUS_GRAPHICS_NO_VIDEO_MEMORY, "status %#x\n", (UINT)status );
            else check_status( status, STATUS_SUCCESS );
            get_memory_info( adapter, 0, &after[0] );
            get_memory_info( adapter, 1, &after[1] );
            ok( after[!group].CurrentUsage == before[!group].CurrentUsage, "usage of the other group changed\n" );
            if (!status)
            {
                ok( after[group].CurrentUsage == before[group].CurrentUsage + MIB( 1 ), "usage %s, was %s\n",
                    wine_dbgstr_longlong( after[group].CurrentUsage ), wine_dbgstr_longlong( before[group].CurrentUsage ) );
                destroy_allocation( device, info.hAllocation );
            }
            else ok( after[group].CurrentUsage == before[group].CurrentUsage, "usage changed\n" );
            winetest_pop_context();
        }
    }
}

START_TEST(allocation)
{
    D3DKMT_HANDLE adapter, device;

    if (!open_device( &adapter, &device )) return;
    test_create( device );
    test_create_bad( device );
    test_private_data( device );
    test_too_large( adapter, device );
    test_counts( adapter, device );
    test_destroy( adapter, device );
    test_zero( device );
    test_flags( device );
    test_placement( adapter, device );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
