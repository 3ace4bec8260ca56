/*
 * What the files of core share: the lock, objects and handles
 *
 * There is one lock, kmt_lock. It protects the handle table, every object and the bookkeeping of every video memory
 * manager. Uncontended it costs some 15 ns a call, less than any finer scheme would need for the two or three locks in its
 * place. It is never held during a Vulkan call, a call into os.h (the ledger excepted, see share.c), an access to the caller's memory, or a copy or clearing
 * of an allocation's content. Names ending in _locked want it held; those that may drop it on the way say so.
 *
 * Whoever drops the lock in the middle of an operation first does one of two things with the objects it goes on to use:
 * takes a reference (object_grab) when they must go on to exist, or also sets allocation.busy when their memory must not
 * change under it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_CORE_H
#define __WINEKMT_CORE_H

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kmt.h"
#include "core/list.h"
#include "gpu/gpu.h"
#include "os/ledger.h"
#include "os/os.h"
#include "os/sensors.h"

#define PAGE_SIZE 4096u

/* The limits of WSL; Windows' own are not public (the uapi header of its dxgkrnl driver). */
#define MAX_CREATE_COUNT  1024u     /* allocations a create or destroy call */
#define MAX_LIST_COUNT    10240u    /* entries an offer or reclaim call */

void kmt_lock( void );
void kmt_unlock( void );

/* Waits, with the lock dropped meanwhile, until kmt_wake_locked or until deadline (os_time_ns; UINT64_MAX: none).
 * false: the deadline has passed. Like every condition variable it may also return for no reason. */
bool kmt_wait_locked( uint64_t deadline );
void kmt_wake_locked( void );
/* The same for a change that no fence depends on, such as an allocation that is not busy any more: a wait for a long list of copies is not
 * woken by each. */
void kmt_wake_idle_locked( void );
/* kmt_wait_locked without a deadline, for waits for fences. */
void kmt_wait_fence_locked( void );

/* The same with a condition of the caller's. */
bool kmt_wait_on_locked( struct os_condition *condition, uint64_t deadline );

enum object_type
{
    OBJECT_NONE,
    OBJECT_ADAPTER,
    OBJECT_DEVICE,
    OBJECT_RESOURCE,
    OBJECT_ALLOCATION,
    OBJECT_PAGING_QUEUE,
    OBJECT_SYNC,            /* a synchronisation object: so far only the fence of a paging queue */
    OBJECT_SHARE,           /* the global handle of a shared resource */
};

/* What every object starts with. All fields: under the lock. */
struct object
{
    D3DKMT_HANDLE handle;   /* 0: not in the table (yet, or any more) */
    uint32_t      refs;     /* 1 for the table, 1 for each operation that goes on with it after dropping the lock */
    uint8_t       type;     /* enum object_type */
};

/***********************************************************************
 * Handles (handle.c): bits 0-5: 0 local, 2 global; bits 6-29: index; bits 30-31: binary 10 or 11.
 *
 * The index counts up through all of its range before it starts again with the other value of bits 30-31, so successive
 * handles step by 0x40 and a stale handle names nothing for 2^25 creations.
 */
#define HANDLE_INDEX_BITS  24

struct handle_table
{
    struct handle_chunk **chunks;   /* made when first needed, freed when empty */
    uint32_t chunk_count;           /* elements of chunks */
    uint32_t capacity;              /* handles at most; a power of two */
    uint32_t next;                  /* where the search for a free index starts; counts through two capacities */
    uint32_t live;                  /* handles in use */
};

/* index_bits: 2^index_bits handles at most; HANDLE_INDEX_BITS, or less in a test. false: no memory. */
bool handle_table_init( struct handle_table *table, unsigned int index_bits );
void handle_table_finish( struct handle_table *table );

/* Gives the object a handle; the reference that its maker has (refs 1) is the table's from now on. false: the table is
 * full, or no memory; nothing happened. O(1) unless nearly full. */
bool handle_insert_locked( struct handle_table *table, struct object *object, enum object_type type, bool global );

#define CHUNK_BITS   12
#define CHUNK_SIZE   (1u << CHUNK_BITS)

struct handle_chunk
{
    uint32_t live;      /* non-NULL objects */
    struct object *objects[CHUNK_SIZE];
};

static inline uint32_t handle_index( D3DKMT_HANDLE handle )
{
    return handle >> 6 & ((1u << HANDLE_INDEX_BITS) - 1);
}

/* The object behind a handle, or NULL when it names nothing, or something of another type. O(1). Here because long lists call it for
 * every entry. */
