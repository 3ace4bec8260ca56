/*
 * Sensors of a GPU, from /sys and /proc
 *
 * WINEKMT_SENSORS_ROOT names a directory that has sys and proc in it; for tests.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/sensors.h"
#include "os_private.h"

#define PATH_SIZE      512
#define MAX_CLIENTS    256      /* DRM clients of one reading */

/* The first line of a file, without its end. false: there is none. */
static bool read_line( char *line, size_t size, const char *format, ... ) __attribute__((format (printf, 3, 4)));
static bool read_line( char *line, size_t size, const char *format, ... )
{
    char path[PATH_SIZE];
    va_list args;
    FILE *file;
    bool ret;

    va_start( args, format );
    ret = vsnprintf( path, sizeof(path), format, args ) < (int)sizeof(path);
    va_end( args );
    if (!ret || !(file = fopen( path, "re" ))) return false;
    if ((ret = fgets( line, size, file ) != NULL)) line[strcspn( line, "\n" )] = 0;
    fclose( file );
    return ret;
}

static uint64_t parse_number( const char *string )
{
    unsigned long long value;
    char *end;

    if (*string < '0' || *string > '9') return SENSOR_UNKNOWN;      /* a temperature below zero too: nothing here could tell it */
    errno = 0;
    value = strtoull( string, &end, 10 );
    return errno || end == string ? SENSOR_UNKNOWN : value;
}

/* The directory of a device. false: the path is too long. */
static bool device_path( const struct pci_address *address, char path[PATH_SIZE / 2] )
{
    return snprintf( path, PATH_SIZE / 2, "%s/sys/bus/pci/devices/%04x:%02x:%02x.%x", os_files_root(), address->domain, address->bus,
                     address->device, address->function ) < PATH_SIZE / 2;
}

uint32_t read_pci_number( const struct pci_address *address, const char *name )
{
    char device[PATH_SIZE / 2], line[64], *end;
    unsigned long value;

    if (!device_path( address, device ) || !read_line( line, sizeof(line), "%s/%s", device, name )) return 0;
    errno = 0;
    value = strtoul( line, &end, 16 );
    return errno || strspn( end, " \t\r" ) != strlen( end ) || value > UINT32_MAX ? 0 : value;
}

/* name in one of the hwmon directories of the device. */
static uint64_t read_hwmon( const char *device, const char *name )
{
    uint64_t value = SENSOR_UNKNOWN;
    struct dirent *entry;
    char path[PATH_SIZE], line[64];
    DIR *dir;

    if (snprintf( path, sizeof(path), "%s/hwmon", device ) >= (int)sizeof(path) || !(dir = opendir( path ))) return SENSOR_UNKNOWN;
    while (value == SENSOR_UNKNOWN && (entry = readdir( dir )))
        if (!strncmp( entry->d_name, "hwmon", 5 ) && read_line( line, sizeof(line), "%s/hwmon/%s/%s", device, entry->d_name, name ))
            value = parse_number( line );
    closedir( dir );
    return value;
}

/* a, unless that is not known. */
static uint64_t first_known( uint64_t a, uint64_t b )
{
    return a != SENSOR_UNKNOWN ? a : b;
}

/* amdgpu's list of clocks, "1: 1500Mhz *" a line: the largest; current: the one with the asterisk. */
static uint64_t read_clock_list( const char *device, const char *name, bool current )
{
    uint64_t best = SENSOR_UNKNOWN, mhz;
    char path[PATH_SIZE], line[64], *colon;
    FILE *file;

    if (snprintf( path, sizeof(path), "%s/%s", device, name ) >= (int)sizeof(path) || !(file = fopen( path, "re" ))) return SENSOR_UNKNOWN;
    while (fgets( line, sizeof(line), file ))
    {
        if (!(colon = strchr( line, ':' )) || (mhz = parse_number( colon + 1 + strspn( colon + 1, " " ) )) > UINT64_MAX / 1000000) continue;
        if (current && !strchr( line, '*' )) continue;
        if (best == SENSOR_UNKNOWN || mhz * 1000000 > best) best = mhz * 1000000;
    }
    fclose( file );
    return best;
}

