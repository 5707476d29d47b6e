/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The loop: handlers may remove, close and re-add anything; timers fire in order; signals arrive. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/loop.h"
#include "tests/tap.h"

#define PAIRS 8

struct world {
	struct loop *loop;
	int ends[PAIRS][2], calls[PAIRS], total, turns, fresh;
};

static void
stop_now(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop, w->total);
}

static void
pairs_open(struct world *w)
{
	*w = (struct world){ .loop = loop_new() };
	for (int i = 0; i < PAIRS; i++) {
		if (fd_pair(w->ends[i]) != 0)
			abort();
		(void)fd_send(w->ends[i][1], "x", 1, NULL, 0);
	}
}

static void
pairs_close(struct world *w)
{
	for (int i = 0; i < PAIRS; i++) {
		fd_close(&w->ends[i][0]);
		fd_close(&w->ends[i][1]);
	}
	loop_free(w->loop);
}

/* The first one called removes and closes all others, though their events were fetched already. */
static void
greedy(void *arg, int fd, uint32_t events)
{
	struct world *w = arg;

	(void)events;
	w->total++;
	for (int i = 0; i < PAIRS; i++) {
		loop_del(w->loop, w->ends[i][0]);
		if (w->ends[i][0] != fd)
			fd_close(&w->ends[i][0]);
	}
}

static void
test_removal(void)
{
	struct loop_timer t = { 0 };
	struct world w;

	pairs_open(&w);
	for (int i = 0; i < PAIRS; i++)
		(void)loop_add(w.loop, w.ends[i][0], EPOLLIN, greedy, &w);
	loop_timer_start(w.loop, &t, 20, stop_now, &w);
	ok(loop_run(w.loop) == 1, "the others are not called any more");
	loop_del(w.loop, 12345);
	ok(loop_mod(w.loop, 12345, EPOLLIN) == -ENOENT, "an unknown descriptor");
	pairs_close(&w);
}

static void
never(void *arg, int fd, uint32_t events)
{
	struct world *w = arg;

	(void)fd;
	(void)events;
	w->fresh++;
}

/* Closes the others and opens silent ones, which get the same numbers. */
static void
reopener(void *arg, int fd, uint32_t events)
{
	struct world *w = arg;

	(void)events;
	w->total++;
	loop_del(w->loop, fd);
	for (int i = 0; i < PAIRS; i++) {
		if (w->ends[i][0] == fd)
			continue;
		loop_del(w->loop, w->ends[i][0]);
		fd_close(&w->ends[i][0]);
		fd_close(&w->ends[i][1]);
		if (fd_pair(w->ends[i]) == 0)
			(void)loop_add(w->loop, w->ends[i][0], EPOLLIN, never, w);
	}
}

static void
test_reuse(void)
{
	struct loop_timer t = { 0 };
	struct world w;

	pairs_open(&w);
	for (int i = 0; i < PAIRS; i++)
		(void)loop_add(w.loop, w.ends[i][0], EPOLLIN, reopener, &w);
	loop_timer_start(w.loop, &t, 20, stop_now, &w);
	ok(loop_run(w.loop) == 1 && w.fresh == 0, "a stale event does not reach the number's new owner");
	pairs_close(&w);
}

static void
count_turn(void *arg)
{
	struct world *w = arg;

	w->turns++;
}

static void
test_silence(void)
{
	struct loop_timer t = { 0 };
	struct world w;

	pairs_open(&w);
	ok(loop_add(w.loop, w.ends[0][0], 0, never, &w) == 0, "added with no events");
	ok(loop_add(w.loop, w.ends[0][0], EPOLLIN, never, &w) == -EEXIST, "and only once");
	fd_close(&w.ends[0][1]);
	loop_set_turn(w.loop, count_turn, &w);
	loop_timer_start(w.loop, &t, 20, stop_now, &w);
	(void)loop_run(w.loop);
	ok(w.fresh == 0 && w.turns <= 3, "a hang-up that nobody asked for does not spin: %d turns", w.turns);
	ok(loop_mod(w.loop, w.ends[0][0], EPOLLIN) == 0, "asked for after all");
	loop_timer_start(w.loop, &t, 5, stop_now, &w);
	(void)loop_run(w.loop);
	ok(w.fresh > 0, "it is told");
	pairs_close(&w);
}

#define TIMERS 5000

struct many {
	struct loop *loop;
	struct loop_timer timers[TIMERS], last;
	int fired;
};

static void
many_fire(void *arg)
{
	struct many *m = arg;

	m->fired++;
}

static int disorder;

static void
ordered_fire(void *arg)
{
	struct loop_timer *t = arg;
	static int64_t latest;

	disorder += t->due.us < latest;
	latest = t->due.us;
}

static void
many_stop(void *arg)
{
	struct many *m = arg;

	loop_stop(m->loop, 0);
}

static void
test_timers(void)
{
	struct many *m = calloc(1, sizeof(*m));
	unsigned seed = 12345;
	int running = 0;

	m->loop = loop_new();
	for (int i = 0; i < TIMERS; i++) {
		seed = seed * 1103515245 + 12345;
		loop_timer_start(m->loop, &m->timers[i], seed >> 16 & 31, ordered_fire, &m->timers[i]);
	}
	for (int i = 0; i < TIMERS; i += 3)
		loop_timer_stop(&m->timers[i]);
	for (int i = 0; i < TIMERS; i += 7)
		loop_timer_start(m->loop, &m->timers[i], 1, many_fire, m);
	loop_timer_start(m->loop, &m->last, 60, many_stop, m);
	ok(loop_run(m->loop) == 0 && disorder == 0, "%d timers fire in order", TIMERS);
	for (int i = 0; i < TIMERS; i++)
		running += loop_timer_is_running(&m->timers[i]);
	ok(running == 0 && m->fired == (TIMERS + 6) / 7, "each once, moved ones too");
	loop_timer_start(m->loop, &m->last, 1000, many_stop, m);
	loop_free(m->loop);
	ok(!loop_timer_is_running(&m->last), "the loop's end ends its timers");
	loop_timer_stop(&m->last);
	free(m);
}

static void
on_signal(void *arg, int signo)
{
	struct world *w = arg;

	w->total += signo;
	if (w->total == SIGUSR1 + SIGUSR2)
		loop_stop(w->loop, 3);
}

static void
test_signals(void)
{
	struct world w;

	pairs_open(&w);
	ok(loop_signal(w.loop, SIGUSR1, on_signal, &w) == 0 && loop_signal(w.loop, SIGUSR2, on_signal, &w) == 0, "two signals are watched");
	(void)kill(getpid(), SIGUSR1);
	(void)kill(getpid(), SIGUSR2);
	ok(loop_run(w.loop) == 3, "signals come through the loop");
	pairs_close(&w);
}

int
main(void)
{
	test_removal();
	test_reuse();
	test_silence();
	test_timers();
	test_signals();
	return tap_done();
}
