/*
 * What processes see of each other, and ask of each other
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ledger_test.h"
#include "ntstatus.h"

static struct ledger_peer peers[LEDGER_SLOTS];

/* One process by itself: accounts come and go. */
static void join_and_leave( void *arg )
{
    static const struct ledger_counts none;
    struct ledger_account *accounts[LEDGER_GPUS + 2], *a, *b;
    uint8_t uuid[16] = "GPU number x";
    struct ledger_counts counts;
    uint64_t key = os_own_process_key();
    unsigned int i, round;

    (void)arg;
    for (round = 0; round < 3; round++)
    {
        a = join_a();
        check( ledger_join( gpu_b, "a name that is longer than the room that there is for names, which is a hundred and "
                            "twenty-eight bytes with the end, and so it is cut", totals, &b ) );
        check( !memcmp( ledger_counts( a, LEDGER_LOCAL ), &none, sizeof(none) ) );
        check( !memcmp( ledger_counts( b, LEDGER_NON_LOCAL ), &none, sizeof(none) ) );
        LEDGER_SET( a, LEDGER_LOCAL, used, 5 );
        LEDGER_ADD( a, LEDGER_LOCAL, used, 6 );
        LEDGER_SET( b, LEDGER_NON_LOCAL, committed, 7 );
        check( LEDGER_GET( a, LEDGER_LOCAL, used ) == 11 && !LEDGER_GET( a, LEDGER_NON_LOCAL, used ) );
        check( !ledger_peers( a, LEDGER_LOCAL, peers ) );
        check( ledger_find_process( a, key, LEDGER_LOCAL, &counts ) && counts.used == 11 && !counts.committed );
        check( ledger_find_process( b, key, LEDGER_NON_LOCAL, &counts ) && !counts.used && counts.committed == 7 );
        check( !ledger_find_process( a, key + 1, LEDGER_LOCAL, &counts ) );
        ledger_leave( a );
        check( ledger_find_process( b, key, LEDGER_NON_LOCAL, &counts ) && counts.committed == 7 );
        ledger_leave( b );
    }
    ledger_leave( NULL );

    /* More GPUs than there is room for */
    for (i = 0; i < LEDGER_GPUS + 2; i++)
    {
        uuid[11] = 'a' + i;
        check( ledger_join( uuid, "one of many", totals, &accounts[i] ) == (i < LEDGER_GPUS) );
        LEDGER_SET( accounts[i], LEDGER_LOCAL, used, i + 1 );
    }
    check( LEDGER_GET( accounts[LEDGER_GPUS], LEDGER_LOCAL, used ) == LEDGER_GPUS + 1 );
    check( !ledger_find_process( accounts[LEDGER_GPUS], key, LEDGER_LOCAL, &counts ) );
    ledger_leave( accounts[3] );
    check( ledger_join( uuid, "it fits now", totals, &accounts[3] ) );
    check( ledger_find_process( accounts[3], key, LEDGER_LOCAL, &counts ) && !counts.used );
    for (i = 0; i < LEDGER_GPUS + 2; i++) ledger_leave( accounts[i] );
}

void test_join(void)
{
    const char *text = run_caught( join_and_leave, NULL );
    struct stat st;

    check( count_string( text, "\n" ) == 1 && strstr( text, "one of many is not shared" ) );
    check( !stat( ledger_path, &st ) && (st.st_mode & 07777) == 0600 );
    check( st.st_size == sizeof(struct ledger_file) && (uint64_t)st.st_blocks * 512 >= sizeof(struct ledger_file) );
}

/* Words: 0 how many have published, 1 how many have looked. */
#define PUBLISHERS 6

