/*
 * A plain second implementation of handles, states, budgets and contents, and what runs it beside the real one
 *
 * ops.c makes sequences of calls from a seed, and writes and reads them as lines; calls.c and calls_residency.c make the calls;
 * expect.c is the model: what each call may answer in the state that the model believes, written from docs/semantics.md,
 * include/winekmt.h and the documentation of the functions, not from core's sources; learn.c is what follows from an answer, and the
 * sweep that asks where every allocation is; inside.c is the one file that looks into core, for contents that no call shows and for the
 * invariants; run.c runs one sequence; shorten.c makes one that failed short; main.c is the program.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#ifndef __WINEKMT_TESTS_MODEL_H
#define __WINEKMT_TESTS_MODEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "winekmt.h"
#include "core/kmt.h"

#define KIB( n )  ((uint64_t)(n) << 10)
#define MIB( n )  ((uint64_t)(n) << 20)
#define ARRAY_SIZE( a )  (sizeof(a) / sizeof((a)[0]))

#define MAX_THREADS  4
#define ADAPTERS     2      /* slots of each thread, and adapters that there are at most */
#define DEVICES      4
#define QUEUES       6
#define RESOURCES    6
#define ALLOCATIONS  40
#define MAX_ENTRIES  8      /* of a list as it is recorded */
#define MAX_ARGS     8
#define MAX_COUNT    10241  /* of a list as it is passed */
#define HEAPS        3

/***********************************************************************
 * Sequences (ops.c)
 */

/* What an operation does; its arguments are named in ops.c. */
enum op_kind
{
    OP_OPEN_ADAPTER, OP_CLOSE_ADAPTER, OP_CREATE_DEVICE, OP_DESTROY_DEVICE, OP_CREATE_QUEUE, OP_DESTROY_QUEUE,
    OP_CREATE, OP_CREATE_HEAP, OP_DESTROY, OP_DESTROY_RESOURCE, OP_OPEN_RESOURCE,
    OP_LOCK, OP_UNLOCK, OP_OFFER, OP_RECLAIM, OP_MAKE_RESIDENT, OP_EVICT,
    OP_RESIDENCY, OP_SET_PRIORITY, OP_GET_PRIORITY, OP_UPDATE, OP_INVALIDATE,
    OP_RESERVE, OP_MEMORY_INFO, OP_OFFER_INFO, OP_TRIM, OP_WAIT, OP_ADAPTER_INFO, OP_DEVICE_STATE,
    OP_GPU_WRITE, OP_LOOK, OP_BUDGET, OP_SLEEP, OP_MEET,
    OP_KINDS
};

/* Entries of a list: a slot, or one of these. */
enum entry
{
    ENTRY_ZERO = 200,       /* 0 */
    ENTRY_JUNK,             /* 0xdeadbec0 */
    ENTRY_ONES,             /* 0xffffffff */
    ENTRY_ADAPTER, ENTRY_DEVICE, ENTRY_QUEUE, ENTRY_FENCE, ENTRY_RESOURCE, ENTRY_GLOBAL,    /* the first of the thread that lives */
    ENTRY_ALLOCATION,       /* the same, where a list is of something else */
    ENTRY_GONE,             /* what was destroyed last */
    ENTRY_LOW,              /* the first allocation's, with bit 0 set */
    ENTRY_END
};

/* Argument n: how long the list is as it is passed; the recorded entries stand there over and over. */
#define N_AS_IS  0u         /* as recorded */
#define N_NULL   1u         /* as recorded, but the list is NULL */
#define N_NONE   2u         /* 0 */
#define N_MOST   3u         /* as many as the function takes */
#define N_MORE   4u         /* one more */
#define N_BOTH   5u         /* as recorded, and the other list is there too */

struct op
{
    uint8_t  kind, thread, count;
    uint8_t  list[MAX_ENTRIES];
    uint32_t arg[MAX_ARGS];
};

struct config
{
    uint32_t seed, threads, adapters, unified;
    uint32_t heap;          /* MiB of each */
    uint32_t limit;         /* MiB, WINEKMT_VIDEO_MEMORY_SIZE; 0: none */
    uint32_t system;        /* MiB, WINEKMT_SYSTEM_MEMORY_SIZE; 0: none */
    uint32_t verifier;      /* of verifier_names */
};

