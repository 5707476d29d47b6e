/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <string.h>

#include <curses.h>

#include "ui/draw.h"
#include "ui/help.h"
#include "ui/rows.h"

#define HELP_NAMES 12

int
rows_act(const struct rows_key *keys, size_t n, int code)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].code == code)
			return keys[i].act;
	return -1;
}

bool
rows_move(int act, size_t n, size_t height, size_t *cursor)
{
	size_t last = n > 0 ? n - 1 : 0, up = *cursor, down = last - *cursor;

	switch (act) {
	case ROWS_UP:        *cursor -= up > 0; return true;
	case ROWS_DOWN:      *cursor += down > 0; return true;
	case ROWS_PAGE_UP:   *cursor -= up < height ? up : height; return true;
	case ROWS_PAGE_DOWN: *cursor += down < height ? down : height; return true;
	case ROWS_FIRST:     *cursor = 0; return true;
	case ROWS_LAST:      *cursor = last; return true;
	default:             return false;
	}
}

size_t
rows_top(size_t top, size_t cursor, size_t height)
{
	return cursor < top ? cursor : cursor >= top + height ? cursor - height + 1 : top;
}

void
rows_draw(int y, const struct rows_column *columns, size_t n, const char *const *texts, bool selected, bool marked)
{
	unsigned long look = selected ? A_REVERSE : A_NORMAL;
	char mark[3] = { selected ? '>' : ' ', marked ? '*' : ' ', '\0' };
	int x = draw_text(y, 0, 2, slice_from(mark), look);

	for (size_t i = 0; i < n && x + columns[i].width <= COLS; i++) {
		x += draw_text(y, x, columns[i].width, slice_from(texts != NULL ? texts[i] : columns[i].head), texts != NULL ? look : A_DIM);
		if (x < COLS)
			x += draw_text(y, x, 1, slice_from(""), look);
	}
	if (x < COLS)
		(void)draw_text(y, x, COLS - x, slice_from(""), look);
}

void
rows_draw_footer(const struct rows_key *keys, size_t n, const char *notice)
{
	char line[200] = " ";
	size_t at = 1;
	int wanted = draw_notice_lines(notice), lines = wanted < LINES / 3 ? wanted : LINES / 3 > 0 ? LINES / 3 : 1;

	for (size_t i = 0; i < n; i++)
		if (keys[i].brief != NULL && at + strlen(keys[i].brief) + 2 < (size_t)COLS && at + 40 < sizeof(line))
			at += (size_t)snprintf(line + at, sizeof(line) - at, "%s  ", keys[i].brief);
	if (notice[0] == '\0')
		(void)draw_text(LINES - 1, 0, COLS, slice_from(line), A_DIM);
	else
		draw_notice(LINES - lines, lines, notice);
	(void)move(LINES - 1, 0);
}

void
rows_draw_help(const struct rows_key *keys, size_t n, struct page *page)
{
	page_begin(page, LINES - 1, COLS - 2, HELP_NAMES);
	for (size_t i = 0; i < n; i++)
		if (keys[i].name != NULL)
			page_add(page, keys[i].name, keys[i].help);
	page_end(page);
	draw_page(page, 0, 1, A_BOLD);
	help_draw_foot(page);
}
