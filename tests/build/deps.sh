#!/bin/sh
#
# tools/install-deps: silent and quick when there is nothing to do, says what it would do, and fails clearly.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# Nothing is installed: apt-get is a script here that writes down how it was called.

. tests/build/common.sh

check 'nothing is missing here' tools/install-deps
check 'and so nothing is said' [ ! -s "$T/out" ]
check 'an unknown argument is refused' fails tools/install-deps --force
check '--dry-run with nothing to do' tools/install-deps --dry-run
says 'everything is there'

# Every package has its reason, and configure names no other.
check '--list' tools/install-deps --list
cp "$T/out" "$T/list"
check 'each has a reason' awk 'NF < 2 { print; bad = 1 } END { exit bad || NR < 10 }' "$T/list"
names='libc6-dev|libwine-dev|libvulkan[a-z0-9-]+|gcc-mingw-w64-[a-z0-9-]+-win32|wine64-tools'
for package in $(grep -woE "$names" configure | sort -u)
do
    expect "configure's $package is in the list" grep -q "^$package " "$T/list"
done

# Two things missing.
hide "$T/path" 'x86_64-w64-mingw32-*' Xvfb apt-get sudo
cat > "$T/path/apt-get" <<END
#!/bin/sh
echo "\$*" >> "$T/calls"
exit \$(cat "$T/status" 2> /dev/null || echo 0)
END
chmod +x "$T/path/apt-get"
ln -sf /usr/bin/env "$T/path/sudo"
check '--dry-run' env PATH="$T/path" tools/install-deps --dry-run
cp "$T/out" "$T/dry"
says 'compiles the Windows half' "$T/dry"
check 'the two packages and no other' grep -qE \
      '^(sudo )?apt-get install --no-install-recommends gcc-mingw-w64-x86-64-win32 xvfb$' "$T/dry"
check '--dry-run calls nothing' [ ! -e "$T/calls" ]

check 'an apt-get that installs nothing is found out' fails env PATH="$T/path" tools/install-deps
says 'apt reports success'
check 'it was asked, with no question and no recommended package' \
      grep -q -- '-y .*install --no-install-recommends .*gcc-mingw-w64-x86-64-win32 xvfb' "$T/calls"
check 'the lists were known, so they were not fetched' sh -c '! grep -q update "$1"' sh "$T/calls"

rm "$T/calls"
echo 100 > "$T/status"
check 'a failing apt-get' fails env PATH="$T/path" tools/install-deps
says 'Still missing: gcc-mingw-w64-x86-64-win32 xvfb'
check 'the lists were fetched first' grep -q ' update$' "$T/calls"

rm "$T/path/apt-get"
check 'no apt-get' fails env PATH="$T/path" tools/install-deps
says 'not a Debian system'
says 'gcc-mingw-w64-x86-64-win32'

done_checking
