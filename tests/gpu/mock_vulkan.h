/*
 * Controls of mock_vulkan.c, for a program that got it as its libvulkan.so.1: looked up by dlsym
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_MOCK_VULKAN_H
#define __WINEKMT_TESTS_MOCK_VULKAN_H

#include <stdint.h>

/* The nth (1: the next) call on a device that can fail answers result, a VkResult, and does nothing; with persistent all from
 * there on. 0: none. VK_ERROR_DEVICE_LOST loses the device. */
void mock_vulkan_fail( unsigned int nth, int result, int persistent );

/* How many calls failed since mock_vulkan_fail. */
unsigned int mock_vulkan_hits( void );

/* The GPU hangs at the nth submission from now on, until somebody waits for a second time. 0: it does not. */
void mock_vulkan_hang( unsigned int nth );

/* Bytes that can be allocated in one piece, but for imports: more is VK_ERROR_OUT_OF_DEVICE_MEMORY. 0: any. */
void mock_vulkan_limit( uint64_t largest );

/* Submissions since the library was loaded. */
unsigned int mock_vulkan_submits( void );

/* What vkCmdCopyBuffer recorded and was run, since the library was loaded. */
unsigned int mock_vulkan_copies( void );

/* The most submissions that were made and not waited for, at any time since the last call of this. */
unsigned int mock_vulkan_most_pending( void );

/* Waits of 10 s for what hangs, since the library was loaded; they do not last so long here. */
unsigned int mock_vulkan_timeouts( void );

#endif /* __WINEKMT_TESTS_MOCK_VULKAN_H */
