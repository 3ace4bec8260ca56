#!/bin/sh
#
# The Khronos Vulkan loader for Windows, from Debian's source package, in place of Wine's vulkan-1.dll: which way it finds
# winevulkan, and that a Windows Vulkan program runs on it.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

. tests/clients/common.sh

need apt-get apt
need dpkg-source dpkg-dev
need python3 python3-minimal
[ -e $KEYRING ] || skip 'no keyring of Debian (package debian-archive-keyring)'

# Some mirrors have no sources of the old suite; the newer suites' loader is as good.
for suite in ${WINEKMT_LOADER_SUITE:-trixie bookworm}
do
    ! fetch $suite source vulkan-loader || break
    FETCHED=''
done
[ -n "$FETCHED" ] || skip 'the source package vulkan-loader cannot be downloaded'
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$FETCHED/debian/changelog")
echo "vulkan-loader $version of Debian $suite"

# The generated sources are not in the package; what generates them is. No assembler part: it serves functions that the
# loader does not know, and there are none here.
build=$CACHE/vulkan-loader
loader_sources='allocation cJSON debug_utils extension_manual loader_environment gpa_helper loader log loader_json settings
                terminator trampoline unknown_function_handling wsi loader_windows dirent_on_windows'
mkdir -p "$build"
(
    flock 9
    cd "$FETCHED" || exit 1
    if [ ! -f vulkan-1.dll ]
    then
        mkdir -p loader/generated
        python3 scripts/generate_source.py vulkan-headers/registry > /dev/null 2>&1 || exit 1
        cd loader || exit 1
        sources=''
        for name in $loader_sources; do [ ! -f $name.c ] || sources="$sources $name.c"; done
        $CROSSCC -O1 -w -std=gnu11 -shared -static-libgcc -DVK_USE_PLATFORM_WIN32_KHR -DVK_ENABLE_BETA_EXTENSIONS \
            -DWIN32_LEAN_AND_MEAN -I. -Igenerated -I../vulkan-headers/include -o ../vulkan-1.tmp $sources vulkan-1.def \
            -lcfgmgr32 -ladvapi32 || exit 1
        mv ../vulkan-1.tmp ../vulkan-1.dll
    fi
) 9> "$build/lock" || fail 'the loader does not build'

# A program's own vulkan-1.dll, beside it: that is how games bring one.
mkdir "$T/app" || fail 'no folder'
cp "$CLIENTS/vulkan.exe" "$FETCHED/vulkan-1.dll" "$T/app/" || fail 'no program'
export WINEDLLOVERRIDES='vulkan-1=n' CLIENT_LOADER_DEBUG=all

# found KIND: what the loader's log says about where it looked for drivers.
found()
{
    tr -d '\r' < "$T/$1.err" | grep -a '^.Vulkan Loader' | grep -a -i -e 'DRIVER:' -e 'json' > "$T/$1.log"
    sed "s/^/$1: /" "$T/$1.log" | cut -c 1-200
}

# How the loader says that the adapter's key named the file. (It means to say "EnumAdapters" and prints a wide string.)
through_adapter='winevulkan.json" from PnP registry: E'

# Without a display there is no DXGI factory, which the loader wants before it believes the registry's list of drivers: what
# the adapter's key says is the only way. Whether winevulkan itself works then is Wine's affair (8.0: no).
echo '--- without a display'
run_as stock "$T/app/vulkan.exe" && echo 'the stock gdi32 has a way, too'
found stock
! grep -q "$through_adapter" "$T/stock.log" || fail 'the stock gdi32 has an adapter with a key: this test proves nothing here'
run_as dropin "$T/app/vulkan.exe" || echo 'winevulkan does not start without a display'
found dropin
grep -q '^note loader: .*app.vulkan-1.dll' "$T/dropin.out" || fail "not the program's own loader"
grep -q "$through_adapter" "$T/dropin.log" || fail 'the loader did not find winevulkan through the adapter'

# With one, both ways are there; the program must not see a difference.
display
echo '--- with a display'
both "$T/app/vulkan.exe"
compare
for kind in stock dropin
do
    found $kind
    grep -q 'Found ICD manifest file .*winevulkan.json' "$T/$kind.log" || fail "the loader did not find winevulkan ($kind)"
done
grep -q "$through_adapter" "$T/dropin.log" || fail 'the loader did not find winevulkan through the adapter'
! grep -q '^same luid valid: 1' "$T/dropin.out" || { kmt 'open: 0'; kmt 'same name: yes'; }
echo 'the Khronos loader finds winevulkan through the adapter, and a Vulkan program runs on it'
