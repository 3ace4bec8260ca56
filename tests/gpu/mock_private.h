/*
 * What the files of the mock libvulkan.so.1 share
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_MOCK_PRIVATE_H
#define __WINEKMT_TESTS_MOCK_PRIVATE_H

#include <stdint.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

/* What the caller does wrong ends the program. */
#define must( condition ) do { if (!(condition)) mock_fail( __FILE__, __LINE__, #condition ); } while (0)
void __attribute__((noreturn)) mock_fail( const char *file, int line, const char *what );

/* Whether MOCK_VULKAN has that word. */
int mock_mode( const char *word );

/* At the beginning of every call on a device that can fail. */
VkResult mock_begin( void );
#define BEGIN()  do { VkResult result_ = mock_begin(); if (result_) return result_; } while (0)

/* mock_clock.c */
void mock_fill_pci( VkPhysicalDevicePCIBusInfoPropertiesEXT *pci );
VKAPI_ATTR __typeof__( *(PFN_vkGetPhysicalDeviceFeatures2)0 ) mock_vkGetPhysicalDeviceFeatures2;
VKAPI_ATTR __typeof__( *(PFN_vkGetPhysicalDeviceCalibrateableTimeDomainsEXT)0 ) mock_vkGetPhysicalDeviceCalibrateableTimeDomainsEXT;
VKAPI_ATTR __typeof__( *(PFN_vkGetCalibratedTimestampsEXT)0 ) mock_vkGetCalibratedTimestampsEXT;

#endif /* __WINEKMT_TESTS_MOCK_PRIVATE_H */
