/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Keys, the clock, and the end.  What is seen: replay_view.c. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <curses.h>

#include "base/loop.h"
#include "base/text.h"
#include "ui/help.h"
#include "ui/replay_view.h"
#include "ui/term.h"

#define TICK_MS 40
#define POLL_MS 250
#define WAIT_MS 300                      /* a search may take so long without a word, */
#define WAIT_DRAW_MS 200                 /* then it tells where it is */

enum action { PAUSE, STEP, BACK, ON, BACK_FAR, ON_FAR, SLOWER, FASTER, IDLE, START, FINISH, SEARCH, AGAIN, AGAIN_BACK,
	JUMP, JUMP_BACK, LIST, OTHER, WALL, HELP, LEAVE };

/* The help, and the list in fortress-replay(1), are made of it. */
static const struct rkey {
	int code;
	enum action action;
	enum player_what what;                   /* of the jumps */
	const char *name, *help;
} rkeys[] = {
	{ ' ', PAUSE, 0, "Space", "pause and go on" },
	{ '.', STEP, 0, ".", "one frame on (pauses)" },
	{ KEY_LEFT, BACK, 0, "Left, Right", "5 seconds back or on" },
	{ KEY_RIGHT, ON, 0, NULL, NULL },
	{ KEY_DOWN, BACK_FAR, 0, "Down, Up", "10 seconds back or on" },
	{ KEY_UP, ON_FAR, 0, NULL, NULL },
	{ '<', SLOWER, 0, "< >", "half or double the speed, 0.25 to 16" },
	{ '>', FASTER, 0, NULL, NULL },
	{ 'i', IDLE, 0, "i", "shorten pauses to 2 seconds, or not" },
	{ 'g', START, 0, "g, G", "to the beginning, to the end (and go on as it grows)" },
	{ 'G', FINISH, 0, NULL, NULL },
	{ '0', START, 0, "0 to 9", "to that tenth of the recording" },
	{ '/', SEARCH, 0, "/", "search in what the screen showed" },
	{ 'n', AGAIN, 0, "n, N", "the next place, the one before" },
	{ 'N', AGAIN_BACK, 0, NULL, NULL },
	{ 'c', JUMP, PLAYER_COMMAND, "c, C", "the next command, the one before" },
	{ 'C', JUMP_BACK, PLAYER_COMMAND, NULL, NULL },
	{ 'l', LIST, 0, "l", "a list of the commands" },
	{ 'f', JUMP, PLAYER_FILE, "f, F", "the next file that was moved, the one before" },
	{ 'F', JUMP_BACK, PLAYER_FILE, NULL, NULL },
	{ 'm', JUMP, PLAYER_MARK, "m, M", "the next marker, the one before" },
	{ 'M', JUMP_BACK, PLAYER_MARK, NULL, NULL },
	{ 'r', JUMP, PLAYER_RESIZE, "r, R", "the next change of size, the one before" },
	{ 'R', JUMP_BACK, PLAYER_RESIZE, NULL, NULL },
	{ ']', JUMP, PLAYER_EVENT, "] [", "the next file, marker, size, notice, signal or end, the one before" },
	{ '[', JUMP_BACK, PLAYER_EVENT, NULL, NULL },
	{ '\t', OTHER, 0, "Tab", "of two, the one to search and jump in" },
	{ 'w', WALL, 0, "w", "two as they were by the clock, or from both beginnings" },
	{ '?', HELP, 0, "?", "this help" },
	{ 'q', LEAVE, 0, "q, Esc", "leave" },
	{ 0x1b, LEAVE, 0, NULL, NULL },
	{ 3, LEAVE, 0, NULL, NULL },
};

#define KEYS (sizeof(rkeys) / sizeof(rkeys[0]))

struct replay {
	struct replay_view view;
	struct loop *loop;
	struct loop_timer timer;
	mono_t last, polled;
	mono_t asked, drawn;                     /* a search: begun, shown */
	bool over, open[DECK_MAX];
	bool ticking;                            /* the clock moves it, not a key */
};

void
replay_keys_print(void)
{
	for (size_t i = 0; i < KEYS; i++)
		if (rkeys[i].name != NULL)
			printf("%s\t%s\n", rkeys[i].name, rkeys[i].help);
}

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

/* A key ends what takes long, a search mostly, and is then taken as any other.  What the clock began is not spoken of. */
static bool
on_wait(void *arg, uint64_t t_ms)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	struct replay *r = arg;
	unsigned s = (unsigned)(t_ms / 1000);

	if (clock_ms_since(r->asked) < WAIT_MS || clock_ms_since(r->drawn) < WAIT_DRAW_MS)
		return true;
	r->drawn = clock_mono();
	if (!r->ticking) {
		(void)snprintf(r->view.message, sizeof(r->view.message), "looking at %u:%02u:%02u; any key stops", s / 3600, s / 60 % 60, s % 60);
		draw(r);
		r->view.message[0] = '\0';
	}
	return poll(&input, 1, 0) != 1;
}

