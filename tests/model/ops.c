/*
 * Sequences of operations: made from a seed, written as lines and read back
 *
 * An operation names slots, not handles: whatever was dropped from a sequence before it, it still means something, if only a call with
 * a handle that names nothing.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "model.h"
#include "create_flags.h"

const char *const verifier_names[] = { "none", "always-discard", "never-discard", "always-decommit", "always-decommit,fail-commit" };

static const struct
{
    const char *name;
    bool        list;
    const char *args[MAX_ARGS];
}
kinds[OP_KINDS] =
{
    [OP_OPEN_ADAPTER]     = { "OpenAdapter", false, { "adapter", "enum" } },
    [OP_CLOSE_ADAPTER]    = { "CloseAdapter", false, { "adapter" } },
    [OP_CREATE_DEVICE]    = { "CreateDevice", false, { "dev", "adapter" } },
    [OP_DESTROY_DEVICE]   = { "DestroyDevice", false, { "dev" } },
    [OP_CREATE_QUEUE]     = { "CreatePagingQueue", false, { "queue", "dev", "priority" } },
    [OP_DESTROY_QUEUE]    = { "DestroyPagingQueue", false, { "queue" } },
    [OP_CREATE]           = { "CreateAllocation", true, { "dev", "res", "kib", "access", "segs", "pref", "flags", "bad" } },
    [OP_CREATE_HEAP]      = { "CreateHeap", true, { "dev", "kib", "flags", "bad" } },
    [OP_DESTROY]          = { "DestroyAllocation", true, { "dev", "form", "flags", "n" } },
    [OP_DESTROY_RESOURCE] = { "DestroyResource", false, { "dev", "res", "form" } },
    [OP_OPEN_RESOURCE]    = { "OpenResource", false, { "dev", "res" } },
    [OP_LOCK]             = { "Lock", true, { "dev", "form", "flags", "write", "pages" } },
    [OP_UNLOCK]           = { "Unlock", true, { "dev", "form", "n" } },
    [OP_OFFER]            = { "OfferAllocations", true, { "dev", "res", "n", "priority", "flags" } },
    [OP_RECLAIM]          = { "ReclaimAllocations", true, { "dev", "res", "n", "form", "queue", "results" } },
    [OP_MAKE_RESIDENT]    = { "MakeResident", true, { "queue", "n", "flags", "priorities" } },
    [OP_EVICT]            = { "Evict", true, { "dev", "n", "flags" } },
    [OP_RESIDENCY]        = { "QueryAllocationResidency", true, { "dev", "res", "n" } },
    [OP_SET_PRIORITY]     = { "SetAllocationPriority", true, { "dev", "res", "n", "value" } },
    [OP_GET_PRIORITY]     = { "GetAllocationPriority", true, { "dev", "res", "n" } },
    [OP_UPDATE]           = { "UpdateAllocationProperty", true, { "queue", "mask", "segs", "pref", "flags" } },
    [OP_INVALIDATE]       = { "InvalidateCache", true, { "dev", "offset", "length" } },
    [OP_RESERVE]          = { "ChangeVideoMemoryReservation", false, { "adapter", "group", "percent" } },
    [OP_MEMORY_INFO]      = { "QueryVideoMemoryInfo", false, { "adapter", "group", "index" } },
    [OP_OFFER_INFO]       = { "QueryProcessOfferInfo", false, { "bad" } },
    [OP_TRIM]             = { "TrimProcessCommitment", false, { "kib", "flags", "bad" } },
    [OP_WAIT]             = { "WaitForFences", true, { "dev", "any", "event", "back", "n" } },
    [OP_ADAPTER_INFO]     = { "QueryAdapterInfo", false, { "adapter", "type", "size" } },
    [OP_DEVICE_STATE]     = { "GetDeviceState", false, { "dev", "type" } },
    [OP_GPU_WRITE]        = { "GpuWrites", true, { NULL } },
    [OP_LOOK]             = { "Look", true, { NULL } },
    [OP_BUDGET]           = { "SetBudget", false, { "heap", "mib", "foreign" } },
    [OP_SLEEP]            = { "Sleep", false, { "ms" } },
    [OP_MEET]             = { "Meet", false, { NULL } },
};

static const char *const entry_names[] =
{
    "zero", "junk", "ones", "adapter", "device", "queue", "fence", "resource", "global", "allocation", "gone", "low"
};

unsigned int op_arg_count( enum op_kind kind )
{
    unsigned int count = 0;

    while (count < MAX_ARGS && kinds[kind].args[count]) count++;
    return count;
}

/***********************************************************************
 * From a seed
 */

