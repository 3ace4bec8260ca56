/*
 * Writing the drop-in gdi32.dll
 *
 * The drop-in is a DLL without code: an export table that forwards every name and ordinal of the stock gdi32 to that
 * module under its new name and the D3DKMT functions to winekmt, and one import of the stock module. The import is not
 * there for its function but for the order: with forwarders alone, Wine loads the stock module in the middle of loading
 * whatever imports gdi32, its initialisation fails, and so does every forward (tried on Wine 8.0 and 10.0).
 *
 * Functions are forwarded by name wherever they have one, not by ordinal: ordinals of Wine's gdi32 change from version
 * to version, names stay, so a drop-in that is a little older than its stock module still calls the right functions.
 *
 * The file:  0x000  DOS header; at 0x40, where Wine's builtins have their signature, the stamp
 *            0x080  PE headers, two sections
 *            0x400  .edata, mapped at 0x1000, read-only: export directory, its tables, all strings
 *            .....  .idata, at the next page, writable (the loader fills in the address table): the import
 *
 * The same input gives the same bytes.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "pe.h"

#define WRITER_VERSION  1       /* part of the stamp: a drop-in of another version is written anew */
#define STAMP_MAGIC     "winekmt drop-in"
#define STAMP_OFFSET    0x40
#define NT_OFFSET       0x80
#define HEADERS_SIZE    0x400
#define FILE_ALIGN      0x200u
#define PAGE_ALIGN      0x1000u
#define EDATA_RVA       0x1000u

/* Output that may be too small, or absent: everything is counted, what fits is written. */
struct output
{
    uint8_t *data;
    size_t   room;
    size_t   pos;
};

static void put( struct output *out, const void *data, size_t size )
{
    if (out->pos <= out->room && size <= out->room - out->pos) memcpy( out->data + out->pos, data, size );
    out->pos += size;
}

static void put_string( struct output *out, const char *text )
{
    put( out, text, strlen( text ) );
}

static void set16( uint8_t *p, uint16_t value )
{
    p[0] = value;
    p[1] = value >> 8;
}

static void set32( uint8_t *p, uint32_t value )
{
    set16( p, value );
    set16( p + 2, value >> 16 );
}

static void set64( uint8_t *p, uint64_t value )
{
    set32( p, value );
    set32( p + 4, value >> 32 );
}

static uint16_t get16( const uint8_t *p )
{
    return p[0] | p[1] << 8;
}

static uint32_t get32( const uint8_t *p )
{
    return get16( p ) | (uint32_t)get16( p + 2 ) << 16;
}

static uint64_t get64( const uint8_t *p )
{
    return get32( p ) | (uint64_t)get32( p + 4 ) << 32;
}

static size_t align_up( size_t value, size_t alignment )
{
    return (value + alignment - 1) & ~(alignment - 1);
}

static int compare_names( const char *a, const char *b )
{
    while (*a && *a == *b) a++, b++;
    return (int)(uint8_t)*a - (int)(uint8_t)*b;
}

static int is_redirected( const struct pe_dropin *dropin, const char *name )
{
    unsigned int i;

    for (i = 0; i < dropin->redirect_count; i++) if (!compare_names( dropin->redirects[i], name )) return 1;
    return 0;
}

static int stock_has( const struct pe_view *stock, const char *name )
{
    const char *other;
    uint16_t function;
    uint32_t i;

    for (i = 0; i < stock->name_count; i++)
        if (pe_get_name( stock, i, &other, &function ) && !compare_names( other, name )) return 1;
    return 0;
}

/* The text of a forwarder is cut at its last dot, and # starts an ordinal: such a name cannot be forwarded to by name. */
static int can_forward_by_name( const char *name )
{
    return name[0] && name[0] != '#' && !strchr( name, '.' );
}

static void put_number( struct output *out, uint32_t value )
{
    char text[10], *p = text + sizeof(text);

    do *--p = '0' + value % 10; while (value /= 10);
    put( out, p, text + sizeof(text) - p );
}

/* Sorts the name table by heap sort: it stands in the output already, and there is nothing else to sort it in. */
static int name_less( const struct output *out, const uint8_t *names, uint32_t a, uint32_t b )
{
    const char *base = (const char *)out->data + HEADERS_SIZE - EDATA_RVA;

    return compare_names( base + get32( names + 4 * a ), base + get32( names + 4 * b ) ) < 0;
}

