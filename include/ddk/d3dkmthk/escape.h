/*
 * D3DKMTEscape and what is passed through it
 *
 * A part of ddk/d3dkmthk.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DDK_D3DKMTHK_ESCAPE_H
#define __WINEKMT_DDK_D3DKMTHK_ESCAPE_H

#include "../d3dkmdt.h"
#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum _D3DKMT_ESCAPETYPE
{
    D3DKMT_ESCAPE_DRIVERPRIVATE = 0,
    D3DKMT_ESCAPE_VIDMM = 1,
    D3DKMT_ESCAPE_TDRDBGCTRL = 2,
    D3DKMT_ESCAPE_VIDSCH = 3,
    D3DKMT_ESCAPE_DEVICE = 4,
    D3DKMT_ESCAPE_DMM = 5,
    D3DKMT_ESCAPE_DEBUG_SNAPSHOT = 6,
    D3DKMT_ESCAPE_DRT_TEST = 8,
    D3DKMT_ESCAPE_DIAGNOSTICS = 9,
    D3DKMT_ESCAPE_OUTPUTDUPL_SNAPSHOT = 10,
    D3DKMT_ESCAPE_OUTPUTDUPL_DIAGNOSTICS = 11,
    D3DKMT_ESCAPE_BDD_PNP = 12,
    D3DKMT_ESCAPE_BDD_FALLBACK = 13,
    D3DKMT_ESCAPE_ACTIVATE_SPECIFIC_DIAG = 14,
    D3DKMT_ESCAPE_MODES_PRUNED_OUT = 15,
    D3DKMT_ESCAPE_WHQL_INFO = 16,
    D3DKMT_ESCAPE_BRIGHTNESS = 17,
    D3DKMT_ESCAPE_EDID_CACHE = 18,
    D3DKMT_ESCAPE_MIRACAST_DISPLAY_REQUEST = 20,
    D3DKMT_ESCAPE_HISTORY_BUFFER_STATUS = 21,
    D3DKMT_ESCAPE_MIRACAST_ADAPTER_DIAG_INFO = 23,
    D3DKMT_ESCAPE_FORCE_BDDFALLBACK_HEADLESS = 24,
    D3DKMT_ESCAPE_REQUEST_MACHINE_CRASH = 25,
    D3DKMT_ESCAPE_SOFTGPU_ENABLE_DISABLE_HMD = 27,
    D3DKMT_ESCAPE_PROCESS_VERIFIER_OPTION = 28,
    D3DKMT_ESCAPE_ADAPTER_VERIFIER_OPTION = 29,
    D3DKMT_ESCAPE_IDD_REQUEST = 30,
    D3DKMT_ESCAPE_DOD_SET_DIRTYRECT_MODE = 31
} D3DKMT_ESCAPETYPE;

typedef enum _D3DKMT_VIDMMESCAPETYPE
{
    D3DKMT_VIDMMESCAPETYPE_SETFAULT = 0,
    D3DKMT_VIDMMESCAPETYPE_RUN_COHERENCY_TEST = 1,
    D3DKMT_VIDMMESCAPETYPE_RUN_UNMAP_TO_DUMMY_PAGE_TEST = 2,
    D3DKMT_VIDMMESCAPETYPE_APERTURE_CORRUPTION_CHECK = 3,
    D3DKMT_VIDMMESCAPETYPE_SUSPEND_CPU_ACCESS_TEST = 4,
    D3DKMT_VIDMMESCAPETYPE_EVICT = 5,
    D3DKMT_VIDMMESCAPETYPE_EVICT_BY_NT_HANDLE = 6,
    D3DKMT_VIDMMESCAPETYPE_GET_VAD_INFO = 7,
    D3DKMT_VIDMMESCAPETYPE_SET_BUDGET = 8,
    D3DKMT_VIDMMESCAPETYPE_SUSPEND_PROCESS = 9,
    D3DKMT_VIDMMESCAPETYPE_RESUME_PROCESS = 10,
    D3DKMT_VIDMMESCAPETYPE_GET_BUDGET = 11,
    D3DKMT_VIDMMESCAPETYPE_SET_TRIM_INTERVALS = 12,
    D3DKMT_VIDMMESCAPETYPE_EVICT_BY_CRITERIA = 13,
    D3DKMT_VIDMMESCAPETYPE_WAKE = 14,
    D3DKMT_VIDMMESCAPETYPE_DEFRAG = 15,
    D3DKMT_VIDMMESCAPETYPE_DELAYEXECUTION = 16,
    D3DKMT_VIDMMESCAPETYPE_VALIDATE_INTEGRITY = 17,
    D3DKMT_VIDMMESCAPETYPE_SET_EVICTION_CONFIG = 18
} D3DKMT_VIDMMESCAPETYPE;

typedef enum _D3DKMT_VIDSCHESCAPETYPE
{
    D3DKMT_VIDSCHESCAPETYPE_PREEMPTIONCONTROL = 0,
    D3DKMT_VIDSCHESCAPETYPE_SUSPENDSCHEDULER = 1,
    D3DKMT_VIDSCHESCAPETYPE_TDRCONTROL = 2,
    D3DKMT_VIDSCHESCAPETYPE_SUSPENDRESUME = 3,
    D3DKMT_VIDSCHESCAPETYPE_ENABLECONTEXTDELAY = 4,
    D3DKMT_VIDSCHESCAPETYPE_CONFIGURE_TDR_LIMIT = 5,
    D3DKMT_VIDSCHESCAPETYPE_VGPU_RESET = 6,
    D3DKMT_VIDSCHESCAPETYPE_PFN_CONTROL = 7,
    D3DKMT_VIDSCHESCAPETYPE_VIRTUAL_REFRESH_RATE = 8
} D3DKMT_VIDSCHESCAPETYPE;

typedef enum _D3DKMT_TDRDBGCTRLTYPE
{
    D3DKMT_TDRDBGCTRLTYPE_FORCETDR = 0,
    D3DKMT_TDRDBGCTRLTYPE_DISABLEBREAK = 1,
    D3DKMT_TDRDBGCTRLTYPE_ENABLEBREAK = 2,
    D3DKMT_TDRDBGCTRLTYPE_UNCONDITIONAL = 3,
    D3DKMT_TDRDBGCTRLTYPE_VSYNCTDR = 4,
    D3DKMT_TDRDBGCTRLTYPE_GPUTDR = 5,
    D3DKMT_TDRDBGCTRLTYPE_FORCEDODTDR = 6,
    D3DKMT_TDRDBGCTRLTYPE_FORCEDODVSYNCTDR = 7,
    D3DKMT_TDRDBGCTRLTYPE_ENGINETDR = 8
} D3DKMT_TDRDBGCTRLTYPE;

typedef enum _D3DKMT_DEVICEESCAPE_TYPE
{
    D3DKMT_DEVICEESCAPE_VIDPNFROMALLOCATION = 0,
    D3DKMT_DEVICEESCAPE_RESTOREGAMMA = 1
} D3DKMT_DEVICEESCAPE_TYPE;

typedef enum _D3DKMT_DMMESCAPETYPE
{
    D3DKMT_DMMESCAPETYPE_UNINITIALIZED = 0,
    D3DKMT_DMMESCAPETYPE_GET_SUMMARY_INFO = 1,
    D3DKMT_DMMESCAPETYPE_GET_VIDEO_PRESENT_SOURCES_INFO = 2,
    D3DKMT_DMMESCAPETYPE_GET_VIDEO_PRESENT_TARGETS_INFO = 3,
    D3DKMT_DMMESCAPETYPE_GET_ACTIVEVIDPN_INFO = 4,
    D3DKMT_DMMESCAPETYPE_GET_MONITORS_INFO = 5
} D3DKMT_DMMESCAPETYPE;

typedef enum _D3DKMT_ACTIVATE_SPECIFIC_DIAG_TYPE
{
    D3DKMT_ACTIVATE_SPECIFIC_DIAG_TYPE_EXTRA_CCD_DATABASE_INFO = 0,
    D3DKMT_ACTIVATE_SPECIFIC_DIAG_TYPE_MODES_PRUNED = 15
} D3DKMT_ACTIVATE_SPECIFIC_DIAG_TYPE;

typedef enum _D3DKMT_ESCAPE_PFN_CONTROL_COMMAND
{
    D3DKMT_ESCAPE_PFN_CONTROL_DEFAULT = 0,
    D3DKMT_ESCAPE_PFN_CONTROL_FORCE_CPU = 1,
    D3DKMT_ESCAPE_PFN_CONTROL_FORCE_GPU = 2
} D3DKMT_ESCAPE_PFN_CONTROL_COMMAND;

typedef enum _D3DKMT_ESCAPE_VIRTUAL_REFRESH_RATE_TYPE
{
    D3DKMT_ESCAPE_VIRTUAL_REFRESH_RATE_TYPE_SET_BASE_DESKTOP_DURATION = 0,
    D3DKMT_ESCAPE_VIRTUAL_REFRESH_RATE_TYPE_SET_VSYNC_MULTIPLIER = 1,
    D3DKMT_ESCAPE_VIRTUAL_REFRESH_RATE_TYPE_SET_PROCESS_BOOST_ELIGIBLE = 2
} D3DKMT_ESCAPE_VIRTUAL_REFRESH_RATE_TYPE;

typedef enum _D3DKMT_BRIGHTNESS_INFO_TYPE
{
    D3DKMT_BRIGHTNESS_INFO_GET_POSSIBLE_LEVELS = 1,
    D3DKMT_BRIGHTNESS_INFO_GET = 2,
    D3DKMT_BRIGHTNESS_INFO_SET = 3,
    D3DKMT_BRIGHTNESS_INFO_GET_CAPS = 4,
    D3DKMT_BRIGHTNESS_INFO_SET_STATE = 5,
    D3DKMT_BRIGHTNESS_INFO_SET_OPTIMIZATION = 6,
    D3DKMT_BRIGHTNESS_INFO_GET_REDUCTION = 7,
    D3DKMT_BRIGHTNESS_INFO_BEGIN_MANUAL_MODE = 8,
    D3DKMT_BRIGHTNESS_INFO_END_MANUAL_MODE = 9,
    D3DKMT_BRIGHTNESS_INFO_TOGGLE_LOGGING = 10,
    D3DKMT_BRIGHTNESS_INFO_GET_NIT_RANGES = 11
} D3DKMT_BRIGHTNESS_INFO_TYPE;

typedef enum _D3DKMT_VERIFIER_OPTION_MODE
{
    D3DKMT_VERIFIER_OPTION_QUERY = 0,
    D3DKMT_VERIFIER_OPTION_SET = 1
} D3DKMT_VERIFIER_OPTION_MODE;

typedef enum _D3DKMT_PROCESS_VERIFIER_OPTION_TYPE
{
    D3DKMT_PROCESS_VERIFIER_OPTION_VIDMM_FLAGS = 1000,
    D3DKMT_PROCESS_VERIFIER_OPTION_VIDMM_RESTRICT_BUDGET = 1001
} D3DKMT_PROCESS_VERIFIER_OPTION_TYPE;

typedef enum _D3DKMT_ADAPTER_VERIFIER_OPTION_TYPE
{
    D3DKMT_ADAPTER_VERIFIER_OPTION_VIDMM_FLAGS = 1000,
    D3DKMT_ADAPTER_VERIFIER_OPTION_VIDMM_TRIM_INTERVAL = 1001
} D3DKMT_ADAPTER_VERIFIER_OPTION_TYPE;

#define D3DKMT_MAX_SEGMENT_COUNT    32
#define D3DKMT_GET_PTE_MAX          64

typedef struct _D3DKMT_ACTIVATE_SPECIFIC_DIAG_ESCAPE
{
    D3DKMT_ACTIVATE_SPECIFIC_DIAG_TYPE Type;
    BOOL                               Activate;
} D3DKMT_ACTIVATE_SPECIFIC_DIAG_ESCAPE;

typedef union _D3DKMT_ADAPTER_VERIFIER_VIDMM_FLAGS
{
    struct
    {
        UINT AlwaysRepatch : 1;
        UINT FailSharedPrimary : 1;
        UINT FailProbeAndLock : 1;
        UINT AlwaysDiscardOffer : 1;
        UINT NeverDiscardOffer : 1;
        UINT ForceComplexLock : 1;
        UINT NeverPrepatch : 1;
        UINT ExpectPreparationFailure : 1;
        UINT TakeSplitPoint : 1;
        UINT FailAcquireSwizzlingRange : 1;
        UINT PagingPathLockSubrange : 1;
        UINT PagingPathLockMinrange : 1;
        UINT FailVaRotation : 1;
        UINT NoDemotion : 1;
        UINT FailDefragPass : 1;
        UINT AlwaysProcessOfferList : 1;
        UINT AlwaysDecommitOffer : 1;
        UINT NeverMoveDefrag : 1;
        UINT AlwaysRelocateDisplayableResources : 1;
        UINT AlwaysFailGrowVPRMoves : 1;
        UINT Reserved : 12;
    };
    UINT Value;
} D3DKMT_ADAPTER_VERIFIER_VIDMM_FLAGS;

typedef struct _D3DKMT_ADAPTER_VERIFIER_VIDMM_TRIM_INTERVAL
{
    UINT64 MinimumTrimInterval;
    UINT64 MaximumTrimInterval;
    UINT64 IdleTrimInterval;
} D3DKMT_ADAPTER_VERIFIER_VIDMM_TRIM_INTERVAL;

typedef union _D3DKMT_ADAPTER_VERIFIER_OPTION_DATA
{
    D3DKMT_ADAPTER_VERIFIER_VIDMM_FLAGS         VidMmFlags;
    D3DKMT_ADAPTER_VERIFIER_VIDMM_TRIM_INTERVAL VidMmTrimInterval;
} D3DKMT_ADAPTER_VERIFIER_OPTION_DATA;

typedef struct _D3DKMT_ADAPTER_VERIFIER_OPTION
{
    D3DKMT_ADAPTER_VERIFIER_OPTION_TYPE Type;
    D3DKMT_VERIFIER_OPTION_MODE         Mode;
    D3DKMT_ADAPTER_VERIFIER_OPTION_DATA Data;
} D3DKMT_ADAPTER_VERIFIER_OPTION;

typedef struct _D3DKMT_BDDFALLBACK_CTL
{
    BOOLEAN ForceBddHeadlessNextFallback;
} D3DKMT_BDDFALLBACK_CTL;

typedef struct _D3DKMT_BRIGHTNESS_POSSIBLE_LEVELS
{
    UCHAR LevelCount;
    UCHAR BrightnessLevels[256];
} D3DKMT_BRIGHTNESS_POSSIBLE_LEVELS;

typedef struct _D3DKMT_BRIGHTNESS_INFO
{
    D3DKMT_BRIGHTNESS_INFO_TYPE Type;
    ULONG                       ChildUid;
    union
    {
        D3DKMT_BRIGHTNESS_POSSIBLE_LEVELS  PossibleLevels;
        UCHAR                              Brightness;
        DXGK_BRIGHTNESS_CAPS               BrightnessCaps;
        DXGK_BRIGHTNESS_STATE              BrightnessState;
        DXGK_BACKLIGHT_OPTIMIZATION_LEVEL  OptimizationLevel;
        DXGK_BACKLIGHT_INFO                ReductionInfo;
        BOOLEAN                            VerboseLogging;
        DXGK_BRIGHTNESS_GET_NIT_RANGES_OUT NitRanges;
        DXGK_BRIGHTNESS_GET_OUT            GetBrightnessMillinits;
        DXGK_BRIGHTNESS_SET_IN             SetBrightnessMillinits;
    };
} D3DKMT_BRIGHTNESS_INFO;

typedef struct _D3DKMT_DEBUG_SNAPSHOT_ESCAPE
{
    ULONG Length;
    BYTE  Buffer[1];
} D3DKMT_DEBUG_SNAPSHOT_ESCAPE;

typedef struct _D3DKMT_DEVICE_ESCAPE
{
    D3DKMT_DEVICEESCAPE_TYPE Type;
    struct
    {
        D3DKMT_HANDLE                  hPrimaryAllocation;
        D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    } VidPnFromAllocation;
} D3DKMT_DEVICE_ESCAPE;

typedef struct _D3DKMT_DMM_ESCAPE
{
    D3DKMT_DMMESCAPETYPE Type;
    SIZE_T               ProvidedBufferSize;
    SIZE_T               MinRequiredBufferSize;
    UCHAR                Data[1];
} D3DKMT_DMM_ESCAPE;

typedef struct _D3DKMT_DOD_SET_DIRTYRECT_MODE
{
    BOOL bForceFullScreenDirty;
} D3DKMT_DOD_SET_DIRTYRECT_MODE;

typedef struct _D3DKMT_ESCAPE
{
    D3DKMT_HANDLE      hAdapter;
    D3DKMT_HANDLE      hDevice;
    D3DKMT_ESCAPETYPE  Type;
    D3DDDI_ESCAPEFLAGS Flags;
    void               *pPrivateDriverData;
    UINT               PrivateDriverDataSize;
    D3DKMT_HANDLE      hContext;
} D3DKMT_ESCAPE;

typedef struct _D3DKMT_ESCAPE_VIRTUAL_REFRESH_RATE
{
    D3DKMT_ESCAPE_VIRTUAL_REFRESH_RATE_TYPE Type;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID          VidPnSourceId;
    BOOLEAN                                 ProcessBoostEligible;
    UINT                                    VSyncMultiplier;
    UINT                                    BaseDesktopDuration;
    UCHAR                                   Reserved[16];
} D3DKMT_ESCAPE_VIRTUAL_REFRESH_RATE;

typedef struct _D3DKMT_EVICTION_CRITERIA
{
    UINT64 MinimumSize;
    UINT64 MaximumSize;
    union
    {
        struct
        {
            UINT Primary : 1;
            UINT Reserved : 31;
        } Flags;
        UINT Value;
    };
} D3DKMT_EVICTION_CRITERIA;

typedef struct _D3DKMT_GET_DEVICE_VIDPN_OWNERSHIP_INFO
{
    D3DKMT_HANDLE hDevice;
    BOOLEAN       bFailedDwmAcquireVidPn;
} D3DKMT_GET_DEVICE_VIDPN_OWNERSHIP_INFO;

typedef struct _D3DKMT_PAGE_TABLE_LEVEL_DESC
{
    UINT   IndexBitCount;
    UINT64 IndexMask;
    UINT64 IndexShift;
    UINT64 LowerLevelsMask;
    UINT64 EntryCoverageInPages;
} D3DKMT_PAGE_TABLE_LEVEL_DESC;

#define DXGK_MAX_PAGE_TABLE_LEVEL_COUNT 6

typedef struct _DXGK_ESCAPE_GPUMMUCAPS
{
    BOOLEAN                      ReadOnlyMemorySupported;
    BOOLEAN                      NoExecuteMemorySupported;
    BOOLEAN                      ZeroInPteSupported;
    BOOLEAN                      CacheCoherentMemorySupported;
    BOOLEAN                      LargePageSupported;
    BOOLEAN                      DualPteSupported;
    BOOLEAN                      AllowNonAlignedLargePageAddress;
    UINT                         VirtualAddressBitCount;
    UINT                         PageTableLevelCount;
    D3DKMT_PAGE_TABLE_LEVEL_DESC PageTableLevelDesk[DXGK_MAX_PAGE_TABLE_LEVEL_COUNT];    /* spelled so */
} DXGK_ESCAPE_GPUMMUCAPS;

