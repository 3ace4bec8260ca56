/*
 * bench: what differs between Windows and Linux
 *
 * On Windows the functions are looked up in gdi32.dll, as any program has them. The empty unix call is the first entry of
 * winekmt's own unix half, called with a contract that is not its own: it compares one number and refuses. Natively the
 * program is linked with libd3dkmt's objects, and the least that a call can cost is a jump through a pointer and the lock that all
 * calls take.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#include "bench.h"

struct kmt_functions kmt;

/* A line of a file of Linux's that begins with key: what follows it. "" when there is none. */
static void read_line( const char *path, const char *key, char *text, size_t size )
{
    char line[256], *value;
    FILE *file = fopen( path, "r" );

    text[0] = 0;
    if (!file) return;
    while (fgets( line, sizeof(line), file ))
    {
        if (strncmp( line, key, strlen( key ) )) continue;
        for (value = line + strlen( key ); *value == ' ' || *value == '\t' || *value == ':'; value++) {}
        value[strcspn( value, "\r\n" )] = 0;
        copy_text( text, size, value );
        break;
    }
    fclose( file );
}

#ifdef _WIN32
#define LINUX_FILE( path )  "\\\\?\\unix" path      /* Wine's name for any file of Linux's */
#else
#define LINUX_FILE( path )  path
#endif

static void describe_load( char *text, size_t size )
{
    unsigned int i, spaces = 0;

    /* Three averages, and what nobody needs to know */
    read_line( LINUX_FILE( "/proc/loadavg" ), "", text, size );
    for (i = 0; text[i]; i++)
        if (text[i] == ' ' && ++spaces == 3) break;
    text[i] = 0;
}

#ifdef _WIN32

const char *const platform_name = "windows";
const char *const platform_empty_call_name = "empty unix call";

#define MemoryWineUnixFuncs  1000   /* class of NtQueryVirtualMemory; not in Windows' header */

typedef NTSTATUS (WINAPI *dispatcher_t)( UINT64 handle, unsigned int code, void *args );

static dispatcher_t dispatcher;     /* NULL: winekmt's unix half cannot be reached */
static UINT64 unix_half;

/* The first two entries of winekmt's unix half; dlls/winekmt/unixlib.h has them and says that their numbers never change. */
enum { unix_attach, unix_copy };

struct attach_params
{
    const char *contract;
    UINT        contract_size, count;
};

struct copy_params
{
    void       *dst;
    const void *src;
    SIZE_T      size;
};

static void find_unix_half( void )
{
    NTSTATUS (WINAPI *query)( HANDLE, const void *, int, void *, SIZE_T, SIZE_T * );
    const void *(WINAPI *open)( char *error, unsigned int size );
    HMODULE ntdll = GetModuleHandleA( "ntdll.dll" ), winekmt = GetModuleHandleA( "winekmt.dll" ), bridge;
    dispatcher_t *found = (void *)GetProcAddress( ntdll, "__wine_unix_call_dispatcher" );
    char error[512];

    if (!found || !winekmt) return;
    query = (void *)GetProcAddress( ntdll, "NtQueryVirtualMemory" );
    if (query( GetCurrentProcess(), winekmt, MemoryWineUnixFuncs, &unix_half, sizeof(unix_half), NULL )) unix_half = 0;
    if (!unix_half && (bridge = LoadLibraryA( "winekmt_bridge.dll" )) &&
        (open = (void *)GetProcAddress( bridge, "winekmt_bridge_open" )))
        unix_half = (UINT_PTR)open( error, sizeof(error) );
    if (unix_half) dispatcher = *found;
}

