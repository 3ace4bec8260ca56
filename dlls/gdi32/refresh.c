/*
 * winekmt-refresh.exe: fits the drop-in gdi32.dll of a prefix to the Wine that is starting it
 *
 * wineboot runs this program whenever the prefix starts: from RunServices, early and without waiting, before the services
 * and before an update of the prefix; and from RunOnce, late, waiting for it, before the first program goes on. It has to
 * enter itself into RunOnce every time, because wineboot deletes such an entry before it runs it.
 *
 * When the drop-in was written for the gdi32 that Wine has now, there is nothing to do. Else Wine was updated, downgraded
 * or moved, or another Wine is run: Wine's own gdi32 is put back in place first, and the drop-in comes back when
 * everything for it is ready. If that cannot be done, Wine's own stays: D3DKMT is then what that Wine has, and every
 * program works. The file "pending" marks the time in between, so that the next start goes on where this one broke off.
 *
 * It must work when gdi32 does not: it needs ntdll and kernel32 and nothing else, no C library.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <windows.h>
#include <winternl.h>

#include "setup/names.h"
#include "setup/pe.h"

#define MAX_DIRS    64

struct file
{
    uint8_t *data;
    size_t   size;
};

static WCHAR system_dir[MAX_PATH], own_dir[MAX_PATH];

/* mingw's headers lack these: */
NTSYSAPI NTSTATUS NTAPI NtCreateKey( HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *, ULONG, const UNICODE_STRING *,
                                     ULONG, ULONG * );
NTSYSAPI NTSTATUS NTAPI NtSetValueKey( HANDLE, const UNICODE_STRING *, ULONG, ULONG, const void *, ULONG );
NTSYSAPI NTSTATUS NTAPI NtDeleteValueKey( HANDLE, const UNICODE_STRING * );

void start( void );

static void *allocate( size_t size )
{
    return HeapAlloc( GetProcessHeap(), 0, size ? size : 1 );
}

static void release( struct file *file )
{
    if (file->data) HeapFree( GetProcessHeap(), 0, file->data );
    file->data = NULL;
}

/* A line in Wine's log, which is where users look when something went wrong: WINEDEBUG need not be set for err. */
static void log_line( const char *text )
{
    int (__cdecl *output)( const char * );
    HMODULE ntdll = GetModuleHandleW( L"ntdll.dll" );

    output = (void *)GetProcAddress( ntdll, "__wine_dbg_output" );
    if (!output) return;
    output( "winekmt-refresh: " );
    output( text );
    output( "\n" );
}

static WCHAR *append( WCHAR *buffer, const WCHAR *dir, const char *name )
{
    WCHAR *p = buffer;

    while (*dir) *p++ = *dir++;
    *p++ = '\\';
    while (*name) *p++ = *name++;
    *p = 0;
    return buffer;
}

static int read_file( const WCHAR *path, struct file *file )
{
    LARGE_INTEGER size;
    DWORD count;
    HANDLE handle;

    file->data = NULL;
    file->size = 0;
    handle = CreateFileW( path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                          0, NULL );
    if (handle == INVALID_HANDLE_VALUE) return 0;
    if (GetFileSizeEx( handle, &size ) && size.QuadPart <= PE_MAX_SIZE && (file->data = allocate( size.QuadPart )))
    {
        if (ReadFile( handle, file->data, size.QuadPart, &count, NULL ) && count == size.QuadPart) file->size = count;
        else release( file );
    }
    CloseHandle( handle );
    return file->data != NULL;
}

/* By way of a temporary file and a rename: whoever opens the path sees the old file or the new one, never a part. */
static int write_file( const WCHAR *path, const void *data, size_t size )
{
    WCHAR temp[MAX_PATH + 8];
    HANDLE handle;
    DWORD count;
    int ok, tries, len = 0;

    while (path[len]) temp[len] = path[len], len++;
    memcpy( temp + len, L".new", sizeof(L".new") );
    handle = CreateFileW( temp, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL );
    if (handle == INVALID_HANDLE_VALUE) return 0;
    ok = WriteFile( handle, data, size, &count, NULL ) && count == size && FlushFileBuffers( handle );
    CloseHandle( handle );
    /* A program that is just being started opens gdi32.dll for a moment, even when it is to have Wine's own. */
    for (tries = 0; ok && tries < 100; tries++)
    {
        if (MoveFileExW( temp, path, MOVEFILE_REPLACE_EXISTING )) return 1;
        Sleep( 20 );
    }
    DeleteFileW( temp );
    return 0;
}

