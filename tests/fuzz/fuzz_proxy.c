/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* PROXY headers: read as they are asked for, no byte behind the header is wanted, and the result is whole or none. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "front/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy p, again;
	size_t at = 0, want = 0;
	int r;

	while ((r = proxy_parse(slice_of(data, at), &p, &want)) == 0) {
		assert(want > 0 && at + want <= PROXY_MAX);
		if (at + want > size)
			return 0;
		at += want;
	}
	assert(r == 1 || r == -EBADMSG);
	if (r != 1)
		return 0;
	assert(p.from_port <= 65535 && p.to_port <= 65535);
	/* Cut short it is never whole; given at once it says the same. */
	for (size_t n = 0; n < at; n++)
		assert(proxy_parse(slice_of(data, n), &again, &want) != 1);
	assert(proxy_parse(slice_of(data, at), &again, &want) == 1 && again.own == p.own && (p.own || net_eq(&again.from, &p.from)));
	return 0;
}
