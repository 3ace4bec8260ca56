/*
 * The system below core: Wine in winekmt.so (os_wine.c), Linux in the native build (os_linux.c)
 *
 * Rules for every function: no lock of core is held by the caller, but for os_log, os_time_ns, os_create_thread,
 * os_condition_wake and os_destroy_shared_page, which may be called anywhere. "Windows thread" below: a thread with a TEB; those
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

/***********************************************************************
 *           os_own_process_key, os_get_process_key
 *
 * A number for a process that no other has, now, among those that share a ledger: several Wine prefixes, containers and
 * native programs. Never 0, except from os_get_process_key for a process that has ended or that this one cannot
 * identify: nobody has that key. process: one that os_check_process accepts; else its statuses come back. Under Wine
 * the Windows process id and the prefix, natively the process id and its namespace. Cost: system calls, wineserver
 * requests. Windows thread.
 */
uint64_t os_own_process_key(void);
NTSTATUS os_get_process_key( HANDLE process, uint64_t *key );

/***********************************************************************
 *           os_own_process_id
 *
 * The id that programs know this process by: Windows' under Wine. *realm: a number for those among whom it means this one, those of a
 * prefix; natively of a PID namespace. Cost: system calls. Windows thread.
 */
uint32_t os_own_process_id( uint64_t *realm );

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

/***********************************************************************
 *           os_system_memory_limit
 *
 * How many bytes of system memory the content of evicted allocations may take in this process:
 * WINEKMT_SYSTEM_MEMORY_SIZE (MB) of the environment, else UINT64_MAX. Cost: none after the first call; anywhere.
 */
uint64_t os_system_memory_limit( void );

/***********************************************************************
 *           os_allocate_pages
 *
 * size bytes (a multiple of 4 KiB) of zeroed pages. NULL: no memory, or the machine or the process' cgroup has hardly any left.
 * Cost: a system call; and a look at what there is, some 0.1 ms, each time that half of what the last look found is used up, and for all that is
 * refused.
 */
void *os_allocate_pages( uint64_t size );

/* Whether the machine, and the process' cgroup, have size bytes to spare; what is said to be there counts as taken. Cost: as above. */
bool os_memory_is_available( uint64_t size );
void os_free_pages( void *memory, uint64_t size );

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

/***********************************************************************
 *           os_condition_wait
 *
 * A condition variable, all zero at first. Those of glibc will not do: a thread that waits has a cleanup handler on its stack, and when
 * Wine ends the program's threads at exit, that runs after the stack was used for something else.
 * The mutex is held by the caller, and dropped meanwhile. Waits until os_condition_wake, which is called with the mutex held and wakes
 * all, or until deadline (os_time_ns; UINT64_MAX: none). false: the deadline has passed. It may also return for no reason.
 * Cost: a system call; waking none when nobody waits.
 */
struct os_condition
{
    uint32_t sequence;      /* a futex: how often it was woken */
    uint32_t waiters;
};
bool os_condition_wait( struct os_condition *condition, pthread_mutex_t *mutex, uint64_t deadline );
void os_condition_wake( struct os_condition *condition );

/* The futex below: waits while *word is value, until deadline, or for no reason; wakes all. The word may be shared with other processes.
 * false: the deadline has passed. Anywhere; waiting with a lock held is the caller's decision. */
bool os_futex_wait( uint32_t *word, uint32_t value, uint64_t deadline );
void os_futex_wake( uint32_t *word );

/* Monotonic time in nanoseconds (CLOCK_MONOTONIC). No system call (vDSO). */
uint64_t os_time_ns( void );

/***********************************************************************
 *           os_performance_counter
 *
 * What QueryPerformanceCounter shows, showed or will show at a time of os_time_ns. Natively the unit is that of Wine, 100 ns.
 * Windows thread.
 */
uint64_t os_performance_counter( uint64_t time_ns );

#endif /* __WINEKMT_OS_H */
