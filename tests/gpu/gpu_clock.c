/*
 * Tests of gpu_calibrate, and of what gpu_enum_adapters tells of queue families, clocks and the bus, with mock_vulkan.c
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "gpu_test.h"
#include "mock_vulkan.h"
#include "os/os.h"

static struct gpu_device *open_first( struct gpu_adapter *info )
{
    struct gpu_adapter *adapters;
    struct gpu_device *device;
    uint32_t count;

    check( !gpu_enum_adapters( &adapters, &count ) && count, "%u", count );
    if (!count || !check( !gpu_open_device( adapters->device_uuid, &device ), "open" )) exit( 1 );
    *info = *adapters;
    free( adapters );
    return device;
}

static void check_nodes( const struct gpu_adapter *info )
{
    static const enum gpu_node expected[] = { GPU_NODE_GRAPHICS, GPU_NODE_COMPUTE, GPU_NODE_VIDEO_DECODE, GPU_NODE_COPY, GPU_NODE_OTHER };
    unsigned int i;

    if (!check( info->node_count == 5, "%u nodes", info->node_count )) return;
    for (i = 0; i < 5; i++) check( info->nodes[i] == expected[i], "node %u: %u", i, info->nodes[i] );
}

void test_clock(void)
{
    uint64_t ticks, cpu, deviation, before, after, ticks2, cpu2;
    struct gpu_adapter info;
    struct gpu_device *device = open_first( &info );
    double ratio;

    check_nodes( &info );
    check( info.has_pci_address && info.pci_domain == 0x12 && info.pci_bus == 0x34 && info.pci_device == 0x15 && info.pci_function == 6,
           "%x:%x:%x.%x", info.pci_domain, info.pci_bus, info.pci_device, info.pci_function );
    check( info.has_int64_atomics && info.has_calibration, "features" );
    check( info.timestamp_period > 52.08 && info.timestamp_period < 52.09, "%f ns", info.timestamp_period );

    before = os_time_ns();
    check( !gpu_calibrate( device, &ticks, &cpu, &deviation ), "calibrate" );
    after = os_time_ns();
    check( cpu >= before && cpu <= after, "%llu, from %llu to %llu", (unsigned long long)cpu, (unsigned long long)before,
           (unsigned long long)after );
    check( deviation == 123, "%llu", (unsigned long long)deviation );
    check( ticks > 1ull << 40, "%llu", (unsigned long long)ticks );
    usleep( 20000 );
    check( !gpu_calibrate( device, &ticks2, &cpu2, &deviation ), "calibrate" );
    ratio = (cpu2 - cpu) / ((ticks2 - ticks) * info.timestamp_period);
    check( ratio > 0.999 && ratio < 1.001, "the clocks go at %f", ratio );
    gpu_close_device( device );
    gpu_shutdown();
}

/* No extension, or not with a clock that we can read. The GPU has its clock all the same. */
void test_no_calibration(void)
{
    uint64_t ticks = 1, cpu = 2, deviation = 3;
    struct gpu_adapter info;
    struct gpu_device *device = open_first( &info );

    check_nodes( &info );
    check( !info.has_calibration, "calibration" );
    check( gpu_calibrate( device, &ticks, &cpu, &deviation ) == GPU_NOT_SUPPORTED, "calibrate" );
    check( ticks == 1 && cpu == 2 && deviation == 3, "something was written" );
    gpu_close_device( device );
    gpu_shutdown();
}

/* The extension is there, but there is nothing that counts. */
void test_no_clock(void)
{
    struct gpu_adapter info;
    struct gpu_device *device = open_first( &info );

    check_nodes( &info );
    check( !info.timestamp_period, "%f ns", info.timestamp_period );
    gpu_close_device( device );
    gpu_shutdown();
}

void test_clock_faults(void)
{
    static const struct { VkResult result; enum gpu_result expected; } failures[] =
    {
        { VK_ERROR_OUT_OF_HOST_MEMORY, GPU_OUT_OF_HOST_MEMORY }, { VK_ERROR_OUT_OF_DEVICE_MEMORY, GPU_OUT_OF_DEVICE_MEMORY },
        { VK_ERROR_UNKNOWN, GPU_FAILED }, { VK_ERROR_DEVICE_LOST, GPU_DEVICE_LOST },
    };
    void (*set_fail)( unsigned int, int, int ) = NULL;
    void *library = dlopen( "libvulkan.so.1", RTLD_NOW );
    uint64_t ticks, cpu, deviation;
    struct gpu_adapter info;
    struct gpu_device *device;
    struct gpu_memory *memory;
    unsigned int i;

    if (!check( library && (set_fail = (__typeof__(set_fail))dlsym( library, "mock_vulkan_fail" )), "no mock" )) exit( 1 );
    device = open_first( &info );
    for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
    {
        ticks = cpu = 42;
        set_fail( 1, failures[i].result, 0 );
        check( gpu_calibrate( device, &ticks, &cpu, &deviation ) == failures[i].expected, "VkResult %d", failures[i].result );
        check( ticks == 42 && cpu == 42, "VkResult %d: something was written", failures[i].result );
        if (failures[i].expected != GPU_DEVICE_LOST) check( !gpu_calibrate( device, &ticks, &cpu, &deviation ), "and afterwards" );
    }
    /* Lost is lost, whoever found out. */
    check( gpu_allocate_memory( device, 3, 4096, &memory ) == GPU_DEVICE_LOST, "memory of a lost device" );
    check( gpu_calibrate( device, &ticks, &cpu, &deviation ) == GPU_DEVICE_LOST, "the clock of a lost device" );
    gpu_close_device( device );
    gpu_shutdown();
    dlclose( library );
}
