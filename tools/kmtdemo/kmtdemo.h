/*
 * kmtdemo: what becomes of memory when the budget runs short
 *
 * Three parts, all through documented D3DKMT functions. offer.c: a program behaves like a game; it loads render targets,
 * textures and staging buffers, offers the textures that are out of sight, loads more than what is left of the budget, and comes
 * back for what it had offered (scene.c says what a game's memory looks like). processes.c and second.c: two programs at once,
 * where the second gets its memory only because the first offers. paging.c: a program that has four times the budget, and
 * wants every byte back. main.c has the options, memory.c makes the calls, room.c chooses the budget to play in, checks.c
 * judges, timeline.c records what happened, chart.c, svg.c and report.c show it; platform.c is all that differs between
 * Windows and Linux.
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
    F( Evict ) \
    F( Lock2 ) \
    F( MakeResident ) \
    F( OfferAllocations ) \
    F( QueryAdapterInfo ) \
    F( QueryAllocationResidency ) \
    F( QueryVideoMemoryInfo ) \
    F( ReclaimAllocations2 ) \
    F( Unlock2 ) \
    F( WaitForSynchronizationObjectFromCpu )

/* The D3DKMT functions, without that prefix; all there after platform_init. */
struct kmt_functions
{
#define F( name ) __typeof__(D3DKMT##name) *name;
    KMTDEMO_FUNCTIONS
#undef F
};
extern struct kmt_functions kmt;

enum color
{
    COLOR_NORMAL, COLOR_DIM, COLOR_BOLD,
    COLOR_USED, COLOR_OFFERED, COLOR_DISCARDED, COLOR_SECOND, COLOR_EVICTED,
    COLOR_GOOD, COLOR_BAD
};
enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Finds the functions and prepares stdout. Exits with EXIT_CANNOT and a message when a function is missing. */
void platform_init( enum color_mode mode );
/* The colour of what is printed from now on; nothing when colours are not wanted. */
void platform_color( enum color color );
/* Seconds of a clock that never goes back. */
double platform_seconds( void );
void platform_sleep( unsigned int milliseconds );

/* Another process that runs this program. */
struct child
{
    FILE *to, *from;                /* its standard input and output; binary */
    void *process;                  /* the platform's */
};

/* Starts this program with one argument or two (second: NULL); its stderr is this one's. Exits with EXIT_CANNOT. */
void platform_start_child( struct child *child, const char *first, const char *second );
/* Closes the pipes and waits; the exit status, or -1 when a signal ended it. */
int platform_wait_child( struct child *child );

/***********************************************************************
 * The adapter and the calls (memory.c)
 */

