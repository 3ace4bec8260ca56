#!/bin/sh
#
# tests/abi/layout.sh native|win64|win32
#
# Compares every size, offset and bit field of include/ddk with tests/data/layout.tsv, as compiled for Linux, for 64-bit and
# for 32-bit Windows. How: layout.awk.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#

. tests/abi/common.sh

case ${1-} in
native) bits=64 ;;
win64)  bits=64 ;;
win32)  bits=32 ;;
*) echo 'usage: layout.sh native|win64|win32'; exit 1 ;;
esac

table=tests/data/layout.tsv
source=$T/layout-$bits.c
awk -v bits=$bits -f tests/abi/layout.awk tests/abi/unchecked.list $table > "$source" || exit 1
compile "$1" "$source" "$T/layout.o" || { echo "include/ddk does not have all that $table names"; exit 1; }
compare "$1" "$T/layout.o" || exit 1

# Did every row get here? Counted from the table and from the object, not from what the generator thinks.
rows=$(grep -cv -e '^#' -e '^[[:space:]]*$' $table)
skipped=$(grep -cv -e '^#' -e '^[[:space:]]*$' tests/abi/unchecked.list)
checked=$(names "$1" "$T/layout.o" | grep -c ' _*got_')
grep -v -e '^#' -e '^[[:space:]]*$' tests/abi/unchecked.list | sed 's/^/not checked: /'
echo "$1: $rows rows, $checked checked, $skipped not checked"
[ "$rows" -gt 0 ] && [ $((checked + skipped)) -eq "$rows" ]
