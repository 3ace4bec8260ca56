/*
 * Fuzz target: the ledger's shared memory as another process might have damaged it
 *
 * The ledger is compiled in here, with fcntl, through which it learns who is alive, and mmap replaced: the other processes are a bit
 * map, so that an input may have any of them live, die, or hold the file while it is made, and the mapping ends at a page that
 * cannot be read. Nobody truncates the file: that is SIGBUS, as docs/semantics.md and the issue say.
 *
 * Record 0: how the file is before it is opened, and whether core uses the ledger (byte 8, bit 0) or the records call its
 * functions directly. The others, by the code in their first two bytes (fuzz_find_name): a function of the ledger, a call of the
 * public surface, a write into the file as another process does it, or a thread that writes at random while the next records run.
 *
 * After every record: what the ledger answered is within what ledger.h promises, and core's budgets within its limits.
 * A call that does not come back is found by the time limit of libFuzzer and of replay.c.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blocks.h"
#include "os/ledger_file.h"

#define LOCK_BYTES      (2 * LEDGER_SLOTS + 2)
#define MAX_RECORDS     128
#define MAX_ACCOUNTS    12
#define STRAY_WRITES    20000       /* of the thread that writes at random */

static char path[64];

/***********************************************************************
 * The other processes
 */

static uint8_t others[LOCK_BYTES];          /* bytes of the file that another process has locked; atomic */
static unsigned int making_attempts;        /* until who makes the file has made it */

static int fuzz_fcntl( int fd, int command, void *arg )
{
    struct flock *lock = arg;
    bool wants = command == F_SETLK && lock->l_type != F_UNLCK;
    off_t i;

    (void)fd;
    for (i = lock->l_start; i < lock->l_start + lock->l_len && i < LOCK_BYTES; i++)
    {
        if (!__atomic_load_n( &others[i], __ATOMIC_RELAXED )) continue;
        if (command == F_GETLK)
        {
            lock->l_pid = i & 1 ? 1000 + i : 0;
            return 0;
        }
        if (!wants) continue;
        if (i == LEDGER_BYTE_MAKING)
        {
            world_advance_time( 100 * 1000000ull );
            if (!--making_attempts) __atomic_store_n( &others[i], 0, __ATOMIC_RELAXED );
        }
        errno = EAGAIN;
        return -1;
    }
    if (command == F_GETLK) lock->l_type = F_UNLCK;
    return 0;
}

/* The same with a page behind it that cannot be touched. */
static void *fuzz_mmap( void *address, size_t size, int protection, int flags, int fd, off_t offset )
{
    char *pages = mmap( NULL, size + LEDGER_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 );

    (void)address;
    if (pages == MAP_FAILED) return pages;
    return mmap( pages, size, protection, flags | MAP_FIXED, fd, offset );
}

static int fuzz_munmap( void *address, size_t size )
{
    return munmap( address, size + LEDGER_PAGE );
}

#define fcntl   fuzz_fcntl
#define mmap    fuzz_mmap
#define munmap  fuzz_munmap
#include "os/os_ledger_file.c"
#include "os/os_ledger.c"
#undef fcntl
#undef mmap
#undef munmap

/***********************************************************************
 * The file, seen from outside
 */

static struct ledger_file *outside;     /* a mapping of our own */
static const uint8_t uuids[3][16] =     /* the first is that of the fake GPU */
{
    "\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0", "GPU B", ""
};
static const uint64_t totals[LEDGER_GROUPS] = { 1 << 20, 3 << 20 };

static void forget_outside( void )
{
    if (outside) munmap( outside, sizeof(*outside) );
    outside = NULL;
}

static void see_outside( void )
{
    struct stat st;
    int fd;

    if (outside || (fd = open( path, O_RDWR | O_CLOEXEC )) == -1) return;
    if (!fstat( fd, &st ) && st.st_size >= (off_t)sizeof(*outside))
    {
        outside = mmap( NULL, sizeof(*outside), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0 );
        if (outside == MAP_FAILED) abort();
    }
    close( fd );
}

