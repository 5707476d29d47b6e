/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Text arises only at the cursor, so only the cursor's row can hold something new.  It is looked at before a piece
 * may take it away, and after one that has moved the cursor.
 */
#include <stdlib.h>
#include <string.h>

#include "ui/lines_model.h"

#define RECENT 512                       /* lines of the alternate screen that are not given twice */

struct lines {
	struct screen *screen;
	struct lines_sink sink;
	struct commands commands;
	uint64_t t_ms, touched_ms;
	unsigned row, col;               /* the cursor before this piece */
	bool dirty;                      /* its row holds something new */
	bool alternate;
	struct buf joined;               /* rows that belong before it */
	struct buf text;                 /* scratch */
	struct buf held;                 /* stood for a while, may still grow */
	uint64_t held_ms;
	uint64_t given[SCREEN_ROWS_MAX]; /* what was given of each row, hashed; 0: nothing */
	uint64_t recent[RECENT];
	unsigned recent_at;
};

struct lines *
lines_new(struct screen *s, const struct lines_sink *sink)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->screen = s;
	l->sink = *sink;
	commands_init(&l->commands, &l->sink);
	buf_init(&l->joined, LINES_TEXT_MAX + 4 * SCREEN_COLS_MAX * 6);
	buf_init(&l->text, 2 * LINES_TEXT_MAX + 8 * SCREEN_COLS_MAX * 6);
	buf_init(&l->held, 2 * LINES_TEXT_MAX + 8 * SCREEN_COLS_MAX * 6);
	s->lines = l;
	return l;
}

void
lines_free(struct lines *l)
{
	if (l == NULL)
		return;
	l->screen->lines = NULL;
	commands_done(&l->commands);
	buf_done(&l->joined);
	buf_done(&l->text);
	buf_done(&l->held);
	free(l);
}

/* FNV-1a; never 0. */
static uint64_t
hash_of(struct slice s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * 0x100000001b3u;
	return h != 0 ? h : 1;
}

/* ---- giving ---- */

static void
give(struct lines *l, uint64_t t_ms, struct slice text)
{
	bool drawn = l->screen->alternate && !l->sink.all;
	uint64_t h = drawn ? hash_of(text) : 0;

	for (unsigned i = 0; drawn && i < RECENT; i++)
		if (l->recent[i] == h)
			return;
	if (drawn)
		l->recent[l->recent_at++ % RECENT] = h;
	if (l->sink.line != NULL)
		l->sink.line(l->sink.arg, t_ms, text);
}

/* What was held is given, unless text is what has become of it. */
static void
held_give(struct lines *l, struct slice text)
{
	struct slice held = buf_slice(&l->held);

	if (held.n > 0 && (text.n < held.n || memcmp(text.p, held.p, held.n) != 0))
		give(l, l->held_ms, held);
	buf_clear(&l->held);
}

static void
text_read(struct lines *l, unsigned row)
{
	buf_clear(&l->text);
	if (buf_slice_append(&l->text, buf_slice(&l->joined)) == 0)
		(void)screen_row(l->screen, row, &l->text);
}

static void
row_left(struct lines *l, unsigned row)
{
	struct slice text;
	uint64_t h;

	if (!l->dirty)
		return;
	text_read(l, row);
	text = buf_slice(&l->text);
	h = hash_of(text);
	held_give(l, text);
	if (text.n > 0 && (l->joined.len > 0 || row >= SCREEN_ROWS_MAX || l->given[row] != h))
		give(l, l->t_ms, text);
	if (row < SCREEN_ROWS_MAX)
		l->given[row] = h;
	l->dirty = false;
	buf_clear(&l->joined);
}

static void
stood(struct lines *l)
{
	struct slice text;

	text_read(l, l->row);
	text = buf_slice(&l->text);
	if (text.n == 0 || (l->row < SCREEN_ROWS_MAX && l->given[l->row] == hash_of(text)))
		return;
	held_give(l, text);
	(void)buf_slice_append(&l->held, text);
	l->held_ms = l->touched_ms;
}

/* ---- watching ---- */

static bool
is_newline(const struct sequence_piece *p)
{
	return p->kind == SEQUENCE_CONTROL && p->final >= 0x0a && p->final <= 0x0c;
}

/* May it take the cursor's row away, or the cursor to another one? */
static bool
takes_away(const struct sequence_piece *p)
{
	if (p->kind == SEQUENCE_CONTROL)
		return is_newline(p);
	if (p->kind == SEQUENCE_ESCAPE)
		return p->intermediate == '\0' && strchr("DEMc8", p->final) != NULL;
	return p->kind == SEQUENCE_CSI && strchr("ABEFHJLMSTdefhlru", p->final) != NULL;
}

