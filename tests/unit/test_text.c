/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Foreign bytes in every place that they go to, and what is refused as text. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "tests/tap.h"

struct row {
	const char *in, *want;
};

#define ROWS(r) (sizeof(r) / sizeof((r)[0]))

static const struct row escapes[] = {
	{ "plain text", "plain text" },
	{ "\x1b[31mred\x07", "\\x1b[31mred\\x07" },
	{ "a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd" },
	{ "back\\slash", "back\\\\slash" },
	{ "\x7f", "\\x7f" },
	{ "\xc2\x9b" "2J", "\\u{9b}2J" },                       /* C1: CSI in one character */
	{ "\xe2\x80\xae" "exe.txt", "\\u{202e}exe.txt" },        /* right-to-left override */
	{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\u{2066}x\\u{2069}" },  /* isolates */
	{ "\xe2\x80\xa8", "\\u{2028}" },                         /* line separator */
	{ "M\xc3\xbcller \xe4\xb8\xad", "M\xc3\xbcller \xe4\xb8\xad" },
	{ "\xff\xfe", "\\xff\\xfe" },
	{ "\xc0\xaf", "\\xc0\\xaf" },                            /* overlong "/" */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },                   /* a surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },          /* above U+10FFFF */
	{ "cut \xe4\xb8", "cut \\xe4\\xb8" },
};

static const struct row jsons[] = {
	{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ "line\n\ttab\x01", "\"line\\n\\ttab\\u0001\"" },
	{ "\xff", "\"\xef\xbf\xbd\"" },
	{ "\xe2\x80\xae", "\"\\u202e\"" },
	{ "", "\"\"" },
};

static const struct row csvs[] = {
	{ "plain", "plain" }, { "a,b", "\"a,b\"" }, { "say \"x\"", "\"say \"\"x\"\"\"" },
	{ "=1+1", "'=1+1" }, { "@x,y", "\"'@x,y\"" }, { "two\nlines", "\"two\nlines\"" }, { "", "" },
	{ "\033]0;x\007", "\\x1b]0;x\\x07" }, { "a\xe2\x80\xae" "b\xff", "a\\u{202e}b\\xff" }, { "\xef\xbc\x9d" "1", "'\xef\xbc\x9d" "1" }, { "\n=1", "\"'\n=1\"" },
	{ "a\\b", "a\\b" }, { "\xe4\xb8\xad", "\xe4\xb8\xad" },
};

static const struct row base64s[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
};

static void
test_table(const struct row *rows, size_t n, int (*fn)(struct buf *, struct slice))
{
	struct buf b;

	buf_init(&b, 256);
	for (size_t i = 0; i < n; i++) {
		buf_clear(&b);
		(void)fn(&b, slice_from(rows[i].in));
		is(buf_cstr(&b), rows[i].want, rows[i].want);
	}
	buf_done(&b);
}

static void
test_cut(void)
{
	char out[10];
	struct buf b;

	is(text_escaped(slice_from("123456789"), out, sizeof(out)), "123456789", "fits exactly");
	is(text_escaped(slice_from("1234567890"), out, sizeof(out)), "123456\xe2\x80\xa6", "is cut");
	is(text_escaped(slice_from("12345\x1b[m99"), out, sizeof(out)), "12345\xe2\x80\xa6", "never inside an escape");
	is(text_escaped(slice_from("abc"), out, 3), "", "too small even for the dots");
	is(text_cleaned(slice_from("a\\x1b\x1b"), out, sizeof(out)), "a\\x1b\\x1b", "backslashes may stay");
	buf_init(&b, 4);
	ok(text_escape(&b, slice_from("abc\x1b")) == -ENOBUFS && b.len == 0, "what does not fit adds nothing");
	buf_done(&b);
}

static void
test_decoding(void)
{
	static const char *const bad64[] = { "Zg=", "Zg", "Zh==", "Zm9=", "Z===", "Zg==Zg==", "Z g=", "Zm9v\n" };
	struct buf b;

	buf_init(&b, 64);
	for (size_t i = 0; i < ROWS(base64s); i++) {
		buf_clear(&b);
		ok(text_unbase64(&b, slice_from(base64s[i].want)) == 0 && slice_is(buf_slice(&b), base64s[i].in),
		    "\"%s\" back", base64s[i].want);
	}
	for (size_t i = 0; i < ROWS(bad64); i++) {
		buf_clear(&b);
		ok(text_unbase64(&b, slice_from(bad64[i])) == -EINVAL && b.len == 0, "bad base64 %zu", i);
	}
	ok(text_unhex(&b, slice_from("00fFa")) == -EINVAL && text_unhex(&b, slice_from("0g")) == -EINVAL &&
	    b.len == 0, "bad hex");
	ok(text_unhex(&b, slice_from("4aFf")) == 0 && slice_is(buf_slice(&b), "J\xff"), "hex in either case");
	buf_done(&b);
}

