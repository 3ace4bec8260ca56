/*
 * Evictions: which content goes to system memory, in which order, how much of it, and how it comes back
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

#define CACHED .cpu_access = WINEKMT_CPU_ACCESS_CACHED
#define LOCAL  .segments = WINEKMT_SEGMENT_LOCAL

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/***********************************************************************
 * Order
 */

/* A priority of each level, and of its ends; the level is the index. */
static uint32_t priority_of_level( unsigned int level, bool upper )
{
    static const uint32_t lowest[] = { 1, D3DDDI_ALLOCATIONPRIORITY_LOW, D3DDDI_ALLOCATIONPRIORITY_NORMAL, D3DDDI_ALLOCATIONPRIORITY_HIGH,
                                       D3DDDI_ALLOCATIONPRIORITY_MAXIMUM };

    if (!upper) return lowest[level];
    return level == 4 ? 0xffffffff : lowest[level + 1] - 1;
}

enum { LEVELS = 5 };

/* Makes an allocation the most recently used one of its level. */
static void use( const struct unit *unit, D3DKMT_HANDLE handle, bool visible )
{
    D3DDDI_RECLAIM_RESULT result;

    switch (next_random() % 3)
    {
    case 0:
        if (!visible) break;
        ok( unit_lock( unit, handle ) != NULL, "no lock\n" );
        ok( unit_lock( unit, handle ) != NULL, "no second lock\n" );
        ok_status( unit_unlock( unit, handle ), STATUS_SUCCESS );
        ok_status( unit_unlock( unit, handle ), STATUS_SUCCESS );
        return;
    case 1:
        ok_status( unit_offer( unit, &handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
        ok_status( unit_reclaim( unit, &handle, 1, &result ), STATUS_SUCCESS );
        ok( !result, "result %u\n", result );
        return;
    }
    ok_status( unit_make_resident( unit, &handle, 1, 0, NULL, NULL ), STATUS_SUCCESS );
    ok_status( unit_evict( unit, &handle, 1, true ), STATUS_SUCCESS );
}

/* The lowest level first, of one the least recently used, and just as many as are needed. */
static void test_order( bool visible )
{
    enum { COUNT = 45 };
    D3DKMT_HANDLE handles[COUNT], large;
    unsigned int i, level, needed;
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 64 ), visible );    /* 60 */
    for (needed = 0; needed <= COUNT; needed += needed < 3 ? 1 : 7)
    {
        unsigned int levels[COUNT], used[COUNT], order[COUNT], count = 0, wrong = 0, turn;
        struct fake_gpu_stats before, after;

        winetest_push_context( "%s, needed %u", visible ? "visible" : "not visible", needed );
        unit_start( &unit, &adapter, 0 );
        for (i = 0; i < COUNT; i++)
        {
            levels[i] = i * 7 % LEVELS;
            used[i] = i;
            handles[i] = unit_create( &unit, .size = MIB( 1 ), .cpu_access = visible ? WINEKMT_CPU_ACCESS_CACHED : 0,
                                      .residency = priority_of_level( levels[i], next_random() & 1 ) );
            unit_write( &unit, handles[i], i );     /* a use by lock, or none: in the order of numbers either way */
        }
        for (turn = COUNT; turn < 3 * COUNT; turn++)
        {
            i = next_random() % COUNT;
            if (next_random() % 4 == 0)     /* to another level, at its tail */
            {
                levels[i] = (levels[i] + 1) % LEVELS;
                ok_status( unit_set_priority( &unit, handles[i], priority_of_level( levels[i], next_random() & 1 ) ), STATUS_SUCCESS );
            }
            else use( &unit, handles[i], visible );
            used[i] = turn;
        }
        unit_check( &unit );
        for (level = 0; level < LEVELS; level++)
            for (turn = 0; turn < 3 * COUNT; turn++)
                for (i = 0; i < COUNT; i++) if (levels[i] == level && used[i] == turn) order[count++] = i;
        ok( count == COUNT, "%u in order\n", count );

        /* 15 are free; a page less does not make a difference. */
        fake_gpu_get_stats( &before );
        large = unit_create( &unit, .size = MIB( 15 + needed ) - (needed ? PAGE_SIZE : 0) );
        fake_gpu_get_stats( &after );
        for (i = 0; i < COUNT; i++) wrong += unit_is_evicted( &unit, handles[order[i]] ) != (i < needed);
        ok( !wrong, "%u are not where they should be\n", wrong );
        ok( unit_count_evicted( &unit, handles, COUNT ) == needed, "%u evicted\n", unit_count_evicted( &unit, handles, COUNT ) );
        ok( unit_read( &unit, groups[GROUP_LOCAL].evicted ) == needed * MIB( 1 ), "%llu bytes evicted\n",
            (unsigned long long)unit_read( &unit, groups[GROUP_LOCAL].evicted ) );
        ok( unit_read( &unit, groups[GROUP_LOCAL].paged_out ) == needed * MIB( 1 ), "%llu bytes paged out\n",
            (unsigned long long)unit_read( &unit, groups[GROUP_LOCAL].paged_out ) );
        ok( !unit_discards( &unit ), "%llu discards\n", (unsigned long long)unit_discards( &unit ) );
        ok( after.calls[FAKE_GPU_READ] - before.calls[FAKE_GPU_READ] == (visible ? 0 : needed), "%llu copies by the GPU\n",
            (unsigned long long)(after.calls[FAKE_GPU_READ] - before.calls[FAKE_GPU_READ]) );
        unit_check_content( &unit, handles, COUNT );
        unit_check( &unit );

        /* All come back once there is room. */
        ok_status( unit_destroy( &unit, &large, 1, true ), STATUS_SUCCESS );
        unit_hold( &unit, handles, COUNT );
        ok( !unit_count_evicted( &unit, handles, COUNT ), "%u are still evicted\n", unit_count_evicted( &unit, handles, COUNT ) );
        ok( !unit_read( &unit, evictable ) && !unit_read( &unit, groups[GROUP_LOCAL].evicted ), "%u are evictable\n", unit_read( &unit, evictable ) );
        unit_check_content( &unit, handles, COUNT );
        unit_check( &unit );
        unit_finish( &unit );
        winetest_pop_context();
    }
}

