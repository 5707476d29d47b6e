/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a report says, as lines of cells with tabs between them; the first cell is one letter:
 *
 *     I  origin  period  as-of              once, at the beginning
 *     P  control  title                     a page
 *     T  text                               a paragraph
 *     N  text                               there is no evidence
 *     B  title                              a plot; its points follow:
 *     D  label  number
 *     H  title  column  column …            a table; its rows follow:
 *     R  cell  cell …
 *
 * Cells hold no tab, no newline and no control character.
 */
#ifndef REPORT_DOC_H
#define REPORT_DOC_H

#include <stdint.h>

#include "base/buf.h"

#define DOC_CELLS 32
#define DOC_POINTS_MAX 1000              /* of one plot; those beyond are left out */

struct doc_line {
	char kind;                       /* the letter */
	unsigned n;                      /* cells behind it */
	struct slice cell[DOC_CELLS];
};

/* The next line; false at the end.  What is no line of a report is passed over. */
bool doc_take(struct slice *doc, struct doc_line *l);

struct doc_plot {
	unsigned n;
	bool days;                       /* labels are dates: bars stand */
	uint64_t max;
	struct { struct slice label; uint64_t value; } point[DOC_POINTS_MAX];
};
/* The points at the front of doc, which moves behind them. */
void doc_points(struct slice *doc, struct doc_plot *ret);

/* Renderers.  0 or a negative code. */
int html_write(struct slice doc, struct buf *out);
int pdf_write(struct slice doc, struct buf *out);

#endif
