/*
 * kmt-top: names and numbers for people
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "kmt_top.h"

const char *format_size( char buffer[SIZE_BYTES], uint64_t bytes )
{
    static const char units[] = "BKMGTPE";
    unsigned int unit = 0;
    double value = bytes;

    while (value >= 999.5 && unit < sizeof(units) - 2)
    {
        value /= 1024;
        unit++;
    }
    if (!unit) snprintf( buffer, SIZE_BYTES, "%llu", (unsigned long long)bytes );
    else if (value < 99.95) snprintf( buffer, SIZE_BYTES, "%.1f%c", value, units[unit] );
    else snprintf( buffer, SIZE_BYTES, "%.0f%c", value, units[unit] );
    return buffer;
}

const char *format_name( char buffer[FORMATTED_BYTES], const char *name, int columns )
{
    int room = columns < 0 ? -columns : columns, width;
    size_t left = strlen( name ), used = 0, length;
    mbstate_t state = { 0 };
    wchar_t c;

    for (; left; name += length, left -= length)
    {
        length = mbrtowc( &c, name, left, &state );
        if (length == (size_t)-1 || length == (size_t)-2 || !length || (width = wcwidth( c )) < 1)
        {
            memset( &state, 0, sizeof(state) );
            if (length == (size_t)-1 || length == (size_t)-2 || !length) length = 1;
            width = 1;
            c = 0;
        }
        if (width > room || used + length + room >= FORMATTED_BYTES) break;
        if (c) memcpy( buffer + used, name, length );
        else buffer[used] = '?';
        used += c ? length : 1;
        room -= width;
    }
    while (columns > 0 && room-- > 0 && used < FORMATTED_BYTES - 1) buffer[used++] = ' ';
    buffer[used] = 0;
    return buffer;
}
