/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What is drawn here comes from cells, one by one; the recording's own bytes never reach
 * the viewer's terminal.  A recording larger than the window is panned, never reflowed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "base/loop.h"
#include "base/text.h"
#include "ui/draw.h"
#include "ui/replay.h"
#include "ui/term.h"
#include "ui/width.h"

#include <signal.h>

#define TICK_MS 40

enum action { PAUSE, STEP, BACK, ON, BACK_FAR, ON_FAR, SLOWER, FASTER, IDLE, START, FINISH, SEARCH, AGAIN, AGAIN_BACK,
	EVENT, HELP, LEAVE };

static const struct rkey {
	int code;
	enum action action;
	const char *name, *help;
} rkeys[] = {
	{ ' ', PAUSE, "Space", "pause and go on" },
	{ '.', STEP, ".", "one frame on (pauses)" },
	{ KEY_LEFT, BACK, "Left, Right", "5 seconds back or on" },
	{ KEY_RIGHT, ON, NULL, NULL },
	{ KEY_DOWN, BACK_FAR, "Down, Up", "10 seconds back or on" },
	{ KEY_UP, ON_FAR, NULL, NULL },
	{ '<', SLOWER, "< >", "half or double the speed, 0.25 to 16" },
	{ '>', FASTER, NULL, NULL },
	{ 'i', IDLE, "i", "shorten pauses to 2 seconds, or not" },
	{ 'g', START, "g, G", "to the beginning, to the end" },
	{ 'G', FINISH, NULL, NULL },
	{ '0', START, "0 to 9", "to that tenth of the recording" },
	{ '/', SEARCH, "/", "search in what the screen showed" },
	{ 'n', AGAIN, "n, N", "the next place, the one before" },
	{ 'N', AGAIN_BACK, NULL, NULL },
	{ ']', EVENT, "]", "to the next resize, marker, signal or exit" },
	{ '?', HELP, "?", "this help" },
	{ 'q', LEAVE, "q, Esc", "leave" },
	{ 0x1b, LEAVE, NULL, NULL },
	{ 3, LEAVE, NULL, NULL },
};

struct replay {
	struct player *player;
	const struct replay_info *info;
	struct loop *loop;
	struct loop_timer timer;
	mono_t last;
	double speed;
	uint64_t idle_ms;
	bool paused, help, typing, over;
	char search[128], message[160];
	short pairs;                       /* colour pairs made so far */
	short pair_of[257][257];           /* 0: none yet; index 256 is the default */
};

/* ---- drawing ---- */

static attr_t
look(struct replay *r, const struct screen_cell *c)
{
	attr_t a = (c->bold ? A_BOLD : 0) | (c->underline ? A_UNDERLINE : 0) | (c->reverse ? A_REVERSE : 0);
	int fg = c->fg < COLORS ? c->fg : c->fg % 8, bg = c->bg < COLORS ? c->bg : c->bg % 8;
	short *pair = &r->pair_of[fg < 0 ? 256 : fg][bg < 0 ? 256 : bg];

	if (!term_has_colour() || (fg < 0 && bg < 0))
		return a;
	if (*pair == 0 && r->pairs + 1 < COLOR_PAIRS && r->pairs < 255 && init_pair((short)(r->pairs + 1), (short)fg, (short)bg) == OK)
		*pair = ++r->pairs;
	return a | (attr_t)COLOR_PAIR(*pair);
}

