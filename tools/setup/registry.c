/*
 * winekmt-setup: a registry file of a prefix, as text
 *
 * Wine keeps its registry in text files, which wineserver reads at its start and writes while it runs and at its end.
 * While none runs, a program may edit them. A file is kept here as its lines; what is not touched is written back byte
 * for byte. A key is a line "[path\\with\\doubled\\backslashes] time", then lines that start with #, then one value a
 * line, "name"=data or @=data, where data may go on over several lines, each but the last ending in a backslash.
 * Names of keys and values are compared without regard to ASCII case.
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
#include <strings.h>
#include <time.h>

#include "setup.h"

struct registry
{
    char        *path;
    char       **lines;         /* without the line end */
    unsigned int count;
    unsigned int room;
    int          changed;
    int          final_newline;
};

static void insert_line( struct registry *reg, unsigned int at, char *line )
{
    if (reg->count == reg->room)
    {
        reg->room = reg->room ? reg->room * 2 : 1024;
        if (!(reg->lines = realloc( reg->lines, reg->room * sizeof(*reg->lines) )))
        {
            complain( "out of memory" );
            exit( EXIT_PROBLEM );
        }
    }
    memmove( reg->lines + at + 1, reg->lines + at, (reg->count - at) * sizeof(*reg->lines) );
    reg->lines[at] = line;
    reg->count++;
}

static void remove_lines( struct registry *reg, unsigned int at, unsigned int count )
{
    unsigned int i;

    for (i = at; i < at + count; i++) free( reg->lines[i] );
    memmove( reg->lines + at, reg->lines + at + count, (reg->count - at - count) * sizeof(*reg->lines) );
    reg->count -= count;
    reg->changed = 1;
}

/***********************************************************************
 * registry_load
 *
 * NULL with a message said: the file cannot be read, or is not a registry file. Freed by registry_free().
 */
struct registry *registry_load( const char *path )
{
    static const char header[] = "WINE REGISTRY Version 2";
    struct registry *reg;
    struct file file;
    char *p, *end, *next;

    if (file_read( path, &file ))
    {
        complain( "cannot read %s: %s", path, strerror( errno ) );
        return NULL;
    }
    if (file.size < sizeof(header) - 1 || memcmp( file.data, header, sizeof(header) - 1 ) ||
        memchr( file.data, 0, file.size ))
    {
        complain( "%s is not a registry file of Wine", path );
        file_free( &file );
        return NULL;
    }
    reg = allocate( sizeof(*reg) );
    reg->path = copy_text( path );
    p = (char *)file.data;
    end = p + file.size;
    reg->final_newline = end[-1] == '\n';
    for (; p < end; p = next + 1)
    {
        if (!(next = memchr( p, '\n', end - p ))) next = end;
        insert_line( reg, reg->count, text( "%.*s", (int)(next - p), p ) );
    }
    file_free( &file );
    return reg;
}

void registry_free( struct registry *reg )
{
    unsigned int i;

    if (!reg) return;
    for (i = 0; i < reg->count; i++) free( reg->lines[i] );
    free( reg->lines );
    free( reg->path );
    free( reg );
}

/***********************************************************************
 * registry_save
 *
 * Writes the file back, in one rename, if anything in it changed. -1 with a message said on failure.
 */
int registry_save( struct registry *reg )
{
    size_t size = 0, pos = 0, len;
    unsigned int i;
    char *data;
    int ret;

    if (!reg->changed) return 0;
    for (i = 0; i < reg->count; i++) size += strlen( reg->lines[i] ) + 1;
    data = allocate( size );
    for (i = 0; i < reg->count; i++)
    {
        len = strlen( reg->lines[i] );
        memcpy( data + pos, reg->lines[i], len );
        pos += len;
        data[pos++] = '\n';
    }
    ret = file_write( reg->path, data, reg->final_newline ? pos : pos - 1, 0644 );
    free( data );
    if (!ret) reg->changed = 0;
    return ret;
}

