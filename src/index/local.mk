# SPDX-License-Identifier: BSD-2-Clause
pkglibexec_PROGRAMS += fortress-index
fortress_index_SOURCES = %D%/main.c %D%/renderer.c %D%/renderer.h %D%/update.c %D%/update.h
fortress_index_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
fortress_index_LDADD = $(DB_LIBS)
