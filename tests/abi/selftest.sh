#!/bin/sh
#
# tests/abi/selftest.sh
#
# The other scripts here must fail when a header is wrong. Each line below puts one mistake into a copy of include/ and runs
# the script that has to notice.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#

. tests/abi/common.sh

status=0 tried=0

# mistake NAME SCRIPT FILE EXPRESSION: with that change (for sed) the script fails, and its output has NAME
mistake()
{
    named=$1 script=$2 file=$3 expression=$4
    tried=$((tried + 1))
    rm -rf "$T/include"
    cp -R include "$T/include"
    sed "$expression" "include/$file" > "$T/include/$file"
    if cmp -s "include/$file" "$T/include/$file"
    then
        echo "FAIL: the change \"$expression\" does not touch include/$file"
        status=1
    elif ABI_INCLUDE=$T/include sh tests/abi/$script > "$T/out" 2>&1
    then
        echo "FAIL: $script does not notice \"$expression\" in include/$file"
        status=1
    elif ! grep -q "$named" "$T/out"
    then
        echo "FAIL: $script fails for \"$expression\" in include/$file without naming $named:"
        sed -n '1,10s/^/    /p' "$T/out"
        status=1
    fi
}

memory=ddk/d3dkmthk/memory.h
for target in native win64 win32
do
    # a field of another size, one too many, two in the wrong order
    mistake D3DKMT_LOCK2 "layout.sh $target" $memory '/^typedef struct _D3DKMT_LOCK2$/,/^}/s/D3DKMT_HANDLE       hAllocation/UINT64 hAllocation/'
    mistake D3DKMT_EVICT "layout.sh $target" $memory '/^typedef struct _D3DKMT_EVICT$/,/^}/s/^{/{ UINT extra;/'
    mistake 'NumAllocations' "layout.sh $target" $memory '/^typedef struct _D3DKMT_OFFERALLOCATIONS$/,/^}/{s/ NumAllocations;/ swap;/;s/ Priority;/ NumAllocations;/;s/ swap;/ Priority;/;}'
    # a field gone
    mistake 'PagingFenceValue' "layout.sh $target" $memory '/^typedef struct _D3DKMT_RECLAIMALLOCATIONS2$/,/^}/s/PagingFenceValue/PagingFence/'
    # bit fields: in the wrong order, too wide, too narrow
    mistake 'D3DKMT_OFFER_FLAGS' "layout.sh $target" $memory '/^typedef union _D3DKMT_OFFER_FLAGS$/,/^}/{s/OfferImmediately/swap/;s/AllowDecommit/OfferImmediately/;s/swap/AllowDecommit/;}'
    mistake 'D3DDDI_ALLOCATIONLIST.OfferPriority' "layout.sh $target" ddk/d3dukmdt.h 's/OfferPriority : 3/OfferPriority : 4/;/OfferPriority/,/Reserved/s/Reserved : 27/Reserved : 26/'
    mistake 'D3DDDICB_LOCKFLAGS.Reserved' "layout.sh $target" ddk/d3dukmdt.h '/^typedef union _D3DDDICB_LOCKFLAGS$/,/^}/s/Reserved : 21/Reserved : 20/'
    # padding where there is none
    mistake 'D3DKMT_NODEMETADATA' "layout.sh $target" ddk/d3dkmdt.h '/pragma pack/d'
done
mistake 'D3DKMT_NODEMETADATA' 'layout.sh win32' ddk/d3dkmthk/adapter.h '/pragma pack/d'
# what only one compiler sees: bits of two types share a unit for gcc, not for Windows
mistake 'D3DKMT_SETDISPLAYMODE_FLAGS.Reserved' 'layout.sh native' ddk/d3dkmthk/display.h '/^typedef struct _D3DKMT_SETDISPLAYMODE_FLAGS$/,/^}/s/^ .*: 0;.*//'
# what only 32 bits see: a pointer taken for a number
mistake 'D3DKMT_RECLAIMALLOCATIONS' 'layout.sh win32' $memory '/^typedef struct _D3DKMT_RECLAIMALLOCATIONS$/,/^}/s/BOOL  *\*pDiscarded/UINT64 pDiscarded/'

mistake D3DKMT_OFFER_PRIORITY_HIGH constants.sh $memory 's/D3DKMT_OFFER_PRIORITY_HIGH = 3/D3DKMT_OFFER_PRIORITY_HIGH = 5/'
mistake STATUS_DEVICE_REMOVED ntstatus.sh native/ntstatus.h '/STATUS_DEVICE_REMOVED/s/c00002b6/c00002b7/'
mistake D3DKMTEvict functions.sh ddk/d3dkmthk.h '/D3DKMTEvict/d'
mistake memory.h headers.sh ddk/d3dkmthk/memory.h '/#include/d'

echo "$tried mistakes made"
exit $status
