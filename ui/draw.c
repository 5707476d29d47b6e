/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <string.h>

#include <curses.h>

#include "ui/draw.h"
#include "ui/term.h"
#include "ui/width.h"

unsigned long
draw_accent(void)
{
	return A_BOLD | (term_has_colour() ? (unsigned long)COLOR_PAIR(TERM_ACCENT) : 0);
}

int
draw_marked(int y, int x, int width, struct slice text, unsigned long attributes, const unsigned char *hits,
    unsigned long marked)
{
	struct slice left = text;
	struct piece p;
	int taken, room = width;
	size_t n;

	if (width <= 0)
		return 0;
	n = width_fit(text, width, &taken);
	if (n < text.n && width > 1)
		n = width_fit(text, width - 1, &taken);
	(void)move(y, x);
	while (text.n - left.n < n) {
		bool hit = hits != NULL && hits[text.n - left.n] != 0;

		(void)width_piece(&left, &p);
		(void)attrset((attr_t)(hit ? marked : attributes));
		(void)addnstr(p.text, (int)p.n);
		room -= p.columns;
	}
	(void)attrset((attr_t)attributes);
	if (n < text.n && room > 0) {
		(void)addch('~');
		room--;
	}
	for (; room > 0; room--)
		(void)addch(' ');
	(void)attrset(A_NORMAL);
	return width;
}

int
draw_text(int y, int x, int width, struct slice text, unsigned long attributes)
{
	return draw_marked(y, x, width, text, attributes, NULL, attributes);
}

void
draw_rule(int y, const char *title, const char *place)
{
	int wide = width_of(slice_from(place)), room = COLS - 6 - (wide > 0 ? wide + 4 : 0), n = width_of(slice_from(title));

	(void)attrset(A_DIM);
	(void)mvhline(y, 0, '-', COLS);
	(void)attrset(A_NORMAL);
	if (room < 1)
		return;
	(void)draw_text(y, 2, 1, slice_from(""), A_NORMAL);
	(void)draw_text(y, 3, n < room ? n : room, slice_from(title), A_BOLD);
	(void)draw_text(y, 3 + (n < room ? n : room), 1, slice_from(""), A_NORMAL);
	if (wide > 0) {
		(void)draw_text(y, COLS - wide - 4, 1, slice_from(""), A_NORMAL);
		(void)draw_text(y, COLS - wide - 3, wide + 1, slice_from(place), A_NORMAL);
	}
}

int
draw_notice_lines(const char *text)
{
	struct slice left = slice_from(text);
	int n = 0;

	for (; left.n > 0; n++)
		(void)width_line(left, COLS - 2, &left);
	return n;
}

void
draw_notice(int y, int n, const char *text)
{
	struct slice left = slice_from(text), next;

	for (int i = 0; i < n; i++) {
		size_t fits = width_line(left, COLS - 2, &next);

		if (i + 1 == n)
			fits = left.n;
		(void)draw_text(y + i, 1, COLS - 1, slice_of(left.p, fits), A_BOLD);
		left = next;
	}
}

void
draw_page(const struct page *p, int y, int x, unsigned long names)
{
	for (int i = 0; i < p->height && p->top + i < p->n; i++) {
		const struct page_line *l = &p->lines[p->top + i];

		(void)draw_text(y + i, x, l->x, slice_from(l->name), names);
		(void)draw_text(y + i, x + l->x, p->cols - l->x, l->text, A_NORMAL);
	}
}
