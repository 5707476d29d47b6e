# SPDX-License-Identifier: BSD-2-Clause
pkglibexec_PROGRAMS += fortress-notify
fortress_notify_SOURCES = %D%/main.c %D%/sink.c %D%/sink.h %D%/send.c %D%/send.h
fortress_notify_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS)
fortress_notify_LDADD = $(MSG_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS)
