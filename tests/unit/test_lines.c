/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Which lines are found in what a terminal was sent: frames in, "TIME text" out.  Commands: test_commands.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/tap.h"
#include "ui/lines.h"
#include "ui/stage.h"

static void
note_line(void *arg, uint64_t t_ms, struct slice text)
{
	(void)buf_printf(arg, "%llu ", (unsigned long long)t_ms);
	(void)text_escape(arg, text);
	(void)buf_text(arg, "|");
}

/* A frame of output. */
struct step { unsigned ms; const char *bytes; };

static const struct {
	const char *name;
	struct step steps[10];
	const char *lines;
} cases[] = {
	{ "lines as they end", { { 0, "one\r\ntwo\r\nthree" } }, "0 one|0 two|0 three|" },
	{ "one that is written twice over the same row", { { 0, "10%\r20%\r30%\r\n" } }, "0 30%|" },
	{ "what stood for a while counts", { { 0, "Password?" }, { 900, "\rwrong\033[K\r\n" } }, "0 Password?|900 wrong|" },
	{ "what only grows is one line", { { 0, "$ l" }, { 900, "s" }, { 1800, "\r\n" } }, "1800 $ ls|" },
	{ "a line broken by the width is whole",
	    { { 0, "$ rm -rf /srv/backup/of/everything/and/more\r\nnext\r\n" } },
	    "0 $ rm -rf /srv/backup/of/everything/and/more|0 next|" },
	{ "with the blank that it was broken at", { { 0, "$ sleep 1; sleep 10 20; sleep 30 40 50; sleep    60\r\n" } },
	    "0 $ sleep 1; sleep 10 20; sleep 30 40 50; sleep    60|" },
	{ "but not one that no wide character fitted into", { { 0, "1234567890123456789\xe6\x94\xafz\r\n" } },
	    "0 1234567890123456789\xe6\x94\xafz|" },
	{ "the same at the bottom",
	    { { 0, "1\r\n2\r\n3\r\n4\r\n5\r\n0123456789012345678901234567890123456789\r\nz" } },
	    "0 1|0 2|0 3|0 4|0 5|0 0123456789012345678901234567890123456789|0 z|" },
	{ "equal lines that scroll are two", { { 0, "a\r\nb\r\nc\r\nd\r\nx\r\nx\r\n" } }, "0 a|0 b|0 c|0 d|0 x|0 x|" },
	{ "what is drawn again as it was is not", { { 0, "\033[?1049h\033[2Jtop\r\nload 1\033[H" }, { 3000, "top\r\nload 2\033[H" } },
	    "0 top|0 load 1|3000 load 2|" },
	{ "erased lines count too", { { 0, "secret\033[2J\033[Hpublic\r\n" } }, "0 secret|0 public|" },
	{ "what strings hide does not", { { 0, "a\033]0;title\007b\r\n" } }, "0 ab|" },
	{ "wide characters", { { 0, "\xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf\xe4\xbb\x98"
	    "\xe6\x94\xaf\xe4\xbb\x98\r\n" } },
	    "0 \xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf\xe4\xbb\x98|" },
};

static void
run(size_t i)
{
	struct screen *s = screen_new(20, 5);
	struct buf lines;
	struct lines_sink sink = { .line = note_line, .arg = &lines };
	struct lines *l = lines_new(s, &sink);

	buf_init(&lines, 65536);
	for (const struct step *k = cases[i].steps; k->bytes != NULL; k++) {
		struct frame f = { FRAME_OUT, k->ms, slice_from(k->bytes) };

		lines_frame(l, &f);
		screen_feed(s, f.data);
	}
	lines_end(l);
	is(buf_cstr(&lines), cases[i].lines, cases[i].name);
	lines_free(l);
	screen_free(s);
	buf_done(&lines);
}

/* A line without an end: bounded, and nothing is lost. */
static void
test_endless(void)
{
	struct screen *s = screen_new(80, 24);
	struct buf lines, in;
	struct lines_sink sink = { .line = note_line, .arg = &lines };
	struct lines *l = lines_new(s, &sink);
	struct frame f = { FRAME_OUT, 0, { NULL, 0 } };
	size_t x = 0;

	buf_init(&lines, 1 << 20);
	buf_init(&in, 1 << 20);
	for (unsigned i = 0; i < 30000; i++)
		(void)buf_u8(&in, 'x');
	f.data = buf_slice(&in);
	lines_frame(l, &f);
	screen_feed(s, f.data);
	lines_end(l);
	for (size_t i = 0; i < lines.len; i++)
		x += lines.p[i] == 'x';
	ok(x == 30000, "30000 characters without a newline come in parts, all of them (%zu)", x);
	lines_free(l);
	screen_free(s);
	buf_done(&lines);
	buf_done(&in);
}

static void
test_plain(void)
{
	struct slice s = slice_from("\na\n\nb\r\nc"), piece;
	struct buf b;

	buf_init(&b, 100);
	while (stage_plain_take(&s, &piece))
		ok(piece.n > 0 && buf_slice_append(&b, piece) == 0, "a piece");
	is(buf_cstr(&b), "\r\na\r\n\r\nb\r\r\nc", "each line feed has its CR");
	buf_done(&b);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run(i);
	test_endless();
	test_plain();
	return tap_done();
}
