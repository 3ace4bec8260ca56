/*
 * The unix half: the table that the PE half calls
 *
 * Wine finds __wine_unix_call_funcs by its name in winekmt.so, as the bridge does. An entry is called as the System V
 * ABI says, on the stack that Wine keeps for unix code, with the thread's TEB at hand. When it faults, Wine abandons
 * it and the PE half sees the exception's code as the status.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/display.h"
#include "core/kmt.h"
#include "unixlib.h"

typedef NTSTATUS (*unixlib_entry_t)( void *args );
extern const unixlib_entry_t __wine_unix_call_funcs[];

static NTSTATUS attach( void *args )
{
    const struct unix_attach_params *params = args;

    if (params->count != unix_count || params->contract_size != sizeof(unix_contract) ||
        memcmp( params->contract, unix_contract, sizeof(unix_contract) ))
        return STATUS_REVISION_MISMATCH;
    kmt_ask_for_displays();
    return STATUS_SUCCESS;
}

static NTSTATUS copy( void *args )
{
    const struct unix_copy_params *params = args;

    memcpy( params->dst, params->src, params->size );
    return STATUS_SUCCESS;
}

static NTSTATUS copy_string( void *args )
{
    const struct unix_copy_string_params *params = args;
    UINT i;

    for (i = 0; i < params->max; i++)
        if (!(params->dst[i] = params->src[i])) return STATUS_SUCCESS;
    return STATUS_NAME_TOO_LONG;
}

static NTSTATUS next_notification( void *args )
{
    return kmt_next_notification( args );
}

static NTSTATUS set_displays( void *args )
{
    kmt_set_displays( args );
    return STATUS_SUCCESS;
}

static NTSTATUS next_vertical_blank( void *args )
{
    return kmt_next_vertical_blank( args );
}

static NTSTATUS refuse( void *args )
{
    return kmt_refuse( args );
}

/* A jump each, so that no function is called through a pointer of another type. */
#define KMT_CORE( name, type )  static NTSTATUS call_##name( void *args ) { return kmt_##name( args ); }
#define KMT_THREAD( name, type )
#define KMT_STOCK( name, status )
#define KMT_REFUSE( name, status )
#include "kmt_functions.h"

__attribute__((visibility("default"))) const unixlib_entry_t __wine_unix_call_funcs[] =
{
    [unix_attach]      = attach,
    [unix_copy]        = copy,
    [unix_copy_string] = copy_string,
    [unix_next_notification] = next_notification,
    [unix_set_displays] = set_displays,
    [unix_next_vertical_blank] = next_vertical_blank,
    [unix_refuse]      = refuse,
#define KMT_CORE( name, type )  [unix_##name] = call_##name,
#define KMT_THREAD( name, type )
#define KMT_STOCK( name, status )
#define KMT_REFUSE( name, status )
#include "kmt_functions.h"
};
