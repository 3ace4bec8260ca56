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
#include <sys/resource.h>
#include <unistd.h>

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
#define STAT  "1 (\t(x) y) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21\n"

static bool times_are( int pid, uint64_t graphics, uint64_t compute, uint64_t decode, uint64_t encode, uint64_t copy, uint64_t other )
{
    const uint64_t expected[ENGINE_CLASSES] =
    {
        [ENGINE_GRAPHICS] = graphics, [ENGINE_COMPUTE] = compute, [ENGINE_VIDEO_DECODE] = decode, [ENGINE_VIDEO_ENCODE] = encode,
        [ENGINE_COPY] = copy, [ENGINE_OTHER] = other,
    };
    struct engine_times times;

    memset( &times, 0x55, sizeof(times) );
    return read_engine_times( &address, pid, &times ) && times.process == (pid >= 0 ? 4711 : 0) &&
           !memcmp( times.ns, expected, sizeof(times.ns) );
}

/* Leaves room for so many descriptors more; -1: for all. */
static void leave_descriptors( int count )
{
    static struct rlimit old;
    struct rlimit limit;
    int fds[8], i;

    if (!old.rlim_cur) getrlimit( RLIMIT_NOFILE, &old );
    limit = old;
    if (count >= 0)
    {
        for (i = 0; i <= count; i++) fds[i] = dup( STDOUT_FILENO );
        limit.rlim_cur = fds[count];
        for (i = 0; i <= count; i++) close( fds[i] );
    }
    setrlimit( RLIMIT_NOFILE, &limit );
}

static void test_engines(void)
{
    struct engine_times times;
    int i;

    check( !read_engine_times( &address, 0, &times ), "no proc" );
    check( !read_engine_times( &address, -1, &times ), "no proc" );
    write_file( "proc/77/fdinfo/0", "pos: 0\n" );
    check( !read_engine_times( &address, 77, &times ), "no start" );
    write_file( "proc/77/stat", "77 (x) S 1 2 3\n" );
    check( !read_engine_times( &address, 77, &times ), "no start" );
    write_file( "proc/77/stat", "" );
    check( !read_engine_times( &address, 77, &times ), "no start" );
    write_file( "proc/77/stat", STAT );
    check( times_are( 77, 0, 0, 0, 0, 0, 0 ), "no GPU" );
    check( times_are( -1, 0, 0, 0, 0, 0, 0 ), "no GPU anywhere" );

    /* every kind, once; by pid, not by this process */
    write_file( "proc/77/fdinfo/4", FDINFO( "5", "drm-engine-gfx:\t1 ns\ndrm-engine-compute:\t20 ns\ndrm-engine-dec:\t300 ns\n"
                                            "drm-engine-enc:\t4000 ns\ndrm-engine-dma:\t50000 ns\ndrm-engine-vpe:\t600000 ns\n" ) );
    check( times_are( 77, 1, 20, 300, 4000, 50000, 600000 ), "amdgpu" );
    check( !read_engine_times( &address, 78, &times ), "another process" );
    check( !read_engine_times( &address, 0, &times ), "this process" );
    check( times_are( -1, 1, 20, 300, 4000, 50000, 600000 ), "all" );
    /* who has no descriptors to read it with does not know: at each of the files on the way */
    for (i = 0; i < 3; i++)
    {
        leave_descriptors( i );
        check( !read_engine_times( &address, -1, &times ), "%d descriptors", i );
        if (i < 2) check( !read_engine_times( &address, 77, &times ), "%d descriptors", i );
        leave_descriptors( -1 );
    }
    leave_descriptors( 3 );
    check( times_are( -1, 1, 20, 300, 4000, 50000, 600000 ), "descriptors" );
    leave_descriptors( -1 );
    /* what cannot be read for another reason is nothing; a process without that folder has just ended */
    write_file( "proc/77/fdinfo/5/nonsense", "" );
    check( times_are( 77, 1, 20, 300, 4000, 50000, 600000 ), "a folder" );
    check( sensor_tree_remove( "proc/77/fdinfo/5" ), "folder" );
    write_file( "proc/76/stat", STAT );
    check( times_are( -1, 1, 20, 300, 4000, 50000, 600000 ), "a process that ends" );
    /* Intel's names; two of a kind are added up */
    write_file( "proc/78/stat", STAT );
    write_file( "proc/78/fdinfo/9", FDINFO( "6", "drm-engine-render:\t1 ns\ndrm-engine-copy:\t2 ns\ndrm-engine-video:\t3 ns\n"
                                            "drm-engine-capacity-video:\t2\ndrm-engine-video-enhance:\t4 ns\ndrm-engine-compute:\t5 ns\n" ) );
    check( times_are( 78, 1, 5, 3, 0, 2, 4 ), "i915" );
    write_file( "proc/79/stat", STAT );
    write_file( "proc/79/fdinfo/9", FDINFO( "7", "drm-engine-enc_1:\t6 ns\ndrm-engine-gfx:\t18446744073709551614 ns\ndrm-engine-gfx:\t5 ns\n" ) );
    check( times_are( 79, UINT64_MAX, 0, 0, 6, 0, 0 ), "saturates" );
    /* a client that shows no engines is one */
    write_file( "proc/80/stat", STAT );
    write_file( "proc/80/fdinfo/1", FDINFO( "8", "" ) );
    check( times_are( 80, 0, 0, 0, 0, 0, 0 ), "no engines" );
}

