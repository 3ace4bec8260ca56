/*
 * Fuzz target: sequences of calls of the whole public surface, with raw parameter blocks, on a fake GPU
 *
 * An input is records. The first says what the GPU is like (world_start) and, in its byte 8, whether adapter, device and paging
 * queue are opened beforehand (bit 0 clear), whether the manager's structures are checked after every call (bit 1), or at the end
 * only. Each further record names in two bytes a function or an action below (fuzz_find_name); byte 2 says what is done after a
 * lock; the rest is the parameter block.
 *
 * After every call: its status is one that D3DKMT functions have, a refusal has written nothing, what was created is there,
 * what was locked has the content that it should, a reclaim tells all that was discarded and nothing else was. At the end:
 * everything else that was written is found again, core's structures fit together, and after kmt_shutdown nothing is left.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blocks.h"

#define MAX_RECORDS      256
#define NAMES            (sizeof(actions) / sizeof(actions[0]))
#define EVENT_WAIT_MS    20000

struct action
{
    const char *name;
    void      (*run)( struct fuzz_cursor *cursor );
};

static uint64_t events_due;         /* waits with an event that were accepted */
static bool     check_each_call;

/***********************************************************************
 * After a call
 */

static const char *check_status( const char *name, NTSTATUS status )
{
    static const struct { NTSTATUS status; const char *name; } known[] =
    {
#define KNOWN( status )  { status, #status }
        KNOWN( STATUS_SUCCESS ), KNOWN( STATUS_PENDING ), KNOWN( STATUS_INVALID_PARAMETER ), KNOWN( STATUS_INVALID_HANDLE ),
        KNOWN( STATUS_OBJECT_TYPE_MISMATCH ), KNOWN( STATUS_ACCESS_DENIED ), KNOWN( STATUS_NO_MEMORY ), KNOWN( STATUS_DEVICE_REMOVED ),
        KNOWN( STATUS_BUFFER_TOO_SMALL ), KNOWN( STATUS_NOT_SUPPORTED ), KNOWN( STATUS_NOT_FOUND ),
        KNOWN( STATUS_GRAPHICS_NO_VIDEO_MEMORY ), KNOWN( STATUS_GRAPHICS_DRIVER_MISMATCH ), KNOWN( STATUS_GRAPHICS_ALLOCATION_BUSY ),
        KNOWN( STATUS_UNSUCCESSFUL ), KNOWN( STATUS_GRAPHICS_VAIL_STATE_CHANGED ),
                KNOWN( STATUS_GRAPHICS_TOO_MANY_REFERENCES ), KNOWN( STATUS_GRAPHICS_CANT_EVICT_PINNED_ALLOCATION ),
#ifdef STATUS_ALREADY_INITIALIZED
        KNOWN( STATUS_ALREADY_INITIALIZED ),
#endif
#undef KNOWN
    };
    unsigned int i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) if (known[i].status == status) return known[i].name;
    if (((uint32_t)status & 0xffff0000) == 0xc01e0000) return "STATUS_GRAPHICS_";       /* one of the graphics kernel's own */
    fuzz_fail( "%s: status %#x", name, (unsigned int)status );
}

static bool is_function( const struct call *call, const char *name )
{
    return !strcmp( call->function->name, name );
}

static void check_created( D3DKMT_HANDLE handle, enum object_type type )
{
    struct world_object *object = world_find( handle );

    fuzz_check( object && object->type == type, "%#x was created, but is no object of type %u", handle, type );
}

static void after_create_allocation( const struct call *call, bool second_form )
{
    const D3DKMT_CREATEALLOCATION *p = call->params;
    unsigned int i;

    for (i = 0; i < p->NumAllocations; i++)
        check_created( second_form ? p->pAllocationInfo2[i].hAllocation : p->pAllocationInfo[i].hAllocation, OBJECT_ALLOCATION );
    if (p->hResource) check_created( p->hResource, OBJECT_RESOURCE );
    if (p->hGlobalShare) check_created( p->hGlobalShare, OBJECT_SHARE );
}

