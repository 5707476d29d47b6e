/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Growth doubles up to the owner's maximum.  One byte beyond the maximum may be
 * allocated, for the NUL that buf_cstr and buf_vprintf put after the last byte.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define FIRST_CAP 64

struct slice
slice_from(const char *text)
{
	return slice_of(text, text == NULL ? 0 : strlen(text));
}

struct slice
slice_of(const void *p, size_t n)
{
	return (struct slice){ .p = p, .n = n };
}

bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
slice_is(struct slice a, const char *text)
{
	return slice_eq(a, slice_from(text));
}

char *
slice_dup(struct slice s)
{
	char *copy = malloc(s.n + 1);

	if (copy == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

int
slice_copy(struct slice s, char *dst, size_t size)
{
	assert(size > 0);
	dst[0] = '\0';
	if (s.n == 0)
		return 0;
	if (s.n >= size || memchr(s.p, '\0', s.n) != NULL)
		return -ENOBUFS;
	memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
	return 0;
}

void
buf_init(struct buf *b, size_t max)
{
	assert(max < SIZE_MAX / 4);
	*b = (struct buf){ .max = max };
}

void
buf_done(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
}

struct slice
buf_slice(const struct buf *b)
{
	return slice_of(b->p, b->len);
}

/* Room for n more bytes and a NUL.  0, -ENOBUFS, -ENOMEM. */
static int
buf_grow(struct buf *b, size_t n)
{
	size_t need, cap;
	unsigned char *p;

	assert(b->len <= b->max);
	if (n > b->max - b->len)
		return -ENOBUFS;
	need = b->len + n + 1;
	if (need <= b->cap)
		return 0;
	cap = b->cap < FIRST_CAP ? FIRST_CAP : b->cap * 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	if (cap < need)
		cap = need;
	p = realloc(b->p, cap);
	if (p == NULL)
		return -ENOMEM;
	b->p = p;
	b->cap = cap;
	return 0;
}

int
buf_append(struct buf *b, const void *p, size_t n)
{
	int r = buf_grow(b, n);

	if (r == 0 && n > 0) {
		memcpy(b->p + b->len, p, n);
		b->len += n;
	}
	return r;
}

int
buf_slice_append(struct buf *b, struct slice s)
{
	return buf_append(b, s.p, s.n);
}

int
buf_text(struct buf *b, const char *text)
{
	return buf_slice_append(b, slice_from(text));
}

int
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n, r;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return -EINVAL;
	r = buf_grow(b, (size_t)n);
	if (r != 0)
		return r;
	vsnprintf((char *)b->p + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return 0;
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return r;
}

static int
buf_number(struct buf *b, uint64_t v, size_t n)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(v >> (8 * i));
	return buf_append(b, bytes, n);
}

int
buf_u8(struct buf *b, uint8_t v)
{
	return buf_number(b, v, 1);
}

int
buf_u16(struct buf *b, uint16_t v)
{
	return buf_number(b, v, 2);
}

int
buf_u32(struct buf *b, uint32_t v)
{
	return buf_number(b, v, 4);
}

int
buf_u64(struct buf *b, uint64_t v)
{
	return buf_number(b, v, 8);
}

unsigned char *
buf_reserve(struct buf *b, size_t n)
{
	return buf_grow(b, n) == 0 ? b->p + b->len : NULL;
}

void
buf_added(struct buf *b, size_t n)
{
	assert(n <= b->max - b->len && b->len + n <= b->cap);
	b->len += n;
}

void
buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	b->len -= n;
	if (b->len > 0 && n > 0)
		memmove(b->p, b->p + n, b->len);
}

const char *
buf_cstr(struct buf *b)
{
	if (buf_grow(b, 0) != 0 || memchr(b->p, '\0', b->len) != NULL)
		return "";
	b->p[b->len] = '\0';
	return (const char *)b->p;
}

static bool
take_number(struct slice *s, size_t n, uint64_t *v)
{
	*v = 0;
	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		*v |= (uint64_t)s->p[i] << (8 * i);
	s->p += n;
	s->n -= n;
	return true;
}

bool
take_u8(struct slice *s, uint8_t *v)
{
	uint64_t wide;

	if (!take_number(s, 1, &wide))
		return false;
	*v = (uint8_t)wide;
	return true;
}

bool
take_u16(struct slice *s, uint16_t *v)
{
	uint64_t wide;

	if (!take_number(s, 2, &wide))
		return false;
	*v = (uint16_t)wide;
	return true;
}

bool
take_u32(struct slice *s, uint32_t *v)
{
	uint64_t wide;

	if (!take_number(s, 4, &wide))
		return false;
	*v = (uint32_t)wide;
	return true;
}

bool
take_u64(struct slice *s, uint64_t *v)
{
	uint64_t wide;

	if (!take_number(s, 8, &wide))
		return false;
	*v = wide;
	return true;
}

bool
take_bytes(struct slice *s, size_t n, struct slice *v)
{
	if (s->n < n)
		return false;
	*v = slice_of(s->p, n);
	if (n > 0)
		s->p += n;
	s->n -= n;
	return true;
}

bool
take_until(struct slice *s, char end, struct slice *v)
{
	const unsigned char *at = s->n > 0 ? memchr(s->p, end, s->n) : NULL;
	struct slice all = *s;

	if (at == NULL)
		return false;
	*v = slice_of(all.p, (size_t)(at - all.p));
	*s = slice_of(at + 1, all.n - v->n - 1);
	return true;
}

bool
take_part(struct slice *s, char end, struct slice *v)
{
	return s->n > 0 && (take_until(s, end, v) || take_bytes(s, s->n, v));
}

bool
take_filled(struct slice *s, char end, struct slice *v)
{
	while (take_part(s, end, v))
		if (v->n > 0)
			return true;
	return false;
}
