/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "ui/draw.h"
#include "ui/hosts.h"
#include "ui/keys.h"
#include "ui/term.h"

#define TOP_LINES    3                /* title, search, header */
#define FOOT_LINES   1
#define MARK         2                /* columns before a row's text */

struct columns {
	int name, login, labels, why;
};

void
hosts_init(struct hosts *h)
{
	*h = (struct hosts){ .pane = HOSTS_LIST };
	list_init(&h->list);
}

void
hosts_done(struct hosts *h)
{
	list_done(&h->list);
}

static attr_t
accent(void)
{
	return A_BOLD | (term_has_colour() ? (attr_t)COLOR_PAIR(TERM_ACCENT) : 0);
}

/* Columns drop out from the right as the screen gets narrow; the name never does. */
static struct columns
columns_for(const struct list *l)
{
	struct columns c = { .name = 10 };
	int left = COLS - MARK, w;

	for (size_t i = l->top; i < l->found_n && i < l->top + l->height; i++)
		if ((w = draw_width(slice_from(l->found[i]->name))) > c.name)
			c.name = w;
	if (c.name > 32)
		c.name = 32;
	c.login = left - c.name >= 16 ? 13 : 0;
	c.labels = left - c.name - c.login >= 40 ? 24 : 0;
	c.why = left - c.name - c.login - c.labels >= 16 ? left - c.name - c.login - c.labels - 3 : 0;
	if (c.why == 0 && c.labels == 0)
		c.name = left - c.login - (c.login > 0);
	return c;
}

static void
draw_cells(int y, int x, const struct columns *c, const char *name, const char *login, const char *labels,
    const char *why, attr_t a)
{
	x += draw_text(y, x, c->name, slice_from(name), a);
	if (c->login > 0)
		x += draw_text(y, x, 1, slice_from(""), a) + draw_text(y, x + 1, c->login, slice_from(login), a);
	if (c->labels > 0)
		x += draw_text(y, x, 1, slice_from(""), a) + draw_text(y, x + 1, c->labels, slice_from(labels), a);
	if (c->why > 0)
		x += draw_text(y, x, 1, slice_from(""), a) + draw_text(y, x + 1, c->why, slice_from(why), a);
	(void)draw_text(y, x, COLS - x, slice_from(""), a);
}

static void
draw_row(int y, const struct columns *c, const struct list_row *r, bool selected)
{
	attr_t a = (r->allowed ? A_NORMAL : A_DIM) | (selected ? A_REVERSE : 0);

	(void)draw_text(y, 0, MARK, slice_from(selected ? "> " : r->allowed ? "  " : "- "), a);
	draw_cells(y, MARK, c, r->name, r->logins, r->labels, r->why, a);
}

static void
draw_title(const struct hosts *h)
{
	char left[160], right[64];
	int n;

	(void)snprintf(left, sizeof(left), " fortress  %s", h->user);
	n = snprintf(right, sizeof(right), "%zu of %zu hosts ", h->list.found_n, h->list.n);
	(void)draw_text(0, 0, COLS, slice_from(left), accent());
	if (n + 12 < COLS)
		(void)draw_text(0, COLS - n, n, slice_from(right), A_NORMAL);
}

static void
draw_footer(const struct hosts *h)
{
	char line[300] = " ";

	if (h->notice[0] != '\0') {
		(void)draw_text(LINES - 1, 0, COLS, slice_from(h->notice),
		    A_BOLD | (term_has_colour() ? (attr_t)COLOR_PAIR(TERM_BAD) : 0));
		return;
	}
	for (size_t i = 0; i < keys_n; i++)
		if (keys[i].brief != NULL) {
			size_t n = strlen(line);

			(void)snprintf(line + n, sizeof(line) - n, "%s %s   ", keys[i].name, keys[i].brief);
		}
	(void)draw_text(LINES - 1, 0, COLS, slice_from(line), A_DIM);
}

static void
draw_list(struct hosts *h, int height)
{
	struct columns c;

	list_set_height(&h->list, (size_t)(height > 0 ? height : 1));
	c = columns_for(&h->list);
	(void)draw_text(2, 0, MARK, slice_from(""), A_DIM);
	draw_cells(2, MARK, &c, "NAME", "LOGIN", "LABELS", "WHY", A_DIM);
	for (int i = 0; i < height; i++) {
		size_t at = h->list.top + (size_t)i;

		if (at < h->list.found_n)
			draw_row(TOP_LINES + i, &c, h->list.found[at], at == h->list.cursor);
		else
			(void)draw_text(TOP_LINES + i, 0, COLS, slice_from(i == 0 && h->list.n > 0 ?
			    "  nothing matches; Esc clears the search" : i == 0 ? (h->complete ? "  no hosts are registered for you" : "  ...") : ""), A_DIM);
	}
}

