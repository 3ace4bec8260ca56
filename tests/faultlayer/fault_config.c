/*
 * VK_LAYER_winekmt_fault: orders in words
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vulkan/vulkan_core.h>

#include "fault_control.h"

const char *const fault_call_names[FAULT_CALLS + 1] =
{
#define F(name, errors) [FAULT_##name] = #name,
    FAULT_FAILABLE(F)
#undef F
#define F(name, errors) [FAULT_Create##name] = "Create" #name,
    FAULT_PLAIN_OBJECTS(F)
#undef F
#define F(name) [FAULT_##name] = #name,
    FAULT_OTHERS(F)
#undef F
    [FAULT_CALLS] = "any",
};

const char *const fault_object_names[FAULT_OBJECTS] =
{
    [FAULT_OBJECT_Instance] = "Instance",
    [FAULT_OBJECT_Device] = "Device",
    [FAULT_OBJECT_DeviceMemory] = "DeviceMemory",
    [FAULT_OBJECT_CommandBuffer] = "CommandBuffer",
    [FAULT_OBJECT_DescriptorSet] = "DescriptorSet",
    [FAULT_OBJECT_Pipeline] = "Pipeline",
#define F(name, errors) [FAULT_OBJECT_##name] = #name,
    FAULT_PLAIN_OBJECTS(F)
#undef F
};

const uint8_t fault_call_errors[FAULT_FAILABLE_CALLS] =
{
#define F(name, errors) [FAULT_##name] = errors,
    FAULT_FAILABLE(F)
#undef F
#define F(name, errors) [FAULT_Create##name] = errors,
    FAULT_PLAIN_OBJECTS(F)
#undef F
};

static const struct { int32_t result; const char *name; } results[] =
{
    { VK_ERROR_OUT_OF_DEVICE_MEMORY, "OUT_OF_DEVICE_MEMORY" },
    { VK_ERROR_OUT_OF_HOST_MEMORY, "OUT_OF_HOST_MEMORY" },
    { VK_ERROR_DEVICE_LOST, "DEVICE_LOST" },
    { VK_ERROR_MEMORY_MAP_FAILED, "MEMORY_MAP_FAILED" },
    { VK_ERROR_TOO_MANY_OBJECTS, "TOO_MANY_OBJECTS" },
};

#define COUNT_OF( array )  (sizeof(array) / sizeof((array)[0]))

const char *fault_result_name( int32_t result )
{
    unsigned int i;

    for (i = 0; i < COUNT_OF( results ); i++) if (results[i].result == result) return results[i].name;
    return "?";
}

/***********************************************************************
 * Values
 */

/* Bytes, with K, M or G behind. */
static bool parse_size( const char *string, uint64_t *value )
{
    unsigned int shift = 0;
    char *end;

    if (*string < '0' || *string > '9') return false;
    errno = 0;
    *value = strtoull( string, &end, 0 );
    if (*end == 'K') shift = 10;
    else if (*end == 'M') shift = 20;
    else if (*end == 'G') shift = 30;
    if (shift) end++;
    if (errno || *end || *value > UINT64_MAX >> shift) return false;
    *value <<= shift;
    return true;
}

static bool parse_number( const char *string, uint32_t *value )
{
    uint64_t number;

    if (!parse_size( string, &number ) || number > UINT32_MAX) return false;
    *value = number;
    return true;
}

/* One of several names; its place. */
static bool parse_choice( const char *string, const char *const *names, unsigned int count, uint32_t *value )
{
    unsigned int i;

    for (i = 0; i < count; i++)
        if (!strcasecmp( string, names[i] ))
        {
            *value = i;
            return true;
        }
    return false;
}

static bool parse_call( const char *string, uint32_t *call )
{
    if (!strncmp( string, "vk", 2 )) string += 2;
    return parse_choice( string, fault_call_names, FAULT_CALLS + 1, call );
}

