/*
 * Offers and discards: in which order, how many, what happens to the rest
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <sys/resource.h>
#include "unit.h"

#define CACHED .cpu_access = WINEKMT_CPU_ACCESS_CACHED

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/* Which go: LOW, NORMAL, HIGH, each in the order of its last offer, and just as many as are needed. */
static void test_order( bool in_lists )
{
    static const D3DKMT_OFFER_PRIORITY priorities[] = { D3DKMT_OFFER_PRIORITY_LOW, D3DKMT_OFFER_PRIORITY_NORMAL, D3DKMT_OFFER_PRIORITY_HIGH };
    enum { COUNT = 48 };
    D3DKMT_HANDLE handles[COUNT], order[COUNT], large;
    D3DDDI_RECLAIM_RESULT results[COUNT];
    unsigned int i, j, needed, level;
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 64 ), true );   /* 60 of them */
    for (needed = 1; needed <= COUNT; needed += needed < 4 ? 1 : 11)
    {
        unsigned int count = 0;

        unit_start( &unit, &adapter, 0 );
        for (i = 0; i < COUNT; i++)
        {
            handles[i] = unit_create( &unit, .size = MIB( 1 ), CACHED );
            unit_write( &unit, handles[i], i );
        }
        /* Offered in any order, some several times: the last time counts. */
        for (i = 0; i < COUNT; i++) ok_status( unit_offer( &unit, &handles[(i * 7 + 3) % COUNT], 1, priorities[i % 3], false ), STATUS_SUCCESS );
        unit_check( &unit );
        for (level = 0; level < 3; level++)
        {
            unsigned int first = count;

            for (i = 0; i < COUNT; i++) if ((i * 5 + 1) % 3 == level) order[count++] = handles[(i * 11 + 5) % COUNT];
            if (in_lists) ok_status( unit_offer( &unit, order + first, count - first, priorities[level], false ), STATUS_SUCCESS );
        }
        if (!in_lists)  /* HIGH first: the level is above the time */
            for (level = 3; level--;)
                for (i = 0; i < COUNT / 3; i++)
                    ok_status( unit_offer( &unit, &order[level * COUNT / 3 + i], 1, priorities[level], false ), STATUS_SUCCESS );
        unit_check( &unit );

        /* 12 are free, so this takes needed of those that are offered, less a page. */
        large = unit_create( &unit, .size = MIB( 12 + needed ) - PAGE_SIZE, CACHED );
        unit_check( &unit );
        for (i = 0; i < COUNT; i++)
            ok( unit_is_discarded( &unit, order[i] ) == (i < needed), "needed %u: number %u is %sdiscarded\n", needed, i,
                i < needed ? "not " : "" );
        ok( unit_discards( &unit ) == needed, "%llu discards for %u\n", (unsigned long long)unit_discards( &unit ), needed );
        ok_status( unit_destroy( &unit, &large, 1, true ), STATUS_SUCCESS );

        memset( results, 0xcc, sizeof(results) );
        ok_status( unit_reclaim( &unit, order, COUNT, results ), STATUS_SUCCESS );
        unit_check( &unit );
        for (i = 0; i < COUNT; i++)
        {
            for (j = 0; handles[j] != order[i]; j++) {}
            ok( results[i] == (i < needed ? D3DDDI_RECLAIM_RESULT_DISCARDED : D3DDDI_RECLAIM_RESULT_OK), "result %u of %u\n", results[i], i );
            if (i >= needed) ok( unit_content_is( &unit, order[i], j ), "number %u lost its content\n", i );
            else
            {
                ok( bytes_are_zero( unit_lock( &unit, order[i] ), MIB( 1 ) ), "number %u is not zero\n", i );
                ok_status( unit_unlock( &unit, order[i] ), STATUS_SUCCESS );
            }
        }
        ok( !unit.vidmm->offered, "%u offered\n", unit.vidmm->offered );
        unit_finish( &unit );
    }
}

