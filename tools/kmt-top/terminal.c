/*
 * kmt-top: whether a terminal is of any use. A file of its own, because term.h defines macros with names that everyone uses
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdbool.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "terminal.h"

bool terminal_usable(void)
{
    const char *cup;
    int error;

    if (setupterm( NULL, STDOUT_FILENO, &error ) != OK) return false;
    cup = tigetstr( "cup" );
    del_curterm( cur_term );
    return cup && cup != (const char *)-1;
}
