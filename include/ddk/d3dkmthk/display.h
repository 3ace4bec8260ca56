/*
 * Display modes, ownership of outputs, overlays, vertical blank
 *
 * A part of ddk/d3dkmthk.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DDK_D3DKMTHK_DISPLAY_H
#define __WINEKMT_DDK_D3DKMTHK_DISPLAY_H

#include "../d3dkmdt.h"

#ifdef __cplusplus
extern "C" {
#endif

#define D3DKMT_MAX_WAITFORVERTICALBLANK_OBJECTS 8

typedef enum _D3DKMT_VIDPNSOURCEOWNER_TYPE
{
    D3DKMT_VIDPNSOURCEOWNER_UNOWNED = 0,
    D3DKMT_VIDPNSOURCEOWNER_SHARED = 1,
    D3DKMT_VIDPNSOURCEOWNER_EXCLUSIVE = 2,
    D3DKMT_VIDPNSOURCEOWNER_EXCLUSIVEGDI = 3,
    D3DKMT_VIDPNSOURCEOWNER_EMULATED = 4
} D3DKMT_VIDPNSOURCEOWNER_TYPE;

typedef enum _D3DKMT_GPU_PREFERENCE_QUERY_STATE
{
    D3DKMT_GPU_PREFERENCE_STATE_UNINITIALIZED = 0,
    D3DKMT_GPU_PREFERENCE_STATE_HIGH_PERFORMANCE = 1,
    D3DKMT_GPU_PREFERENCE_STATE_MINIMUM_POWER = 2,
    D3DKMT_GPU_PREFERENCE_STATE_UNSPECIFIED = 3,
    D3DKMT_GPU_PREFERENCE_STATE_NOT_FOUND = 4,
    D3DKMT_GPU_PREFERENCE_STATE_USER_SPECIFIED_GPU = 5
} D3DKMT_GPU_PREFERENCE_QUERY_STATE;

typedef enum _D3DKMT_GPU_PREFERENCE_QUERY_TYPE
{
    D3DKMT_GPU_PREFERENCE_TYPE_IHV_DLIST = 0,
    D3DKMT_GPU_PREFERENCE_TYPE_DX_DATABASE = 1,
    D3DKMT_GPU_PREFERENCE_TYPE_USER_PREFERENCE = 2
} D3DKMT_GPU_PREFERENCE_QUERY_TYPE;

/* The first two bits have an 8-bit type, so the others start in a unit of 32 bits of their own. */
typedef struct _D3DKMT_DISPLAYMODE_FLAGS
{
    BOOLEAN ValidatedAgainstMonitorCaps : 1;
    BOOLEAN RoundedFakeMode : 1;
    UINT    : 0;
    UINT    ModePruningReason : 4;      /* a D3DKMDT_MODE_PRUNING_REASON */
    UINT    Stereo : 1;
    UINT    AdvancedScanCapable : 1;
    UINT    PreferredTiming : 1;
    UINT    PhysicalModeSupported : 1;
    UINT    VirtualRefreshRate : 1;
    UINT    Reserved : 23;
} D3DKMT_DISPLAYMODE_FLAGS;

typedef struct _D3DKMT_ADJUSTFULLSCREENGAMMA
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DDDI_DXGI_RGB                Scale;
    D3DDDI_DXGI_RGB                Offset;
} D3DKMT_ADJUSTFULLSCREENGAMMA;

typedef struct _D3DKMT_CHANGESURFACEPOINTER
{
    HDC    hDC;
    HANDLE hBitmap;
    void   *pSurfacePointer;
    UINT   Width;
    UINT   Height;
    UINT   Pitch;
} D3DKMT_CHANGESURFACEPOINTER;

typedef struct _D3DKMT_CHECKMONITORPOWERSTATE
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
} D3DKMT_CHECKMONITORPOWERSTATE;

typedef struct _D3DKMT_CHECKOCCLUSION
{
    HWND hWindow;
} D3DKMT_CHECKOCCLUSION;

typedef struct _D3DKMT_CHECKVIDPNEXCLUSIVEOWNERSHIP
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
} D3DKMT_CHECKVIDPNEXCLUSIVEOWNERSHIP;

