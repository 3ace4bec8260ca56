/*
 * Other processes, as they are seen through the ledger
 *
 * A child of the test is the other process: it uses the ledger itself, without core, and so can say and do what it likes.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "rare.h"

/* How far the two are; each counts up for itself. */
static struct steps
{
    uint32_t parent, child;
} *steps;

static pid_t child;
static char folder[64];
static struct ledger_account *account;      /* the child's */

static void step_to( uint32_t *word, uint32_t value )
{
    __atomic_store_n( word, value, __ATOMIC_RELEASE );
    os_futex_wake( word );
}

static bool step_reaches( uint32_t *word, uint32_t value )
{
    uint64_t deadline = os_time_ns() + 20 * 1000000000ull;
    uint32_t now;

    while ((now = __atomic_load_n( word, __ATOMIC_ACQUIRE )) < value)
        if (!os_futex_wait( word, now, deadline )) return false;
    return true;
}

/* The child's side: ends it when the parent is gone. */
static void child_waits( uint32_t value )
{
    if (!step_reaches( &steps->parent, value )) _exit( 2 );
}

static void child_says( uint32_t value )
{
    step_to( &steps->child, value );
}

static void parent_waits( uint32_t value )
{
    ok( step_reaches( &steps->child, value ), "the other process does not get to step %u\n", value );
}

static void parent_says( uint32_t value )
{
    step_to( &steps->parent, value );
}

static void unit_gpu( struct gpu_adapter *adapter )
{
    unit_adapter_simple( adapter, MIB( 16 ), false );       /* 15 */
}

