/*
 * kmtdemo: a game that offers what is out of sight
 *
 * The order: what was discarded must be the beginning of the sequence LOW, NORMAL, HIGH, each in the order in which it was
 * offered. So a single allocation that was kept in front of one that was discarded is an error.
 *
 * The amount: at the peak the program had more than the budget. What exceeded it had to be discarded, and what was in
 * excess of that, was not. Exactly that cannot be, because memory comes in pieces: the last one discarded may have been
 * larger than what was still missing, by its own size at most; and small allocations share memory objects, which are freed as
 * a whole. When every sixteenth place in those is free, that is what it takes. No more than these two is tolerated.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>
#include "kmtdemo.h"

/* The offers are spread over so many steps of so many milliseconds, as a game offers what goes out of sight. */
#define OFFER_STEPS     48
#define STEP_MS         20
/* Of what is created, a sample each time this part of the budget was added. */
#define CREATE_STEPS    96
/* All that is created and loaded again is written, and about as much is read. */
#define TIMES           1.7

struct demo
{
    struct adapter adapter;
    struct room    room;
    struct scene   scene;
    struct damage  damage;
    struct timeline *timeline;
    UINT64         used;            /* footprints of what is not offered */
    UINT64         offered;         /* footprints of what is offered */
    struct sample  peak_sample;     /* when all was created */
    UINT64         usage_after;
};

enum { LAYER_USED, LAYER_OFFERED, LAYER_DISCARDED };

/***********************************************************************
 * Steps
 */

static void take_sample( struct demo *demo )
{
    struct usage usage = room_usage( &demo->room, &demo->adapter );
    UINT64 here = usage.current > demo->room.filled ? usage.current - demo->room.filled : 0;
    struct sample sample = { .layers[LAYER_USED] = demo->used };

    if (here > demo->used) sample.layers[LAYER_OFFERED] = here - demo->used;
    if (sample.layers[LAYER_OFFERED] > demo->offered) sample.layers[LAYER_OFFERED] = demo->offered;
    sample.layers[LAYER_DISCARDED] = demo->offered - sample.layers[LAYER_OFFERED];
    timeline_add( demo->timeline, sample );
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
    if (offset < item->size) damage_note( &demo->damage, class_names[item->class], item->size, memory, offset, "content changed" );
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
            if (room_moved( &demo->room )) stop( EXIT_CANNOT, "%s", room_moved_text( &demo->room ) );
            stop( EXIT_WRONG, "%s more cannot be created (%s), although %s are used and %s offered, of a budget of %s",
                  size_text( item->size ), status_name( status ), size_text( demo->used ),
                  size_text( demo->offered ), size_text( demo->room.budget ) );
        }
        after = measure ? adapter_usage( &demo->adapter ).current : 0;
        item->footprint = after >= before + item->size ? after - before : known_footprint( scene, item->size );
        demo->used += item->footprint;
        write_item( demo, item );
        bytes += item->size;
        if ((since_sample += item->size) < demo->room.budget / CREATE_STEPS) continue;
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
 * The story
 */

static void play( struct demo *demo )
{
    const struct scene *scene = &demo->scene;
    UINT64 bytes = 0;
    unsigned int i;

    timeline_start( demo->timeline );
    begin_phase( demo, "Load", "render targets, textures, staging buffers" );
    end_phase( demo, load_classes( demo, CLASS_RENDER_TARGETS, CLASS_CACHE_HIGH, TRUE ) );

    /* HIGH first, LOW last: were age all that counts, it would be the other way round. */
    begin_phase( demo, "Offer", "textures, a third each at HIGH, NORMAL, LOW" );
    for (i = CLASS_CACHE_HIGH; i >= CLASS_CACHE_LOW; i--) for_steps( demo, i, OFFER_STEPS / 3, offer_step );
    end_phase( demo, demo->offered );

    begin_phase( demo, "New level", "more than what is left of the budget" );
    bytes = load_classes( demo, CLASS_NEW_LEVEL, CLASS_NEW_LEVEL, FALSE );
    end_phase( demo, bytes );
    demo->peak_sample = demo->timeline->samples[demo->timeline->count - 1];

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

            if (offset < item->size)
                damage_note( &demo->damage, class_names[item->class], item->size, memory, offset, "discarded, but what it shows is not its own" );
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
    demo->usage_after = room_close( &demo->room, &demo->adapter );
    adapter_close( &demo->adapter );
}

/***********************************************************************
 * What became of it
 */

static void print_table( const struct scene *scene )
{
    unsigned int class, i;

    report_heading( "created", "kept", "discarded" );
    for (class = 0; class < CLASS_COUNT; class++)
    {
        struct row row = { 0 };

        for (i = scene->first[class]; i < scene->first[class + 1]; i++)
        {
            const struct item *item = &scene->items[i];

            row.counts[0]++;
            row.bytes[0] += item->size;
            row.counts[item->discarded ? 2 : 1]++;
            row.bytes[item->discarded ? 2 : 1] += item->size;
            row.verified += item->verified;
        }
        report_row( class_names[class], &row );
    }
    report_total();
}