void platform_init( void )
{
    HMODULE gdi32 = LoadLibraryA( "gdi32.dll" );

    if (!gdi32) stop( "gdi32.dll cannot be loaded (error %u)", (unsigned int)GetLastError() );
#define F( name ) \
    if (!(kmt.name = (__typeof__(kmt.name))(void *)GetProcAddress( gdi32, "D3DKMT" #name ))) \
        stop( "gdi32.dll has no D3DKMT" #name ". Under Wine: winekmt-setup install puts winekmt into a prefix." );
    BENCH_FUNCTIONS
#undef F
    find_unix_half();
}

void platform_finish( void )
{
}

bool platform_has_empty_call( void )
{
    return dispatcher != NULL;
}

void platform_empty_call( void )
{
    struct attach_params params = { 0 };

    dispatcher( unix_half, unix_attach, &params );
}

void platform_copy( void *dst, const void *src, uint64_t size )
{
    struct copy_params params = { dst, src, size };

    if (dispatcher) dispatcher( unix_half, unix_copy, &params );
    else memcpy( dst, src, size );
}

double platform_seconds( void )
{
    static LARGE_INTEGER frequency;
    LARGE_INTEGER counter;

    if (!frequency.QuadPart) QueryPerformanceFrequency( &frequency );
    QueryPerformanceCounter( &counter );
    return (double)counter.QuadPart / frequency.QuadPart;
}

void platform_sleep( unsigned int milliseconds )
{
    Sleep( milliseconds );
}

void platform_yield( void )
{
    SwitchToThread();
}

struct start
{
    void (*function)( void * );
    void *arg;
};

static DWORD WINAPI thread_main( void *arg )
{
    struct start start = *(struct start *)arg;

    free( arg );
    start.function( start.arg );
    return 0;
}

void *platform_start_thread( void (*function)( void *arg ), void *arg )
{
    struct start *start = malloc( sizeof(*start) );
    HANDLE thread;

    if (!start) stop( "no memory" );
    start->function = function;
    start->arg = arg;
    if (!(thread = CreateThread( NULL, 0, thread_main, start, 0, NULL ))) stop( "no thread" );
    return thread;
}

void platform_join_thread( void *thread )
{
    WaitForSingleObject( thread, INFINITE );
    CloseHandle( thread );
}

unsigned int platform_cores( void )
{
    SYSTEM_INFO info;

    GetSystemInfo( &info );
    return info.dwNumberOfProcessors;
}

/* The loader where there is one; else Wine's driver, which loaders ask the same way. */
void *platform_open_vulkan( void )
{
    HMODULE module = LoadLibraryA( "vulkan-1.dll" );
    void *proc = module ? (void *)GetProcAddress( module, "vkGetInstanceProcAddr" ) : NULL;

    if (proc) return proc;
    module = LoadLibraryA( "winevulkan.dll" );
    return module ? (void *)GetProcAddress( module, "vk_icdGetInstanceProcAddr" ) : NULL;
}

void *platform_allocate_pages( uint64_t size )
{
    void *memory = VirtualAlloc( NULL, size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE );

    if (!memory) stop( "no memory" );
    return memory;
}

void platform_free_pages( void *memory, uint64_t size )
{
    (void)size;
    VirtualFree( memory, 0, MEM_RELEASE );
}

/* Of the process with its unix side. Memory of GPUs counts only where it was touched. */
uint64_t platform_private_bytes( void )
{
    BOOL (WINAPI *get_info)( HANDLE, void *, DWORD ) = (void *)GetProcAddress( GetModuleHandleA( "kernel32.dll" ), "K32GetProcessMemoryInfo" );
    /* PROCESS_MEMORY_COUNTERS; the header that has it wants a library */
    struct { DWORD size, faults; SIZE_T peak_working_set, working_set, others[6]; } counters = { .size = sizeof(counters) };

    return get_info && get_info( GetCurrentProcess(), &counters, sizeof(counters) ) ? counters.working_set : 0;
}

uint64_t platform_malloc_bytes( void )
{
    return 0;       /* the unix side's malloc is out of sight */
}

static void describe_system( char *text, size_t size )
{
    const char *(CDECL *version)( void ) = (void *)GetProcAddress( GetModuleHandleA( "ntdll.dll" ), "wine_get_version" );

    snprintf( text, size, "%s%s", version ? "Wine " : "Windows", version ? version() : "" );
}

#else

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* core/kmt.h, which is not for Windows programs and so not for this file */
void kmt_shutdown( void );

const char *const platform_name = "native";
const char *const platform_empty_call_name = "empty call and mutex";

static void *sleep_forever( void *arg )
{
    for (;;) pause();
    return arg;
}

void platform_init( void )
{
    pthread_t thread;

    /* glibc's locks are cheaper in a program that has no second thread; no user of a GPU is one. */
    if (pthread_create( &thread, NULL, sleep_forever, NULL )) stop( "no thread" );
#define F( name ) kmt.name = D3DKMT##name;
    BENCH_FUNCTIONS
#undef F
}

void platform_finish( void )
{
    kmt_shutdown();
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void do_nothing( void )
{
    pthread_mutex_lock( &mutex );
    pthread_mutex_unlock( &mutex );
}

static void (*volatile empty_function)( void ) = do_nothing;

bool platform_has_empty_call( void )
{
    return true;
}

void platform_empty_call( void )
{
    empty_function();
}

void platform_copy( void *dst, const void *src, uint64_t size )
{
    memcpy( dst, src, size );
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

void platform_yield( void )
{
    sched_yield();
}

struct start
{
    void (*function)( void * );
    void *arg;
    pthread_t thread;
};

static void *thread_main( void *arg )
{
    struct start *start = arg;

    start->function( start->arg );
    return NULL;
}

void *platform_start_thread( void (*function)( void *arg ), void *arg )
{
    struct start *start = malloc( sizeof(*start) );

    if (!start) stop( "no memory" );
    start->function = function;
    start->arg = arg;
    if (pthread_create( &start->thread, NULL, thread_main, start )) stop( "no thread" );
    return start;
}

void platform_join_thread( void *thread )
{
    struct start *start = thread;

    pthread_join( start->thread, NULL );
    free( start );
}

unsigned int platform_cores( void )
{
    return sysconf( _SC_NPROCESSORS_ONLN );
}

void *platform_open_vulkan( void )
{
    void *module = dlopen( "libvulkan.so.1", RTLD_NOW | RTLD_LOCAL );

    return module ? dlsym( module, "vkGetInstanceProcAddr" ) : NULL;
}

void *platform_allocate_pages( uint64_t size )
{
    void *memory = mmap( NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );

    if (memory == MAP_FAILED) stop( "no memory" );
    return memory;
}

void platform_free_pages( void *memory, uint64_t size )
{
    munmap( memory, size );
}

uint64_t platform_private_bytes( void )
{
    char text[64];

    read_line( "/proc/self/status", "RssAnon", text, sizeof(text) );
    return strtoull( text, NULL, 10 ) << 10;
}

uint64_t platform_malloc_bytes( void )
{
    /* Large pieces stay pages of their own, so that what malloc counts is bookkeeping and not the memory of a GPU made of malloc. */
    mallopt( M_MMAP_THRESHOLD, 64 << 10 );
    return mallinfo2().uordblks;
}

static void describe_system( char *text, size_t size )
{
    struct utsname name;

    if (uname( &name )) name.release[0] = 0;
    snprintf( text, size, "Linux %.40s", name.release );
}

#endif

void platform_describe( struct machine *machine )
{
    char model[80];

    read_line( LINUX_FILE( "/proc/cpuinfo" ), "model name", model, sizeof(model) );
    snprintf( machine->cpu, sizeof(machine->cpu), "%s, %u cores", model[0] ? model : "unknown CPU", platform_cores() );
    describe_system( machine->system, sizeof(machine->system) );
    snprintf( machine->compiler, sizeof(machine->compiler), "gcc %s", __VERSION__ );
    describe_load( machine->load, sizeof(machine->load) );
}
