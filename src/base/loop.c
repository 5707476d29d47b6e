/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * epoll, level-triggered.  A slot for each descriptor number, with a generation that
 * travels in the kernel's event: an event that was already fetched for a descriptor
 * which a handler has meanwhile removed (and perhaps opened anew) finds another
 * generation and is dropped.
 *
 * Timers are a pairing heap through their own fields, so that starting one never fails:
 * `child` is the first child, `next` the next sibling, `prev` the previous sibling or,
 * for a first child, the parent.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/loop.h"

#define EVENTS_MAX 64
#define FDS_MAX    (1 << 20)

struct slot {
	loop_fd_fn *fn;          /* NULL: free */
	void *arg;
	uint32_t generation, events;
};

struct loop {
	int epoll, signals;
	struct slot *slots;
	int nslots;
	struct loop_timer *soonest;
	sigset_t mask;
	struct {
		loop_signal_fn *fn;
		void *arg;
	} on_signal[NSIG];
	loop_fn *turn;
	void *turn_arg;
	bool stopped;
	int code;
};

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	sigemptyset(&l->mask);
	l->signals = -1;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		free(l);
		return NULL;
	}
	return l;
}

void
loop_leave(struct loop *l)
{
	fd_close(&l->epoll);
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	while (l->soonest != NULL)
		loop_timer_stop(l->soonest);
	fd_close(&l->signals);
	fd_close(&l->epoll);
	free(l->slots);
	free(l);
}

static int
slots_grow(struct loop *l, int fd)
{
	int n = l->nslots < 16 ? 16 : l->nslots;
	struct slot *slots;

	if (fd < l->nslots)
		return 0;
	if (fd >= FDS_MAX)
		return -EMFILE;
	while (n <= fd)
		n *= 2;
	slots = realloc(l->slots, (size_t)n * sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	memset(slots + l->nslots, 0, (size_t)(n - l->nslots) * sizeof(*slots));
	l->slots = slots;
	l->nslots = n;
	return 0;
}

static struct slot *
slot_find(struct loop *l, int fd)
{
	return fd >= 0 && fd < l->nslots && l->slots[fd].fn != NULL ? &l->slots[fd] : NULL;
}

static int
slot_control(struct loop *l, int op, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events,
		.data.u64 = (uint64_t)l->slots[fd].generation << 32 | (uint32_t)fd };

	return epoll_ctl(l->epoll, op, fd, &e) == 0 ? 0 : -errno;
}

int
loop_add(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *arg)
{
	int r;

	assert(fn != NULL);
	if (fd < 0)
		return -EBADF;
	r = slots_grow(l, fd);
	if (r != 0)
		return r;
	if (l->slots[fd].fn != NULL)
		return -EEXIST;
	l->slots[fd].generation++;
	r = events == 0 ? 0 : slot_control(l, EPOLL_CTL_ADD, fd, events);
	if (r != 0)
		return r;
	l->slots[fd].fn = fn;
	l->slots[fd].arg = arg;
	l->slots[fd].events = events;
	return 0;
}

/* epoll reports a hang-up whatever one asks for; only leaving it brings silence. */
int
loop_mod(struct loop *l, int fd, uint32_t events)
{
	struct slot *slot = slot_find(l, fd);
	int op, r;

	if (slot == NULL)
		return -ENOENT;
	if (slot->events == events)
		return 0;
	op = slot->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
	r = slot_control(l, op, fd, events);
	if (r == 0)
		slot->events = events;
	return r;
}

void
loop_del(struct loop *l, int fd)
{
	struct slot *slot = slot_find(l, fd);

	if (slot == NULL)
		return;
	if (slot->events != 0)
		(void)slot_control(l, EPOLL_CTL_DEL, fd, 0);
	slot->fn = NULL;
	slot->generation++;
}

