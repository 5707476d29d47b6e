/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The first byte says what the rest is: a certificate as a client sends it, or a list of what is revoked. */
#include <assert.h>
#include <stdint.h>

#include "cert/cert.h"
#include "cert/revoked.h"
#include "cert/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
one_cert(struct slice blob)
{
	struct cert_terms t;
	struct cert c;
	struct err e;
	struct buf key;

	if (cert_parse(blob, &c) != 0)
		return;
	assert(cert_is(blob) && c.signed_part.n < blob.n && c.principals_n <= CERT_PRINCIPALS_MAX);
	buf_init(&key, CERT_MAX);
	assert(cert_key_blob(&c, &key) == 0 && !cert_is(buf_slice(&key)));
	(void)signature_key_is_usable(buf_slice(&key));
	buf_done(&key);
	(void)cert_verify(&c, &e);
	(void)cert_check(&c, "alice", 1500, &e);
	if (cert_terms(&c, &t, &e) == 0)
		(void)cert_terms_admit(&t, slice_from("10.8.0.1"));
}

static void
one_list(struct slice file)
{
	struct revoked *r;
	struct err e;

	if (revoked_load(file, &r, &e) != 0)
		return;
	assert(revoked_count(r) <= file.n * 8);
	(void)revoked_has_key(r, file);
	revoked_free(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n > 0 && data[0] == 'c')
		one_cert(slice_of(data + 1, n - 1));
	else if (n > 0)
		one_list(slice_of(data + 1, n - 1));
	return 0;
}
