/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The gate decides, the monitor tells the front.  Which connection a session belongs to the administrator's command read
 * from the database; a front that has no such session does nothing.
 */
#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "gate/cut.h"
#include "gate/events.h"

enum { REASON_MAX = 200 };

int
cut_one(struct gate *g, uint64_t conn, struct slice session, const char *reason)
{
	struct msg_cut m = { .conn = conn, .session = session, .reason = slice_from(reason) };

	return chan_send(g->monitor, MSG_CUT, &m);
}

int
cut_connection(struct gate *g, uint64_t conn, const char *reason)
{
	return cut_one(g, conn, slice_from(""), reason);
}

static int
answer(struct client *c, uint32_t req, const char *refusal)
{
	return client_done(c, req, refusal == NULL, slice_from(refusal));
}

int
cut_session(struct client *c, const void *message)
{
	const struct msg_session_end *m = message;
	const struct client *front = client_front(c->gate, m->conn);
	char why[700], reason[600];

	if (front == NULL || m->session.n == 0)
		return answer(c, m->req, "its connection has ended");
	if (m->reason.n > REASON_MAX || !text_is_utf8(m->reason))
		return answer(c, m->req, "a reason is at most 200 bytes of text");
	(void)text_escaped(m->reason, reason, sizeof(reason));
	snprintf(why, sizeof(why), "%s ended this session%s%s", c->actor, reason[0] != '\0' ? ": " : "", reason);
	if (events_session_end(c->gate, c->actor, front, m->session, reason) != 0)
		return answer(c, m->req, "that cannot be recorded now, so it is not done");
	return answer(c, m->req, cut_one(c->gate, m->conn, m->session, why) == 0 ? NULL : "the monitor does not take it");
}
