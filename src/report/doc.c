/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See doc.h. */
#include <string.h>

#include "base/text.h"
#include "report/doc.h"

static void
cells_split(struct slice line, struct doc_line *l)
{
	for (l->n = 0; l->n < DOC_CELLS && take_part(&line, '\t', &l->cell[l->n]); l->n++)
		continue;
}

bool
doc_take(struct slice *doc, struct doc_line *l)
{
	struct slice line;

	while (take_part(doc, '\n', &line))
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
