/*
 * os.h and os_registry.h for native Linux programs: processes are pidfds, there is no registry and no LUIDs
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os_private.h"
#include "os_registry.h"
#include "ntstatus.h"

static const uint64_t kind_native = 0x6e6174697665;     /* for os_hash_process */

static bool is_self( HANDLE process )
{
    return !process || process == (HANDLE)(intptr_t)-1;
}

/* The process id behind a pidfd: 0 when it is in a PID namespace that this process does not see, -1 when it has ended and nobody
 * remembers it. false: it is no pidfd. */
static bool read_pidfd( int fd, long *pid )
{
    char path[64], line[128];
    bool found = false;
    FILE *file;

    snprintf( path, sizeof(path), "/proc/self/fdinfo/%d", fd );
    if (!(file = fopen( path, "re" ))) return false;
    while (!found && fgets( line, sizeof(line), file )) found = sscanf( line, "Pid: %ld", pid ) == 1;
    fclose( file );
    return found;
}

/***********************************************************************
 *           os_check_process
 *
 * Another process' handle is a pidfd (pidfd_open), cast. Its access cannot differ: whoever may send the process a signal has it,
 * so it is the same user's, or the caller is root. Cost: none for NULL and the pseudo handle, else some system calls.
 */
NTSTATUS os_check_process( HANDLE process, uint32_t access, bool *self )
{
    intptr_t fd = (intptr_t)process;
    long pid;

    (void)access;
    *self = is_self( process );
    if (*self) return STATUS_SUCCESS;

    if (fd < 0 || fd > INT32_MAX || fcntl( fd, F_GETFD ) == -1) return STATUS_INVALID_HANDLE;
    if (!read_pidfd( fd, &pid )) return STATUS_OBJECT_TYPE_MISMATCH;
    if (syscall( SYS_pidfd_send_signal, (int)fd, 0, NULL, 0 ) && errno == EPERM) return STATUS_ACCESS_DENIED;
    *self = pid == getpid();
    return STATUS_SUCCESS;
}

static uint64_t make_key( long pid )
{
    struct stat st = { 0 };

    stat( "/proc/self/ns/pid", &st );
    return os_hash_process( kind_native, st.st_dev, st.st_ino, pid );
}

uint64_t os_own_process_key(void)
{
    return make_key( getpid() );
}

uint32_t os_own_process_id( uint64_t *realm )
{
    *realm = make_key( 0 );
    return getpid();
}

NTSTATUS os_get_process_key( HANDLE process, uint64_t *key )
{
    NTSTATUS status;
    bool self;
    long pid;

    if ((status = os_check_process( process, OS_PROCESS_QUERY_INFORMATION, &self ))) return status;
    if (self) *key = os_own_process_key();
    else if (!read_pidfd( (intptr_t)process, &pid )) return STATUS_INVALID_HANDLE;  /* closed in between */
    else *key = pid > 0 ? make_key( pid ) : 0;
    return STATUS_SUCCESS;
}

bool os_find_adapter_luid( const uint8_t device_uuid[16], uint32_t index, LUID *luid )
{
    (void)device_uuid;
    (void)index;
    (void)luid;
    return false;
}

uint64_t os_video_memory_limit(void)
{
    uint64_t bytes;

    return os_environment_limit( &bytes ) ? bytes : UINT64_MAX;
}

/* Weak: a test may put a registry of its own in their place (tests/fake_registry.c). */

__attribute__((weak)) bool os_find_adapter_key( LUID luid, WCHAR path[OS_KEY_CHARS] )
{
    (void)luid;
    (void)path;
    return false;
}

__attribute__((weak)) NTSTATUS os_read_registry( const WCHAR *path, const WCHAR *name, uint32_t *type, void *data, uint32_t *size )
{
    (void)path;
    (void)name;
    (void)type;
    (void)data;
    (void)size;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

__attribute__((weak)) NTSTATUS os_enum_registry( const WCHAR *path, uint32_t index, WCHAR *name, uint32_t chars, bool *is_dword,
                                                 uint32_t *dword )
{
    (void)path;
    (void)index;
    (void)name;
    (void)chars;
    (void)is_dword;
    (void)dword;
    return STATUS_NO_MORE_ENTRIES;
}

uint64_t os_performance_counter( uint64_t time_ns )
{
    return time_ns / 100;
}
