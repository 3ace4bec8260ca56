/*
 * What those answer that are not implemented
 *
 * NULL, a zeroed block, a block of 0xa5, a pointer that points nowhere, and a block that names something that exists. The table says
 * what Microsoft's documentation says of the argument: which object it names, and where. From that follows what a mistake gets
 * (INVALID_PARAMETER) and what a call without a mistake gets (NOT_SUPPORTED). What a third party has measured on Windows 11
 * is a table of its own, which is checked on Windows too.
 *
 * What is left to stock Wine must give the answer that the stock function gives when it is called past us; where stock Wine
 * has no such function, and natively, it is refused like the others.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stddef.h>

#include "d3dkmt_test.h"

#ifndef STATUS_GRAPHICS_VAIL_STATE_CHANGED
#define STATUS_GRAPHICS_VAIL_STATE_CHANGED  ((NTSTATUS)0xc01e0011)
#endif

#define BAD         STATUS_INVALID_PARAMETER
#define NO_HANDLE   STATUS_INVALID_HANDLE
#define REFUSED     STATUS_NOT_SUPPORTED

#define BLOCK_SIZE  1024u

enum object { NOTHING, ADAPTER, DEVICE, QUEUE, RESOURCE, SHARE, ADAPTER_LUID, SOME_POINTER, OBJECTS };
enum shape
{
    BLOCK,      /* a pointer to a parameter block */
    VALUE,      /* the first argument is itself the handle of the object */
    PROCESS,    /* of a process */
    UNKNOWN,    /* nobody documents the arguments, so nothing is read */
    NO_ARGUMENT /* and a BOOLEAN for an answer */
};

