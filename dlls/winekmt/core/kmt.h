/*
 * The entry points of core: one a function of kind "core" in functions.list
 *
 * Each takes the parameter block of the D3DKMT function of its name, in the caller's address space, and returns its
 * status. The caller's memory is read before and written after the work, never while a lock is held, so that a fault in it
 * leaves nothing locked and nothing lost. Every function is safe to call from any Windows thread (native: any thread).
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_KMT_H
#define __WINEKMT_KMT_H

#include <stdint.h>

#include "windef.h"
#include "ntstatus.h"
#include "ddk/d3dkmthk.h"

/* Private answer of every entry point: the handle (or LUID) is not ours but may be one of stock Wine's; the PE half asks
 * the stock function of the same name instead. Never seen by a program. */
#define KMT_STATUS_STOCK  ((NTSTATUS)0xe057c0ce)

/* What a function of two arguments passes on: Get- and SetProcessSchedulingPriorityClass. */
typedef struct
{
    void     *first;
    uintptr_t second;
} kmt_two_arguments;

#define KMT_CORE( name, type )  NTSTATUS kmt_##name( type *params );
#define KMT_THREAD( name, type )
#define KMT_STOCK( name, status )
#define KMT_REFUSE( name, status )
#include "kmt_functions.h"

/* Every function of functions.list, in its order. */
enum kmt_function
{
#define KMT_CORE( name, type )      function_##name,
#define KMT_THREAD( name, type )    function_##name,
#define KMT_STOCK( name, status )   function_##name,
#define KMT_REFUSE( name, status )  function_##name,
#include "kmt_functions.h"
    kmt_function_count
};

/* Whether a function's argument is a kmt_two_arguments. */
#define KMT_HAS_TWO_ARGUMENTS( function ) \
    ((function) == function_GetProcessSchedulingPriorityClass || (function) == function_SetProcessSchedulingPriorityClass)

/* A call of a function that is not implemented. */
struct kmt_refusal
{
    UINT        function;   /* enum kmt_function */
    const void *argument;   /* the first, as it came: nearly always the parameter block */
};

/***********************************************************************
 *           kmt_refuse
 *
 * Answers for a function of the kinds stock and refuse. What the block names is looked at as the function itself would, so that a
 * mistake of the program's is told from something that is not implemented. The program's memory is only read.
 *
 * The status of the row in functions.list: what the call names exists.
 * STATUS_INVALID_PARAMETER: NULL, or something that does not exist. STATUS_INVALID_HANDLE: an NT handle or a process that does not.
 * STATUS_DEVICE_REMOVED: the GPU was lost. STATUS_NO_MEMORY, STATUS_ACCESS_DENIED: the LUID or the process could not be looked up.
 * KMT_STATUS_STOCK: it names something of stock Wine's.
 *
 * Cost: one lock. A LUID costs as much as OpenAdapterFromLuid, a process handle as os_check_process.
 * Source: DDI pages of the functions and structures; what Windows was seen to answer (tests/d3dkmt/refused.c).
 */
NTSTATUS kmt_refuse( const struct kmt_refusal *refusal );

/* What the program is to be told. The unix half of Wine has no way to run its code, so threads of the front end do: one for each kind,
 * since a callback may wait for an event. */
enum kmt_notification_kind
{
    KMT_NOTIFY_TRIM,        /* callback is to be called with trim */
    KMT_NOTIFY_EVENT,       /* event is to be set, and closed */
    KMT_NOTIFICATION_KINDS
};

struct kmt_notification
{
    enum kmt_notification_kind kind;    /* what is asked for */
    PFND3DKMT_TRIMNOTIFICATIONCALLBACK callback;
    D3DKMT_TRIMNOTIFICATION trim;
    HANDLE event;
};

/***********************************************************************
 *           kmt_next_notification
 *
 * Waits for the next notification of a kind. For one thread a kind, of the front end, that does nothing but call this and do what it says; the
 * next call tells that the last one is done. The front end starts it before it calls RegisterTrimNotification, or
 * WaitForSynchronizationObjectFromCpu with an event. That event is the front end's: a handle that nobody else closes.
 * STATUS_SUCCESS. STATUS_UNSUCCESSFUL: kmt_end_notifications was called; the thread is to end.
 */
NTSTATUS kmt_next_notification( struct kmt_notification *notification );

/* There will be no more notifications: for a front end that wants to join its thread. */
void kmt_end_notifications( void );

/***********************************************************************
 *           kmt_shutdown
 *
 * Destroys every object, ends the worker and drops the Vulkan instance. For native programs that look for leaks; no
 * other call may be running, and none may follow but new opens.
 */
void kmt_shutdown( void );

#endif /* __WINEKMT_KMT_H */
