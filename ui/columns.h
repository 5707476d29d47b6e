/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* How wide the columns of a list are: from what all its rows hold, such that most of it is to be seen.  No curses. */
#ifndef UI_COLUMNS_H
#define UI_COLUMNS_H

#include <stddef.h>

#define COLUMNS_GAP       2               /* between two of them */
#define COLUMNS_MAX       8
#define COLUMNS_WIDTH_MAX 200             /* what is wider counts as this */

/* least: a column that more than a tenth of the rows need that wide is that wide, or not there; weight: what one row more is worth
 * whose text is not cut. */
struct column { const char *head; int least, weight; };

/* How many rows have a text of each width. */
typedef unsigned column_counts[COLUMNS_WIDTH_MAX + 1];

/* Widths of n columns in so much room, 0 for one that is not there: nothing is in it, or the window is narrow, where the last go
 * first.  What has no rows has its first column alone. */
void columns_fit(const struct column *columns, size_t n, const column_counts *counts, size_t rows, int room, int *widths);

#endif
