/*
 * kmtdemo: the story
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kmtdemo.h"

/* Less makes no picture. */
#define LEAST_BUDGET    MIB( 64 )
/* What the demo plays in at most, so that it needs no more than 4 GiB of memory. */
#define MOST_BUDGET     MIB( 3072 )
/* A budget up to here is used up without being asked. What is above MOST_BUDGET is filled with memory that is not touched. */
#define MOST_FILLED     MIB( 4096 )
/* How long writing and reading may take, in seconds. */
#define MOST_SECONDS    30
/* The offers are spread over so many steps of so many milliseconds, as a game offers what goes out of sight. */
#define OFFER_STEPS     48
#define STEP_MS         20
/* Of what is created, a sample each time this part of the budget was added. */
#define CREATE_STEPS    96
#define MAX_FILLERS     1024

BOOL use_utf8 = TRUE;

struct options
{
    UINT64          size;           /* bytes of budget to play in; 0: to be decided */
    unsigned int    adapter;        /* 0: winekmt's first */
    const char     *svg;            /* NULL: none */
    enum color_mode colors;
};

struct demo
{
    struct adapter adapter;
    struct scene   scene;
    struct record  record;
    double         start;           /* platform_seconds */
    UINT64         used;            /* footprints of what is not offered */
    UINT64         offered;         /* footprints of what is offered */
    D3DKMT_HANDLE  fillers[MAX_FILLERS];    /* never touched */
    unsigned int   filler_count;
};

static const char usage_text[] =
    "usage: kmtdemo [options]\n"
    "\n"
    "Shows what becomes of video memory when the budget runs short: creates more than it allows, with a part of it\n"
    "offered (D3DKMTOfferAllocations), and checks what was kept, what was discarded, and in which order.\n"
    "\n"
    "  --size=MB        how much of the budget to play in (64 to 3072); the rest of it is filled with memory that is\n"
    "                   never touched. Without this: all of the budget, if that is no more than 4096 MB\n"
    "  --svg=PATH       write the picture of used, offered and discarded memory to a file, too\n"
    "  --adapter=N      use the N-th adapter, from 1; without this: winekmt's first\n"
    "  --color=WHEN     auto (in a terminal, unless NO_COLOR is set), always or never\n"
    "  --ascii          no characters but those of ASCII\n"
    "  --help\n"
    "\n"
    "Under Wine the environment variable WINEKMT_VIDEO_MEMORY_SIZE sets the budget in MB: 2048 is a good value.\n"
    "Exit status: 0 all is right, 1 something is wrong, 2 wrong usage, or it cannot be shown on this machine.\n";

/***********************************************************************
 * Options
 */

static UINT64 parse_number( const char *option, const char *value, UINT64 least, UINT64 most )
{
    unsigned long long number;
    char *end;

    errno = 0;
    number = strtoull( value, &end, 10 );
    if (errno || *end || *value < '0' || *value > '9' || number < least || number > most)
        stop( EXIT_CANNOT, "%s=%s: a number from %llu to %llu is needed", option, value, (unsigned long long)least, (unsigned long long)most );
    return number;
}

static const char *option_value( const char *arg, const char *name )
{
    size_t len = strlen( name );

    return !strncmp( arg, name, len ) && arg[len] == '=' ? arg + len + 1 : NULL;
}

