# winekmt
#
#   make            configure when that was not done, and build everything
#   make demo       install what is missing, build, and run the demo in a Wine prefix of its own under build/
#   make check      the same, and run every test; the last line is "N passed, N failed, N skipped"
#   make check-full the same with the long forms of the tests, an hour or so
#   make checks     build the tests without running them
#   make check-clients, check-wine WINE=...     programs that are not ours; another Wine: tests/clients/module.mk
#   make fuzz, coverage     TIME=seconds TARGET=name: tests/fuzz/module.mk; tests/coverage/run
#   make soak       programs at random, TIME=seconds (60)
#   make bench      measures against raw Vulkan; bench-compare, bench-callgrind and bundle: tests/bench/module.mk
#   make docs       write docs/coverage.md anew from the list of functions
#   make install    lay the files out as Wine expects them, under DESTDIR and the prefix given to ./configure
#   make clean      remove build/
#
# One make, not recursive: every folder's module.mk says what is built there. Everything built is under build/:
# build/unix (unix half), build/pe (Windows code), build/native (Linux programs), build/asan and build/tsan (the same
# with sanitizers), build/gen (generated sources).
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

B := build

# demo, check and check-full install what is missing, so they come before any file that ./configure makes is needed.
ifneq ($(filter demo check check-full,$(MAKECMDGOALS)),)
ENTRY := $(filter demo check check-full,$(MAKECMDGOALS))
.PHONY: $(ENTRY)
$(ENTRY):
	@tools/install-deps
	@$(MAKE) --no-print-directory run-$@
else

ifeq ($(filter clean distclean,$(MAKECMDGOALS)),)
include $(B)/config.mk
$(B)/config.mk: configure
	./configure --recheck
endif

# make V=1 shows whole commands
Q := $(if $(V),,@)

WARNINGS := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wunused-value -Wvla -Wpointer-arith -Werror
INCLUDES := -Iinclude -Idlls/winekmt -I$(B)/gen
DEPFLAGS  = -MMD -MP

# Wine's types for code that is not built by mingw: our own few, in include/native.
NATIVE_INCLUDES := $(INCLUDES) -Iinclude/native
# SSE2 arithmetic only and no FMA surprises: all code here is integer code, so the defaults of the compiler are fine.
NATIVE_CFLAGS  := -std=gnu11 -D_GNU_SOURCE -pthread $(WARNINGS) $(NATIVE_INCLUDES)
PE_CFLAGS      := -std=gnu11 -D_WIN32_WINNT=0x0a00 -DWIN32_LEAN_AND_MEAN $(WARNINGS) $(INCLUDES)

ALL :=          # what plain make builds
INSTALL :=      # install targets of the modules
CHECKS :=       # build targets that run-check needs

MODULES := dlls/winekmt dlls/gdi32 tools tools/kmtdemo tools/kmt-top tests
include $(MODULES:%=%/module.mk)
# What may change the commands that build an object
BUILD_FILES := $(filter Makefile %.mk,$(MAKEFILE_LIST))

.PHONY: all run-check run-demo install docs help
help:
	@sed -n '3,/^$$/{/^# Copyright/q;s/^# \{0,1\}//;p;}' Makefile

all: $(ALL)

docs:
	awk -v output=coverage -f dlls/winekmt/generate.awk dlls/winekmt/functions.list > docs/coverage.md

# One rule a variant: build/VARIANT/path/file.o from path/file.c. Everything depends on the generated headers being there.
define variant # name, compiler, flags
$(B)/$(1)/%.o: %.c $$(BUILD_FILES) | $(GENERATED)
	@mkdir -p $$(@D)
	$$(if $(V),,@echo "  CC      $$@")
	$$(Q)$(2) $(3) $$(DEPFLAGS) -c -o $$@ $$<
endef
# Keeping the frame pointer keeps the program's pointers out of rbp: an access through it to what is no address at all is a stack fault to the
# processor, which Wine reports as STATUS_STACK_OVERFLOW and not as STATUS_ACCESS_VIOLATION.
$(eval $(call variant,unix,$$(CC),$$(CFLAGS) $$(NATIVE_CFLAGS) -fno-omit-frame-pointer -fPIC -fvisibility=hidden -DWINEKMT_UNIXLIB))
$(eval $(call variant,native,$$(CC),$$(CFLAGS) $$(NATIVE_CFLAGS) -fPIC))
$(eval $(call variant,asan,$$(CC),-O1 -g $$(NATIVE_CFLAGS) $$(ASAN_FLAGS)))
$(eval $(call variant,tsan,$$(CC),-O1 -g $$(NATIVE_CFLAGS) $$(TSAN_FLAGS)))
$(eval $(call variant,pe,$$(CROSSCC),$$(CROSSCFLAGS) $$(PE_CFLAGS)))
$(eval $(call variant,pe32,$$(CROSSCC32),$$(CROSSCFLAGS) $$(PE_CFLAGS)))

ASAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TSAN_FLAGS := -fsanitize=thread -fno-omit-frame-pointer

-include $(shell find $(B) -path $(B)/prefix -prune -o -name '*.d' -print 2>/dev/null)

install: all $(INSTALL)

endif

.PHONY: clean distclean
clean distclean:
	rm -rf $(B)
