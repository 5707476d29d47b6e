/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The picker's looks.  The terminal's own colours, with bold, dim and reverse, and one accent that reads on dark and on
 * light; nothing is said by colour alone.  All is drawn anew each time: curses sends what differs.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <curses.h>

#include "ui/draw.h"
#include "ui/help.h"
#include "ui/hosts.h"
#include "ui/keys.h"
#include "ui/term.h"
#include "ui/width.h"

#define NAMES      10                 /* columns of the details' names */
#define HELP_NAMES 17
#define HITS_MAX   1024
#define ALL_LINES  1000               /* a pane that takes what it can get */

/* ---- rows ---- */

/* Of what was found.  A row's text has an attribute that no terminal shows: curses then ends a colour with a colour, in 5
 * bytes, and not with all that it has, in 11. */
#define ROW_LOOK A_PROTECT

static unsigned long
marked_of(unsigned long look)
{
	return look | (term_has_colour() ? (unsigned long)COLOR_PAIR(TERM_ACCENT) : A_UNDERLINE);
}

/* A dash or a dot alone between two marks is marked too: the accent's end and its next beginning would be ten bytes. */
static void
join_marks(struct slice text, unsigned char *hits)
{
	for (size_t i = 1; i + 1 < text.n; i++)
		if (hits[i - 1] != 0 && hits[i + 1] != 0 && ispunct(text.p[i]))
			hits[i] = 1;
}

/* What was found is marked in every name, and in all of the selected row: marks everywhere would be a third of what is sent. */
static void
draw_row(const struct hosts *h, int y, const int widths[LIST_COLUMNS], const struct list_row *r, bool selected)
{
	unsigned long look = ROW_LOOK | (r->allowed ? 0 : A_DIM) | (selected ? A_REVERSE : 0);
	unsigned char hits[HITS_MAX];
	char mark[LAYOUT_MARK + 1];
	int x;

	(void)snprintf(mark, sizeof(mark), "%c%c ", selected ? '>' : ' ', r->allowed ? ' ' : '-');
	x = draw_text(y, 0, LAYOUT_MARK, slice_from(mark), selected ? look : look & ~ROW_LOOK);
	for (enum list_column i = 0; i < LIST_COLUMNS; i++) {
		struct slice text = slice_from(list_text(r, i));

		if (widths[i] == 0)
			continue;
		if (i == LIST_NAME || selected)
			list_hits(&h->list, r, i, hits, sizeof(hits));
		else
			memset(hits, 0, sizeof(hits));
		if (text.n <= sizeof(hits))
			join_marks(text, hits);
		x += x > LAYOUT_MARK ? draw_text(y, x, COLUMNS_GAP, slice_from(""), look) : 0;
		x += draw_marked(y, x, widths[i], text, look, text.n <= sizeof(hits) ? hits : NULL, marked_of(look));
	}
	(void)draw_text(y, x, COLS - x, slice_from(""), selected ? look : A_NORMAL);
}

static const char *
nothing(const struct hosts *h)
{
	if (!h->complete)
		return "   the hosts are on their way ...";
	if (h->list.query.text[0] != '\0')
		return h->others_n == 0 || h->list.others ? "   nothing matches: Ctrl-U clears it" :
		    "   nothing matches: Ctrl-U clears it, Ctrl-O looks among the others, too";
	return h->others_n == 0 ? "   no hosts are registered for you yet" :
	    "   none that you may reach: Ctrl-O shows the others, and why";
}

static void
draw_header(int y, const int widths[LIST_COLUMNS])
{
	int x = LAYOUT_MARK;

	for (enum list_column i = 0; i < LIST_COLUMNS; i++)
		if (widths[i] > 0) {
			x += x > LAYOUT_MARK ? COLUMNS_GAP : 0;
			x += draw_text(y, x, widths[i], slice_from(layout_list_columns[i].head), A_DIM);
		}
}

static void
draw_list(const struct hosts *h)
{
	const struct list *l = &h->list;
	const struct span s = h->layout.list;
	int widths[LIST_COLUMNS];

	layout_columns(l, COLS, widths);
	if (h->layout.header.n > 0)
		draw_header(h->layout.header.y, widths);
	if (l->found_n == 0 && s.n > 0)
		(void)draw_text(s.y, 0, COLS, slice_from(nothing(h)), A_DIM);
	for (int i = 0; i < s.n && l->top + (size_t)i < l->found_n; i++)
		draw_row(h, s.y + i, widths, l->found[l->top + (size_t)i], l->top + (size_t)i == l->cursor);
}

