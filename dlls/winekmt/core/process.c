/*
 * What a program may say of a process and its GPU: scheduling priority, device removal, power state
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/core.h"
#include "os/ledger.h"

/* The word that the ledger keeps for each process: bits 0-7 its priority class plus 1, 0: never set; bit 8: it supports the
 * removal of a device. */
#define WORD_CLASS    0xffu
#define WORD_REMOVAL  0x100u

#define NOBODY  UINT64_MAX

/* *key: 0 for this process, NOBODY for one that has ended. */
static NTSTATUS get_process( HANDLE process, uint32_t access, uint64_t *key )
{
    NTSTATUS status;
    bool self;

    *key = 0;
    if ((status = os_check_process( process, access, &self )) || self) return status;
    if (!(status = os_get_process_key( process, key )) && !*key) *key = NOBODY;
    return status;
}

/***********************************************************************
 *           kmt_GetProcessSchedulingPriorityClass
 *
 * params->first: a process with PROCESS_QUERY_INFORMATION; ->second: where its D3DKMT_SCHEDULINGPRIORITYCLASS goes. NORMAL when nobody has set it,
 * and for a process that is in another ledger, or has no memory of a GPU.
 * STATUS_INVALID_PARAMETER: no process, or no place for the answer.
 * STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED: the process.
 * Cost: none for the process itself, else wineserver requests.  Source: DDI page of D3DKMTGetProcessSchedulingPriorityClass.
 */
NTSTATUS kmt_GetProcessSchedulingPriorityClass( kmt_two_arguments *params )
{
    D3DKMT_SCHEDULINGPRIORITYCLASS *answer = (D3DKMT_SCHEDULINGPRIORITYCLASS *)params->second;
    uint32_t word = 0;
    NTSTATUS status;
    uint64_t key;

    if (!params->first || !answer) return STATUS_INVALID_PARAMETER;
    if ((status = get_process( params->first, OS_PROCESS_QUERY_INFORMATION, &key ))) return status;
    ledger_get_word( key, &word );
    word &= WORD_CLASS;
    /* Others can write it too. */
    *answer = word && word <= D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME + 1 ? word - 1 : D3DKMT_SCHEDULINGPRIORITYCLASS_NORMAL;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_SetProcessSchedulingPriorityClass
 *
 * params->first: a process with PROCESS_SET_INFORMATION; ->second: its D3DKMT_SCHEDULINGPRIORITYCLASS from now on. It is remembered and told, and
 * changes nothing else: the work that it would order goes to Vulkan by another way.
 * STATUS_INVALID_PARAMETER: no process, or no such class.
 * STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED: the process.
 * STATUS_NOT_FOUND: another process that is in another ledger, or has no memory of a GPU.
 * Cost: as above.  Source: DDI page of D3DKMTSetProcessSchedulingPriorityClass.
 */
NTSTATUS kmt_SetProcessSchedulingPriorityClass( kmt_two_arguments *params )
{
    uint32_t class = params->second, word;
    NTSTATUS status;
    uint64_t key;

    if (!params->first || class > D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME) return STATUS_INVALID_PARAMETER;
    if ((status = get_process( params->first, OS_PROCESS_SET_INFORMATION, &key ))) return status;
    TRACE( "class %u", class );
    return ledger_change_word( key, WORD_CLASS, class + 1, &word ) ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

/***********************************************************************
 *           kmt_SetProcessDeviceRemovalSupport
 *
 * The process declares that it can cope with the removal of a device, as DXGIDeclareAdapterRemovalSupport does. What its argument is
 * nobody has published, so it is not looked at.
 * STATUS_ALREADY_INITIALIZED: a second time.  Source: windows-behaviour.md 5.1.
 */
NTSTATUS kmt_SetProcessDeviceRemovalSupport( void *params )
{
    uint32_t word;

    (void)params;
    ledger_change_word( 0, WORD_REMOVAL, WORD_REMOVAL, &word );
    return word & WORD_REMOVAL ? STATUS_ALREADY_INITIALIZED : STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_GetProcessDeviceRemovalSupport
 *
 * Whether a process has declared that. params->hProcess: with PROCESS_QUERY_INFORMATION. AdapterLuid is not looked at: it was declared for all.
 * STATUS_INVALID_PARAMETER: NULL.  STATUS_INVALID_HANDLE: no process, or no handle at all; others as of a process.
 * Cost: none for the process itself, else wineserver requests.  Source: what Windows 11 was seen to answer.
 */
NTSTATUS kmt_GetProcessDeviceRemovalSupport( D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT *params )
{
    D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT args;
    uint32_t word = 0;
    NTSTATUS status;
    uint64_t key;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    if (!args.hProcess) return STATUS_INVALID_HANDLE;
    if ((status = get_process( args.hProcess, OS_PROCESS_QUERY_INFORMATION, &key ))) return status;
    ledger_get_word( key, &word );
    params->Support = !!(word & WORD_REMOVAL);
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_SetStablePowerState
 *
 * Asks for clocks that do not change, for measurements. Vulkan has no such thing, so nothing ever is stable.
 * STATUS_SUCCESS: that it should not be.  STATUS_NOT_SUPPORTED: that it should.  STATUS_INVALID_PARAMETER: the adapter.
 * STATUS_DEVICE_REMOVED: the GPU was lost after the adapter was opened.
 * Cost: one lock.  Source: DDI page of D3DKMTSetStablePowerState.
 */
NTSTATUS kmt_SetStablePowerState( D3DKMT_SETSTABLEPOWERSTATE *params )
{
    D3DKMT_SETSTABLEPOWERSTATE args;
    struct adapter *adapter;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    if (is_stock_handle( args.hAdapter )) return KMT_STATUS_STOCK;
    kmt_lock();
    status = get_kept_adapter_locked( args.hAdapter, &adapter );
    kmt_unlock();
    if (!status && args.Enabled) status = STATUS_NOT_SUPPORTED;
    return status;
}
