/*
 * The ledger: joining, publishing, requests (ledger.h; the file's layout and the meaning of its locks: ledger_file.h)
 *
 * Locks of this process: ledger.mutex protects all that is not said to be otherwise; ledger.calling is held while the
 * listener is called, so never take one that the listener takes inside it. Nothing of these is in the file.
 * The mapping is kept until the process ends: whoever has found it need not fear that it goes.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/os.h"
#include "os/ledger_file.h"

#define MAKING_PATIENCE 1000000000ull   /* ns that another process may take to make the file, or to fold totals */
#define MAKING_POLL     2000000         /* ns between two looks at that */
#define LEAVING_POLL    10000000ull     /* ns between two wake-ups of a listener that is to end */
#define ANSWER_POLL     100000000ull    /* ns between two looks whether who is to answer lives */

static struct
{
    pthread_mutex_t        mutex;
    pthread_mutex_t        calling;
    pthread_once_t         once;
    bool                   alone;           /* joining failed: not tried again */
    bool                   said_full;       /* that there are more than LEDGER_GPUS */
    int                    fd;              /* -1: not open */
    dev_t                  dev;             /* what is mapped */
    ino_t                  ino;
    struct ledger_file    *file;            /* NULL: not mapped; atomic, changes from NULL once, and after the file was replaced */
    struct ledger_slot    *slot;            /* own one, NULL: none; atomic */
    uint32_t               word;            /* as long as there is no slot; atomic */
    uint32_t               entries;         /* bit mask: of the own slot's, those taken */
    struct ledger_account *accounts;
    pthread_t              thread;
    uint32_t               listening;       /* the thread runs: futex, cleared by it at its end */
    bool                   stop;            /* atomic */
    void                 (*listener)(void); /* calling */
} ledger = { .mutex = PTHREAD_MUTEX_INITIALIZER, .calling = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT, .fd = -1 };

static struct ledger_slot *own_slot(void)
{
    return __atomic_load_n( &ledger.slot, __ATOMIC_ACQUIRE );
}

static void futex_advance( uint32_t *word )
{
    __atomic_fetch_add( word, 1, __ATOMIC_RELEASE );
    os_futex_wake( word );
}

/* Raises a request to at least that many bytes. */
static void raise_request( uint64_t *request, uint64_t bytes )
{
    uint64_t old = __atomic_load_n( request, __ATOMIC_RELAXED );

    while (old < bytes && !__atomic_compare_exchange_n( request, &old, bytes, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED )) {}
}

/* Writes zeros over a part of the file that others may be reading. */
static void clear_shared( void *start, size_t size )
{
    uint64_t *words = start;
    size_t i;

    for (i = 0; i < size / sizeof(*words); i++) __atomic_store_n( &words[i], 0, __ATOMIC_RELAXED );
}

/* F_SETLK on one byte. 0 or an errno; EAGAIN: another process holds it. */
static int set_lock( int fd, short type, unsigned int byte )
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

    if (!fcntl( fd, F_SETLK, &lock )) return 0;
    return errno == EACCES ? EAGAIN : errno;
}

/* After fork, in the child: locks and thread stayed with the parent, so the slot is not ours. Accounts go on in memory of the
 * child's own; it may join anew. */
static void leave_in_child(void)
{
    struct ledger_account *account;
    unsigned int group;

    for (account = ledger.accounts; account; account = account->next)
    {
        for (group = 0; group < LEDGER_GROUPS && account->index >= 0; group++)
        {
            account->own[group] = *account->counts[group];
            account->counts[group] = &account->own[group];
        }
        account->changing = &account->own_changing;
        account->index = -1;
    }
    if (ledger.file) munmap( ledger.file, sizeof(*ledger.file) );
    if (ledger.fd != -1) close( ledger.fd );
    ledger.fd = -1;
    ledger.file = NULL;
    ledger.slot = NULL;
    ledger.entries = 0;
    ledger.listening = 0;
    ledger.stop = false;
    ledger.alone = false;
    pthread_mutex_init( &ledger.calling, NULL );    /* the listener may have held it */
    pthread_mutex_unlock( &ledger.mutex );
}

static void lock_for_fork(void)
{
    pthread_mutex_lock( &ledger.mutex );
}

static void unlock_after_fork(void)
{
    pthread_mutex_unlock( &ledger.mutex );
}