/* ---- panes ---- */

/* "root, deploy": a line may be broken between them. */
static const char *
logins_spread(const char *logins, char *out, size_t size)
{
	size_t n = 0;

	for (; *logins != '\0' && n + 3 < size; logins++) {
		out[n++] = *logins;
		if (*logins == ',')
			out[n++] = ' ';
	}
	out[n] = '\0';
	return out;
}

static void
fill_details(struct hosts *h, const struct list_row *r)
{
	struct page *p = &h->page;

	if (r != h->paged)
		p->top = 0;
	h->paged = r;
	page_begin(p, h->layout.pane.n - 1, COLS - 2, NAMES);
	page_add(p, "access", r->allowed ? "allowed" : r->brief);
	page_add(p, "policy", r->why[0] != '\0' ? r->why : "-");
	page_add(p, "logins", r->logins[0] != '\0' ? logins_spread(r->logins, h->logins, sizeof(h->logins)) : "-");
	page_add(p, "labels", r->labels[0] != '\0' ? r->labels : "-");
	page_add(p, "address", r->addr[0] != '\0' ? r->addr : "-");
	page_end(p);
}

static void
draw_details(struct hosts *h, const struct list_row *r)
{
	char place[32];

	fill_details(h, r);
	draw_page(&h->page, h->layout.pane.y + 1, 1, A_DIM);
	draw_rule(h->layout.pane.y, r->name, page_place(&h->page, place, sizeof(place)));
}

/* The chooser's window is the page's, without its lines. */
static void
scroll_logins(struct hosts *h, unsigned n)
{
	struct page *p = &h->page;

	p->height = h->layout.pane.n > 1 ? h->layout.pane.n - 1 : 1;
	p->n = (int)n;
	if ((int)h->login < p->top)
		p->top = (int)h->login;
	if ((int)h->login >= p->top + p->height)
		p->top = (int)h->login - p->height + 1;
	page_end(p);
}

static void
draw_logins(struct hosts *h, const struct list_row *r)
{
	char login[256], line[300], title[300], place[32] = "";
	unsigned n = hosts_logins(r);

	scroll_logins(h, n);
	for (int i = 0; i < h->page.height && h->page.top + i < (int)n; i++) {
		unsigned at = (unsigned)(h->page.top + i);

		(void)hosts_login_at(r, at, login, sizeof(login));
		(void)snprintf(line, sizeof(line), "%c  %s", at == h->login ? '>' : ' ', login);
		(void)draw_text(h->layout.pane.y + 1 + i, 0, COLS, slice_from(line), at == h->login ? A_REVERSE : A_NORMAL);
	}
	if (page_is_cut(&h->page))
		(void)snprintf(place, sizeof(place), "%u/%u", h->login + 1, n);
	(void)snprintf(title, sizeof(title), "log in to %s as", r->name);
	draw_rule(h->layout.pane.y, title, place);
}

static void
draw_help(struct hosts *h)
{
	struct page *p = &h->page;

	page_begin(p, LINES - h->layout.title.n - (LINES > 1), COLS - 2, HELP_NAMES);
	page_add(p, "", "Type to search: every word must be found, in a host's name, logins, labels or address.");
	for (size_t i = 0; i < keys_n; i++)
		if (keys[i].name != NULL)
			page_add(p, keys[i].name, keys[i].help);
	page_end(p);
	draw_page(p, h->layout.title.n, 1, A_BOLD);
}

/* ---- the lines around ---- */

static void
draw_title(const struct hosts *h)
{
	char count[64];
	int n = width_of(slice_from(hosts_count(h, count, sizeof(count)))), y = h->layout.title.y, x, room;

	x = 1 + draw_text(y, 1, COLS < 10 ? COLS - 1 : 9, slice_from("fortress"), draw_accent());
	(void)draw_text(y, x, COLS - x, slice_from(h->user), A_NORMAL);
	x += width_of(slice_from(h->user)) + 2;
	room = COLS - n - 3 - x;
	if (h->banner[0] != '\0' && room > 10)
		(void)draw_text(y, x, width_of(slice_from(h->banner)) < room ? width_of(slice_from(h->banner)) : room,
		    slice_from(h->banner), A_REVERSE | A_BOLD);
	if (n + 12 < COLS) {
		(void)draw_text(y, COLS - n - 2, 1, slice_from(""), A_NORMAL);
		(void)draw_text(y, COLS - n - 1, n, slice_from(count), A_NORMAL);
	}
}

