/*
 * Several programs on one GPU: plays through what should happen between them, with the programs of share_peer.c
 *
 *   share_test soak SECONDS PEER     for that long: four programs at once, each with up to four times what there is, that hold,
 *                                    offer, reclaim, evict and compare at random; one of them lives to the end, the others are killed
 *   share_test share PEER [PEER2]    PEER: how to start one, a command line for sh; PEER2: how to start the second one
 *
 * The environment gives every program the limit of 64 MB (WINEKMT_VIDEO_MEMORY_SIZE), which makes a small card of whatever
 * GPU there is, and a ledger of their own. SHARE_TEST_KILLS: how many programs are killed at random (default 30).
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#define STANDALONE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wine/test.h"
#include "ntstatus.h"
#include "share_test.h"

const char *commands[2];
static char ledger[] = "/tmp/winekmt-share-XXXXXX";

static double now_ms( void )
{
    struct timespec time;

    clock_gettime( CLOCK_MONOTONIC, &time );
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

void sleep_ms( unsigned int ms )
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000l };

    nanosleep( &time, NULL );
}

static void send_line( struct peer *peer, const char *format, va_list args )
{
    vfprintf( peer->in, format, args );
    fputc( '\n', peer->in );
    fflush( peer->in );
}

static const char *read_line( struct peer *peer )
{
    if (!fgets( peer->line, sizeof(peer->line), peer->out )) strcpy( peer->line, "gone" );
    peer->line[strcspn( peer->line, "\r\n" )] = 0;
    return peer->line;
}

const char *ask( struct peer *peer, const char *format, ... )
{
    va_list args;

    va_start( args, format );
    send_line( peer, format, args );
    va_end( args );
    return read_line( peer );
}

static void tell( struct peer *peer, const char *format, ... ) __attribute__((format (printf, 2, 3)));
static void tell( struct peer *peer, const char *format, ... )
{
    va_list args;

    va_start( args, format );
    send_line( peer, format, args );
    va_end( args );
}

void start( struct peer *peer, unsigned int which )
{
    unsigned int status = ~0u;
    int in[2], out[2];

    if (pipe2( in, O_CLOEXEC ) || pipe2( out, O_CLOEXEC )) abort();
    if (!(peer->pid = fork()))
    {
        setpgid( 0, 0 );
        prctl( PR_SET_PDEATHSIG, SIGKILL );
        dup2( in[0], 0 );
        dup2( out[1], 1 );
        execl( "/bin/sh", "sh", "-c", commands[which], NULL );
        _exit( 127 );
    }
    close( in[0] );
    close( out[1] );
    peer->in = fdopen( in[1], "w" );
    peer->out = fdopen( out[0], "r" );
    read_line( peer );
    ok( sscanf( peer->line, "ready %x %lu", &status, &peer->id ) == 2 && !status, "%s says %s\n", commands[which], peer->line );
}

void stop( struct peer *peer )
{
    tell( peer, "quit" );
    fclose( peer->in );
    fclose( peer->out );
    waitpid( peer->pid, NULL, 0 );
}

void kill_peer( struct peer *peer )
{
    kill( -peer->pid, SIGKILL );
    fclose( peer->in );
    fclose( peer->out );
    waitpid( peer->pid, NULL, 0 );
}

unsigned int create( struct peer *peer, unsigned int count, unsigned int kib, unsigned int *status, double *ms )
{
    unsigned int created = 0;

    *status = ~0u;
    *ms = 0;
    ok( sscanf( ask( peer, "create %u %u", count, kib ), "created %u %x %lf", &created, status, ms ) == 3, "got %s\n", peer->line );
    return created;
}

struct info { unsigned int status; unsigned long long budget, usage, reservation, available; };

static struct info get_info( struct peer *peer, unsigned long of )
{
    struct info info = { ~0u, 0, 0, 0, 0 };

    ok( sscanf( ask( peer, "info %lu", of ), "info %x %llu %llu %llu %llu", &info.status, &info.budget, &info.usage, &info.reservation,
                &info.available ) == 5,
        "got %s\n", peer->line );
    return info;
}

void check_ledger( void )
{
    struct stat st;

    ok( !stat( ledger, &st ) && (st.st_mode & 0777) == 0600, "mode %o\n", st.st_mode & 0777 );
    ok( st.st_size < 4 * (off_t)MB, "the ledger has %lld bytes\n", (long long)st.st_size );
}

/* What one has offered makes room for the other, no more than needed, and the first is told truly. */
static void test_offered( void )
{
    unsigned int status, lost;
    struct peer a, b;
    double ms;

    start( &a, 0 );
    ok( create( &a, 60, 1024, &status, &ms ) == 60 && !status, "got %s\n", a.line );
    expect( &a, "hold", "held 0 0" );
    start( &b, 1 );
    /* 4 MB are left, whatever the budget says. */
    ok( !create( &b, 1, 8 * 1024, &status, &ms ) && status == (unsigned int)STATUS_GRAPHICS_NO_VIDEO_MEMORY, "got %s\n", b.line );
    expect( &a, "offer", "offered 0" );
    ok( create( &b, 1, 8 * 1024, &status, &ms ) == 1 && !status, "got %s\n", b.line );
    trace( "memory that another program offered came after %.2f ms\n", ms );
    ok( ms < 2000, "after %.0f ms\n", ms );
    ok( sscanf( ask( &a, "reclaim" ), "reclaimed %x %u", &status, &lost ) == 2 && !status, "got %s\n", a.line );
    /* Who has no answer within 20 ms asks a second time, and then may get both answers. */
    ok( lost == 4 || (ms > 20 && lost <= 8), "%u discarded, 4 were needed\n", lost );
    expect( &b, "verify", "verified 0 0" );
    expect( &a, "verify", "verified 0 0" );
    stop( &b );
    stop( &a );
}

