# VK_LAYER_winekmt_fault, a Vulkan layer that makes things go wrong, and what runs below it.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# $(B)/native/libVkLayer_winekmt_fault.so    the layer, with its manifest beside it: VK_LAYER_PATH=$(B)/native
# $(B)/native/faultctl                       gives orders to it in other processes
# $(B)/native/fault_layer_test               whether it does what it says
# $(B)/{native,asan}/exhaust                 every call fails, once and for good

FL := tests/faultlayer

FL_LAYER_SRCS   := $(addprefix $(FL)/,fault_layer.c fault_objects.c fault_memory.c fault_config.c)
FL_EXHAUST_SRCS := $(addprefix $(FL)/,exhaust.c exhaust_scenes.c exhaust_world.c fault_config.c) tests/unit/invariants.c tests/pin_libraries.c
FL_WRAP         := -Wl,--wrap=malloc,--wrap=calloc,--wrap=free,--wrap=__getdelim,--wrap=os_allocate_pages,--wrap=os_free_pages \
                   -Wl,--wrap=os_create_shared_page,--wrap=os_create_thread
FL_LAYER        := $(B)/native/libVkLayer_winekmt_fault.so $(B)/native/VkLayer_winekmt_fault.json

$(foreach v,native asan,$(B)/$(v)/$(FL)/%.o): NATIVE_CFLAGS += -Itests -Itests/include
$(FL_LAYER_SRCS:%.c=$(B)/native/%.o): NATIVE_CFLAGS += -fvisibility=hidden

$(B)/native/libVkLayer_winekmt_fault.so: $(FL_LAYER_SRCS:%.c=$(B)/native/%.o)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -shared -Wl,-Bsymbolic,-z,defs -o $@ $^ -pthread
$(B)/native/VkLayer_winekmt_fault.json: $(FL)/VkLayer_winekmt_fault.json
	@mkdir -p $(@D)
	cp $< $@

$(B)/native/faultctl: $(B)/native/$(FL)/faultctl.o $(B)/native/$(FL)/fault_config.o
	$(CC) $(LDFLAGS) -o $@ $^
$(B)/native/fault_layer_test: $(B)/native/$(FL)/fault_layer_test.o $(B)/native/$(FL)/fault_config.o
	$(CC) $(LDFLAGS) -o $@ $^ -ldl -pthread

# One object has a clock of its own: a second that it waits for a driver which says nothing would be thousands of seconds.
define fl_exhaust # variant, flags
$(B)/$(1)/$(FL)/vulkan_copy.o: $(B)/$(1)/$(KMT)/gpu/vulkan_copy.o
	@mkdir -p $$(@D)
	objcopy --redefine-sym os_time_ns=exhaust_time_ns $$< $$@
$(B)/$(1)/exhaust: $(FL_EXHAUST_SRCS:%.c=$(B)/$(1)/%.o) $(B)/$(1)/$(FL)/vulkan_copy.o \
                   $$(filter-out %/gpu/vulkan_copy.o,$$(call KMT_NATIVE_OBJS,$(1))) | $(FL_LAYER)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $(2) $$(FL_WRAP) -o $$@ $$^ -ldl -pthread
CHECKS += $(B)/$(1)/exhaust
endef
$(eval $(call fl_exhaust,native))
$(eval $(call fl_exhaust,asan,$$(ASAN_FLAGS) -Wl$$(comma)--export-dynamic-symbol=dlclose))

CHECKS += $(FL_LAYER) $(B)/native/faultctl $(B)/native/fault_layer_test

# The short forms; check-full sets WINEKMT_EXHAUST=long for the exhaustion runs.
FL_RUN := $(FL)/run
TESTS += fault-layer:$(B)/native/fault_layer_test
TESTS += exhaust:$(B)/native/exhaust exhaust-asan:$(FL_RUN),asan,--runs,2 exhaust-validation:$(FL_RUN),validation
TESTS += fault-d3dkmt:$(FL_RUN),d3dkmt,native,pressure,look=rebar+budget=report+poison=1