static void parse_options( struct options *options, char **argv )
{
    static const char *const locale_variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    const char *value;
    unsigned int i;

    memset( options, 0, sizeof(*options) );
    /* Terminals show UTF-8 today, except where the locale names another encoding. */
    for (i = 0; i < ARRAY_COUNT( locale_variables ); i++)
    {
        if (!(value = getenv( locale_variables[i] )) || !*value) continue;
        use_utf8 = !strchr( value, '.' ) || strstr( value, "UTF-8" ) || strstr( value, "utf8" ) || strstr( value, "UTF8" );
        break;
    }
    while (*++argv)
    {
        if (!strcmp( *argv, "--help" ) || !strcmp( *argv, "-h" ))
        {
            fputs( usage_text, stdout );
            exit( EXIT_GOOD );
        }
        if (!strcmp( *argv, "--ascii" )) use_utf8 = FALSE;
        else if ((value = option_value( *argv, "--size" )))
            options->size = MIB( parse_number( "--size", value, LEAST_BUDGET >> 20, MOST_BUDGET >> 20 ) );
        else if ((value = option_value( *argv, "--adapter" ))) options->adapter = parse_number( "--adapter", value, 1, 64 );
        else if ((value = option_value( *argv, "--svg" )) && *value) options->svg = value;
        else if ((value = option_value( *argv, "--color" )))
        {
            if (!strcmp( value, "auto" )) options->colors = COLOR_AUTO;
            else if (!strcmp( value, "always" )) options->colors = COLOR_ALWAYS;
            else if (!strcmp( value, "never" )) options->colors = COLOR_NEVER;
            else stop( EXIT_CANNOT, "--color=%s: auto, always or never is needed", value );
        }
        else stop( EXIT_CANNOT, "unknown option: %s\n\"kmtdemo --help\" lists the options.", *argv );
    }
}

/***********************************************************************
 * Steps
 */

static void take_sample( struct demo *demo )
{
    struct record *record = &demo->record;
    struct usage usage = adapter_usage( &demo->adapter );
    struct sample sample = { .time = platform_seconds() - demo->start, .used = demo->used };

    if (!record->count || usage.budget < record->least_budget) record->least_budget = usage.budget;
    if (usage.budget > record->most_budget) record->most_budget = usage.budget;
    if (usage.current > record->most_usage) record->most_usage = usage.current;
    if (usage.current > record->filled + demo->used) sample.offered = usage.current - record->filled - demo->used;
    if (sample.offered > demo->offered) sample.offered = demo->offered;
    sample.discarded = demo->offered - sample.offered;
    record_sample( record, sample );
}

static void begin_phase( struct demo *demo, const char *name, const char *what )
{
    struct record *record = &demo->record;

    record->phases[record->phase_count++] = (struct phase){ name, platform_seconds() - demo->start };
    platform_color( COLOR_BOLD );
    printf( "  %u  %-10s", record->phase_count, name );
    platform_color( COLOR_NORMAL );
    printf( " %-43s", what );
    fflush( stdout );
    line_open = TRUE;
    take_sample( demo );
}

static void end_phase( struct demo *demo, UINT64 bytes )
{
    struct record *record = &demo->record;

    take_sample( demo );
    record->end = platform_seconds() - demo->start;
    printf( " %10s %5.1f s\n", size_text( bytes ), record->end - record->phases[record->phase_count - 1].start );
    fflush( stdout );
    line_open = FALSE;
}

static void note_damage( struct demo *demo, const struct item *item, const void *memory, UINT64 offset, const char *what )
{
    struct record *record = &demo->record;
    UINT64 value;

    memcpy( &value, (const char *)memory + offset, sizeof(value) );
    if (!record->damaged++)
        snprintf( record->damage, sizeof(record->damage), "%s, allocation %#x of %s:\n%s at offset %#llx,\nwhere 0x%016llx stands",
                  class_names[item->class], (unsigned int)item->handle, size_text( item->size ), what,
                  (unsigned long long)offset, (unsigned long long)value );
}

static void write_item( struct demo *demo, const struct item *item )
{
    pattern_write( memory_lock( &demo->adapter, item->handle ), item->size, item->id );
    memory_unlock( &demo->adapter, item->handle );
}

static void verify_item( struct demo *demo, struct item *item )
{
    const void *memory = memory_lock( &demo->adapter, item->handle );
    UINT64 offset = pattern_find_difference( memory, item->size, item->id );

    item->verified = offset;
    if (offset < item->size) note_damage( demo, item, memory, offset, "content changed" );
    memory_unlock( &demo->adapter, item->handle );
}

