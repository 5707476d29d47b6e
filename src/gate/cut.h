/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Ending what is open: a session that an administrator names, and all that belongs to somebody who is a user no more. */
#ifndef GATE_CUT_H
#define GATE_CUT_H

#include "gate/gate.h"

/* MSG_SESSION_END of an administrator: on the record, then done.  0, or negative: the client has to go. */
int cut_session(struct client *c, const void *message);
/* Fronts whose user was deleted or locked, or has expired, are told to end; the monitor kills those that do not. */
void cut_refused(struct gate *g);
/* Looks now and then, as accounts expire. */
void cut_watch(struct gate *g);

#endif
