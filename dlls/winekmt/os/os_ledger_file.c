/*
 * What the ledger and kmt-top both do with the ledger's file
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/ledger_file.h"

#define EVICTED_MAX (1ull << 48)    /* bytes: more than any machine has */
#define READ_TRIES  500             /* of counts that are being written: then their writer stands still, or has lost its processor */

/* Why a file is not to be trusted; NULL: it may be. */
static const char *stat_objection( const struct stat *st )
{
    if (!S_ISREG( st->st_mode )) return "it is not a regular file";
    if (st->st_uid != geteuid()) return "it belongs to another user";
    if (st->st_mode & 077) return "others may read or write it";
    if (st->st_nlink != 1) return "it is not linked exactly once";
    return NULL;
}

const char *ledger_file_objection( int fd, struct stat *st )
{
    if (fstat( fd, st )) return "it cannot be examined";
    return stat_objection( st );
}

/* Whether there is such a file that may be used, or one could be made. */
static bool can_use( const char *directory, const char *path )
{
    struct stat st;

    if (lstat( path, &st )) return errno == ENOENT && !faccessat( AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS );
    return !stat_objection( &st ) && !faccessat( AT_FDCWD, path, R_OK | W_OK, AT_EACCESS );
}

bool ledger_file_path( char path[LEDGER_PATH] )
{
    const char *value = getenv( "WINEKMT_LEDGER" );
    unsigned int uid = geteuid();
    struct stat st;

    if (value && !strcmp( value, "none" )) return false;
    if (value && *value == '/')     /* another name would be another file for each program */
    {
        snprintf( path, LEDGER_PATH, "%s", value );
        return true;
    }
    /* /run/user/UID comes and goes with the user's sessions: a program that was started before a login, or lives on after it, must find the
     * same file as all others. So it is for machines where there is no other way. */
    snprintf( path, LEDGER_PATH, "/dev/shm/winekmt-ledger-2-%u", uid );
    if (can_use( "/dev/shm", path )) return true;
    snprintf( path, LEDGER_PATH, "/run/user/%u", uid );
    if (!lstat( path, &st ) && S_ISDIR( st.st_mode ) && st.st_uid == uid && (st.st_mode & 07777) == 0700)
        snprintf( path, LEDGER_PATH, "/run/user/%u/winekmt-ledger-2", uid );
    else    /* who opens it finds out what is wrong */
        snprintf( path, LEDGER_PATH, "/dev/shm/winekmt-ledger-2-%u", uid );
    return true;
}

bool ledger_file_header_good( const struct ledger_header *header )
{
    return __atomic_load_n( &header->magic, __ATOMIC_ACQUIRE ) == LEDGER_MAGIC &&
           __atomic_load_n( &header->size, __ATOMIC_RELAXED ) == sizeof(struct ledger_file) &&
           __atomic_load_n( &header->slots, __ATOMIC_RELAXED ) == LEDGER_SLOTS;
}

bool ledger_file_locked( int fd, unsigned int first, unsigned int count, int *pid )
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = count };

    if (fcntl( fd, F_GETLK, &lock ) || lock.l_type == F_UNLCK) return false;
    *pid = lock.l_pid > 0 ? lock.l_pid : 0;
    return true;
}

bool ledger_entry_matches( const struct ledger_entry *entry, const uint8_t device_uuid[16] )
{
    uint64_t uuid[2];

    if (!__atomic_load_n( &entry->in_use, __ATOMIC_ACQUIRE )) return false;
    uuid[0] = __atomic_load_n( &entry->device_uuid[0], __ATOMIC_RELAXED );
    uuid[1] = __atomic_load_n( &entry->device_uuid[1], __ATOMIC_RELAXED );
    return !memcmp( uuid, device_uuid, sizeof(uuid) );
}

static uint64_t clamped( uint64_t value, uint64_t most )
{
    return value < most ? value : most;
}

void ledger_clamp_counts( struct ledger_counts *counts, uint64_t total )
{
    counts->budget = clamped( counts->budget, total );
    counts->used = clamped( counts->used, total );
    counts->committed = clamped( counts->committed, total );
    counts->resident = clamped( counts->resident, counts->committed );
    counts->offered = clamped( counts->offered, counts->committed );
    counts->evictable = clamped( counts->evictable, counts->committed );
    counts->evicted = clamped( counts->evicted, EVICTED_MAX );
    counts->unplaced = clamped( counts->unplaced, EVICTED_MAX );
    counts->reservation = clamped( counts->reservation, total );
    counts->demand = clamped( counts->demand, total );
    counts->alone = clamped( counts->alone, total );
}

void ledger_entry_read( const struct ledger_entry *entry, unsigned int group, uint64_t total, struct ledger_counts *counts )
{
    const uint64_t *from = (const uint64_t *)&entry->counts[group];
    uint64_t *to = (uint64_t *)counts;
    unsigned int i, tries = READ_TRIES + 1;
    uint32_t before;

    do
    {
        if (tries % 100 == 0) sched_yield();    /* never at first */
        before = __atomic_load_n( &entry->changing, __ATOMIC_ACQUIRE );
        for (i = 0; i < sizeof(*counts) / sizeof(*to); i++) to[i] = __atomic_load_n( &from[i], __ATOMIC_ACQUIRE );
    }
    while ((before & 1 || __atomic_load_n( &entry->changing, __ATOMIC_RELAXED ) != before) && --tries);
    ledger_clamp_counts( counts, total );
}
