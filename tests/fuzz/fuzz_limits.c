/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as a line of limits: what is taken prints as a line that says the same, and is no stricter than itself. */
#include <assert.h>
#include <string.h>

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct limits l, again;
	struct buf b;

	if (limits_parse(slice_of(data, n), &l) != 0)
		return 0;
	buf_init(&b, LIMITS_TEXT_MAX);
	assert(limits_print(&b, &l) == 0 && limits_parse(buf_slice(&b), &again) == 0);
	assert(memcmp(&l, &again, sizeof(l)) == 0 && limits_still_do(&l, &again));
	limits_join(&again, &l);
	assert(memcmp(&l, &again, sizeof(l)) == 0);
	buf_done(&b);
	return 0;
}
