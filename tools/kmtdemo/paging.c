/*
 * kmtdemo: a program that has four times its budget
 *
 * It creates four times the budget, from single pages to many megabytes, writes all of it, and reads and rewrites it again and
 * again, comparing every byte. It never offers, so nothing may be lost: what has no room in GPU memory goes to system
 * memory, and comes back when it is used.
 *
 * The order: only a program that uses one allocation after the other can tell what must be evicted: what was used least
 * recently. Allocations that share memory objects are judged by themselves, because evicting one of them frees no memory
 * before its neighbours went or moved.
 *
 * The amount: what exceeds the budget had to be evicted. The last one evicted may have been larger than what was still
 * missing, and small ones are evicted by whole memory objects, as offer.c says.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#include "kmtdemo.h"

/* So many times the budget is created. */
#define FACTOR          4
/* More would need more than 4 GiB of memory. */
#define MOST_PAGED      MIB( 1024 )
/* Each byte of the budget is written or read so many times, evicting and bringing back included. */
#define TIMES           (10 * FACTOR)
/* A sample each time this part of the budget was used. */
#define SAMPLES         16
/* How many allocations are held at most; D3DKMTMakeResident takes 10240. */
#define MOST_HELD       8192

/* An allocation. Its pattern's number says which content it has. */
struct page
{
    D3DKMT_HANDLE handle;
    UINT32        id;
    unsigned int  kind;             /* in kinds */
    UINT64        footprint;        /* bytes by which it makes CurrentUsage grow */
    UINT64        last_use;         /* when it was used last; in bytes that were used since the start */
    UINT64        verified;         /* bytes that were compared and were right, over all passes */
    unsigned int  returns;          /* how often it came back */
    BOOL          evicted;          /* when all was created */
    BOOL          held;
};

/* Largest first. Percent of the bytes. */
static const struct
{
    UINT64       size;
    unsigned int percent;
}
kinds[] =
{
    { 16 << 20, 26 }, { 8 << 20, 22 }, { 3 << 20, 14 }, { 1 << 20, 8 },
    { 640 << 10, 12 }, { 176 << 10, 8 }, { 64 << 10, 5 }, { 12 << 10, 3 }, { 4 << 10, 2 },
};

struct demo
{
    struct adapter adapter;
    struct room    room;
    struct damage  damage;
    struct timeline *timeline;
    struct page   *pages;           /* in the order of their creation */
    unsigned int   count;
    unsigned int  *order;           /* a random order of all pages */
    UINT64         total;           /* bytes of all pages */
    UINT64         clock;           /* bytes that were used so far */
    UINT64         sampled;         /* clock of the last sample */
    UINT64         footprint;       /* of all pages that were created */
    UINT64         returned;        /* bytes that came back from system memory */
    UINT64         passes;          /* bytes that were used in passes over all pages, after their creation */
    UINT64         in_system;       /* bytes used where they were, in system memory */
    UINT64         usage_full;      /* CurrentUsage when all was created, without what is filled */
    D3DKMT_HANDLE  held[MOST_HELD];
    unsigned int   held_count;
    UINT64         held_bytes;
    unsigned int   looks, missing;  /* how often held ones were looked at, and how many were not in GPU memory */
    UINT64         usage_after;
};

enum { LAYER_GPU, LAYER_SYSTEM };
enum { LINE_OUT, LINE_IN };

static UINT64 page_size( const struct page *page )
{
    return kinds[page->kind].size;
}

static const char *kind_name( unsigned int kind )
{
    static char name[32];

    snprintf( name, sizeof(name), "%s, %s", kinds[kind].size < SHARED_BELOW ? "Shared" : "Own", size_text( kinds[kind].size ) );
    return name;
}

/***********************************************************************
 * Preparations
 */

static void shuffle( unsigned int *order, unsigned int first, unsigned int count, UINT32 *seed )
{
    unsigned int i, other, swap;

    for (i = count; i > first + 1; i--)
    {
        other = first + next_random( seed ) % (i - first);
        swap = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swap;
    }
}

