# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libctl.a
%C%_libctl_a_SOURCES = \
	%D%/approval.c %D%/ask.c %D%/ask.h %D%/bulk.c %D%/bulk.h %D%/conf.c %D%/conf.h %D%/ctl.c %D%/ctl.h %D%/directory.c %D%/directory.h %D%/doctor.c %D%/doctor.h \
	%D%/groups.c %D%/groups.h %D%/hosts.c %D%/hosts.h %D%/import.c %D%/import.h %D%/import_ansible.c %D%/import_csv.c %D%/import_known.c \
	%D%/import_ssh.c %D%/import_util.c %D%/json.c %D%/json.h %D%/keys.c %D%/keys.h %D%/known.c %D%/known.h %D%/out.c %D%/out.h %D%/pairs.c %D%/pairs.h %D%/plan.c %D%/plan.h %D%/print.c \
	%D%/run.c %D%/run.h \
	%D%/session.c %D%/session.h %D%/setup.c %D%/setup.h %D%/state.c %D%/state.h %D%/state_file.c %D%/state_list.c %D%/system.c
# The audit: reading it, exporting it, checking it.
%C%_libctl_a_SOURCES += %D%/access.c %D%/audit.h %D%/commands.c %D%/commands.h %D%/cosign.c %D%/evidence.c %D%/evidence.h %D%/events.c %D%/export.c %D%/history.c %D%/inspect.c %D%/inspect.h %D%/inspect_rows.c %D%/inspected.h %D%/keep.c %D%/keep.h %D%/pack.c %D%/pack.h %D%/prove.c %D%/prove.h \
	%D%/record.c %D%/record.h %D%/report.c %D%/report.h %D%/siem.c %D%/siem.h %D%/unpack.c %D%/unpack.h %D%/upkeep.c %D%/verify.c
%C%_libctl_a_SOURCES += %D%/policy.c %D%/policy.h %D%/policy_diff.c \
	%D%/policy_explain.c %D%/policy_lint.c %D%/policy_test.c
%C%_libctl_a_SOURCES += %D%/grep.c %D%/live.c %D%/live.h %D%/replay.c %D%/replay.h %D%/texts.c %D%/texts.h
# The verifier's source goes into every export.
%D%/verifier.inc: $(srcdir)/contrib/verifier/fortress-verify.c
	$(AM_V_GEN)$(MKDIR_P) %D% && { od -An -v -tx1 $(srcdir)/contrib/verifier/fortress-verify.c | $(SED) -e 's/ \(..\)/0x\1,/g' && echo 0; } >$@.tmp && mv $@.tmp $@
BUILT_SOURCES += %D%/verifier.inc
CLEANFILES += %D%/verifier.inc
%D%/libctl_a-export.$(OBJEXT): %D%/verifier.inc
%C%_libctl_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(ARCHIVE_CFLAGS)
CTL_LIBS = src/ctl/libctl.a policy/libpolicy.a $(DB_LIBS) $(MSG_LIBS) $(ARCHIVE_LIBS)
bin_PROGRAMS += fortress
fortress_SOURCES = %D%/main.c
fortress_LDADD = $(CTL_LIBS)
dist_man_MANS += %D%/fortress.1
