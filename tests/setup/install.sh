#!/bin/sh
#
# Installing, installing again, wineboot -u, and taking everything back byte for byte.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/setup/common.sh

# Never started in between: every file is the very same again.
fresh bytes
snapshot "$P" > "$T/before"
"$SETUP" install || fail 'install'
[ "$(head -c 2 "$S/gdi32.dll")" = MZ ] || fail 'no drop-in'
cmp -s "$S/gdi32.dll" "$STOCK" && fail 'gdi32.dll is still the stock one'
snapshot "$P" | grep -v winekmt/manifest > "$T/once"
"$SETUP" install || fail 'the second install'
snapshot "$P" | grep -v winekmt/manifest > "$T/twice"
diff "$T/once" "$T/twice" || fail 'a second install changes something'
"$SETUP" uninstall || fail 'uninstall'
snapshot "$P" > "$T/after"
diff "$T/before" "$T/after" || fail 'uninstall leaves a difference'
"$SETUP" uninstall | grep -q 'not installed' || fail 'a second uninstall'
snapshot "$P" > "$T/after"
diff "$T/before" "$T/after" || fail 'a second uninstall changes something'
cmp -s "$TEMPLATE/user.reg" "$P/user.reg" || fail 'user.reg'

# Started in between, with wineboot -u. Wine itself changes the registry of a prefix whenever it starts, so what
# uninstall leaves is compared with a prefix that was started as often and never had winekmt.
run_twice()
{
    wine wineboot -u > "$T/$1.out" 2>&1 || fail "wineboot -u ($1)"
    wine "$PROG" plain || fail "an ordinary program ($1)"
}
fresh_copy without
run_twice without
registry "$P/user.reg" > "$T/user.without"
registry "$P/system.reg" > "$T/system.without"
ls -A "$S" > "$T/system32.without"

fresh_copy with
# The user's own override, and one of the user's for a program that we have an entry for.
cat >> "$P/user.reg" << 'END'

[Software\\Wine\\AppDefaults\\explorer.exe\\DllOverrides] 1700000000
"GDI32"="native"
END
sed -i 's/^\(\[Software\\\\Wine\\\\DllOverrides\].*\)$/\1\n"gdi32"="builtin,native"/' "$P/user.reg"
grep -q '^"gdi32"="builtin,native"' "$P/user.reg" || fail 'the test could not enter an override'
inode=$(stat -c %i "$S/gdi32.dll")
"$SETUP" install || fail 'install'
cp -p "$S/gdi32.dll" "$T/dropin"
run_twice with
sed "s,$T/with,$T/without,g" "$T/with.out" | diff "$T/without.out" - || fail 'wineboot -u says something else with the drop-in'
cmp "$S/gdi32.dll" "$T/dropin" || fail 'wineboot -u changed the drop-in'
"$SETUP" status > "$T/status" || { cat "$T/status"; fail 'status after wineboot -u'; }
grep -q '^"gdi32"="native,builtin"' "$P/user.reg" || fail 'the override is gone'
"$SETUP" uninstall || fail 'uninstall'
[ "$(stat -c %i "$S/gdi32.dll")" = "$inode" ] || fail 'gdi32.dll is another file'
registry "$P/system.reg" | diff "$T/system.without" - || fail 'uninstall leaves a difference in system.reg'
registry "$P/user.reg" > "$T/user.with"
diff "$T/user.without" "$T/user.with" > "$T/diff"
# The two entries of the user are all that differs, and they are as they were.
grep '^[<>]' "$T/diff" | sort > "$T/lines"
cat > "$T/expected" << 'END'
> "GDI32"="native"
> "gdi32"="builtin,native"
> [Software\\Wine\\AppDefaults\\explorer.exe\\DllOverrides]
END
sed -i -e '/^> $/d' -e '/AppDefaults\]$/d' "$T/lines"
diff "$T/expected" "$T/lines" || fail 'the overrides of the user were not restored'
ls -A "$S" | diff "$T/system32.without" - || fail 'uninstall leaves files in system32'
wine "$PROG" plain || fail 'an ordinary program afterwards'
echo 'installed, and taken out again'
