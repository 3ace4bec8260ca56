#!/bin/sh
#
# DXVK from Debian, on the Wine of the same suite: what its DXGI says of the GPU, its LUID and its memory, and a triangle by
# its Direct3D 11 and 9, the same with the drop-in as with the stock gdi32.
#
#   WINEKMT_CHROOT=FOLDER tests/clients/dxvk.sh         FOLDER: see tests/clients/wine10.sh
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

if [ "${1-}" != --inside ]
then
    . tests/clients/common.sh
    . tests/clients/wine.sh
    [ -n "${WINEKMT_CHROOT-}" ] || skip 'DXVK needs the Wine of its suite, Debian 13: WINEKMT_CHROOT does not name a folder'
    loader=$(wine_in "$WINEKMT_CHROOT") || skip "no Wine in $WINEKMT_CHROOT"
    need apt-get apt
    [ -e $KEYRING ] || skip 'no keyring of Debian (package debian-archive-keyring)'
    fetch trixie binary dxvk-wine64 || skip 'the package dxvk-wine64 of Debian 13 cannot be downloaded'
    tests/clients/chroot "$WINEKMT_CHROOT" tests/clients/dxvk.sh --inside "$loader" "${FETCHED#"$PWD"/}/usr/lib/dxvk/wine64"
    exit
fi

. tests/clients/wine.sh
find_wine "$2"
export SETUP_TEMPLATE="$PWD/build/$VERSION/template"
. tests/clients/common.sh
dxvk=$PWD/$3
"$WINE" --version
zcat -f /usr/share/doc/dxvk/changelog.Debian.gz 2> /dev/null | head -n 1

# As Debian's dxvk-setup does it: links in system32, and overrides.
prepare()
{
    for name in dxgi d3d11 d3d10core d3d9
    do
        rm -f "$S/$name.dll"
        ln -s "$dxvk/$name.dll.so" "$S/$name.dll" || fail "no $name"
    done
}
export WINEDLLOVERRIDES='dxgi,d3d11,d3d10core,d3d9=n' DXVK_LOG_LEVEL=info DXVK_LOG_PATH=none
display
both "$CLIENTS/d3d.exe"
grep -a -m 1 'DXVK: ' "$T/dropin.err" || fail 'this is not DXVK'
compare
kmt 'open: 0'
kmt 'same name: yes'
kmt 'memory: status 00000000, budget above 0'
echo 'DXVK finds the same GPU and draws the same with the drop-in'
