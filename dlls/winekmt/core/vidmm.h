/*
 * The video memory manager
 *
 * One struct vidmm manages the memory of one VkDevice. Allocations get their memory from blocks; a block is one
 * VkDeviceMemory. Large allocations have a block of their own, small ones share blocks of equal slots (block.c). Heaps
 * count what blocks take of each Vulkan heap and hold the lists of offered allocations; a group is the heaps of
 * a memory segment group, local or non-local, and has the user's limit. Before a block is made, and when Vulkan
 * refuses one, pressure.c makes room: empty blocks first, then offered allocations, in order. A worker (worker.c) frees
 * empty blocks after a while and watches a falling budget.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_VIDMM_H
#define __WINEKMT_VIDMM_H

#include "core/core.h"

/* An allocation from this size on has a block of its own, unless memory objects are getting scarce. */
#define OWN_BLOCK_SIZE      (1u << 20)
/* The largest slot: allocations from here on always have a block of their own. */
#define MAX_SLOT_SIZE       (64u << 20)
/* Slots in a block at most: one 64-bit word of 64-bit words. */
#define MAX_SLOTS           4096u
/* Shared blocks: the first of a pool is four times the least, later ones a sixteenth of the pool, so that what pressure
 * takes beyond the need stays small, and so does the number of memory objects. */
#define MIN_BLOCK_SIZE      (64u << 10)
#define MAX_SHARED_BLOCK_SIZE (256u << 20)
/* Head-room left in a heap for others: a sixteenth of it, but no more than this. */
#define MAX_HEADROOM        (256ull << 20)
/* How long an empty block waits for a new user before the worker frees it. */
#define EMPTY_BLOCK_NS      (200 * 1000000ull)
/* How much the worker frees at a time before it pauses, so that other clients of the GPU get a turn. */
#define FREE_SLICE_BYTES    (256ull << 20)
#define FREE_PAUSE_NS       (2 * 1000000ull)
/* How old a budget of VK_EXT_memory_budget may be. */
#define BUDGET_AGE_NS       (100 * 1000000ull)
/* How long a lock waits for an allocation that is being moved, cleared or reclaimed. */
#define BUSY_WAIT_NS        (2 * 1000000000ull)

/* Size classes: 4 KiB to 32 KiB in steps of 4 KiB, from there four steps a doubling, up to MAX_SLOT_SIZE. */
#define SIZE_CLASSES        56

enum offer_level
{
    OFFER_LOW,
    OFFER_NORMAL,
    OFFER_HIGH,
    OFFER_LEVELS,
    NOT_OFFERED = OFFER_LEVELS,
};

enum allocation_content
{
    CONTENT_ZERO,           /* to be zeroed before the first access; memory may hold anything */
    CONTENT_VALID,          /* as it stands in memory */
};

enum allocation_backing
{
    BACKING_BLOCK,          /* block and slot; block NULL: not placed (yet), or discarded */
    BACKING_USER,           /* an existing heap: memory of the program; block: its import, made at the first lock */
};

/*
 * An allocation. A million of them may be live, so every field counts (the limit is 192 bytes with all that belongs to it), and
 * what an offer or a reclaim looks at stands in the first 64 bytes.
 * All fields: under the lock; those marked "set once" may also be read with just a reference.
 */
