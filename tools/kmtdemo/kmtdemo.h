/*
 * kmtdemo: what becomes of a program's memory when the budget runs short
 *
 * A program behaves like a game: it loads render targets, textures and staging buffers, offers the textures that are out of
 * sight, loads more than what is left of the budget, and comes back for what it had offered. All through documented D3DKMT
 * functions. main.c tells the story, memory.c makes the calls, scene.c says what a game's memory looks like, checks.c
 * judges what happened, chart.c, svg.c and report.c show it; platform.c is all that differs between Windows and Linux.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __KMTDEMO_H
#define __KMTDEMO_H

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
#include <stdint.h>
#include "ddk/d3dkmthk.h"
#include "winekmt.h"

#define ARRAY_COUNT( array )  (sizeof(array) / sizeof((array)[0]))
#define PRINTF_LIKE( text, first )  __attribute__((format( gnu_printf, text, first )))
#define MIB( n )    ((UINT64)(n) << 20)

/* Exit statuses. */
enum
{
    EXIT_GOOD = 0,
    EXIT_WRONG = 1,         /* something was not as it must be */
    EXIT_CANNOT = 2,        /* the demo cannot be shown here, or was called wrongly */
};

/***********************************************************************
 * Platform (platform.c)
 */

#define KMTDEMO_FUNCTIONS \
    F( CloseAdapter ) \
    F( CreateAllocation2 ) \
    F( CreateDevice ) \
    F( CreatePagingQueue ) \
    F( DestroyAllocation2 ) \
    F( DestroyDevice ) \
    F( DestroyPagingQueue ) \
    F( EnumAdapters2 ) \
    F( Lock2 ) \
    F( OfferAllocations ) \
    F( QueryAdapterInfo ) \
    F( QueryVideoMemoryInfo ) \
    F( ReclaimAllocations2 ) \
    F( Unlock2 )

/* The D3DKMT functions, without that prefix; all there after platform_init. */
struct kmt_functions
{
#define F( name ) __typeof__(D3DKMT##name) *name;
    KMTDEMO_FUNCTIONS
#undef F
};
extern struct kmt_functions kmt;

enum color { COLOR_NORMAL, COLOR_DIM, COLOR_BOLD, COLOR_USED, COLOR_OFFERED, COLOR_DISCARDED, COLOR_GOOD, COLOR_BAD };
enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Finds the functions and prepares stdout. Exits with EXIT_CANNOT and a message when a function is missing. */
void platform_init( enum color_mode mode );
/* The colour of what is printed from now on; nothing when colours are not wanted. */
void platform_color( enum color color );
/* Seconds of a clock that never goes back. */
double platform_seconds( void );
void platform_sleep( unsigned int milliseconds );

/***********************************************************************
 * The adapter and the calls (memory.c)
 */

struct adapter
{
    char          name[256];        /* UTF-8 */
    LUID          luid;
    D3DKMT_HANDLE handle, device, queue;
    UINT64        local, non_local; /* bytes of the segment groups */
    D3DKMT_MEMORY_SEGMENT_GROUP group;  /* the one that the demo plays in */
    struct winekmt_adapter_data data;
};

/* Of one moment. */
struct usage
{
    UINT64 budget, current;         /* bytes in adapter->group */
};

struct item;

/* These print a message and exit when a call fails that must not. */
void adapter_open( struct adapter *adapter, unsigned int number );
/* Device and queue. Exits with EXIT_CANNOT when the adapter is not winekmt's. */
void adapter_start( struct adapter *adapter );
void adapter_close( struct adapter *adapter );
struct usage adapter_usage( const struct adapter *adapter );

/* 0 when the status is NO_VIDEO_MEMORY or NO_MEMORY, which goes to *status. */
D3DKMT_HANDLE memory_create( const struct adapter *adapter, UINT64 size, NTSTATUS *status );
void memory_destroy( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count );
void *memory_lock( const struct adapter *adapter, D3DKMT_HANDLE handle );
void memory_unlock( const struct adapter *adapter, D3DKMT_HANDLE handle );
void memory_offer( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count, D3DKMT_OFFER_PRIORITY priority );
void memory_reclaim( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count, D3DDDI_RECLAIM_RESULT *results );