static void publish_and_look( void *arg )
{
    struct ledger_account *account = join_a(), *second = NULL, *other;
    unsigned int me = (uintptr_t)arg, i, count, seen = 0;
    uint64_t sum = 0;

    /* The last one has the GPU twice, as two drivers may show it; all have another GPU besides. */
    if (me == PUBLISHERS) check( ledger_join( gpu_a, "GPU A again", totals, &second ) );
    check( ledger_join( gpu_b, "GPU B", totals, &other ) );
    LEDGER_SET( other, LEDGER_LOCAL, used, 99 * MB );
    LEDGER_SET( account, LEDGER_LOCAL, used, me * MB );
    LEDGER_SET( account, LEDGER_LOCAL, committed, me * MB );
    LEDGER_SET( account, LEDGER_NON_LOCAL, evicted, me );
    if (second) LEDGER_SET( second, LEDGER_LOCAL, used, 100 * MB );
    /* What cannot be is cut to what can. */
    LEDGER_SET( account, LEDGER_NON_LOCAL, used, UINT64_MAX );
    LEDGER_SET( account, LEDGER_NON_LOCAL, demand, UINT64_MAX );
    LEDGER_SET( account, LEDGER_LOCAL, offered, 2 * me * MB );
    LEDGER_SET( account, LEDGER_LOCAL, paged_in, UINT64_MAX );
    add_word( 0, 1 );
    wait_word( 0, PUBLISHERS );

    count = ledger_peers( account, LEDGER_LOCAL, peers );
    check( count == PUBLISHERS - 1 );
    for (i = 0; i < count; i++)
    {
        unsigned int who = peers[i].counts.committed / MB;

        sum += peers[i].counts.used;
        seen |= 1u << who;
        check( peers[i].slot < LEDGER_SLOTS && peers[i].pid > 0 && peers[i].pid != getpid() && !kill( peers[i].pid, 0 ) );
        check( peers[i].counts.offered == who * MB && peers[i].counts.paged_in == UINT64_MAX );
        check( !i || peers[i].slot > peers[i - 1].slot );
    }
    check( sum == (PUBLISHERS * (PUBLISHERS + 1) / 2 - me + (second ? 0 : 100)) * MB );
    check( seen == (((1u << PUBLISHERS) - 1) << 1 & ~(1u << me)) );
    check( ledger_peers( account, LEDGER_NON_LOCAL, peers ) == PUBLISHERS - 1 );
    /* The two accounts of the last one are summed after the cut. */
    for (i = 0; i < PUBLISHERS - 1; i++)
        check( peers[i].counts.used == totals[LEDGER_NON_LOCAL] && peers[i].counts.demand == totals[LEDGER_NON_LOCAL] );
    add_word( 1, 1 );
    wait_word( 1, PUBLISHERS );
    ledger_leave( account );
    ledger_leave( second );
    check( ledger_find_process( other, os_own_process_key(), LEDGER_LOCAL, &peers[0].counts ) );
    ledger_leave( other );
}

static void see_nobody( void *arg )
{
    struct ledger_account *account = join_a();

    (void)arg;
    check( !ledger_peers( account, LEDGER_LOCAL, peers ) );
    ledger_leave( account );
}

void test_peers(void)
{
    pid_t pids[PUBLISHERS];
    uintptr_t i;

    for (i = 0; i < PUBLISHERS; i++) pids[i] = start( publish_and_look, (void *)(i + 1) );
    for (i = 0; i < PUBLISHERS; i++) finish( pids[i] );
    run( see_nobody, NULL );
}

/* Words: 0 the server has joined, 1 requests that it has seen, 2 the tests are over. */
static struct ledger_account *serving;
static uint64_t served[LEDGER_GROUPS][LEDGER_REQUEST_KINDS];

static void serve(void)
{
    enum ledger_request_kind kind;
    unsigned int group;
    uint64_t bytes;

    for (group = 0; group < LEDGER_GROUPS; group++)
        while (ledger_take_request( serving, group, &bytes, &kind ))
        {
            LEDGER_SET( serving, group, used, bytes );
            LEDGER_SET( serving, group, offered, kind );
            __atomic_add_fetch( &served[group][kind], 1, __ATOMIC_RELAXED );
            if (!__atomic_load_n( &shared->latency, __ATOMIC_RELAXED ))
                __atomic_store_n( &shared->latency, os_time_ns(), __ATOMIC_RELEASE );
            add_word( 1, 1 );
            ledger_announce_release( serving );
        }
}

