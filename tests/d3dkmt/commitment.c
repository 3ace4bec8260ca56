/*
 * QueryProcessOfferInfo, TrimProcessCommitment
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define LOW             D3DKMT_OFFER_PRIORITY_LOW
#define HIGH            D3DKMT_OFFER_PRIORITY_HIGH
#define ALLOW_DECOMMIT  2

static D3DKMT_HANDLE adapter, device, queue;

static UINT64 get_decommittable( UINT64 *uniqueness )
{
    D3DKMT_QUERYPROCESSOFFERINFO params;

    FILL( params );
    params.cbSize = sizeof(params);
    params.hProcess = NULL;
    kmt_writes( QueryProcessOfferInfo, &params,
                expected_->DecommitUniqueness = params_->DecommitUniqueness;
                expected_->DecommittableBytes = params_->DecommittableBytes );
    if (uniqueness) *uniqueness = params.DecommitUniqueness;
    return params.DecommittableBytes;
}

static UINT64 trim( UINT64 bytes, UINT flags )
{
    D3DKMT_TRIMPROCESSCOMMITMENT params;

    FILL( params );
    params.cbSize = sizeof(params);
    params.hProcess = NULL;
    params.Flags.Value = flags;
    params.DecommitRequested = bytes;
    kmt_writes( TrimProcessCommitment, &params, expected_->NumBytesDecommitted = params_->NumBytesDecommitted );
    return params.NumBytesDecommitted;
}

/* What Windows 11 is said to answer, and sizes and flags beside that. */
static void test_bad( void )
{
    D3DKMT_QUERYPROCESSOFFERINFO query;
    D3DKMT_TRIMPROCESSCOMMITMENT params;

    check_status( pD3DKMTQueryProcessOfferInfo( NULL ), STATUS_INVALID_PARAMETER );
    check_status( pD3DKMTTrimProcessCommitment( NULL ), STATUS_INVALID_PARAMETER );
    memset( &query, 0, sizeof(query) );
    kmt_fails( QueryProcessOfferInfo, &query, STATUS_INVALID_PARAMETER );
    memset( &query, 0xa5, sizeof(query) );
    kmt_fails( QueryProcessOfferInfo, &query, STATUS_INVALID_HANDLE );
    query.hProcess = NULL;
    query.cbSize = sizeof(query) - 1;
    kmt_fails( QueryProcessOfferInfo, &query, STATUS_INVALID_PARAMETER );

    memset( &params, 0, sizeof(params) );
    kmt_fails( TrimProcessCommitment, &params, STATUS_INVALID_PARAMETER );
    memset( &params, 0xa5, sizeof(params) );
    kmt_fails( TrimProcessCommitment, &params, STATUS_INVALID_PARAMETER );
    params.Flags.Value = 0;
    kmt_fails( TrimProcessCommitment, &params, STATUS_INVALID_HANDLE );
    params.hProcess = NULL;
    params.Flags.Value = 4;
    kmt_fails( TrimProcessCommitment, &params, STATUS_INVALID_PARAMETER );
    params.Flags.Value = 0;
    params.cbSize = sizeof(params) - 1;
    kmt_fails( TrimProcessCommitment, &params, STATUS_INVALID_PARAMETER );
}

#ifdef _WIN32

static void test_processes( void )
{
    D3DKMT_QUERYPROCESSOFFERINFO query;
    HANDLE process;

    FILL( query );
    query.cbSize = sizeof(query);
    query.hProcess = GetCurrentProcess();
    check_status( pD3DKMTQueryProcessOfferInfo( &query ), STATUS_SUCCESS );
    process = OpenProcess( SYNCHRONIZE, FALSE, GetCurrentProcessId() );
    query.hProcess = process;
    kmt_fails( QueryProcessOfferInfo, &query, STATUS_ACCESS_DENIED );
    CloseHandle( process );
    process = OpenProcess( PROCESS_QUERY_INFORMATION, FALSE, GetCurrentProcessId() );
    query.hProcess = process;
    check_status( pD3DKMTQueryProcessOfferInfo( &query ), STATUS_SUCCESS );
    CloseHandle( process );
}

#endif

