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

check_PROGRAMS += %D%/test_argv %D%/test_policy
TESTS += %D%/test_argv %D%/test_policy
%C%_test_argv_LDADD = $(TAP_LIBS) $(POLICY_LIBS)
%C%_test_policy_LDADD = $(TAP_LIBS) $(POLICY_LIBS)
check_PROGRAMS += %D%/test_policy_property %D%/test_zone
TESTS += %D%/test_policy_property %D%/test_zone
%C%_test_policy_property_LDADD = $(TAP_LIBS) $(POLICY_LIBS)
%C%_test_zone_LDADD = $(TAP_LIBS) $(POLICY_LIBS)
check_PROGRAMS += tests/unit/test_names tests/unit/test_directory tests/unit/test_trial tests/unit/test_keys tests/unit/test_out
TESTS += tests/unit/test_names tests/unit/test_directory tests/unit/test_trial tests/unit/test_keys tests/unit/test_out
tests_unit_test_names_SOURCES = %D%/test_names.c
tests_unit_test_names_LDADD = $(TAP_LIBS) $(GATE_LIBS)
tests_unit_test_directory_SOURCES = %D%/test_directory.c
tests_unit_test_directory_LDADD = $(TAP_LIBS) $(GATE_LIBS)
tests_unit_test_trial_SOURCES = %D%/test_trial.c
tests_unit_test_trial_LDADD = $(TAP_LIBS) $(GATE_LIBS)
tests_unit_test_keys_SOURCES = %D%/test_keys.c
tests_unit_test_keys_LDADD = $(TAP_LIBS) $(GATE_LIBS)
tests_unit_test_out_SOURCES = %D%/test_out.c
tests_unit_test_out_LDADD = $(TAP_LIBS) $(CTL_LIBS)

check_PROGRAMS += %D%/test_buf %D%/test_fd %D%/test_flags %D%/test_frame %D%/test_id %D%/test_limits %D%/test_loop %D%/test_net \
	%D%/test_sandbox %D%/test_secret %D%/test_table %D%/test_text
TESTS += %D%/test_buf %D%/test_fd %D%/test_flags %D%/test_frame %D%/test_id %D%/test_limits %D%/test_loop %D%/test_net \
	%D%/test_sandbox %D%/test_secret %D%/test_table %D%/test_text
%C%_test_buf_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_fd_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_flags_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_frame_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_id_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_limits_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_loop_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_net_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_sandbox_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
%C%_test_sandbox_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_secret_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_table_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_text_LDADD = $(TAP_LIBS) $(BASE_LIBS)

check_PROGRAMS += %D%/test_factor
TESTS += %D%/test_factor
%C%_test_factor_CFLAGS = $(AM_CFLAGS) $(OATH_CFLAGS)
%C%_test_factor_LDADD = $(TAP_LIBS) $(GATE_LIBS)

check_PROGRAMS += %D%/test_player
TESTS += %D%/test_player
%C%_test_player_SOURCES = %D%/test_player.c tests/tape.c tests/tape.h
%C%_test_player_LDADD = $(TAP_LIBS) $(UI_LIBS)

check_PROGRAMS += %D%/test_import
TESTS += %D%/test_import
%C%_test_import_LDADD = $(TAP_LIBS) $(CTL_LIBS)

check_PROGRAMS += %D%/test_source %D%/test_proxy
TESTS += %D%/test_source %D%/test_proxy
%C%_test_source_LDADD = $(TAP_LIBS) src/monitor/libmonitor.a $(MSG_LIBS) $(PAM_LIBS) $(AUDIT_LIBS)
%C%_test_proxy_LDADD = $(TAP_LIBS) $(FRONT_LIBS)

check_PROGRAMS += %D%/test_live
TESTS += %D%/test_live
%C%_test_live_LDADD = $(TAP_LIBS) ui/libui.a $(MSG_LIBS) $(VTERM_LIBS)
check_PROGRAMS += %D%/test_list %D%/test_layout
TESTS += %D%/test_list %D%/test_layout
%C%_test_list_LDADD = $(TAP_LIBS) $(UI_LIBS)
%C%_test_layout_LDADD = $(TAP_LIBS) $(UI_LIBS)

check_PROGRAMS += %D%/test_signs
TESTS += %D%/test_signs
%C%_test_signs_LDADD = $(TAP_LIBS) $(FRONT_LIBS)

check_PROGRAMS += %D%/test_sftp %D%/test_ranges
TESTS += %D%/test_sftp %D%/test_ranges
%C%_test_ranges_LDADD = $(TAP_LIBS) $(FRONT_LIBS)
%C%_test_sftp_LDADD = $(TAP_LIBS) $(FRONT_LIBS)

check_PROGRAMS += %D%/test_screen
TESTS += %D%/test_screen
%C%_test_screen_LDADD = $(TAP_LIBS) $(UI_LIBS)

check_PROGRAMS += %D%/test_record %D%/test_wire %D%/test_ahead
TESTS += %D%/test_record %D%/test_wire %D%/test_ahead
%C%_test_ahead_CFLAGS = $(AM_CFLAGS) $(SSH_CFLAGS)
%C%_test_ahead_LDADD = $(TAP_LIBS) $(FRONT_LIBS)
%C%_test_record_LDADD = $(TAP_LIBS) $(FRONT_LIBS)
%C%_test_wire_LDADD = $(TAP_LIBS) $(FRONT_LIBS)
check_PROGRAMS += %D%/test_cert
TESTS += %D%/test_cert
%C%_test_cert_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_test_cert_LDADD = $(TAP_LIBS) $(CERT_LIBS)
check_PROGRAMS += %D%/test_answers %D%/test_copy %D%/test_typed %D%/test_zmodem
TESTS += %D%/test_answers %D%/test_copy %D%/test_typed %D%/test_zmodem
%C%_test_answers_LDADD = $(TAP_LIBS) $(FRONT_LIBS)
%C%_test_typed_LDADD = $(TAP_LIBS) $(FRONT_LIBS)
%C%_test_copy_LDADD = $(TAP_LIBS) $(FRONT_LIBS)
%C%_test_zmodem_LDADD = $(TAP_LIBS) $(FRONT_LIBS)

check_PROGRAMS += %D%/test_methods %D%/test_package
TESTS += %D%/test_methods %D%/test_package
%C%_test_methods_LDADD = $(TAP_LIBS) $(BASE_LIBS)
%C%_test_package_LDADD = $(TAP_LIBS) $(BASE_LIBS)
check_PROGRAMS += %D%/test_index
TESTS += %D%/test_index
%C%_test_index_LDADD = $(TAP_LIBS) $(DB_LIBS)
check_PROGRAMS += %D%/test_lines %D%/test_commands
TESTS += %D%/test_lines %D%/test_commands
%C%_test_lines_LDADD = $(TAP_LIBS) $(UI_LIBS)
%C%_test_commands_LDADD = $(TAP_LIBS) $(UI_LIBS)


check_PROGRAMS += %D%/test_safe
TESTS += %D%/test_safe
%C%_test_safe_LDADD = $(TAP_LIBS) $(UI_LIBS)
