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
    D3DKMT_HANDLE adapter, device, queue, fence;
    const uint64_t *fence_value;    /* the program's view of the fence */
    struct vidmm *vidmm;            /* of device, as long as that lives */
};

/* Resets the fake GPU, makes its adapters (NULL: one as it is by default) and opens a device and a queue on the first.
 * limit: megabytes for WINEKMT_VIDEO_MEMORY_SIZE, 0: none. */
void unit_start( struct unit *unit, const struct gpu_adapter *adapter, unsigned int limit );
/* Shuts core down and checks that nothing is left in it, and nothing in the GPU. */
void unit_finish( struct unit *unit );

/* Opens another adapter handle, device and queue, as after a loss. */
NTSTATUS unit_open( struct unit *unit );

/* Runs a test in a process of its own: one that crashes does not keep the others from being run, and what is asked for once a
 * process is asked for again. */
void unit_isolated( const char *name, void (*function)( void ) );

/* A field of the manager, which its threads may be changing: unit_read( &unit, heaps[0].used ). Not with the lock held. */
#define unit_read( unit, field ) \
    ({ \
        __typeof__( (unit)->vidmm->field ) value_; \
        kmt_lock(); \
        value_ = (unit)->vidmm->field; \
        kmt_unlock(); \
        value_; \
    })

struct unit_spec
{
    uint64_t size;
    uint32_t alignment;             /* 0: 4 KiB */
    uint32_t residency;             /* 0: normal */
    uint8_t  cpu_access;
    uint8_t  segments, preferred;   /* 0: any */
    bool     not_zeroed;
};

#define UNIT_MAX_CREATED  80
NTSTATUS unit_try_create( const struct unit *unit, const struct unit_spec *spec, D3DKMT_HANDLE *handle );
/* Several by one call, at most UNIT_MAX_CREATED. */
NTSTATUS unit_try_create_list( const struct unit *unit, const struct unit_spec *specs, unsigned int count, D3DKMT_HANDLE *handles );
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
NTSTATUS unit_set_priority( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t priority );

#define UNIT_CANT_TRIM_FURTHER  1u      /* bits of D3DDDI_MAKERESIDENT_FLAGS */
#define UNIT_MUST_SUCCEED       2u

/* value: what the queue's fence must reach, trim: NumBytesToTrim; both may be NULL. */
NTSTATUS unit_make_resident( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, unsigned int flags,
                             uint64_t *value, uint64_t *trim );
NTSTATUS unit_evict( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, bool only_if_necessary );
/* MakeResident that must succeed, and the wait for its copies: from then on no pressure can take them. */
void unit_hold_( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, int line );
#define unit_hold( unit, handles, count )  unit_hold_( unit, handles, count, __LINE__ )
/* unit_create and unit_hold */
D3DKMT_HANDLE unit_create_held_( const struct unit *unit, const struct unit_spec *spec, int line );
#define unit_create_held( unit, ... )  unit_create_held_( unit, &(struct unit_spec){ __VA_ARGS__ }, __LINE__ )
/* Waits up to some seconds until the queue's fence has that value. */
bool unit_wait_fence( const struct unit *unit, uint64_t value );

/* The object behind a handle; only to be looked at while no other thread may destroy it. */
struct allocation *unit_allocation( const struct unit *unit, D3DKMT_HANDLE handle );
uint64_t unit_discards( const struct unit *unit );     /* how many so far */
bool unit_is_discarded( const struct unit *unit, D3DKMT_HANDLE handle );
bool unit_is_evicted( const struct unit *unit, D3DKMT_HANDLE handle );

/* Patterns: a word every 256 bytes and the last one. Those with a handle lock, or go to the memory of the fake GPU where
 * the CPU cannot; then they also note that the content is worth keeping, as a GPU's writing will. Where it is evicted, writing makes
 * it resident meanwhile. */
void pattern_write( void *data, uint64_t size, uint32_t seed );
bool pattern_is( const void *data, uint64_t size, uint32_t seed );
bool bytes_are_zero( const void *data, uint64_t size );
void unit_write( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed );
bool unit_content_is( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed );
/* Looks at the content where it is, in either memory: no lock is taken, nothing moves, nothing becomes more recently used. */
bool unit_peek_is( const struct unit *unit, D3DKMT_HANDLE handle, uint32_t seed );
bool unit_peek_is_zero( const struct unit *unit, D3DKMT_HANDLE handle );
/* Of several: how many are evicted; and that none lost its content, the number in the list being the seed. */
unsigned int unit_count_evicted( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count );
void unit_check_content_( const struct unit *unit, const D3DKMT_HANDLE *handles, unsigned int count, int line );
#define unit_check_content( unit, handles, count )  unit_check_content_( unit, handles, count, __LINE__ )

/* Waits up to 5 s (more under valgrind) for the condition, which is looked at with the lock held. */
bool unit_wait( bool (*condition)( void *arg ), void *arg );

/* invariants.c for the manager of the unit; exact when no other thread works on it. */
#define unit_check( unit )  check_invariants( (unit)->vidmm, __FILE__, __LINE__ )

/* The nth malloc, calloc or os_allocate_pages of the process from now on fails, once; 0: none. unit_failed_mallocs: how often one did. */
void unit_fail_malloc( unsigned int nth );
unsigned int unit_failed_mallocs( void );
/* Bytes of all blocks that malloc and calloc gave and free did not get back, with malloc's own overhead. */
uint64_t unit_malloc_bytes( void );
/* From now on objects that calloc makes one by one, of just that size, lie side by side in memory, which has room for count;
 * freeing them does nothing. NULL: no more. */
void unit_set_arena( void *memory, size_t size, size_t count );
/* No thread of core's can be made, as long as that is set. */
void unit_fail_threads( bool fail );
/* The machine has no memory to spare for small pieces of evicted content, as long as that is set. */
void unit_fail_memory( bool fail );

/* Called with what ledger_peers tells of the other processes, which it may change; NULL: no more. */
void unit_on_peers( void (*function)( struct ledger_peer *peers, unsigned int count ) );

#endif /* __WINEKMT_TESTS_UNIT_H */
