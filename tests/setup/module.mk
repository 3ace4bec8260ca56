# Tests of winekmt-setup and the drop-in.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

SETUP_TEST_DIR := $(B)/tests/setup
SETUP_TEST_HEADERS := $(wildcard tools/setup/*.h)

# The tool once more: with a switch that kills it after any step, and with AddressSanitizer. It does not free what ends
# with it, so its leaks are not looked at.
$(SETUP_TEST_DIR)/winekmt-setup: $(SETUP_SRCS) $(SETUP_TEST_HEADERS) $(B)/config.mk | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) -O1 -g $(NATIVE_CFLAGS) $(ASAN_FLAGS) -DWINEKMT_SETUP_FAULTS -o $@ $(SETUP_SRCS) -ldl

$(SETUP_TEST_DIR)/pe_test: tests/setup/pe_test.c tools/setup/pe_read.c tools/setup/pe_write.c $(SETUP_TEST_HEADERS) $(B)/config.mk | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) -O2 -g $(NATIVE_CFLAGS) $(ASAN_FLAGS) -o $@ $(filter %.c,$^)

$(SETUP_TEST_DIR)/prog.exe: tests/setup/prog.c $(B)/config.mk | $(GENERATED)
	@mkdir -p $(@D)
	$(CROSSCC) $(CROSSCFLAGS) $(PE_CFLAGS) -o $@ $<

# A function from each API set (NUMBER-NAME), which is what it is imported from.
SETUP_SETS := 0-CloseAdapter 1-OpenAdapterFromLuid 2-EnumAdapters2 3-QueryVideoMemoryInfo 4-CreateDevice 5-DestroyDevice \
              6-OfferAllocations
SETUP_SETS := $(SETUP_SETS:%=$(SETUP_TEST_DIR)/sets/%.a)
CROSSDLLTOOL ?= $(firstword $(subst -gcc, ,$(notdir $(CROSSCC))))-dlltool
$(SETUP_TEST_DIR)/sets/%.a: tests/setup/module.mk
	@mkdir -p $(@D)
	@printf 'LIBRARY api-ms-win-dx-d3dkmt-l1-1-%s.dll\nEXPORTS\n    D3DKMT%s\n' $(subst -, ,$*) > $(@:.a=.def)
	$(CROSSDLLTOOL) -d $(@:.a=.def) -l $@
$(SETUP_TEST_DIR)/sets.exe: tests/setup/sets.c tools/setup/names.h $(SETUP_SETS) $(B)/config.mk | $(GENERATED)
	$(CROSSCC) $(CROSSCFLAGS) $(PE_CFLAGS) -Itools -o $@ $< $(SETUP_SETS)

CHECKS += $(addprefix $(SETUP_TEST_DIR)/,winekmt-setup pe_test prog.exe sets.exe)

TESTS += setup-pe:tests/setup/pe.sh
TESTS += setup-exports:tests/setup/exports.sh
TESTS += setup-install:tests/setup/install.sh
TESTS += setup-refuse:tests/setup/refuse.sh
TESTS += setup-interrupt:tests/setup/interrupt.sh
TESTS += setup-change:tests/setup/change.sh
TESTS += setup-status:tests/setup/status.sh
TESTS += setup-sets:tests/setup/sets.sh
TESTS += setup-run:tests/setup/run.sh
