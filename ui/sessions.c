/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/draw.h"
#include "ui/help.h"
#include "ui/rows.h"
#include "ui/sessions.h"
#include "ui/term.h"

enum act { WATCH = MSG_LIVE_WATCH, JOIN = MSG_LIVE_JOIN, PAUSE = MSG_LIVE_PAUSE, LOCK = MSG_LIVE_LOCK, TERMINATE = MSG_LIVE_END,
	REPLAY = MSG_LIVE_REPLAY, AGAIN = 100, OVER };

/* Help and footer are made of them. */
static const struct rows_key running[] = {
	{ 'w', WATCH, "w, Enter", "watch the selected session", "w watch" },
	ROWS_ENTER(WATCH),
	{ 'j', JOIN, "j", "join it: watch it and type into it", "j join" },
	{ 'p', PAUSE, "p", "pause it, or let it go on", "p pause" },
	{ 'l', LOCK, "l", "lock what is typed into it, or unlock", "l lock" },
	{ 't', TERMINATE, "t", "end it, after a question", "t end" },
	{ 'r', AGAIN, "r", "ask for the list again", "r again" },
	{ 'o', OVER, "o", "the sessions that are over, to replay them", "o over" },
	ROWS_KEYS,
};

static const struct rows_key over[] = {
	{ 'p', REPLAY, "p, Enter", "replay the selected session", "p replay" },
	ROWS_ENTER(REPLAY),
	{ 'r', AGAIN, "r", "ask for the list again", "r again" },
	{ 'o', OVER, "o", "the sessions that run", "o running" },
	ROWS_KEYS,
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct rows_key *
keys_of(const struct sessions *s, size_t *n)
{
	*n = s->past ? COUNT(over) : COUNT(running);
	return s->past ? over : running;
}

static size_t
list_height(void)
{
	return LINES > 3 ? (size_t)LINES - 3 : 1;
}

/* ---- what comes ---- */

/* The rows of the one list are none of the other. */
static void
turn_to(struct sessions *s, bool past)
{
	s->past = past;
	s->n = s->cursor = s->top = 0;
	s->known = false;
	s->ask = true;
}

void
sessions_open(struct sessions *s, bool past)
{
	s->open = true;
	s->help = s->sure = false;
	s->notice[0] = '\0';
	turn_to(s, past);
}

static void
short_number(uint64_t v, char out[16])
{
	static const char units[] = " kMGT";
	unsigned u = 0;

	for (; v >= 10000 && u + 2 < sizeof(units); v /= 1000)
		u++;
	(void)snprintf(out, 16, u > 0 ? "%llu%c" : "%llu", (unsigned long long)v, units[u]);
}

static void
short_time(uint64_t s, char out[16])
{
	(void)snprintf(out, 16, s < 600 ? "%llus" : s < 36000 ? "%llum" : "%lluh", (unsigned long long)(s < 600 ? s : s < 36000 ? s / 60 : s / 3600));
}

static void
line_fill(struct session_line *to, const struct msg_live_row *r)
{
	char at[40], login[66], host[66];

	(void)text_cleaned(r->id, to->id, sizeof(to->id));
	(void)text_cleaned(r->user, to->user, sizeof(to->user));
	(void)snprintf(to->where, sizeof(to->where), "%s@%s", text_cleaned(r->login, login, sizeof(login)),
	    text_cleaned(r->host, host, sizeof(host)));
	(void)text_cleaned(r->command, to->command, sizeof(to->command));
	(void)text_cleaned(r->state, to->held, sizeof(to->held));
	(void)clock_print((wall_t){ (int64_t)r->start_us }, at, sizeof(at));
	(void)snprintf(to->start, sizeof(to->start), "%.5s %.5s", at + 5, at + 11);
	short_time(r->idle_ms / 1000, to->idle);
	short_number(r->bytes, to->bytes);
	(void)snprintf(to->viewers, sizeof(to->viewers), "%u", (unsigned)r->viewers);
}

/* The cursor stays with its session. */
void
sessions_rows(struct sessions *s, struct slice rows)
{
	char id[32] = "";
	struct msg_live_row r;

	(void)snprintf(id, sizeof(id), "%s", s->cursor < s->n ? s->rows[s->cursor].id : s->act_id);
	s->n = 0;
	s->known = true;
	while (s->n < SESSIONS_MAX && msg_live_row_take(&rows, &r) == 1)
		line_fill(&s->rows[s->n++], &r);
	s->cursor = s->cursor < s->n ? s->cursor : s->n > 0 ? s->n - 1 : 0;
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->rows[i].id, id) == 0)
			s->cursor = i;
}

void
sessions_done(struct sessions *s, const struct msg_live_done *m)
{
	struct session_line *r = s->rows;

	if (!s->sure)                                    /* a question stays to be read until it is answered */
		(void)text_cleaned(m->text, s->notice, sizeof(s->notice));
	s->ask = true;
	while (r < s->rows + s->n && !slice_is(m->session, r->id))
		r++;
	if (m->ok == 1 && r < s->rows + s->n)            /* until the rows come: the next key may be there already */
		(void)snprintf(r->held, sizeof(r->held), "%s", s->done == PAUSE ? "paused" : s->done == LOCK ? "locked" : "");
}

