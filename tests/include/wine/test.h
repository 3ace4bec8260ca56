/*
 * A test harness with the interface of Wine's "wine/test.h"
 *
 * A test file written for one compiles with the other: ours in Wine's tree, where Wine's own header comes first in the
 * include path, and a test file of Wine here. It was written from what the macros are documented and seen to do, not from
 * Wine's header.
 *
 * One file of a program, the test list, defines STANDALONE before it includes this, and winetest_testlist[] after. It
 * then has main(). The command line:
 *     program                every test of the list, one after the other (Wine's own prints the usage here)
 *     program NAME [ARG...]  one test; its arguments come out of winetest_get_mainargs()
 *     program --list         the names
 * Each test ends with the line "0024:lock: 123 tests executed (0 marked as todo, 0 failures), 0 skipped.". The exit
 * status is the number of failures, at most 255; 2 for a name that is not in the list.
 *
 * Environment: WINETEST_DEBUG (0: failures only, 1: also skips, traces and the last line, the default),
 * WINETEST_PLATFORM ("wine" or "windows"), WINETEST_INTERACTIVE, WINETEST_REPORT_SUCCESS.
 *
 * Every function here may be called by several threads at once: counters are atomic, the place of a check, its todo state
 * and its context lines belong to the thread, a line is written in one piece.
 *
 * It compiles for Windows (mingw) and for Linux, where the types come from our own windef.h.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINE_WINE_TEST_H
#define __WINE_WINE_TEST_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windef.h>
#include <winbase.h>
#else
#include "windef.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__MINGW_PRINTF_FORMAT)
#define WINETEST_PRINTF_ATTR(fmt,args) __attribute__((format( __MINGW_PRINTF_FORMAT, fmt, args )))
#elif defined(__GNUC__)
#define WINETEST_PRINTF_ATTR(fmt,args) __attribute__((format( printf, fmt, args )))
#else
#define WINETEST_PRINTF_ATTR(fmt,args)
#endif

/* How much is said (WINETEST_DEBUG), whether each success is reported too, and whether a person watches. */
extern int winetest_debug;
extern int winetest_report_success;
extern int winetest_interactive;

/* "wine" or "windows". Linux programs run the same implementation, so they count as "wine". */
extern const char *winetest_platform;
extern int winetest_platform_is_wine;

struct test
{
    const char *name;
    void      (*func)(void);
};
extern const struct test winetest_testlist[];   /* ends with a NULL name */

extern void winetest_set_location( const char *file, int line );
extern void winetest_start_todo( int is_todo );
extern int  winetest_loop_todo(void);
extern void winetest_end_todo(void);
extern int  winetest_get_mainargs( char ***args );
extern void winetest_push_context( const char *format, ... ) WINETEST_PRINTF_ATTR(1, 2);
extern void winetest_pop_context(void);
extern LONG winetest_get_failures(void);
extern void winetest_add_failures( LONG count );

extern int  winetest_vok( int condition, const char *format, va_list args );
extern void winetest_ok( int condition, const char *format, ... ) WINETEST_PRINTF_ATTR(2, 3);
extern void winetest_skip( const char *format, ... ) WINETEST_PRINTF_ATTR(1, 2);
extern void winetest_win_skip( const char *format, ... ) WINETEST_PRINTF_ATTR(1, 2);
extern void winetest_trace( const char *format, ... ) WINETEST_PRINTF_ATTR(1, 2);
extern void winetest_print( const char *format, ... ) WINETEST_PRINTF_ATTR(1, 2);

/* Strings for messages: valid until the same thread has made some thirty more. */
extern const char *wine_dbg_sprintf( const char *format, ... ) WINETEST_PRINTF_ATTR(1, 2);
extern const char *wine_dbgstr_wn( const WCHAR *string, intptr_t length );
extern const char *wine_dbgstr_an( const char *string, intptr_t length );
extern const char *wine_dbgstr_guid( const GUID *guid );
extern const char *wine_dbgstr_longlong( ULONGLONG value );
static inline const char *wine_dbgstr_w( const WCHAR *string ) { return wine_dbgstr_wn( string, -1 ); }
static inline const char *wine_dbgstr_a( const char *string ) { return wine_dbgstr_an( string, -1 ); }
static inline const char *debugstr_w( const WCHAR *string ) { return wine_dbgstr_wn( string, -1 ); }
static inline const char *debugstr_a( const char *string ) { return wine_dbgstr_an( string, -1 ); }
static inline const char *debugstr_guid( const GUID *guid ) { return wine_dbgstr_guid( guid ); }

