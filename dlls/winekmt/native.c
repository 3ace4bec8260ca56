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
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/kmt.h"
#include "os/os.h"

static NTSTATUS refuse( const char *name, char *refused, NTSTATUS status )
{
    if (!__atomic_exchange_n( refused, 1, __ATOMIC_RELAXED )) ERR( "D3DKMT%s is not implemented", name );
    return status;
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

#define kmt_RegisterTrimNotification             register_trim_notification
#define kmt_WaitForSynchronizationObjectFromCpu  wait_from_cpu

/* core: there is no stock function to ask, so a handle that is not ours is nobody's. */
#define KMT_CORE( name, type ) \
    NTSTATUS native_##name( void *params ) __asm__( "D3DKMT" #name ); \
    NTSTATUS native_##name( void *params ) \
    { \
        NTSTATUS status = kmt_##name( params ); \
        return __builtin_expect( status == KMT_STATUS_STOCK, 0 ) ? STATUS_INVALID_PARAMETER : status; \
    }

/* thread: there is no display that could be named; the answers are those for one that does not exist. */
#define KMT_THREAD( name, type ) \
    NTSTATUS native_##name( void ) __asm__( "D3DKMT" #name ); \
    NTSTATUS native_##name( void ) \
    { \
        return strcmp( #name, "OpenAdapterFromGdiDisplayName" ) ? STATUS_INVALID_PARAMETER : STATUS_UNSUCCESSFUL; \
    }

/* stock, refuse: the caller cleans up the arguments, so their number does not matter. CheckExclusiveOwnership returns
 * a BOOLEAN, for which a status would be true. */
#define KMT_REFUSE( name, status ) \
    NTSTATUS native_##name( void ) __asm__( "D3DKMT" #name ); \
    NTSTATUS native_##name( void ) \
    { \
        static char refused; \
        return refuse( #name, &refused, strcmp( #name, "CheckExclusiveOwnership" ) ? (status) : FALSE ); \
    }
#define KMT_STOCK( name, status )  KMT_REFUSE( name, status )

#include "kmt_functions.h"
