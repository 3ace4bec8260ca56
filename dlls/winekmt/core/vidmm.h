/*
 * The video memory manager
 *
 * One struct vidmm manages the memory of one VkDevice. Allocations get their memory from blocks; a block is one
 * VkDeviceMemory. Large allocations have a block of their own, small ones share blocks of equal slots (block.c). Heaps
 * count what blocks take of each Vulkan heap and hold the lists of offered allocations; a group is the heaps of
 * a memory segment group, local or non-local, and has the user's limit. Before a block is made, and when Vulkan
 * refuses one, pressure.c makes room: empty blocks first, then offered allocations, in order, then what nobody holds resident,
 * whose content goes to system memory (page.c) and comes back when it is needed. A worker (worker.c) frees
 * empty blocks after a while and watches a falling budget; a pager (pager.c) brings content back for MakeResident.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_VIDMM_H
#define __WINEKMT_VIDMM_H

#include "winekmt.h"
#include "core/core.h"
#include "os/ledger.h"

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
/* How much is paged out in one go, before others get the lock and a look at what has changed. */
#define PAGE_OUT_BYTES      (64ull << 20)
#define PAGE_OUT_COUNT      64
/* How much the pager brings back in one go, before those who wait for the first of it get it. */
#define PAGE_IN_BYTES       (64ull << 20)
#define PAGE_IN_COUNT       64
/* How long a lock waits for an allocation that is being moved, cleared, paged or reclaimed. */
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

/* In which order content is paged out: what Evict named first, then by residency priority. */
enum evict_level
{
    EVICT_EAGER,            /* evicted without EvictOnlyIfNecessary: as soon as the worker gets to it */
    EVICT_MINIMUM,          /* below D3DDDI_ALLOCATIONPRIORITY_LOW */
    EVICT_LOW,
    EVICT_NORMAL,
    EVICT_HIGH,
    EVICT_MAXIMUM,          /* from D3DDDI_ALLOCATIONPRIORITY_MAXIMUM on */
    EVICT_LEVELS,
};

/* The list of victims that an allocation is on, through victim_entry. */
enum victim_list
{
    VICTIM_NONE,
    VICTIM_OFFERED,         /* heap->offered */
    VICTIM_EVICTABLE,       /* heap->evictable */
    VICTIM_OFFERED_EVICTED, /* vidmm->offered_evicted: would free system memory */
};

/* Allocations that can be discarded, longest offered first. Those that TrimProcessCommitment may take have lists of their own, so that
 * it looks at nothing else; the order of both together is that of victim_sequence. */
struct offer_lists
{
    struct list plain[OFFER_LEVELS];
    struct list decommittable[OFFER_LEVELS];    /* offered with AllowDecommit */
};

/* How far a placement may go. */
enum budget_mode
{
    WITHIN_BUDGET,          /* no further than the budgets of now */
    WITHIN_MAXIMUM,         /* beyond the budgets of now, but not beyond the user's limit and the heaps */
    OVER_BUDGET,            /* until Vulkan refuses */
};

enum busy
{
    NOT_BUSY,
    BUSY,
    BUSY_IN_JOB,            /* the pager has it, or will: when the fence says so it is in GPU memory, or its device in error */
};

enum allocation_content
{
    CONTENT_ZERO,           /* to be zeroed before the first access; memory may hold anything */
    CONTENT_VALID,          /* as it stands in memory, or in system memory when evicted */
};