struct sequence
{
    struct config config;
    unsigned int  count;
    struct op    *ops;      /* malloc */
};

extern const char *const verifier_names[];
enum { VERIFIER_NONE, VERIFIER_ALWAYS_DISCARD, VERIFIER_NEVER_DISCARD, VERIFIER_ALWAYS_DECOMMIT, VERIFIER_FAIL_COMMIT, VERIFIERS };

void sequence_generate( struct sequence *sequence, uint32_t seed, unsigned int turns, unsigned int threads );
void sequence_print( const struct sequence *sequence, FILE *file );
void op_print( const struct op *op, FILE *file );
bool sequence_read( struct sequence *sequence, FILE *file );      /* false, with a line on stderr: it is no sequence */
unsigned int op_arg_count( enum op_kind kind );

/***********************************************************************
 * What the model believes. Each thread has a model of its own, of what it made itself; the threads share the adapters.
 */

enum where { WHERE_UNKNOWN, WHERE_LOCAL, WHERE_SHARED, WHERE_NOWHERE };     /* D3DKMT_ALLOCATIONRESIDENCYSTATUS */

struct m_adapter { D3DKMT_HANDLE handle; bool live; };
struct m_device { D3DKMT_HANDLE handle; bool live, failed; unsigned int adapter; };

struct m_queue
{
    D3DKMT_HANDLE handle, fence;
    bool     live;
    struct m_device *device;
    uint64_t last;                  /* value that a call was told */
    const uint64_t *value;          /* the fence as the program sees it */
};

struct m_resource
{
    D3DKMT_HANDLE handle, global;   /* 0: not shared, or by NT handles */
    bool     live, shared;
    struct m_device *device;
};

enum m_kind { KIND_PLAIN, KIND_HEAP, KIND_PRIMARY };

struct m_allocation
{
    D3DKMT_HANDLE handle;
    bool     live;
    struct m_device   *device;
    struct m_resource *resource;    /* or NULL */
    enum m_kind kind;
    uint64_t size;                  /* whole pages */
    uint64_t room;                  /* what it may take with its alignment */
    uint8_t  access, segments, preferred;
    bool     not_zeroed;
    uint32_t priority;
    char    *memory;                /* of the heap */
    /* states */
    bool     offered, allow_decommit;
    unsigned int level;             /* 1 to 3, what AUTO came to */
    uint64_t offered_at, used_at;   /* sequence numbers: the order of discards, and of evictions */
    uint64_t updated_at;            /* UpdateAllocationProperty: whether that is a use, too, is not settled */
    bool     dead;                  /* reclaimed as not committed */
    bool     eager;                 /* Evict without EvictOnlyIfNecessary may still be at work on it */
    bool     unmoveable;
    unsigned int locks, resident;
    char    *pointer;               /* while locked */
    /* where it is: what the last sweep said */
    enum where where, where_before;
    bool     touched;               /* the operation at hand may move it */
    bool     lost;                  /* it went nowhere while it was offered: discarded, unless Evict was at work */
    struct m_queue *pending;        /* it is there when the fence of that queue has this value */
    uint64_t value;
    bool     reached;               /* it had, before the last sweep asked where it is */
    bool     in_flight;             /* offered when the worker may just have been evicting it: it may go in either way */
    bool     spared;                /* it is offered, and the operation at hand may not cost its content */
    bool     unsure;                /* it is offered, and what became of its content could not be seen */
    /* content */
    uint32_t seed;                  /* 0: zero */
    bool     known;                 /* it is seed's */
    bool     maybe_zero;            /* or zero */
    bool     written;               /* somebody may have written to it since it was made, or lost its content */
};

struct world;

struct model
{
    struct world *world;
    unsigned int  thread;
    uint64_t      ops, budget_op;               /* how many were run, and which of them last changed a budget */
    uint64_t      clock, op_clock;              /* numbers offers and uses; as the operation at hand began */
    struct m_adapter    adapters[ADAPTERS];
    struct m_device     devices[DEVICES];
    struct m_queue      queues[QUEUES];
    struct m_resource   resources[RESOURCES];
    struct m_allocation allocations[ALLOCATIONS];
    D3DKMT_HANDLE gone;
    uint64_t      uniqueness, decommittable;    /* of the last QueryProcessOfferInfo; 0: none yet */
    bool          was_tense[ADAPTERS], before_tense[ADAPTERS];
    uint32_t      random;                       /* for contents only */
    const struct op *op;                        /* at hand */
};

