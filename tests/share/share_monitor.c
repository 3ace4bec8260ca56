/*
 * What programs tell of each other: statistics for monitors, priority classes, support for removed devices (share_test.c)
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "wine/test.h"
#include "ntstatus.h"
#include "share_test.h"

struct counts
{
    unsigned int       status;
    unsigned long long committed, resident;
    unsigned int       allocations, resident_allocations;
    unsigned long long last;
};

/* what: a command that is answered with its first word and these numbers */
static struct counts get_counts( struct peer *peer, const char *what, unsigned long of )
{
    struct counts counts = { ~0u, 0, 0, 0, 0, 0 };

    ask( peer, "%s %lu", what, of );
    ok( !strncmp( peer->line, what, strlen( what ) ) &&
        sscanf( peer->line + strlen( what ), " %x %llu %llu %u %u %llu", &counts.status, &counts.committed, &counts.resident,
                &counts.allocations, &counts.resident_allocations, &counts.last ) == 6, "%s: got %s\n", what, peer->line );
    return counts;
}

#define check_counts( peer, what, of, c, r, ac, ar ) check_counts_( __LINE__, peer, what, of, c, r, ac, ar )
static struct counts check_counts_( int line, struct peer *peer, const char *what, unsigned long of, unsigned long long committed,
                                    unsigned long long resident, unsigned int allocations, unsigned int resident_allocations )
{
    struct counts counts = get_counts( peer, what, of );

    ok_( __FILE__, line )( !counts.status && counts.committed == committed && counts.resident == resident &&
                           counts.allocations == allocations &&
                           counts.resident_allocations == resident_allocations, "got %s, expected %llu %llu %u %u\n", peer->line, committed,
                           resident, allocations, resident_allocations );
    return counts;
}

/* What a monitor sees, that has no device: of all together, and of each. */
void test_statistics( void )
{
    bool foreign = strcmp( commands[0], commands[1] );
    struct peer a, b, monitor;
    unsigned long long before, evicted;
    struct counts counts;
    unsigned int status;
    double ms;

    setenv( "SHARE_MONITOR", "1", 1 );
    start( &monitor, 0 );
    unsetenv( "SHARE_MONITOR" );
    before = check_counts( &monitor, "segment", 0, 0, 0, 0, 0 ).last;      /* of those that have ended */
    start( &a, 0 );
    start( &b, 1 );
    check_counts( &monitor, "segment", 0, 0, 0, 0, 0 );
    ok( create( &a, 8, 1024, &status, &ms ) == 8 && !status, "got %s\n", a.line );
    check_counts( &monitor, "segment", 0, 8 * MB, 8 * MB, 8, 8 );
    ok( create( &b, 4, 1024, &status, &ms ) == 4 && !status, "got %s\n", b.line );
    check_counts( &monitor, "segment", 0, 12 * MB, 12 * MB, 12, 12 );
    check_counts( &a, "segment", 0, 12 * MB, 12 * MB, 12, 12 );
    check_counts( &a, "statistics", 0, 8 * MB, 8 * MB, 8, 8 );
    check_counts( &b, "statistics", 0, 4 * MB, 4 * MB, 4, 4 );
    check_counts( &monitor, "statistics", 0, 0, 0, 0, 0 );

    /* evicted: committed, but not resident */
    ok( sscanf( ask( &a, "evict" ), "evicted %x", &status ) == 1 && !status && !strcmp( a.line, "evicted 0 8388608" ), "got %s\n", a.line );
    counts = check_counts( &monitor, "segment", 0, 12 * MB, 4 * MB, 12, 4 );
    ok( counts.last == before + 8 * MB, "%llu bytes were evicted, after %llu\n", counts.last, before );
    check_counts( &a, "statistics", 0, 8 * MB, 0, 8, 0 );
    if (!foreign)
    {
        counts = check_counts( &monitor, "statistics", a.id, 8 * MB, 0, 8, 0 );
        ok( counts.last && counts.last <= LIMIT * MB, "budget %llu\n", counts.last );
        check_counts( &b, "statistics", a.id, 8 * MB, 0, 8, 0 );
        check_counts( &a, "statistics", b.id, 4 * MB, 4 * MB, 4, 4 );
        check_counts( &a, "statistics", monitor.id, 0, 0, 0, 0 );
    }
    expect( &a, "verify", "verified 0 0" );
    check_counts( &monitor, "segment", 0, 12 * MB, 12 * MB, 12, 12 );
    expect( &b, "verify", "verified 0 0" );

    /* destroyed, ended, killed */
    expect( &a, "destroy", "destroyed 0" );
    check_counts( &monitor, "segment", 0, 4 * MB, 4 * MB, 4, 4 );
    ok( create( &a, 3, 1024, &status, &ms ) == 3 && !status, "got %s\n", a.line );
    check_counts( &monitor, "segment", 0, 7 * MB, 7 * MB, 7, 7 );
    expect( &b, "evict", "evicted 0 4194304" );
    evicted = check_counts( &monitor, "segment", 0, 7 * MB, 3 * MB, 7, 3 ).last;
    ok( evicted == before + 12 * MB, "%llu bytes were evicted, after %llu\n", evicted, before );
    stop( &a );
    counts = check_counts( &monitor, "segment", 0, 4 * MB, 0, 4, 0 );
    ok( counts.last == evicted, "%llu bytes were evicted, and %llu before it ended\n", counts.last, evicted );
    kill_peer( &b );
    sleep_ms( 200 );
    counts = check_counts( &monitor, "segment", 0, 0, 0, 0, 0 );
    ok( counts.last == evicted, "%llu bytes were evicted, and %llu before it was killed\n", counts.last, evicted );
    start( &a, 0 );
    ok( create( &a, 1, 1024, &status, &ms ) == 1 && !status, "got %s\n", a.line );     /* in the place of one of them */
    counts = check_counts( &monitor, "segment", 0, MB, MB, 1, 1 );
    ok( counts.last == evicted, "%llu bytes were evicted, and %llu before another came\n", counts.last, evicted );
    stop( &a );
    check_ledger();
    stop( &monitor );
}

