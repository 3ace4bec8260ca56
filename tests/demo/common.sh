# What the tests of the demo share: sourced by them.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

set -u
cd "$(dirname "$0")/../.." || exit 1
T=$(mktemp -d "${TMPDIR:-/tmp}/kmtdemo.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 130' HUP INT TERM
# Other tests that run now have no share of the budget.
WINEKMT_LEDGER=$T/ledger
export WINEKMT_LEDGER
unset WINEKMT_VERIFIER WINEKMT_SYSTEM_MEMORY_SIZE NO_COLOR LC_ALL LC_CTYPE LANG
failed=0

fail()
{
    echo "FAIL: $*"
    failed=$((failed + 1))
}

# demo STATUS [NAME=VALUE]... PROGRAM [ARGUMENT]...: runs it and shows what it said; a failure when the status is another.
# stdout goes to $T/out, stderr to $T/err.
demo()
{
    wanted=$1
    shift
    echo "--- $*"
    timeout 120 env "$@" > "$T/out" 2> "$T/err" < /dev/null
    status=$?
    cat "$T/out" "$T/err"
    [ $status -eq "$wanted" ] || fail "exit status $status instead of $wanted: $*"
}

# says FILE PATTERN...: the file has a line for each pattern.
says()
{
    file=$1
    shift
    for pattern
    do
        grep -Eq -- "$pattern" "$T/$file" || fail "std$file has no line like: $pattern"
    done
}

# well_formed FILE: the file is XML. What kmtdemo writes has neither comments nor CDATA, so tags can be counted.
well_formed()
{
    ! command -v xmllint > /dev/null || xmllint --noout "$1" || fail "$1 is not well-formed: xmllint"
    awk 'BEGIN { RS = "<" }
        NR == 1 { if ($0 != "") bad = "text before the first tag"; next }
        {
            if (!match( $0, />/ )) { bad = "a tag without an end: " $0; exit }
            tag = substr( $0, 1, RSTART - 1 )
            text = substr( $0, RSTART + 1 )
            gsub( /&(amp|lt|gt|quot);/, "", text )
            if (text ~ /&/) bad = "an & that is no entity: " text
            if (tag ~ /^\?/) next
            if (tag ~ /^\//) { if (stack[depth--] != substr( tag, 2 )) bad = "the end of " tag " is not where it should be"; next }
            if (gsub( /"/, "\"", tag ) % 2) bad = "an open quote: " tag
            if (tag ~ /\/$/) next
            split( tag, words, /[ \n]/ )
            stack[++depth] = words[1]
        }
        END { if (depth) bad = stack[depth] " has no end"; if (bad) { print bad; exit 1 } }' "$1" || fail "$1 is not well-formed"
}

finish()
{
    [ $failed -eq 0 ] || { echo "$failed failures"; exit 1; }
    exit 0
}
