# The tests: what to run, and how. Each folder below has a module.mk that adds to TESTS and CHECKS.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# TESTS: words NAME:COMMAND, with commas for the spaces in the command; tests/run-tests says what becomes of them.
# CHECKS: what has to be built for them besides $(ALL).
# "make check TESTS=NAME:COMMAND" runs one; "make check ONLY='lock% abi'" those whose names match.

include $(sort $(wildcard tests/*/module.mk))

ifdef ONLY
TESTS := $(foreach t,$(TESTS),$(if $(filter $(ONLY),$(firstword $(subst :, ,$t))),$t))
ifeq ($(strip $(TESTS)),)
ifneq ($(filter run-check run-check-full,$(MAKECMDGOALS)),)
$(error ONLY=$(ONLY): no test has such a name)
endif
endif
endif

.PHONY: run-check checks
checks: $(ALL) $(CHECKS)

run-check: checks
	@rm -f $(B)/tests/summary
	@tests/run-tests --first prefix:tests/make-prefix $(TESTS)

.PHONY: run-check-full
run-check-full: export TEST_TIMEOUT := 3600
run-check-full: export WINEKMT_EXHAUST := long
run-check-full: export SOAK_TIME := 600
run-check-full: export SHARE_TEST_KILLS := 300
run-check-full: export MODEL_SEEDS := 1000
run-check-full: run-check