/* The same for a block that is larger than what the other could not be asked for. */
static void test_offered_large( void )
{
    unsigned int status, lost;
    struct peer a, b;
    double ms;

    start( &a, 0 );
    ok( create( &a, 56, 1024, &status, &ms ) == 56, "got %s\n", a.line );
    expect( &a, "offer", "offered 0" );
    start( &b, 1 );
    ok( create( &b, 1, 48 * 1024, &status, &ms ) == 1 && !status, "got %s\n", b.line );
    ok( sscanf( ask( &a, "reclaim" ), "reclaimed %x %u", &status, &lost ) == 2 && !status && lost == 40, "got %s\n", a.line );
    expect( &b, "verify", "verified 0 0" );
    expect( &a, "verify", "verified 0 0" );
    stop( &b );
    stop( &a );
}

/* One that does not answer does not keep others from being asked. */
static void test_one_silent( void )
{
    struct peer a, b, c;
    unsigned int status;
    double ms;

    start( &a, 0 );
    start( &c, 0 );
    ok( create( &a, 24, 1024, &status, &ms ) == 24, "got %s\n", a.line );
    ok( create( &c, 24, 1024, &status, &ms ) == 24, "got %s\n", c.line );
    expect( &a, "offer", "offered 0" );
    expect( &c, "offer", "offered 0" );
    start( &b, 1 );
    kill( -a.pid, SIGSTOP );
    ok( create( &b, 1, 32 * 1024, &status, &ms ) == 1 && !status, "got %s\n", b.line );
    ok( ms < 5000, "after %.0f ms\n", ms );
    kill( -a.pid, SIGCONT );
    expect( &b, "verify", "verified 0 0" );
    stop( &b );
    stop( &c );
    stop( &a );
}

