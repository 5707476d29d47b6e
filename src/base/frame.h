/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a recording is made of.  A frame is one thing that happened on a channel,
 * at t_ms since the recording began (monotonic), of one kind, with its bytes.
 *
 * Its canonical form, in messages and under the recording's hash chain, is
 *     u8 kind | u64 t_ms | u32 length | bytes           (little-endian)
 * Resize data is "COLSxROWS"; exit data is decimal or "signal NAME"; the rest is as it was on the wire.
 */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include "base/buf.h"

enum frame_kind {
	FRAME_OUT    = 'o',      /* target's output to the user */
	FRAME_ERR    = 'e',      /* target's stderr */
	FRAME_IN     = 'i',      /* user's input */
	FRAME_RESIZE = 'r',
	FRAME_MARK   = 'm',
	FRAME_SIGNAL = 's',
	FRAME_EXIT   = 'x',
	FRAME_NOTICE = 'n',      /* written by the bastion itself */
	FRAME_GAP    = 'g',      /* bytes that were not kept: "COUNT REASON" */
	FRAME_SECRET = 'k',      /* keys typed without echo: their count */
};

#define FRAME_HEAD     13
#define FRAME_DATA_MAX 32768

struct frame {
	unsigned char kind;
	uint64_t t_ms;
	struct slice data;
};

int frame_pack(struct buf *out, const struct frame *f);           /* 0 or buf_append's codes */
/* Takes one frame from the front of s; data points into it.  1, 0 at the end, -EBADMSG. */
int frame_take(struct slice *s, struct frame *f);
bool frame_kind_is_known(unsigned char kind);
/* What a FRAME_RESIZE says.  False: it is another one, or says no size. */
bool frame_size(const struct frame *f, uint32_t *cols, uint32_t *rows);

#define FRAME_SCREEN_HEAD 24

/* A screen as it was before the frame at pos: paint brings a fresh one of that size there.  Between programs it is
 *     u64 t_ms | u64 pos | u32 cols | u32 rows | paint */
struct frame_screen {
	uint64_t t_ms, pos;
	uint32_t cols, rows;
	struct slice paint;
};

int frame_screen_pack(struct buf *out, const struct frame_screen *s);      /* all but the paint.  0 or buf_append's codes */
bool frame_screen_take(struct slice bytes, struct frame_screen *ret);     /* paint points into bytes */

#endif