/* What is offered goes first, whatever its priorities, and content only when that was not enough. */
static void test_discards_first(void)
{
    D3DKMT_HANDLE offered[10], kept[20], large;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 32 ), true );       /* 30 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 20; i++)
    {
        kept[i] = unit_create( &unit, .size = MIB( 1 ), CACHED, .residency = D3DDDI_ALLOCATIONPRIORITY_MINIMUM );
        unit_write( &unit, kept[i], i );
    }
    for (i = 0; i < 10; i++)
    {
        offered[i] = unit_create( &unit, .size = MIB( 1 ), CACHED, .residency = D3DDDI_ALLOCATIONPRIORITY_MAXIMUM );
        unit_write( &unit, offered[i], i );
    }
    ok_status( unit_offer( &unit, offered, 10, D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_SUCCESS );
    large = unit_create( &unit, .size = MIB( 9 ) );
    ok( unit_discards( &unit ) == 9 && !unit_count_evicted( &unit, kept, 20 ), "%llu discards, %u evicted\n", (unsigned long long)unit_discards( &unit ),
        unit_count_evicted( &unit, kept, 20 ) );
    unit_hold( &unit, &large, 1 );
    unit_create( &unit, .size = MIB( 5 ) );
    ok( unit_discards( &unit ) == 10 && unit_count_evicted( &unit, kept, 20 ) == 4, "%llu discards, %u evicted\n",
        (unsigned long long)unit_discards( &unit ), unit_count_evicted( &unit, kept, 20 ) );
    unit_check_content( &unit, kept, 20 );
    unit_check( &unit );
    unit_finish( &unit );
}

/* Small ones of several levels in the same blocks: those that go are the first of the order, and what is moved to empty blocks keeps its
 * content. */
