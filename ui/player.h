/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The replay's clockwork, without curses: frames from a source, a screen, a position in
 * time, and keyframes that make going back as quick as going on.
 */
#ifndef UI_PLAYER_H
#define UI_PLAYER_H

#include "base/frame.h"
#include "ui/screen.h"

/* Where frames come from.  next: 1 and *f (its data valid until the next call) and the position it begins at;
 * 0: no more (for now); negative: broken.  seek: to a position that next gave. */
struct replay_source {
	int (*next)(void *arg, struct frame *f, uint64_t *pos);
	void (*seek)(void *arg, uint64_t pos);
	void *arg;
	uint64_t length_ms;               /* of what is there */
	unsigned cols, rows;              /* 0: no terminal was asked for */
};

struct player;

struct player *player_new(const struct replay_source *source);       /* NULL when out of memory */
void player_free(struct player *p);
struct screen *player_screen(struct player *p);
uint64_t player_time(const struct player *p);          /* ms since the start */
uint64_t player_length(const struct player *p);
bool player_is_at_end(struct player *p);

/* Shows the state at t (clamped to what is there). */
void player_seek(struct player *p, uint64_t t_ms);
/* On by real_ms times speed; a pause longer than idle_ms (0: no cap) is shortened to it. */
void player_play(struct player *p, uint64_t real_ms, double speed, uint64_t idle_ms);
bool player_step(struct player *p);                    /* the next frame that shows something; false at the end */
/* The next place where text appears on the screen after it was not there, round to the beginning; false: nowhere,
 * position unchanged. */
bool player_search(struct player *p, const char *text);
/* The last place before here where it appeared. */
bool player_search_back(struct player *p, const char *text);
/* The next frame of these kinds ("rmx"); false at the end. */
bool player_next_of(struct player *p, const char *kinds);

#endif
