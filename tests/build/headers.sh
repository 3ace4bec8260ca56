#!/bin/sh
#
# A change of a header builds anew what uses it, and nothing else.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# What uses a header is taken from the sources themselves, not from the compiler's lists that make goes by.

. tests/build/common.sh

# users HEADER: the sources with an #include of that very name, as "path/file.c"
users()
{
    name=$(printf '%s' "${1##*/}" | sed 's/[.]/[.]/g')
    grep -rlE "^ *# *include +[\"<]([^\">]*/)?$name[\">]" --include='*.c' dlls tools tests
}

# Objects of `make fuzz` or `make coverage` may lie in build/ too, and are not what the command below builds.
make --no-print-directory -n -B all checks > "$T/everything" 2>&1 < /dev/null || { cat "$T/everything"; exit 1; }

objects()
{
    for object in build/*/"${1%.c}.o"
    do
        [ ! -f "$object" ] || ! grep -qF -e "-o $object " "$T/everything" || echo "$object"
    done
}

tried=0
for header in $(find include dlls tools tests -name '*.h' | sort)
do
    case $header in
    # Names that the system's own headers share: who includes which cannot be told from the name.
    include/native/*) continue ;;
    esac
    checks=$((checks + 1))
    make --no-print-directory -n -W "$header" all checks > "$T/plan" 2>&1 < /dev/null || { cat "$T/plan"; exit 1; }
    for source in $(users "$header")
    do
        for object in $(objects "$source")
        do
            # Two headers of one name: the compiler's list says which one it was.
            grep -qF "/${header##*/}" "${object%.o}.d" && ! grep -qF "$header" "${object%.o}.d" && continue
            tried=$((tried + 1))
            expect "$header builds $object" grep -qF -e "-o $object " "$T/plan"
        done
    done
done
expect "pairs of a header and an object were found ($tried)" [ $tried -gt 20 ]

# A header that nobody uses builds nothing, or the checks above would mean little.
echo > "$T/unused.h"
check 'an unused header' sh -c '! make --no-print-directory -n -W "$1" all checks | grep -F " -c -o "' sh "$T/unused.h"

# For real, in a copy: the object is newer than the header then, and the others are not touched.
copy_tree "$T/tree"
cd "$T/tree" || exit 1
touch -d '1 hour ago' "$T/before"
find build Makefile configure dlls include tests tools -type f -exec touch -r "$T/before" {} +
object=build/native/dlls/winekmt/core/handle.o
touch dlls/winekmt/core/core.h
check "make $object" make --no-print-directory $object
expect 'it was built' [ -n "$(find $object -newer "$T/before")" ]
expect 'and nothing else' [ "$(find build -name '*.o' -newer "$T/before")" = $object ]

# A header that is gone, with its last user, is no reason to fail.
echo '#define GONE 1' > dlls/winekmt/gone.h
printf '#include "gone.h"\nextern int x;\n' > dlls/winekmt/core/gone.c
check 'a source with a header' make --no-print-directory build/native/dlls/winekmt/core/gone.o
rm dlls/winekmt/gone.h dlls/winekmt/core/gone.c
check 'both removed' make --no-print-directory -n all

cd "$ROOT"
done_checking
