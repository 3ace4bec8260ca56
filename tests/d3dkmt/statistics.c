/*
 * QueryStatistics
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#define LOW             D3DKMT_OFFER_PRIORITY_LOW
#define ALLOW_DECOMMIT  2
#define TYPES           11

/* The types about a process. */
#define ABOUT_PROCESS ((1u << D3DKMT_QUERYSTATISTICS_PROCESS) | (1u << D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER) | \
                       (1u << D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT) | (1u << D3DKMT_QUERYSTATISTICS_PROCESS_NODE) | \
                       (1u << D3DKMT_QUERYSTATISTICS_PROCESS_VIDPNSOURCE) | (1u << D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP))

/* Those with budgets, clocks and times, which change by themselves. */
#define CHANGING ((1u << D3DKMT_QUERYSTATISTICS_NODE) | (1u << D3DKMT_QUERYSTATISTICS_PROCESS_NODE) | \
                  (1u << D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT) | (1u << D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP) | \
                  (1u << D3DKMT_QUERYSTATISTICS_PHYSICAL_ADAPTER))

static const size_t sizes[TYPES] =
{
    sizeof(D3DKMT_QUERYSTATISTICS_ADAPTER_INFORMATION), sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_INFORMATION),
    sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER_INFORMATION), sizeof(D3DKMT_QUERYSTATISTICS_SEGMENT_INFORMATION),
    sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_INFORMATION), sizeof(D3DKMT_QUERYSTATISTICS_NODE_INFORMATION),
    sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_NODE_INFORMATION), sizeof(D3DKMT_QUERYSTATISTICS_VIDPNSOURCE_INFORMATION),
    sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_VIDPNSOURCE_INFORMATION), sizeof(D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP_INFORMATION),
    sizeof(D3DKMT_QUERYSTATISTICS_PHYSICAL_ADAPTER_INFORMATION),
};

static D3DKMT_HANDLE adapter, device;
static D3DKMT_CREATEPAGINGQUEUE queue;
static struct winekmt_adapter_data data;
static LUID luid;
static UINT sources;

/* what: the segment, node, source, group or physical adapter, which all stand at one place. */
static void init_query( D3DKMT_QUERYSTATISTICS *params, UINT type, UINT what, HANDLE process )
{
    FILL( *params );
    params->Type = type;
    params->AdapterLuid = luid;
    params->hProcess = process;
    params->QuerySegment.SegmentId = what;
}

/* Writes all of the answer that belongs to the type, and nothing else. */
static const D3DKMT_QUERYSTATISTICS_RESULT *query_( int line, UINT type, UINT what, HANDLE process, D3DKMT_QUERYSTATISTICS *params )
{
    D3DKMT_QUERYSTATISTICS other;

    winetest_push_context( "line %d, type %u of %u", line, type, what );
    init_query( params, type, what, process );
    kmt_writes( QueryStatistics, params, memcpy( &((D3DKMT_QUERYSTATISTICS *)expected_)->QueryResult, &params_->QueryResult,
                                                 sizes[type] ) );
    /* and whatever stood there before counts for nothing */
    memset( &other, ~SENTINEL, sizeof(other) );
    other.Type = type;
    other.AdapterLuid = luid;
    other.hProcess = process;
    other.QuerySegment.SegmentId = what;
    check_status( pD3DKMTQueryStatistics( &other ), STATUS_SUCCESS );
    if (!(CHANGING & 1u << type))
        check_bytes( "the same again", &other.QueryResult, &params->QueryResult, sizes[type] );
    winetest_pop_context();
    return &params->QueryResult;
}
#define query( type, what, params ) query_( __LINE__, D3DKMT_QUERYSTATISTICS_##type, what, NULL, params )

/***********************************************************************
 * What is wrong
 */

static UINT count_segments( void )
{
    D3DKMT_QUERYSTATISTICS params;

    return query( ADAPTER, 0, &params )->AdapterInformation.NbSegments;
}

static UINT count_nodes( void )
{
    D3DKMT_QUERYSTATISTICS params;

    return query( ADAPTER, 0, &params )->AdapterInformation.NodeCount;
}

