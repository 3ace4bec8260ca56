/*
 * Exhaustion: every call fails, once and for good, with every error that it may have
 *
 *     exhaust [--long | --runs N] [SCENE...]
 *
 * Each scene of exhaust_scenes.c runs untouched first; then with the first, second, ... n-th call failing until a run has no n-th call:
 * for each error of Vulkan that the fault layer knows, and for the host's allocator, once ("once") and from then on ("on"). DEVICE_LOST
 * also comes from calls that may not answer it by the specification, since drivers do that. The short form takes every so manieth n, some six
 * (--runs) for each error and other ones for the next; --long, or WINEKMT_EXHAUST=long, takes all of them. A failure names the run:
 * "exhaust --nth 17 --error DEVICE_LOST --on SCENE" runs that one alone.
 *
 * The host's allocator is malloc, calloc, os_allocate_pages, os_create_shared_page and os_create_thread as core and the Vulkan half
 * call them: the linker's --wrap reaches what is linked into this program, and neither the loader, the layer nor the driver.
 * Blocks that nobody gave back show in its count, too.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>

#include <vulkan/vulkan_core.h>

int test_main( int argc, char **argv );
#define main test_main      /* of the harness; this program has its own */
#define STANDALONE
#include "exhaust.h"
#undef main
#include "pin_libraries.h"

const struct test winetest_testlist[] = { { 0, 0 } };

struct fault_control *control;
fault_layer_peek_func peek_memory;
uint64_t alive_blocks;

/* Of the run that is under way: for messages. */
static char description[128];

/***********************************************************************
 * The host's allocator
 */

void *__real_malloc( size_t size );
void *__real_calloc( size_t count, size_t size );
void __real_free( void *pointer );
void *__real_os_allocate_pages( uint64_t size );
void __real_os_free_pages( void *memory, uint64_t size );
bool __real_os_create_shared_page( void **writable, const void **read_only );
int __real_os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg );
void *__wrap_malloc( size_t size );
void *__wrap_calloc( size_t count, size_t size );
void __wrap_free( void *pointer );
ssize_t __real___getdelim( char **line, size_t *size, int end, FILE *file );
ssize_t __wrap___getdelim( char **line, size_t *size, int end, FILE *file );
void *__wrap_os_allocate_pages( uint64_t size );
void __wrap_os_free_pages( void *memory, uint64_t size );
bool __wrap_os_create_shared_page( void **writable, const void **read_only );
int __wrap_os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg );

static unsigned int host_left, host_failures, host_calls;
static bool host_persistent;

static bool host_fails( void )
{
    unsigned int left = __atomic_load_n( &host_left, __ATOMIC_RELAXED );

    __atomic_add_fetch( &host_calls, 1, __ATOMIC_RELAXED );
    while (left)
    {
        if (left == 1 && host_persistent) break;
        if (!__atomic_compare_exchange_n( &host_left, &left, left - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED )) continue;
        if (left == 1) break;
        return false;
    }
    if (left) __atomic_add_fetch( &host_failures, 1, __ATOMIC_RELAXED );
    return left;
}

static void *count_block( void *pointer )
{
    if (pointer) __atomic_add_fetch( &alive_blocks, 1, __ATOMIC_RELAXED );
    return pointer;
}

static void discount_block( const void *pointer )
{
    if (pointer) __atomic_sub_fetch( &alive_blocks, 1, __ATOMIC_RELAXED );
}

void *__wrap_malloc( size_t size )
{
    return count_block( host_fails() ? NULL : __real_malloc( size ) );
}

void *__wrap_calloc( size_t count, size_t size )
{
    return count_block( host_fails() ? NULL : __real_calloc( count, size ) );
}

void __wrap_free( void *pointer )
{
    discount_block( pointer );
    __real_free( pointer );
}

/* What getline is in the C library; it allocates what its caller frees. */
ssize_t __wrap___getdelim( char **line, size_t *size, int end, FILE *file )
{
    bool fresh = !*line;
    ssize_t ret;

    if (fresh && host_fails()) return -1;
    ret = __real___getdelim( line, size, end, file );
    if (fresh) count_block( *line );
    return ret;
}

void *__wrap_os_allocate_pages( uint64_t size )
{
    return count_block( host_fails() ? NULL : __real_os_allocate_pages( size ) );
}

