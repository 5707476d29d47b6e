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
#include "gate/login.h"

enum { REASON_MAX = 200, LOOK_MS = 4000 };

static int
cut_send(struct gate *g, uint64_t conn, struct slice session, const char *reason)
{
	struct msg_cut m = { .conn = conn, .session = session, .reason = slice_from(reason) };

	return chan_send(g->monitor, MSG_CUT, &m);
}

static const struct client *
front_of(const struct gate *g, uint64_t conn)
{
	const struct client *c = g->clients;

	while (c != NULL && (c->kind != MSG_CLIENT_FRONT || c->conn != conn))
		c = c->next;
	return c;
}

static int
answer(struct client *c, uint32_t req, const char *refusal)
{
	struct msg_dir_done m = { .req = req, .ok = refusal == NULL, .text = slice_from(refusal != NULL ? refusal : "") };

	return chan_send(c->chan, MSG_DIR_DONE, &m);
}

int
cut_session(struct client *c, const void *message)
{
	const struct msg_session_end *m = message;
	const struct client *front = front_of(c->gate, m->conn);
	char why[700], reason[600];

	if (front == NULL || m->session.n == 0)
		return answer(c, m->req, "its connection has ended");
	if (m->reason.n > REASON_MAX || !text_is_utf8(m->reason))
		return answer(c, m->req, "a reason is at most 200 bytes of text");
	(void)text_escaped(m->reason, reason, sizeof(reason));
	snprintf(why, sizeof(why), "%s ended this session%s%s", c->actor, reason[0] != '\0' ? ": " : "", reason);
	if (events_session_end(c->gate, c->actor, front, m->session, reason) != 0)
		return answer(c, m->req, "that cannot be recorded now, so it is not done");
	return answer(c, m->req, cut_send(c->gate, m->conn, m->session, why) == 0 ? NULL : "the monitor does not take it");
}

/* As the login has it: a certificate may stand for somebody whom the directory does not know. */
void
cut_refused(struct gate *g)
{
	const char *why;
	char text[160];

	for (const struct client *c = g->clients; c != NULL; c = c->next) {
		why = c->kind == MSG_CLIENT_FRONT && c->user[0] != '\0' ? login_refuses(c) : NULL;
		if (why == NULL)
			continue;
		snprintf(text, sizeof(text), "%s; the connection ends", why);
		(void)cut_send(g, c->conn, slice_from(""), text);
	}
}

static void
look(void *arg)
{
	cut_refused(arg);
	cut_watch(arg);
}

void
cut_watch(struct gate *g)
{
	loop_timer_start(g->loop, &g->cut_timer, LOOK_MS, look, g);
}
