/*
 * The 241 names
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

START_TEST(exports)
{
    UINT i, found = 0;

    ok( export_count == 241, "%u functions\n", export_count );
    for (i = 0; i < export_count; i++)
    {
        ok( find_export( i ) != NULL, "%s is missing\n", exports[i].name );
        found += find_export( i ) != NULL;
    }
    ok( found == 241, "%u functions found\n", found );
}