struct allocation
{
    struct object object;
    uint8_t  backing : 1;           /* enum allocation_backing; set once */
    uint8_t  primary : 1;           /* set once */
    uint8_t  shared : 1;            /* its resource is shared: others may have it open; set once */
    uint8_t  allow_not_zeroed : 1;  /* set once */
    uint8_t  import_tried : 1;      /* BACKING_USER: it was locked before */
    uint8_t  offer : 2;             /* enum offer_level */
    uint8_t  allow_decommit : 1;    /* of the last offer */
    uint8_t  discarded : 1;         /* since it was offered */
    uint8_t  dead : 1;              /* reclaimed as not committed */
    uint8_t  content;               /* enum allocation_content */
    uint8_t  busy;                  /* somebody works on its memory with the lock dropped: who finds this set waits */
    uint8_t  memory_type;           /* of block */
    uint16_t mark;                  /* scratch of the call that holds the lock: how often met in its list; else 0 */
    uint16_t locks;                 /* Lock and Lock2 not yet undone */
    struct list      offer_entry;   /* in heap->offered while it can be discarded */
    struct device   *device;        /* lives longer; set once */
    struct vidmm_block *block;
    uint64_t         offer_sequence; /* order of offers across heaps */
    struct resource *resource;      /* or NULL; set once */
    struct list      owner_entry;   /* in resource->allocations or device->allocations */
    uint64_t size;                  /* bytes, whole pages; set once */
    uint32_t slot;                  /* in block */
    uint32_t residency_priority;    /* D3DDDI_ALLOCATIONPRIORITY_; AUTO offers go by it */
    uint32_t alignment;             /* bytes; set once */
    uint8_t  cpu_access;            /* enum winekmt_cpu_access; set once */
    uint8_t  segments;              /* WINEKMT_SEGMENT_ bits; set once */
    uint8_t  preferred_segment;     /* one of them; set once */
    void    *user_memory;           /* BACKING_USER; set once */
};

/* Several blocks of the same memory type with slots of the same size for allocations of the same priority. */
struct vidmm_pool
{
    struct list partial;            /* blocks with free slots and used ones, or just emptied ones */
    struct list full;
    uint64_t slot_size;             /* bytes; set once */
    uint64_t bytes;                 /* of all its blocks */
    uint32_t free_slots;            /* in blocks on partial */
    uint8_t  type;                  /* memory type; set once */
    bool     compacting;            /* a thread moves members: one at a time, so that a block is the target of one copy */
};

/* A VkDeviceMemory. */
struct vidmm_block
{
    struct list entry;              /* pool->partial or pool->full; while empty and idle vidmm->empty through empty_entry */
    struct list empty_entry;
    struct gpu_memory *memory;      /* set once */
    char       *map;                /* NULL: not mapped yet */
    uint64_t    size;               /* bytes; set once */
    uint64_t    empty_since;        /* os_time_ns */
    struct vidmm_pool *pool;        /* NULL: the block of one large allocation, or an import; set once */
    uint32_t    slots, used;
    uint32_t    fresh;              /* slots from here on were never used */
    uint8_t     type;               /* set once */
    bool        import;             /* pages of the program, not counted; set once */
    bool        mapping;            /* a thread is inside gpu_map_memory */
    bool        isolated;           /* being emptied by compaction: nobody else takes slots or frees it */
    uint64_t    summary;            /* bit n: free[n] is not 0 */
    struct allocation **members;    /* by slot; NULL elements: free. For a block without a pool: one element */
    uint64_t    free[];             /* a bit a slot */
};

struct vidmm_heap
{
    uint64_t size;                  /* set once */
    uint64_t limit;                 /* bytes that our blocks may take now: Vulkan's budget, or size less head-room */
    uint64_t empty_bytes;           /* of the blocks on vidmm->empty */
    uint64_t committed;             /* bytes of the slots that allocations have, as in its group */
    uint64_t used;                  /* bytes of blocks, from before they are allocated until after they are freed */
    struct list offered[OFFER_LEVELS]; /* allocations that can be discarded, longest offered first */
    bool     local;                 /* set once */
};

struct vidmm_group
{
    uint64_t limit;                 /* the user's; UINT64_MAX: none; set once */
    uint64_t used;                  /* sum over its heaps */
    uint64_t committed;             /* bytes of the slots that allocations have: what QueryVideoMemoryInfo calls usage */
    uint64_t reservation;           /* bytes: D3DKMTChangeVideoMemoryReservation */
};

enum { GROUP_LOCAL, GROUP_NON_LOCAL, GROUP_COUNT };     /* D3DKMT_MEMORY_SEGMENT_GROUP */

