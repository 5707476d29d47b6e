/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Packing by columns and back; see segment.h for the format.  Nothing read is trusted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "db/segment.h"

#define CODEC_PLAIN    0
#define CODEC_COLUMNS  1
#define PROBE          4096
#define PROBE_FROM     65536              /* smaller ones are simply compressed */
#define FAST_FROM      262144
#define VARINT_MAX     10

static ZSTD_CCtx *cctx;
static ZSTD_DCtx *dctx;

void
segment_done(void)
{
	ZSTD_freeCCtx(cctx);
	ZSTD_freeDCtx(dctx);
	cctx = NULL;
	dctx = NULL;
}

static unsigned char *
varint_put(unsigned char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (unsigned char)(v | 0x80);
	*p++ = (unsigned char)v;
	return p;
}

static bool
varint_take(struct slice *s, uint64_t *v)
{
	uint64_t x = 0;
	uint8_t b;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (!take_u8(s, &b))
			return false;
		x |= (uint64_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0) {
			*v = x;
			return true;
		}
	}
	return false;
}

/* Times and count of the frames in raw. */
static int
frames_measure(struct slice raw, struct segment *s)
{
	struct frame f;
	int r;

	s->frames = 0;
	s->t0_ms = s->t1_ms = 0;
	while ((r = frame_take(&raw, &f)) == 1) {
		if (s->frames++ == 0)
			s->t0_ms = f.t_ms;
		s->t1_ms = f.t_ms;
	}
	return r;
}

/* 4 kB from the middle: if zstd gains less than a tenth there, it is not worth its time. */
static bool
is_compressible(struct slice raw)
{
	unsigned char out[PROBE + 512];
	size_t n;

	if (raw.n < PROBE_FROM)
		return true;
	n = ZSTD_compressCCtx(cctx, out, sizeof(out), raw.p + raw.n / 2 - PROBE / 2, PROBE, 1);
	return !ZSTD_isError(n) && n < PROBE - PROBE / 10;
}

/* The three columns of raw into a new block; NULL when out of memory. */
static unsigned char *
columns_make(struct slice raw, const struct segment *s, size_t *len)
{
	unsigned char *block = malloc(raw.n + (size_t)s->frames * (2 * VARINT_MAX + 1) + 1), *p = block;
	struct slice rest = raw;
	uint64_t t = s->t0_ms;
	struct frame f;

	if (block == NULL)
		return NULL;
	while (frame_take(&rest, &f) == 1) {
		p = varint_put(p, f.t_ms - t);
		*p++ = f.kind;
		t = f.t_ms;
	}
	for (rest = raw; frame_take(&rest, &f) == 1;)
		p = varint_put(p, f.data.n);
	for (rest = raw; frame_take(&rest, &f) == 1; p += f.data.n)
		if (f.data.n > 0)
			memcpy(p, f.data.p, f.data.n);
	*len = (size_t)(p - block);
	return block;
}

/* Compressed columns at the end of out, or 0 bytes if that would not be smaller than plain (or has no room). */
static int
columns_pack(struct buf *out, const struct segment *s, struct slice raw, uint32_t *ret_len)
{
	unsigned char *block, *to;
	size_t len, n, bound;

	*ret_len = 0;
	block = columns_make(raw, s, &len);
	if (block == NULL)
		return -ENOMEM;
	bound = ZSTD_compressBound(len);
	to = buf_reserve(out, bound);
	n = to == NULL ? raw.n : ZSTD_compressCCtx(cctx, to, bound, block, len, raw.n >= FAST_FROM ? 1 : 3);
	free(block);
	if (!ZSTD_isError(n) && n < raw.n) {
		buf_added(out, n);
		*ret_len = (uint32_t)n;
	}
	return 0;
}

/* Over the room that was kept for it at start. */
static void
head_write(struct buf *b, size_t start, const struct segment *s)
{
	size_t end = b->len;

	b->len = start;
	(void)buf_append(b, "FSEG", 4);
	(void)buf_u8(b, 1);
	(void)buf_u8(b, (uint8_t)s->codec);
	(void)buf_u16(b, 0);
	(void)buf_append(b, s->id, ID_BYTES);
	(void)buf_u32(b, s->no);
	(void)buf_u64(b, s->pos0);
	(void)buf_u32(b, s->raw_len);
	(void)buf_u32(b, s->frames);
	(void)buf_u64(b, s->t0_ms);
	(void)buf_u64(b, s->t1_ms);
	(void)buf_u32(b, s->body_len);
	b->len = end;
}

