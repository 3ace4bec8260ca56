/*
 * What the implementations of os.h share; included by os_*.c only
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_OS_PRIVATE_H
#define __WINEKMT_OS_PRIVATE_H

#include "os/os.h"

/***********************************************************************
 *           os_environment_limit
 *
 * WINEKMT_VIDEO_MEMORY_SIZE in bytes. false: not set, empty, or nonsense, which is logged; *bytes is not written then.
 */
bool os_environment_limit( uint64_t *bytes );

/***********************************************************************
 *           os_hash_process
 *
 * A process key of a process id and of what it is unique in: the device and inode of a file, and a word that says of
 * what kind that is. Not 0. No system call.
 */
uint64_t os_hash_process( uint64_t kind, uint64_t dev, uint64_t ino, uint64_t id );

/***********************************************************************
 *           os_files_root
 *
 * What stands before the paths of sys and proc: WINEKMT_SENSORS_ROOT, for tests, else "". No system call.
 */
const char *os_files_root( void );

/***********************************************************************
 *           os_read_available_memory
 *
 * Bytes that this process could take without swapping, and without its being killed: what the machine has, and what the limits of its cgroup (a
 * container's) and of those above it leave, where files that were not used lately count as free. UINT64_MAX: nobody says.
 * Cost: three files, and three for each cgroup with a limit.
 */
uint64_t os_read_available_memory( void );

#endif /* __WINEKMT_OS_PRIVATE_H */
