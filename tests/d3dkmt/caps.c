/*
 * EnumAdapters3, and QueryAdapterInfo about what the adapter and its driver model can do
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

static D3DKMT_HANDLE adapter;

/* Which adapter's GPU it is: 0 with none of the fake ones. */
static const char *fake_gpu( void )
{
    const char *value = getenv( "WINEKMT_FAKE_GPU" );

    return value ? value : "";
}

/***********************************************************************
 * EnumAdapters3
 */

static void test_enum( void )
{
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS], infos2[MAX_ADAPTERS];
    D3DKMT_ENUMADAPTERS3 params;
    UINT filter, count, i;

    check_status( pD3DKMTEnumAdapters3( NULL ), STATUS_INVALID_PARAMETER );
    count = enum_adapters( infos2 );

    for (filter = 0; filter < 4; filter++)
    {
        winetest_push_context( "filter %u", filter );
        /* without an array: how many there can be */
        FILL( params );
        params.Filter.Value = filter;
        params.pAdapters = NULL;
        kmt_writes( EnumAdapters3, &params, expected_->NumAdapters = params_->NumAdapters );
        ok( params.NumAdapters >= count, "room for %u, there are %u\n", (UINT)params.NumAdapters, count );

        FILL( params );
        FILL( infos );
        params.Filter.Value = filter;
        params.NumAdapters = ARRAY_SIZE( infos );
        params.pAdapters = infos;
        kmt_writes( EnumAdapters3, &params, expected_->NumAdapters = params_->NumAdapters );
        /* all draw, so a filter finds nothing more */
        ok( params.NumAdapters == count, "%u adapters, EnumAdapters2 has %u\n", (UINT)params.NumAdapters, count );
        for (i = 0; i < params.NumAdapters; i++)
        {
            ok( infos[i].hAdapter && infos[i].hAdapter != infos2[i].hAdapter, "adapter %u: handle %#x\n", i, infos[i].hAdapter );
            infos2[i].hAdapter ^= infos[i].hAdapter;    /* all else is the same */
            infos[i].hAdapter ^= infos2[i].hAdapter;
            infos2[i].hAdapter ^= infos[i].hAdapter;
            check_bytes( "adapter but for its handle", (char *)&infos[i] + 4, (char *)&infos2[i] + 4, sizeof(*infos) - 4 );
        }
        ok( infos[params.NumAdapters].hAdapter == SENTINEL32, "more than that was written\n" );
        close_adapters( infos, params.NumAdapters );

        if (count)
        {
            params.NumAdapters = count - 1;
            params.pAdapters = infos;
            FILL( infos );
            kmt_fails( EnumAdapters3, &params, STATUS_BUFFER_TOO_SMALL );
            ok( infos[0].hAdapter == SENTINEL32, "the array was written to\n" );
            /* just enough */
            params.NumAdapters = count;
            kmt_succeeds( EnumAdapters3, &params );
            close_adapters( infos, count );
        }
        winetest_pop_context();
    }
    close_adapters( infos2, count );

    for (i = 2; i < 64; i++)
    {
        FILL( infos );
        params.Filter.Value = (UINT64)1 << i;
        params.NumAdapters = ARRAY_SIZE( infos );
        params.pAdapters = infos;
        kmt_fails( EnumAdapters3, &params, STATUS_INVALID_PARAMETER );
        params.pAdapters = NULL;
        kmt_fails( EnumAdapters3, &params, STATUS_INVALID_PARAMETER );
        ok( infos[0].hAdapter == SENTINEL32, "the array was written to\n" );
    }
}

/***********************************************************************
 * Capabilities
 */

/* input: what the caller passes in at the start of the structure, and gets back. index: where in it the physical adapter
 * stands; -1: nowhere */
