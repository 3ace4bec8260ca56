/*
 * What the Windows registry knows of a GPU (os_wine.c; os_linux.c has none)
 *
 * The rules of os.h hold. Paths and names are UTF-16 as the kernel of Windows writes them, "\\Registry\\Machine\\...", and compared without
 * regard to case.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_OS_REGISTRY_H
#define __WINEKMT_OS_REGISTRY_H

#include "os/os.h"

/* Types of registry values, as Windows numbers them: what core knows of. */
#define OS_REG_SZ         1u
#define OS_REG_EXPAND_SZ  2u
#define OS_REG_BINARY     3u
#define OS_REG_DWORD      4u
#define OS_REG_MULTI_SZ   7u
#define OS_REG_QWORD      11u

#define OS_KEY_CHARS  600   /* longest path of a key that core uses, with its terminator */

/***********************************************************************
 *           os_find_adapter_key
 *
 * The path of the PnP device that has that LUID, below Enum\PCI. false: there is none that is present (or there is no Wine).
 * Cost: some four wineserver requests a PCI device that the prefix knows. Windows thread.
 */
bool os_find_adapter_key( LUID luid, WCHAR path[OS_KEY_CHARS] );

/***********************************************************************
 *           os_read_registry
 *
 * Reads a value of a key; "" is the key's default value. *size: bytes of room in data; then the bytes of the value, whatever
 * there was room for.
 * STATUS_SUCCESS.  STATUS_BUFFER_OVERFLOW: the value is larger; *type and *size are set, data is undefined.
 * STATUS_OBJECT_NAME_NOT_FOUND: no such key or value (or there is no Wine).  STATUS_ACCESS_DENIED.  STATUS_NO_MEMORY.
 * Cost: three wineserver requests. Windows thread.
 */
NTSTATUS os_read_registry( const WCHAR *path, const WCHAR *name, uint32_t *type, void *data, uint32_t *size );

/***********************************************************************
 *           os_enum_registry
 *
 * The name of the index-th value of a key, with its terminator, of at most chars characters, and its content if that is a
 * DWORD (*is_dword).
 * STATUS_SUCCESS.  STATUS_NO_MORE_ENTRIES: there are fewer values, or no such key (or no Wine).
 * STATUS_BUFFER_OVERFLOW: that name is longer; the next one may not be.
 * Cost: three wineserver requests. Windows thread.
 */
NTSTATUS os_enum_registry( const WCHAR *path, uint32_t index, WCHAR *name, uint32_t chars, bool *is_dword, uint32_t *dword );

#endif /* __WINEKMT_OS_REGISTRY_H */
