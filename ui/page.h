/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Text that may be more than its window shows: names and their values, wrapped to a width, scrolled by lines.  No curses. */
#ifndef UI_PAGE_H
#define UI_PAGE_H

#include <stdbool.h>

#include "base/buf.h"

#define PAGE_LINES_MAX 400

struct page_line {
	const char *name;                 /* "" on a line that continues; not the page's */
	struct slice text;                /* nor this */
	int x;                            /* where text begins */
};

struct page {
	struct page_line lines[PAGE_LINES_MAX];
	int n, top, height;
	int cols, indent;                 /* where values begin; too narrow for that: right behind their names */
};

/* Empties it for a window of that size; names take name_cols.  top stays. */
void page_begin(struct page *p, int height, int cols, int name_cols);
void page_add(struct page *p, const char *name, const char *text);       /* name "": over the whole width */
void page_end(struct page *p);                     /* top is now where it may be */
void page_scroll(struct page *p, int by);
bool page_is_cut(const struct page *p);            /* there is more than its window shows */
/* "1-6/9" of a page that is cut, else "". */
const char *page_place(const struct page *p, char *out, size_t size);

#endif
