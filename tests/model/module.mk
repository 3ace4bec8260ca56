# The model: a second implementation beside the real one, on a fake GPU; plain, under AddressSanitizer, and with threads under ThreadSanitizer.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

MODEL := tests/model

MODEL_SOURCES := $(wildcard $(MODEL)/*.c) tests/unit/invariants.c

$(foreach v,native asan tsan,$(B)/$(v)/$(MODEL)/%.o): NATIVE_CFLAGS += -Itests -Itests/include

define model_program # variant, flags
$(B)/$(1)/model_test: $(MODEL_SOURCES:%.c=$(B)/$(1)/%.o) $(B)/$(1)/tests/fake_gpu.o $$(call KMT_NO_GPU_OBJS,$(1))
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $(2) -pthread -o $$@ $$^
CHECKS += $(B)/$(1)/model_test
endef
$(eval $(call model_program,native))
$(eval $(call model_program,asan,$$(ASAN_FLAGS)))
$(eval $(call model_program,tsan,$$(TSAN_FLAGS)))

# Short forms: the seeds were looked out for showing everything that main.c counts. MODEL_SEEDS=1000 is the long form.
TESTS += model:$(B)/native/model_test,1,60,1000,1
TESTS += model-threads:$(B)/native/model_test,1,6,4000,4
TESTS += model-asan:$(B)/asan/model_test,1001,8,1000,1
TESTS += model-tsan:$(B)/tsan/model_test,2001,3,2000,4
TESTS += model-selftest:tests/model/selftest.sh,$(B)/native/model_test
