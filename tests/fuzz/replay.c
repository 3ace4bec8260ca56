/*
 * Runs a fuzz target without libFuzzer: the corpus, then mutants of it for a while
 *
 *     TARGET [--random SECONDS] [--seed N] [--keep FILE] FILE-OR-FOLDER...
 *     TARGET --seeds FOLDER       writes the target's seeds there
 *     TARGET --choose N FILE-OR-FOLDER...     prints the names of at most N files that cover most (built by clang with coverage only)
 *
 * Files are run in the order of their names. Mutants come from a generator of random numbers that starts with --seed (1), so the
 * n-th one is the same in every run; SECONDS (0) says how many are tried. Before a mutant runs it is written to the file of
 * --keep, if there is one: after a crash that is the input. An input that takes more than 60 s (FUZZ_TIMEOUT) is an error.
 * Exit status 0: nothing was found, and there was something to run.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define MAX_FILES  4096

/* A report is to end in the handler below, which says what was running. */
const char *__asan_default_options( void );
const char *__asan_default_options( void )
{
    return "abort_on_error=1";
}
const char *__ubsan_default_options( void );
const char *__ubsan_default_options( void )
{
    return "abort_on_error=1:print_stacktrace=1";
}
const char *__tsan_default_options( void );
const char *__tsan_default_options( void )
{
    return "abort_on_error=1:halt_on_error=1";
}

struct input
{
    char    *name;
    uint8_t *data;
    size_t   size;
};

static struct input inputs[MAX_FILES];
static unsigned int input_count;
static const char *running = "";    /* for the handler */
static unsigned int timeout = 60;
static uint64_t mutation_state;

static void __attribute__((noreturn)) die( const char *what )
{
    fprintf( stderr, "replay: %s: %s\n", what, strerror( errno ) );
    exit( 2 );
}

static void say_running( void )
{
    static const char text[] = "replay: while running ";

    if (write( STDERR_FILENO, text, sizeof(text) - 1 ) < 0 || write( STDERR_FILENO, running, strlen( running ) ) < 0 ||
        write( STDERR_FILENO, "\n", 1 ) < 0) return;
}

static void on_signal( int number )
{
    static const char late[] = "replay: it takes too long\n";

    if (number == SIGALRM && write( STDERR_FILENO, late, sizeof(late) - 1 ) < 0) _exit( 3 );
    say_running();
    signal( number == SIGALRM ? SIGABRT : number, SIG_DFL );
    raise( number == SIGALRM ? SIGABRT : number );
}

static void run_one( const char *name, const uint8_t *data, size_t size )
{
    uint8_t *copy = malloc( size ? size : 1 );      /* of just that size, so that a read beyond it is seen */

    if (!copy) die( name );
    memcpy( copy, data, size );
    running = name;
    alarm( timeout );
    LLVMFuzzerTestOneInput( copy, size );
    alarm( 0 );
    free( copy );
}

static void load_file( const char *path )
{
    struct input *input = &inputs[input_count];
    FILE *file = fopen( path, "rb" );

    if (!file) die( path );
    if (input_count == MAX_FILES)
    {
        fprintf( stderr, "replay: more than %u files\n", MAX_FILES );
        exit( 2 );
    }
    if (!(input->name = strdup( path )) || !(input->data = malloc( FUZZ_MAX_INPUT ))) die( path );
    input->size = fread( input->data, 1, FUZZ_MAX_INPUT, file );
    if (ferror( file )) die( path );
    fclose( file );
    input_count++;
}

static int is_input( const struct dirent *entry )
{
    size_t length = strlen( entry->d_name );

    /* Texts say what a crash was. */
    return entry->d_name[0] != '.' && (length < 4 || strcmp( entry->d_name + length - 4, ".txt" ));
}

static void load( const char *path )
{
    struct dirent **entries;
    struct stat st;
    char name[4096];
    int i, count;

    if (stat( path, &st )) die( path );
    if (!S_ISDIR( st.st_mode ))
    {
        load_file( path );
        return;
    }
    if ((count = scandir( path, &entries, is_input, alphasort )) < 0) die( path );
    for (i = 0; i < count; i++)
    {
        snprintf( name, sizeof(name), "%s/%s", path, entries[i]->d_name );
        load_file( name );
        free( entries[i] );
    }
    free( entries );
}

