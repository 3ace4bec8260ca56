/*
 * Many processes, killed processes, and a file that somebody writes nonsense into
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ledger_test.h"

#define STEADY   3                  /* processes that are never killed */
#define VICTIMS  5
#define KILLS    400
#define UNIT     (7 * MB)           /* what everyone publishes, or nothing */

static struct ledger_peer peers[LEDGER_SLOTS];

/* Words: 0 how many have joined or were refused, 1 they may go, 2 how many were refused. */
static void one_of_many( void *arg )
{
    struct ledger_account *account;
    bool joined = ledger_join( gpu_a, "GPU A", totals, &account );

    (void)arg;
    if (joined) LEDGER_SET( account, LEDGER_LOCAL, used, MB );
    else add_word( 2, 1 );
    add_word( 0, 1 );
    wait_word( 1, 1 );
    ledger_leave( account );
}

static void one_too_many( void *arg )
{
    struct ledger_account *account, *other;

    (void)arg;
    check( !ledger_join( gpu_a, "GPU A", totals, &account ) );
    check( !ledger_join( gpu_b, "GPU B", totals, &other ) );
    ledger_leave( account );
    ledger_leave( other );
}

/* All slots but the own one */
static void see_many( void *arg )
{
    struct ledger_account *account = join_a();
    uint64_t begin;
    unsigned int i;

    (void)arg;
    add_word( 0, 1 );
    wait_word( 0, LEDGER_SLOTS );
    begin = os_time_ns();
    for (i = 0; i < 100; i++) check( ledger_peers( account, LEDGER_LOCAL, peers ) == LEDGER_SLOTS - 1 );
    printf( "crowd: %.1f us to look at %u peers\n", (os_time_ns() - begin) / 1e5, LEDGER_SLOTS - 1 );
    for (i = 0; i < LEDGER_SLOTS - 1; i++) check( peers[i].counts.used == MB );
    set_word( 3, 1 );
    wait_word( 1, 1 );
    ledger_leave( account );
}

/* Fills every slot of the file in the environment, whatever happened to it before. */
static void fill_all_slots(void)
{
    pid_t pids[LEDGER_SLOTS];
    const char *text;
    unsigned int i;

    memset( shared->words, 0, sizeof(shared->words) );
    for (i = 0; i < LEDGER_SLOTS; i++) pids[i] = start( i ? one_of_many : see_many, NULL );
    wait_word( 3, 1 );
    check( !get_word( 2 ) );
    text = run_caught( one_too_many, NULL );
    check( count_string( text, "\n" ) == 1 && strstr( text, "slots are taken" ) );
    set_word( 1, 1 );
    for (i = 0; i < LEDGER_SLOTS; i++) finish( pids[i] );
}

void test_crowd(void)
{
    fill_all_slots();
    fill_all_slots();
}

/* Words: 0 steady ones have joined, 1 they may go. progress[i]: rounds of the steady ones. */
static struct ledger_account *mine;

static void obey(void)
{
    enum ledger_request_kind kind;
    uint64_t bytes;
    uint32_t ticket;

    while (ledger_take_request( mine, LEDGER_LOCAL, &bytes, &kind )) ledger_announce_release( mine );
    while (ledger_take_decommit( &bytes, &ticket )) ledger_answer_decommit( ticket, bytes );
}