static const struct
{
    UINT type, size, input;
    int  index;
    UINT values[3];     /* words behind the input */
    BOOL exact;         /* they are that everywhere */
}
types[] =
{
    { KMTQAITYPE_WDDM_1_2_CAPS,         sizeof(D3DKMT_WDDM_1_2_CAPS), 0, -1,
      { D3DKMDT_GRAPHICS_PREEMPTION_DMA_BUFFER_BOUNDARY, D3DKMDT_COMPUTE_PREEMPTION_DMA_BUFFER_BOUNDARY, 0 }, TRUE },
    { KMTQAITYPE_WDDM_1_2_CAPS_RENDER,  sizeof(D3DKMT_WDDM_1_2_CAPS), 0, -1,
      { D3DKMDT_GRAPHICS_PREEMPTION_DMA_BUFFER_BOUNDARY, D3DKMDT_COMPUTE_PREEMPTION_DMA_BUFFER_BOUNDARY, 0 }, TRUE },
    { KMTQAITYPE_WDDM_1_3_CAPS,         sizeof(D3DKMT_WDDM_1_3_CAPS), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_WDDM_1_3_CAPS_RENDER,  sizeof(D3DKMT_WDDM_1_3_CAPS), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_WDDM_2_0_CAPS,         sizeof(D3DKMT_WDDM_2_0_CAPS), 0, -1, { 0 }, FALSE },
    { KMTQAITYPE_WDDM_2_7_CAPS,         sizeof(D3DKMT_WDDM_2_7_CAPS), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_WDDM_2_9_CAPS,         sizeof(D3DKMT_WDDM_2_9_CAPS), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_WDDM_3_0_CAPS,         sizeof(D3DKMT_WDDM_3_0_CAPS), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_DRIVERCAPS_EXT,        sizeof(D3DKMT_DRIVERCAPS_EXT), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_VIRTUALADDRESSINFO,    sizeof(D3DKMT_VIRTUALADDRESSINFO), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_CROSSADAPTERRESOURCE_SUPPORT, sizeof(D3DKMT_CROSSADAPTERRESOURCE_SUPPORT), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_PARAVIRTUALIZATION_RENDER, sizeof(D3DKMT_PARAVIRTUALIZATION), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_XBOX,                  sizeof(D3DKMT_XBOX), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_CHECKDRIVERUPDATESTATUS, sizeof(BOOL), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_CHECKDRIVERUPDATESTATUS_RENDER, sizeof(BOOL), 0, -1, { 0 }, TRUE },
    { KMTQAITYPE_ADAPTERTYPE,           sizeof(D3DKMT_ADAPTERTYPE), 0, -1, { 0 }, FALSE },
    { KMTQAITYPE_ADAPTERTYPE_RENDER,    sizeof(D3DKMT_ADAPTERTYPE), 0, -1, { 0 }, FALSE },
    { KMTQAITYPE_DRIVERVERSION,         sizeof(D3DKMT_DRIVERVERSION), 0, -1, { KMT_DRIVERVERSION_WDDM_2_6 }, TRUE },
    { KMTQAITYPE_DRIVERVERSION_RENDER,  sizeof(D3DKMT_DRIVERVERSION), 0, -1, { KMT_DRIVERVERSION_WDDM_2_6 }, TRUE },
    { KMTQAITYPE_QUERY_GPUMMU_CAPS,     sizeof(D3DKMT_QUERY_GPUMMU_CAPS), 4, 0, { 0 }, TRUE },
    { KMTQAITYPE_TRACKEDWORKLOAD_SUPPORT, sizeof(D3DKMT_TRACKEDWORKLOAD_SUPPORT), 8, 0, { 0 }, TRUE },
};

static void test_types( void )
{
    char buffer[64], before[64];
    UINT i, size, words;

    for (i = 0; i < ARRAY_SIZE( types ); i++)
    {
        winetest_push_context( "type %u", types[i].type );
        words = (types[i].size - types[i].input) / 4;

        /* no buffer, and less of it than the structure */
        check_status( query_info( adapter, types[i].type, NULL, types[i].size ), STATUS_INVALID_PARAMETER );
        memset( buffer, 0, sizeof(buffer) );
        memset( before, 0, sizeof(before) );
        for (size = 0; size < types[i].size; size++) check_status( query_info( adapter, types[i].type, buffer, size ), STATUS_INVALID_PARAMETER );
        check_bytes( "buffer", buffer, before, sizeof(buffer) );

        /* all of it is written, but for the input, and nothing behind */
        FILL( buffer );
        memset( buffer, 0, types[i].input );
        memcpy( before, buffer, sizeof(buffer) );
        check_status( query_info( adapter, types[i].type, buffer, types[i].size ), STATUS_SUCCESS );
        if (!types[i].exact) memcpy( before + types[i].input, buffer + types[i].input, types[i].size - types[i].input );
        else
        {
            memset( before + types[i].input, 0, types[i].size - types[i].input );
            memcpy( before + types[i].input, types[i].values, min( words, 3 ) * 4 );
        }
        check_bytes( "buffer", buffer, before, sizeof(buffer) );
        ok( (BYTE)buffer[types[i].input] != SENTINEL, "nothing was written\n" );

        /* a larger one is as good */
        FILL( buffer );
        memset( buffer, 0, types[i].input );
        check_status( query_info( adapter, types[i].type, buffer, sizeof(buffer) ), STATUS_SUCCESS );
        check_bytes( "larger buffer", buffer, before, sizeof(buffer) );

        if (types[i].index >= 0)
        {
            FILL( buffer );
            memset( buffer, 0, types[i].input );
            buffer[types[i].index] = 1;
            memcpy( before, buffer, sizeof(buffer) );
            check_status( query_info( adapter, types[i].type, buffer, types[i].size ), STATUS_INVALID_PARAMETER );
            check_bytes( "buffer", buffer, before, sizeof(buffer) );
        }
        winetest_pop_context();
    }
}

