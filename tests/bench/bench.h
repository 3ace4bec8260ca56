/*
 * bench: what the D3DKMT functions cost, each beside a peer that is measured in alternation with it
 *
 * A figure is a cost and its peer: raw Vulkan for what ends in Vulkan, an empty unix call (natively: an empty function behind
 * a pointer, between a mutex' lock and unlock) for what does not. A round takes one sample of the cost and then one of the peer,
 * so that what else the machine does meanwhile happens to both, and gives one ratio. The figures are in parts, each of which is
 * a process of its own with a budget that suits it (tests/bench/run), and leaves a JSON file; the files of all parts together
 * become the table, the JSON and the SVG of a report, and two reports can be compared.
 *
 * main.c: options. measure.c: rounds. calls.c, memory.c, paging.c, many.c: the figures. kmt.c: D3DKMT calls; raw.c: raw Vulkan;
 * platform.c: all that differs between Windows and Linux. json.c: a reader. report.c, table.c, compare.c, svg.c: reports.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_BENCH_H
#define __WINEKMT_BENCH_H

#define __USE_MINGW_ANSI_STDIO 1

#include <stdio.h>
#ifdef _WIN32
#define WIN32_NO_STATUS
#include <windows.h>
#undef WIN32_NO_STATUS
#include <winternl.h>
#include <ntstatus.h>
#else
#include "windef.h"
#include "ntstatus.h"
#endif
#include <stdbool.h>
#include <stdint.h>
#include "ddk/d3dkmthk.h"
#include "winekmt.h"

#define ARRAY_COUNT( array )  (sizeof(array) / sizeof((array)[0]))
#define PRINTF_LIKE( text, first )  __attribute__((format( gnu_printf, text, first )))
#define KIB( n )    ((uint64_t)(n) << 10)
#define MIB( n )    ((uint64_t)(n) << 20)
#define LIST_LENGTH 1000u           /* handles of a long list */

/* Exit statuses. */
enum
{
    EXIT_GOOD = 0,
    EXIT_WRONG = 1,         /* a file that is no report, or something got slower */
    EXIT_CANNOT = 2,        /* nothing can be measured here, or the program was called wrongly */
};

/***********************************************************************
 * main.c
 */

struct settings
{
    unsigned int rounds;
    double       sample_seconds;    /* of one sample, at least */
    bool         tiny;              /* few and small objects: only shows that all of it works */
    bool         gpu_copies;        /* the raw copy is vkCmdCopyBuffer, whatever the memory; not the manager's */
    const char  *only[8];           /* figures whose names begin so; none: all */
    unsigned int only_count;
    const char  *suffix;            /* to each name */
};
extern struct settings settings;

/* A message to stderr; then exit with EXIT_CANNOT. */
void stop( const char *format, ... ) PRINTF_LIKE( 1, 2 ) __attribute__((noreturn));
/* A line to stderr about something that is left out; also kept for the report. */
void note( const char *format, ... ) PRINTF_LIKE( 1, 2 );
/* As much of text as there is room for. */
void copy_text( char *out, size_t size, const char *text );

/***********************************************************************
 * Platform (platform.c)
 */

#define BENCH_FUNCTIONS \
    F( CloseAdapter ) \
    F( CreateAllocation2 ) \
    F( CreateDevice ) \
    F( CreatePagingQueue ) \
    F( DestroyAllocation2 ) \
    F( DestroyDevice ) \
    F( DestroyPagingQueue ) \
    F( EnumAdapters2 ) \
    F( Evict ) \
    F( Lock2 ) \
    F( MakeResident ) \
    F( OfferAllocations ) \
    F( QueryAdapterInfo ) \
    F( QueryAllocationResidency ) \
    F( QueryVideoMemoryInfo ) \
    F( ReclaimAllocations2 ) \
    F( TrimProcessCommitment ) \
    F( Unlock2 ) \
    F( WaitForSynchronizationObjectFromCpu )

/* The D3DKMT functions, without that prefix; all there after platform_init. */
struct kmt_functions
{
#define F( name ) __typeof__(D3DKMT##name) *name;
    BENCH_FUNCTIONS
#undef F
};
extern struct kmt_functions kmt;

/* "native" or "windows" */
extern const char *const platform_name;

