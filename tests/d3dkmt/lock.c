/*
 * Lock, Unlock, Lock2, Unlock2
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

static D3DKMT_HANDLE create_with_access( D3DKMT_HANDLE device, UINT access, UINT64 size )
{
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;

    init_data( &data, size );
    data.cpu_access = access;
    init_create( &create, device, &info, &data );
    check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
    return info.hAllocation;
}

static void set_flags( D3DKMT_LOCK *lock, UINT flags )
{
    memcpy( &lock->Flags, &flags, sizeof(flags) );
}

static void test_lock2( D3DKMT_HANDLE device )
{
    D3DKMT_HANDLE allocation = create_allocation( device, KIB( 64 ) );
    D3DKMT_UNLOCK2 unlock;
    D3DKMT_LOCK2 lock;
    void *data;
    UINT i;

    check_status( pD3DKMTLock2( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTUnlock2( NULL ), STATUS_INVALID_PARAMETER );
    memset( &lock, 0, sizeof(lock) );
    memset( &unlock, 0, sizeof(unlock) );
    kmt_fails( Lock2, &lock, STATUS_INVALID_PARAMETER );
    kmt_fails( Unlock2, &unlock, STATUS_INVALID_PARAMETER );

    FILL( lock );
    lock.hDevice = device;
    lock.hAllocation = allocation;
    for (i = 0; i < 32; i++) /* every flag bit is refused */
    {
        lock.Flags.Value = 1u << i;
        kmt_fails( Lock2, &lock, STATUS_INVALID_PARAMETER );
    }
    lock.Flags.Value = 0;
    unlock.hDevice = device;
    unlock.hAllocation = allocation;
    kmt_fails( Unlock2, &unlock, STATUS_INVALID_PARAMETER );

    kmt_writes( Lock2, &lock, expected_->pData = params_->pData );
    data = lock.pData;
    ok( data && !((ULONG_PTR)data & 4095), "pData %p\n", data );
    ok( is_zero( data, KIB( 64 ) ), "new memory is not zero\n" );
    fill_memory( data, KIB( 64 ), 1 );

    /* nested: the same pointer, as many unlocks as locks */
    lock.pData = NULL;
    kmt_writes( Lock2, &lock, expected_->pData = params_->pData );
    ok( lock.pData == data, "pData %p, then %p\n", data, lock.pData );
    kmt_succeeds( Unlock2, &unlock );
    ok( has_pattern( data, KIB( 64 ), 1 ), "content changed\n" );
    kmt_succeeds( Unlock2, &unlock );
    kmt_fails( Unlock2, &unlock, STATUS_INVALID_PARAMETER );
    check_pattern( device, allocation, KIB( 64 ), 1 );
    destroy_allocation( device, allocation );
    kmt_fails( Lock2, &lock, STATUS_INVALID_PARAMETER );
}

