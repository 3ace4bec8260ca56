# Tests of kmt-top: what it prints of processes that publish known counts, and what it draws on a pseudo terminal.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

KMT_TOP_TEST := tests/kmt-top
KMT_TOP_PUBLISH := $(KMT_TOP_TEST)/publish.c $(filter-out %/os_wine.c,$(wildcard dlls/winekmt/os/*.c))

$(B)/native/kmt_top_publish: $(KMT_TOP_PUBLISH:%.c=$(B)/native/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pthread -o $@ $^
$(B)/native/kmt_top_pty: $(B)/native/$(KMT_TOP_TEST)/pty.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^

# kmt-top itself with AddressSanitizer
$(B)/asan/tools/kmt-top/main.o: NATIVE_CFLAGS += '-DWINEKMT_VERSION_STRING="$(VERSION)"'
$(B)/asan/tools/kmt-top/screen.o $(B)/asan/tools/kmt-top/terminal.o: NATIVE_CFLAGS += $(CURSES_CFLAGS)
$(B)/asan/kmt-top: $(KMT_TOP_OBJS:$(B)/native/%=$(B)/asan/%)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(ASAN_FLAGS) -o $@ $^ $(CURSES_LIBS)

CHECKS += $(B)/native/kmt_top_publish $(B)/native/kmt_top_pty $(B)/asan/kmt-top
TESTS += kmt-top:$(KMT_TOP_TEST)/kmt-top.sh,$(KMT_TOP) kmt-top-asan:$(KMT_TOP_TEST)/kmt-top.sh,$(B)/asan/kmt-top
