#!/bin/sh
#
# wined3d, Wine's own Direct3D, under Xvfb: what DXGI says of the GPU, its LUID and its memory, and triangles by Direct3D 11
# and 9, the same with the drop-in as with the stock gdi32.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/clients/common.sh

found=''
for file in /usr/lib/x86_64-linux-gnu/dri/swrast_dri.so /usr/lib/x86_64-linux-gnu/libgallium-*.so /usr/lib*/dri/swrast_dri.so
do
    [ ! -e $file ] || found=yes
done
[ -n "$found" ] || skip 'no OpenGL in software here (Debian package libgl1-mesa-dri)'
found=''
for file in /usr/lib/x86_64-linux-gnu/libGLX_mesa.so.0 /usr/lib*/libGLX_mesa.so.0
do
    [ ! -e $file ] || found=yes
done
[ -n "$found" ] || skip "no Mesa's GLX here (Debian packages libgl1 and libglx-mesa0)"
export LIBGL_ALWAYS_SOFTWARE=1
display
both "$CLIENTS/d3d.exe"
compare
kmt 'open: 0'
kmt 'memory: status 00000000, budget above 0'
kmt 'memory 0: budget good, reservation 0'
kmt 'memory 0: as D3DKMT says'
grep -q '^kmt name: ..*, status 00000000' "$T/dropin.out" || fail 'the adapter of that LUID has no name'
echo 'wined3d finds the same GPU and draws the same with the drop-in'
