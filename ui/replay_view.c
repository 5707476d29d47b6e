/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What is drawn here comes from cells, one by one; the recording's own bytes never reach
 * the viewer's terminal.  A recording larger than the window is panned, never reflowed; a smaller
 * one has an edge.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "base/clock.h"
#include "ui/draw.h"
#include "ui/replay_view.h"
#include "ui/term.h"
#include "ui/width.h"

#define PAIRS_FIRST 8
#define PAIRS_MAX   255
#define ROWS_BAR    6                     /* a window that is lower has no bar */
#define HELP_NAMES  14
#define HELP        "? help"

void
replay_view_init(struct replay_view *v)
{
	v->pairs = PAIRS_FIRST;
}

/* ---- the recorded screen ---- */

static attr_t
look(struct replay_view *v, const struct screen_cell *c)
{
	attr_t a = (c->bold ? A_BOLD : 0) | (c->underline ? A_UNDERLINE : 0) | (c->reverse ? A_REVERSE : 0);
	int fg = c->fg < COLORS ? c->fg : c->fg % 8, bg = c->bg < COLORS ? c->bg : c->bg % 8;
	short *pair = &v->pair_of[fg < 0 ? 256 : fg][bg < 0 ? 256 : bg];

	if (!term_has_colour() || (fg < 0 && bg < 0))
		return a;
	if (*pair == 0 && v->pairs + 1 < COLOR_PAIRS && v->pairs < PAIRS_MAX &&
	    init_pair((short)(v->pairs + 1), (short)fg, (short)bg) == OK)
		*pair = ++v->pairs;
	return a | (attr_t)COLOR_PAIR(*pair);
}

/* Only what a terminal shows and never acts on. */
static void
draw_cell(struct replay_view *v, int y, int x, const struct screen_cell *c)
{
	wchar_t text[7] = L" ";
	int n = 0;

	for (int i = 0; i < 5 && c->runes[i] != 0; i++)
		if (wcwidth((wchar_t)c->runes[i]) >= (i == 0 ? 1 : 0))
			text[n++] = (wchar_t)c->runes[i];
	text[n > 0 ? n : 1] = L'\0';
	(void)attrset(look(v, c));
	(void)mvaddnwstr(y, x, text, -1);
	(void)attrset(A_NORMAL);
}

/* The part of the recorded screen that holds its cursor. */
static unsigned
pan(unsigned cursor, unsigned size, int window)
{
	if (size <= (unsigned)window || cursor < (unsigned)window)
		return 0;
	return cursor + 1 - (unsigned)window < size - (unsigned)window ? cursor + 1 - (unsigned)window : size - (unsigned)window;
}

/* Where the recording ends inside the window. */
static void
draw_edge(int cols, int rows, int height)
{
	int right = cols < COLS ? cols : COLS, bottom = rows < height ? rows : height;

	(void)attrset(A_DIM);
	if (cols < COLS)
		(void)mvvline(0, cols, '|', bottom);
	if (rows < height)
		(void)mvhline(rows, 0, '-', right);
	if (cols < COLS && rows < height)
		(void)mvaddch(rows, cols, '+');
	(void)attrset(A_NORMAL);
}

/* Leaves the cursor where the recorded one is. */
static void
draw_screen(struct replay_view *v, int height)
{
	struct screen *s = player_screen(v->player);
	unsigned cols, rows, row, col, top, left;
	struct screen_cell c;
	bool visible;

	screen_size(s, &cols, &rows);
	screen_cursor(s, &row, &col, &visible);
	top = pan(row, rows, height);
	left = pan(col, cols, COLS);
	for (int y = 0; y < height && top + (unsigned)y < rows; y++)
		for (int x = 0; x < COLS && left + (unsigned)x < cols; x += c.width > 0 ? c.width : 1) {
			screen_cell(s, top + (unsigned)y, left + (unsigned)x, &c);
			if (c.width > 0 && x + c.width <= COLS)
				draw_cell(v, y, x, &c);
		}
	draw_edge((int)cols, (int)rows, height);
	(void)curs_set(visible && !v->typing ? 1 : 0);
	(void)move((int)(row - top), (int)(col - left));
}

/* ---- the lines below ---- */

