#!/bin/sh
#
# tests/abi/constants.sh
#
# Compares the enumerators and constants of include/ddk with tests/data/constants.tsv.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#

. tests/abi/common.sh

table=tests/data/constants.tsv
awk '
BEGIN {
    FS = "\t"
    print "#ifdef _WIN32\n#include <windows.h>\n#endif\n#include \"ddk/d3dkmthk.h\""
    print "#define GOT( name ) const unsigned int name __attribute__((section(\".abigot\"), used))"
    print "#define WANT( name ) const unsigned int name __attribute__((section(\".abiwnt\"), used))"
}
/^#/ { next }
{ printf "GOT( got_%d ) = (unsigned int)%s;\nWANT( want_%d ) = (unsigned int)%sll;\n", FNR, $1, FNR, $2 }
' $table > "$T/constants.c" || exit 1

rows=$(grep -cv '^#' $table)
status=0
for target in native win64
do
    compile $target "$T/constants.c" "$T/constants.o" && compare $target "$T/constants.o" || { status=1; continue; }
    checked=$(names $target "$T/constants.o" | grep -c ' _*got_')
    echo "$target: $rows constants, $checked checked"
    [ "$rows" -gt 0 ] && [ "$checked" -eq "$rows" ] || status=1
done
exit $status
