/*
 * What Linux knows of a GPU that Vulkan does not: its sensors (hwmon), its clocks and link (sysfs), and how long
 * its engines worked for whom (DRM's fdinfo)
 *
 * All of it is found by the PCI address, and all of it may be missing: SENSOR_UNKNOWN. Cost: some system calls a file; nothing is kept.
 * Any thread, no lock of core held.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_SENSORS_H
#define __WINEKMT_SENSORS_H

#include <stdbool.h>
#include <stdint.h>

#define SENSOR_UNKNOWN  UINT64_MAX

struct pci_address
{
    uint32_t domain, bus, device, function;
};

struct gpu_sensors
{
    uint64_t core_hz, core_max_hz;          /* clock of what draws */
    uint64_t memory_hz, memory_max_hz;
    uint64_t core_mv;                       /* millivolts */
    uint64_t fan_rpm, fan_max_rpm;
    uint64_t power_uw, power_cap_uw;        /* microwatts */
    uint64_t temperature_mc;                /* millidegrees Celsius; this and the next two */
    uint64_t temperature_warning_mc, temperature_max_mc;
    uint64_t link_max_bytes;                /* bytes a second of the PCI link, each way */
    char     bios_version[32];              /* "": unknown */
};

/***********************************************************************
 *           read_gpu_sensors
 *
 * false: Linux has no such PCI device, or none of all that; *sensors is filled in all the same.
 */
bool read_gpu_sensors( const struct pci_address *address, struct gpu_sensors *sensors );

/***********************************************************************
 *           read_pci_number
 *
 * A hexadecimal number that Linux tells of a PCI device: "subsystem_vendor", "subsystem_device", "revision". 0: it does not.
 */
uint32_t read_pci_number( const struct pci_address *address, const char *name );

enum engine_class { ENGINE_GRAPHICS, ENGINE_COMPUTE, ENGINE_VIDEO_DECODE, ENGINE_VIDEO_ENCODE, ENGINE_COPY, ENGINE_OTHER, ENGINE_CLASSES };

/* What engines did for DRM files that are open at the moment, by class. A driver tells one of the two. */
struct engine_times
{
    uint64_t process;                       /* when the process started, in a unit of Linux' own: another one with its pid has another */
    uint64_t ns[ENGINE_CLASSES];            /* nanoseconds */
    uint64_t cycles[ENGINE_CLASSES];        /* cycles of those below; of several engines of a class together */
    uint64_t total_cycles[ENGINE_CLASSES];  /* a clock of the GPU's, in a unit of its own; 0: the driver does not count cycles */
};

/***********************************************************************
 *           read_engine_times
 *
 * Adds up what the engines of a GPU did for a process, by all of its DRM files; a file that it has twice counts once. All 0: there is no such
 * file: the driver does not tell (NVIDIA's own), or the process has none. pid: of Linux; 0: this process; -1: all processes whose files this one
 * may read, and process is 0.
 * false: it could not be read (no /proc, no such process, another user's, no descriptors, no memory); *times is undefined, and says nothing about
 * what was done. Cost: reads every descriptor's info.
 */
bool read_engine_times( const struct pci_address *address, int pid, struct engine_times *times );

#endif /* __WINEKMT_SENSORS_H */
