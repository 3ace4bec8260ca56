/*
 * A registry for tests of the native build, in place of the one that it does not have
 *
 * Linked with os_linux.o, tests/fake_registry.c takes the place of the weak functions of os/os_registry.h there. It is empty at
 * first. Strings are compared without regard to case, but for their ASCII letters only. For one thread at a time.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_FAKE_REGISTRY_H
#define __WINEKMT_TESTS_FAKE_REGISTRY_H

#include "os/os_registry.h"

#define FAKE_REGISTRY_MAX_DEVICES  4
#define FAKE_REGISTRY_MAX_VALUES   64

/* The PnP device of a LUID; path NULL: it has none (any more). */
void fake_registry_set_device( LUID luid, const WCHAR *path );

/* Writes a value, or with data NULL takes it away. Both copy what they are given. */
void fake_registry_set( const WCHAR *path, const WCHAR *name, uint32_t type, const void *data, uint32_t size );

/* Everything that is asked for a value fails so from now on; STATUS_SUCCESS: no more. */
void fake_registry_fail( NTSTATUS status );

#endif /* __WINEKMT_TESTS_FAKE_REGISTRY_H */
