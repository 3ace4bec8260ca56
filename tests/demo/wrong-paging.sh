#!/bin/sh
#
# Part 3 of the demo must notice what is wrong: functions that lie (damage.c), and too little system memory.
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
    demo 1 $SIZE=64 KMTDEMO_DAMAGE="$name" $DAMAGED --part=3
    says out "$@"
    says err '^kmtdemo: [0-9]+ checks? failed$'
}

lie paged '^  WRONG content +found wrong [12] times?; the first:$' 'content changed at offset 0xff8,$' '^  ok    order'
lie resident '^  WRONG order +none of ' '^  WRONG amount ' '^  WRONG answers ' '^  WRONG paging ' '^  ok    content'
lie recent '^  WRONG order +number [0-9]+ was evicted, but number 1,$' '^  WRONG answers ' '^  ok    content'
lie held '^  WRONG held +[1-9][0-9]* that are held were not in GPU memory'
lie usage '^  WRONG budget '
lie leak '^  WRONG the end +0 in use before, 4 KiB after'

demo 1 $SIZE=64 KMTDEMO_DAMAGE=nonsense $DAMAGED --part=3
says err 'D3DKMTQueryAllocationResidency answered 77'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=over $DAMAGED --part=3
says err 'cannot be made resident \(STATUS_NO_MEMORY\)'
demo 1 $SIZE=64 KMTDEMO_DAMAGE=refuse $DAMAGED --part=3
says err 'more cannot be created \(STATUS_GRAPHICS_NO_VIDEO_MEMORY\), although all of the .* could be evicted'
demo 2 $SIZE=64 KMTDEMO_DAMAGE=budget $DAMAGED --part=3
says err 'the budget moved while the demo ran, between 64.0 MiB and 68.0 MiB'
demo 2 $SIZE=64 WINEKMT_SYSTEM_MEMORY_SIZE=50 $DAMAGED --part=3
says err 'system memory is too small for the 25[0-9] MiB of part 3 \(STATUS_NO_MEMORY\)'
finish
