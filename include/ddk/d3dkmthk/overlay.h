/*
 * Multi-plane overlays
 *
 * A part of ddk/d3dkmthk.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DDK_D3DKMTHK_OVERLAY_H
#define __WINEKMT_DDK_D3DKMTHK_OVERLAY_H

#include "present.h"

#ifdef __cplusplus
extern "C" {
#endif

#define D3DKMT_MAX_MULTIPLANE_OVERLAY_PLANES                8
#define D3DKMT_MAX_MULTIPLANE_OVERLAY_ALLOCATIONS_PER_PLANE 256

typedef enum _D3DKMT_MULTIPLANE_OVERLAY_FLAGS
{
    D3DKMT_MULTIPLANE_OVERLAY_FLAG_VERTICAL_FLIP = 0x1,
    D3DKMT_MULTIPLANE_OVERLAY_FLAG_HORIZONTAL_FLIP = 0x2,
    D3DKMT_MULTIPLANE_OVERLAY_FLAG_STATIC_CHECK = 0x4
} D3DKMT_MULTIPLANE_OVERLAY_FLAGS;

typedef enum _D3DKMT_MULTIPLANE_OVERLAY_BLEND
{
    D3DKMT_MULTIPLANE_OVERLAY_BLEND_OPAQUE = 0,
    D3DKMT_MULTIPLANE_OVERLAY_BLEND_ALPHABLEND = 1
} D3DKMT_MULTIPLANE_OVERLAY_BLEND;

typedef enum _D3DKMT_MULTIPLANE_OVERLAY_VIDEO_FRAME_FORMAT
{
    D3DKMT_MULIIPLANE_OVERLAY_VIDEO_FRAME_FORMAT_PROGRESSIVE = 0,   /* spelled so */
    D3DKMT_MULTIPLANE_OVERLAY_VIDEO_FRAME_FORMAT_INTERLACED_TOP_FIELD_FIRST = 1,
    D3DKMT_MULTIPLANE_OVERLAY_VIDEO_FRAME_FORMAT_INTERLACED_BOTTOM_FIELD_FIRST = 2
} D3DKMT_MULTIPLANE_OVERLAY_VIDEO_FRAME_FORMAT;

typedef enum _D3DKMT_MULTIPLANE_OVERLAY_YCbCr_FLAGS
{
    D3DKMT_MULTIPLANE_OVERLAY_YCbCr_FLAG_NOMINAL_RANGE = 0x1,
    D3DKMT_MULTIPLANE_OVERLAY_YCbCr_FLAG_BT709 = 0x2,
    D3DKMT_MULTIPLANE_OVERLAY_YCbCr_FLAG_xvYCC = 0x4
} D3DKMT_MULTIPLANE_OVERLAY_YCbCr_FLAGS;

typedef enum _D3DKMT_MULTIPLANE_OVERLAY_STEREO_FORMAT
{
    DXGKMT_MULTIPLANE_OVERLAY_STEREO_FORMAT_MONO = 0,
    D3DKMT_MULTIPLANE_OVERLAY_STEREO_FORMAT_HORIZONTAL = 1,
    D3DKMT_MULTIPLANE_OVERLAY_STEREO_FORMAT_VERTICAL = 2
} D3DKMT_MULTIPLANE_OVERLAY_STEREO_FORMAT;

typedef enum _D3DKMT_MULTIPLANE_OVERLAY_STEREO_FLIP_MODE
{
    DXGKMT_MULTIPLANE_OVERLAY_STEREO_FLIP_NONE = 0,
    DXGKMT_MULTIPLANE_OVERLAY_STEREO_FLIP_FRAME0 = 1,
    DXGKMT_MULTIPLANE_OVERLAY_STEREO_FLIP_FRAME1 = 2
} D3DKMT_MULTIPLANE_OVERLAY_STEREO_FLIP_MODE;

typedef enum _D3DKMT_MULTIPLANE_OVERLAY_STRETCH_QUALITY
{
    DXGKMT_MULTIPLANE_OVERLAY_STRETCH_QUALITY_BILINEAR = 1,
    DXGKMT_MULTIPLANE_OVERLAY_STRETCH_QUALITY_HIGH = 2
} D3DKMT_MULTIPLANE_OVERLAY_STRETCH_QUALITY;

