/*
 * System memory for evicted content: how much there may be, and where it comes from
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "os_private.h"

/* What is left for everybody else: more than this must be available after an allocation. */
#define LEAST_AVAILABLE  (64ull << 20)
/* From two of them on huge pages are worth asking for: filling small ones takes longer than copying to them. */
#define HUGE_PAGE_SIZE   (2ull << 20)

#define PATH_SIZE        1024

uint64_t os_system_memory_limit( void )
{
    static atomic_uint_fast64_t limit;      /* 0: not asked yet */
    uint64_t bytes = atomic_load_explicit( &limit, memory_order_relaxed );
    const char *string;

    if (bytes) return bytes;
    bytes = UINT64_MAX;
    if ((string = getenv( "WINEKMT_SYSTEM_MEMORY_SIZE" )) && *string && !os_parse_megabytes( string, &bytes ))
    {
        ERR( "WINEKMT_SYSTEM_MEMORY_SIZE=%s is no number of megabytes; ignored", string );
        bytes = UINT64_MAX;
    }
    atomic_store_explicit( &limit, bytes, memory_order_relaxed );
    return bytes;
}

/* Bytes that the kernel could give without swapping; UINT64_MAX: it does not say. */
static uint64_t read_machine_memory( void )
{
    unsigned long long kilobytes;
    char path[PATH_SIZE], line[128];
    uint64_t bytes = UINT64_MAX;
    FILE *file;

    if (snprintf( path, sizeof(path), "%s/proc/meminfo", os_files_root() ) >= (int)sizeof(path) || !(file = fopen( path, "re" ))) return bytes;
    while (fgets( line, sizeof(line), file ))
        if (sscanf( line, "MemAvailable: %llu kB", &kilobytes ) == 1) bytes = kilobytes << 10;
    fclose( file );
    return bytes;
}

/***********************************************************************
 * Control groups: a container's limit, above which the kernel kills
 */

/* The two versions of cgroups, which a machine can have beside each other; memory is controlled in one of them. */
enum { CGROUP_V1, CGROUP_V2, CGROUP_VERSIONS };