/* What differs from GPU to GPU */
static void test_values( void )
{
    D3DKMT_ADAPTERTYPE type, render;
    D3DKMT_WDDM_2_0_CAPS caps;

    check_status( query_info( adapter, KMTQAITYPE_ADAPTERTYPE, &type, sizeof(type) ), STATUS_SUCCESS );
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERTYPE_RENDER, &render, sizeof(render) ), STATUS_SUCCESS );
    ok( type.Value == render.Value, "%#x, rendering %#x\n", type.Value, render.Value );
    ok( type.RenderSupported && !type.ComputeOnly && !type.Paravirtualized, "type %#x\n", type.Value );
    check_status( query_info( adapter, KMTQAITYPE_WDDM_2_0_CAPS, &caps, sizeof(caps) ), STATUS_SUCCESS );
    ok( caps.SupportSurpriseRemoval && !caps.GpuMmuSupported && !caps.IoMmuSupported && !caps.FlipOverwriteSupported &&
        !caps.SupportContextlessPresent && !caps.Reserved, "caps %#x\n", caps.Value );
    if (!strcmp( fake_gpu(), "discrete" )) ok( caps.Support64BitAtomics && !type.SoftwareDevice, "caps %#x, type %#x\n", caps.Value,
                                               type.Value );
    if (!strcmp( fake_gpu(), "unified" )) ok( !caps.Support64BitAtomics && type.SoftwareDevice, "caps %#x, type %#x\n", caps.Value,
                                              type.Value );
}

/***********************************************************************
 * Nodes
 */

static const WCHAR compute[] = { 'C', 'o', 'm', 'p', 'u', 't', 'e', 0 };

static void test_nodes( void )
{
    static const UINT beyond[] = { 0x10000, 0x10001, 0xffff, 0x7fffffff, 0xffffffff };
    D3DKMT_NODEMETADATA params[2], before[2], zero;
    WCHAR name[DXGK_MAX_METADATA_NAME_LENGTH];
    UINT node, i, length;

    memset( &zero, 0, sizeof(zero) );
    for (node = 0; node < 64; node++)
    {
        winetest_push_context( "node %u", node );
        FILL( params );
        params[0].NodeOrdinalAndAdapterIndex = node;
        memcpy( before, params, sizeof(params) );
        if (query_info( adapter, KMTQAITYPE_NODEMETADATA, params, sizeof(params) ))
        {
            check_status( query_info( adapter, KMTQAITYPE_NODEMETADATA, params, sizeof(params) ), STATUS_INVALID_PARAMETER );
            check_bytes( "metadata", params, before, sizeof(params) );
            winetest_pop_context();
            break;
        }
        before[0].NodeData = params[0].NodeData;
        check_bytes( "behind the metadata", params, before, sizeof(params) );
        ok( params[0].NodeData.EngineType < DXGK_ENGINE_TYPE_MAX, "type %u\n", params[0].NodeData.EngineType );
        ok( !params[0].NodeData.Flags.Value && !params[0].NodeData.GpuMmuSupported && !params[0].NodeData.IoMmuSupported,
            "a flag is set\n" );
        memcpy( name, params[0].NodeData.FriendlyName, sizeof(name) );      /* which is not aligned */
        for (length = 0; length < DXGK_MAX_METADATA_NAME_LENGTH && name[length]; length++) {}
        ok( length < DXGK_MAX_METADATA_NAME_LENGTH, "a name without an end\n" );
        ok( !length == (params[0].NodeData.EngineType != DXGK_ENGINE_TYPE_OTHER), "type %u, %u characters\n", params[0].NodeData.EngineType,
            length );
        check_bytes( "name's rest", (char *)name + length * sizeof(WCHAR), &zero, sizeof(name) - length * sizeof(WCHAR) );
        if (!strcmp( fake_gpu(), "discrete" ))
        {
            static const UINT expected[] = { DXGK_ENGINE_TYPE_3D, DXGK_ENGINE_TYPE_OTHER, DXGK_ENGINE_TYPE_COPY };

            ok( node < 3 && params[0].NodeData.EngineType == expected[node], "type %u\n", params[0].NodeData.EngineType );
            if (node == 1) check_bytes( "name", name, compute, sizeof(compute) );
        }
        winetest_pop_context();
    }
    ok( node >= 1 && node < 64, "%u nodes\n", node );
    if (!strcmp( fake_gpu(), "discrete" )) ok( node == 3, "%u nodes\n", node );
    if (!strcmp( fake_gpu(), "unified" )) ok( node == 1, "%u nodes\n", node );

    /* another physical adapter stands in the upper half */
    for (i = 0; i < ARRAY_SIZE( beyond ); i++)
    {
        FILL( params );
        params[0].NodeOrdinalAndAdapterIndex = beyond[i];
        memcpy( before, params, sizeof(params) );
        check_status( query_info( adapter, KMTQAITYPE_NODEMETADATA, params, sizeof(params) ), STATUS_INVALID_PARAMETER );
        check_bytes( "metadata", params, before, sizeof(params) );
    }
    check_status( query_info( adapter, KMTQAITYPE_NODEMETADATA, NULL, sizeof(*params) ), STATUS_INVALID_PARAMETER );
    memset( params, 0, sizeof(params) );
    check_status( query_info( adapter, KMTQAITYPE_NODEMETADATA, params, sizeof(*params) - 1 ), STATUS_INVALID_PARAMETER );
}