/* Only what a terminal shows and never acts on. */
static void
draw_cell(struct replay *r, int y, int x, const struct screen_cell *c)
{
	wchar_t text[7] = L" ";
	int n = 0;

	for (int i = 0; i < 5 && c->runes[i] != 0; i++)
		if (wcwidth((wchar_t)c->runes[i]) >= (i == 0 ? 1 : 0))
			text[n++] = (wchar_t)c->runes[i];
	text[n > 0 ? n : 1] = L'\0';
	(void)attrset(look(r, c));
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

static void
draw_screen(struct replay *r, int height)
{
	struct screen *s = player_screen(r->player);
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
				draw_cell(r, y, x, &c);
		}
	(void)curs_set(visible && !r->typing ? 1 : 0);
	(void)move((int)(row - top), (int)(col - left));
}

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
draw_status(struct replay *r)
{
	char line[600], now[24], all[24], when[32];
	uint64_t t = player_time(r->player);

	if (r->typing)
		(void)snprintf(line, sizeof(line), "/%s", r->search);
	else if (r->message[0] != '\0')
		(void)snprintf(line, sizeof(line), " %s", r->message);
	else
		(void)snprintf(line, sizeof(line), " %s %s/%s  %gx%s  ? help  %.8s UTC  %s -> %s@%s  %s",
		    r->paused ? "||" : player_is_at_end(r->player) ? "end" : "|>", time_text(t, now, sizeof(now)),
		    time_text(player_length(r->player), all, sizeof(all)), r->speed, r->idle_ms > 0 ? " idle 2s" : "",
		    clock_print((wall_t){ r->info->start.us + (int64_t)t * 1000 }, when, sizeof(when)) + 11, r->info->user,
		    r->info->login, r->info->host, r->info->id);
	(void)draw_text(LINES - 1, 0, COLS, slice_from(line), A_REVERSE);
}

static void
draw_help(void)
{
	int y = 1;

	for (size_t i = 0; i < sizeof(rkeys) / sizeof(rkeys[0]) && y < LINES - 1; i++) {
		if (rkeys[i].name == NULL)
			continue;
		(void)draw_text(y, 2, 14, slice_from(rkeys[i].name), A_BOLD);
		(void)draw_text(y++, 16, COLS - 16, slice_from(rkeys[i].help), A_NORMAL);
	}
}

static void
draw(struct replay *r)
{
	int y, x;

	(void)erase();
	if (r->help)
		draw_help();
	else
		draw_screen(r, LINES - 1);
	getyx(stdscr, y, x);
	draw_status(r);
	(void)move(r->typing ? LINES - 1 : y, r->typing ? 1 + width_of(slice_from(r->search)) : x);
	(void)refresh();
}

/* ---- keys ---- */

static void
seek_by(struct replay *r, int64_t ms)
{
	int64_t t = (int64_t)player_time(r->player) + ms;

	player_seek(r->player, t > 0 ? (uint64_t)t : 0);
}

static void
search(struct replay *r, bool back)
{
	bool found = r->search[0] != '\0' &&
	    (back ? player_search_back(r->player, r->search) : player_search(r->player, r->search));

	r->paused = true;
	if (!found)
		(void)snprintf(r->message, sizeof(r->message), "not found: %s", r->search);
}

static void
act(struct replay *r, enum action a, int code)
{
	switch (a) {
	case PAUSE:      r->paused = !r->paused; break;
	case STEP:       r->paused = true; (void)player_step(r->player); break;
	case BACK:       seek_by(r, -5000); break;
	case ON:         seek_by(r, 5000); break;
	case BACK_FAR:   seek_by(r, -10000); break;
	case ON_FAR:     seek_by(r, 10000); break;
	case SLOWER:     r->speed = r->speed > 0.25 ? r->speed / 2 : r->speed; break;
	case FASTER:     r->speed = r->speed < 16 ? r->speed * 2 : r->speed; break;
	case IDLE:       r->idle_ms = r->idle_ms > 0 ? 0 : 2000; break;
	case START:      player_seek(r->player, code == 'g' ? 0 : player_length(r->player) * (uint64_t)(code - '0') / 10); break;
	case FINISH:     player_seek(r->player, player_length(r->player)); break;
	case SEARCH:     r->typing = true; r->search[0] = '\0'; break;
	case AGAIN:      search(r, false); break;
	case AGAIN_BACK: search(r, true); break;
	case EVENT:      r->paused = true; (void)player_next_of(r->player, "rmsx"); break;
	case HELP:       r->help = !r->help; break;
	case LEAVE:      if (r->help) r->help = false; else r->over = true; break;
	}
}

