/*
 * The world of the targets that call core: a fake GPU, the objects that there are, what is in them, and the time
 *
 * What handles there are is read from core's own table after every call, so nothing need be known of a function to use what
 * it made. What the harness wrote into an allocation it finds there again, wherever the content is by then, unless it was told
 * that it was discarded.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_FUZZ_WORLD_H
#define __WINEKMT_TESTS_FUZZ_WORLD_H

#include "core/vidmm.h"
#include "fake_gpu.h"
#include "fuzz.h"

#define WORLD_MAX_OBJECTS  4096     /* no more are made */
#define WORLD_STALE        64       /* ended handles that are remembered */

enum known_content
{
    KNOWN_NOT,          /* anything */
    KNOWN_ZERO,         /* never written */
    KNOWN_SEED,         /* pattern of seed */
};

/* An object that lives. */
struct world_object
{
    D3DKMT_HANDLE handle;
    uint8_t       type;         /* enum object_type */
    uint8_t       content;      /* enum known_content; of allocations */
    uint32_t      seed;
    uint64_t      size;         /* bytes; of allocations */
    char         *locked;       /* what the last lock answered, as long as it is locked */
};

struct world
{
    struct world_object objects[WORLD_MAX_OBJECTS];     /* in the order of the table */
    unsigned int        count;
    D3DKMT_HANDLE       stale[WORLD_STALE];
    unsigned int        stale_count, stale_next;
    uint64_t            largest_heap;                   /* bytes */
};

extern struct world world;

/* Once: environment, log, notification threads. The ledger is "none" unless the target said otherwise. */
void world_init( void );

/* Makes a GPU as the record says; nothing is open. */
void world_start( struct fuzz_cursor *cursor );
/* Shuts core down, and checks that nothing is left anywhere. */
void world_finish( void );

/* Adapter, device and paging queue, so that the first calls of an input have something to use. Statuses do not matter. */
void world_open( void );

/* Looks at the handle table: what is new and what has ended. */
void world_note_objects( void );
struct world_object *world_find( D3DKMT_HANDLE handle );
/* The nth object of a type, going around; NULL: there is none. */
struct world_object *world_pick( enum object_type type, unsigned int n );

/***********************************************************************
 * Content
 */

/* Whether content can be looked for at all: placed or evicted, not busy, not lost; and a look. */
void world_verify( struct world_object *object );
void world_verify_all( void );
/* What the CPU sees at the start of a locked allocation must be what is known. */
void world_verify_locked( const struct world_object *object );
/* Writes a new pattern through the pointer of a lock, or as the GPU would. */
void world_write_locked( struct world_object *object );
void world_write_gpu( struct world_object *object );
/* Whether it was discarded since it was offered, as core sees it now. */
bool world_is_discarded( const struct world_object *object );

/***********************************************************************
 * Checks
 */

/* Every manager's structures; exact when none of core's threads is at work. */
void world_check( void );
/* The same after they have all come to rest. */
void world_check_at_rest( void );

/* invariants.c; the lock is held. */
void fuzz_check_manager_locked( struct vidmm *vidmm, bool busy );

/***********************************************************************
 * Time and memory, by the linker's --wrap: see world_wrap.c
 */

/* From now on it is so much later. Sleepers whose time has come wake up within a millisecond. */
void world_advance_time( uint64_t ns );

/* The nth allocation of memory, or the making of a thread, fails, until world_fail_memory( 0 ). */
void world_fail_memory( unsigned int nth );

/* Bytes of os_allocate_pages that were not freed. */
int64_t world_live_pages( void );

#endif /* __WINEKMT_TESTS_FUZZ_WORLD_H */