/* A clock of Intel's drivers, in MHz in a directory of the card. */
static uint64_t read_card_clock( const char *device, const char *name )
{
    uint64_t mhz = SENSOR_UNKNOWN;
    struct dirent *entry;
    char path[PATH_SIZE], line[64];
    DIR *dir;

    if (snprintf( path, sizeof(path), "%s/drm", device ) >= (int)sizeof(path) || !(dir = opendir( path ))) return SENSOR_UNKNOWN;
    while (mhz == SENSOR_UNKNOWN && (entry = readdir( dir )))
        if (!strncmp( entry->d_name, "card", 4 ) && read_line( line, sizeof(line), "%s/drm/%s/%s", device, entry->d_name, name ))
            mhz = parse_number( line );
    closedir( dir );
    return mhz > UINT64_MAX / 1000000 ? SENSOR_UNKNOWN : mhz * 1000000;
}

/* Of "16.0 GT/s PCIe" and the number of lanes: what is left after the line code, 8b/10b up to 5 GT/s, 128b/130b from 8 on. */
static uint64_t read_link( const char *device )
{
    char speed[64], width[64];
    uint64_t whole, lanes, tenths;
    char *dot;

    if (!read_line( speed, sizeof(speed), "%s/max_link_speed", device ) || !read_line( width, sizeof(width), "%s/max_link_width", device ))
        return SENSOR_UNKNOWN;
    whole = parse_number( speed );
    lanes = parse_number( width );
    if (whole > 1000 || lanes > 64) return SENSOR_UNKNOWN;
    tenths = whole * 10;
    if ((dot = strchr( speed, '.' )) && dot[1] >= '0' && dot[1] <= '9') tenths += dot[1] - '0';
    if (tenths < 80) return tenths * 100000000 * 8 / 10 / 8 * lanes;
    return tenths * 100000000 / 130 * 128 / 8 * lanes;
}

bool read_gpu_sensors( const struct pci_address *address, struct gpu_sensors *sensors )
{
    const uint64_t *values = (const uint64_t *)sensors;
    char device[PATH_SIZE / 2];
    unsigned int i;

    memset( sensors, 0xff, sizeof(*sensors) );      /* SENSOR_UNKNOWN */
    sensors->bios_version[0] = 0;
    if (!device_path( address, device )) return false;

    sensors->core_hz = first_known( read_hwmon( device, "freq1_input" ), first_known( read_clock_list( device, "pp_dpm_sclk", true ),
                                    read_card_clock( device, "gt_act_freq_mhz" ) ) );
    sensors->core_max_hz = first_known( read_clock_list( device, "pp_dpm_sclk", false ), read_card_clock( device, "gt_max_freq_mhz" ) );
    sensors->memory_hz = first_known( read_hwmon( device, "freq2_input" ), read_clock_list( device, "pp_dpm_mclk", true ) );
    sensors->memory_max_hz = read_clock_list( device, "pp_dpm_mclk", false );
    sensors->core_mv = read_hwmon( device, "in0_input" );
    sensors->fan_rpm = read_hwmon( device, "fan1_input" );
    sensors->fan_max_rpm = read_hwmon( device, "fan1_max" );
    sensors->power_uw = first_known( read_hwmon( device, "power1_average" ), read_hwmon( device, "power1_input" ) );
    sensors->power_cap_uw = first_known( read_hwmon( device, "power1_cap" ), read_hwmon( device, "power1_max" ) );
    sensors->temperature_mc = read_hwmon( device, "temp1_input" );
    sensors->temperature_max_mc = first_known( read_hwmon( device, "temp1_emergency" ), read_hwmon( device, "temp1_crit" ) );
    sensors->temperature_warning_mc = first_known( read_hwmon( device, "temp1_max" ), read_hwmon( device, "temp1_crit" ) );
    sensors->link_max_bytes = read_link( device );
    if (!read_line( sensors->bios_version, sizeof(sensors->bios_version), "%s/vbios_version", device )) sensors->bios_version[0] = 0;

    for (i = 0; i < offsetof( struct gpu_sensors, bios_version ) / sizeof(*values); i++) if (values[i] != SENSOR_UNKNOWN) return true;
    return sensors->bios_version[0];
}

