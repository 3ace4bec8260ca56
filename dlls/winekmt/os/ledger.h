/*
 * The ledger: what every process of this user holds of each GPU, in memory that they share
 *
 * A process owns one slot of the file for as long as it holds a lock on a byte of it, which the kernel takes away however
 * the process ends: what is left in the slot counts for nothing from then on. Nobody ever waits for another process' lock.
 * What a peer has written is a hint: it may be old, and a process gone wrong may have written anything, so nothing
 * read from another slot is ever used as an index, a size or a reason to wait without limit.
 *
 * The file: $WINEKMT_LEDGER ("none": no ledger), else /dev/shm/winekmt-ledger-2-UID, else, where that cannot be used at all (no /dev/shm, not
 * writable, a file of somebody else or that is open to others), /run/user/UID/winekmt-ledger-2, if that directory is the user's own and closed to
 * others. Where it cannot be had (foreign, wrong mode, full disk, no free slot) the process is alone: said once, and all functions work on memory
 * of the process.
 *
 * No lock of core need be held, and none may be where a function says so; the lock in here is the innermost of all.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_LEDGER_H
#define __WINEKMT_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#define LEDGER_SLOTS 128    /* processes */
#define LEDGER_GPUS  8      /* GPUs that one process can account for */
#define LEDGER_NAME  96     /* bytes of a GPU's name, with its end */

enum { LEDGER_LOCAL, LEDGER_NON_LOCAL, LEDGER_GROUPS };

/* Of one process, GPU and group; in bytes. Its owner writes it, others read. All zero at the start. */
struct ledger_counts
{
    uint64_t budget;        /* that it may use, as it knew when it last looked */
    uint64_t used;          /* Vulkan memory objects */
    uint64_t committed;     /* allocations in them */
    uint64_t resident;      /* of committed: held by MakeResident or a lock, cannot go */
    uint64_t offered;       /* of committed: could be discarded */
    uint64_t evictable;     /* of committed: could go to system memory */
    uint64_t evicted;       /* content in system memory, also of what is being brought back */
    uint64_t reservation;   /* asked for with ChangeVideoMemoryReservation; other processes write it too */
    uint64_t demand;        /* what it is short of right now */
    uint64_t discarded;     /* these four are totals since the start */
    uint64_t paged_out;
    uint64_t paged_in;
    uint64_t discards;      /* number of discarded allocations, not bytes */
    uint64_t empty;         /* of used: memory objects without an allocation, which cost nothing to free */
    uint64_t allocations;   /* number of allocations in committed */
    uint64_t evicted_allocations;   /* number of those in evicted */
    uint64_t unplaced;      /* what those of evicted would take that are not in committed */
    uint64_t unplaced_allocations;
    uint64_t alone;         /* the budget if there were no other processes */
    uint64_t limit;         /* the user's limit of all processes together, as this one knows it */
};

/* Those of ledger_counts that only grow */
struct ledger_totals
{
    uint64_t discarded;
    uint64_t paged_out;
    uint64_t paged_in;
    uint64_t discards;
};

/* One GPU of this process. Only counts is for other files. */
struct ledger_account
{
    struct ledger_counts  *counts[LEDGER_GROUPS];       /* in the file, or own below */
    struct ledger_counts   own[LEDGER_GROUPS];          /* when the process is alone */
    uint32_t              *changing;                    /* of the entry in the file, or own_changing below */
    uint32_t               own_changing;
    uint64_t               total[LEDGER_GROUPS];
    uint8_t                device_uuid[16];
    int                    index;                       /* in the slot; -1: alone */
    struct ledger_account *next;
};

/***********************************************************************
 *           ledger_join
 *
 * Begins to account for a GPU. The first call in a process opens or makes the file, takes a slot and starts the thread
 * that listens. name: for people, cut after LEDGER_NAME - 1 bytes. total: size of the heaps in bytes, by which the
 * counts of others are clamped: the hardware's, not a limit of this process.
 * true: peers see the account. false: this process is alone with it; *account works all the same, so publishing needs no
 * test; it is NULL only when memory ran out. The caller gives it back with ledger_leave.
 * Cost: the first call a dozen system calls and a thread, and at most 1 s when another process was stopped in the
 * middle of making the file; later ones none. Windows thread, no lock of core held.
 */
bool ledger_join( const uint8_t device_uuid[16], const char *name, const uint64_t total[LEDGER_GROUPS],
                  struct ledger_account **account );

/***********************************************************************
 *           ledger_leave
 *
 * Gives an account back; with the last one the slot, after the listening thread has ended: no lock that the listener takes
 * may be held. Peers that wait are woken, since there is memory now. NULL does nothing.
 */
void ledger_leave( struct ledger_account *account );

/* The owner's counts. Threads of the owner that write the same field take turns by a lock of their own. */
static inline struct ledger_counts *ledger_counts( struct ledger_account *account, unsigned int group )
{
    return account->counts[group];
}