static inline struct object *handle_lookup_locked( const struct handle_table *table, D3DKMT_HANDLE handle, enum object_type type )
{
    uint32_t index = handle_index( handle );
    struct handle_chunk *chunk;
    struct object *object;

    if (index >= table->capacity || !(chunk = table->chunks[index >> CHUNK_BITS])) return NULL;
    object = chunk->objects[index & (CHUNK_SIZE - 1)];
    if (!object || object->handle != handle || object->type != type) return NULL;
    return object;
}

/* Takes the object out of the table; its reference stays with the caller. */
void handle_remove_locked( struct handle_table *table, struct object *object );

extern struct handle_table kmt_handles;

/* Writes to the caller's memory what stands there already, before anything is made: a fault comes now, and not when there
 * are results to lose. */
static inline void probe_write( void *pointer )
{
    volatile uint32_t *word = pointer;

    *word = *word;
}

static inline void probe_write_array( void *array, size_t size )
{
    size_t offset;

    if (!array || !size) return;
    for (offset = 0; offset < size; offset += PAGE_SIZE) probe_write( (char *)array + offset );
    probe_write( (char *)array + size - sizeof(uint32_t) );
}

/* The same for memory that is only read, where a fault must not come later. */
static inline void probe_read_array( const void *array, size_t size )
{
    size_t offset;

    if (!array || !size) return;
    for (offset = 0; offset < size; offset += PAGE_SIZE) (void)*(const volatile char *)((const char *)array + offset);
    (void)*((const volatile char *)array + size - 1);
}

/* Ours have bit 31 set. Wine's are 1, 2, 3, ... up to 10.0, and 0x40000000, 0x40000040, ... in later ones. */
static inline bool is_stock_handle( D3DKMT_HANDLE handle )
{
    return handle && !(handle >> 31);
}

static inline void object_grab( struct object *object )
{
    object->refs++;
}

/***********************************************************************
 * Adapters (adapter.c)
 */

/* What a GPU's engines did for a process, or for all; under the lock. */
struct engine_account
{
    int                 pid;        /* Linux'; 0: this process; -1: all */
    uint64_t            began;      /* os_time_ns when the last reading began; 0: the account is free */
    struct engine_times last;       /* of the last reading, but total_cycles: of the last that had some */
    uint64_t            counted[ENGINE_CLASSES];    /* when that began; 0: never */
    uint64_t            sum[ENGINE_CLASSES];        /* nanoseconds, of all that was seen */
};

#define MAX_ENGINE_ACCOUNTS  (LEDGER_SLOTS + 2)

/* A VkPhysicalDevice; made when first seen, kept until kmt_shutdown. */
struct kmt_gpu
{
    struct list        entry;       /* in the list of all, in the order of gpu_enum_adapters */
    struct gpu_adapter info;        /* set once */
    LUID               luid;        /* set once */
    bool               from_wine;   /* the LUID is Wine's own, so Wine knows a display driver for it; set once */
    uint64_t           limit;       /* os_video_memory_limit, which is the size of the card where that is larger; set once */
    bool               present;     /* the last enumeration listed it */
    bool               opening;     /* a thread is inside gpu_open_device */
    uint32_t           losses;      /* how many Vulkan devices of it were lost */
    struct vidmm      *vidmm;       /* with one reference; NULL: no device yet, or lost */
    struct list        lost;        /* struct vidmm.entry, one reference each: managers whose device was lost */
    struct engine_account engines[MAX_ENGINE_ACCOUNTS];     /* engines.c */
};

/* The GPU with that LUID, which may be listed anew for it. The lock is not held. STATUS_INVALID_PARAMETER: none has it. STATUS_NO_MEMORY. */
NTSTATUS find_gpu_by_luid( LUID luid, struct kmt_gpu **gpu );

/* Nanoseconds that the engines worked for a process (as read_engine_times), as far as that was seen. They never go back. The lock is not held.
 * Cost: reads every descriptor's info; for pid -1 that of all processes, at most every 100 ms. */
void get_engine_times( struct kmt_gpu *gpu, int pid, uint64_t times[ENGINE_CLASSES] );

/* The next GPU that the last enumeration listed, NULL at the end; start with NULL. */
struct kmt_gpu *next_gpu_locked( const struct kmt_gpu *previous );

/* Whether it computes and does not draw: no queue family has graphics. */
bool gpu_is_compute_only( const struct kmt_gpu *gpu );

/* What D3DKMTOpenAdapterFrom... gives. */
struct adapter
{
    struct object   object;
    struct kmt_gpu *gpu;
    uint32_t        losses;     /* gpu->losses when opened: an older handle stays removed after a loss */
};

struct adapter *get_adapter_locked( D3DKMT_HANDLE handle );

