/*
 * bench: reports as JSON files
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"

#define FORMAT          "winekmt-bench 1"
#define MAX_FILE_SIZE   (16u << 20)

/* The members of a report that are strings. */
#define MACHINE_FIELDS \
    F( "cpu", machine.cpu ) F( "gpu", machine.gpu ) F( "driver", machine.driver ) F( "system", machine.system ) \
    F( "compiler", machine.compiler ) F( "load_before", machine.load ) F( "load_after", load_after )

const char *value_text( double value, const char *unit, char *buffer )
{
    int digits = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;

    if (!strcmp( unit, "ns" ) && value >= 1e4) return value_text( value / 1e3, "us", buffer );
    if (!strcmp( unit, "us" ) && value >= 1e4) return value_text( value / 1e3, "ms", buffer );
    snprintf( buffer, 32, "%.*f%s%s", digits, value, unit[0] ? " " : "", unit );
    return buffer;
}

enum verdict verdict_of( const struct figure *figure )
{
    if (figure->target) return spread_of( figure->ours, figure->rounds ).median <= figure->target ? VERDICT_MET : VERDICT_MISSED;
    if (figure->target_ratio && figure->peer[0])
        return spread_of_ratios( figure ).median <= figure->target_ratio ? VERDICT_MET : VERDICT_MISSED;
    return VERDICT_NONE;
}

const char *target_text( const struct figure *figure, char *buffer, size_t size )
{
    buffer[0] = 0;
    if (figure->target) snprintf( buffer, size, "%g %s", figure->target, figure->unit );
    else if (figure->target_ratio) snprintf( buffer, size, "%.2f x", figure->target_ratio );
    return buffer;
}

/***********************************************************************
 * Reading
 */

static bool refuse( const char *path, const char *why, const char *detail )
{
    fprintf( stderr, "bench: %s is not a report: %s%s\n", path, why, detail );
    return false;
}

/* The file, terminated; NULL after a message. */
static char *read_text( const char *path )
{
    FILE *file = fopen( path, "rb" );
    size_t size = 0, got = 1;
    char *text;

    if (!file)
    {
        fprintf( stderr, "bench: %s cannot be read: %s\n", path, strerror( errno ) );
        return NULL;
    }
    if (!(text = malloc( MAX_FILE_SIZE + 1 ))) stop( "no memory" );
    while (size < MAX_FILE_SIZE && (got = fread( text + size, 1, MAX_FILE_SIZE - size, file ))) size += got;
    fclose( file );
    text[size] = 0;
    if (!got && strlen( text ) == size) return text;
    refuse( path, got ? "it is too large" : "it has zeroes in it", "" );
    free( text );
    return NULL;
}

static bool copy_string( const struct json *json, const char *name, char *text, size_t size )
{
    const struct json *member = json_member( json, name );

    if (!member || member->kind != JSON_STRING) return false;
    copy_text( text, size, member->string );
    return true;
}

static bool copy_number( const struct json *json, const char *name, double *number )
{
    const struct json *member = json_member( json, name );

    if (!member || member->kind != JSON_NUMBER || member->number < 0) return false;
    *number = member->number;
    return true;
}

/* Samples are above 0. The number of them; 0: there are none, or something is wrong. */
static unsigned int copy_samples( const struct json *json, const char *name, double *samples )
{
    const struct json *member = json_member( json, name );
    unsigned int i;

    if (!member || member->kind != JSON_ARRAY || member->count > MAX_ROUNDS) return 0;
    for (i = 0; i < member->count; i++)
    {
        if (member->members[i].kind != JSON_NUMBER || member->members[i].number <= 0) return 0;
        samples[i] = member->members[i].number;
    }
    return member->count;
}

static bool read_figure( struct result *result, const char *path, const struct json *json )
{
    struct figure figure = { 0 }, *added;
    unsigned int i;

    if (!copy_string( json, "name", figure.name, sizeof(figure.name) )) return refuse( path, "a figure has no name", "" );
    if (!copy_string( json, "what", figure.what, sizeof(figure.what) ) || !copy_string( json, "unit", figure.unit, sizeof(figure.unit) ) ||
        !copy_string( json, "peer", figure.peer, sizeof(figure.peer) ) || !copy_number( json, "target", &figure.target ) ||
        !copy_number( json, "target_ratio", &figure.target_ratio ))
        return refuse( path, "something is missing in ", figure.name );
    if (!(figure.rounds = copy_samples( json, "ours", figure.ours ))) return refuse( path, "wrong samples in ", figure.name );
    if (figure.peer[0] && copy_samples( json, "theirs", figure.theirs ) != figure.rounds)
        return refuse( path, "wrong samples of the peer in ", figure.name );
    for (i = 0; i < result->count; i++)
        if (!strcmp( result->figures[i].name, figure.name )) return refuse( path, "there already is a ", figure.name );
    added = add_figure( result, figure.name );
    *added = figure;
    return true;
}

