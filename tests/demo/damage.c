/*
 * Functions that lie to kmtdemo, for tests/demo/wrong*.sh
 *
 * The linker puts them in place of the ones named (--wrap). KMTDEMO_DAMAGE says which lie is told; without it there is none.
 * A lie whose name begins with "second-" is told to the second program of part 2 only, the others to the first only.
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
#include <unistd.h>
#include "windef.h"
#include "ntstatus.h"
#include "ddk/d3dkmthk.h"

NTSTATUS __real_D3DKMTReclaimAllocations2( D3DKMT_RECLAIMALLOCATIONS2 *params );
NTSTATUS __wrap_D3DKMTReclaimAllocations2( D3DKMT_RECLAIMALLOCATIONS2 *params );
NTSTATUS __real_D3DKMTCreateAllocation2( D3DKMT_CREATEALLOCATION *params );
NTSTATUS __wrap_D3DKMTCreateAllocation2( D3DKMT_CREATEALLOCATION *params );
NTSTATUS __real_D3DKMTQueryVideoMemoryInfo( D3DKMT_QUERYVIDEOMEMORYINFO *params );
NTSTATUS __wrap_D3DKMTQueryVideoMemoryInfo( D3DKMT_QUERYVIDEOMEMORYINFO *params );

NTSTATUS __real_D3DKMTLock2( D3DKMT_LOCK2 *params );
NTSTATUS __wrap_D3DKMTLock2( D3DKMT_LOCK2 *params );
NTSTATUS __real_D3DKMTQueryAllocationResidency( const D3DKMT_QUERYALLOCATIONRESIDENCY *params );
NTSTATUS __wrap_D3DKMTQueryAllocationResidency( const D3DKMT_QUERYALLOCATIONRESIDENCY *params );
NTSTATUS __real_D3DKMTMakeResident( D3DDDI_MAKERESIDENT *params );
NTSTATUS __wrap_D3DKMTMakeResident( D3DDDI_MAKERESIDENT *params );
NTSTATUS __real_D3DKMTEnumAdapters2( D3DKMT_ENUMADAPTERS2 *params );
NTSTATUS __wrap_D3DKMTEnumAdapters2( D3DKMT_ENUMADAPTERS2 *params );

static D3DKMT_HANDLE last_device;
static unsigned int  created;
static int           held;      /* MakeResident was called */

/* Whether this is the second program: the argument after the name says so. */
static int is_second(void)
{
    static int second = -1;
    char line[256] = "";
    FILE *file;
    size_t length;

    if (second >= 0) return second;
    if (!(file = fopen( "/proc/self/cmdline", "r" ))) abort();
    length = fread( line, 1, sizeof(line) - 1, file );
    fclose( file );
    second = strlen( line ) + 1 < length && !strcmp( line + strlen( line ) + 1, "--second" );
    return second;
}

static int lie_is( const char *name )
{
    const char *lie = getenv( "KMTDEMO_DAMAGE" );

    int second = !strncmp( name, "second-", 7 );

    return lie && !strcmp( lie, name ) && second == is_second();
}

/* Changes a bit in the last page of an allocation of at least 8 KiB. */
static void damage( D3DKMT_HANDLE allocation )
{
    D3DKMT_LOCK2 lock = { .hDevice = last_device, .hAllocation = allocation };
    D3DKMT_UNLOCK2 unlock = { .hDevice = last_device, .hAllocation = allocation };

    if (__real_D3DKMTLock2( &lock )) abort();
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
    if (lie_is( "second-refused" ) && created) return STATUS_GRAPHICS_NO_VIDEO_MEMORY;
    if (lie_is( "second-dies" ) && created) _exit( 3 );
    if (lie_is( "mismatch" )) return STATUS_GRAPHICS_DRIVER_MISMATCH;
    if (lie_is( "refuse" ) && created > 100) return STATUS_GRAPHICS_NO_VIDEO_MEMORY;
    if (!(status = __real_D3DKMTCreateAllocation2( params ))) created++;
    return status;
}

NTSTATUS __wrap_D3DKMTQueryVideoMemoryInfo( D3DKMT_QUERYVIDEOMEMORYINFO *params )
{
    NTSTATUS status = __real_D3DKMTQueryVideoMemoryInfo( params );

    if (lie_is( "usage" ) && params->CurrentUsage > params->Budget / 8 * 7) params->CurrentUsage = params->Budget + 1;
    if (lie_is( "second-usage" ) && params->CurrentUsage) params->CurrentUsage += params->Budget;
    if (lie_is( "second-leak" ) && created > 1 && !params->CurrentUsage) params->CurrentUsage = 4096;
    if (lie_is( "budget" ) && created > 100) params->Budget += params->Budget / 16;
    if (lie_is( "leak" ) && created > 100 && !params->CurrentUsage) params->CurrentUsage = 4096;
    return status;
}

NTSTATUS __wrap_D3DKMTLock2( D3DKMT_LOCK2 *params )
{
    NTSTATUS status = __real_D3DKMTLock2( params );
    static D3DKMT_HANDLE first;
    static unsigned int count;

    count++;
    if (status) return status;
    /* "paged": one bit of one of the many that part 3 reads; "second-content": of what the second program locks twice. */
    if (lie_is( "paged" ) && created > 100 && count == 3 * created / 2) ((char *)params->pData)[0xff8] ^= 1;
    if (lie_is( "second-content" ) && params->hAllocation == first) ((char *)params->pData)[0xff8] ^= 1;
    if (!first) first = params->hAllocation;
    return status;
}

NTSTATUS __wrap_D3DKMTQueryAllocationResidency( const D3DKMT_QUERYALLOCATIONRESIDENCY *params )
{
    NTSTATUS status = __real_D3DKMTQueryAllocationResidency( params );
    UINT i;

    if (status) return status;
    for (i = 0; i < params->AllocationCount; i++)
    {
        if (lie_is( "resident" )) params->pResidencyStatus[i] = D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINGPUMEMORY;
        if (lie_is( "nonsense" )) params->pResidencyStatus[i] = 77;
    }
    if (lie_is( "recent" ) && !held && params->AllocationCount > 1)
        params->pResidencyStatus[0] = D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINGPUMEMORY;
    if (lie_is( "held" ) && held && params->AllocationCount > 1)
        params->pResidencyStatus[0] = D3DKMT_ALLOCATIONRESIDENCYSTATUS_NOTRESIDENT;
    return status;
}

NTSTATUS __wrap_D3DKMTMakeResident( D3DDDI_MAKERESIDENT *params )
{
    held = 1;
    if (lie_is( "over" )) return STATUS_NO_MEMORY;
    return __real_D3DKMTMakeResident( params );
}

NTSTATUS __wrap_D3DKMTEnumAdapters2( D3DKMT_ENUMADAPTERS2 *params )
{
    NTSTATUS status = __real_D3DKMTEnumAdapters2( params );
    UINT i;

    if (lie_is( "second-adapter" ) && !status && params->pAdapters)
        for (i = 0; i < params->NumAdapters; i++) params->pAdapters[i].AdapterLuid.LowPart ^= 1;
    return status;
}
