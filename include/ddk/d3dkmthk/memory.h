/*
 * Allocations: creating, locking, offering, residency, GPU addresses, budgets, sharing
 *
 * A part of ddk/d3dkmthk.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DDK_D3DKMTHK_MEMORY_H
#define __WINEKMT_DDK_D3DKMTHK_MEMORY_H

#include "../d3dkmdt.h"

#ifdef __cplusplus
extern "C" {
#endif

#define D3DKMT_MAX_OBJECTS_PER_HANDLE           3   /* of D3DKMTShareObjects */
#define D3DKMT_MAX_BUNDLE_OBJECTS_PER_HANDLE    16

/* Access rights of a shared resource */
#define SHARED_ALLOCATION_WRITE                 0x1u
#define SHARED_ALLOCATION_ALL_ACCESS            (STANDARD_RIGHTS_REQUIRED | SHARED_ALLOCATION_WRITE)

typedef enum _D3DKMT_STANDARDALLOCATIONTYPE
{
    D3DKMT_STANDARDALLOCATIONTYPE_EXISTINGHEAP = 1,
    D3DKMT_STANDARDALLOCATIONTYPE_INTERNALBACKINGSTORE = 2,
    D3DKMT_STANDARDALLOCATIONTYPE_MAX
} D3DKMT_STANDARDALLOCATIONTYPE;

/* How dear the content is; what is low is thrown away first. */
typedef enum _D3DKMT_OFFER_PRIORITY
{
    D3DKMT_OFFER_PRIORITY_LOW = 1,
    D3DKMT_OFFER_PRIORITY_NORMAL = 2,
    D3DKMT_OFFER_PRIORITY_HIGH = 3,
    D3DKMT_OFFER_PRIORITY_AUTO = 4      /* from the residency priority of each allocation */
} D3DKMT_OFFER_PRIORITY;

typedef enum _D3DKMT_ALLOCATIONRESIDENCYSTATUS
{
    D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINGPUMEMORY = 1,
    D3DKMT_ALLOCATIONRESIDENCYSTATUS_RESIDENTINSHAREDMEMORY = 2,
    D3DKMT_ALLOCATIONRESIDENCYSTATUS_NOTRESIDENT = 3
} D3DKMT_ALLOCATIONRESIDENCYSTATUS;

typedef enum _D3DKMT_MEMORY_SEGMENT_GROUP
{
    D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL = 0,
    D3DKMT_MEMORY_SEGMENT_GROUP_NON_LOCAL = 1
} D3DKMT_MEMORY_SEGMENT_GROUP;

typedef struct _D3DKMT_BUDGETCHANGENOTIFICATION
{
    void   *Context;
    UINT64 Budget;
} D3DKMT_BUDGETCHANGENOTIFICATION;

typedef void (APIENTRY *PFND3DKMT_BUDGETCHANGENOTIFICATIONCALLBACK)( D3DKMT_BUDGETCHANGENOTIFICATION * );

/* The tag is misspelled in Microsoft's header, the name is not. */
typedef struct _D3DKMT_CHANGEVIDEOMMEMORYRESERVATION
{
    HANDLE                      hProcess;
    D3DKMT_HANDLE               hAdapter;
    D3DKMT_MEMORY_SEGMENT_GROUP MemorySegmentGroup;
    UINT64                      Reservation;
    UINT                        PhysicalAdapterIndex;
} D3DKMT_CHANGEVIDEOMEMORYRESERVATION;

typedef struct _D3DKMT_CHECKSHAREDRESOURCEACCESS
{
    D3DKMT_HANDLE hResource;
    UINT          ClientPid;
} D3DKMT_CHECKSHAREDRESOURCEACCESS;

typedef struct _D3DKMT_CONFIGURESHAREDRESOURCE
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hResource;
    BOOLEAN       IsDwm;
    HANDLE        hProcess;
    BOOLEAN       AllowAccess;
} D3DKMT_CONFIGURESHAREDRESOURCE;

