#!/bin/sh
#
# What install refuses, with a clear message and nothing changed; and wrong usage.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/setup/common.sh

# refused TEXT [ARGUMENT]...: the command fails, and says TEXT
refused()
{
    wanted=$1
    shift
    "$FAULTS" "$@" > "$T/out" 2>&1
    status=$?
    [ $status -eq 1 ] || [ $status -eq 2 ] || { cat "$T/out"; fail "status $status from: $*"; }
    grep -q -- "$wanted" "$T/out" || { cat "$T/out"; fail "not \"$wanted\" from: $*"; }
}

for command in install uninstall status
do
    refused 'No such file' $command --prefix "$T/nowhere"
    refused 'not a folder' $command --prefix /etc/passwd
    mkdir -p "$T/empty"
    refused 'not a Wine prefix' $command --prefix "$T/empty"
    [ -z "$(ls -A "$T/empty")" ] || fail 'something was put into an empty folder'
done
mkdir -p "$T/half/drive_c/windows/system32"
refused 'system.reg' install --prefix "$T/half"
echo 'not a registry' > "$T/half/system.reg"
refused 'not a registry file' install --prefix "$T/half"
printf 'WINE REGISTRY Version 2\n\n#arch=win32\n' > "$T/half/system.reg"
refused '32-bit programs only' install --prefix "$T/half"
[ "$(find "$T/half" -type f | wc -l)" -eq 1 ] || fail 'something was put into half a prefix'

refused usage
refused 'unknown command' frobnicate
refused 'unknown option' install --frobnicate
refused 'unknown argument' install uninstall
refused 'needs a value' install --prefix
refused usage run
"$SETUP" --help | grep -q uninstall || fail --help
"$SETUP" --version | grep -q '^winekmt-setup [0-9]' || fail --version

fresh refuse
snapshot "$P" > "$T/before"
unchanged()
{
    snapshot "$P" > "$T/now"
    diff "$T/before" "$T/now" || fail "$1 changed something"
}
refused 'Wine was not found\|gdi32.dll of' install --wine "$T/nowine"
WINEKMT_DIR=$T/empty refused 'winekmt.dll is missing' install
# a Wine without a gdi32.dll, and one with a gdi32.dll that is none
mkdir -p "$T/wine/bin" "$T/wine/lib/wine/x86_64-windows"
cp "$WINE" "$T/wine/bin/wine"
refused 'gdi32.dll of' install --wine "$T/wine/bin/wine"
head -c 5000 "$STOCK" > "$T/wine/lib/wine/x86_64-windows/gdi32.dll"
refused 'damaged\|cut short' install --wine "$T/wine/bin/wine"
unchanged 'a refused install'

# another program's gdi32.dll, which must not be hidden
mv "$S/gdi32.dll" "$T/gdi32.dll"
cp "$B/tests/setup/prog.exe" "$S/gdi32.dll"
refused "not Wine's own" install
[ ! -e "$P/drive_c/windows/winekmt" ] || fail 'something was installed'
rm "$S/gdi32.dll"
mv "$T/gdi32.dll" "$S/gdi32.dll"
unchanged 'a refused install'

# a prefix in use
timeout 60 "$WINE" "$PROG" sleep > "$T/sleeping" 2> /dev/null < /dev/null &
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
do
    sleep 0.5
    ! grep -q sleeping "$T/sleeping" || break
done
grep -q sleeping "$T/sleeping" || fail 'the program does not start'
refused 'programs are running' install
[ ! -e "$P/drive_c/windows/winekmt" ] || fail 'something was installed'
"$WINESERVER" -k
ended
"$SETUP" install || fail 'install after the programs ended'
echo 'refusals are as they should be'
