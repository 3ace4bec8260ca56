/*
 * QueryStatistics: what monitors ask
 *
 * A memory segment group of the GPU is one segment: 0 is the local group where the GPU has one, the non-local group comes after it, as an aperture.
 * What processes have is read in the ledger, that of this one in its manager; so a monitor needs no Vulkan device. How long engines worked
 * DRM tells. Everything else in these structures is about submission, and 0.
 *
 * Committed is what allocations take, wherever their content is; resident is what of it lies in the segment, which is also what
 * QueryVideoMemoryInfo calls usage.
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

/* No enumeration finds more. */
#define MAX_GPUS  64

/* A process that is asked about. */
struct subject
{
    bool     self;
    uint64_t key;
};

/* Segments: the groups that have memory. */
static unsigned int segment_count( const struct kmt_gpu *gpu )
{
    unsigned int i, groups = 0;

    for (i = 0; i < gpu->info.heap_count; i++) groups |= gpu->info.heaps[i].local ? 1u << GROUP_LOCAL : 1u << GROUP_NON_LOCAL;
    return __builtin_popcount( groups );
}

static bool has_local_memory( const struct kmt_gpu *gpu )
{
    unsigned int i;

    for (i = 0; i < gpu->info.heap_count; i++) if (gpu->info.heaps[i].local) return true;
    return false;
}

static unsigned int segment_group( const struct kmt_gpu *gpu, unsigned int segment )
{
    return has_local_memory( gpu ) ? segment : GROUP_NON_LOCAL;
}

/***********************************************************************
 * Counts
 */

/* false: the ledger does not have them. */
static bool get_own_counts( struct kmt_gpu *gpu, unsigned int group, struct ledger_counts *counts )
{
    bool shared = false;

    memset( counts, 0, sizeof(*counts) );
    kmt_lock();
    if (gpu->vidmm)
    {
        share_publish_locked( gpu->vidmm );
        *counts = *ledger_counts( gpu->vidmm->account, group );
        shared = ledger_is_shared( gpu->vidmm->account );
    }
    kmt_unlock();
    return shared;
}

static void add_counts( struct ledger_counts *sum, const struct ledger_counts *more )
{
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)more;
    unsigned int i;

    /* Others may write nonsense. */
    for (i = 0; i < sizeof(*sum) / sizeof(*to); i++) if (__builtin_add_overflow( to[i], from[i], &to[i] )) to[i] = UINT64_MAX;
}

/* What those did that have ended: totals never go back. The ledger has the totals of those who live, too; own: those of this process, if it
 * does not have them. */
static void add_past( struct kmt_gpu *gpu, unsigned int group, const struct ledger_counts *own, struct ledger_counts *counts )
{
    struct ledger_counts all = { 0 };
    struct ledger_totals totals;

    if (!ledger_read_totals( gpu->info.device_uuid, group, &totals )) return;
    all.discarded = totals.discarded;
    all.paged_out = totals.paged_out;
    all.paged_in = totals.paged_in;
    all.discards = totals.discards;
    if (own) add_counts( &all, own );
    counts->discarded = all.discarded;
    counts->paged_out = all.paged_out;
    counts->paged_in = all.paged_in;
    counts->discards = all.discards;
}

/* subject: NULL for all processes together. *pid: Linux' of the subject, where the ledger knows it; -1: it does not. */
static void get_counts( struct kmt_gpu *gpu, const struct subject *subject, unsigned int group, struct ledger_counts *counts, int *pid )
{
    struct ledger_peer peers[LEDGER_SLOTS];
    unsigned int i, count, found = LEDGER_SLOTS;
    struct ledger_counts own;
    bool shared;

    *pid = 0;
    shared = get_own_counts( gpu, group, &own );
    if (!subject || subject->self) *counts = own;
    else memset( counts, 0, sizeof(*counts) );
    if (subject && subject->self) return;

    *pid = -1;
    count = ledger_read( gpu->info.device_uuid, group, heaps_size( &gpu->info, group == GROUP_LOCAL ), peers );
    for (i = 0; i < count; i++)
    {
        if (subject && peers[i].process_key != subject->key) continue;
        add_counts( counts, &peers[i].counts );
        if (subject && peers[i].pid) *pid = peers[i].pid;
        found = i;
    }
    if (!subject) add_past( gpu, group, shared ? NULL : &own, counts );
    if (!subject || found == LEDGER_SLOTS) return;
    counts->budget = share_budget_of_peer( &gpu->info, group, &own, peers, count, found );
}

