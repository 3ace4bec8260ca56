/*
 * A folder of files in place of /sys and /proc, for os/os_sensors.c and os/os_memory.c (WINEKMT_SENSORS_ROOT)
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_SENSOR_TREE_H
#define __WINEKMT_TESTS_SENSOR_TREE_H

#include <stdbool.h>

/* One at a time. All return false, with errno, when the file system refuses. */

/* Makes an empty folder below /tmp and lets the environment name it. */
bool sensor_tree_create(void);

/* A file, with the folders that lead to it. content NULL: takes the file away, which must be there. */
bool sensor_tree_write( const char *name, const char *content );

/* Takes a folder of the tree away, "" the tree itself. */
bool sensor_tree_remove( const char *name );

#endif /* __WINEKMT_TESTS_SENSOR_TREE_H */
