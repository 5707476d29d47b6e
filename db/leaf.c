/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Leaf data as netstrings, and the frame chain. */
#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "db/leaf.h"

static EVP_MD *sha256;
static EVP_MD_CTX *ctx;

/* Fetched once: a fetch for each frame costs more than the hashing. */
static void
digest_start(void)
{
	int r;

	if (sha256 == NULL) {
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
		ctx = EVP_MD_CTX_new();
		assert(sha256 != NULL && ctx != NULL);
	}
	r = EVP_DigestInit_ex2(ctx, sha256, NULL);
	assert(r == 1);
}

static void
digest_add(struct slice s)
{
	int r = EVP_DigestUpdate(ctx, s.p, s.n);

	assert(r == 1);
}

static void
digest_end(unsigned char out[HASH_BYTES])
{
	int r = EVP_DigestFinal_ex(ctx, out, NULL);

	assert(r == 1);
}

void
leaf_sha256(struct slice a, struct slice b, unsigned char out[HASH_BYTES])
{
	digest_start();
	digest_add(a);
	digest_add(b);
	digest_end(out);
}

void
leaf_chain(unsigned char h[HASH_BYTES], struct slice frame)
{
	digest_start();
	digest_add(slice_of("ftrs-frame1", 11));
	digest_add(slice_of(h, HASH_BYTES));
	digest_add(frame);
	digest_end(h);
}

/* The first failure stays; what follows is not added. */
struct writer {
	struct buf *out;
	int r;
};

static void
put(struct writer *w, struct slice s)
{
	if (w->r == 0)
		w->r = text_decimal(w->out, s.n);
	if (w->r == 0)
		w->r = buf_u8(w->out, ':');
	if (w->r == 0)
		w->r = buf_slice_append(w->out, s);
	if (w->r == 0)
		w->r = buf_u8(w->out, ',');
}

static void
put_text(struct writer *w, const char *text)
{
	put(w, slice_from(text));
}

static void
put_number(struct writer *w, int64_t v)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, v);
	put_text(w, digits);
}

static void
put_hash(struct writer *w, const unsigned char h[HASH_BYTES])
{
	char hex[2 * HASH_BYTES + 1];

	for (size_t i = 0; i < HASH_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", h[i]);
	put_text(w, hex);
}

int
leaf_event(struct buf *out, const struct leaf_event *l)
{
	struct writer w = { .out = out };

	put_text(&w, "event");
	put_number(&w, l->id);
	put_number(&w, l->t_us);
	put_number(&w, l->mono_us);
	put_text(&w, l->boot);
	put_number(&w, l->class_uid);
	put_number(&w, l->activity);
	put_number(&w, l->severity);
	put_number(&w, l->ok);
	put_text(&w, l->actor);
	put_text(&w, l->session);
	put_text(&w, l->host);
	put_text(&w, l->src);
	put_text(&w, l->text);
	put_text(&w, l->detail);
	return w.r;
}

int
leaf_open(struct buf *out, const struct leaf_open *l)
{
	const char *const texts[] = { l->user, l->login, l->host, l->addr, l->src, l->method, l->channel,
		l->command, l->term };
	struct writer w = { .out = out };

	put_text(&w, "open");
	put_text(&w, l->session);
	put_number(&w, (int64_t)l->conn);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		put_text(&w, texts[i]);
	put_number(&w, l->cols);
	put_number(&w, l->rows);
	put_text(&w, l->rule);
	put_text(&w, l->policy);
	put_text(&w, l->node);
	put_text(&w, l->boot);
	put_number(&w, l->start_us);
	put_number(&w, l->start_mono_us);
	return w.r;
}

int
leaf_segment(struct buf *out, const struct leaf_segment *l)
{
	struct writer w = { .out = out };

	put_text(&w, "segment");
	put_text(&w, l->session);
	put_number(&w, l->no);
	put_number(&w, (int64_t)l->pos0);
	put_number(&w, (int64_t)l->pos1);
	put_number(&w, l->frames);
	put_number(&w, (int64_t)l->t0_ms);
	put_number(&w, (int64_t)l->t1_ms);
	put_hash(&w, l->prev);
	put_hash(&w, l->hash);
	return w.r;
}

int
leaf_close(struct buf *out, const struct leaf_close *l)
{
	struct writer w = { .out = out };

	put_text(&w, "close");
	put_text(&w, l->session);
	put_number(&w, l->end_us);
	put_text(&w, l->state);
	put_text(&w, l->reason);
	put_text(&w, l->exit);
	put_number(&w, (int64_t)l->bytes);
	put_number(&w, (int64_t)l->frames);
	put_number(&w, l->segments);
	put_hash(&w, l->chain);
	return w.r;
}
