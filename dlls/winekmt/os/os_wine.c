/*
 * os.h and os_registry.h under Wine, by the system calls that the unix half of ntdll exports
 *
 * Part of winekmt.so only, and the only file that includes Wine's headers. Every function is called on a Windows thread.
 *
 * The Nt functions of ntdll.so take their arguments as Windows code does up to Wine 8 or so, and as Linux code does in Wine
 * 10: the headers that this was built with do not tell which Wine it will meet. So they are never called directly, but through
 * nt_call, which finds out.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#define WINE_UNIX_LIB   /* Wine's headers: code on the unix side, NtCurrentTeb() is a function of ntdll.so */

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#define WIN32_NO_STATUS
#include "windef.h"
#include "winbase.h"
#include "winternl.h"
#undef WIN32_NO_STATUS
#include "ntstatus.h"

#include "os_private.h"
#include "os_registry.h"

#define NAME_CHARS  256     /* longest name of a registry key, with its terminator */
#define VALUE_BYTES 64      /* of the values read here; a longer one is none of ours */


#define CURRENT_PROCESS ((HANDLE)~(ULONG_PTR)0)

typedef ULONG_PTR arg_t;   /* holds every type of argument here */
typedef NTSTATUS (__attribute__((ms_abi)) *ms_function)( arg_t, arg_t, arg_t, arg_t, arg_t, arg_t, arg_t );
typedef NTSTATUS (__attribute__((sysv_abi)) *sysv_function)( arg_t, arg_t, arg_t, arg_t, arg_t, arg_t, arg_t );

static bool nt_is_ms_abi;

/* Makes the compiler forget which function this is: it would call it as Wine's headers say, whatever type the pointer is
 * cast to. */
static inline const void *forget( const void *function )
{
    __asm__( "" : "+r" (function) );
    return function;
}

/* Asks a function that writes through its only argument, with another address in each of the two registers where the callee
 * may look for it: rcx or rdi. The four words on the stack are the space that a callee of the Windows kind may write to. */
static void __attribute__((constructor)) find_nt_abi(void)
{
    typedef NTSTATUS (__attribute__((sysv_abi)) *probe)( void *rdi, arg_t, arg_t, void *rcx, arg_t, arg_t,
                                                         arg_t, arg_t, arg_t, arg_t );
    LARGE_INTEGER sysv_time = { .QuadPart = 0 }, ms_time = { .QuadPart = 0 };
    const void *function = forget( NtQuerySystemTime );

    ((probe)function)( &sysv_time, 0, 0, &ms_time, 0, 0, 0, 0, 0, 0 );
    nt_is_ms_abi = ms_time.QuadPart != 0;
}

/* Calls a function of up to seven arguments; those that it does not have are ignored by either kind. */
static NTSTATUS nt_call7( const void *function, arg_t a, arg_t b, arg_t c, arg_t d, arg_t e, arg_t f, arg_t g )
{
    function = forget( function );
    if (nt_is_ms_abi) return ((ms_function)function)( a, b, c, d, e, f, g );
    return ((sysv_function)function)( a, b, c, d, e, f, g );
}

#define ARG(x)  ((arg_t)(x))
#define nt_close( handle )  nt_call7( NtClose, ARG( handle ), 0, 0, 0, 0, 0, 0 )
#define nt_open_key( key, access, attr )  nt_call7( NtOpenKey, ARG( key ), access, ARG( attr ), 0, 0, 0, 0 )
#define nt_query_object( handle, class, info, len, ret ) \
    nt_call7( NtQueryObject, ARG( handle ), class, ARG( info ), len, ARG( ret ), 0, 0 )
#define nt_query_process( handle, class, info, len ) \
    nt_call7( NtQueryInformationProcess, ARG( handle ), class, ARG( info ), len, 0, 0, 0 )

static const char pci_path[] = "\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\PCI";
static const char uuid_path[] = "Properties\\{233A9EF3-AFC4-4ABD-B564-C32F21F1535C}\\0002";
static const char luid_path[] = "Properties\\{60B193CB-5276-4D0F-96FC-F173ABAD3EC6}\\0002";
static const char present_path[] = "Properties\\{540B947E-8B40-45BC-A8A2-6A0B894CBDA2}\\0005";