/* The same over both groups. */
static void get_all_counts( struct kmt_gpu *gpu, const struct subject *subject, struct ledger_counts *counts, int *pid )
{
    struct ledger_counts more;

    get_counts( gpu, subject, GROUP_LOCAL, counts, pid );
    get_counts( gpu, subject, GROUP_NON_LOCAL, &more, pid );
    add_counts( counts, &more );
}

/* What the subject may use now, as QueryVideoMemoryInfo has it, also before it was ever asked. counts: those of the subject. */
static uint64_t get_budget( struct kmt_gpu *gpu, const struct subject *subject, unsigned int group, const struct ledger_counts *counts )
{
    struct vidmm *vidmm;
    uint64_t budget = 0;

    if (!subject->self) return counts->budget;
    kmt_lock();
    if ((vidmm = gpu->vidmm))
    {
        vidmm->refs++;      /* the lock is dropped */
        vidmm_refresh_budget_locked( vidmm, BUDGET_AGE_NS );
        share_refresh_locked( vidmm, BUDGET_AGE_NS );
        budget = vidmm_group_budget_locked( vidmm, group );
        vidmm_release_locked( vidmm );
    }
    kmt_unlock();
    return budget;
}

static uint64_t bytes_committed( const struct ledger_counts *counts )
{
    uint64_t sum;

    return __builtin_add_overflow( counts->committed, counts->unplaced, &sum ) ? UINT64_MAX : sum;
}

static uint32_t at_most_32( uint64_t value )
{
    return value < UINT32_MAX ? value : UINT32_MAX;
}

static uint32_t allocations_committed( const struct ledger_counts *counts )
{
    uint64_t sum;

    return __builtin_add_overflow( counts->allocations, counts->unplaced_allocations, &sum ) ? UINT32_MAX : at_most_32( sum );
}

/***********************************************************************
 * Types
 */

static NTSTATUS query_adapter( struct kmt_gpu *gpu, D3DKMT_QUERYSTATISTICS_ADAPTER_INFORMATION *answer )
{
    struct ledger_counts counts;
    int pid;

    get_all_counts( gpu, NULL, &counts, &pid );
    answer->NbSegments = segment_count( gpu );
    answer->NodeCount = gpu->info.node_count;
    answer->VidPnSourceCount = gpu->from_wine;
    kmt_lock();
    answer->TdrDetectedCount = gpu->losses;
    kmt_unlock();
    answer->PagingFault.Evictions.Bytes = counts.paged_out;
    answer->PagingTransfer.BytesDiscarded = counts.discarded;
    answer->PagingTransfer.BytesTransferredFromMemoryToAperture = counts.paged_out;
    answer->PagingTransfer.BytesTransferredFromApertureToMemory = counts.paged_in;
    answer->Flags.NumberOfMemoryGroups = segment_count( gpu );
    return STATUS_SUCCESS;
}

/* All GPUs of the last enumeration, in its order. They stay until kmt_shutdown, but their order may change. */
static unsigned int list_gpus( struct kmt_gpu *list[MAX_GPUS] )
{
    struct kmt_gpu *gpu = NULL;
    unsigned int count = 0;

    kmt_lock();
    while (count < MAX_GPUS && (gpu = next_gpu_locked( gpu ))) list[count++] = gpu;
    kmt_unlock();
    return count;
}

/* Of one GPU, so that who asks for each may add them up; of all where the LUID is nobody's. */
static NTSTATUS query_process( LUID luid, const struct subject *subject, D3DKMT_QUERYSTATISTICS_PROCESS_INFORMATION *answer )
{
    struct ledger_counts counts, sum = { 0 };
    struct kmt_gpu *list[MAX_GPUS];
    unsigned int i, count = 1;
    NTSTATUS status;
    int pid;

    if ((status = find_gpu_by_luid( luid, &list[0] )))
    {
        if (status != STATUS_INVALID_PARAMETER) return status;
        count = list_gpus( list );
    }
    for (i = 0; i < count; i++)
    {
        answer->NodeCount += list[i]->info.node_count;
        answer->VidPnSourceCount += list[i]->from_wine;
        get_all_counts( list[i], subject, &counts, &pid );
        add_counts( &sum, &counts );
    }
    answer->SystemMemory.BytesAllocated = answer->SystemMemory.CachedBytesAllocated = sum.evicted;
    answer->SystemMemory.LargeAllocationBlocks = at_most_32( sum.evicted_allocations );
    return STATUS_SUCCESS;
}

