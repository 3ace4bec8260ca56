/*
 * Pages that a program may read but not write
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <sys/mman.h>
#include <unistd.h>

#include "os/os.h"

#define SHARED_PAGE_SIZE 4096

bool os_create_shared_page( void **writable, const void **read_only )
{
    int fd = memfd_create( "winekmt-fence", MFD_CLOEXEC );
    void *first = MAP_FAILED, *second = MAP_FAILED;

    if (fd == -1) return false;
    if (!ftruncate( fd, SHARED_PAGE_SIZE ))
    {
        first = mmap( NULL, SHARED_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0 );
        second = mmap( NULL, SHARED_PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0 );
    }
    close( fd );
    if (first != MAP_FAILED && second != MAP_FAILED)
    {
        *writable = first;
        *read_only = second;
        return true;
    }
    if (first != MAP_FAILED) munmap( first, SHARED_PAGE_SIZE );
    if (second != MAP_FAILED) munmap( second, SHARED_PAGE_SIZE );
    return false;
}

void os_destroy_shared_page( void *writable, const void *read_only )
{
    munmap( writable, SHARED_PAGE_SIZE );
    munmap( (void *)read_only, SHARED_PAGE_SIZE );
}