/* Chooses the pages: by their kinds' shares, in random order, but with one of each kind first, so that its footprint is known. */
static void choose_pages( struct demo *demo )
{
    UINT64 wanted = demo->room.budget * FACTOR, share = 0;
    unsigned int counts[ARRAY_COUNT( kinds )], *sequence, kind, i, used = 0, first = 0;
    UINT32 seed = 7;

    for (kind = 0; kind < ARRAY_COUNT( kinds ); kind++)
    {
        /* What is too large for the budget gives its share to the next. What the division leaves goes to the next, too. */
        share += wanted / 100 * kinds[kind].percent;
        if (kind + 1 == ARRAY_COUNT( kinds )) share = wanted - demo->total + kinds[kind].size - 1;
        counts[kind] = kinds[kind].size > demo->room.budget / 8 ? 0 : share / kinds[kind].size;
        share -= counts[kind] * kinds[kind].size;
        demo->total += counts[kind] * kinds[kind].size;
        demo->count += counts[kind];
    }
    demo->pages = calloc( demo->count, sizeof(*demo->pages) );
    demo->order = calloc( demo->count, sizeof(*demo->order) );
    sequence = calloc( demo->count, sizeof(*sequence) );
    if (!demo->pages || !demo->order || !sequence) stop( EXIT_CANNOT, "out of memory" );
    for (kind = 0; kind < ARRAY_COUNT( kinds ); kind++)
        if (counts[kind]) sequence[used++] = kind;
    first = used;
    for (kind = 0; kind < ARRAY_COUNT( kinds ); kind++)
        for (i = 1; i < counts[kind]; i++) sequence[used++] = kind;
    shuffle( sequence, first, demo->count, &seed );
    for (i = 0; i < demo->count; i++)
    {
        demo->pages[i].id = i + 1;
        demo->pages[i].kind = sequence[i];
        demo->order[i] = i;
    }
    free( sequence );
    shuffle( demo->order, 0, demo->count, &seed );
}

/***********************************************************************
 * Steps
 */

static UINT64 usage_here( struct demo *demo )
{
    struct usage usage = room_usage( &demo->room, &demo->adapter );

    return usage.current > demo->room.filled ? usage.current - demo->room.filled : 0;
}

static void take_sample( struct demo *demo )
{
    struct sample sample = { .layers[LAYER_GPU] = usage_here( demo ) };

    if (demo->footprint > sample.layers[LAYER_GPU]) sample.layers[LAYER_SYSTEM] = demo->footprint - sample.layers[LAYER_GPU];
    sample.lines[LINE_IN] = demo->returned;
    sample.lines[LINE_OUT] = demo->returned + sample.layers[LAYER_SYSTEM];
    timeline_add( demo->timeline, sample );
    demo->sampled = demo->clock;
}

static void begin_phase( struct demo *demo, const char *name, const char *what )
{
    timeline_begin_phase( demo->timeline, name, what );
    take_sample( demo );
}

static void end_phase( struct demo *demo, UINT64 bytes )
{
    take_sample( demo );
    timeline_end_phase( demo->timeline, bytes );
}

static BOOL is_resident( struct demo *demo, const struct page *page )
{
    BOOL resident;

    memory_residency( &demo->adapter, &page->handle, 1, &resident );
    return resident;
}

/* What is held must be in GPU memory all the time. */
static void look_at_held( struct demo *demo )
{
    BOOL resident[MOST_HELD];
    unsigned int i;

    if (!demo->held_count) return;
    memory_residency( &demo->adapter, demo->held, demo->held_count, resident );
    for (i = 0; i < demo->held_count; i++) demo->missing += !resident[i];
    demo->looks++;
}

static void note_use( struct demo *demo, struct page *page )
{
    demo->clock += page_size( page );
    page->last_use = demo->clock;
    if (demo->clock - demo->sampled < demo->room.budget / SAMPLES) return;
    take_sample( demo );
    look_at_held( demo );
}