typedef struct _D3DKMT_GET_GPUMMU_CAPS
{
    UINT                   PhysicalAdapterIndex;
    DXGK_ESCAPE_GPUMMUCAPS GpuMmuCaps;
} D3DKMT_GET_GPUMMU_CAPS;

typedef struct _D3DKMT_GET_PTE
{
    UINT     PhysicalAdapterIndex;
    UINT     PageTableLevel;
    UINT     PageTableIndex[6];
    BOOL     b64KBPte;
    UINT     NumPtes;
    DXGK_PTE Pte[D3DKMT_GET_PTE_MAX];
    UINT     NumValidEntries;
} D3DKMT_GET_PTE;

typedef struct _D3DKMT_SEGMENT_CAPS
{
    UINT64                      Size;
    UINT                        PageSize;
    ULONG                       SegmentId;
    BOOLEAN                     bAperture;
    BOOLEAN                     bReservedSysMem;
    D3DKMT_MEMORY_SEGMENT_GROUP BudgetGroup;
} D3DKMT_SEGMENT_CAPS;

typedef struct _D3DKMT_GET_SEGMENT_CAPS
{
    UINT                PhysicalAdapterIndex;
    UINT                NumSegments;
    D3DKMT_SEGMENT_CAPS SegmentCaps[D3DKMT_MAX_SEGMENT_COUNT];
} D3DKMT_GET_SEGMENT_CAPS;

