# Reads what "llvm-cov export" writes: which side of which condition was never taken.
#
#   awk -v root=DIRECTORY -f branches.awk EXPORT.json
#
# root: the source directory, which the paths in the export begin with. Prints a line for each side of each condition of a function that
# no run took, tab-separated, sorted by place:
#
#   FILE FUNCTION "never true"|"never false" CONDITION LINE
#
# A case of a switch is a condition that is "never true" when it was never chosen. The text of the condition is that of the source, with
# one space for any white space; where a function has the same text several times, " (2 of 3)" tells which it is. So a line names the
# same place until somebody changes the function. Conditions inside assert() are left out.
#
# The export is one line of JSON without white space. Of it only the records of functions are read: {"branches":[[first line, first column,
# last line, last column, times true, times false, file, file of the expansion, kind], ...],"count":n,"filenames":[...],"name":"FILE:FUNCTION",...
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

BEGIN { RS = "[{]\"branches\":" }

# The lines of a file, read once
function load(file,    line, number)
{
    if (file in loaded) return
    loaded[file] = 1
    FS_old = RS
    RS = "\n"
    while ((getline line < file) > 0) source[file, ++number] = line
    close(file)
    RS = FS_old
}

function text(file, first, first_column, last, last_column,    i, line, from, to, result)
{
    load(file)
    for (i = first; i <= last; i++)
    {
        line = source[file, i]
        from = i == first ? first_column : 1
        to = i == last ? last_column - 1 : length(line)
        result = result " " substr(line, from, to - from + 1)
    }
    gsub(/[[:space:]]+/, " ", result)
    gsub(/^ | $/, "", result)
    return result
}

# Functions only: files and expansions have no count.
/"count":[0-9]+,"filenames":\[/ {
    split_at = index($0, "],\"count\":")
    branches = substr($0, 1, split_at)
    rest = substr($0, split_at)
    match(rest, /"filenames":\[[^]]*\]/)
    files = substr(rest, RSTART + 14, RLENGTH - 16)
    file_count = split(files, filenames, /","/)
    match(rest, /"name":"[^"]*"/)
    name = substr(rest, RSTART + 8, RLENGTH - 9)
    sub(/^.*:/, "", name)
    gsub(/^\[+|\]+$/, "", branches)
    if (branches == "") next
    count = split(branches, list, /\],\[/)
    for (i = 1; i <= count; i++)
    {
        split(list[i], f, ",")
        file = filenames[f[7] + 1]
        if (index(file, root "/") != 1) continue
        key = sprintf("%s\t%05d\t%04d\t%05d\t%04d", file, f[1], f[2], f[3], f[4])
        taken[key] += f[5]
        not_taken[key] += f[6]
        # A header's function has one name, whoever includes it; a macro's condition belongs to those who use it.
        if (!(key in names)) names[key] = name
    }
}

END {
    RS = "\n"
    sorter = "sort"
    for (key in names)
    {
        split(key, f, "\t")
        condition = text(f[1], f[2] + 0, f[3] + 0, f[4] + 0, f[5] + 0)
        line = source[f[1], f[2] + 0]
        if (line ~ /^[[:space:]]*assert\(/) continue
        where = names[key] SUBSEP f[1] SUBSEP condition
        conditions[key] = condition
        keys[where] = keys[where] key "\n"
        total[where]++
    }
    for (where in total)
    {
        # The keys of one text, by place; they are few
        count = split(keys[where], list, "\n") - 1
        for (i = 2; i <= count; i++)
        {
            key = list[i]
            for (j = i - 1; j >= 1 && list[j] > key; j--) list[j + 1] = list[j]
            list[j + 1] = key
        }
        for (i = 1; i <= count; i++)
        {
            key = list[i]
            split(key, f, "\t")
            condition = conditions[key] (count > 1 ? " (" i " of " count ")" : "")
            file = substr(f[1], length(root) + 2)
            is_case = condition ~ /^(case |default:)/
            if (!taken[key])
                printf "%s\t%05d\t%04d\t%s\tnever true\t%s\n", file, f[2], f[3], names[key], condition | sorter
            if (!not_taken[key] && !is_case)
                printf "%s\t%05d\t%04d\t%s\tnever false\t%s\n", file, f[2], f[3], names[key], condition | sorter
        }
    }
    close(sorter)
}