static void create_page( struct demo *demo, struct page *page )
{
    UINT64 size = page_size( page ), before = 0;
    unsigned int i;
    NTSTATUS status;

    /* The first of its kind: nothing has been evicted so far. */
    for (i = 0; i < page->id - 1 && demo->pages[i].kind != page->kind; i++) {}
    if (i == page->id - 1) before = usage_here( demo );
    else page->footprint = demo->pages[i].footprint;
    if (!(page->handle = memory_create( &demo->adapter, size, &status )))
    {
        if (status == STATUS_NO_MEMORY)
            stop( EXIT_CANNOT, "system memory is too small for the %s of part 3 (%s); --size=64 needs least",
                  size_text( demo->total ), status_name( status ) );
        stop( EXIT_WRONG, "%s more cannot be created (%s), although all of the %s there are could be evicted",
              size_text( size ), status_name( status ), size_text( demo->footprint ) );
    }
    if (!page->footprint) page->footprint = usage_here( demo ) - before;
    demo->footprint += page->footprint;
    pattern_write( memory_lock( &demo->adapter, page->handle ), size, page->id );
    memory_unlock( &demo->adapter, page->handle );
    note_use( demo, page );
}

/* Compares a page's content, and rewrites it. */
static void use_page( struct demo *demo, struct page *page, BOOL rewrite )
{
    UINT64 size = page_size( page ), offset;
    BOOL was_resident = is_resident( demo, page );
    void *memory = memory_lock( &demo->adapter, page->handle );

    if (!was_resident)
    {
        if (is_resident( demo, page ))
        {
            page->returns++;
            demo->returned += size;
        }
        else demo->in_system += size;
    }
    offset = pattern_find_difference( memory, size, page->id );
    if (offset < size)
        damage_note( &demo->damage, size < SHARED_BELOW ? "Shared" : "Own", size, memory, offset, "content changed" );
    page->verified += offset;
    if (rewrite)
    {
        page->id += demo->count;
        pattern_write( memory, size, page->id );
    }
    memory_unlock( &demo->adapter, page->handle );
    demo->passes += size;
    note_use( demo, page );
}

/* Makes a quarter of the budget resident. */
static UINT64 hold_pages( struct demo *demo )
{
    unsigned int i;

    for (i = 0; i < demo->count && demo->held_count < MOST_HELD; i++)
    {
        struct page *page = &demo->pages[demo->order[i]];

        if (demo->held_bytes + page->footprint > demo->room.budget / 4) continue;
        page->held = TRUE;
        demo->held[demo->held_count++] = page->handle;
        demo->held_bytes += page->footprint;
        if (!is_resident( demo, page ))
        {
            page->returns++;
            demo->returned += page_size( page );
        }
    }
    if (!memory_make_resident( &demo->adapter, demo->held, demo->held_count ))
        stop( EXIT_WRONG, "%s cannot be made resident (STATUS_NO_MEMORY), a quarter of the budget", size_text( demo->held_bytes ) );
    look_at_held( demo );
    return demo->held_bytes;
}

/* Notes which pages are evicted. */
static void note_evicted( struct demo *demo )
{
    D3DKMT_HANDLE handles[MOST_HELD];
    BOOL resident[MOST_HELD];
    unsigned int i, first, count;

    for (first = 0; first < demo->count; first += count)
    {
        for (count = 0; count < MOST_HELD && first + count < demo->count; count++)
            handles[count] = demo->pages[first + count].handle;
        memory_residency( &demo->adapter, handles, count, resident );
        for (i = 0; i < count; i++) demo->pages[first + i].evicted = !resident[i];
    }
}

/***********************************************************************
 * The story
 */

