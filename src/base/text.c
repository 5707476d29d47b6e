/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Two engines: text_rune decodes strict UTF-8 (no overlong forms, no surrogates, nothing
 * above U+10FFFF), and piece_of turns one character into what may be shown.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define REPLACEMENT 0xfffdu
#define ELLIPSIS    "\xe2\x80\xa6"

struct range {
	uint32_t first, last;
};

/* What could end a line, move the cursor, or turn text around on a screen, and what nobody sees there.  The joiners, U+200C and
 * U+200D, are letters' own. */
static const struct range unsafe_runes[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x061c, 0x061c }, { 0x115f, 0x1160 }, { 0x180e, 0x180e }, { 0x200b, 0x200b },
	{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
	{ 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
};

static bool
rune_is_unsafe(uint32_t rune)
{
	for (size_t i = 0; i < sizeof(unsafe_runes) / sizeof(unsafe_runes[0]); i++)
		if (rune >= unsafe_runes[i].first && rune <= unsafe_runes[i].last)
			return true;
	return false;
}

bool
text_rune_is_safe(uint32_t rune)
{
	return !rune_is_unsafe(rune);
}

/* The length that a first byte announces and the bits of the character in it; 0: not a first byte. */
static unsigned
rune_length(unsigned char c, uint32_t *bits)
{
	if (c < 0x80)
		return *bits = c, 1;
	if (c >= 0xc2 && c <= 0xdf)
		return *bits = c & 0x1fu, 2;
	if (c >= 0xe0 && c <= 0xef)
		return *bits = c & 0x0fu, 3;
	if (c >= 0xf0 && c <= 0xf4)
		return *bits = c & 0x07u, 4;
	return 0;
}

static bool
rune_decode(struct slice s, uint32_t *rune, unsigned *n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t v = 0;

	*n = rune_length(s.p[0], &v);
	if (*n == 0 || *n > s.n)
		return false;
	for (unsigned i = 1; i < *n; i++) {
		if ((s.p[i] & 0xc0u) != 0x80u)
			return false;
		v = v << 6 | (s.p[i] & 0x3fu);
	}
	if (v < least[*n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return false;
	*rune = v;
	return true;
}

bool
text_rune(struct slice *s, uint32_t *rune, bool *good)
{
	unsigned n;

	if (s->n == 0)
		return false;
	*good = rune_decode(*s, rune, &n);
	if (!*good) {
		*rune = REPLACEMENT;
		n = 1;
	}
	s->p += n;
	s->n -= n;
	return true;
}

int
text_put_rune(struct buf *out, uint32_t r)
{
	unsigned char b[4];

	if (r > 0x10ffff || (r >= 0xd800 && r <= 0xdfff))
		r = REPLACEMENT;
	if (r < 0x80)
		return buf_u8(out, (uint8_t)r);
	b[3] = (unsigned char)(0x80 | (r & 0x3f));
	b[2] = (unsigned char)(0x80 | (r >> 6 & 0x3f));
	b[1] = (unsigned char)(0x80 | (r >> 12 & 0x3f));
	if (r < 0x800) {
		b[2] = (unsigned char)(0xc0 | r >> 6);
		return buf_append(out, b + 2, 2);
	}
	if (r < 0x10000) {
		b[1] = (unsigned char)(0xe0 | r >> 12);
		return buf_append(out, b + 1, 3);
	}
	b[0] = (unsigned char)(0xf0 | r >> 18);
	return buf_append(out, b, 4);
}

bool
text_is_utf8(struct slice s)
{
	uint32_t rune;
	bool good;

	while (text_rune(&s, &rune, &good))
		if (!good)
			return false;
	return true;
}

#define PIECE_MAX 16

/* The bytes at the front of s that stand as they are wherever text is escaped, and mostly are all of it; s moves behind them. */
static struct slice
plain_take(struct slice *s)
{
	struct slice run = *s;
	size_t n = 0;

	while (n < s->n && s->p[n] >= ' ' && s->p[n] < 0x7f && s->p[n] != '"' && s->p[n] != '\\')
		n++;
	*s = slice_of(s->p + n, s->n - n);
	run.n = n;
	return run;
}

/* The next character as it may be shown; its length in bytes, 0 at the end. */
static size_t
piece_of(struct slice *s, bool backslash, char piece[PIECE_MAX])
{
	const unsigned char *at = s->p;
	uint32_t rune;
	bool good;

	if (!text_rune(s, &rune, &good))
		return 0;
	if (!good || rune < 0x20 || rune == 0x7f)
		return (size_t)snprintf(piece, PIECE_MAX, "\\x%02x", *at);
	if (rune_is_unsafe(rune))
		return (size_t)snprintf(piece, PIECE_MAX, "\\u{%x}", (unsigned)rune);
	if (rune == '\\' && backslash)
		return (size_t)snprintf(piece, PIECE_MAX, "\\\\");
	memcpy(piece, at, (size_t)(s->p - at));
	return (size_t)(s->p - at);
}

/* Calls back from here leave nothing half-written: a failed append is undone as a whole. */
static int
undo(struct buf *out, size_t len, int r)
{
	if (r != 0)
		out->len = len;
	return r;
}

int
text_escape(struct buf *out, struct slice s)
{
	size_t before = out->len, n;
	char piece[PIECE_MAX];
	int r = buf_slice_append(out, plain_take(&s));

	while (r == 0 && (n = piece_of(&s, true, piece)) > 0) {
		r = buf_append(out, piece, n);
		if (r == 0)
			r = buf_slice_append(out, plain_take(&s));
	}
	return undo(out, before, r);
}

static const char *
fit(struct slice s, bool backslash, char *dst, size_t size)
{
	const size_t dots = sizeof(ELLIPSIS) - 1;
	size_t at = 0, cut = 0, n;
	char piece[PIECE_MAX];

	assert(size > 0);
	while ((n = piece_of(&s, backslash, piece)) > 0) {
		if (at + n >= size) {
			at = cut;
			if (size > dots) {
				memcpy(dst + at, ELLIPSIS, dots);
				at += dots;
			}
			break;
		}
		memcpy(dst + at, piece, n);
		at += n;
		if (at + dots < size)
			cut = at;
	}
	dst[at] = '\0';
	return dst;
}

const char *
text_escaped(struct slice s, char *dst, size_t size)
{
	return fit(s, true, dst, size);
}

const char *
text_cleaned(struct slice s, char *dst, size_t size)
{
	return fit(s, false, dst, size);
}

static int
json_rune(struct buf *out, uint32_t rune)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (size_t i = 0; i + 1 < sizeof(shorts); i += 2)
		if (rune == (unsigned char)shorts[i])
			return buf_printf(out, "\\%c", shorts[i + 1]);
	if (rune <= 0xffff && rune_is_unsafe(rune))
		return buf_printf(out, "\\u%04x", (unsigned)rune);
	return text_put_rune(out, rune);
}

int
text_json(struct buf *out, struct slice s)
{
	size_t before = out->len;
	uint32_t rune;
	bool good;
	int r = buf_u8(out, '"');

	while (r == 0 && s.n > 0) {
		r = buf_slice_append(out, plain_take(&s));
		if (r == 0 && text_rune(&s, &rune, &good))
			r = json_rune(out, rune);
	}
	if (r == 0)
		r = buf_u8(out, '"');
	return undo(out, before, r);
}

/* With every quote twice. */
static int
csv_quoted(struct buf *out, struct slice s)
{
	int r = 0;

	while (r == 0 && s.n > 0) {
		const unsigned char *q = memchr(s.p, '"', s.n);
		size_t n = q != NULL ? (size_t)(q - s.p) + 1 : s.n;

		r = buf_append(out, s.p, n);
		if (r == 0 && q != NULL)
			r = buf_u8(out, '"');
		s = slice_of(s.p + n, s.n - n);
	}
	return r;
}

/* As text_cleaned, but for the line ends and tabs that a field may hold. */
static int
csv_cleaned(struct buf *out, struct slice s)
{
	char piece[PIECE_MAX];
	size_t n;
	int r = 0;

	while (r == 0 && s.n > 0) {
		if (s.p[0] == '\n' || s.p[0] == '\r' || s.p[0] == '\t') {
			r = buf_u8(out, s.p[0]);
			s = slice_of(s.p + 1, s.n - 1);
		} else if ((n = piece_of(&s, false, piece)) > 0) {
			r = buf_append(out, piece, n);
		}
	}
	return r;
}

/* A spreadsheet takes the wide forms of = + - @ for the signs. */
static bool
is_formula(struct slice s)
{
	static const uint32_t signs[] = { '=', '+', '-', '@', '\t', '\r', '\n', 0xff1d, 0xff0b, 0xff0d, 0xff20 };
	uint32_t rune;
	bool good;

	if (!text_rune(&s, &rune, &good))
		return false;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (signs[i] == rune)
			return true;
	return false;
}

static bool
is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

/* Of what is clean. */
static int
csv_put(struct buf *out, struct slice s)
{
	size_t before = out->len;
	bool formula = is_formula(s);
	bool quote = false;
	int r;

	for (size_t i = 0; i < s.n && !quote; i++)
		quote = s.p[i] == '\0' || strchr(",\"\r\n", s.p[i]) != NULL;
	if (s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' '))
		quote = true;
	r = buf_text(out, quote ? "\"" : "");
	if (r == 0 && formula)
		r = buf_u8(out, '\'');
	if (r == 0)
		r = quote ? csv_quoted(out, s) : buf_slice_append(out, s);
	if (r == 0 && quote)
		r = buf_u8(out, '"');
	return undo(out, before, r);
}

int
text_csv(struct buf *out, struct slice s)
{
	struct buf clean;
	int r;

	if (is_printable(s))
		return csv_put(out, s);
	buf_init(&clean, 4 * s.n + PIECE_MAX);
	r = csv_cleaned(&clean, s);
	if (r == 0)
		r = csv_put(out, buf_slice(&clean));
	buf_done(&clean);
	return r;
}

int
text_hex(struct buf *out, struct slice s)
{
	static const char digits[] = "0123456789abcdef";
	size_t before = out->len;
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i++) {
		char pair[2] = { digits[s.p[i] >> 4], digits[s.p[i] & 15] };

		r = buf_append(out, pair, 2);
	}
	return undo(out, before, r);
}