/* Begins a ledger with another process in it, which then does that; NULL: with none that uses it. */
static void start_peer( void (*function)( void ) )
{
    struct gpu_adapter adapter;
    uint64_t totals[LEDGER_GROUPS] = { MIB( 16 ), 0 };
    char path[80];

    strcpy( folder, "/tmp/winekmt-unit-XXXXXX" );
    ok( mkdtemp( folder ) != NULL, "no folder in /tmp\n" );
    sprintf( path, "%s/ledger", folder );
    setenv( "WINEKMT_LEDGER", path, 1 );
    steps = mmap( NULL, sizeof(*steps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0 );
    unit_gpu( &adapter );
    fflush( stdout );
    if (!(child = fork()))
    {
        prctl( PR_SET_PDEATHSIG, SIGKILL );
        alarm( 60 );
        if (function && !ledger_join( adapter.device_uuid, "peer", totals, &account )) _exit( 3 );
        child_says( 1 );
        if (function) function();
        child_waits( 1000 );
        _exit( 0 );
    }
    parent_waits( 1 );
    start( &adapter );
}

static void end_of_peer( void )
{
    char command[128];
    int status;

    unit_finish( &race.unit );
    parent_says( 1000 );
    waitpid( child, &status, 0 );
    ok( (WIFEXITED( status ) && !WEXITSTATUS( status )) || (WIFSIGNALED( status ) && WTERMSIG( status ) == SIGKILL), "status %#x\n", status );
    sprintf( command, "rm -rf '%s'", folder );
    ok( !system( command ), "%s is left\n", folder );
}

/* What the child says of itself; in MiB */
static void publish( unsigned int used, unsigned int offered, unsigned int evictable )
{
    LEDGER_SET( account, LEDGER_LOCAL, used, MIB( used ) );
    LEDGER_SET( account, LEDGER_LOCAL, committed, MIB( used ) );
    LEDGER_SET( account, LEDGER_LOCAL, offered, MIB( offered ) );
    LEDGER_SET( account, LEDGER_LOCAL, evictable, MIB( evictable ) );
}

/* The child asks the test for memory. */
static void ask( unsigned int megabytes, enum ledger_request_kind kind )
{
    struct ledger_peer peers[LEDGER_SLOTS];
    unsigned int i;

    for (i = 0; i < 5000 && ledger_peers( account, LEDGER_LOCAL, peers ) != 1; i++) usleep( 1000 );
    if (i == 5000) _exit( 4 );
    ledger_request( account, LEDGER_LOCAL, peers[0].slot, MIB( megabytes ), kind );
}

/* The next look at the others is a new one. */
static void look_again( void )
{
    kmt_lock();
    race.unit.vidmm->share_time = 0;
    kmt_unlock();
}

static HANDLE open_child( void )
{
    int fd = syscall( SYS_pidfd_open, child, 0 );

    ok( fd > 2, "no pidfd\n" );
    return (HANDLE)(intptr_t)fd;
}

/***********************************************************************
 * Dividing, where no process is needed
 */
static void dividing(void)
{
    struct ledger_counts own = { 0 };
    struct ledger_peer peer = { 0 };
    struct gpu_adapter adapter;
    struct division division;

    /* A process that has reserved counts as one, though it uses nothing yet. */
    peer.counts.reservation = MIB( 4 );
    division = divide( MIB( 16 ), &own, &peer, 1 );
    ok( division.share == MIB( 6 ) && division.budget == MIB( 16 ), "share %llu, budget %llu\n", (unsigned long long)division.share,
        (unsigned long long)division.budget );
    /* It uses nothing and reserves nothing: it is none. */
    peer.counts.reservation = 0;
    division = divide( MIB( 16 ), &own, &peer, 1 );
    ok( division.share == MIB( 16 ), "share %llu\n", (unsigned long long)division.share );
    /* It uses nothing yet, but wants to. */
    peer.counts.demand = MIB( 1 );
    division = divide( MIB( 16 ), &own, &peer, 1 );
    ok( division.share == MIB( 8 ), "share %llu\n", (unsigned long long)division.share );
    /* Nonsense in the counts of others is cut to the size of the memory. */
    peer.counts.used = MIB( 1 );
    peer.counts.demand = UINT64_MAX;
    division = divide( MIB( 16 ), &own, &peer, 1 );
    ok( division.share == MIB( 8 ) && division.budget == MIB( 8 ), "share %llu, budget %llu\n", (unsigned long long)division.share,
        (unsigned long long)division.budget );
    /* More is reserved than there is: the budget is never below what this process reserved. */
    own.reservation = peer.counts.reservation = peer.counts.used = MIB( 12 );
    peer.counts.demand = 0;
    division = divide( MIB( 16 ), &own, &peer, 1 );
    ok( division.share == MIB( 12 ) && division.budget == MIB( 12 ), "share %llu, budget %llu\n", (unsigned long long)division.share,
        (unsigned long long)division.budget );

    unit_gpu( &adapter );
    start( &adapter );
    unit_create_held( &race.unit, .size = MIB( 1 ) );
    kmt_lock();
    race.unit.vidmm->groups[GROUP_LOCAL].division.others = MIB( 2 );
    ok( share_missing_locked( race.unit.vidmm, GROUP_LOCAL, MIB( 13 ) ) == MIB( 1 ), "another sum\n" );
    ok( share_missing_locked( race.unit.vidmm, GROUP_LOCAL, UINT64_MAX ) == UINT64_MAX, "no overflow of the own part\n" );
    ok( share_missing_locked( race.unit.vidmm, GROUP_LOCAL, UINT64_MAX - MIB( 2 ) ) == UINT64_MAX, "no overflow of the sum\n" );
    race.unit.vidmm->groups[GROUP_LOCAL].division.others = 0;
    kmt_unlock();
    unit_finish( &race.unit );
}

/***********************************************************************
 * Calls about another process
 */

/* One that has no GPU memory of this ledger */
static void stranger(void)
{
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION change = { .Reservation = PAGE_SIZE };
    D3DKMT_TRIMPROCESSCOMMITMENT trim = { .cbSize = sizeof(trim), .DecommitRequested = MIB( 1 ), .NumBytesDecommitted = 1 };
    D3DKMT_QUERYVIDEOMEMORYINFO query = { 0 }, own = { 0 };

    start_peer( NULL );
    change.hAdapter = query.hAdapter = own.hAdapter = race.unit.adapter;
    change.hProcess = query.hProcess = trim.hProcess = open_child();
    unit_create( &race.unit, .size = MIB( 1 ) );
    ok_status( kmt_QueryVideoMemoryInfo( &own ), STATUS_SUCCESS );
    ok_status( kmt_QueryVideoMemoryInfo( &query ), STATUS_SUCCESS );
    ok( query.Budget == own.Budget && !query.CurrentUsage, "budget %llu, usage %llu\n", (unsigned long long)query.Budget,
        (unsigned long long)query.CurrentUsage );
    ok_status( kmt_ChangeVideoMemoryReservation( &change ), STATUS_NOT_FOUND );
    ok_status( kmt_TrimProcessCommitment( &trim ), STATUS_SUCCESS );
    ok( !trim.NumBytesDecommitted, "%llu bytes\n", (unsigned long long)trim.NumBytesDecommitted );
    end_of_peer();
}

/* Of the 15 MiB that there are. */
static void use_1_reserve_9( void )
{
    child_waits( 2 );
    publish( 1, 0, 0 );
    LEDGER_SET( account, LEDGER_LOCAL, reservation, MIB( 9 ) );
    child_says( 2 );
}

static NTSTATUS reserve( HANDLE process, unsigned int megabytes )
{
    D3DKMT_CHANGEVIDEOMEMORYRESERVATION change = { .hAdapter = race.unit.adapter, .hProcess = process, .Reservation = MIB( megabytes ) };

    return kmt_ChangeVideoMemoryReservation( &change );
}

static void check_reservation_( HANDLE process, unsigned int current, unsigned int available, int line )
{
    D3DKMT_QUERYVIDEOMEMORYINFO query = { .hAdapter = race.unit.adapter, .hProcess = process };

    look_again();
    ok_status( kmt_QueryVideoMemoryInfo( &query ), STATUS_SUCCESS );
    ok_(__FILE__, line)( query.CurrentReservation == MIB( current ) && query.AvailableForReservation == MIB( available ),
                         "reservation %llu, available %llu\n", (unsigned long long)query.CurrentReservation,
                         (unsigned long long)query.AvailableForReservation );
}
#define check_reservation( ... )  check_reservation_( __VA_ARGS__, __LINE__ )

/* For so many looks, while this process says that it has reserved 5, the other one has reserved 12. */
static unsigned int looks;
static void reserve_too( struct ledger_peer *peers, unsigned int count )
{
    if (LEDGER_GET( race.unit.vidmm->account, LEDGER_LOCAL, reservation ) != MIB( 5 ) || !count || !looks) return;
    looks--;
    peers[0].counts.reservation = MIB( 12 );
}

static void become_another( struct ledger_peer *peers, unsigned int count )
{
    if (count) peers[0].process_key ^= 1;
}

/* Together never more than there is */
static void reservations(void)
{
    uint64_t key = 0;
    HANDLE process;

    start_peer( use_1_reserve_9 );
    process = open_child();
    parent_says( 2 );
    parent_waits( 2 );
    check_reservation( NULL, 0, 6 );
    ok_status( reserve( NULL, 7 ), STATUS_INVALID_PARAMETER );
    check_reservation( NULL, 0, 6 );
    ok_status( reserve( NULL, 6 ), STATUS_SUCCESS );
    check_reservation( NULL, 6, 6 );
    ok_status( reserve( NULL, 2 ), STATUS_SUCCESS );
    check_reservation( NULL, 2, 6 );

    /* Somebody reserves at the same instant: once, and then again and again. */
    looks = 1;
    unit_on_peers( reserve_too );
    ok_status( reserve( NULL, 5 ), STATUS_SUCCESS );
    ok( !looks, "not looked at\n" );
    ok_status( reserve( NULL, 2 ), STATUS_SUCCESS );
    looks = 1000;
    ok_status( reserve( NULL, 5 ), STATUS_INVALID_PARAMETER );
    ok( looks < 1000 && looks > 900, "%u looks are left\n", looks );
    unit_on_peers( NULL );
    check_reservation( NULL, 2, 6 );

    /* That of the other process, by its budget, which it does not tell here and so is 0; and by what a third has. */
    ok_status( reserve( process, 1 ), STATUS_INVALID_PARAMETER );
    ok_status( os_get_process_key( process, &key ), STATUS_SUCCESS );
    kmt_lock();
    ok( share_reservable_locked( race.unit.vidmm, GROUP_LOCAL, NULL, MIB( 8 ) ) == MIB( 4 ), "not half the budget\n" );
    ok( share_reservable_locked( race.unit.vidmm, GROUP_LOCAL, &key, MIB( 60 ) ) == MIB( 13 ), "another sum\n" );
    unit_on_peers( become_another );
    ok( share_reservable_locked( race.unit.vidmm, GROUP_LOCAL, &key, MIB( 60 ) ) == MIB( 4 ), "another sum\n" );
    unit_on_peers( NULL );
    kmt_unlock();
    ok_status( reserve( process, 0 ), STATUS_SUCCESS );
    check_reservation( NULL, 2, 7 );
    unit_check( &race.unit );
    end_of_peer();
}

static void use_3_of_9( void )
{
    publish( 3, 0, 0 );
    LEDGER_SET( account, LEDGER_LOCAL, alone, MIB( 9 ) );
    LEDGER_SET( account, LEDGER_LOCAL, limit, UINT64_MAX );
    LEDGER_SET( account, LEDGER_LOCAL, budget, MIB( 1 ) );
    child_says( 2 );
}

/* What is told of its budget is of now, not what it knew when it last looked. */
static void budget_of_another(void)
{
    D3DKMT_QUERYSTATISTICS group = { .Type = D3DKMT_QUERYSTATISTICS_PROCESS_SEGMENT_GROUP };
    D3DKMT_QUERYVIDEOMEMORYINFO query = { 0 };
    unsigned int i;

    start_peer( use_3_of_9 );
    parent_waits( 2 );
    query.hAdapter = race.unit.adapter;
    query.hProcess = group.hProcess = open_child();
    group.AdapterLuid = race.unit.vidmm->gpu->luid;
    /* 15 MiB are to be divided: first this one leaves more than the other would take alone, then it takes its share. */
    for (i = 0; i < 2; i++)
    {
        uint64_t expected = i ? MIB( 15 ) / 2 : MIB( 9 );

        if (i) unit_create_held( &race.unit, .size = MIB( 10 ) );
        ok_status( kmt_QueryVideoMemoryInfo( &query ), STATUS_SUCCESS );
        ok( query.Budget == expected && query.CurrentUsage == MIB( 3 ), "turn %u: budget %llu, usage %llu\n", i,
            (unsigned long long)query.Budget, (unsigned long long)query.CurrentUsage );
        ok_status( kmt_QueryStatistics( &group ), STATUS_SUCCESS );
        ok( group.QueryResult.ProcessSegmentGroupInformation.Budget == expected, "turn %u: budget %llu\n", i,
            (unsigned long long)group.QueryResult.ProcessSegmentGroupInformation.Budget );
    }
    end_of_peer();
}

static void offer_to_decommit( void )
{
    struct ledger_decommit decommit = { .decommittable = MIB( 4 ), .uniqueness = 1 };

    ledger_set_decommit( &decommit );
    child_says( 2 );
}

/* One that is asked to decommit and says nothing, as when it is stopped in a debugger; and nothing to ask for */
static void silent_decommit(void)
{
    D3DKMT_TRIMPROCESSCOMMITMENT trim = { .cbSize = sizeof(trim) };
    uint64_t before;

    start_peer( offer_to_decommit );
    parent_waits( 2 );
    trim.hProcess = open_child();
    ok_status( kmt_TrimProcessCommitment( &trim ), STATUS_SUCCESS );
    trim.DecommitRequested = MIB( 1 );
    trim.NumBytesDecommitted = 1;
    before = os_time_ns();
    ok_status( kmt_TrimProcessCommitment( &trim ), STATUS_TIMEOUT );
    ok( !trim.NumBytesDecommitted, "%llu bytes\n", (unsigned long long)trim.NumBytesDecommitted );
    ok( os_time_ns() - before > 400000000, "an answer after %llu ns\n", (unsigned long long)(os_time_ns() - before) );
    end_of_peer();
}

static void *kill_child( void *arg )
{
    (void)arg;
    usleep( 100000 );
    kill( child, SIGKILL );
    return NULL;
}

/* It is killed while it is waited for. */
static void dying_decommit(void)
{
    D3DKMT_TRIMPROCESSCOMMITMENT trim = { .cbSize = sizeof(trim), .DecommitRequested = MIB( 1 ), .NumBytesDecommitted = 1 };

    start_peer( offer_to_decommit );
    parent_waits( 2 );
    trim.hProcess = open_child();
    start_thread( kill_child );
    ok_status( kmt_TrimProcessCommitment( &trim ), STATUS_SUCCESS );
    join_thread();
    ok( !trim.NumBytesDecommitted, "%llu bytes\n", (unsigned long long)trim.NumBytesDecommitted );
    end_of_peer();
}

/* Counts that no memory limits, and that are more than the sums can say */
static void talk_nonsense( void )
{
    LEDGER_SET( account, LEDGER_LOCAL, paged_out, UINT64_MAX );
    LEDGER_SET( account, LEDGER_NON_LOCAL, paged_out, 1 );
    LEDGER_SET( account, LEDGER_LOCAL, allocations, UINT64_MAX );
    LEDGER_SET( account, LEDGER_LOCAL, unplaced_allocations, 1 );
    child_says( 2 );
}

static void nonsense_in_statistics(void)
{
    D3DKMT_QUERYSTATISTICS query = { .Type = D3DKMT_QUERYSTATISTICS_ADAPTER };
    const D3DKMT_QUERYSTATISTICS_RESULT *result = &query.QueryResult;

    start_peer( talk_nonsense );
    parent_waits( 2 );
    query.AdapterLuid = race.unit.vidmm->gpu->luid;
    ok_status( kmt_QueryStatistics( &query ), STATUS_SUCCESS );
    ok( result->AdapterInformation.PagingFault.Evictions.Bytes == UINT64_MAX, "%llu bytes\n",
        (unsigned long long)result->AdapterInformation.PagingFault.Evictions.Bytes );
    query.Type = D3DKMT_QUERYSTATISTICS_SEGMENT;
    ok_status( kmt_QueryStatistics( &query ), STATUS_SUCCESS );
    ok( result->SegmentInformation.Memory.AllocsCommitted == UINT32_MAX && result->SegmentInformation.Memory.AllocsResident == UINT32_MAX,
        "%u allocations, %u resident\n", result->SegmentInformation.Memory.AllocsCommitted,
        result->SegmentInformation.Memory.AllocsResident );
    end_of_peer();
}

/* What the child sees of the test, which has two allocations of 1 MiB, both evicted: each counts once. */
static void look_at_pages( void )
{
    struct ledger_peer peers[LEDGER_SLOTS];
    const struct ledger_counts *counts = &peers[0].counts;
    unsigned int step;

    for (step = 2; step < 5; step++)
    {
        child_waits( step );
        if (ledger_peers( account, LEDGER_LOCAL, peers ) != 1) _exit( 5 );
        if (counts->committed + counts->unplaced != MIB( 2 ) || counts->allocations + counts->unplaced_allocations != 2) _exit( 10 + step );
        if (counts->unplaced != MIB( step == 2 ? 2 : 0 )) _exit( 20 + step );
        if (counts->evicted != MIB( step < 4 ? 2 : 0 ) || counts->evicted_allocations != (step < 4 ? 2 : 0)) _exit( 30 + step );
        child_says( step );
    }
}

static bool both_are_evicted( void *arg )
{
    (void)arg;
    return get_allocation_locked( find_device_locked( race.unit.device ), race.handle )->evicted &&
           get_allocation_locked( find_device_locked( race.unit.device ), race.other )->evicted;
}

static void wait_to_go_on( void )
{
    set_flag( &race.entered );
    wait_for( &race.done, 20000 );
}

static bool nothing_is_evicted( void *arg )
{
    (void)arg;
    return !race.unit.vidmm->groups[GROUP_LOCAL].evicted;
}

/* Another process sees what is brought back once: what has memory already is not counted as evicted too. */
static void seen_while_paged_in(void)
{
    D3DKMT_HANDLE list[2];
    unsigned int i;

    start_peer( look_at_pages );
    for (i = 0; i < 2; i++)
    {
        list[i] = unit_create_held( &race.unit, .size = MIB( 1 ) );
        unit_write( &race.unit, list[i], i + 1 );
    }
    race.handle = list[0];
    race.other = list[1];
    ok_status( unit_evict( &race.unit, list, 2, false ), STATUS_SUCCESS );
    ok( unit_wait( both_are_evicted, NULL ), "they are not evicted\n" );
    look_again();
    parent_says( 2 );
    parent_waits( 2 );
    on_first( FAKE_GPU_WRITE, wait_to_go_on );
    ok_status( unit_make_resident( &race.unit, list, 2, 0, NULL, NULL ), STATUS_PENDING );
    wait_for( &race.entered, 10000 );
    ok( flag( &race.entered ), "nothing is copied\n" );
    parent_says( 3 );
    parent_waits( 3 );
    set_flag( &race.done );
    ok( unit_wait( nothing_is_evicted, NULL ), "they are not brought back\n" );
    usleep( 10000 );                /* it is told at the end of the job */
    parent_says( 4 );
    parent_waits( 4 );
    fake_gpu_set_hook( FAKE_GPU_WRITE, NULL, NULL );
    for (i = 0; i < 2; i++) ok( unit_peek_is( &race.unit, list[i], i + 1 ), "%u has another content\n", i );
    unit_check( &race.unit );
    end_of_peer();
}

static void page_out_and_die( void )
{
    LEDGER_SET( account, LEDGER_LOCAL, paged_out, MIB( 5 ) );
    child_says( 2 );
    child_waits( 2 );
    raise( SIGKILL );
}

/* What another process did still counts when it has been killed. */
static void totals_of_the_dead(void)
{
    D3DKMT_QUERYSTATISTICS query = { .Type = D3DKMT_QUERYSTATISTICS_ADAPTER };
    const D3DKMT_QUERYSTATISTICS_RESULT *result = &query.QueryResult;
    unsigned int i;

    start_peer( page_out_and_die );
    parent_waits( 2 );
    query.AdapterLuid = race.unit.vidmm->gpu->luid;
    for (i = 0; i < 2; i++)
    {
        ok_status( kmt_QueryStatistics( &query ), STATUS_SUCCESS );
        ok( result->AdapterInformation.PagingFault.Evictions.Bytes == MIB( 5 ), "turn %u: %llu bytes\n", i,
            (unsigned long long)result->AdapterInformation.PagingFault.Evictions.Bytes );
        parent_says( 2 );
        usleep( 200000 );       /* until it is dead; the end of the test looks whether it is */
    }
    end_of_peer();
}

/***********************************************************************
 * Others hold what is needed
 */
static void take_all( void )
{
    child_waits( 2 );
    publish( 15, 0, 0 );
    child_says( 2 );
}

static bool first_is_evicted( void *arg )
{
    (void)arg;
    return get_allocation_locked( find_device_locked( race.unit.device ), race.handle )->evicted;
}

static bool nothing_is_empty( void *arg )
{
    (void)arg;
    return list_empty( &race.unit.vidmm->empty );
}

/* Even beyond the budget there is nothing left. */
static void nothing_left(void)
{
    start_peer( take_all );
    race.handle = unit_create_held( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_evict( &race.unit, &race.handle, 1, false ), STATUS_SUCCESS );
    ok( unit_wait( first_is_evicted, NULL ), "it was not evicted\n" );
    ok( unit_wait( nothing_is_empty, NULL ), "the worker does not free the block\n" );
    parent_says( 2 );
    parent_waits( 2 );
    look_again();
    ok_status( unit_make_resident( &race.unit, &race.handle, 1, UNIT_CANT_TRIM_FURTHER, NULL, NULL ), STATUS_NO_MEMORY );
    unit_check( &race.unit );
    end_of_peer();
}

/* Gives what is asked for; of what it would have to evict nearly all, as if it were one large block. */
static unsigned int child_used;
static void give( void )
{
    enum ledger_request_kind kind;
    uint64_t bytes;

    while (ledger_take_request( account, LEDGER_LOCAL, &bytes, &kind ))
    {
        unsigned int megabytes = (bytes + MIB( 1 ) - 1) >> 20;

        if (kind == LEDGER_REQUEST_EVICT) child_used = 1;
        else child_used -= megabytes < child_used ? megabytes : child_used;
        publish( child_used, 0, 0 );
        ledger_announce_release( account );
    }
}

/* With so many MiB used, offered, evictable from step 2 on */
static void be_generous( unsigned int used, unsigned int offered, unsigned int evictable )
{
    child_used = used;
    child_waits( 2 );
    publish( used, offered, evictable );
    ledger_set_listener( give );
    child_says( 2 );
}

static void use_12_evictable( void ) { be_generous( 12, 0, 12 ); }
static void use_5_offer_2( void ) { be_generous( 5, 2, 0 ); }

/* Both use more than their share; this one can free nothing itself, so the other has to evict. */
static void over_budget(void)
{
    unsigned int i;

    start_peer( use_12_evictable );
    for (i = 0; i < 10; i++) unit_create_held( &race.unit, .size = MIB( 1 ) );
    parent_says( 2 );
    parent_waits( 2 );
    look_again();
    unit_create( &race.unit, .size = KIB( 64 ) );
    unit_check( &race.unit );
    end_of_peer();
}

/* Vulkan has no memory, though the sums say so: then others are asked too. */
static void vulkan_is_full(void)
{
    start_peer( use_5_offer_2 );
    parent_says( 2 );
    parent_waits( 2 );
    look_again();
    fake_gpu_fail( FAKE_GPU_ALLOCATE, 1, GPU_OUT_OF_DEVICE_MEMORY, false );
    unit_create( &race.unit, .size = MIB( 1 ) );
    ok( fake_gpu_failures() == 1, "nothing failed\n" );
    unit_check( &race.unit );
    end_of_peer();
}

/* Nobody is asked when there is no time left. */
static void no_time_to_ask(void)
{
    struct vidmm_group *group;
    uint64_t others;

    start_peer( use_5_offer_2 );
    parent_says( 2 );
    parent_waits( 2 );
    kmt_lock();
    group = &race.unit.vidmm->groups[GROUP_LOCAL];
    share_refresh_locked( race.unit.vidmm, 0 );
    others = group->division.others;
    ok( others, "nobody else\n" );
    ok( !share_ask_locked( race.unit.vidmm, GROUP_LOCAL, MIB( 1 ), false, os_time_ns() ), "somebody gave\n" );
    ok( group->division.others == others, "others have %llu, and had %llu\n",
        (unsigned long long)group->division.others, (unsigned long long)others );
    ok( share_ask_locked( race.unit.vidmm, GROUP_LOCAL, MIB( 1 ), false, os_time_ns() + 5 * 1000000000ull ), "nobody gave\n" );
    ok( group->division.others == others - MIB( 1 ), "others have %llu\n", (unsigned long long)group->division.others );
    kmt_unlock();
    unit_check( &race.unit );
    end_of_peer();
}

static void use_12_offered_and_silent( void )
{
    child_waits( 2 );
    publish( 12, 12, 0 );
    child_says( 2 );
}

static void *lose_soon( void *arg )
{
    usleep( 5000 );
    lose();
    return arg;
}

/* Says for three times as long as an answer is waited for that it is at work, and only then gives. */
static void use_14_and_work( void )
{
    enum ledger_request_kind kind;
    uint64_t bytes;
    unsigned int i;

    child_waits( 2 );
    publish( 14, 0, 14 );
    child_says( 2 );
    for (i = 0; i < 20000 && !ledger_take_request( account, LEDGER_LOCAL, &bytes, &kind ); i++) usleep( 1000 );
    ledger_begin_giving();
    for (i = 0; i < 12; i++)
    {
        usleep( 50000 );
        ledger_show_progress();
    }
    publish( 8, 0, 0 );
    ledger_announce_release( account );
}

/* Paging out may take longer than the wait for an answer: there are signs that it is being done. */
static void test_slow_page_out(void)
{
    start_peer( use_14_and_work );
    parent_says( 2 );
    parent_waits( 2 );
    look_again();
    unit_create( &race.unit, .size = MIB( 6 ) );
    unit_check( &race.unit );
    end_of_peer();
}

/* The device is lost while the others are waited for. */
static void loss_while_asking(void)
{
    D3DKMT_HANDLE handle;

    start_peer( use_12_offered_and_silent );
    unit_create_held( &race.unit, .size = MIB( 3 ) );
    parent_says( 2 );
    parent_waits( 2 );
    look_again();
    start_thread( lose_soon );
    ok_status( unit_try_create( &race.unit, &(struct unit_spec){ .size = KIB( 64 ) }, &handle ), STATUS_DEVICE_REMOVED );
    join_thread();
    unit_check( &race.unit );
    end_of_peer();
}

/***********************************************************************
 * Others ask
 */
static void ask_for_10_then_5( void )
{
    child_waits( 2 );
    ask( 10, LEDGER_REQUEST_EVICT );
    child_says( 2 );
    child_waits( 3 );
    ask( 5, LEDGER_REQUEST_EVICT );
    child_says( 3 );
}

static bool was_asked( void *arg )
{
    (void)arg;
    return race.unit.vidmm->groups[GROUP_LOCAL].evict_to != UINT64_MAX;
}

/* Of two requests that nobody has carried out yet the larger one counts. */
static void two_requests(void)
{
    uint64_t target;

    start_peer( ask_for_10_then_5 );
    unit_fail_threads( true );      /* no worker */
    unit_create( &race.unit, .size = MIB( 12 ) );
    parent_says( 2 );
    parent_waits( 2 );
    ok( unit_wait( was_asked, NULL ), "the request does not arrive\n" );
    parent_says( 3 );
    parent_waits( 3 );
    usleep( 200000 );               /* until it has arrived too */
    target = unit_read( &race.unit, groups[GROUP_LOCAL].evict_to );
    ok( target == MIB( 2 ), "%llu bytes are to be left\n", (unsigned long long)target );
    unit_fail_threads( false );
    end_of_peer();
}

static void ask_for_4_discarded( void )
{
    child_waits( 2 );
    ask( 4, LEDGER_REQUEST_OFFERED );
}

static void ask_for_4_evicted( void )
{
    child_waits( 2 );
    ask( 4, LEDGER_REQUEST_EVICT );
}

static bool is_not_asked( void *arg )
{
    (void)arg;
    return race.unit.vidmm->groups[GROUP_LOCAL].evict_to == UINT64_MAX;
}

/* Waits until the worker has been asked, and has answered by an announcement. */
static void wait_for_answer( uint32_t seen )
{
    ok( ledger_wait( race.unit.vidmm->account, &seen, os_time_ns() + 10 * 1000000000ull ), "no answer\n" );
    ok( unit_wait( is_not_asked, NULL ), "the request is still there\n" );
}

/* Nothing is offered: nothing goes. */
static void nothing_to_give(void)
{
    D3DKMT_HANDLE handle;
    uint32_t seen;

    start_peer( ask_for_4_discarded );
    handle = unit_create( &race.unit, .size = MIB( 8 ) );
    unit_write( &race.unit, handle, 1 );
    seen = ledger_releases( race.unit.vidmm->account );
    parent_says( 2 );
    wait_for_answer( seen );
    ok( !unit_is_evicted( &race.unit, handle ) && unit_peek_is( &race.unit, handle, 1 ), "evicted, or another content\n" );
    unit_check( &race.unit );
    end_of_peer();
}

static void wait_until_done( void )
{
    set_flag( &race.entered );
    wait_for( &race.done, 10000 );
}

/* What is offered goes at once, also while the worker is paging something out, which is not waited for where it is less than was asked for. */
static void test_discard_beside_page_out(void)
{
    D3DKMT_HANDLE handles[7];
    uint64_t used, now = 0;
    unsigned int i;

    start_peer( ask_for_4_discarded );
    for (i = 0; i < 7; i++) handles[i] = unit_create_held( &race.unit, .size = MIB( 1 ) );
    for (i = 0; i < 4; i++) unit_write( &race.unit, handles[i], i );
    ok_status( unit_offer( &race.unit, handles + 4, 3, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    on_first( FAKE_GPU_READ, wait_until_done );
    ok_status( unit_evict( &race.unit, handles, 4, false ), STATUS_SUCCESS );
    wait_for( &race.entered, 10000 );
    ok( flag( &race.entered ), "nothing is evicted\n" );
    used = unit_read( &race.unit, groups[GROUP_LOCAL].used );
    parent_says( 2 );
    for (i = 0; i < 5000 && (now = unit_read( &race.unit, groups[GROUP_LOCAL].used )) > used - MIB( 3 ); i++) usleep( 1000 );
    ok( now == used - MIB( 3 ), "used %llu, %llu before\n", (unsigned long long)now, (unsigned long long)used );
    set_flag( &race.done );
    unit_check( &race.unit );
    end_of_peer();
}

/* All is within this process' share, which nobody else has a claim to. */
static void within_the_share(void)
{
    D3DKMT_HANDLE handle;
    uint32_t seen;

    start_peer( ask_for_4_evicted );
    handle = unit_create( &race.unit, .size = MIB( 2 ) );
    unit_write( &race.unit, handle, 1 );
    seen = ledger_releases( race.unit.vidmm->account );
    parent_says( 2 );
    wait_for_answer( seen );
    ok( !unit_is_evicted( &race.unit, handle ) && unit_peek_is( &race.unit, handle, 1 ), "evicted, or another content\n" );
    unit_check( &race.unit );
    end_of_peer();
}

static void use_1_and_ask_for_4_evicted( void )
{
    publish( 1, 0, 0 );
    ask_for_4_evicted();
}

/* More than this process' share, but all of it is held. */
static void nothing_to_evict(void)
{
    uint32_t seen;
    unsigned int i;

    start_peer( use_1_and_ask_for_4_evicted );
    for (i = 0; i < 10; i++) unit_create_held( &race.unit, .size = MIB( 1 ) );
    seen = ledger_releases( race.unit.vidmm->account );
    parent_says( 2 );
    wait_for_answer( seen );
    ok( unit_read( &race.unit, groups[GROUP_LOCAL].used ) == MIB( 10 ), "something went\n" );
    unit_check( &race.unit );
    end_of_peer();
}

/* The device is lost while the worker evicts for another process. */
static void loss_while_giving(void)
{
    D3DKMT_HANDLE handles[12];
    unsigned int i;

    start_peer( use_1_and_ask_for_4_evicted );
    for (i = 0; i < 12; i++)
    {
        handles[i] = unit_create( &race.unit, .size = MIB( 1 ) );
        unit_write( &race.unit, handles[i], i );
    }
    on_first( FAKE_GPU_READ, lose_slowly );
    parent_says( 2 );
    wait_for( &race.entered, 10000 );
    ok( flag( &race.entered ), "nothing is evicted\n" );
    ok( unit_wait( is_not_asked, NULL ), "the request is still there\n" );
    end_of_peer();
}

/* The program ends while the worker frees what it discarded for another process. */
static void shutdown_while_giving(void)
{
    D3DKMT_HANDLE handles[12];
    unsigned int i;

    start_peer( use_1_and_ask_for_4_evicted );
    for (i = 0; i < 12; i++) handles[i] = unit_create( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &race.unit, handles, 1, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    on_first( FAKE_GPU_FREE, wait_until_stopping );
    parent_says( 2 );
    wait_for( &race.entered, 10000 );
    ok( flag( &race.entered ), "nothing is freed\n" );
    end_of_peer();
}

static void free_slowly( void )
{
    set_flag( &race.entered );
    usleep( 100000 );
}

/* The program ends while the listener frees: that is waited for. */
static void shutdown_while_discarding(void)
{
    D3DKMT_HANDLE handles[8];
    unsigned int i;

    start_peer( ask_for_4_discarded );
    for (i = 0; i < 8; i++) handles[i] = unit_create( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &race.unit, handles, 4, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    on_first( FAKE_GPU_FREE, free_slowly );
    parent_says( 2 );
    wait_for( &race.entered, 10000 );
    ok( flag( &race.entered ), "nothing is freed\n" );
    end_of_peer();
}

/* The device is lost while the listener frees. */
static void loss_while_discarding(void)
{
    D3DKMT_HANDLE handles[8];
    unsigned int i;

    start_peer( ask_for_4_discarded );
    for (i = 0; i < 8; i++) handles[i] = unit_create( &race.unit, .size = MIB( 1 ) );
    ok_status( unit_offer( &race.unit, handles, 2, D3DKMT_OFFER_PRIORITY_LOW, false ), STATUS_SUCCESS );
    on_first( FAKE_GPU_FREE, lose_slowly );
    parent_says( 2 );
    wait_for( &race.entered, 10000 );
    ok( flag( &race.entered ), "nothing is freed\n" );
    end_of_peer();
}

START_TEST(peers)
{
    static const struct { const char *name; void (*function)( void ); } tests[] =
    {
        { "dividing", dividing },
        { "stranger", stranger },
        { "reservations", reservations },
        { "budget of another", budget_of_another },
        { "silent decommit", silent_decommit },
        { "dying decommit", dying_decommit },
        { "nonsense in statistics", nonsense_in_statistics },
        { "seen while paged in", seen_while_paged_in },
        { "totals of the dead", totals_of_the_dead },
        { "nothing left", nothing_left },
        { "over budget", over_budget },
        { "Vulkan is full", vulkan_is_full },
        { "no time to ask", no_time_to_ask },
        { "slow page-out", test_slow_page_out },
        { "loss while asking", loss_while_asking },
        { "two requests", two_requests },
        { "nothing to give", nothing_to_give },
        { "discard beside page-out", test_discard_beside_page_out },
        { "within the share", within_the_share },
        { "nothing to evict", nothing_to_evict },
        { "loss while giving", loss_while_giving },
        { "shutdown while giving", shutdown_while_giving },
        { "shutdown while discarding", shutdown_while_discarding },
        { "loss while discarding", loss_while_discarding },
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE( tests ); i++) unit_isolated( tests[i].name, tests[i].function );
}
