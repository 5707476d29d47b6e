/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Binding a key to a user by a single-use code. */
#ifndef GATE_ENROL_H
#define GATE_ENROL_H

#include "gate/gate.h"

/* The code in n was found good.  It is burnt at once, so of two who come together one wins; the login is
 * answered when the key is durable.  0 or negative. */
int enrol_start(struct client *c, const struct msg_login *m, const struct names *n);
/* The code in n is wrong: after a few of them the codes that wait for its user are burnt. */
void enrol_missed(struct client *c, const struct names *n);
/* Deletes codes that have expired, a number of them at once. */
void enrol_purge(struct gate *g);
/* Makes a code for user that is good for ttl_s; MSG_ENROLLED is sent when its hash is durable. */
int enrol_new_code(struct client *c, const struct msg_enrol *m);

#endif
