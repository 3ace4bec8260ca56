/*
 * Verifier switches: WINEKMT_VERIFIER=always-discard,never-discard,always-decommit,fail-commit
 *
 * They make the rare answers of a reclaim frequent, as the switches of Windows' driver verifier do.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <string.h>

#include "core/vidmm.h"

void verifier_parse( const char *switches, struct verifier *verifier )
{
    static const struct
    {
        const char *name;
        size_t      offset;
    }
    known[] =
    {
        { "always-discard",  offsetof( struct verifier, always_discard ) },
        { "never-discard",   offsetof( struct verifier, never_discard ) },
        { "always-decommit", offsetof( struct verifier, always_decommit ) },
        { "fail-commit",     offsetof( struct verifier, fail_commit ) },
    };

    memset( verifier, 0, sizeof(*verifier) );
    while (switches && *switches)
    {
        size_t length = strcspn( switches, "," ), i;

        for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            if (strlen( known[i].name ) == length && !strncmp( switches, known[i].name, length )) break;
        if (i < sizeof(known) / sizeof(known[0])) *(bool *)((char *)verifier + known[i].offset) = true;
        else if (length) ERR( "WINEKMT_VERIFIER: \"%.*s\" is no switch, ignored", (int)length, switches );
        switches += length;
        if (*switches == ',') switches++;
    }
    if (verifier->always_discard && verifier->never_discard)
    {
        ERR( "WINEKMT_VERIFIER: always-discard and never-discard exclude each other, both ignored" );
        verifier->always_discard = verifier->never_discard = false;
    }
}
