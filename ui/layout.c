/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include "ui/layout.h"

enum { ROWS_TITLE = 8, ROWS_HEADER = 7, ROWS_FOOTER = 5, ROWS_SEARCH = 2, ROOM_BESIDE = 9 };

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

const struct column layout_list_columns[LIST_COLUMNS] = {
	[LIST_NAME] = { "NAME", 16, 40 }, [LIST_LOGINS] = { "LOGIN", 6, 8 }, [LIST_LABELS] = { "LABELS", 12, 3 }, [LIST_WHY] = { "WHY", 30, 1 },
};

void
layout_columns(const struct list *list, int cols, int widths[LIST_COLUMNS])
{
	columns_fit(layout_list_columns, LIST_COLUMNS, list->widths, list_shown(list), cols - LAYOUT_MARK, widths);
}
