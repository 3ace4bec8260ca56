/*
 * QueryAdapterInfo: what the registry holds about an adapter
 *
 * A GPU that Wine has a display driver for is a PnP device there, found by its LUID. Its key is below Enum\PCI; that key's value
 * "Driver" names the software key, where an installer puts the files of user-mode drivers, below Control\Class; its value
 * "Service", which Wine does not make but an installer may, the kernel-mode driver's key below Services. A GPU without a display
 * driver has none of these.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stddef.h>
#include <string.h>

#include "core/query.h"
#include "os/os_registry.h"

#define NAME_CHARS  260     /* of a value that names a key, with its terminator */

#define CONTROL_SET  u"\\Registry\\Machine\\System\\CurrentControlSet\\"

static size_t string_length( const WCHAR *string )
{
    size_t length = 0;

    while (string[length]) length++;
    return length;
}

/* Puts src behind the string in dst, which has room for size characters. false: it does not fit. */
static bool append( WCHAR *dst, size_t size, const WCHAR *src )
{
    size_t length = string_length( dst ), more = string_length( src ) + 1;

    if (length + more > size) return false;
    memcpy( dst + length, src, more * sizeof(WCHAR) );
    return true;
}

static WCHAR lower( WCHAR c )
{
    return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

/* Whether string begins with prefix, which is ASCII and lower case. */
static bool begins_with( const WCHAR *string, const WCHAR *prefix )
{
    while (*prefix) if (lower( *string++ ) != *prefix++) return false;
    return true;
}

static bool is_string( uint32_t type )
{
    return type == OS_REG_SZ || type == OS_REG_EXPAND_SZ || type == OS_REG_MULTI_SZ;
}

/* Makes sure that a string, or a list of strings, ends as it should: whoever wrote it may have left that out. data has room for two
 * characters more. Returns its new size in bytes. */
static uint32_t terminate( uint32_t type, void *data, uint32_t size )
{
    uint32_t length = size / sizeof(WCHAR);
    WCHAR *string = data;

    if (!length || string[length - 1]) string[length++] = 0;
    if (type == OS_REG_MULTI_SZ && (length < 2 || string[length - 2])) string[length++] = 0;
    return length * sizeof(WCHAR);
}

/***********************************************************************
 *           read_registry_string
 *
 * A string of a key, or the first of a list. value: chars characters with the terminator. Wine 8 keeps some as REG_BINARY.
 * STATUS_SUCCESS.  STATUS_OBJECT_NAME_NOT_FOUND: there is none, it is no string, it is empty, or longer.  Others of os_read_registry.
 */
NTSTATUS read_registry_string( const WCHAR *path, const WCHAR *name, WCHAR *value, size_t chars )
{
    uint32_t type, size = chars * sizeof(WCHAR), length;
    NTSTATUS status = os_read_registry( path, name, &type, value, &size );

    if (status) return status == STATUS_BUFFER_OVERFLOW ? STATUS_OBJECT_NAME_NOT_FOUND : status;
    if (!is_string( type ) && type != OS_REG_BINARY) return STATUS_OBJECT_NAME_NOT_FOUND;
    length = size / sizeof(WCHAR);
    if (length < chars) value[length] = 0;
    else if (value[length - 1]) return STATUS_OBJECT_NAME_NOT_FOUND;
    return *value ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

/***********************************************************************
 *           get_adapter_key
 *
 * The path of one of an adapter's keys, of OS_KEY_CHARS characters. It may name a key that does not exist.
 * STATUS_SUCCESS.  STATUS_OBJECT_NAME_NOT_FOUND: the adapter is no device of Wine's, or nothing leads to that key.
 * Others of os_read_registry.
 * Cost: wineserver requests, see os_find_adapter_key.
 */
NTSTATUS get_adapter_key( const struct kmt_gpu *gpu, enum adapter_key key, WCHAR path[OS_KEY_CHARS] )
{
    WCHAR name[NAME_CHARS];
    NTSTATUS status;
    bool fits;

    if (!os_find_adapter_key( gpu->luid, path )) return STATUS_OBJECT_NAME_NOT_FOUND;
    switch (key)
    {
    case ADAPTER_KEY_DEVICE:
        return STATUS_SUCCESS;
    case ADAPTER_KEY_DEVICE_PARAMETERS:
        return append( path, OS_KEY_CHARS, u"\\Device Parameters" ) ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
    case ADAPTER_KEY_SOFTWARE:
        if ((status = read_registry_string( path, u"Driver", name, NAME_CHARS ))) return status;
        memcpy( path, CONTROL_SET u"Control\\Class\\", sizeof(CONTROL_SET u"Control\\Class\\") );
        return append( path, OS_KEY_CHARS, name ) ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
    case ADAPTER_KEY_SERVICE:
    case ADAPTER_KEY_SERVICE_PARAMETERS:
        if ((status = read_registry_string( path, u"Service", name, NAME_CHARS ))) return status;
        memcpy( path, CONTROL_SET u"Services\\", sizeof(CONTROL_SET u"Services\\") );
        fits = append( path, OS_KEY_CHARS, name ) &&
               (key == ADAPTER_KEY_SERVICE || append( path, OS_KEY_CHARS, u"\\Parameters" ));
        return fits ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return STATUS_INVALID_PARAMETER;
}

/***********************************************************************
 *           query_physicaladapterpnpkey
 *
 * *pCchDest: room in characters; then the characters of the path with its terminator.
 * STATUS_BUFFER_TOO_SMALL: pDest is NULL or too short; *pCchDest says how much is needed.
 * STATUS_NOT_SUPPORTED: the adapter is no PnP device.
 * Source: DDI page of D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY; what its callers expect.
 */
NTSTATUS query_physicaladapterpnpkey( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    const D3DKMT_QUERY_PHYSICAL_ADAPTER_PNP_KEY *query = data;
    WCHAR path[OS_KEY_CHARS];
    NTSTATUS status;
    UINT length;

    (void)size;
    if (query->PhysicalAdapterIndex || !query->pCchDest) return STATUS_INVALID_PARAMETER;
    if (query->PnPKeyType != D3DKMT_PNP_KEY_HARDWARE && query->PnPKeyType != D3DKMT_PNP_KEY_SOFTWARE) return STATUS_INVALID_PARAMETER;
    status = get_adapter_key( gpu, query->PnPKeyType == D3DKMT_PNP_KEY_HARDWARE ? ADAPTER_KEY_DEVICE : ADAPTER_KEY_SOFTWARE, path );
    if (status) return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_NOT_SUPPORTED : status;

    length = string_length( path ) + 1;
    if (!query->pDest || *query->pCchDest < length)
    {
        *query->pCchDest = length;
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy( query->pDest, path, length * sizeof(WCHAR) );
    *query->pCchDest = length;
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           query_servicename
 *
 * The service of the kernel-mode driver, a string with its terminator: no document says in what structure.
 * STATUS_NOT_SUPPORTED: it has none.  STATUS_BUFFER_TOO_SMALL: it does not fit.
 */
NTSTATUS query_servicename( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    WCHAR path[OS_KEY_CHARS], name[NAME_CHARS];
    NTSTATUS status;
    uint32_t bytes;

    if (!(status = get_adapter_key( gpu, ADAPTER_KEY_DEVICE, path ))) status = read_registry_string( path, u"Service", name, NAME_CHARS );
    if (status) return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_NOT_SUPPORTED : status;
    bytes = (string_length( name ) + 1) * sizeof(WCHAR);
    if (bytes > *size) return STATUS_BUFFER_TOO_SMALL;
    memcpy( data, name, bytes );
    *size = bytes;
    return STATUS_SUCCESS;
}

/***********************************************************************
 * Names of user-mode drivers
 */

/* The index-th string of a value of the software key; one that is no list has one. STATUS_NOT_SUPPORTED: there is none. */
static NTSTATUS read_driver_name( const struct kmt_gpu *gpu, const WCHAR *name, uint32_t index, WCHAR dst[MAX_PATH] )
{
    WCHAR path[OS_KEY_CHARS], list[2048], *string = list;
    uint32_t type, size = sizeof(list) - 2 * sizeof(*list);
    NTSTATUS status;

    if (!(status = get_adapter_key( gpu, ADAPTER_KEY_SOFTWARE, path ))) status = os_read_registry( path, name, &type, list, &size );
    if (status == STATUS_OBJECT_NAME_NOT_FOUND || status == STATUS_BUFFER_OVERFLOW) return STATUS_NOT_SUPPORTED;
    if (status) return status;
    if (!is_string( type )) return STATUS_NOT_SUPPORTED;
    terminate( type, list, size );
    for (; index && *string; index--)
    {
        if (type != OS_REG_MULTI_SZ) return STATUS_NOT_SUPPORTED;
        string += string_length( string ) + 1;
    }
    if (!*string || string_length( string ) >= MAX_PATH) return STATUS_NOT_SUPPORTED;
    memcpy( dst, string, (string_length( string ) + 1) * sizeof(WCHAR) );
    return STATUS_SUCCESS;
}

/* A DWORD of the software key, 0 when it is not there. */
static uint32_t read_driver_number( const struct kmt_gpu *gpu, const WCHAR *name )
{
    uint32_t type, value, size = sizeof(value);
    WCHAR path[OS_KEY_CHARS];

    if (get_adapter_key( gpu, ADAPTER_KEY_SOFTWARE, path ) || os_read_registry( path, name, &type, &value, &size )) return 0;
    return type == OS_REG_DWORD && size == sizeof(value) ? value : 0;
}

/***********************************************************************
 *           query_umdrivername
 *
 * The Direct3D user-mode driver that Version asks for: UserModeDriverName of the software key lists those of Direct3D 9, 10, 11 and 12.
 * STATUS_NOT_SUPPORTED: there is none, as in a Wine where nobody installed one: its Direct3D needs none.
 * Source: "Loading an OpenGL installable client driver" names the value; KMTUMDVERSION gives the order.
 */
NTSTATUS query_umdrivername( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_UMDFILENAMEINFO *answer = data;

    (void)size;
    if ((uint32_t)answer->Version >= NUM_KMTUMDVERSIONS) return STATUS_INVALID_PARAMETER;
    return read_driver_name( gpu, u"UserModeDriverName", answer->Version, answer->UmdFileName );
}

/***********************************************************************
 *           query_umopenglinfo
 *
 * The OpenGL driver in the software key. STATUS_NOT_SUPPORTED: there is none; Wine's opengl32 needs none.
 * Source: "Loading an OpenGL installable client driver".
 */
NTSTATUS query_umopenglinfo( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    D3DKMT_OPENGLINFO *answer = data;
    NTSTATUS status;

    (void)size;
    if ((status = read_driver_name( gpu, u"OpenGLDriverName", 0, answer->UmdOpenGlIcdFileName ))) return status;
    answer->Version = read_driver_number( gpu, u"OpenGLVersion" );
    answer->Flags = read_driver_number( gpu, u"OpenGLFlags" );
    return STATUS_SUCCESS;
}

/***********************************************************************
 * QUERYREGISTRY
 */

/* Vulkan drivers that are registered for every GPU, as Wine's is: the names of those values that are 0 are the manifests. As a list, or the
 * first of them. *size: bytes of room in list; then of the list. */
static NTSTATUS read_vulkan_drivers( const WCHAR *path, uint32_t type, WCHAR *list, uint32_t *size )
{
    uint32_t index, dword = 0, used = 0, room = *size / sizeof(WCHAR);
    WCHAR name[NAME_CHARS];
    bool is_dword = false;
    NTSTATUS status;

    for (index = 0; (status = os_enum_registry( path, index, name, NAME_CHARS, &is_dword, &dword )) != STATUS_NO_MORE_ENTRIES; index++)
    {
        uint32_t length = status ? 0 : string_length( name ) + 1;

        if (status || !is_dword || dword || length < 2) continue;
        if (used + length > room) break;
        memcpy( list + used, name, length * sizeof(WCHAR) );
        used += length;
        if (type == OS_REG_SZ) break;
    }
    *size = used * sizeof(WCHAR);
    return used ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* A value of one of the adapter's keys, of the type that the caller expects. data has room for two characters more than *size says. */
static NTSTATUS read_value( const struct kmt_gpu *gpu, enum adapter_key key, const WCHAR *name, uint32_t expected, void *data,
                            uint32_t *size )
{
    static const struct
    {
        const WCHAR *name, *path;
    }
    vulkan_drivers[] =
    {
        { u"vulkandrivername",    u"\\Registry\\Machine\\Software\\Khronos\\Vulkan\\Drivers" },
        { u"vulkandrivernamewow", u"\\Registry\\Machine\\Software\\Wow6432Node\\Khronos\\Vulkan\\Drivers" },
    };
    WCHAR path[OS_KEY_CHARS];
    uint32_t type = 0, room = *size;
    NTSTATUS status;
    unsigned int i;

    if (!(status = get_adapter_key( gpu, key, path ))) status = os_read_registry( path, name, &type, data, size );
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && key == ADAPTER_KEY_SOFTWARE && (expected == OS_REG_SZ || expected == OS_REG_MULTI_SZ))
    {
        for (i = 0; i < sizeof(vulkan_drivers) / sizeof(vulkan_drivers[0]); i++)
        {
            if (string_length( name ) != string_length( vulkan_drivers[i].name ) || !begins_with( name, vulkan_drivers[i].name )) continue;
            *size = room;
            type = expected;
            status = read_vulkan_drivers( vulkan_drivers[i].path, type, data, size );
        }
    }
    if (status == STATUS_BUFFER_OVERFLOW && type == expected) return STATUS_NO_MEMORY;
    if (status && status != STATUS_BUFFER_OVERFLOW) return status;
    if (type != expected) return STATUS_OBJECT_TYPE_MISMATCH;
    if (is_string( type )) *size = terminate( type, data, *size );
    return STATUS_SUCCESS;
}

/* The file of the kernel-mode driver, or with folder the driver package that it lies in. *size: bytes of room; then of the string. */
static NTSTATUS read_driver_path( const struct kmt_gpu *gpu, bool folder, WCHAR *data, uint32_t *size )
{
    static const WCHAR system_root[] = u"\\SystemRoot\\", repository[] = u"\\driverstore\\filerepository\\";
    WCHAR path[OS_KEY_CHARS], image[MAX_PATH];
    size_t room = *size / sizeof(WCHAR);
    NTSTATUS status;
    WCHAR *end;

    if ((status = get_adapter_key( gpu, ADAPTER_KEY_SERVICE, path ))) return status;
    if ((status = read_registry_string( path, u"ImagePath", image, MAX_PATH ))) return status;
    /* A path without a root is below that of Windows */
    *data = 0;
    if (*image != '\\' && image[1] != ':' && !append( data, room, system_root )) return STATUS_NO_MEMORY;
    if (!append( data, room, image )) return STATUS_NO_MEMORY;
    if (folder)
    {
        for (end = data; *end && !begins_with( end, repository ); end++) {}
        if (!*end) return STATUS_OBJECT_NAME_NOT_FOUND;
        for (end += sizeof(repository) / sizeof(WCHAR) - 1; *end && *end != '\\'; end++) {}
        if (!*end) return STATUS_OBJECT_NAME_NOT_FOUND;
        *end = 0;
    }
    *size = (string_length( data ) + 1) * sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/***********************************************************************
 *           query_queryregistry
 *
 * Reads a value of the adapter's software key or of its service's, or a path of its kernel-mode driver.
 *
 * QueryType, ValueName, ValueType (0 for the paths), PhysicalAdapterIndex are inputs. TranslatePath is for strings only; nothing is
 * translated, as outside of a virtual machine. MutableValue is ignored.
 * STATUS_SUCCESS, and Status: SUCCESS, with OutputValueSize bytes of value; or BUFFER_OVERFLOW, with only how many there are.
 * STATUS_INVALID_PARAMETER: the inputs.  STATUS_OBJECT_NAME_NOT_FOUND: no such value, or the adapter is no device of Wine's.
 * STATUS_OBJECT_TYPE_MISMATCH: it has another type.  STATUS_NO_MEMORY: a value of more than some 15 KB.  Nothing is written then.
 * VulkanDriverName, where the software key has none: the drivers that are registered for every GPU, since that is where Wine's is.
 * Cost: wineserver requests, some four a PCI device and ten more.
 * Source: DDI pages of D3DDDI_QUERYREGISTRY_INFO, _FLAGS, _TYPE and _STATUS.
 */
NTSTATUS query_queryregistry( const struct kmt_gpu *gpu, void *data, uint32_t *size )
{
    static const uint32_t header = offsetof( D3DDDI_QUERYREGISTRY_INFO, OutputDword );
    D3DDDI_QUERYREGISTRY_INFO *info = data;
    WCHAR value[(MAX_ANSWER_SIZE - offsetof( D3DDDI_QUERYREGISTRY_INFO, OutputDword )) / sizeof(WCHAR)];
    uint32_t length = sizeof(value) - 2 * sizeof(WCHAR);
    bool is_path = info->QueryType == D3DDDI_QUERYREGISTRY_DRIVERSTOREPATH || info->QueryType == D3DDDI_QUERYREGISTRY_DRIVERIMAGEPATH;
    enum adapter_key key;
    NTSTATUS status;
    unsigned int i;

    if ((uint32_t)info->QueryType >= D3DDDI_QUERYREGISTRY_MAX || info->PhysicalAdapterIndex) return STATUS_INVALID_PARAMETER;
    if (info->QueryFlags.Reserved) return STATUS_INVALID_PARAMETER;
    if (info->QueryFlags.TranslatePath && !is_string( info->ValueType )) return STATUS_INVALID_PARAMETER;   /* the paths have type 0 */
    if (is_path)
    {
        if (info->ValueType) return STATUS_INVALID_PARAMETER;
        status = read_driver_path( gpu, info->QueryType == D3DDDI_QUERYREGISTRY_DRIVERSTOREPATH, value, &length );
    }
    else
    {
        for (i = 0; i < MAX_PATH && info->ValueName[i]; i++) {}
        if (i == MAX_PATH) return STATUS_INVALID_PARAMETER;
        key = info->QueryType == D3DDDI_QUERYREGISTRY_ADAPTERKEY ? ADAPTER_KEY_SOFTWARE : ADAPTER_KEY_SERVICE_PARAMETERS;
        status = read_value( gpu, key, info->ValueName, info->ValueType, value, &length );
    }
    if (status) return status;

    info->OutputValueSize = length;
    info->Status = length > *size - header ? D3DDDI_QUERYREGISTRY_STATUS_BUFFER_OVERFLOW : D3DDDI_QUERYREGISTRY_STATUS_SUCCESS;
    if (info->Status == D3DDDI_QUERYREGISTRY_STATUS_BUFFER_OVERFLOW) length = 0;
    memcpy( (char *)data + header, value, length );
    *size = header + length;
    return STATUS_SUCCESS;
}
