#!/bin/sh
#
# The installed drop-in has every export of the stock module, by name and by ordinal, and the 241 D3DKMT names: as a file,
# read by winedump, and in a running program.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/setup/common.sh
fresh exports
"$SETUP" install || fail 'install'

# ordinal and name of each export, as winedump shows them
dump()
{
    "$WINEDUMP" -x -j export "$1" 2> /dev/null | awk '
        /Entry Pt/ { table = 1; next }
        table && $2 ~ /^[0-9]+$/ { print $2, $3 }' | sort -n
}
dump "$STOCK" > "$T/stock"
dump "$S/gdi32.dll" > "$T/dropin"
count=$(wc -l < "$T/stock")
[ "$count" -ge 400 ] || fail "winedump shows $count exports of the stock module"
join -v 1 "$T/stock" "$T/dropin" > /dev/null 2>&1
sort "$T/stock" > "$T/a"
sort "$T/dropin" > "$T/b"
comm -23 "$T/a" "$T/b" > "$T/missing"
[ ! -s "$T/missing" ] || { head "$T/missing"; fail 'exports of the stock module are missing'; }
comm -13 "$T/a" "$T/b" | grep -v ' D3DKMT' && fail 'the drop-in has exports that are in neither list'

awk -v output=names -f dlls/winekmt/generate.awk dlls/winekmt/functions.list | sort > "$T/names"
[ "$(wc -l < "$T/names")" -eq 241 ] || fail 'the list of functions does not have 241 names'
cut -d ' ' -f 2 "$T/dropin" | grep '^D3DKMT' | sort | diff "$T/names" - || fail 'not the 241 D3DKMT names'
"$PE_TEST" list "$S/gdi32.dll" | awk -F '\t' '$2 ~ /^D3DKMT/ && $3 != "winekmt." $2 { print; bad = 1 } END { exit bad }' ||
    fail 'a D3DKMT name does not go to winekmt'

wine_on "$PROG" exports || fail 'exports in a running program'
wine_on "$PROG" late || fail 'user32 and dbghelp loaded at run time'
[ "$(wine_on "$PROG" whose D3DKMTOfferAllocations | tr -d '\r')" = winekmt.dll ] || fail 'D3DKMT functions are not winekmt'"'"'s'
[ "$(wine_on "$PROG" whose CreateCompatibleDC | tr -d '\r')" = winekmt_gdi32.dll ] || fail 'other functions are not the stock module'"'"'s'
echo "all $count exports and 241 names are there"