/* what: bit 0: write, bit 1: unlock again. */
static void after_lock( D3DKMT_HANDLE device, D3DKMT_HANDLE handle, char *data, uint64_t offset, uint8_t what )
{
    struct world_object *object = world_find( handle );
    struct allocation *allocation;
    bool user;

    fuzz_check( object && object->type == OBJECT_ALLOCATION, "%#x was locked, but is no allocation", handle );
    kmt_lock();
    allocation = LIST_ENTRY( handle_lookup_locked( &kmt_handles, handle, OBJECT_ALLOCATION ), struct allocation, object );
    user = allocation->backing == BACKING_USER;
    fuzz_check( allocation->locks, "%#x was locked, but is not", handle );
    kmt_unlock();
    if (user) return;       /* the program's memory, or addresses that name nothing */
    fuzz_check( !object->locked || object->locked == data - offset, "%#x moved while it was locked", handle );
    object->locked = data - offset;
    world_verify_locked( object );
    if (what & 1) world_write_locked( object );
    if (what & 2)
    {
        D3DKMT_UNLOCK2 unlock = { .hDevice = device, .hAllocation = handle };
        NTSTATUS status = kmt_Unlock2( &unlock );

        fuzz_check( !status, "%#x was locked, and cannot be unlocked: %#x", handle, (unsigned int)status );
        world_note_objects();
    }
}

/* Which allocations the entries of a reclaim stand for: allocation is NULL or one of the resource's. */
static bool entry_has( D3DKMT_HANDLE entry, bool resources, const struct world_object *object )
{
    const struct allocation *allocation;
    bool ret = false;

    if (!resources) return object->handle == entry;
    kmt_lock();
    allocation = (struct allocation *)handle_lookup_locked( &kmt_handles, object->handle, OBJECT_ALLOCATION );
    if (allocation && allocation->resource) ret = allocation->resource->object.handle == entry;
    kmt_unlock();
    return ret;
}

struct reclaim
{
    const D3DKMT_HANDLE *handles;
    bool      resources;
    unsigned int count;
    const UINT *results;    /* NULL: not asked for */
    bool      discarded[WORLD_MAX_OBJECTS];     /* before the call */
};

static struct reclaim reclaim;

static bool describe_reclaim( const struct call *call )
{
    const D3DKMT_RECLAIMALLOCATIONS2 *second = call->params;
    const D3DKMT_RECLAIMALLOCATIONS *first = call->params;
    unsigned int i;

    if (!call->params) return false;
    if (is_function( call, "ReclaimAllocations" ))
    {
        reclaim.resources = !first->HandleList;
        reclaim.handles = first->HandleList ? first->HandleList : first->pResources;
        reclaim.count = first->NumAllocations;
        reclaim.results = (const UINT *)first->pDiscarded;
    }
    else if (is_function( call, "ReclaimAllocations2" ))
    {
        reclaim.resources = !second->HandleList;
        reclaim.handles = second->HandleList ? second->HandleList : second->pResources;
        reclaim.count = second->NumAllocations;
        reclaim.results = (const UINT *)second->pResults;
    }
    else return false;
    for (i = 0; i < world.count; i++)
        reclaim.discarded[i] = world.objects[i].type == OBJECT_ALLOCATION && world_is_discarded( &world.objects[i] );
    return true;
}

/* What is reported as kept must be there; what was discarded must have been reported. */
static void after_reclaim( void )
{
    unsigned int i, entry;

    for (i = 0; i < world.count; i++)
    {
        struct world_object *object = &world.objects[i];

        if (object->type != OBJECT_ALLOCATION) continue;
        for (entry = 0; entry < reclaim.count && entry < 512; entry++)
        {
            if (!entry_has( reclaim.handles[entry], reclaim.resources, object )) continue;
            if (reclaim.results)
            {
                fuzz_check( reclaim.results[entry] <= 2, "a reclaim's result is %u", reclaim.results[entry] );
                fuzz_check( !reclaim.discarded[i] || reclaim.results[entry], "%#x was discarded, and reclaimed as kept", object->handle );
            }
            if (!reclaim.results || reclaim.results[entry]) object->content = KNOWN_NOT;
        }
        if (reclaim.count > 512) object->content = KNOWN_NOT;
        world_verify( object );
    }
}

