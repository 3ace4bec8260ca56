/*
 * Where there can be no ledger: the process is alone, says so once, and goes on
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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ledger_test.h"

static struct ledger_peer peers[LEDGER_SLOTS];

static void no_listener(void)
{
    check( !"called although there is nobody who could ask" );
}

/* Everything works, with nobody else. */
static void be_alone( void *arg )
{
    struct ledger_account *account, *other;
    struct ledger_decommit decommit;
    struct ledger_counts counts;
    enum ledger_request_kind kind;
    uint64_t begin = os_time_ns(), bytes, key = os_own_process_key();
    uint32_t seen;

    (void)arg;
    ledger_set_listener( no_listener );
    check( !ledger_join( gpu_a, "GPU A", totals, &account ) );
    check( !ledger_join( gpu_b, "GPU B", totals, &other ) );
    check( os_time_ns() - begin < 3 * SECOND );
    LEDGER_SET( account, LEDGER_LOCAL, used, 5 );
    check( LEDGER_GET( account, LEDGER_LOCAL, used ) == 5 && !LEDGER_GET( other, LEDGER_LOCAL, used ) );
    check( !ledger_peers( account, LEDGER_LOCAL, peers ) );
    ledger_request( account, LEDGER_LOCAL, 0, 1, LEDGER_REQUEST_EVICT );
    check( !ledger_take_request( account, LEDGER_LOCAL, &bytes, &kind ) );
    seen = ledger_releases( account );
    ledger_announce_release( account );
    check( !ledger_wait( account, &seen, UINT64_MAX ) );
    check( !ledger_find_process( account, key, LEDGER_LOCAL, &counts ) );
    check( !ledger_set_reservation( account, key, LEDGER_LOCAL, 1 ) );
    ledger_set_decommit( &(struct ledger_decommit){ 1, 2 } );
    check( !ledger_find_decommit( key, &decommit ) );
    check( !ledger_request_decommit( key, 1, UINT64_MAX, &bytes ) && !bytes );
    check( !ledger_take_decommit( &bytes, &seen ) );
    ledger_leave( account );
    ledger_leave( other );
}

static void not_alone( void *arg )
{
    (void)arg;
    ledger_leave( join_a() );
}

/* The line names the file and the reason. */
static void expect_refusal( const char *reason )
{
    const char *text = run_caught( be_alone, NULL );

    if (!check( count_string( text, "\n" ) == 1 && strstr( text, reason ) && strstr( text, getenv( "WINEKMT_LEDGER" ) ) ))
        printf( "expected \"%s\", got: %s\n", reason, text );
}

static void expect_silence( void (*function)( void * ) )
{
    const char *text = run_caught( function, NULL );

    if (!check( !*text )) printf( "%s\n", text );
}

/* A file with that size and content. */
static void make_file( const char *path, size_t size, int byte )
{
    int fd = open( path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600 );
    char *content = malloc( size + 1 );

    memset( content, byte, size );
    check( fd != -1 && write( fd, content, size ) == (ssize_t)size );
    free( content );
    close( fd );
}

static off_t file_size( const char *path )
{
    struct stat st;

    return stat( path, &st ) ? -1 : st.st_size;
}

/* Words: 0 it holds the lock, 1 it may go. */
static void hold_making( void *arg )
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LEDGER_BYTE_MAKING, .l_len = 1 };
    int fd = open( ledger_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600 );

    (void)arg;
    check( !fcntl( fd, F_SETLK, &lock ) );
    set_word( 0, 1 );
    wait_word( 1, 1 );
}

/* Words: 2 joined, 3 it may go. */
static void stay( void *arg )
{
    struct ledger_account *account = join_a();

    (void)arg;
    LEDGER_SET( account, LEDGER_LOCAL, used, 5 );
    add_word( 2, 1 );
    wait_word( 3, 1 );
    ledger_leave( account );
}

