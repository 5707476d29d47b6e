/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Frames into segments and back, byte for byte; damage anywhere is seen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "db/segment.h"
#include "tests/tap.h"

static void
add(struct buf *b, unsigned char kind, uint64_t t, const void *p, size_t n)
{
	struct frame f = { .kind = kind, .t_ms = t, .data = slice_of(p, n) };

	if (frame_pack(b, &f) != 0)
		abort();
}

/* Both parts one behind the other, as they lie on disk. */
static int
pack(struct buf *packed, struct segment *s, struct slice raw)
{
	struct slice parts[2];
	int r = segment_pack(packed, s, raw, parts);

	if (r == 0 && parts[1].p == raw.p)
		r = buf_slice_append(packed, raw);
	return r;
}

static void
roundtrip(const char *what, const struct buf *raw, unsigned codec)
{
	struct segment s = { .id = "0123456789abcde", .no = 3, .pos0 = 77 }, got = { 0 };
	struct buf packed, out;

	buf_init(&packed, SEGMENT_MAX);
	buf_init(&out, SEGMENT_RAW_MAX);
	ok(pack(&packed, &s, buf_slice(raw)) == 0, "%s: packs, %zu to %zu bytes", what, raw->len, packed.len);
	ok(s.codec == codec, "%s: codec %u", what, s.codec);
	ok(segment_unpack(buf_slice(&packed), &got, &out) == 0 && slice_eq(buf_slice(&out), buf_slice(raw)),
	    "%s: comes back", what);
	ok(memcmp(got.id, s.id, ID_BYTES) == 0 && got.no == 3 && got.pos0 == 77 && got.frames == s.frames, "%s: its head",
	    what);
	ok(segment_unpack(slice_of(packed.p, packed.len - 1), &got, &out) == -EBADMSG, "%s: cut short", what);
	packed.p[0] ^= 1;
	ok(segment_unpack(buf_slice(&packed), &got, &out) == -EBADMSG, "%s: another magic", what);
	buf_done(&packed);
	buf_done(&out);
}

static void
test_terminal(void)
{
	struct buf raw;

	buf_init(&raw, SEGMENT_RAW_MAX);
	add(&raw, FRAME_RESIZE, 5, "80x24", 5);
	for (unsigned i = 0; i < 400; i++)
		add(&raw, i % 3 ? FRAME_OUT : FRAME_IN, 10 + i * 7, "\033[1mls -l /usr/share/doc\r\n", i % 24);
	add(&raw, FRAME_EXIT, 2, "0", 1);         /* a clock may step back: it comes out as it went in */
	roundtrip("terminal", &raw, 1);
	buf_done(&raw);
}

static void
test_noise(void)
{
	static unsigned char noise[FRAME_DATA_MAX];
	uint32_t x = 1;
	struct buf raw;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
	buf_init(&raw, SEGMENT_RAW_MAX);
	for (unsigned i = 0; i < 8; i++)
		add(&raw, FRAME_OUT, i, noise, sizeof(noise));
	roundtrip("noise", &raw, 0);
	buf_done(&raw);
}

static void
test_flips(void)
{
	struct segment s = { .id = "0123456789abcde" }, got;
	struct buf raw, packed, out;
	unsigned same = 0;

	buf_init(&raw, SEGMENT_RAW_MAX);
	buf_init(&packed, SEGMENT_MAX);
	buf_init(&out, SEGMENT_RAW_MAX);
	for (unsigned i = 0; i < 40; i++)
		add(&raw, FRAME_OUT, i * 3, "some output of a program", i % 20);
	ok(pack(&packed, &s, buf_slice(&raw)) == 0, "frames are packed");
	for (size_t i = SEGMENT_HEAD; i < packed.len; i++) {
		packed.p[i] ^= 0x10;
		buf_clear(&out);
		same += segment_unpack(buf_slice(&packed), &got, &out) == 0 && slice_eq(buf_slice(&out), buf_slice(&raw));
		packed.p[i] ^= 0x10;
	}
	ok(same <= 1, "a flipped bit does not go unseen (%u)", same);
	buf_clear(&packed);
	ok(pack(&packed, &s, slice_of(raw.p, raw.len - 1)) == -EINVAL, "half a frame is refused");
	buf_done(&raw);
	buf_done(&packed);
	buf_done(&out);
}

int
main(void)
{
	test_terminal();
	test_noise();
	test_flips();
	segment_done();
	return tap_done();
}
