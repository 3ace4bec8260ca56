/*
 * Tests of os/os_sensors.c with a tree of files in place of /sys and /proc; tests/d3dkmt/faultsensors.c has more, through the API
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu_test.h"
#include "os/sensors.h"
#include "sensor_tree.h"

#define DEVICE  "sys/bus/pci/devices/0012:34:15.6"

static const struct pci_address address = { 0x12, 0x34, 0x15, 6 };

static void write_file( const char *name, const char *content )
{
    check( sensor_tree_write( name, content ), "%s", name );
}

static bool read_sensors( struct gpu_sensors *sensors )
{
    memset( sensors, 0x55, sizeof(*sensors) );
    return read_gpu_sensors( &address, sensors );
}

static void test_values(void)
{
    struct gpu_sensors s;

    check( !read_sensors( &s ), "nothing" );
    check( s.core_hz == SENSOR_UNKNOWN && s.link_max_bytes == SENSOR_UNKNOWN && !s.bios_version[0], "unknown" );

    /* one thing is enough */
    write_file( DEVICE "/vbios_version", "113-ABC\n" );
    check( read_sensors( &s ) && !strcmp( s.bios_version, "113-ABC" ) && s.core_hz == SENSOR_UNKNOWN, "version" );
    write_file( DEVICE "/vbios_version", "a version that is longer than the room that there is for it\n" );
    check( read_sensors( &s ) && strlen( s.bios_version ) == 31 && !strncmp( s.bios_version, "a version", 9 ), "%s", s.bios_version );
    write_file( DEVICE "/vbios_version", "" );
    check( !read_sensors( &s ), "empty version" );

    /* which comes first */
    write_file( DEVICE "/drm/card1/gt_act_freq_mhz", "300\n" );
    check( read_sensors( &s ) && s.core_hz == 300000000, "card" );
    write_file( DEVICE "/pp_dpm_sclk", "0: 400Mhz *\n1: 900Mhz\n" );
    check( read_sensors( &s ) && s.core_hz == 400000000 && s.core_max_hz == 900000000, "list" );
    write_file( DEVICE "/hwmon/hwmon3/freq1_input", "500000000\n" );
    check( read_sensors( &s ) && s.core_hz == 500000000 && s.core_max_hz == 900000000, "hwmon" );
    write_file( DEVICE "/pp_dpm_sclk", "S: 19Mhz *\n0: 400Mhz\n1: 900Mhz\n" );     /* asleep */
    check( read_sensors( &s ) && s.core_max_hz == 900000000, "asleep" );
    write_file( DEVICE "/hwmon/hwmon3/power1_input", "5000000\n" );
    write_file( DEVICE "/hwmon/hwmon3/power1_max", "10000000\n" );
    check( read_sensors( &s ) && s.power_uw == 5000000 && s.power_cap_uw == 10000000, "power" );
    write_file( DEVICE "/hwmon/hwmon3/power1_average", "6000000\n" );
    write_file( DEVICE "/hwmon/hwmon3/power1_cap", "11000000\n" );
    check( read_sensors( &s ) && s.power_uw == 6000000 && s.power_cap_uw == 11000000, "power" );
    write_file( DEVICE "/hwmon/hwmon3/temp1_crit", "90000\n" );
    check( read_sensors( &s ) && s.temperature_max_mc == 90000 && s.temperature_warning_mc == 90000, "temperature" );
    write_file( DEVICE "/hwmon/hwmon3/temp1_max", "80000\n" );
    write_file( DEVICE "/hwmon/hwmon3/temp1_emergency", "95000\n" );
    check( read_sensors( &s ) && s.temperature_max_mc == 95000 && s.temperature_warning_mc == 80000, "temperature" );
    check( s.temperature_mc == SENSOR_UNKNOWN && s.fan_rpm == SENSOR_UNKNOWN && s.memory_hz == SENSOR_UNKNOWN, "unknown" );

    /* the link */
    {
        static const struct { const char *speed, *width; uint64_t bytes; } links[] =
        {
            { "2.5 GT/s PCIe\n", "4\n", 1000000000 }, { "5.0 GT/s PCIe\n", "16\n", 8000000000 }, { "5 GT/s\n", "16\n", 8000000000 },
            { "8.0 GT/s PCIe\n", "1\n", 984615376 }, { "Unknown\n", "16\n", SENSOR_UNKNOWN },
            { "8.0 GT/s PCIe\n", "255\n", SENSOR_UNKNOWN },
            { "", "16\n", SENSOR_UNKNOWN }, { "99999999 GT/s\n", "1\n", SENSOR_UNKNOWN },
        };
        unsigned int i;

        for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        {
            write_file( DEVICE "/max_link_speed", links[i].speed );
            write_file( DEVICE "/max_link_width", links[i].width );
            read_sensors( &s );
            if (!check( s.link_max_bytes / 100 == links[i].bytes / 100, "link %u", i ))
                printf( "link %u: %llu\n", i, (unsigned long long)s.link_max_bytes );
        }
    }
}

