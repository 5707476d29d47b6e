/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes on both ways of a terminal, cut anywhere. */
#include <assert.h>
#include <stdint.h>

#include "front/zmodem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
on_row(void *arg, const struct zmodem_row *row)
{
	const size_t *n = arg;

	assert(row->bytes <= *n && row->name.n < 2000 && (row->sha256 == NULL || row->ended));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct zmodem *z = zmodem_new(on_row, &n);
	size_t at = 0;

	while (z != NULL && at < n) {
		enum zmodem_way way = (data[at] & 0x80) != 0 ? ZMODEM_PUT : ZMODEM_GET;
		size_t k = (size_t)(data[at++] & 0x7f) + 1;

		k = k < n - at ? k : n - at;
		zmodem_feed(z, way, data + at, k);
		at += k;
	}
	zmodem_free(z);
	return 0;
}
