#!/bin/sh
#
# tests/abi/headers.sh
#
# ddk/d3dkmthk.h compiles alone and after the usual headers, in C and C++, with our own types, mingw's and Wine's; so does
# each part of it, and winekmt.h.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#

. tests/abi/common.sh

status=0 tried=0
try() # TARGET SOURCE [FLAG]...
{
    tried=$((tried + 1))
    target=$1 file=$2
    shift 2
    compile "$target" "$file" "$T/object.o" -Wmissing-prototypes -Wstrict-prototypes "$@" && return 0
    echo "FAIL: $target: $(tr '\n' ' ' < "$file") $*"
    status=1
}

# C++ where there is a compiler for it: gcc and clang tell it from the language, their C++ halves need not be installed.
echo 'int x;' > "$T/plus.cc"
plus() # TARGET SOURCE
{
    compiler "$1"
    $compiler -c -o "$T/plus.o" "$T/plus.cc" 2> "$T/errors" || { echo "no C++ for $1"; return 0; }
    tried=$((tried + 1))
    cp "$2" "$T/source.cc"
    flags=$(echo " $flags" | sed 's/-std=gnu11/-std=gnu++17/')
    $compiler $flags -c -o "$T/object.o" "$T/source.cc" > "$T/errors" 2>&1 && return 0
    sed -n '1,20p' "$T/errors"
    echo "FAIL: C++, $1: $(tr '\n' ' ' < "$2")"
    status=1
}

use='D3DKMT_OFFERALLOCATIONS x; D3DDDI_ALLOCATIONINFO2 y; D3DKMT_PRESENT z;'
for target in native win64 win32 wine
do
    printf '#include "ddk/d3dkmthk.h"\n%s\n' "$use" > "$T/alone.c"
    printf '#include "ddk/d3dkmthk.h"\n#include "ddk/d3dkmthk.h"\n#include "winekmt.h"\n%s\n' "$use" > "$T/twice.c"
    case $target in
    native) printf '#include "windef.h"\n#include "ntstatus.h"\n#include "winternl.h"\n' > "$T/after.c" ;;
    wine)   printf '#include <stdarg.h>\n#include <ntstatus.h>\n#define WIN32_NO_STATUS\n#include <windef.h>\n#include <winbase.h>\n#include <winternl.h>\n' > "$T/after.c" ;;
    *)      printf '#include <windows.h>\n#include <winternl.h>\n' > "$T/after.c" ;;
    esac
    printf '#include "ddk/d3dkmthk.h"\n%s\n' "$use" >> "$T/after.c"
    for source in alone twice after
    do
        try $target "$T/$source.c"
        plus $target "$T/$source.c"
    done
done

for header in $(cd "$include" && find ddk -name '*.h' | sort) winekmt.h
do
    printf '#include "%s"\nint unused;\n' "$header" > "$T/part.c"
    try native "$T/part.c"
    try win64 "$T/part.c"
done

echo "$tried files compiled"
[ $tried -gt 30 ] || status=1
exit $status
