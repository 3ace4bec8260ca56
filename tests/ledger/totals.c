/*
 * Totals: what processes did that have ended counts on, exactly once, wherever they were killed
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger_test.h"

#define WORKERS  4
#define KILLS    300
#define UNIT     1000

static struct ledger_totals read_totals( const uint8_t uuid[16], unsigned int group )
{
    struct ledger_totals sum = { 0 };

    check( ledger_read_totals( uuid, group, &sum ) );
    return sum;
}

/* Of GPU a, seen by a process that only looks. arg: paged_out of the local group. */
static void look( void *arg )
{
    struct ledger_totals local = read_totals( gpu_a, LEDGER_LOCAL ), other = read_totals( gpu_a, LEDGER_NON_LOCAL );
    struct ledger_totals b = read_totals( gpu_b, LEDGER_LOCAL );

    check( local.paged_out == (uintptr_t)arg && local.paged_in == 2 * (uintptr_t)arg && !local.discarded && !local.discards );
    check( other.discards == (uintptr_t)arg && !other.paged_out );
    check( !b.paged_out && !b.paged_in );
}

static void publish( struct ledger_account *account, unsigned int value )
{
    LEDGER_SET( account, LEDGER_LOCAL, paged_in, 2 * value );
    LEDGER_SET( account, LEDGER_LOCAL, paged_out, value );
    LEDGER_SET( account, LEDGER_NON_LOCAL, discards, value );
}

/* arg: what it counts. Words: 0 it has, 1 it may go. */
static void count( void *arg )
{
    struct ledger_account *account = join_a();

    publish( account, (uintptr_t)arg );
    /* those of the own process count as well */
    check( read_totals( gpu_a, LEDGER_LOCAL ).paged_out >= (uintptr_t)arg );
    set_word( 0, 1 );
    wait_word( 1, 1 );
    ledger_leave( account );
}

/* Several GPUs at once, more than are kept. */
static void count_many( void *arg )
{
    struct ledger_account *account;
    uint8_t uuid[16] = "GPU number";
    unsigned int i;

    (void)arg;
    for (i = 0; i < LEDGER_PASTS + 3; i++)
    {
        uuid[15] = i + 1;
        check( ledger_join( uuid, "one of many", totals, &account ) );
        LEDGER_SET( account, LEDGER_LOCAL, discarded, i + 1 );
        LEDGER_SET( account, LEDGER_LOCAL, paged_in, UINT64_MAX );
        ledger_leave( account );
        check( ledger_join( uuid, "again", totals, &account ) );
        LEDGER_SET( account, LEDGER_LOCAL, discarded, 1 );
        LEDGER_SET( account, LEDGER_LOCAL, paged_in, 1 );
        ledger_leave( account );
    }
    for (i = 0; i < LEDGER_PASTS + 3; i++)
    {
        bool kept = i < LEDGER_PASTS - 3;       /* three were there before */

        uuid[15] = i + 1;
        check( read_totals( uuid, LEDGER_LOCAL ).discarded == (kept ? i + 2 : 0) );
        check( read_totals( uuid, LEDGER_LOCAL ).paged_in == (kept ? UINT64_MAX : 0) );
    }
}

/* A driver whose UUID is all zero: its totals are its own, and nobody else's. */
static void count_without_uuid( void *arg )
{
    static const uint8_t none[16], other[16] = "GPU C of tests.";
    const uint8_t *uuids[] = { none, other, none };
    struct ledger_account *account;
    unsigned int i;

    (void)arg;
    for (i = 0; i < 3; i++)
    {
        check( ledger_join( uuids[i], "no UUID", totals, &account ) );
        LEDGER_SET( account, LEDGER_LOCAL, paged_out, i + 1 );
        ledger_leave( account );
    }
    check( read_totals( none, LEDGER_LOCAL ).paged_out == 4 && read_totals( other, LEDGER_LOCAL ).paged_out == 2 );
}

void test_totals(void)
{
    static const struct { unsigned int value, sum; bool kill; } steps[] =
    {
        { 5, 5, false }, { 7, 12, true }, { 1, 13, true }, { 0, 13, true }, { 100, 113, false }, { 0, 113, false },
    };
    unsigned int i;
    pid_t pid;

    run( look, (void *)0 );
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
    {
        set_word( 0, 0 );
        set_word( 1, 0 );
        pid = start( count, (void *)(uintptr_t)steps[i].value );
        wait_word( 0, 1 );
        run( look, (void *)(uintptr_t)steps[i].sum );
        if (steps[i].kill) end( pid );
        else
        {
            set_word( 1, 1 );
            finish( pid );
        }
        run( look, (void *)(uintptr_t)steps[i].sum );
    }
    run( count_without_uuid, NULL );
    run( count_many, NULL );
}

/***********************************************************************
 * Killed at any moment. progress: 0 what will have been counted, 1 what has been
 */
static void count_until_killed( void *arg )
{
    struct ledger_account *account;
    unsigned int i;

    (void)arg;
    for (;;)
    {
        account = join_a();
        for (i = 0; i < 3; i++)
        {
            __atomic_add_fetch( &shared->progress[0], UNIT, __ATOMIC_SEQ_CST );
            LEDGER_ADD( account, LEDGER_LOCAL, paged_out, UNIT );
            __atomic_add_fetch( &shared->progress[1], UNIT, __ATOMIC_SEQ_CST );
        }
        ledger_leave( account );
    }
}

