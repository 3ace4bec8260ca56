# What the scripts here share. Each begins with: . tests/clients/common.sh
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# Beyond what tests/setup/common.sh gives:
# skip WHY: ends the script, which then counts as skipped.
# need COMMAND PACKAGE: skips without the command, and names the Debian package that has it.
# fetch SUITE source|binary PACKAGE: the path of a folder with an unpacked Debian package, downloaded once into
#   build/clients; the machine's own apt configuration and package lists are not used, nor changed, but for the mirror.
# display: an X server of the script's own in DISPLAY; skips without Xvfb.
# both PROGRAM ARGUMENT...: runs it in a prefix without winekmt and in one with it, both as fresh as Wine makes them; what
#   it prints goes to $T/stock.out and $T/dropin.out. prepare, if the script has such a function, is called with each
#   prefix first. compare: the lines "same ..." of the two must be equal, and not none.

. tests/setup/common.sh

CLIENTS=$B/tests/clients
CACHE=${WINEKMT_CLIENTS_CACHE:-$B/clients}
MIRROR=${WINEKMT_MIRROR:-http://deb.debian.org/debian}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

skip()
{
    echo "$*"
    exit 77
}

need()
{
    command -v "$1" > /dev/null 2>&1 || skip "no $1 here (Debian package $2)"
}

# apt_get SUITE KIND ARGUMENT...: apt-get with a configuration of its own; KIND is deb or deb-src.
apt_get()
{
    apt_dir=$CACHE/apt-$1-$2
    mkdir -p "$apt_dir/lists/partial" "$apt_dir/archives/partial"
    echo "$2 [signed-by=$KEYRING] $MIRROR $1 main" > "$apt_dir/sources.list"
    shift 2
    timeout 100 apt-get -q -o Dir::Etc::sourcelist="$apt_dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$apt_dir/lists" -o Dir::Cache="$apt_dir" -o APT::Sandbox::User="$(id -un)" \
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@" < /dev/null
}

# What cannot be downloaded ends in a skip: this machine may have no network, and a mirror need not have sources.
fetch()
{
    fetch_dir=$CACHE/$3-$1-$2
    mkdir -p "$CACHE"
    (
        flock 9
        [ ! -f "$fetch_dir.made" ] || exit 0
        rm -rf "$fetch_dir"
        mkdir -p "$fetch_dir"
        cd "$fetch_dir" || exit 1
        kind=deb
        [ "$2" = binary ] || kind=deb-src
        apt_get "$1" $kind update || exit 1
        case $2 in
        source) apt_get "$1" $kind --download-only --only-source source "$3" && dpkg-source -x ./*.dsc tree ;;
        binary) apt_get "$1" $kind download "$3" && dpkg-deb -x ./*.deb tree ;;
        esac || exit 1
        : > "$fetch_dir.made"
    ) 9> "$CACHE/lock" > "$fetch_dir.log" 2>&1 || { tail -n 3 "$fetch_dir.log"; return 1; }
    FETCHED=$fetch_dir/tree
}

display()
{
    need Xvfb xvfb
    mkfifo "$T/display" || fail 'mkfifo'
    Xvfb -displayfd 5 -screen 0 1024x768x24 -nolisten tcp -noreset 5> "$T/display" > "$T/xvfb.log" 2>&1 < /dev/null &
    XVFB=$!
    trap 'cleanup; kill $XVFB 2> /dev/null' EXIT
    read -r number < "$T/display" && [ -n "$number" ] || { cat "$T/xvfb.log"; skip 'Xvfb does not start'; }
    export DISPLAY=":$number"
}

# run_as stock|dropin PROGRAM ARGUMENT...: one of the two; the exit status is the program's.
run_as()
{
    kind=$1
    shift
    fresh $kind
    [ $kind = stock ] || "$SETUP" install > /dev/null || fail 'install'
    if command -v prepare > /dev/null; then prepare $kind; fi
    case $kind in
    stock) timeout -k 5 "${CLIENT_LIMIT:-120}" "$WINE" "$@" > "$T/$kind.raw" 2> "$T/$kind.err" < /dev/null ;;
    dropin) timeout -k 5 "${CLIENT_LIMIT:-120}" "$SETUP" run --prefix "$P" "$@" > "$T/$kind.raw" 2> "$T/$kind.err" < /dev/null ;;
    esac
    run_status=$?
    ended
    tr -d '\r' < "$T/$kind.raw" > "$T/$kind.out"
    sed "s/^/$kind: /" "$T/$kind.out"
    rm -rf "${T:?}/$kind"
    return $run_status
}

both()
{
    for both_kind in stock dropin
    do
        run_as $both_kind "$@" || { tail -n 20 "$T/$both_kind.err"; fail "$1 with the $both_kind gdi32"; }
    done
}

compare()
{
    grep '^same ' "$T/stock.out" > "$T/stock.same"
    grep '^same ' "$T/dropin.out" > "$T/dropin.same"
    [ -s "$T/stock.same" ] || fail 'the program said nothing'
    diff "$T/stock.same" "$T/dropin.same" || fail 'the drop-in changes something'
}

# kmt TEXT: the drop-in's run has a line that is this.
kmt()
{
    grep -Fxq "kmt $1" "$T/dropin.out" || fail "no line 'kmt $1' with the drop-in"
}