static void
type(struct replay *r, int code)
{
	size_t n = strlen(r->search);

	if (code == '\r' || code == '\n' || code == KEY_ENTER) {
		r->typing = false;
		search(r, false);
	} else if (code == 0x1b) {
		r->typing = false;
	} else if (code == KEY_BACKSPACE || code == 0x7f || code == 8) {
		while (n > 0 && ((unsigned char)r->search[--n] & 0xc0) == 0x80)
			continue;
		r->search[n] = '\0';
	} else if (code >= 0x20 && n + 5 < sizeof(r->search)) {
		struct buf b;

		buf_init(&b, 8);
		if (text_put_rune(&b, (uint32_t)code) == 0)
			(void)snprintf(r->search + n, sizeof(r->search) - n, "%.*s", (int)b.len, (const char *)b.p);
		buf_done(&b);
	}
}

static void
key(struct replay *r, int code)
{
	r->message[0] = '\0';
	if (r->typing) {
		type(r, code);
		return;
	}
	if (code >= '0' && code <= '9') {
		act(r, START, code);
		return;
	}
	for (size_t i = 0; i < sizeof(rkeys) / sizeof(rkeys[0]); i++)
		if (rkeys[i].code == code) {
			act(r, rkeys[i].action, code);
			return;
		}
}

static void
on_keys(void *arg, int fd, uint32_t events)
{
	struct replay *r = arg;
	wint_t code;

	(void)fd;
	while (!r->over && term_key(&code) != ERR)
		key(r, (int)code);
	if ((events & (EPOLLHUP | EPOLLERR)) != 0 || r->over)
		loop_stop(r->loop, 0);
	else
		draw(r);
}

static void
on_tick(void *arg)
{
	struct replay *r = arg;
	int64_t ms = clock_ms_since(r->last);

	r->last = clock_mono();
	loop_timer_start(r->loop, &r->timer, TICK_MS, on_tick, r);
	if (r->paused || r->help || r->typing || ms <= 0 || player_is_at_end(r->player))
		return;
	player_play(r->player, (uint64_t)ms, r->speed, r->idle_ms);
	draw(r);
}

static void
on_signal(void *arg, int signo)
{
	struct replay *r = arg;

	if (signo != SIGWINCH) {
		loop_stop(r->loop, 0);
		return;
	}
	term_resize();
	draw(r);
}

int
replay_run(const struct replay_source *source, const struct replay_info *info, const struct replay_options *o)
{
	struct replay *r = calloc(1, sizeof(*r));
	int e = -ENOMEM;

	if (r == NULL)
		return e;
	*r = (struct replay){ .info = info, .loop = loop_new(), .player = player_new(source), .speed = o->speed,
		.idle_ms = o->idle_ms, .pairs = 8 };
	if (r->loop != NULL && r->player != NULL)
		e = term_start(getenv("TERM")) ? 0 : -ENOTTY;
	if (e == 0 && o->enter != NULL)
		e = o->enter(o->enter_arg);
	if (e == 0 && (loop_signal(r->loop, SIGWINCH, on_signal, r) != 0 || loop_signal(r->loop, SIGHUP, on_signal, r) != 0 ||
	    loop_signal(r->loop, SIGTERM, on_signal, r) != 0 || loop_signal(r->loop, SIGINT, on_signal, r) != 0 ||
	    loop_signal(r->loop, SIGQUIT, on_signal, r) != 0 || loop_add(r->loop, 0, EPOLLIN, on_keys, r) != 0))
		e = -ENOMEM;
	if (e == 0) {
		player_seek(r->player, o->at_ms);
		r->last = clock_mono();
		loop_timer_start(r->loop, &r->timer, TICK_MS, on_tick, r);
		draw(r);
		(void)loop_run(r->loop);
	}
	term_stop();
	player_free(r->player);
	loop_free(r->loop);
	free(r);
	return e;
}

int
replay_text(const struct replay_source *source)
{
	struct player *p = player_new(source);
	unsigned cols, rows;
	struct buf b;

	if (p == NULL)
		return -ENOMEM;
	player_seek(p, UINT64_MAX / 2);
	screen_size(player_screen(p), &cols, &rows);
	buf_init(&b, 65536);
	for (unsigned y = 0; y < rows; y++) {
		buf_clear(&b);
		(void)screen_row(player_screen(p), y, &b);
		printf("%s\n", buf_cstr(&b));
	}
	buf_done(&b);
	player_free(p);
	return 0;
}