#define FDINFO( client, engines )  "drm-client-id:\t" client "\ndrm-pdev:\t0012:34:15.6\n" engines

static bool times_are( int pid, uint64_t graphics, uint64_t compute, uint64_t decode, uint64_t encode, uint64_t copy, uint64_t other )
{
    const uint64_t expected[ENGINE_CLASSES] =
    {
        [ENGINE_GRAPHICS] = graphics, [ENGINE_COMPUTE] = compute, [ENGINE_VIDEO_DECODE] = decode, [ENGINE_VIDEO_ENCODE] = encode,
        [ENGINE_COPY] = copy, [ENGINE_OTHER] = other,
    };
    uint64_t times[ENGINE_CLASSES];

    memset( times, 0x55, sizeof(times) );
    return read_engine_times( &address, pid, times ) && !memcmp( times, expected, sizeof(times) );
}

static void test_engines(void)
{
    uint64_t times[ENGINE_CLASSES] = { 1 };

    check( !read_engine_times( &address, 0, times ) && !times[0], "no proc" );
    write_file( "proc/77/fdinfo/0", "pos: 0\n" );
    check( !read_engine_times( &address, 77, times ), "no GPU" );
    check( !read_engine_times( &address, -1, times ), "no GPU anywhere" );

    /* every kind, once; by pid, not by this process */
    write_file( "proc/77/fdinfo/4", FDINFO( "5", "drm-engine-gfx:\t1 ns\ndrm-engine-compute:\t20 ns\ndrm-engine-dec:\t300 ns\n"
                                            "drm-engine-enc:\t4000 ns\ndrm-engine-dma:\t50000 ns\ndrm-engine-vpe:\t600000 ns\n" ) );
    check( times_are( 77, 1, 20, 300, 4000, 50000, 600000 ), "amdgpu" );
    check( !read_engine_times( &address, 78, times ), "another process" );
    check( !read_engine_times( &address, 0, times ), "this process" );
    check( times_are( -1, 1, 20, 300, 4000, 50000, 600000 ), "all" );
    /* Intel's names; two of a kind are added up */
    write_file( "proc/78/fdinfo/9", FDINFO( "6", "drm-engine-render:\t1 ns\ndrm-engine-copy:\t2 ns\ndrm-engine-video:\t3 ns\n"
                                            "drm-engine-capacity-video:\t2\ndrm-engine-video-enhance:\t4 ns\n" ) );
    check( times_are( 78, 1, 0, 7, 0, 2, 0 ) || times_are( 78, 1, 0, 3, 0, 2, 4 ), "i915" );
    write_file( "proc/79/fdinfo/9", FDINFO( "7", "drm-engine-gfx:\t18446744073709551614 ns\ndrm-engine-gfx:\t5 ns\n" ) );
    check( times_are( 79, UINT64_MAX, 0, 0, 0, 0, 0 ), "saturates" );
    /* a client that shows no engines is one */
    write_file( "proc/80/fdinfo/1", FDINFO( "8", "" ) );
    check( times_are( 80, 0, 0, 0, 0, 0, 0 ), "no engines" );
}

void test_sensors(void)
{
    static char deep[600];
    uint64_t times[ENGINE_CLASSES];
    struct gpu_sensors s;

    unsetenv( "WINEKMT_SENSORS_ROOT" );
    check( !read_gpu_sensors( &(struct pci_address){ 0xffff, 0xff, 0x1f, 7 }, &s ), "this machine has it" );
    check( !read_engine_times( &(struct pci_address){ 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, 0, times ), "this machine has it" );
    memset( deep, 'x', sizeof(deep) - 1 );
    deep[0] = '/';
    setenv( "WINEKMT_SENSORS_ROOT", deep, 1 );
    check( !read_sensors( &s ) && !read_engine_times( &address, 0, times ) && !read_engine_times( &address, -1, times ), "too long" );

    if (!check( sensor_tree_create(), "no folder" )) return;
    test_values();
    test_engines();
    unsetenv( "WINEKMT_SENSORS_ROOT" );
    check( sensor_tree_remove( "" ), "it is left" );
}
