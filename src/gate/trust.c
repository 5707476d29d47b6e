/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Authorities are lines of public keys, as sshd reads them; each is compared as its whole blob. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/be.h"
#include "base/fd.h"
#include "base/text.h"
#include "base/words.h"
#include "cert/revoked.h"
#include "cert/signature.h"
#include "gate/trust.h"

enum { CAS_MAX = 64, CA_BYTES = CERT_MAX };

struct authorities { struct buf blobs[CAS_MAX]; unsigned n; };

struct trust {
	struct authorities cas;
	struct revoked *revoked;
	bool no_keys;                          /* what is revoked is not known */
};

static void
authorities_done(struct authorities *a)
{
	while (a->n > 0)
		buf_done(&a->blobs[--a->n]);
}

struct trust *
trust_new(void)
{
	return calloc(1, sizeof(struct trust));
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	authorities_done(&t->cas);
	revoked_free(t->revoked);
	free(t);
}

void
trust_clear_cas(struct trust *t)
{
	authorities_done(&t->cas);
}

void
trust_clear_revoked(struct trust *t)
{
	revoked_free(t->revoked);
	t->revoked = NULL;
	t->no_keys = false;
}

/* --- files --- */

/* Who may write such a file decides who comes in. */
static int
file_read(int fd, size_t max, struct buf *text, struct err *e)
{
	unsigned char *room;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(e, -ENOENT, "cannot be read as a file");
	if ((st.st_mode & 022) != 0)
		return err_set(e, -EPERM, "others may write it: chmod 644 it");
	buf_init(text, max);
	while (n > 0) {
		room = buf_reserve(text, 4096);
		n = room != NULL ? fd_read_full(fd, room, 4096) : -EFBIG;
		if (n > 0)
			buf_added(text, (size_t)n);
	}
	return n == 0 ? 0 : err_set(e, (int)n, "%s", strerror((int)-n));
}

static int
authority_add(struct authorities *a, struct slice line, struct err *e)
{
	struct slice type = words_next(&line), blob, inner;
	struct buf *b;

	if (type.n == 0 || type.p[0] == '#')
		return 0;
	if (a->n == CAS_MAX)
		return err_set(e, -E2BIG, "more than %d authorities", CAS_MAX);
	b = &a->blobs[a->n++];
	buf_init(b, CA_BYTES);
	if (text_unbase64(b, words_next(&line)) != 0)
		return err_set(e, -EINVAL, "not a public key: TYPE BASE64 [comment]");
	blob = buf_slice(b);
	if (cert_is(blob))
		return err_set(e, -EINVAL, "a certificate cannot be an authority");
	if (!be_take_string(&blob, &inner) || !slice_eq(inner, type) || !signature_key_is_usable(buf_slice(b)))
		return err_set(e, -EINVAL, "not a key that can sign here: ed25519, ECDSA, RSA of 2048 bits at least");
	return 0;
}

static int
authorities_parse(struct authorities *a, struct slice rest, struct err *e)
{
	struct slice line;
	int r = 0;

	for (int number = 1; r == 0 && take_part(&rest, '\n', &line); number++) {
		r = authority_add(a, line, e);
		if (r != 0)
			(void)err_prefix(e, "line %d", number);
	}
	return r;
}

int
trust_load_cas(struct trust *t, int fd, const char *name, struct err *e)
{
	struct authorities cas = { .n = 0 };
	struct buf text;
	int r;

	buf_init(&text, 0);
	r = file_read(fd, 1 << 20, &text, e);
	if (r == 0)
		r = authorities_parse(&cas, buf_slice(&text), e);
	buf_done(&text);
	if (r != 0) {
		authorities_done(&cas);
		return err_prefix(e, "%s", name);
	}
	authorities_done(&t->cas);
	t->cas = cas;
	(void)err_set(e, 0, "%s: %u authorities for user certificates", name, cas.n);
	return 0;
}

int
trust_load_revoked(struct trust *t, int fd, const char *name, struct err *e)
{
	struct revoked *revoked = NULL;
	struct buf text;
	int r;

	buf_init(&text, 0);
	r = file_read(fd, REVOKED_FILE_MAX, &text, e);
	if (r == 0)
		r = revoked_load(buf_slice(&text), &revoked, e);
	buf_done(&text);
	if (r != 0) {
		t->no_keys = t->revoked == NULL;
		return err_prefix(e, "%s", name);
	}
	trust_clear_revoked(t);
	t->revoked = revoked;
	(void)err_set(e, 0, "%s: %zu entries of what is revoked", name, revoked_count(revoked));
	return 0;
}

/* --- questions --- */

const char *
trust_refuses_key(const struct trust *t, struct slice blob)
{
	if (t->no_keys)
		return "the list of revoked keys cannot be read, so no key is good";
	return t->revoked != NULL && revoked_has_key(t->revoked, blob) ? "this key is revoked" : NULL;
}

static bool
is_authority(const struct trust *t, struct slice ca)
{
	for (unsigned i = 0; i < t->cas.n; i++)
		if (slice_eq(buf_slice(&t->cas.blobs[i]), ca))
			return true;
	return false;
}

static int
check(const struct trust *t, struct slice blob, const char *name, wall_t now, const struct cert *c, struct err *e)
{
	if (!is_authority(t, c->ca))
		return err_set(e, -EACCES, cert_is(c->ca) ? "signed by a certificate, not by an authority's key" :
		    "its authority is not trusted here");
	if (t->no_keys)
		return err_set(e, -EACCES, "the list of revoked keys cannot be read, so no key is good");
	if (t->revoked != NULL && revoked_has_cert(t->revoked, c, blob))
		return err_set(e, -EACCES, "it is revoked, or its key or its authority is");
	return cert_check(c, name, (uint64_t)(now.us / 1000000), e);
}

static int
check_source(const struct cert_terms *terms, struct slice src, struct err *e)
{
	return cert_terms_admit(terms, src) ? 0 : err_set(e, -EACCES, "not for use from this address");
}

/* Which certificate, before what is wrong with it. */
static int
result(int r, const struct cert *c, struct err *e)
{
	char id[64];

	if (r != 0)
		(void)err_prefix(e, "certificate \"%s\" serial %" PRIu64, text_escaped(c->key_id, id, sizeof(id)), c->serial);
	return r;
}

int
trust_check(const struct trust *t, struct slice blob, const char *name, struct slice src, wall_t now, struct cert *c,
    struct cert_terms *terms, struct err *e)
{
	int r = cert_parse(blob, c);

	if (r != 0)
		return err_set(e, r, "a certificate that cannot be read");
	r = check(t, blob, name, now, c, e);
	if (r == 0)
		r = cert_verify(c, e);
	if (r == 0)
		r = cert_terms(c, terms, e);
	if (r == 0)
		r = check_source(terms, src, e);
	return result(r, c, e);
}

int
trust_check_again(const struct trust *t, struct slice blob, const char *name, struct slice src, wall_t now,
    const struct cert *c, const struct cert_terms *terms, struct err *e)
{
	int r = check(t, blob, name, now, c, e);

	return result(r == 0 ? check_source(terms, src, e) : r, c, e);
}