static void save( const char *path, const uint8_t *data, size_t size )
{
    FILE *file = fopen( path, "wb" );

    if (!file || fwrite( data, 1, size, file ) != size || fclose( file )) die( path );
}

static int write_seeds( const char *folder )
{
    static uint8_t data[FUZZ_MAX_INPUT];
    unsigned int n;
    char name[4096];
    size_t size;

    if (mkdir( folder, 0777 ) && errno != EEXIST) die( folder );
    for (n = 0; (size = fuzz_seed( n, data, sizeof(data) )); n++)
    {
        snprintf( name, sizeof(name), "%s/seed-%02u", folder, n );
        save( name, data, size );
    }
    printf( "%u seeds\n", n );
    return 0;
}

/* What libFuzzer's does, in short: some bytes change, go, or come. */
size_t LLVMFuzzerMutate( uint8_t *data, size_t size, size_t max_size )
{
    uint64_t *state = &mutation_state;
    unsigned int times = 1 + fuzz_random( state ) % 4;
    size_t at, bytes;

    while (times--)
    {
        at = size ? fuzz_random( state ) % size : 0;
        bytes = 1 + fuzz_random( state ) % 8;
        switch (size ? fuzz_random( state ) % 8 : 0)
        {
        case 0:
            if (bytes > max_size - size) break;
            memmove( data + at + bytes, data + at, size - at );
            size += bytes;
            while (bytes--) data[at++] = fuzz_random( state );
            break;
        case 1:
            if (bytes > size - at) bytes = size - at;
            memmove( data + at, data + at + bytes, size - at - bytes );
            size -= bytes;
            break;
        case 2:
            for (; bytes-- && at < size; at++) data[at] = fuzz_random( state );
            break;
        case 3:
            for (; bytes-- && at < size; at++) data[at] = 0;
            break;
        case 4:
            for (; bytes-- && at < size; at++) data[at] = 0xff;
            break;
        case 5: data[at] ^= 1u << fuzz_random( state ) % 8; break;
        case 6: data[at]++; break;
        default: data[at]--; break;
        }
    }
    return size;
}

/***********************************************************************
 * Choosing: greedily, those first that add most branches to what the chosen ones cover
 */

#define MAX_COUNTERS  200000

static struct { uint8_t *start; size_t count; } counters[256];
static unsigned int counter_ranges;

void __sanitizer_cov_8bit_counters_init( uint8_t *start, uint8_t *stop );
void __sanitizer_cov_8bit_counters_init( uint8_t *start, uint8_t *stop )
{
    if (start == stop || counter_ranges == sizeof(counters) / sizeof(counters[0])) return;
    counters[counter_ranges].start = start;
    counters[counter_ranges++].count = stop - start;
}

/* Runs an input and says which counters it reached. Returns how many there are. */
static size_t cover( const struct input *input, uint8_t *reached )
{
    size_t count = 0, i;
    unsigned int range;

    for (range = 0; range < counter_ranges; range++) memset( counters[range].start, 0, counters[range].count );
    run_one( input->name, input->data, input->size );
    for (range = 0; range < counter_ranges; range++)
        for (i = 0; i < counters[range].count && count < MAX_COUNTERS; i++) reached[count++] = counters[range].start[i] != 0;
    return count;
}

static int choose( unsigned int most )
{
    uint8_t *reached[MAX_FILES], covered[MAX_COUNTERS] = { 0 };
    size_t count = 0, i, gain, best_gain;
    unsigned int n, best = 0;

    for (n = 0; n < input_count; n++)
    {
        if (!(reached[n] = malloc( MAX_COUNTERS ))) die( "memory" );
        count = cover( &inputs[n], reached[n] );
        if (!(reached[n] = realloc( reached[n], count + 1 ))) die( "memory" );
    }
    while (most--)
    {
        for (n = 0, best_gain = 0; n < input_count; n++)
        {
            for (i = gain = 0; i < count; i++) gain += reached[n][i] && !covered[i];
            if (gain < best_gain || (gain == best_gain && inputs[n].size >= inputs[best].size)) continue;
            best = n;
            best_gain = gain;
        }
        if (!best_gain) break;
        for (i = 0; i < count; i++) covered[i] |= reached[best][i];
        printf( "%s\n", inputs[best].name );
    }
    for (n = 0; n < input_count; n++) free( reached[n] );
    return 0;
}

