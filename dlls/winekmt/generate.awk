# Generates from functions.list. awk -v output=header|spec|names|coverage -f generate.awk functions.list
#
# header: KMT_CORE( name, type ), KMT_THREAD( name, type ), KMT_STOCK( name, status ), KMT_REFUSE( name, status ) in the order of
#         the list, for a file that defines those macros and includes it (once a use; it undefines them at the end). A file that
#         defines KMT_RULE( name, rule, offset, status ) too gets one for each function of the kinds stock and refuse.
# spec:   the export table of winekmt.dll for mingw's linker.
# names:  the exported names, one a line.
# coverage: docs/coverage.md. Who asks for a function is read from -v clients=FILE, by default docs/clients.tsv.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

function fail( message )
{
    printf "%s:%d: %s\n", FILENAME, FNR, message > "/dev/stderr"
    failed = 1
    exit 1
}

# RULE[=TYPE.FIELD|@OFFSET] as what KMT_RULE is given
function parse_rule( i, text,    parts, word, where )
{
    if (text == "") text = "unknown"
    word = text
    where = "0"
    if (match( text, /=/ ))
    {
        word = substr( text, 1, RSTART - 1 )
        where = substr( text, RSTART + 1 )
        if (!match( where, /^[A-Z0-9_]+\./ )) fail( "TYPE.FIELD is wanted: " text )
        where = "offsetof( " substr( where, 1, RLENGTH - 1 ) ", " substr( where, RLENGTH + 1 ) " )"
    }
    else if (match( text, /@/ ))
    {
        word = substr( text, 1, RSTART - 1 )
        where = substr( text, RSTART + 1 )
        if (where !~ /^[0-9]+$/) fail( "an offset in bytes is wanted: " text )
    }
    else if (word == "adapter" || word == "process") word = word "_value"
    if (!(word in rule_text)) fail( "no such rule: " text )
    rule[i] = word
    offset[i] = where
}

BEGIN {
    if (clients == "") clients = "docs/clients.tsv"

    # What docs/coverage.md says of each rule; %s: the status of the row
    bad = "STATUS_INVALID_PARAMETER"
    rule_text["unknown"]   = "%s, NULL " bad
    rule_text["block"]     = "%s, NULL " bad
    rule_text["none"]      = "%s"
    rule_text["absent"]    = bad ", for there are no objects that it could name"
    rule_text["nthandle"]  = "STATUS_INVALID_HANDLE, NULL " bad
    rule_text["pointer"]   = "%s, without a name " bad
    rule_text["device"]    = "%s, without a device " bad
    rule_text["adapter"]   = "%s, without an adapter " bad
    rule_text["adapter?"]  = "%s, for an adapter that does not exist " bad
    rule_text["queue"]     = "%s, without a paging queue " bad
    rule_text["resource"]  = "%s, without a resource " bad
    rule_text["share"]     = "%s, without a shared resource " bad
    rule_text["luid"]      = "%s, without an adapter " bad
    rule_text["adapter_value"] = rule_text["adapter"]
    rule_text["process_value"] = "%s, for no process STATUS_INVALID_HANDLE, NULL " bad
}

/^[[:space:]]*(#|$)/ { next }

NF < 3 || ($2 != "core" && $2 != "thread" && $2 != "stock" && $2 != "refuse") { fail( "not a function line: " $0 ) }
$1 in seen { fail( $1 " stands twice" ) }
($2 == "stock" || $2 == "refuse") && NF > 4 { fail( "too many words: " $0 ) }

{ seen[$1] = 1; name[++count] = $1; kind[count] = $2; detail[count] = $3 }
kind[count] == "stock" || kind[count] == "refuse" { parse_rule( count, $4 ) }

# docs/clients.tsv: function, client, where it can be seen; tabs between them. The first line of a function counts.
function read_clients(    line, fields, number )
{
    while ((getline line < clients) > 0)
    {
        number++
        if (line ~ /^[[:space:]]*(#|$)/) continue
        if (split( line, fields, "\t" ) != 3 || !(fields[1] in seen))
        {
            printf "%s:%d: not function, client and source of one of the functions: %s\n", clients, number, line > "/dev/stderr"
            exit 1
        }
        if (fields[1] in client) continue
        client[fields[1]] = fields[2]
        source[fields[1]] = fields[3]
        known++
    }
    if (!number) { printf "%s cannot be read\n", clients > "/dev/stderr"; exit 1 }
}

function answer( i,    text )
{
    if (kind[i] == "core") return "winekmt |"
    if (kind[i] == "thread") return "winekmt, on a Windows thread |"
    text = rule_text[rule[i]]
    sub( /%s/, detail[i], text )
    if (kind[i] == "stock") return "the stock gdi32 | " text
    # There is nothing to do, and that is done.
    if (detail[i] == "STATUS_SUCCESS") return "winekmt | " text
    return "refused | " text
}

END {
    if (failed) exit 1
    if (output == "header")
    {
        print "/* Generated from dlls/winekmt/functions.list; do not edit. */"
        for (i = 1; i <= count; i++) printf "KMT_%s( %s, %s )\n", toupper(kind[i]), name[i], detail[i]
        print "#undef KMT_CORE\n#undef KMT_THREAD\n#undef KMT_STOCK\n#undef KMT_REFUSE"
        print "#ifdef KMT_RULE"
        for (i = 1; i <= count; i++) if (i in rule)
        {
            word = toupper(rule[i])
            sub( /\?/, "_OR_0", word )
            printf "KMT_RULE( %s, %s, %s, %s )\n", name[i], word, offset[i], detail[i]
        }
        print "#undef KMT_RULE\n#endif"
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
        read_clients()
        for (i = 1; i <= count; i++) total[kind[i] == "refuse" && detail[i] == "STATUS_SUCCESS" ? "core" : kind[i]]++
        print "# Coverage"
        print ""
        print "Generated from dlls/winekmt/functions.list and docs/clients.tsv by `make docs`; a test holds them together."
        print ""
        printf "%d functions are exported. %d are implemented (%d of them partly on the Windows side), ", \
               count, total["core"] + total["thread"], total["thread"]
        printf "%d are left to the stock gdi32 of\n", total["stock"]
        printf "the Wine at hand, %d are refused. A refusal is a status and, the first time, a line in the log.\n", total["refuse"]
        print ""
        print "Whatever the function, a handle that stock Wine made goes to the stock function of the same name, if it has one."
        print ""
        print "Where a function is not implemented, its arguments are looked at all the same: the last column but one says what it"
        print "answers, first to a call that names something that exists, then to one that does not. A block at an address where"
        print "nothing is gets STATUS_ACCESS_VIOLATION. For a function that is left to the stock gdi32 this is what holds where that has"
        print "no such export, and in libd3dkmt.so."
        print ""
        printf "The last column names the first program that is known to ask for the function, with the place where it can be seen. One\n"
        printf "was found for %d of them; \"none known\" says no more than that none was found.\n", known
        print ""
        print "| function | answered by | otherwise | asked for by |"
        print "| --- | --- | --- | --- |"
        for (i = 1; i <= count; i++)
        {
            asked = name[i] in client ? client[name[i]] " (" source[name[i]] ")" : "none known"
            printf "| D3DKMT%s | %s | %s |\n", name[i], answer( i ), asked
        }
    }
    else
    {
        printf "output=%s: header, spec, names or coverage is wanted\n", output > "/dev/stderr"
        exit 1
    }
}