static void init_once(void)
{
    const char *value = getenv( "WINEKMT_LEDGER" );

    if (value && *value && *value != '/' && strcmp( value, "none" ))
        ERR( "WINEKMT_LEDGER=%s is neither none nor an absolute path; ignored", value );
    pthread_atfork( lock_for_fork, unlock_after_fork, leave_in_child );
}

/* Waits at most MAKING_PATIENCE for the right to make the file, or to fold totals. */
static int wait_for_lock( int fd, unsigned int byte )
{
    const struct timespec pause = { .tv_nsec = MAKING_POLL };
    uint64_t deadline = os_time_ns() + MAKING_PATIENCE;
    int error;

    while ((error = set_lock( fd, F_WRLCK, byte )) == EAGAIN && os_time_ns() < deadline)
        nanosleep( &pause, NULL );
    return error;
}

/* Reserves the whole file, so that no access to the mapping can fail later for want of space. 0 or an errno. */
static int reserve_file( int fd, bool in_use )
{
    struct rlimit limit;
    int error;

    /* The system would send SIGXFSZ. */
    if (!getrlimit( RLIMIT_FSIZE, &limit ) && limit.rlim_cur < sizeof(struct ledger_file)) return EFBIG;
    do error = fallocate( fd, 0, 0, sizeof(struct ledger_file) ) ? errno : 0;
    while (error == EINTR);
    /* What the C library does instead, writing, would disturb those who are at work. */
    if (error == EOPNOTSUPP || error == ENOSYS) error = in_use ? 0 : posix_fallocate( fd, 0, sizeof(struct ledger_file) );
    return error;
}