/* A file that was there before: nothing, too short, all zero, nearly right, or right. */
static void make_first_file( struct fuzz_cursor *cursor )
{
    static const size_t sizes[] = { 0, 1, 4095, 4096, sizeof(struct ledger_file) - 1, sizeof(struct ledger_file),
            sizeof(struct ledger_file) + 4096 };
    struct ledger_header header = { .magic = LEDGER_MAGIC, .size = sizeof(struct ledger_file), .slots = LEDGER_SLOTS };
    uint8_t how = fuzz_u8( cursor ), damage = fuzz_u8( cursor );
    size_t size = how < 0x80 ? sizeof(struct ledger_file) : sizes[how % (sizeof(sizes) / sizeof(sizes[0]))];
    int fd;

    unlink( path );
    if (how >= 0xf8) return;
    if ((fd = open( path, O_RDWR | O_CREAT | O_CLOEXEC, how == 0xf7 ? 0644 : 0600 )) == -1) abort();
    if (damage >= 0xc0) ((uint8_t *)&header)[damage % 24] ^= fuzz_u8( cursor );
    if (ftruncate( fd, size )) abort();
    if (size >= sizeof(header) && damage >= 0x20 && pwrite( fd, &header, sizeof(header), 0 ) != sizeof(header)) abort();
    close( fd );
}

static void reset_ledger( void )
{
    fuzz_check( !ledger.accounts && !ledger.slot && !ledger.entries && !ledger.listening, "the ledger is still in use" );
    if (ledger.file) fuzz_munmap( ledger.file, sizeof(*ledger.file) );
    if (ledger.fd != -1) close( ledger.fd );
    ledger.file = NULL;
    ledger.fd = -1;
    ledger.dev = 0;
    ledger.ino = 0;
    ledger.alone = ledger.said_full = false;
}

/***********************************************************************
 * Damage. Everything is written as by a process that uses atomic stores; words need not be what they should.
 */

static uint64_t some_value( struct fuzz_cursor *cursor )
{
    uint8_t how = fuzz_u8( cursor );
    uint64_t uuid;

    switch (how >> 4)
    {
    case 0: return 0;
    case 1: return 1;
    case 2: return UINT64_MAX;
    case 3: return UINT64_MAX - how;
    case 4: return totals[how & 1];
    case 5: return os_own_process_key();
    case 6: case 7: memcpy( &uuid, uuids[how % 3], sizeof(uuid) ); return uuid;
    case 8: return 1ull << 63;
    case 9: case 10: case 11: return (uint64_t)fuzz_u8( cursor ) << 14;
    default: return fuzz_edgy( cursor );
    }
}

static void put64( void *where, uint64_t value )
{
    __atomic_store_n( (uint64_t *)where, value, __ATOMIC_RELAXED );
}

/* Any word of the file, mostly one at the beginning of the header or of the own slot. */
static void damage_word( struct fuzz_cursor *cursor )
{
    uint32_t at = fuzz_u32( cursor ) % (sizeof(*outside) / 8);
    uint8_t where = fuzz_u8( cursor );

    if (!outside) return;
    if (where < 0x20) at = where / 8;
    else if (where < 0x80 && own_slot()) at = (own_slot() - ledger.file->slots + 1) * (LEDGER_PAGE / 8) + at % 8;
    put64( (uint64_t *)outside + at, some_value( cursor ) );
}

/* A field of an entry of some slot, or of our own. */
static void damage_entry( struct fuzz_cursor *cursor )
{
    uint8_t which = fuzz_u8( cursor ), entry = fuzz_u8( cursor ) % LEDGER_GPUS, what = fuzz_u8( cursor );
    uint64_t value = some_value( cursor );
    struct ledger_entry *damaged;
    unsigned int slot = which % LEDGER_SLOTS;

    if (!outside) return;
    if (which >= 0xc0 && own_slot()) slot = own_slot() - ledger.file->slots;
    damaged = &outside->slots[slot].entries[entry];
    switch (what & 7)
    {
    case 0: __atomic_store_n( &damaged->in_use, (uint32_t)value, __ATOMIC_RELAXED ); break;
    case 1: put64( &damaged->device_uuid[what >> 3 & 1], value ); break;
    case 2: put64( &damaged->requests[what >> 3 & 1][what >> 4 & 1], value ); break;
    case 3: put64( &damaged->total[what >> 3 & 1], value ); break;
    default: put64( (uint64_t *)&damaged->counts[what >> 3 & 1] + (what >> 4), value ); break;
    }
}

