/*
 * Writing to the registry, for tests: see registry.h
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "registry.h"

UINT length_of( const WCHAR *string )
{
    UINT i;

    for (i = 0; string[i]; i++) {}
    return i;
}

BOOL begins_with( const WCHAR *string, const WCHAR *prefix )
{
    for (; *prefix; string++, prefix++)
        if ((*string | 0x20) != (*prefix | 0x20)) return FALSE;
    return TRUE;
}

#ifdef _WIN32

static const WCHAR *below_machine( const WCHAR *path )
{
    ok( begins_with( path, MACHINE ), "%s\n", wine_dbgstr_w( path ) );
    return path + length_of( MACHINE );
}

/* data NULL: takes it away. */
void set_value( const WCHAR *path, const WCHAR *name, UINT type, const void *data, UINT size )
{
    LSTATUS ret;
    HKEY key;

    ret = RegCreateKeyExW( HKEY_LOCAL_MACHINE, below_machine( path ), 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL );
    ok( !ret, "%s: error %u\n", wine_dbgstr_w( path ), (UINT)ret );
    if (ret) return;
    ret = data ? RegSetValueExW( key, name, 0, type, data, size ) : RegDeleteValueW( key, name );
    ok( !ret, "%s: error %u\n", wine_dbgstr_w( name ), (UINT)ret );
    RegCloseKey( key );
}

void delete_key( const WCHAR *path )
{
    LSTATUS ret = RegDeleteTreeW( HKEY_LOCAL_MACHINE, below_machine( path ) );

    ok( !ret, "%s: error %u\n", wine_dbgstr_w( path ), (UINT)ret );
}

BOOL key_exists( const WCHAR *path )
{
    HKEY key;

    if (RegOpenKeyExW( HKEY_LOCAL_MACHINE, below_machine( path ), 0, KEY_READ, &key )) return FALSE;
    RegCloseKey( key );
    return TRUE;
}

#else

BOOL has_fake_registry( void )
{
    return fake_registry_set != NULL;
}

void set_value( const WCHAR *path, const WCHAR *name, UINT type, const void *data, UINT size )
{
    fake_registry_set( path, name, type, data, size );
}

void delete_key( const WCHAR *path )
{
    (void)path;     /* it has no keys */
}

BOOL key_exists( const WCHAR *path )
{
    (void)path;
    return TRUE;
}

#endif

void set_string( const WCHAR *path, const WCHAR *name, UINT type, const WCHAR *string )
{
    set_value( path, name, type, string, (length_of( string ) + 1) * sizeof(*string) );
}

void unset( const WCHAR *path, const WCHAR *name )
{
    set_value( path, name, 0, NULL, 0 );
}