static const struct row
{
    const char *name;
    enum shape  shape;
    NTSTATUS    zero, nonsense;     /* for a block of that */
    enum object object;             /* what the block names */
    UINT        offset;             /* where: bytes from the start of the block, which is zeroed otherwise */
    NTSTATUS    status;             /* with one that exists */
}
rows[] =
{
/* The block names one of these, and nothing more is looked at. */
#define WITH( name, object, type, field )   { #name, BLOCK, BAD, BAD, object, offsetof( type, field ), REFUSED },
/* The block wants something that no function here makes: the handle of a device is no such thing either. */
#define NEVER( name )                       { #name, BLOCK, BAD, BAD, DEVICE, 0, BAD },
#define NEVER_AT( name, type, field )       { #name, BLOCK, BAD, BAD, DEVICE, offsetof( type, field ), BAD },
#define NO_NT_HANDLE( name )                { #name, BLOCK, NO_HANDLE, NO_HANDLE, DEVICE, 0, NO_HANDLE },
#define UNDOCUMENTED( name )                { #name, UNKNOWN, REFUSED, REFUSED, DEVICE, 0, REFUSED },

    /* Adapters and devices */
    WITH( AdjustFullscreenGamma, ADAPTER, D3DKMT_ADJUSTFULLSCREENGAMMA, hAdapter )
    WITH( FlushHeapTransitions, ADAPTER, D3DKMT_FLUSHHEAPTRANSITIONS, hAdapter )
    { "IsFeatureEnabled", BLOCK, REFUSED, BAD, ADAPTER, 0, REFUSED },    /* no adapter: a feature of all */
    UNDOCUMENTED( QueryFeatureInterface )
    UNDOCUMENTED( CacheHybridQueryValue )
    UNDOCUMENTED( GetCachedHybridQueryValue )
    UNDOCUMENTED( GetProperties )
    UNDOCUMENTED( SetProperties )
    NEVER( QueryRemoteVidPnSourceFromGdiDisplayName )       /* there are no remote sessions */

    /* Contexts, hardware queues, submission */
    WITH( CreateContext, DEVICE, D3DKMT_CREATECONTEXT, hDevice )
    WITH( CreateContextVirtual, DEVICE, D3DKMT_CREATECONTEXTVIRTUAL, hDevice )
    WITH( CreateHwContext, DEVICE, D3DKMT_CREATEHWCONTEXT, hDevice )
    WITH( Render, DEVICE, D3DKMT_RENDER, hDevice )
    WITH( SetQueuedLimit, DEVICE, D3DKMT_SETQUEUEDLIMIT, hDevice )
    NEVER( CreateHwQueue )
    NEVER( CreateTrackedWorkload )
    NEVER( DestroyContext )
    NEVER( DestroyHwContext )
    NEVER( DestroyHwQueue )
    NEVER( GetContextInProcessSchedulingPriority )
    NEVER( GetContextSchedulingPriority )
    NEVER( SetContextInProcessSchedulingPriority )
    NEVER( SetContextSchedulingPriority )
    NEVER( SubmitCommand )
    NEVER( SubmitCommandToHwQueue )
    NEVER( SubmitPresentBltToHwQueue )
    NEVER( SubmitPresentToHwQueue )
    NEVER( SubmitSignalSyncObjectsToHwQueue )
    NEVER( SubmitWaitForSyncObjectsToHwQueue )
    NEVER( ConnectDoorbell )
    NEVER( CreateDoorbell )
    NEVER( DestroyDoorbell )
    NEVER( NotifyWorkSubmission )
    UNDOCUMENTED( CreateHwQueueForUserModeSubmission )
    UNDOCUMENTED( ResizeRingBuffer )
    NEVER_AT( DestroyTrackedWorkload, D3DKMT_DESTROYTRACKEDWORKLOAD, hTrackedWorkload )
    NEVER_AT( GetAvailableTrackedWorkloadIndex, D3DKMT_GETAVAILABLETRACKEDWORKLOADINDEX, hTrackedWorkload )
    NEVER_AT( GetTrackedWorkloadStatistics, D3DKMT_GETTRACKEDWORKLOADSTATISTICS, hTrackedWorkload )
    NEVER_AT( ResetTrackedWorkloadStatistics, D3DKMT_RESETTRACKEDWORKLOADSTATISTICS, hTrackedWorkload )
    NEVER_AT( UpdateTrackedWorkload, D3DKMT_UPDATETRACKEDWORKLOAD, hTrackedWorkload )
    UNDOCUMENTED( GetMemoryBudgetTarget )
    UNDOCUMENTED( GetProcessList )
    UNDOCUMENTED( GetProcessSchedulingPriorityBand )
    UNDOCUMENTED( GetYieldPercentage )
    UNDOCUMENTED( SetMemoryBudgetTarget )
    UNDOCUMENTED( SetProcessSchedulingPriorityBand )
    UNDOCUMENTED( SetYieldPercentage )

    /* Allocations and addresses */
    WITH( GetResourcePresentPrivateDriverData, RESOURCE, D3DDDI_GETRESOURCEPRESENTPRIVATEDRIVERDATA, hResource )
    WITH( PinDirectFlipResources, DEVICE, D3DKMT_PINDIRECTFLIPRESOURCES, hDevice )
    WITH( PinResources, DEVICE, D3DKMT_PINRESOURCES, hDevice )
    WITH( UnpinDirectFlipResources, DEVICE, D3DKMT_UNPINDIRECTFLIPRESOURCES, hDevice )
    WITH( UnpinResources, DEVICE, D3DKMT_UNPINRESOURCES, hDevice )
    WITH( FreeGpuVirtualAddress, ADAPTER, D3DKMT_FREEGPUVIRTUALADDRESS, hAdapter )
    WITH( MapGpuVirtualAddress, QUEUE, D3DDDI_MAPGPUVIRTUALADDRESS, hPagingQueue )
    WITH( ReserveGpuVirtualAddress, ADAPTER, D3DDDI_RESERVEGPUVIRTUALADDRESS, hAdapter )
    WITH( UpdateGpuVirtualAddress, DEVICE, D3DKMT_UPDATEGPUVIRTUALADDRESS, hDevice )

    /* Synchronisation. A keyed mutex and a CPU notification need no device. */
    WITH( CreateSynchronizationObject, DEVICE, D3DKMT_CREATESYNCHRONIZATIONOBJECT, hDevice )
    WITH( CreateSynchronizationObject2, DEVICE, D3DKMT_CREATESYNCHRONIZATIONOBJECT2, hDevice )
    WITH( OpenSyncObjectFromNtHandle2, DEVICE, D3DKMT_OPENSYNCOBJECTFROMNTHANDLE2, hDevice )
    WITH( SignalSynchronizationObjectFromCpu, DEVICE, D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU, hDevice )
    { "CreateNativeFence", BLOCK, BAD, BAD, DEVICE, 0, REFUSED },
    { "OpenNativeFenceFromNtHandle", BLOCK, BAD, BAD, DEVICE, 8, REFUSED },
    NEVER( GetNativeFenceLogDetail )
    { "CreateKeyedMutex", BLOCK, REFUSED, REFUSED, NOTHING, 0, REFUSED },
    { "CreateKeyedMutex2", BLOCK, REFUSED, REFUSED, NOTHING, 0, REFUSED },
    NEVER( AcquireKeyedMutex )
    NEVER( AcquireKeyedMutex2 )
    NEVER( DestroyKeyedMutex )
    NEVER( DestroySynchronizationObject )
    NEVER( OpenKeyedMutex )
    NEVER( OpenKeyedMutex2 )
    NEVER( OpenSynchronizationObject )
    NEVER( ReleaseKeyedMutex )
    NEVER( ReleaseKeyedMutex2 )
    NEVER( SignalSynchronizationObject )
    NEVER( SignalSynchronizationObject2 )
    NEVER( SignalSynchronizationObjectFromGpu )
    NEVER( SignalSynchronizationObjectFromGpu2 )
    NEVER( WaitForSynchronizationObject )
    NEVER( WaitForSynchronizationObject2 )
    NEVER( WaitForSynchronizationObjectFromGpu )
    NO_NT_HANDLE( OpenKeyedMutexFromNtHandle )
    NO_NT_HANDLE( OpenSyncObjectFromNtHandle )
    { "OpenSyncObjectNtHandleFromName", BLOCK, BAD, REFUSED, SOME_POINTER,
      offsetof( D3DKMT_OPENSYNCOBJECTNTHANDLEFROMNAME, pObjAttrib ), REFUSED },

    /* Sharing */
    WITH( CheckSharedResourceAccess, RESOURCE, D3DKMT_CHECKSHAREDRESOURCEACCESS, hResource )
    WITH( ConfigureSharedResource, DEVICE, D3DKMT_CONFIGURESHAREDRESOURCE, hDevice )
    WITH( GetSharedResourceAdapterLuid, SHARE, D3DKMT_GETSHAREDRESOURCEADAPTERLUID, hGlobalShare )
    WITH( OpenResource, DEVICE, D3DKMT_OPENRESOURCE, hDevice )
    WITH( OpenResource2, DEVICE, D3DKMT_OPENRESOURCE, hDevice )
    WITH( OpenResourceFromNtHandle, DEVICE, D3DKMT_OPENRESOURCEFROMNTHANDLE, hDevice )
    WITH( QueryResourceInfo, DEVICE, D3DKMT_QUERYRESOURCEINFO, hDevice )
    WITH( QueryResourceInfoFromNtHandle, DEVICE, D3DKMT_QUERYRESOURCEINFOFROMNTHANDLE, hDevice )
    WITH( SharedPrimaryLockNotification, ADAPTER_LUID, D3DKMT_SHAREDPRIMARYLOCKNOTIFICATION, AdapterLuid )
    WITH( SharedPrimaryUnLockNotification, ADAPTER_LUID, D3DKMT_SHAREDPRIMARYUNLOCKNOTIFICATION, AdapterLuid )
    WITH( GetSharedPrimaryHandle, ADAPTER, D3DKMT_GETSHAREDPRIMARYHANDLE, hAdapter )
    { "OpenNtHandleFromName", BLOCK, BAD, REFUSED, SOME_POINTER, offsetof( D3DKMT_OPENNTHANDLEFROMNAME, pObjAttrib ), REFUSED },
    UNDOCUMENTED( ShareObjects )        /* several arguments, of which the first is a number */
    UNDOCUMENTED( CreateBundleObject )
    UNDOCUMENTED( DuplicateHandle )
    UNDOCUMENTED( ExtractBundleObject )
    UNDOCUMENTED( OpenBundleObjectNtHandleFromName )

    /* Presentation and displays */
    WITH( CancelPresents, DEVICE, D3DKMT_CANCEL_PRESENTS, hDevice )
    WITH( CheckMultiPlaneOverlaySupport, DEVICE, D3DKMT_CHECKMULTIPLANEOVERLAYSUPPORT, hDevice )
    WITH( CheckMultiPlaneOverlaySupport2, ADAPTER, D3DKMT_CHECKMULTIPLANEOVERLAYSUPPORT2, hAdapter )
    WITH( CheckMultiPlaneOverlaySupport3, ADAPTER, D3DKMT_CHECKMULTIPLANEOVERLAYSUPPORT3, hAdapter )
    WITH( CheckVidPnExclusiveOwnership, ADAPTER, D3DKMT_CHECKVIDPNEXCLUSIVEOWNERSHIP, hAdapter )
    WITH( CreateOverlay, DEVICE, D3DKMT_CREATEOVERLAY, hDevice )
    WITH( GetDisplayModeList, ADAPTER, D3DKMT_GETDISPLAYMODELIST, hAdapter )
    WITH( GetMultiPlaneOverlayCaps, ADAPTER, D3DKMT_GET_MULTIPLANE_OVERLAY_CAPS, hAdapter )
    WITH( GetMultisampleMethodList, ADAPTER, D3DKMT_GETMULTISAMPLEMETHODLIST, hAdapter )
    WITH( GetPostCompositionCaps, ADAPTER, D3DKMT_GET_POST_COMPOSITION_CAPS, hAdapter )
    WITH( GetPresentHistory, ADAPTER, D3DKMT_GETPRESENTHISTORY, hAdapter )
    WITH( GetRuntimeData, ADAPTER, D3DKMT_GETRUNTIMEDATA, hAdapter )
    WITH( InvalidateActiveVidPn, ADAPTER, D3DKMT_INVALIDATEACTIVEVIDPN, hAdapter )
    WITH( PollDisplayChildren, ADAPTER, D3DKMT_POLLDISPLAYCHILDREN, hAdapter )
    WITH( Present, DEVICE, D3DKMT_PRESENT, hDevice )
    WITH( PresentMultiPlaneOverlay, DEVICE, D3DKMT_PRESENT_MULTIPLANE_OVERLAY, hDevice )
    WITH( PresentMultiPlaneOverlay2, ADAPTER, D3DKMT_PRESENT_MULTIPLANE_OVERLAY2, hAdapter )
    WITH( PresentMultiPlaneOverlay3, ADAPTER, D3DKMT_PRESENT_MULTIPLANE_OVERLAY3, hAdapter )
    WITH( PresentRedirected, DEVICE, D3DKMT_PRESENT_REDIRECTED, hDevice )
    WITH( QueryFSEBlock, ADAPTER, D3DKMT_QUERYFSEBLOCK, hAdapter )
    WITH( QueryVidPnExclusiveOwnership, ADAPTER_LUID, D3DKMT_QUERYVIDPNEXCLUSIVEOWNERSHIP, AdapterLuid )
    WITH( SetDisplayMode, DEVICE, D3DKMT_SETDISPLAYMODE, hDevice )
    WITH( SetDisplayPrivateDriverFormat, DEVICE, D3DKMT_SETDISPLAYPRIVATEDRIVERFORMAT, hDevice )
    WITH( SetFSEBlock, ADAPTER, D3DKMT_SETFSEBLOCK, hAdapter )
    WITH( SetGammaRamp, DEVICE, D3DKMT_SETGAMMARAMP, hDevice )
    WITH( SetMonitorColorSpaceTransform, ADAPTER_LUID, D3DKMT_SET_COLORSPACE_TRANSFORM, AdapterLuid )
    WITH( SetSyncRefreshCountWaitTarget, ADAPTER, D3DKMT_SETSYNCREFRESHCOUNTWAITTARGET, hAdapter )
    WITH( SetVidPnSourceHwProtection, ADAPTER, D3DKMT_SETVIDPNSOURCEHWPROTECTION, hAdapter )
    WITH( SetVidPnSourceOwner, DEVICE, D3DKMT_SETVIDPNSOURCEOWNER, hDevice )
    WITH( SetVidPnSourceOwner1, DEVICE, D3DKMT_SETVIDPNSOURCEOWNER1, Version0.hDevice )
    WITH( SetVidPnSourceOwner2, DEVICE, D3DKMT_SETVIDPNSOURCEOWNER2, Version1.Version0.hDevice )
    { "CheckExclusiveOwnership", NO_ARGUMENT, 0, 0, NOTHING, 0, 0 },
    { "CreateDCFromMemory", BLOCK, REFUSED, REFUSED, NOTHING, 0, REFUSED },
    NEVER( DestroyDCFromMemory )
    NEVER_AT( DestroyOverlay, D3DKMT_DESTROYOVERLAY, hDevice )
    NEVER_AT( FlipOverlay, D3DKMT_FLIPOVERLAY, hDevice )
    NEVER_AT( GetOverlayState, D3DKMT_GETOVERLAYSTATE, hDevice )
    NEVER_AT( UpdateOverlay, D3DKMT_UPDATEOVERLAY, hDevice )
    { "GetPresentQueueEvent", VALUE, BAD, BAD, ADAPTER, 0, REFUSED },
    { "ReleaseProcessVidPnSourceOwners", PROCESS, BAD, NO_HANDLE, NOTHING, 0, REFUSED },
    /* There is nothing that a teardown could have hurt, so nothing is left to be done. */
    { "SetHwProtectionTeardownRecovery", BLOCK, STATUS_SUCCESS, STATUS_SUCCESS, ADAPTER,
      offsetof( D3DKMT_SETHWPROTECTIONTEARDOWNRECOVERY, hAdapter ), STATUS_SUCCESS },
    UNDOCUMENTED( CheckSinglePlaneForMultiPlaneOverlaySupport )
    UNDOCUMENTED( DDisplayEnum )
    UNDOCUMENTED( DispMgrCreate )
    UNDOCUMENTED( DispMgrOperation )
    UNDOCUMENTED( DispMgrSourceOperation )
    UNDOCUMENTED( DispMgrTargetOperation )
    UNDOCUMENTED( DisplayPortOperation )
    UNDOCUMENTED( SetStereoEnabled )
    UNDOCUMENTED( NetDispGetNextChunkInfo )
    UNDOCUMENTED( NetDispQueryMiracastDisplayDeviceStatus )
    UNDOCUMENTED( NetDispQueryMiracastDisplayDeviceSupport )
    UNDOCUMENTED( NetDispStartMiracastDisplayDevice )
    UNDOCUMENTED( NetDispStartMiracastDisplayDevice2 )
    UNDOCUMENTED( NetDispStartMiracastDisplayDeviceEx )
    UNDOCUMENTED( NetDispStopMiracastDisplayDevice )

    /* Swap chains: none of them is documented */
    UNDOCUMENTED( AbandonSwapChain )
    UNDOCUMENTED( AcquireSwapChain )
    UNDOCUMENTED( AddSurfaceToSwapChain )
    UNDOCUMENTED( CreateSwapChain )
    UNDOCUMENTED( GetSetSwapChainMetadata )
    UNDOCUMENTED( GetSwapChainSurfacePhysicalAddress )
    UNDOCUMENTED( OpenSwapChain )
    UNDOCUMENTED( ReleaseSwapChain )
    UNDOCUMENTED( RemoveSurfaceFromSwapChain )
    UNDOCUMENTED( SetDodIndirectSwapchain )
    UNDOCUMENTED( UnOrderedPresentSwapChain )

    /* Output duplication */
    WITH( CreateOutputDupl, ADAPTER, D3DKMT_CREATE_OUTPUTDUPL, hAdapter )
    WITH( DestroyOutputDupl, ADAPTER, D3DKMT_DESTROY_OUTPUTDUPL, hAdapter )
    WITH( OutputDuplGetFrameInfo, ADAPTER, D3DKMT_OUTPUTDUPL_GET_FRAMEINFO, hAdapter )
    WITH( OutputDuplGetMetaData, ADAPTER, D3DKMT_OUTPUTDUPL_METADATA, hAdapter )
    WITH( OutputDuplGetPointerShapeData, ADAPTER, D3DKMT_OUTPUTDUPL_GET_POINTER_SHAPE_DATA, hAdapter )
    WITH( OutputDuplReleaseFrame, ADAPTER, D3DKMT_OUTPUTDUPL_RELEASE_FRAME, hAdapter )
    NEVER( OutputDuplPresent )
    NEVER( OutputDuplPresentToHwQueue )

    /* Protected sessions, virtualisation */
    WITH( CreateProtectedSession, DEVICE, D3DKMT_CREATEPROTECTEDSESSION, hDevice )
    NEVER( DestroyProtectedSession )
    NEVER( QueryProtectedSessionStatus )
    NO_NT_HANDLE( OpenProtectedSessionFromNtHandle )
    NO_NT_HANDLE( QueryProtectedSessionInfoFromNtHandle )
    { "RegisterVailProcess", BLOCK, STATUS_GRAPHICS_VAIL_STATE_CHANGED, STATUS_GRAPHICS_VAIL_STATE_CHANGED, NOTHING, 0,
      STATUS_GRAPHICS_VAIL_STATE_CHANGED },
    UNDOCUMENTED( VailConnect )
    UNDOCUMENTED( VailDisconnect )
    UNDOCUMENTED( VailPromoteCompositionSurface )
#undef WITH
#undef NEVER
#undef NEVER_AT
#undef NO_NT_HANDLE
#undef UNDOCUMENTED
};