enum allocation_backing
{
    BACKING_BLOCK,          /* block and slot; block NULL: not placed (yet), evicted or discarded */
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
    uint8_t  pinned : 1;            /* no pressure may touch it: existing heaps, primaries, shared ones; set once */
    uint8_t  primary : 1;           /* set once */
    uint8_t  shared : 1;            /* its resource is shared: others may have it open; set once */
    uint8_t  allow_not_zeroed : 1;  /* set once */
    uint8_t  evicted : 1;           /* its content is in system memory (system_memory, or zero), also while it is paged in */
    uint8_t  eager : 1;             /* of the last Evict: without EvictOnlyIfNecessary */
    uint8_t  unmoveable : 1;        /* D3DKMTUpdateAllocationProperty */
    uint8_t  allow_decommit : 1;    /* of the last offer */
    uint8_t  discarded : 1;         /* since it was offered */
    uint8_t  dead : 1;              /* reclaimed as not committed */
    uint8_t  recalled : 1;          /* MakeResident came while it is busy: a copy of its content may be old */
    uint8_t  import_tried : 1;      /* BACKING_USER: it was locked before */
    uint8_t  priority_level : 3;    /* enum evict_level: residency_priority's, see allocation_set_priority */
    uint8_t  offer;                 /* enum offer_level; this and the next are written by every offer and reclaim, so they are no bits */
    uint8_t  victim_list;           /* enum victim_list */
    uint8_t  busy;                  /* enum busy: somebody works on its memory with the lock dropped, who finds this set waits */
    uint8_t  memory_type;           /* of block */
    uint16_t slot;                  /* in block */
    uint16_t mark;                  /* scratch of the call that holds the lock: how often met in its list; else 0 */
    uint16_t locks;                 /* Lock and Lock2 not yet undone */
    struct list      victim_entry;  /* in the list that victim_list names */
    struct device   *device;        /* lives longer; set once */
    struct vidmm_block *block;
    uint64_t         victim_sequence; /* order of joining a list, across heaps */
    uint64_t size;                  /* bytes, whole pages; set once */
    uint32_t resident_count;        /* MakeResident not yet undone: its content stays in GPU memory */
    uint32_t residency_priority;    /* D3DDDI_ALLOCATIONPRIORITY_; AUTO offers and evictions go by it */
    struct resource *resource;      /* or NULL; set once */
    struct list      owner_entry;   /* in resource->allocations or device->allocations */
    uint32_t alignment;             /* bytes; set once */
    uint8_t  cpu_access;            /* enum winekmt_cpu_access; set once */
    uint8_t  segments : 7;          /* WINEKMT_SEGMENT_ bits */
    uint8_t  pooled : 1;            /* its memory is, or last was, a slot of a pool */
    uint8_t  preferred_segment;     /* one of them */
    uint8_t  content;               /* enum allocation_content; who made it busy reads it without the lock, so it is no bit of a field */
    union
    {
        void *user_memory;          /* BACKING_USER; set once */
        void *system_memory;        /* evicted: the content; NULL: zero, or nothing to keep */
    };
};

/* Several blocks of the same memory type with slots of the same size for allocations of the same priority. */
struct vidmm_pool
{
    struct list partial;            /* blocks with free slots and used ones, or just emptied ones */
    struct list full;
    uint64_t slot_size;             /* bytes; set once */
    uint64_t bytes;                 /* of all its blocks */
    uint32_t free_slots;            /* in blocks on partial */
    uint32_t wanted;                /* slots that calls which are finding one now will want next */
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
    uint64_t placed;                /* bytes of the allocations themselves */
    uint64_t offered_bytes;         /* of those on its lists of offered allocations */
    uint64_t evictable_bytes;       /* of those on its lists of evictable ones */
    uint64_t used;                  /* bytes of blocks, from before they are allocated until after they are freed */
    struct offer_lists offered;     /* allocations that can be discarded */
    struct list evictable[EVICT_LEVELS]; /* allocations whose content can be paged out, least recently used first */
    bool     local;                 /* set once */
};

/* How the memory of a group is divided, seen by this process (share.c). */
struct division
{
    uint64_t share;                 /* bytes that nobody else has a claim to */
    uint64_t budget;                /* with what others leave unused; UINT64_MAX: there is nobody else */
    uint64_t others;                /* what the others use */
};

struct vidmm_group
{
    uint64_t limit;                 /* the user's; UINT64_MAX: none; set once */
    uint64_t cap;                   /* what D3DKMTEscape set for this process; UINT64_MAX: nothing */
    uint64_t used;                  /* sum over its heaps */
    uint64_t committed;             /* bytes of the slots that allocations have: what QueryVideoMemoryInfo calls usage */
    struct division division;       /* share_refresh_locked keeps it */
    uint64_t evict_to;              /* others ask that used becomes this: the worker sees to it; UINT64_MAX: nobody does */
    uint64_t evicted;               /* bytes of allocations that prefer this group and are evicted, also while they are paged in */
    uint32_t allocations, evicted_allocations;  /* numbers of those counted in committed and evicted */
    bool     published;             /* the ledger has something of it to tell */
    bool     paged;                 /* something was evicted, brought back or discarded that the ledger does not know of yet */
    uint64_t paged_out, paged_in;   /* bytes of content copied so far, by the heap that it left or went to */
    uint64_t discarded, discards;   /* bytes and allocations discarded so far */
};

