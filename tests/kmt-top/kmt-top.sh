#!/bin/bash
#
# kmt-top [PROGRAM]: the table, JSON and the screen, of processes that publish known counts; and what it refuses.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

set -u
cd "$(dirname "$0")/../.." || exit 1
TOP=$PWD/${1:-build/kmt-top}
PUBLISH=$PWD/build/native/kmt_top_publish
PTY=$PWD/build/native/kmt_top_pty
T=$(mktemp -d "${TMPDIR:-/tmp}/kmt-top.XXXXXX") || exit 1
trap 'exec 7>&- 8>&- 9>&-; rm -rf "$T"' EXIT
trap 'exit 130' HUP INT TERM
export WINEKMT_LEDGER=$T/ledger LC_ALL=C.UTF-8 TERM=xterm
unset LINES COLUMNS
# What ncurses keeps until the process ends is not ours.
export ASAN_OPTIONS=detect_leaks=0
checks=0 failures=0
MB=1048576

fail()
{
    failures=$((failures + 1))
    echo "FAIL: $*"
    sed 's/^/    /' "$T/out" "$T/err"
}

# top STATUS ARGUMENT...: runs it; its output is in $T/out and $T/err.
top()
{
    checks=$((checks + 1))
    wanted=$1
    shift
    timeout 60 "$TOP" "$@" > "$T/out" 2> "$T/err" < /dev/null
    status=$?
    [ $status -eq "$wanted" ] || fail "status $status instead of $wanted: kmt-top $*"
}

# says FILE PATTERN...: out or err has a line for each.
says()
{
    file=$1
    shift
    for pattern
    do
        checks=$((checks + 1))
        grep -Eq -- "$pattern" "$T/$file" || fail "std$file has no line like: $pattern"
    done
}

# pty WHAT COLUMNS ROWS STEP... -- ARGUMENT...: kmt-top on a terminal; what it shows is in $T/out.
pty()
{
    checks=$((checks + 1))
    what=$1
    shift
    timeout 100 "$PTY" "$@" > "$T/out" 2> "$T/err" < /dev/null || fail "$what"
}

# Usage
top 0 --help
says out '--once' '--json' 'Exit status'
top 0 --version
says out '^kmt-top [0-9]'
for wrong in --nonsense nonsense '' '-d 0' '-d -1' '-d 0.05' '-d 3601' '-d nan' '-d 1s' -d --delay= --delay '--once --json'
do
    if [ -n "$wrong" ]; then top 2 $wrong; else top 2 ''; fi
    says err '^kmt-top: '
done

# No ledger
for mode in --once --json
do
    top 1 $mode
    says err "^kmt-top: there is no ledger \\($T/ledger\\)"
    WINEKMT_LEDGER=none top 1 $mode
    says err 'WINEKMT_LEDGER is "none"'
done
echo nonsense > "$T/ledger"
chmod 600 "$T/ledger"
top 1 --once
says err 'it is not a ledger of this version'
chmod 644 "$T/ledger"
top 1 --once
says err 'others may read or write it'
rm "$T/ledger"
ln -s /dev/null "$T/ledger"
top 1 --once
says err 'cannot be opened'
rm "$T/ledger"
checks=$((checks + 1))
[ ! -e "$T/ledger" ] || fail 'it made a ledger'
# By default it looks where the library does. Only root can take /dev/shm away, from itself.
if [ "$(id -u)" -eq 0 ] && unshare -m true 2> /dev/null
then
    # in_other_world COMMANDS: before kmt-top, with empty folders in place of /dev/shm and /run/user.
    in_other_world()
    {
        checks=$((checks + 1))
        env -u WINEKMT_LEDGER unshare -m sh -c "mount -t tmpfs -o mode=1777 none /dev/shm && mount -t tmpfs none /run &&
            mkdir -p -m 700 /run/user /run/user/0 && $1 && exec '$TOP' --once" > "$T/out" 2> "$T/err" < /dev/null
        [ $? -eq 1 ] || fail "$1"
    }
    in_other_world true
    says err 'there is no ledger \(/dev/shm/winekmt-ledger-2-0\)'
    in_other_world 'mount -o remount,ro /dev/shm'
    says err 'there is no ledger \(/run/user/0/winekmt-ledger-2\)'
    in_other_world ': > /dev/shm/winekmt-ledger-2-0 && chmod 644 /dev/shm/winekmt-ledger-2-0'
    says err 'there is no ledger \(/run/user/0/winekmt-ledger-2\)'
    in_other_world ': > /dev/shm/winekmt-ledger-2-0 && chmod 644 /dev/shm/winekmt-ledger-2-0 && chmod 755 /run/user/0'
    says err 'the ledger /dev/shm/winekmt-ledger-2-0 cannot be used: others may read or write it'