/* Measured on Windows 11 by others, and INVALID_PARAMETER for NULL. The implemented ones are among them. */
static const struct
{
    const char *name;
    NTSTATUS    zero, nonsense;
}
measured[] =
{
    { "AdjustFullscreenGamma", BAD, BAD },
    { "ConfigureSharedResource", BAD, BAD },
    { "ConnectDoorbell", BAD, BAD },
    { "CreateDoorbell", BAD, BAD },
    { "CreateNativeFence", BAD, BAD },
    { "CreateProtectedSession", BAD, BAD },
    { "DestroyDoorbell", BAD, BAD },
    { "DestroyProtectedSession", BAD, BAD },
    { "FlushHeapTransitions", BAD, BAD },
    { "GetNativeFenceLogDetail", BAD, BAD },
    { "GetPostCompositionCaps", BAD, BAD },
    { "GetProcessDeviceRemovalSupport", NO_HANDLE, NO_HANDLE },
    { "MarkDeviceAsError", BAD, BAD },
    { "NotifyWorkSubmission", BAD, BAD },
    { "OpenKeyedMutexFromNtHandle", NO_HANDLE, NO_HANDLE },
    { "OpenNativeFenceFromNtHandle", BAD, BAD },
    { "OpenProtectedSessionFromNtHandle", NO_HANDLE, NO_HANDLE },
    { "OutputDuplPresentToHwQueue", BAD, BAD },
    { "PresentRedirected", BAD, BAD },
    { "QueryProcessOfferInfo", BAD, NO_HANDLE },
    { "QueryProtectedSessionInfoFromNtHandle", NO_HANDLE, NO_HANDLE },
    { "QueryProtectedSessionStatus", BAD, BAD },
    { "QueryRemoteVidPnSourceFromGdiDisplayName", BAD, BAD },
    { "RegisterVailProcess", STATUS_GRAPHICS_VAIL_STATE_CHANGED, STATUS_GRAPHICS_VAIL_STATE_CHANGED },
    { "SetHwProtectionTeardownRecovery", STATUS_SUCCESS, STATUS_SUCCESS },
    { "SetVidPnSourceHwProtection", BAD, BAD },
    { "TrimProcessCommitment", BAD, BAD },
};

