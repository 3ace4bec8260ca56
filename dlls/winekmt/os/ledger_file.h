/*
 * How the ledger's file looks; for os_ledger*.c and kmt-top only
 *
 * A header and LEDGER_SLOTS slots, a page each. Memory of a page is the owner's to write, but for the words that say
 * otherwise. All access is by atomic operations of up to 64 bits without a lock. Who may believe what is told by POSIX
 * locks (fcntl) on bytes of the file; they are taken with F_SETLK, so that nobody waits, and the kernel drops them with
 * the process:
 *   LEDGER_BYTE_OWNER + i   slot i is taken; the taker zeroes it and fills it in
 *   LEDGER_BYTE_ALIVE + i   what stands in slot i is its holder's: readers look at this one. It comes second, so nobody
 * takes
 *                           what a dead process left for the new one's
 *   LEDGER_BYTE_MAKING      the header is being written
 *   LEDGER_BYTE_FOLDING     totals of an entry that is given up go to the header's (os_ledger_totals.c); whoever takes the slot of a dead
 *                           process does that before anything else, readers need no lock
 * A POSIX lock is lost when the process closes any descriptor of the file: it must be open once in a process.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_LEDGER_FILE_H
#define __WINEKMT_LEDGER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "os/ledger.h"

#define LEDGER_MAGIC     0x32726567646c6b77ull     /* "wkldger2" */
#define LEDGER_PATH      4096                       /* bytes of a path, with its end */
#define LEDGER_PAGE      4096

#define LEDGER_BYTE_OWNER   0
#define LEDGER_BYTE_ALIVE   LEDGER_SLOTS
#define LEDGER_BYTE_MAKING  (2 * LEDGER_SLOTS)
#define LEDGER_BYTE_FOLDING (2 * LEDGER_SLOTS + 1)

#define LEDGER_PASTS     16     /* GPUs whose totals are kept when the processes that used them have ended */

/* A GPU of a process. A second one of the same UUID is added to the first by readers. */
struct ledger_entry
{
    uint32_t             in_use;        /* set last, cleared first */
    uint32_t             changing;      /* odd: counts are being written; goes up at the start and at the end */
    uint64_t             device_uuid[2];
    char                 name[LEDGER_NAME];
    uint64_t             total[LEDGER_GROUPS];
    struct ledger_counts counts[LEDGER_GROUPS];
    uint64_t             requests[LEDGER_GROUPS][LEDGER_REQUEST_KINDS];    /* bytes; anyone raises, the owner clears */
};

struct ledger_slot
{
    uint32_t               in_use;              /* a hint that spares readers the locks of slots never taken */
    uint32_t               wake;                /* futex of the owner's listener; anyone increments */
    uint64_t               process_key;
    uint64_t               realm;               /* os_own_process_id */
    uint32_t               process_id;
    uint32_t               progress;            /* ledger_show_progress, ledger_is_giving; only its owner writes */
    struct ledger_decommit decommit;
    uint64_t               decommit_request;    /* see ask_for_decommit; anyone raises, the owner clears */
    uint64_t               decommit_done;       /* bytes; the answer, written before decommit_answered */
    uint32_t               decommit_answered;   /* futex of those who asked: the last ticket that is answered */
    uint32_t               word;                /* ledger_change_word; anyone writes */
    struct ledger_entry    entries[LEDGER_GPUS];
} __attribute__((aligned( LEDGER_PAGE )));

/* What processes did on a GPU that have ended. Behind a free one there are only free ones. */
struct ledger_past
{
    uint64_t             in_use;        /* some drivers have a UUID that is all zero */
    uint64_t             device_uuid[2];
    struct ledger_totals totals[LEDGER_GROUPS];
};

/* What past[past] becomes when the totals of an entry are folded into it, and become 0 there. */
struct ledger_journal
{
    uint32_t           slot, entry, past;
    uint32_t           reserved;
    struct ledger_past result;
};

struct ledger_header
{
    uint64_t magic;         /* written last */
    uint32_t size;          /* of the file, in bytes */
    uint32_t slots;
    uint32_t releases;      /* futex of ledger_wait; anyone increments */
    uint32_t folding;       /* odd: journal is complete, and to be carried out; counts up with each step */
    struct ledger_journal journal;
    struct ledger_past    past[LEDGER_PASTS];
} __attribute__((aligned( LEDGER_PAGE )));

struct ledger_file
{
    struct ledger_header header;
    struct ledger_slot   slots[LEDGER_SLOTS];
};

_Static_assert( sizeof(struct ledger_header) == LEDGER_PAGE, "the header is a page" );
_Static_assert( sizeof(struct ledger_slot) == LEDGER_PAGE, "a slot is a page" );
_Static_assert( sizeof(struct ledger_counts) == 160, "the file's layout is fixed" );

/***********************************************************************
 *           ledger_file_path
 *
 * Where the file of this user is or would be: WINEKMT_LEDGER, where that is an absolute path; else in /dev/shm; else, where there is none, it is not
 * writable, or the file there is not to be trusted (ledger_file_objection), in /run/user/UID. false: WINEKMT_LEDGER says "none". A path that is too
 * long is cut, and will not be found. Cost: two to three system calls.
 */
bool ledger_file_path( char path[LEDGER_PATH] );

/***********************************************************************
 *           ledger_file_objection
 *
 * Why an open file is not to be trusted (foreign, open to others, not a file, linked elsewhere); NULL: it may be.
 */
const char *ledger_file_objection( int fd, struct stat *st );

/* Whether the header is that of a complete file of this version. */
bool ledger_file_header_good( const struct ledger_header *header );

/***********************************************************************
 *           ledger_file_locked
 *
 * Whether another process holds a lock on any of count bytes from first. *pid: of one that does, 0 when it is in a PID
 * namespace that this process does not see. An error counts as nobody. One system call; the descriptor may be read-only.
 */
bool ledger_file_locked( int fd, unsigned int first, unsigned int count, int *pid );

/***********************************************************************
 *           ledger_entry_matches, ledger_entry_read, ledger_clamp_counts
 *
 * Whether an entry is in use for that GPU; and a copy of a group of it, of one instant unless its owner stands still in the middle,
 * clamped as ledger_peers says. The last does so to a sum of copies.
 */
void ledger_clamp_counts( struct ledger_counts *counts, uint64_t total );
bool ledger_entry_matches( const struct ledger_entry *entry, const uint8_t device_uuid[16] );
void ledger_entry_read( const struct ledger_entry *entry, unsigned int group, uint64_t total, struct ledger_counts *counts );

/***********************************************************************
 *           ledger_file_has_totals, ledger_file_fold, ledger_file_totals
 *
 * Whether there is something to fold in a slot: totals in those entries (a bit mask), or a journal to be carried out. Folds the totals of an
 * entry, once and for all; under LEDGER_BYTE_FOLDING, by who owns the slot. What all did on a GPU so far. (os_ledger_totals.c)
 */
bool ledger_file_has_totals( struct ledger_file *file, unsigned int slot, uint32_t entries );
void ledger_file_fold( struct ledger_file *file, unsigned int slot, unsigned int entry );
void ledger_file_totals( struct ledger_file *file, const uint8_t device_uuid[16], unsigned int group, struct ledger_totals *totals );

#endif /* __WINEKMT_LEDGER_FILE_H */
