/*
 * kmt-top: whether a terminal is of any use
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __KMT_TOP_TERMINAL_H
#define __KMT_TOP_TERMINAL_H

#include <stdbool.h>

/* Whether TERM names a terminal that is known and whose cursor can be moved. ncurses would end the program for an unknown one. */
bool terminal_usable(void);

#endif /* __KMT_TOP_TERMINAL_H */
