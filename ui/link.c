/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "ui/link.h"

/* ---- facts: name and value each with a NUL behind it, so that they are C strings where they lie ---- */

static int
add_string(struct buf *b, const char *s)
{
	size_t n = strlen(s) + 1;
	int r = buf_u32(b, (uint32_t)n);

	return r == 0 ? buf_append(b, s, n) : r;
}

int
facts_add(struct facts *f, const char *name, const char *value, bool number)
{
	size_t before = f->bytes.len;
	int r = buf_u8(&f->bytes, number ? 'n' : 't');

	r = r != 0 ? r : add_string(&f->bytes, name);
	r = r != 0 ? r : add_string(&f->bytes, value);
	if (r != 0)
		f->bytes.len = before;
	return r;
}

static const char *
take_string(struct slice *s)
{
	struct slice text;
	uint32_t n;

	if (!take_u32(s, &n) || n == 0 || !take_bytes(s, n, &text) || text.p[n - 1] != '\0')
		return NULL;
	return (const char *)text.p;
}

bool
facts_next(const struct facts *f, size_t *at, const char **name, const char **value, bool *number)
{
	struct slice s = slice_of(f->bytes.p + *at, f->bytes.len - *at);
	uint8_t kind;

	if (f->bytes.len == 0 || !take_u8(&s, &kind) || (*name = take_string(&s)) == NULL || (*value = take_string(&s)) == NULL)
		return false;
	*number = kind == 'n';
	*at = f->bytes.len - s.n;
	return true;
}

const char *
facts_text(const struct facts *f, const char *name)
{
	const char *have, *value;
	size_t at = 0;
	bool number;

	while (facts_next(f, &at, &have, &value, &number))
		if (strcmp(have, name) == 0)
			return value;
	return "";
}

uint64_t
facts_number(const struct facts *f, const char *name)
{
	uint64_t v = 0;

	(void)text_u64(slice_from(facts_text(f, name)), INT64_MAX, &v);
	return v;
}

/* ---- asking ---- */

/* LINK_* with the answer in out, or -EPIPE, -EPROTO. */
static int
ask(struct link *k, uint8_t what, uint64_t arg, struct buf *out)
{
	unsigned char head[8], *to;
	struct buf request;
	struct slice s;
	uint32_t status, n;
	int r;

	buf_init(&request, LINK_REQUEST);
	r = buf_u8(&request, what);
	r = r != 0 ? r : buf_u8(&request, k->which);
	r = r != 0 ? r : buf_u64(&request, arg);
	r = r != 0 ? r : fd_write_full(k->fd, request.p, request.len);
	buf_done(&request);
	buf_clear(out);
	s = slice_of(head, sizeof(head));
	if (r != 0 || fd_read_full(k->fd, head, sizeof(head)) != (ssize_t)sizeof(head) || !take_u32(&s, &status) || !take_u32(&s, &n))
		return -EPIPE;
	if (status > LINK_BROKEN || n > LINK_MAX || (to = buf_reserve(out, n + 1)) == NULL)
		return -EPROTO;
	if (fd_read_full(k->fd, to, n) != (ssize_t)n)
		return -EPIPE;
	buf_added(out, n);
	return (int)status;
}

/* Not to be read further: why, in words. */
static int
broken(struct link *k, int r, struct buf *answer)
{
	if (r == LINK_BROKEN)
		(void)text_cleaned(buf_slice(answer), k->broken, sizeof(k->broken));
	else
		(void)snprintf(k->broken, sizeof(k->broken), "its reader has ended");
	buf_clear(answer);
	return -EIO;
}

int
link_init(struct link *k, int fd, uint8_t which)
{
	int r;

	*k = (struct link){ .fd = fd, .which = which };
	buf_init(&k->facts.bytes, LINK_MAX + 1);
	buf_init(&k->chunk, LINK_MAX + 1);
	buf_init(&k->key, LINK_MAX + 1);
	r = ask(k, LINK_FACTS, 0, &k->facts.bytes);
	return r == LINK_OK ? 0 : broken(k, r, &k->facts.bytes);
}

void
link_done(struct link *k)
{
	buf_done(&k->facts.bytes);
	buf_done(&k->chunk);
	buf_done(&k->key);
}

static int
frames_next(void *arg, struct frame *f, uint64_t *pos)
{
	struct link *k = arg;
	struct slice s;
	int r = LINK_OK;

	if (k->at == k->chunk.len) {
		k->base += k->at;
		k->at = 0;
		r = ask(k, LINK_FRAMES, k->base, &k->chunk);
	}
	if (r == LINK_NONE)
		return 0;
	s = slice_of(k->chunk.p + k->at, k->chunk.len - k->at);
	if (r != LINK_OK)
		return broken(k, r, &k->chunk);
	if (frame_take(&s, f) != 1)
		return broken(k, -EPROTO, &k->chunk);
	*pos = k->base + k->at;
	k->at = k->chunk.len - s.n;
	return 1;
}

/* Where a frame begins; if it is not in the chunk it is asked for. */
static void
frames_seek(void *arg, uint64_t pos)
{
	struct link *k = arg;

	if (pos >= k->base && pos - k->base < k->chunk.len) {
		k->at = (size_t)(pos - k->base);
		return;
	}
	buf_clear(&k->chunk);
	k->base = pos;
	k->at = 0;
}

static bool
key_ask(struct link *k, uint8_t what, uint64_t arg, struct frame_screen *key)
{
	return ask(k, what, arg, &k->key) == LINK_OK && frame_screen_take(buf_slice(&k->key), key);
}

static bool
key_get(void *arg, uint64_t t_ms, struct frame_screen *key)
{
	return key_ask(arg, LINK_KEY, t_ms, key) && key->t_ms <= t_ms;
}

bool
link_tail(struct link *k, uint64_t bytes, struct frame_screen *key)
{
	return key_ask(k, LINK_TAIL, bytes, key);
}

int
link_length(struct link *k, uint64_t *length_ms, bool *open)
{
	struct slice s;
	uint8_t is_open;
	int r = ask(k, LINK_LENGTH, 0, &k->key);

	s = buf_slice(&k->key);
	if (r != LINK_OK || !take_u64(&s, length_ms) || !take_u8(&s, &is_open))
		return broken(k, r == LINK_OK ? -EPROTO : r, &k->key);
	*open = is_open != 0;
	return 0;
}

void
link_source(struct link *k, struct replay_source *ret)
{
	*ret = (struct replay_source){ .next = frames_next, .seek = frames_seek, .key = key_get, .arg = k,
		.length_ms = facts_number(&k->facts, "length_ms"), .cols = (unsigned)facts_number(&k->facts, "cols"),
		.rows = (unsigned)facts_number(&k->facts, "rows") };
}
