/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Sessions that take a second person who watches (require moderator, policy(5)): nothing is decided and no ticket given
 * before one is there, by the gate's own list of who looks; when the last one leaves the front is told to hold the session up,
 * and a while later it is ended.
 */
#ifndef GATE_MODERATE_H
#define GATE_MODERATE_H

#include "gate/needs.h"

/* Is everybody there whom d asks for? */
bool moderate_is_met(const struct needs_ask *ask, const struct policy_decision *d);
/* That alone is lacking: m, for this host and login, waits.  0, -ENOSPC or -ENOMEM. */
int moderate_wait(struct client *c, const struct msg_decide *m, const char *host, const char *login);
/* The recording of what waits under this hold has begun. */
void moderate_begun(struct client *c, const struct msg_live_begun *m);
/* Somebody has come to look at a session of owner's, or has left it (session empty: at any). */
void moderate_look(struct client *owner, struct slice session);
void moderate_forget(struct client *c, uint32_t hold);        /* this hold's, or all of c's (0) */

#endif