/* True, and said: a key has ended it, and here it stays. */
static bool
was_stopped(struct replay *r)
{
	bool stopped = false;

	for (unsigned i = 0; i < r->view.deck.n; i++)
		stopped = stopped || player_was_stopped(r->view.deck.players[i]);
	if (!stopped)
		return false;
	r->view.paused = true;
	r->view.live = false;
	(void)snprintf(r->view.message, sizeof(r->view.message), "stopped");
	return true;
}

static void
seek(struct replay *r, uint64_t t)
{
	r->view.live = false;
	deck_seek(&r->view.deck, t);
	(void)was_stopped(r);
}

static void
seek_by(struct replay *r, int64_t ms)
{
	int64_t t = (int64_t)r->view.deck.now_ms + ms;

	seek(r, t > 0 ? (uint64_t)t : 0);
}

static void
to_end(struct replay *r)
{
	seek(r, UINT64_MAX / 4);
	for (unsigned i = 0; i < r->view.deck.n && !was_stopped(r); i++)
		r->view.live = r->view.live || r->open[i];
	r->view.paused = r->view.paused && !r->view.live;
}

static void
search(struct replay *r, bool back)
{
	bool found = r->view.search[0] != '\0' && deck_search(&r->view.deck, r->view.search, back);

	r->view.paused = true;
	r->view.live = r->view.live && !found;
	if (!found && !was_stopped(r))
		(void)snprintf(r->view.message, sizeof(r->view.message), "not found: %s", r->view.search);
}

static void
jump(struct replay *r, enum player_what what, bool back)
{
	static const char *const names[] = { "place", "command", "file", "marker", "change of size", "event" };
	bool found = deck_jump(&r->view.deck, what, back);
	r->view.paused = true;
	r->view.live = r->view.live && !found;
	if (found)
		(void)snprintf(r->view.message, sizeof(r->view.message), "%s", player_found(r->view.deck.players[r->view.deck.active]));
	else if (!was_stopped(r))
		(void)snprintf(r->view.message, sizeof(r->view.message), "no %s %s", back ? "earlier" : "later", names[what]);
}

