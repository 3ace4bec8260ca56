/*
 * winekmt-setup: puts the drop-in gdi32.dll into a Wine prefix, and takes it out again
 *
 * What a prefix with winekmt holds, below drive_c/windows:
 *
 *   system32/gdi32.dll            the drop-in (pe_write.c). This file is the switch: as long as it is Wine's own, nothing
 *                                 else here has any effect. It is put in place last and taken away first, by one rename
 *   system32/winekmt_gdi32.dll    Wine's gdi32 under another name: a link to Wine's own file, or a copy of it
 *   system32/winekmt.dll          the PE half, a builtin
 *   system32/winekmt-refresh.exe  run by wineboot whenever the prefix starts: fits the drop-in to the Wine that runs it
 *   system32/winekmt_bridge.dll   the way to the unix half without WINEDLLPATH (optional), and
 *   system32/winekmt.path         where that finds winekmt.so
 *   system32/api-ms-win-dx-...    the API sets, for a Wine whose schema does not know them (sets.c)
 *   winekmt/manifest              what was installed and what was there before; written first, removed last
 *   winekmt/gdi32.dll             what system32/gdi32.dll would be without us
 *   winekmt/api-ms-win-dx-...     what was there under the names of the API sets
 *   winekmt/pending               there while winekmt-refresh.exe works, or when it had to step aside
 *
 * and in the registry: gdi32 = native,builtin for the user's programs, gdi32 = builtin for those that start a prefix
 * (so that a prefix starts, whatever has become of the drop-in), and the two keys that make wineboot run the refresher.
 *
 * The registry is edited as text while no wineserver runs on the prefix, which needs no working Wine.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_SETUP_H
#define __WINEKMT_SETUP_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "names.h"
#include "pe.h"

/* Exit statuses of winekmt-setup itself; run passes on the program's. */
#define EXIT_OK         0
#define EXIT_PROBLEM    1       /* status: something is missing; else: the command failed, nothing is broken */
#define EXIT_USAGE      2
#define EXIT_CANNOT_RUN 125     /* run: the program was not started */

/* One prefix, opened. */
struct prefix
{
    char *path;                 /* absolute */
    int   lock_fds[2];          /* the server's lock files that we hold, or -1 */
};

/* What there is to install: the files of a build tree, or of an installed winekmt. */
struct payload
{
    char *dir;                  /* has x86_64-windows and x86_64-unix below */
    char *winekmt;              /* absolute paths of the files */
    char *refresh;
    char *unixlib;
    char *bridge;               /* NULL: this build has none */
};

/* The Wine that programs are run with. Each NULL when not found. */
struct wine
{
    char *loader;
    char *stock;                /* its x86_64-windows/gdi32.dll */
};

/* files.c, too: messages. One line to stderr with the program's name in front; a line of progress to stdout unless quiet */
extern int quiet;
extern void complain( const char *format, ... ) __attribute__((format( printf, 1, 2 )));
extern void say( const char *format, ... ) __attribute__((format( printf, 1, 2 )));
extern char *text( const char *format, ... ) __attribute__((format( printf, 1, 2 )));
extern void *allocate( size_t size );
extern char *copy_text( const char *source );

/* files.c: everything that changes a file system goes through here. 0 or -1 with a message said; paths are absolute. */
struct file { uint8_t *data; size_t size; };
extern int file_read( const char *path, struct file *file );            /* -1 and errno, nothing said */
extern void file_free( struct file *file );
extern int file_same( const char *path, const struct file *file );
extern int file_exists( const char *path );
extern int file_is_dir( const char *path );
extern int file_write( const char *path, const void *data, size_t size, int mode );
extern int file_link( const char *path, const char *target );
extern int file_save( const char *path, const char *copy );
extern int file_move( const char *from, const char *to );
extern int file_remove( const char *path );
extern void file_clean( const char *path );
extern int dir_make( const char *path );
extern int dir_remove( const char *path );

/* registry.c: one registry file of a prefix, as text in memory */
struct registry;
extern struct registry *registry_load( const char *path );
extern int registry_save( struct registry *reg );
extern void registry_free( struct registry *reg );
extern const char *registry_arch( struct registry *reg );
extern char *registry_get( struct registry *reg, const char *key, const char *name );
extern void registry_set( struct registry *reg, const char *key, const char *name, const char *data );
extern int registry_delete( struct registry *reg, const char *key, const char *name );
extern int registry_has_key( struct registry *reg, const char *key );
extern int registry_key_is_empty( struct registry *reg, const char *key );
extern void registry_add_key( struct registry *reg, const char *key );
extern void registry_delete_key( struct registry *reg, const char *key );

