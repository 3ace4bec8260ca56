# Compares branches that no test took (what branches.awk prints) with the list of those that have a reason.
#
#   awk -f check.awk untaken.list UNTAKEN
#
# The list begins with lines "checked: BEGINNING": what is held to this rule, the beginnings of entries. Then come groups of entries,
# "FILE: FUNCTION: never true|never false: CONDITION", each group followed by an indented reason, an empty line after it; # begins a
# comment. "sometimes: " before an entry: it depends on timing, so it may be taken or not. Exit status 1: something is in one and not in the other, or has no reason. What is not checked is only counted.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

BEGIN { FS = "\t" }

function end_group()
{
    if (group_size && !has_reason) complain(FILENAME ":" group_line ": no reason is given")
    group_size = has_reason = 0
}

function is_checked(entry,    i)
{
    for (i = 1; i <= checked_count; i++) if (index(entry, checked[i]) == 1) return 1
    return 0
}

function complain(text)
{
    print text
    bad = 1
}

FNR == NR {
    list = FILENAME
    if (/^#/) next
    if (sub(/^checked: /, "")) { checked[++checked_count] = $0; next }
    if (/^[[:space:]]*$/) { end_group(); next }
    chance = sub(/^sometimes: /, "")
    if (/^[[:space:]]/)
    {
        if (!group_size) complain(FILENAME ":" FNR ": a reason for nothing")
        has_reason = 1
        next
    }
    if (has_reason) end_group()
    if (!/^[^:]+: [^:]+: never (true|false): /) { complain(FILENAME ":" FNR ": not an entry: " $0); next }
    if (!is_checked($0)) complain(FILENAME ":" FNR ": it is not of what is checked")
    if ($0 in listed) complain(FILENAME ":" FNR ": it stands there twice")
    listed[$0] = FNR
    if (chance) sometimes[$0] = 1
    group_line = FNR
    group_size++
    next
}

FNR == 1 { end_group() }

{
    entry = $1 ": " $4 ": " $5 ": " $6
    if (entry in listed) { found[entry] = 1; reasoned++ }
    else if (!is_checked(entry)) elsewhere++
    else { complain("not taken, and not in the list: " entry "    (line " $2 + 0 ")"); missing++ }
}

END {
    for (entry in listed)
        if (!(entry in found) && !(entry in sometimes)) { complain(list ":" listed[entry] ": taken, or not there any more: " entry); stale++ }
    printf "%d branches are not taken for a reason that %s gives, %d for none; %d entries of it are stale; %d elsewhere are not taken.\n",
           reasoned, list, missing, stale, elsewhere
    exit bad
}
