/*
 * winekmt-setup: the API sets api-ms-win-dx-d3dkmt-l1-1-0 to -6
 *
 * Programs may import the D3DKMT functions from these names instead of gdi32.dll. Windows and Wine from 7.0 on have a
 * schema (apisetschema.dll) that makes each such name another name of its host, gdi32.dll; then a set is the drop-in, with
 * all of its functions, and there is nothing to install. Other versions of a set than those the schema lists are the same
 * set to the loader.
 *
 * A Wine whose schema does not know the set, or that has none, looks for a file. For that one, files are written that do
 * what the schema would: each forwards everything that gdi32.dll exports to gdi32.dll. They are made as the drop-in is
 * (pe_write.c), so they carry its stamp, and by that they are told from what others put there. What was there before is
 * kept in windows/winekmt; another's native file stays where it is. Where Wine has a builtin of such a name, which knows
 * the functions of its time only, an override makes ours come first.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>

#include "setup.h"

#define SET_PREFIX      "api-ms-win-dx-d3dkmt-l1-1-"
#define OVERRIDE_DATA   "\"native,builtin\""

/* The name of a set without ".dll", or of its file. For the caller to free. */
static char *set_name( unsigned int index )
{
    return text( SET_PREFIX "%u", index );
}

static char *set_file( unsigned int index )
{
    return text( SET_PREFIX "%u.dll", index );
}

/* Whether a schema has the set, of whatever version: its name stands there as it is, in UTF-16. */
static int schema_has_set( const char *path )
{
    static const char prefix[] = SET_PREFIX;
    uint8_t name[2 * (sizeof(prefix) - 1)] = { 0 };
    struct file file;
    unsigned int i;
    int found;

    for (i = 0; i < sizeof(prefix) - 1; i++) name[2 * i] = prefix[i];
    if (file_read( path, &file )) return 0;
    found = !!memmem( file.data, file.size, name, sizeof(name) );
    file_free( &file );
    return found;
}

static int build_set( const struct pe_view *stock, unsigned int index, struct file *file )
{
    char *name = set_file( index );
    struct pe_dropin set = { .self_name = name, .stock_name = MODULE_GDI32, .target_name = MODULE_GDI32,
                             .redirects = kmt_names, .redirect_count = KMT_NAME_COUNT };
    enum pe_error error = pe_write_dropin( stock, &set, NULL, 0, &file->size );

    if (!error)
    {
        file->data = allocate( file->size );
        error = pe_write_dropin( stock, &set, file->data, file->size, &file->size );
    }
    if (error) complain( "%s: %s", name, pe_error_text( error ) );
    free( name );
    return error ? -1 : 0;
}

/***********************************************************************
 * sets_make, sets_free
 *
 * What a prefix needs for the API sets to reach its drop-in under this Wine (whose stock was found, and is in stock):
 * nothing, or a file for each. -1 with a message said.
 */
int sets_make( struct sets *sets, const struct file *stock, const struct wine *wine )
{
    char *dir = copy_text( wine->stock ), *path, *name;
    struct pe_view view;
    enum pe_error error;
    unsigned int i;
    int ret = 0;

    memset( sets, 0, sizeof(*sets) );
    *strrchr( dir, '/' ) = 0;
    path = text( "%s/apisetschema.dll", dir );
    sets->needed = !schema_has_set( path );
    free( path );
    if (sets->needed && (error = pe_open( &view, stock->data, stock->size )))
    {
        complain( "%s %s", wine->stock, pe_error_text( error ) );
        ret = -1;
    }
    for (i = 0; i < SET_COUNT && sets->needed && !ret; i++)
    {
        ret = build_set( &view, i, &sets->files[i] );
        name = set_file( i );
        path = text( "%s/%s", dir, name );
        sets->builtin[i] = file_exists( path );
        free( path );
        free( name );
    }
    free( dir );
    if (ret) sets_free( sets );
    return ret;
}

void sets_free( struct sets *sets )
{
    unsigned int i;

    for (i = 0; i < SET_COUNT; i++) file_free( &sets->files[i] );
}

/* What a file of a set's name in system32 is. */
enum set_state { SET_MISSING, SET_OURS, SET_BUILTIN, SET_FOREIGN };

static enum set_state set_state( const char *path )
{
    enum set_state state = SET_FOREIGN;
    struct pe_stamp stamp;
    struct file file;

    if (file_read( path, &file )) return file_exists( path ) ? SET_BUILTIN : SET_MISSING;
    if (pe_read_stamp( file.data, file.size, &stamp )) state = SET_OURS;
    else if (pe_is_builtin( file.data, file.size )) state = SET_BUILTIN;
    file_free( &file );
    return state;
}

/* Takes one out again: what was there before comes back. */
static int remove_set( const char *path, const char *saved )
{
    int ours = set_state( path ) == SET_OURS;

    if (ours && file_exists( saved )) return file_move( saved, path );
    if (ours && file_remove( path )) return -1;
    return file_remove( saved );
}

