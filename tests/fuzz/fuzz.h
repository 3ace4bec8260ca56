/*
 * What the fuzz targets share
 *
 * A target is LLVMFuzzerTestOneInput and the functions below in one program, linked either with libFuzzer (make fuzz) or with
 * replay.c (make check). An input that shows an error ends the program with abort() after a line that says what is wrong.
 *
 * Most inputs are records of FUZZ_RECORD bytes, so that the mutations know where one call ends and the next begins, and any bytes at
 * all are an input: what is left over at the end is not used.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_FUZZ_H
#define __WINEKMT_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_RECORD     32          /* bytes */
#define FUZZ_MAX_INPUT  65536       /* bytes; what is longer is not looked at */

/***********************************************************************
 * What libFuzzer calls. Every target has all of them; the last two may be those of records.c.
 */
int LLVMFuzzerInitialize( int *argc, char ***argv );
int LLVMFuzzerTestOneInput( const uint8_t *data, size_t size );
size_t LLVMFuzzerCustomMutator( uint8_t *data, size_t size, size_t max_size, unsigned int seed );
size_t LLVMFuzzerCustomCrossOver( const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out, size_t max_size,
                                  unsigned int seed );

/* libFuzzer's own mutation of bytes; replay.c has one too. */
size_t LLVMFuzzerMutate( uint8_t *data, size_t size, size_t max_size );

/* The seeds of the target, inputs from which mutations get everywhere: writes number n and returns its bytes; 0: there are no more. */
size_t fuzz_seed( unsigned int n, uint8_t *data, size_t max_size );

/* The beginning of a record that a mutation inserts: the target's way to name one of its calls. data has FUZZ_RECORD bytes, which
 * are random already. (record targets) */
void fuzz_new_record( uint8_t *data, uint64_t random );

/***********************************************************************
 * Errors
 */

/* Says what is wrong and aborts. */
void fuzz_fail( const char *format, ... ) __attribute__((noreturn, format (printf, 1, 2)));
#define fuzz_check( condition, ... )  do { if (!(condition)) fuzz_fail( __VA_ARGS__ ); } while (0)

/* Whether FUZZ_TRACE is set: a line for every call then. */
bool fuzz_tracing( void );
#define fuzz_trace( ... )  do { if (fuzz_tracing()) fuzz_say( __VA_ARGS__ ); } while (0)
void fuzz_say( const char *format, ... ) __attribute__((format (printf, 1, 2)));

/***********************************************************************
 * Reading an input. Where it ends random numbers follow that depend on it alone, so that every record is complete.
 */
struct fuzz_cursor
{
    const uint8_t *data;
    size_t         left;        /* bytes */
    uint64_t       random;
};

void     fuzz_cursor_init( struct fuzz_cursor *cursor, const uint8_t *data, size_t size );
uint8_t  fuzz_u8( struct fuzz_cursor *cursor );
uint16_t fuzz_u16( struct fuzz_cursor *cursor );
uint32_t fuzz_u32( struct fuzz_cursor *cursor );
uint64_t fuzz_u64( struct fuzz_cursor *cursor );

/* A number with a liking for the edges: small, around a power of two, all ones, or any. */
uint64_t fuzz_edgy( struct fuzz_cursor *cursor );

uint64_t fuzz_hash( const void *data, size_t size, uint64_t seed );
uint64_t fuzz_random( uint64_t *state );

/***********************************************************************
 * Names as numbers: a name stands for 16 bits that do not change when others are added.
 */
uint16_t fuzz_name_code( const char *name );

/* Of count names the one whose code is at or next after code, going around. */
unsigned int fuzz_find_name( const char *const *names, unsigned int count, uint16_t code );

#endif /* __WINEKMT_TESTS_FUZZ_H */
