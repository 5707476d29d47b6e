/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A4, lying.  Everything is laid out twice: the first time onto a surface that is thrown away, to learn on which page each control
 * begins and how many pages there are.  cairo's PDF bears no time but the one it is given: the same report makes the same bytes.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "report/doc.h"

#define W 842.0
#define H 595.0
#define LEFT 46.0
#define RIGHT (W - 46.0)
#define TOP 44.0
#define BOTTOM (H - 44.0)
#define PLOT_H 100.0

enum { SECTIONS_MAX = 64, ROWS_MEASURED = 40 };

struct colour { double r, g, b; };

static const struct colour ink = { 0.11, 0.15, 0.2 }, blue = { 0.14, 0.32, 0.48 }, bar = { 0.23, 0.47, 0.69 }, grey = { 0.42, 0.47, 0.52 },
    line_grey = { 0.85, 0.87, 0.9 }, head_back = { 0.93, 0.95, 0.97 }, none_back = { 0.99, 0.95, 0.85 }, none_edge = { 0.79, 0.54, 0.0 };

struct pdf {
	cairo_surface_t *surface;
	cairo_t *cr;
	PangoLayout *layout;
	PangoFontDescription *font;
	bool real;                       /* not the first time */
	double y;
	unsigned page, pages, section, section_page[SECTIONS_MAX];
	char origin[160], control[32];
	struct doc_plot plot;
};

static void
colour_set(struct pdf *p, struct colour c)
{
	cairo_set_source_rgb(p->cr, c.r, c.g, c.b);
}