static UINT64 objects[OBJECTS];     /* handles, and the LUID */

static UINT find_name( const char *name )
{
    UINT i;

    for (i = 0; i < export_count && strcmp( exports[i].name + sizeof("D3DKMT") - 1, name ); i++) {}
    ok( i < export_count, "%s is not exported\n", name );
    return i;
}

/* The call and the call after it get that status and write nothing. */
#define check_call( function, argument, expected ) check_call_( __FILE__, __LINE__, function, argument, 0, expected )
#define check_block( function, block, expected ) check_call_( __FILE__, __LINE__, function, block, BLOCK_SIZE, expected )
static void check_call_( const char *file, int line, any_function function, void *argument, UINT size, NTSTATUS expected )
{
    char before[BLOCK_SIZE];
    UINT i;

    if (size) memcpy( before, argument, size );
    for (i = 0; i < 2; i++)
    {
        NTSTATUS status = function( argument, NULL, NULL, NULL, NULL );

        ok_( file, line )( status == expected, "call %u: status %#x, expected %#x\n", i, (UINT)status, (UINT)expected );
        if (size) check_bytes_( file, line, "block", argument, before, size );
    }
}

static void name_object( char *block, const struct row *row )
{
    memset( block, 0, BLOCK_SIZE );
    memcpy( block + row->offset, &objects[row->object],
            row->object == ADAPTER_LUID || row->object == SOME_POINTER ? sizeof(UINT64) : sizeof(D3DKMT_HANDLE) );
}

