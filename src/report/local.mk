# SPDX-License-Identifier: BSD-2-Clause
pkglibexec_PROGRAMS += fortress-report
fortress_report_SOURCES = %D%/main.c %D%/doc.c %D%/doc.h %D%/html.c %D%/pdf.c
fortress_report_CFLAGS = $(AM_CFLAGS) $(PANGO_CFLAGS) $(SECCOMP_CFLAGS)
fortress_report_LDADD = $(BASE_LIBS) $(PANGO_LIBS) -lm