static void test_bad( void )
{
    static const UINT beyond[] = { 0x10000, 0x7fffffff, 0x80000000, 0xffffffff };
    static const UINT types[] = { TYPES, TYPES + 1, 0x7fffffff, 0xffffffff };
    const UINT limits[TYPES] = { ~0u, ~0u, ~0u, count_segments(), count_segments(), count_nodes(), count_nodes(), sources, sources, 2, 1 };
    D3DKMT_QUERYSTATISTICS params;
    HANDLE event;
    UINT type, i;

    memset( &params, 0, sizeof(params) );
    kmt_fails( QueryStatistics, &params, STATUS_INVALID_PARAMETER );
    for (i = 0; i < ARRAY_SIZE( types ); i++)
    {
        init_query( &params, types[i], 0, NULL );
        kmt_fails( QueryStatistics, &params, STATUS_INVALID_PARAMETER );
    }
    event = create_event();
    for (type = 0; type < TYPES; type++)
    {
        winetest_push_context( "type %u", type );
        if (type != D3DKMT_QUERYSTATISTICS_PROCESS)
        {
            init_query( &params, type, 0, NULL );
            params.AdapterLuid.LowPart ^= 0x1234;
            params.AdapterLuid.HighPart ^= 0x4321;
            kmt_fails( QueryStatistics, &params, STATUS_INVALID_PARAMETER );
            memset( &params.AdapterLuid, 0, sizeof(params.AdapterLuid) );
            kmt_fails( QueryStatistics, &params, STATUS_INVALID_PARAMETER );
        }
        if (limits[type] != ~0u)
        {
            init_query( &params, type, limits[type], NULL );
            kmt_fails( QueryStatistics, &params, STATUS_INVALID_PARAMETER );
            for (i = 0; i < ARRAY_SIZE( beyond ); i++)
            {
                params.QuerySegment.SegmentId = beyond[i];
                kmt_fails( QueryStatistics, &params, STATUS_INVALID_PARAMETER );
            }
            if (limits[type])
            {
                params.QuerySegment.SegmentId = limits[type] - 1;
                check_status( pD3DKMTQueryStatistics( &params ), STATUS_SUCCESS );
            }
        }
        init_query( &params, type, 0, (HANDLE)(ULONG_PTR)0xdead0000 );
        if (ABOUT_PROCESS & 1u << type)
        {
            kmt_fails( QueryStatistics, &params, STATUS_INVALID_HANDLE );
            params.hProcess = event;
            kmt_fails( QueryStatistics, &params, STATUS_OBJECT_TYPE_MISMATCH );
        }
        /* the others do not look at it */
        else if (limits[type]) check_status( pD3DKMTQueryStatistics( &params ), STATUS_SUCCESS );
        winetest_pop_context();
    }
    close_event( event );
}

/***********************************************************************
 * The adapter
 */

static BOOL has_node( UINT node )
{
    D3DKMT_QUERYADAPTERINFO params;
    D3DKMT_NODEMETADATA metadata;

    memset( &params, 0, sizeof(params) );
    memset( &metadata, 0, sizeof(metadata) );
    metadata.NodeOrdinalAndAdapterIndex = node;
    params.hAdapter = adapter;
    params.Type = KMTQAITYPE_NODEMETADATA;
    params.pPrivateDriverData = &metadata;
    params.PrivateDriverDataSize = sizeof(metadata);
    return !pD3DKMTQueryAdapterInfo( &params );
}

