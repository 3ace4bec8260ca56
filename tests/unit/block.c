/*
 * Blocks and slots: size classes, filling and emptying, what is kept, what an allocation costs
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "unit.h"

/* Every size of whole pages up to the largest slot, and every alignment with some of them. */
static void test_size_classes(void)
{
    uint64_t pages, slot_size, last_size = 0, alignment, other_size;
    unsigned int class, last = 0, wrong = 0, wasteful = 0, disorder = 0, misaligned = 0;

    for (pages = 1; pages <= MAX_SLOT_SIZE / PAGE_SIZE; pages++)
    {
        uint64_t size = pages * PAGE_SIZE;

        class = size_class( size, PAGE_SIZE, &slot_size );
        if (class >= SIZE_CLASSES || slot_size < size || slot_size % PAGE_SIZE) wrong++;
        if (slot_size - size > size / 4) wasteful++;
        if (class < last || (class == last && last_size && slot_size != last_size) || class > last + 1) disorder++;
        /* A slot's size is in the slot's own class: the class is the least that fits. */
        if (size_class( slot_size, PAGE_SIZE, &other_size ) != class || other_size != slot_size) wrong++;
        last = class;
        last_size = slot_size;
    }
    ok( !wrong, "%u sizes get a wrong class\n", wrong );
    ok( !wasteful, "%u sizes waste more than a quarter\n", wasteful );
    ok( !disorder, "%u sizes are out of order\n", disorder );
    for (alignment = PAGE_SIZE; alignment <= WINEKMT_MAX_ALIGNMENT; alignment *= 2)
        for (pages = 1; pages <= MAX_SLOT_SIZE / PAGE_SIZE; pages += pages < 2000 ? 1 : 37)
        {
            uint64_t size = pages * PAGE_SIZE, least = (size + alignment - 1) & ~(alignment - 1);

            class = size_class( size, alignment, &slot_size );
            if (class >= SIZE_CLASSES || slot_size < size) wrong++;
            if (slot_size % alignment) misaligned++;
            if (slot_size - least > least / 3 && least > alignment) wasteful++;
        }
    ok( !wrong && !wasteful, "%u sizes wrong, %u wasteful, with alignments\n", wrong, wasteful );
    ok( !misaligned, "%u slots are not aligned\n", misaligned );
}

static struct vidmm_pool *pool_of( const struct unit *unit, D3DKMT_HANDLE handle )
{
    return unit_allocation( unit, handle )->block->pool;
}

