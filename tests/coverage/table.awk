# The table that "llvm-cov report" prints, without regions and functions: files, lines and branches
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

function row(name, lines, missed_lines, branches, missed_branches)
{
    printf "%-28s %6s %6s %8s   %6s %6s %8s\n", name, lines, missed_lines, percent(lines, missed_lines), branches, missed_branches,
           percent(branches, missed_branches)
}

function percent(all, missed)
{
    return all ~ /^[0-9]+$/ ? all > 0 ? sprintf("%.1f %%", 100 * (all - missed) / all) : "-" : ""
}

# File, regions, missed, %, functions, missed, %, lines, missed, %, branches, missed, %
NF == 13 && $2 ~ /^[0-9]+$/ && $1 != "TOTAL" { rows[$1] = $0; names[++count] = $1; next }
$1 == "TOTAL" { total = $0 }

END {
    printf "%-28s %6s %6s %8s   %6s %6s %8s\n", "file", "lines", "missed", "", "branches", "missed", ""
    for (i = 2; i <= count; i++)
    {
        name = names[i]
        for (j = i - 1; j >= 1 && names[j] > name; j--) names[j + 1] = names[j]
        names[j + 1] = name
    }
    for (i = 1; i <= count; i++)
    {
        split(rows[names[i]], f)
        if (f[8]) row(f[1], f[8], f[9], f[11], f[12])
    }
    split(total, f)
    row("all", f[8], f[9], f[11], f[12])
}
