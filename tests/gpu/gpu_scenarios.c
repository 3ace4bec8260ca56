/*
 * Tests of gpu/vulkan*.c on machines that this one is not
 *
 * The program starts itself once for each, with an environment in which libvulkan.so.1 is missing, broken, without a driver,
 * or mock_vulkan.c.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gpu_test.h"
#include "os/os.h"

#define MB  (1024 * 1024ull)

static void check_no_devices(void)
{
    struct gpu_adapter *adapters = (void *)1;
    struct gpu_device *device = (void *)1;
    static const uint8_t uuid[16];
    uint32_t count = 42;

    check( !gpu_enum_adapters( &adapters, &count ) && !adapters && !count, "%u", count );
    check( gpu_open_device( uuid, &device ) == GPU_FAILED && !device, "open" );
    free( adapters );
}

/* Nothing is there, is said once, and asking again is cheap. */
static void test_none(void)
{
    uint64_t start;
    int i;

    check_no_devices();
    start = os_time_ns();
    for (i = 0; i < 1000; i++) check_no_devices();
    check( os_time_ns() - start < 500000000, "%llu ns", (unsigned long long)(os_time_ns() - start) );
    gpu_shutdown();
    check_no_devices();
    gpu_shutdown();
}

static struct gpu_device *open_first(void)
{
    struct gpu_adapter *adapters;
    struct gpu_device *device;
    uint32_t count;

    check( !gpu_enum_adapters( &adapters, &count ) && count, "%u", count );
    if (!count || !check( !gpu_open_device( adapters->device_uuid, &device ), "open" )) exit( 1 );
    free( adapters );
    return device;
}

static void test_late(void)
{
    check_no_devices();
    usleep( 1100000 );
    gpu_close_device( open_first() );
    gpu_shutdown();
}

static void test_discrete(void)
{
    static const uint32_t expected[] =
    {
        0, GPU_MEMORY_DEVICE_LOCAL, GPU_MEMORY_UNUSABLE, GPU_MEMORY_HOST_VISIBLE,
        GPU_MEMORY_HOST_VISIBLE | GPU_MEMORY_HOST_CACHED, 0, GPU_MEMORY_UNUSABLE, GPU_MEMORY_UNUSABLE,
        GPU_MEMORY_UNUSABLE, GPU_MEMORY_DEVICE_LOCAL | GPU_MEMORY_HOST_VISIBLE,
    };
    struct gpu_device *device = open_first();
    struct gpu_memory *memory;
    struct gpu_adapter a;
    uint32_t i;

    gpu_get_device_adapter( device, &a );
    check( !strcmp( a.name, "Mock discrete" ), "%s", a.name );
    check( a.type_count == 10 && a.heap_count == 3, "%u types, %u heaps", a.type_count, a.heap_count );
    for (i = 0; i < 10; i++) check( a.types[i].properties == expected[i], "type %u: %#x", i, a.types[i].properties );
    check( a.heaps[0].local && !a.heaps[1].local && a.heaps[2].local, "heaps" );
    check( a.max_memory_count == 63 /* and one for staging */ && a.max_memory_size == 128 * MB, "%u, %llu", a.max_memory_count,
           (unsigned long long)a.max_memory_size );
    check( a.has_memory_budget && a.has_host_import && !a.software && !a.integrated, "features" );
    check( gpu_allocate_memory( device, 2, 4096, &memory ) == GPU_FAILED && !memory, "unusable type" );
    check( gpu_allocate_memory( device, 10, 4096, &memory ) == GPU_FAILED && !memory, "no such type" );
    check( gpu_allocate_memory( device, 1, 0, &memory ) == GPU_FAILED && !memory, "size 0" );
    check( gpu_allocate_memory( device, 1, 4095, &memory ) == GPU_FAILED && !memory, "size 4095" );
    check( gpu_allocate_memory( device, 1, 129 * MB, &memory ) == GPU_OUT_OF_DEVICE_MEMORY && !memory, "too large" );
    check( gpu_allocate_memory( device, 9, 33 * MB, &memory ) == GPU_OUT_OF_DEVICE_MEMORY && !memory, "above the heap" );
    gpu_close_device( device );
}

