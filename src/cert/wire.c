/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See wire.h.  Everything of ours on a wire is little-endian; this is the one place where SSH's order is needed. */
#include "cert/wire.h"

int
wire_put_u32(struct buf *b, uint32_t v)
{
	unsigned char p[4] = { (unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v };

	return buf_append(b, p, sizeof(p));
}

int
wire_put_u64(struct buf *b, uint64_t v)
{
	int r = wire_put_u32(b, (uint32_t)(v >> 32));

	return r != 0 ? r : wire_put_u32(b, (uint32_t)v);
}

int
wire_put_string(struct buf *b, struct slice s)
{
	int r = wire_put_u32(b, (uint32_t)s.n);

	return r != 0 ? r : buf_slice_append(b, s);
}

int
wire_put_text(struct buf *b, const char *text)
{
	return wire_put_string(b, slice_from(text));
}

bool
wire_take_u32(struct slice *s, uint32_t *v)
{
	struct slice p;

	if (!take_bytes(s, 4, &p))
		return false;
	*v = (uint32_t)p.p[0] << 24 | (uint32_t)p.p[1] << 16 | (uint32_t)p.p[2] << 8 | p.p[3];
	return true;
}

bool
wire_take_u64(struct slice *s, uint64_t *v)
{
	struct slice rest = *s;
	uint32_t high, low;

	if (!wire_take_u32(&rest, &high) || !wire_take_u32(&rest, &low))
		return false;
	*v = (uint64_t)high << 32 | low;
	*s = rest;
	return true;
}

bool
wire_take_string(struct slice *s, struct slice *v)
{
	struct slice rest = *s;
	uint32_t n;

	if (!wire_take_u32(&rest, &n) || !take_bytes(&rest, n, v))
		return false;
	*s = rest;
	return true;
}
