/*
 * Doubly linked circular lists
 *
 * The usual intrusive kind: the head is a list that contains itself when empty, an element embeds a struct list.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_LIST_H
#define __WINEKMT_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list
{
    struct list *next, *prev;
};

static inline void list_init( struct list *head )
{
    head->next = head->prev = head;
}

static inline bool list_empty( const struct list *head )
{
    return head->next == head;
}

static inline void list_add_tail( struct list *head, struct list *element )
{
    element->next = head;
    element->prev = head->prev;
    head->prev->next = element;
    head->prev = element;
}

static inline void list_add_head( struct list *head, struct list *element )
{
    list_add_tail( head->next, element );
}

/* Takes the element out and makes it a list of its own, so that removing it again does no harm. */
static inline void list_remove( struct list *element )
{
    element->next->prev = element->prev;
    element->prev->next = element->next;
    list_init( element );
}

static inline struct list *list_head( const struct list *head )
{
    return list_empty( head ) ? NULL : head->next;
}

#define LIST_ENTRY( pointer, type, field )  ((type *)((char *)(pointer) - offsetof( type, field )))

#define LIST_FOR_EACH( cursor, head ) \
    for ((cursor) = (head)->next; (cursor) != (head); (cursor) = (cursor)->next)

#define LIST_FOR_EACH_SAFE( cursor, following, head ) \
    for ((cursor) = (head)->next; (following) = (cursor)->next, (cursor) != (head); (cursor) = (following))

#endif /* __WINEKMT_LIST_H */