static int
hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
text_unhex(struct buf *out, struct slice s)
{
	size_t before = out->len;
	int r = s.n % 2 == 0 ? 0 : -EINVAL;

	for (size_t i = 0; i < s.n && r == 0; i += 2) {
		int high = hex_value(s.p[i]), low = hex_value(s.p[i + 1]);

		r = high < 0 || low < 0 ? -EINVAL : buf_u8(out, (uint8_t)(high << 4 | low));
	}
	return undo(out, before, r);
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
text_base64(struct buf *out, struct slice s)
{
	size_t before = out->len;
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)s.p[i] << 16 | (left > 1 ? (uint32_t)s.p[i + 1] << 8 : 0) |
		    (left > 2 ? s.p[i + 2] : 0u);
		char four[4] = { base64_digits[v >> 18], base64_digits[v >> 12 & 63],
			left > 1 ? base64_digits[v >> 6 & 63] : '=', left > 2 ? base64_digits[v & 63] : '=' };

		r = buf_append(out, four, 4);
	}
	return undo(out, before, r);
}

/* Four digits, of which the last `pad` are "="; -1 if they are not digits or hold stray bits. */
static int64_t
base64_value(const unsigned char *p, unsigned pad)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++) {
		const char *at = i >= 4 - pad || p[i] == '\0' ? NULL : strchr(base64_digits, p[i]);

		if (at == NULL && i < 4 - pad)
			return -1;
		v = v << 6 | (at == NULL ? 0u : (uint32_t)(at - base64_digits));
	}
	if ((pad == 1 && (v & 0xff) != 0) || (pad == 2 && (v & 0xffff) != 0))
		return -1;
	return v;
}