static void test_adapter( void )
{
    const D3DKMT_QUERYSTATISTICS_RESULT *result;
    D3DKMT_QUERYSTATISTICS params, physical;
    UINT segments, nodes, i;

    result = query( ADAPTER, 0, &params );
    segments = result->AdapterInformation.NbSegments;
    nodes = result->AdapterInformation.NodeCount;
    ok( segments == (UINT)(!!data.local_size + !!data.non_local_size), "%u segments\n", segments );
    ok( result->AdapterInformation.Flags.NumberOfMemoryGroups == segments, "%u groups\n",
        (UINT)result->AdapterInformation.Flags.NumberOfMemoryGroups );
    ok( result->AdapterInformation.VidPnSourceCount == sources, "%u sources, %u in EnumAdapters2\n",
        (UINT)result->AdapterInformation.VidPnSourceCount, sources );
    ok( nodes >= 1, "no nodes\n" );
    for (i = 0; i < nodes; i++) ok( has_node( i ), "no metadata of node %u\n", i );
    ok( !has_node( nodes ), "more than %u nodes\n", nodes );

    result = query( PROCESS_ADAPTER, 0, &params );
    ok( result->ProcessAdapterInformation.NbSegments == segments && result->ProcessAdapterInformation.NodeCount == nodes &&
        result->ProcessAdapterInformation.VidPnSourceCount == sources, "%u segments, %u nodes, %u sources\n",
        (UINT)result->ProcessAdapterInformation.NbSegments, (UINT)result->ProcessAdapterInformation.NodeCount,
        (UINT)result->ProcessAdapterInformation.VidPnSourceCount );

    for (i = 0; i < nodes; i++)
    {
        result = query( NODE, i, &params );
        ok( result->NodeInformation.NodePerfData.NodeOrdinal == i, "node %u has ordinal %u\n", i,
            result->NodeInformation.NodePerfData.NodeOrdinal );
        ok( result->NodeInformation.GlobalInformation.RunningTime.QuadPart >= 0, "node %u: negative time\n", i );
        result = query( PROCESS_NODE, i, &params );
        ok( result->ProcessNodeInformation.RunningTime.QuadPart >= 0, "node %u: negative time\n", i );
    }
    for (i = 0; i < sources; i++)
    {
        query( VIDPNSOURCE, i, &params );
        query( PROCESS_VIDPNSOURCE, i, &params );
    }
    result = query( PHYSICAL_ADAPTER, 0, &physical );
    ok( !result->PhysAdapterInformation.AdapterPerfData.PhysicalAdapterIndex &&
        !result->PhysAdapterInformation.GpuVersion.PhysicalAdapterIndex,
        "another physical adapter\n" );

    /* PROCESS is about an adapter, or about all when it is nobody's LUID */
    result = query( PROCESS, 0, &params );
    ok( result->ProcessInformation.NodeCount == nodes, "%u nodes\n", (UINT)result->ProcessInformation.NodeCount );
    ok( result->ProcessInformation.VidPnSourceCount == sources, "%u sources\n", (UINT)result->ProcessInformation.VidPnSourceCount );
    for (i = 0; i < 2; i++)
    {
        init_query( &params, D3DKMT_QUERYSTATISTICS_PROCESS, 0, NULL );
        if (i) memset( &params.AdapterLuid, 0, sizeof(params.AdapterLuid) );
        else params.AdapterLuid.LowPart ^= 0x1234;
        check_status( pD3DKMTQueryStatistics( &params ), STATUS_SUCCESS );
        result = &params.QueryResult;
        ok( result->ProcessInformation.NodeCount >= nodes, "%u nodes\n", (UINT)result->ProcessInformation.NodeCount );
        ok( result->ProcessInformation.VidPnSourceCount >= sources, "%u sources\n", (UINT)result->ProcessInformation.VidPnSourceCount );
    }
}

/***********************************************************************
 * Memory
 */

/* Everything that says what is used of a segment. */
struct usage
{
    D3DKMT_QUERYSTATISTICS_SEGMENT_INFORMATION               all;
    D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_INFORMATION       own;
    D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP_INFORMATION group;
    D3DKMT_QUERYSTATISTICS_ADAPTER_INFORMATION               adapter;
    D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER_INFORMATION       own_adapter;
    D3DKMT_QUERYSTATISTICS_SYSTEM_MEMORY                     system;
    D3DKMT_QUERYVIDEOMEMORYINFO                              info;
};

static UINT group_of_segment( UINT segment )
{
    return data.local_size ? segment : D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL;
}

static UINT segment_of_group( UINT group )
{
    return data.local_size ? group : 0;
}

