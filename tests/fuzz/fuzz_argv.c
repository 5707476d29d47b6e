/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as the words of a command: what is taken ends with NULL and lies inside. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "agent/argv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const unsigned char head[4];
	struct argv w;
	size_t all = 0;

	if (n > ARGV_BYTES)
		return 0;
	argv_init(&w);
	if (buf_append(&w.bytes, head, sizeof head) == 0 && buf_append(&w.bytes, data, n) == 0 && argv_parse(&w) == 1) {
		assert(w.argv[0][0] == '/');
		for (size_t i = 0; w.argv[i] != NULL; i++) {
			assert((unsigned char *)w.argv[i] > w.bytes.p && (unsigned char *)w.argv[i] < w.bytes.p + w.bytes.len);
			all += 4 + strlen(w.argv[i]);
		}
		assert(all == n);
	}
	argv_done(&w);
	return 0;
}
