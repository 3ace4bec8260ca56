/*
 * Reading the export table of a PE module
 *
 * The file as it lies on disk, not as it is mapped: an RVA is looked up in the headers and in the raw data of the
 * sections. pe_open() checks every entry of every table once, so that a view that was opened has no entry that
 * cannot be read; the getters check strings again all the same, since whoever owns the buffer might have written to it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "pe.h"

#define MAX_NAME    1024    /* bytes; the longest decorated C++ names that linkers write are shorter */

static uint16_t get16( const uint8_t *p )
{
    return p[0] | p[1] << 8;
}

static uint32_t get32( const uint8_t *p )
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The bytes of the file from an RVA on, and in *len how many follow within the same section; NULL: none. */
static const uint8_t *bytes_at( const struct pe_view *view, uint32_t rva, size_t *len )
{
    uint32_t i;

    if (rva < view->headers_size)
    {
        *len = view->headers_size - rva;
        return view->data + rva;
    }
    for (i = 0; i < view->section_count; i++)
    {
        const uint8_t *section = view->data + view->sections + 40 * i;
        uint32_t address = get32( section + 12 ), raw_size = get32( section + 16 ), virtual_size, valid, raw;

        if (rva < address || rva - address >= raw_size) continue;
        virtual_size = get32( section + 8 );
        valid = virtual_size && virtual_size < raw_size ? virtual_size : raw_size;
        raw = get32( section + 20 );
        if (raw >= view->size) continue;
        if (valid > view->size - raw) valid = view->size - raw;
        if (rva - address >= valid) continue;
        *len = valid - (rva - address);
        return view->data + raw + (rva - address);
    }
    return NULL;
}

static const uint8_t *table_at( const struct pe_view *view, uint32_t rva, size_t need )
{
    size_t len;
    const uint8_t *p = bytes_at( view, rva, &len );

    return p && len >= need ? p : NULL;
}

static const char *string_at( const struct pe_view *view, uint32_t rva )
{
    size_t i, len;
    const uint8_t *p = bytes_at( view, rva, &len );

    if (!p) return NULL;
    if (len > MAX_NAME) len = MAX_NAME;
    for (i = 0; i < len; i++) if (!p[i]) return (const char *)p;
    return NULL;
}

/***********************************************************************
 * pe_is_builtin
 *
 * Whether a file is one of Wine's own modules: such a file is replaced by the loader with the one in Wine's directory,
 * so it is never "native". Placeholders of older Wine count too. Any size, also 0.
 */
int pe_is_builtin( const void *data, size_t size )
{
    const uint8_t *p = data;

    if (size < 0x60 || p[0] != 'M' || p[1] != 'Z') return 0;
    return !memcmp( p + 0x40, "Wine builtin DLL", 17 ) || !memcmp( p + 0x40, "Wine placeholder DLL", 21 );
}

/***********************************************************************
 * pe_fingerprint
 *
 * FNV-1a of some bytes, continued from seed (PE_FINGERPRINT_SEED at the start): tells whether a file changed, by
 * accident or by an update; no protection against someone who wants two files to look alike.
 *
 * Cost: about a nanosecond a byte.
 */
uint64_t pe_fingerprint( const void *data, size_t size, uint64_t seed )
{
    const uint8_t *p = data;
    uint64_t hash = seed;

    while (size--) hash = (hash ^ *p++) * 0x100000001b3ull;
    return hash;
}

/***********************************************************************
 * pe_get_function
 *
 * One entry of the address table. index: 0 to function_count - 1; the ordinal is view->base + index.
 * *rva: 0 for a gap. *forward: "module.name" or "module.#ordinal" if the entry is a forwarder, else NULL.
 * Returns 0 if there is no such entry or it cannot be read; the outputs are then not set.
 */
int pe_get_function( const struct pe_view *view, uint32_t index, uint32_t *rva, const char **forward )
{
    const char *text = NULL;
    uint32_t address;

    if (index >= view->function_count) return 0;
    address = get32( view->functions + 4 * (size_t)index );
    if (address >= view->dir_rva && address - view->dir_rva < view->dir_size)
    {
        if (!(text = string_at( view, address ))) return 0;
    }
    *rva = address;
    *forward = text;
    return 1;
}

/***********************************************************************
 * pe_get_name
 *
 * One entry of the name table. index: 0 to name_count - 1. *name points into the buffer; *function is an index into the
 * address table. Returns 0 if there is no such entry or it cannot be read; the outputs are then not set.
 */
int pe_get_name( const struct pe_view *view, uint32_t index, const char **name, uint16_t *function )
{
    const char *text;
    uint16_t number;

    if (index >= view->name_count) return 0;
    if (!(text = string_at( view, get32( view->names + 4 * (size_t)index ) ))) return 0;
    if ((number = get16( view->ordinals + 2 * (size_t)index )) >= view->function_count) return 0;
    *name = text;
    *function = number;
    return 1;
}

