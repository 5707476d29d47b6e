/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Everything of ours on a wire is little-endian; this is the one place where SSH's order is known. */
#include "base/be.h"

uint32_t
be_u32(const unsigned char p[4])
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int
be_put_u32(struct buf *b, uint32_t v)
{
	unsigned char p[4] = { (unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v };

	return buf_append(b, p, sizeof(p));
}

int
be_put_u64(struct buf *b, uint64_t v)
{
	int r = be_put_u32(b, (uint32_t)(v >> 32));

	return r != 0 ? r : be_put_u32(b, (uint32_t)v);
}

int
be_put_string(struct buf *b, struct slice s)
{
	int r = be_put_u32(b, (uint32_t)s.n);

	return r != 0 ? r : buf_slice_append(b, s);
}

int
be_put_text(struct buf *b, const char *text)
{
	return be_put_string(b, slice_from(text));
}

bool
be_take_u32(struct slice *s, uint32_t *v)
{
	struct slice p;

	if (!take_bytes(s, 4, &p))
		return false;
	*v = be_u32(p.p);
	return true;
}

bool
be_take_u64(struct slice *s, uint64_t *v)
{
	struct slice rest = *s;
	uint32_t high, low;

	if (!be_take_u32(&rest, &high) || !be_take_u32(&rest, &low))
		return false;
	*v = (uint64_t)high << 32 | low;
	*s = rest;
	return true;
}

bool
be_take_string(struct slice *s, struct slice *v)
{
	struct slice rest = *s;
	uint32_t n;

	if (!be_take_u32(&rest, &n) || !take_bytes(&rest, n, v))
		return false;
	*s = rest;
	return true;
}
