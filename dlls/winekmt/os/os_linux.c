/*
 * os.h for native Linux programs: there are no other processes to open, no registry and no LUIDs
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "os_private.h"
#include "ntstatus.h"

/***********************************************************************
 *           os_check_process
 *
 * Only the calling process has a handle: NULL and (HANDLE)-1. All others are STATUS_INVALID_HANDLE.
 */
NTSTATUS os_check_process( HANDLE process, uint32_t access, bool *self )
{
    (void)access;   /* to itself a process has all */
    *self = !process || process == (HANDLE)(intptr_t)-1;
    return *self ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

bool os_find_adapter_luid( const uint8_t device_uuid[16], uint32_t index, LUID *luid )
{
    (void)device_uuid;
    (void)index;
    (void)luid;
    return false;
}

uint64_t os_video_memory_limit(void)
{
    uint64_t bytes;

    return os_environment_limit( &bytes ) ? bytes : UINT64_MAX;
}
