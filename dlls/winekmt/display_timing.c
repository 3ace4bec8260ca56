/*
 * Vertical blanks and windows: what needs a Windows thread, user32, or Windows handles
 *
 * Core keeps the clock. This half tells it which displays there are and how fast they are, waits for the program's objects beside
 * the clock, and sets events by it.
 *
 * user32 is used only where the program has loaded it: before that it has no windows and has not chosen a display.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "pe.h"
#include "core/display.h"
#include "wingdi.h"
#include "winuser.h"

NTSTATUS WINAPI check_occlusion( const D3DKMT_CHECKOCCLUSION *params ) __asm__( "D3DKMTCheckOcclusion" );
NTSTATUS WINAPI wait_for_vertical_blank_2( const D3DKMT_WAITFORVERTICALBLANKEVENT2 *params ) __asm__( "D3DKMTWaitForVerticalBlankEvent2" );
NTSTATUS WINAPI get_vertical_blank_event( const D3DKMT_GETVERTICALBLANKEVENT *params ) __asm__( "D3DKMTGetDWMVerticalBlankEvent" );
/* display.c */
NTSTATUS WINAPI open_adapter_from_gdi_display_name( D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME *params )
    __asm__( "D3DKMTOpenAdapterFromGdiDisplayName" );

/* Not in every winternl.h. */
NTSTATUS NTAPI NtWaitForMultipleObjects( ULONG count, const HANDLE *handles, ULONG type, BOOLEAN alertable, const LARGE_INTEGER *timeout );

#define WAIT_FOR_ANY  1

/* The answer to class 0 of NtQueryObject. */
struct object_basic_information
{
    ULONG attributes;
    ULONG access;
    ULONG handle_count;
    ULONG pointer_count;
    ULONG reserved[10];
};

#define OBJECT_BASIC_INFORMATION_CLASS  0
#define AM_I_LAST_THREAD_CLASS          12      /* of NtQueryInformationThread: an ULONG */

/***********************************************************************
 * What core wants to know of the displays
 */

/* A display by its GDI name. Which adapter drives it does not change, and asking takes some system calls. */
struct known_display
{
    WCHAR name[32];
    LUID  luid;
    UINT  source;
};

static SRWLOCK known_lock = SRWLOCK_INIT;
static struct known_display known[KMT_MAX_DISPLAYS];    /* under the lock */
static UINT    known_count;                             /* under the lock */

/* FALSE: no adapter of ours drives it. */
static BOOL identify_display( const WCHAR *name, LUID *luid, UINT *source )
{
    D3DKMT_OPENADAPTERFROMGDIDISPLAYNAME open;
    D3DKMT_CLOSEADAPTER close;
    BOOL found;
    UINT i;

    AcquireSRWLockShared( &known_lock );
    for (i = 0; i < known_count && lstrcmpW( known[i].name, name ); i++) /* nothing */;
    if ((found = i < known_count))
    {
        *luid = known[i].luid;
        *source = known[i].source;
    }
    ReleaseSRWLockShared( &known_lock );
    if (found) return TRUE;

    lstrcpynW( open.DeviceName, name, ARRAYSIZE( open.DeviceName ) );
    if (open_adapter_from_gdi_display_name( &open )) return FALSE;
    close.hAdapter = open.hAdapter;
    unix_call( unix_CloseAdapter, &close );
    *luid = open.AdapterLuid;
    *source = open.VidPnSourceId;

    AcquireSRWLockExclusive( &known_lock );
    if (known_count < ARRAYSIZE( known ))   /* another thread may have been as fast; the first one is found */
    {
        lstrcpynW( known[known_count].name, name, ARRAYSIZE( known[known_count].name ) );
        known[known_count].luid = *luid;
        known[known_count].source = *source;
        known_count++;
    }
    ReleaseSRWLockExclusive( &known_lock );
    return TRUE;
}

