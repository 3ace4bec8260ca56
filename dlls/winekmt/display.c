/*
 * Adapters by display
 *
 * Which GPU drives a display is known to the stock gdi32 and user32, and asking them needs a Windows thread. So these
 * three functions run in the PE half: they ask for the LUID and the source of the display and open core's adapter
 * with that LUID. The stock adapter handle is closed at once; programs only ever see ours.
 *
 * user32 is used only where the program has loaded it, which it has when it has windows or displays.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "pe.h"
#include "core/kmt.h"
#include "wingdi.h"
#include "winuser.h"

NTSTATUS WINAPI open_adapter_from_gdi_display_name( D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME *params )
    __asm__( "D3DKMTOpenAdapterFromGdiDisplayName" );
NTSTATUS WINAPI open_adapter_from_hdc( D3DKMT_OPENADAPTERFROMHDC *params ) __asm__( "D3DKMTOpenAdapterFromHdc" );
NTSTATUS WINAPI open_adapter_from_device_name( D3DKMT_OPENADAPTERFROMDEVICENAME *params )
    __asm__( "D3DKMTOpenAdapterFromDeviceName" );

/* Not in every winternl.h: the registry, and the answer to class 2 with room for a LUID. */
NTSTATUS NTAPI NtOpenKey( HANDLE *key, ACCESS_MASK access, OBJECT_ATTRIBUTES *attr );
NTSTATUS NTAPI NtQueryValueKey( HANDLE key, UNICODE_STRING *name, int class, void *info, ULONG size, ULONG *ret_size );

#define KEY_VALUE_PARTIAL  2

struct luid_value
{
    ULONG title_index;
    ULONG type;
    ULONG size;             /* bytes of the value */
    LUID  luid;
};

#define MAX_ADAPTERS         34     /* of EnumAdapters2 */
#define MAX_DEVICE_NAME      1024   /* characters; a registry path of 255 for each part is shorter */

#define WCS_( string )       L##string
#define WCS( string )        WCS_( string )
#define GUID_DISPLAY_DEVICE_ARRIVAL  "{1ca05180-a699-450a-9a0c-de4fbe3ddd89}"
#define PROPERTY_GPU_LUID            "{60B193CB-5276-4D0F-96FC-F173ABAD3EC6}\\0002"

static void close_adapter( D3DKMT_HANDLE handle )
{
    D3DKMT_CLOSEADAPTER params = { .hAdapter = handle };

    unix_call( unix_CloseAdapter, &params );
}

/* The stock function of that number opened this handle. */
static void close_stock_adapter( D3DKMT_HANDLE handle )
{
    NTSTATUS (WINAPI *close)( D3DKMT_CLOSEADAPTER * ) = get_stock_function( function_CloseAdapter );
    D3DKMT_CLOSEADAPTER params = { .hAdapter = handle };

    if (close) close( &params );
}

/***********************************************************************
 *           open_adapter
 *
 * Opens core's adapter for the GPU that Wine calls *luid; *luid becomes core's name for it.
 *
 * The two differ when no display driver had run yet when core named its adapters, or when Wine's display driver does
 * not tell Vulkan devices: a single adapter of ours is then the one. STATUS_UNSUCCESSFUL: none of ours, or no way to
 * tell.
 */
static NTSTATUS open_adapter( LUID *luid, D3DKMT_HANDLE *handle )
{
    D3DKMT_OPENADAPTERFROMLUID params = { .AdapterLuid = *luid };
    D3DKMT_ADAPTERINFO infos[MAX_ADAPTERS];
    D3DKMT_ENUMADAPTERS2 adapters = { .NumAdapters = MAX_ADAPTERS, .pAdapters = infos };
    NTSTATUS status = unix_call( unix_OpenAdapterFromLuid, &params );
    ULONG i;

    if (!status)
    {
        *handle = params.hAdapter;
        return STATUS_SUCCESS;
    }
    if (status != STATUS_INVALID_PARAMETER && status != KMT_STATUS_STOCK) return status;

    if ((status = unix_call( unix_EnumAdapters2, &adapters ))) return status;
    if (adapters.NumAdapters == 1)
    {
        *handle = infos[0].hAdapter;
        *luid = infos[0].AdapterLuid;
        return STATUS_SUCCESS;
    }
    for (i = 0; i < adapters.NumAdapters; i++) close_adapter( infos[i].hAdapter );
    return STATUS_UNSUCCESSFUL;
}