static void test_small( bool visible, uint64_t size, uint64_t needed )
{
    enum { MAX = 640 };
    static D3DKMT_HANDLE handles[MAX];
    unsigned int i, count, evicted, late = 0, lost = 0;
    uint64_t slot_size, most = 0, oldest = UINT64_MAX;
    struct gpu_adapter adapter;
    struct unit unit;

    winetest_push_context( "%s, %llu KiB, %llu KiB needed", visible ? "visible" : "not visible", (unsigned long long)size >> 10,
                           (unsigned long long)needed >> 10 );
    unit_adapter_simple( &adapter, MIB( 64 ), visible );
    unit_start( &unit, &adapter, 0 );
    size_class( size, PAGE_SIZE, &slot_size );
    count = MIB( 40 ) / slot_size < MAX ? MIB( 40 ) / slot_size : MAX;
    for (i = 0; i < count; i++)
    {
        handles[i] = unit_create( &unit, .size = size, .cpu_access = visible ? WINEKMT_CPU_ACCESS_CACHED : WINEKMT_CPU_ACCESS_NONE );
        unit_write( &unit, handles[i], i );
    }
    /* Used in another order than that of the blocks */
    for (i = 0; i < count; i++)
    {
        ok_status( unit_make_resident( &unit, &handles[i * 37 % count], 1, 0, NULL, NULL ), STATUS_SUCCESS );
        ok_status( unit_evict( &unit, &handles[i * 37 % count], 1, true ), STATUS_SUCCESS );
    }
    unit_check( &unit );
    kmt_lock();
    for (i = 0; i < count; i++)
    {
        struct vidmm_block *block = get_allocation_locked( find_device_locked( unit.device ), handles[i] )->block;

        if (block->size > most) most = block->size;
    }
    kmt_unlock();
    unit_create( &unit, .size = MIB( 60 ) - unit_read( &unit, heaps[0].used ) + needed );
    unit_check( &unit );

    evicted = unit_count_evicted( &unit, handles, count );
    kmt_lock();
    for (i = 0; i < count; i++)
    {
        struct allocation *allocation = get_allocation_locked( find_device_locked( unit.device ), handles[i] );

        if (!allocation->evicted && allocation->victim_sequence < oldest) oldest = allocation->victim_sequence;
    }
    for (i = 0; i < count; i++)
    {
        struct allocation *allocation = get_allocation_locked( find_device_locked( unit.device ), handles[i] );

        if (allocation->evicted && allocation->victim_sequence > oldest) late++;
    }
    kmt_unlock();
    ok( evicted && !late, "%u evicted, %u of them used after one that stayed\n", evicted, late );
    ok( evicted * slot_size <= needed + most, "%llu KiB were evicted, blocks have up to %llu KiB\n", (unsigned long long)(evicted * slot_size) >> 10,
        (unsigned long long)most >> 10 );
    unit_check_content( &unit, handles, count );
    for (i = 0; i < count; i++) lost += !unit_content_is( &unit, handles[i], i );
    ok( !lost, "%u lost their content\n", lost );
    unit_check( &unit );
    unit_finish( &unit );
    winetest_pop_context();
}

/* What was never written costs no copy and no system memory, and comes back as zero. */
static void test_never_written(void)
{
    D3DKMT_HANDLE handles[40];
    struct fake_gpu_stats stats;
    struct gpu_adapter adapter;
    unsigned int i, wrong = 0, kept = 0;
    struct unit unit;

    unit_adapter_discrete( &adapter, MIB( 16 ) );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 40; i++) handles[i] = unit_create( &unit, .size = MIB( 1 ), CACHED, LOCAL );
    ok( unit_count_evicted( &unit, handles, 40 ) == 25, "%u evicted\n", unit_count_evicted( &unit, handles, 40 ) );
    for (i = 0; i < 40; i++) kept += unit_allocation( &unit, handles[i] )->system_memory != NULL;
    ok( !kept, "%u have system memory\n", kept );
    fake_gpu_get_stats( &stats );
    ok( !stats.copied_bytes, "%llu bytes were copied\n", (unsigned long long)stats.copied_bytes );
    for (i = 0; i < 40; i++)
    {
        void *data = unit_lock( &unit, handles[i] );

        wrong += !data || !bytes_are_zero( data, MIB( 1 ) );
        ok( !unit_is_evicted( &unit, handles[i] ), "%u is still evicted\n", i );
        ok_status( unit_unlock( &unit, handles[i] ), STATUS_SUCCESS );
    }
    ok( !wrong, "%u are not zero\n", wrong );
    unit_check( &unit );
    unit_finish( &unit );
}

