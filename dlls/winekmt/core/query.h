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
/* query_caps.c */
query_function query_adaptertype, query_driverversion, query_checkdriverupdatestatus;
/* query_identity.c */
query_function query_physicaladaptercount, query_physicaladapterdeviceids, query_adapterregistryinfo, query_driver_description;

#endif /* __WINEKMT_QUERY_H */