enum { GROUP_LOCAL, GROUP_NON_LOCAL, GROUP_COUNT };     /* D3DKMT_MEMORY_SEGMENT_GROUP */

#define ANY_SEGMENT  (WINEKMT_SEGMENT_LOCAL | WINEKMT_SEGMENT_NON_LOCAL)

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

/* What trim.c has told the program. Times: os_time_ns. */
struct trim_state
{
    uint64_t asked_for, asked_at;   /* TrimToBudget: bytes, 0: within the budget; when last */
    uint64_t periodic_at;           /* last PeriodicTrim or RestartPeriodicTrim; 0: none since there was pressure */
    uint64_t interval;              /* nanoseconds, of PeriodicTrim; 0: the usual one */
};

struct vidmm
{
    uint32_t refs;
    struct list entry;              /* in gpu->lost */
    bool     lost;                  /* VK_ERROR_DEVICE_LOST was seen */
    bool     stopping;              /* the worker is to end */
    bool     worker_started;
    bool     worker_idle;           /* it waits without a deadline: wake it when there is something to do */
    bool     worker_kicked;         /* there is something that does not wait for its timer */
    bool     giving;                /* the worker evicts for other processes; atomic, it writes */
    bool     watching;              /* its timer makes it look at the budget, or there is none to look at */
    bool     querying_budget;
    uint32_t freeing;               /* calls that are freeing memory with the lock dropped: more room soon */
    uint32_t memories;              /* live gpu_memory, imports too */
    uint64_t budget_time;           /* when heap limits were last asked for; 0: never */
    uint64_t victim_sequence;
    uint32_t offered;               /* allocations in the lists of all heaps that can be discarded */
    uint32_t evictable;             /* and of those that can be evicted */
    uint32_t eager;                 /* of the latter, on level EVICT_EAGER */
    uint32_t pending_jobs;          /* struct paging_job, of all queues, that are not yet done */
    bool     pager_started;
    bool     pager_idle;
    struct trim_state trim;
    uint32_t trim_registrations;    /* of devices of this manager */
    uint64_t discards;              /* allocations discarded so far, of both groups */
    uint64_t decommittable_bytes;   /* of those offered allocations that allow it */
    uint64_t decommit_changes;      /* how often that changed */
    uint64_t published_decommit_changes;
    struct ledger_account *account; /* set once */
    uint64_t share_time;            /* when the others were last looked at; 0: never */
    uint64_t silent_until[LEDGER_SLOTS][LEDGER_REQUEST_KINDS];  /* os_time_ns: that process did not answer the last request */
    struct kmt_gpu    *gpu;         /* set once */
    struct gpu_device *device;      /* set once */
    struct gpu_adapter device_info; /* with the memory types as the open device knows them; set once */
    const struct gpu_adapter *info; /* device_info, read-only */
    struct verifier    verifier;    /* set once */
    pthread_t          worker;
    struct os_condition worker_wake;
    pthread_t          pager;
    struct os_condition pager_wake;
    struct list        jobs[PAGING_PRIORITIES];    /* struct paging_job.entry, by the priority of the queue, highest first */
    struct offer_lists offered_evicted;            /* allocations that are offered and have content in system memory */
    struct vidmm_heap  heaps[GPU_MAX_HEAPS];
    struct vidmm_heap *type_heaps[GPU_MAX_TYPES];   /* by memory type; set once */
    struct vidmm_group groups[GROUP_COUNT];
    uint64_t unplaced[GROUP_COUNT];                 /* of what the groups count as evicted, without what has memory again: bytes of its slots */
    uint32_t unplaced_allocations[GROUP_COUNT];
    struct list        empty;       /* blocks without a user, longest empty first */
    struct vidmm_pool *loosened;    /* where small allocations were discarded last: a block of it may be compactable */
    struct type_order  orders[3][GROUP_COUNT]; /* by enum winekmt_cpu_access; set once */
    struct vidmm_pool *pools[GPU_MAX_TYPES][SIZE_CLASSES][OFFER_LEVELS];
};

/* What the process may take of a group: by the user's limit, and beside others. */
static inline uint64_t group_limit( const struct vidmm_group *group )
{
    uint64_t limit = group->limit < group->cap ? group->limit : group->cap;

    return limit < group->division.budget ? limit : group->division.budget;
}

