/*
 * What the two halves of winekmt have agreed on
 *
 * The PE half calls the unix half by the number of an entry in its table. The entries that make the halves known to
 * each other stand first, so that their numbers never change; the functions of core follow in the order of
 * functions.list. The entry that refuses counts all functions in that order, so the agreement names them all.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_UNIXLIB_H
#define __WINEKMT_UNIXLIB_H

#include "windef.h"

#ifndef STATUS_REVISION_MISMATCH    /* include/native has only the statuses of D3DKMT */
#define STATUS_REVISION_MISMATCH    ((NTSTATUS)0xc0000059)
#endif
#ifndef STATUS_NAME_TOO_LONG
#define STATUS_NAME_TOO_LONG        ((NTSTATUS)0xc0000106)
#endif

enum unix_code
{
    unix_attach,
    unix_copy,
    unix_copy_string,
    unix_next_notification,     /* struct kmt_notification */
    unix_set_displays,          /* struct kmt_displays */
    unix_next_vertical_blank,   /* struct kmt_vertical_blank */
    unix_refuse,                /* struct kmt_refusal */
#define KMT_CORE( name, type )  unix_##name,
#define KMT_THREAD( name, type )
#define KMT_STOCK( name, status )
#define KMT_REFUSE( name, status )
#include "kmt_functions.h"
    unix_count
};

/* The agreement as one string. A half with another one was built from another list of functions, or by a version whose entries
 * above work differently (then the number is another), and must not be called. */
static const char unix_contract[] = "winekmt-unixlib 5"
#define KMT_CORE( name, type )      " " #name "(" #type ")"
#define KMT_THREAD( name, type )    " " #name
#define KMT_STOCK( name, status )   " " #name
#define KMT_REFUSE( name, status )  " " #name
#include "kmt_functions.h"
    ;

/***********************************************************************
 *           unix_attach
 *
 * The first call. size, contract: those of the PE half, contract_size including the terminating zero.
 * STATUS_SUCCESS: the halves fit. STATUS_REVISION_MISMATCH: they do not; nothing else may be called.
 */
struct unix_attach_params
{
    const char *contract;
    UINT        contract_size;
    UINT        count;          /* unix_count */
};

/***********************************************************************
 *           unix_copy
 *
 * Copies memory between the PE half and the program. A fault in unix code comes back as STATUS_ACCESS_VIOLATION, so
 * this is how the PE half touches pointers that it was given.
 */
struct unix_copy_params
{
    void       *dst;
    const void *src;
    SIZE_T      size;           /* bytes */
};

/***********************************************************************
 *           unix_copy_string
 *
 * The same for a string. STATUS_NAME_TOO_LONG: no zero within max characters; dst is undefined then.
 */
struct unix_copy_string_params
{
    WCHAR       *dst;
    const WCHAR *src;
    UINT         max;           /* characters, including the terminating zero */
};

#endif /* __WINEKMT_UNIXLIB_H */