/* The words after #arch= in the head of the file: "win64" or "win32"; NULL: older than that. */
const char *registry_arch( struct registry *reg )
{
    unsigned int i;

    for (i = 0; i < reg->count && reg->lines[i][0] != '['; i++)
        if (!strncmp( reg->lines[i], "#arch=", 6 )) return reg->lines[i] + 6;
    return NULL;
}

/* Whether a line opens a key; then *len is the length of its escaped path, which starts at line + 1. */
static int is_key_line( const char *line, size_t *len )
{
    const char *p = line;

    if (*p++ != '[') return 0;
    for (; *p && *p != ']'; p++) if (*p == '\\' && p[1]) p++;
    if (*p != ']') return 0;
    *len = p - line - 1;
    return 1;
}

static char *escape_key( const char *key )
{
    char *result = allocate( 2 * strlen( key ) + 1 ), *p = result;

    while (*key)
    {
        if (*key == '\\') *p++ = '\\';
        *p++ = *key++;
    }
    return result;
}

static int find_key( struct registry *reg, const char *key, unsigned int *line )
{
    char *escaped = escape_key( key );
    size_t len, wanted = strlen( escaped );
    unsigned int i;

    for (i = 0; i < reg->count; i++)
        if (is_key_line( reg->lines[i], &len ) && len == wanted && !strncasecmp( reg->lines[i] + 1, escaped, len )) break;
    free( escaped );
    *line = i;
    return i < reg->count;
}

/* How many lines a value takes, from its first on. */
static unsigned int value_lines( struct registry *reg, unsigned int at )
{
    unsigned int count = 1;
    size_t len;

    /* Only binary data goes on over a line end; in text, a backslash at the end of the line would be an escape. */
    while (at + count < reg->count && (len = strlen( reg->lines[at + count - 1] )) &&
           reg->lines[at + count - 1][len - 1] == '\\') count++;
    return count;
}

static const char *match_value( const char *line, const char *name )
{
    size_t len = strlen( name );

    if (line[0] != '"' || strncasecmp( line + 1, name, len ) || line[len + 1] != '"' || line[len + 2] != '=') return NULL;
    return line + len + 3;
}

/* The line of a value in a key, or where in the key a new one is put: behind its other values. */
static int find_value( struct registry *reg, unsigned int key_line, const char *name, unsigned int *line )
{
    unsigned int i = key_line + 1;

    while (i < reg->count && reg->lines[i][0] == '#') i++;
    while (i < reg->count && (reg->lines[i][0] == '"' || reg->lines[i][0] == '@'))
    {
        if (match_value( reg->lines[i], name ))
        {
            *line = i;
            return 1;
        }
        i += value_lines( reg, i );
    }
    *line = i;
    return 0;
}

/***********************************************************************
 * registry_get, registry_set, registry_delete
 *
 * One value. key: a path without escapes, relative to the file's root; name: printable ASCII without quotes; data: as it
 * stands in the file ("text" with its quotes, dword:..., hex:... with line ends). registry_get returns a copy that the
 * caller frees, NULL if there is none. registry_set makes the key if needed. registry_delete returns whether there was
 * such a value; the key stays.
 */
char *registry_get( struct registry *reg, const char *key, const char *name )
{
    unsigned int key_line, line, i, count;
    char *data, *longer;

    if (!find_key( reg, key, &key_line ) || !find_value( reg, key_line, name, &line )) return NULL;
    data = copy_text( match_value( reg->lines[line], name ) );
    count = value_lines( reg, line );
    for (i = 1; i < count; i++)
    {
        longer = text( "%s\n%s", data, reg->lines[line + i] );
        free( data );
        data = longer;
    }
    return data;
}

