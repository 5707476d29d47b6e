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
 * 0: no more (for now); negative: broken.  seek: to a position that next gave.  key: the last keyframe that is kept
 * anywhere at or before t_ms (valid until the next call); false: none; NULL: none ever. */
struct replay_source {
	int (*next)(void *arg, struct frame *f, uint64_t *pos);
	void (*seek)(void *arg, uint64_t pos);
	bool (*key)(void *arg, uint64_t t_ms, struct frame_screen *key);
	void *arg;
	uint64_t length_ms;               /* of what is there */
	unsigned cols, rows;              /* 0: no terminal was asked for */
};

/* What can be jumped to.  A file: a mark that tells of one.  An event: any of them but text and commands, a signal, the end. */
enum player_what { PLAYER_TEXT, PLAYER_COMMAND, PLAYER_FILE, PLAYER_MARK, PLAYER_RESIZE, PLAYER_EVENT };

struct player;

struct player *player_new(const struct replay_source *source);       /* NULL when out of memory */
void player_free(struct player *p);
struct screen *player_screen(struct player *p);
uint64_t player_time(const struct player *p);          /* ms since the start */
uint64_t player_length(const struct player *p);
bool player_is_at_end(struct player *p);
bool player_is_broken(const struct player *p);         /* the source could not be read to its end */
/* When the next frame comes; UINT64_MAX: none. */
uint64_t player_next_time(struct player *p);
/* There may be more behind the end than there was: looked for again. */
void player_poll(struct player *p, uint64_t length_ms);

/* Shows the state at t (clamped to what is there). */
void player_seek(struct player *p, uint64_t t_ms);
bool player_step(struct player *p);                    /* the next frame that shows something; false at the end */
/* The next place where this is written on the screen (letters of either case match), round to the beginning; false: nowhere,
 * position unchanged. */
bool player_search(struct player *p, const char *text);
/* The last place before here. */
bool player_search_back(struct player *p, const char *text);
/* The next, or the last before here; false: none, position unchanged. */
bool player_jump(struct player *p, enum player_what what, bool back);
/* Seeks, searches and jumps can take long: told now and then where they are; false ends them: a search as if there were
 * nothing, a seek where it is. */
typedef bool player_wait_fn(void *arg, uint64_t t_ms);
void player_set_wait(struct player *p, player_wait_fn *fn, void *arg);
bool player_was_stopped(const struct player *p);       /* the last one */
/* All of it is gone through for somebody else; it stays where it is.  False: it was stopped. */
struct lines_sink;
bool player_hear(struct player *p, const struct lines_sink *sink);
/* What the last jump went to, in words, escaped; "" for a search. */
const char *player_found(const struct player *p);

/* How a frame that is no output reads in a list of events; NULL: it is none.  A file: see above. */
const char *player_event_name(const struct frame *f);
bool player_is_file(const struct frame *f);

#endif
