# kmtdemo: the demonstration, for Windows and, from the same sources, for Linux.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

KMTDEMO_SOURCES := $(wildcard tools/kmtdemo/*.c)

$(B)/pe/kmtdemo.exe: $(KMTDEMO_SOURCES:%.c=$(B)/pe/%.o)
	@mkdir -p $(@D)
	$(CROSSCC) -static -Wl,--no-insert-timestamp -o $@ $^

$(B)/native/kmtdemo: $(KMTDEMO_SOURCES:%.c=$(B)/native/%.o) $(call KMT_NATIVE_OBJS,native)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -ldl -pthread -lm

ALL += $(B)/pe/kmtdemo.exe $(B)/native/kmtdemo

run-demo: all
	@tools/kmtdemo/run
