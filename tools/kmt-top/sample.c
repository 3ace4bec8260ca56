/*
 * kmt-top: reading the ledger
 *
 * The file is read, not mapped: somebody might cut it off meanwhile. What stands in it is believed only as far as nothing
 * happens when it is wrong.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "kmt_top.h"
#include "os/ledger_file.h"

#define TOTAL_MAX    (1ull << 48)       /* bytes of a heap: more than any GPU has */
#define CMDLINE_MAX  8192

static bool read_at( int fd, void *data, size_t size, off_t offset )
{
    return pread( fd, data, size, offset ) == (ssize_t)size;
}

/* Opens the ledger's file, checked as the library checks it. -1: why says what is wrong. */
static int open_ledger( char why[WHY_BYTES] )
{
    struct ledger_header header;
    char path[LEDGER_PATH];
    const char *objection;
    struct stat st;
    int fd;

    if (!ledger_file_path( path ))
    {
        snprintf( why, WHY_BYTES, "there is no ledger: WINEKMT_LEDGER is \"none\"" );
        return -1;
    }
    if ((fd = open( path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY )) == -1)
    {
        if (errno == ENOENT) snprintf( why, WHY_BYTES, "there is no ledger (%s): no program of yours has used winekmt yet", path );
        else snprintf( why, WHY_BYTES, "the ledger %s cannot be opened: %s", path, strerror( errno ) );
        return -1;
    }
    objection = ledger_file_objection( fd, &st );
    if (!objection && (st.st_size < (off_t)sizeof(struct ledger_file) || !read_at( fd, &header, sizeof(header), 0 ) ||
                       !ledger_file_header_good( &header ))) objection = "it is not a ledger of this version";
    if (!objection) return fd;
    snprintf( why, WHY_BYTES, "the ledger %s cannot be used: %s", path, objection );
    close( fd );
    return -1;
}

/* The last part of a path of either kind. */
static const char *base_name( const char *path )
{
    const char *p, *base = path;

    for (p = path; *p; p++) if ((*p == '/' || *p == '\\') && p[1]) base = p + 1;
    return base;
}

static bool ends_with_exe( const char *string )
{
    size_t length = strlen( string );

    return length > 4 && !strcasecmp( string + length - 4, ".exe" );
}

/* A process' name: under Wine that of the .exe file, else the one that the kernel knows. */
static void read_process_name( int pid, char name[NAME_BYTES] )
{
    char path[64], line[CMDLINE_MAX + 1], *arg;
    ssize_t length = -1;
    int fd;

    strcpy( name, "?" );
    if (pid <= 0) return;
    snprintf( path, sizeof(path), "/proc/%d/cmdline", pid );
    if ((fd = open( path, O_RDONLY | O_CLOEXEC )) != -1)
    {
        length = read( fd, line, CMDLINE_MAX );
        close( fd );
    }
    line[length > 0 ? length : 0] = 0;
    for (arg = line; arg < line + length; arg += strlen( arg ) + 1)
    {
        if (!ends_with_exe( arg )) continue;
        snprintf( name, NAME_BYTES, "%.*s", NAME_BYTES - 1, base_name( arg ) );
        return;
    }
    snprintf( path, sizeof(path), "/proc/%d/comm", pid );
    if ((fd = open( path, O_RDONLY | O_CLOEXEC )) == -1) return;
    length = read( fd, line, NAME_BYTES - 1 );
    close( fd );
    if (length <= 0) return;
    line[length] = 0;
    line[strcspn( line, "\n" )] = 0;
    if (*line) strcpy( name, line );
}

uint64_t add_saturated( uint64_t a, uint64_t b )
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t process_sum( const struct process *process, unsigned int field )
{
    return add_saturated( ((const uint64_t *)&process->counts[LEDGER_LOCAL])[field],
                          ((const uint64_t *)&process->counts[LEDGER_NON_LOCAL])[field] );
}

uint64_t adapter_sum( const struct adapter *adapter, unsigned int group, unsigned int field )
{
    uint64_t sum = 0;
    unsigned int i;

    for (i = 0; i < adapter->process_count; i++)
        sum = add_saturated( sum, ((const uint64_t *)&adapter->processes[i].counts[group])[field] );
    return sum;
}

uint64_t adapter_budget( const struct adapter *adapter, unsigned int group )
{
    uint64_t most = 0;
    unsigned int i;

    /* What one leaves unused stands in the budgets of all others, so a sum would count it several times. */
    for (i = 0; i < adapter->process_count; i++)
        if (adapter->processes[i].counts[group].budget > most) most = adapter->processes[i].counts[group].budget;
    return most;
}

/* The adapter of an entry, a new one when it is the first of its kind. NULL: too many, which are left out. */
static struct adapter *find_adapter( struct sample *sample, const struct ledger_entry *entry )
{
    struct adapter *adapter;
    unsigned int i;

    for (i = 0; i < sample->adapter_count; i++)
    {
        adapter = &sample->adapters[i];
        if (!memcmp( adapter->device_uuid, entry->device_uuid, sizeof(adapter->device_uuid) )) return adapter;
    }
    if (i == MAX_ADAPTERS) return NULL;
    sample->adapter_count++;
    adapter = &sample->adapters[i];
    memcpy( adapter->device_uuid, entry->device_uuid, sizeof(adapter->device_uuid) );
    memcpy( adapter->name, entry->name, sizeof(entry->name) );      /* zeros follow */
    adapter->name[sizeof(entry->name) - 1] = 0;
    return adapter;
}

