/*
 * The thread that tells the program: trim callbacks, and events that a fence sets
 *
 * It is a thread of the front end (notify.c of winekmt.dll, native.c), because callbacks must run on a Windows thread with no lock of
 * ours held. It sleeps on a condition of its own, so that what wakes the others does not wake it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/core.h"

static struct os_condition condition;
static bool ended;      /* under the lock */

void notify_locked( void )
{
    os_condition_wake( &condition );
}

NTSTATUS kmt_next_notification( struct kmt_notification *notification )
{
    NTSTATUS status = STATUS_SUCCESS;

    memset( notification, 0, sizeof(*notification) );
    kmt_lock();
    trim_returned_locked();
    while (!ended && !async_wait_next_locked( notification ) && !trim_next_locked( notification ))
        kmt_wait_on_locked( &condition, UINT64_MAX );
    if (ended) status = STATUS_UNSUCCESSFUL;
    kmt_unlock();
    return status;
}

void kmt_end_notifications( void )
{
    kmt_lock();
    ended = true;
    notify_locked();
    kmt_unlock();
}
