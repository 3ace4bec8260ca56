/*
 * kmtdemo: two programs at once
 *
 * The first, this one, fills the GPU's memory and holds all of it resident. The second (second.c, another process) wants three
 * eighths of it, and cannot have them. The first offers half of what it has; the second asks again, and gets what it wants: the
 * first loses as much of what it offered, and nothing else. The two take turns: the second does what the first tells it through a pipe.
 *
 * What the two may have together is the budget that the first had while it was alone.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "kmtdemo.h"

/* Each byte of the budget is written or read so many times. */
#define TIMES           5
/* More would need more than 4 GiB of memory in two processes. */
#define MOST_SHARED     MIB( 3072 )
/* For the picture's sake. */
#define STEP_MS         20
/* When the first has offered, the second is patient: on a busy machine the first may take longer than a call waits for it. */
#define MOST_RETRIES    8
#define RETRY_MS        300
#define MOST_TEXTURES   512
/* Of the second program's patterns */
#define SECOND_IDS      0x100000

struct texture
{
    D3DKMT_HANDLE handle;
    UINT32        id;
    UINT64        size, footprint, verified;
    BOOL          offered, discarded;
};

struct answer
{
    NTSTATUS status;
    UINT64   value;
    struct usage usage;
};

struct demo
{
    struct adapter adapter;
    struct room    room;
    struct damage  damage;
    struct timeline *timeline;
    struct child   child;
    struct texture textures[MOST_TEXTURES];
    unsigned int   count;
    UINT64         unit;            /* a 64th of the budget */
    UINT64         card;            /* bytes that the two may have together */
    UINT64         used;            /* footprints of what is not offered, or was reclaimed and is there */
    UINT64         offered;         /* footprints of what is offered */
    UINT64         lost;            /* footprints of what is reclaimed and was discarded */
    UINT64         second;          /* CurrentUsage of the second, as it said last */
    UINT64         most_together;   /* bytes that both used at most */
    UINT64         wanted;          /* bytes that the second wants */
    UINT64         refused, granted;    /* bytes that it got while all was held, and afterwards */
    NTSTATUS       refusal;         /* what it was told then, STATUS_SUCCESS: nothing */
    NTSTATUS       second_status;   /* the same, after the offer */
    unsigned int   retries;         /* how often it asked again then */
    UINT64         second_right;    /* bytes of the second that were right */
    BOOL           same_adapter;
    UINT64         discarded_usage; /* bytes discarded at the peak by usage */
    UINT64         peak_second;     /* usage of the second then */
    UINT64         usage_after, second_after;
    int            exit_status;     /* of the second */
};

enum { LAYER_FIRST, LAYER_SECOND, LAYER_OFFERED, LAYER_DISCARDED };

/***********************************************************************
 * The other program
 */

/* Tells it something, and waits for its answer. */
static struct answer ask( struct demo *demo, const char *format, ... ) PRINTF_LIKE( 2, 3 );

static struct answer ask( struct demo *demo, const char *format, ... )
{
    unsigned long long value, current, budget;
    struct answer answer = { 0 };
    unsigned int status;
    char line[128];
    va_list args;

    va_start( args, format );
    vfprintf( demo->child.to, format, args );
    va_end( args );
    fprintf( demo->child.to, "\n" );
    fflush( demo->child.to );
    if (!fgets( line, sizeof(line), demo->child.from ) ||
        sscanf( line, "%x %llu %llu %llu", &status, &value, &current, &budget ) != 4)
        stop( EXIT_WRONG, "the second program gave no answer; it ended with status %d", platform_wait_child( &demo->child ) );
    answer.status = status;
    answer.value = value;
    answer.usage = (struct usage){ budget, current };
    demo->second = current;
    return answer;
}

/***********************************************************************
 * Steps
 */

