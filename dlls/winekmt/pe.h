/*
 * Private to the PE half
 *
 * winekmt.dll imports ntdll and kernel32 only: it is loaded in the middle of gdi32's own loading, where nothing else
 * may be relied on, and it has no C runtime.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_PE_H
#define __WINEKMT_PE_H

#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "windef.h"
#include "winbase.h"
#include "winternl.h"
#include "unixlib.h"
#include "core/kmt.h"

/* connect.c: the way to the unix half */

typedef NTSTATUS (WINAPI *unix_dispatcher_t)( UINT64 handle, unsigned int code, void *args );

/* One structure, because the compiler reaches each extern variable through a pointer. The dispatcher is changed once, after
 * the handle: who reads the dispatcher first gets a handle that fits it. */
struct unix_connection
{
    unix_dispatcher_t dispatcher;
    UINT64            handle;
};
extern struct unix_connection unix_half;

/***********************************************************************
 *           unix_call
 *
 * Calls an entry of the unix half. The first call finds that half.
 * STATUS_DLL_NOT_FOUND: there is none. STATUS_REVISION_MISMATCH: there is one, but of another build.
 * STATUS_ACCESS_VIOLATION: it touched memory that is not there.
 * Cost: a few loads and an indirect call above Wine's own cost of a unix call (6 to 9 ns).
 */
static inline NTSTATUS unix_call( enum unix_code code, void *args )
{
    unix_dispatcher_t dispatcher = __atomic_load_n( &unix_half.dispatcher, __ATOMIC_ACQUIRE );

    return dispatcher( unix_half.handle, code, args );
}

/***********************************************************************
 *           copy_memory
 *
 * Copies from or to the program's memory. STATUS_ACCESS_VIOLATION when that is not there, else as unix_call.
 */
static inline NTSTATUS copy_memory( void *dst, const void *src, SIZE_T size )
{
    struct unix_copy_params params = { dst, src, size };

    return unix_call( unix_copy, &params );
}

/* Remembers the module. Called once, from DllMain. */
void connect_init( HINSTANCE instance );

/* One line on the standard error, "winekmt: " before it and a line feed behind it, unless WINEKMT_DEBUG is "none". */
void log_line( const char *format, ... ) __attribute__((format (gnu_printf, 1, 2)));

/* notify.c: functions that end on a thread of ours. The parameters are those of the D3DKMT functions of the same names. */
NTSTATUS register_trim_notification( void *params );
NTSTATUS wait_from_cpu( void *params );

/* display_timing.c: calls an entry that may answer KMT_STATUS_DISPLAYS. Then it finds out what displays there are, tells core, and calls
 * again. Cost: at most once a second some system calls of user32; none where the program does not use user32. */
NTSTATUS call_with_displays( enum unix_code code, void *params );
/* The same for a call that has just answered KMT_STATUS_DISPLAYS. */
NTSTATUS call_after_looking( enum unix_code code, void *params );

/* stock.c: the stock gdi32 */

/***********************************************************************
 *           get_stock_function
 *
 * The stock gdi32's function of that name, NULL when it has none or when there is no stock gdi32 under its new name.
 * Cost: a load, but for the first call.
 */
void *get_stock_function( enum kmt_function function );

/* Any other function of the stock gdi32; not remembered. */
void *get_stock_proc( const char *name );

/***********************************************************************
 *           refuse
 *
 * Answers for what is not implemented, and says so in the log the first time. argument: the first of the call.
 * The statuses of kmt_refuse, and those of unix_call. KMT_STATUS_STOCK only when the stock gdi32 has the function.
 */
NTSTATUS refuse( enum kmt_function function, const void *argument );

#endif /* __WINEKMT_PE_H */
