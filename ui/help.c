/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <curses.h>

#include "ui/draw.h"
#include "ui/help.h"

void
help_draw_foot(const struct page *p)
{
	(void)draw_text(LINES - 1, 1, COLS - 1, slice_from(page_is_cut(p) ? "Up Down scroll, other keys go back" : "any key goes back"), A_BOLD);
}

bool
help_key(struct page *p, int code)
{
	static const struct { int code, lines; } moves[] = {
		{ KEY_UP, -1 }, { KEY_DOWN, 1 }, { KEY_HOME, -PAGE_LINES_MAX }, { KEY_END, PAGE_LINES_MAX },
		{ KEY_PPAGE, -5 }, { KEY_NPAGE, 5 },
	};

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]) && page_is_cut(p); i++)
		if (moves[i].code == code) {
			page_scroll(p, moves[i].lines);
			return true;
		}
	return code == KEY_RESIZE || code == KEY_MOUSE;
}