typedef struct _D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES
{
    UINT                                         Flags;
    RECT                                         SrcRect;
    RECT                                         DstRect;
    RECT                                         ClipRect;
    D3DDDI_ROTATION                              Rotation;
    D3DKMT_MULTIPLANE_OVERLAY_BLEND              Blend;
    UINT                                         DirtyRectCount;
    const RECT                                   *pDirtyRects;
    D3DKMT_MULTIPLANE_OVERLAY_VIDEO_FRAME_FORMAT VideoFrameFormat;
    UINT                                         YCbCrFlags;
    D3DKMT_MULTIPLANE_OVERLAY_STEREO_FORMAT      StereoFormat;
    BOOL                                         StereoLeftViewFrame0;
    BOOL                                         StereoBaseViewFrame0;
    D3DKMT_MULTIPLANE_OVERLAY_STEREO_FLIP_MODE   StereoFlipMode;
    D3DKMT_MULTIPLANE_OVERLAY_STRETCH_QUALITY    StretchQuality;
} D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES;

typedef struct _D3DKMT_CHECK_MULTIPLANE_OVERLAY_PLANE
{
    D3DKMT_HANDLE                        hResource;
    LUID                                 CompSurfaceLuid;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID       VidPnSourceId;
    D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES PlaneAttributes;
} D3DKMT_CHECK_MULTIPLANE_OVERLAY_PLANE;

typedef union _D3DKMT_CHECK_MULTIPLANE_OVERLAY_SUPPORT_RETURN_INFO
{
    struct
    {
        UINT FailingPlane : 4;
        UINT TryAgain : 1;
        UINT Reserved : 27;
    };
    UINT Value;
} D3DKMT_CHECK_MULTIPLANE_OVERLAY_SUPPORT_RETURN_INFO;

typedef struct _D3DKMT_CHECKMULTIPLANEOVERLAYSUPPORT
{
    D3DKMT_HANDLE                                       hDevice;
    UINT                                                PlaneCount;
    D3DKMT_CHECK_MULTIPLANE_OVERLAY_PLANE               *pOverlayPlanes;
    BOOL                                                Supported;
    D3DKMT_CHECK_MULTIPLANE_OVERLAY_SUPPORT_RETURN_INFO ReturnInfo;
} D3DKMT_CHECKMULTIPLANEOVERLAYSUPPORT;

typedef struct _D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES2
{
    UINT                                         Flags;
    RECT                                         SrcRect;
    RECT                                         DstRect;
    RECT                                         ClipRect;
    D3DDDI_ROTATION                              Rotation;
    D3DKMT_MULTIPLANE_OVERLAY_BLEND              Blend;
    UINT                                         DirtyRectCount;
    const RECT                                   *pDirtyRects;
    D3DKMT_MULTIPLANE_OVERLAY_VIDEO_FRAME_FORMAT VideoFrameFormat;
    D3DDDI_COLOR_SPACE_TYPE                      ColorSpace;
    D3DKMT_MULTIPLANE_OVERLAY_STEREO_FORMAT      StereoFormat;
    BOOL                                         StereoLeftViewFrame0;
    BOOL                                         StereoBaseViewFrame0;
    D3DKMT_MULTIPLANE_OVERLAY_STEREO_FLIP_MODE   StereoFlipMode;
    D3DKMT_MULTIPLANE_OVERLAY_STRETCH_QUALITY    StretchQuality;
    UINT                                         Reserved1;
} D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES2;

typedef struct _D3DKMT_CHECK_MULTIPLANE_OVERLAY_PLANE2
{
    UINT                                  LayerIndex;
    D3DKMT_HANDLE                         hResource;
    LUID                                  CompSurfaceLuid;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID        VidPnSourceId;
    D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES2 PlaneAttributes;
} D3DKMT_CHECK_MULTIPLANE_OVERLAY_PLANE2;

typedef struct _D3DKMT_CHECKMULTIPLANEOVERLAYSUPPORT2
{
    D3DKMT_HANDLE                                       hAdapter;
    D3DKMT_HANDLE                                       hDevice;
    UINT                                                PlaneCount;
    D3DKMT_CHECK_MULTIPLANE_OVERLAY_PLANE2              *pOverlayPlanes;
    BOOL                                                Supported;
    D3DKMT_CHECK_MULTIPLANE_OVERLAY_SUPPORT_RETURN_INFO ReturnInfo;
} D3DKMT_CHECKMULTIPLANEOVERLAYSUPPORT2;

