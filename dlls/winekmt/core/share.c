/*
 * Sharing a GPU with other processes: the ledger, budgets, and asking each other for memory
 *
 * The memory of a group is divided among the processes that use it: reservations first, the rest in equal shares. What one
 * leaves of its share is lent to the others until it asks for it, so a process that is alone may use everything. A process whose next
 * block does not fit beside what the others hold asks them: first to discard what they have offered, then, those who use more than
 * their share, to evict what they do not hold resident. They discard on the thread that listens, which does nothing else, and evict on their
 * workers. Nobody depends on an answer: who gets none within a moment, nor a sign that it is being worked on, makes do with what it can
 * free itself. Two that look at the same instant may both take the last bytes: the division is not exact to a block, and Vulkan has the last
 * word. Only reservations are exact: their sum never is more than there is.
 *
 * What others say of themselves are hints (os/ledger.h). The ledger's functions are called under the lock, as an exception to the rule of
 * core.h, where they only read and write shared memory or take a few microseconds; never where they wait.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/vidmm.h"

/* How long the answer to a request is waited for: a discard, and a page-out; the latter also after each sign of progress. */
#define DISCARD_WAIT_NS   (20 * 1000000ull)
#define PAGE_OUT_WAIT_NS  (200 * 1000000ull)
/* After a request that nobody answered, how long until the next one: somebody may be stopped in a debugger. */
#define REQUEST_PAUSE_NS  (1000 * 1000000ull)
/* The same after an answer that brought nothing: what looks as if it could be given is not always to be had. */
#define ANSWER_PAUSE_NS   (20 * 1000000ull)
/* How long one request is waited for at most, however much others seem to be at work. */
#define WORK_WAIT_NS      (30 * 1000000000ull)

/***********************************************************************
 * Dividing
 */

static uint64_t at_most( uint64_t value, uint64_t most )
{
    return value < most ? value : most;
}

/* The part of each process in what nobody has reserved: of this one, and of the peers who use the group or want to. */
static uint64_t equal_part( uint64_t total, uint64_t own_reservation, const struct ledger_peer *peers, unsigned int count )
{
    uint64_t reserved = at_most( own_reservation, total );
    unsigned int i, users = 1;

    for (i = 0; i < count; i++)
    {
        const struct ledger_counts *counts = &peers[i].counts;

        if (!counts->used && !counts->demand && !counts->reservation) continue;
        users++;
        reserved += at_most( counts->reservation, total - reserved );
    }
    return (total - reserved) / users;
}

static uint64_t sum_of_used( const struct ledger_peer *peers, unsigned int count )
{
    uint64_t sum = 0;
    unsigned int i;

    for (i = 0; i < count; i++) sum += at_most( peers[i].counts.used, UINT64_MAX - sum );
    return sum;
}

struct division divide( uint64_t total, const struct ledger_counts *own, const struct ledger_peer *peers, unsigned int count )
{
    uint64_t own_reservation = at_most( own->reservation, total ), equal = equal_part( total, own_reservation, peers, count );
    struct division division = { .share = own_reservation + equal, .budget = total, .others = sum_of_used( peers, count ) };
    unsigned int i;

    for (i = 0; i < count; i++)
    {
        const struct ledger_counts *counts = &peers[i].counts;
        uint64_t share = at_most( counts->reservation, total ) + equal, wanted;

        /* What it has offered it gives up when it is asked. */
        wanted = counts->used - at_most( counts->offered, counts->used );
        if (__builtin_add_overflow( wanted, counts->demand, &wanted )) wanted = UINT64_MAX;
        division.budget -= at_most( at_most( wanted, share ), division.budget );
    }
    if (division.budget < at_most( division.share, total )) division.budget = at_most( division.share, total );
    return division;
}

/* What the processes together may take of a group. */
static uint64_t group_total( const struct gpu_adapter *info, unsigned int group, uint64_t limit )
{
    uint64_t total = 0;
    unsigned int i;

    for (i = 0; i < info->heap_count; i++)
        if (info->heaps[i].local == (group == GROUP_LOCAL)) total += info->heaps[i].size - heap_headroom( info->heaps[i].size );
    return at_most( total, limit );
}

static uint64_t group_total_locked( const struct vidmm *vidmm, unsigned int group )
{
    return group_total( vidmm->info, group, vidmm->groups[group].limit );
}

