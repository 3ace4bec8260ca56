#!/bin/sh
#
# make install: which files it lays out, below DESTDIR and nowhere else.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/build/common.sh

# list: what is installed below $T/stage, mode and path.
list()
{
    (cd "$T/stage" && find . ! -type d -printf '%m %P\n' | sort -k 2)
}

cat > "$T/expected" <<END
755 usr/bin/kmt-top
755 usr/bin/winekmt-setup
644 usr/include/winekmt/*.h
644 usr/include/winekmt/ddk/*.h
644 usr/include/winekmt/ddk/d3dkmthk/*.h
644 usr/include/winekmt/native/*.h
755 usr/lib/libd3dkmt.so
755 usr/lib/winekmt/x86_64-unix/winekmt.so
755 usr/lib/winekmt/x86_64-unix/winekmt_bridge.dll.so
644 usr/lib/winekmt/x86_64-windows/winekmt-refresh.exe
644 usr/lib/winekmt/x86_64-windows/winekmt.dll
END
# headers: the lines for headers are patterns, filled in from include/.
while read -r mode path
do
    case $path in
    *'*.h')
        directory=${path%/*}
        for header in include${directory#usr/include/winekmt}/*.h
        do
            echo "$mode $directory/${header##*/}"
        done ;;
    *) echo "$mode $path" ;;
    esac
done < "$T/expected" | sort -k 2 > "$T/expected.list"

umask 077       # the modes of what is installed are not for the caller's umask to choose
check 'make install' make --no-print-directory install DESTDIR="$T/stage" prefix=/usr
list > "$T/list"
expect 'what is installed, and its modes' diff "$T/expected.list" "$T/list"
expect 'everybody can enter the directories' [ -z "$(find "$T/stage/usr" -type d ! -perm -755)" ]
check 'make install again' make --no-print-directory install DESTDIR="$T/stage" prefix=/usr
list > "$T/again"
expect 'changes nothing' diff "$T/list" "$T/again"

check 'the dlls elsewhere' make --no-print-directory install DESTDIR="$T/other stage" prefix=/opt/a \
      winedlldir=/usr/lib/wine libdir=/lib64 bindir=/programs
for file in usr/lib/wine/x86_64-windows/winekmt.dll usr/lib/wine/x86_64-unix/winekmt.so lib64/libd3dkmt.so \
            programs/winekmt-setup opt/a/include/winekmt/winekmt.h
do
    expect "$file is where it was wanted" [ -f "$T/other stage/$file" ]
done
expect 'installing does not make anything outdated' make --no-print-directory -q all

# What is installed must not need the build directory.
for file in bin/winekmt-setup lib/libd3dkmt.so lib/winekmt/x86_64-unix/winekmt.so
do
    check "the dynamic section of $file" readelf -d "$T/stage/usr/$file"
    expect "$file has no run path" sh -c '! grep -E "R(UN)?PATH" "$1"' sh "$T/out"
done
expect 'winekmt.dll carries the builtin signature' grep -q 'Wine builtin DLL' \
       "$T/stage/usr/lib/winekmt/x86_64-windows/winekmt.dll"

done_checking
