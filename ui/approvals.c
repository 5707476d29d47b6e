/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/approvals.h"
#include "ui/draw.h"
#include "ui/term.h"

#define HELP_NAMES 12
#define DETAILS    3                   /* lines below the list: what, why, how far */

enum act { YES, NO, WITHDRAW, UP, DOWN, FIRST, LAST, AGAIN, HELP, LEAVE };

/* Help and footer are made of it. */
static const struct akey {
	int code;
	enum act act;
	const char *name, *help, *brief;
} akeys[] = {
	{ 'a', YES, "a", "approve the selected request, after a question", "a approve" },
	{ 'r', NO, "r", "reject it, or end what was approved", "r reject" },
	{ 'w', WITHDRAW, "w", "withdraw one of your own", "w withdraw" },
	{ 'g', AGAIN, "g", "ask for the list again", NULL },
	{ KEY_UP, UP, "Up, Down", "one up or down", NULL },
	{ KEY_DOWN, DOWN, NULL, NULL, NULL },
	{ KEY_HOME, FIRST, "Home, End", "the first, the last", NULL },
	{ KEY_END, LAST, NULL, NULL, NULL },
	{ '?', HELP, "?", "this help", "? help" },
	{ 0x1b, LEAVE, "Esc, q", "back to the hosts", "Esc hosts" },
	{ 'q', LEAVE, NULL, NULL, NULL },
	{ 3, LEAVE, NULL, NULL, NULL },
};

#define AKEYS (sizeof(akeys) / sizeof(akeys[0]))

static int
list_height(void)
{
	return LINES > 3 + DETAILS ? LINES - 3 - DETAILS : 1;
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
	char verb[40], host[70], login[70], what[100], at[40];

	if (s->coming.n == APPROVALS_SHOWN)
		return;
	s->coming.n++;
	*to = (struct approval_line){ .may = m->may == 1 };
	(void)text_cleaned(m->id, to->id, sizeof(to->id));
	(void)text_cleaned(m->user, to->user, sizeof(to->user));
	(void)snprintf(to->what, sizeof(to->what), "%.30s %.60s@%.60s%s%.40s", text_cleaned(m->verb, verb, sizeof(verb)),
	    text_cleaned(m->login, login, sizeof(login)), text_cleaned(m->host, host, sizeof(host)), m->what.n > 0 ? " " : "",
	    text_cleaned(m->what, what, sizeof(what)));
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

	s->sure = (int)say + 1;
	(void)snprintf(s->say_id, sizeof(s->say_id), "%s", r->id);
	(void)snprintf(s->notice, sizeof(s->notice), "%s %.20s of %.40s: %.100s?  y does it, any other key does not",
	    say == MSG_SAY_YES ? "approve" : say == MSG_SAY_NO ? "reject" : "withdraw", r->id, r->user, r->what);
}

static void
act(struct approvals_screen *s, enum act act)
{
	switch (act) {
	case UP:    s->cursor -= s->cursor > 0; return;
	case DOWN:  s->cursor += s->cursor + 1 < s->list.n; return;
	case FIRST: s->cursor = 0; return;
	case LAST:  s->cursor = s->list.n > 0 ? s->list.n - 1 : 0; return;
	case AGAIN: s->ask = true; return;
	case HELP:  s->help = true; s->page.top = 0; return;
	case LEAVE: s->open = false; return;
	default:    break;
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
		s->help = false;
		return;
	}
	if (sure != 0) {
		s->says = code == 'y';
		s->say = (uint32_t)sure - 1;
		return;
	}
	for (size_t i = 0; i < AKEYS; i++)
		if (akeys[i].code == code) {
			act(s, akeys[i].act);
			return;
		}
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

/* Those that need more room than there is go, the last first. */
static const struct { const char *head; int width; } columns[] = {
	{ "REQUEST", 7 }, { "USER", 12 }, { "WHAT", 26 }, { "STATE", 24 }, { "ASKED (UTC)", 11 }, { "REASON", 30 },
};

static void
draw_line(int y, const struct approval_line *r, bool selected)
{
	const char *const texts[] = { r != NULL ? r->id : "", r != NULL ? r->user : "", r != NULL ? r->what : "", r != NULL ? r->state : "",
		r != NULL ? r->asked : "", r != NULL ? r->reason : "" };
	unsigned long look = selected ? A_REVERSE : A_NORMAL;
	char mark[3] = { selected ? '>' : ' ', r != NULL && r->may ? '*' : ' ', '\0' };
	int x = draw_text(y, 0, 2, slice_from(mark), look);

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]) && x + columns[c].width <= COLS; c++) {
		x += draw_text(y, x, columns[c].width, slice_from(r != NULL ? texts[c] : columns[c].head), r != NULL ? look : A_DIM);
		if (x < COLS)
			x += draw_text(y, x, 1, slice_from(""), look);
	}
	if (x < COLS)
		(void)draw_text(y, x, COLS - x, slice_from(""), look);
}