/* Finds the functions. Exits with EXIT_CANNOT and a message when one is missing. */
void platform_init( void );
/* Before the program ends: natively, the core gives everything back. */
void platform_finish( void );
/* Seconds of a clock that never goes back. */
double platform_seconds( void );
void platform_sleep( unsigned int milliseconds );
void platform_yield( void );
void *platform_start_thread( void (*function)( void *arg ), void *arg );
void platform_join_thread( void *thread );
unsigned int platform_cores( void );
/* vkGetInstanceProcAddr of the system's loader; NULL: there is none. */
void *platform_open_vulkan( void );
/* That many bytes of zeroed pages. Exits when there are none. */
void *platform_allocate_pages( uint64_t size );
void platform_free_pages( void *memory, uint64_t size );
/* Copies as the C library of the unix side does, under Wine too when that can be reached. */
void platform_copy( void *dst, const void *src, uint64_t size );

/* The least that a call can cost: see the head of the file. FALSE: it cannot be measured here. */
bool platform_has_empty_call( void );
extern const char *const platform_empty_call_name;
void platform_empty_call( void );

/* Bytes that malloc has given out in the process, but for large pieces; 0: not known. From the first call on large pieces are pages of
 * their own, which makes them dearer. */
uint64_t platform_malloc_bytes( void );
/* Bytes of memory that the process really has; 0: not known. */
uint64_t platform_private_bytes( void );

struct machine
{
    char cpu[96], gpu[128], driver[96], system[64], compiler[64], load[48];
};
/* Everything but gpu and driver, which are kmt.c's and raw.c's. */
void platform_describe( struct machine *machine );

/***********************************************************************
 * The D3DKMT calls (kmt.c). A call that fails ends the program with a message, but for those that say otherwise.
 */

struct kmt_device
{
    D3DKMT_HANDLE adapter, device, queue, fence;
    char          name[128];
    struct winekmt_adapter_data data;
    D3DKMT_MEMORY_SEGMENT_GROUP group;      /* the one that the CPU can reach, else local */
};
extern struct kmt_device gpu;

void bench_open( void );
void bench_close( void );
uint64_t bench_budget( void );        /* bytes of gpu.group */
uint64_t bench_usage( void );

enum { CPU_REACHES_IT = 1, NOT_ZEROED = 2 };    /* flags of bench_create */
/* count handles. false: GRAPHICS_NO_VIDEO_MEMORY or NO_MEMORY; then none is left. */
bool bench_try_create( D3DKMT_HANDLE *handles, unsigned int count, uint64_t size, unsigned int flags );
void bench_create( D3DKMT_HANDLE *handles, unsigned int count, uint64_t size, unsigned int flags );
/* now: the memory is freed before the call returns */
void bench_destroy( const D3DKMT_HANDLE *handles, unsigned int count, bool now );
void bench_offer( const D3DKMT_HANDLE *handles, unsigned int count, bool decommit );
/* The number that were discarded. */
unsigned int bench_reclaim( const D3DKMT_HANDLE *handles, unsigned int count );
void *bench_lock( D3DKMT_HANDLE handle );
void bench_unlock( D3DKMT_HANDLE handle );
/* Returns when it is there. */
void bench_make_resident( const D3DKMT_HANDLE *handles, unsigned int count );
void bench_evict( const D3DKMT_HANDLE *handles, unsigned int count );     /* only if necessary */
unsigned int bench_count_evicted( const D3DKMT_HANDLE *handles, unsigned int count );
uint64_t bench_trim( uint64_t bytes );                                    /* TrimProcessCommitment */

/* Creates allocations that are held until only that many bytes of the budget are left. */
struct filler
{
    D3DKMT_HANDLE handles[64];
    unsigned int  count;
};
void bench_fill( struct filler *filler, uint64_t left );
void bench_drop_filler( struct filler *filler );

/***********************************************************************
 * Raw Vulkan (raw.c). On the same GPU, on a device of its own.
 */

struct raw_memory;

/* false: no Vulkan here, or not that GPU; *why says what is missing. Once. */
bool raw_open( const char **why );
void raw_close( void );
const char *raw_driver( void );     /* name and version */
/* vkAllocateMemory of the type that bench_create's allocations get, and vkFreeMemory. NULL: it failed. */
struct raw_memory *raw_allocate( uint64_t size );
void raw_free( struct raw_memory *memory );
void *raw_map( struct raw_memory *memory );
/* Whether the CPU can read that memory fast, so that copies are its business; and whether the raw ones are. */
bool raw_cpu_reaches( void );
bool raw_cpu_copies( void );
/* A copy of so many bytes between the GPU's memory and memory of the CPU: vkCmdCopyBuffer or platform_copy. With fresh, memory
 * for the destination is had first and given back afterwards. */