/* How much of the budget an allocation of that size takes, as far as was seen; sizes are rounded up. */
static UINT64 known_footprint( const struct scene *scene, UINT64 size )
{
    unsigned int i;

    for (i = 0; i < scene->count; i++)
        if (scene->items[i].size == size && scene->items[i].footprint) return scene->items[i].footprint;
    return size;
}

/* Whether the budget moved so much that nobody can tell what had to be discarded. */
static BOOL budget_moved( const struct record *record )
{
    return record->most_budget - record->least_budget > record->budget / 64;
}

static void stop_for_budget( const struct record *record )
{
    stop( EXIT_CANNOT, "the budget moved while the demo ran, between %s and %s.\n"
          "So it cannot be told what had to be discarded. WINEKMT_VIDEO_MEMORY_SIZE=2048 in the\n"
          "environment makes one of 2 GiB, which stays.", size_text( record->least_budget ), size_text( record->most_budget ) );
}

/* Creates and writes the items of some classes. measure: nothing is discarded meanwhile, so usage grows by what is created;
 * else it goes in steps, as a game streams, for the picture's sake. */
static UINT64 load_classes( struct demo *demo, enum item_class first, enum item_class last, BOOL measure )
{
    const struct scene *scene = &demo->scene;
    UINT64 bytes = 0, since_sample = 0;
    unsigned int i;

    for (i = scene->first[first]; i < scene->first[last + 1]; i++)
    {
        struct item *item = &scene->items[i];
        UINT64 before = measure ? adapter_usage( &demo->adapter ).current : 0, after;
        NTSTATUS status;

        if (!(item->handle = memory_create( &demo->adapter, item->size, &status )))
        {
            take_sample( demo );
            if (budget_moved( &demo->record )) stop_for_budget( &demo->record );
            stop( EXIT_WRONG, "%s more cannot be created (%s), although %s are used and %s offered, of a budget of %s",
                  size_text( item->size ), status_name( status ), size_text( demo->used ),
                  size_text( demo->offered ), size_text( demo->record.budget ) );
        }
        after = measure ? adapter_usage( &demo->adapter ).current : 0;
        item->footprint = after >= before + item->size ? after - before : known_footprint( scene, item->size );
        demo->used += item->footprint;
        write_item( demo, item );
        bytes += item->size;
        if ((since_sample += item->size) < demo->record.budget / CREATE_STEPS) continue;
        since_sample = 0;
        take_sample( demo );
        if (!measure) platform_sleep( STEP_MS );
    }
    return bytes;
}

/* Calls function for the items of a class in steps, with at most 1024 handles each. */
static void for_steps( struct demo *demo, enum item_class class, unsigned int steps,
                       void (*function)( struct demo *demo, struct item *items, const D3DKMT_HANDLE *handles, unsigned int count ) )
{
    unsigned int first = demo->scene.first[class], last = demo->scene.first[class + 1], step = (last - first + steps - 1) / steps;
    D3DKMT_HANDLE handles[1024];
    unsigned int count;

    if (step > ARRAY_COUNT( handles )) step = ARRAY_COUNT( handles );
    for (; first < last; first += count)
    {
        for (count = 0; count < step && first + count < last; count++) handles[count] = demo->scene.items[first + count].handle;
        function( demo, demo->scene.items + first, handles, count );
        take_sample( demo );
        platform_sleep( STEP_MS );
    }
}

