/*
 * What the programs of tests/clients share: lines of output, and D3DKMT as an ordinary program reaches it
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 *
 * Every line of output is one of
 *   "same WHAT: VALUE"     the stock gdi32 and the drop-in must give the same
 *   "kmt WHAT: VALUE"      only the drop-in can say this truly; the script says what is to be in it
 *   "note WHAT: VALUE"     may differ from run to run
 *   "FAIL WHAT"            and the program's exit status is 1
 */

#ifndef __WINEKMT_TESTS_CLIENT_H
#define __WINEKMT_TESTS_CLIENT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "windef.h"
#include "winbase.h"
#include "winnls.h"
#include "winternl.h"
#include "ddk/d3dkmthk.h"

extern void fail( const char *format, ... ) __attribute__((format( printf, 1, 2 )));
extern int failures;

extern uint64_t checksum( const void *data, size_t size );
extern uint64_t describe_luid( const LUID *luid, const char *name );

#endif /* __WINEKMT_TESTS_CLIENT_H */
