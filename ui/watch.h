/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Looking at a session while it runs, or typing into it: its screen as it is now, and a line about it. */
#ifndef UI_WATCH_H
#define UI_WATCH_H

#include "ui/replay.h"

struct watch_options {
	int fd;                       /* the way to the session, or -1: the record alone */
	bool types;                   /* what is typed here goes there */
	int (*enter)(void *arg);      /* as of replay_options */
	void *enter_arg;
};

/* Until the viewer leaves or the session ends (*ret_ended).  0, -ENOTTY, -EIO as replay_run. */
int watch_run(const struct replay_tape *tape, const struct watch_options *o, bool *ret_ended);

#endif
