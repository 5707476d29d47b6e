/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Frames come back as they went; what is cut, unknown or too long is refused. */
#include <errno.h>
#include <string.h>

#include "base/frame.h"
#include "tests/tap.h"

static void
test_size(void)
{
	static const char *const bad[] = { "", "80", "x24", "80x", "80x24x", "80x24 ", "4294967296x1", "-80x24" };
	struct frame f = { FRAME_RESIZE, 0, slice_from("132x43") };
	uint32_t cols = 1, rows = 2;

	ok(frame_size(&f, &cols, &rows) && cols == 132 && rows == 43, "a terminal's size");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f.data = slice_from(bad[i]);
		ok(!frame_size(&f, &cols, &rows) && cols == 132 && rows == 43, "\"%s\" is none", bad[i]);
	}
	f = (struct frame){ FRAME_OUT, 0, slice_from("80x24") };
	ok(!frame_size(&f, &cols, &rows), "nor is what was written");
}

static void
test_screen(void)
{
	static const unsigned char packed[] = { 1, 2, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 4, 80, 0, 0, 0, 24, 1, 0, 0 };
	struct frame_screen s = { 0x201, 0x0400000000000003, 80, 280, slice_from("paint") }, got = { .pos = 7 };
	struct buf b;

	buf_init(&b, 64);
	ok(frame_screen_pack(&b, &s) == 0 && slice_eq(buf_slice(&b), slice_of(packed, FRAME_SCREEN_HEAD)), "a screen, all but its paint");
	ok(buf_slice_append(&b, s.paint) == 0 && frame_screen_take(buf_slice(&b), &got) && got.t_ms == s.t_ms && got.pos == s.pos &&
	    got.cols == 80 && got.rows == 280 && slice_is(got.paint, "paint"), "and back, with what stands behind it");
	ok(frame_screen_take(slice_of(packed, FRAME_SCREEN_HEAD), &got) && got.paint.n == 0, "it may have none");
	got.pos = 7;
	ok(!frame_screen_take(slice_of(packed, FRAME_SCREEN_HEAD - 1), &got) && got.pos == 7, "one that is cut is none");
	buf_done(&b);
}

int
main(void)
{
	static const unsigned char canonical[] = { 'o', 0x34, 0x12, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 'h', 'i' };
	static unsigned char large[FRAME_DATA_MAX + 1];
	struct frame f = { FRAME_OUT, 0x1234, slice_from("hi") }, got = { 0 };
	struct slice s;
	struct buf b;

	buf_init(&b, 2 * FRAME_DATA_MAX);
	ok(frame_pack(&b, &f) == 0 && slice_eq(buf_slice(&b), slice_of(canonical, sizeof(canonical))), "the canonical form");
	f = (struct frame){ FRAME_RESIZE, 7, slice_from("80x24") };
	ok(frame_pack(&b, &f) == 0, "a second one");
	s = buf_slice(&b);
	ok(frame_take(&s, &got) == 1 && got.kind == 'o' && got.t_ms == 0x1234 && slice_is(got.data, "hi"), "the first back");
	ok(frame_take(&s, &got) == 1 && slice_is(got.data, "80x24") && frame_take(&s, &got) == 0, "the second and the end");
	for (size_t n = 1; n < sizeof(canonical); n++) {
		s = slice_of(canonical, n);
		if (frame_take(&s, &got) != -EBADMSG || s.n != n)
			ok(false, "cut to %zu bytes", n);
	}
	s = slice_of("z\0\0\0\0\0\0\0\0\0\0\0\0", 13);
	ok(frame_take(&s, &got) == -EBADMSG, "an unknown kind");
	buf_clear(&b);
	f = (struct frame){ FRAME_IN, 0, slice_of(large, FRAME_DATA_MAX) };
	ok(frame_pack(&b, &f) == 0, "the largest");
	f.data.n++;
	ok(frame_pack(&b, &f) == -ENOBUFS && b.len == FRAME_HEAD + FRAME_DATA_MAX, "one byte more");
	f.data.n--;
	ok(frame_pack(&b, &f) == -ENOBUFS && b.len == FRAME_HEAD + FRAME_DATA_MAX, "no room: nothing is added");
	buf_done(&b);
	test_size();
	test_screen();
	return tap_done();
}