/* The memory types of a group that suit a way of CPU access, best first. */
struct type_order
{
    uint8_t count;
    uint8_t types[GPU_MAX_TYPES];
};

/* Test and debug switches, WINEKMT_VERIFIER (verifier.c). */
struct verifier
{
    bool always_discard;            /* every reclaim reports discarded */
    bool never_discard;             /* nothing offered is ever discarded */
    bool always_decommit;           /* what was offered with AllowDecommit is decommitted at once */
    bool fail_commit;               /* the commit in a reclaim of what was decommitted fails */
};

void verifier_parse( const char *switches, struct verifier *verifier );

struct vidmm
{
    uint32_t refs;
    struct list entry;              /* in gpu->lost */
    bool     lost;                  /* VK_ERROR_DEVICE_LOST was seen */
    bool     stopping;              /* the worker is to end */
    bool     worker_started;
    bool     worker_idle;           /* it waits without a deadline: wake it when there is something to do */
    bool     querying_budget;
    uint32_t freeing;               /* calls that are freeing memory with the lock dropped: more room soon */
    uint32_t memories;              /* live gpu_memory, imports too */
    uint64_t budget_time;           /* when heap limits were last asked for; 0: never */
    uint64_t offer_sequence;
    uint32_t offered;               /* allocations in the lists of all heaps */
    uint64_t discards;              /* allocations discarded so far */
    uint64_t decommittable_bytes;   /* of those offered allocations that allow it */
    uint64_t decommit_changes;      /* how often that changed */
    struct kmt_gpu    *gpu;         /* set once */
    struct gpu_device *device;      /* set once */
    struct gpu_adapter device_info; /* with the memory types as the open device knows them; set once */
    const struct gpu_adapter *info; /* device_info, read-only */
    struct verifier    verifier;    /* set once */
    pthread_t          worker;
    pthread_cond_t     worker_wake;
    struct vidmm_heap  heaps[GPU_MAX_HEAPS];
    struct vidmm_group groups[GROUP_COUNT];
    struct list        empty;       /* blocks without a user, longest empty first */
    struct vidmm_pool *loosened;    /* where small allocations were discarded last: a block of it may be compactable */
    struct type_order  orders[3][GROUP_COUNT]; /* by enum winekmt_cpu_access; set once */
    struct vidmm_pool *pools[GPU_MAX_TYPES][SIZE_CLASSES][OFFER_LEVELS];
};

static inline struct vidmm_heap *type_heap( struct vidmm *vidmm, uint32_t type )
{
    return &vidmm->heaps[vidmm->info->types[type].heap];
}

static inline struct vidmm_group *heap_group( struct vidmm *vidmm, const struct vidmm_heap *heap )
{
    return &vidmm->groups[heap->local ? GROUP_LOCAL : GROUP_NON_LOCAL];
}

/* The level at which AUTO offers an allocation of that residency priority. */
enum offer_level auto_offer_level( uint32_t residency_priority );

/***********************************************************************
 * Life of a manager (vidmm.c)
 */

/* Opens the Vulkan device. limit: bytes of the local segment group at most. The lock is not held.
 * STATUS_SUCCESS with one reference, STATUS_NO_MEMORY, STATUS_DEVICE_REMOVED (the GPU refuses). */
NTSTATUS vidmm_create( struct kmt_gpu *gpu, uint64_t limit, struct vidmm **vidmm );

/* Drops a reference; the last one frees everything, which drops the lock for a while. Never the last on the worker: its GPU
 * has one, also when the device is lost, until vidmm_reap_locked. */
void vidmm_release_locked( struct vidmm *vidmm );

/* Vulkan said that the device is lost: every device of the adapter is in the removed state from now on. */
void vidmm_lose_locked( struct vidmm *vidmm );

/* Bytes of a heap of that size that are left for others. */
uint64_t heap_headroom( uint64_t size );

