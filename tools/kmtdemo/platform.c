/*
 * kmtdemo: what differs between Windows and Linux
 *
 * On Windows the functions are looked up in gdi32.dll, so that a missing one gives a message instead of a program that
 * does not start. On Linux the program is linked with libd3dkmt's objects.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#include "kmtdemo.h"

struct kmt_functions kmt;

/* Escape sequences and the attributes of a Windows console (0: as before), by enum color; chosen to be legible on black and
 * on white. */
static const struct
{
    const char *escape;
    WORD        attribute;          /* blue 1, green 2, red 4, bright 8 */
}
colors[] =
{
    { "\033[0m", 0 },
    { "\033[2m", 0 },
    { "\033[1m", 0 },
    { "\033[36m", 3 },
    { "\033[33m", 6 },
    { "\033[31m", 4 },
    { "\033[32m", 2 },
    { "\033[35m", 5 },
    { "\033[32m", 2 },
    { "\033[1;31m", 12 },
};

static enum { NO_COLORS, ESCAPES, ATTRIBUTES } color_output;

static BOOL wants_colors( enum color_mode mode, BOOL terminal )
{
    const char *no_color = getenv( "NO_COLOR" ), *term = getenv( "TERM" );

    if (mode != COLOR_AUTO) return mode == COLOR_ALWAYS;
    return terminal && !(no_color && *no_color) && !(term && !strcmp( term, "dumb" ));
}

#ifdef _WIN32

#include <fcntl.h>
#include <io.h>

static HANDLE console;
static WORD   attributes_before;
static UINT   codepage_before;

static void restore_console( void )
{
    fflush( stdout );
    if (color_output == ATTRIBUTES) SetConsoleTextAttribute( console, attributes_before );
    SetConsoleOutputCP( codepage_before );
}

static void init_output( enum color_mode mode )
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    DWORD console_mode;
    BOOL terminal;

    console = GetStdHandle( STD_OUTPUT_HANDLE );
    terminal = GetConsoleMode( console, &console_mode ) && GetConsoleScreenBufferInfo( console, &info );
    _setmode( _fileno( stdout ), _O_BINARY );
    setvbuf( stdout, NULL, _IOFBF, 1 << 16 );
    if (wants_colors( mode, terminal )) color_output = terminal ? ATTRIBUTES : ESCAPES;
    if (!terminal) return;
    attributes_before = info.wAttributes;
    codepage_before = GetConsoleOutputCP();
    if (use_utf8 && !SetConsoleOutputCP( CP_UTF8 )) use_utf8 = FALSE;
    atexit( restore_console );
}

