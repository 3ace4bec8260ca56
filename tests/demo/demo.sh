#!/bin/sh
#
# The demo, as Windows program in the test prefix and as Linux program: all checks must pass, and what it shows must be there.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. "$(dirname "$0")/common.sh"
SIZE=WINEKMT_VIDEO_MEMORY_SIZE

# checked: what both programs must have printed, in ASCII.
checked()
{
    says out '^  Adapter  .' '^  LUID     [0-9a-f]{8}:[0-9a-f]{8}$' '^  Memory   local [0-9]' '^  Budget   256 MiB' \
        '^  1  Load ' '^  5  Check ' '256 MiB \+-+ budget$' '#' '\+\+\+\+' '\.\.\.\.'
    # name, created, kept, discarded, verified; LOW goes first, so nothing of it stays, and nothing of HIGH goes
    says out '^  Render targets +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +- +- +[0-9.]+ MiB$' \
        '^  Textures, LOW +[1-9][0-9]* +[0-9.]+ MiB +- +- +[1-9][0-9]* +[0-9.]+ MiB +-$' \
        '^  Textures, NORMAL +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +[0-9.]+ MiB$' \
        '^  Textures, HIGH +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +- +- +[0-9.]+ MiB$' \
        '^  New level +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +- +- +[0-9.]+ MiB$'
    for name in content order amount answers budget 'the end'
    do
        says out "^  ok    $name "
    done
    ! grep -q WRONG "$T/out" || fail 'a check says WRONG'
    awk 'length() > 79 { print "too long for a terminal: " $0; bad = 1 } END { exit bad }' "$T/out" || fail 'lines are too long'
    LC_ALL=C awk '/[^ -~]/ { print "not ASCII: " $0; bad = 1 } END { exit bad }' "$T/out" || fail 'colours or other than ASCII'
    for part in '<title>' 'time in seconds' 'memory in MiB' 'in use' 'still there' 'discarded' '5 Check' 'class="budget"'
    do
        grep -q "$part" "$1" || fail "the picture has no $part"
    done
    well_formed "$1"
}

demo 0 $SIZE=256 build/native/kmtdemo --ascii --svg="$T/native.svg"
checked "$T/native.svg"

demo 0 $SIZE=256 build/winekmt-setup run --prefix "$WINEPREFIX" --wine "$WINE" build/pe/kmtdemo.exe --ascii --svg="$T/wine.svg"
checked "$T/wine.svg"

# A part of the budget, and the smallest there is.
demo 0 $SIZE=256 build/native/kmtdemo --ascii --size=100
says out '^  Filled   156 MiB' '100 MiB \+-+ budget$'
demo 0 $SIZE=64 build/native/kmtdemo

# UTF-8 is the default, colours only where they are wanted
grep -q '█' "$T/out" || fail 'no UTF-8'
demo 0 $SIZE=64 build/native/kmtdemo --color=always
grep -q "$(printf '\033\\[36m')" "$T/out" || fail '--color=always has no colours'
demo 0 $SIZE=64 LANG=de_DE.ISO-8859-1 build/native/kmtdemo
! LC_ALL=C grep -q "$(printf '[\200-\377]')" "$T/out" || fail 'UTF-8, though the locale has another encoding'
finish
