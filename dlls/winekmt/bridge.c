/*
 * The bridge: finds winekmt.so in a prefix that knows nothing of WINEDLLPATH
 *
 * Built by winegcc into an ELF module that lies in system32 as winekmt_bridge.dll. Wine loads such a module as a
 * builtin of its own, and its code is unix code with unix libraries at hand. It opens the winekmt.so that
 * winekmt-setup recorded in the file winekmt.path beside it, one line with an absolute path, and hands out its table;
 * the PE half then calls that as if Wine had found it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* the Windows calling convention; no Windows header is needed for it */
#define WINAPI __attribute__((ms_abi))

#define PATH_FILE  "winekmt.path"

const void * WINAPI winekmt_bridge_open( char *error, unsigned int size );

static const void * __attribute__((format (printf, 3, 4))) fail( char *error, unsigned int size, const char *format, ... )
{
    va_list args;

    va_start( args, format );
    vsnprintf( error, size, format, args );
    va_end( args );
    return NULL;
}

/* The first line of the file beside this module, NULL when there is none. */
static char *read_path( char **file )
{
    char *line = NULL, *slash;
    size_t len = 0;
    Dl_info info;
    FILE *f;

    *file = NULL;
    if (!dladdr( (void *)winekmt_bridge_open, &info ) || !info.dli_fname) return NULL;
    if (!(slash = strrchr( info.dli_fname, '/' ))) return NULL;
    if (asprintf( file, "%.*s" PATH_FILE, (int)(slash + 1 - info.dli_fname), info.dli_fname ) < 0)
    {
        *file = NULL;
        return NULL;
    }
    if (!(f = fopen( *file, "re" ))) return NULL;
    if (getline( &line, &len, f ) <= 0)
    {
        free( line );
        line = NULL;
    }
    else line[strcspn( line, "\n" )] = 0;
    fclose( f );
    return line;
}

/***********************************************************************
 *           winekmt_bridge_open    (winekmt_bridge.@)
 *
 * Returns the unix call table of winekmt.so, which stays loaded. NULL: there is none; error, of size bytes, then says
 * why. Opening it again gives the same table.
 */
const void * WINAPI winekmt_bridge_open( char *error, unsigned int size )
{
    const void *table = NULL;
    char *file, *path = read_path( &file );
    void *handle;

    if (!path) fail( error, size, "%s cannot be read", file ? file : PATH_FILE );
    else if (path[0] != '/') fail( error, size, "%s has no absolute path", file );
    else if (!(handle = dlopen( path, RTLD_NOW | RTLD_LOCAL ))) fail( error, size, "%s", dlerror() );
    else if (!(table = dlsym( handle, "__wine_unix_call_funcs" ))) fail( error, size, "%s is not a unix library of Wine", path );
    free( path );
    free( file );
    return table;
}