static NTSTATUS query_process_adapter( struct kmt_gpu *gpu, const struct subject *subject,
                                       D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER_INFORMATION *answer )
{
    struct ledger_counts counts;
    int pid;

    get_all_counts( gpu, subject, &counts, &pid );
    answer->NbSegments = segment_count( gpu );
    answer->NodeCount = gpu->info.node_count;
    answer->VidPnSourceCount = gpu->from_wine;
    answer->CommitmentData.TotalBytesEvictedFromProcess = counts.paged_out;
    answer->CommitmentData.BytesBySegmentPreference[0] = bytes_committed( &counts );
    return STATUS_SUCCESS;
}

static NTSTATUS query_segment( struct kmt_gpu *gpu, unsigned int segment, D3DKMT_QUERYSTATISTICS_SEGMENT_INFORMATION *answer )
{
    struct ledger_counts counts;
    unsigned int group;
    int pid;

    if (segment >= segment_count( gpu )) return STATUS_INVALID_PARAMETER;
    group = segment_group( gpu, segment );
    get_counts( gpu, NULL, group, &counts, &pid );
    answer->CommitLimit = segment_size( gpu, group == GROUP_LOCAL );
    answer->BytesCommitted = bytes_committed( &counts );
    answer->BytesResident = counts.committed;
    answer->Memory.TotalBytesEvicted = counts.paged_out;
    answer->Memory.AllocsCommitted = allocations_committed( &counts );
    answer->Memory.AllocsResident = at_most_32( counts.allocations );
    answer->Aperture = group == GROUP_NON_LOCAL;
    answer->SegmentProperties.SystemMemory = group == GROUP_NON_LOCAL;
    return STATUS_SUCCESS;
}

static NTSTATUS query_process_segment( struct kmt_gpu *gpu, const struct subject *subject, unsigned int segment,
                                       D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_INFORMATION *answer )
{
    struct ledger_counts counts;
    unsigned int group;
    int pid;

    if (segment >= segment_count( gpu )) return STATUS_INVALID_PARAMETER;
    group = segment_group( gpu, segment );
    get_counts( gpu, subject, group, &counts, &pid );
    answer->BytesCommitted = bytes_committed( &counts );
    answer->MaximumWorkingSet = get_budget( gpu, subject, group, &counts );
    answer->MinimumWorkingSet = counts.reservation;
    answer->VideoMemory.AllocsCommitted = allocations_committed( &counts );
    answer->VideoMemory.AllocsResidentInP[0].Count = at_most_32( counts.allocations );
    answer->VideoMemory.AllocsResidentInP[0].Bytes = counts.committed;
    answer->VideoMemory.TotalBytesEvictedDueToPreparation = counts.paged_out;
    return STATUS_SUCCESS;
}

/* 100 ns that nodes of this kind worked, by the DRM files of a process (as read_engine_times); 0: that is not known. */
static uint64_t running_time( struct kmt_gpu *gpu, unsigned int node, int pid )
{
    static const enum engine_class classes[] =
    {
        [GPU_NODE_GRAPHICS] = ENGINE_GRAPHICS, [GPU_NODE_COMPUTE] = ENGINE_COMPUTE, [GPU_NODE_VIDEO_DECODE] = ENGINE_VIDEO_DECODE,
        [GPU_NODE_VIDEO_ENCODE] = ENGINE_VIDEO_ENCODE, [GPU_NODE_COPY] = ENGINE_COPY, [GPU_NODE_OTHER] = ENGINE_OTHER,
    };
    uint64_t times[ENGINE_CLASSES];
    unsigned int i;

    /* DRM tells it by kind: the first node of a kind has it all. */
    for (i = 0; i < node; i++) if (gpu->info.nodes[i] == gpu->info.nodes[node]) return 0;
    if (!gpu->info.has_pci_address) return 0;
    get_engine_times( gpu, pid, times );
    return times[classes[gpu->info.nodes[node]]] / 100;
}

static NTSTATUS query_node( struct kmt_gpu *gpu, unsigned int node, D3DKMT_QUERYSTATISTICS_NODE_INFORMATION *answer )
{
    D3DKMT_NODE_PERFDATA perfdata = { .NodeOrdinal = node };

    if (node >= gpu->info.node_count) return STATUS_INVALID_PARAMETER;
    answer->GlobalInformation.RunningTime.QuadPart = running_time( gpu, node, -1 );
    if (!query_nodeperfdata( gpu, &perfdata, NULL )) answer->NodePerfData = perfdata;
    else answer->NodePerfData.NodeOrdinal = node;
    return STATUS_SUCCESS;
}

