/*
 * Tests of os/os_memory.c: how much system memory there is, by a tree of files in place of /sys and /proc
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu_test.h"
#include "os/os_private.h"
#include "sensor_tree.h"

#define MIB( n )  ((uint64_t)(n) << 20)
#define V2        "sys/fs/cgroup"
#define V1        "sys/fs/cgroup/memory"
#define V1_NONE   "9223372036854771712\n"

static void write_file( const char *name, const char *content )
{
    check( sensor_tree_write( name, content ), "%s", name );
}

static void write_number( const char *dir, const char *name, unsigned long long value )
{
    char path[512], text[32];

    snprintf( path, sizeof(path), "%s/%s", dir, name );
    snprintf( text, sizeof(text), "%llu\n", value );
    write_file( path, text );
}

/* Megabytes; limit 0: none. */
static void write_v2( const char *dir, unsigned int limit, unsigned int usage, unsigned int cache )
{
    char path[512], text[256];

    snprintf( path, sizeof(path), "%s/memory.max", dir );
    snprintf( text, sizeof(text), "%llu\n", (unsigned long long)MIB( limit ) );
    write_file( path, limit ? text : "max\n" );
    write_number( dir, "memory.current", MIB( usage ) );
    snprintf( path, sizeof(path), "%s/memory.stat", dir );
    snprintf( text, sizeof(text), "anon 5\nfile 999999999999\nactive_file 999999999999\ninactive_file %llu\n", (unsigned long long)MIB( cache ) );
    write_file( path, text );
}

static void write_v1( const char *dir, unsigned int limit, unsigned int usage, unsigned int cache )
{
    char path[512], text[256];

    snprintf( path, sizeof(path), "%s/memory.limit_in_bytes", dir );
    snprintf( text, sizeof(text), "%llu\n", (unsigned long long)MIB( limit ) );
    write_file( path, limit ? text : V1_NONE );
    write_number( dir, "memory.usage_in_bytes", MIB( usage ) );
    snprintf( path, sizeof(path), "%s/memory.stat", dir );
    snprintf( text, sizeof(text), "inactive_file 0\ntotal_cache 999999999999\ntotal_inactive_file %llu\n", (unsigned long long)MIB( cache ) );
    write_file( path, text );
}

#define available_is( megabytes )  check( os_read_available_memory() == MIB( megabytes ), #megabytes " MB" )

static void test_v2(void)
{
    check( os_read_available_memory() == UINT64_MAX, "nothing is known" );
    write_file( "proc/meminfo", "MemTotal: 16384000 kB\nMemFree: 1 kB\nMemAvailable: 8192000 kB\n" );
    available_is( 8000 );
    /* a container that sees itself as the root */
    write_file( "proc/self/cgroup", "0::/\n" );
    available_is( 8000 );
    write_file( "proc/self/mountinfo", "22 1 0:20 / / rw - ext4 /dev/root rw\n"
                                       "31 22 0:28 / /sys/fs/cgroup ro,nosuid shared:9 master:3 - cgroup2 cgroup rw,nsdelegate\n" );
    available_is( 8000 );
    write_v2( V2, 0, 100, 0 );
    available_is( 8000 );
    write_v2( V2, 1000, 600, 0 );
    available_is( 400 );
    /* files that may go are free, anonymous memory and files in use are not */
    write_v2( V2, 1000, 600, 150 );
    available_is( 550 );
    write_v2( V2, 1000, 600, 700 );
    available_is( 1000 );
    write_v2( V2, 1000, 1000, 0 );
    available_is( 0 );
    write_v2( V2, 1000, 1001, 0 );
    available_is( 0 );
    /* the machine has less */
    write_v2( V2, 9000, 500, 0 );
    available_is( 8000 );
    /* what is missing is no limit */
    write_v2( V2, 1000, 600, 150 );
    write_file( V2 "/memory.stat", NULL );
    available_is( 400 );
    write_file( V2 "/memory.stat", "nonsense\n" );
    available_is( 400 );
    write_file( V2 "/memory.current", "" );
    available_is( 8000 );
    write_file( V2 "/memory.max", "nonsense\n" );
    available_is( 8000 );

    /* it and all above it, whichever has least left */
    write_file( "proc/self/cgroup", "0::/a.slice/b/c\n" );
    write_v2( V2 "/a.slice/b/c", 2000, 100, 0 );
    available_is( 1900 );
    write_v2( V2 "/a.slice/b", 0, 200, 0 );
    available_is( 1900 );
    write_v2( V2 "/a.slice", 3000, 2000, 100 );
    available_is( 1100 );
    write_v2( V2, 1000, 600, 0 );
    available_is( 400 );
    write_v2( V2 "/a.slice/b/c", 2000, 1999, 0 );
    available_is( 1 );
    /* other groups' limits are theirs */
    write_v2( V2 "/a.slice/other", 1, 1, 0 );
    available_is( 1 );
    /* one that has been removed, those above it have not */
    write_file( "proc/self/cgroup", "0::/a.slice/gone/gone too\n" );
    available_is( 400 );
    write_file( "proc/self/cgroup", "0::/a.slice//b///c/\n" );
    available_is( 1 );

    /* only a part of the hierarchy is mounted: that which contains the process, then another */
    write_file( "proc/self/cgroup", "0::/docker/1234/init\n" );
    write_file( "proc/self/mountinfo", "31 22 0:28 /docker/1234 /sys/fs/cgroup ro - cgroup2 cgroup rw\n" );
    write_v2( V2 "/init", 700, 100, 0 );
    available_is( 400 );
    write_v2( V2, 1000, 100, 0 );
    available_is( 600 );
    write_file( "proc/self/cgroup", "0::/docker/1234\n" );
    available_is( 900 );
    write_file( "proc/self/cgroup", "0::/docker/12345\n" );
    available_is( 8000 );
    write_file( "proc/self/cgroup", "0::/../1234\n" );
    available_is( 8000 );
    check( sensor_tree_remove( "sys" ), "sys" );
}

