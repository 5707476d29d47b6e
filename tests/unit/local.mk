# SPDX-License-Identifier: BSD-2-Clause

check_PROGRAMS += %D%/test_msg %D%/test_conf
TESTS += %D%/test_msg %D%/test_conf
%C%_test_msg_LDADD = $(TAP_LIBS) $(MSG_LIBS)
%C%_test_conf_LDADD = $(TAP_LIBS) src/monitor/libmonitor.a $(MSG_LIBS)
check_PROGRAMS += tests/unit/test_segment tests/unit/test_merkle tests/unit/test_note tests/unit/test_db
TESTS += tests/unit/test_segment tests/unit/test_merkle tests/unit/test_note tests/unit/test_db
tests_unit_test_segment_SOURCES = %D%/test_segment.c
tests_unit_test_segment_LDADD = $(TAP_LIBS) $(DB_LIBS)
tests_unit_test_merkle_SOURCES = %D%/test_merkle.c
tests_unit_test_merkle_LDADD = $(TAP_LIBS) $(DB_LIBS)
tests_unit_test_note_SOURCES = %D%/test_note.c
tests_unit_test_note_LDADD = $(TAP_LIBS) $(DB_LIBS)
tests_unit_test_db_SOURCES = %D%/test_db.c
tests_unit_test_db_LDADD = $(TAP_LIBS) $(DB_LIBS)
