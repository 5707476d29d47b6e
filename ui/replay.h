/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The replay screen over a player. */
#ifndef UI_REPLAY_H
#define UI_REPLAY_H

#include "base/clock.h"
#include "ui/player.h"

struct replay_info {
	const char *id, *user, *login, *host, *state;
	wall_t start;
};

struct replay_options {
	double speed;                 /* 0.25 to 16 */
	uint64_t idle_ms;             /* 0: no cap */
	uint64_t at_ms;
	/* Called when the terminal is set up and before the first byte of the record is looked at (the sandbox). */
	int (*enter)(void *arg);
	void *enter_arg;
};

/* Plays on this terminal until the viewer leaves.  0, or -ENOTTY: it cannot be drawn on. */
int replay_run(const struct replay_source *source, const struct replay_info *info, const struct replay_options *o);
/* The screen at that time as text; beyond the end it is the last one. */
int replay_text(const struct replay_source *source, uint64_t at_ms);

#endif