/* Finds an adapter whose GPU was not lost since it was opened, and is there, by the last enumeration.
 * STATUS_SUCCESS, STATUS_INVALID_PARAMETER: no such adapter, STATUS_DEVICE_REMOVED. */
NTSTATUS get_kept_adapter_locked( D3DKMT_HANDLE handle, struct adapter **adapter );

/* The adapter's manager, made at first need (the lock is dropped then). STATUS_SUCCESS with a reference for the caller,
 * STATUS_DEVICE_REMOVED, STATUS_NO_MEMORY. */
NTSTATUS adapter_get_vidmm_locked( struct adapter *adapter, struct vidmm **vidmm );

/* The next manager of this process that has an open device, NULL at the end; start with NULL. Lost ones are left out. */
struct vidmm *next_vidmm_locked( const struct vidmm *previous );

/***********************************************************************
 * Devices, resources and what hangs on them
 */
struct device
{
    struct object object;
    struct vidmm *vidmm;            /* one reference; set once */
    struct list   resources;        /* struct resource.entry */
    struct list   allocations;      /* struct allocation.owner_entry of those without a resource */
    struct list   paging_queues;    /* struct paging_queue.entry */
    uint32_t      execution_state;  /* D3DKMT_DEVICEEXECUTION_: ACTIVE, or why it failed */
};

struct resource
{
    struct object object;
    struct list   entry;            /* in device->resources */
    struct device *device;          /* lives longer: destroying it destroys this */
    struct list   allocations;      /* struct allocation.owner_entry */
    struct object *share;           /* OBJECT_SHARE, or NULL */
    bool          shared;           /* CreateShared: nothing is added or destroyed singly, nothing discarded */
};

#define PAGING_PRIORITIES  3       /* D3DDDI_PAGINGQUEUE_PRIORITY, counted from ABOVE_NORMAL */

/* A paging queue and its fence, which has a handle of its own. The fence's value is the last of the queue's operations that
 * is done; operations are done in the order in which they got their values. */
struct paging_queue
{
    struct object object;           /* references: the table, and one each job */
    struct object fence;            /* OBJECT_SYNC; lives and dies with the queue */
    struct list   entry;            /* in device->paging_queues */
    uint32_t      pending_jobs;     /* that are not yet done */
    struct device *device;          /* valid while the queue has a handle, and while it has jobs */
    unsigned int  priority;         /* 0 is the highest; set once */
    uint64_t      last_value;       /* that an operation was given */
    uint64_t     *fence_value;      /* in a page of its own; the program sees the same page read-only */
    const void   *fence_cpu_address; /* that view */
};

/* Finds a device that was not removed. STATUS_SUCCESS, STATUS_INVALID_PARAMETER, STATUS_DEVICE_REMOVED,
 * KMT_STATUS_STOCK. */
NTSTATUS get_device_locked( D3DKMT_HANDLE handle, struct device **device );

/* The same for calls that work on a removed device too: what destroys and unlocks. NULL: there is none. */
struct device *find_device_locked( D3DKMT_HANDLE handle );

bool device_is_removed( const struct device *device );

/* Puts the device in error, as a failed MustSucceed or a failed page-in does: it answers DEVICE_REMOVED from then on. */
void device_fail_locked( struct device *device, uint32_t execution_state );

/* Drops a reference; after the last one the device is gone, and perhaps its manager: the lock is dropped then. */
void device_put_locked( struct device *device );

struct freed_memory;
void device_destroy_locked( struct device *device );     /* drops the lock */
void resource_destroy_locked( struct resource *resource, struct freed_memory *freed, bool keep );

/***********************************************************************
 * Notifications: what the program is told on a thread that the front end made (notify.c)
 */

/* Something happened that may have to be told: a fence got a value, a queue or a device came to its end, a registration has
 * something to say. */
void notify_locked( void );

/* Takes the registrations of a device away. (trim.c) */
void trim_forget_device_locked( struct device *device );

/* The next trim notification that is due, which then is running until the next call; false: there is none. (trim.c) */
bool trim_next_locked( struct kmt_notification *notification );
void trim_returned_locked( void );

/* The next event that is due, of WaitForSynchronizationObjectFromCpu; false: there is none. (sync.c) */
bool async_wait_next_locked( struct kmt_notification *notification );

/* Finds a queue whose device was not removed. Statuses as get_device_locked. */
NTSTATUS get_paging_queue_locked( D3DKMT_HANDLE handle, struct paging_queue **queue );
void paging_queue_destroy_locked( struct paging_queue *queue );
void paging_queue_put_locked( struct paging_queue *queue );

#endif /* __WINEKMT_CORE_H */
