/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>

#include "base/frame.h"
#include "base/text.h"

static const char known_kinds[] = { FRAME_OUT, FRAME_ERR, FRAME_IN, FRAME_RESIZE, FRAME_MARK,
	FRAME_SIGNAL, FRAME_EXIT, FRAME_NOTICE, FRAME_GAP, FRAME_SECRET };

bool
frame_kind_is_known(unsigned char kind)
{
	for (size_t i = 0; i < sizeof(known_kinds); i++)
		if (known_kinds[i] == (char)kind)
			return true;
	return false;
}

int
frame_pack(struct buf *out, const struct frame *f)
{
	int r;

	if (f->data.n > FRAME_DATA_MAX)
		return -ENOBUFS;
	/* Room for all of it first, so that nothing is added when something does not fit. */
	if (buf_reserve(out, FRAME_HEAD + f->data.n) == NULL)
		return FRAME_HEAD + f->data.n > out->max - out->len ? -ENOBUFS : -ENOMEM;
	r = buf_u8(out, f->kind);
	r = r != 0 ? r : buf_u64(out, f->t_ms);
	r = r != 0 ? r : buf_u32(out, (uint32_t)f->data.n);
	return r != 0 ? r : buf_slice_append(out, f->data);
}

int
frame_take(struct slice *s, struct frame *f)
{
	struct slice rest = *s;
	struct frame got;
	uint32_t n;

	if (s->n == 0)
		return 0;
	if (!take_u8(&rest, &got.kind) || !take_u64(&rest, &got.t_ms) || !take_u32(&rest, &n))
		return -EBADMSG;
	if (!frame_kind_is_known(got.kind) || n > FRAME_DATA_MAX || !take_bytes(&rest, n, &got.data))
		return -EBADMSG;
	*f = got;
	*s = rest;
	return 1;
}

bool
frame_size(const struct frame *f, uint32_t *cols, uint32_t *rows)
{
	struct slice high = f->data, wide;
	uint64_t c, r;

	if (f->kind != FRAME_RESIZE || !take_until(&high, 'x', &wide) || !text_u64(wide, UINT32_MAX, &c) || !text_u64(high, UINT32_MAX, &r))
		return false;
	*cols = (uint32_t)c;
	*rows = (uint32_t)r;
	return true;
}

int
frame_screen_pack(struct buf *out, const struct frame_screen *s)
{
	int r = buf_u64(out, s->t_ms);

	r = r != 0 ? r : buf_u64(out, s->pos);
	r = r != 0 ? r : buf_u32(out, s->cols);
	return r != 0 ? r : buf_u32(out, s->rows);
}

bool
frame_screen_take(struct slice bytes, struct frame_screen *ret)
{
	struct frame_screen s;

	if (!take_u64(&bytes, &s.t_ms) || !take_u64(&bytes, &s.pos) || !take_u32(&bytes, &s.cols) || !take_u32(&bytes, &s.rows))
		return false;
	s.paint = bytes;
	*ret = s;
	return true;
}