static void offer_step( struct demo *demo, struct item *items, const D3DKMT_HANDLE *handles, unsigned int count )
{
    static const D3DKMT_OFFER_PRIORITY priorities[CLASS_COUNT] =
    {
        [CLASS_CACHE_LOW] = D3DKMT_OFFER_PRIORITY_LOW,
        [CLASS_CACHE_NORMAL] = D3DKMT_OFFER_PRIORITY_NORMAL,
        [CLASS_CACHE_HIGH] = D3DKMT_OFFER_PRIORITY_HIGH,
    };
    unsigned int i;

    memory_offer( &demo->adapter, handles, count, priorities[items[0].class] );
    for (i = 0; i < count; i++)
    {
        demo->used -= items[i].footprint;
        demo->offered += items[i].footprint;
    }
}

static void reclaim_step( struct demo *demo, struct item *items, const D3DKMT_HANDLE *handles, unsigned int count )
{
    D3DDDI_RECLAIM_RESULT results[1024];
    unsigned int i;

    memory_reclaim( &demo->adapter, handles, count, results );
    for (i = 0; i < count; i++)
    {
        if (results[i] != D3DDDI_RECLAIM_RESULT_OK && results[i] != D3DDDI_RECLAIM_RESULT_DISCARDED)
            stop( EXIT_WRONG, "D3DKMTReclaimAllocations2 answered %d for an allocation that was offered without AllowDecommit", results[i] );
        items[i].discarded = results[i] == D3DDDI_RECLAIM_RESULT_DISCARDED;
        demo->offered -= items[i].footprint;
        demo->used += items[i].footprint;
    }
}

static void destroy_step( struct demo *demo, struct item *items, const D3DKMT_HANDLE *handles, unsigned int count )
{
    unsigned int i;

    memory_destroy( &demo->adapter, handles, count );
    for (i = 0; i < count; i++)
    {
        items[i].handle = 0;
        demo->used -= items[i].footprint;
    }
}

/***********************************************************************
 * Preparations
 */

/* Bytes of budget that can be written and read in the time there is: host memory is fast, the memory of a GPU slow to read. */
static UINT64 affordable_size( const struct adapter *adapter, UINT64 budget )
{
    const UINT64 size = MIB( 4 );
    double start, written, read;
    D3DKMT_HANDLE handle;
    NTSTATUS status;
    void *memory;

    if (!(handle = memory_create( adapter, size, &status ))) stop( EXIT_CANNOT, "there is no video memory for 4 MiB: %s", status_name( status ) );
    memory = memory_lock( adapter, handle );
    start = platform_seconds();
    pattern_write( memory, size, 1 );
    written = platform_seconds();
    if (pattern_find_difference( memory, size, 1 ) < size) stop( EXIT_WRONG, "what was written through D3DKMTLock2 is not what is read" );
    read = platform_seconds();
    memory_unlock( adapter, handle );
    memory_destroy( adapter, &handle, 1 );
    /* All that is created and loaded again is written, and about as much is read: 1.7 times the budget. */
    start = 1.7 * ((written - start) + (read - written)) / size;
    return start * budget > MOST_SECONDS ? (UINT64)(MOST_SECONDS / start) : budget;
}