#define get_usage_of( segment, usage ) get_usage_of_( __LINE__, segment, usage )
static void get_usage_of_( int line, UINT segment, struct usage *usage )
{
    D3DKMT_QUERYVIDEOMEMORYINFO again;
    D3DKMT_QUERYSTATISTICS params;
    UINT group = group_of_segment( segment );

    winetest_push_context( "line %d, segment %u", line, segment );
    get_memory_info( adapter, group, &usage->info );
    usage->group = query( PROCESS_SEGMENT_GROUP, group, &params )->ProcessSegmentGroupInformation;
    usage->own = query( PROCESS_SEGMENT, segment, &params )->ProcessSegmentInformation;
    get_memory_info( adapter, group, &again );
    usage->all = query( SEGMENT, segment, &params )->SegmentInformation;
    usage->adapter = query( ADAPTER, 0, &params )->AdapterInformation;
    usage->own_adapter = query( PROCESS_ADAPTER, 0, &params )->ProcessAdapterInformation;
    usage->system = query( PROCESS, 0, &params )->ProcessInformation.SystemMemory;

    /* What they say of the same thing */
    ok( usage->group.Usage == usage->info.CurrentUsage, "Usage %s, CurrentUsage %s\n", wine_dbgstr_longlong( usage->group.Usage ),
        wine_dbgstr_longlong( usage->info.CurrentUsage ) );
    if (usage->info.Budget == again.Budget)     /* real ones change by themselves */
        ok( usage->group.Budget == again.Budget, "Budget %s, QueryVideoMemoryInfo %s\n", wine_dbgstr_longlong( usage->group.Budget ),
            wine_dbgstr_longlong( again.Budget ) );
    if (usage->info.Budget == again.Budget)
        ok( usage->own.MaximumWorkingSet == again.Budget, "MaximumWorkingSet %s, QueryVideoMemoryInfo %s\n",
            wine_dbgstr_longlong( usage->own.MaximumWorkingSet ), wine_dbgstr_longlong( again.Budget ) );
    ok( usage->own.VideoMemory.AllocsResidentInP[0].Bytes == usage->group.Usage, "%s bytes resident\n",
        wine_dbgstr_longlong( usage->own.VideoMemory.AllocsResidentInP[0].Bytes ) );
    ok( usage->own.BytesCommitted == usage->group.Requested, "BytesCommitted %s, Requested %s\n",
        wine_dbgstr_longlong( usage->own.BytesCommitted ),
        wine_dbgstr_longlong( usage->group.Requested ) );
    ok( usage->own.BytesCommitted >= usage->group.Usage, "BytesCommitted %s, Usage %s\n", wine_dbgstr_longlong( usage->own.BytesCommitted ),
        wine_dbgstr_longlong( usage->group.Usage ) );
    ok( usage->own.VideoMemory.AllocsCommitted >= usage->own.VideoMemory.AllocsResidentInP[0].Count, "%u committed, %u resident\n",
        (UINT)usage->own.VideoMemory.AllocsCommitted, (UINT)usage->own.VideoMemory.AllocsResidentInP[0].Count );
    ok( usage->own.MinimumWorkingSet == usage->info.CurrentReservation, "MinimumWorkingSet %s\n",
        wine_dbgstr_longlong( usage->own.MinimumWorkingSet ) );

    /* All processes together have at least that; the runner gives every program a ledger of its own. */
    ok( usage->all.BytesResident >= usage->group.Usage && usage->all.BytesCommitted >= usage->own.BytesCommitted,
        "less than this process has\n" );
    if (getenv( "WINEKMT_LEDGER" ))
    {
        ok( usage->all.BytesResident == usage->group.Usage, "BytesResident %s, Usage %s\n",
            wine_dbgstr_longlong( usage->all.BytesResident ),
            wine_dbgstr_longlong( usage->group.Usage ) );
        ok( usage->all.BytesCommitted == usage->own.BytesCommitted, "BytesCommitted %s, of this process %s\n",
            wine_dbgstr_longlong( usage->all.BytesCommitted ), wine_dbgstr_longlong( usage->own.BytesCommitted ) );
        ok( usage->all.Memory.AllocsCommitted == usage->own.VideoMemory.AllocsCommitted &&
            usage->all.Memory.AllocsResident == usage->own.VideoMemory.AllocsResidentInP[0].Count, "%u committed, %u resident\n",
            (UINT)usage->all.Memory.AllocsCommitted, (UINT)usage->all.Memory.AllocsResident );
        /* those of processes and devices that have ended count on */
        ok( usage->all.Memory.TotalBytesEvicted >= usage->own.VideoMemory.TotalBytesEvictedDueToPreparation, "TotalBytesEvicted %s\n",
            wine_dbgstr_longlong( usage->all.Memory.TotalBytesEvicted ) );
        ok( usage->adapter.PagingTransfer.BytesTransferredFromMemoryToAperture >=
            usage->own_adapter.CommitmentData.TotalBytesEvictedFromProcess,
            "BytesTransferredFromMemoryToAperture %s\n",
            wine_dbgstr_longlong( usage->adapter.PagingTransfer.BytesTransferredFromMemoryToAperture ) );
    }
    ok( usage->all.Aperture == (group == D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL), "Aperture %u\n", (UINT)usage->all.Aperture );
    ok( usage->all.SegmentProperties.SystemMemory == (group == D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL), "SystemMemory %u\n",
        (UINT)usage->all.SegmentProperties.SystemMemory );
    ok( usage->all.CommitLimit == (group ? data.non_local_size : data.local_size), "CommitLimit %s\n",
        wine_dbgstr_longlong( usage->all.CommitLimit ) );
    winetest_pop_context();
}

