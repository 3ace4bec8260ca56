/*
 * What user-mode drivers and the kernel-mode thunks have in common: handles, formats, allocations, paging, fences
 *
 * Include ddk/d3dkmthk.h; it brings this file and the Windows types it needs.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef _D3DUKMDT_H_
#define _D3DUKMDT_H_

#include <windef.h>
#include "d3dukmdt_formats.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef ULONGLONG D3DGPU_VIRTUAL_ADDRESS;   /* bytes */
typedef ULONGLONG D3DGPU_PHYSICAL_ADDRESS;  /* bytes */
typedef ULONGLONG D3DGPU_SIZE_T;            /* bytes, or pages of 4 KiB where the field's name says so */
typedef LONG NTSTATUS;

#define D3DGPU_NULL ((D3DGPU_VIRTUAL_ADDRESS)0)

#define D3DDDI_MAX_WRITTEN_PRIMARIES        16
#define D3DDDI_MAX_BROADCAST_CONTEXT        64
#define D3DDDI_MAX_OBJECT_WAITED_ON         32
#define D3DDDI_MAX_OBJECT_SIGNALED          32

/* Residency priorities; values between them are legal */
#define D3DDDI_ALLOCATIONPRIORITY_MINIMUM   0x28000000u
#define D3DDDI_ALLOCATIONPRIORITY_LOW       0x50000000u
#define D3DDDI_ALLOCATIONPRIORITY_NORMAL    0x78000000u
#define D3DDDI_ALLOCATIONPRIORITY_HIGH      0xa0000000u
#define D3DDDI_ALLOCATIONPRIORITY_MAXIMUM   0xc8000000u

/* Access rights of a shared synchronisation object */
#define D3DDDI_SYNC_OBJECT_WAIT             0x1u
#define D3DDDI_SYNC_OBJECT_SIGNAL           0x2u
#define D3DDDI_SYNC_OBJECT_ALL_ACCESS       (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3u)

typedef enum _D3DDDI_QUERYREGISTRY_TYPE
{
    D3DDDI_QUERYREGISTRY_SERVICEKEY = 0,
    D3DDDI_QUERYREGISTRY_ADAPTERKEY = 1,
    D3DDDI_QUERYREGISTRY_DRIVERSTOREPATH = 2,
    D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH = 3,
    D3DDDI_QUERYREGISTRY_MAX
} D3DDDI_QUERYREGISTRY_TYPE;

typedef enum _D3DDDI_QUERYREGISTRY_STATUS
{
    D3DDDI_QUERYREGISTRY_STATUS_SUCCESS = 0,
    D3DDDI_QUERYREGISTRY_STATUS_BUFFER_OVERFLOW = 1,
    D3DDDI_QUERYREGISTRY_STATUS_FAIL = 2,
    D3DDDI_QUERYREGISTRY_STATUS_MAX
} D3DDDI_QUERYREGISTRY_STATUS;

typedef enum _D3DDDI_DRIVERESCAPETYPE
{
    D3DDDI_DRIVERESCAPETYPE_TRANSLATEALLOCATIONHANDLE = 0,
    D3DDDI_DRIVERESCAPETYPE_TRANSLATERESOURCEHANDLE = 1,
    D3DDDI_DRIVERESCAPETYPE_CPUEVENTUSAGE = 2
} D3DDDI_DRIVERESCAPETYPE;

typedef enum _D3DDDI_SYNCHRONIZATIONOBJECT_TYPE
{
    D3DDDI_SYNCHRONIZATION_MUTEX = 1,
    D3DDDI_SEMAPHORE = 2,
    D3DDDI_FENCE = 3,
    D3DDDI_CPU_NOTIFICATION = 4,
    D3DDDI_MONITORED_FENCE = 5,
    D3DDDI_PERIODIC_MONITORED_FENCE = 6,
    D3DDDI_SYNCHRONIZATION_TYPE_LIMIT
} D3DDDI_SYNCHRONIZATIONOBJECT_TYPE;