/* The end of the query, which is what is being typed. */
static void
draw_search(const struct hosts *h)
{
	struct slice q = slice_from(h->list.query.text), end;
	int y = h->layout.search.y, n = 0, room;
	char count[64] = "";

	if (h->layout.title.n == 0)
		n = width_of(slice_from(hosts_count(h, count, sizeof(count))));
	n = n + 8 < COLS ? n : 0;
	room = COLS - 3 - (n > 0 ? n + 1 : 0);
	if (n > 0)
		(void)draw_text(y, COLS - n - 1, n, slice_from(count), A_NORMAL);
	(void)draw_text(y, 0, 2, slice_from("/ "), draw_accent());
	end = width_of(q) > room ? width_tail(q, room - 1) : q;
	(void)draw_text(y, 2, end.n < q.n ? 1 : 0, slice_from("~"), A_DIM);
	(void)draw_text(y, 2 + (end.n < q.n), width_of(end), end, A_NORMAL);
	(void)move(y, 2 + (end.n < q.n) + width_of(end));
}

/* What a key does depends on what is open; NULL: nothing worth the place. */
static const char *
brief_of(const struct hosts *h, const struct key *k)
{
	bool searching = h->list.query.text[0] != '\0';

	if (k->verb == VERB_BACK && k->brief != NULL)
		return h->pane != HOSTS_LIST ? "close" : searching ? "clear" : "quit";
	if (k->verb == VERB_DETAILS && h->pane == HOSTS_DETAILS)
		return "list";
	if (k->verb == VERB_OTHERS)
		return h->others_n == 0 ? NULL : h->list.others ? "hide others" : k->brief;
	if (k->verb == VERB_PAGE_DOWN)
		return h->pane == HOSTS_DETAILS && page_is_cut(&h->page) ? "more" : NULL;
	return k->brief;
}

/* Those that fit, whole. */
static void
draw_footer(const struct hosts *h)
{
	int x = 1, y = h->layout.footer.y;

	for (size_t i = 0; i < keys_n; i++) {
		const char *name = keys[i].name, *brief = brief_of(h, &keys[i]);
		int n;

		if (name == NULL || brief == NULL)
			continue;
		if (keys[i].verb == VERB_HELP && h->list.query.text[0] != '\0')
			name = "F1";
		n = (int)(strlen(name) + 1 + strlen(brief));
		if (x + n > COLS)
			continue;
		(void)draw_text(y, x, (int)strlen(name), slice_from(name), A_BOLD);
		(void)draw_text(y, x + (int)strlen(name) + 1, (int)strlen(brief), slice_from(brief), A_NORMAL);
		x += n + 3;
	}
}

static void
draw_help_screen(struct hosts *h)
{
	layout_make(&h->layout, LINES, COLS, 0, 0);
	if (h->layout.title.n > 0)
		draw_title(h);
	draw_help(h);
	if (LINES > 1)
		help_draw_foot(&h->page);
	(void)move(LINES - 1, 0);
}

static void
draw_list_screen(struct hosts *h)
{
	const struct list_row *r = list_selected(&h->list);
	int pane = r == NULL ? 0 : h->pane == HOSTS_DETAILS ? ALL_LINES : h->pane == HOSTS_LOGINS ? (int)hosts_logins(r) + 1 : 0;

	layout_make(&h->layout, LINES, COLS, pane, draw_notice_lines(h->notice));
	list_set_height(&h->list, (size_t)h->layout.list.n);
	if (h->layout.title.n > 0)
		draw_title(h);
	draw_list(h);
	if (pane > 0 && h->pane == HOSTS_DETAILS)
		draw_details(h, r);
	else if (pane > 0)
		draw_logins(h, r);
	if (h->layout.footer.n > 0)
		draw_footer(h);
	draw_notice(h->layout.notice.y, h->layout.notice.n, h->notice);
	if (h->layout.search.n > 0)
		draw_search(h);
	else
		(void)move(h->layout.list.y, 0);
}

void
hosts_draw(struct hosts *h)
{
	(void)erase();
	if (h->pane == HOSTS_HELP)
		draw_help_screen(h);
	else
		draw_list_screen(h);
	(void)refresh();
}