/***********************************************************************
 * Engines
 */

/* The DRM clients seen in one reading: descriptors that were duplicated, or inherited, tell the same. */
struct clients
{
    unsigned int       count;
    unsigned long long ids[MAX_CLIENTS];
};

static bool is_new_client( struct clients *clients, unsigned long long id )
{
    unsigned int i;

    for (i = 0; i < clients->count; i++) if (clients->ids[i] == id) return false;
    if (clients->count < MAX_CLIENTS) clients->ids[clients->count++] = id;
    return true;
}

/* Whether something could not be read for want of descriptors or memory. It counts the next time, so what could be read is not all: all times would
 * fall, and rise again by the same. For other reasons it is not there any more, or not for this process to see. */
static bool is_shortage( int error )
{
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* The names that drivers of PCI devices give their engines, in the kernel's documentation of each. What processes video pictures (video-enhance,
 * vecs, vpe) neither decodes nor encodes. */
static enum engine_class engine_class( const char *name )
{
    static const struct { const char *name; enum engine_class class; } names[] =
    {
        /* amdgpu */
        { "gfx", ENGINE_GRAPHICS }, { "compute", ENGINE_COMPUTE }, { "dma", ENGINE_COPY }, { "dec", ENGINE_VIDEO_DECODE },
        { "jpeg", ENGINE_VIDEO_DECODE }, { "enc", ENGINE_VIDEO_ENCODE }, { "enc_1", ENGINE_VIDEO_ENCODE },
        /* i915; its compute is above */
        { "render", ENGINE_GRAPHICS }, { "copy", ENGINE_COPY }, { "video", ENGINE_VIDEO_DECODE },
        /* xe */
        { "rcs", ENGINE_GRAPHICS }, { "ccs", ENGINE_COMPUTE }, { "bcs", ENGINE_COPY }, { "vcs", ENGINE_VIDEO_DECODE },
    };
    unsigned int i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) if (!strcmp( name, names[i].name )) return names[i].class;
    return ENGINE_OTHER;
}

static void add( uint64_t *sum, uint64_t more )
{
    if (__builtin_add_overflow( *sum, more, sum )) *sum = UINT64_MAX;
}

/* The number in a line of fdinfo whose key begins so, and what follows in the key. */
static bool parse_engine( const char *key, const char *prefix, const char *value, enum engine_class *class, uint64_t *number )
{
    size_t length = strlen( prefix );

    if (strncmp( key, prefix, length ) || (*number = parse_number( value )) == SENSOR_UNKNOWN) return false;
    *class = engine_class( key + length );
    return true;
}