static enum pe_error open_exports( struct pe_view *view )
{
    const uint8_t *dir;
    const char *text;
    uint16_t function;
    uint32_t i, rva;

    if (!(dir = table_at( view, view->dir_rva, 40 ))) return PE_BAD_EXPORTS;
    view->base = get32( dir + 16 );
    view->function_count = get32( dir + 20 );
    view->name_count = get32( dir + 24 );

    /* An ordinal has 16 bits, in GetProcAddress as in an import table. */
    if (view->base > 0xffff || view->function_count > 0x10000 - view->base) return PE_TOO_LARGE;
    if (view->name_count > 0x10000) return PE_TOO_LARGE;
    if (!view->function_count && view->name_count) return PE_BAD_EXPORTS;

    if (view->function_count &&
        !(view->functions = table_at( view, get32( dir + 28 ), (size_t)view->function_count * 4 ))) return PE_BAD_EXPORTS;
    if (view->name_count &&
        (!(view->names = table_at( view, get32( dir + 32 ), (size_t)view->name_count * 4 )) ||
         !(view->ordinals = table_at( view, get32( dir + 36 ), (size_t)view->name_count * 2 )))) return PE_BAD_EXPORTS;

    for (i = 0; i < view->function_count; i++)
        if (!pe_get_function( view, i, &rva, &text )) return PE_BAD_EXPORTS;
    for (i = 0; i < view->name_count; i++)
        if (!pe_get_name( view, i, &text, &function )) return PE_BAD_EXPORTS;
    return PE_OK;
}

/***********************************************************************
 * pe_open
 *
 * Reads the headers and checks the whole export table. data, size: a file, of any content and size; it must outlive the
 * view. On failure the view is not to be used.
 *
 * PE_NOT_PE, PE_BAD_MACHINE, PE_NOT_DLL, PE_NO_EXPORTS, PE_BAD_EXPORTS, PE_TOO_LARGE: see enum pe_error.
 *
 * Source: Microsoft's PE/COFF specification.
 */
enum pe_error pe_open( struct pe_view *view, const void *data, size_t size )
{
    const uint8_t *p = data, *nt, *optional;
    uint32_t nt_offset, optional_size, directories, dir_offset;

    memset( view, 0, sizeof(*view) );
    if (size > PE_MAX_SIZE) return PE_TOO_LARGE;
    if (size < 0x40 || p[0] != 'M' || p[1] != 'Z') return PE_NOT_PE;
    nt_offset = get32( p + 0x3c );
    if (nt_offset > size || size - nt_offset < 24) return PE_NOT_PE;
    nt = p + nt_offset;
    if (memcmp( nt, "PE\0\0", 4 )) return PE_NOT_PE;

    view->data = p;
    view->size = size;
    view->machine = get16( nt + 4 );
    view->section_count = get16( nt + 6 );
    optional_size = get16( nt + 20 );
    if (view->machine != PE_MACHINE_AMD64 && view->machine != PE_MACHINE_I386) return PE_BAD_MACHINE;
    if (!(get16( nt + 22 ) & 0x2000)) return PE_NOT_DLL;

    /* The directories follow the fixed part of the optional header, which is longer with 64-bit addresses. */
    dir_offset = view->machine == PE_MACHINE_AMD64 ? 112 : 96;
    if (size - nt_offset - 24 < optional_size || optional_size < dir_offset) return PE_NOT_PE;
    optional = nt + 24;
    if (get16( optional ) != (view->machine == PE_MACHINE_AMD64 ? 0x20b : 0x10b)) return PE_NOT_PE;
    view->headers_size = get32( optional + 60 );
    if (view->headers_size > size) view->headers_size = size;
    view->sections = nt_offset + 24 + optional_size;
    if ((size - view->sections) / 40 < view->section_count) return PE_NOT_PE;
    view->builtin = pe_is_builtin( data, size );

    directories = get32( optional + dir_offset - 4 );
    if (!directories || optional_size < dir_offset + 8) return PE_NO_EXPORTS;
    view->dir_rva = get32( optional + dir_offset );
    view->dir_size = get32( optional + dir_offset + 4 );
    if (!view->dir_rva || !view->dir_size) return PE_NO_EXPORTS;
    return open_exports( view );
}

/***********************************************************************
 * pe_error_text
 *
 * An error in words that follow "the file" in a message. Never NULL; static.
 */
const char *pe_error_text( enum pe_error error )
{
    switch (error)
    {
    case PE_OK:          return "is all right";
    case PE_NOT_PE:      return "is not a Windows module, or is cut short";
    case PE_BAD_MACHINE: return "is for neither x86-64 nor i386";
    case PE_NOT_DLL:     return "is not a DLL";
    case PE_NO_EXPORTS:  return "exports nothing";
    case PE_BAD_EXPORTS: return "has a damaged export table";
    case PE_TOO_LARGE:   return "is larger than a gdi32.dll can be";
    case PE_NO_IMPORT:   return "has no function that could be imported";
    }
    return "cannot be used";
}
