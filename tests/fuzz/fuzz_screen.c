/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as a target's output: the model survives, answers in bounded time, and its paint fed to another shows the same
 * characters. */
#include <assert.h>
#include <string.h>

#include "ui/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
same_rows(struct screen *a, struct screen *b)
{
	unsigned cols, rows;
	struct buf x, y;

	screen_size(a, &cols, &rows);
	buf_init(&x, 65536);
	buf_init(&y, 65536);
	for (unsigned r = 0; r < rows; r++) {
		buf_clear(&x);
		buf_clear(&y);
		assert(screen_row(a, r, &x) == 0 && screen_row(b, r, &y) == 0 && slice_eq(buf_slice(&x), buf_slice(&y)));
	}
	buf_done(&x);
	buf_done(&y);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct screen *s = screen_new(40, 10), *again = screen_new(40, 10);
	struct buf paint;

	buf_init(&paint, SCREEN_PAINT_MAX);
	screen_feed(s, slice_of(data, n / 2));
	assert(screen_paint(s, &paint) == 0);
	screen_feed(again, buf_slice(&paint));
	same_rows(s, again);
	if (n > 0)
		screen_resize(s, data[0], data[n - 1]);
	screen_feed(s, slice_of(data + n / 2, n - n / 2));
	buf_clear(&paint);
	assert(screen_paint(s, &paint) == 0);
	screen_free(s);
	screen_free(again);
	buf_done(&paint);
	return 0;
}
