/*
 * Formats, surfaces, colours: the part of ddk/d3dukmdt.h that displays are about
 *
 * A part of ddk/d3dkmthk.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DDK_D3DUKMDT_FORMATS_H
#define __WINEKMT_DDK_D3DUKMDT_FORMATS_H

#include <windef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef UINT D3DKMT_HANDLE;  /* names a kernel object of this API; 0: none */
typedef UINT D3DDDI_VIDEO_PRESENT_SOURCE_ID;
typedef UINT D3DDDI_VIDEO_PRESENT_TARGET_ID;

/* Values of D3DDDI_VIDEO_PRESENT_SOURCE_ID and similar identifiers */
#define D3DDDI_ID_NOTAPPLICABLE             0u
#define D3DDDI_ID_UNINITIALIZED             0xffffffffu
#define D3DDDI_ID_ANY                       0xfffffffeu
#define D3DDDI_ID_ALL                       0xfffffffdu

/* Surface formats: the D3DFORMAT numbers of Direct3D 9 under other names */
typedef enum _D3DDDIFORMAT
{
    D3DDDIFMT_UNKNOWN               = 0,
    D3DDDIFMT_R8G8B8                = 20,
    D3DDDIFMT_A8R8G8B8              = 21,
    D3DDDIFMT_X8R8G8B8              = 22,
    D3DDDIFMT_R5G6B5                = 23,
    D3DDDIFMT_X1R5G5B5              = 24,
    D3DDDIFMT_A1R5G5B5              = 25,
    D3DDDIFMT_A4R4G4B4              = 26,
    D3DDDIFMT_R3G3B2                = 27,
    D3DDDIFMT_A8                    = 28,
    D3DDDIFMT_A8R3G3B2              = 29,
    D3DDDIFMT_X4R4G4B4              = 30,
    D3DDDIFMT_A2B10G10R10           = 31,
    D3DDDIFMT_A8B8G8R8              = 32,
    D3DDDIFMT_X8B8G8R8              = 33,
    D3DDDIFMT_G16R16                = 34,
    D3DDDIFMT_A2R10G10B10           = 35,
    D3DDDIFMT_A16B16G16R16          = 36,
    D3DDDIFMT_A8P8                  = 40,
    D3DDDIFMT_P8                    = 41,
    D3DDDIFMT_L8                    = 50,
    D3DDDIFMT_A8L8                  = 51,
    D3DDDIFMT_A4L4                  = 52,
    D3DDDIFMT_V8U8                  = 60,
    D3DDDIFMT_L6V5U5                = 61,
    D3DDDIFMT_X8L8V8U8              = 62,
    D3DDDIFMT_Q8W8V8U8              = 63,
    D3DDDIFMT_V16U16                = 64,
    D3DDDIFMT_W11V11U10             = 65,
    D3DDDIFMT_A2W10V10U10           = 67,
    D3DDDIFMT_D16_LOCKABLE          = 70,
    D3DDDIFMT_D32                   = 71,
    D3DDDIFMT_S1D15                 = 72,
    D3DDDIFMT_D15S1                 = 73,
    D3DDDIFMT_S8D24                 = 74,
    D3DDDIFMT_D24S8                 = 75,
    D3DDDIFMT_X8D24                 = 76,
    D3DDDIFMT_D24X8                 = 77,
    D3DDDIFMT_X4S4D24               = 78,
    D3DDDIFMT_D24X4S4               = 79,
    D3DDDIFMT_D16                   = 80,
    D3DDDIFMT_L16                   = 81,
    D3DDDIFMT_D32F_LOCKABLE         = 82,
    D3DDDIFMT_D24FS8                = 83,
    D3DDDIFMT_D32_LOCKABLE          = 84,
    D3DDDIFMT_S8_LOCKABLE           = 85,
    D3DDDIFMT_G8R8                  = 91,
    D3DDDIFMT_R8                    = 92,
    D3DDDIFMT_VERTEXDATA            = 100,
    D3DDDIFMT_INDEX16               = 101,
    D3DDDIFMT_INDEX32               = 102,
    D3DDDIFMT_Q16W16V16U16          = 110,
    D3DDDIFMT_R16F                  = 111,
    D3DDDIFMT_G16R16F               = 112,
    D3DDDIFMT_A16B16G16R16F         = 113,
    D3DDDIFMT_R32F                  = 114,
    D3DDDIFMT_G32R32F               = 115,
    D3DDDIFMT_A32B32G32R32F         = 116,
    D3DDDIFMT_CxV8U8                = 117,
    D3DDDIFMT_A1                    = 118,
    D3DDDIFMT_A2B10G10R10_XR_BIAS   = 119,
    D3DDDIFMT_BINARYBUFFER          = 199,
    D3DDDIFMT_DXT1                  = 0x31545844,   /* four characters from here on, low byte first */
    D3DDDIFMT_DXT2                  = 0x32545844,
    D3DDDIFMT_DXT3                  = 0x33545844,
    D3DDDIFMT_DXT4                  = 0x34545844,
    D3DDDIFMT_DXT5                  = 0x35545844,
    D3DDDIFMT_UYVY                  = 0x59565955,
    D3DDDIFMT_YUY2                  = 0x32595559,
    D3DDDIFMT_R8G8_B8G8             = 0x47424752,
    D3DDDIFMT_G8R8_G8B8             = 0x42475247,
    D3DDDIFMT_FORCE_UINT            = 0x7fffffff
} D3DDDIFORMAT;

