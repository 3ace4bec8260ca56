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

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

/* A driver that was unloaded has no name in a report, so what it does itself could not be told from what we do:
 * nothing is unloaded. The program exports this for the loader (module.mk). */
extern int dlclose( void *handle ) __attribute__((visibility( "default" )));
int dlclose( void *handle )
{
    (void)handle;
    return 0;
}

#endif
