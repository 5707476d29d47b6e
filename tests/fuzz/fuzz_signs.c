/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as requests to an ssh-agent; the first byte says in which pieces. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "front/signs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
on_sign(void *arg, const char *what, const char *key)
{
	(void)arg;
	assert(what[0] != '\0' && strlen(key) < SIGNS_KEY_SIZE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct signs *s = n > 0 ? signs_new(on_sign, NULL) : NULL;
	size_t piece = n > 0 ? (size_t)data[0] + 1 : 1, k;

	for (size_t at = 1; s != NULL && at < n; at += k) {
		k = piece < n - at ? piece : n - at;
		if (!signs_feed(s, slice_of(data + at, k)))
			break;
	}
	signs_free(s);
	return 0;
}
