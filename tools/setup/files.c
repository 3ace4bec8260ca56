/*
 * winekmt-setup: files
 *
 * A file is only ever replaced by a rename, so that every other process, and whoever comes after a crash, finds the old
 * one or the new one. A temporary file has the name of what it is for with ".winekmt-new" behind it; file_clean() clears
 * away what an interruption left of it.
 *
 * Each change is one step. A build for the tests (-DWINEKMT_SETUP_FAULTS) kills itself after step number
 * $WINEKMT_SETUP_STOP_AFTER, which is how it is proved that an interruption anywhere leaves a working prefix.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "setup.h"

int quiet;

static void step( void )
{
#ifdef WINEKMT_SETUP_FAULTS
    static int steps;
    const char *last = getenv( "WINEKMT_SETUP_STOP_AFTER" );

    if (last && ++steps > atoi( last )) kill( getpid(), SIGKILL );
#endif
}

/***********************************************************************
 * Messages. complain: to stderr, why a command failed; say: to stdout, unless quiet.
 */
void complain( const char *format, ... )
{
    va_list args;

    fflush( stdout );
    fputs( "winekmt-setup: ", stderr );
    va_start( args, format );
    vfprintf( stderr, format, args );
    va_end( args );
    fputc( '\n', stderr );
}

void say( const char *format, ... )
{
    va_list args;

    if (quiet) return;
    va_start( args, format );
    vprintf( format, args );
    va_end( args );
    putchar( '\n' );
}

/* Memory that is never missing: a tool of this size that cannot get a page cannot go on, and nothing is half done that
 * the next run would not complete. What it returns is the caller's to free; short-lived as the tool is, not all is. */
void *allocate( size_t size )
{
    void *p = calloc( 1, size ? size : 1 );

    if (p) return p;
    complain( "out of memory" );
    exit( EXIT_PROBLEM );
}

char *copy_text( const char *source )
{
    return memcpy( allocate( strlen( source ) + 1 ), source, strlen( source ) + 1 );
}

char *text( const char *format, ... )
{
    va_list args;
    char *result;
    int len;

    va_start( args, format );
    len = vasprintf( &result, format, args );
    va_end( args );
    if (len >= 0) return result;
    complain( "out of memory" );
    exit( EXIT_PROBLEM );
}

/***********************************************************************
 * Reading. file_read: the whole of a regular file (through links) into file, which file_free() frees; -1 with errno set
 * otherwise, nothing said. Files above PE_MAX_SIZE are refused (EFBIG).
 */
int file_read( const char *path, struct file *file )
{
    struct stat st;
    ssize_t count;
    int fd, saved;

    file->data = NULL;
    file->size = 0;
    if ((fd = open( path, O_RDONLY | O_CLOEXEC | O_NONBLOCK )) < 0) return -1;
    if (fstat( fd, &st ) < 0) goto failed;
    if (!S_ISREG( st.st_mode ))
    {
        errno = S_ISDIR( st.st_mode ) ? EISDIR : EINVAL;
        goto failed;
    }
    if (st.st_size > PE_MAX_SIZE)
    {
        errno = EFBIG;
        goto failed;
    }
    file->data = allocate( st.st_size + 1 );      /* so that text ends with a NUL */
    while (file->size < (size_t)st.st_size)
    {
        count = read( fd, file->data + file->size, st.st_size - file->size );
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) goto failed;
        if (!count) break;
        file->size += count;
    }
    close( fd );
    return 0;

failed:
    saved = errno;
    close( fd );
    file_free( file );
    errno = saved;
    return -1;
}

void file_free( struct file *file )
{
    free( file->data );
    file->data = NULL;
    file->size = 0;
}

int file_same( const char *path, const struct file *file )
{
    struct file other;
    int same;

    if (file_read( path, &other )) return 0;
    same = other.size == file->size && !memcmp( other.data, file->data, file->size );
    file_free( &other );
    return same;
}

/* The name itself, also a link that points nowhere. */
int file_exists( const char *path )
{
    struct stat st;

    return !lstat( path, &st );
}

int file_is_dir( const char *path )
{
    struct stat st;

    return !stat( path, &st ) && S_ISDIR( st.st_mode );
}

static char *temp_name( const char *path )
{
    return text( "%s.winekmt-new", path );
}

