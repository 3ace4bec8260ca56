/*
 * Devices, contexts and what is submitted to them
 *
 * A part of ddk/d3dkmthk.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DDK_D3DKMTHK_DEVICE_H
#define __WINEKMT_DDK_D3DKMTHK_DEVICE_H

#include "../d3dkmdt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum _D3DKMT_CLIENTHINT
{
    D3DKMT_CLIENTHINT_UNKNOWN = 0,
    D3DKMT_CLIENTHINT_OPENGL = 1,
    D3DKMT_CLIENTHINT_CDD = 2,
    D3DKMT_CLIENTHINT_OPENCL = 3,
    D3DKMT_CLIENTHINT_VULKAN = 4,
    D3DKMT_CLIENTHINT_CUDA = 5,
    D3DKMT_CLIENTHINT_RESERVED = 6,
    D3DKMT_CLIENTHINT_DX7 = 7,
    D3DKMT_CLIENTHINT_DX8 = 8,
    D3DKMT_CLIENTHINT_DX9 = 9,
    D3DKMT_CLIENTHINT_DX10 = 10,
    D3DKMT_CLIENTHINT_DX11 = 11,
    D3DKMT_CLIENTHINT_DX12 = 12,
    D3DKMT_CLIENTHINT_9ON12 = 13,
    D3DKMT_CLIENTHINT_11ON12 = 14,
    D3DKMT_CLIENTHINT_MFT_ENCODE = 15,
    D3DKMT_CLIENTHINT_GLON12 = 16,
    D3DKMT_CLIENTHINT_CLON12 = 17,
    D3DKMT_CLIENTHINT_DML_TENSORFLOW = 18,
    D3DKMT_CLIENTHINT_ONEAPI_LEVEL0 = 19,
    D3DKMT_CLIENTHINT_MAX
} D3DKMT_CLIENTHINT;

typedef enum _D3DKMT_DEVICESTATE_TYPE
{
    D3DKMT_DEVICESTATE_EXECUTION = 1,
    D3DKMT_DEVICESTATE_PRESENT = 2,
    D3DKMT_DEVICESTATE_RESET = 3,
    D3DKMT_DEVICESTATE_PRESENT_DWM = 4,
    D3DKMT_DEVICESTATE_PAGE_FAULT = 5,
    D3DKMT_DEVICESTATE_PRESENT_QUEUE = 6
} D3DKMT_DEVICESTATE_TYPE;

typedef enum _D3DKMT_DEVICEEXECUTION_STATE
{
    D3DKMT_DEVICEEXECUTION_ACTIVE = 1,
    D3DKMT_DEVICEEXECUTION_RESET = 2,
    D3DKMT_DEVICEEXECUTION_HUNG = 3,
    D3DKMT_DEVICEEXECUTION_STOPPED = 4,
    D3DKMT_DEVICEEXECUTION_ERROR_OUTOFMEMORY = 5,
    D3DKMT_DEVICEEXECUTION_ERROR_DMAFAULT = 6,
    D3DKMT_DEVICEEXECUTION_ERROR_DMAPAGEFAULT = 7
} D3DKMT_DEVICEEXECUTION_STATE;

typedef enum _D3DKMT_DEVICE_ERROR_REASON
{
    D3DKMT_DEVICE_ERROR_REASON_GENERIC = (int)0x80000000,
    D3DKMT_DEVICE_ERROR_REASON_DRIVER_ERROR = (int)0x80000006
} D3DKMT_DEVICE_ERROR_REASON;

typedef enum _D3DKMT_QUEUEDLIMIT_TYPE
{
    D3DKMT_SET_QUEUEDLIMIT_PRESENT = 1,
    D3DKMT_GET_QUEUEDLIMIT_PRESENT = 2
} D3DKMT_QUEUEDLIMIT_TYPE;

typedef enum _D3DKMT_SCHEDULINGPRIORITYCLASS
{
    D3DKMT_SCHEDULINGPRIORITYCLASS_IDLE = 0,
    D3DKMT_SCHEDULINGPRIORITYCLASS_BELOW_NORMAL = 1,
    D3DKMT_SCHEDULINGPRIORITYCLASS_NORMAL = 2,
    D3DKMT_SCHEDULINGPRIORITYCLASS_ABOVE_NORMAL = 3,
    D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH = 4,
    D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME = 5
} D3DKMT_SCHEDULINGPRIORITYCLASS;

#define D3DKMT_SETCONTEXTSCHEDULINGPRIORITY_ABSOLUTE    0x40000000

typedef enum _D3DKMT_PROTECTED_SESSION_STATUS
{
    D3DKMT_PROTECTED_SESSION_STATUS_OK = 0,
    D3DKMT_PROTECTED_SESSION_STATUS_INVALID = 1
} D3DKMT_PROTECTED_SESSION_STATUS;

typedef enum _D3DKMT_TRACKEDWORKLOADPOLICY
{
    D3DKMT_TRACKEDWORKLOADPOLICY_NORMAL = 0,
    D3DKMT_TRACKEDWORKLOADPOLICY_ENERGY_EFFICIENT = 1,
    D3DKMT_TRACKEDWORKLOADPOLICY_HIGH_SPEED = 2
} D3DKMT_TRACKEDWORKLOADPOLICY;

typedef enum _D3DKMT_TRACKEDWORKLOADDEADLINETYPE
{
    D3DKMT_TRACKEDWORKLOADDEADLINETYPE_ABSOLUTE = 0,
    D3DKMT_TRACKEDWORKLOADDEADLINETYPE_VBLANK = 1
} D3DKMT_TRACKEDWORKLOADDEADLINETYPE;

#define D3DKMT_TRACKED_WORKLOAD_TIMESTAMPS          64

typedef struct _D3DKMT_CREATECONTEXT
{
    D3DKMT_HANDLE             hDevice;
    UINT                      NodeOrdinal;
    UINT                      EngineAffinity;
    D3DDDI_CREATECONTEXTFLAGS Flags;
    void                      *pPrivateDriverData;
    UINT                      PrivateDriverDataSize;
    D3DKMT_CLIENTHINT         ClientHint;
    D3DKMT_HANDLE             hContext;
    void                      *pCommandBuffer;
    UINT                      CommandBufferSize;
    D3DDDI_ALLOCATIONLIST     *pAllocationList;
    UINT                      AllocationListSize;
    D3DDDI_PATCHLOCATIONLIST  *pPatchLocationList;
    UINT                      PatchLocationListSize;
    D3DGPU_VIRTUAL_ADDRESS    CommandBuffer;
} D3DKMT_CREATECONTEXT;

typedef struct _D3DKMT_CREATECONTEXTVIRTUAL
{
    D3DKMT_HANDLE             hDevice;
    UINT                      NodeOrdinal;
    UINT                      EngineAffinity;
    D3DDDI_CREATECONTEXTFLAGS Flags;
    void                      *pPrivateDriverData;
    UINT                      PrivateDriverDataSize;
    D3DKMT_CLIENTHINT         ClientHint;
    D3DKMT_HANDLE             hContext;
} D3DKMT_CREATECONTEXTVIRTUAL;

typedef struct _D3DKMT_CREATEDEVICEFLAGS
{
    UINT LegacyMode : 1;
    UINT RequestVSync : 1;
    UINT DisableGpuTimeout : 1;
    UINT Reserved : 29;
} D3DKMT_CREATEDEVICEFLAGS;

typedef struct _D3DKMT_CREATEDEVICE
{
    union
    {
        D3DKMT_HANDLE hAdapter;
        void          *pAdapter;
    };
    D3DKMT_CREATEDEVICEFLAGS Flags;
    D3DKMT_HANDLE            hDevice;
    void                     *pCommandBuffer;
    UINT                     CommandBufferSize;
    D3DDDI_ALLOCATIONLIST    *pAllocationList;
    UINT                     AllocationListSize;
    D3DDDI_PATCHLOCATIONLIST *pPatchLocationList;
    UINT                     PatchLocationListSize;
} D3DKMT_CREATEDEVICE;

typedef struct _D3DKMT_CREATEHWCONTEXT
{
    D3DKMT_HANDLE               hDevice;
    UINT                        NodeOrdinal;
    UINT                        EngineAffinity;
    D3DDDI_CREATEHWCONTEXTFLAGS Flags;
    UINT                        PrivateDriverDataSize;
    void                        *pPrivateDriverData;
    D3DKMT_HANDLE               hHwContext;
} D3DKMT_CREATEHWCONTEXT;

typedef struct _D3DKMT_CREATEHWQUEUE
{
    D3DKMT_HANDLE             hHwContext;
    D3DDDI_CREATEHWQUEUEFLAGS Flags;
    UINT                      PrivateDriverDataSize;
    void                      *pPrivateDriverData;
    D3DKMT_HANDLE             hHwQueue;
    D3DKMT_HANDLE             hHwQueueProgressFence;
    void                      *HwQueueProgressFenceCPUVirtualAddress;
    D3DGPU_VIRTUAL_ADDRESS    HwQueueProgressFenceGPUVirtualAddress;
} D3DKMT_CREATEHWQUEUE;

typedef struct _D3DKMT_CREATEPROTECTEDSESSION
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hSyncObject;
    const void    *pPrivateDriverData;
    UINT          PrivateDriverDataSize;
    const void    *pPrivateRuntimeData;
    UINT          PrivateRuntimeDataSize;
    D3DKMT_HANDLE hHandle;
} D3DKMT_CREATEPROTECTEDSESSION;

typedef union _D3DKMT_TRACKEDWORKLOADFLAGS
{
    struct
    {
        UINT Periodic : 1;
        UINT SimilarLoad : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DKMT_TRACKEDWORKLOADFLAGS;

typedef struct _D3DKMT_CREATETRACKEDWORKLOAD
{
    ULONG                              cbSize;
    UINT                               ContextCount;
    D3DKMT_HANDLE                      *ContextArray;
    D3DKMT_TRACKEDWORKLOADDEADLINETYPE DeadlineType;
    D3DDDI_VIDEO_PRESENT_TARGET_ID     VidPnTargetId;
    D3DKMT_TRACKEDWORKLOADFLAGS        Flags;
    D3DKMT_TRACKEDWORKLOADPOLICY       Policy;
    UINT                               MaxInstances;
    UINT                               MaxInstancePairs;
    D3DKMT_HANDLE                      hResourceQueryTimestamps;
    D3DKMT_HANDLE                      hTrackedWorkload;
} D3DKMT_CREATETRACKEDWORKLOAD;

typedef struct _D3DKMT_DESTROYCONTEXT
{
    D3DKMT_HANDLE hContext;
} D3DKMT_DESTROYCONTEXT;

typedef struct _D3DKMT_DESTROYDEVICE
{
    D3DKMT_HANDLE hDevice;
} D3DKMT_DESTROYDEVICE;

typedef struct _D3DKMT_DESTROYHWCONTEXT
{
    D3DKMT_HANDLE hHwContext;
} D3DKMT_DESTROYHWCONTEXT;

typedef struct _D3DKMT_DESTROYHWQUEUE
{
    D3DKMT_HANDLE hHwQueue;
} D3DKMT_DESTROYHWQUEUE;

typedef struct _D3DKMT_DESTROYPROTECTEDSESSION
{
    D3DKMT_HANDLE hHandle;
} D3DKMT_DESTROYPROTECTEDSESSION;

typedef struct _D3DKMT_DESTROYTRACKEDWORKLOAD
{
    UINT          cbSize;
    D3DKMT_HANDLE hTrackedWorkload;
} D3DKMT_DESTROYTRACKEDWORKLOAD;

typedef struct _D3DKMT_DEVICEPAGEFAULT_STATE
{
    UINT64                     FaultedPrimitiveAPISequenceNumber;
    DXGK_RENDER_PIPELINE_STAGE FaultedPipelineStage;
    UINT                       FaultedBindTableEntry;
    DXGK_PAGE_FAULT_FLAGS      PageFaultFlags;
    DXGK_FAULT_ERROR_CODE      FaultErrorCode;
    D3DGPU_VIRTUAL_ADDRESS     FaultedVirtualAddress;
} D3DKMT_DEVICEPAGEFAULT_STATE;

typedef struct _D3DKMT_DEVICEPRESENT_QUEUE_STATE
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    BOOLEAN                        bQueuedPresentLimitReached;
} D3DKMT_DEVICEPRESENT_QUEUE_STATE;

typedef struct _D3DKMT_PRESENT_STATS
{
    UINT          PresentCount;
    UINT          PresentRefreshCount;
    UINT          SyncRefreshCount;
    LARGE_INTEGER SyncQPCTime;
    LARGE_INTEGER SyncGPUTime;
} D3DKMT_PRESENT_STATS;

typedef struct _D3DKMT_DEVICEPRESENT_STATE
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_PRESENT_STATS           PresentStats;
} D3DKMT_DEVICEPRESENT_STATE;

typedef struct _D3DKMT_PRESENT_STATS_DWM
{
    UINT          PresentCount;
    UINT          PresentRefreshCount;
    LARGE_INTEGER PresentQPCTime;
    UINT          SyncRefreshCount;
    LARGE_INTEGER SyncQPCTime;
    UINT          CustomPresentDuration;
} D3DKMT_PRESENT_STATS_DWM;

typedef struct _D3DKMT_DEVICEPRESENT_STATE_DWM
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    D3DKMT_PRESENT_STATS_DWM       PresentStatsDWM;
} D3DKMT_DEVICEPRESENT_STATE_DWM;

typedef union _D3DKMT_DEVICERESET_STATE
{
    struct
    {
        UINT DesktopSwitched : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DKMT_DEVICERESET_STATE;

typedef struct _D3DKMT_GETAVAILABLETRACKEDWORKLOADINDEX
{
    UINT          cbSize;
    D3DKMT_HANDLE hTrackedWorkload;
    UINT64        FenceCompletedValue;
    UINT64        TimestampArray[D3DKMT_TRACKED_WORKLOAD_TIMESTAMPS];
    UINT          AvailableTrackedWorkloadIndex;
    BOOL          TimestampArrayProcessed;
} D3DKMT_GETAVAILABLETRACKEDWORKLOADINDEX;

typedef struct _D3DKMT_GETCONTEXTINPROCESSSCHEDULINGPRIORITY
{
    D3DKMT_HANDLE hContext;
    INT           Priority;
} D3DKMT_GETCONTEXTINPROCESSSCHEDULINGPRIORITY;

typedef struct _D3DKMT_GETCONTEXTSCHEDULINGPRIORITY
{
    D3DKMT_HANDLE hContext;
    INT           Priority;
} D3DKMT_GETCONTEXTSCHEDULINGPRIORITY;

typedef struct _D3DKMT_GETDEVICESTATE
{
    D3DKMT_HANDLE           hDevice;
    D3DKMT_DEVICESTATE_TYPE StateType;
    union
    {
        D3DKMT_DEVICEEXECUTION_STATE     ExecutionState;
        D3DKMT_DEVICEPRESENT_STATE       PresentState;
        D3DKMT_DEVICERESET_STATE         ResetState;
        D3DKMT_DEVICEPRESENT_STATE_DWM   PresentStateDWM;
        D3DKMT_DEVICEPAGEFAULT_STATE     PageFaultState;
        D3DKMT_DEVICEPRESENT_QUEUE_STATE PresentQueueState;
    };
} D3DKMT_GETDEVICESTATE;

typedef struct _D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT
{
    HANDLE  hProcess;
    LUID    AdapterLuid;
    BOOLEAN Support;
} D3DKMT_GETPROCESSDEVICEREMOVALSUPPORT;

typedef union _D3DKMT_TRACKEDWORKLOADSTATEFLAGS
{
    struct
    {
        UINT Saturated : 1;
        UINT NotEnoughSamples : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DKMT_TRACKEDWORKLOADSTATEFLAGS;

typedef struct _D3DKMT_TRACKEDWORKLOAD_STATISTICS
{
    INT64  Mean;
    INT64  Minimum;
    INT64  Maximum;
    UINT64 Variance;
    UINT64 Count;
} D3DKMT_TRACKEDWORKLOAD_STATISTICS;

typedef struct _D3DKMT_GETTRACKEDWORKLOADSTATISTICS
{
    UINT                              cbSize;
    D3DKMT_HANDLE                     hTrackedWorkload;
    UINT64                            FenceCompletedValue;
    UINT64                            TimestampArray[D3DKMT_TRACKED_WORKLOAD_TIMESTAMPS];
    BOOL                              TimestampArrayProcessed;
    D3DKMT_TRACKEDWORKLOAD_STATISTICS DeadlineOffsetHundredsNS;
    UINT64                            MissedDeadlines;
    D3DKMT_TRACKEDWORKLOADSTATEFLAGS  Flags;
} D3DKMT_GETTRACKEDWORKLOADSTATISTICS;

typedef struct _D3DKMT_MARKDEVICEASERROR
{
    D3DKMT_HANDLE              hDevice;
    D3DKMT_DEVICE_ERROR_REASON Reason;
} D3DKMT_MARKDEVICEASERROR;

typedef struct _D3DKMT_OPENPROTECTEDSESSIONFROMNTHANDLE
{
    HANDLE        hNtHandle;
    D3DKMT_HANDLE hHandle;
} D3DKMT_OPENPROTECTEDSESSIONFROMNTHANDLE;

typedef struct _D3DKMT_PRESENT_STATS_DWM2
{
    UINT          cbSize;
    UINT          PresentCount;
    UINT          PresentRefreshCount;
    LARGE_INTEGER PresentQPCTime;
    UINT          SyncRefreshCount;
    LARGE_INTEGER SyncQPCTime;
    UINT          CustomPresentDuration;
    UINT          VirtualSyncRefreshCount;
    LARGE_INTEGER VirtualSyncQPCTime;
} D3DKMT_PRESENT_STATS_DWM2;

typedef struct _D3DKMT_QUERYCLOCKCALIBRATION
{
    D3DKMT_HANDLE     hAdapter;
    UINT              NodeOrdinal;
    UINT              PhysicalAdapterIndex;
    DXGK_GPUCLOCKDATA ClockData;
} D3DKMT_QUERYCLOCKCALIBRATION;

typedef struct _D3DKMT_QUERYPROTECTEDSESSIONINFOFROMNTHANDLE
{
    HANDLE     hNtHandle;
    const void *pPrivateDriverData;
    UINT       PrivateDriverDataSize;
    const void *pPrivateRuntimeData;
    UINT       PrivateRuntimeDataSize;
} D3DKMT_QUERYPROTECTEDSESSIONINFOFROMNTHANDLE;

typedef struct _D3DKMT_QUERYPROTECTEDSESSIONSTATUS
{
    D3DKMT_HANDLE                   hHandle;
    D3DKMT_PROTECTED_SESSION_STATUS Status;
} D3DKMT_QUERYPROTECTEDSESSIONSTATUS;

typedef struct _D3DKMT_RENDERFLAGS
{
    UINT ResizeCommandBuffer : 1;
    UINT ResizeAllocationList : 1;
    UINT ResizePatchLocationList : 1;
    UINT NullRendering : 1;
    UINT PresentRedirected : 1;
    UINT RenderKm : 1;
    UINT RenderKmReadback : 1;
    UINT Reserved : 25;
} D3DKMT_RENDERFLAGS;

typedef struct _D3DKMT_RENDER
{
    union
    {
        D3DKMT_HANDLE hDevice;
        D3DKMT_HANDLE hContext;
    };
    UINT                     CommandOffset;
    UINT                     CommandLength;
    UINT                     AllocationCount;
    UINT                     PatchLocationCount;
    void                     *pNewCommandBuffer;
    UINT                     NewCommandBufferSize;
    D3DDDI_ALLOCATIONLIST    *pNewAllocationList;
    UINT                     NewAllocationListSize;
    D3DDDI_PATCHLOCATIONLIST *pNewPatchLocationList;
    UINT                     NewPatchLocationListSize;
    D3DKMT_RENDERFLAGS       Flags;
    ULONGLONG                PresentHistoryToken;
    ULONG                    BroadcastContextCount;
    D3DKMT_HANDLE            BroadcastContext[D3DDDI_MAX_BROADCAST_CONTEXT];
    ULONG                    QueuedBufferCount;
    D3DGPU_VIRTUAL_ADDRESS   NewCommandBuffer;
    void                     *pPrivateDriverData;
    UINT                     PrivateDriverDataSize;
} D3DKMT_RENDER;

typedef struct _D3DKMT_RESETTRACKEDWORKLOADSTATISTICS
{
    UINT          cbSize;
    D3DKMT_HANDLE hTrackedWorkload;
} D3DKMT_RESETTRACKEDWORKLOADSTATISTICS;

typedef struct _D3DKMT_SETCONTEXTINPROCESSSCHEDULINGPRIORITY
{
    D3DKMT_HANDLE hContext;
    INT           Priority;
} D3DKMT_SETCONTEXTINPROCESSSCHEDULINGPRIORITY;

typedef struct _D3DKMT_SETCONTEXTSCHEDULINGPRIORITY
{
    D3DKMT_HANDLE hContext;
    INT           Priority;
} D3DKMT_SETCONTEXTSCHEDULINGPRIORITY;

typedef struct _D3DKMT_SETQUEUEDLIMIT
{
    D3DKMT_HANDLE           hDevice;
    D3DKMT_QUEUEDLIMIT_TYPE Type;
    union
    {
        UINT                           QueuedPresentLimit;
        D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    };
    UINT QueuedPendingFlipLimit;
} D3DKMT_SETQUEUEDLIMIT;

typedef struct _D3DKMT_SETSTABLEPOWERSTATE
{
    D3DKMT_HANDLE hAdapter;
    BOOL          Enabled;
} D3DKMT_SETSTABLEPOWERSTATE;

typedef struct _D3DKMT_SUBMITCOMMANDFLAGS
{
    UINT NullRendering : 1;
    UINT PresentRedirected : 1;
    UINT NoKmdAccess : 1;
    UINT Reserved : 29;
} D3DKMT_SUBMITCOMMANDFLAGS;

typedef struct _D3DKMT_SUBMITCOMMAND
{
    D3DGPU_VIRTUAL_ADDRESS    Commands;
    UINT                      CommandLength;
    D3DKMT_SUBMITCOMMANDFLAGS Flags;
    ULONGLONG                 PresentHistoryToken;
    UINT                      BroadcastContextCount;
    D3DKMT_HANDLE             BroadcastContext[D3DDDI_MAX_BROADCAST_CONTEXT];
    void                      *pPrivateDriverData;
    UINT                      PrivateDriverDataSize;
    UINT                      NumPrimaries;
    D3DKMT_HANDLE             WrittenPrimaries[D3DDDI_MAX_WRITTEN_PRIMARIES];
    UINT                      NumHistoryBuffers;
    D3DKMT_HANDLE             *HistoryBufferArray;
} D3DKMT_SUBMITCOMMAND;

typedef struct _D3DKMT_SUBMITCOMMANDTOHWQUEUE
{
    D3DKMT_HANDLE          hHwQueue;
    UINT64                 HwQueueProgressFenceId;
    D3DGPU_VIRTUAL_ADDRESS CommandBuffer;
    UINT                   CommandLength;
    UINT                   PrivateDriverDataSize;
    void                   *pPrivateDriverData;
    UINT                   NumPrimaries;
    const D3DKMT_HANDLE    *WrittenPrimaries;
} D3DKMT_SUBMITCOMMANDTOHWQUEUE;

typedef union _D3DKMT_TRACKEDWORKLOADDEADLINE
{
    UINT64 VBlankOffsetHundredsNS;
    UINT64 AbsoluteQPC;
} D3DKMT_TRACKEDWORKLOADDEADLINE;

typedef struct _D3DKMT_UPDATETRACKEDWORKLOAD
{
    UINT                           cbSize;
    D3DKMT_HANDLE                  hTrackedWorkload;
    D3DKMT_TRACKEDWORKLOADDEADLINE FinishDeadline;
    UINT                           BeginTrackedWorkloadIndex;
    UINT                           EndTrackedWorkloadIndex;
    BOOL                           Resume;
    BOOL                           Suspend;
    UINT                           PairID;
    UINT64                         FenceSubmissionValue;
    UINT64                         FenceCompletedValue;
    UINT64                         GPUTimestampFrequency;
    UINT64                         GPUCalibrationTimestamp;
    UINT64                         CPUCalibrationTimestamp;
    UINT64                         TimestampArray[D3DKMT_TRACKED_WORKLOAD_TIMESTAMPS];
    BOOL                           TimestampArrayProcessed;
} D3DKMT_UPDATETRACKEDWORKLOAD;

typedef struct _D3DKMT_WAITFORIDLE
{
    D3DKMT_HANDLE hDevice;
} D3DKMT_WAITFORIDLE;

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_DDK_D3DKMTHK_DEVICE_H */