void test_refuse(void)
{
    static const size_t sizes[] = { 1, 4096, sizeof(struct ledger_file) - 1, sizeof(struct ledger_file), sizeof(struct ledger_file) + 5000 };
    char other[300], longer[LEDGER_PATH + 100];
    unsigned int i;
    pid_t pid;
    int fd;

    setenv( "WINEKMT_LEDGER", "none", 1 );
    expect_silence( be_alone );
    setenv( "WINEKMT_LEDGER", "/nowhere/at/all", 1 );
    expect_refusal( "No such file" );
    setenv( "WINEKMT_LEDGER", "/dev/null", 1 );
    expect_refusal( "not a regular file" );
    memset( longer, 'x', sizeof(longer) - 1 );
    longer[0] = '/';
    longer[sizeof(longer) - 1] = 0;
    setenv( "WINEKMT_LEDGER", longer, 1 );
    check( strstr( run_caught( be_alone, NULL ), "too long" ) );
    setenv( "WINEKMT_LEDGER", ledger_path, 1 );

    check( !mkdir( ledger_path, 0700 ) );
    expect_refusal( "directory" );
    check( !rmdir( ledger_path ) );
    check( !mkfifo( ledger_path, 0600 ) );
    expect_refusal( "not a regular file" );
    check( !unlink( ledger_path ) );

    snprintf( other, sizeof(other), "%s.other", ledger_path );
    make_file( other, 0, 0 );
    check( !symlink( other, ledger_path ) );
    expect_refusal( "symbolic link" );
    check( !file_size( other ) );
    check( !unlink( ledger_path ) );
    check( !link( other, ledger_path ) );
    expect_refusal( "linked" );
    check( !file_size( other ) );
    check( !unlink( ledger_path ) );
    check( !unlink( other ) );

    for (i = 0; i < 6; i++)
    {
        make_file( ledger_path, 0, 0 );
        check( !chmod( ledger_path, 0600 | 1 << i ) );
        expect_refusal( "others may read or write" );
        check( !file_size( ledger_path ) );
        check( !unlink( ledger_path ) );
    }

    /* What is no ledger, and in nobody's use, becomes one. */
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
    {
        make_file( ledger_path, sizes[i], i & 1 ? 0xff : 0x5a );
        expect_silence( not_alone );
        check( file_size( ledger_path ) == sizeof(struct ledger_file) );
    }
    expect_silence( not_alone );
    check( !unlink( ledger_path ) );

    /* A sparse one, as a full disk might leave it, gets its space. */
    make_file( ledger_path, 0, 0 );
    check( !truncate( ledger_path, sizeof(struct ledger_file) ) );
    expect_silence( not_alone );

    /* The header is destroyed while somebody is there: others stay out, and when he has gone it is mended. */
    pid = start( stay, NULL );
    wait_word( 2, 1 );
    fd = open( ledger_path, O_RDWR | O_CLOEXEC );
    check( pwrite( fd, "\xff\xff\xff\xff", 4, 0 ) == 4 );
    close( fd );
    expect_refusal( "damaged, and in use" );
    set_word( 3, 1 );
    finish( pid );
    expect_silence( not_alone );
    check( file_size( ledger_path ) == sizeof(struct ledger_file) );
    check( !unlink( ledger_path ) );

    /* It is replaced while somebody is there: two ledgers, neither disturbs the other. */
    set_word( 3, 0 );
    pid = start( stay, NULL );
    wait_word( 2, 2 );
    check( !unlink( ledger_path ) );
    expect_silence( not_alone );
    set_word( 3, 1 );
    finish( pid );
    check( !unlink( ledger_path ) );

    /* A process is stopped in the middle of making the file. Nobody waits long, and when it ends all is well. */
    pid = start( hold_making, NULL );
    wait_word( 0, 1 );
    check( pid > 1 && !kill( pid, SIGSTOP ) );
    expect_refusal( "does not go on" );
    check( pid > 1 && !kill( pid, SIGCONT ) );
    set_word( 1, 1 );
    finish( pid );
    expect_silence( not_alone );
}

static void as_other_user( void *arg )
{
    (void)arg;
    check( !setresgid( 65534, 65534, 65534 ) && !setresuid( 65534, 65534, 65534 ) );
    be_alone( NULL );
}

static void as_owner_of_other_file( void *arg )
{
    (void)arg;
    be_alone( NULL );
}

#define SHM_FILE  "/dev/shm/winekmt-ledger-2-64999"
#define RUN_FILE  "/run/user/64999/winekmt-ledger-2"

static void path_is_( int line, const char *expected )
{
    char path[LEDGER_PATH];

    if (!check( ledger_file_path( path ) && !strcmp( path, expected ) )) printf( "line %d: %s, not %s\n", line, path, expected );
}
#define path_is( expected )  path_is_( __LINE__, expected )

/* The same with and without a folder of the session. */
static void only_shm(void)
{
    static const char directory[] = "/run/user/64999";

    path_is( SHM_FILE );
    check( !chmod( directory, 0750 ) );
    path_is( SHM_FILE );
    check( !chmod( directory, 0700 ) );
}

/* /dev/shm cannot be used: it is the session's folder, if that is safe, else the process is alone and says why. */
static void not_shm(void)
{
    static const char directory[] = "/run/user/64999";

    path_is( RUN_FILE );
    check( !chmod( directory, 0750 ) );
    path_is( SHM_FILE );
    check( !chmod( directory, 0700 ) );
}

/* Wholly that user: LeakSanitizer cannot look at a process that is half root. */
static void not_alone_as_user( void *arg )
{
    check( !seteuid( 0 ) && !setresuid( 64999, 64999, 64999 ) && !prctl( PR_SET_DUMPABLE, 1 ) );
    not_alone( arg );
}

