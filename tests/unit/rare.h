/*
 * What tests of rare.c and rare_budget.c share: a hook that does one thing in the middle of a call of core
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_RARE_H
#define __WINEKMT_TESTS_RARE_H

#include "unit.h"

static struct
{
    struct unit   unit;
    D3DKMT_HANDLE handle, other;
    unsigned int  calls;        /* of the hook */
    pthread_t     thread, main_thread;
    bool          threaded, entered, done;
    NTSTATUS      status;       /* of what the thread does */
    uint64_t      value;
} race;

static inline bool flag( const bool *flag )
{
    return __atomic_load_n( flag, __ATOMIC_ACQUIRE );
}

static inline void set_flag( bool *flag )
{
    __atomic_store_n( flag, true, __ATOMIC_RELEASE );
}

static inline void wait_for( const bool *which, unsigned int most )
{
    unsigned int i;

    for (i = 0; i < most && !flag( which ); i++) usleep( 1000 );
}

static inline void start( const struct gpu_adapter *adapter )
{
    memset( &race, 0, sizeof(race) );
    race.main_thread = pthread_self();
    unit_start( &race.unit, adapter, 0 );
}

static inline void start_thread( void *(*function)( void * ) )
{
    race.threaded = true;
    pthread_create( &race.thread, NULL, function, NULL );
}

static inline void join_thread( void )
{
    if (race.threaded) pthread_join( race.thread, NULL );
    race.threaded = false;
}

static inline void lose( void )
{
    kmt_lock();
    vidmm_lose_locked( race.unit.vidmm );
    kmt_unlock();
}

/* A hook that does one thing in the first call. */
static void (*first_action)( void );
static inline void first_call( void *arg, enum fake_gpu_call call, struct gpu_memory *memory )
{
    (void)arg, (void)call, (void)memory;
    if (__atomic_fetch_add( &race.calls, 1, __ATOMIC_RELAXED )) return;
    first_action();
}

static inline void on_first( enum fake_gpu_call call, void (*action)( void ) )
{
    first_action = action;
    race.calls = 0;
    fake_gpu_set_hook( call, first_call, NULL );
}

/* Until the manager is to end, for a hook on one of its threads. */
static inline void wait_until_stopping( void )
{
    unsigned int i;
    bool stopping = false;

    ok( !pthread_equal( pthread_self(), race.main_thread ), "not on a thread of core\n" );
    set_flag( &race.entered );
    for (i = 0; i < 5000 && !stopping; i++)
    {
        kmt_lock();
        stopping = race.unit.vidmm->stopping;
        kmt_unlock();
        usleep( 1000 );
    }
    ok( stopping, "nobody stops the manager\n" );
}

static inline void lose_slowly( void )
{
    lose();
    set_flag( &race.entered );
    usleep( 100000 );
}

#endif /* __WINEKMT_TESTS_RARE_H */
