/*
 * winekmt-setup: run
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "setup.h"

static void prepend( const char *name, const char *value, const char *separator )
{
    const char *old = getenv( name );
    char *joined = old && *old ? text( "%s%s%s", value, separator, old ) : copy_text( value );

    setenv( name, joined, 1 );
    free( joined );
}

/* Whether WINEDLLOVERRIDES ("a,b=n;c=b") says something about gdi32: then the user has decided. */
static int overrides_gdi32( void )
{
    const char *p = getenv( "WINEDLLOVERRIDES" );
    size_t len;

    while (p && *p)
    {
        p += strspn( p, "*,; " );
        len = strcspn( p, ",;= " );
        if (len == 5 && !strncasecmp( p, "gdi32", 5 )) return 1;
        p += len;
        if (*p == '=') p += strcspn( p, ";" );
    }
    return 0;
}

/* Lets Wine make the prefix, as it would do for any program, and waits until its registry is on the disk. */
static int make_prefix( const char *path, const struct wine *wine )
{
    char *reg = text( "%s/system.reg", path );
    struct prefix prefix = { .lock_fds = { -1, -1 } };
    int wait_status = 0, ret = -1;
    pid_t pid;

    if (file_exists( reg ))
    {
        free( reg );
        return 0;
    }
    fflush( NULL );
    if (!(pid = fork()))
    {
        execl( wine->loader, wine->loader, "wineboot", "--init", (char *)NULL );
        _exit( 127 );
    }
    while (pid > 0 && waitpid( pid, &wait_status, 0 ) < 0 && errno == EINTR) continue;
    if (pid > 0 && WIFEXITED( wait_status ) && !WEXITSTATUS( wait_status ) && (prefix.path = realpath( path, NULL )))
    {
        ret = prefix_lock( &prefix, 60 );
        prefix_unlock( &prefix );
        free( prefix.path );
        if (!ret && !file_exists( reg )) ret = -1;
    }
    if (ret) complain( "Wine could not make the prefix %s", path );
    free( reg );
    return ret;
}

/***********************************************************************
 * run
 *
 * Runs a Windows program with the drop-in and the unix half, installing into the prefix what is missing there. path: of
 * the prefix, made when it does not exist; argv: the program and its arguments, ends with NULL. Becomes Wine, so that
 * signals and the exit status are the program's; returns an exit status only when that fails.
 */
int run( const char *path, const char *loader, char **argv )
{
    struct payload payload;
    struct prefix prefix;
    struct wine wine;
    unsigned int i, count;
    char **args;

    if (payload_find( &payload )) return EXIT_CANNOT_RUN;
    wine_find( &wine, loader );
    if (!wine.loader || !wine.stock)
    {
        complain( "%s was not found; give Wine's loader with --wine=PATH", wine.loader ? "Wine's gdi32.dll" : "Wine" );
        return EXIT_CANNOT_RUN;
    }
    setenv( "WINEPREFIX", path, 1 );
    if (make_prefix( path, &wine ) || prefix_open( &prefix, path )) return EXIT_CANNOT_RUN;
    setenv( "WINEPREFIX", prefix.path, 1 );
    quiet = 1;
    if (check_installed( &prefix, &payload, &wine, 0 ) && install( &prefix, &payload, &wine, 10 )) return EXIT_CANNOT_RUN;

    prepend( "WINEDLLPATH", payload.dir, ":" );
    if (!overrides_gdi32()) prepend( "WINEDLLOVERRIDES", "gdi32=n,b", ";" );
    for (count = 0; argv[count]; ) count++;
    args = allocate( (count + 2) * sizeof(*args) );
    args[0] = wine.loader;
    for (i = 0; i < count; i++) args[i + 1] = argv[i];
    execv( wine.loader, args );
    complain( "cannot start %s: %s", wine.loader, strerror( errno ) );
    return EXIT_CANNOT_RUN;
}