/***********************************************************************
 * What stays
 */

static D3DKMT_HANDLE create_special( const struct unit *unit, bool primary, bool shared )
{
    struct winekmt_allocation_data data = { .magic = WINEKMT_ALLOCATION_MAGIC, .version = WINEKMT_VERSION, .size = MIB( 1 ),
                                            .cpu_access = WINEKMT_CPU_ACCESS_CACHED };
    D3DDDI_ALLOCATIONINFO2 info = { 0 };
    D3DKMT_CREATEALLOCATION create = { 0 };

    info.pPrivateDriverData = &data;
    info.PrivateDriverDataSize = sizeof(data);
    info.Flags.Primary = primary;
    create.hDevice = unit->device;
    create.NumAllocations = 1;
    create.pAllocationInfo2 = &info;
    create.Flags.CreateResource = create.Flags.CreateShared = shared;
    ok_status( kmt_CreateAllocation2( &create ), STATUS_SUCCESS );
    return info.hAllocation;
}

/* Nothing of these goes, and when only they are left a creation says so; what ends being one of them goes. */
static void test_unevictable(void)
{
    enum { HELD, HELD_TWICE, LOCKED, PRIMARY, SHARED, UNMOVEABLE, KINDS };
    D3DDDI_UPDATEALLOCPROPERTY update = { 0 };
    D3DKMT_HANDLE handles[KINDS], other, more;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), true );       /* 15 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < KINDS; i++)
    {
        handles[i] = create_special( &unit, i == PRIMARY, i == SHARED );
        unit_write( &unit, handles[i], i );
    }
    unit_hold( &unit, &handles[HELD], 1 );
    unit_hold( &unit, ((D3DKMT_HANDLE[]){ handles[HELD_TWICE], handles[HELD_TWICE] }), 2 );
    unit_lock( &unit, handles[LOCKED] );
    unit_lock( &unit, handles[LOCKED] );
    update.hPagingQueue = unit.queue;
    update.hAllocation = handles[UNMOVEABLE];
    update.SetUnmoveable = 1;
    update.Flags.Unmoveable = 1;
    ok_status( kmt_UpdateAllocationProperty( &update ), STATUS_SUCCESS );
    other = unit_create( &unit, .size = MIB( 9 ) );
    unit_write( &unit, other, 77 );
    ok( unit_read( &unit, evictable ) == 1, "%u are evictable\n", unit_read( &unit, evictable ) );
    unit_check( &unit );

    more = unit_create_held( &unit, .size = MIB( 9 ) );
    ok( unit_is_evicted( &unit, other ) && !unit_count_evicted( &unit, handles, KINDS ), "the wrong ones were evicted\n" );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = KIB( 64 ) }, &other ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    ok( !unit_count_evicted( &unit, handles, KINDS ), "%u were evicted\n", unit_count_evicted( &unit, handles, KINDS ) );
    unit_check( &unit );

    /* One at a time */
    ok_status( unit_evict( &unit, &handles[HELD_TWICE], 1, true ), STATUS_SUCCESS );
    ok_status( unit_unlock( &unit, handles[LOCKED] ), STATUS_SUCCESS );
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = KIB( 64 ) }, &other ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    for (i = 0; i < KINDS; i++)
    {
        switch (i)
        {
        case HELD: case HELD_TWICE: ok_status( unit_evict( &unit, &handles[i], 1, true ), STATUS_SUCCESS ); break;
        case LOCKED:                ok_status( unit_unlock( &unit, handles[i] ), STATUS_SUCCESS ); break;
        case UNMOVEABLE:
            update.Flags.Unmoveable = 0;
            ok_status( kmt_UpdateAllocationProperty( &update ), STATUS_SUCCESS );
            break;
        default:
            continue;
        }
        ok( unit_read( &unit, evictable ) == 1, "%u: %u are evictable\n", i, unit_read( &unit, evictable ) );
        unit_create_held( &unit, .size = MIB( 1 ) );
        ok( unit_is_evicted( &unit, handles[i] ), "%u is not evicted\n", i );
        ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = KIB( 64 ) }, &other ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
        unit_check( &unit );
    }
    ok( unit_count_evicted( &unit, handles, KINDS ) == 4, "%u were evicted\n", unit_count_evicted( &unit, handles, KINDS ) );
    unit_check_content( &unit, handles, KINDS );
    ok_status( unit_destroy( &unit, &more, 1, false ), STATUS_SUCCESS );
    unit_check( &unit );
    unit_finish( &unit );
}