static int
draw_fact(int y, const char *name, const char *value)
{
	int used;

	if (y >= LINES - FOOT_LINES)
		return 0;
	(void)draw_text(y, 1, 10, slice_from(name), A_DIM);
	used = draw_wrapped(y, 11, COLS - 12, LINES - FOOT_LINES - y, slice_from(value[0] != '\0' ? value : "-"), A_NORMAL);
	return used;
}

static void
draw_details(const struct hosts *h, int y)
{
	const struct list_row *r = list_selected(&h->list);

	(void)mvhline(y++, 0, '-', COLS);
	if (r == NULL)
		return;
	y += draw_fact(y, "host", r->name);
	y += draw_fact(y, "address", r->addr);
	y += draw_fact(y, "logins", r->logins);
	y += draw_fact(y, "labels", r->labels);
	y += draw_fact(y, r->allowed ? "allowed" : "denied", r->why);
}

bool
hosts_login_at(const struct list_row *r, unsigned n, char *out, size_t size)
{
	const char *at = r->logins;

	for (; n > 0 && at != NULL; n--)
		if ((at = strchr(at, ',')) != NULL)
			at++;
	if (at == NULL)
		return false;
	(void)snprintf(out, size, "%.*s", (int)strcspn(at, ","), at);
	return true;
}

static void
draw_logins(const struct hosts *h, int y)
{
	const struct list_row *r = list_selected(&h->list);
	char login[256], line[300];

	(void)mvhline(y++, 0, '-', COLS);
	for (unsigned i = 0; r != NULL && y < LINES - FOOT_LINES && hosts_login_at(r, i, login, sizeof(login)); i++) {
		(void)snprintf(line, sizeof(line), "%s%s on %s", i == h->login ? "> " : "  ", login, r->name);
		(void)draw_text(y++, 0, COLS, slice_from(line), i == h->login ? A_REVERSE : A_NORMAL);
	}
}

static void
draw_help(void)
{
	int y = 2;

	(void)draw_text(1, 1, COLS - 1, slice_from("Type to search: every word must be found. These keys do the rest:"), A_NORMAL);
	for (size_t i = 0; i < keys_n && y < LINES - 1; i++) {
		if (keys[i].name == NULL)
			continue;
		(void)draw_text(y, 1, 16, slice_from(keys[i].name), A_BOLD);
		(void)draw_text(y++, 17, COLS - 17, slice_from(keys[i].help), A_NORMAL);
	}
	(void)draw_text(LINES - 1, 0, COLS, slice_from(" any key goes back"), A_DIM);
}

void
hosts_draw(struct hosts *h)
{
	int room = LINES - TOP_LINES - FOOT_LINES, pane = 0;

	(void)erase();
	draw_title(h);
	if (h->pane == HOSTS_HELP) {
		draw_help();
		(void)move(LINES - 1, 0);
		(void)refresh();
		return;
	}
	if (h->pane != HOSTS_LIST)
		pane = room > 12 ? 8 : room / 2;
	draw_list(h, room - pane);
	if (h->pane == HOSTS_DETAILS && pane > 0)
		draw_details(h, LINES - FOOT_LINES - pane);
	if (h->pane == HOSTS_LOGINS && pane > 0)
		draw_logins(h, LINES - FOOT_LINES - pane);
	draw_footer(h);
	(void)draw_text(1, 0, 2, slice_from("/ "), accent());
	(void)draw_text(1, 2, COLS - 3, slice_from(h->list.query), A_BOLD);
	(void)move(1, 2 + draw_width(slice_from(h->list.query)));
	(void)refresh();
}

/* ---- keys ---- */

static void
choose(struct hosts *h, const struct list_row *r)
{
	if (!hosts_login_at(r, h->login, h->chosen_login, sizeof(h->chosen_login)))
		h->chosen_login[0] = '\0';
	(void)snprintf(h->host, sizeof(h->host), "%s", r->name);
	h->chosen = h->over = true;
}

bool
hosts_wanted_at(const struct hosts *h, const struct list_row *r, unsigned *at)
{
	char login[256];

	for (*at = 0; h->wanted_login[0] != '\0' && hosts_login_at(r, *at, login, sizeof(login)); ++*at)
		if (strcmp(login, h->wanted_login) == 0)
			return true;
	return false;
}