/* A live process that uses our GPU, as a good one looks; or one that has it several times. */
static void make_peer( struct fuzz_cursor *cursor )
{
    unsigned int slot = fuzz_u8( cursor ) % LEDGER_SLOTS, entries = fuzz_u8( cursor ), i, group;
    struct ledger_slot *peer;

    if (!outside) return;
    peer = &outside->slots[slot];
    if (ledger.slot && slot == (unsigned int)(ledger.slot - ledger.file->slots)) return;
    entries = entries < 0xd0 ? 1 : entries % (LEDGER_GPUS + 1);
    __atomic_store_n( &others[LEDGER_BYTE_OWNER + slot], 1, __ATOMIC_RELAXED );
    __atomic_store_n( &others[LEDGER_BYTE_ALIVE + slot], 1, __ATOMIC_RELAXED );
    put64( &peer->process_key, 1000 + slot % 4 );
    put64( &peer->decommit.decommittable, some_value( cursor ) );
    for (i = 0; i < entries; i++)
    {
        struct ledger_entry *entry = &peer->entries[i];

        put64( &entry->device_uuid[0], ((const uint64_t *)uuids[0])[0] );
        put64( &entry->device_uuid[1], ((const uint64_t *)uuids[0])[1] );
        for (group = 0; group < LEDGER_GROUPS; group++)
        {
            put64( &entry->counts[group].used, some_value( cursor ) );
            put64( &entry->counts[group].committed, some_value( cursor ) );
            put64( &entry->counts[group].offered, some_value( cursor ) );
            put64( &entry->counts[group].evictable, some_value( cursor ) );
            put64( &entry->counts[group].reservation, some_value( cursor ) );
            put64( &entry->counts[group].demand, some_value( cursor ) );
        }
        __atomic_store_n( &entry->in_use, 1, __ATOMIC_RELEASE );
    }
    __atomic_store_n( &peer->in_use, 1, __ATOMIC_RELEASE );
}

/* Processes begin and end; also where nobody wrote anything, and with one lock without the other. */
static void change_others( struct fuzz_cursor *cursor )
{
    uint8_t how = fuzz_u8( cursor ), first = fuzz_u8( cursor ), count = fuzz_u8( cursor );
    unsigned int i;

    for (i = 0; i <= count; i++)
    {
        unsigned int slot = (first + i) % LEDGER_SLOTS;

        if (ledger.slot && slot == (unsigned int)(ledger.slot - ledger.file->slots)) continue;     /* the kernel lets nobody else have it */
        if (how & 1) __atomic_store_n( &others[LEDGER_BYTE_OWNER + slot], how >> 2 & 1, __ATOMIC_RELAXED );
        if (how & 2) __atomic_store_n( &others[LEDGER_BYTE_ALIVE + slot], how >> 3 & 1, __ATOMIC_RELAXED );
        if (how & 0x10 && outside) __atomic_store_n( &outside->slots[slot].in_use, how >> 5 & 1, __ATOMIC_RELAXED );
    }
}

/* Someone asks us for something. */
static void ask_us( struct fuzz_cursor *cursor )
{
    uint8_t how = fuzz_u8( cursor ), entry = fuzz_u8( cursor ) % LEDGER_GPUS;
    struct ledger_slot *mine;

    if (!outside || !own_slot()) return;
    mine = &outside->slots[own_slot() - ledger.file->slots];
    if (how & 1) put64( &mine->decommit_request, some_value( cursor ) );
    else put64( &mine->entries[entry].requests[how >> 1 & 1][how >> 2 & 1], some_value( cursor ) );
    __atomic_fetch_add( &mine->wake, 1, __ATOMIC_RELEASE );
    os_futex_wake( &mine->wake );
}

