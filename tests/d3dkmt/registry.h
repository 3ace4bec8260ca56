/*
 * Writing to the registry, for tests: Wine's, or in the Linux program with the fake GPU that of tests/fake_registry.h
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __D3DKMT_TEST_REGISTRY_H
#define __D3DKMT_TEST_REGISTRY_H

#include "d3dkmt_test.h"

#define MACHINE  u"\\Registry\\Machine\\"

#ifndef _WIN32

#define REG_NONE       0
#define REG_SZ         1
#define REG_EXPAND_SZ  2
#define REG_BINARY     3
#define REG_DWORD      4
#define REG_MULTI_SZ   7
#define REG_QWORD      11

#include "fake_registry.h"

/* NULL in the program that does not have it. */
extern __typeof__(fake_registry_set) fake_registry_set __attribute__((weak));
extern __typeof__(fake_registry_set_device) fake_registry_set_device __attribute__((weak));
extern __typeof__(fake_registry_fail) fake_registry_fail __attribute__((weak));

extern BOOL has_fake_registry( void );

#endif

/* Without regard to case, the second.*/
extern UINT length_of( const WCHAR *string );
extern BOOL begins_with( const WCHAR *string, const WCHAR *prefix );

/* Paths begin with MACHINE; keys are made where they are missing. data NULL: takes the value away. */
extern void set_value( const WCHAR *path, const WCHAR *name, UINT type, const void *data, UINT size );
extern void set_string( const WCHAR *path, const WCHAR *name, UINT type, const WCHAR *string );
extern void unset( const WCHAR *path, const WCHAR *name );
extern void delete_key( const WCHAR *path );
extern BOOL key_exists( const WCHAR *path );

#endif /* __D3DKMT_TEST_REGISTRY_H */
