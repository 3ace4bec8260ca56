/*
 * Adapters: finding and opening them, and what D3DKMTQueryAdapterInfo answers
 *
 * A part of ddk/d3dkmthk.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DDK_D3DKMTHK_ADAPTER_H
#define __WINEKMT_DDK_D3DKMTHK_ADAPTER_H

#include "../d3dkmdt.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MAX_ENUM_ADAPTERS   16  /* of D3DKMTEnumAdapters only */

/* What D3DKMTQueryAdapterInfo is asked for. The answer is the D3DKMT_ structure of that name unless said otherwise. */
typedef enum _KMTQUERYADAPTERINFOTYPE
{
    KMTQAITYPE_UMDRIVERPRIVATE = 0,   /* private data of the driver; here struct winekmt_adapter_data */
    KMTQAITYPE_UMDRIVERNAME = 1,   /* D3DKMT_UMDFILENAMEINFO */
    KMTQAITYPE_UMOPENGLINFO = 2,
    KMTQAITYPE_GETSEGMENTSIZE = 3,   /* D3DKMT_SEGMENTSIZEINFO */
    KMTQAITYPE_ADAPTERGUID = 4,   /* a GUID */
    KMTQAITYPE_FLIPQUEUEINFO = 5,
    KMTQAITYPE_ADAPTERADDRESS = 6,
    KMTQAITYPE_SETWORKINGSETINFO = 7,   /* D3DKMT_WORKINGSETINFO */
    KMTQAITYPE_ADAPTERREGISTRYINFO = 8,
    KMTQAITYPE_CURRENTDISPLAYMODE = 9,
    KMTQAITYPE_MODELIST = 10,   /* an array of D3DKMT_DISPLAYMODE */
    KMTQAITYPE_CHECKDRIVERUPDATESTATUS = 11,   /* a BOOL */
    KMTQAITYPE_VIRTUALADDRESSINFO = 12,
    KMTQAITYPE_DRIVERVERSION = 13,   /* a D3DKMT_DRIVERVERSION */
    KMTQAITYPE_ADAPTERTYPE = 15,
    KMTQAITYPE_OUTPUTDUPLCONTEXTSCOUNT = 16,
    KMTQAITYPE_WDDM_1_2_CAPS = 17,
    KMTQAITYPE_UMD_DRIVER_VERSION = 18,
    KMTQAITYPE_DIRECTFLIP_SUPPORT = 19,
    KMTQAITYPE_MULTIPLANEOVERLAY_SUPPORT = 20,
    KMTQAITYPE_DLIST_DRIVER_NAME = 21,
    KMTQAITYPE_WDDM_1_3_CAPS = 22,
    KMTQAITYPE_MULTIPLANEOVERLAY_HUD_SUPPORT = 23,
    KMTQAITYPE_WDDM_2_0_CAPS = 24,
    KMTQAITYPE_NODEMETADATA = 25,
    KMTQAITYPE_CPDRIVERNAME = 26,
    KMTQAITYPE_XBOX = 27,
    KMTQAITYPE_INDEPENDENTFLIP_SUPPORT = 28,
    KMTQAITYPE_MIRACASTCOMPANIONDRIVERNAME = 29,
    KMTQAITYPE_PHYSICALADAPTERCOUNT = 30,
    KMTQAITYPE_PHYSICALADAPTERDEVICEIDS = 31,
    KMTQAITYPE_DRIVERCAPS_EXT = 32,
    KMTQAITYPE_QUERY_MIRACAST_DRIVER_TYPE = 33,
    KMTQAITYPE_QUERY_GPUMMU_CAPS = 34,
    KMTQAITYPE_QUERY_MULTIPLANEOVERLAY_DECODE_SUPPORT = 35,
    KMTQAITYPE_QUERY_HW_PROTECTION_TEARDOWN_COUNT = 36,
    KMTQAITYPE_QUERY_ISBADDRIVERFORHWPROTECTIONDISABLED = 37,
    KMTQAITYPE_MULTIPLANEOVERLAY_SECONDARY_SUPPORT = 38,
    KMTQAITYPE_INDEPENDENTFLIP_SECONDARY_SUPPORT = 39,
    KMTQAITYPE_PANELFITTER_SUPPORT = 40,
    KMTQAITYPE_PHYSICALADAPTERPNPKEY = 41,
    KMTQAITYPE_GETSEGMENTGROUPSIZE = 42,   /* D3DKMT_SEGMENTGROUPSIZEINFO */
    KMTQAITYPE_MPO3DDI_SUPPORT = 43,
    KMTQAITYPE_HWDRM_SUPPORT = 44,
    KMTQAITYPE_MPOKERNELCAPS_SUPPORT = 45,
    KMTQAITYPE_MULTIPLANEOVERLAY_STRETCH_SUPPORT = 46,
    KMTQAITYPE_GET_DEVICE_VIDPN_OWNERSHIP_INFO = 47,
    KMTQAITYPE_QUERYREGISTRY = 48,
    KMTQAITYPE_KMD_DRIVER_VERSION = 49,
    KMTQAITYPE_BLOCKLIST_KERNEL = 50,
    KMTQAITYPE_BLOCKLIST_RUNTIME = 51,
    KMTQAITYPE_ADAPTERGUID_RENDER = 52,
    KMTQAITYPE_ADAPTERADDRESS_RENDER = 53,
    KMTQAITYPE_ADAPTERREGISTRYINFO_RENDER = 54,
    KMTQAITYPE_CHECKDRIVERUPDATESTATUS_RENDER = 55,
    KMTQAITYPE_DRIVERVERSION_RENDER = 56,
    KMTQAITYPE_ADAPTERTYPE_RENDER = 57,
    KMTQAITYPE_WDDM_1_2_CAPS_RENDER = 58,
    KMTQAITYPE_WDDM_1_3_CAPS_RENDER = 59,
    KMTQAITYPE_QUERY_ADAPTER_UNIQUE_GUID = 60,
    KMTQAITYPE_NODEPERFDATA = 61,
    KMTQAITYPE_ADAPTERPERFDATA = 62,
    KMTQAITYPE_ADAPTERPERFDATA_CAPS = 63,
    KMTQUITYPE_GPUVERSION = 64,
    KMTQAITYPE_DRIVER_DESCRIPTION = 65,
    KMTQAITYPE_DRIVER_DESCRIPTION_RENDER = 66,
    KMTQAITYPE_SCANOUT_CAPS = 67,
    KMTQAITYPE_PARAVIRTUALIZATION_RENDER = 68,
    KMTQAITYPE_SERVICENAME = 69,
    KMTQAITYPE_WDDM_2_7_CAPS = 70,
    KMTQAITYPE_DISPLAY_UMDRIVERNAME = 71,
    KMTQAITYPE_TRACKEDWORKLOAD_SUPPORT = 72,
    KMTQAITYPE_HYBRID_DLIST_DLL_SUPPORT = 73,
    KMTQAITYPE_DISPLAY_CAPS = 74,
    KMTQAITYPE_WDDM_2_9_CAPS = 75,
    KMTQAITYPE_CROSSADAPTERRESOURCE_SUPPORT = 76,
    KMTQAITYPE_WDDM_3_0_CAPS = 77,
} KMTQUERYADAPTERINFOTYPE;

