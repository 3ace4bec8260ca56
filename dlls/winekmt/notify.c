/*
 * What the unix half wants done on a Windows thread: trim callbacks, and setting events
 *
 * One thread of the process, made at first need, asks the unix half what there is to do. It keeps winekmt.dll loaded.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "pe.h"
#include "core/kmt.h"

static LONG started;

static DWORD WINAPI notifier( void *arg )
{
    struct kmt_notification notification;

    (void)arg;
    while (!unix_call( unix_next_notification, &notification ))
    {
        if (notification.callback) notification.callback( &notification.trim );
        else
        {
            SetEvent( notification.event );
            CloseHandle( notification.event );
        }
    }
    return 0;
}

/* STATUS_SUCCESS, STATUS_NO_MEMORY: there is no such thread. */
static NTSTATUS start_notifier( void )
{
    HMODULE module;
    HANDLE thread;

    if (__atomic_load_n( &started, __ATOMIC_ACQUIRE )) return STATUS_SUCCESS;
    if (InterlockedExchange( &started, 1 )) return STATUS_SUCCESS;
    GetModuleHandleExW( GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN, (const WCHAR *)notifier, &module );
    if (!(thread = CreateThread( NULL, 0, notifier, NULL, 0, NULL )))
    {
        InterlockedExchange( &started, 0 );
        return STATUS_NO_MEMORY;
    }
    CloseHandle( thread );
    return STATUS_SUCCESS;
}

NTSTATUS register_trim_notification( void *params )
{
    NTSTATUS status = start_notifier();

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
    if ((status = start_notifier())) return status;
    /* The program may close its own when it likes. */
    if (!DuplicateHandle( GetCurrentProcess(), args.hAsyncEvent, GetCurrentProcess(), &event, 0, FALSE, DUPLICATE_SAME_ACCESS ))
        return STATUS_INVALID_HANDLE;
    args.hAsyncEvent = event;
    if ((status = unix_call( unix_WaitForSynchronizationObjectFromCpu, &args ))) CloseHandle( event );
    return status;
}
