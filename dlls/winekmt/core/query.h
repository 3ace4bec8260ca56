/*
 * QueryAdapterInfo: one small function a type of information, in the files query_*.c by subject
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_QUERY_H
#define __WINEKMT_QUERY_H

#include "winekmt.h"
#include "core/vidmm.h"
#include "os/os_registry.h"

/*
 * Fills the answer. data: a copy of the caller's buffer, zeroed but for the bytes that the caller passes in (struct query.input). What
 * is written goes to the caller on STATUS_SUCCESS only. *size: bytes of data; for those of variable size (struct query.variable) it is what the
 * caller has room for, at most MAX_ANSWER_SIZE, and becomes what goes back; the others leave it alone.
 * No lock is held, nothing is owned that a fault would leak; on a Windows thread. gpu stays, and what is read of it never changes.
 * STATUS_SUCCESS, STATUS_INVALID_PARAMETER (what the caller passed in), STATUS_NOT_SUPPORTED (this GPU cannot tell), and what the
 * function says itself.
 */
typedef NTSTATUS query_function( const struct kmt_gpu *gpu, void *data, uint32_t *size );

#define MAX_ANSWER_SIZE  16384u

/* UTF-8 to UTF-16, as much as fits into size characters with the closing 0. What is no UTF-8 becomes U+FFFD. */
void copy_string( WCHAR *dst, size_t size, const char *src );

/* query_memory.c */
query_function query_umdriverprivate, query_getsegmentsize, query_getsegmentgroupsize;
/* Bytes that the local heaps of a GPU have, or the others. */
uint64_t heaps_size( const struct gpu_adapter *info, bool local );
/* The same as the user sets it: what is used of it is compared with this. */
uint64_t segment_size( const struct kmt_gpu *gpu, bool local );
/* query_caps.c */
query_function query_adaptertype, query_driverversion, query_checkdriverupdatestatus, query_wddm_1_2_caps, query_wddm_2_0_caps, query_no_caps,
               query_no_caps_of_adapter, query_nodemetadata;
/* query_performance.c */
query_function query_nodeperfdata, query_adapterperfdata, query_adapterperfdata_caps;
struct pci_address gpu_pci_address( const struct kmt_gpu *gpu );
/* What Linux tells of a GPU. false: nothing; *sensors is undefined then. Cost: some 30 files. */
bool get_sensors( const struct kmt_gpu *gpu, struct gpu_sensors *sensors );
/* What of it the structures have. STATUS_SUCCESS; STATUS_NOT_SUPPORTED: nothing, *answer is not written. */
NTSTATUS tell_adapterperfdata( const struct gpu_sensors *sensors, D3DKMT_ADAPTER_PERFDATA *answer );
NTSTATUS tell_adapterperfdata_caps( const struct gpu_sensors *sensors, D3DKMT_ADAPTER_PERFDATACAPS *answer );
/* query_identity.c */
query_function query_physicaladaptercount, query_physicaladapterdeviceids, query_adapterregistryinfo, query_driver_description;
query_function query_adapterguid, query_adapter_unique_guid, query_adapteraddress, query_driver_file_version, query_gpuversion;
NTSTATUS tell_gpuversion( const struct gpu_sensors *sensors, D3DKMT_GPUVERSION *answer );     /* as tell_adapterperfdata */
/* query_registry.c */
query_function query_umdrivername, query_umopenglinfo, query_physicaladapterpnpkey, query_queryregistry, query_servicename;

/* The keys that the registry has for an adapter, if it has any. */
enum adapter_key
{
    ADAPTER_KEY_DEVICE,             /* what the bus found */
    ADAPTER_KEY_DEVICE_PARAMETERS,
    ADAPTER_KEY_SOFTWARE,           /* what an installer wrote */
    ADAPTER_KEY_SERVICE,
    ADAPTER_KEY_SERVICE_PARAMETERS,
};

/* Both: query_registry.c says more. */
NTSTATUS get_adapter_key( const struct kmt_gpu *gpu, enum adapter_key key, WCHAR path[OS_KEY_CHARS] );
NTSTATUS read_registry_string( const WCHAR *path, const WCHAR *name, WCHAR *value, size_t chars );
/* query_display.c */
query_function query_source_none, query_currentdisplaymode, query_devicevidpnownership;

#endif /* __WINEKMT_QUERY_H */