static inline struct vidmm_heap *type_heap( struct vidmm *vidmm, uint32_t type )
{
    return vidmm->type_heaps[type];
}

static inline unsigned int group_of_heap( const struct vidmm_heap *heap )
{
    return heap->local ? GROUP_LOCAL : GROUP_NON_LOCAL;
}

static inline struct vidmm_group *heap_group( struct vidmm *vidmm, const struct vidmm_heap *heap )
{
    return &vidmm->groups[group_of_heap( heap )];
}

/* The level at which AUTO offers an allocation of that residency priority. */
enum offer_level auto_offer_level( uint32_t residency_priority );

/* Sets the residency priority of an allocation that is on no list of evictable ones. */
void allocation_set_priority( struct allocation *allocation, uint32_t residency_priority );

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
/* The same if there were no other processes. */
uint64_t vidmm_group_alone_locked( const struct vidmm *vidmm, unsigned int group );

/* Gives an allocation memory; no-op when it has some. May drop the lock: the caller has a reference and has set busy,
 * or nobody else knows the allocation yet. The content of an evicted one stays where it is (page_in_locked).
 * STATUS_SUCCESS, STATUS_GRAPHICS_NO_VIDEO_MEMORY, STATUS_NO_MEMORY (system memory: also for what would have to be paged
 * out), STATUS_DEVICE_REMOVED. */
NTSTATUS vidmm_place_locked( struct allocation *allocation, enum budget_mode mode );

/* The same for the first of a list, all of which the caller is about to place: where content must be paged out for it, what those like
 * it right behind it will need goes in the same batch, instead of one by one. */
NTSTATUS vidmm_place_next_locked( struct allocation *const *allocations, unsigned int count, enum budget_mode mode );

/* The group that an allocation prefers. */
static inline unsigned int preferred_group( const struct allocation *allocation )
{
    return allocation->preferred_segment == WINEKMT_SEGMENT_LOCAL ? GROUP_LOCAL : GROUP_NON_LOCAL;
}

/* Bytes of a group that can neither be discarded nor evicted. */
static inline uint64_t vidmm_held_bytes_locked( const struct vidmm *vidmm, unsigned int group )
{
    uint64_t held = 0;
    unsigned int i;

    for (i = 0; i < vidmm->info->heap_count; i++)
    {
        const struct vidmm_heap *heap = &vidmm->heaps[i];

        if (heap->local == (group == GROUP_LOCAL)) held += heap->placed - heap->offered_bytes - heap->evictable_bytes;
    }
    return held;
}

/* Bytes that a group is over its budget with those, and more bytes: what the program is asked to trim. */
uint64_t vidmm_bytes_to_trim_locked( const struct vidmm *vidmm, unsigned int group, uint64_t more );

/***********************************************************************
 * Blocks (block.c)
 */

/* Memory that left the bookkeeping but is not yet freed: collected under the lock, freed by freed_memory_flush_locked. */
struct freed_memory
{
    struct vidmm      *vidmm;       /* of the blocks; a list is of one manager */
    struct list        blocks;      /* through entry */
    uint64_t           bytes;       /* of the blocks */
    struct system_copy *copies;     /* system memory that is not needed any more */
};