static void play( struct demo *demo )
{
    unsigned int i;

    timeline_start( demo->timeline );
    begin_phase( demo, "Create", "four times the budget, all of it is written" );
    for (i = 0; i < demo->count; i++) create_page( demo, &demo->pages[i] );
    end_phase( demo, demo->total );
    demo->usage_full = usage_here( demo );
    note_evicted( demo );

    begin_phase( demo, "Read", "oldest first, every byte is compared" );
    for (i = 0; i < demo->count; i++) use_page( demo, &demo->pages[i], FALSE );
    end_phase( demo, demo->total );

    begin_phase( demo, "Hold", "a quarter of the budget is made resident" );
    end_phase( demo, hold_pages( demo ) );

    begin_phase( demo, "Change", "in random order, every second one rewritten" );
    for (i = 0; i < demo->count; i++) use_page( demo, &demo->pages[demo->order[i]], i % 2 );
    memory_evict( &demo->adapter, demo->held, demo->held_count );
    demo->held_count = 0;
    end_phase( demo, demo->total );

    begin_phase( demo, "Check", "newest first, every byte is compared again" );
    for (i = demo->count; i--; ) use_page( demo, &demo->pages[i], FALSE );
    end_phase( demo, demo->total );
}

/* Destroys everything and closes the adapter. */
static void clean_up( struct demo *demo )
{
    unsigned int i;

    for (i = 0; i < demo->count; i++) memory_destroy( &demo->adapter, &demo->pages[i].handle, 1 );
    demo->usage_after = room_close( &demo->room, &demo->adapter );
    adapter_close( &demo->adapter );
}

/***********************************************************************
 * What became of it
 */

static void print_table( const struct demo *demo )
{
    unsigned int kind, i;

    report_heading( "created", "evicted then", "brought back" );
    for (kind = 0; kind < ARRAY_COUNT( kinds ); kind++)
    {
        struct row row = { 0 };

        for (i = 0; i < demo->count; i++)
        {
            const struct page *page = &demo->pages[i];

            if (page->kind != kind) continue;
            row.counts[0]++;
            row.counts[1] += page->evicted;
            row.counts[2] += page->returns;
            row.verified += page->verified;
        }
        if (!row.counts[0]) continue;
        for (i = 0; i < ARRAY_COUNT( row.counts ); i++) row.bytes[i] = row.counts[i] * kinds[kind].size;
        report_row( kind_name( kind ), &row );
    }
    report_total();
}

static void check_content( const struct demo *demo )
{
    UINT64 verified = 0;
    unsigned int i;

    for (i = 0; i < demo->count; i++) verified += demo->pages[i].verified;
    if (demo->damage.count)
        check( FALSE, "content", "found wrong %u time%s; the first:\n%s", demo->damage.count,
               demo->damage.count == 1 ? "" : "s", demo->damage.text );
    else
        check( verified == demo->passes && verified == 3 * demo->total, "content",
               "every byte of all %u was right, three times: %s", demo->count, size_text( verified ) );
}

/* Of all with an own memory object, or of all that share them. */
static void check_order( const struct demo *demo, BOOL shared )
{
    unsigned int i, evicted = 0, count = 0, first_resident = demo->count, last_evicted = demo->count;

    for (i = 0; i < demo->count; i++)
    {
        const struct page *page = &demo->pages[i];

        if ((page_size( page ) < SHARED_BELOW) != shared) continue;
        count++;
        if (!page->evicted && first_resident == demo->count) first_resident = i;
        if (!page->evicted) continue;
        evicted++;
        last_evicted = i;
    }
    if (!evicted || evicted == count)
        check( FALSE, "order", "%s of %u was evicted, so no order can be seen", evicted ? "every one" : "none", count );
    else if (last_evicted > first_resident)
        check( FALSE, "order", "number %u was evicted, but number %u,\nused before it, was not", last_evicted + 1,
               first_resident + 1 );
    else
        check( TRUE, "order", "%s: those used least recently,\nthe first %u of %u, were evicted, no others",
               shared ? "sharing memory objects" : "with memory of their own", evicted, count );
}

