/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The fields in their order: type, nonce, the certified key's own fields, serial, kind, key id, principals, times,
 * critical options, extensions, a reserved string, the authority's key, and its signature over all before it.
 */
#include <errno.h>
#include <string.h>

#include "base/be.h"
#include "cert/cert.h"
#include "cert/signature.h"

#define CERT_USER 1

/* How many strings a public key of each type has between nonce and serial. */
static const struct {
	const char *name, *plain;
	int strings;
} types[] = {
	{ "ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", 1 },
	{ "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256", 2 },
	{ "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384", 2 },
	{ "ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521", 2 },
	{ "ssh-rsa-cert-v01@openssh.com", "ssh-rsa", 2 },
	{ "sk-ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519@openssh.com", 2 },
	{ "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", 3 },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

bool
cert_is(struct slice blob)
{
	static const char word[] = "-cert-v0";          /* also those that we do not know */
	const size_t n = sizeof(word) - 1;
	struct slice type;

	if (!be_take_string(&blob, &type))
		return false;
	for (size_t i = 0; i + n <= type.n; i++)
		if (memcmp(type.p + i, word, n) == 0)
			return true;
	return false;
}

static bool
take_key(struct slice *s, struct cert *c)
{
	struct slice type, nonce, part;
	size_t i = 0;

	if (!be_take_string(s, &type) || !be_take_string(s, &nonce))
		return false;
	while (i < TYPES && !slice_is(type, types[i].name))
		i++;
	if (i == TYPES)
		return false;
	c->plain = types[i].plain;
	c->key = *s;
	for (int n = 0; n < types[i].strings; n++)
		if (!be_take_string(s, &part))
			return false;
	c->key.n -= s->n;
	return true;
}

static bool
take_principals(struct slice list, struct cert *c)
{
	while (list.n > 0)
		if (c->principals_n == CERT_PRINCIPALS_MAX || !be_take_string(&list, &c->principals[c->principals_n++]))
			return false;
	return true;
}

int
cert_parse(struct slice blob, struct cert *ret)
{
	struct slice s = blob, principals, reserved;
	struct cert c = { 0 };

	if (blob.n > CERT_MAX || !take_key(&s, &c) || !be_take_u64(&s, &c.serial) || !be_take_u32(&s, &c.type) ||
	    !be_take_string(&s, &c.key_id) || !be_take_string(&s, &principals) ||
	    !be_take_u64(&s, &c.valid_after) || !be_take_u64(&s, &c.valid_before) ||
	    !be_take_string(&s, &c.critical) || !be_take_string(&s, &c.extensions) ||
	    !be_take_string(&s, &reserved) || !be_take_string(&s, &c.ca) || !take_principals(principals, &c))
		return -EBADMSG;
	c.signed_part = slice_of(blob.p, blob.n - s.n);
	if (!be_take_string(&s, &c.signature) || s.n != 0)
		return -EBADMSG;
	*ret = c;
	return 0;
}

int
cert_key_blob(const struct cert *c, struct buf *out)
{
	int r = be_put_text(out, c->plain);

	return r != 0 ? r : buf_slice_append(out, c->key);
}

int
cert_verify(const struct cert *c, struct err *e)
{
	if (cert_is(c->ca))
		return err_set(e, -EACCES, "signed by a certificate, not by an authority's key");
	if (!signature_is_good(c->ca, c->signed_part, c->signature))
		return err_set(e, -EACCES, "not signed by its authority");
	return 0;
}

static bool
names(const struct cert *c, const char *name)
{
	for (unsigned i = 0; i < c->principals_n; i++)
		if (c->principals[i].n > 0 && slice_is(c->principals[i], name))
			return true;
	return false;
}

int
cert_check(const struct cert *c, const char *name, uint64_t now, struct err *e)
{
	if (c->type != CERT_USER)
		return err_set(e, -EACCES, "it is not a user's");
	if (now < c->valid_after)
		return err_set(e, -EACCES, "it is not valid yet");
	if (now >= c->valid_before)
		return err_set(e, -EACCES, "it has expired");
	if (c->principals_n == 0)
		return err_set(e, -EACCES, "it names no principal, so it is good for nobody");
	return names(c, name) ? 0 : err_set(e, -EACCES, "\"%s\" is not among its principals", name);
}