/* What one leaves unused is lent to the other, until it asks: then content beyond the share is evicted, and nothing is lost. */
static void test_evicted( void )
{
    unsigned int status;
    struct peer a, b;
    struct info info;
    double ms;

    start( &a, 0 );
    ok( create( &a, 60, 1024, &status, &ms ) == 60 && !status, "got %s\n", a.line );
    info = get_info( &a, 0 );
    ok( info.budget == LIMIT * MB && info.usage == 60 * MB, "got %s\n", a.line );
    start( &b, 1 );
    info = get_info( &b, 0 );
    ok( info.budget == LIMIT / 2 * MB, "got %s\n", b.line );
    ok( create( &b, 8, 4 * 1024, &status, &ms ) == 8 && !status, "got %s\n", b.line );
    trace( "4 MB that another program had to evict came after %.2f ms at the most\n", ms );
    info = get_info( &a, 0 );
    ok( info.usage <= LIMIT / 2 * MB, "got %s\n", a.line );
    sleep_ms( 200 );        /* how old a budget may be */
    info = get_info( &a, 0 );
    ok( info.budget == LIMIT / 2 * MB, "got %s\n", a.line );
    /* More than its share costs it content of its own. */
    ok( create( &b, 8, 4 * 1024, &status, &ms ) == 8 && !status, "got %s\n", b.line );
    info = get_info( &b, 0 );
    ok( info.usage <= LIMIT / 2 * MB, "got %s\n", b.line );
    expect( &b, "verify", "verified 0 0" );
    expect( &a, "verify", "verified 0 0" );
    info = get_info( &a, 0 );
    ok( info.usage <= LIMIT / 2 * MB, "got %s\n", a.line );

    /* What is held is not taken, also beyond the share. */
    expect( &b, "destroy", "destroyed 0" );
    sleep_ms( 500 );        /* until what was kept for reuse is free */
    expect( &a, "hold", "held 0 0" );
    /* 4 MB are left, for which b's own content takes turns. */
    ok( create( &b, 4, 4 * 1024, &status, &ms ) == 4 && !status, "got %s\n", b.line );
    info = get_info( &b, 0 );
    ok( info.usage == 4 * MB, "got %s\n", b.line );
    ok( sscanf( ask( &b, "hold" ), "held %x", &status ) == 1 && status == (unsigned int)STATUS_NO_MEMORY, "got %s\n", b.line );
    expect( &b, "verify", "verified 0 0" );
    info = get_info( &a, 0 );
    ok( info.usage == 60 * MB, "got %s\n", a.line );
    expect( &a, "release", "released 0" );
    expect( &b, "hold", "held 0 0" );
    expect( &a, "verify", "verified 0 0" );
    stop( &b );
    stop( &a );
}

/* Reservations come before shares; those of another process can be seen and changed, with what it uses. */
static void test_reservation( void )
{
    unsigned int status;
    struct peer a, b;
    struct info info;
    double ms;
    char line[64];

    start( &a, 0 );
    start( &b, 1 );
    ok( create( &a, 8, 1024, &status, &ms ) == 8, "got %s\n", a.line );
    ok( create( &b, 4, 1024, &status, &ms ) == 4, "got %s\n", b.line );
    snprintf( line, sizeof(line), "reserve 0 %llu", 24 * MB );
    expect( &a, line, "reserved 0" );
    info = get_info( &a, 0 );
    ok( info.reservation == 24 * MB, "got %s\n", a.line );
    /* b has 20 of the 40 that are not reserved, and what a leaves: a uses 8 of its 44. */
    sleep_ms( 200 );
    info = get_info( &b, 0 );
    ok( info.budget == (LIMIT - 8) * MB && info.usage == 4 * MB, "got %s\n", b.line );
    ok( create( &a, 52, 1024, &status, &ms ) == 52, "got %s\n", a.line );
    sleep_ms( 200 );
    info = get_info( &b, 0 );
    ok( info.budget == 20 * MB, "got %s\n", b.line );

    info = get_info( &b, a.id );
    if (strcmp( commands[0], commands[1] ))
        ok( info.status, "a process of another system was found: %s\n", b.line );
    else
    {
        ok( !info.status && info.usage == get_info( &a, 0 ).usage && info.reservation == 24 * MB, "got %s\n", b.line );
        snprintf( line, sizeof(line), "reserve %lu %llu", a.id, 16 * MB );
        expect( &b, line, "reserved 0" );
        info = get_info( &a, 0 );
        ok( info.reservation == 16 * MB, "got %s\n", a.line );
    }
    expect( &a, "verify", "verified 0 0" );
    expect( &b, "verify", "verified 0 0" );
    stop( &a );
    sleep_ms( 200 );
    info = get_info( &b, 0 );
    ok( info.budget == LIMIT * MB, "got %s\n", b.line );
    stop( &b );
}