void share_refresh_locked( struct vidmm *vidmm, uint64_t max_age )
{
    struct ledger_peer peers[LEDGER_SLOTS];
    uint64_t now = os_time_ns();
    unsigned int group, count;

    if (vidmm->share_time && now - vidmm->share_time < max_age) return;
    vidmm->share_time = now;
    share_publish_locked( vidmm );
    for (group = 0; group < GROUP_COUNT; group++)
    {
        count = ledger_peers( vidmm->account, group, peers );
        vidmm->groups[group].division = divide( group_total_locked( vidmm, group ), ledger_counts( vidmm->account, group ), peers, count );
        if (!count) vidmm->groups[group].division.budget = UINT64_MAX;     /* the limits of this process are enough */
        LEDGER_SET( vidmm->account, group, budget, vidmm_group_budget_locked( vidmm, group ) );
        LEDGER_SET( vidmm->account, group, alone, vidmm_group_alone_locked( vidmm, group ) );
        LEDGER_SET( vidmm->account, group, limit, vidmm->groups[group].limit );
    }
}

uint64_t share_budget_of_peer( const struct gpu_adapter *info, unsigned int group, const struct ledger_counts *own, struct ledger_peer *peers,
                               unsigned int count, unsigned int index )
{
    struct ledger_counts counts = peers[index].counts;

    /* We are one of its others. */
    peers[index].counts = *own;
    return at_most( counts.alone, divide( group_total( info, group, counts.limit ), &counts, peers, count ).budget );
}

bool share_find_process_locked( struct vidmm *vidmm, uint64_t process_key, unsigned int group, struct ledger_counts *counts )
{
    struct ledger_peer peers[LEDGER_SLOTS];
    unsigned int i, count;

    if (!ledger_find_process( vidmm->account, process_key, group, counts )) return false;
    share_publish_locked( vidmm );
    count = ledger_peers( vidmm->account, group, peers );
    for (i = 0; i < count; i++)
    {
        if (peers[i].process_key != process_key) continue;
        counts->budget = share_budget_of_peer( vidmm->info, group, ledger_counts( vidmm->account, group ), peers, count, i );
        break;
    }
    return true;
}

uint64_t share_missing_locked( struct vidmm *vidmm, unsigned int group, uint64_t size )
{
    const struct vidmm_group *mine = &vidmm->groups[group];
    uint64_t total, wanted;

    if (!mine->division.others) return 0;
    total = group_total_locked( vidmm, group );
    if (__builtin_add_overflow( mine->used, size, &wanted ) || __builtin_add_overflow( wanted, mine->division.others, &wanted )) return UINT64_MAX;
    return wanted > total ? wanted - total : 0;
}

/***********************************************************************
 * Reservations
 */

/* How often one is tried while others try at the same instant. */
#define RESERVE_TURNS  8

uint64_t share_reservable_locked( struct vidmm *vidmm, unsigned int group, const uint64_t *key, uint64_t budget )
{
    uint64_t left = group_total_locked( vidmm, group );
    struct ledger_peer peers[LEDGER_SLOTS];
    unsigned int i, count = ledger_peers( vidmm->account, group, peers );

    if (key) left -= at_most( LEDGER_GET( vidmm->account, group, reservation ), left );
    for (i = 0; i < count; i++)
        if (!key || peers[i].process_key != *key) left -= at_most( peers[i].counts.reservation, left );
    return at_most( budget / 2, left );
}

/* Sequentially consistent, as is ledger_set_reservation, so that it is seen by others before what they say is looked at again. */
static bool set_reservation_locked( struct vidmm *vidmm, unsigned int group, const uint64_t *key, uint64_t bytes )
{
    if (key) return ledger_set_reservation( vidmm->account, *key, group, bytes );
    __atomic_store_n( &ledger_counts( vidmm->account, group )->reservation, bytes, __ATOMIC_SEQ_CST );
    return true;
}

NTSTATUS share_reserve_locked( struct vidmm *vidmm, unsigned int group, const uint64_t *key, uint64_t budget, uint64_t before, uint64_t bytes )
{
    unsigned int turn;

    for (turn = 0; turn < RESERVE_TURNS; turn++)
    {
        if (bytes > share_reservable_locked( vidmm, group, key, budget )) break;
        if (!set_reservation_locked( vidmm, group, key, bytes )) return STATUS_NOT_FOUND;
        /* Of two that reserve at the same instant each looks for the other after it has said so itself: one at the least sees both. */
        if (bytes <= share_reservable_locked( vidmm, group, key, budget )) return STATUS_SUCCESS;
        set_reservation_locked( vidmm, group, key, before );
    }
    return STATUS_INVALID_PARAMETER;
}