/* A shortage of a heap takes from that heap, one of the group's limit from all of its heaps in one order; what may live anywhere still makes
 * room where it wants to be. */
static void test_heaps(void)
{
    struct unit_spec other = { .size = MIB( 1 ), .segments = WINEKMT_SEGMENT_NON_LOCAL };
    D3DKMT_HANDLE handles[24], more;
    struct gpu_adapter adapter;
    unsigned int i, wrong = 0;
    struct unit unit;

    unit_adapter_discrete( &adapter, MIB( 16 ) );           /* 15 each */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 24; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), LOCAL, .cpu_access = i % 2 ? WINEKMT_CPU_ACCESS_WRITE_COMBINED : 0 );
        unit_write( &unit, handles[i], i );
    }
    unit_create( &unit, .size = MIB( 7 ), LOCAL, .cpu_access = WINEKMT_CPU_ACCESS_WRITE_COMBINED );
    for (i = 0; i < 24; i++) wrong += unit_is_evicted( &unit, handles[i] ) != (i % 2 && i < 8);
    ok( !wrong, "%u are not where they should be\n", wrong );
    more = unit_create( &unit, .size = MIB( 13 ), .segments = 3, .preferred = WINEKMT_SEGMENT_LOCAL );
    ok( type_heap( unit.vidmm, unit_allocation( &unit, more )->memory_type )->local, "in the other segment\n" );
    unit_check_content( &unit, handles, 24 );
    unit_check( &unit );
    unit_finish( &unit );

    unit_start( &unit, &adapter, 24 );
    for (i = 0, wrong = 0; i < 24; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), LOCAL, .cpu_access = i % 3 ? WINEKMT_CPU_ACCESS_WRITE_COMBINED : 0 );
        if (i == 20) break;
        unit_write( &unit, handles[i], i );
    }
    for (i = 21; i < 24; i++) handles[i] = unit_create( &unit, .size = MIB( 1 ), LOCAL );
    for (i = 0; i < 5; i++) ok_status( unit_try_create( &unit, &other, &more ), STATUS_SUCCESS );
    ok( !unit_count_evicted( &unit, handles, 24 ), "evicted within the limit\n" );
    unit_create( &unit, .size = MIB( 6 ), LOCAL );
    for (i = 0; i < 24; i++) wrong += unit_is_evicted( &unit, handles[i] ) != (i < 6);
    ok( !wrong, "%u are not where they should be\n", wrong );
    unit_check_content( &unit, handles, 20 );
    unit_check( &unit );
    unit_finish( &unit );
}

/***********************************************************************
 * Coming back
 */