fi
pty 'no ledger on a terminal' 80 24 exit:1 -- "$TOP"

# start FD ARGUMENT...: a process that publishes until FD, its input, is closed. $pid is its process.
start()
{
    number=$1
    shift
    rm -f "$T/input" "$T/ready"
    mkfifo "$T/input"
    "$PUBLISH" "$@" < "$T/input" > "$T/ready" &
    pid=$!
    eval "exec $number> \"\$T/input\""
    checks=$((checks + 1))
    for ((i = 0; i < 200; i++))
    do
        [ ! -s "$T/ready" ] || return
        sleep 0.05
    done
    fail "publish $*"
}

start 7 --name 'C:\Program Files\Game\big game.exe' --gpu a 'GPU \xe2\x82\xac one' used=$((512 * MB)) committed=$((500 * MB)) \
    resident=$((100 * MB)) offered=$((30 * MB)) discarded=$((7 * MB)) discards=3 budget=$((800 * MB)) non.used=$((64 * MB)) \
    non.budget=$((2048 * MB)) evicted=$((2 * MB)) in+=$((10 * MB)) out+=$MB evictable=5 reservation=6 demand=7
game=$pid
start 8 --name '/usr/bin/nat\x1b[31mive' --gpu a 'GPU \xe2\x82\xac one' used=$((600 * MB)) --gpu b 'Other\x1b[2J "GPU"\xff' used=3
native=$pid

# The table
top 0 --once -d 1
says out '^GPU € one$' '^Other\?\[2J "GPU"\?$' \
    'local: +total 1.0G, budget 800M, used 1.1G$' 'non-local: +total 4.0G, budget 2.0G, used 64.0M$' \
    "^ +$game  big game.exe  .* 576M +100M +2.0M +30.0M +7.0M +[0-9]+(\.[0-9])?M +[0-9]+(\.[0-9])?M +2.8G\$" \
    "^ +$native  kmt_top_publish .* 600M +0 " "^ +$native  kmt_top_publish .* 3 +0 "
checks=$((checks + 1))
[ "$(grep -nE '600M|576M' "$T/out" | grep -oE '600M|576M' | tr '\n' ' ')" = '600M 576M ' ] || fail 'the order by used'
checks=$((checks + 1))
! grep -q "$(printf '\033')" "$T/out" || fail 'control characters reach the terminal'
LC_ALL=C top 0 --once -d 0.1
says out '^GPU \?\?\? one$'

# JSON: the values, and that it is JSON.
top 0 --json -d 1
cp "$T/out" "$T/json"
says out '"name": "GPU € one"' '"name": "Other\\u001b\[2J \\"GPU\\"\\ufffd"' '"process_count": 2,' "\"pid\": $game, \"name\": \"big game.exe\"" \
    "\"budget\": $((800 * MB)), \"used\": $((512 * MB)), \"committed\": $((500 * MB)), \"resident\": $((100 * MB)), \"offered\": $((30 * MB)), \"evictable\": 5, \"evicted\": $((2 * MB)), \"reservation\": 6, \"demand\": 7, \"discarded\": $((7 * MB)), \"discards\": 3, " \
    "\"local\": \\{ \"total\": $((1024 * MB)), \"budget\": $((800 * MB)), \"used\": $((1112 * MB)) \\}" \
    '"uuid": "00000000000000000000000000000061"'
# Between half and one and a half of 20 times a second
rate=$(grep -oE '"paged_in_per_second": [1-9][0-9]*' "$T/json" | grep -oE '[0-9]+$')
checks=$((checks + 1))
[ "${rate:-0}" -gt $((20 * MB)) ] && [ "${rate:-0}" -lt $((300 * MB)) ] || fail "paged in: ${rate:-nothing} a second"
if command -v python3 > /dev/null
then
    checks=$((checks + 1))
    python3 -c 'import json, sys
top = json.load(open(sys.argv[1]))
one, other = top["adapters"]
assert one["processes"][0]["local"]["used"] == 600 << 20 and one["processes"][1]["name"] == "big game.exe", one
assert other["processes"][0]["local"]["used"] == 3 and top["interval_seconds"] >= 1, other' "$T/json" > "$T/err" 2>&1 || fail 'python does not read it'
fi
if [ -w /dev/full ]
then
    checks=$((checks + 1))
    "$TOP" --json -d 0.1 > /dev/full 2> "$T/err" && fail 'a full disk is success'
    says err 'cannot be written'