static void test_lock( D3DKMT_HANDLE device )
{
    static const struct { UINT flags; BOOL good; } flags[] =
    {
        { 0x001, TRUE },    /* ReadOnly */
        { 0x002, TRUE },    /* WriteOnly */
        { 0x003, FALSE },   /* both */
        { 0x004, TRUE },    /* DonotWait */
        { 0x008, TRUE },    /* IgnoreSync */
        { 0x010, TRUE },    /* LockEntire */
        { 0x020, TRUE },    /* DonotEvict */
        { 0x040, TRUE },    /* AcquireAperture */
        { 0x048, FALSE },   /* AcquireAperture, IgnoreSync */
        { 0x080, TRUE },    /* Discard */
        { 0x08c, TRUE },    /* Discard, DonotWait, IgnoreSync */
        { 0x100, TRUE },    /* NoExistingReference */
        { 0x200, FALSE },   /* UseAlternateVA without AcquireAperture */
        { 0x240, TRUE },    /* UseAlternateVA, AcquireAperture */
        { 0x248, FALSE },   /* and IgnoreSync */
        { 0x400, TRUE },    /* IgnoreReadSync */
        { 0x800, FALSE }, { 0x40000000, FALSE }, { 0x80000000, FALSE }, { 0xfffff800, FALSE },
    };
    D3DKMT_HANDLE allocation = create_allocation( device, KIB( 64 ) ), resource, shared, list[4];
    D3DKMT_UNLOCK unlock;
    D3DKMT_LOCK lock;
    void *data;
    UINT i;

    check_status( pD3DKMTLock( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTUnlock( NULL ), STATUS_INVALID_PARAMETER );
    memset( &lock, 0, sizeof(lock) );
    memset( &unlock, 0, sizeof(unlock) );
    kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
    kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER );
    unlock.hDevice = device;
    kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER ); /* count 0 */
    unlock.NumAllocations = 1;
    kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER ); /* no list */
    unlock.phAllocations = &allocation;
    kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER ); /* not locked */

    lock.hDevice = device;
    lock.hAllocation = allocation;
    lock.pData = (void *)(ULONG_PTR)SENTINEL32;
    for (i = 0; i < ARRAY_SIZE( flags ); i++)
    {
        winetest_push_context( "flags %#x", flags[i].flags );
        set_flags( &lock, flags[i].flags );
        if (flags[i].good)
        {
            kmt_writes( Lock, &lock,
                        expected_->pData = params_->pData;
                        expected_->GpuVirtualAddress = params_->GpuVirtualAddress );
            ok( lock.GpuVirtualAddress == 0, "GpuVirtualAddress %s\n", wine_dbgstr_longlong( lock.GpuVirtualAddress ) );
            kmt_succeeds( Unlock, &unlock );
        }
        else kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
        kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER );
        winetest_pop_context();
    }

    /* not what only the owner may do on what is shared */
    resource = create_resource( device, CREATE_SHARED, KIB( 64 ), &shared, NULL );
    lock.hAllocation = shared;
    set_flags( &lock, 0x240 );
    kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
    set_flags( &lock, 0 );
    check_status( pD3DKMTLock( &lock ), STATUS_SUCCESS );
    check_status( try_unlock( device, shared ), STATUS_SUCCESS );
    destroy_resource( device, resource );

    /* both forms count together and give the same pointer */
    lock.hAllocation = allocation;
    check_status( pD3DKMTLock( &lock ), STATUS_SUCCESS );
    data = lock_allocation( device, allocation );
    ok( data == lock.pData, "Lock %p, Lock2 %p\n", lock.pData, data );
    unlock_allocation( device, allocation );
    unlock_allocation( device, allocation );
    check_status( try_unlock( device, allocation ), STATUS_INVALID_PARAMETER );
    lock_allocation( device, allocation );
    lock_allocation( device, allocation );
    kmt_succeeds( Unlock, &unlock );

    /* a list: as often as it is locked, and nothing when one is wrong */
    list[0] = list[1] = allocation;
    list[2] = create_allocation( device, KIB( 4 ) );
    unlock.phAllocations = list;
    unlock.NumAllocations = 2;
    kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER ); /* locked once only */
    lock_allocation( device, allocation );
    unlock.NumAllocations = 3;
    kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER ); /* the third is not locked */
    lock_allocation( device, list[2] );
    kmt_succeeds( Unlock, &unlock );
    kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER );
    lock_allocation( device, allocation );
    lock_allocation( device, list[2] );
    list[1] = 0xdeadbeef;
    kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER ); /* nonsense in the middle */
    list[1] = list[2];
    unlock.NumAllocations = 2;
    kmt_succeeds( Unlock, &unlock );
    unlock.NumAllocations = 0xffffffff;
    kmt_fails( Unlock, &unlock, STATUS_INVALID_PARAMETER );
    destroy_allocation( device, allocation );
    destroy_allocation( device, list[2] );
}