static void test_v1(void)
{
    static const char mounts[] = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
                                 "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
                                 "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:1 - cgroup cgroup rw,memory\n"
                                 "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    write_file( "proc/self/mountinfo", mounts );
    write_file( "proc/self/cgroup", "9:name=systemd:/x\n4:memory:/a/b\n1:cpu:/c\n0::/d\n" );
    available_is( 8000 );
    write_v1( V1 "/a/b", 0, 100, 0 );
    write_v1( V1 "/a", 0, 100, 0 );
    write_v1( V1, 0, 100, 0 );
    available_is( 8000 );
    write_v1( V1 "/a/b", 1000, 300, 100 );
    available_is( 800 );
    write_v1( V1 "/a", 2000, 1500, 0 );
    available_is( 500 );
    write_v1( V1, 700, 500, 100 );
    available_is( 300 );
    /* with others in one hierarchy */
    write_file( "proc/self/cgroup", "4:cpu,memory,memory2:/a/b\n" );
    write_file( "proc/self/mountinfo", "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,cpu,memory\n" );
    available_is( 300 );
    /* names that only look so */
    write_file( "proc/self/cgroup", "4:cpu,memory2:/a/b\n5:xmemory:/a/b\n" );
    available_is( 8000 );
    write_file( "proc/self/cgroup", "4:memory:/a/b\n" );
    write_file( "proc/self/mountinfo", "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory_recursiveprot\n" );
    available_is( 8000 );
    /* both versions say something */
    write_file( "proc/self/cgroup", "4:memory:/a/b\n0::/d\n" );
    write_file( "proc/self/mountinfo", mounts );
    write_v2( "sys/fs/cgroup/unified/d", 200, 50, 0 );
    available_is( 150 );
    check( sensor_tree_remove( "sys" ), "sys" );
}

