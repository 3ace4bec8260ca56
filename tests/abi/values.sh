#!/bin/sh
#
# tests/abi/values.sh
#
# The member Value of a union of flags covers all of them: layout.tsv gives its place but not its size.
# Checked for every structure of tests/data/layout.tsv that has bit fields and a Value at its start and nothing else.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#

. tests/abi/common.sh

{
    echo '#include <windef.h>'
    echo '#include "ddk/d3dkmthk.h"'
    awk -F'\t' '
    /^#/ { next }
    $2 == "-" { name = $1; known[name] = 1; next }
    $2 == "Value" && $3 == 0 && $5 == "-" { value[$1] = 1; next }
    $5 == "-" { other[$1] = 1 }
    END {
        for (name in known)
            if (value[name] && !other[name])
                printf "_Static_assert( sizeof(((%s *)0)->Value) == sizeof(%s), \"%s.Value\" );\n", name, name, name
    }' tests/data/layout.tsv
} > "$T/values.c"
count=$(grep -c _Static_assert "$T/values.c")
[ "$count" -gt 20 ] || { echo "only $count found: is the generator right?"; exit 1; }
compile native "$T/values.c" "$T/values.o" || exit 1
echo "$count members Value have the size of their union"