static void
wall(struct replay *r)
{
	struct deck *d = &r->view.deck;

	if (d->n < 2)
		return;
	r->view.wall = !r->view.wall;
	deck_sync(d, r->view.wall);
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
list_open(struct replay *r)
{
	struct replay_view *v = &r->view;

	v->paused = true;
	v->live = false;
	v->listing = replay_list_fill(&v->list, v->deck.players[v->deck.active]);
	if (!v->listing && !was_stopped(r))
		(void)snprintf(v->message, sizeof(v->message), "no commands");
	else if (v->listing)
		draw(r);
}

static void
list_act(struct replay *r, int code)
{
	struct replay_view *v = &r->view;
	enum replay_list_way way = replay_list_key(&v->list, code);

	v->listing = way == REPLAY_LIST_STAY;
	if (way == REPLAY_LIST_GO)
		seek(r, v->list.rows[v->list.at].t_ms + v->deck.later_ms[v->deck.active]);
}

static void
act(struct replay *r, const struct rkey *k)
{
	struct replay_view *v = &r->view;

	switch (k->action) {
	case PAUSE:      v->paused = !v->paused; v->live = false; break;
	case STEP:       v->paused = true; (void)deck_step(&v->deck); break;
	case BACK:       seek_by(r, -5000); break;
	case ON:         seek_by(r, 5000); break;
	case BACK_FAR:   seek_by(r, -10000); break;
	case ON_FAR:     seek_by(r, 10000); break;
	case SLOWER:     v->speed = v->speed > 0.25 ? v->speed / 2 : v->speed; break;
	case FASTER:     v->speed = v->speed < 16 ? v->speed * 2 : v->speed; break;
	case IDLE:       v->idle_ms = v->idle_ms > 0 ? 0 : 2000; break;
	case START:      seek(r, 0); break;
	case FINISH:     to_end(r); break;
	case SEARCH:     v->typing = true; v->search[0] = '\0'; break;
	case AGAIN:      search(r, false); break;
	case AGAIN_BACK: search(r, true); break;
	case JUMP:       jump(r, k->what, false); break;
	case JUMP_BACK:  jump(r, k->what, true); break;
	case LIST:       list_open(r); break;
	case OTHER:      v->deck.active = (v->deck.active + 1) % v->deck.n; break;
	case WALL:       wall(r); break;
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

static void
key(struct replay *r, int code)
{
	r->asked = clock_mono();
	r->view.message[0] = '\0';
	if (r->view.help) {
		r->view.help = help_key(&r->view.page, code);
		return;
	}
	if (r->view.listing) {
		list_act(r, code);
		return;
	}
	if (r->view.typing) {
		type(r, code);
		return;
	}
	if (code >= '0' && code <= '9') {
		seek(r, deck_length(&r->view.deck) * (uint64_t)(code - '0') / 10);
		return;
	}
	for (size_t i = 0; i < KEYS; i++)
		if (rkeys[i].code == code) {
			act(r, &rkeys[i]);
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

/* Those that may have grown are asked; the store makes what has come readable about ten times a second. */
static void
poll_growing(struct replay *r)
{
	uint64_t length;

	if (clock_ms_since(r->polled) < POLL_MS)
		return;
	r->polled = clock_mono();
	for (unsigned i = 0; i < r->view.deck.n; i++) {
		const struct replay_tape *t = &r->view.tapes[i];

		if (!r->open[i])
			continue;
		if (t->length(t->source.arg, &length, &r->open[i]) != 0)
			r->over = true;
		else
			player_poll(r->view.deck.players[i], length);
	}
}

static bool
is_broken(const struct replay *r)
{
	for (unsigned i = 0; i < r->view.deck.n; i++)
		if (player_is_broken(r->view.deck.players[i]))
			return true;
	return false;
}

static void
on_tick(void *arg)
{
	struct replay *r = arg;
	int64_t ms = clock_ms_since(r->last);
	bool growing = false, ended;

	r->last = r->asked = clock_mono();
	loop_timer_start(r->loop, &r->timer, TICK_MS, on_tick, r);
	poll_growing(r);
	if (r->over || is_broken(r)) {
		loop_stop(r->loop, 0);
		return;
	}
	if (r->view.paused || r->view.help || r->view.typing || ms <= 0)
		return;
	ended = deck_is_at_end(&r->view.deck);
	for (unsigned i = 0; i < r->view.deck.n; i++)
		growing = growing || r->open[i];
	if (ended && r->view.live == growing)
		return;
	r->ticking = true;
	if (r->view.live)
		deck_seek(&r->view.deck, UINT64_MAX / 4);
	else
		deck_play(&r->view.deck, (uint64_t)ms, r->view.speed, r->view.idle_ms);
	r->view.live = r->view.live && growing;
	r->ticking = false;
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

static int
signals_add(struct replay *r)
{
	static const int signals[] = { SIGWINCH, SIGHUP, SIGTERM, SIGINT, SIGQUIT };
	int e = 0;

	for (size_t i = 0; e == 0 && i < sizeof(signals) / sizeof(signals[0]); i++)
		e = loop_signal(r->loop, signals[i], on_signal, r);
	return e;
}

static int
deck_fill(struct replay *r, const struct replay_tape *tapes, unsigned n)
{
	struct deck *d = &r->view.deck;

	for (d->n = 0; d->n < n; d->n++) {
		d->players[d->n] = player_new(&tapes[d->n].source);
		if (d->players[d->n] == NULL)
			return -ENOMEM;
		player_set_wait(d->players[d->n], on_wait, r);
		d->starts_us[d->n] = tapes[d->n].info.start.us;
		r->open[d->n] = tapes[d->n].length != NULL;
	}
	r->view.wall = n > 1 && deck_overlaps(d);
	return 0;
}

static void
begin(struct replay *r, const struct replay_options *o)
{
	r->asked = clock_mono();
	deck_sync(&r->view.deck, r->view.wall);
	if (o->follow)
		to_end(r);
	else
		seek(r, o->at_ms);
	r->last = r->polled = clock_mono();
	loop_timer_start(r->loop, &r->timer, TICK_MS, on_tick, r);
	draw(r);
	(void)loop_run(r->loop);
}

int
replay_run(const struct replay_tape *tapes, unsigned n, const struct replay_options *o)
{
	struct replay *r = calloc(1, sizeof(*r));
	int e = -ENOMEM;

	if (r == NULL)
		return e;
	r->view.tapes = tapes;
	r->view.speed = o->speed;
	r->view.idle_ms = o->idle_ms;
	r->loop = loop_new();
	replay_view_init(&r->view);
	if (r->loop != NULL && deck_fill(r, tapes, n) == 0)
		e = term_start(getenv("TERM")) ? 0 : -ENOTTY;
	if (e == 0 && o->enter != NULL)
		e = o->enter(o->enter_arg);
	if (e == 0 && (signals_add(r) != 0 || loop_add(r->loop, 0, EPOLLIN, on_keys, r) != 0))
		e = -ENOMEM;
	if (e == 0) {
		begin(r, o);
		e = is_broken(r) ? -EIO : 0;
	}
	term_stop();
	replay_list_done(&r->view.list);
	for (unsigned i = 0; i < DECK_MAX; i++)
		player_free(r->view.deck.players[i]);
	loop_free(r->loop);
	free(r);
	return e;
}

int
replay_text(const struct replay_source *source, uint64_t at_ms)
{
	struct player *p = player_new(source);
	char line[SCREEN_COLS_MAX * 5 * 8];
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
		puts(text_cleaned(buf_slice(&b), line, sizeof(line)));
	}
	buf_done(&b);
	player_free(p);
	return fflush(stdout) == 0 ? 0 : -EIO;
}
