#!/bin/sh
#
# bench --compare, --check and --report on reports that are made here: what is slower is told from noise, and damage is noticed.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
bench=$B/native/bench
T=$(mktemp -d "${TMPDIR:-/tmp}/winekmt-bench.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 130' HUP INT TERM
failed=0
fail() { echo "FAIL: $*"; cat "$T/out"; failed=$((failed + 1)); }

# report FILE PLATFORM FIGURE...: FIGURE is NAME/OURS/THEIRS, samples with commas; THEIRS empty: no peer. @ in NAME is a slash.
report()
{
    file=$1
    platform=$2
    shift 2
    {
        printf '{ "format": "winekmt-bench 1", "platform": "%s", "machine": { "cpu": "a CPU", "gpu": "a \\"GPU\\"", "driver": "", ' "$platform"
        printf '"system": "s", "compiler": "c", "load_before": "0", "load_after": "0" }, "notes": [ "noted" ],\n"figures": [\n'
        comma=''
        for figure
        do
            name=$(echo "$figure" | cut -d/ -f1 | tr @ /) ours=$(echo "$figure" | cut -d/ -f2) theirs=$(echo "$figure" | cut -d/ -f3)
            peer=${theirs:+p}
            printf '%s{ "name": "%s", "what": "w", "unit": "ns", "peer": "%s", "target": 0, "target_ratio": 1.5e0, "more": [ null, true, {} ],\n' \
                "$comma" "$name" "$peer"
            printf '"ours": [%s], "theirs": [%s] }' "$ours" "$theirs"
            comma=',
'
        done
        printf '\n] }\n'
    } > "$file"
}

# runs STATUS ARGUMENT...: bench ends with that status.
runs()
{
    wanted=$1
    shift
    "$bench" "$@" > "$T/out" 2>&1
    status=$?
    [ $status -eq "$wanted" ] || fail "status $status instead of $wanted: bench $*"
}
says() { grep -Eq -- "$1" "$T/out" || fail "no line like: $1"; }

steady=100,101,99,100,100,102,98,100,100
report "$T/a" native "x@steady/$steady/50,50,50,50,50,50,50,50,50" "x@noisy/100,150,60,200,80,120,90,170,50/50,50,50,50,50,50,50,50,50" \
    "y@alone/$steady/" "y@gone/1,1,1/"
runs 0 --check "$T/a"
says '4 figures'
runs 0 --compare "$T/a" "$T/a"
says '^0 slower, 0 faster, 4 the same'

# Twice as slow: but the noisy one may be chance, and where the peer got as slow it is the machine
report "$T/b" native "x@steady/200,202,198,200,200,204,196,200,200/50,50,50,50,50,50,50,50,50" "x@noisy/130,160,80,210,90,150,110,190,70/50,50,50,50,50,50,50,50,50" \
    "y@alone/$steady/" "y@new/1,1,1/"
runs 1 --compare "$T/a" "$T/b"
says '^x/steady .*\+100\.0% .*SLOWER'
says '^y/new .*new'
says '^y/gone .*gone'
says '^1 slower, 0 faster, 2 the same'
runs 0 --compare "$T/b" "$T/a"
says '^x/steady .*-50\.0% .*faster'
report "$T/c" native "x@steady/200,202,198,200,200,204,196,200,200/100,100,100,100,100,100,100,100,100" "y@alone/140,141,139,140,140,142,138,140,140/"
runs 1 --compare "$T/a" "$T/c"
says '^y/alone .*SLOWER'
says '^1 slower, 0 faster, 1 the same'
# A few disturbed samples hide nothing
report "$T/d" native "x@steady/150,151,149,150,9000,152,148,150,7000/50,50,50,50,50,50,50,50,50"
runs 1 --compare "$T/a" "$T/d"
says '^x/steady .*SLOWER'

# make passes the files on
make --no-print-directory bench-compare "$T/a" "$T/b" > "$T/out" 2>&1 < /dev/null && fail 'make bench-compare did not fail'
says '^1 slower'
make --no-print-directory bench-compare BEFORE="$T/a" AFTER="$T/a" > "$T/out" 2>&1 < /dev/null || fail 'make bench-compare BEFORE= AFTER='
says '^0 slower'

# Reports of several parts
report "$T/e" native "z@other/$steady/"
runs 0 --report --json="$T/all" --svg="$T/all.svg" --table="$T/all.txt" "$T/a" "$T/e"
runs 0 --check "$T/all"
says '5 figures'
grep -q '&quot;\|a "GPU"' "$T/all.txt" || fail 'the table does not name the GPU'
runs 1 --report "$T/a" "$T/a"
says 'already is'
report "$T/f" windows "z@other/$steady/"
runs 1 --report "$T/a" "$T/f"
says 'another platform'

# Damage: at every length, and in many ways
size=$(wc -c < "$T/e")
n=0
while [ $n -lt $((size - 2)) ]
do
    head -c $n "$T/e" > "$T/g"
    runs 1 --check "$T/g"
    n=$((n + 23))
done
damage() # SED COMMAND: not a report any more
{
    sed "$1" "$T/e" > "$T/g"
    ! cmp -s "$T/e" "$T/g" || fail "sed '$1' changes nothing"
    runs 1 --check "$T/g"
    says '^bench: .*(not JSON: line|not a report|no figures)'
}
damage 's/winekmt-bench 1/winekmt-bench 2/'
damage 's/"platform"/"plat"/'
damage 's/100,101/100,-1/'
damage 's/100,101/100,0/'
damage 's/100,101/100,"1"/'
damage 's/100,101/100,/'
damage 's/100,101/100,0101/'
damage 's/100,101/100,1e999/'
damage 's/100,101/100,inf/'
damage 's/100,101/100,0x10/'
damage 's/100,101/100,1./'
damage 's/"unit"/"unity"/'
damage 's/"name"/"nam"/'
damage 's/"peer": ""/"peer": "p"/'
damage 's/"figures": \[/"figures": {/'
damage 's/ true/ tru/'
damage 's/"noted"/"no\\qted"/'
damage 's/"noted"/"no\\u12g4"/'
damage 's/"noted"/"no	ted"/'
damage '$s/}$/} x/'
i=0
while [ $i -lt 100 ]; do printf '['; i=$((i + 1)); done > "$T/g"
runs 1 --check "$T/g"
says 'too many'
printf '{ "a": "b\000" }' > "$T/g"
runs 1 --check "$T/g"
runs 1 --check "$T/nothing"
says 'No such file'
runs 2 --report --json="$T/no/directory" "$T/a"
says 'cannot be written'

[ $failed -eq 0 ] && echo 'reports are compared as they should be'