/* All tests of gpu.c, with each device. */
static void test_mock(void)
{
    struct gpu_adapter *adapters;
    uint32_t i, count;

    check( !gpu_enum_adapters( &adapters, &count ) && count, "%u", count );
    test_enum( adapters, count );
    for (i = 0; i < count; i++) test_adapter( &adapters[i] );
    free( adapters );
    gpu_shutdown();
}

static void test_old(void)
{
    struct gpu_adapter *adapters;
    uint32_t count;

    check( !gpu_enum_adapters( &adapters, &count ) && count == 1, "%u", count );
    check( !adapters->has_memory_budget && !adapters->has_host_import && !*adapters->driver_name, "1.1 features" );
    check( adapters->max_memory_size == 512 * MB, "%llu", (unsigned long long)adapters->max_memory_size );
    free( adapters );
    test_mock();
}

static void test_twins(void)
{
    struct gpu_adapter *adapters;
    uint32_t count;

    check( !gpu_enum_adapters( &adapters, &count ), "enum" );
    if (check( count == 4, "%u", count ))
    {
        check( !strcmp( adapters[0].name, "Mock discrete" ), "%s", adapters[0].name );
        check( !strcmp( adapters[1].name, "Mock old" ) && !strcmp( adapters[2].name, "Mock old" ), "old" );
        check( !strcmp( adapters[3].name, "Mock software" ) && adapters[3].software, "software" );
        check( memcmp( adapters[1].device_uuid, adapters[2].device_uuid, 16 ), "same UUID" );
    }
    free( adapters );
    test_mock();
}

/* mapped: of type 4, which can be mapped; else of type 1. */
static struct gpu_memory *allocate( struct gpu_device *device, uint32_t type )
{
    struct gpu_memory *memory;

    if (!check( !gpu_allocate_memory( device, type, 65536, &memory ), "type %u", type )) exit( 1 );
    return memory;
}

static void check_lost( struct gpu_device *device, struct gpu_memory *a, struct gpu_memory *b )
{
    static char page[8192];
    struct gpu_memory *memory;
    void *pointer;

    check( gpu_copy_memory( device, a, 0, b, 0, 4096 ) == GPU_DEVICE_LOST, "first copy" );
    check( gpu_copy_memory( device, b, 0, a, 0, 4096 ) == GPU_DEVICE_LOST, "second copy" );
    check( gpu_allocate_memory( device, 1, 4096, &memory ) == GPU_DEVICE_LOST && !memory, "allocate" );
    check( gpu_import_memory( device, page, 4096, &memory ) == GPU_DEVICE_LOST && !memory, "import" );
    check( gpu_map_memory( device, b, &pointer ) == GPU_DEVICE_LOST && !pointer, "map" );
    gpu_free_memory( device, a );
    gpu_free_memory( device, b );
    gpu_close_device( device );
}

static void test_lost(void)
{
    struct gpu_device *device = open_first();

    check_lost( device, allocate( device, 1 ), allocate( device, 4 ) );
    device = open_first();
    gpu_close_device( device );
    test_mock();    /* works again */
}

static void test_badimport(void)
{
    struct gpu_device *device = open_first();
    void *pages = mmap( NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );
    struct gpu_memory *memory;

    check( gpu_import_memory( device, pages, 4096, &memory ) == GPU_INVALID_POINTER && !memory, "import" );
    munmap( pages, 4096 );
    gpu_close_device( device );
    gpu_shutdown();
}

static void test_nobuffer(void)
{
    struct gpu_device *device = open_first();
    struct gpu_memory *a = allocate( device, 1 ), *b = allocate( device, 4 );

    check( gpu_copy_memory( device, a, 0, b, 0, 4096 ) == GPU_OUT_OF_HOST_MEMORY, "copy" );
    gpu_free_memory( device, a );
    gpu_free_memory( device, b );
    gpu_close_device( device );
    gpu_shutdown();
}

