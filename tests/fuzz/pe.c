/*
 * Fuzz target: the setup tool's reader and writer of PE modules
 *
 * An input is a file. Whatever it is, the reader says what is wrong with it or reads all of it without leaving the buffer. What it
 * accepts the writer makes a drop-in of, or says why not; the drop-in is readable again, has every name and every ordinal of the
 * first, names in order, redirected names going to winekmt and all else to the stock module under its new name. Writing again
 * gives the same bytes; into a buffer that is too small nothing is written.
 *
 * Mutations know the format: half of them change a field of the headers, of a section or of the export tables of what the
 * reader takes for a module, or put other text where a name or a forwarder stands.
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

#include "fuzz.h"
#include "setup/names.h"
#include "setup/pe.h"

/* Few redirects: the work is names times redirects, and an input may have 65536 names. */
static const char *const redirects[] = { "D3DKMTLock", "D3DKMTUnlock", "D3DKMTOfferAllocations" };

static const struct pe_dropin dropin = { NAME_GDI32, MODULE_STOCK, MODULE_WINEKMT, redirects, 3 };

/***********************************************************************
 * What is asked of the writer
 */

static bool is_redirect( const char *name )
{
    unsigned int i;

    for (i = 0; i < dropin.redirect_count; i++) if (!strcmp( dropin.redirects[i], name )) return true;
    return false;
}

static bool begins_with( const char *text, const char *begin )
{
    return !strncmp( text, begin, strlen( begin ) );
}

/* Where an entry of the drop-in goes to. */
static void check_forward( const struct pe_view *view, uint32_t function, const char *name )
{
    const char *forward, *target;
    uint32_t rva;

    fuzz_check( pe_get_function( view, function, &rva, &forward ), "function %u of the drop-in cannot be read", function );
    fuzz_check( rva && forward, "%s is no forwarder", name );
    if (begins_with( forward, MODULE_STOCK "." )) target = forward + strlen( MODULE_STOCK "." );
    else if (begins_with( forward, MODULE_WINEKMT "." )) target = forward + strlen( MODULE_WINEKMT "." );
    else fuzz_fail( "%s goes to \"%s\"", name, forward );
    fuzz_check( *target, "%s goes to \"%s\"", name, forward );
    if (is_redirect( name )) fuzz_check( begins_with( forward, MODULE_WINEKMT "." ), "%s goes to \"%s\"", name, forward );
}

static void check_dropin( const struct pe_view *stock, const uint8_t *file, size_t size )
{
    const char *name, *before = "", *forward, *stock_forward;
    struct pe_stamp stamp, expected;
    uint32_t i, rva, stock_rva, redirected = 0;
    struct pe_view view;
    uint16_t function;
    enum pe_error error;

    fuzz_check( !(error = pe_open( &view, file, size )), "the drop-in %s", pe_error_text( error ) );
    fuzz_check( !view.builtin, "the drop-in says that it is one of Wine's own" );
    fuzz_check( view.machine == stock->machine && view.base == stock->base, "the drop-in has machine %#x, base %u",
            view.machine, view.base );
    fuzz_check( view.function_count >= stock->function_count && view.name_count >= stock->name_count &&
                view.function_count <= stock->function_count + dropin.redirect_count, "%u functions and %u names of %u and %u",
                view.function_count, view.name_count, stock->function_count, stock->name_count );
    for (i = 0; i < view.name_count; i++)
    {
        fuzz_check( pe_get_name( &view, i, &name, &function ), "name %u of the drop-in cannot be read", i );
        fuzz_check( strcmp( before, name ) <= 0, "\"%s\" stands before \"%s\"", before, name );
        before = name;
        if (is_redirect( name )) redirected++;
        /* An empty name of a gap stays one. */
        if (is_redirect( name )) check_forward( &view, function, name );
    }
    fuzz_check( redirected >= dropin.redirect_count, "%u of %u names are redirected", redirected, dropin.redirect_count );
    for (i = 0; i < stock->function_count; i++)
    {
        pe_get_function( stock, i, &stock_rva, &stock_forward );
        fuzz_check( pe_get_function( &view, i, &rva, &forward ), "function %u cannot be read", i );
        if (stock_rva) check_forward( &view, i, "a function" );
    }
    fuzz_check( pe_read_stamp( file, size, &stamp ), "the drop-in has no stamp" );
    pe_make_stamp( stock, &dropin, &expected );
    fuzz_check( !memcmp( &stamp, &expected, sizeof(stamp) ), "the drop-in has another stamp" );
}

