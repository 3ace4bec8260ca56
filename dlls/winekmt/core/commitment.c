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

/* How long another process may take to decommit. */
#define DECOMMIT_WAIT_NS  (500 * 1000000ull)

/* Both structures begin with their own size. A larger one is of a later header. *key: of another process. */
static NTSTATUS check_commitment_call( uint32_t size, uint32_t least, HANDLE process, uint32_t access, bool *self, uint64_t *key )
{
    NTSTATUS status;

    if (size < least) return STATUS_INVALID_PARAMETER;
    if ((status = os_check_process( process, access, self )) || *self) return status;
    return os_get_process_key( process, key );
}

static struct ledger_decommit get_decommit_locked( void )
{
    struct ledger_decommit decommit = { 0 };
    struct vidmm *vidmm = NULL;

    while ((vidmm = next_vidmm_locked( vidmm )))
    {
        decommit.uniqueness += vidmm->decommit_changes;
        decommit.decommittable += vidmm->decommittable_bytes;
    }
    return decommit;
}

void publish_decommit_locked( void )
{
    struct ledger_decommit decommit = get_decommit_locked();

    ledger_set_decommit( &decommit );
}

/***********************************************************************
 *           kmt_QueryProcessOfferInfo
 *
 * Tells how much a process has offered with AllowDecommit and not yet lost.
 *
 * params->cbSize: of the structure.  hProcess: NULL and the pseudo handle are the caller; another process needs
 * PROCESS_QUERY_INFORMATION.
 * STATUS_SUCCESS: DecommittableBytes, over all adapters; DecommitUniqueness, another value whenever it may have changed. Both are 0
 * for a process that has no GPU memory, or is in another ledger.
 * STATUS_INVALID_PARAMETER: NULL, too small a cbSize.
 * STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED: the process.
 *
 * Cost: one lock.  Source: DDI page of D3DKMTQueryProcessOfferInfo; order of the checks: what Windows 11 was seen to answer (tests/d3dkmt/refused.c).
 */
NTSTATUS kmt_QueryProcessOfferInfo( D3DKMT_QUERYPROCESSOFFERINFO *params )
{
    struct ledger_decommit decommit = { 0 };
    D3DKMT_QUERYPROCESSOFFERINFO args;
    uint64_t key = 0;
    NTSTATUS status;
    bool self;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    if ((status = check_commitment_call( args.cbSize, sizeof(args), args.hProcess, OS_PROCESS_QUERY_INFORMATION, &self, &key ))) return status;

    if (self)
    {
        kmt_lock();
        decommit = get_decommit_locked();
        kmt_unlock();
    }
    else ledger_find_decommit( key, &decommit );
    params->DecommitUniqueness = decommit.uniqueness;
    params->DecommittableBytes = decommit.decommittable;
    return STATUS_SUCCESS;
}

/* Decommits what is offered with AllowDecommit on one manager, in the order of discards, until that many bytes are reached. The lock
 * may be dropped. */
static uint64_t decommit_manager_locked( struct vidmm *vidmm, uint64_t requested )
{
    struct allocation *victim;
    struct freed_memory freed;
    uint64_t bytes = 0;

    freed_memory_init( &freed, vidmm );
    while (bytes < requested && (victim = next_decommit_locked( vidmm )))
    {
        bytes += victim->size;
        discard_locked( victim, &freed );
    }
    freed_memory_flush_locked( &freed );
    return bytes;
}

uint64_t decommit_locked( uint64_t requested )
{
    struct vidmm *vidmm = NULL;
    uint64_t bytes = 0;

    while (bytes < requested && (vidmm = next_vidmm_locked( vidmm )))
    {
        vidmm->refs++;
        bytes += decommit_manager_locked( vidmm, requested - bytes );
        share_publish_locked( vidmm );
        vidmm_release_locked( vidmm );
    }
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
 * STATUS_TIMEOUT, with 0 bytes: the other process did not answer within half a second; it may still decommit.
 *
 * Cost: one lock a manager, O(what is taken), vkFreeMemory; of another process, waiting for its answer.  Source: DDI page of D3DKMTTrimProcessCommitment.
 */
NTSTATUS kmt_TrimProcessCommitment( D3DKMT_TRIMPROCESSCOMMITMENT *params )
{
    D3DKMT_TRIMPROCESSCOMMITMENT args;
    struct ledger_decommit decommit;
    uint64_t bytes = 0, key = 0;
    NTSTATUS status;
    bool self;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "%llu bytes, flags %#x", (unsigned long long)args.DecommitRequested, args.Flags.Value );
    if (args.Flags.Reserved) return STATUS_INVALID_PARAMETER;
    if ((status = check_commitment_call( args.cbSize, sizeof(args), args.hProcess, OS_PROCESS_SET_INFORMATION, &self, &key ))) return status;
    probe_write_array( &params->NumBytesDecommitted, sizeof(params->NumBytesDecommitted) );

    if (args.Flags.OnlyRepurposed) args.DecommitRequested = 0;
    if (self)
    {
        kmt_lock();
        bytes = decommit_locked( args.DecommitRequested );
        kmt_unlock();
    }
    else if (args.DecommitRequested && ledger_find_decommit( key, &decommit ) && decommit.decommittable &&
             !ledger_request_decommit( key, args.DecommitRequested, os_time_ns() + DECOMMIT_WAIT_NS, &bytes ) &&
             ledger_find_decommit( key, &decommit ))
        status = STATUS_TIMEOUT;
    params->NumBytesDecommitted = bytes;
    return status;
}
