/*
 * The clocks and features of mock_vulkan.c. MOCK_VULKAN may have these words:
 *   clock       the extensions pci_bus_info, shader_atomic_int64 and calibrated_timestamps; its clock has 52.083332 ns a tick and is
 *               2^40 ticks ahead of CLOCK_MONOTONIC
 *   raw         of the CPU's clocks only CLOCK_MONOTONIC_RAW can be read with it
 *   nodomains   nobody can tell which clocks can be read
 *   noclock     no queue family has timestamps
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <time.h>

#include "mock_private.h"

void mock_fill_pci( VkPhysicalDevicePCIBusInfoPropertiesEXT *pci )
{
    must( mock_mode( "clock" ) );
    pci->pciDomain = 0x12;
    pci->pciBus = 0x34;
    pci->pciDevice = 0x15;
    pci->pciFunction = 6;
}

VKAPI_ATTR void mock_vkGetPhysicalDeviceFeatures2( VkPhysicalDevice device, VkPhysicalDeviceFeatures2 *features )
{
    VkPhysicalDeviceShaderAtomicInt64Features *atomics = features->pNext;

    (void)device;
    must( mock_mode( "clock" ) && atomics && atomics->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_ATOMIC_INT64_FEATURES &&
          !atomics->pNext );
    atomics->shaderBufferInt64Atomics = VK_TRUE;
}

VKAPI_ATTR VkResult mock_vkGetPhysicalDeviceCalibrateableTimeDomainsEXT(
    VkPhysicalDevice device, uint32_t *count, VkTimeDomainEXT *domains )
{
    const VkTimeDomainEXT all[] = { VK_TIME_DOMAIN_DEVICE_EXT, VK_TIME_DOMAIN_CLOCK_MONOTONIC_RAW_EXT, VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT };
    uint32_t i, number = mock_mode( "raw" ) ? 2 : 3;

    (void)device;
    must( mock_mode( "clock" ) );
    if (mock_mode( "nodomains" )) return VK_ERROR_OUT_OF_HOST_MEMORY;
    if (!domains || *count > number) *count = number;
    for (i = 0; domains && i < *count; i++) domains[i] = all[i];
    return VK_SUCCESS;
}

VKAPI_ATTR VkResult mock_vkGetCalibratedTimestampsEXT( VkDevice device, uint32_t count,
    const VkCalibratedTimestampInfoEXT *infos, uint64_t *times, uint64_t *deviation )
{
    struct timespec now;
    uint64_t ns;
    uint32_t i;

    (void)device;
    must( mock_mode( "clock" ) && !mock_mode( "raw" ) && count == 2 );
    BEGIN();
    clock_gettime( CLOCK_MONOTONIC, &now );
    ns = now.tv_sec * 1000000000ull + now.tv_nsec;
    for (i = 0; i < count; i++)
    {
        must( infos[i].sType == VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT );
        must( infos[i].timeDomain == VK_TIME_DOMAIN_DEVICE_EXT || infos[i].timeDomain == VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT );
        times[i] = infos[i].timeDomain == VK_TIME_DOMAIN_DEVICE_EXT ? (1ull << 40) + (uint64_t)(ns / 52.083332) : ns;
    }
    *deviation = 123;
    return VK_SUCCESS;
}
