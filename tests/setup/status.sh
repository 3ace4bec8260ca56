#!/bin/sh
#
# What status says, for every state that it can tell apart.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/setup/common.sh

# says STATUS TEXT...: the exit status, and lines that match
says()
{
    expected=$1
    shift
    "$FAULTS" status > "$T/out" 2>&1
    status=$?
    [ $status -eq "$expected" ] || { cat "$T/out"; fail "status $status, not $expected, for: $1"; }
    for wanted
    do
        grep -q -- "$wanted" "$T/out" || { cat "$T/out"; fail "status does not say \"$wanted\""; }
    done
    bad=$(grep -v '^ok       \|^note     \|^problem  \|^winekmt-setup: ' "$T/out") && fail "a line of another form: $bad"
    [ "$expected" -ne 0 ] || ! grep -q ^problem "$T/out" || fail 'a problem, and exit status 0'
}

fresh status
says 1 'ok .*64-bit Wine prefix' 'problem  winekmt is not installed' 'ok       Vulkan device: '
"$SETUP" install > /dev/null || fail 'install'
says 0 'ok .*drop-in gdi32.dll is in place' 'ok .*unix half'

# without Vulkan
( VK_ICD_FILENAMES=$T/none.json VK_DRIVER_FILES=$T/none.json says 1 'problem  no Vulkan device' ) || exit 1

# without a way to the unix half
mv "$S/winekmt_bridge.dll" "$T/bridge" 2> /dev/null || { echo 'this build has no bridge'; exit 1; }
says 1 'problem .*WINEDLLPATH does not name' 'winekmt_bridge.dll is missing'
( WINEDLLPATH=$T:$WINEKMT_DIR says 1 'ok .*unix half in' ) || exit 1
mv "$T/bridge" "$S/winekmt_bridge.dll"
echo "$T/gone.so" > "$T/path"
cp "$S/winekmt.path" "$T/path.good"
cp "$T/path" "$S/winekmt.path"
says 1 'problem .*the unix half .*gone.so is gone' 'winekmt.path was changed by someone'
cp "$T/path.good" "$S/winekmt.path"
says 0 'drop-in'

# the registry
sed -i '/^"gdi32"="native,builtin"$/d' "$P/user.reg"
says 1 'problem .*override gdi32=native,builtin is missing'
sed -i '/winekmt-refresh.exe"$/d' "$P/system.reg"
says 1 'problem .*other entries of winekmt are missing'
"$SETUP" install > /dev/null || fail 'install to repair'
says 0 'drop-in'

# files
echo changed >> "$S/winekmt.dll"
says 1 'problem  system32/winekmt.dll was changed by someone'
rm "$S/winekmt-refresh.exe"
says 1 'problem  system32/winekmt-refresh.exe is missing'
"$SETUP" install > /dev/null || fail 'install to repair'
printf x | dd of="$S/gdi32.dll" bs=1 seek=3000 conv=notrunc 2> /dev/null
says 1 'problem  system32/gdi32.dll was changed by someone'
"$SETUP" install > /dev/null || fail 'install to repair'
says 0 'drop-in'
mv "$S/gdi32.dll" "$T/dropin"
says 1 'problem  system32/gdi32.dll is missing'
cp "$PROG" "$S/gdi32.dll"
says 1 'problem  system32/gdi32.dll was replaced by someone'
cp "$STOCK" "$S/gdi32.dll"
says 1 'problem  system32/gdi32.dll is Wine.s own'
rm "$S/gdi32.dll"
mv "$T/dropin" "$S/gdi32.dll"
echo damaged > "$P/drive_c/windows/winekmt/manifest"
says 1 'problem .*record of the installation is missing or damaged'
rm "$P/drive_c/windows/winekmt/manifest"
says 1 'problem .*record of the installation is missing or damaged'

# without its record, an installation can still be taken out
"$SETUP" uninstall > /dev/null || fail 'uninstall without a manifest'
cmp -s "$S/gdi32.dll" "$STOCK" || fail 'gdi32.dll'
cmp "$P/system.reg" "$TEMPLATE/system.reg" || fail 'system.reg'
grep '^"gdi32"=' "$P/user.reg" && fail 'user.reg'
says 1 'not installed'

( WINE=$T/nowine says 1 'problem  Wine was not found' ) || exit 1
( WINEKMT_DIR=$T says 1 'problem .*own files are missing' ) || exit 1
( WINEPREFIX=$T/nowhere says 1 'problem .*cannot be used' ) || exit 1
echo 'status says what is'
