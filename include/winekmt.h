/*
 * winekmt private driver data
 *
 * On Windows a user-mode driver and its kernel driver agree privately on the content of pPrivateDriverData. Here
 * winekmt is the kernel driver, and this header is that agreement: what a program passes to say which memory it wants,
 * and what it gets from D3DKMTQueryAdapterInfo( KMTQAITYPE_UMDRIVERPRIVATE ) to see what it talks to.
 *
 * Every structure starts with a magic number and a version. A structure of a later version only ever grows at its end, so
 * that a program and a winekmt of different ages understand what both know.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_H
#define __WINEKMT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "KMTA": struct winekmt_allocation_data; "KMTD": struct winekmt_adapter_data (read as little-endian characters). */
#define WINEKMT_ALLOCATION_MAGIC    0x41544d4bu
#define WINEKMT_ADAPTER_MAGIC       0x44544d4bu

#define WINEKMT_VERSION             1

/* How the CPU reaches an allocation. */
enum winekmt_cpu_access
{
    WINEKMT_CPU_ACCESS_NONE = 0,           /* never: D3DKMTLock and D3DKMTLock2 answer STATUS_INVALID_PARAMETER */
    WINEKMT_CPU_ACCESS_CACHED = 1,         /* reads are fast: read back */
    WINEKMT_CPU_ACCESS_WRITE_COMBINED = 2, /* written in order and not read: upload */
};

/* The segment groups that an allocation may live in; the values of D3DKMT_MEMORY_SEGMENT_GROUP as bits. */
#define WINEKMT_SEGMENT_LOCAL       0x1u   /* memory of the GPU (VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) */
#define WINEKMT_SEGMENT_NON_LOCAL   0x2u   /* system memory that the GPU can reach */

/***********************************************************************
 * D3DDDI_ALLOCATIONINFO(2).pPrivateDriverData of every allocation that is not a standard one.
 *
 * STATUS_GRAPHICS_DRIVER_MISMATCH: magic is another, or version is 0, or the data is shorter than the 24 bytes that
 * every version has: it was meant for some vendor's kernel driver.
 * STATUS_INVALID_PARAMETER: a size of 0 or above the largest segment that it may live in, cpu_access that none of
 * them has (cpu_visible_segments below), an alignment that is not a power of two or is
 * above 2 MiB, another cpu_access, segments with unknown bits.
 */
struct winekmt_allocation_data
{
    uint32_t magic;             /* WINEKMT_ALLOCATION_MAGIC */
    uint32_t version;           /* WINEKMT_VERSION */
    uint64_t size;              /* bytes; rounded up to whole pages of 4 KiB */
    uint32_t alignment;         /* bytes, a power of two up to 2 MiB; 0: 4 KiB */
    uint8_t  cpu_access;        /* enum winekmt_cpu_access */
    uint8_t  segments;          /* WINEKMT_SEGMENT_ bits: where it may live; 0: anywhere */
    uint8_t  preferred_segment; /* one WINEKMT_SEGMENT_ bit out of segments: where it should live; 0: local if allowed */
    uint8_t  reserved;          /* 0 */
    /* Optional from here: for monitors only, never interpreted. */
    uint32_t format;            /* a VkFormat; 0: not an image */
    uint32_t width;             /* texels */
    uint32_t height;            /* texels */
    uint32_t pitch;             /* bytes from row to row */
};

#define WINEKMT_ALLOCATION_DATA_MIN_SIZE  24
#define WINEKMT_MAX_ALIGNMENT             0x200000u

/***********************************************************************
 * D3DKMTQueryAdapterInfo( KMTQAITYPE_UMDRIVERPRIVATE )
 *
 * The buffer may be larger than this structure; one that is smaller gets STATUS_INVALID_PARAMETER. What lies behind the
 * structure is not written.
 */
struct winekmt_adapter_data
{
    uint32_t magic;             /* WINEKMT_ADAPTER_MAGIC */
    uint32_t version;           /* WINEKMT_VERSION */
    uint8_t  device_uuid[16];   /* VkPhysicalDeviceIDProperties.deviceUUID */
    uint8_t  driver_uuid[16];   /* VkPhysicalDeviceIDProperties.driverUUID */
    uint64_t local_size;        /* bytes of all heaps of the local segment group */
    uint64_t non_local_size;    /* bytes of all heaps of the non-local segment group */
    uint64_t max_allocation_size; /* bytes of the largest single allocation */
    uint32_t page_size;         /* bytes: granularity of sizes */
    uint32_t max_alignment;     /* bytes: WINEKMT_MAX_ALIGNMENT */
    uint32_t cpu_visible_segments; /* WINEKMT_SEGMENT_ bits: where cpu_access other than NONE can live */
    uint32_t features;          /* WINEKMT_FEATURE_ bits */
};

#define WINEKMT_FEATURE_HOST_IMPORT     0x1u /* existing heaps are imported (VK_EXT_external_memory_host) */
#define WINEKMT_FEATURE_MEMORY_BUDGET   0x2u /* budgets follow VK_EXT_memory_budget */

/***********************************************************************
 * D3DKMTEscape with Type D3DKMT_ESCAPE_DRIVERPRIVATE on an adapter of winekmt
 *
 * PrivateDriverDataSize: at least the bytes of this structure. Others' private data, with another magic, goes to the stock function.
 * STATUS_INVALID_PARAMETER: the version, a command, group or number that does not exist, a small buffer, an allocation that is not of hDevice.
 */
#define WINEKMT_ESCAPE_MAGIC        0x45544d4bu     /* "KMTE" */

enum winekmt_escape_command
{
    /* Moves content to system memory now. allocation: of hDevice; 0: all that the process has on the adapter. What is held resident, locked, offered
     * or unmoveable stays. bytes: out, how many went. STATUS_NO_MEMORY: system memory ran out. */
    WINEKMT_ESCAPE_EVICT = 1,
    /* What QueryVideoMemoryInfo tells of group. bytes: out, the budget; bytes2: out, what is used; bytes3: out, the cap of SET_BUDGET, UINT64_MAX: none */
    WINEKMT_ESCAPE_GET_BUDGET = 2,
    /* bytes: the budget of group is no more than that from now on, in this process; UINT64_MAX: as it was. It takes effect soon, on a thread of ours. */
    WINEKMT_ESCAPE_SET_BUDGET = 3,
    /* bytes: milliseconds between two periodic trims of the adapter, up to 3600000; 0: as it was */
    WINEKMT_ESCAPE_SET_TRIM_INTERVAL = 4,
};

struct winekmt_escape
{
    uint32_t magic;             /* WINEKMT_ESCAPE_MAGIC */
    uint32_t version;           /* WINEKMT_VERSION */
    uint32_t command;           /* enum winekmt_escape_command */
    uint32_t group;             /* D3DKMT_MEMORY_SEGMENT_GROUP */
    uint32_t allocation;        /* D3DKMT_HANDLE */
    uint32_t reserved;          /* 0 */
    uint64_t bytes, bytes2, bytes3;
};

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_H */
