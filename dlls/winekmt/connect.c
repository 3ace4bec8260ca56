/*
 * The way from the PE half to the unix half
 *
 * Wine gives a builtin module the table of its unix library as a handle, when winekmt.so lies beside it in a
 * directory of WINEDLLPATH or in Wine's own. In a prefix that knows neither, the bridge finds winekmt.so: an ELF
 * module in system32 that Wine loads under a .dll name. It only hands out the table, which is the handle in all
 * versions of Wine that have __wine_unix_call_dispatcher (8.0 and 10.0 were tried). So there is one way to call, on
 * Wine's own stack for unix code and with faults that come back as a status, whoever found the library.
 *
 * Nothing of this happens before the first call: a program that never calls D3DKMT loads no unix library.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdarg.h>

#include "pe.h"

/* The class that answers with the unix library's handle; not in Windows' header. */
#define MemoryWineUnixFuncs  1000

/* ntdll has these without any C runtime. */
int __cdecl _vsnprintf( char *buffer, size_t size, const char *format, va_list args );

NTSTATUS NTAPI NtQueryVirtualMemory( HANDLE process, const void *address, ULONG class, void *buffer, SIZE_T size,
                                     SIZE_T *ret_size );

typedef const void *(WINAPI *bridge_open_t)( char *error, unsigned int size );

static NTSTATUS WINAPI connect_and_call( UINT64 handle, unsigned int code, void *args );

struct unix_connection unix_half = { .dispatcher = connect_and_call };

static HINSTANCE instance;
static NTSTATUS  connect_status;    /* why there is no unix half */

void connect_init( HINSTANCE module )
{
    instance = module;
}

void log_line( const char *format, ... )
{
    static const char prefix[] = "winekmt: ";
    int (CDECL *output)( const char * );
    char line[1024], level[8];
    va_list args;
    size_t len;
    DWORD n;

    n = GetEnvironmentVariableA( "WINEKMT_DEBUG", level, sizeof(level) );
    if (n == 4 && !lstrcmpiA( level, "none" )) return;

    memcpy( line, prefix, sizeof(prefix) );
    va_start( args, format );
    /* one byte for the line feed; what does not fit is cut off, and then not terminated either */
    _vsnprintf( line + sizeof(prefix) - 1, sizeof(line) - sizeof(prefix) - 1, format, args );
    va_end( args );
    line[sizeof(line) - 2] = 0;
    len = strlen( line );
    line[len] = '\n';
    line[len + 1] = 0;

    output = (void *)GetProcAddress( GetModuleHandleW( L"ntdll.dll" ), "__wine_dbg_output" );
    if (output) output( line );
    else OutputDebugStringA( line );
}

/* Every call ends here when there is no unix half. */
static NTSTATUS WINAPI call_nothing( UINT64 handle, unsigned int code, void *args )
{
    (void)handle;
    (void)code;
    (void)args;
    return connect_status;
}

static NTSTATUS attach( unix_dispatcher_t dispatcher, UINT64 handle )
{
    struct unix_attach_params params = { unix_contract, sizeof(unix_contract), unix_count };

    return dispatcher( handle, unix_attach, &params );
}

/* The unix library that Wine itself has for this module. */
static NTSTATUS open_unixlib( unix_dispatcher_t dispatcher, UINT64 *handle )
{
    NTSTATUS status;

    status = NtQueryVirtualMemory( GetCurrentProcess(), instance, MemoryWineUnixFuncs, handle, sizeof(*handle), NULL );
    if (status) return status;
    if (!*handle) return STATUS_DLL_NOT_FOUND;
    return attach( dispatcher, *handle );
}

/* The unix library that the bridge knows of; error is for the log. */
static NTSTATUS open_bridge( unix_dispatcher_t dispatcher, UINT64 *handle, char *error, unsigned int size )
{
    static const WCHAR name[] = L"\\winekmt_bridge.dll";
    WCHAR path[MAX_PATH + ARRAYSIZE( name )];
    bridge_open_t open;
    HMODULE bridge;
    NTSTATUS status;
    UINT len;

    len = GetSystemDirectoryW( path, MAX_PATH );
    if (!len || len >= MAX_PATH) return STATUS_DLL_NOT_FOUND;
    memcpy( path + len, name, sizeof(name) );
    if (!(bridge = LoadLibraryW( path )))
    {
        lstrcpynA( error, "system32 has no winekmt_bridge.dll that loads", size );
        return STATUS_DLL_NOT_FOUND;
    }
    if (!(open = (bridge_open_t)(void *)GetProcAddress( bridge, "winekmt_bridge_open" )))
    {
        lstrcpynA( error, "winekmt_bridge.dll is not winekmt's", size );
        return STATUS_DLL_NOT_FOUND;
    }
    if (!(*handle = (UINT_PTR)open( error, size ))) return STATUS_DLL_NOT_FOUND;
    if ((status = attach( dispatcher, *handle ))) lstrcpynA( error, "the bridge's winekmt.so is of another build", size );
    return status;
}

/***********************************************************************
 *           connect_and_call
 *
 * The dispatcher of the first call: finds the unix half and puts the real one in its own place. Several threads may
 * come here at once and find the same; there is no lock, because loading the bridge takes the loader's.
 */
static NTSTATUS WINAPI connect_and_call( UINT64 handle, unsigned int code, void *args )
{
    static LONG logged;
    HMODULE ntdll = GetModuleHandleW( L"ntdll.dll" );
    unix_dispatcher_t *dispatcher = (void *)GetProcAddress( ntdll, "__wine_unix_call_dispatcher" );
    NTSTATUS status, bridge_status;
    char error[512] = "";

    if (!dispatcher)
    {
        status = STATUS_DLL_NOT_FOUND;
        if (!InterlockedExchange( &logged, 1 ))
            log_line( "this is not Wine 8.0 or newer; every D3DKMT call of winekmt fails with %08lx", (long)status );
    }
    else if (!(status = open_unixlib( *dispatcher, &handle )) ||
             !(bridge_status = open_bridge( *dispatcher, &handle, error, sizeof(error) )))
    {
        __atomic_store_n( &unix_half.handle, handle, __ATOMIC_RELAXED );
        __atomic_store_n( &unix_half.dispatcher, *dispatcher, __ATOMIC_RELEASE );
        return (*dispatcher)( handle, code, args );
    }
    else
    {
        const char *why = status == STATUS_REVISION_MISMATCH ? "winekmt.so is of another build than winekmt.dll"
                                                             : "there is no winekmt.so in WINEDLLPATH";
        if (status != STATUS_REVISION_MISMATCH && bridge_status != STATUS_REVISION_MISMATCH) status = STATUS_DLL_NOT_FOUND;
        else status = STATUS_REVISION_MISMATCH;
        if (!InterlockedExchange( &logged, 1 ))
            log_line( "%s, and %s; every D3DKMT call of winekmt fails with %08lx", why, error, (long)status );
    }
    connect_status = status;
    InterlockedCompareExchangePointer( (void **)&unix_half.dispatcher, call_nothing, connect_and_call );
    return status;
}
