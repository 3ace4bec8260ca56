/*
 * What is not implemented: which status which call gets
 *
 * A function of the kinds stock and refuse has a rule in functions.list, which says where its parameter block names an object, and of
 * which kind. A program that passes nonsense is told so, as Windows would; one whose call makes sense is told that the
 * function is not there. Objects that no function here makes (contexts, hardware queues, overlays, protected sessions and others)
 * cannot be named by any handle, so what wants one has a status without a look at the rest.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/core.h"

enum rule
{
    RULE_NO_RULE,           /* the function is implemented */
    RULE_UNKNOWN,           /* nobody says what it takes: only NULL is told from the rest, and nothing is read */
    RULE_NONE,              /* it takes nothing */
    RULE_BLOCK,             /* a parameter block that names nothing */
    RULE_ABSENT,            /* at offset the handle of something that there are none of */
    RULE_NTHANDLE,          /* the NT handle of something that there are none of */
    RULE_POINTER,           /* a pointer that must not be NULL */
    RULE_DEVICE,            /* a handle each */
    RULE_ADAPTER,
    RULE_ADAPTER_OR_0,
    RULE_QUEUE,
    RULE_RESOURCE,
    RULE_SHARE,
    RULE_LUID,              /* an adapter's */
    RULE_ADAPTER_VALUE,     /* the argument is not a block but the handle itself */
    RULE_PROCESS_VALUE,
};

static const struct
{
    uint8_t  rule;
    uint16_t offset;        /* bytes from the start of the block */
    NTSTATUS status;        /* when there is nothing wrong with the call */
}
rules[kmt_function_count] =
{
#define KMT_CORE( name, type )
#define KMT_THREAD( name, type )
#define KMT_STOCK( name, status )
#define KMT_REFUSE( name, status )
#define KMT_RULE( name, rule, offset, status )  [function_##name] = { RULE_##rule, offset, status },
#include "kmt_functions.h"
};

static NTSTATUS check_handle( D3DKMT_HANDLE handle, enum rule rule )
{
    NTSTATUS status = STATUS_SUCCESS;
    struct adapter *adapter;
    struct device *device;

    if (is_stock_handle( handle )) return KMT_STATUS_STOCK;
    kmt_lock();
    switch (rule)
    {
    case RULE_DEVICE:
        status = get_device_locked( handle, &device );
        break;
    case RULE_ADAPTER:
        status = get_kept_adapter_locked( handle, &adapter );
        break;
    case RULE_QUEUE:
        if (!handle_lookup_locked( &kmt_handles, handle, OBJECT_PAGING_QUEUE )) status = STATUS_INVALID_PARAMETER;
        break;
    case RULE_RESOURCE:
        if (!handle_lookup_locked( &kmt_handles, handle, OBJECT_RESOURCE )) status = STATUS_INVALID_PARAMETER;
        break;
    case RULE_SHARE:
        if (!handle_lookup_locked( &kmt_handles, handle, OBJECT_SHARE )) status = STATUS_INVALID_PARAMETER;
        break;
    default:
        status = STATUS_INVALID_PARAMETER;
    }
    kmt_unlock();
    return status;
}

static NTSTATUS check_luid( LUID luid )
{
    struct kmt_gpu *gpu;

    if (!luid.LowPart && !luid.HighPart) return STATUS_INVALID_PARAMETER;
    /* Stock Wine is not asked: it opens any LUID, and an adapter without a GPU behind it would mislead. */
    return find_gpu_by_luid( luid, &gpu );
}

NTSTATUS kmt_refuse( const struct kmt_refusal *refusal )
{
    enum kmt_function function = refusal->function;
    const char *argument = refusal->argument, *field;
    NTSTATUS status = STATUS_SUCCESS;
    D3DKMT_HANDLE handle;
    const void *pointer;
    enum rule rule;
    bool self;
    LUID luid;

    assert( function < kmt_function_count && rules[function].rule != RULE_NO_RULE );
    rule = rules[function].rule;
    if (rule == RULE_NONE) return rules[function].status;
    if (!argument) return STATUS_INVALID_PARAMETER;
    field = argument + rules[function].offset;
    switch (rule)
    {
    case RULE_UNKNOWN:
        break;
    case RULE_BLOCK:
        (void)*(const volatile char *)argument;     /* faults when there is nothing */
        break;
    case RULE_POINTER:
        memcpy( &pointer, field, sizeof(pointer) );
        if (!pointer) status = STATUS_INVALID_PARAMETER;
        break;
    case RULE_NTHANDLE:
        (void)*(const volatile char *)field;
        status = STATUS_INVALID_HANDLE;
        break;
    case RULE_LUID:
        memcpy( &luid, field, sizeof(luid) );
        status = check_luid( luid );
        break;
    case RULE_PROCESS_VALUE:
        status = os_check_process( (HANDLE)argument, OS_PROCESS_SET_INFORMATION, &self );
        break;
    case RULE_ADAPTER_VALUE:
        status = check_handle( (uintptr_t)argument, RULE_ADAPTER );
        break;
    case RULE_ADAPTER_OR_0:
        memcpy( &handle, field, sizeof(handle) );
        if (handle) status = check_handle( handle, RULE_ADAPTER );
        break;
    default:
        memcpy( &handle, field, sizeof(handle) );
        status = check_handle( handle, rule );
        break;
    }
    return status ? status : rules[function].status;
}
