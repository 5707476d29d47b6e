/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>

#include "ui/page.h"
#include "ui/width.h"

#define VALUE_MIN 20                      /* columns, in a column of their own */
#define NARROW    1                       /* indent where there is none */

void
page_begin(struct page *p, int height, int cols, int name_cols)
{
	p->n = 0;
	p->height = height > 0 ? height : 0;
	p->cols = cols > NARROW + 1 ? cols : NARROW + 1;
	p->indent = cols - name_cols >= VALUE_MIN ? name_cols : NARROW;
}

void
page_add(struct page *p, const char *name, const char *text)
{
	struct slice left = slice_from(text), next;
	int x = name[0] == '\0' ? 0 : p->indent, behind = width_of(slice_from(name)) + 1, rest = x;

	if (x == NARROW && behind < p->cols)
		x = behind;
	do {
		size_t n = width_line(left, p->cols - x, &next);

		if (p->n == PAGE_LINES_MAX)
			return;
		p->lines[p->n++] = (struct page_line){ name, slice_of(left.p, n), x };
		name = "";
		x = rest;
		left = next;
	} while (left.n > 0);
}

void
page_scroll(struct page *p, int by)
{
	int last = p->n > p->height ? p->n - p->height : 0;

	p->top += by;
	p->top = p->top > last ? last : p->top < 0 ? 0 : p->top;
}

void
page_end(struct page *p)
{
	page_scroll(p, 0);
}

bool
page_is_cut(const struct page *p)
{
	return p->n > p->height;
}

const char *
page_place(const struct page *p, char *out, size_t size)
{
	int end = p->top + p->height < p->n ? p->top + p->height : p->n;

	out[0] = '\0';
	if (page_is_cut(p))
		(void)snprintf(out, size, "%d-%d/%d", p->top + 1, end, p->n);
	return out;
}
