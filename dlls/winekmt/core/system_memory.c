/*
 * System memory for the content of evicted allocations
 *
 * All managers of the process share one limit. Large pieces are whole pages, which the GPU can copy from and to in place, and
 * the last few are kept for a moment: while memory is short, what one allocation leaves the next one takes, and a
 * fresh page costs as much as copying it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "core/vidmm.h"

/* From here on a piece is pages of its own. */
#define PAGES_SIZE  (1u << 20)
/* What is kept for reuse, at most, and for how long. */
#define KEPT_BYTES  (512ull << 20)
#define KEPT_COUNT  16
#define KEPT_NS     (200 * 1000000ull)

/* All under the lock of core. */
static uint64_t reserved;               /* bytes that hold content, or are about to */
static uint64_t lent;                   /* of reserved: of content that is on its way back into GPU memory */
static struct system_copy *kept;        /* newest first */
static unsigned int kept_count;
static uint64_t kept_bytes, kept_since; /* since: of the newest, os_time_ns */

static bool may_reserve( uint64_t size )
{
    uint64_t limit = os_system_memory_limit(), wanted;

    return !__builtin_add_overflow( reserved - lent, size, &wanted ) && wanted <= limit;
}

static uint64_t copy_size( const struct allocation *allocation )
{
    return allocation->evicted && allocation->system_memory ? allocation->size : 0;
}

void system_memory_lend_locked( const struct allocation *allocation )
{
    lent += copy_size( allocation );
}

void system_memory_take_back_locked( const struct allocation *allocation )
{
    lent -= copy_size( allocation );
}

bool system_memory_reserve_locked( struct vidmm *vidmm, uint64_t size, struct freed_memory *freed )
{
    /* What is offered may be lost, also where it costs system memory only. */
    while (!may_reserve( size ))
    {
        struct allocation *victim = next_discard_of_evicted_locked( vidmm );

        if (!victim) return false;
        discard_locked( victim, freed );
    }
    reserved += size;
    return true;
}

void system_memory_unreserve_locked( uint64_t size )
{
    reserved -= size;
}

/* A kept piece of that size; NULL: there is none. */
static void *take_kept_locked( uint64_t size )
{
    struct system_copy **link, *copy;

    for (link = &kept; (copy = *link); link = &copy->next)
    {
        if (copy->size != size) continue;
        *link = copy->next;
        kept_count--;
        kept_bytes -= size;
        return copy;
    }
    return NULL;
}

void *system_memory_allocate( uint64_t size, bool zeroed )
{
    void *memory;

    if (size < PAGES_SIZE)
    {
        if (!os_memory_is_available( size )) return NULL;
        return zeroed ? calloc( 1, size ) : malloc( size );
    }
    if (zeroed) return os_allocate_pages( size );
    kmt_lock();
    memory = take_kept_locked( size );
    kmt_unlock();
    return memory ? memory : os_allocate_pages( size );
}

static void free_memory( void *memory, uint64_t size )
{
    if (size < PAGES_SIZE) free( memory );
    else os_free_pages( memory, size );
}

void system_memory_free_locked( void *memory, uint64_t size, struct freed_memory *freed )
{
    struct system_copy *copy = memory;

    if (!memory) return;
    reserved -= size;
    copy->size = size;
    /* A GPU that was lost in the middle of a copy may still write to it: such pages are for nobody else. */
    if (size >= PAGES_SIZE && !freed->vidmm->lost && kept_count < KEPT_COUNT && size <= KEPT_BYTES - kept_bytes)
    {
        copy->next = kept;
        kept = copy;
        kept_count++;
        kept_bytes += size;
        kept_since = os_time_ns();
        worker_notify_locked( freed->vidmm );
        return;
    }
    copy->next = freed->copies;
    freed->copies = copy;
}

void system_memory_free_list( struct system_copy *copies )
{
    struct system_copy *copy;

    while ((copy = copies))
    {
        copies = copy->next;
        free_memory( copy, copy->size );
    }
}

uint64_t system_memory_expire_locked( uint64_t now, struct freed_memory *freed )
{
    struct system_copy **last;

    if (!kept) return UINT64_MAX;
    if (now < kept_since + KEPT_NS) return kept_since + KEPT_NS;
    for (last = &kept; *last; last = &(*last)->next) { }
    *last = freed->copies;
    freed->copies = kept;
    kept = NULL;
    kept_count = 0;
    kept_bytes = 0;
    return UINT64_MAX;
}
