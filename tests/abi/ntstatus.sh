#!/bin/sh
#
# tests/abi/ntstatus.sh
#
# Compares every STATUS_ value of include/native/ntstatus.h with mingw's <ntstatus.h>, and with Wine's. Where one of those
# is known to be wrong or to lack a name, ntstatus.list says so, and that must be so still.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#

. tests/abi/common.sh

table=$include/native/ntstatus.h
missing=0x0badbad0

check()
{
    target=$1
    awk -v target="$target" -v missing=$missing '
    BEGIN {
        print "#include <ntstatus.h>\n#define WIN32_NO_STATUS\n#include <windef.h>\ntypedef LONG NTSTATUS;"
        print "#define GOT( name ) const unsigned int name __attribute__((section(\".abigot\"), used))"
        print "#define WANT( name ) const unsigned int name __attribute__((section(\".abiwnt\"), used))"
    }
    FILENAME ~ /[.]list$/ {
        if (/^#/ || /^[ \t]*$/) next
        if ($1 == target) expected[$2] = $3 == "missing" ? missing : $3
        next
    }
    /^#define STATUS_/ {
        value = $3
        sub(/^\(\(NTSTATUS\)/, "", value)
        sub(/\)$/, "", value)
        if ($2 in expected) { value = expected[$2]; delete expected[$2] }
        printf "#ifndef %s\n#define %s %s\n#endif\n", $2, $2, missing
        printf "GOT( got_%d ) = (unsigned int)(%s);\nWANT( want_%d ) = %su;\n", FNR, $2, FNR, value
    }
    END { for (name in expected) { print "#error ntstatus.list: " name " is not in include/native/ntstatus.h" } }
    ' tests/abi/ntstatus.list "$table" > "$T/ntstatus.c" || return 1

    rows=$(grep -c '^#define STATUS_' "$table")
    compile "$target" "$T/ntstatus.c" "$T/ntstatus.o" && compare "$target" "$T/ntstatus.o" || return 1
    checked=$(names "$target" "$T/ntstatus.o" | grep -c ' _*got_')
    echo "$target: $rows statuses, $checked checked"
    grep "^$target " tests/abi/ntstatus.list | sed 's/^/differs as expected: /'
    [ "$rows" -gt 50 ] && [ "$checked" -eq "$rows" ]
}

status=0
check win64 || status=1
check wine || status=1
exit $status
