/*
 * For tests that look for leaks
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_PIN_LIBRARIES_H
#define __WINEKMT_TESTS_PIN_LIBRARIES_H

/***********************************************************************
 *           pin_libraries
 *
 * Keeps every library that is loaded now from being unloaded. Vulkan drivers and layers have memory that only their own
 * variables point to, one a process; when the loader unloads them it looks like a leak from an unknown place.
 * To be called while an instance exists, after gpu_enum_adapters for example.
 */
void pin_libraries(void);

#endif /* __WINEKMT_TESTS_PIN_LIBRARIES_H */