/* A call that succeeded. */
static void after_success( const struct call *call, uint8_t what, bool is_reclaim )
{
    if (!call->params) return;
    if (is_reclaim) after_reclaim();
    else if (is_function( call, "CreateAllocation" )) after_create_allocation( call, false );
    else if (is_function( call, "CreateAllocation2" )) after_create_allocation( call, true );
    else if (is_function( call, "CreateDevice" )) check_created( ((D3DKMT_CREATEDEVICE *)call->params)->hDevice, OBJECT_DEVICE );
    else if (is_function( call, "CreatePagingQueue" ))
    {
        const D3DKMT_CREATEPAGINGQUEUE *p = call->params;

        check_created( p->hPagingQueue, OBJECT_PAGING_QUEUE );
        check_created( p->hSyncObject, OBJECT_SYNC );
        fuzz_check( !*(const volatile uint64_t *)p->FenceValueCPUVirtualAddress, "a new fence has a value" );
    }
    else if (is_function( call, "OpenAdapterFromLuid" )) check_created( ((D3DKMT_OPENADAPTERFROMLUID *)call->params)->hAdapter,
            OBJECT_ADAPTER );
    else if (is_function( call, "Lock2" ))
    {
        const D3DKMT_LOCK2 *p = call->params;

        after_lock( p->hDevice, p->hAllocation, p->pData, 0, what );
    }
    else if (is_function( call, "Lock" ))
    {
        const D3DKMT_LOCK *p = call->params;

        after_lock( p->hDevice, p->hAllocation, p->pData, p->NumPages && !p->Flags.LockEntire ? p->pPages[0] * 4096ull : 0, what );
    }
    else if (is_function( call, "RegisterTrimNotification" ))
    {
        trim_handles[trim_handle_count % TRIM_HANDLES] = ((D3DKMT_REGISTERTRIMNOTIFICATION *)call->params)->Handle;
        if (trim_handle_count < TRIM_HANDLES - 1) trim_handle_count++;
    }
    else if (is_function( call, "WaitForSynchronizationObjectFromCpu" ))
    {
        if (((D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU *)call->params)->hAsyncEvent) events_due++;
    }
    else if (is_function( call, "QueryVideoMemoryInfo" ))
    {
        const D3DKMT_QUERYVIDEOMEMORYINFO *p = call->params;

        fuzz_check( p->Budget <= 4 * world.largest_heap && p->CurrentUsage <= 4 * world.largest_heap &&
                    p->CurrentReservation <= p->Budget && p->AvailableForReservation == p->Budget / 2,
                    "budget %llu, usage %llu, reservation %llu, available %llu", (unsigned long long)p->Budget,
                    (unsigned long long)p->CurrentUsage, (unsigned long long)p->CurrentReservation,
                    (unsigned long long)p->AvailableForReservation );
    }
}

static void run_function( const struct function *function, uint8_t what, struct fuzz_cursor *cursor )
{
    static struct call call;
    unsigned int failing = what >= 0xf8 ? 1 + fuzz_u8( cursor ) % 8 : 0;
    bool is_reclaim;
    NTSTATUS status;

    /* Room for one more of the largest creations. */
    if (world.count > WORLD_MAX_OBJECTS - MAX_CREATE_COUNT - 64 && !strncmp( function->name, "Create", 6 )) return;
    if (world.count > WORLD_MAX_OBJECTS - 64 && strstr( function->name, "Adapter" )) return;

    call_build( &call, function, cursor );
    is_reclaim = describe_reclaim( &call );
    if (failing) world_fail_memory( failing );
    status = function->function( call.params, call.second );
    world_fail_memory( 0 );
    world_note_objects();
    fuzz_trace( "%s(%u): %s%s", function->name, call.true_count, check_status( function->name, status ), failing
            ? ", memory failing" : "" );
    check_status( function->name, status );

    if (!status || status == STATUS_PENDING) after_success( &call, what & 7, is_reclaim );
    else
    {
        /* It says how much to trim. */
        bool answers = is_function( &call, "MakeResident" ) && status == STATUS_NO_MEMORY;

        fuzz_check( answers || !call_has_written( &call ), "%s: %#x, but it has written", function->name, (unsigned int)status );
        if (answers && !failing)
        {
            const D3DDDI_MAKERESIDENT *p = call.params;

            fuzz_check( !p->NumAllocations && p->NumBytesToTrim, "MakeResident: NO_MEMORY, NumAllocations %u, NumBytesToTrim %llu",
                        p->NumAllocations, (unsigned long long)p->NumBytesToTrim );
        }
    }
    call_free( &call );
    if (check_each_call)
    {
        world_check();
        world_verify_all();
    }
}

