/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the policy watches for (policy(5), watch).  The gate says what and acts on what is seen; the looking is done by a
 * process of its own for each session, so that no byte of a host's is looked at here.  It is advisory: a shell has other ways
 * to say a thing.
 */
#ifndef GATE_SENTRY_H
#define GATE_SENTRY_H

#include "gate/gate.h"

/* MSG_LIVE_BEGUN, which is answered once its hold is permitted.  0, or negative: c has to go. */
int sentry_begin(struct client *c, const void *message);
int sentry_left(struct client *c, const struct msg_live_left *m);     /* its front lets a sentry go */
void sentry_renew(struct client *c);                                  /* what is watched for may be another */
void sentry_forget(struct client *c, uint32_t hold);                  /* this hold's, or all of c's (0) */
void sentry_done(struct gate *g);

#endif