static void test_leak(void)
{
    struct gpu_device *device = open_first();

    gpu_shutdown();     /* refused: a device is open */
    gpu_close_device( device );
    gpu_shutdown();
}

enum loader { REAL, MISSING, BROKEN, MOCK };

static const struct scenario
{
    const char *name;
    void      (*run)(void);
    enum loader loader;
    const char *mock;       /* MOCK_VULKAN */
    int         lines;      /* of the log, that are expected; -1: one for each loss, however many there are */
} scenarios[] =
{
    { "no-loader",   test_none,      MISSING, "", 1 },
    { "bad-loader",  test_none,      BROKEN,  "", 1 },
    { "no-driver",   test_none,      REAL,    "", 1 },
    { "no-device",   test_none,      MOCK,    "empty", 1 },
    { "late-driver", test_late,      MOCK,    "late", 1 },
    { "discrete",    test_discrete,  MOCK,    "", 0 },
    { "mock",        test_mock,      MOCK,    "", 0 },
    { "vulkan-1.0",  test_old,       MOCK,    "1.0", 0 },
    { "twins",       test_twins,     MOCK,    "twins", 0 },
    { "lost",        test_lost,      MOCK,    "lost", 1 },
    { "hang",        test_lost,      MOCK,    "hang", 1 },
    { "bad-import",  test_badimport, MOCK,    "badimport", 0 },
    { "no-buffer",   test_nobuffer,  MOCK,    "nobuffer", 0 },
    { "open-device", test_leak,      MOCK,    "", 1 },
    { "import-faults",   test_paging_faults,    MOCK, "", -1 },
    { "staging-faults",  test_paging_faults,    MOCK, "1.0", -1 },
    { "refused-faults",  test_paging_faults,    MOCK, "badimport", -1 },
    { "import-memory",   test_paging_no_memory, MOCK, "", 4 },
    { "staging-memory",  test_paging_no_memory, MOCK, "1.0", 4 },
    { "import-hang",     test_paging_hang,      MOCK, "", -1 },
    { "staging-hang",    test_paging_hang,      MOCK, "1.0", -1 },
    { "hang-threads",    test_paging_hang_threads, MOCK, "", 10 },
    { "import-scarce",   test_paging_scarce,    MOCK, "", 0 },
    { "staging-full",    test_paging_full,      MOCK, "", 0 },
    { "paging-refused",  test_paging_refused,   MOCK, "", 0 },
    { "import-lists",    test_paging_lists,     MOCK, "", 0 },
    { "staging-lists",   test_paging_lists,     MOCK, "1.0", 0 },
    { "clock",           test_clock,            MOCK, "clock", 0 },
    { "clock-mock",      test_mock,             MOCK, "clock", 0 },
    { "raw-clock",       test_no_calibration,   MOCK, "clock raw", 0 },
    { "no-domains",      test_no_calibration,   MOCK, "clock nodomains", 0 },
    { "no-extension",    test_no_calibration,   MOCK, "", 0 },
    { "no-clock",        test_no_clock,         MOCK, "clock noclock", 0 },
    { "clock-1.0",       test_no_calibration,   MOCK, "clock 1.0", 0 },
    { "clock-faults",    test_clock_faults,     MOCK, "clock", -1 },
    { "results",         test_results,          MOCK, "", 3 },
    { "copy",            test_copy_memory,      MOCK, "", -1 },
};

#define COUNT  (sizeof(scenarios) / sizeof(scenarios[0]))

int run_scenario( const char *name )
{
    unsigned int i;

    for (i = 0; i < COUNT; i++)
    {
        if (strcmp( scenarios[i].name, name )) continue;
        scenarios[i].run();
        printf( "%s: %u checks, %u failures\n", name, checks, failures );
        return !!failures;
    }
    fprintf( stderr, "gpu: there is no scenario %s\n", name );
    return 2;
}

