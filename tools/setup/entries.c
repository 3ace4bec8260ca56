/*
 * winekmt-setup: what it enters into the registry of a prefix, and how that is taken back
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "setup.h"

/* The programs that take part in starting, updating and ending a prefix. They keep Wine's own gdi32, so that a prefix
 * comes up, and winekmt-refresh.exe with it, whatever state the drop-in is in. None of them has use for D3DKMT. */
static const char *const system_programs[] =
{
    "wineboot.exe", "winekmt-refresh.exe", "services.exe", "winedevice.exe", "plugplay.exe", "svchost.exe", "rpcss.exe",
    "explorer.exe", "winemenubuilder.exe", "rundll32.exe", "regsvr32.exe", "conhost.exe", "start.exe", "regedit.exe",
    "reg.exe", "winecfg.exe", "control.exe", "msiexec.exe",
};

#define SYSTEM_PROGRAM_COUNT (sizeof(system_programs) / sizeof(system_programs[0]))

/***********************************************************************
 * registry_entries
 *
 * All that install enters, in order. The array is static.
 */
const struct registry_entry *registry_entries( unsigned int *count )
{
    static struct registry_entry entries[SYSTEM_PROGRAM_COUNT + 3];
    static const char command[] = "\"C:\\\\windows\\\\system32\\\\" NAME_REFRESH "\"";
    unsigned int i;

    for (i = 0; i < SYSTEM_PROGRAM_COUNT && !entries[i].key; i++)
        entries[i] = (struct registry_entry){ "user.reg", text( "Software\\Wine\\AppDefaults\\%s\\DllOverrides",
                                                                system_programs[i] ), "gdi32", "\"builtin\"" };
    i = SYSTEM_PROGRAM_COUNT;
    entries[i++] = (struct registry_entry){ "user.reg", OVERRIDE_KEY, "gdi32", "\"native,builtin\"" };
    entries[i++] = (struct registry_entry){ "system.reg", RUN_KEY "RunServices", RUN_VALUE, command };
    entries[i++] = (struct registry_entry){ "system.reg", RUN_KEY "RunOnce", RUN_VALUE, command };
    *count = i;
    return entries;
}

/***********************************************************************
 * registries_load, registries_save, registries_free
 *
 * Both registry files of a prefix, or neither: -1 with a message said. Saved one after the other.
 */
int registries_load( struct registries *regs, const struct prefix *prefix )
{
    char *user = prefix_file( prefix, "user.reg" ), *system = prefix_file( prefix, "system.reg" );

    regs->user = registry_load( user );
    regs->system = regs->user ? registry_load( system ) : NULL;
    free( user );
    free( system );
    if (regs->system) return 0;
    registry_free( regs->user );
    return -1;
}

int registries_save( struct registries *regs )
{
    return registry_save( regs->user ) || registry_save( regs->system ) ? -1 : 0;
}

void registries_free( struct registries *regs )
{
    registry_free( regs->user );
    registry_free( regs->system );
}

struct registry *registry_of( struct registries *regs, const char *file )
{
    return !strcmp( file, "user.reg" ) ? regs->user : regs->system;
}

/* The keys on the way to an entry that do not exist yet, from the top down. */
static void record_keys( struct manifest *manifest, struct registry *reg, const struct registry_entry *entry )
{
    char *key = copy_text( entry->key ), *end;
    unsigned int line;

    for (end = strchr( key, '\\' ); ; end = strchr( end + 1, '\\' ))
    {
        if (end) *end = 0;
        if (!registry_has_key( reg, key ) && !manifest_find( manifest, &line, "key", entry->file, key, NULL ))
            manifest_add( manifest, "key", entry->file, key, NULL );
        if (!end) break;
        *end = '\\';
    }
    free( key );
}

/***********************************************************************
 * registry_record
 *
 * Adds to a manifest what the registry was before us. What an older manifest says about that is kept, for the present
 * state is then of our making. lost: so it is, but there is no older manifest: values that are ours count as absent.
 */
