/*
 * Runs one sequence, in a process that is to end with it
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <stdarg.h>

#include "model.h"
#include "ddk/d3dkmthk.h"
#include "fake_gpu.h"

static struct world world;
static const struct sequence *running;
static const struct op *ending;         /* in the end: what puts things away */

const char *const happening_names[] =
{
    "created", "refused", "kept", "discarded", "not committed", "evicted", "brought back", "pending", "no memory", "devices in error",
    "moved", "invalid", "removed", "waits", "trimmed", "orders compared", "spared", "bytes compared", "calls"
};

void model_fail( const char *file, int line, const char *format, ... )
{
    static int failed;
    unsigned int i, number;
    va_list args;

    /* One thread tells; the process ends while the others wait. */
    if (__atomic_exchange_n( &failed, 1, __ATOMIC_RELAXED )) for (;;) pause();
    if (strrchr( file, '/' )) file = strrchr( file, '/' ) + 1;
    report->line = line;
    snprintf( report->file, sizeof(report->file), "%s", file );
    printf( "%s:%d: ", file, line );
    va_start( args, format );
    vprintf( format, args );
    va_end( args );
    printf( "\n" );
    if (ending)
    {
        report->op = running->count;
        printf( "  in the end: " );
        op_print( ending, stdout );
    }
    for (i = 0; i < running->config.threads && !ending; i++)
    {
        if (!(number = report->at[i])) continue;
        if (number - 1 > report->op) report->op = number - 1;
        printf( "  at operation %u: ", number - 1 );
        op_print( &running->ops[number - 1], stdout );
    }
    fflush( stdout );
    _exit( 1 );
}

/* The GPUs, and the adapters' LUIDs. */
static void begin( const struct config *config )
{
    D3DKMT_ADAPTERINFO infos[ADAPTERS] = { 0 };
    D3DKMT_ENUMADAPTERS2 enumerate = { ADAPTERS, infos };
    struct gpu_adapter adapters[ADAPTERS];
    D3DKMT_CLOSEADAPTER close;
    unsigned int i, j;
    char value[16];

    memset( &world, 0, sizeof(world) );
    world.config = *config;
    world.alone = config->threads == 1;
    pthread_mutex_init( &world.mutex, NULL );
    sprintf( value, "%u", config->limit );
    config->limit ? setenv( "WINEKMT_VIDEO_MEMORY_SIZE", value, 1 ) : unsetenv( "WINEKMT_VIDEO_MEMORY_SIZE" );
    sprintf( value, "%u", config->system );
    config->system ? setenv( "WINEKMT_SYSTEM_MEMORY_SIZE", value, 1 ) : unsetenv( "WINEKMT_SYSTEM_MEMORY_SIZE" );
    config->verifier ? setenv( "WINEKMT_VERIFIER", verifier_names[config->verifier], 1 ) : unsetenv( "WINEKMT_VERIFIER" );
    setenv( "WINEKMT_LEDGER", "none", 1 );

    fake_gpu_reset();
    for (i = 0; i < config->adapters; i++)
    {
        if (config->unified) fake_gpu_unified( &adapters[i], i );
        else fake_gpu_default( &adapters[i], i );
        for (j = 0; j < adapters[i].heap_count; j++) adapters[i].heaps[j].size = MIB( config->heap );
        adapters[i].has_memory_budget = true;
    }
    fake_gpu_set_adapters( adapters, config->adapters );
    for (i = 0; i < HEAPS; i++) world.budget[i] = UINT64_MAX;
    for (i = 0; i < config->threads; i++)
    {
        world.models[i].world = &world;
        world.models[i].thread = i;
        world.models[i].random = config->seed * 7919 + i;
    }
    if (D3DKMTEnumAdapters2( &enumerate ) || enumerate.NumAdapters != config->adapters)
    {
        printf( "model: the adapters are not there\n" );
        exit( 2 );
    }
    for (i = 0; i < config->adapters; i++)
    {
        world.luids[i] = infos[i].AdapterLuid;
        close.hAdapter = infos[i].hAdapter;
        D3DKMTCloseAdapter( &close );
    }
}

/* MODEL_TRACE: a slot of allocations whose state is to be seen whenever it changes, after the operation that changed it. */
static void trace( const struct op *op )
{
    static struct m_allocation before;
    const char *slot = getenv( "MODEL_TRACE" );
    const struct m_allocation *now;

    if (!slot) return;
    now = &world.models[op->thread].allocations[strtoul( slot, NULL, 0 ) % ALLOCATIONS];
    if (!memcmp( &before, now, sizeof(before) )) return;
    before = *now;
    op_print( op, stdout );
    printf( "    %#x%s%s%s%s%s%s, where %u, resident %u, locks %u, seed %#x%s%s\n", now->handle, now->live ? "" : " (gone)",
            now->offered ? " offered" : "",
            now->lost ? " lost" : "", now->unsure ? " unsure" : "", now->eager ? " eager" : "", now->pending ? " pending" : "",
                now->where, now->resident,
            now->locks, now->seed, now->known ? "" : " (unknown)", now->maybe_zero ? " or zero" : "" );
}

