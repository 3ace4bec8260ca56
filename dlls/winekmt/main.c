/*
 * The exports of winekmt.dll
 *
 * One thunk a function of functions.list, except those of kind "thread" (display.c, display_timing.c). The symbols are named behind the
 * compiler's back, because what is passed on untouched needs no type, and the public header's prototypes are typed.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "pe.h"
#include "core/display.h"

/* Set by the first SetVidPnSourceOwner of the process, never cleared. */
static char source_owned;

/***********************************************************************
 *           destroy_device
 *
 * Destroying a device gives up the displays that it owned. Who owns a display is stock Wine's business, which knows
 * our devices by the value of their handles only; no list at all is the documented way to give up everything.
 */
static NTSTATUS destroy_device( void *params )
{
    NTSTATUS (WINAPI *set_owner)( const D3DKMT_SETVIDPNSOURCEOWNER * );
    D3DKMT_SETVIDPNSOURCEOWNER nothing = { .hDevice = 0 };
    NTSTATUS status;

    if (!__atomic_load_n( &source_owned, __ATOMIC_RELAXED )) return unix_call( unix_DestroyDevice, params );

    copy_memory( &nothing.hDevice, params, sizeof(nothing.hDevice) ); /* if it faults, so does the next */
    status = unix_call( unix_DestroyDevice, params );
    if (!status && (set_owner = get_stock_function( function_SetVidPnSourceOwner ))) set_owner( &nothing );
    return status;
}

/***********************************************************************
 *           call_stock
 *
 * The unix half says that the handle is not ours: one of stock Wine's, or nonsense, and the stock function knows which.
 * STATUS_INVALID_PARAMETER: there is no stock function, so there are no such handles either.
 *
 * A LUID is another matter: stock Wine 8.0 and 10.0 open any LUID, and an adapter without a GPU behind it would
 * mislead.
 */
static NTSTATUS __attribute__((noinline)) call_stock( enum kmt_function function, void *params )
{
    NTSTATUS (WINAPI *stock)( void *params );

    if (function == function_OpenAdapterFromLuid) return STATUS_INVALID_PARAMETER;
    stock = get_stock_function( function );
    return stock ? stock( params ) : STATUS_INVALID_PARAMETER;
}

/* core: the unix half answers. */
#define KMT_CORE( name, type ) \
    NTSTATUS WINAPI thunk_##name( void *params, UINT_PTR second ) __asm__( "D3DKMT" #name ); \
    NTSTATUS WINAPI thunk_##name( void *params, UINT_PTR second ) \
    { \
        kmt_two_arguments two = { params, second }; \
        NTSTATUS status; \
        if (KMT_HAS_TWO_ARGUMENTS( function_##name )) params = &two; \
        if (function_##name == function_DestroyDevice) status = destroy_device( params ); \
        else if (function_##name == function_RegisterTrimNotification) status = register_trim_notification( params ); \
        else if (function_##name == function_WaitForSynchronizationObjectFromCpu) status = wait_from_cpu( params ); \
        else status = unix_call( unix_##name, params ); \
        if (__builtin_expect( (status | 1) != (KMT_STATUS_STOCK | 1), 1 )) return status; \
        if (status == KMT_STATUS_DISPLAYS) status = call_after_looking( unix_##name, params ); \
        if (status != KMT_STATUS_STOCK) return status; \
        return call_stock( function_##name, params ); \
    }

#define KMT_THREAD( name, type )

/* stock: passed on by a jump. The most that one of them takes is five arguments of pointer size (ShareObjects); what a
 * function with fewer finds behind its own belongs to its caller's frame and is passed on unread. */
#define KMT_STOCK( name, status ) \
    NTSTATUS WINAPI thunk_##name( UINT_PTR a, UINT_PTR b, UINT_PTR c, UINT_PTR d, UINT_PTR e ) __asm__( "D3DKMT" #name ); \
    NTSTATUS WINAPI thunk_##name( UINT_PTR a, UINT_PTR b, UINT_PTR c, UINT_PTR d, UINT_PTR e ) \
    { \
        NTSTATUS (WINAPI *stock)( UINT_PTR, UINT_PTR, UINT_PTR, UINT_PTR, UINT_PTR ); \
        stock = get_stock_function( function_##name ); \
        if (function_##name == function_SetVidPnSourceOwner) __atomic_store_n( &source_owned, 1, __ATOMIC_RELAXED ); \
        return stock ? stock( a, b, c, d, e ) : refuse( function_##name, (const void *)a ); \
    }

/* refuse: what names an object of stock Wine's is passed on in the same way. A status would be true for CheckExclusiveOwnership,
 * which returns a BOOLEAN and takes nothing. */
#define KMT_REFUSE( name, status ) \
    NTSTATUS WINAPI thunk_##name( UINT_PTR a, UINT_PTR b, UINT_PTR c, UINT_PTR d, UINT_PTR e ) __asm__( "D3DKMT" #name ); \
    NTSTATUS WINAPI thunk_##name( UINT_PTR a, UINT_PTR b, UINT_PTR c, UINT_PTR d, UINT_PTR e ) \
    { \
        NTSTATUS (WINAPI *stock)( UINT_PTR, UINT_PTR, UINT_PTR, UINT_PTR, UINT_PTR ); \
        NTSTATUS answer = refuse( function_##name, (const void *)a ); \
        if (function_##name == function_CheckExclusiveOwnership && answer) return FALSE; \
        if (answer != KMT_STATUS_STOCK) return answer; \
        stock = get_stock_function( function_##name ); \
        return stock( a, b, c, d, e ); \
    }

#ifndef __x86_64__
#error "the thunks rely on the caller cleaning up its arguments"
#endif

#include "kmt_functions.h"

BOOL WINAPI DllMain( HINSTANCE instance, DWORD reason, void *reserved );

BOOL WINAPI DllMain( HINSTANCE instance, DWORD reason, void *reserved )
{
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH)
    {
        DisableThreadLibraryCalls( instance );
        connect_init( instance );
    }
    return TRUE;
}
