/*
 * What Linux tells of a PCI device, in /sys/bus/pci/devices
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os_registry.h"

uint32_t os_read_pci_number( const struct pci_address *address, const char *name )
{
    const char *root = getenv( "WINEKMT_SENSORS_ROOT" );
    char path[512], line[64], *end;
    unsigned long value;
    bool found;
    FILE *file;

    if (snprintf( path, sizeof(path), "%s/sys/bus/pci/devices/%04x:%02x:%02x.%x/%s", root ? root : "", address->domain, address->bus,
                  address->device, address->function, name ) >= (int)sizeof(path)) return 0;
    if (!(file = fopen( path, "re" ))) return 0;
    found = fgets( line, sizeof(line), file ) != NULL;
    fclose( file );
    if (!found) return 0;
    errno = 0;
    value = strtoul( line, &end, 16 );
    return errno || strspn( end, " \t\r\n" ) != strlen( end ) || value > UINT32_MAX ? 0 : value;
}