/* Frees the managers of lost devices that nobody uses any more. Drops the lock then. Not on the worker. */
void vidmm_reap_locked( struct kmt_gpu *gpu );

/* Asks VK_EXT_memory_budget when the last answer is older than max_age. May drop the lock. */
void vidmm_refresh_budget_locked( struct vidmm *vidmm, uint64_t max_age );

/* Bytes that the segment group may take now. */
uint64_t vidmm_group_budget_locked( const struct vidmm *vidmm, unsigned int group );

/* Gives an allocation memory; no-op when it has some. May drop the lock: the caller has a reference and has set busy,
 * or nobody else knows the allocation yet. over_budget: rather exceed the budgets than fail.
 * STATUS_SUCCESS, STATUS_GRAPHICS_NO_VIDEO_MEMORY, STATUS_NO_MEMORY, STATUS_DEVICE_REMOVED. */
NTSTATUS vidmm_place_locked( struct allocation *allocation, bool over_budget );

/***********************************************************************
 * Blocks (block.c)
 */

/* Memory that left the bookkeeping but is not yet freed: collected under the lock, freed by freed_memory_flush_locked. */
struct freed_memory
{
    struct vidmm      *vidmm;       /* of the blocks; a list is of one manager */
    struct list        blocks;      /* through entry */
    uint64_t           bytes;       /* of the blocks */
};

static inline void freed_memory_init( struct freed_memory *freed, struct vidmm *vidmm )
{
    freed->vidmm = vidmm;
    list_init( &freed->blocks );
    freed->bytes = 0;
}

/* Frees what was collected. Drops the lock unless the list is empty. */
void freed_memory_flush_locked( struct freed_memory *freed );

/* Rounds size up to its class; alignment: bytes, a power of two. */
unsigned int size_class( uint64_t size, uint64_t alignment, uint64_t *slot_size );

/* The pool, made at first need; NULL: no memory. */
struct vidmm_pool *get_pool_locked( struct vidmm *vidmm, uint32_t type, uint64_t size, uint64_t alignment, enum offer_level group );

/* Takes a slot of the pool for the allocation. false: none is free. O(1). */
bool pool_take_slot_locked( struct vidmm *vidmm, struct vidmm_pool *pool, struct allocation *allocation );

/* The two halves of the above and below, for moving: a slot more for an allocation that has one, and giving back either.
 * NULL: none is free. */
struct vidmm_block *pool_reserve_slot_locked( struct vidmm *vidmm, struct vidmm_pool *pool, struct allocation *allocation, uint32_t *slot );
void block_release_slot_locked( struct vidmm *vidmm, struct vidmm_block *block, uint32_t slot, struct freed_memory *freed, bool keep );

/* A large, empty block of exactly that type and size, kept from an earlier allocation; NULL: none. */
struct vidmm_block *take_empty_block_locked( struct vidmm *vidmm, uint32_t type, uint64_t size );

/* Makes a block of memory that is already counted. pool NULL: one slot. NULL: no memory; nothing happened. */
struct vidmm_block *block_create_locked( struct vidmm *vidmm, struct vidmm_pool *pool, uint32_t type, uint64_t size, struct gpu_memory *memory );

/* Gives the allocation the slot of a block without a pool. */
void block_assign_locked( struct vidmm *vidmm, struct vidmm_block *block, struct allocation *allocation );

/* Takes the allocation's memory away. A block that becomes empty is kept for reuse, or goes to freed; an import always does. */
void allocation_unplace_locked( struct allocation *allocation, struct freed_memory *freed, bool keep );

/* Takes an empty block out of the bookkeeping and hands it to freed. */
void block_retire_locked( struct vidmm *vidmm, struct vidmm_block *block, struct freed_memory *freed );

/* Maps a block. May drop the lock; the caller keeps the block alive (a busy member). STATUS_SUCCESS, STATUS_NO_MEMORY,
 * STATUS_DEVICE_REMOVED. */
NTSTATUS block_map_locked( struct vidmm *vidmm, struct vidmm_block *block );

