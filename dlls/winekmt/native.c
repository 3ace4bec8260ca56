/*
 * libd3dkmt.so: the same functions for Linux programs
 *
 * The names, structures and statuses of gdi32 with the calling convention of the platform, as Microsoft's libdxg has
 * them. There are no displays and no stock gdi32 here: what needs one of them is refused. The symbols are named
 * behind the compiler's back, because the public header's prototypes are typed.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/display.h"
#include "core/kmt.h"
#include "os/os.h"

static NTSTATUS refuse( enum kmt_function function, const char *name, char *refused, const void *argument )
{
    struct kmt_refusal refusal = { function, argument };
    NTSTATUS status = kmt_refuse( &refusal );

    /* Success: there was nothing to do. CheckExclusiveOwnership answers no, which is a success by its number. */
    if (!status && function != function_CheckExclusiveOwnership) return status;
    if (!__atomic_exchange_n( refused, 1, __ATOMIC_RELAXED )) ERR( "D3DKMT%s is not implemented", name );
    return status == KMT_STATUS_STOCK ? STATUS_INVALID_PARAMETER : status;
}

/***********************************************************************
 * Notifications: threads made at first need call trim callbacks and set events. An event is a file descriptor, an eventfd
 * for instance, that eight bytes with the number 1 are written to.
 */

static pthread_mutex_t notifier_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_t notifiers[KMT_NOTIFICATION_KINDS];
static bool has_notifier[KMT_NOTIFICATION_KINDS];       /* under the mutex */

static void notify( enum kmt_notification_kind kind )
{
    struct kmt_notification notification = { .kind = kind };
    static const uint64_t one = 1;

    while (!kmt_next_notification( &notification ))
    {
        if (kind == KMT_NOTIFY_TRIM)
        {
            notification.callback( &notification.trim );
            continue;
        }
        if (write( (intptr_t)notification.event, &one, sizeof(one) ) != sizeof(one)) WARN( "event %p cannot be set", notification.event );
        close( (intptr_t)notification.event );
    }
}

static void *notify_trim( void *arg )
{
    notify( KMT_NOTIFY_TRIM );
    return arg;
}

static void *notify_events( void *arg )
{
    notify( KMT_NOTIFY_EVENT );
    return arg;
}

static NTSTATUS start_notifier( enum kmt_notification_kind kind )
{
    int error = 0;

    pthread_mutex_lock( &notifier_mutex );
    if (!has_notifier[kind])
        has_notifier[kind] = !(error = os_create_thread( &notifiers[kind], kind == KMT_NOTIFY_TRIM ? notify_trim : notify_events, NULL ));
    pthread_mutex_unlock( &notifier_mutex );
    return error ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

/* At exit, so that leak checkers find nothing. A callback that never returns is left alone. */
static void __attribute__((destructor)) end_notifiers( void )
{
    struct timespec deadline;
    unsigned int kind;

    if (!has_notifier[KMT_NOTIFY_TRIM] && !has_notifier[KMT_NOTIFY_EVENT]) return;
    kmt_end_notifications();
    clock_gettime( CLOCK_REALTIME, &deadline );
    deadline.tv_sec++;
    for (kind = 0; kind < KMT_NOTIFICATION_KINDS; kind++)
        if (has_notifier[kind]) pthread_timedjoin_np( notifiers[kind], NULL, &deadline );
}

static NTSTATUS register_trim_notification( void *params )
{
    NTSTATUS status = start_notifier( KMT_NOTIFY_TRIM );

    return status ? status : kmt_RegisterTrimNotification( params );
}

static NTSTATUS wait_from_cpu( D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU *params )
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU args;
    NTSTATUS status;
    int event;

    if (!params || !params->hAsyncEvent) return kmt_WaitForSynchronizationObjectFromCpu( params );
    args = *params;
    if ((status = start_notifier( KMT_NOTIFY_EVENT ))) return status;
    /* The program may close its own when it likes. */
    if ((event = fcntl( (intptr_t)args.hAsyncEvent, F_DUPFD_CLOEXEC, 3 )) < 0) return STATUS_INVALID_HANDLE;
    args.hAsyncEvent = (HANDLE)(intptr_t)event;
    if ((status = kmt_WaitForSynchronizationObjectFromCpu( &args ))) close( event );
    return status;
}

/***********************************************************************
 *           D3DKMTWaitForVerticalBlankEvent2
 *
 * As in display_timing.c. An object is a file descriptor, signalled when it can be read; its state does not change.
 */
