/*
 * How long the engines of a GPU worked, for a process and for all
 *
 * Linux tells it of each DRM file that is open, as time or as cycles, and forgets it with the file. Monitors take differences, so what is told here
 * never goes back: an account for each that was asked about adds up what was more than at the last reading. A reading that fails changes nothing.
 *
 * Cycles (Intel's xe) become time by what passed on the clock while the GPU counted so many in all; so they count from the second reading on.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/query.h"
#include "os/sensors.h"

#define READING_AGE_NS  100000000u      /* reading what all processes did takes a file for each of their descriptors */

/* The account of a process, a new one in place of that which was read longest ago. There are more than processes in a ledger. */
static struct engine_account *find_account_locked( struct kmt_gpu *gpu, int pid )
{
    struct engine_account *account, *oldest = gpu->engines;

    for (account = gpu->engines; account < gpu->engines + MAX_ENGINE_ACCOUNTS; account++)
    {
        if (account->began && account->pid == pid) return account;
        if (account->began < oldest->began) oldest = account;
    }
    memset( oldest, 0, sizeof(*oldest) );
    oldest->pid = pid;
    return oldest;
}

static void add( uint64_t *sum, uint64_t more )
{
    if (__builtin_add_overflow( *sum, more, sum )) *sum = UINT64_MAX;
}

/* Nanoseconds: as much of those that passed as cycles are of all that passed. */
static uint64_t cycles_to_ns( uint64_t cycles, uint64_t total, uint64_t passed )
{
    double ns = (double)cycles / total * passed;

    return ns < (double)UINT64_MAX ? (uint64_t)ns : UINT64_MAX;
}

/* What was read, beginning at account->began. */
static void add_reading_locked( struct engine_account *account, const struct engine_times *now )
{
    struct engine_times *last = &account->last;
    unsigned int i;

    if (account->last.process != now->process)
    {
        /* Its pid was another's before. */
        *account = (struct engine_account){ .pid = account->pid, .began = account->began };
        account->last.process = now->process;
    }
    for (i = 0; i < ENGINE_CLASSES; i++)
    {
        if (now->ns[i] > last->ns[i]) add( &account->sum[i], now->ns[i] - last->ns[i] );
        last->ns[i] = now->ns[i];
        if (now->total_cycles[i])
        {
            if (account->counted[i] && now->total_cycles[i] > last->total_cycles[i] && now->cycles[i] > last->cycles[i])
                add( &account->sum[i], cycles_to_ns( now->cycles[i] - last->cycles[i], now->total_cycles[i] - last->total_cycles[i],
                                                     account->began - account->counted[i] ) );
            account->counted[i] = account->began;
            last->total_cycles[i] = now->total_cycles[i];
        }
        last->cycles[i] = now->cycles[i];
    }
}

void get_engine_times( struct kmt_gpu *gpu, int pid, uint64_t times[ENGINE_CLASSES] )
{
    struct pci_address address = gpu_pci_address( gpu );
    uint64_t start = os_time_ns();
    struct engine_account *account;
    struct engine_times now;
    bool look, done;

    kmt_lock();
    account = find_account_locked( gpu, pid );
    if ((look = !account->began || pid >= 0 || start - account->began >= READING_AGE_NS)) account->began = start;
    kmt_unlock();
    done = look && read_engine_times( &address, pid, &now );
    kmt_lock();
    account = find_account_locked( gpu, pid );
    if (done && account->began == start) add_reading_locked( account, &now );   /* nobody began later */
    memcpy( times, account->sum, sizeof(account->sum) );
    kmt_unlock();
}
