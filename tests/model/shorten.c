/*
 * Makes a sequence that failed short
 *
 * Operations are taken out as long as it still fails in the same way: threads first, then what comes after the failure, then halves,
 * quarters and so on down to single ones, then entries of lists and arguments. Each try is a process of its own; with threads it is made
 * several times, since it need not fail each time.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <signal.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "model.h"

#define THREAD_TRIES    8       /* of a sequence, and of one that does not fail each time */
#define SHORTEN_SECONDS 150
#define HANG_SECONDS    40      /* each try that hangs takes its 2 s: that is not made as short */

static bool impatient;          /* a hang is tried: do not wait for long */
static unsigned int tries_wanted;       /* it does not fail each time */
static time_t deadline;

struct verdict try_sequence( const struct sequence *sequence, bool quiet )
{
    static const struct rlimit no_core;
    struct verdict verdict = { OUTCOME_GOOD, 0 };
    int status, null;
    pid_t pid;

    report->line = 0;
    report->op = 0;
    memset( report->at, 0, sizeof(report->at) );
    fflush( stdout );
    if ((pid = fork()) < 0)
    {
        perror( "model: fork" );
        exit( 2 );
    }
    if (!pid)
    {
        if (quiet && (null = open( "/dev/null", O_WRONLY )) >= 0)
        {
            dup2( null, 1 );
            dup2( null, 2 );
        }
        setrlimit( RLIMIT_CORE, &no_core );
        alarm( impatient ? 2 : is_slow() ? 200 : 60 );
        run_sequence( sequence );
        fflush( stdout );
        free( sequence->ops );
        exit( 0 );
    }
    waitpid( pid, &status, 0 );
    if (WIFSIGNALED( status ))
    {
        verdict.outcome = WTERMSIG( status ) == SIGALRM ? OUTCOME_HUNG : OUTCOME_CRASHED;
        verdict.detail = WTERMSIG( status );
    }
    else if (WEXITSTATUS( status ))
    {
        /* without a line: a sanitizer's exit status */
        verdict.outcome = report->line ? OUTCOME_FAILED : OUTCOME_CRASHED;
        verdict.detail = report->line ? report->line : -WEXITSTATUS( status );
    }
    return verdict;
}

const char *describe_verdict( const struct verdict *verdict )
{
    static char text[64];

    switch (verdict->outcome)
    {
    case OUTCOME_GOOD: return "passed";
    case OUTCOME_FAILED: return "failed";
    case OUTCOME_HUNG: return "hung";
    default:
        if (verdict->detail > 0) sprintf( text, "crashed with signal %d", verdict->detail );
        else sprintf( text, "ended with status %d", -verdict->detail );
        return text;
    }
}

static bool fails_as( const struct sequence *sequence, const struct verdict *verdict )
{
    unsigned int i, tries = tries_wanted;
    struct verdict now;

    for (i = 1; i < sequence->count; i++) if (sequence->ops[i].thread != sequence->ops[0].thread) tries = THREAD_TRIES;
    for (i = 0; i < tries && time( NULL ) < deadline; i++)
    {
        now = try_sequence( sequence, true );
        if (now.outcome == verdict->outcome && now.detail == verdict->detail) return true;
    }
    return false;
}

/* Leaves out count operations from the first one on, if it still fails then. */
static bool try_without( struct sequence *sequence, unsigned int first, unsigned int count, const struct verdict *verdict )
{
    struct sequence less = *sequence;
    bool ret;

    if (!(less.ops = malloc( (sequence->count + 1) * sizeof(*less.ops) ))) return false;
    memcpy( less.ops, sequence->ops, first * sizeof(*less.ops) );
    memcpy( less.ops + first, sequence->ops + first + count, (sequence->count - first - count) * sizeof(*less.ops) );
    less.count = sequence->count - count;
    if ((ret = fails_as( &less, verdict )))
    {
        free( sequence->ops );
        *sequence = less;
    }
    else free( less.ops );
    return ret;
}