#define START_TEST(name) void func_##name(void); void func_##name(void)

/* The _ forms take the place that a message names, for checks inside of helper functions. */
#define ok_(file, line)        (winetest_set_location( file, line ), winetest_ok)
#define skip_(file, line)      (winetest_set_location( file, line ), winetest_skip)
#define win_skip_(file, line)  (winetest_set_location( file, line ), winetest_win_skip)
#define trace_(file, line)     (winetest_set_location( file, line ), winetest_trace)

#define ok        ok_( __FILE__, __LINE__ )
#define skip      skip_( __FILE__, __LINE__ )
#define win_skip  win_skip_( __FILE__, __LINE__ )
#define trace     trace_( __FILE__, __LINE__ )

/* What is known to be wrong in Wine: its checks must fail there, and count as todo. */
#define todo_if(is_todo)    for (winetest_start_todo( is_todo ); winetest_loop_todo(); winetest_end_todo())
#define todo_wine_if(is)    todo_if( (is) && winetest_platform_is_wine )
#define todo_wine           todo_if( winetest_platform_is_wine )

/* What some Windows does and Wine shall not. */
#define broken(condition)   (!winetest_platform_is_wine && (condition))

#ifdef _WIN32
extern void winetest_wait_child_process( HANDLE process );
#endif

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#endif

#ifdef __cplusplus
}
#endif

/***********************************************************************
 * The implementation and main(), once a program
 */
#ifdef STANDALONE

#ifndef _WIN32
#include <pthread.h>
#include <unistd.h>
#endif

#define WINETEST_MAX_CONTEXTS   8
#define WINETEST_CONTEXT_SIZE   128
#define WINETEST_STRING_SIZE    256     /* most debug strings fit: a longer one is cut */
#define WINETEST_STRING_COUNT   32

int winetest_debug = 1;
int winetest_report_success = 0;
int winetest_interactive = 0;
const char *winetest_platform = "wine";
int winetest_platform_is_wine = 1;

/* Of the test that runs. Written by any thread, only atomically. */
static LONG winetest_successes, winetest_failures, winetest_todos, winetest_skips;

static int    winetest_argc;
static char **winetest_argv;
static const char *winetest_current = "";

/* What belongs to one thread. */
struct winetest_thread_data
{
    const char  *file;
    int          line;
    unsigned int todo_level;    /* bit n: the n-th nested todo is one here */
    int          todo_do_loop;
    unsigned int context_count;
    char         contexts[WINETEST_MAX_CONTEXTS][WINETEST_CONTEXT_SIZE];
    unsigned int string_pos;
    char         strings[WINETEST_STRING_COUNT][WINETEST_STRING_SIZE];
};

static void winetest_count( LONG *counter )
{
    __atomic_add_fetch( counter, 1, __ATOMIC_RELAXED );
}

static LONG winetest_read( const LONG *counter )
{
    return __atomic_load_n( counter, __ATOMIC_RELAXED );
}

#ifdef _WIN32

/* A TLS slot and not __thread: with some mingw compilers that needs a DLL beside the program. */
static DWORD winetest_tls = TLS_OUT_OF_INDEXES;

/* Never freed: the threads of a test are few, and the end of one cannot be seen from here. */
static struct winetest_thread_data *winetest_thread(void)
{
    DWORD error = GetLastError();
    struct winetest_thread_data *data = (struct winetest_thread_data *)TlsGetValue( winetest_tls );

    if (!data)
    {
        data = (struct winetest_thread_data *)calloc( 1, sizeof(*data) );
        if (!data) abort();
        TlsSetValue( winetest_tls, data );
    }
    SetLastError( error );
    return data;
}

static unsigned int winetest_process_id(void)
{
    return GetCurrentProcessId();
}

#else

static struct winetest_thread_data *winetest_thread(void)
{
    static __thread struct winetest_thread_data data;

