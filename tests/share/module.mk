# Tests of several programs on one GPU: Linux programs, Windows programs, and both.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

SHARE := tests/share

$(B)/native/$(SHARE)/share_%.o: NATIVE_CFLAGS += -Itests/include
$(B)/native/share_test: $(B)/native/$(SHARE)/share_test.o $(B)/native/$(SHARE)/share_monitor.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pthread -o $@ $^

define share_peer # variant, flags
$(B)/$(1)/share_peer: $(B)/$(1)/$(SHARE)/share_peer.o $$(call KMT_NATIVE_OBJS,$(1))
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $(2) -o $$@ $$^ -ldl -pthread
CHECKS += $(B)/$(1)/share_peer
endef
$(eval $(call share_peer,native))
$(eval $(call share_peer,asan,$$(ASAN_FLAGS)))

$(B)/pe/share_peer.exe: $(B)/pe/$(SHARE)/share_peer.o
	@mkdir -p $(@D)
	$(CROSSCC) -static-libgcc -Wl,--no-insert-timestamp -o $@ $^ -lgdi32

CHECKS += $(B)/native/share_test $(B)/pe/share_peer.exe
TESTS += $(foreach m,native asan wine mixed prefixes soak,share-$(m):$(SHARE)/run,$(m))

# make soak TIME=3600: the same at random for as long as you like, in seconds
.PHONY: soak
soak: $(B)/native/share_test $(B)/native/share_peer
	SOAK_TIME=$(or $(TIME),60) $(SHARE)/run soak