void platform_init( enum color_mode mode )
{
    HMODULE gdi32 = LoadLibraryA( "gdi32.dll" );

    init_output( mode );
    if (!gdi32) stop( EXIT_CANNOT, "gdi32.dll cannot be loaded (error %u)", (unsigned int)GetLastError() );
#define F( name ) \
    if (!(kmt.name = (__typeof__(kmt.name))(void *)GetProcAddress( gdi32, "D3DKMT" #name ))) \
        stop( EXIT_CANNOT, "gdi32.dll has no D3DKMT" #name ".\n" \
              "Under Wine: winekmt is not in this prefix; \"winekmt-setup install\" puts it there.\n" \
              "On Windows: Windows 10 or later is needed." );
    KMTDEMO_FUNCTIONS
#undef F
}

static void set_attribute( WORD attribute )
{
    fflush( stdout );
    SetConsoleTextAttribute( console, attribute ? (attributes_before & 0xf0) | attribute : attributes_before );
}

double platform_seconds( void )
{
    LARGE_INTEGER frequency, counter;

    QueryPerformanceFrequency( &frequency );
    QueryPerformanceCounter( &counter );
    return (double)counter.QuadPart / frequency.QuadPart;
}

void platform_sleep( unsigned int milliseconds )
{
    Sleep( milliseconds );
}

/* One end of a pipe as a stream, which owns it from then on. */
static FILE *open_pipe( HANDLE pipe, BOOL write )
{
    int fd = _open_osfhandle( (intptr_t)pipe, _O_BINARY | (write ? 0 : _O_RDONLY) );
    FILE *file = fd < 0 ? NULL : _fdopen( fd, write ? "wb" : "rb" );

    if (!file) stop( EXIT_CANNOT, "a pipe cannot be opened" );
    return file;
}

void platform_start_child( struct child *child, const char *first, const char *second )
{
    SECURITY_ATTRIBUTES inherited = { sizeof(inherited), NULL, TRUE };
    char path[MAX_PATH], command[MAX_PATH + 128];
    PROCESS_INFORMATION process;
    STARTUPINFOA startup = { 0 };
    HANDLE in_read, in_write, out_read, out_write;
    DWORD length = GetModuleFileNameA( NULL, path, sizeof(path) );

    if (!length || length == sizeof(path)) stop( EXIT_CANNOT, "this program cannot find its own file" );
    snprintf( command, sizeof(command), "\"%s\" %s %s", path, first, second ? second : "" );
    if (!CreatePipe( &in_read, &in_write, &inherited, 0 ) || !CreatePipe( &out_read, &out_write, &inherited, 0 ) ||
        !SetHandleInformation( in_write, HANDLE_FLAG_INHERIT, 0 ) || !SetHandleInformation( out_read, HANDLE_FLAG_INHERIT, 0 ))
        stop( EXIT_CANNOT, "pipes cannot be made (error %u)", (unsigned int)GetLastError() );
    startup.cb = sizeof(startup);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = in_read;
    startup.hStdOutput = out_write;
    startup.hStdError = GetStdHandle( STD_ERROR_HANDLE );
    if (!CreateProcessA( path, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process ))
        stop( EXIT_CANNOT, "the second program cannot be started (error %u)", (unsigned int)GetLastError() );
    CloseHandle( process.hThread );
    CloseHandle( in_read );
    CloseHandle( out_write );
    child->process = process.hProcess;
    child->to = open_pipe( in_write, TRUE );
    child->from = open_pipe( out_read, FALSE );
}

int platform_wait_child( struct child *child )
{
    DWORD status;

    fclose( child->to );
    if (WaitForSingleObject( child->process, INFINITE ) || !GetExitCodeProcess( child->process, &status )) status = -1;
    fclose( child->from );
    CloseHandle( child->process );
    return status;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

void platform_init( enum color_mode mode )
{
    if (wants_colors( mode, isatty( STDOUT_FILENO ) )) color_output = ESCAPES;
#define F( name ) kmt.name = D3DKMT##name;
    KMTDEMO_FUNCTIONS
#undef F
}

static void set_attribute( WORD attribute )
{
    (void)attribute;
}

double platform_seconds( void )
{
    struct timespec now;

    clock_gettime( CLOCK_MONOTONIC, &now );
    return now.tv_sec + now.tv_nsec / 1e9;
}

void platform_sleep( unsigned int milliseconds )
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

    nanosleep( &time, NULL );
}

void platform_start_child( struct child *child, const char *first, const char *second )
{
    /* How it was started; unlike /proc it is always there. */
    char *path = (char *)getauxval( AT_EXECFN ), *argv[] = { path, (char *)first, (char *)second, NULL };
    posix_spawn_file_actions_t actions;
    int in[2], out[2], error;
    pid_t pid;

    if (!path) stop( EXIT_CANNOT, "this program cannot find its own file" );
    if (pipe2( in, O_CLOEXEC ) || pipe2( out, O_CLOEXEC )) stop( EXIT_CANNOT, "pipes cannot be made: %s", strerror( errno ) );
    if (!(error = posix_spawn_file_actions_init( &actions )) &&
        !(error = posix_spawn_file_actions_adddup2( &actions, in[0], STDIN_FILENO )) &&
        !(error = posix_spawn_file_actions_adddup2( &actions, out[1], STDOUT_FILENO )))
        error = posix_spawn( &pid, path, &actions, NULL, argv, environ );
    if (error) stop( EXIT_CANNOT, "the second program cannot be started: %s", strerror( error ) );
    posix_spawn_file_actions_destroy( &actions );
    close( in[0] );
    close( out[1] );
    /* When it has died, reading finds out. */
    signal( SIGPIPE, SIG_IGN );
    child->process = (void *)(intptr_t)pid;
    child->to = fdopen( in[1], "wb" );
    child->from = fdopen( out[0], "rb" );
    if (!child->to || !child->from) stop( EXIT_CANNOT, "a pipe cannot be opened" );
}

int platform_wait_child( struct child *child )
{
    int status;
    pid_t pid;

    fclose( child->to );
    while ((pid = waitpid( (pid_t)(intptr_t)child->process, &status, 0 )) < 0 && errno == EINTR) {}
    fclose( child->from );
    signal( SIGPIPE, SIG_DFL );
    return pid > 0 && WIFEXITED( status ) ? WEXITSTATUS( status ) : -1;
}

#endif

void platform_color( enum color color )
{
    if (color_output == ESCAPES) fputs( colors[color].escape, stdout );
    if (color_output == ATTRIBUTES) set_attribute( colors[color].attribute );
}