/* The budget of a program that does nothing is told as it would be told to itself, not as it was when it last looked. */
void test_budgets( void )
{
    unsigned long long budgets[] = { LIMIT * MB, LIMIT / 2 * MB, (LIMIT - 4) * MB, LIMIT * MB };
    struct peer a, b, monitor;
    unsigned long long budget;
    struct counts counts;
    unsigned int i, status;
    double ms;

    if (strcmp( commands[0], commands[1] ))
    {
        skip( "processes of two systems have no handles of each other\n" );
        return;
    }
    setenv( "SHARE_MONITOR", "1", 1 );
    start( &monitor, 0 );
    unsetenv( "SHARE_MONITOR" );
    start( &a, 0 );
    start( &b, 1 );
    for (i = 0; i < 4; i++)
    {
        if (i == 1)
        {
            ok( create( &a, 8, 1024, &status, &ms ) == 8 && !status, "got %s\n", a.line );
            ok( create( &b, 40, 1024, &status, &ms ) == 40 && !status, "got %s\n", b.line );
        }
        else if (i == 2)
        {
            expect( &b, "destroy", "destroyed 0" );
            ok( create( &b, 4, 1024, &status, &ms ) == 4 && !status, "got %s\n", b.line );
            sleep_ms( 500 );        /* until what was kept for reuse is free */
        }
        else if (i == 3) stop( &b );
        counts = get_counts( &monitor, "statistics", a.id );
        ok( !counts.status && counts.last == budgets[i], "step %u: got %s\n", i, monitor.line );
        if (i == 3) break;
        ok( sscanf( ask( &b, "info %lu", a.id ), "info %x %llu", &status, &budget ) == 2 && !status && budget == budgets[i], "step %u: got %s\n", i,
            b.line );
    }
    /* and it sees that itself */
    ok( sscanf( ask( &a, "info 0" ), "info %x %llu", &status, &budget ) == 2 && !status && budget == LIMIT * MB, "got %s\n", a.line );
    stop( &a );
    stop( &monitor );
}

/* What one program says of another: its priority class, and whether it copes with a removed device. */
void test_processes( void )
{
    struct peer a, b, monitor;
    char line[64];

    start( &a, 0 );
    expect( &a, "class 0", "class 0 2" );
    if (!strcmp( commands[0], commands[1] ))
    {
        start( &b, 1 );
        setenv( "SHARE_MONITOR", "1", 1 );
        start( &monitor, 0 );
        unsetenv( "SHARE_MONITOR" );
        snprintf( line, sizeof(line), "processes %lu", a.id );
        expect( &b, line, "processes 0 1" );
        expect( &monitor, line, "processes 0 1" );
        expect( &a, line, "processes 0 1" );
        snprintf( line, sizeof(line), "processes %lu", monitor.id );
        expect( &b, line, "processes 0 0" );        /* it has no device */
        expect( &monitor, line, "processes 0 0" );
        snprintf( line, sizeof(line), "class-set %lu 4", a.id );
        expect( &b, line, "class-set 0" );
        expect( &a, "class 0", "class 0 4" );
        expect( &b, "class 0", "class 0 2" );
        snprintf( line, sizeof(line), "class %lu", a.id );
        expect( &monitor, line, "class 0 4" );
        snprintf( line, sizeof(line), "class-set %lu 0", a.id );
        expect( &monitor, line, "class-set 0" );
        expect( &a, "class 0", "class 0 0" );
        snprintf( line, sizeof(line), "class-set %lu 6", a.id );
        expect( &b, line, "class-set c000000d" );
        snprintf( line, sizeof(line), "removal %lu", a.id );
        expect( &b, line, "removal 0 0" );
        /* one that has no memory of a GPU is not in the ledger */
        snprintf( line, sizeof(line), "class %lu", monitor.id );
        expect( &b, line, "class 0 2" );
        snprintf( line, sizeof(line), "class-set %lu 3", monitor.id );
        expect( &b, line, "class-set c0000225" );
        expect( &monitor, "class-set 0 3", "class-set 0" );
        expect( &monitor, "class 0", "class 0 3" );
        stop( &monitor );
        stop( &b );
    }
    else
    {
        /* of another prefix, or another system: its id would mean nothing */
        start( &b, 1 );
        snprintf( line, sizeof(line), "processes %lu", a.id );
        if (a.id != b.id) expect( &b, line, "processes 0 0" );
        expect( &b, "processes 0", "processes 0 1" );
        stop( &b );
        skip( "processes of two systems have no handles of each other\n" );
    }
    stop( &a );
}
