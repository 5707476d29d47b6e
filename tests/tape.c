/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include "tests/tape.h"

void
tape_add(struct tape *t, unsigned char kind, uint64_t ms, const char *text)
{
	struct frame f = { kind, ms, slice_from(text) };

	(void)frame_pack(&t->bytes, &f);
}

int
tape_next(void *arg, struct frame *f, uint64_t *pos)
{
	struct tape *t = arg;
	struct slice left = slice_of(t->bytes.p + t->at, t->bytes.len - t->at);
	int r;

	*pos = t->at;
	r = frame_take(&left, f);
	t->at = t->bytes.len - left.n;
	return r;
}

void
tape_seek(void *arg, uint64_t pos)
{
	((struct tape *)arg)->at = pos;
}
