/*
 * A process that only looks, and the words that processes keep for core
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger_test.h"

/* All of it */
static bool write_word( uint64_t key, uint32_t word )
{
    uint32_t old;

    return ledger_change_word( key, ~0u, word, &old );
}

static struct ledger_peer peers[LEDGER_SLOTS];

/* Words: 0 how many have published, 1 the monitor has looked, 2 how many have. The one with number n uses n MB. */
static void holder( void *arg )
{
    struct ledger_account *account = join_a(), *other;
    unsigned int me = (uintptr_t)arg;

    check( ledger_join( gpu_b, "GPU B", totals, &other ) );
    LEDGER_SET( account, LEDGER_LOCAL, used, me * MB );
    LEDGER_SET( account, LEDGER_LOCAL, committed, me * MB );
    LEDGER_SET( account, LEDGER_LOCAL, allocations, me );
    LEDGER_SET( account, LEDGER_LOCAL, evicted_allocations, 2 * me );
    LEDGER_SET( account, LEDGER_NON_LOCAL, used, UINT64_MAX );
    /* it is not among its own peers, in either way of asking */
    add_word( 0, 1 );
    wait_word( 0, 3 );
    check( ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) == 2 );
    check( peers[0].pid != getpid() && peers[1].pid != getpid() );
    add_word( 2, 1 );
    wait_word( 2, 3 );
    wait_word( 1, 1 );
    ledger_leave( other );
    ledger_leave( account );
}

/* Reads without an account, and leaves nobody in the file. */
static void monitor( void *arg )
{
    unsigned int i, count, seen = 0;

    (void)arg;
    wait_word( 0, 3 );
    count = ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers );
    check( count == 3 );
    for (i = 0; i < count; i++)
    {
        unsigned int who = peers[i].counts.used / MB;

        seen |= 1u << who;
        check( peers[i].pid > 0 && peers[i].process_key && peers[i].process_key != os_own_process_key() );
        check( peers[i].counts.committed == who * MB && peers[i].counts.allocations == who &&
               peers[i].counts.evicted_allocations == 2 * who );
    }
    check( seen == 0xe );
    /* clamped to what the caller says there is */
    check( ledger_read( gpu_a, LEDGER_NON_LOCAL, 5 * MB, peers ) == 3 && peers[0].counts.used == 5 * MB );
    check( ledger_read( gpu_a, LEDGER_LOCAL, 1 * MB, peers ) == 3 && peers[0].counts.used <= MB && peers[1].counts.used <= MB );
    check( ledger_read( gpu_b, LEDGER_LOCAL, MB, peers ) == 3 && !peers[0].counts.used );
    check( !ledger_read( (const uint8_t *)"no such GPU has ", LEDGER_LOCAL, MB, peers ) );
    set_word( 1, 1 );
}

/* What a process reads before it joins, while it has joined, and after. */
static void monitor_that_joins( void *arg )
{
    struct ledger_account *account;
    unsigned int round;

    (void)arg;
    for (round = 0; round < 3; round++)
    {
        check( !ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) );
        account = join_a();
        LEDGER_SET( account, LEDGER_LOCAL, used, 5 * MB );
        check( !ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) );
        /* the lock of its slot is still its own: another process sees it */
        set_word( 3, round + 1 );
        wait_word( 4, round + 1 );
        ledger_leave( account );
    }
}

static void watcher_of_that( void *arg )
{
    unsigned int round;

    (void)arg;
    for (round = 0; round < 3; round++)
    {
        wait_word( 3, round + 1 );
        check( ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) == 1 && peers[0].counts.used == 5 * MB );
        set_word( 4, round + 1 );
    }
}

/* The file is taken away and made anew by others, while a monitor goes on. */
static void patient_monitor( void *arg )
{
    (void)arg;
    wait_word( 5, 1 );
    check( ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) == 1 );
    set_word( 6, 1 );
    wait_word( 5, 2 );
    check( !ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) );     /* made anew, and empty */
    set_word( 6, 2 );
    wait_word( 5, 3 );
    check( ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) == 1 );
    set_word( 6, 3 );
}

static void holder_for_patience( void *arg )
{
    unsigned int step = (uintptr_t)arg;
    struct ledger_account *account = join_a();

    set_word( 5, step );
    wait_word( 6, step );
    ledger_leave( account );
}