typedef enum _D3DDDI_POOL
{
    D3DDDIPOOL_SYSTEMMEM = 1,
    D3DDDIPOOL_VIDEOMEMORY = 2,
    D3DDDIPOOL_LOCALVIDMEM = 3,
    D3DDDIPOOL_NONLOCALVIDMEM = 4,
    D3DDDIPOOL_STAGINGMEM = 5
} D3DDDI_POOL;

typedef enum _D3DDDIMULTISAMPLE_TYPE
{
    D3DDDIMULTISAMPLE_NONE = 0,
    D3DDDIMULTISAMPLE_NONMASKABLE = 1,
    D3DDDIMULTISAMPLE_2_SAMPLES = 2,    /* up to 16, each number being its own value */
    D3DDDIMULTISAMPLE_4_SAMPLES = 4,
    D3DDDIMULTISAMPLE_8_SAMPLES = 8,
    D3DDDIMULTISAMPLE_16_SAMPLES = 16
} D3DDDIMULTISAMPLE_TYPE;

typedef enum _D3DDDI_ROTATION
{
    D3DDDI_ROTATION_IDENTITY = 1,
    D3DDDI_ROTATION_90 = 2,
    D3DDDI_ROTATION_180 = 3,
    D3DDDI_ROTATION_270 = 4
} D3DDDI_ROTATION;

typedef enum _D3DDDI_VIDEO_SIGNAL_SCANLINE_ORDERING
{
    D3DDDI_VSSLO_UNINITIALIZED = 0,
    D3DDDI_VSSLO_PROGRESSIVE = 1,
    D3DDDI_VSSLO_INTERLACED_UPPERFIELDFIRST = 2,
    D3DDDI_VSSLO_INTERLACED_LOWERFIELDFIRST = 3,
    D3DDDI_VSSLO_OTHER = 255
} D3DDDI_VIDEO_SIGNAL_SCANLINE_ORDERING;

typedef enum D3DDDI_FLIPINTERVAL_TYPE
{
    D3DDDI_FLIPINTERVAL_IMMEDIATE = 0,
    D3DDDI_FLIPINTERVAL_ONE = 1,
    D3DDDI_FLIPINTERVAL_TWO = 2,
    D3DDDI_FLIPINTERVAL_THREE = 3,
    D3DDDI_FLIPINTERVAL_FOUR = 4,
    D3DDDI_FLIPINTERVAL_IMMEDIATE_ALLOW_TEARING = 5
} D3DDDI_FLIPINTERVAL_TYPE;

