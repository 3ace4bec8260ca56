#!/bin/sh
#
# The PE reader on damaged files, and the drop-in for modules of every shape, for x86-64 and i386.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/setup/common.sh

: > "$T/empty"
"$PE_TEST" list "$T/empty" && fail 'an empty file was taken for a module'
head -c 100000 /dev/urandom > "$T/random"
"$PE_TEST" list "$T/random" && fail 'random bytes were taken for a module'
"$PE_TEST" list "$PROG" && fail 'a program was taken for a DLL'

# A module with names, ordinals without a name, gaps, a high base, a forwarder, a D3DKMT function and odd names.
cat > "$T/odd.c" << 'END'
int plain( void ) { return 1; }
int other( void ) { return 2; }
int nameless( void ) { return 3; }
int D3DKMTCloseAdapter( void ) { return 4; }
END
cat > "$T/odd.def" << 'END'
LIBRARY odd.dll
EXPORTS
    plain @500
    zebra=other @510
    Alias=plain @511
    _under=other @512
    nameless @700 NONAME
    D3DKMTCloseAdapter @520
    forwarded=kernel32.GetTickCount @521
    "with.dot"=other @522
END
for target in 64 32
do
    [ $target = 64 ] && compiler=$CROSSCC machine='pei-x86-64' || compiler=$CROSSCC32 machine='pei-i386'
    $compiler -shared -nostdlib -Wl,-e,0 -o "$T/odd$target.dll" "$T/odd.c" "$T/odd.def" 2> "$T/errors" ||
        { cat "$T/errors"; fail 'the test module could not be built'; }
    "$PE_TEST" list "$T/odd$target.dll" > "$T/odd.list"
    "$PE_TEST" write "$T/odd$target.dll" "$T/out$target.dll" || fail "no drop-in for the $target-bit module"
    "$PE_TEST" list "$T/out$target.dll" > "$T/out.list"
    timeout 60 "$PE_TEST" robust "$T/odd$target.dll" 1 || fail 'the reader failed on a damaged module'
    # Each export of the module, at the same ordinal, under the same name.
    awk -F '\t' -v OFS='\t' '
        { forward = "winekmt_gdi32." $2 }
        $2 == "-" || index( $2, "." ) { forward = "winekmt_gdi32.#" $1 }
        $2 == "D3DKMTCloseAdapter" { forward = "winekmt." $2 }
        { print $1, $2, forward }' "$T/odd.list" > "$T/expected"
    [ $(wc -l < "$T/expected") -ge 8 ] || { cat "$T/odd.list"; fail 'the test module lacks exports'; }
    head -n "$(wc -l < "$T/expected")" "$T/out.list" | diff "$T/expected" - || fail "wrong exports ($target bits)"
    # The other 240 names behind them.
    tail -n +"$(($(wc -l < "$T/expected") + 1))" "$T/out.list" > "$T/added"
    [ "$(wc -l < "$T/added")" -eq 240 ] || fail "$(wc -l < "$T/added") names were added, not 240"
    awk -F '\t' '$1 != 700 + NR || $3 != "winekmt." $2 { print; bad = 1 } END { exit bad }' "$T/added" || fail 'wrong additions'
    # An independent reader agrees about the headers, the import and the order of the names.
    dump=${compiler%gcc}objdump
    LC_ALL=C $dump -p "$T/out$target.dll" > "$T/dump" 2>&1 || { cat "$T/dump"; fail 'objdump refuses the drop-in'; }
    grep -q "$machine" "$T/dump" || fail 'not for the machine of its module'
    grep -q 'DLL Name: winekmt_gdi32.dll' "$T/dump" || fail 'the stock module is not imported'
    [ "$(grep -c 'DLL Name:' "$T/dump")" -eq 1 ] || fail 'more than one module is imported'
    sed -n '/^\[Ordinal\/Name Pointer\] Table/,/^$/s/^\t\[ *[0-9]*\]\( +base\[ *[0-9]*\]\)\{0,1\} *\([0-9a-f]* \)\{0,1\}//p' "$T/dump" > "$T/names"
    [ "$(wc -l < "$T/names")" -ge 247 ] || { sed -n '/Name Pointer/,+5p' "$T/dump"; fail 'objdump shows too few names'; }
    sort -c "$T/names" || fail 'the names are not sorted'
done

# The real ones, at fewer places.
"$PE_TEST" write "$STOCK" "$T/dropin.dll" || fail 'no drop-in for the stock gdi32'
timeout 60 "$PE_TEST" robust "$T/dropin.dll" 7 || fail 'the reader failed on a damaged drop-in'
timeout 60 "$PE_TEST" robust "$STOCK" 29 || fail 'the reader failed on a damaged gdi32.dll'

# Modules that no drop-in can be made for are refused.
cp "$STOCK" "$T/high.dll"
"$PE_TEST" base "$T/high.dll" 65500 || fail 'the ordinal base was not found'
"$PE_TEST" write "$T/high.dll" "$T/high.out" && fail 'ordinals above 65535 were written'
echo 'reader and writer are right'
