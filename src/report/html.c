/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* One page of HTML that needs nothing else: no script, no picture from anywhere; plots are SVG. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "report/doc.h"

enum { SHORT = 28, PLOT_W = 900, PLOT_H = 150, BAR_H = 20, LABEL_W = 220 };

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Evidence</title>\n<style>\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:#1c2733;max-width:1100px;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.9rem;margin:.2rem 0}h2{font-size:1.3rem;margin:0}h3{font-size:1rem;margin:1.2rem 0 .3rem}\n"
    "section{border-top:2px solid #24527a;padding:1rem 0 1.5rem;break-before:page}\n"
    ".control{color:#24527a;font-weight:600;margin:0}.none{background:#fdf3d8;border-left:4px solid #c98a00;padding:.5rem .8rem}\n"
    "div.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.82rem;width:100%}\n"
    "th,td{text-align:left;padding:.2rem .5rem;border-bottom:1px solid #d8dee5;vertical-align:top;overflow-wrap:break-word;max-width:22rem}\n"
    "th,td.s{white-space:nowrap}th{background:#eef3f8}nav ol{columns:2;padding-left:1.2rem}svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#45525f}\n"
    "svg rect{fill:#3a78b0}footer{color:#5a6773;font-size:.85rem}\n"
    "@media(prefers-color-scheme:dark){body{background:#12171d;color:#dbe3ea}th{background:#1f2a35}th,td{border-color:#2e3945}"
    ".none{background:#3a2f10}.control{color:#7fb5e6}svg text{fill:#a9b6c2}}\n"
    "</style>\n</head>\n<body>\n";

/* The first failure stays. */
struct page {
	struct buf *out;
	struct doc_plot plot;
	bool open;                       /* a section */
	int r;
};

static void
put(struct page *p, const char *text)
{
	if (p->r == 0)
		p->r = buf_text(p->out, text);
}

static void __attribute__((format(printf, 2, 3)))
putf(struct page *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (p->r == 0)
		p->r = buf_vprintf(p->out, fmt, ap);
	va_end(ap);
}

static void
put_text(struct page *p, struct slice s)
{
	for (size_t i = 0; i < s.n && p->r == 0; i++)
		switch (s.p[i]) {
		case '<': put(p, "&lt;"); break;
		case '>': put(p, "&gt;"); break;
		case '&': put(p, "&amp;"); break;
		case '"': put(p, "&quot;"); break;
		default:  p->r = buf_u8(p->out, s.p[i]);
		}
}

static void
put_element(struct page *p, const char *open, struct slice s, const char *close)
{
	put(p, open);
	put_text(p, s);
	put(p, close);
}

static struct slice
cell(const struct doc_line *l, unsigned i)
{
	return i < l->n ? l->cell[i] : slice_of(NULL, 0);
}

/* Else a page of another kind. */
static bool
is_control(const struct doc_line *l)
{
	return cell(l, 0).n > 0 && cell(l, 0).p[0] >= '0' && cell(l, 0).p[0] <= '9';
}

/* --- plots --- */

