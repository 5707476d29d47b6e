# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libgate.a
%C%_libgate_a_SOURCES = \
	%D%/acceptable.c %D%/acceptable.h %D%/again.c %D%/again.h %D%/approval.c %D%/approval.h %D%/approve.c %D%/approve.h %D%/approve_end.c %D%/matter.c %D%/matter.h \
	%D%/needs.c %D%/needs.h %D%/notify.c %D%/notify.h \
	%D%/batch.c %D%/batch.h %D%/called.c %D%/called.h %D%/client.c %D%/codes.c %D%/codes.h %D%/cut.c %D%/cut.h %D%/control.c %D%/control.h %D%/decide.c %D%/decide.h %D%/directory.c %D%/directory.h \
	%D%/enrol.c %D%/enrol.h %D%/events.c %D%/events.h %D%/factor.c %D%/factor.h %D%/front.c %D%/gate.h %D%/grant.c %D%/grant.h %D%/host.c %D%/host.h %D%/keys.c %D%/keys.h \
	%D%/lists.c %D%/lists.h %D%/live.c %D%/live.h %D%/login.c %D%/login.h %D%/match.c %D%/match.h %D%/moderate.c %D%/moderate.h %D%/names.c %D%/names.h %D%/own.c %D%/own.h %D%/pin.c %D%/pin.h \
	%D%/puts.c %D%/puts.h %D%/recent.c %D%/recent.h %D%/replay.c %D%/replay.h %D%/rows.c %D%/rows.h %D%/rules.c %D%/rules.h %D%/second.c %D%/second.h %D%/sentry.c %D%/sentry.h \
	%D%/settings.c %D%/settings.h %D%/sorted.c %D%/sorted.h %D%/signer.c %D%/signer.h %D%/ticket.c %D%/ticket.h %D%/trust.c %D%/trial.c %D%/trial.h %D%/trust.h %D%/verdict.h %D%/vouch.c %D%/vouch.h
%C%_libgate_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(OATH_CFLAGS) $(QR_CFLAGS)
GATE_LIBS = src/gate/libgate.a policy/libpolicy.a $(CERT_LIBS) $(MSG_LIBS) $(OATH_LIBS) $(QR_LIBS)
pkglibexec_PROGRAMS += fortress-gate
fortress_gate_SOURCES = %D%/main.c
fortress_gate_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
fortress_gate_LDADD = $(GATE_LIBS)
