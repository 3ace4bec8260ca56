/*
 * QueryAdapterInfo: which function answers which type
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <assert.h>
#include <string.h>

#include "core/query.h"

static const struct query
{
    uint32_t       type;
    uint32_t       size;        /* bytes of the answer: the buffer may be larger */
    uint32_t       input;       /* bytes at its start that the caller fills in */
    query_function *function;
    bool           variable;    /* the answer may be longer than size */
}
queries[] =
{
    { KMTQAITYPE_UMDRIVERPRIVATE,           sizeof(struct winekmt_adapter_data),    0, query_umdriverprivate, false },
    { KMTQAITYPE_GETSEGMENTSIZE,            sizeof(D3DKMT_SEGMENTSIZEINFO),         0, query_getsegmentsize, false },
    { KMTQAITYPE_GETSEGMENTGROUPSIZE,       sizeof(D3DKMT_SEGMENTGROUPSIZEINFO),    4, query_getsegmentgroupsize, false },
    { KMTQAITYPE_ADAPTERTYPE,               sizeof(D3DKMT_ADAPTERTYPE),             0, query_adaptertype, false },
    { KMTQAITYPE_DRIVERVERSION,             sizeof(D3DKMT_DRIVERVERSION),           0, query_driverversion, false },
    { KMTQAITYPE_CHECKDRIVERUPDATESTATUS,   sizeof(BOOL),                           0, query_checkdriverupdatestatus, false },
    { KMTQAITYPE_PHYSICALADAPTERCOUNT,      sizeof(D3DKMT_PHYSICAL_ADAPTER_COUNT),  0, query_physicaladaptercount, false },
    { KMTQAITYPE_PHYSICALADAPTERDEVICEIDS,  sizeof(D3DKMT_QUERY_DEVICE_IDS),        4, query_physicaladapterdeviceids, false },
    { KMTQAITYPE_ADAPTERREGISTRYINFO,       sizeof(D3DKMT_ADAPTERREGISTRYINFO),     0, query_adapterregistryinfo, false },
    { KMTQAITYPE_DRIVER_DESCRIPTION,        sizeof(D3DKMT_DRIVER_DESCRIPTION),      0, query_driver_description, false },
};

/***********************************************************************
 *           kmt_QueryAdapterInfo
 *
 * Tells something about an adapter.
 *
 * params->Type: one of queries[] above. pPrivateDriverData: at least the bytes of its structure, which is all that is written.
 * STATUS_INVALID_PARAMETER: the adapter, no buffer or a small one, a type or a physical adapter that does not exist.
 * STATUS_NOT_SUPPORTED: a type that is not implemented.  STATUS_DEVICE_REMOVED: the GPU was lost after the adapter was opened.
 *
 * Cost: one lock.  Source: DDI pages of D3DKMTQueryAdapterInfo and of the structures.
 */
NTSTATUS kmt_QueryAdapterInfo( D3DKMT_QUERYADAPTERINFO *params )
{
    uint64_t buffer[MAX_ANSWER_SIZE / sizeof(uint64_t)];
    const struct query *query = NULL;
    const struct kmt_gpu *gpu = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    D3DKMT_QUERYADAPTERINFO args;
    struct adapter *adapter;
    unsigned int i;
    uint32_t size;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, type %u, size %u", args.hAdapter, args.Type, args.PrivateDriverDataSize );
    if (is_stock_handle( args.hAdapter )) return KMT_STATUS_STOCK;

    kmt_lock();
    if (!(adapter = get_adapter_locked( args.hAdapter ))) status = STATUS_INVALID_PARAMETER;
    else if (adapter->losses != adapter->gpu->losses) status = STATUS_DEVICE_REMOVED;
    else gpu = adapter->gpu;    /* stays, and what is read of it never changes */
    kmt_unlock();
    if (status) return status;

    for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) if (queries[i].type == (uint32_t)args.Type) query = &queries[i];
    if (!query && ((uint32_t)args.Type > KMTQAITYPE_WDDM_3_0_CAPS || args.Type == 14)) return STATUS_INVALID_PARAMETER;  /* 14: no type */
    if (!query)
    {
        WARN( "type %u is not implemented", args.Type );
        return STATUS_NOT_SUPPORTED;
    }
    if (!args.pPrivateDriverData || args.PrivateDriverDataSize < query->size) return STATUS_INVALID_PARAMETER;

    assert( query->size <= sizeof(buffer) );
    size = !query->variable ? query->size : args.PrivateDriverDataSize < sizeof(buffer) ? args.PrivateDriverDataSize : sizeof(buffer);
    memset( buffer, 0, size );
    memcpy( buffer, args.pPrivateDriverData, query->input );
    if ((status = query->function( gpu, buffer, &size ))) return status;
    memcpy( args.pPrivateDriverData, buffer, size );
    return STATUS_SUCCESS;
}
