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
#define LAYOUT_GAP  2                     /* between columns */

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

/* Widths of the columns, 0 for one that is not there: from what all rows hold, whatever is searched, such that most of it is to
 * be seen.  They drop out in this order as the window gets narrow: why, labels, logins. */
void layout_columns(const struct list *list, int cols, int widths[LIST_COLUMNS]);

extern const char *const layout_heads[LIST_COLUMNS];

#endif