static void server( void *arg )
{
    (void)arg;
    serving = join_a();
    ledger_set_listener( serve );
    set_word( 0, 1 );
    wait_word( 2, 1 );
    ledger_set_listener( NULL );
    check( served[LEDGER_LOCAL][LEDGER_REQUEST_OFFERED] >= 1 && served[LEDGER_NON_LOCAL][LEDGER_REQUEST_EVICT] == 1 );
    check( !served[LEDGER_NON_LOCAL][LEDGER_REQUEST_OFFERED] );
    ledger_leave( serving );
}

static void client( void *arg )
{
    struct ledger_account *account = join_a(), *other;
    enum ledger_request_kind kind;
    uint64_t begin, took, worst = 0, bytes;
    unsigned int i;

    (void)arg;
    wait_word( 0, 1 );
    check( ledger_peers( account, LEDGER_LOCAL, peers ) == 1 );

    for (i = 1; i <= 200; i++)
    {
        __atomic_store_n( &shared->latency, 0, __ATOMIC_RELAXED );
        begin = os_time_ns();
        ledger_request( account, LEDGER_LOCAL, peers[0].slot, i * 4096, LEDGER_REQUEST_OFFERED );
        wait_word( 1, i );
        took = __atomic_load_n( &shared->latency, __ATOMIC_ACQUIRE ) - begin;
        if (took > worst) worst = took;
        check( took < 2 * SECOND );
    }
    printf( "request: the slowest of 200 reached the listener after %.3f ms\n", worst / 1e6 );
    check( ledger_peers( account, LEDGER_LOCAL, peers ) == 1 && peers[0].counts.used == 200 * 4096 );

    /* More than there is */
    ledger_request( account, LEDGER_NON_LOCAL, peers[0].slot, UINT64_MAX, LEDGER_REQUEST_EVICT );
    wait_word( 1, 201 );
    check( ledger_peers( account, LEDGER_NON_LOCAL, peers ) == 1 && peers[0].counts.used == totals[LEDGER_NON_LOCAL] );

    /* To nobody: no slot, the own one, a free one, a GPU that the other does not have */
    ledger_request( account, LEDGER_LOCAL, LEDGER_SLOTS, 1, LEDGER_REQUEST_EVICT );
    ledger_request( account, LEDGER_LOCAL, UINT32_MAX, 1, LEDGER_REQUEST_EVICT );
    for (i = 0; i < LEDGER_SLOTS; i++)
        if (i != peers[0].slot) ledger_request( account, LEDGER_LOCAL, i, 1, LEDGER_REQUEST_EVICT );
    check( ledger_join( gpu_b, "GPU B", totals, &other ) );
    ledger_request( other, LEDGER_LOCAL, peers[0].slot, 1, LEDGER_REQUEST_EVICT );
    pause_ms( 50 );
    check( get_word( 1 ) == 201 );
    check( !ledger_take_request( account, LEDGER_LOCAL, &bytes, &kind ) );
    set_word( 2, 1 );
    ledger_leave( other );
    ledger_leave( account );
}

/* Nobody listens at first: what comes is kept, the largest of each kind, and told when somebody does. */
static void late_server( void *arg )
{
    (void)arg;
    serving = join_a();
    set_word( 0, 1 );
    wait_word( 2, 1 );
    check( !get_word( 1 ) );
    ledger_set_listener( serve );
    wait_word( 1, 2 );
    check( LEDGER_GET( serving, LEDGER_LOCAL, used ) == 5 && LEDGER_GET( serving, LEDGER_LOCAL, offered ) == LEDGER_REQUEST_EVICT );
    pause_ms( 20 );
    check( get_word( 1 ) == 2 );
    ledger_leave( serving );
}

