/*
 * Without a Vulkan device, driver or loader; and that Vulkan is not started for nothing
 *
 * novulkan runs where the runner has hidden Vulkan and set WINEKMT_TEST_NO_VULKAN. lazy must be alone in its process:
 * it runs only when it is named on the command line.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

START_TEST(novulkan)
{
    D3DKMT_OPENADAPTERFROMLUID open;
    D3DKMT_ADAPTERINFO infos[4];
    D3DKMT_ENUMADAPTERS2 enum2;
    D3DKMT_ENUMADAPTERS enum1;
    D3DKMT_CREATEDEVICE create;
    UINT i;

    if (!getenv( "WINEKMT_TEST_NO_VULKAN" ))
    {
        skip( "Vulkan is there\n" );
        return;
    }
    for (i = 0; i < 3; i++) /* each call tries again */
    {
        FILL( infos );
        enum2.NumAdapters = ARRAY_SIZE( infos );
        enum2.pAdapters = infos;
        kmt_writes( EnumAdapters2, &enum2, expected_->NumAdapters = 0 );
        ok( infos[0].hAdapter == SENTINEL32, "an adapter was written\n" );
        enum2.NumAdapters = 0;
        check_status( pD3DKMTEnumAdapters2( &enum2 ), STATUS_SUCCESS );
        enum2.pAdapters = NULL;
        kmt_writes( EnumAdapters2, &enum2, expected_->NumAdapters = params_->NumAdapters );
        ok( enum2.NumAdapters == 34, "NumAdapters %u\n", (UINT)enum2.NumAdapters );
        FILL( enum1 );
        kmt_writes( EnumAdapters, &enum1, expected_->NumAdapters = 0 );
        FILL( open );
        memset( &open.AdapterLuid, 0, sizeof(open.AdapterLuid) );
        open.AdapterLuid.LowPart = 0x12345 + i;
        kmt_fails( OpenAdapterFromLuid, &open, STATUS_INVALID_PARAMETER );
        memset( &create, 0, sizeof(create) );
        create.hAdapter = 0x80000040;
        kmt_fails( CreateDevice, &create, STATUS_INVALID_PARAMETER );
    }
}

#ifdef _WIN32

/* Of a Windows program the runner finds out, with the help of LD_DEBUG: files are opened by the server here, whose
 * /proc/self is its own. */
static BOOL is_mapped( const char *name )
{
    (void)name;
    return FALSE;
}

#else

static BOOL is_mapped( const char *name )
{
    FILE *maps = fopen( "/proc/self/maps", "r" );
    BOOL found = FALSE;
    char line[1024];

    ok( maps != NULL, "no /proc/self/maps\n" );
    if (!maps) return FALSE;
    while (fgets( line, sizeof(line), maps )) if (strstr( line, name )) found = TRUE;
    fclose( maps );
    return found;
}

#endif

START_TEST(lazy)
{
    D3DKMT_CLOSEADAPTER close;
    char **argv;

    if (winetest_get_mainargs( &argv ) < 2)
    {
        skip( "name it on the command line\n" );
        return;
    }
    if (getenv( "WINEKMT_FAKE_GPU" ))
    {
        skip( "the GPU is not one of Vulkan\n" );
        return;
    }
#ifdef _WIN32
    ok( GetProcAddress( GetModuleHandleA( "gdi32.dll" ), "D3DKMTOfferAllocations" ) != NULL, "no D3DKMTOfferAllocations\n" );
#endif
    ok( !is_mapped( "libvulkan" ), "Vulkan was loaded although nobody asked for it\n" );
    /* calls with nothing in them do not start it either */
    check_status( pD3DKMTEnumAdapters2( NULL ), STATUS_INVALID_PARAMETER );
    close.hAdapter = 0;
    kmt_fails( CloseAdapter, &close, STATUS_INVALID_PARAMETER );
    ok( !is_mapped( "libvulkan" ), "Vulkan was loaded for a call that it is not needed for\n" );

#ifndef _WIN32
    {
        D3DKMT_HANDLE adapter;

        /* so that it is known to have been looked for in the right way */
        if (!open_adapter( &adapter )) return;
        ok( is_mapped( "libvulkan" ), "there is an adapter, but no Vulkan\n" );
        close_adapter( adapter );
    }
#endif
}
