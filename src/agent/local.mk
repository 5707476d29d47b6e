# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libagent.a
%C%_libagent_a_SOURCES = \
	%D%/accept.c %D%/accept.h %D%/account.c %D%/account.h %D%/argv.c %D%/argv.h %D%/job.c %D%/job.h \
	%D%/descend.c %D%/descend.h %D%/dial.c %D%/dial.h %D%/digest.c %D%/digest.h %D%/exec.c %D%/exec.h \
	%D%/forward.c %D%/forward.h %D%/keys.c %D%/keys.h \
	%D%/listen.c %D%/listen.h %D%/login.c %D%/login.h %D%/options.c %D%/options.h %D%/pump.c %D%/pump.h %D%/server.c %D%/server.h \
	%D%/session.c %D%/session.h %D%/tunnel.c %D%/tunnel.h %D%/watchdog.c %D%/watchdog.h
%C%_libagent_a_CFLAGS = $(AM_CFLAGS) $(SSH_CFLAGS) $(CRYPTO_CFLAGS)
AGENT_LIBS = src/agent/libagent.a $(CERT_LIBS) $(SSH_LIBS)

bin_PROGRAMS += staragent
staragent_SOURCES = %D%/main.c
staragent_CFLAGS = $(AM_CFLAGS) $(SSH_CFLAGS)
staragent_LDADD = $(AGENT_LIBS)
dist_man_MANS += %D%/staragent.8