typedef struct _D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES3
{
    UINT                                      Flags;
    RECT                                      SrcRect;
    RECT                                      DstRect;
    RECT                                      ClipRect;
    D3DDDI_ROTATION                           Rotation;
    D3DKMT_MULTIPLANE_OVERLAY_BLEND           Blend;
    UINT                                      DirtyRectCount;
    const RECT                                *pDirtyRects;
    D3DDDI_COLOR_SPACE_TYPE                   ColorSpace;
    D3DKMT_MULTIPLANE_OVERLAY_STRETCH_QUALITY StretchQuality;
    UINT                                      SDRWhiteLevel;
} D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES3;

typedef struct _D3DKMT_CHECK_MULTIPLANE_OVERLAY_PLANE3
{
    UINT                                  LayerIndex;
    D3DKMT_HANDLE                         hResource;
    LUID                                  CompSurfaceLuid;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID        VidPnSourceId;
    D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES3 *pPlaneAttributes;
} D3DKMT_CHECK_MULTIPLANE_OVERLAY_PLANE3;

typedef union _D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION_FLAGS
{
    struct
    {
        UINT VerticalFlip : 1;
        UINT HorizontalFlip : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION_FLAGS;

typedef struct _D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION
{
    D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION_FLAGS Flags;
    RECT                                             SrcRect;
    RECT                                             DstRect;
    D3DDDI_ROTATION                                  Rotation;
} D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION;

typedef struct _D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION_WITH_SOURCE
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID             VidPnSourceId;
    D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION PostComposition;
} D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION_WITH_SOURCE;

typedef struct _D3DKMT_CHECKMULTIPLANEOVERLAYSUPPORT3
{
    D3DKMT_HANDLE                                          hAdapter;
    D3DKMT_HANDLE                                          hDevice;
    UINT                                                   PlaneCount;
    D3DKMT_CHECK_MULTIPLANE_OVERLAY_PLANE3                 **ppOverlayPlanes;
    UINT                                                   PostCompositionCount;
    D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION_WITH_SOURCE **ppPostComposition;
    BOOL                                                   Supported;
    D3DKMT_CHECK_MULTIPLANE_OVERLAY_SUPPORT_RETURN_INFO    ReturnInfo;
} D3DKMT_CHECKMULTIPLANEOVERLAYSUPPORT3;

typedef union _D3DKMT_MULTIPLANE_OVERLAY_CAPS
{
    struct
    {
        UINT Rotation : 1;
        UINT RotationWithoutIndependentFlip : 1;
        UINT VerticalFlip : 1;
        UINT HorizontalFlip : 1;
        UINT StretchRGB : 1;
        UINT StretchYUV : 1;
        UINT BilinearFilter : 1;
        UINT HighFilter : 1;
        UINT Shared : 1;
        UINT Immediate : 1;
        UINT Plane0ForVirtualModeOnly : 1;
        UINT Version3DDISupport : 1;
        UINT Reserved : 20;
    };
    UINT Value;
} D3DKMT_MULTIPLANE_OVERLAY_CAPS;

typedef struct _D3DKMT_GET_MULTIPLANE_OVERLAY_CAPS
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           MaxPlanes;
    UINT                           MaxRGBPlanes;
    UINT                           MaxYUVPlanes;
    D3DKMT_MULTIPLANE_OVERLAY_CAPS OverlayCaps;
    float                          MaxStretchFactor;
    float                          MaxShrinkFactor;
} D3DKMT_GET_MULTIPLANE_OVERLAY_CAPS;

typedef struct _D3DKMT_GET_POST_COMPOSITION_CAPS
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    float                          MaxStretchFactor;
    float                          MaxShrinkFactor;
} D3DKMT_GET_POST_COMPOSITION_CAPS;

typedef struct _D3DKMT_MULTIPLANE_OVERLAY
{
    UINT                                 LayerIndex;
    BOOL                                 Enabled;
    D3DKMT_HANDLE                        hAllocation;
    D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES PlaneAttributes;
} D3DKMT_MULTIPLANE_OVERLAY;

typedef struct _D3DKMT_MULTIPLANE_OVERLAY2
{
    UINT                                  LayerIndex;
    BOOL                                  Enabled;
    D3DKMT_HANDLE                         hAllocation;
    D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES2 PlaneAttributes;
} D3DKMT_MULTIPLANE_OVERLAY2;