/* Two heaps of the local group under the user's limit: the order holds across them; a heap's own shortage takes of that heap. */
static void test_heaps(void)
{
    struct { D3DKMT_HANDLE handle; unsigned int heap; } all[24];
    D3DKMT_HANDLE more;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_discrete( &adapter, MIB( 32 ) );       /* 30 each */
    unit_start( &unit, &adapter, 25 );
    for (i = 0; i < 24; i++)
    {
        all[i].heap = i * 5 % 2;
        all[i].handle = unit_create( &unit, .size = MIB( 1 ), .segments = WINEKMT_SEGMENT_LOCAL,
                                     .cpu_access = all[i].heap ? WINEKMT_CPU_ACCESS_WRITE_COMBINED : WINEKMT_CPU_ACCESS_NONE );
        ok( type_heap( unit.vidmm, unit_allocation( &unit, all[i].handle )->block->type ) == &unit.vidmm->heaps[all[i].heap],
            "%u is in the wrong heap\n", i );
        unit_write( &unit, all[i].handle, i );
    }
    for (i = 0; i < 24; i++) ok_status( unit_offer( &unit, &all[i].handle, 1, D3DKMT_OFFER_PRIORITY_NORMAL, false ), STATUS_SUCCESS );
    unit_check( &unit );
    more = unit_create( &unit, .size = MIB( 6 ), .segments = WINEKMT_SEGMENT_LOCAL );
    unit_check( &unit );
    for (i = 0; i < 24; i++) ok( unit_is_discarded( &unit, all[i].handle ) == (i < 5), "number %u\n", i );
    /* The same for what is in the other heap. */
    more = unit_create( &unit, .size = MIB( 3 ), .segments = WINEKMT_SEGMENT_LOCAL, .cpu_access = WINEKMT_CPU_ACCESS_WRITE_COMBINED );
    unit_check( &unit );
    for (i = 0; i < 24; i++) ok( unit_is_discarded( &unit, all[i].handle ) == (i < 8), "number %u\n", i );
    ok( unit.vidmm->groups[GROUP_LOCAL].used <= MIB( 25 ), "used %llu\n", (unsigned long long)unit.vidmm->groups[GROUP_LOCAL].used );

    /* A heap that is full has only its own to give: 26 of 30 are used there by what is not offered. */
    unit_finish( &unit );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 24; i++)
    {
        all[i].heap = i % 2;
        all[i].handle = unit_create( &unit, .size = MIB( 2 ), .segments = WINEKMT_SEGMENT_LOCAL,
                                     .cpu_access = all[i].heap ? WINEKMT_CPU_ACCESS_WRITE_COMBINED : WINEKMT_CPU_ACCESS_NONE );
        ok_status( unit_offer( &unit, &all[i].handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    }
    more = unit_create( &unit, .size = MIB( 10 ), .segments = WINEKMT_SEGMENT_LOCAL, .cpu_access = WINEKMT_CPU_ACCESS_WRITE_COMBINED );
    ok( more, "no allocation\n" );
    unit_check( &unit );
    for (i = 0; i < 24; i++) ok( unit_is_discarded( &unit, all[i].handle ) == (all[i].heap && i < 4), "number %u of heap %u\n", i, all[i].heap );
    unit_finish( &unit );
}

/* Small allocations of three priorities in the same blocks, then a large one: those of LOW go, no more of them than needed, the
 * others are moved together with what they hold. needed: bytes. */
static void test_compaction( bool visible, uint64_t size, uint64_t needed )
{
    enum { MAX = 1200 };
    static D3DKMT_HANDLE handles[MAX];
    uint64_t slot_size, most, copied;
    unsigned int i, count, low = 0, wrong = 0, lost = 0;
    struct gpu_adapter adapter;
    struct fake_gpu_stats stats;
    D3DKMT_HANDLE large;
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
    for (i = 0; i < count; i++)
        ok_status( unit_offer( &unit, &handles[i], 1, D3DKMT_OFFER_PRIORITY_LOW + i % 3, false ), STATUS_SUCCESS );
    unit_check( &unit );

    /* As much as is free, and needed bytes more. */
    kmt_lock();
    most = MIB( 60 ) - unit.vidmm->heaps[0].used;
    kmt_unlock();
    fake_gpu_get_stats( &stats );
    copied = stats.copied_bytes;
    large = unit_create( &unit, .size = most + needed, .cpu_access = visible ? WINEKMT_CPU_ACCESS_CACHED : WINEKMT_CPU_ACCESS_NONE );
    ok( large, "no allocation\n" );
    unit_check( &unit );
    fake_gpu_get_stats( &stats );
    ok( !unit.vidmm->groups[GROUP_LOCAL].evicted, "%llu bytes were evicted\n", (unsigned long long)unit.vidmm->groups[GROUP_LOCAL].evicted );
    if (visible) ok( stats.copied_bytes == copied, "the GPU copied %llu bytes\n", (unsigned long long)(stats.copied_bytes - copied) );
    else if (slot_size <= KIB( 64 )) ok( stats.copied_bytes > copied, "the GPU copied nothing\n" );    /* else a block may be a slot */

    for (i = 0; i < count; i++)
    {
        if (unit_is_discarded( &unit, handles[i] ))
        {
            if (i % 3) wrong++;
            low++;
        }
        else if (i % 3 == 0 && i / 3 < low) wrong++;    /* not the first ones */
    }
    ok( !wrong, "%u discards were out of order\n", wrong );
    /* One block more than needed is the unit of freeing; blocks were at most this large. */
    kmt_lock();
    most = 0;
    for (i = 0; i < count; i++)
    {
        struct allocation *allocation = get_allocation_locked( find_device_locked( unit.device ), handles[i] );

        if (allocation->block && allocation->block->size > most) most = allocation->block->size;
    }
    kmt_unlock();
    trace( "%u discards, %llu KiB, largest block %llu KiB\n", low, (unsigned long long)(low * slot_size) >> 10, (unsigned long long)most >> 10 );
    ok( low * slot_size <= needed + most, "%llu KiB were discarded, blocks have up to %llu KiB\n", (unsigned long long)(low * slot_size) >> 10,
        (unsigned long long)most >> 10 );

    /* What is left is what it was. */
    for (i = 0; i < count; i++)
    {
        D3DDDI_RECLAIM_RESULT result;

        if (unit_is_discarded( &unit, handles[i] )) continue;
        ok_status( unit_reclaim( &unit, &handles[i], 1, &result ), STATUS_SUCCESS );
        if (result || !unit_content_is( &unit, handles[i], i )) lost++;
    }
    ok( !lost, "%u lost their content\n", lost );
    unit_check( &unit );
    unit_finish( &unit );
    winetest_pop_context();
}

/* A request for a slot is content with one victim of its own pool. */
static void test_one_slot(void)
{
    D3DKMT_HANDLE handles[1000], more;
    unsigned int i, count = 0;
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 32 ), true );   /* 30 */
    unit_start( &unit, &adapter, 0 );
    while (count < 1000)
    {
        if (unit_try_create( &unit, &(struct unit_spec){ .size = KIB( 64 ), CACHED }, &handles[count] )) break;
        unit_hold( &unit, &handles[count], 1 );
        count++;
    }
    ok( count == 480, "%u of 480 allocations\n", count );
    unit_check( &unit );
    for (i = 0; i < count; i++) unit_write( &unit, handles[i], i );
    for (i = 0; i < count; i++) ok_status( unit_offer( &unit, &handles[i * 7 % count], 1, D3DKMT_OFFER_PRIORITY_NORMAL, false ), STATUS_SUCCESS );
    for (i = 0; i < 40; i++)
    {
        more = unit_create( &unit, .size = KIB( 64 ), CACHED );
        ok( unit_discards( &unit ) == i + 1, "%llu discards after %u\n", (unsigned long long)unit_discards( &unit ), i );
        ok( unit_is_discarded( &unit, handles[i * 7 % count] ), "number %u is not discarded\n", i );
        ok( bytes_are_zero( unit_lock( &unit, more ), KIB( 64 ) ), "old content shows\n" );
        unit_check( &unit );
    }
    unit_finish( &unit );
}