static void early_client( void *arg )
{
    struct ledger_account *account = join_a();

    (void)arg;
    wait_word( 0, 1 );
    check( ledger_peers( account, LEDGER_LOCAL, peers ) == 1 );
    ledger_request( account, LEDGER_LOCAL, peers[0].slot, 3, LEDGER_REQUEST_EVICT );
    ledger_request( account, LEDGER_LOCAL, peers[0].slot, 7, LEDGER_REQUEST_OFFERED );
    ledger_request( account, LEDGER_LOCAL, peers[0].slot, 5, LEDGER_REQUEST_EVICT );
    ledger_request( account, LEDGER_LOCAL, peers[0].slot, 4, LEDGER_REQUEST_EVICT );
    set_word( 2, 1 );
    ledger_leave( account );
}

void test_request(void)
{
    pid_t pid = start( server, NULL );

    run( client, NULL );
    finish( pid );

    memset( shared->words, 0, sizeof(shared->words) );
    pid = start( late_server, NULL );
    run( early_client, NULL );
    finish( pid );
}

/* Words: 0 the waiter has looked and waits, or is about to; 1 rounds announced. */
#define ROUNDS 300

static void waiter( void *arg )
{
    struct ledger_account *account = join_a();
    uint32_t seen = ledger_releases( account );
    unsigned int i;
    uint64_t begin = os_time_ns();

    (void)arg;
    check( !ledger_wait( account, &seen, begin + 20000000 ) );
    check( os_time_ns() - begin >= 20000000 );
    check( !ledger_wait( account, &seen, 0 ) );
    for (i = 1; i <= ROUNDS; i++)
    {
        seen = ledger_releases( account );
        set_word( 0, i );
        check( ledger_wait( account, &seen, os_time_ns() + PATIENCE ) );
        check( get_word( 1 ) >= i );
    }
    set_word( 0, ROUNDS + 1 );
    /* A process that leaves has released something. */
    check( ledger_wait( account, &seen, os_time_ns() + PATIENCE ) );
    check( seen == ledger_releases( account ) );
    ledger_announce_release( account );
    check( ledger_wait( account, &seen, UINT64_MAX ) );
    ledger_leave( account );
}

static void releaser( void *arg )
{
    struct ledger_account *account = join_a();
    unsigned int i;

    (void)arg;
    for (i = 1; i <= ROUNDS; i++)
    {
        wait_word( 0, i );
        if (i % 3 == 0) usleep( 300 );      /* so that some find it asleep, others on the way there */
        set_word( 1, i );
        ledger_announce_release( account );
    }
    wait_word( 0, ROUNDS + 1 );
    pause_ms( 5 );
    ledger_leave( account );
}

void test_wait(void)
{
    pid_t pid = start( waiter, NULL );

    run( releaser, NULL );
    finish( pid );
}

/* Words: 0 joined, 1 the tests are over, 2 do not answer, 3 waiting for an answer that does not come. progress[0]: the server's key. */
static void decommit_some(void)
{
    uint64_t bytes;
    uint32_t ticket;

    while (!get_word( 2 ) && ledger_take_decommit( &bytes, &ticket )) ledger_answer_decommit( ticket, bytes + 1 );
}

static void decommit_server( void *arg )
{
    struct ledger_account *account = join_a();

    (void)arg;
    ledger_set_decommit( &(struct ledger_decommit){ 12345, 67 } );
    ledger_set_listener( decommit_some );
    __atomic_store_n( &shared->progress[0], os_own_process_key(), __ATOMIC_RELAXED );
    set_word( 0, 1 );
    wait_word( 1, 1 );
    ledger_leave( account );
}