/* Adds an entry of a slot to the sample. process: slot, key, pid and name; the counts are filled in here. */
static void add_entry( struct sample *sample, const struct ledger_entry *entry, const struct process *process )
{
    struct adapter *adapter = find_adapter( sample, entry );
    struct process *to;
    struct ledger_counts counts;
    unsigned int group, i;

    if (!adapter) return;
    /* The second entry of a process for one GPU is added to the first. */
    for (i = 0; i < adapter->process_count; i++) if (adapter->processes[i].slot == process->slot) break;
    to = &adapter->processes[i];
    if (i == adapter->process_count)
    {
        adapter->process_count++;
        *to = *process;
    }
    for (group = 0; group < LEDGER_GROUPS; group++)
    {
        uint64_t total = entry->total[group] < TOTAL_MAX ? entry->total[group] : TOTAL_MAX;
        uint64_t *sum = (uint64_t *)&to->counts[group], *more = (uint64_t *)&counts;

        if (total > adapter->total[group]) adapter->total[group] = total;
        ledger_entry_read( entry, group, total, &counts );
        for (i = 0; i < sizeof(counts) / sizeof(*more); i++) sum[i] = add_saturated( sum[i], more[i] );
    }
}

static const struct process *find_previous( const struct sample *previous, const struct adapter *adapter,
                                            const struct process *process )
{
    unsigned int i, j;

    for (i = 0; i < previous->adapter_count; i++)
    {
        if (memcmp( previous->adapters[i].device_uuid, adapter->device_uuid, sizeof(adapter->device_uuid) )) continue;
        for (j = 0; j < previous->adapters[i].process_count; j++)
        {
            const struct process *before = &previous->adapters[i].processes[j];

            if (before->slot == process->slot && before->key == process->key && before->pid == process->pid) return before;
        }
    }
    return NULL;
}

static uint64_t get_rate( uint64_t before, uint64_t now, double interval )
{
    double rate;

    if (now <= before || interval <= 0) return 0;
    rate = (now - before) / interval;
    return rate < 1e18 ? rate : 1e18;
}

static void fill_in_rates( struct sample *sample, const struct sample *previous )
{
    unsigned int i, j, group;

    sample->interval = (sample->time - previous->time) / 1e9;
    for (i = 0; i < sample->adapter_count; i++)
        for (j = 0; j < sample->adapters[i].process_count; j++)
        {
            struct process *process = &sample->adapters[i].processes[j];
            const struct process *before = find_previous( previous, &sample->adapters[i], process );

            for (group = 0; before && group < LEDGER_GROUPS; group++)
            {
                process->in_rate[group] = get_rate( before->counts[group].paged_in, process->counts[group].paged_in, sample->interval );
                process->out_rate[group] = get_rate( before->counts[group].paged_out, process->counts[group].paged_out, sample->interval );
            }
        }
}

static int compare_processes( const void *a, const void *b )
{
    const struct process *left = a, *right = b;
    uint64_t left_used = process_sum( left, COUNT_FIELD( used ) ), right_used = process_sum( right, COUNT_FIELD( used ) );

    if (left_used != right_used) return left_used > right_used ? -1 : 1;
    if (left->pid != right->pid) return left->pid < right->pid ? -1 : 1;
    return left->slot < right->slot ? -1 : 1;
}

static int compare_adapters( const void *a, const void *b )
{
    const struct adapter *left = a, *right = b;
    int ret = strcmp( left->name, right->name );

    return ret ? ret : memcmp( left->device_uuid, right->device_uuid, sizeof(left->device_uuid) );
}

struct sample *sample_read( const struct sample *previous, char why[WHY_BYTES] )
{
    struct sample *sample;
    struct ledger_slot slot;
    struct process process;
    struct timespec now;
    unsigned int i, j;
    off_t offset;
    int fd;

    if ((fd = open_ledger( why )) == -1) return NULL;
    if (!(sample = calloc( 1, sizeof(*sample) )))
    {
        snprintf( why, WHY_BYTES, "out of memory" );
        close( fd );
        return NULL;
    }
    clock_gettime( CLOCK_MONOTONIC, &now );
    sample->time = now.tv_sec * 1000000000ull + now.tv_nsec;
    for (i = 0; i < LEDGER_SLOTS; i++)
    {
        memset( &process, 0, sizeof(process) );
        offset = offsetof( struct ledger_file, slots ) + i * sizeof(slot);
        /* Alive first, then what it says: a dead one's numbers are never taken for its successor's. */
        if (!ledger_file_locked( fd, LEDGER_BYTE_ALIVE + i, 1, &process.pid )) continue;
        if (!read_at( fd, &slot, sizeof(slot), offset ) || !slot.in_use) continue;
        process.slot = i;
        process.key = slot.process_key;
        read_process_name( process.pid, process.name );
        sample->process_count++;
        for (j = 0; j < LEDGER_GPUS; j++) if (slot.entries[j].in_use) add_entry( sample, &slot.entries[j], &process );
    }
    close( fd );

    for (i = 0; i < sample->adapter_count; i++)
        qsort( sample->adapters[i].processes, sample->adapters[i].process_count, sizeof(struct process), compare_processes );
    qsort( sample->adapters, sample->adapter_count, sizeof(struct adapter), compare_adapters );
    if (previous) fill_in_rates( sample, previous );
    return sample;
}
