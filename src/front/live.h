/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A session of ours that others look at, type into, or hold up.  The gate has decided each of these and sends a way to
 * the viewer with it; a viewer gets what the store gets, and never slows the session: one that does not read is let go.
 */
#ifndef FRONT_LIVE_H
#define FRONT_LIVE_H

#include "front/front.h"

struct channel;

/* What holds of a channel's session. */
struct held_up {
	bool paused, locked;
	bool unmoderated;                    /* somebody has to watch it, and nobody does */
	char hand[FRONT_NAME_MAX];           /* who alone types; "": its own user, and whoever has joined */
	char typist[FRONT_NAME_MAX];         /* whose input is the last on the record; "": the user's */
};

/* The gate's word; *fd is the way to a viewer, if one comes, and is set to -1 when it is taken. */
void live_act(struct front *f, const struct msg_live_act *m, int *fd);
/* The recording is open, and waits for a moderator or is to begin: the gate is told, and once the session is permitted
 * answers whether it wants to have it looked at. */
void live_begun(struct channel *c);
/* Does a sentry have to catch up first? */
bool live_is_behind(struct channel *c);
/* Has what looks for the policy seen all that is on the record?  One that does not move is not waited for for ever. */
bool live_is_looked_at(struct channel *c);
/* In the turn, while c relays: what viewers typed goes into its input.  True if something moved. */
bool live_type(struct channel *c);
/* Lets go of viewers that have gone.  True if there were any. */
bool live_look(struct channel *c);
/* May the user's own input go in?  If not, and it is a terminal's, what came is thrown away and counted.  *moved: it was. */
bool live_may_type(struct channel *c, bool *moved);
/* Has somebody else the keyboard, or nobody?  What came is thrown away then, while nothing is relayed, too. */
bool live_is_shut(struct channel *c, bool *moved);
/* c's session is over: its viewers are let go. */
void live_end(struct channel *c);

#endif