static int file_is( const WCHAR *path, const struct file *expected )
{
    struct file file;
    int same = 0;

    if (read_file( path, &file ))
    {
        same = file.size == expected->size && !memcmp( file.data, expected->data, file.size );
        release( &file );
    }
    return same;
}

/* Wine's own gdi32.dll: the first of the directories that ntdll names in the environment which has one. WINEDLLPATH
 * comes behind Wine's own directory there. A build tree of Wine has the file below dlls\gdi32. */
static int read_stock( struct file *stock )
{
    static const char *const places[] =
    {
        "x86_64-windows\\gdi32.dll", "gdi32\\x86_64-windows\\gdi32.dll", "gdi32\\gdi32.dll", "gdi32.dll",
    };
    WCHAR name[] = L"WINEDLLDIR00", dir[MAX_PATH + 32], path[MAX_PATH + 64];
    unsigned int i, j;
    DWORD len;

    for (i = 0; i < MAX_DIRS; i++)
    {
        name[10] = '0' + (i < 10 ? i : i / 10);
        name[11] = i < 10 ? 0 : '0' + i % 10;
        len = GetEnvironmentVariableW( name, dir, MAX_PATH );
        if (!len) break;
        if (len >= MAX_PATH) continue;
        if (!memcmp( dir, L"\\??\\", 4 * sizeof(WCHAR) )) dir[1] = '\\';       /* the Win32 spelling of an NT path */
        for (j = 0; j < sizeof(places) / sizeof(places[0]); j++)
        {
            if (!read_file( append( path, dir, places[j] ), stock )) continue;
            if (pe_is_builtin( stock->data, stock->size )) return 1;
            release( stock );
        }
    }
    return 0;
}

static HANDLE open_run_key( const WCHAR *name )
{
    OBJECT_ATTRIBUTES attr;
    UNICODE_STRING path;
    HANDLE key = NULL;

    RtlInitUnicodeString( &path, name );
    InitializeObjectAttributes( &attr, &path, OBJ_CASE_INSENSITIVE, NULL, NULL );
    if (NtCreateKey( &key, KEY_SET_VALUE, &attr, 0, NULL, 0, NULL )) return NULL;
    return key;
}

static void enter_value( const WCHAR *key_name, int present )
{
    static const WCHAR command[] = L"" RUN_COMMAND;
    UNICODE_STRING name;
    HANDLE key = open_run_key( key_name );

    if (!key) return;
    RtlInitUnicodeString( &name, L"" RUN_VALUE );
    if (present) NtSetValueKey( key, &name, 0, REG_SZ, command, sizeof(command) );
    else NtDeleteValueKey( key, &name );
    NtClose( key );
}

#define MACHINE_RUN_KEY L"\\Registry\\Machine\\Software\\Microsoft\\Windows\\CurrentVersion\\"

/* See the head of the file. Without a manifest nothing is installed, and the entries are remains to be removed. */
static void enter_run_keys( int present )
{
    enter_value( MACHINE_RUN_KEY L"RunOnce", present );
    enter_value( MACHINE_RUN_KEY L"RunServices", present );
}

static struct pe_dropin describe( void )
{
    struct pe_dropin dropin = { NAME_GDI32, MODULE_STOCK, MODULE_WINEKMT, kmt_names, KMT_NAME_COUNT };

    return dropin;
}

static int build( const struct file *stock, struct file *result, const char **why )
{
    struct pe_dropin dropin = describe();
    struct pe_view view, check;
    enum pe_error error;

    result->data = NULL;
    if (!(error = pe_open( &view, stock->data, stock->size )) &&
        !(error = pe_write_dropin( &view, &dropin, NULL, 0, &result->size )))
    {
        *why = "there is no memory for it";
        if (!(result->data = allocate( result->size ))) return 0;
        error = pe_write_dropin( &view, &dropin, result->data, result->size, &result->size );
        if (!error) error = pe_open( &check, result->data, result->size );
        if (!error) return 1;
        release( result );
    }
    *why = pe_error_text( error );
    return 0;
}