/* A lock brings one back at the cost of others; when those stay, the program works in system memory as long as it holds the lock. */
static void test_lock(void)
{
    D3DKMT_HANDLE handles[20], held, first;
    struct gpu_adapter adapter;
    struct unit unit;
    uint64_t trim = 0;
    void *data, *again;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), true );       /* 15 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 20; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), CACHED );
        unit_write( &unit, handles[i], i );
    }
    ok( unit_count_evicted( &unit, handles, 20 ) == 5 && unit_is_evicted( &unit, handles[4] ), "%u evicted\n", unit_count_evicted( &unit, handles, 20 ) );
    data = unit_lock( &unit, handles[2] );
    ok( !unit_is_evicted( &unit, handles[2] ) && unit_is_evicted( &unit, handles[5] ), "not brought back, or not for the least recently used\n" );
    ok( unit_count_evicted( &unit, handles, 20 ) == 5, "%u evicted\n", unit_count_evicted( &unit, handles, 20 ) );
    ok( pattern_is( data, MIB( 1 ), 2 ), "it lost its content\n" );
    ok_status( unit_unlock( &unit, handles[2] ), STATUS_SUCCESS );

    /* 14 are held, the place of the 15th is needed too. */
    held = unit_create_held( &unit, .size = MIB( 15 ) );
    ok( unit_count_evicted( &unit, handles, 20 ) == 20, "%u evicted\n", unit_count_evicted( &unit, handles, 20 ) );
    first = handles[7];
    data = unit_lock( &unit, first );
    ok( data && unit_is_evicted( &unit, first ) && pattern_is( data, MIB( 1 ), 7 ), "not in system memory, or it lost its content\n" );
    pattern_write( data, MIB( 1 ), 107 );
    again = unit_lock( &unit, first );
    ok( again == data, "the second lock gives another pointer\n" );
    ok_status( unit_make_resident( &unit, &first, 1, 0, NULL, &trim ), STATUS_NO_MEMORY );
    ok_status( unit_offer( &unit, &first, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_INVALID_PARAMETER );
    ok_status( unit_destroy( &unit, &held, 1, true ), STATUS_SUCCESS );
    ok_status( unit_make_resident( &unit, &first, 1, 0, NULL, &trim ), STATUS_NO_MEMORY );     /* it must not move */
    ok( pattern_is( data, MIB( 1 ), 107 ), "the content is not what was written\n" );
    unit_check( &unit );
    ok_status( unit_unlock( &unit, first ), STATUS_SUCCESS );
    ok_status( unit_make_resident( &unit, &first, 1, 0, NULL, &trim ), STATUS_NO_MEMORY );
    ok_status( unit_unlock( &unit, first ), STATUS_SUCCESS );
    unit_hold( &unit, &first, 1 );
    ok( !unit_is_evicted( &unit, first ) && unit_peek_is( &unit, first, 107 ), "not resident, or another content\n" );

    /* What was never written is zero in system memory too, and what is destroyed while it is locked there is no harm. */
    held = unit_create( &unit, .size = MIB( 1 ), CACHED );
    unit_create_held( &unit, .size = MIB( 14 ) );
    ok( unit_is_evicted( &unit, held ), "not evicted\n" );
    data = unit_lock( &unit, held );
    ok( data && bytes_are_zero( data, MIB( 1 ) ) && unit_is_evicted( &unit, held ), "not zero, or not in system memory\n" );
    pattern_write( data, MIB( 1 ), 1 );
    ok_status( unit_unlock( &unit, held ), STATUS_SUCCESS );
    ok( unit_content_is( &unit, held, 1 ), "it lost its content\n" );
    unit_lock( &unit, held );
    ok_status( unit_destroy( &unit, &held, 1, false ), STATUS_SUCCESS );
    unit_check( &unit );
    unit_finish( &unit );
}

