/*
 * The part of os.h that needs neither Wine nor more of Linux than the C library
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os_private.h"

#define LOG_LINE  1024  /* bytes; what is longer is cut */

enum os_log_level os_log_max = OS_LOG_ERR;

/* WINEKMT_DEBUG: read when the library is loaded, before there are threads of ours. */
static void __attribute__((constructor)) init_log(void)
{
    static const char *const names[] = { "none", "err", "warn", "trace" };
    const char *value = getenv( "WINEKMT_DEBUG" );
    unsigned int i;

    if (!value || !*value) return;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    {
        if (strcmp( value, names[i] )) continue;
        os_log_max = (enum os_log_level)i;
        return;
    }
    ERR( "WINEKMT_DEBUG=%s is none of none, err, warn, trace; it is taken as err", value );
}

const char *os_files_root( void )
{
    const char *string = getenv( "WINEKMT_SENSORS_ROOT" );

    return string ? string : "";
}

/***********************************************************************
 *           os_log
 *
 * One write(2) a line, so that lines of several threads and processes do not mix. errno is kept.
 * Control characters in the text are shown as '?': names and paths may come from the program.
 */
void os_log( enum os_log_level level, const char *format, ... )
{
    static const char prefix[] = "winekmt: ";
    char line[LOG_LINE], *p;
    int saved_errno = errno;
    size_t length, done;
    ssize_t ret;
    va_list args;

    if (level > os_log_max) return;

    memcpy( line, prefix, sizeof(prefix) );
    va_start( args, format );
    vsnprintf( line + sizeof(prefix) - 1, sizeof(line) - sizeof(prefix), format, args );
    va_end( args );
    length = strlen( line );
    if (length == sizeof(line) - 2) memcpy( line + length - 3, "...", 3 );
    for (p = line; p < line + length; p++) if ((unsigned char)*p < ' ' || *p == 0x7f) *p = '?';
    line[length++] = '\n';

    for (done = 0; done < length; done += ret)
    {
        ret = write( STDERR_FILENO, line + done, length - done );
        if (ret < 0 && errno == EINTR) ret = 0;
        else if (ret <= 0) break;
    }
    errno = saved_errno;
}

/***********************************************************************
 *           os_parse_megabytes
 *
 * Decimal digits and nothing else, so that "4G" or "-1" is no limit by accident. *bytes is written on success only.
 */
bool os_parse_megabytes( const char *string, uint64_t *bytes )
{
    uint64_t value = 0;

    if (!*string) return false;
    for (; *string; string++)
    {
        if (*string < '0' || *string > '9') return false;
        value = value * 10 + (*string - '0');
        if (value > UINT64_MAX >> 20) return false;
    }
    if (!value) return false;
    *bytes = value << 20;
    return true;
}

bool os_environment_limit( uint64_t *bytes )
{
    const char *value = getenv( "WINEKMT_VIDEO_MEMORY_SIZE" );

    if (!value || !*value) return false;
    if (os_parse_megabytes( value, bytes )) return true;
    ERR( "WINEKMT_VIDEO_MEMORY_SIZE=%s is no number of megabytes; it is ignored", value );
    return false;
}

/***********************************************************************
 *           os_create_thread
 *
 * The thread can be joined, and is to be: nobody else gives its stack back.
 */
int os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg )
{
    sigset_t all, old;
    int ret;

    sigfillset( &all );
    pthread_sigmask( SIG_SETMASK, &all, &old );
    ret = pthread_create( thread, NULL, function, arg );
    pthread_sigmask( SIG_SETMASK, &old, NULL );
    return ret;
}

/* The 64-bit FNV-1a hash of the four numbers' bytes. */
uint64_t os_hash_process( uint64_t kind, uint64_t dev, uint64_t ino, uint64_t id )
{
    const uint64_t numbers[4] = { kind, dev, ino, id };
    const unsigned char *p = (const unsigned char *)numbers;
    uint64_t hash = 0xcbf29ce484222325ull;
    size_t i;

    for (i = 0; i < sizeof(numbers); i++) hash = (hash ^ p[i]) * 0x100000001b3ull;
    return hash ? hash : 1;
}

uint64_t os_time_ns(void)
{
    struct timespec time;

    clock_gettime( CLOCK_MONOTONIC, &time );
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

bool os_futex_wait( uint32_t *word, uint32_t value, uint64_t deadline )
{
    struct timespec until = { .tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000 };     /* of CLOCK_MONOTONIC */

    return !syscall( SYS_futex, word, FUTEX_WAIT_BITSET, value, deadline == UINT64_MAX ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY ) ||
           errno != ETIMEDOUT;
}

void os_futex_wake( uint32_t *word )
{
    syscall( SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0 );
}

bool os_condition_wait( struct os_condition *condition, pthread_mutex_t *mutex, uint64_t deadline )
{
    uint32_t sequence = condition->sequence;
    bool in_time;

    condition->waiters++;
    pthread_mutex_unlock( mutex );
    in_time = os_futex_wait( &condition->sequence, sequence, deadline );    /* whoever wakes from here on changes the sequence */
    pthread_mutex_lock( mutex );
    condition->waiters--;
    return in_time;
}

void os_condition_wake( struct os_condition *condition )
{
    if (!condition->waiters) return;
    __atomic_fetch_add( &condition->sequence, 1, __ATOMIC_RELAXED );
    os_futex_wake( &condition->sequence );
}
