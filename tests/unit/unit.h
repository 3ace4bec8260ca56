/*
 * What the unit tests of core share
 *
 * They link the objects of core with tests/fake_gpu.c, call the kmt_ entry points as a program would, and look inside with
 * core/vidmm.h. Each test begins with unit_start and ends with unit_finish, which checks that nothing is left.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_UNIT_H
#define __WINEKMT_TESTS_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "winekmt.h"
#include "core/vidmm.h"
#include "fake_gpu.h"
#include "invariants.h"
#include "wine/test.h"

#define KIB( n )  ((uint64_t)(n) << 10)
#define MIB( n )  ((uint64_t)(n) << 20)

/* Statuses in messages: "got 0xc01e0100". */
#define ok_status( got, expected ) \
    do { \
        NTSTATUS got_ = (got), expected_ = (expected); \
        ok( got_ == expected_, "%s: got %#x, expected %#x\n", #got, (unsigned int)got_, (unsigned int)expected_ ); \
    } while (0)

/* Fewer turns where each costs much more. */
bool unit_is_slow( void );          /* valgrind or a sanitizer */
bool unit_is_valgrind( void );

/* A heap of that size, all one type, host-visible or not: what is allocated where is then plain. No memory budget. */
void unit_adapter_simple( struct gpu_adapter *adapter, uint64_t size, bool host_visible );
/* The default of the fake GPU, with its three heaps of that size each. */
void unit_adapter_discrete( struct gpu_adapter *adapter, uint64_t size );

struct unit
{
    D3DKMT_HANDLE adapter, device, queue;
    struct vidmm *vidmm;            /* of device, as long as that lives */
};

/* Resets the fake GPU, makes its adapters (NULL: one as it is by default) and opens a device and a queue on the first.
 * limit: megabytes for WINEKMT_VIDEO_MEMORY_SIZE, 0: none. */
void unit_start( struct unit *unit, const struct gpu_adapter *adapter, unsigned int limit );
/* Shuts core down and checks that nothing is left in it, and nothing in the GPU. */
void unit_finish( struct unit *unit );

/* Opens another adapter handle, device and queue, as after a loss. */
NTSTATUS unit_open( struct unit *unit );

struct unit_spec
{
    uint64_t size;
    uint32_t alignment;             /* 0: 4 KiB */
    uint32_t residency;             /* 0: normal */
    uint8_t  cpu_access;
    uint8_t  segments, preferred;   /* 0: any */
    bool     not_zeroed;
};

NTSTATUS unit_try_create( const struct unit *unit, const struct unit_spec *spec, D3DKMT_HANDLE *handle );
/* The same, and it must succeed. */
D3DKMT_HANDLE unit_create_( const struct unit *unit, const struct unit_spec *spec, int line );
#define unit_create( unit, ... )  unit_create_( unit, &(struct unit_spec){ __VA_ARGS__ }, __LINE__ )
NTSTATUS unit_create_existing_heap( const struct unit *unit, void *memory, uint64_t size, D3DKMT_HANDLE *handle );

NTSTATUS unit_destroy( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, bool synchronous );
NTSTATUS unit_offer( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, D3DKMT_OFFER_PRIORITY priority, bool decommit );
NTSTATUS unit_reclaim( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, D3DDDI_RECLAIM_RESULT *results );
NTSTATUS unit_try_lock( const struct unit *unit, D3DKMT_HANDLE handle, void **data );
void *unit_lock( const struct unit *unit, D3DKMT_HANDLE handle );
NTSTATUS unit_unlock( const struct unit *unit, D3DKMT_HANDLE handle );
void unit_query_memory( const struct unit *unit, unsigned int group, uint64_t *budget, uint64_t *usage );

/* The object behind a handle; only to be looked at while no other thread may destroy it. */
struct allocation *unit_allocation( const struct unit *unit, D3DKMT_HANDLE handle );
bool unit_is_discarded( const struct unit *unit, D3DKMT_HANDLE handle );

/* Patterns: a word every 256 bytes and the last one. Those with a handle lock, or go to the memory of the fake GPU where
 * the CPU cannot; then they also note that the content is worth keeping, as a GPU's writing will. */
void pattern_write( void *data, uint64_t size, uint32_t seed );
bool pattern_is( const void *data, uint64_t size, uint32_t seed );
bool bytes_are_zero( const void *data, uint64_t size );
void unit_write( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed );
bool unit_content_is( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed );

/* Waits up to 5 s (more under valgrind) for the condition, which is looked at with the lock held. */
bool unit_wait( bool (*condition)( void *arg ), void *arg );

/* invariants.c for the manager of the unit; exact when no other thread works on it. */
#define unit_check( unit )  check_invariants( (unit)->vidmm, __FILE__, __LINE__ )

/* The nth malloc or calloc of the process from now on fails, once; 0: none. unit_failed_mallocs: how often one did. */
void unit_fail_malloc( unsigned int nth );
unsigned int unit_failed_mallocs( void );
/* Bytes of all blocks that malloc and calloc gave and free did not get back, with malloc's own overhead. */
uint64_t unit_malloc_bytes( void );

#endif /* __WINEKMT_TESTS_UNIT_H */
