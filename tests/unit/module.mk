# Unit tests of core on a fake GPU: one program, each test of it by itself, plain, under sanitizers and under valgrind.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

UNIT := tests/unit

UNIT_SOURCES  := $(wildcard $(UNIT)/*.c)
UNIT_NAMES    := handle block offer budget fault races stress evict evict_limits evict_fault evict_races evict_batch params engines shortage peers rare rare_budget
UNIT_VARIANTS := native asan tsan

# The tests count what core allocates, and make it fail
UNIT_WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=free,--wrap=os_allocate_pages,--wrap=os_create_thread,--wrap=os_memory_is_available,--wrap=ledger_peers

$(foreach v,$(UNIT_VARIANTS),$(B)/$(v)/$(UNIT)/%.o): NATIVE_CFLAGS += -Itests -Itests/include

define unit_program # variant, flags
$(B)/$(1)/unit_test: $(UNIT_SOURCES:%.c=$(B)/$(1)/%.o) $(B)/$(1)/tests/fake_gpu.o $(B)/$(1)/tests/sensor_tree.o $$(call KMT_NO_GPU_OBJS,$(1))
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $(2) -pthread $$(UNIT_WRAP) -o $$@ $$^
CHECKS += $(B)/$(1)/unit_test
endef
$(eval $(call unit_program,native))
$(eval $(call unit_program,asan,$$(ASAN_FLAGS)))
$(eval $(call unit_program,tsan,$$(TSAN_FLAGS)))

# Time is spent where it finds something: ThreadSanitizer on what has threads, valgrind on what ASan does not see.
UNIT_VALGRIND := valgrind,-q,--error-exitcode=99,--leak-check=full,--show-leak-kinds=all,--errors-for-leak-kinds=all
TESTS += $(foreach n,$(UNIT_NAMES),unit-$(n):$(B)/native/unit_test,$(n))
TESTS += $(foreach n,$(UNIT_NAMES),unit-$(n)-asan:$(B)/asan/unit_test,$(n))
TESTS += $(foreach n,budget races stress evict evict_limits evict_races evict_batch rare rare_budget,unit-$(n)-tsan:$(B)/tsan/unit_test,$(n))
TESTS += $(foreach n,block offer budget fault stress evict evict_limits evict_fault params shortage rare,unit-$(n)-valgrind:$(UNIT_VALGRIND),$(B)/native/unit_test,$(n))