/* Whether peers see it. */
static inline bool ledger_is_shared( const struct ledger_account *account )
{
    return account->index >= 0;
}

/* Around the publishing of several fields that others are to see all together, or none of them; by one thread at a time. */
static inline void ledger_begin( struct ledger_account *account )
{
    __atomic_store_n( account->changing, *account->changing + 1, __ATOMIC_RELAXED );
}

static inline void ledger_end( struct ledger_account *account )
{
    __atomic_store_n( account->changing, *account->changing + 1, __ATOMIC_RELEASE );
}

/* Publish and read back one field; a plain move, no system call. Release, so that it comes after ledger_begin.
 * GET is for reservation, which others write too: clamp it. */
#define LEDGER_SET( account, group, field, value ) \
    __atomic_store_n( &ledger_counts( account, group )->field, (uint64_t)(value), __ATOMIC_RELEASE )
#define LEDGER_GET( account, group, field ) \
    __atomic_load_n( &ledger_counts( account, group )->field, __ATOMIC_RELAXED )
/* For totals: one writer at a time, as said above */
#define LEDGER_ADD( account, group, field, value ) \
    LEDGER_SET( account, group, field, LEDGER_GET( account, group, field ) + (uint64_t)(value) )

struct ledger_peer
{
    uint32_t slot;          /* for ledger_request */
    int      pid;           /* 0: of another PID namespace */
    uint64_t process_key;   /* os_get_process_key of it */
    uint64_t realm;         /* os_own_process_id of it; hints, as all that others say */
    uint32_t process_id;
    uint32_t progress;      /* another value: it has shown progress meanwhile; see ledger_is_giving */
    struct ledger_counts counts;
};

/***********************************************************************
 *           ledger_peers
 *
 * The other processes that are alive and use the same GPU, in the order of their slots. Returns how many; 0 when alone.
 * budget to demand, and alone, are clamped to the total given to ledger_join, evicted and unplaced to 2^48 bytes, resident, offered and evictable
 * to committed; totals since the start are as the peer wrote them. What stands between ledger_begin and
 * ledger_end is of one instant; where the peer stands still between them, of two.
 * Cost: one fcntl a slot in use (about 0.3 us), none for the others. peers is 24 KiB. Any thread, any lock held.
 */
unsigned int ledger_peers( struct ledger_account *account, unsigned int group, struct ledger_peer peers[LEDGER_SLOTS] );

/***********************************************************************
 *           ledger_read
 *
 * The same for a process that only looks, without an account: that of a monitor. The first call opens the file, and may make it.
 * total: the bytes that counts are clamped to. The calling process itself is never among them. 0 without a ledger.
 * Any thread, no lock of core held.
 */
unsigned int ledger_read( const uint8_t device_uuid[16], unsigned int group, uint64_t total, struct ledger_peer peers[LEDGER_SLOTS] );

/***********************************************************************
 *           ledger_read_totals
 *
 * What all processes together did on a GPU since the file was made: those that have ended, however, those that live, and this one, as far as
 * it has a slot. It never goes back, unless a process stops for a second in the middle of folding (os_ledger_totals.c), or more than
 * LEDGER_PASTS GPUs were used. false: there is no ledger. Any thread, no lock of core held.
 */
bool ledger_read_totals( const uint8_t device_uuid[16], unsigned int group, struct ledger_totals *totals );

enum ledger_request_kind
{
    LEDGER_REQUEST_OFFERED,     /* discard what is offered, nothing else */
    LEDGER_REQUEST_EVICT,       /* discard, then evict */
    LEDGER_REQUEST_KINDS
};

/***********************************************************************
 *           ledger_request
 *
 * Asks the process in a slot of ledger_peers to give up bytes of the GPU, and wakes its listener. Of several requests
 * of one kind that it has not taken yet the largest holds, so a request may be repeated. A slot that changed hands
 * since, or is damaged, gets a request that is harmless there. Cost: one system call. Any thread, any lock held.
 */
void ledger_request( struct ledger_account *account, unsigned int group, uint32_t slot, uint64_t bytes,
                     enum ledger_request_kind kind );

/***********************************************************************
 *           ledger_is_answered
 *
 * Whether the process in that slot has taken all requests for the GPU and group, and is done with what it has taken from anybody.
 * No system call. Any thread, any lock held.
 */
bool ledger_is_answered( struct ledger_account *account, unsigned int group, uint32_t slot );

/***********************************************************************
 *           ledger_take_request
 *
 * Fetches and clears what this process is asked for; to be called until it returns false, since the kinds come one by one,
 * LEDGER_REQUEST_OFFERED first. *bytes is at most the total given to ledger_join, and not 0. No system call. Any thread.
 */
bool ledger_take_request( struct ledger_account *account, unsigned int group, uint64_t *bytes,
                          enum ledger_request_kind *kind );

