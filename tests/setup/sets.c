/*
 * A Windows program that knows the D3DKMT functions by the API sets only
 *
 *   sets.exe          uses an adapter through a function imported from each set, and compares every name of every set
 *                     with gdi32's
 *   sets.exe names    only the names
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdio.h>
#include <string.h>

#define WIN32_NO_STATUS
#include "windef.h"
#include "winbase.h"
#undef WIN32_NO_STATUS
#include "ntstatus.h"
#include "winternl.h"
#include "ddk/d3dkmthk.h"

#include "setup/names.h"

#define SET_COUNT 7

/* One function from each set is imported (tests/setup/module.mk says which); the program does not start when one is missing. */

static int bad;

static void check( const char *what, NTSTATUS status, NTSTATUS want )
{
    if (status == want) return;
    printf( "%s: %08lx, not %08lx\n", what, (unsigned long)status, (unsigned long)want );
    bad++;
}

/* What one function gives, the others and gdi32 take. */
static void use_adapter( HMODULE gdi32 )
{
    NTSTATUS (WINAPI *gdi32_close)( const D3DKMT_CLOSEADAPTER * ) = (void *)GetProcAddress( gdi32, "D3DKMTCloseAdapter" );
    D3DKMT_ADAPTERINFO infos[34];
    D3DKMT_ENUMADAPTERS2 adapters = { .NumAdapters = ARRAYSIZE( infos ), .pAdapters = infos };
    D3DKMT_OPENADAPTERFROMLUID open = { .hAdapter = 0 };
    D3DKMT_QUERYVIDEOMEMORYINFO memory = { .hProcess = NULL };
    D3DKMT_CREATEDEVICE create = { .hAdapter = 0 };
    D3DKMT_OFFERALLOCATIONS offer = { .hDevice = 0 };
    D3DKMT_DESTROYDEVICE destroy;
    D3DKMT_CLOSEADAPTER close;
    unsigned int i;

    check( "EnumAdapters2", D3DKMTEnumAdapters2( &adapters ), STATUS_SUCCESS );
    if (bad || !adapters.NumAdapters)
    {
        printf( "no adapter\n" );
        bad++;
        return;
    }
    open.AdapterLuid = infos[0].AdapterLuid;
    check( "OpenAdapterFromLuid", D3DKMTOpenAdapterFromLuid( &open ), STATUS_SUCCESS );
    memory.hAdapter = infos[0].hAdapter;
    check( "QueryVideoMemoryInfo", D3DKMTQueryVideoMemoryInfo( &memory ), STATUS_SUCCESS );
    create.hAdapter = open.hAdapter;
    check( "CreateDevice", D3DKMTCreateDevice( &create ), STATUS_SUCCESS );
    offer.hDevice = create.hDevice;
    check( "OfferAllocations of nothing", D3DKMTOfferAllocations( &offer ), STATUS_INVALID_PARAMETER );
    destroy.hDevice = create.hDevice;
    check( "DestroyDevice", D3DKMTDestroyDevice( &destroy ), STATUS_SUCCESS );
    close.hAdapter = open.hAdapter;
    check( "CloseAdapter by gdi32", gdi32_close( &close ), STATUS_SUCCESS );
    check( "CloseAdapter again", D3DKMTCloseAdapter( &close ), STATUS_INVALID_PARAMETER );
    for (i = 0; i < adapters.NumAdapters; i++)
    {
        close.hAdapter = infos[i].hAdapter;
        check( "CloseAdapter", D3DKMTCloseAdapter( &close ), STATUS_SUCCESS );
    }
}

static void compare_names( HMODULE gdi32, HMODULE winekmt )
{
    char name[64], path[MAX_PATH];
    FARPROC have, want;
    unsigned int i, j;
    HMODULE set;

    for (i = 0; i < SET_COUNT; i++)
    {
        sprintf( name, "api-ms-win-dx-d3dkmt-l1-1-%u.dll", i );
        if (!(set = LoadLibraryA( name )))
        {
            printf( "%s does not load: error %lu\n", name, GetLastError() );
            bad++;
            continue;
        }
        for (j = 0; j < KMT_NAME_COUNT; j++)
        {
            have = GetProcAddress( set, kmt_names[j] );
            want = GetProcAddress( winekmt, kmt_names[j] );
            if (have && have == want && GetProcAddress( gdi32, kmt_names[j] ) == want) continue;
            printf( "%s: %s is %p, winekmt has %p\n", name, kmt_names[j], (void *)have, (void *)want );
            bad++;
        }
        GetModuleFileNameA( set, path, sizeof(path) );
        printf( "%s is %s\n", name, strrchr( path, '\\' ) + 1 );
    }
}

int main( int argc, char **argv )
{
    HMODULE gdi32 = LoadLibraryA( "gdi32.dll" ), winekmt = LoadLibraryA( "winekmt.dll" );

    if (!gdi32 || !winekmt)
    {
        printf( "gdi32 or winekmt does not load\n" );
        return 1;
    }
    compare_names( gdi32, winekmt );
    if (argc < 2 || strcmp( argv[1], "names" )) use_adapter( gdi32 );
    printf( "%d wrong\n", bad );
    return bad ? 1 : 0;
}