static const char *
time_text(uint64_t ms, char *out, size_t size)
{
	uint64_t s = ms / 1000;

	if (s >= 3600)
		(void)snprintf(out, size, "%u:%02u:%02u", (unsigned)(s / 3600), (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	else
		(void)snprintf(out, size, "%u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
	return out;
}

static void
draw_bar(const struct replay_view *v, int y)
{
	char now[24], all[24];
	uint64_t t = player_time(v->player), length = player_length(v->player);
	int from, room, n;

	(void)time_text(t, now, sizeof(now));
	(void)time_text(length, all, sizeof(all));
	from = (int)strlen(now) + 2;
	room = COLS - from - (int)strlen(all) - 2;
	(void)draw_text(y, 1, COLS - 1, slice_from(now), A_BOLD);
	if (room < 1)
		return;
	n = length > 0 ? (int)((uint64_t)room * t / length) : room;
	(void)draw_text(y, from + room + 1, COLS - from - room - 1, slice_from(all), A_NORMAL);
	(void)attrset(A_DIM);
	(void)mvhline(y, from, '-', room);
	(void)attrset(A_NORMAL);
	(void)draw_text(y, from, n < room ? n : room, slice_from(""), A_REVERSE);
}

/* Appends a part if it still fits in room columns. */
static void
part(char *line, size_t size, int room, const char *text)
{
	size_t n = strlen(line);

	if (text[0] != '\0' && width_of(slice_from(line)) + 3 + width_of(slice_from(text)) <= room)
		(void)snprintf(line + n, size - n, "%s%s", n > 1 ? "   " : "", text);
}

/* What matters first comes first: on a narrow line the rest is left out, whole. */
static void
status_text(struct replay_view *v, bool bar, char *line, size_t size)
{
	uint64_t t = player_time(v->player);
	char text[300], now[24], all[24], when[40];
	int room = COLS - (int)strlen(HELP) - 3;
	unsigned cols, rows;

	(void)snprintf(line, size, " ");
	(void)snprintf(text, sizeof(text), "%s %gx", v->paused ? "paused" : player_is_at_end(v->player) ? "the end" : "playing", v->speed);
	part(line, size, room, text);
	(void)snprintf(text, sizeof(text), "%s/%s", time_text(t, now, sizeof(now)),
	    time_text(player_length(v->player), all, sizeof(all)));
	part(line, size, room, bar ? "" : text);
	part(line, size, room, v->idle_ms > 0 ? "pauses cut" : "");
	(void)snprintf(text, sizeof(text), "%s: %s@%s", v->info->user, v->info->login, v->info->host);
	part(line, size, room, text);
	(void)clock_print((wall_t){ v->info->start.us + (int64_t)t * 1000 }, when, sizeof(when));
	(void)snprintf(text, sizeof(text), "%.10s %.8s UTC", when, when + 11);
	part(line, size, room, text);
	screen_size(player_screen(v->player), &cols, &rows);
	(void)snprintf(text, sizeof(text), "%ux%u", cols, rows);
	part(line, size, room, text);
	part(line, size, room, v->info->id);
}

static void
draw_status(struct replay_view *v, int y, bool bar)
{
	char line[600];

	if (v->typing) {
		(void)snprintf(line, sizeof(line), "/%s", v->search);
		(void)draw_text(y, 0, COLS, slice_from(line), A_NORMAL);
		return;
	}
	if (v->message[0] != '\0') {
		(void)draw_text(y, 1, COLS - 1, slice_from(v->message), A_BOLD);
		return;
	}
	status_text(v, bar, line, sizeof(line));
	(void)draw_text(y, 0, COLS, slice_from(line), bar ? A_NORMAL : A_REVERSE);
	if (COLS > (int)strlen(HELP) + 1)
		(void)draw_text(y, COLS - (int)strlen(HELP) - 1, (int)strlen(HELP), slice_from(HELP), bar ? A_BOLD : A_REVERSE);
}

static void
draw_help(struct replay_view *v, const struct replay_help *keys, int height)
{
	page_begin(&v->page, height, COLS - 2, HELP_NAMES);
	for (; keys->name != NULL; keys++)
		page_add(&v->page, keys->name, keys->help);
	page_end(&v->page);
	draw_page(&v->page, 0, 1, A_BOLD);
	(void)draw_text(LINES - 1, 1, COLS - 1, slice_from(page_is_cut(&v->page) ? "Up Down scroll, other keys go back" :
	    "any key goes back"), A_BOLD);
	(void)move(LINES - 1, 0);
}

void
replay_view_draw(struct replay_view *v, const struct replay_help *keys)
{
	bool bar = LINES >= ROWS_BAR;
	int y, x;

	(void)erase();
	if (v->help) {
		draw_help(v, keys, LINES - 1);
		(void)refresh();
		return;
	}
	draw_screen(v, LINES - 1 - bar);
	getyx(stdscr, y, x);
	if (bar)
		draw_bar(v, LINES - 2);
	draw_status(v, LINES - 1, bar);
	if (v->typing)
		(void)move(LINES - 1, 1 + width_of(slice_from(v->search)));
	else
		(void)move(y, x);
	(void)refresh();
}