struct generator
{
    struct sequence *sequence;
    unsigned int capacity;
    uint64_t     state;
    unsigned int devices;                       /* of each thread */
    unsigned int thread;
    struct { bool live[ALLOCATIONS], offered[ALLOCATIONS], in_resource[ALLOCATIONS]; uint8_t locks[ALLOCATIONS], resident[ALLOCATIONS]; }
        guess[MAX_THREADS];                     /* of what the operations so far come to, when all succeed */
};

static uint32_t next( struct generator *generator, uint32_t limit )
{
    generator->state = generator->state * 6364136223846793005ull + 1442695040888963407ull;
    return (generator->state >> 33) % limit;
}

/* true once in so many times */
static bool rare( struct generator *generator, uint32_t times )
{
    return !next( generator, times );
}

static struct op *add( struct generator *generator, enum op_kind kind )
{
    struct sequence *sequence = generator->sequence;
    struct op *op;

    if (sequence->count == generator->capacity)
    {
        generator->capacity = generator->capacity ? generator->capacity * 2 : 1024;
        if (!(sequence->ops = realloc( sequence->ops, generator->capacity * sizeof(*sequence->ops) ))) abort();
    }
    op = &sequence->ops[sequence->count++];
    memset( op, 0, sizeof(*op) );
    op->kind = kind;
    op->thread = generator->thread;
    return op;
}

/* A slot of the device, one that is thought to live, or not; any if none is. */
static unsigned int pick( struct generator *generator, unsigned int device, bool live )
{
    unsigned int tries, slot = 0;

    for (tries = 0; tries < 12; tries++)
    {
        slot = device + generator->devices * next( generator, (ALLOCATIONS - device + generator->devices - 1) / generator->devices );
        if (generator->guess[generator->thread].live[slot] == live) break;
    }
    return slot;
}

/* A list of allocations, mostly good. */
static void pick_list( struct generator *generator, struct op *op, unsigned int device, unsigned int most )
{
    unsigned int i;

    op->count = 1 + next( generator, rare( generator, 3 ) ? most : most < 2 ? most : 2 );
    for (i = 0; i < op->count; i++)
    {
        op->list[i] = pick( generator, device, true );
        if (i && rare( generator, 8 )) op->list[i] = op->list[next( generator, i )];
    }
    if (rare( generator, 25 )) op->list[next( generator, op->count )] = ENTRY_ZERO + next( generator, ENTRY_END - ENTRY_ZERO );
    else if (rare( generator, 40 )) op->list[next( generator, op->count )] = next( generator, ALLOCATIONS );
}

/* Slots of resources of the device. */
static void pick_resources( struct generator *generator, struct op *op, unsigned int device )
{
    unsigned int i;

    op->count = 1 + next( generator, 3 );
    for (i = 0; i < op->count; i++) op->list[i] = (device + generator->devices * next( generator, 3 )) % RESOURCES;
    if (rare( generator, 15 )) op->list[next( generator, op->count )] = ENTRY_ZERO + next( generator, ENTRY_END - ENTRY_ZERO );
}

static uint32_t pick_n( struct generator *generator )
{
    return rare( generator, 50 ) ? next( generator, 6 ) : N_AS_IS;
}

/* Mostly the device itself. */
static uint32_t pick_device( struct generator *generator, unsigned int device )
{
    return rare( generator, 80 ) ? ENTRY_ZERO + next( generator, ENTRY_END - ENTRY_ZERO ) : rare( generator, 60 ) ? next( generator,
             DEVICES ) : device;
}

static uint32_t pick_queue( struct generator *generator, unsigned int device )
{
    return rare( generator, 60 ) ? next( generator, QUEUES ) : device;
}