/* ASCII to UTF-16 in a buffer of NAME_CHARS. */
static void make_string( UNICODE_STRING *string, WCHAR *buffer, const char *ascii )
{
    size_t i;

    for (i = 0; ascii[i] && i < NAME_CHARS - 1; i++) buffer[i] = (unsigned char)ascii[i];
    string->Buffer = buffer;
    string->Length = i * sizeof(WCHAR);
    string->MaximumLength = string->Length;
}

static HANDLE open_key_string( HANDLE root, UNICODE_STRING *name )
{
    OBJECT_ATTRIBUTES attr;
    HANDLE key;

    InitializeObjectAttributes( &attr, name, OBJ_CASE_INSENSITIVE, root, NULL );
    return nt_open_key( &key, KEY_READ, &attr ) ? NULL : key;
}

/* Opens a key below root, or an absolute path with root NULL. NULL: it is not there. The caller closes it with NtClose. */
static HANDLE open_key( HANDLE root, const char *path )
{
    WCHAR buffer[NAME_CHARS];
    UNICODE_STRING name;

    make_string( &name, buffer, path );
    return open_key_string( root, &name );
}

/* Opens the index-th key below root. false: there is none; *key is NULL when it cannot be opened. name: of NAME_CHARS, or NULL. */
static bool open_nth_key( HANDLE root, ULONG index, HANDLE *key, WCHAR *name )
{
    char buffer[offsetof( KEY_BASIC_INFORMATION, Name ) + NAME_CHARS * sizeof(WCHAR)]
        __attribute__((aligned( 8 )));
    KEY_BASIC_INFORMATION *info = (KEY_BASIC_INFORMATION *)buffer;
    UNICODE_STRING string;
    DWORD size;

    *key = NULL;
    if (nt_call7( NtEnumerateKey, ARG( root ), index, KeyBasicInformation, ARG( info ), sizeof(buffer), ARG( &size ), 0 ))
        return false;
    string.Buffer = info->Name;
    string.Length = string.MaximumLength = info->NameLength;
    *key = open_key_string( root, &string );
    if (name)
    {
        ULONG length = info->NameLength / sizeof(WCHAR) < NAME_CHARS - 1 ? info->NameLength / sizeof(WCHAR) : NAME_CHARS - 1;

        memcpy( name, info->Name, length * sizeof(WCHAR) );
        name[length] = 0;
    }
    return true;
}

/* Reads a value of at most VALUE_BYTES, "" for a key's default one. Returns its length in bytes; 0 when it is not there. */
static ULONG read_value( HANDLE key, const char *value, void *data, ULONG *type )
{
    char buffer[offsetof( KEY_VALUE_PARTIAL_INFORMATION, Data ) + VALUE_BYTES]
        __attribute__((aligned( 8 )));
    KEY_VALUE_PARTIAL_INFORMATION *info = (KEY_VALUE_PARTIAL_INFORMATION *)buffer;
    WCHAR name_buffer[NAME_CHARS];
    UNICODE_STRING name;
    DWORD size;

    make_string( &name, name_buffer, value );
    if (nt_call7( NtQueryValueKey, ARG( key ), ARG( &name ), KeyValuePartialInformation, ARG( info ), sizeof(buffer),
                  ARG( &size ), 0 )) return 0;
    memcpy( data, info->Data, info->DataLength );
    *type = info->Type;
    return info->DataLength;
}

/* A device property below an instance's key, of exactly size bytes. */
static bool read_property( HANDLE instance, const char *path, void *data, ULONG size )
{
    unsigned char buffer[VALUE_BYTES];
    HANDLE key = open_key( instance, path );
    ULONG type;
    bool ret;

    if (!key) return false;
    ret = read_value( key, "", buffer, &type ) == size;
    if (ret) memcpy( data, buffer, size );
    nt_close( key );
    return ret;
}

/* The Windows id of a process. It needs an access that the handle may lack; within the caller's own rights it can be had. */
static bool get_process_id( HANDLE process, ULONG_PTR *id )
{
    PROCESS_BASIC_INFORMATION info;
    HANDLE duplicate;
    NTSTATUS status;

    if (nt_query_process( process, ProcessBasicInformation, &info, sizeof(info) ))
    {
        if (nt_call7( NtDuplicateObject, ARG( CURRENT_PROCESS ), ARG( process ), ARG( CURRENT_PROCESS ), ARG( &duplicate ),
                      PROCESS_QUERY_LIMITED_INFORMATION, 0, 0 )) return false;
        status = nt_query_process( duplicate, ProcessBasicInformation, &info, sizeof(info) );
        nt_close( duplicate );
        if (status) return false;
    }
    *id = info.UniqueProcessId;
    return true;
}

