# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libbase.a
%C%_libbase_a_SOURCES = \
	%D%/be.c %D%/be.h %D%/buf.c %D%/buf.h %D%/clock.c %D%/clock.h %D%/command.c %D%/command.h %D%/err.c %D%/err.h %D%/fd.c %D%/fd.h %D%/flags.c %D%/flags.h \
	%D%/frame.c %D%/frame.h %D%/id.c %D%/id.h %D%/limits.c %D%/limits.h %D%/log.c %D%/log.h %D%/loop.c %D%/loop.h %D%/match.c \
	%D%/methods.c %D%/methods.h %D%/net.c %D%/net.h %D%/package.c %D%/package.h %D%/pubkey.c %D%/pubkey.h \
	%D%/sandbox.c %D%/sandbox.h %D%/secret.c %D%/secret.h %D%/spawn.c %D%/spawn.h %D%/table.c %D%/table.h \
	%D%/text.c %D%/text.h %D%/title.c %D%/words.c %D%/words.h
%C%_libbase_a_SOURCES += %D%/zones.c %D%/zones.h
%C%_libbase_a_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
BASE_LIBS = src/base/libbase.a $(SECCOMP_LIBS)