/* Sensors: not every GPU has them, and then nothing is written. tests/d3dkmt/faultsensors.c has some. */
static void test_performance( void )
{
    D3DKMT_NODE_PERFDATA node, node_before;
    D3DKMT_ADAPTER_PERFDATA perfdata, perfdata_before;
    D3DKMT_ADAPTER_PERFDATACAPS caps, caps_before;
    NTSTATUS status;

    FILL( node );
    node.NodeOrdinal = node.PhysicalAdapterIndex = 0;
    node_before = node;
    status = query_info( adapter, KMTQAITYPE_NODEPERFDATA, &node, sizeof(node) );
    if (status)
    {
        check_status( status, STATUS_NOT_SUPPORTED );
        check_bytes( "node", &node, &node_before, sizeof(node) );
    }
    FILL( perfdata );
    perfdata.PhysicalAdapterIndex = 0;
    perfdata_before = perfdata;
    status = query_info( adapter, KMTQAITYPE_ADAPTERPERFDATA, &perfdata, sizeof(perfdata) );
    if (status)
    {
        check_status( status, STATUS_NOT_SUPPORTED );
        check_bytes( "adapter", &perfdata, &perfdata_before, sizeof(perfdata) );
    }
    FILL( caps );
    caps.PhysicalAdapterIndex = 0;
    caps_before = caps;
    status = query_info( adapter, KMTQAITYPE_ADAPTERPERFDATA_CAPS, &caps, sizeof(caps) );
    if (status)
    {
        check_status( status, STATUS_NOT_SUPPORTED );
        check_bytes( "caps", &caps, &caps_before, sizeof(caps) );
    }

    /* whether there are sensors or not */
    FILL( node );
    node.NodeOrdinal = 0;
    node.PhysicalAdapterIndex = 1;
    check_status( query_info( adapter, KMTQAITYPE_NODEPERFDATA, &node, sizeof(node) ), STATUS_INVALID_PARAMETER );
    node.NodeOrdinal = 64;
    node.PhysicalAdapterIndex = 0;
    check_status( query_info( adapter, KMTQAITYPE_NODEPERFDATA, &node, sizeof(node) ), STATUS_INVALID_PARAMETER );
    node.NodeOrdinal = 0;
    check_status( query_info( adapter, KMTQAITYPE_NODEPERFDATA, &node, sizeof(node) - 1 ), STATUS_INVALID_PARAMETER );
    check_status( query_info( adapter, KMTQAITYPE_NODEPERFDATA, NULL, sizeof(node) ), STATUS_INVALID_PARAMETER );
    perfdata.PhysicalAdapterIndex = 1;
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERPERFDATA, &perfdata, sizeof(perfdata) ), STATUS_INVALID_PARAMETER );
    perfdata.PhysicalAdapterIndex = 0;
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERPERFDATA, &perfdata, sizeof(perfdata) - 1 ), STATUS_INVALID_PARAMETER );
    caps.PhysicalAdapterIndex = 1;
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERPERFDATA_CAPS, &caps, sizeof(caps) ), STATUS_INVALID_PARAMETER );
    caps.PhysicalAdapterIndex = 0;
    check_status( query_info( adapter, KMTQAITYPE_ADAPTERPERFDATA_CAPS, &caps, sizeof(caps) - 1 ), STATUS_INVALID_PARAMETER );
}

START_TEST(caps)
{
    test_enum();
    if (!open_adapter( &adapter )) return;
    test_types();
    test_values();
    test_nodes();
    test_performance();
    close_adapter( adapter );
}