/***********************************************************************
 *           os_check_process
 *
 * Whether it is a process is found out before which rights the handle has, as ObReferenceObjectByHandle does on Windows.
 * Cost: none for NULL and the pseudo handle, else four wineserver requests.
 */
NTSTATUS os_check_process( HANDLE process, uint32_t access, bool *self )
{
    char buffer[sizeof(OBJECT_TYPE_INFORMATION) + 64 * sizeof(WCHAR)] __attribute__((aligned( 8 )));
    static const WCHAR process_name[] = { 'P','r','o','c','e','s','s' };
    OBJECT_TYPE_INFORMATION *type = (OBJECT_TYPE_INFORMATION *)buffer;
    OBJECT_BASIC_INFORMATION object;
    ULONG_PTR other, own;
    NTSTATUS status;
    ULONG size;

    *self = !process || process == CURRENT_PROCESS;
    if (*self) return STATUS_SUCCESS;

    if ((status = nt_query_object( process, ObjectTypeInformation, type, sizeof(buffer), &size )))
        return status == STATUS_INFO_LENGTH_MISMATCH || status == STATUS_BUFFER_OVERFLOW ||
               status == STATUS_BUFFER_TOO_SMALL ? STATUS_OBJECT_TYPE_MISMATCH : STATUS_INVALID_HANDLE;
    if (type->TypeName.Length != sizeof(process_name) || !type->TypeName.Buffer ||
        memcmp( type->TypeName.Buffer, process_name, sizeof(process_name) )) return STATUS_OBJECT_TYPE_MISMATCH;

    if (nt_query_object( process, ObjectBasicInformation, &object, sizeof(object), NULL )) return STATUS_INVALID_HANDLE;
    if ((object.GrantedAccess & access) != access) return STATUS_ACCESS_DENIED;

    if (get_process_id( process, &other ) && get_process_id( CURRENT_PROCESS, &own )) *self = other == own;
    return STATUS_SUCCESS;
}

/* Windows process ids are those of one wineserver, and a wineserver is that of a prefix. */
static uint64_t make_key( ULONG_PTR id )
{
    static const uint64_t kind_wine = 0x77696e65;
    const char *prefix = getenv( "WINEPREFIX" ), *home;
    struct stat st = { 0 };
    struct passwd *user;
    char path[4096];

    if (!prefix || !*prefix)
    {
        if ((!(home = getenv( "HOME" )) || !*home) && (user = getpwuid( getuid() ))) home = user->pw_dir;
        snprintf( path, sizeof(path), "%s/.wine", home ? home : "" );
        prefix = path;
    }
    stat( prefix, &st );
    return os_hash_process( kind_wine, st.st_dev, st.st_ino, id );
}

uint64_t os_own_process_key(void)
{
    ULONG_PTR id = 0;

    get_process_id( CURRENT_PROCESS, &id );
    return make_key( id );
}

uint32_t os_own_process_id( uint64_t *realm )
{
    ULONG_PTR id = 0;

    get_process_id( CURRENT_PROCESS, &id );
    *realm = make_key( 0 );     /* no process has the id 0 */
    return id;
}

/***********************************************************************
 *           os_get_process_key
 *
 * An ended process keeps its id as long as somebody has a handle, so its key is not 0, but nobody alive has it.
 * Cost: up to eight wineserver requests.
 */
NTSTATUS os_get_process_key( HANDLE process, uint64_t *key )
{
    NTSTATUS status;
    ULONG_PTR id;
    bool self;

    if ((status = os_check_process( process, 0, &self ))) return status;
    if (self) *key = os_own_process_key();
    else *key = get_process_id( process, &id ) ? make_key( id ) : 0;
    return STATUS_SUCCESS;
}

/* Shows every PCI device that the prefix knows, by its instance's key, to check, until that returns true. names: of NAME_CHARS each, the
 * device and the instance that is shown, or NULL. */
