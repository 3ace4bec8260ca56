# The paths of a Wine from its loader; for scripts that run with another Wine than ./configure's.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# find_wine LOADER: sets and exports WINE, WINESERVER, WINE_PE_DIR, WINE_UNIX_DIR, and VERSION ("wine-10.0"); ends the
# script with 77 and a reason when there is no such Wine.

find_wine()
{
    [ -x "$1" ] || { echo "$1 is no Wine"; exit 77; }
    WINE=$(readlink -f "$1")
    # One of the scripts that Debian puts in front is as good as the loader; the loader lies in /usr/lib/wine.
    case $(head -c 2 "$WINE") in '#!') [ ! -x /usr/lib/wine/wine64 ] || WINE=/usr/lib/wine/wine64 ;; esac
    wine_dir=${WINE%/*} WINE_PE_DIR='' WINE_UNIX_DIR='' WINESERVER=''
    for wine_lib in "$wine_dir/../lib/wine" "$wine_dir/../lib64/wine" "$wine_dir/../lib/x86_64-linux-gnu/wine" \
                    "$wine_dir/../x86_64-linux-gnu/wine"
    do
        [ -z "$WINE_PE_DIR" ] && [ -f "$wine_lib/x86_64-windows/gdi32.dll" ] || continue
        WINE_PE_DIR=$(readlink -f "$wine_lib/x86_64-windows")
        WINE_UNIX_DIR=$(readlink -f "$wine_lib/x86_64-unix")
    done
    for wine_server in "$wine_dir/wineserver" "$wine_dir/wineserver64" "$(command -v wineserver)"
    do
        [ -n "$WINESERVER" ] || [ ! -x "$wine_server" ] || WINESERVER=$wine_server
    done
    [ -n "$WINE_PE_DIR" ] && [ -n "$WINESERVER" ] || { echo "the DLLs or the server of $WINE were not found"; exit 77; }
    VERSION=$("$WINE" --version 2> /dev/null) || { echo "$WINE does not run"; exit 77; }
    VERSION=$(printf '%s' "${VERSION%% *}" | tr -c 'A-Za-z0-9.-' _)
    export WINE WINESERVER WINE_PE_DIR WINE_UNIX_DIR
}

# wine_in FOLDER: the loader of the Debian in a folder, as seen from inside.
wine_in()
{
    for wine_loader in /usr/lib/wine/wine64 /usr/bin/wine64 /usr/bin/wine /opt/wine-stable/bin/wine /opt/wine-devel/bin/wine
    do
        [ ! -x "$1$wine_loader" ] || { echo "$wine_loader"; return; }
    done
    return 1
}
