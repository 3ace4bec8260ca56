#!/bin/sh
#
# tests/abi/functions.sh
#
# The functions of dlls/winekmt/functions.list are exactly those of tests/data/exports.tsv, what a current gdi32.dll exports;
# and ddk/d3dkmthk.h has a prototype for each, or tests/abi/signatures.list says that its signature is not public.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#

. tests/abi/common.sh

plain() { grep -v -e '^#' -e '^[[:space:]]*$' "$1"; }

plain tests/data/exports.tsv | cut -f1 | sed 's/^D3DKMT//' | sort > "$T/exports"
plain dlls/winekmt/functions.list | awk '{ print $1 }' | sort > "$T/functions"
plain tests/abi/signatures.list | sort > "$T/unknown"
sed -n 's/^[A-Z]* WINAPI D3DKMT\([A-Za-z0-9]*\)(.*/\1/p' "$include/ddk/d3dkmthk.h" | sort > "$T/prototypes"
sort "$T/prototypes" "$T/unknown" > "$T/covered"

status=0
differ() # WHAT FILE WHAT FILE
{
    comm -23 "$2" "$4" | sed "s/^/only in $1: D3DKMT/" > "$T/report"
    comm -13 "$2" "$4" | sed "s/^/only in $3: D3DKMT/" >> "$T/report"
    [ -s "$T/report" ] || return 0
    cat "$T/report"
    status=1
}
differ exports.tsv "$T/exports" functions.list "$T/functions"
differ exports.tsv "$T/exports" 'd3dkmthk.h and signatures.list' "$T/covered"
for list in exports functions covered
do
    uniq -d "$T/$list" | grep . && { echo "these stand twice in $list"; status=1; }
done

count=$(wc -l < "$T/exports")
echo "$count functions, $(wc -l < "$T/prototypes") prototypes, $(wc -l < "$T/unknown") without a public signature"
[ "$count" -eq 241 ] || { echo 'exports.tsv has 241 functions'; status=1; }
exit $status