static void decommit_client( void *arg )
{
    struct ledger_account *account = join_a();
    struct ledger_decommit decommit;
    unsigned int i;
    uint64_t key, done = 99, begin;

    (void)arg;
    wait_word( 0, 1 );
    key = __atomic_load_n( &shared->progress[0], __ATOMIC_RELAXED );
    check( ledger_find_decommit( key, &decommit ) && decommit.decommittable == 12345 && decommit.uniqueness == 67 );
    check( !ledger_find_decommit( key + 1, &decommit ) );
    check( !ledger_request_decommit( key + 1, 4096, UINT64_MAX, &done ) && !done );
    for (i = 0; i < 100; i++)
    {
        /* In pages, rounded up; several at once share the largest. */
        check( ledger_request_decommit( key, i * 4096 + (i & 1), os_time_ns() + PATIENCE, &done ) );
        if (!arg) check( done == (i + (i & 1)) * 4096 + 1 );
    }
    if (!arg)
    {
        set_word( 2, 1 );
        pause_ms( 30 );     /* it may have looked just before */
        begin = os_time_ns();
        check( !ledger_request_decommit( key, 4096, begin + 30000000, &done ) && !done );
        check( os_time_ns() - begin >= 30000000 );
        set_word( 2, 0 );
        check( ledger_request_decommit( key, UINT64_MAX, os_time_ns() + PATIENCE, &done ) );
        check( done == ((1ull << 40) - 1) * 4096 + 1 );     /* 4 PB, all that a request can say */
    }
    ledger_leave( account );
}

/* It ends while it is waited for. */
static void wait_for_the_dying( void *arg )
{
    struct ledger_account *account = join_a();
    uint64_t done, begin = os_time_ns();

    (void)arg;
    set_word( 3, 1 );
    check( !ledger_request_decommit( __atomic_load_n( &shared->progress[0], __ATOMIC_RELAXED ), 4096, UINT64_MAX, &done ) );
    check( os_time_ns() - begin < PATIENCE );
    ledger_leave( account );
}

void test_decommit(void)
{
    pid_t pid = start( decommit_server, NULL ), other;

    run( decommit_client, NULL );
    other = start( decommit_client, shared );
    run( decommit_client, shared );
    finish( other );
    set_word( 1, 1 );
    finish( pid );

    memset( shared->words, 0, sizeof(shared->words) );
    set_word( 2, 1 );
    pid = start( decommit_server, NULL );
    wait_word( 0, 1 );
    other = start( wait_for_the_dying, NULL );
    wait_word( 3, 1 );
    pause_ms( 30 );
    end( pid );
    finish( other );
}

/* Words: 0 joined, 1 over. */
static void found( void *arg )
{
    struct ledger_account *account = join_a();

    (void)arg;
    LEDGER_SET( account, LEDGER_LOCAL, used, 5 * MB );
    set_word( 0, 1 );
    wait_word( 1, 1 );
    check( LEDGER_GET( account, LEDGER_LOCAL, reservation ) == 3 * MB );
    check( LEDGER_GET( account, LEDGER_NON_LOCAL, reservation ) == totals[LEDGER_NON_LOCAL] );
    ledger_leave( account );
}

