/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress-render, seen from here: frames to it, lines from it. */
#ifndef INDEX_RENDERER_H
#define INDEX_RENDERER_H

#include "base/command.h"
#include "base/err.h"
#include "db/index.h"

struct renderer;

/* What comes of the frames; a non-zero return ends it and is returned.  STATE: where a recording was left. */
struct renderer_fns {
	int (*line)(void *arg, uint64_t t_ms, struct slice text);
	int (*command)(void *arg, const struct command_seen *c);
	int (*better)(void *arg, const struct command_seen *c);      /* the last one is known better; without its text */
	int (*key)(void *arg, const struct frame_screen *k);
	void (*slow)(void *arg);                         /* the rest is not rendered, only read */
	int (*state)(void *arg, const struct frame_screen *at);
	void *arg;
};

/* Starts that program, as user if that is not NULL and this is root.  NULL with e. */
struct renderer *renderer_start(const char *path, const char *user, struct err *e);
void renderer_set(struct renderer *r, const struct renderer_fns *fns);
void renderer_stop(struct renderer *r);                  /* NULL is fine */
/* 0, what a function returned, or -EPIPE with e: it has ended. */
int renderer_begin(struct renderer *r, const struct frame_screen *at, struct err *e);
int renderer_frames(struct renderer *r, struct slice frames, struct err *e);
int renderer_end(struct renderer *r, struct err *e);

#endif