fi

# The screen
pty 'a screen' 120 24 "wait:big game.exe" "wait:q: quit" show keys:q exit:0 -- "$TOP" -d 0.2
says out '^\|kmt-top [0-9:]+, 2 processes' '^\|GPU \? one ' '^\|  local +\[\|+\] 1.1G of 1.0G used, budget 800M' 'PID  PROGRAM .* USED .*BUDGET' \
    "$game  big game.exe .* 576M +100M +2.0M +30.0M +7.0M" '^\|q: quit'
pty 'what goes and comes' 100 24 'wait:2 processes' keys:xyz 'wait:PROGRAM' signal:15 exit:0 -- "$TOP" -d 0.1
pty 'interrupted' 100 24 'wait:2 processes' keys:$'\003' exit:0 -- "$TOP"
pty 'the terminal goes away' 100 24 'wait:2 processes' hangup exit:0 -- "$TOP"
pty 'small, then large' 40 6 'wait:PROGRAM' 'gone:EVICTED' 'wait:down: more' size:130x30 'wait:BUDGET' 'wait:Other' show keys:q exit:0 -- "$TOP" -d 0.2
pty 'scrolled' 60 6 'wait:down: more' 'gone:Other' keys:^[OB^[OB^[OB^[OB^[OB 'wait:Other' keys:^[[5~ 'gone:Other' keys:q exit:0 \
    -- "$TOP" -d 0.2
for size in '1 1' '1 2' '2 1' '5 3' '300 100'
do
    pty "a terminal of $size" $size size:100x20 'wait:2 processes' keys:q exit:0 -- "$TOP" -d 0.1
done

# Terminals that are none
TERM=dumb pty 'TERM=dumb' 80 24 wait:--once exit:1 -- "$TOP"
TERM=no-such-terminal pty 'an unknown TERM' 80 24 wait:--once exit:1 -- "$TOP"
checks=$((checks + 1))
timeout 60 env -u TERM "$PTY" 80 24 wait:--once exit:1 -- "$TOP" > "$T/out" 2> "$T/err" < /dev/null || fail 'no TERM'
top 1
says err 'not a terminal'

# A process that is killed is gone; the ledger may go while the screen is shown, and come again.
kill -KILL $game
wait $game 2> /dev/null
top 0 --once -d 0.1
says out "$native  kmt_top_publish"
checks=$((checks + 1))
! grep -q 'big game' "$T/out" || fail 'a dead process is shown'
(sleep 2; mv "$T/ledger" "$T/away"; sleep 2; mv "$T/away" "$T/ledger") &
pty 'the ledger goes and comes' 100 24 'wait:1 process' 'wait:there is no ledger' 'wait:kmt_top_publish' keys:q exit:0 -- "$TOP" -d 0.2
wait $!
exec 8>&-
wait $native
top 0 --once -d 0.1
says out '^No process uses a GPU'
top 0 --json -d 0.1
says out '"process_count": 0' '"adapters": \[ \]'

# Whatever stands in it: 50 times nonsense over a living process' slot
start 9 --gpu a GPU used=5
for ((i = 0; i < 50; i++))
do
    head -c 8192 /dev/urandom | dd of="$T/ledger" bs=4096 seek=1 conv=notrunc status=none
    printf '\1\0\0\0' | dd of="$T/ledger" bs=4096 seek=1 conv=notrunc status=none
    if [ $((i % 2)) -eq 0 ]; then mode=--json; else mode=--once; fi
    [ $((i % 10)) -ne 9 ] || { top 0 $mode -d 0.1; continue; }
    checks=$((checks + 1))
    timeout 60 "$TOP" $mode -d 0.1 > "$T/out" 2> "$T/err" || fail "nonsense, $mode"
    ! LC_ALL=C grep -q "$(printf '\033')" "$T/out" || fail "nonsense reaches the terminal, $mode"
    if [ $mode = --json ] && command -v python3 > /dev/null
    then
        python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$T/out" 2> "$T/err" || fail 'nonsense is no JSON'
    fi
done
pty 'nonsense on the screen' 100 24 'wait:1 process' keys:q exit:0 -- "$TOP" -d 0.1
kill -KILL $pid
wait $pid 2> /dev/null

echo "$checks checks, $failures failures"
[ $failures -eq 0 ]
