/*
 * The invariants of the unit tests, for a caller that holds the lock, with an end of the program as the failure
 *
 * The caller decides, under the same lock, whether core's threads are at rest: only then must all sums be equal.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "fuzz.h"
#include "unit/unit.h"

static const char *checked_file;
static int checked_line;

#undef ok_
#define ok_( file, line )  checked_file = (file), checked_line = (line), check_holds
#define check_holds( condition, ... ) \
    (void)((condition) ? 0 : \
           (fuzz_say( "%s:%d: the manager's structures do not fit:", checked_file, checked_line ), fuzz_fail( __VA_ARGS__ ), 0))

/* Held by the caller. */
#define kmt_lock()
#define kmt_unlock()

#include "unit/invariants.c"

void fuzz_check_manager_locked( struct vidmm *vidmm, bool busy );
void fuzz_check_manager_locked( struct vidmm *vidmm, bool busy )
{
    check( vidmm, __FILE__, __LINE__, busy );
}