static struct { pthread_t thread; bool running, stop; uint64_t seed; } stray;

/* A process whose use goes up and down all the time, or seems to: each time it looks as if a request had brought something. */
static void *see_saw( void *arg )
{
    unsigned int slot = stray.seed % 4, group = stray.seed >> 8 & 1;
    uint64_t *used = &outside->slots[slot].entries[0].counts[group].used, high = 64 << 10 << (stray.seed >> 16 & 7);

    while (!__atomic_load_n( &stray.stop, __ATOMIC_RELAXED ))
    {
        put64( used, high );
        usleep( 20 );
        put64( used, high - 4096 );
        __atomic_fetch_add( &outside->header.releases, 1, __ATOMIC_RELEASE );
        os_futex_wake( &outside->header.releases );
        usleep( 20 );
    }
    return arg;
}

/* Words change under the feet of whoever reads them: those of entries, of slots, of the header. */
static void *write_at_random( void *arg )
{
    static const uint64_t values[] = { 0, 1, 4096, 1 << 19, 1 << 20, UINT64_MAX, 1ull << 63 };
    uint64_t state = stray.seed;
    unsigned int i;

    for (i = 0; i < STRAY_WRITES && !__atomic_load_n( &stray.stop, __ATOMIC_RELAXED ); i++)
    {
        uint64_t random = fuzz_random( &state ), value = random >> 60 ? values[(random >> 32) % 7] : random;
        unsigned int slot = random % 8 ? random / 8 % 4 : random / 8 % LEDGER_SLOTS;
        struct ledger_slot *damaged = &outside->slots[slot];

        if (random >> 20 & 15)
            put64( (uint64_t *)&damaged->entries[random >> 24 & 1] + (random >> 40) % (sizeof(struct ledger_entry) / 8), value );
        else if (random >> 16 & 3) put64( (uint64_t *)damaged + (random >> 40) % 8, value );
        else __atomic_store_n( &outside->header.releases, (uint32_t)value, __ATOMIC_RELAXED );
        if (random >> 50 & 1) os_futex_wake( &damaged->wake );
    }
    return arg;
}

static void end_stray( void )
{
    if (!stray.running) return;
    __atomic_store_n( &stray.stop, true, __ATOMIC_RELAXED );
    pthread_join( stray.thread, NULL );
    stray.running = false;
}

static void start_thread( struct fuzz_cursor *cursor, void *(*function)(void *) )
{
    end_stray();
    stray.seed = fuzz_u64( cursor );
    stray.stop = false;
    if (outside) stray.running = !pthread_create( &stray.thread, NULL, function, NULL );
}

static void start_stray( struct fuzz_cursor *cursor )
{
    start_thread( cursor, write_at_random );
}

static void start_see_saw( struct fuzz_cursor *cursor )
{
    start_thread( cursor, see_saw );
}

static void stop_stray( struct fuzz_cursor *cursor )
{
    (void)cursor;
    end_stray();
}

/***********************************************************************
 * The ledger's functions
 */

static struct ledger_account *accounts[MAX_ACCOUNTS];
static unsigned int account_count;

static struct ledger_account *some_account( struct fuzz_cursor *cursor )
{
    return account_count ? accounts[fuzz_u8( cursor ) % account_count] : NULL;
}

/* What clamping promises of a peer, also of one that has the GPU several times. */
static void check_counts( const struct ledger_counts *counts, uint64_t total )
{
    fuzz_check( counts->budget <= total && counts->used <= total && counts->committed <= total && counts->reservation <= total &&
                counts->demand <= total && counts->alone <= total, "a peer's counts are above the total" );
    fuzz_check( counts->resident <= counts->committed && counts->offered <= counts->committed && counts->evictable <= counts->committed,
                "a peer holds more than it has" );
    fuzz_check( counts->evicted <= EVICTED_MAX && counts->unplaced <= EVICTED_MAX, "a peer has evicted more than there is" );
}

