# The headers in include/ddk and include/native against measured numbers, and the list of functions against what Windows exports.
#
# Copyright 2026 the winekmt developers
#
# This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
# Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
# any later version.
#
# Nothing is built by make: the scripts compile, so that a header that does not is a failed test.

TESTS += abi-layout-native:tests/abi/layout.sh,native
TESTS += abi-layout-win64:tests/abi/layout.sh,win64
TESTS += abi-layout-win32:tests/abi/layout.sh,win32
TESTS += abi-constants:tests/abi/constants.sh
TESTS += abi-ntstatus:tests/abi/ntstatus.sh
TESTS += abi-values:tests/abi/values.sh
TESTS += abi-functions:tests/abi/functions.sh
TESTS += abi-headers:tests/abi/headers.sh
TESTS += abi-selftest:tests/abi/selftest.sh
