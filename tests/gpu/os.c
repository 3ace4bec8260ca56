/*
 * Tests of os/os_common.c and os/os_linux.c; of os/os_sensors.c in sensors.c, of os/os_memory.c in memory.c
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gpu_test.h"
#include "os/os.h"
#include "ntstatus.h"

unsigned int checks, failures;

bool check_( bool good, const char *file, int line, const char *condition, const char *format, ... )
{
    (void)format;
    checks++;
    if (good) return true;
    failures++;
    printf( "%s:%d: %s\n", file, line, condition );
    return false;
}

static void test_megabytes(void)
{
    static const char *const bad[] = { "", "0", "000", "-1", "+1", " 1", "1 ", "1M", "0x10", "1.5", "4G", "abc", "1\xff",
        "17592186044416", "18446744073709551617", "99999999999999999999999999" };
    uint64_t bytes = 42;
    unsigned int i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    {
        check( !os_parse_megabytes( bad[i], &bytes ), "%s", bad[i] );
        check( bytes == 42, "%s", bad[i] );
    }
    check( os_parse_megabytes( "1", &bytes ) && bytes == 1 << 20, "1" );
    check( os_parse_megabytes( "0512", &bytes ) && bytes == 512 << 20, "0512" );
    check( os_parse_megabytes( "17592186044415", &bytes ) && bytes == 0xfffffffffff00000, "largest" );
}

/* What a function writes to the standard error. */
static const char *capture( void (*function)(void) )
{
    static char text[8192];
    int pipes[2], saved = dup( STDERR_FILENO );
    ssize_t length;

    check( !pipe( pipes ), "pipe" );
    fcntl( pipes[0], F_SETFL, O_NONBLOCK );
    dup2( pipes[1], STDERR_FILENO );
    function();
    dup2( saved, STDERR_FILENO );
    length = read( pipes[0], text, sizeof(text) - 1 );
    text[length > 0 ? length : 0] = 0;
    close( saved );
    close( pipes[0] );
    close( pipes[1] );
    return text;
}

static void log_all(void) { errno = 77; ERR( "e%d", 1 ); WARN( "w%d", 2 ); TRACE( "t%d", 3 ); }
static void log_long(void) { static char text[5000]; memset( text, 'x', sizeof(text) - 1 ); ERR( "%s", text ); }
static void log_control(void) { ERR( "a\nb\033c" ); }
static void read_limit(void) { check( os_video_memory_limit() == UINT64_MAX, "limit" ); }

static void test_log(void)
{
    const char *text;

    os_log_max = 0;
    check( !*capture( log_all ), "none" );
    check( errno == 77 || errno == EAGAIN, "errno" );
    os_log_max = OS_LOG_ERR;
    check( !strcmp( capture( log_all ), "winekmt: e1\n" ), "err" );
    os_log_max = OS_LOG_WARN;
    check( !strcmp( capture( log_all ), "winekmt: e1\nwinekmt: log_all: w2\n" ), "warn" );
    os_log_max = OS_LOG_TRACE;
    check( !strcmp( capture( log_all ), "winekmt: e1\nwinekmt: log_all: w2\nwinekmt: log_all: t3\n" ), "trace" );
    os_log_max = OS_LOG_ERR;
    text = capture( log_long );
    check( strlen( text ) < 1100 && strlen( text ) > 900 && !strcmp( text + strlen( text ) - 4, "...\n" ), "long" );
    check( !strcmp( capture( log_control ), "winekmt: a?b?c\n" ), "control" );
}

/* WINEKMT_DEBUG is read at start: in a process of its own. */
static int get_level( const char *value )
{
    int status;
    pid_t pid = fork();

    if (!pid)
    {
        setenv( "WINEKMT_DEBUG", value, 1 );
        freopen( "/dev/null", "w", stderr );
        execl( "/proc/self/exe", "os", "level", NULL );
        _exit( 99 );
    }
    waitpid( pid, &status, 0 );
    return WIFEXITED( status ) ? WEXITSTATUS( status ) : -1;
}

static void test_limit(void)
{
    unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    check( !*capture( read_limit ), "not set" );
    setenv( "WINEKMT_VIDEO_MEMORY_SIZE", "", 1 );
    check( !*capture( read_limit ), "empty" );
    setenv( "WINEKMT_VIDEO_MEMORY_SIZE", "lots", 1 );
    check( strstr( capture( read_limit ), "WINEKMT_VIDEO_MEMORY_SIZE=lots" ), "nonsense" );
    setenv( "WINEKMT_VIDEO_MEMORY_SIZE", "256", 1 );
    check( os_video_memory_limit() == 256 << 20, "256" );
}

static void *run_thread( void *arg )
{
    sigset_t *set = arg;

    pthread_sigmask( SIG_SETMASK, NULL, set );
    return arg;
}

static void test_thread(void)
{
    sigset_t set, before, after;
    pthread_t thread;
    void *ret;
    int i;

    pthread_sigmask( SIG_SETMASK, NULL, &before );
    check( !os_create_thread( &thread, run_thread, &set ), "create" );
    check( !pthread_join( thread, &ret ) && ret == &set, "join" );
    pthread_sigmask( SIG_SETMASK, NULL, &after );
    for (i = 1; i < 32; i++)
    {
        if (i != SIGKILL && i != SIGSTOP) check( sigismember( &set, i ), "signal %d", i );
        check( sigismember( &before, i ) == sigismember( &after, i ), "signal %d", i );
    }
}

static void test_process(void)
{
    uint64_t start;
    bool self;
    LUID luid;

    check( os_check_process( NULL, OS_PROCESS_QUERY_INFORMATION, &self ) == STATUS_SUCCESS && self, "NULL" );
    check( os_check_process( (HANDLE)-1, OS_PROCESS_SET_INFORMATION, &self ) == STATUS_SUCCESS && self, "-1" );
    check( os_check_process( (HANDLE)4, OS_PROCESS_SET_INFORMATION, &self ) == STATUS_INVALID_HANDLE && !self, "4" );
    check( !os_find_adapter_luid( (const uint8_t[16]){ 0 }, 0, &luid ), "luid" );
    start = os_time_ns();
    usleep( 2000 );
    check( os_time_ns() - start >= 2000000 && os_time_ns() - start < 5000000000ull, "time" );
}

int main( int argc, char **argv )
{
    (void)argv;
    if (argc > 1) return 10 + os_log_max;
    test_megabytes();
    test_log();
    test_limit();
    test_thread();
    test_process();
    test_sensors();
    test_memory();
    check( get_level( "none" ) == 10, "none" );
    check( get_level( "err" ) == 11, "err" );
    check( get_level( "warn" ) == 12, "warn" );
    check( get_level( "trace" ) == 13, "trace" );
    check( get_level( "nonsense" ) == 11, "nonsense" );
    check( get_level( "" ) == 11, "empty" );
    printf( "os: %u checks, %u failures\n", checks, failures );
    return !!failures;
}
