#!/bin/sh
#
# configure: what it refuses, what it says is missing, and that what it writes survives make and the shell.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/build/common.sh

D="$T/a source directory's"
mkdir "$D"
cp configure "$D/"
cd "$D" || exit 1

# Arguments. Nothing may be configured by a command line that was refused.
for wrong in --foo --prefix --prefix=relative --prefix= --with-wine=/nonexistent --with-wine= --libdir=lib FOO=1 foo \
             --recheck=1 '--recheck --prefix=/usr'
do
    check "configure $wrong is refused" fails ./configure $wrong
done
check 'an unknown option is refused by name' fails ./configure --enable-gold
says "'--enable-gold'"
check '--help' ./configure --help
says '--with-wine=DIR'
check '--version' ./configure --version
says 'winekmt configure '
check 'a refused command line leaves nothing' [ ! -e build/config.mk ]
check 'another directory is refused' sh -c 'mkdir other && cd other && ! ../configure'
says 'source directory'

# What is missing is named with its package, all of it, and nothing is configured.
hide "$T/path" 'x86_64-w64-mingw32-*' 'i686-w64-mingw32-*' 'winegcc*'
check 'missing tools are an error' fails env PATH="$T/path" ./configure
cp "$T/out" "$T/missing"
says 'gcc-mingw-w64-x86-64-win32' "$T/missing"
says 'gcc-mingw-w64-i686-win32' "$T/missing"
says 'wine64-tools' "$T/missing"
tail -n 1 "$T/missing" > "$T/last"
expect 'the last line is the apt-get line' \
       grep '^apt-get install .*x86-64-win32.*i686-win32.*wine64-tools' "$T/last"
check 'nothing is configured then' [ ! -e build/config.mk ]
hide "$T/path" gcc cc clang 'gcc-*' 'clang-*' c99-gcc c89-gcc
check 'no compiler is an error' fails env PATH="$T/path" ./configure
says 'Debian package gcc libc6-dev'

check 'a compiler that does not exist' fails ./configure CC=no-such-compiler
says 'no-such-compiler'
check 'a compiler that does not work' fails ./configure CC=false
says "'false -O2 -g ' cannot build a program"
check 'the wrong cross compiler' fails env CROSSCC=i686-w64-mingw32-gcc ./configure
says '8-byte pointers'
check 'a directory without Wine' fails ./configure --with-wine="$T"
says 'neither bin/wine'
check 'a Wine that does not run' fails ./configure WINE=/bin/true
says '--version says'

# A success, from a directory and with paths that have spaces, quotes, dollars and hashes in them.
cat > "$T/show.mk" <<'END'
include build/config.mk
show:
	@printf '%s\n' "$(DESTDIR)"$(winedlldir)/x86_64-windows
	@printf '%s\n' $(bindir)/tool
	@printf '%s\n' $(DLLDIR_DEFINE)
	@printf '%s\n' $(CFLAGS)
	@test -x $(WINE) && test -x $(WINEDUMP) && test -f $(WINE_UNIX_DIR)/ntdll.so && test -f $(WINE_PE_DIR)/gdi32.dll
	@$(CC) $(WINE_CFLAGS) -DWINE_UNIX_LIB -fsyntax-only -include stdarg.h -include windef.h -include winternl.h \
	    -x c /dev/null
END
show='make --no-print-directory -f'
prefix="/opt/it's #1 \$HOME  x"
check 'a difficult prefix' ./configure --prefix "$prefix" 'CFLAGS=-O1 -DKMT_X=a#b'
check 'make reads it back' $show "$T/show.mk" show DESTDIR=/stage
printf '%s\n' "/stage$prefix/lib/winekmt/x86_64-windows" "$prefix/bin/tool" "-DWINEKMT_DLLDIR=\"$prefix/lib/winekmt\"" \
    -O1 '-DKMT_X=a#b' > "$T/expected"
expect 'make reads what was meant' diff "$T/expected" "$T/out"
check 'the shell reads it back' \
      sh -c '. build/config.sh; [ "$CFLAGS" = "-O1 -DKMT_X=a#b" ] && [ -x "$WINE" ] && [ -x "$WINESERVER" ]'
check 'make can override the prefix' $show "$T/show.mk" show prefix=/usr
says /usr/bin/tool

# The same again: the file stays as it is, and the date too. --recheck remembers the options.
touch -d '2001-01-01' configure build/config.mk
check 'configure --recheck' ./configure --recheck
check 'the same result is not written again' [ "$(date -r build/config.mk +%Y)" = 2001 ]
touch configure
check 'after a change of configure' ./configure --recheck
check 'make has no reason to run it once more' [ -z "$(find configure -newer build/config.mk)" ]
check 'its output is whole' $show "$T/show.mk" show
says "$prefix/bin/tool"
check 'other options, another file' ./configure --libdir=/usr/lib/x86_64-linux-gnu --with-wine-dlldir=/opt/wine/lib/wine
check 'they are in it' $show "$T/show.mk" show
says '/opt/wine/lib/wine/x86_64-windows'
says '-DWINEKMT_DLLDIR="/opt/wine/lib/wine"'

# A failed run keeps what was configured before.
cp build/config.mk "$T/before"
check 'a failing run' fails ./configure CC=false
check 'keeps the old file' cmp "$T/before" build/config.mk
check 'and leaves no temporary files' sh -c '! ls -d build/config.tmp.*'

# A Wine in a directory of its own, behind a path with a space: the libraries must come from there.
. "$ROOT/build/config.sh"
mkdir -p "$T/my wine/bin" "$T/my wine/lib" "$T/my wine/include/wine"
ln -s "$WINE" "$T/my wine/bin/wine"
ln -s "$WINESERVER" "$T/my wine/bin/wineserver"
ln -s "${WINE_UNIX_DIR%/*}" "$T/my wine/lib/wine"
header=$(eval "set -- $WINE_CFLAGS"; printf '%s' "$2")
ln -s "$header" "$T/my wine/include/wine/windows"
check '--with-wine=DIR' ./configure --with-wine="$T/my wine"
says "$T/my wine/bin/wine "
says "$T/my wine/lib/wine/x86_64-unix"
says "$T/my wine/include/wine/windows"
check 'make reads that back' $show "$T/show.mk" show

cd "$ROOT"
done_checking
