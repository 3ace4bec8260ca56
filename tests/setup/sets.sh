#!/bin/sh
#
# The API sets api-ms-win-dx-d3dkmt-l1-1-0 to -6 lead to the drop-in: by Wine's schema, and where the schema does not know
# them, or Wine has a DLL of that name, by files that winekmt-setup writes and takes out again.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/setup/common.sh

SETS=$B/tests/setup/sets.exe
SET=api-ms-win-dx-d3dkmt-l1-1

# run_sets ARGUMENT...: the program, with the drop-in
run_sets()
{
    timeout -k 5 60 "$SETUP" run --prefix "$P" "$SETS" "$@" > "$T/out" 2> "$T/err" < /dev/null
    run_status=$?
    ended || fail 'the server did not end'
    tr -d '\r' < "$T/out"
    return $run_status
}

fresh schema
"$SETUP" install || fail 'install'
run_sets || { cat "$T/err"; fail 'the sets do not lead to the drop-in'; }
"$SETUP" status > "$T/status"
if grep -q 'ok .*schema leads the API sets' "$T/status"
then
    [ -z "$(ls "$S" | grep "^$SET")" ] || fail 'files where the schema is enough'
    [ "$(tr -d '\r' < "$T/out" | grep -c "^$SET-[0-6].dll is gdi32.dll")" = 7 ] || fail 'a set is not gdi32'
fi
"$SETUP" uninstall || fail 'uninstall'

