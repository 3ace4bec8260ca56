/*
 * The few functions of string.h that winekmt-refresh.exe needs: it has no C library, because one might need gdi32
 *
 * Compiled with -fno-tree-loop-distribute-patterns, or the compiler would see what the loops do and call the very
 * functions that they are.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stddef.h>
#include <string.h>

void *memcpy( void *restrict dst, const void *restrict src, size_t size )
{
    const char *from = src;
    char *to = dst;

    while (size--) *to++ = *from++;
    return dst;
}

void *memset( void *dst, int value, size_t size )
{
    char *to = dst;

    while (size--) *to++ = value;
    return dst;
}

int memcmp( const void *a, const void *b, size_t size )
{
    const unsigned char *x = a, *y = b;

    for (; size; size--, x++, y++) if (*x != *y) return *x - *y;
    return 0;
}

size_t strlen( const char *text )
{
    const char *end = text;

    while (*end) end++;
    return end - text;
}

char *strchr( const char *text, int wanted )
{
    for (; *text; text++) if (*text == (char)wanted) return (char *)text;
    return wanted ? NULL : (char *)text;
}