static void generate_create( struct generator *generator, unsigned int device )
{
    static const uint16_t sizes[] = { 1, 4, 5, 12, 64, 64, 200, 512, 512, 1024, 1024, 1500, 2048, 2048, 3072, 6144 };
    struct op *op = add( generator, OP_CREATE );
    unsigned int i, resource;

    op->count = rare( generator, 8 ) ? 2 + next( generator, 2 ) : 1;
    for (i = 0; i < op->count; i++)
    {
        op->list[i] = pick( generator, device, false );
        generator->guess[generator->thread].live[op->list[i]] = true;
        generator->guess[generator->thread].offered[op->list[i]] = false;
        generator->guess[generator->thread].locks[op->list[i]] = generator->guess[generator->thread].resident[op->list[i]] = 0;
    }
    op->arg[0] = pick_device( generator, device );
    resource = (device + generator->devices * next( generator, 3 )) % RESOURCES;
    if (rare( generator, 6 )) op->arg[1] = 1 + resource;
    op->arg[2] = rare( generator, 100 ) ? 9000 + next( generator, 60000 ) : sizes[next( generator, ARRAY_SIZE( sizes ) )];
    op->arg[3] = next( generator, 3 );
    op->arg[4] = rare( generator, 3 ) ? next( generator, 4 ) : WINEKMT_SEGMENT_LOCAL;
    if (op->arg[4] && rare( generator, 8 )) op->arg[5] = op->arg[4] == 3 ? 1 + next( generator, 2 ) : op->arg[4];
    if (rare( generator, 8 )) op->arg[6] |= CREATE_NOT_ZEROED;
    if (rare( generator, 4 )) op->arg[6] |= CREATE_FIRST_FORM;
    if (op->arg[1] && !rare( generator, 3 )) op->arg[6] |= CREATE_RESOURCE;
    if (op->arg[6] & CREATE_RESOURCE && rare( generator, 3 )) op->arg[6] |= CREATE_SHARED;
    if (op->arg[6] & CREATE_SHARED && rare( generator, 3 )) op->arg[6] |= CREATE_NT;
    if (rare( generator, 60 )) op->arg[6] ^= CREATE_SHARED;
    if (rare( generator, 60 )) op->arg[6] ^= CREATE_NT;
    if (rare( generator, 25 )) op->arg[6] |= CREATE_PRIMARY;
    op->arg[6] |= next( generator, CREATE_PRIORITIES ) << CREATE_PRIORITY_SHIFT;
    if (rare( generator, 4 )) op->arg[6] |= next( generator, 22 ) << CREATE_ALIGNMENT_SHIFT;
    if (rare( generator, 25 )) op->arg[7] = next( generator, BAD_CREATIONS );
}

