/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Whoever types here types into the session: every byte goes there but Ctrl-] and the key that follows it.  Whoever only
 * looks has a few keys.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <curses.h>

#include "base/loop.h"
#include "base/text.h"
#include "ui/live.h"
#include "ui/replay_view.h"
#include "ui/term.h"
#include "ui/watch.h"

#define TICK_MS  50                      /* while the record is waited for */
#define STATE_MS 500
#define NOTE_MS  5000
#define LEAVE    0x1d                    /* Ctrl-] */

struct watch {
	struct replay_view view;
	const struct replay_tape *tape;
	struct loop *loop;
	struct loop_timer timer;
	struct replay_source source;         /* record and channel */
	struct live *live;                   /* NULL: the record alone */
	struct frame_screen tail;              /* where a very long one begins to be looked at; pos 0: at its start */
	mono_t asked, noted;
	bool dirty, types, over, ended, lost, prefixed;
};

static const struct replay_help watch_help[] = {
	{ "q, Esc", "leave" }, { "?", "this help" },
	{ "", "What is seen is the session's screen as it is now. Nothing that is typed here goes there." }, { NULL, NULL },
};
static const struct replay_help join_help[] = {
	{ "Ctrl-] q", "leave" }, { "Ctrl-] ?", "this help" }, { "Ctrl-] Ctrl-]", "one Ctrl-] for the session" },
	{ "", "All else that is typed goes to the session, and the record says who typed it." }, { NULL, NULL },
};

static void
draw(struct watch *w)
{
	w->dirty = false;
	replay_view_draw(&w->view, w->types ? join_help : watch_help);
}

static void
note(struct watch *w, const char *text)
{
	(void)snprintf(w->view.message, sizeof(w->view.message), "%s", text);
	w->noted = clock_mono();
	w->dirty = true;
}

/* ---- what comes ---- */

static void
catch_up(struct watch *w)
{
	player_poll(w->view.deck.players[0], 0);
	deck_seek(&w->view.deck, UINT64_MAX / 4);
	w->dirty = true;
}

static void
on_live(void *arg, const char *text)
{
	struct watch *w = arg;

	if (text[0] != '\0')
		note(w, text);
	w->dirty = true;
}

/* Does it go on?  The record tells. */
static void
ask_state(struct watch *w)
{
	uint64_t length;
	bool open = false;

	w->asked = clock_mono();
	if (w->tape->length != NULL && w->tape->length(w->tape->source.arg, &length, &open) != 0)
		w->over = w->lost = true;
	else if (!open) {
		catch_up(w);
		w->over = w->ended = true;
	}
}

static void
on_tick(void *arg)
{
	struct watch *w = arg;
	bool gone = w->live == NULL || live_is_gone(w->live);

	loop_timer_start(w->loop, &w->timer, TICK_MS, on_tick, w);
	if (gone || live_waits(w->live))
		catch_up(w);
	if (clock_ms_since(w->asked) >= (gone ? TICK_MS : STATE_MS))
		ask_state(w);
	if (w->view.message[0] != '\0' && clock_ms_since(w->noted) >= NOTE_MS)
		note(w, "");
}

/* However much came in this turn is drawn once. */
static void
on_turn(void *arg)
{
	struct watch *w = arg;

	if (w->dirty && !w->over) {
		catch_up(w);
		draw(w);
	}
	if (w->over || player_is_broken(w->view.deck.players[0]))
		loop_stop(w->loop, 0);
}

/* ---- keys ---- */

static void
watch_key(struct watch *w, int code)
{
	if (w->view.help)
		w->view.help = false;
	else if (code == '?')
		w->view.help = true;
	else if (code == 'q' || code == 0x1b || code == 3)
		w->over = true;
	w->dirty = true;
}

/* The key behind Ctrl-]. */
static void
join_command(struct watch *w, unsigned char c)
{
	static const unsigned char itself = LEAVE;

	w->prefixed = false;
	w->dirty = true;
	if (c == 'q' || c == '.')
		w->over = true;
	else if (c == '?')
		w->view.help = true;
	else if (c == LEAVE)
		(void)live_type(w->live, slice_of(&itself, 1));
	else
		note(w, "Ctrl-] q leaves, Ctrl-] ? helps");
}

static void
type(struct watch *w, const unsigned char *p, size_t n)
{
	size_t from = 0;

	if (w->view.help && n > 0) {
		w->view.help = false;
		w->dirty = true;
		p++, n--;
	}
	for (size_t i = 0; i < n && !w->over; i++) {
		if (!w->prefixed && p[i] != LEAVE)
			continue;
		if (i > from)
			(void)live_type(w->live, slice_of(p + from, i - from));
		from = i + 1;
		if (w->prefixed)
			join_command(w, p[i]);
		else
			w->prefixed = true;
	}
	if (n > from && !w->over && live_type(w->live, slice_of(p + from, n - from)) != 0)
		note(w, "what is typed does not reach the session any more");
}

