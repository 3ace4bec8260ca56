#!/bin/sh
#
# Part 2 of the demo must notice what is wrong with either of its two programs: functions that lie (damage.c), and the verifier.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. "$(dirname "$0")/common.sh"
SIZE=WINEKMT_VIDEO_MEMORY_SIZE
DAMAGED=build/native/kmtdemo_damaged

# lie NAME PATTERN...: the demo fails, and says so in a line for each pattern.
lie()
{
    name=$1
    shift
    demo 1 $SIZE=64 KMTDEMO_DAMAGE="$name" $DAMAGED --part=2
    says out "$@"
    says err '^kmtdemo: [0-9]+ checks? failed$'
}

demo 1 $SIZE=64 WINEKMT_VERIFIER=never-discard build/native/kmtdemo --part=2
says out '^  WRONG grant +.* the second got 0, asking 9 times:$' '^ +STATUS_GRAPHICS_NO_VIDEO_MEMORY$' '^  WRONG amount ' '^  WRONG order '
demo 1 $SIZE=64 WINEKMT_VERIFIER=always-discard \
     build/winekmt-setup run --prefix "$WINEPREFIX" --wine "$WINE" build/pe/kmtdemo.exe --ascii --part=2
says out '^  WRONG order +every one of the ' '^  WRONG answers ' '^  ok    refusal ' '^  ok    grant '

lie content '^  WRONG content +the first program found wrong content [12] times?;' 'content changed at offset 0x1230' '^  ok    order'
lie foreign '^  WRONG content +the first program found wrong content 1 time;' 'what it shows is not its own at offset 0x1230'
lie kept '^  WRONG content ' 'content changed at offset 0,'
lie order '^  WRONG order .* but$' '^ +one that was offered before was kept$' '^  WRONG answers ' '^  ok    content'
lie second-content '^  WRONG content ' '^ +[0-9.]+ MiB of [0-9.]+ MiB of the second program$' '^  ok    amount'
lie second-refused '^  WRONG grant +.* the second got 0, asking 9 times:$'
lie second-usage '^  WRONG budget ' '^  WRONG amount '
lie second-leak '^  WRONG the end +0 in use before, 0 and 4 KiB after'
lie second-adapter '^  WRONG adapter +the second program has another$'

demo 1 $SIZE=64 KMTDEMO_DAMAGE=unwritten $DAMAGED --part=2
says err 'ReclaimAllocations2 answered -1'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=over $DAMAGED --part=2
says err 'cannot be made resident, although only '
demo 1 $SIZE=64 KMTDEMO_DAMAGE=second-dies $DAMAGED --part=2
says err '^kmtdemo: the second program gave no answer; it ended with status 3$'

# Where the two know nothing of each other, each has the whole budget.
demo 2 $SIZE=64 WINEKMT_LEDGER=none $DAMAGED --part=2
says err '^kmtdemo: two programs cannot share a GPU without a ledger'
demo 1 $SIZE=64 WINEKMT_LEDGER="$T/no/such/directory" $DAMAGED --part=2
says out '^  WRONG refusal +while the first held all, the second got 2[0-9.]+ MiB of 24\.0 MiB$' '^  WRONG budget ' '^  WRONG amount '

# The second program understands no nonsense, and its end is the end of its input.
for line in nonsense verify 'create 4096 1' close
do
    echo "$line" | build/native/kmtdemo --second > "$T/out" 2> "$T/err"
    status=$?
    [ $status -eq 1 ] || fail "the second program ended with $status after $line"
    says err "^kmtdemo, the second program: does not understand: $line\$"
done
demo 0 $SIZE=64 build/native/kmtdemo --second
[ ! -s "$T/out" ] || fail 'the second program said something unasked'
finish