static bool search_devices( bool (*check)( HANDLE instance, void *arg ), void *arg, WCHAR *device_name, WCHAR *instance_name )
{
    HANDLE pci, device, instance;
    bool found = false;
    ULONG i, j;

    if (!(pci = open_key( NULL, pci_path ))) return false;
    for (i = 0; !found && open_nth_key( pci, i, &device, device_name ); i++)
    {
        if (!device) continue;
        for (j = 0; !found && open_nth_key( device, j, &instance, instance_name ); j++)
        {
            if (!instance) continue;
            found = check( instance, arg );
            nt_close( instance );
        }
        nt_close( device );
    }
    nt_close( pci );
    return found;
}

/* The LUID that Wine gave an instance of a PCI device. false: none, or the device is not present any more. */
static bool read_luid( HANDLE instance, LUID *luid )
{
    uint32_t present;

    if (!read_property( instance, luid_path, luid, sizeof(*luid) )) return false;
    return !read_property( instance, present_path, &present, sizeof(present) ) || present & 0xff;
}

/* What os_find_adapter_luid looks for, and finds. */
struct luid_search
{
    const uint8_t *device_uuid;
    bool           first;   /* it is GPU 0: one without UUID will do */
    bool           found_nameless;
    LUID           nameless;
    LUID           luid;
};

/* Looks at one instance of a PCI device. true: this is it. */
static bool check_uuid( HANDLE instance, void *arg )
{
    static const uint8_t no_uuid[16];
    struct luid_search *search = arg;
    uint8_t uuid[16] = { 0 };
    LUID luid;

    if (!read_luid( instance, &luid )) return false;
    read_property( instance, uuid_path, uuid, sizeof(uuid) );
    if (!memcmp( uuid, search->device_uuid, sizeof(uuid) ))
    {
        search->luid = luid;
        return true;
    }
    if (!search->found_nameless && !memcmp( uuid, no_uuid, sizeof(uuid) ))
    {
        search->found_nameless = true;
        search->nameless = luid;
    }
    return false;
}

/***********************************************************************
 *           os_find_adapter_luid
 *
 * The place in the registry: where Wine's display drivers write both. Devices that Wine remembers but that are not present any more are passed over.
 * Cost: some four wineserver requests a PCI device that the prefix knows.
 */
bool os_find_adapter_luid( const uint8_t device_uuid[16], uint32_t index, LUID *luid )
{
    struct luid_search search = { .device_uuid = device_uuid, .first = !index };

    if (search_devices( check_uuid, &search, NULL, NULL )) *luid = search.luid;
    else if (search.first && search.found_nameless) *luid = search.nameless;
    else return false;
    return true;
}

static bool check_luid( HANDLE instance, void *arg )
{
    const LUID *wanted = arg;
    LUID luid;

    return read_luid( instance, &luid ) && luid.LowPart == wanted->LowPart && luid.HighPart == wanted->HighPart;
}

bool os_find_adapter_key( LUID luid, WCHAR path[OS_KEY_CHARS] )
{
    WCHAR device[NAME_CHARS], instance[NAME_CHARS], *names[] = { device, instance };
    size_t length, i, j;

    _Static_assert( sizeof(pci_path) + 2 * NAME_CHARS <= OS_KEY_CHARS, "a path that does not fit" );
    if (!search_devices( check_luid, &luid, device, instance )) return false;
    for (length = 0; pci_path[length]; length++) path[length] = pci_path[length];
    for (i = 0; i < 2; i++)
    {
        path[length++] = '\\';
        for (j = 0; names[i][j]; j++) path[length++] = names[i][j];
    }
    path[length] = 0;
    return true;
}

static UNICODE_STRING make_unicode_string( const WCHAR *text )
{
    UNICODE_STRING string = { .Buffer = (WCHAR *)text };

    while (text[string.Length / sizeof(WCHAR)]) string.Length += sizeof(WCHAR);
    string.MaximumLength = string.Length;
    return string;
}

/***********************************************************************
 *           os_read_registry
 *
 * A key that is not there and one whose parent is not there are the same.
 */
