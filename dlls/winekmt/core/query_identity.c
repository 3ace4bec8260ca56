/*
 * QueryAdapterInfo: names, numbers and addresses of an adapter
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

/* UTF-8 to UTF-16, as much as fits with the closing 0. What is no UTF-8 becomes U+FFFD. */
void copy_string( WCHAR *dst, size_t size, const char *src )
{
    const unsigned char *s = (const unsigned char *)src;
    size_t length = 0;

    while (*s)
    {
        unsigned int more = *s < 0x80 ? 0 : *s >= 0xc2 && *s < 0xe0 ? 1 : *s >= 0xe0 && *s < 0xf0 ? 2 : *s >= 0xf0 && *s < 0xf5 ? 3 : 4;
        uint32_t c = more == 4 ? 0xfffd : more ? *s & (0x3f >> more) : *s;

        s++;
        for (; more && more < 4; more--)
        {
            if ((*s & 0xc0) != 0x80)
            {
                c = 0xfffd;
                break;
            }
            c = c << 6 | (*s++ & 0x3f);
        }
        if (length + (c > 0xffff) + 1 >= size) break;
        if (c > 0xffff)
        {
            dst[length++] = 0xd7c0 + (c >> 10);
            dst[length++] = 0xdc00 + (c & 0x3ff);
        }
        else dst[length++] = c;
    }
    dst[length] = 0;
}

