# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libcert.a
%C%_libcert_a_SOURCES = \
	%D%/cert.c %D%/cert.h %D%/krl.c %D%/krl.h %D%/revoked.c %D%/revoked.h %D%/signature.c %D%/signature.h %D%/terms.c
%C%_libcert_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
CERT_LIBS = src/cert/libcert.a $(BASE_LIBS) $(CRYPTO_LIBS)