static void check_division( uint64_t total, const struct ledger_counts *own, const struct ledger_peer *peers, unsigned int count )
{
    struct division division = divide( total, own, peers, count );

    fuzz_check( division.budget <= total && division.share <= total && division.budget >= (division.share < total ? division.share : total),
                "of %llu bytes: budget %llu, share %llu", (unsigned long long)total, (unsigned long long)division.budget,
                (unsigned long long)division.share );
}

static void join( struct fuzz_cursor *cursor )
{
    uint8_t which = fuzz_u8( cursor );

    if (account_count == MAX_ACCOUNTS) return;
    ledger_join( uuids[which < 0xc0 ? 0 : which % 3], "a GPU with a name", totals, &accounts[account_count] );
    if (accounts[account_count]) account_count++;
    see_outside();
}

static void leave( struct fuzz_cursor *cursor )
{
    unsigned int i = account_count ? fuzz_u8( cursor ) % account_count : 0;

    if (!account_count) return;
    ledger_leave( accounts[i] );
    accounts[i] = accounts[--account_count];
}

static void look_at_peers( struct fuzz_cursor *cursor )
{
    struct ledger_account *account = some_account( cursor );
    struct ledger_peer peers[LEDGER_SLOTS];
    struct ledger_totals sum;
    unsigned int group, count, i;

    for (group = 0; account && group < LEDGER_GROUPS; group++)
    {
        struct ledger_counts own = *ledger_counts( account, group );

        count = ledger_peers( account, group, peers );
        fuzz_check( count < LEDGER_SLOTS, "%u peers", count );
        for (i = 0; i < count; i++)
        {
            fuzz_check( peers[i].slot < LEDGER_SLOTS && (!i || peers[i].slot > peers[i - 1].slot), "peer %u is in slot %u", i,
                    peers[i].slot );
            check_counts( &peers[i].counts, totals[group] );
        }
        ledger_read_totals( uuids[group], group, &sum );
        check_division( totals[group], &own, peers, count );
        check_division( some_value( cursor ), &own, peers, count );
    }
}

static void publish( struct fuzz_cursor *cursor )
{
    struct ledger_account *account = some_account( cursor );
    uint8_t group = fuzz_u8( cursor ) & 1;

    if (!account) return;
    LEDGER_SET( account, group, used, some_value( cursor ) );
    LEDGER_SET( account, group, reservation, some_value( cursor ) );
    ledger_set_decommit( &(struct ledger_decommit){ some_value( cursor ), 1 } );
}

static void request( struct fuzz_cursor *cursor )
{
    struct ledger_account *account = some_account( cursor );
    uint8_t how = fuzz_u8( cursor );
    uint32_t slot = fuzz_u8( cursor );

    if (account) ledger_request( account, how & 1, how >= 0xf0 ? fuzz_u32( cursor ) : slot, some_value( cursor ), how >> 1 & 1 );
}

static void take_requests( struct fuzz_cursor *cursor )
{
    struct ledger_account *account = some_account( cursor );
    enum ledger_request_kind kind;
    unsigned int turn, group;
    uint32_t ticket;
    uint64_t bytes;

    for (group = 0; account && group < LEDGER_GROUPS; group++)
        for (turn = 0; turn < 4 && ledger_take_request( account, group, &bytes, &kind ); turn++)
            fuzz_check( bytes && bytes <= totals[group] && kind < LEDGER_REQUEST_KINDS, "a request for %llu bytes, kind %u",
                        (unsigned long long)bytes, kind );
    if (ledger_take_decommit( &bytes, &ticket )) ledger_answer_decommit( ticket, bytes );
}