void registry_set( struct registry *reg, const char *key, const char *name, const char *data )
{
    unsigned int key_line, line;
    const char *next, *found;
    char *spelling = copy_text( name ), *old = registry_get( reg, key, name );
    int same = old && !strcmp( old, data );

    free( old );
    if (same)
    {
        free( spelling );
        return;
    }
    registry_add_key( reg, key );
    find_key( reg, key, &key_line );
    if (find_value( reg, key_line, name, &line ))
    {
        found = reg->lines[line] + 1;
        memcpy( spelling, found, strlen( spelling ) );     /* differs in case at most, which is the user's */
        remove_lines( reg, line, value_lines( reg, line ) );
    }
    next = strchrnul( data, '\n' );
    insert_line( reg, line, text( "\"%s\"=%.*s", spelling, (int)(next - data), data ) );
    free( spelling );
    while (*next)
    {
        data = next + 1;
        next = strchrnul( data, '\n' );
        insert_line( reg, ++line, text( "%.*s", (int)(next - data), data ) );
    }
    reg->changed = 1;
}

int registry_delete( struct registry *reg, const char *key, const char *name )
{
    unsigned int key_line, line;

    if (!find_key( reg, key, &key_line ) || !find_value( reg, key_line, name, &line )) return 0;
    remove_lines( reg, line, value_lines( reg, line ) );
    return 1;
}

/* Whether a key exists: it has a line of its own, or a key below it has. */
int registry_has_key( struct registry *reg, const char *key )
{
    char *escaped = escape_key( key );
    size_t len, wanted = strlen( escaped );
    unsigned int i;
    int found = 0;

    for (i = 0; i < reg->count && !found; i++)
    {
        if (!is_key_line( reg->lines[i], &len ) || len < wanted) continue;
        if (strncasecmp( reg->lines[i] + 1, escaped, wanted )) continue;
        found = len == wanted || reg->lines[i][1 + wanted] == '\\';
    }
    free( escaped );
    return found;
}

/* Whether a key holds neither a value nor, below it, a key; a key that is not there is empty. */
int registry_key_is_empty( struct registry *reg, const char *key )
{
    char *escaped = escape_key( key );
    size_t len, wanted = strlen( escaped );
    unsigned int i, j;
    int empty = 1;

    for (i = 0; i < reg->count && empty; i++)
    {
        if (!is_key_line( reg->lines[i], &len ) || len < wanted) continue;
        if (strncasecmp( reg->lines[i] + 1, escaped, wanted )) continue;
        if (len > wanted) empty = reg->lines[i][1 + wanted] != '\\';
        else
        {
            for (j = i + 1; j < reg->count && reg->lines[j][0] == '#'; j++) if (reg->lines[j][1] != 't') empty = 0;
            if (j < reg->count && (reg->lines[j][0] == '"' || reg->lines[j][0] == '@')) empty = 0;
        }
    }
    free( escaped );
    return empty;
}

void registry_add_key( struct registry *reg, const char *key )
{
    unsigned int line;
    char *escaped;

    if (find_key( reg, key, &line )) return;
    if (!reg->final_newline) reg->final_newline = 1;
    escaped = escape_key( key );
    if (reg->count && reg->lines[reg->count - 1][0]) insert_line( reg, reg->count, copy_text( "" ) );
    insert_line( reg, reg->count, text( "[%s] %lld", escaped, (long long)time( NULL ) ) );
    free( escaped );
    reg->changed = 1;
}

/* Removes a key's own lines, up to the next key; what lies below it stays. */
void registry_delete_key( struct registry *reg, const char *key )
{
    unsigned int line, end;
    size_t len;

    if (!find_key( reg, key, &line )) return;
    for (end = line + 1; end < reg->count && !is_key_line( reg->lines[end], &len ); ) end++;
    remove_lines( reg, line, end - line );
    /* The empty line before the last key went in with it. */
    if (line == reg->count && reg->count && !reg->lines[reg->count - 1][0]) remove_lines( reg, reg->count - 1, 1 );
}