/***********************************************************************
 *           ledger_set_listener
 *
 * The function that is called, with no lock held, on the listening thread (os_create_thread: no Windows thread) after a
 * request arrived for any account of the process, or a decommit request; sometimes for nothing. It is
 * called once soon after it was set. It must not call this function nor ledger_leave. NULL: nothing is called.
 * When this returns no call of the former one is under way, so no lock that it takes may be held here. May be called
 * before ledger_join; the listener may then run before that has returned.
 */
void ledger_set_listener( void (*listener)(void) );

/***********************************************************************
 *           ledger_releases, ledger_wait, ledger_announce_release
 *
 * How a process waits for memory that others give up, and no announcement is lost:
 *   seen = ledger_releases( account );  look, take what there is, ledger_request;  ledger_wait( account, &seen, deadline );
 * ledger_wait returns true as soon as releases were announced (by any process, this one too, on any GPU) after seen,
 * which it moves on, and false at the deadline (of os_time_ns), at once when this process is alone.
 * ledger_announce_release says that memory was given up, or that there is none to give; to be called after it was freed and the counts
 * are published. account NULL: any one of this process.
 * Cost: ledger_releases none, the others a system call. Any thread; waiting with a lock held is the caller's decision.
 */
uint32_t ledger_releases( struct ledger_account *account );
bool ledger_wait( struct ledger_account *account, uint32_t *seen, uint64_t deadline );
void ledger_announce_release( struct ledger_account *account );

/***********************************************************************
 *           ledger_begin_giving, ledger_show_progress, ledger_end_giving
 *
 * Between begin and end this process is doing what another has asked for; it begins before it takes the request. Each of the three is a
 * sign of progress, so that those who wait go on waiting: what takes long calls the second from time to time. Begins may nest, up to 255.
 * Wakes nobody. No system call. Any thread, any lock held.
 */
void ledger_begin_giving( void );
void ledger_show_progress( void );
void ledger_end_giving( void );

/* Of progress: how many of them are open; the rest counts signs. */
#define LEDGER_GIVING  0xffu

static inline bool ledger_is_giving( const struct ledger_peer *peer )
{
    return peer->progress & LEDGER_GIVING;
}

/***********************************************************************
 *           ledger_find_process, ledger_set_reservation
 *
 * The counts of another live process, by os_get_process_key, clamped to the total of account, whose GPU is meant; and a
 * reservation for it, which it finds with LEDGER_GET. false: no live process with that key uses that GPU, in this ledger.
 * The calling process itself is found too, unless it is alone. Cost: one fcntl for each slot with that key. Any thread.
 */
bool ledger_find_process( struct ledger_account *account, uint64_t process_key, unsigned int group,
                          struct ledger_counts *counts );
bool ledger_set_reservation( struct ledger_account *account, uint64_t process_key, unsigned int group, uint64_t bytes );

/* What TrimProcessCommitment and QueryProcessOfferInfo ask, of all GPUs of a process together */
struct ledger_decommit
{
    uint64_t decommittable;     /* bytes */
    uint64_t uniqueness;        /* DecommitUniqueness */
};

/***********************************************************************
 *           ledger_set_decommit, ledger_find_decommit
 *
 * Publishes that of this process; reads that of another live one (false: none with that key in this ledger; the
 * values are not clamped). Nothing is published while the process is alone. Any thread; the owner's threads take turns.
 */
void ledger_set_decommit( const struct ledger_decommit *decommit );
bool ledger_find_decommit( uint64_t process_key, struct ledger_decommit *decommit );

/***********************************************************************
 *           ledger_get_word, ledger_change_word
 *
 * A number that every process has for core's purposes, 0 at first; others may read and change it. process_key 0: the own one, which
 * exists without a ledger too. false: no live process with that key in this ledger. Any thread.
 */
bool ledger_get_word( uint64_t process_key, uint32_t *word );
/* Sets the bits of mask to those of bits, in one step, whoever else does the same. *old: the word as it was. */
bool ledger_change_word( uint64_t process_key, uint32_t mask, uint32_t bits, uint32_t *old );

/***********************************************************************
 *           ledger_request_decommit
 *
 * Asks another process to decommit bytes, and waits for its answer in *done (bytes; 0 when false is returned).
 * false: no such process, it ended, or it did not answer before the deadline (of os_time_ns); the request stays then,
 * and may be carried out later. Several that ask at once share one answer to the largest request.
 * Cost: the round trip to the other's listener. Any thread; no lock that the own listener takes may be held.
 */
bool ledger_request_decommit( uint64_t process_key, uint64_t bytes, uint64_t deadline, uint64_t *done );

/***********************************************************************
 *           ledger_take_decommit, ledger_answer_decommit
 *
 * The other side, for the listener: fetches and clears a request (false: there is none), then answers it with the bytes
 * that were decommitted and the ticket that came with it. Every request that was taken is to be answered, with 0 at the
 * least.
 */
bool ledger_take_decommit( uint64_t *bytes, uint32_t *ticket );
void ledger_answer_decommit( uint32_t ticket, uint64_t done );

#endif /* __WINEKMT_LEDGER_H */