/* Intel's xe */
static void test_cycles(void)
{
    static const uint64_t cycles[ENGINE_CLASSES] =
    {
        [ENGINE_GRAPHICS] = 11, [ENGINE_COMPUTE] = 200, [ENGINE_VIDEO_DECODE] = 3000, [ENGINE_COPY] = 50000, [ENGINE_OTHER] = 600000,
    };
    struct engine_times times;

    write_file( "proc/81/stat", STAT );
    write_file( "proc/81/fdinfo/1", FDINFO( "9", "drm-total-system0:\t12 KiB\n"
                                            "drm-cycles-rcs:\t10\ndrm-total-cycles-rcs:\t7000000\n"
                                            "drm-cycles-bcs:\t50000\ndrm-total-cycles-bcs:\t7000000\n"
                                            "drm-cycles-vcs:\t3000\ndrm-total-cycles-vcs:\t7000000\ndrm-engine-capacity-vcs:\t2\n"
                                            "drm-cycles-vecs:\t600000\ndrm-total-cycles-vecs:\t7000000\n"
                                            "drm-cycles-ccs:\t200\ndrm-total-cycles-ccs:\t7000000\n" ) );
    write_file( "proc/81/fdinfo/2", FDINFO( "10", "drm-cycles-rcs:\t1\ndrm-total-cycles-rcs:\t7000009\n" ) );
    /* without the total they are no time; and one who tells time is not counted twice */
    write_file( "proc/81/fdinfo/3", FDINFO( "11", "drm-cycles-rcs:\t1000\ndrm-maxfreq-rcs:\t800000000 Hz\n" ) );
    write_file( "proc/81/fdinfo/4", FDINFO( "12", "drm-cycles-rcs:\t1000\ndrm-total-cycles-rcs:\t7000010\ndrm-engine-rcs:\t70 ns\n" ) );
    check( times_are( 81, 70, 0, 0, 0, 0, 0 ), "time" );
    check( read_engine_times( &address, 81, &times ) && !memcmp( times.cycles, cycles, sizeof(cycles) ), "cycles" );
    check( times.total_cycles[ENGINE_GRAPHICS] == 7000009 && times.total_cycles[ENGINE_OTHER] == 7000000 &&
           !times.total_cycles[ENGINE_VIDEO_ENCODE], "total" );
}

void test_sensors(void)
{
    static char deep[600];
    struct engine_times times;
    struct gpu_sensors s;

    unsetenv( "WINEKMT_SENSORS_ROOT" );
    check( !read_gpu_sensors( &(struct pci_address){ 0xffff, 0xff, 0x1f, 7 }, &s ), "this machine has it" );
    check( read_engine_times( &(struct pci_address){ 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, 0, &times ) && times.process &&
           !times.ns[ENGINE_GRAPHICS] && !times.total_cycles[ENGINE_GRAPHICS], "this machine has it" );
    memset( deep, 'x', sizeof(deep) - 1 );
    deep[0] = '/';
    setenv( "WINEKMT_SENSORS_ROOT", deep, 1 );
    check( !read_sensors( &s ) && !read_engine_times( &address, 0, &times ) && !read_engine_times( &address, -1, &times ), "too long" );

    if (!check( sensor_tree_create(), "no folder" )) return;
    test_values();
    test_engines();
    test_cycles();
    unsetenv( "WINEKMT_SENSORS_ROOT" );
    check( sensor_tree_remove( "" ), "it is left" );
}