static void take_sample( struct demo *demo )
{
    struct usage usage = adapter_usage( &demo->adapter );
    UINT64 here = usage.current > demo->room.filled ? usage.current - demo->room.filled : 0, present;
    struct sample sample = { .layers[LAYER_FIRST] = here, .layers[LAYER_SECOND] = demo->second };

    if (usage.current + demo->second > demo->most_together) demo->most_together = usage.current + demo->second;
    if (demo->offered)
    {
        present = here > demo->used ? here - demo->used : 0;
        if (present > demo->offered) present = demo->offered;
        sample.layers[LAYER_FIRST] = here - present;
        sample.layers[LAYER_OFFERED] = present;
        sample.layers[LAYER_DISCARDED] = demo->offered - present;
    }
    sample.layers[LAYER_DISCARDED] += demo->lost;
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

static void step( struct demo *demo )
{
    take_sample( demo );
    platform_sleep( STEP_MS );
}

static void write_texture( struct demo *demo, const struct texture *texture )
{
    pattern_write( memory_lock( &demo->adapter, texture->handle ), texture->size, texture->id );
    memory_unlock( &demo->adapter, texture->handle );
}

static void verify_texture( struct demo *demo, struct texture *texture )
{
    const void *memory = memory_lock( &demo->adapter, texture->handle );
    UINT64 offset;

    if (texture->discarded)
    {
        offset = pattern_find_foreign( memory, texture->size, texture->id );
        if (offset < texture->size)
            damage_note( &demo->damage, "discarded", texture->size, memory, offset, "what it shows is not its own" );
    }
    else
    {
        offset = pattern_find_difference( memory, texture->size, texture->id );
        if (offset < texture->size) damage_note( &demo->damage, "kept", texture->size, memory, offset, "content changed" );
        texture->verified = offset;
    }
    memory_unlock( &demo->adapter, texture->handle );
}

/* Fills the budget. */
static UINT64 fill( struct demo *demo )
{
    const UINT64 sizes[] = { 4 * demo->unit, demo->unit, 64 << 10, 2 * demo->unit, 256 << 10, demo->unit };
    UINT64 bytes = 0;

    while (demo->count < MOST_TEXTURES)
    {
        UINT64 size = sizes[demo->count % ARRAY_COUNT( sizes )];
        struct usage usage = adapter_usage( &demo->adapter ), after;
        struct texture *texture = &demo->textures[demo->count];
        NTSTATUS status;

        if (usage.current + size + size / 4 > demo->card) break;
        texture->size = size;
        texture->id = demo->count + 1;
        if (!(texture->handle = memory_create( &demo->adapter, size, &status )))
            stop( EXIT_WRONG, "%s more cannot be created (%s), although %s of %s are used", size_text( size ), status_name( status ),
                  size_text( usage.current ), size_text( usage.budget ) );
        if (!memory_make_resident( &demo->adapter, &texture->handle, 1 ))
            stop( EXIT_WRONG, "%s cannot be made resident, although only %s of %s are used", size_text( size ),
                  size_text( usage.current ), size_text( usage.budget ) );
        after = adapter_usage( &demo->adapter );
        texture->footprint = after.current >= usage.current + size ? after.current - usage.current : size;
        demo->used += texture->footprint;
        write_texture( demo, texture );
        demo->count++;
        bytes += size;
        step( demo );
    }
    return bytes;
}

/* The second creates until it has what it wants or is refused. Returns how much that was; *status what it was told last. */
static UINT64 let_second_create( struct demo *demo, UINT64 wanted, NTSTATUS *status )
{
    const UINT64 sizes[] = { demo->unit, 128 << 10, 3 * demo->unit, 2 * demo->unit };
    static unsigned int next;
    UINT64 got = 0;

    for (*status = STATUS_SUCCESS; got < wanted; next++)
    {
        UINT64 size = sizes[next % ARRAY_COUNT( sizes )];

        *status = ask( demo, "create %" PRIu64 " %u", (uint64_t)size, SECOND_IDS + next ).status;
        step( demo );
        if (*status) break;
        got += size;
    }
    return got;
}

/* Every second texture is no longer held, and offered. */
static UINT64 offer_textures( struct demo *demo )
{
    UINT64 bytes = 0;
    unsigned int i;

    for (i = 1; i < demo->count; i += 2)
    {
        struct texture *texture = &demo->textures[i];

        memory_evict( &demo->adapter, &texture->handle, 1 );
        memory_offer( &demo->adapter, &texture->handle, 1, D3DKMT_OFFER_PRIORITY_NORMAL );
        texture->offered = TRUE;
        demo->used -= texture->footprint;
        demo->offered += texture->footprint;
        bytes += texture->size;
        step( demo );
    }
    return bytes;
}

/* What was offered last comes first, so that making room for what was discarded does not discard what was kept. */
static UINT64 reclaim_textures( struct demo *demo )
{
    D3DDDI_RECLAIM_RESULT result;
    UINT64 bytes = 0;
    unsigned int i;

    for (i = demo->count; i--; )
    {
        struct texture *texture = &demo->textures[i];

        if (!texture->offered) continue;
        memory_reclaim( &demo->adapter, &texture->handle, 1, &result );
        if (result != D3DDDI_RECLAIM_RESULT_OK && result != D3DDDI_RECLAIM_RESULT_DISCARDED)
            stop( EXIT_WRONG, "D3DKMTReclaimAllocations2 answered %d for an allocation that was offered without AllowDecommit",
                  result );
        texture->discarded = result == D3DDDI_RECLAIM_RESULT_DISCARDED;
        demo->offered -= texture->footprint;
        if (texture->discarded) demo->lost += texture->footprint;
        else demo->used += texture->footprint;
        bytes += texture->size;
    }
    return bytes;
}

/***********************************************************************
 * The story
 */

static void play( struct demo *demo, const struct options *options )
{
    const LUID *luid = &demo->adapter.luid;
    struct answer answer;
    unsigned int i;
    UINT64 bytes;
    char adapter[32];

    timeline_start( demo->timeline );
    begin_phase( demo, "Fill", "the first fills all and holds it resident" );
    end_phase( demo, fill( demo ) );

    demo->wanted = 24 * demo->unit;
    begin_phase( demo, "Refusal", "the second wants three eighths, gets" );
    snprintf( adapter, sizeof(adapter), "--adapter=%u", options->adapter );
    platform_start_child( &demo->child, "--second", options->adapter ? adapter : NULL );
    answer = ask( demo, "start" );
    demo->same_adapter = answer.value == ((UINT64)(UINT32)luid->HighPart << 32 | luid->LowPart);
    demo->refused = let_second_create( demo, demo->wanted, &demo->refusal );
    end_phase( demo, demo->refused );

    begin_phase( demo, "Offer", "the first offers every second texture" );
    bytes = offer_textures( demo );
    end_phase( demo, bytes );

    begin_phase( demo, "Grant", "the second asks for the rest again, gets" );
    while (demo->refused + demo->granted < demo->wanted)
    {
        demo->granted += let_second_create( demo, demo->wanted - demo->refused - demo->granted, &demo->second_status );
        if (!demo->second_status || demo->retries == MOST_RETRIES) break;
        demo->retries++;
        platform_sleep( RETRY_MS );
    }
    end_phase( demo, demo->granted );
    demo->peak_second = demo->second;
    demo->discarded_usage = demo->timeline->samples[demo->timeline->count - 1].layers[LAYER_DISCARDED];

    begin_phase( demo, "Return", "the first reclaims, both read every byte" );
    bytes = reclaim_textures( demo );
    step( demo );
    for (i = 0; i < demo->count; i++)
        if (!demo->textures[i].discarded) verify_texture( demo, &demo->textures[i] );
    demo->second_right = ask( demo, "verify" ).value;
    end_phase( demo, bytes );

    begin_phase( demo, "Reload", "the second ends, the first reloads" );
    demo->second_after = ask( demo, "close" ).usage.current;
    demo->exit_status = platform_wait_child( &demo->child );
    for (i = bytes = 0; i < demo->count; i++)
    {
        struct texture *texture = &demo->textures[i];

        if (!texture->discarded) continue;
        verify_texture( demo, texture );
        write_texture( demo, texture );
        demo->lost -= texture->footprint;
        demo->used += texture->footprint;
        bytes += texture->size;
        step( demo );
    }
    for (i = 0; i < demo->count; i++)
    {
        BOOL discarded = demo->textures[i].discarded;

        demo->textures[i].discarded = FALSE;
        verify_texture( demo, &demo->textures[i] );
        demo->textures[i].discarded = discarded;
        if (discarded) demo->textures[i].verified = 0;      /* that was the new content */
    }
    end_phase( demo, bytes );
}

static void clean_up( struct demo *demo )
{
    unsigned int i;

    for (i = 0; i < demo->count; i++) memory_destroy( &demo->adapter, &demo->textures[i].handle, 1 );
    demo->usage_after = room_close( &demo->room, &demo->adapter );
    adapter_close( &demo->adapter );
}

/***********************************************************************
 * What became of it
 */

static void print_table( const struct demo *demo )
{
    struct row held = { 0 }, offered = { 0 };
    unsigned int i;

    report_heading( "first program's", "kept", "discarded" );
    for (i = 0; i < demo->count; i++)
    {
        const struct texture *texture = &demo->textures[i];
        struct row *row = texture->offered ? &offered : &held;

        row->counts[0]++;
        row->bytes[0] += texture->size;
        row->counts[texture->discarded ? 2 : 1]++;
        row->bytes[texture->discarded ? 2 : 1] += texture->size;
        row->verified += texture->verified;
    }
    report_row( "Held", &held );
    report_row( "Offered", &offered );
    report_total();
}

static void check_content( const struct demo *demo )
{
    UINT64 verified = 0, expected = 0;
    unsigned int i;

    for (i = 0; i < demo->count; i++)
    {
        verified += demo->textures[i].verified;
        if (!demo->textures[i].discarded) expected += demo->textures[i].size;
    }
    if (demo->damage.count)
        check( FALSE, "content", "the first program found wrong content %u time%s; the first:\n%s", demo->damage.count,
               demo->damage.count == 1 ? "" : "s", demo->damage.text );
    else
        check( verified == expected && demo->second_right == demo->refused + demo->granted, "content",
               "%s of %s that were kept are right, and\n%s of %s of the second program", size_text( verified ), size_text( expected ),
               size_text( demo->second_right ), size_text( demo->refused + demo->granted ) );
}

static void check_discards( const struct demo *demo )
{
    UINT64 all = demo->room.filled + demo->peak_second, discarded = 0, largest = 0, small = 0, needed, most;
    unsigned int i, first_kept = demo->count, last_discarded = 0, count = 0, offered = 0;

    for (i = 0; i < demo->count; i++)
    {
        const struct texture *texture = &demo->textures[i];

        all += texture->footprint;
        if (texture->size < SHARED_BELOW) small += texture->footprint;
        if (!texture->offered) continue;
        offered++;
        if (texture->footprint > largest) largest = texture->footprint;
        if (!texture->discarded && first_kept == demo->count) first_kept = i;
        if (!texture->discarded) continue;
        discarded += texture->footprint;
        last_discarded = i;
        count++;
    }
    needed = all > demo->card ? all - demo->card : 0;
    /* Each program has memory objects that it shares out among its own. */
    most = needed + largest + small / 16 + MIB( 1 );
    check( needed && discarded >= needed && discarded <= most, "amount", "%s had to go, %s went; the limit is %s",
           size_text( needed ), size_text( discarded ), size_text( most ) );
    if (!count || count == offered)
        check( FALSE, "order", "%s of the %u offered was discarded, so no order can be seen",
               count ? "every one" : "none", offered );
    else
        check( last_discarded < first_kept, "order", "%u of %u that were offered are gone, %s", count, offered,
               last_discarded < first_kept ? "those offered first" : "but\none that was offered before was kept" );
    most = demo->discarded_usage > discarded ? demo->discarded_usage - discarded : discarded - demo->discarded_usage;
    check( most <= small / 16, "answers", "gone by usage: %s, by reclaim: %s",
           size_text( demo->discarded_usage ), size_text( discarded ) );
}

const char *processes_play( const struct options *options, struct timeline *timeline )
{
    const char *ledger = getenv( "WINEKMT_LEDGER" );
    static struct demo demo;

    if (ledger && !strcmp( ledger, "none" ))
        return "two programs cannot share a GPU without a ledger, and WINEKMT_LEDGER=none forbids it, so part 2 was left out";
    demo.timeline = timeline;
    timeline->title = "Two programs: the second gets what the first offers";
    timeline->layers[LAYER_FIRST].look = LOOK_USED;
    timeline->layers[LAYER_FIRST].name = "first program";
    timeline->layers[LAYER_SECOND].look = LOOK_SECOND;
    timeline->layers[LAYER_SECOND].name = "second program";
    timeline->layers[LAYER_OFFERED].look = LOOK_OFFERED;
    timeline->layers[LAYER_OFFERED].name = "offered";
    timeline->layers[LAYER_DISCARDED].look = LOOK_DISCARDED;
    timeline->layers[LAYER_DISCARDED].name = "discarded";
    timeline->layer_count = 4;
    timeline->budget_name = "for both";
    timeline->rows = 12;

    adapter_open( &demo.adapter, options->adapter );
    adapter_start( &demo.adapter );
    room_prepare( &demo.room, &demo.adapter, options->size, MOST_SHARED, TIMES );
    demo.card = demo.room.filled + demo.room.budget;
    demo.unit = demo.room.budget / 64 & ~(UINT64)0xffff;
    timeline->budget = demo.room.budget;
    snprintf( timeline->note, sizeof(timeline->note), "%.100s, %s for both programs together", demo.adapter.name,
              size_text( demo.room.budget ) );
    room_note( &demo.room, timeline->note, sizeof(timeline->note) );
    play( &demo, options );
    clean_up( &demo );

    chart_print( timeline );
    print_table( &demo );
    checks_begin();
    check( demo.same_adapter, "adapter", demo.same_adapter ? "both programs use the same" : "the second program has another" );
    check( demo.refused < demo.wanted && demo.refused <= demo.card / 8, "refusal",
           "while the first held all, the second got %s of %s%s%s", size_text( demo.refused ), size_text( demo.wanted ),
           demo.refusal ? ":\n" : "", demo.refusal ? status_name( demo.refusal ) : "" );
    if (demo.second_status)
        check( FALSE, "grant", "when the first had offered, the second got %s, asking %u times:\n%s", size_text( demo.granted ),
               demo.retries + 1, status_name( demo.second_status ) );
    else
        check( demo.granted, "grant", "when the first had offered, the second got the other %s%s", size_text( demo.granted ),
               demo.retries ? ",\nasking again" : "" );
    check_content( &demo );
    check_discards( &demo );
    check( demo.most_together <= demo.card, "budget", "both together used %s at most, of %s",
           size_text( demo.most_together ), size_text( demo.card ) );
    check( demo.usage_after == demo.room.usage_before && !demo.second_after && !demo.exit_status, "the end",
           "%s in use before, %s and %s after; exit status %d", size_text( demo.room.usage_before ), size_text( demo.usage_after ),
           size_text( demo.second_after ), demo.exit_status );
    return NULL;
}