/* CALL:N:ERROR[:persistent][:any-error]; cut into pieces. */
static bool parse_rule( char *string, struct fault_rule *rule )
{
    char *call, *nth, *error, *word, *rest = NULL;
    unsigned int i;

    memset( rule, 0, sizeof(*rule) );
    if (!(call = strtok_r( string, ":", &rest )) || !(nth = strtok_r( NULL, ":", &rest )) || !(error = strtok_r( NULL, ":", &rest ))) return false;
    if (!parse_call( call, &rule->call ) || !parse_number( nth, &rule->left ) || !rule->left) return false;
    if (!strncmp( error, "VK_ERROR_", 9 )) error += 9;
    for (i = 0; i < COUNT_OF( results ); i++) if (!strcasecmp( error, results[i].name )) rule->result = results[i].result;
    if (!rule->result) return false;
    while ((word = strtok_r( NULL, ":", &rest )))
    {
        if (!strcmp( word, "persistent" )) rule->flags |= FAULT_PERSISTENT;
        else if (!strcmp( word, "any-error" )) rule->flags |= FAULT_ANY_ERROR;
        else return false;
    }
    return true;
}

static bool add_rule( struct fault_control *control, const struct fault_rule *rule )
{
    unsigned int i;

    for (i = 0; i < FAULT_RULES; i++)
    {
        struct fault_rule *place = &control->rules[i];

        if (__atomic_load_n( &place->left, __ATOMIC_ACQUIRE )) continue;
        place->call = rule->call;
        place->result = rule->result;
        place->flags = rule->flags;
        __atomic_store_n( &place->left, rule->left, __ATOMIC_RELEASE );
        return true;
    }
    return false;
}

/* NAME and a heap's number, as in heap0. */
static uint64_t *find_heap_value( struct fault_control *control, const char *key )
{
    static const struct { const char *name; size_t offset; } names[] =
    {
        { "heap", offsetof( struct fault_control, heap_size ) },
        { "capacity", offsetof( struct fault_control, heap_capacity ) },
        { "budget", offsetof( struct fault_control, budget ) },
        { "foreign", offsetof( struct fault_control, foreign ) },
    };
    unsigned int i, heap;

    for (i = 0; i < COUNT_OF( names ); i++)
    {
        size_t length = strlen( names[i].name );

        if (strncmp( key, names[i].name, length ) || !key[length] || key[length + strspn( key + length, "0123456789" )]) continue;
        if ((heap = atoi( key + length )) < FAULT_HEAPS) return (uint64_t *)((char *)control + names[i].offset) + heap;
    }
    return NULL;
}

static bool hide_extension( struct fault_control *control, const char *name )
{
    size_t length = strlen( control->hidden_extensions );

    if (length + strlen( name ) + 2 > sizeof(control->hidden_extensions)) return false;
    if (length) control->hidden_extensions[length++] = ' ';
    strcpy( control->hidden_extensions + length, name );
    return true;
}

static bool obey( struct fault_control *control, char *key, char *value )
{
    static const char *const looks[] = { "driver", "discrete", "rebar" };
    static const char *const budgets[] = { "driver", "hide", "report" };
    struct fault_rule rule;
    uint64_t *heap, size;
    uint32_t number;
    char *colon;

    if ((heap = find_heap_value( control, key )))
    {
        if (!parse_size( value, &size )) return false;
        __atomic_store_n( heap, size, __ATOMIC_RELAXED );
        return true;
    }
    if (!strcmp( key, "look" )) return parse_choice( value, looks, 3, &control->look );
    if (!strcmp( key, "budget" )) return parse_choice( value, budgets, 3, &control->budget_mode );
    if (!strcmp( key, "memories" )) return parse_size( value, &control->max_memories );
    if (!strcmp( key, "poison" )) return parse_number( value, &control->poison );
    if (!strcmp( key, "log" )) return parse_number( value, &control->log );
    if (!strcmp( key, "hide" )) return hide_extension( control, value );
    if (!strcmp( key, "hidetype" ))
    {
        if (!parse_number( value, &number ) || number >= FAULT_TYPES) return false;
        control->hidden_types |= 1u << number;
        return true;
    }
    if (!strcmp( key, "delay" ))
    {
        if (!(colon = strchr( value, ':' ))) return false;
        *colon = 0;
        return parse_call( value, &number ) && parse_number( colon + 1, &control->delay[number] );
    }
    if (!strcmp( key, "fail" )) return parse_rule( value, &rule ) && add_rule( control, &rule );
    return false;
}