/* How much more of something there is than before; the types are unsigned. */
#define more( field ) (sizeof(now.field) == 4 ? (INT64)(int)(now.field - before.field) : (INT64)(now.field - before.field))
#define check_more( field, expected ) \
    ok( more( field ) == (INT64)(expected), #field " grew by %s, expected %s\n", wine_dbgstr_longlong( more( field ) ), \
        wine_dbgstr_longlong( expected ) )

/* The gap between what is committed and what is resident is what is evicted. */
static void test_counts( UINT segment )
{
    D3DKMT_TRIMPROCESSCOMMITMENT trim;
    struct usage before, now;
    D3DKMT_HANDLE list[8], odd;
    UINT64 sum = 0;
    UINT i;

    /* one that takes more than its size */
    odd = create_allocation( device, KIB( 132 ) );
    write_allocation( device, odd, KIB( 132 ), 1 );
    get_usage_of( segment, &before );
    send_away( &queue, odd );
    get_usage_of( segment, &now );
    ok( more( all.BytesResident ) <= -(INT64)KIB( 132 ), "BytesResident grew by %s\n", wine_dbgstr_longlong( more( all.BytesResident ) ) );
    check_more( all.BytesCommitted, 0 );
    check_more( own.BytesCommitted, 0 );
    check_more( all.Memory.AllocsCommitted, 0 );
    check_more( system.BytesAllocated, KIB( 132 ) );
    bring_back( &queue, &odd, 1 );
    get_usage_of( segment, &now );
    check_more( all.BytesResident, 0 );
    check_more( all.BytesCommitted, 0 );
    check_more( system.BytesAllocated, 0 );
    destroy_allocation( device, odd );

    get_usage_of( segment, &before );
    for (i = 0; i < 8; i++)
    {
        UINT64 size = i < 5 ? KIB( 64 ) : MIB( 1 );

        list[i] = create_allocation( device, size );
        if (i != 6) write_allocation( device, list[i], size, i + 1 );
        sum += size;
    }
    get_usage_of( segment, &now );
    check_more( all.Memory.AllocsResident, 8 );
    check_more( all.Memory.AllocsCommitted, 8 );
    ok( more( all.BytesResident ) >= (INT64)sum, "BytesResident grew by %s\n", wine_dbgstr_longlong( more( all.BytesResident ) ) );
    check_more( all.BytesCommitted, more( all.BytesResident ) );
    check_more( own_adapter.CommitmentData.BytesBySegmentPreference[0], more( all.BytesResident ) );
    check_more( all.Memory.TotalBytesEvicted, 0 );
    check_more( system.BytesAllocated, 0 );

    /* evicted: not resident, but committed */
    before = now;
    send_away( &queue, list[7] );
    get_usage_of( segment, &now );
    check_more( all.BytesResident, -MIB( 1 ) );
    check_more( all.BytesCommitted, 0 );
    check_more( all.Memory.AllocsResident, -1 );
    check_more( all.Memory.AllocsCommitted, 0 );
    check_more( all.Memory.TotalBytesEvicted, MIB( 1 ) );
    check_more( adapter.PagingFault.Evictions.Bytes, MIB( 1 ) );
    check_more( adapter.PagingTransfer.BytesTransferredFromMemoryToAperture, MIB( 1 ) );
    check_more( adapter.PagingTransfer.BytesTransferredFromApertureToMemory, 0 );
    check_more( own_adapter.CommitmentData.TotalBytesEvictedFromProcess, MIB( 1 ) );
    check_more( own_adapter.CommitmentData.BytesBySegmentPreference[0], 0 );
    check_more( system.BytesAllocated, MIB( 1 ) );
    check_more( system.CachedBytesAllocated, MIB( 1 ) );
    check_more( system.LargeAllocationBlocks, 1 );

    /* what was never written costs no copy */
    before = now;
    send_away( &queue, list[6] );
    get_usage_of( segment, &now );
    check_more( all.BytesResident, -MIB( 1 ) );
    check_more( all.BytesCommitted, 0 );
    check_more( all.Memory.TotalBytesEvicted, 0 );

    /* back */
    before = now;
    bring_back( &queue, &list[6], 2 );
    get_usage_of( segment, &now );
    check_more( all.BytesResident, 2 * MIB( 1 ) );
    check_more( all.BytesCommitted, 0 );
    check_more( all.Memory.AllocsResident, 2 );
    check_more( all.Memory.AllocsCommitted, 0 );
    check_more( adapter.PagingTransfer.BytesTransferredFromApertureToMemory, MIB( 1 ) );
    check_more( system.BytesAllocated, -2 * MIB( 1 ) );
    check_more( system.LargeAllocationBlocks, -2 );
    release( device, list[6] );
    release( device, list[7] );
    check_pattern( device, list[7], MIB( 1 ), 8 );
    check_zero( device, list[6], MIB( 1 ) );

    /* discarded: neither */
    before = now;
    check_status( offer( device, &list[7], 1, FALSE, LOW, ALLOW_DECOMMIT ), STATUS_SUCCESS );
    get_usage_of( segment, &now );
    check_more( all.BytesResident, 0 );     /* an offer alone changes nothing */
    memset( &trim, 0, sizeof(trim) );
    trim.cbSize = sizeof(trim);
    trim.DecommitRequested = MIB( 1 );
    check_status( pD3DKMTTrimProcessCommitment( &trim ), STATUS_SUCCESS );
    ok( trim.NumBytesDecommitted == MIB( 1 ), "%s bytes decommitted\n", wine_dbgstr_longlong( trim.NumBytesDecommitted ) );
    get_usage_of( segment, &now );
    check_more( all.BytesResident, -MIB( 1 ) );
    check_more( all.BytesCommitted, -MIB( 1 ) );
    check_more( all.Memory.AllocsCommitted, -1 );
    check_more( adapter.PagingTransfer.BytesDiscarded, MIB( 1 ) );
    check_more( all.Memory.TotalBytesEvicted, 0 );

    before = now;
    for (i = 0; i < 8; i++) destroy_allocation( device, list[i] );
    get_usage_of( segment, &now );
    check_more( all.Memory.AllocsResident, -7 );
    check_more( all.Memory.AllocsCommitted, -7 );
    ok( now.all.BytesResident == now.all.BytesCommitted || !getenv( "WINEKMT_LEDGER" ), "something is evicted still\n" );
}

