# What the scripts here share. Each begins with: . tests/setup/common.sh
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# The tools are those of ./configure: in the environment when run-tests starts us, else from build/config.sh.
# $T: an empty directory of the script's own, gone when it ends.
# fresh NAME: a Wine prefix in $T/NAME that was just made, as $P and WINEPREFIX. Its files are links to those of one
# prefix that all tests share (a copy has 700 MB), but for the few that Wine changes; fresh_copy NAME has its own files.

set -u
[ -n "${WINE_PE_DIR+x}" ] || . build/config.sh || { echo 'run ./configure first'; exit 1; }
export LC_ALL=C WINEDEBUG="${TEST_WINEDEBUG:--all}" ASAN_OPTIONS=detect_leaks=0
unset DISPLAY WAYLAND_DISPLAY WINEDLLPATH WINEDLLOVERRIDES WINELOADER WINEKMT_DIR WINEKMT_SETUP_STOP_AFTER
B=$PWD/build
SETUP=$B/winekmt-setup
FAULTS=$B/tests/setup/winekmt-setup      # with AddressSanitizer, and WINEKMT_SETUP_STOP_AFTER
PE_TEST=$B/tests/setup/pe_test
PROG=$B/tests/setup/prog.exe
TEMPLATE=${SETUP_TEMPLATE:-$B/tests/setup/template}
STOCK=$WINE_PE_DIR/gdi32.dll
SERVERS=''                               # prefixes with a server that may still run at the end
export WINE

mkdir -p "$B/tests/setup"
# What a killed script left behind, an hour ago or more.
find "$B/tests/setup" -maxdepth 1 -name 'tmp.*' -mmin +60 -exec rm -rf {} +
T=$(mktemp -d "$B/tests/setup/tmp.XXXXXX") || exit 1
# The files to install, as they are now: a build may go on meanwhile.
cp -r "$B/wine" "$T/payload" || exit 1
export WINEKMT_DIR="$T/payload"
cleanup()
{
    for cleanup_prefix in $SERVERS
    do
        WINEPREFIX=$cleanup_prefix timeout 20 "$WINESERVER" -k > /dev/null 2>&1
        WINEPREFIX=$cleanup_prefix timeout 20 "$WINESERVER" -w > /dev/null 2>&1
    done
    rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

fail()
{
    echo "FAILED: $*"
    exit 1
}

# template: the shared prefix, made once. Scripts that run at the same time take turns.
template()
{
    (
        flock 9
        tests/make-prefix --stock "$TEMPLATE" > "$B/tests/setup/template.log" 2>&1
    ) 9> "$B/tests/setup/template.lock" || { cat "$B/tests/setup/template.log"; fail 'no Wine prefix could be made'; }
}

fresh()
{
    [ -n "${have_template-}" ] || template
    have_template=yes
    P=$T/$1
    cp -al "$TEMPLATE" "$P" || fail 'cannot copy the prefix'
    for fresh_file in system.reg user.reg userdef.reg .update-timestamp
    do
        [ ! -f "$P/$fresh_file" ] || { rm "$P/$fresh_file"; cp -p "$TEMPLATE/$fresh_file" "$P/$fresh_file"; }
    done
    # Debian's Wine keeps the place of the server's socket here; it goes by the prefix's inode, so it may be shared.
    export WINEPREFIX="$P"
    S=$P/drive_c/windows/system32
    SERVERS="$SERVERS $P"
}

fresh_copy()
{
    [ -n "${have_template-}" ] || template
    have_template=yes
    P=$T/$1
    cp -a "$TEMPLATE" "$P" || fail 'cannot copy the prefix'
    export WINEPREFIX="$P"
    S=$P/drive_c/windows/system32
    SERVERS="$SERVERS $P"
}

# wine ARGUMENT...: runs Wine, for no longer than a minute, and waits until its server has written the registry;
# wine_on ARGUMENT...: the same without waiting, so that what follows finds the prefix started.
wine()
{
    timeout -k 5 60 "$WINE" "$@" < /dev/null
    wine_status=$?
    ended || return 99
    return $wine_status
}

wine_on()
{
    timeout -k 5 60 "$WINE" "$@" < /dev/null
}

ended()
{
    timeout 30 "$WINESERVER" -w > /dev/null 2>&1 || { timeout 10 "$WINESERVER" -k > /dev/null 2>&1; echo 'the server did not end'; return 1; }
}

# snapshot PREFIX: every file and folder with inode, mode, size, time of change of the content and target of a link, and
# the content of what can change without any of these. Two equal snapshots: the same files, byte for byte.
snapshot()
{
    (
        cd "$1" || exit 1
        find . -type d -printf '%p dir %m\n' -o ! -name '*.reg' ! -name .update-timestamp -printf '%p %i %m %s %T@ %l\n' | sort
        sha1sum ./*.reg .update-timestamp drive_c/windows/system32/gdi32.dll
    )
}

# registry FILE: a registry file without the times that Wine enters whenever it starts.
registry()
{
    sed -e '/^#time=/d' -e '/^"DriverDateData"=/d' -e 's/^\(\[.*\]\) [0-9]*$/\1/' "$1" | awk '
        # sorted by key, so that the order in which keys were made does not matter
        /^\[/ { key = $0 } { line[key] = line[key] "\n" $0 } END { for (k in line) print line[k] }' RS='\n' |
        awk 'BEGIN { RS = "" } { gsub( "\n", "\001" ); print }' | sort | tr '\001' '\n'
}
