/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Ending what is open: a session that an administrator names, or a connection with all that it has. */
#ifndef GATE_CUT_H
#define GATE_CUT_H

#include "gate/gate.h"

/* MSG_SESSION_END of an administrator: on the record, then done.  0, or negative: the client has to go. */
int cut_session(struct client *c, const void *message);
/* One session of conn is told to end.  0 or chan_send's codes. */
int cut_one(struct gate *g, uint64_t conn, struct slice session, const char *reason);
/* All that the connection has is told to end, with this sentence; the monitor kills a front that does not.  0 or chan_send's
 * codes. */
int cut_connection(struct gate *g, uint64_t conn, const char *reason);

#endif