/* What all threads share. */
struct world
{
    struct config config;
    bool     alone;                 /* one thread, and no other works */
    LUID     luids[ADAPTERS];
    uint64_t budget[HEAPS];         /* UINT64_MAX: the heap's size */
    uint64_t foreign[HEAPS];
    uint64_t reservation[ADAPTERS][2];
    bool     reserved[ADAPTERS][2]; /* some budget fell since */
    pthread_mutex_t mutex;          /* handles */
    D3DKMT_HANDLE handles[MAX_THREADS * (ADAPTERS + DEVICES + 2 * QUEUES + 2 * RESOURCES + ALLOCATIONS)];
    unsigned int  handle_count;
    uint32_t      last_index;
    bool          has_last, gaps;   /* gaps: a creation failed since, which may have used handles up */
    struct model  models[MAX_THREADS];
};

/* What happened, of all sequences: a run that never saw some of it proves nothing. */
enum happening
{
    SAW_CREATED, SAW_REFUSED, SAW_KEPT, SAW_DISCARDED, SAW_NOT_COMMITTED, SAW_EVICTED, SAW_BROUGHT_BACK, SAW_PENDING, SAW_NO_MEMORY,
    SAW_DEVICE_FAILED, SAW_MOVED, SAW_INVALID, SAW_REMOVED, SAW_WAITED, SAW_TRIMMED, SAW_ORDERED, SAW_SPARED, SAW_COMPARED, SAW_CALLS,
    SAW_COUNT
};
extern const char *const happening_names[];

/* In memory that the child shares with the program that waits for it. */
struct report
{
    uint64_t seen[SAW_COUNT];
    int      line;                  /* of the check that failed, in file; 0: none did */
    char     file[32];
    unsigned int op;                /* which operation each thread is at, or was: the last to fail */
    unsigned int at[MAX_THREADS];
};
extern struct report *report;

static inline void saw( enum happening what, uint64_t count )
{
    __atomic_add_fetch( &report->seen[what], count, __ATOMIC_RELAXED );
}

/* Ends the process with what did not hold, the first time; does not return. */
void model_fail( const char *file, int line, const char *format, ... ) __attribute__((format( printf, 3, 4 ), noreturn));
#define require( condition, ... )  do { if (!(condition)) model_fail( __FILE__, __LINE__, __VA_ARGS__ ); } while (0)

/* MODEL_BUG in the environment: the model believes something false, to see that it is found and made short. */
bool model_bug( const char *name );

/***********************************************************************
 * Expectations (expect.c): the statuses that are permitted
 */

struct answers { NTSTATUS list[8]; unsigned int count; };

void permit( struct answers *answers, NTSTATUS status );
/* The status is one of them; what: the function. */
void check_answer_( const struct answers *answers, NTSTATUS status, const char *what, int line );
#define check_answer( answers, status, what )  check_answer_( answers, status, what, __LINE__ )
bool is_slow( void );               /* a sanitizer or valgrind: time limits of core may pass */

bool is_pinned( const struct m_allocation *allocation );        /* no pressure touches it: heaps, primaries, shared ones */
bool is_held( const struct m_allocation *allocation );          /* pressure may not take it, as it is now */
bool is_tense( const struct world *world, unsigned int adapter, uint64_t more );
void get_limits( const struct world *world, unsigned int group, uint64_t *least, uint64_t *most );
bool fits_surely( const struct world *world, unsigned int adapter, uint64_t size, unsigned int access, unsigned int segments );
unsigned int offer_level( unsigned int priority, uint32_t residency );
unsigned int evict_level( uint32_t residency );
unsigned int get_visible( const struct world *world, unsigned int access );
bool is_reached( const struct m_queue *queue, uint64_t value );

/* A device as every call that needs one sees it: permits what is wrong with it; false: something is. */
bool expect_device( struct answers *answers, const struct m_device *device );

struct m_list { D3DKMT_HANDLE handles[MAX_COUNT]; struct m_allocation *entries[MAX_COUNT]; unsigned int count; };

/* Whether all entries are live allocations of the device, and more that is asked for. */
bool is_good_list( const struct m_list *list, const struct m_device *device, bool (*condition)( const struct m_allocation * ) );
bool is_not_dead( const struct m_allocation *allocation );
bool can_be_offered( const struct m_allocation *allocation );
unsigned int times_in_list( const struct m_list *list, const struct m_allocation *allocation, unsigned int end );

