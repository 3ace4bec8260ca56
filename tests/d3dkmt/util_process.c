/*
 * What the files of the conformance suite share: processes and their handles (d3dkmt_test.h)
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#ifdef _WIN32

ULONG get_own_id( void )
{
    return GetCurrentProcessId();
}

HANDLE open_own_process( UINT access )
{
    HANDLE process = OpenProcess( access, FALSE, GetCurrentProcessId() );

    ok( process != NULL, "OpenProcess failed with %u\n", (UINT)GetLastError() );
    return process;
}

HANDLE start_other_process( void )
{
    PROCESS_INFORMATION process;
    char path[MAX_PATH], command[MAX_PATH + 16];
    STARTUPINFOA startup;
    BOOL ret;

    memset( &startup, 0, sizeof(startup) );
    startup.cb = sizeof(startup);
    GetModuleFileNameA( NULL, path, sizeof(path) );
    sprintf( command, "\"%s\" --list", path );
    ret = CreateProcessA( path, command, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup, &process );
    ok( ret, "CreateProcess failed with %u\n", (UINT)GetLastError() );
    if (!ret) return NULL;
    CloseHandle( process.hThread );
    return process.hProcess;
}

void end_other_process( HANDLE process )
{
    TerminateProcess( process, 0 );
    ok( WaitForSingleObject( process, 60000 ) == WAIT_OBJECT_0, "the process does not end\n" );
}

HANDLE restrict_process( HANDLE process, UINT access )
{
    HANDLE other = NULL;

    ok( DuplicateHandle( GetCurrentProcess(), process, GetCurrentProcess(), &other, access, FALSE, 0 ), "DuplicateHandle failed with %u\n",
        (UINT)GetLastError() );
    return other;
}

void close_process( HANDLE process )
{
    CloseHandle( process );
}

#else

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t other_pid;     /* of start_other_process: one at a time */

static HANDLE open_pid( pid_t pid )
{
    long fd = syscall( SYS_pidfd_open, pid, 0 );

    if (fd >= 0) return (HANDLE)(intptr_t)fd;
    skip( "no pidfd_open: an old kernel, or valgrind\n" );
    return NULL;
}

ULONG get_own_id( void )
{
    return getpid();
}

HANDLE open_own_process( UINT access )
{
    (void)access;
    return open_pid( getpid() );
}

HANDLE start_other_process( void )
{
    char *argv[] = { (char *)"sleep", (char *)"600", NULL };
    HANDLE process;
    int ret;

    ret = posix_spawnp( &other_pid, "sleep", NULL, NULL, argv, environ );
    ok( !ret, "posix_spawn failed with %d\n", ret );
    if (ret) return NULL;
    if (!(process = open_pid( other_pid ))) end_other_process( NULL );
    return process;
}

void end_other_process( HANDLE process )
{
    int status;

    (void)process;
    if (other_pid <= 1) return;     /* what kill makes of such a number */
    kill( other_pid, SIGKILL );
    ok( waitpid( other_pid, &status, 0 ) == other_pid, "the process does not end\n" );
    other_pid = 0;
}

HANDLE restrict_process( HANDLE process, UINT access )
{
    (void)access;
    return (HANDLE)(intptr_t)fcntl( (intptr_t)process, F_DUPFD_CLOEXEC, 3 );
}

void close_process( HANDLE process )
{
    close( (intptr_t)process );
}

#endif
