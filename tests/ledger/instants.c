/*
 * Counts of one instant: what stands between ledger_begin and ledger_end is read all together, or not at all
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger_test.h"

#define TURNS  40       /* places in a read at which something is written */

/* What it has is in GPU memory, or in system memory. */
static struct ledger_entry *entry;
static struct ledger_account account;

static void publish( bool placed )
{
    ledger_begin( &account );
    LEDGER_SET( &account, LEDGER_LOCAL, committed, placed ? MB : 0 );
    LEDGER_SET( &account, LEDGER_LOCAL, allocations, placed );
    LEDGER_SET( &account, LEDGER_LOCAL, unplaced, placed ? 0 : MB );
    LEDGER_SET( &account, LEDGER_LOCAL, unplaced_allocations, !placed );
    ledger_end( &account );
}

static void read_stepped( void *arg )
{
    struct ledger_counts counts;

    (void)arg;
    if (ptrace( PTRACE_TRACEME, 0, NULL, NULL )) _exit( 77 );
    raise( SIGSTOP );
    ledger_entry_read( entry, LEDGER_LOCAL, totals[LEDGER_LOCAL], &counts );
    _exit( counts.committed + counts.unplaced != MB || counts.allocations + counts.unplaced_allocations != 1 ||
           (counts.committed != 0) != counts.allocations );
}

/* Steps through a read; when it has got so far, publishes and lets it run. publish_at -1: never. Returns the steps, or -1: nobody may be traced here. */
static int step_through( int publish_at )
{
    pid_t pid = start( read_stepped, NULL );
    int status, steps;

    for (steps = 0; waitpid( pid, &status, 0 ) == pid && WIFSTOPPED( status ); steps++)
    {
        if (steps == publish_at) publish( publish_at & 1 );
        if (ptrace( publish_at >= 0 && steps >= publish_at ? PTRACE_CONT : PTRACE_SINGLESTEP, pid, NULL, NULL )) break;
    }
    if (WIFEXITED( status ) && WEXITSTATUS( status ) == 77) return -1;
    if (!check( WIFEXITED( status ) && !WEXITSTATUS( status ) )) printf( "published at step %d of %d\n", publish_at, steps );
    return steps;
}

/* The next change is begun, and not ended: it gives up at some time. */
static void read_unfinished( void *arg )
{
    struct ledger_counts counts;

    (void)arg;
    ledger_begin( &account );
    LEDGER_SET( &account, LEDGER_LOCAL, used, 5 );
    ledger_entry_read( entry, LEDGER_LOCAL, totals[LEDGER_LOCAL], &counts );
    check( counts.used == 5 );
    ledger_end( &account );
}

void test_instants(void)
{
    int steps, at, stride;

    entry = mmap( NULL, sizeof(*entry), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0 );
    check( entry != MAP_FAILED );
    account.counts[LEDGER_LOCAL] = &entry->counts[LEDGER_LOCAL];
    account.changing = &entry->changing;
    publish( true );
    if ((steps = step_through( -1 )) < 0) printf( "instants: nobody may be traced here\n" );
    stride = steps / TURNS | 1;     /* odd: what is published changes */
    for (at = 0; at < steps; at += stride) step_through( at );
    run( read_unfinished, NULL );
    munmap( entry, sizeof(*entry) );
}
