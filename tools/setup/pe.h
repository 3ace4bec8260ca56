/*
 * Reading the export table of a PE module and writing the drop-in gdi32.dll from it
 *
 * Pure functions over memory buffers: no allocation, no system call, no library beyond memcpy, memset, memcmp and
 * strlen, so that the Linux tool, the Windows program in the prefix and the fuzzer share them as they are. Whatever the
 * bytes are, nothing outside the buffer is read and nothing loops for longer than the buffer is large.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_SETUP_PE_H
#define __WINEKMT_SETUP_PE_H

#include <stddef.h>
#include <stdint.h>

#define PE_MACHINE_I386     0x014c
#define PE_MACHINE_AMD64    0x8664

/* Above this size (bytes) no file is read or written: the largest gdi32.dll seen has 1.5 MB. */
#define PE_MAX_SIZE         0x4000000u

enum pe_error
{
    PE_OK = 0,
    PE_NOT_PE,          /* no MZ or PE signature, or the headers end early */
    PE_BAD_MACHINE,     /* neither x86-64 nor i386 */
    PE_NOT_DLL,         /* not a DLL */
    PE_NO_EXPORTS,      /* no export directory */
    PE_BAD_EXPORTS,     /* the export directory points outside the file or contradicts itself */
    PE_TOO_LARGE,       /* more ordinals than 65535, or more bytes than PE_MAX_SIZE */
    PE_NO_IMPORT,       /* the stock module has nothing that the drop-in could import */
};

/* A module in memory; filled in by pe_open(), read-only afterwards, valid as long as the buffer is. */
struct pe_view
{
    const uint8_t *data;
    size_t         size;            /* bytes */
    uint16_t       machine;         /* PE_MACHINE_ */
    int            builtin;         /* carries Wine's builtin signature */
    uint32_t       headers_size;    /* bytes at the start of the file that are mapped at RVA 0 */
    uint32_t       sections;        /* file offset of the section table */
    uint32_t       section_count;
    uint32_t       dir_rva;         /* the export directory: an address inside it is a forwarder's text */
    uint32_t       dir_size;
    uint32_t       base;            /* ordinal of function 0 */
    uint32_t       function_count;
    uint32_t       name_count;
    const uint8_t *functions;       /* the three tables: 4 bytes an entry, 4, 2; NULL when there is none */
    const uint8_t *names;
    const uint8_t *ordinals;
};

/* What a drop-in says about itself, at file offset 0x40, where Wine's builtins have their signature. */
struct pe_stamp
{
    uint64_t stock_size;            /* bytes of the stock module that it was written for */
    uint64_t stock_fingerprint;     /* pe_fingerprint() of that */
    uint64_t list_fingerprint;      /* of the redirected names, and the version of the writer */
};

/* What a drop-in is to be. All strings NUL-terminated. */
struct pe_dropin
{
    const char        *self_name;       /* name in the export directory: "gdi32.dll" */
    const char        *stock_name;      /* the renamed stock module without ".dll": imported, and forwarded to */
    const char        *target_name;     /* the module of the redirected names, without ".dll" */
    const char *const *redirects;       /* names that go to target_name; no duplicates */
    unsigned int       redirect_count;
};

extern enum pe_error pe_open( struct pe_view *view, const void *data, size_t size );
extern int pe_get_function( const struct pe_view *view, uint32_t index, uint32_t *rva, const char **forward );
extern int pe_get_name( const struct pe_view *view, uint32_t index, const char **name, uint16_t *function );
extern int pe_is_builtin( const void *data, size_t size );
extern int pe_read_stamp( const void *data, size_t size, struct pe_stamp *stamp );
extern uint64_t pe_fingerprint( const void *data, size_t size, uint64_t seed );
extern const char *pe_error_text( enum pe_error error );

#define PE_FINGERPRINT_SEED 0xcbf29ce484222325ull

extern void pe_make_stamp( const struct pe_view *stock, const struct pe_dropin *dropin, struct pe_stamp *stamp );
extern enum pe_error pe_write_dropin( const struct pe_view *stock, const struct pe_dropin *dropin,
                                      void *buffer, size_t buffer_size, size_t *size );

#endif /* __WINEKMT_SETUP_PE_H */