static const struct
{
    const char *type;       /* of the file system */
    const char *limit, *usage;
    const char *cache;      /* in memory.stat, of the whole subtree: files that were not used lately, which go before anybody is killed */
} cgroups[CGROUP_VERSIONS] =
{
    [CGROUP_V1] = { "cgroup", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file %llu" },
    [CGROUP_V2] = { "cgroup2", "memory.max", "memory.current", "inactive_file %llu" },
};

/* The number in a line of a file of a cgroup. false: there is none, as in "max". */
static bool read_cgroup_number( const char *dir, const char *name, const char *format, unsigned long long *value )
{
    char path[PATH_SIZE + 32], line[128];
    bool found = false;
    FILE *file;

    if (snprintf( path, sizeof(path), "%s/%s", dir, name ) >= (int)sizeof(path) || !(file = fopen( path, "re" ))) return false;
    while (!found && fgets( line, sizeof(line), file )) found = sscanf( line, format, value ) == 1;
    fclose( file );
    return found;
}

/* What a cgroup and those above it allow, up to the one that is mounted, whose path has base characters. dir is cut. */
static uint64_t read_cgroup_available( unsigned int version, char *dir, size_t base )
{
    unsigned long long limit, usage, cache;
    uint64_t least = UINT64_MAX, left;

    for (;;)
    {
        /* That of version 1 without a limit is a page less than 2^63. */
        if (read_cgroup_number( dir, cgroups[version].limit, "%llu", &limit ) && limit < 1ull << 62 &&
            read_cgroup_number( dir, cgroups[version].usage, "%llu", &usage ))
        {
            if (read_cgroup_number( dir, "memory.stat", cgroups[version].cache, &cache )) usage -= cache < usage ? cache : usage;
            left = limit > usage ? limit - usage : 0;
            if (left < least) least = left;
        }
        if (strlen( dir ) <= base) return least;
        *strrchr( dir, '/' ) = 0;
    }
}

/* Whether a list with commas between has that name. */
static bool has_name( const char *list, const char *name )
{
    size_t length = strlen( name );

    for (;; list++)
    {
        if (!strncmp( list, name, length ) && (!list[length] || list[length] == ',')) return true;
        if (!(list = strchr( list, ',' ))) return false;
    }
}

/* The process' own cgroups, from the root of their hierarchies; "": it has none there, or one that lies outside what it can see. */
static void read_own_cgroups( char paths[CGROUP_VERSIONS][PATH_SIZE] )
{
    char file_path[PATH_SIZE], *line = NULL, *list, *path;
    unsigned int version;
    size_t size = 0;
    FILE *file;

    paths[CGROUP_V1][0] = paths[CGROUP_V2][0] = 0;
    if (snprintf( file_path, sizeof(file_path), "%s/proc/self/cgroup", os_files_root() ) >= (int)sizeof(file_path) ||
        !(file = fopen( file_path, "re" ))) return;
    while (getline( &line, &size, file ) > 0)       /* "4:cpu,memory:/path", and "0::/path" of version 2 */
    {
        if (!(list = strchr( line, ':' )) || !(path = strchr( list + 1, ':' ))) continue;
        *list++ = *path++ = 0;
        path[strcspn( path, "\n" )] = 0;
        if (!*list) version = CGROUP_V2;
        else if (has_name( list, "memory" )) version = CGROUP_V1;
        else continue;
        if (*path == '/' && strncmp( path, "/..", 3 ) && strlen( path ) < PATH_SIZE) strcpy( paths[version], path );
    }
    free( line );
    fclose( file );
}

/* A field of mountinfo: blanks and the like are "\040". */
static void unescape( char *string )
{
    char *to = string;
    unsigned int c;

    for (; *string; string++)
    {
        if (*string == '\\' && sscanf( string + 1, "%3o", &c ) == 1 && strspn( string + 1, "01234567" ) >= 3)
        {
            *to++ = c;
            string += 3;
        }
        else *to++ = *string;
    }
    *to = 0;
}

/* What is left of a path below a folder; NULL: it is not there. */
static const char *path_below( const char *path, const char *folder )
{
    size_t length = strlen( folder );

    if (!strcmp( path, folder )) return "";
    if (!strcmp( folder, "/" )) return path;
    return !strncmp( path, folder, length ) && path[length] == '/' ? path + length : NULL;
}

/* "31 23 0:28 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory", the optional field being any number of them */
static uint64_t read_mount_available( char *line, char paths[CGROUP_VERSIONS][PATH_SIZE] )
{
    char dir[PATH_SIZE], *field, *state, *folder = NULL, *point = NULL, *type, *options;
    const char *rest;
    unsigned int i, version;
    size_t base;
    int length;

    for (i = 0; (field = strtok_r( i ? NULL : line, " \n", &state )) && (i < 6 || strcmp( field, "-" )); i++)
    {
        if (i == 3) folder = field;
        if (i == 4) point = field;
    }
    if (!field || !(type = strtok_r( NULL, " \n", &state )) || !strtok_r( NULL, " \n", &state ) ||
        !(options = strtok_r( NULL, " \n", &state ))) return UINT64_MAX;
    for (version = 0; version < CGROUP_VERSIONS; version++) if (!strcmp( type, cgroups[version].type )) break;
    if (version == CGROUP_VERSIONS || (version == CGROUP_V1 && !has_name( options, "memory" ))) return UINT64_MAX;

    unescape( folder );
    unescape( point );
    if (!paths[version][0] || !(rest = path_below( paths[version], folder ))) return UINT64_MAX;
    base = strlen( os_files_root() ) + strlen( point );
    length = snprintf( dir, sizeof(dir), "%s%s%s", os_files_root(), point, rest );
    return length < (int)sizeof(dir) ? read_cgroup_available( version, dir, base ) : UINT64_MAX;
}

/* What the cgroups of this process allow it; UINT64_MAX: there is no limit. */
static uint64_t read_cgroups_memory( void )
{
    char paths[CGROUP_VERSIONS][PATH_SIZE], path[PATH_SIZE], *line = NULL;
    uint64_t least = UINT64_MAX, left;
    size_t size = 0;
    FILE *file;

    read_own_cgroups( paths );
    if (!paths[CGROUP_V1][0] && !paths[CGROUP_V2][0]) return least;
    if (snprintf( path, sizeof(path), "%s/proc/self/mountinfo", os_files_root() ) >= (int)sizeof(path) || !(file = fopen( path, "re" ))) return least;
    while (getline( &line, &size, file ) > 0)
        if ((left = read_mount_available( line, paths )) < least) least = left;
    free( line );
    fclose( file );
    return least;
}

uint64_t os_read_available_memory( void )
{
    uint64_t machine = read_machine_memory(), cgroups = read_cgroups_memory();

    return machine < cgroups ? machine : cgroups;
}

/* Linux promises more memory than there is, and more than a container may have, and kills somebody when the promise is due. So a piece is refused
 * here while that can still be told. What the last look found is used up by half before the next look: a look costs as much as copying a MB. */
bool os_memory_is_available( uint64_t size )
{
    static atomic_uint_fast64_t left;       /* may be taken without another look */
    uint64_t old = atomic_load_explicit( &left, memory_order_relaxed ), available;

    while (old >= size)
        if (atomic_compare_exchange_weak_explicit( &left, &old, old - size, memory_order_relaxed, memory_order_relaxed )) return true;
    available = os_read_available_memory();
    if (available < LEAST_AVAILABLE || available - LEAST_AVAILABLE < size) return false;
    atomic_store_explicit( &left, (available - LEAST_AVAILABLE - size) / 2, memory_order_relaxed );
    return true;
}

void *os_allocate_pages( uint64_t size )
{
    uint64_t padding = 0, unused;
    char *memory;

    if (size > SIZE_MAX - HUGE_PAGE_SIZE || !os_memory_is_available( size )) return NULL;
    if (size >= 2 * HUGE_PAGE_SIZE) padding = HUGE_PAGE_SIZE;       /* only aligned ones can be huge */
    memory = mmap( NULL, size + padding, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );
    if (memory == MAP_FAILED) return NULL;
    if (!padding) return memory;
    unused = -(uintptr_t)memory % HUGE_PAGE_SIZE;
    if (unused) munmap( memory, unused );
    memory += unused;
    if (padding > unused) munmap( memory + size, padding - unused );
    madvise( memory, size, MADV_HUGEPAGE );
    return memory;
}

void os_free_pages( void *memory, uint64_t size )
{
    munmap( memory, size );
}
