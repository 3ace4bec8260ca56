/*
 * winekmt-setup: install and uninstall
 *
 * The order of the steps is what makes an interruption harmless; setup.h says what each file is. Installing: the manifest
 * first, so that everything after it can be undone; then what has no effect alone; the drop-in last. Uninstalling: the
 * drop-in first, the manifest last. Replacing a drop-in that is out of date: Wine's own gdi32 first, as
 * winekmt-refresh.exe does it. Running the same command again, or the other one, goes on from wherever it broke off.
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
#include <unistd.h>

#include "setup.h"

#define OWN_FILE_COUNT  4
const char *const own_files[] = { NAME_WINEKMT, NAME_REFRESH, NAME_BRIDGE, NAME_PATH, NULL };

/* The drop-in as this winekmt writes it. */
void dropin_describe( struct pe_dropin *dropin )
{
    dropin->self_name = NAME_GDI32;
    dropin->stock_name = MODULE_STOCK;
    dropin->target_name = MODULE_WINEKMT;
    dropin->redirects = kmt_names;
    dropin->redirect_count = KMT_NAME_COUNT;
}

static int dropin_build( const struct file *stock, const char *stock_path, struct file *result )
{
    struct pe_dropin dropin;
    struct pe_view view;
    enum pe_error error;

    result->data = NULL;
    dropin_describe( &dropin );
    if (!(error = pe_open( &view, stock->data, stock->size )) && view.machine != PE_MACHINE_AMD64) error = PE_BAD_MACHINE;
    if (!error && !(error = pe_write_dropin( &view, &dropin, NULL, 0, &result->size )))
    {
        result->data = allocate( result->size );
        error = pe_write_dropin( &view, &dropin, result->data, result->size, &result->size );
    }
    if (!error) return 0;
    complain( "%s %s", stock_path, pe_error_text( error ) );
    file_free( result );
    return -1;
}

/* What is to be in system32 beside the drop-in and the stock module. */
static int load_own_file( const struct payload *payload, unsigned int index, struct file *file )
{
    const char *path = NULL;

    switch (index)
    {
    case 0: path = payload->winekmt; break;
    case 1: path = payload->refresh; break;
    case 2: path = payload->bridge; break;
    case 3:
        if (!payload->bridge) return 0;
        file->data = (uint8_t *)text( "%s\n", payload->unixlib );
        file->size = strlen( (char *)file->data );
        return 0;
    }
    if (!path || !file_read( path, file )) return 0;
    complain( "cannot read %s: %s", path, strerror( errno ) );
    return -1;
}

/***********************************************************************
 * plan_make, plan_free
 *
 * Reads and builds all that an installation is made of, before anything is changed. -1 with a message said.
 */
int plan_make( struct plan *plan, const struct payload *payload, const struct wine *wine )
{
    unsigned int i;
    int ret;

    memset( plan, 0, sizeof(*plan) );
    if (file_read( wine->stock, &plan->stock ))
    {
        complain( "cannot read %s: %s", wine->stock, strerror( errno ) );
        return -1;
    }
    ret = dropin_build( &plan->stock, wine->stock, &plan->dropin );
    for (i = 0; i < OWN_FILE_COUNT && !ret; i++) ret = load_own_file( payload, i, &plan->files[i] );
    if (!ret) ret = sets_make( &plan->sets, &plan->stock, wine );
    if (ret) plan_free( plan );
    return ret;
}

void plan_free( struct plan *plan )
{
    unsigned int i;

    file_free( &plan->stock );
    file_free( &plan->dropin );
    for (i = 0; i < OWN_FILE_COUNT; i++) file_free( &plan->files[i] );
    sets_free( &plan->sets );
}

/* A file in system32, and whether it has this content. */
char *system_file( const struct prefix *prefix, const char *name )
{
    return text( "%s/" SYSTEM32 "%s", prefix->path, name );
}

int system_file_same( const struct prefix *prefix, const char *name, const struct file *file )
{
    char *path = system_file( prefix, name );
    int same = file_same( path, file );

    free( path );
    return same;
}

/* What system32/gdi32.dll is. */
enum gdi32_state gdi32_state( const struct prefix *prefix )
{
    char *path = system_file( prefix, NAME_GDI32 );
    enum gdi32_state state = GDI32_FOREIGN;
    struct pe_stamp stamp;
    struct file file;

    if (file_read( path, &file ))
        /* A link that points nowhere once pointed into a Wine that is gone; wineboot would put it right. */
        state = file_exists( path ) ? GDI32_BUILTIN : GDI32_MISSING;
    else if (pe_read_stamp( file.data, file.size, &stamp )) state = GDI32_DROPIN;
    else if (pe_is_builtin( file.data, file.size )) state = GDI32_BUILTIN;
    file_free( &file );
    free( path );
    return state;
}

/* For the caller to free. */
char *fingerprint_text( const struct file *file )
{
    return text( "%016llx", (unsigned long long)pe_fingerprint( file->data, file->size, PE_FINGERPRINT_SEED ) );
}