static void wait_for_release( struct fuzz_cursor *cursor )
{
    struct ledger_account *account = some_account( cursor );
    uint64_t deadline = os_time_ns() + fuzz_u8( cursor ) * 1000000ull;
    uint32_t seen;

    if (!account) return;
    seen = ledger_releases( account ) - (fuzz_u8( cursor ) & 1);
    if (!ledger_wait( account, &seen, deadline )) fuzz_check( account->index < 0 || os_time_ns() >= deadline, "a wait ended early" );
    ledger_announce_release( account );
}

static void find_others( struct fuzz_cursor *cursor )
{
    struct ledger_account *account = some_account( cursor );
    uint64_t key = fuzz_u8( cursor ) < 0xc0 ? 1000u + (fuzz_u8( cursor ) & 3) : some_value( cursor ), done;
    struct ledger_decommit decommit;
    struct ledger_counts counts;
    uint8_t group = fuzz_u8( cursor ) & 1;

    if (!account) return;
    if (ledger_find_process( account, key, group, &counts )) check_counts( &counts, totals[group] );
    ledger_set_reservation( account, key, group, some_value( cursor ) );
    ledger_find_decommit( key, &decommit );
    if (!ledger_request_decommit( key, some_value( cursor ), os_time_ns() + fuzz_u8( cursor ) * 1000000ull, &done ))
        fuzz_check( !done, "no answer, and %llu bytes", (unsigned long long)done );
}

static void on_request( void )
{
    uint64_t bytes;
    uint32_t ticket;
    unsigned int turns;

    for (turns = 0; turns < 4 && ledger_take_decommit( &bytes, &ticket ); turns++) ledger_answer_decommit( ticket, bytes / 2 );
}

static void set_listener( struct fuzz_cursor *cursor )
{
    ledger_set_listener( fuzz_u8( cursor ) & 1 ? on_request : NULL );
}

/* The next to join finds another file. */
static void replace_file( struct fuzz_cursor *cursor )
{
    end_stray();
    forget_outside();
    if (!account_count) make_first_file( cursor );
    see_outside();
}

/***********************************************************************
 * Core on it
 */

static bool with_core;

static void call_core( struct fuzz_cursor *cursor, const char *name )
{
    static struct call call;
    unsigned int i;

    if (!with_core || world.count > WORLD_MAX_OBJECTS - MAX_CREATE_COUNT - 64) return;
    for (i = 0; i < function_count && strcmp( functions[i].name, name ); i++) {}
    if (i == function_count) fuzz_fail( "there is no function %s", name );
    call_build( &call, &functions[i], cursor );
    functions[i].function( call.params, call.second );
    call_free( &call );
    world_note_objects();
    see_outside();
}

#define CALL( name )  static void call_##name( struct fuzz_cursor *cursor ) { call_core( cursor, #name ); }
CALL( CreateAllocation2 )
CALL( CreateDevice )
CALL( DestroyAllocation2 )
CALL( DestroyDevice )
CALL( OfferAllocations )
CALL( ReclaimAllocations2 )
CALL( MakeResident )
CALL( Evict )
CALL( Lock2 )
CALL( QueryVideoMemoryInfo )
CALL( ChangeVideoMemoryReservation )
CALL( TrimProcessCommitment )
CALL( QueryProcessOfferInfo )

/* Whatever others say, the budgets are between 0 and what there is. */
static void check_budgets( void )
{
    struct vidmm *vidmm = NULL;
    unsigned int group;

    kmt_lock();
    while ((vidmm = next_vidmm_locked( vidmm )))
        for (group = 0; group < GROUP_COUNT; group++)
        {
            uint64_t budget = vidmm_group_budget_locked( vidmm, group ), total = 0;
            const struct division *division = &vidmm->groups[group].division;
            unsigned int i;

            for (i = 0; i < vidmm->info->heap_count;
                    i++) if (vidmm->heaps[i].local == (group == GROUP_LOCAL)) total += vidmm->heaps[i].size;
            fuzz_check( budget <= total && budget <= vidmm->groups[group].limit, "group %u: the budget is %llu of %llu", group,
                        (unsigned long long)budget, (unsigned long long)total );
            fuzz_check( (division->budget == UINT64_MAX || division->budget <= total) && division->share <= total,
                        "group %u: share %llu, budget %llu of %llu", group, (unsigned long long)division->share,
                        (unsigned long long)division->budget, (unsigned long long)total );
        }
    kmt_unlock();
}

