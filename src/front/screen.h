/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The verbs about sessions that run, and what is on screen: its program, on a pty that the monitor opened. */
#ifndef FRONT_SCREEN_H
#define FRONT_SCREEN_H

#include "front/channel.h"
#include "front/verbs.h"

/* Starts of verbs: c is a listing already. */
void screen_list(struct channel *c, const char *args);
void screen_do(struct channel *c, const char *args);           /* "ID", "ID REASON", of hand "ID [USER]" */

/* The gate's answers; the channel is found by req.  True if it was one. */
bool screen_take(struct front *f, const struct chan_in *in);
/* The monitor's; takes *fd. */
void screen_started(struct front *f, const struct msg_screen_started *m, int *fd);
bool step_screen(struct channel *c);
void screen_free(struct channel *c);

#endif