/* All of the selected one, however narrow the columns are. */
static void
draw_details(const struct approvals_screen *s)
{
	const struct approval_line *r = &s->list.rows[s->cursor];
	char line[700];
	int y = LINES - 1 - DETAILS;

	if (s->list.n == 0 || LINES <= 3 + DETAILS)
		return;
	(void)snprintf(line, sizeof(line), " %s: %s", r->user, r->what);
	(void)draw_text(y, 0, COLS, slice_from(line), A_NORMAL);
	(void)snprintf(line, sizeof(line), " why: %s%s%s", r->reason, r->ticket[0] != '\0' ? ", ticket " : "", r->ticket);
	(void)draw_text(y + 1, 0, COLS, slice_from(line), A_NORMAL);
	(void)snprintf(line, sizeof(line), " %s%s", r->state, r->may ? "; you may approve it" : "");
	(void)draw_text(y + 2, 0, COLS, slice_from(line), A_NORMAL);
}

static void
draw_footer(const struct approvals_screen *s)
{
	char line[200] = " ";
	size_t n = 1;

	for (size_t i = 0; i < AKEYS; i++)
		if (akeys[i].brief != NULL && n + strlen(akeys[i].brief) + 2 < (size_t)COLS && n + 40 < sizeof(line))
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s  ", akeys[i].brief);
	(void)draw_text(LINES - 1, 0, COLS, slice_from(s->notice[0] != '\0' ? s->notice : line), s->notice[0] != '\0' ? A_BOLD : A_DIM);
}

static void
draw_help(struct approvals_screen *s)
{
	page_begin(&s->page, LINES - 1, COLS - 2, HELP_NAMES);
	for (size_t i = 0; i < AKEYS; i++)
		if (akeys[i].name != NULL)
			page_add(&s->page, akeys[i].name, akeys[i].help);
	page_end(&s->page);
	draw_page(&s->page, 0, 1, A_BOLD);
	(void)draw_text(LINES - 1, 1, COLS - 1, slice_from("any key goes back"), A_BOLD);
}

static void
draw_list(struct approvals_screen *s)
{
	char title[80];
	size_t height = (size_t)list_height();

	s->top = s->cursor < s->top ? s->cursor : s->cursor >= s->top + height ? s->cursor - height + 1 : s->top;
	(void)snprintf(title, sizeof(title), s->known ? " requests for approval: %zu" : " requests for approval ...", s->list.n);
	(void)draw_text(0, 0, COLS, slice_from(title), A_BOLD);
	draw_line(1, NULL, false);
	if (s->known && s->list.n == 0)
		(void)draw_text(2, 0, COLS, slice_from("   none of yours, and none that you may approve"), A_DIM);
	for (size_t i = 0; i < height && s->top + i < s->list.n; i++)
		draw_line(2 + (int)i, &s->list.rows[s->top + i], s->top + i == s->cursor);
	draw_details(s);
	draw_footer(s);
	(void)move(LINES - 1, 0);
}

void
approvals_draw(struct approvals_screen *s)
{
	(void)erase();
	if (s->help)
		draw_help(s);
	else
		draw_list(s);
	(void)refresh();
}