typedef enum _D3DKMT_DRIVERVERSION
{
    KMT_DRIVERVERSION_WDDM_1_0 = 1000,
    KMT_DRIVERVERSION_WDDM_1_1_PRERELEASE = 1102,
    KMT_DRIVERVERSION_WDDM_1_1 = 1105,
    KMT_DRIVERVERSION_WDDM_1_2 = 1200,
    KMT_DRIVERVERSION_WDDM_1_3 = 1300,
    KMT_DRIVERVERSION_WDDM_2_0 = 2000,
    KMT_DRIVERVERSION_WDDM_2_1 = 2100,
    KMT_DRIVERVERSION_WDDM_2_2 = 2200,
    KMT_DRIVERVERSION_WDDM_2_3 = 2300,
    KMT_DRIVERVERSION_WDDM_2_4 = 2400,
    KMT_DRIVERVERSION_WDDM_2_5 = 2500,
    KMT_DRIVERVERSION_WDDM_2_6 = 2600,
    KMT_DRIVERVERSION_WDDM_2_7 = 2700,
    KMT_DRIVERVERSION_WDDM_2_8 = 2800,
    KMT_DRIVERVERSION_WDDM_2_9 = 2900,
    KMT_DRIVERVERSION_WDDM_3_0 = 3000,
    KMT_DRIVERVERSION_WDDM_3_1 = 3100
} D3DKMT_DRIVERVERSION;

