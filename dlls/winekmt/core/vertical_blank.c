/*
 * Vertical blanks: a clock for each source of an adapter
 *
 * Nothing here sees a beam. Blank n of a display with a refresh rate of r Hz begins n/r seconds after the zero of CLOCK_MONOTONIC, by
 * definition: so all functions and all processes agree, nothing drifts, and there is nothing to store but the rate. It is the
 * display's where the front end knows it, 60 Hz where not. The blank takes 1/25 of the period, as it does at 720, 1080 and 2160
 * lines in CEA-861 (750, 1125 and 2250 lines in all); the lines of the picture follow.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/display.h"
#include "core/vidmm.h"

#define DEFAULT_RATE    60u     /* Hz, where no display tells another */
#define MAX_RATE        10000u  /* Hz: what is above is nonsense */
#define DEFAULT_HEIGHT  1080u
#define BLANK_SHARE     24u     /* lines of the picture for one of the blank */
#define SECOND_NS       1000000000u
#define DISPLAY_AGE_NS  SECOND_NS

/* What the front end told. Under the lock. */
static struct kmt_displays displays;
static bool     ask;        /* the front end can tell */
static bool     told;       /* it has */
static uint64_t told_time;  /* when it did, or was asked last */

void kmt_ask_for_displays( void )
{
    kmt_lock();
    ask = true;
    kmt_unlock();
}

void kmt_set_displays( const struct kmt_displays *from )
{
    kmt_lock();
    displays = *from;
    told = true;
    told_time = os_time_ns();
    kmt_unlock();
}

/* Whether this call is to make the front end look. Before the first time every call is, later only one a second. */
static bool must_ask_locked( void )
{
    uint64_t now;

    if (!ask) return false;
    now = os_time_ns();
    if (told && now < told_time + DISPLAY_AGE_NS) return false;
    told_time = now;
    return true;
}

/* false: nothing is known of that source; *display is the default. */
static bool find_display_locked( LUID luid, uint32_t source, struct kmt_display *display )
{
    uint32_t i;

    for (i = 0; i < displays.count; i++)
    {
        *display = displays.displays[i];
        if (display->luid.LowPart != luid.LowPart || display->luid.HighPart != luid.HighPart || display->source != source) continue;
        if (!display->refresh_rate || display->refresh_rate > MAX_RATE) display->refresh_rate = DEFAULT_RATE;
        if (!display->height || display->height > UINT16_MAX) display->height = DEFAULT_HEIGHT;
        return true;
    }
    memset( display, 0, sizeof(*display) );
    display->luid = luid;
    display->source = source;
    display->refresh_rate = DEFAULT_RATE;
    display->height = DEFAULT_HEIGHT;
    return false;
}

