/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Where the picker's parts stand in a window of any size, so that what is drawn and what a click hits are the same.  No
 * curses.  Lines go away in this order as the window gets lower: title, header, footer, search.
 */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include "ui/list.h"

#define LAYOUT_MARK 3                     /* columns before a row's text: ">", "-", blank */

struct span {
	int y, n;                         /* n: lines; 0: it is not there */
};

struct layout {
	int rows, cols;
	struct span title, search, header, list, pane, notice, footer;
};

/* pane: its wanted lines (0: none is open); beside a list of some height it gets about two fifths, in a low window all of
 * the list's place.  notice: lines of a message, which takes the footer's place and at most a third of the list's. */
void layout_make(struct layout *l, int rows, int cols, int pane, int notice);
/* Is line y in it?  *line is then y's number in it. */
bool layout_holds(struct span s, int y, int *line);

/* columns_fit for all rows of the list, whatever is searched. */
void layout_columns(const struct list *list, int cols, int widths[LIST_COLUMNS]);

extern const struct column layout_list_columns[LIST_COLUMNS];

#endif
