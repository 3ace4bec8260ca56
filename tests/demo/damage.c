/*
 * Functions that lie to kmtdemo, for tests/demo/wrong.sh
 *
 * The linker puts them in place of the ones named (--wrap). KMTDEMO_DAMAGE says which lie is told, once; without it there is
 * none.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "windef.h"
#include "ntstatus.h"
#include "ddk/d3dkmthk.h"

NTSTATUS __real_D3DKMTReclaimAllocations2( D3DKMT_RECLAIMALLOCATIONS2 *params );
NTSTATUS __wrap_D3DKMTReclaimAllocations2( D3DKMT_RECLAIMALLOCATIONS2 *params );
NTSTATUS __real_D3DKMTCreateAllocation2( D3DKMT_CREATEALLOCATION *params );
NTSTATUS __wrap_D3DKMTCreateAllocation2( D3DKMT_CREATEALLOCATION *params );
NTSTATUS __real_D3DKMTQueryVideoMemoryInfo( D3DKMT_QUERYVIDEOMEMORYINFO *params );
NTSTATUS __wrap_D3DKMTQueryVideoMemoryInfo( D3DKMT_QUERYVIDEOMEMORYINFO *params );

static D3DKMT_HANDLE last_device;
static unsigned int  created;

static int lie_is( const char *name )
{
    const char *lie = getenv( "KMTDEMO_DAMAGE" );

    return lie && !strcmp( lie, name );
}

/* Changes a bit in the last page of an allocation of at least 8 KiB. */
static void damage( D3DKMT_HANDLE allocation )
{
    D3DKMT_LOCK2 lock = { .hDevice = last_device, .hAllocation = allocation };
    D3DKMT_UNLOCK2 unlock = { .hDevice = last_device, .hAllocation = allocation };

    if (D3DKMTLock2( &lock )) abort();
    ((char *)lock.pData)[0x1234] ^= 0x10;
    if (D3DKMTUnlock2( &unlock )) abort();
}

NTSTATUS __wrap_D3DKMTReclaimAllocations2( D3DKMT_RECLAIMALLOCATIONS2 *params )
{
    NTSTATUS status = __real_D3DKMTReclaimAllocations2( params );
    static int done;
    UINT i;

    for (i = 0; !status && !done && i < params->NumAllocations; i++)
    {
        int kept = params->pResults[i] == D3DDDI_RECLAIM_RESULT_OK;

        done = 1;
        if (lie_is( "content" ) && kept) damage( params->HandleList[i] );
        else if (lie_is( "foreign" ) && !kept) damage( params->HandleList[i] );
        else if (lie_is( "kept" ) && !kept) params->pResults[i] = D3DDDI_RECLAIM_RESULT_OK;
        else if (lie_is( "order" ) && kept) params->pResults[i] = D3DDDI_RECLAIM_RESULT_DISCARDED;
        else if (lie_is( "unwritten" )) memset( params->pResults, 0xff, params->NumAllocations * sizeof(*params->pResults) );
        else done = 0;
    }
    return status;
}

NTSTATUS __wrap_D3DKMTCreateAllocation2( D3DKMT_CREATEALLOCATION *params )
{
    NTSTATUS status;

    last_device = params->hDevice;
    if (lie_is( "mismatch" )) return STATUS_GRAPHICS_DRIVER_MISMATCH;
    if (lie_is( "refuse" ) && created > 100) return STATUS_GRAPHICS_NO_VIDEO_MEMORY;
    if (!(status = __real_D3DKMTCreateAllocation2( params ))) created++;
    return status;
}

NTSTATUS __wrap_D3DKMTQueryVideoMemoryInfo( D3DKMT_QUERYVIDEOMEMORYINFO *params )
{
    NTSTATUS status = __real_D3DKMTQueryVideoMemoryInfo( params );

    if (lie_is( "usage" ) && params->CurrentUsage > params->Budget / 8 * 7) params->CurrentUsage = params->Budget + 1;
    if (lie_is( "budget" ) && created > 100) params->Budget += params->Budget / 16;
    if (lie_is( "leak" ) && created > 100 && !params->CurrentUsage) params->CurrentUsage = 4096;
    return status;
}