/* Runs as other calls do, but is rare. */
static void generate_odd( struct generator *generator, unsigned int device )
{
    unsigned int adapter = device % generator->sequence->config.adapters;
    struct op *op;

    switch (next( generator, 16 ))
    {
    case 0:
        op = add( generator, rare( generator, 2 ) ? OP_OPEN_ADAPTER : OP_CLOSE_ADAPTER );
        op->arg[0] = adapter;
        op->arg[1] = rare( generator, 2 );
        break;
    case 1:
        if (!rare( generator, 4 )) break;
        op = add( generator, OP_DESTROY_DEVICE );
        op->arg[0] = pick_device( generator, device );
        op = add( generator, OP_OPEN_ADAPTER );
        op->arg[0] = adapter;
        op = add( generator, OP_CREATE_DEVICE );
        op->arg[0] = device;
        op->arg[1] = adapter;
        op = add( generator, OP_CREATE_QUEUE );
        op->arg[0] = op->arg[1] = device;
        break;
    case 2:
        op = add( generator, OP_CREATE_DEVICE );
        op->arg[0] = device;
        op->arg[1] = rare( generator, 10 ) ? ENTRY_ZERO + next( generator, ENTRY_END - ENTRY_ZERO ) : adapter;
        break;
    case 3: case 4:
        op = add( generator, OP_CREATE_QUEUE );
        op->arg[0] = rare( generator, 2 ) ? device : next( generator, QUEUES );
        op->arg[1] = op->arg[0] < generator->devices ? device : pick_device( generator, device );
        op->arg[2] = rare( generator, 20 ) ? 5 : next( generator, 3 );
        break;
    case 5:
        op = add( generator, OP_DESTROY_QUEUE );
        op->arg[0] = rare( generator, 10 ) ? ENTRY_ZERO + next( generator, ENTRY_END - ENTRY_ZERO ) : next( generator, QUEUES );
        if (op->arg[0] >= generator->devices) break;
        op = add( generator, OP_CREATE_QUEUE );
        op->arg[0] = op->arg[1] = op[-1].arg[0];
        break;
    case 6: case 7:
        op = add( generator, OP_RESERVE );
        op->arg[0] = adapter;
        op->arg[1] = rare( generator, 15 ) ? 2 : next( generator, 2 );
        op->arg[2] = next( generator, 120 );
        break;
    case 8: case 9:
        op = add( generator, OP_MEMORY_INFO );
        op->arg[0] = adapter;
        op->arg[1] = rare( generator, 15 ) ? 2 : next( generator, 2 );
        op->arg[2] = rare( generator, 20 );
        break;
    case 10:
        op = add( generator, OP_OFFER_INFO );
        op->arg[0] = rare( generator, 6 ) ? 1 + next( generator, 2 ) : 0;
        break;
    case 11:
        op = add( generator, OP_TRIM );
        op->arg[0] = rare( generator, 3 ) ? UINT32_MAX : next( generator, 3000 );
        op->arg[1] = rare( generator, 3 ) ? next( generator, 5 ) : 0;
        op->arg[2] = rare( generator, 10 );
        break;
    case 12: case 13:
        op = add( generator, OP_WAIT );
        op->count = 1 + next( generator, 3 );
        op->list[0] = device;
        op->list[1] = op->list[2] = (device + generator->devices) % QUEUES;
        if (rare( generator, 8 )) op->list[next( generator, op->count )] = ENTRY_ZERO + next( generator, ENTRY_END - ENTRY_ZERO );
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = next( generator, 2 );
        op->arg[2] = rare( generator, 6 );
        op->arg[3] = next( generator, 2 );
        op->arg[4] = pick_n( generator );
        break;
    case 14:
        op = add( generator, OP_ADAPTER_INFO );
        op->arg[0] = adapter;
        op->arg[1] = next( generator, 5 );
        op->arg[2] = rare( generator, 4 ) ? 1 + next( generator, 3 ) : 0;
        break;
    case 15:
        op = add( generator, OP_DEVICE_STATE );
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = next( generator, 10 );
        break;
    }
}

