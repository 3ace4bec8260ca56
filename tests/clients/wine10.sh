#!/bin/sh
#
# Wine 10.0, of Debian 13, beside the Wine of this machine: winekmt-setup and the conformance suite on it.
#
#   WINEKMT_CHROOT=FOLDER tests/clients/wine10.sh       (as root)
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# FOLDER: a Debian with Wine, Mesa's Vulkan driver and Xvfb in it. If there is none yet, it is made (debootstrap, some
# 300 MB to download and 1.5 GB on the disk), and kept.

cd "$(dirname "$0")/../.." || exit 1
folder=${WINEKMT_CHROOT-}
[ -n "$folder" ] || { echo 'WINEKMT_CHROOT does not name a folder for a Debian 13'; exit 77; }
if [ ! -e "$folder" ] || [ -e "$folder.unfinished" ]
then
    [ "$(id -u)" -eq 0 ] || { echo 'a Debian in a folder needs root'; exit 77; }
    command -v debootstrap > /dev/null || { echo 'no debootstrap here (Debian package debootstrap)'; exit 77; }
    mkdir -p "$folder" && : > "$folder.unfinished" || exit 1
    debootstrap --variant=minbase \
        --include=wine64,wine,libwine,libvulkan1,mesa-vulkan-drivers,libgl1,libgl1-mesa-dri,libglx-mesa0,libegl1,xvfb,libncurses6 \
        trixie "$folder" "${WINEKMT_MIRROR:-http://deb.debian.org/debian}" > "$folder.log" 2>&1 ||
        { tail -n 5 "$folder.log"; echo 'Debian 13 cannot be installed into a folder'; exit 77; }
    rm -f "$folder.unfinished"
fi
exec tests/clients/check-wine "$folder"
