# Fuzzing: targets for libFuzzer (make fuzz), which make check runs without it, on their corpus and some seconds at random.
#
#   make fuzz TIME=seconds TARGET=name      TIME (60) is divided over the targets; with TARGET it is that one's. What ends one of them
#                                           is kept in build/fuzz/crashes
#   make fuzz-merge                         takes from what those runs found into the corpus in the tree what adds coverage
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

FUZZ := tests/fuzz

FUZZ_TARGETS := fuzz_calls fuzz_private_data fuzz_ledger fuzz_pe

# What a target is made of. Those that call core have a fake GPU, and time and memory of their own (world_wrap.c).
FUZZ_WORLD := $(addprefix $(FUZZ)/,fuzz.c records.c world.c world_wrap.c invariants.c) tests/fake_gpu.c
FUZZ_SOURCES_fuzz_calls        := $(FUZZ)/calls.c $(FUZZ)/blocks.c $(FUZZ)/functions.c $(FUZZ_WORLD)
FUZZ_SOURCES_fuzz_private_data := $(FUZZ)/private_data.c $(FUZZ_WORLD)
FUZZ_SOURCES_fuzz_ledger       := $(FUZZ)/ledger.c $(FUZZ)/blocks.c $(FUZZ)/functions.c $(FUZZ_WORLD)
FUZZ_SOURCES_fuzz_pe           := $(FUZZ)/pe.c $(FUZZ)/fuzz.c tools/setup/pe_read.c tools/setup/pe_write.c

FUZZ_CORE_fuzz_calls        = $(call KMT_NO_GPU_OBJS,$(1))
FUZZ_CORE_fuzz_private_data = $(call KMT_NO_GPU_OBJS,$(1))
# ledger.c has the ledger in it
FUZZ_CORE_fuzz_ledger       = $(filter-out %/os_ledger.o %/os_ledger_file.o,$(call KMT_NO_GPU_OBJS,$(1)))

FUZZ_WRAPPED := malloc calloc os_time_ns os_condition_wait os_futex_wait os_allocate_pages os_free_pages os_create_thread
FUZZ_LINK_fuzz_calls := $(FUZZ_WRAPPED:%=-Wl,--wrap=%)
FUZZ_LINK_fuzz_private_data := $(FUZZ_LINK_fuzz_calls)
FUZZ_LINK_fuzz_ledger := $(FUZZ_LINK_fuzz_calls)

FUZZ_INCLUDES := -Itools -Itests -Itests/include -I$(FUZZ)
$(foreach v,asan tsan fuzz,$(B)/$(v)/$(FUZZ)/%.o): NATIVE_CFLAGS += $(FUZZ_INCLUDES)

# $(call FUZZ_OBJS,variant,target)
FUZZ_OBJS = $(FUZZ_SOURCES_$(2):%.c=$(B)/$(1)/%.o) $(call FUZZ_CORE_$(2),$(1))

# With gcc and replay.c: what make check runs
define fuzz_replay # variant, target, flags
$(B)/$(1)/$(2): $$(call FUZZ_OBJS,$(1),$(2)) $(B)/$(1)/$(FUZZ)/replay.o
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $(3) -pthread $$(FUZZ_LINK_$(2)) -o $$@ $$^
CHECKS += $(B)/$(1)/$(2)
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_replay,asan,$(t),$$(ASAN_FLAGS))))
$(foreach t,fuzz_calls fuzz_ledger,$(eval $(call fuzz_replay,tsan,$(t),$$(TSAN_FLAGS))))

FUZZ_SHORT := --random,5
TESTS += fuzz-calls:$(B)/asan/fuzz_calls,$(FUZZ_SHORT),$(FUZZ)/corpus/fuzz_calls
TESTS += fuzz-private-data:$(B)/asan/fuzz_private_data,$(FUZZ_SHORT),$(FUZZ)/corpus/fuzz_private_data
TESTS += fuzz-ledger:$(B)/asan/fuzz_ledger,$(FUZZ_SHORT),$(FUZZ)/corpus/fuzz_ledger
TESTS += fuzz-pe:$(B)/asan/fuzz_pe,$(FUZZ_SHORT),$(FUZZ)/corpus/fuzz_pe
TESTS += fuzz-calls-tsan:$(B)/tsan/fuzz_calls,$(FUZZ_SHORT),$(FUZZ)/corpus/fuzz_calls
TESTS += fuzz-ledger-tsan:$(B)/tsan/fuzz_ledger,$(FUZZ_SHORT),$(FUZZ)/corpus/fuzz_ledger

# With clang and libFuzzer. Coverage is that of the code under test, not of the harness. clang warns of other things than gcc.
FUZZ_CC    := clang
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SANITIZE := -fsanitize=fuzzer-no-link
$(B)/fuzz/tests/%.o: FUZZ_SANITIZE :=
$(B)/fuzz/$(FUZZ)/ledger.o: FUZZ_SANITIZE := -fsanitize=fuzzer-no-link
$(B)/fuzz/%.o: %.c Makefile $(FUZZ)/module.mk | $(GENERATED)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  FUZZ    $@")
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) $(FUZZ_SANITIZE) $(filter-out -W%,$(NATIVE_CFLAGS)) $(DEPFLAGS) -c -o $@ $<

define fuzz_program # target
$(B)/fuzz/$(1): $$(call FUZZ_OBJS,fuzz,$(1))
	@mkdir -p $$(@D)
	$$(FUZZ_CC) $$(FUZZ_FLAGS) -fsanitize=fuzzer -pthread $$(FUZZ_LINK_$(1)) -o $$@ $$^
# What chooses a corpus: replay.c with coverage
$(B)/fuzz/choose/$(1): $$(call FUZZ_OBJS,fuzz,$(1)) $(B)/fuzz/$(FUZZ)/replay.o
	@mkdir -p $$(@D)
	$$(FUZZ_CC) $$(FUZZ_FLAGS) -pthread $$(FUZZ_LINK_$(1)) -o $$@ $$^
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_program,$(t))))

TIME   ?= 60
TARGET ?=
FUZZ_CHOSEN := $(if $(TARGET),$(filter $(TARGET) fuzz_$(TARGET),$(FUZZ_TARGETS)),$(FUZZ_TARGETS))

# Built by a second make, so that the lack of clang is told before it is needed
.PHONY: fuzz fuzz-merge
fuzz fuzz-merge:
	@$(if $(FUZZ_CHOSEN),:,echo "TARGET=$(TARGET): there is no such target; there are $(FUZZ_TARGETS)" >&2; exit 1)
	@$(FUZZ)/run check $(FUZZ_CC)
	@$(MAKE) -s --no-print-directory $(FUZZ_CHOSEN:%=$(B)/fuzz/%) $(FUZZ_CHOSEN:%=$(B)/asan/%) \
	    $(if $(filter fuzz-merge,$@),$(FUZZ_CHOSEN:%=$(B)/fuzz/choose/%))
	@$(FUZZ)/run $@ $(B) $(TIME) $(FUZZ_CHOSEN)