/* What an offer inside a render call may say; D3DKMT_OFFER_PRIORITY is the same without NONE. */
typedef enum _D3DDDI_OFFER_PRIORITY
{
    D3DDDI_OFFER_PRIORITY_NONE = 0,
    D3DDDI_OFFER_PRIORITY_LOW = 1,
    D3DDDI_OFFER_PRIORITY_NORMAL = 2,
    D3DDDI_OFFER_PRIORITY_HIGH = 3,
    D3DDDI_OFFER_PRIORITY_AUTO = 4
} D3DDDI_OFFER_PRIORITY;

typedef enum _D3DDDI_RECLAIM_RESULT
{
    D3DDDI_RECLAIM_RESULT_OK = 0,               /* the content is what it was */
    D3DDDI_RECLAIM_RESULT_DISCARDED = 1,        /* memory is there, its content is lost */
    D3DDDI_RECLAIM_RESULT_NOT_COMMITTED = 2     /* neither: the allocation can only be destroyed */
} D3DDDI_RECLAIM_RESULT;

typedef enum D3DDDI_PAGINGQUEUE_PRIORITY
{
    D3DDDI_PAGINGQUEUE_PRIORITY_BELOW_NORMAL = -1,
    D3DDDI_PAGINGQUEUE_PRIORITY_NORMAL = 0,
    D3DDDI_PAGINGQUEUE_PRIORITY_ABOVE_NORMAL = 1
} D3DDDI_PAGINGQUEUE_PRIORITY;

typedef enum D3DDDIGPUVIRTUALADDRESS_RESERVATION_TYPE
{
    D3DDDIGPUVIRTUALADDRESS_RESERVE_NO_ACCESS = 0,
    D3DDDIGPUVIRTUALADDRESS_RESERVE_ZERO = 1,
    D3DDDIGPUVIRTUALADDRESS_RESERVE_NO_COMMIT = 2
} D3DDDIGPUVIRTUALADDRESS_RESERVATION_TYPE;

typedef enum D3DDDI_UPDATEGPUVIRTUALADDRESS_OPERATION_TYPE
{
    D3DDDI_UPDATEGPUVIRTUALADDRESS_MAP = 0,
    D3DDDI_UPDATEGPUVIRTUALADDRESS_UNMAP = 1,
    D3DDDI_UPDATEGPUVIRTUALADDRESS_COPY = 2,
    D3DDDI_UPDATEGPUVIRTUALADDRESS_MAP_PROTECT = 3
} D3DDDI_UPDATEGPUVIRTUALADDRESS_OPERATION_TYPE;

typedef union _D3DDDICB_DESTROYALLOCATION2FLAGS
{
    struct
    {
        UINT AssumeNotInUse : 1;
        UINT SynchronousDestroy : 1;
        UINT Reserved : 29;
        UINT SystemUseOnly : 1;
    };
    UINT Value;
} D3DDDICB_DESTROYALLOCATION2FLAGS;

typedef union _D3DDDICB_LOCK2FLAGS
{
    struct
    {
        UINT Reserved : 32;
    };
    UINT Value;
} D3DDDICB_LOCK2FLAGS;

typedef union _D3DDDICB_LOCKFLAGS
{
    struct
    {
        UINT ReadOnly : 1;
        UINT WriteOnly : 1;
        UINT DonotWait : 1;
        UINT IgnoreSync : 1;
        UINT LockEntire : 1;
        UINT DonotEvict : 1;
        UINT AcquireAperture : 1;
        UINT Discard : 1;
        UINT NoExistingReference : 1;
        UINT UseAlternateVA : 1;
        UINT IgnoreReadSync : 1;
        UINT Reserved : 21;
    };
    UINT Value;
} D3DDDICB_LOCKFLAGS;

typedef union _D3DDDICB_SIGNALFLAGS
{
    struct
    {
        UINT SignalAtSubmission : 1;
        UINT EnqueueCpuEvent : 1;
        UINT AllowFenceRewind : 1;
        UINT Reserved : 28;
        UINT DXGK_SIGNAL_FLAG_INTERNAL0 : 1;
    };
    UINT Value;
} D3DDDICB_SIGNALFLAGS;

typedef union _D3DDDIGPUVIRTUALADDRESS_PROTECTION_TYPE
{
    struct
    {
        UINT64 Write : 1;
        UINT64 Execute : 1;
        UINT64 Zero : 1;
        UINT64 NoAccess : 1;
        UINT64 SystemUseOnly : 1;
        UINT64 Reserved : 59;
    };
    UINT64 Value;
} D3DDDIGPUVIRTUALADDRESS_PROTECTION_TYPE;

