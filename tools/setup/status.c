/*
 * winekmt-setup: status
 *
 * One line for each thing, in plain words, after "ok", "note" or "problem". Exit status 0 when there is no problem.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "setup.h"

#define problem( report, ... ) ((report) ? say( "problem  " __VA_ARGS__ ) : (void)0)

/* Why a drop-in is not the one that would be written now. */
static void explain_dropin( const struct prefix *prefix, const struct plan *plan )
{
    char *path = system_file( prefix, NAME_GDI32 );
    struct pe_stamp have, want;
    struct pe_dropin dropin;
    struct pe_view view;
    struct file file;

    dropin_describe( &dropin );
    pe_open( &view, plan->stock.data, plan->stock.size );
    pe_make_stamp( &view, &dropin, &want );
    if (file_read( path, &file ) || !pe_read_stamp( file.data, file.size, &have )) memset( &have, 0, sizeof(have) );
    if (have.stock_fingerprint != want.stock_fingerprint || have.stock_size != want.stock_size)
        say( "problem  Wine was updated or changed since the drop-in was made; it is refreshed when the prefix next starts" );
    else if (have.list_fingerprint != want.list_fingerprint)
        say( "problem  the drop-in is another winekmt's; \"winekmt-setup install\" brings it up to date" );
    else
        say( "problem  system32/" NAME_GDI32 " was changed by someone; \"winekmt-setup install\" puts it right" );
    file_free( &file );
    free( path );
}

static int check_gdi32( const struct prefix *prefix, const struct plan *plan, int report )
{
    char *pending = prefix_file( prefix, OWN_DIR "/" NAME_PENDING );
    int problems = 1;

    switch (gdi32_state( prefix ))
    {
    case GDI32_MISSING:
        problem( report, "system32/" NAME_GDI32 " is missing; \"winekmt-setup install\" puts it back" );
        break;
    case GDI32_FOREIGN:
        problem( report, "system32/" NAME_GDI32 " was replaced by someone: it is neither Wine's own nor the drop-in" );
        break;
    case GDI32_BUILTIN:
        if (file_exists( pending ))
            problem( report, "the drop-in stepped aside for Wine's own gdi32.dll; it comes back when the prefix next starts, "
                             "if it can" );
        else
            problem( report, "system32/" NAME_GDI32 " is Wine's own: the installation was interrupted, or someone put it "
                             "back; \"winekmt-setup install\" completes it" );
        break;
    case GDI32_DROPIN:
        problems = 0;
        if (!system_file_same( prefix, NAME_GDI32, &plan->dropin ))
        {
            problems++;
            if (report) explain_dropin( prefix, plan );
        }
        else if (report) say( "ok       the drop-in gdi32.dll is in place, made for this Wine" );
        if (!system_file_same( prefix, NAME_STOCK, &plan->stock ))
        {
            problems++;
            problem( report, "system32/" NAME_STOCK " is not this Wine's gdi32.dll; it is refreshed when the prefix next starts" );
        }
    }
    free( pending );
    return problems;
}

static int check_own_files( const struct prefix *prefix, const struct plan *plan, const struct manifest *manifest, int report )
{
    unsigned int i, line;
    int problems = 0;
    char *path, *want;

    for (i = 0; own_files[i]; i++)
    {
        if (!plan->files[i].data || system_file_same( prefix, own_files[i], &plan->files[i] )) continue;
        problems++;
        path = system_file( prefix, own_files[i] );
        want = fingerprint_text( &plan->files[i] );
        if (!file_exists( path ))
            problem( report, "system32/%s is missing; \"winekmt-setup install\" puts it back", own_files[i] );
        else if (manifest_find( manifest, &line, "file", own_files[i], want, NULL ))
            problem( report, "system32/%s was changed by someone; \"winekmt-setup install\" puts it right", own_files[i] );
        else
            problem( report, "system32/%s is another winekmt's; \"winekmt-setup install\" brings it up to date", own_files[i] );
        free( want );
        free( path );
    }
    return problems;
}