int
text_unbase64(struct buf *out, struct slice s)
{
	size_t before = out->len;
	int r = s.n % 4 == 0 ? 0 : -EINVAL;

	for (size_t i = 0; i < s.n && r == 0; i += 4) {
		unsigned pad = 0;
		int64_t v;

		if (i + 4 == s.n && s.p[i + 3] == '=')
			pad = s.p[i + 2] == '=' ? 2 : 1;
		v = base64_value(s.p + i, pad);
		r = v < 0 ? -EINVAL : buf_append(out, (unsigned char[3]){ (unsigned char)(v >> 16),
		    (unsigned char)(v >> 8), (unsigned char)v }, 3 - pad);
	}
	return undo(out, before, r);
}

static bool
name_has(unsigned char c, const char *others)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr(others, c) != NULL);
}

bool
text_is_name(struct slice s)
{
	if (s.n == 0 || s.n > 64 || !name_has(s.p[0], "_"))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!name_has(s.p[i], "_.@-"))
			return false;
	return true;
}

int
text_decimal(struct buf *out, uint64_t v)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return buf_append(out, p, (size_t)(digits + sizeof(digits) - p));
}

int
text_duration(struct buf *out, uint64_t seconds)
{
	static const struct { unsigned seconds; char unit; } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	while (seconds % units[i].seconds != 0)
		i++;
	return buf_printf(out, "%llu%c", (unsigned long long)(seconds / units[i].seconds), units[i].unit);
}

