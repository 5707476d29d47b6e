/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Sessions while they run: who may look at one, type into it, hold it up or end it.  The gate decides; then it makes a
 * pair of sockets and gives one end to the front that has the session and the other to who looks.  What goes between
 * them it never sees.
 */
#ifndef GATE_LIVE_H
#define GATE_LIVE_H

#include "gate/gate.h"

/* MSG_LIVE_DO, MSG_LIVE_ASK of a front or an administrator, MSG_LIVE_LEFT of a front.  0, or negative: it has to go. */
int live_do(struct client *c, const void *message);
int live_ask(struct client *c, const void *message);
int live_left(struct client *c, const void *message);
/* A session of owner's is held up by who, which is no person. */
int live_pause(struct client *owner, struct slice session, const char *who, const char *why);
/* Is there somebody among those who look at this session of owner's for whom fn says yes? */
bool live_viewer(const struct gate *g, const struct client *owner, struct slice session,
    bool (*fn)(void *arg, const struct client *viewer), void *arg);
/* What is watched for was seen in it: for those who list it. */
void live_alarm(struct client *owner, struct slice session, const char *watch);
/* What c is, or may do, may be another: of c's own sessions, and of those that c looks at, who moderates them. */
void live_renew(struct client *c);
/* c is going. */
void live_forget(struct client *c);

#endif
