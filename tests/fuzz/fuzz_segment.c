/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as a segment: what unpacks is canonical frames, and these pack and unpack to themselves again. */
#include <assert.h>
#include <stddef.h>

#include "db/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
again(struct segment *s, const struct buf *raw)
{
	struct buf packed, back;
	struct slice parts[2];
	struct segment t;

	buf_init(&packed, SEGMENT_MAX);
	buf_init(&back, SEGMENT_RAW_MAX);
	assert(segment_pack(&packed, s, buf_slice(raw), parts) == 0);
	assert(parts[1].p != raw->p || buf_slice_append(&packed, parts[1]) == 0);
	assert(segment_unpack(buf_slice(&packed), &t, &back) == 0);
	assert(slice_eq(buf_slice(&back), buf_slice(raw)) && t.no == s->no && t.pos0 == s->pos0);
	buf_done(&packed);
	buf_done(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct segment s;
	struct buf raw;

	buf_init(&raw, SEGMENT_RAW_MAX);
	if (segment_unpack(slice_of(data, n), &s, &raw) == 0)
		again(&s, &raw);
	else
		assert(raw.len == 0);
	buf_done(&raw);
	return 0;
}