static void write_dropin( const struct pe_view *stock )
{
    size_t need = 0, size, again_size;
    uint8_t *file, *again;
    enum pe_error error;

    if ((error = pe_write_dropin( stock, &dropin, NULL, 0, &need )))
    {
        fuzz_check( error == PE_TOO_LARGE || error == PE_NO_IMPORT, "the writer says: %s", pe_error_text( error ) );
        return;
    }
    fuzz_check( need && need <= PE_MAX_SIZE + 0x1000, "%zu bytes are needed", need );
    if (need > 1 << 20) return;     /* nothing new, and slow */
    if (!(file = malloc( need )) || !(again = malloc( need ))) abort();
    memset( again, 0x55, need );
    size = again_size = need;
    fuzz_check( !pe_write_dropin( stock, &dropin, again, need - 1, &again_size ) && again_size == need && again[0] == 0x55,
                "a buffer that is too small was written to" );
    fuzz_check( !pe_write_dropin( stock, &dropin, file, need, &size ) && size <= need, "%zu bytes were not enough", need );
    fuzz_check( !pe_write_dropin( stock, &dropin, again, need, &again_size ) && again_size == size && !memcmp( file, again, size ),
                "writing twice gave two files" );
    /* The file alone, so that nothing behind its end is read. */
    free( again );
    if (!(again = malloc( size ))) abort();
    memcpy( again, file, size );
    free( file );
    check_dropin( stock, again, size );
    free( again );
}

/***********************************************************************
 * The target
 */

