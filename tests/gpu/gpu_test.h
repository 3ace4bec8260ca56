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

/* All tests of one device. */
void test_adapter( const struct gpu_adapter *listed );
void test_enum( const struct gpu_adapter *adapters, uint32_t count );

/* gpu_scenarios.c: machines that this one is not. Each runs in a process of its own, as "gpu NAME". */
void run_all_scenarios(void);
int run_scenario( const char *name );

#endif /* __WINEKMT_TESTS_GPU_TEST_H */