/* The layout for this text; width 0: as wide as it is; lines: at most, the rest an ellipsis. */
static double
text_set(struct pdf *p, struct slice s, double size, bool bold, double width, int lines, double *w)
{
	int tw, th;

	pango_font_description_set_absolute_size(p->font, size * PANGO_SCALE);
	pango_font_description_set_weight(p->font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(p->layout, p->font);
	pango_layout_set_width(p->layout, width > 0 ? (int)(width * PANGO_SCALE) : -1);
	pango_layout_set_height(p->layout, lines > 0 ? -lines : -1);
	pango_layout_set_wrap(p->layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_ellipsize(p->layout, lines > 0 && width > 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
	pango_layout_set_text(p->layout, (const char *)s.p, (int)s.n);
	pango_layout_get_size(p->layout, &tw, &th);
	if (w != NULL)
		*w = (double)tw / PANGO_SCALE;
	return (double)th / PANGO_SCALE;
}

static void
text_show(struct pdf *p, double x, double y, struct colour c)
{
	colour_set(p, c);
	cairo_move_to(p->cr, x, y);
	pango_cairo_show_layout(p->cr, p->layout);
}

static void
footer(struct pdf *p)
{
	char text[300];
	double w;

	(void)snprintf(text, sizeof(text), "%s", p->origin);
	(void)text_set(p, slice_from(text), 8, false, RIGHT - LEFT - 140, 1, NULL);
	text_show(p, LEFT, H - 32, grey);
	(void)snprintf(text, sizeof(text), "%s%s%u / %u", p->control, p->control[0] != '\0' ? "   ·   " : "", p->page, p->pages);
	(void)text_set(p, slice_from(text), 8, false, 0, 0, &w);
	text_show(p, RIGHT - w, H - 32, grey);
}

static void
page_end(struct pdf *p)
{
	if (p->page == 0)
		return;
	footer(p);
	cairo_show_page(p->cr);
}

static void
page_begin(struct pdf *p)
{
	page_end(p);
	p->page++;
	p->y = TOP;
}

static void
room(struct pdf *p, double height)
{
	if (p->y + height > BOTTOM)
		page_begin(p);
}

static void
paragraph(struct pdf *p, struct slice s, double size, bool bold, struct colour c, double after)
{
	double h = text_set(p, s, size, bold, RIGHT - LEFT, 0, NULL);

	room(p, h);
	h = text_set(p, s, size, bold, RIGHT - LEFT, 0, NULL);   /* the footer has used the layout */
	text_show(p, LEFT, p->y, c);
	p->y += h + after;
}

static void
nothing(struct pdf *p, struct slice s)
{
	double h = text_set(p, s, 10, false, RIGHT - LEFT - 24, 0, NULL) + 12;

	room(p, h + 10);
	colour_set(p, none_back);
	cairo_rectangle(p->cr, LEFT, p->y, RIGHT - LEFT, h);
	cairo_fill(p->cr);
	colour_set(p, none_edge);
	cairo_rectangle(p->cr, LEFT, p->y, 4, h);
	cairo_fill(p->cr);
	(void)text_set(p, s, 10, false, RIGHT - LEFT - 24, 0, NULL);
	text_show(p, LEFT + 14, p->y + 6, ink);
	p->y += h + 10;
}

/* --- plots --- */

static void
number(struct pdf *p, uint64_t v, double x, double y)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	(void)text_set(p, slice_from(text), 7.5, false, 0, 0, NULL);
	text_show(p, x, y, grey);
}

static void
rectangle(struct pdf *p, double x, double y, double w, double h)
{
	colour_set(p, bar);
	cairo_rectangle(p->cr, x, y, w, h);
	cairo_fill(p->cr);
}

static void
bars_stand(struct pdf *p)
{
	const struct doc_plot *d = &p->plot;
	double step = fmin((RIGHT - LEFT) / (d->n > 0 ? d->n : 1), 60), base = p->y + PLOT_H;
	unsigned every = d->n / 14 + 1;

	number(p, d->max, LEFT, p->y);
	for (unsigned i = 0; i < d->n; i++) {
		double h = d->max > 0 ? (double)d->point[i].value * (PLOT_H - 14) / (double)d->max : 0;

		rectangle(p, LEFT + i * step + step * 0.1, base - h, step * 0.8, h);
		if (i % every != 0)
			continue;
		(void)text_set(p, slice_of(d->point[i].label.p + 5, 5), 7.5, false, 0, 0, NULL);
		text_show(p, LEFT + i * step + step * 0.1, base + 3, grey);
	}
	colour_set(p, line_grey);
	cairo_set_line_width(p->cr, 0.7);
	cairo_move_to(p->cr, LEFT, base);
	cairo_line_to(p->cr, RIGHT, base);
	cairo_stroke(p->cr);
	p->y = base + 22;
}

static void
bars_lie(struct pdf *p)
{
	const struct doc_plot *d = &p->plot;

	for (unsigned i = 0; i < d->n; i++, p->y += 14) {
		double w = d->max > 0 ? (double)d->point[i].value * (RIGHT - LEFT - 240) / (double)d->max : 0;

		room(p, 14);
		(void)text_set(p, d->point[i].label, 8, false, 170, 1, NULL);
		text_show(p, LEFT, p->y, ink);
		rectangle(p, LEFT + 180, p->y + 1, w, 9);
		number(p, d->point[i].value, LEFT + 186 + w, p->y);
	}
	p->y += 8;
}

static void
plot(struct pdf *p, const struct doc_line *l, struct slice *rest)
{
	doc_points(rest, &p->plot);
	room(p, p->plot.days ? PLOT_H + 50 : 60);
	paragraph(p, l->cell[0], 10, true, ink, 4);
	if (p->plot.days)
		bars_stand(p);
	else
		bars_lie(p);
}

/* --- tables --- */

/* What each column would like; then the widest give way until all fit. */
static void
columns_measure(struct pdf *p, const struct doc_line *head, struct slice rows, double width[DOC_CELLS])
{
	struct doc_line l;
	double w, sum = 0, most;
	unsigned n = head->n - 1, widest;

	for (unsigned i = 0; i < n; i++) {
		(void)text_set(p, head->cell[i + 1], 8, true, 0, 0, &w);
		width[i] = w + 8;
	}
	for (unsigned k = 0; k < ROWS_MEASURED && doc_take(&rows, &l) && l.kind == 'R'; k++)
		for (unsigned i = 0; i < n && i < l.n; i++) {
			(void)text_set(p, l.cell[i], 8, false, 0, 0, &w);
			width[i] = fmax(width[i], w + 8);
		}
	for (unsigned i = 0; i < n; i++)
		sum += width[i];
	while (sum > RIGHT - LEFT) {
		for (widest = 0, most = 0; most == 0; )
			for (unsigned i = 0; i < n; i++)
				if (width[i] > most) {
					most = width[i];
					widest = i;
				}
		width[widest] -= fmin(4, sum - (RIGHT - LEFT));
		sum -= fmin(4, sum - (RIGHT - LEFT));
	}
}

static void
table_row(struct pdf *p, const struct doc_line *l, unsigned from, unsigned n, const double width[DOC_CELLS], bool head)
{
	double h = 13, x = LEFT;

	for (unsigned i = 0; i < n && i + from < l->n; i++)
		h = fmax(h, text_set(p, l->cell[i + from], 8, head, width[i] - 8, head ? 1 : 2, NULL) + 4);
	room(p, h);
	if (head) {
		colour_set(p, head_back);
		cairo_rectangle(p->cr, LEFT, p->y, RIGHT - LEFT, h);
		cairo_fill(p->cr);
	}
	for (unsigned i = 0; i < n && i + from < l->n; x += width[i++]) {
		(void)text_set(p, l->cell[i + from], 8, head, width[i] - 8, head ? 1 : 2, NULL);
		text_show(p, x + 3, p->y + 2, ink);
	}
	p->y += h;
	colour_set(p, line_grey);
	cairo_set_line_width(p->cr, 0.5);
	cairo_move_to(p->cr, LEFT, p->y);
	cairo_line_to(p->cr, RIGHT, p->y);
	cairo_stroke(p->cr);
}

static void
table(struct pdf *p, const struct doc_line *head, struct slice *rest)
{
	double width[DOC_CELLS] = { 0 };
	struct slice next = *rest;
	struct doc_line l;
	unsigned page;

	if (head->n < 2)
		return;
	room(p, 60);
	if (head->cell[0].n > 0)
		paragraph(p, head->cell[0], 10, true, ink, 3);
	columns_measure(p, head, *rest, width);
	table_row(p, head, 1, head->n - 1, width, true);
	for (; doc_take(&next, &l) && l.kind == 'R'; *rest = next) {
		page = p->page;
		room(p, 26);
		if (page != p->page)
			table_row(p, head, 1, head->n - 1, width, true);
		table_row(p, &l, 0, head->n - 1, width, false);
	}
	p->y += 12;
}

/* --- pages --- */

static void
contents(struct pdf *p, struct slice doc)
{
	unsigned section = 0;
	struct doc_line l;

	paragraph(p, slice_from("Contents"), 12, true, blue, 6);
	while (doc_take(&doc, &l)) {
		if (l.kind != 'P' || l.n < 2 || section == SECTIONS_MAX)
			continue;
		(void)snprintf(p->control, sizeof(p->control), "%u", p->section_page[section++]);
		room(p, 15);
		(void)text_set(p, l.cell[0], 9.5, false, 60, 1, NULL);
		text_show(p, LEFT, p->y, ink);
		(void)text_set(p, l.cell[1], 9.5, false, RIGHT - LEFT - 120, 1, NULL);
		text_show(p, LEFT + 60, p->y, ink);
		(void)text_set(p, slice_from(p->control), 9.5, false, 0, 0, NULL);
		text_show(p, RIGHT - 30, p->y, grey);
		p->y += 15;
		p->control[0] = '\0';
	}
}

static void
first_page(struct pdf *p, const struct doc_line *l, struct slice doc)
{
	(void)snprintf(p->origin, sizeof(p->origin), "%.*s   ·   %.*s", (int)l->cell[0].n, (const char *)l->cell[0].p,
	    l->n > 1 ? (int)l->cell[1].n : 0, l->n > 1 ? (const char *)l->cell[1].p : "");
	page_begin(p);
	paragraph(p, l->cell[0], 11, true, blue, 2);
	paragraph(p, slice_from("Evidence of access"), 24, true, ink, 6);
	if (l->n > 1)
		paragraph(p, l->cell[1], 11, false, ink, 0);
	if (l->n > 2) {
		char text[200];

		(void)snprintf(text, sizeof(text), "as of %.*s", (int)l->cell[2].n, (const char *)l->cell[2].p);
		paragraph(p, slice_from(text), 11, false, ink, 12);
		if (p->real)
			cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATE_DATE, text + 6);
	}
	contents(p, doc);
}

static void
section(struct pdf *p, const struct doc_line *l)
{
	char text[120], place[64];
	bool is;                         /* a control; else a page of another kind */

	page_begin(p);
	(void)snprintf(place, sizeof(place), "page=%u pos=[0 0]", p->page);
	is = l->cell[0].n > 0 && l->cell[0].p[0] >= '0' && l->cell[0].p[0] <= '9';
	(void)snprintf(text, sizeof(text), "%s%.*s", is ? "ISO/IEC 27001:2022 Annex A " : "", (int)l->cell[0].n, (const char *)l->cell[0].p);
	(void)snprintf(p->control, sizeof(p->control), "%s%.*s", is ? "A." : "", (int)l->cell[0].n, (const char *)l->cell[0].p);
	if (p->section < SECTIONS_MAX)
		p->section_page[p->section++] = p->page;
	if (p->real)
		(void)cairo_pdf_surface_add_outline(p->surface, CAIRO_PDF_OUTLINE_ROOT, p->control, place, 0);
	paragraph(p, slice_from(text), 10, true, blue, 1);
	paragraph(p, l->n > 1 ? l->cell[1] : slice_from(""), 17, true, ink, 6);
}

static void
draw(struct pdf *p, struct slice doc)
{
	struct doc_line l;

	while (doc_take(&doc, &l)) {
		if (l.n == 0)
			continue;
		switch (l.kind) {
		case 'I': first_page(p, &l, doc); break;
		case 'P': section(p, &l); break;
		case 'T': paragraph(p, l.cell[0], 10, false, ink, 8); break;
		case 'N': nothing(p, l.cell[0]); break;
		case 'B': plot(p, &l, &doc); break;
		case 'H': table(p, &l, &doc); break;
		default:  break;
		}
	}
	page_end(p);
}

/* The first time, when only pages are counted, they go nowhere. */
static cairo_status_t
bytes_take(void *out, const unsigned char *bytes, unsigned n)
{
	return out == NULL || buf_append(out, bytes, n) == 0 ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_NO_MEMORY;
}

static int
run(struct pdf *p, struct slice doc, struct buf *out)
{
	int r;

	/* Of one kind both times: others measure text otherwise, and then a page more or less is counted. */
	p->surface = cairo_pdf_surface_create_for_stream(bytes_take, p->real ? out : NULL, W, H);
	p->cr = cairo_create(p->surface);
	p->layout = pango_cairo_create_layout(p->cr);
	p->page = p->section = 0;
	p->control[0] = '\0';
	draw(p, doc);
	p->pages = p->page;
	g_object_unref(p->layout);
	cairo_destroy(p->cr);
	cairo_surface_finish(p->surface);
	r = cairo_surface_status(p->surface) == CAIRO_STATUS_SUCCESS ? 0 : -EIO;
	cairo_surface_destroy(p->surface);
	return r;
}

int
pdf_write(struct slice doc, struct buf *out)
{
	static struct pdf p;
	int r;

	p.font = pango_font_description_from_string("DejaVu Sans, Noto Sans CJK SC, Sans");
	r = run(&p, doc, out);
	p.real = true;
	if (r == 0)
		r = run(&p, doc, out);
	pango_font_description_free(p.font);
	return r;
}
