#!/bin/sh
#
# The demo must notice what is wrong: the verifier's switches, and functions that lie (damage.c).
# This is part 1; wrong-processes.sh and wrong-paging.sh have the others.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. "$(dirname "$0")/common.sh"
SIZE=WINEKMT_VIDEO_MEMORY_SIZE
DAMAGED=build/native/kmtdemo_damaged

demo 1 $SIZE=64 WINEKMT_VERIFIER=always-discard \
     build/winekmt-setup run --prefix "$WINEPREFIX" --wine "$WINE" build/pe/kmtdemo.exe --ascii --part=1
says out '^  WRONG order ' '^  WRONG amount ' '^  WRONG answers '
says err '^kmtdemo: 3 checks failed'

demo 1 $SIZE=64 WINEKMT_VERIFIER=never-discard build/native/kmtdemo --part=1
says out '^  WRONG order +none of the ' '^  WRONG amount ' '^  WRONG answers '

demo 0 $SIZE=64 $DAMAGED

demo 1 $SIZE=64 KMTDEMO_DAMAGE=content $DAMAGED --part=1
says out '^  WRONG content +allocations with wrong content: 1;' 'content changed at offset 0x1230' '^  ok    order'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=foreign $DAMAGED --part=1
says out '^  WRONG content +allocations with wrong content: 1;' 'discarded, but'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=kept $DAMAGED --part=1
says out '^  WRONG content +allocations with wrong content: 1;' 'content changed at offset 0,'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=order $DAMAGED --part=1
says out '^  WRONG order +number 1 of "Textures, HIGH" was discarded' '^  ok    content'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=unwritten $DAMAGED --part=1
says err 'ReclaimAllocations2 answered -1'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=usage $DAMAGED --part=1
says out '^  WRONG budget'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=leak $DAMAGED --part=1
says out '^  WRONG the end'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=refuse $DAMAGED --part=1
says err 'cannot be created'
demo 2 $SIZE=64 KMTDEMO_DAMAGE=budget $DAMAGED --part=1
says err 'the budget moved while the demo ran, between 64.0 MiB and 68.0 MiB'
demo 2 $SIZE=64 KMTDEMO_DAMAGE=mismatch $DAMAGED --part=1
says err "not winekmt's \\(STATUS_GRAPHICS_DRIVER_MISMATCH\\)"

[ ! -w /dev/full ] || demo 1 $SIZE=64 build/native/kmtdemo --svg=/dev/full --part=1
[ ! -w /dev/full ] || says err '/dev/full cannot be written: '
finish