/* The sum of all reservations is never more than there is, also when two are made at the same instant, or for another process. */
static void test_reservations( void )
{
    unsigned int i, turn, status[2], both = 0, none = 0;
    struct peer peers[4];
    struct info info;
    char line[64];
    double ms;

    for (i = 0; i < 4; i++)
    {
        start( &peers[i], i % 2 );
        ok( create( &peers[i], 1, 64, &status[0], &ms ) == 1, "got %s\n", peers[i].line );
    }
    snprintf( line, sizeof(line), "reserve 0 %llu", 31 * MB );
    expect( &peers[0], line, "reserved 0" );
    expect( &peers[1], line, "reserved 0" );
    sleep_ms( 200 );
    info = get_info( &peers[2], 0 );
    ok( info.available == (LIMIT - 62) * MB, "got %s\n", peers[2].line );
    expect( &peers[2], line, "reserved c000000d" );
    expect( &peers[2], "reserve 0 2097152", "reserved 0" );
    expect( &peers[3], "reserve 0 1", "reserved c000000d" );
    ok( !get_info( &peers[3], 0 ).available, "got %s\n", peers[3].line );
    if (!strcmp( commands[0], commands[1] ))
    {
        ok( get_info( &peers[3], peers[0].id ).available == 31 * MB, "got %s\n", peers[3].line );
        snprintf( line, sizeof(line), "reserve %lu %llu", peers[2].id, 3 * MB );
        expect( &peers[3], line, "reserved c000000d" );
        snprintf( line, sizeof(line), "reserve %lu %llu", peers[0].id, 10 * MB );
        expect( &peers[3], line, "reserved 0" );
        ok( get_info( &peers[3], 0 ).available == 21 * MB, "got %s\n", peers[3].line );
    }
    for (i = 0; i < 3; i++) expect( &peers[i], "reserve 0 0", "reserved 0" );

    /* 24 of 64 are left for two that want 20 each */
    expect( &peers[2], "reserve 0 20971520", "reserved 0" );
    expect( &peers[3], "reserve 0 20971520", "reserved 0" );
    for (turn = 0; turn < 200; turn++)
    {
        snprintf( line, sizeof(line), "reserve 0 %llu", 20 * MB );
        for (i = 0; i < 2; i++) tell( &peers[i], "%s", line );
        for (i = 0; i < 2; i++) ok( sscanf( read_line( &peers[i] ), "reserved %x", &status[i] ) == 1, "got %s\n", peers[i].line );
        both += !status[0] && !status[1];
        none += status[0] && status[1];
        for (i = 0; i < 2; i++) expect( &peers[i], "reserve 0 0", "reserved 0" );
    }
    ok( !both && none < 20, "both reserved %u times, none %u times\n", both, none );
    for (i = 0; i < 4; i++) stop( &peers[i] );
}

/* QueryProcessOfferInfo and TrimProcessCommitment of another process */
static void test_commitment( void )
{
    unsigned int status, lost;
    struct peer a, b;
    char line[64];
    double ms;

    if (strcmp( commands[0], commands[1] ))
    {
        skip( "processes of two systems have no handles of each other\n" );
        return;
    }
    start( &a, 0 );
    start( &b, 1 );
    ok( create( &a, 8, 1024, &status, &ms ) == 8, "got %s\n", a.line );
    snprintf( line, sizeof(line), "offer-info %lu", a.id );
    expect( &b, line, "offer-info 0 0" );
    expect( &a, "offer-decommit", "offered 0" );
    expect( &b, line, "offer-info 0 8388608" );
    snprintf( line, sizeof(line), "trim %lu %llu", a.id, 3 * MB - 5 );
    expect( &b, line, "trimmed 0 3145728" );
    snprintf( line, sizeof(line), "offer-info %lu", a.id );
    expect( &b, line, "offer-info 0 5242880" );
    ok( sscanf( ask( &a, "reclaim" ), "reclaimed %x %u", &status, &lost ) == 2 && !status && lost == 3, "got %s\n", a.line );
    expect( &b, line, "offer-info 0 0" );
    snprintf( line, sizeof(line), "trim %lu %llu", a.id, MB );
    expect( &b, line, "trimmed 0 0" );
    stop( &a );
    stop( &b );
}