/* All of a MakeResident or nothing; copies are left to the pager, and nothing but copies. */
static void test_make_resident( bool visible )
{
    D3DKMT_HANDLE handles[20], list[4], large, never;
    struct gpu_adapter adapter;
    uint64_t value, before, trim = 0;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 16 ), visible );    /* 15 */
    unit_start( &unit, &adapter, 0 );
    never = unit_create( &unit, .size = MIB( 1 ), .cpu_access = visible ? WINEKMT_CPU_ACCESS_CACHED : 0 );
    for (i = 0; i < 20; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), .cpu_access = visible ? WINEKMT_CPU_ACCESS_CACHED : 0 );
        unit_write( &unit, handles[i], i );
    }
    ok( unit_is_evicted( &unit, never ) && unit_count_evicted( &unit, handles, 20 ) == 5, "%u evicted\n", unit_count_evicted( &unit, handles, 20 ) );
    before = *unit.fence_value;
    ok_status( unit_make_resident( &unit, &handles[19], 1, 0, &value, NULL ), STATUS_SUCCESS );
    ok( value == before, "value %llu after %llu\n", (unsigned long long)value, (unsigned long long)before );
    ok_status( unit_make_resident( &unit, &never, 1, 0, &value, NULL ), STATUS_SUCCESS );
    ok( value == before && !unit_is_evicted( &unit, never ), "value %llu, or evicted\n", (unsigned long long)value );
    for (i = 0; i < 4; i++) list[i] = handles[i / 2];   /* each twice */
    ok_status( unit_make_resident( &unit, list, 4, 0, &value, NULL ), STATUS_PENDING );
    ok( value == before + 1, "value %llu after %llu\n", (unsigned long long)value, (unsigned long long)before );
    ok( unit_wait_fence( &unit, value ), "the fence has %llu\n", (unsigned long long)*unit.fence_value );
    ok( !unit_count_evicted( &unit, handles, 2 ) && unit_allocation( &unit, handles[0] )->resident_count == 2, "not resident twice\n" );
    unit_check_content( &unit, handles, 20 );
    unit_check( &unit );

    /* Held: 19, never, 0, 1. Of 12 that would fit, one does not. Nobody comes in, and nobody is counted. */
    large = unit_create_held( &unit, .size = MIB( 9 ) );
    ok_status( unit_make_resident( &unit, &handles[2], 3, 0, NULL, &trim ), STATUS_NO_MEMORY );
    ok( trim == MIB( 1 ), "%llu bytes to trim\n", (unsigned long long)trim );
    for (i = 2; i < 5; i++)
        ok( unit_is_evicted( &unit, handles[i] ) && !unit_allocation( &unit, handles[i] )->resident_count, "%u is resident\n", i );
    unit_check_content( &unit, handles, 20 );
    unit_check( &unit );
    ok_status( unit_make_resident( &unit, &handles[2], 3, UNIT_CANT_TRIM_FURTHER, &value, NULL ), STATUS_NO_MEMORY ); /* no more than the heap allows */
    unit_hold( &unit, &handles[2], 2 );
    ok_status( unit_evict( &unit, &handles[2], 2, true ), STATUS_SUCCESS );
    ok_status( unit_destroy( &unit, &large, 1, true ), STATUS_SUCCESS );
    unit_hold( &unit, &handles[2], 3 );
    unit_check_content( &unit, handles, 20 );
    unit_check( &unit );
    unit_finish( &unit );
}

static struct { struct unit *unit; D3DKMT_HANDLE handle; } waiting;

static bool is_evicted( void *arg )
{
    const struct allocation *allocation = get_allocation_locked( find_device_locked( waiting.unit->device ), waiting.handle );

    (void)arg;
    return allocation->evicted && !allocation->busy;
}

static bool worker_is_idle( void *arg )
{
    return ((struct vidmm *)arg)->worker_idle;
}

static bool becomes_evicted( struct unit *unit, D3DKMT_HANDLE handle )
{
    waiting.unit = unit;
    waiting.handle = handle;
    return unit_wait( is_evicted, NULL );
}

