/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What reaches the terminal model, and that a keyframe brings all of it back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/tap.h"
#include "ui/screen.h"
#include "ui/sequence.h"

/* ---- sequences: each piece as KIND:bytes, escaped ---- */

static void
note_piece(void *arg, const struct sequence_piece *p)
{
	struct buf *out = arg;

	(void)buf_printf(out, "%s%c:", out->len > 0 ? " " : "", "tcekm"[p->kind]);
	(void)text_escape(out, p->bytes);
	if (p->kind == SEQUENCE_MARK)
		(void)buf_u8(out, (uint8_t)p->final);
}

static const struct {
	const char *name, *in, *want;
} pieces[] = {
	{ "text", "abc", "t:abc" },
	{ "controls", "a\r\nb\t", "t:a c:\\x0d c:\\x0a t:b c:\\x09" },
	{ "a sequence", "x\033[1;31my", "t:x k:\\x1b[1;31m t:y" },
	{ "a control inside of one", "\033[1\r;2H", "c:\\x0d k:\\x1b[1;2H" },
	{ "one that begins anew", "\033[12\033[3m", "k:\\x1b[3m" },
	{ "one that is cancelled", "\033[12\030m", "t:m" },
	{ "numbers are cut", "\033[123456789C", "k:\\x1b[1234C" },
	{ "too many numbers", "\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15mz", "t:z" },
	{ "too long", "\033[00000000000000000000000000000000000000000000000000000000000000000000000000000000mz", "k:\\x1b[0000m t:z" },
	{ "a leader that comes late", "\033[1?5hz", "t:z" },
	{ "a parameter behind an intermediate", "\033[ 1qz", "t:z" },
	{ "intermediates", "\033[2 q\033(0", "k:\\x1b[2 q e:\\x1b(0" },
	{ "a byte of eight bits inside", "\033[1\xff" "bz", "t:\xef\xbf\xbd t:bz" },
	{ "the same behind ESC &", "\033&\xff" "Iz", "t:\xef\xbf\xbd t:Iz" },
	{ "a bracket behind an intermediate", "\033'[3bz", "t:3bz" },
	{ "a title", "\033]0;evil\007ok", "t:ok" },
	{ "a shell's mark", "\033]133;C\007ok", "m:C t:ok" },
	{ "with parameters, ended by ST", "\033]133;D;0;aid=1\033\\ok", "m:D e:\\x1b\\\\ t:ok" },
	{ "no mark: another letter", "\033]133;E\007\033]133;AB\007\033]1337;C\007\033]133;\007ok", "t:ok" },
	{ "no mark: cancelled", "\033]133;C\030ok", "t:ok" },
	{ "a device control string", "\033P$q\"p\033\\ok", "e:\\x1b\\\\ t:ok" },
	{ "a string that another ESC ends", "\033_hidden\033[1mok", "k:\\x1b[1m t:ok" },
	{ "another coding", "\033%@ok", "t:ok" },
	{ "good UTF-8", "\xe4\xbd\xa0\xc3\xa9", "t:\xe4\xbd\xa0\xc3\xa9" },
	{ "bad UTF-8", "a\xff\xc0z", "t:a t:\xef\xbf\xbd t:\xef\xbf\xbd t:z" },
	{ "a surrogate", "\xed\xa0\x80z", "t:\xef\xbf\xbd t:z" },
	{ "a control of eight bits as a character", "a\xc2\x9b" "31mz", "t:a t:31mz" },
	{ "a character that is broken off", "\xe4\xbd" "z", "t:\xef\xbf\xbd t:z" },
	{ "DEL and NUL", "a\177b", "t:a t:b" },
};

static void
test_pieces(void)
{
	struct buf whole, single;

	buf_init(&whole, 4096);
	buf_init(&single, 4096);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct sequence s = { 0 };

		buf_clear(&whole);
		sequence_feed(&s, slice_from(pieces[i].in), note_piece, &whole);
		is(buf_cstr(&whole), pieces[i].want, pieces[i].name);
	}
	buf_done(&whole);
	buf_done(&single);
}

/* The same, whether bytes come at once or one by one: runs of text are joined for the comparison. */
static void
join(void *arg, const struct sequence_piece *p)
{
	(void)buf_slice_append(arg, p->bytes);
}

static void
test_one_by_one(void)
{
	struct buf a, b;
	bool same = true;

	buf_init(&a, 4096);
	buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct sequence s = { 0 }, t = { 0 };
		struct slice in = slice_from(pieces[i].in);

		buf_clear(&a);
		buf_clear(&b);
		sequence_feed(&s, in, join, &a);
		for (size_t k = 0; k < in.n; k++)
			sequence_feed(&t, slice_of(in.p + k, 1), join, &b);
		if (!slice_eq(buf_slice(&a), buf_slice(&b))) {
			printf("# %s differs\n", pieces[i].name);
			same = false;
		}
	}
	ok(same, "one byte at a time gives the same");
	buf_done(&a);
	buf_done(&b);
}

/* ---- keyframes: what comes after one looks the same as without it ---- */

