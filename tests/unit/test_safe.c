/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What of a terminal's output may be given to another one. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tests/tap.h"
#include "ui/safe.h"

static const struct {
	const char *name, *in, *want;
} cases[] = {
	{ "text, lines, tabs", "a\r\n\tb\b", "a\r\n\tb\b" },
	{ "colours and moves", "\033[1;31mred\033[0m\033[2J\033[H\033[5;7H\033[2K", "\033[1;31mred\033[0m\033[2J\033[H\033[5;7H\033[2K" },
	{ "the alternate screen", "\033[?1049h\033[?25l\033[?1049l", "\033[?1049h\033[?25l\033[?1049l" },
	{ "line drawing, saved cursors", "\033(0qx\033(B\0337\0338", "\033(0qx\033(B\0337\0338" },
	{ "titles, links, the clipboard", "\033]0;t\007\033]8;;http://x\033\\l\033]52;c;eA==\007", "l" },
	{ "device control, pictures", "\033P$qm\033\\\033_Gi=1;\033\\x\033^p\033\\", "x" },
	{ "questions", "\033[6n\033[5n\033[c\033[>c\033[=c\033[18t\033[21t\033[?69$p\033Z\005", "" },
	{ "modes of mouse, keys and paste", "\033[?1000h\033[?1006h\033[?2004h\033[?1h\033=\033>\033[>4;2m\033[>1u", "" },
	{ "one mode among several", "\033[?25;1000h", "" },
	{ "the printer", "\033[5i\033[4i", "" },
	{ "the bell", "a\007b", "ab" },
	{ "what turns text around", "a\xe2\x80\xae" "b\xe2\x81\xa6" "c", "a\xef\xbf\xbd" "b\xef\xbf\xbd" "c" },
	{ "controls of eight bits, bad UTF-8", "a\xc2\x9b" "6n\x9b" "6n\xff", "a6n\xef\xbf\xbd" "6n\xef\xbf\xbd" },
	{ "another coding", "\033%@x\033[!p", "x" },
	{ "a soft cursor", "\033[2 q", "" },
};

int
main(void)
{
	struct buf shown;

	buf_init(&shown, 65536);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice in = slice_from(cases[i].in);
		struct safe whole, single;

		safe_init(&whole, 65536);
		safe_init(&single, 65536);
		safe_feed(&whole, in);
		for (size_t k = 0; k < in.n; k++)
			safe_feed(&single, slice_of(in.p + k, 1));
		buf_clear(&shown);
		(void)text_escape(&shown, buf_slice(&whole.out));
		ok(slice_is(buf_slice(&whole.out), cases[i].want), "%s: %s", cases[i].name, buf_cstr(&shown));
		ok(slice_eq(buf_slice(&whole.out), buf_slice(&single.out)), "the same byte by byte");
		safe_done(&whole);
		safe_done(&single);
	}
	buf_done(&shown);
	return tap_done();
}
