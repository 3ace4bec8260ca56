/*
 * The threads that tell the program: trim callbacks, and events that a fence sets
 *
 * They are threads of the front end (notify.c of winekmt.dll, native.c), because callbacks must run on a Windows thread with no lock of
 * ours held. They sleep on a condition of their own, so that what wakes others does not wake them.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/core.h"

static struct os_condition condition;
static bool ended;      /* under the lock */

void notify_locked( void )
{
    os_condition_wake( &condition );
}

NTSTATUS kmt_next_notification( struct kmt_notification *notification )
{
    bool trim = notification->kind == KMT_NOTIFY_TRIM;

    kmt_lock();
    if (trim) trim_returned_locked();
    while (!ended && !(trim ? trim_next_locked( notification ) : async_wait_next_locked( notification )))
        kmt_wait_on_locked( &condition, UINT64_MAX );
    kmt_unlock();
    return ended ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

void kmt_end_notifications( void )
{
    kmt_lock();
    ended = true;
    notify_locked();
    kmt_unlock();
}