static void pass_time( struct fuzz_cursor *cursor )
{
    world_advance_time( fuzz_u8( cursor ) * 5000000ull );
    usleep( 50 );
}

static const struct action
{
    const char *name;
    void      (*run)( struct fuzz_cursor *cursor );
}
actions[] =
{
    { "damage word", damage_word },
    { "damage entry", damage_entry },
    { "make peer", make_peer },
    { "change others", change_others },
    { "ask us", ask_us },
    { "start stray", start_stray },
    { "stop stray", stop_stray },
    { "start see-saw", start_see_saw },
    { "replace file", replace_file },
    { "join", join },
    { "leave", leave },
    { "peers", look_at_peers },
    { "publish", publish },
    { "request", request },
    { "take requests", take_requests },
    { "wait", wait_for_release },
    { "find", find_others },
    { "listener", set_listener },
    { "pass time", pass_time },
#define CORE( name )  { #name, call_##name }
    CORE( CreateAllocation2 ), CORE( CreateDevice ), CORE( DestroyAllocation2 ), CORE( DestroyDevice ), CORE( OfferAllocations ),
    CORE( ReclaimAllocations2 ), CORE( MakeResident ), CORE( Evict ), CORE( Lock2 ), CORE( QueryVideoMemoryInfo ),
    CORE( ChangeVideoMemoryReservation ), CORE( TrimProcessCommitment ), CORE( QueryProcessOfferInfo ),
#undef CORE
};

#define ACTIONS  (sizeof(actions) / sizeof(actions[0]))

static unsigned int find_action( uint16_t code )
{
    const char *names[ACTIONS];
    unsigned int i;

    for (i = 0; i < ACTIONS; i++) names[i] = actions[i].name;
    return fuzz_find_name( names, ACTIONS, code );
}

/***********************************************************************
 * The target
 */

static void remove_file( void )
{
    unlink( path );
}

int LLVMFuzzerInitialize( int *argc, char ***argv )
{
    (void)argc;
    (void)argv;
    snprintf( path, sizeof(path), "/dev/shm/winekmt-fuzz-ledger-%d", (int)getpid() );
    setenv( "WINEKMT_LEDGER", path, 1 );
    atexit( remove_file );
    world_init();
    return 0;
}

int LLVMFuzzerTestOneInput( const uint8_t *data, size_t size )
{
    size_t count = size / FUZZ_RECORD, i;
    struct fuzz_cursor cursor;

    if (!count) return 0;
    if (count > MAX_RECORDS) count = MAX_RECORDS;
    fuzz_cursor_init( &cursor, data, FUZZ_RECORD );
    world_start( &cursor );
    memset( others, 0, sizeof(others) );
    with_core = data[8] & 1;
    fuzz_cursor_init( &cursor, data + 9, FUZZ_RECORD - 9 );
    make_first_file( &cursor );
    others[LEDGER_BYTE_MAKING] = data[7] >= 0xe0;
    making_attempts = 1 + data[7] % 16;
    if (with_core) world_open();
    see_outside();
    for (i = 1; i < count; i++)
    {
        const uint8_t *record = data + i * FUZZ_RECORD;
        const struct action *action = &actions[find_action( record[0] | record[1] << 8 )];

        fuzz_cursor_init( &cursor, record + 2, FUZZ_RECORD - 2 );
        fuzz_trace( "%s", action->name );
        action->run( &cursor );
        check_budgets();
    }
    end_stray();
    ledger_set_listener( NULL );
    while (account_count) ledger_leave( accounts[--account_count] );
    world_finish();
    forget_outside();
    reset_ledger();
    return 0;
}

void fuzz_new_record( uint8_t *data, uint64_t random )
{
    uint16_t code = fuzz_name_code( actions[random % ACTIONS].name );

    data[0] = code;
    data[1] = code >> 8;
}