/* Which user-mode driver D3DKMT_UMDFILENAMEINFO asks for */
typedef enum _KMTUMDVERSION
{
    KMTUMDVERSION_DX9 = 0,
    KMTUMDVERSION_DX10 = 1,
    KMTUMDVERSION_DX11 = 2,
    KMTUMDVERSION_DX12 = 3,
    KMTUMDVERSION_DX12_WSA32 = 4,
    KMTUMDVERSION_DX12_WSA64 = 5,
    NUM_KMTUMDVERSIONS
} KMTUMDVERSION;

typedef enum _KMT_DISPLAY_UMD_VERSION
{
    KMT_DISPLAY_UMD_VERSION_1 = 0,
    NUM_KMT_DISPLAY_UMDVERSIONS
} KMT_DISPLAY_UMD_VERSION;

typedef enum _D3DKMT_PNP_KEY_TYPE
{
    D3DKMT_PNP_KEY_HARDWARE = 1,
    D3DKMT_PNP_KEY_SOFTWARE = 2
} D3DKMT_PNP_KEY_TYPE;

typedef enum _D3DKMT_CROSSADAPTERRESOURCE_SUPPORT_TIER
{
    D3DKMT_CROSSADAPTERRESOURCE_SUPPORT_TIER_NONE = 0,
    D3DKMT_CROSSADAPTERRESOURCE_SUPPORT_TIER_COPY = 1,
    D3DKMT_CROSSADAPTERRESOURCE_SUPPORT_TIER_TEXTURE = 2,
    D3DKMT_CROSSADAPTERRESOURCE_SUPPORT_TIER_SCANOUT = 3
} D3DKMT_CROSSADAPTERRESOURCE_SUPPORT_TIER;

typedef enum _D3DKMT_MIRACAST_DRIVER_TYPE
{
    D3DKMT_MIRACAST_DRIVER_NOT_SUPPORTED = 0,
    D3DKMT_MIRACAST_DRIVER_IHV = 1,
    D3DKMT_MIRACAST_DRIVER_MS = 2
} D3DKMT_MIRACAST_DRIVER_TYPE;

typedef struct _D3DKMT_ADAPTERADDRESS
{
    UINT BusNumber;
    UINT DeviceNumber;
    UINT FunctionNumber;
} D3DKMT_ADAPTERADDRESS;

typedef struct _D3DKMT_ADAPTERINFO
{
    D3DKMT_HANDLE hAdapter;
    LUID          AdapterLuid;
    ULONG         NumOfSources;
    BOOL          bPrecisePresentRegionsPreferred;
} D3DKMT_ADAPTERINFO;

typedef struct _D3DKMT_ADAPTERREGISTRYINFO
{
    WCHAR AdapterString[MAX_PATH];
    WCHAR BiosString[MAX_PATH];
    WCHAR DacType[MAX_PATH];
    WCHAR ChipType[MAX_PATH];
} D3DKMT_ADAPTERREGISTRYINFO;

