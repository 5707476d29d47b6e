# SPDX-License-Identifier: BSD-2-Clause
# What takes too long for every change: `make check-long`.  FUZZ_SECONDS: for each fuzzer.
LONG_TESTS = %D%/bulk.t %D%/fuzz.t
EXTRA_DIST += $(LONG_TESTS)

.PHONY: check-long
check-long:
	FORTRESS_LONG=1 $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(LONG_TESTS)'