    return &data;
}

static unsigned int winetest_process_id(void)
{
    return getpid();
}

#endif

void winetest_set_location( const char *file, int line )
{
    struct winetest_thread_data *data = winetest_thread();
    const char *p;

    data->file = file;
    for (p = file; *p; p++) if (*p == '/' || *p == '\\') data->file = p + 1;
    data->line = line;
}

/* One line of output: the place, the contexts from outside in, and what the test says. */
static void WINETEST_PRINTF_ATTR(2, 0) winetest_vprint( const char *kind, const char *format, va_list args )
{
    struct winetest_thread_data *data = winetest_thread();
    char buffer[2048];
    size_t pos = 0;
    unsigned int i;

#define WINETEST_APPEND( len ) do { int len_ = (len); \
        if (len_ > 0) pos = pos + len_ < sizeof(buffer) ? pos + len_ : sizeof(buffer) - 1; } while (0)
    WINETEST_APPEND( snprintf( buffer, sizeof(buffer), "%s:%d: %s", data->file ? data->file : "?", data->line, kind ) );
    for (i = 0; i < data->context_count && i < WINETEST_MAX_CONTEXTS; i++)
        WINETEST_APPEND( snprintf( buffer + pos, sizeof(buffer) - pos, "%s: ", data->contexts[i] ) );
    WINETEST_APPEND( vsnprintf( buffer + pos, sizeof(buffer) - pos, format, args ) );
#undef WINETEST_APPEND
    if (!pos || buffer[pos - 1] != '\n') buffer[pos < sizeof(buffer) - 1 ? pos++ : pos - 1] = '\n';
    fwrite( buffer, 1, pos, stdout );
    fflush( stdout );
}

void winetest_print( const char *format, ... )
{
    va_list args;

    va_start( args, format );
    winetest_vprint( "", format, args );
    va_end( args );
}

int winetest_vok( int condition, const char *format, va_list args )
{
    struct winetest_thread_data *data = winetest_thread();

    if (data->todo_level)
    {
        if (condition)
        {
            winetest_vprint( "Test succeeded inside todo block: ", format, args );
            winetest_count( &winetest_failures );
            return 0;
        }
        if (winetest_debug > 0) winetest_vprint( "Test marked todo: ", format, args );
        winetest_count( &winetest_todos );
        return 1;
    }
    if (!condition)
    {
        winetest_vprint( "Test failed: ", format, args );
        winetest_count( &winetest_failures );
        return 0;
    }
    if (winetest_report_success) winetest_vprint( "Test succeeded: ", format, args );
    winetest_count( &winetest_successes );
    return 1;
}

void winetest_ok( int condition, const char *format, ... )
{
    va_list args;

    va_start( args, format );
    winetest_vok( condition, format, args );
    va_end( args );
}

static void WINETEST_PRINTF_ATTR(1, 0) winetest_vskip( const char *format, va_list args )
{
    if (winetest_debug > 0) winetest_vprint( "Tests skipped: ", format, args );
    winetest_count( &winetest_skips );
}

void winetest_skip( const char *format, ... )
{
    va_list args;

    va_start( args, format );
    winetest_vskip( format, args );
    va_end( args );
}

/* What only some Windows lacks: Wine has no excuse. */
void winetest_win_skip( const char *format, ... )
{
    va_list args;

    va_start( args, format );
    if (!winetest_platform_is_wine || winetest_thread()->todo_level) winetest_vskip( format, args );
    else winetest_vok( 0, format, args );
    va_end( args );
}

void winetest_trace( const char *format, ... )
{
    va_list args;

    if (winetest_debug <= 0) return;
    va_start( args, format );
    winetest_vprint( "", format, args );
    va_end( args );
}

void winetest_push_context( const char *format, ... )
{
    struct winetest_thread_data *data = winetest_thread();
    va_list args;

    /* deeper ones are counted, so that the pops fit, but not shown */
    if (data->context_count < WINETEST_MAX_CONTEXTS)
    {
        va_start( args, format );
        vsnprintf( data->contexts[data->context_count], WINETEST_CONTEXT_SIZE, format, args );
        va_end( args );
    }
    data->context_count++;
}

