#!/bin/sh
#
# winekmt-setup run: prefix untouched by hand, environment, arguments, exit status, signals.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/setup/common.sh

fresh run
run()
{
    timeout -k 5 60 "$SETUP" run "$@" < /dev/null
}

# into a prefix that has nothing of winekmt yet
[ "$(run "$PROG" whose D3DKMTCreateAllocation | tr -d '\r')" = winekmt.dll ] || fail 'the program does not get winekmt'
"$SETUP" status > "$T/out" || { cat "$T/out"; fail 'status after run'; }
run "$PROG" exports || fail 'exports'
run --prefix "$P" --wine "$WINE" -- "$PROG" exit 7
[ $? -eq 7 ] || fail 'exit status 7'
run "$PROG" exit 0 || fail 'exit status 0'
run "$T/there-is-no-such.exe" > /dev/null 2>&1 && fail 'a program that is not there'
run "$PROG" args 'two words' --prefix 'a"b' '' end | tr -d '\r' > "$T/out"
printf '[two words]\n[--prefix]\n[a"b]\n[]\n[end]\n' | diff - "$T/out" || fail 'arguments'
[ "$(run "$PROG" env WINEDLLPATH | tr -d '\r')" = "$WINEKMT_DIR" ] || fail 'WINEDLLPATH'
ended || fail 'the server does not end'
[ "$(WINEDLLPATH=/x run "$PROG" env WINEDLLPATH | tr -d '\r')" = "$WINEKMT_DIR:/x" ] || fail 'WINEDLLPATH with another'
[ "$(WINEDLLOVERRIDES='foo=n' run "$PROG" env WINEDLLOVERRIDES | tr -d '\r')" = 'gdi32=n,b;foo=n' ] || fail 'WINEDLLOVERRIDES'
[ "$(WINEDLLOVERRIDES='foo,gdi32=b' run "$PROG" whose CreateCompatibleDC | tr -d '\r')" = gdi32.dll ] ||
    fail 'an override of the user does not win'
# a damaged installation is put right
ended || fail 'the server does not end'
echo changed >> "$S/winekmt.dll"
run "$PROG" exports || fail 'exports after damage'
cmp -s "$S/winekmt.dll" "$WINEKMT_DIR/x86_64-windows/winekmt.dll" || fail 'damage is not repaired'

# a signal to winekmt-setup is one to the program
"$SETUP" run "$PROG" sleep > "$T/sleeping" 2> /dev/null < /dev/null &
pid=$!
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
do
    sleep 0.5
    ! grep -q sleeping "$T/sleeping" || break
done
grep -q sleeping "$T/sleeping" || fail 'the program does not start'
# while one runs, another can be started
timeout 60 "$SETUP" run "$PROG" exit 3 < /dev/null
[ $? -eq 3 ] || fail 'a second program'
kill -TERM $pid
wait $pid
status=$?
[ $status -ne 0 ] && [ $status -ne 125 ] || fail "exit status $status after SIGTERM"
# it is gone, and with it the prefix's last program, so the server ends
ended || fail 'the program outlives the signal'

# a prefix that does not exist yet
WINEPREFIX=$T/new
SERVERS="$SERVERS $T/new"
[ "$(WINEDLLOVERRIDES='mscoree=;mshtml=;winemenubuilder.exe=' run "$PROG" whose D3DKMTCreateAllocation 2> /dev/null | tr -d '\r')" = winekmt.dll ] ||
    fail 'a new prefix'
run --wine "$T/nowine" "$PROG" exit 0 2> "$T/out"
[ $? -eq 125 ] || fail 'exit status without Wine'
grep -q 'Wine was not found' "$T/out" || fail 'message without Wine'
echo 'run runs programs'