int LLVMFuzzerInitialize( int *argc, char ***argv )
{
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput( const uint8_t *data, size_t size )
{
    struct pe_stamp stamp;
    struct pe_view view;
    const char *text;
    uint16_t function;
    enum pe_error error;
    uint32_t i, rva;

    pe_read_stamp( data, size, &stamp );
    pe_is_builtin( data, size );
    error = pe_open( &view, data, size );
    fuzz_check( error <= PE_NO_IMPORT && pe_error_text( error )[0], "error %u", error );
    if (error) return 0;

    for (i = 0; i < view.function_count; i++)
        fuzz_check( pe_get_function( &view, i, &rva, &text ) && (!text || memchr( text, 0, data + size - (const uint8_t *)text )),
                    "function %u cannot be read", i );
    for (i = 0; i < view.name_count; i++)
        fuzz_check( pe_get_name( &view, i, &text, &function ) && memchr( text, 0, data + size - (const uint8_t *)text ) &&
                    function < view.function_count, "name %u cannot be read", i );
    fuzz_check( !pe_get_function( &view, view.function_count, &rva, &text ) && !pe_get_name( &view, view.name_count, &text, &function ),
                "there is an entry behind the last" );
    write_dropin( &view );
    return 0;
}

/***********************************************************************
 * A small module, to begin with
 */

static void set16( uint8_t *p, uint32_t value )
{
    p[0] = value;
    p[1] = value >> 8;
}

static void set32( uint8_t *p, uint32_t value )
{
    set16( p, value );
    set16( p + 2, value >> 16 );
}

static uint32_t get32( const uint8_t *p )
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

#define NT        0x60
#define EXPORTS   0x400     /* file offset; RVA 0x1000 */
#define RVA( offset )  ((offset) - EXPORTS + 0x1000)

/* variant: bit 0: 32 bits, bit 1: forwarders, bit 2: gaps, bit 3: builtin, bit 4: no names, bit 5: a second section. */
size_t fuzz_seed( unsigned int variant, uint8_t *data, size_t max_size )
{
    static const char *const names[] = { "BitBlt", "D3DKMTLock", "GetStockObject", "a.dot", "#5", "TextOutW", "", "zeta" };
    bool is64 = !(variant & 1);
    unsigned int directory = is64 ? 112 : 96, functions = 12, count = variant & 16 ? 0 : 8, i;
    uint32_t optional = NT + 24, sections = optional + directory + 128, at, end = 0x800;

    if (variant >= 64 || max_size < end) return 0;
    memset( data, 0, end );
    memcpy( data, "MZ", 2 );
    set32( data + 0x3c, NT );
    if (variant & 8) memcpy( data + 0x40, "Wine builtin DLL", 17 );
    memcpy( data + NT, "PE\0\0", 4 );
    set16( data + NT + 4, is64 ? PE_MACHINE_AMD64 : PE_MACHINE_I386 );
    set16( data + NT + 6, 1 + (variant >> 5 & 1) );
    set16( data + NT + 20, directory + 128 );
    set16( data + NT + 22, 0x2022 );
    set16( data + optional, is64 ? 0x20b : 0x10b );
    set32( data + optional + 60, 0x400 );
    set32( data + optional + directory - 4, 16 );
    set32( data + optional + directory, 0x1000 );
    set32( data + optional + directory + 4, 0x300 );
    set32( data + sections + 8, 0x380 );
    set32( data + sections + 12, 0x1000 );
    set32( data + sections + 16, 0x400 );
    set32( data + sections + 20, EXPORTS );
    if (variant & 32)
    {
        set32( data + sections + 40 + 8, 0x100 );
        set32( data + sections + 40 + 12, 0x2000 );
        set32( data + sections + 40 + 16, 0x200 );
        set32( data + sections + 40 + 20, 0x600 );
    }
    set32( data + EXPORTS + 16, 1 + variant );
    set32( data + EXPORTS + 20, functions );
    set32( data + EXPORTS + 24, count );
    set32( data + EXPORTS + 28, RVA( EXPORTS + 0x40 ) );
    set32( data + EXPORTS + 32, RVA( EXPORTS + 0x80 ) );
    set32( data + EXPORTS + 36, RVA( EXPORTS + 0xc0 ) );
    at = EXPORTS + 0x100;
    for (i = 0; i < functions; i++)
    {
        uint32_t rva = 0x1340 + i;

        if (variant & 4 && i % 4 == 3) rva = 0;
        else if (variant & 2 && i % 3 == 1)
        {
            rva = RVA( at );
            at += sprintf( (char *)data + at, "other.Name%u", i ) + 1;
        }
        set32( data + EXPORTS + 0x40 + 4 * i, rva );
    }
    for (i = 0; i < count; i++)
    {
        set32( data + EXPORTS + 0x80 + 4 * i, RVA( at ) );
        set16( data + EXPORTS + 0xc0 + 2 * i, (i + variant / 8) % functions );
        at += sprintf( (char *)data + at, "%s", names[i] ) + 1;
    }
    return end;
}

/***********************************************************************
 * Mutations
 */

static uint32_t some_number( uint64_t random, uint32_t old, size_t size )
{
    switch (random >> 8 & 7)
    {
    case 0: return 0;
    case 1: return old + 1;
    case 2: return old - 1;
    case 3: return 0xffffffff - (random >> 16 & 3);
    case 4: return size - (random >> 16 & 7);
    case 5: return 0x1000 + (random >> 16 & 0x3ff);
    case 6: return 1u << (random >> 16 & 31);
    default: return random >> 32;
    }
}

/* One field of a module, wherever it is. */
static void change_field( uint8_t *data, size_t size, uint64_t random )
{
    static const uint16_t header[] = { 0x3c, 0x40, 0x60, 0x64, 0x66, 0x74, 0x76, 0x78, 0x78 + 60, 0x78 + 92, 0x78 + 96,
            0x78 + 100, 0x78 + 108,
                                       0x78 + 112, 0x78 + 116 };
    static const char *const texts[] = { "D3DKMTLock", "a.b.#7", "#", "winekmt_gdi32.x", "", ".", "\xff\xfe" };
    struct pe_view view;
    uint32_t at = 0;

    if (pe_open( &view, data, size )) at = header[(random >> 40) % (sizeof(header) / sizeof(header[0]))];
    else switch (random & 7)
    {
    case 0: at = header[(random >> 40) % (sizeof(header) / sizeof(header[0]))]; break;
    case 1: case 2:
        if (view.section_count) at = view.sections + (random >> 40) % view.section_count * 40 + 8 + (random >> 32 & 3) * 4;
        break;
    case 3: if (view.functions) at = view.functions - data + (random >> 40) % view.function_count * 4; break;
    case 4: if (view.names) at = view.names - data + (random >> 40) % view.name_count * 4; break;
    case 5: if (view.ordinals) at = view.ordinals - data + (random >> 40) % view.name_count * 2; break;
    case 6: if (view.functions && view.functions - data >= 0x40) at = view.functions - data - 0x40 + 12 + (random >> 40) % 7 * 4; break;
    default:
        if (view.name_count)
        {
            const char *name, *text = texts[(random >> 50) % (sizeof(texts) / sizeof(texts[0]))];
            uint16_t function;

            if (!pe_get_name( &view, (random >> 32) % view.name_count, &name, &function )) return;
            at = (const uint8_t *)name - data;
            if (at + strlen( text ) + 1 <= size) memcpy( data + at, text, strlen( text ) + (random >> 20 & 1) );
            return;
        }
    }
    if (at + 4 > size) return;
    if (random >> 4 & 1) set16( data + at, some_number( random, get32( data + at ), size ) );
    else set32( data + at, some_number( random, get32( data + at ), size ) );
}

size_t LLVMFuzzerCustomMutator( uint8_t *data, size_t size, size_t max_size, unsigned int seed )
{
    uint64_t state = fuzz_hash( data, size, seed );
    unsigned int times = 1 + fuzz_random( &state ) % 4;

    if (!size || !(fuzz_random( &state ) % 256)) size = fuzz_seed( fuzz_random( &state ) % 64, data, max_size );
    while (times--)
    {
        if (fuzz_random( &state ) % 8) change_field( data, size, fuzz_random( &state ) );
        else size = LLVMFuzzerMutate( data, size, max_size );
    }
    return size;
}

/* The beginning of one, the rest of the other. */
size_t LLVMFuzzerCustomCrossOver( const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out, size_t max_size,
                                  unsigned int seed )
{
    size_t first, size = size2 < max_size ? size2 : max_size;

    first = size1 ? seed % size1 : 0;
    if (first > size) first = size;
    memcpy( out, data1, first );
    memcpy( out + first, data2 + first, size - first );
    return size;
}

/* Inputs here are no records. */
void fuzz_new_record( uint8_t *data, uint64_t random )
{
    (void)data;
    (void)random;
}