/***********************************************************************
 * Actions: what is not a call
 */

static void write_by_gpu( struct fuzz_cursor *cursor )
{
    struct world_object *object = world_pick( OBJECT_ALLOCATION, fuzz_u8( cursor ) );

    if (object) world_write_gpu( object );
}

/* Memory that is locked is where it was, and is written to. */
static void write_by_cpu( struct fuzz_cursor *cursor )
{
    struct world_object *object = world_pick( OBJECT_ALLOCATION, fuzz_u8( cursor ) );
    bool lost = true;
    unsigned int i;

    for (i = 0; object && !object->locked && i < world.count; i++)
        if (world.objects[i].locked) object = &world.objects[i];
    if (!object || !object->locked) return;
    kmt_lock();
    lost = ((struct allocation *)handle_lookup_locked( &kmt_handles, object->handle, OBJECT_ALLOCATION ))->device->vidmm->lost;
    kmt_unlock();
    if (!lost) world_verify_locked( object );
    world_write_locked( object );
}

static void write_everything( struct fuzz_cursor *cursor )
{
    unsigned int i;

    (void)cursor;
    for (i = 0; i < world.count; i++) if (world.objects[i].type == OBJECT_ALLOCATION) world_write_gpu( &world.objects[i] );
}

static void fail_gpu( struct fuzz_cursor *cursor )
{
    static const enum fake_gpu_call calls[] =
    {
        FAKE_GPU_ALLOCATE, FAKE_GPU_ALLOCATE, FAKE_GPU_MAP, FAKE_GPU_COPY, FAKE_GPU_READ, FAKE_GPU_WRITE, FAKE_GPU_IMPORT, FAKE_GPU_ENUM,
        FAKE_GPU_OPEN, FAKE_GPU_CALLS
    };
    static const enum gpu_result results[] =
    {
        GPU_OUT_OF_DEVICE_MEMORY, GPU_OUT_OF_DEVICE_MEMORY, GPU_OUT_OF_HOST_MEMORY, GPU_FAILED, GPU_SUCCESS
    };
    uint8_t which = fuzz_u8( cursor ), nth = fuzz_u8( cursor ), how = fuzz_u8( cursor );
    enum gpu_result result = how >= 0xf0 ? GPU_DEVICE_LOST : results[how % (sizeof(results) / sizeof(results[0]))];

    fake_gpu_fail( calls[which % (sizeof(calls) / sizeof(calls[0]))], 1 + (nth & 15), result, nth >= 0xc0 );
}

static uint64_t some_bytes( struct fuzz_cursor *cursor )
{
    uint8_t how = fuzz_u8( cursor );

    return how < 0x20 ? 0 : how >= 0xe0 ? UINT64_MAX : (uint64_t)how << 13;
}

static void set_budget( struct fuzz_cursor *cursor )
{
    uint8_t heap = fuzz_u8( cursor );

    fake_gpu_set_budget( heap % 3, some_bytes( cursor ) );
    if (heap & 0x80) world_advance_time( 120 * 1000000ull );
}

static void set_foreign_usage( struct fuzz_cursor *cursor )
{
    uint8_t heap = fuzz_u8( cursor ), how = fuzz_u8( cursor );

    fake_gpu_set_foreign_usage( heap % 3, how < 0x60 ? 0 : (uint64_t)how << 13 );
    if (heap & 0x80) world_advance_time( 120 * 1000000ull );
}

