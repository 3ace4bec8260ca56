/*
 * Looks into core: contents that the CPU cannot reach, and the invariants of the structures
 *
 * The model itself knows nothing of this. What a GPU would do with an allocation is done here to the bytes behind it.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "model.h"
#include "core/vidmm.h"
#include "fake_gpu.h"
#include "../unit/invariants.h"
#include "wine/test.h"

/* The content, wherever it is; NULL: it counts as zero, and is nowhere. */
static void *peek_locked( struct allocation *allocation )
{
    if (allocation->content == CONTENT_ZERO) return NULL;
    if (allocation->evicted) return allocation->system_memory;
    return (char *)fake_gpu_peek( allocation->block->memory ) + allocation->slot * block_slot_size( allocation->block );
}

static struct allocation *find_locked( const struct m_allocation *allocation )
{
    return get_allocation_locked( find_device_locked( allocation->device->handle ), allocation->handle );
}

/* Nothing counts as zero for content that may be zero. */
static bool is_zero_right( struct m_allocation *allocation )
{
    if (!allocation->known || !allocation->seed) return true;
    if (!allocation->maybe_zero) return false;
    allocation->seed = 0;
    allocation->maybe_zero = false;
    return true;
}

void inside_gpu_write( struct model *model, struct m_allocation *allocation )
{
    struct allocation *real;
    bool right, there;
    void *data;

    kmt_lock();
    real = find_locked( allocation );
    while (real->busy) kmt_wait_locked( UINT64_MAX );
    if ((there = real->block && !real->evicted))
    {
        data = peek_locked( real );
        right = data ? content_is( allocation, data ) : is_zero_right( allocation );
        real->content = CONTENT_VALID;
        fill_content( model, allocation, peek_locked( real ) );
    }
    else right = false;
    kmt_unlock();
    require( there, "%#x is held resident, and not in GPU memory", allocation->handle );
    require( right, "%#x: other content in GPU memory", allocation->handle );
}

void inside_look( struct model *model, struct m_allocation *allocation )
{
    struct allocation *real;
    bool right = true;
    void *data;

    (void)model;
    kmt_lock();
    real = find_locked( allocation );
    if (!real->busy && !real->discarded && (real->block || real->evicted))
    {
        data = peek_locked( real );
        right = data ? content_is( allocation, data ) : is_zero_right( allocation );
    }
    kmt_unlock();
    require( right, "%#x: other content %s", allocation->handle, "where it is" );
}

/* The answer of Vulkan is asked for every 100 ms; a sequence does not last as long. */
void inside_age_budgets( struct model *model )
{
    struct device *device;
    unsigned int i;

    kmt_lock();
    for (i = 0; i < DEVICES; i++)
        if (model->devices[i].live && (device = find_device_locked( model->devices[i].handle )) && device->vidmm->budget_time)
            device->vidmm->budget_time = 1;     /* old, but not the first */
    kmt_unlock();
}

/* Calls a function for each manager that devices of the models use. */
static bool any_manager( struct world *world, bool (*function)( struct vidmm *vidmm ) )
{
    struct vidmm *managers[ADAPTERS * 4];
    unsigned int thread, i, j, count = 0;
    struct device *device;
    bool ret = false;

    kmt_lock();
    for (thread = 0; thread < world->config.threads; thread++)
        for (i = 0; i < DEVICES; i++)
        {
            if (!world->models[thread].devices[i].live) continue;
            if (!(device = find_device_locked( world->models[thread].devices[i].handle ))) continue;
            for (j = 0; j < count; j++) if (managers[j] == device->vidmm) break;
            if (j == count && count < ARRAY_SIZE( managers )) managers[count++] = device->vidmm;
        }
    kmt_unlock();
    for (i = 0; i < count; i++) ret |= function( managers[i] );
    return ret;
}

static bool is_at_work( struct vidmm *vidmm )
{
    unsigned int priority;
    bool ret;

    kmt_lock();
    ret = (vidmm->pager_started && !vidmm->pager_idle) || vidmm->freeing;
    for (priority = 0; priority < PAGING_PRIORITIES; priority++) if (!list_empty( &vidmm->jobs[priority] )) ret = true;
    kmt_unlock();
    return ret;
}

/* What Evict named goes soon, unless there is no system memory for it. */
static bool is_evicting( struct vidmm *vidmm )
{
    bool ret;

    kmt_lock();
    ret = vidmm->eager;
    kmt_unlock();
    return ret;
}

static bool check_exact( struct vidmm *vidmm )
{
    check_invariants( vidmm, "invariants.c", 0 );
    return false;
}

static bool check_busy( struct vidmm *vidmm )
{
    check_invariants_busy( vidmm, "invariants.c", 0 );
    return false;
}

bool inside_wait_idle( struct world *world )
{
    unsigned int tries;

    for (tries = 0; tries < 30000; tries++)
    {
        if (!any_manager( world, is_at_work ) && (tries > 200 || !any_manager( world, is_evicting ))) return true;
        usleep( 1000 );
    }
    return false;
}

void inside_check( struct world *world, bool busy )
{
    uint32_t live;

    if (busy || any_manager( world, is_at_work )) any_manager( world, check_busy );
    else any_manager( world, check_exact );
    if (busy) return;
    kmt_lock();
    live = kmt_handles.live;
    kmt_unlock();
    require( live == sum_of_handles( world ), "%u handles are in use, the model knows of %llu", live,
             (unsigned long long)sum_of_handles( world ) );
}

void inside_finish( void )
{
    struct fake_gpu_stats stats;

    kmt_shutdown();
    require( !kmt_handles.live, "%u handles are left", kmt_handles.live );
    fake_gpu_get_stats( &stats );
    require( !stats.live_memories && !stats.live_devices && !stats.live_maps, "%llu memories, %llu devices, %llu mappings are left",
             (unsigned long long)stats.live_memories, (unsigned long long)stats.live_devices, (unsigned long long)stats.live_maps );
    fake_gpu_check_no_leaks();
}

/***********************************************************************
 * What invariants.c reports to
 */

static __thread const char *location_file;
static __thread int location_line;

void winetest_set_location( const char *file, int line )
{
    location_file = file;
    location_line = line;
}

void winetest_ok( int condition, const char *format, ... )
{
    unsigned int hash = 0;
    const char *p;
    char text[512];
    va_list args;

    if (condition) return;
    va_start( args, format );
    vsnprintf( text, sizeof(text), format, args );
    va_end( args );
    text[strcspn( text, "\n" )] = 0;
    /* All come from one line: told apart by what is said. */
    for (p = format; *p; p++) hash = hash * 31 + *p;
    model_fail( location_file, location_line + 1000 + hash % 9000, "%s", text );
}