NTSTATUS os_read_registry( const WCHAR *path, const WCHAR *name, uint32_t *type, void *data, uint32_t *size )
{
    const uint32_t header = offsetof( KEY_VALUE_PARTIAL_INFORMATION, Data ), room = *size;
    UNICODE_STRING key_string = make_unicode_string( path ), name_string = make_unicode_string( name );
    KEY_VALUE_PARTIAL_INFORMATION *info;
    OBJECT_ATTRIBUTES attr;
    NTSTATUS status;
    DWORD needed = 0;
    HANDLE key;

    InitializeObjectAttributes( &attr, &key_string, OBJ_CASE_INSENSITIVE, NULL, NULL );
    if ((status = nt_open_key( &key, KEY_READ, &attr )))
        return status == STATUS_ACCESS_DENIED || status == STATUS_NO_MEMORY ? status : STATUS_OBJECT_NAME_NOT_FOUND;
    /* At least as much as the structure has: the type is wanted even where there is no room */
    if ((info = malloc( sizeof(*info) + room )))
    {
        status = nt_call7( NtQueryValueKey, ARG( key ), ARG( &name_string ), KeyValuePartialInformation, ARG( info ), header + room,
                           ARG( &needed ), 0 );
        if (!status || status == STATUS_BUFFER_OVERFLOW)
        {
            *type = info->Type;
            *size = needed - header;
            if (!status) memcpy( data, info->Data, *size );
        }
        else if (status != STATUS_ACCESS_DENIED && status != STATUS_NO_MEMORY) status = STATUS_OBJECT_NAME_NOT_FOUND;
        free( info );
    }
    else status = STATUS_NO_MEMORY;
    nt_close( key );
    return status;
}

NTSTATUS os_enum_registry( const WCHAR *path, uint32_t index, WCHAR *name, uint32_t chars, bool *is_dword, uint32_t *dword )
{
    char buffer[offsetof( KEY_VALUE_FULL_INFORMATION, Name ) + 2 * NAME_CHARS * sizeof(WCHAR) + VALUE_BYTES]
        __attribute__((aligned( 8 )));
    KEY_VALUE_FULL_INFORMATION *info = (KEY_VALUE_FULL_INFORMATION *)buffer;
    UNICODE_STRING string = make_unicode_string( path );
    NTSTATUS status;
    HANDLE key;
    DWORD size;

    if (!(key = open_key_string( NULL, &string ))) return STATUS_NO_MORE_ENTRIES;
    status = nt_call7( NtEnumerateValueKey, ARG( key ), index, KeyValueFullInformation, ARG( info ), sizeof(buffer), ARG( &size ), 0 );
    nt_close( key );
    if (status == STATUS_BUFFER_OVERFLOW) return status;
    if (status) return STATUS_NO_MORE_ENTRIES;
    if (info->NameLength / sizeof(WCHAR) >= chars) return STATUS_BUFFER_OVERFLOW;
    memcpy( name, info->Name, info->NameLength );
    name[info->NameLength / sizeof(WCHAR)] = 0;
    *is_dword = info->Type == REG_DWORD && info->DataLength == sizeof(*dword);
    if (*is_dword) memcpy( dword, buffer + info->DataOffset, sizeof(*dword) );
    return STATUS_SUCCESS;
}

/* HKEY_CURRENT_USER\Software\Wine, or NULL. */
static HANDLE open_wine_key(void)
{
    char buffer[sizeof(TOKEN_USER) + sizeof(SID) + SID_MAX_SUB_AUTHORITIES * sizeof(DWORD)]
        __attribute__((aligned( 8 )));
    char path[NAME_CHARS];
    TOKEN_USER *user = (TOKEN_USER *)buffer;
    NTSTATUS status;
    HANDLE token;
    DWORD size;
    SID *sid;
    int length, i;

    if (nt_call7( NtOpenProcessToken, ARG( CURRENT_PROCESS ), TOKEN_QUERY, ARG( &token ), 0, 0, 0, 0 )) return NULL;
    status = nt_call7( NtQueryInformationToken, ARG( token ), TokenUser, ARG( user ), sizeof(buffer), ARG( &size ), 0, 0 );
    nt_close( token );
    if (status) return NULL;

    sid = user->User.Sid;
    length = snprintf( path, sizeof(path), "\\Registry\\User\\S-%u-%u", sid->Revision,
                       (unsigned int)sid->IdentifierAuthority.Value[5] | sid->IdentifierAuthority.Value[4] << 8 |
                       sid->IdentifierAuthority.Value[3] << 16 |
                       (unsigned int)sid->IdentifierAuthority.Value[2] << 24 );
    for (i = 0; i < sid->SubAuthorityCount && length < (int)sizeof(path); i++)
        length += snprintf( path + length, sizeof(path) - length, "-%u", (unsigned int)sid->SubAuthority[i] );
    if (length >= (int)sizeof(path)) return NULL;
    if (snprintf( path + length, sizeof(path) - length, "\\Software\\Wine" ) >= (int)sizeof(path) - length) return NULL;
    return open_key( NULL, path );
}