static void set_capacity( struct fuzz_cursor *cursor )
{
    uint8_t heap = fuzz_u8( cursor );

    fake_gpu_set_capacity( heap % 3, some_bytes( cursor ) );
}

static void lose_gpu( struct fuzz_cursor *cursor )
{
    if (fuzz_u8( cursor ) < 0x80) fake_gpu_lose( NULL );
}

static void pass_time( struct fuzz_cursor *cursor )
{
    uint8_t how = fuzz_u8( cursor );

    world_advance_time( (how & 0x3f) * 20 * 1000000ull );
    /* What slept till then gets a turn. */
    if (how & 0x40) usleep( 1200 );
    else sched_yield();
}

static void come_to_rest( struct fuzz_cursor *cursor )
{
    (void)cursor;
    world_check_at_rest();
}

static void verify_everything( struct fuzz_cursor *cursor )
{
    (void)cursor;
    world_check();
    world_verify_all();
}

/* What this library does not have says so, and writes nothing. */
static void call_refused( struct fuzz_cursor *cursor )
{
    const struct refused_function *function = &refused_functions[fuzz_u16( cursor ) % refused_function_count];
    static struct call call;
    NTSTATUS status;

    status = function->function( build_refused( &call, cursor ), 0 );
    fuzz_trace( "%s: %s", function->name, check_status( function->name, status ) );
    check_status( function->name, status );
    fuzz_check( !call_has_written( &call ), "%s: %#x, but it has written", function->name, (unsigned int)status );
    call_free( &call );
}

static const struct action actions[] =
{
    { "*write by GPU", write_by_gpu },
    { "*write by CPU", write_by_cpu },
    { "*write everything", write_everything },
    { "*fail GPU", fail_gpu },
    { "*budget", set_budget },
    { "*foreign usage", set_foreign_usage },
    { "*capacity", set_capacity },
    { "*lose GPU", lose_gpu },
    { "*pass time", pass_time },
    { "*rest", come_to_rest },
    { "*verify", verify_everything },
    { "*refused", call_refused },
};

/* The names of both, functions first. */
static const char **all_names( unsigned int *count )
{
    static const char **names;
    unsigned int i;

    *count = function_count + NAMES;
    if (names) return names;
    if (!(names = malloc( *count * sizeof(*names) ))) abort();
    for (i = 0; i < function_count; i++) names[i] = functions[i].name;
    for (i = 0; i < NAMES; i++) names[function_count + i] = actions[i].name;
    return names;
}

/***********************************************************************
 * The target
 */

int LLVMFuzzerInitialize( int *argc, char ***argv )
{
    unsigned int i;

    (void)argc;
    (void)argv;
    for (i = 0; i < function_count; i++)
        fuzz_check( functions[i].build,
                "D3DKMT%s is of kind core, but tests/fuzz/blocks.c has no BUILD( %s, ... ): describe its block there",
                    functions[i].name, functions[i].name );
    world_init();
    return 0;
}

/* Every wait with an event is over, now that its device is gone. */
static void check_events( void )
{
    struct pollfd wait = { .fd = event_descriptor(), .events = POLLIN };
    uint64_t count;

    while (events_due)
    {
        fuzz_check( poll( &wait, 1, EVENT_WAIT_MS ) == 1, "%llu waits with an event never ended", (unsigned long long)events_due );
        if (read( wait.fd, &count, sizeof(count) ) != sizeof(count)) continue;
        fuzz_check( count <= events_due, "an event was set %llu times, not %llu", (unsigned long long)count,
                (unsigned long long)events_due );
        events_due -= count;
    }
}

