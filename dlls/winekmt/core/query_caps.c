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
