# kmt-top: who uses the GPU's memory, in a terminal.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

KMT_TOP := $(B)/kmt-top
KMT_TOP_OBJS := $(patsubst %.c,$(B)/native/%.o,$(wildcard tools/kmt-top/*.c) dlls/winekmt/os/os_ledger_file.c)

$(B)/native/tools/kmt-top/main.o: CFLAGS += '-DWINEKMT_VERSION_STRING="$(VERSION)"'
$(B)/native/tools/kmt-top/screen.o $(B)/native/tools/kmt-top/terminal.o: CFLAGS += $(CURSES_CFLAGS)

$(KMT_TOP): $(KMT_TOP_OBJS)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CURSES_LIBS)

ALL += $(KMT_TOP)

.PHONY: install-kmt-top
install-kmt-top: $(KMT_TOP)
	install -d "$(DESTDIR)"$(bindir)
	install -m 755 $(KMT_TOP) "$(DESTDIR)"$(bindir)/kmt-top
INSTALL += install-kmt-top
