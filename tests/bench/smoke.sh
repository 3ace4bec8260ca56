#!/bin/sh
#
# The benchmarks run, with few and small objects, natively, on the fake GPU and under Wine, and what they write is a report. No time is
# judged here.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
T=$(mktemp -d "${TMPDIR:-/tmp}/winekmt-bench.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 130' HUP INT TERM
export WINEKMT_LEDGER=none
failed=0
fail() { echo "FAIL: $*"; failed=$((failed + 1)); }

# figures FILE NAME...: the report has them.
figures()
{
    file=$1
    shift
    "$B/native/bench" --check "$file" || fail "$file is not a report"
    for name
    do
        grep -q "\"name\": \"$name\"" "$file" || fail "$file has no figure $name"
    done
}

BENCH_OUT=$T tests/bench/run native --tiny || fail 'run native'
if ! grep -q 'threads/offer-2' "$T/native.txt"; then fail 'the table is not complete'; fi
figures "$T/native.json" call/unknown call/refused call/lock resident/single resident/list offer/single-1e3 offer/list-1e3 create/4K \
    create/1M create-now/1M discard/64M discard/64M-written page-out/4M page-in/4M page-out/256x64K page-in/256x64K page-in/4M-fresh \
    bytes/malloc bytes/private victims/discard victims/evict threads/offer-2 threads/create-2 victims/discard-fake bytes/malloc-fake
# lavapipe and every GPU have raw Vulkan as their peer
sed -n '/"name": "create\/4K"/,/}/p' "$T/native.json" | grep -q '"peer": "vkAllocateMemory' || fail 'create/4K has no peer'
grep -q '<svg ' "$T/native.svg" && grep -q '</svg>' "$T/native.svg" || fail 'no SVG'
! command -v xmllint > /dev/null || xmllint --noout "$T/native.svg" || fail 'the SVG is not well-formed'
# The same file again: nothing differs from itself
"$B/native/bench" --compare "$T/native.json" "$T/native.json" || fail 'a report differs from itself'

# The raw copy by the GPU works too
WINEKMT_VIDEO_MEMORY_SIZE=256 "$B/native/bench" --part=paging --tiny --gpu-copies --json="$T/gpu.json" || fail '--gpu-copies'
sed -n '/"name": "page-in\/4M"/,/}/p' "$T/gpu.json" | grep -q '"peer": "one vkCmdCopyBuffer' || fail 'page-in/4M has another peer'

# Where the CPU does not reach the memory winekmt's copies are the GPU's too. Where it does they are not, and that is said.
BENCH_OUT=$T tests/bench/run discrete --tiny || fail 'run discrete'
figures "$T/discrete.json" page-out/4M page-in/4M page-out/256x64K page-in/256x64K
sed -n '/"name": "page-in\/256x64K"/,/}/p' "$T/discrete.json" | grep -q '"peer": "one vkCmdCopyBuffer' || fail 'page-in/256x64K has another peer'
! grep -q 'only the raw copies' "$T/discrete.json" || fail 'below the layer the CPU copies'

for part in calls create paging many threads
do
    WINEKMT_VIDEO_MEMORY_SIZE=256 "$WINE" "$B/pe/bench.exe" --part=$part --tiny --json="$T/wine-$part.json" || fail "bench.exe --part=$part"
done
"$B/native/bench" --report --json="$T/windows.json" "$T"/wine-*.json || fail 'the report of bench.exe'
figures "$T/windows.json" call/unknown offer/list-1e3 create/64K discard/64M page-out/4M bytes/private victims/evict threads/offer-2
sed -n '/"name": "call\/unknown"/,/}/p' "$T/windows.json" | grep -q '"peer": "empty unix call' || fail 'there was no empty unix call'

# Wrong options: a message, and status 2
for options in '' --part=nothing --nonsense --report --check --compare '--compare a' '--part=calls x' '--part=calls --rounds=0' \
    '--part=calls --rounds=102' '--part=calls --sample=x' '--part=calls --report'
do
    "$B/native/bench" $options > "$T/out" 2>&1
    status=$?
    [ $status -eq 2 ] && grep -q '^bench: ' "$T/out" || { fail "bench $options: status $status"; cat "$T/out"; }
done
VK_ICD_FILENAMES=/nonexistent VK_DRIVER_FILES=/nonexistent "$B/native/bench" --part=calls > "$T/out" 2>&1
[ $? -eq 2 ] && grep -q 'no adapter' "$T/out" || { fail 'no GPU'; cat "$T/out"; }

[ $failed -eq 0 ] && echo 'the benchmarks run'
