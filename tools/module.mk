# winekmt-setup, the tool that puts winekmt into a Wine prefix.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

SETUP := $(B)/winekmt-setup
SETUP_SRCS := $(wildcard tools/setup/*.c)
SETUP_OBJS := $(patsubst %.c,$(B)/native/%.o,$(SETUP_SRCS))
SETUP_DEFINES := $(DLLDIR_DEFINE) '-DWINEKMT_WINE="$(WINE)"' '-DWINEKMT_VERSION_STRING="$(VERSION)"'

$(B)/native/tools/setup/prefix.o $(B)/native/tools/setup/main.o: CFLAGS += $(SETUP_DEFINES)

$(SETUP): $(SETUP_OBJS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -ldl

ALL += $(SETUP)

.PHONY: install-tools
install-tools: $(SETUP)
	install -d "$(DESTDIR)"$(bindir)
	install -m 755 $(SETUP) "$(DESTDIR)"$(bindir)/winekmt-setup
INSTALL += install-tools