typedef union _D3DKMT_ADAPTERTYPE
{
    struct
    {
        UINT RenderSupported : 1;
        UINT DisplaySupported : 1;
        UINT SoftwareDevice : 1;
        UINT PostDevice : 1;
        UINT HybridDiscrete : 1;
        UINT HybridIntegrated : 1;
        UINT IndirectDisplayDevice : 1;
        UINT Paravirtualized : 1;
        UINT ACGSupported : 1;
        UINT SupportSetTimingsFromVidPn : 1;
        UINT Detachable : 1;
        UINT ComputeOnly : 1;
        UINT Prototype : 1;
        UINT RuntimePowerManagement : 1;
        UINT Reserved : 18;
    };
    UINT Value;
} D3DKMT_ADAPTERTYPE;

typedef struct _D3DKMT_ADAPTER_PERFDATA
{
    UINT32    PhysicalAdapterIndex;
    ULONGLONG MemoryFrequency;
    ULONGLONG MaxMemoryFrequency;
    ULONGLONG MaxMemoryFrequencyOC;
    ULONGLONG MemoryBandwidth;
    ULONGLONG PCIEBandwidth;
    ULONG     FanRPM;
    ULONG     Power;
    ULONG     Temperature;
    UCHAR     PowerStateOverride;
} D3DKMT_ADAPTER_PERFDATA;

typedef struct _D3DKMT_ADAPTER_PERFDATACAPS
{
    UINT32    PhysicalAdapterIndex;
    ULONGLONG MaxMemoryBandwidth;
    ULONGLONG MaxPCIEBandwidth;
    ULONG     MaxFanRPM;
    ULONG     TemperatureMax;
    ULONG     TemperatureWarning;
} D3DKMT_ADAPTER_PERFDATACAPS;

typedef struct _D3DKMT_BLOCKLIST_INFO
{
    UINT  Size;
    WCHAR BlockList[1];
} D3DKMT_BLOCKLIST_INFO;

typedef struct _D3DKMT_CLOSEADAPTER
{
    D3DKMT_HANDLE hAdapter;
} D3DKMT_CLOSEADAPTER;

typedef struct _D3DKMT_CPDRIVERNAME
{
    WCHAR ContentProtectionFileName[MAX_PATH];
} D3DKMT_CPDRIVERNAME;

typedef struct _D3DKMT_CROSSADAPTERRESOURCE_SUPPORT
{
    D3DKMT_CROSSADAPTERRESOURCE_SUPPORT_TIER SupportTier;
} D3DKMT_CROSSADAPTERRESOURCE_SUPPORT;

typedef struct _D3DKMT_DEVICE_IDS
{
    UINT VendorID;
    UINT DeviceID;
    UINT SubVendorID;
    UINT SubSystemID;
    UINT RevisionID;
    UINT BusType;
} D3DKMT_DEVICE_IDS;

typedef struct _D3DKMT_DIRECTFLIP_SUPPORT
{
    BOOL Supported;
} D3DKMT_DIRECTFLIP_SUPPORT;

typedef union _D3DKMT_DISPLAY_CAPS
{
    struct
    {
        UINT64 PreferPhysicallyContiguous : 1;
        UINT64 Reserved : 63;
    };
    UINT64 Value;
} D3DKMT_DISPLAY_CAPS;

typedef struct _D3DKMT_DISPLAY_UMD_FILENAMEINFO
{
    KMT_DISPLAY_UMD_VERSION Version;
    WCHAR                   UmdFileName[MAX_PATH];
} D3DKMT_DISPLAY_UMD_FILENAMEINFO;

typedef struct _D3DKMT_DLIST_DRIVER_NAME
{
    WCHAR DListFileName[MAX_PATH];
} D3DKMT_DLIST_DRIVER_NAME;

typedef union _D3DKMT_DRIVERCAPS_EXT
{
    struct
    {
        UINT VirtualModeSupport : 1;
        UINT Usb4MonitorSupport : 1;
        UINT Reserved : 30;
    };
    UINT Value;
} D3DKMT_DRIVERCAPS_EXT;