static void check_content( const struct demo *demo )
{
    const struct scene *scene = &demo->scene;
    UINT64 verified = 0, expected = 0, lost = 0;
    unsigned int i, count = 0;

    for (i = 0; i < scene->count; i++)
    {
        verified += scene->items[i].verified;
        if (scene->items[i].discarded) lost += scene->items[i].size;
        else
        {
            expected += scene->items[i].size;
            count++;
        }
    }
    if (demo->damage.count)
        check( FALSE, "content", "allocations with wrong content: %u; the first:\n%s", demo->damage.count, demo->damage.text );
    else
        check( verified == expected, "content", "every byte of the %u that were kept is right, %s;\n"
               "%s that were discarded show nobody's content", count, size_text( verified ), size_text( lost ) );
}

static void check_order( const struct scene *scene )
{
    unsigned int i, discarded = 0, first_kept = scene->count, wrong = scene->count, count = 0;

    for (i = scene->first[CLASS_CACHE_LOW]; i < scene->first[CLASS_CACHE_HIGH + 1]; i++, count++)
    {
        if (!scene->items[i].discarded && first_kept == scene->count) first_kept = i;
        if (!scene->items[i].discarded) continue;
        discarded++;
        if (first_kept < i && wrong == scene->count) wrong = i;
    }
    if (wrong < scene->count)
        check( FALSE, "order", "number %u of \"%s\" was discarded,\nbut number %u of \"%s\", offered to go before it, was kept",
               wrong - scene->first[scene->items[wrong].class] + 1, class_names[scene->items[wrong].class],
               first_kept - scene->first[scene->items[first_kept].class] + 1, class_names[scene->items[first_kept].class] );
    else if (!discarded || discarded == count)
        check( FALSE, "order", "%s of the %u offered was discarded, so no order can be seen", discarded ? "every one" : "none", count );
    else
        check( TRUE, "order", "LOW before NORMAL before HIGH, in each the oldest first:\n"
               "the first %u of %u in that order are gone, no others", discarded, count );
}

static void check_amount( const struct demo *demo )
{
    const struct scene *scene = &demo->scene;
    UINT64 all = demo->room.filled, small = 0, largest = 0, discarded = 0, needed, most, peak;
    unsigned int i;

    for (i = 0; i < scene->count; i++)
    {
        const struct item *item = &scene->items[i];

        all += item->footprint;
        if (item->size < SHARED_BELOW) small += item->footprint;
        if (class_is_cache( item->class ) && item->footprint > largest) largest = item->footprint;
        if (item->discarded) discarded += item->footprint;
    }
    needed = all > demo->room.least_budget ? all - demo->room.least_budget : 0;
    most = needed + largest + small / 16;
    if (!needed) check( FALSE, "amount", "the program never had more than the budget, so nothing was shown" );
    else
        check( discarded >= needed && discarded <= most, "amount",
               "%s%s had to go, %s went;\n"
               "the limit is %s: one allocation more, shared objects",
               discarded >= needed && discarded <= most ? "just enough: " : "", size_text( needed ),
               size_text( discarded ), size_text( most ) );

    /* Nothing is discarded between peak and reclaim, so usage told then what the reclaim told later. */
    peak = demo->peak_sample.layers[LAYER_DISCARDED];
    most = peak > discarded ? peak - discarded : discarded - peak;
    check( most <= small / 16, "answers", "gone by usage at the peak: %s, by reclaim: %s",
           size_text( peak ), size_text( discarded ) );
}

const char *offer_play( const struct options *options, struct timeline *timeline )
{
    static struct demo demo;

    demo.timeline = timeline;
    timeline->title = "A program that offers, and creates more than its budget";
    timeline->layers[LAYER_USED].look = LOOK_USED;
    timeline->layers[LAYER_USED].name = "in use";
    timeline->layers[LAYER_OFFERED].look = LOOK_OFFERED;
    timeline->layers[LAYER_OFFERED].name = "offered, still there";
    timeline->layers[LAYER_DISCARDED].look = LOOK_DISCARDED;
    timeline->layers[LAYER_DISCARDED].name = "offered, discarded";
    timeline->layer_count = 3;
    timeline->budget_name = "budget";
    timeline->rows = 12;

    adapter_open( &demo.adapter, options->adapter );
    adapter_start( &demo.adapter );
    room_prepare( &demo.room, &demo.adapter, options->size, MOST_BUDGET, TIMES );
    timeline->budget = demo.room.budget;
    snprintf( timeline->note, sizeof(timeline->note), "%.100s, a budget of %s", demo.adapter.name, size_text( demo.room.budget ) );
    room_note( &demo.room, timeline->note, sizeof(timeline->note) );
    scene_init( &demo.scene, demo.room.budget );
    play( &demo );
    clean_up( &demo );

    chart_print( timeline );
    print_table( &demo.scene );
    /* Content is right or wrong whatever the budget does. */
    if (room_moved( &demo.room ) && !demo.damage.count) return room_moved_text( &demo.room );
    checks_begin();
    check_content( &demo );
    check_order( &demo.scene );
    check_amount( &demo );
    check( demo.room.most_usage <= demo.room.most_budget, "budget", "usage was %s at most, of %s", size_text( demo.room.most_usage ),
           size_text( demo.room.most_budget ) );
    check( demo.usage_after == demo.room.usage_before, "the end", "%s in use before, %s after", size_text( demo.room.usage_before ),
           size_text( demo.usage_after ) );
    return NULL;
}