static int check_registry( const struct prefix *prefix, int report )
{
    const struct registry_entry *entries;
    unsigned int i, count;
    int override = 0, others = 0;
    struct registries regs;
    char *data;

    if (registries_load( &regs, prefix )) return 1;
    entries = registry_entries( &count );
    for (i = 0; i < count; i++)
    {
        /* An entry of RunOnce comes and goes with every start of the prefix. */
        if (strstr( entries[i].key, "RunOnce" )) continue;
        data = registry_get( registry_of( &regs, entries[i].file ), entries[i].key, entries[i].name );
        if (!data || strcmp( data, entries[i].data ))
        {
            if (!strcmp( entries[i].key, OVERRIDE_KEY )) override = 1;
            else others = 1;
        }
        free( data );
    }
    registries_free( &regs );
    if (override)
        problem( report, "the override gdi32=native,builtin is missing from the registry; \"winekmt-setup install\" enters it" );
    if (others)
        problem( report, "other entries of winekmt are missing from the registry; \"winekmt-setup install\" enters them" );
    return override + others;
}

/***********************************************************************
 * check_installed
 *
 * Whether a prefix holds all that install would put there, for this payload and this Wine (whose stock was found).
 * Returns the number of things that are not as they should be; report: a line for each of them. Changes nothing.
 */
int check_installed( const struct prefix *prefix, const struct payload *payload, const struct wine *wine, int report )
{
    struct manifest manifest;
    int found = manifest_load( &manifest, prefix ), problems = 0;
    struct plan plan;

    if (!found && gdi32_state( prefix ) != GDI32_DROPIN)
    {
        problem( report, "winekmt is not installed in this prefix; \"winekmt-setup install\" puts it there" );
        return 1;
    }
    if (found <= 0)
    {
        problems++;
        problem( report, "the record of the installation is missing or damaged; \"winekmt-setup install\" puts that right" );
    }
    if (plan_make( &plan, payload, wine )) return problems + 1;
    problems += check_gdi32( prefix, &plan, report );
    problems += check_own_files( prefix, &plan, &manifest, report );
    problems += check_registry( prefix, report );
    problems += sets_check( prefix, &plan.sets, report );
    plan_free( &plan );
    return problems;
}

/* How winekmt.dll finds its unix half at run time. */
static int check_unix_half( const struct prefix *prefix, const struct payload *payload, const struct wine *wine )
{
    const char *path = getenv( "WINEDLLPATH" ), *end;
    char *bridge = system_file( prefix, NAME_BRIDGE ), *record = system_file( prefix, NAME_PATH ), *dir, *real;
    int found = 0;
    struct file file;

    for (; path && *path && !found; path = *end ? end + 1 : end)
    {
        end = strchrnul( path, ':' );
        dir = text( "%.*s", (int)(end - path), path );
        real = realpath( dir, NULL );
        found = real && !strcmp( real, payload->dir );
        free( real );
        free( dir );
    }
    if (!found && wine->stock)
    {
        dir = text( "%s/", payload->dir );
        found = !strncmp( wine->stock, dir, strlen( dir ) );
        free( dir );
    }
    if (found) say( "ok       Wine finds the unix half in %s", payload->dir );
    else if (!file_exists( bridge ))
        say( "problem  WINEDLLPATH does not name %s and there is no bridge: winekmt.dll will not find its unix half", payload->dir );
    else if (file_read( record, &file ))
        say( "problem  system32/" NAME_PATH " is missing, so the bridge does not find the unix half" );
    else
    {
        file.data[strcspn( (char *)file.data, "\n" )] = 0;
        if (!access( (char *)file.data, R_OK ))
        {
            say( "ok       WINEDLLPATH does not name %s; the bridge finds the unix half", payload->dir );
            found = 1;
        }
        else say( "problem  the unix half %s is gone; \"winekmt-setup install\" records where it is now", file.data );
        file_free( &file );
    }
    free( bridge );
    free( record );
    return found ? 0 : 1;
}