/* All of a thread's. */
static void try_without_thread( struct sequence *sequence, unsigned int thread, const struct verdict *verdict )
{
    struct sequence less = *sequence;
    unsigned int i;

    if (!(less.ops = malloc( (sequence->count + 1) * sizeof(*less.ops) ))) return;
    less.count = 0;
    for (i = 0; i < sequence->count; i++) if (sequence->ops[i].thread != thread) less.ops[less.count++] = sequence->ops[i];
    if (less.count && less.count < sequence->count && fails_as( &less, verdict ))
    {
        free( sequence->ops );
        *sequence = less;
    }
    else free( less.ops );
}

/* One operation with something simpler. */
static bool try_instead( struct sequence *sequence, unsigned int number, const struct op *op, const struct verdict *verdict )
{
    struct op before = sequence->ops[number];

    if (!memcmp( &before, op, sizeof(before) )) return false;
    sequence->ops[number] = *op;
    if (fails_as( sequence, verdict )) return true;
    sequence->ops[number] = before;
    return false;
}

static void simplify( struct sequence *sequence, unsigned int number, const struct verdict *verdict )
{
    unsigned int i;
    struct op op;

    for (i = sequence->ops[number].count; i-- > 0 && sequence->ops[number].count > 1; )
    {
        op = sequence->ops[number];
        memmove( op.list + i, op.list + i + 1, op.count - i - 1 );
        op.list[--op.count] = 0;
        try_instead( sequence, number, &op, verdict );
    }
    for (i = 0; i < op_arg_count( sequence->ops[number].kind ); i++)
    {
        op = sequence->ops[number];
        op.arg[i] = 0;
        if (!op.arg[i] && try_instead( sequence, number, &op, verdict )) continue;
        op.arg[i] = 1;
        if (sequence->ops[number].arg[i] > 1) try_instead( sequence, number, &op, verdict );
    }
}

void shorten( struct sequence *sequence, const struct verdict *verdict )
{
    unsigned int chunk, first, before;
    bool threads = false;

    impatient = verdict->outcome == OUTCOME_HUNG;
    deadline = time( NULL ) + (impatient ? HANG_SECONDS : SHORTEN_SECONDS);
    tries_wanted = 1;
    for (first = 0; first < 3; first++) if (!fails_as( sequence, verdict )) tries_wanted = THREAD_TRIES;
    /* What comes after the failure; the end, which puts everything away, is always there. */
    if (sequence->config.threads == 1 && report->op + 1 < sequence->count) try_without( sequence, report->op + 1,
                                                                                        sequence->count - report->op - 1, verdict );
    for (first = 0; first < sequence->config.threads && sequence->config.threads > 1; first++) try_without_thread( sequence, first,
             verdict );
    do
    {
        before = sequence->count;
        for (chunk = (sequence->count + 1) / 2; chunk; chunk /= 2)
            for (first = sequence->count > chunk ? sequence->count - chunk : 0; sequence->count && time( NULL ) < deadline; )
            {
                unsigned int count = chunk < sequence->count - first ? chunk : sequence->count - first;

                if (count) try_without( sequence, first, count, verdict );
                if (!first) break;
                first = first > chunk ? first - chunk : 0;
                if (first >= sequence->count) first = sequence->count ? sequence->count - 1 : 0;
            }
    }
    while (sequence->count < before && time( NULL ) < deadline);
    for (first = 0; first < sequence->count; first++) simplify( sequence, first, verdict );
    /* Fewer threads than there were need not be there. */
    for (first = 0; first < sequence->count; first++) if (sequence->ops[first].thread) threads = true;
    if (!threads && sequence->config.threads > 1)
    {
        struct sequence alone = *sequence;

        alone.config.threads = 1;
        if (fails_as( &alone, verdict )) sequence->config.threads = 1;
    }
    impatient = false;
}
