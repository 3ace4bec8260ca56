# Tests of what is below core: gpu (Vulkan, and tests/fake_gpu.c, which must keep the same contract) and os. Each program is
# built three times: plain, with AddressSanitizer and UBSan, and with ThreadSanitizer.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

TG := tests/gpu
TG_GPU_SRCS  := $(TG)/gpu.c $(TG)/gpu_paging.c $(TG)/gpu_scenarios.c $(TG)/gpu_faults.c $(TG)/gpu_clock.c tests/pin_libraries.c \
                $(wildcard dlls/winekmt/gpu/*.c) dlls/winekmt/os/os_common.c dlls/winekmt/os/os_linux.c
TG_FAKE_SRCS := $(TG)/gpu.c $(TG)/gpu_paging.c $(TG)/fake_gpu_test.c tests/pin_libraries.c tests/fake_gpu.c dlls/winekmt/os/os_common.c
TG_OS_SRCS   := $(TG)/os.c $(TG)/sensors.c $(TG)/memory.c tests/sensor_tree.c \
                $(addprefix dlls/winekmt/os/,os_sensors.c os_memory.c os_common.c os_linux.c)

$(foreach v,native asan tsan,$(B)/$(v)/$(TG)/%.o): NATIVE_CFLAGS += -Itests

define tg_programs # variant, flags
$(B)/$(1)/$(TG)/gpu: $(TG_GPU_SRCS:%.c=$(B)/$(1)/%.o)
$(B)/$(1)/$(TG)/fake_gpu: $(TG_FAKE_SRCS:%.c=$(B)/$(1)/%.o)
$(B)/$(1)/$(TG)/os: $(TG_OS_SRCS:%.c=$(B)/$(1)/%.o)
$(B)/$(1)/$(TG)/gpu $(B)/$(1)/$(TG)/fake_gpu $(B)/$(1)/$(TG)/os:
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $(2) -pthread -o $$@ $$^ -ldl
CHECKS += $(B)/$(1)/$(TG)/gpu $(B)/$(1)/$(TG)/fake_gpu $(B)/$(1)/$(TG)/os
TESTS += gpu-$(1):$(B)/$(1)/$(TG)/gpu gpu-fake-$(1):$(B)/$(1)/$(TG)/fake_gpu gpu-os-$(1):$(B)/$(1)/$(TG)/os
endef
$(eval $(call tg_programs,native))
$(eval $(call tg_programs,asan,$$(ASAN_FLAGS)))
$(eval $(call tg_programs,tsan,$$(TSAN_FLAGS)))

# A libvulkan.so.1 for gpu_scenarios.c, one for all variants
$(B)/native/$(TG)/mock/libvulkan.so.1: $(B)/native/$(TG)/mock_vulkan.o $(B)/native/$(TG)/mock_clock.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -shared -Wl,-Bsymbolic -o $@ $^ -pthread

CHECKS += $(B)/native/$(TG)/mock/libvulkan.so.1
TESTS += gpu-validation:$(TG)/gpu-validation gpu-valgrind:$(TG)/gpu-valgrind
