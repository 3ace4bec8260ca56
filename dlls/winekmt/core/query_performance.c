/*
 * QueryAdapterInfo: clocks, temperatures and the like
 *
 * What a driver does not tell Linux stays 0, as the structures have no other way to say so. Where it tells nothing at all the answer is
 * STATUS_NOT_SUPPORTED: of what the structure has, not of something else (every PCI device has a link), or a monitor shows 0 degrees.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/query.h"
#include "os/sensors.h"

struct pci_address gpu_pci_address( const struct kmt_gpu *gpu )
{
    return (struct pci_address){ gpu->info.pci_domain, gpu->info.pci_bus, gpu->info.pci_device, gpu->info.pci_function };
}

bool get_sensors( const struct kmt_gpu *gpu, struct gpu_sensors *sensors )
{
    struct pci_address address = gpu_pci_address( gpu );

    return gpu->info.has_pci_address && read_gpu_sensors( &address, sensors );
}

static uint64_t known( uint64_t value )
{
    return value == SENSOR_UNKNOWN ? 0 : value;
}

static uint32_t known32( uint64_t value )
{
    return value == SENSOR_UNKNOWN ? 0 : value < UINT32_MAX ? value : UINT32_MAX;
}

NTSTATUS query_nodeperfdata( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_NODE_PERFDATA *answer = data;
    struct gpu_sensors sensors;
    enum gpu_node type;

    (void)size;
    if (answer->PhysicalAdapterIndex || answer->NodeOrdinal >= gpu->info.node_count) return STATUS_INVALID_PARAMETER;
    /* The clock that Linux tells is that of the shaders: of other nodes it tells nothing. */
    type = gpu->info.nodes[answer->NodeOrdinal];
    if (type != GPU_NODE_GRAPHICS && type != GPU_NODE_COMPUTE) return STATUS_NOT_SUPPORTED;
    if (!get_sensors( gpu, &sensors )) return STATUS_NOT_SUPPORTED;
    if (sensors.core_hz == SENSOR_UNKNOWN && sensors.core_max_hz == SENSOR_UNKNOWN && sensors.core_mv == SENSOR_UNKNOWN) return STATUS_NOT_SUPPORTED;
    answer->Frequency = known( sensors.core_hz );
    answer->MaxFrequency = answer->MaxFrequencyOC = known( sensors.core_max_hz );
    answer->Voltage = known32( sensors.core_mv );
    return STATUS_SUCCESS;
}

NTSTATUS tell_adapterperfdata( const struct gpu_sensors *sensors, D3DKMT_ADAPTER_PERFDATA *answer )
{
    if (sensors->memory_hz == SENSOR_UNKNOWN && sensors->memory_max_hz == SENSOR_UNKNOWN && sensors->fan_rpm == SENSOR_UNKNOWN &&
        (sensors->power_uw == SENSOR_UNKNOWN || sensors->power_cap_uw == SENSOR_UNKNOWN) && sensors->temperature_mc == SENSOR_UNKNOWN)
        return STATUS_NOT_SUPPORTED;
    answer->MemoryFrequency = known( sensors->memory_hz );
    answer->MaxMemoryFrequency = answer->MaxMemoryFrequencyOC = known( sensors->memory_max_hz );
    answer->FanRPM = known32( sensors->fan_rpm );
    /* Tenths of a percent of what it may draw */
    if (sensors->power_uw != SENSOR_UNKNOWN && sensors->power_cap_uw != SENSOR_UNKNOWN && sensors->power_cap_uw)
    {
        double power = (double)sensors->power_uw * 1000 / sensors->power_cap_uw;

        answer->Power = power < UINT32_MAX ? (uint32_t)power : UINT32_MAX;
    }
    answer->Temperature = known32( sensors->temperature_mc == SENSOR_UNKNOWN ? SENSOR_UNKNOWN : sensors->temperature_mc / 100 );
    return STATUS_SUCCESS;
}

NTSTATUS query_adapterperfdata( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_ADAPTER_PERFDATA *answer = data;
    struct gpu_sensors sensors;

    (void)size;
    if (answer->PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    return get_sensors( gpu, &sensors ) ? tell_adapterperfdata( &sensors, answer ) : STATUS_NOT_SUPPORTED;
}

NTSTATUS tell_adapterperfdata_caps( const struct gpu_sensors *sensors, D3DKMT_ADAPTER_PERFDATACAPS *answer )
{
    if (sensors->link_max_bytes == SENSOR_UNKNOWN && sensors->fan_max_rpm == SENSOR_UNKNOWN && sensors->temperature_max_mc == SENSOR_UNKNOWN &&
        sensors->temperature_warning_mc == SENSOR_UNKNOWN) return STATUS_NOT_SUPPORTED;
    answer->MaxPCIEBandwidth = known( sensors->link_max_bytes );
    answer->MaxFanRPM = known32( sensors->fan_max_rpm );
    answer->TemperatureMax = known32( sensors->temperature_max_mc == SENSOR_UNKNOWN ? SENSOR_UNKNOWN : sensors->temperature_max_mc / 100 );
    answer->TemperatureWarning =
        known32( sensors->temperature_warning_mc == SENSOR_UNKNOWN ? SENSOR_UNKNOWN : sensors->temperature_warning_mc / 100 );
    return STATUS_SUCCESS;
}

NTSTATUS query_adapterperfdata_caps( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_ADAPTER_PERFDATACAPS *answer = data;
    struct gpu_sensors sensors;

    (void)size;
    if (answer->PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    return get_sensors( gpu, &sensors ) ? tell_adapterperfdata_caps( &sensors, answer ) : STATUS_NOT_SUPPORTED;
}
