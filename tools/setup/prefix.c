/*
 * winekmt-setup: prefixes, Wine, and what there is to install
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "setup.h"

/***********************************************************************
 * prefix_default
 *
 * The prefix that Wine would use: $WINEPREFIX or ~/.wine. NULL with a message said: neither is set.
 */
char *prefix_default( void )
{
    const char *path = getenv( "WINEPREFIX" ), *home = getenv( "HOME" );

    if (path && *path) return copy_text( path );
    if (home && *home) return text( "%s/.wine", home );
    complain( "neither WINEPREFIX nor HOME is set; give --prefix DIR" );
    return NULL;
}

/* A file of the prefix, by its path below it. */
char *prefix_file( const struct prefix *prefix, const char *name )
{
    return text( "%s/%s", prefix->path, name );
}

static int is_machine( const char *path, uint16_t machine )
{
    struct pe_view view;
    struct file file;
    int match;

    if (file_read( path, &file )) return 1;     /* said elsewhere */
    match = pe_open( &view, file.data, file.size ) || view.machine == machine;
    file_free( &file );
    return match;
}

/***********************************************************************
 * prefix_open
 *
 * Refuses, with a message said and -1, what is not a 64-bit Wine prefix of this user. Changes nothing.
 */
int prefix_open( struct prefix *prefix, const char *path )
{
    struct registry *reg;
    const char *arch;
    char *real, *file;
    struct stat st;

    prefix->lock_fds[0] = prefix->lock_fds[1] = -1;
    prefix->path = NULL;
    if (!(real = realpath( path, NULL )))
    {
        complain( "%s: %s", path, strerror( errno ) );
        return -1;
    }
    prefix->path = real;
    if (stat( real, &st ) || !S_ISDIR( st.st_mode ))
    {
        complain( "%s is not a folder", path );
        return -1;
    }
    file = prefix_file( prefix, "drive_c/windows/system32" );
    if (!file_is_dir( file ))
    {
        complain( "%s is not a Wine prefix: it has no drive_c/windows/system32", path );
        return -1;
    }
    free( file );
    file = prefix_file( prefix, "system.reg" );
    if (!file_exists( file ))
    {
        complain( "%s is not a Wine prefix: it has no system.reg (one that was just made gets it when its last program ends)",
                  path );
        return -1;
    }
    if (st.st_uid != geteuid())
    {
        complain( "%s belongs to another user; Wine would refuse it too", path );
        return -1;
    }
    if (!(reg = registry_load( file ))) return -1;
    free( file );
    arch = registry_arch( reg );
    file = prefix_file( prefix, "drive_c/windows/system32/" NAME_GDI32 );
    if ((arch && strcmp( arch, "win64" )) || !is_machine( file, PE_MACHINE_AMD64 ))
    {
        complain( "%s is a prefix for 32-bit programs only; winekmt needs a 64-bit one", path );
        registry_free( reg );
        free( file );
        return -1;
    }
    free( file );
    registry_free( reg );
    return 0;
}

/* Takes one of the server's locks. 0: held, or there is no such folder and so no server; -1: a server has it. */
static int take_lock( const char *base, const struct stat *st, int *fd )
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
    char *dir, *path;
    int ret = 0;

    if (!file_is_dir( base )) return 0;
    dir = text( "%s/server-%llx-%llx", base, (unsigned long long)st->st_dev, (unsigned long long)st->st_ino );
    path = text( "%s/lock", dir );
    if ((!mkdir( dir, 0700 ) || errno == EEXIST) &&
        (*fd = open( path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600 )) >= 0 && fcntl( *fd, F_SETLK, &lock ))
    {
        close( *fd );
        *fd = -1;
        ret = -1;
    }
    free( path );
    free( dir );
    return ret;
}

/* Where a server for this prefix keeps its lock: below /tmp/.wine-UID; and Debian's Wine below a folder with a random name
 * in /tmp that the file "wineserver" in the prefix gives. */
static int take_locks( struct prefix *prefix )
{
    struct file file;
    struct stat st;
    char *path, *base;
    int ret = 0;

    if (stat( prefix->path, &st )) return 0;
    base = text( "/tmp/.wine-%u", (unsigned int)geteuid() );
    ret = take_lock( base, &st, &prefix->lock_fds[0] );
    free( base );
    path = prefix_file( prefix, "wineserver" );
    if (!ret && !file_read( path, &file ))
    {
        file.data[strcspn( (char *)file.data, "\n" )] = 0;
        if (file.data[0] && !strchr( (char *)file.data, '/' ))
        {
            base = text( "/tmp/%s", (char *)file.data );
            ret = take_lock( base, &st, &prefix->lock_fds[1] );
            free( base );
        }
        file_free( &file );
    }
    free( path );
    if (ret) prefix_unlock( prefix );
    return ret;
}

/***********************************************************************
 * prefix_lock, prefix_unlock
 *
 * Keeps wineservers off the prefix, by holding the lock that each of them takes: 0. -1: one is running and goes on for
 * longer than the given seconds; nothing is said. A program that is started meanwhile waits for a moment.
 */
int prefix_lock( struct prefix *prefix, int seconds )
{
    struct timespec pause = { 0, 50000000 };
    int i;

    for (i = 0; take_locks( prefix ); i++)
    {
        if (i >= seconds * 20) return -1;
        nanosleep( &pause, NULL );
    }
    return 0;
}