/* A copy that fails costs nobody his content, whichever of them it is, and the request gets its memory in the end. */
static void test_failing_copy( unsigned int nth, bool persistent )
{
    enum { COUNT = 300 };
    D3DKMT_HANDLE handles[COUNT], large;
    unsigned int i, lost = 0, wrong = 0;
    struct gpu_adapter adapter;
    NTSTATUS status;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 32 ), false );  /* 30 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < COUNT; i++)
    {
        handles[i] = unit_create( &unit, .size = KIB( 64 ) );
        unit_write( &unit, handles[i], i );
        if (i % 2) ok_status( unit_offer( &unit, &handles[i], 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    }
    fake_gpu_fail( FAKE_GPU_COPY, nth, GPU_OUT_OF_HOST_MEMORY, persistent );
    status = unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 18 ) }, &large );
    ok( fake_gpu_failures() > 0, "no copy failed\n" );
    if (persistent) ok( status == STATUS_GRAPHICS_NO_VIDEO_MEMORY || !status, "got %#x\n", (unsigned int)status );
    else ok_status( status, STATUS_SUCCESS );
    unit_check( &unit );
    for (i = 0; i < COUNT; i++)
    {
        if (unit_is_discarded( &unit, handles[i] )) wrong += i % 2 == 0;
        else if (!(i % 2)) lost += !unit_content_is( &unit, handles[i], i );
    }
    ok( !wrong && !lost, "nth %u: %u wrong discards, %u lost their content\n", nth, wrong, lost );
    fake_gpu_fail( FAKE_GPU_COPY, 0, GPU_SUCCESS, false );
    ok_status( unit_destroy( &unit, handles, COUNT, false ), STATUS_SUCCESS );
    unit_check( &unit );
    unit_finish( &unit );
}

/* The program holds pointers to some: those stay where they are, with all around them being moved and discarded. */
static void test_locked(void)
{
    enum { COUNT = 320 };
    D3DKMT_HANDLE handles[COUNT], large;
    struct gpu_adapter adapter;
    void *pointers[COUNT];
    unsigned int i;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 32 ), true );   /* 30 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < COUNT; i++)
    {
        handles[i] = unit_create( &unit, .size = KIB( 64 ), CACHED );
        unit_write( &unit, handles[i], i );
    }
    for (i = 0; i < COUNT; i++)
    {
        if (i % 40 == 0) pointers[i] = unit_lock( &unit, handles[i] );
        else if (i % 4) ok_status( unit_offer( &unit, &handles[i], 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    }
    large = unit_create( &unit, .size = MIB( 14 ), CACHED );
    ok( large, "no allocation\n" );
    ok( !unit.vidmm->groups[GROUP_LOCAL].evicted, "%llu bytes were evicted\n", (unsigned long long)unit.vidmm->groups[GROUP_LOCAL].evicted );
    unit_check( &unit );
    for (i = 0; i < COUNT; i += 4)
    {
        if (i % 40 == 0)
        {
            ok( pattern_is( pointers[i], KIB( 64 ), i ), "locked %u lost its content\n", i );
            ok( unit_lock( &unit, handles[i] ) == pointers[i], "locked %u is elsewhere\n", i );
            ok_status( unit_unlock( &unit, handles[i] ), STATUS_SUCCESS );
            ok_status( unit_unlock( &unit, handles[i] ), STATUS_SUCCESS );
        }
        ok( unit_content_is( &unit, handles[i], i ), "%u lost its content\n", i );
    }
    unit_check( &unit );
    unit_finish( &unit );
}

/* Slots that members were moved to, and then left, were used: AllowNotZeroed must not show what they held. */
static void test_moved_content(void)
{
    D3DKMT_HANDLE handles[6], more;
    struct gpu_adapter adapter;
    struct vidmm_pool *pool;
    const void *data;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 64 ), true );
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < 6; i++)     /* a block of 4, and 2 of another one */
    {
        handles[i] = unit_create( &unit, .size = KIB( 64 ), CACHED );
        unit_write( &unit, handles[i], i );
    }
    pool = unit_allocation( &unit, handles[0] )->block->pool;
    ok( unit.vidmm->memories == 2, "%u blocks\n", unit.vidmm->memories );
    ok_status( unit_destroy( &unit, handles, 3, false ), STATUS_SUCCESS );
    kmt_lock();
    ok( compact_pool_locked( unit.vidmm, pool, &(bool){ 0 } ), "nothing was moved\n" );
    kmt_unlock();
    unit_check( &unit );
    ok( unit.vidmm->memories == 1, "%u blocks\n", unit.vidmm->memories );
    for (i = 3; i < 6; i++) ok( unit_content_is( &unit, handles[i], i ), "%u lost its content\n", i );
    ok_status( unit_destroy( &unit, &handles[3], 1, false ), STATUS_SUCCESS );
    for (i = 0; i < 2; i++)     /* one in the slot that it was moved to, one in a new slot */
    {
        more = unit_create( &unit, .size = KIB( 64 ), CACHED, .not_zeroed = true );
        data = unit_lock( &unit, more );
        ok( data && !pattern_is( data, KIB( 64 ), 3 ), "AllowNotZeroed shows another allocation's content\n" );
        ok_status( unit_unlock( &unit, more ), STATUS_SUCCESS );
    }
    unit_check( &unit );
    unit_finish( &unit );
}