/* A program that is stopped holds up nobody for long. */
static void test_stopped( void )
{
    unsigned int status;
    struct peer a, b;
    double start_ms, ms;

    start( &a, 0 );
    ok( create( &a, 60, 1024, &status, &ms ) == 60, "got %s\n", a.line );
    expect( &a, "offer", "offered 0" );
    start( &b, 1 );
    kill( -a.pid, SIGSTOP );
    start_ms = now_ms();
    create( &b, 4, 8 * 1024, &status, &ms );
    ok( status == (unsigned int)STATUS_GRAPHICS_NO_VIDEO_MEMORY, "got %s\n", b.line );
    ok( now_ms() - start_ms < 5000, "after %.0f ms\n", now_ms() - start_ms );
    kill( -a.pid, SIGCONT );
    sleep_ms( 1200 );       /* after a request without an answer nobody is asked for a second */
    ok( create( &b, 4, 8 * 1024, &status, &ms ) == 4 && !status, "got %s\n", b.line );
    expect( &b, "verify", "verified 0 0" );
    stop( &b );
    stop( &a );
}

/* Killed at any moment, with work under way: nothing stays counted, nobody is blocked, the file does not grow. */
static void test_killed( void )
{
    unsigned int i, status, kills = getenv( "SHARE_TEST_KILLS" ) ? atoi( getenv( "SHARE_TEST_KILLS" ) ) : 30;
    struct peer survivor, victim;
    struct info info;
    double ms;

    srand( 1 );
    start( &survivor, 0 );
    ok( create( &survivor, 30, 1024, &status, &ms ) == 30, "got %s\n", survivor.line );
    for (i = 0; i < kills; i++)
    {
        start( &victim, 1 );
        tell( &victim, "create %u %u", 20 + rand() % 60, 64 << rand() % 6 );
        tell( &victim, rand() % 2 ? "offer" : "hold" );
        tell( &victim, "verify" );
        tell( &victim, "create 100 256" );
        sleep_ms( rand() % 60 );
        if (rand() % 2) create( &survivor, 1, 1024, &status, &ms );
        kill_peer( &victim );
        expect( &survivor, "verify", "verified 0 0" );
    }
    sleep_ms( 300 );
    info = get_info( &survivor, 0 );
    ok( info.budget == LIMIT * MB, "got %s\n", survivor.line );
    expect( &survivor, "destroy", "destroyed 0" );
    ok( create( &survivor, 64, 1024, &status, &ms ) == 64 && !status, "got %s\n", survivor.line );
    expect( &survivor, "hold", "held 0 0" );
    check_ledger();
    stop( &survivor );
}

/* Four at once that all want more than there is. */
static void test_crowd( void )
{
    struct peer peers[4];
    unsigned int i, created, status;
    unsigned long long usage = 0;
    double ms;

    for (i = 0; i < 4; i++) start( &peers[i], i % 2 );
    for (i = 0; i < 4; i++) tell( &peers[i], "create 80 512" );
    for (i = 0; i < 4; i++)
    {
        ok( sscanf( read_line( &peers[i] ), "created %u %x %lf", &created, &status, &ms ) == 3 && created == 80 && !status, "%u: got %s\n", i,
            peers[i].line );
    }
    for (i = 0; i < 4; i++) tell( &peers[i], "verify" );
    for (i = 0; i < 4; i++) ok( !strcmp( read_line( &peers[i] ), "verified 0 0" ), "%u: got %s\n", i, peers[i].line );
    for (i = 0; i < 4; i++) usage += get_info( &peers[i], 0 ).usage;
    /* Two may take the last bytes at the same instant: a block each, at the most. */
    ok( usage <= (LIMIT + 4) * MB, "together they use %llu bytes\n", usage );
    for (i = 0; i < 4; i++) stop( &peers[i] );
}