static void generate_op( struct generator *generator )
{
    unsigned int device = next( generator, generator->devices ), slot, i;
    __typeof__( generator->guess[0] ) *guess = &generator->guess[generator->thread];
    struct op *op;

    switch (next( generator, 40 ))
    {
    case 0: case 1: case 2: case 3: case 4: case 5: case 6: case 7:
        generate_create( generator, device );
        break;
    case 8: case 9:
        op = add( generator, OP_DESTROY );
        pick_list( generator, op, device, 2 );
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = next( generator, 2 );
        op->arg[2] = rare( generator, 20 ) ? 4 : next( generator, 4 );
        op->arg[3] = pick_n( generator );
        for (i = 0; i < op->count; i++) if (op->list[i] < ALLOCATIONS) guess->live[op->list[i]] = false;
        break;
    case 10:
        op = add( generator, rare( generator, 4 ) ? OP_OPEN_RESOURCE : OP_DESTROY_RESOURCE );
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = rare( generator, 10 ) ? ENTRY_ZERO + next( generator, ENTRY_END - ENTRY_ZERO )
                                           : (device + generator->devices * next( generator, 3 )) % RESOURCES;
        op->arg[2] = next( generator, 2 );
        break;
    case 11:
        op = add( generator, OP_CREATE_HEAP );
        op->count = 1;
        op->list[0] = pick( generator, device, false );
        guess->live[op->list[0]] = true;
        guess->offered[op->list[0]] = false;
        guess->locks[op->list[0]] = guess->resident[op->list[0]] = 0;
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = 4 * next( generator, 20 );
        op->arg[2] = rare( generator, 3 ) ? CREATE_FIRST_FORM : 0;
        op->arg[3] = rare( generator, 6 ) ? next( generator, BAD_HEAPS ) : 0;
        break;
    case 12: case 13: case 14: case 15: case 16:
        slot = pick( generator, device, true );
        op = add( generator, OP_LOCK );
        op->count = 1;
        op->list[0] = rare( generator, 50 ) ? ENTRY_ZERO + next( generator, ENTRY_END - ENTRY_ZERO ) : slot;
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = next( generator, 2 );
        op->arg[2] = rare( generator, 5 ) ? 1u << next( generator, 12 ) : rare( generator, 50 ) ? next( generator, 4096 ) : 0;
        if (op->arg[1]) op->arg[2] = rare( generator, 50 );
        op->arg[3] = !rare( generator, 3 );
        op->arg[4] = rare( generator, 8 ) ? next( generator, 3 ) : 0;
        if (!rare( generator, 5 ))
        {
            op = add( generator, OP_UNLOCK );
            op->count = 1;
            op->list[0] = slot;
            op->arg[0] = device;
            op->arg[1] = next( generator, 2 );
        }
        else guess->locks[slot]++;
        break;
    case 17: case 18:
        op = add( generator, OP_UNLOCK );
        pick_list( generator, op, device, 3 );
        for (slot = device; slot < ALLOCATIONS; slot += generator->devices)
            if (guess->locks[slot])
            {
                guess->locks[slot]--;
                op->count = 1;
                op->list[0] = slot;
                break;
            }
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = next( generator, 2 );
        op->arg[2] = pick_n( generator );
        break;
    case 19: case 20: case 21:
        op = add( generator, OP_OFFER );
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = rare( generator, 6 );
        if (op->arg[1]) pick_resources( generator, op, device );
        else pick_list( generator, op, device, MAX_ENTRIES );
        op->arg[2] = pick_n( generator );
        op->arg[3] = rare( generator, 40 ) ? next( generator, 7 ) : 1 + next( generator, 4 );
        op->arg[4] = rare( generator, 30 ) ? 0x80000002 : next( generator, 4 );
        for (i = 0; i < op->count && !op->arg[1]; i++) if (op->list[i] < ALLOCATIONS) guess->offered[op->list[i]] = true;
        break;
    case 22: case 23: case 24: case 25:
        op = add( generator, OP_RECLAIM );
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = rare( generator, 6 );
        if (op->arg[1]) pick_resources( generator, op, device );
        else
        {
            pick_list( generator, op, device, MAX_ENTRIES );
            for (slot = device; slot < ALLOCATIONS; slot += generator->devices)
                if (guess->offered[slot] && guess->live[slot] && rare( generator, 2 )) op->list[next( generator, op->count )] = slot;
        }
        op->arg[2] = pick_n( generator );
        op->arg[3] = next( generator, 2 );
        op->arg[4] = pick_queue( generator, device );
        op->arg[5] = !rare( generator, 6 );
        for (i = 0; i < op->count && !op->arg[1]; i++) if (op->list[i] < ALLOCATIONS) guess->offered[op->list[i]] = false;
        break;
    case 26: case 27: case 28:
        op = add( generator, OP_MAKE_RESIDENT );
        pick_list( generator, op, device, MAX_ENTRIES );
        op->arg[0] = pick_queue( generator, device );
        op->arg[1] = pick_n( generator );
        op->arg[2] = rare( generator, 4 ) ? 1 : rare( generator, 12 ) ? 3 : rare( generator, 150 ) ? next( generator, 5 ) : 0;
        op->arg[3] = next( generator, 3 );
        for (i = 0; i < op->count; i++) if (op->list[i] < ALLOCATIONS) guess->resident[op->list[i]]++;
        break;
    case 29: case 30: case 31:
        op = add( generator, OP_EVICT );
        pick_list( generator, op, device, 3 );
        for (slot = device, i = 0; slot < ALLOCATIONS; slot += generator->devices)
            if (guess->resident[slot] && i < op->count && rare( generator, 2 ))
            {
                guess->resident[slot]--;
                op->list[i++] = slot;
            }
        if (i && !rare( generator, 10 )) op->count = i;
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = pick_n( generator );
        op->arg[2] = rare( generator, 30 ) ? 4 : next( generator, 4 );
        break;
    case 32:
        op = add( generator, OP_RESIDENCY + next( generator, 3 ) );
        op->arg[0] = pick_device( generator, device );
        if (rare( generator, 3 )) op->arg[1] = 1 + (device + generator->devices * next( generator, 3 )) % RESOURCES;
        if (!op->arg[1] || rare( generator, 6 )) pick_list( generator, op, device, MAX_ENTRIES );
        op->arg[2] = pick_n( generator );
        if (op->kind == OP_SET_PRIORITY) op->arg[3] = rare( generator, 2 ) ? next( generator, 16 ) << 28 : 0x28000000 + next( generator,
                 5 ) * 0x28000000u;
        break;
    case 33:
        op = add( generator, OP_UPDATE );
        op->count = 1;
        op->list[0] = rare( generator, 20 ) ? ENTRY_ZERO + next( generator, ENTRY_END - ENTRY_ZERO ) : pick( generator, device, true );
        op->arg[0] = pick_queue( generator, device );
        op->arg[1] = rare( generator, 30 ) ? 16 : next( generator, 16 );
        op->arg[2] = rare( generator, 20 ) ? next( generator, 8 ) : 1 + next( generator, 3 );
        op->arg[3] = rare( generator, 20 ) ? next( generator, 5 ) : 1 + next( generator, 2 );
        op->arg[4] = rare( generator, 30 ) ? 4 : rare( generator, 3 ) ? next( generator, 4 ) : 0;
        break;
    case 34:
        op = add( generator, OP_INVALIDATE );
        op->count = 1;
        op->list[0] = pick( generator, device, true );
        op->arg[0] = pick_device( generator, device );
        op->arg[1] = next( generator, 8192 );
        op->arg[2] = next( generator, 8192 );
        break;
    case 35: case 36:
        op = add( generator, rare( generator, 3 ) ? OP_LOOK : OP_GPU_WRITE );
        op->count = 1;
        op->list[0] = pick( generator, device, true );
        break;
    case 37:
        op = add( generator, OP_BUDGET );
        op->arg[0] = next( generator, HEAPS );
        op->arg[1] = rare( generator, 3 ) ? 0 : 2 + next( generator, generator->sequence->config.heap );
        op->arg[2] = next( generator, 4 );
        if (rare( generator, 4 ))
        {
            op = add( generator, OP_SLEEP );
            op->arg[0] = next( generator, 3 );
        }
        break;
    default:
        generate_odd( generator, device );
        break;
    }
}

