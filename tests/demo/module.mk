# Tests of kmtdemo: that it passes where it must, and that it notices what is wrong.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

# The native demo with some functions that lie
KMTDEMO_WRAPPED := ReclaimAllocations2 CreateAllocation2 QueryVideoMemoryInfo Lock2 QueryAllocationResidency MakeResident \
    EnumAdapters2
$(B)/native/kmtdemo_damaged: $(KMTDEMO_NATIVE_OBJS) $(B)/native/tests/demo/damage.o
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LDFLAGS) $(KMTDEMO_WRAPPED:%=-Wl,--wrap=D3DKMT%) -o $@ $^ -ldl -pthread -lm

CHECKS += $(B)/native/kmtdemo_damaged
TESTS += demo:tests/demo/demo.sh demo-wrong:tests/demo/wrong.sh demo-wrong-paging:tests/demo/wrong-paging.sh \
    demo-wrong-processes:tests/demo/wrong-processes.sh demo-options:tests/demo/options.sh