/* Rows have moved, or there is a new page: the same text there is another line. */
static bool
moves_rows(const struct lines *l, const struct sequence_piece *p, unsigned row_after)
{
	if (is_newline(p) || (p->kind == SEQUENCE_ESCAPE && strchr("DEM", p->final) != NULL))
		return row_after == l->row;
	if (p->kind == SEQUENCE_ESCAPE)
		return p->final == 'c';
	return p->kind == SEQUENCE_CSI && (strchr("LMST", p->final) != NULL || (p->final == 'J' && !l->screen->alternate));
}

void
lines_before(struct lines *l, const struct sequence_piece *p)
{
	bool visible;

	screen_cursor(l->screen, &l->row, &l->col, &visible);
	if (p->kind == SEQUENCE_MARK)
		commands_mark(&l->commands, l->t_ms, p, l->screen);
	if (is_newline(p) && !l->screen->alternate)
		commands_newline(&l->commands, l->t_ms, l->screen);
	if (takes_away(p))
		row_left(l, l->row);
}

/* Went on in the next row, at the bottom after a scroll: what is above belongs before it. */
static void
row_went_on(struct lines *l, unsigned row)
{
	if (row == l->row) {
		memset(l->given, 0, sizeof(l->given));
		if (!l->screen->alternate)
			commands_scrolled(&l->commands);
	}
	if (!l->screen->alternate)
		commands_went_on(&l->commands, row);
	if (row > 0)
		(void)screen_row_written(l->screen, row - 1, 0, &l->joined);
	if (l->joined.len <= LINES_TEXT_MAX)
		return;
	give(l, l->t_ms, buf_slice(&l->joined));
	buf_clear(&l->joined);
}

static void
text_written(struct lines *l, unsigned row, unsigned col)
{
	if (row != l->row || col < l->col)
		row_went_on(l, row);
	l->dirty = true;
	l->touched_ms = l->t_ms;
}

/* Where a command that is being typed stands now, on the main screen. */
static void
commands_follow(struct lines *l, const struct sequence_piece *p, unsigned row)
{
	bool whole = p->kind == SEQUENCE_CSI ? p->final == 'J' && (p->args[0] >= 2 || row == 0) : p->kind == SEQUENCE_ESCAPE && p->final == 'c';

	if (l->alternate || l->screen->alternate)
		return;
	if (whole || (p->kind == SEQUENCE_CSI && strchr("LMST", p->final) != NULL))
		commands_lost(&l->commands);
	if (p->kind == SEQUENCE_CSI && (p->final == 'J' || p->final == 'K'))
		commands_erased(&l->commands, l->row, l->col, p->final == 'J');
	if (is_newline(p) && row == l->row)
		commands_scrolled(&l->commands);
}

void
lines_after(struct lines *l, const struct sequence_piece *p)
{
	unsigned row, col;
	bool visible;

	screen_cursor(l->screen, &row, &col, &visible);
	if (p->kind == SEQUENCE_TEXT || (p->kind == SEQUENCE_CSI && p->final == 'b')) {
		text_written(l, row, col);
	} else {
		if (row != l->row)
			row_left(l, l->row);
		commands_follow(l, p, row);
		if (moves_rows(l, p, row) || l->alternate != l->screen->alternate)
			memset(l->given, 0, sizeof(l->given));
	}
	l->alternate = l->screen->alternate;
	l->row = row;
	l->col = col;
}

void
lines_frame(struct lines *l, const struct frame *f)
{
	if (l->dirty && f->t_ms >= l->touched_ms + LINES_STOOD_MS)
		stood(l);
	l->t_ms = f->t_ms > l->t_ms ? f->t_ms : l->t_ms;
	if (f->kind == FRAME_RESIZE)
		commands_lost(&l->commands);
	else if (f->kind == FRAME_IN)
		commands_typed(&l->commands, f->data);
	else if (f->kind == FRAME_SECRET && !l->screen->alternate)
		commands_keys(&l->commands, f->data, l->screen);
}

void
lines_end(struct lines *l)
{
	row_left(l, l->row);
	held_give(l, slice_from(""));
}

void
lines_restore(struct lines *l, struct slice paint)
{
	bool visible;

	l->screen->lines = NULL;
	screen_feed(l->screen, paint);
	l->screen->lines = l;
	screen_cursor(l->screen, &l->row, &l->col, &visible);
	l->dirty = false;
	l->t_ms = l->touched_ms = 0;
	buf_clear(&l->joined);
	buf_clear(&l->held);
	memset(l->given, 0, sizeof(l->given));
	memset(l->recent, 0, sizeof(l->recent));
	commands_forget(&l->commands);
}

struct slice
lines_unsaid(struct lines *l)
{
	if (!l->dirty)
		return slice_from("");
	text_read(l, l->row);
	return buf_slice(&l->text);
}
