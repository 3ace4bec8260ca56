#!/bin/sh
#
# make: does nothing the second time, stops at a warning, and notices another configuration.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/build/common.sh

check 'make has nothing left to do' make --no-print-directory -q all checks
check 'and says so' make --no-print-directory all
expect 'a second make runs nothing' sh -c '! grep -vE "Nothing to be done|is up to date" "$1"' sh "$T/out"

copy_tree "$T/tree"
cd "$T/tree" || exit 1
check 'a copy elsewhere is up to date too' make --no-print-directory -q all

# A warning stops every kind of build. The first file has none, so that the others fail for what they say.
mkdir -p tests/build/warn
echo 'int good( int x );  int good( int x ) { return x; }' > tests/build/warn/good.c
echo 'int f( int x ) { return x; }' > tests/build/warn/missing-prototypes.c
echo 'int f( void );  int f( void ) { 1 + 1; return 0; }' > tests/build/warn/unused-value.c
echo 'int f( void );  int f( void ) { int x = 0; return 0; }' > tests/build/warn/unused-variable.c
echo 'int f( int x );  int f( int x ) { return 0; }' > tests/build/warn/unused-parameter.c
for variant in unix native asan tsan pe pe32
do
    check "$variant: clean code" make --no-print-directory build/$variant/tests/build/warn/good.o
    for warning in missing-prototypes unused-value unused-variable unused-parameter
    do
        check "$variant: a warning is an error" sh -c '! make --no-print-directory "$1"' sh \
              "build/$variant/tests/build/warn/$warning.o"
        says "-Werror=$warning"
        expect "$variant: nothing is left of it" [ ! -e "build/$variant/tests/build/warn/$warning.o" ]
    done
done

# Another configuration builds everything again, the same one nothing.
check 'the same configuration' ./configure --recheck
check 'builds nothing' make --no-print-directory -q all
check 'other flags' ./configure CFLAGS=-O1
check 'are a reason to build' sh -c 'make --no-print-directory -q all; [ $? -eq 1 ]'
check 'with them' make --no-print-directory -n all
says ' -O1 '

check 'make clean' make --no-print-directory clean
expect 'removes build' [ ! -e build ]

cd "$ROOT"
done_checking