void winetest_pop_context(void)
{
    struct winetest_thread_data *data = winetest_thread();

    if (data->context_count) data->context_count--;
}

void winetest_start_todo( int is_todo )
{
    struct winetest_thread_data *data = winetest_thread();

    data->todo_level = (data->todo_level << 1) | (is_todo != 0);
    data->todo_do_loop = 1;
}

int winetest_loop_todo(void)
{
    struct winetest_thread_data *data = winetest_thread();
    int do_loop = data->todo_do_loop;

    data->todo_do_loop = 0;
    return do_loop;
}

void winetest_end_todo(void)
{
    winetest_thread()->todo_level >>= 1;
}

LONG winetest_get_failures(void)
{
    return winetest_read( &winetest_failures );
}

void winetest_add_failures( LONG count )
{
    __atomic_add_fetch( &winetest_failures, count, __ATOMIC_RELAXED );
}

int winetest_get_mainargs( char ***args )
{
    *args = winetest_argv;
    return winetest_argc;
}

static char *winetest_string(void)
{
    struct winetest_thread_data *data = winetest_thread();

    return data->strings[data->string_pos++ % WINETEST_STRING_COUNT];
}

const char *wine_dbg_sprintf( const char *format, ... )
{
    char *string = winetest_string();
    va_list args;

    va_start( args, format );
    vsnprintf( string, WINETEST_STRING_SIZE, format, args );
    va_end( args );
    return string;
}

const char *wine_dbgstr_wn( const WCHAR *string, intptr_t length )
{
    static const char hex[] = "0123456789abcdef";
    char *dst = winetest_string(), *start = dst, *end = dst + WINETEST_STRING_SIZE - 10;

    if (!string) return "(null)";
    if (length < 0) for (length = 0; string[length]; length++) {}
    *dst++ = 'L';
    *dst++ = '"';
    while (length-- > 0 && dst < end)
    {
        unsigned int c = *string++;

        if (c == '"' || c == '\\') *dst++ = '\\', *dst++ = c;
        else if (c == '\n') *dst++ = '\\', *dst++ = 'n';
        else if (c == '\r') *dst++ = '\\', *dst++ = 'r';
        else if (c == '\t') *dst++ = '\\', *dst++ = 't';
        else if (c >= ' ' && c < 127) *dst++ = c;
        else
        {
            *dst++ = '\\';
            *dst++ = hex[c >> 12 & 15];
            *dst++ = hex[c >> 8 & 15];
            *dst++ = hex[c >> 4 & 15];
            *dst++ = hex[c & 15];
        }
    }
    *dst++ = '"';
    if (length >= 0) *dst++ = '.', *dst++ = '.', *dst++ = '.';
    *dst = 0;
    return start;
}

const char *wine_dbgstr_an( const char *string, intptr_t length )
{
    char *dst = winetest_string(), *start = dst, *end = dst + WINETEST_STRING_SIZE - 10;

    if (!string) return "(null)";
    if (length < 0) length = strlen( string );
    *dst++ = '"';
    while (length-- > 0 && dst < end)
    {
        unsigned char c = *string++;

        if (c == '"' || c == '\\') *dst++ = '\\', *dst++ = c;
        else if (c >= ' ' && c < 127) *dst++ = c;
        else dst += snprintf( dst, 5, "\\x%02x", c );
    }
    *dst++ = '"';
    if (length >= 0) *dst++ = '.', *dst++ = '.', *dst++ = '.';
    *dst = 0;
    return start;
}

const char *wine_dbgstr_guid( const GUID *guid )
{
    if (!guid) return "(null)";
    return wine_dbg_sprintf( "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", (unsigned int)guid->Data1,
                             guid->Data2, guid->Data3, guid->Data4[0], guid->Data4[1], guid->Data4[2], guid->Data4[3],
                             guid->Data4[4], guid->Data4[5], guid->Data4[6], guid->Data4[7] );
}

const char *wine_dbgstr_longlong( ULONGLONG value )
{
    if (value >> 32) return wine_dbg_sprintf( "%x%08x", (unsigned int)(value >> 32), (unsigned int)value );
    return wine_dbg_sprintf( "%x", (unsigned int)value );
}