static int write_own_files( const struct prefix *prefix, const struct plan *plan )
{
    unsigned int i;
    char *path;
    int ret = 0;

    for (i = 0; i < OWN_FILE_COUNT && !ret; i++)
    {
        path = system_file( prefix, own_files[i] );
        if (!plan->files[i].data) ret = file_remove( path );
        else if (!file_same( path, &plan->files[i] ))
            ret = file_write( path, plan->files[i].data, plan->files[i].size, 0644 );
        free( path );
    }
    return ret;
}

/* A link to Wine's own file, which follows its updates; winekmt-refresh.exe makes it a copy when it no longer fits. */
static int write_stock( const struct prefix *prefix, const struct plan *plan, const struct wine *wine )
{
    char *path = system_file( prefix, NAME_STOCK ), target[PATH_MAX];
    ssize_t len = readlink( path, target, sizeof(target) - 1 );
    int ret = 0;

    if (len > 0) target[len] = 0;
    if (len <= 0 || strcmp( target, wine->stock ))
    {
        ret = file_link( path, wine->stock );
        if (ret) ret = file_write( path, plan->stock.data, plan->stock.size, 0644 );
    }
    free( path );
    return ret;
}

/* Wine's own gdi32 into its place while the drop-in that is there does not fit what is being written. */
static int step_aside( const struct prefix *prefix, const struct plan *plan )
{
    char *pending = prefix_file( prefix, OWN_DIR "/" NAME_PENDING ), *path = system_file( prefix, NAME_GDI32 );
    int ret;

    ret = file_write( pending, "", 0, 0644 );
    if (!ret) ret = file_write( path, plan->stock.data, plan->stock.size, 0644 );
    free( pending );
    free( path );
    return ret;
}

/* What uninstall puts back into system32: the file that is there now; when that is of our making already, the one that
 * was saved then; when that was lost, what Wine would put there. */
static int save_original( const struct prefix *prefix, const struct plan *plan, enum gdi32_state state )
{
    char *path = system_file( prefix, NAME_GDI32 ), *saved = prefix_file( prefix, OWN_DIR "/" NAME_GDI32 );
    char *pending = prefix_file( prefix, OWN_DIR "/" NAME_PENDING );
    int ret = 0;

    if (state == GDI32_BUILTIN && !(file_exists( pending ) && file_exists( saved ))) ret = file_save( path, saved );
    else if (!file_exists( saved )) ret = file_write( saved, plan->stock.data, plan->stock.size, 0644 );
    free( path );
    free( saved );
    free( pending );
    return ret;
}

static int change_prefix( struct prefix *prefix, const struct plan *plan, const struct wine *wine, enum gdi32_state state,
                          struct registries *regs, const struct manifest *manifest )
{
    char *path = prefix_file( prefix, OWN_DIR ), *pending = prefix_file( prefix, OWN_DIR "/" NAME_PENDING );
    char *gdi32 = system_file( prefix, NAME_GDI32 );
    int ret;

    ret = dir_make( path ) || manifest_save( manifest, prefix ) || save_original( prefix, plan, state );
    if (!ret && state == GDI32_DROPIN &&
        !(system_file_same( prefix, NAME_GDI32, &plan->dropin ) && system_file_same( prefix, NAME_STOCK, &plan->stock )))
        ret = step_aside( prefix, plan );
    if (!ret) ret = write_own_files( prefix, plan ) || write_stock( prefix, plan, wine ) || sets_write( prefix, &plan->sets );
    registry_enter( regs );
    if (!ret) ret = registries_save( regs );
    if (!ret && !file_same( gdi32, &plan->dropin ))
        ret = file_write( gdi32, plan->dropin.data, plan->dropin.size, 0644 );
    if (!ret) ret = file_remove( pending );
    free( gdi32 );
    free( pending );
    free( path );
    return ret ? -1 : 0;
}

static void complain_in_use( const struct prefix *prefix )
{
    complain( "programs are running in the prefix %s; end them first (\"wineserver -k\" ends all of them; on Debian it is /usr/lib/wine/wineserver)", prefix->path );
}

/* The other files are written or removed in any case, and their remains with them. */
static void clean_remains( const struct prefix *prefix )
{
    static const char *const names[] = { "user.reg", "system.reg", SYSTEM32 NAME_GDI32 };
    unsigned int i;
    char *path;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    {
        path = prefix_file( prefix, names[i] );
        file_clean( path );
        free( path );
    }
}

static int install_locked( struct prefix *prefix, const struct wine *wine, const struct plan *plan )
{
    struct manifest old, manifest = { 0 };
    enum gdi32_state state = gdi32_state( prefix );
    struct registries regs;
    unsigned int i;
    int ret, found;

    if (state == GDI32_FOREIGN)
    {
        complain( "%s/" SYSTEM32 NAME_GDI32 " is not Wine's own; winekmt would hide it, so it is not installed", prefix->path );
        return -1;
    }
    clean_remains( prefix );
    if ((found = manifest_load( &old, prefix )) < 0) return -1;
    if (registries_load( &regs, prefix )) return -1;

    manifest_add( &manifest, "wine", wine->loader, wine->stock, NULL );
    for (i = 0; i < OWN_FILE_COUNT; i++)
        if (plan->files[i].data) manifest_add( &manifest, "file", own_files[i], fingerprint_text( &plan->files[i] ), NULL );
    registry_record( &manifest, &old, &regs, state == GDI32_DROPIN && !found );
    sets_enter( &regs, &manifest, &plan->sets );
    ret = change_prefix( prefix, plan, wine, state, &regs, &manifest );
    registries_free( &regs );
    return ret;
}