/* The pattern: every 64-bit word of every allocation is another value, and none is 0. Sizes are multiples of 8. */
void pattern_write( void *memory, UINT64 size, UINT32 id );
/* The offset of the first word that differs; size when none does. */
UINT64 pattern_find_difference( const void *memory, UINT64 size, UINT32 id );
/* The same for a word that is neither the pattern nor 0. */
UINT64 pattern_find_foreign( const void *memory, UINT64 size, UINT32 id );

/* "STATUS_INVALID_PARAMETER" or the number; static storage. */
const char *status_name( NTSTATUS status );
/* "21.3 MiB"; one of eight static buffers in turn. */
const char *size_text( UINT64 bytes );

/***********************************************************************
 * The scene (scene.c)
 */

enum item_class
{
    CLASS_RENDER_TARGETS,
    CLASS_STAGING,
    CLASS_CACHE_LOW,        /* the three that are offered, in the order in which they must be discarded */
    CLASS_CACHE_NORMAL,
    CLASS_CACHE_HIGH,
    CLASS_NEW_LEVEL,
    CLASS_COUNT
};

extern const char *const class_names[CLASS_COUNT];

static inline BOOL class_is_cache( enum item_class class )
{
    return class >= CLASS_CACHE_LOW && class <= CLASS_CACHE_HIGH;
}

/* An allocation of the program. */
struct item
{
    D3DKMT_HANDLE   handle;         /* 0: not created, or destroyed */
    UINT32          id;             /* of its pattern; from 1 */
    enum item_class class;
    UINT64          size;           /* bytes asked for */
    UINT64          footprint;      /* bytes by which CurrentUsage grew */
    UINT64          verified;       /* bytes that were compared and were right */
    BOOL            discarded;      /* as the reclaim said */
};

/* Inside a class the items are in the order in which they are created and offered. */
struct scene
{
    struct item  *items;            /* sorted by class */
    unsigned int  count;
    unsigned int  first[CLASS_COUNT + 1];   /* of each class; [CLASS_COUNT] is count */
};

/* What suits so many bytes of budget. */
void scene_init( struct scene *scene, UINT64 budget );

/* Allocations below this size share memory objects in winekmt, which are freed as a whole. */
#define SHARED_BELOW  MIB( 1 )

/***********************************************************************
 * The record of what happened
 */

struct sample
{
    double time;                    /* seconds since the start */
    UINT64 used;                    /* bytes of what is not offered */
    UINT64 offered;                 /* bytes of what is offered and still there */
    UINT64 discarded;               /* bytes of what is offered and was discarded */
};

#define MAX_PHASES  5

struct phase
{
    const char *name;
    double      start;              /* seconds */
};

struct record
{
    struct sample *samples;
    unsigned int   count, capacity;
    struct phase   phases[MAX_PHASES];
    unsigned int   phase_count;
    double         end;             /* seconds */
    UINT64         budget;          /* bytes that the demo plays in: the budget less what it fills */
    UINT64         least_budget, most_budget;   /* that were seen, of the whole */
    UINT64         most_usage;      /* that was seen, of the whole */
    struct usage   peak;            /* when all was created */
    struct sample  peak_sample;
    UINT64         filled;          /* bytes of budget filled with memory that is not touched */
    UINT64         usage_before, usage_after;   /* of the whole program's life */
    char           damage[256];     /* the first content that was wrong; "": none */
    unsigned int   damaged;         /* allocations whose content was wrong */
};

void record_sample( struct record *record, struct sample sample );
/* The sample that holds at that time. */
const struct sample *record_at( const struct record *record, double time );
UINT64 record_maximum( const struct record *record );

/***********************************************************************
 * Showing it
 */

extern BOOL use_utf8;

/* The checks; prints a line each. The number that failed. (checks.c) */
unsigned int checks_run( const struct scene *scene, const struct record *record );

void report_table( const struct scene *scene );                                     /* report.c */
void chart_print( const struct record *record );                                    /* chart.c */
/* FALSE: it could not be written, errno says why. */
BOOL svg_write( FILE *file, const struct adapter *adapter, const struct record *record );    /* svg.c */

/* Something was printed to stdout without the end of its line. (report.c) */
extern BOOL line_open;
/* A message to stderr, on a line of its own, after what stdout has; then exit. (report.c) */
void stop( int exit_status, const char *format, ... ) PRINTF_LIKE( 2, 3 ) __attribute__((noreturn));

#endif /* __KMTDEMO_H */
