/*
 * The arguments of CreateAllocation as operations record them
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_CREATE_FLAGS_H
#define __WINEKMT_TESTS_CREATE_FLAGS_H

#define CREATE_NOT_ZEROED   1u
#define CREATE_FIRST_FORM   2u      /* CreateAllocation, not CreateAllocation2 */
#define CREATE_RESOURCE     4u
#define CREATE_SHARED       8u
#define CREATE_NT           16u
#define CREATE_PRIMARY      32u
#define CREATE_PRIORITY_SHIFT   8   /* index of a residency priority; 0: not given */
#define CREATE_PRIORITIES       6
#define CREATE_ALIGNMENT_SHIFT  16  /* logarithm; 0: not given */

/* What is wrong with it. */
enum bad_creation
{
    BAD_NONE, BAD_NO_DATA, BAD_MAGIC, BAD_VERSION, BAD_SHORT, BAD_SIZE_0, BAD_ACCESS, BAD_SEGMENTS, BAD_ALIGNMENT, BAD_ALIGNMENT_LARGE,
    BAD_FLAG, BAD_COUNT_0, BAD_COUNT_MORE, BAD_HANDLE, BAD_SIZE_HUGE,
    BAD_CREATIONS
};

enum bad_heap
{
    BAD_HEAP_NONE, BAD_HEAP_NULL, BAD_HEAP_UNALIGNED, BAD_HEAP_SIZE, BAD_HEAP_NO_FLAG, BAD_HEAP_COUNT, BAD_HEAP_TYPE, BAD_HEAP_PRIVATE,
    BAD_HEAPS
};

#endif /* __WINEKMT_TESTS_CREATE_FLAGS_H */
