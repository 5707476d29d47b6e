/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the replay shows: the recorded screens, a bar of their time, a line about them, the help. */
#ifndef UI_REPLAY_VIEW_H
#define UI_REPLAY_VIEW_H

#include "ui/page.h"
#include "ui/replay_list.h"
#include "ui/replay.h"

struct replay_view {
	struct deck deck;
	const struct replay_tape *tapes;
	double speed;
	uint64_t idle_ms;
	bool paused, help, typing, listing;
	bool live;                         /* at the end of something that grows */
	bool wall;                         /* two of them, each when it was */
	const char *mode, *hint;           /* in words what this is and what helps; mode NULL: the replay, which has a bar of time */
	char search[128], message[320];
	struct page page;                  /* of the help */
	struct replay_list list;           /* of the commands */
	/* replay_view.c's own */
	short pairs;                       /* colour pairs made so far */
	short pair_of[257][257];           /* 0: none yet; index 256 is the default */
};

/* A key and what it does, for the help; ended by a name that is NULL. */
struct replay_help {
	const char *name, *help;
};

void replay_view_init(struct replay_view *v);
void replay_view_draw(struct replay_view *v, const struct replay_help *keys);

#endif