void prefix_unlock( struct prefix *prefix )
{
    int i;

    for (i = 0; i < 2; i++)
    {
        if (prefix->lock_fds[i] >= 0) close( prefix->lock_fds[i] );
        prefix->lock_fds[i] = -1;
    }
}

static char *find_in_path( const char *name )
{
    const char *path = getenv( "PATH" ), *end;
    char *candidate;

    for (; path && *path; path = *end ? end + 1 : end)
    {
        end = strchrnul( path, ':' );
        candidate = text( "%.*s/%s", (int)(end - path), path, name );
        if (!access( candidate, X_OK ) && !file_is_dir( candidate )) return candidate;
        free( candidate );
    }
    return NULL;
}

static char *find_loader( const char *wanted )
{
    static const char *const names[] = { "wine", "wine64", "wine-stable", "wine-development" };
    static const char *const places[] =
    {
#ifdef WINEKMT_WINE
        WINEKMT_WINE,
#endif
        "/usr/lib/wine/wine64", "/usr/lib/wine/wine", "/opt/wine-stable/bin/wine", "/opt/wine-staging/bin/wine",
        "/opt/wine-devel/bin/wine", "/usr/local/bin/wine",
    };
    unsigned int i;
    char *found;

    if (!wanted) wanted = getenv( "WINE" );
    if (!wanted || !*wanted) wanted = getenv( "WINELOADER" );
    if (wanted && *wanted)
    {
        if (!strchr( wanted, '/' )) return find_in_path( wanted );
        return access( wanted, X_OK ) || file_is_dir( wanted ) ? NULL : realpath( wanted, NULL );
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) if ((found = find_in_path( names[i] ))) return found;
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) if (!access( places[i], X_OK )) return copy_text( places[i] );
    return NULL;
}

/***********************************************************************
 * wine_find
 *
 * The loader: as given, else $WINE, $WINELOADER, from PATH, from the usual places. And the gdi32.dll that belongs to it,
 * looked for as the loader looks for its modules, relative to itself. Should this be the wrong one after all,
 * winekmt-refresh.exe, which Wine itself tells, puts it right at the next start.
 */
void wine_find( struct wine *wine, const char *loader )
{
    static const char *const places[] =
    {
        "../lib/wine/x86_64-windows", "../lib64/wine/x86_64-windows", "../lib/*-linux-gnu/wine/x86_64-windows",
        "../*-linux-gnu/wine/x86_64-windows", "../wine/x86_64-windows",
        "../dlls/gdi32/x86_64-windows", "dlls/gdi32/x86_64-windows", "../dlls/gdi32", "dlls/gdi32",
    };
    struct file file;
    char *real, *pattern, *slash;
    unsigned int i;
    glob_t found;

    wine->stock = NULL;
    wine->loader = find_loader( loader );
    if (!wine->loader || !(real = realpath( wine->loader, NULL )) || !(slash = strrchr( real, '/' ))) return;
    *slash = 0;
    for (i = 0; i < sizeof(places) / sizeof(places[0]) && !wine->stock; i++)
    {
        pattern = text( "%s/%s/" NAME_GDI32, real, places[i] );
        if (!glob( pattern, 0, NULL, &found ))
        {
            if (!file_read( found.gl_pathv[0], &file ))
            {
                if (pe_is_builtin( file.data, file.size )) wine->stock = realpath( found.gl_pathv[0], NULL );
                file_free( &file );
            }
            globfree( &found );
        }
        free( pattern );
    }
    free( real );
}

static char *existing( const char *dir, const char *name )
{
    char *path = text( "%s/%s", dir, name );

    if (!access( path, R_OK )) return path;
    free( path );
    return NULL;
}

static int try_payload( struct payload *payload, const char *dir )
{
    memset( payload, 0, sizeof(*payload) );
    if (!(payload->dir = realpath( dir, NULL ))) return -1;
    payload->winekmt = existing( payload->dir, "x86_64-windows/" NAME_WINEKMT );
    payload->refresh = existing( payload->dir, "x86_64-windows/" NAME_REFRESH );
    payload->unixlib = existing( payload->dir, "x86_64-unix/winekmt.so" );
    payload->bridge = existing( payload->dir, "x86_64-unix/" NAME_BRIDGE ".so" );
    return payload->winekmt && payload->refresh && payload->unixlib ? 0 : -1;
}

/***********************************************************************
 * payload_find
 *
 * The files to install: in $WINEKMT_DIR, else beside this program when it runs from a build tree, else where make install
 * put them. -1 with a message said: not there, or not all of them.
 */
int payload_find( struct payload *payload )
{
    const char *dir = getenv( "WINEKMT_DIR" );
    char exe[PATH_MAX], *tree = NULL, *slash;
    ssize_t len = readlink( "/proc/self/exe", exe, sizeof(exe) - 1 );

    if (len > 0)
    {
        exe[len] = 0;
        if ((slash = strrchr( exe, '/' ))) *slash = 0;
        tree = text( "%s/wine", exe );
    }
    if (!dir || !*dir)
    {
        if (tree && !try_payload( payload, tree )) return 0;
#ifdef WINEKMT_DLLDIR
        dir = WINEKMT_DLLDIR;
#else
        dir = tree;
#endif
    }
    if (dir && !try_payload( payload, dir )) return 0;
    complain( "the files to install were not found in %s: %s is missing", dir ? dir : "?",
              !payload->winekmt ? "x86_64-windows/" NAME_WINEKMT :
              !payload->refresh ? "x86_64-windows/" NAME_REFRESH : "x86_64-unix/winekmt.so" );
    return -1;
}