/* A program's allocation is in the segment that it asked for, and evicted it counts there too. */
static void test_segments_of_allocations( void )
{
    UINT segment, segments = count_segments();
    struct usage before, now;
    D3DKMT_HANDLE allocation;

    for (segment = 0; segment < segments; segment++)
    {
        test_segments = group_of_segment( segment ) ? WINEKMT_SEGMENT_NON_LOCAL : WINEKMT_SEGMENT_LOCAL;
        if (!(data.cpu_visible_segments & test_segments))
        {
            skip( "the CPU does not reach segment %u\n", segment );
            continue;
        }
        test_counts( segment );
        /* nothing of it in the other one */
        if (segments < 2) continue;
        get_usage_of( !segment, &before );
        allocation = create_allocation( device, MIB( 1 ) );
        write_allocation( device, allocation, MIB( 1 ), 1 );
        send_away( &queue, allocation );
        get_usage_of( !segment, &now );
        check_more( all.BytesCommitted, 0 );
        check_more( all.BytesResident, 0 );
        check_more( all.Memory.AllocsCommitted, 0 );
        check_more( all.Memory.TotalBytesEvicted, 0 );
        destroy_allocation( device, allocation );
    }
    test_segments = 0;
}

/* A device is enough for a budget, whichever is asked for it first. */
static void test_first_budget( void )
{
    UINT segment, segments = count_segments();
    D3DKMT_QUERYSTATISTICS params;

    for (segment = 0; segment < segments; segment++)
        ok( query( PROCESS_SEGMENT, segment, &params )->ProcessSegmentInformation.MaximumWorkingSet != 0, "segment %u: no budget\n", segment );
}

