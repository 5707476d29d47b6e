/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A buffer never grows past its maximum, and a failed append adds nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/tap.h"

static void
test_bounds(void)
{
	struct buf b;

	buf_init(&b, 10);
	ok(slice_is(buf_slice(&b), "") && strcmp(buf_cstr(&b), "") == 0, "empty at first");
	ok(buf_text(&b, "12345678") == 0 && b.len == 8, "eight of ten");
	ok(buf_text(&b, "abc") == -ENOBUFS && b.len == 8, "three more do not fit, none is added");
	ok(buf_printf(&b, "%d", 123) == -ENOBUFS && b.len == 8, "printed neither");
	ok(buf_u32(&b, 1) == -ENOBUFS && b.len == 8, "nor as a number");
	ok(buf_printf(&b, "%s", "90") == 0, "to the last byte");
	is(buf_cstr(&b), "1234567890", "with its NUL behind the maximum");
	ok(buf_reserve(&b, 1) == NULL, "no room is left");
	buf_consume(&b, 9);
	is(buf_cstr(&b), "0", "the front is forgotten");
	ok(buf_append(&b, "\0", 1) == 0 && strcmp(buf_cstr(&b), "") == 0, "with a NUL it is no C string");
	buf_consume(&b, 2);
	ok(b.len == 0, "consumed whole");
	buf_done(&b);
}

static void
test_numbers(void)
{
	struct slice s, part;
	struct buf b;
	uint8_t one = 9;
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	buf_init(&b, 64);
	ok(buf_u8(&b, 0xab) == 0 && buf_u16(&b, 0x1234) == 0 && buf_u32(&b, 0xdeadbeef) == 0 &&
	    buf_u64(&b, 0x0102030405060708) == 0 && buf_text(&b, "xy") == 0, "packed");
	ok(b.p[1] == 0x34 && b.p[2] == 0x12, "little-endian");
	s = buf_slice(&b);
	ok(take_u8(&s, &one) && take_u16(&s, &two) && take_u32(&s, &four) && take_u64(&s, &eight), "taken");
	ok(one == 0xab && two == 0x1234 && four == 0xdeadbeef && eight == 0x0102030405060708, "the same");
	two = 7;
	ok(!take_u32(&s, &four) && !take_bytes(&s, 3, &part) && s.n == 2, "too short leaves it alone");
	ok(take_bytes(&s, 2, &part) && slice_is(part, "xy") && !take_u8(&s, &one) && one == 0xab, "the rest");
	buf_done(&b);
}

static void
test_parts(void)
{
	struct slice s = slice_from("a,,b"), part = slice_from("as it was");

	ok(!take_until(&s, ';', &part) && s.n == 4 && slice_is(part, "as it was"), "an end that is not there takes nothing");
	ok(take_until(&s, ',', &part) && slice_is(part, "a") && slice_is(s, ",b"), "what stands before it, and it goes too");
	ok(take_part(&s, ',', &part) && part.n == 0 && take_part(&s, ',', &part) && slice_is(part, "b"), "parts may be empty, and the last has no end");
	ok(!take_part(&s, ',', &part) && slice_is(part, "b") && s.p != NULL, "then there is none");
	s = slice_from(",a,,bc,");
	ok(take_filled(&s, ',', &part) && slice_is(part, "a") && take_filled(&s, ',', &part) && slice_is(part, "bc") && !take_filled(&s, ',', &part) && s.n == 0,
	    "or those that are empty are passed over");
	s = slice_of("x\0", 2);
	ok(take_part(&s, '\0', &part) && slice_is(part, "x") && !take_part(&s, '\0', &part), "an end at the end begins nothing");
	s = slice_of("\xff" "\xe9" "b", 3);
	ok(take_until(&s, '\xe9', &part) && part.n == 1 && slice_is(s, "b"), "any byte is an end");
	s = slice_of(NULL, 0);
	ok(!take_part(&s, ',', &part) && !take_until(&s, ',', &part), "nothing has no parts");
}

static void
test_slices(void)
{
	char small[4] = "zzz", *copy = slice_dup(slice_from("web1"));

	is(copy, "web1", "a copy");
	free(copy);
	ok(slice_from(NULL).n == 0 && slice_eq(slice_from(NULL), slice_from("")), "NULL is the empty slice");
	ok(slice_copy(slice_from("abc"), small, sizeof(small)) == 0 && strcmp(small, "abc") == 0, "a text that fits is copied, with its end");
	ok(slice_copy(slice_from("abcd"), small, sizeof(small)) == -ENOBUFS && small[0] == '\0', "of one that does not nothing is");
	ok(slice_copy(slice_of("a\0b", 3), small, sizeof(small)) == -ENOBUFS, "a NUL inside is refused");
	ok(!slice_eq(slice_from("a"), slice_from("b")) && !slice_is(slice_from("a"), "ab"), "differences");
}

int
main(void)
{
	test_bounds();
	test_numbers();
	test_parts();
	test_slices();
	return tap_done();
}
