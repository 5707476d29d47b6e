/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <string.h>

#include <curses.h>

#include "ui/draw.h"
#include "ui/help.h"
#include "ui/rows.h"
#include "ui/width.h"

#define HELP_NAMES 12
#define MARK       2                      /* columns before a row: ">", "*" */

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

static void
draw_line(const struct rows_list *l, int y, const int *widths, const struct rows_line *line, bool selected, unsigned long look)
{
	char mark[3] = { selected ? '>' : ' ', line->marked ? '*' : ' ', '\0' };
	int x = draw_text(y, 0, MARK, slice_from(mark), look);

	for (size_t i = 0; i < l->columns_n; i++) {
		if (widths[i] == 0)
			continue;
		x += x > MARK ? draw_text(y, x, COLUMNS_GAP, slice_from(""), look) : 0;
		x += draw_text(y, x, widths[i], slice_from(line->texts[i]), look);
	}
	if (x < COLS)
		(void)draw_text(y, x, COLS - x, slice_from(""), look);
}

static void
measure(const struct rows_list *l, int widths[COLUMNS_MAX])
{
	column_counts counts[COLUMNS_MAX] = { 0 };
	struct rows_line line;
	int w;

	for (size_t k = 0; k < l->n; k++) {
		line = l->line(l->screen, k);
		for (size_t i = 0; i < l->columns_n; i++) {
			(void)width_fit(slice_from(line.texts[i]), COLUMNS_WIDTH_MAX, &w);
			counts[i][w]++;
		}
	}
	columns_fit(l->columns, l->columns_n, counts, l->n, COLS - MARK, widths);
}

void
rows_draw(const struct rows_list *l, int y, size_t height)
{
	struct rows_line line = { .marked = false };
	int widths[COLUMNS_MAX];

	if (l->n == 0)
		return;
	measure(l, widths);
	for (size_t i = 0; i < l->columns_n; i++)
		line.texts[i] = l->columns[i].head;
	draw_line(l, y, widths, &line, false, A_DIM);
	for (size_t i = l->top; i < l->n && i < l->top + height; i++) {
		line = l->line(l->screen, i);
		draw_line(l, ++y, widths, &line, i == l->cursor, i == l->cursor ? A_REVERSE : A_NORMAL);
	}
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
