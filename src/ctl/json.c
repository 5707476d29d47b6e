/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ctl/json.h"

enum { STRING_MAX = 1 << 20 };

void
json_init(struct json *j, const char *file, struct slice text, struct err *e)
{
	*j = (struct json){ .file = file, .text = text, .e = e };
	buf_init(&j->string, STRING_MAX);
}

void
json_done(struct json *j)
{
	buf_done(&j->string);
}

void
json_place(const struct json *j, size_t at, unsigned *line, unsigned *col)
{
	*line = *col = 1;
	for (size_t i = 0; i < at && i < j->text.n; i++, ++*col)
		if (j->text.p[i] == '\n') {
			++*line;
			*col = 0;
		}
}

bool
json_fail(struct json *j, size_t at, const char *fmt, ...)
{
	unsigned line, col;
	char words[400];
	va_list ap;

	if (j->failed)
		return false;
	j->failed = true;
	json_place(j, at, &line, &col);
	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	(void)err_set(j->e, -EINVAL, "%s:%u:%u: %s", j->file, line, col, words);
	return false;
}

static bool
is_one_of(unsigned char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

size_t
json_next(struct json *j)
{
	while (j->at < j->text.n && is_one_of(j->text.p[j->at], " \t\r\n"))
		j->at++;
	return j->at;
}

/* The next byte behind blanks; 0 at the end. */
static unsigned char
peek(struct json *j)
{
	size_t at = json_next(j);

	return at < j->text.n ? j->text.p[at] : '\0';
}

/* What stands there, for a message. */
static const char *
shown(struct json *j, char out[40])
{
	size_t at = json_next(j), n = 0;

	if (at == j->text.n)
		return "the end of the file";
	while (at + n < j->text.n && n < 12 && !is_one_of(j->text.p[at + n], " \t\r\n,:"))
		n++;
	return text_escaped(slice_of(j->text.p + at, n > 0 ? n : 1), out, 40);
}

static bool
expected(struct json *j, const char *what)
{
	char text[40];

	return json_fail(j, json_next(j), "%s is expected here, not %s", what, shown(j, text));
}

bool
json_enter(struct json *j, char open)
{
	if (j->failed || peek(j) != (unsigned char)open)
		return expected(j, open == '{' ? "an object { }" : "an array [ ]");
	j->at++;
	j->first = true;
	return true;
}

bool
json_more(struct json *j, char close)
{
	bool first = j->first;

	j->first = false;
	if (j->failed)
		return false;
	if (peek(j) == (unsigned char)close) {
		j->at++;
		return false;
	}
	if (first)
		return true;
	if (peek(j) != ',')
		return expected(j, close == '}' ? "a comma or }" : "a comma or ]");
	j->at++;
	return true;
}

/* --- strings --- */

static int
hex4(const struct json *j, size_t at, uint32_t *ret)
{
	*ret = 0;
	for (size_t i = at; i < at + 4; i++) {
		static const char digits[] = "0123456789abcdefABCDEF";
		const char *d = i < j->text.n && j->text.p[i] != '\0' ? strchr(digits, j->text.p[i]) : NULL;

		if (d == NULL)
			return -EINVAL;
		*ret = *ret << 4 | (uint32_t)(d - digits < 16 ? d - digits : d - digits - 6);
	}
	return 0;
}

/* Behind "\u": a character, or the first of two halves. */
static bool
take_unicode(struct json *j)
{
	uint32_t rune, low;
	size_t at = j->at;

	if (hex4(j, at, &rune) != 0)
		return json_fail(j, at - 2, "four hexadecimal digits follow \\u");
	j->at += 4;
	if (rune >= 0xd800 && rune < 0xdc00 && j->at + 1 < j->text.n && memcmp(j->text.p + j->at, "\\u", 2) == 0 &&
	    hex4(j, j->at + 2, &low) == 0 && low >= 0xdc00 && low < 0xe000) {
		rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
		j->at += 6;
	}
	if (rune == 0 || (rune >= 0xd800 && rune < 0xe000))
		return json_fail(j, at - 2, "\\u%04x is no character", (unsigned)rune);
	return text_put_rune(&j->string, rune) == 0 || json_fail(j, at, "a string that is too long");
}

static bool
take_escape(struct json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned char c = j->at < j->text.n ? j->text.p[j->at] : '\0';
	const char *which = c != '\0' ? strchr(from, c) : NULL;

	j->at++;
	if (c == 'u')
		return take_unicode(j);
	if (which == NULL)
		return json_fail(j, j->at - 2, "an unknown escape: \\\\, \\\", \\n, \\t, \\uXXXX are some");
	return buf_u8(&j->string, (uint8_t)to[which - from]) == 0 || json_fail(j, j->at, "a string that is too long");
}

static bool
take_plain(struct json *j)
{
	size_t from = j->at;

	while (j->at < j->text.n && j->text.p[j->at] != '"' && j->text.p[j->at] != '\\' && j->text.p[j->at] >= ' ')
		j->at++;
	return buf_append(&j->string, j->text.p + from, j->at - from) == 0 || json_fail(j, from, "a string that is too long");
}

bool
json_string(struct json *j, const char *what, struct slice *ret)
{
	size_t at = json_next(j);
	unsigned char c;

	if (j->failed || peek(j) != '"')
		return expected(j, what);
	j->at++;
	buf_clear(&j->string);
	while (take_plain(j)) {
		c = j->at < j->text.n ? j->text.p[j->at] : '\0';
		if (c == '"')
			break;
		if (c != '\\')
			return json_fail(j, j->at < j->text.n ? j->at : at, j->at < j->text.n ?
			    "a control byte in a string: write it as \\n, \\t or \\uXXXX" : "a string that does not end");
		j->at++;
		if (!take_escape(j))
			return false;
	}
	if (j->failed)
		return false;
	j->at++;
	*ret = buf_slice(&j->string);
	return text_is_utf8(*ret) || json_fail(j, at, "a string that is not UTF-8");
}

bool
json_key(struct json *j, struct slice *key)
{
	if (!json_string(j, "a name in quotes", key))
		return false;
	if (peek(j) != ':')
		return expected(j, "a colon");
	j->at++;
	return true;
}

/* --- the others --- */

bool
json_number(struct json *j, const char *what, uint64_t max, uint64_t *ret)
{
	size_t at = json_next(j), n = 0;

	while (!j->failed && at + n < j->text.n && is_one_of(j->text.p[at + n], "0123456789+-.eE"))
		n++;
	if (n == 0)
		return expected(j, what);
	if (!text_u64(slice_of(j->text.p + at, n), max, ret))
		return json_fail(j, at, "%s is expected here, not %.*s", what, (int)(n < 30 ? n : 30), (const char *)j->text.p + at);
	j->at += n;
	return true;
}

static bool
word(struct json *j, const char *text)
{
	size_t at = json_next(j), n = strlen(text);

	if (j->failed || j->text.n - at < n || memcmp(j->text.p + at, text, n) != 0)
		return false;
	j->at += n;
	return true;
}

bool
json_bool(struct json *j, const char *what, bool *ret)
{
	*ret = word(j, "true");
	return *ret || word(j, "false") || expected(j, what);
}

bool
json_null(struct json *j)
{
	return word(j, "null");
}

bool
json_end(struct json *j)
{
	return !j->failed && (json_next(j) == j->text.n || expected(j, "the end of the file"));
}