static void find_paths( void *arg )
{
    static const char directory[] = "/run/user/64999";
    char path[LEDGER_PATH];
    unsigned int i;

    (void)arg;
    unsetenv( "WINEKMT_LEDGER" );
    check( !access( directory, F_OK ) || !mkdir( directory, 0700 ) );
    check( !chown( directory, 64999, 64999 ) );
    check( !seteuid( 64999 ) );
    only_shm();
    make_file( SHM_FILE, 0, 0 );
    only_shm();
    setenv( "WINEKMT_LEDGER", "", 1 );
    path_is( SHM_FILE );
    setenv( "WINEKMT_LEDGER", "/a/b", 1 );
    path_is( "/a/b" );
    setenv( "WINEKMT_LEDGER", "none", 1 );
    check( !ledger_file_path( path ) );
    unsetenv( "WINEKMT_LEDGER" );

    /* a file there that is not to be trusted */
    for (i = 0; i < 6; i++)
    {
        check( !chmod( SHM_FILE, 0600 | 1 << i ) );
        not_shm();
    }
    check( !chmod( SHM_FILE, 0400 ) );
    not_shm();
    check( !chmod( SHM_FILE, 0600 ) );
    check( !link( SHM_FILE, SHM_FILE ".other" ) );
    not_shm();
    check( !unlink( SHM_FILE ) );
    check( !symlink( SHM_FILE ".other", SHM_FILE ) );
    not_shm();
    check( !unlink( SHM_FILE ) && !unlink( SHM_FILE ".other" ) );
    check( !mkdir( SHM_FILE, 0700 ) );
    not_shm();
    check( !rmdir( SHM_FILE ) );
    check( !seteuid( 0 ) );
    make_file( SHM_FILE, 0, 0 );        /* of root */
    check( !seteuid( 64999 ) );
    not_shm();
    /* and the other one is used */
    expect_silence( not_alone_as_user );
    check( file_size( RUN_FILE ) == sizeof(struct ledger_file) && !file_size( SHM_FILE ) );
    check( !unlink( RUN_FILE ) );
    check( !seteuid( 0 ) && !unlink( SHM_FILE ) );
    check( !seteuid( 64999 ) );
    expect_silence( not_alone_as_user );
    check( file_size( RUN_FILE ) == -1 && file_size( SHM_FILE ) == sizeof(struct ledger_file) );
    check( !unlink( SHM_FILE ) );

    /* a folder of that name that is not the user's */
    check( !seteuid( 0 ) && !rmdir( directory ) && !mkdir( directory, 0700 ) );
    make_file( SHM_FILE, 0, 0 );
    check( !seteuid( 64999 ) );
    path_is( SHM_FILE );
    check( !seteuid( 0 ) && !unlink( SHM_FILE ) && !rmdir( directory ) );
}

/* /dev/shm that is not writable, and none at all: in a mount namespace of this process */
static void find_paths_without_shm( void *arg )
{
    static const char directory[] = "/run/user/64999";

    (void)arg;
    unsetenv( "WINEKMT_LEDGER" );
    if (unshare( CLONE_NEWNS ) || mount( "none", "/", NULL, MS_REC | MS_PRIVATE, NULL ) || mount( "none", "/dev/shm", "tmpfs", 0, "mode=0755" ))
    {
        printf( "foreign: /dev/shm cannot be replaced here (%s)\n", strerror( errno ) );
        return;
    }
    check( !mkdir( directory, 0700 ) && !chown( directory, 64999, 64999 ) );
    check( !seteuid( 64999 ) );
    not_shm();
    check( !seteuid( 0 ) && !chmod( "/dev/shm", 01777 ) && !seteuid( 64999 ) );
    only_shm();
    make_file( SHM_FILE, 0, 0 );
    check( !seteuid( 0 ) && !mount( "none", "/dev/shm", NULL, MS_REMOUNT | MS_RDONLY, NULL ) && !seteuid( 64999 ) );
    not_shm();
    check( !seteuid( 0 ) && !mount( "none", "/dev", "tmpfs", 0, NULL ) && !seteuid( 64999 ) );
    not_shm();
    check( !seteuid( 0 ) && !rmdir( directory ) );
}

