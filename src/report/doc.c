/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See doc.h. */
#include <string.h>

#include "base/text.h"
#include "report/doc.h"

static bool
line_take(struct slice *doc, struct slice *line)
{
	const unsigned char *end;

	if (doc->n == 0)
		return false;
	end = memchr(doc->p, '\n', doc->n);
	*line = slice_of(doc->p, end != NULL ? (size_t)(end - doc->p) : doc->n);
	*doc = end != NULL ? slice_of(end + 1, doc->n - line->n - 1) : slice_of(doc->p, 0);
	return true;
}

static void
cells_split(struct slice line, struct doc_line *l)
{
	l->n = 0;
	while (line.n > 0 && l->n < DOC_CELLS) {
		const unsigned char *tab = memchr(line.p, '\t', line.n);
		size_t n = tab != NULL ? (size_t)(tab - line.p) : line.n;

		l->cell[l->n++] = slice_of(line.p, n);
		line = tab != NULL ? slice_of(tab + 1, line.n - n - 1) : slice_of(line.p, 0);
	}
}

bool
doc_take(struct slice *doc, struct doc_line *l)
{
	struct slice line;

	while (line_take(doc, &line))
		if (line.n >= 2 && line.p[1] == '\t' && strchr("IPTNBDHR", line.p[0]) != NULL) {
			l->kind = (char)line.p[0];
			cells_split(slice_of(line.p + 2, line.n - 2), l);
			return true;
		}
	return false;
}

static bool
is_date(struct slice s)
{
	return s.n == 10 && s.p[4] == '-' && s.p[7] == '-';
}

void
doc_points(struct slice *doc, struct doc_plot *ret)
{
	struct slice rest = *doc;
	struct doc_line l;
	uint64_t v;

	ret->n = 0;
	ret->max = 0;
	ret->days = true;
	for (; doc_take(&rest, &l) && l.kind == 'D'; *doc = rest) {
		if (l.n < 2 || !text_u64(l.cell[1], UINT64_MAX, &v) || ret->n == DOC_POINTS_MAX)
			continue;
		ret->point[ret->n].label = l.cell[0];
		ret->point[ret->n++].value = v;
		ret->max = v > ret->max ? v : ret->max;
		ret->days = ret->days && is_date(l.cell[0]);
	}
}