static int is_current( const struct file *dropin, const struct file *stock )
{
    struct pe_dropin description = describe();
    struct pe_stamp have, want;
    struct pe_view view;

    if (!pe_read_stamp( dropin->data, dropin->size, &have )) return 0;
    if (pe_open( &view, stock->data, stock->size )) return 0;
    pe_make_stamp( &view, &description, &want );
    return !memcmp( &have, &want, sizeof(have) );
}

/* Everything but the drop-in itself: Wine's gdi32 back in its place, as the target of the forwarders, and as what an
 * uninstallation puts back (that file is what wineboot would have put there; if it is someone's own, it is left alone). */
static int prepare( const struct file *stock )
{
    WCHAR path[MAX_PATH + 64];
    struct file saved;

    if (!write_file( append( path, own_dir, NAME_PENDING ), "", 0 )) return 0;
    if (!file_is( append( path, system_dir, NAME_GDI32 ), stock ) && !write_file( path, stock->data, stock->size )) return 0;
    if (!file_is( append( path, system_dir, NAME_STOCK ), stock ) && !write_file( path, stock->data, stock->size )) return 0;
    if (read_file( append( path, own_dir, NAME_GDI32 ), &saved ))
    {
        if (pe_is_builtin( saved.data, saved.size ) &&
            (saved.size != stock->size || memcmp( saved.data, stock->data, saved.size )))
            write_file( path, stock->data, stock->size );
        release( &saved );
    }
    return 1;
}

static void refresh( void )
{
    WCHAR path[MAX_PATH + 64], pending[MAX_PATH + 64];
    struct file current = { 0 }, stock = { 0 }, dropin = { 0 };
    struct pe_stamp stamp;
    const char *why;
    int is_ours, is_pending;

    append( pending, own_dir, NAME_PENDING );
    is_pending = GetFileAttributesW( pending ) != INVALID_FILE_ATTRIBUTES;
    if (!read_file( append( path, system_dir, NAME_GDI32 ), &current )) return;
    is_ours = pe_read_stamp( current.data, current.size, &stamp );
    if (is_ours || (is_pending && pe_is_builtin( current.data, current.size )))
    {
        if (!read_stock( &stock ))
            log_line( "Wine's own gdi32.dll was not found; the drop-in is left as it is" );
        else if (!is_pending && is_current( &current, &stock ) &&
                 file_is( append( path, system_dir, NAME_STOCK ), &stock ))
            ;
        else if (!build( &stock, &dropin, &why ))
        {
            prepare( &stock );
            log_line( "no drop-in can be made for this Wine's gdi32.dll, which now serves alone; it" );
            log_line( why );
        }
        else if (!prepare( &stock ) ||
                 !write_file( append( path, system_dir, NAME_GDI32 ), dropin.data, dropin.size ))
            log_line( "the drop-in gdi32.dll could not be replaced: no space, or no permission" );
        else
            DeleteFileW( pending );
    }
    release( &dropin );
    release( &stock );
    release( &current );
}

void start( void )
{
    WCHAR path[MAX_PATH + 64];
    HANDLE mutex;
    UINT len;

    len = GetSystemDirectoryW( system_dir, MAX_PATH - 64 );
    if (len && len < MAX_PATH - 64 && (len = GetWindowsDirectoryW( own_dir, MAX_PATH - 64 )) && len < MAX_PATH - 64)
    {
        memcpy( own_dir + len, L"\\" NAME_OWN_DIR, sizeof(L"\\" NAME_OWN_DIR) );
        /* The two runs of one start must not mix. The handle goes with the process. */
        if ((mutex = CreateMutexW( NULL, FALSE, L"Global\\winekmt-refresh" ))) WaitForSingleObject( mutex, 30000 );
        if (GetFileAttributesW( append( path, own_dir, NAME_MANIFEST ) ) != INVALID_FILE_ATTRIBUTES)
        {
            enter_run_keys( 1 );
            refresh();
        }
        else enter_run_keys( 0 );
    }
    ExitProcess( 0 );
}