typedef struct _D3DKMT_HISTORY_BUFFER_STATUS
{
    BOOLEAN Enabled;
    UINT    Reserved;
} D3DKMT_HISTORY_BUFFER_STATUS;

typedef struct _D3DKMT_OUTPUTDUPL_SNAPSHOT
{
    UINT   Size;
    UINT   SessionProcessCount;
    UINT   SessionActiveConnectionsCount;
    UINT   NumVidPnSources;
    UINT   NumOutputDuplContexts;
    UINT   Padding;
    UINT64 OutputDuplDebugInfos[0];   /* NumVidPnSources * NumOutputDuplContexts records; their format is not public */
} D3DKMT_OUTPUTDUPL_SNAPSHOT;

typedef union _D3DKMT_PROCESS_VERIFIER_VIDMM_FLAGS
{
    struct
    {
        UINT ForceSynchronousEvict : 1;
        UINT NeverDeferEvictions : 1;
        UINT AlwaysFailCommitOnReclaim : 1;
        UINT AlwaysPlaceInDemotedLocation : 1;
        UINT Reserved : 28;
    };
    UINT Value;
} D3DKMT_PROCESS_VERIFIER_VIDMM_FLAGS;

typedef struct _D3DKMT_PROCESS_VERIFIER_VIDMM_RESTRICT_BUDGET
{
    UINT64 LocalBudget;
    UINT64 NonLocalBudget;
} D3DKMT_PROCESS_VERIFIER_VIDMM_RESTRICT_BUDGET;