/* Without a common ledger each still works. */
static void test_alone( void )
{
    unsigned int status;
    struct peer a, b;
    struct info info;
    double ms;

    setenv( "WINEKMT_LEDGER", "none", 1 );
    start( &a, 0 );
    start( &b, 1 );
    ok( create( &a, 60, 1024, &status, &ms ) == 60, "got %s\n", a.line );
    ok( create( &b, 60, 1024, &status, &ms ) == 60, "got %s\n", b.line );
    info = get_info( &b, 0 );
    ok( info.budget == LIMIT * MB && info.usage == 60 * MB, "got %s\n", b.line );
    expect( &a, "verify", "verified 0 0" );
    expect( &b, "verify", "verified 0 0" );
    stop( &a );
    stop( &b );
    setenv( "WINEKMT_LEDGER", ledger, 1 );
}

/***********************************************************************
 * Soak
 */

#define SOAKERS  4

/* What a program has of the system: kilobytes that are resident, and open files. */
struct footprint { unsigned long kb, files; };

static struct footprint get_footprint( const struct peer *peer )
{
    struct footprint footprint = { 0, 0 };
    char path[64], line[256];
    struct dirent *entry;
    FILE *file;
    DIR *dir;

    snprintf( path, sizeof(path), "/proc/%lu/status", peer->id );
    if ((file = fopen( path, "r" )))
    {
        while (fgets( line, sizeof(line), file )) sscanf( line, "VmRSS: %lu", &footprint.kb );
        fclose( file );
    }
    snprintf( path, sizeof(path), "/proc/%lu/fd", peer->id );
    if ((dir = opendir( path )))
    {
        while ((entry = readdir( dir ))) footprint.files += entry->d_name[0] != '.';
        closedir( dir );
    }
    return footprint;
}

/* The state of a program that is soaked: what it may be told next. */
struct soaker
{
    struct peer  peer;
    unsigned int count;         /* allocations */
    bool         held, offered;
};

/* Tells a program something that is allowed in its state. *expected: how the answer begins. */
static void tell_at_random( struct soaker *soaker, const char **expected )
{
    unsigned int what = rand() % 100;

    *expected = NULL;
    if (!soaker->count || (what < 30 && soaker->count < 200 && !soaker->offered))
    {
        tell( &soaker->peer, "create %u 512", 1 + rand() % 60 );
        *expected = "created ";
    }
    else if (soaker->offered)
    {
        tell( &soaker->peer, "reclaim" );
        *expected = "reclaimed 0 ";
        soaker->offered = false;
    }
    else if (what < 45)
    {
        tell( &soaker->peer, "offer" );
        *expected = "offered 0";
        soaker->offered = true;
    }
    else if (what < 60 && !soaker->held)
    {
        tell( &soaker->peer, "hold" );
        *expected = "held ";
    }
    else if (soaker->held)
    {
        tell( &soaker->peer, "release" );
        *expected = "released 0";
        soaker->held = false;
    }
    else if (what < 70)
    {
        tell( &soaker->peer, "destroy" );
        *expected = "destroyed 0";
        soaker->count = 0;
    }
    else
    {
        tell( &soaker->peer, "verify" );
        *expected = "verified 0 0";
    }
}

static void hear( struct soaker *soaker, const char *expected )
{
    unsigned int created, status;

    ok( !strncmp( read_line( &soaker->peer ), expected, strlen( expected ) ), "got %s, expected %s\n", soaker->peer.line, expected );
    if (sscanf( soaker->peer.line, "created %u %x", &created, &status ) == 2) soaker->count += created;
    if (sscanf( soaker->peer.line, "held %x", &status ) == 1)
    {
        ok( !status || status == (unsigned int)STATUS_NO_MEMORY, "got %s\n", soaker->peer.line );
        soaker->held = !status;
    }
}

/* Back to nothing, so that two moments can be compared. */
static struct footprint rest( struct soaker *soaker )
{
    if (soaker->offered) ask( &soaker->peer, "reclaim" );
    ask( &soaker->peer, "destroy" );
    memset( &soaker->count, 0, sizeof(*soaker) - offsetof( struct soaker, count ) );
    sleep_ms( 1000 );       /* what is kept for reuse goes */
    return get_footprint( &soaker->peer );
}

