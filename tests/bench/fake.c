/*
 * bench_fake: the benchmark on the fake GPU of the tests, one with 16 GiB of memory that nobody fills
 *
 * For what depends on the manager alone and not on Vulkan: a million allocations need 4 GiB, which not every lavapipe has.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "fake_gpu.h"

static void __attribute__((constructor)) make_gpu( void )
{
    struct gpu_adapter adapter;

    fake_gpu_reset();
    fake_gpu_set_fill( false );
    fake_gpu_unified( &adapter, 0 );
    adapter.heaps[0].size = 16ull << 30;
    fake_gpu_set_adapters( &adapter, 1 );
}
