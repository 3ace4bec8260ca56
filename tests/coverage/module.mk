# make coverage: which branch is taken by which of the native tests, and whether each that none takes has its reason
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# tests/coverage/run builds the native programs once more, by their own rules, with build/cov in place of build, clang and COVERAGE=1, and
# runs the tests that are in TESTS and are native programs. Only what is measured is instrumented.

COVERAGE_DIR := tests/coverage

.PHONY: coverage coverage-programs coverage-tests
coverage:
	@$(COVERAGE_DIR)/run

ifdef COVERAGE
# Counts are differences of counters, so none may be lost among threads. They can be in a file that all processes share (%c).
COVERAGE_FLAGS := -fprofile-instr-generate -fcoverage-mapping -fprofile-update=atomic -mllvm -runtime-counter-relocation
$(B)/native/$(KMT)/%.o: CFLAGS += $(COVERAGE_FLAGS)

comma := ,
# Commands of TESTS; what has Wine or a sanitizer, and what is not about core, is left out.
COVERAGE_COMMANDS := $(B)/native/% tests/share/run$(comma)native tests/faultlayer/run$(comma)d3dkmt$(comma)native$(comma)% \
                     $(foreach m,native fake unified,tests/d3dkmt/run$(comma)$(m)$(comma)%)
COVERAGE_NOT      := $(B)/native/bench% $(B)/native/kmt% $(B)/native/fault_layer_test%
command_of = $(patsubst $(firstword $(subst :, ,$(1))):%,%,$(1))
COVERAGE_TESTS    = $(foreach t,$(TESTS),$(if $(filter-out $(COVERAGE_NOT),$(filter $(COVERAGE_COMMANDS),$(call command_of,$(t)))),$(t)))

.SECONDEXPANSION:
coverage-programs: $(B)/native/libd3dkmt.so $$(filter-out $$(COVERAGE_NOT),$$(filter $$(B)/native/%,$$(CHECKS)))
coverage-tests:
	@echo $(COVERAGE_TESTS)
endif
