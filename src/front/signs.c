/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/be.h"
#include "base/text.h"
#include "front/signs.h"

#define FRAME_MAX 262144                 /* OpenSSH's agent takes no more */
#define KEY_MAX   16384
#define SIGN      13

struct signs {
	signs_fn *fn;
	void *arg;
	struct buf head;                 /* of a frame: until it tells what it is */
	size_t skip;                     /* what follows of it */
	bool lost;
};

static const struct { unsigned char type; const char *what; } types[] = {
	{ 11, "list" },   { SIGN, "sign" }, { 17, "add" },    { 18, "remove" },      { 19, "remove all" }, { 20, "add card" },
	{ 21, "remove card" }, { 22, "lock" }, { 23, "unlock" }, { 25, "add constrained" }, { 26, "add card constrained" },
	{ 27, "extension" },
};

struct signs *
signs_new(signs_fn *fn, void *arg)
{
	struct signs *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fn = fn;
	s->arg = arg;
	buf_init(&s->head, 16 + KEY_MAX);
	return s;
}

void
signs_free(struct signs *s)
{
	if (s == NULL)
		return;
	buf_done(&s->head);
	free(s);
}

static void
fingerprint(struct slice key, char out[SIGNS_KEY_SIZE])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct buf b;

	(void)SHA256(key.p, key.n, hash);
	buf_init(&b, 256);
	out[0] = '\0';
	if (buf_text(&b, "SHA256:") == 0 && text_base64(&b, slice_of(hash, sizeof(hash))) == 0 && b.len == SIGNS_KEY_SIZE) {
		memcpy(out, b.p, SIGNS_KEY_SIZE - 1);    /* without the padding */
		out[SIGNS_KEY_SIZE - 1] = '\0';
	}
	buf_done(&b);
}

static const char *
what_of(unsigned char type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return types[i].what;
	return "unknown";
}

/* How many bytes the head needs before it tells what the frame is; 0: it is no frame. */
static size_t
head_needs(struct slice head)
{
	uint32_t n, key;
	uint8_t type;

	if (head.n < 5)
		return 5;
	n = be_u32(head.p);
	type = head.p[4];
	if (n == 0 || n > FRAME_MAX)
		return 0;
	if (type != SIGN || n < 5)
		return type == SIGN ? 0 : 5;
	if (head.n < 9)
		return 9;
	key = be_u32(head.p + 5);
	return key > KEY_MAX || key > n - 5 ? 0 : 9 + (size_t)key;
}

static void
told(struct signs *s)
{
	struct slice head = buf_slice(&s->head);
	char key[SIGNS_KEY_SIZE] = "";
	uint32_t n = be_u32(head.p);

	if (head.p[4] == SIGN)
		fingerprint(slice_of(head.p + 9, head.n - 9), key);
	s->fn(s->arg, what_of(head.p[4]), key);
	s->skip = (size_t)n + 4 - head.n;
	buf_clear(&s->head);
}

bool
signs_feed(struct signs *s, struct slice bytes)
{
	size_t n, need;

	while (!s->lost && bytes.n > 0) {
		n = s->skip < bytes.n ? s->skip : bytes.n;
		s->skip -= n;
		bytes = slice_of(bytes.p + n, bytes.n - n);
		need = head_needs(buf_slice(&s->head));
		if (need > 0) {
			n = need - s->head.len < bytes.n ? need - s->head.len : bytes.n;
			s->lost = buf_append(&s->head, bytes.p, n) != 0;
			bytes = slice_of(bytes.p + n, bytes.n - n);
			need = head_needs(buf_slice(&s->head));
		}
		s->lost |= need == 0;
		if (s->lost)
			return false;
		if (need == s->head.len)
			told(s);
	}
	return true;
}