/* Decides how much of the budget to play in, and fills the rest. */
static void prepare_budget( struct demo *demo, UINT64 wanted )
{
    struct usage usage = adapter_usage( &demo->adapter );
    UINT64 budget = usage.budget > usage.current ? usage.budget - usage.current : 0, chunk, chosen = wanted;
    const UINT64 least_chunk = MIB( 1 );
    NTSTATUS status = STATUS_SUCCESS;
    D3DKMT_HANDLE handle;

    if (budget < (wanted ? wanted : LEAST_BUDGET))
        stop( EXIT_CANNOT, "the budget is too small: %s are free, %s are needed.\n"
              "Under Wine, WINEKMT_VIDEO_MEMORY_SIZE sets it in MB: 2048 is a good value.",
              size_text( budget ), size_text( wanted ? wanted : LEAST_BUDGET ) );
    if (!wanted && budget > MOST_FILLED)
        stop( EXIT_CANNOT, "the budget of %s is larger than this demo could exceed.\n"
              "Set WINEKMT_VIDEO_MEMORY_SIZE=2048 in the environment for a budget of 2 GiB, or let\n"
              "--size=2048 fill the rest of it with memory that is never touched.", size_text( budget ) );
    if (!chosen)
    {
        chosen = affordable_size( &demo->adapter, budget < MOST_BUDGET ? budget : MOST_BUDGET );
        if (chosen > MOST_BUDGET) chosen = MOST_BUDGET;
        if (chosen < LEAST_BUDGET) chosen = LEAST_BUDGET;
    }
    for (chunk = MIB( 1024 ); budget - chosen >= least_chunk && chunk >= least_chunk && demo->filler_count < MAX_FILLERS; )
    {
        if (chunk > budget - chosen) chunk = (budget - chosen) & ~(least_chunk - 1);
        if (chunk > demo->adapter.data.max_allocation_size || !(handle = memory_create( &demo->adapter, chunk, &status ))) chunk /= 2;
        else demo->fillers[demo->filler_count++] = handle;
        usage = adapter_usage( &demo->adapter );
        budget = usage.budget > usage.current ? usage.budget - usage.current : 0;
        if (budget < chosen) chosen = budget;
    }
    demo->record.filled = usage.current;
    demo->record.budget = budget;
    if (budget >= chosen + chosen / 16 || budget < LEAST_BUDGET)
        stop( EXIT_CANNOT, "the budget cannot be filled up to %s: with %s in use, no more can be had (%s)",
              size_text( chosen ), size_text( usage.current ), status_name( status ) );
}

static void print_heading( const struct demo *demo )
{
    const struct adapter *adapter = &demo->adapter;
    struct usage usage;

    platform_color( COLOR_BOLD );
    printf( "kmtdemo: what becomes of video memory when the budget runs short\n\n" );
    platform_color( COLOR_NORMAL );
    printf( "  Adapter  %s\n", adapter->name );
    printf( "  LUID     %08x:%08x\n", (unsigned int)adapter->luid.HighPart, (unsigned int)adapter->luid.LowPart );
    printf( "  Memory   local %s, non-local %s\n", size_text( adapter->local ), size_text( adapter->non_local ) );
    usage = adapter_usage( adapter );
    printf( "  Budget   %s %s, %s of it in use\n", size_text( usage.budget ),
            adapter->group == D3DKMT_MEMORY_SEGMENT_GROUP_LOCAL ? "local" : "non-local", size_text( usage.current ) );
    fflush( stdout );
}

/***********************************************************************
 * The story
 */

static void play( struct demo *demo )
{
    const struct scene *scene = &demo->scene;
    UINT64 bytes = 0;
    unsigned int i;

    demo->start = platform_seconds();
    begin_phase( demo, "Load", "render targets, textures, staging buffers" );
    end_phase( demo, load_classes( demo, CLASS_RENDER_TARGETS, CLASS_CACHE_HIGH, TRUE ) );

    /* HIGH first, LOW last: were age all that counts, it would be the other way round. */
    begin_phase( demo, "Offer", "textures, a third each at HIGH, NORMAL, LOW" );
    for (i = CLASS_CACHE_HIGH; i >= CLASS_CACHE_LOW; i--) for_steps( demo, i, OFFER_STEPS / 3, offer_step );
    end_phase( demo, demo->offered );

    begin_phase( demo, "New level", "more than what is left of the budget" );
    bytes = load_classes( demo, CLASS_NEW_LEVEL, CLASS_NEW_LEVEL, FALSE );
    end_phase( demo, bytes );
    demo->record.peak = adapter_usage( &demo->adapter );
    demo->record.peak_sample = demo->record.samples[demo->record.count - 1];

    begin_phase( demo, "Return", "the new level goes, textures are reclaimed" );
    for (i = scene->first[CLASS_NEW_LEVEL]; i < scene->count; i++) verify_item( demo, &scene->items[i] );
    bytes = demo->offered;
    for_steps( demo, CLASS_NEW_LEVEL, OFFER_STEPS / 4, destroy_step );
    /* HIGH first again, so that making room for what was discarded does not discard what was kept. */
    for (i = CLASS_CACHE_HIGH; i >= CLASS_CACHE_LOW; i--) for_steps( demo, i, OFFER_STEPS / 4, reclaim_step );
    end_phase( demo, bytes );

    begin_phase( demo, "Check", "every byte is read, what was lost reloaded" );
    for (i = bytes = 0; i < scene->first[CLASS_NEW_LEVEL]; i++)
    {
        struct item *item = &scene->items[i];

        bytes += item->size;
        if (item->discarded)
        {
            const void *memory = memory_lock( &demo->adapter, item->handle );
            UINT64 offset = pattern_find_foreign( memory, item->size, item->id );

            if (offset < item->size) note_damage( demo, item, memory, offset, "discarded, but what it shows is not its own" );
            memory_unlock( &demo->adapter, item->handle );
            write_item( demo, item );
        }
        verify_item( demo, item );
        if (item->discarded) item->verified = 0;    /* that was the new content */
    }
    end_phase( demo, bytes );
}