static void test_counting( void )
{
    D3DKMT_HANDLE list[3];
    UINT64 before = get_decommittable( NULL ), first, then;
    UINT result, i;

    ok( !before, "%s bytes before anything is offered\n", wine_dbgstr_longlong( before ) );
    for (i = 0; i < 3; i++) list[i] = create_allocation( device, KIB( 64 ) << i );
    get_decommittable( &first );
    check_status( offer_one( device, list[0], LOW ), STATUS_SUCCESS );
    ok( get_decommittable( NULL ) == 0, "an offer without AllowDecommit counts\n" );
    check_status( offer( device, &list[1], 2, FALSE, LOW, ALLOW_DECOMMIT ), STATUS_SUCCESS );
    ok( get_decommittable( &then ) == KIB( 384 ), "%s bytes\n", wine_dbgstr_longlong( get_decommittable( NULL ) ) );
    ok( then != first, "DecommitUniqueness stays %s\n", wine_dbgstr_longlong( then ) );
    get_decommittable( &first );
    ok( first == then, "DecommitUniqueness changes with nothing\n" );
    /* the newest flags hold */
    check_status( offer_one( device, list[1], HIGH ), STATUS_SUCCESS );
    ok( get_decommittable( NULL ) == KIB( 256 ), "%s bytes\n", wine_dbgstr_longlong( get_decommittable( NULL ) ) );
    check_status( offer( device, &list[0], 1, FALSE, LOW, ALLOW_DECOMMIT ), STATUS_SUCCESS );
    ok( get_decommittable( NULL ) == KIB( 320 ), "%s bytes\n", wine_dbgstr_longlong( get_decommittable( NULL ) ) );
    check_status( reclaim( device, queue, &list[2], 1, FALSE, &result ), STATUS_SUCCESS );
    ok( get_decommittable( NULL ) == KIB( 64 ), "%s bytes\n", wine_dbgstr_longlong( get_decommittable( NULL ) ) );
    for (i = 0; i < 3; i++) destroy_allocation( device, list[i] );
    ok( get_decommittable( NULL ) == 0, "%s bytes\n", wine_dbgstr_longlong( get_decommittable( NULL ) ) );
}

static void test_trim( void )
{
    static const UINT priorities[] = { HIGH, LOW, LOW, HIGH };
    static const UINT gone[] = { FALSE, FALSE, TRUE, FALSE };
    D3DKMT_HANDLE list[4];
    UINT64 size = MIB( 1 ), usage;
    UINT result, i;

    for (i = 0; i < 4; i++)
    {
        list[i] = create_allocation( device, size );
        write_allocation( device, list[i], size, i + 1 );
    }
    ok( trim( ~(UINT64)0, 0 ) == 0, "something went that was not offered\n" );
    check_status( offer_one( device, list[1], LOW ), STATUS_SUCCESS );  /* does not allow it */
    for (i = 0; i < 4; i++)
        if (i != 1) check_status( offer( device, &list[i], 1, FALSE, priorities[i], ALLOW_DECOMMIT ), STATUS_SUCCESS );
    usage = get_usage( adapter );
    ok( trim( 0, 0 ) == 0, "something went for nothing\n" );
    ok( trim( size, 2 ) == 0, "something went although nothing was repurposed\n" );
    /* one byte is one allocation; LOW comes first */
    ok( trim( 1, 1 ) == size, "not one allocation went\n" );
    ok( get_usage( adapter ) == usage - size, "usage %s, before %s\n", wine_dbgstr_longlong( get_usage( adapter ) ), wine_dbgstr_longlong( usage ) );
    ok( get_decommittable( NULL ) == 2 * size, "%s bytes are left\n", wine_dbgstr_longlong( get_decommittable( NULL ) ) );
    for (i = 0; i < 4; i++)
    {
        check_status( reclaim( device, queue, &list[i], 1, FALSE, &result ), STATUS_SUCCESS );
        ok( result == gone[i], "%u: result %u\n", i, result );
        if (!gone[i]) check_pattern( device, list[i], size, i + 1 );
    }

    /* more than there is: all of it, and no more */
    for (i = 0; i < 4; i++) check_status( offer( device, &list[i], 1, FALSE, priorities[i], ALLOW_DECOMMIT ), STATUS_SUCCESS );
    ok( trim( ~(UINT64)0, 0 ) == 4 * size, "not all went\n" );
    ok( trim( ~(UINT64)0, 0 ) == 0, "more went\n" );
    ok( get_decommittable( NULL ) == 0, "something is left\n" );
    for (i = 0; i < 4; i++)
    {
        check_status( reclaim( device, queue, &list[i], 1, FALSE, &result ), STATUS_SUCCESS );
        ok( result == D3DDDI_RECLAIM_RESULT_DISCARDED, "%u: result %u\n", i, result );
        destroy_allocation( device, list[i] );
    }
}

START_TEST(commitment)
{
    test_bad();
    if (!open_device( &adapter, &device )) return;
    if (getenv( "WINEKMT_VERIFIER" )) skip( "verifier switches are set\n" );
    else
    {
        queue = create_queue( device );
        test_counting();
        test_trim();
        destroy_queue( queue );
    }
#ifdef _WIN32
    test_processes();
#endif
    destroy_device( device );
    close_adapter( adapter );
}
