/*
 * kmtdemo: what a game's video memory looks like
 *
 * The shares and sizes are those of a game with block-compressed textures, mipmaps included, at a resolution that suits the
 * budget. They add up to more than the budget, but what is loaded first leaves some of it free.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdlib.h>
#include "kmtdemo.h"

const char *const class_names[CLASS_COUNT] =
{
    "Render targets", "Staging buffers", "Textures, LOW", "Textures, NORMAL", "Textures, HIGH", "New level",
};

/* A size in bytes, and which part of its class it takes, in percent. */
struct size_share
{
    UINT64       size;
    unsigned int percent;
};

/* A square texture, a byte a texel, with its mipmaps. */
#define TEXTURE( edge )  ((UINT64)(edge) * (edge) * 4 / 3)
#define IMAGE( width, height, texel )  ((UINT64)(width) * (height) * (texel))

/* Largest first; the last takes what the others leave. */
static const struct size_share textures[] =
{
    { TEXTURE( 4096 ), 14 }, { TEXTURE( 2048 ), 38 }, { TEXTURE( 1024 ), 26 }, { TEXTURE( 512 ), 12 }, { TEXTURE( 256 ), 7 },
    { TEXTURE( 128 ), 3 }, { 0, 0 }
};
static const struct size_share targets[] =
{
    { IMAGE( 3840, 2160, 8 ), 35 }, { IMAGE( 3840, 2160, 4 ), 30 }, { IMAGE( 1920, 1080, 8 ), 15 }, { IMAGE( 1920, 1080, 4 ), 15 },
    { IMAGE( 960, 540, 4 ), 5 }, { 0, 0 }
};
static const struct size_share buffers[] =
{
    { 16 << 20, 50 }, { 4 << 20, 30 }, { 1 << 20, 15 }, { 256 << 10, 5 }, { 0, 0 }
};

/* Percent of the budget. The first five leave 16 percent free: sizes are rounded up, and memory objects are not always full. */
static const struct
{
    unsigned int percent;
    const struct size_share *sizes;
}
classes[CLASS_COUNT] =
{
    { 18, targets }, { 6, buffers }, { 20, textures }, { 20, textures }, { 20, textures }, { 38, textures },
};

UINT32 next_random( UINT32 *state )
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void add_item( struct scene *scene, enum item_class class, UINT64 size )
{
    struct item *items = realloc( scene->items, (scene->count + 1) * sizeof(*items) );

    if (!items) stop( EXIT_CANNOT, "out of memory" );
    scene->items = items;
    items[scene->count] = (struct item){ .id = scene->count + 1, .class = class, .size = size };
    scene->count++;
}

void scene_init( struct scene *scene, UINT64 budget )
{
    UINT32 seed = 1;
    unsigned int class, i;

    *scene = (struct scene){ 0 };
    for (class = 0; class < CLASS_COUNT; class++)
    {
        UINT64 rest = budget / 100 * classes[class].percent, total = rest, share = 0;
        const struct size_share *entry;

        scene->first[class] = scene->count;
        for (entry = classes[class].sizes; entry->size; entry++)
        {
            UINT64 size = (entry->size + 0xfff) & ~(UINT64)0xfff;

            /* Nothing that takes more than a fifth of its class, unless it is the smallest: its share goes to the next. */
            share += total / 100 * entry->percent;
            if (entry[1].size && size > total / 5) continue;
            for (; share >= size && rest >= size; share -= size, rest -= size) add_item( scene, class, size );
        }
        /* Large and small are mixed, as in a game. */
        for (i = scene->count; i > scene->first[class] + 1; i--)
        {
            unsigned int other = scene->first[class] + next_random( &seed ) % (i - scene->first[class]);
            UINT64 size = scene->items[i - 1].size;

            scene->items[i - 1].size = scene->items[other].size;
            scene->items[other].size = size;
        }
    }
    scene->first[CLASS_COUNT] = scene->count;
}