static const struct {
	const char *name, *before, *after;
} frames[] = {
	{ "text and cursor", "one\r\ntwo\033[5;7H", "three" },
	{ "colours of the pen", "\033[1;4;7;31;44mred", "more\033[0mplain" },
	{ "scroll margins", "\033[3;6r\033[6;1Hx", "\n\n\n1\r\n2\r\n3" },
	{ "origin mode", "\033[3;6r\033[?6h\033[2;2H", "here\033[1;1Hthere" },
	{ "tab stops", "\033[3g\033[5G\033H\033[11G\033H\r", "\ta\tb\tc" },
	{ "line drawing", "\033(0qx", "qqx\033(Bqq" },
	{ "shifted out", "\033)0\016qx", "qq\017qq" },
	{ "insert mode", "abc\r\033[4h", "XY" },
	{ "no wrapping", "\033[?7l\033[38G", "abcdefgh\033[?7hxyz" },
	{ "newline mode", "\033[20hab", "\ncd" },
	{ "the alternate screen and what lies behind it", "primary\r\nsecond\033[?1049h\033[2Jalt", "er\033[?1049lback" },
	{ "a program's margins on the alternate screen", "shell\033[?1049h\033[2;4r\033[4;1H", "\n\nx\033[r\033[?1049l$" },
	{ "in the middle of a sequence", "a\033[1;3", "1mred" },
	{ "in the middle of a string", "a\033]0;ti", "tle\007b" },
	{ "in the middle of a character", "a\xe4\xbd", "\xa0z" },
	{ "in something too long", "\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15", ";16mz" },
	{ "wide characters", "\xe4\xbd\xa0\xe5\xa5\xbd\033[3D", "x" },
	{ "half of a wide character", "a\xe4\xbd\xa0z\033[2Gx\r\n\xe4\xbd\xa0\xe4\xbd\xa0\033[4Gy", "!" },
	{ "a hidden cursor", "\033[?25lx", "y" },
	{ "tab stops over a soft reset", "\033[3g\033[!p", "\tx" },
	{ "a hard reset", "\033[3;6r\033[4h\033(0\033[3g\033c", "q\tq\r\n\n\n\n\n\n\n\n\n\nend" },
	{ "a soft reset", "\033[3;6r\033[4h\033(0\033[!p", "qq\r\n\n\n\n\n\n\n\n\n\nend" },
};

static bool
same_screens(struct screen *a, struct screen *b)
{
	unsigned cols, rows, ra, ca, rb, cb;
	struct screen_cell x, y;
	bool va, vb;

	screen_size(a, &cols, &rows);
	for (unsigned r = 0; r < rows; r++)
		for (unsigned c = 0; c < cols; c++) {
			memset(&x, 0, sizeof(x));
			memset(&y, 0, sizeof(y));
			screen_cell(a, r, c, &x);
			screen_cell(b, r, c, &y);
			if ((x.runes[0] == 0 ? ' ' : x.runes[0]) != (y.runes[0] == 0 ? ' ' : y.runes[0]) || x.width != y.width ||
			    x.bold != y.bold || x.underline != y.underline || x.reverse != y.reverse || x.fg != y.fg || x.bg != y.bg) {
				printf("# row %u column %u: U+%04x and U+%04x\n", r, c, (unsigned)x.runes[0], (unsigned)y.runes[0]);
				return false;
			}
		}
	screen_cursor(a, &ra, &ca, &va);
	screen_cursor(b, &rb, &cb, &vb);
	if (ra != rb || ca != cb || va != vb)
		printf("# cursor %u,%u and %u,%u\n", ra, ca, rb, cb);
	return ra == rb && ca == cb && va == vb;
}

static void
test_keyframes(void)
{
	struct buf paint;

	buf_init(&paint, SCREEN_PAINT_MAX);
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct screen *a = screen_new(40, 10), *b = screen_new(40, 10);
		bool now;

		buf_clear(&paint);
		screen_feed(a, slice_from(frames[i].before));
		(void)screen_paint(a, &paint);
		screen_feed(b, buf_slice(&paint));
		now = same_screens(a, b);
		screen_feed(a, slice_from(frames[i].after));
		screen_feed(b, slice_from(frames[i].after));
		ok(now && same_screens(a, b), "a keyframe keeps: %s", frames[i].name);
		screen_free(a);
		screen_free(b);
	}
	buf_done(&paint);
}

static void
test_repeat(void)
{
	struct screen *s = screen_new(40, 10);
	struct buf row;

	buf_init(&row, 4096);
	screen_feed(s, slice_from("-\033[4b|\033[1m\033[3b\xc3\xa9\033[3b."));
	(void)screen_row(s, 0, &row);
	is(buf_cstr(&row), "-----|\xc3\xa9.", "a repeat repeats an ASCII character right before it, and nothing else");
	buf_done(&row);
	screen_free(s);
}

int
main(void)
{
	test_pieces();
	test_one_by_one();
	test_keyframes();
	test_repeat();
	return tap_done();
}
