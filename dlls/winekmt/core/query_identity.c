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

NTSTATUS query_physicaladapterdeviceids( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_QUERY_DEVICE_IDS *answer = data;

    (void)size;
    if (answer->PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    answer->DeviceIds.VendorID = gpu->info.vendor_id;
    answer->DeviceIds.DeviceID = gpu->info.device_id;
    answer->DeviceIds.SubSystemID = gpu->info.subsystem_id;
    answer->DeviceIds.RevisionID = gpu->info.revision_id;
    answer->DeviceIds.BusType = 1;      /* PCI */
    return STATUS_SUCCESS;
}

NTSTATUS query_adapterregistryinfo( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_ADAPTERREGISTRYINFO *answer = data;

    (void)size;
    /* Vulkan tells nothing of a BIOS or of what drives the monitor: those stay empty. */
    copy_string( answer->AdapterString, sizeof(answer->AdapterString) / sizeof(WCHAR), gpu->info.name );
    copy_string( answer->ChipType, sizeof(answer->ChipType) / sizeof(WCHAR), gpu->info.name );
    return STATUS_SUCCESS;
}

NTSTATUS query_driver_description( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_DRIVER_DESCRIPTION *answer = data;

    (void)size;
    copy_string( answer->DriverDescription, sizeof(answer->DriverDescription) / sizeof(WCHAR), gpu->info.name );
    return STATUS_SUCCESS;
}