static inline void freed_memory_init( struct freed_memory *freed, struct vidmm *vidmm )
{
    freed->vidmm = vidmm;
    list_init( &freed->blocks );
    freed->bytes = 0;
    freed->copies = NULL;
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

/* The CPU's view of a placed allocation; NULL: its block is not mapped. */
static inline char *mapped_content( const struct allocation *allocation )
{
    const struct vidmm_block *block = allocation->block;

    return block->map ? block->map + allocation->slot * block_slot_size( block ) : NULL;
}

/* Where memory is short: in one heap, or in a whole group because of the user's limit. */
struct shortage
{
    const struct vidmm_heap *heap;  /* NULL: anywhere in group */
    bool     local;                 /* the group */
    uint64_t bytes;                 /* how much is missing; 0: nothing */
};

/***********************************************************************
 * Victims: what pressure may take (victims.c)
 */

/* Why an offered allocation is, or is not, on the lists of what may be discarded; and one that is not offered on those of what
 * may be evicted. */
bool can_discard( const struct allocation *allocation );
bool can_evict( const struct allocation *allocation );

void offer_lists_init( struct offer_lists *lists );

/* Puts an allocation on the list where it belongs by its state, at the tail, or takes it off. An allocation that is not on a
 * list may be added any time; adding one that belongs nowhere does nothing. O(1). */
void victim_list_add_locked( struct allocation *allocation );
void victim_list_remove_locked( struct allocation *allocation );

/* Offers it, or with NOT_OFFERED ends that, and moves it to the list where it then belongs. */
void victim_set_offer_locked( struct allocation *allocation, enum offer_level offer, bool allow_decommit );

bool is_short_of( const struct shortage *shortage, const struct vidmm_heap *heap );

/* The first that is to go, of what frees memory where it is short; NULL: there is none. What somebody works on is passed over. */
struct allocation *next_discard_locked( struct vidmm *vidmm, const struct shortage *shortage );
struct allocation *next_eviction_locked( struct vidmm *vidmm, const struct shortage *shortage, enum evict_level most );

/* The same order, for system memory: of what is offered and evicted; and for TrimProcessCommitment, wherever it is. */
struct allocation *next_discard_of_evicted_locked( struct vidmm *vidmm );
struct allocation *next_decommit_locked( struct vidmm *vidmm );

/* Takes the memory of an offered allocation away, and with it its content. A block that becomes empty goes to freed, and so
 * does a system copy. */
void discard_locked( struct allocation *allocation, struct freed_memory *freed );

/***********************************************************************
 * Paging: content between GPU memory and system memory (page.c)
 */

enum room
{
    ROOM_NONE,                  /* there is nothing left to free */
    ROOM_NO_SYSTEM_MEMORY,      /* something could be paged out if there were system memory for it */
    ROOM_MADE,                  /* something was freed or is being freed: look again */
    ROOM_THERE,                 /* nothing need be freed */
};

/* Pages out the next victims until that many bytes are reached, or as many as go at once. Drops the lock, unless it finds
 * nothing to do. Blocks that become empty are left for reuse, or for the next call that makes room. level: not above it. */
enum room page_out_locked( struct vidmm *vidmm, const struct shortage *shortage, enum evict_level level );

/* Pages out one allocation that the caller has made busy. Drops the lock. even_recalled: also when MakeResident comes meanwhile; else it stays
 * where it is then, which is a success too.
 * STATUS_SUCCESS, STATUS_NO_MEMORY, STATUS_DEVICE_REMOVED: it is as before. */
NTSTATUS page_out_allocation_locked( struct allocation *allocation, bool even_recalled, struct freed_memory *freed );

/* Brings the content of an evicted allocation that has been placed back into GPU memory. The caller has made it busy. Drops the
 * lock when there is something to copy. On failure it has lost its memory again and is evicted as before.
 * STATUS_SUCCESS, STATUS_NO_MEMORY, STATUS_DEVICE_REMOVED. */
NTSTATUS page_in_locked( struct allocation *allocation, struct freed_memory *freed );

/* Whether page_in_locked has something to copy. */
static inline bool page_in_copies( const struct allocation *allocation )
{
    return allocation->evicted && allocation->content == CONTENT_VALID && allocation->system_memory;
}

/* page_in_locked of several, PAGE_IN_COUNT at most, all with something to copy, whose copies overlap; each has a status of its own. */
void page_in_list_locked( struct allocation *const *allocations, unsigned int count, NTSTATUS *statuses, struct freed_memory *freed );

/* Changes where it may live; what is evicted is counted in the group that it prefers. */
void allocation_set_segments_locked( struct allocation *allocation, unsigned int segments, unsigned int preferred );

/* From now on its content is what system_memory says; the other direction gives that up. Both count. */
void allocation_set_evicted_locked( struct allocation *allocation );
void allocation_drop_system_copy_locked( struct allocation *allocation, struct freed_memory *freed );

/* sign: 1 for an evicted allocation that has lost its memory, -1 before it gets some. */
void allocation_count_unplaced_locked( const struct allocation *allocation, int64_t sign );

/***********************************************************************
 * System memory for content (system_memory.c)
 */

/* What an unused piece of it holds, so that lists of them cost nothing. */
struct system_copy
{
    struct system_copy *next;
    uint64_t            size;
};

/* Counts size bytes, after discarding what is offered and evicted, in order, where that is needed; false: the limit (os_system_memory_left)
 * does not allow it. The bytes are then allocated with the lock dropped; a failed allocation is taken back. */
bool system_memory_reserve_locked( struct vidmm *vidmm, uint64_t size, struct freed_memory *freed );
void system_memory_unreserve_locked( uint64_t size );
void *system_memory_allocate( uint64_t size, bool zeroed );

/* While the content of an evicted allocation is on its way back, from vidmm_place_locked on, its bytes do not count against the limit, so that what
 * makes room for it can take its place where system memory is full. Both do nothing for what has no system copy. */
void system_memory_lend_locked( const struct allocation *allocation );
void system_memory_take_back_locked( const struct allocation *allocation );

/* Gives a piece to freed_memory_flush_locked. */
void system_memory_free_locked( void *memory, uint64_t size, struct freed_memory *freed );

/* Frees a list; the lock is not held. */
void system_memory_free_list( struct system_copy *copies );

/* Frees the pieces that were kept for reuse. When kept ones may be freed next; UINT64_MAX: there are none. */
uint64_t system_memory_expire_locked( uint64_t now, struct freed_memory *freed );

/***********************************************************************
 * The pager: a thread for the copies that MakeResident and ReclaimAllocations2 do not wait for (pager.c)
 */

/* What one call on a paging queue has to bring back. */
struct paging_job
{
    struct list          entry;         /* in vidmm->jobs */
    struct paging_queue *queue;         /* with a reference */
    uint64_t             fence_value;   /* that the queue's fence gets when it is done */
    unsigned int         count;
    struct allocation   *allocations[]; /* placed, busy, each once */
};

/* Takes over a job whose allocations have all been placed, or that failed with status. What has nothing to copy is done at once.
 * The rest gets a value of the queue's fence and is done on the pager; queue NULL: before this returns. *fence_value is written
 * only when there is a rest. May drop the lock. status, or why a copy that was waited for failed. */
NTSTATUS pager_finish_locked( struct paging_queue *queue, struct paging_job *job, uint64_t *fence_value,
                              struct freed_memory *freed, NTSTATUS status );
void pager_stop_locked( struct vidmm *vidmm );     /* drops the lock; no jobs are left */

/***********************************************************************
 * Pressure (pressure.c)
 */

/* What a block of size bytes more in that heap would be short of by the budgets. */
struct shortage budget_shortage_locked( const struct vidmm *vidmm, const struct vidmm_heap *heap, uint64_t size );

/* Whether the budgets would let a block of size bytes more into that heap if everything that is offered or can be evicted went,
 * here or in other processes. false: nothing should be discarded for it. O(heaps). */
bool can_make_room_locked( const struct vidmm *vidmm, const struct vidmm_heap *heap, uint64_t size );

/* Whether allocations of so many bytes more, by the segments where they may live, could be in GPU memory at once beside what is held:
 * if all else went, here and in other processes. mode: WITHIN_BUDGET or WITHIN_MAXIMUM. false: nothing should be discarded for them. */
bool can_hold_locked( const struct vidmm *vidmm, const uint64_t bytes[ANY_SEGMENT + 1], enum budget_mode mode );

enum effort
{
    EFFORT_AT_ONCE,             /* only what costs no content but that of what is offered, and no waiting for other threads */
    EFFORT_DISCARD,             /* the same, and what other threads are freeing already is waited for */
    EFFORT_EVICT,               /* paging out too */
};

/* Frees what is short, or a part of it: empty blocks, then offered allocations in order, then blocks that compaction can
 * empty, then, with EFFORT_EVICT, what can be paged out. Stops early when pool has a free slot (pool may be NULL). Drops the lock. */
enum room make_room_locked( struct vidmm *vidmm, const struct shortage *shortage, struct vidmm_pool *pool, enum effort effort );

/* Empties one block of the pool by moving its members to free slots of the others, if that can be done, and frees it.
 * Drops the lock, unless it finds nothing to do. true: a block was freed. *pinned: there would be room for the members of
 * a block, but they cannot move. (compact.c) */
bool compact_pool_locked( struct vidmm *vidmm, struct vidmm_pool *pool, bool *pinned );

/***********************************************************************
 * Other processes (share.c)
 */

/* How old what is known of others may be where a new block is wanted. */
#define SHARE_AGE_NS  (5 * 1000000ull)
/* How long a call goes on asking others for the memory of one block, however much they seem to give: this, and for each byte the time of
 * a slow copy (250 MB/s). */
#define ASK_PATIENCE_NS  (2 * 1000000000ull)
#define ASK_BYTE_NS      4

/* Takes an account in the ledger and gives it back. The lock is not held. STATUS_SUCCESS, STATUS_NO_MEMORY. */
NTSTATUS share_join( struct vidmm *vidmm );
void share_leave( struct vidmm *vidmm );

/* What of a group of total bytes is this process', by the counts of all (a pure function). */
struct division divide( uint64_t total, const struct ledger_counts *own, const struct ledger_peer *peers, unsigned int count );

/* Looks at the others when that was longer ago than max_age. A system call a process. */
void share_refresh_locked( struct vidmm *vidmm, uint64_t max_age );

/* What a process may reserve: half its budget, and no more than what the reservations of all others leave. key: of another process; NULL:
 * this one. A system call a process. */
uint64_t share_reservable_locked( struct vidmm *vidmm, unsigned int group, const uint64_t *key, uint64_t budget );

/* Reserves bytes in place of before, unless that is more. Of several processes that reserve at the same instant not all succeed when
 * their sum would be more than there is. STATUS_SUCCESS, STATUS_INVALID_PARAMETER, STATUS_NOT_FOUND: the process has ended. */
NTSTATUS share_reserve_locked( struct vidmm *vidmm, unsigned int group, const uint64_t *key, uint64_t budget, uint64_t before, uint64_t bytes );

/* The budget that another process would be told of now, by the counts of all: what it has published itself is of the time when it last looked.
 * That of peers[index], which is overwritten; own: the counts of this process, zeroes if it has no memory of that GPU. */
uint64_t share_budget_of_peer( const struct gpu_adapter *info, unsigned int group, const struct ledger_counts *own, struct ledger_peer *peers,
                               unsigned int count, unsigned int index );

/* ledger_find_process with the budget of now. A system call a process. */
bool share_find_process_locked( struct vidmm *vidmm, uint64_t process_key, unsigned int group, struct ledger_counts *counts );

/* Bytes by which a block of size bytes would not fit beside what others use; 0: it fits. */
uint64_t share_missing_locked( struct vidmm *vidmm, unsigned int group, uint64_t size );

/* Asks the others for bytes, and waits a moment. evict: also to evict, those who use more than their share. true: they gave something,
 * look again. until: os_time_ns; nobody is asked after that, since several who never answer take turns at being asked again, and somebody
 * whose use goes up and down all the time seems to give something for ever. Drops the lock. */
bool share_ask_locked( struct vidmm *vidmm, unsigned int group, uint64_t bytes, bool evict, uint64_t until );

/* Evicts what others asked for. On the worker. Drops the lock. */
void share_serve_locked( struct vidmm *vidmm );

/* Tells the others how things are. About 20 stores; whoever changes something that matters to others calls it at the end. */
void share_publish_locked( struct vidmm *vidmm );

/* Over all managers (commitment.c): decommits until bytes are reached; returns how many were. Drops the lock. */
uint64_t decommit_locked( uint64_t bytes );
void publish_decommit_locked( void );

/***********************************************************************
 * The worker (worker.c)
 */

/* There is something for the worker: an empty block, say. Starts it at first need. */
void worker_notify_locked( struct vidmm *vidmm );

/* The same for what should not wait for the worker's next timer. */
void worker_kick_locked( struct vidmm *vidmm );

/* The same when there is a victim for which it should watch the budget. */
static inline void worker_watch_locked( struct vidmm *vidmm )
{
    if (!vidmm->watching) worker_notify_locked( vidmm );
}
void worker_stop_locked( struct vidmm *vidmm );    /* drops the lock */

/***********************************************************************
 * Trim notifications (trim.c)
 */

/* Asks the program to trim where it is over its budget with what it holds resident, and from time to time under pressure. When
 * to look again, os_time_ns; UINT64_MAX: nobody wants to know. On the worker. May drop the lock. */
uint64_t trim_check_locked( struct vidmm *vidmm );

/* More is used, or held, than before: it may be time to ask. */
static inline void trim_notice_locked( struct vidmm *vidmm )
{
    if (vidmm->trim_registrations) worker_kick_locked( vidmm );
}

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

/* Whether an allocation of its size could live in one of those segments at all, in memory that suits it. If not that is the
 * caller's mistake, not a shortage. */
bool fits_in_segments( const struct vidmm *vidmm, const struct allocation *allocation, unsigned int segments );

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
