/*
 * The names that winekmt-setup and winekmt-refresh.exe agree on, and the functions that go to winekmt
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_SETUP_NAMES_H
#define __WINEKMT_SETUP_NAMES_H

#define NAME_GDI32      "gdi32.dll"
#define NAME_STOCK      "winekmt_gdi32.dll"
#define NAME_WINEKMT    "winekmt.dll"
#define NAME_REFRESH    "winekmt-refresh.exe"
#define NAME_BRIDGE     "winekmt_bridge.dll"
#define NAME_PATH       "winekmt.path"
#define NAME_OWN_DIR    "winekmt"           /* below drive_c/windows */
#define NAME_PENDING    "pending"
#define NAME_MANIFEST   "manifest"

#define MODULE_GDI32    "gdi32"
#define MODULE_STOCK    "winekmt_gdi32"     /* as a forwarder spells them */
#define MODULE_WINEKMT  "winekmt"

/* Value name and command below the keys that wineboot goes through when a prefix starts. */
#define RUN_VALUE       "winekmt-refresh"
#define RUN_KEY         "Software\\Microsoft\\Windows\\CurrentVersion\\"
#define RUN_COMMAND     "C:\\windows\\system32\\winekmt-refresh.exe"

static const char *const kmt_names[] =
{
#define KMT_CORE( name, type )      "D3DKMT" #name,
#define KMT_THREAD( name, type )    "D3DKMT" #name,
#define KMT_STOCK( name, status )   "D3DKMT" #name,
#define KMT_REFUSE( name, status )  "D3DKMT" #name,
#include "kmt_functions.h"
};

#define KMT_NAME_COUNT  (sizeof(kmt_names) / sizeof(kmt_names[0]))

#endif /* __WINEKMT_SETUP_NAMES_H */