typedef struct _D3DKMT_CREATEDCFROMMEMORY
{
    void                   *pMemory;
    D3DDDIFORMAT           Format;
    UINT                   Width;
    UINT                   Height;
    UINT                   Pitch;
    HDC                    hDeviceDc;
    struct tagPALETTEENTRY *pColorTable;
    HDC                    hDc;
    HANDLE                 hBitmap;
} D3DKMT_CREATEDCFROMMEMORY;

typedef struct _D3DKMT_CREATEOVERLAY
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_HANDLE                  hDevice;
    D3DDDI_KERNELOVERLAYINFO       OverlayInfo;
    D3DKMT_HANDLE                  hOverlay;
} D3DKMT_CREATEOVERLAY;

typedef struct _D3DKMT_DISPLAYMODE
{
    UINT                                  Width;
    UINT                                  Height;
    D3DDDIFORMAT                          Format;
    UINT                                  IntegerRefreshRate;
    D3DDDI_RATIONAL                       RefreshRate;
    D3DDDI_VIDEO_SIGNAL_SCANLINE_ORDERING ScanLineOrdering;
    D3DDDI_ROTATION                       DisplayOrientation;
    UINT                                  DisplayFixedOutput;
    D3DKMT_DISPLAYMODE_FLAGS              Flags;
} D3DKMT_DISPLAYMODE;

typedef struct _D3DKMT_CURRENTDISPLAYMODE
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_DISPLAYMODE             DisplayMode;
} D3DKMT_CURRENTDISPLAYMODE;

typedef struct _D3DKMT_DESTROYDCFROMMEMORY
{
    HDC    hDc;
    HANDLE hBitmap;
} D3DKMT_DESTROYDCFROMMEMORY;

typedef struct _D3DKMT_DESTROYOVERLAY
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hOverlay;
} D3DKMT_DESTROYOVERLAY;

typedef struct _D3DKMT_DISPLAYMODELIST
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           ModeCount;
    D3DKMT_DISPLAYMODE             pModeList[0];
} D3DKMT_DISPLAYMODELIST;

typedef struct _D3DKMT_FLIPOVERLAY
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hOverlay;
    D3DKMT_HANDLE hSource;
    void          *pPrivateDriverData;
    UINT          PrivateDriverDataSize;
} D3DKMT_FLIPOVERLAY;

typedef struct _D3DKMT_GETDISPLAYMODELIST
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_DISPLAYMODE             *pModeList;
    UINT                           ModeCount;
} D3DKMT_GETDISPLAYMODELIST;

typedef struct _D3DKMT_MULTISAMPLEMETHOD
{
    UINT NumSamples;
    UINT NumQualityLevels;
    UINT Reserved;
} D3DKMT_MULTISAMPLEMETHOD;

typedef struct _D3DKMT_GETMULTISAMPLEMETHODLIST
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           Width;
    UINT                           Height;
    D3DDDIFORMAT                   Format;
    D3DKMT_MULTISAMPLEMETHOD       *pMethodList;
    UINT                           MethodCount;
} D3DKMT_GETMULTISAMPLEMETHODLIST;

typedef struct _D3DKMT_GETOVERLAYSTATE
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hOverlay;
    BOOLEAN       OverlayEnabled;
} D3DKMT_GETOVERLAYSTATE;

typedef struct _D3DKMT_GETSCANLINE
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    BOOLEAN                        InVerticalBlank;
    UINT                           ScanLine;
} D3DKMT_GETSCANLINE;

typedef struct _D3DKMT_GETSHAREDPRIMARYHANDLE
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_HANDLE                  hSharedPrimary;
} D3DKMT_GETSHAREDPRIMARYHANDLE;

typedef struct _D3DKMT_GETVERTICALBLANKEVENT
{
    D3DKMT_HANDLE                  hAdapter;
    D3DKMT_HANDLE                  hDevice;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    HANDLE                         *phEvent;
} D3DKMT_GETVERTICALBLANKEVENT;

typedef struct _D3DKMT_HYBRID_LIST
{
    D3DKMT_GPU_PREFERENCE_QUERY_STATE State;
    LUID                              AdapterLuid;
    BOOL                              bUserPreferenceQuery;
    D3DKMT_GPU_PREFERENCE_QUERY_TYPE  QueryType;
} D3DKMT_HYBRID_LIST;

typedef struct _D3DKMT_INVALIDATEACTIVEVIDPN
{
    D3DKMT_HANDLE hAdapter;
    void          *pPrivateDriverData;
    UINT          PrivateDriverDataSize;
} D3DKMT_INVALIDATEACTIVEVIDPN;

