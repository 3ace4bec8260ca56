#!/bin/sh
#
# kill -9 after any step of install, of uninstall, and of an install over an older Wine's: the prefix works, and the same
# command, or the other one, completes what was begun.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/setup/common.sh

# What "works" means without starting Wine, checked after every step: gdi32.dll is Wine's own, or a drop-in with all that
# it needs, made for the stock module that is there.
sound()
{
    cmp -s "$S/gdi32.dll" "$STOCK" && return
    cmp -s "$S/gdi32.dll" "$T/dropin" || fail "$1: gdi32.dll is neither Wine's own nor the drop-in"
    cmp -s "$S/winekmt_gdi32.dll" "$STOCK" || fail "$1: the stock module does not fit the drop-in"
    cmp -s "$S/winekmt.dll" "$WINEKMT_DIR/x86_64-windows/winekmt.dll" || fail "$1: the drop-in is there without winekmt.dll"
    grep -q '^"gdi32"="native,builtin"' "$P/user.reg" || fail "$1: the drop-in is there without the override"
}

# killed N COMMAND: whether COMMAND was killed after step N (rather than done before)
killed()
{
    WINEKMT_SETUP_STOP_AFTER=$1 "$FAULTS" "$2" > "$T/out" 2>&1
    case $? in
    137) return 0 ;;
    0) return 1 ;;
    *) cat "$T/out"; fail "$2, to be stopped after step $1" ;;
    esac
}

"$PE_TEST" write "$STOCK" "$T/dropin" || fail 'no drop-in'
fresh clean
snapshot "$P" > "$T/before"

# works WHAT: starts a program in a copy of the prefix; where gdi32.dll, the stock module and the overrides are as they
# were before, it would show nothing new, so that is left out
states=' '
works()
{
    state=$({ cd "$S" && sha1sum gdi32.dll winekmt_gdi32.dll; registry "$P/user.reg"; } 2> /dev/null | sha1sum | cut -c 1-16)
    case $states in *" $state "*) return ;; esac
    states="$states$state "
    cp -al "$P" "$T/try"
    for file in system.reg user.reg userdef.reg
    do
        rm -f "$T/try/$file"
        cp -p "$P/$file" "$T/try/$file"
    done
    WINEPREFIX=$T/try
    SERVERS="$SERVERS $T/try"
    wine "$PROG" plain || fail "$1: programs do not work"
    WINEPREFIX=$P
    rm -rf "$T/try"
}

# install
n=0
while killed $n install
do
    sound "install stopped after step $n"
    works "install stopped after step $n"
    if [ $((n % 2)) -eq 0 ]
    then
        "$FAULTS" install > /dev/null || fail "install again, after step $n"
        "$SETUP" status > "$T/out" || { cat "$T/out"; fail "status of what was installed after step $n"; }
    fi
    "$FAULTS" uninstall > /dev/null || fail "uninstall after step $n"
    snapshot "$P" > "$T/after"
    diff "$T/before" "$T/after" || fail "uninstall after step $n leaves a difference"
    n=$((n + 1))
done
[ $n -ge 15 ] || fail "install has only $n steps"
echo "install: killed after each of $n steps; Wine ran in $(echo $states | wc -w) different states"
"$FAULTS" uninstall > /dev/null || fail 'uninstall'

# uninstall
n=0
while :
do
    "$SETUP" install > /dev/null || fail 'install'
    killed $n uninstall || break
    sound "uninstall stopped after step $n"
    works "uninstall stopped after step $n"
    [ $((n % 2)) -eq 0 ] || "$FAULTS" install > /dev/null || fail "install after uninstall stopped after step $n"
    sound "install after uninstall stopped after step $n"
    "$FAULTS" uninstall > /dev/null || fail "uninstall again, after step $n"
    snapshot "$P" > "$T/after"
    diff "$T/before" "$T/after" || fail "uninstall again, after step $n, leaves a difference"
    n=$((n + 1))
done
[ $n -ge 10 ] || fail "uninstall has only $n steps"
echo "uninstall: killed after each of $n steps"

# over a drop-in for another Wine, with a copy of that Wine's gdi32
sed 's/GdiConvertToDevmodeW/GdiConvertToDevmodeX/g' "$STOCK" > "$T/other.dll"
cmp -s "$T/other.dll" "$STOCK" && fail 'the other gdi32.dll is the same'
"$PE_TEST" write "$T/other.dll" "$T/other-dropin" || fail 'no drop-in'
n=0
while :
do
    "$SETUP" install > /dev/null || fail 'install'
    rm "$S/winekmt_gdi32.dll"
    cp "$T/other.dll" "$S/winekmt_gdi32.dll"
    cp "$T/other-dropin" "$S/gdi32.dll"
    killed $n install || break
    cmp -s "$S/gdi32.dll" "$T/other-dropin" && cmp -s "$S/winekmt_gdi32.dll" "$T/other.dll" || sound "update stopped after step $n"
    if [ $((n % 2)) -eq 0 ]
    then
        "$FAULTS" install > /dev/null || fail "install again, after step $n of an update"
        "$SETUP" status > "$T/out" || { cat "$T/out"; fail "status after step $n of an update"; }
    fi
    "$FAULTS" uninstall > /dev/null || fail "uninstall after step $n of an update"
    snapshot "$P" > "$T/after"
    diff "$T/before" "$T/after" || fail "uninstall after step $n of an update leaves a difference"
    n=$((n + 1))
done
[ $n -ge 10 ] || fail "an update has only $n steps"
echo "update: killed after each of $n steps"