/* All of params is our own memory. Only the name is read, the rest is written on success only. */
static NTSTATUS open_display( D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME *params )
{
    NTSTATUS (WINAPI *stock_open)( D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME * );
    D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME stock = { .DeviceName = {0} };
    D3DKMT_HANDLE handle;
    NTSTATUS status;
    unsigned int i;

    for (i = 0; i < ARRAYSIZE( stock.DeviceName ) && params->DeviceName[i]; i++)
        stock.DeviceName[i] = params->DeviceName[i];
    if (!i || i == ARRAYSIZE( stock.DeviceName )) return STATUS_UNSUCCESSFUL;

    if (!(stock_open = get_stock_function( function_OpenAdapterFromGdiDisplayName ))) return STATUS_UNSUCCESSFUL;
    if (stock_open( &stock )) return STATUS_UNSUCCESSFUL;
    close_stock_adapter( stock.hAdapter );

    if ((status = open_adapter( &stock.AdapterLuid, &handle ))) return status;
    params->hAdapter = handle;
    params->AdapterLuid = stock.AdapterLuid;
    params->VidPnSourceId = stock.VidPnSourceId;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           D3DKMTOpenAdapterFromGdiDisplayName    (winekmt.@)
 *
 * Opens the adapter of a display by its GDI name, "\\\\.\\DISPLAY1".
 *
 * hAdapter: a new handle, closed by the caller. AdapterLuid, VidPnSourceId: the adapter's and the display's. Written on
 * success only.
 * STATUS_UNSUCCESSFUL: params NULL, no such display, one that is not attached, or one that no adapter of ours drives.
 * STATUS_ACCESS_VIOLATION, STATUS_DLL_NOT_FOUND, STATUS_REVISION_MISMATCH: as unix_call.
 *
 * Cost: wineserver requests, and Vulkan's start on the first use. Source: windows-behaviour.md 5.2.
 */
NTSTATUS WINAPI open_adapter_from_gdi_display_name( D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME *params )
{
    D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME desc;
    NTSTATUS status;

    if (!params) return STATUS_UNSUCCESSFUL;
    if ((status = copy_memory( &desc, params, sizeof(desc) ))) return status;
    if ((status = open_display( &desc ))) return status;
    if ((status = copy_memory( params, &desc, sizeof(desc) ))) close_adapter( desc.hAdapter );
    return status;
}

/* What finding a device context's display takes from user32 and gdi32. */
struct display_functions
{
    DWORD    (WINAPI *get_object_type)( HGDIOBJ );
    int      (WINAPI *get_device_caps)( HDC, int );
    HWND     (WINAPI *window_from_dc)( HDC );
    HWND     (WINAPI *get_desktop_window)( void );
    HMONITOR (WINAPI *monitor_from_window)( HWND, DWORD );
    BOOL     (WINAPI *get_monitor_info)( HMONITOR, MONITORINFO * );
    BOOL     (WINAPI *enum_display_devices)( const WCHAR *, DWORD, DISPLAY_DEVICEW *, DWORD );
    BOOL     (WINAPI *enum_display_settings)( const WCHAR *, DWORD, DEVMODEW * );
};

static BOOL get_display_functions( struct display_functions *funcs )
{
    HMODULE user32 = GetModuleHandleW( L"user32.dll" );

    if (!user32) return FALSE;
    return (funcs->get_object_type       = get_stock_proc( "GetObjectType" )) &&
           (funcs->get_device_caps       = get_stock_proc( "GetDeviceCaps" )) &&
           (funcs->window_from_dc        = (void *)GetProcAddress( user32, "WindowFromDC" )) &&
           (funcs->get_desktop_window    = (void *)GetProcAddress( user32, "GetDesktopWindow" )) &&
           (funcs->monitor_from_window   = (void *)GetProcAddress( user32, "MonitorFromWindow" )) &&
           (funcs->get_monitor_info      = (void *)GetProcAddress( user32, "GetMonitorInfoW" )) &&
           (funcs->enum_display_devices  = (void *)GetProcAddress( user32, "EnumDisplayDevicesW" )) &&
           (funcs->enum_display_settings = (void *)GetProcAddress( user32, "EnumDisplaySettingsW" ));
}

/***********************************************************************
 *           find_dc_display
 *
 * The GDI name of the display that a device context draws on. A window's is on the window's monitor. One without a
 * window (CreateDC, or a memory context made for a display) is on the one attached display of its resolution, on the
 * primary one when that does not tell. STATUS_INVALID_PARAMETER: not a context of a display, or the whole screen of
 * several.
 */
static NTSTATUS find_dc_display( HDC hdc, WCHAR name[32] )
{
    struct display_functions funcs;
    DISPLAY_DEVICEW device = { .cb = sizeof(device) };
    DEVMODEW mode = { .dmSize = sizeof(mode) };
    MONITORINFOEXW info = { .cbSize = sizeof(info) };
    unsigned int attached = 0, fitting = 0;
    WCHAR primary[32] = {0}, fit[32] = {0};
    DWORD i, type, width, height;
    HMONITOR monitor;
    HWND window;

    if (!get_display_functions( &funcs )) return STATUS_INVALID_PARAMETER;
    type = funcs.get_object_type( hdc );
    if (type != OBJ_DC && type != OBJ_MEMDC) return STATUS_INVALID_PARAMETER;
    if (funcs.get_device_caps( hdc, TECHNOLOGY ) != DT_RASDISPLAY) return STATUS_INVALID_PARAMETER;

    window = funcs.window_from_dc( hdc );
    if (window && window != funcs.get_desktop_window())
    {
        if (!(monitor = funcs.monitor_from_window( window, MONITOR_DEFAULTTOPRIMARY ))) return STATUS_INVALID_PARAMETER;
        if (!funcs.get_monitor_info( monitor, (MONITORINFO *)&info )) return STATUS_INVALID_PARAMETER;
        memcpy( name, info.szDevice, sizeof(info.szDevice) );
        return STATUS_SUCCESS;
    }

    width = funcs.get_device_caps( hdc, HORZRES );
    height = funcs.get_device_caps( hdc, VERTRES );
    for (i = 0; funcs.enum_display_devices( NULL, i, &device, 0 ); i++)
    {
        if (!(device.StateFlags & DISPLAY_DEVICE_ATTACHED_TO_DESKTOP)) continue;
        attached++;
        if (device.StateFlags & DISPLAY_DEVICE_PRIMARY_DEVICE) memcpy( primary, device.DeviceName, sizeof(primary) );
        if (!funcs.enum_display_settings( device.DeviceName, ENUM_CURRENT_SETTINGS, &mode )) continue;
        if (mode.dmPelsWidth != width || mode.dmPelsHeight != height) continue;
        memcpy( fit, device.DeviceName, sizeof(fit) );
        fitting++;
    }
    if (window && attached > 1) return STATUS_INVALID_PARAMETER;
    memcpy( name, fitting == 1 ? fit : primary, sizeof(primary) );
    return name[0] ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/***********************************************************************
 *           D3DKMTOpenAdapterFromHdc    (winekmt.@)
 *
 * Opens the adapter that drives the display of a device context.
 *
 * hAdapter: a new handle, closed by the caller. AdapterLuid, VidPnSourceId: the adapter's and the display's. Written
 * on success only. STATUS_INVALID_PARAMETER: params NULL, hDc 0 or not a display's device context, one of the whole
 * screen where there are several displays, or no adapter of ours drives the display (a machine without one has none).
 * STATUS_ACCESS_VIOLATION, STATUS_DLL_NOT_FOUND, STATUS_REVISION_MISMATCH: as unix_call.
 *
 * Cost: wineserver requests, and Vulkan's start on the first use. Source: windows-behaviour.md 5.2; the DDI page.
 */
NTSTATUS WINAPI open_adapter_from_hdc( D3DKMT_OPENADAPTERFROMHDC *params )
{
    D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME display = { .DeviceName = {0} };
    D3DKMT_OPENADAPTERFROMHDC desc;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    if ((status = copy_memory( &desc, params, sizeof(desc) ))) return status;
    if (!desc.hDc) return STATUS_INVALID_PARAMETER;
    if ((status = find_dc_display( desc.hDc, display.DeviceName ))) return status;
    if ((status = open_display( &display ))) return status == STATUS_UNSUCCESSFUL ? STATUS_INVALID_PARAMETER : status;

    desc.hAdapter = display.hAdapter;
    desc.AdapterLuid = display.AdapterLuid;
    desc.VidPnSourceId = display.VidPnSourceId;
    if ((status = copy_memory( params, &desc, sizeof(desc) ))) close_adapter( desc.hAdapter );
    return status;
}

/* The characters that interface paths and class GUIDs are made of are ASCII. */
static WCHAR lower( WCHAR c )
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/***********************************************************************
 *           get_arrival_instance
 *
 * Turns the path of a GUID_DISPLAY_DEVICE_ARRIVAL interface, \\?\ENUM#DEVICE#INSTANCE#{guid}[\reference], into the
 * path of the device below the registry's Enum key, ENUM\DEVICE\INSTANCE. FALSE: the path is of another class or none
 * at all.
 */
static BOOL get_arrival_instance( const WCHAR *path, WCHAR *instance )
{
    static const WCHAR class[] = L"#" WCS( GUID_DISPLAY_DEVICE_ARRIVAL );
    const WCHAR *p, *end = NULL;
    unsigned int i, parts = 1;

    if (path[0] != '\\' || (path[1] != '\\' && path[1] != '?') || (path[2] != '?' && path[2] != '.') || path[3] != '\\')
        return FALSE;
    path += 4;
    for (p = path; *p; p++)
    {
        for (i = 0; class[i] && lower( p[i] ) == class[i]; i++) /* nothing */;
        if (class[i] || (p[i] && p[i] != '\\')) continue;
        end = p;
        break;
    }
    if (!end) return FALSE;
    for (p = path; p < end; p++)
    {
        if (*p == '\\') return FALSE; /* a key's name cannot have one */
        if (*p == '#') parts++;
        *instance++ = *p == '#' ? '\\' : *p;
    }
    *instance = 0;
    return parts == 3;
}

/* The LUID that Wine's display driver has written down for a device. */
static BOOL read_device_luid( const WCHAR *instance, LUID *luid )
{
    static const WCHAR enum_key[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\";
    static const WCHAR property[] = L"\\Properties\\" WCS( PROPERTY_GPU_LUID );
    WCHAR path[ARRAYSIZE( enum_key ) + MAX_DEVICE_NAME + ARRAYSIZE( property )];
    struct luid_value value;
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attr;
    HANDLE key;
    ULONG size;
    NTSTATUS status;

    lstrcpyW( path, enum_key );
    lstrcatW( path, instance );
    lstrcatW( path, property );
    RtlInitUnicodeString( &name, path );
    InitializeObjectAttributes( &attr, &name, OBJ_CASE_INSENSITIVE, NULL, NULL );
    if (NtOpenKey( &key, KEY_QUERY_VALUE, &attr )) return FALSE;
    RtlInitUnicodeString( &name, L"" );
    status = NtQueryValueKey( key, &name, KEY_VALUE_PARTIAL, &value, sizeof(value), &size );
    NtClose( key );
    if (status || value.size != sizeof(*luid)) return FALSE;
    *luid = value.luid;
    return TRUE;
}

/***********************************************************************
 *           D3DKMTOpenAdapterFromDeviceName    (winekmt.@)
 *
 * Opens an adapter by the path of its device interface of class GUID_DISPLAY_DEVICE_ARRIVAL.
 *
 * hAdapter: a new handle, closed by the caller. AdapterLuid: the adapter's. Written on success only.
 * STATUS_INVALID_PARAMETER: params or pDeviceName NULL, an empty name, the path of another class (also
 * GUID_DEVINTERFACE_DISPLAY_ADAPTER), no such device, or one that is no adapter of ours.
 * STATUS_ACCESS_VIOLATION, STATUS_DLL_NOT_FOUND, STATUS_REVISION_MISMATCH: as unix_call.
 *
 * Cost: wineserver requests, and Vulkan's start on the first use. Source: windows-behaviour.md 5.2.
 */
NTSTATUS WINAPI open_adapter_from_device_name( D3DKMT_OPENADAPTERFROMDEVICENAME *params )
{
    NTSTATUS (WINAPI *stock_open)( D3DKMT_OPENADAPTERFROMDEVICENAME * );
    WCHAR path[MAX_DEVICE_NAME], instance[MAX_DEVICE_NAME];
    struct unix_copy_string_params string = { .dst = path, .max = ARRAYSIZE( path ) };
    D3DKMT_OPENADAPTERFROMDEVICENAME desc, stock = { .pDeviceName = path };
    LUID luid;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    if ((status = copy_memory( &desc, params, sizeof(desc) ))) return status;
    if (!(string.src = desc.pDeviceName)) return STATUS_INVALID_PARAMETER;
    if ((status = unix_call( unix_copy_string, &string )))
        return status == STATUS_NAME_TOO_LONG ? STATUS_INVALID_PARAMETER : status;
    if (!get_arrival_instance( path, instance )) return STATUS_INVALID_PARAMETER;

    /* The stock function of Wine 8.0 opens anything and names no LUID, so the registry comes first. */
    if (!read_device_luid( instance, &luid ))
    {
        stock_open = get_stock_function( function_OpenAdapterFromDeviceName );
        if (!stock_open || stock_open( &stock )) return STATUS_INVALID_PARAMETER;
        close_stock_adapter( stock.hAdapter );
        luid = stock.AdapterLuid;
        if (!luid.LowPart && !luid.HighPart) return STATUS_INVALID_PARAMETER;
    }

    if ((status = open_adapter( &luid, &desc.hAdapter )))
        return status == STATUS_UNSUCCESSFUL ? STATUS_INVALID_PARAMETER : status;
    desc.AdapterLuid = luid;
    if ((status = copy_memory( params, &desc, sizeof(desc) ))) close_adapter( desc.hAdapter );
    return status;
}