#ifdef _WIN32

void winetest_wait_child_process( HANDLE process )
{
    DWORD code = 1;

    if (WaitForSingleObject( process, 30000 ) != WAIT_OBJECT_0)
    {
        winetest_ok( 0, "The child process did not end within 30 s.\n" );
        TerminateProcess( process, 1 );
        return;
    }
    GetExitCodeProcess( process, &code );
    winetest_ok( code < 256, "The child process crashed with %#x.\n", (unsigned int)code );
    if (code < 256) winetest_add_failures( code );
}

/* A crash is a failure that says where it happened, and not a dialog. */
static LONG CALLBACK winetest_exception_filter( EXCEPTION_POINTERS *pointers )
{
    struct winetest_thread_data *data = winetest_thread();

    printf( "%s:%d: this is the last test seen before the exception\n", data->file ? data->file : "?", data->line );
    printf( "%04x:%s: unhandled exception %08x at %p\n", winetest_process_id(), winetest_current,
            (unsigned int)pointers->ExceptionRecord->ExceptionCode, pointers->ExceptionRecord->ExceptionAddress );
    fflush( stdout );
    return EXCEPTION_EXECUTE_HANDLER;
}

#endif

static int winetest_usage( const char *program )
{
    const struct test *test;

    printf( "Usage: %s [TEST [ARGUMENT...]]\n\nWithout a name every test runs. Valid test names:\n", program );
    for (test = winetest_testlist; test->name; test++) printf( "    %s\n", test->name );
    return 2;
}

/* Returns the number of failures. */
static LONG winetest_run( const struct test *test )
{
    LONG successes, failures, todos, skips;

    winetest_successes = winetest_failures = winetest_todos = winetest_skips = 0;
    winetest_current = test->name;
    winetest_thread()->context_count = 0;
    winetest_thread()->todo_level = 0;

    test->func();

    successes = winetest_read( &winetest_successes );
    failures = winetest_read( &winetest_failures );
    todos = winetest_read( &winetest_todos );
    skips = winetest_read( &winetest_skips );
    if (winetest_debug > 0)
        printf( "%04x:%s: %d tests executed (%d marked as todo, %d %s), %d skipped.\n", winetest_process_id(), test->name,
                (int)(successes + failures + todos), (int)todos, (int)failures, failures == 1 ? "failure" : "failures",
                (int)skips );
    fflush( stdout );
    return failures;
}

int main( int argc, char **argv )
{
    const struct test *test;
    const char *value;
    LONG failures = 0;

    winetest_argc = argc;
    winetest_argv = argv;
#ifdef _WIN32
    winetest_tls = TlsAlloc();
    SetUnhandledExceptionFilter( winetest_exception_filter );
    if (!GetProcAddress( GetModuleHandleA( "ntdll.dll" ), "wine_get_version" )) winetest_platform = "windows";
#endif
    if ((value = getenv( "WINETEST_PLATFORM" ))) winetest_platform = value;
    winetest_platform_is_wine = !strcmp( winetest_platform, "wine" );
    if ((value = getenv( "WINETEST_DEBUG" ))) winetest_debug = atoi( value );
    if ((value = getenv( "WINETEST_INTERACTIVE" ))) winetest_interactive = atoi( value );
    if ((value = getenv( "WINETEST_REPORT_SUCCESS" ))) winetest_report_success = atoi( value );

    if (argc < 2)
    {
        for (test = winetest_testlist; test->name; test++) failures += winetest_run( test );
        return failures < 255 ? failures : 255;
    }
    if (!strcmp( argv[1], "--list" ))
    {
        for (test = winetest_testlist; test->name; test++) printf( "%s\n", test->name );
        return 0;
    }
    for (test = winetest_testlist; test->name; test++)
    {
        /* Wine's runners also pass the file's name */
        size_t len = strlen( test->name );

        if (strncmp( argv[1], test->name, len ) || (argv[1][len] && strcmp( argv[1] + len, ".c" ))) continue;
        failures = winetest_run( test );
        return failures < 255 ? failures : 255;
    }
    return winetest_usage( argv[0] );
}

#endif /* STANDALONE */

#endif /* __WINE_WINE_TEST_H */
