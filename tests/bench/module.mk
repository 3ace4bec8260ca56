# Benchmarks, instruction counts, and the bundle that takes tests and benchmarks to machines without Wine.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
#   make bench                        measures natively and under Wine: build/bench/{native,windows}.{txt,json,svg}; BENCH_FLAGS
#                                     goes to the program ("--rounds=31", "--only=offer/")
#   make bench-discrete               page-out and page-in where the CPU does not reach the GPU's memory: build/bench/discrete.*
#   make bench-compare A.json B.json  what got slower from A to B; also BEFORE=A.json AFTER=B.json
#   make bench-callgrind              counts instructions anew, for this compiler's row in tests/bench/callgrind.tsv
#   make bundle                       build/winekmt-bundle.tar.gz

BENCH := tests/bench

BENCH_SOURCES := $(addprefix $(BENCH)/,main.c measure.c platform.c kmt.c raw.c calls.c threads.c memory.c paging.c many.c json.c report.c \
                   table.c compare.c svg.c)
BENCH_OBJS    := $(BENCH_SOURCES:%.c=$(B)/native/%.o) $(call KMT_NATIVE_OBJS,native)

$(B)/native/$(BENCH)/%.o: NATIVE_CFLAGS += -Itests
$(B)/native/bench: $(BENCH_OBJS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -static-libgcc -o $@ $^ -ldl -pthread -lm

# Vulkan's header is the native one: behind mingw's own headers, so that nothing else is taken from there
BENCH_VULKAN_DIR = $(patsubst %/vulkan/vulkan.h,%,$(firstword $(filter %/vulkan/vulkan.h,$(shell $(CC) $(CFLAGS) -M -include vulkan/vulkan.h -xc /dev/null))))
$(B)/pe/$(BENCH)/raw.o: PE_CFLAGS += -idirafter $(BENCH_VULKAN_DIR)
$(B)/pe/bench.exe: $(BENCH_SOURCES:%.c=$(B)/pe/%.o)
	@mkdir -p $(@D)
	$(CROSSCC) -static -Wl,--no-insert-timestamp -o $@ $^

# The same on the fake GPU
$(B)/native/bench_fake: $(BENCH_SOURCES:%.c=$(B)/native/%.o) $(B)/native/$(BENCH)/fake.o $(B)/native/tests/fake_gpu.o \
                        $(call KMT_NO_GPU_OBJS,native)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -ldl -pthread -lm

# Hot calls on the fake GPU, for callgrind
$(B)/native/bench_count: $(B)/native/$(BENCH)/count.o $(B)/native/tests/fake_gpu.o $(call KMT_NO_GPU_OBJS,native)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -ldl -pthread

BENCH_PROGRAMS := $(B)/native/bench $(B)/native/bench_fake $(B)/pe/bench.exe
CHECKS += $(BENCH_PROGRAMS) $(B)/native/bench_count
TESTS += bench:$(BENCH)/smoke.sh bench-compare:$(BENCH)/compare.sh bench-callgrind:$(BENCH)/callgrind bench-bundle:$(BENCH)/bundle-test.sh

.PHONY: bench bench-discrete bench-compare bench-callgrind bundle
BENCH_FLAGS :=
bench: $(ALL) $(BENCH_PROGRAMS)
	@$(BENCH)/run native $(BENCH_FLAGS)
	@$(BENCH)/run wine $(BENCH_FLAGS)

bench-discrete: $(B)/native/bench $(B)/native/libVkLayer_winekmt_fault.so $(B)/native/VkLayer_winekmt_fault.json
	@$(BENCH)/run discrete $(BENCH_FLAGS)

bench-callgrind: $(B)/native/bench_count
	@$(BENCH)/callgrind --update

# The words behind bench-compare are files and not targets
ifeq ($(firstword $(MAKECMDGOALS)),bench-compare)
BENCH_COMPARE := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
.PHONY: $(BENCH_COMPARE)
$(BENCH_COMPARE): ;
endif
bench-compare: $(B)/native/bench
	@$(B)/native/bench --compare $(or $(BENCH_COMPARE),$(BEFORE) $(AFTER))

bundle: $(B)/winekmt-bundle.tar.gz
CHECKS += $(B)/winekmt-bundle.tar.gz
$(B)/winekmt-bundle.tar.gz: $(BENCH)/make-bundle $(BENCH)/bundle-run $(BENCH)/run tests/d3dkmt/run $(B)/native/bench \
                            $(B)/native/bench_fake $(B)/native/d3dkmt_test $(B)/native/d3dkmt_fake_test $(B)/native/unit_test
	@$(BENCH)/make-bundle $@