void registry_record( struct manifest *manifest, const struct manifest *old, struct registries *regs, int lost )
{
    const struct registry_entry *entries;
    unsigned int i, line, count;
    struct registry *reg;
    char *data;

    entries = registry_entries( &count );
    for (i = 0; i < old->count; i++)
        if (!strncmp( old->lines[i], "registry\t", 9 ) || !strncmp( old->lines[i], "key\t", 4 ))
            manifest_copy( manifest, old, i );
    for (i = 0; i < count; i++)
    {
        if (manifest_find( manifest, &line, "registry", entries[i].file, entries[i].key, entries[i].name )) continue;
        reg = registry_of( regs, entries[i].file );
        record_keys( manifest, reg, &entries[i] );
        data = registry_get( reg, entries[i].key, entries[i].name );
        if (data && lost && !strcmp( data, entries[i].data ))
        {
            free( data );
            data = NULL;
        }
        manifest_add( manifest, "registry", entries[i].file, entries[i].key, entries[i].name, data ? data : "-", NULL );
        free( data );
    }
}

/* Makes all entries, in memory. */
void registry_enter( struct registries *regs )
{
    const struct registry_entry *entries;
    unsigned int i, count;

    entries = registry_entries( &count );
    for (i = 0; i < count; i++)
        registry_set( registry_of( regs, entries[i].file ), entries[i].key, entries[i].name, entries[i].data );
}

/* Puts one entry back; what someone has changed since is theirs and stays. */
static void restore_entry( struct registries *regs, const char *file, const char *key, const char *name, const char *old )
{
    const struct registry_entry *entries;
    struct registry *reg = registry_of( regs, file );
    unsigned int i, count;
    char *data = registry_get( reg, key, name );

    entries = registry_entries( &count );
    for (i = 0; data && i < count; i++)
    {
        if (strcmp( entries[i].file, file ) || strcasecmp( entries[i].key, key ) || strcasecmp( entries[i].name, name ))
            continue;
        if (!strcmp( data, old )) break;
        if (strcmp( data, entries[i].data )) say( "left as it was changed: %s in %s of %s", name, key, file );
        else if (strcmp( old, "-" )) registry_set( reg, key, name, old );
        else registry_delete( reg, key, name );
    }
    free( data );
}

static void remove_key( struct registry *reg, const char *key )
{
    char *parent = copy_text( key ), *end = strrchr( parent, '\\' );

    if (registry_key_is_empty( reg, key )) registry_delete_key( reg, key );
    /* Wine writes no line for a key that has nothing but other keys; when the last of those goes, it needs one. */
    if (end)
    {
        *end = 0;
        if (!registry_has_key( reg, parent )) registry_add_key( reg, parent );
    }
    free( parent );
}

/***********************************************************************
 * registry_restore
 *
 * Takes all entries back, in memory, and the keys that were made for them and are empty. Entries that the manifest does
 * not know go when their value is ours.
 */
void registry_restore( struct registries *regs, const struct manifest *manifest )
{
    const struct registry_entry *entries;
    unsigned int i, line, count;
    char *fields[5];

    for (i = 0; i < manifest->count; i++)
        if (!strncmp( manifest->lines[i], "registry\t", 9 ) && manifest_field( manifest, i, 1, &fields[1] ) &&
            manifest_field( manifest, i, 2, &fields[2] ) && manifest_field( manifest, i, 3, &fields[3] ) &&
            manifest_field( manifest, i, 4, &fields[4] ))
            restore_entry( regs, fields[1], fields[2], fields[3], fields[4] );
    entries = registry_entries( &count );
    for (i = 0; i < count; i++)
        if (!manifest_find( manifest, &line, "registry", entries[i].file, entries[i].key, entries[i].name ))
            restore_entry( regs, entries[i].file, entries[i].key, entries[i].name, "-" );
    for (i = manifest->count; i-- > 0; )
        if (!strncmp( manifest->lines[i], "key\t", 4 ) && manifest_field( manifest, i, 1, &fields[1] ) &&
            manifest_field( manifest, i, 2, &fields[2] )) remove_key( registry_of( regs, fields[1] ), fields[2] );
}
