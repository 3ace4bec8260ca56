/*
 * The Linux program gives everything back at its end, so that leaks show
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include "d3dkmt_test.h"

#include "core/kmt.h"

/* Before the leak checks of the sanitizers, which were registered before this. */
static void shutdown( void )
{
    kmt_shutdown();
}

static void __attribute__((constructor)) register_shutdown( void )
{
    atexit( shutdown );
}
