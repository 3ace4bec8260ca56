/*
 * A folder of files in place of /sys and /proc
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor_tree.h"

static char root[32];

bool sensor_tree_create(void)
{
    strcpy( root, "/tmp/winekmt_sensors_XXXXXX" );
    return mkdtemp( root ) && !setenv( "WINEKMT_SENSORS_ROOT", root, 1 );
}

static const char *path_of( const char *name )
{
    static char path[512];

    snprintf( path, sizeof(path), "%s/%s", root, name );
    return path;
}

bool sensor_tree_write( const char *name, const char *content )
{
    char path[512], *slash;
    bool done;
    FILE *file;

    strcpy( path, path_of( name ) );
    for (slash = path + strlen( root ) + 1; (slash = strchr( slash, '/' )); slash++)
    {
        *slash = 0;
        mkdir( path, 0700 );
        *slash = '/';
    }
    if (!content) return !unlink( path );
    if (!(file = fopen( path, "w" ))) return false;
    done = fputs( content, file ) >= 0;
    return !fclose( file ) && done;
}

static int remove_one( const char *path, const struct stat *st, int type, struct FTW *ftw )
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove( path );
}

bool sensor_tree_remove( const char *name )
{
    return !nftw( path_of( name ), remove_one, 8, FTW_DEPTH | FTW_PHYS );
}