struct raw_copy;
struct raw_copy *raw_copy_create( uint64_t size );
void raw_copy_destroy( struct raw_copy *copy );
enum raw_direction { RAW_OUT, RAW_IN };
void raw_copy_run( struct raw_copy *copy, enum raw_direction direction, bool fresh );

/***********************************************************************
 * Figures and rounds (measure.c)
 */

#define MAX_ROUNDS  101

/* A cost and its peer as it stands in a report. */
struct figure
{
    char         name[64];          /* "group/what" */
    char         what[120];         /* a sentence */
    char         peer[96];          /* "": none, then theirs is empty */
    char         unit[8];           /* of the samples: "ns", "us", "ms", "bytes" */
    double       target;            /* the most that the median of ours may be; 0: none */
    double       target_ratio;      /* the most that the median of the ratios may be; 0: none */
    unsigned int rounds;
    double       ours[MAX_ROUNDS], theirs[MAX_ROUNDS];
};

struct spread
{
    double minimum, lower, median, upper, maximum;  /* lower, upper: quartiles */
};

/* Does the thing count times and returns the seconds that took; what is only preparation is not counted. */
typedef double (*sample_function)( void *arg, unsigned int count );

struct subject
{
    sample_function function;
    void           *arg;
    unsigned int    most;           /* count of a sample at most; 0: no limit */
    double          per;            /* things that one count does; 0: one */
};

struct result
{
    struct figure *figures;
    unsigned int   count, capacity;
    struct machine machine;
    char           platform[16];
    char           load_after[48];
    char           notes[16][160];
    unsigned int   note_count;
};
extern struct result result;        /* of this process */

/* Whether --only names it. With a prefix of names: whether it may name one of those. */
bool is_wanted( const char *name );
bool is_any_wanted( const char *prefix );
/* Takes the rounds of a figure and adds it to the result, with a line about it to stderr. peer->function NULL: none. Nothing
 * happens when the figure is not wanted. format: its name. */
struct figure *measure( const struct subject *ours, const struct subject *peer, const char *unit, const char *what,
                        const char *peer_name, const char *format, ... ) PRINTF_LIKE( 6, 7 );
/* An empty figure; in the result of this process with the suffix. */
struct figure *add_figure( struct result *result, const char *name );
struct figure *add_named_figure( const char *name );
struct spread spread_of( const double *samples, unsigned int count );
struct spread spread_of_ratios( const struct figure *figure );
/* Sets a target when the figure was measured. */
void set_target( struct figure *figure, double target, double target_ratio );

/* The most allocations of 4 KiB, of a million, 400000, 100000 and 10000, that the budget has room for. */
unsigned int many_allocations( void );

/* A subject of n empty calls a count. */
struct subject empty_calls( unsigned int calls );

/***********************************************************************
 * The parts
 */

void part_calls( void );            /* calls.c: calls that change little, and many live allocations */
void part_threads( void );          /* threads.c */
void part_create( void );           /* memory.c: creating, discarding */
void part_paging( void );           /* paging.c */
void part_many( void );             /* many.c: victims, bookkeeping */

/***********************************************************************
 * Reports
 */

/* A JSON value (json.c). */
struct json
{
    enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } kind;
    double       number;            /* JSON_BOOL: 0 or 1 */
    char        *string;
    struct json *members;           /* of arrays and objects */
    char       **names;             /* of objects */
    unsigned int count;
};

/* NULL: it is not JSON; *line says where, *why why not. text: terminated. */
struct json *json_parse( const char *text, unsigned int *line, const char **why );
void json_free( struct json *json );
/* NULL: it is no object, or has no such member. */
const struct json *json_member( const struct json *json, const char *name );

/* Adds a file's figures to a result. A message to stderr and false when the file is not a report. (report.c) */
bool report_read( struct result *result, const char *path );
/* Exits with EXIT_CANNOT when it cannot be written. */
void report_write( const struct result *result, const char *path );
void put_json_string( FILE *file, const char *text );

enum verdict { VERDICT_NONE, VERDICT_MET, VERDICT_MISSED };
enum verdict verdict_of( const struct figure *figure );
const char *target_text( const struct figure *figure, char *buffer, size_t size );
/* "12.3 us"; four significant digits. buffer: 32 bytes. */
const char *value_text( double value, const char *unit, char *buffer );

void table_write( FILE *file, const struct result *result );                /* table.c */
void svg_write( FILE *file, const struct result *result );                  /* svg.c */
/* Prints what differs; the number of figures that got slower beyond the noise of both. (compare.c) */
unsigned int compare( const struct result *before, const struct result *after );

#endif /* __WINEKMT_BENCH_H */
