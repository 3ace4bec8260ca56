/*
 * kmt-top: who uses the GPU's memory
 *
 * It reads the ledger (dlls/winekmt/os/ledger_file.h) and never writes to it nor joins it. main.c: the command line;
 * sample.c: reading; text.c: --once and --json; screen.c: the terminal; format.c: names and numbers for people.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __KMT_TOP_H
#define __KMT_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "os/ledger.h"

#define NAME_BYTES    256       /* of a program's or a GPU's name, with its end */
#define WHY_BYTES     8192      /* of a message, which may name a path */
#define MAX_ADAPTERS  64        /* different GPUs that are looked at; what is beyond that only a damaged ledger has */

/* A process on one adapter. Rates are in bytes a second since the sample before; 0 without one. */
struct process
{
    unsigned int         slot;
    uint64_t             key;
    int                  pid;                       /* 0: in another PID namespace */
    char                 name[NAME_BYTES];          /* as the system has it: may hold anything */
    struct ledger_counts counts[LEDGER_GROUPS];
    uint64_t             in_rate[LEDGER_GROUPS];
    uint64_t             out_rate[LEDGER_GROUPS];
};

struct adapter
{
    uint8_t        device_uuid[16];
    char           name[NAME_BYTES];                /* as the ledger has it: may hold anything */
    uint64_t       total[LEDGER_GROUPS];
    unsigned int   process_count;
    struct process processes[LEDGER_SLOTS];         /* by used, largest first */
};

struct sample
{
    uint64_t       time;                            /* of the monotonic clock, ns */
    double         interval;                        /* seconds since the sample before; 0 without one */
    unsigned int   process_count;                   /* different ones */
    unsigned int   adapter_count;
    struct adapter adapters[MAX_ADAPTERS];
};

/***********************************************************************
 *           sample_read
 *
 * Reads the ledger. previous: the sample before, for the rates, or NULL.
 * NULL: it cannot be read; why says so in a sentence for the user. The caller frees the sample.
 * Cost: half a megabyte is read; some system calls a process.
 */
struct sample *sample_read( const struct sample *previous, char why[WHY_BYTES] );

/* The sum of a field over both groups of a process, or over all processes of a group of an adapter; saturating. */
#define COUNT_FIELD( name )  (offsetof( struct ledger_counts, name ) / sizeof(uint64_t))
uint64_t process_sum( const struct process *process, unsigned int field );
uint64_t adapter_sum( const struct adapter *adapter, unsigned int group, unsigned int field );

/* The most bytes that one of its processes may use at the moment. */
uint64_t adapter_budget( const struct adapter *adapter, unsigned int group );
uint64_t add_saturated( uint64_t a, uint64_t b );

/* --once and --json, to the standard output. */
void print_table( const struct sample *sample );
void print_json( const struct sample *sample, const char *path );

/***********************************************************************
 *           run_screen
 *
 * The terminal program: until q is pressed or a signal asks for the end. Returns the exit status.
 */
int run_screen( double delay );

/* "1.5G": bytes in at most 6 characters. */
#define SIZE_BYTES 16
const char *format_size( char buffer[SIZE_BYTES], uint64_t bytes );

/***********************************************************************
 *           format_name
 *
 * A name that may hold anything, made fit for a terminal: what is not printable is '?', and it is cut, or filled with
 * spaces (not where columns is negative: then at most -columns), to a number of columns.
 */
#define FORMATTED_BYTES (NAME_BYTES * 4)
const char *format_name( char buffer[FORMATTED_BYTES], const char *name, int columns );

#endif /* __KMT_TOP_H */
