#!/bin/sh
#
# Wrong options and machines on which the demo cannot be shown: a message that says why, and exit status 2.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. "$(dirname "$0")/common.sh"
SIZE=WINEKMT_VIDEO_MEMORY_SIZE
NATIVE=build/native/kmtdemo

demo 0 $NATIVE --help
for option in part size svg adapter color ascii help
do
    says out "^  --$option([ =]|$)"
done
for option in --nonsense nonsense '' --size --size= --size=0 --size=63 --size=3073 --size=1e3 --size=-100 --size=99999999999999999999 \
    --part=0 --part=4 --part= --adapter=0 --adapter=x --color=blue --svg= --helpme
do
    demo 2 $SIZE=64 $NATIVE "$option"
    says err '^kmtdemo: '
done
demo 2 $SIZE=64 $NATIVE --svg="$T/no/such/directory"
says err 'cannot be written: No such file'
demo 2 $SIZE=64 $NATIVE --adapter=64
says err 'there is no adapter 64'
demo 2 $SIZE=20 $NATIVE
says err 'the budget is too small: 20.0 MiB'
demo 2 $SIZE=100 $NATIVE --size=200
says err 'the budget is too small: 100 MiB are free, 200 MiB are needed'
demo 2 VK_ICD_FILENAMES=/nonexistent VK_DRIVER_FILES=/nonexistent $NATIVE
says err 'there is no adapter'

# Without winekmt in the prefix, the stock gdi32 lacks a function, or has no adapter that can do it.
demo 2 WINEDLLOVERRIDES=gdi32=b "$WINE" build/pe/kmtdemo.exe
says err 'winekmt'
finish