static BOOL is_handle( enum object object )
{
    return object == ADAPTER || object == DEVICE || object == QUEUE || object == RESOURCE || object == SHARE;
}

static void test_row( const struct row *row, any_function function )
{
    static const D3DKMT_HANDLE foreign[] = { 1, 0x40000040, 0x7fffffc0 };
    UINT64 aligned_block[BLOCK_SIZE / sizeof(UINT64)];
    char *block = (char *)aligned_block;
    UINT i;

    switch (row->shape)
    {
    case NO_ARGUMENT:
        for (i = 0; i < 2; i++) ok( !(BYTE)function( NULL, NULL, NULL, NULL, NULL ), "returned TRUE\n" );
        return;
    case VALUE:
        check_call( function, NULL, BAD );
        check_call( function, (void *)(UINT_PTR)0xa5a5a5a5, row->nonsense );
        if (objects[row->object]) check_call( function, (void *)(UINT_PTR)objects[row->object], row->status );
        return;
    case PROCESS:
        check_call( function, NULL, BAD );
        check_call( function, (void *)(UINT_PTR)0xa5a5a5a4, row->nonsense );
        check_call( function, (void *)(INT_PTR)-1, row->status );     /* this process */
        return;
    case UNKNOWN:
    case BLOCK:
        break;
    }

    check_call( function, NULL, BAD );
    memset( block, 0, BLOCK_SIZE );
    check_block( function, block, row->zero );
    memset( block, 0xa5, BLOCK_SIZE );
    check_block( function, block, row->nonsense );
    if (row->object != NOTHING && objects[row->object])
    {
        name_object( block, row );
        check_block( function, block, row->status );
    }
    /* Handles that could be stock Wine's, which has no such function; and handles of something else */
    if (row->shape == BLOCK && is_handle( row->object ) && row->status == REFUSED)
    {
        for (i = 0; i < ARRAY_SIZE( foreign ); i++)
        {
            memset( block, 0, BLOCK_SIZE );
            memcpy( block + row->offset, &foreign[i], sizeof(foreign[i]) );
            check_block( function, block, BAD );
        }
        for (i = ADAPTER; i <= SHARE; i++)
        {
            if (i == row->object || !objects[i]) continue;
            memset( block, 0, BLOCK_SIZE );
            memcpy( block + row->offset, &objects[i], sizeof(D3DKMT_HANDLE) );
            check_block( function, block, BAD );
        }
    }
#ifdef _WIN32
    /* Memory that is not there, and a block that ends with its page where the function has not yet read what it looks for */
    check_call( function, (void *)8, row->shape == UNKNOWN ? row->nonsense : STATUS_ACCESS_VIOLATION );
    check_call( function, (void *)(ULONG_PTR)0xffff800000000000, row->shape == UNKNOWN ? row->nonsense : STATUS_ACCESS_VIOLATION );
#endif
}

