/*
 * The public functions that the targets call, from functions.list, and what is done with a call when it is over
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "blocks.h"

bool call_has_written( const struct call *call )
{
    unsigned int i;

    for (i = 0; i < call->count; i++)
        if (memcmp( call->buffers[i].data, call->buffers[i].before, call->buffers[i].size )) return true;
    return false;
}

void call_free( struct call *call )
{
    unsigned int i;

    for (i = 0; i < call->count; i++)
    {
        free( call->buffers[i].data );
        free( call->buffers[i].before );
    }
    call->count = 0;
}

/***********************************************************************
 * The functions: those of the native library, by their names
 */
#define KMT_CORE( name, type )      NTSTATUS called_##name( void *params, uintptr_t second ) __asm__( "D3DKMT" #name ); \
                                    void fuzz_build_##name( struct call *, struct fuzz_cursor *, void * ) __attribute__((weak));
#define KMT_THREAD( name, type )    NTSTATUS called_##name( void *params, uintptr_t second ) __asm__( "D3DKMT" #name );
#define KMT_STOCK( name, status )   NTSTATUS called_##name( void *params, uintptr_t second ) __asm__( "D3DKMT" #name );
#define KMT_REFUSE( name, status )  NTSTATUS called_##name( void *params, uintptr_t second ) __asm__( "D3DKMT" #name );
#include "kmt_functions.h"

/* sizeof(void) of the one function whose argument nobody knows is 1 */
#pragma GCC diagnostic ignored "-Wpointer-arith"

const struct function functions[] =
{
#define KMT_CORE( name, type )      { #name, sizeof(type), fuzz_build_##name, called_##name },
#define KMT_THREAD( name, type )
#define KMT_STOCK( name, status )
#define KMT_REFUSE( name, status )
#include "kmt_functions.h"
};
const unsigned int function_count = sizeof(functions) / sizeof(functions[0]);

const struct refused_function refused_functions[] =
{
#define KMT_CORE( name, type )
#define KMT_THREAD( name, type )    { #name, called_##name },
#define KMT_STOCK( name, status )   { #name, called_##name },
#define KMT_REFUSE( name, status )  { #name, called_##name },
#include "kmt_functions.h"
};
const unsigned int refused_function_count = sizeof(refused_functions) / sizeof(refused_functions[0]);