# A Wine of our own, whose schema has another name in the place of this one; files as links, but for those by whose place
# the loader finds the others.
real_wine=$(readlink -f "$WINE")
case $real_wine in
"$B"/* | /home/*) echo 'this Wine is not laid out as an installed one'; exit 77 ;;
esac
mkdir -p "$T/wine$(dirname "$real_wine")" "$T/wine$WINE_PE_DIR" "$T/wine$WINE_UNIX_DIR"
for file in "$(dirname "$real_wine")"/*; do ln -s "$file" "$T/wine$(dirname "$real_wine")/"; done
for file in "$WINE_PE_DIR"/*; do ln -s "$file" "$T/wine$WINE_PE_DIR/"; done
for file in "$WINE_UNIX_DIR"/*; do ln -s "$file" "$T/wine$WINE_UNIX_DIR/"; done
rm -f "$T/wine$real_wine" "$T/wine$WINE_UNIX_DIR/ntdll.so" "$T/wine$WINE_PE_DIR/apisetschema.dll" "$T/wine$WINE_PE_DIR/gdi32.dll"
cp "$real_wine" "$T/wine$real_wine"
cp "$WINE_UNIX_DIR/ntdll.so" "$T/wine$WINE_UNIX_DIR/ntdll.so"
cp "$STOCK" "$T/wine$WINE_PE_DIR/gdi32.dll"
[ ! -e /usr/share/wine ] || { mkdir -p "$T/wine/usr/share"; ln -s /usr/share/wine "$T/wine/usr/share/wine"; }
if [ -f "$WINE_PE_DIR/apisetschema.dll" ]
then
    # "d3dkmt" in UTF-16; the new name sorts as the old one does
    LC_ALL=C sed 's/d\x003\x00d\x00k\x00m\x00t\x00-\x00l/d\x003\x00d\x00k\x00m\x00z\x00-\x00l/g' "$WINE_PE_DIR/apisetschema.dll" \
        > "$T/wine$WINE_PE_DIR/apisetschema.dll" "$T/wine$WINE_PE_DIR/gdi32.dll"
    cmp -s "$WINE_PE_DIR/apisetschema.dll" "$T/wine$WINE_PE_DIR/apisetschema.dll" && { echo 'no set in this schema'; exit 77; }
fi
WINE=$T/wine$real_wine
"$WINE" --version > /dev/null 2>&1 || { echo 'a copy of this Wine does not run'; exit 77; }

# files: what is to be there with this Wine, and that it goes again
files()
{
    "$SETUP" install || fail "install ($1)"
    [ "$(ls "$S" | grep -c "^$SET-[0-6].dll\$")" = 7 ] || fail "there are not 7 files ($1)"
    run_sets || { cat "$T/err"; fail "the sets do not lead to the drop-in ($1)"; }
    grep -q "^$SET-6.dll is $SET-6.dll" "$T/out" || fail "set 6 is not the file ($1)"
    "$SETUP" status > "$T/status" || { cat "$T/status"; fail "status ($1)"; }
    grep -q 'ok .*API sets.*files' "$T/status" || fail "status does not name the sets ($1)"
    snapshot "$P" | grep "$SET" > "$T/once"
    "$SETUP" install || fail "the second install ($1)"
    snapshot "$P" | grep "$SET" > "$T/twice"
    diff "$T/once" "$T/twice" || fail "a second install changes something ($1)"
    rm "$S/$SET-3.dll"
    "$SETUP" status > "$T/status" && fail "status does not miss a file ($1)"
    grep -q "problem.*$SET-3.dll" "$T/status" || fail "status does not say which file is missing ($1)"
    "$SETUP" install || fail "the third install ($1)"
}

fresh files
snapshot "$P" > "$T/before"
"$SETUP" install || fail 'install'
"$SETUP" uninstall || fail 'uninstall'
snapshot "$P" | diff "$T/before" - || fail 'uninstall leaves a difference'
files 'a schema without the set'
# Another Wine, with a schema: the files are not needed any more.
WINE=$real_wine "$SETUP" install || fail 'install for another Wine'
[ -z "$(ls "$S" | grep "^$SET")" ] || fail 'the files stay though the schema is enough'
"$SETUP" install || fail 'install for this Wine again'
"$SETUP" uninstall || fail 'uninstall'
[ -z "$(ls "$S" "$P/drive_c/windows" | grep -e "^$SET" -e '^winekmt')" ] || fail 'uninstall leaves files'

# Wine has a DLL for the lowest set, as old ones do, with one function; and somebody has put a native one for the highest.
if ! command -v "$CROSSCC" > /dev/null || ! command -v "$WINEBUILD" > /dev/null
then
    echo 'the sets lead to the drop-in; a Wine with a DLL for them was not tried (no compiler, or no winebuild)'
    exit 0
fi
printf 'LIBRARY %s-0.dll\nEXPORTS\n    D3DKMTCloseAdapter=gdi32.D3DKMTCloseAdapter\n' $SET > "$T/set.def"
echo 'int DllMain( void *a, unsigned int b, void *c ) { (void)a; (void)b; (void)c; return 1; }' > "$T/set.c"
$CROSSCC -shared -nostdlib -Wl,-e,DllMain -o "$T/native.dll" "$T/set.c" "$T/set.def" -lgdi32 || fail 'no DLL for the test'
cp "$T/native.dll" "$T/builtin.dll"
"$WINEBUILD" --builtin "$T/builtin.dll" || fail 'no builtin for the test'
cp "$T/builtin.dll" "$T/wine$WINE_PE_DIR/$SET-0.dll"
fresh builtin
cp "$T/builtin.dll" "$S/$SET-0.dll"
files 'a Wine with a DLL for the set'
grep -q "^\"$SET-0\"=\"native,builtin\"" "$P/user.reg" || fail 'no override for the builtin'
! grep -q "^\"$SET-1\"=" "$P/user.reg" || fail 'an override for no builtin'
"$SETUP" uninstall || fail 'uninstall'
cmp -s "$T/builtin.dll" "$S/$SET-0.dll" || fail "Wine's own file did not come back"
! grep -q "^\"$SET-0\"=" "$P/user.reg" || fail 'the override stays'
[ -z "$(ls "$S" "$P/drive_c/windows" | grep -e "^$SET-[1-6]" -e '^winekmt')" ] || fail 'uninstall leaves files'

fresh native
cp "$T/native.dll" "$S/$SET-6.dll"
"$SETUP" install > "$T/out" || fail 'install'
grep -q "$SET-6.dll is not Wine's own and stays" "$T/out" || fail 'no word about the native file'
cmp -s "$T/native.dll" "$S/$SET-6.dll" || fail "somebody's file was overwritten"
"$SETUP" uninstall || fail 'uninstall'
cmp -s "$T/native.dll" "$S/$SET-6.dll" || fail "somebody's file was removed"
echo 'the sets lead to the drop-in'
