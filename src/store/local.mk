# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libstore.a
%C%_libstore_a_SOURCES = \
	%D%/bulk.c %D%/checkpoint.c %D%/claims.c %D%/client.c %D%/commit.c %D%/directory.c %D%/event.c %D%/ingest.c %D%/outside.c \
	%D%/record.c %D%/recover.c %D%/retain.c %D%/sessions.c %D%/store.h %D%/upkeep.c
%C%_libstore_a_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
pkglibexec_PROGRAMS += fortress-store
fortress_store_SOURCES = %D%/main.c
fortress_store_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
fortress_store_LDADD = %D%/libstore.a src/msg/libmsg.a $(DB_LIBS)
