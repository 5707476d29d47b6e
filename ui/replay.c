/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Keys, the clock, and the end.  What is seen: replay_view.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "base/loop.h"
#include "base/text.h"
#include "ui/replay_view.h"
#include "ui/term.h"

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

#define KEYS (sizeof(rkeys) / sizeof(rkeys[0]))

struct replay {
	struct replay_view view;
	struct loop *loop;
	struct loop_timer timer;
	mono_t last;
	bool over;
};

static void
draw(struct replay *r)
{
	struct replay_help help[KEYS + 1] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < KEYS; i++)
		if (rkeys[i].name != NULL)
			help[n++] = (struct replay_help){ rkeys[i].name, rkeys[i].help };
	replay_view_draw(&r->view, help);
}

/* ---- keys ---- */

static void
seek_by(struct replay *r, int64_t ms)
{
	int64_t t = (int64_t)player_time(r->view.player) + ms;

	player_seek(r->view.player, t > 0 ? (uint64_t)t : 0);
}

static void
search(struct replay *r, bool back)
{
	bool found = r->view.search[0] != '\0' &&
	    (back ? player_search_back(r->view.player, r->view.search) : player_search(r->view.player, r->view.search));

	r->view.paused = true;
	if (!found)
		(void)snprintf(r->view.message, sizeof(r->view.message), "not found: %s", r->view.search);
}

/* Drawn at once: the next key may be there already, and what it does depends on how much fits. */
static void
help_open(struct replay *r)
{
	r->view.help = true;
	r->view.page.top = 0;
	draw(r);
}

static void
act(struct replay *r, enum action a, int code)
{
	switch (a) {
	case PAUSE:      r->view.paused = !r->view.paused; break;
	case STEP:       r->view.paused = true; (void)player_step(r->view.player); break;
	case BACK:       seek_by(r, -5000); break;
	case ON:         seek_by(r, 5000); break;
	case BACK_FAR:   seek_by(r, -10000); break;
	case ON_FAR:     seek_by(r, 10000); break;
	case SLOWER:     r->view.speed = r->view.speed > 0.25 ? r->view.speed / 2 : r->view.speed; break;
	case FASTER:     r->view.speed = r->view.speed < 16 ? r->view.speed * 2 : r->view.speed; break;
	case IDLE:       r->view.idle_ms = r->view.idle_ms > 0 ? 0 : 2000; break;
	case START:      player_seek(r->view.player, code == 'g' ? 0 : player_length(r->view.player) * (uint64_t)(code - '0') / 10); break;
	case FINISH:     player_seek(r->view.player, player_length(r->view.player)); break;
	case SEARCH:     r->view.typing = true; r->view.search[0] = '\0'; break;
	case AGAIN:      search(r, false); break;
	case AGAIN_BACK: search(r, true); break;
	case EVENT:      r->view.paused = true; (void)player_next_of(r->view.player, "rmsx"); break;
	case HELP:       help_open(r); break;
	case LEAVE:      r->over = true; break;
	}
}

static void
type(struct replay *r, int code)
{
	size_t n = strlen(r->view.search);

	if (code == '\r' || code == '\n' || code == KEY_ENTER) {
		r->view.typing = false;
		search(r, false);
	} else if (code == 0x1b) {
		r->view.typing = false;
	} else if (code == KEY_BACKSPACE || code == 0x7f || code == 8) {
		while (n > 0 && ((unsigned char)r->view.search[--n] & 0xc0) == 0x80)
			continue;
		r->view.search[n] = '\0';
	} else if (code >= 0x20 && n + 5 < sizeof(r->view.search)) {
		struct buf b;

		buf_init(&b, 8);
		if (text_put_rune(&b, (uint32_t)code) == 0)
			(void)snprintf(r->view.search + n, sizeof(r->view.search) - n, "%.*s", (int)b.len, (const char *)b.p);
		buf_done(&b);
	}
}

/* It scrolls while there is more of it; anything else closes it. */
static void
help_key(struct replay *r, int code)
{
	static const struct { int code, lines; } moves[] = {
		{ KEY_UP, -1 }, { KEY_DOWN, 1 }, { KEY_HOME, -PAGE_LINES_MAX }, { KEY_END, PAGE_LINES_MAX },
		{ KEY_PPAGE, -5 }, { KEY_NPAGE, 5 },
	};

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]) && page_is_cut(&r->view.page); i++)
		if (moves[i].code == code) {
			page_scroll(&r->view.page, moves[i].lines);
			return;
		}
	r->view.help = code == KEY_RESIZE || code == KEY_MOUSE;
}

static void
key(struct replay *r, int code)
{
	r->view.message[0] = '\0';
	if (r->view.help) {
		help_key(r, code);
		return;
	}
	if (r->view.typing) {
		type(r, code);
		return;
	}
	if (code >= '0' && code <= '9') {
		act(r, START, code);
		return;
	}
	for (size_t i = 0; i < KEYS; i++)
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
	if (r->view.paused || r->view.help || r->view.typing || ms <= 0 || player_is_at_end(r->view.player))
		return;
	player_play(r->view.player, (uint64_t)ms, r->view.speed, r->view.idle_ms);
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
	r->loop = loop_new();
	r->view.player = player_new(source);
	r->view.info = info;
	r->view.speed = o->speed;
	r->view.idle_ms = o->idle_ms;
	replay_view_init(&r->view);
	if (r->loop != NULL && r->view.player != NULL)
		e = term_start(getenv("TERM")) ? 0 : -ENOTTY;
	if (e == 0 && o->enter != NULL)
		e = o->enter(o->enter_arg);
	if (e == 0 && (loop_signal(r->loop, SIGWINCH, on_signal, r) != 0 || loop_signal(r->loop, SIGHUP, on_signal, r) != 0 ||
	    loop_signal(r->loop, SIGTERM, on_signal, r) != 0 || loop_signal(r->loop, SIGINT, on_signal, r) != 0 ||
	    loop_signal(r->loop, SIGQUIT, on_signal, r) != 0 || loop_add(r->loop, 0, EPOLLIN, on_keys, r) != 0))
		e = -ENOMEM;
	if (e == 0) {
		player_seek(r->view.player, o->at_ms);
		r->last = clock_mono();
		loop_timer_start(r->loop, &r->timer, TICK_MS, on_tick, r);
		draw(r);
		(void)loop_run(r->loop);
	}
	term_stop();
	player_free(r->view.player);
	loop_free(r->loop);
	free(r);
	return e;
}

int
replay_text(const struct replay_source *source, uint64_t at_ms)
{
	struct player *p = player_new(source);
	unsigned cols, rows;
	struct buf b;

	if (p == NULL)
		return -ENOMEM;
	player_seek(p, at_ms);
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
