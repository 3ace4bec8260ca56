/*
 * What the unix half wants done on a Windows thread: trim callbacks, and setting events
 *
 * A thread for each of the two, made at first need, asks the unix half what there is to do. It keeps winekmt.dll loaded.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "pe.h"
#include "core/kmt.h"

enum { NOT_STARTED, STARTING, STARTED };

static LONG started[KMT_NOTIFICATION_KINDS];

static DWORD WINAPI notifier( void *kind )
{
    struct kmt_notification notification;

    notification.kind = (UINT_PTR)kind;
    while (!unix_call( unix_next_notification, &notification ))
    {
        if (notification.kind == KMT_NOTIFY_TRIM) notification.callback( &notification.trim );
        else
        {
            SetEvent( notification.event );
            CloseHandle( notification.event );
        }
    }
    return 0;
}

/* STATUS_SUCCESS, STATUS_NO_MEMORY: there is no such thread. */
static NTSTATUS start_notifier( enum kmt_notification_kind kind )
{
    HMODULE module;
    HANDLE thread;
    LONG state;

    if (__atomic_load_n( &started[kind], __ATOMIC_ACQUIRE ) == STARTED) return STATUS_SUCCESS;
    while ((state = InterlockedCompareExchange( &started[kind], STARTING, NOT_STARTED )) == STARTING) Sleep( 0 );
    if (state == STARTED) return STATUS_SUCCESS;
    GetModuleHandleExW( GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN, (const WCHAR *)notifier, &module );
    thread = CreateThread( NULL, 0, notifier, (void *)(UINT_PTR)kind, 0, NULL );
    __atomic_store_n( &started[kind], thread ? STARTED : NOT_STARTED, __ATOMIC_RELEASE );
    if (!thread) return STATUS_NO_MEMORY;
    CloseHandle( thread );
    return STATUS_SUCCESS;
}

NTSTATUS register_trim_notification( void *params )
{
    NTSTATUS status = start_notifier( KMT_NOTIFY_TRIM );

    return status ? status : unix_call( unix_RegisterTrimNotification, params );
}

NTSTATUS wait_from_cpu( void *params )
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU args;
    NTSTATUS status;
    HANDLE event;

    if (!params) return unix_call( unix_WaitForSynchronizationObjectFromCpu, params );
    if ((status = copy_memory( &args, params, sizeof(args) ))) return status;
    if (!args.hAsyncEvent) return unix_call( unix_WaitForSynchronizationObjectFromCpu, &args );
    if ((status = start_notifier( KMT_NOTIFY_EVENT ))) return status;
    /* The program may close its own when it likes. */
    if (!DuplicateHandle( GetCurrentProcess(), args.hAsyncEvent, GetCurrentProcess(), &event, 0, FALSE, DUPLICATE_SAME_ACCESS ))
        return STATUS_INVALID_HANDLE;
    args.hAsyncEvent = event;
    if ((status = unix_call( unix_WaitForSynchronizationObjectFromCpu, &args ))) CloseHandle( event );
    return status;
}
