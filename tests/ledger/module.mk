# Tests of the ledger (dlls/winekmt/os/ledger.h): one program of many processes, plain, under sanitizers and under valgrind.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

LEDGER_TEST := tests/ledger
LEDGER_TEST_SOURCES := $(wildcard $(LEDGER_TEST)/*.c) $(filter-out %/os_wine.c,$(wildcard dlls/winekmt/os/*.c))

$(foreach v,native asan tsan,$(B)/$(v)/$(LEDGER_TEST)/%.o): NATIVE_CFLAGS += -I$(LEDGER_TEST)

define ledger_program # variant, flags
$(B)/$(1)/ledger_test: $(LEDGER_TEST_SOURCES:%.c=$(B)/$(1)/%.o)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $(2) -pthread -o $$@ $$^
CHECKS += $(B)/$(1)/ledger_test
TESTS += ledger-$(1):$(B)/$(1)/ledger_test
endef
$(eval $(call ledger_program,native))
$(eval $(call ledger_program,asan,$$(ASAN_FLAGS)))
$(eval $(call ledger_program,tsan,$$(TSAN_FLAGS)))

# valgrind runs one thread at a time, so no stress there, and knows no pidfd
TESTS += ledger-valgrind:valgrind,-q,--error-exitcode=99,--leak-check=full,$(B)/native/ledger_test,join,peers,request,wait,decommit,monitor,words,fork,refuse,totals