void __wrap_os_free_pages( void *memory, uint64_t size )
{
    discount_block( memory );
    __real_os_free_pages( memory, size );
}

bool __wrap_os_create_shared_page( void **writable, const void **read_only )
{
    return !host_fails() && __real_os_create_shared_page( writable, read_only );
}

int __wrap_os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg )
{
    return host_fails() ? EAGAIN : __real_os_create_thread( thread, function, arg );
}

/***********************************************************************
 * The clock of gpu/vulkan_copy.c (module.mk): twenty times as fast. It measures how long a driver has said nothing but errors, and
 * nothing else; a second of that is a hang.
 */

uint64_t exhaust_time_ns( void );

uint64_t exhaust_time_ns( void )
{
    return os_time_ns() * 20;
}

/***********************************************************************
 * One run
 */

struct error
{
    const char *name;
    int32_t     result;         /* VkResult; 0: of the host's allocator */
    uint32_t    flags;
};

static const struct error errors[] =
{
    { "OUT_OF_DEVICE_MEMORY", VK_ERROR_OUT_OF_DEVICE_MEMORY, 0 },
    { "OUT_OF_HOST_MEMORY", VK_ERROR_OUT_OF_HOST_MEMORY, 0 },
    { "DEVICE_LOST", VK_ERROR_DEVICE_LOST, FAULT_ANY_ERROR },
    { "MEMORY_MAP_FAILED", VK_ERROR_MEMORY_MAP_FAILED, 0 },
    { "TOO_MANY_OBJECTS", VK_ERROR_TOO_MANY_OBJECTS, 0 },
    { "malloc", 0, 0 },
};

static void heal( void )
{
    unsigned int i;

    for (i = 0; i < FAULT_RULES; i++) __atomic_store_n( &control->rules[i].left, 0, __ATOMIC_RELEASE );
    __atomic_store_n( &host_left, 0, __ATOMIC_RELAXED );
}

static void prepare( const struct scene *scene )
{
    struct fault_control clean = { .magic = FAULT_MAGIC, .size = sizeof(clean), .poison = 1 };
    char message[256];

    *control = clean;       /* nothing is alive, as was checked */
    if (!fault_configure( control, scene->orders, message ))
    {
        printf( "%s: %s\n", scene->name, message );
        exit( 2 );
    }
    __atomic_store_n( &host_failures, 0, __ATOMIC_RELAXED );
    __atomic_store_n( &host_calls, 0, __ATOMIC_RELAXED );
    __atomic_store_n( &alive_blocks, 0, __ATOMIC_RELAXED );    /* strdup is not seen, its free is */
}

static void check_leaks( void )
{
    unsigned int i;

    for (i = 0; i < FAULT_OBJECTS; i++) ok( !control->live[i], "%llu %s are left\n", (unsigned long long)control->live[i], fault_object_names[i] );
    for (i = 0; i < FAULT_HEAPS; i++) ok( !control->heap_used[i], "%llu bytes of heap %u are left\n", (unsigned long long)control->heap_used[i], i );
    ok( !control->mapped_ranges, "%llu mappings are left\n", (unsigned long long)control->mapped_ranges );
    ok( !control->imports, "%llu imports are left\n", (unsigned long long)control->imports );
    ok( !control->misuse, "%llu misuses\n", (unsigned long long)control->misuse );
    ok( !alive_blocks, "%llu blocks of host memory are left\n", (unsigned long long)alive_blocks );
    ok( !kmt_handles.live, "%u handles are left\n", kmt_handles.live );
}

