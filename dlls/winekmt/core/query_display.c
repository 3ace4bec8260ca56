/*
 * QueryAdapterInfo: displays
 *
 * What shows pictures here is Wine, not this adapter: nothing is flipped, scanned out or put on an overlay plane by it. So most answers
 * are a no, which is what a program has to know. A source that does not exist is refused all the same.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "core/display.h"
#include "core/query.h"

/* query_no_caps for structures that start with a VidPnSourceId, which is an input. */
NTSTATUS query_source_none( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    struct kmt_display display;

    (void)size;
    return get_display( gpu, *(D3DDDI_VIDEO_PRESENT_SOURCE_ID *)data, &display );
}

/***********************************************************************
 *           query_currentdisplaymode
 *
 * STATUS_INVALID_PARAMETER: no such source. STATUS_GRAPHICS_NO_AVAILABLE_VIDPN_TARGET: it has no display, or none that the front end
 * knows (the program does not use user32; a native one has none): D3DKMTGetDisplayModeList answers so.
 */
NTSTATUS query_currentdisplaymode( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_CURRENTDISPLAYMODE *answer = data;
    D3DKMT_DISPLAYMODE *mode = &answer->DisplayMode;
    struct kmt_display display;
    NTSTATUS status;

    (void)size;
    if ((status = get_display( gpu, answer->VidPnSourceId, &display ))) return status;
    if (!display.width) return STATUS_GRAPHICS_NO_AVAILABLE_VIDPN_TARGET;
    mode->Width = display.width;
    mode->Height = display.height;
    switch (display.bits)
    {
    case 8:  mode->Format = D3DDDIFMT_P8; break;
    case 16: mode->Format = D3DDDIFMT_R5G6B5; break;
    case 24: mode->Format = D3DDDIFMT_R8G8B8; break;
    case 32: mode->Format = D3DDDIFMT_X8R8G8B8; break;
    default: mode->Format = D3DDDIFMT_UNKNOWN; break;
    }
    mode->IntegerRefreshRate = display.refresh_rate;
    mode->RefreshRate.Numerator = display.refresh_rate;
    mode->RefreshRate.Denominator = 1;
    mode->ScanLineOrdering = D3DDDI_VSSLO_PROGRESSIVE;
    mode->DisplayOrientation = display.orientation;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           query_devicevidpnownership
 *
 * Whether the desktop window manager failed to take back a display from a device: there is none here that could.
 *
 * STATUS_INVALID_PARAMETER: hDevice is no device of this adapter. STATUS_DEVICE_REMOVED.
 */
NTSTATUS query_devicevidpnownership( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_GET_DEVICE_VIDPN_OWNERSHIP_INFO *answer = data;
    struct device *device;
    NTSTATUS status;

    (void)size;
    kmt_lock();
    if (!(status = get_device_locked( answer->hDevice, &device )) && device->vidmm->gpu != gpu) status = STATUS_INVALID_PARAMETER;
    kmt_unlock();
    return status;
}