/***********************************************************************
 * Publishing
 */

void share_publish_locked( struct vidmm *vidmm )
{
    uint64_t evictable[GROUP_COUNT] = { 0 }, offered[GROUP_COUNT] = { 0 }, placed[GROUP_COUNT] = { 0 }, empty[GROUP_COUNT] = { 0 };
    struct ledger_account *account = vidmm->account;
    unsigned int group, i;

    for (i = 0; i < vidmm->info->heap_count; i++)
    {
        const struct vidmm_heap *heap = &vidmm->heaps[i];

        group = group_of_heap( heap );
        evictable[group] += heap->evictable_bytes;
        offered[group] += heap->offered_bytes;
        placed[group] += heap->placed;
        empty[group] += heap->empty_bytes;
    }
    ledger_begin( account );
    for (group = 0; group < GROUP_COUNT; group++)
    {
        struct vidmm_group *mine = &vidmm->groups[group];
        bool something = mine->used || mine->evicted;

        /* Most processes use one of the two. */
        if (!something && !mine->published) continue;
        mine->published = something;
        LEDGER_SET( account, group, used, mine->used );
        LEDGER_SET( account, group, committed, mine->committed );
        LEDGER_SET( account, group, empty, empty[group] );
        LEDGER_SET( account, group, offered, offered[group] );
        LEDGER_SET( account, group, evictable, evictable[group] );
        LEDGER_SET( account, group, resident, placed[group] - offered[group] - evictable[group] );
        LEDGER_SET( account, group, allocations, mine->allocations );
        if (!mine->paged) continue;
        mine->paged = false;
        LEDGER_SET( account, group, evicted, mine->evicted );
        LEDGER_SET( account, group, discarded, mine->discarded );
        LEDGER_SET( account, group, discards, mine->discards );
        LEDGER_SET( account, group, paged_out, mine->paged_out );
        LEDGER_SET( account, group, paged_in, mine->paged_in );
        LEDGER_SET( account, group, evicted_allocations, mine->evicted_allocations );
        LEDGER_SET( account, group, unplaced, vidmm->unplaced[group] );
        LEDGER_SET( account, group, unplaced_allocations, vidmm->unplaced_allocations[group] );
    }
    ledger_end( account );
    if (vidmm->published_decommit_changes != vidmm->decommit_changes)
    {
        vidmm->published_decommit_changes = vidmm->decommit_changes;
        publish_decommit_locked();
    }
}

/***********************************************************************
 * Asking
 */

/* Sends requests for bytes in all, to those who have not been silent of late. asked: a flag a peer. Returns how many were asked. */
static unsigned int send_requests_locked( struct vidmm *vidmm, unsigned int group, uint64_t bytes, enum ledger_request_kind kind,
                                          const struct ledger_peer *peers, unsigned int count, bool asked[LEDGER_SLOTS] )
{
    uint64_t total = group_total_locked( vidmm, group ), now = os_time_ns();
    uint64_t equal = equal_part( total, LEDGER_GET( vidmm->account, group, reservation ), peers, count );
    unsigned int i, requests = 0;

    for (i = 0; i < count; i++)
    {
        const struct ledger_counts *counts = &peers[i].counts;
        uint64_t share = at_most( counts->reservation, total ) + equal, available = counts->offered, ask;

        asked[i] = false;
        if (!bytes || peers[i].slot >= LEDGER_SLOTS || now < vidmm->silent_until[peers[i].slot][kind]) continue;
        available += at_most( counts->empty, counts->used );
        if (kind == LEDGER_REQUEST_EVICT)
            available = at_most( available + counts->evictable, counts->used > share ? counts->used - share : 0 );
        if (!(ask = at_most( available, bytes ))) continue;
        ledger_request( vidmm->account, group, peers[i].slot, ask, kind );
        bytes -= ask;
        asked[i] = true;
        requests++;
    }
    return requests;
}

/* Notes what others say of their progress; both lists are in the order of slots. Whether one of those who were asked has shown some, and
 * goes on. */
static bool note_progress( struct ledger_peer *peers, unsigned int count, const bool *asked, const struct ledger_peer *now, unsigned int now_count )
{
    unsigned int i, j;
    bool found = false;

    for (i = j = 0; i < count; i++)
    {
        while (j < now_count && now[j].slot < peers[i].slot) j++;
        if (j == now_count || now[j].slot != peers[i].slot) continue;   /* it has ended */
        if (asked[i] && now[j].progress != peers[i].progress && ledger_is_giving( &now[j] )) found = true;
        peers[i].progress = now[j].progress;
    }
    return found;
}

