/*
 * What a process could give up: the functions with which Windows shrinks programs in the background
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/vidmm.h"

/* Both structures begin with their own size. A larger one is of a later header. */
static NTSTATUS check_commitment_call( uint32_t size, uint32_t least, HANDLE process, uint32_t access )
{
    NTSTATUS status;
    bool self;

    if (size < least) return STATUS_INVALID_PARAMETER;
    if ((status = os_check_process( process, access, &self ))) return status;
    return self ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

/***********************************************************************
 *           kmt_QueryProcessOfferInfo
 *
 * Tells how much a process has offered with AllowDecommit and not yet lost.
 *
 * params->cbSize: of the structure.  hProcess: NULL and the pseudo handle are the caller; another process needs
 * PROCESS_QUERY_INFORMATION.
 * STATUS_SUCCESS: DecommittableBytes, over all adapters; DecommitUniqueness, another value whenever it may have changed.
 * STATUS_INVALID_PARAMETER: NULL, too small a cbSize.  STATUS_NOT_SUPPORTED: another process.
 * STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED: the process.
 *
 * Cost: one lock.  Source: DDI page of D3DKMTQueryProcessOfferInfo; order of the checks: facts/d3dkmt.md 2.5.
 */
NTSTATUS kmt_QueryProcessOfferInfo( D3DKMT_QUERYPROCESSOFFERINFO *params )
{
    D3DKMT_QUERYPROCESSOFFERINFO args;
    struct vidmm *vidmm = NULL;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    if ((status = check_commitment_call( args.cbSize, sizeof(args), args.hProcess, OS_PROCESS_QUERY_INFORMATION ))) return status;

    args.DecommitUniqueness = args.DecommittableBytes = 0;
    kmt_lock();
    while ((vidmm = next_vidmm_locked( vidmm )))
    {
        args.DecommitUniqueness += vidmm->decommit_changes;
        args.DecommittableBytes += vidmm->decommittable_bytes;
    }
    kmt_unlock();
    params->DecommitUniqueness = args.DecommitUniqueness;
    params->DecommittableBytes = args.DecommittableBytes;
    return STATUS_SUCCESS;
}

/* Decommits what is offered with AllowDecommit on one manager, LOW before NORMAL before HIGH, the longest offered first, until
 * that many bytes are reached. The lock may be dropped. */
static uint64_t decommit_locked( struct vidmm *vidmm, uint64_t requested )
{
    struct list *cursor, *following;
    struct freed_memory freed;
    unsigned int level, i;
    uint64_t bytes = 0;

    freed_memory_init( &freed, vidmm );
    for (level = OFFER_LOW; level < OFFER_LEVELS; level++)
        for (i = 0; i < vidmm->info->heap_count; i++)
            LIST_FOR_EACH_SAFE( cursor, following, &vidmm->heaps[i].offered[level] )
            {
                struct allocation *allocation = LIST_ENTRY( cursor, struct allocation, offer_entry );

                if (bytes >= requested) break;
                if (!allocation->allow_decommit || allocation->busy) continue;
                bytes += allocation->size;
                discard_locked( allocation, &freed );
            }
    freed_memory_flush_locked( &freed );
    return bytes;
}

/***********************************************************************
 *           kmt_TrimProcessCommitment
 *
 * Takes memory away that a process has offered with AllowDecommit.
 *
 * params->cbSize, hProcess: as kmt_QueryProcessOfferInfo, with PROCESS_SET_INFORMATION.
 * Flags: Lazy is permission to do it later, not used. OnlyRepurposed asks for what was given to others already,
 * which here is gone at once: there is never anything left to do.
 * DecommitRequested: bytes; whole allocations go until it is reached.
 * STATUS_SUCCESS: NumBytesDecommitted, which may be less when there is not more.
 * STATUS_INVALID_PARAMETER: NULL, too small a cbSize, an unknown flag. Other statuses: as kmt_QueryProcessOfferInfo.
 *
 * Cost: one lock a manager, O(what is offered), vkFreeMemory.  Source: DDI page of D3DKMTTrimProcessCommitment.
 */
NTSTATUS kmt_TrimProcessCommitment( D3DKMT_TRIMPROCESSCOMMITMENT *params )
{
    D3DKMT_TRIMPROCESSCOMMITMENT args;
    struct vidmm *vidmm = NULL;
    uint64_t bytes = 0;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "%llu bytes, flags %#x", (unsigned long long)args.DecommitRequested, args.Flags.Value );
    if (args.Flags.Reserved) return STATUS_INVALID_PARAMETER;
    if ((status = check_commitment_call( args.cbSize, sizeof(args), args.hProcess, OS_PROCESS_SET_INFORMATION ))) return status;
    probe_write_array( &params->NumBytesDecommitted, sizeof(params->NumBytesDecommitted) );

    kmt_lock();
    while (!args.Flags.OnlyRepurposed && bytes < args.DecommitRequested && (vidmm = next_vidmm_locked( vidmm )))
    {
        vidmm->refs++;
        bytes += decommit_locked( vidmm, args.DecommitRequested - bytes );
        vidmm_release_locked( vidmm );
    }
    kmt_unlock();
    params->NumBytesDecommitted = bytes;
    return STATUS_SUCCESS;
}