static void name_swap( uint8_t *names, uint8_t *ordinals, uint32_t a, uint32_t b )
{
    uint32_t name = get32( names + 4 * a );
    uint16_t ordinal = get16( ordinals + 2 * a );

    set32( names + 4 * a, get32( names + 4 * b ) );
    set32( names + 4 * b, name );
    set16( ordinals + 2 * a, get16( ordinals + 2 * b ) );
    set16( ordinals + 2 * b, ordinal );
}

static void name_sink( const struct output *out, uint8_t *names, uint8_t *ordinals, uint32_t root, uint32_t count )
{
    uint32_t child;

    while ((child = 2 * root + 1) < count)
    {
        if (child + 1 < count && name_less( out, names, child, child + 1 )) child++;
        if (!name_less( out, names, root, child )) return;
        name_swap( names, ordinals, root, child );
        root = child;
    }
}

static void sort_names( const struct output *out, uint8_t *names, uint8_t *ordinals, uint32_t count )
{
    uint32_t i;

    for (i = count / 2; i-- > 0; ) name_sink( out, names, ordinals, i, count );
    for (i = count; i-- > 1; )
    {
        name_swap( names, ordinals, 0, i );
        name_sink( out, names, ordinals, 0, i );
    }
}

/* What the tables of the drop-in hold, and where they stand (RVAs in .edata). */
struct tables
{
    uint32_t function_count;
    uint32_t name_count;
    uint32_t functions;
    uint32_t names;
    uint32_t ordinals;
    uint32_t strings;
};

static enum pe_error plan_tables( const struct pe_view *stock, const struct pe_dropin *dropin, struct tables *tables )
{
    uint32_t i, added = 0;

    for (i = 0; i < dropin->redirect_count; i++) if (!stock_has( stock, dropin->redirects[i] )) added++;
    tables->function_count = stock->function_count + added;
    tables->name_count = stock->name_count + added;
    if (tables->function_count > 0x10000 - stock->base || tables->name_count > 0x10000) return PE_TOO_LARGE;
    tables->functions = EDATA_RVA + 40;
    tables->names = tables->functions + 4 * tables->function_count;
    tables->ordinals = tables->names + 4 * tables->name_count;
    tables->strings = tables->ordinals + 2 * tables->name_count;
    return PE_OK;
}

static uint32_t rva_of( const struct output *out )
{
    return out->pos - HEADERS_SIZE + EDATA_RVA;
}

/* Where a table's entry stands in the output, or NULL while only counting. */
static uint8_t *entry_at( const struct output *out, uint32_t rva )
{
    size_t pos = rva - EDATA_RVA + HEADERS_SIZE;

    return pos + 4 <= out->room ? out->data + pos : NULL;
}

static void put_target( struct output *out, const char *module, const char *name )
{
    put_string( out, module );
    put( out, ".", 1 );
    put( out, name, strlen( name ) + 1 );
}

/* One entry a name, and with it the function that the name stands for. */
static void write_name( struct output *out, const struct pe_dropin *dropin, const struct tables *tables,
                        uint32_t index, const char *name, uint32_t function )
{
    uint8_t *entry;

    if ((entry = entry_at( out, tables->names + 4 * index ))) set32( entry, rva_of( out ) );
    if ((entry = entry_at( out, tables->ordinals + 2 * index ))) set16( entry, function );
    put( out, name, strlen( name ) + 1 );

    entry = entry_at( out, tables->functions + 4 * function );
    if (is_redirected( dropin, name ))
    {
        if (entry) set32( entry, rva_of( out ) );
        put_target( out, dropin->target_name, name );
    }
    else if (can_forward_by_name( name ) && (!entry || !get32( entry )))
    {
        if (entry) set32( entry, rva_of( out ) );
        put_target( out, dropin->stock_name, name );
    }
}