static struct loop_timer *
heap_meld(struct loop_timer *a, struct loop_timer *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	if (b->due.us < a->due.us) {
		struct loop_timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child != NULL)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* All siblings from `first` on as one heap: melded in pairs, then the pairs from the last back. */
static struct loop_timer *
heap_meld_all(struct loop_timer *first)
{
	struct loop_timer *pairs = NULL, *whole = NULL;

	while (first != NULL) {
		struct loop_timer *a = first, *b = a->next, *rest = b == NULL ? NULL : b->next;

		a->next = a->prev = NULL;
		if (b != NULL)
			b->next = b->prev = NULL;
		a = heap_meld(a, b);
		a->next = pairs;
		pairs = a;
		first = rest;
	}
	while (pairs != NULL) {
		struct loop_timer *rest = pairs->next;

		pairs->next = NULL;
		whole = heap_meld(whole, pairs);
		pairs = rest;
	}
	return whole;
}

void
loop_timer_start(struct loop *l, struct loop_timer *t, int64_t timeout_ms, loop_fn *fn, void *arg)
{
	assert(fn != NULL);
	loop_timer_stop(t);
	if (timeout_ms < 0)
		timeout_ms = 0;
	*t = (struct loop_timer){ .loop = l, .fn = fn, .arg = arg };
	t->due.us = timeout_ms > INT64_MAX / 4000 ? INT64_MAX : clock_mono().us + timeout_ms * 1000;
	l->soonest = heap_meld(l->soonest, t);
}

void
loop_timer_stop(struct loop_timer *t)
{
	struct loop *l = t->loop;

	if (l == NULL)
		return;
	if (t == l->soonest) {
		l->soonest = heap_meld_all(t->child);
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next != NULL)
			t->next->prev = t->prev;
		l->soonest = heap_meld(l->soonest, heap_meld_all(t->child));
	}
	t->loop = NULL;
	t->child = t->next = t->prev = NULL;
}

bool
loop_timer_is_running(const struct loop_timer *t)
{
	return t->loop != NULL;
}

static void
signals_ready(void *arg, int fd, uint32_t events)
{
	struct loop *l = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (!l->stopped && read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo < NSIG && l->on_signal[info.ssi_signo].fn != NULL)
			l->on_signal[info.ssi_signo].fn(l->on_signal[info.ssi_signo].arg, (int)info.ssi_signo);
}

int
loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg)
{
	int fd;

	assert(signo > 0 && signo < NSIG);
	sigaddset(&l->mask, signo);
	if (sigprocmask(SIG_BLOCK, &l->mask, NULL) != 0)
		return -errno;
	fd = signalfd(l->signals, &l->mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	l->on_signal[signo].fn = fn;
	l->on_signal[signo].arg = arg;
	if (l->signals >= 0)
		return 0;
	l->signals = fd;
	return loop_add(l, fd, EPOLLIN, signals_ready, l);
}

void
loop_set_turn(struct loop *l, loop_fn *fn, void *arg)
{
	l->turn = fn;
	l->turn_arg = arg;
}

static int
wait_ms(const struct loop *l)
{
	int64_t us;

	if (l->soonest == NULL)
		return -1;
	us = l->soonest->due.us - clock_mono().us;
	if (us <= 0)
		return 0;
	return us > 3600000000 ? 3600000 : (int)((us + 999) / 1000);
}

static void
run_events(struct loop *l, const struct epoll_event *events, int n)
{
	for (int i = 0; i < n && !l->stopped; i++) {
		int fd = (int)(uint32_t)events[i].data.u64;
		struct slot *slot = slot_find(l, fd);

		if (slot != NULL && slot->generation == (uint32_t)(events[i].data.u64 >> 32))
			slot->fn(slot->arg, fd, events[i].events);
	}
}

static void
run_timers(struct loop *l)
{
	mono_t now = clock_mono();

	while (!l->stopped && l->soonest != NULL && l->soonest->due.us <= now.us) {
		struct loop_timer *t = l->soonest;

		loop_timer_stop(t);
		t->fn(t->arg);
	}
}

int
loop_run(struct loop *l)
{
	struct epoll_event events[EVENTS_MAX];

	while (!l->stopped) {
		int n = epoll_wait(l->epoll, events, EVENTS_MAX, wait_ms(l));

		if (n < 0 && errno != EINTR)
			return -errno;
		run_events(l, events, n);
		run_timers(l);
		if (l->turn != NULL)
			l->turn(l->turn_arg);
	}
	l->stopped = false;
	return l->code;
}

void
loop_stop(struct loop *l, int code)
{
	l->stopped = true;
	l->code = code;
}