/***********************************************************************
 *           fault_configure
 *
 * orders: words KEY=VALUE, and the words "lose", "heal" and "reset", with spaces, commas or newlines between.
 */
bool fault_configure( struct fault_control *control, const char *orders, char message[256] )
{
    char *copy, *word, *value, *rest = NULL;
    unsigned int i;
    bool ret = true;

    if (!(copy = strdup( orders )))
    {
        snprintf( message, 256, "no memory" );
        return false;
    }
    for (word = strtok_r( copy, " ,\t\n", &rest ); word && ret; word = strtok_r( NULL, " ,\t\n", &rest ))
    {
        char shown[128];

        snprintf( shown, sizeof(shown), "%s", word );
        if (!strcmp( word, "lose" )) __atomic_add_fetch( &control->losses, 1, __ATOMIC_RELEASE );
        else if (!strcmp( word, "heal" )) for (i = 0; i < FAULT_RULES; i++) __atomic_store_n( &control->rules[i].left, 0, __ATOMIC_RELEASE );
        else if (!strcmp( word, "reset" )) fault_reset_counters( control );
        else if (!(value = strchr( word, '=' ))) ret = false;
        else
        {
            *value++ = 0;
            if (!strcmp( word, "control" )) continue;   /* the layer's own, at its start */
            ret = obey( control, word, value );
        }
        if (!ret) snprintf( message, 256, "cannot make sense of '%s'", shown );
    }
    free( copy );
    return ret;
}

void fault_reset_counters( struct fault_control *control )
{
    unsigned int i;

    for (i = 0; i < FAULT_RULES; i++) __atomic_store_n( &control->rules[i].left, 0, __ATOMIC_RELEASE );
    for (i = 0; i < FAULT_CALLS; i++) __atomic_store_n( &control->calls[i], 0, __ATOMIC_RELAXED );
    __atomic_store_n( &control->failures, 0, __ATOMIC_RELAXED );
    __atomic_store_n( &control->misuse, 0, __ATOMIC_RELAXED );
    __atomic_store_n( &control->lost_devices, 0, __ATOMIC_RELAXED );
}

struct fault_control *fault_map_control( const char *path, bool create )
{
    struct fault_control *control = NULL;
    struct stat status;
    int fd, error = 0;

    if ((fd = open( path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600 )) < 0) return NULL;
    if (fstat( fd, &status )) error = errno;
    else if (!S_ISREG( status.st_mode ) || (status.st_size && status.st_size != sizeof(*control))) error = EPROTO;
    else if (!status.st_size && (!create || ftruncate( fd, sizeof(*control) ))) error = create ? errno : EPROTO;
    else
    {
        control = mmap( NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0 );
        if (control == MAP_FAILED)
        {
            error = errno;
            control = NULL;
        }
    }
    close( fd );
    if (control && !status.st_size)
    {
        control->size = sizeof(*control);
        __atomic_store_n( &control->magic, FAULT_MAGIC, __ATOMIC_RELEASE );
    }
    if (control && (__atomic_load_n( &control->magic, __ATOMIC_ACQUIRE ) != FAULT_MAGIC || control->size != sizeof(*control)))
    {
        munmap( control, sizeof(*control) );
        control = NULL;
        error = EPROTO;
    }
    errno = error;
    return control;
}