static void soak( double seconds )
{
    struct soaker soakers[SOAKERS];
    const char *expected[SOAKERS];
    struct footprint before = { 0, 0 }, after;
    unsigned int i, turn, kills = 0;
    double start_ms = now_ms();
    struct info info;

    memset( soakers, 0, sizeof(soakers) );
    for (i = 0; i < SOAKERS; i++) start( &soakers[i].peer, 0 );
    for (turn = 0; now_ms() - start_ms < seconds * 1000; turn++)
    {
        if (turn == 40) before = rest( &soakers[0] );
        for (i = 0; i < SOAKERS; i++) tell_at_random( &soakers[i], &expected[i] );
        if (turn > 40 && !(rand() % 8))
        {
            i = 1 + rand() % (SOAKERS - 1);
            sleep_ms( rand() % 20 );
            kill_peer( &soakers[i].peer );
            memset( &soakers[i], 0, sizeof(soakers[i]) );
            start( &soakers[i].peer, 0 );
            expected[i] = NULL;
            kills++;
        }
        for (i = 0; i < SOAKERS; i++) if (expected[i]) hear( &soakers[i], expected[i] );
        if (winetest_get_failures()) break;
    }
    for (i = 1; i < SOAKERS; i++) stop( &soakers[i].peer );
    after = rest( &soakers[0] );
    trace( "%u turns, %u killed; the survivor had %lu KiB and %lu files, has %lu KiB and %lu files\n", turn, kills, before.kb, before.files,
           after.kb, after.files );
    ok( turn > 40, "only %u turns\n", turn );
    ok( after.files == before.files, "%lu files, now %lu\n", before.files, after.files );
    ok( after.kb < before.kb + 4096, "%lu KiB, now %lu KiB\n", before.kb, after.kb );
    info = get_info( &soakers[0].peer, 0 );
    ok( info.usage == 0 && info.budget == LIMIT * MB, "got %s\n", soakers[0].peer.line );
    check_ledger();
    stop( &soakers[0].peer );
}

static void prepare( void )
{
    char limit[16];
    int fd;

    signal( SIGPIPE, SIG_IGN );
    if ((fd = mkstemp( ledger )) < 0) abort();
    close( fd );
    unlink( ledger );
    setenv( "WINEKMT_LEDGER", ledger, 1 );
    snprintf( limit, sizeof(limit), "%u", LIMIT );
    setenv( "WINEKMT_VIDEO_MEMORY_SIZE", limit, 1 );
}

START_TEST(soak)
{
    char **args;
    int count = winetest_get_mainargs( &args );
    unsigned int seed = getenv( "SOAK_SEED" ) ? atoi( getenv( "SOAK_SEED" ) ) : time( NULL );

    if (count < 4 || atof( args[2] ) <= 0)
    {
        ok( 0, "usage: share_test soak SECONDS PEER\n" );
        return;
    }
    commands[0] = commands[1] = args[3];
    trace( "seed %u (SOAK_SEED)\n", seed );
    srand( seed );
    /* lavapipe's memory is malloc's, and that gives small pieces back when it likes */
    setenv( "MALLOC_MMAP_THRESHOLD_", "65536", 1 );
    setenv( "MALLOC_TRIM_THRESHOLD_", "65536", 1 );
    setenv( "MALLOC_ARENA_MAX", "2", 1 );
    prepare();
    soak( atof( args[2] ) );
    unlink( ledger );
}

START_TEST(share)
{
    char **args;
    int count = winetest_get_mainargs( &args );

    if (count < 3)
    {
        ok( 0, "usage: share_test share PEER [PEER2]\n" );
        return;
    }
    commands[0] = args[2];
    commands[1] = args[count > 3 ? 3 : 2];

    prepare();
    test_offered();
    test_offered_large();
    test_evicted();
    test_reservation();
    test_reservations();
    test_commitment();
    test_statistics();
    test_budgets();
    test_processes();
    test_stopped();
    test_one_silent();
    test_crowd();
    test_alone();
    test_killed();
    unlink( ledger );
}

const struct test winetest_testlist[] = { { "share", func_share }, { "soak", func_soak }, { 0, 0 } };