/* Words: 0 it looks, 1 it may go */
static void watch_totals( void *arg )
{
    uint64_t least, now, before = 0;

    (void)arg;
    set_word( 0, 1 );
    while (!get_word( 1 ))
    {
        least = __atomic_load_n( &shared->progress[1], __ATOMIC_SEQ_CST );
        now = read_totals( gpu_a, LEDGER_LOCAL ).paged_out;
        check( now >= before && now >= least && now <= __atomic_load_n( &shared->progress[0], __ATOMIC_SEQ_CST ) );
        before = now;
    }
}

void test_folding_kills(void)
{
    pid_t watcher, workers[WORKERS] = { 0 };
    unsigned int i, kills, random = 77;

    watcher = start( watch_totals, NULL );
    wait_word( 0, 1 );
    for (kills = 0; kills < KILLS; kills++)
    {
        i = rand_r( &random ) % WORKERS;
        if (workers[i]) end( workers[i] );
        workers[i] = start( count_until_killed, NULL );
        usleep( rand_r( &random ) % 3000 );
    }
    for (i = 0; i < WORKERS; i++) if (workers[i]) end( workers[i] );
    set_word( 1, 1 );
    finish( watcher );
    printf( "folding: %llu units counted\n", (unsigned long long)shared->progress[1] / UNIT );
}

/***********************************************************************
 * The state after every single instruction of who folds
 */
static struct ledger_file *stepped, *copy;

static void fill_in( unsigned int slot, uint64_t value )
{
    struct ledger_entry *entry = &stepped->slots[slot].entries[1];

    memcpy( entry->device_uuid, gpu_a, sizeof(entry->device_uuid) );
    entry->counts[LEDGER_LOCAL].discarded = value;
    entry->counts[LEDGER_LOCAL].discards = value + 1;
    entry->counts[LEDGER_NON_LOCAL].paged_in = value + 2;
    entry->in_use = stepped->slots[slot].in_use = 1;
}

static bool totals_are( struct ledger_file *file, uint64_t discarded, uint64_t discards, uint64_t paged_in )
{
    struct ledger_totals local, other;

    ledger_file_totals( file, gpu_a, LEDGER_LOCAL, &local );
    ledger_file_totals( file, gpu_a, LEDGER_NON_LOCAL, &other );
    return local.discarded == discarded && local.discards == discards && other.paged_in == paged_in && !local.paged_out && !other.discards;
}

static void fold_stepped( void *arg )
{
    if (ptrace( PTRACE_TRACEME, 0, NULL, NULL )) _exit( 77 );
    raise( SIGSTOP );
    ledger_file_fold( stepped, (uintptr_t)arg, 1 );
    _exit( 0 );
}

/* false: nobody may be traced here. */
static bool step_through( unsigned int slot, unsigned int *steps )
{
    pid_t pid = start( fold_stepped, (void *)(uintptr_t)slot );
    unsigned int bad = 0;
    uint32_t seen = ~0u;
    int status;

    for (*steps = 0; waitpid( pid, &status, 0 ) == pid && WIFSTOPPED( status ); ++*steps)
    {
        if (!totals_are( stepped, 30, 34, 38 )) bad++;
        /* What the next one finds that folds, and then takes the slot. Only where the shared memory may have changed much: copying takes time. */
        if (seen != stepped->header.folding || *steps % 16 == 0)
        {
            seen = stepped->header.folding;
            memcpy( copy, stepped, sizeof(*copy) );
            ledger_file_fold( copy, slot, 1 );
            if (!totals_are( copy, 30, 34, 38 ) || ledger_file_has_totals( copy, slot, ~0u )) bad++;
            ledger_file_fold( copy, slot, 1 );
            if (!totals_are( copy, 30, 34, 38 )) bad++;
        }
        if (ptrace( PTRACE_SINGLESTEP, pid, NULL, NULL )) break;
    }
    if (WIFEXITED( status ) && WEXITSTATUS( status ) == 77) return false;
    check( WIFEXITED( status ) && !WEXITSTATUS( status ) );
    check( !bad );
    return true;
}

void test_folding_steps(void)
{
    unsigned int i, steps;

    stepped = mmap( NULL, sizeof(*stepped), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0 );
    copy = mmap( NULL, sizeof(*copy), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );
    check( stepped != MAP_FAILED && copy != MAP_FAILED );
    fill_in( 3, 10 );
    fill_in( 5, 20 );
    stepped->slots[5].entries[1].counts[LEDGER_LOCAL].discards += 2;
    stepped->slots[5].entries[1].counts[LEDGER_NON_LOCAL].paged_in += 4;
    check( totals_are( stepped, 30, 34, 38 ) && ledger_file_has_totals( stepped, 3, 2 ) && !ledger_file_has_totals( stepped, 3, 1 ) );
    for (i = 3; i <= 5; i += 2)
    {
        if (!step_through( i, &steps ))
        {
            printf( "folding steps: nobody may be traced here\n" );
            break;
        }
        check( steps > 100 );
        check( totals_are( stepped, 30, 34, 38 ) && !ledger_file_has_totals( stepped, i, ~0u ) );
    }
    munmap( stepped, sizeof(*stepped) );
    munmap( copy, sizeof(*copy) );
}
