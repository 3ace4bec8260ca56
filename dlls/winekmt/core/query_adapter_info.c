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
#include <stddef.h>
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
    { KMTQAITYPE_UMDRIVERNAME,              sizeof(D3DKMT_UMDFILENAMEINFO),         4, query_umdrivername, false },
    { KMTQAITYPE_UMOPENGLINFO,              sizeof(D3DKMT_OPENGLINFO),              0, query_umopenglinfo, false },
    { KMTQAITYPE_ADAPTERGUID,               sizeof(GUID),                           0, query_adapterguid, false },
    { KMTQAITYPE_ADAPTERADDRESS,            sizeof(D3DKMT_ADAPTERADDRESS),          0, query_adapteraddress, false },
    { KMTQAITYPE_UMD_DRIVER_VERSION,        sizeof(D3DKMT_UMD_DRIVER_VERSION),      0, query_driver_file_version, false },
    { KMTQAITYPE_KMD_DRIVER_VERSION,        sizeof(D3DKMT_KMD_DRIVER_VERSION),      0, query_driver_file_version, false },
    { KMTQAITYPE_XBOX,                      sizeof(D3DKMT_XBOX),                    0, query_no_caps, false },
    { KMTQAITYPE_PHYSICALADAPTERPNPKEY,     sizeof(D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY), sizeof(D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY),
      query_physicaladapterpnpkey, false },
    { KMTQAITYPE_QUERYREGISTRY,             sizeof(D3DDDI_QUERYREGISTRY_INFO),      offsetof( D3DDDI_QUERYREGISTRY_INFO, OutputDword ),
      query_queryregistry, true },
    { KMTQAITYPE_ADAPTERGUID_RENDER,        sizeof(GUID),                           0, query_adapterguid, false },
    { KMTQAITYPE_ADAPTERADDRESS_RENDER,     sizeof(D3DKMT_ADAPTERADDRESS),          0, query_adapteraddress, false },
    { KMTQAITYPE_ADAPTERREGISTRYINFO_RENDER, sizeof(D3DKMT_ADAPTERREGISTRYINFO),    0, query_adapterregistryinfo, false },
    { KMTQAITYPE_CHECKDRIVERUPDATESTATUS_RENDER, sizeof(BOOL),                      0, query_checkdriverupdatestatus, false },
    { KMTQAITYPE_DRIVERVERSION_RENDER,      sizeof(D3DKMT_DRIVERVERSION),           0, query_driverversion, false },
    { KMTQAITYPE_ADAPTERTYPE_RENDER,        sizeof(D3DKMT_ADAPTERTYPE),             0, query_adaptertype, false },
    { KMTQAITYPE_QUERY_ADAPTER_UNIQUE_GUID, sizeof(D3DKMT_QUERY_ADAPTER_UNIQUE_GUID), 0, query_adapter_unique_guid, false },
    { KMTQUITYPE_GPUVERSION,                sizeof(D3DKMT_GPUVERSION),              4, query_gpuversion, false },
    { KMTQAITYPE_DRIVER_DESCRIPTION_RENDER, sizeof(D3DKMT_DRIVER_DESCRIPTION),      0, query_driver_description, false },
    { KMTQAITYPE_SERVICENAME,               sizeof(WCHAR),                          0, query_servicename, true },
    { KMTQAITYPE_HYBRID_DLIST_DLL_SUPPORT,  sizeof(D3DKMT_HYBRID_DLIST_DLL_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_WDDM_1_2_CAPS,             sizeof(D3DKMT_WDDM_1_2_CAPS),           0, query_wddm_1_2_caps, false },
    { KMTQAITYPE_WDDM_1_2_CAPS_RENDER,      sizeof(D3DKMT_WDDM_1_2_CAPS),           0, query_wddm_1_2_caps, false },
    { KMTQAITYPE_WDDM_1_3_CAPS,             sizeof(D3DKMT_WDDM_1_3_CAPS),           0, query_no_caps, false },
    { KMTQAITYPE_WDDM_1_3_CAPS_RENDER,      sizeof(D3DKMT_WDDM_1_3_CAPS),           0, query_no_caps, false },
    { KMTQAITYPE_WDDM_2_0_CAPS,             sizeof(D3DKMT_WDDM_2_0_CAPS),           0, query_wddm_2_0_caps, false },
    { KMTQAITYPE_WDDM_2_7_CAPS,             sizeof(D3DKMT_WDDM_2_7_CAPS),           0, query_no_caps, false },
    { KMTQAITYPE_WDDM_2_9_CAPS,             sizeof(D3DKMT_WDDM_2_9_CAPS),           0, query_no_caps, false },
    { KMTQAITYPE_WDDM_3_0_CAPS,             sizeof(D3DKMT_WDDM_3_0_CAPS),           0, query_no_caps, false },
    { KMTQAITYPE_DRIVERCAPS_EXT,            sizeof(D3DKMT_DRIVERCAPS_EXT),          0, query_no_caps, false },
    { KMTQAITYPE_VIRTUALADDRESSINFO,        sizeof(D3DKMT_VIRTUALADDRESSINFO),      0, query_no_caps, false },
    { KMTQAITYPE_QUERY_GPUMMU_CAPS,         sizeof(D3DKMT_QUERY_GPUMMU_CAPS),       4, query_no_caps_of_adapter, false },
    { KMTQAITYPE_CROSSADAPTERRESOURCE_SUPPORT, sizeof(D3DKMT_CROSSADAPTERRESOURCE_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_PARAVIRTUALIZATION_RENDER, sizeof(D3DKMT_PARAVIRTUALIZATION),      0, query_no_caps, false },
    { KMTQAITYPE_TRACKEDWORKLOAD_SUPPORT,   sizeof(D3DKMT_TRACKEDWORKLOAD_SUPPORT), 8, query_no_caps_of_adapter, false },
    { KMTQAITYPE_NODEMETADATA,              sizeof(D3DKMT_NODEMETADATA),            4, query_nodemetadata, false },
    { KMTQAITYPE_NODEPERFDATA,              sizeof(D3DKMT_NODE_PERFDATA),           8, query_nodeperfdata, false },
    { KMTQAITYPE_ADAPTERPERFDATA,           sizeof(D3DKMT_ADAPTER_PERFDATA),        4, query_adapterperfdata, false },
    { KMTQAITYPE_ADAPTERPERFDATA_CAPS,      sizeof(D3DKMT_ADAPTER_PERFDATACAPS),    4, query_adapterperfdata_caps, false },
    /* displays */
    { KMTQAITYPE_FLIPQUEUEINFO, sizeof(D3DKMT_FLIPQUEUEINFO), 0, query_no_caps, false },
    { KMTQAITYPE_CURRENTDISPLAYMODE, sizeof(D3DKMT_CURRENTDISPLAYMODE), 4, query_currentdisplaymode, false },
    { KMTQAITYPE_OUTPUTDUPLCONTEXTSCOUNT, sizeof(D3DKMT_OUTPUTDUPLCONTEXTSCOUNT), 4, query_source_none, false },
    { KMTQAITYPE_DIRECTFLIP_SUPPORT, sizeof(D3DKMT_DIRECTFLIP_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_MULTIPLANEOVERLAY_SUPPORT, sizeof(D3DKMT_MULTIPLANEOVERLAY_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_MULTIPLANEOVERLAY_HUD_SUPPORT, sizeof(D3DKMT_MULTIPLANEOVERLAY_HUD_SUPPORT), 8, query_source_none, false },
    { KMTQAITYPE_INDEPENDENTFLIP_SUPPORT, sizeof(D3DKMT_INDEPENDENTFLIP_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_QUERY_MIRACAST_DRIVER_TYPE, sizeof(D3DKMT_QUERY_MIRACAST_DRIVER_TYPE), 0, query_no_caps, false },
    { KMTQAITYPE_QUERY_MULTIPLANEOVERLAY_DECODE_SUPPORT, sizeof(D3DKMT_MULTIPLANEOVERLAY_DECODE_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_QUERY_HW_PROTECTION_TEARDOWN_COUNT, sizeof(UINT), 0, query_no_caps, false },
    { KMTQAITYPE_QUERY_ISBADDRIVERFORHWPROTECTIONDISABLED, sizeof(D3DKMT_ISBADDRIVERFORHWPROTECTIONDISABLED), 0, query_no_caps, false },
    { KMTQAITYPE_MULTIPLANEOVERLAY_SECONDARY_SUPPORT, sizeof(D3DKMT_MULTIPLANEOVERLAY_SECONDARY_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_INDEPENDENTFLIP_SECONDARY_SUPPORT, sizeof(D3DKMT_INDEPENDENTFLIP_SECONDARY_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_PANELFITTER_SUPPORT, sizeof(D3DKMT_PANELFITTER_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_MPO3DDI_SUPPORT, sizeof(D3DKMT_MPO3DDI_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_HWDRM_SUPPORT, sizeof(D3DKMT_HWDRM_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_MPOKERNELCAPS_SUPPORT, sizeof(D3DKMT_MPOKERNELCAPS_SUPPORT), 0, query_no_caps, false },
    { KMTQAITYPE_MULTIPLANEOVERLAY_STRETCH_SUPPORT, sizeof(D3DKMT_MULTIPLANEOVERLAY_STRETCH_SUPPORT), 8, query_source_none, false },
    { KMTQAITYPE_GET_DEVICE_VIDPN_OWNERSHIP_INFO, sizeof(D3DKMT_GET_DEVICE_VIDPN_OWNERSHIP_INFO), 4, query_devicevidpnownership, false },
    { KMTQAITYPE_SCANOUT_CAPS, sizeof(D3DKMT_QUERY_SCANOUT_CAPS), 4, query_source_none, false },
    { KMTQAITYPE_DISPLAY_CAPS, sizeof(D3DKMT_DISPLAY_CAPS), 0, query_no_caps, false },
};

/***********************************************************************
 *           kmt_QueryAdapterInfo
 *
 * Tells something about an adapter.
 *
 * params->Type: one of queries[] above. pPrivateDriverData: at least the bytes of its structure, which is all that is written.
 * STATUS_INVALID_PARAMETER: the adapter, no buffer or a small one, a type or a physical adapter that does not exist.
 * STATUS_NOT_SUPPORTED: a type that is not implemented.  STATUS_DEVICE_REMOVED: the GPU was lost after the adapter was opened, or the last
 * enumeration did not find it any more.
 *
 * Cost: one lock.  Source: DDI pages of D3DKMTQueryAdapterInfo and of the structures.
 */
NTSTATUS kmt_QueryAdapterInfo( D3DKMT_QUERYADAPTERINFO *params )
{
    uint64_t buffer[MAX_ANSWER_SIZE / sizeof(uint64_t)];
    const struct query *query = NULL;
    const struct kmt_gpu *gpu = NULL;
    D3DKMT_QUERYADAPTERINFO args;
    struct adapter *adapter;
    NTSTATUS status;
    unsigned int i;
    uint32_t size;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, type %u, size %u", args.hAdapter, args.Type, args.PrivateDriverDataSize );
    if (is_stock_handle( args.hAdapter )) return KMT_STATUS_STOCK;

    kmt_lock();
    if (!(status = get_kept_adapter_locked( args.hAdapter, &adapter ))) gpu = adapter->gpu;     /* stays, and what is read of it never changes */
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