/***********************************************************************
 * Several threads: what is between two meetings each does as fast as it can
 */

static unsigned int round_begin, round_end;

static void *run_thread( void *arg )
{
    struct model *model = arg;
    unsigned int i, count = 0;

    for (i = round_begin; i < round_end; i++)
    {
        if (running->ops[i].thread != model->thread || running->ops[i].kind == OP_MEET) continue;
        report->at[model->thread] = i + 1;
        run_op( model, &running->ops[i] );
        if (!(count++ % 32)) sweep( model );
        else
        {
            unsigned int j;

            for (j = 0; j < ALLOCATIONS; j++) if (model->allocations[j].touched) model->allocations[j].where = WHERE_UNKNOWN;
        }
        if (count % 256 == 255) inside_check( &world, true );
    }
    return NULL;
}

static void run_round( void )
{
    pthread_t threads[MAX_THREADS];
    unsigned int i;

    for (i = 0; i < world.config.threads; i++)
        if (pthread_create( &threads[i], NULL, run_thread, &world.models[i] )) abort();
    for (i = 0; i < world.config.threads; i++) pthread_join( threads[i], NULL );
}

static void check_all( void )
{
    static const struct op none = { .kind = OP_SLEEP };
    unsigned int i;

    require( inside_wait_idle( &world ), "it does not come to rest" );
    for (i = 0; i < world.config.threads; i++)
    {
        world.models[i].op = &none;
        sweep( &world.models[i] );
    }
    inside_check( &world, false );
    check_sums( &world );
}

/***********************************************************************
 * The end: all of it is still right, where it is and after it came back
 */

static void run_one( struct model *model, enum op_kind kind, unsigned int slot, uint32_t arg0, uint32_t arg3, uint32_t arg5 )
{
    struct op op = { .kind = kind, .thread = model->thread, .count = 1, .list = { slot }, .arg = { arg0, 0, 0, arg3, 0, arg5 } };

    if (kind == OP_EVICT) op.arg[2] = 1;
    ending = &op;
    run_op( model, &op );
    sweep( model );
    trace( &op );
}

static void put_away( struct model *model )
{
    unsigned int i;

    for (i = 0; i < ALLOCATIONS; i++)
    {
        struct m_allocation *allocation = &model->allocations[i];
        unsigned int device;

        if (!allocation->live || allocation->device->failed) continue;
        device = allocation->device - model->devices;
        while (allocation->locks) run_one( model, OP_UNLOCK, i, device, 0, 0 );
        if (allocation->dead) continue;
        while (allocation->resident) run_one( model, OP_EVICT, i, device, 0, 0 );
        if (allocation->offered) run_one( model, OP_RECLAIM, i, device, 0, 1 );
        if (allocation->dead) continue;
        run_one( model, OP_LOOK, i, 0, 0, 0 );
        run_one( model, OP_LOCK, i, device, 1, 0 );
        if (allocation->locks) run_one( model, OP_UNLOCK, i, device, 0, 0 );
        if (!(i % 3)) run_one( model, OP_DESTROY, i, device, 0, 0 );
    }
    for (i = 0; i < DEVICES; i++) if (model->devices[i].live) run_one( model, OP_DESTROY_DEVICE, 0, i, 0, 0 );
    for (i = 0; i < ADAPTERS; i++) if (model->adapters[i].live) run_one( model, OP_CLOSE_ADAPTER, 0, i, 0, 0 );
}

void run_sequence( const struct sequence *sequence )
{
    unsigned int i;

    running = sequence;
    begin( &sequence->config );
    if (world.alone)
        for (i = 0; i < sequence->count; i++)
        {
            if (sequence->ops[i].kind == OP_MEET) continue;
            report->at[0] = i + 1;
            run_op( &world.models[0], &sequence->ops[i] );
            sweep( &world.models[0] );
            trace( &sequence->ops[i] );
            inside_check( &world, false );
            if (i % 16 == 15) check_sums( &world );
        }
    else
        for (round_end = 0; round_end < sequence->count; )
        {
            round_begin = round_end;
            while (round_end < sequence->count && sequence->ops[round_end].kind != OP_MEET) round_end++;
            run_round();
            check_all();
            if (round_end < sequence->count) round_end++;
        }
    check_all();
    for (i = 0; i < world.config.threads; i++) put_away( &world.models[i] );
    require( inside_wait_idle( &world ), "it does not come to rest" );
    inside_check( &world, false );
    inside_finish();
    require( !sum_of_handles( &world ), "the model thinks that %llu handles are left", (unsigned long long)sum_of_handles( &world ) );
}
