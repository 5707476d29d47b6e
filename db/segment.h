/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A segment: a run of one recording's frames as it lies on disk, in rec-YYYY-MM.seg.
 *
 *     "FSEG" | u8 version 1 | u8 codec | u16 0 | 16 session id | u32 no | u64 pos0 |
 *     u32 raw_len | u32 frames | u64 t0_ms | u64 t1_ms | u32 body_len | body      (little-endian)
 *
 * codec 0, plain: body is the frames in canonical form (raw_len bytes).
 * codec 1, columnar: body is one zstd frame; inside, for each frame varint(t_ms minus the
 * frame's before it, the first one's minus t0_ms, modulo 2^64) and its kind; then for each frame varint(length);
 * then all their bytes.  Frames of one session look alike column by column, which is what makes it small.
 * Data that a probe finds incompressible stays plain: it costs no time and no copy.
 */
#ifndef DB_SEGMENT_H
#define DB_SEGMENT_H

#include "base/frame.h"
#include "base/id.h"

#define SEGMENT_HEAD    64
#define SEGMENT_RAW_MAX (2u << 20)                /* bytes of canonical frames in one segment */
#define SEGMENT_MAX     (SEGMENT_HEAD + SEGMENT_RAW_MAX + 65536)

struct segment {
	unsigned char id[ID_BYTES];
	uint32_t no;
	uint64_t pos0;
	uint32_t raw_len, frames;
	uint64_t t0_ms, t1_ms;
	unsigned codec;
	uint32_t body_len;
};

/* Head and body for raw (canonical frames) as two parts, to be written one behind the other; what had to be made of them
 * is appended to out, a plain body is raw itself.  s: id, no and pos0 are the caller's, the rest is filled.
 * 0, -EINVAL raw is not canonical or too long, -ENOMEM, -ENOBUFS. */
int segment_pack(struct buf *out, struct segment *s, struct slice raw, struct slice parts[2]);
/* Reads a head.  0 or -EBADMSG. */
int segment_head(struct slice bytes, struct segment *s);
/* Whole segment to canonical frames, appended to raw (whose max must allow it); every field is checked
 * against what is inside.  0, -EBADMSG, -ENOMEM, -ENOBUFS. */
int segment_unpack(struct slice bytes, struct segment *s, struct buf *raw);
void segment_done(void);                          /* frees the compressor kept between calls */

#endif
