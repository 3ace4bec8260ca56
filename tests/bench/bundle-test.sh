#!/bin/sh
#
# The bundle: what make bundle packs runs where it is unpacked, without this tree, and says so where it cannot.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
T=$(mktemp -d "${TMPDIR:-/tmp}/winekmt-bundle.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 130' HUP INT TERM
failed=0
fail() { echo "FAIL: $*"; failed=$((failed + 1)); }

tar -C "$T" -xzf "$B/winekmt-bundle.tar.gz" || { echo 'FAIL: the archive cannot be unpacked'; exit 1; }
cd "$T" || exit 1

# An environment that knows nothing of the tree
env -i PATH="$PATH" HOME="$T" WINEKMT_VIDEO_MEMORY_SIZE=256 winekmt-bundle/run --quick "$T/results" || fail "run ended with status $?"
for file in summary.txt machine.txt native.txt native.json native.svg suite-native.log
do
    [ -s "$T/results/$file" ] || fail "there is no $file"
done
grep -q 'PASS' "$T/results/summary.txt" && ! grep -q FAIL "$T/results/summary.txt" || fail 'the summary'
tar -tzf "$T/results.tar.gz" | grep -q '^results/native.json$' || fail 'the results are not packed'
winekmt-bundle/build/native/bench --check "$T/results/native.json" || fail 'the report'

# A failing test is not hidden
printf '#!/bin/sh\nexit 3\n' > winekmt-bundle/build/native/unit_test
env -i PATH="$PATH" HOME="$T" WINEKMT_VIDEO_MEMORY_SIZE=256 winekmt-bundle/run --quick "$T/again" > "$T/out" 2>&1
[ $? -eq 1 ] && grep -q 'unit-offer: FAIL' "$T/again/summary.txt" || fail 'a failing test was hidden'
# Too old a C library is told, not run into
sed "s/^needed=.*/needed='99.0'/" winekmt-bundle/run > winekmt-bundle/run-old
sh winekmt-bundle/run-old "$T/old" > "$T/out" 2>&1
[ $? -eq 2 ] && grep -q 'is too old; version 99.0' "$T/out" || fail 'an old glibc'

[ $failed -eq 0 ] && echo 'the bundle runs'