/* Tells core of every display that is part of the desktop. */
static void tell_displays( void )
{
    BOOL (WINAPI *enum_display_devices)( const WCHAR *, DWORD, DISPLAY_DEVICEW *, DWORD );
    BOOL (WINAPI *enum_display_settings)( const WCHAR *, DWORD, DEVMODEW * );
    HMODULE user32 = GetModuleHandleW( L"user32.dll" );
    struct kmt_displays displays = { .count = 0 };
    DISPLAY_DEVICEW device = { .cb = sizeof(device) };
    DEVMODEW mode = { .dmSize = sizeof(mode) };
    DWORD i;

    if (user32 &&
        (enum_display_devices = (void *)GetProcAddress( user32, "EnumDisplayDevicesW" )) &&
        (enum_display_settings = (void *)GetProcAddress( user32, "EnumDisplaySettingsW" )))
    {
        for (i = 0; displays.count < KMT_MAX_DISPLAYS && enum_display_devices( NULL, i, &device, 0 ); i++)
        {
            struct kmt_display *display = &displays.displays[displays.count];
            UINT source;

            if (!(device.StateFlags & DISPLAY_DEVICE_ATTACHED_TO_DESKTOP)) continue;
            if (!enum_display_settings( device.DeviceName, ENUM_CURRENT_SETTINGS, &mode )) continue;
            if (!identify_display( device.DeviceName, &display->luid, &source )) continue;
            display->source = source;
            display->width = mode.dmPelsWidth;
            display->height = mode.dmPelsHeight;
            display->bits = mode.dmBitsPerPel;
            display->refresh_rate = mode.dmDisplayFrequency > 1 ? mode.dmDisplayFrequency : 0;  /* 1: the hardware's default */
            display->orientation = D3DDDI_ROTATION_IDENTITY + (mode.dmDisplayOrientation & 3);
            displays.count++;
        }
    }
    unix_call( unix_set_displays, &displays );
}

NTSTATUS call_after_looking( enum unix_code code, void *params )
{
    NTSTATUS status;

    /* Core asks once a second, whoever it is that calls: so look before the next call, which would be content with what is known. */
    do tell_displays();
    while ((status = unix_call( code, params )) == KMT_STATUS_DISPLAYS);
    return status;
}

NTSTATUS call_with_displays( enum unix_code code, void *params )
{
    NTSTATUS status = unix_call( code, params );

    return status == KMT_STATUS_DISPLAYS ? call_after_looking( code, params ) : status;
}

/***********************************************************************
 *           D3DKMTCheckOcclusion    (winekmt.@)
 *
 * Asks whether nothing of a window's client area is seen.
 *
 * The documentation lets no window be occluded while the desktop is composed, which it always is since Windows 8; neither is one that is
 * hidden, minimised or behind another.
 *
 * STATUS_SUCCESS: it is not. STATUS_INVALID_PARAMETER: params or hWindow NULL, or no window.
 * STATUS_ACCESS_VIOLATION, STATUS_DLL_NOT_FOUND, STATUS_REVISION_MISMATCH: as unix_call.
 *
 * Cost: that of IsWindow.  Source: DDI page of D3DKMTCheckOcclusion; windows-behaviour.md 5.2.
 */