typedef struct _D3DKMT_DRIVER_DESCRIPTION
{
    WCHAR DriverDescription[4096];
} D3DKMT_DRIVER_DESCRIPTION;

typedef struct _D3DKMT_ENUMADAPTERS
{
    ULONG              NumAdapters;
    D3DKMT_ADAPTERINFO Adapters[MAX_ENUM_ADAPTERS];
} D3DKMT_ENUMADAPTERS;

/* pAdapters NULL: NumAdapters out is the most there can be. The caller closes every handle it gets. */
typedef struct _D3DKMT_ENUMADAPTERS2
{
    ULONG              NumAdapters;
    D3DKMT_ADAPTERINFO *pAdapters;
} D3DKMT_ENUMADAPTERS2;

typedef union _D3DKMT_ENUMADAPTERS_FILTER
{
    struct
    {
        UINT64 IncludeComputeOnly : 1;
        UINT64 IncludeDisplayOnly : 1;
        UINT64 Reserved : 62;
    };
    ULONGLONG Value;
} D3DKMT_ENUMADAPTERS_FILTER;

typedef struct _D3DKMT_ENUMADAPTERS3
{
    D3DKMT_ENUMADAPTERS_FILTER Filter;
    ULONG                      NumAdapters;
    D3DKMT_ADAPTERINFO         *pAdapters;
} D3DKMT_ENUMADAPTERS3;

typedef struct _D3DKMT_FLIPINFOFLAGS
{
    UINT FlipInterval : 1;
    UINT Reserved : 31;
} D3DKMT_FLIPINFOFLAGS;

typedef struct _D3DKMT_FLIPQUEUEINFO
{
    UINT                 MaxHardwareFlipQueueLength;
    UINT                 MaxSoftwareFlipQueueLength;
    D3DKMT_FLIPINFOFLAGS FlipFlags;
} D3DKMT_FLIPQUEUEINFO;

typedef struct _D3DKMT_GPUMMU_CAPS
{
    union
    {
        struct
        {
            UINT ReadOnlyMemorySupported : 1;
            UINT NoExecuteMemorySupported : 1;
            UINT CacheCoherentMemorySupported : 1;
            UINT Reserved : 29;
        };
        UINT Value;
    } Flags;
    UINT VirtualAddressBitCount;
} D3DKMT_GPUMMU_CAPS;

typedef struct _D3DKMT_GPUVERSION
{
    UINT32 PhysicalAdapterIndex;
    WCHAR  BiosVersion[32];
    WCHAR  GpuArchitecture[32];
} D3DKMT_GPUVERSION;

typedef struct _D3DKMT_HWDRM_SUPPORT
{
    BOOLEAN Supported;
} D3DKMT_HWDRM_SUPPORT;

typedef struct _D3DKMT_HYBRID_DLIST_DLL_SUPPORT
{
    BOOL Supported;
} D3DKMT_HYBRID_DLIST_DLL_SUPPORT;

typedef struct _D3DKMT_INDEPENDENTFLIP_SECONDARY_SUPPORT
{
    BOOL Supported;
} D3DKMT_INDEPENDENTFLIP_SECONDARY_SUPPORT;

typedef struct _D3DKMT_INDEPENDENTFLIP_SUPPORT
{
    BOOL Supported;
} D3DKMT_INDEPENDENTFLIP_SUPPORT;

typedef struct _D3DKMT_ISBADDRIVERFORHWPROTECTIONDISABLED
{
    BOOL Disabled;
} D3DKMT_ISBADDRIVERFORHWPROTECTIONDISABLED;

typedef struct _D3DKMT_KMD_DRIVER_VERSION
{
    LARGE_INTEGER DriverVersion;
} D3DKMT_KMD_DRIVER_VERSION;

