/*
 * QueryAdapterInfo: one small function a type of information
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

#include "winekmt.h"
#include "core/vidmm.h"

/* Fills the answer, which is zeroed but for what the caller passed in, from the GPU. STATUS_SUCCESS, STATUS_INVALID_PARAMETER. */
typedef NTSTATUS (*query_function)( const struct kmt_gpu *gpu, void *data );

static uint64_t heaps_size( const struct gpu_adapter *info, bool local )
{
    uint64_t size = 0;
    uint32_t i;

    for (i = 0; i < info->heap_count; i++) if (info->heaps[i].local == local) size += info->heaps[i].size;
    return size;
}

/* UTF-8 to UTF-16, as much as fits with the closing 0. What is no UTF-8 becomes U+FFFD. */
static void copy_string( WCHAR *dst, size_t size, const char *src )
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

static NTSTATUS query_umdriverprivate( const struct kmt_gpu *gpu, void *data )
{
    struct winekmt_adapter_data *answer = data;
    const struct gpu_adapter *info = &gpu->info;
    uint32_t i;

    answer->magic = WINEKMT_ADAPTER_MAGIC;
    answer->version = WINEKMT_VERSION;
    memcpy( answer->device_uuid, info->device_uuid, sizeof(answer->device_uuid) );
    memcpy( answer->driver_uuid, info->driver_uuid, sizeof(answer->driver_uuid) );
    answer->local_size = heaps_size( info, true );
    answer->non_local_size = heaps_size( info, false );
    answer->max_allocation_size = info->max_memory_size;
    answer->page_size = PAGE_SIZE;
    answer->max_alignment = WINEKMT_MAX_ALIGNMENT;
    for (i = 0; i < info->type_count; i++)
        if (info->types[i].properties != GPU_MEMORY_UNUSABLE && info->types[i].properties & GPU_MEMORY_HOST_VISIBLE)
            answer->cpu_visible_segments |= info->heaps[info->types[i].heap].local ? WINEKMT_SEGMENT_LOCAL : WINEKMT_SEGMENT_NON_LOCAL;
    if (info->has_host_import) answer->features |= WINEKMT_FEATURE_HOST_IMPORT;
    if (info->has_memory_budget) answer->features |= WINEKMT_FEATURE_MEMORY_BUDGET;
    return STATUS_SUCCESS;
}

static NTSTATUS query_getsegmentsize( const struct kmt_gpu *gpu, void *data )
{
    D3DKMT_SEGMENTSIZEINFO *answer = data;

    answer->DedicatedVideoMemorySize = heaps_size( &gpu->info, true );
    answer->SharedSystemMemorySize = heaps_size( &gpu->info, false );
    return STATUS_SUCCESS;
}