typedef union _D3DKMT_PROCESS_VERIFIER_OPTION_DATA
{
    D3DKMT_PROCESS_VERIFIER_VIDMM_FLAGS           VidMmFlags;
    D3DKMT_PROCESS_VERIFIER_VIDMM_RESTRICT_BUDGET VidMmRestrictBudget;
} D3DKMT_PROCESS_VERIFIER_OPTION_DATA;

typedef struct _D3DKMT_PROCESS_VERIFIER_OPTION
{
    HANDLE                              hProcess;
    D3DKMT_PROCESS_VERIFIER_OPTION_TYPE Type;
    D3DKMT_VERIFIER_OPTION_MODE         Mode;
    D3DKMT_PROCESS_VERIFIER_OPTION_DATA Data;
} D3DKMT_PROCESS_VERIFIER_OPTION;

typedef struct _D3DKMT_REQUEST_MACHINE_CRASH_ESCAPE
{
    ULONG_PTR Param1;
    ULONG_PTR Param2;
    ULONG_PTR Param3;
} D3DKMT_REQUEST_MACHINE_CRASH_ESCAPE;

typedef struct _D3DKMT_TDRDBGCTRL_ESCAPE
{
    D3DKMT_TDRDBGCTRLTYPE TdrControl;
    UINT                  NodeOrdinal;
} D3DKMT_TDRDBGCTRL_ESCAPE;