typedef struct _D3DKMT_MIRACASTCOMPANIONDRIVERNAME
{
    WCHAR MiracastCompanionDriverName[MAX_PATH];
} D3DKMT_MIRACASTCOMPANIONDRIVERNAME;

typedef struct _D3DKMT_MPO3DDI_SUPPORT
{
    BOOL Supported;
} D3DKMT_MPO3DDI_SUPPORT;

typedef struct _D3DKMT_MPOKERNELCAPS_SUPPORT
{
    BOOL Supported;
} D3DKMT_MPOKERNELCAPS_SUPPORT;

typedef struct _D3DKMT_MULTIPLANEOVERLAY_DECODE_SUPPORT
{
    BOOL Supported;
} D3DKMT_MULTIPLANEOVERLAY_DECODE_SUPPORT;

typedef struct _D3DKMT_MULTIPLANEOVERLAY_HUD_SUPPORT
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    BOOL                           Update;
    BOOL                           KernelSupported;
    BOOL                           HudSupported;
} D3DKMT_MULTIPLANEOVERLAY_HUD_SUPPORT;

typedef struct _D3DKMT_MULTIPLANEOVERLAY_SECONDARY_SUPPORT
{
    BOOL Supported;
} D3DKMT_MULTIPLANEOVERLAY_SECONDARY_SUPPORT;

typedef struct _D3DKMT_MULTIPLANEOVERLAY_STRETCH_SUPPORT
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    BOOL                           Update;
    BOOL                           Supported;
} D3DKMT_MULTIPLANEOVERLAY_STRETCH_SUPPORT;

typedef struct _D3DKMT_MULTIPLANEOVERLAY_SUPPORT
{
    BOOL Supported;
} D3DKMT_MULTIPLANEOVERLAY_SUPPORT;

#pragma pack(push, 1)
typedef struct _D3DKMT_NODEMETADATA
{
    UINT              NodeOrdinalAndAdapterIndex;
    DXGK_NODEMETADATA NodeData;
} D3DKMT_NODEMETADATA;
#pragma pack(pop)

typedef struct _D3DKMT_NODE_PERFDATA
{
    UINT32    NodeOrdinal;
    UINT32    PhysicalAdapterIndex;
    ULONGLONG Frequency;
    ULONGLONG MaxFrequency;
    ULONGLONG MaxFrequencyOC;
    ULONG     Voltage;
    ULONG     VoltageMax;
    ULONG     VoltageMaxOC;
    ULONGLONG MaxTransitionLatency;
} D3DKMT_NODE_PERFDATA;

typedef struct _D3DKMT_OPENADAPTERFROMDEVICENAME
{
    PCWSTR        pDeviceName;
    D3DKMT_HANDLE hAdapter;
    LUID          AdapterLuid;
} D3DKMT_OPENADAPTERFROMDEVICENAME;

typedef struct _D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME
{
    WCHAR                          DeviceName[32];
    D3DKMT_HANDLE                  hAdapter;
    LUID                           AdapterLuid;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
} D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME;

typedef struct _D3DKMT_OPENADAPTERFROMHDC
{
    HDC                            hDc;
    D3DKMT_HANDLE                  hAdapter;
    LUID                           AdapterLuid;
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
} D3DKMT_OPENADAPTERFROMHDC;

typedef struct _D3DKMT_OPENADAPTERFROMLUID
{
    LUID          AdapterLuid;
    D3DKMT_HANDLE hAdapter;
} D3DKMT_OPENADAPTERFROMLUID;

typedef struct _D3DKMT_OPENGLINFO
{
    WCHAR UmdOpenGlIcdFileName[MAX_PATH];
    ULONG Version;
    ULONG Flags;
} D3DKMT_OPENGLINFO;

typedef struct _D3DKMT_OUTPUTDUPLCONTEXTSCOUNT
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           OutputDuplicationCount;
} D3DKMT_OUTPUTDUPLCONTEXTSCOUNT;