typedef struct _D3DDDI_ALLOCATIONINFO
{
    D3DKMT_HANDLE                  hAllocation;
    const void                     *pSystemMem;
    void                           *pPrivateDriverData;
    UINT                           PrivateDriverDataSize;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    union
    {
        struct
        {
            UINT Primary : 1;
            UINT Stereo : 1;
            UINT Reserved : 30;
        };
        UINT Value;
    } Flags;
} D3DDDI_ALLOCATIONINFO;

/* hSection instead of pSystemMem with D3DKMT_CREATEALLOCATIONFLAGS.ExistingSection. */
typedef struct _D3DDDI_ALLOCATIONINFO2
{
    D3DKMT_HANDLE hAllocation;
    union
    {
        HANDLE     hSection;
        const void *pSystemMem;
    };
    void                           *pPrivateDriverData;
    UINT                           PrivateDriverDataSize;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    union
    {
        struct
        {
            UINT Primary : 1;
            UINT Stereo : 1;
            UINT OverridePriority : 1;
            UINT Reserved : 29;
        };
        UINT Value;
    } Flags;
    D3DGPU_VIRTUAL_ADDRESS GpuVirtualAddress;
    union
    {
        UINT      Priority;
        ULONG_PTR Unused;
    };
    ULONG_PTR Reserved[5];
} D3DDDI_ALLOCATIONINFO2;

typedef struct _D3DDDI_ALLOCATIONLIST
{
    D3DKMT_HANDLE hAllocation;
    union
    {
        struct
        {
            UINT WriteOperation : 1;
            UINT DoNotRetireInstance : 1;
            UINT OfferPriority : 3;
            UINT Reserved : 27;
        };
        UINT Value;
    };
} D3DDDI_ALLOCATIONLIST;

typedef union _D3DDDI_CREATECONTEXTFLAGS
{
    struct
    {
        UINT NullRendering : 1;
        UINT InitialData : 1;
        UINT DisableGpuTimeout : 1;
        UINT SynchronizationOnly : 1;
        UINT HwQueueSupported : 1;
        UINT NoKmdAccess : 1;
        UINT Reserved : 26;
    };
    UINT Value;
} D3DDDI_CREATECONTEXTFLAGS;

typedef union _D3DDDI_CREATEHWCONTEXTFLAGS
{
    struct
    {
        UINT Reserved : 32;
    };
    UINT Value;
} D3DDDI_CREATEHWCONTEXTFLAGS;

typedef union _D3DDDI_CREATEHWQUEUEFLAGS
{
    struct
    {
        UINT DisableGpuTimeout : 1;
        UINT NoBroadcastSignal : 1;
        UINT NoBroadcastWait : 1;
        UINT NoKmdAccess : 1;
        UINT Reserved : 28;
    };
    UINT Value;
} D3DDDI_CREATEHWQUEUEFLAGS;

typedef struct _D3DDDI_DESTROYPAGINGQUEUE
{
    D3DKMT_HANDLE hPagingQueue;
} D3DDDI_DESTROYPAGINGQUEUE;

typedef struct _D3DDDI_DRIVERESCAPE_CPUEVENTUSAGE
{
    D3DDDI_DRIVERESCAPETYPE EscapeType;
    D3DKMT_HANDLE           hSyncObject;
    ULONG64                 hKmdCpuEvent;
    UINT                    Usage[8];
} D3DDDI_DRIVERESCAPE_CPUEVENTUSAGE;

typedef struct _D3DDDI_DRIVERESCAPE_TRANSLATEALLOCATIONEHANDLE
{
    D3DDDI_DRIVERESCAPETYPE EscapeType;
    D3DKMT_HANDLE           hAllocation;
} D3DDDI_DRIVERESCAPE_TRANSLATEALLOCATIONEHANDLE;

typedef struct _D3DDDI_DRIVERESCAPE_TRANSLATERESOURCEHANDLE
{
    D3DDDI_DRIVERESCAPETYPE EscapeType;
    D3DKMT_HANDLE           hResource;
} D3DDDI_DRIVERESCAPE_TRANSLATERESOURCEHANDLE;