struct m_creation
{
    struct m_device *device;
    struct m_resource *existing;    /* hResource */
    bool     has_resource, create_resource, shared, nt, primary;
    unsigned int bad, count;
    uint64_t size, room;            /* of each; with its alignment */
    unsigned int access, segments, preferred;
};
void expect_creation( const struct world *world, const struct m_creation *creation, struct answers *answers );
void expect_lock( const struct m_device *device, const struct m_allocation *allocation, bool first_form, bool bad, bool system_memory,
                  bool alone,
                  struct answers *answers );       /* system_memory: there may be none */
void expect_update( const struct world *world, const struct m_queue *queue, const struct m_allocation *allocation,
                    const D3DDDI_UPDATEALLOCPROPERTY *update, struct answers *answers );
void expect_make_resident( const struct world *world, const struct m_queue *queue, const struct m_list *list, unsigned int flags,
                           struct answers *answers );

/***********************************************************************
 * What follows (learn.c)
 */

void learn_handle( struct model *model, D3DKMT_HANDLE handle, bool global );
void learn_no_handle( struct model *model );                    /* a creation failed */
void forget_handle( struct model *model, D3DKMT_HANDLE handle );
void forget_allocation( struct model *model, struct m_allocation *allocation );
void forget_resource( struct model *model, struct m_resource *resource );
void forget_queue( struct model *model, struct m_queue *queue );
void forget_device( struct model *model, struct m_device *device );
void learn_lost( struct m_allocation *allocation, bool certain );       /* its content */
void learn_content( struct model *model, struct m_allocation *allocation, void *data, bool write, const char *where );
bool content_is( struct m_allocation *allocation, const void *data );
void fill_content( struct model *model, struct m_allocation *allocation, void *data );
void sweep( struct model *model );
void check_sums( struct world *world );
uint64_t sum_of_handles( const struct world *world );

/***********************************************************************
 * The calls (calls.c, calls_residency.c)
 */

void run_op( struct model *model, const struct op *op );
bool run_offer_op( struct model *model, const struct op *op );          /* false: it is none of those */
bool run_residency_op( struct model *model, const struct op *op );      /* false: it is none of those */
/* The device of a slot, or of an entry; NULL: the handle is no device's. */
struct m_device *get_device( struct model *model, uint32_t slot, D3DKMT_HANDLE *handle );
struct m_queue *get_queue( struct model *model, uint32_t slot, D3DKMT_HANDLE *handle );
struct m_resource *get_resource( struct model *model, uint32_t slot, D3DKMT_HANDLE *handle );
D3DKMT_HANDLE resolve( struct model *model, unsigned int entry );
unsigned int get_count( const struct op *op, unsigned int n, unsigned int limit );
/* The list as it is passed; of allocations. limit: entries that the function takes. */
void get_list( struct model *model, const struct op *op, unsigned int n, unsigned int limit, struct m_list *list );
struct m_list *call_list( void );                               /* of the call at hand, in this thread: too large for a stack */

/***********************************************************************
 * Inside core (inside.c)
 */

void inside_gpu_write( struct model *model, struct m_allocation *allocation );
void inside_look( struct model *model, struct m_allocation *allocation );
void inside_age_budgets( struct model *model );
void inside_check( struct world *world, bool busy );            /* the invariants; busy: others work on it */
bool inside_wait_idle( struct world *world );                   /* until nothing is under way any more */
void inside_finish( void );                                     /* kmt_shutdown, and that nothing is left */

/***********************************************************************
 * Running (run.c) and shortening (shorten.c)
 */

void run_sequence( const struct sequence *sequence );           /* in the process that is to end with it */

enum outcome { OUTCOME_GOOD, OUTCOME_FAILED, OUTCOME_CRASHED, OUTCOME_HUNG };
struct verdict { enum outcome outcome; int detail; };           /* the line of the check, or the signal */
struct verdict try_sequence( const struct sequence *sequence, bool quiet );
const char *describe_verdict( const struct verdict *verdict );
/* Makes it short while it still ends like that. */
void shorten( struct sequence *sequence, const struct verdict *verdict );

#endif /* __WINEKMT_TESTS_MODEL_H */
