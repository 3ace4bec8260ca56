/*
 * Exhaustion: what its files share
 *
 * The program links core and the Vulkan half, and runs them on lavapipe below VK_LAYER_winekmt_fault. A scene is a sequence of calls as
 * a program makes them; exhaust.c runs it once untouched, and then again and again, the first, second, ... call of Vulkan, or of the
 * host's allocator, failing, until a run has no such call. After each step exhaust_world.c looks whether the answer was one that is
 * documented, whether the manager is consistent, and whether every byte is what was written; after each run, whether anything is left.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_EXHAUST_H
#define __WINEKMT_TESTS_EXHAUST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "winekmt.h"
#include "core/vidmm.h"
#include "wine/test.h"
#include "../unit/invariants.h"
#include "fault_control.h"

#define KIB( n )  ((uint64_t)(n) << 10)
#define MIB( n )  ((uint64_t)(n) << 20)

#define MAX_DEVICES  2
#define MAX_ITEMS    160

enum expected
{
    ANYTHING,
    ZEROES,
    PATTERN,        /* of its number */
};

/* An allocation. */
struct item
{
    D3DKMT_HANDLE handle;       /* 0: could not be had, or destroyed */
    unsigned int  device;
    uint64_t      size;
    uint8_t       cpu_access;
    uint8_t       expected;     /* enum expected */
    uint8_t       held;         /* MakeResident not undone */
    bool          offered;
    void         *user;         /* an existing heap */
};

struct world
{
    bool          strict;       /* nothing fails: what fails all the same is an error */
    struct { D3DKMT_HANDLE adapter, device, queue; LUID luid; const uint64_t *fence; struct vidmm *vidmm; } devices[MAX_DEVICES];
    struct item   items[MAX_ITEMS];
    unsigned int  count;
};

struct scene
{
    const char *name;
    const char *orders;         /* for the layer */
    void      (*run)( struct world *world );
};

extern const struct scene scenes[];     /* ends with a NULL name */

/* exhaust.c */
extern struct fault_control *control;
extern fault_layer_peek_func peek_memory;
extern uint64_t alive_blocks;           /* of malloc, and of os_allocate_pages */

static inline uint64_t fault_load_counter( const uint64_t *counter )
{
    return __atomic_load_n( counter, __ATOMIC_RELAXED );
}

/***********************************************************************
 * Calls (exhaust_world.c): each checks its answer. They do nothing for items that could not be had.
 */

/* An adapter, a device and a paging queue. false: there is none, for a reason that is documented. */
bool world_open( struct world *world, unsigned int device );

/* Returns the item's number, which is also its pattern. may_fail: also when nothing is ordered to fail. */
unsigned int world_create( struct world *world, unsigned int device, uint64_t size, uint8_t cpu_access, uint8_t segments, bool may_fail );
unsigned int world_import( struct world *world, unsigned int device, void *memory, uint64_t size );

/* Fills it with its pattern: by a lock where the CPU can, else as a GPU would, if it is in GPU memory. */
void world_write( struct world *world, unsigned int number );

/* create and write, several */
void world_fill( struct world *world, unsigned int device, unsigned int count, uint64_t size, uint8_t cpu_access );

/* Locks it and looks at its content; a lock that fails changes nothing, and works the second time if the failure was transient. */
void world_read( struct world *world, unsigned int number );

void world_destroy( struct world *world, unsigned int first, unsigned int count, unsigned int step );
void world_offer( struct world *world, unsigned int first, unsigned int count, unsigned int step, D3DKMT_OFFER_PRIORITY priority, bool decommit );

/* All that are offered, in one call for each device. */
void world_reclaim( struct world *world );

/* Of items that are alive and not held. Returns how many are held now: all or none. flags: of D3DDDI_MAKERESIDENT_FLAGS. */
unsigned int world_make_resident( struct world *world, const unsigned int *numbers, unsigned int count, unsigned int flags, bool may_fail );
void world_evict( struct world *world, bool only_if_necessary );    /* all that are held */

/* Numbers of items that are evicted, at most so many. */
unsigned int world_find_evicted( struct world *world, unsigned int device, unsigned int numbers[], unsigned int most );

/* What the call answered is one of those that its function documents. */
void world_check_status( struct world *world, unsigned int device, NTSTATUS status, bool no_video_memory, bool may_fail, const char *call );

/* Waits until nothing moves, and looks at everything. */
void world_check( struct world *world );

/* The devices of this world that are still good, and a new one, serve a program as ever. Nothing is ordered to fail any more. */
void world_check_recovery( struct world *world );

/* Whether the GPU seems to hang on something: it never said that it is done. */
bool world_is_hung( struct world *world );

#endif /* __WINEKMT_TESTS_EXHAUST_H */
