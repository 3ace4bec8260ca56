# What the scripts here share. Each begins with: . tests/abi/common.sh
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# The tools are those of ./configure: in the environment when run-tests starts us, else from build/config.sh.
# $T: an empty directory of the script's own, gone when it ends.

set -u
[ -n "${CROSSCC32+x}" ] || . build/config.sh || { echo 'run ./configure first'; exit 1; }
export LC_ALL=C
include=${ABI_INCLUDE:-include}   # selftest.sh has changed headers elsewhere
T=$(mktemp -d "${TMPDIR:-/tmp}/winekmt-abi.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM

# compiler native|win64|win32|wine: sets $compiler and $flags
compiler()
{
    flags="-std=gnu11 -Wall -Wextra -Werror -I$include"
    case $1 in
    native) compiler=$CC; flags="$flags -I$include/native" ;;
    wine)   compiler=$CC; flags="$flags $WINE_CFLAGS" ;;
    win64)  compiler=$CROSSCC; flags="$flags -D_WIN32_WINNT=0x0a00 -DWIN32_LEAN_AND_MEAN" ;;
    win32)  compiler=$CROSSCC32; flags="$flags -D_WIN32_WINNT=0x0a00 -DWIN32_LEAN_AND_MEAN" ;;
    esac
}

# compile TARGET SOURCE OBJECT [FLAG]...: shows the first errors. The variables must keep their order.
compile()
{
    compiler "$1"
    source_file=$2 object_file=$3
    shift 3
    # $compiler and $flags are several words
    $compiler $flags -O0 -g0 -fno-toplevel-reorder -Wno-overflow "$@" \
        -c -o "$object_file" "$source_file" > "$T/errors" 2>&1 &&
        return 0
    sed -n '1,40p' "$T/errors"
    return 1
}

# tool TARGET NAME: the binary utility that goes with the compiler
tool()
{
    compiler "$1"
    $compiler -print-prog-name="$2"
}

names()
{
    "$(tool "$1" nm)" -n "$2"
}

# compare TARGET OBJECT: the sections .abigot and .abiwnt have the same bytes. If not, it names the line of the table.
compare()
{
    for section in got wnt
    do
        # A section that is missing would leave no file
        rm -f "$T/$section"
        "$(tool "$1" objcopy)" -O binary --set-section-flags .abi$section=alloc,load,contents \
            -j .abi$section "$2" "$T/$section" || return 1
        [ -s "$T/$section" ] || { echo "no section .abi$section in the object"; return 1; }
    done
    cmp -s "$T/got" "$T/wnt" && return 0

    cmp -l "$T/got" "$T/wnt" | awk '{ printf "%d %s %s\n", $1 - 1, $2, $3 }' > "$T/differences"
    names "$1" "$2" | sed -n 's/^\([0-9a-f]*\) . _*got_\([0-9]*\)$/\1 \2/p' > "$T/lines"
    awk -v table="${table-}" '
    function hexadecimal(text,    i, value) {
        for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
        return value
    }
    FILENAME ~ /lines$/ { address[++count] = hexadecimal($1); line[count] = $2; next }
    FILENAME == table { text[FNR] = $0; next }
    {
        if (!base_known) { base = address[1]; base_known = 1; at = 1 }
        while (at < count && address[at + 1] - base <= $1) at++
        if (line[at] == last) next
        last = line[at]
        if (++shown <= 40) printf "%s:%d: %s: byte %d is 0%s, not 0%s\n", table, last, text[last], $1 - (address[at] - base), $2, $3
        total++
    }
    END { if (total) printf "%d rows differ\n", count ? total : 0; else print "the sections differ in size" }
    ' "$T/lines" ${table:+"$table"} "$T/differences"
    return 1
}