typedef struct _D3DKMT_CREATEALLOCATIONFLAGS
{
    UINT CreateResource : 1;
    UINT CreateShared : 1;
    UINT NonSecure : 1;
    UINT CreateProtected : 1;
    UINT RestrictSharedAccess : 1;
    UINT ExistingSysMem : 1;
    UINT NtSecuritySharing : 1;
    UINT ReadOnly : 1;
    UINT CreateWriteCombined : 1;
    UINT CreateCached : 1;
    UINT SwapChainBackBuffer : 1;
    UINT CrossAdapter : 1;
    UINT OpenCrossAdapter : 1;
    UINT PartialSharedCreation : 1;
    UINT Zeroed : 1;
    UINT WriteWatch : 1;
    UINT StandardAllocation : 1;
    UINT ExistingSection : 1;
    UINT AllowNotZeroed : 1;
    UINT PhysicallyContiguous : 1;
    UINT NoKmdAccess : 1;
    UINT SharedDisplayable : 1;
    UINT Reserved : 10;
} D3DKMT_CREATEALLOCATIONFLAGS;

typedef union _D3DKMT_CREATESTANDARDALLOCATIONFLAGS
{
    struct
    {
        UINT Reserved : 32;
    };
    UINT Value;
} D3DKMT_CREATESTANDARDALLOCATIONFLAGS;

typedef struct _D3DKMT_STANDARDALLOCATION_EXISTINGHEAP
{
    SIZE_T Size;
} D3DKMT_STANDARDALLOCATION_EXISTINGHEAP;

typedef struct _D3DKMT_CREATESTANDARDALLOCATION
{
    D3DKMT_STANDARDALLOCATIONTYPE          Type;
    D3DKMT_STANDARDALLOCATION_EXISTINGHEAP ExistingHeapData;
    D3DKMT_CREATESTANDARDALLOCATIONFLAGS   Flags;
} D3DKMT_CREATESTANDARDALLOCATION;

/* D3DKMTCreateAllocation reads pAllocationInfo, D3DKMTCreateAllocation2 pAllocationInfo2. With Flags.StandardAllocation
 * pStandardAllocation says what is wanted. hResource in: one to add to, or 0; out: the new one. */
typedef struct _D3DKMT_CREATEALLOCATION
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hResource;
    D3DKMT_HANDLE hGlobalShare;
    const void    *pPrivateRuntimeData;
    UINT          PrivateRuntimeDataSize;
    union
    {
        D3DKMT_CREATESTANDARDALLOCATION *pStandardAllocation;
        const void                      *pPrivateDriverData;
    };
    UINT PrivateDriverDataSize;
    UINT NumAllocations;
    union
    {
        D3DDDI_ALLOCATIONINFO  *pAllocationInfo;
        D3DDDI_ALLOCATIONINFO2 *pAllocationInfo2;
    };
    D3DKMT_CREATEALLOCATIONFLAGS Flags;
    HANDLE                       hPrivateRuntimeResourceHandle;
} D3DKMT_CREATEALLOCATION;

/* hSyncObject: a monitored fence; its value can be read at FenceValueCPUVirtualAddress. */
typedef struct _D3DKMT_CREATEPAGINGQUEUE
{
    D3DKMT_HANDLE               hDevice;
    D3DDDI_PAGINGQUEUE_PRIORITY Priority;
    D3DKMT_HANDLE               hPagingQueue;
    D3DKMT_HANDLE               hSyncObject;
    void                        *FenceValueCPUVirtualAddress;
    UINT                        PhysicalAdapterIndex;
} D3DKMT_CREATEPAGINGQUEUE;

/* A resource with all that is in it, or a list of allocations. */
typedef struct _D3DKMT_DESTROYALLOCATION
{
    D3DKMT_HANDLE       hDevice;
    D3DKMT_HANDLE       hResource;
    const D3DKMT_HANDLE *phAllocationList;
    UINT                AllocationCount;
} D3DKMT_DESTROYALLOCATION;