/* Pages of 4 KiB may be named instead of the whole. */
static void test_lock_pages( D3DKMT_HANDLE device )
{
    D3DKMT_HANDLE allocation = create_allocation( device, KIB( 64 ) );
    UINT pages[] = { 3, 4, 7, 15 }, bad[] = { 0, 16 };
    D3DKMT_LOCK lock;
    char *start = lock_allocation( device, allocation );

    unlock_allocation( device, allocation );
    memset( &lock, 0, sizeof(lock) );
    lock.hDevice = device;
    lock.hAllocation = allocation;
    kmt_writes( Lock, &lock, expected_->pData = params_->pData );
    ok( lock.pData == start, "no pages: pData %p, start %p\n", lock.pData, (void *)start );
    unlock_allocation( device, allocation );

    lock.NumPages = ARRAY_SIZE( pages );
    lock.pPages = pages;
    kmt_writes( Lock, &lock, expected_->pData = params_->pData );
    ok( lock.pData == start || lock.pData == start + 3 * TEST_PAGE, "pages: pData %p, start %p\n", lock.pData, (void *)start );
    unlock_allocation( device, allocation );

    lock.NumPages = ARRAY_SIZE( bad );
    lock.pPages = bad;
    kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
    bad[1] = 0xffffffff;
    kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
    bad[1] = 0x100000;
    kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
    lock.NumPages = 1;
    lock.pPages = NULL;
    kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
    check_status( try_unlock( device, allocation ), STATUS_INVALID_PARAMETER );

    /* LockEntire: they are not looked at */
    set_flags( &lock, 0x10 );
    lock.NumPages = 0xffffffff;
    kmt_writes( Lock, &lock, expected_->pData = params_->pData );
    ok( lock.pData == start, "LockEntire: pData %p, start %p\n", lock.pData, (void *)start );
    unlock_allocation( device, allocation );
    destroy_allocation( device, allocation );
}

static void test_cpu_access( D3DKMT_HANDLE device )
{
    D3DKMT_HANDLE allocation;
    D3DKMT_LOCK2 lock2;
    D3DKMT_LOCK lock;

    allocation = create_with_access( device, WINEKMT_CPU_ACCESS_NONE, KIB( 64 ) );
    FILL( lock );
    memset( &lock.Flags, 0, sizeof(lock.Flags) );
    lock.GpuVirtualAddress = 0;
    lock.NumPages = 0;
    lock.pPages = NULL;
    lock.hDevice = device;
    lock.hAllocation = allocation;
    kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
    FILL( lock2 );
    lock2.Flags.Value = 0;
    lock2.hDevice = device;
    lock2.hAllocation = allocation;
    kmt_fails( Lock2, &lock2, STATUS_INVALID_PARAMETER );
    check_status( try_unlock( device, allocation ), STATUS_INVALID_PARAMETER );
    destroy_allocation( device, allocation );

    allocation = create_with_access( device, WINEKMT_CPU_ACCESS_WRITE_COMBINED, KIB( 64 ) );
    check_zero( device, allocation, KIB( 64 ) );
    write_allocation( device, allocation, KIB( 64 ), 9 );
    check_pattern( device, allocation, KIB( 64 ), 9 );
    destroy_allocation( device, allocation );
}

/* A primary is implicitly CPU-visible. */
static void test_primary( D3DKMT_HANDLE adapter, D3DKMT_HANDLE device )
{
    struct winekmt_adapter_data adapter_data;
    struct winekmt_allocation_data data;
    D3DKMT_CREATEALLOCATION create;
    D3DDDI_ALLOCATIONINFO2 info;
    D3DKMT_LOCK lock;
    NTSTATUS status;
    UINT access;

    get_adapter_data( adapter, &adapter_data );
    for (access = WINEKMT_CPU_ACCESS_NONE; access <= WINEKMT_CPU_ACCESS_CACHED; access++)
    {
        init_data( &data, KIB( 64 ) );
        data.cpu_access = access;
        data.segments = WINEKMT_SEGMENT_LOCAL;
        init_create( &create, device, &info, &data );
        info.Flags.Primary = 1;
        if (access && !(adapter_data.cpu_visible_segments & WINEKMT_SEGMENT_LOCAL)) continue;
        check_status( pD3DKMTCreateAllocation2( &create ), STATUS_SUCCESS );
        memset( &lock, 0, sizeof(lock) );
        lock.hDevice = device;
        lock.hAllocation = info.hAllocation;
        status = pD3DKMTLock( &lock );
        if (!status)
        {
            if (lock.pData) ok( is_zero( lock.pData, KIB( 64 ) ), "a new primary is not zero\n" );
            check_status( try_unlock( device, info.hAllocation ), STATUS_SUCCESS );
        }
        else
        {
            /* one that was made for the GPU alone: fault.c has a GPU where that is certain */
            ok( !access, "access %u: status %#x\n", access, (UINT)status );
            kmt_fails( Lock, &lock, STATUS_GRAPHICS_CANT_EVICT_PINNED_ALLOCATION );
            check_status( try_lock( device, info.hAllocation, &lock.pData ), STATUS_INVALID_PARAMETER );
        }
        destroy_allocation( device, info.hAllocation );
    }
}

