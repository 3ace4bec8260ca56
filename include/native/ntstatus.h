/*
 * The status codes that winekmt answers or passes on, for the native build
 *
 * tests/abi compares every value with mingw's <ntstatus.h>.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_NATIVE_NTSTATUS_H
#define __WINEKMT_NATIVE_NTSTATUS_H

#include "windef.h"

#define STATUS_SUCCESS                                      ((NTSTATUS)0x00000000)
#define STATUS_WAIT_0                                       ((NTSTATUS)0x00000000)
#define STATUS_ABANDONED_WAIT_0                             ((NTSTATUS)0x00000080)
#define STATUS_USER_APC                                     ((NTSTATUS)0x000000c0)
#define STATUS_ALERTED                                      ((NTSTATUS)0x00000101)
#define STATUS_TIMEOUT                                      ((NTSTATUS)0x00000102)
#define STATUS_PENDING                                      ((NTSTATUS)0x00000103)
#define STATUS_OBJECT_NAME_EXISTS                           ((NTSTATUS)0x40000000)
#define STATUS_DATATYPE_MISALIGNMENT                        ((NTSTATUS)0x80000002)
#define STATUS_BUFFER_OVERFLOW                              ((NTSTATUS)0x80000005)
#define STATUS_NO_MORE_ENTRIES                              ((NTSTATUS)0x8000001a)

#define STATUS_UNSUCCESSFUL                                 ((NTSTATUS)0xc0000001)
#define STATUS_NOT_IMPLEMENTED                              ((NTSTATUS)0xc0000002)
#define STATUS_INVALID_INFO_CLASS                           ((NTSTATUS)0xc0000003)
#define STATUS_INFO_LENGTH_MISMATCH                         ((NTSTATUS)0xc0000004)
#define STATUS_ACCESS_VIOLATION                             ((NTSTATUS)0xc0000005)
#define STATUS_INVALID_HANDLE                               ((NTSTATUS)0xc0000008)
#define STATUS_INVALID_PARAMETER                            ((NTSTATUS)0xc000000d)
#define STATUS_NO_SUCH_DEVICE                               ((NTSTATUS)0xc000000e)
#define STATUS_INVALID_DEVICE_REQUEST                       ((NTSTATUS)0xc0000010)
#define STATUS_NO_MEMORY                                    ((NTSTATUS)0xc0000017)
#define STATUS_CONFLICTING_ADDRESSES                        ((NTSTATUS)0xc0000018)
#define STATUS_ILLEGAL_INSTRUCTION                          ((NTSTATUS)0xc000001d)
#define STATUS_ACCESS_DENIED                                ((NTSTATUS)0xc0000022)
#define STATUS_BUFFER_TOO_SMALL                             ((NTSTATUS)0xc0000023)
#define STATUS_OBJECT_TYPE_MISMATCH                         ((NTSTATUS)0xc0000024)
#define STATUS_NOT_COMMITTED                                ((NTSTATUS)0xc000002d)
#define STATUS_INVALID_PARAMETER_MIX                        ((NTSTATUS)0xc0000030)
#define STATUS_OBJECT_NAME_INVALID                          ((NTSTATUS)0xc0000033)
#define STATUS_OBJECT_NAME_NOT_FOUND                        ((NTSTATUS)0xc0000034)
#define STATUS_OBJECT_NAME_COLLISION                        ((NTSTATUS)0xc0000035)
#define STATUS_OBJECT_PATH_NOT_FOUND                        ((NTSTATUS)0xc000003a)
#define STATUS_REVISION_MISMATCH                            ((NTSTATUS)0xc0000059)
#define STATUS_QUOTA_EXCEEDED                               ((NTSTATUS)0xc0000044)
#define STATUS_MUTANT_NOT_OWNED                             ((NTSTATUS)0xc0000046)
#define STATUS_SEMAPHORE_LIMIT_EXCEEDED                     ((NTSTATUS)0xc0000047)
#define STATUS_PRIVILEGE_NOT_HELD                           ((NTSTATUS)0xc0000061)
#define STATUS_PROCEDURE_NOT_FOUND                          ((NTSTATUS)0xc000007a)
#define STATUS_INTEGER_OVERFLOW                             ((NTSTATUS)0xc0000095)
#define STATUS_PRIVILEGED_INSTRUCTION                       ((NTSTATUS)0xc0000096)
#define STATUS_INSUFFICIENT_RESOURCES                       ((NTSTATUS)0xc000009a)
#define STATUS_DEVICE_NOT_READY                             ((NTSTATUS)0xc00000a3)
#define STATUS_IO_TIMEOUT                                   ((NTSTATUS)0xc00000b5)
#define STATUS_NOT_SUPPORTED                                ((NTSTATUS)0xc00000bb)
#define STATUS_INTERNAL_ERROR                               ((NTSTATUS)0xc00000e5)
#define STATUS_INVALID_USER_BUFFER                          ((NTSTATUS)0xc00000e8)
#define STATUS_INVALID_PARAMETER_1                          ((NTSTATUS)0xc00000ef)
#define STATUS_INVALID_PARAMETER_2                          ((NTSTATUS)0xc00000f0)
#define STATUS_CANCELLED                                    ((NTSTATUS)0xc0000120)
#define STATUS_TOO_MANY_OPENED_FILES                        ((NTSTATUS)0xc000011f)
#define STATUS_COMMITMENT_LIMIT                             ((NTSTATUS)0xc000012d)
#define STATUS_DLL_NOT_FOUND                                ((NTSTATUS)0xc0000135)
#define STATUS_ENTRYPOINT_NOT_FOUND                         ((NTSTATUS)0xc0000139)
#define STATUS_PROCESS_IS_TERMINATING                       ((NTSTATUS)0xc000010a)
#define STATUS_NOT_FOUND                                    ((NTSTATUS)0xc0000225)
#define STATUS_RETRY                                        ((NTSTATUS)0xc000022d)
#define STATUS_DEVICE_REMOVED                               ((NTSTATUS)0xc00002b6)

#define STATUS_GRAPHICS_NOT_EXCLUSIVE_MODE_OWNER            ((NTSTATUS)0xc01e0000)
#define STATUS_GRAPHICS_INSUFFICIENT_DMA_BUFFER             ((NTSTATUS)0xc01e0001)
#define STATUS_GRAPHICS_INVALID_DISPLAY_ADAPTER             ((NTSTATUS)0xc01e0002)
#define STATUS_GRAPHICS_ADAPTER_WAS_RESET                   ((NTSTATUS)0xc01e0003)
#define STATUS_GRAPHICS_INVALID_DRIVER_MODEL                ((NTSTATUS)0xc01e0004)
#define STATUS_GRAPHICS_PRESENT_MODE_CHANGED                ((NTSTATUS)0xc01e0005)
#define STATUS_GRAPHICS_PRESENT_OCCLUDED                    ((NTSTATUS)0xc01e0006)
#define STATUS_GRAPHICS_PRESENT_DENIED                      ((NTSTATUS)0xc01e0007)
#define STATUS_GRAPHICS_CANNOTCOLORCONVERT                  ((NTSTATUS)0xc01e0008)
#define STATUS_GRAPHICS_DRIVER_MISMATCH                     ((NTSTATUS)0xc01e0009)
/* missing in mingw's header of some versions; tests/abi says so when it could not compare it */
#define STATUS_GRAPHICS_VAIL_STATE_CHANGED                  ((NTSTATUS)0xc01e0011)
#define STATUS_GRAPHICS_NO_VIDEO_MEMORY                     ((NTSTATUS)0xc01e0100)
#define STATUS_GRAPHICS_CANT_LOCK_MEMORY                    ((NTSTATUS)0xc01e0101)
#define STATUS_GRAPHICS_ALLOCATION_BUSY                     ((NTSTATUS)0xc01e0102)
#define STATUS_GRAPHICS_TOO_MANY_REFERENCES                 ((NTSTATUS)0xc01e0103)
#define STATUS_GRAPHICS_TRY_AGAIN_LATER                     ((NTSTATUS)0xc01e0104)
#define STATUS_GRAPHICS_TRY_AGAIN_NOW                       ((NTSTATUS)0xc01e0105)
#define STATUS_GRAPHICS_ALLOCATION_INVALID                  ((NTSTATUS)0xc01e0106)
#define STATUS_GRAPHICS_UNSWIZZLING_APERTURE_UNAVAILABLE    ((NTSTATUS)0xc01e0107)
#define STATUS_GRAPHICS_UNSWIZZLING_APERTURE_UNSUPPORTED    ((NTSTATUS)0xc01e0108)
#define STATUS_GRAPHICS_CANT_EVICT_PINNED_ALLOCATION        ((NTSTATUS)0xc01e0109)
#define STATUS_GRAPHICS_INVALID_ALLOCATION_USAGE            ((NTSTATUS)0xc01e0110)
#define STATUS_GRAPHICS_CANT_RENDER_LOCKED_ALLOCATION       ((NTSTATUS)0xc01e0111)
#define STATUS_GRAPHICS_ALLOCATION_CLOSED                   ((NTSTATUS)0xc01e0112)
#define STATUS_GRAPHICS_INVALID_ALLOCATION_INSTANCE         ((NTSTATUS)0xc01e0113)
#define STATUS_GRAPHICS_INVALID_ALLOCATION_HANDLE           ((NTSTATUS)0xc01e0114)
#define STATUS_GRAPHICS_WRONG_ALLOCATION_DEVICE             ((NTSTATUS)0xc01e0115)
#define STATUS_GRAPHICS_ALLOCATION_CONTENT_LOST             ((NTSTATUS)0xc01e0116)
#define STATUS_GRAPHICS_GPU_EXCEPTION_ON_DEVICE             ((NTSTATUS)0xc01e0200)
#define STATUS_GRAPHICS_VIDPN_SOURCE_IN_USE                 ((NTSTATUS)0xc01e0342)

#endif /* __WINEKMT_NATIVE_NTSTATUS_H */