/* In a process of its own: a driver may crash, hang, or write to stdout. Writes one line for each device to fd. */
static void list_devices( int fd )
{
    VkApplicationInfo app = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_1 };
    VkInstanceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app };
    PFN_vkGetInstanceProcAddr get_proc;
    PFN_vkCreateInstance create;
    PFN_vkEnumeratePhysicalDevices enumerate;
    PFN_vkGetPhysicalDeviceProperties get_properties;
    VkPhysicalDeviceProperties properties;
    VkPhysicalDevice devices[64];
    VkInstance instance;
    uint32_t i, count = 64;
    void *lib;

    if (!(lib = dlopen( "libvulkan.so.1", RTLD_NOW | RTLD_LOCAL ))) _exit( 2 );
    if (!(get_proc = (PFN_vkGetInstanceProcAddr)dlsym( lib, "vkGetInstanceProcAddr" ))) _exit( 2 );
    if (!(create = (PFN_vkCreateInstance)get_proc( NULL, "vkCreateInstance" ))) _exit( 3 );
    if (create( &info, NULL, &instance )) _exit( 3 );
    enumerate = (PFN_vkEnumeratePhysicalDevices)get_proc( instance, "vkEnumeratePhysicalDevices" );
    get_properties = (PFN_vkGetPhysicalDeviceProperties)get_proc( instance, "vkGetPhysicalDeviceProperties" );
    if (!enumerate || !get_properties || enumerate( instance, &count, devices ) < 0) _exit( 3 );
    for (i = 0; i < count; i++)
    {
        get_properties( devices[i], &properties );
        dprintf( fd, "%s\n", properties.deviceName );
    }
    _exit( 0 );
}

static int check_vulkan( void )
{
    char names[4096], *p, *end;
    int fds[2], wait_status = 0, devices = 0;
    size_t size = 0;
    ssize_t count;
    pid_t pid;

    fflush( NULL );
    if (pipe( fds )) return 0;
    if (!(pid = fork()))
    {
        close( fds[0] );
        alarm( 20 );
        list_devices( fds[1] );
    }
    close( fds[1] );
    while (size < sizeof(names) - 1 && (count = read( fds[0], names + size, sizeof(names) - 1 - size )) > 0) size += count;
    names[size] = 0;
    close( fds[0] );
    if (pid > 0) waitpid( pid, &wait_status, 0 );

    for (p = names; (end = strchr( p, '\n' )); p = end + 1, devices++) say( "ok       Vulkan device: %.*s", (int)(end - p), p );
    if (devices) return 0;
    if (WIFSIGNALED( wait_status ))
        say( WTERMSIG( wait_status ) == SIGALRM ? "problem  the Vulkan driver does not answer" : "problem  the Vulkan driver crashes" );
    else if (WEXITSTATUS( wait_status ) == 2)
        say( "problem  no Vulkan device: libvulkan.so.1 was not found (Debian: libvulkan1)" );
    else
        say( "problem  no Vulkan device (Debian: mesa-vulkan-drivers has one that needs no GPU)" );
    return 1;
}

/***********************************************************************
 * status
 *
 * Reports on a prefix and on what winekmt needs outside it. path: of the prefix; loader: as for wine_find(). Returns an
 * exit status. Changes nothing and starts no Windows program.
 */
int status( const char *path, const char *loader )
{
    struct payload payload;
    struct prefix prefix;
    struct wine wine;
    int problems = 0, have_prefix = !prefix_open( &prefix, path ), have_payload = !payload_find( &payload );

    if (have_prefix) say( "ok       %s is a 64-bit Wine prefix", prefix.path );
    else say( "problem  %s cannot be used", path );
    wine_find( &wine, loader );
    if (!wine.loader) say( "problem  Wine was not found; name its loader with --wine=PATH" );
    else if (!wine.stock) say( "problem  %s has no gdi32.dll of its own; name Wine's loader with --wine=PATH", wine.loader );
    else say( "ok       Wine is %s", wine.loader );
    if (!have_payload) say( "problem  winekmt's own files are missing; build or install them" );

    if (!have_prefix || !have_payload || !wine.stock) problems++;
    else problems += check_installed( &prefix, &payload, &wine, 1 );
    if (have_prefix && have_payload) problems += check_unix_half( &prefix, &payload, &wine );
    problems += check_vulkan();
    return problems ? EXIT_PROBLEM : EXIT_OK;
}
