/*
 * Parameter blocks of the public functions, built from an input (blocks.c)
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_FUZZ_BLOCKS_H
#define __WINEKMT_TESTS_FUZZ_BLOCKS_H

#include "world.h"

#define MAX_BUFFERS  2100   /* a block, and for each of 1024 entries its private data */

/* Memory of exactly the size that a call may use, so that a sanitizer sees the first byte beyond it. */
struct buffer
{
    void  *data;
    void  *before;      /* what was in it before the call */
    size_t size;
};

/* One call, ready to be made. */
struct call
{
    const struct function *function;
    void         *params;       /* NULL by the input's choice, else buffers[0], or what a function by_value takes in its place */
    uintptr_t     second;       /* of the few that have two arguments */
    bool          by_value;
    struct buffer buffers[MAX_BUFFERS];
    unsigned int  count;
    unsigned int  true_count;   /* elements behind the list pointers */
};

struct function
{
    const char *name;
    size_t      size;           /* bytes of the block */
    void      (*build)( struct call *call, struct fuzz_cursor *cursor, void *block );   /* NULL: nobody wrote one */
    NTSTATUS  (*function)( void *params, uintptr_t second );
};

/* Every function of kind "core" in functions.list. */
extern const struct function functions[];
extern const unsigned int function_count;

/* The others, which are refused here whatever they are given. */
struct refused_function
{
    const char *name;
    NTSTATUS  (*function)( void *params, uintptr_t second );
};
extern const struct refused_function refused_functions[];
extern const unsigned int refused_function_count;

/* What a refused function is given, which may look at it but not write: a block of REFUSED_SIZE bytes with a handle somewhere, or what
 * is no pointer at all, such as a handle, for those whose argument is none. */
#define REFUSED_SIZE  1024
void *build_refused( struct call *call, struct fuzz_cursor *cursor );

void call_build( struct call *call, const struct function *function, struct fuzz_cursor *cursor );
/* Whether the call wrote to anything that it was given. */
bool call_has_written( const struct call *call );
void call_free( struct call *call );

/* Trim notifications and events: what the callback and the calls count. */
extern unsigned int trim_calls;             /* atomic */
int  event_descriptor( void );
#define TRIM_HANDLES  16
extern void *trim_handles[TRIM_HANDLES];    /* of registrations, also ended ones */
extern unsigned int trim_handle_count;

#endif /* __WINEKMT_TESTS_FUZZ_BLOCKS_H */