/* Evict without EvictOnlyIfNecessary: soon, without any pressure; with it: never for that. */
static void test_eager(void)
{
    D3DKMT_HANDLE handles[8], more;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 64 ), true );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 8; i++)
    {
        handles[i] = unit_create( &unit, .size = i % 2 ? KIB( 64 ) : MIB( 1 ), CACHED );
        unit_write( &unit, handles[i], i );
    }
    unit_hold( &unit, handles, 8 );
    unit_hold( &unit, handles, 1 );
    ok_status( unit_evict( &unit, handles, 4, false ), STATUS_SUCCESS );
    ok_status( unit_evict( &unit, handles + 4, 4, true ), STATUS_SUCCESS );
    for (i = 1; i < 4; i++) ok( becomes_evicted( &unit, handles[i] ), "%u stays\n", i );
    usleep( 50 * 1000 );
    ok( unit_count_evicted( &unit, handles, 8 ) == 3, "%u evicted\n", unit_count_evicted( &unit, handles, 8 ) );     /* 0 was held twice */
    unit_check_content( &unit, handles, 8 );
    unit_check( &unit );

    /* It comes back like any other, and then is nothing special. */
    ok( unit_content_is( &unit, handles[1], 1 ), "it lost its content\n" );
    usleep( 50 * 1000 );
    ok( !unit_is_evicted( &unit, handles[1] ), "it is evicted again\n" );

    /* While it is locked it cannot go; then it does. */
    unit_lock( &unit, handles[4] );
    unit_hold( &unit, &handles[4], 1 );
    ok_status( unit_evict( &unit, &handles[4], 1, false ), STATUS_SUCCESS );
    usleep( 50 * 1000 );
    ok( !unit_is_evicted( &unit, handles[4] ), "evicted while it is locked\n" );
    ok( unit_wait( worker_is_idle, unit.vidmm ), "the worker does not come to rest\n" );
    ok_status( unit_unlock( &unit, handles[4] ), STATUS_SUCCESS );
    ok( becomes_evicted( &unit, handles[4] ), "it stays after the lock\n" );
    unit_check( &unit );

    /* Made resident again before the worker gets to it: it stays. Under pressure eager ones are the first. */
    unit_fail_threads( false );
    ok_status( unit_evict( &unit, &handles[0], 1, true ), STATUS_SUCCESS );
    for (i = 0; i < 50; i++)
    {
        unit_hold( &unit, &handles[6], 1 );
        ok_status( unit_evict( &unit, &handles[6], 1, false ), STATUS_SUCCESS );
        unit_hold( &unit, &handles[6], 1 );
        ok( !unit_is_evicted( &unit, handles[6] ), "evicted though it is held\n" );
        ok_status( unit_evict( &unit, &handles[6], 1, true ), STATUS_SUCCESS );
    }
    usleep( 50 * 1000 );
    ok( !unit_is_evicted( &unit, handles[6] ), "evicted though the last Evict did not want it\n" );
    unit_check_content( &unit, handles, 8 );
    unit_check( &unit );
    unit_finish( &unit );

    unit_fail_threads( true );      /* no worker that could be faster */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 8; i++) handles[i] = unit_create_held( &unit, .size = MIB( 7 ), .residency = i == 5 ? D3DDDI_ALLOCATIONPRIORITY_MAXIMUM : 0 );
    ok_status( unit_evict( &unit, handles, 5, true ), STATUS_SUCCESS );
    ok_status( unit_evict( &unit, &handles[5], 1, false ), STATUS_SUCCESS );
    more = unit_create( &unit, .size = MIB( 5 ) );
    ok( more && unit_is_evicted( &unit, handles[5] ) && unit_count_evicted( &unit, handles, 8 ) == 1, "not the one that Evict named\n" );
    unit_check( &unit );
    unit_finish( &unit );
    unit_fail_threads( false );
}

/* Without a pager the call does the copying itself. */
static void test_no_threads(void)
{
    D3DKMT_HANDLE handles[20];
    struct gpu_adapter adapter;
    struct unit unit;
    uint64_t value;
    NTSTATUS status;
    unsigned int i;

    unit_fail_threads( true );
    unit_adapter_simple( &adapter, MIB( 16 ), false );      /* 15 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 20; i++)
    {
        handles[i] = unit_create( &unit, .size = MIB( 1 ), LOCAL );
        unit_write( &unit, handles[i], i );
    }
    ok( unit_count_evicted( &unit, handles, 20 ) == 5, "%u evicted\n", unit_count_evicted( &unit, handles, 20 ) );
    status = unit_make_resident( &unit, handles, 5, 0, &value, NULL );
    ok( !status || status == STATUS_PENDING, "got %#x\n", (unsigned int)status );
    ok( *unit.fence_value >= value, "value %llu, the fence has %llu\n", (unsigned long long)value, (unsigned long long)*unit.fence_value );
    ok( !unit_count_evicted( &unit, handles, 5 ), "%u evicted\n", unit_count_evicted( &unit, handles, 5 ) );
    unit_check_content( &unit, handles, 20 );
    unit_check( &unit );
    unit_finish( &unit );
    unit_fail_threads( false );
}

START_TEST(evict)
{
    static const uint64_t sizes[] = { KIB( 4 ), KIB( 64 ), KIB( 160 ), KIB( 700 ) };
    unsigned int visible, i;

    for (visible = 0; visible < 2; visible++)
    {
        test_order( visible );
        for (i = 0; i < ARRAY_SIZE( sizes ); i++)
        {
            test_small( visible, sizes[i], KIB( 64 ) );
            if (sizes[i] > KIB( 4 )) test_small( visible, sizes[i], MIB( 6 ) );
        }
        test_make_resident( visible );
    }
    test_discards_first();
    test_never_written();
    test_unevictable();
    test_heaps();
    test_lock();
    test_eager();
    test_no_threads();
}