static void check_amount( const struct demo *demo )
{
    UINT64 all = demo->room.filled + demo->footprint, small = 0, evicted = 0, resident, needed, most;
    UINT64 largest = 0;
    unsigned int i;

    for (i = 0; i < demo->count; i++)
    {
        const struct page *page = &demo->pages[i];

        if (page_size( page ) < SHARED_BELOW) small += page->footprint;
        else if (page->footprint > largest) largest = page->footprint;
        if (page->evicted) evicted += page->footprint;
    }
    needed = all > demo->room.least_budget ? all - demo->room.least_budget : 0;
    most = needed + largest + small / 16;
    check( evicted >= needed && evicted <= most, "amount", "%s%s had to go, %s went;\n"
           "the limit is %s: one allocation more, shared objects", evicted >= needed && evicted <= most ? "just enough: " : "",
           size_text( needed ), size_text( evicted ), size_text( most ) );
    resident = demo->footprint - evicted;
    most = resident > demo->usage_full ? resident - demo->usage_full : demo->usage_full - resident;
    check( most <= small / 16, "answers", "in GPU memory by usage: %s, by residency: %s",
           size_text( demo->usage_full ), size_text( resident ) );
}

static void check_paging( const struct demo *demo )
{
    UINT64 hidden = demo->room.budget * (demo->passes / demo->total), needed = demo->passes > hidden ? demo->passes - hidden : 0;
    UINT64 out = demo->timeline->samples[demo->timeline->count - 1].lines[LINE_OUT];

    check( demo->returned + demo->in_system >= needed, "paging", "%s were evicted, %s brought back%s%s;\n"
           "no fewer than %s: all but a budget each time", size_text( out ), size_text( demo->returned ),
           demo->in_system ? ", used in system memory: " : "",
           demo->in_system ? size_text( demo->in_system ) : "", size_text( needed ) );
    if (demo->missing) check( FALSE, "held", "%u that are held were not in GPU memory, in %u looks", demo->missing, demo->looks );
    else check( demo->looks, "held", "%s stayed in GPU memory, seen %u times", size_text( demo->held_bytes ), demo->looks );
}

const char *paging_play( const struct options *options, struct timeline *timeline )
{
    static struct demo demo;

    demo.timeline = timeline;
    timeline->title = "A program that has four times its budget";
    timeline->layers[LAYER_GPU].look = LOOK_USED;
    timeline->layers[LAYER_GPU].name = "in GPU memory";
    timeline->layers[LAYER_SYSTEM].look = LOOK_EVICTED;
    timeline->layers[LAYER_SYSTEM].name = "evicted to system memory";
    timeline->layer_count = 2;
    timeline->lines[LINE_OUT] = "evicted so far (right)";
    timeline->lines[LINE_IN] = "brought back so far (right)";
    timeline->line_count = 2;
    timeline->budget_name = "budget";
    timeline->rows = 4;

    adapter_open( &demo.adapter, options->adapter );
    adapter_start( &demo.adapter );
    room_prepare( &demo.room, &demo.adapter, options->size, MOST_PAGED, TIMES );
    timeline->budget = demo.room.budget;
    choose_pages( &demo );
    snprintf( timeline->note, sizeof(timeline->note), "%.100s, a budget of %s, %u allocations of %s", demo.adapter.name,
              size_text( demo.room.budget ), demo.count, size_text( demo.total ) );
    room_note( &demo.room, timeline->note, sizeof(timeline->note) );
    play( &demo );
    clean_up( &demo );

    chart_print( timeline );
    print_table( &demo );
    if (room_moved( &demo.room ) && !demo.damage.count) return room_moved_text( &demo.room );
    checks_begin();
    check_content( &demo );
    check_order( &demo, FALSE );
    check_order( &demo, TRUE );
    check_amount( &demo );
    check_paging( &demo );
    check( demo.room.most_usage <= demo.room.most_budget, "budget", "usage was %s at most, of %s", size_text( demo.room.most_usage ),
           size_text( demo.room.most_budget ) );
    check( demo.usage_after == demo.room.usage_before, "the end", "%s in use before, %s after", size_text( demo.room.usage_before ),
           size_text( demo.usage_after ) );
    return NULL;
}
