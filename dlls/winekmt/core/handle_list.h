/*
 * Lists of handles in a call: copying them, finding what they name, and walking over the allocations behind them
 *
 * Functions that act on allocations take either a list of allocations or of resources, which stand for all their
 * allocations; those of Vista take a list of allocations or one resource.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_HANDLE_LIST_H
#define __WINEKMT_HANDLE_LIST_H

#include <string.h>

#include "core/vidmm.h"

/* Handles copied from the caller, of allocations or of resources. */
struct handle_list
{
    unsigned int  count;
    bool          resources;
    D3DKMT_HANDLE handles[MAX_LIST_COUNT];
};

/* What the handles name: the objects, in the same order. */
struct object_list
{
    const struct handle_list *handles;
    void *objects[MAX_LIST_COUNT];      /* struct resource or struct allocation */
};

static inline NTSTATUS read_handle_list( const D3DKMT_HANDLE *resources, const D3DKMT_HANDLE *allocations, unsigned int count, struct handle_list *list )
{
    if (!count || count > MAX_LIST_COUNT) return STATUS_INVALID_PARAMETER;
    if (!resources == !allocations) return STATUS_INVALID_PARAMETER;    /* exactly one */
    list->count = count;
    list->resources = resources != NULL;
    memcpy( list->handles, resources ? resources : allocations, count * sizeof(*list->handles) );
    return STATUS_SUCCESS;
}

/* Walks the allocations behind an entry of a list. */
struct entry_walk
{
    const struct list *head, *cursor;   /* of a resource */
    struct allocation *single;
};

static inline struct entry_walk walk_start( const struct object_list *list, unsigned int i )
{
    struct entry_walk walk = { 0 };

    if (list->handles->resources) walk.head = walk.cursor = &((struct resource *)list->objects[i])->allocations;
    else walk.single = list->objects[i];
    return walk;
}

static inline struct allocation *walk_next( struct entry_walk *walk )
{
    struct allocation *single = walk->single;

    if (!walk->head)
    {
        walk->single = NULL;
        return single;
    }
    walk->cursor = walk->cursor->next;
    return walk->cursor != walk->head ? LIST_ENTRY( walk->cursor, struct allocation, owner_entry ) : NULL;
}

/* Looks at an allocation of entry i while the list is searched, so that long lists are walked once less. */
typedef NTSTATUS (*check_allocation_t)( void *arg, unsigned int i, struct allocation *allocation );

/* Finds what the list names. check may be NULL; it is called for every allocation, and what it answers but STATUS_SUCCESS ends the
 * search. Inlined, so check costs no call. */
static inline __attribute__((always_inline)) NTSTATUS find_and_check_locked( const struct device *device, const struct handle_list *handles,
                                                                            struct object_list *list, check_allocation_t check, void *arg )
{
    struct allocation *allocation;
    struct entry_walk walk;
    NTSTATUS status;
    unsigned int i;

    list->handles = handles;
    if (!handles->resources)
    {
        for (i = 0; i < handles->count; i++)
        {
            if (!(list->objects[i] = allocation = get_allocation_locked( device, handles->handles[i] ))) return STATUS_INVALID_PARAMETER;
            if (check && (status = check( arg, i, allocation ))) return status;
        }
        return STATUS_SUCCESS;
    }
    for (i = 0; i < handles->count; i++)
    {
        if (!(list->objects[i] = get_resource_locked( device, handles->handles[i] ))) return STATUS_INVALID_PARAMETER;
        for (walk = walk_start( list, i ); check && (allocation = walk_next( &walk )); )
            if ((status = check( arg, i, allocation ))) return status;
    }
    return STATUS_SUCCESS;
}

static inline NTSTATUS find_objects_locked( const struct device *device, const struct handle_list *handles, struct object_list *list )
{
    return find_and_check_locked( device, handles, list, NULL, NULL );
}

/* Does something to every allocation of a list. Inlined, with a loop of its own for the usual list. */
static inline __attribute__((always_inline)) void for_each_allocation( const struct object_list *list,
                                                                      void (*function)( void *arg, struct allocation *allocation ), void *arg )
{
    unsigned int i, count = list->handles->count;
    struct allocation *allocation;
    struct entry_walk walk;

    if (!list->handles->resources) for (i = 0; i < count; i++) function( arg, list->objects[i] );
    else for (i = 0; i < count; i++)
        for (walk = walk_start( list, i ); (allocation = walk_next( &walk )); ) function( arg, allocation );
}

/* Vista's form: one resource, or a list of allocations (DDI page of D3DKMTSetAllocationPriority and others). */
static inline NTSTATUS read_resource_or_list( D3DKMT_HANDLE resource, const D3DKMT_HANDLE *allocations, unsigned int count, struct handle_list *list )
{
    if (!resource) return allocations ? read_handle_list( NULL, allocations, count, list ) : STATUS_INVALID_PARAMETER;
    if (allocations || count) return STATUS_INVALID_PARAMETER;
    return read_handle_list( &resource, NULL, 1, list );
}

#endif /* __WINEKMT_HANDLE_LIST_H */
