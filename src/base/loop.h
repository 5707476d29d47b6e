/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The one event loop: descriptors (epoll), timers, signals (signalfd).
 * Handlers run one after another in one thread.  It is safe to remove any
 * descriptor or timer, and to close descriptors, from inside any handler.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <sys/epoll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;

typedef void loop_fd_fn(void *arg, int fd, uint32_t events);    /* events: EPOLLIN, EPOLLOUT, EPOLLHUP… */
typedef void loop_fn(void *arg);
typedef void loop_signal_fn(void *arg, int signo);

/* A timer lies in its owner's struct (zeroed at first); starting a running timer moves it. */
struct loop_timer {
	struct loop *loop;       /* not NULL while it runs */
	struct loop_timer *child, *next, *prev;
	mono_t due;
	loop_fn *fn;
	void *arg;
};

struct loop *loop_new(void);                   /* NULL and errno on failure */
void loop_free(struct loop *l);                /* closes no descriptor but its own */
/* In a child after fork: lets go of what it shares with its parent, so that taking descriptors out of this copy takes
 * nothing from the parent.  What is left to do with it then is loop_del and loop_free. */
void loop_leave(struct loop *l);

/* 0 or -errno.  The descriptor stays its owner's: loop_del before close.
 * With events 0 nothing is reported, not even that the other end hung up. */
int loop_add(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *arg);
int loop_mod(struct loop *l, int fd, uint32_t events);
void loop_del(struct loop *l, int fd);         /* unknown descriptors are fine */

void loop_timer_start(struct loop *l, struct loop_timer *t, int64_t timeout_ms, loop_fn *fn, void *arg);
void loop_timer_stop(struct loop_timer *t);    /* fine when not running */
bool loop_timer_is_running(const struct loop_timer *t);

/* From now on signo is blocked and reaches fn through the loop. */
int loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg);

/* fn runs once after each turn's handlers (e.g. the store commits there).  NULL: none. */
void loop_set_turn(struct loop *l, loop_fn *fn, void *arg);

int loop_run(struct loop *l);                  /* until loop_stop; returns its code, or -errno */
void loop_stop(struct loop *l, int code);

#endif