/* prefix.c */
extern char *prefix_default( void );
extern int prefix_open( struct prefix *prefix, const char *path );
extern int prefix_lock( struct prefix *prefix, int seconds );
extern void prefix_unlock( struct prefix *prefix );
extern char *prefix_file( const struct prefix *prefix, const char *name );
extern void wine_find( struct wine *wine, const char *loader );
extern int payload_find( struct payload *payload );

/* manifest.c: what a prefix was before. Lines of words separated by tabs. */
struct manifest
{
    char **lines;
    unsigned int count;
};
extern int manifest_load( struct manifest *manifest, const struct prefix *prefix );    /* 1, 0: none, -1: damaged */
extern int manifest_save( const struct manifest *manifest, const struct prefix *prefix );
extern void manifest_add( struct manifest *manifest, const char *kind, ... ) __attribute__((sentinel));
extern void manifest_copy( struct manifest *manifest, const struct manifest *from, unsigned int line );
extern int manifest_find( const struct manifest *manifest, unsigned int *line, const char *kind, const char *a,
                          const char *b, const char *c );
extern int manifest_field( const struct manifest *manifest, unsigned int line, unsigned int field, char **value );

/* entries.c: what install writes to the registry */
#define OVERRIDE_KEY "Software\\Wine\\DllOverrides"

struct registry_entry
{
    const char *file;           /* "user.reg" or "system.reg" */
    const char *key;
    const char *name;
    const char *data;           /* as it stands in the file */
};

struct registries
{
    struct registry *user;
    struct registry *system;
};

extern const struct registry_entry *registry_entries( unsigned int *count );
extern int registries_load( struct registries *regs, const struct prefix *prefix );
extern int registries_save( struct registries *regs );
extern void registries_free( struct registries *regs );
extern struct registry *registry_of( struct registries *regs, const char *file );
extern void registry_record( struct manifest *manifest, const struct manifest *old, struct registries *regs, int lost );
extern void registry_enter( struct registries *regs );
extern void registry_restore( struct registries *regs, const struct manifest *manifest );

/* sets.c: the API sets, api-ms-win-dx-d3dkmt-l1-1-0 and up */
#define SET_COUNT   7

struct sets
{
    int         needed;             /* Wine does not lead them to gdi32.dll by itself, so there are files */
    struct file files[SET_COUNT];
    int         builtin[SET_COUNT]; /* Wine has a builtin of that name */
};

extern int sets_make( struct sets *sets, const struct file *stock, const struct wine *wine );
extern void sets_free( struct sets *sets );
extern int sets_write( const struct prefix *prefix, const struct sets *sets );
extern void sets_enter( struct registries *regs, struct manifest *manifest, const struct sets *sets );
extern void sets_restore( struct registries *regs, const struct manifest *manifest );
extern int sets_check( const struct prefix *prefix, const struct sets *sets, int report );

/* install.c */
#define SYSTEM32    "drive_c/windows/system32/"
#define OWN_DIR     "drive_c/windows/" NAME_OWN_DIR

enum gdi32_state
{
    GDI32_MISSING,
    GDI32_FOREIGN,              /* a native module of someone else's */
    GDI32_BUILTIN,              /* Wine's own */
    GDI32_DROPIN,               /* ours, of whatever age */
};

/* All that an installation is made of. */
struct plan
{
    struct file stock;
    struct file dropin;
    struct file files[4];       /* of own_files; data NULL: not to be there */
    struct sets sets;
};

extern const char *const own_files[];       /* in system32, beside the drop-in and the stock module; ends with NULL */
extern void dropin_describe( struct pe_dropin *dropin );
extern int plan_make( struct plan *plan, const struct payload *payload, const struct wine *wine );
extern void plan_free( struct plan *plan );
extern char *system_file( const struct prefix *prefix, const char *name );
extern int system_file_same( const struct prefix *prefix, const char *name, const struct file *file );
extern enum gdi32_state gdi32_state( const struct prefix *prefix );
extern char *fingerprint_text( const struct file *file );

/* The commands; they return an exit status. */
extern int install( struct prefix *prefix, const struct payload *payload, const struct wine *wine, int wait_seconds );
extern int uninstall( struct prefix *prefix, int wait_seconds );
extern int status( const char *path, const char *loader );
extern int run( const char *path, const char *loader, char **argv );
extern int check_installed( const struct prefix *prefix, const struct payload *payload, const struct wine *wine,
                            int report );

#endif /* __WINEKMT_SETUP_H */