NTSTATUS WINAPI check_occlusion( const D3DKMT_CHECKOCCLUSION *params )
{
    HMODULE user32 = GetModuleHandleW( L"user32.dll" );
    BOOL (WINAPI *is_window)( HWND );
    D3DKMT_CHECKOCCLUSION desc;
    NTSTATUS status;

    if (!params) return STATUS_INVALID_PARAMETER;
    if ((status = copy_memory( &desc, params, sizeof(desc) ))) return status;
    if (!desc.hWindow || !user32) return STATUS_INVALID_PARAMETER;
    if (!(is_window = (void *)GetProcAddress( user32, "IsWindow" )) || !is_window( desc.hWindow )) return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* A time to wait, for system calls. */
static LARGE_INTEGER relative_time( UINT64 ns )
{
    LARGE_INTEGER time;

    time.QuadPart = -(LONGLONG)((ns + 99) / 100);
    return time;
}

/* An adapter that is not ours: the stock function of the Wine at hand, if there is one. */
static NTSTATUS call_stock_function( enum kmt_function function, const void *params )
{
    NTSTATUS (WINAPI *stock)( const void * ) = get_stock_function( function );

    return stock ? stock( params ) : STATUS_INVALID_PARAMETER;
}

/***********************************************************************
 *           D3DKMTWaitForVerticalBlankEvent2    (winekmt.@)
 *
 * Waits until the next vertical blank of a source begins, or one of the program's objects is signalled.
 *
 * params->NumObjects: 0 to 8 handles in ObjectHandleArray. The others as of D3DKMTWaitForVerticalBlankEvent.
 * STATUS_WAIT_0: the blank. STATUS_WAIT_0 + 1 + n: object n, the first one that is; its state changes as by any wait.
 * STATUS_ABANDONED_WAIT_0 + 1 + n: that is a mutex whose owner ended.
 * STATUS_INVALID_PARAMETER: as of D3DKMTWaitForVerticalBlankEvent; NumObjects above 8; a handle that cannot be waited for.
 * STATUS_DEVICE_REMOVED: as of D3DKMTWaitForVerticalBlankEvent.
 * STATUS_ACCESS_VIOLATION, STATUS_DLL_NOT_FOUND, STATUS_REVISION_MISMATCH: as unix_call.
 *
 * Cost: a wineserver request, and the wait.  Source: DDI page of D3DKMTWaitForVerticalBlankEvent2.
 */
NTSTATUS WINAPI wait_for_vertical_blank_2( const D3DKMT_WAITFORVERTICALBLANKEVENT2 *params )
{
    D3DKMT_WAITFORVERTICALBLANKEVENT2 desc;
    struct kmt_vertical_blank blank;
    LARGE_INTEGER timeout;
    NTSTATUS status;
    UINT64 deadline;

    if (!params) return STATUS_INVALID_PARAMETER;
    if ((status = copy_memory( &desc, params, sizeof(desc) ))) return status;
    if (!desc.hAdapter || desc.NumObjects > ARRAYSIZE( desc.ObjectHandleArray )) return STATUS_INVALID_PARAMETER;
    blank.adapter = desc.hAdapter;
    blank.device = desc.hDevice;
    blank.source = desc.VidPnSourceId;
    status = call_with_displays( unix_next_vertical_blank, &blank );
    if (status == KMT_STATUS_STOCK) return call_stock_function( function_WaitForVerticalBlankEvent2, params );
    if (status) return status;
    if (!desc.NumObjects)
    {
        D3DKMT_WAITFORVERTICALBLANKEVENT wait = { desc.hAdapter, desc.hDevice, desc.VidPnSourceId };

        return call_with_displays( unix_WaitForVerticalBlankEvent, &wait );
    }

    blank.adapter = 0;      /* may be closed meanwhile */
    deadline = blank.next;
    for (;;)
    {
        timeout = relative_time( deadline - blank.now );
        status = NtWaitForMultipleObjects( desc.NumObjects, desc.ObjectHandleArray, WAIT_FOR_ANY, FALSE, &timeout );
        if (status != STATUS_TIMEOUT) return status < 0 ? STATUS_INVALID_PARAMETER : status + 1;
        if ((status = call_with_displays( unix_next_vertical_blank, &blank ))) return status;
        if (blank.now >= deadline) return STATUS_WAIT_0;    /* Wine's timers may be a little early */
    }
}

/***********************************************************************
 * Events that are set at each vertical blank
 *
 * One thread sets them all. It is made with the first event and ends with the last; an event ends when the program has closed its
 * handle, which the thread sees from the count of handles: now and then, and when there is no room for another.
 */

#define MAX_EVENTS     64
#define CHECK_BLANKS   64       /* between two looks whether an event is still wanted */
#define MAX_SWEEPS     10       /* before a full list is believed to be full, 10 ms each */

struct blank_event
{
    HANDLE   event;     /* ours */
    LUID     luid;
    UINT     source;
    UINT     blanks;    /* how often it was set */
    UINT64   next;      /* when it is set next, core's clock */
};

/* The thread alone changes what is there and removes; others append. The count: under the lock. */
static SRWLOCK events_lock = SRWLOCK_INIT;
static struct blank_event events[MAX_EVENTS];
static UINT    event_count;
static BOOL    has_event_thread;    /* under the lock */
static HANDLE  events_added;        /* an event that wakes the thread; made with the first thread, kept */
static LONG    sweep;               /* atomic: the thread is to look now which events are still wanted */

/* FALSE: nobody but us has a handle of it any more. */
static BOOL is_wanted( HANDLE event )
{
    struct object_basic_information info;

    return NtQueryObject( event, OBJECT_BASIC_INFORMATION_CLASS, &info, sizeof(info), NULL ) || info.handle_count > 1;
}

/* Whether all threads but this one have ended: then the program is over, and would have been without this thread. */
static BOOL is_last_thread( void )
{
    ULONG last;

    return !NtQueryInformationThread( GetCurrentThread(), AM_I_LAST_THREAD_CLASS, &last, sizeof(last), NULL ) && last;
}

/* Sets it if it is due. *now, *next: the time, and that of its next blank. FALSE: it is to be removed. */
static BOOL serve_event( struct blank_event *event, BOOL check, UINT64 *now, UINT64 *next )
{
    struct kmt_vertical_blank blank = { .source = event->source, .luid = event->luid };

    if (call_with_displays( unix_next_vertical_blank, &blank )) return FALSE;
    if (blank.now >= event->next)
    {
        SetEvent( event->event );
        if (!(++event->blanks % CHECK_BLANKS)) check = TRUE;
    }
    if (check && !is_wanted( event->event )) return FALSE;
    event->next = *next = blank.next;
    *now = blank.now;
    return TRUE;
}

static DWORD WINAPI event_thread( void *arg )
{
    UINT64 now, next, earliest;
    LARGE_INTEGER timeout;
    UINT i, count, rounds = 0;
    BOOL check;

    (void)arg;
    for (;;)
    {
        AcquireSRWLockExclusive( &events_lock );
        count = event_count;
        if (!count) has_event_thread = FALSE;
        ReleaseSRWLockExclusive( &events_lock );
        if (!count) return 0;

        if (!(++rounds % CHECK_BLANKS) && is_last_thread()) return 0;
        earliest = ~(UINT64)0;
        now = 0;
        check = InterlockedExchange( &sweep, FALSE );
        for (i = 0; i < count; )
        {
            if (serve_event( &events[i], check, &now, &next ))
            {
                if (next < earliest) earliest = next;
                i++;
                continue;
            }
            CloseHandle( events[i].event );
            AcquireSRWLockExclusive( &events_lock );
            events[i] = events[--event_count];      /* the last one, or a new one */
            if (count > event_count) count = event_count;
            ReleaseSRWLockExclusive( &events_lock );
        }
        if (!count || earliest <= now) continue;
        timeout = relative_time( earliest - now );
        NtWaitForSingleObject( events_added, FALSE, &timeout );
    }
}

/* Under the lock. FALSE: there is no thread. */
static BOOL start_event_thread( void )
{
    HMODULE module;
    HANDLE thread;

    if (has_event_thread) return TRUE;
    if (!events_added && !(events_added = CreateEventW( NULL, FALSE, FALSE, NULL ))) return FALSE;
    GetModuleHandleExW( GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN, (const WCHAR *)event_thread, &module );
    if (!(thread = CreateThread( NULL, 0, event_thread, NULL, 0, NULL ))) return FALSE;
    CloseHandle( thread );
    has_event_thread = TRUE;
    return TRUE;
}

/***********************************************************************
 *           D3DKMTGetDWMVerticalBlankEvent    (winekmt.@)
 *
 * Makes an event that is set whenever a vertical blank of a source begins. It resets itself when a wait for it ends, and every call
 * makes one of its own, so that nobody takes a blank from another.
 *
 * params->hAdapter, hDevice, VidPnSourceId: as of D3DKMTWaitForVerticalBlankEvent. phEvent: where the handle goes, on success only;
 * the caller closes it.
 * STATUS_INVALID_PARAMETER: params or phEvent NULL, and as of D3DKMTWaitForVerticalBlankEvent. STATUS_DEVICE_REMOVED: as there.
 * STATUS_NO_MEMORY: no handle, no thread, or 64 such events in this process.
 * STATUS_ACCESS_VIOLATION, STATUS_DLL_NOT_FOUND, STATUS_REVISION_MISMATCH: as unix_call.
 *
 * Cost: three wineserver requests, the first time a thread; then two requests a blank.
 * Source: DDI pages of D3DKMTGetDWMVerticalBlankEvent and D3DKMT_GETVERTICALBLANKEVENT.
 */
NTSTATUS WINAPI get_vertical_blank_event( const D3DKMT_GETVERTICALBLANKEVENT *params )
{
    D3DKMT_GETVERTICALBLANKEVENT desc;
    struct kmt_vertical_blank blank;
    HANDLE event, own;
    NTSTATUS status;
    UINT i;

    if (!params) return STATUS_INVALID_PARAMETER;
    if ((status = copy_memory( &desc, params, sizeof(desc) ))) return status;
    if (!desc.hAdapter || !desc.phEvent) return STATUS_INVALID_PARAMETER;
    blank.adapter = desc.hAdapter;
    blank.device = desc.hDevice;
    blank.source = desc.VidPnSourceId;
    status = call_with_displays( unix_next_vertical_blank, &blank );
    if (status == KMT_STATUS_STOCK) return call_stock_function( function_GetDWMVerticalBlankEvent, params );
    if (status) return status;

    if (!(event = CreateEventW( NULL, FALSE, FALSE, NULL ))) return STATUS_NO_MEMORY;
    if (!DuplicateHandle( GetCurrentProcess(), event, GetCurrentProcess(), &own, 0, FALSE, DUPLICATE_SAME_ACCESS ))
    {
        CloseHandle( event );
        return STATUS_NO_MEMORY;
    }
    AcquireSRWLockExclusive( &events_lock );
    for (i = 0; event_count == MAX_EVENTS && i < MAX_SWEEPS; i++)
    {
        InterlockedExchange( &sweep, TRUE );
        SetEvent( events_added );
        ReleaseSRWLockExclusive( &events_lock );
        Sleep( 10 );
        AcquireSRWLockExclusive( &events_lock );
    }
    /* Without an event the thread ends by itself, once it gets the lock. */
    if (event_count == MAX_EVENTS || !start_event_thread()) status = STATUS_NO_MEMORY;
    else if (!(status = copy_memory( desc.phEvent, &event, sizeof(event) )))
    {
        struct blank_event *entry = &events[event_count++];

        entry->event = own;
        entry->luid = blank.luid;
        entry->source = blank.source;
        entry->blanks = 0;
        entry->next = blank.next;
        SetEvent( events_added );
    }
    ReleaseSRWLockExclusive( &events_lock );
    if (status)
    {
        CloseHandle( own );
        CloseHandle( event );
    }
    return status;
}