/* error NULL: nothing fails. Returns how often something did. */
static unsigned int run( const struct scene *scene, const struct error *error, unsigned int nth, bool persistent )
{
    static struct world world;
    unsigned int failures;

    snprintf( description, sizeof(description), "--nth %u --error %s%s %s", nth, error ? error->name : "none", persistent ? " --on" : "", scene->name );
    winetest_push_context( "%s", description );
    alarm( 120 );
    prepare( scene );
    memset( &world, 0, sizeof(world) );
    world.strict = !error;
    if (error && error->result)
    {
        control->rules[0].call = FAULT_CALLS;
        control->rules[0].result = error->result;
        control->rules[0].flags = error->flags | (persistent ? FAULT_PERSISTENT : 0);
        control->rules[0].left = nth;
    }
    else if (error)
    {
        host_persistent = persistent;
        __atomic_store_n( &host_left, nth, __ATOMIC_RELAXED );
    }
    scene->run( &world );
    failures = control->failures + host_failures;
    /* Every other run ends while things still fail. A GPU that never says that it is done would be left alone with its memory, as it must. */
    if (nth % 2 || world_is_hung( &world ))
    {
        heal();
        world_check_recovery( &world );
    }
    kmt_shutdown();
    heal();
    check_leaks();
    alarm( 0 );
    winetest_pop_context();
    return failures;
}

/***********************************************************************
 * All runs
 */

static unsigned int runs, failing_runs;

/* of_error: about how many runs for each error; UINT_MAX: all. */
static void exhaust( const struct scene *scene, unsigned int of_error )
{
    unsigned int i, persistent, nth, calls = 0, host, before = runs;
    uint64_t start = os_time_ns();

    run( scene, NULL, 1, false );
    for (i = 0; i < FAULT_FAILABLE_CALLS; i++) calls += control->calls[i];
    host = host_calls;
    runs++;
    for (i = 0; i < ARRAY_SIZE( errors ); i++)
        for (persistent = 0; persistent < 2; persistent++)
        {
            unsigned int number = i * 2 + persistent, step = (errors[i].result ? calls : host) / of_error + 1;
            unsigned int most = (errors[i].result ? calls : host) * 4 + 1000, failures = 1;

            for (nth = 1 + number * 5 % step; failures && nth < most; nth += step)
            {
                failures = run( scene, &errors[i], nth, persistent );
                failing_runs += failures != 0;
                runs++;
            }
            ok( !failures, "%s, %s: it never runs through\n", scene->name, errors[i].name );
        }
    printf( "%-16s %4u calls of Vulkan, %4u of the host's allocator, %5u runs, %.1f s\n", scene->name, calls, host, runs - before,
            (os_time_ns() - start) / 1e9 );
    fflush( stdout );
}

/* What goes wrong in a way that ends the program should at least say where. */
static void die( int number )
{
    static const char what[] = "exhaust: ended by a signal in this run: ";
    ssize_t unused;

    unused = write( 2, what, sizeof(what) - 1 );
    unused = write( 2, description, strlen( description ) );
    unused = write( 2, "\n", 1 );
    (void)unused;
    signal( number, SIG_DFL );
    raise( number );
}

/* The layer beside this program, and lavapipe if there is one. The rest of the environment is the caller's: another layer below, say. */
static void set_environment( void )
{
    char path[4096], value[8192];
    const char *layers = getenv( "VK_INSTANCE_LAYERS" );
    glob_t found;
    ssize_t length = readlink( "/proc/self/exe", path, sizeof(path) - 1 );

    if (length < 0)
    {
        printf( "exhaust: /proc/self/exe cannot be read\n" );
        exit( 2 );
    }
    path[length] = 0;
    *strrchr( path, '/' ) = 0;
    /* build/VARIANT/exhaust: the layer is never built with a sanitizer */
    snprintf( value, sizeof(value), "%s/../native:/usr/share/vulkan/explicit_layer.d:/etc/vulkan/explicit_layer.d", path );
    setenv( "VK_LAYER_PATH", value, 1 );
    snprintf( value, sizeof(value), "%s%s%s", FAULT_LAYER_NAME, layers && *layers ? ":" : "", layers ? layers : "" );
    setenv( "VK_INSTANCE_LAYERS", value, 1 );
    setenv( "WINEKMT_LEDGER", "none", 1 );
    unsetenv( "WINEKMT_FAULT" );
    unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    unsetenv( "WINEKMT_SYSTEM_MEMORY_SIZE" );
    unsetenv( "WINEKMT_VERIFIER" );
    setenv( "LP_NUM_THREADS", "1", 0 );
    setenv( "NODEVICE_SELECT", "1", 1 );        /* Mesa's implicit layer does not survive that a list of extensions cannot be had */
    if (!getenv( "WINEKMT_DEBUG" )) os_log_max = 0;     /* a line for every lost device would be thousands */
    if (!getenv( "VK_DRIVER_FILES" ) && !getenv( "VK_ICD_FILENAMES" ) && !glob( "/usr/share/vulkan/icd.d/lvp_icd*.json", 0, NULL, &found ))
    {
        setenv( "VK_ICD_FILENAMES", found.gl_pathv[0], 1 );
        setenv( "VK_DRIVER_FILES", found.gl_pathv[0], 1 );
        globfree( &found );
    }
}