typedef struct _D3DKMT_DESTROYALLOCATION2
{
    D3DKMT_HANDLE                    hDevice;
    D3DKMT_HANDLE                    hResource;
    const D3DKMT_HANDLE              *phAllocationList;
    UINT                             AllocationCount;
    D3DDDICB_DESTROYALLOCATION2FLAGS Flags;
} D3DKMT_DESTROYALLOCATION2;

/* NumBytesToTrim out: how far the process is above its budget still. */
typedef struct _D3DKMT_EVICT
{
    D3DKMT_HANDLE       hDevice;
    UINT                NumAllocations;
    const D3DKMT_HANDLE *AllocationList;
    D3DDDI_EVICT_FLAGS  Flags;
    UINT64              NumBytesToTrim;
} D3DKMT_EVICT;

typedef struct _D3DKMT_FLUSHHEAPTRANSITIONS
{
    D3DKMT_HANDLE hAdapter;
} D3DKMT_FLUSHHEAPTRANSITIONS;

typedef struct _D3DKMT_FREEGPUVIRTUALADDRESS
{
    D3DKMT_HANDLE          hAdapter;
    D3DGPU_VIRTUAL_ADDRESS BaseAddress;
    D3DGPU_SIZE_T          Size;
} D3DKMT_FREEGPUVIRTUALADDRESS;

typedef struct _D3DKMT_GETALLOCATIONPRIORITY
{
    D3DKMT_HANDLE       hDevice;
    D3DKMT_HANDLE       hResource;
    const D3DKMT_HANDLE *phAllocationList;
    UINT                AllocationCount;
    UINT                *pPriorities;
} D3DKMT_GETALLOCATIONPRIORITY;

typedef struct _D3DKMT_GETRUNTIMEDATA
{
    D3DKMT_HANDLE hAdapter;
    D3DKMT_HANDLE hGlobalShare;
    void          *pRuntimeData;
    UINT          RuntimeDataSize;
} D3DKMT_GETRUNTIMEDATA;

typedef struct _D3DKMT_GETSHAREDRESOURCEADAPTERLUID
{
    D3DKMT_HANDLE hGlobalShare;
    HANDLE        hNtHandle;
    LUID          AdapterLuid;
} D3DKMT_GETSHAREDRESOURCEADAPTERLUID;

typedef struct _D3DKMT_INVALIDATECACHE
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hAllocation;
    SIZE_T        Offset;
    SIZE_T        Length;
} D3DKMT_INVALIDATECACHE;

typedef struct _D3DKMT_LOCK
{
    D3DKMT_HANDLE          hDevice;
    D3DKMT_HANDLE          hAllocation;
    UINT                   PrivateDriverData;
    UINT                   NumPages;
    const UINT             *pPages;
    void                   *pData;
    D3DDDICB_LOCKFLAGS     Flags;
    D3DGPU_VIRTUAL_ADDRESS GpuVirtualAddress;
} D3DKMT_LOCK;

/* Flags: none is defined. pData out: the mapping, valid until unlocked. */
typedef struct _D3DKMT_LOCK2
{
    D3DKMT_HANDLE       hDevice;
    D3DKMT_HANDLE       hAllocation;
    D3DDDICB_LOCK2FLAGS Flags;
    PVOID               pData;
} D3DKMT_LOCK2;

