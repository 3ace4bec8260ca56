/*
 * Random sequences of every memory function, beside a model that predicts their answers
 *
 *     model_test SEED COUNT TURNS THREADS     COUNT seeds from SEED on, each a sequence of TURNS operations
 *     model_test replay FILE                  the sequence that a file holds, as a failure printed it
 *     model_test shorten FILE                 the same, made short when it fails
 *     model_test print SEED TURNS THREADS     the sequence of a seed
 *
 * Environment: MODEL_SEEDS is a number of seeds instead of COUNT. MODEL_BUG (reclaim, evict, lock, crash, hang) makes the model
 * believe something false, or fall, to see that this is found and made short. MODEL_DIR is where a sequence that failed is written
 * (/tmp).
 *
 * The exit status is 1 when a sequence failed, and 2 when the arguments are wrong.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <sys/mman.h>

#include "model.h"

struct report *report;

/* Sequences this long and many show everything; below that it is luck. */
#define MUCH  60000

static int usage( void )
{
    fprintf( stderr, "usage: model_test SEED COUNT TURNS THREADS | replay FILE | shorten FILE | print SEED TURNS THREADS\n" );
    return 2;
}

/* A number that is all of the word, at least least. */
static bool get_number( const char *word, unsigned long least, unsigned long most, unsigned long *number )
{
    char *end;

    *number = strtoul( word, &end, 0 );
    return *word >= '0' && *word <= '9' && !*end && *number >= least && *number <= most;
}

static void save( const struct sequence *sequence, const char *program )
{
    const char *dir = getenv( "MODEL_DIR" );
    char path[512];
    FILE *file;

    snprintf( path, sizeof(path), "%s/model-%u-%u.ops", dir ? dir : "/tmp", sequence->config.seed, sequence->config.threads );
    if (!(file = fopen( path, "w" )))
    {
        printf( "It cannot be written to %s: put the lines above into a file, and run: %s replay FILE\n", path, program );
        return;
    }
    sequence_print( sequence, file );
    if (fclose( file )) printf( "%s is not complete\n", path );
    printf( "Again: %s replay %s\n", program, path );
}

static int run_seeds( const char *program, unsigned long seed, unsigned long count, unsigned long turns, unsigned long threads )
{
    unsigned long i, failures = 0;
    struct sequence sequence;
    struct verdict verdict;

    for (i = 0; i < count; i++)
    {
        sequence_generate( &sequence, seed + i, turns, threads );
        verdict = try_sequence( &sequence, false );
        if (verdict.outcome != OUTCOME_GOOD)
        {
            failures++;
            printf( "FAIL: seed %lu, %lu turns, %lu threads: %s. It is made shorter ...\n", seed + i, turns, threads,
                    describe_verdict( &verdict ) );
            fflush( stdout );
            shorten( &sequence, &verdict );
            printf( "Shortened to %u operations:\n", sequence.count );
            sequence_print( &sequence, stdout );
            verdict = try_sequence( &sequence, false );
            printf( "They %s when run once more.\n", describe_verdict( &verdict ) );
            save( &sequence, program );
        }
        free( sequence.ops );
        if (failures == 3)
        {
            printf( "FAIL: three seeds failed, the others are not tried\n" );
            break;
        }
    }
    printf( "%lu sequences of %lu operations, %lu threads:", i < count ? i + 1 : count, turns, threads );
    for (i = 0; i < SAW_COUNT; i++) printf( "%s %llu %s", i ? "," : "", (unsigned long long)report->seen[i], happening_names[i] );
    printf( "\n" );
    for (i = 0; i < SAW_COUNT && !failures && count * turns >= MUCH; i++)
        if (!report->seen[i] && i != SAW_SPARED && !(threads > 1 && i == SAW_ORDERED))     /* spared: once in a hundred sequences */
        {
            printf( "FAIL: never seen: %s\n", happening_names[i] );
            failures++;
        }
    printf( "%lu failures\n", failures );
    return failures != 0;
}

int main( int argc, char **argv )
{
    unsigned long seed, count, turns, threads;
    struct sequence sequence;
    struct verdict verdict;
    FILE *file;

    report = mmap( NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0 );
    if (report == MAP_FAILED)
    {
        perror( "model: mmap" );
        return 2;
    }
    setvbuf( stdout, NULL, _IOLBF, 0 );
    if (argc == 3 && (!strcmp( argv[1], "replay" ) || !strcmp( argv[1], "shorten" )))
    {
        if (!(file = fopen( argv[2], "r" )))
        {
            perror( argv[2] );
            return 2;
        }
        if (!sequence_read( &sequence, file )) return 2;
        fclose( file );
        verdict = try_sequence( &sequence, false );
        printf( "%u operations %s\n", sequence.count, describe_verdict( &verdict ) );
        if (verdict.outcome != OUTCOME_GOOD && argv[1][0] == 's')
        {
            shorten( &sequence, &verdict );
            sequence_print( &sequence, stdout );
        }
        free( sequence.ops );
        return verdict.outcome != OUTCOME_GOOD;
    }
    if (argc == 5 && !strcmp( argv[1], "print" ))
    {
        if (!get_number( argv[2], 0, UINT32_MAX, &seed ) || !get_number( argv[3], 1, 1000000, &turns ) ||
            !get_number( argv[4], 1, MAX_THREADS, &threads )) return usage();
        sequence_generate( &sequence, seed, turns, threads );
        sequence_print( &sequence, stdout );
        free( sequence.ops );
        return 0;
    }
    if (argc != 5 || !get_number( argv[1], 0, UINT32_MAX, &seed ) || !get_number( argv[2], 1, 1000000, &count ) ||
        !get_number( argv[3], 1, 1000000, &turns ) || !get_number( argv[4], 1, MAX_THREADS, &threads )) return usage();
    if (getenv( "MODEL_SEEDS" ) && !get_number( getenv( "MODEL_SEEDS" ), 1, 1000000, &count ))
    {
        fprintf( stderr, "model: MODEL_SEEDS is not a number above 0\n" );
        return 2;
    }
    return run_seeds( argv[0], seed, count, turns, threads );
}
