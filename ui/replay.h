/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The replay screen over a deck of players. */
#ifndef UI_REPLAY_H
#define UI_REPLAY_H

#include "base/clock.h"
#include "ui/deck.h"

struct replay_info {
	const char *id, *user, *login, *host;             /* escaped */
	wall_t start;
};

struct replay_tape {
	struct replay_source source;
	struct replay_info info;
	/* How long it is by now, and whether it grows; NULL: it does not. */
	int (*length)(void *arg, uint64_t *length_ms, bool *open);
	/* Of a very long one a place near its end to begin at, or false; NULL: there is none. */
	bool (*tail)(void *arg, struct frame_screen *key);
};

struct replay_options {
	double speed;                 /* 0.25 to 16 */
	uint64_t idle_ms;             /* 0: no cap */
	uint64_t at_ms;
	bool follow;                  /* begin at the end, and show what comes */
	/* Called when the terminal is set up and before the first byte of the record is looked at (the sandbox). */
	int (*enter)(void *arg);
	void *enter_arg;
};

/* Plays one or two on this terminal until the viewer leaves.  0; -ENOTTY: it cannot be drawn on; -EIO: a source is broken. */
int replay_run(const struct replay_tape *tapes, unsigned n, const struct replay_options *o);
/* The screen at that time as text; beyond the end it is the last one. */
int replay_text(const struct replay_source *source, uint64_t at_ms);
/* The keys, a line each: name, tab, what it does. */
void replay_keys_print(void);

#endif
