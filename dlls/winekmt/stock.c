/*
 * The stock gdi32, and what neither it nor winekmt can do
 *
 * winekmt-setup gives Wine's own gdi32 another name in the prefix; the drop-in imports it, so it is loaded wherever
 * the drop-in is. Its exports never lead back here.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "pe.h"

static const char *const function_names[kmt_function_count] =
{
#define KMT_CORE( name, type )      "D3DKMT" #name,
#define KMT_THREAD( name, type )    "D3DKMT" #name,
#define KMT_STOCK( name, status )   "D3DKMT" #name,
#define KMT_REFUSE( name, status )  "D3DKMT" #name,
#include "kmt_functions.h"
};

/* What was found, by any thread: NULL not looked for yet, missing: the stock gdi32 has none. Two threads that look at once
 * find the same. */
static void *stock_functions[kmt_function_count];
static char  missing;

static LONG refused[(kmt_function_count + 31) / 32]; /* a bit each: said so in the log */

void *get_stock_proc( const char *name )
{
    static HMODULE stock;   /* never freed: functions of it are remembered */
    HMODULE module = __atomic_load_n( &stock, __ATOMIC_ACQUIRE );

    if (!module)
    {
        if (!(module = LoadLibraryW( L"winekmt_gdi32.dll" ))) return NULL;
        __atomic_store_n( &stock, module, __ATOMIC_RELEASE );
    }
    return (void *)GetProcAddress( module, name );
}

void *get_stock_function( enum kmt_function function )
{
    void *ptr = __atomic_load_n( &stock_functions[function], __ATOMIC_ACQUIRE );

    if (!ptr)
    {
        if (!(ptr = get_stock_proc( function_names[function] ))) ptr = &missing;
        __atomic_store_n( &stock_functions[function], ptr, __ATOMIC_RELEASE );
    }
    return ptr == &missing ? NULL : ptr;
}

NTSTATUS refuse( enum kmt_function function, const void *argument )
{
    struct kmt_refusal refusal = { function, argument };
    LONG bit = 1u << function % 32, *word = &refused[function / 32];
    NTSTATUS status = unix_call( unix_refuse, &refusal );

    /* Success: there was nothing to do. CheckExclusiveOwnership answers no, which is a success by its number. */
    if (!status && function != function_CheckExclusiveOwnership) return status;
    if (status == KMT_STATUS_STOCK)
    {
        if (get_stock_function( function )) return status;
        status = STATUS_INVALID_PARAMETER;
    }
    if (!(__atomic_load_n( word, __ATOMIC_RELAXED ) & bit) && !(__atomic_fetch_or( word, bit, __ATOMIC_RELAXED ) & bit))
        log_line( "%s is not implemented", function_names[function] );
    return status;
}