typedef union _D3DKMT_OFFER_FLAGS
{
    struct
    {
        UINT OfferImmediately : 1;
        UINT AllowDecommit : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DKMT_OFFER_FLAGS;

/* Exactly one of pResources and HandleList; NumAllocations counts it. Programs for Windows 8 end before Flags. */
typedef struct _D3DKMT_OFFERALLOCATIONS
{
    D3DKMT_HANDLE         hDevice;
    D3DKMT_HANDLE         *pResources;
    const D3DKMT_HANDLE   *HandleList;
    UINT                  NumAllocations;
    D3DKMT_OFFER_PRIORITY Priority;
    D3DKMT_OFFER_FLAGS    Flags;
} D3DKMT_OFFERALLOCATIONS;

typedef struct _D3DKMT_OPENNTHANDLEFROMNAME
{
    DWORD             dwDesiredAccess;
    struct _OBJECT_ATTRIBUTES *pObjAttrib;
    HANDLE            hNtHandle;
} D3DKMT_OPENNTHANDLEFROMNAME;

typedef struct _D3DKMT_OPENRESOURCE
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hGlobalShare;
    UINT          NumAllocations;
    union
    {
        D3DDDI_OPENALLOCATIONINFO  *pOpenAllocationInfo;
        D3DDDI_OPENALLOCATIONINFO2 *pOpenAllocationInfo2;
    };
    void          *pPrivateRuntimeData;
    UINT          PrivateRuntimeDataSize;
    void          *pResourcePrivateDriverData;
    UINT          ResourcePrivateDriverDataSize;
    void          *pTotalPrivateDriverDataBuffer;
    UINT          TotalPrivateDriverDataBufferSize;
    D3DKMT_HANDLE hResource;
} D3DKMT_OPENRESOURCE;

typedef struct _D3DKMT_OPENRESOURCEFROMNTHANDLE
{
    D3DKMT_HANDLE              hDevice;
    HANDLE                     hNtHandle;
    UINT                       NumAllocations;
    D3DDDI_OPENALLOCATIONINFO2 *pOpenAllocationInfo2;
    UINT                       PrivateRuntimeDataSize;
    void                       *pPrivateRuntimeData;
    UINT                       ResourcePrivateDriverDataSize;
    void                       *pResourcePrivateDriverData;
    UINT                       TotalPrivateDriverDataBufferSize;
    void                       *pTotalPrivateDriverDataBuffer;
    D3DKMT_HANDLE              hResource;
    D3DKMT_HANDLE              hKeyedMutex;
    void                       *pKeyedMutexPrivateRuntimeData;
    UINT                       KeyedMutexPrivateRuntimeDataSize;
    D3DKMT_HANDLE              hSyncObject;
} D3DKMT_OPENRESOURCEFROMNTHANDLE;

typedef struct _D3DKMT_PINDIRECTFLIPRESOURCES
{
    D3DKMT_HANDLE hDevice;
    UINT          ResourceCount;
    D3DKMT_HANDLE *pResourceList;
} D3DKMT_PINDIRECTFLIPRESOURCES;

typedef union _D3DKMT_PINRESOURCEFLAGS
{
    struct
    {
        UINT DirectFlipResources : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DKMT_PINRESOURCEFLAGS;

typedef struct _D3DKMT_PINRESOURCES
{
    D3DKMT_HANDLE           hDevice;
    UINT                    ResourceCount;
    D3DKMT_HANDLE           *pResourceList;
    D3DKMT_PINRESOURCEFLAGS Flags;
    D3DKMT_HANDLE           hPagingQueue;
    UINT64                  PagingFence;
} D3DKMT_PINRESOURCES;

typedef struct _D3DKMT_QUERYALLOCATIONRESIDENCY
{
    D3DKMT_HANDLE                    hDevice;
    D3DKMT_HANDLE                    hResource;
    const D3DKMT_HANDLE              *phAllocationList;
    UINT                             AllocationCount;
    D3DKMT_ALLOCATIONRESIDENCYSTATUS *pResidencyStatus;
} D3DKMT_QUERYALLOCATIONRESIDENCY;

typedef struct _D3DKMT_QUERYPROCESSOFFERINFO
{
    ULONG  cbSize;
    HANDLE hProcess;
    UINT64 DecommitUniqueness;
    UINT64 DecommittableBytes;
} D3DKMT_QUERYPROCESSOFFERINFO;

typedef struct _D3DKMT_QUERYRESOURCEINFO
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hGlobalShare;
    void          *pPrivateRuntimeData;
    UINT          PrivateRuntimeDataSize;
    UINT          TotalPrivateDriverDataSize;
    UINT          ResourcePrivateDriverDataSize;
    UINT          NumAllocations;
} D3DKMT_QUERYRESOURCEINFO;

typedef struct _D3DKMT_QUERYRESOURCEINFOFROMNTHANDLE
{
    D3DKMT_HANDLE hDevice;
    HANDLE        hNtHandle;
    void          *pPrivateRuntimeData;
    UINT          PrivateRuntimeDataSize;
    UINT          TotalPrivateDriverDataSize;
    UINT          ResourcePrivateDriverDataSize;
    UINT          NumAllocations;
} D3DKMT_QUERYRESOURCEINFOFROMNTHANDLE;

/* hProcess NULL: the caller. Bytes. */
typedef struct _D3DKMT_QUERYVIDEOMEMORYINFO
{
    HANDLE                      hProcess;
    D3DKMT_HANDLE               hAdapter;
    D3DKMT_MEMORY_SEGMENT_GROUP MemorySegmentGroup;
    UINT64                      Budget;
    UINT64                      CurrentUsage;
    UINT64                      CurrentReservation;
    UINT64                      AvailableForReservation;
    UINT                        PhysicalAdapterIndex;
} D3DKMT_QUERYVIDEOMEMORYINFO;

/* Exactly one of pResources and HandleList. pDiscarded: one answer for each entry, or NULL. */
typedef struct _D3DKMT_RECLAIMALLOCATIONS
{
    D3DKMT_HANDLE       hDevice;
    D3DKMT_HANDLE       *pResources;
    const D3DKMT_HANDLE *HandleList;
    BOOL                *pDiscarded;
    UINT                NumAllocations;
} D3DKMT_RECLAIMALLOCATIONS;

/* As above, by paging queue. pDiscarded is BOOLs, pResults tells NOT_COMMITTED apart; 4 bytes an entry both. */
typedef struct _D3DKMT_RECLAIMALLOCATIONS2
{
    D3DKMT_HANDLE       hPagingQueue;
    UINT                NumAllocations;
    D3DKMT_HANDLE       *pResources;
    const D3DKMT_HANDLE *HandleList;
    union
    {
        BOOL                  *pDiscarded;
        D3DDDI_RECLAIM_RESULT *pResults;
    };
    UINT64 PagingFenceValue;
} D3DKMT_RECLAIMALLOCATIONS2;

typedef struct _D3DKMT_REGISTERBUDGETCHANGENOTIFICATION
{
    D3DKMT_HANDLE                              hDevice;
    PFND3DKMT_BUDGETCHANGENOTIFICATIONCALLBACK Callback;
    void                                       *Context;
    void                                       *Handle;
} D3DKMT_REGISTERBUDGETCHANGENOTIFICATION;

/* NumBytesToTrim is valid with Flags.TrimToBudget. */
typedef struct _D3DKMT_TRIMNOTIFICATION
{
    void                          *Context;
    D3DDDI_TRIMRESIDENCYSET_FLAGS Flags;
    UINT64                        NumBytesToTrim;
} D3DKMT_TRIMNOTIFICATION;

typedef void (APIENTRY *PFND3DKMT_TRIMNOTIFICATIONCALLBACK)( D3DKMT_TRIMNOTIFICATION * );

typedef struct _D3DKMT_REGISTERTRIMNOTIFICATION
{
    LUID                               AdapterLuid;
    D3DKMT_HANDLE                      hDevice;
    PFND3DKMT_TRIMNOTIFICATIONCALLBACK Callback;
    void                               *Context;
    void                               *Handle;
} D3DKMT_REGISTERTRIMNOTIFICATION;

typedef struct _D3DKMT_SETALLOCATIONPRIORITY
{
    D3DKMT_HANDLE       hDevice;
    D3DKMT_HANDLE       hResource;
    const D3DKMT_HANDLE *phAllocationList;
    UINT                AllocationCount;
    const UINT          *pPriorities;
} D3DKMT_SETALLOCATIONPRIORITY;

typedef struct _D3DKMT_SHAREOBJECTS
{
    UINT                ObjectCount;
    const D3DKMT_HANDLE *ObjectHandleArray;
    struct _OBJECT_ATTRIBUTES   *pObjectAttributes;
    DWORD               DesiredAccess;
    HANDLE              *pSharedNtHandle;
} D3DKMT_SHAREOBJECTS;

typedef struct _D3DKMT_SHAREOBJECTWITHHOST
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hObject;
    UINT64        Reserved;
    UINT64        hVailProcessNtHandle;
} D3DKMT_SHAREOBJECTWITHHOST;

typedef union _D3DKMT_TRIMPROCESSCOMMITMENT_FLAGS
{
    struct
    {
        UINT Lazy : 1;
        UINT OnlyRepurposed : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DKMT_TRIMPROCESSCOMMITMENT_FLAGS;

typedef struct _D3DKMT_TRIMPROCESSCOMMITMENT
{
    ULONG                              cbSize;
    HANDLE                             hProcess;
    D3DKMT_TRIMPROCESSCOMMITMENT_FLAGS Flags;
    UINT64                             DecommitRequested;
    UINT64                             NumBytesDecommitted;
} D3DKMT_TRIMPROCESSCOMMITMENT;

typedef struct _D3DKMT_UNLOCK
{
    D3DKMT_HANDLE       hDevice;
    UINT                NumAllocations;
    const D3DKMT_HANDLE *phAllocations;
} D3DKMT_UNLOCK;

typedef struct _D3DKMT_UNLOCK2
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hAllocation;
} D3DKMT_UNLOCK2;

typedef struct _D3DKMT_UNPINDIRECTFLIPRESOURCES
{
    D3DKMT_HANDLE hDevice;
    UINT          ResourceCount;
    D3DKMT_HANDLE *pResourceList;
} D3DKMT_UNPINDIRECTFLIPRESOURCES;

typedef struct _D3DKMT_UNPINRESOURCES
{
    D3DKMT_HANDLE hDevice;
    UINT          ResourceCount;
    D3DKMT_HANDLE *pResourceList;
    UINT          Reserved;
} D3DKMT_UNPINRESOURCES;

typedef struct _D3DKMT_UNREGISTERBUDGETCHANGENOTIFICATION
{
    void *Handle;
} D3DKMT_UNREGISTERBUDGETCHANGENOTIFICATION;

typedef struct _D3DKMT_UNREGISTERTRIMNOTIFICATION
{
    void                               *Handle;
    PFND3DKMT_TRIMNOTIFICATIONCALLBACK Callback;
} D3DKMT_UNREGISTERTRIMNOTIFICATION;

typedef struct _D3DKMT_UPDATEGPUVIRTUALADDRESS
{
    D3DKMT_HANDLE                            hDevice;
    D3DKMT_HANDLE                            hContext;
    D3DKMT_HANDLE                            hFenceObject;
    UINT                                     NumOperations;
    D3DDDI_UPDATEGPUVIRTUALADDRESS_OPERATION *Operations;
    SIZE_T                                   Reserved0;
    UINT64                                   Reserved1;
    UINT64                                   FenceValue;
    union
    {
        struct
        {
            UINT DoNotWait : 1;
            UINT Reserved : 31;
        };
        UINT Value;
    } Flags;
} D3DKMT_UPDATEGPUVIRTUALADDRESS;

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_DDK_D3DKMTHK_MEMORY_H */
