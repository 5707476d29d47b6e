/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * That PAM has let somebody in the gate believes the monitor, which ran PAM, and not the front: one that was taken over
 * before its login could say so of anybody.
 */
#ifndef GATE_VOUCH_H
#define GATE_VOUCH_H

#include "gate/gate.h"

void vouch_take(struct gate *g, const struct msg_vouch *m);          /* and answers */
/* Is method what a login may be by?  For PAM's the monitor must have said it of this connection and user. */
bool vouch_holds(const struct client *c, struct slice method, struct slice user);

#endif
