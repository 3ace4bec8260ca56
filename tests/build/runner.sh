#!/bin/sh
#
# tests/run-tests: a runner that let a failure pass would make every other test worthless.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/build/common.sh

TEST_LOGS=$T/logs TEST_PREFIX=$T/no-prefix TEST_TIMEOUT=20 TEST_JOBS=1
export TEST_LOGS TEST_PREFIX TEST_TIMEOUT TEST_JOBS
R=tests/run-tests

script() # NAME: its text comes on the input; commas in a test's word are spaces, so scripts are files
{
    { echo '#!/bin/sh'; cat; } > "$T/$1"
    chmod +x "$T/$1"
}
# summary TEXT: the last line of what the last check printed.
summary()
{
    last=$(tail -n 1 "$T/out")
    expect "the last line is '$1', not '$last'" [ "$last" = "$1" ]
}

# gone FILE: the processes whose ids are in FILE have ended.
gone()
{
    read -r pids < "$1"
    for pid in ${pids:-none}
    do
        # Nobody may have collected its status yet: it then is a zombie (Z).
        expect "process $pid, which the test left, was ended" sh -c \
               '[ "$1" != none ] && { [ ! -e "/proc/$1" ] || grep "^State:.Z" "/proc/$1/status"; }' sh "$pid"
    done
    rm -f "$1"
}

echo 'echo fine' | script pass
echo 'echo a first line; echo the very reason; exit 77' | script skip
printf 'echo something is wrong; exit 3\n' | script fail
printf 'printf "0024:lock: 12 tests executed (1 marked as todo, 0 failures), 0 skipped.\\r\\n"\n' | script wine-pass
printf 'printf "0024:lock: 12 tests executed (0 marked as todo, 1 failure), 0 skipped.\\r\\n"\n' | script wine-fail
printf 'echo "0024:a: 12 tests executed (0 marked as todo, 0 as flaky, 10 failures), 0 skipped."\n' | script wine-flaky
script env <<'END'
echo "$#:$1:$2"
! read -r input && [ -z "${DISPLAY+x}${MAKEFLAGS+x}" ] && [ -n "$WINEPREFIX" ]
END
printf 'sleep 300 &\necho $! $$ > "%s/pids"\nsleep 300\n' "$T" | script hang
printf 'sleep 300 &\necho $! > "%s/pids"\n' "$T" | script leave
printf 'kill -SEGV $$\n' | script crash
printf 'sleep 1; echo over\n' | script slow

check 'one pass' $R "a:$T/pass"
summary '1 passed, 0 failed, 0 skipped'
expect 'the line of a pass' grep -qE '^PASS a \([0-9]+\.[0-9] s\)$' "$T/out"
expect 'a log of its own' grep -qx fine "$T/logs/a.log"
expect 'the summary is kept' grep -qx '1 passed, 0 failed, 0 skipped' "$T/logs/summary"

check 'pass, fail and skip' fails $R "a:$T/pass" "b:$T/fail" "c:$T/skip"
summary '1 passed, 1 failed, 1 skipped'
says 'SKIP c: the very reason'
says 'FAIL b'
says 'something is wrong'

check 'no test at all' fails $R
summary '0 passed, 0 failed, 0 skipped'
check 'only skips' fails $R "c:$T/skip"
summary '0 passed, 0 failed, 1 skipped'
check 'a program that is not there' fails $R "a:$T/pass" "b:$T/nothing"
summary '1 passed, 1 failed, 0 skipped'
check 'a crash' fails $R "a:$T/crash"
summary '0 passed, 1 failed, 0 skipped'
check 'words that are no tests' fails $R "a:$T/pass" nocommand empty: "../b:$T/pass" "a:$T/pass"
summary '1 passed, 4 failed, 0 skipped'

check 'winetest, all right' $R "w:$T/wine-pass"
summary '1 passed, 0 failed, 0 skipped'
check 'winetest, failures and exit status 0' fails $R "v:$T/wine-fail" "w:$T/wine-flaky"
summary '0 passed, 2 failed, 0 skipped'

check 'arguments, input and environment' env DISPLAY=:77 MAKEFLAGS=-n $R "e:$T/env,one,two"
check 'commas are spaces' grep -qx '2:one:two' "$T/logs/e.log"
check "a prefix of the user's" env WINEPREFIX="$T/users" $R p:/usr/bin/env
expect 'is not touched' grep -x "WINEPREFIX=$T/no-prefix" "$T/logs/p.log"

check 'a test that hangs' fails env TEST_TIMEOUT=1 $R "h:$T/hang" "a:$T/pass"
summary '1 passed, 1 failed, 0 skipped'
says 'over 1 s'
gone "$T/pids"
check 'what a test leaves running' $R "l:$T/leave"
gone "$T/pids"

start=$(date +%s%N)
check 'several at once' $R -j4 "a:$T/slow" "b:$T/slow" "c:$T/slow" "d:$T/slow" "e:$T/pass"
elapsed=$((($(date +%s%N) - start) / 1000000))
expect "four seconds of sleep in $elapsed ms" [ $elapsed -lt 3500 ]
summary '5 passed, 0 failed, 0 skipped'
check 'one before the others' $R -j4 --first "f:$T/slow" "a:$T/pass" "b:$T/pass"
sed -n 1p "$T/out" > "$T/line"
expect 'it is over first' grep '^PASS f ' "$T/line"
summary '3 passed, 0 failed, 0 skipped'
check 'several at once, one fails' fails $R -j 3 "a:$T/slow" "b:$T/fail" "c:$T/skip" "d:$T/pass"
summary '2 passed, 1 failed, 1 skipped'
check 'a wrong number of jobs' fails $R -j0 "a:$T/pass"

done_checking
