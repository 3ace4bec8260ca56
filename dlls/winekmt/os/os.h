/*
 * The system below core: Wine in winekmt.so (os_wine.c), Linux in the native build (os_linux.c)
 *
 * Rules for every function: no lock of core is held by the caller, but for os_log, os_time_ns, os_create_thread and
 * os_destroy_shared_page, which may be called anywhere. "Windows thread" below: a thread with a TEB; those
 * functions are never called on a thread that core made itself (os_create_thread).
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_OS_H
#define __WINEKMT_OS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "windef.h"

/***********************************************************************
 *           os_check_process
 *
 * Finds out whether a process handle is good for access (PROCESS_QUERY_INFORMATION and the like).
 * *self: it names the calling process. NULL and the pseudo handle (HANDLE)-1 do, with every access.
 * STATUS_SUCCESS, STATUS_INVALID_HANDLE (not a handle), STATUS_OBJECT_TYPE_MISMATCH (not a process),
 * STATUS_ACCESS_DENIED (lacks that access).
 * Cost: none for NULL and the pseudo handle, else a wineserver request. Windows thread.
 */
NTSTATUS os_check_process( HANDLE process, uint32_t access, bool *self );

#define OS_PROCESS_SET_INFORMATION    0x0200u
#define OS_PROCESS_QUERY_INFORMATION  0x0400u

/***********************************************************************
 *           os_find_adapter_luid
 *
 * The LUID that Wine gives the GPU with that Vulkan device UUID: in the prefix's registry, once a display driver has run.
 * index: the GPU's place in gpu_enum_adapters' order; a Wine adapter without a Vulkan UUID belongs to index 0.
 * false: Wine knows no such GPU (or there is no Wine). Cost: wineserver requests. Windows thread.
 */
bool os_find_adapter_luid( const uint8_t device_uuid[16], uint32_t index, LUID *luid );

/***********************************************************************
 *           os_video_memory_limit
 *
 * The user's limit in bytes, UINT64_MAX for none: WINEKMT_VIDEO_MEMORY_SIZE (MB) of the environment, else in Wine
 * AppDefaults\program.exe\Direct3D and then Direct3D, value VideoMemorySize (MB as a string), under HKCU\Software\Wine.
 * Nonsense is no limit and one line in the log. Cost: wineserver requests. Windows thread.
 */
uint64_t os_video_memory_limit(void);

/* The parser behind it, shared by both implementations: "NNN" in MB; false when it is no positive number that fits. */
bool os_parse_megabytes( const char *string, uint64_t *bytes );

/* A detached-on-exit worker: blocks all signals, has no TEB. 0 or an errno. */
int os_create_thread( pthread_t *thread, void *(*function)(void *), void *arg );

/***********************************************************************
 *           os_create_shared_page
 *
 * A zeroed page of memory, mapped twice: *writable for us, *read_only for the program. Four system calls. false: no memory.
 */
bool os_create_shared_page( void **writable, const void **read_only );
void os_destroy_shared_page( void *writable, const void *read_only );

/***********************************************************************
 *           os_log
 *
 * One line on the standard error, "winekmt: " before it. level OS_LOG_ERR is always shown unless WINEKMT_DEBUG=none,
 * OS_LOG_WARN and OS_LOG_TRACE with WINEKMT_DEBUG=warn or trace. Any thread.
 */
enum os_log_level { OS_LOG_ERR = 1, OS_LOG_WARN = 2, OS_LOG_TRACE = 3 };
void os_log( enum os_log_level level, const char *format, ... ) __attribute__((format (printf, 2, 3)));
extern enum os_log_level os_log_max;    /* set once at start */

#define ERR(...)    os_log( OS_LOG_ERR, __VA_ARGS__ )
#define WARN( format, ... ) \
    do { if (__builtin_expect( os_log_max >= OS_LOG_WARN, 0 )) os_log( OS_LOG_WARN, "%s: " format, __func__, ##__VA_ARGS__ ); } while (0)
#define TRACE( format, ... ) \
    do { if (__builtin_expect( os_log_max >= OS_LOG_TRACE, 0 )) os_log( OS_LOG_TRACE, "%s: " format, __func__, ##__VA_ARGS__ ); } while (0)

/* Monotonic time in nanoseconds. No system call (vDSO). */
uint64_t os_time_ns( void );

#endif /* __WINEKMT_OS_H */