/* Locked and offered exclude each other. */
static void test_offered( D3DKMT_HANDLE device )
{
    D3DKMT_HANDLE allocation = create_allocation( device, KIB( 64 ) ), list[2];
    D3DKMT_LOCK2 lock2;
    D3DKMT_LOCK lock;
    UINT result;
    void *data;

    write_allocation( device, allocation, KIB( 64 ), 3 );
    data = lock_allocation( device, allocation );
    ok( data != NULL, "no pointer\n" );
    check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_NORMAL ), STATUS_INVALID_PARAMETER );
    /* one locked entry: the other is not offered either, so that it can be locked */
    list[0] = create_allocation( device, KIB( 64 ) );
    list[1] = allocation;
    check_status( offer( device, list, 2, FALSE, D3DKMT_OFFER_PRIORITY_NORMAL, 0 ), STATUS_INVALID_PARAMETER );
    write_allocation( device, list[0], KIB( 64 ), 4 );
    destroy_allocation( device, list[0] );
    unlock_allocation( device, allocation );

    check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_NORMAL ), STATUS_SUCCESS );
    FILL( lock2 );
    lock2.Flags.Value = 0;
    lock2.hDevice = device;
    lock2.hAllocation = allocation;
    kmt_fails( Lock2, &lock2, STATUS_INVALID_PARAMETER );
    memset( &lock, 0, sizeof(lock) );
    lock.hDevice = device;
    lock.hAllocation = allocation;
    kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
    set_flags( &lock, 0x80 ); /* Discard does not help */
    kmt_fails( Lock, &lock, STATUS_INVALID_PARAMETER );
    check_status( try_unlock( device, allocation ), STATUS_INVALID_PARAMETER );
    check_status( reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
    if (!result) check_pattern( device, allocation, KIB( 64 ), 3 );
    destroy_allocation( device, allocation );
}

/* 65535 locks at once, and no more. */
static void test_count( D3DKMT_HANDLE device )
{
    D3DKMT_HANDLE allocation = create_allocation( device, TEST_PAGE );
    D3DKMT_LOCK lock;
    D3DKMT_LOCK2 lock2;
    UINT i;

    memset( &lock2, 0, sizeof(lock2) );
    lock2.hDevice = device;
    lock2.hAllocation = allocation;
    memset( &lock, 0, sizeof(lock) );
    lock.hDevice = device;
    lock.hAllocation = allocation;
    for (i = 0; i < 65535; i++)
        if (i & 1 ? pD3DKMTLock( &lock ) : pD3DKMTLock2( &lock2 )) break;
    ok( i == 65535, "%u locks\n", i );
    kmt_fails( Lock2, &lock2, STATUS_GRAPHICS_TOO_MANY_REFERENCES );
    kmt_fails( Lock, &lock, STATUS_GRAPHICS_TOO_MANY_REFERENCES );
    for (i = 0; i < 65535; i++) if (try_unlock( device, allocation )) break;
    ok( i == 65535, "%u unlocks\n", i );
    check_status( try_unlock( device, allocation ), STATUS_INVALID_PARAMETER );
    destroy_allocation( device, allocation );
}

START_TEST(lock)
{
    D3DKMT_HANDLE adapter, device;

    if (!open_device( &adapter, &device )) return;
    test_lock2( device );
    test_lock( device );
    test_lock_pages( device );
    test_cpu_access( device );
    test_primary( adapter, device );
    test_offered( device );
    test_count( device );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_device( device );
    close_adapter( adapter );
}
