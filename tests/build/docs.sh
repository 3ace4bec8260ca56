#!/bin/sh
#
# docs/coverage.md is what the list of functions says, and every test that docs/semantics.md names exists.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/build/common.sh

awk -v output=coverage -f dlls/winekmt/generate.awk dlls/winekmt/functions.list > "$T/coverage.md"
check 'docs/coverage.md is up to date (make docs)' diff "$T/coverage.md" docs/coverage.md
check 'it lists 241 functions' [ "$(grep -c '^| D3DKMT' docs/coverage.md)" = 241 ]

# Tables of docs/semantics.md: question, choice, tests, as "file.c test_one, test_two; other.c test_three".
awk -F'|' '/^\|/ && NF == 5 && $4 !~ /---/ && $4 !~ /^ *test *$/ { print $4 }' docs/semantics.md |
    tr -c 'A-Za-z0-9_.\n' '\n' | awk '/\.c$/ { file = $0 } /^(test|race)_/ { print file, $0 }' | sort -u > "$T/named"
check 'docs/semantics.md names tests' [ -s "$T/named" ]
while read -r file name
do
    check "$file $name, named by docs/semantics.md, exists" grep -qs "^\(static \)*[a-z].*\<$name(" tests/d3dkmt/"$file" tests/share/"$file" \
        tests/unit/"$file" tests/gpu/"$file" tests/ledger/"$file"
done < "$T/named"
check 'every row of docs/semantics.md names a test' \
      [ -z "$(awk -F'|' '/^\|/ && NF == 5 && $4 !~ /(test|race)_|---|^ *test *$/' docs/semantics.md)" ]
check 'no row of docs/semantics.md lacks the column' [ -z "$(awk -F'|' '/^\|/ && NF != 5' docs/semantics.md)" ]

n=$(sed -n 's/^241 functions are exported. \([0-9]*\) are.*/\1/p' docs/coverage.md)
check "README.md says that $n functions are implemented" grep -q "escapes: $n functions" README.md
n=$(sed -n '/^queries\[\]/,/^};/p' dlls/winekmt/core/query_adapter_info.c | grep -c '{ KMTQ')
check "README.md says that there are $n types" grep -q "QueryAdapterInfo for $n types" README.md

done_checking
