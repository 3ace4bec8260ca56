/*
 * What the files of the ledger's test share
 *
 * The first process never joins the ledger itself: it has no threads, so that it may fork, and it may open and close the
 * file as it likes. Everything else happens in children, which find what they share in struct shared.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_LEDGER_TEST_H
#define __WINEKMT_LEDGER_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/ledger_file.h"
#include "os/os.h"

#define MB          (1024 * 1024ull)
#define SECOND      1000000000ull
#define PATIENCE    (20 * SECOND)       /* until another process has done what it does at once, on a busy machine */

/* Anonymous memory of all processes of the test; words mean what each test says */
struct shared
{
    uint32_t checks, failures;
    uint32_t words[16];
    uint64_t progress[16];
    uint64_t latency;
};
extern struct shared *shared;

extern char ledger_path[256];       /* a file of its own for each test; in the environment as well */
extern const uint8_t gpu_a[16], gpu_b[16];
extern const uint64_t totals[LEDGER_GROUPS];    /* 1 GB and 4 GB */

bool check_( bool good, int line, const char *file, const char *condition );
#define check( condition )  check_( condition, __LINE__, __FILE__, #condition )

/* Runs a function in a child, which exits with 1 if any check failed there. */
pid_t start( void (*function)( void *arg ), void *arg );

/* Waits for it; a check fails when it ended in another way. */
#define finish( pid )       check( ended_well( pid ) )
bool ended_well( pid_t pid );
void run( void (*function)( void *arg ), void *arg );
void end( pid_t pid );  /* kills it, and waits */
void quit(void);        /* ends the child at once: where the sanitizers' work at the end does not work */

/* One word says how far the test is. Waiting fails a check after PATIENCE. */
void set_word( unsigned int word, uint32_t value );
uint32_t get_word( unsigned int word );
uint32_t add_word( unsigned int word, uint32_t value );
#define wait_word( word, value )    check( word_reaches( word, value ) )
bool word_reaches( unsigned int word, uint32_t value );
void pause_ms( unsigned int ms );

/* Runs a function in a child whose standard error is caught. The text is valid until the next call. */
const char *run_caught( void (*function)( void *arg ), void *arg );
unsigned int count_string( const char *text, const char *string );

/* Joins GPU a in the calling child. */
struct ledger_account *join_a(void);

void test_join(void);
void test_peers(void);
void test_request(void);
void test_wait(void);
void test_decommit(void);
void test_process(void);
void test_monitor(void);
void test_words(void);
void test_fork(void);
void test_refuse(void);
void test_foreign(void);
void test_full(void);
void test_crowd(void);
void test_kill(void);
void test_damage(void);
void test_namespace(void);
void test_instants(void);
void test_totals(void);
void test_folding_kills(void);
void test_folding_steps(void);

#endif /* __WINEKMT_LEDGER_TEST_H */
