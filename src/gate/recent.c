/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A ring: the oldest proof gives way, and whoever lost it is asked once more. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "gate/recent.h"

enum { PROOFS_MAX = 4096, HASH_N = SHA256_DIGEST_LENGTH };

struct proof {
	char user[65];
	unsigned char hash[HASH_N];
	mono_t at;
};

struct recent { struct proof proofs[PROOFS_MAX]; unsigned next; };

struct recent *
recent_new(void)
{
	return calloc(1, sizeof(struct recent));
}

void
recent_free(struct recent *r)
{
	free(r);
}

/* Of the key's hash and the address, which is shorter than its room. */
static void
proof_hash(const char *address, struct slice key, unsigned char hash[HASH_N])
{
	unsigned char both[HASH_N + 64] = { 0 };
	size_t n = strlen(address);

	(void)SHA256(key.p, key.n, both);
	memcpy(both + HASH_N, address, n < 64 ? n : 64);
	(void)SHA256(both, sizeof(both), hash);
}

static struct proof *
proof_find(const struct recent *r, const char *user, const unsigned char hash[HASH_N])
{
	for (unsigned i = 0; i < PROOFS_MAX; i++)
		if (memcmp(r->proofs[i].hash, hash, HASH_N) == 0 && strcmp(r->proofs[i].user, user) == 0)
			return (struct proof *)(uintptr_t)&r->proofs[i];
	return NULL;
}

void
recent_put(struct recent *r, const char *user, const char *address, struct slice key, mono_t now)
{
	struct proof p = { .at = now }, *at;

	if (key.n == 0 || slice_copy(slice_from(user), p.user, sizeof(p.user)) != 0)
		return;
	proof_hash(address, key, p.hash);
	at = proof_find(r, user, p.hash);
	if (at == NULL)
		at = &r->proofs[r->next++ % PROOFS_MAX];
	*at = p;
}

bool
recent_has(const struct recent *r, const char *user, const char *address, struct slice key, mono_t now, unsigned period_s)
{
	unsigned char hash[HASH_N];
	const struct proof *p;

	if (key.n == 0 || period_s == 0 || user[0] == '\0')
		return false;
	proof_hash(address, key, hash);
	p = proof_find(r, user, hash);
	return p != NULL && now.us - p->at.us < (int64_t)period_s * 1000000;
}

void
recent_forget(struct recent *r, bool (*is)(const void *arg, struct slice user), const void *arg)
{
	for (unsigned i = 0; i < PROOFS_MAX; i++)
		if (r->proofs[i].user[0] != '\0' && is(arg, slice_from(r->proofs[i].user)))
			r->proofs[i] = (struct proof){ .at = { 0 } };
}