static void finder( void *arg )
{
    struct ledger_account *account = join_a(), *other;
    int pid = *(int *)arg, fd = syscall( SYS_pidfd_open, pid, 0 ), plain = open( "/dev/null", O_RDONLY | O_CLOEXEC );
    int own = syscall( SYS_pidfd_open, getpid(), 0 );
    HANDLE process = (HANDLE)(intptr_t)fd;
    struct ledger_counts counts;
    uint64_t key = 0, again = 0;
    bool self = true;

    check( fd > 0 && plain > 0 && own > 0 );
    check( os_check_process( process, OS_PROCESS_QUERY_INFORMATION, &self ) == STATUS_SUCCESS && !self );
    check( os_get_process_key( process, &key ) == STATUS_SUCCESS && key && key != os_own_process_key() );
    check( os_get_process_key( NULL, &again ) == STATUS_SUCCESS && again == os_own_process_key() );
    check( os_get_process_key( (HANDLE)(intptr_t)own, &again ) == STATUS_SUCCESS && again == os_own_process_key() );
    check( os_check_process( (HANDLE)(intptr_t)own, 0, &self ) == STATUS_SUCCESS && self );
    check( os_get_process_key( (HANDLE)(intptr_t)plain, &again ) == STATUS_OBJECT_TYPE_MISMATCH );
    check( os_get_process_key( (HANDLE)(intptr_t)99999, &again ) == STATUS_INVALID_HANDLE );
    check( os_get_process_key( (HANDLE)(intptr_t)-2, &again ) == STATUS_INVALID_HANDLE );
    check( os_get_process_key( (HANDLE)(intptr_t)(0x100000000ll + fd), &again ) == STATUS_INVALID_HANDLE );

    wait_word( 0, 1 );
    check( ledger_find_process( account, key, LEDGER_LOCAL, &counts ) && counts.used == 5 * MB );
    check( ledger_set_reservation( account, key, LEDGER_LOCAL, 3 * MB ) );
    check( ledger_set_reservation( account, key, LEDGER_NON_LOCAL, UINT64_MAX ) );
    check( ledger_find_process( account, key, LEDGER_LOCAL, &counts ) && counts.reservation == 3 * MB );
    check( !ledger_set_reservation( account, key + 1, LEDGER_LOCAL, 3 * MB ) );
    check( !ledger_find_process( account, 0, LEDGER_LOCAL, &counts ) );
    check( ledger_join( gpu_b, "GPU B", totals, &other ) );
    check( !ledger_find_process( other, key, LEDGER_LOCAL, &counts ) );
    check( !ledger_set_reservation( other, key, LEDGER_LOCAL, 1 ) );
    set_word( 1, 1 );
    wait_word( 2, 1 );
    /* The other one has ended, and been waited for. */
    check( os_get_process_key( process, &again ) == STATUS_SUCCESS && again != key );
    check( !ledger_find_process( account, key, LEDGER_LOCAL, &counts ) );
    if (!getuid())
    {
        int parent = syscall( SYS_pidfd_open, getppid(), 0 );

        check( !setresuid( 65534, 65534, 0 ) );
        check( os_check_process( (HANDLE)(intptr_t)parent, 0, &self ) == STATUS_ACCESS_DENIED && !self );
        check( !setresuid( 0, 0, 0 ) );
        close( parent );
    }
    close( fd );
    close( plain );
    close( own );
    ledger_leave( other );
    ledger_leave( account );
}

void test_process(void)
{
    int pid = start( found, NULL );
    pid_t other = start( finder, &pid );

    finish( pid );
    set_word( 2, 1 );
    finish( other );
}

/* A child that was forked off a process with a slot. It runs in a process that has threads, so nothing here is done that
 * only a program of one thread may do. */
static void forked( void *arg )
{
    struct ledger_account *account = arg, *own;
    struct ledger_counts counts;

    check( LEDGER_GET( account, LEDGER_LOCAL, used ) == 10 );
    LEDGER_SET( account, LEDGER_LOCAL, used, 20 );
    check( LEDGER_GET( account, LEDGER_LOCAL, used ) == 20 );
    check( !ledger_peers( account, LEDGER_LOCAL, peers ) );
    check( !ledger_find_process( account, os_own_process_key(), LEDGER_LOCAL, &counts ) );
    ledger_announce_release( account );
    ledger_request( account, LEDGER_LOCAL, 0, 1, LEDGER_REQUEST_EVICT );
    ledger_set_decommit( &(struct ledger_decommit){ 1, 1 } );

#ifndef __SANITIZE_THREAD__     /* which knows no threads in such a child */
    own = join_a();
    LEDGER_SET( own, LEDGER_LOCAL, used, 30 );
    check( ledger_peers( own, LEDGER_LOCAL, peers ) == 1 && peers[0].counts.used == 10 && peers[0].pid == getppid() );
    ledger_leave( own );
#else
    (void)own;
#endif
    ledger_leave( account );
    quit();
}

static void forking( void *arg )
{
    struct ledger_account *account = join_a();
    struct ledger_counts counts;
    unsigned int i;

    (void)arg;
    LEDGER_SET( account, LEDGER_LOCAL, used, 10 );
    for (i = 0; i < 10; i++)
    {
        run( forked, account );
        check( ledger_find_process( account, os_own_process_key(), LEDGER_LOCAL, &counts ) && counts.used == 10 );
        check( !ledger_peers( account, LEDGER_LOCAL, peers ) );
    }
    ledger_leave( account );
}

void test_fork(void)
{
    run( forking, NULL );
}
