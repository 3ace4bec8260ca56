/*
 * The few Windows types that code built by a Linux compiler needs
 *
 * For the unix half and the native build on x86-64, where neither mingw's nor Wine's headers are used. The sizes and
 * alignments are those of 64-bit Windows: LONG, ULONG and DWORD have 32 bits, WCHAR has 16. 64-bit types are those of
 * <stdint.h>, so PRIx64 prints them. There are no calling conventions: the System V ABI holds.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_NATIVE_WINDEF_H
#define __WINEKMT_NATIVE_WINDEF_H

#if defined(_WIN32) || defined(__WINESRC__)
#error "include/native is for code that uses neither mingw's nor Wine's headers"
#endif

#include <stddef.h>
#include <stdint.h>

#if !defined(__x86_64__)
#error "winekmt knows the 64-bit layout on x86-64 only"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define WINAPI
#define APIENTRY
#define CALLBACK
#define NTAPI
#define WINGDIAPI
#define CONST               const
#define IN
#define OUT

#define FALSE               0
#define TRUE                1
#define MAX_PATH            260
#define ANYSIZE_ARRAY       1

#define VOID                void

typedef char                CHAR;
typedef signed char         INT8;
typedef unsigned char       UCHAR, BYTE, BOOLEAN, UINT8;
typedef int16_t             SHORT, INT16;
typedef uint16_t            USHORT, WORD, UINT16, ATOM;
typedef int32_t             INT, LONG, BOOL, INT32, LONG32, HRESULT;
typedef uint32_t            UINT, ULONG, DWORD, UINT32, ULONG32, DWORD32, ACCESS_MASK, COLORREF;
typedef int64_t             INT64, LONG64, LONGLONG;
typedef uint64_t            UINT64, ULONG64, DWORD64, ULONGLONG, DWORDLONG;
typedef intptr_t            INT_PTR, LONG_PTR, SSIZE_T;
typedef uintptr_t           UINT_PTR, ULONG_PTR, DWORD_PTR, SIZE_T, KAFFINITY;
typedef float               FLOAT;
typedef LONG                NTSTATUS;

#ifdef __cplusplus
typedef char16_t            WCHAR;  /* so that u"text" is a string of WCHAR in C++ as it is in C */
#else
typedef uint16_t            WCHAR;
#endif

typedef void               *PVOID, *LPVOID, *HANDLE;
typedef const void         *LPCVOID, *PCVOID;
typedef HANDLE             *PHANDLE, *LPHANDLE;
typedef BOOL               *PBOOL, *LPBOOL;
typedef BOOLEAN            *PBOOLEAN;
typedef BYTE               *PBYTE, *LPBYTE;
typedef UCHAR              *PUCHAR;
typedef USHORT             *PUSHORT;
typedef WORD               *PWORD;
typedef INT                *PINT;
typedef UINT               *PUINT;
typedef LONG               *PLONG;
typedef ULONG              *PULONG;
typedef DWORD              *PDWORD, *LPDWORD;
typedef UINT64             *PUINT64;
typedef INT64              *PINT64;
typedef LONGLONG           *PLONGLONG;
typedef ULONGLONG          *PULONGLONG;
typedef SIZE_T             *PSIZE_T;
typedef ULONG_PTR          *PULONG_PTR;
typedef NTSTATUS           *PNTSTATUS;
typedef CHAR               *PCHAR, *PSTR, *LPSTR;
typedef const CHAR         *PCSTR, *LPCSTR;
typedef WCHAR              *PWCHAR, *PWSTR, *LPWSTR;
typedef const WCHAR        *PCWSTR, *LPCWSTR;

/* Handles of windows and of GDI: pointers to structures that nobody defines, so that the compiler tells them apart. */
#define DECLARE_HANDLE(name) struct name##__; typedef struct name##__ *name
DECLARE_HANDLE(HWND);
DECLARE_HANDLE(HDC);
DECLARE_HANDLE(HBITMAP);
DECLARE_HANDLE(HMONITOR);
DECLARE_HANDLE(HINSTANCE);
typedef HINSTANCE           HMODULE;

typedef struct _LUID
{
    DWORD LowPart;
    LONG  HighPart;
} LUID, *PLUID;

typedef union _LARGE_INTEGER
{
    __extension__ struct
    {
        DWORD LowPart;
        LONG  HighPart;
    };
    struct
    {
        DWORD LowPart;
        LONG  HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER
{
    __extension__ struct
    {
        DWORD LowPart;
        DWORD HighPart;
    };
    struct
    {
        DWORD LowPart;
        DWORD HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _GUID
{
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t  Data4[8];
} GUID, *PGUID, *LPGUID;
typedef const GUID         *LPCGUID;

typedef struct tagRECT
{
    LONG left;
    LONG top;
    LONG right;
    LONG bottom;
} RECT, *PRECT, *LPRECT;
typedef const RECT         *LPCRECT;

typedef struct tagPOINT
{
    LONG x;
    LONG y;
} POINT, *PPOINT, *LPPOINT;

typedef struct tagSIZE
{
    LONG cx;
    LONG cy;
} SIZE, *PSIZE, *LPSIZE;

typedef struct tagPALETTEENTRY
{
    BYTE peRed;
    BYTE peGreen;
    BYTE peBlue;
    BYTE peFlags;
} PALETTEENTRY, *PPALETTEENTRY, *LPPALETTEENTRY;

typedef struct _UNICODE_STRING
{
    USHORT Length;          /* bytes, without a terminating zero */
    USHORT MaximumLength;   /* bytes */
    PWSTR  Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _OBJECT_ATTRIBUTES
{
    ULONG           Length;                     /* sizeof(OBJECT_ATTRIBUTES) */
    HANDLE          RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG           Attributes;                 /* OBJ_ bits */
    PVOID           SecurityDescriptor;
    PVOID           SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

/* winnt.h: access rights */
#define DELETE                          0x00010000u
#define READ_CONTROL                    0x00020000u
#define WRITE_DAC                       0x00040000u
#define WRITE_OWNER                     0x00080000u
#define SYNCHRONIZE                     0x00100000u
#define STANDARD_RIGHTS_REQUIRED        0x000f0000u
#define STANDARD_RIGHTS_READ            READ_CONTROL
#define STANDARD_RIGHTS_WRITE           READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE         READ_CONTROL
#define STANDARD_RIGHTS_ALL             0x001f0000u
#define MAXIMUM_ALLOWED                 0x02000000u
#define GENERIC_ALL                     0x10000000u
#define GENERIC_EXECUTE                 0x20000000u
#define GENERIC_WRITE                   0x40000000u
#define GENERIC_READ                    0x80000000u
#define PROCESS_DUP_HANDLE              0x00000040u
#define PROCESS_SET_INFORMATION         0x00000200u
#define PROCESS_QUERY_INFORMATION       0x00000400u

/* ntdef.h, winternl.h: attributes of objects */
#define OBJ_INHERIT                     0x00000002u
#define OBJ_PERMANENT                   0x00000010u
#define OBJ_EXCLUSIVE                   0x00000020u
#define OBJ_CASE_INSENSITIVE            0x00000040u
#define OBJ_OPENIF                      0x00000080u
#define OBJ_OPENLINK                    0x00000100u
#define OBJ_KERNEL_HANDLE               0x00000200u

#define NT_SUCCESS( status )            ((NTSTATUS)(status) >= 0)

#ifdef __cplusplus
}
#endif

#endif /* __WINEKMT_NATIVE_WINDEF_H */
