/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * libssh proves possession of a certificate's key and hands us the blob; everything else
 * (PROTOCOL.certkeys: who signed, for whom, for how long) is checked here.
 */
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "agent/cert.h"
#include "base/text.h"

#define CERT_USER      1
#define PRINCIPALS_MAX 256

/* How many strings a public key of each type has between nonce and serial. */
static const struct {
	const char *name;
	int strings;
} types[] = {
	{ "ssh-ed25519-cert-v01@openssh.com", 1 },
	{ "ecdsa-sha2-nistp256-cert-v01@openssh.com", 2 },
	{ "ecdsa-sha2-nistp384-cert-v01@openssh.com", 2 },
	{ "ecdsa-sha2-nistp521-cert-v01@openssh.com", 2 },
	{ "ssh-rsa-cert-v01@openssh.com", 2 },
};

static bool
take_big(struct slice *s, size_t n, uint64_t *v)
{
	struct slice b;

	if (!take_bytes(s, n, &b))
		return false;
	*v = 0;
	for (size_t i = 0; i < n; i++)
		*v = *v << 8 | b.p[i];
	return true;
}

bool
wire_take_string(struct slice *s, struct slice *v)
{
	struct slice rest = *s;
	uint64_t n;

	if (!take_big(&rest, 4, &n) || n > rest.n || !take_bytes(&rest, (size_t)n, v))
		return false;
	*s = rest;
	return true;
}

static bool
skip_key(struct slice *s)
{
	struct slice type, skipped;

	if (!wire_take_string(s, &type) || !wire_take_string(s, &skipped))
		return false;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		bool good = slice_is(type, types[i].name);

		for (int n = 0; good && n < types[i].strings; n++)
			good = wire_take_string(s, &skipped);
		if (good)
			return true;
	}
	return false;
}

int
cert_parse(struct slice blob, struct cert *ret)
{
	struct slice s = blob, reserved;
	struct cert c = { 0 };
	uint64_t type;

	if (!skip_key(&s) || !take_big(&s, 8, &c.serial) || !take_big(&s, 4, &type) ||
	    !wire_take_string(&s, &c.key_id) || !wire_take_string(&s, &c.principals) ||
	    !take_big(&s, 8, &c.valid_after) || !take_big(&s, 8, &c.valid_before) ||
	    !wire_take_string(&s, &c.critical) || !wire_take_string(&s, &c.extensions) ||
	    !wire_take_string(&s, &reserved) || !wire_take_string(&s, &c.ca))
		return -EBADMSG;
	c.type = (uint32_t)type;
	c.signed_part = slice_of(blob.p, blob.n - s.n);
	if (!wire_take_string(&s, &c.signature) || s.n != 0)
		return -EBADMSG;
	*ret = c;
	return 0;
}

static bool
signature_is_good(const struct cert *c)
{
	struct slice ca = c->ca, sig = c->signature, type, key, sig_type, bytes;
	EVP_MD_CTX *ctx = NULL;
	EVP_PKEY *pkey = NULL;
	bool good = false;

	if (!wire_take_string(&ca, &type) || !wire_take_string(&ca, &key) || ca.n != 0 ||
	    !wire_take_string(&sig, &sig_type) || !wire_take_string(&sig, &bytes) || sig.n != 0 ||
	    !slice_is(type, "ssh-ed25519") || !slice_is(sig_type, "ssh-ed25519") || key.n != 32 ||
	    bytes.n != 64)
		return false;
	pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key.p, key.n);
	ctx = EVP_MD_CTX_new();
	if (pkey != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1)
		good = EVP_DigestVerify(ctx, bytes.p, bytes.n, c->signed_part.p,
		    c->signed_part.n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return good;
}

/* A certificate without principals would be good for everybody; here it is good for nobody. */
static bool
names_principal(const struct cert *c, const char *login)
{
	struct slice list = c->principals, name;

	for (int i = 0; i < PRINCIPALS_MAX && wire_take_string(&list, &name); i++)
		if (slice_is(name, login))
			return true;
	return false;
}

int
cert_check(const struct cert *c, const char *login, uint64_t now, struct err *e)
{
	char id[64];

	text_escaped(c->key_id, id, sizeof id);
	if (!signature_is_good(c))
		return err_set(e, -EACCES, "certificate %s: not signed by its authority", id);
	if (c->type != CERT_USER)
		return err_set(e, -EACCES, "certificate %s: not a user's", id);
	if (now < c->valid_after || now >= c->valid_before)
		return err_set(e, -EACCES, "certificate %s: valid from %" PRIu64 " to %" PRIu64
		    ", now is %" PRIu64, id, c->valid_after, c->valid_before, now);
	if (!names_principal(c, login))
		return err_set(e, -EACCES, "certificate %s: not for login %s", id, login);
	if (c->critical.n != 0)
		return err_set(e, -EACCES, "certificate %s: has critical options, none is known here", id);
	return 0;
}

bool
cert_has_extension(const struct cert *c, const char *name)
{
	struct slice s = c->extensions, key, value;

	while (wire_take_string(&s, &key) && wire_take_string(&s, &value))
		if (slice_is(key, name))
			return true;
	return false;
}