/* With stock Wine's own function: whatever that answers. */
static void test_stock_row( const struct row *row, any_function function, any_function stock )
{
    UINT64 aligned_block[2][BLOCK_SIZE / sizeof(UINT64)];
    char *block = (char *)aligned_block[0], *other = (char *)aligned_block[1];
    NTSTATUS status, expected;
    UINT i;

    for (i = 0; i < 3; i++)
    {
        /* Wine 10.0 reads what the block points at while it holds a lock: after such a fault no call of that kind returns. */
        if (i == 1 && !strcmp( row->name, "SetVidPnSourceOwner" )) continue;
        if (row->shape == NO_ARGUMENT || (i == 2 && (row->object == NOTHING || row->object == SOME_POINTER))) continue;
        if (i == 2) name_object( block, row );
        else memset( block, i ? 0xa5 : 0, BLOCK_SIZE );
        memcpy( other, block, BLOCK_SIZE );
        expected = stock( other, NULL, NULL, NULL, NULL );
        status = function( block, NULL, NULL, NULL, NULL );
        ok( status == expected, "block %u: status %#x, stock %#x\n", i, (UINT)status, (UINT)expected );
        /* what was made differs */
        if (status) check_bytes( "block", block, other, BLOCK_SIZE );
    }
}

static void test_rows(void)
{
    BOOL has_row[512] = { FALSE };
    UINT i, export;

    ok( export_count <= ARRAY_SIZE( has_row ), "%u exports\n", export_count );
    for (i = 0; i < ARRAY_SIZE( rows ); i++)
    {
        any_function function, stock;

        export = find_name( rows[i].name );
        if (export == export_count || !(function = find_export( export ))) continue;
        ok( !has_row[export], "%s has two rows\n", rows[i].name );
        has_row[export] = TRUE;
        if (exports[export].kind == EXPORT_CORE) continue;
        winetest_push_context( "%s", rows[i].name );
        stock = find_stock_export( export );
        if (exports[export].kind == EXPORT_REFUSED || !stock) test_row( &rows[i], function );
        else test_stock_row( &rows[i], function, stock );
        winetest_pop_context();
    }
    for (i = 0; i < export_count; i++)
        ok( has_row[i] || exports[i].kind == EXPORT_CORE, "%s is not implemented and has no row\n", exports[i].name );
}

