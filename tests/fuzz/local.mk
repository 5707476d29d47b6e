# SPDX-License-Identifier: BSD-2-Clause
# A fuzzer is fuzz_NAME.c with LLVMFuzzerTestOneInput, a folder corpus/NAME, and two lines here.
# FUZZ_LIBS brings main: libFuzzer's with --enable-fuzz, else replay.c's, which runs files once.
if FUZZ
FUZZ_LIBS = $(FUZZ_ENGINE)
else
check_LIBRARIES += %D%/libreplay.a
%C%_libreplay_a_SOURCES = %D%/replay.c
FUZZ_LIBS = tests/fuzz/libreplay.a
endif

check_PROGRAMS += %D%/fuzz_conf %D%/fuzz_frame %D%/fuzz_msg
%C%_fuzz_conf_LDADD = $(FUZZ_LIBS) src/monitor/libmonitor.a $(MSG_LIBS)
%C%_fuzz_frame_LDADD = $(FUZZ_LIBS) $(BASE_LIBS)
%C%_fuzz_msg_LDADD = $(FUZZ_LIBS) $(MSG_LIBS)

check_PROGRAMS += %D%/fuzz_limits
%C%_fuzz_limits_LDADD = $(FUZZ_LIBS) $(BASE_LIBS)
check_PROGRAMS += %D%/fuzz_argv
%C%_fuzz_argv_CFLAGS = $(AM_CFLAGS) $(SSH_CFLAGS)
%C%_fuzz_argv_LDADD = $(FUZZ_LIBS) $(AGENT_LIBS)

TESTS += %D%/corpus.t
EXTRA_DIST += %D%/corpus.t %D%/corpus
check_PROGRAMS += tests/fuzz/fuzz_username
tests_fuzz_fuzz_username_SOURCES = %D%/fuzz_username.c
tests_fuzz_fuzz_username_LDADD = $(FUZZ_LIBS) $(GATE_LIBS)
check_PROGRAMS += tests/fuzz/fuzz_policy tests/fuzz/fuzz_segment
tests_fuzz_fuzz_policy_SOURCES = %D%/fuzz_policy.c
tests_fuzz_fuzz_policy_LDADD = $(FUZZ_LIBS) $(POLICY_LIBS)
tests_fuzz_fuzz_segment_SOURCES = %D%/fuzz_segment.c
tests_fuzz_fuzz_segment_LDADD = $(FUZZ_LIBS) $(DB_LIBS)
check_PROGRAMS += %D%/fuzz_keys %D%/fuzz_screen
%C%_fuzz_keys_LDADD = $(FUZZ_LIBS) $(UI_LIBS)
%C%_fuzz_screen_LDADD = $(FUZZ_LIBS) $(UI_LIBS)
check_PROGRAMS += %D%/fuzz_commands
%C%_fuzz_commands_LDADD = $(FUZZ_LIBS) $(UI_LIBS)
check_PROGRAMS += %D%/fuzz_signs
%C%_fuzz_signs_LDADD = $(FUZZ_LIBS) $(FRONT_LIBS)
check_PROGRAMS += %D%/fuzz_sftp
%C%_fuzz_sftp_LDADD = $(FUZZ_LIBS) $(FRONT_LIBS)
check_PROGRAMS += %D%/fuzz_cert
%C%_fuzz_cert_LDADD = $(FUZZ_LIBS) $(CERT_LIBS)
check_PROGRAMS += %D%/fuzz_copy %D%/fuzz_zmodem
%C%_fuzz_copy_LDADD = $(FUZZ_LIBS) $(FRONT_LIBS)
%C%_fuzz_zmodem_LDADD = $(FUZZ_LIBS) $(FRONT_LIBS)
check_PROGRAMS += %D%/fuzz_proxy
%C%_fuzz_proxy_LDADD = $(FUZZ_LIBS) $(FRONT_LIBS)
check_PROGRAMS += %D%/fuzz_import
%C%_fuzz_import_LDADD = $(FUZZ_LIBS) $(CTL_LIBS)
check_PROGRAMS += %D%/fuzz_export
%C%_fuzz_export_LDADD = $(FUZZ_LIBS) $(UI_LIBS)
check_PROGRAMS += %D%/fuzz_decide %D%/fuzz_zone
%C%_fuzz_decide_LDADD = $(FUZZ_LIBS) $(POLICY_LIBS)
%C%_fuzz_zone_LDADD = $(FUZZ_LIBS) $(POLICY_LIBS)
check_PROGRAMS += %D%/fuzz_state
%C%_fuzz_state_LDADD = $(FUZZ_LIBS) $(CTL_LIBS)
check_PROGRAMS += %D%/fuzz_record
%C%_fuzz_record_LDADD = $(FUZZ_LIBS) $(CTL_LIBS)
check_PROGRAMS += tests/fuzz/fuzz_live
tests_fuzz_fuzz_live_SOURCES = %D%/fuzz_live.c
tests_fuzz_fuzz_live_LDADD = $(FUZZ_LIBS) ui/libui.a $(MSG_LIBS) $(VTERM_LIBS)
check_PROGRAMS += %D%/fuzz_note
%C%_fuzz_note_LDADD = $(FUZZ_LIBS) $(DB_LIBS)
# These read files: file.c makes one of the input.
check_PROGRAMS += %D%/fuzz_unpack %D%/fuzz_inspect %D%/fuzz_prove
%C%_fuzz_unpack_SOURCES = %D%/fuzz_unpack.c %D%/file.c %D%/file.h
%C%_fuzz_unpack_LDADD = $(FUZZ_LIBS) $(CTL_LIBS)
%C%_fuzz_inspect_SOURCES = %D%/fuzz_inspect.c %D%/file.c %D%/file.h
%C%_fuzz_inspect_CFLAGS = $(AM_CFLAGS) $(ARCHIVE_CFLAGS)
%C%_fuzz_inspect_LDADD = $(FUZZ_LIBS) $(CTL_LIBS)
%C%_fuzz_prove_SOURCES = %D%/fuzz_prove.c %D%/file.c %D%/file.h
%C%_fuzz_prove_LDADD = $(FUZZ_LIBS) $(CTL_LIBS)