/***********************************************************************
 * install
 *
 * Puts winekmt into a prefix, completes an installation that was interrupted, or brings one up to date. prefix: open.
 * wait_seconds: how long to wait for the prefix's last program to end. Returns an exit status; on failure a message was
 * said, the prefix works, and installing again or uninstalling goes on from there.
 */
int install( struct prefix *prefix, const struct payload *payload, const struct wine *wine, int wait_seconds )
{
    struct plan plan;
    int ret;

    if (!wine->stock)
    {
        if (!wine->loader) complain( "Wine was not found; give its loader with --wine=PATH" );
        else complain( "the gdi32.dll of %s was not found; give Wine's loader with --wine=PATH", wine->loader );
        return EXIT_PROBLEM;
    }
    if (plan_make( &plan, payload, wine )) return EXIT_PROBLEM;
    if ((ret = prefix_lock( prefix, wait_seconds ))) complain_in_use( prefix );
    else
    {
        ret = install_locked( prefix, wine, &plan );
        prefix_unlock( prefix );
    }
    plan_free( &plan );
    if (ret) return EXIT_PROBLEM;
    say( "winekmt is installed in %s", prefix->path );
    return EXIT_OK;
}

/* Without the saved file: the stock module is Wine's gdi32 under another name. */
static int restore_from_stock( const char *path, const char *stock )
{
    struct file file;
    int ret;

    if (file_read( stock, &file ))
    {
        complain( "Wine's own gdi32.dll was not found in the prefix; \"wineboot -u\" restores it" );
        return file_remove( path );
    }
    ret = file_write( path, file.data, file.size, 0644 );
    file_free( &file );
    return ret;
}

static int restore_gdi32( const struct prefix *prefix )
{
    char *path = system_file( prefix, NAME_GDI32 ), *saved = prefix_file( prefix, OWN_DIR "/" NAME_GDI32 );
    char *stock = system_file( prefix, NAME_STOCK ), *pending = prefix_file( prefix, OWN_DIR "/" NAME_PENDING );
    enum gdi32_state state = gdi32_state( prefix );
    int ret = 0;

    /* While pending, the file in place is a stand-in for the saved one. */
    if (state == GDI32_DROPIN || state == GDI32_MISSING || (state == GDI32_BUILTIN && file_exists( pending )))
    {
        if (file_exists( saved )) ret = file_move( saved, path );
        else if (state != GDI32_BUILTIN) ret = restore_from_stock( path, stock );
    }
    if (!ret) ret = file_remove( pending ) || file_remove( saved );
    free( path );
    free( saved );
    free( stock );
    free( pending );
    return ret;
}

static int remove_own_files( const struct prefix *prefix )
{
    char *path = system_file( prefix, NAME_STOCK );
    unsigned int i;
    int ret = file_remove( path );

    free( path );
    for (i = 0; i < OWN_FILE_COUNT && !ret; i++)
    {
        path = system_file( prefix, own_files[i] );
        ret = file_remove( path );
        free( path );
    }
    return ret;
}

static int uninstall_locked( struct prefix *prefix, const char *dir )
{
    char *path = prefix_file( prefix, OWN_DIR "/" NAME_MANIFEST );
    struct manifest manifest;
    struct registries regs;
    int ret;

    clean_remains( prefix );
    if (manifest_load( &manifest, prefix ) < 0) memset( &manifest, 0, sizeof(manifest) );  /* ours can be told without it */
    ret = restore_gdi32( prefix );
    if (!ret && !(ret = registries_load( &regs, prefix )))
    {
        sets_restore( &regs, &manifest );
        registry_restore( &regs, &manifest );
        ret = registries_save( &regs );
        registries_free( &regs );
    }
    if (!ret) ret = sets_write( prefix, NULL ) || remove_own_files( prefix );
    if (!ret) ret = file_remove( path ) || dir_remove( dir );
    free( path );
    return ret;
}

/***********************************************************************
 * uninstall
 *
 * Takes winekmt out of a prefix again, whatever is there of it; Wine is not needed. Parameters and result as install's.
 */
int uninstall( struct prefix *prefix, int wait_seconds )
{
    char *dir = prefix_file( prefix, OWN_DIR );
    int ret = 0, there = file_exists( dir ) || gdi32_state( prefix ) == GDI32_DROPIN;

    if (there)
    {
        if ((ret = prefix_lock( prefix, wait_seconds ))) complain_in_use( prefix );
        else
        {
            ret = uninstall_locked( prefix, dir );
            prefix_unlock( prefix );
        }
    }
    free( dir );
    if (ret) return EXIT_PROBLEM;
    say( there ? "winekmt is taken out of %s" : "winekmt is not installed in %s", prefix->path );
    return EXIT_OK;
}