void sequence_generate( struct sequence *sequence, uint32_t seed, unsigned int turns, unsigned int threads )
{
    struct generator generator = { .sequence = sequence, .state = seed * 0x9e3779b97f4a7c15ull + 7 };
    struct config *config = &sequence->config;
    unsigned int i, made = 0;
    struct op *op;

    memset( sequence, 0, sizeof(*sequence) );
    for (i = 0; i < 3; i++) next( &generator, 1 );
    config->seed = seed;
    config->threads = threads;
    config->adapters = 1 + next( &generator, 2 );
    config->unified = rare( &generator, 3 );
    config->heap = rare( &generator, 5 ) ? 1024 : 16;
    config->limit = config->heap == 16 && rare( &generator, 2 ) ? 14 : 0;
    config->system = config->heap == 16 && rare( &generator, 6 ) ? 4 + next( &generator, 12 ) : 0;
    config->verifier = rare( &generator, 5 ) ? next( &generator, VERIFIERS ) : VERIFIER_NONE;
    generator.devices = 2 + next( &generator, 3 );
    for (generator.thread = 0; generator.thread < threads; generator.thread++)
    {
        for (i = 0; i < config->adapters; i++)
        {
            op = add( &generator, OP_OPEN_ADAPTER );
            op->arg[0] = i;
        }
        for (i = 0; i < generator.devices; i++)
        {
            op = add( &generator, OP_CREATE_DEVICE );
            op->arg[0] = i;
            op->arg[1] = i % config->adapters;
            op = add( &generator, OP_CREATE_QUEUE );
            op->arg[0] = op->arg[1] = i;
        }
    }
    while (made++ < turns)
    {
        generator.thread = next( &generator, threads );
        generate_op( &generator );
        if (threads > 1 && made % 400 == 0) add( &generator, OP_MEET );
    }
}

/***********************************************************************
 * Lines
 */

void op_print( const struct op *op, FILE *file )
{
    unsigned int i;

    fprintf( file, "%u %s", op->thread, kinds[op->kind].name );
    if (kinds[op->kind].list)
    {
        fprintf( file, " [" );
        for (i = 0; i < op->count; i++)
        {
            if (op->list[i] >= ENTRY_ZERO) fprintf( file, "%s%s", i ? " " : "", entry_names[op->list[i] - ENTRY_ZERO] );
            else fprintf( file, "%s%u", i ? " " : "", op->list[i] );
        }
        fprintf( file, "]" );
    }
    for (i = 0; i < MAX_ARGS && kinds[op->kind].args[i]; i++)
        if (op->arg[i]) fprintf( file, " %s=%u", kinds[op->kind].args[i], op->arg[i] );
    fprintf( file, "\n" );
}