static void write_exports( struct output *out, const struct pe_view *stock, const struct pe_dropin *dropin,
                           const struct tables *tables )
{
    const char *name, *forward;
    uint8_t directory[40] = { 0 }, *entry;
    uint32_t i, rva, function = stock->function_count, index = stock->name_count;
    uint16_t number;

    out->pos = HEADERS_SIZE + (tables->strings - EDATA_RVA);
    set32( directory + 12, rva_of( out ) );
    put( out, dropin->self_name, strlen( dropin->self_name ) + 1 );

    for (i = 0; i < stock->name_count; i++)
        if (pe_get_name( stock, i, &name, &number )) write_name( out, dropin, tables, i, name, number );
    for (i = 0; i < dropin->redirect_count; i++)
        if (!stock_has( stock, dropin->redirects[i] ))
            write_name( out, dropin, tables, index++, dropin->redirects[i], function++ );

    /* What has no name, or none that can be forwarded to; a gap stays a gap. While only counting, entry is NULL and every
     * function is counted: the size is then an upper bound, which pe_write_dropin() knows. */
    for (i = 0; i < stock->function_count; i++)
    {
        if (!pe_get_function( stock, i, &rva, &forward ) || !rva) continue;
        entry = entry_at( out, tables->functions + 4 * i );
        if (entry && get32( entry )) continue;
        if (entry) set32( entry, rva_of( out ) );
        put_string( out, dropin->stock_name );
        put( out, ".#", 2 );
        put_number( out, stock->base + i );
        put( out, "", 1 );
    }

    set32( directory + 16, stock->base );
    set32( directory + 20, tables->function_count );
    set32( directory + 24, tables->name_count );
    set32( directory + 28, tables->functions );
    set32( directory + 32, tables->names );
    set32( directory + 36, tables->ordinals );
    if (out->room >= HEADERS_SIZE + sizeof(directory)) memcpy( out->data + HEADERS_SIZE, directory, sizeof(directory) );
}

/* Any function will do; one that has code in the stock module, so that importing it drags no further module in. */
static const char *choose_import( const struct pe_view *stock, const struct pe_dropin *dropin )
{
    const char *name, *forward;
    uint16_t function;
    uint32_t i, rva;

    for (i = 0; i < stock->name_count; i++)
    {
        if (!pe_get_name( stock, i, &name, &function ) || !name[0] || is_redirected( dropin, name )) continue;
        if (pe_get_function( stock, function, &rva, &forward ) && rva && !forward) return name;
    }
    return NULL;
}

static void put_zero( struct output *out, size_t size )
{
    static const uint8_t zero[16];

    for (; size > sizeof(zero); size -= sizeof(zero)) put( out, zero, sizeof(zero) );
    put( out, zero, size );
}

/* Two descriptors (the second ends the list), lookup table, address table, the function's name, the module's name. */
static uint32_t write_imports( struct output *out, uint32_t rva, int is64, const char *module, const char *function )
{
    uint32_t entry = is64 ? 8 : 4, lookup = rva + 40, address = lookup + 2 * entry, hint = address + 2 * entry;
    uint32_t name = hint + align_up( 2 + strlen( function ) + 1, 2 );
    uint8_t descriptor[40] = { 0 }, thunk[16] = { 0 };

    set32( descriptor, lookup );
    set32( descriptor + 12, name );
    set32( descriptor + 16, address );
    put( out, descriptor, sizeof(descriptor) );
    set32( thunk, hint );
    put( out, thunk, 2 * entry );
    put( out, thunk, 2 * entry );
    put_zero( out, 2 );
    put( out, function, strlen( function ) + 1 );
    if (!(strlen( function ) & 1)) put_zero( out, 1 );
    put_string( out, module );
    put( out, ".dll", 5 );
    return address;
}

static void write_section( uint8_t *p, const char *name, uint32_t size, uint32_t rva, uint32_t offset, uint32_t flags )
{
    memcpy( p, name, strlen( name ) );
    set32( p + 8, size );
    set32( p + 12, rva );
    set32( p + 16, align_up( size, FILE_ALIGN ) );
    set32( p + 20, offset );
    set32( p + 36, flags );
}