bool
text_u64(struct slice s, uint64_t max, uint64_t *v)
{
	uint64_t sum = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = s.p[i] - (unsigned)'0';

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (sum > max)
		return false;
	*v = sum;
	return true;
}

#define NEAREST_MAX 64

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau-Levenshtein with adjacent swaps; three rows of the table are alive at once. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned rows[3][NEAREST_MAX + 1];
	unsigned n = (unsigned)strlen(a), m = (unsigned)strlen(b);

	if (n > NEAREST_MAX || m > NEAREST_MAX)
		return NEAREST_MAX;
	for (unsigned j = 0; j <= m; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

const char *
text_nearest(const char *word, const char *const *words, size_t n)
{
	const char *best = NULL;
	unsigned best_distance = 3;

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(word, words[i]);

		if (d < best_distance && d * 2 < strlen(word)) {
			best = words[i];
			best_distance = d;
		}
	}
	return best;
}

static bool
glob_step(struct slice *pattern, struct slice *s)
{
	uint32_t want, got;
	bool want_good, got_good;
	unsigned char first = pattern->n > 0 ? pattern->p[0] : 0;

	if (!text_rune(pattern, &want, &want_good) || !text_rune(s, &got, &got_good))
		return false;
	if (first == '?')
		return true;
	return want == got && want_good == got_good && (want_good || pattern->p[-1] == s->p[-1]);
}

bool
text_glob(struct slice pattern, struct slice s)
{
	struct slice after_star = { 0 }, retry = { 0 };
	bool starred = false, good;
	uint32_t rune;

	for (;;) {
		if (pattern.n > 0 && pattern.p[0] == '*') {
			pattern = slice_of(pattern.p + 1, pattern.n - 1);
			after_star = pattern;
			retry = s;
			starred = true;
			continue;
		}
		if (s.n == 0 && pattern.n == 0)
			return true;
		if (glob_step(&pattern, &s))
			continue;
		/* Let the last star take one character more; earlier stars never need to. */
		if (!starred || !text_rune(&retry, &rune, &good))
			return false;
		pattern = after_star;
		s = retry;
	}
}

int
text_shell(struct buf *out, struct slice s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
	bool bare = s.n > 0;
	int r;

	for (size_t i = 0; i < s.n; i++)
		bare = bare && s.p[i] != '\0' && strchr(plain, s.p[i]) != NULL;
	if (bare)
		return buf_slice_append(out, s);
	r = buf_text(out, "'");
	for (size_t i = 0; i < s.n && r == 0; i++)
		r = s.p[i] == '\'' ? buf_text(out, "'\\''") : buf_u8(out, s.p[i]);
	return r != 0 ? r : buf_text(out, "'");
}
