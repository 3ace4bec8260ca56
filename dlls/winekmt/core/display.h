/*
 * Displays: what the front end tells core of them, and the clock of their vertical blanks
 *
 * Core has no way to ask for a display; the PE half can, on the program's thread, where the program uses user32. So core says when it
 * would like to know (KMT_STATUS_DISPLAYS), the PE half looks and tells, and calls again. Native programs have no displays.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_DISPLAY_H
#define __WINEKMT_DISPLAY_H

#include <stdint.h>

#include "core/kmt.h"

/* Private answer of the functions that depend on displays: what core knows of them is missing or a second old. The front end calls
 * kmt_set_displays, and the function again. Nothing was done or written. Differs from KMT_STATUS_STOCK in bit 0 only. */
#define KMT_STATUS_DISPLAYS  ((NTSTATUS)0xe057c0cf)

#define KMT_MAX_DISPLAYS  16

struct kmt_display
{
    LUID     luid;          /* of the adapter that drives it, as core calls it */
    uint32_t source;        /* VidPnSourceId */
    uint32_t width, height; /* pixels */
    uint32_t bits;          /* a pixel */
    uint32_t refresh_rate;  /* Hz; 0: not known */
    uint32_t orientation;   /* D3DDDI_ROTATION */
};

struct kmt_displays
{
    uint32_t count;
    struct kmt_display displays[KMT_MAX_DISPLAYS];
};

/* The front end can tell displays: KMT_STATUS_DISPLAYS is answered from now on, at most once a second. */
void kmt_ask_for_displays( void );

/* Replaces what core knows. O(count). */
void kmt_set_displays( const struct kmt_displays *displays );

/***********************************************************************
 *           kmt_next_vertical_blank
 *
 * When the next vertical blank of a source begins.
 *
 * params->adapter, device, source: checked as by kmt_WaitForVerticalBlankEvent; luid becomes the adapter's. adapter 0: luid and source
 * are from an earlier call, and device does not matter.
 * STATUS_SUCCESS: now and next, nanoseconds of one clock. STATUS_INVALID_PARAMETER, STATUS_DEVICE_REMOVED, KMT_STATUS_STOCK,
 * KMT_STATUS_DISPLAYS.
 * Cost: one lock.
 */
struct kmt_vertical_blank
{
    D3DKMT_HANDLE adapter;
    D3DKMT_HANDLE device;
    uint32_t      source;
    LUID          luid;
    uint64_t      now;
    uint64_t      next;     /* above now */
};
NTSTATUS kmt_next_vertical_blank( struct kmt_vertical_blank *params );

/* Within core (vertical_blank.c) */

struct kmt_gpu;

/***********************************************************************
 *           get_display
 *
 * A source of a GPU. *display: what is known of it; width 0: there is no display, or none that the front end knows.
 * STATUS_INVALID_PARAMETER: no such source. A GPU without a known display has source 0 all the same. KMT_STATUS_DISPLAYS.
 * Takes the lock.
 */
NTSTATUS get_display( const struct kmt_gpu *gpu, uint32_t source, struct kmt_display *display );

#endif /* __WINEKMT_DISPLAY_H */