typedef struct _D3DKMT_MIRACAST_DISPLAY_DEVICE_CAPS
{
    BOOLEAN HdcpSupported;
    ULONG   DefaultControlPort;
    BOOLEAN UsesIhvSolution;
} D3DKMT_MIRACAST_DISPLAY_DEVICE_CAPS;

typedef struct _D3DKMT_MIRACAST_DISPLAY_DEVICE_STATUS
{
    UINT State;
} D3DKMT_MIRACAST_DISPLAY_DEVICE_STATUS;

typedef struct _D3DKMT_MIRACAST_DISPLAY_STOP_SESSIONS
{
    LUID                           AdapterLuid;
    D3DDDI_VIDEO_PRESENT_TARGET_ID TargetId;
    UINT                           StopReason;
} D3DKMT_MIRACAST_DISPLAY_STOP_SESSIONS;

typedef struct _D3DKMT_POLLDISPLAYCHILDREN
{
    D3DKMT_HANDLE hAdapter;
    UINT          NonDestructiveOnly : 1;
    UINT          SynchronousPolling : 1;
    UINT          DisableModeReset : 1;
    UINT          PollAllAdapters : 1;
    UINT          PollInterruptible : 1;
    UINT          Reserved : 27;
} D3DKMT_POLLDISPLAYCHILDREN;