struct adapter
{
    char          name[256];        /* UTF-8 */
    LUID          luid;
    D3DKMT_HANDLE handle, device, queue;
    D3DKMT_HANDLE fence;            /* of the queue */
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

/* 0 when the status is NO_VIDEO_MEMORY or NO_MEMORY, which goes to *status. The others exit. */
D3DKMT_HANDLE memory_create( const struct adapter *adapter, UINT64 size, NTSTATUS *status );
void memory_destroy( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count );
void *memory_lock( const struct adapter *adapter, D3DKMT_HANDLE handle );
void memory_unlock( const struct adapter *adapter, D3DKMT_HANDLE handle );
void memory_offer( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count, D3DKMT_OFFER_PRIORITY priority );
void memory_reclaim( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count, D3DDDI_RECLAIM_RESULT *results );
/* Returns when it is resident. FALSE: NO_MEMORY, and none is. */
BOOL memory_make_resident( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count );
/* Undoes it: from then on it may be evicted when memory runs short. */
void memory_evict( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count );
/* Whether each is in GPU memory. */
void memory_residency( const struct adapter *adapter, const D3DKMT_HANDLE *handles, unsigned int count, BOOL *resident );

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

/* Always the same sequence; state begins with any number. (scene.c) */
UINT32 next_random( UINT32 *state );

/* Allocations below this size share memory objects in winekmt, which are freed as a whole. */
#define SHARED_BELOW  MIB( 1 )

/***********************************************************************
 * What happened, over time (timeline.c)
 */

enum look { LOOK_USED, LOOK_SECOND, LOOK_OFFERED, LOOK_DISCARDED, LOOK_EVICTED, LOOK_COUNT };

#define MAX_LAYERS  4
#define MAX_LINES   2
#define MAX_PHASES  6

struct sample
{
    double time;                    /* seconds since the start */
    UINT64 layers[MAX_LAYERS];      /* bytes; they lie on each other */
    UINT64 lines[MAX_LINES];        /* bytes; with a scale of their own */
};

struct phase
{
    const char *name;
    double      start;              /* seconds */
};

/* What a part shows in its chart. */
struct timeline
{
    const char    *title;
    char           note[192];       /* what was it that ran */
    struct
    {
        enum look   look;
        const char *name;
    }              layers[MAX_LAYERS];
    unsigned int   layer_count;
    const char    *lines[MAX_LINES];    /* only the picture has them */
    unsigned int   line_count;
    const char    *budget_name;
    unsigned int   rows;            /* from 0 to the budget, in a terminal */
    UINT64         budget;          /* bytes: where the line is */
    struct sample *samples;
    unsigned int   count, capacity;
    struct phase   phases[MAX_PHASES];
    unsigned int   phase_count;
    double         start;           /* platform_seconds */
    double         end;             /* seconds since then */
};

/* From then on time runs. */
void timeline_start( struct timeline *timeline );
/* Adds a sample, with the time of now. */
void timeline_add( struct timeline *timeline, struct sample sample );
/* Print the two halves of a line. name: fewer than 11 characters, what: fewer than 44. */
void timeline_begin_phase( struct timeline *timeline, const char *name, const char *what );
void timeline_end_phase( struct timeline *timeline, UINT64 bytes );
/* The sample that holds at that time. */
const struct sample *timeline_at( const struct timeline *timeline, double time );
/* Bytes at the top of the highest stack, or the budget. */
UINT64 timeline_maximum( const struct timeline *timeline );

/***********************************************************************
 * The budget of a part (room.c)
 */

#define MAX_FILLERS  1024

struct room
{
    UINT64        budget;           /* bytes to play in: the budget less what is filled */
    UINT64        filled;           /* bytes of it filled with memory that is resident and never touched */
    UINT64        usage_before;     /* of the whole */
    UINT64        least_budget, most_budget;    /* that were seen, of the whole */
    UINT64        most_usage;       /* that was seen, of the whole */
    D3DKMT_HANDLE fillers[MAX_FILLERS];
    unsigned int  filler_count;
};

/* Less makes no picture. */
#define LEAST_BUDGET    MIB( 64 )
/* What any part plays in at most. */
#define MOST_BUDGET     MIB( 3072 )

/* Decides how much of the budget to play in, and fills the rest. wanted: bytes, 0: what most (bytes) and the speed of memory
 * allow, when each byte is written or read so many times. Exits with EXIT_CANNOT when that cannot be. */
void room_prepare( struct room *room, const struct adapter *adapter, UINT64 wanted, UINT64 most, double times );
/* Asks for the usage of now, and remembers the extremes. */
struct usage room_usage( struct room *room, const struct adapter *adapter );
/* Whether the budget moved so much that nobody can tell what had to go. */
BOOL room_moved( const struct room *room );
/* Then: the message that says so; static storage. */
const char *room_moved_text( const struct room *room );
/* Adds what is filled to a timeline's note. */
void room_note( const struct room *room, char *note, size_t size );
/* Destroys the fillers. Bytes that are still in use. */
UINT64 room_close( struct room *room, const struct adapter *adapter );

/***********************************************************************
 * The parts
 */

struct options
{
    UINT64          size;           /* bytes of budget to play in; 0: to be decided */
    unsigned int    adapter;        /* 0: winekmt's first */
    unsigned int    part;           /* 0: all */
    BOOL            second;         /* this is the second program of part 2 */
    const char     *svg;            /* NULL: none */
    enum color_mode colors;
};

/* Each plays a part, shows it, and checks what happened. NULL, or why that cannot be judged; static storage. */
const char *offer_play( const struct options *options, struct timeline *timeline );
const char *processes_play( const struct options *options, struct timeline *timeline );
const char *paging_play( const struct options *options, struct timeline *timeline );
/* The second program of processes.c: does what its standard input says, until that ends. */
void second_run( const struct options *options );

/* Wrong content. */
struct damage
{
    unsigned int count;             /* allocations */
    char         text[256];         /* about the first; "": none */
};

/* name: of its class. what: about the offset, where it is wrong. */
void damage_note( struct damage *damage, const char *name, UINT64 size, const void *memory, UINT64 offset, const char *what );

/***********************************************************************
 * Showing it
 */

extern BOOL use_utf8;

/* The checks of a part: a heading, and a line or more for each. (checks.c) */
void checks_begin( void );
/* name: fewer than 10 characters. format: what was found; lines after the first are indented. */
void check( BOOL good, const char *name, const char *format, ... ) PRINTF_LIKE( 3, 4 );
/* The number that failed, of all parts. */
unsigned int checks_failed( void );

/* A table: a count and its bytes in three columns, and the bytes that were compared. (report.c) */
struct row
{
    unsigned int counts[3];
    UINT64       bytes[3], verified;
};

void report_heading( const char *first, const char *second, const char *third );
void report_row( const char *name, const struct row *row );
/* A rule, and the sums of the rows since the heading. */
void report_total( void );
void chart_print( const struct timeline *timeline );                                /* chart.c */
/* FALSE: it could not be written, errno says why. */
BOOL svg_write( FILE *file, const struct timeline *timelines, unsigned int count ); /* svg.c */

/* Something was printed to stdout without the end of its line. (report.c) */
extern BOOL line_open;
/* "kmtdemo" */
extern const char *program_name;
/* A message to stderr, on a line of its own, after what stdout has; then exit. (report.c) */
void stop( int exit_status, const char *format, ... ) PRINTF_LIKE( 2, 3 ) __attribute__((noreturn));

#endif /* __KMTDEMO_H */