static void
test_words(void)
{
	static const char *const words[] = { "session", "policy", "host", "hosts", "replay" };
	char longest[66];
	uint64_t v = 5;
	struct buf digits;

	memset(longest, 'a', 65);
	longest[65] = '\0';
	ok(text_is_name(slice_of(longest, 64)) && !text_is_name(slice_of(longest, 65)), "names end at 64");
	ok(text_is_name(slice_from("db-7.eu_x@y")) && !text_is_name(slice_from("")) && !text_is_name(slice_from("-x")) &&
	    !text_is_name(slice_from("a+b")) && !text_is_name(slice_from("a/b")) &&
	    !text_is_name(slice_of("a\0b", 3)), "what is a name");
	buf_init(&digits, 64);
	ok(text_decimal(&digits, 0) == 0 && text_decimal(&digits, UINT64_MAX) == 0 && slice_is(buf_slice(&digits), "018446744073709551615"),
	    "numbers as digits");
	buf_done(&digits);
	ok(text_u64(slice_from("18446744073709551615"), UINT64_MAX, &v) && v == UINT64_MAX, "the largest number");
	ok(!text_u64(slice_from("18446744073709551616"), UINT64_MAX, &v) && !text_u64(slice_from("11"), 10, &v) &&
	    !text_u64(slice_from(""), 10, &v) && !text_u64(slice_from("+1"), 10, &v) &&
	    !text_u64(slice_from("1 "), 10, &v) && v == UINT64_MAX, "what is no number");
	is(text_nearest("sesion", words, 5), "session", "a letter left out");
	is(text_nearest("polciy", words, 5), "policy", "two letters swapped");
	is(text_nearest("hosst", words, 5), "host", "the first of the nearest");
	ok(text_nearest("xy", words, 5) == NULL && text_nearest("monitor", words, 5) == NULL, "nothing near");
}

static void
test_globs(void)
{
	static const struct { const char *pattern, *text; bool want; } rows[] = {
		{ "*", "", true }, { "web*", "web1", true }, { "web?", "web", false }, { "w?b1", "web1", true },
		{ "*.eu.*", "db.eu.example", true }, { "*a*b*c", "xaxbxbxc", true }, { "*a*b*c", "xaxbxbx", false },
		{ "?", "\xe4\xb8\xad", true }, { "??", "\xe4\xb8\xad", false }, { "", "", true }, { "", "x", false },
		{ "[ab]", "a", false }, { "***x", "x", true }, { "\xfe", "\xff", false },
	};

	for (size_t i = 0; i < ROWS(rows); i++)
		ok(text_glob(slice_from(rows[i].pattern), slice_from(rows[i].text)) == rows[i].want,
		    "glob %zu", i);
}

static void
test_clock_and_err(void)
{
	static const struct { int64_t s; const char *want; } rows[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" }, { 951782400, "2000-02-29T00:00:00.000000Z" },
		{ 1795518529, "2026-11-24T11:08:49.000000Z" }, { 4107542399, "2100-02-28T23:59:59.000000Z" },
		{ -1, "1969-12-31T23:59:59.000000Z" },
	};
	struct err e;
	char at[32];

	for (size_t i = 0; i < ROWS(rows); i++)
		is(clock_print((wall_t){ rows[i].s * 1000000 }, at, sizeof(at)), rows[i].want, "a moment");
	ok(err_set(&e, -EINVAL, "bad %s", "x\x1by\\x01") == -EINVAL, "the code comes back");
	is(e.text, "bad x\\x1by\\x01", "control bytes do not");
	ok(err_prefix(&e, "line %d", 3) == -EINVAL, "so from the prefix");
	is(e.text, "line 3: bad x\\x1by\\x01", "with the prefix in front");
	ok(err_set(NULL, -EIO, "x") == -EIO, "nobody need listen");
}

int
main(void)
{
	test_table(escapes, ROWS(escapes), text_escape);
	test_table(jsons, ROWS(jsons), text_json);
	test_table(csvs, ROWS(csvs), text_csv);
	test_table(base64s, ROWS(base64s), text_base64);
	test_cut();
	test_decoding();
	test_words();
	test_globs();
	test_clock_and_err();
	return tap_done();
}
