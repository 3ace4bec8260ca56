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

# checked SVG: what both programs must have printed, in ASCII, and drawn.
checked()
{
    says out '^  Adapter  .' '^  LUID     [0-9a-f]{8}:[0-9a-f]{8}$' '^  Memory   local [0-9]' '^  Budget   256 MiB' \
        '^  Part 1: ' '^  1  Load ' '^  5  Check ' '256 MiB \+-+ budget$' '#' '\+\+\+\+' '\.\.\.\.'
    # name, created, kept, discarded, verified; LOW goes first, so nothing of it stays, and nothing of HIGH goes
    says out '^  Render targets +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +- +- +[0-9.]+ MiB$' \
        '^  Textures, LOW +[1-9][0-9]* +[0-9.]+ MiB +- +- +[1-9][0-9]* +[0-9.]+ MiB +-$' \
        '^  Textures, NORMAL +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +[0-9.]+ MiB$' \
        '^  Textures, HIGH +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +- +- +[0-9.]+ MiB$' \
        '^  New level +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +- +- +[0-9.]+ MiB$'
    # Two programs: all that is held stays, of what is offered a part goes
    says out '^  Part 2: ' '256 MiB \+-+ for both$' '%%' '^  1  Fill ' '^  4  Grant .* [0-9.]+ MiB +[0-9.]+ s$' '^  6  Reload ' \
        '^  Held +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +- +- +[0-9.]+ MiB$' \
        '^  Offered +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +[0-9.]+ MiB +[0-9.]+ MiB$'
    # Four times the budget, of all sizes
    says out '^  Part 3: ' '::::' '^  1  Create .* 1\.00 GiB +[0-9.]+ s$' '^  5  Check .* 1\.00 GiB +[0-9.]+ s$' \
        '^  Own, 16\.0 MiB +[1-9]' '^  Shared, 4 KiB +[1-9]' '^  Total +[1-9][0-9]* +1\.00 GiB +[1-9][0-9]* +[0-9.]+ MiB +[1-9][0-9]* +2\.[0-9]+ GiB +3\.0[0-9] GiB$'
    while read -r count name
    do
        [ "$(grep -Ec "^  ok    $name " "$T/out")" -eq "$count" ] || fail "not $count checks with the name $name are ok"
    done <<END
3 content
4 order
3 amount
3 answers
3 budget
3 the end
1 adapter
1 refusal
1 grant
1 paging
1 held
END
    ! grep -q WRONG "$T/out" || fail 'a check says WRONG'
    awk 'length() > 79 { print "too long for a terminal: " $0; bad = 1 } END { exit bad }' "$T/out" || fail 'lines are too long'
    LC_ALL=C awk '/[^ -~]/ { print "not ASCII: " $0; bad = 1 } END { exit bad }' "$T/out" || fail 'colours or other than ASCII'
    for part in '<title>' 'time in seconds' 'memory in MiB' 'in use' 'still there' 'discarded' '5 Check' 'class="budget"' \
        'second program' '4 Grant' 'class="second"' 'evicted to system memory' 'brought back so far' '4 Change' 'paged so far in GiB'
    do
        grep -q "$part" "$1" || fail "the picture has no $part"
    done
    [ "$(grep -c 'class="title"' "$1")" -eq 3 ] || fail 'the picture does not have three charts'
    well_formed "$1"
}

demo 0 $SIZE=256 build/native/kmtdemo --ascii --svg="$T/native.svg"
checked "$T/native.svg"

demo 0 $SIZE=256 build/winekmt-setup run --prefix "$WINEPREFIX" --wine "$WINE" build/pe/kmtdemo.exe --ascii --svg="$T/wine.svg"
checked "$T/wine.svg"

# A part of the budget, and the smallest there is.
demo 0 $SIZE=256 build/native/kmtdemo --ascii --size=100 --part=1
says out '^  Filled   156 MiB' '100 MiB \+-+ budget$'
demo 0 $SIZE=256 build/native/kmtdemo --ascii --size=100 --part=2
says out '^  Filled   156 MiB' '100 MiB \+-+ for both$'
demo 0 $SIZE=256 build/native/kmtdemo --ascii --size=100 --part=3 --svg="$T/part.svg"
says out '^  Filled   156 MiB' '100 MiB \+-+ budget$'
[ "$(grep -c 'class="title"' "$T/part.svg")" -eq 1 ] || fail 'the picture of one part does not have one chart'
well_formed "$T/part.svg"
demo 0 $SIZE=64 build/native/kmtdemo

# UTF-8 is the default, colours only where they are wanted
grep -q '█' "$T/out" || fail 'no UTF-8'
demo 0 $SIZE=64 build/native/kmtdemo --color=always --part=3
grep -q "$(printf '\033\\[36m')" "$T/out" || fail '--color=always has no colours'
demo 0 $SIZE=64 LANG=de_DE.ISO-8859-1 build/native/kmtdemo --part=3
! LC_ALL=C grep -q "$(printf '[\200-\377]')" "$T/out" || fail 'UTF-8, though the locale has another encoding'
finish