typedef struct _D3DKMT_PANELFITTER_SUPPORT
{
    BOOL Supported;
} D3DKMT_PANELFITTER_SUPPORT;

typedef struct _D3DKMT_PARAVIRTUALIZATION
{
    BOOLEAN SecureContainer;
} D3DKMT_PARAVIRTUALIZATION;

typedef struct _D3DKMT_PHYSICAL_ADAPTER_COUNT
{
    UINT Count;
} D3DKMT_PHYSICAL_ADAPTER_COUNT;

/* PrivateDriverDataSize: bytes at pPrivateDriverData. */
typedef struct _D3DKMT_QUERYADAPTERINFO
{
    D3DKMT_HANDLE           hAdapter;
    KMTQUERYADAPTERINFOTYPE Type;
    void                    *pPrivateDriverData;
    UINT                    PrivateDriverDataSize;
} D3DKMT_QUERYADAPTERINFO;

typedef struct _D3DKMT_QUERY_ADAPTER_UNIQUE_GUID
{
    WCHAR AdapterUniqueGUID[40];
} D3DKMT_QUERY_ADAPTER_UNIQUE_GUID;

typedef struct _D3DKMT_QUERY_DEVICE_IDS
{
    UINT              PhysicalAdapterIndex;
    D3DKMT_DEVICE_IDS DeviceIds;
} D3DKMT_QUERY_DEVICE_IDS;

typedef struct _D3DKMT_QUERY_GPUMMU_CAPS
{
    UINT               PhysicalAdapterIndex;
    D3DKMT_GPUMMU_CAPS Caps;
} D3DKMT_QUERY_GPUMMU_CAPS;

typedef struct _D3DKMT_QUERY_MIRACAST_DRIVER_TYPE
{
    D3DKMT_MIRACAST_DRIVER_TYPE MiracastDriverType;
} D3DKMT_QUERY_MIRACAST_DRIVER_TYPE;

typedef struct _D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY
{
    UINT                PhysicalAdapterIndex;
    D3DKMT_PNP_KEY_TYPE PnPKeyType;
    WCHAR               *pDest;
    UINT                *pCchDest;
} D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY;

typedef struct _D3DKMT_QUERY_SCANOUT_CAPS
{
    D3DDDI_VIDEO_PRESENT_SOURCE_ID VidPnSourceId;
    UINT                           Caps;
} D3DKMT_QUERY_SCANOUT_CAPS;

typedef struct _D3DKMT_SEGMENTSIZEINFO
{
    ULONGLONG DedicatedVideoMemorySize;
    ULONGLONG DedicatedSystemMemorySize;
    ULONGLONG SharedSystemMemorySize;
} D3DKMT_SEGMENTSIZEINFO;

typedef struct _D3DKMT_SEGMENTGROUPSIZEINFO
{
    UINT32                 PhysicalAdapterIndex;
    D3DKMT_SEGMENTSIZEINFO LegacyInfo;
    ULONGLONG              LocalMemory;
    ULONGLONG              NonLocalMemory;
    ULONGLONG              NonBudgetMemory;
} D3DKMT_SEGMENTGROUPSIZEINFO;

typedef struct _D3DKMT_TRACKEDWORKLOAD_SUPPORT
{
    UINT             PhysicalAdapterIndex;
    DXGK_ENGINE_TYPE EngineType;
    BOOL             Support;
} D3DKMT_TRACKEDWORKLOAD_SUPPORT;

typedef struct _D3DKMT_UMDFILENAMEINFO
{
    KMTUMDVERSION Version;
    WCHAR         UmdFileName[MAX_PATH];
} D3DKMT_UMDFILENAMEINFO;

typedef struct _D3DKMT_UMD_DRIVER_VERSION
{
    LARGE_INTEGER DriverVersion;
} D3DKMT_UMD_DRIVER_VERSION;

typedef struct _D3DKMT_VIRTUALADDRESSFLAGS
{
    UINT VirtualAddressSupported : 1;
    UINT Reserved : 31;
} D3DKMT_VIRTUALADDRESSFLAGS;

