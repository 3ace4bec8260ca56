# The drop-in gdi32.dll is written by tools/winekmt-setup for the prefix that it goes into, so there is nothing to compile
# for it; here is only the program that fits it to the Wine that starts a prefix.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

REFRESH := $(B)/wine/x86_64-windows/winekmt-refresh.exe
REFRESH_OBJS := $(patsubst %.c,$(B)/pe/%.o,dlls/gdi32/refresh.c dlls/gdi32/string.c tools/setup/pe_read.c tools/setup/pe_write.c)

# No C library and no entry code of mingw's: the program must start when gdi32 does not.
$(REFRESH_OBJS): CROSSCFLAGS += -Itools -ffreestanding -fno-stack-protector -fno-tree-loop-distribute-patterns -mno-stack-arg-probe

$(REFRESH): $(REFRESH_OBJS)
	@mkdir -p $(@D)
	$(CROSSCC) -nostdlib -s -Wl,-e,start -Wl,--subsystem,windows -Wl,--no-insert-timestamp -o $@ $^ -lkernel32 -lntdll

ALL += $(REFRESH)

.PHONY: install-refresh
install-refresh: $(REFRESH)
	install -d "$(DESTDIR)"$(winedlldir)/x86_64-windows
	install -m 644 $(REFRESH) "$(DESTDIR)"$(winedlldir)/x86_64-windows/winekmt-refresh.exe
INSTALL += install-refresh