/* ---- keys ---- */

static void
want(struct sessions *s, unsigned op)
{
	s->act = s->done = op;
	(void)snprintf(s->act_id, sizeof(s->act_id), "%s", s->rows[s->cursor].id);
}

/* Which one is settled here: when the answer is typed, rows may have come and the cursor stand on another. */
static void
ask_sure(struct sessions *s)
{
	const struct session_line *r = &s->rows[s->cursor];

	s->sure = true;
	(void)snprintf(s->act_id, sizeof(s->act_id), "%s", r->id);
	(void)snprintf(s->notice, sizeof(s->notice), "y ends the session of %s on %s, any other key does not", r->user, r->where);
}

/* What holds is taken back by the same key. */
static unsigned
op_of(const struct session_line *r, enum act act)
{
	if (act == PAUSE && strstr(r->held, "paused") != NULL)
		return MSG_LIVE_RESUME;
	if (act == LOCK && strstr(r->held, "locked") != NULL)
		return MSG_LIVE_UNLOCK;
	return act;
}

static void
act(struct sessions *s, int act)
{
	if (rows_move(act, s->n, list_height(), &s->cursor))
		return;
	switch (act) {
	case AGAIN:      s->ask = true; return;
	case OVER:       turn_to(s, !s->past); return;
	case ROWS_HELP:  s->help = true; s->page.top = 0; sessions_draw(s); return;
	case ROWS_LEAVE: s->open = false; return;
	default:         break;
	}
	if (s->n == 0)
		return;
	if (act == TERMINATE)
		ask_sure(s);
	else
		want(s, op_of(&s->rows[s->cursor], (enum act)act));
}

static void
key(struct sessions *s, int code)
{
	bool sure = s->sure;
	size_t n;
	const struct rows_key *keys = keys_of(s, &n);

	if (code == KEY_RESIZE || code == KEY_MOUSE)
		return;
	s->notice[0] = '\0';
	s->sure = false;
	if (s->help) {
		s->help = help_key(&s->page, code);
		return;
	}
	if (sure) {
		if (code == 'y')
			s->act = s->done = MSG_LIVE_END;
		return;
	}
	if (rows_act(keys, n, code) >= 0)
		act(s, rows_act(keys, n, code));
}

void
sessions_keys(struct sessions *s)
{
	wint_t code;

	while (s->open && s->act == 0 && term_key(&code) != ERR)
		if (code != 0)
			key(s, (int)code);
}

/* ---- looks ---- */

static const struct column running_columns[] = {
	{ "USER", 8, 20 }, { "LOGIN@HOST", 32, 40 }, { "IDLE", 6, 5 }, { "EYES", 4, 5 }, { "HELD UP", 20, 10 }, { "SINCE (UTC)", 11, 5 },
	{ "BYTES", 6, 5 }, { "COMMAND", 7, 1 },
};

static struct rows_line
running_line(const void *screen, size_t i)
{
	const struct session_line *r = &((const struct sessions *)screen)->rows[i];

	return (struct rows_line){ { r->user, r->where, r->idle, r->viewers, r->held, r->start, r->bytes, r->command }, r->held[0] != '\0' };
}

static const struct column over_columns[] = {
	{ "USER", 8, 20 }, { "LOGIN@HOST", 32, 40 }, { "SINCE (UTC)", 11, 5 }, { "LASTED", 6, 5 }, { "END", 4, 5 }, { "BYTES", 6, 5 },
	{ "COMMAND", 7, 1 },
};

/* Of one that is over held says so if its end was lost. */
static struct rows_line
over_line(const void *screen, size_t i)
{
	const struct session_line *r = &((const struct sessions *)screen)->rows[i];

	return (struct rows_line){ { r->user, r->where, r->start, r->idle, r->held, r->bytes, r->command }, r->held[0] != '\0' };
}

static void
draw_rows(const struct sessions *s, size_t height)
{
	struct rows_list l = { running_columns, COUNT(running_columns), s->n, s->top, s->cursor, running_line, s };

	if (s->past) {
		l.columns = over_columns;
		l.columns_n = COUNT(over_columns);
		l.line = over_line;
	}
	rows_draw(&l, 1, height);
}

static void
draw_list(struct sessions *s)
{
	const char *what = s->past ? "sessions that are over" : "sessions that run";
	size_t height = list_height(), n;
	const struct rows_key *keys = keys_of(s, &n);
	char title[80];

	s->top = rows_top(s->top, s->cursor, height);
	(void)snprintf(title, sizeof(title), s->known ? " %s: %zu" : " %s ...", what, s->n);
	(void)draw_text(0, 0, COLS, slice_from(title), A_BOLD);
	draw_rows(s, height);
	if (s->known && s->n == 0)
		(void)draw_text(2, 0, COLS, slice_from("   none that you may see"), A_DIM);
	rows_draw_footer(keys, n, s->notice);
}

void
sessions_draw(struct sessions *s)
{
	size_t n;
	const struct rows_key *keys = keys_of(s, &n);

	(void)erase();
	if (s->help)
		rows_draw_help(keys, n, &s->page);
	else
		draw_list(s);
	(void)refresh();
}
