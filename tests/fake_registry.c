/*
 * A registry for tests of the native build: see fake_registry.h
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ntstatus.h"
#include "fake_registry.h"

static struct device
{
    LUID   luid;
    WCHAR *path;    /* NULL: this place is free */
}
devices[FAKE_REGISTRY_MAX_DEVICES];

static struct value
{
    WCHAR   *path, *name;   /* NULL: this place is free */
    uint32_t type, size;
    void    *data;
}
values[FAKE_REGISTRY_MAX_VALUES];

static NTSTATUS failure;

static void __attribute__((destructor)) free_all( void )
{
    unsigned int i;

    for (i = 0; i < FAKE_REGISTRY_MAX_DEVICES; i++) free( devices[i].path );
    for (i = 0; i < FAKE_REGISTRY_MAX_VALUES; i++)
    {
        free( values[i].path );
        free( values[i].name );
        free( values[i].data );
    }
}

static size_t length_of( const WCHAR *string )
{
    size_t length = 0;

    while (string[length]) length++;
    return length;
}

static WCHAR *duplicate( const WCHAR *string )
{
    size_t size = (length_of( string ) + 1) * sizeof(WCHAR);
    WCHAR *copy = malloc( size );

    assert( copy );
    return memcpy( copy, string, size );
}

static WCHAR upper( WCHAR c )
{
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static bool equal( const WCHAR *a, const WCHAR *b )
{
    for (; *a && upper( *a ) == upper( *b ); a++, b++) {}
    return upper( *a ) == upper( *b );
}

static struct value *find_value( const WCHAR *path, const WCHAR *name )
{
    unsigned int i;

    for (i = 0; i < FAKE_REGISTRY_MAX_VALUES; i++)
        if (values[i].path && equal( values[i].path, path ) && equal( values[i].name, name )) return &values[i];
    return NULL;
}

void fake_registry_set_device( LUID luid, const WCHAR *path )
{
    struct device *device = NULL;
    unsigned int i;

    for (i = 0; i < FAKE_REGISTRY_MAX_DEVICES; i++) if (!devices[i].path) device = &devices[i];
    for (i = 0; i < FAKE_REGISTRY_MAX_DEVICES; i++)
        if (devices[i].path && !memcmp( &devices[i].luid, &luid, sizeof(luid) )) device = &devices[i];
    assert( device );
    free( device->path );
    device->luid = luid;
    device->path = path ? duplicate( path ) : NULL;
}

void fake_registry_set( const WCHAR *path, const WCHAR *name, uint32_t type, const void *data, uint32_t size )
{
    struct value *value = find_value( path, name );
    unsigned int i;

    if (value)
    {
        free( value->path );
        free( value->name );
        free( value->data );
        memset( value, 0, sizeof(*value) );
    }
    if (!data) return;
    for (i = 0; i < FAKE_REGISTRY_MAX_VALUES && values[i].path; i++) {}
    assert( i < FAKE_REGISTRY_MAX_VALUES );
    values[i].path = duplicate( path );
    values[i].name = duplicate( name );
    values[i].type = type;
    values[i].size = size;
    values[i].data = malloc( size + 1 );
    assert( values[i].data );
    memcpy( values[i].data, data, size );
}

void fake_registry_fail( NTSTATUS status )
{
    failure = status;
}

bool os_find_adapter_key( LUID luid, WCHAR path[OS_KEY_CHARS] )
{
    unsigned int i;

    for (i = 0; i < FAKE_REGISTRY_MAX_DEVICES; i++)
    {
        if (!devices[i].path || memcmp( &devices[i].luid, &luid, sizeof(luid) )) continue;
        assert( length_of( devices[i].path ) < OS_KEY_CHARS );
        memcpy( path, devices[i].path, (length_of( devices[i].path ) + 1) * sizeof(WCHAR) );
        return true;
    }
    return false;
}

NTSTATUS os_read_registry( const WCHAR *path, const WCHAR *name, uint32_t *type, void *data, uint32_t *size )
{
    struct value *value = find_value( path, name );
    uint32_t room = *size;

    if (failure) return failure;
    if (!value) return STATUS_OBJECT_NAME_NOT_FOUND;
    *type = value->type;
    *size = value->size;
    if (value->size > room)
    {
        memset( data, 0xdb, room );     /* undefined */
        return STATUS_BUFFER_OVERFLOW;
    }
    memcpy( data, value->data, value->size );
    return STATUS_SUCCESS;
}

NTSTATUS os_enum_registry( const WCHAR *path, uint32_t index, WCHAR *name, uint32_t chars, bool *is_dword, uint32_t *dword )
{
    unsigned int i;

    for (i = 0; i < FAKE_REGISTRY_MAX_VALUES; i++)
        if (values[i].path && equal( values[i].path, path ) && !index--) break;
    if (i == FAKE_REGISTRY_MAX_VALUES) return STATUS_NO_MORE_ENTRIES;
    if (length_of( values[i].name ) >= chars) return STATUS_BUFFER_OVERFLOW;
    memcpy( name, values[i].name, (length_of( values[i].name ) + 1) * sizeof(WCHAR) );
    *is_dword = values[i].type == OS_REG_DWORD && values[i].size == sizeof(*dword);
    if (*is_dword) memcpy( dword, values[i].data, sizeof(*dword) );
    return STATUS_SUCCESS;
}