/* One round of everything that a process does. trusted: nobody writes nonsense, so what is read must be right. */
static void work( struct ledger_account *account, unsigned int *random, bool trusted, unsigned int most )
{
    uint32_t seen = ledger_releases( account );
    struct ledger_counts counts;
    uint64_t done, begin = os_time_ns();
    unsigned int i, count;

    count = ledger_peers( account, LEDGER_LOCAL, peers );
    if (trusted) check( count < most );
    for (i = 0; i < count; i++)
    {
        if (trusted)
        {
            check( peers[i].counts.used == UNIT || !peers[i].counts.used );
            check( !peers[i].counts.committed && peers[i].pid > 0 );
        }
        else check( peers[i].counts.used <= totals[LEDGER_LOCAL] && peers[i].counts.offered <= peers[i].counts.committed );
    }
    LEDGER_SET( account, LEDGER_LOCAL, used, rand_r( random ) & 1 ? UNIT : 0 );
    if (count)
    {
        i = rand_r( random ) % count;
        ledger_request( account, LEDGER_LOCAL, peers[i].slot, rand_r( random ), rand_r( random ) & 1 );
        ledger_wait( account, &seen, os_time_ns() + 1000000 );
    }
    if (rand_r( random ) % 8 == 0)
    {
        ledger_request_decommit( os_own_process_key(), 4096, os_time_ns() + 20000000, &done );
        ledger_find_process( account, os_own_process_key(), LEDGER_LOCAL, &counts );
        ledger_announce_release( account );
    }
    check( os_time_ns() - begin < 10 * SECOND );
}

static void steady( void *arg )
{
    unsigned int me = (uintptr_t)arg, random = me;

    mine = join_a();
    ledger_set_listener( obey );
    add_word( 0, 1 );
    while (!get_word( 1 ))
    {
        work( mine, &random, true, STEADY + VICTIMS );
        __atomic_add_fetch( &shared->progress[me], 1, __ATOMIC_RELAXED );
    }
    ledger_leave( mine );
}

/* Joins, works and leaves until it is killed. Its failed checks count all the same. */
static void victim( void *arg )
{
    unsigned int random = (uintptr_t)arg, i;
    struct ledger_account *other;

    for (;;)
    {
        /* Sometimes GPU a is the second one: what a dead process left there must not be taken for its successor's. */
        other = NULL;
        if (rand_r( &random ) & 1) check( ledger_join( gpu_b, "GPU B", totals, &other ) );
        mine = join_a();
        ledger_set_listener( obey );
        for (i = rand_r( &random ) % 8; i; i--) work( mine, &random, true, STEADY + VICTIMS );
        ledger_set_listener( NULL );
        ledger_leave( mine );
        ledger_leave( other );
    }
}

/* Killed at any point, also of making the file: that begins anew now and then. */
void test_kill(void)
{
    pid_t pids[STEADY], victims[VICTIMS] = { 0 };
    uint64_t before[STEADY], begin;
    unsigned int i, kills, random = 4711;
    struct stat st;

    /* Making the file, interrupted */
    for (kills = 0; kills < KILLS / 4; kills++)
    {
        for (i = 0; i < 3; i++) victims[i] = start( victim, (void *)(uintptr_t)rand_r( &random ) );
        usleep( rand_r( &random ) % 4000 );
        for (i = 0; i < 3; i++) end( victims[i] );
        run( one_of_many, memset( shared->words, 0xff, sizeof(shared->words[0]) * 2 ) );
        check( !get_word( 2 ) );
        check( !stat( ledger_path, &st ) && st.st_size == sizeof(struct ledger_file) );
        check( !unlink( ledger_path ) );
    }

    memset( shared->words, 0, sizeof(shared->words) );
    for (i = 0; i < STEADY; i++) pids[i] = start( steady, (void *)(uintptr_t)i );
    wait_word( 0, STEADY );
    memset( victims, 0, sizeof(victims) );
    for (kills = 0; kills < KILLS; kills++)
    {
        i = rand_r( &random ) % VICTIMS;
        if (victims[i]) end( victims[i] );
        victims[i] = start( victim, (void *)(uintptr_t)rand_r( &random ) );
        usleep( rand_r( &random ) % 5000 );
    }
    for (i = 0; i < VICTIMS; i++) if (victims[i]) end( victims[i] );

    /* Nobody is stuck, */
    for (i = 0; i < STEADY; i++) before[i] = __atomic_load_n( &shared->progress[i], __ATOMIC_RELAXED );
    begin = os_time_ns();
    for (i = 0; i < STEADY; i++)
    {
        while (__atomic_load_n( &shared->progress[i], __ATOMIC_RELAXED ) == before[i] && os_time_ns() - begin < PATIENCE)
            pause_ms( 1 );
        check( __atomic_load_n( &shared->progress[i], __ATOMIC_RELAXED ) != before[i] );
        printf( "kill: steady process %u made %llu rounds\n", i, (unsigned long long)before[i] );
    }
    set_word( 1, 1 );
    for (i = 0; i < STEADY; i++) finish( pids[i] );

    /* nothing has grown, and every slot can be had. */
    check( !stat( ledger_path, &st ) && st.st_size == sizeof(struct ledger_file) );
    fill_all_slots();
}

