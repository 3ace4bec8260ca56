/*
 * What the programs of tests/clients share
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "client.h"

int failures;

/* Says what went wrong and goes on. */
void fail( const char *format, ... )
{
    va_list args;

    failures++;
    printf( "FAIL " );
    va_start( args, format );
    vprintf( format, args );
    va_end( args );
    printf( "\n" );
    fflush( stdout );
}

/* FNV-1a, to compare what was rendered. */
uint64_t checksum( const void *data, size_t size )
{
    const unsigned char *p = data;
    uint64_t hash = 0xcbf29ce484222325ull;

    while (size--) hash = (hash ^ *p++) * 0x100000001b3ull;
    return hash;
}

/***********************************************************************
 * describe_luid
 *
 * Opens the adapter of a LUID that another interface gave, and says as "kmt" lines what it is: its name, and how much of
 * the local memory group the process may use. name: what that interface called the GPU, for comparison, or NULL. Returns
 * that budget in bytes, 0 when the drop-in is not there.
 */
uint64_t describe_luid( const LUID *luid, const char *name )
{
    NTSTATUS (WINAPI *open)( D3DKMT_OPENADAPTERFROMLUID * );
    NTSTATUS (WINAPI *close)( const D3DKMT_CLOSEADAPTER * );
    NTSTATUS (WINAPI *query)( const D3DKMT_QUERYADAPTERINFO * );
    NTSTATUS (WINAPI *memory)( D3DKMT_QUERYVIDEOMEMORYINFO * );
    HMODULE gdi32 = LoadLibraryA( "gdi32.dll" );
    D3DKMT_OPENADAPTERFROMLUID adapter = { .AdapterLuid = *luid };
    D3DKMT_ADAPTERREGISTRYINFO info;
    D3DKMT_QUERYADAPTERINFO params;
    D3DKMT_QUERYVIDEOMEMORYINFO video = { 0 };
    D3DKMT_CLOSEADAPTER close_params;
    char text[4 * MAX_PATH] = "";
    NTSTATUS status;

    open = (void *)GetProcAddress( gdi32, "D3DKMTOpenAdapterFromLuid" );
    close = (void *)GetProcAddress( gdi32, "D3DKMTCloseAdapter" );
    query = (void *)GetProcAddress( gdi32, "D3DKMTQueryAdapterInfo" );
    memory = (void *)GetProcAddress( gdi32, "D3DKMTQueryVideoMemoryInfo" );
    if (!open || !close || !query || !memory)
    {
        printf( "kmt functions: some are missing\n" );
        return 0;
    }
    if ((status = open( &adapter )))
    {
        printf( "kmt open: %08lx\n", (unsigned long)status );
        return 0;
    }
    printf( "kmt open: 0\n" );
    memset( &info, 0, sizeof(info) );
    params.hAdapter = adapter.hAdapter;
    params.Type = KMTQAITYPE_ADAPTERREGISTRYINFO;
    params.pPrivateDriverData = &info;
    params.PrivateDriverDataSize = sizeof(info);
    if (!(status = query( &params )))
        WideCharToMultiByte( CP_UTF8, 0, info.AdapterString, -1, text, sizeof(text) - 1, NULL, NULL );
    printf( "kmt name: %s, status %08lx\n", text, (unsigned long)status );
    if (name) printf( "kmt same name: %s\n", !strcmp( text, name ) ? "yes" : "no" );
    video.hAdapter = adapter.hAdapter;
    status = memory( &video );
    printf( "kmt memory: status %08lx, budget %s\n", (unsigned long)status, video.Budget ? "above 0" : "0" );
    printf( "note memory: budget %llu, usage %llu\n", (unsigned long long)video.Budget, (unsigned long long)video.CurrentUsage );
    close_params.hAdapter = adapter.hAdapter;
    if ((status = close( &close_params ))) fail( "closing the adapter: %08lx", (unsigned long)status );
    return video.Budget;
}
