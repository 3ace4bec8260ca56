/*
 * The verifier switches: WINEKMT_VERIFIER=always-discard, never-discard, always-decommit, fail-commit
 *
 * The runner makes a run for each, and one for the last two together; without the variable there is nothing to do.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define ALLOW_DECOMMIT  2

static D3DKMT_HANDLE adapter, device, queue;

static void test_always_discard( void )
{
    D3DKMT_HANDLE allocation = create_allocation( device, KIB( 64 ) ), resource, in_resource;
    UINT i, result;
    void *data;

    for (i = 0; i < 4; i++)
    {
        write_allocation( device, allocation, KIB( 64 ), i );
        check_status( offer( device, &allocation, 1, FALSE, 1 + i % 3, i & 1 ? ALLOW_DECOMMIT : 0 ), STATUS_SUCCESS );
        check_status( reclaim( device, i & 2 ? queue : 0, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
        ok( result == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", result );
        if ((data = lock_allocation( device, allocation )))
        {
            ok( has_pattern( data, KIB( 64 ), i ) || is_zero( data, KIB( 64 ) ), "content is neither old nor zero\n" );
            unlock_allocation( device, allocation );
        }
    }
    /* what was not offered is kept */
    write_allocation( device, allocation, KIB( 64 ), 7 );
    check_status( reclaim( device, queue, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
    ok( result == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", result );
    check_pattern( device, allocation, KIB( 64 ), 7 );
    destroy_allocation( device, allocation );

    resource = create_resource( device, 0, KIB( 64 ), &in_resource, NULL );
    check_status( offer( device, &resource, 1, TRUE, D3DKMT_OFFER_PRIORITY_HIGH, 0 ), STATUS_SUCCESS );
    check_status( reclaim( device, 0, &resource, 1, TRUE, &result ), STATUS_SUCCESS );
    ok( result == TRUE, "result %u\n", result );
    destroy_resource( device, resource );
}

static void test_never_discard( void )
{
    D3DKMT_QUERYVIDEOMEMORYINFO info;
    D3DKMT_HANDLE list[64], extra;
    UINT i, count, results[64];
    NTSTATUS status;

    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL, &info );
    if (info.Budget > MIB( 256 ))
    {
        skip( "no small budget: run with WINEKMT_VIDEO_MEMORY_SIZE=64\n" );
        return;
    }
    test_segments = WINEKMT_SEGMENT_LOCAL;
    for (count = 0; count < 64; count++)
    {
        status = try_create( device, MIB( 4 ), &list[count] );
        if (status) break;
        write_allocation( device, list[count], MIB( 4 ), count );
        check_status( offer( device, &list[count], 1, FALSE, D3DKMT_OFFER_PRIORITY_LOW, count & 1 ? ALLOW_DECOMMIT : 0 ),
                      STATUS_SUCCESS );
    }
    ok( count == info.Budget / MIB( 4 ), "%u allocations\n", count );
    check_status( status, STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    check_status( try_create( device, KIB( 64 ), &extra ), STATUS_GRAPHICS_NO_VIDEO_MEMORY );
    check_status( reclaim( device, queue, list, count, FALSE, results ), STATUS_SUCCESS );
    for (i = 0; i < count; i++)
    {
        ok( results[i] == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", results[i] );
        check_pattern( device, list[i], MIB( 4 ), i );
        destroy_allocation( device, list[i] );
    }
    test_segments = 0;
}

static void test_decommit( BOOL fail )
{
    D3DKMT_HANDLE allocation, list[2];
    UINT64 usage, size;
    UINT results[2], result, i;
    void *data;

    for (i = 0; i < 2; i++) /* from the pool, and a memory object */
    {
        size = i ? MIB( 2 ) : KIB( 64 );
        allocation = create_allocation( device, size );
        usage = get_usage( adapter );

        /* without AllowDecommit nothing is different */
        write_allocation( device, allocation, size, 1 );
        check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_LOW ), STATUS_SUCCESS );
        ok( get_usage( adapter ) == usage, "usage changed\n" );
        check_status( reclaim( device, queue, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
        ok( result == D3DDDI_RECLAIM_RESULT_OK, "result %u\n", result );
        check_pattern( device, allocation, size, 1 );

        check_status( offer( device, &allocation, 1, FALSE, D3DKMT_OFFER_PRIORITY_HIGH, ALLOW_DECOMMIT ), STATUS_SUCCESS );
        ok( get_usage( adapter ) == usage - size, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ),
            wine_dbgstr_longlong( usage ) );
        check_status( reclaim( device, queue, &allocation, 1, FALSE, &result ), STATUS_SUCCESS );
        if (!fail)
        {
            ok( result == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", result );
            check_zero( device, allocation, size );
            ok( get_usage( adapter ) == usage, "usage changed\n" );
            check_status( offer( device, &allocation, 1, FALSE, D3DKMT_OFFER_PRIORITY_HIGH, ALLOW_DECOMMIT ), STATUS_SUCCESS );
            check_status( reclaim_one( device, allocation, &result ), STATUS_SUCCESS );
            ok( result == TRUE, "result %u\n", result );
            check_zero( device, allocation, size );
        }
        else
        {
            ok( result == D3DDDI_RECLAIM_RESULT_NOT_COMMITTED, "result %u\n", result );
            check_status( try_lock( device, allocation, &data ), STATUS_INVALID_PARAMETER );
            check_status( offer_one( device, allocation, D3DKMT_OFFER_PRIORITY_LOW ), STATUS_INVALID_PARAMETER );
            check_status( reclaim( device, queue, &allocation, 1, FALSE, &result ), STATUS_INVALID_PARAMETER );
            check_status( reclaim_one( device, allocation, &result ), STATUS_INVALID_PARAMETER );
            check_status( make_resident( queue, &allocation, 1, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
            check_status( evict( device, &allocation, 1, 0, NULL ), STATUS_INVALID_PARAMETER );
            ok( !is_resident( device, allocation ), "not committed, but resident\n" );
        }
        destroy_allocation( device, allocation );

        /* the first form: TRUE for both, and dead where the commit failed; others of the list are not affected */
        list[0] = create_allocation( device, size );
        list[1] = create_allocation( device, size );
        write_allocation( device, list[1], size, 2 );
        check_status( offer( device, &list[0], 1, FALSE, D3DKMT_OFFER_PRIORITY_LOW, ALLOW_DECOMMIT ), STATUS_SUCCESS );
        check_status( offer( device, &list[1], 1, FALSE, D3DKMT_OFFER_PRIORITY_LOW, 0 ), STATUS_SUCCESS );
        check_status( reclaim( device, 0, list, 2, FALSE, results ), STATUS_SUCCESS );
        ok( results[0] == TRUE, "result %u\n", results[0] );
        ok( results[1] == FALSE, "result %u\n", results[1] );
        check_pattern( device, list[1], size, 2 );
        check_status( try_lock( device, list[0], &data ), fail ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS );
        check_status( try_destroy( device, 0, list, 2 ), STATUS_SUCCESS );
    }

    /* of a resource the worst */
    {
        D3DKMT_HANDLE resource = create_resource( device, 0, KIB( 64 ), NULL, NULL );

        add_allocation( device, resource, MIB( 2 ) );
        check_status( offer( device, &resource, 1, TRUE, D3DKMT_OFFER_PRIORITY_LOW, ALLOW_DECOMMIT ), STATUS_SUCCESS );
        check_status( reclaim( device, queue, &resource, 1, TRUE, &result ), STATUS_SUCCESS );
        ok( result == (fail ? D3DDDI_RECLAIM_RESULT_NOT_COMMITTED : D3DDDI_RECLAIM_RESULT_DISCARDED), "result %u\n", result );
        destroy_resource( device, resource );
    }
}

static void test_fail_commit( void )
{
    D3DKMT_QUERYVIDEOMEMORYINFO info;
    D3DKMT_HANDLE list[64], extra;
    UINT count, results[2];
    void *data;

    get_memory_info( adapter, D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL, &info );
    if (info.Budget > MIB( 256 ))
    {
        skip( "no small budget: run with WINEKMT_VIDEO_MEMORY_SIZE=64\n" );
        return;
    }
    test_segments = WINEKMT_SEGMENT_LOCAL;
    for (count = 0; count < 64; count++)
    {
        if (try_create( device, MIB( 4 ), &list[count] )) break;
        hold( queue, list[count] );
    }
    ok( count == info.Budget / MIB( 4 ), "%u allocations\n", count );
    check_status( offer( device, &list[0], 1, FALSE, D3DKMT_OFFER_PRIORITY_LOW, ALLOW_DECOMMIT ), STATUS_SUCCESS );
    check_status( offer( device, &list[1], 1, FALSE, D3DKMT_OFFER_PRIORITY_LOW, 0 ), STATUS_SUCCESS );
    check_status( try_create( device, MIB( 8 ), &extra ), STATUS_SUCCESS );
    destroy_allocation( device, extra );
    /* there is room again, but the commit of what was decommitted fails */
    check_status( reclaim( device, queue, list, 2, FALSE, results ), STATUS_SUCCESS );
    ok( results[0] == D3DDDI_RECLAIM_RESULT_NOT_COMMITTED, "result %u\n", results[0] );
    ok( results[1] == D3DDDI_RECLAIM_RESULT_DISCARDED, "result %u\n", results[1] );
    check_status( try_lock( device, list[0], &data ), STATUS_INVALID_PARAMETER );
    check_status( make_resident( queue, list, 2, 0, NULL, NULL ), STATUS_INVALID_PARAMETER );
    check_zero( device, list[1], MIB( 4 ) );
    while (count) destroy_allocation( device, list[--count] );
    test_segments = 0;
}

START_TEST(verifier)
{
    if (!getenv( "WINEKMT_VERIFIER" ))
    {
        skip( "no WINEKMT_VERIFIER\n" );
        return;
    }
    if (!open_device( &adapter, &device )) return;
    queue = create_queue( device );
    if (verifier_has( "always-discard" )) test_always_discard();
    else if (verifier_has( "never-discard" )) test_never_discard();
    else if (verifier_has( "always-decommit" )) test_decommit( verifier_has( "fail-commit" ) );
    else if (verifier_has( "fail-commit" )) test_fail_commit();
    else skip( "nothing to test for %s\n", getenv( "WINEKMT_VERIFIER" ) );
    ok( !get_usage( adapter ), "usage %s at the end\n", wine_dbgstr_longlong( get_usage( adapter ) ) );
    destroy_queue( queue );
    destroy_device( device );
    close_adapter( adapter );
}