typedef union _D3DKMT_QUERYFSEFLAGS
{
    struct
    {
        UINT Blocked : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DKMT_QUERYFSEFLAGS;

typedef struct _D3DKMT_QUERYFSEBLOCK
{
    LUID                           AdapterLuid;
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_QUERYFSEFLAGS           Flags;
} D3DKMT_QUERYFSEBLOCK;

typedef struct _D3DKMT_QUERYREMOTEVIDPNSOURCEFROMGDIDISPLAYNAME
{
    WCHAR                          DeviceName[32];
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
} D3DKMT_QUERYREMOTEVIDPNSOURCEFROMGDIDISPLAYNAME;

typedef struct _D3DKMT_QUERYVIDPNEXCLUSIVEOWNERSHIP
{
    HANDLE                         hProcess;
    HWND                           hWindow;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    LUID                           AdapterLuid;
    D3DKMT_VIDPNSOURCEOWNER_TYPE   OwnerType;
} D3DKMT_QUERYVIDPNEXCLUSIVEOWNERSHIP;

typedef struct _D3DKMT_SETDISPLAYMODE_FLAGS
{
    BOOLEAN PreserveVidPn : 1;
    UINT    : 0;        /* the first bit has an 8-bit type: a new unit */
    UINT    Reserved : 31;
} D3DKMT_SETDISPLAYMODE_FLAGS;

typedef struct _D3DKMT_SETDISPLAYMODE
{
    D3DKMT_HANDLE                         hDevice;
    D3DKMT_HANDLE                         hPrimaryAllocation;
    D3DDDI_VIDEO_SIGNAL_SCANLINE_ORDERING ScanLineOrdering;
    D3DDDI_ROTATION                       DisplayOrientation;
    UINT                                  PrivateDriverFormatAttribute;
    D3DKMT_SETDISPLAYMODE_FLAGS           Flags;
} D3DKMT_SETDISPLAYMODE;

typedef struct _D3DKMT_SETDISPLAYPRIVATEDRIVERFORMAT
{
    D3DKMT_HANDLE                  hDevice;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           PrivateDriverFormatAttribute;
} D3DKMT_SETDISPLAYPRIVATEDRIVERFORMAT;

typedef union _D3DKMT_SETFSEBLOCKFLAGS
{
    struct
    {
        UINT Block : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DKMT_SETFSEBLOCKFLAGS;

typedef struct _D3DKMT_SETFSEBLOCK
{
    LUID                           AdapterLuid;
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_SETFSEBLOCKFLAGS        Flags;
} D3DKMT_SETFSEBLOCK;

typedef struct _D3DKMT_SETGAMMARAMP
{
    D3DKMT_HANDLE                  hDevice;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DDDI_GAMMARAMP_TYPE          Type;
    union
    {
        D3DDDI_GAMMA_RAMP_RGB256x3x16 *pGammaRampRgb256x3x16;
        D3DDDI_GAMMA_RAMP_DXGI_1      *pGammaRampDXGI1;
    };
    UINT Size;
} D3DKMT_SETGAMMARAMP;

typedef struct _D3DKMT_SETHWPROTECTIONTEARDOWNRECOVERY
{
    D3DKMT_HANDLE hAdapter;
    BOOL          Recovered;
} D3DKMT_SETHWPROTECTIONTEARDOWNRECOVERY;

typedef struct _D3DKMT_SETSYNCREFRESHCOUNTWAITTARGET
{
    D3DKMT_HANDLE                  hAdapter;
    D3DKMT_HANDLE                  hDevice;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           TargetSyncRefreshCount;
} D3DKMT_SETSYNCREFRESHCOUNTWAITTARGET;

typedef struct _D3DKMT_SETVIDPNSOURCEHWPROTECTION
{
    D3DKMT_HANDLE                  hAdapter;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    BOOL                           HwProtected;
} D3DKMT_SETVIDPNSOURCEHWPROTECTION;

typedef struct _D3DKMT_SETVIDPNSOURCEOWNER
{
    D3DKMT_HANDLE                        hDevice;
    const D3DKMT_VIDPNSOURCEOWNER_TYPE   *pType;
    const D3DDDI_VIDEO_PRESENT_SOURCE_ID *pVidPnSourceId;
    UINT                                 VidPnSourceCount;
} D3DKMT_SETVIDPNSOURCEOWNER;

typedef union _D3DKMT_VIDPNSOURCEOWNER_FLAGS
{
    struct
    {
        UINT AllowOutputDuplication : 1;
        UINT DisableDWMVirtualMode : 1;
        UINT UseNtHandles : 1;
        UINT Reserved : 29;
    };
    UINT Value;
} D3DKMT_VIDPNSOURCEOWNER_FLAGS;

typedef struct _D3DKMT_SETVIDPNSOURCEOWNER1
{
    D3DKMT_SETVIDPNSOURCEOWNER    Version0;
    D3DKMT_VIDPNSOURCEOWNER_FLAGS Flags;
} D3DKMT_SETVIDPNSOURCEOWNER1;

typedef struct _D3DKMT_SETVIDPNSOURCEOWNER2
{
    D3DKMT_SETVIDPNSOURCEOWNER1 Version1;
    const HANDLE                *pVidPnSourceNtHandles;
} D3DKMT_SETVIDPNSOURCEOWNER2;

typedef struct _D3DKMT_SET_COLORSPACE_TRANSFORM
{
    LUID                           AdapterLuid;
    D3DDDI_VIDEO_PRESENT_TARGET_ID VidPnTargetId;
    D3DDDI_GAMMARAMP_TYPE          Type;
    UINT                           Size;
    void                           *pColorSpaceTransform;
} D3DKMT_SET_COLORSPACE_TRANSFORM;

typedef struct _D3DKMT_SHAREDPRIMARYLOCKNOTIFICATION
{
    LUID                           AdapterLuid;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    RECT                           LockRect;
} D3DKMT_SHAREDPRIMARYLOCKNOTIFICATION;

typedef struct _D3DKMT_SHAREDPRIMARYUNLOCKNOTIFICATION
{
    LUID                           AdapterLuid;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
} D3DKMT_SHAREDPRIMARYUNLOCKNOTIFICATION;

typedef struct _D3DKMT_UPDATEOVERLAY
{
    D3DKMT_HANDLE            hDevice;
    D3DKMT_HANDLE            hOverlay;
    D3DDDI_KERNELOVERLAYINFO OverlayInfo;
} D3DKMT_UPDATEOVERLAY;

typedef struct _D3DKMT_WAITFORVERTICALBLANKEVENT
{
    D3DKMT_HANDLE                  hAdapter;
    D3DKMT_HANDLE                  hDevice;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
} D3DKMT_WAITFORVERTICALBLANKEVENT;

typedef struct _D3DKMT_WAITFORVERTICALBLANKEVENT2
{
    D3DKMT_HANDLE                  hAdapter;
    D3DKMT_HANDLE                  hDevice;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           NumObjects;
    HANDLE                         ObjectHandleArray[D3DKMT_MAX_WAITFORVERTICALBLANK_OBJECTS];
} D3DKMT_WAITFORVERTICALBLANKEVENT2;

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_DDK_D3DKMTHK_DISPLAY_H */
