/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What keys and clicks do.  A click counts when its button is let go where it went down, so nothing of
 * it is left for the host that it connects to; the first one on a row selects, the next connects.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "ui/hosts.h"
#include "ui/keys.h"
#include "ui/term.h"

#define WHEEL 3                       /* rows */

static const struct hosts_target nowhere = { .login = -1 };

void
hosts_init(struct hosts *h)
{
	*h = (struct hosts){ .pane = HOSTS_LIST, .pressed = nowhere, .clicked = nowhere };
	list_init(&h->list);
}

void
hosts_done(struct hosts *h)
{
	list_done(&h->list);
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

unsigned
hosts_logins(const struct list_row *r)
{
	unsigned n = 1;

	for (const char *at = r->logins; (at = strchr(at, ',')) != NULL; at++)
		n++;
	return n;
}

const char *
hosts_count(const struct hosts *h, char *out, size_t size)
{
	const struct list *l = &h->list;
	int n = snprintf(out, size, "%zu/%zu", l->found_n > 0 ? l->cursor + 1 : 0, l->found_n);

	if (l->found_n != list_shown(l) && n > 0 && (size_t)n < size)
		n += snprintf(out + n, size - (size_t)n, " of %zu", list_shown(l));
	if (!h->complete && n > 0 && (size_t)n < size)
		(void)snprintf(out + n, size - (size_t)n, " ...");
	return out;
}

/* ---- verbs ---- */

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
open_pane(struct hosts *h, enum hosts_pane pane)
{
	if (pane == HOSTS_HELP && h->pane != HOSTS_HELP)
		h->under = h->pane;
	h->pane = pane;
	h->page.top = 0;
	h->clicked = nowhere;
}

static void
do_connect(struct hosts *h)
{
	const struct list_row *r = list_selected(&h->list);
	unsigned at;

	if (r == NULL)
		return;
	if (!r->allowed) {
		(void)snprintf(h->notice, sizeof(h->notice), "%s: %.300s", r->name, r->brief);
		open_pane(h, HOSTS_DETAILS);
	} else if (h->pane != HOSTS_LOGINS && hosts_wanted_at(h, r, &at)) {
		h->login = at;
		choose(h, r);
	} else if (h->pane != HOSTS_LOGINS && hosts_logins(r) > 1) {
		open_pane(h, HOSTS_LOGINS);
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
		open_pane(h, HOSTS_LIST);
	else if (h->list.query.text[0] != '\0')
		list_set_query(&h->list, "");
	else
		h->over = true;
}

void
hosts_toggle_others(struct hosts *h)
{
	list_show_others(&h->list, !h->list.others);
	h->others_wanted = h->others_wanted || (h->list.others && h->others_n > 0);
}

static void
move_login(struct hosts *h, long by)
{
	const struct list_row *r = list_selected(&h->list);
	long last = r != NULL ? (long)hosts_logins(r) - 1 : 0, to = (long)h->login + by;

	h->login = (unsigned)(to < 0 ? 0 : to > last ? last : to);
}

static void
do_move(struct hosts *h, long by)
{
	if (h->pane == HOSTS_LOGINS)
		move_login(h, by);
	else
		list_move(&h->list, by);
}

/* Of the details, while there is more than they show; else of the list. */
static void
do_page(struct hosts *h, int way)
{
	if (h->pane == HOSTS_DETAILS && page_is_cut(&h->page))
		page_scroll(&h->page, way * (h->page.height > 1 ? h->page.height - 1 : 1));
	else
		do_move(h, way * (long)h->list.height);
}

static void
do_type(struct hosts *h, uint32_t rune)
{
	if (h->pane == HOSTS_LOGINS)
		open_pane(h, HOSTS_LIST);
	list_type(&h->list, rune);
}

/* ---- the mouse ---- */

static struct hosts_target
target_at(const struct hosts *h, int y)
{
	struct hosts_target t = nowhere;
	int line, first;

	if (h->pane == HOSTS_LOGINS && layout_holds(h->layout.pane, y, &line) && line > 0) {
		first = h->page.top + line - 1;
		t.login = list_selected(&h->list) != NULL && first < (int)hosts_logins(list_selected(&h->list)) ? first : -1;
	} else if (h->pane != HOSTS_HELP && layout_holds(h->layout.list, y, &line) &&
	    h->list.top + (size_t)line < h->list.found_n) {
		t.row = h->list.found[h->list.top + (size_t)line];
	}
	return t;
}

static bool
is_somewhere(struct hosts_target t)
{
	return t.row != NULL || t.login >= 0;
}

static bool
is_same(struct hosts_target a, struct hosts_target b)
{
	return a.row == b.row && a.login == b.login;
}

static void
select_target(struct hosts *h, struct hosts_target t)
{
	if (t.login >= 0) {
		h->login = (unsigned)t.login;
		return;
	}
	for (size_t i = h->list.top; i < h->list.found_n && i < h->list.top + h->list.height; i++)
		if (h->list.found[i] == t.row)
			list_move_to(&h->list, i);
}

static void
do_click(struct hosts *h, struct hosts_target t)
{
	bool again = is_same(t, h->clicked);

	select_target(h, t);
	h->clicked = t;
	if (again)
		do_connect(h);
}

static void
do_wheel(struct hosts *h, int y, int way)
{
	int line;

	h->clicked = nowhere;
	if (h->pane == HOSTS_HELP || (h->pane == HOSTS_DETAILS && layout_holds(h->layout.pane, y, &line)))
		page_scroll(&h->page, way * WHEEL);
	else
		do_move(h, h->pane == HOSTS_LOGINS ? way : way * WHEEL);
}

static void
do_mouse(struct hosts *h)
{
	const struct term_mouse *m = term_mouse();
	struct hosts_target t = target_at(h, m->y);

	if (m->what == TERM_WHEEL_UP || m->what == TERM_WHEEL_DOWN) {
		do_wheel(h, m->y, m->what == TERM_WHEEL_UP ? -1 : 1);
	} else if (m->what == TERM_PRESS) {
		h->pressed = t;
	} else if (m->what == TERM_RELEASE) {
		if (is_somewhere(t) && is_same(t, h->pressed))
			do_click(h, t);
		h->pressed = nowhere;
	}
}

/* ---- keys ---- */

/* What is opened is drawn at once: the next key may be there already, and what it does depends on how much fits. */
static void
do_verb(struct hosts *h, enum verb verb, int code)
{
	const struct list_row *before = list_selected(&h->list);

	if (verb != VERB_MOUSE && verb != VERB_RESIZE)
		h->clicked = nowhere;
	switch (verb) {
	case VERB_TYPE:       do_type(h, (uint32_t)code); break;
	case VERB_UP:         do_move(h, -1); break;
	case VERB_DOWN:       do_move(h, 1); break;
	case VERB_PAGE_UP:    do_page(h, -1); break;
	case VERB_PAGE_DOWN:  do_page(h, 1); break;
	case VERB_HOME:       do_move(h, -LIST_ROWS_MAX); break;
	case VERB_END:        do_move(h, LIST_ROWS_MAX); break;
	case VERB_CONNECT:    do_connect(h); break;
	case VERB_DETAILS:    open_pane(h, h->pane == HOSTS_DETAILS ? HOSTS_LIST : HOSTS_DETAILS); hosts_draw(h); break;
	case VERB_SESSIONS:   h->sessions = true; break;
	case VERB_APPROVALS:  h->approvals = true; break;
	case VERB_OTHERS:     hosts_toggle_others(h); break;
	case VERB_HELP:       open_pane(h, HOSTS_HELP); hosts_draw(h); break;
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
		open_pane(h, HOSTS_LIST);
}

/* The help scrolls while there is more of it; anything else closes it. */
static void
help_verb(struct hosts *h, enum verb verb)
{
	static const struct { enum verb verb; int lines; } moves[] = {
		{ VERB_UP, -1 }, { VERB_DOWN, 1 }, { VERB_HOME, -PAGE_LINES_MAX }, { VERB_END, PAGE_LINES_MAX },
	};
	int page = h->page.height > 1 ? h->page.height - 1 : 1;

	if (verb == VERB_RESIZE || verb == VERB_REDRAW || (verb == VERB_MOUSE && term_mouse()->what == TERM_PRESS)) {
		do_verb(h, verb, 0);
		return;
	}
	if (verb == VERB_MOUSE && term_mouse()->what != TERM_RELEASE) {
		do_mouse(h);
		return;
	}
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]) && page_is_cut(&h->page); i++)
		if (moves[i].verb == verb) {
			page_scroll(&h->page, moves[i].lines);
			return;
		}
	if (page_is_cut(&h->page) && (verb == VERB_PAGE_UP || verb == VERB_PAGE_DOWN))
		page_scroll(&h->page, verb == VERB_PAGE_UP ? -page : page);
	else
		open_pane(h, h->under);
}

/* "?" is a letter once something has been typed. */
static enum verb
verb_of(const struct hosts *h, int code, bool is_char)
{
	enum verb v = keys_verb(code, is_char);

	return v == VERB_HELP && is_char && h->list.query.text[0] != '\0' ? VERB_TYPE : v;
}

void
hosts_keys(struct hosts *h)
{
	wint_t code;
	int r;

	while (!h->over && !h->sessions && !h->approvals && (r = term_key(&code)) != ERR) {
		enum verb v = verb_of(h, (int)code, r == OK);

		if (r == OK && code == 0)                /* a sequence that means nothing */
			continue;
		if (v != VERB_MOUSE || term_mouse()->what == TERM_RELEASE)
			h->notice[0] = '\0';
		if (h->pane == HOSTS_HELP)
			help_verb(h, v);
		else
			do_verb(h, v, (int)code);
	}
}
