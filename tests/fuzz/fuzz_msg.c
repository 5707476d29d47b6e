/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as a message: what unpacks, packs again to the same bytes. */
#include <assert.h>
#include <string.h>

#include "msg/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	union { unsigned char bytes[512]; uint64_t align; } m;
	struct slice s = slice_of(data, n);
	struct msg_host_row row;
	struct msg_live_row live;
	struct slice again;
	uint16_t type;
	struct buf b;

	if (!take_u16(&s, &type))
		return 0;
	again = s;
	buf_init(&b, MSG_MAX);
	if (msg_unpack(type, s, &m) == 0 && msg_pack(&b, type, &m) == 0)
		assert(b.len == n && memcmp(b.p, data, n) == 0);
	while (msg_host_row_take(&s, &row) > 0)
		continue;
	while (msg_live_row_take(&again, &live) > 0)
		continue;
	buf_done(&b);
	return 0;
}
