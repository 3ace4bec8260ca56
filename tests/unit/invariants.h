/*
 * Checks of everything that the video memory manager's structures promise each other
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_INVARIANTS_H
#define __WINEKMT_TESTS_INVARIANTS_H

#include "core/vidmm.h"

/* Walks all of the manager (NULL: only the objects) with the lock held and reports what does not fit as failures of
 * the test, naming file and line. Sums must be equal, unless memory is just being freed, when they must not be too small. */
void check_invariants( struct vidmm *vidmm, const char *file, int line );

/* The same for a moment when other threads are inside calls: what they have counted but not linked yet is left out. */
void check_invariants_busy( struct vidmm *vidmm, const char *file, int line );

#endif /* __WINEKMT_TESTS_INVARIANTS_H */
