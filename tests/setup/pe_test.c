/*
 * Tests of the PE reader and the writer of the drop-in, and a tool for the scripts
 *
 *   pe_test robust FILE STEP     bytes of FILE changed in turn, and FILE cut at as many lengths: no crash, no read
 *                                beyond the end (build with AddressSanitizer). STEP 1: every byte and length; else all of
 *                                the headers, and of the export table every STEP-th
 *   pe_test write FILE OUT       the drop-in for FILE, written twice, which must give the same bytes
 *   pe_test list FILE            one line an ordinal: ORDINAL<tab>NAME or "-"<tab>FORWARDER or "-"; gaps left out
 *   pe_test base FILE NUMBER     prints the file offset of the ordinal base and the value, sets it in place
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/setup/names.h"
#include "../../tools/setup/pe.h"

static const struct pe_dropin description =
{
    NAME_GDI32, MODULE_STOCK, MODULE_WINEKMT, kmt_names, KMT_NAME_COUNT
};

static unsigned char *load( const char *path, size_t *size )
{
    FILE *file = fopen( path, "rb" );
    unsigned char *data;
    long length;

    if (!file || fseek( file, 0, SEEK_END ) || (length = ftell( file )) < 0)
    {
        perror( path );
        exit( 1 );
    }
    rewind( file );
    data = malloc( length ? length : 1 );
    if (fread( data, 1, length, file ) != (size_t)length) exit( 1 );
    fclose( file );
    *size = length;
    return data;
}

static void save( const char *path, const void *data, size_t size )
{
    FILE *file = fopen( path, "wb" );

    if (!file || fwrite( data, 1, size, file ) != size || fclose( file ))
    {
        perror( path );
        exit( 1 );
    }
}

/* Everything that the tool does with a file that may be anything. Returns whether it was taken for a module. */
static int use( const unsigned char *data, size_t size, int write )
{
    struct pe_view view, check;
    struct pe_stamp stamp;
    size_t need = 0;
    unsigned char *out;
    const char *text;
    uint16_t function;
    uint32_t i, rva;

    pe_is_builtin( data, size );
    pe_read_stamp( data, size, &stamp );
    if (pe_open( &view, data, size )) return 0;
    if (!write) return 1;
    for (i = 0; i < view.function_count; i++) if (!pe_get_function( &view, i, &rva, &text )) abort();
    for (i = 0; i < view.name_count; i++) if (!pe_get_name( &view, i, &text, &function )) abort();
    if (pe_write_dropin( &view, &description, NULL, 0, &need )) return 1;
    out = malloc( need );
    if (!pe_write_dropin( &view, &description, out, need, &need ))
    {
        /* What was written must be readable, and complete. */
        if (pe_open( &check, out, need )) abort();
        if (check.function_count < view.function_count || check.name_count < view.name_count) abort();
    }
    free( out );
    return 1;
}

/* A copy of exactly this size, so that AddressSanitizer sees the first byte beyond it. */
static void use_prefix( const unsigned char *data, size_t size )
{
    unsigned char *copy = malloc( size ? size : 1 );

    memcpy( copy, data, size );
    use( copy, size, 0 );
    free( copy );
}

static int robust( const char *path, unsigned int step )
{
    static const unsigned char patterns[] = { 0x01, 0x80, 0xff };
    size_t size, i, begin = 0x400, end;
    unsigned long opened = 0, tried = 0;
    unsigned char *data = load( path, &size );
    struct pe_view view;
    unsigned int j;

    if (pe_open( &view, data, size ))
    {
        printf( "%s is not a module to begin with\n", path );
        return 1;
    }
    /* Where the export directory stands in the file. */
    for (i = 0; i < view.section_count; i++)
    {
        const unsigned char *s = data + view.sections + 40 * i;
        uint32_t address, raw;

        memcpy( &address, s + 12, 4 );
        memcpy( &raw, s + 20, 4 );
        if (view.dir_rva >= address && view.dir_rva < address + 0x1000000 && raw) begin = raw + (view.dir_rva - address);
        if (view.dir_rva >= address && view.dir_rva - address < 0x1000) break;
    }
    end = begin + view.dir_size;
    for (i = 0; i < size; i++)
    {
        if (step > 1 && i >= 0x600 && (i < begin || i >= end || (i - begin) % step)) continue;
        for (j = 0; j < sizeof(patterns); j++, tried++)
        {
            data[i] ^= patterns[j];
            opened += use( data, size, !(i % 64) );
            data[i] ^= patterns[j];
        }
        /* Copying 3 MB takes longer than all else. */
        if (i < 0x10000 || !(i % 32)) use_prefix( data, i );
    }
    printf( "%s: %lu changed files, %lu of them still modules\n", path, tried, opened );
    free( data );
    return 0;
}

