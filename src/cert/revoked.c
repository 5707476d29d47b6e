/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Everything becomes hashes: of a key's or a certificate's blob, of a key id below its authority.  They are sorted once
 * and found by halves.  Serials are ranges below an authority, and few; they are walked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/be.h"
#include "base/text.h"
#include "base/words.h"
#include "cert/krl.h"
#include "cert/revoked.h"

enum { SHA256_N = SHA256_DIGEST_LENGTH, SHA1_N = SHA_DIGEST_LENGTH, ENTRIES_MAX = 500000, KEY_MAX = CERT_MAX };

struct serials { unsigned char ca[SHA256_N]; uint64_t first, last; };     /* ca: all 0 for every authority */

struct revoked { struct buf sha256, sha1, ids, serials; };

void
revoked_free(struct revoked *r)
{
	if (r == NULL)
		return;
	buf_done(&r->sha256);
	buf_done(&r->sha1);
	buf_done(&r->ids);
	buf_done(&r->serials);
	free(r);
}

size_t
revoked_count(const struct revoked *r)
{
	return r->sha256.len / SHA256_N + r->sha1.len / SHA1_N + r->ids.len / SHA256_N + r->serials.len / sizeof(struct serials);
}

/* --- adding --- */

static void
ca_hash(struct slice ca, unsigned char hash[SHA256_N])
{
	memset(hash, 0, SHA256_N);
	if (ca.n > 0)
		(void)SHA256(ca.p, ca.n, hash);
}

static void
id_hash(const unsigned char ca[SHA256_N], struct slice id, unsigned char hash[SHA256_N])
{
	unsigned char both[2 * SHA256_N];

	memcpy(both, ca, SHA256_N);
	(void)SHA256(id.p, id.n, both + SHA256_N);
	(void)SHA256(both, sizeof(both), hash);
}

int
revoked_add_key(struct revoked *r, struct slice blob)
{
	unsigned char hash[SHA256_N];

	(void)SHA256(blob.p, blob.n, hash);
	return buf_append(&r->sha256, hash, SHA256_N);
}

int
revoked_add_sha256(struct revoked *r, struct slice hash)
{
	return hash.n == SHA256_N ? buf_slice_append(&r->sha256, hash) : -EBADMSG;
}

int
revoked_add_sha1(struct revoked *r, struct slice hash)
{
	return hash.n == SHA1_N ? buf_slice_append(&r->sha1, hash) : -EBADMSG;
}

int
revoked_add_serials(struct revoked *r, struct slice ca, uint64_t first, uint64_t last)
{
	struct serials s;

	memset(&s, 0, sizeof(s));
	ca_hash(ca, s.ca);
	s.first = first;
	s.last = last;
	return buf_append(&r->serials, &s, sizeof(s));
}

int
revoked_add_id(struct revoked *r, struct slice ca, struct slice id)
{
	unsigned char of[SHA256_N], hash[SHA256_N];

	ca_hash(ca, of);
	id_hash(of, id, hash);
	return buf_append(&r->ids, hash, SHA256_N);
}

/* --- the file of lines --- */

/* "SHA256:" and 43 characters, without the padding that base64 would have. */
static int
add_fingerprint(struct revoked *r, struct slice text)
{
	struct buf padded, hash;
	int e;

	buf_init(&padded, 64);
	buf_init(&hash, 64);
	e = buf_slice_append(&padded, text);
	if (e == 0 && text.n % 4 != 0)
		e = buf_text(&padded, "=");
	if (e == 0)
		e = text_unbase64(&hash, buf_slice(&padded));
	if (e == 0)
		e = revoked_add_sha256(r, buf_slice(&hash));
	buf_done(&padded);
	buf_done(&hash);
	return e;
}

static int
add_blob(struct revoked *r, struct slice type, struct slice base64)
{
	struct slice blob, inner;
	struct buf b;
	int e;

	buf_init(&b, KEY_MAX);
	e = text_unbase64(&b, base64);
	blob = buf_slice(&b);
	if (e == 0 && (!be_take_string(&blob, &inner) || !slice_eq(inner, type)))
		e = -EBADMSG;
	if (e == 0)
		e = revoked_add_key(r, buf_slice(&b));
	buf_done(&b);
	return e;
}

