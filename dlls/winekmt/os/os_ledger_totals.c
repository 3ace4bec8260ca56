/*
 * The ledger's totals: what all processes did on a GPU, those that have ended too
 *
 * An entry counts for its process' life. When it is given up, or its slot is taken over from a process that was killed, its totals are
 * folded into those of the GPU in the header, by whoever holds the lock of LEDGER_BYTE_FOLDING. Until then they stand in the entry, so
 * readers add up all entries, also those of the dead.
 *
 * That nothing is counted twice, or not at all, wherever somebody is killed: what is to be written stands in a journal before anything is
 * changed, as values and not as sums. header.folding is odd as long as the journal is to be carried out. The next one who folds does that
 * first, and a slot is not used anew before; readers take what the journal says for done.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "os/ledger_file.h"

#define WORDS( type )  (sizeof(type) / sizeof(uint64_t))
#define FOLDING_TRIES  100      /* while others fold all the time: then what was read last will do */

_Static_assert( offsetof( struct ledger_counts, discards ) - offsetof( struct ledger_counts, discarded ) == 3 * sizeof(uint64_t) &&
                sizeof(struct ledger_totals) == 4 * sizeof(uint64_t), "totals stand together, in one order" );

/* The totals of an entry, which others may write */
static uint64_t *entry_totals( struct ledger_entry *entry, unsigned int group )
{
    return &entry->counts[group].discarded;
}

static void copy_words( void *to, const void *from, size_t size )
{
    const uint64_t *source = from;
    uint64_t *target = to;
    size_t i;

    for (i = 0; i < size / sizeof(*source); i++) __atomic_store_n( &target[i], __atomic_load_n( &source[i], __ATOMIC_RELAXED ), __ATOMIC_RELAXED );
}

/* Saturating: a process gone wrong may have written anything. */
static void add_words( void *to, const void *from, size_t size )
{
    const uint64_t *source = from;
    uint64_t *target = to;
    size_t i;

    for (i = 0; i < size / sizeof(*source); i++)
        if (__builtin_add_overflow( target[i], __atomic_load_n( &source[i], __ATOMIC_RELAXED ), &target[i] )) target[i] = UINT64_MAX;
}

/* Nothing of before is seen after it, and nothing of after before it. */
static uint32_t step( struct ledger_file *file, uint32_t by )
{
    return __atomic_fetch_add( &file->header.folding, by, __ATOMIC_ACQ_REL );
}

/* The index of the past of a GPU, or of a free one; LEDGER_PASTS: there is none. */
static unsigned int find_past( const struct ledger_file *file, const uint64_t uuid[2] )
{
    struct ledger_past past;
    unsigned int i;

    for (i = 0; i < LEDGER_PASTS; i++)
    {
        copy_words( &past, &file->header.past[i], sizeof(past) );
        if (!past.in_use || !memcmp( past.device_uuid, uuid, sizeof(past.device_uuid) )) break;
    }
    return i;
}

/* Carries out the journal, as often as it takes. */
static void finish_folding( struct ledger_file *file )
{
    static const struct ledger_totals nothing;
    struct ledger_journal journal;
    unsigned int group;

    copy_words( &journal, &file->header.journal, sizeof(journal) );
    if (journal.slot < LEDGER_SLOTS && journal.entry < LEDGER_GPUS && journal.past < LEDGER_PASTS)
    {
        copy_words( &file->header.past[journal.past], &journal.result, sizeof(journal.result) );
        for (group = 0; group < LEDGER_GROUPS; group++)
            copy_words( entry_totals( &file->slots[journal.slot].entries[journal.entry], group ), &nothing, sizeof(nothing) );
    }
    step( file, 1 );
}

bool ledger_file_has_totals( struct ledger_file *file, unsigned int slot, uint32_t entries )
{
    unsigned int i, j, group;

    if (__atomic_load_n( &file->header.folding, __ATOMIC_ACQUIRE ) & 1) return true;
    for (i = 0; i < LEDGER_GPUS; i++)
    {
        struct ledger_entry *entry = &file->slots[slot].entries[i];

        if (!(entries & 1u << i) || !__atomic_load_n( &entry->in_use, __ATOMIC_ACQUIRE )) continue;
        for (group = 0; group < LEDGER_GROUPS; group++)
            for (j = 0; j < WORDS( struct ledger_totals ); j++)
                if (__atomic_load_n( &entry_totals( entry, group )[j], __ATOMIC_RELAXED )) return true;
    }
    return false;
}

void ledger_file_fold( struct ledger_file *file, unsigned int slot, unsigned int entry )
{
    struct ledger_entry *from = &file->slots[slot].entries[entry];
    struct ledger_journal journal = { .slot = slot, .entry = entry, .result.in_use = 1 };
    unsigned int group;

    if (__atomic_load_n( &file->header.folding, __ATOMIC_ACQUIRE ) & 1) finish_folding( file );
    if (!__atomic_load_n( &from->in_use, __ATOMIC_ACQUIRE )) return;
    copy_words( journal.result.device_uuid, from->device_uuid, sizeof(from->device_uuid) );
    if ((journal.past = find_past( file, journal.result.device_uuid )) == LEDGER_PASTS) return;
    copy_words( journal.result.totals, file->header.past[journal.past].totals, sizeof(journal.result.totals) );
    for (group = 0; group < LEDGER_GROUPS; group++)
        add_words( &journal.result.totals[group], entry_totals( from, group ), sizeof(journal.result.totals[group]) );
    copy_words( &file->header.journal, &journal, sizeof(journal) );
    step( file, 1 );
    finish_folding( file );
}

/* All at one instant, as far as nobody folds meanwhile. folding: header.folding as it was before. */
static void add_up( struct ledger_file *file, uint32_t folding, const uint64_t uuid[2], unsigned int group, struct ledger_totals *totals )
{
    struct ledger_journal journal = { .slot = LEDGER_SLOTS };
    struct ledger_past past;
    unsigned int i, j;

    memset( totals, 0, sizeof(*totals) );
    if (folding & 1) copy_words( &journal, &file->header.journal, sizeof(journal) );
    if (folding & 1 && !memcmp( journal.result.device_uuid, uuid, sizeof(journal.result.device_uuid) )) *totals = journal.result.totals[group];
    else if ((i = find_past( file, uuid )) < LEDGER_PASTS)
    {
        copy_words( &past, &file->header.past[i], sizeof(past) );
        if (past.in_use) *totals = past.totals[group];
    }
    for (i = 0; i < LEDGER_SLOTS; i++)
    {
        if (!__atomic_load_n( &file->slots[i].in_use, __ATOMIC_ACQUIRE )) continue;
        for (j = 0; j < LEDGER_GPUS; j++)
        {
            if (journal.slot == i && journal.entry == j) continue;
            if (ledger_entry_matches( &file->slots[i].entries[j], (const uint8_t *)uuid ))
                add_words( totals, entry_totals( &file->slots[i].entries[j], group ), sizeof(*totals) );
        }
    }
}

void ledger_file_totals( struct ledger_file *file, const uint8_t device_uuid[16], unsigned int group, struct ledger_totals *totals )
{
    unsigned int tries = FOLDING_TRIES;
    uint64_t uuid[2];
    uint32_t before;

    memcpy( uuid, device_uuid, sizeof(uuid) );
    do
    {
        before = __atomic_load_n( &file->header.folding, __ATOMIC_ACQUIRE );
        add_up( file, before, uuid, group, totals );
    }
    while (step( file, 0 ) != before && --tries);
}