typedef union _D3DDDI_ESCAPEFLAGS
{
    struct
    {
        UINT HardwareAccess : 1;
        UINT DeviceStatusQuery : 1;
        UINT ChangeFrameLatency : 1;
        UINT NoAdapterSynchronization : 1;
        UINT Reserved : 1;
        UINT VirtualMachineData : 1;
        UINT DriverKnownEscape : 1;
        UINT DriverCommonEscape : 1;
        UINT Reserved2 : 24;
    };
    UINT Value;
} D3DDDI_ESCAPEFLAGS;

typedef union _D3DDDI_EVICT_FLAGS
{
    struct
    {
        UINT EvictOnlyIfNecessary : 1;
        UINT NotWrittenTo : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DDDI_EVICT_FLAGS;

typedef struct _D3DDDI_GETRESOURCEPRESENTPRIVATEDRIVERDATA
{
    D3DKMT_HANDLE hResource;
    UINT          PrivateDriverDataSize;
    PVOID         pPrivateDriverData;
} D3DDDI_GETRESOURCEPRESENTPRIVATEDRIVERDATA;

typedef union _D3DDDI_MAKERESIDENT_FLAGS
{
    struct
    {
        UINT CantTrimFurther : 1;
        UINT MustSucceed : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DDDI_MAKERESIDENT_FLAGS;

/* All or nothing. NumAllocations out: how many are resident. PriorityList is ignored. */
typedef struct _D3DDDI_MAKERESIDENT
{
    D3DKMT_HANDLE             hPagingQueue;
    UINT                      NumAllocations;
    const D3DKMT_HANDLE       *AllocationList;
    const UINT                *PriorityList;
    D3DDDI_MAKERESIDENT_FLAGS Flags;
    UINT64                    PagingFenceValue;
    UINT64                    NumBytesToTrim;
} D3DDDI_MAKERESIDENT;

typedef struct _D3DDDI_MAPGPUVIRTUALADDRESS
{
    D3DKMT_HANDLE                           hPagingQueue;
    D3DGPU_VIRTUAL_ADDRESS                  BaseAddress;
    D3DGPU_VIRTUAL_ADDRESS                  MinimumAddress;
    D3DGPU_VIRTUAL_ADDRESS                  MaximumAddress;
    D3DKMT_HANDLE                           hAllocation;
    D3DGPU_SIZE_T                           OffsetInPages;
    D3DGPU_SIZE_T                           SizeInPages;
    D3DDDIGPUVIRTUALADDRESS_PROTECTION_TYPE Protection;
    UINT64                                  DriverProtection;
    UINT                                    Reserved0;
    UINT64                                  Reserved1;
    D3DGPU_VIRTUAL_ADDRESS                  VirtualAddress;
    UINT64                                  PagingFenceValue;
} D3DDDI_MAPGPUVIRTUALADDRESS;

typedef union _D3DDDI_OFFER_FLAGS
{
    struct
    {
        UINT AllowDecommit : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DDDI_OFFER_FLAGS;

typedef struct _D3DDDI_OPENALLOCATIONINFO
{
    D3DKMT_HANDLE hAllocation;
    const void    *pPrivateDriverData;
    UINT          PrivateDriverDataSize;
} D3DDDI_OPENALLOCATIONINFO;

typedef struct _D3DDDI_OPENALLOCATIONINFO2
{
    D3DKMT_HANDLE          hAllocation;
    const void             *pPrivateDriverData;
    UINT                   PrivateDriverDataSize;
    D3DGPU_VIRTUAL_ADDRESS GpuVirtualAddress;
    ULONG_PTR              Reserved[6];
} D3DDDI_OPENALLOCATIONINFO2;

typedef struct _D3DDDI_PATCHLOCATIONLIST
{
    UINT AllocationIndex;
    union
    {
        struct
        {
            UINT SlotId : 24;
            UINT Reserved : 8;
        };
        UINT Value;
    };
    UINT DriverId;
    UINT AllocationOffset;
    UINT PatchOffset;
    UINT SplitOffset;
} D3DDDI_PATCHLOCATIONLIST;

typedef union _D3DDDI_QUERYREGISTRY_FLAGS
{
    struct
    {
        UINT TranslatePath : 1;
        UINT MutableValue : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DDDI_QUERYREGISTRY_FLAGS;

typedef struct _D3DDDI_QUERYREGISTRY_INFO
{
    D3DDDI_QUERYREGISTRY_TYPE   QueryType;
    D3DDDI_QUERYREGISTRY_FLAGS  QueryFlags;
    WCHAR                       ValueName[MAX_PATH];
    ULONG                       ValueType;
    ULONG                       PhysicalAdapterIndex;
    ULONG                       OutputValueSize;
    D3DDDI_QUERYREGISTRY_STATUS Status;
    union
    {
        DWORD  OutputDword;
        UINT64 OutputQword;
        WCHAR  OutputString[1];
        BYTE   OutputBinary[1];
    };
} D3DDDI_QUERYREGISTRY_INFO;

typedef struct _D3DDDI_RESERVEGPUVIRTUALADDRESS
{
    union
    {
        D3DKMT_HANDLE hPagingQueue;
        D3DKMT_HANDLE hAdapter;
    };
    D3DGPU_VIRTUAL_ADDRESS BaseAddress;
    D3DGPU_VIRTUAL_ADDRESS MinimumAddress;
    D3DGPU_VIRTUAL_ADDRESS MaximumAddress;
    D3DGPU_SIZE_T          Size;
    union
    {
        D3DDDIGPUVIRTUALADDRESS_RESERVATION_TYPE ReservationType;
        UINT                                     Reserved0;
    };
    union
    {
        UINT64 DriverProtection;
        UINT64 Reserved1;
    };
    D3DGPU_VIRTUAL_ADDRESS VirtualAddress;
    union
    {
        UINT64 PagingFenceValue;
        UINT64 Reserved2;
    };
} D3DDDI_RESERVEGPUVIRTUALADDRESS;

typedef union _D3DDDI_SEGMENTPREFERENCE
{
    struct
    {
        UINT SegmentId0 : 5;
        UINT Direction0 : 1;
        UINT SegmentId1 : 5;
        UINT Direction1 : 1;
        UINT SegmentId2 : 5;
        UINT Direction2 : 1;
        UINT SegmentId3 : 5;
        UINT Direction3 : 1;
        UINT SegmentId4 : 5;
        UINT Direction4 : 1;
        UINT Reserved : 2;
    };
    UINT Value;
} D3DDDI_SEGMENTPREFERENCE;

typedef struct _D3DDDI_SYNCHRONIZATIONOBJECTINFO
{
    D3DDDI_SYNCHRONIZATIONOBJECT_TYPE Type;
    union
    {
        struct
        {
            BOOL InitialState;
        } SynchronizationMutex;
        struct
        {
            UINT MaxCount;
            UINT InitialCount;
        } Semaphore;
        struct
        {
            UINT Reserved[16];
        } Reserved;
    };
} D3DDDI_SYNCHRONIZATIONOBJECTINFO;

typedef union _D3DDDI_SYNCHRONIZATIONOBJECT_FLAGS
{
    struct
    {
        UINT Shared : 1;
        UINT NtSecuritySharing : 1;
        UINT CrossAdapter : 1;
        UINT TopOfPipeline : 1;
        UINT NoSignal : 1;
        UINT NoWait : 1;
        UINT NoSignalMaxValueOnTdr : 1;
        UINT NoGPUAccess : 1;
        UINT SignalByKmd : 1;
        UINT Reserved : 22;
        UINT Reserved0 : 1;
    };
    UINT Value;
} D3DDDI_SYNCHRONIZATIONOBJECT_FLAGS;

typedef struct _D3DDDI_SYNCHRONIZATIONOBJECTINFO2
{
    D3DDDI_SYNCHRONIZATIONOBJECT_TYPE  Type;
    D3DDDI_SYNCHRONIZATIONOBJECT_FLAGS Flags;
    union
    {
        struct
        {
            BOOL InitialState;
        } SynchronizationMutex;
        struct
        {
            UINT MaxCount;
            UINT InitialCount;
        } Semaphore;
        struct
        {
            UINT64 FenceValue;
        } Fence;
        struct
        {
            HANDLE Event;
        } CPUNotification;
        struct
        {
            UINT64                 InitialFenceValue;
            void                   *FenceValueCPUVirtualAddress;
            D3DGPU_VIRTUAL_ADDRESS FenceValueGPUVirtualAddress;
            UINT                   EngineAffinity;
            UINT                   Padding;
        } MonitoredFence;
        struct
        {
            D3DKMT_HANDLE                  hAdapter;
            D3DDDI_VIDEO_PRESENT_TARGET_ID VidPnTargetId;
            UINT64                         Time;
            void                           *FenceValueCPUVirtualAddress;
            D3DGPU_VIRTUAL_ADDRESS         FenceValueGPUVirtualAddress;
            UINT                           EngineAffinity;
            UINT                           Padding;
        } PeriodicMonitoredFence;
        struct
        {
            UINT64 Reserved[8];
        } Reserved;
    };
    D3DKMT_HANDLE SharedHandle;
} D3DDDI_SYNCHRONIZATIONOBJECTINFO2;

typedef union _D3DDDI_TRIMRESIDENCYSET_FLAGS
{
    struct
    {
        UINT PeriodicTrim : 1;
        UINT RestartPeriodicTrim : 1;
        UINT TrimToBudget : 1;
        UINT Reserved : 29;
    };
    UINT Value;
} D3DDDI_TRIMRESIDENCYSET_FLAGS;

typedef union _D3DDDI_UPDATEALLOCPROPERTY_FLAGS
{
    struct
    {
        UINT AccessedPhysically : 1;
        UINT Unmoveable : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DDDI_UPDATEALLOCPROPERTY_FLAGS;

typedef struct _D3DDDI_UPDATEALLOCPROPERTY
{
    D3DKMT_HANDLE                    hPagingQueue;
    D3DKMT_HANDLE                    hAllocation;
    UINT                             SupportedSegmentSet;
    D3DDDI_SEGMENTPREFERENCE         PreferredSegment;
    D3DDDI_UPDATEALLOCPROPERTY_FLAGS Flags;
    UINT64                           PagingFenceValue;
    union
    {
        struct
        {
            UINT SetAccessedPhysically : 1;
            UINT SetSupportedSegmentSet : 1;
            UINT SetPreferredSegment : 1;
            UINT SetUnmoveable : 1;
            UINT Reserved : 28;
        };
        UINT PropertyMaskValue;
    };
} D3DDDI_UPDATEALLOCPROPERTY;

typedef struct _D3DDDI_UPDATEGPUVIRTUALADDRESS_OPERATION
{
    D3DDDI_UPDATEGPUVIRTUALADDRESS_OPERATION_TYPE OperationType;
    union
    {
        struct
        {
            D3DGPU_VIRTUAL_ADDRESS BaseAddress;
            D3DGPU_SIZE_T          SizeInBytes;
            D3DKMT_HANDLE          hAllocation;
            D3DGPU_SIZE_T          AllocationOffsetInBytes;
            D3DGPU_SIZE_T          AllocationSizeInBytes;
        } Map;
        struct
        {
            D3DGPU_VIRTUAL_ADDRESS                  BaseAddress;
            D3DGPU_SIZE_T                           SizeInBytes;
            D3DKMT_HANDLE                           hAllocation;
            D3DGPU_SIZE_T                           AllocationOffsetInBytes;
            D3DGPU_SIZE_T                           AllocationSizeInBytes;
            D3DDDIGPUVIRTUALADDRESS_PROTECTION_TYPE Protection;
            UINT64                                  DriverProtection;
        } MapProtect;
        struct
        {
            D3DGPU_VIRTUAL_ADDRESS                  BaseAddress;
            D3DGPU_SIZE_T                           SizeInBytes;
            D3DDDIGPUVIRTUALADDRESS_PROTECTION_TYPE Protection;
        } Unmap;
        struct
        {
            D3DGPU_VIRTUAL_ADDRESS SourceAddress;
            D3DGPU_SIZE_T          SizeInBytes;
            D3DGPU_VIRTUAL_ADDRESS DestAddress;
        } Copy;
    };
} D3DDDI_UPDATEGPUVIRTUALADDRESS_OPERATION;

typedef union _D3DDDI_WAITFORSYNCHRONIZATIONOBJECTFROMCPU_FLAGS
{
    struct
    {
        UINT WaitAny : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DDDI_WAITFORSYNCHRONIZATIONOBJECTFROMCPU_FLAGS;

#ifdef __cplusplus
}
#endif

#endif /* _D3DUKMDT_H_ */