/* Slots of one pool, taken and given back in several orders; blocks grow, become full and partial again. */
static void test_slots( uint64_t size, unsigned int count )
{
    D3DKMT_HANDLE *handles = calloc( count, sizeof(*handles) );
    struct gpu_adapter adapter;
    struct vidmm_pool *pool;
    uint64_t usage, largest = 0, last = 0, slot_size;
    unsigned int i, stride;
    struct list *cursor;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 1024 ), true );
    unit_start( &unit, &adapter, 0 );
    fake_gpu_set_fill( false );
    size_class( size, PAGE_SIZE, &slot_size );
    for (i = 0; i < count; i++)
    {
        handles[i] = unit_create( &unit, .size = size, .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        if (i < 50 || i % 97 == 0) unit_check( &unit );
    }
    unit_check( &unit );
    pool = pool_of( &unit, handles[0] );
    ok( pool && pool->slot_size == slot_size, "slots of %llu bytes\n", (unsigned long long)(pool ? pool->slot_size : 0) );
    unit_query_memory( &unit, 0, NULL, &usage );
    ok( usage == count * slot_size, "usage %llu, expected %llu\n", (unsigned long long)usage, (unsigned long long)(count * slot_size) );
    /* Blocks grow, so that there are few, but waste no more than a fraction. */
    ok( unit.vidmm->memories <= 96, "%u blocks for %u allocations\n", unit.vidmm->memories, count );
    ok( pool->bytes <= count * slot_size * 3 / 2 + KIB( 256 ) + 4 * slot_size, "%llu bytes of blocks for %llu\n",
        (unsigned long long)pool->bytes, (unsigned long long)(count * slot_size) );
    kmt_lock();
    for (cursor = pool->full.next; cursor != &pool->full; cursor = cursor->next)
    {
        uint64_t bytes = LIST_ENTRY( cursor, struct vidmm_block, entry )->size;

        ok( bytes >= last || bytes >= largest / 4, "a block of %llu bytes after one of %llu\n", (unsigned long long)bytes, (unsigned long long)last );
        if (bytes > largest) largest = bytes;
        last = bytes;
    }
    kmt_unlock();

    /* No two share a byte: each has its own pattern. */
    for (i = 0; i < count; i++) unit_write( &unit, handles[i], i );
    for (i = 0; i < count; i++) if (!unit_content_is( &unit, handles[i], i )) ok( 0, "allocation %u lost its content\n", i );

    /* Holes all over are filled up again before there is a new block. */
    for (stride = 2; stride <= 7; stride += 5)
    {
        uint32_t memories = unit.vidmm->memories;

        for (i = 0; i < count; i += stride) ok_status( unit_destroy( &unit, &handles[i], 1, false ), STATUS_SUCCESS );
        unit_check( &unit );
        for (i = 0; i < count; i += stride) handles[i] = unit_create( &unit, .size = size, .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        unit_check( &unit );
        ok( unit.vidmm->memories <= memories, "%u blocks, before %u\n", unit.vidmm->memories, memories );
        /* What was there before does not show, and what was not touched is as it was. */
        for (i = 0; i < count; i++)
        {
            if (i % stride == 0)
            {
                if (!bytes_are_zero( unit_lock( &unit, handles[i] ), size )) ok( 0, "allocation %u shows old content\n", i );
                unit_unlock( &unit, handles[i] );
                unit_write( &unit, handles[i], i );
            }
            else if (!unit_content_is( &unit, handles[i], i )) ok( 0, "allocation %u lost its content\n", i );
        }
    }

    ok_status( unit_destroy( &unit, handles, count, false ), STATUS_SUCCESS );
    unit_check( &unit );
    unit_query_memory( &unit, 0, NULL, &usage );
    ok( !usage, "usage %llu\n", (unsigned long long)usage );
    free( handles );
    unit_finish( &unit );
}

/* A block that becomes empty waits for a new user, is freed at once by a synchronous destruction, and else by the worker. */
static void test_empty_blocks(void)
{
    uint64_t sizes[] = { KIB( 64 ), MIB( 3 ) };
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 256 ), true );
    for (i = 0; i < 2; i++)
    {
        D3DKMT_HANDLE handle;
        uint64_t calls;

        unit_start( &unit, &adapter, 0 );
        handle = unit_create( &unit, .size = sizes[i], .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        unit_write( &unit, handle, 1 );
        calls = fake_gpu_count_calls( FAKE_GPU_ALLOCATE );
        ok_status( unit_destroy( &unit, &handle, 1, false ), STATUS_SUCCESS );
        unit_check( &unit );
        handle = unit_create( &unit, .size = sizes[i], .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        unit_check( &unit );
        ok( fake_gpu_count_calls( FAKE_GPU_ALLOCATE ) == calls, "an empty block was not used again\n" );
        ok( bytes_are_zero( unit_lock( &unit, handle ), sizes[i] ), "old content shows\n" );
        ok_status( unit_unlock( &unit, handle ), STATUS_SUCCESS );

        /* Another size, type of access or AllowNotZeroed does not change that. */
        unit_write( &unit, handle, 1 );
        ok_status( unit_destroy( &unit, &handle, 1, false ), STATUS_SUCCESS );
        handle = unit_create( &unit, .size = sizes[i], .cpu_access = WINEKMT_CPU_ACCESS_CACHED, .not_zeroed = true );
        ok( fake_gpu_count_calls( FAKE_GPU_ALLOCATE ) == calls, "an empty block was not used again\n" );
        ok( !pattern_is( unit_lock( &unit, handle ), sizes[i], 1 ), "AllowNotZeroed shows another allocation's content\n" );
        ok_status( unit_unlock( &unit, handle ), STATUS_SUCCESS );

        ok_status( unit_destroy( &unit, &handle, 1, true ), STATUS_SUCCESS );
        unit_check( &unit );
        ok( !unit.vidmm->memories, "%u blocks after a synchronous destruction\n", unit.vidmm->memories );
        unit_finish( &unit );
    }
}

/* An allocation per block of the least size when memory is short: blocks shrink rather than cost what is offered. */
static void test_block_size_under_pressure(void)
{
    D3DKMT_HANDLE handles[64], large, small;
    D3DDDI_RECLAIM_RESULT result;
    struct gpu_adapter adapter;
    struct unit unit;
    unsigned int i;

    unit_adapter_simple( &adapter, MIB( 64 ), true );   /* 60 of them to be used */
    unit_start( &unit, &adapter, 0 );
    large = unit_create( &unit, .size = MIB( 59 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
    ok_status( unit_offer( &unit, &large, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    for (i = 0; i < 12; i++)
    {
        handles[i] = unit_create( &unit, .size = KIB( 80 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
        unit_check( &unit );
    }
    ok( !unit_is_discarded( &unit, large ), "a whole MiB was free for 960 KiB of small allocations\n" );
    small = unit_create( &unit, .size = KIB( 128 ), .cpu_access = WINEKMT_CPU_ACCESS_CACHED );
    ok( unit_is_discarded( &unit, large ), "nothing was discarded for a small allocation that did not fit\n" );
    ok_status( unit_destroy( &unit, &small, 1, true ), STATUS_SUCCESS );
    ok_status( unit_destroy( &unit, handles, 12, true ), STATUS_SUCCESS );
    ok_status( unit_reclaim( &unit, &large, 1, &result ), STATUS_SUCCESS );
    ok( result == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", result );
    unit_check( &unit );
    unit_finish( &unit );
}

/* What a million of them would cost us. Measured, not computed: table, blocks, and malloc's own overhead are in it. */
static void test_bookkeeping( uint64_t size )
{
    unsigned int i, count = 100000;
    struct gpu_adapter adapter;
    D3DKMT_HANDLE handle;
    uint64_t before, bytes;
    struct unit unit;

    unit_adapter_simple( &adapter, MIB( 16384 ), true );
    adapter.max_memory_count = 4096;
    unit_start( &unit, &adapter, 0 );
    fake_gpu_set_fill( false );
    before = unit_malloc_bytes();
    for (i = 0; i < count; i++)
        if (unit_try_create( &unit, &(struct unit_spec){ .size = size, .cpu_access = WINEKMT_CPU_ACCESS_CACHED }, &handle )) break;
    ok( i == count, "only %u allocations\n", i );
    bytes = unit_malloc_bytes() - before;
    trace( "%u allocations of %llu KiB: %.1f bytes each, %u blocks, %.1f%% of memory unused\n", count, (unsigned long long)size >> 10,
           (double)bytes / count, unit.vidmm->memories, 100.0 * (unit.vidmm->heaps[0].used - count * size) / unit.vidmm->heaps[0].used );
    ok( bytes <= 192ull * count, "%.1f bytes an allocation\n", (double)bytes / count );
    ok( unit.vidmm->memories <= 200, "%u blocks\n", unit.vidmm->memories );
    unit_check( &unit );
    unit_finish( &unit );
}

/* An existing heap is no memory of the GPU: it is in no sum. */
static void test_import(void)
{
    char *memory = aligned_alloc( PAGE_SIZE, MIB( 2 ) );
    D3DKMT_HANDLE handle, none;
    struct unit unit;
    uint64_t usage;

    unit_start( &unit, NULL, 0 );
    memset( memory, 0x5a, MIB( 2 ) );
    ok_status( unit_create_existing_heap( &unit, memory, MIB( 2 ), &handle ), STATUS_SUCCESS );
    ok_status( unit_create_existing_heap( &unit, memory, 0, &none ), STATUS_SUCCESS );
    unit_check( &unit );
    ok( unit_lock( &unit, handle ) == memory, "locked elsewhere\n" );
    ok( memory[0] == 0x5a && memory[MIB( 2 ) - 1] == 0x5a, "an existing heap was changed\n" );
    unit_check( &unit );
    ok( unit.vidmm->memories == 1, "%u memories\n", unit.vidmm->memories );
    unit_query_memory( &unit, 0, NULL, &usage );
    ok( !usage, "usage %llu\n", (unsigned long long)usage );
    ok_status( unit_unlock( &unit, handle ), STATUS_SUCCESS );
    ok_status( unit_offer( &unit, &handle, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    unit_check( &unit );
    ok( !unit.vidmm->offered, "an existing heap can be discarded\n" );
    ok_status( unit_destroy( &unit, &handle, 1, false ), STATUS_SUCCESS );
    unit_check( &unit );
    ok( !unit.vidmm->memories, "an import is kept\n" );
    ok_status( unit_destroy( &unit, &none, 1, false ), STATUS_SUCCESS );
    unit_finish( &unit );
    free( memory );
}

START_TEST(block)
{
    bool slow = unit_is_slow();

    test_size_classes();
    test_slots( KIB( 4 ), slow ? 600 : 5000 );
    test_slots( KIB( 36 ), slow ? 300 : 1000 );
    test_slots( KIB( 1020 ), slow ? 40 : 200 );
    test_empty_blocks();
    test_block_size_under_pressure();
    test_import();
    if (slow) return;   /* a sanitizer's malloc has other overheads */
    test_bookkeeping( KIB( 64 ) );
    test_bookkeeping( KIB( 4 ) );
}