/* The numbers of DXGI_COLOR_SPACE_TYPE */
typedef enum D3DDDI_COLOR_SPACE_TYPE
{
    D3DDDI_COLOR_SPACE_RGB_FULL_G22_NONE_P709 = 0,
    D3DDDI_COLOR_SPACE_RGB_FULL_G10_NONE_P709 = 1,
    D3DDDI_COLOR_SPACE_RGB_STUDIO_G22_NONE_P709 = 2,
    D3DDDI_COLOR_SPACE_RGB_STUDIO_G22_NONE_P2020 = 3,
    D3DDDI_COLOR_SPACE_RESERVED = 4,
    D3DDDI_COLOR_SPACE_YCBCR_FULL_G22_NONE_P709_X601 = 5,
    D3DDDI_COLOR_SPACE_YCBCR_STUDIO_G22_LEFT_P601 = 6,
    D3DDDI_COLOR_SPACE_YCBCR_FULL_G22_LEFT_P601 = 7,
    D3DDDI_COLOR_SPACE_YCBCR_STUDIO_G22_LEFT_P709 = 8,
    D3DDDI_COLOR_SPACE_YCBCR_FULL_G22_LEFT_P709 = 9,
    D3DDDI_COLOR_SPACE_YCBCR_STUDIO_G22_LEFT_P2020 = 10,
    D3DDDI_COLOR_SPACE_YCBCR_FULL_G22_LEFT_P2020 = 11,
    D3DDDI_COLOR_SPACE_RGB_FULL_G2084_NONE_P2020 = 12,
    D3DDDI_COLOR_SPACE_CUSTOM = -1
} D3DDDI_COLOR_SPACE_TYPE;

typedef enum _D3DDDI_GAMMARAMP_TYPE
{
    D3DDDI_GAMMARAMP_UNINITIALIZED = 0,
    D3DDDI_GAMMARAMP_DEFAULT = 1,
    D3DDDI_GAMMARAMP_RGB256x3x16 = 2,
    D3DDDI_GAMMARAMP_DXGI_1 = 3,
    D3DDDI_GAMMARAMP_MATRIX_3x4 = 4,
    D3DDDI_GAMMARAMP_MATRIX_V2 = 5
} D3DDDI_GAMMARAMP_TYPE;

typedef enum D3DDDI_HDR_METADATA_TYPE
{
    D3DDDI_HDR_METADATA_TYPE_NONE = 0,
    D3DDDI_HDR_METADATA_TYPE_HDR10 = 1,
    D3DDDI_HDR_METADATA_TYPE_HDR10PLUS = 2
} D3DDDI_HDR_METADATA_TYPE;

typedef struct _D3DDDI_RATIONAL
{
    UINT Numerator;
    UINT Denominator;
} D3DDDI_RATIONAL;

typedef union _D3DDDI_RESOURCEFLAGS
{
    struct
    {
        UINT RenderTarget : 1;
        UINT ZBuffer : 1;
        UINT Dynamic : 1;
        UINT HintStatic : 1;
        UINT AutogenMipmap : 1;
        UINT DMap : 1;
        UINT WriteOnly : 1;
        UINT NotLockable : 1;
        UINT Points : 1;
        UINT RtPatches : 1;
        UINT NPatches : 1;
        UINT SharedResource : 1;
        UINT DiscardRenderTarget : 1;
        UINT Video : 1;
        UINT CaptureBuffer : 1;
        UINT Primary : 1;
        UINT Texture : 1;
        UINT CubeMap : 1;
        UINT Volume : 1;
        UINT VertexBuffer : 1;
        UINT IndexBuffer : 1;
        UINT DecodeRenderTarget : 1;
        UINT DecodeCompressedBuffer : 1;
        UINT VideoProcessRenderTarget : 1;
        UINT CpuOptimized : 1;
        UINT MightDrawFromLocked : 1;
        UINT Overlay : 1;
        UINT MatchGdiPrimary : 1;
        UINT InterlacedRefresh : 1;
        UINT TextApi : 1;
        UINT RestrictedContent : 1;
        UINT RestrictSharedAccess : 1;
    };
    UINT Value;
} D3DDDI_RESOURCEFLAGS;