static NTSTATUS query_getsegmentgroupsize( const struct kmt_gpu *gpu, void *data )
{
    D3DKMT_SEGMENTGROUPSIZEINFO *answer = data;

    if (answer->PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    query_getsegmentsize( gpu, &answer->LegacyInfo );
    answer->LocalMemory = heaps_size( &gpu->info, true );
    answer->NonLocalMemory = heaps_size( &gpu->info, false );
    return STATUS_SUCCESS;
}

static NTSTATUS query_adaptertype( const struct kmt_gpu *gpu, void *data )
{
    D3DKMT_ADAPTERTYPE *answer = data;

    answer->RenderSupported = 1;
    answer->DisplaySupported = gpu->from_wine;
    answer->SoftwareDevice = gpu->info.software;
    return STATUS_SUCCESS;
}

static NTSTATUS query_driverversion( const struct kmt_gpu *gpu, void *data )
{
    (void)gpu;
    *(D3DKMT_DRIVERVERSION *)data = KMT_DRIVERVERSION_WDDM_2_6;
    return STATUS_SUCCESS;
}

static NTSTATUS query_checkdriverupdatestatus( const struct kmt_gpu *gpu, void *data )
{
    (void)gpu;
    *(BOOL *)data = FALSE;      /* no driver is being installed */
    return STATUS_SUCCESS;
}

static NTSTATUS query_physicaladaptercount( const struct kmt_gpu *gpu, void *data )
{
    (void)gpu;
    ((D3DKMT_PHYSICAL_ADAPTER_COUNT *)data)->Count = 1;
    return STATUS_SUCCESS;
}

static NTSTATUS query_physicaladapterdeviceids( const struct kmt_gpu *gpu, void *data )
{
    D3DKMT_QUERY_DEVICE_IDS *answer = data;

    if (answer->PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    answer->DeviceIds.VendorID = gpu->info.vendor_id;
    answer->DeviceIds.DeviceID = gpu->info.device_id;
    answer->DeviceIds.SubSystemID = gpu->info.subsystem_id;
    answer->DeviceIds.RevisionID = gpu->info.revision_id;
    answer->DeviceIds.BusType = 1;      /* PCI */
    return STATUS_SUCCESS;
}

static NTSTATUS query_adapterregistryinfo( const struct kmt_gpu *gpu, void *data )
{
    D3DKMT_ADAPTERREGISTRYINFO *answer = data;

    /* Vulkan tells nothing of a BIOS or of what drives the monitor: those stay empty. */
    copy_string( answer->AdapterString, sizeof(answer->AdapterString) / sizeof(WCHAR), gpu->info.name );
    copy_string( answer->ChipType, sizeof(answer->ChipType) / sizeof(WCHAR), gpu->info.name );
    return STATUS_SUCCESS;
}

static NTSTATUS query_driver_description( const struct kmt_gpu *gpu, void *data )
{
    D3DKMT_DRIVER_DESCRIPTION *answer = data;

    copy_string( answer->DriverDescription, sizeof(answer->DriverDescription) / sizeof(WCHAR), gpu->info.name );
    return STATUS_SUCCESS;
}

static const struct query
{
    uint32_t       type;
    uint32_t       size;        /* bytes of the answer: the buffer may be larger */
    uint32_t       input;       /* bytes at its start that the caller fills in */
    query_function function;
}
queries[] =
{
    { KMTQAITYPE_UMDRIVERPRIVATE,           sizeof(struct winekmt_adapter_data),    0, query_umdriverprivate },
    { KMTQAITYPE_GETSEGMENTSIZE,            sizeof(D3DKMT_SEGMENTSIZEINFO),         0, query_getsegmentsize },
    { KMTQAITYPE_GETSEGMENTGROUPSIZE,       sizeof(D3DKMT_SEGMENTGROUPSIZEINFO),    4, query_getsegmentgroupsize },
    { KMTQAITYPE_ADAPTERTYPE,               sizeof(D3DKMT_ADAPTERTYPE),             0, query_adaptertype },
    { KMTQAITYPE_DRIVERVERSION,             sizeof(D3DKMT_DRIVERVERSION),           0, query_driverversion },
    { KMTQAITYPE_CHECKDRIVERUPDATESTATUS,   sizeof(BOOL),                           0, query_checkdriverupdatestatus },
    { KMTQAITYPE_PHYSICALADAPTERCOUNT,      sizeof(D3DKMT_PHYSICAL_ADAPTER_COUNT),  0, query_physicaladaptercount },
    { KMTQAITYPE_PHYSICALADAPTERDEVICEIDS,  sizeof(D3DKMT_QUERY_DEVICE_IDS),        4, query_physicaladapterdeviceids },
    { KMTQAITYPE_ADAPTERREGISTRYINFO,       sizeof(D3DKMT_ADAPTERREGISTRYINFO),     0, query_adapterregistryinfo },
    { KMTQAITYPE_DRIVER_DESCRIPTION,        sizeof(D3DKMT_DRIVER_DESCRIPTION),      0, query_driver_description },
};

/* The answers are at most this large (D3DKMT_DRIVER_DESCRIPTION). */
#define MAX_ANSWER_SIZE  8192

/***********************************************************************
 *           kmt_QueryAdapterInfo
 *
 * Tells something about an adapter.
 *
 * params->Type: one of queries[] above. pPrivateDriverData: at least the bytes of its structure, which is all that is written.
 * STATUS_INVALID_PARAMETER: the adapter, no buffer or a small one, a type or a physical adapter that does not exist.
 * STATUS_NOT_SUPPORTED: a type that is not implemented.  STATUS_DEVICE_REMOVED: the GPU was lost after the adapter was opened.
 *
 * Cost: one lock.  Source: DDI pages of D3DKMTQueryAdapterInfo and of the structures.
 */
NTSTATUS kmt_QueryAdapterInfo( D3DKMT_QUERYADAPTERINFO *params )
{
    uint64_t buffer[MAX_ANSWER_SIZE / sizeof(uint64_t)];
    const struct query *query = NULL;
    const struct kmt_gpu *gpu = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    D3DKMT_QUERYADAPTERINFO args;
    struct adapter *adapter;
    unsigned int i;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, type %u, size %u", args.hAdapter, args.Type, args.PrivateDriverDataSize );
    if (is_stock_handle( args.hAdapter )) return KMT_STATUS_STOCK;

    kmt_lock();
    if (!(adapter = get_adapter_locked( args.hAdapter ))) status = STATUS_INVALID_PARAMETER;
    else if (adapter->losses != adapter->gpu->losses) status = STATUS_DEVICE_REMOVED;
    else gpu = adapter->gpu;    /* stays, and what is read of it never changes */
    kmt_unlock();
    if (status) return status;

    for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) if (queries[i].type == (uint32_t)args.Type) query = &queries[i];
    if (!query && ((uint32_t)args.Type > KMTQAITYPE_WDDM_3_0_CAPS || args.Type == 14)) return STATUS_INVALID_PARAMETER;  /* 14: no type */
    if (!query)
    {
        WARN( "type %u is not implemented", args.Type );
        return STATUS_NOT_SUPPORTED;
    }
    if (!args.pPrivateDriverData || args.PrivateDriverDataSize < query->size) return STATUS_INVALID_PARAMETER;

    assert( query->size <= sizeof(buffer) );
    memset( buffer, 0, query->size );
    memcpy( buffer, args.pPrivateDriverData, query->input );
    if ((status = query->function( gpu, buffer ))) return status;
    memcpy( args.pPrivateDriverData, buffer, query->size );
    return STATUS_SUCCESS;
}