/* In the child: the environment of a scenario. folder: for a libvulkan.so.1 of our own. */
static void set_environment( const struct scenario *scenario, const char *program, char *folder )
{
    char buffer[PATH_MAX], path[PATH_MAX + 64], file[PATH_MAX];
    struct link_map *map;
    void *library;

    unsetenv( "VK_INSTANCE_LAYERS" );
    unsetenv( "WINEKMT_DEBUG" );
    setenv( "MOCK_VULKAN", scenario->mock, 1 );
    if (scenario->loader == REAL)   /* both names: the second is what older loaders know */
    {
        setenv( "VK_DRIVER_FILES", "/dev/null", 1 );
        setenv( "VK_ICD_FILENAMES", "/dev/null", 1 );
        return;
    }
    if (scenario->loader == MOCK)   /* program is build/VARIANT/tests/gpu/gpu */
    {
        strcpy( buffer, program );
        snprintf( path, sizeof(path), "%s/../../../native/tests/gpu/mock", dirname( buffer ));
        snprintf( file, sizeof(file), "%.*s/libvulkan.so.1", PATH_MAX - 20, path );
        if (access( file, R_OK ))
        {
            fprintf( stderr, "gpu: %s: %s\n", file, strerror( errno ));
            _exit( 3 );
        }
        setenv( "LD_LIBRARY_PATH", path, 1 );
        return;
    }
    /* The dynamic linker stops at a file that is no library; so the system's is not found. */
    snprintf( file, sizeof(file), "%s/libvulkan.so.1", folder );
    if (scenario->loader == MISSING) close( open( file, O_WRONLY | O_CREAT, 0600 ));
    else if (!(library = dlopen( "libm.so.6", RTLD_LAZY )) || dlinfo( library, RTLD_DI_LINKMAP, &map ) ||
             symlink( map->l_name, file )) _exit( 3 );
    setenv( "LD_LIBRARY_PATH", folder, 1 );
}

static int count_lines( const char *text, const char *prefix )
{
    int ret = 0;

    while (text && *text)
    {
        if (!strncmp( text, prefix, strlen( prefix ))) ret++;
        if ((text = strchr( text, '\n' ))) text++;
    }
    return ret;
}

static void start( const struct scenario *scenario, const char *program )
{
    char folder[] = "/tmp/gpu-test-XXXXXX", file[64], text[16384];
    size_t length = 0;
    ssize_t ret;
    int pipes[2], status, lines;
    pid_t pid;

    if (!check( mkdtemp( folder ) && !pipe( pipes ), "%s", strerror( errno ))) return;
    if (!(pid = fork()))
    {
        dup2( pipes[1], STDERR_FILENO );
        close( pipes[0] );
        close( pipes[1] );
        set_environment( scenario, program, folder );
        execl( program, program, scenario->name, NULL );
        _exit( 3 );
    }
    close( pipes[1] );
    while ((ret = read( pipes[0], text + length, sizeof(text) - 1 - length )) > 0) length += ret;
    text[length] = 0;
    close( pipes[0] );
    waitpid( pid, &status, 0 );

    lines = count_lines( text, "winekmt: " );
    if (!check( WIFEXITED( status ) && !WEXITSTATUS( status ), "%s: status %#x", scenario->name, status ) |
        !check( scenario->lines < 0 || lines == scenario->lines, "%s: %d lines of log, not %d", scenario->name, lines, scenario->lines ))
        printf( "%s: standard error: <<%s>>\n", scenario->name, text );
    snprintf( file, sizeof(file), "%s/libvulkan.so.1", folder );
    unlink( file );
    rmdir( folder );
}

void run_all_scenarios(void)
{
    char program[PATH_MAX];
    ssize_t length = readlink( "/proc/self/exe", program, sizeof(program) - 1 );
    unsigned int i;

    if (!check( length > 0, "readlink" )) return;
    program[length] = 0;
    for (i = 0; i < COUNT; i++) start( &scenarios[i], program );
}
