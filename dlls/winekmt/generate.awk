# Generates from functions.list. awk -v output=header|spec|names|coverage -f generate.awk functions.list
#
# header: KMT_CORE( name, type ), KMT_THREAD( name, type ), KMT_STOCK( name, status ), KMT_REFUSE( name, status ) in the order of
#         the list, for a file that defines those macros and includes it (once a use; it undefines them at the end).
# spec:   the export table of winekmt.dll for mingw's linker.
# names:  the exported names, one a line.
# coverage: docs/coverage.md.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

/^[[:space:]]*(#|$)/ { next }

NF < 3 || ($2 != "core" && $2 != "thread" && $2 != "stock" && $2 != "refuse") {
    printf "%s:%d: not a function line: %s\n", FILENAME, FNR, $0 > "/dev/stderr"
    failed = 1
    exit 1
}

$1 in seen {
    printf "%s:%d: %s stands twice\n", FILENAME, FNR, $1 > "/dev/stderr"
    failed = 1
    exit 1
}

{ seen[$1] = 1; name[++count] = $1; kind[count] = $2; detail[count] = $3 }

END {
    if (failed) exit 1
    if (output == "header")
    {
        print "/* Generated from dlls/winekmt/functions.list; do not edit. */"
        for (i = 1; i <= count; i++) printf "KMT_%s( %s, %s )\n", toupper(kind[i]), name[i], detail[i]
        print "#undef KMT_CORE\n#undef KMT_THREAD\n#undef KMT_STOCK\n#undef KMT_REFUSE"
    }
    else if (output == "spec")
    {
        print "LIBRARY winekmt.dll\nEXPORTS"
        for (i = 1; i <= count; i++) printf "    D3DKMT%s\n", name[i]
    }
    else if (output == "names")
        for (i = 1; i <= count; i++) printf "D3DKMT%s\n", name[i]
    else if (output == "coverage")
    {
        for (i = 1; i <= count; i++) total[kind[i]]++
        print "# Coverage"
        print ""
        print "Generated from dlls/winekmt/functions.list by `make docs`; a test holds the two together."
        print ""
        printf "%d functions are exported. %d are implemented (%d of them partly on the Windows side), %d are left to the stock gdi32 of\n", \
               count, total["core"] + total["thread"], total["thread"], total["stock"]
        printf "the Wine at hand, %d are refused. A refusal is a status and, the first time, a line in the log.\n", total["refuse"]
        print ""
        print "Whatever the function, a handle that stock Wine made goes to the stock function of the same name, if it has one."
        print ""
        print "| function | answered by | otherwise |"
        print "| --- | --- | --- |"
        for (i = 1; i <= count; i++)
        {
            if (kind[i] == "core") answer = "winekmt | "
            else if (kind[i] == "thread") answer = "winekmt, with the display that the stock gdi32 knows | "
            else if (kind[i] == "stock") answer = "the stock gdi32 | " detail[i]
            else answer = "refused | " detail[i]
            printf "| D3DKMT%s | %s |\n", name[i], answer
        }
    }
    else
    {
        printf "output=%s: header, spec, names or coverage is wanted\n", output > "/dev/stderr"
        exit 1
    }
}