/* Makes a file complete that is new, or that is not one of ours and in nobody's use. MAKING is locked. NULL or what is wrong. */
static const char *make_file( int fd )
{
    struct ledger_file *file;
    struct ledger_header header;
    struct stat st;
    bool in_use;
    int pid, error;

    if (fstat( fd, &st )) return strerror( errno );
    in_use = ledger_file_locked( fd, LEDGER_BYTE_OWNER, 2 * LEDGER_SLOTS, &pid );
    if (st.st_size == sizeof(struct ledger_file) && pread( fd, &header, sizeof(header), 0 ) == sizeof(header) &&
        ledger_file_header_good( &header ))
        return (error = reserve_file( fd, in_use )) ? strerror( error ) : NULL;
    if (in_use) return "it is damaged, and in use";

    if (!st.st_size && fchmod( fd, 0600 )) return strerror( errno );
    if (st.st_size > (off_t)sizeof(struct ledger_file) && ftruncate( fd, sizeof(struct ledger_file) )) return strerror( errno );
    if ((error = reserve_file( fd, false ))) return strerror( error );

    /* Not the slots: whoever takes one clears it, and one may just be taken by a process that saw the header when it was good. */
    file = mmap( NULL, sizeof(*file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0 );
    if (file == MAP_FAILED) return strerror( errno );
    clear_shared( &file->header, sizeof(file->header) );
    __atomic_store_n( &file->header.size, sizeof(*file), __ATOMIC_RELAXED );
    __atomic_store_n( &file->header.slots, LEDGER_SLOTS, __ATOMIC_RELAXED );
    __atomic_store_n( &file->header.magic, LEDGER_MAGIC, __ATOMIC_RELEASE );
    munmap( file, sizeof(*file) );
    return NULL;
}

/* Whether the file needs nothing more: the usual case, for which no lock is needed. */
static bool is_complete( int fd, const struct stat *st )
{
    struct ledger_header header;

    return st->st_size == sizeof(struct ledger_file) && (uint64_t)st->st_blocks * 512 >= sizeof(struct ledger_file) &&
           pread( fd, &header, sizeof(header), 0 ) == sizeof(header) && ledger_file_header_good( &header );
}

/* Opens the file, made complete where that is needed, and maps it. No lock of ours is on it yet, so that closing it again loses
 * none. NULL or what is wrong. */
static const char *open_file( const char *path )
{
    struct ledger_file *file;
    const char *objection;
    struct stat st;
    int fd, error;

    if ((fd = open( path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600 )) == -1)
        return errno == ELOOP ? "it is a symbolic link" : strerror( errno );

    if (!(objection = ledger_file_objection( fd, &st )) && !is_complete( fd, &st ))
    {
        if ((error = wait_for_lock( fd, LEDGER_BYTE_MAKING )))
            objection = error == EAGAIN ? "a process that is making it does not go on" : strerror( error );
        else
        {
            objection = make_file( fd );
            set_lock( fd, F_UNLCK, LEDGER_BYTE_MAKING );
        }
    }
    /* Still mapped from an earlier time. */
    if (!objection && (!ledger.file || ledger.dev != st.st_dev || ledger.ino != st.st_ino))
    {
        file = mmap( NULL, sizeof(*file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0 );
        if (file == MAP_FAILED) objection = strerror( errno );
        else __atomic_store_n( &ledger.file, file, __ATOMIC_RELEASE );
    }
    if (objection)
    {
        close( fd );
        return objection;
    }
    ledger.dev = st.st_dev;
    ledger.ino = st.st_ino;
    if (ledger.fd != -1) close( ledger.fd );
    __atomic_store_n( &ledger.fd, fd, __ATOMIC_RELEASE );
    return NULL;
}

/* Folds the totals of entries of a slot, which is ours, before they are given up. entries: a bit mask. Should somebody be stopped in the
 * middle of that, they are lost: nobody is to wait for him. */
static void keep_totals( unsigned int slot, uint32_t entries )
{
    unsigned int i;

    if (!ledger_file_has_totals( ledger.file, slot, entries ) || wait_for_lock( ledger.fd, LEDGER_BYTE_FOLDING )) return;
    for (i = 0; i < LEDGER_GPUS; i++) if (entries & 1u << i) ledger_file_fold( ledger.file, slot, i );
    set_lock( ledger.fd, F_UNLCK, LEDGER_BYTE_FOLDING );
}

/* Takes the first free slot and fills it in. NULL or what is wrong. */
static const char *take_slot(void)
{
    struct ledger_slot *slot;
    uint64_t realm = 0;
    unsigned int i;
    int error;

    for (i = 0; i < LEDGER_SLOTS; i++)
    {
        if ((error = set_lock( ledger.fd, F_WRLCK, LEDGER_BYTE_OWNER + i )) == EAGAIN) continue;
        if (error) return strerror( error );
        slot = &ledger.file->slots[i];
        keep_totals( i, ~0u );      /* of who was killed here */
        clear_shared( slot, sizeof(*slot) );
        __atomic_store_n( &slot->process_key, os_own_process_key(), __ATOMIC_RELAXED );
        __atomic_store_n( &slot->process_id, os_own_process_id( &realm ), __ATOMIC_RELAXED );
        __atomic_store_n( &slot->realm, realm, __ATOMIC_RELAXED );
        __atomic_store_n( &slot->word, __atomic_load_n( &ledger.word, __ATOMIC_RELAXED ), __ATOMIC_RELAXED );
        __atomic_store_n( &slot->in_use, 1, __ATOMIC_RELEASE );
        if (!(error = set_lock( ledger.fd, F_WRLCK, LEDGER_BYTE_ALIVE + i )))
        {
            __atomic_store_n( &ledger.slot, slot, __ATOMIC_RELEASE );
            return NULL;
        }
        __atomic_store_n( &slot->in_use, 0, __ATOMIC_RELAXED );
        set_lock( ledger.fd, F_UNLCK, LEDGER_BYTE_OWNER + i );
        if (error != EAGAIN) return strerror( error );
    }
    return "all its slots are taken";
}

static void give_slot_back(void)
{
    struct ledger_slot *slot = ledger.slot;
    unsigned int i = slot - ledger.file->slots;

    __atomic_store_n( &ledger.word, __atomic_load_n( &slot->word, __ATOMIC_RELAXED ), __ATOMIC_RELAXED );
    __atomic_store_n( &ledger.slot, NULL, __ATOMIC_RELEASE );
    __atomic_store_n( &slot->in_use, 0, __ATOMIC_RELEASE );
    set_lock( ledger.fd, F_UNLCK, LEDGER_BYTE_ALIVE + i );
    set_lock( ledger.fd, F_UNLCK, LEDGER_BYTE_OWNER + i );
}

/* The thread that waits for requests. The word that it waits on is in the file; no time-out, since leaving wakes it. */
static void *listen( void *arg )
{
    struct ledger_slot *slot = arg;
    uint32_t seen;

    for (;;)
    {
        seen = __atomic_load_n( &slot->wake, __ATOMIC_ACQUIRE );
        if (__atomic_load_n( &ledger.stop, __ATOMIC_ACQUIRE )) break;

        pthread_mutex_lock( &ledger.calling );
        if (ledger.listener) ledger.listener();
        pthread_mutex_unlock( &ledger.calling );

        while (__atomic_load_n( &slot->wake, __ATOMIC_ACQUIRE ) == seen && !__atomic_load_n( &ledger.stop, __ATOMIC_ACQUIRE ))
            os_futex_wait( &slot->wake, seen, UINT64_MAX );
    }
    __atomic_store_n( &ledger.listening, 0, __ATOMIC_RELEASE );
    os_futex_wake( &ledger.listening );
    return NULL;
}

static bool start_listening(void)
{
    ledger.stop = false;
    ledger.listening = 1;
    if (!os_create_thread( &ledger.thread, listen, ledger.slot )) return true;
    ledger.listening = 0;
    return false;
}

/* Waking is repeated, since somebody may write nonsense over the word at the wrong moment. */
static void stop_listening(void)
{
    __atomic_store_n( &ledger.stop, true, __ATOMIC_RELEASE );
    while (__atomic_load_n( &ledger.listening, __ATOMIC_ACQUIRE ))
    {
        futex_advance( &ledger.slot->wake );
        os_futex_wait( &ledger.listening, 1, os_time_ns() + LEAVING_POLL );
    }
    pthread_join( ledger.thread, NULL );
}

/* Gets this process a slot, and a thread that listens. false: it cannot be had, which is said. */
static bool enter(void)
{
    char path[LEDGER_PATH];
    const char *objection;

    pthread_once( &ledger.once, init_once );
    if (!ledger_file_path( path ))
    {
        ledger.alone = true;
        return false;
    }
    if (!(objection = open_file( path )) && !(objection = take_slot()) && !start_listening())
    {
        objection = "there is no thread for it";
        give_slot_back();
    }
    if (!objection) return true;
    ledger.alone = true;
    ERR( "no ledger, so this process does not share the GPU's memory with others of yours: %s: %s", objection, path );
    return false;
}

/* Fills in a free entry of the own slot. -1: there is none. */
static int take_entry( const uint8_t device_uuid[16], const char *name, const uint64_t total[LEDGER_GROUPS] )
{
    struct ledger_entry *entry;
    uint64_t uuid[2];
    unsigned int i;

    for (i = 0; i < LEDGER_GPUS; i++) if (!(ledger.entries & 1u << i)) break;
    if (i == LEDGER_GPUS) return -1;

    ledger.entries |= 1u << i;
    entry = &ledger.slot->entries[i];
    clear_shared( entry, sizeof(*entry) );
    memcpy( uuid, device_uuid, sizeof(uuid) );
    __atomic_store_n( &entry->device_uuid[0], uuid[0], __ATOMIC_RELAXED );
    __atomic_store_n( &entry->device_uuid[1], uuid[1], __ATOMIC_RELAXED );
    snprintf( entry->name, sizeof(entry->name), "%s", name );
    __atomic_store_n( &entry->total[LEDGER_LOCAL], total[LEDGER_LOCAL], __ATOMIC_RELAXED );
    __atomic_store_n( &entry->total[LEDGER_NON_LOCAL], total[LEDGER_NON_LOCAL], __ATOMIC_RELAXED );
    __atomic_store_n( &entry->in_use, 1, __ATOMIC_RELEASE );
    return i;
}

bool ledger_join( const uint8_t device_uuid[16], const char *name, const uint64_t total[LEDGER_GROUPS],
                  struct ledger_account **account )
{
    struct ledger_account *joined;
    unsigned int group;

    if (!(*account = joined = calloc( 1, sizeof(*joined) ))) return false;
    joined->index = -1;
    joined->changing = &joined->own_changing;
    memcpy( joined->device_uuid, device_uuid, sizeof(joined->device_uuid) );
    for (group = 0; group < LEDGER_GROUPS; group++)
    {
        joined->total[group] = total[group];
        joined->counts[group] = &joined->own[group];
    }

    pthread_mutex_lock( &ledger.mutex );
    if (ledger.slot || (!ledger.alone && enter()))
    {
        joined->index = take_entry( device_uuid, name, total );
        if (joined->index >= 0)
        {
            for (group = 0; group < LEDGER_GROUPS; group++)
                joined->counts[group] = &ledger.slot->entries[joined->index].counts[group];
            joined->changing = &ledger.slot->entries[joined->index].changing;
        }
        else if (!ledger.said_full)
        {
            ledger.said_full = true;
            ERR( "the ledger has room for %u GPUs of a process; %s is not shared", LEDGER_GPUS, name );
        }
    }
    joined->next = ledger.accounts;
    ledger.accounts = joined;
    pthread_mutex_unlock( &ledger.mutex );
    return joined->index >= 0;
}

void ledger_leave( struct ledger_account *account )
{
    struct ledger_account **link;

    if (!account) return;
    pthread_mutex_lock( &ledger.mutex );
    for (link = &ledger.accounts; *link != account; link = &(*link)->next) {}
    *link = account->next;
    if (account->index >= 0)
    {
        struct ledger_entry *entry = &ledger.slot->entries[account->index];

        keep_totals( ledger.slot - ledger.file->slots, 1u << account->index );
        __atomic_store_n( &entry->in_use, 0, __ATOMIC_RELEASE );
        ledger.entries &= ~(1u << account->index);
        futex_advance( &ledger.file->header.releases );
        if (!ledger.entries)
        {
            stop_listening();
            give_slot_back();
        }
    }
    pthread_mutex_unlock( &ledger.mutex );
    free( account );
}

/* Whether somebody who lives stands behind a slot. */
static bool slot_alive( struct ledger_file *file, unsigned int i, int *pid )
{
    if (&file->slots[i] == own_slot())
    {
        *pid = getpid();
        return true;
    }
    return __atomic_load_n( &file->slots[i].in_use, __ATOMIC_ACQUIRE ) &&
           ledger_file_locked( __atomic_load_n( &ledger.fd, __ATOMIC_ACQUIRE ), LEDGER_BYTE_ALIVE + i, 1, pid );
}

/* What a slot has of a GPU, clamped to total. false: nothing. Called after its owner was found alive. */
static bool read_slot( struct ledger_slot *slot, const uint8_t device_uuid[16], unsigned int group, uint64_t total,
                       struct ledger_counts *counts )
{
    uint64_t *sum = (uint64_t *)counts, *more;
    struct ledger_counts one;
    bool found = false;
    unsigned int i, j;

    for (i = 0; i < LEDGER_GPUS; i++)
    {
        if (!ledger_entry_matches( &slot->entries[i], device_uuid )) continue;
        ledger_entry_read( &slot->entries[i], group, total, found ? &one : counts );
        if (found)
            for (j = 0, more = (uint64_t *)&one; j < sizeof(one) / sizeof(*more); j++)
                if (__builtin_add_overflow( sum[j], more[j], &sum[j] )) sum[j] = UINT64_MAX;
        found = true;
    }
    if (found) ledger_clamp_counts( counts, total );
    return found;
}

/* All others that live and have that GPU. */
static unsigned int read_others( struct ledger_file *file, const uint8_t device_uuid[16], unsigned int group, uint64_t total,
                                 struct ledger_peer peers[LEDGER_SLOTS] )
{
    unsigned int i, count = 0;

    for (i = 0; i < LEDGER_SLOTS; i++)
    {
        if (&file->slots[i] == own_slot() || !slot_alive( file, i, &peers[count].pid )) continue;
        if (!read_slot( &file->slots[i], device_uuid, group, total, &peers[count].counts )) continue;
        peers[count].process_key = __atomic_load_n( &file->slots[i].process_key, __ATOMIC_RELAXED );
        peers[count].realm = __atomic_load_n( &file->slots[i].realm, __ATOMIC_RELAXED );
        peers[count].process_id = __atomic_load_n( &file->slots[i].process_id, __ATOMIC_RELAXED );
        peers[count].progress = __atomic_load_n( &file->slots[i].progress, __ATOMIC_RELAXED );
        peers[count++].slot = i;
    }
    return count;
}

unsigned int ledger_peers( struct ledger_account *account, unsigned int group, struct ledger_peer peers[LEDGER_SLOTS] )
{
    if (account->index < 0) return 0;
    return read_others( __atomic_load_n( &ledger.file, __ATOMIC_ACQUIRE ), account->device_uuid, group, account->total[group], peers );
}

/* The file for a process that may have no slot; NULL: there is none. */
static struct ledger_file *file_to_read(void)
{
    struct ledger_file *file;
    char path[LEDGER_PATH];
    struct stat st;

    pthread_mutex_lock( &ledger.mutex );
    pthread_once( &ledger.once, init_once );
    /* Without a slot it may have been replaced meanwhile. */
    if (!ledger.slot && !ledger.alone && ledger_file_path( path ) &&
        (!ledger.file || stat( path, &st ) || st.st_dev != ledger.dev || st.st_ino != ledger.ino)) open_file( path );
    file = ledger.file;
    pthread_mutex_unlock( &ledger.mutex );
    return file;
}

unsigned int ledger_read( const uint8_t device_uuid[16], unsigned int group, uint64_t total, struct ledger_peer peers[LEDGER_SLOTS] )
{
    struct ledger_file *file = file_to_read();

    return file ? read_others( file, device_uuid, group, total, peers ) : 0;
}

bool ledger_read_totals( const uint8_t device_uuid[16], unsigned int group, struct ledger_totals *totals )
{
    struct ledger_file *file = file_to_read();

    if (file) ledger_file_totals( file, device_uuid, group, totals );
    return file != NULL;
}

void ledger_request( struct ledger_account *account, unsigned int group, uint32_t slot, uint64_t bytes,
                     enum ledger_request_kind kind )
{
    struct ledger_slot *other;
    bool found = false;
    unsigned int i;

    if (account->index < 0 || slot >= LEDGER_SLOTS) return;
    other = &__atomic_load_n( &ledger.file, __ATOMIC_ACQUIRE )->slots[slot];
    if (other == own_slot()) return;
    for (i = 0; i < LEDGER_GPUS; i++)
    {
        if (!ledger_entry_matches( &other->entries[i], account->device_uuid )) continue;
        raise_request( &other->entries[i].requests[group][kind], bytes );
        found = true;
    }
    if (found) futex_advance( &other->wake );
}

bool ledger_is_answered( struct ledger_account *account, unsigned int group, uint32_t slot )
{
    struct ledger_slot *other = &__atomic_load_n( &ledger.file, __ATOMIC_ACQUIRE )->slots[slot];
    unsigned int i, j;

    for (i = 0; i < LEDGER_GPUS; i++)
    {
        if (!ledger_entry_matches( &other->entries[i], account->device_uuid )) continue;
        for (j = 0; j < LEDGER_REQUEST_KINDS; j++) if (__atomic_load_n( &other->entries[i].requests[group][j], __ATOMIC_ACQUIRE )) return false;
    }
    /* Last: who takes a request has begun to give before. */
    return !(__atomic_load_n( &other->progress, __ATOMIC_ACQUIRE ) & LEDGER_GIVING);
}

bool ledger_take_request( struct ledger_account *account, unsigned int group, uint64_t *bytes, enum ledger_request_kind *kind )
{
    struct ledger_slot *slot = own_slot();
    unsigned int i;
    uint64_t asked;

    if (account->index < 0 || !slot) return false;
    for (i = 0; i < LEDGER_REQUEST_KINDS; i++)
    {
        asked = __atomic_exchange_n( &slot->entries[account->index].requests[group][i], 0, __ATOMIC_ACQ_REL );
        if (asked > account->total[group]) asked = account->total[group];
        if (!asked) continue;
        *bytes = asked;
        *kind = i;
        return true;
    }
    return false;
}

void ledger_set_listener( void (*listener)(void) )
{
    struct ledger_slot *slot;

    pthread_mutex_lock( &ledger.calling );
    ledger.listener = listener;
    pthread_mutex_unlock( &ledger.calling );
    if (listener && (slot = own_slot())) futex_advance( &slot->wake );
}

uint32_t ledger_releases( struct ledger_account *account )
{
    if (account->index < 0) return 0;
    return __atomic_load_n( &__atomic_load_n( &ledger.file, __ATOMIC_ACQUIRE )->header.releases, __ATOMIC_ACQUIRE );
}

bool ledger_wait( struct ledger_account *account, uint32_t *seen, uint64_t deadline )
{
    uint32_t *releases, now;

    if (account->index < 0) return false;
    releases = &__atomic_load_n( &ledger.file, __ATOMIC_ACQUIRE )->header.releases;
    while ((now = __atomic_load_n( releases, __ATOMIC_ACQUIRE )) == *seen)
    {
        if (os_time_ns() >= deadline) return false;
        os_futex_wait( releases, now, deadline );
    }
    *seen = now;
    return true;
}

void ledger_announce_release( struct ledger_account *account )
{
    if (account ? account->index < 0 : !own_slot()) return;
    futex_advance( &__atomic_load_n( &ledger.file, __ATOMIC_ACQUIRE )->header.releases );
}

/* A sign, and so many more that are giving. */
static void add_to_progress( int givers )
{
    struct ledger_slot *slot = own_slot();

    if (slot) __atomic_fetch_add( &slot->progress, LEDGER_GIVING + 1 + givers, __ATOMIC_ACQ_REL );
}

void ledger_begin_giving( void )
{
    add_to_progress( 1 );
}

void ledger_show_progress( void )
{
    add_to_progress( 0 );
}

void ledger_end_giving( void )
{
    add_to_progress( -1 );
}

/* The slot of the live process with that key, or NULL: there is none. */
static struct ledger_slot *find_slot_of( struct ledger_file *file, uint64_t process_key )
{
    unsigned int i;
    int pid;

    for (i = 0; i < LEDGER_SLOTS; i++)
    {
        if (!__atomic_load_n( &file->slots[i].in_use, __ATOMIC_ACQUIRE ) ||
            __atomic_load_n( &file->slots[i].process_key, __ATOMIC_RELAXED ) != process_key) continue;
        if (slot_alive( file, i, &pid )) return &file->slots[i];
    }
    return NULL;
}

/* The same; NULL also when this process is alone. */
static struct ledger_slot *find_slot( uint64_t process_key )
{
    struct ledger_file *file = __atomic_load_n( &ledger.file, __ATOMIC_ACQUIRE );

    return file && own_slot() ? find_slot_of( file, process_key ) : NULL;
}

bool ledger_find_process( struct ledger_account *account, uint64_t process_key, unsigned int group,
                          struct ledger_counts *counts )
{
    struct ledger_slot *slot;

    if (account->index < 0 || !(slot = find_slot( process_key ))) return false;
    return read_slot( slot, account->device_uuid, group, account->total[group], counts );
}

bool ledger_set_reservation( struct ledger_account *account, uint64_t process_key, unsigned int group, uint64_t bytes )
{
    struct ledger_slot *slot;
    unsigned int i;

    if (account->index < 0 || !(slot = find_slot( process_key ))) return false;
    if (bytes > account->total[group]) bytes = account->total[group];
    for (i = 0; i < LEDGER_GPUS; i++)
    {
        if (!ledger_entry_matches( &slot->entries[i], account->device_uuid )) continue;
        __atomic_store_n( &slot->entries[i].counts[group].reservation, bytes, __ATOMIC_SEQ_CST );
        return true;
    }
    return false;
}

void ledger_set_decommit( const struct ledger_decommit *decommit )
{
    struct ledger_slot *slot = own_slot();

    if (!slot) return;
    __atomic_store_n( &slot->decommit.decommittable, decommit->decommittable, __ATOMIC_RELAXED );
    __atomic_store_n( &slot->decommit.uniqueness, decommit->uniqueness, __ATOMIC_RELAXED );
}

bool ledger_find_decommit( uint64_t process_key, struct ledger_decommit *decommit )
{
    struct ledger_slot *slot = find_slot( process_key );

    if (!slot) return false;
    decommit->decommittable = __atomic_load_n( &slot->decommit.decommittable, __ATOMIC_RELAXED );
    decommit->uniqueness = __atomic_load_n( &slot->decommit.uniqueness, __ATOMIC_RELAXED );
    return true;
}

/* decommit_request: what is asked, in units, and the last ticket that was given out, in one word, so that a ticket is never seen
 * without its bytes. All that is ever decommitted comes in whole units, so rounding up asks for nothing more. */
#define DECOMMIT_UNIT    4096
#define TICKET_BITS      24
#define TICKET_MASK      ((1u << TICKET_BITS) - 1)
#define DECOMMIT_UNITS   (UINT64_MAX >> TICKET_BITS)

/* Whether the last answer is one to that ticket or to a later one. */
static bool is_answered( uint32_t answered, uint32_t ticket )
{
    return ((answered - ticket) & TICKET_MASK) <= TICKET_MASK / 2;
}

/* Returns the ticket. */
static uint32_t ask_for_decommit( struct ledger_slot *slot, uint64_t bytes )
{
    uint64_t asked = bytes / DECOMMIT_UNIT + !!(bytes % DECOMMIT_UNIT), old, new, units;
    uint32_t ticket;

    if (asked > DECOMMIT_UNITS) asked = DECOMMIT_UNITS;
    old = __atomic_load_n( &slot->decommit_request, __ATOMIC_RELAXED );
    do
    {
        units = old >> TICKET_BITS;
        ticket = (old + 1) & TICKET_MASK;
        new = (units > asked ? units : asked) << TICKET_BITS | ticket;
    }
    while (!__atomic_compare_exchange_n( &slot->decommit_request, &old, new, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED ));
    return ticket;
}

bool ledger_request_decommit( uint64_t process_key, uint64_t bytes, uint64_t deadline, uint64_t *done )
{
    struct ledger_slot *slot = find_slot( process_key );
    uint32_t ticket, answered;
    uint64_t now, until;

    *done = 0;
    if (!slot) return false;
    ticket = ask_for_decommit( slot, bytes );
    futex_advance( &slot->wake );

    while (!is_answered( answered = __atomic_load_n( &slot->decommit_answered, __ATOMIC_ACQUIRE ), ticket ))
    {
        if ((now = os_time_ns()) >= deadline || find_slot( process_key ) != slot) return false;
        until = deadline - now > ANSWER_POLL ? now + ANSWER_POLL : deadline;
        os_futex_wait( &slot->decommit_answered, answered, until );
    }
    *done = __atomic_load_n( &slot->decommit_done, __ATOMIC_RELAXED );
    return true;
}

bool ledger_take_decommit( uint64_t *bytes, uint32_t *ticket )
{
    struct ledger_slot *slot = own_slot();
    uint64_t old;

    if (!slot) return false;
    old = __atomic_load_n( &slot->decommit_request, __ATOMIC_RELAXED );
    do
    {
        *ticket = old & TICKET_MASK;
        *bytes = old >> TICKET_BITS;
        *bytes = *bytes > UINT64_MAX / DECOMMIT_UNIT ? UINT64_MAX : *bytes * DECOMMIT_UNIT;
        if (is_answered( __atomic_load_n( &slot->decommit_answered, __ATOMIC_RELAXED ), *ticket )) return false;
    }
    while (!__atomic_compare_exchange_n( &slot->decommit_request, &old, *ticket, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED ));
    return true;
}

void ledger_answer_decommit( uint32_t ticket, uint64_t done )
{
    struct ledger_slot *slot = own_slot();

    if (!slot) return;
    __atomic_store_n( &slot->decommit_done, done, __ATOMIC_RELAXED );
    __atomic_store_n( &slot->decommit_answered, ticket & TICKET_MASK, __ATOMIC_RELEASE );
    os_futex_wake( &slot->decommit_answered );
}

/* The word of a process; NULL: there is no such process. */
static uint32_t *find_word( uint64_t process_key )
{
    struct ledger_slot *slot = own_slot();
    struct ledger_file *file;

    if (!process_key) return slot ? &slot->word : &ledger.word;
    if (!(file = file_to_read()) || !(slot = find_slot_of( file, process_key ))) return NULL;
    return &slot->word;
}

bool ledger_get_word( uint64_t process_key, uint32_t *word )
{
    uint32_t *found = find_word( process_key );

    if (found) *word = __atomic_load_n( found, __ATOMIC_RELAXED );
    return found != NULL;
}

bool ledger_change_word( uint64_t process_key, uint32_t mask, uint32_t bits, uint32_t *old )
{
    uint32_t *found;

    /* The own one moves between the slot and memory of the process (take_slot, give_slot_back). */
    if (!process_key) pthread_mutex_lock( &ledger.mutex );
    if ((found = find_word( process_key )))
    {
        *old = __atomic_load_n( found, __ATOMIC_RELAXED );
        while (!__atomic_compare_exchange_n( found, old, (*old & ~mask) | (bits & mask), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED )) {}
    }
    if (!process_key) pthread_mutex_unlock( &ledger.mutex );
    return found != NULL;
}