/* Other users' files; only root can be two users. */
void test_foreign(void)
{
    char directory[300], *slash;

    if (getuid())
    {
        printf( "foreign: not root, nothing tested\n" );
        return;
    }
    if (!access( "/run/user", W_OK ) && !access( "/dev/shm", W_OK ))
    {
        run( find_paths, NULL );
        run( find_paths_without_shm, NULL );
    }

    /* Its own user's: the other one cannot open it. */
    run( not_alone, NULL );
    strcpy( directory, ledger_path );
    slash = strrchr( directory, '/' );
    *slash = 0;
    check( !chmod( directory, 0755 ) );
    check( strstr( run_caught( as_other_user, NULL ), "Permission denied" ) );
    check( file_size( ledger_path ) == sizeof(struct ledger_file) );

    /* Root could open it, and does not trust it. */
    check( !unlink( ledger_path ) );
    make_file( ledger_path, 0, 0 );
    check( !chown( ledger_path, 65534, 65534 ) );
    {
        const char *text = run_caught( as_owner_of_other_file, NULL );

        check( count_string( text, "\n" ) == 1 && strstr( text, "another user" ) );
    }
    check( !file_size( ledger_path ) );
    check( !chmod( directory, 0700 ) );
}

static void with_file_limit( void *arg )
{
    struct rlimit limit = { 4096, 4096 };

    (void)arg;
    check( !setrlimit( RLIMIT_FSIZE, &limit ) );
    be_alone( NULL );
}

static void on_full_disk( void *arg )
{
    char directory[300], *slash, path[400];
    const char *text;
    int fd;

    (void)arg;
    strcpy( directory, ledger_path );
    slash = strrchr( directory, '/' );
    *slash = 0;
    if (unshare( CLONE_NEWNS ) || mount( "none", "/", NULL, MS_REC | MS_PRIVATE, NULL ) ||
        mount( "none", directory, "tmpfs", 0, "size=600k" ))
    {
        printf( "full: no disk can be mounted here (%s)\n", strerror( errno ) );
        return;
    }
    snprintf( path, sizeof(path), "%s/filler", directory );
    make_file( path, 200 * 1024, 1 );
    text = run_caught( be_alone, NULL );
    check( count_string( text, "\n" ) == 1 && strstr( text, "No space left" ) );
    check( file_size( ledger_path ) <= (off_t)sizeof(struct ledger_file) );
    /* A sparse file there is no better. */
    check( !truncate( ledger_path, sizeof(struct ledger_file) ) );
    text = run_caught( be_alone, NULL );
    check( count_string( text, "\n" ) == 1 && strstr( text, "No space left" ) );
    check( !unlink( path ) );
    expect_silence( not_alone );
    /* Full afterwards: it has all that it needs. */
    fd = open( path, O_CREAT | O_RDWR | O_CLOEXEC, 0600 );
    while (write( fd, directory, sizeof(directory) ) > 0) {}
    close( fd );
    expect_silence( not_alone );
    run( stay, NULL );
}

void test_full(void)
{
    const char *text = run_caught( with_file_limit, NULL );

    check( count_string( text, "\n" ) == 1 && strstr( text, "too large" ) );
    check( !file_size( ledger_path ) );
    set_word( 3, 1 );
    if (!getuid()) run( on_full_disk, NULL );
    else printf( "full: not root, no disk mounted\n" );
}

/* Words: 0 how many have joined, 1 they may go, 4 the pid that the outer process sees. */
static void in_namespace( void *arg )
{
    struct ledger_account *account = join_a();

    (void)arg;
    check( getpid() == 1 );
    check( ledger_peers( account, LEDGER_LOCAL, peers ) == 1 && !peers[0].pid && peers[0].counts.used == 77 );
    LEDGER_SET( account, LEDGER_LOCAL, used, 88 );
    set_word( 0, 1 );
    wait_word( 1, 1 );
    ledger_leave( account );
    quit();
}

static void outer( void *arg )
{
    struct ledger_account *account = join_a();

    (void)arg;
    LEDGER_SET( account, LEDGER_LOCAL, used, 77 );
    set_word( 2, 1 );
    wait_word( 0, 1 );
    wait_word( 4, 1 );
    check( ledger_peers( account, LEDGER_LOCAL, peers ) == 1 && peers[0].counts.used == 88 );
    check( peers[0].pid == (int)get_word( 4 ) );
    ledger_leave( account );
    set_word( 1, 1 );
}

/* In a process of its own: when the first process of the namespace has ended there is no forking any more. */
static void make_namespace( void *arg )
{
    pid_t inner;

    (void)arg;
    if (unshare( CLONE_NEWPID ))
    {
        printf( "namespace: no PID namespaces here (%s)\n", strerror( errno ) );
        set_word( 5, 1 );
        return;
    }
    inner = start( in_namespace, NULL );
    set_word( 4, inner );
    finish( inner );
    quit();
}

/* Two containers with a common ledger */
void test_namespace(void)
{
    pid_t pid;

    if (getuid())
    {
        printf( "namespace: not root, nothing tested\n" );
        return;
    }
    pid = start( outer, NULL );
    wait_word( 2, 1 );
    run( make_namespace, NULL );
    if (get_word( 5 )) end( pid );
    else finish( pid );
}
