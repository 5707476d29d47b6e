/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Columns share the width by giving one cell after another to the column where it shows most: the
 * number of rows that are wider than what it has, times its weight.  What a cell shows only ever
 * gets less, so the greedy choice is the best one.
 */
#include <string.h>

#include "ui/layout.h"

enum { ROWS_TITLE = 8, ROWS_HEADER = 7, ROWS_FOOTER = 5, ROWS_SEARCH = 2, ROOM_BESIDE = 9 };

const char *const layout_heads[LIST_COLUMNS] = { "NAME", "LOGIN", "LABELS", "WHY" };

static const struct { int least, weight; } columns[LIST_COLUMNS] = {
	[LIST_NAME] = { 16, 40 }, [LIST_LOGINS] = { 6, 8 }, [LIST_LABELS] = { 12, 3 }, [LIST_WHY] = { 30, 1 },
};

static struct span
take_top(int *y, bool there)
{
	struct span s = { .y = *y, .n = there };

	*y += s.n;
	return s;
}

static int
less(int a, int b)
{
	return a < b ? a : b;
}

void
layout_make(struct layout *l, int rows, int cols, int pane, int notice)
{
	int y = 0, room, end = rows;

	*l = (struct layout){ .rows = rows, .cols = cols };
	l->title = take_top(&y, rows >= ROWS_TITLE);
	l->search = take_top(&y, rows >= ROWS_SEARCH);
	l->header = take_top(&y, rows >= ROWS_HEADER);
	if (rows >= ROWS_FOOTER)
		l->footer = (struct span){ --end, 1 };
	room = end - y;
	if (notice > 0 && room > 1) {
		l->notice.n = less(notice, room / 3 + l->footer.n);
		end += l->footer.n - l->notice.n;
		l->notice.y = end;
		l->footer.n = 0;
		room = end - y;
	}
	if (pane > 0 && room >= ROOM_BESIDE) {
		l->pane.n = less(pane, room * 2 / 5 > 6 ? room * 2 / 5 : 6);
	} else if (pane > 0) {
		y -= l->header.n;
		l->header.n = 0;
		l->pane.n = room = end - y;
	}
	l->list = (struct span){ y, room - l->pane.n };
	l->pane.y = end - l->pane.n;
}

bool
layout_holds(struct span s, int y, int *line)
{
	if (y < s.y || y >= s.y + s.n)
		return false;
	*line = y - s.y;
	return true;
}

/* ---- columns ---- */

/* wider[w]: how many rows are wider than w. */
static void
count_wider(const struct list *list, enum list_column c, unsigned wider[LIST_WIDTH_MAX + 1])
{
	unsigned n = 0;

	for (int w = LIST_WIDTH_MAX; w >= 0; w--) {
		wider[w] = n;
		n += list->widths[c][w];
	}
}

/* What a column must have to be there at all; a few rows of many do not ask for more. */
static int
least_of(const struct list *list, enum list_column c, const unsigned wider[LIST_WIDTH_MAX + 1])
{
	int w = wider[0] > 0 ? (int)strlen(layout_heads[c]) : 0;

	while (w < columns[c].least && wider[w] > list_shown(list) / 10)
		w++;
	return w;
}

/* Room for text when the first n columns are there. */
static int
start(const struct list *list, enum list_column n, unsigned wider[][LIST_WIDTH_MAX + 1], int cols, int widths[LIST_COLUMNS])
{
	int left = cols - LAYOUT_MARK;

	memset(widths, 0, LIST_COLUMNS * sizeof(*widths));
	for (enum list_column i = 0; i < n; i++) {
		widths[i] = least_of(list, i, wider[i]);
		left -= widths[i] + (i > 0 && widths[i] > 0 ? LAYOUT_GAP : 0);
	}
	return left;
}

void
layout_columns(const struct list *list, int cols, int widths[LIST_COLUMNS])
{
	unsigned wider[LIST_COLUMNS][LIST_WIDTH_MAX + 1], gain, most;
	enum list_column n = LIST_COLUMNS, best;
	int left;

	for (enum list_column i = 0; i < LIST_COLUMNS; i++)
		count_wider(list, i, wider[i]);
	while ((left = start(list, n, wider, cols, widths)) < 0 && n > 1)
		n--;
	if (n == 1)
		left = 0;
	for (; left > 0; left--) {
		most = 0;
		best = LIST_NAME;
		for (enum list_column i = 0; i < n; i++) {
			gain = widths[i] < LIST_WIDTH_MAX ? wider[i][widths[i]] * (unsigned)columns[i].weight : 0;
			if (widths[i] > 0 && gain > most) {
				most = gain;
				best = i;
			}
		}
		if (most == 0)
			break;
		widths[best]++;
	}
	if (n == 1 || widths[LIST_NAME] == 0)
		widths[LIST_NAME] = cols > LAYOUT_MARK ? cols - LAYOUT_MARK : 0;
}