static int failed( const char *what, const char *path, char *temp )
{
    int error = errno;

    if (temp)
    {
        unlink( temp );
        free( temp );
    }
    complain( "cannot %s %s: %s", what, path, strerror( error ) );
    return -1;
}

static void sync_dir( const char *path )
{
    char *dir = copy_text( path );
    int fd;

    *strrchr( dir, '/' ) = 0;
    if ((fd = open( *dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC )) >= 0)
    {
        fsync( fd );
        close( fd );
    }
    free( dir );
}

static int put_in_place( char *temp, const char *path )
{
    step();
    if (rename( temp, path )) return failed( "replace", path, temp );
    free( temp );
    sync_dir( path );
    step();
    return 0;
}

static int write_temp( const char *temp, const void *data, size_t size, int mode )
{
    const char *p = data;
    ssize_t count;
    int fd;

    unlink( temp );
    if ((fd = open( temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode )) < 0) return -1;
    step();
    while (size)
    {
        count = write( fd, p, size );
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) break;
        p += count;
        size -= count;
    }
    if (size || fsync( fd ))
    {
        int saved = errno;
        close( fd );
        errno = saved;
        return -1;
    }
    return close( fd );
}

/***********************************************************************
 * Writing. Replaces what path is, atomically, with: file_write, a file of these bytes; file_link, a symbolic link.
 * mode: permissions of a new file, less the umask; the content is on the disk when this returns.
 */
int file_write( const char *path, const void *data, size_t size, int mode )
{
    char *temp = temp_name( path );

    if (write_temp( temp, data, size, mode )) return failed( "write", path, temp );
    return put_in_place( temp, path );
}

int file_link( const char *path, const char *target )
{
    char *temp = temp_name( path );

    unlink( temp );
    if (symlink( target, temp )) return failed( "make the link", path, temp );
    return put_in_place( temp, path );
}

/***********************************************************************
 * file_save
 *
 * Makes copy another name of the file path (or of the link that it is), so that moving it back restores the very same
 * file; where the file system has no hard links, a copy with the same permissions and times.
 */
int file_save( const char *path, const char *copy )
{
    char *temp = temp_name( copy ), target[PATH_MAX];
    struct timespec times[2];
    struct file file;
    struct stat st;
    ssize_t len;

    unlink( temp );
    if (!linkat( AT_FDCWD, path, AT_FDCWD, temp, 0 )) return put_in_place( temp, copy );
    if (lstat( path, &st )) return failed( "read", path, temp );
    if (S_ISLNK( st.st_mode ))
    {
        if ((len = readlink( path, target, sizeof(target) - 1 )) < 0) return failed( "read", path, temp );
        target[len] = 0;
        free( temp );
        return file_link( copy, target );
    }
    if (file_read( path, &file )) return failed( "read", path, temp );
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
    if (write_temp( temp, file.data, file.size, 0600 ) || chmod( temp, st.st_mode & 07777 ) ||
        utimensat( AT_FDCWD, temp, times, 0 ))
    {
        file_free( &file );
        return failed( "write", copy, temp );
    }
    file_free( &file );
    return put_in_place( temp, copy );
}

int file_move( const char *from, const char *to )
{
    step();
    /* Two names of one file are left alone by rename(): then the second name is what has to go. */
    if (rename( from, to )) return failed( "restore", to, NULL );
    unlink( from );
    sync_dir( to );
    step();
    return 0;
}

/* Removes what remained of an interrupted write. */
void file_clean( const char *path )
{
    char *temp = temp_name( path );

    unlink( temp );
    free( temp );
}

/* No error when there is nothing to remove; what remained of an interrupted write goes too. */
int file_remove( const char *path )
{
    file_clean( path );
    if (unlink( path ))
    {
        if (errno == ENOENT || errno == ENOTDIR) return 0;
        return failed( "remove", path, NULL );
    }
    sync_dir( path );
    step();
    return 0;
}

int dir_make( const char *path )
{
    if (mkdir( path, 0777 ))
    {
        if (errno == EEXIST && file_is_dir( path )) return 0;
        return failed( "make the folder", path, NULL );
    }
    step();
    return 0;
}

int dir_remove( const char *path )
{
    if (rmdir( path ) && errno != ENOENT) return failed( "remove the folder", path, NULL );
    step();
    return 0;
}