/* Bytes of the first heap that would be left if all that is offered or can be evicted went. */
static uint64_t bytes_left_at_most( const struct unit *unit )
{
    const struct vidmm_heap *heap = &unit->vidmm->heaps[0];
    uint64_t kept = unit->vidmm->groups[GROUP_LOCAL].committed;      /* there is no other heap */
    const struct list *cursor;
    unsigned int level;

    for (level = 0; level < 2 * OFFER_LEVELS; level++)
        LIST_FOR_EACH( cursor, level % 2 ? &heap->offered.plain[level / 2] : &heap->offered.decommittable[level / 2] )
            kept -= block_slot_size( LIST_ENTRY( cursor, struct allocation, victim_entry )->block );
    for (level = 0; level < EVICT_LEVELS; level++)
        LIST_FOR_EACH( cursor, &heap->evictable[level] )
            kept -= block_slot_size( LIST_ENTRY( cursor, struct allocation, victim_entry )->block );
    return heap->limit > kept ? heap->limit - kept : 0;
}

/* Random offers, reclaims, creations and destructions; structures are checked after each. */
static void test_random(void)
{
    enum { MAX = 160 };
    static const uint64_t sizes[] = { KIB( 4 ), KIB( 20 ), KIB( 64 ), KIB( 200 ), KIB( 700 ), MIB( 1 ), MIB( 2 ) };
    struct { D3DKMT_HANDLE handle; uint32_t seed; bool offered, decommit, locked; } all[MAX] = { 0 };
    unsigned int turns = unit_is_slow() ? 400 : 6000, turn, created = 0, refused = 0, discarded = 0, kept = 0;
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 24 ), true );
    unit_start( &unit, &adapter, 0 );
    for (turn = 0; turn < turns; turn++)
    {
        unsigned int i = next_random() % MAX, what = next_random() % 8;
        D3DDDI_RECLAIM_RESULT result;
        NTSTATUS status;

        if (!all[i].handle)
        {
            struct unit_spec spec = { .size = sizes[next_random() % ARRAY_SIZE( sizes )], CACHED };

            if (!(status = unit_try_create( &unit, &spec, &all[i].handle )))
            {
                unit_write( &unit, all[i].handle, all[i].seed = turn );
                all[i].offered = all[i].locked = false;
                created++;
            }
            else
            {
                ok_status( status, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
                ok( (!unit.vidmm->offered && !unit.vidmm->evictable) || spec.size > bytes_left_at_most( &unit ), "refused with %u offered, %u evictable\n",
                    unit.vidmm->offered, unit.vidmm->evictable );
                refused++;
            }
        }
        else if (what < 1)
        {
            ok_status( unit_destroy( &unit, &all[i].handle, 1, next_random() & 1 ), STATUS_SUCCESS );
            all[i].handle = 0;
        }
        else if (what < 3 && !all[i].offered)
        {
            if (all[i].locked) unit_unlock( &unit, all[i].handle );
            else unit_lock( &unit, all[i].handle );
            all[i].locked = !all[i].locked;
        }
        else if (what < 5 && all[i].locked)
            ok_status( unit_offer( &unit, &all[i].handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_INVALID_PARAMETER );
        else if (what < 5)
        {
            all[i].decommit = next_random() & 1;
            ok_status( unit_offer( &unit, &all[i].handle, 1, 1 + next_random() % 4, all[i].decommit ), STATUS_SUCCESS );
            all[i].offered = true;
        }
        else
        {
            result = 99;
            status = unit_reclaim( &unit, &all[i].handle, 1, &result );
            if (status) ok_status( status, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
            else if (result == D3DDDI_RECLAIM_RESULT_NOT_COMMITTED)
            {
                ok( all[i].offered && all[i].decommit, "not committed\n" );
                ok_status( unit_destroy( &unit, &all[i].handle, 1, false ), STATUS_SUCCESS );
                all[i].handle = 0;
            }
            else
            {
                ok( !result || (result == D3DDDI_RECLAIM_RESULT_DISCARDED && all[i].offered), "result %u\n", result );
                if (result) discarded++;
                else kept++;
                if (result) unit_write( &unit, all[i].handle, all[i].seed = turn );
                else ok( unit_content_is( &unit, all[i].handle, all[i].seed ), "content is lost\n" );
                all[i].offered = false;
            }
        }
        unit_check( &unit );
        ok( unit.vidmm->heaps[0].used <= MIB( 24 ), "used %llu\n", (unsigned long long)unit.vidmm->heaps[0].used );
    }
    trace( "%u created, %u refused, %u discarded, %u kept\n", created, refused, discarded, kept );
    ok( created && refused && discarded && kept, "something never happened\n" );
    unit_finish( &unit );
}

/***********************************************************************
 * What must not happen
 */

/* A reclaim of two that need not be zeroed: the first gets memory that was never used, the second none. The next reclaim gives
 * the first one memory that another allocation has used. */
static void test_failed_reclaim_not_zeroed(void)
{
    D3DDDI_RECLAIM_RESULT results[2];
    D3DKMT_HANDLE handles[2], other;
    struct gpu_adapter adapter;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 16 ), true );   /* 15 */
    unit_start( &unit, &adapter, 0 );
    handles[0] = unit_create_held( &unit, .size = MIB( 1 ), .not_zeroed = true, CACHED );
    handles[1] = unit_create_held( &unit, .size = MIB( 2 ), .not_zeroed = true, CACHED );
    ok_status( unit_offer( &unit, handles, 2, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    other = unit_create_held( &unit, .size = MIB( 15 ) );
    /* The GPU has 16: the first can be had beyond the budget, the second cannot. */
    ok_status( unit_reclaim( &unit, handles, 2, results ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    unit_check( &unit );
    ok_status( unit_destroy( &unit, &other, 1, true ), STATUS_SUCCESS );
    other = unit_create( &unit, .size = MIB( 1 ), CACHED );
    unit_write( &unit, other, 77 );
    ok_status( unit_destroy( &unit, &other, 1, false ), STATUS_SUCCESS );
    ok_status( unit_reclaim( &unit, handles, 1, results ), STATUS_SUCCESS );
    ok( !pattern_is( unit_lock( &unit, handles[0] ), MIB( 1 ), 77 ), "the content of another allocation\n" );
    unit_finish( &unit );
}

/* What can never be had, in all or in the preferred segment, costs nobody its content. */
static void test_impossible( bool other_segment )
{
    struct unit_spec spec = { .size = MIB( 24 ), .segments = other_segment ? 0 : WINEKMT_SEGMENT_LOCAL };
    D3DKMT_HANDLE handles[8], handle;
    struct gpu_adapter adapter;
    unsigned int i, lost = 0;
    struct unit unit;

    unit_adapter_discrete( &adapter, MIB( 32 ) );
    unit_start( &unit, &adapter, 20 );
    for (i = 0; i < 8; i++) handles[i] = unit_create( &unit, .size = MIB( 2 ), .segments = WINEKMT_SEGMENT_LOCAL );
    ok_status( unit_offer( &unit, handles, 8, D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_SUCCESS );
    ok_status( unit_try_create( &unit, &spec, &handle ), other_segment ? STATUS_SUCCESS : STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    for (i = 0; i < 8; i++) lost += unit_is_discarded( &unit, handles[i] );
    ok( !lost, "%u of 8 were discarded for nothing\n", lost );
    unit_check( &unit );
    unit_finish( &unit );
}

/* Many blocks that a lock pins do not hide those that can be emptied. */
static void test_many_pinned(void)
{
    enum { COUNT = 80 };
    D3DKMT_HANDLE handles[COUNT * 4], large;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 32 ), true );   /* 30 */
    unit_start( &unit, &adapter, 0 );
    for (i = 0; i < COUNT * 4; i++) handles[i] = unit_create( &unit, .size = KIB( 64 ), CACHED );
    for (i = 0; i < COUNT * 4; i++) if (i % 4) ok_status( unit_destroy( &unit, &handles[i], 1, false ), STATUS_SUCCESS );
    for (i = 0; i < 20; i++) unit_write( &unit, handles[i * 4], i );
    for (i = 20; i < COUNT; i++) ok( unit_lock( &unit, handles[i * 4] ) != NULL, "no lock\n" );
    /* The first 20 can move into free slots of others; that is some 16 blocks. */
    ok_status( unit_try_create( &unit, &(struct unit_spec){ .size = MIB( 30 ) - unit.vidmm->heaps[0].used + MIB( 3 ) }, &large ), STATUS_SUCCESS );
    ok( !unit.vidmm->groups[GROUP_LOCAL].evicted, "%llu bytes were evicted\n", (unsigned long long)unit.vidmm->groups[GROUP_LOCAL].evicted );
    unit_check( &unit );
    for (i = 0; i < 20; i++) ok( unit_content_is( &unit, handles[i * 4], i ), "%u lost its content\n", i );
    unit_finish( &unit );
}

/* Vulkan has less than its heap says: nobody's content goes because the next block of a pool would be a large one. */
static void test_small_when_vulkan_is_full(void)
{
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handles[6];
    unsigned int i, lost = 0;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 1024 ), false );
    unit_start( &unit, &adapter, 0 );
    fake_gpu_set_fill( false );
    fake_gpu_set_capacity( 0, MIB( 320 ) );
    for (i = 0; i < 6; i++) handles[i] = unit_create( &unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &unit, handles, 6, D3DKMT_OFFER_PRIORITY_HIGH, false ), STATUS_SUCCESS );
    for (i = 0; i < 622; i++) unit_create( &unit, .size = KIB( 512 ) );     /* 311 + 6 of 320 */
    for (i = 0; i < 6; i++) lost += unit_is_discarded( &unit, handles[i] );
    ok( !lost, "%u of 6 were discarded though there was room\n", lost );
    unit_check( &unit );
    unit_finish( &unit );
}

/* Without a budget to watch an offer is no business of the worker's. */
static void test_offer_does_not_wake(void)
{
    struct gpu_adapter adapter;
    D3DDDI_RECLAIM_RESULT result;
    struct rusage before, after;
    D3DKMT_HANDLE handle, other;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 32 ), true );
    unit_start( &unit, &adapter, 0 );
    handle = unit_create( &unit, .size = KIB( 64 ), CACHED );
    other = unit_create( &unit, .size = MIB( 1 ) );
    ok_status( unit_destroy( &unit, &other, 1, false ), STATUS_SUCCESS );  /* starts the worker */
    usleep( 400 * 1000 );
    getrusage( RUSAGE_SELF, &before );
    for (i = 0; i < 10000; i++)
    {
        unit_offer( &unit, &handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false );
        unit_reclaim( &unit, &handle, 1, &result );
        if (i % 100 == 0) usleep( 100 );     /* for the worker to fall asleep again */
    }
    getrusage( RUSAGE_SELF, &after );
    ok( after.ru_nvcsw - before.ru_nvcsw < 150, "the worker was woken %ld times\n", after.ru_nvcsw - before.ru_nvcsw - 100 );
    unit_finish( &unit );
}

START_TEST(offer)
{
    static const uint64_t sizes[] = { KIB( 32 ), KIB( 64 ), KIB( 160 ), KIB( 1000 ) };
    unsigned int i, visible;

    test_order( false );
    test_order( true );
    test_heaps();
    for (visible = 0; visible < 2; visible++)
        for (i = 0; i < ARRAY_SIZE( sizes ); i++)
        {
            test_compaction( visible, sizes[i], KIB( 64 ) );
            if (!unit_is_slow()) test_compaction( visible, sizes[i], MIB( 1 ) );
            test_compaction( visible, sizes[i], MIB( 6 ) );
        }
    test_one_slot();
    for (i = 1; i <= 5; i += 2) test_failing_copy( i, false );
    test_failing_copy( 1, true );
    test_failing_copy( 4, true );
    test_locked();
    test_moved_content();
    test_random();
    test_failed_reclaim_not_zeroed();
    test_impossible( false );
    test_impossible( true );
    test_many_pinned();
    test_small_when_vulkan_is_full();
    if (!unit_is_slow()) test_offer_does_not_wake();
}