static void without_ledger( void *arg )
{
    uint32_t word = 42;

    (void)arg;
    setenv( "WINEKMT_LEDGER", "none", 1 );
    check( !ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) );
    check( ledger_get_word( 0, &word ) && !word );
    check( write_word( 0, 7 ) && ledger_get_word( 0, &word ) && word == 7 );
    check( !ledger_get_word( 1234, &word ) && word == 7 && !write_word( 1234, 8 ) );
}

static void with_bad_ledger( void *arg )
{
    (void)arg;
    setenv( "WINEKMT_LEDGER", "/nonexistent/folder/ledger", 1 );
    check( !ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) );
    check( !ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) );
    setenv( "WINEKMT_LEDGER", "/dev/null", 1 );
    check( !ledger_read( gpu_a, LEDGER_LOCAL, totals[LEDGER_LOCAL], peers ) );
}

void test_monitor(void)
{
    pid_t pids[4];
    uintptr_t i;

    for (i = 0; i < 3; i++) pids[i] = start( holder, (void *)(i + 1) );
    pids[3] = start( monitor, NULL );
    for (i = 0; i < 4; i++) finish( pids[i] );

    pids[0] = start( monitor_that_joins, NULL );
    pids[1] = start( watcher_of_that, NULL );
    finish( pids[0] );
    finish( pids[1] );

    pids[0] = start( patient_monitor, NULL );
    pids[1] = start( holder_for_patience, (void *)1 );
    finish( pids[1] );
    check( !unlink( ledger_path ) );
    set_word( 5, 2 );
    wait_word( 6, 2 );
    pids[1] = start( holder_for_patience, (void *)3 );
    finish( pids[1] );
    finish( pids[0] );

    run( without_ledger, NULL );
    run( with_bad_ledger, NULL );
}

/***********************************************************************
 * Words
 */

/* Words: 7 the owner is ready, 8 and 9 its key, 10 the other has changed it, 11 it has ended. */
static void owner( void *arg )
{
    struct ledger_account *account;
    uint64_t key = os_own_process_key();
    uint32_t word = 1;

    (void)arg;
    /* it exists before there is a slot, and goes with the process into one and out of it */
    check( ledger_get_word( 0, &word ) && !word );
    check( !ledger_get_word( key, &word ) );    /* which others cannot see yet */
    check( write_word( 0, 0x11 ) );
    account = join_a();
    check( ledger_get_word( 0, &word ) && word == 0x11 );
    check( ledger_get_word( key, &word ) && word == 0x11 );
    check( write_word( 0, 0x22 ) && ledger_get_word( key, &word ) && word == 0x22 );
    check( write_word( key, 0x33 ) && ledger_get_word( 0, &word ) && word == 0x33 );
    ledger_leave( account );
    check( ledger_get_word( 0, &word ) && word == 0x33 );
    account = join_a();
    check( ledger_get_word( 0, &word ) && word == 0x33 );

    set_word( 8, (uint32_t)key );
    set_word( 9, key >> 32 );
    set_word( 7, 1 );
    wait_word( 10, 1 );
    check( ledger_get_word( 0, &word ) && word == 0x44 );
    ledger_leave( account );
    check( ledger_get_word( 0, &word ) && word == 0x44 );   /* what others said is kept */
    set_word( 7, 2 );
    wait_word( 10, 2 );
}

static void changer( void *arg )
{
    uint32_t word = 0;
    uint64_t key;

    (void)arg;
    wait_word( 7, 1 );
    key = get_word( 8 ) | (uint64_t)get_word( 9 ) << 32;
    check( ledger_get_word( key, &word ) && word == 0x33 );     /* without an account of its own */
    check( write_word( key, 0x44 ) );
    check( ledger_get_word( key, &word ) && word == 0x44 );
    check( ledger_get_word( 0, &word ) && !word );
    set_word( 10, 1 );
    wait_word( 7, 2 );
    word = 5;
    check( !ledger_get_word( key, &word ) && word == 5 && !write_word( key, 6 ) );
    set_word( 10, 2 );
}

/* A slot that is taken again knows nothing of the one before. */
static void successor( void *arg )
{
    struct ledger_account *account = join_a();
    uint32_t word = 5;

    (void)arg;
    check( ledger_get_word( 0, &word ) && !word );
    ledger_leave( account );
}

void test_words(void)
{
    pid_t pids[2] = { start( owner, NULL ), start( changer, NULL ) };

    finish( pids[0] );
    finish( pids[1] );
    run( successor, NULL );
}