/***********************************************************************
 * Seeds: with core and without, with more and more peers, quiet ones and one who writes all the time
 */

static size_t put_name( uint8_t *data, size_t size, const char *name )
{
    uint16_t code = fuzz_name_code( name );

    data[size] = code;
    data[size + 1] = code >> 8;
    return size + FUZZ_RECORD;
}

/* Many processes that live, use more than their share, and never answer: each is worth a round of asking, and the first may be asked
 * again before the last was. Or few, and one of them goes up and down. Then some allocations. */
static size_t silent_peers( unsigned int peers, bool saws, uint8_t *data )
{
    static const uint8_t counts[] = { 0, 0xa0, 0x10, 0xa0, 0x10, 0, 0xa0, 0x10 };  /* used, committed and evictable: 256 KiB each */
    size_t size = FUZZ_RECORD;
    unsigned int i;

    memset( data, 0, 64 * FUZZ_RECORD );
    data[0] = data[1] = data[8] = 1;
    data[2] = 0xff;
    data[10] = 0x20;
    for (i = 0; i < peers; i++)
    {
        data[size + 2] = 1 + i;
        memcpy( data + size + 4, counts, sizeof(counts) );
        size = put_name( data, size, "make peer" );
    }
    if (saws)
    {
        data[size + 2] = 1;         /* its slot */
        data[size + 4] = 2;         /* 256 KiB, and a page less */
        size = put_name( data, size, "start see-saw" );
    }
    for (i = 0; i < 3; i++)
    {
        data[size + 3] = 0x28;      /* plain */
        data[size + 5] = 1;         /* one allocation */
        data[size + 6] = 7;         /* of 128 KiB */
        data[size + 7] = 0x40;
        size = put_name( data, size, "CreateAllocation2" );
        data[size + 2] = 255;
        size = put_name( data, size, "pass time" );
    }
    return size;
}

size_t fuzz_seed( unsigned int n, uint8_t *data, size_t max_size )
{
    static const char *const direct[] =
    {
        "join", "join", "make peer", "make peer", "peers", "publish", "request", "ask us", "take requests", "wait", "listener", "find",
        "change others", "damage entry", "damage word", "peers", "find", "leave", "join", "damage word", "peers", "wait", NULL
    };
    static const char *const core[] =
    {
        "make peer", "pass time", "CreateAllocation2", "QueryVideoMemoryInfo", "make peer", "make peer", "CreateAllocation2",
                "MakeResident",
        "ask us", "pass time", "OfferAllocations", "damage entry", "CreateAllocation2", "ChangeVideoMemoryReservation",
                "ReclaimAllocations2",
        "damage word", "pass time", "QueryVideoMemoryInfo", "Evict", "TrimProcessCommitment", "QueryProcessOfferInfo", "CreateAllocation2",
        "Lock2", NULL
    };
    const char *const *story = n & 1 ? core : direct;
    uint64_t state = n + 1;
    size_t size = FUZZ_RECORD;
    unsigned int turn, i;

    if (n >= 18 || max_size < 4096) return 0;
    if (n >= 16) return silent_peers( n == 16 ? 5 : 30, n == 16, data );
    memset( data, 0, FUZZ_RECORD );
    data[0] = n;
    data[1] = n;
    data[2] = 0xff;
    data[7] = n == 9 ? 0xe3 : 0;
    data[8] = n & 1;
    data[9] = n & 2 ? 0x80 + n : 0;     /* the file */
    data[10] = n & 4 ? 0xc0 + n : 0x20;
    for (turn = 0; turn < 2; turn++)
    {
        if (n & 8 && turn)
        {
            memset( data + size, n, FUZZ_RECORD );
            size = put_name( data, size, n & 2 ? "start see-saw" : "start stray" );
        }
        for (; *story; story++)
        {
            for (i = 0; i < FUZZ_RECORD; i++) data[size + i] = fuzz_random( &state ) % 0xa0;
            size = put_name( data, size, *story );
        }
        story = n & 1 ? core : direct;
    }
    return size;
}
