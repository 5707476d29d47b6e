# SPDX-License-Identifier: BSD-2-Clause
check_LIBRARIES += %D%/libtap.a
%C%_libtap_a_SOURCES = %D%/tap.c %D%/tap.h
TAP_LIBS = tests/libtap.a
EXTRA_DIST += %D%/lib.sh %D%/apart

include tests/unit/local.mk
include tests/policy/local.mk
include tests/ui/local.mk
include tests/system/local.mk
include tests/fuzz/local.mk
include tests/long/local.mk
include tests/bench/local.mk
