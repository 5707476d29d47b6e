# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libfront.a
%C%_libfront_a_SOURCES = \
	%D%/acceptor.c %D%/acceptor.h %D%/ahead.c %D%/ahead.h %D%/answers.c %D%/answers.h %D%/approve.c %D%/approve.h %D%/arrive.c %D%/arrive.h %D%/ask.c %D%/ask.h %D%/auth.c %D%/auth.h %D%/back.c %D%/back.h \
	%D%/channel.c %D%/channel.h %D%/connect.c %D%/copy.c %D%/copy.h %D%/door.c %D%/door.h %D%/form.c %D%/form.h %D%/forward.c %D%/forward.h %D%/front.h \
	%D%/global.c %D%/global.h %D%/held.c %D%/held.h %D%/idle.c %D%/idle.h %D%/interactive.c %D%/interactive.h %D%/intake.c %D%/intake.h %D%/jump.c %D%/jump.h \
	%D%/lack.c %D%/lack.h %D%/late.c %D%/late.h %D%/letter.c %D%/letter.h %D%/listen.c %D%/listen.h %D%/live.c %D%/live.h \
	%D%/login.c %D%/login.h %D%/menu.c %D%/menu.h %D%/open.c %D%/overhear.c %D%/overhear.h %D%/own.c %D%/own.h %D%/pick.c %D%/proxy.c %D%/proxy.h \
	%D%/ranges.c %D%/ranges.h \
	%D%/record.c %D%/record.h %D%/relay.c %D%/relay.h %D%/replay.c %D%/replay.h %D%/request.c %D%/screen.c %D%/screen.h %D%/server.c \
	%D%/sftp.c %D%/sftp.h %D%/sftp_answer.c %D%/sftp_file.c %D%/sftp_parts.h %D%/sftp_path.c %D%/sftp_request.c %D%/session.c %D%/signs.c %D%/signs.h \
	%D%/splice.c %D%/splice.h %D%/steps.h %D%/target.c %D%/target.h %D%/transfer.c %D%/transfer.h %D%/tty.c %D%/tty.h %D%/typed.c %D%/typed.h \
	%D%/verbs.c %D%/verbs.h %D%/wire.c %D%/wire.h %D%/wish.c %D%/wish.h %D%/zmodem.c %D%/zmodem.h
%C%_libfront_a_CFLAGS = $(AM_CFLAGS) $(SSH_CFLAGS) $(SECCOMP_CFLAGS) $(CRYPTO_CFLAGS)
FRONT_LIBS = src/front/libfront.a $(MSG_LIBS) $(SSH_LIBS) $(CRYPTO_LIBS)
pkglibexec_PROGRAMS += fortress-front
fortress_front_SOURCES = %D%/main.c
fortress_front_CFLAGS = $(AM_CFLAGS) $(SSH_CFLAGS) $(SECCOMP_CFLAGS)
fortress_front_LDADD = $(FRONT_LIBS)
dist_man_MANS += %D%/fortress-ssh.7
