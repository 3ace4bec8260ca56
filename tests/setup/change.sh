#!/bin/sh
#
# Wine changes under an installed prefix: another gdi32.dll in place, back again, moved, removed; and one that no drop-in
# can be made for.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/setup/common.sh

# A Wine of our own that can be changed: folders as they are in the real one, files as links to it, but for those by
# whose place the loader finds the others.
real_wine=$(readlink -f "$WINE")
case $real_wine in
"$B"/* | /home/*) echo 'this Wine is not laid out as an installed one'; exit 77 ;;
esac
make_wine()
{
    mkdir -p "$1$(dirname "$real_wine")" "$1$WINE_PE_DIR" "$1$WINE_UNIX_DIR"
    for file in "$(dirname "$real_wine")"/*; do ln -s "$file" "$1$(dirname "$real_wine")/"; done
    for file in "$WINE_PE_DIR"/* ; do ln -s "$file" "$1$WINE_PE_DIR/"; done
    for file in "$WINE_UNIX_DIR"/* ; do ln -s "$file" "$1$WINE_UNIX_DIR/"; done
    rm "$1$real_wine" "$1$WINE_UNIX_DIR/ntdll.so" "$1$WINE_PE_DIR/gdi32.dll"
    cp "$real_wine" "$1$real_wine"
    cp "$WINE_UNIX_DIR/ntdll.so" "$1$WINE_UNIX_DIR/ntdll.so"
    cp "$STOCK" "$1$WINE_PE_DIR/gdi32.dll"
    [ ! -e /usr/share/wine ] || { mkdir -p "$1/usr/share"; ln -s /usr/share/wine "$1/usr/share/wine"; }
}
real_server=$WINESERVER
make_wine "$T/wine"
WINE=$T/wine$real_wine
"$WINE" --version > /dev/null 2>&1 || { echo 'a copy of this Wine does not run'; exit 77; }

fresh change
"$SETUP" install || fail 'install'
[ "$(readlink "$S/winekmt_gdi32.dll")" = "$T/wine$STOCK" ] || fail 'the stock module is not a link into this Wine'
wine "$PROG" exports || fail 'before the change'

# check WHAT: programs work, the drop-in is in place and complete, and status has nothing to say about Wine
check()
{
    wine_on "$PROG" plain > "$T/out" 2>&1 || { cat "$T/out"; fail "$1: programs do not work"; }
    wine_on "$PROG" late > "$T/out" 2>&1 || { cat "$T/out"; fail "$1: user32 does not load at run time"; }
    wine "$PROG" exports || fail "$1: exports"
    [ ! -e "$P/drive_c/windows/winekmt/pending" ] || fail "$1: not finished"
    "$SETUP" status > "$T/out" || { cat "$T/out"; fail "$1: status"; }
    cmp -s "$P/drive_c/windows/winekmt/gdi32.dll" "$WINE_NOW" || fail "$1: uninstall would put back another gdi32.dll"
}

# Updated in place: a gdi32.dll with a name that the old one does not have.
cp "$T/wine$STOCK" "$T/old.dll"
sed 's/GdiConvertToDevmodeW/GdiConvertToDevmodeX/g' "$T/old.dll" > "$T/new.dll"
cmp -s "$T/old.dll" "$T/new.dll" && fail 'the new gdi32.dll is the old one'
rm "$T/wine$STOCK"
cp "$T/new.dll" "$T/wine$STOCK"
"$SETUP" status > "$T/out" && fail 'status does not notice that Wine was updated'
grep -q 'problem.*Wine was updated' "$T/out" || { cat "$T/out"; fail 'status does not say that Wine was updated'; }
wine "$PROG" has GdiConvertToDevmodeX || fail 'the first program after an update does not get the new function'
WINE_NOW=$T/new.dll check 'after an update'

# Downgraded.
cp "$T/old.dll" "$T/wine$STOCK"
wine "$PROG" has GdiConvertToDevmodeW || fail 'the first program after a downgrade does not get the old function'
WINE_NOW=$T/old.dll check 'after a downgrade'

# Moved: the link points nowhere until the refresher has run.
mv "$T/wine" "$T/elsewhere"
WINE=$T/elsewhere$real_wine
[ ! -e "$S/winekmt_gdi32.dll" ] || fail 'the stock module should be a link that points nowhere now'
WINE_NOW=$T/old.dll check 'after a move'
# Moved and updated at once: the copy that the refresher made does not fit any more.
mv "$T/elsewhere" "$T/third"
WINE=$T/third$real_wine
cp "$T/new.dll" "$T/third$STOCK"
WINE_NOW=$T/new.dll check 'after a move and an update'
"$SETUP" install > /dev/null || fail 'install after a move'
[ "$(readlink "$S/winekmt_gdi32.dll")" = "$T/third$STOCK" ] || fail 'install did not make the link again'

# A gdi32.dll that no drop-in can be made for (its ordinals are too high): Wine's own takes over, until it can.
cp "$T/old.dll" "$T/third$STOCK"
"$PE_TEST" base "$T/third$STOCK" 65500 || fail 'the ordinal base was not found'
cp "$T/third$STOCK" "$T/odd.dll"
wine "$PROG" plain > "$T/out" 2>&1 || { cat "$T/out"; fail 'programs do not work with a gdi32.dll that cannot be served'; }
grep -q 'winekmt-refresh: no drop-in can be made' "$T/out" || { cat "$T/out"; fail 'no word about that in the log'; }
cmp -s "$S/gdi32.dll" "$T/odd.dll" || fail 'the drop-in did not step aside'
"$SETUP" status > "$T/out" && fail 'status is content with that'
cp "$T/old.dll" "$T/third$STOCK"
"$SETUP" status > "$T/out" && fail 'status does not notice that the drop-in stepped aside'
grep -q 'stepped aside' "$T/out" || { cat "$T/out"; fail 'status does not say that the drop-in stepped aside'; }
WINE_NOW=$T/old.dll check 'after a Wine that could not be served'

# A refresh that was broken off: Wine's own gdi32.dll is in place, "pending" is there.
cp "$T/old.dll" "$S/gdi32.dll.tmp" && mv "$S/gdi32.dll.tmp" "$S/gdi32.dll"
: > "$P/drive_c/windows/winekmt/pending"
WINE_NOW=$T/old.dll check 'after a refresh that was broken off'

# Removed: uninstall needs no Wine. And another Wine can go on with the prefix.
rm -rf "$T/third"
"$SETUP" uninstall || fail 'uninstall without Wine'
[ -z "$(ls -d "$S"/winekmt* "$P/drive_c/windows/winekmt" 2> /dev/null)" ] || fail 'uninstall without Wine leaves files'
WINE=$real_wine
wine "$PROG" plain || fail 'another Wine in the prefix'
[ "$(wine "$PROG" whose CreateCompatibleDC | tr -d '\r')" = gdi32.dll ] || fail 'not Wine'"'"'s own gdi32'
[ "$real_server" = "$WINESERVER" ]
echo 'the prefix survives every change of Wine'
