# What the scripts here share. Each begins with: . tests/build/common.sh
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# check WHAT COMMAND...: COMMAND must succeed. $T: an empty directory of the script's own, gone when it ends.
# The output of COMMAND is in $T/out, both streams; it is shown when the check fails.

set -u
ROOT=$PWD
T=$(mktemp -d "${TMPDIR:-/tmp}/winekmt-build.XXXXXX") || exit 1
: > "$T/out"
trap 'cd /; chmod -R u+w "$T"; rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM

# The outer make and the tools that run-tests exports would answer for the ones that are tested.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CC CFLAGS LDFLAGS CROSSCC CROSSCC32 CROSSCFLAGS \
      WINE WINESERVER WINEBUILD WINEGCC WINEDUMP WINE_CFLAGS WINE_UNIX_DIR WINE_PE_DIR

checks=0 failures=0

check()
{
    check_what=$1
    shift
    checks=$((checks + 1))
    "$@" > "$T/out" 2>&1 < /dev/null && return 0
    failures=$((failures + 1))
    echo "FAIL: $check_what"
    sed -n '1,40s/^/    /p' "$T/out"
    return 1
}

# fails COMMAND...: it ends with status 1: not with success, and not by a crash or a missing program.
fails()
{
    "$@"
    [ $? -eq 1 ]
}

# expect WHAT COMMAND...: the same, but the output of the last check stays in $T/out, to be looked at again.
expect()
{
    check_what=$1
    shift
    checks=$((checks + 1))
    "$@" > "$T/expect.out" 2>&1 < /dev/null && return 0
    failures=$((failures + 1))
    echo "FAIL: $check_what"
    sed -n '1,40s/^/    /p' "$T/expect.out"
    echo '    the output before it:'
    sed -n '1,40s/^/    | /p' "$T/out"
    return 1
}

# says TEXT [FILE]: the text is in FILE, or in the output of the last check.
says()
{
    expect "the output contains '$1'" grep -F -e "$1" "${2:-$T/out}"
}

# hide DIR NAME...: makes DIR a PATH with every program of ours but those matching the patterns NAME.
hide()
{
    hide_dir=$1
    shift
    rm -rf "$hide_dir"
    mkdir "$hide_dir"
    for program in /usr/local/bin/* /usr/bin/* /bin/* /usr/sbin/*
    do
        base=${program##*/}
        for pattern
        do
            case $base in $pattern) continue 2 ;; esac
        done
        echo "$program"
    done | xargs -r ln -sf -t "$hide_dir"
}

# copy_tree DIR: a copy of the sources and of what is built from them, dates and all; the Wine prefix stays behind.
copy_tree()
{
    mkdir -p "$1/build"
    for item in Makefile configure dlls include tools tests build/*
    do
        case $item in
        build/prefix* | build/tests | build/config.tmp.*) ;;
        *) cp -a "$item" "$1/$item" || exit 1 ;;
        esac
    done
}

done_checking()
{
    echo "$checks checks, $failures failures"
    [ $failures -eq 0 ]
    exit
}
