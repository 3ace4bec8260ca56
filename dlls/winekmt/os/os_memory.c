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
static uint64_t read_available_memory( void )
{
    unsigned long long kilobytes;
    uint64_t bytes = UINT64_MAX;
    char line[128];
    FILE *file;

    if (!(file = fopen( "/proc/meminfo", "re" ))) return bytes;
    while (fgets( line, sizeof(line), file ))
        if (sscanf( line, "MemAvailable: %llu kB", &kilobytes ) == 1) bytes = kilobytes << 10;
    fclose( file );
    return bytes;
}

/* Linux promises more memory than there is and kills somebody when the promise is due. So a piece is refused here while
 * that can still be told. What the last look found is used up by half before the next look. */
bool os_memory_is_available( uint64_t size )
{
    static atomic_uint_fast64_t left;       /* may be taken without another look */
    uint64_t old = atomic_load_explicit( &left, memory_order_relaxed ), available;

    while (old >= size)
        if (atomic_compare_exchange_weak_explicit( &left, &old, old - size, memory_order_relaxed, memory_order_relaxed )) return true;
    available = read_available_memory();
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
