/*
 * Presentation, multi-plane overlays and output duplication
 *
 * A part of ddk/d3dkmthk.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DDK_D3DKMTHK_PRESENT_H
#define __WINEKMT_DDK_D3DKMTHK_PRESENT_H

#include "../d3dkmdt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum _D3DKMT_PRESENT_MODEL
{
    D3DKMT_PM_UNINITIALIZED = 0,
    D3DKMT_PM_REDIRECTED_GDI = 1,
    D3DKMT_PM_REDIRECTED_FLIP = 2,
    D3DKMT_PM_REDIRECTED_BLT = 3,
    D3DKMT_PM_REDIRECTED_VISTABLT = 4,
    D3DKMT_PM_SCREENCAPTUREFENCE = 5,
    D3DKMT_PM_REDIRECTED_GDI_SYSMEM = 6,
    D3DKMT_PM_REDIRECTED_COMPOSITION = 7,
    D3DKMT_PM_SURFACECOMPLETE = 8,
    D3DKMT_PM_FLIPMANAGER = 9
} D3DKMT_PRESENT_MODEL;

typedef ULONGLONG D3DKMT_VISTABLTMODEL_PRESENTHISTORYTOKEN;

#define D3DKMT_MAX_PRESENT_HISTORY_RECTS            16
#define D3DKMT_MAX_PRESENT_HISTORY_SCATTERBLTS      12

typedef enum _D3DKMT_CANCEL_PRESENTS_OPERATION
{
    D3DKMT_CANCEL_PRESENTS_OPERATION_CANCEL_FROM = 0,
    D3DKMT_CANCEL_PRESENTS_OPERATION_REPROGRAM_INTERRUPT = 1
} D3DKMT_CANCEL_PRESENTS_OPERATION;

typedef enum _D3DKMT_AUXILIARYPRESENTINFO_TYPE
{
    D3DKMT_AUXILIARYPRESENTINFO_TYPE_FLIPMANAGER = 0
} D3DKMT_AUXILIARYPRESENTINFO_TYPE;

#define OUTPUTDUPL_CREATE_MAX_KEYEDMUTXES           3

typedef enum _D3DKMT_OUTDUPL_POINTER_SHAPE_TYPE
{
    D3DKMT_OUTDUPL_POINTER_SHAPE_TYPE_MONOCHROME = 1,
    D3DKMT_OUTDUPL_POINTER_SHAPE_TYPE_COLOR = 2,
    D3DKMT_OUTDUPL_POINTER_SHAPE_TYPE_MASKED_COLOR = 4
} D3DKMT_OUTDUPL_POINTER_SHAPE_TYPE;

typedef enum _D3DKMT_OUTPUTDUPL_METADATATYPE
{
    D3DKMT_OUTPUTDUPL_METADATATYPE_DIRTY_RECTS = 0,
    D3DKMT_OUTPUTDUPL_METADATATYPE_MOVE_RECTS = 1
} D3DKMT_OUTPUTDUPL_METADATATYPE;

typedef enum _D3DKMT_FLIPMODEL_INDEPENDENT_FLIP_STAGE
{
    D3DKMT_FLIPMODEL_INDEPENDENT_FLIP_STAGE_FLIP_SUBMITTED = 0,
    D3DKMT_FLIPMODEL_INDEPENDENT_FLIP_STAGE_FLIP_COMPLETE = 1
} D3DKMT_FLIPMODEL_INDEPENDENT_FLIP_STAGE;

#define D3DKMT_GETPRESENTHISTORY_MAXTOKENS          2048

typedef struct _D3DKMT_AUXILIARYPRESENTINFO
{
    UINT                             size;
    D3DKMT_AUXILIARYPRESENTINFO_TYPE type;
} D3DKMT_AUXILIARYPRESENTINFO;

typedef struct _D3DKMT_DIRTYREGIONS
{
    UINT NumRects;
    RECT Rects[D3DKMT_MAX_PRESENT_HISTORY_RECTS];
} D3DKMT_DIRTYREGIONS;

typedef struct _D3DKMT_BLTMODEL_PRESENTHISTORYTOKEN
{
    ULONG64             hLogicalSurface;
    ULONG64             hPhysicalSurface;
    ULONG64             EventId;
    D3DKMT_DIRTYREGIONS DirtyRegions;
} D3DKMT_BLTMODEL_PRESENTHISTORYTOKEN;

typedef union _D3DKMT_CANCEL_PRESENTS_FLAGS
{
    struct
    {
        UINT NewVSyncInterruptState : 1;
        UINT Reserved : 31;
    } ReprogramInterrupt;
    UINT Value;
} D3DKMT_CANCEL_PRESENTS_FLAGS;

typedef struct _D3DKMT_CANCEL_PRESENTS
{
    UINT                             cbSize;
    D3DKMT_HANDLE                    hDevice;
    D3DKMT_CANCEL_PRESENTS_FLAGS     Flags;
    D3DKMT_CANCEL_PRESENTS_OPERATION Operation;
    UINT64                           CancelFromPresentId;
    LUID                             CompSurfaceLuid;
    UINT64                           BindId;
} D3DKMT_CANCEL_PRESENTS;

typedef struct _D3DKMT_COMPOSITION_PRESENTHISTORYTOKEN
{
    ULONG64 hPrivateData;
} D3DKMT_COMPOSITION_PRESENTHISTORYTOKEN;

typedef union _D3DKMT_OUTPUTDUPLCREATIONFLAGS
{
    struct
    {
        UINT CompositionUiCaptureOnly : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DKMT_OUTPUTDUPLCREATIONFLAGS;

typedef struct _D3DKMT_OUTPUTDUPL_KEYEDMUTEX
{
    HANDLE hSharedSurfaceNt;
} D3DKMT_OUTPUTDUPL_KEYEDMUTEX;

typedef struct _D3DKMT_CREATE_OUTPUTDUPL
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           KeyedMutexCount;
    BOOL                           RequiredKeyedMutexCount;
    D3DKMT_OUTPUTDUPL_KEYEDMUTEX   KeyedMutexs[OUTPUTDUPL_CREATE_MAX_KEYEDMUTXES];
    D3DKMT_OUTPUTDUPLCREATIONFLAGS Flags;
} D3DKMT_CREATE_OUTPUTDUPL;

typedef struct _D3DKMT_DESTROY_OUTPUTDUPL
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    BOOL                           bDestroyAllContexts;
} D3DKMT_DESTROY_OUTPUTDUPL;

typedef struct _D3DKMT_FENCE_PRESENTHISTORYTOKEN
{
    UINT64 Key;
} D3DKMT_FENCE_PRESENTHISTORYTOKEN;

typedef struct _D3DKMT_FLIPMANAGER_AUXILIARYPRESENTINFO
{
    D3DKMT_AUXILIARYPRESENTINFO             auxiliaryPresentInfo;
    UINT                                    flipManagerTracingId;
    BOOLEAN                                 customDurationChanged;
    LUID                                    FlipAdapterLuid;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID          VidPnSourceId;
    D3DKMT_FLIPMODEL_INDEPENDENT_FLIP_STAGE independentFlipStage;
    UINT64                                  FlipCompletedQpc;
    UINT                                    HwPresentDurationQpc;
    BOOLEAN                                 WasCanceled;
} D3DKMT_FLIPMANAGER_AUXILIARYPRESENTINFO;

typedef struct _D3DKMT_FLIPMANAGER_PRESENTHISTORYTOKEN
{
    ULONG64 hPrivateData;
    ULONG64 PresentAtQpc;
    union
    {
        struct
        {
            UINT Discard : 1;
            UINT PresentAt : 1;
            UINT hPrivateDataIsPointer : 1;
            UINT Reserved : 29;
        };
        UINT Value;
    } Flags;
} D3DKMT_FLIPMANAGER_PRESENTHISTORYTOKEN;

typedef union _D3DKMT_FLIPMODEL_PRESENTHISTORYTOKENFLAGS
{
    struct
    {
        UINT Video : 1;
        UINT RestrictedContent : 1;
        UINT ClipToView : 1;
        UINT StereoPreferRight : 1;
        UINT TemporaryMono : 1;
        UINT FlipRestart : 1;
        UINT HDRMetaDataChanged : 1;
        UINT AlphaMode : 2;
        UINT SignalLimitOnTokenCompletion : 1;
        UINT YCbCrFlags : 3;
        UINT IndependentFlip : 1;
        UINT IndependentFlipStage : 2;
        UINT IndependentFlipReleaseCount : 2;
        UINT IndependentFlipForceNotifyDwm : 1;
        UINT UseCustomDuration : 1;
        UINT IndependentFlipRequestDwmConfirm : 1;
        UINT IndependentFlipCandidate : 1;
        UINT IndependentFlipCheckNeeded : 1;
        UINT IndependentFlipTrueImmediate : 1;
        UINT IndependentFlipRequestDwmExit : 1;
        UINT CompSurfaceNotifiedEarly : 1;
        UINT IndependentFlipDoNotFlip : 1;
        UINT RequirePairedToken : 1;
        UINT VariableRefreshOverrideEligible : 1;
        UINT Reserved : 3;
    };
    UINT Value;
} D3DKMT_FLIPMODEL_PRESENTHISTORYTOKENFLAGS;

typedef struct _D3DKMT_SCATTERBLT
{
    ULONG64 hLogicalSurfaceDestination;
    INT64   hDestinationCompSurfDWM;
    UINT64  DestinationCompositionBindingId;
    RECT    SourceRect;
    POINT   DestinationOffset;
} D3DKMT_SCATTERBLT;

typedef struct _D3DKMT_SCATTERBLTS
{
    ULONG             NumBlts;
    D3DKMT_SCATTERBLT Blts[D3DKMT_MAX_PRESENT_HISTORY_SCATTERBLTS];
} D3DKMT_SCATTERBLTS;

typedef struct _D3DKMT_FLIPMODEL_PRESENTHISTORYTOKEN
{
    UINT64                                    FenceValue;
    ULONG64                                   hLogicalSurface;
    UINT_PTR                                  dxgContext;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID            VidPnSourceId;
    UINT                                      SwapChainIndex;
    UINT64                                    PresentLimitSemaphoreId;
    D3DDDI_FLIPINTERVAL_TYPE                  FlipInterval;
    D3DKMT_FLIPMODEL_PRESENTHISTORYTOKENFLAGS Flags;
    INT64                                     hCompSurf;
    LUID                                      compSurfLuid;
    UINT64                                    confirmationCookie;
    UINT64                                    CompositionSyncKey;
    UINT                                      RemainingTokens;
    RECT                                      ScrollRect;
    POINT                                     ScrollOffset;
    UINT                                      PresentCount;
    FLOAT                                     RevealColor[4];
    D3DDDI_ROTATION                           Rotation;
    union
    {
        D3DKMT_SCATTERBLTS ScatterBlts;
        struct
        {
            HANDLE                   hSyncObject;
            D3DDDI_HDR_METADATA_TYPE HDRMetaDataType;
            union
            {
                D3DDDI_HDR_METADATA_HDR10     HDRMetaDataHDR10;
                D3DDDI_HDR_METADATA_HDR10PLUS HDRMetaDataHDR10Plus;
            };
        };
    };
    UINT                          InkCookie;
    RECT                          SourceRect;
    UINT                          DestWidth;
    UINT                          DestHeight;
    RECT                          TargetRect;
    FLOAT                         Transform[3][2];
    UINT                          CustomDuration;
    D3DDDI_FLIPINTERVAL_TYPE      CustomDurationFlipInterval;
    UINT                          PlaneIndex;
    D3DDDI_COLOR_SPACE_TYPE       ColorSpace;
    D3DKMT_DIRTYREGIONS           DirtyRegions;
} D3DKMT_FLIPMODEL_PRESENTHISTORYTOKEN;

typedef struct _D3DKMT_GDIMODEL_PRESENTHISTORYTOKEN
{
    ULONG64             hLogicalSurface;
    ULONG64             hPhysicalSurface;
    RECT                ScrollRect;
    POINT               ScrollOffset;
    D3DKMT_DIRTYREGIONS DirtyRegions;
} D3DKMT_GDIMODEL_PRESENTHISTORYTOKEN;

typedef struct _D3DKMT_GDIMODEL_SYSMEM_PRESENTHISTORYTOKEN
{
    ULONG64 hlsurf;
    DWORD   dwDirtyFlags;
    UINT64  uiCookie;
} D3DKMT_GDIMODEL_SYSMEM_PRESENTHISTORYTOKEN;

typedef struct _D3DKMT_SURFACECOMPLETE_PRESENTHISTORYTOKEN
{
    ULONG64 hLogicalSurface;
} D3DKMT_SURFACECOMPLETE_PRESENTHISTORYTOKEN;

typedef struct _D3DKMT_PRESENTHISTORYTOKEN
{
    D3DKMT_PRESENT_MODEL Model;
    UINT                 TokenSize;
    ULONGLONG            CompositionBindingId;
    union
    {
        D3DKMT_FLIPMODEL_PRESENTHISTORYTOKEN       Flip;
        D3DKMT_BLTMODEL_PRESENTHISTORYTOKEN        Blt;
        D3DKMT_VISTABLTMODEL_PRESENTHISTORYTOKEN   VistaBlt;
        D3DKMT_GDIMODEL_PRESENTHISTORYTOKEN        Gdi;
        D3DKMT_FENCE_PRESENTHISTORYTOKEN           Fence;
        D3DKMT_GDIMODEL_SYSMEM_PRESENTHISTORYTOKEN GdiSysMem;
        D3DKMT_COMPOSITION_PRESENTHISTORYTOKEN     Composition;
        D3DKMT_FLIPMANAGER_PRESENTHISTORYTOKEN     FlipManager;
        D3DKMT_SURFACECOMPLETE_PRESENTHISTORYTOKEN SurfaceComplete;
    } Token;
} D3DKMT_PRESENTHISTORYTOKEN;

typedef struct _D3DKMT_GETPRESENTHISTORY
{
    D3DKMT_HANDLE              hAdapter;
    UINT                       ProvidedSize;
    UINT                       WrittenSize;
    D3DKMT_PRESENTHISTORYTOKEN *pTokens;
    UINT                       NumTokens;
} D3DKMT_GETPRESENTHISTORY;

typedef struct _D3DKMT_MOVE_RECT
{
    POINT SourcePoint;
    RECT  DestRect;
} D3DKMT_MOVE_RECT;

typedef struct _D3DKMT_OUTDUPL_POINTER_SHAPE_INFO
{
    D3DKMT_OUTDUPL_POINTER_SHAPE_TYPE Type;
    UINT                              Width;
    UINT                              Height;
    UINT                              Pitch;
    POINT                             HotSpot;
} D3DKMT_OUTDUPL_POINTER_SHAPE_INFO;

typedef union _D3DKMT_OUTPUTDUPLPRESENTFLAGS
{
    struct
    {
        UINT ProtectedContentBlankedOut : 1;
        UINT RemoteSession : 1;
        UINT FullScreenPresent : 1;
        UINT PresentIndirect : 1;
        UINT Reserved : 28;
    };
    UINT Value;
} D3DKMT_OUTPUTDUPLPRESENTFLAGS;

typedef struct _D3DKMT_PRESENT_RGNS
{
    UINT                   DirtyRectCount;
    const RECT             *pDirtyRects;
    UINT                   MoveRectCount;
    const D3DKMT_MOVE_RECT *pMoveRects;
} D3DKMT_PRESENT_RGNS;

typedef struct _D3DKMT_OUTPUTDUPLPRESENT
{
    D3DKMT_HANDLE                  hContext;
    D3DKMT_HANDLE                  hSource;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           BroadcastContextCount;
    D3DKMT_HANDLE                  BroadcastContext[D3DDDI_MAX_BROADCAST_CONTEXT];
    D3DKMT_PRESENT_RGNS            PresentRegions;
    D3DKMT_OUTPUTDUPLPRESENTFLAGS  Flags;
    D3DKMT_HANDLE                  hIndirectContext;
} D3DKMT_OUTPUTDUPLPRESENT;

typedef struct _D3DKMT_OUTPUTDUPLPRESENTTOHWQUEUE
{
    D3DKMT_HANDLE                  hSource;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           BroadcastHwQueueCount;
    D3DKMT_HANDLE                  *hHwQueues;
    D3DKMT_PRESENT_RGNS            PresentRegions;
    D3DKMT_OUTPUTDUPLPRESENTFLAGS  Flags;
    D3DKMT_HANDLE                  hIndirectHwQueue;
} D3DKMT_OUTPUTDUPLPRESENTTOHWQUEUE;

typedef struct _D3DKMT_OUTPUTDUPL_POINTER_POSITION
{
    POINT Position;
    BOOL  Visible;
} D3DKMT_OUTPUTDUPL_POINTER_POSITION;

typedef struct _D3DKMT_OUTPUTDUPL_FRAMEINFO
{
    LARGE_INTEGER                      LastPresentTime;
    LARGE_INTEGER                      LastMouseUpdateTime;
    UINT                               AccumulatedFrames;
    BOOL                               RectsCoalesced;
    BOOL                               ProtectedContentMaskedOut;
    D3DKMT_OUTPUTDUPL_POINTER_POSITION PointerPosition;
    UINT                               TotalMetadataBufferSize;
    UINT                               PointerShapeBufferSize;
} D3DKMT_OUTPUTDUPL_FRAMEINFO;

typedef struct _D3DKMT_OUTPUTDUPL_GET_FRAMEINFO
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_OUTPUTDUPL_FRAMEINFO    FrameInfo;
} D3DKMT_OUTPUTDUPL_GET_FRAMEINFO;

typedef struct _D3DKMT_OUTPUTDUPL_GET_POINTER_SHAPE_DATA
{
    D3DKMT_HANDLE                     hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID    VidPnSourceId;
    UINT                              BufferSizeSupplied;
    void                              *pShapeBuffer;
    UINT                              BufferSizeRequired;
    D3DKMT_OUTDUPL_POINTER_SHAPE_INFO ShapeInfo;
} D3DKMT_OUTPUTDUPL_GET_POINTER_SHAPE_DATA;

typedef struct _D3DKMT_OUTPUTDUPL_METADATA
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_OUTPUTDUPL_METADATATYPE Type;
    UINT                           BufferSizeSupplied;
    void                           *pBuffer;
    UINT                           BufferSizeRequired;
} D3DKMT_OUTPUTDUPL_METADATA;

typedef struct _D3DKMT_OUTPUTDUPL_RELEASE_FRAME
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           NextKeyMutexIdx;
} D3DKMT_OUTPUTDUPL_RELEASE_FRAME;

typedef union _D3DKMT_PRESENTFLAGS
{
    struct
    {
        UINT Blt : 1;
        UINT ColorFill : 1;
        UINT Flip : 1;
        UINT FlipDoNotFlip : 1;
        UINT FlipDoNotWait : 1;
        UINT FlipRestart : 1;
        UINT DstRectValid : 1;
        UINT SrcRectValid : 1;
        UINT RestrictVidPnSource : 1;
        UINT SrcColorKey : 1;
        UINT DstColorKey : 1;
        UINT LinearToSrgb : 1;
        UINT PresentCountValid : 1;
        UINT Rotate : 1;
        UINT PresentToBitmap : 1;
        UINT RedirectedFlip : 1;
        UINT RedirectedBlt : 1;
        UINT FlipStereo : 1;
        UINT FlipStereoTemporaryMono : 1;
        UINT FlipStereoPreferRight : 1;
        UINT BltStereoUseRight : 1;
        UINT PresentHistoryTokenOnly : 1;
        UINT PresentRegionsValid : 1;
        UINT PresentDDA : 1;
        UINT ProtectedContentBlankedOut : 1;
        UINT RemoteSession : 1;
        UINT CrossAdapter : 1;
        UINT DurationValid : 1;
        UINT PresentIndirect : 1;
        UINT PresentHMD : 1;
        UINT Reserved : 2;
    };
    UINT Value;
} D3DKMT_PRESENTFLAGS;

typedef struct _D3DKMT_PRESENT
{
    union
    {
        D3DKMT_HANDLE hDevice;
        D3DKMT_HANDLE hContext;
    };
    HWND                           hWindow;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_HANDLE                  hSource;
    D3DKMT_HANDLE                  hDestination;
    UINT                           Color;
    RECT                           DstRect;
    RECT                           SrcRect;
    UINT                           SubRectCnt;
    const RECT                     *pSrcSubRects;
    UINT                           PresentCount;
    D3DDDI_FLIPINTERVAL_TYPE       FlipInterval;
    D3DKMT_PRESENTFLAGS            Flags;
    UINT                           BroadcastContextCount;
    D3DKMT_HANDLE                  BroadcastContext[D3DDDI_MAX_BROADCAST_CONTEXT];
    HANDLE                         PresentLimitSemaphore;
    D3DKMT_PRESENTHISTORYTOKEN     PresentHistoryToken;
    D3DKMT_PRESENT_RGNS            *pPresentRegions;
    union
    {
        D3DKMT_HANDLE hAdapter;
        D3DKMT_HANDLE hIndirectContext;
    };
    UINT          Duration;
    D3DKMT_HANDLE *BroadcastSrcAllocation;
    D3DKMT_HANDLE *BroadcastDstAllocation;
    UINT          PrivateDriverDataSize;
    void          *pPrivateDriverData;
    BOOLEAN       bOptimizeForComposition;
} D3DKMT_PRESENT;

typedef union _D3DKMT_PRESENT_REDIRECTEDS_FLAGS
{
    struct
    {
        UINT Reserved : 32;
    };
    UINT Value;
} D3DKMT_PRESENT_REDIRECTEDS_FLAGS;

typedef struct _D3DKMT_PRESENT_REDIRECTED
{
    D3DKMT_HANDLE                    hSyncObj;
    D3DKMT_HANDLE                    hDevice;
    UINT64                           WaitedFenceValue;
    D3DKMT_PRESENTHISTORYTOKEN       PresentHistoryToken;
    D3DKMT_PRESENT_REDIRECTEDS_FLAGS Flags;
    D3DKMT_HANDLE                    hSource;
    UINT                             PrivateDriverDataSize;
    void                             *pPrivateDriverData;
} D3DKMT_PRESENT_REDIRECTED;

typedef struct _D3DKMT_SUBMITPRESENTBLTTOHWQUEUE
{
    D3DKMT_HANDLE  hHwQueue;
    UINT64         HwQueueProgressFenceId;
    D3DKMT_PRESENT PrivatePresentData;
} D3DKMT_SUBMITPRESENTBLTTOHWQUEUE;

typedef struct _D3DKMT_SUBMITPRESENTTOHWQUEUE
{
    D3DKMT_HANDLE  *hHwQueues;
    D3DKMT_PRESENT PrivatePresentData;
} D3DKMT_SUBMITPRESENTTOHWQUEUE;

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_DDK_D3DKMTHK_PRESENT_H */