static void test_reservation( void )
{
    UINT segment, segments = count_segments();
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION change;
    struct usage usage;

    for (segment = 0; segment < segments; segment++)
    {
        memset( &change, 0, sizeof(change) );
        change.hAdapter = adapter;
        change.MemorySegmentGroup = group_of_segment( segment );
        get_usage_of( segment, &usage );
        change.Reservation = usage.info.AvailableForReservation / 4;
        check_status( pD3DKMTChangeVideoMemoryReservation( &change ), STATUS_SUCCESS );
        get_usage_of( segment, &usage );    /* compares it */
        ok( usage.own.MinimumWorkingSet == change.Reservation, "MinimumWorkingSet %s\n",
            wine_dbgstr_longlong( usage.own.MinimumWorkingSet ) );
        change.Reservation = 0;
        check_status( pD3DKMTChangeVideoMemoryReservation( &change ), STATUS_SUCCESS );
        get_usage_of( segment, &usage );
    }
}

/* A process that never made a device uses nothing, and asking makes none. */
static void test_without_device( void )
{
    UINT segment, segments = count_segments();
    const D3DKMT_QUERYSTATISTICS_RESULT *result;
    D3DKMT_QUERYSTATISTICS params;

    for (segment = 0; segment < segments; segment++)
    {
        result = query( PROCESS_SEGMENT, segment, &params );
        ok( !result->ProcessSegmentInformation.BytesCommitted && !result->ProcessSegmentInformation.VideoMemory.AllocsCommitted,
            "segment %u: something is used\n", segment );
        result = query( PROCESS_SEGMENT_GROUP, group_of_segment( segment ), &params );
        ok( !result->ProcessSegmentGroupInformation.Usage && !result->ProcessSegmentGroupInformation.Requested,
            "segment %u: something is used\n", segment );
        result = query( SEGMENT, segment, &params );
        ok( result->SegmentInformation.CommitLimit == (group_of_segment( segment ) ? data.non_local_size : data.local_size),
            "segment %u: CommitLimit %s\n", segment, wine_dbgstr_longlong( result->SegmentInformation.CommitLimit ) );
        if (getenv( "WINEKMT_LEDGER" ))
            ok( !result->SegmentInformation.BytesResident && !result->SegmentInformation.BytesCommitted, "segment %u: something is used\n",
                segment );
    }
}

/***********************************************************************
 * Processes
 */

static void check_nothing( UINT segment, HANDLE process )
{
    const D3DKMT_QUERYSTATISTICS_RESULT *result;
    D3DKMT_QUERYSTATISTICS params;

    result = query_( __LINE__, D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT, segment, process, &params );
    ok( !result->ProcessSegmentInformation.BytesCommitted && !result->ProcessSegmentInformation.VideoMemory.AllocsCommitted &&
        !result->ProcessSegmentInformation.VideoMemory.AllocsResidentInP[0].Bytes && !result->ProcessSegmentInformation.MinimumWorkingSet,
        "it has something\n" );
    result = query_( __LINE__, D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP, group_of_segment( segment ), process, &params );
    ok( !result->ProcessSegmentGroupInformation.Usage && !result->ProcessSegmentGroupInformation.Requested, "it has something\n" );
    result = query_( __LINE__, D3DKMT_QUERYSTATISTICS_PROCESS_ADAPTER, 0, process, &params );
    ok( result->ProcessAdapterInformation.NbSegments == count_segments() &&
        !result->ProcessAdapterInformation.CommitmentData.BytesBySegmentPreference[0], "it has something\n" );
    result = query_( __LINE__, D3DKMT_QUERYSTATISTICS_PROCESS, 0, process, &params );
    ok( !result->ProcessInformation.SystemMemory.BytesAllocated && result->ProcessInformation.NodeCount >= 1, "it has something\n" );
    result = query_( __LINE__, D3DKMT_QUERYSTATISTICS_PROCESS_NODE, 0, process, &params );
    ok( !result->ProcessNodeInformation.RunningTime.QuadPart, "it has something\n" );
}