typedef struct _D3DKMT_VIRTUALADDRESSINFO
{
    D3DKMT_VIRTUALADDRESSFLAGS VirtualAddressFlags;
} D3DKMT_VIRTUALADDRESSINFO;

typedef struct _D3DKMT_WDDM_1_2_CAPS
{
    D3DKMDT_PREEMPTION_CAPS PreemptionCaps;
    union
    {
        struct
        {
            UINT SupportNonVGA : 1;
            UINT SupportSmoothRotation : 1;
            UINT SupportPerEngineTDR : 1;
            UINT SupportKernelModeCommandBuffer : 1;
            UINT SupportCCD : 1;
            UINT SupportSoftwareDeviceBitmaps : 1;
            UINT SupportGammaRamp : 1;
            UINT SupportHWCursor : 1;
            UINT SupportHWVSync : 1;
            UINT SupportSurpriseRemovalInHibernation : 1;
            UINT Reserved : 22;
        };
        UINT Value;
    };
} D3DKMT_WDDM_1_2_CAPS;

typedef union _D3DKMT_WDDM_1_3_CAPS
{
    struct
    {
        UINT SupportMiracast : 1;
        UINT IsHybridIntegratedGPU : 1;
        UINT IsHybridDiscreteGPU : 1;
        UINT SupportPowerManagementPStates : 1;
        UINT SupportVirtualModes : 1;
        UINT SupportCrossAdapterResource : 1;
        UINT Reserved : 26;
    };
    UINT Value;
} D3DKMT_WDDM_1_3_CAPS;

typedef union _D3DKMT_WDDM_2_0_CAPS
{
    struct
    {
        UINT Support64BitAtomics : 1;
        UINT GpuMmuSupported : 1;
        UINT IoMmuSupported : 1;
        UINT FlipOverwriteSupported : 1;
        UINT SupportContextlessPresent : 1;
        UINT SupportSurpriseRemoval : 1;
        UINT Reserved : 26;
    };
    UINT Value;
} D3DKMT_WDDM_2_0_CAPS;

typedef union _D3DKMT_WDDM_2_7_CAPS
{
    struct
    {
        UINT HwSchSupported : 1;
        UINT HwSchEnabled : 1;
        UINT HwSchEnabledByDefault : 1;
        UINT IndependentVidPnVSyncControl : 1;
        UINT Reserved : 28;
    };
    UINT Value;
} D3DKMT_WDDM_2_7_CAPS;

typedef union _D3DKMT_WDDM_2_9_CAPS
{
    struct
    {
        UINT HwSchSupportState : 2;
        UINT HwSchEnabled : 1;
        UINT SelfRefreshMemorySupported : 1;
        UINT Reserved : 28;
    };
    UINT Value;
} D3DKMT_WDDM_2_9_CAPS;

typedef union _D3DKMT_WDDM_3_0_CAPS
{
    struct
    {
        UINT HwFlipQueueSupportState : 2;
        UINT HwFlipQueueEnabled : 1;
        UINT DisplayableSupported : 1;
        UINT Reserved : 28;
    };
    UINT Value;
} D3DKMT_WDDM_3_0_CAPS;

typedef struct _D3DKMT_WORKINGSETFLAGS
{
    UINT UseDefault : 1;
    UINT Reserved : 31;
} D3DKMT_WORKINGSETFLAGS;

typedef struct _D3DKMT_WORKINGSETINFO
{
    D3DKMT_WORKINGSETFLAGS Flags;
    ULONG                  MinimumWorkingSetPercentile;
    ULONG                  MaximumWorkingSetPercentile;
} D3DKMT_WORKINGSETINFO;

typedef struct _D3DKMT_XBOX
{
    BOOL IsXBOX;
} D3DKMT_XBOX;

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_DDK_D3DKMTHK_ADAPTER_H */
