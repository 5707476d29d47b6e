# SPDX-License-Identifier: BSD-2-Clause

EXTRA_PROGRAMS += tests/bench/bench_store
tests_bench_bench_store_SOURCES = %D%/bench_store.c tests/system/store_peer.c
tests_bench_bench_store_LDADD = src/msg/libmsg.a $(DB_LIBS)
EXTRA_PROGRAMS += tests/bench/make_record
tests_bench_make_record_SOURCES = %D%/make_record.c
tests_bench_make_record_LDADD = $(DB_LIBS)
EXTRA_DIST += %D%/path.py %D%/directory.py %D%/picker.py %D%/audit.py %D%/again.py %D%/replay.py %D%/readers.py
EXTRA_PROGRAMS += tests/bench/bench_policy
tests_bench_bench_policy_SOURCES = %D%/bench_policy.c
tests_bench_bench_policy_LDADD = $(POLICY_LIBS)
EXTRA_PROGRAMS += tests/bench/bench_replay
tests_bench_bench_replay_SOURCES = %D%/bench_replay.c ui/reader.c
tests_bench_bench_replay_LDADD = ui/libui.a src/msg/libmsg.a $(DB_LIBS) $(VTERM_LIBS)
# Thousands of sessions at once (scale.py).
SCALE_CFLAGS = $(AM_CFLAGS) $(SSH_CFLAGS)
SCALE_LIBS = $(BASE_LIBS) $(SSH_LIBS)
EXTRA_PROGRAMS += tests/bench/scale_echo tests/bench/scale_load
tests_bench_scale_echo_SOURCES = %D%/scale_echo.c %D%/scale_line.c %D%/scale_line.h
tests_bench_scale_echo_CFLAGS = $(SCALE_CFLAGS)
tests_bench_scale_echo_LDADD = $(SCALE_LIBS)
tests_bench_scale_load_SOURCES = %D%/scale_load.c %D%/scale_person.c %D%/scale_person.h %D%/scale_line.c %D%/scale_line.h
tests_bench_scale_load_CFLAGS = $(SCALE_CFLAGS)
tests_bench_scale_load_LDADD = $(SCALE_LIBS)
EXTRA_DIST += %D%/scale.py
