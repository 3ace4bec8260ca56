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

#include <string.h>

#include "core/kmt.h"
#include "os/os.h"

static NTSTATUS refuse( const char *name, char *refused, NTSTATUS status )
{
    if (!__atomic_exchange_n( refused, 1, __ATOMIC_RELAXED )) ERR( "D3DKMT%s is not implemented", name );
    return status;
}

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