static NTSTATUS wait_for_vertical_blank_2( const D3DKMT_WAITFORVERTICALBLANKEVENT2 *params )
{
    struct pollfd objects[D3DKMT_MAX_WAITFORVERTICALBLANK_OBJECTS];
    D3DKMT_WAITFORVERTICALBLANKEVENT2 args;
    struct kmt_vertical_blank blank;
    struct timespec timeout;
    uint64_t left;
    NTSTATUS status;
    UINT i;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    if (!args.hAdapter || args.NumObjects > D3DKMT_MAX_WAITFORVERTICALBLANK_OBJECTS) return STATUS_INVALID_PARAMETER;
    blank.adapter = args.hAdapter;
    blank.device = args.hDevice;
    blank.source = args.VidPnSourceId;
    if ((status = kmt_next_vertical_blank( &blank ))) return status == KMT_STATUS_STOCK ? STATUS_INVALID_PARAMETER : status;
    for (i = 0; i < args.NumObjects; i++)
    {
        intptr_t object = (intptr_t)args.ObjectHandleArray[i];

        if (object < 0 || object > INT32_MAX) return STATUS_INVALID_PARAMETER;
        objects[i].fd = object;
        objects[i].events = POLLIN;
    }
    for (;;)
    {
        left = blank.now < blank.next ? blank.next - blank.now : 0;
        timeout.tv_sec = left / 1000000000;
        timeout.tv_nsec = left % 1000000000;
        if (ppoll( objects, args.NumObjects, &timeout, NULL ) > 0)
            for (i = 0; i < args.NumObjects; i++)
                if (objects[i].revents) return objects[i].revents & POLLNVAL ? STATUS_INVALID_PARAMETER : (NTSTATUS)(STATUS_WAIT_0 + 1 + i);
        if ((blank.now = os_time_ns()) >= blank.next) return STATUS_WAIT_0;
    }
}

/***********************************************************************
 *           D3DKMTGetDWMVerticalBlankEvent
 *
 * STATUS_NOT_SUPPORTED: a Linux program has no desktop window manager of Windows and no such event; everything was right.
 * STATUS_INVALID_PARAMETER, STATUS_DEVICE_REMOVED: as in display_timing.c.
 */
static NTSTATUS get_vertical_blank_event( const D3DKMT_GETVERTICALBLANKEVENT *params )
{
    struct kmt_vertical_blank blank;
    NTSTATUS status;

    if (!params || !params->phEvent || !params->hAdapter) return STATUS_INVALID_PARAMETER;
    blank.adapter = params->hAdapter;
    blank.device = params->hDevice;
    blank.source = params->VidPnSourceId;
    if ((status = kmt_next_vertical_blank( &blank ))) return status == KMT_STATUS_STOCK ? STATUS_INVALID_PARAMETER : status;
    return STATUS_NOT_SUPPORTED;
}

#define kmt_RegisterTrimNotification             register_trim_notification
#define kmt_WaitForSynchronizationObjectFromCpu  wait_from_cpu

/* core: there is no stock function to ask, so a handle that is not ours is nobody's. */
#define KMT_CORE( name, type ) \
    NTSTATUS native_##name( void *params, uintptr_t second ) __asm__( "D3DKMT" #name ); \
    NTSTATUS native_##name( void *params, uintptr_t second ) \
    { \
        kmt_two_arguments two = { params, second }; \
        NTSTATUS status = kmt_##name( KMT_HAS_TWO_ARGUMENTS( function_##name ) ? (void *)&two : params ); \
        return __builtin_expect( status == KMT_STATUS_STOCK, 0 ) ? STATUS_INVALID_PARAMETER : status; \
    }

/* thread: there is no display that could be named, and no window; the answers are those for one that does not exist. */
#define KMT_THREAD( name, type ) \
    NTSTATUS native_##name( void *params ) __asm__( "D3DKMT" #name ); \
    NTSTATUS native_##name( void *params ) \
    { \
        if (function_##name == function_WaitForVerticalBlankEvent2) return wait_for_vertical_blank_2( params ); \
        if (function_##name == function_GetDWMVerticalBlankEvent) return get_vertical_blank_event( params ); \
        return strcmp( #name, "OpenAdapterFromGdiDisplayName" ) ? STATUS_INVALID_PARAMETER : STATUS_UNSUCCESSFUL; \
    }

/* stock, refuse: the caller cleans up the arguments, so their number does not matter; no more than the first is looked at. */
#define KMT_REFUSE( name, status ) \
    NTSTATUS native_##name( const void *argument ) __asm__( "D3DKMT" #name ); \
    NTSTATUS native_##name( const void *argument ) \
    { \
        static char refused; \
        return refuse( function_##name, #name, &refused, argument ); \
    }
#define KMT_STOCK( name, status )  KMT_REFUSE( name, status )

#include "kmt_functions.h"