/* Whether all who were asked have answered, or ended. */
static bool all_answered( struct vidmm *vidmm, unsigned int group, const struct ledger_peer *peers, unsigned int count, const bool *asked )
{
    unsigned int i;

    for (i = 0; i < count; i++) if (asked[i] && !ledger_is_answered( vidmm->account, group, peers[i].slot )) return false;
    return true;
}

/* One round of requests, and the wait for an answer. *progress: somebody gave something. Those who did not are not asked
 * again for a while, so that the next round asks others. false: there was nobody to ask. */
static bool ask_round_locked( struct vidmm *vidmm, unsigned int group, uint64_t bytes, enum ledger_request_kind kind, bool *progress )
{
    uint64_t wait = kind == LEDGER_REQUEST_EVICT ? PAGE_OUT_WAIT_NS : DISCARD_WAIT_NS, start = os_time_ns(), deadline = start + wait, before;
    struct ledger_peer peers[LEDGER_SLOTS];
    bool asked[LEDGER_SLOTS], answered = false;
    unsigned int count, i;
    uint32_t seen;

    *progress = false;
    seen = ledger_releases( vidmm->account );
    count = ledger_peers( vidmm->account, group, peers );
    before = sum_of_used( peers, count );
    if (!send_requests_locked( vidmm, group, bytes, kind, peers, count, asked )) return false;
    TRACE( "asking others for %llu bytes%s", (unsigned long long)bytes, kind == LEDGER_REQUEST_EVICT ? ", that they evict" : "" );
    do
    {
        struct ledger_peer now[LEDGER_SLOTS];
        unsigned int now_count;

        kmt_unlock();
        ledger_wait( vidmm->account, &seen, deadline );
        kmt_lock();
        answered = all_answered( vidmm, group, peers, count, asked );   /* before looking what they have given */
        now_count = ledger_peers( vidmm->account, group, now );
        *progress = sum_of_used( now, now_count ) < before;
        /* Copying and freeing take what they take. */
        if (!*progress && note_progress( peers, count, asked, now, now_count ))
            deadline = at_most( os_time_ns() + PAGE_OUT_WAIT_NS, start + WORK_WAIT_NS );
    }
    while (!*progress && !answered && !vidmm->lost && os_time_ns() < deadline);
    for (i = 0; i < count; i++)
    {
        uint64_t *until = &vidmm->silent_until[peers[i].slot][kind];

        if (!asked[i]) continue;
        if (*progress) *until = 0;      /* which of them it was does not matter: all may be asked again */
        else *until = os_time_ns() + (ledger_is_answered( vidmm->account, group, peers[i].slot ) ? ANSWER_PAUSE_NS : REQUEST_PAUSE_NS);
    }
    return true;
}

bool share_ask_locked( struct vidmm *vidmm, unsigned int group, uint64_t bytes, bool evict, uint64_t until )
{
    bool progress = false;

    if (!vidmm->groups[group].division.others) return false;
    LEDGER_SET( vidmm->account, group, demand, bytes );
    while (!progress && !vidmm->lost && os_time_ns() < until &&
           ask_round_locked( vidmm, group, bytes, evict ? LEDGER_REQUEST_EVICT : LEDGER_REQUEST_OFFERED, &progress )) { }
    LEDGER_SET( vidmm->account, group, demand, 0 );
    share_refresh_locked( vidmm, 0 );
    if (progress) vidmm_refresh_budget_locked( vidmm, 0 );
    return progress;
}

/***********************************************************************
 * Being asked
 */

/* Tells the others what was given up. */
static void announce_locked( struct vidmm *vidmm )
{
    share_publish_locked( vidmm );
    ledger_announce_release( vidmm->account );
}

/* Discards up to bytes of a group. Drops the lock. */
static void discard_for_others_locked( struct vidmm *vidmm, unsigned int group, uint64_t bytes )
{
    uint64_t target = vidmm->groups[group].used - at_most( bytes, vidmm->groups[group].used );
    struct shortage shortage = { .local = group == GROUP_LOCAL };

    vidmm->refs++;
    while (!vidmm->lost && vidmm->groups[group].used > target)
    {
        shortage.bytes = vidmm->groups[group].used - target;
        if (make_room_locked( vidmm, &shortage, NULL, EFFORT_AT_ONCE ) != ROOM_MADE) break;
        announce_locked( vidmm );
    }
    share_publish_locked( vidmm );
    vidmm_release_locked( vidmm );      /* not the last one: its GPU has one until vidmm_reap_locked */
}