typedef union _D3DKMT_PLANE_SPECIFIC_INPUT_FLAGS
{
    struct
    {
        UINT Enabled : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DKMT_PLANE_SPECIFIC_INPUT_FLAGS;

typedef struct _D3DKMT_MULTIPLANE_OVERLAY3
{
    UINT                                        LayerIndex;
    D3DKMT_PLANE_SPECIFIC_INPUT_FLAGS           InputFlags;
    D3DDDI_FLIPINTERVAL_TYPE                    FlipInterval;
    UINT                                        MaxImmediateFlipLine;
    UINT                                        AllocationCount;
    D3DKMT_HANDLE                               *pAllocationList;
    UINT                                        DriverPrivateDataSize;
    void                                        *pDriverPrivateData;
    const D3DKMT_MULTIPLANE_OVERLAY_ATTRIBUTES3 *pPlaneAttributes;
    D3DKMT_HANDLE                               hFlipToFence;
    D3DKMT_HANDLE                               hFlipAwayFence;
    UINT64                                      FlipToFenceValue;
    UINT64                                      FlipAwayFenceValue;
} D3DKMT_MULTIPLANE_OVERLAY3;

typedef union _D3DKMT_PLANE_SPECIFIC_OUTPUT_FLAGS
{
    struct
    {
        UINT FlipConvertedToImmediate : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DKMT_PLANE_SPECIFIC_OUTPUT_FLAGS;

typedef struct _D3DKMT_PRESENT_MULTIPLANE_OVERLAY
{
    union
    {
        D3DKMT_HANDLE hDevice;
        D3DKMT_HANDLE hContext;
    };
    UINT                           BroadcastContextCount;
    D3DKMT_HANDLE                  BroadcastContext[D3DDDI_MAX_BROADCAST_CONTEXT];
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           PresentCount;
    D3DDDI_FLIPINTERVAL_TYPE       FlipInterval;
    D3DKMT_PRESENTFLAGS            Flags;
    UINT                           PresentPlaneCount;
    D3DKMT_MULTIPLANE_OVERLAY      *pPresentPlanes;
    UINT                           Duration;
} D3DKMT_PRESENT_MULTIPLANE_OVERLAY;

typedef struct _D3DKMT_PRESENT_MULTIPLANE_OVERLAY2
{
    D3DKMT_HANDLE hAdapter;
    union
    {
        D3DKMT_HANDLE hDevice;
        D3DKMT_HANDLE hContext;
    };
    UINT                           BroadcastContextCount;
    D3DKMT_HANDLE                  BroadcastContext[D3DDDI_MAX_BROADCAST_CONTEXT];
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           PresentCount;
    D3DDDI_FLIPINTERVAL_TYPE       FlipInterval;
    D3DKMT_PRESENTFLAGS            Flags;
    UINT                           PresentPlaneCount;
    D3DKMT_MULTIPLANE_OVERLAY2     *pPresentPlanes;
    UINT                           Duration;
} D3DKMT_PRESENT_MULTIPLANE_OVERLAY2;

typedef union _D3DKMT_PRESENT_MULTIPLANE_OVERLAY_FLAGS
{
    struct
    {
        UINT FlipStereo : 1;
        UINT FlipStereoTemporaryMono : 1;
        UINT FlipStereoPreferRight : 1;
        UINT FlipDoNotWait : 1;
        UINT FlipDoNotFlip : 1;
        UINT FlipRestart : 1;
        UINT DurationValid : 1;
        UINT HDRMetaDataValid : 1;
        UINT HMD : 1;
        UINT TrueImmediate : 1;
        UINT Reserved : 22;
    };
    UINT Value;
} D3DKMT_PRESENT_MULTIPLANE_OVERLAY_FLAGS;

typedef struct _D3DKMT_PRESENT_MULTIPLANE_OVERLAY3
{
    D3DKMT_HANDLE                              hAdapter;
    UINT                                       ContextCount;
    D3DKMT_HANDLE                              *pContextList;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID             VidPnSourceId;
    UINT                                       PresentCount;
    D3DKMT_PRESENT_MULTIPLANE_OVERLAY_FLAGS    Flags;
    UINT                                       PresentPlaneCount;
    D3DKMT_MULTIPLANE_OVERLAY3                 **ppPresentPlanes;
    D3DKMT_MULTIPLANE_OVERLAY_POST_COMPOSITION *pPostComposition;
    UINT                                       Duration;
    D3DDDI_HDR_METADATA_TYPE                   HDRMetaDataType;
    UINT                                       HDRMetaDataSize;
    const void                                 *pHDRMetaData;
    UINT                                       BoostRefreshRateMultiplier;
} D3DKMT_PRESENT_MULTIPLANE_OVERLAY3;

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_DDK_D3DKMTHK_OVERLAY_H */