typedef struct _D3DDDI_SURFACEINFO
{
    UINT       Width;
    UINT       Height;
    UINT       Depth;
    const void *pSysMem;
    UINT       SysMemPitch;
    UINT       SysMemSlicePitch;
} D3DDDI_SURFACEINFO;

typedef struct _D3DDDIARG_CREATERESOURCE
{
    D3DDDIFORMAT                   Format;
    D3DDDI_POOL                    Pool;
    D3DDDIMULTISAMPLE_TYPE         MultisampleType;
    UINT                           MultisampleQuality;
    const D3DDDI_SURFACEINFO       *pSurfList;
    UINT                           SurfCount;
    UINT                           MipLevels;
    UINT                           Fvf;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DDDI_RATIONAL                RefreshRate;
    HANDLE                         hResource;
    D3DDDI_RESOURCEFLAGS           Flags;
    D3DDDI_ROTATION                Rotation;
} D3DDDIARG_CREATERESOURCE;

typedef union _D3DDDI_RESOURCEFLAGS2
{
    struct
    {
        UINT VideoEncoder : 1;
        UINT UserMemory : 1;
        UINT CrossAdapter : 1;
        UINT IsDisplayable : 1;
        UINT Reserved : 28;
    };
    UINT Value;
} D3DDDI_RESOURCEFLAGS2;

typedef struct _D3DDDIARG_CREATERESOURCE2
{
    D3DDDIFORMAT                   Format;
    D3DDDI_POOL                    Pool;
    D3DDDIMULTISAMPLE_TYPE         MultisampleType;
    UINT                           MultisampleQuality;
    const D3DDDI_SURFACEINFO       *pSurfList;
    UINT                           SurfCount;
    UINT                           MipLevels;
    UINT                           Fvf;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DDDI_RATIONAL                RefreshRate;
    HANDLE                         hResource;
    D3DDDI_RESOURCEFLAGS           Flags;
    D3DDDI_ROTATION                Rotation;
    D3DDDI_RESOURCEFLAGS2          Flags2;
} D3DDDIARG_CREATERESOURCE2;

typedef struct _D3DDDIRECT
{
    LONG left;
    LONG top;
    LONG right;
    LONG bottom;
} D3DDDIRECT;

typedef struct _D3DDDI_DXGI_RGB
{
    float Red;
    float Green;
    float Blue;
} D3DDDI_DXGI_RGB;

typedef struct _D3DDDI_GAMMA_RAMP_DXGI_1
{
    D3DDDI_DXGI_RGB Scale;
    D3DDDI_DXGI_RGB Offset;
    D3DDDI_DXGI_RGB GammaCurve[1025];
} D3DDDI_GAMMA_RAMP_DXGI_1;

typedef struct _D3DDDI_GAMMA_RAMP_RGB256x3x16
{
    USHORT Red[256];
    USHORT Green[256];
    USHORT Blue[256];
} D3DDDI_GAMMA_RAMP_RGB256x3x16;

typedef struct _D3DDDI_HDR_METADATA_HDR10
{
    UINT16 RedPrimary[2];
    UINT16 GreenPrimary[2];
    UINT16 BluePrimary[2];
    UINT16 WhitePoint[2];
    UINT   MaxMasteringLuminance;
    UINT   MinMasteringLuminance;
    UINT16 MaxContentLightLevel;
    UINT16 MaxFrameAverageLightLevel;
} D3DDDI_HDR_METADATA_HDR10;

typedef struct _D3DDDI_HDR_METADATA_HDR10PLUS
{
    BYTE Data[72];
} D3DDDI_HDR_METADATA_HDR10PLUS;

typedef struct _D3DDDI_KERNELOVERLAYINFO
{
    D3DKMT_HANDLE hAllocation;
    RECT          DstRect;
    RECT          SrcRect;
    void          *pPrivateDriverData;
    UINT          PrivateDriverDataSize;
} D3DDDI_KERNELOVERLAYINFO;

typedef struct _D3DDDI_MULTISAMPLINGMETHOD
{
    UINT NumSamples;
    UINT NumQualityLevels;
} D3DDDI_MULTISAMPLINGMETHOD;

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_DDK_D3DUKMDT_FORMATS_H */