/* Destroys everything and closes the adapter. */
static void clean_up( struct demo *demo )
{
    enum item_class class;
    unsigned int i;

    for (class = CLASS_RENDER_TARGETS; class <= CLASS_CACHE_HIGH; class++)
        for (i = demo->scene.first[class]; i < demo->scene.first[class + 1]; i++)
            memory_destroy( &demo->adapter, &demo->scene.items[i].handle, 1 );
    for (i = 0; i < demo->filler_count; i++) memory_destroy( &demo->adapter, &demo->fillers[i], 1 );
    demo->record.usage_after = adapter_usage( &demo->adapter ).current;
    adapter_close( &demo->adapter );
}

int main( int argc, char **argv )
{
    static struct demo demo;
    struct options options;
    unsigned int failures;
    BOOL unjudged;
    FILE *svg;

    (void)argc;
    parse_options( &options, argv );
    platform_init( options.colors );
    /* Better to know now than in the end; an older picture stays until then. */
    if (options.svg && (!(svg = fopen( options.svg, "ab" )) || fclose( svg )))
        stop( EXIT_CANNOT, "%s cannot be written: %s", options.svg, strerror( errno ) );
    adapter_open( &demo.adapter, options.adapter );
    print_heading( &demo );
    adapter_start( &demo.adapter );
    demo.record.usage_before = adapter_usage( &demo.adapter ).current;
    prepare_budget( &demo, options.size );
    if (demo.record.filled) printf( "  Filled   %s that are never touched; that leaves %s to play in\n",
                                    size_text( demo.record.filled ), size_text( demo.record.budget ) );
    printf( "\n" );
    scene_init( &demo.scene, demo.record.budget );
    play( &demo );
    clean_up( &demo );

    chart_print( &demo.record );
    report_table( &demo.scene );
    /* Content is right or wrong whatever the budget does. */
    unjudged = budget_moved( &demo.record ) && !demo.record.damaged;
    failures = unjudged ? 0 : checks_run( &demo.scene, &demo.record );
    if (options.svg)
    {
        BOOL written = (svg = fopen( options.svg, "wb" )) && svg_write( svg, &demo.adapter, &demo.record );

        if ((svg && fclose( svg )) || !written) stop( EXIT_WRONG, "%s cannot be written: %s", options.svg, strerror( errno ) );
        printf( "\n  Picture  %s\n", options.svg );
    }
    if (unjudged) stop_for_budget( &demo.record );
    if (failures) stop( EXIT_WRONG, "%u check%s failed", failures, failures == 1 ? "" : "s" );
    fflush( stdout );
    return ferror( stdout ) ? EXIT_WRONG : EXIT_GOOD;
}
