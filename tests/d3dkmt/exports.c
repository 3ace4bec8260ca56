/*
 * The 241 names, and what those answer that are not implemented
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define KMT_CORE( name, type )      { "D3DKMT" #name, 'c', 0 },
#define KMT_THREAD( name, type )    { "D3DKMT" #name, 't', 0 },
#define KMT_STOCK( name, status )   { "D3DKMT" #name, 's', status },
#define KMT_REFUSE( name, status )  { "D3DKMT" #name, 'r', status },

static const struct
{
    const char *name;
    char        kind;
    NTSTATUS    status;
}
functions[] =
{
#include "kmt_functions.h"
};

/* Every function has the right number of arguments for this call on x86-64, whatever it takes. */
typedef NTSTATUS (WINAPI *any_function)( void *, void *, void *, void *, void * );

#ifdef _WIN32

static any_function find_function( UINT i )
{
    return (any_function)(void *)GetProcAddress( GetModuleHandleA( "gdi32.dll" ), functions[i].name );
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

static any_function find_function( UINT i )
{
    static const any_function all[] =
    {
#include "kmt_functions.h"
    };

    return all[i];
}

#endif

START_TEST(exports)
{
    UINT i, found = 0;
    char buffer[1024], before[1024];

    ok( ARRAY_SIZE( functions ) == 241, "%u functions\n", (UINT)ARRAY_SIZE( functions ) );
    FILL( before );
    for (i = 0; i < ARRAY_SIZE( functions ); i++)
    {
        any_function function = find_function( i );
        BOOL again;

        winetest_push_context( "%s", functions[i].name );
        ok( function != NULL, "missing\n" );
        found += function != NULL;
        /* Windows implements them all, and stock Wine's own are not ours to test */
        if (function && functions[i].kind == 'r' && winetest_platform_is_wine)
            for (again = FALSE; again <= TRUE; again++)
            {
                NTSTATUS status;

                FILL( buffer );
                status = function( again ? buffer : NULL, NULL, NULL, NULL, NULL );
                if (!strcmp( functions[i].name, "D3DKMTCheckExclusiveOwnership" )) /* a BOOLEAN */
                    ok( !(BYTE)status, "returned %#x\n", (UINT)status );
                else
                    ok( status == functions[i].status, "status %#x, expected %#x\n", (UINT)status, (UINT)functions[i].status );
                check_bytes( "argument", buffer, before, sizeof(buffer) );
            }
        winetest_pop_context();
    }
    ok( found == 241, "%u functions found\n", found );
}
