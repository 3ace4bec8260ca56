# Tests of the build itself: configure, make, make install, install-deps and the test runner.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.

TESTS += build-configure:tests/build/configure.sh
TESTS += build-deps:tests/build/deps.sh
TESTS += build-docs:tests/build/docs.sh
TESTS += build-headers:tests/build/headers.sh
TESTS += build-install:tests/build/install.sh
TESTS += build-make:tests/build/make.sh
TESTS += build-runner:tests/build/runner.sh
