/*
 * Time that can be moved on, and memory that runs out
 *
 * Budgets are asked for every 100 ms, empty blocks wait 200 ms, a process that does not answer is waited for: an input that runs
 * for a millisecond would see none of it. So os_time_ns has an offset that inputs advance, waits for a deadline look at it every
 * millisecond, and waits for another process, who never answers in this one, are over at once.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>

#include "world.h"

#define SLICE_NS        1000000ull  /* how long a wait sleeps before it looks at the time again */
#define SHORT_SLICE_NS  200000ull

static uint64_t skew;               /* ns; atomic */
static unsigned int fail_nth;       /* atomic */
static int64_t live_pages;          /* atomic */

uint64_t __real_os_time_ns( void );
uint64_t __wrap_os_time_ns( void );
bool __real_os_condition_wait( struct os_condition *condition, pthread_mutex_t *mutex, uint64_t deadline );
bool __wrap_os_condition_wait( struct os_condition *condition, pthread_mutex_t *mutex, uint64_t deadline );
bool __real_os_futex_wait( uint32_t *word, uint32_t value, uint64_t deadline );
bool __wrap_os_futex_wait( uint32_t *word, uint32_t value, uint64_t deadline );
void *__real_malloc( size_t size );
void *__wrap_malloc( size_t size );
void *__real_calloc( size_t count, size_t size );
void *__wrap_calloc( size_t count, size_t size );
void *__real_os_allocate_pages( uint64_t size );
void *__wrap_os_allocate_pages( uint64_t size );
void __real_os_free_pages( void *memory, uint64_t size );
void __wrap_os_free_pages( void *memory, uint64_t size );
int __real_os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg );
int __wrap_os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg );

uint64_t __wrap_os_time_ns( void )
{
    return __real_os_time_ns() + __atomic_load_n( &skew, __ATOMIC_RELAXED );
}

void world_advance_time( uint64_t ns )
{
    __atomic_add_fetch( &skew, ns, __ATOMIC_RELAXED );
}

/* Of the real clock: deadline, or the end of a slice. */
static uint64_t real_deadline( uint64_t deadline, uint64_t slice )
{
    uint64_t now = __real_os_time_ns(), offset = __atomic_load_n( &skew, __ATOMIC_RELAXED );

    if (deadline <= now + offset) return now;
    return deadline - offset - now < slice ? deadline - offset : now + slice;
}

bool __wrap_os_condition_wait( struct os_condition *condition, pthread_mutex_t *mutex, uint64_t deadline )
{
    if (deadline == UINT64_MAX) return __real_os_condition_wait( condition, mutex, deadline );
    if (__real_os_condition_wait( condition, mutex, real_deadline( deadline, SLICE_NS ) )) return true;
    return __wrap_os_time_ns() < deadline;      /* woken for no reason, which a wait may be */
}

/* Only the ledger waits like this: for others. */
bool __wrap_os_futex_wait( uint32_t *word, uint32_t value, uint64_t deadline )
{
    uint64_t now;

    if (deadline == UINT64_MAX) return __real_os_futex_wait( word, value, deadline );
    if (__real_os_futex_wait( word, value, real_deadline( deadline, SHORT_SLICE_NS ) )) return true;
    if ((now = __wrap_os_time_ns()) < deadline) world_advance_time( deadline - now );
    return false;
}

void world_fail_memory( unsigned int nth )
{
    __atomic_store_n( &fail_nth, nth, __ATOMIC_RELAXED );
}

static bool fails( void )
{
    unsigned int left = __atomic_load_n( &fail_nth, __ATOMIC_RELAXED );

    while (left)
        if (__atomic_compare_exchange_n( &fail_nth, &left, left - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED )) return left == 1;
    return false;
}

void *__wrap_malloc( size_t size )
{
    return fails() ? NULL : __real_malloc( size );
}

void *__wrap_calloc( size_t count, size_t size )
{
    return fails() ? NULL : __real_calloc( count, size );
}

void *__wrap_os_allocate_pages( uint64_t size )
{
    void *memory = fails() ? NULL : __real_os_allocate_pages( size );

    if (memory) __atomic_add_fetch( &live_pages, size, __ATOMIC_RELAXED );
    return memory;
}

void __wrap_os_free_pages( void *memory, uint64_t size )
{
    __atomic_sub_fetch( &live_pages, size, __ATOMIC_RELAXED );
    __real_os_free_pages( memory, size );
}

int __wrap_os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg )
{
    return fails() ? 11 : __real_os_create_thread( thread, function, arg );    /* EAGAIN */
}

int64_t world_live_pages( void )
{
    return __atomic_load_n( &live_pages, __ATOMIC_RELAXED );
}
