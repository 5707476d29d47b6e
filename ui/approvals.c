/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What cannot be read cannot be approved here: a command that the screen does not show to its last letter could hide what
 * matters behind what does not.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/approvals.h"
#include "ui/draw.h"
#include "ui/help.h"
#include "ui/rows.h"
#include "ui/term.h"

#define DETAILS 3                   /* lines below the list, at least: what, why, how far */
#define TOO_LONG "what is asked for does not fit this screen: read it with the command approvals, and say approve"

enum act { YES, NO, WITHDRAW, AGAIN };

/* Help and footer are made of it. */
static const struct rows_key keys[] = {
	{ 'a', YES, "a", "approve the selected request, after a question", "a approve" },
	{ 'r', NO, "r", "reject it, or end what was approved", "r reject" },
	{ 'w', WITHDRAW, "w", "withdraw one of your own", "w withdraw" },
	{ 'g', AGAIN, "g", "ask for the list again", "g again" },
	ROWS_KEYS,
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* All about the selected request, in as few lines as it takes; text: its room until it is drawn. */
struct details { char what[2100], why[400], state[200]; };

static void
details_make(struct approvals_screen *s, struct details *d)
{
	const struct approval_line *r = &s->list.rows[s->cursor];

	page_begin(&s->page, LINES > 3 + DETAILS ? LINES - 4 : 0, COLS - 1, 0);
	s->page.top = 0;
	if (s->list.n == 0)
		return;
	(void)snprintf(d->what, sizeof(d->what), "%s: %s", r->user, r->what);
	(void)snprintf(d->why, sizeof(d->why), "why: %s%s%s", r->reason, r->ticket[0] != '\0' ? ", ticket " : "", r->ticket);
	(void)snprintf(d->state, sizeof(d->state), "%s%s", r->state, r->may ? "; you may approve it" : "");
	page_add(&s->page, "", d->what);
	page_add(&s->page, "", d->why);
	page_add(&s->page, "", d->state);
}

static int
details_height(const struct page *p)
{
	return p->height == 0 ? 0 : p->n < DETAILS ? DETAILS : p->n < p->height ? p->n : p->height;
}

static size_t
list_height(const struct page *p)
{
	int below = details_height(p);

	return LINES > 3 + below ? (size_t)(LINES - 3 - below) : 1;
}

static bool
is_readable(struct approvals_screen *s)
{
	struct details d;

	details_make(s, &d);
	return s->page.height > 0 && !page_is_cut(&s->page) && !s->list.rows[s->cursor].cut;
}

/* ---- what comes ---- */

void
approvals_open(struct approvals_screen *s)
{
	s->open = s->ask = true;
	s->help = false;
	s->sure = 0;
	s->notice[0] = '\0';
}

void
approvals_row(struct approvals_screen *s, const struct msg_approval_row *m)
{
	struct approval_line *to = &s->coming.rows[s->coming.n];
	char verb[40], host[70], login[70], at[40];
	struct buf all;

	if (s->coming.n == APPROVALS_SHOWN)
		return;
	s->coming.n++;
	*to = (struct approval_line){ .may = m->may == 1 };
	(void)text_cleaned(m->id, to->id, sizeof(to->id));
	(void)text_cleaned(m->user, to->user, sizeof(to->user));
	buf_init(&all, sizeof(to->what) - 1);
	to->cut = buf_printf(&all, "%s %s@%s%s", text_cleaned(m->verb, verb, sizeof(verb)), text_cleaned(m->login, login, sizeof(login)),
	    text_cleaned(m->host, host, sizeof(host)), m->what.n > 0 ? " " : "") != 0 || text_escape(&all, m->what) != 0;
	(void)slice_copy(buf_slice(&all), to->what, sizeof(to->what));
	buf_done(&all);
	(void)text_cleaned(m->reason, to->reason, sizeof(to->reason));
	(void)text_cleaned(m->ticket, to->ticket, sizeof(to->ticket));
	(void)text_cleaned(m->state, to->state, sizeof(to->state));
	(void)clock_print((wall_t){ (int64_t)m->asked_us }, at, sizeof(at));
	(void)snprintf(to->asked, sizeof(to->asked), "%.5s %.5s", at + 5, at + 11);
}

/* The cursor stays with its request. */
void
approvals_end(struct approvals_screen *s)
{
	char id[16] = "";

	if (s->cursor < s->list.n)
		(void)snprintf(id, sizeof(id), "%s", s->list.rows[s->cursor].id);
	s->list = s->coming;
	s->coming.n = 0;
	s->known = true;
	s->cursor = s->cursor < s->list.n ? s->cursor : s->list.n > 0 ? s->list.n - 1 : 0;
	for (size_t i = 0; i < s->list.n; i++)
		if (strcmp(s->list.rows[i].id, id) == 0)
			s->cursor = i;
}

void
approvals_done(struct approvals_screen *s, const struct msg_dir_done *m)
{
	if (s->sure == 0 && m->ok == 1)
		(void)snprintf(s->notice, sizeof(s->notice), "done");
	else if (s->sure == 0)                           /* a question stays to be read until it is answered */
		(void)text_cleaned(m->text, s->notice, sizeof(s->notice));
	s->ask = true;
}

/* ---- keys ---- */

/* Which one is settled here: when the answer is typed, rows may have come and the cursor stand on another. */
static void
ask_sure(struct approvals_screen *s, enum msg_say say)
{
	const struct approval_line *r = &s->list.rows[s->cursor];

	if (say == MSG_SAY_YES && !is_readable(s)) {
		(void)snprintf(s->notice, sizeof(s->notice), TOO_LONG);
		return;
	}
	s->sure = (int)say + 1;
	(void)snprintf(s->say_id, sizeof(s->say_id), "%s", r->id);
	(void)snprintf(s->notice, sizeof(s->notice), "y %s %.20s of %.40s, any other key does not: %.100s",
	    say == MSG_SAY_YES ? "approves" : say == MSG_SAY_NO ? "rejects" : "withdraws", r->id, r->user, r->what);
}

static void
act(struct approvals_screen *s, int act)
{
	struct details d;

	details_make(s, &d);
	if (rows_move(act, s->list.n, list_height(&s->page), &s->cursor))
		return;
	switch (act) {
	case AGAIN:      s->ask = true; return;
	case ROWS_HELP:  s->help = true; s->page.top = 0; approvals_draw(s); return;
	case ROWS_LEAVE: s->open = false; return;
	default:         break;
	}
	if (s->list.n > 0)
		ask_sure(s, act == YES ? MSG_SAY_YES : act == NO ? MSG_SAY_NO : MSG_SAY_WITHDRAW);
}

static void
key(struct approvals_screen *s, int code)
{
	int sure = s->sure;

	if (code == KEY_RESIZE || code == KEY_MOUSE)
		return;
	s->notice[0] = '\0';
	s->sure = 0;
	if (s->help) {
		s->help = help_key(&s->page, code);
		return;
	}
	if (sure != 0) {
		s->says = code == 'y';
		s->say = (uint32_t)sure - 1;
		return;
	}
	if (rows_act(keys, KEYS, code) >= 0)
		act(s, rows_act(keys, KEYS, code));
}

void
approvals_keys(struct approvals_screen *s)
{
	wint_t code;

	while (s->open && !s->says && term_key(&code) != ERR)
		if (code != 0)
			key(s, (int)code);
}

/* ---- looks ---- */

static const struct column columns[] = {
	{ "REQUEST", 7, 40 }, { "USER", 8, 20 }, { "WHAT", 16, 10 }, { "STATE", 24, 15 }, { "ASKED (UTC)", 11, 5 }, { "REASON", 12, 1 },
};

static struct rows_line
line(const void *screen, size_t i)
{
	const struct approval_line *r = &((const struct approvals_screen *)screen)->list.rows[i];

	return (struct rows_line){ { r->id, r->user, r->what, r->state, r->asked, r->reason }, r->may };
}

static void
draw_list(struct approvals_screen *s)
{
	struct details details;
	char title[80];
	size_t height;

	details_make(s, &details);
	height = list_height(&s->page);
	s->top = rows_top(s->top, s->cursor, height);
	(void)snprintf(title, sizeof(title), s->known ? " requests for approval: %zu" : " requests for approval ...", s->list.n);
	(void)draw_text(0, 0, COLS, slice_from(title), A_BOLD);
	rows_draw(&(struct rows_list){ columns, sizeof(columns) / sizeof(columns[0]), s->list.n, s->top, s->cursor, line, s }, 1, height);
	if (s->known && s->list.n == 0)
		(void)draw_text(2, 0, COLS, slice_from("   none of yours, and none that you may approve"), A_DIM);
	draw_page(&s->page, LINES - 1 - details_height(&s->page), 1, A_NORMAL);
	rows_draw_footer(keys, KEYS, s->notice);
}

void
approvals_draw(struct approvals_screen *s)
{
	(void)erase();
	if (s->help)
		rows_draw_help(keys, KEYS, &s->page);
	else
		draw_list(s);
	(void)refresh();
}