static void test_nonsense(void)
{
    static const char *const mounts[] =
    {
        "", "\n", "-\n", "- - - - - - - - - -\n", "31\n", "31 23 0:28 /\n", "31 23 0:28 / /a\n", "31 23 0:28 / /a rw\n", "31 23 0:28 / /a rw -\n",
        "31 23 0:28 / /a rw - cgroup2\n", "31 23 0:28 / /a rw - cgroup2 cgroup2\n", "31 23 0:28 / /a rw - cgroup cgroup\n",
        "31 23 0:28 / /a rw - cgroup3 cgroup rw\n", "31 23 0:28 / /a rw shared:1 shared:2\n", "31 23 0:28 /other /a rw - cgroup2 cgroup rw\n",
        "31 23 0:28 / /nowhere rw - cgroup2 cgroup rw\n",
    };
    static const char *const groups[] = { "", "\n", ":\n", "::\n", "0:\n", "0::\n", "0::relative\n", "0:memory\n",
                                          "memory:/a\n", "4:memory:\n", ",,:,:,\n" };
    static char deep[5000], line[6000];
    unsigned int i;

    write_v2( "a", 100, 50, 0 );
    write_file( "proc/self/cgroup", "0::/\n" );
    for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
    {
        write_file( "proc/self/mountinfo", mounts[i] );
        check( os_read_available_memory() == MIB( 8000 ), "%s", mounts[i] );
    }
    write_file( "proc/self/mountinfo", "31 23 0:28 / /a rw - cgroup2 cgroup rw\n" );
    available_is( 50 );
    for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
    {
        write_file( "proc/self/cgroup", groups[i] );
        check( os_read_available_memory() == MIB( 8000 ), "%s", groups[i] );
    }
    write_file( "proc/self/cgroup", NULL );
    available_is( 8000 );

    /* characters that mountinfo writes as numbers; and what only looks so */
    write_file( "proc/self/cgroup", "0::/x y\n" );
    write_file( "proc/self/mountinfo", "31 23 0:28 /x\\040y /a\\040\\134b\\1 rw - cgroup2 cgroup rw\n" );
    write_v2( "a \\b\\1", 100, 20, 0 );
    available_is( 80 );

    /* too long: no limit that could be found, and no end of the reading */
    memset( deep, '/', sizeof(deep) - 1 );
    snprintf( line, sizeof(line), "0::%s\n", deep );
    write_file( "proc/self/cgroup", line );
    write_file( "proc/self/mountinfo", "31 23 0:28 / /a rw - cgroup2 cgroup rw\n" );
    available_is( 8000 );
    snprintf( line, sizeof(line), "0::%.900s\n", deep );
    write_file( "proc/self/cgroup", line );
    available_is( 50 );
    snprintf( line, sizeof(line), "31 23 0:28 / /%s rw - cgroup2 cgroup rw\n31 23 0:28 / /a rw - cgroup2 cgroup rw\n", deep );
    write_file( "proc/self/cgroup", "0::/\n" );
    write_file( "proc/self/mountinfo", line );
    available_is( 50 );
}

/* What is refused is what the kernel would kill for. */
static void test_refused(void)
{
    void *memory;

    write_file( "proc/self/cgroup", "0::/\n" );
    write_file( "proc/self/mountinfo", "31 22 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n" );
    write_v2( V2, 200, 100, 0 );        /* 36 MB, and 64 for others */
    check( !os_memory_is_available( MIB( 37 ) ), "37 MB" );
    check( !os_allocate_pages( MIB( 64 ) ), "64 MB" );
    check( os_memory_is_available( MIB( 4 ) ), "4 MB" );
    /* half of the 32 that are left is given without another look */
    write_v2( V2, 200, 200, 0 );
    check( os_memory_is_available( MIB( 10 ) ), "10 MB" );
    check( os_memory_is_available( MIB( 6 ) ), "6 MB" );
    check( !os_memory_is_available( 1 ), "a byte" );
    write_v2( V2, 200, 200, 180 );
    check( (memory = os_allocate_pages( MIB( 8 ) )) != NULL, "8 MB" );
    os_free_pages( memory, MIB( 8 ) );
}

void test_memory(void)
{
    static char deep[1100];

    memset( deep, 'x', sizeof(deep) - 1 );
    deep[0] = '/';
    setenv( "WINEKMT_SENSORS_ROOT", deep, 1 );
    check( os_read_available_memory() == UINT64_MAX, "too long" );
    if (!check( sensor_tree_create(), "no folder" )) return;
    test_v2();
    test_v1();
    test_nonsense();
    test_refused();
    check( sensor_tree_remove( "" ), "it is left" );
    unsetenv( "WINEKMT_SENSORS_ROOT" );
    check( os_read_available_memory() < UINT64_MAX, "this machine" );
}