static NTSTATUS query_process_node( struct kmt_gpu *gpu, const struct subject *subject, unsigned int node,
                                    D3DKMT_QUERYSTATISTICS_PROCESS_NODE_INFORMATION *answer )
{
    struct ledger_counts counts;
    int pid;

    if (node >= gpu->info.node_count) return STATUS_INVALID_PARAMETER;
    get_all_counts( gpu, subject, &counts, &pid );
    if (pid >= 0) answer->RunningTime.QuadPart = running_time( gpu, node, pid );
    return STATUS_SUCCESS;
}

static NTSTATUS query_process_segment_group( struct kmt_gpu *gpu, const struct subject *subject, unsigned int group,
                                             D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP_INFORMATION *answer )
{
    struct ledger_counts counts;
    int pid;

    if (group > D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL) return STATUS_INVALID_PARAMETER;
    get_counts( gpu, subject, group, &counts, &pid );
    answer->Budget = get_budget( gpu, subject, group, &counts );
    answer->Requested = bytes_committed( &counts );
    answer->Usage = counts.committed;
    return STATUS_SUCCESS;
}

static NTSTATUS query_physical_adapter( struct kmt_gpu *gpu, unsigned int index, D3DKMT_QUERYSTATISTICS_PHYSICAL_ADAPTER_INFORMATION *answer )
{
    struct gpu_sensors sensors;

    if (index) return STATUS_INVALID_PARAMETER;
    /* Without sensors all stays 0. */
    if (!get_sensors( gpu, &sensors )) return STATUS_SUCCESS;
    tell_adapterperfdata( &sensors, &answer->AdapterPerfData );
    tell_adapterperfdata_caps( &sensors, &answer->AdapterPerfDataCaps );
    tell_gpuversion( &sensors, &answer->GpuVersion );
    return STATUS_SUCCESS;
}

