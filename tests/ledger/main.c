/*
 * Tests of the ledger: ledger_test [NAME]..., all tests without a name
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger_test.h"

struct shared *shared;
char ledger_path[256];
const uint8_t gpu_a[16] = "GPU A of tests.", gpu_b[16] = "GPU B of tests.";
const uint64_t totals[LEDGER_GROUPS] = { 1024 * MB, 4096 * MB };

static char directory[128];
static uint32_t own_failures;   /* of this process */

bool check_( bool good, int line, const char *file, const char *condition )
{
    __atomic_add_fetch( &shared->checks, 1, __ATOMIC_RELAXED );
    if (good) return true;
    __atomic_add_fetch( &shared->failures, 1, __ATOMIC_RELAXED );
    __atomic_add_fetch( &own_failures, 1, __ATOMIC_RELAXED );
    printf( "%s:%d: Test failed: %s (process %d)\n", file, line, condition, (int)getpid() );
    fflush( stdout );
    return false;
}

pid_t start( void (*function)( void *arg ), void *arg )
{
    pid_t pid;

    fflush( NULL );
    if ((pid = fork()) == -1)
    {
        /* Going on with a process id of -1 would end in killing every process that there is. */
        perror( "fork" );
        exit( 99 );
    }
    if (pid) return pid;
    prctl( PR_SET_PDEATHSIG, SIGKILL );
    own_failures = 0;
    function( arg );
    exit( !!own_failures );
}

bool ended_well( pid_t pid )
{
    int status;

    while (waitpid( pid, &status, 0 ) == -1) if (errno != EINTR) return false;
    if (WIFSIGNALED( status )) printf( "process %d ended by signal %d\n", (int)pid, WTERMSIG( status ) );
    else if (status) printf( "process %d ended with %d\n", (int)pid, WEXITSTATUS( status ) );
    return !status;
}

void quit(void)
{
    fflush( NULL );
    _exit( !!own_failures );
}

void end( pid_t pid )
{
    int status = 0;

    if (pid <= 1 || kill( pid, SIGKILL ))
    {
        printf( "process %d cannot be killed\n", (int)pid );
        exit( 99 );
    }
    while (waitpid( pid, &status, 0 ) == -1 && errno == EINTR) {}
    check( WIFSIGNALED( status ) && WTERMSIG( status ) == SIGKILL );
}

void run( void (*function)( void *arg ), void *arg )
{
    finish( start( function, arg ) );
}

void set_word( unsigned int word, uint32_t value )
{
    __atomic_store_n( &shared->words[word], value, __ATOMIC_RELEASE );
}

uint32_t get_word( unsigned int word )
{
    return __atomic_load_n( &shared->words[word], __ATOMIC_ACQUIRE );
}

uint32_t add_word( unsigned int word, uint32_t value )
{
    return __atomic_add_fetch( &shared->words[word], value, __ATOMIC_ACQ_REL );
}

bool word_reaches( unsigned int word, uint32_t value )
{
    uint64_t deadline = os_time_ns() + PATIENCE;

    while (get_word( word ) < value)
    {
        if (os_time_ns() > deadline) return false;
        pause_ms( 1 );
    }
    return true;
}

void pause_ms( unsigned int ms )
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000l };

    nanosleep( &time, NULL );
}

struct caught
{
    void (*function)( void *arg );
    void  *arg;
    int    fd;
};

static void run_with_stderr( void *arg )
{
    struct caught *caught = arg;

    dup2( caught->fd, STDERR_FILENO );
    caught->function( caught->arg );
}

const char *run_caught( void (*function)( void *arg ), void *arg )
{
    static char text[16384];
    struct caught caught = { function, arg, memfd_create( "stderr", 0 ) };
    ssize_t length;

    run( run_with_stderr, &caught );
    length = pread( caught.fd, text, sizeof(text) - 1, 0 );
    text[length > 0 ? length : 0] = 0;
    close( caught.fd );
    return text;
}

unsigned int count_string( const char *text, const char *string )
{
    unsigned int count = 0;

    for (; (text = strstr( text, string )); text += strlen( string )) count++;
    return count;
}

struct ledger_account *join_a(void)
{
    struct ledger_account *account;

    check( ledger_join( gpu_a, "GPU A", totals, &account ) );
    return account;
}

static const struct
{
    const char *name;
    void      (*function)(void);
} tests[] =
{
    { "join", test_join },
    { "peers", test_peers },
    { "request", test_request },
    { "wait", test_wait },
    { "decommit", test_decommit },
    { "process", test_process },
    { "monitor", test_monitor },
    { "words", test_words },
    { "fork", test_fork },
    { "refuse", test_refuse },
    { "foreign", test_foreign },
    { "full", test_full },
    { "namespace", test_namespace },
    { "instants", test_instants },
    { "totals", test_totals },
    { "folding-kills", test_folding_kills },
    { "folding-steps", test_folding_steps },
    { "crowd", test_crowd },
    { "kill", test_kill },
    { "damage", test_damage },
};

static void run_test( unsigned int i )
{
    uint64_t begin = os_time_ns();
    struct stat st;

    memset( shared->words, 0, sizeof(shared->words) );
    memset( shared->progress, 0, sizeof(shared->progress) );
    snprintf( ledger_path, sizeof(ledger_path), "%s/%s", directory, tests[i].name );
    setenv( "WINEKMT_LEDGER", ledger_path, 1 );
    tests[i].function();
    if (!lstat( ledger_path, &st ) && S_ISREG( st.st_mode )) check( st.st_size <= (off_t)sizeof(struct ledger_file) );
    unlink( ledger_path );
    printf( "%s: %.1f s\n", tests[i].name, (os_time_ns() - begin) / 1e9 );
}

int main( int argc, char **argv )
{
    unsigned int i;
    int arg;

    shared = mmap( NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0 );
    if (shared == MAP_FAILED) return 99;
    snprintf( directory, sizeof(directory), "/dev/shm/ledger_test-XXXXXX" );
    if (!mkdtemp( directory ))
    {
        snprintf( directory, sizeof(directory), "/tmp/ledger_test-XXXXXX" );
        if (!mkdtemp( directory )) return 99;
    }
    for (i = 0; argc < 2 && i < sizeof(tests) / sizeof(tests[0]); i++) run_test( i );
    for (arg = 1; arg < argc; arg++)
    {
        for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) if (!strcmp( argv[arg], tests[i].name )) break;
        if (check( i < sizeof(tests) / sizeof(tests[0]) )) run_test( i );
    }
    check( !rmdir( directory ) );
    printf( "ledger: %u checks, %u failures\n", shared->checks, shared->failures );
    return !!shared->failures;
}
