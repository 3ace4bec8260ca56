/*
 * bench: a reader of JSON (RFC 8259), so that nothing else is needed to look at reports
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include <string.h>
#include "bench.h"

#define MAX_DEPTH  32

struct reader
{
    const char *text, *at, *why;
    unsigned int depth;
};

static bool read_value( struct reader *reader, struct json *value );

static bool fail( struct reader *reader, const char *why )
{
    if (!reader->why) reader->why = why;
    return false;
}

static void skip_space( struct reader *reader )
{
    while (*reader->at && strchr( " \t\r\n", *reader->at )) reader->at++;
}

static int hex_value( const char *digits )
{
    int value = 0, i;

    for (i = 0; i < 4; i++)
    {
        const char *hex = "0123456789abcdef0123456789ABCDEF", *place = digits[i] ? strchr( hex, digits[i] ) : NULL;

        if (!place) return -1;
        value = value << 4 | ((place - hex) & 15);
    }
    return value;
}

/* At the quote; *string is the caller's. Characters above 0x7f that are escaped become question marks: no report has them. */
static bool read_string( struct reader *reader, char **string )
{
    const char *p = reader->at + 1;
    char *out;
    int code;

    if (*reader->at != '"') return fail( reader, "a string is missing" );
    if (!(out = *string = malloc( strlen( p ) + 1 ))) return fail( reader, "no memory" );
    for (; *p != '"'; p++)
    {
        if ((unsigned char)*p < ' ')
        {
            reader->at = p;
            free( *string );
            return fail( reader, *p ? "a control character in a string" : "a string without an end" );
        }
        if (*p != '\\')
        {
            *out++ = *p;
            continue;
        }
        switch (*++p)
        {
        case 'n': *out++ = '\n'; continue;
        case 't': *out++ = '\t'; continue;
        case 'r': *out++ = '\r'; continue;
        case 'b': *out++ = '\b'; continue;
        case 'f': *out++ = '\f'; continue;
        case '"': case '\\': case '/': *out++ = *p; continue;
        case 'u':
            if ((code = hex_value( p + 1 )) >= 0)
            {
                *out++ = code && code < 0x80 ? code : '?';
                p += 4;
                continue;
            }
        }
        reader->at = p;
        free( *string );
        return fail( reader, "an unknown escape in a string" );
    }
    *out = 0;
    reader->at = p + 1;
    return true;
}

/* strtod alone would take hexadecimal numbers and infinities. */
static bool read_number( struct reader *reader, struct json *value )
{
    size_t length = strspn( reader->at, "0123456789+-.eE" );
    const char *digits = reader->at + (*reader->at == '-');
    char *end;

    if (*digits < '0' || *digits > '9' || (*digits == '0' && digits[1] >= '0' && digits[1] <= '9')) return fail( reader, "no value" );
    value->kind = JSON_NUMBER;
    value->number = strtod( reader->at, &end );
    if (end != reader->at + length || end[-1] == '.') return fail( reader, "not a number" );
    if (value->number - value->number != 0) return fail( reader, "a number that is too large" );
    reader->at = end;
    return true;
}

/* Arrays, and objects, whose members have names. */
static bool read_members( struct reader *reader, struct json *value, char close )
{
    bool named = close == '}';
    struct json *members;
    char **names;

    reader->at++;
    value->kind = named ? JSON_OBJECT : JSON_ARRAY;
    skip_space( reader );
    if (*reader->at == close)
    {
        reader->at++;
        return true;
    }
    for (;;)
    {
        if (!(value->count & (value->count + 1)))       /* 0, 1, 3, 7 ...: twice as many and one */
        {
            if (!(members = realloc( value->members, (2 * value->count + 1) * sizeof(*members) ))) return fail( reader, "no memory" );
            value->members = members;
            if (named)
            {
                if (!(names = realloc( value->names, (2 * value->count + 1) * sizeof(*names) ))) return fail( reader, "no memory" );
                value->names = names;
            }
        }
        if (named)
        {
            skip_space( reader );
            if (!read_string( reader, &value->names[value->count] )) return false;
            skip_space( reader );
        }
        memset( &value->members[value->count++], 0, sizeof(*value->members) );
        if (named && *reader->at++ != ':')
        {
            reader->at--;
            return fail( reader, "a colon is missing" );
        }
        if (!read_value( reader, &value->members[value->count - 1] )) return false;
        skip_space( reader );
        if (*reader->at == close) break;
        if (*reader->at != ',') return fail( reader, "a comma or the end of a list is missing" );
        reader->at++;
    }
    reader->at++;
    return true;
}

static bool read_word( struct reader *reader, const char *word )
{
    if (strncmp( reader->at, word, strlen( word ) )) return fail( reader, "no value" );
    reader->at += strlen( word );
    return true;
}

static bool read_value( struct reader *reader, struct json *value )
{
    bool good;

    skip_space( reader );
    switch (*reader->at)
    {
    case '[':
    case '{':
        if (reader->depth == MAX_DEPTH) return fail( reader, "too many lists in lists" );
        reader->depth++;
        good = read_members( reader, value, *reader->at == '[' ? ']' : '}' );
        reader->depth--;
        return good;
    case '"':
        if (!read_string( reader, &value->string )) return false;
        value->kind = JSON_STRING;
        return true;
    case 't':
        value->kind = JSON_BOOL;
        value->number = 1;
        return read_word( reader, "true" );
    case 'f':
        value->kind = JSON_BOOL;
        return read_word( reader, "false" );
    case 'n':
        return read_word( reader, "null" );
    }
    return read_number( reader, value );
}

static void free_members( struct json *json )
{
    unsigned int i;

    for (i = 0; i < json->count; i++)
    {
        free_members( &json->members[i] );
        if (json->names) free( json->names[i] );
    }
    if (json->kind == JSON_STRING) free( json->string );
    free( json->members );
    free( json->names );
}

struct json *json_parse( const char *text, unsigned int *line, const char **why )
{
    struct reader reader = { text, text, NULL, 0 };
    struct json *json = calloc( 1, sizeof(*json) );
    const char *p;

    *line = 1;
    *why = "no memory";
    if (!json) return NULL;
    if (read_value( &reader, json ))
    {
        skip_space( &reader );
        if (!*reader.at) return json;
        fail( &reader, "something stands behind the end" );
    }
    for (p = text; p < reader.at; p++) *line += *p == '\n';
    *why = reader.why;
    json_free( json );
    return NULL;
}

void json_free( struct json *json )
{
    free_members( json );
    free( json );
}

const struct json *json_member( const struct json *json, const char *name )
{
    unsigned int i;

    if (!json || json->kind != JSON_OBJECT) return NULL;
    for (i = 0; i < json->count; i++)
        if (!strcmp( json->names[i], name )) return &json->members[i];
    return NULL;
}