static int write_one( const char *path, const char *result )
{
    size_t size, need, need2;
    unsigned char *data = load( path, &size ), *out, *again;
    struct pe_view view;
    enum pe_error error;

    if ((error = pe_open( &view, data, size )) || (error = pe_write_dropin( &view, &description, NULL, 0, &need )))
    {
        printf( "%s %s\n", path, pe_error_text( error ) );
        return 1;
    }
    need2 = need;
    out = malloc( need );
    again = malloc( need );
    memset( again, 0x55, need );
    if (pe_write_dropin( &view, &description, out, need, &need ) ||
        pe_write_dropin( &view, &description, again, need2, &need2 ) || need != need2 || memcmp( out, again, need ))
    {
        printf( "writing twice gave two files\n" );
        return 1;
    }
    /* One byte less than asked for is not enough, and says so instead of writing. */
    memset( again, 0x55, need );
    if (pe_write_dropin( &view, &description, again, need - 1, &need2 ) || need2 < need || again[0] != 0x55)
    {
        printf( "a buffer that is too small was written to\n" );
        return 1;
    }
    save( result, out, need );
    free( out );
    free( again );
    free( data );
    return 0;
}

static int list( const char *path )
{
    size_t size;
    unsigned char *data = load( path, &size );
    struct pe_view view;
    const char *forward, *name;
    uint32_t i, j, rva, names;
    uint16_t function;
    enum pe_error error = pe_open( &view, data, size );

    if (error)
    {
        printf( "%s %s\n", path, pe_error_text( error ) );
        return 1;
    }
    for (i = 0; i < view.function_count; i++)
    {
        if (!pe_get_function( &view, i, &rva, &forward ) || !rva) continue;
        for (j = names = 0; j < view.name_count; j++)
        {
            if (!pe_get_name( &view, j, &name, &function ) || function != i) continue;
            printf( "%u\t%s\t%s\n", view.base + i, name, forward ? forward : "-" );
            names++;
        }
        if (!names) printf( "%u\t-\t%s\n", view.base + i, forward ? forward : "-" );
    }
    free( data );
    return 0;
}

static int set_base( const char *path, unsigned long base )
{
    size_t size, i;
    unsigned char *data = load( path, &size ), directory[12];
    struct pe_view view;

    if (pe_open( &view, data, size )) return 1;
    /* The part of the export directory with base, functions, names; found by its content. */
    memcpy( directory, &view.base, 4 );
    memcpy( directory + 4, &view.function_count, 4 );
    memcpy( directory + 8, &view.name_count, 4 );
    for (i = 0; i + 12 <= size && memcmp( data + i, directory, 12 ); ) i++;
    if (i + 12 > size) return 1;
    data[i] = base;
    data[i + 1] = base >> 8;
    data[i + 2] = base >> 16;
    data[i + 3] = base >> 24;
    save( path, data, size );
    free( data );
    return 0;
}

int main( int argc, char **argv )
{
    if (argc == 4 && !strcmp( argv[1], "robust" ) && atoi( argv[3] ) > 0) return robust( argv[2], atoi( argv[3] ) );
    if (argc == 4 && !strcmp( argv[1], "write" )) return write_one( argv[2], argv[3] );
    if (argc == 3 && !strcmp( argv[1], "list" )) return list( argv[2] );
    if (argc == 4 && !strcmp( argv[1], "base" )) return set_base( argv[2], strtoul( argv[3], NULL, 0 ) );
    fprintf( stderr, "usage: pe_test robust|write|list|base FILE ...\n" );
    return 2;
}
