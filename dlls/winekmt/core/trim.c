/*
 * Trim notifications: asking the program to give up what only it can
 *
 * What is held resident cannot be evicted. When a process is over its budget with that alone, its registrations are called with
 * TrimToBudget, at once and every second while it lasts. While it uses most of its budget they are called with
 * PeriodicTrim at intervals; the first one after a pause, and the first one of a registration, is RestartPeriodicTrim, since what the
 * driver remembers from before the pause, or nothing, would make it take everything for unused (DDI page of D3DDDI_TRIMRESIDENCYSET_FLAGS).
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>

#include "core/vidmm.h"

#define TRIM_REPEAT_NS    (1000 * 1000000ull)
#define TRIM_INTERVAL_NS  (2000 * 1000000ull)   /* of PeriodicTrim, unless WINEKMT_TRIM_INTERVAL says otherwise */

#define TRIM_PERIODIC   1u      /* as in D3DDDI_TRIMRESIDENCYSET_FLAGS.Value */
#define TRIM_RESTART    2u
#define TRIM_TO_BUDGET  4u

struct trim_registration
{
    struct list    entry;       /* in registrations */
    uintptr_t      handle;      /* what the program knows it by; never used again */
    struct device *device;      /* lives longer; set once */
    PFND3DKMT_TRIMNOTIFICATIONCALLBACK callback;
    void          *context;
    uint32_t       pending;     /* TRIM_ bits to be told */
    bool           restarted;   /* there was a TRIM_RESTART for it */
    uint64_t       bytes;       /* for TRIM_TO_BUDGET */
};

/* All under the lock. */
static struct list registrations = { &registrations, &registrations };      /* struct trim_registration.entry */
static uintptr_t   last_handle;
static uintptr_t   running;         /* handle of the one whose callback runs; 0: none does */
static pthread_t   running_thread;

static uint64_t trim_interval_locked( void )
{
    static uint64_t interval;
    const char *string;
    char *end;

    if (interval) return interval;
    interval = TRIM_INTERVAL_NS;
    if ((string = getenv( "WINEKMT_TRIM_INTERVAL" )) && *string)
    {
        unsigned long ms = strtoul( string, &end, 10 );

        if (*end || !ms || ms > 3600000) ERR( "WINEKMT_TRIM_INTERVAL=%s is no number of milliseconds; ignored", string );
        else interval = ms * 1000000ull;
    }
    return interval;
}

static void post_locked( const struct vidmm *vidmm, uint32_t what, uint64_t bytes )
{
    struct list *cursor;

    LIST_FOR_EACH( cursor, &registrations )
    {
        struct trim_registration *registration = LIST_ENTRY( cursor, struct trim_registration, entry );

        if (registration->device->vidmm != vidmm || device_is_removed( registration->device )) continue;
        registration->pending |= what;
        if (what & TRIM_TO_BUDGET) registration->bytes = bytes;
        /* Never together. A restart that was not told yet is not lost: nothing else makes the driver forget what is too old. */
        if (what & TRIM_PERIODIC && !registration->restarted) registration->pending |= TRIM_RESTART;
        if (!(registration->pending & TRIM_RESTART)) continue;
        registration->pending &= ~TRIM_PERIODIC;
        registration->restarted = true;
    }
    notify_locked();
}

/* Whether the process uses more than three quarters of a budget. */
static bool is_under_pressure_locked( const struct vidmm *vidmm )
{
    unsigned int group;

    for (group = 0; group < GROUP_COUNT; group++)
    {
        uint64_t budget = vidmm_group_budget_locked( vidmm, group );

        if (budget && vidmm->groups[group].committed > budget / 4 * 3) return true;
    }
    return false;
}

uint64_t trim_check_locked( struct vidmm *vidmm )
{
    uint64_t now, next, bytes = 0, interval = vidmm->trim.interval ? vidmm->trim.interval : trim_interval_locked();
    struct trim_state *state = &vidmm->trim;
    unsigned int group;

    if (vidmm->trim_registrations) vidmm_refresh_budget_locked( vidmm, BUDGET_AGE_NS );
    if (vidmm->lost || !vidmm->trim_registrations)
    {
        *state = (struct trim_state){ .interval = state->interval };
        return UINT64_MAX;
    }
    now = os_time_ns();
    /* Taking memory wakes the worker (trim_notice_locked), a budget that falls does not. */
    next = vidmm->info->has_memory_budget ? now + TRIM_REPEAT_NS : UINT64_MAX;
    for (group = 0; group < GROUP_COUNT; group++) bytes += vidmm_bytes_to_trim_locked( vidmm, group, 0 );
    if (bytes && (bytes > state->asked_for || now >= state->asked_at + TRIM_REPEAT_NS))
    {
        post_locked( vidmm, TRIM_TO_BUDGET, bytes );
        state->asked_at = now;
    }
    state->asked_for = bytes;
    if (bytes && state->asked_at + TRIM_REPEAT_NS < next) next = state->asked_at + TRIM_REPEAT_NS;

    if (!is_under_pressure_locked( vidmm )) state->periodic_at = 0;
    else
    {
        if (!state->periodic_at || now >= state->periodic_at + interval)
        {
            post_locked( vidmm, state->periodic_at ? TRIM_PERIODIC : TRIM_RESTART, 0 );
            state->periodic_at = now;
        }
        if (state->periodic_at + interval < next) next = state->periodic_at + interval;
    }
    return next;
}

