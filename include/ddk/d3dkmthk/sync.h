/*
 * Synchronisation objects and keyed mutexes
 *
 * A part of ddk/d3dkmthk.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DDK_D3DKMTHK_SYNC_H
#define __WINEKMT_DDK_D3DKMTHK_SYNC_H

#include "../d3dkmdt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _D3DKMT_ACQUIREKEYEDMUTEX
{
    D3DKMT_HANDLE  hKeyedMutex;
    UINT64         Key;
    PLARGE_INTEGER pTimeout;
    UINT64         FenceValue;
} D3DKMT_ACQUIREKEYEDMUTEX;

typedef struct _D3DKMT_ACQUIREKEYEDMUTEX2
{
    D3DKMT_HANDLE  hKeyedMutex;
    UINT64         Key;
    PLARGE_INTEGER pTimeout;
    UINT64         FenceValue;
    void           *pPrivateRuntimeData;
    UINT           PrivateRuntimeDataSize;
} D3DKMT_ACQUIREKEYEDMUTEX2;

typedef struct _D3DKMT_CREATEKEYEDMUTEX
{
    UINT64        InitialValue;
    D3DKMT_HANDLE hSharedHandle;
    D3DKMT_HANDLE hKeyedMutex;
} D3DKMT_CREATEKEYEDMUTEX;

typedef union _D3DKMT_CREATEKEYEDMUTEX2_FLAGS
{
    struct
    {
        UINT NtSecuritySharing : 1;
        UINT Reserved : 31;
    };
    UINT Value;
} D3DKMT_CREATEKEYEDMUTEX2_FLAGS;

typedef struct _D3DKMT_CREATEKEYEDMUTEX2
{
    UINT64                         InitialValue;
    D3DKMT_HANDLE                  hSharedHandle;
    D3DKMT_HANDLE                  hKeyedMutex;
    void                           *pPrivateRuntimeData;
    UINT                           PrivateRuntimeDataSize;
    D3DKMT_CREATEKEYEDMUTEX2_FLAGS Flags;
} D3DKMT_CREATEKEYEDMUTEX2;

typedef struct _D3DKMT_CREATESYNCFILE
{
    D3DKMT_HANDLE hDevice;
    D3DKMT_HANDLE hMonitoredFence;
    UINT64        FenceValue;
    UINT64        hSyncFile;
} D3DKMT_CREATESYNCFILE;

typedef struct _D3DKMT_CREATESYNCHRONIZATIONOBJECT
{
    D3DKMT_HANDLE                    hDevice;
    D3DDDI_SYNCHRONIZATIONOBJECTINFO Info;
    D3DKMT_HANDLE                    hSyncObject;
} D3DKMT_CREATESYNCHRONIZATIONOBJECT;

typedef struct _D3DKMT_CREATESYNCHRONIZATIONOBJECT2
{
    D3DKMT_HANDLE                     hDevice;
    D3DDDI_SYNCHRONIZATIONOBJECTINFO2 Info;
    D3DKMT_HANDLE                     hSyncObject;
} D3DKMT_CREATESYNCHRONIZATIONOBJECT2;

typedef struct _D3DKMT_DESTROYKEYEDMUTEX
{
    D3DKMT_HANDLE hKeyedMutex;
} D3DKMT_DESTROYKEYEDMUTEX;

typedef struct _D3DKMT_DESTROYSYNCHRONIZATIONOBJECT
{
    D3DKMT_HANDLE hSyncObject;
} D3DKMT_DESTROYSYNCHRONIZATIONOBJECT;

typedef struct _D3DKMT_OPENKEYEDMUTEX
{
    D3DKMT_HANDLE hSharedHandle;
    D3DKMT_HANDLE hKeyedMutex;
} D3DKMT_OPENKEYEDMUTEX;

typedef struct _D3DKMT_OPENKEYEDMUTEX2
{
    D3DKMT_HANDLE hSharedHandle;
    D3DKMT_HANDLE hKeyedMutex;
    void          *pPrivateRuntimeData;
    UINT          PrivateRuntimeDataSize;
} D3DKMT_OPENKEYEDMUTEX2;

typedef struct _D3DKMT_OPENKEYEDMUTEXFROMNTHANDLE
{
    HANDLE        hNtHandle;
    D3DKMT_HANDLE hKeyedMutex;
    void          *pPrivateRuntimeData;
    UINT          PrivateRuntimeDataSize;
} D3DKMT_OPENKEYEDMUTEXFROMNTHANDLE;

typedef struct _D3DKMT_OPENSYNCHRONIZATIONOBJECT
{
    D3DKMT_HANDLE hSharedHandle;
    D3DKMT_HANDLE hSyncObject;
    UINT64        Reserved[8];
} D3DKMT_OPENSYNCHRONIZATIONOBJECT;

typedef struct _D3DKMT_OPENSYNCOBJECTFROMNTHANDLE
{
    HANDLE        hNtHandle;
    D3DKMT_HANDLE hSyncObject;
} D3DKMT_OPENSYNCOBJECTFROMNTHANDLE;

typedef struct _D3DKMT_OPENSYNCOBJECTFROMNTHANDLE2
{
    HANDLE                             hNtHandle;
    D3DKMT_HANDLE                      hDevice;
    D3DDDI_SYNCHRONIZATIONOBJECT_FLAGS Flags;
    D3DKMT_HANDLE                      hSyncObject;
    union
    {
        struct
        {
            void                   *FenceValueCPUVirtualAddress;
            D3DGPU_VIRTUAL_ADDRESS FenceValueGPUVirtualAddress;
            UINT                   EngineAffinity;
        } MonitoredFence;
        UINT64 Reserved[8];
    };
} D3DKMT_OPENSYNCOBJECTFROMNTHANDLE2;

typedef struct _D3DKMT_OPENSYNCOBJECTNTHANDLEFROMNAME
{
    DWORD             dwDesiredAccess;
    struct _OBJECT_ATTRIBUTES *pObjAttrib;
    HANDLE            hNtHandle;
} D3DKMT_OPENSYNCOBJECTNTHANDLEFROMNAME;

typedef struct _D3DKMT_RELEASEKEYEDMUTEX
{
    D3DKMT_HANDLE hKeyedMutex;
    UINT64        Key;
    UINT64        FenceValue;
} D3DKMT_RELEASEKEYEDMUTEX;

typedef struct _D3DKMT_RELEASEKEYEDMUTEX2
{
    D3DKMT_HANDLE hKeyedMutex;
    UINT64        Key;
    UINT64        FenceValue;
    void          *pPrivateRuntimeData;
    UINT          PrivateRuntimeDataSize;
} D3DKMT_RELEASEKEYEDMUTEX2;

typedef struct _D3DKMT_SIGNALSYNCHRONIZATIONOBJECT
{
    D3DKMT_HANDLE        hContext;
    UINT                 ObjectCount;
    D3DKMT_HANDLE        ObjectHandleArray[D3DDDI_MAX_OBJECT_SIGNALED];
    D3DDDICB_SIGNALFLAGS Flags;
} D3DKMT_SIGNALSYNCHRONIZATIONOBJECT;

typedef struct _D3DKMT_SIGNALSYNCHRONIZATIONOBJECT2
{
    D3DKMT_HANDLE        hContext;
    UINT                 ObjectCount;
    D3DKMT_HANDLE        ObjectHandleArray[D3DDDI_MAX_OBJECT_SIGNALED];
    D3DDDICB_SIGNALFLAGS Flags;
    ULONG                BroadcastContextCount;
    D3DKMT_HANDLE        BroadcastContext[D3DDDI_MAX_BROADCAST_CONTEXT];
    union
    {
        struct
        {
            UINT64 FenceValue;
        } Fence;
        HANDLE CpuEventHandle;
        UINT64 Reserved[8];
    };
} D3DKMT_SIGNALSYNCHRONIZATIONOBJECT2;

typedef struct _D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU
{
    D3DKMT_HANDLE        hDevice;
    UINT                 ObjectCount;
    const D3DKMT_HANDLE  *ObjectHandleArray;
    const UINT64         *FenceValueArray;
    D3DDDICB_SIGNALFLAGS Flags;
} D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU;

typedef struct _D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMGPU
{
    D3DKMT_HANDLE       hContext;
    UINT                ObjectCount;
    const D3DKMT_HANDLE *ObjectHandleArray;
    union
    {
        const UINT64 *MonitoredFenceValueArray;
        UINT64       Reserved[8];
    };
} D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMGPU;

typedef struct _D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMGPU2
{
    UINT                 ObjectCount;
    const D3DKMT_HANDLE  *ObjectHandleArray;
    D3DDDICB_SIGNALFLAGS Flags;
    ULONG                BroadcastContextCount;
    const D3DKMT_HANDLE  *BroadcastContextArray;
    union
    {
        UINT64       FenceValue;
        HANDLE       CpuEventHandle;
        const UINT64 *MonitoredFenceValueArray;
        UINT64       Reserved[8];
    };
} D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMGPU2;

typedef struct _D3DKMT_SUBMITSIGNALSYNCOBJECTSTOHWQUEUE
{
    D3DDDICB_SIGNALFLAGS Flags;
    UINT                 BroadcastHwQueueCount;
    const D3DKMT_HANDLE  *BroadcastHwQueueArray;
    UINT                 ObjectCount;
    const D3DKMT_HANDLE  *ObjectHandleArray;
    const UINT64         *FenceValueArray;
} D3DKMT_SUBMITSIGNALSYNCOBJECTSTOHWQUEUE;

typedef struct _D3DKMT_SUBMITWAITFORSYNCOBJECTSTOHWQUEUE
{
    D3DKMT_HANDLE       hHwQueue;
    UINT                ObjectCount;
    const D3DKMT_HANDLE *ObjectHandleArray;
    const UINT64        *FenceValueArray;
} D3DKMT_SUBMITWAITFORSYNCOBJECTSTOHWQUEUE;

typedef struct _D3DKMT_WAITFORSYNCHRONIZATIONOBJECT
{
    D3DKMT_HANDLE hContext;
    UINT          ObjectCount;
    D3DKMT_HANDLE ObjectHandleArray[D3DDDI_MAX_OBJECT_WAITED_ON];
} D3DKMT_WAITFORSYNCHRONIZATIONOBJECT;

typedef struct _D3DKMT_WAITFORSYNCHRONIZATIONOBJECT2
{
    D3DKMT_HANDLE hContext;
    UINT          ObjectCount;
    D3DKMT_HANDLE ObjectHandleArray[D3DDDI_MAX_OBJECT_WAITED_ON];
    union
    {
        struct
        {
            UINT64 FenceValue;
        } Fence;
        UINT64 Reserved[8];
    };
} D3DKMT_WAITFORSYNCHRONIZATIONOBJECT2;

typedef struct _D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU
{
    D3DKMT_HANDLE                                    hDevice;
    UINT                                             ObjectCount;
    const D3DKMT_HANDLE                              *ObjectHandleArray;
    const UINT64                                     *FenceValueArray;
    HANDLE                                           hAsyncEvent;
    D3DDDI_WAITFORSYNCHRONIZATIONOBJECTFROMCPU_FLAGS Flags;
} D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU;

typedef struct _D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMGPU
{
    D3DKMT_HANDLE       hContext;
    UINT                ObjectCount;
    const D3DKMT_HANDLE *ObjectHandleArray;
    union
    {
        const UINT64 *MonitoredFenceValueArray;
        UINT64       FenceValue;
        UINT64       Reserved[8];
    };
} D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMGPU;

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_DDK_D3DKMTHK_SYNC_H */
