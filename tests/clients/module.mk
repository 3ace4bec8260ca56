# Programs that were not written for winekmt: the Khronos Vulkan loader, wined3d, DXVK, and another Wine. The scripts here
# run each with the stock gdi32 and with the drop-in, and compare; what they need from Debian and cannot have, they name.
#
#   make check-clients          all of them, with whatever they download (some 15 MB); part of make check-full
#   make check-wine WINE=...    winekmt-setup and the conformance suite on another Wine: a loader, or a folder with a
#                               Debian in it (chroot; as root)
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

CLIENTS_DIR := $(B)/tests/clients

# The Vulkan headers are the system's, and mingw must not see what else lies beside them. They are plain C for any compiler.
CLIENTS_VULKAN := $(CLIENTS_DIR)/include
$(CLIENTS_VULKAN)/made: $(B)/config.mk
	@mkdir -p $(@D)
	@for dir in /usr/include /usr/local/include; do \
	    for name in vulkan vk_video; do [ ! -d $$dir/$$name ] || ln -sfn $$dir/$$name $(@D)/$$name; done; \
	done
	@touch $@
$(B)/pe/tests/clients/vulkan.o: $(CLIENTS_VULKAN)/made
$(B)/pe/tests/clients/%.o: PE_CFLAGS += -idirafter $(CLIENTS_VULKAN)

$(CLIENTS_DIR)/vulkan.exe: $(B)/pe/tests/clients/vulkan.o $(B)/pe/tests/clients/client.o
	@mkdir -p $(@D)
	$(CROSSCC) -static-libgcc -Wl,--no-insert-timestamp -o $@ $^

$(CLIENTS_DIR)/d3d.exe: $(B)/pe/tests/clients/d3d.o $(B)/pe/tests/clients/client.o
	@mkdir -p $(@D)
	$(CROSSCC) -static-libgcc -Wl,--no-insert-timestamp -o $@ $^ -luser32

CLIENTS_PROGRAMS := $(addprefix $(CLIENTS_DIR)/,vulkan.exe d3d.exe)
CHECKS += $(CLIENTS_PROGRAMS)

# These two take half a minute each; what needs a Debian in a folder (WINEKMT_CHROOT) or much time is for check-full.
CLIENTS_TESTS := clients-vulkan-loader:tests/clients/vulkan-loader.sh clients-wined3d:tests/clients/wined3d.sh
CLIENTS_LONG  := clients-dxvk:tests/clients/dxvk.sh clients-wine10:tests/clients/wine10.sh
TESTS += $(CLIENTS_TESTS)
ifneq ($(filter run-check-full,$(MAKECMDGOALS)),)
TESTS += $(CLIENTS_LONG)
endif

.PHONY: check-clients check-wine
check-clients: checks
	@TEST_TIMEOUT=3600 tests/run-tests --first prefix:tests/make-prefix $(CLIENTS_TESTS) $(CLIENTS_LONG)

# WINE is another one here: what is built is still built for the Wine of ./configure.
check-wine:
	@$(if $(filter command,$(origin WINE)),:,echo 'make check-wine WINE=...: a loader, or a folder with a Debian in it' >&2; exit 2)
	@[ -e "$(WINE)" ] || { echo "WINE=$(WINE): there is no such file or folder" >&2; exit 2; }
	@MAKEFLAGS= $(MAKE) --no-print-directory checks
	@tests/clients/check-wine "$(WINE)" $(ONLY)
