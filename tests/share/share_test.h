/*
 * What the files of share_test share
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_SHARE_TEST_H
#define __WINEKMT_TESTS_SHARE_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define MB     (1ull << 20)
#define LIMIT  64       /* MB */

extern const char *commands[2];     /* how to start the first program, and the second */

struct peer
{
    pid_t pid;              /* of the process group */
    unsigned long id;       /* that the others know it by */
    FILE *in, *out;
    char  line[256];
};

void start( struct peer *peer, unsigned int which );
void stop( struct peer *peer );
void kill_peer( struct peer *peer );
void sleep_ms( unsigned int ms );

/* Returns the line of the answer, as in peer->line. */
const char *ask( struct peer *peer, const char *format, ... ) __attribute__((format (printf, 2, 3)));

#define expect( peer, command, answer ) \
    do { ask( peer, "%s", command ); ok( !strcmp( (peer)->line, answer ), "%s: got %s, expected %s\n", command, (peer)->line, \
                                         answer ); } while (0)

/* How many were created; *status why it ended, *ms the slowest */
unsigned int create( struct peer *peer, unsigned int count, unsigned int kib, unsigned int *status, double *ms );

/* The file has the right mode and size. */
void check_ledger( void );

/* share_monitor.c */
void test_statistics( void );
void test_budgets( void );
void test_processes( void );

#endif /* __WINEKMT_TESTS_SHARE_TEST_H */