bool trim_next_locked( struct kmt_notification *notification )
{
    struct list *cursor;

    LIST_FOR_EACH( cursor, &registrations )
    {
        struct trim_registration *registration = LIST_ENTRY( cursor, struct trim_registration, entry );

        if (!registration->pending) continue;
        notification->callback = registration->callback;
        notification->trim.Context = registration->context;
        notification->trim.Flags.Value = registration->pending;
        notification->trim.NumBytesToTrim = registration->pending & TRIM_TO_BUDGET ? registration->bytes : 0;
        registration->pending = 0;
        running = registration->handle;
        running_thread = pthread_self();
        /* The others come first next time. */
        list_remove( &registration->entry );
        list_add_tail( &registrations, &registration->entry );
        return true;
    }
    return false;
}

void trim_returned_locked( void )
{
    if (!running) return;
    running = 0;
    kmt_wake_locked();
}

/* Whoever takes a registration away may unload the callback next: so this waits until it does not run, unless it is the callback
 * that asks. Drops the lock. */
static void wait_until_returned_locked( uintptr_t handle )
{
    while (running == handle && !pthread_equal( running_thread, pthread_self() )) kmt_wait_locked( UINT64_MAX );
}

static void remove_locked( struct trim_registration *registration )
{
    registration->device->vidmm->trim_registrations--;
    list_remove( &registration->entry );
    free( registration );
}

void trim_forget_device_locked( struct device *device )
{
    struct list *cursor, *following;

    LIST_FOR_EACH_SAFE( cursor, following, &registrations )
    {
        struct trim_registration *registration = LIST_ENTRY( cursor, struct trim_registration, entry );

        if (registration->device == device) remove_locked( registration );
    }
}

/***********************************************************************
 *           kmt_RegisterTrimNotification
 *
 * Has a callback called when the process should give up memory that it holds resident.
 *
 * params->AdapterLuid: that of hDevice's adapter.  Callback, Context: called with a D3DKMT_TRIMNOTIFICATION on a thread of ours, with
 * no lock held: it may call anything, this function too. One callback runs at a time.
 * STATUS_SUCCESS: Handle, for UnregisterTrimNotification. Destroying the device takes it away too.
 * STATUS_INVALID_PARAMETER: the device, another adapter's LUID, no callback.  STATUS_NO_MEMORY.  STATUS_DEVICE_REMOVED.
 *
 * Cost: one lock; the first one in a process a thread.  Source: DDI page of D3DKMTRegisterTrimNotification.
 */
NTSTATUS kmt_RegisterTrimNotification( D3DKMT_REGISTERTRIMNOTIFICATION *params )
{
    struct trim_registration *registration;
    D3DKMT_REGISTERTRIMNOTIFICATION args;
    struct device *device;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "device %#x", args.hDevice );
    if (is_stock_handle( args.hDevice )) return KMT_STATUS_STOCK;
    if (!args.Callback) return STATUS_INVALID_PARAMETER;
    probe_write_array( &params->Handle, sizeof(params->Handle) );
    if (!(registration = calloc( 1, sizeof(*registration) ))) return STATUS_NO_MEMORY;

    kmt_lock();
    if (!(status = get_device_locked( args.hDevice, &device )))
    {
        LUID luid = device->vidmm->gpu->luid;

        if (luid.LowPart != args.AdapterLuid.LowPart || luid.HighPart != args.AdapterLuid.HighPart) status = STATUS_INVALID_PARAMETER;
    }
    if (!status)
    {
        registration->handle = ++last_handle;
        registration->device = device;
        registration->callback = args.Callback;
        registration->context = args.Context;
        list_add_tail( &registrations, &registration->entry );
        device->vidmm->trim_registrations++;
        args.Handle = (void *)registration->handle;
        worker_kick_locked( device->vidmm );    /* there may be something to say already */
    }
    kmt_unlock();
    if (status)
    {
        free( registration );
        WARN( "device %#x: %#x", args.hDevice, (unsigned int)status );
    }
    else params->Handle = args.Handle;
    return status;
}

/***********************************************************************
 *           kmt_UnregisterTrimNotification
 *
 * Takes registrations away. When it returns, the callback is not running and will not be called, unless it is the callback that calls.
 *
 * params->Handle: of one registration; NULL: all of Callback.
 * STATUS_INVALID_PARAMETER: no such registration.
 *
 * Cost: one lock, O(registrations); waits for a callback that runs.  Source: DDI page of D3DKMTUnregisterTrimNotification.
 */
NTSTATUS kmt_UnregisterTrimNotification( D3DKMT_UNREGISTERTRIMNOTIFICATION *params )
{
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    D3DKMT_UNREGISTERTRIMNOTIFICATION args;
    struct list *cursor, *following;
    uintptr_t called = 0;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "%p", args.Handle );
    if (!args.Handle && !args.Callback) return STATUS_INVALID_PARAMETER;

    kmt_lock();
    LIST_FOR_EACH_SAFE( cursor, following, &registrations )
    {
        struct trim_registration *registration = LIST_ENTRY( cursor, struct trim_registration, entry );

        if (args.Handle ? registration->handle != (uintptr_t)args.Handle : registration->callback != args.Callback) continue;
        if (registration->handle == running) called = running;
        remove_locked( registration );
        status = STATUS_SUCCESS;
    }
    if (called) wait_until_returned_locked( called );
    kmt_unlock();
    if (status) WARN( "no such registration" );
    return status;
}
