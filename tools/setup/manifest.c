/*
 * winekmt-setup: the manifest
 *
 * The manifest says what a prefix was before winekmt came, so that it can be that again. A text file; its first line is
 * its version, every further one a kind and its fields, separated by tabs; tabs, line ends and percent signs in a field
 * are written as %XX.
 *
 *   wine      LOADER STOCK            the Wine that it was installed for
 *   file      NAME FINGERPRINT        a file in system32 that is ours
 *   registry  FILE KEY NAME DATA      an entry that we write; DATA: what it was before, "-" when there was none
 *   key       FILE KEY                a registry key that we had to make
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "setup.h"

#define HEADER "winekmt manifest 1"

static char *manifest_path( const struct prefix *prefix )
{
    return prefix_file( prefix, OWN_DIR "/" NAME_MANIFEST );
}

static char *encode( const char *field )
{
    char *result = allocate( 3 * strlen( field ) + 1 ), *p = result;

    for (; *field; field++)
    {
        if (*field == '\t' || *field == '\n' || *field == '%') p += sprintf( p, "%%%02x", *field );
        else *p++ = *field;
    }
    return result;
}

static int hex_digit( char c )
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *decode( const char *field, size_t len )
{
    char *result = allocate( len + 1 ), *p = result;
    size_t i;

    for (i = 0; i < len; i++)
    {
        if (field[i] == '%' && i + 2 < len && hex_digit( field[i + 1] ) >= 0 && hex_digit( field[i + 2] ) >= 0)
        {
            *p++ = hex_digit( field[i + 1] ) << 4 | hex_digit( field[i + 2] );
            i += 2;
        }
        else *p++ = field[i];
    }
    return result;
}

static void add_line( struct manifest *manifest, char *line )
{
    char **lines = allocate( (manifest->count + 1) * sizeof(*lines) );

    if (manifest->count) memcpy( lines, manifest->lines, manifest->count * sizeof(*lines) );
    free( manifest->lines );
    manifest->lines = lines;
    lines[manifest->count++] = line;
}

/***********************************************************************
 * manifest_add, manifest_copy
 *
 * Add a line: of a kind and fields, the last one followed by NULL; or as it stands in another manifest.
 */
void manifest_add( struct manifest *manifest, const char *kind, ... )
{
    char *line = copy_text( kind ), *field, *longer;
    const char *next;
    va_list args;

    va_start( args, kind );
    while ((next = va_arg( args, const char * )))
    {
        field = encode( next );
        longer = text( "%s\t%s", line, field );
        free( line );
        free( field );
        line = longer;
    }
    va_end( args );
    add_line( manifest, line );
}

void manifest_copy( struct manifest *manifest, const struct manifest *from, unsigned int line )
{
    add_line( manifest, copy_text( from->lines[line] ) );
}

/* A copy of a field of a line (0 is the kind) for the caller to free, in *value; 0: the line has no such field. */
int manifest_field( const struct manifest *manifest, unsigned int line, unsigned int field, char **value )
{
    const char *p = manifest->lines[line];

    while (field--)
    {
        if (!(p = strchr( p, '\t' ))) return 0;
        p++;
    }
    *value = decode( p, strcspn( p, "\t" ) );
    return 1;
}

/* Whether some line is of a kind and starts with these fields (b and c may be NULL); its number in *line. */
int manifest_find( const struct manifest *manifest, unsigned int *line, const char *kind, const char *a, const char *b,
                   const char *c )
{
    const char *wanted[3] = { a, b, c };
    unsigned int i, j;
    char *value;
    int match;

    for (i = 0; i < manifest->count; i++)
    {
        if (!manifest_field( manifest, i, 0, &value )) continue;
        match = !strcmp( value, kind );
        free( value );
        for (j = 0; match && j < 3 && wanted[j]; j++)
        {
            if (!(match = manifest_field( manifest, i, j + 1, &value ))) break;
            match = !strcasecmp( value, wanted[j] );
            free( value );
        }
        if (!match) continue;
        *line = i;
        return 1;
    }
    return 0;
}

/***********************************************************************
 * manifest_load, manifest_save
 *
 * load: 1; 0: there is none, so nothing is installed; -1 with a message said: it is there and cannot be read or is
 * another program's. save: 0, or -1 with a message said.
 */
int manifest_load( struct manifest *manifest, const struct prefix *prefix )
{
    char *path = manifest_path( prefix ), *p, *next;
    struct file file;

    memset( manifest, 0, sizeof(*manifest) );
    if (file_read( path, &file ))
    {
        if (errno == ENOENT || errno == ENOTDIR) return 0;
        complain( "cannot read %s: %s", path, strerror( errno ) );
        return -1;
    }
    p = (char *)file.data;
    if (strncmp( p, HEADER "\n", sizeof(HEADER) ))
    {
        complain( "%s is damaged, or of a newer winekmt", path );
        return -1;
    }
    for (p += sizeof(HEADER); *p; p = next)
    {
        next = strchrnul( p, '\n' );
        add_line( manifest, text( "%.*s", (int)(next - p), p ) );
        if (*next) next++;
    }
    file_free( &file );
    free( path );
    return 1;
}

int manifest_save( const struct manifest *manifest, const struct prefix *prefix )
{
    char *path = manifest_path( prefix ), *all = copy_text( HEADER "\n" ), *longer;
    unsigned int i;
    int ret;

    for (i = 0; i < manifest->count; i++)
    {
        longer = text( "%s%s\n", all, manifest->lines[i] );
        free( all );
        all = longer;
    }
    ret = file_write( path, all, strlen( all ), 0644 );
    free( all );
    free( path );
    return ret;
}
