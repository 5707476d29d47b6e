/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The verbs about approval: request, approvals, approve, reject.  Who may what the gate knows. */
#ifndef FRONT_APPROVE_H
#define FRONT_APPROVE_H

#include "front/channel.h"
#include "front/verbs.h"

/* Starts of verbs: c is a listing already. */
void approve_list(struct channel *c, const char *args);
void approve_request(struct channel *c, const char *args);
void approve_withdraw(struct channel *c, const char *args);
void approve_yes(struct channel *c, const char *args);
void approve_no(struct channel *c, const char *args);

/* A request that was made: true if a verb made it. */
bool approve_asked(struct front *f, const struct msg_approval_asked *m);

#endif