static NTSTATUS query_gpu( struct kmt_gpu *gpu, const struct subject *subject, const D3DKMT_QUERYSTATISTICS *args,
                           D3DKMT_QUERYSTATISTICS_RESULT *result )
{
    switch (args->Type)
    {
    case D3DKMT_QUERYSTATISTICS_ADAPTER:
        return query_adapter( gpu, &result->AdapterInformation );
    case D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER:
        return query_process_adapter( gpu, subject, &result->ProcessAdapterInformation );
    case D3DKMT_QUERYSTATISTICS_SEGMENT:
        return query_segment( gpu, args->QuerySegment.SegmentId, &result->SegmentInformation );
    case D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT:
        return query_process_segment( gpu, subject, args->QueryProcessSegment.SegmentId, &result->ProcessSegmentInformation );
    case D3DKMT_QUERYSTATISTICS_NODE:
        return query_node( gpu, args->QueryNode.NodeId, &result->NodeInformation );
    case D3DKMT_QUERYSTATISTICS_PROCESS_NODE:
        return query_process_node( gpu, subject, args->QueryProcessNode.NodeId, &result->ProcessNodeInformation );
    case D3DKMT_QUERYSTATISTICS_VIDPNSOURCE:
    case D3DKMT_QUERYSTATISTICS_PROCESS_VIDPNSOURCE:
        /* Nothing is presented through this. */
        return args->QueryVidPnSource.VidPnSourceId < gpu->from_wine ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    case D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP:
        return query_process_segment_group( gpu, subject, args->QueryProcessSegmentGroup, &result->ProcessSegmentGroupInformation );
    case D3DKMT_QUERYSTATISTICS_PHYSICAL_ADAPTER:
        return query_physical_adapter( gpu, args->QueryPhysAdapter.PhysicalAdapterIndex, &result->PhysAdapterInformation );
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static bool is_about_process( D3DKMT_QUERYSTATISTICS_TYPE type )
{
    return type == D3DKMT_QUERYSTATISTICS_PROCESS || type == D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER || type == D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT ||
           type == D3DKMT_QUERYSTATISTICS_PROCESS_NODE || type == D3DKMT_QUERYSTATISTICS_PROCESS_VIDPNSOURCE ||
           type == D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP;
}

/***********************************************************************
 *           kmt_QueryStatistics
 *
 * Tells what a GPU, its segments and nodes, and processes on it have done and use.
 *
 * params->AdapterLuid: of EnumAdapters; one that nobody has means all GPUs for PROCESS.
 * hProcess: for the types about a process; NULL is the caller, another needs PROCESS_QUERY_INFORMATION; one that has no memory of the GPU, or is in another ledger, uses nothing.
 * STATUS_SUCCESS: all of QueryResult that belongs to the type is written, nothing else.
 * STATUS_INVALID_PARAMETER: the type, the LUID, a segment, group, node, source or physical adapter that does not exist.
 * STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED: the process.  STATUS_NO_MEMORY.
 *
 * Cost: about 0.3 us for each process in the ledger; for nodes a file for each descriptor of the process, or of all processes. No Vulkan device.
 * Source: the layouts, Process Hacker's public use of them; docs/semantics.md.
 */
NTSTATUS kmt_QueryStatistics( D3DKMT_QUERYSTATISTICS *params )
{
    static const size_t sizes[] =
    {
        [D3DKMT_QUERYSTATISTICS_ADAPTER] = sizeof(D3DKMT_QUERYSTATISTICS_ADAPTER_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_PROCESS] = sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER] = sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_SEGMENT] = sizeof(D3DKMT_QUERYSTATISTICS_SEGMENT_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT] = sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_NODE] = sizeof(D3DKMT_QUERYSTATISTICS_NODE_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_PROCESS_NODE] = sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_NODE_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_VIDPNSOURCE] = sizeof(D3DKMT_QUERYSTATISTICS_VIDPNSOURCE_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_PROCESS_VIDPNSOURCE] = sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_VIDPNSOURCE_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP] = sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP_INFORMATION),
        [D3DKMT_QUERYSTATISTICS_PHYSICAL_ADAPTER] = sizeof(D3DKMT_QUERYSTATISTICS_PHYSICAL_ADAPTER_INFORMATION),
    };
    D3DKMT_QUERYSTATISTICS_RESULT result;
    struct subject subject = { .self = true };
    D3DKMT_QUERYSTATISTICS args;
    struct kmt_gpu *gpu = NULL;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "type %u, LUID %#x:%#x", args.Type, args.AdapterLuid.HighPart, args.AdapterLuid.LowPart );
    if ((uint32_t)args.Type >= sizeof(sizes) / sizeof(sizes[0])) return STATUS_INVALID_PARAMETER;
    if (is_about_process( args.Type ))
    {
        if ((status = os_check_process( args.hProcess, OS_PROCESS_QUERY_INFORMATION, &subject.self ))) return status;
        if (!subject.self && (status = os_get_process_key( args.hProcess, &subject.key ))) return status;
    }

    memset( &result, 0, sizeof(result) );
    if (args.Type == D3DKMT_QUERYSTATISTICS_PROCESS) status = query_process( args.AdapterLuid, &subject, &result.ProcessInformation );
    else if (!(status = find_gpu_by_luid( args.AdapterLuid, &gpu ))) status = query_gpu( gpu, &subject, &args, &result );
    if (status) return status;
    memcpy( &params->QueryResult, &result, sizes[args.Type] );
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_EnumProcesses
 *
 * Lists the processes that use a GPU, by the ids that programs know them by.
 *
 * params->AdapterLuid: of EnumAdapters. pBuffer: BufferCount ids. Those of the same Wine prefix (natively: PID namespace) and the same ledger are
 * listed, from their first device on; ids of others would mean nothing here.
 * STATUS_SUCCESS: BufferCount ids.  STATUS_BUFFER_TOO_SMALL: nothing is written.
 * STATUS_INVALID_PARAMETER: NULL, no buffer, nobody has that LUID.  STATUS_NO_MEMORY.
 *
 * Cost: about 0.3 us for each process in the ledger, wineserver requests.  Source: WSL's driver for the layout and the statuses.
 */
NTSTATUS kmt_EnumProcesses( D3DKMT_ENUMPROCESSES *params )
{
    struct ledger_peer peers[LEDGER_SLOTS];
    ULONG ids[LEDGER_SLOTS + 1];
    D3DKMT_ENUMPROCESSES args;
    unsigned int i, found, count = 0;
    struct kmt_gpu *gpu;
    uint64_t realm;
    NTSTATUS status;
    ULONG own;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    if (!args.pBuffer || !args.BufferCount) return STATUS_INVALID_PARAMETER;
    if ((status = find_gpu_by_luid( args.AdapterLuid, &gpu ))) return status;
    own = os_own_process_id( &realm );
    kmt_lock();
    if (gpu->vidmm) ids[count++] = own;
    kmt_unlock();
    found = ledger_read( gpu->info.device_uuid, GROUP_LOCAL, heaps_size( &gpu->info, true ), peers );
    for (i = 0; i < found; i++) if (peers[i].realm == realm && peers[i].process_id) ids[count++] = peers[i].process_id;
    if (count > args.BufferCount) return STATUS_BUFFER_TOO_SMALL;
    memcpy( args.pBuffer, ids, count * sizeof(*ids) );
    params->BufferCount = count;
    return STATUS_SUCCESS;
}
