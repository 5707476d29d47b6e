/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as a command: what is found lies inside what was split. */
#include <assert.h>
#include <stdint.h>

#include "front/copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct copy c;

	if (copy_parse(slice_of(data, n), &c) != 0)
		return 0;
	assert(c.tool != NULL && c.op != NULL && c.paths_n < COPY_WORDS_MAX);
	for (size_t i = 0; i < c.paths_n; i++)
		assert(c.paths[i].p >= c.store.p && c.paths[i].p + c.paths[i].n <= c.store.p + c.store.len);
	copy_done(&c);
	return 0;
}