static void test_measured(void)
{
    char block[BLOCK_SIZE], before[BLOCK_SIZE];
    UINT i, j, export;

    for (i = 0; i < ARRAY_SIZE( measured ); i++)
    {
        any_function function;

        export = find_name( measured[i].name );
        if (export == export_count || !(function = find_export( export )))
        {
            if (winetest_platform_is_wine) ok( 0, "%s is missing\n", measured[i].name );    /* not every Windows has all */
            continue;
        }
        if (exports[export].kind == EXPORT_STOCK && find_stock_export( export )) continue;
        winetest_push_context( "%s", measured[i].name );
        for (j = 0; j < 3; j++)
        {
            NTSTATUS expected = !j ? BAD : j == 1 ? measured[i].zero : measured[i].nonsense, status;

            memset( block, j == 2 ? 0xa5 : 0, sizeof(block) );
            memcpy( before, block, sizeof(block) );
            status = function( j ? block : NULL, NULL, NULL, NULL, NULL );
            ok( status == expected, "%s: status %#x, expected %#x\n", !j ? "NULL" : j == 1 ? "zero" : "0xa5", (UINT)status,
                (UINT)expected );
            check_bytes( "block", block, before, sizeof(block) );
        }
        winetest_pop_context();
    }
}

/* After all that. */
static void check_device( D3DKMT_HANDLE device )
{
    D3DKMT_GETDEVICESTATE state;

    memset( &state, 0, sizeof(state) );
    state.hDevice = device;
    state.StateType = D3DKMT_DEVICESTATE_EXECUTION;
    check_status( pD3DKMTGetDeviceState( &state ), STATUS_SUCCESS );
    ok( state.ExecutionState == D3DKMT_DEVICEEXECUTION_ACTIVE, "state %u\n", state.ExecutionState );
}