int LLVMFuzzerTestOneInput( const uint8_t *data, size_t size )
{
    size_t count = size / FUZZ_RECORD, i;
    struct fuzz_cursor cursor;
    const char **names;
    unsigned int name_count;

    if (!count) return 0;
    if (count > MAX_RECORDS) count = MAX_RECORDS;
    names = all_names( &name_count );
    fuzz_cursor_init( &cursor, data, FUZZ_RECORD );
    world_start( &cursor );
    trim_handle_count = 0;
    check_each_call = data[8] & 2;
    if (!(data[8] & 1)) world_open();
    for (i = 1; i < count; i++)
    {
        const uint8_t *record = data + i * FUZZ_RECORD;
        unsigned int name = fuzz_find_name( names, name_count, record[0] | record[1] << 8 );

        fuzz_cursor_init( &cursor, record + 3, FUZZ_RECORD - 3 );
        if (name < function_count) run_function( &functions[name], record[2], &cursor );
        else
        {
            fuzz_trace( "%s", names[name] );
            actions[name - function_count].run( &cursor );
        }
    }
    world_check_at_rest();
    world_finish();
    check_events();
    return 0;
}

void fuzz_new_record( uint8_t *data, uint64_t random )
{
    /* Some make all the others possible. */
    static const char *const often[] =
    {
        "CreateAllocation2", "CreateAllocation2", "CreateAllocation", "OfferAllocations", "ReclaimAllocations2",
                "ReclaimAllocations", "Lock2",
        "MakeResident", "MakeResident", "Evict", "*write everything", "*pass time"
    };
    unsigned int count;
    const char **names = all_names( &count ), *name = names[random % count];
    uint16_t code;

    if (random >> 16 & 1) name = often[(random >> 20) % (sizeof(often) / sizeof(often[0]))];
    code = fuzz_name_code( name );
    data[0] = code;
    data[1] = code >> 8;
}

/***********************************************************************
 * Seeds: each kind of GPU with a walk through everything, and some longer stories
 */

static size_t add_record( uint8_t *data, size_t size, const char *name, uint64_t *state )
{
    uint16_t code = fuzz_name_code( name );
    unsigned int i;

    /* Small numbers: live handles, short lists, no odd flags. */
    for (i = 0; i < FUZZ_RECORD; i++) data[size + i] = fuzz_random( state ) % 0x30;
    data[size] = code;
    data[size + 1] = code >> 8;
    return size + FUZZ_RECORD;
}

size_t fuzz_seed( unsigned int n, uint8_t *data, size_t max_size )
{
    static const char *const stories[][12] =
    {
        { "CreateAllocation2", "*write everything", "OfferAllocations", "CreateAllocation2", "ReclaimAllocations2", "Lock2", "Unlock2" },
        { "CreateAllocation2", "*write everything", "MakeResident", "Evict", "CreateAllocation", "*pass time", "MakeResident", "Lock",
          "Unlock", "WaitForSynchronizationObjectFromCpu" },
        { "CreateAllocation2", "Lock2", "*write everything", "*budget", "*pass time", "ReclaimAllocations",
                "UpdateAllocationProperty", "*rest",
          "QueryVideoMemoryInfo" },
        { "CreateAllocation", "OfferAllocations", "TrimProcessCommitment", "QueryProcessOfferInfo", "ReclaimAllocations",
                "DestroyAllocation2",
          "CreateDevice", "*lose GPU", "Lock2", "EnumAdapters2", "CreateDevice" },
        { "RegisterTrimNotification", "CreateAllocation2", "MakeResident", "*budget", "*pass time", "*fail GPU", "MakeResident",
          "UnregisterTrimNotification" },
    };
    uint64_t state = n + 1;
    unsigned int count, i, turn;
    const char **names = all_names( &count );
    size_t size = FUZZ_RECORD;

    if (n >= 24 || max_size < 4096 + FUZZ_RECORD) return 0;
    memset( data, 0, FUZZ_RECORD );
    data[0] = n;                /* kind of GPU */
    data[1] = n * 5;            /* its sizes */
    data[2] = n & 8 ? 1 : 0xff; /* limit */
    data[8] = n & 4 ? 2 : 0;
    if (n < 8) for (i = 0; i < count; i++) size = add_record( data, size, names[i], &state );
    else for (turn = 0; turn < 5; turn++)
        for (i = 0; i < 12 && stories[n % 5][i]; i++) size = add_record( data, size, stories[n % 5][i], &state );
    return size;
}