static NTSTATUS get_display_locked( const struct kmt_gpu *gpu, uint32_t source, struct kmt_display *display )
{
    if (must_ask_locked()) return KMT_STATUS_DISPLAYS;
    if (find_display_locked( gpu->luid, source, display )) return STATUS_SUCCESS;
    return source ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

NTSTATUS get_display( const struct kmt_gpu *gpu, uint32_t source, struct kmt_display *display )
{
    NTSTATUS status;

    kmt_lock();
    status = get_display_locked( gpu, source, display );
    kmt_unlock();
    return status;
}

/* The source that a call names. device 0: none was given. *has_monitor: a monitor is there, as far as Wine knows; may be NULL. */
static NTSTATUS find_source( D3DKMT_HANDLE adapter_handle, D3DKMT_HANDLE device_handle, uint32_t source, struct kmt_display *display,
                             bool *has_monitor )
{
    struct adapter *adapter;
    struct device *device;
    NTSTATUS status;

    if (is_stock_handle( adapter_handle )) return KMT_STATUS_STOCK;
    kmt_lock();
    if (!(status = get_kept_adapter_locked( adapter_handle, &adapter )) && device_handle &&
        !(status = get_device_locked( device_handle, &device )) && device->vidmm->gpu != adapter->gpu)
        status = STATUS_INVALID_PARAMETER;
    if (!status && !(status = get_display_locked( adapter->gpu, source, display )) && has_monitor)
        *has_monitor = display->width || (!displays.count && adapter->gpu->from_wine);     /* nobody has looked, or could */
    kmt_unlock();
    return status;
}

/***********************************************************************
 * The clock
 */

/* How many blanks have begun at a time. */
static uint64_t count_blanks( uint64_t time, uint32_t rate )
{
    return (unsigned __int128)time * rate / SECOND_NS;
}

/* The first nanosecond of a blank. */
static uint64_t blank_time( uint64_t number, uint32_t rate )
{
    return ((unsigned __int128)number * SECOND_NS + rate - 1) / rate;
}

static uint64_t next_blank( uint64_t time, uint32_t rate )
{
    return blank_time( count_blanks( time, rate ) + 1, rate );
}

/* The line at a time, counted from the start of the blank, of total lines. */
static uint32_t line_at( uint64_t time, uint32_t rate, uint32_t total )
{
    uint64_t fraction = (unsigned __int128)time * rate % SECOND_NS;     /* of the period, in billionths */

    return fraction * total / SECOND_NS;
}

static void sleep_until( uint64_t deadline )
{
    uint32_t word = 0;  /* nobody wakes it */

    while (os_time_ns() < deadline) os_futex_wait( &word, 0, deadline );
}

NTSTATUS kmt_next_vertical_blank( struct kmt_vertical_blank *params )
{
    struct kmt_display display;
    NTSTATUS status = STATUS_SUCCESS;

    if (params->adapter)
    {
        if ((status = find_source( params->adapter, params->device, params->source, &display, NULL ))) return status;
        params->luid = display.luid;
    }
    else
    {
        kmt_lock();
        if (must_ask_locked()) status = KMT_STATUS_DISPLAYS;
        else find_display_locked( params->luid, params->source, &display );
        kmt_unlock();
        if (status) return status;
    }
    params->now = os_time_ns();
    params->next = next_blank( params->now, display.refresh_rate );
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_WaitForVerticalBlankEvent
 *
 * Waits until the next vertical blank of a source begins; one that has begun is not waited for again.
 *
 * params->hDevice: 0, or a device of hAdapter. VidPnSourceId: a source of hAdapter; 0 where it has no display, with a clock of 60 Hz.
 * STATUS_SUCCESS.  STATUS_INVALID_PARAMETER: NULL, the adapter, the device, another adapter's device, no such source.
 * STATUS_DEVICE_REMOVED: the GPU was lost after the adapter was opened, or the device was removed.
 *
 * Cost: one lock, and the wait, a period at most, without a lock.  Source: DDI page of D3DKMTWaitForVerticalBlankEvent.
 */
NTSTATUS kmt_WaitForVerticalBlankEvent( D3DKMT_WAITFORVERTICALBLANKEVENT *params )
{
    D3DKMT_WAITFORVERTICALBLANKEVENT args;
    struct kmt_display display;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, device %#x, source %u", args.hAdapter, args.hDevice, args.VidPnSourceId );
    if ((status = find_source( args.hAdapter, args.hDevice, args.VidPnSourceId, &display, NULL ))) return status;
    sleep_until( next_blank( os_time_ns(), display.refresh_rate ) );
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_GetScanLine
 *
 * Tells where the beam of a source is, by the same clock as the vertical blanks.
 *
 * STATUS_SUCCESS: InVerticalBlank and ScanLine, 0 to the height of the picture less 1; 0 in the blank, as D3DRASTER_STATUS has it.
 * STATUS_INVALID_PARAMETER: NULL, the adapter, no such source.  STATUS_DEVICE_REMOVED: the GPU was lost after the adapter was opened.
 *
 * Cost: one lock.  Source: DDI page of D3DKMTGetScanLine.
 */
NTSTATUS kmt_GetScanLine( D3DKMT_GETSCANLINE *params )
{
    struct kmt_display display;
    D3DKMT_GETSCANLINE args;
    uint32_t blank, line;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, source %u", args.hAdapter, args.VidPnSourceId );
    if ((status = find_source( args.hAdapter, 0, args.VidPnSourceId, &display, NULL ))) return status;
    blank = display.height < BLANK_SHARE ? 1 : display.height / BLANK_SHARE;
    line = line_at( os_time_ns(), display.refresh_rate, display.height + blank );
    params->InVerticalBlank = line < blank;
    params->ScanLine = line < blank ? 0 : line - blank;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           kmt_CheckMonitorPowerState
 *
 * Asks whether the monitor of a source is on. Wine does not know the power state of monitors: one that it lists is on.
 *
 * STATUS_SUCCESS: there is a monitor.
 * STATUS_INVALID_PARAMETER: NULL, the adapter, no such source, or one without a monitor.
 * STATUS_DEVICE_REMOVED: the GPU was lost after the adapter was opened.
 *
 * Cost: one lock.  Source: DDI page of D3DKMTCheckMonitorPowerState.
 */
NTSTATUS kmt_CheckMonitorPowerState( D3DKMT_CHECKMONITORPOWERSTATE *params )
{
    D3DKMT_CHECKMONITORPOWERSTATE args;
    struct kmt_display display;
    bool has_monitor = false;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    args = *params;
    TRACE( "adapter %#x, source %u", args.hAdapter, args.VidPnSourceId );
    if ((status = find_source( args.hAdapter, 0, args.VidPnSourceId, &display, &has_monitor ))) return status;
    return has_monitor ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