static int
add_line(struct revoked *r, struct slice s)
{
	static const char prefix[] = "SHA256:";
	const size_t n = sizeof(prefix) - 1;
	struct slice word = words_next(&s);

	if (word.n == 0 || word.p[0] == '#')
		return 0;
	if (word.n > n && memcmp(word.p, prefix, n) == 0)
		return add_fingerprint(r, slice_of(word.p + n, word.n - n));
	return add_blob(r, word, words_next(&s));
}

static int
add_lines(struct revoked *r, struct slice rest, struct err *e)
{
	struct slice line;
	int code;

	for (unsigned number = 1; take_part(&rest, '\n', &line); number++) {
		code = add_line(r, line);
		if (code != 0)
			return err_set(e, code, "line %u: neither a public key nor a fingerprint (SHA256:...)", number);
	}
	return 0;
}

static int
compare_sha256(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_N);
}

static int
compare_sha1(const void *a, const void *b)
{
	return memcmp(a, b, SHA1_N);
}

static void
sort(struct buf *b, size_t size, int (*compare)(const void *, const void *))
{
	if (b->len > 0)
		qsort(b->p, b->len / size, size, compare);
}

int
revoked_load(struct slice file, struct revoked **ret, struct err *e)
{
	struct revoked *r = calloc(1, sizeof(*r));
	int code;

	if (r == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	buf_init(&r->sha256, (size_t)ENTRIES_MAX * SHA256_N);
	buf_init(&r->sha1, (size_t)ENTRIES_MAX * SHA1_N);
	buf_init(&r->ids, (size_t)ENTRIES_MAX * SHA256_N);
	buf_init(&r->serials, (size_t)ENTRIES_MAX * sizeof(struct serials));
	code = krl_is(file) ? krl_parse(file, r, e) : add_lines(r, file, e);
	if (code != 0) {
		revoked_free(r);
		return code;
	}
	sort(&r->sha256, SHA256_N, compare_sha256);
	sort(&r->sha1, SHA1_N, compare_sha1);
	sort(&r->ids, SHA256_N, compare_sha256);
	*ret = r;
	return 0;
}

/* --- questions --- */

static bool
has(const struct buf *b, const unsigned char *hash, size_t size, int (*compare)(const void *, const void *))
{
	return b->len > 0 && bsearch(hash, b->p, b->len / size, size, compare) != NULL;
}

bool
revoked_has_key(const struct revoked *r, struct slice blob)
{
	unsigned char hash[SHA256_N], old[SHA1_N];

	(void)SHA256(blob.p, blob.n, hash);
	(void)SHA1(blob.p, blob.n, old);
	return has(&r->sha256, hash, SHA256_N, compare_sha256) || has(&r->sha1, old, SHA1_N, compare_sha1);
}

static bool
has_id(const struct revoked *r, const unsigned char ca[SHA256_N], struct slice id)
{
	unsigned char hash[SHA256_N];

	id_hash(ca, id, hash);
	return has(&r->ids, hash, SHA256_N, compare_sha256);
}

/* Serial 0 is what an authority writes that does not number its certificates. */
static bool
has_serial(const struct revoked *r, const unsigned char ca[SHA256_N], uint64_t serial)
{
	static const unsigned char every[SHA256_N];
	struct serials s;

	for (size_t at = 0; serial != 0 && at < r->serials.len; at += sizeof(s)) {
		memcpy(&s, r->serials.p + at, sizeof(s));
		if (serial >= s.first && serial <= s.last &&
		    (memcmp(s.ca, ca, SHA256_N) == 0 || memcmp(s.ca, every, SHA256_N) == 0))
			return true;
	}
	return false;
}

bool
revoked_has_cert(const struct revoked *r, const struct cert *c, struct slice blob)
{
	static const unsigned char every[SHA256_N];
	unsigned char ca[SHA256_N];
	struct buf key;
	bool found;

	ca_hash(c->ca, ca);
	buf_init(&key, CERT_MAX);
	found = cert_key_blob(c, &key) != 0 || revoked_has_key(r, buf_slice(&key)) || revoked_has_key(r, blob) ||
	    revoked_has_key(r, c->ca) || has_id(r, ca, c->key_id) || has_id(r, every, c->key_id) || has_serial(r, ca, c->serial);
	buf_done(&key);
	return found;
}