/* The sum that Windows checks for some modules and debuggers show. */
static uint32_t image_checksum( const uint8_t *data, size_t size )
{
    uint32_t sum = 0;
    size_t i;

    for (i = 0; i + 1 < size; i += 2)
    {
        sum += get16( data + i );
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ((sum & 0xffff) + (sum >> 16)) + size;
}

/***********************************************************************
 * pe_make_stamp
 *
 * What the drop-in for this stock module and this list carries; a drop-in with another stamp is out of date.
 *
 * Cost: reads the whole stock module.
 */
void pe_make_stamp( const struct pe_view *stock, const struct pe_dropin *dropin, struct pe_stamp *stamp )
{
    uint64_t list = PE_FINGERPRINT_SEED + WRITER_VERSION;
    unsigned int i;

    list = pe_fingerprint( dropin->stock_name, strlen( dropin->stock_name ) + 1, list );
    list = pe_fingerprint( dropin->target_name, strlen( dropin->target_name ) + 1, list );
    for (i = 0; i < dropin->redirect_count; i++)
        list = pe_fingerprint( dropin->redirects[i], strlen( dropin->redirects[i] ) + 1, list );
    stamp->stock_size = stock->size;
    stamp->stock_fingerprint = pe_fingerprint( stock->data, stock->size, PE_FINGERPRINT_SEED );
    stamp->list_fingerprint = list;
}

/***********************************************************************
 * pe_read_stamp
 *
 * Whether a file is a drop-in of ours, and for what it was written. Any content and size; stamp is set on success only.
 */
int pe_read_stamp( const void *data, size_t size, struct pe_stamp *stamp )
{
    const uint8_t *p = data;

    if (size < HEADERS_SIZE || p[0] != 'M' || p[1] != 'Z') return 0;
    if (memcmp( p + STAMP_OFFSET, STAMP_MAGIC, sizeof(STAMP_MAGIC) )) return 0;
    stamp->stock_size = get64( p + STAMP_OFFSET + 16 );
    stamp->stock_fingerprint = get64( p + STAMP_OFFSET + 24 );
    stamp->list_fingerprint = get64( p + STAMP_OFFSET + 32 );
    return 1;
}

static void write_headers( uint8_t *p, const struct pe_view *stock, const struct pe_stamp *stamp, uint32_t edata_size,
                           uint32_t idata_size, uint32_t address_table )
{
    int is64 = stock->machine == PE_MACHINE_AMD64;
    uint32_t dirs = is64 ? 112 : 96, optional_size = dirs + 16 * 8;
    uint32_t idata_rva = EDATA_RVA + align_up( edata_size, PAGE_ALIGN );
    uint32_t idata_offset = HEADERS_SIZE + align_up( edata_size, FILE_ALIGN );
    uint8_t *nt = p + NT_OFFSET, *optional = nt + 24, *sections = optional + optional_size;

    p[0] = 'M';
    p[1] = 'Z';
    set16( p + 8, 4 );                                      /* header paragraphs */
    set32( p + 0x3c, NT_OFFSET );
    memcpy( p + STAMP_OFFSET, STAMP_MAGIC, sizeof(STAMP_MAGIC) );
    set64( p + STAMP_OFFSET + 16, stamp->stock_size );
    set64( p + STAMP_OFFSET + 24, stamp->stock_fingerprint );
    set64( p + STAMP_OFFSET + 32, stamp->list_fingerprint );

    memcpy( nt, "PE\0\0", 4 );
    set16( nt + 4, stock->machine );
    set16( nt + 6, 2 );
    set32( nt + 8, stamp->stock_fingerprint );              /* time stamp: a value that only depends on the input */
    set16( nt + 20, optional_size );
    set16( nt + 22, is64 ? 0x2022 : 0x2102 );               /* DLL, executable, large addresses or 32-bit */

    set16( optional, is64 ? 0x20b : 0x10b );
    optional[2] = WRITER_VERSION;
    set32( optional + 8, align_up( edata_size, FILE_ALIGN ) + align_up( idata_size, FILE_ALIGN ) );
    if (is64) set64( optional + 24, 0x180000000ull );
    else set32( optional + 28, 0x10000000 );
    set32( optional + 32, PAGE_ALIGN );
    set32( optional + 36, FILE_ALIGN );
    set16( optional + 40, 6 );                              /* operating system 6.0 */
    set16( optional + 48, 6 );                              /* subsystem 6.0 */
    set32( optional + 56, idata_rva + align_up( idata_size, PAGE_ALIGN ) );
    set32( optional + 60, HEADERS_SIZE );
    set16( optional + 68, 3 );                              /* console: no windows of its own */
    set16( optional + 70, is64 ? 0x160 : 0x140 );           /* relocatable (there is nothing to relocate), NX, high entropy */
    if (is64)
    {
        set64( optional + 72, 0x100000 );                   /* stack and heap: unused in a DLL, but checked */
        set64( optional + 80, 0x1000 );
        set64( optional + 88, 0x100000 );
        set64( optional + 96, 0x1000 );
    }
    else
    {
        set32( optional + 72, 0x100000 );
        set32( optional + 76, 0x1000 );
        set32( optional + 80, 0x100000 );
        set32( optional + 84, 0x1000 );
    }
    set32( optional + dirs - 4, 16 );
    set32( optional + dirs, EDATA_RVA );                    /* export directory: all of .edata, forwarders' texts included */
    set32( optional + dirs + 4, edata_size );
    set32( optional + dirs + 8, idata_rva );                /* import directory */
    set32( optional + dirs + 12, 40 );
    set32( optional + dirs + 12 * 8, address_table );       /* import address table */
    set32( optional + dirs + 12 * 8 + 4, is64 ? 16 : 8 );

    write_section( sections, ".edata", edata_size, EDATA_RVA, HEADERS_SIZE, 0x40000040 );
    write_section( sections + 40, ".idata", idata_size, idata_rva, idata_offset, 0xc0000040 );
}

/***********************************************************************
 * pe_write_dropin
 *
 * Writes the drop-in for a stock module.
 *
 * stock: opened by pe_open(); any machine that it accepts; the drop-in is for the same.
 * buffer, buffer_size: where to write, bytes; NULL and 0 ask for the size.
 * *size: buffer too small or NULL: a size that suffices; else the size of the file, not above that.
 *
 * PE_TOO_LARGE: more than 65535 ordinals or PE_MAX_SIZE bytes. PE_NO_IMPORT: the stock module has no named function of
 * its own. The buffer's content is then undefined.
 *
 * Cost: names of the stock module times redirects.
 */
enum pe_error pe_write_dropin( const struct pe_view *stock, const struct pe_dropin *dropin,
                               void *buffer, size_t buffer_size, size_t *size )
{
    struct output out = { buffer, 0, 0 };
    struct tables tables;
    struct pe_stamp stamp;
    const char *import = choose_import( stock, dropin );
    uint32_t edata_size, idata_size, address_table;
    size_t idata_offset, bound;
    enum pe_error ret;

    if (!import) return PE_NO_IMPORT;
    if ((ret = plan_tables( stock, dropin, &tables ))) return ret;

    write_exports( &out, stock, dropin, &tables );
    if (out.pos > PE_MAX_SIZE) return PE_TOO_LARGE;
    bound = align_up( out.pos, FILE_ALIGN );
    bound += align_up( 40 + 32 + 2 + strlen( import ) + 2 + strlen( dropin->stock_name ) + 5, FILE_ALIGN );
    if (!buffer || buffer_size < bound)
    {
        *size = bound;
        return PE_OK;
    }

    memset( buffer, 0, bound );
    out.room = bound;
    write_exports( &out, stock, dropin, &tables );
    edata_size = out.pos - HEADERS_SIZE;
    sort_names( &out, out.data + tables.names - EDATA_RVA + HEADERS_SIZE,
                out.data + tables.ordinals - EDATA_RVA + HEADERS_SIZE, tables.name_count );

    idata_offset = out.pos = align_up( out.pos, FILE_ALIGN );
    address_table = write_imports( &out, EDATA_RVA + align_up( edata_size, PAGE_ALIGN ),
                                   stock->machine == PE_MACHINE_AMD64, dropin->stock_name, import );
    idata_size = out.pos - idata_offset;
    *size = align_up( out.pos, FILE_ALIGN );

    pe_make_stamp( stock, dropin, &stamp );
    write_headers( out.data, stock, &stamp, edata_size, idata_size, address_table );
    set32( out.data + NT_OFFSET + 24 + 64, image_checksum( out.data, *size ) );
    return PE_OK;
}