static void load_layer( void )
{
    char path[4096];
    void *library;
    fault_layer_control_func get_control;

    snprintf( path, sizeof(path), "%.*s/libVkLayer_winekmt_fault.so", (int)strcspn( getenv( "VK_LAYER_PATH" ), ":" ), getenv( "VK_LAYER_PATH" ) );
    if (!(library = dlopen( path, RTLD_NOW | RTLD_LOCAL )))
    {
        printf( "exhaust: %s\n", dlerror() );
        exit( 2 );
    }
    get_control = (fault_layer_control_func)dlsym( library, "fault_layer_control" );
    peek_memory = (fault_layer_peek_func)dlsym( library, "fault_layer_peek" );
    control = get_control();
}

/* The layer is there, and a GPU; libraries stay from now on, which makes an instance cheap and leaks visible. */
static bool check_environment( void )
{
    struct gpu_adapter *adapters;
    uint32_t count;

    if (gpu_enum_adapters( &adapters, &count ) || !count) return false;
    pin_libraries();
    free( adapters );
    ok( control->live[FAULT_OBJECT_Instance] == 1, "the layer is not there\n" );
    gpu_shutdown();
    alive_blocks = 0;       /* pin_libraries has strings of its own */
    ok( !control->live[FAULT_OBJECT_Instance], "an instance is left\n" );
    if (!winetest_get_failures()) return true;
    exit( 2 );
}

int main( int argc, char **argv )
{
    const char *form = getenv( "WINEKMT_EXHAUST" );
    const struct error *error = NULL;
    bool persistent = false;
    unsigned int nth = 0, i, chosen = 0, of_error = form && !strcmp( form, "long" ) ? UINT_MAX : 6;
    const struct scene *scene;

    for (i = 1; i < (unsigned int)argc && argv[i][0] == '-'; i++)
    {
        unsigned int e;

        if (!strcmp( argv[i], "--long" )) of_error = UINT_MAX;
        else if (!strcmp( argv[i], "--runs" ) && argv[i + 1] && atoi( argv[i + 1] ) > 0) of_error = atoi( argv[++i] );
        else if (!strcmp( argv[i], "--on" )) persistent = true;
        else if (!strcmp( argv[i], "--nth" ) && argv[i + 1]) nth = atoi( argv[++i] );
        else if (!strcmp( argv[i], "--error" ) && argv[i + 1])
        {
            for (e = 0, i++; e < ARRAY_SIZE( errors ); e++) if (!strcmp( argv[i], errors[e].name )) error = &errors[e];
        }
        else
        {
            printf( "usage: exhaust [--long | --runs N] [--nth N --error ERROR [--on]] [SCENE...]\n" );
            return 2;
        }
    }
    set_environment();
    load_layer();
#ifndef __SANITIZE_ADDRESS__
    signal( SIGSEGV, die );
    signal( SIGBUS, die );
#endif
    signal( SIGABRT, die );
    signal( SIGALRM, die );
    if (!check_environment())
    {
        printf( "no Vulkan device on this machine\n" );
        return 77;
    }
    for (scene = scenes; scene->name; scene++)
    {
        bool wanted = i == (unsigned int)argc;
        unsigned int j;

        for (j = i; j < (unsigned int)argc; j++) wanted |= !strcmp( argv[j], scene->name );
        if (!wanted) continue;
        chosen++;
        if (nth) printf( "%u calls failed\n", run( scene, error, nth, persistent ) );
        else exhaust( scene, of_error );
        if (winetest_get_failures() > 200) break;   /* the rest would say the same */
    }
    if (!nth) printf( "%u runs, something failed in %u of them; %u scenes; %ld failures\n", runs, failing_runs, chosen, (long)winetest_get_failures() );
    return !chosen || winetest_get_failures();
}