static bool read_report( struct result *result, const char *path, const struct json *json )
{
    const struct json *machine = json_member( json, "machine" ), *notes = json_member( json, "notes" ),
                      *figures = json_member( json, "figures" );
    char format[32], text[160];
    unsigned int i;

    if (!copy_string( json, "format", format, sizeof(format) ) || strcmp( format, FORMAT )) return refuse( path, "no format \"" FORMAT "\"", "" );
    if (!copy_string( json, "platform", text, sizeof(text) )) return refuse( path, "no platform", "" );
    if (result->platform[0] && strcmp( result->platform, text )) return refuse( path, "it is of another platform: ", text );
    copy_text( result->platform, sizeof(result->platform), text );
#define F( name, field ) \
    if (!copy_string( machine, name, text, sizeof(text) )) return refuse( path, "nothing about the machine's ", name ); \
    if (!result->field[0] || !strcmp( name, "load_after" )) copy_text( result->field, sizeof(result->field), text );
    MACHINE_FIELDS
#undef F
    if (!notes || notes->kind != JSON_ARRAY) return refuse( path, "no notes", "" );
    for (i = 0; i < notes->count; i++)
        if (notes->members[i].kind == JSON_STRING && result->note_count < ARRAY_COUNT( result->notes ))
            copy_text( result->notes[result->note_count++], sizeof(result->notes[0]), notes->members[i].string );
    if (!figures || figures->kind != JSON_ARRAY) return refuse( path, "no figures", "" );
    for (i = 0; i < figures->count; i++)
        if (!read_figure( result, path, &figures->members[i] )) return false;
    return true;
}

bool report_read( struct result *result, const char *path )
{
    char *text = read_text( path );
    unsigned int line;
    struct json *json;
    const char *why;
    bool good;

    if (!text) return false;
    json = json_parse( text, &line, &why );
    free( text );
    if (!json)
    {
        fprintf( stderr, "bench: %s is not JSON: line %u: %s\n", path, line, why );
        return false;
    }
    good = read_report( result, path, json );
    json_free( json );
    return good;
}

/***********************************************************************
 * Writing
 */

void put_json_string( FILE *file, const char *text )
{
    fputc( '"', file );
    for (; *text; text++)
    {
        if (*text == '"' || *text == '\\') fprintf( file, "\\%c", *text );
        else if ((unsigned char)*text < ' ') fprintf( file, "\\u%04x", *text );
        else fputc( *text, file );
    }
    fputc( '"', file );
}

static void put_member( FILE *file, const char *name, const char *value )
{
    fprintf( file, "\"%s\": ", name );
    put_json_string( file, value );
}

static void put_samples( FILE *file, const char *name, const double *samples, unsigned int count )
{
    unsigned int i;

    fprintf( file, ",\n      \"%s\": [", name );
    for (i = 0; i < count; i++) fprintf( file, "%s%.7g", i ? ", " : "", samples[i] );
    fputc( ']', file );
}

static void put_spread( FILE *file, const char *name, struct spread spread )
{
    fprintf( file, ",\n      \"%s\": { \"minimum\": %.7g, \"median\": %.7g, \"maximum\": %.7g }", name, spread.minimum, spread.median,
             spread.maximum );
}

static void put_figure( FILE *file, const struct figure *figure )
{
    static const char *const verdicts[] = { "none", "met", "missed" };

    fprintf( file, "    {\n      " );
    put_member( file, "name", figure->name );
    fprintf( file, ",\n      " );
    put_member( file, "what", figure->what );
    fprintf( file, ",\n      " );
    put_member( file, "unit", figure->unit );
    fprintf( file, ", " );
    put_member( file, "peer", figure->peer );
    fprintf( file, ",\n      \"target\": %.7g, \"target_ratio\": %.7g, \"verdict\": \"%s\"", figure->target, figure->target_ratio,
             verdicts[verdict_of( figure )] );
    put_spread( file, "cost", spread_of( figure->ours, figure->rounds ) );
    if (figure->peer[0])
    {
        put_spread( file, "peer_cost", spread_of( figure->theirs, figure->rounds ) );
        put_spread( file, "ratio", spread_of_ratios( figure ) );
    }
    put_samples( file, "ours", figure->ours, figure->rounds );
    if (figure->peer[0]) put_samples( file, "theirs", figure->theirs, figure->rounds );
    fprintf( file, "\n    }" );
}

void report_write( const struct result *result, const char *path )
{
    FILE *file = fopen( path, "wb" );
    const char *comma = "";
    unsigned int i;
    bool bad;

    if (!file) stop( "%s cannot be written: %s", path, strerror( errno ) );
    fprintf( file, "{\n  \"format\": \"" FORMAT "\",\n  \"platform\": \"%s\",\n  \"machine\": {\n", result->platform );
#define F( name, field ) fprintf( file, "%s    ", comma ); put_member( file, name, result->field ); comma = ",\n";
    MACHINE_FIELDS
#undef F
    fprintf( file, "\n  },\n  \"notes\": [" );
    for (i = 0; i < result->note_count; i++)
    {
        fprintf( file, "%s\n    ", i ? "," : "" );
        put_json_string( file, result->notes[i] );
    }
    fprintf( file, "],\n  \"figures\": [\n" );
    for (i = 0; i < result->count; i++)
    {
        if (i) fprintf( file, ",\n" );
        put_figure( file, &result->figures[i] );
    }
    fprintf( file, "\n  ]\n}\n" );
    bad = ferror( file );
    if (fclose( file ) || bad) stop( "%s cannot be written: %s", path, strerror( errno ) );
}
