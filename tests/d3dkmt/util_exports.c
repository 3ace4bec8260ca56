/*
 * The 241 exports, by their names
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define KMT_CORE( name, type )      { "D3DKMT" #name, EXPORT_CORE },
#define KMT_THREAD( name, type )    { "D3DKMT" #name, EXPORT_CORE },
#define KMT_STOCK( name, status )   { "D3DKMT" #name, EXPORT_STOCK },
#define KMT_REFUSE( name, status )  { "D3DKMT" #name, EXPORT_REFUSED },

const struct export exports[] =
{
#include "kmt_functions.h"
};
const UINT export_count = ARRAY_SIZE( exports );

#ifdef _WIN32

any_function find_export( UINT i )
{
    return (any_function)(void *)GetProcAddress( GetModuleHandleA( "gdi32.dll" ), exports[i].name );
}

any_function find_stock_export( UINT i )
{
    HMODULE stock = LoadLibraryA( "winekmt_gdi32.dll" );

    return stock ? (any_function)(void *)GetProcAddress( stock, exports[i].name ) : NULL;
}

#else

/* Declared by their assembler names: the prototypes of the header are all different. */
#define KMT_CORE( name, type )      extern NTSTATUS any_##name( void *, void *, void *, void *, void * ) __asm__( "D3DKMT" #name );
#define KMT_THREAD( name, type )    KMT_CORE( name, type )
#define KMT_STOCK( name, status )   KMT_CORE( name, status )
#define KMT_REFUSE( name, status )  KMT_CORE( name, status )
#include "kmt_functions.h"
#define KMT_CORE( name, type )      any_##name,
#define KMT_THREAD( name, type )    KMT_CORE( name, type )
#define KMT_STOCK( name, status )   KMT_CORE( name, status )
#define KMT_REFUSE( name, status )  KMT_CORE( name, status )

any_function find_export( UINT i )
{
    static const any_function all[] =
    {
#include "kmt_functions.h"
    };

    return all[i];
}

any_function find_stock_export( UINT i )
{
    (void)i;
    return NULL;
}

#endif