static void
bars_stand(struct page *p)
{
	const struct doc_plot *d = &p->plot;
	double step = (double)PLOT_W / (d->n > 0 ? d->n : 1);
	unsigned every = d->n / 10 + 1;

	putf(p, "<svg viewBox=\"0 0 %d %d\" role=\"img\">\n<text x=\"0\" y=\"12\">%" PRIu64 "</text>\n", PLOT_W, PLOT_H + 24, d->max);
	for (unsigned i = 0; i < d->n; i++) {
		double h = d->max > 0 ? (double)d->point[i].value * (PLOT_H - 20) / (double)d->max : 0;

		putf(p, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>", i * step + step * 0.1, PLOT_H - h, step * 0.8, h);
		put_text(p, d->point[i].label);
		putf(p, ": %" PRIu64 "</title></rect>\n", d->point[i].value);
		if (i % every == 0) {
			putf(p, "<text x=\"%.1f\" y=\"%d\">", i * step + step * 0.1, PLOT_H + 16);
			put_element(p, "", slice_of(d->point[i].label.p + 5, 5), "</text>\n");
		}
	}
	put(p, "</svg>\n");
}

static void
bars_lie(struct page *p)
{
	const struct doc_plot *d = &p->plot;

	putf(p, "<svg viewBox=\"0 0 %d %u\" role=\"img\">\n", PLOT_W, d->n * BAR_H + 4);
	for (unsigned i = 0; i < d->n; i++) {
		double w = d->max > 0 ? (double)d->point[i].value * (PLOT_W - LABEL_W - 80) / (double)d->max : 0;

		putf(p, "<text x=\"0\" y=\"%u\">", i * BAR_H + 14);
		put_element(p, "", d->point[i].label, "</text>\n");
		putf(p, "<rect x=\"%d\" y=\"%u\" width=\"%.1f\" height=\"%d\"/><text x=\"%.1f\" y=\"%u\">%" PRIu64 "</text>\n", LABEL_W,
		    i * BAR_H + 3, w, BAR_H - 6, LABEL_W + w + 6, i * BAR_H + 14, d->point[i].value);
	}
	put(p, "</svg>\n");
}

static void
plot_put(struct page *p, const struct doc_line *l, struct slice *rest)
{
	doc_points(rest, &p->plot);
	put_element(p, "<h3>", cell(l, 0), "</h3>\n");
	if (p->plot.days)
		bars_stand(p);
	else
		bars_lie(p);
}

/* --- the rest --- */

static void
table_put(struct page *p, const struct doc_line *head_line, struct slice *rest)
{
	unsigned columns = head_line->n;
	struct slice next = *rest;
	struct doc_line l;

	if (cell(head_line, 0).n > 0)
		put_element(p, "<h3>", cell(head_line, 0), "</h3>\n");
	put(p, "<div class=\"wide\"><table>\n<tr>");
	for (unsigned i = 1; i < columns; i++)
		put_element(p, "<th>", cell(head_line, i), "</th>");
	put(p, "</tr>\n");
	for (; doc_take(&next, &l) && l.kind == 'R'; *rest = next) {
		put(p, "<tr>");
		for (unsigned i = 0; i + 1 < columns; i++)
			put_element(p, cell(&l, i).n <= SHORT ? "<td class=\"s\">" : "<td>", cell(&l, i), "</td>");
		put(p, "</tr>\n");
	}
	put(p, "</table></div>\n");
}

static void
section_begin(struct page *p, const struct doc_line *l)
{
	put(p, p->open ? "</section>\n" : "");
	put_element(p, "<section id=\"c", cell(l, 0), "\">\n");
	if (is_control(l))
		put_element(p, "<p class=\"control\">ISO/IEC 27001:2022 Annex A ", cell(l, 0), "</p>\n");
	put_element(p, "<h2>", cell(l, 1), "</h2>\n");
	p->open = true;
}

static void
contents_put(struct page *p, struct slice doc)
{
	struct doc_line l;

	put(p, "<nav><h3>Contents</h3><ol>\n");
	while (doc_take(&doc, &l))
		if (l.kind == 'P') {
			put_element(p, "<li><a href=\"#c", cell(&l, 0), "\">");
			put_element(p, "", is_control(&l) ? cell(&l, 0) : slice_from(""), " ");
			put_element(p, "", cell(&l, 1), "</a></li>\n");
		}
	put(p, "</ol></nav>\n");
}

static void
line_put(struct page *p, const struct doc_line *l, struct slice *rest)
{
	switch (l->kind) {
	case 'I':
		put_element(p, "<header><p class=\"control\">", cell(l, 0), "</p><h1>Evidence of access</h1>\n");
		put_element(p, "<p>", cell(l, 1), "<br>");
		put_element(p, "as of ", cell(l, 2), "</p></header>\n");
		contents_put(p, *rest);
		break;
	case 'P': section_begin(p, l); break;
	case 'T': put_element(p, "<p>", cell(l, 0), "</p>\n"); break;
	case 'N': put_element(p, "<p class=\"none\">", cell(l, 0), "</p>\n"); break;
	case 'B': plot_put(p, l, rest); break;
	case 'H': table_put(p, l, rest); break;
	default:  break;
	}
}

int
html_write(struct slice doc, struct buf *out)
{
	static struct page p;
	struct doc_line l;

	p.out = out;
	put(&p, head);
	while (doc_take(&doc, &l) && p.r == 0)
		line_put(&p, &l, &doc);
	put(&p, p.open ? "</section>\n" : "");
	put(&p, "</body>\n</html>\n");
	return p.r;
}
