# SPDX-License-Identifier: BSD-2-Clause
# What takes too long for every change: `make check-long`.  FUZZ_SECONDS: for each fuzzer; LEAK_ROUNDS: of each thing.
LONG_TESTS = %D%/bulk.t %D%/fuzz.t %D%/leaks.t
EXTRA_DIST += $(LONG_TESTS)
# These do more when it may take long: 500 channels one by one, a file of 10 GB, 50 hosts in 50 forks, 200 faults.
LONGER_TESTS = tests/system/m002-channels.t tests/system/m004-files.t tests/system/m009-ansible.t tests/system/r004-faults.t

.PHONY: check-long
check-long:
	FORTRESS_LONG=1 $(MAKE) $(AM_MAKEFLAGS) check TEST_TIMEOUT=7200 TESTS='$(LONG_TESTS) $(LONGER_TESTS)'
