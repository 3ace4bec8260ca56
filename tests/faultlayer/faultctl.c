/*
 * Gives orders to VK_LAYER_winekmt_fault in other processes, and reads its counters
 *
 *     faultctl FILE [ORDERS...]
 *
 * FILE: the one of control= in their WINEKMT_FAULT; made when it is not there. ORDERS: as in WINEKMT_FAULT (fault_layer.c). Without
 * any it prints what is not zero, one "name value" a line. Exit status 0, 1 for a file or an order that is no good.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fault_control.h"

static void print( const char *prefix, const char *name, uint64_t value )
{
    if (value) printf( "%s%s %llu\n", prefix, name, (unsigned long long)value );
}

static void show( const struct fault_control *control )
{
    char name[16];
    unsigned int i;

    for (i = 0; i < FAULT_CALLS; i++) print( "vk", fault_call_names[i], control->calls[i] );
    for (i = 0; i < FAULT_OBJECTS; i++) print( "live ", fault_object_names[i], control->live[i] );
    for (i = 0; i < FAULT_HEAPS; i++)
    {
        snprintf( name, sizeof(name), "%u", i );
        print( "used of heap ", name, control->heap_used[i] );
    }
    print( "", "mapped", control->mapped_ranges );
    print( "", "imports", control->imports );
    print( "", "failures", control->failures );
    print( "", "lost", control->lost_devices );
    print( "", "misuse", control->misuse );
}

int main( int argc, char **argv )
{
    struct fault_control *control;
    char message[256];
    int i;

    if (argc < 2 || argv[1][0] == '-')
    {
        fprintf( stderr, "usage: faultctl FILE [ORDERS...]\n" );
        return argc < 2 ? 1 : strcmp( argv[1], "--help" ) != 0;
    }
    if (!(control = fault_map_control( argv[1], argc > 2 )))
    {
        fprintf( stderr, "faultctl: %s: %s\n", argv[1], errno == EPROTO ? "not a control file of this version" : strerror( errno ) );
        return 1;
    }
    for (i = 2; i < argc; i++)
    {
        if (fault_configure( control, argv[i], message )) continue;
        fprintf( stderr, "faultctl: %s\n", message );
        return 1;
    }
    if (argc == 2) show( control );
    return 0;
}