static inline uint64_t block_slot_size( const struct vidmm_block *block )
{
    return block->pool ? block->pool->slot_size : block->size;
}

/***********************************************************************
 * Pressure (pressure.c)
 */

/* Why an offered allocation is, or is not, on the lists of what may be discarded. */
bool can_discard( const struct allocation *allocation );

/* Takes the memory of an offered allocation away, and with it its content. A block that becomes empty goes to freed. */
void discard_locked( struct allocation *allocation, struct freed_memory *freed );

/* Puts an offered allocation on its heap's list, at the tail; or takes it off. O(1). */
void offer_list_add_locked( struct allocation *allocation );
void offer_list_remove_locked( struct allocation *allocation );

/* Where memory is short: in one heap, or in a whole group because of the user's limit. */
struct shortage
{
    const struct vidmm_heap *heap;  /* NULL: anywhere in group */
    bool     local;                 /* the group */
    uint64_t bytes;                 /* how much is missing; 0: nothing */
};

/* What a block of size bytes more in that heap would be short of by the budgets. */
struct shortage budget_shortage_locked( const struct vidmm *vidmm, const struct vidmm_heap *heap, uint64_t size );

/* Whether the budgets would let a block of size bytes more into that heap if everything that is offered went. false: nothing
 * should be discarded for it. O(allocations that would have to go). */
bool can_make_room_locked( const struct vidmm *vidmm, const struct vidmm_heap *heap, uint64_t size );

/* Frees what is short, or a part of it: empty blocks, then offered allocations in order, then blocks that compaction can
 * empty. Stops early when pool has a free slot (pool may be NULL). Drops the lock.
 * true: something was freed or is being freed, ask again; false: there is nothing left to free. */
bool make_room_locked( struct vidmm *vidmm, const struct shortage *shortage, struct vidmm_pool *pool );

/* Empties one block of the pool by moving its members to free slots of the others, if that can be done, and frees it.
 * Drops the lock, unless it finds nothing to do. true: a block was freed. *pinned: there would be room for the members of
 * a block, but they cannot move. (compact.c) */
bool compact_pool_locked( struct vidmm *vidmm, struct vidmm_pool *pool, bool *pinned );

/***********************************************************************
 * The worker (worker.c)
 */

/* There is something for the worker: an empty block, or an offer to watch the budget for. Starts it at first need. */
void worker_notify_locked( struct vidmm *vidmm );
void worker_stop_locked( struct vidmm *vidmm );    /* drops the lock */

/***********************************************************************
 * Allocations (allocation.c)
 */

/* Makes others wait who need the allocation's memory, and keeps it alive, until allocation_done_locked. */
void allocation_begin_locked( struct allocation *allocation );
/* The other end. An offer that came meanwhile takes effect now; so does a destruction, its memory goes to freed. */
void allocation_done_locked( struct allocation *allocation, struct freed_memory *freed );

/* Ends the handle and drops the table's reference. When that was the last, its memory goes as
 * allocation_unplace_locked says. */
void allocation_destroy_locked( struct allocation *allocation, struct freed_memory *freed, bool keep );

/* The allocation of that device behind a handle; NULL: there is none. */
static inline struct allocation *get_allocation_locked( const struct device *device, D3DKMT_HANDLE handle )
{
    struct object *object = handle_lookup_locked( &kmt_handles, handle, OBJECT_ALLOCATION );
    struct allocation *allocation = object ? LIST_ENTRY( object, struct allocation, object ) : NULL;

    return allocation && allocation->device == device ? allocation : NULL;
}

static inline struct resource *get_resource_locked( const struct device *device, D3DKMT_HANDLE handle )
{
    struct object *object = handle_lookup_locked( &kmt_handles, handle, OBJECT_RESOURCE );
    struct resource *resource = object ? LIST_ENTRY( object, struct resource, object ) : NULL;

    return resource && resource->device == device ? resource : NULL;
}

#endif /* __WINEKMT_VIDMM_H */