/* Adds one file of fdinfo to times, if it is one of that GPU. 0, or a shortage, for which it could not be read. */
static int read_fdinfo( const char *path, const char *device, struct clients *clients, struct engine_times *times )
{
    bool ours = false, has_id = false, has_ns = false;
    struct engine_times found = { 0 };
    enum engine_class class;
    unsigned long long id = 0;
    char line[256], *value;
    unsigned int i;
    uint64_t number;
    FILE *file;
    int error;

    if (!(file = fopen( path, "re" ))) return is_shortage( errno ) ? errno : 0;
    while (fgets( line, sizeof(line), file ))
    {
        if (!(value = strchr( line, ':' ))) continue;
        *value++ = 0;
        value += strspn( value, " \t" );
        value[strcspn( value, "\n" )] = 0;
        if (!strcmp( line, "drm-pdev" )) ours = !strcmp( value, device );
        else if (!strcmp( line, "drm-client-id" )) has_id = sscanf( value, "%llu", &id ) == 1;
        else if (!strncmp( line, "drm-engine-capacity-", 20 )) continue;
        else if (parse_engine( line, "drm-engine-", value, &class, &number ))
        {
            add( &found.ns[class], number );
            has_ns = true;
        }
        else if (parse_engine( line, "drm-cycles-", value, &class, &number )) add( &found.cycles[class], number );
        else if (parse_engine( line, "drm-total-cycles-", value, &class, &number ))
        {
            if (number > found.total_cycles[class]) found.total_cycles[class] = number;     /* one clock, for all engines of a class */
        }
    }
    error = ferror( file ) ? errno : 0;
    fclose( file );
    if (error) return is_shortage( error ) ? error : 0;
    if (!ours || (has_id && !is_new_client( clients, id ))) return 0;
    for (i = 0; i < ENGINE_CLASSES; i++)
    {
        add( &times->ns[i], found.ns[i] );
        if (has_ns || !found.total_cycles[i]) continue;     /* what is told as time is not counted twice */
        add( &times->cycles[i], found.cycles[i] );
        if (found.total_cycles[i] > times->total_cycles[i]) times->total_cycles[i] = found.total_cycles[i];
    }
    return 0;
}

/* Adds what a process did. 0, or why it could not be read, an errno. */
static int read_process( const char *process, const char *device, struct clients *clients, struct engine_times *times )
{
    char dir_path[PATH_SIZE / 2], path[PATH_SIZE];
    struct dirent *entry;
    int error = 0;
    DIR *dir;

    if (snprintf( dir_path, sizeof(dir_path), "%s/proc/%s/fdinfo", os_files_root(), process ) >= (int)sizeof(dir_path)) return ENAMETOOLONG;
    if (!(dir = opendir( dir_path ))) return errno;
    while (!error && (errno = 0, entry = readdir( dir )))
    {
        if (entry->d_name[0] == '.') continue;
        if (snprintf( path, sizeof(path), "%s/%s", dir_path, entry->d_name ) >= (int)sizeof(path)) continue;
        error = read_fdinfo( path, device, clients, times );
    }
    if (!error) error = errno;      /* of readdir */
    closedir( dir );
    return error;
}

/* When a process started: the 22nd number of its stat. The second is a name, in brackets, with anything in it. */
static bool read_start( const char *process, uint64_t *start )
{
    char path[PATH_SIZE], text[1024], *field;
    unsigned int i;
    size_t length;
    FILE *file;

    if (snprintf( path, sizeof(path), "%s/proc/%s/stat", os_files_root(), process ) >= (int)sizeof(path) ||
        !(file = fopen( path, "re" ))) return false;
    length = fread( text, 1, sizeof(text) - 1, file );
    fclose( file );
    text[length] = 0;
    field = strrchr( text, ')' );
    for (i = 2; field && i < 22; i++) field = strchr( field + 1, ' ' );
    return field && (*start = parse_number( field + 1 )) != SENSOR_UNKNOWN;
}

bool read_engine_times( const struct pci_address *address, int pid, struct engine_times *times )
{
    struct clients clients = { 0 };
    char device[32], name[32], path[PATH_SIZE];
    struct dirent *entry;
    int error = 0;
    DIR *dir;

    memset( times, 0, sizeof(*times) );
    snprintf( device, sizeof(device), "%04x:%02x:%02x.%x", address->domain, address->bus, address->device, address->function );
    if (pid >= 0)
    {
        if (pid) snprintf( name, sizeof(name), "%d", pid );
        else strcpy( name, "self" );
        return !read_process( name, device, &clients, times ) && read_start( name, &times->process );
    }

    if (snprintf( path, sizeof(path), "%s/proc", os_files_root() ) >= (int)sizeof(path) || !(dir = opendir( path ))) return false;
    while (!error && (errno = 0, entry = readdir( dir )))
    {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        error = read_process( entry->d_name, device, &clients, times );
        if (!is_shortage( error )) error = 0;
    }
    if (!error) error = errno;      /* of readdir */
    closedir( dir );
    return !error;
}