/* Mutants of what was loaded, of the seeds, and of mutants. */
static unsigned int run_mutants( unsigned int seconds, uint64_t seed, const char *keep )
{
    static uint8_t data[FUZZ_MAX_INPUT], crossed[FUZZ_MAX_INPUT];
    uint64_t state = seed;
    time_t end = time( NULL ) + seconds;
    unsigned int count = 0, depth;
    size_t size = 0;
    char name[64];

    while (time( NULL ) < end)
    {
        for (depth = 0; depth < 16 && time( NULL ) < end; depth++, count++)
        {
            const struct input *input = input_count ? &inputs[fuzz_random( &state ) % input_count] : NULL;

            if (!depth && input)
            {
                size = input->size;
                memcpy( data, input->data, size );
            }
            else if (input && !(fuzz_random( &state ) % 8))
            {
                size = LLVMFuzzerCustomCrossOver( data, size, input->data, input->size, crossed, 4096, fuzz_random( &state ) );
                memcpy( data, crossed, size );
            }
            if (size > 4096) size = 4096;
            mutation_state = fuzz_random( &state );
            size = LLVMFuzzerCustomMutator( data, size, 4096, fuzz_random( &state ) );
            if (keep) save( keep, data, size );
            snprintf( name, sizeof(name), "mutant %u of seed %llu", count, (unsigned long long)seed );
            run_one( name, data, size );
        }
    }
    if (keep) unlink( keep );
    return count;
}

int main( int argc, char **argv )
{
    const char *keep = NULL, *value;
    unsigned int seconds = 0, i, mutants = 0, most = 0;
    uint64_t seed = 1;
    int arg;

    setvbuf( stdout, NULL, _IOLBF, 0 );
    if ((value = getenv( "FUZZ_TIMEOUT" )) && atoi( value ) > 0) timeout = atoi( value );
    LLVMFuzzerInitialize( &argc, &argv );
    for (arg = 1; arg < argc && argv[arg][0] == '-'; arg += 2)
    {
        if (arg + 1 == argc) break;
        if (!strcmp( argv[arg], "--seeds" )) return write_seeds( argv[arg + 1] );
        else if (!strcmp( argv[arg], "--random" )) seconds = atoi( argv[arg + 1] );
        else if (!strcmp( argv[arg], "--seed" )) seed = strtoull( argv[arg + 1], NULL, 0 );
        else if (!strcmp( argv[arg], "--choose" )) most = atoi( argv[arg + 1] );
        else if (!strcmp( argv[arg], "--keep" )) keep = argv[arg + 1];
        else break;
    }
    if (arg == argc || argv[arg][0] == '-')
    {
        fprintf( stderr, "usage: %s [--random SECONDS] [--seed N] [--keep FILE] FILE-OR-FOLDER...\n"
                         "       %s --seeds FOLDER\n", argv[0], argv[0] );
        return 2;
    }
    for (; arg < argc; arg++) load( argv[arg] );
    if (!input_count)
    {
        fprintf( stderr, "replay: there is no input\n" );
        return 1;
    }
    signal( SIGALRM, on_signal );
    signal( SIGABRT, on_signal );
    if (most) return choose( most );
    for (i = 0; i < input_count; i++) run_one( inputs[i].name, inputs[i].data, inputs[i].size );
    if (seconds) mutants = run_mutants( seconds, seed, keep );
    printf( "%u files, %u mutants, nothing found\n", input_count, mutants );
    for (i = 0; i < input_count; i++)
    {
        free( inputs[i].name );
        free( inputs[i].data );
    }
    return 0;
}