static void test_processes( void )
{
    UINT segment = segment_of_group( get_default_group( adapter ) ), type;
    D3DKMT_HANDLE allocation = create_allocation( device, MIB( 1 ) );
    const D3DKMT_QUERYSTATISTICS_RESULT *result;
    HANDLE process, restricted, own[2];
    D3DKMT_QUERYSTATISTICS params;
    UINT64 committed;
    UINT i;

    committed = query( PROCESS_SEGMENT, segment, &params )->ProcessSegmentInformation.BytesCommitted;
    ok( committed >= MIB( 1 ), "BytesCommitted %s\n", wine_dbgstr_longlong( committed ) );

    /* The pseudo handle and a true one of this process */
    own[0] = (HANDLE)(LONG_PTR)-1;
    own[1] = open_own_process( 0x400 /* PROCESS_QUERY_INFORMATION */ );
    for (i = 0; i < 2; i++)
    {
        if (!own[i]) continue;
        result = query_( __LINE__, D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT, segment, own[i], &params );
        ok( result->ProcessSegmentInformation.BytesCommitted == committed, "handle %u: BytesCommitted %s\n", i,
            wine_dbgstr_longlong( result->ProcessSegmentInformation.BytesCommitted ) );
        query_( __LINE__, D3DKMT_QUERYSTATISTICS_PROCESS, 0, own[i], &params );
        query_( __LINE__, D3DKMT_QUERYSTATISTICS_PROCESS_NODE, 0, own[i], &params );
    }
    if (own[1]) close_process( own[1] );

    if ((process = start_other_process()))
    {
        check_nothing( segment, process );
#ifdef _WIN32
        restricted = restrict_process( process, SYNCHRONIZE );
        for (type = 0; type < TYPES; type++)
        {
            if (!(ABOUT_PROCESS & 1u << type)) continue;
            init_query( &params, type, 0, restricted );
            kmt_fails( QueryStatistics, &params, STATUS_ACCESS_DENIED );
        }
        close_process( restricted );
#else
        (void)restricted;
        (void)type;
#endif
        end_other_process( process );
        check_nothing( segment, process );
        close_process( process );
    }
    destroy_allocation( device, allocation );
}

/* Who uses the GPU: this process from its first device on, which an earlier test may have made; others may too. */
static void test_enum_processes( UINT present )
{
    ULONG ids[256], before[256], own = get_own_id();
    D3DKMT_ENUMPROCESSES params;
    UINT i, found = 0;

    check_status( pD3DKMTEnumProcesses( NULL ), STATUS_INVALID_PARAMETER );
    memset( ids, 0xcc, sizeof(ids) );
    memset( before, 0xcc, sizeof(before) );
    memset( &params, 0, sizeof(params) );
    params.AdapterLuid = luid;
    params.BufferCount = ARRAY_SIZE( ids );
    kmt_fails( EnumProcesses, &params, STATUS_INVALID_PARAMETER );
    params.pBuffer = ids;
    params.BufferCount = 0;
    kmt_fails( EnumProcesses, &params, STATUS_INVALID_PARAMETER );
    params.BufferCount = ARRAY_SIZE( ids );
    params.AdapterLuid.HighPart ^= 0x5a5a;
    kmt_fails( EnumProcesses, &params, STATUS_INVALID_PARAMETER );
    check_bytes( "ids", ids, before, sizeof(ids) );

    params.AdapterLuid = luid;
    kmt_writes( EnumProcesses, &params, expected_->BufferCount = params_->BufferCount );
    ok( params.BufferCount <= ARRAY_SIZE( ids ), "%lu processes\n", (unsigned long)params.BufferCount );
    for (i = 0; i < params.BufferCount; i++) if (ids[i] == own) found++;
    ok( found == 1 || (!found && !present), "this process stands there %u times\n", found );
    check_bytes( "ids", ids + params.BufferCount, before + params.BufferCount, (ARRAY_SIZE( ids ) - params.BufferCount) * sizeof(*ids) );
}

START_TEST(statistics)
{
    D3DKMT_ADAPTERINFO info;

    check_status( pD3DKMTQueryStatistics( NULL ), STATUS_INVALID_PARAMETER );
    if (!open_adapter( &adapter )) return;
    get_adapter_data( adapter, &data );
    info = get_adapter_info();
    luid = info.AdapterLuid;
    sources = info.NumOfSources;

    test_without_device();
    test_enum_processes( 0 );
    test_adapter();
    test_bad();
    device = create_device( adapter );
    test_first_budget();
    create_fence_queue( device, &queue );
    if (getenv( "WINEKMT_VERIFIER" )) skip( "verifier switches are set\n" );
    else test_segments_of_allocations();
    test_reservation();
    test_processes();
    test_enum_processes( 1 );
    destroy_queue( queue.hPagingQueue );
    destroy_device( device );
    test_without_device();
    close_adapter( adapter );
}
