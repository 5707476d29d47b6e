/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as frames: what is taken, packs again to the same bytes; and as text in every form. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/frame.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
fuzz_frames(struct slice s)
{
	const unsigned char *start = s.p;
	struct frame f;
	struct buf b;

	buf_init(&b, 1 << 20);
	while (frame_take(&s, &f) == 1)
		if (frame_pack(&b, &f) != 0)
			break;
	assert(b.len == 0 || memcmp(b.p, start, b.len) == 0);
	buf_done(&b);
}

static void
fuzz_text(struct slice s)
{
	char small[24];
	struct buf b, back;
	int r;

	buf_init(&b, 1 << 22);
	buf_init(&back, 1 << 22);
	r = text_escape(&b, s);
	assert(r != 0 || text_is_utf8(buf_slice(&b)));
	(void)text_escaped(s, small, sizeof(small));
	assert(text_is_utf8(slice_from(small)));
	buf_clear(&b);
	r = text_json(&b, s);
	assert(r != 0 || text_is_utf8(buf_slice(&b)));
	buf_clear(&b);
	if (text_base64(&b, s) == 0) {
		r = text_unbase64(&back, buf_slice(&b));
		assert(r == 0 && slice_eq(buf_slice(&back), s));
	}
	buf_clear(&back);
	(void)text_unbase64(&back, s);
	(void)text_glob(slice_of(s.p, s.n / 2 < 16 ? s.n / 2 : 16), s);
	buf_done(&b);
	buf_done(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_frames(slice_of(data, n));
	if (n <= 65536)
		fuzz_text(slice_of(data, n));
	return 0;
}
