/*
 * QueryAdapterInfo: what the adapter and its driver model can do
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/query.h"

NTSTATUS query_adaptertype( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_ADAPTERTYPE *answer = data;

    (void)size;
    answer->RenderSupported = 1;
    answer->DisplaySupported = gpu->from_wine;
    answer->SoftwareDevice = gpu->info.software;
    answer->ComputeOnly = gpu_is_compute_only( gpu );
    return STATUS_SUCCESS;
}

NTSTATUS query_driverversion( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    (void)gpu;
    (void)size;
    *(D3DKMT_DRIVERVERSION *)data = KMT_DRIVERVERSION_WDDM_2_6;
    return STATUS_SUCCESS;
}

NTSTATUS query_checkdriverupdatestatus( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    (void)gpu;
    (void)size;
    *(BOOL *)data = FALSE;      /* no driver is being installed */
    return STATUS_SUCCESS;
}

/***********************************************************************
 * WDDM
 *
 * The driver model is the one that query_driverversion names. What came later is answered as a driver of that model is: with no capability.
 * A capability is there when a program can use it here, not when the GPU would have it on Windows.
 */

NTSTATUS query_wddm_1_2_caps( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_WDDM_1_2_CAPS *answer = data;

    (void)gpu;
    (void)size;
    /* Vulkan does not tell how fine. Between two submissions work is interrupted everywhere. */
    answer->PreemptionCaps.GraphicsPreemptionGranularity = D3DKMDT_GRAPHICS_PREEMPTION_DMA_BUFFER_BOUNDARY;
    answer->PreemptionCaps.ComputePreemptionGranularity = D3DKMDT_COMPUTE_PREEMPTION_DMA_BUFFER_BOUNDARY;
    return STATUS_SUCCESS;
}

NTSTATUS query_wddm_2_0_caps( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_WDDM_2_0_CAPS *answer = data;

    (void)size;
    answer->Support64BitAtomics = gpu->info.has_int64_atomics;
    answer->SupportSurpriseRemoval = 1;     /* a GPU that is gone is STATUS_DEVICE_REMOVED, and everything can still be destroyed */
    return STATUS_SUCCESS;
}

/* 1.3: no Miracast, no power states to choose from, no virtual modes, nothing shared between adapters; which GPUs of a machine make a hybrid
 * pair Vulkan does not tell. 2.7, 2.9, 3.0: no hardware scheduling, no flip queue in hardware. VIRTUALADDRESSINFO, QUERY_GPUMMU_CAPS: GPU virtual
 * addresses are Vulkan's own affair. CROSSADAPTERRESOURCE_SUPPORT: tier NONE, which is 0. PARAVIRTUALIZATION_RENDER: no container. */
NTSTATUS query_no_caps( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    (void)gpu;
    (void)data;
    (void)size;
    return STATUS_SUCCESS;
}

/* The same where the caller begins with the index of a physical adapter. */
NTSTATUS query_no_caps_of_adapter( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    (void)gpu;
    (void)size;
    return *(UINT *)data ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* A node is a queue family. */
NTSTATUS query_nodemetadata( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_NODEMETADATA *answer = data;
    uint32_t node = answer->NodeOrdinalAndAdapterIndex & 0xffff;
    WCHAR name[DXGK_MAX_METADATA_NAME_LENGTH] = { 0 };

    (void)size;
    if (answer->NodeOrdinalAndAdapterIndex >> 16 || node >= gpu->info.node_count) return STATUS_INVALID_PARAMETER;
    switch (gpu->info.nodes[node])
    {
    case GPU_NODE_GRAPHICS:     answer->NodeData.EngineType = DXGK_ENGINE_TYPE_3D; break;
    case GPU_NODE_VIDEO_DECODE: answer->NodeData.EngineType = DXGK_ENGINE_TYPE_VIDEO_DECODE; break;
    case GPU_NODE_VIDEO_ENCODE: answer->NodeData.EngineType = DXGK_ENGINE_TYPE_VIDEO_ENCODE; break;
    case GPU_NODE_COPY:         answer->NodeData.EngineType = DXGK_ENGINE_TYPE_COPY; break;
    default:
        /* Only a node of type OTHER has a name. */
        answer->NodeData.EngineType = DXGK_ENGINE_TYPE_OTHER;
        copy_string( name, DXGK_MAX_METADATA_NAME_LENGTH, gpu->info.nodes[node] == GPU_NODE_COMPUTE ? "Compute" : "Other" );
        memcpy( answer->NodeData.FriendlyName, name, sizeof(name) );    /* which is not aligned */
        break;
    }
    return STATUS_SUCCESS;
}
