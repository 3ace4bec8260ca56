/*
 * The clocks of GPU and CPU
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/vidmm.h"

/***********************************************************************
 *           kmt_QueryClockCalibration
 *
 * Tells what the clocks of a GPU and of the CPU show at the same moment.
 *
 * params->NodeOrdinal: below the number of nodes; they all have one clock. PhysicalAdapterIndex: 0.
 * STATUS_SUCCESS: ClockData. GpuFrequency: Hz. GpuClockCounter: as of a timestamp query. CpuClockCounter: of QueryPerformanceCounter.
 * STATUS_INVALID_PARAMETER: the adapter, the node, the physical adapter.
 * STATUS_NOT_SUPPORTED: the driver has no VK_EXT_calibrated_timestamps, or the GPU no clock.
 * STATUS_DEVICE_REMOVED: the GPU was lost, or is gone.  STATUS_NO_MEMORY.
 *
 * Cost: a system call of the driver; the first call for a GPU makes the Vulkan device (4 to 13 ms).
 * Source: DDI pages of D3DKMTQueryClockCalibration and DXGK_GPUCLOCKDATA.
 */
NTSTATUS kmt_QueryClockCalibration( D3DKMT_QUERYCLOCKCALIBRATION *params )
{
    uint64_t gpu_ticks = 0, cpu_ns = 0, deviation_ns = 0;
    D3DKMT_QUERYCLOCKCALIBRATION args;
    struct vidmm *vidmm = NULL;
    struct adapter *adapter;
    double period = 0;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, node %u", args.hAdapter, args.NodeOrdinal );
    if (is_stock_handle( args.hAdapter )) return KMT_STATUS_STOCK;
    probe_write_array( &params->ClockData, sizeof(params->ClockData) );

    kmt_lock();
    if (!(adapter = get_adapter_locked( args.hAdapter ))) status = STATUS_INVALID_PARAMETER;
    else if (args.PhysicalAdapterIndex || args.NodeOrdinal >= adapter->gpu->info.node_count) status = STATUS_INVALID_PARAMETER;
    else status = adapter_get_vidmm_locked( adapter, &vidmm );
    if (!status)
    {
        enum gpu_result result = GPU_DEVICE_LOST;

        if (!vidmm->lost)
        {
            kmt_unlock();
            result = gpu_calibrate( vidmm->device, &gpu_ticks, &cpu_ns, &deviation_ns );
            kmt_lock();
            if (result == GPU_DEVICE_LOST) vidmm_lose_locked( vidmm );
        }
        period = vidmm->info->timestamp_period;
        if (result == GPU_NOT_SUPPORTED || !(period > 0)) status = STATUS_NOT_SUPPORTED;
        else if (result == GPU_DEVICE_LOST) status = STATUS_DEVICE_REMOVED;
        else if (result == GPU_OUT_OF_HOST_MEMORY || result == GPU_OUT_OF_DEVICE_MEMORY) status = STATUS_NO_MEMORY;
        else if (result) status = STATUS_NOT_SUPPORTED;
        vidmm_release_locked( vidmm );
    }
    kmt_unlock();
    if (status) return status;

    args.ClockData = (DXGK_GPUCLOCKDATA){ .GpuFrequency = 1e9 / period + 0.5, .GpuClockCounter = gpu_ticks,
                                          .CpuClockCounter = os_performance_counter( cpu_ns ) };
    params->ClockData = args.ClockData;
    return STATUS_SUCCESS;
}
