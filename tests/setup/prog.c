/*
 * A Windows program for the tests of winekmt-setup
 *
 *   prog exports          gdi32 has every export of the stock module by name and by ordinal, with the same address, but
 *                         for the D3DKMT functions, which are winekmt's, all of them; exit status: number of differences
 *   prog plain            as a program without winekmt would: a device context, a font, user32; 0 when that works
 *   prog late             the same with user32, gdi32 and dbghelp loaded at run time
 *   prog has NAME         whether gdi32 exports NAME (0) or not (1)
 *   prog whose NAME       prints the file name of the module that gdi32's NAME is in
 *   prog exit N           exits with status N
 *   prog sleep            prints a line, then sleeps for a minute
 *   prog args ...         prints its further arguments, one a line, in brackets
 *   prog env NAME         prints an environment variable
 *
 * It is linked with neither user32 nor gdi32.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kmt_names[] =
{
#define KMT_CORE( name, type )      "D3DKMT" #name,
#define KMT_THREAD( name, type )    "D3DKMT" #name,
#define KMT_STOCK( name, status )   "D3DKMT" #name,
#define KMT_REFUSE( name, status )  "D3DKMT" #name,
#include "kmt_functions.h"
};

static HMODULE load( const char *name )
{
    HMODULE module = LoadLibraryA( name );

    if (!module) printf( "%s does not load: error %lu\n", name, GetLastError() );
    return module;
}

static int compare( const char *what, FARPROC have, FARPROC want )
{
    if (have && have == want) return 0;
    printf( "%s: gdi32 has %p, not %p\n", what, (void *)have, (void *)want );
    return 1;
}

static int is_kmt( const char *name )
{
    unsigned int i;

    for (i = 0; i < sizeof(kmt_names) / sizeof(kmt_names[0]); i++) if (!strcmp( kmt_names[i], name )) return 1;
    return 0;
}

static int check_exports( void )
{
    HMODULE gdi32 = load( "gdi32.dll" ), stock = load( "winekmt_gdi32.dll" ), winekmt = load( "winekmt.dll" );
    const IMAGE_EXPORT_DIRECTORY *exports;
    const IMAGE_NT_HEADERS *nt;
    const DWORD *names, *functions;
    const WORD *ordinals;
    const char *name;
    char text[32];
    int bad = 0;
    DWORD i, j, by_name = 0, by_ordinal = 0;

    if (!gdi32 || !stock || !winekmt) return 1;
    if (gdi32 == stock)
    {
        printf( "gdi32 is the stock module itself\n" );
        return 1;
    }
    nt = (const void *)((const char *)stock + ((const IMAGE_DOS_HEADER *)stock)->e_lfanew);
    exports = (const void *)((const char *)stock + nt->OptionalHeader.DataDirectory[0].VirtualAddress);
    names = (const void *)((const char *)stock + exports->AddressOfNames);
    functions = (const void *)((const char *)stock + exports->AddressOfFunctions);
    ordinals = (const void *)((const char *)stock + exports->AddressOfNameOrdinals);
    for (i = 0; i < exports->NumberOfFunctions; i++)
    {
        if (!functions[i]) continue;
        name = NULL;
        for (j = 0; j < exports->NumberOfNames; j++) if (ordinals[j] == i) name = (const char *)stock + names[j];
        sprintf( text, "ordinal %lu", exports->Base + i );
        bad += compare( text, GetProcAddress( gdi32, MAKEINTRESOURCEA( exports->Base + i ) ),
                        name && is_kmt( name ) ? GetProcAddress( winekmt, name )
                                               : GetProcAddress( stock, MAKEINTRESOURCEA( exports->Base + i ) ) );
        by_ordinal++;
    }
    for (j = 0; j < exports->NumberOfNames; j++)
    {
        name = (const char *)stock + names[j];
        if (is_kmt( name )) continue;
        bad += compare( name, GetProcAddress( gdi32, name ), GetProcAddress( stock, name ) );
        by_name++;
    }
    for (i = 0; i < sizeof(kmt_names) / sizeof(kmt_names[0]); i++)
        bad += compare( kmt_names[i], GetProcAddress( gdi32, kmt_names[i] ), GetProcAddress( winekmt, kmt_names[i] ) );
    printf( "%lu ordinals, %lu names, %u D3DKMT names, %d wrong\n", by_ordinal, by_name,
            (unsigned int)(sizeof(kmt_names) / sizeof(kmt_names[0])), bad );
    return bad ? 1 : 0;
}

static int use_gdi( int late )
{
    HDC (WINAPI *create_dc)( HDC );
    BOOL (WINAPI *delete_dc)( HDC );
    BOOL (WINAPI *get_metrics)( HDC, TEXTMETRICA * );
    int (WINAPI *system_metrics)( int );
    HMODULE user32, gdi32;
    TEXTMETRICA metrics;
    HDC dc;

    if (late && !load( "dbghelp.dll" )) return 1;
    if (!(user32 = load( "user32.dll" )) || !(gdi32 = load( "gdi32.dll" ))) return 1;
    create_dc = (void *)GetProcAddress( gdi32, "CreateCompatibleDC" );
    delete_dc = (void *)GetProcAddress( gdi32, "DeleteDC" );
    get_metrics = (void *)GetProcAddress( gdi32, "GetTextMetricsA" );
    system_metrics = (void *)GetProcAddress( user32, "GetSystemMetrics" );
    if (!create_dc || !delete_dc || !get_metrics || !system_metrics)
    {
        printf( "an ordinary function is missing\n" );
        return 1;
    }
    if (!(dc = create_dc( NULL )) || !get_metrics( dc, &metrics ) || !delete_dc( dc ) || !system_metrics( SM_CXSCREEN ))
    {
        printf( "gdi32 or user32 does not work\n" );
        return 1;
    }
    return 0;
}

static int whose( const char *name )
{
    char path[MAX_PATH] = "";
    HMODULE gdi32 = load( "gdi32.dll" ), owner;
    FARPROC proc = gdi32 ? GetProcAddress( gdi32, name ) : NULL;

    if (!proc || !GetModuleHandleExA( GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                      (const char *)proc, &owner )) return 1;
    GetModuleFileNameA( owner, path, sizeof(path) );
    printf( "%s\n", strrchr( path, '\\' ) ? strrchr( path, '\\' ) + 1 : path );
    return 0;
}

int main( int argc, char **argv )
{
    const char *command = argc > 1 ? argv[1] : "";
    int i;

    if (!strcmp( command, "exports" )) return check_exports();
    if (!strcmp( command, "plain" )) return use_gdi( 0 );
    if (!strcmp( command, "late" )) return use_gdi( 1 );
    if (!strcmp( command, "has" ) && argc > 2) return GetProcAddress( load( "gdi32.dll" ), argv[2] ) ? 0 : 1;
    if (!strcmp( command, "whose" ) && argc > 2) return whose( argv[2] );
    if (!strcmp( command, "exit" ) && argc > 2) return atoi( argv[2] );
    if (!strcmp( command, "args" )) for (i = 2; i < argc; i++) printf( "[%s]\n", argv[i] );
    if (!strcmp( command, "env" ) && argc > 2) printf( "%s\n", getenv( argv[2] ) ? getenv( argv[2] ) : "-" );
    if (!strcmp( command, "sleep" ))
    {
        printf( "sleeping\n" );
        fflush( stdout );
        Sleep( 60000 );
    }
    return 0;
}