typedef struct _D3DKMT_VAD_DESC
{
    UINT   VadIndex;
    UINT64 VadAddress;
    UINT   NumMappedRanges;
    UINT   VadType;
    UINT64 StartAddress;
    UINT64 EndAddress;
} D3DKMT_VAD_DESC;

typedef struct _D3DKMT_VA_RANGE_DESC
{
    UINT64                                  VadAddress;
    UINT                                    VaRangeIndex;
    UINT                                    PhysicalAdapterIndex;
    UINT64                                  StartAddress;
    UINT64                                  EndAddress;
    UINT64                                  DriverProtection;
    UINT                                    OwnerType;
    UINT64                                  pOwner;
    UINT64                                  OwnerOffset;
    D3DDDIGPUVIRTUALADDRESS_PROTECTION_TYPE Protection;
} D3DKMT_VA_RANGE_DESC;

typedef struct _D3DKMT_VIDMM_ESCAPE
{
    D3DKMT_VIDMMESCAPETYPE Type;
} D3DKMT_VIDMM_ESCAPE;

typedef struct _D3DKMT_VIDSCH_ESCAPE
{
    D3DKMT_VIDSCHESCAPETYPE Type;
    union
    {
        BOOL                     PreemptionControl;
        BOOL                     EnableContextDelay;
        D3DKMT_TDRDBGCTRL_ESCAPE TdrControl2;
        BOOL                     SuspendScheduler;
        D3DKMT_TDRDBGCTRLTYPE    TdrControl;
        ULONG                    SuspendTime;
        struct
        {
            UINT Count;
            UINT Time;
        } TdrLimit;
        D3DKMT_ESCAPE_PFN_CONTROL_COMMAND PfnControl;
    };
    D3DKMT_ESCAPE_VIRTUAL_REFRESH_RATE VirtualRefreshRateControl;
} D3DKMT_VIDSCH_ESCAPE;

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_DDK_D3DKMTHK_ESCAPE_H */
