/*
 * QueryAdapterInfo: memory, and what a driver on top of winekmt has to know
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/query.h"

uint64_t heaps_size( const struct gpu_adapter *info, bool local )
{
    uint64_t size = 0;
    uint32_t i;

    for (i = 0; i < info->heap_count; i++) if (info->heaps[i].local == local) size += info->heaps[i].size;
    return size;
}

uint64_t segment_size( const struct kmt_gpu *gpu, bool local )
{
    uint64_t size = heaps_size( &gpu->info, local );

    return local && size > gpu->limit ? gpu->limit : size;
}

NTSTATUS query_umdriverprivate( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    struct winekmt_adapter_data *answer = data;
    const struct gpu_adapter *info = &gpu->info;
    uint32_t i;

    (void)size;
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

NTSTATUS query_getsegmentsize( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_SEGMENTSIZEINFO *answer = data;

    (void)size;
    answer->DedicatedVideoMemorySize = segment_size( gpu, true );
    answer->SharedSystemMemorySize = segment_size( gpu, false );
    return STATUS_SUCCESS;
}

NTSTATUS query_getsegmentgroupsize( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_SEGMENTGROUPSIZEINFO *answer = data;

    if (answer->PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    query_getsegmentsize( gpu, &answer->LegacyInfo, size );
    answer->LocalMemory = segment_size( gpu, true );
    answer->NonLocalMemory = segment_size( gpu, false );
    return STATUS_SUCCESS;
}
