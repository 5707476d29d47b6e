/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes on both ways, cut anywhere: a byte of input says which way and how many come next. */
#include <assert.h>
#include <stdint.h>

#include "front/sftp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
on_row(void *arg, const struct sftp_row *row)
{
	unsigned *rows = arg;

	assert(row->op != NULL && row->path.n <= 4096 && row->other.n <= 4096 && row->bytes <= row->moved);
	++*rows;
}

static unsigned asked;

static void
on_ask(void *arg, const char *verb, struct slice path)
{
	(void)arg;
	assert(asked == 0 && (verb[0] == 'g' || verb[0] == 'p') && path.n > 0 && path.p[0] == '/');
	asked = 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	unsigned rows = 0;
	struct sftp *s = n > 0 ? sftp_new((data[0] & 1) != 0, (data[0] & 2) != 0, on_row, &rows) : NULL;
	size_t at = 1;
	int r = 0;

	asked = 0;
	if (s != NULL && (data[0] & 8) != 0)
		sftp_ask_paths(s, (data[0] & 16) == 0, (data[0] & 32) == 0, on_ask);
	while (s != NULL && r == 0 && at < n) {
		enum sftp_way way = (data[at] & 0x80) != 0 ? SFTP_DOWN : SFTP_UP;
		size_t k = (size_t)(data[at++] & 0x7f) + 1;

		k = k < n - at ? k : n - at;
		r = way == SFTP_UP && sftp_is_full(s) ? 0 : sftp_feed(s, way, data + at, k);
		at += k;
		if (r == 0 && asked != 0 && (k & 1) != 0) {
			asked = 0;
			r = sftp_decided(s, (k & 2) != 0, "no");
		}
		buf_clear(sftp_out(s, way));
	}
	while (s != NULL && (data[0] & 4) == 0 && sftp_end(s))
		;
	sftp_free(s);
	return 0;
}
