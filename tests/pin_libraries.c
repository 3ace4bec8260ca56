/*
 * For tests that look for leaks
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "pin_libraries.h"

struct names
{
    char       **names;
    unsigned int count;
};

static int collect( struct dl_phdr_info *info, size_t size, void *arg )
{
    struct names *list = arg;
    char **names;

    (void)size;
    if (!info->dlpi_name || info->dlpi_name[0] != '/') return 0;
    if (!(names = realloc( list->names, (list->count + 1) * sizeof(*names) ))) return 1;
    list->names = names;
    if ((names[list->count] = strdup( info->dlpi_name ))) list->count++;
    return 0;
}

void pin_libraries(void)
{
    struct names list = { NULL, 0 };
    unsigned int i;

    dl_iterate_phdr( collect, &list );  /* holds a lock of the dynamic linker: nothing is opened in there */
    for (i = 0; i < list.count; i++)
    {
        void *handle = dlopen( list.names[i], RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE );

        if (handle) dlclose( handle );
        free( list.names[i] );
    }
    free( list.names );
}
