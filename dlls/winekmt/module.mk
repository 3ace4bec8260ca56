# winekmt.dll: the Windows builtin (PE half), winekmt.so (unix half), the bridge between the two for a prefix without
# WINEDLLPATH, and libd3dkmt.so, the same core for Linux programs.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

KMT := dlls/winekmt

KMT_CORE      := $(wildcard $(KMT)/core/*.c)
KMT_GPU       := $(wildcard $(KMT)/gpu/*.c)
KMT_OS_COMMON := $(filter-out %/os_linux.c %/os_wine.c,$(wildcard $(KMT)/os/*.c))
KMT_PE        := $(KMT)/main.c $(KMT)/connect.c $(KMT)/stock.c $(KMT)/display.c $(KMT)/display_timing.c $(KMT)/notify.c

# Where winekmt.dll and winekmt.so lie as Wine expects it: a directory for WINEDLLPATH
KMT_PE_DIR    := $(B)/wine/x86_64-windows
KMT_UNIX_DIR  := $(B)/wine/x86_64-unix

# What is generated from the one list of functions
$(B)/gen/kmt_functions.h: $(KMT)/functions.list $(KMT)/generate.awk
	@mkdir -p $(@D)
	awk -v output=header -f $(KMT)/generate.awk $(KMT)/functions.list > $@
$(B)/gen/winekmt.def: $(KMT)/functions.list $(KMT)/generate.awk
	@mkdir -p $(@D)
	awk -v output=spec -f $(KMT)/generate.awk $(KMT)/functions.list > $@
GENERATED += $(B)/gen/kmt_functions.h $(B)/gen/winekmt.def

# PE half: no C runtime, nothing imported but from kernel32 and ntdll, and no time stamp, so that the same sources give the same file
KMT_PE_OBJS := $(KMT_PE:%.c=$(B)/pe/%.o)
$(KMT_PE_DIR)/winekmt.dll: $(KMT_PE_OBJS) $(B)/gen/winekmt.def
	@mkdir -p $(@D)
	$(CROSSCC) -shared -nostdlib -Wl,-e,DllMain,--no-insert-timestamp -o $@ $^ -lkernel32 -lntdll -lntdllcrt -lgcc
	$(WINEBUILD) --builtin $@

# unix half
KMT_UNIX_OBJS := $(patsubst %.c,$(B)/unix/%.o,$(KMT_CORE) $(KMT_GPU) $(KMT_OS_COMMON) $(KMT)/os/os_wine.c $(KMT)/unixlib.c)
$(B)/unix/$(KMT)/os/os_wine.o: NATIVE_CFLAGS := $(filter-out -Iinclude/native,$(NATIVE_CFLAGS)) $(WINE_CFLAGS)
$(KMT_UNIX_DIR)/winekmt.so: $(KMT_UNIX_OBJS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -shared -Wl,-Bsymbolic,-soname,winekmt.so,-z,defs,-z,nodelete -o $@ $^ -L$(WINE_UNIX_DIR) -l:ntdll.so -ldl -pthread

# The bridge: an ELF module that Wine loads under a .dll name
$(KMT_UNIX_DIR)/winekmt_bridge.dll.so: $(KMT)/winekmt_bridge.spec $(B)/unix/$(KMT)/bridge.o
	@mkdir -p $(@D)
	$(WINEGCC) -shared -o $@ $^ -ldl

# The native library. Programs that are to see the inside link the objects instead:
# $(call KMT_NATIVE_OBJS,variant)   all of it; variant is native, asan or tsan
# $(call KMT_NO_GPU_OBJS,variant)   without gpu/*.c, for a GPU of the program's own (tests/fake_gpu.c)
KMT_NO_GPU_OBJS = $(patsubst %.c,$(B)/$(1)/%.o,$(KMT_CORE) $(KMT_OS_COMMON) $(KMT)/os/os_linux.c $(KMT)/native.c)
KMT_NATIVE_OBJS = $(patsubst %.c,$(B)/$(1)/%.o,$(KMT_GPU)) $(KMT_NO_GPU_OBJS)
$(B)/native/libd3dkmt.so: $(call KMT_NATIVE_OBJS,native) $(KMT)/libd3dkmt.map
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -shared -Wl,-Bsymbolic,-soname,libd3dkmt.so,-z,defs,-z,nodelete,--version-script=$(KMT)/libd3dkmt.map -o $@ $(filter %.o,$^) -ldl -pthread

KMT_ALL := $(KMT_PE_DIR)/winekmt.dll $(KMT_UNIX_DIR)/winekmt.so $(KMT_UNIX_DIR)/winekmt_bridge.dll.so $(B)/native/libd3dkmt.so
ALL += $(KMT_ALL)

# Paths of config.mk come quoted for the shell
INSTALL += install-winekmt
.PHONY: install-winekmt
install-winekmt: $(KMT_ALL)
	install -d "$(DESTDIR)"$(winedlldir)/x86_64-windows "$(DESTDIR)"$(winedlldir)/x86_64-unix "$(DESTDIR)"$(libdir)
	install -m 644 $(KMT_PE_DIR)/winekmt.dll "$(DESTDIR)"$(winedlldir)/x86_64-windows
	install -m 755 $(KMT_UNIX_DIR)/winekmt.so $(KMT_UNIX_DIR)/winekmt_bridge.dll.so "$(DESTDIR)"$(winedlldir)/x86_64-unix
	install -m 755 $(B)/native/libd3dkmt.so "$(DESTDIR)"$(libdir)
	@(cd include && find . -name '*.h') > $(B)/headers
	@while read -r header; do \
	    install -D -m 644 "include/$$header" "$(DESTDIR)"$(includedir)/winekmt/"$$header" || exit 1; \
	done < $(B)/headers
