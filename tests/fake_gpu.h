/*
 * A GPU made of malloc: the functions of gpu/gpu.h for tests, with every failure that a test may ask for
 *
 * Link tests/fake_gpu.c in place of dlls/winekmt/gpu/vulkan*.c. What is configured holds for adapters that are listed
 * and devices that are opened afterwards, unless said otherwise; all functions may be called from any thread, also from
 * a hook.
 *
 * A use that the rules of gpu.h forbid (freeing twice, a copy out of bounds, a size that is no page multiple ...) prints one
 * line and aborts: it is an error of the code under test, not something to be answered.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_FAKE_GPU_H
#define __WINEKMT_TESTS_FAKE_GPU_H

#include "gpu/gpu.h"

#define FAKE_GPU_MAX_ADAPTERS  40

/* What memory holds before it is written, and after it was freed. */
#define FAKE_GPU_GARBAGE  0xa5
#define FAKE_GPU_POISON   0xdb

#define FAKE_GPU_TICK_NS      10
#define FAKE_GPU_CLOCK_START  1000000u

enum fake_gpu_call
{
    FAKE_GPU_ENUM,
    FAKE_GPU_OPEN,
    FAKE_GPU_CLOSE,     /* cannot fail */
    FAKE_GPU_BUDGET,    /* cannot fail */
    FAKE_GPU_ALLOCATE,
    FAKE_GPU_IMPORT,
    FAKE_GPU_FREE,      /* cannot fail */
    FAKE_GPU_MAP,
    FAKE_GPU_COPY,
    FAKE_GPU_READ,      /* gpu_read_memories: each transfer of a list is a call */
    FAKE_GPU_WRITE,     /* gpu_write_memories, likewise */
    FAKE_GPU_CALIBRATE,
    FAKE_GPU_CALLS,     /* how many there are; fake_gpu_fail and fake_gpu_count_calls: any of them */
};

/* Drops all configuration, failures, hooks and counters: one adapter as fake_gpu_default makes it. No device may be open. */
void fake_gpu_reset(void);

/***********************************************************************
 * The adapters
 *
 * They are what gpu_enum_adapters copies: any field may be set. fake_gpu_set_adapters copies the
 * array; count 0 is a machine without GPU. A device keeps the adapter that it was opened with.
 *
 * fake_gpu_default( index ): a discrete GPU with 1 GiB of memory that the host cannot map (type 0), of which 256 MiB can
 * (type 1), and 1 GiB of system memory (types 2: write-combined, 3: cached); type 4 is unusable. Budgets and import are
 * there, a PCI address, three queue families, and a clock of 100 MHz that began FAKE_GPU_CLOCK_START ticks before CLOCK_MONOTONIC.
 * fake_gpu_unified: one heap, one type and one queue family for everything, as lavapipe has it; no budgets, no address, no clock.
 */
void fake_gpu_default( struct gpu_adapter *adapter, unsigned int index );
void fake_gpu_unified( struct gpu_adapter *adapter, unsigned int index );
void fake_gpu_set_adapters( const struct gpu_adapter *adapters, uint32_t count );

/***********************************************************************
 * Budgets, at any time
 *
 * What gpu_query_budget answers for a heap of every device; UINT64_MAX (the default): the heap's size. The usage is what
 * all devices of that UUID allocated, plus foreign: what others in the process use. It is not enforced.
 */
void fake_gpu_set_budget( uint32_t heap, uint64_t budget );
void fake_gpu_set_foreign_usage( uint32_t heap, uint64_t bytes );

/***********************************************************************
 * Limits, at any time
 *
 * Bytes that can be allocated of a heap, over all devices of one adapter: more is GPU_OUT_OF_DEVICE_MEMORY.
 * UINT64_MAX (the default): the heap's size.
 */
void fake_gpu_set_capacity( uint32_t heap, uint64_t bytes );

/***********************************************************************
 * Failures, at any time
 *
 * The nth call (1: the next one) of a kind answers result and does nothing; with persistent all from there on. One rule a
 * kind, plus one for FAKE_GPU_CALLS; a new one replaces it. result GPU_SUCCESS or nth 0 takes the rule away.
 * GPU_DEVICE_LOST from a call on a device loses that device, as from the real one. A READ or WRITE that fails
 * ends its list and leaves FAKE_GPU_POISON in all destinations of it, unless fake_gpu_set_fill is off: what is undefined must not
 * be used.
 * fake_gpu_failures: how often a rule hit since the reset.
 */
void fake_gpu_fail( enum fake_gpu_call call, unsigned int nth, enum gpu_result result, bool persistent );
unsigned int fake_gpu_failures(void);

/* Loses one device, or all that are open with NULL. Devices that are opened later work. */
void fake_gpu_lose( struct gpu_device *device );

/***********************************************************************
 * Hooks and delays, at any time
 *
 * The hook runs in the calling thread, at the beginning of every call of that kind before it has any effect, and with no
 * lock held: it may call anything, or block. A hook that calls the same kind again is called again.
 * memory: of FREE, MAP, READ and WRITE, and the destination of COPY; else NULL. A hook of NULL takes the hook away; calls already inside go on.
 * fake_gpu_set_delay: microseconds that every call of a kind sleeps, after the hook.
 */
typedef void (*fake_gpu_hook)( void *arg, enum fake_gpu_call call, struct gpu_memory *memory );
void fake_gpu_set_hook( enum fake_gpu_call call, fake_gpu_hook hook, void *arg );
void fake_gpu_set_delay( enum fake_gpu_call call, unsigned int us );

/***********************************************************************
 * Counters
 *
 * Calls count when they begin, failed ones too. live_*: now, over all devices.
 */
struct fake_gpu_stats
{
    uint64_t calls[FAKE_GPU_CALLS];
    uint64_t live_devices;
    uint64_t live_memories;     /* imports too */
    uint64_t live_imports;
    uint64_t live_maps;
    uint64_t live_bytes;        /* without imports */
    uint64_t peak_bytes;        /* the largest live_bytes since the reset */
    uint64_t heap_bytes[GPU_MAX_HEAPS]; /* live_bytes by heap, over all adapters */
    uint64_t copied_bytes;      /* by COPY, READ and WRITE, since the reset */
};
void fake_gpu_get_stats( struct fake_gpu_stats *stats );

/* Calls of one kind, or of all with FAKE_GPU_CALLS, since the reset. */
uint64_t fake_gpu_count_calls( enum fake_gpu_call call );

/* Aborts with a line about each when a device, a memory or an import is still alive. */
void fake_gpu_check_no_leaks(void);

/* Whether new memory is filled with FAKE_GPU_GARBAGE and freed memory with FAKE_GPU_POISON, as it is after a reset. Off is for tests of
 * scale: pages that nobody touches then cost nothing. At any time. */
void fake_gpu_set_fill( bool fill );

/* The bytes behind a memory, for tests that look at what is not host-visible; for an import the caller's pages. */
void *fake_gpu_peek( struct gpu_memory *memory );

#endif /* __WINEKMT_TESTS_FAKE_GPU_H */