void sequence_print( const struct sequence *sequence, FILE *file )
{
    const struct config *config = &sequence->config;
    unsigned int i;

    fprintf( file, "model seed=%u threads=%u adapters=%u unified=%u heap=%u limit=%u system=%u verifier=%u\n", config->seed,
             config->threads,
             config->adapters, config->unified, config->heap, config->limit, config->system, config->verifier );
    for (i = 0; i < sequence->count; i++) op_print( &sequence->ops[i], file );
}

static bool read_entry( const char *word, uint8_t *entry )
{
    unsigned int i;
    char *end;

    for (i = 0; i < ARRAY_SIZE( entry_names ); i++)
        if (!strcmp( word, entry_names[i] ))
        {
            *entry = ENTRY_ZERO + i;
            return true;
        }
    i = strtoul( word, &end, 10 );
    *entry = i;
    return end != word && !*end && i < ALLOCATIONS;
}

static bool read_arg( const char *word, const char *const *names, uint32_t *values, unsigned int count )
{
    const char *equals = strchr( word, '=' );
    unsigned int i;
    char *end;

    if (!equals) return false;
    for (i = 0; i < count && names[i]; i++)
        if (strlen( names[i] ) == (size_t)(equals - word) && !memcmp( names[i], word, equals - word ))
        {
            values[i] = strtoul( equals + 1, &end, 10 );
            return end != equals + 1 && !*end;
        }
    return false;
}

static bool read_op( char *line, unsigned int threads, struct op *op )
{
    char *save, *word = strtok_r( line, " \n", &save ), *end;
    bool in_list = false;
    size_t length;

    memset( op, 0, sizeof(*op) );
    if (!word || (op->thread = strtoul( word, &end, 10 )) >= threads || *end || !(word = strtok_r( NULL, " \n", &save ))) return false;
    while (op->kind < OP_KINDS && strcmp( kinds[op->kind].name, word )) op->kind++;
    if (op->kind == OP_KINDS) return false;
    while ((word = strtok_r( NULL, " \n", &save )))
    {
        if (*word == '[')
        {
            in_list = true;
            word++;
        }
        if (!in_list)
        {
            if (!read_arg( word, kinds[op->kind].args, op->arg, MAX_ARGS )) return false;
            continue;
        }
        length = strlen( word );
        if (length && word[length - 1] == ']')
        {
            in_list = false;
            word[--length] = 0;
        }
        if (length && (op->count == MAX_ENTRIES || !read_entry( word, &op->list[op->count++] ))) return false;
    }
    return !in_list;
}

bool sequence_read( struct sequence *sequence, FILE *file )
{
    static const char *const names[] = { "seed", "threads", "adapters", "unified", "heap", "limit", "system", "verifier" };
    struct generator generator = { .sequence = sequence };
    char line[1024], *word, *save;
    unsigned int number = 1;
    struct op op;

    memset( sequence, 0, sizeof(*sequence) );
    /* Whatever a log has before it */
    for (;; number++)
    {
        if (!fgets( line, sizeof(line), file ))
        {
            fprintf( stderr, "model: no line begins with \"model seed=\"\n" );
            return false;
        }
        if (!strncmp( line, "model seed=", 11 )) break;
    }
    strtok_r( line, " \n", &save );
    while ((word = strtok_r( NULL, " \n", &save )))
        if (!read_arg( word, names, (uint32_t *)&sequence->config, ARRAY_SIZE( names ) )) goto bad;
    if (!sequence->config.threads || sequence->config.threads > MAX_THREADS || !sequence->config.adapters ||
        sequence->config.adapters > ADAPTERS || !sequence->config.heap || sequence->config.verifier >= VERIFIERS) goto bad;
    while (fgets( line, sizeof(line), file ))
    {
        number++;
        if (line[0] < '0' || line[0] > '9') break;
        if (!read_op( line, sequence->config.threads, &op )) goto bad;
        generator.thread = op.thread;
        *add( &generator, op.kind ) = op;
    }
    return true;
bad:
    fprintf( stderr, "model: line %u is no operation\n", number );
    free( sequence->ops );
    return false;
}
