#!/bin/sh
#
# The model finds what is wrong, and makes it short: with MODEL_BUG it believes something false, or falls.
#
#   tests/model/selftest.sh PROGRAM
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

set -u
program=$1
MODEL_DIR=$(mktemp -d) || exit 1
export MODEL_DIR
trap 'rm -rf "$MODEL_DIR"' EXIT
failures=0

fail()
{
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# bug NAME TURNS THREADS MOST: it fails, in at most MOST operations; these fail again, and pass without the bug.
bug()
{
    log=$MODEL_DIR/$1-$3.log ops=$MODEL_DIR/model-1-$3.ops
    rm -f "$ops"
    MODEL_BUG=$1 "$program" 1 1 "$2" "$3" > "$log" 2>&1
    [ $? -eq 1 ] || { fail "$1, $3 threads: not found"; tail -n 5 "$log"; return; }
    [ -s "$ops" ] || { fail "$1, $3 threads: no sequence was written"; return; }
    grep -q "^FAIL: seed 1," "$log" || fail "$1, $3 threads: the seed is not named"
    count=$(grep -c '^[0-9]' "$ops")
    echo "$1, $3 threads: $count operations"
    cat "$ops"
    [ "$count" -le "$4" ] || fail "$1, $3 threads: $count operations are not short"
    MODEL_BUG=$1 "$program" replay "$ops" > "$log" 2>&1
    [ $? -eq 1 ] || fail "$1, $3 threads: the sequence does not fail again"
    "$program" replay "$ops" > "$log" 2>&1 || { fail "$1, $3 threads: the sequence fails without the bug"; cat "$log"; }
}

bug reclaim 400 1 10
bug evict 400 1 10
bug lock 400 1 10
bug crash 400 1 10
bug reclaim 800 4 12

# What is written is what is read: a sequence and its lines are the same.
"$program" print 7 500 2 > "$MODEL_DIR/one"
[ "$(grep -c '^[0-9]' "$MODEL_DIR/one")" -ge 500 ] || fail 'print prints less than it should'
"$program" replay "$MODEL_DIR/one" > "$MODEL_DIR/log" 2>&1 || { fail 'a printed sequence fails'; tail -n 5 "$MODEL_DIR/log"; }

# No sequence, and arguments that are none.
echo 'something else' > "$MODEL_DIR/bad"
"$program" replay "$MODEL_DIR/bad" > /dev/null 2>&1
[ $? -eq 2 ] || fail 'a file without a sequence is read'
printf 'model seed=1 threads=1 adapters=1 unified=0 heap=16 limit=0 system=0 verifier=0\n0 Unheard [1]\n' > "$MODEL_DIR/bad"
"$program" replay "$MODEL_DIR/bad" > /dev/null 2>&1
[ $? -eq 2 ] || fail 'an operation that does not exist is read'
"$program" 1 0 100 1 > /dev/null 2>&1
[ $? -eq 2 ] || fail '0 sequences are run'

echo "$failures failures"
[ $failures -eq 0 ]