/* The file name of the program, without its folder. */
static UNICODE_STRING get_program_name(void)
{
    UNICODE_STRING name = { 0 };
    typedef TEB *(__attribute__((sysv_abi)) *get_teb)(void);    /* without arguments either kind is the same */
    const void *function = forget( NtCurrentTeb );
    PEB *peb = ((get_teb)function)()->Peb;
    USHORT start;

    if (!peb || !peb->ProcessParameters || !peb->ProcessParameters->ImagePathName.Buffer) return name;
    name = peb->ProcessParameters->ImagePathName;
    for (start = name.Length / sizeof(WCHAR); start; start--)
        if (name.Buffer[start - 1] == '\\' || name.Buffer[start - 1] == '/') break;
    name.Buffer += start;
    name.Length -= start * sizeof(WCHAR);
    name.MaximumLength = name.Length;
    return name;
}

/* VideoMemorySize in the key Direct3D below root. false: not there, or nonsense, which is logged. */
static bool read_limit( HANDLE root, uint64_t *bytes )
{
    HANDLE key = open_key( root, "Direct3D" );
    WCHAR data[VALUE_BYTES / sizeof(WCHAR)];
    char string[VALUE_BYTES / sizeof(WCHAR) + 1];
    ULONG i, length, type;
    bool ret;

    if (!key) return false;
    length = read_value( key, "VideoMemorySize", data, &type );
    nt_close( key );
    if (!length) return false;

    for (i = 0; i < length / sizeof(WCHAR) && data[i]; i++) string[i] = data[i] < 0x7f ? data[i] : '?';
    string[i] = 0;
    if (type != REG_SZ) strcpy( string, "(not a string)" );
    if (!(ret = os_parse_megabytes( string, bytes )))
        ERR( "Direct3D\\VideoMemorySize is \"%s\", which is no number of megabytes; it is ignored", string );
    return ret;
}

/***********************************************************************
 *           os_video_memory_limit
 *
 * A source that holds nonsense is passed over, for the next one.
 * Source of the keys: Wine's convention for wined3d.
 */
uint64_t os_video_memory_limit(void)
{
    HANDLE wine, defaults, program = NULL;
    UNICODE_STRING name;
    uint64_t bytes;
    bool found = false;

    if (os_environment_limit( &bytes )) return bytes;
    if (!(wine = open_wine_key())) return UINT64_MAX;

    name = get_program_name();
    if (name.Length && (defaults = open_key( wine, "AppDefaults" )))
    {
        program = open_key_string( defaults, &name );
        nt_close( defaults );
    }
    if (program)
    {
        found = read_limit( program, &bytes );
        nt_close( program );
    }
    if (!found) found = read_limit( wine, &bytes );
    nt_close( wine );
    return found ? bytes : UINT64_MAX;
}

/***********************************************************************
 *           os_performance_counter
 *
 * Which clock Wine takes for it is Wine's affair: the two are read one after the other, several times, and the closest pair counts.
 */
uint64_t os_performance_counter( uint64_t time_ns )
{
    LARGE_INTEGER counter, frequency = { .QuadPart = 0 };
    uint64_t before, after, best = UINT64_MAX, time = 0;
    int64_t value = 0, distance;
    unsigned int i;

    for (i = 0; i < 8; i++)
    {
        before = os_time_ns();
        if (nt_call7( NtQueryPerformanceCounter, ARG( &counter ), ARG( &frequency ), 0, 0, 0, 0, 0 )) break;
        after = os_time_ns();
        if (after - before >= best) continue;
        best = after - before;
        time = before + best / 2;
        value = counter.QuadPart;
    }
    if (frequency.QuadPart <= 0) return time_ns / 100;
    distance = time_ns - time;
    return value + (int64_t)((double)distance * frequency.QuadPart / 1e9);
}