static void
on_keys(void *arg, int fd, uint32_t events)
{
	struct watch *w = arg;
	unsigned char bytes[4096];
	ssize_t n;
	wint_t code;

	if (w->types) {
		n = read(fd, bytes, sizeof(bytes));
		type(w, bytes, n > 0 ? (size_t)n : 0);
		w->over = w->over || n == 0;
	} else {
		while (!w->over && term_key(&code) != ERR)
			watch_key(w, (int)code);
	}
	w->over = w->over || (events & (EPOLLHUP | EPOLLERR)) != 0;
}

static void
on_signal(void *arg, int signo)
{
	struct watch *w = arg;

	if (signo == SIGWINCH)
		term_resize();
	else
		w->over = true;
	w->dirty = true;
}

/* ---- beginning and end ---- */

static int
signals_add(struct watch *w)
{
	static const int signals[] = { SIGWINCH, SIGHUP, SIGTERM, SIGINT, SIGQUIT };
	int e = 0;

	for (size_t i = 0; e == 0 && i < sizeof(signals) / sizeof(signals[0]); i++)
		e = loop_signal(w->loop, signals[i], on_signal, w);
	return e;
}

/* The record's own keyframes are better, unless they are far behind. */
static bool
key_find(void *arg, uint64_t t_ms, struct frame_screen *key)
{
	struct watch *w = arg;
	const struct replay_source *s = &w->tape->source;
	bool found = s->key != NULL && s->key(s->arg, t_ms, key);

	if (w->tail.pos == 0 || w->tail.t_ms > t_ms || (found && key->pos > w->tail.pos))
		return found;
	*key = w->tail;
	return true;
}

static int
next(void *arg, struct frame *f, uint64_t *pos)
{
	struct watch *w = arg;

	return w->source.next(w->source.arg, f, pos);
}

static void
seek(void *arg, uint64_t pos)
{
	struct watch *w = arg;

	w->source.seek(w->source.arg, pos);
}

static int
source_open(struct watch *w, const struct watch_options *o)
{
	struct replay_source source = w->tape->source, mine;

	if (o->fd >= 0) {
		w->live = live_new(w->loop, o->fd, o->types, &source, on_live, w);
		if (w->live == NULL)
			return -ENOMEM;
		live_source(w->live, &source);
	}
	w->source = source;
	mine = source;
	mine.next = next;
	mine.seek = seek;
	mine.key = key_find;
	mine.arg = w;
	if (w->tape->tail != NULL && w->tape->tail(w->tape->source.arg, &w->tail))
		note(w, "a very long session: what stood on its screen long ago may be missing here");
	w->view.deck.players[0] = player_new(&mine);
	w->view.deck.n = 1;
	w->view.deck.starts_us[0] = w->tape->info.start.us;
	return w->view.deck.players[0] != NULL ? 0 : -ENOMEM;
}

static int
open_all(struct watch *w, const struct watch_options *o)
{
	int e = source_open(w, o);

	if (e == 0)
		e = term_start(getenv("TERM")) ? 0 : -ENOTTY;
	if (e == 0 && w->types)
		term_pass_keys();
	if (e == 0 && o->enter != NULL)
		e = o->enter(o->enter_arg);
	if (e == 0 && (signals_add(w) != 0 || loop_add(w->loop, 0, EPOLLIN, on_keys, w) != 0))
		e = -ENOMEM;
	return e;
}

int
watch_run(const struct replay_tape *tape, const struct watch_options *o, bool *ret_ended)
{
	struct watch *w = calloc(1, sizeof(*w));
	int e;

	if (w == NULL)
		return -ENOMEM;
	w->tape = tape;
	w->types = o->types;
	w->view.tapes = tape;
	w->view.speed = 1;
	w->view.live = true;
	w->view.mode = o->types ? "you type" : "watching";
	w->view.hint = o->types ? "Ctrl-] ? help" : "? help";
	w->loop = loop_new();
	replay_view_init(&w->view);
	e = w->loop != NULL ? open_all(w, o) : -ENOMEM;
	if (e == 0) {
		w->asked = clock_mono();
		w->dirty = true;
		loop_set_turn(w->loop, on_turn, w);
		loop_timer_start(w->loop, &w->timer, 0, on_tick, w);
		(void)loop_run(w->loop);
		e = w->lost || player_is_broken(w->view.deck.players[0]) ? -EIO : 0;
	}
	term_stop();
	*ret_ended = w->ended;
	player_free(w->view.deck.players[0]);
	live_free(w->live);
	loop_free(w->loop);
	free(w);
	return e;
}