NTSTATUS query_physicaladaptercount( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    (void)gpu;
    (void)size;
    ((D3DKMT_PHYSICAL_ADAPTER_COUNT *)data)->Count = 1;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           query_physicaladapterdeviceids
 *
 * What Vulkan does not tell of the PCI device, Linux does, where the GPU's address is known; else it is 0.
 */
NTSTATUS query_physicaladapterdeviceids( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_QUERY_DEVICE_IDS *answer = data;
    D3DKMT_DEVICE_IDS *ids = &answer->DeviceIds;
    struct pci_address address = gpu_pci_address( gpu );

    (void)size;
    if (answer->PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    ids->VendorID = gpu->info.vendor_id;
    ids->DeviceID = gpu->info.device_id;
    ids->SubSystemID = gpu->info.subsystem_id;
    ids->RevisionID = gpu->info.revision_id;
    ids->BusType = 1;       /* PCI */
    if (!gpu->info.has_pci_address) return STATUS_SUCCESS;
    ids->SubVendorID = read_pci_number( &address, "subsystem_vendor" );
    if (!ids->SubSystemID) ids->SubSystemID = read_pci_number( &address, "subsystem_device" );
    if (!ids->RevisionID) ids->RevisionID = read_pci_number( &address, "revision" );
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           query_adapterregistryinfo
 *
 * AdapterString and ChipType are Vulkan's name of the GPU: what Wine has in the registry for them is the same, or less. BiosString: what
 * the GPU's driver tells Linux; empty: nothing. DacType: what Wine says; empty for a GPU that it has no display driver for.
 */
NTSTATUS query_adapterregistryinfo( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_ADAPTERREGISTRYINFO *answer = data;
    struct gpu_sensors sensors;
    WCHAR path[OS_KEY_CHARS];

    (void)size;
    copy_string( answer->AdapterString, sizeof(answer->AdapterString) / sizeof(WCHAR), gpu->info.name );
    copy_string( answer->ChipType, sizeof(answer->ChipType) / sizeof(WCHAR), gpu->info.name );
    if (get_sensors( gpu, &sensors ))
        copy_string( answer->BiosString, sizeof(answer->BiosString) / sizeof(WCHAR), sensors.bios_version );
    if (get_adapter_key( gpu, ADAPTER_KEY_SOFTWARE, path ) ||
        read_registry_string( path, u"HardwareInformation.DacType", answer->DacType, sizeof(answer->DacType) / sizeof(WCHAR) ))
        answer->DacType[0] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS query_driver_description( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_DRIVER_DESCRIPTION *answer = data;

    (void)size;
    copy_string( answer->DriverDescription, sizeof(answer->DriverDescription) / sizeof(WCHAR), gpu->info.name );
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           query_adapteraddress
 *
 * BusNumber has the PCI domain above bit 8, as Windows counts buses. STATUS_NOT_SUPPORTED: the GPU is no PCI device, or its driver does
 * not tell (VK_EXT_pci_bus_info).
 */
NTSTATUS query_adapteraddress( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_ADAPTERADDRESS *answer = data;

    (void)size;
    if (!gpu->info.has_pci_address) return STATUS_NOT_SUPPORTED;
    answer->BusNumber = gpu->info.pci_domain << 8 | (gpu->info.pci_bus & 0xff);
    answer->DeviceNumber = gpu->info.pci_device;
    answer->FunctionNumber = gpu->info.pci_function;
    return STATUS_SUCCESS;
}

/***********************************************************************
 * GUIDs
 */

/* Vulkan's UUID of the device as a GUID: the same bytes in its string. */
static GUID make_guid( const uint8_t uuid[16] )
{
    GUID guid;

    guid.Data1 = (uint32_t)uuid[0] << 24 | uuid[1] << 16 | uuid[2] << 8 | uuid[3];
    guid.Data2 = uuid[4] << 8 | uuid[5];
    guid.Data3 = uuid[6] << 8 | uuid[7];
    memcpy( guid.Data4, uuid + 8, sizeof(guid.Data4) );
    return guid;
}

/* "{01234567-89AB-CDEF-0123-456789ABCDEF}" */
#define GUID_CHARS  39

static bool is_dash( unsigned int place )
{
    return place == 9 || place == 14 || place == 19 || place == 24;
}

static void format_uuid( const uint8_t uuid[16], WCHAR string[GUID_CHARS] )
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned int i, nibble = 0;

    for (i = 1; i < GUID_CHARS - 2; i++)
    {
        string[i] = is_dash( i ) ? '-' : digits[uuid[nibble / 2] >> (nibble & 1 ? 0 : 4) & 0xf];
        if (!is_dash( i )) nibble++;
    }
    string[0] = '{';
    string[GUID_CHARS - 2] = '}';
    string[GUID_CHARS - 1] = 0;
}

/* false: that is no GUID, and uuid is undefined. */
static bool parse_uuid( const WCHAR *string, uint8_t uuid[16] )
{
    unsigned int i, nibble = 0, digit;

    memset( uuid, 0, 16 );
    for (i = 0; i < GUID_CHARS - 1; i++)
    {
        WCHAR c = string[i];

        if (i && i < GUID_CHARS - 2 && !is_dash( i ))
        {
            if (c >= '0' && c <= '9') digit = c - '0';
            else if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
            else if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
            else return false;
            uuid[nibble / 2] |= digit << (nibble & 1 ? 0 : 4);
            nibble++;
        }
        else if (c != (i ? i < GUID_CHARS - 2 ? '-' : '}' : '{')) return false;
    }
    return !string[i];
}

/***********************************************************************
 *           query_adapterguid
 *
 * The GUID that Wine's registry has for the device ("VideoID", which names its display devices). Without one, Vulkan's UUID.
 */
NTSTATUS query_adapterguid( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    WCHAR path[OS_KEY_CHARS], string[GUID_CHARS];
    uint8_t uuid[16];
    GUID guid;

    (void)size;
    if (get_adapter_key( gpu, ADAPTER_KEY_DEVICE_PARAMETERS, path ) ||
        read_registry_string( path, u"VideoID", string, sizeof(string) / sizeof(*string) ) || !parse_uuid( string, uuid ))
        memcpy( uuid, gpu->info.device_uuid, sizeof(uuid) );
    guid = make_guid( uuid );
    memcpy( data, &guid, sizeof(guid) );
    return STATUS_SUCCESS;
}

/* Vulkan's UUID: the same in every process and after each boot, until the driver is changed. */
NTSTATUS query_adapter_unique_guid( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_QUERY_ADAPTER_UNIQUE_GUID *answer = data;

    (void)size;
    format_uuid( gpu->info.device_uuid, answer->AdapterUniqueGUID );
    return STATUS_SUCCESS;
}

/***********************************************************************
 * Versions
 */

/* "a.b.c.d" as Windows packs it, 16 bits each. false: it is none. */
static bool parse_version( const WCHAR *string, uint64_t *version )
{
    uint64_t packed = 0;
    unsigned int part;

    for (part = 0; part < 4; part++)
    {
        uint32_t value = 0;

        if (part && *string++ != '.') return false;
        if (*string < '0' || *string > '9') return false;
        for (; *string >= '0' && *string <= '9'; string++)
            if ((value = value * 10 + (*string - '0')) > 0xffff) return false;
        packed = packed << 16 | value;
    }
    if (*string) return false;
    *version = packed;
    return true;
}

/* The version of the Vulkan driver as one of a driver for WDDM 2.6 (26) and Direct3D 12 (20). What comes behind these two is the vendor's:
 * NVIDIA's 535.54 is 15.3554 there, and programs look for its last five digits; Mesa's 23.2.1 becomes 2302.1. */
static uint64_t convert_version( const struct gpu_adapter *info )
{
    uint32_t version = info->driver_version, major, minor, high, low;

    if (!strcmp( info->driver_name, "NVIDIA" ))
    {
        major = version >> 22;
        minor = version >> 14 & 0xff;
        if (minor > 99) minor = 99;     /* as there are on Linux only */
        high = 10 + major / 100 % 10;
        low = major % 100 * 100 + minor;
    }
    else
    {
        major = version >> 22 & 0x7f;   /* VK_API_VERSION_MAJOR and the others */
        minor = version >> 12 & 0x3ff;
        high = major * 100 + (minor < 99 ? minor : 99);
        low = version & 0xfff;
    }
    return (uint64_t)26 << 48 | (uint64_t)20 << 32 | high << 16 | low;
}

/***********************************************************************
 *           query_driver_file_version
 *
 * Of both drivers, in user mode and in the kernel: DriverVersion of the software key, which programs read too, else what the
 * Vulkan driver says.
 */
NTSTATUS query_driver_file_version( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    WCHAR path[OS_KEY_CHARS], string[32];
    uint64_t version;

    (void)size;
    if (get_adapter_key( gpu, ADAPTER_KEY_SOFTWARE, path ) ||
        read_registry_string( path, u"DriverVersion", string, sizeof(string) / sizeof(*string) ) || !parse_version( string, &version ))
        version = convert_version( &gpu->info );
    memcpy( data, &version, sizeof(version) );
    return STATUS_SUCCESS;
}

NTSTATUS tell_gpuversion( const struct gpu_sensors *sensors, D3DKMT_GPUVERSION *answer )
{
    if (!sensors->bios_version[0]) return STATUS_NOT_SUPPORTED;
    copy_string( answer->BiosVersion, sizeof(answer->BiosVersion) / sizeof(WCHAR), sensors->bios_version );
    return STATUS_SUCCESS;
}

/* BiosVersion: what the GPU's driver tells Linux. Nothing tells the architecture. STATUS_NOT_SUPPORTED: nothing at all is known. */
NTSTATUS query_gpuversion( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_GPUVERSION *answer = data;
    struct gpu_sensors sensors;

    (void)size;
    if (answer->PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    return get_sensors( gpu, &sensors ) ? tell_gpuversion( &sensors, answer ) : STATUS_NOT_SUPPORTED;
}
