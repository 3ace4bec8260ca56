/*
 * What the files of the test program "gpu" share
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_GPU_TEST_H
#define __WINEKMT_TESTS_GPU_TEST_H

#include "gpu/gpu.h"

/* Counts a check, and says where and what when it fails. Any thread. Returns the condition. */
#define check( condition, ... ) \
    ({ bool good_ = !!(condition); check_( good_, __FILE__, __LINE__, #condition, __VA_ARGS__ ); })
bool check_( bool good, const char *file, int line, const char *condition, const char *format, ... )
    __attribute__((format (printf, 5, 6)));
extern unsigned int checks, failures;

/* size bytes, a multiple of 4, that depend on seed. */
void fill_pattern( void *pointer, uint64_t size, uint32_t seed );
bool has_pattern( const void *pointer, uint64_t size, uint32_t seed );

/* All tests of one device. */
void test_adapter( const struct gpu_adapter *listed );
void test_enum( const struct gpu_adapter *adapters, uint32_t count );

/* gpu_paging.c: gpu_read_memories and gpu_write_memories. */
void test_paging( struct gpu_device *device, const struct gpu_adapter *adapter );

/* gpu_faults.c: the same with mock_vulkan.c. */
void test_paging_faults(void);
void test_paging_no_memory(void);
void test_paging_hang(void);
void test_paging_hang_threads(void);
void test_paging_scarce(void);
void test_paging_full(void);
void test_paging_refused(void);
void test_paging_lists(void);
void test_results(void);
void test_copy_memory(void);

/* gpu_clock.c: clocks, queue families and the place on the bus. */
void test_clock(void);
void test_no_calibration(void);
void test_no_clock(void);
void test_clock_faults(void);

/* gpu_scenarios.c: machines that this one is not. Each runs in a process of its own, as "gpu NAME". */
void run_all_scenarios(void);
int run_scenario( const char *name );

/* sensors.c and memory.c, in the program "os" */
void test_sensors(void);
void test_memory(void);

#endif /* __WINEKMT_TESTS_GPU_TEST_H */