/* A device in error is told so before anything else. */
static void test_removed_device( D3DKMT_HANDLE adapter )
{
    D3DKMT_HANDLE device = create_device( adapter );
    D3DKMT_MARKDEVICEASERROR mark;
    UINT64 block[BLOCK_SIZE / sizeof(UINT64)];
    any_function function;
    UINT i, export;

    mark.hDevice = device;
    mark.Reason = D3DKMT_DEVICE_ERROR_REASON_GENERIC;
    kmt_succeeds( MarkDeviceAsError, &mark );
    objects[DEVICE] = device;
    for (i = 0; i < ARRAY_SIZE( rows ); i++)
    {
        if (rows[i].object != DEVICE || rows[i].status != REFUSED || rows[i].shape != BLOCK) continue;
        export = find_name( rows[i].name );
        if (exports[export].kind != EXPORT_REFUSED || !(function = find_export( export ))) continue;
        winetest_push_context( "%s", rows[i].name );
        name_object( (char *)block, &rows[i] );
        check_block( function, block, STATUS_DEVICE_REMOVED );
        winetest_pop_context();
    }
    destroy_device( device );
}

START_TEST(refused)
{
    D3DKMT_HANDLE adapter, device, queue, resource, allocation, global;
    D3DKMT_ADAPTERINFO info;
    UINT64 usage;

    test_measured();
    /* Windows implements the others, and may crash on NULL. */
    if (!winetest_platform_is_wine) return;

    if (!open_device( &adapter, &device ))
    {
        test_rows();
        return;
    }
    queue = create_queue( device );
    resource = create_resource( device, CREATE_SHARED, KIB( 64 ), &allocation, &global );
    objects[ADAPTER] = adapter;
    objects[DEVICE] = device;
    objects[QUEUE] = queue;
    objects[RESOURCE] = resource;
    objects[SHARE] = global;
    info = get_adapter_info();
    memcpy( &objects[ADAPTER_LUID], &info.AdapterLuid, sizeof(info.AdapterLuid) );
    objects[SOME_POINTER] = (UINT_PTR)&usage;
    usage = get_usage( adapter );
    test_rows();
    ok( get_usage( adapter ) == usage, "usage %s, was %s\n", wine_dbgstr_longlong( get_usage( adapter ) ), wine_dbgstr_longlong( usage ) );
    check_device( device );
    test_removed_device( adapter );

    destroy_resource( device, resource );
    destroy_queue( queue );
    destroy_device( device );
    close_adapter( adapter );
    memset( objects, 0, sizeof(objects) );
}