static void
do_connect(struct hosts *h)
{
	const struct list_row *r = list_selected(&h->list);
	unsigned at;

	if (r == NULL)
		return;
	if (!r->allowed) {
		(void)snprintf(h->notice, sizeof(h->notice), " %s: %.300s", r->name, r->why);
		h->pane = HOSTS_DETAILS;
	} else if (h->pane != HOSTS_LOGINS && hosts_wanted_at(h, r, &at)) {
		h->login = at;
		choose(h, r);
	} else if (h->pane != HOSTS_LOGINS && strchr(r->logins, ',') != NULL) {
		h->pane = HOSTS_LOGINS;
		h->login = 0;
	} else {
		if (h->pane != HOSTS_LOGINS)
			h->login = 0;
		choose(h, r);
	}
}

static void
do_back(struct hosts *h)
{
	if (h->pane != HOSTS_LIST)
		h->pane = HOSTS_LIST;
	else if (h->list.query[0] != '\0')
		list_set_query(&h->list, "");
	else
		h->over = true;
}

static void
do_mouse(struct hosts *h)
{
	MEVENT ev;
	size_t row;

	if (getmouse(&ev) != OK)
		return;
	if ((ev.bstate & BUTTON4_PRESSED) != 0)
		list_move(&h->list, -3);
	else if ((ev.bstate & BUTTON5_PRESSED) != 0)
		list_move(&h->list, 3);
	else if (ev.y >= TOP_LINES && (row = h->list.top + (size_t)(ev.y - TOP_LINES)) < h->list.found_n) {
		if (row == h->list.cursor)
			do_connect(h);
		else
			list_move_to(&h->list, row);
	}
}

static void
do_move(struct hosts *h, long by)
{
	char login[256];
	const struct list_row *r = list_selected(&h->list);

	if (h->pane != HOSTS_LOGINS) {
		list_move(&h->list, by);
		return;
	}
	if (by < 0 && h->login > 0)
		h->login--;
	if (by > 0 && r != NULL && hosts_login_at(r, h->login + 1, login, sizeof(login)))
		h->login++;
}

static void
do_verb(struct hosts *h, enum verb verb, int code)
{
	const struct list_row *before = list_selected(&h->list);
	long page = (long)h->list.height;

	switch (verb) {
	case VERB_TYPE:       h->pane = h->pane == HOSTS_LOGINS ? HOSTS_LIST : h->pane; list_type(&h->list, (uint32_t)code); break;
	case VERB_UP:         do_move(h, -1); break;
	case VERB_DOWN:       do_move(h, 1); break;
	case VERB_PAGE_UP:    do_move(h, -page); break;
	case VERB_PAGE_DOWN:  do_move(h, page); break;
	case VERB_HOME:       list_move_to(&h->list, 0); break;
	case VERB_END:        list_move_to(&h->list, h->list.found_n); break;
	case VERB_CONNECT:    do_connect(h); break;
	case VERB_DETAILS:    h->pane = h->pane == HOSTS_DETAILS ? HOSTS_LIST : HOSTS_DETAILS; break;
	case VERB_HELP:       h->pane = HOSTS_HELP; break;
	case VERB_BACK:       do_back(h); break;
	case VERB_LEAVE:      h->over = true; break;
	case VERB_ERASE:      list_erase(&h->list); break;
	case VERB_ERASE_WORD: list_erase_word(&h->list); break;
	case VERB_ERASE_ALL:  list_set_query(&h->list, ""); break;
	case VERB_REDRAW:     (void)clearok(stdscr, TRUE); break;
	case VERB_MOUSE:      do_mouse(h); break;
	default:              break;
	}
	/* The chooser is one host's: it does not stay open over another. */
	if (h->pane == HOSTS_LOGINS && list_selected(&h->list) != before)
		h->pane = HOSTS_LIST;
}

/* "?" is a letter once something has been typed. */
static enum verb
verb_of(const struct hosts *h, int code, bool is_char)
{
	enum verb v = keys_verb(code, is_char);

	return v == VERB_HELP && is_char && h->list.query[0] != '\0' ? VERB_TYPE : v;
}

void
hosts_keys(struct hosts *h)
{
	wint_t code;
	int r;

	while (!h->over && (r = term_key(&code)) != ERR) {
		if (h->pane == HOSTS_HELP && code != KEY_RESIZE) {
			h->pane = HOSTS_LIST;
			continue;
		}
		h->notice[0] = '\0';
		do_verb(h, verb_of(h, (int)code, r == OK), (int)code);
	}
}