int
segment_pack(struct buf *out, struct segment *s, struct slice raw, struct slice parts[2])
{
	size_t start = out->len;
	int r = 0;

	if (raw.n == 0 || raw.n > SEGMENT_RAW_MAX || frames_measure(raw, s) != 0)
		return -EINVAL;
	if (cctx == NULL && (cctx = ZSTD_createCCtx()) == NULL)
		return -ENOMEM;
	if (buf_reserve(out, SEGMENT_HEAD) == NULL)
		return -ENOMEM;
	buf_added(out, SEGMENT_HEAD);
	s->raw_len = (uint32_t)raw.n;
	s->body_len = 0;
	if (is_compressible(raw))
		r = columns_pack(out, s, raw, &s->body_len);
	if (r != 0) {
		out->len = start;
		return r;
	}
	s->codec = s->body_len > 0 ? CODEC_COLUMNS : CODEC_PLAIN;
	if (s->codec == CODEC_PLAIN)
		s->body_len = s->raw_len;
	head_write(out, start, s);
	parts[0] = slice_of(out->p + start, SEGMENT_HEAD);
	parts[1] = s->codec == CODEC_PLAIN ? raw : slice_of(out->p + start + SEGMENT_HEAD, s->body_len);
	return 0;
}

int
segment_head(struct slice b, struct segment *s)
{
	struct segment g = { 0 };
	struct slice magic, id;
	uint8_t version, codec;
	uint16_t zero;

	if (!take_bytes(&b, 4, &magic) || !slice_is(magic, "FSEG") || !take_u8(&b, &version) || version != 1 ||
	    !take_u8(&b, &codec) || codec > CODEC_COLUMNS || !take_u16(&b, &zero) || zero != 0 ||
	    !take_bytes(&b, ID_BYTES, &id) || !take_u32(&b, &g.no) || !take_u64(&b, &g.pos0) ||
	    !take_u32(&b, &g.raw_len) || !take_u32(&b, &g.frames) || !take_u64(&b, &g.t0_ms) ||
	    !take_u64(&b, &g.t1_ms) || !take_u32(&b, &g.body_len))
		return -EBADMSG;
	if (g.raw_len == 0 || g.raw_len > SEGMENT_RAW_MAX || g.frames == 0 || g.frames > g.raw_len / FRAME_HEAD ||
	    g.body_len == 0 || g.body_len > g.raw_len)
		return -EBADMSG;
	memcpy(g.id, id.p, ID_BYTES);
	g.codec = codec;
	*s = g;
	return 0;
}

/* The columns in block to canonical frames. */
static int
columns_read(struct slice block, const struct segment *s, struct buf *raw)
{
	struct slice heads = block, lens, data;
	uint64_t dt, n, t = s->t0_ms;
	uint8_t kind;
	int r = 0;

	lens = block;
	for (uint32_t i = 0; i < s->frames; i++)
		if (!varint_take(&lens, &dt) || !take_u8(&lens, &kind))
			return -EBADMSG;
	data = lens;
	for (uint32_t i = 0; i < s->frames; i++)
		if (!varint_take(&data, &n))
			return -EBADMSG;
	for (uint32_t i = 0; i < s->frames && r == 0; i++) {
		struct frame f;

		if (!varint_take(&heads, &dt) || !take_u8(&heads, &f.kind) || !varint_take(&lens, &n) ||
		    n > FRAME_DATA_MAX || !take_bytes(&data, n, &f.data))
			return -EBADMSG;
		f.t_ms = t += dt;
		r = frame_pack(raw, &f);
	}
	return r == 0 && data.n > 0 ? -EBADMSG : r;
}

static int
columns_unpack(struct slice body, const struct segment *s, struct buf *raw)
{
	size_t max = (size_t)s->raw_len + (size_t)s->frames * (2 * VARINT_MAX + 1), n;
	unsigned char *block = malloc(max);
	int r = -EBADMSG;

	if (dctx == NULL)
		dctx = ZSTD_createDCtx();
	if (block == NULL || dctx == NULL) {
		free(block);
		return -ENOMEM;
	}
	n = ZSTD_decompressDCtx(dctx, block, max, body.p, body.n);
	if (!ZSTD_isError(n))
		r = columns_read(slice_of(block, n), s, raw);
	free(block);
	return r;
}

int
segment_unpack(struct slice bytes, struct segment *ret, struct buf *raw)
{
	size_t start = raw->len;
	struct segment s, found;
	struct slice body;
	int r;

	r = segment_head(bytes, &s);
	if (r != 0)
		return r;
	if (bytes.n != SEGMENT_HEAD + (size_t)s.body_len)
		return -EBADMSG;
	body = slice_of(bytes.p + SEGMENT_HEAD, s.body_len);
	r = s.codec == CODEC_COLUMNS ? columns_unpack(body, &s, raw) : buf_slice_append(raw, body);
	found = s;
	if (r == 0 && (raw->len - start != s.raw_len ||
	    frames_measure(slice_of(raw->p + start, raw->len - start), &found) != 0 ||
	    found.frames != s.frames || found.t0_ms != s.t0_ms || found.t1_ms != s.t1_ms))
		r = -EBADMSG;
	if (r != 0) {
		raw->len = start;
		return r;
	}
	*ret = s;
	return 0;
}
