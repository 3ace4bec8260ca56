# kmtdemo: the demonstration, for Windows and, from the same sources, for Linux.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

KMTDEMO_SOURCES := $(wildcard tools/kmtdemo/*.c)

# No DLLs of mingw's, and no time stamp, so that the same sources give the same file
$(B)/pe/kmtdemo.exe: $(KMTDEMO_SOURCES:%.c=$(B)/pe/%.o)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CROSSCC) -static -Wl,--no-insert-timestamp -o $@ $^

KMTDEMO_NATIVE_OBJS := $(KMTDEMO_SOURCES:%.c=$(B)/native/%.o) $(call KMT_NATIVE_OBJS,native)
$(B)/native/kmtdemo: $(KMTDEMO_NATIVE_OBJS)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -ldl -pthread -lm

KMTDEMO := $(B)/pe/kmtdemo.exe $(B)/native/kmtdemo
ALL += $(KMTDEMO)

# "make demo DEMO_FLAGS=--ascii"
DEMO_FLAGS :=
run-demo: all
	@tools/kmtdemo/run $(DEMO_FLAGS)
