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
#include "base/text.h"
#include "ui/draw.h"
#include "ui/help.h"
#include "ui/replay_view.h"
#include "ui/term.h"
#include "ui/width.h"

#define PAIRS_FIRST 8
#define PAIRS_MAX   255
#define ROWS_BAR    6                     /* a window that is lower has no bar */
#define HELP_NAMES  14

void
replay_view_init(struct replay_view *v)
{
	v->pairs = PAIRS_FIRST;
	if (v->hint == NULL)
		v->hint = "? help";
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
		if (wcwidth((wchar_t)c->runes[i]) >= (i == 0 ? 1 : 0) && text_rune_is_safe(c->runes[i]))
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

/* The part of the window that a recording has. */
struct pane { int y, x, height, width; };

/* Where the recording ends inside of it. */
static void
draw_edge(const struct pane *p, int cols, int rows)
{
	int right = cols < p->width ? cols : p->width, bottom = rows < p->height ? rows : p->height;

	(void)attrset(A_DIM);
	if (cols < p->width)
		(void)mvvline(p->y, p->x + cols, '|', bottom);
	if (rows < p->height)
		(void)mvhline(p->y + rows, p->x, '-', right);
	if (cols < p->width && rows < p->height)
		(void)mvaddch(p->y + rows, p->x + cols, '+');
	(void)attrset(A_NORMAL);
}

/* Leaves the cursor where the recorded one is. */
static void
draw_screen(struct replay_view *v, struct screen *s, const struct pane *p)
{
	unsigned cols, rows, row, col, top, left;
	struct screen_cell c;
	bool visible;

	screen_size(s, &cols, &rows);
	screen_cursor(s, &row, &col, &visible);
	top = pan(row, rows, p->height);
	left = pan(col, cols, p->width);
	for (int y = 0; y < p->height && top + (unsigned)y < rows; y++)
		for (int x = 0; x < p->width && left + (unsigned)x < cols; x += c.width > 0 ? c.width : 1) {
			screen_cell(s, top + (unsigned)y, left + (unsigned)x, &c);
			if (c.width > 0 && x + c.width <= p->width)
				draw_cell(v, p->y + y, p->x + x, &c);
		}
	draw_edge(p, (int)cols, (int)rows);
	(void)curs_set(visible && !v->typing ? 1 : 0);
	(void)move(p->y + (int)(row - top), p->x + (int)(col - left));
}

/* Whose it is, above each of two. */
static void
draw_name(const struct replay_view *v, unsigned i, const struct pane *p)
{
	const struct replay_info *info = &v->tapes[i].info;
	char line[400];

	(void)snprintf(line, sizeof(line), " %s: %s@%s  %s", info->user, info->login, info->host, info->id);
	(void)draw_text(p->y - 1, p->x, p->width, slice_from(line), i == v->deck.active ? A_REVERSE : A_DIM);
}

static void
draw_panes(struct replay_view *v, int height)
{
	int half = (COLS - 1) / 2;

	if (v->deck.n == 1) {
		draw_screen(v, player_screen(v->deck.players[0]), &(struct pane){ 0, 0, height, COLS });
		return;
	}
	(void)attrset(A_DIM);
	(void)mvvline(0, half, '|', height);
	(void)attrset(A_NORMAL);
	/* The active one last: its cursor stays. */
	for (unsigned k = 1; k <= v->deck.n; k++) {
		unsigned i = (v->deck.active + k) % v->deck.n;
		struct pane p = { 1, i == 0 ? 0 : half + 1, height - 1, i == 0 ? half : COLS - half - 1 };

		draw_name(v, i, &p);
		draw_screen(v, player_screen(v->deck.players[i]), &p);
	}
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
	uint64_t t = v->deck.now_ms, length = deck_length(&v->deck);
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
	const struct replay_info *info = &v->tapes[v->deck.active].info;
	struct player *p = v->deck.players[v->deck.active];
	uint64_t t = v->deck.now_ms;
	char text[300], now[24], all[24], when[40];
	int room = COLS - (int)strlen(v->hint) - 3;
	unsigned cols, rows;

	(void)snprintf(line, size, " ");
	if (v->mode != NULL)
		(void)snprintf(text, sizeof(text), "%s", v->mode);
	else
		(void)snprintf(text, sizeof(text), "%s %gx", v->live ? "live" : v->paused ? "paused" : deck_is_at_end(&v->deck) ? "the end" : "playing",
	    v->speed);
	part(line, size, room, text);
	(void)snprintf(text, sizeof(text), "%s/%s", time_text(t, now, sizeof(now)), time_text(deck_length(&v->deck), all, sizeof(all)));
	part(line, size, room, bar ? "" : text);
	part(line, size, room, v->idle_ms > 0 ? "pauses cut" : "");
	part(line, size, room, v->deck.n < 2 ? "" : v->wall ? "by the clock" : "from their beginnings");
	(void)snprintf(text, sizeof(text), "%s: %s@%s", info->user, info->login, info->host);
	part(line, size, room, text);
	(void)clock_print((wall_t){ info->start.us + (int64_t)player_time(p) * 1000 }, when, sizeof(when));
	(void)snprintf(text, sizeof(text), "%.10s %.8s UTC", when, when + 11);
	part(line, size, room, text);
	screen_size(player_screen(p), &cols, &rows);
	(void)snprintf(text, sizeof(text), "%ux%u", cols, rows);
	part(line, size, room, text);
	part(line, size, room, info->id);
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
	if (COLS > (int)strlen(v->hint) + 1)
		(void)draw_text(y, COLS - (int)strlen(v->hint) - 1, (int)strlen(v->hint), slice_from(v->hint), bar ? A_BOLD : A_REVERSE);
}

static void
draw_help(struct replay_view *v, const struct replay_help *keys, int height)
{
	page_begin(&v->page, height, COLS - 2, HELP_NAMES);
	for (; keys->name != NULL; keys++)
		page_add(&v->page, keys->name, keys->help);
	page_end(&v->page);
	draw_page(&v->page, 0, 1, A_BOLD);
	help_draw_foot(&v->page);
	(void)move(LINES - 1, 0);
}

void
replay_view_draw(struct replay_view *v, const struct replay_help *keys)
{
	bool bar = LINES >= ROWS_BAR && v->mode == NULL;
	int y, x;

	(void)erase();
	if (v->help) {
		draw_help(v, keys, LINES - 1);
		(void)refresh();
		return;
	}
	if (v->listing) {
		replay_list_draw(&v->list);
		(void)refresh();
		return;
	}
	draw_panes(v, LINES - 1 - bar);
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
