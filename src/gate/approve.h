/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Approval: asked for, listed, given or refused, used up, and over.  All of it is a row of the store first (puts.h). */
#ifndef GATE_APPROVE_H
#define GATE_APPROVE_H

#include "gate/gate.h"

/* MSG_APPROVAL_ASK, _LIST and _SAY.  0, or negative: the client has to go. */
int approve_ask(struct client *c, const void *message);
int approve_list(struct client *c, const void *message);
int approve_say(struct client *c, const void *message);

/* c's user begins what the approval id is good for one time for: from here on it is used.  0, or negative with e. */
int approve_use(struct client *c, const char *id, uint32_t hold, struct err *e);
/* What a decision rests on besides the requests has changed, perhaps, for this front's user: what waits there asks again. */
void approve_again(const struct client *c);
/* Ends what is over.  When it has to be called next, in microseconds since 1970; 0: nothing waits. */
uint64_t approve_tick(struct gate *g, uint64_t now_us);

#endif