/* Words: 0 joined, 1 they may go. */
static void damaged_worker( void *arg )
{
    unsigned int me = (uintptr_t)arg, random = me;

    mine = join_a();
    ledger_set_listener( obey );
    add_word( 0, 1 );
    while (!get_word( 1 ))
    {
        work( mine, &random, false, 0 );
        __atomic_add_fetch( &shared->progress[me], 1, __ATOMIC_RELAXED );
    }
    ledger_set_listener( NULL );
    ledger_leave( mine );
}

/* Comes and goes meanwhile; whether it gets in depends on what stands in the header just then. */
static void damaged_visitor( void *arg )
{
    unsigned int random = (uintptr_t)arg, i;

    if (ledger_join( gpu_a, "GPU A", totals, &mine )) add_word( 4, 1 );
    ledger_set_listener( obey );
    for (i = 0; i < 5; i++) work( mine, &random, false, 0 );
    ledger_set_listener( NULL );
    ledger_leave( mine );
}

static void scribble( struct ledger_file *file, unsigned int *random, bool header )
{
    unsigned char *bytes = (unsigned char *)file;
    size_t at = rand_r( random ) % (header ? sizeof(*file) : sizeof(*file) - LEDGER_PAGE), i;

    if (!header) at += LEDGER_PAGE;
    /* The slots in use are hit as often as all others. */
    if (rand_r( random ) & 1) at = at % (4 * LEDGER_PAGE) + (header ? 0 : LEDGER_PAGE);
    for (i = 0; i < 64 && at + i < sizeof(*file); i++)
        bytes[at + i] = rand_r( random ) % 3 ? rand_r( random ) : rand_r( random ) & 1 ? 0xff : 0;
}

void test_damage(void)
{
    unsigned int i, round, random = 99;
    pid_t pids[STEADY], visitor;
    struct ledger_file *file;
    uint64_t end;
    const char *text;
    int fd;

    run( one_of_many, memset( shared->words, 0xff, sizeof(shared->words[0]) * 2 ) );
    memset( shared->words, 0, sizeof(shared->words) );
    fd = open( ledger_path, O_RDWR | O_CLOEXEC );
    file = mmap( NULL, sizeof(*file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0 );
    check( file != MAP_FAILED );
    for (i = 0; i < STEADY; i++) pids[i] = start( damaged_worker, (void *)(uintptr_t)i );
    wait_word( 0, STEADY );

    for (round = 0; round < 30; round++)
    {
        visitor = start( damaged_visitor, (void *)(uintptr_t)round );
        for (end = os_time_ns() + 50000000; os_time_ns() < end;)
        {
            for (i = 0; i < 50; i++) scribble( file, &random, round & 1 );
            usleep( 100 );
        }
        if (round & 1)      /* the header is mended, or nobody would get in */
        {
            file->header.size = sizeof(*file);
            file->header.slots = LEDGER_SLOTS;
            file->header.magic = LEDGER_MAGIC;
        }
        finish( visitor );
    }
    check( get_word( 4 ) >= 10 );

    /* It goes on while they leave. */
    set_word( 1, 1 );
    for (end = os_time_ns() + 200000000; os_time_ns() < end;) scribble( file, &random, true );
    for (i = 0; i < STEADY; i++)
    {
        check( __atomic_load_n( &shared->progress[i], __ATOMIC_RELAXED ) > 10 );
        finish( pids[i] );
    }
    munmap( file, sizeof(*file) );
    close( fd );
    text = run_caught( one_of_many, memset( shared->words, 0xff, sizeof(shared->words[0]) * 2 ) );
    check( !*text );
    fill_all_slots();
}