static int write_set( const char *path, const char *saved, const struct file *file )
{
    switch (set_state( path ))
    {
    case SET_FOREIGN:
        say( "%s is not Wine's own and stays; programs that use it get what it gives them", path );
        return 0;
    case SET_BUILTIN:
        if (file_save( path, saved )) return -1;
        break;
    case SET_OURS:
        if (file_same( path, file )) return 0;
        break;
    case SET_MISSING:
        break;
    }
    return file_write( path, file->data, file->size, 0644 );
}

/***********************************************************************
 * sets_write
 *
 * Brings the files of the sets in a prefix to what sets says; NULL: takes them all out. -1 with a message said.
 */
int sets_write( const struct prefix *prefix, const struct sets *sets )
{
    char *name, *path, *saved;
    unsigned int i;
    int ret = 0;

    for (i = 0; i < SET_COUNT && !ret; i++)
    {
        name = set_file( i );
        path = system_file( prefix, name );
        saved = text( "%s/" OWN_DIR "/%s", prefix->path, name );
        file_clean( path );
        ret = sets && sets->needed ? write_set( path, saved, &sets->files[i] ) : remove_set( path, saved );
        free( saved );
        free( path );
        free( name );
    }
    return ret;
}

/***********************************************************************
 * sets_enter, sets_restore
 *
 * The overrides, in memory. enter: for the sets of which Wine has a builtin, with what was there before in the manifest
 * (that already holds the lines of the manifest before it). restore: all that the manifest knows of; what someone has
 * changed since is theirs.
 */
void sets_enter( struct registries *regs, struct manifest *manifest, const struct sets *sets )
{
    char *name, *data;
    unsigned int i, line;

    for (i = 0; i < SET_COUNT; i++)
    {
        if (!sets->needed || !sets->builtin[i]) continue;
        name = set_name( i );
        if (!manifest_find( manifest, &line, "registry", "user.reg", OVERRIDE_KEY, name ))
        {
            data = registry_get( regs->user, OVERRIDE_KEY, name );
            manifest_add( manifest, "registry", "user.reg", OVERRIDE_KEY, name, data ? data : "-", NULL );
            free( data );
        }
        registry_set( regs->user, OVERRIDE_KEY, name, OVERRIDE_DATA );
        free( name );
    }
}

void sets_restore( struct registries *regs, const struct manifest *manifest )
{
    char *name, *old, *data;
    unsigned int i, line;

    for (i = 0; i < SET_COUNT; i++)
    {
        name = set_name( i );
        if (manifest_find( manifest, &line, "registry", "user.reg", OVERRIDE_KEY, name ) &&
            manifest_field( manifest, line, 4, &old ))
        {
            data = registry_get( regs->user, OVERRIDE_KEY, name );
            if (data && !strcmp( data, OVERRIDE_DATA ))
            {
                if (strcmp( old, "-" )) registry_set( regs->user, OVERRIDE_KEY, name, old );
                else registry_delete( regs->user, OVERRIDE_KEY, name );
            }
            free( data );
            free( old );
        }
        free( name );
    }
}

/* Whether the override of a set is there, or not needed. */
static int has_override( const struct prefix *prefix, const struct sets *sets, unsigned int index )
{
    char *path, *name, *data;
    struct registry *reg;
    int good;

    if (!sets->builtin[index]) return 1;
    path = prefix_file( prefix, "user.reg" );
    reg = registry_load( path );
    free( path );
    if (!reg) return 0;
    name = set_name( index );
    data = registry_get( reg, OVERRIDE_KEY, name );
    good = data && !strcmp( data, OVERRIDE_DATA );
    free( data );
    free( name );
    registry_free( reg );
    return good;
}

/***********************************************************************
 * sets_check
 *
 * Returns how many sets do not reach the drop-in; report: a line for each of them, and one when all do.
 */
int sets_check( const struct prefix *prefix, const struct sets *sets, int report )
{
    char *name, *path;
    unsigned int i;
    int problems = 0, foreign;

    for (i = 0; i < SET_COUNT && sets->needed; i++)
    {
        name = set_file( i );
        path = system_file( prefix, name );
        foreign = set_state( path ) == SET_FOREIGN;
        free( path );
        if (foreign)
        {
            problems++;
            if (report) say( "problem  system32/%s is not Wine's own and stays; programs that use it get what it gives them", name );
        }
        else if (!system_file_same( prefix, name, &sets->files[i] ) || !has_override( prefix, sets, i ))
        {
            problems++;
            if (report) say( "problem  system32/%s does not lead to the drop-in; \"winekmt-setup install\" puts that right", name );
        }
        free( name );
    }
    if (report && !problems)
        say( sets->needed ? "ok       the API sets " SET_PREFIX "0 to %u are files that lead to the drop-in"
                          : "ok       Wine's schema leads the API sets " SET_PREFIX "0 to %u to the drop-in", SET_COUNT - 1 );
    return problems;
}