/* On the ledger's thread. What is offered costs no copy, so it goes here and now, whatever the worker is about; evictions are left to the
 * worker. */
static void listen( void )
{
    struct vidmm *vidmm = NULL;
    unsigned int turns;
    uint64_t bytes;
    bool any = false;
    uint32_t ticket;

    kmt_lock();
    ledger_begin_giving();
    while ((vidmm = next_vidmm_locked( vidmm )))
    {
        enum ledger_request_kind kind;
        unsigned int group;
        bool wanted = false;

        for (group = 0; group < GROUP_COUNT; group++)
            /* Two kinds; another process that floods us with requests is not to keep the lock. */
            for (turns = 0; turns < 4 && !vidmm->lost && ledger_take_request( vidmm->account, group, &bytes, &kind ); turns++)
            {
                struct vidmm_group *mine = &vidmm->groups[group];

                any = true;
                if (kind == LEDGER_REQUEST_OFFERED) discard_for_others_locked( vidmm, group, bytes );
                else
                {
                    if (mine->evict_to == UINT64_MAX) ledger_begin_giving();    /* until the worker has done it */
                    /* Who is waiting asks again for what is still missing: that is no second request. */
                    mine->evict_to = at_most( mine->evict_to, mine->used - at_most( bytes, mine->used ) );
                    wanted = true;
                }
            }
        if (wanted) worker_kick_locked( vidmm );
    }
    ledger_end_giving();
    if (any) ledger_announce_release( NULL );
    for (turns = 0; turns < 4 && ledger_take_decommit( &bytes, &ticket ); turns++) ledger_answer_decommit( ticket, decommit_locked( bytes ) );
    kmt_unlock();
}

void share_serve_locked( struct vidmm *vidmm )
{
    unsigned int group;

    for (group = 0; group < GROUP_COUNT; group++)
    {
        struct vidmm_group *mine = &vidmm->groups[group];
        struct shortage shortage = { .local = group == GROUP_LOCAL };
        uint64_t least;

        if (mine->evict_to == UINT64_MAX) continue;
        __atomic_store_n( &vidmm->giving, true, __ATOMIC_RELAXED );
        while (!vidmm->stopping && !vidmm->lost)
        {
            share_refresh_locked( vidmm, 0 );
            /* Nobody has a claim to what is this process' own share. */
            least = mine->evict_to > mine->division.share ? mine->evict_to : mine->division.share;
            if (mine->used <= least) break;
            shortage.bytes = mine->used - least;
            if (make_room_locked( vidmm, &shortage, NULL, EFFORT_EVICT ) != ROOM_MADE) break;
            announce_locked( vidmm );
        }
        mine->evict_to = UINT64_MAX;
        __atomic_store_n( &vidmm->giving, false, __ATOMIC_RELAXED );
        ledger_end_giving();
        announce_locked( vidmm );
    }
}

/***********************************************************************
 * Life
 */

NTSTATUS share_join( struct vidmm *vidmm )
{
    uint64_t totals[LEDGER_GROUPS] = { 0 };
    unsigned int i;

    _Static_assert( (int)LEDGER_LOCAL == GROUP_LOCAL && (int)LEDGER_NON_LOCAL == GROUP_NON_LOCAL && (int)LEDGER_GROUPS == GROUP_COUNT,
                    "the same groups" );
    for (i = 0; i < vidmm->info->heap_count; i++) totals[group_of_heap( &vidmm->heaps[i] )] += vidmm->heaps[i].size;
    ledger_join( vidmm->info->device_uuid, vidmm->info->name, totals, &vidmm->account );
    if (!vidmm->account) return STATUS_NO_MEMORY;
    for (i = 0; i < GROUP_COUNT; i++)
    {
        vidmm->groups[i].division.budget = vidmm->groups[i].evict_to = UINT64_MAX;
        LEDGER_SET( vidmm->account, i, alone, vidmm_group_alone_locked( vidmm, i ) );
        LEDGER_SET( vidmm->account, i, limit, vidmm->groups[i].limit );
    }
    ledger_set_listener( listen );
    return STATUS_SUCCESS;
}

void share_leave( struct vidmm *vidmm )
{
    unsigned int i;

    for (i = 0; i < GROUP_COUNT; i++) if (vidmm->groups[i].evict_to != UINT64_MAX) ledger_end_giving();
    ledger_leave( vidmm->account );
}
